// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Chip numbers, generations, variants, dies, clusters, cores per cluster, address widths and the
 * base clock: jannau/linux drivers/gpu/drm/asahi/hw/{t8103,t8112,t600x,t602x}.rs. Revisions are
 * what users' machines report through Mesa ("Apple M1 (G13G B1)"); that of T6022 is taken to be
 * T6021's, two of which make it.
 *
 * Which cores are present is read from the hardware by the driver. The masks here are those of
 * the largest configuration sold. Apple sells T602x with at least one core per two clusters
 * disabled (19, 38 and 76 cores of 20, 40 and 80); which one differs between chips, here it is
 * the last of every second cluster.
 */
#include "agx_soc.h"

#include "agx_limits.h"

#define CORES(n) ((1u << (n)) - 1)

static const struct agx_soc socs[] = {
	{
		.name = "t8103",
		.product = "M1",
		.core = "G13G",
		.chip_id = 0x8103,
		.generation = 13,
		.variant = 'G',
		.revision = 0x11,
		.dies = 1,
		.clusters = 1,
		.cores_per_cluster = 8,
		.core_masks = {CORES(8)},
		.output_address_bits = 40,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t8112",
		.product = "M2",
		.core = "G14G",
		.chip_id = 0x8112,
		.generation = 14,
		.variant = 'G',
		.revision = 0x10,
		.dies = 1,
		.clusters = 1,
		.cores_per_cluster = 10,
		.core_masks = {CORES(10)},
		.output_address_bits = 40,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t6000",
		.product = "M1 Pro",
		.core = "G13S",
		.chip_id = 0x6000,
		.generation = 13,
		.variant = 'S',
		.revision = 0x20,
		.dies = 1,
		.clusters = 2,
		.cores_per_cluster = 8,
		.core_masks = {CORES(8), CORES(8)},
		.output_address_bits = 42,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t6001",
		.product = "M1 Max",
		.core = "G13C",
		.chip_id = 0x6001,
		.generation = 13,
		.variant = 'C',
		.revision = 0x20,
		.dies = 1,
		.clusters = 4,
		.cores_per_cluster = 8,
		.core_masks = {CORES(8), CORES(8), CORES(8), CORES(8)},
		.output_address_bits = 42,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t6002",
		.product = "M1 Ultra",
		.core = "G13D",
		.chip_id = 0x6002,
		.generation = 13,
		.variant = 'D',
		.revision = 0x20,
		.dies = 2,
		.clusters = 8,
		.cores_per_cluster = 8,
		.core_masks = {CORES(8), CORES(8), CORES(8), CORES(8), CORES(8), CORES(8), CORES(8),
			       CORES(8)},
		.output_address_bits = 42,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t6020",
		.product = "M2 Pro",
		.core = "G14S",
		.chip_id = 0x6020,
		.generation = 14,
		.variant = 'S',
		.revision = 0x11,
		.dies = 1,
		.clusters = 2,
		.cores_per_cluster = 10,
		.core_masks = {CORES(10), CORES(9)},
		.output_address_bits = 42,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t6021",
		.product = "M2 Max",
		.core = "G14C",
		.chip_id = 0x6021,
		.generation = 14,
		.variant = 'C',
		.revision = 0x11,
		.dies = 1,
		.clusters = 4,
		.cores_per_cluster = 10,
		.core_masks = {CORES(10), CORES(9), CORES(10), CORES(9)},
		.output_address_bits = 42,
		.base_clock_hz = 24000000,
	},
	{
		.name = "t6022",
		.product = "M2 Ultra",
		.core = "G14D",
		.chip_id = 0x6022,
		.generation = 14,
		.variant = 'D',
		.revision = 0x11,
		.dies = 2,
		.clusters = 8,
		.cores_per_cluster = 10,
		.core_masks = {CORES(10), CORES(9), CORES(10), CORES(9), CORES(10), CORES(9),
			       CORES(10), CORES(9)},
		.output_address_bits = 42,
		.base_clock_hz = 24000000,
	},
};

const struct agx_soc *agx_soc_get(unsigned int index)
{
	return index < sizeof(socs) / sizeof(socs[0]) ? &socs[index] : NULL;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const struct agx_soc *agx_soc_find(const char *name)
{
	const struct agx_soc *soc;
	unsigned int i;

	for (i = 0; (soc = agx_soc_get(i)); i++)
		if (same(soc->name, name))
			return soc;
	return NULL;
}

void agx_soc_params(const struct agx_soc *soc, uint64_t features,
		    struct drm_asahi_params_global *params)
{
	unsigned int i;

	agx_core_memset(params, 0, sizeof(*params));
	params->features = features;
	params->gpu_generation = soc->generation;
	params->gpu_variant = (uint32_t)soc->variant;
	params->gpu_revision = soc->revision;
	params->chip_id = soc->chip_id;
	params->num_dies = soc->dies;
	params->num_clusters_total = soc->clusters;
	params->num_cores_per_cluster = soc->cores_per_cluster;
	/* The Rust driver reports 1 GHz on every SoC. */
	params->max_frequency_khz = 1000000;
	for (i = 0; i < soc->clusters; i++)
		params->core_masks[i] = soc->core_masks[i];
	params->vm_start = AGX_VM_USER_START;
	params->vm_end = AGX_VM_USER_END;
	params->vm_kernel_min_size = AGX_VM_KERNEL_MIN_SIZE;
	params->max_commands_per_submission = AGX_MAX_COMMANDS;
	params->max_attachments = AGX_MAX_ATTACHMENTS;
	/* The driver converts the firmware's ticks: user timestamps are nanoseconds. */
	params->command_timestamp_frequency_hz = 1000000000;
}
