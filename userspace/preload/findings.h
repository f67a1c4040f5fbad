/* SPDX-License-Identifier: MIT */
/*
 * What the model of the firmware found wrong, kind by kind: how often, and the first time. Plain
 * data without pointers, so that it can lie in memory that processes share. Whoever adds
 * serialises; the node does for its hook.
 */
#ifndef AGX_FINDINGS_H
#define AGX_FINDINGS_H

#include <stdint.h>

#define FINDINGS_KINDS 16 /* what is over that is only counted */

struct agx_node_finding;

struct finding {
	uint64_t count;
	uint64_t address, expected, got; /* of the first, as all below */
	uint32_t number;
	uint32_t reserved;
	char name[48];
	char structure[48];
	char field[80];
	char text[256];
};

struct findings {
	uint64_t total;
	uint32_t kinds; /* of those that are listed; grows after its entry was written */
	uint32_t reserved;
	struct finding kind[FINDINGS_KINDS]; /* in the order of the first */
};

void findings_add(struct findings *findings, const struct agx_node_finding *finding);

/* Makes something safe to read that another process may have written over. */
void findings_bound(struct findings *findings);

#endif
