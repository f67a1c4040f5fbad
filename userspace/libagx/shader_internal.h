/* SPDX-License-Identifier: MIT */
/* Shaders: their text, what is known of their code, the object. */
#ifndef AGX_LIBAGX_SHADER_INTERNAL_H
#define AGX_LIBAGX_SHADER_INTERNAL_H

#include "internal.h"

#define LIB_SHADER_TEXT_MAX ((size_t)4 << 20) /* bytes of text */
#define LIB_SHADER_CODE_MAX ((size_t)1 << 20) /* bytes of a program */
#define LIB_SHADER_OUTPUTS  16

/* Registers of a program, for what lists can hold. */
#define LIB_UNIFORMS  512 /* halves */
#define LIB_TEXTURES  128
#define LIB_SAMPLERS  16
#define LIB_REGISTERS 256   /* halves */
#define LIB_LOCAL_MAX 32768 /* bytes of threadgroup memory, as Mesa and Metal allow */
#define LIB_GROUP_MAX 1024  /* threads of a group */

/*
 * shader_text.c: directives, and the text of preamble and program with everything else blanked, so
 * that line numbers are those of the whole.
 */

struct lib_shader_text {
	char *program, *preamble; /* size bytes each; preamble NULL: there is none */
	size_t size;

	bool has_stage, has_group;
	enum agx_stage stage;
	unsigned int group[3];
	unsigned int local_bytes, scratch_bytes;
	struct agx_tile_layout tile; /* as it is written */
	bool unchecked_waits;
	struct lib_shader_output {
		char name[32];
		unsigned int count;
	} outputs[LIB_SHADER_OUTPUTS];
	unsigned int output_count;

	/* Of an error. */
	unsigned int line, column;
	char error[256];
};

/* 0; -EINVAL with line, column and error; -ENOMEM. out has to be freed in any case. */
int lib_shader_text(const char *text, size_t size, struct lib_shader_text *out);
void lib_shader_text_free(struct lib_shader_text *text);

const char *lib_stage_name(enum agx_stage stage);

/*
 * shader_code.c: what a program's instructions say.
 */

struct lib_bits {
	uint64_t words[LIB_UNIFORMS / 64];
};

static inline bool lib_bit(const struct lib_bits *bits, unsigned int i)
{
	return bits->words[i / 64] >> (i % 64) & 1;
}

struct lib_shader_code {
	size_t size; /* bytes, without traps behind the end */
	unsigned int instructions;
	unsigned int registers;   /* halves */
	unsigned int stack_words; /* of a thread, that it asks for at most: all that it does */
	unsigned int coefficients;
	bool stack, local, tile, discards, barriers;
	bool reads_tile, writes_depth, writes_memory, shares;
	unsigned int tile_bytes;   /* of a sample's record, that there are at least */
	unsigned int tile_samples; /* of a pixel, likewise */
	uint64_t
		tile_written; /* bytes of a sample's record that are stored, of all samples alike */

	/* Registers that are read, and those that are set. */
	struct lib_bits uniforms, uniforms_set; /* halves */
	struct lib_bits textures, textures_set;
	struct lib_bits samplers, samplers_set;
	struct lib_bits filtered; /* of samplers: read by more than fetches of texels */
};

/*
 * Examines code for a stage, or a preamble of that stage. -EINVAL or -ENOTSUP: it will not do, and
 * error says why, with the offset and the instruction.
 */
int lib_shader_code(const void *code, size_t size, enum agx_stage stage, bool preamble,
		    struct lib_shader_code *out, char *error, size_t error_size);

/*
 * shader.c
 */

enum lib_stack {
	LIB_STACK_PROGRAM = 1 << 0,
	LIB_STACK_PREAMBLE = 1 << 1,
};

struct agx_shader {
	atomic_uint references;
	struct agx_vm *vm; /* a reference */
	struct agx_context *ctx;
	char name[64];
	struct agx_shader_info info;

	uint8_t *code;   /* program, then preamble: without the traps behind them */
	uint64_t memory; /* what the heap gave; 0: nothing */
	uint64_t address, preamble_address; /* 0: none */
	uint32_t usc, preamble_usc;

	/* Words of a thread's stack, 0: none; bits of enum lib_stack: who has one. */
	unsigned int stack_words;
	bool unchecked_waits; /* for the listing */
	uint8_t stack;

	/* What bindings have to give. */
	struct lib_bits uniforms, textures, samplers;
	struct lib_bits filtered; /* of samplers: the others only fetch texels */

	uint64_t tile_written; /* as of the code */

	struct lib_shader_output outputs[LIB_SHADER_OUTPUTS];
	unsigned int output_count;
};

/* Command buffers hold what they bind. */
struct agx_shader *lib_shader_get(struct agx_shader *shader);
void lib_shader_put(struct agx_shader *shader);

#endif
