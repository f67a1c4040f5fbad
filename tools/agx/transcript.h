/* SPDX-License-Identifier: MIT */
/*
 * The firmware transcript of a replay: what crossed the mailbox and the rings, a line each. It is
 * counted and digested, and written out where asked.
 */
#ifndef AGX_TRANSCRIPT_H
#define AGX_TRANSCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TRANSCRIPT_DIGEST_SIZE 33 /* XXH3-128 in hexadecimal, with its end */

struct transcript;

/*
 * out (borrowed, may be NULL) gets the text. NULL: out of memory. The digest is of the bytes that out
 * gets or would get.
 */
struct transcript *transcript_create(FILE *out);
void transcript_destroy(struct transcript *transcript);

/*
 * process is the one whose node it is, shown when there are several; line is without its end.
 */
void transcript_line(struct transcript *transcript, bool several, uint32_t process,
		     const char *line);

/* How many lines there were, and their digest. */
uint64_t transcript_finish(struct transcript *transcript, char digest[TRANSCRIPT_DIGEST_SIZE]);

#endif
