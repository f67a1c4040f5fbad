/* SPDX-License-Identifier: MIT */
/*
 * A backend in front of a device's own that lets calls fail, and keeps its own books of what the
 * kernel has: handles, and what is bound where. For one thread at a time.
 */
#ifndef AGX_TESTS_LIBAGX_FAULTY_H
#define AGX_TESTS_LIBAGX_FAULTY_H

#include "internal.h"

#define FAULTY_IDS   512u
#define FAULTY_PAGES 4096u

enum faulty_kind {
	FAULTY_GEM,
	FAULTY_SYNCOBJ,
	FAULTY_VM,
	FAULTY_QUEUE,
	FAULTY_OBJECT, /* of timestamps */
	FAULTY_KINDS
};

/* Which calls fail, of those that count. */
enum faulty_whose {
	FAULTY_ALL,
	FAULTY_BINDS, /* VM_BIND */
	FAULTY_ASAHI, /* what takes the firmware, when that has died: objects can still be ended */
};

struct faulty_page {
	uint32_t vm;
	uint64_t address;
	uint32_t handle;
	uint64_t offset;
};

struct faulty {
	struct agx_backend base;
	struct agx_backend *inner;

	enum faulty_whose whose;
	unsigned int calls;  /* so far, of those that count */
	unsigned int first;  /* number of the first that fails; 0: none */
	unsigned int count;  /* so many fail; 0: all from the first on */
	unsigned int second; /* number of another that fails; 0: none */
	int error;           /* negative errno */
	bool interrupts;     /* every other call fails: each has to be made again */

	/* Of a VM_BIND that fails: so many of its operations take effect, ... */
	unsigned int carried_out;
	/* ... and of the next the range is empty then. */
	bool empties;

	unsigned int failed;   /* so many have */
	unsigned long request; /* the first of these; 0: none, or a mapping */

	/* The kernel. */
	bool live[FAULTY_KINDS][FAULTY_IDS];
	struct faulty_page pages[FAULTY_PAGES];
	unsigned int page_count;
	unsigned int unbound_nothing; /* lone operations that unbind where nothing is bound */
	unsigned int closed_bound;    /* handles closed while they were bound */
};

/* Puts it in front of the device, until that ends. */
void faulty_install(struct faulty *f, struct agx_device *device);

/* From now on the call with this number, counted from here, and so many in all fail. */
void faulty_fail(struct faulty *f, enum faulty_whose whose, unsigned int first, unsigned int count,
		 int error);

/* Things of the kernel that are live. */
unsigned int faulty_live(const struct faulty *f);

/* Pages of [start, end) that are bound. */
unsigned int faulty_bound(const struct faulty *f, const struct agx_vm *vm, uint64_t start,
			  uint64_t end);

/* Has the request ended something? Then nobody can do anything about its failure. */
bool faulty_ends(unsigned long request);

/*
 * Do the library and the kernel agree on what is bound in the VM, and are addresses with something
 * bound somebody's? 0, or -1 with a reason on standard error.
 */
int faulty_agrees(const struct faulty *f, struct agx_vm *vm);

#endif
