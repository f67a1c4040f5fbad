/* SPDX-License-Identifier: MIT */
/*
 * What the asahi uAPI refuses, and with which errno: one table for every implementation of it.
 *
 * A case is one ioctl and the result it must have, as data. Handles and ids that differ between
 * runs stand in the data as placeholders (UC_*), which the runner replaces in every 32-bit word.
 * The table knows nothing about the node under test: ioctls go through a function pointer, so the
 * virtual node and a real one run the same cases.
 */
#ifndef UAPI_CASES_H
#define UAPI_CASES_H

#include <stddef.h>
#include <stdint.h>

/* Placeholders. Their values are unlikely as anything else. */
enum {
	UC_VM = 0x5eed0001,       /* a VM with the kernel window [UC_KERNEL_START, UC_KERNEL_END) */
	UC_OTHER_VM = 0x5eed0002, /* another VM, with a window up to UC_OTHER_KERNEL_END */
	UC_BO = 0x5eed0003,       /* a shareable object of 4 pages */
	UC_PRIVATE = 0x5eed0004,  /* an object of 4 pages, private to UC_VM */
	UC_FOREIGN = 0x5eed0005,  /* an object of 4 pages, private to UC_OTHER_VM */
	UC_OBJECT = 0x5eed0006,   /* a timestamp object of one page of UC_BO */
	UC_QUEUE = 0x5eed0007,    /* a queue on UC_VM */
	UC_SYNCOBJ = 0x5eed0008,  /* a syncobj that has signalled */
	UC_EMPTY = 0x5eed0009,    /* a syncobj without a fence */
	UC_TIMELINE = 0x5eed000a, /* a timeline whose last point, 5, has signalled */
	UC_OTHER_QUEUE = 0x5eed000b, /* a queue on UC_OTHER_VM */
	UC_DMABUF = 0x5eed000c,      /* a descriptor: UC_BO's dma-buf */
	UC_SYNCOBJ_FD = 0x5eed000d,  /* a descriptor: UC_SYNCOBJ */
	UC_SYNC_FILE = 0x5eed000e,   /* a descriptor: UC_SYNCOBJ's fence */
	UC_EVENTFD = 0x5eed000f,     /* a descriptor: an eventfd */
	UC_BAD_HANDLE = 0x5eed00ff,  /* used as it is: no such thing */
};

#define UC_KERNEL_START 0x7000000000ull
#define UC_KERNEL_END   0x7020000000ull

#define UC_OTHER_KERNEL_END 0x7100000000ull
#define UC_BAD_POINTER      0x10ull /* in the first page, which is never mapped */

/* Data behind a pointer of the argument. */
struct uapi_payload {
	const void *data; /* NULL: none; the pointer stays as it is in the argument */
	uint32_t size;
	uint32_t at; /* offset of the pointer in the argument */
};

/* What the ioctl must have written, when it was to succeed. */
struct uapi_out {
	uint32_t size; /* of the value: 4 or 8; 0: nothing is asked */
	uint32_t at;
	uint64_t value;
	uint32_t where; /* 0: in the argument, n: in payload n - 1 */
};

struct uapi_case {
	const char *name;
	unsigned long request;
	int expect; /* 0 or a negative errno */
	const void *arg;
	uint32_t size;
	struct uapi_payload payloads[2];
	struct uapi_out out;
};

struct uapi_table {
	const char *name;
	const struct uapi_case *cases;
	size_t count;
};

/* All tables; the last has a NULL name. */
extern const struct uapi_table uapi_tables[];

/* The same for the generic ioctls of a render node with syncobjs: drivers/gpu/drm of Linux. */
extern const struct uapi_table drm_tables[];

/*
 * The node under test. ioctl gives what the system call would: >= 0, or a negative errno; close
 * closes a descriptor that an ioctl has made.
 */
struct uapi_target {
	long (*ioctl)(void *ctx, unsigned long request, void *arg);
	void (*close)(void *ctx, int fd);
	void *ctx;
};

/* The objects that the placeholders stand for, on one file. */
struct uapi_env {
	const struct uapi_target *target;
	uint32_t vm, other_vm;
	uint32_t bo, private_bo, foreign_bo;
	uint32_t object;
	uint32_t queue, other_queue;
	uint32_t syncobj, empty, timeline;
	int dmabuf, syncobj_fd, sync_file, eventfd;
};

/* Makes the objects; 0, or the errno of the call that failed. */
long uapi_env_init(struct uapi_env *env, const struct uapi_target *target);

/* Closes the descriptors; the other objects go with the file. Also after a failure. */
void uapi_env_finish(struct uapi_env *env);

/* uapi_case_run(): the ioctl succeeded, as it was to, but has not written what it was to. */
#define UAPI_WRONG_OUTPUT 0x7fff0001l

/* The result of a case's ioctl. The objects may have changed: a new file for each case is best. */
long uapi_case_run(const struct uapi_env *env, const struct uapi_case *test);

#endif
