// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "agx_isa_program.h"
#include "code_text.h"

static void styled(struct agx_out *out, const struct agx_text_style *style, const char *with,
		   const char *text, size_t size)
{
	out_text(out, with);
	out_bytes(out, text, size);
	if (*with)
		out_text(out, style->reset);
}

/* A line of a listing: a label, or a place, bytes and an instruction. */
static void print_line(struct agx_out *out, const struct code_text_config *config, const char *line,
		       size_t size)
{
	const struct agx_text_style *style = config->style;
	const char *bar = memchr(line, '|', size);
	size_t start, end;

	out_spaces(out, config->indent);
	if (!bar) {
		styled(out, style, style->label, line, size);
		out_char(out, '\n');
		return;
	}
	start = bar + 1 - line;
	while (start < size && line[start] == ' ')
		start++;
	end = start;
	while (end < size && line[end] != ' ')
		end++;
	styled(out, style, style->bytes, line, start);
	styled(out, style, style->mnemonic, line + start, end - start);
	out_bytes(out, line + end, size - end);
	out_char(out, '\n');
}

void code_text_print(struct agx_out *out, const struct code_text_config *config, const void *code,
		     size_t size)
{
	/* Without room for the targets of jumps there are no labels. */
	uint8_t *targets = calloc(1, (size / 2 + 7) / 8 + 1);
	struct agx_isa_listing listing = {
		.code = code,
		.size = size,
		.targets = targets,
		.syntax = config->applegpu ? AGX_ISA_SYNTAX_APPLEGPU : AGX_ISA_SYNTAX_MESA,
		.addresses = true,
		.bytes = true,
		.indent = true,
	};
	struct agx_isa_program program;
	char piece[8 * AGX_ISA_LISTING_LINE];
	size_t got, at;

	agx_isa_analyse(code, size, true, targets, &program);
	while ((got = agx_isa_listing(&listing, piece, sizeof(piece)))) {
		for (at = 0; at < got;) {
			const char *end = memchr(piece + at, '\n', got - at);
			size_t line = end ? (size_t)(end - piece) - at : got - at;

			print_line(out, config, piece + at, line);
			at += line + 1;
		}
	}
	free(targets);
}

void code_text_json(struct agx_out *out, const void *code, size_t size)
{
	const uint8_t *bytes = code;
	struct agx_isa_instr instr;
	char line[AGX_ISA_LINE];
	size_t at, text;

	for (at = 0; at < size; at += instr.length) {
		if (agx_isa_decode(bytes + at, size - at, &instr) < 0 && !instr.length)
			return;
		text = agx_isa_print(&instr, at, AGX_ISA_SYNTAX_MESA, line);
		if (at)
			out_char(out, ',');
		/* Lines of code have nothing that JSON would need escaped. */
		out_char(out, '"');
		out_bytes(out, line, text);
		out_char(out, '"');
	}
}
