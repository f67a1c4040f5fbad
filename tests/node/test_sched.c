// SPDX-License-Identifier: MIT
/* The scheduler: order, dependencies, threads, engines that finish later, cancellation. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sched.h"
#include "sync_fixture.h"
#include "syncobj.h"

#define WAIT_10S sync_in(10 * SYNC_NS_PER_S)

/* An engine that notes what it runs, and may leave jobs to be completed by the test. */
static struct {
	uintptr_t ran[8192];
	size_t count;
	bool pending;
	int error;
	struct agx_job *jobs[64];
	size_t num_jobs;
	size_t released;
	pthread_t thread;
} engine;

static int engine_run(struct agx_node *node, struct agx_job *job)
{
	(void)node;
	engine.thread = pthread_self();
	if (engine.count < sizeof(engine.ran) / sizeof(engine.ran[0]))
		engine.ran[engine.count++] = (uintptr_t)job->payload;
	if (!engine.pending)
		return engine.error;
	engine.jobs[engine.num_jobs++] = job;
	return AGX_ENGINE_PENDING;
}

static const struct agx_engine_ops test_engine = {.run = engine_run};

static int setup(void **state)
{
	struct sync_fixture *f = sync_open(false);

	memset(&engine, 0, sizeof(engine));
	f->node->engine = &test_engine;
	*state = f;
	return 0;
}

static int setup_single_step(void **state)
{
	struct sync_fixture *f = sync_open(true);

	memset(&engine, 0, sizeof(engine));
	f->node->engine = &test_engine;
	*state = f;
	return 0;
}

static void release(struct agx_job *job)
{
	(void)job;
	engine.released++;
}

/* Pushes a job and gives its fence, with a reference. Locked. */
static struct agx_fence *push(struct agx_sched_queue *queue, uintptr_t payload,
			      struct agx_fence *dep)
{
	struct agx_job *job = agx_job_create(queue, dep ? 1 : 0);
	struct agx_fence *fence;

	assert_non_null(job);
	job->payload = (void *)payload;
	job->release = release;
	if (dep)
		agx_job_add_dependency(job, dep);
	fence = agx_fence_get(job->finished);
	agx_job_push(job);
	return fence;
}

static void jobs_of_a_queue_run_in_order(void **state)
{
	enum {
		JOBS = 1000
	};
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *last = NULL, *gate;

	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	for (uintptr_t i = 0; i < JOBS; i++) {
		agx_fence_put(last);
		last = push(queue, i, i == 0 ? gate : NULL);
	}
	assert_int_equal(agx_fence_wait(last, 0), -ETIME);
	assert_int_equal(engine.count, 0);
	agx_fence_signal(gate, 0);
	assert_int_equal(agx_fence_wait(last, WAIT_10S), 0);
	assert_int_equal(engine.count, JOBS);
	for (uintptr_t i = 0; i < JOBS; i++)
		assert_int_equal(engine.ran[i], i);
	assert_int_equal(engine.released, JOBS);
	agx_fence_put(last);
	agx_fence_put(gate);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void completion_needs_no_waiter(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *fence;
	bool done = false;

	for (int round = 0; round < 200; round++) {
		agx_node_lock(f->node);
		queue = agx_sched_queue_create(f->node);
		fence = push(queue, 1, NULL);
		done = false;
		for (int i = 0; i < 10000 && !done; i++) {
			agx_node_unlock(f->node);
			if (i)
				usleep(1000);
			agx_node_lock(f->node);
			done = agx_fence_is_signalled(fence);
		}
		assert_true(done);
		agx_fence_put(fence);
		agx_sched_queue_destroy(queue);
		agx_node_unlock(f->node);
	}
	assert_false(pthread_equal(engine.thread, pthread_self()));
}

static void a_waiter_runs_what_can_run(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *fence;

	/* The lock is held from the push to the wait: the worker cannot come first. */
	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	fence = push(queue, 1, NULL);
	assert_int_equal(agx_fence_wait(fence, WAIT_10S), 0);
	assert_true(pthread_equal(engine.thread, pthread_self()));
	agx_fence_put(fence);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void dependencies_of_other_queues_are_awaited(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *a, *b;
	struct agx_fence *gate, *fa, *fb, *fc;

	agx_node_lock(f->node);
	a = agx_sched_queue_create(f->node);
	b = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	fa = push(a, 1, gate);
	fb = push(b, 2, fa);
	fc = push(b, 3, NULL);
	agx_sched_run_locked(f->node);
	assert_int_equal(engine.count, 0);
	agx_fence_signal(gate, -EIO);
	assert_int_equal(agx_fence_wait(fc, WAIT_10S), 0);
	/* An error of a dependency does not stop a job. */
	assert_int_equal(engine.count, 3);
	assert_int_equal(engine.ran[0], 1);
	assert_int_equal(engine.ran[1], 2);
	assert_int_equal(engine.ran[2], 3);
	assert_int_equal(agx_fence_status(fb), 1);
	agx_fence_put(fa);
	agx_fence_put(fb);
	agx_fence_put(fc);
	agx_fence_put(gate);
	agx_sched_queue_destroy(a);
	agx_sched_queue_destroy(b);
	agx_node_unlock(f->node);
}

static void jobs_of_a_destroyed_queue_finish(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *gate, *fence;

	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	fence = push(queue, 7, gate);
	agx_sched_queue_destroy(queue);
	agx_sched_run_locked(f->node);
	assert_int_equal(engine.count, 0);
	agx_fence_signal(gate, 0);
	assert_int_equal(agx_fence_wait(fence, WAIT_10S), 0);
	assert_int_equal(engine.count, 1);
	agx_fence_put(fence);
	agx_fence_put(gate);
	agx_node_unlock(f->node);
}

static void cancelled_jobs_end_with_the_error(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *gate, *first, *second;

	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	first = push(queue, 1, gate);
	second = push(queue, 2, NULL);
	agx_sched_queue_cancel(queue, -ECANCELED);
	assert_int_equal(agx_fence_status(first), -ECANCELED);
	assert_int_equal(agx_fence_status(second), -ECANCELED);
	assert_int_equal(engine.count, 0);
	assert_int_equal(engine.released, 2);
	/* The queue goes on. */
	agx_fence_put(first);
	first = push(queue, 3, NULL);
	assert_int_equal(agx_fence_wait(first, WAIT_10S), 0);
	agx_fence_signal(gate, 0);
	agx_fence_put(first);
	agx_fence_put(second);
	agx_fence_put(gate);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void a_discarded_job_leaves_nothing(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *gate;
	struct agx_job *job;

	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	job = agx_job_create(queue, 2);
	job->release = release;
	agx_job_add_dependency(job, gate);
	agx_job_discard(job);
	agx_job_discard(NULL);
	assert_int_equal(engine.released, 1);
	agx_fence_put(gate);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void engines_may_finish_later(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *first, *second;

	agx_node_lock(f->node);
	engine.pending = true;
	queue = agx_sched_queue_create(f->node);
	first = push(queue, 1, NULL);
	second = push(queue, 2, NULL);
	agx_sched_run_locked(f->node);
	/* Several jobs of a queue may be with the engine. */
	assert_int_equal(engine.num_jobs, 2);
	assert_int_equal(agx_fence_wait(first, sync_in(1000000)), -ETIME);
	agx_job_complete(engine.jobs[0], 0);
	assert_int_equal(agx_fence_status(first), 1);
	assert_int_equal(agx_fence_status(second), 0);
	agx_job_complete(engine.jobs[1], -EIO);
	assert_int_equal(agx_fence_status(second), -EIO);
	agx_fence_put(first);
	agx_fence_put(second);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void an_engines_error_is_the_fences(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *fence;

	agx_node_lock(f->node);
	engine.error = -EIO;
	queue = agx_sched_queue_create(f->node);
	fence = push(queue, 1, NULL);
	assert_int_equal(agx_fence_wait(fence, WAIT_10S), 0);
	assert_int_equal(agx_fence_status(fence), -EIO);
	agx_fence_put(fence);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void destroying_the_node_ends_its_jobs(void **state)
{
	struct sync_fixture *f = sync_open(false);
	struct agx_sched_queue *queue;
	struct agx_fence *gate, *waiting, *running;

	(void)state;
	memset(&engine, 0, sizeof(engine));
	f->node->engine = &test_engine;
	agx_node_lock(f->node);
	engine.pending = true;
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	running = push(queue, 1, NULL);
	agx_sched_run_locked(f->node);
	waiting = push(queue, 2, gate);
	agx_sched_queue_destroy(queue);
	agx_fence_put(running);
	agx_fence_put(waiting);
	agx_fence_put(gate);
	agx_node_unlock(f->node);
	sync_close(f);
	assert_int_equal(engine.released, 2);
}

static void single_step_runs_in_the_push(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_sched_queue *queue;
	struct agx_fence *gate, *first, *second;

	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	first = push(queue, 1, NULL);
	assert_int_equal(agx_fence_status(first), 1);
	second = push(queue, 2, gate);
	assert_int_equal(agx_fence_wait(second, INT64_MAX), -ETIME);
	agx_fence_signal(gate, 0);
	agx_node_unlock(f->node);
	agx_node_step(f->node);
	agx_node_lock(f->node);
	assert_int_equal(agx_fence_status(second), 1);
	assert_true(pthread_equal(engine.thread, pthread_self()));
	agx_fence_put(first);
	agx_fence_put(second);
	agx_fence_put(gate);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
}

static void merged_fences_keep_the_latest_of_a_queue(void **state)
{
	struct sync_fixture *f = *state;
	struct agx_fence *fences[4], *merged;
	struct agx_sched_queue *a, *b;
	struct agx_fence *gate;

	agx_node_lock(f->node);
	a = agx_sched_queue_create(f->node);
	b = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	fences[0] = push(a, 1, gate);
	fences[1] = push(a, 2, NULL);
	merged = agx_fence_merge(f->node, fences, 2);
	assert_ptr_equal(merged, fences[1]);
	fences[2] = push(b, 3, gate);
	fences[3] = merged;
	merged = agx_fence_merge(f->node, fences, 4);
	assert_int_equal(merged->kind, AGX_FENCE_ARRAY);
	assert_int_equal(((struct agx_fence_array *)merged)->count, 2);
	agx_fence_signal(gate, 0);
	assert_int_equal(agx_fence_wait(merged, WAIT_10S), 0);
	agx_fence_put(merged);
	for (int i = 0; i < 4; i++)
		agx_fence_put(fences[i]);
	agx_fence_put(gate);
	agx_sched_queue_destroy(a);
	agx_sched_queue_destroy(b);
	agx_node_unlock(f->node);
}

struct stress {
	struct sync_fixture *f;
	struct agx_sched_queue *queue;
	uint32_t syncobj;
	_Atomic int *failures;
};

static void *stress_thread(void *data)
{
	struct stress *stress = data;
	struct sync_fixture *f = stress->f;

	for (uint64_t i = 1; i <= 500; i++) {
		struct agx_syncobj_attach attach;
		struct agx_fence *fence = NULL;
		struct agx_job *job;

		agx_node_lock(f->node);
		job = agx_job_create(stress->queue, 1);
		if (i > 1 && agx_syncobj_find_fence(f->file, stress->syncobj, true, i - 1, &fence))
			(*stress->failures)++;
		if (fence)
			agx_job_add_dependency(job, fence);
		agx_fence_put(fence);
		if (agx_syncobj_prepare(f->file, stress->syncobj, true, i, &attach))
			(*stress->failures)++;
		agx_syncobj_commit(&attach, job->finished);
		agx_job_push(job);
		agx_node_unlock(f->node);
		if (i % 3 == 0 && sync_timeline_wait(f, stress->syncobj, i, 0, WAIT_10S))
			(*stress->failures)++;
	}
	return NULL;
}

static void threads_submit_and_wait_at_once(void **state)
{
	enum {
		THREADS = 4
	};
	struct sync_fixture *f = *state;
	struct stress stress[THREADS];
	pthread_t threads[THREADS];
	_Atomic int failures = 0;

	for (int i = 0; i < THREADS; i++) {
		stress[i] = (struct stress){.f = f, .failures = &failures};
		stress[i].syncobj = sync_create(f, 0);
		agx_node_lock(f->node);
		stress[i].queue = agx_sched_queue_create(f->node);
		agx_node_unlock(f->node);
		assert_int_equal(pthread_create(&threads[i], NULL, stress_thread, &stress[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(sync_timeline_wait(f, stress[i].syncobj, 500, 0, WAIT_10S), 0);
		agx_node_lock(f->node);
		agx_sched_queue_destroy(stress[i].queue);
		agx_node_unlock(f->node);
	}
}

static void *sleeper(void *data)
{
	struct stress *stress = data;

	return (void *)sync_timeline_wait(stress->f, stress->syncobj, 9,
					  AGX_SYNCOBJ_WAIT_FOR_SUBMIT, WAIT_10S);
}

static void a_forked_child_starts_afresh(void **state)
{
	struct sync_fixture *f = *state;
	struct stress stress = {.f = f, .syncobj = sync_create(f, 0)};
	struct agx_sched_queue *queue;
	struct agx_fence *gate, *fence;
	pthread_t thread;
	void *result;
	int status;
	pid_t pid;

	/* A thread sleeps and a job is pending while the process forks. */
	assert_int_equal(pthread_create(&thread, NULL, sleeper, &stress), 0);
	usleep(2000);
	agx_node_lock(f->node);
	queue = agx_sched_queue_create(f->node);
	gate = agx_fence_create(f->node, "gate");
	fence = push(queue, 1, NULL);
	assert_int_equal(agx_fence_wait(fence, WAIT_10S), 0);
	agx_fence_put(fence);
	fence = push(queue, 1, gate);
	agx_node_unlock(f->node);

	agx_node_fork_prepare(f->node);
	pid = sync_fork();
	if (!pid) {
		struct agx_fence *mine;

		agx_node_fork_child(f->node);
		agx_node_lock(f->node);
		if (agx_fence_status(fence) != 1)
			_exit(1);
		mine = push(queue, 2, NULL);
		if (agx_fence_wait(mine, WAIT_10S))
			_exit(2);
		agx_node_unlock(f->node);
		if (sync_timeline_signal(f, stress.syncobj, 9))
			_exit(3);
		_exit(0);
	}
	agx_node_fork_parent(f->node);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);

	agx_node_lock(f->node);
	assert_int_equal(agx_fence_status(fence), 0);
	agx_fence_signal(gate, 0);
	assert_int_equal(agx_fence_wait(fence, WAIT_10S), 0);
	agx_fence_put(fence);
	agx_fence_put(gate);
	agx_sched_queue_destroy(queue);
	agx_node_unlock(f->node);
	assert_int_equal(sync_timeline_signal(f, stress.syncobj, 9), 0);
	pthread_join(thread, &result);
	assert_null(result);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, sync_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(jobs_of_a_queue_run_in_order),
		T(completion_needs_no_waiter),
		T(a_waiter_runs_what_can_run),
		T(dependencies_of_other_queues_are_awaited),
		T(jobs_of_a_destroyed_queue_finish),
		T(cancelled_jobs_end_with_the_error),
		T(a_discarded_job_leaves_nothing),
		T(engines_may_finish_later),
		T(an_engines_error_is_the_fences),
		cmocka_unit_test(destroying_the_node_ends_its_jobs),
		cmocka_unit_test_setup_teardown(single_step_runs_in_the_push, setup_single_step,
						sync_teardown),
		T(merged_fences_keep_the_latest_of_a_queue),
		T(threads_submit_and_wait_at_once),
		T(a_forked_child_starts_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
