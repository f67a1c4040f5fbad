/* SPDX-License-Identifier: MIT */
/*
 * The registers of a start of a unit: out of a command's parameter blocks (G13, G14) or its
 * register list (G14X), in one form. A register's position is its place in the table of
 * registers.h.
 */
#ifndef AGX_FIRMWARE_UNIT_REGISTERS_H
#define AGX_FIRMWARE_UNIT_REGISTERS_H

#include "critic.h"
#include "registers.h"

#define REGISTER_POSITION(number, name, value) POS_##name,
enum vertex_position {
	AGX_G14X_VERTEX_REGISTERS(REGISTER_POSITION) VERTEX_POSITIONS
};
enum fragment_position {
	AGX_G14X_FRAGMENT_REGISTERS(REGISTER_POSITION) FRAGMENT_POSITIONS
};
enum compute_position {
	AGX_G14X_COMPUTE_REGISTERS(REGISTER_POSITION) COMPUTE_POSITIONS
};
#undef REGISTER_POSITION

#define MAX_POSITIONS FRAGMENT_POSITIONS
_Static_assert((int)VERTEX_POSITIONS <= (int)MAX_POSITIONS &&
		       (int)COMPUTE_POSITIONS <= (int)MAX_POSITIONS,
	       "the fragment unit has most registers");

struct unit_registers {
	enum agx_gpu_unit unit;
	uint64_t value[MAX_POSITIONS];
	uint16_t offset[MAX_POSITIONS]; /* of the value in the command; 0: not there */
};

/* Numbers of a unit's registers, by position, and of those that macOS sets and Linux does not. */
struct register_table {
	const uint32_t *numbers, *extra;
	unsigned int count, extra_count;
};
extern const struct register_table registers_tables[AGX_GPU_UNITS];

static inline unsigned int registers_count(enum agx_gpu_unit unit)
{
	return registers_tables[unit].count;
}

static inline uint32_t registers_number(enum agx_gpu_unit unit, unsigned int position)
{
	return registers_tables[unit].numbers[position];
}

/* registers_count() when the unit has no such register in its table. */
unsigned int registers_position(enum agx_gpu_unit unit, uint32_t number);
/* A register that macOS sets and Linux does not. */
bool registers_known_extra(enum agx_gpu_unit unit, uint32_t number);

/*
 * Judges each value by itself, and those that must be the same; addresses of what the driver made
 * for the GPU are resolved in the context.
 */
void registers_judge(struct agx_firmware *firmware, const struct place *place, uint32_t context,
		     const struct unit_registers *registers);

/* Judges the tiling words against the frame's size. samples, layers: of the frame. */
struct frame {
	uint32_t width, height, utile_config, layers;
	bool valid;
};
void registers_judge_vertex_tiling(struct agx_firmware *firmware, const struct place *place,
				   const struct unit_registers *registers, struct frame *frame);
void registers_judge_fragment_tiling(struct agx_firmware *firmware, const struct place *place,
				     const struct unit_registers *registers, struct frame *frame);

#endif
