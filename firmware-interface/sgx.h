/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The few registers of the GPU ("sgx" range) that a driver reads itself: what the GPU is, and what
 * its MMU has faulted on. Everything else goes through the firmware.
 *
 * Sources: driver: regs.rs; m1n1: hw/agx.py.
 */
#ifndef AGX_FW_SGX_H
#define AGX_FW_SGX_H

#include "types.h"

/* Identity. 32 bits each. */
#define AGX_SGX_ID_VERSION  0xd04000
#define AGX_SGX_ID_UNK_08   0xd04008
#define AGX_SGX_ID_COUNTS_1 0xd04010
#define AGX_SGX_ID_COUNTS_2 0xd04014
#define AGX_SGX_ID_UNK_18   0xd04018
#define AGX_SGX_ID_CLUSTERS 0xd0401c

/* ID_VERSION */
#define AGX_SGX_ID_GENERATION_SHIFT 24 /* 8 bits: enum agx_sgx_generation */
#define AGX_SGX_ID_VARIANT_SHIFT    16 /* 8 bits: enum agx_sgx_variant */
#define AGX_SGX_ID_REVISION_SHIFT   8  /* 8 bits: 0x00 A0, 0x01 A1, 0x10 B0 ... 0x21 C1 */

enum agx_sgx_generation {
	AGX_SGX_G13 = 4,
	AGX_SGX_G14 = 5,
	AGX_SGX_G14X = 6,
};

enum agx_sgx_variant {
	AGX_SGX_VARIANT_P = 1, /* a guess of the driver's */
	AGX_SGX_VARIANT_G = 2,
	AGX_SGX_VARIANT_S = 3,
	AGX_SGX_VARIANT_C = 4, /* D when there are more than four clusters */
};

/* ID_COUNTS_1 */
#define AGX_SGX_ID_CORES                  0xffu /* positions per cluster */
#define AGX_SGX_ID_CLUSTERS_PER_DIE_SHIFT 8     /* 8 bits, G14X */
#define AGX_SGX_ID_DIES_SHIFT             16    /* 4 bits, G14X */

/* ID_COUNTS_2 */
#define AGX_SGX_ID_GPS_SHIFT 16 /* 8 bits */

/* ID_CLUSTERS: clusters of all dies, G13 and G14 */
#define AGX_SGX_ID_CLUSTERS_SHIFT 12 /* 8 bits */

/*
 * Present cores, a bit each; a cluster has as many bits as ID_COUNTS_1 has cores, and clusters
 * follow each other without gaps, across words too. G13 and G14 have two words, G14X three in
 * sequence.
 */
#define AGX_SGX_CORE_MASK_0     0xd01500
#define AGX_SGX_CORE_MASK_1     0xd01514
#define AGX_SGX_CORE_MASKS_G14X 0xe01500

/* MMU fault. 64 bits each. */
#define AGX_SGX_FAULT_INFO      0x17030 /* G13, G14 */
#define AGX_SGX_FAULT_INFO_G14X 0xd8c0
#define AGX_SGX_FAULT_ADDR_G14X 0xd8c8

/* What any register reads as while the GPU has no power. */
#define AGX_SGX_NO_ACCESS 0xacce5515abad1deaull

/* FAULT_INFO */
#define AGX_SGX_FAULT_VALID          (1ull << 0)
#define AGX_SGX_FAULT_REASON_SHIFT   1 /* 3 bits: enum agx_sgx_fault_reason */
#define AGX_SGX_FAULT_READ           (1ull << 4)
#define AGX_SGX_FAULT_UNK_5_SHIFT    5  /* 2 bits */
#define AGX_SGX_FAULT_LEVEL_SHIFT    7  /* 2 bits: level of the page tables */
#define AGX_SGX_FAULT_UNIT_SHIFT     9  /* 8 bits: AGX_SGX_UNITS */
#define AGX_SGX_FAULT_VM_SLOT_SHIFT  17 /* 6 bits: UAT context */
#define AGX_SGX_FAULT_SIDEBAND_SHIFT 23 /* 7 bits */
#define AGX_SGX_FAULT_ADDR_SHIFT     30 /* to the top, G13 and G14 */

/*
 * The address field, or FAULT_ADDR_G14X, counts in these units. Bit 39 of the address is its
 * sign: it tells the upper from the lower half.
 */
#define AGX_SGX_FAULT_ADDR_UNIT_SHIFT 6

enum agx_sgx_fault_reason {
	AGX_SGX_FAULT_UNMAPPED = 0,
	AGX_SGX_FAULT_ACCESS_FLAG = 1,
	AGX_SGX_FAULT_WRITE_ONLY = 2,
	AGX_SGX_FAULT_READ_ONLY = 3,
	AGX_SGX_FAULT_NO_ACCESS = 4,
};

/*
 * Units that access memory: X(first code, last code, step, name). A name whose codes have a
 * step stands for several units: number (code - first) / step.
 */
/* clang-format off */
#define AGX_SGX_UNITS(X)                \
	X(0x00, 0x90, 0x10, DCMP)       \
	X(0x01, 0x91, 0x10, UL1C)       \
	X(0x02, 0x92, 0x10, CMP)        \
	X(0x03, 0x93, 0x10, GSL1)       \
	X(0x04, 0x94, 0x10, IAP)        \
	X(0x05, 0x95, 0x10, VCE)        \
	X(0x06, 0x96, 0x10, TE)         \
	X(0x07, 0x97, 0x10, RAS)        \
	X(0x08, 0x98, 0x10, VDM)        \
	X(0x09, 0x99, 0x10, PPP)        \
	X(0x0a, 0x9a, 0x10, IPF)        \
	X(0x0b, 0x9b, 0x10, IPF_CPF)    \
	X(0x0c, 0x9c, 0x10, VF)         \
	X(0x0d, 0x9d, 0x10, VF_CPF)     \
	X(0x0e, 0x9e, 0x10, ZLS)        \
	X(0xa1, 0xa1, 0, dPM)           \
	X(0xa2, 0xa4, 1, dCDM_KS)       \
	X(0xa5, 0xa5, 0, dIPP)          \
	X(0xa6, 0xa6, 0, dIPP_CS)       \
	X(0xa7, 0xa7, 0, dVDM_CSD)      \
	X(0xa8, 0xa8, 0, dVDM_SSD)      \
	X(0xa9, 0xa9, 0, dVDM_ILF)      \
	X(0xaa, 0xaa, 0, dVDM_ILD)      \
	X(0xab, 0xac, 1, dRDE)          \
	X(0xad, 0xad, 0, FC)            \
	X(0xae, 0xae, 0, GSL2)          \
	X(0xb0, 0xb7, 1, GL2CC_META)    \
	X(0xb8, 0xb8, 0, GL2CC_MB)      \
	X(0xe0, 0xf0, 0x10, gPM_SP)     \
	X(0xe1, 0xf1, 0x10, gVDM_CSD_SP) \
	X(0xe2, 0xf2, 0x10, gVDM_SSD_SP) \
	X(0xe3, 0xf3, 0x10, gVDM_ILF_SP) \
	X(0xe4, 0xf4, 0x10, gVDM_TFP_SP) \
	X(0xe5, 0xf5, 0x10, gVDM_MMB_SP)

/* Only on G13 and G14. */
#define AGX_SGX_UNITS_BEFORE_G14X(X)      \
	X(0xe6, 0xf6, 0x10, gCDM_CS_KS0_SP) \
	X(0xe7, 0xf7, 0x10, gCDM_CS_KS1_SP) \
	X(0xe8, 0xf8, 0x10, gCDM_CS_KS2_SP) \
	X(0xe9, 0xf9, 0x10, gCDM_KS0_SP)  \
	X(0xea, 0xfa, 0x10, gCDM_KS1_SP)  \
	X(0xeb, 0xfb, 0x10, gCDM_KS2_SP)  \
	X(0xec, 0xfc, 0x10, gIPP_SP)      \
	X(0xed, 0xfd, 0x10, gIPP_CS_SP)   \
	X(0xee, 0xfe, 0x10, gRDE0_SP)     \
	X(0xef, 0xff, 0x10, gRDE1_SP)

/* Only on G14X. */
#define AGX_SGX_UNITS_G14X(X)      \
	X(0xd0, 0xd0, 0, gCDM_CS)  \
	X(0xd1, 0xd1, 0, gCDM_ID)  \
	X(0xd2, 0xd2, 0, gCDM_CSR) \
	X(0xd3, 0xd3, 0, gCDM_CSW) \
	X(0xd4, 0xd4, 0, gCDM_CTXR) \
	X(0xd5, 0xd5, 0, gCDM_CTXW) \
	X(0xd6, 0xd6, 0, gIPP)     \
	X(0xd7, 0xd7, 0, gIPP_CS)  \
	X(0xd8, 0xd8, 0, gKSM_RCE) \
	X(0xe6, 0xf6, 0x10, gRDE_SP)
/* clang-format on */

#endif
