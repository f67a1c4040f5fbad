/* SPDX-License-Identifier: MIT */
/* What a launch left in memory and what it should have left, as files. */
#ifndef AGX_MISMATCH_FILES_H
#define AGX_MISMATCH_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agx_replay_mismatch;

struct mismatch_files {
	const char *directory; /* made when it is needed */
	const char *trace;     /* path of the trace */
	char *message;         /* what was written, or why not; of message_size bytes */
	size_t message_size;
};

/* As agx_replay_config.mismatch; data: a struct mismatch_files. */
void mismatch_files_write(void *data, const struct agx_replay_mismatch *mismatch, uint64_t start,
			  uint64_t size, const uint8_t *expected, const uint8_t *got);

#endif
