// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The device description: which firmware goes with which SoC, and whether what a home says about
 * its device can be.
 *
 * Pairs: AsahiLinux/m1n1: rust/src/gpu/initdata.rs rust_gpu_initdata_size(); versions that share
 * an ABI: src/kboot_gpu.c dt_set_gpu(). Identification: jannau/linux: drivers/gpu/drm/asahi/
 * regs.rs get_gpu_id().
 */
#include "agx_device.h"

#include "agx_soc_tables.h"
#include "uat.h"
#include "variant_ops.h"

static const struct agx_firmware_version v12_3 = {12, 3, 0};
static const struct agx_firmware_version v12_4 = {12, 4, 0};
static const struct agx_firmware_version v13_5 = {13, 5, 0};

static bool same(const struct agx_firmware_version *a, const struct agx_firmware_version *b)
{
	return a->major == b->major && a->minor == b->minor && a->patch == b->patch;
}

struct agx_firmware_version agx_firmware_abi(struct agx_firmware_version installed)
{
	if (installed.major == 12 && installed.minor == 3)
		return v12_3;
	if (installed.major == 13 && installed.minor == 6 && installed.patch == 1)
		return v13_5;
	return installed;
}

/* G14 with 13.5 comes in two variants: G alone (T8112), and S, C, D. */
int agx_device_variant(const struct agx_soc *soc, const struct agx_firmware_version *firmware)
{
	if (soc->generation == 13 && same(firmware, &v12_3))
		return AGX_FW_VARIANT_G13_V12_3;
	if (soc->generation == 13 && same(firmware, &v13_5))
		return AGX_FW_VARIANT_G13_V13_5;
	if (soc->generation == 14 && soc->variant == 'G' && same(firmware, &v12_4))
		return AGX_FW_VARIANT_G14_V12_4;
	if (soc->generation == 14 && same(firmware, &v13_5))
		return soc->variant == 'G' ? AGX_FW_VARIANT_G14_V13_5 : AGX_FW_VARIANT_G14X_V13_5;
	return -ENODEV;
}

const struct agx_firmware_version *agx_soc_firmware(const struct agx_soc *soc, unsigned int index)
{
	static const struct agx_firmware_version *const all[] = {&v12_3, &v12_4, &v13_5};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (agx_device_variant(soc, all[i]) < 0)
			continue;
		if (!index--)
			return all[i];
	}
	return NULL;
}

const char *agx_fw_variant_name(enum agx_fw_variant variant)
{
	const struct agx_variant_ops *ops = agx_variant_ops(variant);

	return ops ? ops->name : NULL;
}

void agx_device_default(const struct agx_soc *soc, const struct agx_firmware_version *firmware,
			struct agx_device *device)
{
	unsigned int i;

	agx_core_memset(device, 0, sizeof(*device));
	device->soc = soc;
	device->firmware = *firmware;
	agx_soc_default_power(soc, &device->power);
	device->id.revision = soc->revision;
	device->id.clusters = soc->clusters;
	device->id.cores_per_cluster = soc->cores_per_cluster;
	for (i = 0; i < soc->clusters; i++)
		device->id.core_masks[i] = soc->core_masks[i];
}

static int check_region(const struct agx_device *device, const struct agx_region *region,
			uint64_t least, const char *what, struct agx_reject *why)
{
	uint64_t limit = 1ull << device->soc->output_address_bits;

	if (!region->cpu)
		return agx_reject(why, -EINVAL, what, "memory mapped for the driver", 0);
	if (region->size < least)
		return agx_reject(why, -EINVAL, what, "a larger reserved region", region->size);
	if (!region->pa || region->pa & (AGX_UAT_PAGE_SIZE - 1))
		return agx_reject(why, -EINVAL, what, "an address in whole 16 KiB pages",
				  region->pa);
	if (region->pa >= limit || region->size > limit - region->pa)
		return agx_reject(why, -EINVAL, what, "an address as wide as the SoC's",
				  region->pa);
	return 0;
}

static int check_blob(const struct agx_blob *blob, bool wanted, uint64_t least, const char *what,
		      struct agx_reject *why)
{
	if (!blob->data != !wanted)
		return agx_reject(why, -EINVAL, what, "all three blobs or none", blob->size);
	if (wanted && blob->size < least)
		return agx_reject(why, -EINVAL, what, "at least the firmware's structure",
				  blob->size);
	return 0;
}

static int check_power(const struct agx_device *device, struct agx_reject *why)
{
	const struct agx_power *power = &device->power;
	uint32_t i;
	bool csafr = device->soc->chip_id >= 0x6020 && device->soc->chip_id <= 0x6022;

	if (power->count < 2 || power->count > AGX_MAX_PSTATES)
		return agx_reject(why, -EINVAL, "number of performance states", "2 to 16",
				  power->count);
	if (!power->base_pstate || power->base_pstate >= power->count)
		return agx_reject(why, -EINVAL, "base performance state", "one above off",
				  power->base_pstate);
	for (i = 1; i < power->count; i++) {
		if (power->pstates[i].freq_hz <= power->pstates[i - 1].freq_hz ||
		    power->pstates[i].freq_hz < 1000000)
			return agx_reject(why, -EINVAL, "frequency of a performance state",
					  "ascending, at least 1 MHz", power->pstates[i].freq_hz);
		/* A limit that keeps sums in 32 bits: 10 kW. */
		if (!power->pstates[i].power_mw || power->pstates[i].power_mw > 10000000)
			return agx_reject(why, -EINVAL, "power of a performance state",
					  "1 mW to 10 kW", power->pstates[i].power_mw);
		if (power->pstates[i].mv[0] < 100 || power->pstates[i].mv[0] > 5000)
			return agx_reject(why, -EINVAL, "voltage of a performance state",
					  "100 to 5000 mV", power->pstates[i].mv[0]);
	}
	if (agx_soc_power(device->soc, device->studio)->curves && power->count > 9)
		return agx_reject(why, -EINVAL, "number of performance states",
				  "at most 9, as the SoC's curves have", power->count);
	if (csafr && (!power->cs_count || power->cs_count > AGX_MAX_CS_PSTATES))
		return agx_reject(why, -EINVAL, "number of CS performance states", "1 to 16",
				  power->cs_count);
	if (csafr && (!power->afr_count || power->afr_count > AGX_MAX_AFR_PSTATES))
		return agx_reject(why, -EINVAL, "number of AFR performance states", "1 to 8",
				  power->afr_count);
	return 0;
}

int agx_device_check(const struct agx_device *device, struct agx_reject *why)
{
	const struct agx_variant_ops *ops;
	const struct agx_soc *soc = device->soc;
	int variant, err;
	unsigned int i;
	bool blobs;

	if (!soc || !agx_soc_power(soc, device->studio) || !agx_soc_arch(soc))
		return agx_reject(why, -ENODEV, "SoC", "one of agx_soc_get()",
				  soc ? soc->chip_id : 0);
	variant = agx_device_variant(soc, &device->firmware);
	if (variant < 0)
		return agx_reject(why, -ENODEV, "firmware ABI",
				  "12.3 or 13.5 on G13, 12.4 on T8112, 13.5 on G14",
				  (uint64_t)device->firmware.major << 32 | device->firmware.minor);
	ops = agx_variant_ops(variant);

	err = check_region(device, &device->ttbs, AGX_UAT_CONTEXTS * sizeof(struct agx_uat_ttbs),
			   "uat-ttbs", why);
	if (!err)
		err = check_region(device, &device->pagetables, AGX_UAT_PAGE_SIZE, "uat-pagetables",
				   why);
	if (!err)
		err = check_region(device, &device->handoff, sizeof(struct agx_handoff_block),
				   "uat-handoff", why);
	if (err)
		return err;

	blobs = device->hwdata_a.data || device->hwdata_b.data || device->globals.data;
	err = check_blob(&device->hwdata_a, blobs, ops->hwdata_a_size, "hw-cal-a", why);
	if (!err)
		err = check_blob(&device->hwdata_b, blobs, ops->hwdata_b_size, "hw-cal-b", why);
	if (!err)
		err = check_blob(&device->globals, blobs, ops->globals_size, "globals", why);
	/* Power states only matter to who builds the blobs. */
	if (!err && !blobs)
		err = check_power(device, why);
	if (err)
		return err;

	if (!device->id.clusters || device->id.clusters > soc->clusters)
		return agx_reject(why, -EINVAL, "clusters", "1 to the SoC's", device->id.clusters);
	if (!device->id.cores_per_cluster || device->id.cores_per_cluster > soc->cores_per_cluster)
		return agx_reject(why, -EINVAL, "cores per cluster", "1 to the SoC's",
				  device->id.cores_per_cluster);
	if (!agx_gpu_revision_id(device->id.revision))
		return agx_reject(why, -EINVAL, "GPU revision", "A0 to C1", device->id.revision);
	for (i = 0; i < device->id.clusters; i++)
		if (device->id.core_masks[i] >> device->id.cores_per_cluster)
			return agx_reject(why, -EINVAL, "core mask",
					  "no bits above the number of cores",
					  device->id.core_masks[i]);
	return 0;
}

uint32_t agx_gpu_revision_id(uint8_t revision)
{
	switch (revision) {
	case 0x00:
		return AGX_GPU_REVISION_A0;
	case 0x01:
		return AGX_GPU_REVISION_A1;
	case 0x10:
		return AGX_GPU_REVISION_B0;
	case 0x11:
		return AGX_GPU_REVISION_B1;
	case 0x20:
		return AGX_GPU_REVISION_C0;
	case 0x21:
		return AGX_GPU_REVISION_C1;
	}
	return 0;
}

/* count bits of the masks, from bit first on. */
static uint32_t mask_bits(const uint32_t words[3], unsigned int first, unsigned int count)
{
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (first + i < 96 && words[(first + i) / 32] >> ((first + i) % 32) & 1)
			bits |= 1u << i;
	return bits;
}

int agx_gpu_identify(const struct agx_soc *soc, const struct agx_gpu_registers *registers,
		     struct agx_gpu_id *id, struct agx_reject *why)
{
	uint32_t generation = registers->id_version >> 24;
	uint32_t variant = registers->id_version >> 16 & 0xff;
	uint32_t revision = registers->id_version >> 8 & 0xff;
	uint32_t clusters, cores = registers->id_counts_1 & 0xff;
	uint32_t gps = registers->id_counts_2 >> 16 & 0xff;
	bool g14x = generation == 6;
	unsigned int i, used;
	char letter;

	if (generation < 4 || generation > 6)
		return agx_reject(why, -ENODEV, "GPU generation", "4, 5 or 6", generation);
	if (g14x)
		clusters =
			(registers->id_counts_1 >> 8 & 0xff) * (registers->id_counts_1 >> 16 & 0xf);
	else
		clusters = registers->id_clusters >> 12 & 0xff;
	switch (variant) {
	case 1:
		letter = 'P';
		break;
	case 2:
		letter = 'G';
		break;
	case 3:
		letter = 'S';
		break;
	case 4:
		letter = clusters > 4 ? 'D' : 'C';
		break;
	default:
		return agx_reject(why, -ENODEV, "GPU variant", "1 to 4", variant);
	}
	if (!agx_gpu_revision_id((uint8_t)revision))
		return agx_reject(why, -ENODEV, "GPU revision", "A0 to C1", revision);
	if (cores > 32)
		return agx_reject(why, -ENODEV, "cores per cluster", "at most 32", cores);
	if (clusters * cores > (g14x ? 96u : 64u))
		return agx_reject(why, -ENODEV, "cores", "no more than core mask bits",
				  clusters * cores);

	if ((generation == 4 ? 13 : 14) != soc->generation || letter != soc->variant)
		return agx_reject(why, -EIO, "GPU type", "the device tree's",
				  registers->id_version);
	if (!clusters || clusters > soc->clusters)
		return agx_reject(why, -EIO, "clusters", "1 to the SoC's", clusters);
	if (!cores || cores > soc->cores_per_cluster)
		return agx_reject(why, -EIO, "cores per cluster", "1 to the SoC's", cores);
	if (gps > agx_soc_arch(soc)->max_gps)
		return agx_reject(why, -EIO, "GPs", "at most the SoC's", gps);

	agx_core_memset(id, 0, sizeof(*id));
	id->revision = (uint8_t)revision;
	id->clusters = (uint8_t)clusters;
	id->cores_per_cluster = (uint8_t)cores;
	for (i = 0; i < clusters; i++)
		id->core_masks[i] = (uint16_t)mask_bits(registers->core_mask, i * cores, cores);
	used = clusters * cores;
	for (i = used; i < 96; i += 32) {
		uint32_t rest = mask_bits(registers->core_mask, i, 32);

		if (rest)
			return agx_reject(why, -EIO, "core mask", "no bits after the last cluster",
					  rest);
	}
	return 0;
}
