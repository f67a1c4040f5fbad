/* SPDX-License-Identifier: MIT */
/* What the parts of a render pass share: render.c owns it, the others fill their part in. */
#ifndef AGX_LIBAGX_RENDER_INTERNAL_H
#define AGX_LIBAGX_RENDER_INTERNAL_H

#include "cmdbuf_internal.h"
#include "image_internal.h"
#include "render_tile.h"

#define LIB_MAX_VIEWPORTS 16u

/* Entries of an array of the command, which must be contiguous: gathered until the pass ends. */
struct lib_entries {
	uint8_t *bytes;
	uint32_t count, capacity; /* entries */
	uint32_t size;            /* of an entry, bytes */
};

struct lib_render {
	struct agx_cmdbuf *cmdbuf;
	bool overlap;
	struct drm_asahi_cmd_render command;
	struct lib_tile tile;
	bool depth, stencil; /* there is such an attachment */
	bool depth_16;       /* the depth is of 16 bits */

	struct lib_entries scissors, biases;
	struct lib_clip {
		struct agx_cs_scissor scissor; /* but for its depths */
		float near, far;
	} clips[LIB_MAX_VIEWPORTS]; /* of the current viewports */
	unsigned int clip_count;
	bool clamps;      /* the state's clamp_depth, which depths of scissors depend on */
	uint32_t scissor; /* index of the current first viewport's */
	uint32_t bias;    /* index of the current one */

	/* Of the current state. */
	bool state;        /* there is one */
	bool strips;       /* restart is asked for */
	uint32_t restart;  /* index that the stream's state has, 0: none yet */
	uint8_t primitive; /* enum agx_cs_primitive */
	bool unsized_points, sized_points;

	/* Bits of enum lib_stack: of the shaders of all states. */
	uint8_t vertex_stack, fragment_stack;
};

/* render.c: the entry's index, or a negative errno that is the command buffer's. */
int lib_render_entry(struct lib_render *render, struct lib_entries *entries, const void *entry);

/* Structures of the stream are packed in place; each moves on by its own size. */
#define LIB_PUSH(to, NAME, name, value)          \
	do {                                     \
		agx_cs_##name##_pack(to, value); \
		(to) += AGX_CS_##NAME##_SIZE;    \
	} while (0)

/*
 * render_viewport.c: names a record of size bytes in the stream; its memory, or NULL: the error
 * is kept.
 */
uint8_t *lib_render_record(struct lib_render *render, unsigned int size);

/* The scissors that the current viewports have with or without clamp_depth. */
int lib_render_clamp(struct lib_render *render, bool clamps);

/* What every stream begins with, and what holds until the caller says something else. */
int lib_render_initial_state(struct lib_render *render);

/* What several parts of a state depend on. */
struct lib_linked {
	unsigned int outputs; /* words of a vertex */
	unsigned int varyings;
	bool reads_z, reads_primitive;
	unsigned int provoking; /* vertex of a primitive, 0 to 2 */
	bool triangles;
	bool translucent;  /* the fragment shader's code lets what is beneath show */
	uint32_t bindings; /* USC address, or 0 */
	unsigned int binding_count;
};

/* render_link.c: with the list of coefficient bindings. Errors are the command buffer's. */
int lib_render_link(struct lib_render *render, const struct agx_draw_state *state,
		    struct lib_linked *linked);

/* render_zls.c: depth and stencil in the command. Errors are the command buffer's. */
int lib_render_zls(struct lib_render *render, const struct agx_render_pass *pass);

/* render_programs.c: programs at both ends of a tile. Errors are the command buffer's. */
int lib_render_programs(struct lib_render *render, const struct agx_render_pass *pass);

enum lib_tile_op {
	LIB_TILE_OP_NONE,
	LIB_TILE_OP_CLEAR,
	LIB_TILE_OP_LOAD,
	LIB_TILE_OP_STORE,
};

/* Everything that a program at an end of a tile depends on. */
struct lib_tile_program {
	uint8_t samples;
	bool layered;
	uint8_t op
		[AGX_MAX_COLOURS]; /* enum lib_tile_op: one of the first three, or NONE and STORE */
	struct lib_tile_colour colour[AGX_MAX_COLOURS];
};

/* Its text for the assembler, cut to size with its NUL. Returns the length of the whole text. */
size_t lib_tile_program_text(const struct lib_tile_program *program, char *text, size_t size);

#endif
