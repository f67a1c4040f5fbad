// SPDX-License-Identifier: MIT
#include "clients.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define PAGE VM_CLIENT_PAGE

/* Linux 6.6; not in libdrm 2.4.110's drm.h. */
#ifndef DRM_IOCTL_SYNCOBJ_EVENTFD
struct drm_syncobj_eventfd {
	__u32 handle;
	__u32 flags;
	__u64 point;
	__s32 fd;
	__u32 pad;
};
#define DRM_IOCTL_SYNCOBJ_EVENTFD DRM_IOWR(0xCF, struct drm_syncobj_eventfd)
#endif

#define WAIT_MS      60000 /* a fence that takes longer is taken for lost */
#define MAX_COMMANDS 6
#define STAMPS       (2 * MAX_COMMANDS) /* start and end of each command */
#define MAX_SYNCS    3

struct compute {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};

struct render {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_render render;
};

/* What a thread has; vm.fd is the process's when thread->shared_fd is set. */
struct worker {
	struct clients_thread *thread;
	struct vm_client vm;
	uint32_t timeline; /* a syncobj whose points are numbers of submissions */
	uint64_t point;    /* the last that was submitted */
	uint32_t stamps_bo, stamps_object;
	uint64_t *stamps;        /* STAMPS of them */
	uint64_t last_time;      /* of the GPU, that was seen */
	bool submitted;          /* something that signals vm.syncobj */
	bool cancelled;          /* the last that was checked was, by another's fault */
	const char *doing, *did; /* the step at hand, and the one before */
	bool broken;             /* said why */
};

static bool fail(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct worker *w, const char *format, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(stderr, "client %u: %s: %s (after: %s)\n", w->thread->number, w->doing, text,
		w->did);
	atomic_fetch_add(&w->thread->totals->failures, 1);
	w->broken = true;
	return false;
}

static bool must(struct worker *w, long result, const char *what)
{
	return result < 0 ? fail(w, "%s: %s", what, strerror((int)-result)) : true;
}

static uint32_t choose(struct worker *w, uint32_t count)
{
	uint64_t *x = &w->thread->random;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 32) % count;
}

static long call(struct worker *w, unsigned long request, void *arg)
{
	return vm_client_ioctl(w->vm.fd, request, arg);
}

static long make_syncobj(struct worker *w, uint32_t *handle)
{
	struct drm_syncobj_create args = {0};
	long ret = call(w, DRM_IOCTL_SYNCOBJ_CREATE, &args);

	*handle = args.handle;
	return ret;
}

static void destroy_syncobj(struct worker *w, uint32_t handle)
{
	struct drm_syncobj_destroy args = {.handle = handle};

	if (handle)
		must(w, call(w, DRM_IOCTL_SYNCOBJ_DESTROY, &args), "SYNCOBJ_DESTROY");
}

static bool make_stamps(struct worker *w)
{
	struct drm_asahi_gem_bind_object args = {.flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
						 .range = PAGE};
	int error = 0;

	if (!must(w, vm_client_bo(&w->vm, 0, PAGE, &w->stamps_bo), "timestamps: GEM_CREATE"))
		return false;
	args.handle = w->stamps_bo;
	if (!must(w, call(w, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args), "GEM_BIND_OBJECT"))
		return false;
	w->stamps_object = args.object_handle;
	w->stamps = vm_client_map(&w->vm, w->stamps_bo, PAGE, &error);
	return w->stamps || must(w, error, "timestamps: mmap");
}

/* An address space, a queue, syncobjs: all that submissions need. */
static bool begin(struct worker *w)
{
	w->vm = (struct vm_client){.fd = w->thread->shared_fd};
	if (w->thread->shared_fd < 0 &&
	    !must(w, vm_client_open(&w->vm, w->thread->options->node), "open"))
		return false;
	w->point = 0;
	w->submitted = false;
	atomic_fetch_add(&w->thread->totals->spaces, 1);
	atomic_fetch_add(&w->thread->totals->queues, 1);
	return must(w, vm_client_make_vm(&w->vm), "VM_CREATE") &&
	       must(w, vm_client_make_buffers(&w->vm), "control streams") &&
	       must(w, vm_client_make_queue(&w->vm), "QUEUE_CREATE") &&
	       must(w, vm_client_make_syncobj(&w->vm), "SYNCOBJ_CREATE") &&
	       must(w, make_syncobj(w, &w->timeline), "SYNCOBJ_CREATE") && make_stamps(w);
}

static void close_bo(struct worker *w, uint32_t handle)
{
	if (handle)
		must(w, vm_client_close_bo(&w->vm, handle), "GEM_CLOSE");
}

static void end_one_by_one(struct worker *w)
{
	struct drm_asahi_gem_bind_object object = {.op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
						   .object_handle = w->stamps_object};
	struct drm_asahi_queue_destroy queue = {.queue_id = w->vm.queue};
	struct drm_asahi_vm_destroy vm = {.vm_id = w->vm.vm};

	/*
	 * What is in flight when the address space goes faults, and a fault ends what others run at
	 * the same time.
	 */
	if (!w->thread->options->faults && w->submitted)
		must(w, vm_client_wait(&w->vm, w->vm.syncobj, WAIT_MS), "wait before the end");
	if (choose(w, 2)) {
		must(w, call(w, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &queue), "QUEUE_DESTROY");
		must(w, call(w, DRM_IOCTL_ASAHI_VM_DESTROY, &vm), "VM_DESTROY");
	} else {
		must(w, call(w, DRM_IOCTL_ASAHI_VM_DESTROY, &vm), "VM_DESTROY");
		must(w, call(w, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &queue), "QUEUE_DESTROY");
	}
	must(w, call(w, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &object), "GEM_BIND_OBJECT: unbind");
	close_bo(w, w->vm.streams);
	close_bo(w, w->vm.programs);
	close_bo(w, w->stamps_bo);
	destroy_syncobj(w, w->vm.syncobj);
	destroy_syncobj(w, w->timeline);
}

static void end(struct worker *w)
{
	if (w->stamps)
		munmap(w->stamps, PAGE);
	w->stamps = NULL;
	if (w->thread->shared_fd >= 0 && !w->broken)
		end_one_by_one(w);
	else if (w->thread->shared_fd < 0)
		vm_client_close(&w->vm);
	w->timeline = w->stamps_bo = w->stamps_object = 0;
}

static struct drm_asahi_timestamps stamp_pair(struct worker *w, uint32_t number)
{
	return (struct drm_asahi_timestamps){
		.start = {.handle = w->stamps_object, .offset = number * 16},
		.end = {.handle = w->stamps_object, .offset = number * 16 + 8},
	};
}

static uint32_t add_compute(struct worker *w, uint8_t *to, uint64_t streams, uint32_t number)
{
	struct compute command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(command.compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = streams,
			    .cdm_ctrl_stream_end = streams + 8,
			    .ts = stamp_pair(w, number)},
	};

	memcpy(to, &command, sizeof(command));
	return sizeof(command);
}

static uint32_t add_render(struct worker *w, uint8_t *to, uint64_t streams, uint32_t number)
{
	struct render command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_RENDER,
			   .size = sizeof(command.render),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.render = {.vdm_ctrl_stream_base = streams + 0x100,
			   .width_px = (uint16_t)(1 + choose(w, 1024)),
			   .height_px = (uint16_t)(1 + choose(w, 1024)),
			   .layers = 1,
			   .samples = 1,
			   .sample_size_B = 4,
			   .utile_width_px = 32,
			   .utile_height_px = 32,
			   .ts_frag = stamp_pair(w, number)},
	};

	memcpy(to, &command, sizeof(command));
	return sizeof(command);
}

struct work {
	uint8_t cmdbuf[MAX_COMMANDS * sizeof(struct render)];
	uint32_t size, count;
	bool faults;
	struct drm_asahi_sync in[MAX_SYNCS], out[MAX_SYNCS];
	uint32_t in_count, out_count;
};

static void build(struct worker *w, struct work *work, bool faults)
{
	uint64_t streams = faults ? VM_CLIENT_NOWHERE : VM_CLIENT_STREAMS;
	uint32_t count = 1 + choose(w, MAX_COMMANDS);

	memset(work, 0, sizeof(*work));
	work->faults = faults;
	work->count = count;
	for (uint32_t i = 0; i < count; i++) {
		if (choose(w, 2))
			work->size += add_compute(w, work->cmdbuf + work->size, streams, i);
		else
			work->size += add_render(w, work->cmdbuf + work->size, streams, i);
	}
}

static void add_sync(struct drm_asahi_sync *syncs, uint32_t *count, uint32_t handle, uint64_t point)
{
	syncs[(*count)++] = (struct drm_asahi_sync){
		.sync_type = point ? DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ : DRM_ASAHI_SYNC_SYNCOBJ,
		.handle = handle,
		.timeline_value = point,
	};
}

static long submit(struct worker *w, struct work *work)
{
	struct drm_asahi_sync syncs[2 * MAX_SYNCS];
	struct drm_asahi_submit args = {
		.syncs = (uintptr_t)syncs,
		.cmdbuf = (uintptr_t)work->cmdbuf,
		.cmdbuf_size = work->size,
		.queue_id = w->vm.queue,
		.in_sync_count = work->in_count,
		.out_sync_count = work->out_count,
	};

	memcpy(syncs, work->in, work->in_count * sizeof(*syncs));
	memcpy(syncs + work->in_count, work->out, work->out_count * sizeof(*syncs));
	for (uint32_t i = 0; i < work->out_count; i++)
		w->submitted |= work->out[i].handle == w->vm.syncobj;
	atomic_fetch_add(&w->thread->totals->submits, 1);
	atomic_fetch_add(&w->thread->totals->commands, work->count);
	return call(w, DRM_IOCTL_ASAHI_SUBMIT, &args);
}

static bool check_fence(struct worker *w, uint32_t syncobj, bool faults)
{
	int status;

	w->cancelled = false;
	atomic_fetch_add(&w->thread->totals->waits, 1);
	if (!must(w, vm_client_wait(&w->vm, syncobj, WAIT_MS), "wait"))
		return false;
	status = vm_client_status(&w->vm, syncobj);
	if (status == -ECANCELED && w->thread->options->faults && !faults) {
		atomic_fetch_add(&w->thread->totals->cancelled, 1);
		w->cancelled = true;
		return true;
	}
	if (faults) {
		atomic_fetch_add(&w->thread->totals->faults, 1);
		return status < 0 || fail(w, "a fault left no error on its fence (%d)", status);
	}
	return !status || fail(w, "a fence has the error \"%s\" (%d)", strerror(-status), status);
}

/* Of commands that ran one after the other or side by side: all are written and none is early. */
static bool check_stamps(struct worker *w, uint32_t count)
{
	uint64_t least = w->last_time;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = w->stamps[2 * i], finish = w->stamps[2 * i + 1];

		if (start < least || finish < start)
			return fail(w, "timestamps of command %u: %llu to %llu, after %llu", i,
				    (unsigned long long)start, (unsigned long long)finish,
				    (unsigned long long)least);
		if (finish > w->last_time)
			w->last_time = finish;
		atomic_fetch_add(&w->thread->totals->timestamps, 2);
	}
	return true;
}

/* One submission after another, and a wait for each. */
static bool submit_and_wait(struct worker *w)
{
	bool faults = w->thread->options->faults && !choose(w, 8);
	struct work work;

	build(w, &work, faults);
	memset(w->stamps, 0, STAMPS * sizeof(*w->stamps));
	add_sync(work.out, &work.out_count, w->vm.syncobj, 0);
	if (choose(w, 2))
		add_sync(work.out, &work.out_count, w->timeline, ++w->point);
	return must(w, submit(w, &work), "SUBMIT") && check_fence(w, w->vm.syncobj, faults) &&
	       (faults || w->cancelled || check_stamps(w, work.count));
}

/* Several that wait for each other's points, then for the last. */
static bool submit_a_chain(struct worker *w)
{
	uint32_t length = 2 + choose(w, 12);
	struct work work;

	for (uint32_t i = 0; i < length; i++) {
		build(w, &work, false);
		if (w->point && choose(w, 2))
			add_sync(work.in, &work.in_count, w->timeline,
				 1 + choose(w, (uint32_t)w->point));
		add_sync(work.out, &work.out_count, w->timeline, ++w->point);
		if (i == length - 1)
			add_sync(work.out, &work.out_count, w->vm.syncobj, 0);
		if (!must(w, submit(w, &work), "SUBMIT in a chain"))
			return false;
	}
	return check_fence(w, w->vm.syncobj, false);
}

/* Work that waits for the CPU: it must not be done before, and must be done after. */
static bool submit_and_signal(struct worker *w)
{
	struct drm_syncobj_array signal = {.count_handles = 1};
	struct work work;
	uint32_t gate = 0;
	bool good;

	if (!must(w, make_syncobj(w, &gate), "SYNCOBJ_CREATE"))
		return false;
	/* A fence of no work would do as well; a sync that has none is refused. */
	build(w, &work, false);
	add_sync(work.in, &work.in_count, gate, 0);
	add_sync(work.out, &work.out_count, w->vm.syncobj, 0);
	good = submit(w, &work) == -EINVAL || fail(w, "SUBMIT took an in-sync without a fence");
	signal.handles = (uintptr_t)&gate;
	good = good && must(w, call(w, DRM_IOCTL_SYNCOBJ_SIGNAL, &signal), "SYNCOBJ_SIGNAL") &&
	       must(w, submit(w, &work), "SUBMIT after a signal") &&
	       check_fence(w, w->vm.syncobj, false);
	destroy_syncobj(w, gate);
	return good;
}

static bool wait_by_eventfd(struct worker *w)
{
	struct drm_syncobj_eventfd args = {.handle = w->timeline, .point = w->point + 1};
	struct pollfd poller = {.events = POLLIN};
	struct work work;
	uint64_t value;
	bool good;

	args.fd = poller.fd = eventfd(0, EFD_CLOEXEC);
	build(w, &work, false);
	add_sync(work.out, &work.out_count, w->timeline, ++w->point);
	good = must(w, call(w, DRM_IOCTL_SYNCOBJ_EVENTFD, &args), "SYNCOBJ_EVENTFD") &&
	       must(w, submit(w, &work), "SUBMIT with an eventfd");
	if (good && poll(&poller, 1, WAIT_MS) != 1)
		good = fail(w, "the eventfd of a point is not written");
	else if (good && read(poller.fd, &value, sizeof(value)) != sizeof(value))
		good = fail(w, "read of an eventfd: %s", strerror(errno));
	close(poller.fd);
	return good;
}

/* A buffer comes, is written, bound here and there, and goes, bound or not. */
static bool use_a_buffer(struct worker *w)
{
	uint64_t pages = 1 + choose(w, 64), size = pages * PAGE;
	uint64_t address = VM_CLIENT_FREE + choose(w, 1024) * PAGE;
	uint32_t handle = 0;
	int error = 0;
	uint64_t *memory;
	bool good;

	atomic_fetch_add(&w->thread->totals->buffers, 1);
	if (!must(w, vm_client_bo(&w->vm, choose(w, 2) ? w->vm.vm : 0, size, &handle),
		  "GEM_CREATE"))
		return false;
	memory = vm_client_map(&w->vm, handle, size, &error);
	good = memory || must(w, error, "mmap");
	for (uint64_t i = 0; good && i < pages; i++) {
		if (memory[i * PAGE / 8])
			good = fail(w, "page %llu of a new buffer is not clear",
				    (unsigned long long)i);
		memory[i * PAGE / 8] = ~i;
	}
	for (uint32_t i = choose(w, 6); good && i; i--) {
		uint64_t first = choose(w, (uint32_t)pages);
		uint64_t range = (1 + choose(w, (uint32_t)(pages - first))) * PAGE;

		atomic_fetch_add(&w->thread->totals->binds, 1);
		good = must(w, vm_client_bind(&w->vm, handle, first * PAGE, address, range),
			    "VM_BIND");
		if (good && choose(w, 2))
			good = must(
				w,
				vm_client_unbind(&w->vm, address, range / 2 / PAGE * PAGE + PAGE),
				"VM_BIND: unbind");
	}
	if (memory)
		munmap(memory, size);
	close_bo(w, handle);
	return good;
}

/* A message between processes: two descriptors and what they are. */
struct parcel {
	uint64_t pattern;
	uint64_t size;
};

static bool send_fds(int socket, const struct parcel *parcel, const int fds[2])
{
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec data = {(void *)(uintptr_t)parcel, sizeof(*parcel)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), fds, 2 * sizeof(int));
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(*parcel);
}

static bool receive_fds(int socket, struct parcel *parcel, int fds[2])
{
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec data = {parcel, sizeof(*parcel)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header;

	if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(*parcel))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return false;
	memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
	return true;
}

static long export_syncobj(struct worker *w, uint32_t handle, int *fd)
{
	struct drm_syncobj_handle args = {.handle = handle};
	long ret = call(w, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	*fd = ret ? -1 : args.fd;
	return ret;
}

/* Gives a written buffer, and a syncobj with the fence of work on it, to the next process. */
static bool give(struct worker *w)
{
	struct parcel parcel = {.pattern = w->thread->random, .size = (1 + choose(w, 8)) * PAGE};
	struct drm_prime_handle prime = {.flags = DRM_CLOEXEC | DRM_RDWR, .fd = -1};
	uint32_t handle = 0, syncobj = 0;
	int fds[2] = {-1, -1}, error = 0;
	uint64_t *memory = NULL;
	struct work work;
	bool good;

	if (w->thread->give < 0)
		return true;
	build(w, &work, false);
	good = must(w, vm_client_bo(&w->vm, 0, parcel.size, &handle), "GEM_CREATE to give") &&
	       must(w, make_syncobj(w, &syncobj), "SYNCOBJ_CREATE to give");
	if (good)
		memory = vm_client_map(&w->vm, handle, parcel.size, &error);
	good = good && (memory || must(w, error, "mmap to give"));
	if (good) {
		memory[0] = parcel.pattern;
		memory[parcel.size / 8 - 1] = ~parcel.pattern;
		munmap(memory, parcel.size);
	}
	prime.handle = handle;
	add_sync(work.out, &work.out_count, syncobj, 0);
	good = good && must(w, call(w, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), "PRIME export") &&
	       must(w, export_syncobj(w, syncobj, &fds[1]), "SYNCOBJ export") &&
	       must(w, submit(w, &work), "SUBMIT to give");
	fds[0] = prime.fd;
	if (good && send_fds(w->thread->give, &parcel, fds))
		atomic_fetch_add(&w->thread->totals->exported, 1);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close_bo(w, handle);
	destroy_syncobj(w, syncobj);
	return good;
}

static bool use_parcel(struct worker *w, const struct parcel *parcel, const int fds[2])
{
	struct drm_prime_handle prime = {.fd = fds[0]};
	struct drm_syncobj_handle args = {.fd = fds[1]};
	uint64_t *memory = NULL;
	struct work work;
	int error = 0;
	bool good;

	good = must(w, call(w, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), "PRIME import") &&
	       must(w, call(w, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), "SYNCOBJ import");
	if (good)
		memory = vm_client_map(&w->vm, prime.handle, parcel->size, &error);
	good = good && (memory || must(w, error, "mmap of what was taken"));
	if (good) {
		if (memory[0] != parcel->pattern ||
		    memory[parcel->size / 8 - 1] != ~parcel->pattern)
			good = fail(w, "a shared buffer does not hold what was written");
		munmap(memory, parcel->size);
	}
	good = good &&
	       must(w, vm_client_bind(&w->vm, prime.handle, 0, VM_CLIENT_FREE, parcel->size),
		    "VM_BIND of what was taken");
	build(w, &work, false);
	add_sync(work.in, &work.in_count, args.handle, 0);
	add_sync(work.out, &work.out_count, w->vm.syncobj, 0);
	good = good && must(w, submit(w, &work), "SUBMIT after another process") &&
	       check_fence(w, w->vm.syncobj, false);
	close_bo(w, prime.handle);
	destroy_syncobj(w, args.handle);
	return good;
}

static bool take(struct worker *w)
{
	struct parcel parcel;
	int fds[2];
	bool good;

	if (w->thread->take < 0 || !receive_fds(w->thread->take, &parcel, fds))
		return true; /* nothing there */
	atomic_fetch_add(&w->thread->totals->imported, 1);
	good = use_parcel(w, &parcel, fds);
	close(fds[0]);
	close(fds[1]);
	return good;
}

static bool read_time(struct worker *w)
{
	struct drm_asahi_get_time first = {0}, second = {0};

	return must(w, call(w, DRM_IOCTL_ASAHI_GET_TIME, &first), "GET_TIME") &&
	       must(w, call(w, DRM_IOCTL_ASAHI_GET_TIME, &second), "GET_TIME") &&
	       (second.gpu_timestamp >= first.gpu_timestamp || fail(w, "GET_TIME goes backwards"));
}

/* Another queue; what the old one has in flight goes on or is dropped, but its fence signals. */
static bool change_queue(struct worker *w)
{
	struct drm_asahi_queue_destroy args = {.queue_id = w->vm.queue};
	struct work work;

	build(w, &work, false);
	add_sync(work.out, &work.out_count, w->vm.syncobj, 0);
	atomic_fetch_add(&w->thread->totals->queues, 1);
	atomic_fetch_add(&w->thread->totals->waits, 1);
	return must(w, submit(w, &work), "SUBMIT before QUEUE_DESTROY") &&
	       must(w, call(w, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &args), "QUEUE_DESTROY") &&
	       must(w, vm_client_make_queue(&w->vm), "QUEUE_CREATE") &&
	       must(w, vm_client_wait(&w->vm, w->vm.syncobj, WAIT_MS), "wait after QUEUE_DESTROY");
}

/* Everything anew, with work in flight. */
static bool change_all(struct worker *w)
{
	struct work work;

	build(w, &work, false);
	add_sync(work.out, &work.out_count, w->vm.syncobj, 0);
	if (!must(w, submit(w, &work), "SUBMIT before all goes"))
		return false;
	end(w);
	return !w->broken && begin(w);
}

static const struct {
	const char *name;
	bool (*run)(struct worker *w);
	uint32_t weight;
} steps[] = {
	{"submit and wait", submit_and_wait, 35},
	{"chain", submit_a_chain, 15},
	{"signal", submit_and_signal, 10},
	{"eventfd", wait_by_eventfd, 5},
	{"buffer", use_a_buffer, 15},
	{"give", give, 6},
	{"take", take, 6},
	{"time", read_time, 2},
	{"new queue", change_queue, 4},
	{"all new", change_all, 2},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static bool step(struct worker *w)
{
	uint32_t i, total = 0, choice;

	for (i = 0; i < STEPS; i++)
		total += steps[i].weight;
	choice = choose(w, total);
	for (i = 0; choice >= steps[i].weight; i++)
		choice -= steps[i].weight;
	w->did = w->doing;
	w->doing = steps[i].name;
	return steps[i].run(w);
}

bool clients_work(struct clients_thread *thread)
{
	struct worker w = {.thread = thread, .doing = "begin", .did = "nothing"};
	bool good = begin(&w);

	while (good && !atomic_load(&thread->totals->stop))
		good = step(&w);
	if (!good)
		atomic_store(&thread->totals->stop, true);
	end(&w);
	return good && !w.broken;
}
