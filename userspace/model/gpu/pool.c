// SPDX-License-Identifier: MIT
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct agx_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* there is something to take, or the end */
	pthread_cond_t idle; /* nobody is at work, or a thread has started */
	pid_t owner;         /* process that has the threads; 0: none */
	pthread_t ids[AGX_POOL_MAX - 1];
	unsigned int threads, started;
	bool end;

	/* What is under way. */
	void (*work)(void *data, unsigned int index);
	void *data;
	unsigned int next, count;
	unsigned int running;
};

unsigned int agx_pool_default(void)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	count = CPU_COUNT(&set);
	return count < 1 ? 1 : count > AGX_POOL_MAX ? AGX_POOL_MAX : (unsigned int)count;
}

static void *help(void *data)
{
	struct agx_pool *pool = data;

	prctl(PR_SET_NAME, "agx-shader");
	pthread_mutex_lock(&pool->lock);
	pool->started++;
	pthread_cond_broadcast(&pool->idle);
	while (!pool->end) {
		unsigned int index;

		if (pool->next >= pool->count) {
			pthread_cond_wait(&pool->wake, &pool->lock);
			continue;
		}
		index = pool->next++;
		pool->running++;
		pthread_mutex_unlock(&pool->lock);
		pool->work(pool->data, index);
		pthread_mutex_lock(&pool->lock);
		if (!--pool->running)
			pthread_cond_broadcast(&pool->idle);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Of threads that another process has nothing is left here but memory: their locks are nobody's. */
static void adopt(struct agx_pool *pool)
{
	const pid_t self = getpid();

	if (pool->owner == self)
		return;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->idle, NULL);
	pool->threads = pool->started = pool->running = 0;
	pool->next = pool->count = 0;
	pool->owner = self;
}

/*
 * As many as can be had. Each is past its start when this returns: it holds no lock of the C library when the
 * process forks later.
 */
static void make_threads(struct agx_pool *pool, unsigned int count)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (pool->threads < count &&
	       !pthread_create(&pool->ids[pool->threads], NULL, help, pool))
		pool->threads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_mutex_lock(&pool->lock);
	while (pool->started < pool->threads)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void agx_pool_run(struct agx_pool *pool, unsigned int count,
		  void (*work)(void *data, unsigned int index), void *data)
{
	if (count > AGX_POOL_MAX)
		count = AGX_POOL_MAX;
	if (count > 1) {
		adopt(pool);
		if (pool->threads < count - 1)
			make_threads(pool, count - 1);
	}
	if (count <= 1 || !pool->threads) {
		work(data, 0);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->work = work;
	pool->data = data;
	pool->next = 1;
	pool->count = count;
	if (count > pool->threads)
		pthread_cond_broadcast(&pool->wake);
	else
		for (unsigned int i = 1; i < count; i++)
			pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	work(data, 0);
	pthread_mutex_lock(&pool->lock);
	pool->count = 0;
	while (pool->running)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

struct agx_pool *agx_pool_new(void)
{
	return calloc(1, sizeof(struct agx_pool));
}

void agx_pool_free(struct agx_pool *pool)
{
	if (!pool)
		return;
	if (pool->owner == getpid()) {
		pthread_mutex_lock(&pool->lock);
		pool->end = true;
		pthread_cond_broadcast(&pool->wake);
		pthread_mutex_unlock(&pool->lock);
		for (unsigned int i = 0; i < pool->threads; i++)
			pthread_join(pool->ids[i], NULL);
		pthread_mutex_destroy(&pool->lock);
		pthread_cond_destroy(&pool->wake);
		pthread_cond_destroy(&pool->idle);
	}
	free(pool);
}
