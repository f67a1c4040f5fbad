/* SPDX-License-Identifier: MIT */
/* Compute passes. */
#ifndef AGX_COMPUTE_H
#define AGX_COMPUTE_H

#include <agx/command.h>

#ifdef __cplusplus
extern "C" {
#endif

struct agx_compute_pass {
	bool overlap; /* need not wait for the passes in front of it in the same submission */
	struct agx_timestamp_pair timestamps;
};

/* pass may be NULL: all of it 0. */
AGX_API int agx_compute_begin(struct agx_cmdbuf *cmdbuf, const struct agx_compute_pass *pass);
AGX_API int agx_compute_end(struct agx_cmdbuf *cmdbuf);

/* Where a dispatch's sizes come from. */
enum agx_dispatch_mode {
	AGX_DISPATCH_THREADS,  /* of this structure: threads, in groups */
	AGX_DISPATCH_GROUPS,   /* likewise: groups */
	AGX_DISPATCH_INDIRECT, /* three words of memory: groups; sizes of groups from here */
	AGX_DISPATCH_INDIRECT_THREADS, /* six words of memory: threads, then the sizes of groups */
};

struct agx_dispatch {
	enum agx_dispatch_mode mode;
	/* Threads or groups; 0 counts as 1. Groups are cut at the end of threads. */
	uint32_t size[3];
	uint32_t group[3]; /* threads of a group, at most 1024; 0: as the shader says, or 1 */
	uint64_t address;  /* of INDIRECT*; multiple of 4 */
};

/*
 * A launch of bound, as agx_cmdbuf_bind() made it for this command buffer. Dispatches of a pass see
 * what those in front of them wrote.
 */
AGX_API int agx_compute_dispatch(struct agx_cmdbuf *cmdbuf, const struct agx_bound *bound,
				 const struct agx_dispatch *dispatch);

/* Binds and launches. */
AGX_API int agx_compute_launch(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
			       const struct agx_bindings *bindings,
			       const struct agx_dispatch *dispatch);

/*
 * Dispatches up to the end of the group may overlap: no barrier stands between them. Groups do not
 * nest.
 */
AGX_API int agx_compute_overlap_begin(struct agx_cmdbuf *cmdbuf);
AGX_API int agx_compute_overlap_end(struct agx_cmdbuf *cmdbuf);

/* A barrier behind the last dispatch of a group; elsewhere there is one already. */
AGX_API int agx_compute_barrier(struct agx_cmdbuf *cmdbuf);

/*
 * Words of the compute stream, as they are, for experiments. size: a multiple of 4, at most 1024.
 */
AGX_API int agx_compute_raw(struct agx_cmdbuf *cmdbuf, const void *words, size_t size);

#ifdef __cplusplus
}
#endif

#endif
