/* SPDX-License-Identifier: MIT */
/*
 * Everything that the library makes, once, in small steps: for tests that let one call or another
 * below it fail. A step that has failed has left nothing behind and can be taken again.
 */
#ifndef AGX_TESTS_LIBAGX_SCENARIO_H
#define AGX_TESTS_LIBAGX_SCENARIO_H

#include <agx/agx.h>

#define SCENARIO_WORDS 64u /* of data that shaders work on */
#define SCENARIO_SIZE  32u /* of images, width and height */

struct scenario {
	/* Set by the test: called when there is a device, before anything is made of it. NULL: not. */
	void (*opened)(struct scenario *s);
	/* Called when a step was taken, with what it returned. NULL: not. */
	void (*taken)(struct scenario *s, const char *step, int ret);
	void *data;
	unsigned int errors; /* messages of AGX_LOG_ERROR */

	unsigned int step; /* the next */
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue, *other;
	struct agx_buffer *words, *window, *shared, *imported, *large;
	uint64_t reserved, guarded; /* addresses */
	struct agx_timestamps *times;
	struct agx_shader *adds, *from_file, *from_code, *stack, *vertex, *fragment;
	struct agx_image *image, *target, *depth, *on;
	struct agx_sampler sampler;
	struct agx_texture texture;
	struct agx_cmdbuf *compute, *render;
	struct agx_sync *binary, *timeline, *same;
	int buffer_fd, sync_fd, object_fd; /* -1: none */
	char path[64];                     /* of a shader's text; "": none */
	unsigned int runs;                 /* of the compute command buffer, that have ended well */
	unsigned int perhaps;              /* that were submitted or were not */
};

void scenario_init(struct scenario *s);

/*
 * Takes steps until one fails, whose error is returned, or until all are done: 0. The context's
 * message is empty before each step.
 */
int scenario_run(struct scenario *s);

/* The name of the next step; NULL behind the last. */
const char *scenario_step(const struct scenario *s);

/* What the shaders wrote, when all steps were taken. 0, or -1 with a reason on standard error. */
int scenario_check(struct scenario *s);

/* Ends what there is. */
void scenario_end(struct scenario *s);

#endif
