/* SPDX-License-Identifier: MIT */
/* Where devices are. */
#ifndef AGX_LIBAGX_ENUMERATE_H
#define AGX_LIBAGX_ENUMERATE_H

#include <stdbool.h>
#include <stddef.h>

struct agx_context;

struct lib_node {
	char *path;
	bool apple; /* of an AGX GPU by the device tree, whatever its driver */
};

/* The render nodes of a machine, of all drivers. */
struct lib_nodes {
	struct lib_node *node;
	size_t count;
};

/* By libudev, then what libdrm sees beyond that. lib_nodes_finish() also after a failure. */
int lib_nodes_find(struct agx_context *ctx, struct lib_nodes *nodes);
void lib_nodes_finish(struct lib_nodes *nodes);

#endif
