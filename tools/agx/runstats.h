/* SPDX-License-Identifier: MIT */
/* What the processes of a run left in the run directory, as text and as JSON. */
#ifndef RUNSTATS_H
#define RUNSTATS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct rundir;

/*
 * Reads the counters of all processes: {"processes": [...], "total": {...}}, ordered by pid.
 * NULL: out of memory, or the directory cannot be read.
 */
struct json_object *runstats_collect(const struct rundir *run);

/* What the firmware model found in all of them. */
struct agx_usage;
struct findings;
void runstats_findings(const struct rundir *run, struct findings *findings,
		       struct agx_usage *usage);

/*
 * Buffer objects that programs had not freed when they closed the node, and those that the node
 * itself kept.
 */
int64_t runstats_leaks(struct json_object *stats);

/* Has any process opened the node? */
bool runstats_used(struct json_object *stats);

/* The same for a person. */
void runstats_print(FILE *out, struct json_object *stats);

#endif
