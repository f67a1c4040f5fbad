/* SPDX-License-Identifier: MIT */
/*
 * The null GPU: a GPU (agx_gpu.h) that draws and computes nothing. Starting a unit resolves every
 * address that the registers name, through the page tables and with the rights that the unit
 * would need, and follows the control stream for a bounded number of blocks. A bad address is a
 * fault with everything that the fault registers tell; all else is done at once.
 *
 * An address that is zero because a feature is not used is no fault, and nothing is resolved
 * that only programs would touch. Behind the first link of a stream nothing but the stream itself
 * is looked at, because programs may write there, and here they do not run.
 *
 * One thread at a time. Nothing is allocated after creation.
 */
#ifndef AGX_NULL_GPU_H
#define AGX_NULL_GPU_H

#include "agx_gpu.h"
#include "gpu_findings.h"
#include "uat_walk.h"

struct agx_null_gpu;

/* Something that no user of the GPU would do on purpose, but that is no fault. */
struct agx_gpu_complaint {
	enum agx_gpu_finding_id id;
	uint64_t address;      /* of the structure, of the memory */
	uint64_t value;        /* of the field; bits; what the text is about */
	const char *structure; /* as docs/cmdstream.md names it, "" when there is none */
	const char *field;     /* likewise */
	const char *text;      /* a constant */
	struct agx_gpu_place place;
};

struct agx_null_gpu_config {
	struct agx_walker walker; /* copied */
	bool g14x;                /* units have other codes */

	/*
	 * Judge everything that work leads to (critic.h). Otherwise only what cannot be executed is said,
	 * and only of a stream's first blocks.
	 */
	bool critic;

	/* For tests: */
	unsigned int busy_polls; /* how often state() says BUSY after a start or resume */
	unsigned int overflows;  /* how often a started vertex unit runs out of memory */

	/* May be NULL, then there is no critic. Called from start(). */
	void (*complain)(void *cookie, const struct agx_gpu_complaint *complaint);
	void *cookie;
};

/* -ENOMEM. */
int agx_null_gpu_create(const struct agx_null_gpu_config *config, struct agx_null_gpu **gpu);

/* Accepts NULL. */
void agx_null_gpu_destroy(struct agx_null_gpu *gpu);

/* Its functions take the struct agx_null_gpu. */
extern const struct agx_gpu_ops agx_null_gpu_ops;

#endif
