/* SPDX-License-Identifier: MIT */
/*
 * Walks the blocks of a VDM or CDM control stream without executing them. Whatever the stream
 * holds, a walk looks at most at STREAM_BLOCKS blocks and ends.
 */
#ifndef AGX_GPU_STREAMS_H
#define AGX_GPU_STREAMS_H

#include "agx_gpu.h"
#include "uat_walk.h"

/* Blocks that are looked at; a longer stream is believed from there on. */
#define STREAM_BLOCKS 256

enum stream_result {
	STREAM_OK,
	STREAM_FAULT, /* an address cannot be read */
	STREAM_ODD,   /* the first blocks are not those of a stream */
};

struct stream {
	const struct agx_walker *walker;
	uint32_t context;
	uint64_t usc_base;

	/* What was found: the address, and what is there. */
	uint64_t address;
	const char *what;
	struct agx_walk_result walk;

	/* The page that was read last. */
	uint64_t page;
	const uint8_t *memory;
	unsigned int blocks; /* looked at */
};

enum stream_result stream_walk_vdm(struct stream *stream, uint64_t address);
enum stream_result stream_walk_cdm(struct stream *stream, uint64_t address);

#endif
