// SPDX-License-Identifier: MIT
/* Submissions: timestamps, order, syncs, what outlives what. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agx_submit.h"
#include "fixture.h"
#include "node_internal.h"
#include "sched.h"

struct compute {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};
struct render {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_render render;
};

static struct drm_asahi_cmd_header header(uint16_t type, uint16_t size)
{
	return (struct drm_asahi_cmd_header){
		.cmd_type = type,
		.size = size,
		.vdm_barrier = DRM_ASAHI_BARRIER_NONE,
		.cdm_barrier = DRM_ASAHI_BARRIER_NONE,
	};
}

static long submit(struct agx_file *file, uint32_t queue, const void *cmdbuf, uint32_t size)
{
	struct drm_asahi_submit args = {
		.queue_id = queue, .cmdbuf = (uintptr_t)cmdbuf, .cmdbuf_size = size};

	return call(file, DRM_IOCTL_ASAHI_SUBMIT, &args);
}

/* Advances with every look. */
static uint64_t ticking(void *data)
{
	return *(uint64_t *)data += 1000;
}

static void timestamps_are_written_in_order(void **state)
{
	uint64_t time = 1000, at[5];
	struct agx_node_config config = {.single_step = true, .now = ticking, .now_data = &time};
	struct {
		struct render render;
		struct compute compute;
	} cmdbuf = {
		.render = {.header = header(DRM_ASAHI_CMD_RENDER, sizeof(cmdbuf.render.render)),
			   .render = {.width_px = 16,
				      .height_px = 16,
				      .layers = 1,
				      .utile_width_px = 16,
				      .utile_height_px = 16,
				      .samples = 1,
				      .vdm_ctrl_stream_base = VDM_STREAM}},
		.compute = {.header = header(DRM_ASAHI_CMD_COMPUTE, sizeof(cmdbuf.compute.compute)),
			    .compute = {.cdm_ctrl_stream_base = CDM_STREAM,
					.cdm_ctrl_stream_end = CDM_STREAM + 4}},
	};
	struct fixture f;
	uint32_t vm, queue, bo, object;
	struct agx_bo *mapped;
	uint8_t *data;
	int i;

	fixture_init(&f, &config);
	vm = make_vm(f.file);
	make_streams(f.file, vm);
	queue = make_queue(f.file, vm);
	bo = make_bo(f.file, 3 * PAGE, 0);
	data = map_bo(f.file, bo, 3 * PAGE, &mapped);
	object = make_object(f.file, bo, PAGE, PAGE);
	cmdbuf.render.render.ts_vtx = (struct drm_asahi_timestamps){{object, 0}, {object, 8}};
	cmdbuf.render.render.ts_frag = (struct drm_asahi_timestamps){{object, 16}, {object, 24}};
	cmdbuf.compute.compute.ts.end = (struct drm_asahi_timestamp){object, PAGE - 8};
	assert_int_equal(submit(f.file, queue, &cmdbuf, sizeof(cmdbuf)), 0);

	memcpy(at, data + PAGE, 4 * sizeof(at[0]));
	memcpy(&at[4], data + 2 * PAGE - 8, sizeof(at[0]));
	for (i = 0; i < 4; i++)
		assert_true(at[i] > (i ? at[i - 1] : 1000));
	/* Nothing orders the compute command behind the render. */
	assert_true(at[4] > 1000);
	/* The object's neighbours in the buffer are left alone. */
	memcpy(at, data + PAGE - 8, 8);
	assert_int_equal(at[0], 0);
	memcpy(at, data + 2 * PAGE, 8);
	assert_int_equal(at[0], 0);
	munmap(data, 3 * PAGE);
	agx_bo_put(mapped);
	fixture_finish(&f);
}

/* A timestamp written before the buffer was ever mapped shows when it is. */
static void timestamps_precede_the_mapping(void **state)
{
	struct compute cmdbuf = {.header = header(DRM_ASAHI_CMD_COMPUTE, sizeof(cmdbuf.compute))};
	struct fixture f;
	uint32_t queue, bo;
	struct agx_bo *mapped;
	uint64_t *data;

	fixture_init(&f, NULL);
	queue = make_queue(f.file, make_vm(f.file));
	bo = make_bo(f.file, PAGE, 0);
	cmdbuf.compute.ts.start.handle = make_object(f.file, bo, 0, PAGE);
	assert_int_equal(submit(f.file, queue, &cmdbuf, sizeof(cmdbuf)), 0);
	data = map_bo(f.file, bo, PAGE, &mapped);
	assert_int_not_equal(data[0], 0);
	data[0] = 0;
	assert_int_equal(submit(f.file, queue, &cmdbuf, sizeof(cmdbuf)), 0);
	assert_int_not_equal(data[0], 0);
	munmap(data, PAGE);
	agx_bo_put(mapped);
	fixture_finish(&f);
}

static void the_timestamp_window_is_finite(void **state)
{
	struct drm_asahi_gem_bind_object args = {
		.op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
		.flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
		.range = 32ull << 20,
	};
	struct drm_asahi_gem_bind_object unbind = {.op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND};
	struct agx_file *other;
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(agx_file_open(f.node, &other), 0);
	args.handle = make_bo(f.file, 65ull << 20, 0);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), 0);
	args.range = 65ull << 20;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), -ENOSPC);
	/* All clients share it. */
	args.handle = make_bo(other, 64ull << 20, 0);
	args.range = 32ull << 20;
	assert_int_equal(call(other, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), 0);
	assert_int_equal(args.object_handle, 1);
	args.range = PAGE;
	assert_int_equal(call(other, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), -ENOSPC);
	unbind.object_handle = 1;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &unbind), 0);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &unbind), -ENOENT);
	assert_int_equal(call(other, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), 0);
	agx_file_put(other);
	fixture_finish(&f);
}

/* An engine whose jobs end, in order, when the test says so. */
static struct agx_job *held[8];
static unsigned int num_held;

static int hold(struct agx_node *node, struct agx_job *job)
{
	held[num_held++] = job;
	return AGX_ENGINE_PENDING;
}

static int prepare(struct agx_queue *queue, const struct agx_engine_work *work, void **payload)
{
	return agx_engine_core.prepare(queue, work, payload);
}

static void release(struct agx_node *node, void *payload)
{
	agx_engine_core.release(node, payload);
}

static const struct agx_engine_ops holding = {
	.prepare = prepare,
	.run = hold,
	.release = release,
};

static void complete(struct fixture *f, int error)
{
	struct agx_job *job = held[0];
	int ret;

	assert_true(num_held > 0);
	memmove(held, held + 1, --num_held * sizeof(held[0]));
	agx_node_lock(f->node);
	/* It may fault: what it uses may be gone. */
	ret = agx_engine_core.run(f->node, job);
	assert_true(ret == 0 || ret == -EIO);
	agx_job_complete(job, error);
	agx_sched_run_locked(f->node);
	agx_node_unlock(f->node);
}

/* While a job is at the engine the program may destroy all that it uses. */
static void pending_jobs_keep_what_they_use(void **state)
{
	struct compute cmdbuf = {.header = header(DRM_ASAHI_CMD_COMPUTE, sizeof(cmdbuf.compute))};
	struct drm_asahi_gem_bind_object unbind = {.op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND};
	struct drm_asahi_queue_destroy queue = {0};
	struct drm_asahi_vm_destroy vm = {0};
	struct agx_node_stats stats;
	struct agx_bo *mapped;
	struct fixture f;
	uint64_t *data;
	uint32_t bo;

	fixture_init(&f, NULL);
	f.node->engine = &holding;
	vm.vm_id = make_vm(f.file);
	queue.queue_id = make_queue(f.file, vm.vm_id);
	bo = make_bo(f.file, PAGE, 0);
	data = map_bo(f.file, bo, PAGE, &mapped);
	unbind.object_handle = make_object(f.file, bo, 0, PAGE);
	cmdbuf.compute.ts.end.handle = unbind.object_handle;
	assert_int_equal(submit(f.file, queue.queue_id, &cmdbuf, sizeof(cmdbuf)), 0);

	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &unbind), 0);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &queue), 0);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_VM_DESTROY, &vm), 0);
	close_bo(f.file, bo);
	munmap(data, PAGE);
	agx_bo_put(mapped);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 1); /* the job's */
	assert_int_equal(stats.completed_submits, 0);
	complete(&f, 0);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 0);
	assert_int_equal(stats.completed_submits, 1);
	fixture_finish(&f);
}

/* The file may go, too: the job still ends, and only then are its objects free. */
static void pending_jobs_outlive_their_file(void **state)
{
	struct compute cmdbuf = {.header = header(DRM_ASAHI_CMD_COMPUTE, sizeof(cmdbuf.compute))};
	struct agx_node_stats stats;
	struct agx_file *file;
	struct fixture f;
	uint32_t queue;

	fixture_init(&f, NULL);
	f.node->engine = &holding;
	assert_int_equal(agx_file_open(f.node, &file), 0);
	queue = make_queue(file, make_vm(file));
	cmdbuf.compute.ts.start.handle = make_object(file, make_bo(file, PAGE, 0), 0, PAGE);
	assert_int_equal(submit(file, queue, &cmdbuf, sizeof(cmdbuf)), 0);
	assert_int_equal(submit(file, queue, &cmdbuf, sizeof(cmdbuf)), 0);
	agx_file_put(file);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_files, 1);
	assert_int_equal(stats.live_bos, 1);
	complete(&f, 0);
	complete(&f, -EIO);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 0);
	assert_int_equal(stats.completed_submits, 2);
	fixture_finish(&f);
}

/* A node that is destroyed with jobs at the engine or before it ends them. */
static void destroying_the_node_ends_queued_jobs(void **state)
{
	struct agx_file *file;
	struct fixture f;
	uint32_t queue, sync;

	fixture_init(&f, NULL);
	f.node->engine = &holding;
	assert_int_equal(agx_file_open(f.node, &file), 0);
	queue = make_queue(file, make_vm(file));
	sync = make_syncobj(file, 0);
	assert_int_equal(submit_empty(file, queue, 0, sync), 0);
	assert_int_equal(submit_empty(file, queue, sync, 0), 0);
	assert_int_equal(submit_empty(file, queue, 0, 0), 0);
	agx_file_put(file);
	agx_file_put(f.file);
	num_held = 0;
	agx_node_destroy(f.node);
}

static void jobs_start_in_order_and_after_their_in_syncs(void **state)
{
	struct fixture f;
	uint32_t queue, other, a, b, c, d;

	fixture_init(&f, NULL);
	f.node->engine = &holding;
	queue = make_queue(f.file, make_vm(f.file));
	other = make_queue(f.file, 1);
	a = make_syncobj(f.file, 0);
	b = make_syncobj(f.file, 0);
	c = make_syncobj(f.file, 0);
	d = make_syncobj(f.file, 0);
	assert_int_equal(submit_empty(f.file, queue, 0, a), 0);
	assert_int_equal(num_held, 1);
	assert_int_equal(wait_syncobj(f.file, a, 0), -ETIME);
	complete(&f, 0);
	assert_int_equal(wait_syncobj(f.file, a, 0), 0);

	/* b waits for c, which another queue signals, and d for b, as its queue's next. */
	assert_int_equal(submit_empty(f.file, other, 0, c), 0);
	assert_int_equal(submit_empty(f.file, queue, c, b), 0);
	assert_int_equal(submit_empty(f.file, queue, 0, d), 0);
	assert_int_equal(num_held, 1);
	complete(&f, 0);
	assert_int_equal(num_held, 2);
	assert_int_equal(wait_syncobj(f.file, c, 0), 0);
	assert_int_equal(wait_syncobj(f.file, b, 0), -ETIME);
	complete(&f, 0);
	assert_int_equal(wait_syncobj(f.file, b, 0), 0);
	assert_int_equal(wait_syncobj(f.file, d, 0), -ETIME);
	complete(&f, 0);
	assert_int_equal(wait_syncobj(f.file, d, 0), 0);
	fixture_finish(&f);
}

static void out_syncs_get_nothing_from_a_refused_submission(void **state)
{
	struct drm_asahi_cmd_header bad = header(99, 0);
	struct drm_asahi_sync sync = {0};
	struct drm_asahi_submit args = {.cmdbuf = (uintptr_t)&bad,
					.cmdbuf_size = sizeof(bad),
					.syncs = (uintptr_t)&sync,
					.out_sync_count = 1};
	struct fixture f;

	fixture_init(&f, NULL);
	args.queue_id = make_queue(f.file, make_vm(f.file));
	sync.handle = make_syncobj(f.file, 0);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_SUBMIT, &args), -EINVAL);
	assert_int_equal(wait_syncobj(f.file, sync.handle, 0), -EINVAL);
	fixture_finish(&f);
}

static void many_syncs_work(void **state)
{
	enum {
		COUNT = 300
	};
	struct drm_asahi_cmd_header good = header(DRM_ASAHI_CMD_COMPUTE, 0);
	static struct drm_asahi_sync syncs[2 * COUNT];
	struct drm_asahi_submit args = {.cmdbuf = (uintptr_t)&good,
					.cmdbuf_size = sizeof(good),
					.syncs = (uintptr_t)syncs,
					.in_sync_count = COUNT,
					.out_sync_count = COUNT};
	struct fixture f;
	int i;

	fixture_init(&f, NULL);
	memset(syncs, 0, sizeof(syncs));
	args.queue_id = make_queue(f.file, make_vm(f.file));
	for (i = 0; i < COUNT; i++) {
		syncs[i].handle = make_syncobj(f.file, DRM_SYNCOBJ_CREATE_SIGNALED);
		syncs[COUNT + i].handle = make_syncobj(f.file, 0);
	}
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_SUBMIT, &args), 0);
	for (i = 0; i < 2 * COUNT; i++)
		assert_int_equal(wait_syncobj(f.file, syncs[i].handle, 0), 0);
	/* One bad one among many: all the others' preparations are undone. */
	syncs[2 * COUNT - 1].handle = 0;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_SUBMIT, &args), -ENOENT);
	fixture_finish(&f);
}

static void statistics_count_submissions(void **state)
{
	struct drm_asahi_cmd_header three[3] = {header(DRM_ASAHI_CMD_COMPUTE, 0),
						header(DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, 0),
						header(DRM_ASAHI_CMD_COMPUTE, 0)};
	struct agx_node_stats stats;
	struct fixture f;
	uint32_t queue;

	fixture_init(&f, NULL);
	queue = make_queue(f.file, make_vm(f.file));
	assert_int_equal(submit(f.file, queue, three, sizeof(three)), 0);
	assert_int_equal(submit(f.file, queue, three, sizeof(three)), 0);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.submits, 2);
	assert_int_equal(stats.commands, 4);
	assert_int_equal(stats.completed_submits, 2);
	fixture_finish(&f);
}

static void *no_object(void *data, uint32_t handle, uint64_t *size)
{
	return NULL;
}

/* What the parser hands on: attachments stick until replaced, "last" is per subqueue. */
static void parsed_commands_carry_their_context(void **state)
{
	struct {
		struct drm_asahi_cmd_header set_fragment;
		struct drm_asahi_attachment fragment[2];
		struct render first;
		struct drm_asahi_cmd_header compute;
		struct drm_asahi_cmd_header clear_fragment;
		struct render second;
	} cmdbuf = {
		.set_fragment = header(DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS,
				       2 * sizeof(struct drm_asahi_attachment)),
		.fragment = {{.pointer = 0x1000, .size = 5}, {.pointer = 0x2000, .size = 6}},
		.first = {.header = header(DRM_ASAHI_CMD_RENDER, sizeof(cmdbuf.first.render)),
			  .render = {.width_px = 7,
				     .height_px = 1,
				     .layers = 1,
				     .utile_width_px = 32,
				     .utile_height_px = 32,
				     .samples = 1}},
		.compute = header(DRM_ASAHI_CMD_COMPUTE, 0),
		.clear_fragment = header(DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS, 0),
	};
	const struct agx_submit_ops ops = {.find_object = no_object};
	struct drm_asahi_attachment attachment;
	struct agx_submit_counts counts;
	struct agx_submit_cmd cmds[3];

	cmdbuf.second = cmdbuf.first;
	cmdbuf.second.render.width_px = 8;
	assert_int_equal(agx_submit_count(&cmdbuf, sizeof(cmdbuf), &counts, NULL), 0);
	assert_int_equal(counts.commands, 5);
	assert_int_equal(counts.render, 2);
	assert_int_equal(counts.compute, 1);
	assert_int_equal(agx_submit_parse(&cmdbuf, sizeof(cmdbuf), &counts, &ops, cmds, NULL), 0);

	assert_int_equal(cmds[0].type, DRM_ASAHI_CMD_RENDER);
	assert_int_equal(cmds[0].args.render.width_px, 7);
	assert_int_equal(cmds[0].fragment.count, 2);
	assert_int_equal(cmds[0].vertex.count, 0);
	assert_false(cmds[0].last);
	agx_submit_attachment(&cmdbuf, &cmds[0].fragment, 1, &attachment);
	assert_int_equal(attachment.pointer, 0x2000);
	assert_int_equal(attachment.size, 6);

	assert_int_equal(cmds[1].type, DRM_ASAHI_CMD_COMPUTE);
	assert_int_equal(cmds[1].compute.count, 0);
	assert_int_equal(cmds[1].args.compute.sampler_count, 0);
	assert_true(cmds[1].last);

	assert_int_equal(cmds[2].args.render.width_px, 8);
	assert_int_equal(cmds[2].fragment.count, 0);
	assert_true(cmds[2].last);
}

static void *one_object(void *data, uint32_t handle, uint64_t *size)
{
	*size = PAGE;
	return handle == 1 ? data : NULL;
}

static int parse(const uint8_t *bytes, size_t size)
{
	const struct agx_submit_ops ops = {.find_object = one_object, .data = &num_held};
	static struct agx_submit_cmd cmds[AGX_MAX_COMMANDS];
	struct agx_submit_counts counts;
	struct agx_reject why = {0};
	uint8_t *exact = malloc(size ? size : 1); /* a sanitizer sees reads past its end */
	int err;

	memcpy(exact, bytes, size);
	err = agx_submit_count(exact, (uint32_t)size, &counts, &why);
	if (!err)
		err = agx_submit_parse(exact, (uint32_t)size, &counts, &ops, cmds, &why);
	/* Every refusal says what it is about. */
	assert_int_equal(!err, !why.what);
	assert_int_equal(!err, !why.expected);
	free(exact);
	return err;
}

struct sample {
	struct drm_asahi_cmd_header set_vertex;
	struct drm_asahi_attachment vertex[3];
	struct render render;
	struct drm_asahi_cmd_header set_compute;
	struct drm_asahi_attachment compute_list[2];
	struct compute compute;
	struct drm_asahi_cmd_header empty;
};

static struct sample make_sample(void)
{
	struct sample sample = {
		.set_vertex = header(DRM_ASAHI_SET_VERTEX_ATTACHMENTS, sizeof(sample.vertex)),
		.render = {.header = header(DRM_ASAHI_CMD_RENDER, sizeof(sample.render.render)),
			   .render = {.width_px = 640,
				      .height_px = 480,
				      .layers = 1,
				      .utile_width_px = 32,
				      .utile_height_px = 32,
				      .samples = 1,
				      .ts_vtx = {{1, 0}, {1, 8}},
				      .ts_frag = {{1, 16}, {1, 24}}}},
		.set_compute =
			header(DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, sizeof(sample.compute_list)),
		.compute = {.header =
				    header(DRM_ASAHI_CMD_COMPUTE, sizeof(sample.compute.compute))},
		.empty = header(DRM_ASAHI_CMD_COMPUTE, 0),
	};

	return sample;
}

static void a_buffer_cut_anywhere_is_refused(void **state)
{
	struct sample sample = make_sample();
	size_t size;

	for (size = 0; size <= sizeof(sample); size++) {
		/* Good where a command ends and a hardware command came before. */
		bool whole = size == offsetof(struct sample, set_compute) ||
			     size == offsetof(struct sample, compute) ||
			     size == offsetof(struct sample, empty) || size == sizeof(sample);
		int err = parse((const uint8_t *)&sample, size);

		assert_int_equal(err, whole ? 0 : -EINVAL);
	}
}

static void damaged_buffers_are_parsed_safely(void **state)
{
	unsigned int seed = 4, accepted = 0;
	int i, j;

	for (i = 0; i < 50000; i++) {
		struct sample sample = make_sample();
		uint8_t *bytes = (uint8_t *)&sample;
		size_t size = sizeof(sample) - (size_t)rand_r(&seed) % 16 * (rand_r(&seed) % 2);
		int err;

		for (j = rand_r(&seed) % 4; j >= 0; j--)
			bytes[(size_t)rand_r(&seed) % sizeof(sample)] ^=
				(uint8_t)(1u << rand_r(&seed) % 8);
		err = parse(bytes, size);
		assert_true(!err || err == -EINVAL || err == -ENOENT || err == -ERANGE);
		accepted += !err;
	}
	assert_in_range(accepted, 100, 49900); /* both kinds did occur */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamps_are_written_in_order),
		cmocka_unit_test(timestamps_precede_the_mapping),
		cmocka_unit_test(the_timestamp_window_is_finite),
		cmocka_unit_test(pending_jobs_keep_what_they_use),
		cmocka_unit_test(pending_jobs_outlive_their_file),
		cmocka_unit_test(destroying_the_node_ends_queued_jobs),
		cmocka_unit_test(jobs_start_in_order_and_after_their_in_syncs),
		cmocka_unit_test(out_syncs_get_nothing_from_a_refused_submission),
		cmocka_unit_test(many_syncs_work),
		cmocka_unit_test(statistics_count_submissions),
		cmocka_unit_test(parsed_commands_carry_their_context),
		cmocka_unit_test(a_buffer_cut_anywhere_is_refused),
		cmocka_unit_test(damaged_buffers_are_parsed_safely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
