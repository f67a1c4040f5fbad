/* SPDX-License-Identifier: MIT */
/*
 * The options of agx replay that watch shaders, and what becomes of them: each trace's worker writes into a file of
 * its own, which the command passes on in the order of the traces.
 */
#ifndef AGX_WATCH_OPTION_H
#define AGX_WATCH_OPTION_H

#include <argp.h>
#include <stdio.h>

#include "agx_watch.h"
#include "pager.h"
#include "shader_view.h"

struct suite_result;
struct suite_trace;

struct watch_options {
	struct agx_watch_trace trace;
	bool all_lanes;
	unsigned int lane;
	bool has_submit, has_group, has_limit;
	uint64_t limit;
	const char *json; /* lines of JSON: a file, "-" */
	uint32_t stops;
	bool races, stats;
	struct agx_display display;

	FILE *json_file;
	bool failed; /* to write */
};

/* Input: struct watch_options. */
extern const struct argp watch_argp;

/* Is there anything to watch, and does that give text? */
bool watch_wanted(const struct watch_options *options);
bool watch_writes(const struct watch_options *options);

/* In the command: before the first trace, before each worker, after each worker in order, at the end. */
int watch_open(struct watch_options *options);
int watch_prepare(const struct watch_options *options, struct suite_trace *trace);
void watch_pass(struct watch_options *options, struct suite_trace *trace, bool quiet);
int watch_close(struct watch_options *options);

/* In a worker, for one replay. */
struct watch_session {
	struct agx_watch_config config; /* for the node; it lives as long as the session */
	struct shader_view view;
};

/* -errno. */
int watch_begin(struct watch_session *session, const struct watch_options *options,
		const struct suite_trace *trace);

/* What was found decides the result. */
void watch_end(struct watch_session *session, struct suite_result *result);

#endif
