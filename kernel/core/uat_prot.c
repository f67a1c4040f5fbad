// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The permission matrix of UAT pages (AsahiLinux/m1n1: proxyclient/m1n1/hw/uat.py, access_fw and
 * access_gpu; jannau/linux: drivers/gpu/drm/asahi/pgtable.rs). The same two bits that deny
 * execution on a CPU select among meanings here.
 */
#include "agx_uat.h"

#define R AGX_UAT_R
#define W AGX_UAT_W
#define X AGX_UAT_X

#define OS_FIRST 16

/* Index: OS, AP (2 bits), UXN, PXN. */
static const struct agx_uat_access matrix[32] = {
	/* OS = 0: the firmware's own mappings, none of the GPU's business. */
	[0x0] = {0, 0, 0, false},
	[0x1] = {0, 0, 0, false},
	[0x2] = {0, 0, 0, false},
	[0x3] = {0, R | W, 0, false},
	[0x4] = {0, 0, 0, false},
	[0x5] = {R | W, 0, 0, false},
	[0x6] = {0, 0, 0, false},
	[0x7] = {R | W, R | W, 0, false},
	[0x8] = {0, R | X, 0, false},
	[0x9] = {R | X, 0, 0, false},
	[0xa] = {0, 0, 0, false},
	[0xb] = {0, R, 0, false},
	[0xc] = {R | X, R | X, 0, false},
	[0xd] = {R, R | W, 0, false},
	[0xe] = {0, 0, 0, false},
	[0xf] = {R, R, 0, false},
	/* OS = 1: the driver's. AP 0: both sides. */
	[OS_FIRST + 0x0] = {0, 0, 0, false},
	[OS_FIRST + 0x1] = {R, R, R, false},
	[OS_FIRST + 0x2] = {W, W, W, true},
	[OS_FIRST + 0x3] = {R | W, R | W, R | W, false},
	/* AP 1: the firmware. */
	[OS_FIRST + 0x4] = {R, R, 0, false},
	[OS_FIRST + 0x5] = {0, 0, 0, false},
	[OS_FIRST + 0x6] = {R | W, R | W, 0, false},
	[OS_FIRST + 0x7] = {R | W, R | W, R, false},
	/* AP 2: the GPU. */
	[OS_FIRST + 0x8] = {0, 0, R, false},
	[OS_FIRST + 0x9] = {0, 0, W, false},
	[OS_FIRST + 0xa] = {0, 0, R | W, false},
	[OS_FIRST + 0xb] = {0, 0, 0, false},
	/* AP 3: nobody. */
	[OS_FIRST + 0xc] = {0, 0, 0, false},
	[OS_FIRST + 0xd] = {0, 0, 0, false},
	[OS_FIRST + 0xe] = {0, 0, 0, false},
	[OS_FIRST + 0xf] = {0, 0, 0, false},
};

#define AP_BOTH 0ull
#define AP_FW   1ull
#define AP_GPU  2ull

#define PROT(ap, exec_never, type)                                           \
	((ap) << AGX_UAT_AP_SHIFT | (exec_never) | AGX_UAT_OS | AGX_UAT_AF | \
	 (uint64_t)AGX_UAT_ATTR_##type << AGX_UAT_ATTR_SHIFT)

static const struct {
	const char *name;
	uint64_t bits;
} prots[AGX_UAT_PROTS] = {
	[AGX_UAT_FW_MMIO_RW] = {"FW_MMIO_RW", PROT(AP_FW, AGX_UAT_UXN, DEVICE)},
	[AGX_UAT_FW_MMIO_RO] = {"FW_MMIO_RO", PROT(AP_FW, 0, DEVICE)},
	[AGX_UAT_FW_SHARED_RW] = {"FW_SHARED_RW", PROT(AP_FW, AGX_UAT_UXN, SHARED)},
	[AGX_UAT_FW_SHARED_RO] = {"FW_SHARED_RO", PROT(AP_FW, 0, SHARED)},
	[AGX_UAT_FW_PRIV_RW] = {"FW_PRIV_RW", PROT(AP_FW, AGX_UAT_UXN, CACHED)},
	[AGX_UAT_GPU_RO_FW_PRIV_RW] = {"GPU_RO_FW_PRIV_RW",
				       PROT(AP_FW, AGX_UAT_UXN | AGX_UAT_PXN, CACHED)},
	[AGX_UAT_GPU_FW_SHARED_RW] = {"GPU_FW_SHARED_RW",
				      PROT(AP_BOTH, AGX_UAT_UXN | AGX_UAT_PXN, SHARED)},
	[AGX_UAT_GPU_FW_PRIV_RW] = {"GPU_FW_PRIV_RW",
				    PROT(AP_BOTH, AGX_UAT_UXN | AGX_UAT_PXN, CACHED)},
	[AGX_UAT_GPU_SHARED_RW] = {"GPU_SHARED_RW", PROT(AP_GPU, AGX_UAT_UXN, SHARED)},
	[AGX_UAT_GPU_SHARED_RO] = {"GPU_SHARED_RO", PROT(AP_GPU, 0, SHARED)},
	[AGX_UAT_GPU_SHARED_WO] = {"GPU_SHARED_WO", PROT(AP_GPU, AGX_UAT_PXN, SHARED)},
};

#define PROT_MASK (AGX_UAT_AP | AGX_UAT_UXN | AGX_UAT_PXN | AGX_UAT_OS | AGX_UAT_AF | AGX_UAT_ATTR)

const char *agx_uat_prot_name(unsigned int prot)
{
	return prot < AGX_UAT_PROTS ? prots[prot].name : NULL;
}

uint64_t agx_uat_prot_bits(enum agx_uat_prot prot)
{
	return prots[prot].bits;
}

int agx_uat_prot_of_entry(uint64_t entry)
{
	int i;

	for (i = 0; i < AGX_UAT_PROTS; i++)
		if ((entry & PROT_MASK) == prots[i].bits)
			return i;
	return -1;
}

struct agx_uat_access agx_uat_entry_access(uint64_t entry)
{
	unsigned int index = (entry & AGX_UAT_AP) >> AGX_UAT_AP_SHIFT << 2;

	if (entry & AGX_UAT_PXN)
		index |= 1;
	if (entry & AGX_UAT_UXN)
		index |= 2;
	if (entry & AGX_UAT_OS)
		index |= OS_FIRST;
	return matrix[index];
}

bool agx_uat_entry_needs_flush(uint64_t entry)
{
	return (entry & AGX_UAT_ATTR) == (uint64_t)AGX_UAT_ATTR_CACHED << AGX_UAT_ATTR_SHIFT &&
	       (entry & AGX_UAT_AP) != AP_GPU << AGX_UAT_AP_SHIFT;
}
