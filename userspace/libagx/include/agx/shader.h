/* SPDX-License-Identifier: MIT */
/* Shaders: programs of the GPU, from text of the assembler or from code. */
#ifndef AGX_SHADER_H
#define AGX_SHADER_H

#include <agx/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

enum agx_stage {
	AGX_STAGE_COMPUTE,
	AGX_STAGE_VERTEX,
	AGX_STAGE_FRAGMENT,
	AGX_STAGE_BACKGROUND,  /* runs for each pixel of a tile before its primitives */
	AGX_STAGE_END_OF_TILE, /* runs for each tile behind its primitives */
};

/*
 * Threadgroup memory as a tile of pixels, for ld_tile and st_tile with explicit coordinates and for
 * imgwblk in compute programs. All 0: it is bytes. Mesa's have 32x32 pixels of one sample, and as
 * many threads in a group.
 */
struct agx_tile_layout {
	unsigned int width, height; /* pixels: 32x32, 32x16 or 16x16 */
	unsigned int sample_bytes;  /* of each sample, at most 64; rounded up to a multiple of 8 */
	unsigned int samples; /* of each pixel: 0 (counts as 1), 1, 2, 4; 32767 bytes in all */
};

/*
 * What an instruction stream alone does not tell. Lines in a shader's text that begin with a
 * dot are its directives beside those of the assembler:
 *
 *	.stage compute          has to agree with the parameter
 *	.threads X, Y, Z        threads of a group: what dispatches take if they do not say
 *	.local BYTES            of threadgroup memory
 *	.tile W, H, BYTES, N    threadgroup memory as struct agx_tile_layout; N may be left out
 *	.scratch BYTES          of stack for each thread, if it is more than what is seen
 *	.unchecked_waits        registers may be used before they are loaded: for experiments
 *	.preamble               what follows, up to .main, is the preamble
 *	.main                   what follows is the program; without .preamble it need not be there
 *	.output NAME, COUNT     docs/libagx: varyings of vertex shaders
 */
struct agx_shader_params {
	enum agx_stage stage;
	const char *name; /* in messages and listings; NULL: "shader" */

	/* One of these three. */
	const char *text;
	const char *path; /* of a file with such text */
	const void *code; /* instructions, as the hardware has them */
	size_t code_size; /* bytes */

	const void *preamble; /* of code: its preamble; NULL: none */
	size_t preamble_size;

	unsigned int group[3];       /* of code; of text the directives say it. 0: not given */
	unsigned int local_bytes;    /* likewise */
	unsigned int scratch_bytes;  /* likewise; not less than what stack_adjust asks for */
	struct agx_tile_layout tile; /* likewise; instead of local_bytes */
	bool unchecked_waits; /* or of text: it may use registers before a wait for their load */
};

/* What it needs: as its instructions and directives say. */
struct agx_shader_info {
	enum agx_stage stage;
	unsigned int size;               /* bytes of the program, without the preamble */
	unsigned int preamble_size;      /* bytes, 0: there is none */
	unsigned int instructions;       /* of the program */
	unsigned int registers;          /* halves of general registers */
	unsigned int preamble_registers; /* likewise */
	unsigned int uniforms;           /* halves: one more than the highest that is named */
	unsigned int textures, samplers; /* state registers, likewise */
	unsigned int coefficients;       /* coefficient registers */
	unsigned int threads;            /* of a core at best, with that many registers */
	unsigned int group[3];           /* 0: not given */
	unsigned int local_bytes;
	unsigned int scratch_bytes; /* of each thread's stack: the program's or the preamble's */
	struct agx_tile_layout tile;
	bool discards;      /* changes coverage, depth or stencil: fragments */
	bool uses_tile;     /* reads or writes the tile buffer */
	bool uses_barriers; /* threadgroup barriers */
	bool reads_tile;    /* reads the tile buffer */
	bool writes_depth;
	bool writes_memory; /* or images */
	bool shares; /* depends on other threads of a quad or SIMD group, as derivatives do */
};

struct agx_shader;

/*
 * Assembles, examines and uploads a shader into the VM's shader window. -EINVAL: the text is wrong,
 * or the code is nothing that hardware would run to an end: unknown encodings, jumps to nowhere, no
 * stop, more registers than there are, instructions that the stage does not have; or that uses a
 * register without a wait for the load that fills it. agx_error() names the line, or the offset and
 * the instruction. A shader with a stack makes the VM take memory for
 * the stacks of all cores, which it keeps: -E2BIG: larger than threads can have one; -ENOMEM: more
 * than 1 GiB of such memory; -ENOTSUP: background and end-of-tile programs have none. -ENOENT, ...:
 * of the file.
 */
AGX_API int agx_shader_create(struct agx_vm *vm, const struct agx_shader_params *params,
			      struct agx_shader **shader);

/* Command buffers keep what was bound in them until they are reset or destroyed. */
AGX_API void agx_shader_destroy(struct agx_shader *shader);

/* Lives as long as the shader. */
AGX_API const struct agx_shader_info *agx_shader_info(const struct agx_shader *shader);
AGX_API uint64_t agx_shader_address(const struct agx_shader *shader); /* of the program */

/*
 * The program in the disassembler's syntax, with its directives: text that makes the same shader
 * again. Copied and cut to size bytes with its NUL; returns the length of the whole text.
 */
AGX_API size_t agx_shader_listing(const struct agx_shader *shader, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
