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
	uint64_t records;      /* of any kind */
	uint64_t processes;    /* streams, each with a node of its own */
	uint64_t files;        /* opens of the node */
	uint64_t calls;        /* calls executed: ioctls, opens, closes, mappings */
	uint64_t submits;      /* DRM_IOCTL_ASAHI_SUBMIT among them that were accepted */
	uint64_t commands;     /* renders and compute dispatches in those */
	uint64_t pages;        /* page records written to buffers */
	uint64_t page_bytes;   /* bytes of those */
	uint64_t checks;       /* results and output fields that were compared */
	uint64_t digests;      /* buffer digests that were compared */
	uint64_t timing;       /* outcomes that depend on time: executed, not compared */
	uint64_t unfinished;   /* calls without a result in the trace (the program was killed) */
	uint64_t foreign;      /* descriptors from outside the trace, substituted */
	uint64_t divergences;  /* 0: everything agrees */
	uint64_t launches;     /* that were executed */
	uint64_t results;      /* ranges of memory that launches changed, as recorded */
	uint64_t result_bytes; /* that were changed in those */
	uint64_t mismatches;   /* launches that left something else */
	uint64_t lost;         /* launches whose changes here or there are not known */
	uint64_t unrecorded;   /* submits with launches whose results were not recorded */
	uint64_t uncompared;   /* recorded results that nothing was compared with */
};

#define AGX_REPLAY_MISMATCH_BYTES 16

/* A launch that did not change memory as the recorded one did. */
struct agx_replay_mismatch {
	uint64_t submit; /* number in the trace, from 0 */
	uint64_t call;
	uint32_t command;    /* of the submit */
	uint32_t launch;     /* of the command */
	uint64_t shader;     /* GPU address of the code */
	uint64_t code[2];    /* hash of the code */
	uint32_t file;       /* of the object, as recorded */
	uint32_t handle;     /* 0: the trace has no name for it */
	uint8_t no_expected; /* the recorded launch changed nothing there */
	uint8_t no_got;      /* this one did not */
	uint8_t no_content;  /* the trace has digests alone */
	uint8_t unwritten;   /* the first difference is where this launch changed nothing */
	uint64_t expected_offset, expected_size; /* of the range, in the object */
	uint64_t got_offset, got_size;
	uint8_t expected_digest[16], got_digest[16];

	/* Of the first byte that differs; unless no_expected, no_got or no_content. */
	uint64_t offset, address;
	uint32_t count; /* bytes below, from that one on */
	uint8_t expected[AGX_REPLAY_MISMATCH_BYTES], got[AGX_REPLAY_MISMATCH_BYTES];
	uint64_t bytes; /* that differ in the range */
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
