/* SPDX-License-Identifier: MIT */
/* The forms in which a suite's results are written: text, JSON, JUnit XML. */
#ifndef AGX_REPORT_H
#define AGX_REPORT_H

#include <stdio.h>

struct suite;
struct suite_trace;

struct report_info {
	const char *node;     /* "virtual" or a path */
	const char *gpu;      /* the override, NULL: as recorded */
	const char *firmware; /* the override, NULL: the GPU's oldest */
	unsigned int shard_k, shard_n;
};

/* The table: one header, one line per trace (a divergence takes more), one summary. */
void report_text_header(FILE *out, const struct suite *suite);
void report_text_trace(FILE *out, const struct suite *suite, const struct suite_trace *trace);
void report_text_summary(FILE *out, const struct suite *suite);

/*
 * Whole files; "-" is standard output. Negative errno. Two runs that agree give the same JSON
 * but for the member "timings".
 */
int report_json(const char *path, const struct suite *suite, const struct report_info *info);
int report_junit(const char *path, const struct suite *suite, const struct report_info *info);

#endif
