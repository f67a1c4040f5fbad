/* SPDX-License-Identifier: MIT */
/*
 * The server of QEMU's ivshmem-doorbell device, and its only other peer (qemu:
 * docs/specs/ivshmem-spec.rst, "Client-Server protocol"). The server is peer 0, its one client,
 * a QEMU, peer 1; each has one interrupt vector, an eventfd.
 */
#ifndef AGX_VGPU_IVSHMEM_H
#define AGX_VGPU_IVSHMEM_H

#include <stdbool.h>
#include <stddef.h>

#define IVSHMEM_PROTOCOL 0
#define IVSHMEM_SERVER   0
#define IVSHMEM_CLIENT   1

struct ivshmem {
	int listen; /* borrowed */
	int memory; /* the shared block, borrowed */
	int client; /* its socket; -1: there is none */
	int in;     /* eventfd that the client signals; made anew for each client */
	int out;    /* that it waits for */
};

void ivshmem_init(struct ivshmem *server, int listen, int memory);
void ivshmem_finish(struct ivshmem *server);

/*
 * Something is to be accepted. 1: a client is there; 0: there is none to accept, or one too many,
 * who was sent away; -errno: it could not be greeted, and is gone.
 */
int ivshmem_accept(struct ivshmem *server);

/* Its socket is readable. true: it has gone, or says something, which clients never do: drop it. */
bool ivshmem_gone(const struct ivshmem *server);
void ivshmem_drop(struct ivshmem *server);

/* Its interrupt. */
void ivshmem_signal(const struct ivshmem *server);

/* Takes the doorbell's count; true: it had been rung. */
bool ivshmem_rung(const struct ivshmem *server);

#endif
