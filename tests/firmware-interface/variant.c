// SPDX-License-Identifier: MIT
/*
 * Compiled once per variant, as layout-dependent code is: the variant that variant.h chooses has
 * the properties that it claims.
 */
#include "variant.h"

#define WANT(expression) _Static_assert(expression, #expression)

WANT(AGX_FW_G13 + AGX_FW_G14 + AGX_FW_G14X == 1);
WANT(AGX_FW_G13 == 0 || AGX_FW_G13 == 1);
WANT(AGX_FW_V13 == 0 || AGX_FW_V13 == 1);

/* The tables of all variants agree with the chosen one. */
#if AGX_FW_V13
WANT(offsetof(struct AGX_FW(run_vertex), counter) == 4);
WANT(AGX_FW(DC_INITIALIZE) == 0x1a);
#else
WANT(offsetof(struct AGX_FW(run_vertex), vm_slot) == 4);
WANT(AGX_FW(DC_INITIALIZE) == 0x19);
#endif

#if AGX_FW_G14X
WANT(sizeof(((struct AGX_FW(run_compute) *)0)->registers) == 0x700);
WANT(AGX_FW(HWDATA_CORES) == 16);
#else
WANT(sizeof(((struct AGX_FW(run_compute) *)0)->job_params1) == 0x150);
WANT(AGX_FW(HWDATA_CORES) == 8);
#endif

#if AGX_FW_G13
WANT(sizeof(((struct AGX_FW(vertex_params1) *)0)->tvb_cluster_meta1) == 8);
#endif

#if AGX_FW_G14 && AGX_FW_V13
WANT(sizeof(struct AGX_FW(run_work_queue_msg)) == 0x40);
#else
WANT(sizeof(struct AGX_FW(run_work_queue_msg)) == 0x30);
#endif

/* Headers may be included again after the variant was chosen. */
#include "channels.h"
#include "common.h"
#include "variants.h"

int AGX_FW(variant_compiles)(void);
int AGX_FW(variant_compiles)(void)
{
	return AGX_FW_BIT;
}
