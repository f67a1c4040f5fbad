// SPDX-License-Identifier: MIT
#include "group_order.h"

#define ROUNDS 4

/* The finalizer of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t agx_order_mix(uint64_t a, uint64_t b)
{
	return scramble(scramble(a + 0x9e3779b97f4a7c15) ^ b);
}

uint32_t agx_order_draw(uint64_t *state, uint32_t limit)
{
	*state += 0x9e3779b97f4a7c15;
	return (uint32_t)((scramble(*state) >> 32) * limit >> 32);
}

/* A Feistel network permutes the numbers of 2 * half bits. */
static uint64_t permute(uint64_t seed, unsigned int half, uint64_t x)
{
	const uint64_t mask = (1ull << half) - 1;
	uint64_t left = x >> half, right = x & mask;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const uint64_t next = left ^ (agx_order_mix(seed + i, right) & mask);

		left = right;
		right = next;
	}
	return left << half | right;
}

/* Numbers that are too large are permuted again until they are not: fewer than three in four are. */
uint64_t agx_order_at(uint64_t seed, uint64_t count, uint64_t place)
{
	unsigned int half = 1;

	while (half < 32 && count > 1ull << 2 * half)
		half++;
	do
		place = permute(seed, half, place);
	while (place >= count);
	return place;
}
