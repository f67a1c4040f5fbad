// SPDX-License-Identifier: MIT
/*
 * The job scheduler and sleeping.
 *
 * Each queue is a list; only its first job has a dependency callback registered, and only for
 * its first pending dependency, so a job costs the same however many dependencies it has. A
 * queue whose first job has no pending dependency is on the runnable list. The worker empties
 * that list; so does a thread that is about to sleep for a fence, which makes a submission and
 * the wait for it one thread's affair.
 *
 * Completion does not depend on waiters: a push wakes the worker, with a system call only when
 * it sleeps. `asleep` is the futex word: the worker sets it to 1, looks at num_runnable again and
 * sleeps; the push increments num_runnable and then takes the 1 away. Whichever order these meet
 * in, either the worker sees the job or the push sees the 1 (both are sequentially consistent).
 * The same goes for poll_at, the time at which the engine wants to be polled.
 *
 * Sleeping is done with futexes and not with condition variables: pthread_cond_wait() is a
 * cancellation point and hides signals, while an ioctl is neither. A futex sleep that a signal
 * handler interrupts gives EINTR, as the kernel's wait does; without a time limit the kernel
 * restarts the sleep by itself when the handler was installed with SA_RESTART. (The real ioctl
 * restarts with a limit too; libdrm's drmIoctl() makes the two the same.)
 */
#include "sched.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "host.h"
#include "node_internal.h"
#include "resv.h"
#include "sched_internal.h"
#include "syncfile.h"
#include "syncobj_internal.h"
#include "watch.h"

struct agx_sched_queue {
	struct agx_sched *sched;
	uint32_t refs;                  /* the owner and one per job */
	uint64_t context, last_seqno;   /* of finished fences */
	struct list_head link;          /* agx_sched.queues */
	struct list_head runnable_link; /* agx_sched.runnable */
	struct list_head stalled_link;  /* agx_sched.stalled */
	struct list_head jobs;          /* pushed, in order */
	struct list_head running;       /* given to the engine */
	bool runnable;
	bool stalled; /* its first job found no room in the engine */
};

int agx_futex_wait(_Atomic uint32_t *word, uint32_t value, const struct timespec *abs_timeout,
		   bool shared)
{
	int op = FUTEX_WAIT_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG);

	return (int)host_call(SYS_futex, word, op, value, abs_timeout, NULL,
			      FUTEX_BITSET_MATCH_ANY);
}

void agx_futex_wake(_Atomic uint32_t *word, int count, bool shared)
{
	int op = FUTEX_WAKE | (shared ? 0 : FUTEX_PRIVATE_FLAG);

	host_call(SYS_futex, word, op, count, NULL, NULL, 0);
}

uint64_t agx_monotonic_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct thread_start {
	void *(*main)(void *data);
	void *data;
	const char *name;
	_Atomic uint32_t started; /* futex */
};

static void *thread_main(void *arg)
{
	struct thread_start *start = arg;
	void *(*main)(void *data) = start->main;
	void *data = start->data;

	host_call(SYS_prctl, PR_SET_NAME, start->name);
	atomic_store(&start->started, 1);
	/* start may be gone already; the address is all that is used. */
	agx_futex_wake(&start->started, 1, false);
	return main(data);
}

int agx_thread_create(pthread_t *thread, const char *name, void *(*main)(void *data), void *data)
{
	struct thread_start start = {.main = main, .data = data, .name = name};
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(thread, NULL, thread_main, &start);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	/*
	 * The caller holds the node's lock, and fork() takes it: once the thread is past its start,
	 * it holds no lock of the C library while the process forks.
	 */
	while (!ret && !atomic_load(&start.started))
		agx_futex_wait(&start.started, 0, NULL, false);
	return -ret;
}

int agx_sched_create(struct agx_node *node, struct agx_sched **out)
{
	struct agx_sched *sched = calloc(1, sizeof(*sched));

	if (!sched)
		return -ENOMEM;
	sched->node = node;
	list_init(&sched->queues);
	list_init(&sched->runnable);
	list_init(&sched->stalled);
	atomic_init(&sched->poll_at, UINT64_MAX);
	list_init(&sched->waits);
	*out = sched;
	return 0;
}

static void queue_put(struct agx_sched_queue *queue)
{
	if (--queue->refs)
		return;
	list_del(&queue->link);
	free(queue);
}

static void set_runnable(struct agx_sched_queue *queue, bool runnable)
{
	struct agx_sched *sched = queue->sched;

	if (queue->runnable == runnable)
		return;
	queue->runnable = runnable;
	if (runnable) {
		list_add_tail(&queue->runnable_link, &sched->runnable);
		atomic_fetch_add(&sched->num_runnable, 1);
	} else {
		list_del(&queue->runnable_link);
		atomic_fetch_sub(&sched->num_runnable, 1);
	}
}

static void poll_engine(struct agx_sched *sched);

static void *worker_main(void *data)
{
	struct agx_sched *sched = data;
	struct agx_node *node = sched->node;

	while (!atomic_load(&sched->stop)) {
		uint64_t at = atomic_load(&sched->poll_at);
		bool due = at != UINT64_MAX && agx_monotonic_now() >= at;
		struct timespec ts = {(time_t)(at / 1000000000u), (long)(at % 1000000000u)};

		if (due || atomic_load(&sched->num_runnable)) {
			agx_node_lock(node);
			if (due)
				poll_engine(sched);
			agx_sched_run_locked(node);
			agx_node_unlock(node);
			continue;
		}
		atomic_store(&sched->asleep, 1);
		if (!atomic_load(&sched->num_runnable) && !atomic_load(&sched->stop) &&
		    atomic_load(&sched->poll_at) == at)
			agx_futex_wait(&sched->asleep, 1, at == UINT64_MAX ? NULL : &ts, false);
		atomic_store(&sched->asleep, 0);
	}
	return NULL;
}

static void kick_worker(struct agx_sched *sched)
{
	if (atomic_exchange(&sched->asleep, 0))
		agx_futex_wake(&sched->asleep, 1, false);
}

/* Makes sure that the worker looks at what there is to do. */
static void call_worker(struct agx_sched *sched)
{
	if (sched->node->config.single_step || atomic_load(&sched->stop))
		return;
	if (!sched->has_worker) {
		if (sched->no_worker)
			return;
		if (agx_thread_create(&sched->worker, "agx-jobs", worker_main, sched)) {
			sched->no_worker = true;
			agx_node_log(sched->node, AGX_NODE_LOG_ERROR,
				     "no thread for the GPU's jobs: they run in the caller's");
			return;
		}
		sched->has_worker = true;
		return;
	}
	kick_worker(sched);
}

/* Makes sure that somebody runs what has become runnable. */
static void kick(struct agx_sched *sched)
{
	/* Whoever empties the list comes to what its own completions set free. */
	if (!sched->running)
		call_worker(sched);
}

/* The engine wants to be polled in so many ns. */
static void poll_after(struct agx_sched *sched, uint64_t ns)
{
	uint64_t now, at;

	if (ns == UINT64_MAX || sched->node->config.single_step)
		return;
	now = agx_monotonic_now();
	at = ns > INT64_MAX - now ? INT64_MAX : now + ns;
	/* A worker that wakes too early asks again; so only an earlier time is worth a call. */
	if (at >= atomic_load(&sched->poll_at))
		return;
	atomic_store(&sched->poll_at, at);
	call_worker(sched);
}

static void poll_engine(struct agx_sched *sched)
{
	const struct agx_engine_ops *engine = sched->node->engine;

	atomic_store(&sched->poll_at, UINT64_MAX);
	if (engine->poll)
		poll_after(sched, engine->poll(sched->node));
}

void agx_sched_poll_locked(struct agx_node *node)
{
	poll_engine(node->sched);
	agx_sched_settle_locked(node);
}

static void update_queue(struct agx_sched_queue *queue);

static void dep_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	struct agx_job *job = list_entry(cb, struct agx_job, dep_cb);

	(void)fence;
	/* A cancelled job only waits for its end. */
	if (list_empty(&job->queue->jobs) || job->queue->jobs.next != &job->link)
		return;
	job->dep++;
	update_queue(job->queue);
	if (job->queue->runnable)
		kick(job->queue->sched);
}

/* Moves the queue's first job on: waits for its next dependency or makes the queue runnable. */
static void update_queue(struct agx_sched_queue *queue)
{
	struct agx_job *job;

	if (list_empty(&queue->jobs) || queue->stalled) {
		set_runnable(queue, false);
		return;
	}
	job = list_first_entry(&queue->jobs, struct agx_job, link);
	for (; job->dep < job->num_deps; job->dep++) {
		if (!agx_fence_add_callback(job->deps[job->dep], &job->dep_cb, dep_signalled)) {
			set_runnable(queue, false);
			return;
		}
	}
	set_runnable(queue, true);
}

struct agx_sched_queue *agx_sched_queue_create(struct agx_node *node)
{
	struct agx_sched_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->sched = node->sched;
	queue->refs = 1;
	queue->context = agx_fence_context(node);
	list_init(&queue->jobs);
	list_init(&queue->running);
	list_init(&queue->runnable_link);
	list_init(&queue->stalled_link);
	list_add_tail(&queue->link, &node->sched->queues);
	return queue;
}

void agx_sched_queue_destroy(struct agx_sched_queue *queue)
{
	if (queue)
		queue_put(queue);
}

struct agx_job *agx_job_create(struct agx_sched_queue *queue, uint32_t max_deps)
{
	struct agx_job *job = calloc(1, sizeof(*job));
	struct agx_fence *finished = malloc(sizeof(*finished));

	if (job && max_deps)
		job->deps = calloc(max_deps, sizeof(job->deps[0]));
	if (!job || !finished || (max_deps && !job->deps)) {
		if (job)
			free(job->deps);
		free(job);
		free(finished);
		return NULL;
	}
	/* The number is given at the push: fences of a context signal in the order of it. */
	agx_fence_init(queue->sched->node, finished, queue->context, 0, "queue");
	job->finished = finished;
	job->max_deps = max_deps;
	job->queue = queue;
	queue->refs++;
	list_init(&job->link);
	return job;
}

void agx_job_add_dependency(struct agx_job *job, struct agx_fence *fence)
{
	if (agx_fence_is_signalled(fence))
		return;
	assert(job->num_deps < job->max_deps);
	job->deps[job->num_deps++] = agx_fence_get(fence);
}

static void job_free(struct agx_job *job)
{
	agx_fence_remove_callback(&job->dep_cb);
	for (uint32_t i = 0; i < job->num_deps; i++)
		agx_fence_put(job->deps[i]);
	free(job->deps);
	if (job->release)
		job->release(job);
	agx_fence_put(job->finished);
	queue_put(job->queue);
	free(job);
}

void agx_job_discard(struct agx_job *job)
{
	if (job)
		job_free(job);
}

void agx_job_push(struct agx_job *job)
{
	struct agx_sched_queue *queue = job->queue;
	struct agx_sched *sched = queue->sched;
	bool first = list_empty(&queue->jobs);

	job->finished->seqno = ++queue->last_seqno;
	job->state = AGX_JOB_QUEUED;
	list_add_tail(&job->link, &queue->jobs);
	if (!first)
		return;
	update_queue(queue);
	if (!queue->runnable)
		return;
	if (sched->node->config.single_step || sched->no_worker || sched->node->engine->instant)
		agx_sched_run_locked(sched->node);
	else
		kick(sched);
}

void agx_job_complete(struct agx_job *job, int error)
{
	list_del(&job->link);
	agx_fence_signal(job->finished, error);
	job_free(job);
}

/* Its first job goes back and waits for agx_sched_retry_locked(). */
static void stall(struct agx_sched_queue *queue, struct agx_job *job)
{
	/* Only a queue's first job may have a callback registered. */
	if (!list_empty(&queue->jobs))
		agx_fence_remove_callback(
			&list_first_entry(&queue->jobs, struct agx_job, link)->dep_cb);
	list_del(&job->link);
	list_add(&job->link, &queue->jobs);
	job->state = AGX_JOB_QUEUED;
	queue->stalled = true;
	list_add_tail(&queue->stalled_link, &queue->sched->stalled);
	set_runnable(queue, false);
}

static void unstall(struct agx_sched_queue *queue)
{
	queue->stalled = false;
	list_del(&queue->stalled_link);
}

void agx_sched_retry_locked(struct agx_node *node)
{
	struct agx_sched *sched = node->sched;

	if (list_empty(&sched->stalled))
		return;
	while (!list_empty(&sched->stalled)) {
		struct agx_sched_queue *queue =
			list_first_entry(&sched->stalled, struct agx_sched_queue, stalled_link);

		unstall(queue);
		update_queue(queue);
	}
	kick(sched);
}

void agx_sched_run_locked(struct agx_node *node)
{
	struct agx_sched *sched = node->sched;
	bool ran = false;

	sched->running = true;
	while (!list_empty(&sched->runnable)) {
		struct agx_sched_queue *queue =
			list_first_entry(&sched->runnable, struct agx_sched_queue, runnable_link);
		struct agx_job *job = list_first_entry(&queue->jobs, struct agx_job, link);
		int ret;

		list_del(&job->link);
		list_add_tail(&job->link, &queue->running);
		job->state = AGX_JOB_RUNNING;
		set_runnable(queue, false);
		/* Before the job runs: completing it may free the queue. */
		update_queue(queue);
		ret = node->engine->run(node, job);
		if (ret == AGX_ENGINE_BUSY)
			stall(queue, job);
		else if (ret != AGX_ENGINE_PENDING)
			agx_job_complete(job, ret);
		ran = true;
	}
	sched->running = false;
	if (ran && node->engine->next)
		poll_after(sched, node->engine->next(node));
}

static void move_jobs(struct list_head *from, struct list_head *to)
{
	while (!list_empty(from)) {
		struct list_head *item = from->next;

		list_del(item);
		list_add_tail(item, to);
	}
}

/* Each job keeps its queue alive; nothing is done with a queue after its last one. */
static void finish_jobs(struct list_head *jobs, int error)
{
	while (!list_empty(jobs))
		agx_job_complete(list_first_entry(jobs, struct agx_job, link), error);
}

void agx_sched_queue_cancel(struct agx_sched_queue *queue, int error)
{
	struct list_head jobs;

	list_init(&jobs);
	move_jobs(&queue->jobs, &jobs);
	unstall(queue);
	update_queue(queue);
	finish_jobs(&jobs, error);
}

static void finish_all_jobs(struct agx_sched *sched, int error)
{
	struct agx_sched_queue *queue;
	struct list_head jobs;

	list_init(&jobs);
	list_for_each_entry(queue, &sched->queues, link) {
		move_jobs(&queue->running, &jobs);
		move_jobs(&queue->jobs, &jobs);
		unstall(queue);
		update_queue(queue);
	}
	finish_jobs(&jobs, error);
}

void agx_sched_step_locked(struct agx_node *node)
{
	if (node->sched->watch)
		agx_watch_poll_locked(node);
	if (node->sched->shares)
		agx_shares_poll_locked(node);
	poll_engine(node->sched);
	agx_sched_run_locked(node);
}

bool agx_sched_skip_locked(struct agx_node *node, uint64_t until)
{
	uint64_t now = agx_node_now(node);

	if (!node->config.single_step || !node->engine->skip || now >= until ||
	    !node->engine->skip(node, until - now))
		return false;
	agx_sched_run_locked(node);
	return true;
}

int agx_sched_wait_engine(struct agx_node *node)
{
	uint64_t wait = node->engine->next ? node->engine->next(node) : UINT64_MAX;
	struct agx_waiter waiter;
	uint64_t now;
	int ret;

	if (wait == UINT64_MAX)
		return -ENODEV;
	if (node->config.single_step)
		return agx_sched_skip_locked(node, INT64_MAX) ? 0 : -ENODEV;
	agx_waiter_init(&waiter);
	now = agx_node_now(node);
	ret = agx_waiter_sleep(node, &waiter,
			       wait > INT64_MAX - now ? INT64_MAX : (int64_t)(now + wait));
	if (ret == -EINTR)
		return ret;
	poll_engine(node->sched);
	return 0;
}

void agx_sched_settle_locked(struct agx_node *node)
{
	if (node->config.single_step || node->sched->no_worker)
		agx_sched_run_locked(node);
}

void agx_sched_destroy(struct agx_sched *sched)
{
	struct agx_node *node;

	if (!sched)
		return;
	node = sched->node;
	atomic_store(&sched->stop, true);
	if (sched->has_worker) {
		kick_worker(sched);
		/* Also where the worker was between its look at stop and its sleep. */
		pthread_join(sched->worker, NULL);
	}
	agx_watch_stop(sched);
	agx_shares_stop(sched);
	agx_node_lock(node);
	finish_all_jobs(sched, -ECANCELED);
	agx_watch_destroy(sched);
	agx_shares_destroy(sched);
	agx_syncfiles_destroy(sched);
	agx_node_unlock(node);
	free(sched);
}

void agx_waiter_init(struct agx_waiter *waiter)
{
	atomic_init(&waiter->state, 0);
}

enum {
	WAITER_IDLE,
	WAITER_ASLEEP,
	WAITER_WOKEN,
};

void agx_waiter_wake(struct agx_waiter *waiter)
{
	/* The waiter's memory stays valid: it cannot get on without the lock that we hold. */
	if (atomic_exchange(&waiter->state, WAITER_WOKEN) == WAITER_ASLEEP)
		agx_futex_wake(&waiter->state, 1, false);
}

int agx_waiter_sleep(struct agx_node *node, struct agx_waiter *waiter, int64_t abs_timeout)
{
	uint64_t now, remaining, deadline, poll_at;
	struct timespec ts;
	int ret;

	agx_sched_run_locked(node);
	if (node->sched->watch || node->sched->shares) {
		agx_sched_step_locked(node);
		agx_watch_ensure_locked(node);
		agx_shares_ensure_locked(node);
	}
	if (atomic_load(&waiter->state) == WAITER_WOKEN) {
		atomic_store(&waiter->state, WAITER_IDLE);
		return 0;
	}
	if (abs_timeout <= 0)
		return -ETIME;
	while (agx_sched_skip_locked(node, (uint64_t)abs_timeout)) {
		if (atomic_load(&waiter->state) == WAITER_WOKEN) {
			atomic_store(&waiter->state, WAITER_IDLE);
			return 0;
		}
	}
	now = agx_node_now(node);
	if (now >= (uint64_t)abs_timeout)
		return -ETIME;
	remaining = (uint64_t)abs_timeout - now;
	if (node->config.single_step)
		return agx_watch_sleep_locked(node, waiter, remaining);

	/* The node's clock need not be the one that futexes know. */
	deadline = agx_monotonic_now();
	deadline = remaining > INT64_MAX - deadline ? INT64_MAX : deadline + remaining;
	/* Where there is no worker the engine has whoever waits for it. */
	poll_at = atomic_load(&node->sched->poll_at);
	if (node->sched->no_worker && poll_at < deadline)
		deadline = poll_at;
	ts.tv_sec = (time_t)(deadline / 1000000000u);
	ts.tv_nsec = (long)(deadline % 1000000000u);
	atomic_store(&waiter->state, WAITER_ASLEEP);
	agx_node_unlock(node);
	ret = agx_futex_wait(&waiter->state, WAITER_ASLEEP, deadline == INT64_MAX ? NULL : &ts,
			     false);
	agx_node_lock(node);
	if (node->sched->no_worker && poll_at == deadline && ret == -ETIMEDOUT) {
		poll_engine(node->sched);
		ret = 0;
	}
	if (atomic_exchange(&waiter->state, WAITER_IDLE) == WAITER_WOKEN)
		return 0;
	if (ret == -ETIMEDOUT)
		return -ETIME;
	return ret == -EINTR ? -EINTR : 0;
}

struct agx_wait *agx_wait_create(struct agx_node *node, uint32_t count)
{
	struct agx_wait *wait = calloc(1, sizeof(*wait) + count * sizeof(wait->entries[0]));

	if (!wait)
		return NULL;
	agx_waiter_init(&wait->waiter);
	wait->count = count;
	for (uint32_t i = 0; i < count; i++) {
		wait->entries[i].wait = wait;
		list_init(&wait->entries[i].link);
		list_init(&wait->entries[i].cb.link);
	}
	list_add_tail(&wait->link, &node->sched->waits);
	return wait;
}

void agx_wait_free(struct agx_wait *wait)
{
	for (uint32_t i = 0; i < wait->count; i++) {
		list_del(&wait->entries[i].link);
		agx_fence_remove_callback(&wait->entries[i].cb);
		agx_fence_put(wait->entries[i].fence);
	}
	list_del(&wait->link);
	free(wait);
}

void agx_wait_fence_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	(void)fence;
	agx_waiter_wake(&list_entry(cb, struct agx_wait_entry, cb)->wait->waiter);
}

int agx_fence_wait(struct agx_fence *fence, int64_t abs_timeout)
{
	struct agx_node *node = fence->node;
	struct agx_wait *wait;
	int ret;

	if (agx_fence_is_signalled(fence))
		return 0;
	wait = agx_wait_create(node, 1);
	if (!wait)
		return -ENOMEM;
	wait->entries[0].fence = agx_fence_get(fence);
	ret = agx_fence_add_callback(fence, &wait->entries[0].cb, agx_wait_fence_signalled);
	while (!ret && !agx_fence_is_signalled(fence))
		ret = agx_waiter_sleep(node, &wait->waiter, abs_timeout);
	if (ret == -ENOENT || (ret && agx_fence_is_signalled(fence)))
		ret = 0;
	agx_wait_free(wait);
	return ret;
}

void agx_sched_fork_child_locked(struct agx_node *node)
{
	struct agx_sched *sched = node->sched;
	struct agx_wait *wait, *tmp;

	sched->has_worker = false;
	sched->no_worker = false;
	atomic_store(&sched->asleep, 0);
	atomic_store(&sched->poll_at, UINT64_MAX);
	/* The threads that waited are not here; nobody else frees their waits. */
	list_for_each_entry_safe(wait, tmp, &sched->waits, link)
		agx_wait_free(wait);
	agx_syncfiles_fork_child_locked(node);
	agx_watch_fork_child_locked(node);
	agx_shares_fork_child_locked(node);
	agx_resv_fork_child_locked(node);
	finish_all_jobs(sched, 0);
}
