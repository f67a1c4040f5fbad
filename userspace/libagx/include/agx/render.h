/* SPDX-License-Identifier: MIT */
/* Render passes. */
#ifndef AGX_RENDER_H
#define AGX_RENDER_H

#include <agx/command.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AGX_MAX_COLOURS 8

enum agx_load {
	AGX_LOAD_UNDEFINED,
	AGX_LOAD_CLEAR,
	AGX_LOAD_IMAGE, /* what the image holds */
};

struct agx_attachment {
	struct agx_image *image; /* NULL: there is none */
	unsigned int level, layer;
	enum agx_load load;
	bool discard;          /* need not be kept: the image may hold anything afterwards */
	union agx_texel clear; /* f[0] of depth, u[0] of stencil */
};

struct agx_render_pass {
	uint32_t width, height; /* 0: the first attachment's; attachments have this size */
	uint32_t layers;        /* 0 counts as 1; of each attachment, from its layer on */
	uint32_t samples;       /* 0: the first attachment's, or 1; 2, 4 */
	struct agx_attachment colour[AGX_MAX_COLOURS];
	unsigned int colour_count;
	struct agx_attachment depth, stencil;
	bool overlap;       /* as of compute passes */
	uint64_t occlusion; /* address of occlusion counters, 0: none; multiple of 8 */
	struct agx_timestamp_pair vertex_timestamps, fragment_timestamps;
};

/*
 * Begins a render pass: chooses tiles and the place of each colour in the tile buffer, and makes
 * the background and end-of-tile programs. -EINVAL: attachments do not fit together, or not
 * into the tile buffer.
 */
AGX_API int agx_render_begin(struct agx_cmdbuf *cmdbuf, const struct agx_render_pass *pass);
AGX_API int agx_render_end(struct agx_cmdbuf *cmdbuf);

/*
 * Where fragment shaders of this pass find a colour: bytes from the start of a sample's record, for
 * ld_tile and st_tile. In a pass that was begun.
 */
AGX_API int agx_render_tile_offset(const struct agx_cmdbuf *cmdbuf, unsigned int colour,
				   unsigned int *bytes);

/*
 * Programs of the caller's at both ends of each tile, instead of those that the pass has: bound
 * within it, of AGX_STAGE_BACKGROUND and AGX_STAGE_END_OF_TILE. NULL: the pass's. What hardware
 * runs when memory for primitives is short, and it interrupts a pass, stays the library's: it
 * stores all colours, and loads them again.
 */
AGX_API int agx_render_tile_programs(struct agx_cmdbuf *cmdbuf, const struct agx_bound *background,
				     const struct agx_bound *end_of_tile);

enum agx_primitive {
	AGX_PRIMITIVE_POINTS,
	AGX_PRIMITIVE_LINES,
	AGX_PRIMITIVE_LINE_STRIP,
	AGX_PRIMITIVE_LINE_LOOP,
	AGX_PRIMITIVE_TRIANGLES,
	AGX_PRIMITIVE_TRIANGLE_STRIP,
	AGX_PRIMITIVE_TRIANGLE_FAN,
};

/*
 * What a vertex shader stores with st_var beside the position, which is words 0 to 3. Words of 32
 * bits, from 4 on in this order: varyings that are interpolated with perspective, flat ones,
 * linear ones (in screen space), the size of points, layer (low half) and viewport (high half),
 * clip distances.
 */
struct agx_vertex_outputs {
	uint8_t perspective, flat, linear; /* words of varyings; all three: at most 124 */
	bool point_size;                   /* a word */
	bool layer, viewport;              /* a word for both: the half that is not meant is 0 */
	uint8_t clip_distances;            /* words, at most 8; what is below 0 is clipped */
};

/* What a coefficient register of a fragment shader holds, for iter and ldcf. */
enum agx_coefficient_source {
	AGX_COEFFICIENT_VARYING,
	AGX_COEFFICIENT_W,         /* 1 / w: the divisor of iter for varyings with perspective */
	AGX_COEFFICIENT_Z,         /* depth, 0 to 1 */
	AGX_COEFFICIENT_POINT,     /* place in a point, 0 to 1: two components, with perspective */
	AGX_COEFFICIENT_PRIMITIVE, /* number of the primitive, as an integer; flat */
};

/*
 * Fills coefficient registers, from cf0 on without a gap. How a varying is interpolated follows
 * from where it is among the vertex shader's outputs; one binding does not reach from one kind to
 * another.
 */
struct agx_coefficient {
	enum agx_coefficient_source source;
	uint8_t first;      /* coefficient register cfN */
	uint8_t components; /* 1 to 4: consecutive registers; 0 counts as 1 */
	uint8_t varying;    /* of VARYING: word, 0 is the first behind the position */
};

enum agx_cull {
	AGX_CULL_NONE,
	AGX_CULL_FRONT,
	AGX_CULL_BACK
};

enum agx_stencil_op {
	AGX_STENCIL_KEEP,
	AGX_STENCIL_ZERO,
	AGX_STENCIL_REPLACE,
	AGX_STENCIL_INCREMENT_CLAMP,
	AGX_STENCIL_DECREMENT_CLAMP,
	AGX_STENCIL_INVERT,
	AGX_STENCIL_INCREMENT_WRAP,
	AGX_STENCIL_DECREMENT_WRAP,
};

struct agx_stencil {
	enum agx_compare compare;
	enum agx_stencil_op fail, depth_fail, pass;
	uint8_t reference, read_mask, write_mask;
};

/*
 * State of draws. A structure of zeroes culls nothing, tests nothing and writes no depth. Blending
 * is the fragment shader's: it reads and writes the tile buffer. Whether it does, leaves some of
 * the pass's colours as they are, discards, or takes derivatives is seen in its code.
 */
struct agx_draw_state {
	struct agx_bound vertex;
	struct agx_bound fragment; /* shader NULL: depth and stencil only */
	struct agx_vertex_outputs outputs;
	const struct agx_coefficient *coefficients; /* of the fragment shader */
	unsigned int coefficient_count;

	enum agx_primitive primitive;
	bool restart; /* an index of all ones begins a new strip */
	enum agx_cull cull;
	bool front_is_clockwise; /* as rows and columns of the image have it */
	bool clamp_depth;        /* to the viewport's range, instead of clipping */
	bool lines, corners;     /* triangles are drawn as their edges, or as points */
	float line_width;        /* 1/16 to 16 pixels; 0 counts as 1 */
	bool discard;            /* nothing is rasterised */
	bool translucent; /* what is beneath shows: also where the fragment shader's code says so */
	bool separate;    /* triangles do not share quads: likewise */
	bool last_vertex; /* flat varyings: of the last vertex, else the first */

	bool depth_test, depth_write;
	enum agx_compare depth_compare;
	bool depth_bias;
	float depth_bias_constant, depth_bias_slope, depth_bias_clamp;

	bool stencil_test;
	struct agx_stencil front, back;

	bool count_samples, any_samples; /* occlusion queries: exact, or whether there were any */
	uint16_t occlusion_index;        /* counter, of 8 bytes; at most 32767 */
};

/* Positions of -1 to 1 come to x to x + width and y to y + height; row 0 of an image is its top. */
struct agx_viewport {
	float x, y, width, height; /* pixels; height may be negative, which makes y point up */
	float near, far;           /* depth, each 0 to 1 */
};

struct agx_rect {
	uint32_t x, y, width, height;
};

/* What the following draws of the pass use; copied. */
AGX_API int agx_render_state(struct agx_cmdbuf *cmdbuf, const struct agx_draw_state *state);

/*
 * Viewports and their scissors, up to 16. The hardware does not clip at a viewport's sides,
 * scissors do; scissors NULL: each viewport's rectangle. All are cut at the pass's edges. At first:
 * one, the whole pass.
 */
AGX_API int agx_render_viewports(struct agx_cmdbuf *cmdbuf, const struct agx_viewport *viewports,
				 const struct agx_rect *scissors, unsigned int count);

enum agx_index_size {
	AGX_INDEX_NONE,
	AGX_INDEX_8,
	AGX_INDEX_16,
	AGX_INDEX_32
};

struct agx_draw {
	uint32_t count;     /* vertices or indices */
	uint32_t instances; /* 0 counts as 1 */
	int32_t first;      /* vertex; of indexed draws: added to each index */
	enum agx_index_size index_size;
	uint64_t indices;     /* address; multiple of the index's size */
	uint64_t index_bytes; /* that may be read from there; 0: count of them */
	uint64_t indirect;    /* address of a VkDraw(Indexed)IndirectCommand; 0: direct */
};

/*
 * A draw with the state and viewports that were set last. -EINVAL: no state, or not possible
 * with it.
 */
AGX_API int agx_render_draw(struct agx_cmdbuf *cmdbuf, const struct agx_draw *draw);

/* Words of the vertex stream, as they are, for experiments. size: a multiple of 4, at most 1024. */
AGX_API int agx_render_raw(struct agx_cmdbuf *cmdbuf, const void *words, size_t size);

#ifdef __cplusplus
}
#endif

#endif
