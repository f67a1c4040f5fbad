/* SPDX-License-Identifier: MIT */
/* The outer layer of a trace: file header, chunks, index and footer, without records. */
#ifndef AGX_TRACE_CONTAINER_H
#define AGX_TRACE_CONTAINER_H

#include <zstd.h>

#include "trace_internal.h"

/* Where the bytes come from: a file, or memory. */
struct source {
	int fd;               /* -1: memory */
	const uint8_t *bytes; /* memory */
	uint64_t size;
};

/* Fills error; returns ret. error may be NULL. */
int container_error(struct agx_trace_error *error, int ret, const char *what, uint64_t chunk,
		    uint64_t offset);
int container_error_values(struct agx_trace_error *error, int ret, const char *what, uint64_t chunk,
			   uint64_t offset, uint64_t expected, uint64_t got);

/* Reads size bytes at offset, all of them or an error. */
int source_read(const struct source *source, uint64_t offset, void *buf, size_t size,
		struct agx_trace_error *error);

/* Reads and checks the file header. */
int container_read_header(const struct source *source, struct agxt_file_header *header,
			  struct agx_trace_error *error);

/*
 * Reads and checks a chunk header at offset, and that its payload lies before the end of the file.
 */
int container_read_chunk_header(const struct source *source, uint64_t offset,
				struct agxt_chunk_header *header, struct agx_trace_error *error);

/* Offset of the chunk after the one at offset. */
uint64_t container_next(uint64_t offset, const struct agxt_chunk_header *header);

/* Scratch space for payloads; grows to AGXT_MAX_CHUNK_STORED at most. */
struct decoder {
	ZSTD_DCtx *zstd;
	uint8_t *stored;
	size_t capacity;
};

void decoder_finish(struct decoder *decoder);

/*
 * Reads, checks and decodes the payload behind a checked header into raw (header->raw_size bytes).
 * The checksum of the payload is always checked, that of the records when thorough.
 */
int container_decode(const struct source *source, uint64_t offset,
		     const struct agxt_chunk_header *header, bool thorough, struct decoder *decoder,
		     uint8_t *raw, struct agx_trace_error *error);

/* Reads and checks the footer. */
int container_read_footer(const struct source *source, struct agxt_footer *footer,
			  struct agx_trace_error *error);

/*
 * Reads and decodes the index chunk that the footer names. *raw is the caller's to free; head,
 * entries and points lie inside it and have been checked against its size and the file's.
 */
int container_read_index(const struct source *source, const struct agxt_footer *footer,
			 struct decoder *decoder, uint8_t **raw, struct agx_trace_error *error);

static inline const struct agxt_index_chunk *index_chunks(const uint8_t *raw)
{
	return (const struct agxt_index_chunk *)(raw + sizeof(struct agxt_index));
}

static inline const struct agxt_index_point *index_points(const uint8_t *raw)
{
	const struct agxt_index *index = (const struct agxt_index *)raw;

	return (const struct agxt_index_point *)(index_chunks(raw) + index->chunks);
}

#endif
