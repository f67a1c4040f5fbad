/* SPDX-License-Identifier: MIT */
/*
 * A CDM stream as it is executed: block by block, each read when its turn comes, because launches may write the
 * blocks and the grids that come after them. Bounded: blocks and calls have limits.
 */
#ifndef AGX_CDM_H
#define AGX_CDM_H

#include "agx_gpu.h"
#include "agx_walk_stream.h"
#include "streams.h"

struct cdm {
	struct stream stream;
	uint64_t at; /* the next block */
	uint64_t calls[AGX_CS_WALK_CALLS];
	unsigned int depth;
	unsigned int blocks; /* met so far */
	uint32_t launches;   /* likewise */
};

/* Threads of a grid: groups of local threads, the last of each dimension cut to size. */
struct cdm_grid {
	uint64_t size[3]; /* threads */
	uint32_t local[3];
	uint64_t groups[3];
	uint64_t count; /* of all groups */
};

struct cdm_launch {
	uint32_t number; /* in the stream, from 0 */
	uint32_t counts; /* first word of what selects the program */
	uint64_t list;   /* GPU address of the list of USC words */
	struct cdm_grid grid;
};

enum cdm_step {
	CDM_LAUNCH,
	CDM_END,
	CDM_FAULT,
};

void cdm_start(struct cdm *cdm, const struct stream *stream);

/*
 * Goes on to the next launch. FAULT: fault is filled in but for the unit's code; what it wanted is no memory of
 * its own or makes no sense.
 */
enum cdm_step cdm_next(struct cdm *cdm, struct cdm_launch *launch, struct agx_gpu_fault *fault);

#endif
