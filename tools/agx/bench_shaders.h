/* SPDX-License-Identifier: MIT */
/* The programs that `agx bench` runs, and what they have to leave in memory. */
#ifndef AGX_BENCH_SHADERS_H
#define AGX_BENCH_SHADERS_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_GROUP 256 /* threads of a group of all programs but the empty one */

/* Of memory: each thread moves BENCH_BYTES at its place. du0: from, du2: to. */
#define BENCH_BYTES 16

extern const char bench_text_empty[];
extern const char bench_text_copy[];
extern const char bench_text_read[]; /* writes nothing, as long as memory holds no BENCH_RARE */
extern const char bench_text_write[];

#define BENCH_RARE    0x9e3779b9u
#define BENCH_WRITTEN 0x55u

enum bench_kind {
	BENCH_FLOAT,
	BENCH_HALF,
	BENCH_INT
};

/*
 * Of arithmetic: each thread does this many multiply-adds, and stores a word at its place of du0.
 */
#define BENCH_LOOPS    64
#define BENCH_UNROLLED 16
#define BENCH_MADDS    (BENCH_LOOPS * BENCH_UNROLLED)
#define BENCH_CHAINS   4

/*
 * chains: into how many that do not depend on each other the multiply-adds are divided, 1 to
 * BENCH_CHAINS. The text is the caller's to free; NULL: no memory.
 */
char *bench_text_madd(enum bench_kind kind, unsigned int chains);

/* The word that a thread of it stores. */
uint32_t bench_madd_result(enum bench_kind kind, unsigned int chains);

#endif
