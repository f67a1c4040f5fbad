// SPDX-License-Identifier: MIT
#include "identity.h"

#include "sgx.h"

static uint32_t variant_code(char variant)
{
	switch (variant) {
	case 'P':
		return AGX_SGX_VARIANT_P;
	case 'G':
		return AGX_SGX_VARIANT_G;
	case 'S':
		return AGX_SGX_VARIANT_S;
	default:
		return AGX_SGX_VARIANT_C; /* D, too: it has more clusters */
	}
}

unsigned int identity_registers(const struct agx_vgpu_gpu *gpu,
				struct agx_virtual_register registers[IDENTITY_REGISTERS])
{
	const bool g14x = gpu->generation == 14 && gpu->variant != 'G';
	const uint32_t generation = g14x                    ? AGX_SGX_G14X
				    : gpu->generation == 14 ? AGX_SGX_G14
							    : AGX_SGX_G13;
	uint32_t masks[3] = {0}, counts_1 = gpu->cores_per_cluster;
	unsigned int count = 0;

	for (unsigned int cluster = 0; cluster < gpu->clusters; cluster++)
		for (unsigned int core = 0; core < gpu->cores_per_cluster; core++) {
			unsigned int bit = cluster * gpu->cores_per_cluster + core;

			if (gpu->core_masks[cluster] >> core & 1 && bit < 96)
				masks[bit / 32] |= 1u << bit % 32;
		}
	if (g14x && gpu->dies)
		counts_1 |= (uint32_t)(gpu->clusters / gpu->dies)
				    << AGX_SGX_ID_CLUSTERS_PER_DIE_SHIFT |
			    (uint32_t)gpu->dies << AGX_SGX_ID_DIES_SHIFT;

#define REGISTER(at, number) \
	registers[count++] = (struct agx_virtual_register){.offset = (at), .value = (number)}
	REGISTER(AGX_SGX_ID_VERSION, generation << AGX_SGX_ID_GENERATION_SHIFT |
					     variant_code(gpu->variant)
						     << AGX_SGX_ID_VARIANT_SHIFT |
					     (uint32_t)gpu->revision << AGX_SGX_ID_REVISION_SHIFT);
	REGISTER(AGX_SGX_ID_COUNTS_1, counts_1);
	REGISTER(AGX_SGX_ID_COUNTS_2, (uint32_t)gpu->gps << AGX_SGX_ID_GPS_SHIFT);
	REGISTER(AGX_SGX_ID_CLUSTERS,
		 g14x ? 0 : (uint32_t)gpu->clusters << AGX_SGX_ID_CLUSTERS_SHIFT);
	if (g14x) {
		for (unsigned int i = 0; i < 3; i++)
			REGISTER(AGX_SGX_CORE_MASKS_G14X + 4 * i, masks[i]);
	} else {
		REGISTER(AGX_SGX_CORE_MASK_0, masks[0]);
		REGISTER(AGX_SGX_CORE_MASK_1, masks[1]);
	}
#undef REGISTER
	return count;
}
