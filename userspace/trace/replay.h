/* SPDX-License-Identifier: MIT */
/*
 * Replays a trace: makes the recorded calls again on a target, and compares what comes back.
 *
 * The target is a table of functions, so that the same engine drives the virtual node and a
 * real one. Names that the kernel chose (handles, descriptors, mmap offsets) are translated
 * between the recording and the target in both directions; everything else has to be equal, but
 * for what the ioctl table says depends on time.
 *
 * Order: a call is made at the place of its RETURN record, with the names that its program knew
 * at the place of its CALL record. Where threads overlapped, a call may have taken effect long
 * before its RETURN: when a call fails that had succeeded, calls that were in flight beside it are
 * made first, oldest first, until it succeeds.
 *
 * A replay is used by one thread.
 */
#ifndef AGX_REPLAY_H
#define AGX_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay_result.h"

struct agx_trace_reader;
struct agx_replay_target;

struct agx_replay_mapping {
	void *pointer;
	uint64_t size;
	void *cookie; /* the target's */
};

/*
 * What a target does. Functions return what the system call would: >= 0, or a negative errno.
 * A stream is a recorded process; file is what open() gave.
 */
struct agx_replay_target_ops {
	/*
	 * Before anything else. soc is the name of the SoC to replay on. On failure message says why
	 * in one line.
	 */
	int (*begin)(struct agx_replay_target *target, const char *soc, char *message, size_t size);

	int (*open)(struct agx_replay_target *target, uint32_t stream, void **file);
	void (*close)(struct agx_replay_target *target, void *file);

	/* arg and what it points to lie in [window, window + window_size) of the target. */
	long (*ioctl)(struct agx_replay_target *target, void *file, uint32_t request, void *arg);

	/* An ioctl on a dma-buf or a sync file. */
	long (*fd_ioctl)(struct agx_replay_target *target, uint32_t stream, int fd, bool sync_file,
			 uint32_t request, void *arg);

	/* Closes a descriptor that a call of this stream gave, or one of the engine's own. */
	void (*close_fd)(struct agx_replay_target *target, uint32_t stream, int fd);

	/* The CPU's view of size bytes at a fake offset that the node gave for the object. */
	int (*map)(struct agx_replay_target *target, void *file, uint64_t offset, uint64_t size,
		   struct agx_replay_mapping *mapping);
	void (*unmap)(struct agx_replay_target *target, const struct agx_replay_mapping *mapping);
};

/* What a launch changed in consecutive pages of an object. */
struct agx_replay_result {
	uint32_t handle; /* the target's */
	uint64_t offset, size, address, changed;
	uint8_t digest[16];
	uint64_t start; /* of the object, from where memory and mask go */
	const uint8_t *memory;
	const uint64_t *mask; /* a bit per byte */
};

/* A launch that the target has executed. Valid during the call. */
struct agx_replay_launch {
	uint64_t call; /* that submitted it: agx_replay_target.call */
	uint32_t command, launch;
	uint64_t shader;
	uint64_t code[2]; /* hash of the code */
	void *file;       /* that the handles are of; NULL: not known */
	bool lost;        /* results are not all */
	const struct agx_replay_result *results;
	uint32_t count;
};

/* Embedded in each kind of target. */
struct agx_replay_target {
	const struct agx_replay_target_ops *ops;

	/*
	 * Set by the target: it tells the launches that it executes. Set by the engine: whom. Called from within the
	 * functions above.
	 */
	bool executes;
	void (*launched)(void *data, const struct agx_replay_launch *launch);
	void *launched_data;

	/* How long a wait that succeeded may take here, ns; 0: all is done when a call returns. */
	uint64_t patience;

	/* Set by the engine before begin(). */
	uint64_t streams; /* processes in the trace */

	/* Set by the engine before each call. */
	uint64_t now;       /* time of the recording, ns */
	uint64_t submit;    /* of a submission: its number in the trace, from 0 */
	uint64_t call;      /* and its seq */
	const void *window; /* the only memory that an ioctl may touch */
	size_t window_size;
};

struct agx_replay_config {
	const char
		*soc; /* replay on this one although the trace is of another; NULL: as recorded */
	bool other_params;   /* the target is what the caller wants: parameters are not compared */
	bool keep_going;     /* count all divergences instead of stopping at the first */
	bool force;          /* leave out records that make no sense: the trace is damaged */
	bool run_unfinished; /* make calls that never returned, at the end */
	bool skip_results;   /* of launches: things are made to go wrong, and memory with them */
	bool check_digest; /* the whole trace is read: it has to have the digest that its index says */
	bool measure;      /* fill times.decode, memory and calls: costs some */
	uint64_t memory; /* bytes of pages that may be written in all; 0: 8 GiB */

	/*
	 * Called for the first launch that does not leave memory as recorded, with both contents of whole pages from
	 * start on; NULL where there is none. May be NULL.
	 */
	void (*mismatch)(void *data, const struct agx_replay_mismatch *mismatch, uint64_t start,
			 uint64_t size, const uint8_t *expected, const uint8_t *got);
	void *mismatch_data;
};

enum agx_replay_status {
	AGX_REPLAY_PASS,
	AGX_REPLAY_FAIL,    /* it diverged */
	AGX_REPLAY_DAMAGED, /* the trace is not sound */
	AGX_REPLAY_REFUSED, /* another SoC, a limit, no memory, no such node */
};

struct agx_replay_outcome {
	enum agx_replay_status status;
	char soc[16];      /* recorded on */
	char message[256]; /* one line; empty when there is nothing to say */
	struct agx_replay_stats stats;
	struct agx_replay_times times;
	struct agx_replay_divergence divergence; /* the first one, if stats.divergences > 0 */
	struct agx_replay_mismatch mismatch;     /* the first one, if stats.mismatches > 0 */
};

/*
 * Replays all that reader has from where it stands, normally from its start. The target is left
 * without open files. config may be NULL. outcome is filled in any case.
 */
void agx_replay_run(struct agx_trace_reader *reader, struct agx_replay_target *target,
		    const struct agx_replay_config *config, struct agx_replay_outcome *outcome);

#endif
