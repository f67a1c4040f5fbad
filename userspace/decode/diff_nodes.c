// SPDX-License-Identifier: MIT
/* What differs between two nodes: values, bytes, parts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_cmdstream.h"
#include "diff_compare.h"
#include "ioctl_print.h"

#define CONTEXT   8u  /* unchanged leaves kept around a changed one */
#define MAX_WORDS 16u /* of memory that are told one by one */

void diff_leaf_value(const struct diff_store *store, const struct diff_leaf *leaf, char *buf,
		     size_t size)
{
	char text[AGX_CS_TEXT], *at;

	switch (leaf->type) {
	case DIFF_LEAF_NUMBER:
		snprintf(buf, size, "%" PRIu64, leaf->value);
		break;
	case DIFF_LEAF_WORD:
		snprintf(buf, size, "0x%08" PRIx64, leaf->value);
		break;
	case DIFF_LEAF_HALF:
		snprintf(buf, size, "0x%04" PRIx64, leaf->value);
		break;
	case DIFF_LEAF_FIELD:
		agx_cs_print(leaf->desc, leaf->value, text);
		snprintf(buf, size, "%s", text);
		break;
	case DIFF_LEAF_ARGUMENT:
		agx_field_text(leaf->desc, leaf->value, buf, size);
		break;
	default:
		/* From the trace: what terminals and JSON do not take becomes dots. */
		snprintf(buf, size, "%s", diff_text(store, (uint32_t)leaf->value));
		for (at = buf; *at; at++) {
			if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
				*at = '.';
		}
		break;
	}
}

static uint32_t value_string(struct diff_unit *unit, const struct diff_leaf *leaf)
{
	char text[512];

	diff_leaf_value(unit->diff->store, leaf, text, sizeof(text));
	return diff_string(unit->diff->store, text);
}

static uint32_t name_string(struct diff_unit *unit, const struct diff_leaf *leaf)
{
	char text[256];

	if (!leaf->index)
		return leaf->name;
	snprintf(text, sizeof(text), "%s[%u]", diff_text(unit->diff->store, leaf->name),
		 leaf->index);
	return diff_string(unit->diff->store, text);
}

static void leaf_line(struct diff_unit *unit, enum agx_diff_op op, uint8_t topic,
		      unsigned int depth, const struct diff_leaf *a, const struct diff_leaf *b)
{
	struct diff_line line = {
		.op = (uint8_t)op,
		.topic = topic,
		.depth = (uint8_t)depth,
		.name = name_string(unit, a ? a : b),
		.a = DIFF_NONE,
		.b = DIFF_NONE,
		.shader = DIFF_NONE,
	};

	if (a && op != AGX_DIFF_ADD)
		line.a = value_string(unit, a);
	if (b && op != AGX_DIFF_REMOVE && op != AGX_DIFF_KEEP)
		line.b = value_string(unit, b);
	diff_unit_line(unit, &line);
}

static bool same_leaf(const struct diff_leaf *a, const struct diff_leaf *b)
{
	return a->name == b->name && a->type == b->type && a->index == b->index &&
	       a->desc == b->desc && a->value == b->value;
}

/* Leaves with the same names in the same order stand beside each other; otherwise they are aligned. */
static int pair_leaves(struct agx_diff *diff, const struct diff_leaf *a, size_t n,
		       const struct diff_leaf *b, size_t m, struct diff_alignment *out)
{
	uint64_t *keys = calloc(n + m + 1, sizeof(*keys));
	size_t i;
	int ret;

	if (!keys)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		keys[i] = (uint64_t)a[i].name << 16 | a[i].index;
	for (i = 0; i < m; i++)
		keys[n + i] = (uint64_t)b[i].name << 16 | b[i].index;
	ret = diff_align(keys, n, keys + n, m, &diff->budget, out);
	free(keys);
	return ret;
}

static void diff_values(struct diff_unit *unit, const struct diff_node *x,
			const struct diff_node *y, unsigned int depth)
{
	struct agx_diff *diff = unit->diff;
	/* Making lines makes strings, not nodes: these stay where they are. */
	const struct diff_leaf *a = diff_leaves(diff->store, x), *b = diff_leaves(diff->store, y);
	struct diff_alignment pairs;
	size_t i, j, next = 0, last = SIZE_MAX;

	if (x->leaves == y->leaves) {
		for (i = 0; i < x->leaves && same_leaf(&a[i], &b[i]); i++)
			;
		if (i == x->leaves)
			return;
	}
	if (pair_leaves(diff, a, x->leaves, b, y->leaves, &pairs)) {
		diff->error = -ENOMEM;
		return;
	}
	for (i = 0; i < pairs.count; i++) {
		const struct diff_leaf *p =
			pairs.pairs[i].a == SIZE_MAX ? NULL : &a[pairs.pairs[i].a];
		const struct diff_leaf *q =
			pairs.pairs[i].b == SIZE_MAX ? NULL : &b[pairs.pairs[i].b];

		if (p && q && same_leaf(p, q))
			continue;
		/* What stands before it, and after the last change. */
		for (j = next; j < i; j++) {
			if (i - j <= CONTEXT || (last != SIZE_MAX && j - last <= CONTEXT))
				leaf_line(unit, AGX_DIFF_KEEP, x->topic, depth,
					  &a[pairs.pairs[j].a], NULL);
		}
		leaf_line(unit,
			  !p   ? AGX_DIFF_ADD
			  : !q ? AGX_DIFF_REMOVE
			       : AGX_DIFF_CHANGE,
			  x->topic, depth, p, q);
		last = i;
		next = i + 1;
	}
	for (j = next; last != SIZE_MAX && j < pairs.count && j - last <= CONTEXT; j++)
		leaf_line(unit, AGX_DIFF_KEEP, x->topic, depth, &a[pairs.pairs[j].a], NULL);
	free(pairs.pairs);
}

/* A word of memory, as a number and, where it may be one, as a float. */
static void word_text(uint32_t word, uint32_t next, char *buf, size_t size)
{
	float f;

	memcpy(&f, &word, sizeof(f));
	if (((uint64_t)next << 32 | word) == DIFF_ADDRESS_WORD ||
	    word == (uint32_t)(DIFF_ADDRESS_WORD >> 32))
		snprintf(buf, size, "address");
	else if (word && (word >> 23 & 0xff) > 0x5f && (word >> 23 & 0xff) < 0x9f)
		snprintf(buf, size, "0x%08" PRIx32 " (%g)", word, (double)f);
	else
		snprintf(buf, size, "0x%08" PRIx32, word);
}

static void diff_bytes(struct diff_unit *unit, const struct diff_node *x, const struct diff_node *y,
		       unsigned int depth)
{
	struct diff_store *store = unit->diff->store;
	size_t n, m, at, words = 0, size;
	const uint8_t *a = diff_blob_bytes(store, x->blob, &n);
	const uint8_t *b = diff_blob_bytes(store, y->blob, &m);
	struct diff_line line = {
		.op = AGX_DIFF_CHANGE,
		.topic = x->topic,
		.depth = (uint8_t)depth,
		.a = DIFF_NONE,
		.b = DIFF_NONE,
		.shader = DIFF_NONE,
	};
	char text[64];

	if (n != m) {
		line.name = diff_string(store, "bytes");
		snprintf(text, sizeof(text), "%zu", n);
		line.a = diff_string(store, text);
		snprintf(text, sizeof(text), "%zu", m);
		line.b = diff_string(store, text);
		diff_unit_line(unit, &line);
	}
	if (!a || !b) {
		line.name = diff_string(store, "content");
		line.a = diff_string(store, "not kept");
		line.b = line.a;
		if (n == m)
			diff_unit_line(unit, &line);
		return;
	}
	size = n < m ? n : m;
	for (at = 0; at < size; at += 4) {
		uint32_t p[2] = {0}, q[2] = {0};

		memcpy(p, a + at, size - at < 8 ? size - at : 8);
		memcpy(q, b + at, size - at < 8 ? size - at : 8);
		if (size - at < 4 ? !memcmp(a + at, b + at, size - at) : p[0] == q[0])
			continue;
		if (words++ >= MAX_WORDS)
			continue;
		snprintf(text, sizeof(text), "+0x%zx", at);
		line.name = diff_string(store, text);
		word_text(p[0], p[1], text, sizeof(text));
		line.a = diff_string(store, text);
		word_text(q[0], q[1], text, sizeof(text));
		line.b = diff_string(store, text);
		diff_unit_line(unit, &line);
	}
	if (words > MAX_WORDS) {
		snprintf(text, sizeof(text), "and %zu more words", words - MAX_WORDS);
		line.name = diff_string(store, text);
		line.a = DIFF_NONE;
		line.b = DIFF_NONE;
		diff_unit_line(unit, &line);
	}
}

static void shader_line(struct diff_unit *unit, const struct diff_node *x,
			const struct diff_node *y, unsigned int depth)
{
	struct agx_diff *diff = unit->diff;
	const struct diff_node *node = x ? x : y;
	struct diff_line line = {
		.op = !x   ? AGX_DIFF_ADD
		      : !y ? AGX_DIFF_REMOVE
			   : AGX_DIFF_CHANGE,
		.topic = DIFF_SHADERS,
		.depth = (uint8_t)depth,
		.name = node->title,
		.a = DIFF_NONE,
		.b = DIFF_NONE,
	};
	const struct diff_shader *shader;
	char text[96];

	if (!diff->options.topics[DIFF_SHADERS])
		return;
	line.shader = diff_shader_pair(diff, node->title, x ? x->blob : 0, y ? y->blob : 0);
	if (line.shader == DIFF_NONE)
		return;
	shader = &diff->shaders[line.shader];
	if (shader->same)
		return;
	if (x) {
		snprintf(text, sizeof(text), "%u instructions, %u bytes",
			 shader->out.size_a.instructions, shader->out.size_a.bytes);
		line.a = diff_string(diff->store, text);
	}
	if (y) {
		snprintf(text, sizeof(text), "%u instructions, %u bytes",
			 shader->out.size_b.instructions, shader->out.size_b.bytes);
		line.b = diff_string(diff->store, text);
	}
	diff_unit_line(unit, &line);
}

/* Units that are passed by. */
static void count_units(struct diff_unit *unit, unsigned int side, uint32_t number)
{
	const struct diff_node *node = diff_node(unit->diff->store, number);

	if (number && node->kind == DIFF_NODE_COMMAND)
		unit->commands[side]++;
	else if (number)
		unit->draws[side] += node->draws;
}

static void add_inner(struct diff_unit *unit, uint32_t a, uint32_t b)
{
	const struct diff_node *node = diff_node(unit->diff->store, a ? a : b);
	const uint32_t *numbers = node->kind == DIFF_NODE_COMMAND ? unit->commands : unit->draws;

	if (unit->num_inner == unit->inner_capacity) {
		size_t capacity = unit->inner_capacity ? unit->inner_capacity * 2 : 16;
		struct diff_inner *larger =
			reallocarray(unit->inner, capacity, sizeof(*unit->inner));

		if (!larger) {
			unit->diff->error = -ENOMEM;
			return;
		}
		unit->inner = larger;
		unit->inner_capacity = capacity;
	}
	unit->inner[unit->num_inner++] = (struct diff_inner){
		.node = {a, b},
		.number = {a ? numbers[0] : DIFF_NONE, b ? numbers[1] : DIFF_NONE},
	};
	count_units(unit, 0, a);
	count_units(unit, 1, b);
}

/* Everything of a node that the other side does not have. */
static void diff_alone(struct diff_unit *unit, uint32_t number, enum agx_diff_op op,
		       unsigned int depth)
{
	struct diff_store *store = unit->diff->store;
	const struct diff_node node = *diff_node(store, number);
	const struct diff_leaf *leaves = diff_leaves(store, &node);
	uint32_t i;

	if (node.kind == DIFF_NODE_SHADER)
		shader_line(unit, op == AGX_DIFF_REMOVE ? &node : NULL,
			    op == AGX_DIFF_ADD ? &node : NULL, depth);
	else
		diff_unit_heading(unit, depth, node.title, op);
	for (i = 0; i < node.leaves; i++)
		leaf_line(unit, op, node.topic, depth + 1, &leaves[i], &leaves[i]);
	if (!node.leaves && !node.children && node.kind != DIFF_NODE_SHADER) {
		struct diff_line line = {
			.op = (uint8_t)op,
			.topic = node.topic,
			.depth = (uint8_t)depth + 1,
			.name = diff_string(store, "(no values)"),
			.a = DIFF_NONE,
			.b = DIFF_NONE,
			.shader = DIFF_NONE,
		};

		diff_unit_line(unit, &line);
	}
	for (i = 0; i < node.children; i++) {
		uint32_t child = diff_children(store, &node)[i];

		if (diff_is_unit(diff_node(store, child)->kind))
			count_units(unit, op == AGX_DIFF_ADD, child);
		else
			diff_alone(unit, child, op, depth + 1);
	}
}

bool diff_is_unit(unsigned int kind)
{
	return kind == DIFF_NODE_COMMAND || kind == DIFF_NODE_DRAW || kind == DIFF_NODE_DISPATCH ||
	       kind == DIFF_NODE_CALL || kind == DIFF_NODE_SUBMIT;
}

static void diff_parts(struct diff_unit *unit, const struct diff_node *x, const struct diff_node *y,
		       unsigned int depth)
{
	struct agx_diff *diff = unit->diff;
	const uint32_t *a = diff_children(diff->store, x), *b = diff_children(diff->store, y);
	struct diff_alignment pairs;
	size_t i;

	if (diff_match(diff, a, x->children, b, y->children, &pairs)) {
		diff->error = -ENOMEM;
		return;
	}
	for (i = 0; i < pairs.count; i++) {
		uint32_t p = pairs.pairs[i].a == SIZE_MAX ? 0 : a[pairs.pairs[i].a];
		uint32_t q = pairs.pairs[i].b == SIZE_MAX ? 0 : b[pairs.pairs[i].b];

		if (p == q) {
			count_units(unit, 0, p);
			count_units(unit, 1, q);
		} else if (diff_is_unit(diff_node(diff->store, p ? p : q)->kind)) {
			add_inner(unit, p, q);
		} else {
			diff_nodes(unit, p, q, depth);
		}
	}
	free(pairs.pairs);
}

void diff_nodes(struct diff_unit *unit, uint32_t a, uint32_t b, unsigned int depth)
{
	struct diff_store *store = unit->diff->store;
	const struct diff_node *x = diff_node(store, a), *y = diff_node(store, b);

	if (a == b || unit->diff->error)
		return;
	if (!a || !b) {
		diff_alone(unit, a ? a : b, a ? AGX_DIFF_REMOVE : AGX_DIFF_ADD, depth);
		return;
	}
	if (x->kind == DIFF_NODE_SHADER) {
		if (x->blob != y->blob)
			shader_line(unit, x, y, depth);
	} else if (!depth && x->title == unit->title) {
		/* The draw within what belongs to a draw. */
		diff_inside(unit, x, y, 0);
		return;
	} else {
		diff_unit_heading(unit, depth, x->title, AGX_DIFF_KEEP);
	}
	diff_inside(unit, x, y, depth + 1);
}

void diff_inside(struct diff_unit *unit, const struct diff_node *x, const struct diff_node *y,
		 unsigned int depth)
{
	diff_values(unit, x, y, depth);
	if (x->blob != y->blob && x->kind != DIFF_NODE_SHADER)
		diff_bytes(unit, x, y, depth);
	diff_parts(unit, x, y, depth);
}
