/* SPDX-License-Identifier: MIT */
/*
 * A suite of traces: the list of files, and the worker processes that replay them.
 *
 * Every trace runs in a process of its own, so that a crash or a hang is a result of that
 * trace and nothing else. Results lie in memory shared with the workers and are handed out
 * in the order of the list whatever the order of completion.
 */
#ifndef AGX_SUITE_H
#define AGX_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_watch_stats.h"
#include "preload/findings.h"
#include "replay_result.h"
#include "replay_target.h"
#include "transcript.h"
#include "usage.h"

enum suite_verdict {
	SUITE_ERROR, /* the worker's initial state: a worker that dies leaves it */
	SUITE_PASS,
	SUITE_FAIL,
};

enum suite_reason {
	SUITE_REASON_NONE,
	SUITE_REASON_DAMAGED, /* the file */
	SUITE_REASON_REFUSED, /* another SoC, a newer format, no such node or file */
	SUITE_REASON_CRASH,   /* of the worker */
	SUITE_REASON_TIMEOUT,
	SUITE_REASON_FINDING, /* of the firmware model */
	SUITE_REASON_TROUBLE, /* a job ended badly */
	SUITE_REASON_STOPPED, /* by --break-on */
};

struct suite_result {
	enum suite_verdict verdict;
	enum suite_reason reason;
	uint32_t repeats; /* how often the trace was replayed */
	bool diverged;    /* divergence is valid */
	char gpu[16];     /* SoC the trace was recorded on */
	/* What the virtual node was; empty: another node, or none was made. */
	char replayed_gpu[16];
	char replayed_firmware[12];
	char message[512];
	struct agx_replay_stats stats; /* of one replay */
	struct agx_replay_times times; /* summed over the repeats */
	struct agx_replay_divergence divergence;
	struct agx_replay_mismatch mismatch; /* if stats.mismatches > 0 */
	char mismatch_files[1200];           /* where its contents are; empty: nowhere */
	bool executed;                       /* compute commands were */
	struct agx_usage usage;              /* and used this */
	uint64_t transcript_lines;
	char transcript_digest[TRANSCRIPT_DIGEST_SIZE]; /* empty: nobody asked */
	struct findings findings;                       /* of one replay, as the next */
	struct replay_virtual_troubles troubles;
	struct agx_watch_stats shaders; /* of one replay; empty: nobody asked */
	double seconds;                 /* wall clock of the worker, start and exit included */
};

struct suite_trace {
	char *path;           /* as shown: the argument, or argument directory / relative path */
	unsigned int variant; /* see suite_multiply() */
	char label[32];       /* tells the variants apart; empty: nothing to tell */
	int file;             /* descriptor for what a worker leaves besides the result; 0: none */
	int watch_text, watch_json; /* likewise, of shaders that were watched */
	struct suite_result *result;
};

struct suite {
	struct suite_trace *traces; /* sorted by path */
	size_t count;
	size_t found;                 /* before the shard was taken */
	struct suite_result *results; /* shared memory */
	double seconds;               /* wall clock of suite_run() */
};

struct suite_options {
	unsigned int jobs;    /* workers at a time, at least 1 */
	unsigned int timeout; /* seconds per trace, 0: none */
	bool progress;        /* a status line on standard error */
	/* Runs in the parent before a worker is started; an error is the worker's. May be NULL. */
	int (*start)(void *data, struct suite_trace *trace);
	/* Runs in the worker. */
	void (*replay)(void *data, const struct suite_trace *trace);
	/* Runs in the parent, once per trace, in the order of the list. */
	void (*done)(void *data, struct suite_trace *trace);
	void *data;
};

/*
 * Adds a file, or every *.agxt below a directory (symbolic links to directories are not
 * followed). Negative errno when path cannot be read; -EINVAL: neither file nor directory.
 */
int suite_add(struct suite *suite, const char *path);

/*
 * Sorts, drops duplicates and keeps shard k of n (1 <= k <= n): the traces k, k + n, k + 2n …
 * of the sorted list, so that the shards of one list are a partition of it.
 */
void suite_shard(struct suite *suite, unsigned int k, unsigned int n);

/* Puts every trace n times in the list, one after the other, with variants from 0. 0 or -ENOMEM. */
int suite_multiply(struct suite *suite, unsigned int n);

/* Replays all. Negative errno when no worker can be started; results are then incomplete. */
int suite_run(struct suite *suite, const struct suite_options *options);

void suite_finish(struct suite *suite);

const char *suite_verdict_name(enum suite_verdict verdict);
const char *suite_reason_name(enum suite_reason reason);

/* The exit status: the highest that any trace asks for. */
int suite_exit_status(const struct suite *suite);

#endif
