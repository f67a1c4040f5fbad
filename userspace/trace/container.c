// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "container.h"

int container_error_values(struct agx_trace_error *error, int ret, const char *what, uint64_t chunk,
			   uint64_t offset, uint64_t expected, uint64_t got)
{
	if (error) {
		memset(error, 0, sizeof(*error));
		error->what = what;
		error->chunk = chunk;
		error->offset = offset;
		error->have_values = true;
		error->expected = expected;
		error->got = got;
	}
	return ret;
}

int container_error(struct agx_trace_error *error, int ret, const char *what, uint64_t chunk,
		    uint64_t offset)
{
	container_error_values(error, ret, what, chunk, offset, 0, 0);
	if (error) {
		error->have_values = false;
		if (ret != -EBADMSG && ret != -EPROTONOSUPPORT && ret != -EFBIG)
			error->os_error = -ret;
	}
	return ret;
}

int source_read(const struct source *source, uint64_t offset, void *buf, size_t size,
		struct agx_trace_error *error)
{
	uint8_t *at = buf;

	if (offset > source->size || size > source->size - offset)
		return container_error_values(error, -EBADMSG, "file ends too early", UINT64_MAX,
					      offset, offset + size, source->size);
	if (source->fd < 0) {
		memcpy(buf, source->bytes + offset, size);
		return 0;
	}
	while (size) {
		ssize_t n = pread(source->fd, at, size, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return container_error(error, -errno, "reading", UINT64_MAX, offset);
		/* The file became shorter while it was read. */
		if (!n)
			return container_error(error, -EBADMSG, "file ends too early", UINT64_MAX,
					       offset);
		at += n;
		offset += n;
		size -= n;
	}
	return 0;
}

int container_read_header(const struct source *source, struct agxt_file_header *header,
			  struct agx_trace_error *error)
{
	uint8_t bytes[4096];
	uint64_t hash;
	int ret;

	ret = source_read(source, 0, header, sizeof(*header), error);
	if (ret)
		return ret;
	if (memcmp(header->magic, AGXT_FILE_MAGIC, sizeof(header->magic)))
		return container_error(error, -EBADMSG, "file magic: this is not an .agxt trace",
				       UINT64_MAX, 0);
	if (header->major != AGXT_VERSION_MAJOR)
		return container_error_values(error, -EPROTONOSUPPORT, "format version", UINT64_MAX,
					      8, AGXT_VERSION_MAJOR, header->major);
	if (header->header_size < sizeof(*header) || header->header_size > sizeof(bytes) ||
	    header->header_size % 8)
		return container_error_values(error, -EBADMSG, "file header size", UINT64_MAX, 12,
					      sizeof(*header), header->header_size);
	ret = source_read(source, 0, bytes, header->header_size, error);
	if (ret)
		return ret;
	memcpy(&hash, bytes + header->header_size - 8, 8);
	if (hash != XXH3_64bits(bytes, header->header_size - 8))
		return container_error_values(error, -EBADMSG, "file header checksum", UINT64_MAX,
					      header->header_size - 8, hash,
					      XXH3_64bits(bytes, header->header_size - 8));
	return 0;
}

int container_read_chunk_header(const struct source *source, uint64_t offset,
				struct agxt_chunk_header *header, struct agx_trace_error *error)
{
	uint64_t max_raw = AGXT_MAX_CHUNK_RAW;
	uint64_t hash;
	int ret;

	ret = source_read(source, offset, header, sizeof(*header), error);
	if (ret)
		return ret;
	if (header->magic != AGXT_CHUNK_MAGIC)
		return container_error_values(error, -EBADMSG, "chunk magic", UINT64_MAX, offset,
					      AGXT_CHUNK_MAGIC, header->magic);
	hash = XXH3_64bits(header, offsetof(struct agxt_chunk_header, hash));
	if (header->hash != hash)
		return container_error_values(error, -EBADMSG, "chunk header checksum", UINT64_MAX,
					      offset, header->hash, hash);
	if (header->type == AGXT_CHUNK_INDEX)
		max_raw = AGXT_MAX_INDEX_RAW;
	if (header->raw_size > max_raw)
		return container_error_values(error, -EFBIG, "chunk's raw size, limit",
					      header->number, offset, max_raw, header->raw_size);
	if (header->stored_size > max_raw + (1u << 20))
		return container_error_values(error, -EFBIG, "chunk's stored size, limit",
					      header->number, offset, max_raw + (1u << 20),
					      header->stored_size);
	if (header->type == AGXT_CHUNK_RECORDS && header->stream >= AGXT_MAX_STREAMS)
		return container_error_values(error, -EFBIG, "stream number, limit", header->number,
					      offset, AGXT_MAX_STREAMS - 1, header->stream);
	if (container_next(offset, header) > source->size)
		return container_error_values(error, -EBADMSG, "chunk ends after the file",
					      header->number, offset,
					      container_next(offset, header), source->size);
	return 0;
}

uint64_t container_next(uint64_t offset, const struct agxt_chunk_header *header)
{
	return offset + sizeof(*header) + ((uint64_t)header->stored_size + 7) / 8 * 8;
}

void decoder_finish(struct decoder *decoder)
{
	ZSTD_freeDCtx(decoder->zstd);
	free(decoder->stored);
	memset(decoder, 0, sizeof(*decoder));
}

int container_decode(const struct source *source, uint64_t offset,
		     const struct agxt_chunk_header *header, bool thorough, struct decoder *decoder,
		     uint8_t *raw, struct agx_trace_error *error)
{
	uint64_t padded = container_next(offset, header) - offset - sizeof(*header);
	const uint8_t *stored;
	uint64_t hash;
	uint64_t i;
	int ret;

	if (source->fd < 0) {
		stored = source->bytes + offset + sizeof(*header);
	} else {
		if (padded > decoder->capacity) {
			free(decoder->stored);
			decoder->capacity = 0;
			decoder->stored = malloc(padded);
			if (!decoder->stored)
				return container_error(error, -ENOMEM, "memory for a chunk",
						       header->number, offset);
			decoder->capacity = padded;
		}
		ret = source_read(source, offset + sizeof(*header), decoder->stored, padded, error);
		if (ret)
			return ret;
		stored = decoder->stored;
	}
	for (i = header->stored_size; i < padded; i++) {
		if (stored[i])
			return container_error_values(error, -EBADMSG, "padding of a chunk",
						      header->number, offset + sizeof(*header) + i,
						      0, stored[i]);
	}
	hash = XXH3_64bits(stored, header->stored_size);
	if (hash != header->stored_hash)
		return container_error_values(error, -EBADMSG, "checksum of a chunk's payload",
					      header->number, offset, header->stored_hash, hash);
	switch (header->codec) {
	case AGXT_CODEC_NONE:
		if (header->stored_size != header->raw_size)
			return container_error_values(error, -EBADMSG, "chunk's raw size",
						      header->number, offset, header->stored_size,
						      header->raw_size);
		memcpy(raw, stored, header->raw_size);
		break;
	case AGXT_CODEC_ZSTD: {
		size_t size;

		if (!decoder->zstd)
			decoder->zstd = ZSTD_createDCtx();
		if (!decoder->zstd)
			return container_error(error, -ENOMEM, "memory for zstd", header->number,
					       offset);
		size = ZSTD_decompressDCtx(decoder->zstd, raw, header->raw_size, stored,
					   header->stored_size);
		if (ZSTD_isError(size))
			return container_error(error, -EBADMSG, "zstd payload of a chunk",
					       header->number, offset);
		if (size != header->raw_size)
			return container_error_values(error, -EBADMSG, "chunk's raw size",
						      header->number, offset, header->raw_size,
						      size);
		break;
	}
	default:
		return container_error_values(error, -EBADMSG, "codec of a chunk", header->number,
					      offset, AGXT_CODEC_ZSTD, header->codec);
	}
	hash = thorough ? XXH3_64bits(raw, header->raw_size) : header->raw_hash;
	if (hash != header->raw_hash)
		return container_error_values(error, -EBADMSG, "checksum of a chunk's records",
					      header->number, offset, header->raw_hash, hash);
	return 0;
}

int container_read_footer(const struct source *source, struct agxt_footer *footer,
			  struct agx_trace_error *error)
{
	uint64_t offset;
	uint64_t hash;
	int ret;

	if (source->size < sizeof(struct agxt_file_header) + sizeof(*footer))
		return container_error(error, -EBADMSG, "no footer", UINT64_MAX, source->size);
	offset = source->size - sizeof(*footer);
	ret = source_read(source, offset, footer, sizeof(*footer), error);
	if (ret)
		return ret;
	if (memcmp(footer->magic, AGXT_FOOTER_MAGIC, sizeof(footer->magic)))
		return container_error(error, -EBADMSG, "no footer", UINT64_MAX, offset);
	hash = XXH3_64bits(footer, offsetof(struct agxt_footer, hash));
	if (hash != footer->hash)
		return container_error_values(error, -EBADMSG, "footer checksum", UINT64_MAX,
					      offset, footer->hash, hash);
	if (footer->file_size != source->size)
		return container_error_values(error, -EBADMSG, "file size", UINT64_MAX, offset,
					      footer->file_size, source->size);
	return 0;
}

/* The index chunk's tables against its size and the file. */
static int check_index(const struct agxt_footer *footer, const struct agxt_chunk_header *header,
		       const uint8_t *raw, struct agx_trace_error *error)
{
	const struct agxt_index *index = (const struct agxt_index *)raw;
	const struct agxt_index_chunk *chunks = index_chunks(raw);
	const struct agxt_index_point *points;
	uint64_t offset = footer->index_offset;
	uint64_t end = sizeof(struct agxt_file_header);
	uint64_t size;
	uint64_t seq = 0;
	uint32_t i;

	if (header->raw_size < sizeof(*index))
		return container_error_values(error, -EBADMSG, "index size", UINT64_MAX, offset,
					      sizeof(*index), header->raw_size);
	size = sizeof(*index) + (uint64_t)index->chunks * sizeof(*chunks) +
	       (uint64_t)index->points * sizeof(*points);
	if (size != header->raw_size)
		return container_error_values(error, -EBADMSG, "index size", UINT64_MAX, offset,
					      size, header->raw_size);
	if (index->chunks != footer->chunks)
		return container_error_values(error, -EBADMSG, "chunks in the index", UINT64_MAX,
					      offset, footer->chunks, index->chunks);
	for (i = 0; i < index->chunks; i++) {
		if (chunks[i].offset < end || chunks[i].offset % 8 || chunks[i].offset >= offset)
			return container_error_values(error, -EBADMSG, "chunk offset in the index",
						      i, offset, end, chunks[i].offset);
		if (chunks[i].stream >= AGXT_MAX_STREAMS || chunks[i].stream >= index->streams)
			return container_error_values(error, -EBADMSG, "stream in the index", i,
						      offset, index->streams, chunks[i].stream);
		if (chunks[i].raw_size > AGXT_MAX_CHUNK_RAW)
			return container_error_values(error, -EFBIG, "raw size in the index", i,
						      offset, AGXT_MAX_CHUNK_RAW,
						      chunks[i].raw_size);
		end = chunks[i].offset + sizeof(struct agxt_chunk_header);
	}
	points = index_points(raw);
	for (i = 0; i < index->points; i++) {
		if (points[i].seq < seq || points[i].chunk >= index->chunks)
			return container_error_values(error, -EBADMSG, "point in the index",
						      points[i].chunk, offset, seq, points[i].seq);
		seq = points[i].seq;
	}
	return 0;
}

int container_read_index(const struct source *source, const struct agxt_footer *footer,
			 struct decoder *decoder, uint8_t **raw, struct agx_trace_error *error)
{
	struct agxt_chunk_header header;
	int ret;

	if (footer->index_offset % 8)
		return container_error(error, -EBADMSG, "index offset", UINT64_MAX,
				       footer->index_offset);
	ret = container_read_chunk_header(source, footer->index_offset, &header, error);
	if (ret)
		return ret;
	if (header.type != AGXT_CHUNK_INDEX)
		return container_error_values(error, -EBADMSG, "type of the index chunk",
					      header.number, footer->index_offset, AGXT_CHUNK_INDEX,
					      header.type);
	*raw = malloc(header.raw_size ? header.raw_size : 1);
	if (!*raw)
		return container_error(error, -ENOMEM, "memory for the index", header.number,
				       footer->index_offset);
	ret = container_decode(source, footer->index_offset, &header, true, decoder, *raw, error);
	if (!ret)
		ret = check_index(footer, &header, *raw, error);
	if (ret) {
		free(*raw);
		*raw = NULL;
	}
	return ret;
}
