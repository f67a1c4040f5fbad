// SPDX-License-Identifier: MIT
/* The recorder against processes that do not keep to the rules. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agx.h"
#include "agx_trace.h"
#include "collector.h"
#include "preload/ring.h"

static unsigned int messages;

/* What the command would say. */
void tool_error(const char *format, ...)
{
	messages++;
}

void tool_warning(const char *format, ...)
{
	messages++;
}

struct fixture {
	char path[64];
	int fd;
	struct collector *collector;
	struct collector_result result;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct collector_params params = {.path = f->path};
	char error[256];

	strcpy(f->path, "/tmp/agx-test-collector-XXXXXX");
	f->fd = params.fd = mkstemp(f->path);
	assert_true(f->fd >= 0);
	assert_int_equal(collector_create(&params, &f->collector, error, sizeof(error)), 0);
	messages = 0;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->collector)
		collector_finish(f->collector, &f->result);
	close(f->fd);
	unlink(f->path);
	free(f);
	return 0;
}

static void finish(struct fixture *f)
{
	collector_finish(f->collector, &f->result);
	f->collector = NULL;
}

/* Records in the finished trace, which has to be sound. */
static size_t count_records(const struct fixture *f)
{
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	struct agx_trace_item item;
	size_t n = 0;
	int ret;

	assert_int_equal(agx_trace_reader_open(f->path, NULL, &reader, &error), 0);
	while ((ret = agx_trace_reader_next(reader, &item, &error)) > 0)
		n++;
	assert_int_equal(ret, 0);
	agx_trace_reader_close(reader);
	return n;
}

static int dial(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 20};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, collector_socket(f->collector));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* As a recorded process does it. The socket. */
static int join(const struct fixture *f, struct ring *ring)
{
	struct capture_hello hello = {.magic = CAPTURE_MAGIC, .version = CAPTURE_VERSION};
	struct capture_welcome welcome;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = {&welcome, sizeof(welcome)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fd = dial(f), fds[2];

	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
	assert_int_equal(recvmsg(fd, &message, MSG_CMSG_CLOEXEC), sizeof(welcome));
	memcpy(fds, CMSG_DATA(&control.header), sizeof(fds));
	assert_int_equal(ring_map(ring, fds[0]), 0);
	close(fds[0]);
	close(fds[1]);
	return fd;
}

static bool always_alive(void *data)
{
	return true;
}

static void put(struct ring *ring, const void *record, uint32_t size)
{
	void *to = ring_reserve(ring, (size + 7) & ~7u, always_alive, NULL);

	assert_non_null(to);
	memset(to, 0, (size + 7) & ~7u);
	memcpy(to, record, size);
	ring_publish(ring, (size + 7) & ~7u);
}

static void put_process(struct ring *ring, uint64_t seq)
{
	const struct agxt_process process = {
		.rec = {.size = sizeof(process), .type = AGXT_PROCESS, .thread = 1, .seq = seq},
		.page_size = 4096,
	};

	put(ring, &process, sizeof(process));
}

/* The other end has hung up. */
static void expect_end(int fd)
{
	char byte;

	assert_true(recv(fd, &byte, 1, 0) <= 0);
	assert_int_not_equal(errno, EAGAIN);
	close(fd);
}

static void strangers_are_sent_away(void **state)
{
	struct fixture *f = *state;
	struct capture_hello hello = {.magic = CAPTURE_MAGIC, .version = CAPTURE_VERSION + 1};
	int fd = dial(f);

	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
	expect_end(fd);
	fd = dial(f);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	expect_end(fd);
	fd = dial(f);
	close(fd);
	finish(f);
	assert_int_equal(f->result.streams, 0);
	assert_int_equal(f->result.error, 0);
	assert_int_equal(count_records(f), 0);
}

static void records_that_make_no_sense_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct agxt_call call = {
		.rec = {.size = sizeof(call), .type = AGXT_CALL, .thread = 1, .seq = 2},
		.arg_size = 4096};
	struct agxt_pages pages = {.rec = {.size = sizeof(pages),
					   .type = AGXT_PAGES_RAW,
					   .thread = 1,
					   .file = 1,
					   .seq = 3},
				   .handle = 1,
				   .count = 7};
	struct agxt_record unknown = {.size = sizeof(unknown), .type = AGXT_PAGES, .seq = 4};
	struct ring ring;
	int fd = join(f, &ring);

	put_process(&ring, 1);
	put(&ring, &call, sizeof(call));
	put(&ring, &pages, sizeof(pages));
	put(&ring, &unknown, sizeof(unknown));
	put_process(&ring, 5);
	close(fd);
	ring_unmap(&ring);
	finish(f);
	assert_int_equal(f->result.rejected, 3);
	assert_int_equal(f->result.error, 0);
	assert_true(messages > 0);
	assert_int_equal(count_records(f), 2);
}

static void a_broken_ring_ends_its_stream_only(void **state)
{
	struct fixture *f = *state;
	struct agxt_record record = {.size = 12, .type = AGXT_CALL};
	struct ring a, b;
	int fd = join(f, &a), good = join(f, &b);

	put_process(&a, 1);
	put(&a, &record, sizeof(record));
	expect_end(fd);
	ring_unmap(&a);
	fd = join(f, &a);
	atomic_store(&a.header->head, 1ull << 60);
	expect_end(fd);
	ring_unmap(&a);
	fd = join(f, &a);
	record.size = 1u << 30;
	put(&a, &record, sizeof(record));
	expect_end(fd);
	ring_unmap(&a);
	put_process(&b, 2);
	close(good);
	ring_unmap(&b);
	finish(f);
	assert_int_equal(f->result.error, 0);
	assert_true(f->result.rejected >= 3);
	assert_int_equal(count_records(f), 2);
}

static void what_lies_in_the_ring_at_the_end_is_taken(void **state)
{
	struct fixture *f = *state;
	struct ring ring;
	int fd = join(f, &ring);

	put_process(&ring, 1);
	/* Still connected: it goes on unrecorded. */
	finish(f);
	assert_int_equal(f->result.unfinished, 1);
	assert_int_equal(count_records(f), 1);
	close(fd);
	ring_unmap(&ring);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(strangers_are_sent_away),
		CASE(records_that_make_no_sense_are_left_out),
		CASE(a_broken_ring_ends_its_stream_only),
		CASE(what_lies_in_the_ring_at_the_end_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
