// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff_compare.h"

const char *const agx_diff_unit_names[AGX_DIFF_UNITS] = {
	[AGX_DIFF_TRACE] = "trace",     [AGX_DIFF_CALL] = "call", [AGX_DIFF_SUBMIT] = "submit",
	[AGX_DIFF_COMMAND] = "command", [AGX_DIFF_DRAW] = "draw", [AGX_DIFF_DISPATCH] = "dispatch",
	[AGX_DIFF_BUFFER] = "buffer",
};

void diff_note(struct agx_diff *diff, const char *text)
{
	uint32_t i;

	for (i = 0; i < diff->num_notes; i++) {
		if (!strcmp(diff->notes[i], text))
			return;
	}
	if (diff->num_notes < DIFF_NOTES)
		diff->notes[diff->num_notes++] = text;
}

static enum agx_diff_unit unit_of(unsigned int kind)
{
	switch (kind) {
	case DIFF_NODE_CALL:
		return AGX_DIFF_CALL;
	case DIFF_NODE_SUBMIT:
		return AGX_DIFF_SUBMIT;
	case DIFF_NODE_COMMAND:
		return AGX_DIFF_COMMAND;
	case DIFF_NODE_DRAW:
		return AGX_DIFF_DRAW;
	default:
		return AGX_DIFF_DISPATCH;
	}
}

/* Of what only one side has: how much is in it. The units inside are not told one by one. */
static void tell_contents(struct diff_unit *unit, const struct diff_node *node)
{
	struct diff_store *store = unit->diff->store;
	char text[64];

	if (node->kind != DIFF_NODE_SUBMIT && node->kind != DIFF_NODE_COMMAND)
		return;
	if (node->kind == DIFF_NODE_SUBMIT)
		snprintf(text, sizeof(text), "%u commands, %u draws and dispatches", node->children,
			 node->draws);
	else
		snprintf(text, sizeof(text), "%u draws and dispatches", node->draws);
	diff_unit_line(unit, &(struct diff_line){
				     .op = unit->op,
				     .topic = DIFF_STATE,
				     .name = diff_string(store, text),
				     .a = DIFF_NONE,
				     .b = DIFF_NONE,
				     .shader = DIFF_NONE,
			     });
}

/*
 * Two nodes that are units, and all units in them. A pair of draws or calls that was met before is one more
 * place of its hunk: nothing is compared again.
 */
static void diff_pair_of(struct agx_diff *diff, uint32_t a, uint32_t b,
			 const struct agx_diff_where *where)
{
	const struct diff_node *node = diff_node(diff->store, a ? a : b);
	const struct diff_node *x = diff_node(diff->store, a), *y = diff_node(diff->store, b);
	bool leaf = node->kind == DIFF_NODE_DRAW || node->kind == DIFF_NODE_DISPATCH ||
		    node->kind == DIFF_NODE_CALL;
	uint64_t key = (uint64_t)a << 32 | b;
	struct diff_unit unit;
	uint32_t hunk;
	size_t i;

	if (diff->error)
		return;
	if (leaf && diff_numbers_get(&diff->hunk_by_pair, key, &hunk)) {
		if (hunk != DIFF_NONE - 1)
			diff_hunk_add(diff, hunk, where);
		return;
	}
	diff_unit_begin(&unit, diff, unit_of(node->kind),
			!a   ? AGX_DIFF_ADD
			: !b ? AGX_DIFF_REMOVE
			     : AGX_DIFF_CHANGE,
			node->title, where);
	if (!a || !b) {
		tell_contents(&unit, node);
		diff_nodes(&unit, a, b, 0);
	} else {
		diff_inside(&unit, x, y, 0);
	}
	hunk = diff_unit_end(&unit);
	if (leaf &&
	    diff_numbers_set(&diff->hunk_by_pair, key, hunk == DIFF_NONE ? DIFF_NONE - 1 : hunk))
		diff->error = -ENOMEM;
	for (i = 0; i < unit.num_inner; i++) {
		const struct diff_inner *inner = &unit.inner[i];
		struct agx_diff_where place = *where;
		uint32_t first = inner->node[0] ? inner->node[0] : inner->node[1];

		if (diff_node(diff->store, first)->kind == DIFF_NODE_COMMAND) {
			place.a.command = inner->number[0];
			place.b.command = inner->number[1];
		} else {
			place.a.unit = inner->number[0];
			place.b.unit = inner->number[1];
		}
		diff_pair_of(diff, inner->node[0], inner->node[1], &place);
	}
	free(unit.inner);
}

static struct agx_diff_where nowhere(void)
{
	struct agx_diff_where where;

	memset(&where, 0xff, sizeof(where));
	where.count = 1;
	return where;
}

static bool in_range(const struct agx_diff *diff, uint32_t a, uint32_t b)
{
	uint32_t number = a != DIFF_NONE ? a : b;

	return !diff->options.limit_submits ||
	       (number >= diff->options.first_submit && number <= diff->options.last_submit);
}

static uint32_t *roots(const struct diff_list *list)
{
	uint32_t *nodes = calloc(list->count + 1, sizeof(*nodes));
	size_t i;

	for (i = 0; nodes && i < list->count; i++)
		nodes[i] = list->items[i].node;
	return nodes;
}

/* Two lists of roots: calls of a lane, submits of a queue. Either may be NULL. */
static void diff_lists(struct agx_diff *diff, const struct diff_list *x, const struct diff_list *y,
		       const struct agx_diff_where *where, enum agx_diff_unit kind)
{
	static const struct diff_list none;
	struct agx_diff_count *count = &diff->sums.units[kind];
	struct diff_alignment pairs = {0};
	uint32_t *a, *b;
	size_t i;

	x = x ? x : &none;
	y = y ? y : &none;
	a = roots(x);
	b = roots(y);
	if (!a || !b || diff_match(diff, a, x->count, b, y->count, &pairs))
		diff->error = -ENOMEM;
	for (i = 0; i < pairs.count && !diff->error; i++) {
		size_t p = pairs.pairs[i].a, q = pairs.pairs[i].b;
		struct agx_diff_where place = *where;

		place.a.submit = p == SIZE_MAX ? DIFF_NONE : x->items[p].number;
		place.b.submit = q == SIZE_MAX ? DIFF_NONE : y->items[q].number;
		if (!in_range(diff, place.a.submit, place.b.submit))
			continue;
		if (kind == AGX_DIFF_CALL) {
			place.a.unit = p == SIZE_MAX ? DIFF_NONE : (uint32_t)p;
			place.b.unit = q == SIZE_MAX ? DIFF_NONE : (uint32_t)q;
		}
		place.a.command = p == SIZE_MAX ? DIFF_NONE : x->items[p].command;
		place.b.command = q == SIZE_MAX ? DIFF_NONE : y->items[q].command;
		if (p == SIZE_MAX || q == SIZE_MAX || a[p] != b[q])
			diff_pair_of(diff, p == SIZE_MAX ? 0 : a[p], q == SIZE_MAX ? 0 : b[q],
				     &place);
		else
			count->kept++;
		if (p != SIZE_MAX && q != SIZE_MAX && kind == AGX_DIFF_SUBMIT && diff->identity)
			diff_identity_check(diff->identity, &x->items[p], &y->items[q], &place);
	}
	free(pairs.pairs);
	free(a);
	free(b);
}

/* A lane or queue of the other side with the same numbers, or NULL. */
static const struct diff_lane *same_lane(const struct diff_trace *trace,
					 const struct diff_lane *lane)
{
	size_t i;

	for (i = 0; i < trace->num_lanes; i++) {
		if (trace->lanes[i].file_number == lane->file_number &&
		    trace->lanes[i].thread_number == lane->thread_number)
			return &trace->lanes[i];
	}
	return NULL;
}

static const struct diff_queue *same_queue(const struct diff_trace *trace,
					   const struct diff_queue *queue)
{
	size_t i;

	for (i = 0; i < trace->num_queues; i++) {
		if (trace->queues[i].file_number == queue->file_number &&
		    trace->queues[i].number == queue->number)
			return &trace->queues[i];
	}
	return NULL;
}

#define MAX_LANES 4096u /* that are looked for on the other side */

static void diff_calls(struct agx_diff *diff)
{
	const struct diff_trace *a = diff->traces[0], *b = diff->traces[1];
	struct agx_diff_where where = nowhere();
	size_t i;

	if (a->num_lanes > MAX_LANES || b->num_lanes > MAX_LANES) {
		diff_note(diff, "too many threads: their calls are not compared");
		diff->differs |= a->num_lanes != b->num_lanes;
		return;
	}
	for (i = 0; i < a->num_lanes; i++) {
		const struct diff_lane *other = same_lane(b, &a->lanes[i]);

		where.file = a->lanes[i].file_number;
		where.lane = a->lanes[i].thread_number;
		diff_lists(diff, &a->lanes[i].calls, other ? &other->calls : NULL, &where,
			   AGX_DIFF_CALL);
	}
	for (i = 0; i < b->num_lanes; i++) {
		if (same_lane(a, &b->lanes[i]))
			continue;
		where.file = b->lanes[i].file_number;
		where.lane = b->lanes[i].thread_number;
		diff_lists(diff, NULL, &b->lanes[i].calls, &where, AGX_DIFF_CALL);
	}
}

static void diff_submits(struct agx_diff *diff)
{
	const struct diff_trace *a = diff->traces[0], *b = diff->traces[1];
	enum agx_diff_unit unit = diff->options.work ? AGX_DIFF_COMMAND : AGX_DIFF_SUBMIT;
	struct agx_diff_where where = nowhere();
	size_t i;

	if (a->num_queues > MAX_LANES || b->num_queues > MAX_LANES) {
		diff_note(diff, "too many queues: their submissions are not compared");
		diff->differs |= a->num_queues != b->num_queues;
		return;
	}
	for (i = 0; i < a->num_queues; i++) {
		const struct diff_queue *other = same_queue(b, &a->queues[i]);

		where.file = a->queues[i].file_number;
		where.lane = a->queues[i].number;
		diff_lists(diff, &a->queues[i].submits, other ? &other->submits : NULL, &where,
			   unit);
	}
	for (i = 0; i < b->num_queues; i++) {
		if (same_queue(a, &b->queues[i]))
			continue;
		where.file = b->queues[i].file_number;
		where.lane = b->queues[i].number;
		diff_lists(diff, NULL, &b->queues[i].submits, &where, unit);
	}
}

uint32_t diff_shader_pair(struct agx_diff *diff, uint32_t stage, uint32_t a, uint32_t b)
{
	uint64_t key = ((uint64_t)a << 32 | b) * 31 + stage;
	struct diff_shader *shader;
	const void *code_a, *code_b;
	size_t size_a, size_b;
	uint32_t number;

	if (diff_numbers_get(&diff->shader_by_pair, key, &number) && diff->shaders[number].a == a &&
	    diff->shaders[number].b == b)
		return number;
	if (diff->num_shaders == diff->shaders_capacity) {
		size_t capacity = diff->shaders_capacity ? diff->shaders_capacity * 2 : 16;
		struct diff_shader *larger =
			reallocarray(diff->shaders, capacity, sizeof(*diff->shaders));

		if (!larger) {
			diff->error = -ENOMEM;
			return DIFF_NONE;
		}
		diff->shaders = larger;
		diff->shaders_capacity = capacity;
	}
	number = (uint32_t)diff->num_shaders;
	shader = &diff->shaders[number];
	*shader = (struct diff_shader){.a = a, .b = b, .stage = stage};
	code_a = diff_blob_bytes(diff->store, a, &size_a);
	code_b = diff_blob_bytes(diff->store, b, &size_b);
	shader->out.blob_a = a ? a : DIFF_NONE;
	shader->out.blob_b = b ? b : DIFF_NONE;
	shader->out.digest_a = diff_blob_digest(diff->store, a);
	shader->out.digest_b = diff_blob_digest(diff->store, b);
	shader->out.size_a = diff_code_size(code_a, size_a);
	shader->out.size_b = diff_code_size(code_b, size_b);
	if (diff_code(code_a, size_a, code_b, size_b, diff->options.ignore_registers, &diff->budget,
		      &shader->code)) {
		diff->error = -ENOMEM;
		return DIFF_NONE;
	}
	shader->out.lines = shader->code.lines;
	shader->out.num_lines = shader->code.num_lines;
	shader->out.registers_only = shader->code.registers_only;
	shader->out.coarse = shader->code.coarse;
	/* With registers ignored, lines may all be equal though values go other ways: that counts. */
	if (diff->options.ignore_registers)
		shader->same = a && b && diff_code_renamed(code_a, size_a, code_b, size_b);
	if (diff_numbers_set(&diff->shader_by_pair, key, number))
		diff->error = -ENOMEM;
	diff->num_shaders++;
	return number;
}

/* Different programs that a side has, and sums over them. */
struct census {
	const struct diff_store *store;
	uint8_t *nodes, *blobs;
	struct agx_diff_side *side;
};

static void census_node(struct census *c, uint32_t number)
{
	const struct diff_node *node = diff_node(c->store, number);
	uint32_t i;

	if (c->nodes[number >> 3] & 1u << (number & 7))
		return;
	c->nodes[number >> 3] |= (uint8_t)(1u << (number & 7));
	if (node->kind == DIFF_NODE_SHADER && node->blob &&
	    !(c->blobs[node->blob >> 3] & 1u << (node->blob & 7))) {
		struct agx_diff_size size;
		size_t bytes;
		const void *code = diff_blob_bytes(c->store, node->blob, &bytes);

		c->blobs[node->blob >> 3] |= (uint8_t)(1u << (node->blob & 7));
		size = diff_code_size(code, bytes);
		c->side->shaders++;
		c->side->code.instructions += size.instructions;
		c->side->code.bytes += size.bytes;
		c->side->code.registers += size.registers;
	}
	for (i = 0; i < node->children; i++)
		census_node(c, diff_children(c->store, node)[i]);
}

static void take_census(struct agx_diff *diff, unsigned int which)
{
	const struct diff_trace *trace = diff->traces[which];
	struct agx_diff_side *side = &diff->sides[which];
	struct census c = {
		.store = diff->store,
		.nodes = calloc(DIFF_MAX_NODES / 8 + 1, 1),
		.blobs = calloc(DIFF_MAX_NODES / 8 + 1, 1),
		.side = side,
	};
	size_t i, j;

	*side = (struct agx_diff_side){
		.path = trace->path,
		.soc = trace->soc,
		.truncated = trace->truncated,
		.calls = trace->calls,
		.submits = trace->submits,
		.frames = trace->frames,
		.commands = trace->stats.renders + trace->stats.computes,
		.draws = trace->stats.draws,
		.dispatches = trace->stats.dispatches,
		.pages = trace->pages,
	};
	if (!c.nodes || !c.blobs)
		diff->error = -ENOMEM;
	for (i = 0; i < trace->num_queues && !diff->error; i++) {
		for (j = 0; j < trace->queues[i].submits.count; j++)
			census_node(&c, trace->queues[i].submits.items[j].node);
	}
	free(c.nodes);
	free(c.blobs);
}

static const char *text_of(const struct agx_diff *diff, uint32_t string)
{
	return string == DIFF_NONE ? NULL : diff_text(diff->store, string);
}

static void add_size(struct agx_diff_size *sum, const struct agx_diff_size *size)
{
	sum->instructions += size->instructions;
	sum->bytes += size->bytes;
	sum->registers += size->registers;
}

static void sum_up(struct agx_diff *diff)
{
	size_t i, j;

	diff->out_lines = calloc(diff->num_lines + 1, sizeof(*diff->out_lines));
	if (!diff->out_lines) {
		diff->error = -ENOMEM;
		return;
	}
	for (i = 0; i < diff->num_lines; i++) {
		const struct diff_line *line = &diff->lines[i];

		diff->out_lines[i] = (struct agx_diff_line){
			.op = line->op,
			.topic = line->topic,
			.depth = line->depth,
			.heading = line->heading,
			.name = text_of(diff, line->name),
			.a = text_of(diff, line->a),
			.b = text_of(diff, line->b),
			.shader = line->shader,
		};
	}
	for (i = 0; i < diff->num_hunks; i++) {
		struct diff_hunk *hunk = &diff->hunks[i];
		struct agx_diff_count *units = &diff->sums.units[hunk->out.unit];

		hunk->out.title = diff_text(diff->store, hunk->title);
		hunk->out.lines = diff->out_lines + hunk->line;
		units->changed += hunk->out.op == AGX_DIFF_CHANGE ? hunk->out.count : 0;
		units->removed += hunk->out.op == AGX_DIFF_REMOVE ? hunk->out.count : 0;
		units->added += hunk->out.op == AGX_DIFF_ADD ? hunk->out.count : 0;
		for (j = 0; j < DIFF_TOPICS; j++) {
			struct agx_diff_count *lines = &diff->sums.lines[j];

			lines->changed += hunk->ops[j][AGX_DIFF_CHANGE] * hunk->out.count;
			lines->removed += hunk->ops[j][AGX_DIFF_REMOVE] * hunk->out.count;
			lines->added += hunk->ops[j][AGX_DIFF_ADD] * hunk->out.count;
		}
		for (j = 0; j < hunk->out.num_lines; j++) {
			if (hunk->out.lines[j].shader != DIFF_NONE)
				diff->shaders[hunk->out.lines[j].shader].out.uses +=
					hunk->out.count;
		}
	}
	for (i = 0; i < diff->num_shaders; i++) {
		struct diff_shader *shader = &diff->shaders[i];

		shader->out.stage = diff_text(diff->store, shader->stage);
		if (shader->same)
			continue;
		diff->sums.shaders.changed += shader->a && shader->b;
		diff->sums.shaders.removed += !shader->b;
		diff->sums.shaders.added += !shader->a;
		if (shader->a && shader->b) {
			add_size(&diff->sums.changed_a, &shader->out.size_a);
			add_size(&diff->sums.changed_b, &shader->out.size_b);
		}
	}
}

static void compare(struct agx_diff *diff)
{
	bool same;

	take_census(diff, 0);
	take_census(diff, 1);
	if (!diff->options.ignore_objects && !diff->options.work && !diff->error)
		diff->error = diff_identity_create(diff, &diff->identity);
	if (diff->options.topics[DIFF_IOCTLS] && !diff->options.work && !diff->error)
		diff_calls(diff);
	if (!diff->error)
		diff_submits(diff);
	if (diff->options.topics[DIFF_MEMORY] && !diff->options.limit_submits &&
	    !diff->options.work && !diff->error)
		diff_buffers(diff);
	if (diff_store_full(diff->store, &same)) {
		diff_note(diff,
			  same ? "too much different content: what is beyond the limits is equal, "
				 "but was compared as a whole"
			       : "too much different content: what is beyond the limits differs, "
				 "and is not told");
		diff->differs |= !same;
	}
	if (diff->traces[0]->refs_lost || diff->traces[1]->refs_lost)
		diff_note(diff, "too many addresses: which buffers they lead to is not compared");
	if (diff->budget.coarse)
		diff_note(diff,
			  "some sequences differ too much to be aligned exactly: their elements "
			  "are paired by position");
	if (!diff->error)
		sum_up(diff);
	if (!diff->error)
		diff->error = diff_store_error(diff->store);
}

int agx_diff_create(const char *path_a, const char *path_b, const struct agx_diff_options *options,
		    struct agx_diff **out, struct agx_trace_error *error, unsigned int *failed)
{
	const char *const paths[2] = {path_a, path_b};
	struct diff_trace_params params = {
		.force = options->force,
		.work = options->work,
		.damage = options->damage,
		.damage_data = options->damage_data,
	};
	struct agx_diff *diff = calloc(1, sizeof(*diff));
	int ret = -ENOMEM;

	*out = NULL;
	*failed = 2;
	if (!diff)
		return -ENOMEM;
	memcpy(params.topics, options->topics, sizeof(params.topics));
	diff->options = *options;
	diff->budget.steps = DIFF_STEPS;
	diff->store = diff_store_create();
	if (!diff->store)
		goto fail;
	for (*failed = 0; *failed < 2; ++*failed) {
		ret = diff_trace_load(diff->store, *failed, paths[*failed], &params,
				      &diff->traces[*failed], error);
		if (ret)
			goto fail;
	}
	compare(diff);
	ret = diff->error;
	if (ret)
		goto fail;
	*out = diff;
	return 0;
fail:
	agx_diff_destroy(diff);
	return ret;
}

static void numbers_finish(struct diff_numbers *map)
{
	free(map->keys);
	free(map->values);
}

void agx_diff_destroy(struct agx_diff *diff)
{
	size_t i;

	if (!diff)
		return;
	for (i = 0; i < diff->num_shaders; i++)
		diff_code_finish(&diff->shaders[i].code);
	free(diff->shaders);
	free(diff->hunks);
	free(diff->lines);
	free(diff->out_lines);
	diff_identity_destroy(diff->identity);
	numbers_finish(&diff->hunk_by_hash);
	numbers_finish(&diff->hunk_by_pair);
	numbers_finish(&diff->shader_by_pair);
	diff_trace_destroy(diff->traces[0]);
	diff_trace_destroy(diff->traces[1]);
	diff_store_destroy(diff->store);
	free(diff);
}

bool agx_diff_same(const struct agx_diff *diff)
{
	return !diff->differs;
}

uint32_t agx_diff_hunks(const struct agx_diff *diff)
{
	return (uint32_t)diff->num_hunks;
}

const struct agx_diff_hunk *agx_diff_hunk(const struct agx_diff *diff, uint32_t i)
{
	return &diff->hunks[i].out;
}

uint32_t agx_diff_shaders(const struct agx_diff *diff)
{
	return (uint32_t)diff->num_shaders;
}

const struct agx_diff_shader *agx_diff_shader(const struct agx_diff *diff, uint32_t i)
{
	return diff->shaders[i].same ? NULL : &diff->shaders[i].out;
}

const struct agx_diff_side *agx_diff_side(const struct agx_diff *diff, unsigned int side)
{
	return &diff->sides[side & 1];
}

const struct agx_diff_sums *agx_diff_sums(const struct agx_diff *diff)
{
	return &diff->sums;
}

const char *agx_diff_note(const struct agx_diff *diff, uint32_t i)
{
	return i < diff->num_notes ? diff->notes[i] : NULL;
}
