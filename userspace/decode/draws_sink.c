// SPDX-License-Identifier: MIT
/* A list: one line for each command, draw and dispatch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agx_decode_sinks.h"
#include "out.h"
#include "summary_text.h"

#define MAX_DEPTH  32
#define MAX_STATES 64
#define STATE_TEXT 320

/* A part of the state that draws use, as text: what it is, and what the draw before had. */
struct state {
	const char *title;
	uint64_t number;
	unsigned int used;
	char now[STATE_TEXT], before[STATE_TEXT];
};

struct draws_sink {
	const struct agx_text_style *style;
	bool with_state;
	uint8_t kinds[MAX_DEPTH]; /* of the nodes that have begun */
	struct state *open;       /* whose fields are coming */
	unsigned int open_depth;
	unsigned int num_states;
	struct state states[MAX_STATES];
	struct agx_out out;
	unsigned int depth;
	unsigned int line_depth; /* of the node whose line is being written; 0: none */
	bool own;                /* its own words are still coming */
	bool any;                /* some are there */
	uint64_t submit, command;
};

static void end_line(struct draws_sink *sink)
{
	if (sink->line_depth)
		out_char(&sink->out, '\n');
	sink->line_depth = 0;
	sink->own = false;
}

/*
 * State.
 */

static void open_state(struct draws_sink *sink, const struct agx_decode_node *node)
{
	uint8_t parent = sink->depth > 1 && sink->depth <= MAX_DEPTH ? sink->kinds[sink->depth - 2]
								     : AGX_DECODE_KINDS;
	unsigned int i;

	if (!sink->with_state || node->kind != AGX_DECODE_RECORD || !node->desc ||
	    (parent != AGX_DECODE_STATE && parent != AGX_DECODE_BLOCK))
		return;
	for (i = 0; i < sink->num_states; i++) {
		if (sink->states[i].title == node->title && sink->states[i].number == node->number)
			break;
	}
	if (i == MAX_STATES)
		return;
	if (i == sink->num_states) {
		sink->num_states++;
		sink->states[i].title = node->title;
		sink->states[i].number = node->number;
		sink->states[i].before[0] = 0;
	}
	sink->open = &sink->states[i];
	sink->open_depth = sink->depth;
	sink->open->used = 0;
	sink->open->now[0] = 0;
}

static bool in_state(const struct draws_sink *sink)
{
	return sink->open && sink->open_depth == sink->depth;
}

static void add_state(struct draws_sink *sink, const char *name, const char *value)
{
	struct state *state = sink->open;
	size_t room = STATE_TEXT - state->used;
	int size = snprintf(state->now + state->used, room, "%s%s%s%s", state->used ? ", " : "",
			    name, value ? "=" : "", value ? value : "");

	if (size > 0 && (size_t)size < room)
		state->used += (unsigned int)size;
	else
		state->now[state->used] = 0;
}

/* Below a draw: what is new. */
static void show_states(struct draws_sink *sink)
{
	struct agx_out *out = &sink->out;
	unsigned int i;

	for (i = 0; i < sink->num_states; i++) {
		struct state *state = &sink->states[i];

		if (!strcmp(state->now, state->before))
			continue;
		memcpy(state->before, state->now, sizeof(state->before));
		out_spaces(out, 8);
		out_text(out, sink->style->title);
		out_text(out, state->title);
		if (state->number != AGX_DECODE_NO_NUMBER) {
			out_char(out, ' ');
			out_dec(out, state->number);
		}
		out_text(out, sink->style->reset);
		out_text(out, ": ");
		out_text(out, state->used ? state->now : "all as usual");
		out_char(out, '\n');
	}
}

static void draws_begin(void *cookie, const struct agx_decode_node *node)
{
	struct draws_sink *sink = cookie;
	struct agx_out *out = &sink->out;

	if (sink->depth < MAX_DEPTH)
		sink->kinds[sink->depth] = node->kind;
	sink->depth++;
	sink->own = false;
	open_state(sink, node);
	switch (node->kind) {
	case AGX_DECODE_SUBMIT:
		sink->submit = node->number;
		return;
	case AGX_DECODE_COMMAND:
		sink->command = node->number;
		sink->num_states = 0;
		break;
	case AGX_DECODE_DRAW:
	case AGX_DECODE_DISPATCH:
		break;
	case AGX_DECODE_SHADER:
		/* Of dispatches, which have no number of it among their own words. */
		if (sink->line_depth && sink->line_depth > 2) {
			out_text(out, " shader=");
			out_dec(out, node->number);
		}
		return;
	default:
		return;
	}
	end_line(sink);
	out_dec(out, sink->submit);
	out_char(out, '.');
	out_dec(out, sink->command);
	if (node->kind != AGX_DECODE_COMMAND) {
		out_char(out, '.');
		out_dec(out, node->number);
	}
	out_char(out, ' ');
	out_text(out,
		 node->kind == AGX_DECODE_COMMAND ? sink->style->heading : sink->style->action);
	out_text(out, node->title);
	out_text(out, sink->style->reset);
	sink->line_depth = sink->depth;
	sink->own = true;
}

static bool starts(struct draws_sink *sink, const char *name)
{
	if (!sink->own || sink->depth != sink->line_depth)
		return false;
	out_char(&sink->out, ' ');
	out_text(&sink->out, name);
	out_char(&sink->out, '=');
	return true;
}

static void draws_field(void *cookie, const struct agx_cs_field *field, uint64_t value)
{
	struct draws_sink *sink = cookie;
	char text[AGX_CS_TEXT];
	size_t size;

	if (in_state(sink) && value != field->preset && !field->fixed) {
		agx_cs_print(field, value, text);
		add_state(sink, field->name, field->type == AGX_CS_BOOL && value ? NULL : text);
	}
	if (value == field->preset || field->fixed || field->type == AGX_CS_BOOL)
		return;
	if (field->type == AGX_CS_ENUM && starts(sink, field->name)) {
		size = agx_cs_print(field, value, text);
		out_text(&sink->out, sink->style->enumerator);
		out_bytes(&sink->out, text, size);
		out_text(&sink->out, sink->style->reset);
	}
}

static void draws_text(void *cookie, const char *name, const char *text)
{
	struct draws_sink *sink = cookie;

	if (starts(sink, name))
		out_text(&sink->out, text);
}

/* Of a command only the size of its picture. */
static bool of_interest(const struct draws_sink *sink, const char *name)
{
	static const char *const names[] = {"width_px", "height_px", "layers", "samples"};
	unsigned int i;

	if (sink->line_depth > 2)
		return true;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static void draws_number(void *cookie, const char *name, uint64_t value,
			 enum agx_decode_format format)
{
	struct draws_sink *sink = cookie;

	if (!of_interest(sink, name) || !starts(sink, name))
		return;
	if (format == AGX_DECODE_HEX) {
		out_bytes(&sink->out, "0x", 2);
		out_hex(&sink->out, value);
	} else {
		out_dec(&sink->out, value);
	}
}

static void draws_address(void *cookie, const char *name, uint64_t address,
			  const struct agx_decode_place *place)
{
	struct draws_sink *sink = cookie;

	if (sink->line_depth <= 2 || !starts(sink, name))
		return;
	out_text(&sink->out, place ? sink->style->address : sink->style->problem);
	out_bytes(&sink->out, "0x", 2);
	out_hex(&sink->out, address);
	out_text(&sink->out, sink->style->reset);
}

static void draws_end(void *cookie)
{
	struct draws_sink *sink = cookie;
	bool draw = sink->depth && sink->depth <= MAX_DEPTH &&
		    sink->kinds[sink->depth - 1] == AGX_DECODE_DRAW;

	if (in_state(sink))
		sink->open = NULL;
	if (sink->depth == sink->line_depth) {
		end_line(sink);
		if (draw)
			show_states(sink);
	}
	sink->depth--;
}

int agx_decode_draws_create(const struct agx_text_style *style, bool state,
			    const struct agx_decode_writer *writer, struct agx_decode_sink *sink)
{
	struct draws_sink *draws = calloc(1, sizeof(*draws));

	if (!draws)
		return -ENOMEM;
	draws->with_state = state;
	draws->style = style ? style : agx_text_style(false);
	out_init(&draws->out, writer->write, writer->cookie);
	*sink = (struct agx_decode_sink){
		.cookie = draws,
		.begin = draws_begin,
		.field = draws_field,
		.text = draws_text,
		.number = draws_number,
		.address = draws_address,
		.end = draws_end,
	};
	return 0;
}

int agx_decode_draws_finish(struct agx_decode_sink *sink, const struct agx_decode *decode)
{
	struct draws_sink *draws = sink->cookie;
	int ret;

	end_line(draws);
	if (decode)
		summary_text(&draws->out, draws->style, decode);
	ret = out_flush(&draws->out);
	free(draws);
	memset(sink, 0, sizeof(*sink));
	return ret;
}
