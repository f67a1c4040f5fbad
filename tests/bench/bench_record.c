// SPDX-License-Identifier: MIT
/*
 * What libagx takes to build dispatches and draws, in processor time, and what agx_queue_submit() adds to
 * the ioctl that it makes.
 *
 * usage: bench-record [record|submit]
 *
 * Prints lines "WHAT NS". bench_record_vk.c records the same work with a Vulkan driver, and bench_record.py
 * runs both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <agx/agx.h>
#include <asahi_drm.h>
#include <xf86drm.h>

#define COUNT  1000
#define ROUNDS 15
#define SIZE   64

static struct agx_context *ctx;
static struct agx_device *device;
static struct agx_vm *vm;
static struct agx_queue *queue;
static struct agx_cmdbuf *cmdbuf;
static struct agx_shader *compute, *vertex, *fragment;
static struct agx_image *image;

/* As of bench_record.py's shaders: a value, an address. */
struct constants {
	uint32_t value, first;
	uint64_t address;
};

static const char compute_text[] = ".threads 32, 1, 1\n"
				   "mov r0, thread_in_grid_x\n"
				   "iadd r0, r0, u1\n"
				   "mov r1, u0\n"
				   "store r1, du2, r0, i32, x, a\n"
				   "stop\n";

static void ok(int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "bench-record: %s\n", agx_error(ctx));
	exit(2);
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void make_shader(enum agx_stage stage, const char *text, const char *path,
			struct agx_shader **shader)
{
	const struct agx_shader_params params = {.stage = stage, .text = text, .path = path};

	ok(agx_shader_create(vm, &params, shader));
}

static struct agx_bindings bind_constants(const struct constants *constants)
{
	return (struct agx_bindings){.uniforms = constants, .uniform_bytes = sizeof(*constants)};
}

static void begin(bool draw)
{
	struct agx_render_pass pass = {.colour_count = 1};

	ok(agx_cmdbuf_reset(cmdbuf));
	pass.colour[0] = (struct agx_attachment){.image = image, .load = AGX_LOAD_CLEAR};
	ok(draw ? agx_render_begin(cmdbuf, &pass) : agx_compute_begin(cmdbuf, NULL));
}

static void end(bool draw)
{
	ok(draw ? agx_render_end(cmdbuf) : agx_compute_end(cmdbuf));
	ok(agx_cmdbuf_end(cmdbuf));
}

static void dispatches(bool new_constants)
{
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_GROUPS, .size = {4, 1, 1}};
	struct constants constants = {0};
	struct agx_bindings bindings = bind_constants(&constants);
	struct agx_bound bound;
	uint32_t i;

	if (new_constants) {
		for (i = 0; i < COUNT; i++) {
			constants.value = i;
			agx_compute_launch(cmdbuf, compute, &bindings, &dispatch);
		}
		return;
	}
	ok(agx_cmdbuf_bind(cmdbuf, compute, &bindings, &bound));
	for (i = 0; i < COUNT; i++)
		agx_compute_dispatch(cmdbuf, &bound, &dispatch);
}

static void draws(bool new_constants)
{
	const struct agx_draw draw = {.count = 3};
	struct agx_draw_state state = {.primitive = AGX_PRIMITIVE_TRIANGLES};
	struct constants constants = {0};
	struct agx_bindings bindings = bind_constants(&constants);
	uint32_t i;

	ok(agx_cmdbuf_bind(cmdbuf, vertex, &bindings, &state.vertex));
	ok(agx_cmdbuf_bind(cmdbuf, fragment, NULL, &state.fragment));
	ok(agx_render_state(cmdbuf, &state));
	for (i = 0; i < COUNT; i++) {
		if (new_constants) {
			constants.value = i;
			agx_cmdbuf_bind(cmdbuf, vertex, &bindings, &state.vertex);
			agx_render_state(cmdbuf, &state);
		}
		agx_render_draw(cmdbuf, &draw);
	}
}

static void measure(const char *what, bool draw, bool new_constants)
{
	double best = 1e18;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		double t;

		begin(draw);
		t = now(CLOCK_THREAD_CPUTIME_ID);
		if (draw)
			draws(new_constants);
		else
			dispatches(new_constants);
		t = now(CLOCK_THREAD_CPUTIME_ID) - t;
		end(draw);
		if (t < best)
			best = t;
	}
	printf("%s %.1f\n", what, best / COUNT);
}

static void record(void)
{
	/* They read what the shaders of bench_record.py read, and do about as little. */
	static const char vertex_text[] = "mov r0, u0\n"
					  "st_var r0, 0\n"
					  "st_var r0, 1\n"
					  "st_var r0, 2\n"
					  "st_var r0, 3, last\n"
					  "stop\n";
	struct agx_layout_params layout = {.format = AGX_FORMAT_R8G8B8A8_UNORM,
					   .dimension = AGX_DIMENSION_2D,
					   .tiling = AGX_TILING_TWIDDLED,
					   .width = SIZE,
					   .height = SIZE,
					   .writeable = true};

	ok(agx_image_create(vm, &layout, 0, &image));
	measure("dispatch", false, false);
	measure("dispatch-constants", false, true);
	make_shader(AGX_STAGE_VERTEX, vertex_text, NULL, &vertex);
	make_shader(AGX_STAGE_FRAGMENT, "stop\n", NULL, &fragment);
	measure("draw", true, false);
	measure("draw-constants", true, true);
}

/* The same bytes by the ioctl, with the sync that the library would signal; each is waited for in turn. */
static double submit_raw(int fd, struct agx_sync *sync)
{
	struct drm_asahi_sync out = {.sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
				     .handle = agx_sync_handle(sync)};
	struct drm_asahi_submit args = {.queue_id = agx_queue_id(queue), .out_sync_count = 1};
	double t = now(CLOCK_MONOTONIC);
	uint32_t i;

	args.syncs = (uintptr_t)&out;
	args.cmdbuf = (uintptr_t)agx_cmdbuf_bytes(cmdbuf, &args.cmdbuf_size);
	for (i = 0; i < COUNT; i++) {
		out.timeline_value++;
		if (drmIoctl(fd, DRM_IOCTL_ASAHI_SUBMIT, &args)) {
			perror("DRM_IOCTL_ASAHI_SUBMIT");
			exit(2);
		}
	}
	t = now(CLOCK_MONOTONIC) - t;
	agx_sync_wait(sync, out.timeline_value, AGX_FOREVER);
	return t;
}

static double submit_library(void)
{
	const struct agx_submission submission = {.cmdbufs = &cmdbuf, .cmdbuf_count = 1};
	double t = now(CLOCK_MONOTONIC);
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		ok(agx_queue_submit(queue, &submission));
	t = now(CLOCK_MONOTONIC) - t;
	/* It fails on noop_node.c's, which has no fences. */
	agx_queue_wait(queue, AGX_FOREVER);
	return t;
}

static void submit(void)
{
	double raw = 1e18, library = 1e18;
	unsigned int round;

	begin(false);
	end(false);
	for (round = 0; round < ROUNDS; round++) {
		struct agx_sync *sync;
		double t;

		ok(agx_sync_create(device, AGX_SYNC_TIMELINE, &sync));
		t = submit_raw(agx_device_fd(device), sync);
		if (t < raw)
			raw = t;
		t = submit_library();
		if (t < library)
			library = t;
		agx_sync_destroy(sync);
	}
	printf("submit-ioctl %.1f\nsubmit %.1f\n", raw / COUNT, library / COUNT);
}

int main(int argc, char **argv)
{
	bool submits = argc > 1 && !strcmp(argv[1], "submit");

	ok(agx_context_create(NULL, &ctx));
	ok(agx_device_open(ctx, NULL, &device));
	ok(agx_vm_create(device, &vm));
	ok(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue));
	ok(agx_cmdbuf_create(vm, &cmdbuf));
	make_shader(AGX_STAGE_COMPUTE, compute_text, NULL, &compute);
	if (submits)
		submit();
	else
		record();
	/* The process ends: what is left goes with it. */
	return 0;
}
