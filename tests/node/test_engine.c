// SPDX-License-Identifier: MIT
/*
 * The node on its machine: when that is made and started, every firmware, errors on fences, room
 * that is short, crashes, time, fork(), and that the same calls make the same transcript.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agx_device.h"
#include "fixture.h"
#include "gpu_client.h"
#include "machine.h"
#include "node_internal.h"
#include "null.h"
#include "ram.h"
#include "sched.h"

#define MS 1000000ll

struct world {
	struct agx_node *node;
	struct gpu_client client;
	struct client_compute compute;
	struct client_render render;
	unsigned int findings;
	uint32_t expected;               /* a finding that does not count; 0: none */
	unsigned int seen;               /* how often it came */
	struct agx_node_place place;     /* of the last finding that has one */
	struct agx_node_trouble trouble; /* the last */
	unsigned int troubles;
	uint64_t digest; /* of the transcript */
	unsigned int lines;
};

static void count_finding(void *data, const struct agx_node_finding *finding)
{
	struct world *w = data;

	if (finding->place)
		w->place = *finding->place;
	if (w->expected && finding->id == w->expected) {
		w->seen++;
		return;
	}
	w->findings++;
	print_error("finding: %s\n", finding->text);
}

static void take_trouble(void *data, const struct agx_node_trouble *trouble)
{
	struct world *w = data;

	w->trouble = *trouble;
	w->troubles++;
}

static void add_line(void *data, const char *line)
{
	struct world *w = data;

	w->lines++;
	for (; *line; line++)
		w->digest = (w->digest ^ (uint8_t)*line) * 0x100000001b3ull;
}

static void open_world(struct world *w, const struct agx_node_config *base)
{
	struct agx_node_config config = *base;

	memset(w, 0, sizeof(*w));
	config.memory_limit = 1ull << 28;
	config.finding = count_finding;
	config.finding_data = w;
	config.trouble = take_trouble;
	config.trouble_data = w;
	config.transcript = add_line;
	config.transcript_data = w;
	assert_int_equal(agx_node_create(&config, &w->node), 0);
	gpu_client_init(&w->client, w->node);
	w->compute = client_compute();
	w->render = client_render(64, 64);
}

static void close_world(struct world *w)
{
	struct agx_node_stats stats;

	gpu_client_finish(&w->client);
	agx_node_stats(w->node, &stats);
	assert_int_equal(stats.live_bos, 0);
	assert_int_equal(stats.live_queues, 0);
	assert_int_equal(w->findings, 0);
	assert_int_equal(stats.findings, w->seen);
	agx_node_destroy(w->node);
}

/* Submits the compute command on a queue; in and out are binary syncobjs or 0. */
static void submit(struct world *w, uint32_t queue, uint32_t in, uint32_t out)
{
	assert_int_equal(
		gpu_client_submit(&w->client, queue, &w->compute, sizeof(w->compute), in, out), 0);
}

static const struct agx_node_config stepped = {.single_step = true};

/* --- Life --- */

static void looking_at_the_device_makes_no_machine(void **state)
{
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params get = {.pointer = (uintptr_t)&params, .size = sizeof(params)};
	struct fixture f;
	uint32_t vm, queue;

	fixture_init(&f, NULL);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_PARAMS, &get), 0);
	make_bo(f.file, PAGE, 0);
	assert_null(f.node->machine);
	vm = make_vm(f.file);
	queue = make_queue(f.file, vm);
	assert_non_null(f.node->machine);
	assert_int_equal(agx_core_state(f.node->machine->core), AGX_CORE_OFF);
	make_streams(f.file, vm);
	assert_int_equal(submit_empty(f.file, queue, 0, 0), 0);
	assert_int_equal(agx_core_state(f.node->machine->core), AGX_CORE_READY);
	fixture_finish(&f);
}

static void every_pair_runs_every_command(void **state)
{
	static const struct {
		const char *gpu, *firmware;
	} pairs[] = {
		{"t8103", NULL},   {"t8103", "12.3"},   {"t8103", "13.5"}, {"t6000", "12.3.1"},
		{"t6000", "13.5"}, {"t6001", "13.5.0"}, {"t6002", NULL},   {"t8112", NULL},
		{"t8112", "12.4"}, {"t8112", "13.5"},   {"t6020", NULL},   {"t6021", "13.5"},
		{"t6022", "13.6"},
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct agx_node_config config = stepped;
		struct world w;
		uint32_t a, b;

		config.gpu = pairs[i].gpu;
		config.firmware = pairs[i].firmware;
		if (pairs[i].firmware && !strcmp(pairs[i].firmware, "13.6"))
			config.firmware = "13.6.1"; /* speaks the ABI of 13.5 */
		open_world(&w, &config);
		a = gpu_client_syncobj(&w.client);
		b = gpu_client_syncobj(&w.client);
		submit(&w, w.client.queue, 0, a);
		assert_int_equal(gpu_client_submit(&w.client, w.client.queue, &w.render,
						   sizeof(w.render), a, b),
				 0);
		assert_int_equal(gpu_client_status(&w.client, a), 0);
		assert_int_equal(gpu_client_status(&w.client, b), 0);
		close_world(&w);
	}
}

static void other_pairs_are_refused(void **state)
{
	static const struct {
		const char *gpu, *firmware;
	} pairs[] = {
		{"t8103", "12.4"}, {"t8112", "12.3"},     {"t6020", "12.4"},
		{"t8103", "13"},   {"t8103", "13.5x"},    {"t8103", ""},
		{"t8103", "-1.0"}, {"t8103", "13.5.0.1"}, {"t9999", "13.5"},
	};
	struct agx_node *node;
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct agx_node_config config = stepped;

		config.gpu = pairs[i].gpu;
		config.firmware = pairs[i].firmware;
		assert_int_equal(agx_node_create(&config, &node), -EINVAL);
	}
}

/* --- Determinism --- */

static uint64_t still(void *data)
{
	return 1000000000;
}

static uint64_t transcript_of_a_session(unsigned int *lines)
{
	struct agx_node_config config = stepped;
	uint32_t sync, other, i;
	struct world w;
	uint64_t digest;

	config.now = still;
	open_world(&w, &config);
	other = gpu_client_queue(&w.client);
	sync = gpu_client_syncobj(&w.client);
	for (i = 0; i < 40; i++) {
		uint32_t queue = i % 3 ? w.client.queue : other;

		if (i % 5)
			submit(&w, queue, i % 2 ? sync : 0, sync);
		else
			assert_int_equal(gpu_client_submit(&w.client, queue, &w.render,
							   sizeof(w.render), 0, sync),
					 0);
	}
	digest = w.digest;
	*lines = w.lines;
	close_world(&w);
	return digest;
}

static void the_same_calls_make_the_same_transcript(void **state)
{
	unsigned int lines[2];
	uint64_t digests[2];
	void *between;

	digests[0] = transcript_of_a_session(&lines[0]);
	between = malloc(10000); /* other host addresses */
	digests[1] = transcript_of_a_session(&lines[1]);
	free(between);
	assert_true(lines[0] > 500);
	assert_int_equal(lines[0], lines[1]);
	assert_int_equal(digests[0], digests[1]);
}

/* --- Errors --- */

struct sync_info {
	char name[32];
	int32_t status;
	uint32_t flags, num_fences, pad;
	uint64_t fences;
};

/* As a program sees them: a wait succeeds, the sync file tells. */
static void errors_are_on_the_fence(void **state)
{
	struct drm_syncobj_handle export = {
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE};
	struct sync_info info = {.num_fences = 0};
	struct agx_node_stats stats;
	struct fixture f;
	uint32_t sync;

	fixture_init(&f, NULL);
	sync = make_syncobj(f.file, 0);
	/* No streams: the command processor faults. */
	assert_int_equal(submit_empty(f.file, make_queue(f.file, make_vm(f.file)), 0, sync), 0);
	assert_int_equal(wait_syncobj(f.file, sync, 0), 0);
	export.handle = sync;
	assert_int_equal(call(f.file, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export), 0);
	assert_int_equal(agx_node_syncfile_ioctl(f.node, export.fd, _IOWR('>', 4, struct sync_info),
						 (uintptr_t)&info),
			 0);
	assert_int_equal(info.status, -EIO);
	agx_node_close_fd(f.node, export.fd);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.faults, 1);
	assert_int_equal(stats.restarts, 0);
	fixture_finish(&f);
}

static void a_crash_that_stays(void **state)
{
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params get = {.pointer = (uintptr_t)&params, .size = sizeof(params)};
	struct agx_node_config config = stepped;
	struct agx_node_stats stats;
	struct world w;
	uint32_t sync;

	config.inject = "crash=compute@2";
	config.stay_crashed = true;
	open_world(&w, &config);
	sync = gpu_client_syncobj(&w.client);
	submit(&w, w.client.queue, 0, sync);
	assert_int_equal(gpu_client_status(&w.client, sync), 0);
	assert_int_equal(call(w.client.file, DRM_IOCTL_ASAHI_GET_PARAMS, &get), 0);
	submit(&w, w.client.queue, 0, sync);
	assert_int_equal(gpu_client_status(&w.client, sync), -ENODEV);
	assert_int_equal(call(w.client.file, DRM_IOCTL_ASAHI_GET_PARAMS, &get), -ENODEV);
	assert_int_equal(gpu_client_submit(&w.client, w.client.queue, &w.compute, sizeof(w.compute),
					   0, sync),
			 -ENODEV);
	/* What is wrong with a submission comes before what is wrong with the device. */
	assert_int_equal(gpu_client_submit(&w.client, 77, &w.compute, sizeof(w.compute), 0, sync),
			 -ENOENT);
	agx_node_stats(w.node, &stats);
	assert_int_equal(stats.restarts, 0);
	assert_int_equal(stats.injected, 1);
	close_world(&w);
}

/* A job that waited for its in-fence while the firmware crashed does not know of it. */
static void waiting_jobs_survive_a_crash(void **state)
{
	struct agx_node_config config = stepped;
	struct agx_node_stats stats;
	uint32_t stuck, waiting, behind, crash;
	struct world w;

	config.inject = "stick=compute@1,crash=vertex@1";
	open_world(&w, &config);
	stuck = gpu_client_syncobj(&w.client);
	waiting = gpu_client_syncobj(&w.client);
	behind = gpu_client_syncobj(&w.client);
	crash = gpu_client_syncobj(&w.client);
	submit(&w, gpu_client_queue(&w.client), 0, stuck);
	submit(&w, w.client.queue, stuck, waiting);
	submit(&w, w.client.queue, 0, behind);
	assert_int_equal(gpu_client_status(&w.client, waiting), 1);
	assert_int_equal(gpu_client_submit(&w.client, gpu_client_queue(&w.client), &w.render,
					   sizeof(w.render), 0, crash),
			 0);
	assert_int_equal(gpu_client_status(&w.client, stuck), -ENODEV);
	assert_int_equal(gpu_client_status(&w.client, crash), -ENODEV);
	assert_int_equal(gpu_client_status(&w.client, waiting), 0);
	assert_int_equal(gpu_client_status(&w.client, behind), 0);
	agx_node_stats(w.node, &stats);
	assert_int_equal(stats.restarts, 1);
	close_world(&w);
}

/* --- Room --- */

/*
 * More queues than the GPU has event slots (128, three for a queue with renders), with a command
 * that is stuck at the head: nothing is refused, and all end when that one does.
 */
static void jobs_wait_for_room(void **state)
{
	enum {
		QUEUES = 150
	};
	struct agx_node_config config = stepped;
	uint32_t syncs[QUEUES], queues[QUEUES], i, ended = 0, failed = 0;
	struct world w;

	config.inject = "stick=compute@1";
	open_world(&w, &config);
	for (i = 0; i < QUEUES; i++) {
		queues[i] = gpu_client_queue(&w.client);
		syncs[i] = gpu_client_syncobj(&w.client);
		submit(&w, queues[i], 0, syncs[i]);
	}
	for (i = 0; i < QUEUES; i++)
		ended += gpu_client_status(&w.client, syncs[i]) != 1;
	assert_true(ended < QUEUES);
	/* Each queue takes some more behind. */
	for (i = 0; i < QUEUES; i++)
		submit(&w, queues[i], 0, syncs[i]);
	for (i = 0; i < QUEUES; i++) {
		assert_int_equal(gpu_client_wait(&w.client, syncs[i], INT64_MAX), 0);
		failed += gpu_client_status(&w.client, syncs[i]) != 0;
	}
	/* The first of the first queue was replaced on its syncobj; its followers are good. */
	assert_int_equal(failed, 0);
	close_world(&w);
}

/* A queue's ring ends at 127 commands in flight: the next ones wait in the node. */
static void a_full_ring_is_waited_for(void **state)
{
	enum {
		JOBS = 300
	};
	struct agx_node_config config = stepped;
	struct agx_node_stats stats;
	struct world w;
	uint32_t sync, i;

	config.inject = "stick=compute@1";
	open_world(&w, &config);
	sync = gpu_client_syncobj(&w.client);
	for (i = 0; i < JOBS; i++)
		submit(&w, w.client.queue, 0, sync);
	assert_int_equal(gpu_client_status(&w.client, sync), 1);
	assert_int_equal(gpu_client_wait(&w.client, sync, INT64_MAX), 0);
	assert_int_equal(gpu_client_status(&w.client, sync), 0);
	agx_node_stats(w.node, &stats);
	assert_int_equal(stats.completed_submits, JOBS);
	assert_int_equal(stats.timeouts, 1);
	close_world(&w);
}

/* --- Time --- */

/* Nobody waits: the worker looks after what comes late. */
static void what_is_late_comes_by_itself(void **state)
{
	struct agx_node_config config = {.inject = "late=30@2/1"};
	struct agx_node_stats stats;
	struct world w;
	uint32_t sync;
	int tries;

	open_world(&w, &config);
	sync = gpu_client_syncobj(&w.client);
	submit(&w, w.client.queue, 0, sync);
	for (tries = 0; tries < 10000; tries++) {
		agx_node_stats(w.node, &stats);
		if (stats.completed_submits)
			break;
		usleep(1000);
	}
	assert_int_equal(stats.completed_submits, 1);
	assert_int_equal(gpu_client_status(&w.client, sync), 0);
	submit(&w, w.client.queue, 0, sync);
	assert_int_equal(gpu_client_wait(&w.client, sync, INT64_MAX), 0);
	close_world(&w);
}

/* A deadline comes first: virtual time does not run past it. */
static void a_wait_ends_at_its_time(void **state)
{
	struct agx_node_config config = stepped;
	struct world w;
	uint32_t sync;
	uint64_t before;

	config.now = still;
	config.inject = "stick=compute@1";
	open_world(&w, &config);
	sync = gpu_client_syncobj(&w.client);
	submit(&w, w.client.queue, 0, sync);
	before = agx_node_now(w.node);
	assert_int_equal(gpu_client_wait(&w.client, sync, (int64_t)before + 10 * MS), -ETIME);
	assert_int_equal(agx_node_now(w.node), before + 10 * MS);
	assert_int_equal(gpu_client_wait(&w.client, sync, INT64_MAX), 0);
	assert_int_equal(gpu_client_status(&w.client, sync), -ETIMEDOUT);
	close_world(&w);
}

/* --- Ends --- */

static void a_node_is_destroyed_with_work_in_flight(void **state)
{
	static const char *const rules[] = {"stick=compute@1", "late=1000@3", "lose-doorbell@3/1"};
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct agx_node_config config = stepped;
		struct world w;
		uint32_t sync, n;

		config.inject = rules[i];
		open_world(&w, &config);
		sync = gpu_client_syncobj(&w.client);
		for (n = 0; n < 200; n++)
			submit(&w, w.client.queue, n % 3 ? sync : 0, sync);
		gpu_client_finish(&w.client);
		agx_node_destroy(w.node);
	}
}

static pid_t fork_node(struct agx_node *node)
{
	pid_t pid;

	agx_node_fork_prepare(node);
	pid = fork();
	if (pid)
		agx_node_fork_parent(node);
	else
		agx_node_fork_child(node);
	return pid;
}

#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 250 + 1); \
	} while (0)

/* Each process goes on with a machine of its own, from the same state. */
static void both_sides_of_a_fork_have_a_machine(void **state)
{
	static const char *const rules[] = {NULL, "stick=compute@10"};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct agx_node_config config = stepped;
		uint32_t sync, n;
		struct world w;
		int status;
		pid_t pid;

		config.inject = rules[i];
		open_world(&w, &config);
		sync = gpu_client_syncobj(&w.client);
		for (n = 0; n < 12; n++)
			submit(&w, w.client.queue, 0, sync);
		pid = fork_node(w.node);
		if (!pid) {
			/* Pending or not, it counts as done. */
			CHECK(gpu_client_status(&w.client, sync) == 0);
			for (n = 0; n < 200; n++) {
				if (gpu_client_submit(&w.client, w.client.queue, &w.compute,
						      sizeof(w.compute), 0, sync))
					_exit(251);
				CHECK(!gpu_client_wait(&w.client, sync, INT64_MAX));
				CHECK(gpu_client_status(&w.client, sync) == 0);
			}
			CHECK(!w.findings);
			gpu_client_finish(&w.client);
			agx_node_destroy(w.node);
			_exit(0);
		}
		for (n = 0; n < 200; n++)
			submit(&w, w.client.queue, 0, sync);
		assert_int_equal(gpu_client_wait(&w.client, sync, INT64_MAX), 0);
		assert_int_equal(gpu_client_status(&w.client, sync), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status)
			fail_msg("the child failed at line %d (modulo 250)",
				 WEXITSTATUS(status) - 1);
		close_world(&w);
	}
}

/* The machine's memory does not grow with what has been done. */
static void work_leaves_no_memory_behind(void **state)
{
	struct world w;
	uint64_t before = 0;
	uint32_t sync, n;

	open_world(&w, &stepped);
	sync = gpu_client_syncobj(&w.client);
	for (n = 0; n < 12000; n++) {
		if (n == 6000)
			before = agx_ram_private_used(w.node->ram);
		if (n % 4)
			submit(&w, w.client.queue, 0, sync);
		else
			assert_int_equal(gpu_client_submit(&w.client, w.client.queue, &w.render,
							   sizeof(w.render), 0, sync),
					 0);
	}
	assert_int_equal(agx_ram_private_used(w.node->ram), before);
	close_world(&w);
}

/* Nor with clients that come and go. */
static void clients_leave_no_memory_behind(void **state)
{
	struct gpu_client client;
	uint64_t before = 0;
	struct world w;
	int n;

	open_world(&w, &stepped);
	for (n = 0; n < 200; n++) {
		if (n == 100)
			before = agx_ram_private_used(w.node->ram);
		gpu_client_init(&client, w.node);
		assert_int_equal(
			gpu_client_submit(&client, client.queue, &w.render, sizeof(w.render), 0, 0),
			0);
		assert_int_equal(gpu_client_submit(&client, client.queue, &w.compute,
						   sizeof(w.compute), 0, 0),
				 0);
		gpu_client_finish(&client);
	}
	assert_in_range(agx_ram_private_used(w.node->ram), 0, before + (256 << 10));
	close_world(&w);
}

/* What is no control stream is a finding and no fault: a GPU would do whatever it does with it. */
static void garbage_in_a_stream_is_a_finding(void **state)
{
	const struct agx_node_config config = {.single_step = true};
	uint32_t out;
	struct world w;

	(void)state;
	open_world(&w, &config);
	w.expected = AGX_GPU_FINDING_CONTROL_STREAM;
	out = gpu_client_syncobj(&w.client);
	w.compute.compute.cdm_ctrl_stream_base = CLIENT_VDM;
	w.compute.compute.cdm_ctrl_stream_end = CLIENT_VDM + 8;
	assert_int_equal(
		gpu_client_submit(&w.client, w.client.queue, &w.compute, sizeof(w.compute), 0, out),
		0);
	assert_int_equal(gpu_client_status(&w.client, out), 0);
	assert_int_equal(w.seen, 1);
	assert_true(w.place.known);
	assert_int_equal(w.place.submit, 0);
	assert_int_equal(w.place.command, 0);
	assert_string_equal(w.place.unit, "compute");
	assert_int_equal(w.troubles, 0);
	close_world(&w);
}

/* Two commands; the second of them cannot be executed. */
struct two_commands {
	struct client_compute compute;
	struct client_render render;
};

static void faults_name_submission_and_command(void **state)
{
	const struct agx_node_config config = {.single_step = true};
	struct two_commands both;
	struct world w;
	uint32_t out;

	open_world(&w, &config);
	submit(&w, w.client.queue, 0, 0);
	both.compute = w.compute;
	both.render = w.render;
	both.render.render.vdm_ctrl_stream_base = CLIENT_UNMAPPED;
	out = gpu_client_syncobj(&w.client);
	assert_int_equal(gpu_client_submit(&w.client, w.client.queue, &both, sizeof(both), 0, out),
			 0);
	assert_int_equal(gpu_client_status(&w.client, out), -EIO);
	assert_int_equal(w.troubles, 1);
	assert_int_equal(w.trouble.kind, AGX_NODE_FAULT);
	assert_true(w.trouble.address == CLIENT_UNMAPPED);
	assert_true(w.trouble.read);
	assert_true(w.trouble.place.known);
	assert_int_equal(w.trouble.place.submit, 1);
	assert_int_equal(w.trouble.place.command, 1);
	assert_string_equal(w.trouble.place.unit, "vertex");

	/* The fragment unit has no stream: it is known by its programs and arrays. */
	both.render = w.render;
	both.render.render.eot.usc = 0x30000004;
	assert_int_equal(gpu_client_submit(&w.client, w.client.queue, &both, sizeof(both), 0, out),
			 0);
	assert_int_equal(gpu_client_status(&w.client, out), -EIO);
	assert_int_equal(w.troubles, 2);
	assert_int_equal(w.trouble.place.submit, 2);
	assert_int_equal(w.trouble.place.command, 1);
	assert_string_equal(w.trouble.place.unit, "fragment");
	assert_string_equal(w.trouble.place.item, "");
	close_world(&w);
}

static uint64_t next_number(void *data)
{
	uint64_t *number = data;

	return (*number)++;
}

/* Work that hangs is told while it does, and when the watchdog ends it. */
static void timeouts_name_submission_and_command(void **state)
{
	uint64_t number = 40;
	const struct agx_node_config config = {
		.single_step = true,
		.inject = "stick=compute@2",
		.submit_number = next_number,
		.submit_number_data = &number,
	};
	struct world w;
	uint32_t out;

	open_world(&w, &config);
	out = gpu_client_syncobj(&w.client);
	submit(&w, w.client.queue, 0, 0);
	agx_node_busy(w.node);
	assert_int_equal(w.troubles, 0);
	submit(&w, w.client.queue, 0, out);
	agx_node_busy(w.node);
	assert_int_equal(w.troubles, 1);
	assert_int_equal(w.trouble.kind, AGX_NODE_BUSY);
	assert_true(w.trouble.place.known);
	assert_int_equal(w.trouble.place.submit, 41);
	assert_int_equal(w.trouble.place.command, 0);
	while (gpu_client_status(&w.client, out) == 1)
		agx_node_step(w.node);
	assert_int_equal(gpu_client_status(&w.client, out), -ETIMEDOUT);
	assert_int_equal(w.troubles, 2);
	assert_int_equal(w.trouble.kind, AGX_NODE_TIMEOUT);
	assert_int_equal(w.trouble.place.submit, 41);
	assert_string_equal(w.trouble.place.unit, "compute");
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_in_a_stream_is_a_finding),
		cmocka_unit_test(faults_name_submission_and_command),
		cmocka_unit_test(timeouts_name_submission_and_command),
		cmocka_unit_test(looking_at_the_device_makes_no_machine),
		cmocka_unit_test(every_pair_runs_every_command),
		cmocka_unit_test(other_pairs_are_refused),
		cmocka_unit_test(the_same_calls_make_the_same_transcript),
		cmocka_unit_test(errors_are_on_the_fence),
		cmocka_unit_test(a_crash_that_stays),
		cmocka_unit_test(waiting_jobs_survive_a_crash),
		cmocka_unit_test(jobs_wait_for_room),
		cmocka_unit_test(a_full_ring_is_waited_for),
		cmocka_unit_test(what_is_late_comes_by_itself),
		cmocka_unit_test(a_wait_ends_at_its_time),
		cmocka_unit_test(a_node_is_destroyed_with_work_in_flight),
		cmocka_unit_test(both_sides_of_a_fork_have_a_machine),
		cmocka_unit_test(work_leaves_no_memory_behind),
		cmocka_unit_test(clients_leave_no_memory_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
