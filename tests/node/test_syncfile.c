// SPDX-License-Identifier: MIT
/* Sync files: polling, import and export, merge, information, other processes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync_fixture.h"
#include "syncfile.h"

#define WAIT_10S sync_in(10 * SYNC_NS_PER_S)

static long file_ioctl(struct sync_fixture *f, int fd, unsigned long request, void *arg)
{
	return agx_node_syncfile_ioctl(f->node, fd, request, (uintptr_t)arg);
}

static void a_signalled_fence_is_ready_at_once(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED), t = sync_create(f, 0);
	int fd = sync_export_file(f, s, 0);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(sync_fd_ready(fd));
	assert_true(agx_syncfile_is_ours(fd));
	assert_int_equal(sync_import_file(f, t, 0, fd), 0);
	assert_int_equal(sync_wait(f, t, 0, 0), 0);
	close(fd);
	assert_int_equal(sync_export_file(f, sync_create(f, 0), 0), -EINVAL);
	assert_int_equal(sync_export_file(f, 99, 0), -ENOENT);
}

static void readiness_follows_the_fence(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), t = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	int fd = sync_export_file(f, s, 0), copy = dup(fd);
	struct pollfd poll_fd = {.fd = copy, .events = POLLIN};

	assert_false(sync_fd_ready(fd));
	assert_int_equal(sync_import_file(f, t, 0, copy), 0);
	/* What happens to the syncobj afterwards does not reach the file. */
	assert_int_equal(sync_reset(f, s), 0);
	assert_int_equal(sync_wait(f, t, 0, 0), -ETIME);
	sync_pending_end(&p, 0);
	assert_int_equal(sync_wait(f, t, 0, WAIT_10S), 0);
	assert_true(sync_fd_wait(fd));
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	assert_true(poll_fd.revents & POLLIN);
	close(fd);
	close(copy);
}

static void timeline_points_go_through_sync_files(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), t = sync_create(f, 0);
	struct sync_pending p1 = sync_make_pending(f, s, 1), p2 = sync_make_pending(f, s, 2);
	int fd1 = sync_export_file(f, s, 1), fd2 = sync_export_file(f, s, 2);
	uint64_t point;

	assert_int_equal(sync_export_file(f, s, 3), -EINVAL);
	assert_int_equal(sync_import_file(f, t, 7, fd2), 0);
	sync_pending_end(&p2, 0);
	sync_pending_end(&p1, 0);
	assert_true(sync_fd_wait(fd1));
	assert_true(sync_fd_wait(fd2));
	assert_int_equal(sync_timeline_wait(f, t, 7, 0, WAIT_10S), 0);
	assert_int_equal(sync_query(f, t, &point, 0), 0);
	assert_int_equal(point, 7);
	close(fd1);
	close(fd2);
}

static int32_t status_of(struct sync_fixture *f, int fd)
{
	struct sync_file_info info = {0};

	assert_int_equal(file_ioctl(f, fd, SYNC_IOC_FILE_INFO, &info), 0);
	return info.status;
}

static void errors_and_deaths_show_in_the_status(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), t = sync_create(f, 0);
	struct sync_pending ps = sync_make_pending(f, s, 0), pt = sync_make_pending(f, t, 0);
	int fs = sync_export_file(f, s, 0), ft = sync_export_file(f, t, 0);

	assert_int_equal(status_of(f, fs), 0);
	sync_pending_end(&ps, EIO);
	sync_pending_abandon(&pt);
	assert_true(sync_fd_wait(fs));
	assert_true(sync_fd_wait(ft));
	assert_int_equal(status_of(f, fs), -EIO);
	assert_int_equal(status_of(f, ft), -ECANCELED);
	/* A wait is over all the same. */
	assert_int_equal(sync_wait(f, s, 0, 0), 0);
	assert_int_equal(sync_wait(f, t, 0, 0), 0);
	close(fs);
	close(ft);
}

static void what_is_no_sync_file_is_refused(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_file_info info = {0};
	int fds[2], closed;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(sync_import_file(f, s, 0, fds[0]), -EINVAL);
	assert_int_equal(sync_import_file(f, s, 0, fds[1]), -EINVAL);
	assert_int_equal(file_ioctl(f, fds[0], SYNC_IOC_FILE_INFO, &info), -ENOTTY);
	closed = fds[0];
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(sync_import_file(f, s, 0, closed), -EINVAL);
	assert_int_equal(file_ioctl(f, closed, SYNC_IOC_FILE_INFO, &info), -ENOTTY);
	assert_false(agx_syncfile_is_ours(closed));
}

static void info_lists_the_fences(void **state)
{
	struct sync_fixture *f = *state;
	struct sync_fence_info fences[4] = {0};
	struct sync_file_info info = {.num_fences = 4, .sync_fence_info = (uintptr_t)fences};
	uint32_t s = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);
	int fd = sync_export_file(f, s, 0);

	assert_int_equal(file_ioctl(f, fd, SYNC_IOC_FILE_INFO, &info), 0);
	assert_int_equal(info.num_fences, 1);
	assert_int_equal(info.status, 1);
	assert_int_equal(fences[0].status, 1);
	assert_int_not_equal(fences[0].timestamp_ns, 0);
	assert_string_equal(fences[0].driver_name, "stub");
	assert_string_equal(info.name, "stub-stub0-0");
	info.flags = 1;
	assert_int_equal(file_ioctl(f, fd, SYNC_IOC_FILE_INFO, &info), -EINVAL);
	info.flags = 0;
	info.pad = 1;
	assert_int_equal(file_ioctl(f, fd, SYNC_IOC_FILE_INFO, &info), -EINVAL);
	assert_int_equal(file_ioctl(f, fd, _IOWR('>', 9, struct sync_file_info), &info), -ENOTTY);
	close(fd);
}

static void merge_waits_for_both(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t a = sync_create(f, 0), b = sync_create(f, 0), c = sync_create(f, 0);
	struct sync_pending pa = sync_make_pending(f, a, 0), pb = sync_make_pending(f, b, 0);
	int fa = sync_export_file(f, a, 0), fb = sync_export_file(f, b, 0);
	struct sync_merge_data merge = {.name = "both", .fd2 = fb};
	struct sync_fence_info fences[2] = {0};
	struct sync_file_info info = {.num_fences = 1, .sync_fence_info = (uintptr_t)fences};

	assert_int_equal(file_ioctl(f, fa, SYNC_IOC_MERGE, &merge), 0);
	assert_int_equal(file_ioctl(f, merge.fence, SYNC_IOC_FILE_INFO, &info), -EINVAL);
	info.num_fences = 2;
	assert_int_equal(file_ioctl(f, merge.fence, SYNC_IOC_FILE_INFO, &info), 0);
	assert_int_equal(info.num_fences, 2);
	assert_int_equal(info.status, 0);
	assert_string_equal(info.name, "both");
	assert_int_equal(fences[0].status, 0);
	assert_int_equal(sync_import_file(f, c, 3, merge.fence), 0);
	sync_pending_end(&pa, 0);
	assert_true(sync_fd_wait(fa));
	assert_false(sync_fd_ready(merge.fence));
	sync_pending_end(&pb, EIO);
	assert_true(sync_fd_wait(merge.fence));
	assert_int_equal(status_of(f, merge.fence), -EIO);
	assert_int_equal(sync_timeline_wait(f, c, 3, 0, WAIT_10S), 0);
	close(merge.fence);
	/* Two that are done merge to one that is done. */
	assert_int_equal(file_ioctl(f, fa, SYNC_IOC_MERGE, &merge), 0);
	assert_true(sync_fd_ready(merge.fence));
	close(merge.fence);

	merge.fd2 = -1;
	assert_int_equal(file_ioctl(f, fa, SYNC_IOC_MERGE, &merge), -ENOENT);
	merge.fd2 = fb;
	merge.flags = 1;
	assert_int_equal(file_ioctl(f, fa, SYNC_IOC_MERGE, &merge), -EINVAL);
	merge.flags = 0;
	merge.pad = 1;
	assert_int_equal(file_ioctl(f, fa, SYNC_IOC_MERGE, &merge), -EINVAL);
	close(fa);
	close(fb);
}

static void merging_one_fence_with_itself_gives_one(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t a = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, a, 0);
	int fd = sync_export_file(f, a, 0);
	struct sync_merge_data merge = {.fd2 = fd};
	struct sync_file_info info = {0};

	assert_int_equal(file_ioctl(f, fd, SYNC_IOC_MERGE, &merge), 0);
	assert_int_equal(file_ioctl(f, merge.fence, SYNC_IOC_FILE_INFO, &info), 0);
	assert_int_equal(info.num_fences, 1);
	sync_pending_end(&p, 0);
	assert_true(sync_fd_wait(merge.fence));
	close(merge.fence);
	close(fd);
}

static void nested_containers_stay_flat(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t a = sync_create(f, 0), b = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, a, 1);

	/* Timeline into sync file into timeline, many times over: no recursion to overflow. */
	for (uint64_t i = 1; i < 3000; i++) {
		int fd = sync_export_file(f, a, i);

		assert_true(fd >= 0);
		assert_int_equal(sync_import_file(f, b, i, fd), 0);
		assert_int_equal(sync_import_file(f, a, i + 1, fd), 0);
		close(fd);
	}
	assert_int_equal(sync_wait(f, b, 0, 0), -ETIME);
	sync_pending_end(&p, 0);
	assert_int_equal(sync_wait(f, b, 0, WAIT_10S), 0);
	assert_int_equal(sync_wait(f, a, 0, WAIT_10S), 0);
}

static void a_closed_reader_does_not_raise_sigpipe(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), t = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	sigset_t pending;

	close(sync_export_file(f, s, 0));
	sync_pending_end(&p, 0);
	/* Here the signal would be raised in this thread. */
	agx_node_step(f->node);
	assert_int_equal(sync_wait(f, s, 0, WAIT_10S), 0);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));

	p = sync_make_pending(f, t, 0);
	close(sync_export_file(f, t, 0));
	sync_pending_end(&p, 0);
	agx_node_step(f->node);
	assert_int_equal(sync_wait(f, t, 0, WAIT_10S), 0);
}

static void abandoned_files_do_not_use_up_descriptors(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	struct rlimit old, small;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	small = old;
	small.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
	for (int i = 0; i < 1000; i++) {
		int fd = sync_export_file(f, s, 0);

		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	sync_pending_end(&p, 0);
}

static void thousands_of_fences(void **state)
{
	enum {
		COUNT = 5000
	};
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0), t = sync_create(f, 0);
	int before = sync_count_fds();

	for (uint64_t i = 1; i <= COUNT; i++) {
		struct sync_pending p = sync_make_pending(f, s, 0);
		int fd = sync_export_file(f, s, 0);

		assert_true(fd >= 0);
		assert_int_equal(sync_import_file(f, t, i, fd), 0);
		sync_pending_end(&p, 0);
		assert_int_equal(sync_timeline_wait(f, t, i, 0, WAIT_10S), 0);
		close(fd);
	}
	sync_reset(f, s);
	/* The watcher, its eventfd and epoll instance may have come. */
	assert_true(sync_count_fds() <= before + 2);
}

static void unused_foreign_fences_are_let_go(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	int before = sync_count_fds();

	for (int i = 0; i < 2000; i++)
		assert_int_equal(sync_import_file(f, s, 0, p.read_fd), 0);
	assert_int_equal(sync_count_fds(), before);
	sync_pending_end(&p, 0);
}

static void two_nodes_of_a_process_share_files(void **state)
{
	struct sync_fixture *f = *state, *other = sync_open(false);
	uint32_t s = sync_create(f, 0), t = sync_create(other, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	int fd = sync_export_file(f, s, 0);

	assert_int_equal(sync_import_file(other, t, 0, fd), 0);
	close(fd);
	assert_int_equal(sync_wait(other, t, 0, 0), -ETIME);
	sync_pending_end(&p, EIO);
	assert_int_equal(sync_wait(other, t, 0, WAIT_10S), 0);
	fd = sync_export_file(other, t, 0);
	assert_int_equal(status_of(other, fd), -EIO);
	close(fd);
	sync_close(other);
}

/* Runs body in a forked process with a node of its own; gives its exit status. */
static int in_child(void (*body)(int fd), int fd)
{
	int status;
	pid_t pid = sync_fork();

	assert_true(pid >= 0);
	if (!pid) {
		body(fd);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void wait_for_file_in_child(int fd, int ready)
{
	struct agx_node_config config = {0};
	struct sync_fixture f;
	uint32_t t;

	if (agx_node_create(&config, &f.node) || agx_file_open(f.node, &f.file))
		_exit(2);
	t = sync_create(&f, 0);
	if (sync_import_file(&f, t, 0, fd))
		_exit(3);
	if (sync_wait(&f, t, 0, 0) != -ETIME)
		_exit(4);
	if (write(ready, "r", 1) != 1)
		_exit(6);
	if (sync_wait(&f, t, 0, sync_in(10 * SYNC_NS_PER_S)))
		_exit(5);
}

static void another_process_waits_for_our_file(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	int fd = sync_export_file(f, s, 0), status, ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	agx_node_fork_prepare(f->node);
	pid = sync_fork();
	if (!pid) {
		close(p.write_fd);
		agx_node_fork_child(f->node);
		/* The file is now another process's to this one's copy of the node, too. */
		if (sync_import_file(f, s, 0, fd) || sync_wait(f, s, 0, 0) != -ETIME)
			_exit(8);
		if (write(ready[1], "r", 1) != 1)
			_exit(9);
		if (sync_wait(f, s, 0, sync_in(10 * SYNC_NS_PER_S)))
			_exit(7);
		_exit(0);
	}
	agx_node_fork_parent(f->node);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	sync_pending_end(&p, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(fd);
}

static void export_and_die(int fd)
{
	struct agx_node_config config = {0};
	struct sync_fixture f;
	struct sync_pending p;
	int file;
	uint32_t s;

	if (agx_node_create(&config, &f.node) || agx_file_open(f.node, &f.file))
		_exit(2);
	s = sync_create(&f, 0);
	p = sync_make_pending(&f, s, 0);
	file = sync_export_file(&f, s, 0);
	sync_send_fd(fd, file);
	pause();
	(void)p;
}

static void the_death_of_the_exporter_ends_the_fence(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t t = sync_create(f, 0);
	int fds[2], status, file;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pid = sync_fork();
	if (!pid) {
		export_and_die(fds[1]);
		_exit(0);
	}
	file = sync_receive_fd(fds[0]);
	assert_true(file >= 0);
	assert_int_equal(sync_import_file(f, t, 0, file), 0);
	assert_int_equal(sync_wait(f, t, 0, 0), -ETIME);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(sync_wait(f, t, 0, WAIT_10S), 0);
	assert_int_equal(status_of(f, file), -ECANCELED);
	close(file);
	close(fds[0]);
	close(fds[1]);
}

static void a_fresh_process_imports(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending p = sync_make_pending(f, s, 0);
	int fd = sync_export_file(f, s, 0), status, ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = sync_fork();
	if (!pid) {
		close(p.write_fd);
		wait_for_file_in_child(fd, ready[1]);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	sync_pending_end(&p, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(fd);
}

static void body_nothing(int fd)
{
	(void)fd;
}

static void a_child_that_ignores_the_node_is_harmless(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, DRM_SYNCOBJ_CREATE_SIGNALED);

	assert_int_equal(in_child(body_nothing, -1), 0);
	assert_int_equal(sync_wait(f, s, 0, 0), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, sync_setup, sync_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_signalled_fence_is_ready_at_once),
		T(readiness_follows_the_fence),
		T(timeline_points_go_through_sync_files),
		T(errors_and_deaths_show_in_the_status),
		T(what_is_no_sync_file_is_refused),
		T(info_lists_the_fences),
		T(merge_waits_for_both),
		T(merging_one_fence_with_itself_gives_one),
		T(nested_containers_stay_flat),
		T(a_closed_reader_does_not_raise_sigpipe),
		cmocka_unit_test_setup_teardown(a_closed_reader_does_not_raise_sigpipe,
						sync_setup_single_step, sync_teardown),
		T(abandoned_files_do_not_use_up_descriptors),
		T(thousands_of_fences),
		T(unused_foreign_fences_are_let_go),
		T(two_nodes_of_a_process_share_files),
		T(another_process_waits_for_our_file),
		T(the_death_of_the_exporter_ends_the_fence),
		T(a_fresh_process_imports),
		T(a_child_that_ignores_the_node_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
