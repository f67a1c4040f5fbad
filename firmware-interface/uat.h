/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * UAT, the MMU that the GPU and its coprocessor share: page tables, table of contexts (TTBAT),
 * and the handoff block by which driver and firmware coordinate changes to them.
 *
 * The same for every supported firmware and SoC, apart from the width of physical addresses.
 * Sources: AsahiLinux/m1n1: proxyclient/m1n1/hw/uat.py and proxyclient/m1n1/fw/agx/handoff.py;
 * jannau/linux: drivers/gpu/drm/asahi/{mmu,pgtable}.rs. docs/uat.md has a picture.
 */
#ifndef AGX_FIRMWARE_UAT_H
#define AGX_FIRMWARE_UAT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

/*
 * Geometry. An address has 40 bits: bit 39 selects one of the context's two level-1 tables
 * (lower half: per context; upper half: kernel and firmware) and is sign-extended to 64 bits.
 * Three levels of tables, the last of which holds pages; there are no blocks above it.
 */
#define AGX_UAT_PAGE_SHIFT 14
#define AGX_UAT_PAGE_SIZE  (1ull << AGX_UAT_PAGE_SHIFT)
#define AGX_UAT_HALF_BITS  39
#define AGX_UAT_UPPER_BASE 0xffffff8000000000ull

#define AGX_UAT_L1_SHIFT   36
#define AGX_UAT_L2_SHIFT   25
#define AGX_UAT_L3_SHIFT   14
#define AGX_UAT_L1_ENTRIES 8
#define AGX_UAT_ENTRIES    2048 /* of a level-2 or level-3 table */
#define AGX_UAT_LEVELS     3

/* Upper half: the firmware owns entries 0 and 1 of the level-1 table, the driver entry 2. */
#define AGX_UAT_DRIVER_L1_INDEX 2
#define AGX_UAT_DRIVER_BASE     0xffffffa000000000ull
#define AGX_UAT_DRIVER_END      0xffffffb000000000ull

/* TTBAT: one pair of level-1 tables per context. Context 0 is the firmware's. */
#define AGX_UAT_CONTEXTS       64
#define AGX_UAT_TTB_VALID      (1ull << 0)
#define AGX_UAT_TTB_BASE       0x0000fffffffffffeull
#define AGX_UAT_TTB_ASID_SHIFT 48

struct agx_uat_ttbs {
	uint64_t ttb0; /* lower half */
	uint64_t ttb1; /* upper half */
};

/* Entries of levels 1 and 2. A table is physical address | 3. */
#define AGX_UAT_VALID (1ull << 0)
#define AGX_UAT_TYPE  (1ull << 1) /* clear in a valid entry: a block, which nobody uses */

#define AGX_UAT_ADDRESS 0x0000ffffffffc000ull /* physical; also of pages */

/* Entries of level 3. */
#define AGX_UAT_ATTR_SHIFT 2 /* 4:2, memory type, see below */
#define AGX_UAT_ATTR       (7ull << AGX_UAT_ATTR_SHIFT)
#define AGX_UAT_AP_SHIFT   6 /* 7:6, see the matrix of docs/uat.md */
#define AGX_UAT_AP         (3ull << AGX_UAT_AP_SHIFT)
#define AGX_UAT_SH         (3ull << 8)  /* 0 in everything that was seen */
#define AGX_UAT_AF         (1ull << 10) /* access flag: 1, or an access faults */
#define AGX_UAT_NG         (1ull << 11) /* not global: belongs to the context's ASID */
#define AGX_UAT_PXN        (1ull << 53)
#define AGX_UAT_UXN        (1ull << 54)
#define AGX_UAT_OS         (1ull << 55) /* mapped by the driver; clear: the firmware's own */

/* Memory types, with the MAIR byte that m1n1 found. */
#define AGX_UAT_ATTR_CACHED 0 /* 0xff: cached by the coprocessor, and not coherent */
#define AGX_UAT_ATTR_DEVICE 1 /* 0x00: device nGnRnE */
#define AGX_UAT_ATTR_SHARED 2 /* 0xf4: not cached by the coprocessor */
#define AGX_UAT_ATTR_INNER  3 /* 0x4f: outer non-cacheable; use unknown */

/*
 * Handoff block. The two sides exclude each other with Dekker's algorithm (lock_ap, lock_fw,
 * turn) while they change or look at TTBAT and cur_slot.
 */
#define AGX_HANDOFF_MAGIC 0x4b1d000000000002ull

#define AGX_HANDOFF_TURN_AP 0
#define AGX_HANDOFF_TURN_FW 1

/* cur_slot: the context whose lower half the firmware uses now. */
#define AGX_HANDOFF_NO_SLOT   0
#define AGX_HANDOFF_NO_SLOT_2 0xffffffffu

/* A request to the firmware to write back and forget a range of addresses in its caches. */
#define AGX_HANDOFF_RECORDS       65
#define AGX_HANDOFF_RECORD_KERNEL 64 /* others: index = context */

#define AGX_HANDOFF_FLUSH_IDLE      0
#define AGX_HANDOFF_FLUSH_REQUESTED 1 /* by the driver */
#define AGX_HANDOFF_FLUSH_DONE      2 /* by the firmware */

struct agx_handoff_record {
	uint64_t state;
	uint64_t addr;
	uint64_t size; /* bytes */
};

struct agx_handoff_block {
	uint64_t magic_ap; /* AGX_HANDOFF_MAGIC */
	uint64_t magic_fw; /* the same once the firmware is up */
	uint8_t lock_ap;
	uint8_t lock_fw;
	uint16_t pad_12;
	uint32_t turn;
	uint32_t cur_slot;
	uint32_t pad_1c;
	struct agx_handoff_record flush[AGX_HANDOFF_RECORDS];
	uint8_t unk_638;
	uint8_t pad_639[7];
	uint64_t unk_640; /* the driver writes 0 at start */
};

#define AGX_UAT_CHECK_OFFSET(type, field, offset) \
	_Static_assert(__builtin_offsetof(type, field) == (offset), #field " is misplaced")

AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, magic_fw, 0x08);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, lock_ap, 0x10);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, lock_fw, 0x11);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, turn, 0x14);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, cur_slot, 0x18);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, flush, 0x20);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, unk_638, 0x638);
AGX_UAT_CHECK_OFFSET(struct agx_handoff_block, unk_640, 0x640);
_Static_assert(sizeof(struct agx_handoff_record) == 0x18, "flush record");
_Static_assert(sizeof(struct agx_handoff_block) == 0x648, "handoff block");
_Static_assert(sizeof(struct agx_uat_ttbs) == 16, "TTBAT entry");
#undef AGX_UAT_CHECK_OFFSET

#endif
