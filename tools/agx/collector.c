// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agx.h"
#include "collector.h"
#include "preload/ring.h"
#include "private_dir.h"

/* How long what was recorded may lie in a ring that nobody wakes us for, ms. */
#define PERIOD_MS 40

#define PROGRESS_NS 500000000ull

/* Space in a ring is given back in pieces of this size, so that a full ring does not stay full. */
#define CONSUME_SIZE (256u << 10)

struct client {
	int fd;
	bool welcome; /* it said hello */
	uint32_t stream;
	struct ring ring;
};

struct collector {
	struct collector_params params;
	struct private_dir directory;
	char path[108];
	int listen;
	int stop; /* eventfd */
	int control_fd;
	struct capture_control *control;
	struct agx_trace_writer *writer;
	pthread_t thread;

	struct client *clients;
	struct pollfd *fds; /* listen, stop, clients */
	size_t num_clients, capacity;

	uint8_t *record; /* one record, out of reach of the process that made it */

	uint64_t next_progress;
	struct collector_result result;
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void clear_progress(const struct collector *c)
{
	if (c->params.progress)
		fputs("\r\033[K", stderr);
}

static void show_progress(struct collector *c)
{
	struct agx_trace_writer_stats stats;
	uint64_t now = clock_ns(), presents = atomic_load(&c->control->presents);

	if (!c->params.progress || now < c->next_progress)
		return;
	c->next_progress = now + PROGRESS_NS;
	agx_trace_writer_stats(c->writer, &stats);
	fprintf(stderr, "\r\033[K%" PRIu64 " submits", atomic_load(&c->control->submits));
	if (presents)
		fprintf(stderr, ", %" PRIu64 " frames", presents);
	fprintf(stderr, ", %.1f MB", (double)stats.file_bytes / 1e6);
	fflush(stderr);
}

/* Recording is over; the programs go on by themselves. */
static void fail(struct collector *c, int error)
{
	if (c->result.error)
		return;
	c->result.error = error;
	atomic_store(&c->control->stop, 1);
	clear_progress(c);
	tool_error("%s: recording stopped: %s", c->params.path, strerror(-error));
}

static void reject(struct collector *c, const struct client *client, const char *what)
{
	if (!c->result.rejected++) {
		clear_progress(c);
		tool_warning("process %u sent a record that makes no sense (%s): it is left out",
			     client->stream, what);
	}
}

static void take_record(struct collector *c, const struct client *client,
			const struct agxt_record *head, const uint8_t *bytes)
{
	const struct agxt_pages *pages;
	const char *what;
	int ret;

	if (c->result.error)
		return;
	if (head->type == AGXT_PAGES_RAW) {
		/* Content is only digested and copied: it need not be moved out of reach. */
		memcpy(c->record, bytes, sizeof(*pages));
		pages = (const void *)c->record;
		if (head->size < sizeof(*pages) || pages->count > AGXT_MAX_RECORD_PAGES ||
		    head->size - sizeof(*pages) != (size_t)pages->count * AGXT_PAGE_SIZE) {
			reject(c, client, "size of pages");
			return;
		}
		ret = agx_trace_writer_pages(c->writer, client->stream, pages,
					     bytes + sizeof(*pages));
	} else {
		memcpy(c->record, bytes, head->size);
		((struct agxt_record *)c->record)->size = head->size;
		what = agx_trace_record_check((const void *)c->record, head->size);
		if (what) {
			reject(c, client, what);
			return;
		}
		ret = agx_trace_writer_record(c->writer, client->stream, (const void *)c->record);
	}
	if (ret == -EINVAL)
		reject(c, client, agx_trace_type_name(head->type));
	else if (ret)
		fail(c, ret);
}

/* Takes all that is in a process's ring. False: the ring is not usable. */
static bool drain(struct collector *c, struct client *client)
{
	const uint8_t *bytes;
	struct agxt_record head;
	int64_t size;
	size_t at, consumed;

	while ((size = ring_peek(&client->ring, &bytes)) > 0) {
		for (at = consumed = 0; at < (size_t)size; at += head.size) {
			if ((size_t)size - at < sizeof(head))
				return false;
			memcpy(&head, bytes + at, sizeof(head));
			if (head.size < sizeof(head) || head.size % 8 ||
			    head.size > AGXT_MAX_RECORD || head.size > (size_t)size - at)
				return false;
			take_record(c, client, &head, bytes + at);
			if (at + head.size - consumed >= CONSUME_SIZE) {
				ring_consume(&client->ring, at + head.size - consumed);
				consumed = at + head.size;
			}
		}
		ring_consume(&client->ring, at - consumed);
	}
	return !size;
}

static void end_client(struct collector *c, size_t index)
{
	struct client *client = &c->clients[index];

	if (client->welcome) {
		if (!drain(c, client))
			reject(c, client, "position in the ring");
		c->result.stalls += atomic_load(&client->ring.header->stalls);
		ring_unmap(&client->ring);
	}
	close(client->fd);
	c->clients[index] = c->clients[--c->num_clients];
}

static bool welcome(struct collector *c, struct client *client)
{
	struct capture_welcome message = {.magic = CAPTURE_MAGIC};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	struct iovec iov = {&message, sizeof(message)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fds[2] = {ring_create(), c->control_fd};
	bool sent;

	if (fds[0] < 0)
		return false;
	if (ring_map(&client->ring, fds[0])) {
		close(fds[0]);
		return false;
	}
	client->stream = (uint32_t)c->result.streams;
	message.stream = client->stream;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	sent = sendmsg(client->fd, &msg, MSG_NOSIGNAL) == sizeof(message);
	close(fds[0]);
	if (!sent) {
		ring_unmap(&client->ring);
		return false;
	}
	client->welcome = true;
	c->result.streams++;
	return true;
}

static void add_stats(struct collector *c, const struct capture_stats *stats)
{
	struct capture_stats *sum = &c->result.capture;

	sum->pagemap_mappings += stats->pagemap_mappings;
	sum->compared_mappings += stats->compared_mappings;
	sum->collections += stats->collections;
	sum->scans += stats->scans;
	sum->pages_checked += stats->pages_checked;
	sum->pages_recorded += stats->pages_recorded;
	sum->protects += stats->protects;
	sum->collect_ns += stats->collect_ns;
	sum->calls += stats->calls;
}

/* One packet of a process. False: the connection is over. */
static bool take_packet(struct collector *c, struct client *client)
{
	union {
		uint32_t kind;
		struct capture_hello hello;
		struct capture_packet packet;
		struct capture_stats stats;
	} in;
	ssize_t n = recv(client->fd, &in, sizeof(in), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n < (ssize_t)sizeof(in.kind))
		return false;
	if (!client->welcome) {
		if (n != sizeof(in.hello) || in.hello.magic != CAPTURE_MAGIC ||
		    in.hello.version != CAPTURE_VERSION) {
			tool_warning("a process of another version of agx is not recorded");
			return false;
		}
		if (c->result.streams >= AGXT_MAX_STREAMS) {
			tool_warning("process %u is not recorded: a trace holds %u processes",
				     in.hello.pid, AGXT_MAX_STREAMS);
			return false;
		}
		return !c->result.error && welcome(c, client);
	}
	switch (in.kind) {
	case CAPTURE_PACKET_WAKE:
		break;
	case CAPTURE_PACKET_WARNING:
		clear_progress(c);
		tool_warning("%.*s", (int)(n - (ssize_t)sizeof(in.kind)), in.packet.text);
		break;
	case CAPTURE_PACKET_STATS:
		if (n == sizeof(in.stats))
			add_stats(c, &in.stats);
		break;
	default:
		return false;
	}
	return true;
}

static void accept_client(struct collector *c)
{
	int fd = accept4(c->listen, NULL, NULL, SOCK_CLOEXEC);
	struct timeval patience = {.tv_sec = 10};

	if (fd < 0)
		return;
	if (c->num_clients == c->capacity) {
		size_t capacity = c->capacity ? 2 * c->capacity : 16;
		struct client *clients = reallocarray(c->clients, capacity, sizeof(*clients));
		struct pollfd *fds;

		if (clients)
			c->clients = clients;
		fds = reallocarray(c->fds, capacity + 2, sizeof(*fds));
		if (fds)
			c->fds = fds;
		if (!clients || !fds) {
			close(fd);
			return;
		}
		c->capacity = capacity;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	c->clients[c->num_clients++] = (struct client){.fd = fd};
}

static void *collector_thread(void *data)
{
	struct collector *c = data;
	size_t i, polled;
	bool stop = false;

	while (!stop) {
		c->fds[0] = (struct pollfd){.fd = c->listen, .events = POLLIN};
		c->fds[1] = (struct pollfd){.fd = c->stop, .events = POLLIN};
		polled = c->num_clients;
		for (i = 0; i < polled; i++) {
			c->fds[2 + i] = (struct pollfd){.fd = c->clients[i].fd, .events = POLLIN};
			if (c->clients[i].welcome)
				atomic_store(&c->clients[i].ring.header->consumer_sleeps, 1);
		}
		if (poll(c->fds, 2 + polled, polled || c->params.progress ? PERIOD_MS : -1) < 0)
			continue;
		stop = c->fds[1].revents;
		/* From the end: a client that goes is replaced by the last one. */
		for (i = polled; i-- > 0;) {
			short events = c->fds[2 + i].revents;
			bool alive = true;

			if (events & POLLIN)
				alive = take_packet(c, &c->clients[i]);
			else if (events)
				alive = false;
			if (alive && c->clients[i].welcome && !drain(c, &c->clients[i])) {
				reject(c, &c->clients[i], "position in the ring");
				alive = false;
			}
			if (!alive)
				end_client(c, i);
		}
		if (c->fds[0].revents)
			accept_client(c);
		show_progress(c);
	}
	/* The command has ended; whoever goes on does so unrecorded. */
	atomic_store(&c->control->stop, 1);
	while (c->num_clients) {
		struct pollfd fd = {.fd = c->clients[0].fd, .events = POLLIN};

		while (poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN) &&
		       take_packet(c, &c->clients[0]))
			;
		if (!(fd.revents & POLLHUP) && c->clients[0].welcome)
			c->result.unfinished++;
		end_client(c, 0);
	}
	clear_progress(c);
	return NULL;
}

static int explain(char *error, size_t size, int err, const char *what)
{
	snprintf(error, size, "%s: %s", what, strerror(-err));
	return err;
}

static int make_control(struct collector *c)
{
	const struct collector_params *p = &c->params;
	struct capture_control *control;

	c->control_fd = memfd_create("agx-capture-control", MFD_CLOEXEC);
	if (c->control_fd < 0)
		return -errno;
	if (ftruncate(c->control_fd, sizeof(*control)))
		return -errno;
	control =
		mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, c->control_fd, 0);
	if (control == MAP_FAILED)
		return -errno;
	c->control = control;
	control->magic = CAPTURE_MAGIC;
	control->version = CAPTURE_VERSION;
	control->start_ns = clock_ns();
	control->write_tracking = p->write_tracking;
	control->frame_unit = p->frame_unit;
	control->first_frame = p->first_frame;
	control->last_frame = p->last_frame;
	if (p->label)
		strncpy(control->label, p->label, sizeof(control->label) - 1);
	return 0;
}

/* In a directory of its own, which only this user can enter. */
static int make_socket(struct collector *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ret;

	_Static_assert(sizeof(c->path) <= sizeof(address.sun_path), "path");
	ret = private_dir_create(&c->directory, "agx-capture-", "socket", 0700);
	if (ret)
		return ret;
	snprintf(c->path, sizeof(c->path), "%s/socket", c->directory.path);
	c->listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->listen < 0)
		return -errno;
	strcpy(address.sun_path, c->path);
	if (bind(c->listen, (struct sockaddr *)&address, sizeof(address)) || listen(c->listen, 64))
		return -errno;
	return 0;
}

static void destroy(struct collector *c)
{
	agx_trace_writer_destroy(c->writer);
	if (c->listen >= 0)
		close(c->listen);
	private_dir_destroy(&c->directory);
	if (c->stop >= 0)
		close(c->stop);
	if (c->control)
		munmap(c->control, sizeof(*c->control));
	if (c->control_fd >= 0)
		close(c->control_fd);
	free(c->clients);
	free(c->fds);
	free(c->record);
	free(c);
}

int collector_create(const struct collector_params *params, struct collector **collector,
		     char *error, size_t error_size)
{
	const struct agx_trace_writer_params writer = {.background = true};
	struct collector *c = calloc(1, sizeof(*c));
	int ret = -ENOMEM;

	if (!c)
		return explain(error, error_size, ret, "the capture cannot be set up");
	c->params = *params;
	c->listen = c->control_fd = c->directory.lock = -1;
	c->stop = eventfd(0, EFD_CLOEXEC);
	c->record = malloc(AGXT_MAX_RECORD);
	c->fds = calloc(2, sizeof(*c->fds));
	if (c->stop < 0 || !c->record || !c->fds) {
		explain(error, error_size, ret, "the capture cannot be set up");
		goto fail;
	}
	ret = make_control(c);
	if (ret) {
		explain(error, error_size, ret, "shared memory cannot be made");
		goto fail;
	}
	ret = make_socket(c);
	if (ret) {
		explain(error, error_size, ret, "no place for the recorder's socket");
		goto fail;
	}
	ret = agx_trace_writer_create(params->fd, &writer, &c->writer);
	if (ret) {
		explain(error, error_size, ret, params->path);
		goto fail;
	}
	ret = -pthread_create(&c->thread, NULL, collector_thread, c);
	if (ret) {
		explain(error, error_size, ret, "the recorder's thread cannot be started");
		goto fail;
	}
	*collector = c;
	return 0;
fail:
	destroy(c);
	return ret;
}

const char *collector_socket(const struct collector *c)
{
	return c->path;
}

void collector_finish(struct collector *c, struct collector_result *result)
{
	const uint64_t one = 1;
	int ret;

	while (write(c->stop, &one, sizeof(one)) != sizeof(one))
		;
	pthread_join(c->thread, NULL);
	if (!c->result.error) {
		ret = agx_trace_writer_finish(c->writer);
		if (ret)
			fail(c, ret);
	}
	agx_trace_writer_stats(c->writer, &c->result.writer);
	c->result.submits = atomic_load(&c->control->submits);
	c->result.presents = atomic_load(&c->control->presents);
	*result = c->result;
	destroy(c);
}
