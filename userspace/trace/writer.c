// SPDX-License-Identifier: MIT
/*
 * The writer. Each stream collects records in a raw chunk; when it is large enough it is
 * sealed: compressed and appended by one write, here or in the writer's thread.
 *
 * A page is stored at most once per chunk. Its hash finds equal content; otherwise the content
 * that the same page of the same object had when it was first stored in this chunk is the base of a
 * delta, if that is small. Both maps live as long as the chunk, so that every chunk can be decoded
 * alone and the memory that a writer needs is bounded by the chunk size.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "trace_internal.h"

#define DEFAULT_CHUNK_SIZE (2u << 20)
#define MAX_CHUNK_SIZE     (4u << 20)

/* Pages per record: keeps a chunk below twice its nominal size. */
#define SPLIT_PAGES 256u

/* A delta larger than this is not worth a second look-up when reading: store the page. */
#define MAX_DELTA 1024u

/* Sealed chunks that may wait for the thread before the caller waits for it. */
#define QUEUE_SLOTS 4

/* Points in the index; above that every second one is dropped. */
#define MAX_POINTS (1u << 21)

/* A hash map from content or page identity to a page word; emptied by a new generation. */
struct page_slot {
	uint64_t key[2];
	uint32_t word;
	uint32_t generation;
};

struct page_map {
	struct page_slot *slots;
	uint32_t capacity; /* power of two, or 0 */
	uint32_t used;
	uint32_t generation;
};

struct stream {
	uint8_t *raw;
	uint32_t size;
	uint32_t capacity;
	uint32_t records;
	uint32_t submits;
	uint64_t first_seq, last_seq;
	uint64_t first_time, last_time;
	bool last_was_pages;
	struct page_map content;
	struct page_map versions;
	struct agxt_index_point *points;
	uint32_t num_points;
	uint32_t points_capacity;
};

struct job {
	struct agxt_chunk_header header;
	uint8_t *raw;
	uint32_t capacity;
};

struct agx_trace_writer {
	int fd;
	int level;
	uint32_t chunk_size;
	bool no_delta;
	bool no_compression;
	bool finished;

	struct stream *streams;
	uint32_t num_streams;
	uint32_t next_chunk;
	struct trace_digest digest;
	struct agx_trace_writer_stats stats;
	struct agxt_index_point *points;
	uint32_t num_points;
	uint32_t points_capacity;

	/* Used by whoever compresses: the thread, or the caller when there is none. */
	ZSTD_CCtx *zstd;
	uint8_t *out;
	size_t out_capacity;
	struct agxt_index_chunk *chunks;
	uint32_t num_chunks;
	uint32_t chunks_capacity;

	/* The queue to the thread; lock protects these, error and file_bytes. */
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job queue[QUEUE_SLOTS];
	uint32_t queue_head;
	uint32_t queue_count; /* jobs not finished */
	bool stop;
	uint8_t *spare[QUEUE_SLOTS];
	uint32_t spare_capacity[QUEUE_SLOTS];
	uint32_t num_spare;
	int error;
	uint64_t file_bytes;
};

/* Grows an array of count elements so that one more fits. */
static int grow(void *array, uint32_t *capacity, uint32_t count, size_t element)
{
	uint32_t bigger;
	void *p;

	if (count < *capacity)
		return 0;
	bigger = *capacity ? *capacity * 2 : 64;
	p = realloc(*(void **)array, bigger * element);
	if (!p)
		return -ENOMEM;
	*(void **)array = p;
	*capacity = bigger;
	return 0;
}

static uint64_t mix(const uint64_t key[2])
{
	return (key[0] ^ (key[1] << 1 | key[1] >> 63)) * 0x9e3779b97f4a7c15ull;
}

static struct page_slot *map_slot(const struct page_map *map, const uint64_t key[2])
{
	uint32_t mask = map->capacity - 1;
	uint32_t i = (mix(key) >> 32) & mask;

	while (map->slots[i].generation == map->generation &&
	       (map->slots[i].key[0] != key[0] || map->slots[i].key[1] != key[1]))
		i = (i + 1) & mask;
	return &map->slots[i];
}

/* The word stored for a key, or NULL. */
static const uint32_t *map_find(const struct page_map *map, const uint64_t key[2])
{
	const struct page_slot *slot;

	if (!map->capacity)
		return NULL;
	slot = map_slot(map, key);
	return slot->generation == map->generation ? &slot->word : NULL;
}

static int map_reserve(struct page_map *map)
{
	struct page_map bigger;
	uint32_t i;

	if ((uint64_t)map->used * 2 < map->capacity)
		return 0;
	bigger.capacity = map->capacity ? map->capacity * 2 : 1024;
	bigger.used = map->used;
	bigger.generation = 1;
	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; i < map->capacity; i++) {
		struct page_slot *slot;

		if (map->slots[i].generation != map->generation)
			continue;
		slot = map_slot(&bigger, map->slots[i].key);
		*slot = map->slots[i];
		slot->generation = bigger.generation;
	}
	free(map->slots);
	*map = bigger;
	return 0;
}

/* Room must have been reserved. */
static void map_set(struct page_map *map, const uint64_t key[2], uint32_t word)
{
	struct page_slot *slot = map_slot(map, key);

	if (slot->generation != map->generation) {
		slot->generation = map->generation;
		slot->key[0] = key[0];
		slot->key[1] = key[1];
		map->used++;
	}
	slot->word = word;
}

static void map_clear(struct page_map *map)
{
	map->used = 0;
	if (++map->generation == 0) {
		memset(map->slots, 0, map->capacity * sizeof(*map->slots));
		map->generation = 1;
	}
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (!n)
			return -EIO;
		bytes += n;
		size -= n;
	}
	return 0;
}

/*
 * Fills in sizes and hashes of a chunk, compresses it and appends it. The header's other
 * fields are the caller's. Returns the stored size, or a negative errno.
 */
static int append_chunk(struct agx_trace_writer *w, struct agxt_chunk_header *header,
			const uint8_t *raw)
{
	size_t need = sizeof(*header) + ZSTD_compressBound(header->raw_size) + 8;
	uint8_t *payload;
	size_t stored;
	size_t total;
	int ret;

	if (need > w->out_capacity) {
		free(w->out);
		w->out_capacity = 0;
		w->out = malloc(need);
		if (!w->out)
			return -ENOMEM;
		w->out_capacity = need;
	}
	payload = w->out + sizeof(*header);
	stored = ZSTD_compress2(w->zstd, payload, w->out_capacity - sizeof(*header), raw,
				header->raw_size);
	if (ZSTD_isError(stored))
		return ZSTD_getErrorCode(stored) == ZSTD_error_memory_allocation ? -ENOMEM : -EIO;
	header->codec = AGXT_CODEC_ZSTD;
	if (stored >= header->raw_size || w->no_compression) {
		header->codec = AGXT_CODEC_NONE;
		stored = header->raw_size;
		memcpy(payload, raw, stored);
	}
	header->magic = AGXT_CHUNK_MAGIC;
	header->stored_size = stored;
	header->raw_hash = XXH3_64bits(raw, header->raw_size);
	header->stored_hash = XXH3_64bits(payload, stored);
	header->hash = XXH3_64bits(header, offsetof(struct agxt_chunk_header, hash));
	memcpy(w->out, header, sizeof(*header));
	total = sizeof(*header) + stored;
	memset(w->out + total, 0, agxt_align8(total) - total);
	total = agxt_align8(total);
	ret = write_all(w->fd, w->out, total);
	if (ret)
		return ret;
	return total;
}

/* Compresses and appends a sealed chunk. In the thread, or in the caller when there is none. */
static int run_job(struct agx_trace_writer *w, struct job *job)
{
	struct agxt_index_chunk *entry;
	int ret;

	ret = grow(&w->chunks, &w->chunks_capacity, w->num_chunks, sizeof(*w->chunks));
	if (ret)
		return ret;
	ret = append_chunk(w, &job->header, job->raw);
	if (ret < 0)
		return ret;
	entry = &w->chunks[w->num_chunks++];
	pthread_mutex_lock(&w->lock);
	entry->offset = w->file_bytes;
	w->file_bytes += ret;
	pthread_mutex_unlock(&w->lock);
	entry->first_seq = job->header.first_seq;
	entry->last_seq = job->header.last_seq;
	entry->stream = job->header.stream;
	entry->records = job->header.records;
	entry->raw_size = job->header.raw_size;
	entry->submits = job->header.submits;
	return 0;
}

static void *worker(void *data)
{
	struct agx_trace_writer *w = data;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *job;
		int ret;

		while (!w->queue_count && !w->stop)
			pthread_cond_wait(&w->changed, &w->lock);
		if (!w->queue_count)
			break;
		job = &w->queue[w->queue_head];
		ret = w->error;
		pthread_mutex_unlock(&w->lock);
		if (!ret)
			ret = run_job(w, job);
		pthread_mutex_lock(&w->lock);
		if (ret && !w->error)
			w->error = ret;
		if (w->num_spare < QUEUE_SLOTS) {
			w->spare[w->num_spare] = job->raw;
			w->spare_capacity[w->num_spare++] = job->capacity;
		} else {
			free(job->raw);
		}
		w->queue_head = (w->queue_head + 1) % QUEUE_SLOTS;
		w->queue_count--;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Waits until the thread has written everything. Returns the first error. */
static int drain(struct agx_trace_writer *w)
{
	int ret;

	pthread_mutex_lock(&w->lock);
	while (w->queue_count)
		pthread_cond_wait(&w->changed, &w->lock);
	ret = w->error;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

/* Hands a stream's chunk over and starts an empty one. */
static int seal(struct agx_trace_writer *w, uint32_t number)
{
	struct stream *s = &w->streams[number];
	struct job job = {
		.header =
			{
				.type = AGXT_CHUNK_RECORDS,
				.number = w->next_chunk,
				.stream = number,
				.raw_size = s->size,
				.records = s->records,
				.submits = s->submits,
				.first_seq = s->first_seq,
				.last_seq = s->last_seq,
				.first_time = s->first_time,
				.last_time = s->last_time,
			},
		.raw = s->raw,
		.capacity = s->capacity,
	};
	uint32_t i;
	int ret = 0;

	if (!s->size)
		return 0;
	for (i = 0; i < s->num_points; i++) {
		ret = grow(&w->points, &w->points_capacity, w->num_points, sizeof(*w->points));
		if (ret)
			return ret;
		w->points[w->num_points] = s->points[i];
		w->points[w->num_points++].chunk = w->next_chunk;
	}
	s->num_points = 0;
	w->next_chunk++;
	w->stats.chunks++;
	w->stats.raw_bytes += s->size;
	s->size = 0;
	s->records = 0;
	s->submits = 0;
	map_clear(&s->content);
	map_clear(&s->versions);

	pthread_mutex_lock(&w->lock);
	ret = w->error;
	if (!ret && w->threaded) {
		while (w->queue_count == QUEUE_SLOTS)
			pthread_cond_wait(&w->changed, &w->lock);
		w->queue[(w->queue_head + w->queue_count) % QUEUE_SLOTS] = job;
		w->queue_count++;
		s->raw = NULL;
		s->capacity = 0;
		if (w->num_spare) {
			s->raw = w->spare[--w->num_spare];
			s->capacity = w->spare_capacity[w->num_spare];
		}
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	if (!ret && !w->threaded) {
		ret = run_job(w, &job);
		w->error = ret;
	}
	return ret;
}

/* Makes room for size more bytes in a stream's chunk. */
static int reserve(struct stream *s, uint32_t size)
{
	uint32_t capacity = s->capacity ? s->capacity : 64 << 10;
	uint8_t *raw;

	if (size <= s->capacity - s->size)
		return 0;
	while (capacity - s->size < size)
		capacity *= 2;
	raw = realloc(s->raw, capacity);
	if (!raw)
		return -ENOMEM;
	s->raw = raw;
	s->capacity = capacity;
	return 0;
}

static int get_stream(struct agx_trace_writer *w, uint32_t number)
{
	struct stream *streams;
	uint32_t i;

	if (number >= AGXT_MAX_STREAMS)
		return -EINVAL;
	if (number < w->num_streams)
		return 0;
	streams = realloc(w->streams, (number + 1) * sizeof(*streams));
	if (!streams)
		return -ENOMEM;
	w->streams = streams;
	for (i = w->num_streams; i <= number; i++) {
		memset(&streams[i], 0, sizeof(streams[i]));
		streams[i].content.generation = 1;
		streams[i].versions.generation = 1;
	}
	w->num_streams = number + 1;
	return 0;
}

/* Checks what every record has to meet; 0 or a negative errno. */
static int check_append(struct agx_trace_writer *w, uint32_t stream, const struct agxt_record *rec,
			bool pages)
{
	const struct stream *s;
	int ret;

	if (w->finished)
		return -EINVAL;
	/* Read without the lock: a stale zero is noticed at the next chunk. */
	ret = __atomic_load_n(&w->error, __ATOMIC_RELAXED);
	if (ret)
		return ret;
	ret = get_stream(w, stream);
	if (ret)
		return ret;
	s = &w->streams[stream];
	if (!rec->seq || rec->seq < s->last_seq)
		return -EINVAL;
	if (rec->seq == s->last_seq && !(pages && s->last_was_pages))
		return -EINVAL;
	return 0;
}

/* Accounts for a record that has been added at s->raw + s->size - size. */
static int added(struct agx_trace_writer *w, uint32_t stream, uint32_t size)
{
	struct stream *s = &w->streams[stream];
	const struct agxt_record *rec = (const struct agxt_record *)(s->raw + s->size - size);

	if (!s->records) {
		s->first_seq = rec->seq;
		s->first_time = rec->time_ns;
	}
	s->last_seq = rec->seq;
	s->last_time = rec->time_ns;
	s->last_was_pages = rec->type == AGXT_PAGES;
	s->records++;
	w->stats.records++;
	if (s->size >= w->chunk_size)
		return seal(w, stream);
	return 0;
}

static int add_point(struct stream *s, const struct agxt_record *rec, uint32_t kind,
		     uint64_t number)
{
	struct agxt_index_point *point;
	int ret;

	ret = grow(&s->points, &s->points_capacity, s->num_points, sizeof(*s->points));
	if (ret)
		return ret;
	point = &s->points[s->num_points++];
	point->seq = rec->seq;
	point->number = number;
	point->chunk = 0;
	point->offset_kind = s->size | kind;
	return 0;
}

int agx_trace_writer_record(struct agx_trace_writer *w, uint32_t stream,
			    const struct agxt_record *rec)
{
	struct stream *s;
	int ret;

	if (agx_trace_record_check(rec, rec->size) || rec->type == AGXT_PAGES)
		return -EINVAL;
	if (rec->type == AGXT_PAGES_RAW) {
		const struct agxt_pages *pages = (const struct agxt_pages *)rec;

		return agx_trace_writer_pages(
			w, stream, pages,
			rec->flags & AGXT_PAGES_ALL_ZERO ? NULL : (const void *)(pages + 1));
	}
	ret = check_append(w, stream, rec, false);
	if (ret)
		return ret;
	s = &w->streams[stream];
	if (s->size + rec->size > AGXT_MAX_CHUNK_RAW) {
		ret = seal(w, stream);
		if (ret)
			return ret;
	}
	ret = reserve(s, rec->size);
	if (ret)
		return ret;
	if (record_is_submit(rec)) {
		ret = add_point(s, rec, AGXT_POINT_SUBMIT, 0);
		if (ret)
			return ret;
		s->submits++;
	} else if (rec->type == AGXT_MARKER) {
		ret = add_point(s, rec, AGXT_POINT_MARKER,
				((const struct agxt_marker *)rec)->number);
		if (ret)
			return ret;
	}
	memcpy(s->raw + s->size, rec, rec->size);
	s->size += rec->size;
	digest_record(&w->digest, stream, rec);
	return added(w, stream, rec->size);
}

/*
 * Chooses how page is stored; appends content at s->raw + s->size when it is new. Room for a full
 * page and for one more slot in both maps is there.
 */
static uint32_t store_page(struct agx_trace_writer *w, struct stream *s,
			   const struct agxt_pages *pages, uint64_t index, const uint8_t *page,
			   const struct page_hash *hash)
{
	const uint64_t identity[2] = {(uint64_t)pages->rec.file << 32 | pages->handle, index};
	uint64_t content[2];
	uint8_t buf[AGXT_PAGE_SIZE];
	const uint32_t *known;
	uint32_t word;

	memcpy(content, hash->bytes, sizeof(content));
	known = map_find(&s->content, content);
	/* The hash is not made to withstand an attacker: look at the bytes as well. */
	if (known && !memcmp(page_content(s->raw, *known, buf), page, AGXT_PAGE_SIZE)) {
		w->stats.same_pages++;
		return *known;
	}
	known = w->no_delta ? NULL : map_find(&s->versions, identity);
	if (known) {
		uint32_t size = delta_encode(page, s->raw + PAGE_OFFSET(*known),
					     PAGE_OFFSET(*known), MAX_DELTA, s->raw + s->size);

		if (size) {
			word = s->size | AGXT_PAGE_DELTA;
			s->size += size;
			w->stats.delta_pages++;
			map_set(&s->content, content, word);
			return word;
		}
	}
	word = s->size | AGXT_PAGE_FULL;
	memcpy(s->raw + s->size, page, AGXT_PAGE_SIZE);
	s->size += AGXT_PAGE_SIZE;
	map_set(&s->content, content, word);
	map_set(&s->versions, identity, word);
	return word;
}

/* Appends at most SPLIT_PAGES pages as one record. */
static int add_pages(struct agx_trace_writer *w, uint32_t stream, const struct agxt_pages *pages,
		     uint64_t first, uint32_t count, const uint8_t *content)
{
	struct page_hash hashes[SPLIT_PAGES];
	struct stream *s = &w->streams[stream];
	uint32_t head = pages_head_size(count);
	struct agxt_pages *out;
	uint32_t start;
	uint32_t i;
	int ret;

	ret = reserve(s, head + count * AGXT_PAGE_SIZE);
	if (ret)
		return ret;
	start = s->size;
	memset(s->raw + start, 0, head);
	out = (struct agxt_pages *)(s->raw + start);
	*out = *pages;
	out->rec.type = AGXT_PAGES;
	out->rec.flags &= ~AGXT_PAGES_ALL_ZERO;
	out->first_page = first;
	out->count = count;
	s->size += head;
	for (i = 0; i < count; i++) {
		const uint8_t *page = content ? content + (size_t)i * AGXT_PAGE_SIZE : NULL;
		uint32_t word = AGXT_PAGE_ZERO;

		if (!page || page_is_zero(page)) {
			hashes[i] = page_hash_zero();
			w->stats.zero_pages++;
		} else {
			ret = map_reserve(&s->content);
			if (!ret)
				ret = map_reserve(&s->versions);
			if (ret) {
				s->size = start;
				/* What the maps learned from this record is gone. */
				map_clear(&s->content);
				map_clear(&s->versions);
				return ret;
			}
			hashes[i] = page_hash(page);
			word = store_page(w, s, pages, first + i, page, &hashes[i]);
		}
		((uint32_t *)(out + 1))[i] = word;
	}
	w->stats.pages += count;
	out->rec.size = s->size - start;
	digest_pages(&w->digest, stream, out, hashes);
	return added(w, stream, out->rec.size);
}

int agx_trace_writer_pages(struct agx_trace_writer *w, uint32_t stream,
			   const struct agxt_pages *pages, const void *content)
{
	const uint8_t *at = content;
	uint64_t first = pages->first_page;
	uint32_t left = pages->count;
	int ret;

	if (!left || first + left < first || first + left > AGXT_MAX_BO_SIZE / AGXT_PAGE_SIZE)
		return -EINVAL;
	ret = check_append(w, stream, &pages->rec, true);
	while (!ret && left) {
		uint32_t count = left < SPLIT_PAGES ? left : SPLIT_PAGES;

		ret = add_pages(w, stream, pages, first, count, at);
		first += count;
		left -= count;
		if (at)
			at += (size_t)count * AGXT_PAGE_SIZE;
	}
	return ret;
}

int agx_trace_writer_meta(struct agx_trace_writer *w, uint32_t stream,
			  const struct agxt_record *head, enum agxt_meta_key key, const void *value,
			  uint32_t size)
{
	struct agxt_meta *meta;
	int ret;

	if (size > AGXT_MAX_META)
		return -EINVAL;
	meta = calloc(1, sizeof(*meta) + agxt_align8(size));
	if (!meta)
		return -ENOMEM;
	meta->rec = *head;
	meta->rec.type = AGXT_META;
	meta->rec.size = sizeof(*meta) + agxt_align8(size);
	meta->key = key;
	meta->size = size;
	memcpy(meta + 1, value, size);
	ret = agx_trace_writer_record(w, stream, &meta->rec);
	free(meta);
	return ret;
}

int agx_trace_writer_flush(struct agx_trace_writer *w)
{
	uint32_t i;
	int ret;

	for (i = 0; i < w->num_streams; i++) {
		ret = seal(w, i);
		if (ret)
			return ret;
	}
	return drain(w);
}

void agx_trace_writer_stats(const struct agx_trace_writer *writer,
			    struct agx_trace_writer_stats *stats)
{
	struct agx_trace_writer *w = (struct agx_trace_writer *)writer;

	*stats = w->stats;
	pthread_mutex_lock(&w->lock);
	stats->file_bytes = w->file_bytes;
	pthread_mutex_unlock(&w->lock);
}

static int compare_points(const void *pa, const void *pb)
{
	const struct agxt_index_point *a = pa;
	const struct agxt_index_point *b = pb;

	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Sorts the points, numbers the submits, and thins them to MAX_POINTS. */
static void order_points(struct agx_trace_writer *w)
{
	uint64_t submits = 0;
	uint64_t markers = 0;
	uint32_t step = 1;
	uint32_t kept = 0;
	uint32_t i;

	if (w->num_points)
		qsort(w->points, w->num_points, sizeof(*w->points), compare_points);
	while (w->num_points / step > MAX_POINTS)
		step *= 2;
	for (i = 0; i < w->num_points; i++) {
		struct agxt_index_point point = w->points[i];
		uint64_t nth;

		if ((point.offset_kind & 7) == AGXT_POINT_SUBMIT) {
			nth = submits++;
			point.number = nth;
		} else {
			nth = markers++;
		}
		if (nth % step == 0)
			w->points[kept++] = point;
	}
	w->num_points = kept;
}

static int write_index(struct agx_trace_writer *w)
{
	struct agxt_index index = {
		.chunks = w->num_chunks,
		.streams = w->num_streams,
		.records = w->stats.records,
	};
	struct agxt_chunk_header header = {
		.type = AGXT_CHUNK_INDEX,
		.number = w->num_chunks,
	};
	size_t chunks_size = w->num_chunks * sizeof(*w->chunks);
	size_t points_size;
	uint8_t *raw;
	size_t size;
	int ret;

	order_points(w);
	points_size = w->num_points * sizeof(*w->points);
	index.points = w->num_points;
	digest_store(&w->digest, index.digest);
	size = sizeof(index) + chunks_size + points_size;
	/* Not before chunks of terabytes; the trace is then read by scanning. */
	if (size > AGXT_MAX_INDEX_RAW)
		return -EFBIG;
	raw = malloc(size);
	if (!raw)
		return -ENOMEM;
	memcpy(raw, &index, sizeof(index));
	if (chunks_size)
		memcpy(raw + sizeof(index), w->chunks, chunks_size);
	if (points_size)
		memcpy(raw + sizeof(index) + chunks_size, w->points, points_size);
	header.raw_size = size;
	header.records = w->num_chunks;
	ret = append_chunk(w, &header, raw);
	free(raw);
	return ret;
}

int agx_trace_writer_finish(struct agx_trace_writer *w)
{
	struct agxt_footer footer = {.index_offset = 0};
	int ret;

	if (w->finished)
		return -EINVAL;
	ret = agx_trace_writer_flush(w);
	w->finished = true;
	if (ret)
		return ret;
	footer.index_offset = w->file_bytes;
	ret = write_index(w);
	if (ret < 0)
		return ret;
	w->file_bytes += ret;
	footer.file_size = w->file_bytes + sizeof(footer);
	footer.chunks = w->num_chunks;
	footer.hash = XXH3_64bits(&footer, offsetof(struct agxt_footer, hash));
	memcpy(footer.magic, AGXT_FOOTER_MAGIC, sizeof(footer.magic));
	ret = write_all(w->fd, (const uint8_t *)&footer, sizeof(footer));
	if (ret)
		return ret;
	w->file_bytes += sizeof(footer);
	return 0;
}

int agx_trace_writer_create(int fd, const struct agx_trace_writer_params *params,
			    struct agx_trace_writer **writer)
{
	static const struct agx_trace_writer_params defaults;
	struct agxt_file_header header = {
		.major = AGXT_VERSION_MAJOR,
		.minor = AGXT_VERSION_MINOR,
		.header_size = sizeof(header),
	};
	struct agx_trace_writer *w;
	int ret;

	if (!params)
		params = &defaults;
	if (params->chunk_size > MAX_CHUNK_SIZE)
		return -EINVAL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = fd;
	w->level = params->level ? params->level : AGX_TRACE_DEFAULT_LEVEL;
	w->chunk_size = params->chunk_size ? params->chunk_size : DEFAULT_CHUNK_SIZE;
	w->no_delta = params->no_delta;
	w->no_compression = params->no_compression;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->zstd = ZSTD_createCCtx();
	ret = -ENOMEM;
	if (!w->zstd)
		goto err_free;
	ret = -EINVAL;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, w->level)))
		goto err_free;
	memcpy(header.magic, AGXT_FILE_MAGIC, sizeof(header.magic));
	header.hash = XXH3_64bits(&header, offsetof(struct agxt_file_header, hash));
	ret = write_all(fd, (const uint8_t *)&header, sizeof(header));
	if (ret)
		goto err_free;
	w->file_bytes = sizeof(header);
	if (params->background) {
		ret = -pthread_create(&w->thread, NULL, worker, w);
		if (ret)
			goto err_free;
		w->threaded = true;
	}
	*writer = w;
	return 0;

err_free:
	agx_trace_writer_destroy(w);
	return ret;
}

void agx_trace_writer_destroy(struct agx_trace_writer *w)
{
	uint32_t i;

	if (!w)
		return;
	if (w->threaded) {
		pthread_mutex_lock(&w->lock);
		w->stop = true;
		pthread_cond_broadcast(&w->changed);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	for (i = 0; i < w->num_spare; i++)
		free(w->spare[i]);
	for (i = 0; i < w->num_streams; i++) {
		free(w->streams[i].raw);
		free(w->streams[i].content.slots);
		free(w->streams[i].versions.slots);
		free(w->streams[i].points);
	}
	free(w->streams);
	free(w->points);
	free(w->chunks);
	free(w->out);
	ZSTD_freeCCtx(w->zstd);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
