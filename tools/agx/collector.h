/* SPDX-License-Identifier: MIT */
/*
 * The recorder's side of a capture: takes the records of the recorded processes out of their
 * rings and into a trace.
 *
 * A thread of its own serves the socket, so that the caller is free to wait for the command. A
 * process that dies leaves its ring behind; what it had recorded is taken before the stream ends.
 */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_trace.h"
#include "preload/capture_proto.h"

struct collector;

struct collector_params {
	int fd;                  /* of the trace, empty; borrowed */
	const char *path;        /* of the trace, for messages */
	uint32_t write_tracking; /* enum capture_write_tracking */
	uint32_t frame_unit;     /* enum capture_frame_unit */
	uint64_t first_frame;    /* 0: everything */
	uint64_t last_frame;
	const char *label; /* NULL: none */
	bool progress;     /* a status line on standard error */
};

struct collector_result {
	int error;           /* 0, or the negative errno that ended recording early */
	uint64_t streams;    /* processes that used the node */
	uint64_t unfinished; /* of these: still running when the capture ended */
	uint64_t submits;
	uint64_t presents;
	uint64_t rejected; /* records that made no sense */
	uint64_t stalls;   /* times a process waited for the recorder */
	struct agx_trace_writer_stats writer;
	struct capture_stats capture; /* summed over the processes that ended in good order */
};

/* Makes the socket and starts the thread. Negative errno with a sentence in error. */
int collector_create(const struct collector_params *params, struct collector **collector,
		     char *error, size_t error_size);

/* Path of the socket: the value of CAPTURE_ENV_SOCKET. */
const char *collector_socket(const struct collector *collector);

/* Takes what is left, finishes the trace and frees the collector. */
void collector_finish(struct collector *collector, struct collector_result *result);

#endif
