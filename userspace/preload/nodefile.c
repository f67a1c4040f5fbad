// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../model/gpu/exec_gpu.h"
#include "../node/fdtrack.h"
#include "config.h"
#include "log.h"
#include "mappings.h"
#include "next.h"
#include "nodefile.h"
#include "results.h"
#include "stats.h"
#include "transcript.h"
#include "uaccess.h"

#define POOL_CHUNK  4096
#define KCMP_FILE_  0  /* linux/kcmp.h */
#define STATS_EVERY 32 /* ioctls between looks at the node's counters */

struct nodefile {
	struct fdobject object; /* first member */
	struct agx_file *file;
	struct nodefile *next_free;
};

/*
 * Order: adopting, lock, the node's own locks, mappings_lock(). lock protects the node's making
 * and the free files; no entry of the table is dropped while it is held, since that may free.
 */
static pthread_mutex_t adopting = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct nodefile *free_files;
static _Atomic(struct agx_node *) node;
static __thread int depth __attribute__((tls_model("initial-exec"))); /* of calls into the node */
static struct preload_stats *stats;                                   /* valid when node is */
static _Atomic uint64_t unknown_seen; /* of the node's unknown ioctls */
static atomic_bool exiting;
static _Atomic int owner;           /* process that the node belongs to; 0: see fork_child() */
static struct preload_stats unused; /* stands in for counters until a forked child counts */

static const struct agx_uaccess uaccess = {
	.copy_from = uaccess_copy_from,
	.copy_to = uaccess_copy_to,
};

static void stats_look(void)
{
	struct agx_node *n = atomic_load(&node);

	if (n && stats)
		agx_node_stats(n, &stats->node);
}

static void fork_prepare(void)
{
	pthread_mutex_lock(&adopting);
	pthread_mutex_lock(&lock);
	agx_node_fork_prepare(atomic_load(&node));
	mappings_lock();
}

static void fork_parent(void)
{
	mappings_unlock();
	agx_node_fork_parent(atomic_load(&node));
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&adopting);
}

/*
 * Most children only run another program: counters of its own come when a child uses the
 * node. Until then nothing may reach the parent's.
 */
static void fork_child(void)
{
	mappings_unlock();
	agx_node_fork_child(atomic_load(&node));
	results_forget();
	if (stats != &unused)
		munmap(stats, PRELOAD_STATS_SIZE);
	stats = &unused;
	atomic_store(&owner, 0);
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&adopting);
}

static void adopt_node(void)
{
	/* The child of a raw clone() has run no fork handlers: this is their turn. */
	if (atomic_load(&owner)) {
		fork_prepare();
		fork_child();
	}
	pthread_mutex_lock(&lock);
	if (!atomic_load(&owner)) {
		stats = preload_stats_open(true);
		atomic_store(&owner, uaccess_getpid());
	}
	pthread_mutex_unlock(&lock);
}

/* Before each use of the node: whether it is this process's. */
static void check_owner(void)
{
	if (__builtin_expect(uaccess_getpid() != atomic_load(&owner), 0))
		adopt_node();
}

/* Whether this is the child of a vfork: it runs in its parent's memory, for a moment. */
static bool in_vfork_child(void)
{
	return getpid() != uaccess_getpid();
}

static void take_finding(void *data, const struct agx_node_finding *finding)
{
	findings_add(&stats->findings, finding);
}

static void take_trouble(void *data, const struct agx_node_trouble *trouble)
{
	findings_add_trouble(&stats->findings, trouble);
}

static void take_launch(void *data, const struct agx_node_launch *launch)
{
	agx_usage_add(&stats->usage, launch->what->preamble);
	agx_usage_add(&stats->usage, launch->what->program);
	if (preload_config.results)
		results_add(launch, preload_config.result_content);
}

static int make_node_locked(void)
{
	struct agx_node_config config = {
		.gpu = preload_config.gpu[0] ? preload_config.gpu : NULL,
		.firmware = preload_config.firmware[0] ? preload_config.firmware : NULL,
		.inject = preload_config.inject[0] ? preload_config.inject : NULL,
		.exec = preload_config.exec ? AGX_EXEC_FULL : AGX_EXEC_NONE,
		.exec_threads = preload_config.exec_threads,
		.exec_order = preload_config.exec_order,
		.races = preload_config.races,
		.memory_limit = preload_config.memory,
		.uaccess = &uaccess,
		.log = preload_log,
		.transcript = preload_config.transcript[0] ? preload_transcript : NULL,
		.finding = take_finding,
		.trouble = take_trouble,
		.critic = preload_config.critic,
		.launched = preload_config.exec ? take_launch : NULL,
		.results = preload_config.results,
		.submit_tag = results_tag,
	};
	struct agx_node *n;
	int ret;

	if (atomic_load(&node))
		return 0;
	ret = agx_node_create(&config, &n);
	if (ret)
		return ret;
	uaccess_trust_heap();
	stats = preload_stats_open(false);
	atomic_store(&owner, uaccess_getpid());
	atomic_store(&node, n);
	agx_fdtrack_enable();
	/* Without handlers a forked child is noticed late: see check_owner(). */
	pthread_atfork(fork_prepare, fork_parent, fork_child);
	return 0;
}

static void add_difference(_Atomic uint64_t *counter, uint64_t before, uint64_t after)
{
	if (before > after)
		atomic_fetch_add(counter, before - after);
}

/*
 * What vanishes with the file had not been given back. Exact as long as no other thread allocates
 * or frees meanwhile.
 */
static void close_file(struct agx_file *file)
{
	struct agx_node *n = atomic_load(&node);
	struct agx_node_stats before, after;

	agx_node_stats(n, &before);
	agx_file_put(file);
	agx_node_stats(n, &after);
	if (atomic_load(&exiting))
		return;
	stats->node = after;
	add_difference(&stats->abandoned_bos, before.live_bos, after.live_bos);
	add_difference(&stats->abandoned_vms, before.live_vms, after.live_vms);
	add_difference(&stats->abandoned_queues, before.live_queues, after.live_queues);
	add_difference(&stats->abandoned_syncobjs, before.live_syncobjs, after.live_syncobjs);
}

static void release_file(struct fdobject *object)
{
	struct nodefile *f = (struct nodefile *)object;

	close_file(f->file);
	pthread_mutex_lock(&lock);
	f->next_free = free_files;
	free_files = f;
	pthread_mutex_unlock(&lock);
}

static struct nodefile *new_file_locked(void)
{
	struct nodefile *f;
	size_t i;

	if (!free_files) {
		f = mmap(NULL, POOL_CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
		if ((void *)f == MAP_FAILED)
			return NULL;
		for (i = 0; i < POOL_CHUNK / sizeof(*f); i++) {
			f[i].next_free = free_files;
			free_files = &f[i];
		}
	}
	f = free_files;
	free_files = f->next_free;
	return f;
}

/* A new open file. The reference returned in *object is the caller's. */
static int open_locked(struct fdobject **object)
{
	struct nodefile *f;
	int ret;

	ret = make_node_locked();
	if (ret)
		return ret;
	f = new_file_locked();
	if (!f)
		return -ENOMEM;
	ret = agx_file_open(atomic_load(&node), &f->file);
	if (ret) {
		f->next_free = free_files;
		free_files = f;
		return ret;
	}
	fdobject_init(&f->object, release_file);
	*object = &f->object;
	atomic_fetch_add(&stats->opens, 1);
	return 0;
}

int nodefile_opened(int fd)
{
	struct fdobject *object = NULL;
	int ret;

	if (in_vfork_child())
		return 0;
	if (atomic_load(&node))
		check_owner();
	/* What an entry of that number stands for was closed unseen. */
	fdtable_clear(fd);
	pthread_mutex_lock(&lock);
	ret = open_locked(&object);
	pthread_mutex_unlock(&lock);
	if (!ret)
		ret = fdtable_set(fd, object);
	fdobject_put(object);
	stats_look();
	return ret;
}

bool nodefile_verify(int fd)
{
	struct stat st;

	return !NEXT(fstat)(fd, &st) && preload_find_marker(st.st_dev, st.st_ino);
}

static bool same_description(void *data, int fd, struct fdobject *object)
{
	const int *wanted = data;
	int pid = uaccess_getpid();

	/* A stale entry's descriptor may be anything, of another process's making too. */
	return nodefile_verify(fd) &&
	       syscall(SYS_kcmp, pid, pid, KCMP_FILE_, (long)fd, (long)*wanted) == 0 &&
	       !fdtable_set(*wanted, object);
}

struct fdobject *nodefile_adopt(int fd)
{
	struct fdobject *object = NULL;
	int saved = errno;

	if (nodefile_verify(fd) && !in_vfork_child()) {
		if (atomic_load(&node))
			check_owner();
		/* Several threads can find the same descriptor at once: one makes its file. */
		pthread_mutex_lock(&adopting);
		object = fdtable_get(fd);
		if (!object && (fdtable_for_each(same_description, &fd) || !nodefile_opened(fd)))
			object = fdtable_get(fd);
		pthread_mutex_unlock(&adopting);
	}
	errno = saved;
	return object;
}

void nodefile_duplicated(int from, int fd)
{
	struct fdobject *object;

	if (fd < 0)
		return;
	object = nodefile_get(from);
	if (!object) {
		nodefile_closed(fd);
		return;
	}
	agx_fdtrack_closed(fd);
	if (!in_vfork_child())
		fdtable_set(fd, object);
	fdobject_put(object);
}

void nodefile_shared_duplicated(int from, uint64_t known, int fd)
{
	if (known && fd >= 0 && !in_vfork_child())
		agx_fdtrack_copied(from, known, fd);
}

void nodefile_closed(int fd)
{
	agx_fdtrack_closed(fd);
	if (__builtin_expect(!fdtable_peek(fd), 1) || in_vfork_child())
		return;
	fdtable_clear(fd);
}

void nodefile_appeared(int fd)
{
	agx_fdtrack_appeared(fd);
	nodefile_closed(fd);
}

void nodefile_closed_range(unsigned int first, unsigned int last)
{
	agx_fdtrack_closed_range(first, last);
	if (!atomic_load(&node) || in_vfork_child())
		return;
	fdtable_clear_range(first, last);
}

/* After an ioctl that may have failed for its number: the node alone knows, and counts. */
static void note_unknown(uint32_t request)
{
	struct agx_node_stats now;
	uint64_t seen = atomic_load(&unknown_seen);

	agx_node_stats(atomic_load(&node), &now);
	if (now.unknown_ioctls > seen &&
	    atomic_compare_exchange_strong(&unknown_seen, &seen, seen + 1))
		preload_stats_unknown(stats, request);
}

long nodefile_ioctl(struct fdobject *object, uint32_t request, uint64_t arg)
{
	uint64_t count;
	long ret;

	check_owner();
	if (request == PRELOAD_IOCTL_RESULTS) {
		depth++;
		ret = results_ioctl(atomic_load(&node), ((struct nodefile *)object)->file,
				    preload_config.results, arg);
		depth--;
		return ret;
	}
	depth++;
	ret = agx_file_ioctl(((struct nodefile *)object)->file, request, arg);
	depth--;
	count = atomic_fetch_add_explicit(&stats->ioctls, 1, memory_order_relaxed);
	if (ret == -EINVAL || ret == -ENOTTY)
		note_unknown(request);
	if (count % STATS_EVERY == 0)
		stats_look();
	return ret;
}

int nodefile_mmap(struct fdobject *object, uint64_t offset, uint64_t size, struct agx_mmap *map)
{
	int ret;

	check_owner();
	ret = agx_file_mmap(((struct nodefile *)object)->file, offset, size, map);
	if (!ret)
		atomic_fetch_add_explicit(&stats->mmaps, 1, memory_order_relaxed);
	return ret;
}

bool nodefile_exists(void)
{
	return atomic_load_explicit(&node, memory_order_relaxed) != NULL;
}

/* The node, made for the sake of a descriptor that another process's node exported. */
static struct agx_node *need_node(void)
{
	struct agx_node *n = atomic_load(&node);

	if (n) {
		check_owner();
		return n;
	}
	if (in_vfork_child())
		return NULL;
	pthread_mutex_lock(&lock);
	make_node_locked();
	pthread_mutex_unlock(&lock);
	return atomic_load(&node);
}

long nodefile_dmabuf_ioctl(int fd, uint32_t request, uint64_t arg)
{
	struct agx_node *n = need_node();

	return n ? agx_node_dmabuf_ioctl(n, fd, request, arg) : -ENOTTY;
}

long nodefile_syncfile_ioctl(int fd, uint32_t request, uint64_t arg)
{
	struct agx_node *n = need_node();

	return n ? agx_node_syncfile_ioctl(n, fd, request, arg) : -ENOTTY;
}

/*
 * Leaves the final counters. With AGX_REPORT everything that the process left open is closed
 * first, as the kernel does for a process that ends: what the node then still has is leaked.
 */
static __attribute__((destructor)) void finish(void)
{
	struct agx_node_stats last;
	struct mapping_node *mapped;

	/* exit() in a signal handler that interrupted the node: its locks may be this thread's. */
	if (!atomic_load(&node) || getpid() != atomic_load(&owner) || depth)
		return;
	stats_look();
	atomic_store(&exiting, true);
	if (preload_config.report) {
		fdtable_clear_range(0, UINT32_MAX);
		mappings_lock();
		mapped = mappings_reserve() ? NULL : mappings_remove(0, UINTPTR_MAX);
		mappings_unlock();
		mappings_put(mapped);
		agx_node_stats(atomic_load(&node), &last);
		atomic_store(&stats->leaked_bos, last.live_bos);
		atomic_store(&stats->leaked_bytes, last.live_bytes);
		atomic_store(&stats->leak_checked, 1);
	}
	atomic_store(&stats->exited, 1);
}
