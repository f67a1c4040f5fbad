// SPDX-License-Identifier: MIT
/*
 * Watching descriptors.
 *
 * The thread sleeps in epoll without the lock and learns ids, not pointers: an id that is stale
 * by the time the lock is taken finds nothing, or another entry, which is then simply looked at.
 * An entry is its fence: it goes when the last user of the fence does, so nobody's descriptors
 * are kept open for a signal that nobody wants.
 *
 * Locks on files have no event to sleep for except a blocking fcntl(), and a thread that blocks
 * there cannot be stopped without a signal handler, which is not ours to install. They are
 * looked at every millisecond instead, as long as a fence for them is in use.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "host.h"
#include "idr.h"
#include "list.h"
#include "node_internal.h"
#include "sched.h"
#include "sched_internal.h"
#include "syncobj_internal.h"

#define POLL_INTERVAL_MS 1
#define POLL_BATCH       32
#define STOP_ID          0

struct agx_watch {
	struct agx_node *node;
	struct agx_idr ids;       /* id -> struct watch_entry */
	struct list_head entries; /* watch_entry.link */
	uint32_t num_unpollable;
	int epoll_fd; /* -1: none yet */
	int stop_fd;  /* eventfd: stop, or num_unpollable is no longer 0 */
	pthread_t thread;
	bool has_thread;
	bool stop;
};

struct watch_entry {
	struct agx_fence fence;  /* first: what users hold */
	struct agx_watch *watch; /* NULL once the watch is over */
	struct list_head link;
	int (*check)(int fd, uint64_t data);
	uint64_t data;
	int fd;
	uint32_t id;
	bool pollable;
};

static int epoll_control(struct agx_watch *watch, int op, int fd, uint32_t id)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = id};

	return (int)host_call(SYS_epoll_ctl, watch->epoll_fd, op, fd, &event);
}

/* Ends the watching of an entry; the fence stays. */
static void entry_detach(struct watch_entry *entry)
{
	struct agx_watch *watch = entry->watch;

	if (!watch)
		return;
	if (entry->pollable && watch->epoll_fd >= 0)
		epoll_control(watch, EPOLL_CTL_DEL, entry->fd, entry->id);
	if (!entry->pollable)
		watch->num_unpollable--;
	agx_idr_remove(&watch->ids, entry->id);
	list_del(&entry->link);
	host_close(entry->fd);
	entry->fd = -1;
	entry->watch = NULL;
}

static void entry_release(struct agx_fence *fence)
{
	struct watch_entry *entry = (struct watch_entry *)fence;

	entry_detach(entry);
	free(entry);
}

static void entry_check(struct watch_entry *entry)
{
	int status = entry->check(entry->fd, entry->data);

	if (!status)
		return;
	agx_fence_get(&entry->fence);
	entry_detach(entry);
	agx_fence_signal(&entry->fence, status < 0 ? status : 0);
	agx_fence_put(&entry->fence);
}

/* By rising id and not along the list: a signal may release any other entry. */
static void check_unpollable(struct agx_watch *watch)
{
	struct watch_entry *entry;
	uint32_t id = 1;

	for (; (entry = agx_idr_next(&watch->ids, &id)); id++)
		if (!entry->pollable)
			entry_check(entry);
}

/* One system call for each POLL_BATCH descriptors. */
static void check_pollable(struct agx_watch *watch)
{
	struct pollfd fds[POLL_BATCH];
	uint32_t ids[POLL_BATCH], count, id = 1;
	struct watch_entry *entry;

	do {
		for (count = 0; count < POLL_BATCH; id++) {
			entry = agx_idr_next(&watch->ids, &id);
			if (!entry)
				break;
			if (!entry->pollable)
				continue;
			fds[count] = (struct pollfd){.fd = entry->fd, .events = POLLIN};
			ids[count++] = id;
		}
		if (!count || host_poll(fds, count, 0) <= 0)
			continue;
		for (uint32_t i = 0; i < count; i++) {
			entry = fds[i].revents ? agx_idr_find(&watch->ids, ids[i]) : NULL;
			if (entry)
				entry_check(entry);
		}
	} while (count == POLL_BATCH);
}

static void *watch_main(void *data)
{
	struct agx_watch *watch = data;
	struct agx_node *node = watch->node;
	struct epoll_event events[16];
	bool stop = false;
	int timeout = -1;

	while (!stop) {
		int n = (int)host_call(SYS_epoll_pwait, watch->epoll_fd, events, 16, timeout, NULL,
				       (size_t)8);

		agx_node_lock(node);
		for (int i = 0; i < n; i++) {
			struct watch_entry *entry;
			uint64_t count;

			if (events[i].data.u64 == STOP_ID) {
				host_call(SYS_read, watch->stop_fd, &count, sizeof(count));
				continue;
			}
			entry = agx_idr_find(&watch->ids, (uint32_t)events[i].data.u64);
			if (entry)
				entry_check(entry);
		}
		if (watch->num_unpollable)
			check_unpollable(watch);
		timeout = watch->num_unpollable ? POLL_INTERVAL_MS : -1;
		stop = watch->stop;
		agx_node_unlock(node);
	}
	return NULL;
}

static void poke(struct agx_watch *watch)
{
	uint64_t one = 1;

	if (watch->has_thread)
		host_write(watch->stop_fd, &one, sizeof(one));
}

/* The epoll instance with everything in it, and the thread. */
static int start(struct agx_watch *watch)
{
	struct watch_entry *entry;
	int ret;

	if (watch->has_thread || watch->node->config.single_step || watch->stop)
		return 0;
	if (watch->epoll_fd < 0) {
		watch->epoll_fd = (int)host_call(SYS_epoll_create1, EPOLL_CLOEXEC);
		if (watch->epoll_fd < 0)
			return watch->epoll_fd;
		watch->stop_fd = (int)host_call(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
		ret = watch->stop_fd;
		if (ret >= 0)
			ret = epoll_control(watch, EPOLL_CTL_ADD, watch->stop_fd, STOP_ID);
		list_for_each_entry(entry, &watch->entries, link)
			if (entry->pollable && ret >= 0)
				ret = epoll_control(watch, EPOLL_CTL_ADD, entry->fd, entry->id);
		if (ret < 0)
			goto fail;
	}
	ret = agx_thread_create(&watch->thread, "agx-watch", watch_main, watch);
	if (ret)
		goto fail;
	watch->has_thread = true;
	return 0;
fail:
	host_close(watch->epoll_fd);
	if (watch->stop_fd >= 0)
		host_close(watch->stop_fd);
	watch->epoll_fd = -1;
	watch->stop_fd = -1;
	return ret;
}

int agx_watch_create(struct agx_node *node, int fd, bool pollable, const char *timeline,
		     int (*check)(int fd, uint64_t data), uint64_t data, struct agx_fence **fence)
{
	struct agx_watch *watch = node->sched->watch;
	struct watch_entry *entry;
	int ret;

	if (!watch) {
		watch = calloc(1, sizeof(*watch));
		if (!watch) {
			host_close(fd);
			return -ENOMEM;
		}
		watch->node = node;
		watch->epoll_fd = -1;
		watch->stop_fd = -1;
		list_init(&watch->entries);
		node->sched->watch = watch;
	}
	entry = calloc(1, sizeof(*entry));
	ret = entry ? agx_idr_alloc(&watch->ids, entry) : -ENOMEM;
	if (ret < 0) {
		free(entry);
		host_close(fd);
		return ret;
	}
	agx_fence_init(node, &entry->fence, agx_fence_context(node), 1, timeline);
	entry->fence.release = entry_release;
	entry->watch = watch;
	entry->check = check;
	entry->data = data;
	entry->fd = fd;
	entry->id = (uint32_t)ret;
	entry->pollable = pollable;
	list_add_tail(&entry->link, &watch->entries);
	if (!pollable)
		watch->num_unpollable++;

	ret = 0;
	if (watch->epoll_fd >= 0 && pollable)
		ret = epoll_control(watch, EPOLL_CTL_ADD, fd, entry->id);
	if (!ret)
		ret = start(watch);
	if (ret) {
		agx_fence_put(&entry->fence);
		return ret;
	}
	if (!pollable && watch->num_unpollable == 1)
		poke(watch);
	*fence = &entry->fence;
	return 0;
}

void agx_watch_poll_locked(struct agx_node *node)
{
	check_pollable(node->sched->watch);
	check_unpollable(node->sched->watch);
}

void agx_watch_ensure_locked(struct agx_node *node)
{
	struct agx_watch *watch = node->sched->watch;

	if (watch && !watch->has_thread && !list_empty(&watch->entries) && start(watch))
		agx_node_log(node, AGX_NODE_LOG_ERROR,
			     "cannot watch the fences of other processes");
}

int agx_watch_sleep_locked(struct agx_node *node, struct agx_waiter *waiter, uint64_t timeout_ns)
{
	uint64_t start_time = agx_monotonic_now();

	for (;;) {
		struct agx_watch *watch = node->sched->watch;
		int ret;

		if ((!watch || list_empty(&watch->entries)) && !agx_shares_waiting(node))
			return -ETIME;
		agx_node_unlock(node);
		ret = host_poll(NULL, 0, POLL_INTERVAL_MS * 1000000);
		agx_node_lock(node);
		agx_sched_step_locked(node);
		/* 2: woken, see sched.c; there is no sleeper on the word here. */
		if (atomic_exchange(&waiter->state, 0))
			return 0;
		if (ret == -EINTR)
			return ret;
		if (agx_monotonic_now() - start_time >= timeout_ns)
			return -ETIME;
	}
}

void agx_watch_stop(struct agx_sched *sched)
{
	struct agx_watch *watch = sched->watch;

	if (!watch)
		return;
	agx_node_lock(sched->node);
	watch->stop = true;
	poke(watch);
	agx_node_unlock(sched->node);
	if (watch->has_thread)
		pthread_join(watch->thread, NULL);
	watch->has_thread = false;
}

void agx_watch_destroy(struct agx_sched *sched)
{
	struct agx_watch *watch = sched->watch;

	if (!watch)
		return;
	while (!list_empty(&watch->entries)) {
		struct watch_entry *entry =
			list_first_entry(&watch->entries, struct watch_entry, link);

		agx_fence_get(&entry->fence);
		entry_detach(entry);
		agx_fence_signal(&entry->fence, -ECANCELED);
		agx_fence_put(&entry->fence);
	}
	if (watch->epoll_fd >= 0) {
		host_close(watch->epoll_fd);
		host_close(watch->stop_fd);
	}
	agx_idr_finish(&watch->ids);
	free(watch);
	sched->watch = NULL;
}

void agx_watch_fork_child_locked(struct agx_node *node)
{
	struct agx_watch *watch = node->sched->watch;

	if (!watch)
		return;
	if (watch->epoll_fd >= 0) {
		host_close(watch->epoll_fd);
		host_close(watch->stop_fd);
	}
	watch->epoll_fd = -1;
	watch->stop_fd = -1;
	watch->has_thread = false;
}
