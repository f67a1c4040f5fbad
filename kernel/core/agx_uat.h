/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * UAT page tables and contexts: the driver's side. docs/uat.md explains the hardware.
 *
 * agx_uat is the device's MMU: the kernel's address space in the upper half, and the table of
 * contexts. agx_uat_vm is one address space, a tree of tables below one level-1 table.
 *
 * Whatever needs memory comes first, as a reservation of page tables; map, unmap and protect
 * check their arguments, and from then on cannot fail. When they return, no TLB holds anything
 * that they changed.
 *
 * All addresses and sizes are whole 16 KiB pages, sizes in bytes. Calls for one agx_uat and all
 * its VMs are serialised by the caller.
 */
#ifndef AGX_UAT_CORE_H
#define AGX_UAT_CORE_H

#include "agx_handoff.h"
#include "agx_platform.h"
#include "uat.h"

struct agx_uat;
struct agx_uat_vm;
struct agx_uat_table;

/*
 * What a mapping is for (jannau/linux: drivers/gpu/drm/asahi/pgtable.rs, mod prot). "Private"
 * memory is cached by the coprocessor and needs a flush before it is unmapped.
 */
enum agx_uat_prot {
	AGX_UAT_FW_MMIO_RW,
	AGX_UAT_FW_MMIO_RO,
	AGX_UAT_FW_SHARED_RW,
	AGX_UAT_FW_SHARED_RO,
	AGX_UAT_FW_PRIV_RW,
	AGX_UAT_GPU_RO_FW_PRIV_RW,
	AGX_UAT_GPU_FW_SHARED_RW,
	AGX_UAT_GPU_FW_PRIV_RW,
	AGX_UAT_GPU_SHARED_RW,
	AGX_UAT_GPU_SHARED_RO,
	AGX_UAT_GPU_SHARED_WO,
	AGX_UAT_PROTS,
};

/* Rights, as bits. */
#define AGX_UAT_R (1u << 0)
#define AGX_UAT_W (1u << 1)
#define AGX_UAT_X (1u << 2)

/* One cell of the permission matrix. */
struct agx_uat_access {
	uint8_t fw;  /* the firmware (EL1) */
	uint8_t gl1; /* the firmware's guarded level; as fw in the driver's own mappings */
	uint8_t gpu;
	bool uncertain; /* the source marks it with a question mark */
};

/* Name of a protection, as in enum agx_uat_prot without prefix; NULL: no such. */
const char *agx_uat_prot_name(unsigned int prot);

/* Bits of a level-3 entry: AP, UXN, PXN, OS, type of memory, access flag. prot must be valid. */
uint64_t agx_uat_prot_bits(enum agx_uat_prot prot);

/* The protection that an entry's bits encode, -1: none of the driver's. */
int agx_uat_prot_of_entry(uint64_t entry);

/* What a valid level-3 entry permits. */
struct agx_uat_access agx_uat_entry_access(uint64_t entry);

/* The coprocessor caches it without coherence: flush before unmapping. */
bool agx_uat_entry_needs_flush(uint64_t entry);

struct agx_uat_config {
	struct agx_uat_ttbs *ttbs;         /* TTBAT, AGX_UAT_CONTEXTS entries */
	struct agx_handoff_block *handoff; /* shared with the firmware */
	uint64_t *kernel_table;            /* level-1 table of the upper half, the boot loader's */
	uint64_t kernel_table_pa;
	unsigned int output_address_bits; /* of the SoC */
	bool map_kernel_to_user;          /* G14X: user contexts see the upper half too */

	/*
	 * Keep page tables that became empty until their VM goes, as the Rust driver does, instead
	 * of freeing them. Those of the upper half always stay.
	 */
	bool keep_empty_tables;
};

/*
 * Makes the MMU's bookkeeping and the kernel's address spaces; touches nothing that the firmware
 * sees. -EINVAL: bad configuration; -ENOMEM.
 */
int agx_uat_create(const struct agx_platform *platform, const struct agx_uat_config *config,
		   struct agx_uat **uat);

/*
 * The coprocessor is off and stays off: takes all tables out of the reserved memory, which is not
 * looked at any more. VMs can still be unmapped and destroyed, and whatever else is done is done for
 * nobody.
 */
void agx_uat_detach(struct agx_uat *uat);

/*
 * Empties the driver's part of the upper half, invalidates all TLBs, frees everything. All VMs
 * must be gone. Accepts NULL.
 */
void agx_uat_destroy(struct agx_uat *uat);

/* For agx_handoff_begin() and agx_handoff_poll(), which come before agx_uat_start(). */
struct agx_handoff *agx_uat_handoff(struct agx_uat *uat);

/* Fills the TTBAT: context 0 is the kernel's, the others are empty. 0 or -ETIMEDOUT. */
int agx_uat_start(struct agx_uat *uat);

/* Upper half, [AGX_UAT_DRIVER_BASE, AGX_UAT_DRIVER_END); context 0's lower half. */
struct agx_uat_vm *agx_uat_kernel_vm(struct agx_uat *uat);
struct agx_uat_vm *agx_uat_lower_vm(struct agx_uat *uat);

/* Page tables that exist now: in trees, and waiting for reuse. */
struct agx_uat_stats {
	uint32_t tables;
	uint32_t spare;
};

struct agx_uat_stats agx_uat_stats(const struct agx_uat *uat);

/* A lower half, empty. -ENOMEM. */
int agx_uat_vm_create(struct agx_uat *uat, struct agx_uat_vm **vm);

/*
 * Takes the VM out of the TTBAT, invalidates its TLB entries, frees all tables. It must not be
 * bound (agx_uat_bind). Accepts NULL.
 */
void agx_uat_vm_destroy(struct agx_uat_vm *vm);

/* Whole pages, and addresses that this VM may map; an empty range counts. */
bool agx_uat_range_ok(const struct agx_uat_vm *vm, uint64_t va, uint64_t size);

/* Pages mapped now. */
uint64_t agx_uat_vm_pages(const struct agx_uat_vm *vm);

/*
 * Slots. A VM that runs work holds one of 63 contexts; the one it had last if that is still
 * free, else the one that has been free longest. Nested.
 * The context's index; -EBUSY: all are held, wait for an unbind; -ETIMEDOUT: handoff lock.
 */
int agx_uat_bind(struct agx_uat_vm *vm);
void agx_uat_unbind(struct agx_uat_vm *vm);

/* How many user contexts may be used, 1 to 63. 1 isolates clients from each other. */
void agx_uat_set_slot_limit(struct agx_uat *uat, unsigned int limit);

/* The VM that an index of the TTBAT belongs to, as the fault registers report it. NULL: none. */
struct agx_uat_vm *agx_uat_slot_vm(struct agx_uat *uat, unsigned int slot);

/*
 * Page tables reserved for a map. Zero-initialised; of one agx_uat. agx_uat_map() takes what it
 * needs; release gives back what is left.
 */
struct agx_uat_reserve {
	struct agx_uat_table *tables[2]; /* lists: for level 2, for level 3 */
	uint32_t count[2];
};

/*
 * Tops up a reservation so that mapping [va, va + size) in vm cannot fail, given the tables that
 * the VM has now: nothing else may change it in between. With worst, given none, for callers who
 * must reserve before they hold what serialises the VM. -EINVAL: not a range of the VM; -ENOMEM,
 * the reservation keeps what it had.
 */
int agx_uat_reserve(struct agx_uat_vm *vm, uint64_t va, uint64_t size, bool worst,
		    struct agx_uat_reserve *reserve);
void agx_uat_reserve_release(struct agx_uat *uat, struct agx_uat_reserve *reserve);

#define AGX_UAT_SINGLE_PAGE (1u << 0) /* the same physical page at every address */

/*
 * Maps [va, va + size) to physical memory from pa on, and replaces what is there: old entries
 * are cleared and invalidated before new ones are written.
 * -EINVAL: misaligned, empty, outside the VM, unknown protection or flag, physical address too
 * wide; -ENOMEM: the reservation is too small. Nothing has changed then.
 */
int agx_uat_map(struct agx_uat_vm *vm, struct agx_uat_reserve *reserve, uint64_t va, uint64_t pa,
		uint64_t size, enum agx_uat_prot prot, unsigned int flags);

/* Unmaps what is mapped in the range. -EINVAL: misaligned or outside the VM. */
int agx_uat_unmap(struct agx_uat_vm *vm, uint64_t va, uint64_t size);

/* Changes the protection of what is mapped in the range, in place. -EINVAL as for unmap. */
int agx_uat_protect(struct agx_uat_vm *vm, uint64_t va, uint64_t size, enum agx_uat_prot prot);

/* What a walk finds, for reports of faults. */
struct agx_uat_lookup {
	unsigned int level; /* that the walk ended in: 1 to 3; 0: not an address of this VM */
	bool mapped;
	bool damaged;      /* a table entry is not what the driver wrote */
	uint64_t entry[3]; /* of each level up to that */
	uint64_t pa;       /* of the very address, if mapped */
	int prot;          /* enum agx_uat_prot, -1: none of these, or not mapped */
	struct agx_uat_access access;
};

/* va: any address, in bytes. */
void agx_uat_find(struct agx_uat_vm *vm, uint64_t va, struct agx_uat_lookup *found);

/*
 * Flush: the firmware must write back and forget what it caches of "private" memory before that
 * memory is unmapped. A sequence of
 *   agx_uat_flush_begin();
 *   while (agx_uat_flush_next(&msg)) { send msg by the FwCtl ring, wait until the firmware has
 *                                      taken it; agx_uat_flush_done(); }
 *   agx_uat_unmap();
 * begin remaps the range as not cached. With nothing for the firmware to do, next gives 0.
 */
struct agx_uat_flush {
	struct agx_uat_vm *vm;
	uint64_t next; /* first address not yet requested */
	uint64_t end;
	uint32_t record;
	bool pending; /* a request is with the firmware */
};

/* Contents of a FwCtl message. */
struct agx_uat_flush_msg {
	uint64_t addr;
	uint32_t slot; /* which flush record: context, or AGX_HANDOFF_RECORD_KERNEL */
	uint16_t page_count;
};

/*
 * -EINVAL as for unmap; -EBUSY: the flush record is in use, nothing has changed; -ETIMEDOUT: the
 * firmware holds the handoff lock, so it is dead and caches nothing that still matters.
 */
int agx_uat_flush_begin(struct agx_uat_vm *vm, uint64_t va, uint64_t size,
			struct agx_uat_flush *flush);

/* 1: a request was written to the handoff block, send this; 0: finished. */
int agx_uat_flush_next(struct agx_uat_flush *flush, struct agx_uat_flush_msg *msg);

/* The firmware took the message. -EIO: but it did not flush; the record is reset all the same. */
int agx_uat_flush_done(struct agx_uat_flush *flush);

/* Gives up, for instance because the firmware is dead. The record is reset. */
void agx_uat_flush_abort(struct agx_uat_flush *flush);

#endif
