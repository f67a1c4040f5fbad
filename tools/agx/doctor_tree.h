/* SPDX-License-Identifier: MIT */
/*
 * A device tree as the kernel shows it: a folder per node, a file per property, cells big-endian.
 * Whoever wrote it is not trusted: sizes are checked, walks are bounded, phandles may lead
 * nowhere.
 */
#ifndef AGX_DOCTOR_TREE_H
#define AGX_DOCTOR_TREE_H

#include "doctor.h"

struct doctor_node {
	char *path; /* "" is the root, else "/soc/gpu@206400000" */
	uint32_t phandle;
	bool has_phandle;
};

struct doctor_tree {
	const struct doctor *doctor;
	const char *base; /* absolute, below the sysroot */
	struct doctor_node *nodes;
	size_t count;
	bool cut; /* more nodes or levels than any real tree has */
};

/* -ENOENT: the machine has no device tree. */
int doctor_tree_open(struct doctor_tree *tree, const struct doctor *doctor);
void doctor_tree_close(struct doctor_tree *tree);

/* The bytes of a property; the caller frees *data. -ENOENT: the node does not have it. */
int doctor_tree_property(const struct doctor_tree *tree, const char *node, const char *name,
			 char **data, size_t *size);

/* Its 32-bit cells; -EINVAL: not a whole number of them. The caller frees *cells. */
int doctor_tree_cells(const struct doctor_tree *tree, const char *node, const char *name,
		      uint32_t **cells, size_t *count);

/* A single cell. */
int doctor_tree_cell(const struct doctor_tree *tree, const char *node, const char *name,
		     uint32_t *value);

/*
 * Its strings, one after the other as in the tree. *data holds them, the last one terminated;
 * -EINVAL: it is not, or something is not printable. doctor_tree_next() walks over them.
 */
int doctor_tree_strings(const struct doctor_tree *tree, const char *node, const char *name,
			char **data, size_t *size);
const char *doctor_tree_next(const char *data, size_t size, const char *string);

/* Index of a string in such a property, -ENOENT: not among them. */
int doctor_tree_string_index(const struct doctor_tree *tree, const char *node, const char *name,
			     const char *string);

bool doctor_tree_compatible(const struct doctor_tree *tree, const char *node, const char *with);

/* status is absent, "okay" or "ok". */
bool doctor_tree_okay(const struct doctor_tree *tree, const char *node);

/* The node with a phandle, NULL: none. */
const char *doctor_tree_by_phandle(const struct doctor_tree *tree, uint32_t phandle);

/* The node that a single-phandle property leads to; -EINVAL: not one cell, -ENOENT: nowhere. */
int doctor_tree_follow(const struct doctor_tree *tree, const char *node, const char *name,
		       const char **to);

/*
 * An entry of reg as the CPU sees it, translated by the ranges of all its buses. -EINVAL: sizes
 * do not fit; -ENOENT: no such entry; -ERANGE: a bus does not map it.
 */
int doctor_tree_reg(const struct doctor_tree *tree, const char *node, unsigned int index,
		    uint64_t *address, uint64_t *size);

#endif
