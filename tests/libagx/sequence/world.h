/* SPDX-License-Identifier: MIT */
/* What a sequence has to call with, and what it is judged by. */
#ifndef AGX_TESTS_LIBAGX_WORLD_H
#define AGX_TESTS_LIBAGX_WORLD_H

#include <errno.h>

#include <agx/agx.h>

#include "choose.h"
#include "sequence.h"

#define BUFFERS    6u
#define IMAGES     12u
#define SHADERS    10u
#define CMDBUFS    2u
#define QUEUES     2u
#define SYNCS      4u
#define STAMPS     2u
#define BOUNDS     8u
#define TEXTURES   8u
#define SAMPLERS   4u
#define RANGES     3u
#define DATA_SIZE  65536u
#define RANGE_SIZE (4u * AGX_PAGE_SIZE)

enum pass {
	PASS_NONE,
	PASS_COMPUTE,
	PASS_RENDER,
	PASS_ENDED,
};

struct shader {
	struct agx_shader *shader;
	enum agx_stage stage;
	unsigned int outputs;      /* words behind the position, of vertex shaders */
	unsigned int coefficients; /* registers that a fragment shader reads */
};

struct cmdbuf {
	struct agx_cmdbuf *cmdbuf;
	enum pass pass;
	int error; /* the first of the recording */
	bool group;
	bool stray; /* names addresses that nothing is bound at: not submitted */
	struct agx_bound bounds[BOUNDS];
	unsigned int bound_stage[BOUNDS]; /* enum agx_stage, or SHADERS: nothing */
	unsigned int bound_shader[BOUNDS];
	/* Of the open render pass. */
	bool depth, stencil, occlusion, sized, unsized;
	unsigned int layers;
	bool state;
};

struct image {
	struct agx_image *image;
	struct agx_layout_params params;
	bool used; /* by what is recorded */
};

struct world {
	struct choices choices;
	struct sequence_device *device;
	bool executes; /* and does not only judge */
	bool second;   /* the same once more */

	struct agx_vm *vm, *other_vm;
	struct agx_queue *queues[QUEUES];
	struct cmdbuf cmdbufs[CMDBUFS];
	struct agx_cmdbuf *foreign; /* of the other VM */
	struct agx_buffer *data;    /* what shaders read and write */
	struct agx_buffer *args;    /* small numbers: grids, indices, arguments of draws */
	struct agx_buffer *buffers[BUFFERS];
	struct image images[IMAGES];
	struct agx_image *foreign_image;
	struct shader shaders[SHADERS];
	struct agx_sync *syncs[SYNCS];
	bool sync_timeline[SYNCS];
	uint64_t sync_point[SYNCS]; /* of timelines: the last that something signals */
	struct agx_timestamps *stamps[STAMPS], *foreign_stamps;
	struct agx_texture textures[TEXTURES];
	struct agx_sampler samplers[SAMPLERS];
	uint64_t ranges[RANGES]; /* reserved */

	bool stray;       /* of the next call */
	const char *call; /* that is being judged */
	uint64_t digest;  /* of results of calls */
};

/* Errors that a function's description names; -ENOMEM can be of any. */
#define MAY_INVAL  (1u << 0)
#define MAY_NOSPC  (1u << 1)
#define MAY_BUSY   (1u << 2)
#define MAY_TIME   (1u << 3)
#define MAY_2BIG   (1u << 4)
#define MAY_NOTSUP (1u << 5)
#define MAY_NOENT  (1u << 6)

/*
 * judge.c
 */

/* Ends the process. */
__attribute__((noreturn, format(printf, 2, 3))) void sequence_fail(const struct world *w,
								   const char *format, ...);

void sequence_before(struct world *w, const char *call);

/* Looks at a call's result; returns it. */
int sequence_judge(struct world *w, int ret, unsigned int may);

/* The same for calls that record: the first error is kept, and has to be. */
int sequence_judge_recording(struct world *w, struct cmdbuf *c, int ret, unsigned int may);

#define CALL(w, may, call) (sequence_before(w, #call), sequence_judge(w, (call), may))
#define RECORD(w, c, may, call) \
	(sequence_before(w, #call), sequence_judge_recording(w, c, (call), may))

/* Something that has to succeed, with memory left. */
#define MUST(w, call)                                                                     \
	do {                                                                              \
		if (CALL(w, 0, call))                                                     \
			sequence_fail(w, "%s", agx_error(sequence_context((w)->device))); \
	} while (0)

/* What a command buffer has recorded: kept in the first run, and compared in the second. */
void sequence_compare(struct world *w, struct cmdbuf *c);
void sequence_forget(void);

/*
 * devices.c: kept from one sequence to the next
 */

struct sequence_device *sequence_device(unsigned int gpu, bool executes);
struct agx_context *sequence_context(const struct sequence_device *device);
struct agx_device *sequence_agx(const struct sequence_device *device);

/* The first finding since the last time, or NULL. */
const char *sequence_finding(struct sequence_device *device);

/* Of another device than this one. */
struct agx_timestamps *sequence_foreign_stamps(struct sequence_device *device);

/*
 * world.c
 */

void world_create(struct world *w);
void world_destroy(struct world *w);

/* An address in the data or the arguments, with size bytes behind it; or a wrong one. */
uint64_t world_address(struct world *w, const struct agx_buffer *buffer, uint64_t size,
		       uint64_t align);

/* An index of one of that stage, or of any; SHADERS: there is none. */
unsigned int world_shader(struct world *w, enum agx_stage stage);

/*
 * One call of a sort, or a few. memory.c, describe.c, shaders.c, compute.c, render.c, draw.c,
 * queue.c
 */
void memory_call(struct world *w);
void image_make(struct world *w, unsigned int i);
void describe_defaults(struct world *w);
void describe_call(struct world *w);
void shader_make(struct world *w, unsigned int i, enum agx_stage stage);
void shader_call(struct world *w);
void bind_call(struct world *w, struct cmdbuf *c, enum agx_stage stage);
void compute_begin(struct world *w, struct cmdbuf *c);
void compute_call(struct world *w, struct cmdbuf *c);
void render_begin(struct world *w, struct cmdbuf *c);
void render_call(struct world *w, struct cmdbuf *c);
void draw_state(struct world *w, struct cmdbuf *c);
void draw_call(struct world *w, struct cmdbuf *c);
void pass_end(struct world *w, struct cmdbuf *c);
void queue_call(struct world *w);

/* Ends the recording, submits it and waits, and begins anew. */
void cmdbuf_finish(struct world *w, struct cmdbuf *c);
void cmdbuf_reset(struct world *w, struct cmdbuf *c);

/* Timestamps of a pass. */
struct agx_timestamp_pair choose_stamps(struct world *w);

#endif
