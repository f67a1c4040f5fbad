/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A virtual machine's coprocessor, as its driver sees it: what stands in place of the registers
 * and the mailbox that the SoC has. Nothing here is Apple's.
 *
 * It is one block of shared memory, BAR 2 of QEMU's ivshmem-doorbell device (qemu:
 * docs/specs/ivshmem-spec.rst). The machine's RAM is the other thing that both see. The process
 * that plays the coprocessor (agx vgpu) is the ivshmem server and its other peer. Whoever writes
 * something that the other should look at rings vector 0 of the other's doorbell afterwards, when
 * the other says that it waits.
 *
 * Each word has one writer. What the other writes is hostile: copy, check, use.
 */
#ifndef AGX_VIRTUAL_H
#define AGX_VIRTUAL_H

#include "types.h"

#define AGX_VIRTUAL_MAGIC   0x3155504756584741ull /* "AGXVGPU1" */
#define AGX_VIRTUAL_VERSION 1u

/* Size of the block: a power of two, as BARs are. */
#define AGX_VIRTUAL_SIZE 0x10000u

/* Messages in a ring; a power of two. */
#define AGX_VIRTUAL_MESSAGES 256u

#define AGX_VIRTUAL_REGISTERS 32u

/* BAR 0 of the ivshmem device: peer << 16 | vector rings; the own peer number. */
#define AGX_IVSHMEM_POSITION 0x8
#define AGX_IVSHMEM_DOORBELL 0xc

/* Of the PCI device. */
#define AGX_IVSHMEM_VENDOR 0x1af4
#define AGX_IVSHMEM_DEVICE 0x1110

/* A message as the mailbox has it: word 1 is the endpoint. */
struct agx_virtual_message {
	uint64_t word0;
	uint64_t word1;
};

/*
 * One way. Counters run freely, modulo 2^32; empty when they are equal, full when they are
 * AGX_VIRTUAL_MESSAGES apart. Further apart than that: the other side is broken, and nothing is
 * taken from it (or put) until the next request about RUN.
 *
 * The sender writes the message, then tail (release), then a full barrier, then reads waits, and
 * rings if that is set. The receiver sets waits, then a full barrier, then looks at tail once more
 * before it sleeps; it may leave waits set. So a message is never overlooked, and one that finds the
 * receiver at work costs no doorbell.
 */
struct agx_virtual_ring {
	uint32_t tail; /* sender: messages put in */
	uint32_t reserved0[15];
	uint32_t head;  /* receiver: messages taken out */
	uint32_t waits; /* receiver: ring the doorbell when something was put in */
	uint32_t reserved1[14];
	struct agx_virtual_message messages[AGX_VIRTUAL_MESSAGES];
};

/*
 * A register of the "sgx" range (sgx.h, and those that identify the GPU), kept up to date: before a
 * message that tells of a fault can be seen. One that is not listed reads as 0.
 */
struct agx_virtual_register {
	uint32_t offset;
	uint32_t reserved;
	uint64_t value;
};

/*
 * A request to set or clear RUN of the coprocessor's CPU_CONTROL: the driver writes clock_ns, then
 * run (release), rings, and waits for run_done to be the same word (acquire), for which it is rung.
 * The number goes on from run_done's, so that a driver can follow another that has died. A request
 * empties both rings, by the coprocessor moving its counters to the driver's; until it is obeyed
 * the driver touches no ring. When RUN is clear the coprocessor reads and writes no memory but this.
 */
#define AGX_VIRTUAL_RUN        (1u << 0)
#define AGX_VIRTUAL_RUN_NUMBER 2u /* a new request adds this */

struct agx_virtual {
	/* Coprocessor, constant from before the device appears. magic is written last. */
	uint64_t magic;
	uint32_t version;
	uint32_t size;    /* AGX_VIRTUAL_SIZE */
	uint32_t chip_id; /* 0x8103... */
	uint32_t peer;    /* its ivshmem peer number: where the driver's doorbells go */
	uint32_t reserved0[10];

	/* Driver. */
	uint32_t run; /* number of the request, and AGX_VIRTUAL_RUN */
	uint32_t reserved1;
	uint64_t clock_ns;    /* the driver's clock (agx_platform.time_ns) at the last request */
	uint32_t driver_peer; /* its ivshmem peer number, for people */
	uint32_t reserved2[11];

	/* Coprocessor. */
	uint32_t run_done; /* the last request that it has obeyed */
	uint32_t register_count;
	struct agx_virtual_register registers[AGX_VIRTUAL_REGISTERS];
	uint32_t reserved3[14];

	struct agx_virtual_ring to_firmware;
	struct agx_virtual_ring to_driver;
};

_Static_assert(sizeof(struct agx_virtual) <= AGX_VIRTUAL_SIZE, "fits the BAR");

#endif
