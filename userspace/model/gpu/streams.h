/* SPDX-License-Identifier: MIT */
/*
 * Control streams as the null GPU looks at them: through page tables, with the walker of userspace/cmdstream.
 * It resolves what units of the GPU would read by themselves, and never judges.
 */
#ifndef AGX_GPU_STREAMS_H
#define AGX_GPU_STREAMS_H

#include "agx_gpu.h"
#include "agx_walk_stream.h"
#include "gpu_findings.h"
#include "uat_walk.h"

/* Blocks that are looked at when nobody judges; a longer stream is believed from there on. */
#define STREAM_BLOCKS 256

/* A stream of a command in its address space. */
struct stream {
	const struct agx_walker *walker;
	uint32_t context;
	bool compute; /* CDM, else VDM */
	uint64_t address;
	uint64_t usc_base;
};

/* Why a stream cannot be executed. */
struct stream_fault {
	uint64_t address;
	const char *what;
	unsigned int number; /* of the draw or launch that would have been next */
	struct agx_walk_result walk;
};

/*
 * Resolves blocks, records, and the first byte of each list of USC words. False: fault says what. odd is called
 * for what is no stream; may be NULL.
 */
bool stream_resolve(const struct stream *stream, struct stream_fault *fault,
		    void (*odd)(void *cookie, const struct agx_cs_trouble *trouble,
				unsigned int number),
		    void *cookie);

/*
 * Fills in kind, number, stage, list and shader of a place: those of draw or launch number, or of the last
 * that there is before it. Looks at the whole stream up to there.
 */
void stream_locate(const struct stream *stream, unsigned int number, struct agx_gpu_place *place);

/* Fills in stage, list and shader of a place from a list of USC words. */
void stream_program(const struct stream *stream, unsigned int stage, uint64_t list,
		    struct agx_gpu_place *place);

/* Memory as the walker wants it; the cookie is the stream. */
const void *stream_piece(void *cookie, uint64_t address, size_t *size);

/* Whether the GPU may read all of a range: both ends, and pages between up to a limit. */
bool stream_readable(const struct stream *stream, uint64_t address, uint64_t size);

/* The finding that a problem is. */
enum agx_gpu_finding_id stream_finding(const struct agx_cs_trouble *trouble);

const char *stream_stage_name(unsigned int stage); /* "vertex"; "" for none */

#endif
