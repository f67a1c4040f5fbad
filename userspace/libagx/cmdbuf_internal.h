/* SPDX-License-Identifier: MIT */
/* What those who fill command buffers share: memory, streams, commands, errors. */
#ifndef AGX_LIBAGX_CMDBUF_INTERNAL_H
#define AGX_LIBAGX_CMDBUF_INTERNAL_H

#include <string.h>

#include "asahi_drm.h"

#include "agx_cs_pack.h"

#include "internal.h"

struct lib_scratch;
struct lib_tile;

enum lib_pass {
	LIB_PASS_NONE,
	LIB_PASS_COMPUTE,
	LIB_PASS_RENDER,
};

/*
 * Memory that only grows until it is reset, and is kept then: buffers, each mapped, and a place in
 * the current one.
 */
struct lib_pool {
	struct agx_vm *vm;
	unsigned int flags; /* of agx_buffer_create() */
	struct lib_pool_chunk {
		struct agx_buffer *buffer;
		uint8_t *map;
		uint64_t address, size;
	} * chunks;
	unsigned int count, capacity;
	unsigned int current; /* chunk; meaningless while map is NULL */
	uint8_t *map;         /* of the current chunk */
	uint64_t address;     /* likewise */
	uint64_t used, size;  /* bytes of it */
};

/* The largest alignment that pools give. */
#define LIB_POOL_ALIGN AGX_PAGE_SIZE

void lib_pool_init(struct lib_pool *pool, struct agx_vm *vm, unsigned int flags);
void lib_pool_finish(struct lib_pool *pool);

/* What was taken is free again; the buffers stay. */
void lib_pool_reset(struct lib_pool *pool);

/* When the current chunk is full. NULL with the message kept: -ENOMEM, -ENOSPC, ... in *error. */
void *lib_pool_grow(struct lib_pool *pool, uint64_t size, uint64_t align, uint64_t *address,
		    int *error);

/* align: a power of two, at most LIB_POOL_ALIGN. */
static inline void *lib_pool_take(struct lib_pool *pool, uint64_t size, uint64_t align,
				  uint64_t *address, int *error)
{
	const uint64_t at = (pool->used + align - 1) & ~(align - 1);

	if (__builtin_expect(at > pool->size || size > pool->size - at, 0))
		return lib_pool_grow(pool, size, align, address, error);
	pool->used = at + size;
	*address = pool->address + at;
	return pool->map + at;
}

/*
 * A control stream that is being written: in pieces of memory, each of which ends with a link to
 * the next. Behind room there is always space for a link.
 */
struct lib_stream {
	uint8_t *at, *room; /* where the next word goes, and where the piece is full */
	uint64_t place;     /* GPU address that at would have if at were 0, modulo 2^64 */
	uint64_t start;     /* GPU address of the first word */
	uint64_t first_end; /* GPU address behind the first piece's last word; 0: unknown yet */
	bool vdm;           /* a stream of the VDM, else of the CDM */
};

/* A submission in flight that the command buffer is part of. */
struct lib_flight {
	struct agx_queue *queue; /* a reference */
	uint64_t point;
};

struct agx_cmdbuf {
	struct agx_context *ctx;
	struct agx_vm *vm;         /* a reference */
	struct agx_device *device; /* the VM's */
	uint64_t generation;       /* unique in the context; new with every reset */
	uint64_t shader_base;
	uint64_t va_start, va_end; /* addresses that can be bound */
	bool g14x;

	enum lib_pass pass; /* that is open */
	bool ended;
	int error; /* the first of recording, 0: none */
	char message[512];

	struct lib_pool memory;   /* anywhere */
	struct lib_pool window;   /* in the shader window: lists of USC words */
	struct lib_stream stream; /* of the open pass */

	/* compute.c: of the open compute pass */
	struct {
		bool overlap_pass, overlapping;
		bool dirty;    /* launches since the last barrier */
		uint8_t stack; /* bits of enum lib_stack: of what was launched */
		struct drm_asahi_timestamps times;
	} compute;

	/* render.c: of the open render pass; NULL: there is none */
	const struct lib_tile *tile;
	uint64_t tile_generation; /* of what is bound for these tiles alone */

	/* render.c: its own structure; freed by render_destroy, which may be NULL */
	void *render;
	void (*render_destroy)(void *render);
	void (*render_reset)(void *render);

	/* What DRM_IOCTL_ASAHI_SUBMIT takes. */
	uint8_t *bytes;
	uint32_t size, capacity;
	uint32_t vdm_count, cdm_count; /* commands of each subqueue */
	struct lib_command {
		uint32_t offset; /* of its header in bytes */
		bool overlap;
	} * commands;
	uint32_t command_count, command_capacity;

	struct agx_shader **shaders; /* references to those that were bound */
	unsigned int shader_count, shader_capacity;
	uint8_t bound_stack[AGX_STAGE_FRAGMENT +
			    1]; /* bits of enum lib_stack: of those of a stage */

	struct lib_scratch **scratches; /* references to those that commands name */
	uint32_t scratch_count, scratch_capacity;

	struct lib_flight *flights;
	unsigned int flight_count, flight_capacity;
};

/*
 * Keeps the message in the context, and the first error of recording in the command buffer. Returns
 * ret.
 */
__attribute__((format(printf, 3, 4))) int lib_cmdbuf_error(struct agx_cmdbuf *cmdbuf, int ret,
							   const char *format, ...);

/*
 * The same of a failure of a moment ago, whose message the context has; what: of what it was one.
 */
int lib_cmdbuf_failed(struct agx_cmdbuf *cmdbuf, int ret, const char *what);

/*
 * 0: it is being recorded, without an error so far, and within that kind of pass; what: for
 * messages.
 */
int lib_cmdbuf_recording_slow(struct agx_cmdbuf *cmdbuf, enum lib_pass pass, const char *what);

static inline int lib_cmdbuf_recording(struct agx_cmdbuf *cmdbuf, enum lib_pass pass,
				       const char *what)
{
	if (__builtin_expect(!cmdbuf->error && !cmdbuf->ended && cmdbuf->pass == pass, 1))
		return 0;
	return lib_cmdbuf_recording_slow(cmdbuf, pass, what);
}

/* A number that no other command buffer, recording or pass of the context has. */
uint64_t lib_cmdbuf_generation(struct agx_cmdbuf *cmdbuf);

/* Memory that is kept until the reset. NULL: the error is the command buffer's. */
void *lib_cmdbuf_memory_failed(struct agx_cmdbuf *cmdbuf, int error);

static inline void *lib_cmdbuf_memory(struct agx_cmdbuf *cmdbuf, bool shader_window, uint64_t size,
				      uint64_t align, uint64_t *address)
{
	int error = -ENOMEM;
	void *map = lib_pool_take(shader_window ? &cmdbuf->window : &cmdbuf->memory, size, align,
				  address, &error);

	return __builtin_expect(map != NULL, 1) ? map : lib_cmdbuf_memory_failed(cmdbuf, error);
}

/*
 * Begins the stream of a pass, and ends it with its terminate word. Errors are the command
 * buffer's.
 */
int lib_stream_begin(struct agx_cmdbuf *cmdbuf, bool vdm);
int lib_stream_end(struct agx_cmdbuf *cmdbuf);

/* The most that can be asked for at once. */
#define LIB_STREAM_ROOM 2048

int lib_stream_grow(struct agx_cmdbuf *cmdbuf);

/*
 * Afterwards size bytes, at most LIB_STREAM_ROOM, can be written at stream.at, which the caller
 * moves.
 */
static inline int lib_stream_room(struct agx_cmdbuf *cmdbuf, uint32_t size)
{
	if (__builtin_expect((size_t)(cmdbuf->stream.room - cmdbuf->stream.at) >= size, 1))
		return 0;
	return lib_stream_grow(cmdbuf);
}

/*
 * Adds a command: one of enum drm_asahi_cmd_type with its payload. Render and compute commands wait
 * for all commands in front of them, or, with overlap, for those of earlier submissions.
 */
int lib_cmdbuf_command(struct agx_cmdbuf *cmdbuf, enum drm_asahi_cmd_type type, const void *payload,
		       uint32_t size, bool overlap);

/*
 * What a command says of the stacks of a stage's shaders; stack: bits of enum lib_stack. The memory
 * is kept until the reset.
 */
int lib_cmdbuf_scratch(struct agx_cmdbuf *cmdbuf, enum agx_stage stage, uint8_t stack,
		       struct drm_asahi_helper_program *helper);

/* The uAPI's form of where a command writes its times. pair->timestamps NULL: nowhere. */
int lib_cmdbuf_timestamps(struct agx_cmdbuf *cmdbuf, const struct agx_timestamp_pair *pair,
			  struct drm_asahi_timestamps *times);

#endif
