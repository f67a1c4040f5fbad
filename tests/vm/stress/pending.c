// SPDX-License-Identifier: MIT
/*
 * Submissions that wait for a fence which is signalled late or never: the kernel's sw_sync gives us
 * fences to hold back (debugfs, CONFIG_SW_SYNC).
 *
 * usage: vm-pending [NODE]
 *
 * A job that waits has a context of the GPU, of which there are 63. Checked: the 64th client that
 * submits waits, a signal gets it out of there, and it goes on when jobs have ended; a client that
 * is killed leaves jobs that end with ECANCELED; queues, address spaces and files go while their
 * jobs wait, and fences can be looked at when all that has gone.
 *
 * Exit: 0 all well, 1 not, 77 there is no such node, or no sw_sync.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#define SKIPPED  77
#define CONTEXTS 63
#define CLIENTS  (CONTEXTS + 1)
#define WAIT_MS  60000

/* drivers/dma-buf/sw_sync.c */
struct sw_sync_create_fence_data {
	uint32_t value;
	char name[32];
	int32_t fence;
};
#define SW_SYNC_IOC_CREATE_FENCE _IOWR('W', 0, struct sw_sync_create_fence_data)
#define SW_SYNC_IOC_INC          _IOW('W', 1, uint32_t)

static int failures;

__attribute__((format(printf, 2, 3))) static void check(bool good, const char *format, ...)
{
	va_list args;

	if (good)
		return;
	failures++;
	fputs("failed: ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* --- Fences that we signal --- */

static int timeline_open(void)
{
	return open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC);
}

static int fence_create(int timeline, uint32_t value)
{
	struct sw_sync_create_fence_data data = {.value = value, .name = "pending"};

	return ioctl(timeline, SW_SYNC_IOC_CREATE_FENCE, &data) ? -errno : data.fence;
}

static void timeline_advance(int timeline, uint32_t count)
{
	check(!ioctl(timeline, SW_SYNC_IOC_INC, &count), "sw_sync does not advance: %s",
	      strerror(errno));
}

/* A syncobj of the client's with the fence of a sync file in it; 0: an error. */
static uint32_t syncobj_of(struct vm_client *client, int sync_file)
{
	struct drm_syncobj_create create = {0};
	struct drm_syncobj_handle import = {
		.fd = sync_file, .flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE};

	if (vm_client_ioctl(client->fd, DRM_IOCTL_SYNCOBJ_CREATE, &create))
		return 0;
	import.handle = create.handle;
	return vm_client_ioctl(client->fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &import) ? 0
										    : create.handle;
}

static int export_fence(struct vm_client *client, uint32_t syncobj)
{
	struct drm_syncobj_handle export = {
		.handle = syncobj, .flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE};
	long ret = vm_client_ioctl(client->fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export);

	return ret ? (int)ret : export.fd;
}

static bool is_signalled(int sync_file, int ms)
{
	struct pollfd poll_fd = {.fd = sync_file, .events = POLLIN};

	return poll(&poll_fd, 1, ms) == 1;
}

/* 1: signalled; 0: not; negative: with that error. Reads the names of driver and timeline, too. */
static int fence_status(int sync_file)
{
	struct sync_fence_info fence = {0};
	struct sync_file_info info = {.num_fences = 1, .sync_fence_info = (uintptr_t)&fence};

	if (ioctl(sync_file, SYNC_IOC_FILE_INFO, &info)) {
		check(false, "SYNC_IOC_FILE_INFO: %s", strerror(errno));
		return 0;
	}
	check(info.num_fences == 1, "a sync file of %u fences", info.num_fences);
	check(fence.driver_name[0] && fence.obj_name[0], "a fence without names");
	return fence.status;
}

/* --- More clients than contexts --- */

static void on_alarm(int number)
{
	(void)number;
}

/* Once, without repeating it after a signal. */
static int submit_once(struct vm_client *client, uint32_t in)
{
	static const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(struct drm_asahi_cmd_compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = VM_CLIENT_NOWHERE},
	};
	struct drm_asahi_sync sync = {.handle = in};
	struct drm_asahi_submit submit = {
		.syncs = (uintptr_t)&sync,
		.cmdbuf = (uintptr_t)&command,
		.queue_id = client->queue,
		.in_sync_count = 1,
		.cmdbuf_size = sizeof(command),
	};

	return ioctl(client->fd, DRM_IOCTL_ASAHI_SUBMIT, &submit) ? -errno : 0;
}

static void test_contexts(const char *node)
{
	static struct vm_client clients[CLIENTS];
	struct sigaction action = {.sa_handler = on_alarm};
	int timeline = timeline_open(), fence = fence_create(timeline, 1), child, status, i, err;
	uint32_t in;

	for (i = 0; i < CLIENTS; i++) {
		err = vm_client_init(&clients[i], node);
		check(!err, "client %d: %s", i, strerror(-err));
		if (err)
			return;
	}
	for (i = 0; i < CONTEXTS; i++) {
		in = syncobj_of(&clients[i], fence);
		err = vm_client_submit(&clients[i], VM_CLIENT_COMPUTE, in, clients[i].syncobj);
		check(!err, "job %d: %s", i, strerror(-err));
	}
	check(vm_client_wait(&clients[0], clients[0].syncobj, 100) == -ETIME,
	      "a job ends before its dependency");

	/* The last one has to wait, and can be called away. */
	in = syncobj_of(&clients[CONTEXTS], fence);
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	err = submit_once(&clients[CONTEXTS], in);
	check(err == -EINTR, "the 64th client: expected EINTR, got %s", strerror(-err));

	/* When the others go on, it does. */
	child = fork();
	if (!child) {
		sleep(1);
		timeline_advance(timeline, 1);
		_exit(failures > 0);
	}
	err = vm_client_submit(&clients[CONTEXTS], VM_CLIENT_COMPUTE, in,
			       clients[CONTEXTS].syncobj);
	check(!err, "the 64th client: %s", strerror(-err));
	check(waitpid(child, &status, 0) == child && !status, "the child failed");
	for (i = 0; i < CLIENTS; i++) {
		err = vm_client_wait(&clients[i], clients[i].syncobj, WAIT_MS);
		if (!err)
			err = vm_client_status(&clients[i], clients[i].syncobj);
		check(!err, "job %d ends with %d", i, err);
		vm_client_close(&clients[i]);
	}
	close(fence);
	close(timeline);
}

/* --- Clients that go --- */

static int send_fd(int through, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(through, &message, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int through)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(through, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

enum way {
	KILLED,
	EXITED,
	CLOSED,
	DESTROYED
};

static const char *const ways[] = {"killed", "exited", "closed", "destroyed"};

/* Several jobs, one after the other, the first of which waits. Gives the last one's fence. */
static int submit_some(struct vm_client *client, const char *node, int fence)
{
	int err = vm_client_init(client, node), i;
	uint32_t in;

	if (err)
		return err;
	in = syncobj_of(client, fence);
	for (i = 0; !err && i < 5; i++)
		err = vm_client_submit(client, VM_CLIENT_COMPUTE | VM_CLIENT_RENDER, i ? 0 : in,
				       client->syncobj);
	return err ? err : export_fence(client, client->syncobj);
}

static void run_client(const char *node, enum way way, int fence, int through)
{
	struct vm_client client;
	struct drm_asahi_queue_destroy queue;
	struct drm_asahi_vm_destroy vm;
	int out = submit_some(&client, node, fence);

	if (out < 0 || send_fd(through, out))
		_exit(1);
	switch (way) {
	case KILLED:
		for (;;)
			pause();
	case EXITED:
		break;
	case CLOSED:
		vm_client_close(&client);
		break;
	case DESTROYED:
		queue = (struct drm_asahi_queue_destroy){.queue_id = client.queue};
		vm = (struct drm_asahi_vm_destroy){.vm_id = client.vm};
		if (vm_client_ioctl(client.fd, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &queue) ||
		    vm_client_ioctl(client.fd, DRM_IOCTL_ASAHI_VM_DESTROY, &vm))
			_exit(1);
		break;
	}
	_exit(0);
}

static void test_way(const char *node, enum way way)
{
	int timeline = timeline_open(), fence = fence_create(timeline, 1);
	int sockets[2], out, status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) {
		check(false, "socketpair: %s", strerror(errno));
		return;
	}
	child = fork();
	if (!child)
		run_client(node, way, fence, sockets[0]);
	close(sockets[0]);
	out = receive_fd(sockets[1]);
	close(sockets[1]);
	if (way == KILLED)
		kill(child, SIGKILL);
	check(waitpid(child, &status, 0) == child && (way == KILLED || !status),
	      "%s: the client failed", ways[way]);
	if (out < 0) {
		check(false, "%s: no fence", ways[way]);
		goto out_close;
	}

	check(!is_signalled(out, 200) && !fence_status(out), "%s: a job ends too early", ways[way]);
	timeline_advance(timeline, 1);
	check(is_signalled(out, WAIT_MS), "%s: the last job does not end", ways[way]);
	status = fence_status(out);
	switch (way) {
	case KILLED:
		check(status == -ECANCELED, "killed: expected ECANCELED, got %d", status);
		break;
	case DESTROYED: /* nothing is mapped any more */
		check(status < 0, "destroyed: expected an error, got %d", status);
		break;
	default:
		check(status == 1, "%s: the last job ends with %d", ways[way], status);
	}
	/* What the fence came from goes now, in its own time. */
	usleep(300000);
	check(fence_status(out) == status, "%s: the fence has changed", ways[way]);

out_close:
	close(out);
	close(fence);
	close(timeline);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : NULL;
	int fd = timeline_open();

	if (fd < 0) {
		fprintf(stderr, "vm-pending: no sw_sync: %s\n", strerror(errno));
		return SKIPPED;
	}
	close(fd);
	fd = vm_client_open_node(node);
	if (fd < 0) {
		fprintf(stderr, "vm-pending: no node: %s\n", strerror(-fd));
		return SKIPPED;
	}
	close(fd);

	test_contexts(node);
	for (enum way way = KILLED; way <= DESTROYED; way++)
		test_way(node, way);
	printf("%d failed\n", failures);
	return failures > 0;
}
