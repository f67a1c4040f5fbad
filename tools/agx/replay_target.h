/* SPDX-License-Identifier: MIT */
/* What `agx replay` can replay on. */
#ifndef AGX_REPLAY_TARGET_H
#define AGX_REPLAY_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "replay.h"

struct agx_node_finding;
struct agx_node_trouble;
struct agx_watch_config;

struct agx_usage;

struct replay_virtual_params {
	const char *firmware;  /* version, NULL: the oldest that the SoC has */
	const char *inject;    /* faults on purpose: rules of agx_inject.h; NULL: none */
	uint64_t memory_limit; /* bytes of buffer objects per node, 0: the node's default */
	bool verbose;          /* the node's messages go to standard error */
	bool critic;           /* the GPU judges all that commands lead to */
	bool exec;             /* and executes what is modelled */
	const struct agx_watch_config *watch; /* which is watched; NULL: it is not */
	unsigned int exec_threads;            /* with so many threads; 0: one for each CPU */
	uint64_t exec_order;                  /* and in the order of this seed; 0: ascending */

	struct agx_usage *usage; /* of programs that are executed; NULL: nobody wants to know */

	/*
	 * The firmware transcript, a line without its end, and what the firmware finds wrong. May be
	 * NULL. process is the recorded process whose node it is; several: there is more than one.
	 */
	void (*transcript)(void *data, bool several, uint32_t process, const char *line);
	void (*finding)(void *data, const struct agx_node_finding *finding);
	void (*trouble)(void *data, const struct agx_node_trouble *trouble);
	void *data;
};

/*
 * The virtual node, single-stepped, with the recording's clock; one node per recorded process.
 * params (copied) may be NULL. NULL when out of memory. One such target at a time per process.
 */
struct agx_replay_target *replay_target_virtual_create(const struct replay_virtual_params *params);

/* Jobs that ended badly, on all nodes so far. */
struct replay_virtual_troubles {
	uint64_t faults;   /* of the GPU, errors of a channel */
	uint64_t timeouts; /* the GPU did not get on */
	uint64_t restarts; /* of the firmware, after a crash */
};

void replay_target_virtual_troubles(struct agx_replay_target *target,
				    struct replay_virtual_troubles *troubles);

/* The DRM node at path (borrowed). Its GPU has to be the SoC that the replay asks for. */
struct agx_replay_target *replay_target_node_create(const char *path);

/* After the replay: no file may be open any more. NULL is fine. */
void replay_target_virtual_destroy(struct agx_replay_target *target);
void replay_target_node_destroy(struct agx_replay_target *target);

#endif
