/* SPDX-License-Identifier: MIT */
/*
 * What a replay says about a trace. Plain data without pointers, so that a worker process
 * can leave it in shared memory.
 */
#ifndef AGX_REPLAY_RESULT_H
#define AGX_REPLAY_RESULT_H

#include <stdint.h>

#define AGX_REPLAY_LAST 6 /* calls before a divergence that are reported with it */

/* Counts of what was replayed; the same trace and target give the same counts. */
struct agx_replay_stats {
	uint64_t records;     /* of any kind */
	uint64_t processes;   /* streams, each with a node of its own */
	uint64_t files;       /* opens of the node */
	uint64_t calls;       /* calls executed: ioctls, opens, closes, mappings */
	uint64_t submits;     /* DRM_IOCTL_ASAHI_SUBMIT among them that were accepted */
	uint64_t commands;    /* renders and compute dispatches in those */
	uint64_t pages;       /* page records written to buffers */
	uint64_t page_bytes;  /* bytes of those */
	uint64_t checks;      /* results and output fields that were compared */
	uint64_t digests;     /* buffer digests that were compared */
	uint64_t timing;      /* outcomes that depend on time: executed, not compared */
	uint64_t unfinished;  /* calls without a result in the trace (the program was killed) */
	uint64_t foreign;     /* descriptors from outside the trace, substituted */
	uint64_t divergences; /* 0: everything agrees */
};

/* Where the time went, in nanoseconds; not deterministic. */
struct agx_replay_times {
	uint64_t total;
	uint64_t decode; /* reading records: decompression, checksums, parsing */
	uint64_t memory; /* writing pages, computing digests */
	uint64_t calls;  /* inside the target */
};

/* A call as it is shown in a report. */
struct agx_replay_call {
	uint64_t record; /* index of its record in the trace */
	uint64_t call;   /* the trace's id of the call */
	uint32_t process;
	uint32_t thread;
	char text[96]; /* "GEM_CREATE = 0" */
};

/* The first thing that did not agree with the recording. */
struct agx_replay_divergence {
	uint64_t record; /* index of the record that holds the expected value */
	uint64_t call;
	uint64_t
		submits; /* before the record, in the trace: the last of them is the number less 1 */
	uint32_t process;
	uint32_t thread;
	char name[48];  /* of the ioctl or call, or of the record */
	char field[96]; /* "result", "handle", "syncs[1].handle", … */
	char expected[80];
	char got[80];
	uint32_t last_count;
	struct agx_replay_call last[AGX_REPLAY_LAST]; /* oldest first */
};

#endif
