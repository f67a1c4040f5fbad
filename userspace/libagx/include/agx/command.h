/* SPDX-License-Identifier: MIT */
/*
 * Command buffers: control streams and what they lead to, in memory of the GPU, and the commands
 * of a submission around them.
 *
 * A command buffer holds passes. A compute pass (compute.h) is one compute command with any number
 * of dispatches, a render pass (render.h) is one render command with any number of draws. A pass is
 * begun, filled and ended; passes run one after the other and see what the passes in front of them
 * wrote, unless a pass says that it may overlap.
 *
 * Functions that fill a pass return 0 or an error like all others, and the command buffer
 * remembers the first error: code that does not look at them gets it from agx_cmdbuf_end().
 */
#ifndef AGX_COMMAND_H
#define AGX_COMMAND_H

#include <agx/queue.h>
#include <agx/shader.h>
#include <agx/texture.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes an empty command buffer that is being recorded. */
AGX_API int agx_cmdbuf_create(struct agx_vm *vm, struct agx_cmdbuf **cmdbuf);

/* Waits for work of it that is under way. */
AGX_API void agx_cmdbuf_destroy(struct agx_cmdbuf *cmdbuf);

/*
 * Empties it to be recorded anew; its memory is kept. -EBUSY: it is under way; others: whether it
 * is cannot be found out. Then nothing has changed.
 */
AGX_API int agx_cmdbuf_reset(struct agx_cmdbuf *cmdbuf);

/*
 * Ends recording: from now on it can be submitted, any number of times. Returns the first error
 * of recording.
 */
AGX_API int agx_cmdbuf_end(struct agx_cmdbuf *cmdbuf);

/* The bytes that DRM_IOCTL_ASAHI_SUBMIT is going to get; NULL before the end. */
AGX_API const void *agx_cmdbuf_bytes(const struct agx_cmdbuf *cmdbuf, uint32_t *size);

/*
 * Memory of the command buffer for data of the caller's: size bytes at a multiple of align (a power
 * of two, at most 16384), until it is reset. Returns the CPU's address and sets *address to the
 * GPU's; NULL on failure.
 */
AGX_API void *agx_cmdbuf_alloc(struct agx_cmdbuf *cmdbuf, size_t size, size_t align,
			       uint64_t *address);

/* Uniforms that the hardware reads from memory before the shader (or its preamble) begins. */
struct agx_uniform_range {
	uint16_t first;   /* uniform register, in halves; even */
	uint16_t count;   /* halves, 1 to 512 */
	uint64_t address; /* multiple of 4 */
};

/* What a shader is given. Textures and PBEs (images that are written) share the registers ts0... */
struct agx_bindings {
	const void *uniforms;                   /* copied, to u0 and up */
	unsigned int uniform_bytes;             /* at most 1024; rounded up to 4 */
	const struct agx_uniform_range *ranges; /* in addition; must not overlap */
	unsigned int range_count;
	const struct agx_texture *textures; /* copied, to ts0 and up */
	unsigned int texture_count;
	const struct agx_sampler *samplers; /* copied, to ss0 and up */
	unsigned int sampler_count;
};

/*
 * A shader with its bindings, prepared: lists of USC words in the command buffer's memory, which
 * any number of dispatches or draws of the same command buffer can use until it is reset.
 */
struct agx_bound {
	const struct agx_shader *shader;
	uint32_t pipeline;   /* USC address of the list */
	uint32_t counts;     /* word 0 of launches, states and shaders: registers it takes */
	uint64_t generation; /* of the recording, of fragments the pass: another one after it */
};

/*
 * -EINVAL: the shader names a uniform, a texture or a sampler that is not given (and its preamble
 * does not set), counts are beyond what the hardware has, or ranges overlap. A sampler that only
 * fetches of texels (smpi) name need not be given. bindings may be NULL: nothing. Shaders of
 * fragments and of the ends of tiles are bound within the render pass that uses them.
 */
AGX_API int agx_cmdbuf_bind(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
			    const struct agx_bindings *bindings, struct agx_bound *bound);

#ifdef __cplusplus
}
#endif

#endif
