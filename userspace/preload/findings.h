/* SPDX-License-Identifier: MIT */
/*
 * What the models of firmware and GPU found wrong, kind by kind: how often, and the first time; and why the
 * GPU was halted. Plain
 * data without pointers, so that it can lie in memory that processes share. Whoever adds
 * serialises; the node does for its hook.
 */
#ifndef AGX_FINDINGS_H
#define AGX_FINDINGS_H

#include <stdint.h>

#define FINDINGS_KINDS    16 /* what is over that is only counted */
#define FINDINGS_TROUBLES 8  /* likewise */

struct agx_node_finding;
struct agx_node_place;
struct agx_node_trouble;

/* As struct agx_node_place. */
struct finding_place {
	uint64_t submit;
	uint64_t list, shader;
	uint32_t command, number;
	uint8_t there; /* the finding has a place */
	uint8_t known; /* submit and command are */
	char unit[14], item[12], stage[14];
};

/* As struct agx_node_trouble. */
struct gpu_trouble {
	uint64_t address;
	uint8_t kind; /* enum agx_node_trouble_kind */
	uint8_t read;
	char what[62];
	struct finding_place place;
};

struct finding {
	uint64_t count;
	uint64_t address, expected, got; /* of the first, as all below */
	uint32_t number;
	uint32_t reserved;
	char name[48];
	char structure[48];
	char field[80];
	char text[256];
	struct finding_place place;
};

struct findings {
	uint64_t total;
	uint32_t kinds;    /* of those that are listed; grows after its entry was written */
	uint32_t troubles; /* likewise */
	struct finding kind[FINDINGS_KINDS]; /* in the order of the first */
	uint64_t trouble_total;
	struct gpu_trouble trouble[FINDINGS_TROUBLES];
};

void findings_add(struct findings *findings, const struct agx_node_finding *finding);
void findings_add_trouble(struct findings *findings, const struct agx_node_trouble *trouble);

/* Makes something safe to read that another process may have written over. */
void findings_bound(struct findings *findings);

#endif
