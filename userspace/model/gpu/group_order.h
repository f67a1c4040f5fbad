/* SPDX-License-Identifier: MIT */
/* Orders that look random and are given by a seed: threadgroups of a launch, SIMD groups of a threadgroup. */
#ifndef AGX_GROUP_ORDER_H
#define AGX_GROUP_ORDER_H

#include <stdint.h>

/* A number from two, as different as can be from that of their neighbours. */
uint64_t agx_order_mix(uint64_t a, uint64_t b);

/* The next number of a row, uniform below limit but for what nobody will notice. limit > 0. */
uint32_t agx_order_draw(uint64_t *state, uint32_t limit);

/*
 * Where in 0 to count - 1 the element is that comes at a place of the order (below count): each exactly once, without
 * a table. Takes a few rounds of arithmetic.
 */
uint64_t agx_order_at(uint64_t seed, uint64_t count, uint64_t place);

#endif
