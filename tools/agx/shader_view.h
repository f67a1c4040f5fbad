/* SPDX-License-Identifier: MIT */
/* What a watch on programs (agx_watch.h) tells, for people and as lines of JSON. */
#ifndef AGX_SHADER_VIEW_H
#define AGX_SHADER_VIEW_H

#include <stdio.h>

#include "agx_watch.h"
#include "text_style.h"

struct shader_view {
	FILE *text;     /* NULL: nobody reads it */
	FILE *json;     /* likewise */
	bool all_lanes; /* otherwise one */
	unsigned int lane;
	uint64_t limit; /* steps, 0: none */
	const struct agx_text_style *style;

	/* State, zeros at first. */
	uint64_t steps, races;
	bool cut, stopped;
	char stop_line[200]; /* why it stopped, in a sentence */
	bool begun;          /* the next are of the step before */
	uint64_t submit, shader;
	uint32_t command, dispatch, group[3], simd, stage;
};

/* Callbacks of struct agx_watch_config; data: the view. */
bool shader_view_step(void *data, const struct agx_watch_step *step);
void shader_view_stop(void *data, const struct agx_watch_stop *stop);
void shader_view_race(void *data, const struct agx_watch_race *race);

/* After the last of them. */
void shader_view_finish(struct shader_view *view);

#endif
