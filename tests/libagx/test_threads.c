// SPDX-License-Identifier: MIT
/*
 * What may be used by several threads at a time is: contexts, devices, VMs, queues and syncs. Four
 * threads take a bounded number of steps each, chosen at random. Built with ThreadSanitizer the test
 * sees more than it says here.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <agx/agx.h>

#define THREADS 4u
#define STEPS   60u /* of a thread */
#define SECONDS 1000000000ull
#define LONG    (60 * SECONDS)
#define PAGE    ((uint64_t)AGX_PAGE_SIZE)
#define KEPT    8u

struct shared {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_sync *timeline; /* points rise under the lock */
	pthread_mutex_t lock;
	uint64_t point;
	struct agx_buffer *buffer;
	struct agx_shader *shader;
	atomic_uint messages, failures;
};

struct worker {
	struct shared *shared;
	uint32_t random;
	struct agx_buffer *kept[KEPT];
	struct agx_cmdbuf *cmdbuf;
};

/* Adds 1 to a word of the thread's own. */
static const char count_text[] = "load r2, du0, 0, i32, x, a\n"
				 "wait a\n"
				 "iadd r2, r2, 1\n"
				 "store r2, du0, 0, i32, x, a\n"
				 "stop\n";

static void count_messages(void *data, enum agx_log_level level, const char *message)
{
	struct shared *s = data;

	atomic_fetch_add(&s->messages, 1);
	if (level == AGX_LOG_ERROR)
		fprintf(stderr, "# %s\n", message);
}

static uint32_t random_below(struct worker *w, uint32_t limit)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % limit;
}

static void expect(struct worker *w, int ret, int expected, const char *what)
{
	char text[200];

	if (ret == expected)
		return;
	agx_error_copy(w->shared->ctx, text, sizeof(text));
	fprintf(stderr, "%s: %d expected, got %d; the last message: %s\n", what, expected, ret,
		text);
	atomic_fetch_add(&w->shared->failures, 1);
}

static void use_buffers(struct worker *w)
{
	static const unsigned int flags[] = {0, AGX_BUFFER_EXPORTABLE, AGX_VA_SHADER,
					     AGX_BUFFER_CACHED | AGX_VA_GUARD};
	struct agx_buffer **kept = &w->kept[random_below(w, KEPT)];
	struct agx_buffer *buffer = NULL;
	uint8_t *map;

	agx_buffer_destroy(*kept);
	*kept = NULL;
	expect(w,
	       agx_buffer_create(w->shared->vm, (1 + random_below(w, 3)) * PAGE,
				 flags[random_below(w, 4)], &buffer),
	       0, "buffer");
	map = buffer ? agx_buffer_map(buffer) : NULL;
	if (map)
		map[0] = 1;
	*kept = buffer;
}

/* The same object by several ways at a time. */
static void share_buffer(struct worker *w)
{
	struct agx_buffer *imported = NULL;
	int fd = -1;

	expect(w, agx_buffer_export(w->shared->buffer, &fd), 0, "export");
	expect(w, agx_buffer_import(w->shared->vm, fd, 0, &imported), 0, "import");
	if (fd >= 0)
		close(fd);
	if (imported && !agx_buffer_map(imported))
		expect(w, -1, 0, "map of what was imported");
	agx_buffer_destroy(imported);
	if (!agx_buffer_map(w->shared->buffer))
		expect(w, -1, 0, "map");
}

static void bind_ranges(struct worker *w)
{
	struct agx_vm *vm = w->shared->vm;
	struct agx_bind binds[3];
	uint64_t address = 0;

	expect(w, agx_vm_reserve(vm, 8 * PAGE, 0, 0, &address), 0, "reserve");
	binds[0] = (struct agx_bind){
		.buffer = w->shared->buffer, .address = address, .size = 4 * PAGE};
	binds[1] = (struct agx_bind){.op = AGX_BIND_REPEAT,
				     .buffer = w->shared->buffer,
				     .address = address + 2 * PAGE,
				     .size = 5 * PAGE};
	binds[2] = (struct agx_bind){
		.op = AGX_BIND_UNMAP, .address = address + PAGE, .size = 2 * PAGE};
	expect(w, agx_vm_bind(vm, binds, 1 + random_below(w, 3)), 0, "bind");
	if (random_below(w, 2))
		expect(w, agx_vm_bind(vm, &binds[2], 1), 0, "unbind");
	expect(w, agx_vm_release(vm, address), 0, "release");
}

static void make_shader(struct worker *w)
{
	struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = count_text};
	struct agx_shader *shader = NULL;
	char text[64];

	expect(w, agx_shader_create(w->shared->vm, &params, &shader), 0, "shader");
	agx_shader_destroy(shader);
	/* The memory of stacks grows for all. */
	snprintf(text, sizeof(text), ".scratch %u\nstack_adjust 16\nstop\n",
		 64 << random_below(w, 4));
	params.text = text;
	expect(w, agx_shader_create(w->shared->vm, &params, &shader), 0, "shader with a stack");
	agx_shader_destroy(shader);
	/* Messages of others come between: only that nothing breaks counts. */
	params.text = "nonsense\n";
	expect(w, agx_shader_create(w->shared->vm, &params, &shader), -EINVAL, "nonsense");
}

static void wait_and_signal(struct worker *w)
{
	struct shared *s = w->shared;
	struct agx_sync_point points[2] = {{NULL, 0}, {s->timeline, 0}};
	struct agx_sync *sync = NULL;
	uint64_t point = 0;

	expect(w, agx_sync_create(s->device, 0, &sync), 0, "sync");
	points[0].sync = sync;
	pthread_mutex_lock(&s->lock);
	points[1].point = ++s->point;
	expect(w, agx_sync_signal(s->timeline, points[1].point), 0, "signal");
	pthread_mutex_unlock(&s->lock);
	expect(w, agx_sync_wait_any(points, 2, LONG), 1, "wait for any");
	expect(w, agx_sync_status(sync, 0), -EBUSY, "status");
	expect(w, agx_sync_query(s->timeline, &point), 0, "query");
	if (point < points[1].point)
		expect(w, -1, 0, "the timeline went back");
	expect(w, agx_sync_signal(sync, 0), 0, "signal");
	expect(w, agx_sync_wait_all(points, 2, LONG), 0, "wait for all");
	agx_sync_destroy(sync);
}

/* All on one queue. */
static void run_work(struct worker *w)
{
	struct shared *s = w->shared;
	const struct agx_submission submission = {.cmdbufs = &w->cmdbuf, .cmdbuf_count = 1};
	const uint64_t address = agx_buffer_address(s->buffer);
	const struct agx_bindings bindings = {.uniforms = &address, .uniform_bytes = 8};

	expect(w, agx_compute_begin(w->cmdbuf, NULL), 0, "begin");
	expect(w,
	       agx_compute_launch(w->cmdbuf, s->shader, &bindings,
				  &(struct agx_dispatch){.size = {1}}),
	       0, "launch");
	expect(w, agx_compute_end(w->cmdbuf), 0, "end");
	expect(w, agx_cmdbuf_end(w->cmdbuf), 0, "end");
	expect(w, agx_queue_submit(s->queue, &submission), 0, "submit");
	if (random_below(w, 2))
		expect(w, agx_queue_run(s->queue, w->cmdbuf), 0, "run");
	expect(w, agx_queue_wait(s->queue, LONG), 0, "queue wait");
	expect(w, agx_cmdbuf_reset(w->cmdbuf), 0, "reset");
}

static void make_parents(struct worker *w)
{
	struct shared *s = w->shared;
	struct agx_device_entry entries[4];
	struct agx_queue *queue = NULL;
	struct agx_vm *vm = NULL;
	uint64_t ticks;

	expect(w, agx_vm_create(s->device, &vm), 0, "VM");
	if (vm)
		expect(w, agx_queue_create(vm, AGX_PRIORITY_LOW, &queue), 0, "queue");
	agx_vm_destroy(vm);
	if (queue)
		expect(w, agx_queue_wait(queue, 0), 0, "wait for nothing");
	agx_queue_destroy(queue);
	expect(w, agx_device_time(s->device, &ticks), 0, "time");
	if (agx_device_list(s->ctx, entries, 4) < 0)
		expect(w, -1, 0, "list");
}

static void *work(void *data)
{
	static void (*const steps[])(struct worker *) = {
		use_buffers, use_buffers,     share_buffer, bind_ranges,
		make_shader, wait_and_signal, run_work,     make_parents,
	};
	struct worker *w = data;

	expect(w, agx_cmdbuf_create(w->shared->vm, &w->cmdbuf), 0, "command buffer");
	for (unsigned int i = 0; i < STEPS && !atomic_load(&w->shared->failures); i++)
		steps[random_below(w, sizeof(steps) / sizeof(*steps))](w);
	for (unsigned int i = 0; i < KEPT; i++)
		agx_buffer_destroy(w->kept[i]);
	agx_cmdbuf_destroy(w->cmdbuf);
	return NULL;
}

static void four_threads_share_a_vm(void **state)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = count_text};
	const struct agx_virtual_params gpu = {.threads = 1};
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct shared s = {.point = 0};
	const struct agx_context_params context = {
		.log = count_messages, .log_data = &s, .level = AGX_LOG_DEBUG};

	(void)state;
	pthread_mutex_init(&s.lock, NULL);
	assert_int_equal(agx_context_create(&context, &s.ctx), 0);
	assert_int_equal(agx_device_open_virtual(s.ctx, &gpu, &s.device), 0);
	assert_int_equal(agx_vm_create(s.device, &s.vm), 0);
	assert_int_equal(agx_queue_create(s.vm, AGX_PRIORITY_MEDIUM, &s.queue), 0);
	assert_int_equal(agx_sync_create(s.device, AGX_SYNC_TIMELINE, &s.timeline), 0);
	assert_int_equal(agx_buffer_create(s.vm, 4 * PAGE, AGX_BUFFER_EXPORTABLE, &s.buffer), 0);
	assert_int_equal(agx_shader_create(s.vm, &params, &s.shader), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.shared = &s, .random = 0x1234567u * (i + 1)};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&s.failures), 0);
	agx_shader_destroy(s.shader);
	agx_buffer_destroy(s.buffer);
	agx_sync_destroy(s.timeline);
	agx_queue_destroy(s.queue);
	agx_vm_destroy(s.vm);
	agx_device_close(s.device);
	agx_context_destroy(s.ctx);
	pthread_mutex_destroy(&s.lock);
	assert_true(atomic_load(&s.messages) > 0);
}

/* The last user of each object is any of them. */
static void *end_all(void *data)
{
	void **things = data;

	agx_buffer_destroy(things[0]);
	agx_queue_destroy(things[1]);
	agx_shader_destroy(things[2]);
	agx_vm_destroy(things[3]);
	agx_device_close(things[4]);
	agx_context_destroy(things[5]);
	return NULL;
}

static void objects_end_in_any_thread(void **state)
{
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = count_text};
	const struct agx_virtual_params gpu = {.threads = 1};

	(void)state;
	for (unsigned int round = 0; round < 10; round++) {
		void *things[THREADS][6] = {{NULL}};
		pthread_t threads[THREADS];
		struct agx_context *ctx;
		struct agx_device *device;
		struct agx_buffer *buffer;
		struct agx_shader *shader;
		struct agx_queue *queue;
		struct agx_vm *vm;

		assert_int_equal(agx_context_create(NULL, &ctx), 0);
		assert_int_equal(agx_device_open_virtual(ctx, &gpu, &device), 0);
		assert_int_equal(agx_vm_create(device, &vm), 0);
		assert_int_equal(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue), 0);
		assert_int_equal(agx_buffer_create(vm, PAGE, 0, &buffer), 0);
		assert_int_equal(agx_shader_create(vm, &params, &shader), 0);
		things[round % THREADS][0] = buffer;
		things[(round + 1) % THREADS][1] = queue;
		things[(round + 2) % THREADS][2] = shader;
		things[(round + 3) % THREADS][3] = vm;
		things[round / 2 % THREADS][4] = device;
		things[round / 3 % THREADS][5] = ctx;
		for (unsigned int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, end_all, things[i]), 0);
		for (unsigned int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_threads_share_a_vm),
		cmocka_unit_test(objects_end_in_any_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
