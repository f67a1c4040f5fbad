/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The device as it is found: what the boot loader (m1n1) leaves in the device tree, and what the
 * GPU's own registers say. A home fills a struct agx_device and gives it to agx_core_create().
 *
 * A virtual machine has no boot loader: agx_device_default() fills in what the SoC's device tree
 * has, and the core builds the three blobs itself.
 */
#ifndef AGX_DEVICE_H
#define AGX_DEVICE_H

#include "agx_float.h"
#include "agx_soc.h"
#include "variants.h"

#define AGX_MAX_DIES        2
#define AGX_MAX_PSTATES     16
#define AGX_MAX_CS_PSTATES  16
#define AGX_MAX_AFR_PSTATES 8

/* As in the property apple,firmware-abi. */
struct agx_firmware_version {
	uint32_t major, minor, patch;
};

/* Reserved memory. */
struct agx_region {
	uint64_t pa;
	uint64_t size;
	void *cpu; /* mapped for the driver */
};

/* One of hw-cal-a, hw-cal-b and globals. data NULL: the boot loader did not make it. */
struct agx_blob {
	const void *data;
	uint64_t size; /* as in debug,hw-cal-a-size and so on */
};

/* One performance state (an operating point). The first is "off". */
struct agx_pstate {
	uint32_t freq_hz;
	uint32_t power_mw; /* at most, whole GPU */
	uint16_t mv[AGX_SOC_MAX_CLUSTERS];
};

/* The same of the CS and AFR clocks, which only T602x has. */
struct agx_aux_pstate {
	uint32_t freq_hz;
	uint16_t mv[AGX_MAX_DIES];
};

/* Performance states and leakage, which differ from chip to chip. */
struct agx_power {
	uint32_t count;       /* of pstates, at least 2 */
	uint32_t base_pstate; /* lowest that is used when there is work */
	struct agx_pstate pstates[AGX_MAX_PSTATES];
	uint32_t cs_count, afr_count;
	struct agx_aux_pstate cs[AGX_MAX_CS_PSTATES];
	struct agx_aux_pstate afr[AGX_MAX_AFR_PSTATES];
	agx_f32 core_leak[AGX_SOC_MAX_CLUSTERS];
	agx_f32 sram_leak[AGX_SOC_MAX_CLUSTERS];
	agx_f32 cs_leak[AGX_MAX_DIES];
	agx_f32 afr_leak[AGX_MAX_DIES];
};

/* What the GPU's identification registers say. */
struct agx_gpu_id {
	uint8_t revision; /* letter and number, one hexadecimal digit each */
	uint8_t clusters;
	uint8_t cores_per_cluster; /* positions */
	uint16_t core_masks[AGX_SOC_MAX_CLUSTERS];
};

struct agx_device {
	const struct agx_soc *soc;
	struct agx_firmware_version firmware; /* the ABI, see agx_firmware_abi() */
	struct agx_region ttbs;               /* /reserved-memory/uat-ttbs */
	struct agx_region pagetables;         /* .../uat-pagetables */
	struct agx_region handoff;            /* .../uat-handoff */
	struct agx_blob hwdata_a, hwdata_b, globals;
	struct agx_power power;
	struct agx_gpu_id id;
	bool studio; /* Mac Studio: T6001 and T6021 are tuned differently there */
};

/* A firmware's version as installed to the ABI that it speaks. */
struct agx_firmware_version agx_firmware_abi(struct agx_firmware_version installed);

/* The firmwares that a SoC is supported with, oldest first. NULL when index is past the end. */
const struct agx_firmware_version *agx_soc_firmware(const struct agx_soc *soc, unsigned int index);

/* The variant of the interface, enum agx_fw_variant; -ENODEV: an unsupported pair. */
int agx_device_variant(const struct agx_soc *soc, const struct agx_firmware_version *firmware);

/* Its name, as in variants.h. */
const char *agx_fw_variant_name(enum agx_fw_variant variant);

/*
 * Everything but the regions, for a machine without a boot loader: performance states of the
 * SoC's device tree, all cores that soc has, no blobs.
 */
void agx_device_default(const struct agx_soc *soc, const struct agx_firmware_version *firmware,
			struct agx_device *device);

/* Is the description complete and possible? -EINVAL, -ENODEV; why says what is wrong. */
int agx_device_check(const struct agx_device *device, struct agx_reject *why);

/* Identification registers, by their offset from the "sgx" range. */
struct agx_gpu_registers {
	uint32_t id_version;   /* 0xd04000 */
	uint32_t id_counts_1;  /* 0xd04010 */
	uint32_t id_counts_2;  /* 0xd04014 */
	uint32_t id_clusters;  /* 0xd0401c */
	uint32_t core_mask[3]; /* 0xd01500, 0xd01514, -; T602x: 0xe01500, 0xe01504, 0xe01508 */
};

/*
 * Decodes them. -EIO: not the GPU that soc says it is, or more of something than that can have;
 * -ENODEV: a code that nobody knows.
 */
int agx_gpu_identify(const struct agx_soc *soc, const struct agx_gpu_registers *registers,
		     struct agx_gpu_id *id, struct agx_reject *why);

/* For the firmware: enum agx_gpu_revision of a revision as in agx_gpu_id; 0: unknown. */
uint32_t agx_gpu_revision_id(uint8_t revision);

#endif
