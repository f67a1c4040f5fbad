// SPDX-License-Identifier: MIT
#include "ivshmem.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

void ivshmem_init(struct ivshmem *server, int listen, int memory)
{
	*server = (struct ivshmem){
		.listen = listen, .memory = memory, .client = -1, .in = -1, .out = -1};
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void ivshmem_drop(struct ivshmem *server)
{
	close_fd(&server->client);
	close_fd(&server->in);
	close_fd(&server->out);
}

void ivshmem_finish(struct ivshmem *server)
{
	ivshmem_drop(server);
}

/* One message: a number, and a descriptor when fd is not -1. A client that does not read is gone. */
static int send_message(int socket, int64_t number, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	int64_t wire = (int64_t)htole64((uint64_t)number);
	struct iovec data = {.iov_base = &wire, .iov_len = sizeof(wire)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t sent;

	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return sent == sizeof(wire) ? 0 : -EPIPE;
}

static int greet(const struct ivshmem *server)
{
	const struct {
		int64_t number;
		int fd;
	} messages[] = {
		{IVSHMEM_PROTOCOL, -1},       {IVSHMEM_CLIENT, -1},          {-1, server->memory},
		{IVSHMEM_SERVER, server->in}, {IVSHMEM_CLIENT, server->out},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]) && !err; i++)
		err = send_message(server->client, messages[i].number, messages[i].fd);
	return err;
}

int ivshmem_accept(struct ivshmem *server)
{
	int fd = accept4(server->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int err;

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
	if (server->client >= 0) {
		close(fd);
		return 0;
	}
	server->client = fd;
	server->in = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->out = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = server->in < 0 || server->out < 0 ? -errno : greet(server);
	if (err) {
		ivshmem_drop(server);
		return err;
	}
	return 1;
}

bool ivshmem_gone(const struct ivshmem *server)
{
	char bytes[256];
	ssize_t got = recv(server->client, bytes, sizeof(bytes), MSG_DONTWAIT);

	/* The protocol has no message of a client's: who sends one is not QEMU. */
	return got >= 0 || (errno != EAGAIN && errno != EINTR);
}

void ivshmem_signal(const struct ivshmem *server)
{
	const uint64_t one = 1;
	ssize_t done;

	if (server->out < 0)
		return;
	/* Full is as good as signalled. */
	do
		done = write(server->out, &one, sizeof(one));
	while (done < 0 && errno == EINTR);
}

bool ivshmem_rung(const struct ivshmem *server)
{
	uint64_t count;

	return server->in >= 0 && read(server->in, &count, sizeof(count)) == sizeof(count);
}
