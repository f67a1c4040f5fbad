/* SPDX-License-Identifier: MIT */
/*
 * Standard output of commands that print much: colour, and a pager as git has it, both on
 * terminals only. A command
 *
 *   adds agx_output_argp to its argp's children, with a struct agx_display as the child's input,
 *   calls agx_output_start() when it knows that it will print and before it does,
 *   prints with stdio, with the escapes of agx_output.style,
 *   ends with agx_output_finish().
 */
#ifndef AGX_PAGER_H
#define AGX_PAGER_H

#include <argp.h>
#include <stdbool.h>

#include "text_style.h"

enum agx_colour {
	AGX_COLOUR_AUTO, /* on a terminal, unless $NO_COLOR is set or $TERM is "dumb" */
	AGX_COLOUR_ALWAYS,
	AGX_COLOUR_NEVER,
};

struct agx_display {
	/* Options. */
	enum agx_colour colour;
	bool no_pager;

	/* Results of agx_output_start(). */
	const struct agx_text_style *style;
	bool coloured;
	unsigned int columns; /* of the terminal; 0: not a terminal */
};

/* --colour[=WHEN], --no-colour, --no-pager. Input: struct agx_display. */
extern const struct argp agx_output_argp;

/*
 * Decides on colour, and starts a pager when standard output is a terminal: $AGX_PAGER, $PAGER,
 * or less -FRX; none when that is empty or "cat". plain: the output is for programs (JSON, HTML):
 * no colour unless asked for, no pager.
 */
void agx_output_start(struct agx_display *output, bool plain);

/*
 * Writes out what is left, and waits until the pager has ended. 0, or a negative errno when
 * writing has failed; that somebody reads no further (quits the pager, or | head) is no failure.
 * Standard output is closed afterwards when there was a pager.
 */
int agx_output_finish(struct agx_display *output);

#endif
