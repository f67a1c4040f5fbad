/* SPDX-License-Identifier: MIT */
/*
 * How kinds of text look: one table for all that print in words. A style is a structure of escape
 * sequences; that of plain text has empty strings, so printers never ask whether there is colour.
 *
 * Each member begins what it names, and reset ends it. Styles do not nest.
 */
#ifndef AGX_TEXT_STYLE_H
#define AGX_TEXT_STYLE_H

#include <stdbool.h>

struct agx_text_style {
	const char *reset;

	/* Structure, from the outside in. */
	const char *heading;    /* submit, command, file */
	const char *action;     /* draw, dispatch */
	const char *title;      /* block, record, list, descriptor */
	const char *name;       /* of a field */
	const char *value;      /* of a field */
	const char *enumerator; /* value that has a name */
	const char *address;
	const char *place;  /* where an address leads: handle, offset, size, label */
	const char *bytes;  /* raw words in hexadecimal, offsets in front of lines */
	const char *remark; /* what is known anyway: references, repetitions, documentation */
	const char *problem;

	/* Code. */
	const char *mnemonic;
	const char *modifier;
	const char *reg;
	const char *uniform;
	const char *immediate;
	const char *label;

	/* Comparison. */
	const char *added;
	const char *removed;
	const char *changed;
	const char *hunk; /* where a difference is */
};

/*
 * The style of plain text, or that of terminals: the sixteen colours, which people set to what
 * they can read, in light and dark. Static; nothing to free.
 */
static inline const struct agx_text_style *agx_text_style(bool colour)
{
	static const struct agx_text_style plain = {
		.reset = "",
		.heading = "",
		.action = "",
		.title = "",
		.name = "",
		.value = "",
		.enumerator = "",
		.address = "",
		.place = "",
		.bytes = "",
		.remark = "",
		.problem = "",
		.mnemonic = "",
		.modifier = "",
		.reg = "",
		.uniform = "",
		.immediate = "",
		.label = "",
		.added = "",
		.removed = "",
		.changed = "",
		.hunk = "",
	};
	static const struct agx_text_style terminal = {
		.reset = "\033[m",
		.heading = "\033[1;33m",
		.action = "\033[1;32m",
		.title = "\033[1m",
		.name = "",
		.value = "",
		.enumerator = "\033[32m",
		.address = "\033[36m",
		.place = "\033[35m",
		.bytes = "\033[90m",
		.remark = "\033[90m",
		.problem = "\033[1;31m",
		.mnemonic = "\033[1m",
		.modifier = "\033[34m",
		.reg = "\033[32m",
		.uniform = "\033[35m",
		.immediate = "\033[33m",
		.label = "\033[1;36m",
		.added = "\033[32m",
		.removed = "\033[31m",
		.changed = "\033[33m",
		.hunk = "\033[36m",
	};

	return colour ? &terminal : &plain;
}

#endif
