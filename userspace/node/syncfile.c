// SPDX-License-Identifier: MIT
/*
 * Sync files as pipes.
 *
 * The pipes carry a mark that survives dup(), SCM_RIGHTS and exec: O_DIRECT together with
 * O_NONBLOCK on the read end. On that end O_DIRECT means nothing, so nobody else has it there.
 * Which fence belongs to a descriptor is found by the pipe's inode number. While the fence is
 * pending we hold the write end, so the inode lives and its number is unique; after the signal
 * the entry stays for a while, for SYNC_IOC_FILE_INFO and errors. The kernel numbers pipes from a
 * 32-bit counter, so a number does not come back before thousands of millions of pipes were
 * made, and only a bounded number of the latest entries is kept.
 *
 * A node that is alone (see agx_node_config) has nobody who could poll a pipe. Its sync files are
 * numbers above those of descriptors, the entries live until they are closed.
 *
 * A pipe whose reader has gone raises SIGPIPE in whoever writes. Jobs may complete on any thread
 * of the program, so the signal is held off around the write and swallowed.
 */
#include "syncfile.h"

#include <linux/sync_file.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fdtrack.h"
#include "host.h"
#include "node_internal.h"
#include "sched_internal.h"
#include "syncobj_internal.h"
#include "watch.h"

#ifndef SYNC_IOC_SET_DEADLINE
/* Linux 6.6 */
struct sync_set_deadline {
	uint64_t deadline_ns;
	uint64_t pad;
};
#define SYNC_IOC_SET_DEADLINE _IOW(SYNC_IOC_MAGIC, 5, struct sync_set_deadline)
#endif

#define HASH_SIZE    256
#define MAX_SIGNALED 1024
#define MARK         (O_DIRECT | O_NONBLOCK)
#define MAX_ERRNO    4095

/* Numbers without a descriptor: no host lets a process have that many open. */
#define PRIVATE_FIRST 0x40000000
#define PRIVATE_MAX   (1u << 20)

struct syncfile {
	struct list_head hash_link;
	struct list_head signalled_link; /* agx_syncfiles.signalled; oldest first */
	uint64_t dev, ino;
	struct agx_fence *fence; /* a reference */
	struct agx_fence_cb cb;
	int write_fd;  /* -1 once signalled */
	char name[32]; /* empty: made from the fence */
};

struct agx_syncfiles {
	struct list_head hash[HASH_SIZE];
	struct list_head signalled;
	uint32_t num_signalled;
	struct syncfile **private; /* by number - PRIVATE_FIRST; NULL: free */
	uint32_t *unused;          /* numbers below num_private that are free */
	uint32_t num_private, num_unused;
	struct syncfile *stub; /* of stub_fd; NULL: none so far; on no list but its hash's */
	int stub_fd;           /* a signalled sync file to duplicate; -1: none */
};

static struct agx_syncfiles *get_syncfiles(struct agx_node *node)
{
	struct agx_syncfiles *files = node->sched->syncfiles;

	if (!files) {
		files = calloc(1, sizeof(*files));
		if (!files)
			return NULL;
		for (int i = 0; i < HASH_SIZE; i++)
			list_init(&files->hash[i]);
		list_init(&files->signalled);
		files->stub_fd = -1;
		node->sched->syncfiles = files;
	}
	return files;
}

static struct list_head *bucket(struct agx_syncfiles *files, uint64_t ino)
{
	return &files->hash[ino % HASH_SIZE];
}

static void syncfile_free(struct syncfile *file)
{
	agx_fence_remove_callback(&file->cb);
	if (file->write_fd >= 0)
		host_close(file->write_fd);
	list_del(&file->hash_link);
	list_del(&file->signalled_link);
	agx_fence_put(file->fence);
	free(file);
}

/* write() that tells EPIPE by its result alone. */
static void write_quietly(int fd, const void *data, size_t size)
{
	const struct timespec now = {0};
	uint64_t pipe_bit = 1ull << (SIGPIPE - 1), old = 0, pending = 0;
	long ret;

	/* Kernel signal sets: 64 bits. */
	host_call(SYS_rt_sigprocmask, SIG_BLOCK, &pipe_bit, &old, (size_t)8);
	if (old & pipe_bit)
		host_call(SYS_rt_sigpending, &pending, (size_t)8);
	ret = host_write(fd, data, size);
	if (ret == -EPIPE && !(pending & pipe_bit))
		host_call(SYS_rt_sigtimedwait, &pipe_bit, NULL, &now, (size_t)8);
	if (!(old & pipe_bit))
		host_call(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, (size_t)8);
}

/* has_reader: we hold the other end ourselves, or the thread has SIGPIPE blocked for good. */
static void publish(int write_fd, int error, bool has_reader)
{
	static const char payload[1 + MAX_ERRNO];
	size_t size = 1 + (error < 0 && error >= -MAX_ERRNO ? (size_t)-error : 0);

	if (has_reader)
		host_write(write_fd, payload, size);
	else
		write_quietly(write_fd, payload, size);
	host_close(write_fd);
}

static void keep_for_information(struct agx_syncfiles *files, struct syncfile *file)
{
	list_add_tail(&file->signalled_link, &files->signalled);
	if (files->num_signalled == MAX_SIGNALED)
		syncfile_free(list_first_entry(&files->signalled, struct syncfile, signalled_link));
	else
		files->num_signalled++;
}

/* Moves an entry whose fence has signalled to the list of those kept for their information. */
static void retire(struct agx_syncfiles *files, struct syncfile *file, bool has_reader)
{
	publish(file->write_fd, file->fence->error, has_reader);
	file->write_fd = -1;
	keep_for_information(files, file);
}

static void syncfile_signalled(struct agx_fence *fence, struct agx_fence_cb *cb)
{
	struct agx_sched *sched = fence->node->sched;

	retire(sched->syncfiles, list_entry(cb, struct syncfile, cb),
	       sched->has_worker && pthread_equal(sched->worker, pthread_self()));
}

/* Room for one more private sync file. */
static int grow_private(struct agx_syncfiles *files)
{
	uint32_t room = files->num_private ? 2 * files->num_private : 64;
	struct syncfile **private;
	uint32_t *unused;

	if (room > PRIVATE_MAX)
		return -EMFILE;
	private = reallocarray(files->private, room, sizeof(struct syncfile *));
	if (!private)
		return -ENOMEM;
	files->private = private;
	unused = reallocarray(files->unused, room, sizeof(*unused));
	if (!unused)
		return -ENOMEM;
	files->unused = unused;
	/* Low numbers are taken first. */
	for (uint32_t i = room; i-- > files->num_private;) {
		private[i] = NULL;
		unused[files->num_unused++] = i;
	}
	files->num_private = room;
	return 0;
}

static int export_private(struct agx_syncfiles *files, struct agx_fence *fence, const char *name)
{
	struct syncfile *file;
	uint32_t number;
	int ret;

	if (!files->num_unused) {
		ret = grow_private(files);
		if (ret)
			return ret;
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->fence = agx_fence_get(fence);
	file->write_fd = -1;
	list_init(&file->hash_link);
	list_init(&file->signalled_link);
	number = files->unused[--files->num_unused];
	files->private[number] = file;
	return PRIVATE_FIRST + (int)number;
}

static struct syncfile *find_private(struct agx_node *node, int fd)
{
	struct agx_syncfiles *files = node->sched->syncfiles;

	if (fd < PRIVATE_FIRST || !files || (uint32_t)(fd - PRIVATE_FIRST) >= files->num_private)
		return NULL;
	return files->private[fd - PRIVATE_FIRST];
}

void agx_syncfile_close(struct agx_node *node, int fd)
{
	struct syncfile *file = find_private(node, fd);
	struct agx_syncfiles *files = node->sched->syncfiles;

	if (file) {
		files->private[fd - PRIVATE_FIRST] = NULL;
		files->unused[files->num_unused++] = (uint32_t)(fd - PRIVATE_FIRST);
		syncfile_free(file);
	} else if (fd < PRIVATE_FIRST) {
		agx_fdtrack_closed(fd);
		host_close(fd);
	}
}

void agx_node_close_fd(struct agx_node *node, int fd)
{
	agx_node_lock(node);
	agx_syncfile_close(node, fd);
	agx_node_unlock(node);
}

/*
 * Drops the pipes of pending fences that nobody can read any more: the kernel does not count
 * those against the limit of open descriptors.
 */
static void drop_abandoned(struct agx_syncfiles *files)
{
	struct syncfile *file, *next;

	for (int i = 0; i < HASH_SIZE; i++) {
		list_for_each_entry_safe(file, next, &files->hash[i], hash_link) {
			struct pollfd poll_fd = {.fd = file->write_fd};

			if (file->write_fd >= 0 && host_poll(&poll_fd, 1, 0) == 1 &&
			    (poll_fd.revents & POLLERR))
				syncfile_free(file);
		}
	}
}

static int make_pipe(struct agx_syncfiles *files, int fds[2])
{
	int ret = host_pipe2(fds, O_CLOEXEC | O_NONBLOCK);

	if (ret == -EMFILE) {
		drop_abandoned(files);
		ret = host_pipe2(fds, O_CLOEXEC | O_NONBLOCK);
	}
	return ret;
}

static int export_named(struct agx_node *node, struct agx_fence *fence, const char *name)
{
	struct agx_syncfiles *files = get_syncfiles(node);
	struct syncfile *file;
	struct stat st;
	int fds[2], ret;

	if (!files)
		return -ENOMEM;
	if (node->config.alone)
		return export_private(files, fence, name);
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	ret = make_pipe(files, fds);
	if (ret) {
		free(file);
		return ret;
	}
	ret = host_fcntl(fds[0], F_SETFL, MARK);
	if (!ret)
		ret = host_fstat(fds[0], &st);
	if (ret) {
		host_close(fds[0]);
		host_close(fds[1]);
		free(file);
		return ret;
	}
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->fence = agx_fence_get(fence);
	file->write_fd = fds[1];
	list_init(&file->signalled_link);
	list_add(&file->hash_link, bucket(files, file->ino));
	if (agx_fence_add_callback(fence, &file->cb, syncfile_signalled))
		retire(files, file, true);
	return fds[0];
}

static bool is_file(const struct syncfile *file, int fd)
{
	struct stat st;

	return !host_fstat(fd, &st) && st.st_ino == file->ino && st.st_dev == file->dev;
}

/* A duplicate of the signalled sync file. -EBADF: there is none, or the program closed it. */
static int duplicate_stub(struct agx_syncfiles *files)
{
	struct agx_fd_identity identity, known;
	bool trusted;
	int fd;

	if (files->stub_fd < 0)
		return -EBADF;
	identity = (struct agx_fd_identity){files->stub->dev, files->stub->ino};
	trusted = agx_fdtrack_find(files->stub_fd, AGX_FD_SYNCFILE, &known) &&
		  known.ino == identity.ino;
	fd = agx_fdtrack_dup(files->stub_fd, F_DUPFD_CLOEXEC);
	if (fd < 0)
		return fd;
	if (!trusted) {
		if (!is_file(files->stub, fd)) {
			/* The number is another's now. */
			host_close(fd);
			return -EBADF;
		}
		agx_fdtrack_own(files->stub_fd, AGX_FD_SYNCFILE, identity);
	}
	agx_fdtrack_made(fd, AGX_FD_SYNCFILE, identity);
	return fd;
}

/* Keeps a duplicate of fd, a sync file that was just made, and its entry. */
static void keep_stub(struct agx_syncfiles *files, int fd)
{
	struct syncfile *file = list_entry(files->signalled.prev, struct syncfile, signalled_link);

	list_del(&file->signalled_link);
	files->num_signalled--;
	if (files->stub)
		keep_for_information(files, files->stub);
	files->stub = file;
	files->stub_fd =
		agx_fdtrack_enabled() ? agx_fdtrack_dup(fd, F_DUPFD_CLOEXEC) : host_dup(fd);
	if (files->stub_fd >= 0)
		agx_fdtrack_made(files->stub_fd, AGX_FD_SYNCFILE,
				 (struct agx_fd_identity){file->dev, file->ino});
}

/*
 * One pipe serves all fences that have signalled without an error. They are by far the most
 * frequent exports, and a dup() costs a fraction of a pipe. What gets lost is what
 * SYNC_IOC_FILE_INFO would say of when and where the fence signalled.
 */
static int export_signalled(struct agx_node *node)
{
	struct agx_syncfiles *files = get_syncfiles(node);
	struct agx_fence *stub;
	int fd;

	if (!files)
		return -ENOMEM;
	fd = duplicate_stub(files);
	if (fd != -EBADF)
		return fd;
	files->stub_fd = -1;
	stub = agx_fence_create_signalled(node);
	if (!stub)
		return -ENOMEM;
	fd = export_named(node, stub, "");
	agx_fence_put(stub);
	if (fd >= 0)
		keep_stub(files, fd);
	return fd;
}

int agx_syncfile_export(struct agx_node *node, struct agx_fence *fence)
{
	if (!node->config.alone && agx_fence_is_signalled(fence) && !fence->error)
		return export_signalled(node);
	return export_named(node, fence, "");
}

static bool is_marked(int fd)
{
	int flags = host_fcntl(fd, F_GETFL, 0);

	return flags >= 0 && (flags & MARK) == MARK && (flags & O_ACCMODE) == O_RDONLY;
}

bool agx_syncfile_is_ours(int fd)
{
	struct stat st;

	return !host_fstat(fd, &st) && S_ISFIFO(st.st_mode) && is_marked(fd);
}

static struct syncfile *find_pipe(struct agx_syncfiles *files, struct agx_fd_identity identity)
{
	struct syncfile *file;

	if (files)
		list_for_each_entry(file, bucket(files, identity.ino), hash_link)
			if (file->ino == identity.ino && file->dev == identity.dev)
				return file;
	return NULL;
}

/* The entry of a sync file of this node. *is_pipe: fd is a sync file of some node. */
static struct syncfile *find_own(struct agx_node *node, int fd, bool *is_pipe)
{
	struct agx_syncfiles *files = node->sched->syncfiles;
	struct agx_fd_identity identity = {0};
	struct syncfile *file;
	struct stat st;

	*is_pipe = true;
	if (fd >= PRIVATE_FIRST) {
		file = find_private(node, fd);
		*is_pipe = file;
		return file;
	}
	if (agx_fdtrack_find(fd, AGX_FD_SYNCFILE, &identity))
		return find_pipe(files, identity);
	*is_pipe = !host_fstat(fd, &st);
	if (*is_pipe)
		identity = (struct agx_fd_identity){st.st_dev, st.st_ino};
	agx_fdtrack_checked(fd, identity);
	*is_pipe = *is_pipe && S_ISFIFO(st.st_mode);
	file = *is_pipe ? find_pipe(files, identity) : NULL;
	*is_pipe = file || (*is_pipe && is_marked(fd));
	return file;
}

/* The state of a sync file that is a pipe: 0 pending, 1 signalled, or its error. */
static int check_pipe(int fd, uint64_t data)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int bytes = 0;

	(void)data;
	if (host_poll(&poll_fd, 1, 0) <= 0)
		return 0;
	/* The writer writes before it closes: no data now means that there will be none. */
	if (host_ioctl(fd, FIONREAD, &bytes) || bytes <= 0)
		return -ECANCELED;
	return bytes == 1 || bytes > 1 + MAX_ERRNO ? 1 : 1 - bytes;
}

/* The same for a kernel driver's sync file. */
static int check_sync_file(int fd, uint64_t data)
{
	struct sync_file_info info;
	int ret;

	(void)data;
	memset(&info, 0, sizeof(info));
	ret = host_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	return ret ? ret : info.status;
}

static bool is_kernel_sync_file(int fd)
{
	static const char expected[] = "anon_inode:sync_file";
	char path[32], target[sizeof(expected)];
	long length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = host_readlink(path, target, sizeof(target));
	return length == (long)sizeof(expected) - 1 &&
	       !memcmp(target, expected, sizeof(expected) - 1);
}

int agx_syncfile_import(struct agx_node *node, int fd, struct agx_fence **fence)
{
	bool pipe;
	struct syncfile *own = find_own(node, fd, &pipe);
	int status, copy;

	if (own) {
		*fence = agx_fence_get(own->fence);
		return 0;
	}
	if (!pipe && (fd < 0 || !is_kernel_sync_file(fd)))
		return -EINVAL;
	status = pipe ? check_pipe(fd, 0) : check_sync_file(fd, 0);
	if (status) {
		*fence = agx_fence_create_signalled(node);
		if (!*fence)
			return -ENOMEM;
		(*fence)->error = status < 0 ? status : 0;
		return 0;
	}
	copy = host_dup(fd);
	if (copy < 0)
		return copy;
	return agx_watch_create(node, copy, true, "sync_file", pipe ? check_pipe : check_sync_file,
				0, fence);
}

static long ioctl_merge(struct agx_node *node, int fd, uint64_t arg)
{
	struct agx_fence *fences[2] = {NULL, NULL}, *merged = NULL;
	struct sync_merge_data data;
	int ret;

	if (agx_copy_from(node, &data, arg, sizeof(data)))
		return -EFAULT;
	if (data.flags || data.pad)
		return -EINVAL;
	ret = agx_syncfile_import(node, fd, &fences[0]);
	if (ret)
		return ret;
	ret = agx_syncfile_import(node, data.fd2, &fences[1]);
	if (ret == -EINVAL)
		ret = -ENOENT;
	if (ret)
		goto out;
	merged = agx_fence_merge(node, fences, 2);
	ret = -ENOMEM;
	if (!merged)
		goto out;
	data.name[sizeof(data.name) - 1] = 0;
	ret = export_named(node, merged, data.name);
	if (ret < 0)
		goto out;
	data.fence = ret;
	ret = 0;
	if (agx_copy_to(node, arg, &data, sizeof(data))) {
		agx_syncfile_close(node, data.fence);
		ret = -EFAULT;
	}
out:
	agx_fence_put(merged);
	agx_fence_put(fences[0]);
	agx_fence_put(fences[1]);
	return ret;
}

struct info_list {
	struct sync_fence_info *infos; /* NULL: count only */
	uint32_t count, room;
	int status;
};

static void add_info(struct agx_fence *leaf, void *data)
{
	struct info_list *list = data;

	if (list->infos && list->count < list->room) {
		struct sync_fence_info *info = &list->infos[list->count];

		snprintf(info->obj_name, sizeof(info->obj_name), "%s", leaf->timeline);
		snprintf(info->driver_name, sizeof(info->driver_name), "%s", leaf->driver);
		info->status = agx_fence_status(leaf);
		info->timestamp_ns = leaf->signalled ? leaf->timestamp : 0;
		if (list->status > 0)
			list->status = info->status;
	}
	list->count++;
}

static void fill_name(struct agx_node *node, int fd, struct agx_fence *fence,
		      struct sync_file_info *info)
{
	bool is_pipe;
	struct syncfile *own = find_own(node, fd, &is_pipe);

	memset(info->name, 0, sizeof(info->name));
	if (own && own->name[0])
		memcpy(info->name, own->name, sizeof(info->name));
	else
		snprintf(info->name, sizeof(info->name), "%s-%s%llu-%lld", fence->driver,
			 fence->timeline, (unsigned long long)fence->context,
			 (long long)fence->seqno);
}

static long ioctl_file_info(struct agx_node *node, int fd, uint64_t arg)
{
	struct info_list list = {.status = 1};
	struct sync_file_info info;
	struct agx_fence *fence;
	uint32_t count;
	int ret;

	if (agx_copy_from(node, &info, arg, sizeof(info)))
		return -EFAULT;
	if (info.flags || info.pad)
		return -EINVAL;
	ret = agx_syncfile_import(node, fd, &fence);
	if (ret)
		return ret;

	agx_fence_for_each_leaf(fence, add_info, &list);
	count = list.count;
	if (!info.num_fences) {
		info.status = agx_fence_status(fence);
	} else {
		ret = -EINVAL;
		if (info.num_fences < count)
			goto out;
		list.infos = calloc(count, sizeof(*list.infos));
		ret = -ENOMEM;
		if (!list.infos)
			goto out;
		list.count = 0;
		list.room = count;
		agx_fence_for_each_leaf(fence, add_info, &list);
		info.status = list.status;
		ret = -EFAULT;
		if (agx_copy_to(node, info.sync_fence_info, list.infos,
				count * sizeof(*list.infos)))
			goto out;
	}
	fill_name(node, fd, fence, &info);
	info.num_fences = count;
	ret = agx_copy_to(node, arg, &info, sizeof(info)) ? -EFAULT : 0;
out:
	free(list.infos);
	agx_fence_put(fence);
	return ret;
}

long agx_syncfile_ioctl_locked(struct agx_node *node, int fd, unsigned long request, uint64_t arg)
{
	struct sync_set_deadline deadline;
	bool is_ours;

	find_own(node, fd, &is_ours);
	if (!is_ours)
		return -ENOTTY;
	switch (request) {
	case SYNC_IOC_MERGE:
		return ioctl_merge(node, fd, arg);
	case SYNC_IOC_FILE_INFO:
		return ioctl_file_info(node, fd, arg);
	case SYNC_IOC_SET_DEADLINE:
		/* A hint to clock the GPU up in time: nothing to do. */
		if (agx_copy_from(node, &deadline, arg, sizeof(deadline)))
			return -EFAULT;
		return deadline.pad ? -EINVAL : 0;
	default:
		return -ENOTTY;
	}
}

long agx_node_syncfile_ioctl(struct agx_node *node, int fd, unsigned long request, uint64_t arg)
{
	long ret;

	agx_node_lock(node);
	ret = agx_syncfile_ioctl_locked(node, fd, request, arg);
	agx_sched_settle_locked(node);
	agx_node_unlock(node);
	return ret;
}

void agx_syncfiles_destroy(struct agx_sched *sched)
{
	struct agx_syncfiles *files = sched->syncfiles;

	if (!files)
		return;
	if (files->stub_fd >= 0 && is_file(files->stub, files->stub_fd)) {
		agx_fdtrack_closed(files->stub_fd);
		host_close(files->stub_fd);
	}
	for (int i = 0; i < HASH_SIZE; i++)
		while (!list_empty(&files->hash[i]))
			syncfile_free(
				list_first_entry(&files->hash[i], struct syncfile, hash_link));
	for (uint32_t i = 0; i < files->num_private; i++)
		if (files->private[i])
			syncfile_free(files->private[i]);
	free(files->private);
	free(files->unused);
	free(files);
	sched->syncfiles = NULL;
}

/*
 * The parent signals its pipes; the child's copies of the write ends must go, so that the
 * parent's death is seen. The descriptors then are another process's to the child.
 */
void agx_syncfiles_fork_child_locked(struct agx_node *node)
{
	agx_syncfiles_destroy(node->sched);
}
