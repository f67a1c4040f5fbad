/* SPDX-License-Identifier: MIT */
/*
 * Sinks of the decoder: text for people, JSON for programs (docs/decode.md has the schema), and a list
 * of draws and dispatches. All write through a function that takes whole pieces.
 */
#ifndef AGX_DECODE_SINKS_H
#define AGX_DECODE_SINKS_H

#include "agx_decode.h"
#include "text_style.h"

/* Where output goes: all size bytes, or a negative errno, after which nothing is written any more. */
struct agx_decode_writer {
	int (*write)(void *cookie, const void *bytes, size_t size);
	void *cookie;
};

/* Output to a FILE. */
struct agx_decode_writer agx_decode_to_file(void *file);

struct agx_decode_text_config {
	const struct agx_text_style *style; /* NULL: plain */
	unsigned int columns;               /* that records may take on one line; 0: 100 */
	bool all;      /* every field, also those that have their usual value, and every address */
	bool changed;  /* of records only what differs from the last of its kind in the command */
	bool shaders;  /* disassemble them */
	bool applegpu; /* in applegpu's syntax instead of Mesa's */
};

/*
 * All three: -ENOMEM, or 0 and the sink is filled. finish writes the end (with the summary and the
 * table of shaders of decode, which may be NULL), frees the sink, and returns the first error of
 * writing, or 0.
 */
int agx_decode_text_create(const struct agx_decode_text_config *config,
			   const struct agx_decode_writer *writer, struct agx_decode_sink *sink);
int agx_decode_text_finish(struct agx_decode_sink *sink, const struct agx_decode *decode);

/* As JSON: one object. shaders: with their disassembly. name: of the file, as people gave it. */
int agx_decode_json_create(const char *name, bool shaders, const struct agx_decode_writer *writer,
			   struct agx_decode_sink *sink);
int agx_decode_json_finish(struct agx_decode_sink *sink, const struct agx_decode *decode);

/*
 * One line for each draw, dispatch and command. state: below each draw the state that has changed since
 * the draw before.
 */
int agx_decode_draws_create(const struct agx_text_style *style, bool state,
			    const struct agx_decode_writer *writer, struct agx_decode_sink *sink);
int agx_decode_draws_finish(struct agx_decode_sink *sink, const struct agx_decode *decode);

#endif
