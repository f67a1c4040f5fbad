// SPDX-License-Identifier: MIT
/*
 * The reader. Opening finds where the chunks are: from the index, or by going from chunk header
 * to chunk header when there is none. Reading decodes one chunk per stream at a time, checks all of
 * it, and merges the streams by sequence number.
 *
 * Memory is bounded: the table of chunks is in proportion to the file's size, decoded chunks to
 * params.memory. When more streams run at the same time than fit, the chunk of another stream is
 * dropped and decoded again later.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "container.h"

#define DEFAULT_MEMORY (512ull << 20)

/* Where one stream stands. */
struct cursor {
	uint32_t *chunks; /* indices into reader->chunks, in file order */
	uint32_t num_chunks;
	uint32_t at;  /* chunk being read */
	uint8_t *raw; /* its records, or NULL */
	uint32_t capacity;
	uint32_t size;
	uint32_t offset;   /* next record */
	uint64_t skip_to;  /* records before this seq are passed over */
	uint64_t last_seq; /* of the chunk before */
};

struct agx_trace_reader {
	struct source source;
	struct agx_trace_reader_params params;
	struct agx_trace_info info;
	struct decoder decoder;
	uint8_t *index; /* raw index, or NULL */

	struct agxt_index_chunk *chunks;
	uint32_t num_chunks;
	uint32_t chunks_capacity;
	struct cursor *cursors;
	uint32_t num_cursors;
	uint32_t *lists; /* all cursors' chunks */

	struct cursor *current;
	uint64_t limit; /* current may go on while its seq is below */
	uint64_t memory;
	uint64_t submits;
	bool failed;
};

static void report(struct agx_trace_reader *r, const struct agx_trace_error *error)
{
	r->info.damaged = true;
	if (r->params.damage)
		r->params.damage(r->params.damage_data, error);
}

static int add_chunk(struct agx_trace_reader *r, uint64_t offset,
		     const struct agxt_chunk_header *header)
{
	struct agxt_index_chunk *entry;

	if (r->num_chunks == r->chunks_capacity) {
		uint32_t bigger = r->chunks_capacity ? r->chunks_capacity * 2 : 64;
		void *p = realloc(r->chunks, bigger * sizeof(*r->chunks));

		if (!p)
			return -ENOMEM;
		r->chunks = p;
		r->chunks_capacity = bigger;
	}
	entry = &r->chunks[r->num_chunks++];
	entry->offset = offset;
	entry->first_seq = header->first_seq;
	entry->last_seq = header->last_seq;
	entry->stream = header->stream;
	entry->records = header->records;
	entry->raw_size = header->raw_size;
	entry->submits = header->submits;
	return 0;
}

/* Looks from offset on for a sound chunk header. Returns its offset, or the file's size. */
static uint64_t resync(struct agx_trace_reader *r, uint64_t offset)
{
	static const uint32_t magic = AGXT_CHUNK_MAGIC;
	uint8_t buf[65536];

	while (offset + sizeof(struct agxt_chunk_header) <= r->source.size) {
		size_t size = r->source.size - offset < sizeof(buf) ? r->source.size - offset
								    : sizeof(buf);
		const uint8_t *at = buf;
		const uint8_t *end = buf + size;

		if (source_read(&r->source, offset, buf, size, NULL))
			break;
		while ((at = memmem(at, end - at, &magic, sizeof(magic)))) {
			struct agxt_chunk_header header;

			if (!container_read_chunk_header(&r->source, offset + (at - buf), &header,
							 NULL))
				return offset + (at - buf);
			at++;
		}
		/* A magic may lie across the end of the buffer. */
		offset += size - (sizeof(magic) - 1);
	}
	return r->source.size;
}

/*
 * Finds the chunks by their headers. complete: a sound footer says that there is more after a bad
 * one.
 */
static int scan(struct agx_trace_reader *r, uint64_t offset, bool complete)
{
	struct agxt_chunk_header header;
	struct agx_trace_error error;
	int ret;

	r->num_chunks = 0;
	for (;;) {
		if (r->source.size - offset < sizeof(header))
			break;
		ret = container_read_chunk_header(&r->source, offset, &header, &error);
		if (ret == -EBADMSG || ret == -EFBIG) {
			struct agxt_footer footer;

			/* The footer ends the chunks. */
			if (complete && offset + sizeof(footer) == r->source.size)
				break;
			report(r, &error);
			if (!r->params.force)
				break;
			offset = resync(r, offset + 1);
			continue;
		}
		if (ret)
			return ret;
		if (header.type == AGXT_CHUNK_RECORDS) {
			ret = add_chunk(r, offset, &header);
			if (ret)
				return ret;
		}
		offset = container_next(offset, &header);
		r->info.sound_size = offset;
	}
	return 0;
}

/* Takes the chunks over from a sound index. */
static int take_index(struct agx_trace_reader *r)
{
	const struct agxt_index *index = (const struct agxt_index *)r->index;
	size_t size = index->chunks * sizeof(*r->chunks);

	r->chunks = malloc(size ? size : 1);
	if (!r->chunks)
		return -ENOMEM;
	memcpy(r->chunks, index_chunks(r->index), size);
	r->num_chunks = index->chunks;
	r->chunks_capacity = index->chunks;
	r->info.sound_size = r->source.size;
	r->info.have_digest = true;
	memcpy(r->info.digest, index->digest, sizeof(index->digest));
	return 0;
}

/* Sorts the chunks into streams and adds up what they say. */
static int make_cursors(struct agx_trace_reader *r)
{
	struct agx_trace_info *info = &r->info;
	uint32_t *next;
	uint32_t i;

	for (i = 0; i < r->num_chunks; i++) {
		const struct agxt_index_chunk *chunk = &r->chunks[i];

		if (chunk->stream >= r->num_cursors)
			r->num_cursors = chunk->stream + 1;
		info->records += chunk->records;
		info->submits += chunk->submits;
		info->raw_bytes += chunk->raw_size;
	}
	info->chunks = r->num_chunks;
	info->streams = r->num_cursors;
	info->stored_bytes = info->file_size;
	r->cursors = calloc(r->num_cursors ? r->num_cursors : 1, sizeof(*r->cursors));
	r->lists = malloc((r->num_chunks ? r->num_chunks : 1) * sizeof(*r->lists));
	if (!r->cursors || !r->lists)
		return -ENOMEM;
	for (i = 0; i < r->num_chunks; i++)
		r->cursors[r->chunks[i].stream].num_chunks++;
	next = r->lists;
	for (i = 0; i < r->num_cursors; i++) {
		r->cursors[i].chunks = next;
		next += r->cursors[i].num_chunks;
		r->cursors[i].num_chunks = 0;
	}
	for (i = 0; i < r->num_chunks; i++) {
		struct cursor *c = &r->cursors[r->chunks[i].stream];

		c->chunks[c->num_chunks++] = i;
	}
	return 0;
}

/* Everything after the source is set up. */
static int open_source(struct agx_trace_reader *r, struct agx_trace_error *error)
{
	struct agx_trace_error trouble;
	struct agxt_file_header header;
	struct agxt_footer footer;
	bool complete;
	int ret;

	r->info.file_size = r->source.size;
	ret = container_read_header(&r->source, &header, error);
	if (ret)
		return ret;
	r->info.major = header.major;
	r->info.minor = header.minor;
	r->info.sound_size = header.header_size;
	ret = container_read_footer(&r->source, &footer, &trouble);
	complete = !ret;
	if (!ret)
		ret = container_read_index(&r->source, &footer, &r->decoder, &r->index, &trouble);
	if (!ret) {
		ret = take_index(r);
	} else if (ret == -EBADMSG || ret == -EFBIG) {
		r->info.truncated = !complete;
		if (complete)
			report(r, &trouble);
		else if (r->params.damage)
			r->params.damage(r->params.damage_data, &trouble);
		ret = scan(r, header.header_size, complete);
	}
	if (!ret)
		ret = make_cursors(r);
	if (ret)
		return container_error(error, ret, "opening", UINT64_MAX, 0);
	return agx_trace_reader_rewind(r);
}

static struct agx_trace_reader *alloc_reader(const struct agx_trace_reader_params *params)
{
	struct agx_trace_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->source.fd = -1;
	if (params)
		r->params = *params;
	if (!r->params.memory)
		r->params.memory = DEFAULT_MEMORY;
	return r;
}

int agx_trace_reader_open(const char *path, const struct agx_trace_reader_params *params,
			  struct agx_trace_reader **reader, struct agx_trace_error *error)
{
	struct agx_trace_reader *r = alloc_reader(params);
	struct stat st;
	int ret;

	if (!r)
		return container_error(error, -ENOMEM, "opening", UINT64_MAX, 0);
	r->source.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->source.fd < 0 || fstat(r->source.fd, &st)) {
		ret = container_error(error, -errno, "opening", UINT64_MAX, 0);
		goto err_close;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = container_error(error, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				      "opening: not a regular file", UINT64_MAX, 0);
		goto err_close;
	}
	r->source.size = st.st_size;
	ret = open_source(r, error);
	if (ret)
		goto err_close;
	*reader = r;
	return 0;

err_close:
	agx_trace_reader_close(r);
	return ret;
}

int agx_trace_reader_open_memory(const void *bytes, size_t size,
				 const struct agx_trace_reader_params *params,
				 struct agx_trace_reader **reader, struct agx_trace_error *error)
{
	struct agx_trace_reader *r = alloc_reader(params);
	int ret;

	if (!r)
		return container_error(error, -ENOMEM, "opening", UINT64_MAX, 0);
	r->source.bytes = bytes;
	r->source.size = size;
	ret = open_source(r, error);
	if (ret) {
		agx_trace_reader_close(r);
		return ret;
	}
	*reader = r;
	return 0;
}

static const struct agxt_record *record_at(const struct cursor *c)
{
	return (const struct agxt_record *)(c->raw + c->offset);
}

/* Frees a stream's decoded chunk; what is left of it is decoded again when its turn comes. */
static void drop_raw(struct agx_trace_reader *r, struct cursor *c)
{
	if (c->raw && c->offset < c->size)
		c->skip_to = record_at(c)->seq;
	r->memory -= c->capacity;
	c->capacity = 0;
	free(c->raw);
	c->raw = NULL;
}

void agx_trace_reader_close(struct agx_trace_reader *r)
{
	uint32_t i;

	if (!r)
		return;
	for (i = 0; r->cursors && i < r->num_cursors; i++)
		free(r->cursors[i].raw);
	free(r->cursors);
	free(r->lists);
	free(r->chunks);
	free(r->index);
	decoder_finish(&r->decoder);
	if (r->source.fd >= 0)
		close(r->source.fd);
	free(r);
}

void agx_trace_reader_info(const struct agx_trace_reader *r, struct agx_trace_info *info)
{
	*info = r->info;
}

/* Makes c->raw hold size bytes, at the cost of other streams if need be. */
static int reserve_raw(struct agx_trace_reader *r, struct cursor *c, uint32_t size)
{
	uint32_t i;

	if (c->raw && c->capacity >= size)
		return 0;
	drop_raw(r, c);
	/* Chunks of a stream differ a little in size: do not allocate again for each. */
	if (size + size / 4 <= r->params.memory)
		size += size / 4;
	for (i = 0; i < r->num_cursors && r->memory + size > r->params.memory; i++)
		drop_raw(r, &r->cursors[i]);
	if (size > r->params.memory)
		return -EFBIG;
	c->raw = malloc(size ? size : 1);
	if (!c->raw)
		return -ENOMEM;
	c->capacity = size;
	r->memory += size;
	return 0;
}

/* Decodes and checks the chunk that c is at. c->offset stays as it is. */
static int load(struct agx_trace_reader *r, struct cursor *c, struct agx_trace_error *error)
{
	uint32_t number = c->chunks[c->at];
	const struct agxt_index_chunk *entry = &r->chunks[number];
	struct agxt_chunk_header header;
	struct chunk_fault fault;
	int ret;

	ret = container_read_chunk_header(&r->source, entry->offset, &header, error);
	if (ret)
		return ret;
	if (header.type != AGXT_CHUNK_RECORDS || header.stream != entry->stream)
		return container_error_values(error, -EBADMSG, "stream of a chunk in the index",
					      number, entry->offset, entry->stream, header.stream);
	if (header.first_seq != entry->first_seq || header.last_seq != entry->last_seq ||
	    header.raw_size != entry->raw_size || header.records != entry->records ||
	    header.submits != entry->submits)
		return container_error(error, -EBADMSG, "entry of a chunk in the index", number,
				       entry->offset);
	if (header.first_seq < c->last_seq)
		return container_error_values(error, -EBADMSG, "order of chunks", number,
					      entry->offset, c->last_seq, header.first_seq);
	ret = reserve_raw(r, c, header.raw_size);
	if (ret)
		return container_error_values(error, ret, "memory for decoded chunks, limit",
					      number, entry->offset, r->params.memory,
					      header.raw_size);
	ret = container_decode(&r->source, entry->offset, &header, r->params.thorough, &r->decoder,
			       c->raw, error);
	if (!ret && chunk_check(&header, c->raw, &fault)) {
		ret = container_error_values(error, -EBADMSG, fault.what, number, fault.offset,
					     fault.expected, fault.got);
		if (error) {
			error->in_chunk = true;
			error->have_values = fault.have_values;
		}
	}
	c->size = ret ? 0 : header.raw_size;
	if (ret)
		drop_raw(r, c);
	return ret;
}

static void next_chunk(struct agx_trace_reader *r, struct cursor *c)
{
	c->last_seq = r->chunks[c->chunks[c->at]].last_seq;
	c->at++;
	c->offset = 0;
	c->size = 0;
	if (c->at == c->num_chunks)
		drop_raw(r, c);
}

/* A lower bound of the seq of c's next record; UINT64_MAX at its end. */
static uint64_t key(const struct agx_trace_reader *r, const struct cursor *c)
{
	uint64_t first;

	if (c->at == c->num_chunks)
		return UINT64_MAX;
	if (c->raw && c->size)
		return record_at(c)->seq;
	first = r->chunks[c->chunks[c->at]].first_seq;
	return c->offset || first < c->skip_to ? c->skip_to : first;
}

/*
 * Makes c stand at a record, decoding what is needed; c->at == c->num_chunks at its end. Returns 0
 * or an error that force does not cover.
 */
static int settle(struct agx_trace_reader *r, struct cursor *c, struct agx_trace_error *error)
{
	struct agx_trace_error local;
	int ret;

	if (!error)
		error = &local;
	while (c->at < c->num_chunks) {
		if (!c->raw || !c->size) {
			ret = load(r, c, error);
			if (ret) {
				if (!r->params.force || (ret != -EBADMSG && ret != -EFBIG))
					return ret;
				report(r, error);
				/* Its header may lie about the sequence: keep the old bound. */
				c->at++;
				c->offset = 0;
				c->size = 0;
				continue;
			}
		}
		while (c->offset < c->size && record_at(c)->seq < c->skip_to)
			c->offset += record_at(c)->size;
		if (c->offset < c->size)
			return 0;
		next_chunk(r, c);
	}
	return 0;
}

/* Chooses the stream with the lowest next seq; NULL at the end. */
static int choose(struct agx_trace_reader *r, struct agx_trace_error *error)
{
	uint32_t i;
	int ret;

	for (;;) {
		struct cursor *best = NULL;
		uint64_t best_key = UINT64_MAX;
		uint64_t limit = UINT64_MAX;

		for (i = 0; i < r->num_cursors; i++) {
			struct cursor *c = &r->cursors[i];
			uint64_t k;

			if (c->at == c->num_chunks)
				continue;
			k = key(r, c);
			if (!best || k < best_key) {
				limit = best ? best_key : limit;
				best = c;
				best_key = k;
			} else if (k < limit) {
				limit = k;
			}
		}
		r->current = best;
		r->limit = limit;
		if (!best || (best->raw && best->size))
			return 0;
		/* Decoding may tell a higher seq than the bound: choose again. */
		ret = settle(r, best, error);
		if (ret)
			return ret;
	}
}

int agx_trace_reader_next(struct agx_trace_reader *r, struct agx_trace_item *item,
			  struct agx_trace_error *error)
{
	struct cursor *c = r->current;
	int ret;

	if (r->failed)
		return container_error(error, -EBADMSG, "reading went on after an error",
				       UINT64_MAX, 0);
	if (c) {
		/* Past the record that was given out last. */
		c->skip_to = record_at(c)->seq;
		c->offset += record_at(c)->size;
		if (c->offset == c->size)
			next_chunk(r, c);
	}
	if (!c || !c->size || record_at(c)->seq >= r->limit) {
		ret = choose(r, error);
		if (ret) {
			r->failed = true;
			return ret;
		}
		c = r->current;
		if (!c)
			return 0;
	}
	item->rec = record_at(c);
	item->stream = c - r->cursors;
	item->chunk = c->chunks[c->at];
	item->offset = c->offset;
	item->submit = r->submits;
	item->raw = c->raw;
	if (record_is_submit(item->rec))
		r->submits++;
	return 1;
}

/* Puts every stream before its first record with at least this seq. */
static void reset(struct agx_trace_reader *r, uint64_t seq)
{
	uint32_t i;

	r->failed = false;
	r->current = NULL;
	r->submits = 0;
	for (i = 0; i < r->num_cursors; i++) {
		struct cursor *c = &r->cursors[i];
		uint32_t low = 0;
		uint32_t high = c->num_chunks;

		drop_raw(r, c);
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (r->chunks[c->chunks[middle]].last_seq < seq)
				low = middle + 1;
			else
				high = middle;
		}
		c->at = low;
		c->offset = 0;
		c->size = 0;
		c->skip_to = seq;
		c->last_seq = 0;
	}
}

int agx_trace_reader_rewind(struct agx_trace_reader *r)
{
	reset(r, 0);
	return 0;
}

/* The last point of a kind with (by_seq ? seq : number) <= value, or NULL. */
static const struct agxt_index_point *find_point(const struct agx_trace_reader *r, uint64_t value,
						 bool by_seq)
{
	const struct agxt_index_point *points;
	const struct agxt_index_point *best = NULL;
	uint32_t low = 0;
	uint32_t high;

	if (!r->index)
		return NULL;
	points = index_points(r->index);
	high = ((const struct agxt_index *)r->index)->points;
	/* Submit numbers rise with seq; the markers among them are stepped over. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t i = middle;

		while (i < high && (points[i].offset_kind & 7) != AGXT_POINT_SUBMIT)
			i++;
		if (i == high) {
			high = middle;
		} else if ((by_seq ? points[i].seq : points[i].number) <= value) {
			best = &points[i];
			low = i + 1;
		} else {
			high = middle;
		}
	}
	return best;
}

/*
 * Steps from where the reader stands to submit n or, when by_seq, to the first record with seq >=
 * n. Returns 1 with the record's seq and the number of submits before it, 0 at the end, or an
 * error.
 */
static int step_to(struct agx_trace_reader *r, uint64_t n, bool by_seq, uint64_t *seq,
		   uint64_t *submits, struct agx_trace_error *error)
{
	struct agx_trace_item item;
	int ret;

	while ((ret = agx_trace_reader_next(r, &item, error)) > 0) {
		if (by_seq ? item.rec->seq >= n : item.submit == n && record_is_submit(item.rec)) {
			*seq = item.rec->seq;
			*submits = item.submit;
			return 1;
		}
	}
	return ret;
}

static int seek(struct agx_trace_reader *r, uint64_t n, bool by_seq, struct agx_trace_error *error)
{
	const struct agxt_index_point *point = find_point(r, n, by_seq);
	struct agx_trace_item item;
	uint64_t submits;
	uint64_t seq;
	bool good;
	int ret;

	reset(r, 0);
	if (point) {
		reset(r, point->seq);
		r->submits = point->number;
		/* An index that is wrong costs time, not truth. */
		ret = agx_trace_reader_next(r, &item, error);
		if (ret < 0)
			return ret;
		good = ret && item.rec->seq == point->seq && record_is_submit(item.rec);
		reset(r, good ? point->seq : 0);
		r->submits = good ? point->number : 0;
	}
	ret = step_to(r, n, by_seq, &seq, &submits, error);
	if (ret < 0)
		return ret;
	if (!ret)
		return -ENOENT;
	reset(r, seq);
	r->submits = submits;
	return 0;
}

int agx_trace_reader_seek_submit(struct agx_trace_reader *r, uint64_t n,
				 struct agx_trace_error *error)
{
	return seek(r, n, false, error);
}

int agx_trace_reader_seek_seq(struct agx_trace_reader *r, uint64_t seq,
			      struct agx_trace_error *error)
{
	return seek(r, seq, true, error);
}

const char *agx_trace_error_text(const struct agx_trace_error *error, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s", error->what ? error->what : "no error");
	size_t at = n < 0 ? 0 : (size_t)n;

#define APPEND(...)                                                     \
	do {                                                            \
		if (at < size) {                                        \
			n = snprintf(buf + at, size - at, __VA_ARGS__); \
			at += n < 0 ? 0 : (size_t)n;                    \
		}                                                       \
	} while (0)

	if (error->os_error) {
		APPEND(": %s", strerror(error->os_error));
		return buf;
	}
	if (error->chunk != UINT64_MAX)
		APPEND(", chunk %" PRIu64, error->chunk);
	APPEND(", %s %" PRIu64, error->in_chunk ? "byte of its records" : "file offset",
	       error->offset);
	if (error->have_values)
		APPEND(": expected 0x%" PRIx64 ", got 0x%" PRIx64, error->expected, error->got);
#undef APPEND
	return buf;
}
