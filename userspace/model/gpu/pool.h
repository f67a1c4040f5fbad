/* SPDX-License-Identifier: MIT */
/*
 * Threads of the host that help one thread to do what can be done side by side, and sleep in between: nothing
 * runs when agx_pool_run() has returned.
 *
 * Threads are made when they are first needed, with all signals blocked. After a fork the child has none of
 * them, and makes its own.
 */
#ifndef AGX_POOL_H
#define AGX_POOL_H

#define AGX_POOL_MAX 16 /* threads that do something at once, the caller included */

struct agx_pool;

/* How many threads the machine is good for: CPUs that this process may use, at most AGX_POOL_MAX. */
unsigned int agx_pool_default(void);

/* NULL: no memory. Makes no threads. */
struct agx_pool *agx_pool_new(void);

/* Not during agx_pool_run(). Accepts NULL. */
void agx_pool_free(struct agx_pool *pool);

/*
 * Calls work(data, 0) in the calling thread, and work(data, 1) to work(data, count - 1) in others that come in time:
 * what nobody has taken when the caller's is done stays undone. For one caller at a time; count: 1 to
 * AGX_POOL_MAX. What was done is seen by the caller afterwards, and by whoever comes next.
 */
void agx_pool_run(struct agx_pool *pool, unsigned int count,
		  void (*work)(void *data, unsigned int index), void *data);

#endif
