/* SPDX-License-Identifier: MIT */
/*
 * How the recording object learns from the virtual node in the same process what launches have changed: by an ioctl of
 * the node that no driver has. Both are of one build.
 */
#ifndef AGX_RESULTS_PROTO_H
#define AGX_RESULTS_PROTO_H

#include <stdint.h>
#include <sys/ioctl.h>

enum preload_results_flags {
	PRELOAD_RESULTS_SETTLE = 1, /* wait until the GPU executes nothing */
	PRELOAD_RESULTS_TAG = 2,    /* tag is the name of the submissions that follow */
};

/*
 * Gives what has ended of this file's work and was not given before, as records: RESULT of a launch, whose call is
 * the tag, then its content as PAGES_RAW; flagged as in a trace. Of the heads only size, type and flags are set.
 */
struct preload_results {
	uint64_t buffer; /* address, aligned to 8 */
	uint64_t tag;
	uint32_t size; /* bytes of buffer, at least PRELOAD_RESULTS_MIN */
	uint32_t used; /* out: bytes */
	uint32_t flags;
	uint32_t more; /* out: there is more to give */
};

#define PRELOAD_RESULTS_PAGES 64u /* of one record at most */
#define PRELOAD_RESULTS_MIN   (PRELOAD_RESULTS_PAGES * 4096 + 4096)

/* -ENOTTY: nothing is noted. */
#define PRELOAD_IOCTL_RESULTS _IOWR('d', 0xfe, struct preload_results)

#endif
