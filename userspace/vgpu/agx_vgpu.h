/* SPDX-License-Identifier: MIT */
/*
 * The coprocessor and the GPU of a virtual machine, as a process on its host.
 *
 * The machine is a QEMU whose RAM is a file that we map as well, with an ivshmem-doorbell device
 * whose server and other peer we are. The device's memory is the mailbox and the registers
 * (firmware-interface/virtual.h); everything else happens in the RAM, through the page tables that
 * the machine's driver makes, as on a Mac. The firmware and the GPU are those of userspace/model.
 *
 * Everything that comes from the machine is hostile: nothing in RAM or in the block makes this
 * crash, leave the RAM, allocate without bound, or stop listening to agx_vgpu_stop().
 *
 * One thread, but for agx_vgpu_stop(). Callbacks come from within agx_vgpu_turn() and must not call
 * back.
 */
#ifndef AGX_VGPU_H
#define AGX_VGPU_H

#include "agx_chip.h"

struct agx_vgpu;

/* What the GPU's identification registers say. */
struct agx_vgpu_gpu {
	unsigned int generation; /* 13, 14 */
	char variant;            /* 'G', 'S', 'C', 'D' */
	uint8_t revision;        /* letter and number, one hexadecimal digit each */
	uint8_t dies, clusters, cores_per_cluster, gps;
	uint16_t core_masks[8];
};

enum agx_vgpu_log_level {
	AGX_VGPU_LOG_ERROR,   /* the host's, or the machine breaks the protocol */
	AGX_VGPU_LOG_WARN,    /* the firmware crashed, or cannot do what it was asked */
	AGX_VGPU_LOG_DEBUG,   /* who comes and goes, requests */
	AGX_VGPU_LOG_MACHINE, /* what the firmware says */
};

struct agx_vgpu_config {
	int ram;              /* descriptor of the RAM; borrowed during creation */
	uint64_t ram_base;    /* physical address of its first byte */
	int listen;           /* a listening Unix stream socket; borrowed for life */
	bool once;            /* ends when the first client has gone */
	unsigned int spin_us; /* looks this long for more before it sleeps */

	enum agx_fw_variant variant;
	uint32_t chip_id;
	unsigned int output_bits; /* of physical addresses */
	struct agx_vgpu_gpu gpu;
	uint64_t ttbs,
		handoff;    /* reserved regions; 0: AGX_VGPU_TTBS, _HANDOFF from the RAM's end */
	const char *inject; /* rules of agx_inject.h; NULL: nothing */
	bool critic;        /* the GPU judges all that work leads to: model/gpu/null.h */
	bool exec;          /* and executes what is modelled: model/gpu/exec_gpu.h */
	unsigned int exec_threads; /* with so many threads; 0: one for each CPU */
	uint64_t exec_order;       /* and in the order of this seed; 0: ascending */
	/*
	 * In place of inject: asked whenever RUN is set; the rules from then on, NULL: none. Bad ones
	 * are an error in the log and count as none. May be NULL.
	 */
	const char *(*rules)(void *cookie);

	/* May be NULL. Strings live during the call. */
	void (*log)(void *cookie, enum agx_vgpu_log_level level, const char *line);
	void (*finding)(void *cookie, const struct agx_chip_finding *finding);
	void (*transcript)(void *cookie, const char *line);
	void *cookie;
};

#define AGX_VGPU_RAM_BASE 0x40000000ull /* QEMU's virt machine */

/* Where the regions are unless it is said: bytes before the end of RAM. 16 KiB each. */
#define AGX_VGPU_TTBS       0x10000
#define AGX_VGPU_PAGETABLES 0x0c000
#define AGX_VGPU_HANDOFF    0x08000

/* Counters since creation. */
struct agx_vgpu_stats {
	uint64_t clients;      /* machines that connected */
	uint64_t boots;        /* requests to set RUN that were obeyed */
	uint64_t messages_in;  /* of the mailbox, from the driver */
	uint64_t messages_out; /* to it */
	uint64_t doorbells_in; /* wake-ups by the driver's doorbell; several rings may be one */
	uint64_t doorbells_out;
	uint64_t sleeps;     /* times that it waited for something to happen */
	uint64_t wakes_idle; /* of these, ended by time */
	uint64_t commands;   /* of the GPU that are over, in earlier boots too */
	uint64_t findings;
	uint64_t injected;
	uint64_t protocol_errors; /* counters that made no sense */
};

/*
 * Makes one. -EINVAL, or -errno of a call, with a sentence in error (of size bytes); -ENOMEM.
 */
int agx_vgpu_create(const struct agx_vgpu_config *config, struct agx_vgpu **vgpu, char *error,
		    size_t size);
void agx_vgpu_destroy(struct agx_vgpu *vgpu); /* accepts NULL */

/*
 * Waits at most timeout_ms (-1: without end) for something to happen and deals with it, in bounded
 * time. 1: go on; 0: it was stopped, or with once the client has gone; -errno: of the host.
 */
int agx_vgpu_turn(struct agx_vgpu *vgpu, int timeout_ms);

/* Makes agx_vgpu_turn() give 0, from any thread or signal handler. */
void agx_vgpu_stop(struct agx_vgpu *vgpu);

void agx_vgpu_get_stats(const struct agx_vgpu *vgpu, struct agx_vgpu_stats *stats);

/* A listening Unix stream socket at path, which must not be there. Its descriptor, or -errno. */
int agx_vgpu_listen(const char *path);

#endif
