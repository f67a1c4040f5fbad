/* SPDX-License-Identifier: MIT */
/*
 * Sequences of calls of the library, made out of bytes: valid, borderline and wrong ones. What
 * has to hold for all of them:
 *
 *   - a refusal has an errno that the function's description names, and a sentence in the context;
 *     the first one of a recording stays until the reset, and afterwards everything works;
 *   - what is accepted and submitted gives a GPU that judges no cause for a finding, and ends
 *     well;
 *   - the same calls make the same bytes, whatever was in the command buffers' memory before.
 *
 * What does not hold ends the process with a message. AGX_SEQUENCE_TRACE in the environment shows
 * each call.
 */
#ifndef AGX_TESTS_LIBAGX_SEQUENCE_H
#define AGX_TESTS_LIBAGX_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

/* Calls so far: what a test can see that its sequences come to something by. */
struct sequence_counts {
	unsigned long calls, refused, submitted;
	unsigned long dispatches, draws; /* accepted */
};

/*
 * Runs the sequence that the bytes stand for, and once more if twice, to compare the bytes that
 * it records.
 */
void sequence_run(const uint8_t *data, size_t size, int twice);

/* Devices that are kept from one sequence to the next are closed. */
void sequence_finish(void);

extern struct sequence_counts sequence_counts;

#endif
