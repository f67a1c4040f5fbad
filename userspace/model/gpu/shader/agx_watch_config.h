/* SPDX-License-Identifier: MIT */
/*
 * What is to be watched of programs while they are executed: see agx_watch.h. By itself, for those in between who only
 * pass it on.
 */
#ifndef AGX_WATCH_CONFIG_H
#define AGX_WATCH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_gpu.h"

struct agx_watch_race;
struct agx_watch_stats;
struct agx_watch_step;
struct agx_watch_stop;

/* Which steps are told. */
struct agx_watch_trace {
	bool on;
	uint64_t address; /* in the program */
	bool any_submit;  /* otherwise the next */
	uint64_t submit;
	bool any_group; /* all groups; otherwise the next two say */
	bool one_group; /* group; otherwise the first that runs it */
	uint32_t group[3];
	bool any_simd; /* all SIMD groups of the group; otherwise the next */
	uint32_t simd;
};

/* Reasons to stop, bits. */
#define AGX_WATCH_FAULT (1u << 0) /* the program cannot go on */
#define AGX_WATCH_NAN   (1u << 1) /* a NaN comes out of numbers */
#define AGX_WATCH_OOB   (1u << 2) /* an access to what is not mapped, or beyond threadgroup memory */

/*
 * The functions are called from within the GPU, by its thread, and must not call back.
 */
struct agx_watch_config {
	struct agx_watch_trace trace;
	uint32_t stops; /* AGX_WATCH_FAULT ... */
	bool races;
	uint64_t race_memory; /* bytes that finding races may take; 0: AGX_WATCH_RACE_MEMORY */
	struct agx_watch_stats *stats; /* NULL: none; all zeros at first */

	/* Each may be NULL. step: false: no more of them. */
	bool (*step)(void *data, const struct agx_watch_step *step);
	void (*stop)(void *data, const struct agx_watch_stop *stop);
	void (*race)(void *data, const struct agx_watch_race *race);
	void *data;

	/*
	 * Of who has the GPU: the submission and command that a place is of; in words, where an address of its
	 * memory lies. False: not known. May be NULL.
	 */
	bool (*locate)(void *cookie, const struct agx_gpu_place *place, uint64_t *submit,
		       uint32_t *command);
	bool (*describe)(void *cookie, const struct agx_gpu_place *place, uint64_t address,
			 char *text, size_t size);
	void *cookie;
};

#define AGX_WATCH_RACE_MEMORY (512ull << 20)

#endif
