// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Registers that the firmware accesses through the driver's mappings, and sizes that go into
 * commands: jannau/linux: drivers/gpu/drm/asahi/hw/{t8103,t8112,t600x,t602x}.rs.
 *
 * m1n1 (proxyclient/m1n1/agx/initdata.py) has T8112's ranges 16 to 18 read-only, and maps the
 * temperature sensors and range 21 for the first die only.
 */
#include "agx_soc_tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One element, on one die. */
#define RANGE(name, base_, size_, writable_)                                                  \
	{                                                                                     \
		.index = AGX_IO_##name, .writable = (writable_), .count = 1, .size = (size_), \
		.base = (base_),                                                              \
	}

/* One element on each die. */
#define DIE_RANGE(name, base_, size_, writable_)                                              \
	{                                                                                     \
		.index = AGX_IO_##name, .writable = (writable_), .per_die = true, .count = 1, \
		.size = (size_), .base = (base_),                                             \
	}

#define MCACHE(count_)                                                                        \
	{                                                                                     \
		.index = AGX_IO_MCACHE, .writable = true, .per_die = true, .count = (count_), \
		.size = 0xd8000, .stride = 0x1000000, .base = 0x200000000,                    \
	}

static const struct agx_io_range t8103[] = {
	RANGE(FENDER, 0x204d00000, 0x1c000, true),
	RANGE(AIC_TIMER, 0x20e100000, 0x4000, false),
	RANGE(AIC_SOFTWARE_INTERRUPT, 0x23b104000, 0x4000, true),
	RANGE(RGX, 0x204000000, 0x20000, true),
	RANGE(ANALOG_TEMP_SENSOR, 0x23b2e8000, 0x1000, false),
	RANGE(PMP_DOORBELL, 0x23bc00000, 0x1000, true),
	RANGE(METROLOGY, 0x204d80000, 0x5000, true),
	RANGE(GMGIF_AF, 0x204d61000, 0x1000, true),
	RANGE(MCACHE, 0x200000000, 0xd6400, true),
	RANGE(PMGR_SCRATCH, 0x23b738000, 0x1000, true),
};

static const struct agx_io_range t8112[] = {
	RANGE(FENDER, 0x204d00000, 0x14000, true),
	RANGE(AIC_TIMER, 0x20e100000, 0x4000, false),
	RANGE(AIC_SOFTWARE_INTERRUPT, 0x23b0c4000, 0x4000, true),
	RANGE(RGX, 0x204000000, 0x20000, true),
	RANGE(ANALOG_TEMP_SENSOR, 0x23b2c0000, 0x1000, false),
	RANGE(METROLOGY, 0x204d80000, 0x8000, true),
	RANGE(GMGIF_AF, 0x204d61000, 0x1000, true),
	RANGE(MCACHE, 0x200000000, 0xd6400, true),
	RANGE(CRE, 0x204e00000, 0x10000, true),
	RANGE(STREAMING_CODEC, 0x27d050000, 0x4000, true),
	RANGE(UNK_18, 0x23b3d0000, 0x1000, true),
	RANGE(UNK_19, 0x23b3c0000, 0x1000, false),
};

/* clang-format off */
#define T600X_LOW(mcache_count)                                       \
	RANGE(FENDER, 0x404d00000, 0x1c000, true),                    \
	RANGE(AIC_TIMER, 0x20e100000, 0x4000, false),                 \
	RANGE(AIC_SOFTWARE_INTERRUPT, 0x28e104000, 0x4000, true),     \
	RANGE(RGX, 0x404000000, 0x20000, true),                       \
	DIE_RANGE(ANALOG_TEMP_SENSOR, 0x28e494000, 0x4000, false),    \
	RANGE(METROLOGY, 0x404d80000, 0x8000, true),                  \
	RANGE(GMGIF_AF, 0x204d61000, 0x1000, true),                   \
	MCACHE(mcache_count),                                         \
	RANGE(NIA_IDLE_DIE0, 0x2643c4000, 0x1000, true)
#define T600X_HIGH                                                    \
	RANGE(UNK_18, 0x28e3d0000, 0x1000, true),                     \
	RANGE(UNK_19, 0x28e3c0000, 0x2000, false)

static const struct agx_io_range t6000[] = {T600X_LOW(4), T600X_HIGH};
static const struct agx_io_range t6001[] = {T600X_LOW(8), T600X_HIGH};
static const struct agx_io_range t6002[] = {
	T600X_LOW(8),
	RANGE(NIA_IDLE_DIE1, 0x22643c4000, 0x1000, true),
	T600X_HIGH,
};

#define T602X(mcache_count, sensor)                                   \
	RANGE(FENDER, 0x404d00000, 0x144000, true),                   \
	RANGE(AIC_TIMER, 0x20e100000, 0x4000, false),                 \
	RANGE(AIC_SOFTWARE_INTERRUPT, 0x28e106000, 0x4000, true),     \
	RANGE(RGX, 0x404000000, 0x20000, true),                       \
	DIE_RANGE(ANALOG_TEMP_SENSOR, sensor, 0x4000, false),         \
	RANGE(METROLOGY, 0x404e08000, 0x8000, true),                  \
	MCACHE(mcache_count),                                         \
	RANGE(AIC_BANKED, 0x28e118000, 0x4000, false),                \
	RANGE(UNK_18, 0x28e3d0000, 0x4000, true),                     \
	RANGE(UNK_19, 0x28e3c0000, 0x4000, false),                    \
	RANGE(UNK_20, 0x28e3d8000, 0x4000, true),                     \
	DIE_RANGE(UNK_21, 0x404eac000, 0x4000, true)
/* clang-format on */

static const struct agx_io_range t6020[] = {T602X(4, 0x28e460000)};
static const struct agx_io_range t6021[] = {T602X(8, 0x28e478000)};

const struct agx_io_range *agx_soc_io_range(const struct agx_soc *soc, unsigned int i)
{
	const struct agx_io_range *table;
	unsigned int count;

	switch (soc->chip_id) {
	case 0x8103:
		table = t8103, count = COUNT(t8103);
		break;
	case 0x8112:
		table = t8112, count = COUNT(t8112);
		break;
	case 0x6000:
		table = t6000, count = COUNT(t6000);
		break;
	case 0x6001:
		table = t6001, count = COUNT(t6001);
		break;
	case 0x6002:
		table = t6002, count = COUNT(t6002);
		break;
	case 0x6020:
		table = t6020, count = COUNT(t6020);
		break;
	case 0x6021:
	case 0x6022:
		table = t6021, count = COUNT(t6021);
		break;
	default:
		return NULL;
	}
	return i < count ? &table[i] : NULL;
}

bool agx_soc_sram(const struct agx_soc *soc, uint64_t *base, uint64_t *size)
{
	if (soc->chip_id < 0x6020 || soc->chip_id > 0x6022)
		return false;
	*base = 0x404d60000;
	*size = 0x20000;
	return true;
}

#define T8_ARCH(core, compute)                                                                  \
	{                                                                                       \
		.core_id = AGX_GPU_CORE_##core, .preempt1_size = 0x540, .preempt2_size = 0x280, \
		.preempt3_size = 0x20, .compute_preempt1_size = (compute),                      \
		.tiling_control = 0xa041, .max_gps = 4,                                         \
	}

#define T600X_ARCH(core)                                                                           \
	{                                                                                          \
		.core_id = AGX_GPU_CORE_##core, .preempt1_size = 0x540, .preempt2_size = 0x280,    \
		.preempt3_size = 0x20, .compute_preempt1_size = 0x3bd00, .tiling_control = 0xa540, \
		.max_gps = 4,                                                                      \
		.clustering = {.meta1_block_size = 0x44,                                           \
			       .meta2_size = 0xc0 * 8,                                             \
			       .meta3_size = 0x280 * 8,                                            \
			       .meta4_size = 0x30 * 16,                                            \
			       .max_splits = 16},                                                  \
	}

#define T602X_ARCH(core, compute)                                                               \
	{                                                                                       \
		.core_id = AGX_GPU_CORE_##core, .preempt1_size = 0x540, .preempt2_size = 0x280, \
		.preempt3_size = 0x40, .compute_preempt1_size = (compute),                      \
		.tiling_control = 0x180340, .max_gps = 4,                                       \
		.clustering = {.meta1_block_size = 0x44,                                        \
			       .meta2_size = 0xc0 * 16,                                         \
			       .meta3_size = 0x280 * 16,                                        \
			       .meta4_size = 0x10 * 128,                                        \
			       .max_splits = 64},                                               \
	}

/* The Rust driver calls T8112's and T6022's compute_preempt1_size guesses. */
static const struct agx_soc_arch t8103_arch = T8_ARCH(G13G, 0x7f80);
static const struct agx_soc_arch t8112_arch = T8_ARCH(G14G, 0x10000);
static const struct agx_soc_arch t6000_arch = T600X_ARCH(G13S);
static const struct agx_soc_arch t6001_arch = T600X_ARCH(G13C);
static const struct agx_soc_arch t6020_arch = T602X_ARCH(G14S, 0x25980);
static const struct agx_soc_arch t6021_arch = T602X_ARCH(G14C, 0x25980);
static const struct agx_soc_arch t6022_arch = T602X_ARCH(G14D, 2 * 0x25980);

const struct agx_soc_arch *agx_soc_arch(const struct agx_soc *soc)
{
	switch (soc->chip_id) {
	case 0x8103:
		return &t8103_arch;
	case 0x8112:
		return &t8112_arch;
	case 0x6000:
		return &t6000_arch;
	case 0x6001:
	case 0x6002:
		return &t6001_arch;
	case 0x6020:
		return &t6020_arch;
	case 0x6021:
		return &t6021_arch;
	case 0x6022:
		return &t6022_arch;
	}
	return NULL;
}
