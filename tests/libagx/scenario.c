// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define SECONDS 1000000000ull
#define LONG    (20 * SECONDS)
#define HOLES   3u /* pages of the sparse range */

/* Adds u2 to the word of each thread at du0. */
static const char adds_text[] = ".threads 32\n"
				"mov r1, thread_in_grid_x\n"
				"load r2, du0, r1, i32, x, a\n"
				"wait a\n"
				"iadd r2, r2, u2\n"
				"store r2, du0, r1, i32, x, a\n"
				"stop\n";

/* Nothing of use, with a preamble. */
static const char file_text[] = ".preamble\n"
				"ldimm r0, 7\n"
				"mov u10, r0\n"
				"stop\n"
				".main\n"
				"mov r1, u10\n"
				"stop\n";

static const char vertex_text[] = ".stage vertex\n"
				  "and r0, r5, 1\n"
				  "u32_to_f r0, r0, rte\n"
				  "ldimm r1, 0\n"
				  "ldimm r2, 0x3f800000\n"
				  "st_var r0, 0\nst_var r1, 1\nst_var r1, 2\n"
				  "st_var r2, 3, last\nstop\n";

static const char fragment_text[] = ".stage fragment\n"
				    "ldimm r0, 0\nldimm r1, 0\nldimm r2, 0\nldimm r3, 0\n"
				    "pixwait 12, 0\n"
				    "st_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw\nstop\n";

static void count_errors(void *data, enum agx_log_level level, const char *message)
{
	struct scenario *s = data;

	if (level == AGX_LOG_ERROR)
		s->errors++;
	if (getenv("AGX_TEST_LOG"))
		fprintf(stderr, "# libagx %u: %s\n", level, message);
}

static int make_context(struct scenario *s)
{
	const struct agx_context_params params = {
		.log = count_errors,
		.log_data = s,
		.level = AGX_LOG_DEBUG,
	};

	return agx_context_create(&params, &s->ctx);
}

static int list_devices(struct scenario *s)
{
	struct agx_device_entry entries[2];
	const int ret = agx_device_list(s->ctx, entries, 2);

	return ret < 0 ? ret : 0;
}

/* Where there is no netlink socket to be had, it is no matter here. */
static int watch_devices(struct scenario *s)
{
	struct agx_monitor *monitor;
	const int ret = agx_monitor_create(s->ctx, &monitor);

	agx_monitor_destroy(monitor);
	return ret == -ENOMEM ? ret : 0;
}

static int open_device(struct scenario *s)
{
	const char *name = getenv("AGX_DEVICE");
	const struct agx_virtual_params params = {.threads = 1};
	int ret = name ? agx_device_open(s->ctx, name, &s->device)
		       : agx_device_open_virtual(s->ctx, &params, &s->device);

	if (!ret && s->opened)
		s->opened(s);
	return ret;
}

static int read_clock(struct scenario *s)
{
	uint64_t ticks;

	return agx_device_time(s->device, &ticks);
}

static int make_vm(struct scenario *s)
{
	return agx_vm_create(s->device, &s->vm);
}

static int make_queue(struct scenario *s)
{
	return agx_queue_create(s->vm, AGX_PRIORITY_MEDIUM, &s->queue);
}

static int make_other(struct scenario *s)
{
	return agx_queue_create(s->vm, AGX_PRIORITY_LOW, &s->other);
}

static int make_words(struct scenario *s)
{
	return agx_buffer_create(s->vm, 4ull * AGX_PAGE_SIZE, AGX_VA_GUARD, &s->words);
}

static int map_words(struct scenario *s)
{
	void *map;

	/* For the errno, which agx_buffer_map() has not. */
	return lib_buffer_map(s->words, &map);
}

static int make_window(struct scenario *s)
{
	return agx_buffer_create(s->vm, AGX_PAGE_SIZE, AGX_VA_SHADER | AGX_BUFFER_READ_ONLY,
				 &s->window);
}

static int make_shared(struct scenario *s)
{
	return agx_buffer_create(s->vm, 4ull * AGX_PAGE_SIZE,
				 AGX_BUFFER_EXPORTABLE | AGX_BUFFER_UNBOUND | AGX_BUFFER_CACHED,
				 &s->shared);
}

static int export_buffer(struct scenario *s)
{
	return agx_buffer_export(s->shared, &s->buffer_fd);
}

static int import_buffer(struct scenario *s)
{
	return agx_buffer_import(s->vm, s->buffer_fd, 0, &s->imported);
}

/* So many handles that the table of counts grows. */
static int make_large(struct scenario *s)
{
	return agx_buffer_create(s->vm, 64ull * AGX_PAGE_SIZE, AGX_BUFFER_EXPORTABLE, &s->large);
}

static int reserve(struct scenario *s)
{
	return agx_vm_reserve(s->vm, 16ull * AGX_PAGE_SIZE, 1 << 20, AGX_VA_GUARD, &s->reserved);
}

static int reserve_at(struct scenario *s)
{
	const uint64_t address = agx_device_params(s->device)->va_start + (16ull << 20);
	int ret = agx_vm_reserve_at(s->vm, address, 4ull * AGX_PAGE_SIZE);

	if (!ret)
		s->guarded = address;
	return ret;
}

static int bind_one(struct scenario *s)
{
	const struct agx_bind bind = {
		.op = AGX_BIND_MAP,
		.buffer = s->shared,
		.address = s->reserved,
		.size = 4ull * AGX_PAGE_SIZE,
	};

	return agx_vm_bind(s->vm, &bind, 1);
}

/* Parts what was bound, repeats, replaces; more than the library has room for on its stack. */
static int bind_many(struct scenario *s)
{
	struct agx_bind binds[20];

	for (unsigned int i = 0; i < 20; i++)
		binds[i] = (struct agx_bind){
			.op = i % 4 == 1   ? AGX_BIND_UNMAP
			      : i % 4 == 2 ? AGX_BIND_REPEAT
					   : AGX_BIND_MAP,
			.buffer = i % 4 == 1 ? NULL
				  : i % 2    ? s->words
					     : s->shared,
			.address = s->reserved + (i * 5 % 15) * AGX_PAGE_SIZE,
			.size = (1 + i % 2) * AGX_PAGE_SIZE,
		};
	return agx_vm_bind(s->vm, binds, 20);
}

static int unbind(struct scenario *s)
{
	const struct agx_bind bind = {
		.op = AGX_BIND_UNMAP,
		.address = s->reserved + 2ull * AGX_PAGE_SIZE,
		.size = 5ull * AGX_PAGE_SIZE,
	};

	return agx_vm_bind(s->vm, &bind, 1);
}

static int release(struct scenario *s)
{
	int ret = agx_vm_release(s->vm, s->reserved);

	if (!ret)
		s->reserved = 0;
	return ret;
}

static int make_times(struct scenario *s)
{
	return agx_timestamps_create(s->vm, 4, &s->times);
}

static int make_adds(struct scenario *s)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = adds_text};

	return agx_shader_create(s->vm, &params, &s->adds);
}

static int write_text(struct scenario *s)
{
	static const char blank[20000] = "";
	const char *dir = getenv("TMPDIR");
	FILE *file;
	int fd;

	snprintf(s->path, sizeof(s->path), "%.32s/agx-scenario-XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(s->path);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return -EIO;
	/* Longer than the first block that is read. */
	fputs(file_text, file);
	for (size_t i = 0; i < sizeof(blank); i++)
		fputc('\n', file);
	return fclose(file) ? -EIO : 0;
}

static int make_from_file(struct scenario *s)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .path = s->path};

	return agx_shader_create(s->vm, &params, &s->from_file);
}

static int make_from_code(struct scenario *s)
{
	static const uint8_t stop[] = {0x88, 0x00};
	const struct agx_shader_params params = {
		.stage = AGX_STAGE_COMPUTE,
		.code = stop,
		.code_size = sizeof(stop),
		.preamble = stop,
		.preamble_size = sizeof(stop),
	};

	return agx_shader_create(s->vm, &params, &s->from_code);
}

static int make_stack(struct scenario *s)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE,
						 .text = ".scratch 64\nstack_adjust 16\nstop\n"};

	return agx_shader_create(s->vm, &params, &s->stack);
}

static int make_vertex(struct scenario *s)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_VERTEX, .text = vertex_text};

	return agx_shader_create(s->vm, &params, &s->vertex);
}

static int make_fragment(struct scenario *s)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_FRAGMENT,
						 .text = fragment_text};

	return agx_shader_create(s->vm, &params, &s->fragment);
}

/* For lack of memory its text has no names of labels: nothing that a test could demand. */
static int list_shader(struct scenario *s)
{
	char text[256];

	return agx_shader_listing(s->adds, text, sizeof(text)) ? 0 : -EIO;
}

static int make_image_of(struct scenario *s, enum agx_format format, struct agx_image **image)
{
	const struct agx_layout_params params = {
		.format = format,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_TWIDDLED,
		.width = SCENARIO_SIZE,
		.height = SCENARIO_SIZE,
		.writeable = true,
	};

	return agx_image_create(s->vm, &params, 0, image);
}

static int make_image(struct scenario *s)
{
	return make_image_of(s, AGX_FORMAT_R8G8B8A8_UNORM, &s->image);
}

static int make_target(struct scenario *s)
{
	return make_image_of(s, AGX_FORMAT_R8G8B8A8_UNORM, &s->target);
}

static int make_depth(struct scenario *s)
{
	return make_image_of(s, AGX_FORMAT_D32_FLOAT, &s->depth);
}

static int make_on(struct scenario *s)
{
	const struct agx_layout_params params = {
		.format = AGX_FORMAT_R32_UINT,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_LINEAR,
		.width = 16,
		.height = 4,
	};

	return agx_image_create_on(s->words, AGX_PAGE_SIZE, &params, &s->on);
}

static int upload(struct scenario *s)
{
	static const float rows[SCENARIO_SIZE * SCENARIO_SIZE][4];

	return agx_image_upload(s->image, NULL, AGX_FORMAT_R32G32B32A32_FLOAT, rows, 0);
}

static int download(struct scenario *s)
{
	float rows[SCENARIO_SIZE * SCENARIO_SIZE][4];

	return agx_image_download(s->image, NULL, AGX_FORMAT_R32G32B32A32_FLOAT, rows, 0);
}

static int make_states(struct scenario *s)
{
	const struct agx_sampler_params sampler = {.max_lod = 1};
	int ret = agx_sampler_init(s->ctx, &sampler, &s->sampler);

	return ret ? ret : agx_texture_of(s->image, NULL, &s->texture);
}

static int make_compute(struct scenario *s)
{
	return agx_cmdbuf_create(s->vm, &s->compute);
}

static int make_render(struct scenario *s)
{
	return agx_cmdbuf_create(s->vm, &s->render);
}

/* Two passes, one with timestamps; all errors come out at the end. */
static int record_compute(struct scenario *s)
{
	const struct {
		uint64_t address;
		uint32_t add, pad;
	} uniforms = {.address = agx_buffer_address(s->words), .add = 1};
	const struct agx_bindings bindings = {
		.uniforms = &uniforms,
		.uniform_bytes = sizeof(uniforms),
		.textures = &s->texture,
		.texture_count = 1,
		.samplers = &s->sampler,
		.sampler_count = 1,
	};
	const struct agx_compute_pass pass = {.timestamps = {s->times, 0, 1}};
	const struct agx_dispatch dispatch = {.size = {SCENARIO_WORDS, 1, 1}};
	struct agx_cmdbuf *c = s->compute;
	uint64_t address;
	int ret = agx_cmdbuf_reset(c);

	if (ret)
		return ret;
	agx_compute_begin(c, &pass);
	agx_compute_launch(c, s->adds, &bindings, &dispatch);
	agx_compute_launch(c, s->from_file, NULL, &dispatch);
	agx_compute_launch(c, s->stack, NULL, &dispatch);
	agx_compute_end(c);
	agx_compute_begin(c, NULL);
	/* More than a first block of memory, so that streams and pools grow. */
	agx_cmdbuf_alloc(c, 200000, 64, &address);
	for (unsigned int i = 0; i < 200; i++)
		agx_compute_launch(c, s->from_code, NULL, &dispatch);
	agx_compute_end(c);
	return agx_cmdbuf_end(c);
}

static int record_render(struct scenario *s)
{
	const struct agx_render_pass pass = {
		.colour = {{.image = s->target, .load = AGX_LOAD_CLEAR}},
		.colour_count = 1,
		.depth = {.image = s->depth, .load = AGX_LOAD_CLEAR, .clear.f = {1}},
		.vertex_timestamps = {s->times, 2, 3},
	};
	const struct agx_viewport viewport = {0, 0, SCENARIO_SIZE, SCENARIO_SIZE, 0, 1};
	const struct agx_rect scissor = {4, 4, 16, 16};
	struct agx_draw_state state = {.primitive = AGX_PRIMITIVE_TRIANGLES, .depth_bias = true};
	struct agx_cmdbuf *c = s->render;
	int ret = agx_cmdbuf_reset(c);

	if (ret)
		return ret;
	agx_render_begin(c, &pass);
	agx_cmdbuf_bind(c, s->vertex, NULL, &state.vertex);
	agx_cmdbuf_bind(c, s->fragment, NULL, &state.fragment);
	agx_render_viewports(c, &viewport, &scissor, 1);
	for (unsigned int i = 0; i < 70; i++) {
		state.depth_bias_constant = (float)i;
		agx_render_state(c, &state);
		agx_render_draw(c, &(struct agx_draw){.count = 3});
	}
	agx_render_end(c);
	return agx_cmdbuf_end(c);
}

static int make_binary(struct scenario *s)
{
	return agx_sync_create(s->device, 0, &s->binary);
}

static int make_timeline(struct scenario *s)
{
	return agx_sync_create(s->device, AGX_SYNC_TIMELINE, &s->timeline);
}

static int signal_first(struct scenario *s)
{
	return agx_sync_signal(s->timeline, 1);
}

static int submit(struct scenario *s)
{
	struct agx_cmdbuf *const cmdbufs[] = {s->compute, s->render};
	const struct agx_sync_point wait = {s->timeline, 1};
	const struct agx_sync_point signals[] = {{s->binary, 0}, {s->timeline, 2}};
	const struct agx_submission submission = {
		.cmdbufs = cmdbufs,
		.cmdbuf_count = 2,
		.waits = &wait,
		.wait_count = 1,
		.signals = signals,
		.signal_count = 2,
	};
	int ret = agx_queue_submit(s->queue, &submission);

	s->runs += !ret;
	return ret;
}

static int submit_nothing(struct scenario *s)
{
	const struct agx_sync_point wait = {s->timeline, 2}, signal = {s->timeline, 3};
	const struct agx_submission submission = {
		.waits = &wait, .wait_count = 1, .signals = &signal, .signal_count = 1};

	return agx_queue_submit(s->other, &submission);
}

static int wait_sync(struct scenario *s)
{
	return agx_sync_wait(s->timeline, 3, LONG);
}

static int status(struct scenario *s)
{
	return agx_sync_status(s->timeline, 2);
}

static int query(struct scenario *s)
{
	uint64_t point;

	return agx_sync_query(s->timeline, &point);
}

static int wait_queue(struct scenario *s)
{
	return agx_queue_wait(s->queue, LONG);
}

static int run(struct scenario *s)
{
	int ret = agx_queue_run(s->other, s->compute);

	s->runs += !ret;
	s->perhaps += ret != 0;
	return ret;
}

static int export_sync(struct scenario *s)
{
	return agx_sync_export(s->timeline, 2, &s->sync_fd);
}

static int reset_sync(struct scenario *s)
{
	return agx_sync_reset(s->binary);
}

static int import_sync(struct scenario *s)
{
	return agx_sync_import(s->binary, 0, s->sync_fd);
}

static int import_point(struct scenario *s)
{
	return agx_sync_import(s->timeline, 9, s->sync_fd);
}

static int export_object(struct scenario *s)
{
	return agx_sync_export_object(s->timeline, &s->object_fd);
}

static int import_object(struct scenario *s)
{
	return agx_sync_import_object(s->device, s->object_fd, AGX_SYNC_TIMELINE, &s->same);
}

/* Order matters to the steps behind. */
static const struct {
	const char *name;
	int (*take)(struct scenario *s);
} steps[] = {
	{"context", make_context},
	{"list", list_devices},
	{"monitor", watch_devices},
	{"open", open_device},
	{"time", read_clock},
	{"VM", make_vm},
	{"queue", make_queue},
	{"other queue", make_other},
	{"buffer", make_words},
	{"map", map_words},
	{"buffer in the window", make_window},
	{"exportable buffer", make_shared},
	{"export", export_buffer},
	{"import", import_buffer},
	{"large buffer", make_large},
	{"reserve", reserve},
	{"reserve at", reserve_at},
	{"bind", bind_one},
	{"bind many", bind_many},
	{"unbind", unbind},
	{"timestamps", make_times},
	{"shader", make_adds},
	{"shader's file", write_text},
	{"shader from a file", make_from_file},
	{"shader from code", make_from_code},
	{"shader with a stack", make_stack},
	{"vertex shader", make_vertex},
	{"fragment shader", make_fragment},
	{"listing", list_shader},
	{"image", make_image},
	{"target", make_target},
	{"depth", make_depth},
	{"image on a buffer", make_on},
	{"upload", upload},
	{"download", download},
	{"sampler, texture", make_states},
	{"command buffer", make_compute},
	{"other command buffer", make_render},
	{"compute passes", record_compute},
	{"render pass", record_render},
	{"binary sync", make_binary},
	{"timeline", make_timeline},
	{"signal", signal_first},
	{"submit", submit},
	{"submit nothing", submit_nothing},
	{"wait", wait_sync},
	{"status", status},
	{"query", query},
	{"queue wait", wait_queue},
	{"run", run},
	{"export of a fence", export_sync},
	{"reset of a sync", reset_sync},
	{"import of a fence", import_sync},
	{"import to a timeline", import_point},
	{"export of a sync", export_object},
	{"import of a sync", import_object},
	{"record anew", record_compute},
	{"release", release},
};

void scenario_init(struct scenario *s)
{
	*s = (struct scenario){.buffer_fd = -1, .sync_fd = -1, .object_fd = -1};
}

const char *scenario_step(const struct scenario *s)
{
	return s->step < sizeof(steps) / sizeof(*steps) ? steps[s->step].name : NULL;
}

int scenario_run(struct scenario *s)
{
	for (; s->step < sizeof(steps) / sizeof(*steps); s->step++) {
		int ret;

		if (s->ctx)
			s->ctx->error[0] = '\0';
		ret = steps[s->step].take(s);
		if (s->taken)
			s->taken(s, steps[s->step].name, ret);
		if (ret)
			return ret;
	}
	return 0;
}

int scenario_check(struct scenario *s)
{
	const uint32_t *words = agx_buffer_map(s->words);

	for (unsigned int i = 0; i < SCENARIO_WORDS; i++) {
		if (words[i] >= s->runs && words[i] <= s->runs + s->perhaps && words[i] == words[0])
			continue;
		fprintf(stderr, "word %u: %u or up to %u more expected, got %u\n", i, s->runs,
			s->perhaps, words[i]);
		return -1;
	}
	return 0;
}

void scenario_end(struct scenario *s)
{
	struct agx_backend *backend = s->device ? s->device->backend : NULL;

	/* While the device is there: virtual ones have descriptors of their own. */
	if (s->buffer_fd >= 0)
		backend->ops->close_fd(backend, s->buffer_fd);
	if (s->sync_fd >= 0)
		backend->ops->close_fd(backend, s->sync_fd);
	if (s->object_fd >= 0)
		backend->ops->close_fd(backend, s->object_fd);
	if (s->path[0])
		unlink(s->path);
	agx_cmdbuf_destroy(s->compute);
	agx_cmdbuf_destroy(s->render);
	agx_sync_destroy(s->binary);
	agx_sync_destroy(s->timeline);
	agx_sync_destroy(s->same);
	agx_image_destroy(s->image);
	agx_image_destroy(s->target);
	agx_image_destroy(s->depth);
	agx_image_destroy(s->on);
	agx_shader_destroy(s->adds);
	agx_shader_destroy(s->from_file);
	agx_shader_destroy(s->from_code);
	agx_shader_destroy(s->stack);
	agx_shader_destroy(s->vertex);
	agx_shader_destroy(s->fragment);
	agx_timestamps_destroy(s->times);
	agx_buffer_destroy(s->words);
	agx_buffer_destroy(s->window);
	agx_buffer_destroy(s->shared);
	agx_buffer_destroy(s->imported);
	agx_buffer_destroy(s->large);
	agx_queue_destroy(s->queue);
	agx_queue_destroy(s->other);
	agx_vm_destroy(s->vm);
	agx_device_close(s->device);
	agx_context_destroy(s->ctx);
}
