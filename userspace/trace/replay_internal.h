/* SPDX-License-Identifier: MIT */
/* The state of a replay, shared by its parts. */
#ifndef AGX_REPLAY_INTERNAL_H
#define AGX_REPLAY_INTERNAL_H

#include "agx_trace.h"
#include "ioctl_table.h"
#include "replay.h"
#include "replay_names.h"

#define REPLAY_MAX_PENDING       1024u       /* calls in flight */
#define REPLAY_MAX_PENDING_BYTES (64u << 20) /* of their arguments */
#define REPLAY_MAX_FILES         4096u       /* open at a time */
#define REPLAY_MAX_TOKENS        16384u      /* descriptors at a time */
#define REPLAY_DEFAULT_MEMORY    (8ull << 30)

/* What the functions below return when the replay has to end; negative errnos mean that, too. */
#define REPLAY_STOP 1

/* An ioctl table entry and what replay looks up in it often. */
struct replay_desc {
	const struct agx_ioctl_desc *desc; /* NULL: unknown ioctl */
	uint32_t request;
	bool valid;           /* the cache entry is in use */
	uint16_t timeout;     /* offset of the timeout field, UINT16_MAX: does not wait */
	bool arg_refs;        /* the argument holds handles or descriptors */
	bool arg_outputs;     /* the argument has OUT fields to compare */
	uint8_t pointee_refs; /* bit i: pointee i holds handles or descriptors */
};

struct replay_span {
	uint32_t offset; /* in the call's buffer */
	uint32_t size;   /* bytes; 0: not there */
};

/*
 * A call between its CALL and its RETURN. buffer holds the arguments as translated, a second copy
 * of them that the target works on, and the pointees; it is reused from call to call.
 */
struct replay_call {
	uint64_t seq;
	uint32_t stream, thread;
	uint32_t request;
	uint32_t file; /* id in the trace, 0: made on a descriptor */
	int fd;        /* that descriptor on the target */
	const struct replay_desc *desc;
	uint8_t *buffer;
	size_t capacity;
	size_t used;
	uint32_t args_size; /* as recorded */
	uint32_t args_room; /* what the target may read and write */
	struct replay_span pointees[AGX_IOCTL_MAX_POINTEES];
	uint32_t leaving;  /* name that it takes away: number + 1 */
	uint32_t token;    /* descriptor given in, or that the call is made on */
	uint32_t unusable; /* offset + 1 in the arguments of a descriptor that was of no use */
	bool bad_args;     /* the argument itself was not accessible */
	bool opaque;
	bool executed;     /* before its RETURN */
	uint64_t submit;   /* submissions before it in the trace */
	uint32_t commands; /* of a submit */
	long result;
};

struct replay_history {
	uint64_t record, call;
	uint32_t stream, thread;
	uint32_t request;
	const struct agx_ioctl_desc *desc;
	long result;
};

#define REPLAY_DESC_CACHE 128u

struct replay {
	struct agx_trace_reader *reader;
	struct agx_replay_target *target;
	struct agx_replay_config config;
	struct agx_replay_outcome *out;
	struct replay_names names;
	uint64_t record;  /* index of the current one */
	uint64_t submits; /* submissions before it */
	uint64_t skipped; /* records left out by force */
	bool begun;
	bool other_params; /* the target is not what was recorded, because the caller wants so */
	bool streams[AGXT_MAX_STREAMS];

	struct replay_call *pending[REPLAY_MAX_PENDING]; /* in order of seq */
	uint32_t num_pending;
	struct replay_call *idle[REPLAY_MAX_PENDING];
	uint32_t num_idle;
	size_t call_bytes; /* of all buffers */

	struct replay_desc descs[REPLAY_DESC_CACHE];
	struct replay_history history[AGX_REPLAY_LAST];
	uint64_t calls; /* entries ever made in history */

	void *helper;     /* file that foreign objects come from */
	int unusable_fd;  /* open, and of no use to any ioctl */
	uint64_t written; /* bytes of pages written for the first time */
	uint64_t scratch[8];
	struct replay_results *results; /* NULL: the target does not execute */
};

/* replay_report.c */

/* Counts a divergence and keeps the first. 0 to go on, REPLAY_STOP. */
int replay_diverge(struct replay *r, const struct replay_call *call, const char *name,
		   const char *field, const char *expected, const char *got);
int replay_diverge_values(struct replay *r, const struct replay_call *call, const char *field,
			  uint64_t expected, uint64_t got);
int replay_diverge_result(struct replay *r, const struct replay_call *call, const char *name,
			  long expected, long got);
int replay_diverge_field(struct replay *r, const struct replay_call *call,
			 const struct agx_ioctl_pointee *pointee, size_t element,
			 const struct agx_field_diff *diff);

/* The trace makes no sense here. 0 when that is to be left out, REPLAY_STOP. */
int replay_broken(struct replay *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The replay cannot go on for a reason that is not the trace's. Always REPLAY_STOP. */
int replay_refuse(struct replay *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

void replay_remember(struct replay *r, const struct replay_call *call, long result);

/* replay_call.c */

int replay_call_begin(struct replay *r, const struct agx_trace_item *item);
int replay_call_end(struct replay *r, const struct agx_trace_item *item);

/* Makes the calls in flight on a file, before it is closed. */
void replay_calls_flush(struct replay *r, uint32_t file);

/* What never returned: counts, and makes the calls if that is wanted. */
void replay_calls_finish(struct replay *r);
void replay_calls_free(struct replay *r);

/* An ioctl of the engine's own on a file of the target. arg is at most sizeof(scratch). */
long replay_own_ioctl(struct replay *r, void *file, uint32_t request, void *arg, size_t size);

/* replay_memory.c */
int replay_pages(struct replay *r, const struct agx_trace_item *item);
int replay_result(struct replay *r, const struct agx_trace_item *item);
int replay_map(struct replay *r, const struct agx_trace_item *item);
void replay_memory_release(struct replay *r, struct replay_memory *memory);

/* Removes a handle with its mapping; a file with its handles. */
void replay_forget_name(struct replay *r, struct replay_name *name);
void replay_forget_file(struct replay *r, struct replay_file *file);

/* replay_results.c */

/* Before anything else: reads what launches are to leave, and rewinds. 0, -ENOMEM. */
int replay_results_start(struct replay *r);

/* After each call: a launch in it did not do as recorded. 0, REPLAY_STOP. */
int replay_results_check(struct replay *r);

/* At the end of a trace: what was recorded and not compared. */
void replay_results_finish(struct replay *r);

/* After all else: finds the first byte that differs. Moves the reader. Frees. */
void replay_results_end(struct replay *r);

/* replay_fd.c */
int replay_fd(struct replay *r, const struct agx_trace_item *item);
void replay_close_token(struct replay *r, struct replay_token *token);
void replay_fds_finish(struct replay *r);
void replay_own_close(struct replay *r, uint32_t stream, int fd);
int replay_own_null(void);

uint64_t replay_clock(void);

#endif
