/* SPDX-License-Identifier: MIT */
/* What the parts of a comparison share. */
#ifndef AGX_DIFF_COMPARE_H
#define AGX_DIFF_COMPARE_H

#include "agx_diff.h"
#include "diff_align.h"
#include "diff_code.h"
#include "diff_trace.h"

#define DIFF_MAX_HUNKS      (1u << 18)
#define DIFF_MAX_HUNK_LINES 2000u
#define DIFF_MAX_LINES      (1u << 23)
#define DIFF_NOTES          8

/* As struct agx_diff_line, with numbers of strings: DIFF_NONE is none. */
struct diff_line {
	uint8_t op, topic, depth;
	bool heading;
	uint32_t name, a, b;
	uint32_t shader;
};

struct diff_hunk {
	struct agx_diff_hunk out;
	size_t line;                             /* first in lines */
	uint32_t title;                          /* string */
	uint64_t ops[DIFF_TOPICS][AGX_DIFF_OPS]; /* lines of each kind, at one place */
};

struct diff_shader {
	struct agx_diff_shader out;
	struct diff_code code;
	uint32_t a, b; /* blobs, 0: none */
	uint32_t stage;
	bool same; /* after what is to be ignored */
};

struct diff_numbers {
	uint64_t *keys;
	uint32_t *values; /* number + 1, 0: free */
	size_t capacity, count;
};

struct agx_diff {
	struct agx_diff_options options;
	struct diff_store *store;
	struct diff_trace *traces[2];
	struct agx_diff_side sides[2];
	struct diff_budget budget;
	struct agx_diff_sums sums;
	struct diff_line *lines;
	size_t num_lines, lines_capacity;
	struct agx_diff_line *out_lines;
	struct diff_hunk *hunks;
	size_t num_hunks, hunks_capacity;
	struct diff_shader *shaders;
	size_t num_shaders, shaders_capacity;
	struct diff_numbers hunk_by_hash; /* hash of the lines to hunk */
	struct diff_numbers hunk_by_pair; /* pair of nodes to hunk, DIFF_NONE: nothing to tell */
	struct diff_numbers shader_by_pair;
	struct diff_identity *identity; /* NULL: which buffers are used does not count */
	const char *notes[DIFF_NOTES];
	uint32_t num_notes;
	bool differs;
	int error;
};

void diff_note(struct agx_diff *diff, const char *text);

/* False: unknown. */
bool diff_numbers_get(const struct diff_numbers *map, uint64_t key, uint32_t *value);
/* Adds what is not there. 0 or -ENOMEM. */
int diff_numbers_set(struct diff_numbers *map, uint64_t key, uint32_t value);

/* What may stand beside each other: equal nodes, then those that are alike. -ENOMEM. */
int diff_match(struct agx_diff *diff, const uint32_t *a, size_t n, const uint32_t *b, size_t m,
	       struct diff_alignment *out);

/* What a tree is recognised by: see diff_likeness.c. Nodes that are no units have no parts. */
#define DIFF_SKETCH 96u

struct diff_sketch_part {
	uint32_t key, weight;
};

struct diff_sketch {
	uint32_t kind, count;
	uint32_t draw, dispatch; /* strings */
	struct diff_sketch_part parts[DIFF_SKETCH];
};

void diff_sketch(struct diff_store *store, uint32_t node, struct diff_sketch *sketch);
/* 0: they have nothing to do with each other. */
uint32_t diff_sketch_likeness(const struct diff_sketch *a, const struct diff_sketch *b);
/* Equal for those that run the same code. */
uint64_t diff_sketch_code(const struct diff_sketch *sketch);

/* A unit inside another one: nodes, or 0, and which of its kind it is. */
struct diff_inner {
	uint32_t node[2];
	uint32_t number[2];
};

/* Gathers the lines of one unit. */
struct diff_unit {
	struct agx_diff *diff;
	uint8_t unit, op;
	uint32_t title; /* string */
	struct agx_diff_where where;
	size_t line;                           /* first */
	uint32_t headings[DIFF_MAX_DEPTH + 1]; /* that are not out yet, by depth; DIFF_NONE: none */
	uint8_t heading_ops[DIFF_MAX_DEPTH + 1];
	uint8_t topics;
	uint32_t left; /* lines beyond the limit */
	uint64_t ops[DIFF_TOPICS][AGX_DIFF_OPS];
	/* Units inside, to be compared after this one; and how many there were so far, on each side. */
	struct diff_inner *inner;
	size_t num_inner, inner_capacity;
	uint32_t draws[2], commands[2];
};

void diff_unit_begin(struct diff_unit *unit, struct agx_diff *diff, enum agx_diff_unit kind,
		     enum agx_diff_op op, uint32_t title, const struct agx_diff_where *where);
void diff_unit_heading(struct diff_unit *unit, unsigned int depth, uint32_t name,
		       enum agx_diff_op op);
void diff_unit_line(struct diff_unit *unit, const struct diff_line *line);
/* Makes a hunk of it, or one more place of a hunk that has the same lines. Its number, or DIFF_NONE. */
uint32_t diff_unit_end(struct diff_unit *unit);
/* One more place of a hunk. */
void diff_hunk_add(struct agx_diff *diff, uint32_t hunk, const struct agx_diff_where *where);

/*
 * The lines of two nodes, with a heading; a or b 0: everything of the other one. Units inside are handed to
 * diff_inner().
 */
void diff_nodes(struct diff_unit *unit, uint32_t a, uint32_t b, unsigned int depth);
/* The same without a heading. */
void diff_inside(struct diff_unit *unit, const struct diff_node *x, const struct diff_node *y,
		 unsigned int depth);

/* Kinds whose changes are hunks of their own. */
bool diff_is_unit(unsigned int kind);

/* Number of the pair of programs; 0: none. */
uint32_t diff_shader_pair(struct agx_diff *diff, uint32_t stage, uint32_t a, uint32_t b);

/* Value of a leaf as text. buf has size bytes. */
void diff_leaf_value(const struct diff_store *store, const struct diff_leaf *leaf, char *buf,
		     size_t size);

void diff_buffers(struct agx_diff *diff);

/* Which buffers submissions use, once their trees were compared. */
struct diff_identity;

int diff_identity_create(struct agx_diff *diff, struct diff_identity **identity);
void diff_identity_destroy(struct diff_identity *identity);
void diff_identity_check(struct diff_identity *identity, const struct diff_item *a,
			 const struct diff_item *b, const struct agx_diff_where *where);

#endif
