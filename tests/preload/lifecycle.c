// SPDX-License-Identifier: MIT
/* Descriptors that multiply, travel and disappear in odd ways. */
#include "client.h"

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SIZE 16384

static char *self;

static int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void duplicates_share_handles(void **state)
{
	int fd = open_node(), copies[4], other = open_node();
	uint32_t handle = create_bo(fd, SIZE);
	size_t i;

	copies[0] = dup(fd);
	copies[1] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	assert_true(copies[1] >= 100);
	copies[2] = dup2(fd, 200);
	copies[3] = dup3(fd, 201, O_CLOEXEC);
	close(fd);
	for (i = 0; i < 4; i++)
		bo_offset(copies[i], handle);
	/* Another open has handles of its own. */
	assert_int_equal(close_bo(other, handle), EINVAL);
	close(other);
	for (i = 0; i < 3; i++)
		close(copies[i]);
	assert_int_equal(close_bo(copies[3], handle), 0);
	close(copies[3]);
	assert_int_equal(try_node(copies[3]), EBADF);
}

static void dup2_replaces_the_node(void **state)
{
	int fd = open_node(), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t handle;

	assert_int_equal(dup2(null, fd), fd);
	assert_int_equal(try_node(fd), ENOTTY);
	close(null);
	close(fd);

	/* Onto itself it is no change; from nothing it changes nothing. */
	fd = open_node();
	assert_int_equal(dup2(fd, fd), fd);
	assert_int_equal(try_node(fd), 0);
	handle = create_bo(fd, SIZE);
	assert_int_equal(dup2(-1, fd), -1);
	assert_int_equal(dup3(fd, fd, 0), -1);
	assert_int_equal(close_bo(fd, handle), 0);
	close(fd);
}

static void high_descriptors_work(void **state)
{
	struct rlimit limit;
	int fd = open_node(), high;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	high = limit.rlim_cur > 1 << 20 ? 1 << 20 : (int)limit.rlim_cur - 1;
	assert_int_equal(dup2(fd, high), high);
	close(fd);
	assert_int_equal(try_node(high), 0);
	close(high);
	assert_int_equal(try_node(high), EBADF);
}

static void vfork_child_closes_only_its_own(void **state)
{
	int fd = open_node();
	uint32_t handle = create_bo(fd, SIZE);
	pid_t pid;

	pid = vfork();
	if (!pid) {
		close(fd);
		dup2(0, fd);
		close_range(3, ~0u, 0);
		_exit(0);
	}
	assert_int_equal(wait_status(pid), 0);
	assert_int_equal(close_bo(fd, handle), 0);
	close(fd);
}

static void spawned_program_inherits_the_node(void **state)
{
	int fd = open(node_path(), O_RDWR), fresh = open_node();
	char number[16], *argv[] = {self, (char *)"--use", number, NULL};
	posix_spawn_file_actions_t actions;
	extern char **environ;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 77);
	posix_spawn_file_actions_addclose(&actions, fresh);
	snprintf(number, sizeof(number), "77");
	assert_int_equal(posix_spawn(&pid, self, &actions, NULL, argv, environ), 0);
	assert_int_equal(wait_status(pid), 0);
	posix_spawn_file_actions_destroy(&actions);

	/* By fork and exec, without closing on exec. */
	snprintf(number, sizeof(number), "%d", fd);
	pid = fork();
	if (!pid) {
		execv(self, argv);
		_exit(1);
	}
	assert_int_equal(wait_status(pid), 0);
	assert_int_equal(try_node(fd), 0);
	assert_int_equal(try_node(fresh), 0);
	close(fd);
	close(fresh);
}

static int child_uses(int fd, uint32_t handle, volatile uint32_t *map)
{
	uint32_t own;
	volatile uint32_t *own_map;

	if (try_node(fd))
		return 1;
	/* The parent's buffer is shared. */
	if (map[0] != 0x1234)
		return 2;
	map[1] = 0x5678;
	own = create_bo(fd, SIZE);
	own_map = map_bo(fd, own, SIZE);
	own_map[0] = 99;
	if (own == handle || map[0] != 0x1234)
		return 3;
	return close_bo(fd, own) ? 4 : 0;
}

static void forked_child_uses_the_node(void **state)
{
	int fd = open_node();
	uint32_t handle = create_bo(fd, SIZE), next;
	volatile uint32_t *map = map_bo(fd, handle, SIZE);
	pid_t pid;

	map[0] = 0x1234;
	pid = fork();
	if (!pid)
		_exit(child_uses(fd, handle, map));
	assert_int_equal(wait_status(pid), 0);
	assert_int_equal(map[1], 0x5678);
	/* What the child allocated did not touch the parent's memory. */
	next = create_bo(fd, SIZE);
	assert_int_equal(*(uint32_t *)map_bo(fd, next, SIZE), 0);
	close_bo(fd, next);
	close_bo(fd, handle);
	close(fd);
}

static void raw_clone_child_uses_the_node(void **state)
{
	int fd = open_node();
	uint32_t handle = create_bo(fd, SIZE);
	volatile uint32_t *map = map_bo(fd, handle, SIZE);
	pid_t pid;

	map[0] = 0x1234;
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		_exit(child_uses(fd, handle, map));
	assert_int_equal(wait_status(pid), 0);
	assert_int_equal(map[1], 0x5678);
	assert_int_equal(close_bo(fd, handle), 0);
	close(fd);
}

static void ranges_close_the_node(void **state)
{
	int fd = open_node(), low;

	low = dup2(fd, 300);
	assert_int_equal(close_range(300, 310, 4 /* CLOSE_RANGE_CLOEXEC */), 0);
	assert_int_equal(try_node(low), 0);
	assert_int_equal(close_range(300, 310, 0), 0);
	assert_int_equal(try_node(low), EBADF);
	assert_int_equal(try_node(fd), 0);
	dup2(fd, 400);
	closefrom(400);
	assert_int_equal(try_node(400), EBADF);
	close(fd);
}

static void fclose_closes_the_node(void **state)
{
	int fd = open_node(), again;
	uint64_t before;
	FILE *file;

	before = live_bos(fd);
	create_bo(fd, SIZE);
	file = fdopen(fd, "r+");
	assert_non_null(file);
	fclose(file);
	again = open_node();
	assert_int_equal(live_bos(again), before);
	file = fopen(node_path(), "r+");
	assert_non_null(file);
	assert_int_equal(try_node(fileno(file)), 0);
	fclose(file);
	close(again);
}

/* What a raw close leaves behind must not catch the descriptor's next owner. */
static void stale_entries_do_no_harm(void **state)
{
	int fd = open_node(), memory;
	uint32_t handle = create_bo(fd, SIZE);
	uint64_t offset = bo_offset(fd, handle);
	uint32_t *map;
	int bytes;

	syscall(SYS_close, fd);
	memory = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(memory, fd);
	assert_int_equal(ftruncate(memory, SIZE), 0);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	map[0] = 0x77;
	assert_int_equal(pread(memory, &bytes, 4, 0), 4);
	assert_int_equal(bytes, 0x77);
	munmap(map, SIZE);
	assert_true(offset != 0);
	close(memory);

	/* Reopened under a stale number, it is a new file. */
	fd = open_node();
	syscall(SYS_close, fd);
	assert_int_equal(open_node(), fd);
	assert_int_equal(close_bo(fd, handle), EINVAL);
	close(fd);
}

static void sent_descriptor_is_the_same_file(void **state)
{
	int fd = open_node(), pair[2], received;
	uint32_t handle = create_bo(fd, SIZE);
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x';
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
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	assert_int_equal(sendmsg(pair[0], &message, 0), 1);
	assert_int_equal(recvmsg(pair[1], &message, 0), 1);
	memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	assert_int_not_equal(received, fd);
	assert_int_equal(close_bo(received, handle), 0);
	close(received);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void o_path_is_no_node(void **state)
{
	int fd = open(node_path(), O_PATH | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(try_node(fd), EBADF);
	close(fd);
}

static void ioctls_of_others_go_to_the_kernel(void **state)
{
	int fd = open_node(), pipes[2], bytes = -1;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "abc", 3), 3);
	assert_int_equal(ioctl(pipes[0], FIONREAD, &bytes), 0);
	assert_int_equal(bytes, 3);
	assert_int_equal(ioctl(pipes[0], DRM_IOCTL_VERSION, NULL), -1);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(isatty(fd), 0);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duplicates_share_handles),
		cmocka_unit_test(dup2_replaces_the_node),
		cmocka_unit_test(high_descriptors_work),
		cmocka_unit_test(vfork_child_closes_only_its_own),
		cmocka_unit_test(spawned_program_inherits_the_node),
		cmocka_unit_test(forked_child_uses_the_node),
		cmocka_unit_test(raw_clone_child_uses_the_node),
		cmocka_unit_test(ranges_close_the_node),
		cmocka_unit_test(fclose_closes_the_node),
		cmocka_unit_test(stale_entries_do_no_harm),
		cmocka_unit_test(sent_descriptor_is_the_same_file),
		cmocka_unit_test(o_path_is_no_node),
		cmocka_unit_test(ioctls_of_others_go_to_the_kernel),
	};

	/* The program that spawned_program_inherits_the_node() runs. */
	if (argc == 3 && !strcmp(argv[1], "--use"))
		return try_node(atoi(argv[2])) || !create_bo(atoi(argv[2]), SIZE);
	self = realpath("/proc/self/exe", NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
