/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Faults: what the GPU's MMU says (firmware-interface/sgx.h), decoded, and what a core tells of a
 * command that has failed.
 */
#ifndef AGX_FAULT_H
#define AGX_FAULT_H

#include "agx_uat.h"
#include "sgx.h"

struct agx_text;

/* The fault registers, taken apart. */
struct agx_mmu_fault {
	uint64_t raw, raw_address; /* as read; the second is of G14X alone */
	uint64_t address;          /* a multiple of 64 */
	uint8_t reason;            /* enum agx_sgx_fault_reason, or a number unknown */
	uint8_t level;
	uint8_t unit; /* AGX_SGX_UNITS */
	uint8_t vm_slot;
	uint8_t sideband;
	uint8_t unk_5;
	bool read;
};

/* false: no fault is latched, or the GPU is without power. address: 0 before G14X. */
bool agx_mmu_fault_decode(bool g14x, uint64_t info, uint64_t address, struct agx_mmu_fault *fault);

const char *agx_mmu_fault_reason(unsigned int reason);

/* " VDM", " DCMP 3", or the code when it is none that is known. */
void agx_mmu_fault_unit(bool g14x, uint8_t unit, struct agx_text *text);

/* The whole, in words. */
void agx_mmu_fault_print(bool g14x, const struct agx_mmu_fault *fault, struct agx_text *text);

/* What the tables say of an address. */
void agx_uat_lookup_print(const struct agx_uat_lookup *found, struct agx_text *text);

enum agx_core_fault_kind {
	AGX_CORE_FAULT_MMU,     /* the firmware has stopped because the GPU has faulted */
	AGX_CORE_FAULT_TIMEOUT, /* or because a command takes too long */
	AGX_CORE_FAULT_CHANNEL, /* a command has failed alone */
	AGX_CORE_FAULT_HANG,    /* nothing goes on any more: the core has given up */
	AGX_CORE_FAULT_KINDS,
};

const char *agx_core_fault_kind_name(enum agx_core_fault_kind kind);

/* A command that will end with an error, or a fault that no command is known for (queue 0). */
struct agx_core_fault {
	enum agx_core_fault_kind kind;
	int error;      /* negative errno */
	uint32_t queue; /* the driver's number */
	uint32_t pipe;  /* enum agx_pipe */
	uint32_t event_slot, value;
	uint32_t vm_slot;
	uint64_t command;       /* its address */
	void *data;             /* its job's, from agx_core_job_create() */
	uint32_t channel_error; /* of CHANNEL: enum agx_channel_error */

	bool has_mmu; /* what follows is there: the registers held a fault */
	struct agx_mmu_fault mmu;
	struct agx_uat_lookup found; /* the faulting address in the faulting context's tables */
};

#endif
