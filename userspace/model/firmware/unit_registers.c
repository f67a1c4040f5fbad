// SPDX-License-Identifier: MIT
/*
 * What is known to work in each register. What user space chooses (streams, programs, depth and
 * stencil buffers...) is not judged here: the GPU resolves it and faults.
 */
#include "unit_registers.h"
#include "compute.h"
#include "fragment.h"
#include "tiles.h"
#include "vertex.h"

#define ADDRESS ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)

#define RW (AGX_WALK_READ | AGX_WALK_WRITE)

#define NUMBER(number, name, value) number,
static const uint32_t vertex_numbers[] = {AGX_G14X_VERTEX_REGISTERS(NUMBER)};
static const uint32_t fragment_numbers[] = {AGX_G14X_FRAGMENT_REGISTERS(NUMBER)};
static const uint32_t compute_numbers[] = {AGX_G14X_COMPUTE_REGISTERS(NUMBER)};
#undef NUMBER

/* Lists of macOS (driver: queue/render.rs, queue/compute.rs, in comments; m1n1: agx/render.py). */
static const uint32_t vertex_extra[] = {0x10209, 0x1c9f0, 0x1c830, 0x1ca30,
					0x16c39, 0x1c910, 0x1c8e0, 0x1c8e8};
static const uint32_t fragment_extra[] = {0x10201, 0x10428, 0x1c838, 0x1ca28, 0x01731};
static const uint32_t compute_extra[] = {0x10201, 0x10428};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

const struct register_table registers_tables[AGX_GPU_UNITS] = {
	[AGX_GPU_VERTEX] = {vertex_numbers, vertex_extra, LENGTH(vertex_numbers),
			    LENGTH(vertex_extra)},
	[AGX_GPU_FRAGMENT] = {fragment_numbers, fragment_extra, LENGTH(fragment_numbers),
			      LENGTH(fragment_extra)},
	[AGX_GPU_COMPUTE] = {compute_numbers, compute_extra, LENGTH(compute_numbers),
			     LENGTH(compute_extra)},
};

enum rule_kind {
	RULE_ANY,
	RULE_CONST,   /* value */
	RULE_EITHER,  /* value or zero */
	RULE_BITS,    /* value, perhaps with the bits in more */
	RULE_SAME,    /* as the register at position more */
	RULE_GPU,     /* the driver's memory, more bytes; value: bits beside the address */
	RULE_CLUSTER, /* likewise, or zero */
};

struct rule {
	uint8_t kind;
	uint64_t value;
	uint32_t more;
	const char *name;
};

#define HEAPMETA_SIZE 0x200
#define PREEMPT1_SIZE 0x540
#define PREEMPT2_SIZE 0x280
#define PREEMPT3_SIZE 0x20

static const struct rule vertex_rules[VERTEX_POSITIONS] = {
	[POS_VERTEX_UNK_10141] = {RULE_EITHER, AGX_VERTEX_UNK_0, 0, NULL},
	[POS_TVB_TILEMAP] = {RULE_GPU, 0, 1, "tile map"},
	[POS_TVB_TILEMAP_2] = {RULE_SAME, 0, POS_TVB_TILEMAP, NULL},
	[POS_TVB_CLUSTER_TILEMAPS] = {RULE_CLUSTER, 0, 1, "cluster tile maps"},
	[POS_TVB_CLUSTER_TILEMAPS_2] = {RULE_SAME, 0, POS_TVB_CLUSTER_TILEMAPS, NULL},
	[POS_TE_TPC_ADDR] = {RULE_GPU, 0, 1, "tile parameter cache"},
	[POS_TVB_HEAPMETA] = {RULE_GPU, AGX_VERTEX_HEAPMETA_TAG, HEAPMETA_SIZE, "heap meta"},
	[POS_TVB_HEAPMETA_2] = {RULE_SAME, 0, POS_TVB_HEAPMETA, NULL},
	[POS_VERTEX_UNK_1C051] = {RULE_CONST, AGX_VERTEX_IOGPU_UNK_54, 0, NULL},
	[POS_VERTEX_UNK_1C061] = {RULE_CONST, 1, 0, NULL},
	[POS_VERTEX_PREEMPT_BUF1] = {RULE_GPU, 0, PREEMPT1_SIZE, "preemption buffer 1"},
	[POS_VERTEX_PREEMPT_BUF1_2] = {RULE_SAME, 0, POS_VERTEX_PREEMPT_BUF1, NULL},
	[POS_VERTEX_PREEMPT_BUF2] = {RULE_GPU, 0, PREEMPT2_SIZE, "preemption buffer 2"},
	[POS_VERTEX_PREEMPT_BUF2_2] = {RULE_SAME, 0, POS_VERTEX_PREEMPT_BUF2, NULL},
	[POS_VERTEX_UNK_1C958] = {RULE_CONST, 1, 0, NULL},
	[POS_VERTEX_PREEMPT_BUF3] = {RULE_GPU, AGX_VERTEX_PREEMPT_BUF3_TAG, PREEMPT3_SIZE,
				     "preemption buffer 3"},
	[POS_VERTEX_UNK_1C930] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_1C898] = {RULE_CONST, 0, 0, NULL},
	[POS_TVB_CLUSTER_META2] = {RULE_CLUSTER, 0, 1, "cluster meta 2"},
	[POS_TVB_CLUSTER_META3] = {RULE_CLUSTER, 0, 1, "cluster meta 3"},
	[POS_TILING_CONTROL_2] = {RULE_CONST, 4, 0, NULL},
	[POS_TVB_LAYERMETA_2] = {RULE_SAME, 0, POS_TVB_LAYERMETA, NULL},
	[POS_TVB_CLUSTER_LAYERMETA_2] = {RULE_SAME, 0, POS_TVB_CLUSTER_LAYERMETA, NULL},
	[POS_TVB_CLUSTER_META4] = {RULE_CLUSTER, 0, 1, "cluster meta 4"},
	[POS_TVB_CLUSTER_META4_2] = {RULE_SAME, 0, POS_TVB_CLUSTER_META4, NULL},
	[POS_TVB_CLUSTER_META1] = {RULE_CLUSTER, 0, 1, "cluster meta 1"},
	[POS_VERTEX_UNK_10151] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_1C199] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_1C1A1] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_1C1A9] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_1C1B1] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_1C1B9] = {RULE_CONST, 0, 0, NULL},
	[POS_VERTEX_UNK_10131] = {RULE_CONST, 0x88, 0, NULL},
	[POS_TE_PSG_2] = {RULE_SAME, 0, POS_TE_PSG, NULL},
	[POS_VERTEX_UNK_10171] = {RULE_CONST, 0x100, 0, NULL},
	[POS_VERTEX_UNK_12099] = {RULE_CONST, AGX_VERTEX_UNK_118, 0, NULL},
};

static const struct rule fragment_rules[FRAGMENT_POSITIONS] = {
	[POS_FRAGMENT_UNK_01739] = {RULE_CONST, 1, 0, NULL},
	[POS_FRAGMENT_UNK_100A1] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15069] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15071] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_16058] = {RULE_CONST, 0, 0, NULL},
	[POS_ISP_MTILE_SIZE_2] = {RULE_SAME, 0, POS_ISP_MTILE_SIZE, NULL},
	[POS_FRAGMENT_TVB_HEAPMETA] = {RULE_GPU, 0, HEAPMETA_SIZE, "heap meta"},
	[POS_ISP_CTL] = {RULE_BITS, AGX_ISP_CTL_BASE, AGX_ISP_CTL_DBIAS_IS_INT, NULL},
	[POS_FRAGMENT_UNK_15049] = {RULE_CONST, AGX_AUX_FB_UNK3, 0, NULL},
	[POS_FRAGMENT_UNK_15349] = {RULE_CONST, AGX_FRAGMENT_UNK_58_G14, 0, NULL},
	[POS_FRAGMENT_UNK_15351] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15231] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15221] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15239] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15229] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_TVB_TILEMAP] = {RULE_GPU, 0, 1, "tile map"},
	[POS_TILE_CONFIG] = {RULE_BITS, AGX_TILE_CONFIG_BASE,
			     AGX_TILE_CONFIG_LAYERED | AGX_TILE_CONFIG_PROCESS_EMPTY_TILES, NULL},
	[POS_ISP_RENDER_ORIGIN] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_15359] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_16020] = {RULE_CONST, 0, 0, NULL},
	[POS_AUX_FB] = {RULE_GPU, 0, AGX_FRAGMENT_AUX_FB_SIZE, "auxiliary frame buffer"},
	[POS_AUX_FB_2] = {RULE_SAME, 0, POS_AUX_FB, NULL},
	[POS_FRAGMENT_UNK_120A1] = {RULE_CONST, AGX_FRAGMENT_UNK_158, 0, NULL},
	[POS_FRAGMENT_UNK_160A8] = {RULE_CONST, 0, 0, NULL},
	[POS_FRAGMENT_UNK_160B8] = {RULE_CONST, 0, 0, NULL},
};

static const struct rule compute_rules[COMPUTE_POSITIONS] = {
	[POS_COMPUTE_PREEMPT_BUF1] = {RULE_GPU, 0, 8, "preemption buffer 1"},
	[POS_COMPUTE_PREEMPT_BUF2] = {RULE_GPU, 0, 8, "preemption buffer 2"},
	[POS_COMPUTE_PREEMPT_BUF3] = {RULE_GPU, 0, 8, "preemption buffer 3"},
	[POS_COMPUTE_PREEMPT_BUF4] = {RULE_GPU, 0, 8, "preemption buffer 4"},
	[POS_COMPUTE_PREEMPT_BUF5] = {RULE_GPU, 0, 8, "preemption buffer 5"},
	[POS_COMPUTE_UNK_1A440] = {RULE_CONST, AGX_COMPUTE_UNK_G14X, 0, NULL},
	[POS_COMPUTE_UNK_12091] = {RULE_EITHER, AGX_COMPUTE_IOGPU_UNK_40, 0, NULL},
};

static const struct rule *const rules[AGX_GPU_UNITS] = {
	[AGX_GPU_VERTEX] = vertex_rules,
	[AGX_GPU_FRAGMENT] = fragment_rules,
	[AGX_GPU_COMPUTE] = compute_rules,
};

unsigned int registers_position(enum agx_gpu_unit unit, uint32_t number)
{
	for (unsigned int i = 0; i < registers_tables[unit].count; i++)
		if (registers_tables[unit].numbers[i] == number)
			return i;
	return registers_tables[unit].count;
}

bool registers_known_extra(enum agx_gpu_unit unit, uint32_t number)
{
	for (unsigned int i = 0; i < registers_tables[unit].extra_count; i++)
		if (registers_tables[unit].extra[i] == number)
			return true;
	return false;
}

static void find(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		 const struct unit_registers *registers, unsigned int position, uint64_t expected)
{
	firmware_find(firmware, id, place, registers->offset[position], expected,
		      registers->value[position], NULL);
}

static void judge_gpu(struct agx_firmware *firmware, const struct place *place, uint32_t context,
		      const struct unit_registers *registers, unsigned int position,
		      const struct rule *rule)
{
	const uint64_t value = registers->value[position];

	if (rule->kind == RULE_CLUSTER && !value)
		return;
	if ((value & ~ADDRESS) != rule->value) {
		find(firmware, AGX_FINDING_COMMAND_REGISTER_VALUE, place, registers, position,
		     rule->value | (value & ADDRESS));
		return;
	}
	critic_gpu(firmware, AGX_FINDING_COMMAND_GPU_ADDRESS, place, registers->offset[position],
		   context, value, rule->more, RW, rule->name);
}

void registers_judge(struct agx_firmware *firmware, const struct place *place, uint32_t context,
		     const struct unit_registers *registers)
{
	const struct rule *table = rules[registers->unit];
	const unsigned int count = registers_count(registers->unit);

	for (unsigned int i = 0; i < count; i++) {
		const struct rule *rule = &table[i];
		const uint64_t value = registers->value[i];
		uint64_t expected = rule->value;
		bool right = true;

		if (!registers->offset[i])
			continue;
		switch ((enum rule_kind)rule->kind) {
		case RULE_ANY:
			break;
		case RULE_CONST:
			right = value == expected;
			break;
		case RULE_EITHER:
			right = value == expected || !value;
			break;
		case RULE_BITS:
			right = (value & ~(uint64_t)rule->more) == expected;
			break;
		case RULE_SAME:
			expected = registers->value[rule->more];
			right = value == expected;
			break;
		case RULE_GPU:
		case RULE_CLUSTER:
			judge_gpu(firmware, place, context, registers, i, rule);
			break;
		}
		if (!right)
			find(firmware, AGX_FINDING_COMMAND_REGISTER_VALUE, place, registers, i,
			     expected);
	}
}

/* A tiling word that follows from the frame's size. */
struct tiling_word {
	unsigned int position;
	uint64_t value;
};

static void judge_words(struct agx_firmware *firmware, enum agx_finding_id id,
			const struct place *place, const struct unit_registers *registers,
			const struct tiling_word *words, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (registers->offset[words[i].position] &&
		    registers->value[words[i].position] != words[i].value)
			find(firmware, id, place, registers, words[i].position, words[i].value);
}

void registers_judge_vertex_tiling(struct agx_firmware *firmware, const struct place *place,
				   const struct unit_registers *registers, struct frame *frame)
{
	const uint64_t screen = registers->value[POS_PPP_SCREEN];
	const uint64_t targets = registers->value[POS_RENDER_TARGET_MAX];
	struct tiles tiles;

	frame->width = (uint32_t)(screen & 0xffff) + 1;
	frame->height = (uint32_t)(screen >> 16 & 0xffff) + 1;
	frame->utile_config = (uint32_t)registers->value[POS_VERTEX_UTILE_CONFIG];
	frame->layers = targets & 0x4000 ? (uint32_t)(targets & 0x7ff) + 1 : 1;
	frame->valid = !(screen >> 32) && !(registers->value[POS_VERTEX_UTILE_CONFIG] >> 32) &&
		       tiles_compute(frame->width, frame->height, frame->utile_config, &tiles);
	if (!frame->valid) {
		find(firmware, AGX_FINDING_VERTEX_FRAME, place, registers, POS_PPP_SCREEN, 0);
		return;
	}
	if (targets != (frame->layers > 1 ? 0xe000u | (frame->layers - 1) : 0x8000u)) {
		frame->valid = false;
		find(firmware, AGX_FINDING_VERTEX_FRAME, place, registers, POS_RENDER_TARGET_MAX,
		     0x8000);
		return;
	}
	judge_words(firmware, AGX_FINDING_VERTEX_TILING, place, registers,
		    (const struct tiling_word[]){
			    {POS_TE_PSG, tiles.rgn_size},
			    {POS_TE_SCREEN, tiles.te_screen},
			    {POS_TE_MTILE1, tiles.te_mtile1},
			    {POS_TE_MTILE2, tiles.te_mtile2},
			    {POS_TE_MTILE, tiles.tiles_per_mtile},
			    {POS_TE_TPC, tiles.tpc_stride},
			    {POS_RENDER_TARGET_MAX_2, targets & 0x4fff},
		    },
		    7);
}

void registers_judge_fragment_tiling(struct agx_firmware *firmware, const struct place *place,
				     const struct unit_registers *registers, struct frame *frame)
{
	const uint64_t size = registers->value[POS_FRAGMENT_SIZE];
	const uint64_t utiles = registers->value[POS_FRAGMENT_UTILE_CONFIG];
	struct tiles tiles;
	uint64_t tilecfg;

	frame->width = (uint32_t)size;
	frame->height = (uint32_t)(size >> 32);
	frame->utile_config = (uint32_t)utiles;
	/* How many there are does not follow from the command. */
	frame->layers = registers->value[POS_TILE_CONFIG] & AGX_TILE_CONFIG_LAYERED ? 2 : 1;
	frame->valid = !(utiles >> 32) &&
		       tiles_compute(frame->width, frame->height, frame->utile_config, &tiles);
	if (!frame->valid) {
		find(firmware, AGX_FINDING_FRAGMENT_FRAME, place, registers, POS_FRAGMENT_SIZE, 0);
		return;
	}
	tilecfg = AGX_FRG_TILECFG_BASE | (uint64_t)(tiles.x - 1) << AGX_FRG_TILECFG_TILES_X_SHIFT |
		  (uint64_t)(tiles.y - 1) << AGX_FRG_TILECFG_TILES_Y_SHIFT |
		  (utiles & AGX_FRG_TILECFG_UTILE_MASK) << AGX_FRG_TILECFG_UTILE_SHIFT;
	if (frame->layers > 1)
		tilecfg |= AGX_FRG_TILECFG_LAYERED;
	judge_words(firmware, AGX_FINDING_FRAGMENT_TILING, place, registers,
		    (const struct tiling_word[]){
			    {POS_ISP_MTILE_SIZE, tiles.isp_mtile_size},
			    {POS_FRAGMENT_TE_SCREEN, tiles.te_screen},
			    {POS_MTILE_STRIDE_DWORDS, tiles.mtile_stride},
			    {POS_FRG_TILECFG, tilecfg},
		    },
		    4);
}
