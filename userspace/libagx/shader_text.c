// SPDX-License-Identifier: MIT
/*
 * The text of a shader: directives of the shader beside those of the assembler.
 *
 * Lines are cut as the assembler cuts them (userspace/isa/assemble.c): what follows ; // or # is a
 * comment, a block comment ends the code of its line, and what follows it is looked at as a line of
 * its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shader_internal.h"

enum section {
	SECTION_START, /* no directive yet: the program, if something comes */
	SECTION_PREAMBLE,
	SECTION_MAIN,
};

struct scan {
	struct lib_shader_text *out;
	const char *text;
	enum section section;
	bool code; /* instructions in front of any section */
	bool local, scratch, tile;
};

/* A place in a line. */
struct cursor {
	const char *at, *end;
};

static const char *const stage_names[] = {
	[AGX_STAGE_COMPUTE] = "compute",         [AGX_STAGE_VERTEX] = "vertex",
	[AGX_STAGE_FRAGMENT] = "fragment",       [AGX_STAGE_BACKGROUND] = "background",
	[AGX_STAGE_END_OF_TILE] = "end_of_tile",
};

#define STAGES (sizeof(stage_names) / sizeof(stage_names[0]))

const char *lib_stage_name(enum agx_stage stage)
{
	return (size_t)stage < STAGES ? stage_names[stage] : "?";
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && is_space(*c->at))
		c->at++;
}

__attribute__((format(printf, 3, 4))) static int wrong(struct scan *scan, const char *place,
						       const char *format, ...)
{
	struct lib_shader_text *out = scan->out;
	const char *line = scan->text;
	va_list args;

	out->line = 1;
	for (const char *p = scan->text; p < place; p++) {
		if (*p == '\n') {
			out->line++;
			line = p + 1;
		}
	}
	out->column = (unsigned int)(place - line) + 1;
	va_start(args, format);
	vsnprintf(out->error, sizeof(out->error), format, args);
	va_end(args);
	return -EINVAL;
}

static struct cursor word(struct cursor *c)
{
	struct cursor w;

	skip_space(c);
	w.at = c->at;
	while (c->at < c->end && is_word(*c->at))
		c->at++;
	w.end = c->at;
	return w;
}

static bool is(const struct cursor *w, const char *name)
{
	const size_t length = strlen(name);

	return (size_t)(w->end - w->at) == length && !memcmp(w->at, name, length);
}

static int length_of(const struct cursor *w)
{
	return w->end - w->at > 40 ? 40 : (int)(w->end - w->at);
}

/* A number up to max, decimal or 0x. */
static int number(struct scan *scan, struct cursor *c, const char *what, unsigned int min,
		  unsigned int max, unsigned int *value)
{
	struct cursor w = word(c);
	unsigned int base = 10;
	uint64_t n = 0;
	const char *p = w.at;

	if (w.end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	if (p == w.end)
		return wrong(scan, w.at, "%s: expected a number", what);
	for (; p < w.end; p++) {
		unsigned int digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned int)(*p - '0');
		else if (base == 16 && (*p | 32) >= 'a' && (*p | 32) <= 'f')
			digit = (unsigned int)((*p | 32) - 'a') + 10;
		else
			return wrong(scan, w.at, "%s: expected a number, got '%.*s'", what,
				     length_of(&w), w.at);
		n = n * base + digit;
		if (n > UINT32_MAX)
			n = UINT32_MAX;
	}
	if (n < min || n > max)
		return wrong(scan, w.at, "%s: expected a number from %u to %u, got '%.*s'", what,
			     min, max, length_of(&w), w.at);
	*value = (unsigned int)n;
	return 0;
}

static int comma(struct scan *scan, struct cursor *c, const char *what)
{
	skip_space(c);
	if (c->at == c->end || *c->at != ',')
		return wrong(scan, c->at, "%s: expected a comma", what);
	c->at++;
	return 0;
}

static bool at_comma(struct cursor *c)
{
	skip_space(c);
	return c->at < c->end && *c->at == ',';
}

static int read_stage(struct scan *scan, struct cursor *c, const char *place)
{
	struct cursor w = word(c);

	if (scan->out->has_stage)
		return wrong(scan, place, ".stage: the shader has one already");
	for (size_t i = 0; i < STAGES; i++) {
		if (!is(&w, stage_names[i]))
			continue;
		scan->out->has_stage = true;
		scan->out->stage = (enum agx_stage)i;
		return 0;
	}
	return wrong(scan, w.at,
		     ".stage: expected compute, vertex, fragment, background or end_of_tile, got "
		     "'%.*s'",
		     length_of(&w), w.at);
}

/* Dimensions that are not given are 1. */
static int read_threads(struct scan *scan, struct cursor *c, const char *place)
{
	unsigned int *group = scan->out->group;
	int ret;

	if (scan->out->has_group)
		return wrong(scan, place, ".threads: the shader has them already");
	scan->out->has_group = true;
	group[0] = group[1] = group[2] = 1;
	for (unsigned int i = 0; i < 3; i++) {
		if (i && !at_comma(c))
			break;
		if (i)
			c->at++;
		ret = number(scan, c, ".threads", 1, LIB_GROUP_MAX, &group[i]);
		if (ret)
			return ret;
	}
	if (group[0] * group[1] * group[2] > LIB_GROUP_MAX)
		return wrong(scan, place, ".threads: a group has at most %u threads, got %u",
			     LIB_GROUP_MAX, group[0] * group[1] * group[2]);
	return 0;
}

static int read_tile(struct scan *scan, struct cursor *c, const char *place)
{
	struct agx_tile_layout *tile = &scan->out->tile;
	unsigned int *const values[] = {&tile->width, &tile->height, &tile->sample_bytes,
					&tile->samples};
	int ret = 0;

	if (scan->tile)
		return wrong(scan, place, ".tile: the shader has it already");
	scan->tile = true;
	tile->samples = 1;
	for (unsigned int i = 0; i < 4 && !ret; i++) {
		if (i == 3 && !at_comma(c))
			break;
		if (i)
			ret = comma(scan, c, ".tile");
		if (!ret)
			ret = number(scan, c, ".tile", 1, 64, values[i]);
	}
	return ret;
}

static int read_output(struct scan *scan, struct cursor *c, const char *place)
{
	struct lib_shader_text *out = scan->out;
	struct lib_shader_output *output = &out->outputs[out->output_count];
	struct cursor w = word(c);
	size_t length = (size_t)(w.end - w.at);
	int ret;

	if (out->output_count == LIB_SHADER_OUTPUTS)
		return wrong(scan, place, ".output: a shader has at most %u", LIB_SHADER_OUTPUTS);
	if (!length || length >= sizeof(output->name))
		return wrong(scan, w.at, ".output: expected a name of 1 to %zu characters, got %zu",
			     sizeof(output->name) - 1, length);
	for (unsigned int i = 0; i < out->output_count; i++) {
		if (is(&w, out->outputs[i].name))
			return wrong(scan, w.at, ".output: there is a '%.*s' already",
				     length_of(&w), w.at);
	}
	memcpy(output->name, w.at, length);
	output->name[length] = '\0';
	ret = comma(scan, c, ".output");
	if (!ret)
		ret = number(scan, c, ".output", 1, 64, &output->count);
	out->output_count += !ret;
	return ret;
}

static int begin_preamble(struct scan *scan, const char *place)
{
	if (scan->section != SECTION_START)
		return wrong(scan, place, ".preamble: it comes once, and in front of .main");
	if (scan->code)
		return wrong(scan, place, ".preamble: instructions stand in front of it");
	scan->section = SECTION_PREAMBLE;
	scan->out->preamble = malloc(scan->out->size ? scan->out->size : 1);
	if (!scan->out->preamble)
		return -ENOMEM;
	for (size_t i = 0; i < scan->out->size; i++)
		scan->out->preamble[i] = scan->text[i] == '\n' ? '\n' : ' ';
	return 0;
}

/* 1: the line is one of the shader's directives; 0: it is not. */
static int directive(struct scan *scan, struct cursor line)
{
	struct lib_shader_text *out = scan->out;
	const char *place;
	struct cursor w;
	int ret = 0;

	skip_space(&line);
	place = line.at;
	if (line.at == line.end || *line.at != '.')
		return 0;
	w = word(&line);
	if (is(&w, ".stage")) {
		ret = read_stage(scan, &line, place);
	} else if (is(&w, ".threads")) {
		ret = read_threads(scan, &line, place);
	} else if (is(&w, ".local")) {
		if (scan->local)
			return wrong(scan, place, ".local: the shader has it already");
		scan->local = true;
		ret = number(scan, &line, ".local", 0, LIB_LOCAL_MAX, &out->local_bytes);
	} else if (is(&w, ".scratch")) {
		if (scan->scratch)
			return wrong(scan, place, ".scratch: the shader has it already");
		scan->scratch = true;
		ret = number(scan, &line, ".scratch", 0, 1u << 20, &out->scratch_bytes);
	} else if (is(&w, ".unchecked_waits")) {
		out->unchecked_waits = true;
	} else if (is(&w, ".tile")) {
		ret = read_tile(scan, &line, place);
	} else if (is(&w, ".output")) {
		ret = read_output(scan, &line, place);
	} else if (is(&w, ".preamble")) {
		ret = begin_preamble(scan, place);
	} else if (is(&w, ".main")) {
		if (scan->section == SECTION_MAIN || scan->code)
			return wrong(scan, place, ".main: it comes once, in front of the program");
		scan->section = SECTION_MAIN;
	} else {
		return 0;
	}
	if (ret)
		return ret;
	skip_space(&line);
	if (line.at < line.end)
		return wrong(scan, line.at, "%.*s: expected the end of the line, got '%c'",
			     length_of(&w), w.at, *line.at);
	return 1;
}

/* The code of a line goes to its section. */
static void keep(struct scan *scan, struct cursor code)
{
	const size_t at = (size_t)(code.at - scan->text), size = (size_t)(code.end - code.at);
	char *to = scan->section == SECTION_PREAMBLE ? scan->out->preamble : scan->out->program;

	memcpy(to + at, code.at, size);
	skip_space(&code);
	if (scan->section == SECTION_START && code.at < code.end)
		scan->code = true;
}

/* Where the code of a line ends, block comments aside. */
static const char *end_of_code(const char *start, const char *end)
{
	bool blank = true;

	for (const char *p = start; p < end; p++) {
		const size_t left = (size_t)(end - p);

		if (*p == ';' || (left > 1 && p[0] == '/' && p[1] == '/'))
			return p;
		if (*p == '#' && (blank || ((left < 15 || memcmp(p, "# unknown bits:", 15)) &&
					    (left < 14 || memcmp(p, "# missing hint", 14)))))
			return p;
		if (!is_space(*p))
			blank = false;
	}
	return end;
}

int lib_shader_text(const char *text, size_t size, struct lib_shader_text *out)
{
	struct scan scan = {.out = out, .text = text};
	const char *end = text + size, *line = text;

	memset(out, 0, sizeof(*out));
	if (size > LIB_SHADER_TEXT_MAX)
		return wrong(&scan, text, "a shader's text has at most %zu bytes, got %zu",
			     LIB_SHADER_TEXT_MAX, size);
	out->size = size;
	out->program = malloc(size ? size : 1);
	if (!out->program)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		out->program[i] = text[i] == '\n' ? '\n' : ' ';
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line)), *open, *close;
		struct cursor code = {line, newline ? newline : end};
		int ret;

		code.end = end_of_code(code.at, code.end);
		open = memmem(code.at, (size_t)(code.end - code.at), "/*", 2);
		if (open)
			code.end = open;
		ret = directive(&scan, code);
		if (ret < 0)
			return ret;
		if (!ret)
			keep(&scan, code);
		if (!open) {
			line = newline ? newline + 1 : end;
			continue;
		}
		close = memmem(open + 2, (size_t)(end - open - 2), "*/", 2);
		if (!close)
			return wrong(&scan, open, "the comment has no end");
		line = close + 2;
	}
	if (scan.section == SECTION_PREAMBLE)
		return wrong(&scan, end, ".preamble: no .main follows");
	return 0;
}

void lib_shader_text_free(struct lib_shader_text *text)
{
	free(text->program);
	free(text->preamble);
	memset(text, 0, sizeof(*text));
}
