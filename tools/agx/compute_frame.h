/* SPDX-License-Identifier: MIT */
/* The text of `agx compute`'s shader: what is put around it, and the options in its comments. */
#ifndef AGX_COMPUTE_FRAME_H
#define AGX_COMPUTE_FRAME_H

#include "compute.h"

#define COMPUTE_WORDS 64 /* in one comment */

/* The text as it is; of lines given by -e, with a stop at their end. To be freed. */
int compute_frame_plain(const struct compute_job *job, char **text);

/*
 * The same with the loads of --set and the stores of --show, whose buffers are made. registers:
 * halves that the program uses. -EINVAL with a message. Called once.
 */
int compute_frame(struct compute_job *job, size_t threads, unsigned int registers, char **text,
		  struct compute_message *message);

/* Words of one comment: argv[1] to argv[count], then NULL; count < 0: why is in message. */
typedef int (*compute_words_fn)(void *data, unsigned int line, int count, char **argv,
				const char *message);

/* Calls words for each line that is a comment and begins with "agx compute:". They live in *copy. */
int compute_text_options(const char *text, char **copy, compute_words_fn words, void *data);

#endif
