/* SPDX-License-Identifier: MIT */
/* A watch (agx_watch.h) as the GPU drives it: one for each GPU, one thread at a time. */
#ifndef AGX_WATCH_INTERNAL_H
#define AGX_WATCH_INTERNAL_H

#include "agx_watch.h"
#include "exec.h"

struct agx_shader_watch;

/* What of the GPU the watch needs. */
struct agx_watch_gpu {
	/* The launch under way. */
	void (*place)(void *cookie, struct agx_gpu_place *place);
	/* Something to say: a finding. limited: not a race, but the end of what can be found. */
	void (*complain)(void *cookie, bool limited, uint64_t address, const char *text);
	void *cookie;
};

/* -ENOMEM. Both are copied. */
int agx_shader_watch_create(const struct agx_watch_config *config, const struct agx_watch_gpu *gpu,
			    struct agx_shader_watch **watch);

/* Accepts NULL. */
void agx_shader_watch_destroy(struct agx_shader_watch *watch);

/* A launch begins: its programs come next, first the preamble, if it has one. */
void agx_shader_watch_launch(struct agx_shader_watch *watch, uint32_t context, uint64_t shader,
			     const uint64_t groups[3], const uint32_t size[3]);

/* A threadgroup, or a preamble, begins. */
void agx_shader_watch_group(struct agx_shader_watch *watch, const struct agx_group *group,
			    const struct agx_program *program, uint32_t threads);

/* All SIMD groups of the threadgroup have come to a barrier, or are done. */
void agx_shader_watch_barrier(struct agx_shader_watch *watch);

/* As agx_exec_run(). Ends with the trap AGX_TRAP_STOPPED where there was a reason to stop. */
enum agx_exec_result agx_shader_watch_run(struct agx_shader_watch *watch, struct agx_simd *simd,
					  uint64_t budget);

#endif
