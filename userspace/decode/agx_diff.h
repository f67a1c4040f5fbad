/* SPDX-License-Identifier: MIT */
/*
 * Compares two traces by what they mean: see docs/diff.md.
 *
 * A comparison is made in one go and then read: hunks (a place, and lines of what changed there), pairs of
 * shaders, and sums. Texts live as long as the comparison.
 */
#ifndef AGX_DIFF_H
#define AGX_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_trace.h"
#include "diff_store.h"

struct agx_diff;

struct agx_diff_options {
	bool topics[DIFF_TOPICS];
	bool ignore_registers; /* shaders that differ in the choice of registers only are equal */
	bool ignore_objects;   /* which buffer, queue... is not compared, only what it is */
	bool work;             /* of two programs: what the GPU is asked to do, see diff_work.h */
	bool limit_submits;    /* only these of A, and their partners in B */
	uint64_t first_submit, last_submit;
	bool force; /* read what is sound of damaged traces */
	void (*damage)(void *data, const struct agx_trace_error *error);
	void *damage_data;
};

enum agx_diff_op {
	AGX_DIFF_KEEP,   /* the same in both: for orientation */
	AGX_DIFF_CHANGE, /* a to b */
	AGX_DIFF_REMOVE, /* only in A */
	AGX_DIFF_ADD,    /* only in B */
	AGX_DIFF_OPS,
};

struct agx_diff_line {
	uint8_t op;    /* enum agx_diff_op */
	uint8_t topic; /* enum diff_topic */
	uint8_t depth;
	bool heading; /* name of what follows one level deeper */
	const char *name;
	const char *a, *b; /* values; NULL: none */
	uint32_t shader;   /* number of a shader pair, DIFF_NONE: none */
};

/* Where a hunk applies: count places, one after the other. Numbers are DIFF_NONE where there is none. */
struct agx_diff_where {
	uint32_t file, lane; /* lane: thread of a call, queue of a submit, number of a buffer */
	uint32_t lane_b;     /* of a buffer */
	struct {
		uint32_t submit, command, unit; /* unit: draw, dispatch, call */
	} a, b;
	uint32_t count;
};

#define AGX_DIFF_WHERES 16

enum agx_diff_unit {
	AGX_DIFF_TRACE,
	AGX_DIFF_CALL,
	AGX_DIFF_SUBMIT,
	AGX_DIFF_COMMAND,
	AGX_DIFF_DRAW,
	AGX_DIFF_DISPATCH,
	AGX_DIFF_BUFFER,
	AGX_DIFF_UNITS,
};

extern const char *const agx_diff_unit_names[AGX_DIFF_UNITS];

struct agx_diff_hunk {
	uint8_t unit;      /* enum agx_diff_unit */
	uint8_t op;        /* the whole unit was added, removed, or changed */
	uint8_t topics;    /* bit per topic of its lines */
	const char *title; /* "render", name of an ioctl */
	const struct agx_diff_line *lines;
	uint32_t num_lines;
	uint32_t lines_left; /* lines beyond the limit */
	struct agx_diff_where wheres[AGX_DIFF_WHERES];
	uint32_t num_wheres;
	uint64_t count; /* places; those beyond wheres are counted only */
};

/* Size of a program. */
struct agx_diff_size {
	uint32_t instructions, bytes, registers; /* registers: 16-bit halves */
};

/* An instruction as it is compared; labels stand for jump targets. */
struct agx_diff_code_line {
	uint8_t op;                  /* enum agx_diff_op */
	uint32_t offset_a, offset_b; /* bytes from the start of the program */
	const char *a, *b;           /* NULL: none */
};

struct agx_diff_shader {
	const char *stage;
	uint32_t blob_a, blob_b; /* DIFF_NONE: only in the other */
	uint64_t uses;           /* places with this change */
	uint64_t digest_a, digest_b;
	struct agx_diff_size size_a, size_b;
	const struct agx_diff_code_line *lines;
	uint32_t num_lines;
	bool registers_only; /* nothing but the choice of registers differs */
	bool coarse;
};

struct agx_diff_count {
	uint64_t kept, changed, removed, added;
};

struct agx_diff_side {
	const char *path;
	const char *soc;
	bool truncated;
	uint64_t calls, submits, frames, commands, draws, dispatches, shaders, pages;
	struct agx_diff_size code; /* sums over different shaders */
};

struct agx_diff_sums {
	struct agx_diff_count units[AGX_DIFF_UNITS];
	struct agx_diff_count lines[DIFF_TOPICS]; /* counted at every place */
	struct agx_diff_count shaders;
	struct agx_diff_size changed_a, changed_b; /* over the pairs of shaders that changed */
};

/*
 * Reads and compares. 0: *diff is filled (agx_diff_same() tells the result). On failure *failed is 0 or 1:
 * the side that could not be read; as diff_trace_load(). 2: -ENOMEM in comparing.
 */
int agx_diff_create(const char *path_a, const char *path_b, const struct agx_diff_options *options,
		    struct agx_diff **diff, struct agx_trace_error *error, unsigned int *failed);
void agx_diff_destroy(struct agx_diff *diff);

bool agx_diff_same(const struct agx_diff *diff);
uint32_t agx_diff_hunks(const struct agx_diff *diff);
const struct agx_diff_hunk *agx_diff_hunk(const struct agx_diff *diff, uint32_t i);
uint32_t agx_diff_shaders(const struct agx_diff *diff);
const struct agx_diff_shader *agx_diff_shader(const struct agx_diff *diff, uint32_t i);
const struct agx_diff_side *agx_diff_side(const struct agx_diff *diff, unsigned int side);
const struct agx_diff_sums *agx_diff_sums(const struct agx_diff *diff);

/* What a reader of the report has to know: limits that were met. NULL ends. */
const char *agx_diff_note(const struct agx_diff *diff, uint32_t i);

/* "submit 3 / render 0 / draw 12", with both numbers where they differ. Returns buf. */
const char *agx_diff_where_text(const struct agx_diff_hunk *hunk, uint32_t i, char *buf,
				size_t size);

#endif
