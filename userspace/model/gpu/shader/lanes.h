/* SPDX-License-Identifier: MIT */
/*
 * A value of all 32 lanes of a SIMD group, as GCC vectors. They are for storage and for plain loops over
 * the lanes; arithmetic that must be fast is written once in exec_vector.h, in vectors as wide as the host
 * has them, and compiled for each instruction set of the host that is worth it (exec.h).
 */
#ifndef AGX_LANES_H
#define AGX_LANES_H

#include <stdint.h>

#define AGX_LANES     32
#define AGX_ALL_LANES 0xffffffffu
#define AGX_ROW_ALIGN 64

typedef uint32_t agx_u32s __attribute__((vector_size(4 * AGX_LANES), aligned(AGX_ROW_ALIGN)));

#endif
