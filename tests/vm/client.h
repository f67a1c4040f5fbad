/* SPDX-License-Identifier: MIT */
/*
 * A client of the asahi render node, by system calls: an address space with control streams in it,
 * a queue, and the smallest commands that a GPU finds nothing wrong with. For programs that run
 * where the driver is broken on purpose: nothing here ends the program, every call gives 0 (or what
 * it says) or a negative errno, and all of them may be called from several threads.
 */
#ifndef TESTS_VM_CLIENT_H
#define TESTS_VM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asahi_drm.h"

#define VM_CLIENT_PAGE 0x4000ull

/* Addresses in the client's address space. */
#define VM_CLIENT_STREAMS 0x100000000ull  /* one page: control streams */
#define VM_CLIENT_USC     0x1100000000ull /* one page: programs */
#define VM_CLIENT_FREE    0x2000000000ull /* from here on nothing is mapped */
#define VM_CLIENT_NOWHERE 0x5000000000ull /* never mapped */

struct vm_client {
	int fd;
	uint32_t vm, queue, streams, programs, syncobj; /* 0: not made */
};

enum vm_client_command {
	VM_CLIENT_COMPUTE = 1,
	VM_CLIENT_RENDER = 2,
	VM_CLIENT_FAULTING = 4, /* what is there of the others reads where nothing is mapped */
};

/* The ioctl, repeated when a signal came. */
long vm_client_ioctl(int fd, unsigned long request, void *arg);

/* A descriptor of the first render node whose driver is asahi; path: of another one, or NULL. */
int vm_client_open_node(const char *path);

/* Opens the node and makes nothing. */
int vm_client_open(struct vm_client *client, const char *path);

/* The parts, in this order; init does all of them. */
int vm_client_make_vm(struct vm_client *client);
int vm_client_make_buffers(struct vm_client *client);
int vm_client_make_queue(struct vm_client *client);
int vm_client_make_syncobj(struct vm_client *client);
int vm_client_init(struct vm_client *client, const char *path);

/* Closes the descriptor, which ends everything else. */
void vm_client_close(struct vm_client *client);

/* An object; vm 0: one that can be shared. */
int vm_client_bo(struct vm_client *client, uint32_t vm, uint64_t size, uint32_t *handle);
int vm_client_close_bo(struct vm_client *client, uint32_t handle);
int vm_client_bind(struct vm_client *client, uint32_t handle, uint64_t offset, uint64_t address,
		   uint64_t size);
int vm_client_unbind(struct vm_client *client, uint64_t address, uint64_t size);

/* NULL and an errno in *error when it cannot be. */
void *vm_client_map(struct vm_client *client, uint32_t handle, uint64_t size, int *error);

/* Commands of enum vm_client_command; in and out are binary syncobjs, or 0. */
int vm_client_submit(struct vm_client *client, unsigned int commands, uint32_t in, uint32_t out);

/* out is a timeline. */
int vm_client_submit_timeline(struct vm_client *client, unsigned int commands, uint32_t out,
			      uint64_t point);

/* Until the syncobj has signalled, at most so long. -ETIME: it did not. */
int vm_client_wait(struct vm_client *client, uint32_t syncobj, unsigned int ms);

/* The error on the syncobj's fence: 0 or a negative errno; 1: it has not signalled. */
int vm_client_status(struct vm_client *client, uint32_t syncobj);

#endif
