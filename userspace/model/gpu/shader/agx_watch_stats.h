/* SPDX-License-Identifier: MIT */
/* What programs did while they were watched: see agx_watch.h. */
#ifndef AGX_WATCH_STATS_H
#define AGX_WATCH_STATS_H

#include <stdint.h>

#include "agx_isa.h"

/* What one program has done. Plain data, so that it can lie in memory that processes share. */
struct agx_watch_shader {
	uint64_t address;
	uint64_t hash;  /* of its code */
	uint32_t size;  /* bytes */
	uint32_t stage; /* enum agx_stage */
	uint64_t launches, groups, simds, threads;
	uint64_t instructions; /* of SIMD groups */
	uint64_t lanes;        /* active ones, summed over instructions */
	uint64_t room;         /* those that exist, likewise */
	uint64_t divergent;    /* instructions with some lanes active and some not */
	uint64_t classes[AGX_ISA_CLASSES];
	/* Accesses of one lane each, and their bytes. */
	uint64_t loads, stores, atomics, bytes_loaded, bytes_stored;
	uint64_t local_loads, local_stores, local_atomics, local_bytes_loaded, local_bytes_stored;
	uint64_t stack_loads, stack_stores, stack_bytes_loaded, stack_bytes_stored;
	uint64_t texture_reads, image_writes;
	uint64_t barriers; /* of SIMD groups */
	uint64_t strays;   /* accesses of what is not mapped, or beyond threadgroup memory */
};

#define AGX_WATCH_SHADERS 64

struct agx_watch_stats {
	uint32_t count;
	uint32_t reserved;
	uint64_t lost;                                      /* instructions of further programs */
	struct agx_watch_shader shaders[AGX_WATCH_SHADERS]; /* in the order of their first launch */
};

#endif
