// SPDX-License-Identifier: MIT
/* Implicit synchronisation of dma-bufs: DMA_BUF_IOCTL_*, in one node and between several. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asahi_drm.h"
#include "sync_fixture.h"

#define WAIT_10S sync_in(10 * SYNC_NS_PER_S)

/* The argument of both sync-file calls (Linux 6.0). */
struct sync_file_arg {
	uint32_t flags;
	int32_t fd;
};
#define EXPORT_SYNC_FILE _IOWR(DMA_BUF_BASE, 2, struct sync_file_arg)
#define IMPORT_SYNC_FILE _IOW(DMA_BUF_BASE, 3, struct sync_file_arg)

static int make_dmabuf(struct sync_fixture *f)
{
	struct drm_asahi_gem_create create = {.size = 0x4000};
	struct drm_prime_handle prime = {.flags = DRM_CLOEXEC | DRM_RDWR};

	assert_int_equal(sync_ioctl(f, DRM_IOCTL_ASAHI_GEM_CREATE, &create), 0);
	prime.handle = create.handle;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	return prime.fd;
}

static long dmabuf(struct sync_fixture *f, int fd, unsigned long request, const void *arg)
{
	return agx_node_dmabuf_ioctl(f->node, fd, request, (uintptr_t)arg);
}

static int export_file(struct sync_fixture *f, int fd, uint32_t flags)
{
	struct sync_file_arg arg = {.flags = flags, .fd = -1};
	long ret = dmabuf(f, fd, EXPORT_SYNC_FILE, &arg);

	return ret ? (int)ret : arg.fd;
}

static long import_file(struct sync_fixture *f, int fd, uint32_t flags, int file)
{
	struct sync_file_arg arg = {.flags = flags, .fd = file};

	return dmabuf(f, fd, IMPORT_SYNC_FILE, &arg);
}

static long cpu_sync(struct sync_fixture *f, int fd, uint64_t flags)
{
	struct dma_buf_sync sync = {.flags = flags};

	return dmabuf(f, fd, DMA_BUF_IOCTL_SYNC, &sync);
}

static void bad_arguments_are_refused(void **state)
{
	struct sync_fixture *f = *state;
	int fd = make_dmabuf(f), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char name[DMA_BUF_NAME_LEN + 1];

	assert_int_equal(cpu_sync(f, fd, 0), -EINVAL);
	assert_int_equal(cpu_sync(f, fd, DMA_BUF_SYNC_END), -EINVAL);
	assert_int_equal(cpu_sync(f, fd, 8 | DMA_BUF_SYNC_READ), -EINVAL);
	assert_int_equal(cpu_sync(f, fd, 1ull << 40 | DMA_BUF_SYNC_READ), -EINVAL);
	assert_int_equal(cpu_sync(f, fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW), 0);
	assert_int_equal(cpu_sync(f, fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW), 0);
	assert_int_equal(export_file(f, fd, 0), -EINVAL);
	assert_int_equal(export_file(f, fd, 4), -EINVAL);
	assert_int_equal(import_file(f, fd, 0, -1), -EINVAL);
	assert_int_equal(import_file(f, fd, 4, -1), -EINVAL);
	assert_int_equal(import_file(f, fd, DMA_BUF_SYNC_READ, -1), -EINVAL);
	assert_int_equal(import_file(f, fd, DMA_BUF_SYNC_READ, null), -EINVAL);
	assert_int_equal(dmabuf(f, fd, _IO(DMA_BUF_BASE, 77), NULL), -ENOTTY);
	assert_int_equal(cpu_sync(f, null, DMA_BUF_SYNC_READ), -ENOTTY);
	memset(name, 'x', sizeof(name));
	assert_int_equal(dmabuf(f, fd, DMA_BUF_SET_NAME_A, name), -EINVAL);
	name[DMA_BUF_NAME_LEN - 1] = 0;
	assert_int_equal(dmabuf(f, fd, DMA_BUF_SET_NAME_A, name), 0);
	assert_int_equal(dmabuf(f, fd, DMA_BUF_SET_NAME_B, "short"), 0);
	close(fd);
	close(null);
}

static void an_idle_buffer_exports_a_signalled_file(void **state)
{
	struct sync_fixture *f = *state;
	int fd = make_dmabuf(f), file = export_file(f, fd, DMA_BUF_SYNC_RW);

	assert_true(file >= 0);
	assert_true(sync_fd_ready(file));
	close(file);
	close(fd);
}

static void readers_wait_for_writers_and_writers_for_all(void **state)
{
	struct sync_fixture *f = *state;
	struct sync_pending reader = sync_pending_begin(), writer = sync_pending_begin();
	int fd = make_dmabuf(f), for_read, for_write;

	assert_int_equal(import_file(f, fd, DMA_BUF_SYNC_READ, reader.read_fd), 0);
	for_read = export_file(f, fd, DMA_BUF_SYNC_READ);
	for_write = export_file(f, fd, DMA_BUF_SYNC_WRITE);
	assert_true(sync_fd_ready(for_read));
	assert_false(sync_fd_ready(for_write));
	close(for_read);
	assert_int_equal(import_file(f, fd, DMA_BUF_SYNC_WRITE, writer.read_fd), 0);
	for_read = export_file(f, fd, DMA_BUF_SYNC_READ);
	assert_false(sync_fd_ready(for_read));
	sync_pending_end(&writer, 0);
	assert_true(sync_fd_wait(for_read));
	assert_false(sync_fd_ready(for_write));
	sync_pending_end(&reader, 0);
	assert_true(sync_fd_wait(for_write));
	close(for_read);
	close(for_write);
	close(fd);
}

struct cpu_wait {
	struct sync_fixture *f;
	int fd;
	uint64_t flags;
	long result;
};

static void *cpu_wait_thread(void *data)
{
	struct cpu_wait *wait = data;

	wait->result = cpu_sync(wait->f, wait->fd, wait->flags);
	return NULL;
}

static void cpu_access_waits(void **state)
{
	struct sync_fixture *f = *state;
	struct sync_pending writer = sync_pending_begin();
	struct cpu_wait wait = {f, make_dmabuf(f), DMA_BUF_SYNC_READ, 1};
	pthread_t thread;

	assert_int_equal(import_file(f, wait.fd, DMA_BUF_SYNC_WRITE, writer.read_fd), 0);
	/* The end of an access does not wait. */
	assert_int_equal(cpu_sync(f, wait.fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ), 0);
	assert_int_equal(pthread_create(&thread, NULL, cpu_wait_thread, &wait), 0);
	usleep(10000);
	assert_int_equal(pthread_tryjoin_np(thread, NULL), EBUSY);
	sync_pending_end(&writer, 0);
	pthread_join(thread, NULL);
	assert_int_equal(wait.result, 0);
	close(wait.fd);
}

static void another_node_sees_pending_fences(void **state)
{
	struct sync_fixture *a = *state, *b = sync_open(false);
	struct sync_pending writer = sync_pending_begin(), reader = sync_pending_begin();
	int fd = make_dmabuf(a), file, for_write;

	assert_int_equal(import_file(a, fd, DMA_BUF_SYNC_WRITE, writer.read_fd), 0);
	assert_int_equal(import_file(a, fd, DMA_BUF_SYNC_READ, reader.read_fd), 0);
	file = export_file(b, fd, DMA_BUF_SYNC_READ);
	for_write = export_file(b, fd, DMA_BUF_SYNC_WRITE);
	assert_false(sync_fd_ready(file));
	assert_false(sync_fd_ready(for_write));
	sync_pending_end(&writer, 0);
	assert_true(sync_fd_wait(file));
	assert_false(sync_fd_ready(for_write));
	assert_int_equal(cpu_sync(b, fd, DMA_BUF_SYNC_READ), 0);
	sync_pending_end(&reader, 0);
	assert_true(sync_fd_wait(for_write));
	assert_int_equal(cpu_sync(b, fd, DMA_BUF_SYNC_WRITE), 0);
	close(file);
	close(for_write);
	close(fd);
	sync_close(b);
}

static void later_fences_are_not_waited_for(void **state)
{
	struct sync_fixture *a = *state, *b = sync_open(false);
	struct sync_pending first = sync_pending_begin(), second = sync_pending_begin();
	int fd = make_dmabuf(a), file;

	/* b waits for a's first access; a's second one then waits for b's: no deadlock. */
	assert_int_equal(import_file(a, fd, DMA_BUF_SYNC_READ, first.read_fd), 0);
	file = export_file(b, fd, DMA_BUF_SYNC_WRITE);
	assert_int_equal(import_file(b, fd, DMA_BUF_SYNC_WRITE, file), 0);
	assert_int_equal(import_file(a, fd, DMA_BUF_SYNC_READ, second.read_fd), 0);
	assert_false(sync_fd_ready(file));
	sync_pending_end(&first, 0);
	assert_true(sync_fd_wait(file));
	sync_pending_end(&second, 0);
	close(file);
	close(fd);
	sync_close(b);
}

static void a_dead_process_is_not_waited_for(void **state)
{
	struct sync_fixture *f = *state;
	struct sync_pending writer = sync_pending_begin();
	int fd = make_dmabuf(f), ready[2], status, file;
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = sync_fork();
	if (!pid) {
		struct agx_node_config config = {.memory_limit = 64 << 20};
		struct sync_fixture own;

		if (agx_node_create(&config, &own.node) || agx_file_open(own.node, &own.file) ||
		    import_file(&own, fd, DMA_BUF_SYNC_WRITE, writer.read_fd) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	file = export_file(f, fd, DMA_BUF_SYNC_READ);
	assert_false(sync_fd_ready(file));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(sync_fd_wait(file));
	assert_int_equal(cpu_sync(f, fd, DMA_BUF_SYNC_WRITE), 0);
	sync_pending_abandon(&writer);
	close(file);
	close(ready[0]);
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, sync_setup, sync_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bad_arguments_are_refused),
		T(an_idle_buffer_exports_a_signalled_file),
		T(readers_wait_for_writers_and_writers_for_all),
		T(cpu_access_waits),
		T(another_node_sees_pending_fences),
		T(later_fences_are_not_waited_for),
		T(a_dead_process_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
