// SPDX-License-Identifier: MIT
/*
 * Buffers' and fences' descriptors are known by number and not looked at each time (fdtrack.h):
 * whatever a program does to them, the node must never take one for another. Each test runs in a
 * process of its own, because an unseen close ends the tracking for good.
 */
#include "client.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "node/fdtrack.h"

#define SIZE 16384

/* DMA_BUF_IOCTL_EXPORT_SYNC_FILE, Linux 6.0 */
struct export_sync_file {
	uint32_t flags;
	int32_t fd;
};
#define EXPORT_SYNC_FILE _IOWR('b', 2, struct export_sync_file)

static char *self;
static int node;
static uint32_t signalled, target;

static void begin(void)
{
	node = open_node();
	assert_int_equal(drmSyncobjCreate(node, DRM_SYNCOBJ_CREATE_SIGNALED, &signalled), 0);
	assert_int_equal(drmSyncobjCreate(node, 0, &target), 0);
}

static int export_fence(void)
{
	int fd = -1;

	assert_int_equal(drmSyncobjExportSyncFile(node, signalled, &fd), 0);
	return fd;
}

/* 0 or the errno. */
static int import_fence(int fd)
{
	return drmSyncobjImportSyncFile(node, target, fd) ? errno : 0;
}

/* The first export is the pipe itself; from the second on they are numbers that are tracked. */
static int tracked_fence(void)
{
	int first = export_fence(), fd = export_fence();

	close(first);
	assert_true(fd >= AGX_FDTRACK_FIRST);
	return fd;
}

static int export_buffer(uint32_t handle)
{
	int fd = -1;

	assert_int_equal(drmPrimeHandleToFD(node, handle, DRM_CLOEXEC | DRM_RDWR, &fd), 0);
	return fd;
}

static uint32_t import_buffer(int fd)
{
	uint32_t handle;

	return drmPrimeFDToHandle(node, fd, &handle) ? 0 : handle;
}

/* From now on this process can look at no descriptor. */
static void forbid_looking(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fstat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void known_ones_are_not_looked_at(void)
{
	uint32_t handle = create_bo(node, SIZE);
	int fence = tracked_fence(), buffer = export_buffer(handle), copy;

	copy = fcntl(buffer, F_DUPFD_CLOEXEC, 3);
	assert_true(copy >= AGX_FDTRACK_FIRST);
	forbid_looking();
	assert_int_equal(import_fence(fence), 0);
	assert_int_equal(import_buffer(buffer), handle);
	assert_int_equal(import_buffer(copy), handle);
	close(buffer);
	assert_int_equal(import_buffer(copy), handle);
	/* Closed: has to be looked at. */
	close(fence);
	assert_int_equal(import_fence(fence), EINVAL);
	assert_int_equal(import_buffer(buffer), 0);
}

static void a_closed_number_is_forgotten(void)
{
	int pair[2], fd = tracked_fence();

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	close(fd);
	assert_int_equal(syscall(SYS_dup3, pair[0], fd, O_CLOEXEC), fd);
	assert_int_equal(import_fence(fd), EINVAL);
	syscall(SYS_close, fd);

	fd = tracked_fence();
	assert_int_equal(close_range((unsigned int)fd, (unsigned int)fd, 0), 0);
	assert_int_equal(syscall(SYS_dup3, pair[0], fd, O_CLOEXEC), fd);
	assert_int_equal(import_fence(fd), EINVAL);
	syscall(SYS_close, fd);
}

static void a_replaced_number_is_forgotten(void)
{
	uint32_t handle = create_bo(node, SIZE), other = create_bo(node, SIZE);
	int fd = tracked_fence(), buffer = export_buffer(handle), second = export_buffer(other);

	assert_int_equal(dup2(STDERR_FILENO, fd), fd);
	assert_int_equal(import_fence(fd), EINVAL);
	assert_int_equal(dup3(second, buffer, O_CLOEXEC), buffer);
	assert_int_equal(import_buffer(buffer), other);
	assert_int_equal(import_buffer(second), other);
	/* One kind by the number of the other. */
	assert_int_equal(dup2(second, fd), fd);
	assert_int_equal(import_buffer(fd), other);
	assert_int_equal(import_fence(fd), EINVAL);
	assert_int_equal(import_buffer(tracked_fence()), 0);
}

/* Several times: an unseen close is noticed when the number is given out again. */
static void raw_closes_are_noticed(void)
{
	int fd = tracked_fence(), pair[2];

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	syscall(SYS_close, fd);
	assert_int_equal(export_fence(), fd);
	syscall(SYS_close, fd);
	assert_int_equal(syscall(SYS_dup3, pair[0], fd, O_CLOEXEC), fd);
	assert_int_equal(import_fence(fd), EINVAL);
	assert_int_equal(import_fence(export_fence()), 0);
}

static void a_number_that_is_anothers_ends_the_tracking(void)
{
	int fd = tracked_fence(), other = export_fence(), null = open("/dev/null", O_RDWR);

	syscall(SYS_close, fd);
	assert_int_equal(fcntl(null, F_DUPFD, fd), fd);
	assert_int_equal(import_fence(fd), EINVAL);
	/* The other was not closed, but nothing is believed now. */
	syscall(SYS_dup3, null, other, O_CLOEXEC);
	assert_int_equal(import_fence(other), EINVAL);
}

static void raw_replacement_is_found_by_a_sample(void)
{
	int fd = tracked_fence(), pair[2], uses = 0;

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_int_equal(syscall(SYS_dup3, pair[0], fd, O_CLOEXEC), fd);
	while (!import_fence(fd))
		assert_true(++uses < AGX_FDTRACK_SAMPLE);
	assert_int_equal(import_fence(fd), EINVAL);
}

/* A program that closes everything that it does not know closes the node's own, too. */
static void sweeps(void (*sweep)(void))
{
	uint32_t handle = create_bo(node, SIZE);
	int fd = export_fence(), buffer, i;

	assert_int_equal(import_fence(fd), 0);
	sweep();
	node = open_node();
	assert_int_equal(drmSyncobjCreate(node, DRM_SYNCOBJ_CREATE_SIGNALED, &signalled), 0);
	assert_int_equal(drmSyncobjCreate(node, 0, &target), 0);
	handle = create_bo(node, SIZE);
	buffer = export_buffer(handle);
	assert_int_equal(import_buffer(buffer), handle);
	for (i = 0; i < 3; i++) {
		struct pollfd waits;

		fd = export_fence();
		waits = (struct pollfd){.fd = fd, .events = POLLIN};
		assert_int_equal(poll(&waits, 1, 0), 1);
		assert_int_equal(import_fence(fd), 0);
	}
}

static void close_each(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

static void close_range_raw(void)
{
	close(node);
	syscall(SYS_close_range, 3, ~0u, 0);
}

static void close_and_occupy(void)
{
	int fd;

	close_each();
	/* Every number is somebody else's now. */
	for (fd = 3; fd < 300; fd++)
		assert_int_equal(syscall(SYS_dup3, STDERR_FILENO, fd, O_CLOEXEC), fd);
}

static void a_sweep_by_close(void)
{
	sweeps(close_each);
}

static void a_sweep_by_raw_close_range(void)
{
	sweeps(close_range_raw);
}

static void a_sweep_whose_numbers_are_taken(void)
{
	sweeps(close_and_occupy);
}

/* The lock's description is the node's own; the buffer's number stays what it is. */
static void a_sweep_that_spares_the_buffer(void)
{
	struct export_sync_file wait = {.flags = 3 /* DMA_BUF_SYNC_RW */};
	uint32_t handle = create_bo(node, SIZE);
	int buffer = export_buffer(handle), fd;

	assert_int_equal(ioctl(buffer, EXPORT_SYNC_FILE, &wait), 0);
	assert_int_equal(import_fence(wait.fd), 0);
	for (fd = AGX_FDTRACK_FIRST; fd < 1024; fd++) {
		if (fd == buffer)
			continue;
		close(fd);
		syscall(SYS_dup3, STDERR_FILENO, fd, O_CLOEXEC);
	}
	wait.fd = -1;
	assert_int_equal(ioctl(buffer, EXPORT_SYNC_FILE, &wait), 0);
	assert_int_equal(import_fence(wait.fd), 0);
	/* Now the buffer's own descriptor too, and the lock's, wherever it went. */
	for (fd = 3; fd < 1100; fd++) {
		if (fd == buffer || fd == node)
			continue;
		close(fd);
		syscall(SYS_dup3, STDERR_FILENO, fd, O_CLOEXEC);
	}
	assert_int_equal(ioctl(buffer, EXPORT_SYNC_FILE, &wait), -1);
	assert_int_equal(errno, EBADF);
}

static void vfork_child_closes_only_its_own(void)
{
	uint32_t handle = create_bo(node, SIZE);
	int fd = tracked_fence(), buffer = export_buffer(handle), copy, status;
	pid_t pid = vfork();

	if (!pid) {
		close(fd);
		dup2(STDERR_FILENO, buffer);
		close_range(3, ~0u, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(import_fence(fd), 0);
	assert_int_equal(import_buffer(buffer), handle);
	/* The tracking goes on. */
	copy = tracked_fence();
	forbid_looking();
	assert_int_equal(import_fence(copy), 0);
}

static void forked_child_keeps_both(void)
{
	uint32_t handle = create_bo(node, SIZE);
	int fd = tracked_fence(), buffer = export_buffer(handle), status;
	pid_t pid = fork();

	if (!pid) {
		assert_int_equal(import_fence(fd), 0);
		assert_int_equal(import_buffer(buffer), handle);
		assert_int_equal(import_fence(tracked_fence()), 0);
		close(fd);
		assert_int_equal(import_fence(fd), EINVAL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(import_fence(fd), 0);
	assert_int_equal(import_buffer(buffer), handle);
}

static void spawned_program_inherits_a_buffer(void)
{
	extern char **environ;
	uint32_t handle = create_bo(node, SIZE);
	char number[16], *argv[] = {self, (char *)"--import", number, NULL};
	int buffer = -1, status;
	pid_t pid;

	assert_int_equal(drmPrimeHandleToFD(node, handle, DRM_RDWR, &buffer), 0);
	snprintf(number, sizeof(number), "%d", buffer);
	assert_int_equal(posix_spawn(&pid, self, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void sent_descriptors_are_looked_at(void)
{
	uint32_t handle = create_bo(node, SIZE);
	int pair[2], sent[2] = {tracked_fence(), export_buffer(handle)}, received[2];
	char control[CMSG_SPACE(sizeof(sent))] = {0}, byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(sent));
	memcpy(CMSG_DATA(header), sent, sizeof(sent));
	assert_int_equal(sendmsg(pair[0], &message, 0), 1);
	close(sent[0]);
	close(sent[1]);
	assert_int_equal(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC), 1);
	memcpy(received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(received));
	assert_int_equal(import_fence(received[0]), 0);
	assert_int_equal(import_buffer(received[1]), handle);
}

static void a_low_limit_of_descriptors_will_do(void)
{
	struct rlimit limit = {.rlim_cur = 128, .rlim_max = 128};
	uint32_t handle = create_bo(node, SIZE);
	int fd;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < 3; i++) {
		fd = export_fence();
		assert_true(fd < 128);
		assert_int_equal(import_fence(fd), 0);
	}
	fd = export_buffer(handle);
	assert_int_equal(import_buffer(fd), handle);
	close(fd);
	assert_int_equal(import_buffer(fd), 0);
}

/* A case of its own process, so that a failure cannot go on with the other cases there. */
static void run_alone(void **state)
{
	extern char **environ;
	char *argv[] = {self, (char *)"--alone", *state, NULL};
	int status;
	pid_t pid;

	assert_int_equal(posix_spawn(&pid, self, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The program that spawned_program_inherits_a_buffer() runs. */
static int import_inherited(int fd)
{
	node = open_node();
	return import_buffer(fd) ? 0 : 1;
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"known_ones_are_not_looked_at", known_ones_are_not_looked_at},
	{"a_closed_number_is_forgotten", a_closed_number_is_forgotten},
	{"a_replaced_number_is_forgotten", a_replaced_number_is_forgotten},
	{"raw_closes_are_noticed", raw_closes_are_noticed},
	{"a_number_that_is_anothers_ends_the_tracking",
	 a_number_that_is_anothers_ends_the_tracking},
	{"raw_replacement_is_found_by_a_sample", raw_replacement_is_found_by_a_sample},
	{"a_sweep_by_close", a_sweep_by_close},
	{"a_sweep_by_raw_close_range", a_sweep_by_raw_close_range},
	{"a_sweep_whose_numbers_are_taken", a_sweep_whose_numbers_are_taken},
	{"a_sweep_that_spares_the_buffer", a_sweep_that_spares_the_buffer},
	{"vfork_child_closes_only_its_own", vfork_child_closes_only_its_own},
	{"forked_child_keeps_both", forked_child_keeps_both},
	{"spawned_program_inherits_a_buffer", spawned_program_inherits_a_buffer},
	{"sent_descriptors_are_looked_at", sent_descriptors_are_looked_at},
	{"a_low_limit_of_descriptors_will_do", a_low_limit_of_descriptors_will_do},
};

#define NUM_CASES (sizeof(cases) / sizeof(cases[0]))

static void run_case(void **state)
{
	begin();
	cases[*(size_t *)*state].run();
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[NUM_CASES];
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "--import"))
		return import_inherited(atoi(argv[2]));
	self = realpath("/proc/self/exe", NULL);
	for (i = 0; i < NUM_CASES; i++) {
		struct CMUnitTest one[] = {{cases[i].name, run_case, NULL, NULL, &i}};

		if (argc == 3 && !strcmp(argv[2], cases[i].name))
			return cmocka_run_group_tests(one, NULL, NULL);
		tests[i] = (struct CMUnitTest){cases[i].name, run_alone, NULL, NULL,
					       (void *)(uintptr_t)cases[i].name};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
