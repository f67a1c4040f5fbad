// SPDX-License-Identifier: MIT
/*
 * Text for people: an indented tree. What a node says of itself is collected first, so that a small
 * record takes one line and a large one a table.
 */
#include <errno.h>
#include <stdlib.h>

#include "agx_decode_sinks.h"
#include "code_text.h"
#include "out.h"
#include "summary_text.h"

#define DEFAULT_COLUMNS 100
#define MAX_ITEMS       128
#define ARENA_SIZE      8192
#define MAX_DEPTH       64 /* that indentation grows with */
#define MAX_TROUBLES    8
#define LAST_RECORDS    256 /* a power of two */

enum item_kind {
	ITEM_VALUE,
	ITEM_ENUM,
	ITEM_FLAG, /* the name says it all */
	ITEM_ADDRESS,
	ITEM_LOST, /* an address that leads nowhere */
};

struct item {
	const char *name;
	uint32_t name_size;
	uint32_t text; /* in the arena */
	uint32_t text_size;
	uint32_t place_size; /* the last bytes of text: where the address leads */
	uint8_t kind;
};

/* The last record of a kind, for --changed. */
struct last {
	const struct agx_cs_struct *desc;
	const char *title;
	uint8_t record[AGX_CS_RECORD_MAX];
};

struct text_sink {
	struct agx_decode_text_config config;
	const struct agx_text_style *style;
	unsigned int depth; /* nodes that have begun */
	uint32_t file;      /* of the submit: handles of others are shown with theirs */

	/* The node whose own words are being collected. */
	bool open;
	unsigned int level; /* its depth */
	struct agx_decode_node node;
	struct agx_decode_place place; /* the node's */
	char show[128];                /* of its record */
	bool shown;                    /* it says something */
	unsigned int num_items;
	struct item items[MAX_ITEMS];
	uint32_t arena_used;
	char arena[ARENA_SIZE];
	bool before; /* there is a record to compare fields with */
	uint8_t before_record[AGX_CS_RECORD_MAX];

	/* Problems of the open node, written behind its own words. */
	unsigned int num_troubles;
	struct trouble {
		enum agx_cs_problem problem;
		uint64_t address;
		char text[160];
	} troubles[MAX_TROUBLES];

	struct last last[LAST_RECORDS];
	struct agx_out out;
};

/*
 * Pieces.
 */

static void styled(struct text_sink *sink, const char *style, const char *text, size_t size)
{
	if (!*style) {
		out_bytes(&sink->out, text, size);
		return;
	}
	out_text(&sink->out, style);
	out_bytes(&sink->out, text, size);
	out_text(&sink->out, sink->style->reset);
}

static void indent(struct text_sink *sink, unsigned int depth)
{
	out_spaces(&sink->out, 2 * (depth < MAX_DEPTH ? depth : MAX_DEPTH));
}

/* Room for size bytes of an item's text, or NULL: then the item is left out. */
static char *arena(struct text_sink *sink, uint32_t size)
{
	return ARENA_SIZE - sink->arena_used >= size ? sink->arena + sink->arena_used : NULL;
}

static struct item *new_item(struct text_sink *sink, const char *name, uint8_t kind)
{
	struct item *item;

	if (!sink->open || sink->num_items == MAX_ITEMS)
		return NULL;
	item = &sink->items[sink->num_items++];
	item->name = name;
	item->name_size = strlen(name);
	item->kind = kind;
	item->text = sink->arena_used;
	item->text_size = 0;
	item->place_size = 0;
	return item;
}

static void grow_item(struct text_sink *sink, struct item *item, uint32_t size)
{
	item->text_size += size;
	sink->arena_used += size;
}

static void item_text(struct text_sink *sink, struct item *item, const char *text, size_t size)
{
	char *to = arena(sink, size);

	if (!to)
		return;
	memcpy(to, text, size);
	grow_item(sink, item, size);
}

static void item_hex(struct text_sink *sink, struct item *item, uint64_t value)
{
	char digits[18] = "0x";

	item_text(sink, item, digits, 2 + out_format_hex(digits + 2, value));
}

static void item_dec(struct text_sink *sink, struct item *item, uint64_t value)
{
	char digits[20];

	item_text(sink, item, digits, out_format_dec(digits, value));
}

/* "bo 5+0x4000", with the file when it is another than the submit's. Returns the size. */
static unsigned int format_place(const struct text_sink *sink, const struct agx_decode_place *place,
				 char buf[128])
{
	unsigned int used = 0;
	size_t name_size = place->name ? strlen(place->name) : 0;

	if (place->file && sink->file && place->file != sink->file) {
		memcpy(buf, "file ", 5);
		used = 5 + out_format_dec(buf + 5, place->file);
		buf[used++] = ' ';
	}
	if (name_size) {
		name_size = name_size < 64 ? name_size : 64;
		memcpy(buf + used, place->name, name_size);
		used += name_size;
	} else {
		memcpy(buf + used, "bo ", 3);
		used += 3;
		used += out_format_dec(buf + used, place->handle);
	}
	buf[used++] = '+';
	buf[used++] = '0';
	buf[used++] = 'x';
	return used + out_format_hex(buf + used, place->offset);
}

/*
 * Writing a node's own words.
 */

static bool shows_address(const struct text_sink *sink, const struct agx_decode_node *node)
{
	if (node->address == AGX_DECODE_NO_ADDRESS)
		return false;
	return sink->config.all || node->place || node->kind == AGX_DECODE_BLOCK ||
	       node->kind == AGX_DECODE_DRAW || node->kind == AGX_DECODE_DISPATCH ||
	       node->kind == AGX_DECODE_SHADER;
}

/* The title without styles: its visible size. Written at once. */
static unsigned int write_title(struct text_sink *sink)
{
	const struct agx_decode_node *node = &sink->node;
	const struct agx_text_style *style = sink->style;
	const char *title_style = style->title;
	char buf[128], *p = buf;
	const char *t;
	unsigned int width;

	if (node->kind == AGX_DECODE_SUBMIT || node->kind == AGX_DECODE_COMMAND)
		title_style = style->heading;
	else if (node->kind == AGX_DECODE_DRAW || node->kind == AGX_DECODE_DISPATCH)
		title_style = style->action;
	else if (node->reference)
		title_style = style->remark;
	for (t = node->title ? node->title : ""; *t && p < buf + 90; t++)
		*p++ = *t == '_' ? ' ' : *t;
	if (node->number != AGX_DECODE_NO_NUMBER) {
		*p++ = ' ';
		p += out_format_dec(p, node->number);
	}
	styled(sink, title_style, buf, p - buf);
	width = p - buf;
	if (shows_address(sink, node)) {
		memcpy(buf, " 0x", 3);
		p = buf + 3 + out_format_hex(buf + 3, node->address);
		styled(sink, style->address, buf, p - buf);
		width += p - buf;
	}
	if (node->place) {
		memcpy(buf, " in ", 4);
		out_bytes(&sink->out, buf, 4);
		p = buf + format_place(sink, node->place, buf);
		styled(sink, style->place, buf, p - buf);
		width += 4 + (p - buf);
	}
	if (node->reference) {
		styled(sink, style->remark, ", as before", 11);
		width += 11;
	}
	if (sink->shown) {
		out_bytes(&sink->out, ": ", 2);
		styled(sink, style->enumerator, sink->show, strlen(sink->show));
		width += 2 + strlen(sink->show);
	}
	return width;
}

static void write_item(struct text_sink *sink, const struct item *item, unsigned int pad)
{
	const struct agx_text_style *style = sink->style;
	const char *text = sink->arena + item->text;
	const char *value_style = style->value;
	uint32_t size = item->text_size - item->place_size;

	if (item->kind == ITEM_FLAG) {
		styled(sink, style->enumerator, item->name, item->name_size);
		return;
	}
	styled(sink, style->name, item->name, item->name_size);
	out_spaces(&sink->out, pad);
	if (pad)
		out_bytes(&sink->out, " = ", 3);
	else
		out_char(&sink->out, '=');
	if (item->kind == ITEM_ENUM)
		value_style = style->enumerator;
	else if (item->kind == ITEM_ADDRESS)
		value_style = style->address;
	else if (item->kind == ITEM_LOST)
		value_style = style->problem;
	styled(sink, value_style, text, size);
	if (item->place_size)
		styled(sink, style->place, text + size, item->place_size);
}

/* Items one after the other; on the next line when one does not fit. */
static void write_lines(struct text_sink *sink, unsigned int width)
{
	unsigned int i;

	for (i = 0; i < sink->num_items; i++) {
		const struct item *item = &sink->items[i];
		unsigned int size =
			item->name_size + (item->kind == ITEM_FLAG ? 0 : 1 + item->text_size);

		if (i)
			out_char(&sink->out, ',');
		if (width + 2 + size > sink->config.columns) {
			out_char(&sink->out, '\n');
			indent(sink, sink->level + 2);
			width = 2 * (sink->level + 2);
		} else {
			out_char(&sink->out, ' ');
			width += 2;
		}
		write_item(sink, item, 0);
		width += size;
	}
	out_char(&sink->out, '\n');
}

static void write_items(struct text_sink *sink, unsigned int title)
{
	unsigned int longest = 0, width = title, i;

	if (!sink->num_items) {
		out_char(&sink->out, '\n');
		return;
	}
	for (i = 0; i < sink->num_items; i++) {
		const struct item *item = &sink->items[i];

		if (item->name_size > longest)
			longest = item->name_size;
		width += 2 + item->name_size + (item->kind == ITEM_FLAG ? 0 : 1 + item->text_size);
	}
	out_char(&sink->out, sink->shown ? ',' : ':');
	if (width <= sink->config.columns || sink->node.kind != AGX_DECODE_COMMAND) {
		write_lines(sink, title);
		return;
	}
	out_char(&sink->out, '\n');
	for (i = 0; i < sink->num_items; i++) {
		indent(sink, sink->level + 2);
		write_item(sink, &sink->items[i], longest - sink->items[i].name_size + 1);
		out_char(&sink->out, '\n');
	}
}

static void write_trouble(struct text_sink *sink, const struct trouble *trouble)
{
	char digits[18] = "0x";

	indent(sink, sink->depth);
	out_text(&sink->out, sink->style->problem);
	out_bytes(&sink->out, "! ", 2);
	out_text(&sink->out, agx_cs_problem_name(trouble->problem));
	if (trouble->address != AGX_DECODE_NO_ADDRESS) {
		out_bytes(&sink->out, " at ", 4);
		out_bytes(&sink->out, digits, 2 + out_format_hex(digits + 2, trouble->address));
	}
	out_bytes(&sink->out, ": ", 2);
	out_text(&sink->out, trouble->text);
	out_text(&sink->out, sink->style->reset);
	out_char(&sink->out, '\n');
}

/* Ends the collecting of the open node. */
static void flush_node(struct text_sink *sink)
{
	unsigned int i;

	if (!sink->open)
		return;
	sink->open = false;
	indent(sink, sink->level);
	write_items(sink, 2 * sink->level + write_title(sink));
	for (i = 0; i < sink->num_troubles; i++)
		write_trouble(sink, &sink->troubles[i]);
	sink->num_troubles = 0;
}

/*
 * Events.
 */

/* Where the last record of this kind is kept: a slot that another kind may have taken. */
static struct last *last_slot(struct text_sink *sink, const struct agx_decode_node *node)
{
	uintptr_t key = (uintptr_t)node->desc / 8 * 31 + (uintptr_t)node->title;

	return &sink->last[key % LAST_RECORDS];
}

static void compare_with_last(struct text_sink *sink, const struct agx_decode_node *node)
{
	struct last *last;

	sink->before = false;
	if (!sink->config.changed || !node->desc || !node->record ||
	    node->desc->size > AGX_CS_RECORD_MAX)
		return;
	last = last_slot(sink, node);
	if (last->desc == node->desc && last->title == node->title) {
		memcpy(sink->before_record, last->record, node->desc->size);
		sink->before = true;
	}
	last->desc = node->desc;
	last->title = node->title;
	memcpy(last->record, node->record, node->desc->size);
}

static void text_begin(void *cookie, const struct agx_decode_node *node)
{
	struct text_sink *sink = cookie;

	flush_node(sink);
	if (node->kind == AGX_DECODE_COMMAND && sink->config.changed)
		memset(sink->last, 0, sizeof(sink->last));
	compare_with_last(sink, node);
	sink->node = *node;
	sink->node.record = NULL;
	sink->shown = false;
	if (node->desc && node->desc->show && node->record && !sink->before) {
		sink->shown = true;
		agx_cs_show(node->desc, node->record, sink->show, sizeof(sink->show));
	}
	if (node->place) {
		sink->place = *node->place;
		sink->node.place = &sink->place;
	}
	sink->open = true;
	sink->level = sink->depth++;
	sink->num_items = 0;
	sink->arena_used = 0;
}

static bool is_presence(const struct agx_cs_field *field)
{
	size_t size = strlen(field->name);

	return field->type == AGX_CS_BOOL && size > 8 &&
	       !memcmp(field->name + size - 8, "_present", 8);
}

static void text_field(void *cookie, const struct agx_cs_field *field, uint64_t value)
{
	struct text_sink *sink = cookie;
	const struct agx_cs_enum *values;
	const char *name = NULL;
	struct item *item;
	size_t size;
	char *to;

	if (!sink->config.all) {
		/* What a PPP record has is shown. */
		if (sink->node.kind == AGX_DECODE_STATE && field->type == AGX_CS_BOOL)
			return;
		if (field->fixed || is_presence(field))
			return;
		/* Points are drawn seldom, although their number is 0. */
		if (value == field->preset &&
		    (sink->node.kind != AGX_DECODE_DRAW || strcmp(field->name, "primitive")))
			return;
		if (sink->shown && agx_cs_shows(sink->node.desc, field))
			return;
		if (sink->before && agx_cs_applies(field, sink->before_record) &&
		    agx_cs_get(field, sink->before_record) == value)
			return;
	}
	switch (field->type) {
	case AGX_CS_BOOL:
		if (value == 1 && !sink->config.all) {
			new_item(sink, field->name, ITEM_FLAG);
			return;
		}
		break;
	case AGX_CS_UINT:
		item = new_item(sink, field->name, ITEM_VALUE);
		if (item)
			item_dec(sink, item, value);
		return;
	case AGX_CS_HEX:
		item = new_item(sink, field->name, ITEM_VALUE);
		if (item)
			item_hex(sink, item, value);
		return;
	case AGX_CS_ENUM:
		values = agx_cs_field_enum(field);
		if (values->dense)
			name = value < values->count ? values->values[value].name : NULL;
		else
			name = agx_cs_value_name(values, value);
		if (name) {
			item = new_item(sink, field->name, ITEM_ENUM);
			if (item)
				item_text(sink, item, name, strlen(name));
			return;
		}
		break;
	default:
		break;
	}
	item = new_item(sink, field->name, ITEM_VALUE);
	to = item ? arena(sink, AGX_CS_TEXT) : NULL;
	if (!to)
		return;
	size = agx_cs_print(field, value, to);
	grow_item(sink, item, size);
}

static void text_text(void *cookie, const char *name, const char *text)
{
	struct text_sink *sink = cookie;
	struct item *item = new_item(sink, name, ITEM_ENUM);

	if (item)
		item_text(sink, item, text, strlen(text));
}

static void text_number(void *cookie, const char *name, uint64_t value,
			enum agx_decode_format format)
{
	static const char *const units[] = {"", " KiB", " MiB", " GiB", " TiB"};
	struct text_sink *sink = cookie;
	char buf[32] = "000000000";
	unsigned int unit = 0, size;
	struct item *item;

	if (sink->node.kind == AGX_DECODE_SUBMIT && !strcmp(name, "file"))
		sink->file = value;
	if (!value && sink->node.kind == AGX_DECODE_COMMAND && !sink->config.all)
		return;
	item = new_item(sink, name, ITEM_VALUE);
	if (!item)
		return;
	switch (format) {
	case AGX_DECODE_HEX:
		item_hex(sink, item, value);
		break;
	case AGX_DECODE_BYTES:
		while (value && !(value % 1024) && unit < 4) {
			value /= 1024;
			unit++;
		}
		item_dec(sink, item, value);
		item_text(sink, item, units[unit], strlen(units[unit]));
		break;
	case AGX_DECODE_NS:
		item_dec(sink, item, value / 1000000000);
		item_text(sink, item, ".", 1);
		size = out_format_dec(buf + 9, value % 1000000000);
		item_text(sink, item, buf + size, 9);
		item_text(sink, item, " s", 2);
		break;
	default:
		item_dec(sink, item, value);
		break;
	}
}

static void text_address(void *cookie, const char *name, uint64_t address,
			 const struct agx_decode_place *place)
{
	struct text_sink *sink = cookie;
	struct item *item;
	char buf[128];
	uint32_t size;

	if (!address && !place && !sink->config.all)
		return;
	item = new_item(sink, name, place || !address ? ITEM_ADDRESS : ITEM_LOST);
	if (!item)
		return;
	item_hex(sink, item, address);
	if (!place) {
		if (address)
			item_text(sink, item, " (nothing there)", 16);
		return;
	}
	item_text(sink, item, " (", 2);
	size = item->text_size;
	item_text(sink, item, buf, format_place(sink, place, buf));
	item_text(sink, item, ")", 1);
	item->place_size = item->text_size - size + 2;
}

static void text_bytes(void *cookie, uint64_t address, const void *bytes, size_t size)
{
	struct text_sink *sink = cookie;
	const uint8_t *b = bytes;
	size_t at, i;
	bool skipping = false;

	flush_node(sink);
	for (at = 0; at < size; at += 16) {
		size_t part = size - at < 16 ? size - at : 16;
		char line[80], *p = line;

		if (at && part == 16 && at + 16 < size && !memcmp(b + at, b + at - 16, 16)) {
			if (!skipping) {
				indent(sink, sink->depth);
				out_bytes(&sink->out, "*\n", 2);
			}
			skipping = true;
			continue;
		}
		skipping = false;
		p += out_format_hex(p, address + at);
		*p++ = ':';
		for (i = 0; i < part; i++) {
			if (i % 4 == 0)
				*p++ = ' ';
			*p++ = "0123456789abcdef"[b[at + i] >> 4];
			*p++ = "0123456789abcdef"[b[at + i] & 15];
		}
		indent(sink, sink->depth);
		styled(sink, sink->style->bytes, line, p - line);
		out_char(&sink->out, '\n');
	}
}

static void text_code(void *cookie, uint64_t address, const void *code, size_t size)
{
	struct text_sink *sink = cookie;
	struct code_text_config config = {
		.style = sink->style,
		.indent = 2 * (sink->depth < MAX_DEPTH ? sink->depth : MAX_DEPTH),
		.applegpu = sink->config.applegpu,
	};

	flush_node(sink);
	if (sink->config.shaders)
		code_text_print(&sink->out, &config, code, size);
}

static void text_problem(void *cookie, enum agx_cs_problem problem, uint64_t address,
			 const char *text)
{
	struct text_sink *sink = cookie;
	struct trouble trouble = {.problem = problem, .address = address};
	size_t size = strlen(text);

	memcpy(trouble.text, text, size < sizeof(trouble.text) ? size : sizeof(trouble.text) - 1);
	if (sink->open && sink->num_troubles < MAX_TROUBLES) {
		sink->troubles[sink->num_troubles++] = trouble;
		return;
	}
	flush_node(sink);
	write_trouble(sink, &trouble);
}

static void text_end(void *cookie)
{
	struct text_sink *sink = cookie;

	flush_node(sink);
	sink->depth--;
}

int agx_decode_text_create(const struct agx_decode_text_config *config,
			   const struct agx_decode_writer *writer, struct agx_decode_sink *sink)
{
	struct text_sink *text = calloc(1, sizeof(*text));

	if (!text)
		return -ENOMEM;
	text->config = *config;
	if (!text->config.columns)
		text->config.columns = DEFAULT_COLUMNS;
	text->style = config->style ? config->style : agx_text_style(false);
	out_init(&text->out, writer->write, writer->cookie);
	*sink = (struct agx_decode_sink){
		.cookie = text,
		.begin = text_begin,
		.field = text_field,
		.text = text_text,
		.number = text_number,
		.address = text_address,
		.bytes = text_bytes,
		.code = text_code,
		.problem = text_problem,
		.end = text_end,
	};
	return 0;
}

int agx_decode_text_finish(struct agx_decode_sink *sink, const struct agx_decode *decode)
{
	struct text_sink *text = sink->cookie;
	int ret;

	flush_node(text);
	if (decode)
		summary_text(&text->out, text->style, decode);
	ret = out_flush(&text->out);
	free(text);
	memset(sink, 0, sizeof(*sink));
	return ret;
}
