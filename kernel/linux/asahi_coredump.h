/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The form of the driver's device core dumps (docs/devcoredump.md): a header, a table of objects,
 * and the objects, all little-endian and aligned to eight bytes. The kernel writes it; programs
 * that read it may include this file.
 *
 * How it may change: new types of objects, and new members at the end of the structures, keep the
 * version. A reader skips types that it does not know, and takes elements as long as the table says.
 */
#ifndef ASAHI_COREDUMP_H
#define ASAHI_COREDUMP_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#endif

#define ASAHI_COREDUMP_MAGIC   0x31504d5544584741ull /* "AGXDUMP1" */
#define ASAHI_COREDUMP_VERSION 1u
#define ASAHI_COREDUMP_ALIGN   8u

/* The kernel writes less than this. */
#define ASAHI_COREDUMP_MAX_OBJECTS 64u
#define ASAHI_COREDUMP_MAX_SIZE    (16u << 20)

/* At the beginning of the file. */
struct asahi_coredump_header {
	uint64_t magic;
	uint32_t version;
	uint32_t table;       /* offset of the first struct asahi_coredump_object */
	uint64_t size;        /* of the file */
	uint32_t objects;     /* number of elements of the table */
	uint32_t object_size; /* of an element of it */
};

enum asahi_coredump_type {
	ASAHI_COREDUMP_INFO = 1,      /* struct asahi_coredump_info */
	ASAHI_COREDUMP_FAULT = 2,     /* struct asahi_coredump_fault */
	ASAHI_COREDUMP_JOB = 3,       /* struct asahi_coredump_job */
	ASAHI_COREDUMP_CORE = 4,      /* struct asahi_coredump_core */
	ASAHI_COREDUMP_CHANNELS = 5,  /* array of struct asahi_coredump_channel */
	ASAHI_COREDUMP_RINGS = 6,     /* array of struct asahi_coredump_ring */
	ASAHI_COREDUMP_HEAPS = 7,     /* array of struct asahi_coredump_heap */
	ASAHI_COREDUMP_MESSAGES = 8,  /* array of struct asahi_coredump_message, oldest first */
	ASAHI_COREDUMP_RECORDS = 9,   /* array of struct asahi_coredump_record, oldest first */
	ASAHI_COREDUMP_MAPPINGS = 10, /* array of struct asahi_coredump_mapping, by address */
	ASAHI_COREDUMP_MEMORY = 11,   /* bytes at the object's address */
};

/* An element of the table. */
struct asahi_coredump_object {
	uint32_t type;
	uint32_t element; /* bytes of an element of an array, or of the structure; memory: 1 */
	char name[24];    /* terminated */
	uint64_t va;      /* in the GPU's or the firmware's address space; 0: of none */
	uint64_t size;    /* bytes in the file, whole elements */
	uint64_t total;   /* elements that there were; more than are here: the rest was left out */
	uint64_t offset;  /* in the file */
};

/* What has happened. */
enum asahi_coredump_reason {
	ASAHI_COREDUMP_FAULTED = 1, /* one command, or all that ran; see the fault */
	ASAHI_COREDUMP_CRASHED = 2, /* the firmware as a whole */
};

struct asahi_coredump_info {
	uint64_t time_ns;     /* since boot, on the clock that the log uses */
	uint64_t realtime_ns; /* since 1970 */
	uint32_t reason;      /* enum asahi_coredump_reason */
	uint32_t state;       /* enum agx_core_state */
	uint32_t firmware[3]; /* the ABI */
	uint32_t resets;      /* since probe */
	uint32_t dropped;     /* events that no dump was made of, since the last dump */
	uint32_t page_size;   /* the kernel's */
	char device[32];      /* as in the log */
	char soc[16];
	char variant[16]; /* of the firmware's structures */
	char transport[16];
	char kernel[64];
	char module[32];
	char text[320]; /* why, in words */
};

/* Flags of a fault. */
#define ASAHI_COREDUMP_HAS_MMU (1u << 0) /* the registers held a fault */
#define ASAHI_COREDUMP_READ    (1u << 1) /* it was a read */
#define ASAHI_COREDUMP_MAPPED  (1u << 2) /* the tables have the address */
#define ASAHI_COREDUMP_DAMAGED (1u << 3) /* a table is not what the driver wrote */
#define ASAHI_COREDUMP_G14X    (1u << 4) /* units have the codes of T602x */

struct asahi_coredump_fault {
	uint32_t kind;  /* enum agx_core_fault_kind */
	int32_t error;  /* what the command ends with */
	uint32_t queue; /* the driver's number, 0: no command is known */
	uint32_t pipe;  /* enum agx_pipe */
	uint32_t event_slot;
	uint32_t value;         /* stamp */
	uint32_t vm_slot;       /* UAT context of the command */
	uint32_t channel_error; /* enum agx_channel_error */
	uint64_t command;       /* address */
	uint32_t flags;         /* ASAHI_COREDUMP_* */
	uint8_t reason;         /* enum agx_sgx_fault_reason */
	uint8_t level;
	uint8_t unit;     /* AGX_SGX_UNITS */
	uint8_t mmu_slot; /* UAT context that the registers name */
	uint8_t sideband;
	uint8_t unk_5;
	uint8_t walk_level; /* that the walk ended in, 1 to 3; 0: not an address of the context */
	uint8_t access_gpu; /* AGX_UAT_R, _W, _X */
	uint8_t access_fw;
	uint8_t reserved_53[3];
	int32_t prot; /* enum agx_uat_prot, -1: none */
	uint32_t reserved_60;
	uint64_t raw, raw_address; /* registers */
	uint64_t address;
	uint64_t entry[3]; /* of the page tables, level 1 first */
	uint64_t pa;
};

/* Who submitted it. */
struct asahi_coredump_job {
	uint64_t seqno;
	uint32_t file, vm, queue; /* numbers as in traces */
	int32_t pid;
	char comm[16];
};

struct asahi_coredump_core {
	uint64_t init_data;  /* address */
	uint64_t halt_count; /* the firmware's status, as the next two */
	uint32_t halted, resume;
	uint32_t life; /* how often the firmware was started */
	uint32_t queues, zombies;
	uint32_t outstanding; /* commands given and not done */
	uint32_t halting;
	uint32_t tables, spare_tables; /* page tables */
	uint32_t reserved;
};

struct asahi_coredump_channel {
	char name[24];
	uint64_t ring; /* address */
	uint32_t entries, entry_size;
	uint32_t to_firmware, dead;
	uint32_t index, other;        /* the driver's view: own and other index */
	uint32_t read_ptr, write_ptr; /* shared memory */
	uint32_t sent;
	uint32_t reserved;
};

struct asahi_coredump_ring {
	uint64_t info, ring, command; /* addresses */
	uint32_t queue, priority, pipe, event_slot;
	uint32_t stamp, submitted;
	uint32_t commands, issued;
	uint32_t wptr, used;
	uint32_t cpu_wptr, gpu_rptr, gpu_doneptr;
	uint32_t recovering;
};

struct asahi_coredump_heap {
	char name[24];
	uint64_t mapped_bytes, live_bytes, garbage_bytes;
	uint32_t live_objects, garbage_objects, blocks, misuse;
};

/* A message of the mailbox. */
struct asahi_coredump_message {
	uint64_t time_ns;
	uint64_t message;
	uint32_t endpoint;
	uint32_t sent; /* 1: to the coprocessor */
};

/* A line of the firmware's, or of the core's about it. */
struct asahi_coredump_record {
	uint64_t time_ns;
	uint64_t timestamp; /* the firmware's, ticks */
	uint32_t source;    /* enum agx_record_source */
	uint32_t level;
	uint32_t sequence;
	uint32_t length;
	char text[320]; /* terminated, printable */
};

/* What the client has mapped. */
struct asahi_coredump_mapping {
	uint64_t va, size;
	uint64_t offset; /* in the buffer object */
	uint64_t object; /* bytes of the buffer object */
	uint32_t flags;  /* of the buffer object: DRM_ASAHI_GEM_* */
	uint32_t reserved;
};

static_assert(sizeof(struct asahi_coredump_header) == 32, "header");
static_assert(sizeof(struct asahi_coredump_object) == 64, "object");
static_assert(sizeof(struct asahi_coredump_info) == 544, "info");
static_assert(sizeof(struct asahi_coredump_fault) == 120, "fault");
static_assert(sizeof(struct asahi_coredump_job) == 40, "job");
static_assert(sizeof(struct asahi_coredump_core) == 56, "core");
static_assert(sizeof(struct asahi_coredump_channel) == 72, "channel");
static_assert(sizeof(struct asahi_coredump_ring) == 80, "ring");
static_assert(sizeof(struct asahi_coredump_heap) == 64, "heap");
static_assert(sizeof(struct asahi_coredump_message) == 24, "message");
static_assert(sizeof(struct asahi_coredump_record) == 352, "record");
static_assert(sizeof(struct asahi_coredump_mapping) == 40, "mapping");

/* --- Writing --- */

/* What goes into a file. data NULL: size zero bytes. */
struct asahi_coredump_part {
	enum asahi_coredump_type type;
	const char *name; /* cut to 23 characters */
	uint64_t va;
	const void *data;
	uint32_t element;
	uint64_t count; /* elements in data */
	uint64_t total; /* see struct asahi_coredump_object */
};

/* Bytes of a file of count parts. */
size_t asahi_coredump_size(const struct asahi_coredump_part *parts, uint32_t count);

/* Writes it to buffer, which has that size. */
void asahi_coredump_write(const struct asahi_coredump_part *parts, uint32_t count, void *buffer);

#endif
