// SPDX-License-Identifier: MIT
/* Syncobjs shared between nodes: of one process, of several, dying and hostile ones. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync_fixture.h"
#include "syncobj_share.h"

#define WAIT_10S sync_in(10 * SYNC_NS_PER_S)

/* A second node with the same object: to it the first is "another process". */
struct pair {
	struct sync_fixture *a, *b;
	uint32_t in_a, in_b;
};

static struct pair make_pair(void **state)
{
	struct pair pair = {.a = *state, .b = sync_open(false)};
	int fd;

	pair.in_a = sync_create(pair.a, 0);
	fd = sync_export(pair.a, pair.in_a);
	pair.in_b = sync_import(pair.b, fd);
	close(fd);
	return pair;
}

static uint64_t point_of(struct sync_fixture *f, uint32_t handle)
{
	uint64_t point = ~0ull;

	assert_int_equal(sync_query(f, handle, &point, 0), 0);
	return point;
}

static void binary_state_crosses_both_ways(void **state)
{
	struct pair p = make_pair(state);

	assert_int_equal(sync_wait(p.b, p.in_b, 0, 0), -EINVAL);
	assert_int_equal(sync_signal(p.a, p.in_a), 0);
	assert_int_equal(sync_wait(p.b, p.in_b, 0, 0), 0);
	assert_int_equal(sync_reset(p.b, p.in_b), 0);
	assert_int_equal(sync_wait(p.a, p.in_a, 0, 0), -EINVAL);
	sync_close(p.b);
}

static void state_from_before_the_export_is_seen(void **state)
{
	struct sync_fixture *a = *state, *b = sync_open(false);
	uint32_t s = sync_create(a, 0), t;
	struct sync_pending p1 = sync_make_pending(a, s, 1), p4 = sync_make_pending(a, s, 4);
	int fd = sync_export(a, s);

	t = sync_import(b, fd);
	close(fd);
	assert_int_equal(point_of(b, t), 0);
	assert_int_equal(sync_timeline_wait(b, t, 4, 0, 0), -ETIME);
	assert_int_equal(sync_timeline_wait(b, t, 5, 0, 0), -EINVAL);
	sync_pending_end(&p1, 0);
	assert_int_equal(sync_timeline_wait(b, t, 1, 0, WAIT_10S), 0);
	assert_int_equal(sync_timeline_wait(b, t, 2, 0, 0), -ETIME);
	assert_int_equal(point_of(b, t), 1);
	sync_pending_end(&p4, 0);
	assert_int_equal(sync_timeline_wait(b, t, 3, 0, WAIT_10S), 0);
	assert_int_equal(point_of(b, t), 4);
	sync_close(b);
}

static void pending_fences_cross_and_signal(void **state)
{
	struct pair p = make_pair(state);
	struct sync_pending in_a = sync_make_pending(p.a, p.in_a, 0), in_b;

	assert_int_equal(sync_wait(p.b, p.in_b, 0, 0), -ETIME);
	sync_pending_end(&in_a, 0);
	assert_int_equal(sync_wait(p.b, p.in_b, 0, WAIT_10S), 0);

	/* Timeline points promised by both sides, in turns. */
	in_a = sync_make_pending(p.a, p.in_a, 1);
	in_b = sync_make_pending(p.b, p.in_b, 2);
	assert_int_equal(sync_timeline_wait(p.a, p.in_a, 2, 0, 0), -ETIME);
	sync_pending_end(&in_b, 0);
	assert_int_equal(sync_timeline_wait(p.a, p.in_a, 2, 0, sync_in(20000000)), -ETIME);
	assert_int_equal(sync_timeline_wait(p.b, p.in_b, 2, 0, 0), -ETIME);
	sync_pending_end(&in_a, 0);
	assert_int_equal(sync_timeline_wait(p.a, p.in_a, 2, 0, WAIT_10S), 0);
	assert_int_equal(sync_timeline_wait(p.b, p.in_b, 2, 0, WAIT_10S), 0);
	assert_int_equal(point_of(p.a, p.in_a), 2);
	assert_int_equal(point_of(p.b, p.in_b), 2);
	sync_close(p.b);
}

static void a_captured_fence_survives_reset_and_replacement(void **state)
{
	struct pair p = make_pair(state);
	struct sync_pending pending = sync_make_pending(p.a, p.in_a, 0);
	int fd = sync_export_file(p.b, p.in_b, 0);

	assert_true(fd >= 0);
	assert_int_equal(sync_reset(p.a, p.in_a), 0);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(sync_signal(p.a, p.in_a), 0);
	assert_int_equal(sync_wait(p.b, p.in_b, 0, 0), 0);
	assert_false(sync_fd_ready(fd));
	sync_pending_end(&pending, EIO);
	assert_true(sync_fd_wait(fd));
	close(fd);
	sync_close(p.b);
}

static void promises_outlive_the_handle(void **state)
{
	struct pair p = make_pair(state);
	struct sync_pending pending = sync_make_pending(p.a, p.in_a, 3);
	int fd;

	assert_int_equal(sync_timeline_wait(p.b, p.in_b, 3, 0, 0), -ETIME);
	sync_destroy(p.a, p.in_a);
	fd = sync_export_file(p.b, p.in_b, 3);
	sync_destroy(p.b, p.in_b);
	assert_false(sync_fd_ready(fd));
	sync_pending_end(&pending, 0);
	assert_true(sync_fd_wait(fd));
	close(fd);
	sync_close(p.b);
}

struct thread_arg {
	struct sync_fixture *f;
	uint32_t handle;
	uint64_t point;
	uint32_t flags;
	long result;
};

static void *wait_thread(void *data)
{
	struct thread_arg *arg = data;

	arg->result = sync_timeline_wait(arg->f, arg->handle, arg->point, arg->flags, WAIT_10S);
	return NULL;
}

static void waits_for_submission_cross(void **state)
{
	struct pair p = make_pair(state);
	struct thread_arg submit = {p.b, p.in_b, 2, AGX_SYNCOBJ_WAIT_FOR_SUBMIT, 1};
	struct thread_arg available = {p.b, p.in_b, 2, AGX_SYNCOBJ_WAIT_AVAILABLE, 1};
	int done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct agx_arg_syncobj_eventfd event = {.handle = p.in_b, .point = 2, .fd = done};
	pthread_t threads[2];
	struct sync_pending pending;

	assert_int_equal(sync_ioctl(p.b, AGX_IOCTL_SYNCOBJ_EVENTFD, &event), 0);
	assert_int_equal(pthread_create(&threads[0], NULL, wait_thread, &submit), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, wait_thread, &available), 0);
	usleep(10000);
	pending = sync_make_pending(p.a, p.in_a, 2);
	pthread_join(threads[1], NULL);
	assert_int_equal(available.result, 0);
	assert_false(sync_fd_ready(done));
	sync_pending_end(&pending, 0);
	pthread_join(threads[0], NULL);
	assert_int_equal(submit.result, 0);
	assert_true(sync_fd_wait(done));
	close(done);
	sync_close(p.b);
}

static void thousands_of_points_reuse_the_slots(void **state)
{
	enum {
		POINTS = 3 * AGX_SHARE_MAX
	};
	struct pair p = make_pair(state);

	for (uint64_t i = 1; i <= POINTS; i++) {
		struct sync_fixture *f = i % 2 ? p.a : p.b;
		uint32_t handle = i % 2 ? p.in_a : p.in_b;
		struct sync_pending pending = sync_make_pending(f, handle, i);

		sync_pending_end(&pending, 0);
		assert_int_equal(sync_timeline_wait(p.a, p.in_a, i, 0, WAIT_10S), 0);
		assert_int_equal(sync_timeline_wait(p.b, p.in_b, i, 0, WAIT_10S), 0);
	}
	assert_int_equal(point_of(p.b, p.in_b), POINTS);
	sync_close(p.b);
}

static void a_full_page_is_out_of_memory(void **state)
{
	struct pair p = make_pair(state);
	struct sync_pending pending = sync_pending_begin();
	uint32_t a = sync_create(p.a, 0);
	uint64_t points = 0;
	long ret = 0;

	/* One descriptor, many fences: each import makes another. */
	while (!ret && points < 2 * AGX_SHARE_MAX) {
		assert_int_equal(sync_import_file(p.a, a, 0, pending.read_fd), 0);
		ret = sync_transfer(p.a, p.in_a, points + 1, a, 0, 0);
		points += !ret;
	}
	assert_int_equal(ret, -ENOMEM);
	assert_int_equal(points, AGX_SHARE_MAX);
	assert_int_equal(sync_timeline_wait(p.b, p.in_b, points, 0, 0), -ETIME);
	sync_pending_end(&pending, 0);
	assert_int_equal(sync_timeline_wait(p.b, p.in_b, points, 0, WAIT_10S), 0);
	/* Room again. */
	pending = sync_make_pending(p.a, p.in_a, points + 1);
	assert_int_equal(sync_timeline_wait(p.b, p.in_b, points + 1, 0, 0), -ETIME);
	sync_pending_end(&pending, 0);
	sync_close(p.b);
}

static void foreign_memfds_are_refused(void **state)
{
	struct sync_fixture *f = *state;
	struct drm_syncobj_handle args = {0};
	int fd = memfd_create("not-a-syncobj", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	args.fd = fd;
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), -EINVAL);
	/* The right size, but it could shrink. */
	assert_int_equal(ftruncate(fd, sizeof(struct agx_share_page)), 0);
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), -EINVAL);
	/* Sealed, but of no known layout. */
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	assert_int_equal(sync_ioctl(f, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), -EINVAL);
	close(fd);
}

static struct agx_share_page *map_page(int fd)
{
	void *page = mmap(NULL, sizeof(struct agx_share_page), PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	return page;
}

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

static void a_hostile_page_does_no_harm(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	int fd = sync_export(f, s);
	struct agx_share_page *page = map_page(fd);

	for (int round = 0; round < 300; round++) {
		uint32_t handles[2] = {s, s};
		struct drm_syncobj_timeline_wait wait = {.handles = (uintptr_t)handles,
							 .count_handles = 2};
		uint64_t points[2] = {next_random() % 8, next_random()};
		unsigned char *bytes = (unsigned char *)page;
		uint32_t edits = 1 + next_random() % 64;

		for (uint32_t i = 0; i < edits; i++) {
			/* The links and the start of the slots, where it matters. */
			uint32_t offset = next_random() % 4096;

			if (next_random() % 2)
				offset += offsetof(struct agx_share_page, slots);
			if (offset >= 8)
				bytes[offset] = (unsigned char)next_random();
		}
		if (next_random() % 2)
			page->num_links = next_random() % 4 ? next_random() % 80 : 0xffffffff;
		for (uint32_t i = 0; i < 16; i++) {
			page->links[i].slot = next_random() % 64;
			page->slots[i].state = next_random() % 5;
		}
		page->generation++;
		page->sequence++;
		wait.points = (uintptr_t)points;
		sync_ioctl(f, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
		sync_query(f, s, &points[0], 0);
		sync_timeline_signal(f, s, next_random());
		if (round % 16 == 0) {
			struct sync_pending pending = sync_pending_begin();

			sync_import_file(f, s, 0, pending.read_fd);
			sync_pending_end(&pending, 0);
			sync_reset(f, s);
		}
	}
	/* Other objects are as good as ever. */
	s = sync_create(f, 0);
	assert_int_equal(sync_signal(f, s), 0);
	assert_int_equal(sync_wait(f, s, 0, 0), 0);
	munmap(page, sizeof(*page));
	close(fd);
}

static void a_peer_that_keeps_the_lock_costs_the_sharing_only(void **state)
{
	struct pair p = make_pair(state);
	struct sync_pending pending = sync_make_pending(p.b, p.in_b, 0);
	int fd = sync_export(p.a, p.in_a), file = sync_export_file(p.a, p.in_a, 0);
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = AGX_SHARE_LOCK, .l_len = 1};

	assert_false(sync_fd_ready(file));
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(sync_signal(p.a, p.in_a), 0);
	assert_int_equal(sync_wait(p.a, p.in_a, 0, 0), 0);
	assert_int_equal(sync_timeline_signal(p.a, p.in_a, 3), 0);
	assert_true(sync_fd_wait(file));
	sync_pending_end(&pending, 0);
	close(file);
	close(fd);
	sync_close(p.b);
}

/*
 * Random calls on few objects, half of them shared between two nodes, with fences that end in
 * random order: nothing may crash, leak or be left pending in the end.
 */
static void random_calls_end_well(void **state)
{
	enum {
		OBJECTS = 4,
		PENDING = 8,
		ROUNDS = 6000
	};
	struct sync_fixture *f[2] = {*state, sync_open(false)};
	uint32_t handles[2][OBJECTS];
	struct sync_pending pending[PENDING];

	for (int i = 0; i < OBJECTS; i++) {
		handles[0][i] = sync_create(f[0], 0);
		if (i % 2) {
			int fd = sync_export(f[0], handles[0][i]);

			handles[1][i] = sync_import(f[1], fd);
			close(fd);
		} else {
			handles[1][i] = sync_create(f[1], 0);
		}
	}
	for (int i = 0; i < PENDING; i++)
		pending[i] = sync_pending_begin();

	for (int round = 0; round < ROUNDS; round++) {
		int side = (int)(next_random() % 2), i = (int)(next_random() % PENDING), fd;
		uint32_t a = handles[side][next_random() % OBJECTS];
		uint32_t b = handles[side][next_random() % OBJECTS];
		uint64_t point = next_random() % 12, other = next_random() % 12, value;

		switch (next_random() % 11) {
		case 0:
			sync_import_file(f[side], a, point, pending[i].read_fd);
			break;
		case 1:
			sync_pending_end(&pending[i], next_random() % 4 ? 0 : EIO);
			pending[i] = sync_pending_begin();
			break;
		case 2:
			sync_transfer(f[side], a, point, b, other, 0);
			break;
		case 3:
			sync_timeline_signal(f[side], a, point);
			break;
		case 4:
			next_random() % 4 ? sync_signal(f[side], a) : sync_reset(f[side], a);
			break;
		case 5:
			sync_query(f[side], a, &value, next_random() % 2);
			break;
		case 6:
			sync_timeline_wait(f[side], a, point, next_random() % 8,
					   sync_in(next_random() % 100000));
			break;
		case 7:
		case 8:
			fd = sync_export_file(f[side], a, point);
			if (fd >= 0) {
				sync_import_file(f[next_random() % 2], b, other, fd);
				close(fd);
			}
			break;
		case 9:
			sync_wait(f[side], a, next_random() % 4, 0);
			break;
		case 10:
			if (next_random() % 16 == 0) {
				/* A local object of this side starts again. */
				sync_destroy(f[side], handles[side][0]);
				handles[side][0] = sync_create(f[side], 0);
			}
			break;
		}
	}
	for (int i = 0; i < PENDING; i++)
		sync_pending_end(&pending[i], 0);
	for (int i = 0; i < 2 * OBJECTS; i++) {
		long ret = sync_wait(f[i % 2], handles[i % 2][i / 2], 0, WAIT_10S);

		assert_true(ret == 0 || ret == -EINVAL);
	}
	sync_close(f[1]);
}

/* A process with a node of its own that does what it is told over a socket. */
struct peer {
	pid_t pid;
	int socket;
};

static void peer_main(int socket)
{
	struct sync_fixture *f = sync_open(false);
	struct sync_pending pending = {-1, -1};
	uint32_t handle = 0;
	char command[2];

	while (read(socket, command, 2) == 2) {
		char answer = 0;
		int fd;

		switch (command[0]) {
		case 'i': /* import */
			fd = sync_receive_fd(socket);
			handle = sync_import(f, fd);
			close(fd);
			break;
		case 's': /* signal a point */
			answer = (char)sync_timeline_signal(f, handle, (uint64_t)command[1]);
			break;
		case 'p': /* promise a point */
			pending = sync_make_pending(f, handle, (uint64_t)command[1]);
			break;
		case 'e': /* end the promise */
			sync_pending_end(&pending, 0);
			break;
		case 'w': /* wait for a point */
			answer = (char)sync_timeline_wait(f, handle, (uint64_t)command[1],
							  AGX_SYNCOBJ_WAIT_FOR_SUBMIT, WAIT_10S);
			break;
		case 'x':
			sync_close(f);
			_exit(0);
		}
		if (write(socket, &answer, 1) != 1)
			_exit(1);
	}
	_exit(2);
}

static struct peer peer_start(void)
{
	struct peer peer;
	int sockets[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	peer.pid = sync_fork();
	if (!peer.pid) {
		close(sockets[0]);
		peer_main(sockets[1]);
	}
	close(sockets[1]);
	peer.socket = sockets[0];
	return peer;
}

static void peer_send(struct peer *peer, char command, char point)
{
	char bytes[2] = {command, point};

	assert_int_equal(write(peer->socket, bytes, 2), 2);
}

static int peer_answer(struct peer *peer)
{
	signed char answer;

	assert_int_equal(read(peer->socket, &answer, 1), 1);
	return answer;
}

static int peer_do(struct peer *peer, char command, char point)
{
	peer_send(peer, command, point);
	return peer_answer(peer);
}

static void peer_give(struct peer *peer, struct sync_fixture *f, uint32_t handle)
{
	int fd = sync_export(f, handle);

	peer_send(peer, 'i', 0);
	sync_send_fd(peer->socket, fd);
	close(fd);
	assert_int_equal(peer_answer(peer), 0);
}

static void peer_end(struct peer *peer)
{
	int status;

	peer_send(peer, 'x', 0);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	assert_int_equal(status, 0);
	close(peer->socket);
}

static void two_processes_play_ping_pong(void **state)
{
	/* Before the node has threads: the child must be able to make its own. */
	struct peer peer = peer_start();
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);

	peer_give(&peer, f, s);
	for (char i = 1; i < 100; i += 2) {
		peer_send(&peer, 'w', i);
		assert_int_equal(sync_timeline_signal(f, s, (uint64_t)i), 0);
		assert_int_equal(peer_answer(&peer), 0);
		peer_send(&peer, 's', i + 1);
		assert_int_equal(sync_timeline_wait(f, s, (uint64_t)i + 1,
						    AGX_SYNCOBJ_WAIT_FOR_SUBMIT, WAIT_10S),
				 0);
		assert_int_equal(peer_answer(&peer), 0);
	}
	assert_int_equal(peer_do(&peer, 'p', 101), 0);
	assert_int_equal(sync_timeline_wait(f, s, 101, 0, 0), -ETIME);
	assert_int_equal(peer_do(&peer, 'e', 0), 0);
	assert_int_equal(sync_timeline_wait(f, s, 101, 0, WAIT_10S), 0);
	peer_end(&peer);
}

static void a_dead_peers_promises_end(void **state)
{
	struct peer first = peer_start(), second = peer_start();
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	int status;

	peer_give(&first, f, s);
	peer_give(&second, f, s);
	assert_int_equal(peer_do(&first, 'p', 1), 0);
	assert_int_equal(sync_timeline_wait(f, s, 1, 0, 0), -ETIME);
	peer_send(&second, 'w', 1);
	kill(first.pid, SIGKILL);
	assert_int_equal(waitpid(first.pid, &status, 0), first.pid);
	assert_int_equal(sync_timeline_wait(f, s, 1, 0, WAIT_10S), 0);
	assert_int_equal(peer_answer(&second), 0);
	/* The place of the dead is free for others. */
	assert_int_equal(peer_do(&second, 'p', 2), 0);
	assert_int_equal(peer_do(&second, 'e', 0), 0);
	assert_int_equal(sync_timeline_wait(f, s, 2, 0, WAIT_10S), 0);
	peer_end(&second);
	close(first.socket);
}

static void a_forked_child_shares_with_its_parent(void **state)
{
	struct sync_fixture *f = *state;
	uint32_t s = sync_create(f, 0);
	struct sync_pending pending;
	int fd = sync_export(f, s), status;
	pid_t pid;

	close(fd);
	pending = sync_make_pending(f, s, 1);
	agx_node_fork_prepare(f->node);
	pid = sync_fork();
	if (!pid) {
		agx_node_fork_child(f->node);
		close(pending.write_fd);
		/* What the parent has pending stays pending here... */
		if (sync_timeline_wait(f, s, 1, 0, 0) != -ETIME)
			_exit(3);
		/* ... and what the child does reaches the parent. */
		if (sync_timeline_signal(f, s, 2))
			_exit(4);
		if (sync_timeline_wait(f, s, 2, 0, WAIT_10S))
			_exit(5);
		_exit(0);
	}
	agx_node_fork_parent(f->node);
	assert_int_equal(sync_timeline_wait(f, s, 2, AGX_SYNCOBJ_WAIT_AVAILABLE, WAIT_10S), 0);
	usleep(20000);
	assert_int_equal(sync_timeline_wait(f, s, 2, 0, 0), -ETIME);
	sync_pending_end(&pending, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sync_timeline_wait(f, s, 2, 0, WAIT_10S), 0);
}

static void single_step_nodes_share(void **state)
{
	struct sync_fixture *a = *state, *b = sync_open(true);
	uint32_t s = sync_create(a, 0), t;
	int fd = sync_export(a, s);
	struct sync_pending pending;

	t = sync_import(b, fd);
	close(fd);
	pending = sync_make_pending(a, s, 1);
	assert_int_equal(sync_timeline_wait(b, t, 1, 0, sync_in(3000000)), -ETIME);
	sync_pending_end(&pending, 0);
	agx_node_step(a->node);
	assert_int_equal(sync_timeline_wait(b, t, 1, 0, WAIT_10S), 0);
	sync_close(b);
}

#define T(name) cmocka_unit_test_setup_teardown(name, sync_setup, sync_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(binary_state_crosses_both_ways),
		T(state_from_before_the_export_is_seen),
		T(pending_fences_cross_and_signal),
		T(a_captured_fence_survives_reset_and_replacement),
		T(promises_outlive_the_handle),
		T(waits_for_submission_cross),
		T(thousands_of_points_reuse_the_slots),
		T(a_full_page_is_out_of_memory),
		T(foreign_memfds_are_refused),
		T(a_hostile_page_does_no_harm),
		T(a_peer_that_keeps_the_lock_costs_the_sharing_only),
		T(random_calls_end_well),
		T(two_processes_play_ping_pong),
		T(a_dead_peers_promises_end),
		T(a_forked_child_shares_with_its_parent),
		cmocka_unit_test_setup_teardown(single_step_nodes_share, sync_setup_single_step,
						sync_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
