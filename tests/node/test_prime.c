// SPDX-License-Identifier: MIT
/* PRIME: buffers as descriptors, in one process, over fork() and between processes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "node_internal.h"

static int export_bo(struct agx_file *file, uint32_t handle)
{
	struct drm_prime_handle args = {.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR};

	assert_int_equal(call(file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), 0);
	return args.fd;
}

static uint32_t import_fd(struct agx_file *file, int fd)
{
	struct drm_prime_handle args = {.fd = fd};

	assert_int_equal(call(file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), 0);
	return args.handle;
}

static void a_descriptor_is_the_buffer(void **state)
{
	struct fixture f;
	struct agx_bo *bo;
	uint32_t handle;
	char *data, *map;
	int fd;

	fixture_init(&f, NULL);
	handle = make_bo(f.file, 3 * PAGE, 0);
	fd = export_bo(f.file, handle);
	assert_int_equal(lseek(fd, 0, SEEK_END), 3 * PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(agx_dmabuf_is_ours(fd));

	data = map_bo(f.file, handle, 3 * PAGE, &bo);
	strcpy(data + 2 * PAGE, "one memory");
	map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_string_equal(map + 2 * PAGE, "one memory");
	munmap(data, 3 * PAGE);
	agx_bo_put(bo);

	/* It stays when the buffer, its file and its node are gone, as a dma-buf does. */
	fixture_finish(&f);
	assert_string_equal(map + 2 * PAGE, "one memory");
	munmap(map, 3 * PAGE);
	close(fd);
}

static void the_size_of_a_descriptor_is_fixed(void **state)
{
	struct fixture f;
	int fd;

	fixture_init(&f, NULL);
	fd = export_bo(f.file, make_bo(f.file, PAGE, 0));
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 1 << 20), -1);
	close(fd);
	fixture_finish(&f);
}

static void content_from_before_the_export_is_kept(void **state)
{
	struct fixture f;
	struct agx_bo *bo;
	uint32_t handle, other;
	char *before, *after;
	int fd;

	fixture_init(&f, NULL);
	handle = make_bo(f.file, PAGE, 0);
	before = map_bo(f.file, handle, PAGE, &bo);
	strcpy(before, "written first");
	fd = export_bo(f.file, handle);
	after = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_string_equal(after, "written first");
	strcpy(after, "and back");
	assert_string_equal(before, "and back");

	/* Also when nobody mapped it, but the firmware was told to write there. */
	other = make_bo(f.file, PAGE, 0);
	make_object(f.file, other, 0, PAGE);
	close(export_bo(f.file, other));
	munmap(before, PAGE);
	munmap(after, PAGE);
	agx_bo_put(bo);
	close(fd);
	fixture_finish(&f);
}

static void flags_are_those_asked_for(void **state)
{
	struct drm_prime_handle args = {0};
	struct fixture f;

	fixture_init(&f, NULL);
	args.handle = make_bo(f.file, PAGE, 0);
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), 0);
	assert_int_equal(fcntl(args.fd, F_GETFD), 0);
	/* Without RDWR: for reading only. */
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, args.fd, 0),
			 MAP_FAILED);
	assert_int_equal(errno, EACCES);
	assert_int_equal(import_fd(f.file, args.fd), args.handle);
	close(args.fd);
	fixture_finish(&f);
}

/* The importer may write whatever the exporter's descriptor was for. */
static void a_read_only_descriptor_imports(void **state)
{
	struct drm_prime_handle args = {.flags = DRM_CLOEXEC};
	struct fixture f, g;
	struct agx_bo *bo;
	char *data;

	fixture_init(&f, NULL);
	fixture_init(&g, NULL);
	args.handle = make_bo(f.file, PAGE, 0);
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), 0);
	data = map_bo(g.file, import_fd(g.file, args.fd), PAGE, &bo);
	data[0] = 1;
	munmap(data, PAGE);
	agx_bo_put(bo);
	close(args.fd);
	fixture_finish(&g);
	fixture_finish(&f);
}

static void importing_gives_the_same_handle(void **state)
{
	struct agx_node_stats stats;
	struct agx_file *other;
	struct fixture f;
	uint32_t handle, theirs;
	int fd, again, dup_fd;

	fixture_init(&f, NULL);
	assert_int_equal(agx_file_open(f.node, &other), 0);
	make_bo(f.file, PAGE, 0);
	handle = make_bo(f.file, PAGE, 0);
	fd = export_bo(f.file, handle);
	again = export_bo(f.file, handle);
	dup_fd = dup(fd);
	assert_int_equal(import_fd(f.file, fd), handle);
	assert_int_equal(import_fd(f.file, again), handle);
	assert_int_equal(import_fd(f.file, dup_fd), handle);
	theirs = import_fd(other, fd);
	assert_int_equal(theirs, 1);
	assert_int_equal(import_fd(other, dup_fd), theirs);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 2); /* no copies */

	/* One close ends it, as in the kernel: there is one handle. */
	close_bo(f.file, handle);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 2);
	assert_int_equal(import_fd(f.file, fd), handle);
	close_bo(other, theirs);
	close_bo(f.file, handle);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 1);

	/* The descriptor alone still is the buffer. */
	assert_int_equal(import_fd(other, fd), 1);
	close(fd);
	close(again);
	close(dup_fd);
	agx_file_put(other);
	fixture_finish(&f);
}

static void what_is_no_buffer_is_refused(void **state)
{
	struct drm_prime_handle args = {0};
	struct fixture f;
	int fds[4], i;

	fixture_init(&f, NULL);
	fds[0] = open("/dev/null", O_RDWR);
	fds[1] = memfd_create("agx-dmabuf", MFD_CLOEXEC); /* not sealed */
	fds[2] = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fds[2], PAGE), 0);
	assert_int_equal(fcntl(fds[2], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	/* Right in all but its size. */
	fds[3] = memfd_create("agx-dmabuf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fds[3], PAGE + 1), 0);
	assert_int_equal(fcntl(fds[3], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	for (i = 0; i < 4; i++) {
		args.fd = fds[i];
		assert_int_equal(call(f.file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), -EINVAL);
		close(fds[i]);
	}
	args.fd = fds[0];
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), -EBADF);
	fixture_finish(&f);
}

static void an_import_counts_against_the_limit(void **state)
{
	struct agx_node_config small = {.memory_limit = 1 << 20, .single_step = true};
	struct drm_prime_handle args = {0};
	struct fixture f, g;

	fixture_init(&f, NULL);
	fixture_init(&g, &small);
	args.fd = export_bo(f.file, make_bo(f.file, 2 << 20, 0));
	assert_int_equal(call(g.file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), -ENOMEM);
	close(args.fd);
	fixture_finish(&g);
	fixture_finish(&f);
}

/* Without descriptors calls fail, with the right errno, and leave nothing behind. */
static void descriptors_may_run_out(void **state)
{
	struct drm_prime_handle args = {.flags = DRM_CLOEXEC};
	struct rlimit old, none;
	struct agx_mmap map;
	struct fixture f;
	uint64_t offset;
	int fd;

	fixture_init(&f, NULL);
	args.handle = make_bo(f.file, PAGE, 0);
	offset = mmap_offset(f.file, args.handle);
	fd = export_bo(f.file, make_bo(f.file, PAGE, 0));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), -EMFILE);
	assert_int_equal(agx_file_mmap(f.file, offset, PAGE, &map), -EMFILE);
	args.fd = fd;
	assert_int_equal(call(f.file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), 0); /* known */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	close(fd);
	fixture_finish(&f);
}

/* Two nodes stand for two processes here, and see one memory. */
static void another_node_sees_the_same_memory(void **state)
{
	struct fixture f, g;
	struct agx_bo *bo[2];
	uint32_t ours, theirs, vm;
	char *data[2];
	int fd, back;

	fixture_init(&f, NULL);
	fixture_init(&g, NULL);
	ours = make_bo(f.file, 2 * PAGE, 0);
	fd = export_bo(f.file, ours);
	theirs = import_fd(g.file, fd);
	close(fd);
	data[0] = map_bo(f.file, ours, 2 * PAGE, &bo[0]);
	data[1] = map_bo(g.file, theirs, 2 * PAGE, &bo[1]);
	strcpy(data[0] + PAGE, "hello");
	assert_string_equal(data[1] + PAGE, "hello");
	vm = make_vm(g.file);
	assert_int_equal(bind_range(g.file, vm, theirs, PAGE, 2 * PAGE, 0, DRM_ASAHI_BIND_READ), 0);

	/* Exported again from there it still is ours. */
	back = export_bo(g.file, theirs);
	assert_int_equal(import_fd(f.file, back), ours);
	close(back);
	for (int i = 0; i < 2; i++) {
		munmap(data[i], 2 * PAGE);
		agx_bo_put(bo[i]);
	}
	fixture_finish(&g);
	fixture_finish(&f);
}

static void send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	assert_int_equal(sendmsg(socket, &msg, 0), 1);
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	assert_int_equal(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* The child makes its node itself, as a program that was started with the socket does. */
static int other_process(int socket)
{
	struct fixture f;
	struct agx_bo *bo;
	uint32_t handle, answer;
	char *data;
	int fd;

	fixture_init(&f, NULL);
	fd = receive_fd(socket);
	handle = import_fd(f.file, fd);
	assert_int_equal(import_fd(f.file, fd), handle);
	close(fd);
	data = map_bo(f.file, handle, 4 * PAGE, &bo);
	if (strcmp(data + PAGE, "ping"))
		return 1;
	strcpy(data + 2 * PAGE, "pong");
	munmap(data, 4 * PAGE);
	agx_bo_put(bo);

	/* And one in the other direction; this process ends before it is used. */
	answer = make_bo(f.file, PAGE, 0);
	data = map_bo(f.file, answer, PAGE, &bo);
	strcpy(data, "posthumous");
	munmap(data, PAGE);
	agx_bo_put(bo);
	fd = export_bo(f.file, answer);
	send_fd(socket, fd);
	close(fd);
	fixture_finish(&f);
	return 0;
}

static void processes_exchange_buffers(void **state)
{
	int sockets[2], status, fd;
	struct fixture f;
	struct agx_bo *bo;
	uint32_t handle;
	char *data;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	pid = fork();
	if (!pid)
		_exit(other_process(sockets[1]));
	close(sockets[1]);
	fixture_init(&f, NULL);
	handle = make_bo(f.file, 4 * PAGE, 0);
	data = map_bo(f.file, handle, 4 * PAGE, &bo);
	strcpy(data + PAGE, "ping");
	fd = export_bo(f.file, handle);
	send_fd(sockets[0], fd);
	close(fd);
	fd = receive_fd(sockets[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(data + 2 * PAGE, "pong");
	munmap(data, 4 * PAGE);
	agx_bo_put(bo);

	handle = import_fd(f.file, fd);
	close(fd);
	data = map_bo(f.file, handle, PAGE, &bo);
	assert_string_equal(data, "posthumous");
	munmap(data, PAGE);
	agx_bo_put(bo);
	close(sockets[0]);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_is_the_buffer),
		cmocka_unit_test(the_size_of_a_descriptor_is_fixed),
		cmocka_unit_test(content_from_before_the_export_is_kept),
		cmocka_unit_test(flags_are_those_asked_for),
		cmocka_unit_test(a_read_only_descriptor_imports),
		cmocka_unit_test(importing_gives_the_same_handle),
		cmocka_unit_test(what_is_no_buffer_is_refused),
		cmocka_unit_test(an_import_counts_against_the_limit),
		cmocka_unit_test(descriptors_may_run_out),
		cmocka_unit_test(another_node_sees_the_same_memory),
		cmocka_unit_test(processes_exchange_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
