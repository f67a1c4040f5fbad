// SPDX-License-Identifier: MIT
/*
 * What launches leave in memory, against what the recorded ones left.
 *
 * The recorded results of the whole trace are read first, because a launch is compared when it ends, and not where
 * its record stands: a moment later its memory may be another's. Of the first launch that differs what it left is kept;
 * recorded content is looked up when the trace is through.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"

/* More of a range is not kept, nor shown: from its first page on. */
#define MAX_KEPT (16u << 20)

#define OBJECT_PAGE 0x4000u

struct expected {
	uint64_t call;
	uint32_t command, launch;
	uint32_t file, handle;
	uint64_t offset, size;
	uint8_t digest[16];
	uint64_t seq, record;
	uint64_t shader;
	uint32_t stream;
	bool lost;
	bool seen; /* compared */
};

struct replay_results {
	bool recorded; /* the trace says that its launches have results */
	struct expected *expected;
	size_t count, capacity;
	uint64_t unrecorded; /* last submit of those */

	/* The first mismatch: where it is recorded, and the launch's pages. */
	const struct expected *first;
	uint8_t *got;
	uint64_t *mask;
	uint64_t start, size; /* bytes of the object */
	uint64_t address;     /* on the GPU, of the range's first byte */
	bool stop;
};

/* --- Before the replay --- */

static int add_expected(struct replay_results *results, const struct agx_trace_item *item,
			uint64_t record)
{
	const struct agxt_result *rec = (const void *)item->rec;
	const struct agxt_result_launch *launch = agx_trace_result_launch(item->rec);
	struct expected *expected;

	if (!launch)
		return 0;
	if (results->count == results->capacity) {
		size_t capacity = results->capacity ? 2 * results->capacity : 64;

		expected = reallocarray(results->expected, capacity, sizeof(*expected));
		if (!expected)
			return -ENOMEM;
		results->expected = expected;
		results->capacity = capacity;
	}
	expected = &results->expected[results->count++];
	*expected = (struct expected){
		.call = rec->call,
		.command = launch->command,
		.launch = launch->launch,
		.file = rec->rec.file,
		.handle = rec->handle,
		.offset = rec->offset,
		.size = rec->size,
		.seq = rec->rec.seq,
		.record = record,
		.shader = launch->shader,
		.stream = item->stream,
		.lost = rec->rec.flags & AGXT_RESULT_LOST,
	};
	memcpy(expected->digest, rec->digest, sizeof(expected->digest));
	return 0;
}

static int compare_launch(const struct expected *a, uint64_t call, uint32_t command,
			  uint32_t launch)
{
	if (a->call != call)
		return a->call < call ? -1 : 1;
	if (a->command != command)
		return a->command < command ? -1 : 1;
	return (a->launch > launch) - (a->launch < launch);
}

static int compare_expected(const void *x, const void *y)
{
	const struct expected *a = x, *b = y;
	int order = compare_launch(a, b->call, b->command, b->launch);

	if (order)
		return order;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->handle != b->handle)
		return a->handle < b->handle ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Damage is for the replay itself to find. */
static int load(struct replay *r, struct replay_results *results)
{
	struct agx_trace_error error;
	struct agx_trace_item item;
	uint64_t record = 0;
	int ret = 0;

	while (!ret && agx_trace_reader_next(r->reader, &item, &error) > 0) {
		const struct agxt_meta *meta = (const void *)item.rec;

		if (item.rec->type == AGXT_META && meta->key == AGXT_META_RESULTS)
			results->recorded = true;
		else if (item.rec->type == AGXT_RESULT)
			ret = add_expected(results, &item, record);
		/* Its metadata comes before its work: the rest of an older trace needs no reading. */
		if (item.submit && !results->recorded)
			break;
		record++;
	}
	if (!ret && results->count)
		qsort(results->expected, results->count, sizeof(*results->expected),
		      compare_expected);
	return ret ? ret : agx_trace_reader_rewind(r->reader);
}

/* --- Names --- */

static const struct replay_file *file_of(const struct replay *r, const void *live)
{
	for (uint32_t i = 0; i < r->names.num_files; i++)
		if (r->names.files[i].used && r->names.files[i].live == live)
			return &r->names.files[i];
	return NULL;
}

/* As recorded; 0: the trace has none. */
static uint32_t handle_of(struct replay *r, const struct replay_file *file, uint32_t live)
{
	const struct replay_name *name =
		file ? replay_names_find_live(&r->names, file, AGX_OBJECT_GEM, live) : NULL;

	return name ? name->recorded : 0;
}

/* --- A launch --- */

/* Those of a launch: the first, and how many. */
static struct expected *find_launch(const struct replay_results *results,
				    const struct agx_replay_launch *launch, size_t *count)
{
	size_t low = 0, high = results->count, end;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare_launch(&results->expected[middle], launch->call, launch->command,
				   launch->launch) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < results->count; end++)
		if (compare_launch(&results->expected[end], launch->call, launch->command,
				   launch->launch))
			break;
	*count = end - low;
	return &results->expected[low];
}

static void hex(const uint8_t *bytes, size_t count, char *text)
{
	for (size_t i = 0; i < count; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void keep(struct replay_results *results, const struct agx_replay_result *got)
{
	const uint64_t end = (got->offset + got->size + OBJECT_PAGE - 1) & ~(OBJECT_PAGE - 1ull);
	const uint64_t size = end - got->start < MAX_KEPT ? end - got->start : MAX_KEPT;

	results->start = got->start;
	results->address = got->address;
	results->got = malloc(size);
	results->mask = malloc(size / 8);
	if (!results->got || !results->mask)
		return;
	results->size = size;
	memcpy(results->got, got->memory, size);
	memcpy(results->mask, got->mask, size / 8);
}

/* What is said when no better is known: the range and its digests. */
static void diverge(struct replay *r, const struct agx_replay_mismatch *m,
		    const struct expected *expected)
{
	char name[sizeof(r->out->divergence.name)], field[96], a[80], b[80];
	struct replay_call where = {.seq = m->call};

	for (uint32_t i = 0; i < r->num_pending; i++) {
		if (r->pending[i]->seq == m->call) {
			where.stream = r->pending[i]->stream;
			where.thread = r->pending[i]->thread;
		}
	}
	snprintf(name, sizeof(name), "dispatch %" PRIu32 " of command %" PRIu32, m->launch,
		 m->command);
	snprintf(field, sizeof(field),
		 "handle %" PRIu32 " of file %" PRIu32 ", changed bytes 0x%" PRIx64 "+0x%" PRIx64,
		 m->handle, m->file, m->no_expected ? m->got_offset : m->expected_offset,
		 m->no_expected ? m->got_size : m->expected_size);
	hex(m->expected_digest, sizeof(m->expected_digest), a);
	hex(m->got_digest, sizeof(m->got_digest), b);
	if (!m->no_got && !m->no_expected &&
	    (m->got_offset != m->expected_offset || m->got_size != m->expected_size))
		snprintf(b + 32, sizeof(b) - 32, " of 0x%" PRIx64 "+0x%" PRIx64, m->got_offset,
			 m->got_size);
	if (replay_diverge(r, &where, name, field, m->no_expected ? "nothing changed" : a,
			   m->no_got ? "nothing changed" : b))
		r->results->stop = true;
	if (r->out->stats.divergences > 1)
		return;
	r->out->divergence.submits = m->submit + 1;
	if (expected)
		r->out->divergence.record = expected->record;
}

/* expected or got may be NULL. */
static void mismatch(struct replay *r, const struct agx_replay_launch *launch, uint32_t file,
		     uint32_t handle, const struct expected *expected,
		     const struct agx_replay_result *got)
{
	struct agx_replay_mismatch m = {
		.submit = r->target->submit,
		.call = launch->call,
		.command = launch->command,
		.launch = launch->launch,
		.shader = launch->shader,
		.code = {launch->code[0], launch->code[1]},
		.file = file,
		.handle = handle,
		.no_expected = !expected,
		.no_got = !got,
		.no_content = true,
	};

	for (uint32_t i = 0; i < r->num_pending; i++)
		if (r->pending[i]->seq == launch->call)
			m.submit = r->pending[i]->submit;
	if (expected) {
		m.expected_offset = expected->offset;
		m.expected_size = expected->size;
		memcpy(m.expected_digest, expected->digest, sizeof(m.expected_digest));
	}
	if (got) {
		m.got_offset = got->offset;
		m.got_size = got->size;
		memcpy(m.got_digest, got->digest, sizeof(m.got_digest));
	}
	if (!r->out->mismatch.call) {
		r->out->mismatch = m;
		r->results->first = expected;
		if (got)
			keep(r->results, got);
	}
	diverge(r, &m, expected);
}

static bool same(const struct expected *expected, const struct agx_replay_result *got)
{
	return expected->offset == got->offset && expected->size == got->size &&
	       !memcmp(expected->digest, got->digest, sizeof(got->digest));
}

/* The recorded range of the object that got is to be compared with. */
static struct expected *find_range(struct expected *expected, size_t count, uint32_t file,
				   uint32_t handle, const struct agx_replay_result *got)
{
	struct expected *overlaps = NULL;

	for (size_t i = 0; i < count; i++) {
		struct expected *e = &expected[i];

		if (e->file != file || e->handle != handle || e->seen || e->lost)
			continue;
		if (same(e, got))
			return e;
		if (!overlaps && e->offset < got->offset + got->size &&
		    got->offset - e->offset % OBJECT_PAGE < e->size + OBJECT_PAGE)
			overlaps = e;
		if (!overlaps && e->offset / OBJECT_PAGE == got->offset / OBJECT_PAGE)
			overlaps = e;
	}
	return overlaps;
}

static void compare(struct replay *r, const struct agx_replay_launch *launch,
		    struct expected *expected, size_t count)
{
	const struct replay_file *file = file_of(r, launch->file);
	const uint64_t before = r->out->stats.divergences;
	struct expected *e;
	uint32_t handle;

	for (uint32_t i = 0; i < launch->count && !r->results->stop; i++) {
		const struct agx_replay_result *got = &launch->results[i];

		handle = handle_of(r, file, got->handle);
		e = find_range(expected, count, file ? file->id : 0, handle, got);
		if (e)
			e->seen = true;
		r->out->stats.results++;
		r->out->stats.result_bytes += got->changed;
		if (!e || !same(e, got))
			mismatch(r, launch, file ? file->id : 0, handle, e, got);
	}
	for (size_t i = 0; i < count && !r->results->stop; i++) {
		if (expected[i].seen)
			continue;
		expected[i].seen = true;
		mismatch(r, launch, expected[i].file, expected[i].handle, &expected[i], NULL);
	}
	r->out->stats.mismatches += r->out->stats.divergences > before;
}

static void launched(void *data, const struct agx_replay_launch *launch)
{
	struct replay *r = data;
	struct replay_results *results = r->results;
	struct expected *expected;
	size_t count;
	bool lost = launch->lost;

	r->out->stats.launches++;
	if (results->stop || r->config.skip_results)
		return;
	if (!results->recorded) {
		r->out->stats.unrecorded += results->unrecorded != launch->call;
		results->unrecorded = launch->call;
		return;
	}
	expected = find_launch(results, launch, &count);
	for (size_t i = 0; i < count; i++)
		lost |= expected[i].lost;
	if (!lost) {
		compare(r, launch, expected, count);
		return;
	}
	r->out->stats.lost++;
	for (size_t i = 0; i < count; i++)
		expected[i].seen = true;
}

/* --- The engine's side --- */

int replay_results_start(struct replay *r)
{
	int ret;

	if (!r->target->executes)
		return 0;
	r->results = calloc(1, sizeof(*r->results));
	if (!r->results)
		return -ENOMEM;
	ret = r->config.skip_results ? 0 : load(r, r->results);
	r->target->launched = launched;
	r->target->launched_data = r;
	return ret;
}

int replay_results_check(struct replay *r)
{
	return r->results && r->results->stop ? REPLAY_STOP : 0;
}

void replay_results_finish(struct replay *r)
{
	const struct replay_results *results = r->results;

	for (size_t i = 0; results && i < results->count; i++)
		r->out->stats.uncompared += !results->expected[i].seen;
}

/* --- The first difference --- */

/* The recorded pages of a range; NULL: they are not all there. */
static uint8_t *load_content(struct replay *r, const struct expected *expected, uint64_t start,
			     uint64_t size)
{
	uint8_t *content = calloc(1, size), *seen = calloc(1, size / AGXT_PAGE_SIZE);
	const uint64_t first = expected->offset / AGXT_PAGE_SIZE * AGXT_PAGE_SIZE;
	uint64_t end = expected->offset + expected->size, at;
	struct agx_trace_error error;
	struct agx_trace_item item;
	bool found = false, all = true;

	if (!content || !seen || agx_trace_reader_seek_seq(r->reader, expected->seq, &error))
		goto fail;
	while (agx_trace_reader_next(r->reader, &item, &error) > 0) {
		const struct agxt_pages *pages = (const void *)item.rec;

		if (item.stream != expected->stream)
			continue;
		if (item.rec->seq == expected->seq && item.rec->type == AGXT_RESULT) {
			found = true;
			continue;
		}
		if (!found || item.rec->type != AGXT_PAGES ||
		    !(item.rec->flags & AGXT_PAGES_LAUNCH) || pages->handle != expected->handle)
			break;
		for (uint32_t i = 0; i < pages->count; i++) {
			uint8_t buffer[AGXT_PAGE_SIZE];

			at = (pages->first_page + i) * AGXT_PAGE_SIZE;
			if (at < start || at - start >= size)
				continue;
			memcpy(content + (at - start), agx_trace_page(&item, i, buffer),
			       AGXT_PAGE_SIZE);
			seen[(at - start) / AGXT_PAGE_SIZE] = 1;
		}
	}
	if (end > start + size)
		end = start + size;
	for (at = first < start ? start : first; at < end; at += AGXT_PAGE_SIZE)
		all &= seen[(at - start) / AGXT_PAGE_SIZE];
	if (!all)
		goto fail;
	free(seen);
	return content;
fail:
	free(seen);
	free(content);
	return NULL;
}

static bool is_changed(const struct replay_results *results, uint64_t i)
{
	return results->mask[i / 64] >> i % 64 & 1;
}

/* The lowest byte that differs where this launch changed something; else anywhere. */
static void find_difference(struct replay_results *results, const uint8_t *expected,
			    struct agx_replay_mismatch *m, uint64_t address)
{
	const uint64_t begin =
		m->expected_offset < m->got_offset ? m->expected_offset : m->got_offset;
	uint64_t end = m->expected_offset + m->expected_size, first = UINT64_MAX;
	uint64_t elsewhere = UINT64_MAX;

	if (end < m->got_offset + m->got_size)
		end = m->got_offset + m->got_size;
	if (end > results->start + results->size)
		end = results->start + results->size;
	for (uint64_t at = begin < results->start ? results->start : begin; at < end; at++) {
		const uint64_t i = at - results->start;

		if (expected[i] == results->got[i])
			continue;
		if (!is_changed(results, i)) {
			if (elsewhere == UINT64_MAX)
				elsewhere = at;
			continue;
		}
		if (first == UINT64_MAX)
			first = at;
		m->bytes++;
	}
	if (first == UINT64_MAX) {
		first = elsewhere;
		m->unwritten = true;
	}
	if (first == UINT64_MAX)
		return;
	m->offset = first;
	m->address = address + (first - m->got_offset);
	m->count = (uint32_t)(end - first < AGX_REPLAY_MISMATCH_BYTES ? end - first
								      : AGX_REPLAY_MISMATCH_BYTES);
	memcpy(m->expected, expected + (first - results->start), m->count);
	memcpy(m->got, results->got + (first - results->start), m->count);
	m->no_content = false;
}

static void spaced_hex(const uint8_t *bytes, uint32_t count, char *text, size_t size)
{
	size_t used = 0;

	for (uint32_t i = 0; i < count && used + 4 < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%02x", i ? " " : "",
					 bytes[i]);
}

/* Says it better than diverge() could. */
static void refine(struct replay *r, const struct agx_replay_mismatch *m)
{
	struct agx_replay_divergence *d = &r->out->divergence;

	if (m->no_content || d->call != m->call)
		return;
	snprintf(d->field, sizeof(d->field),
		 "handle %" PRIu32 " of file %" PRIu32 ", byte 0x%" PRIx64 " (0x%" PRIx64 ")%s",
		 m->handle, m->file, m->offset, m->address,
		 m->unwritten ? ", not changed here" : "");
	spaced_hex(m->expected, m->count, d->expected, sizeof(d->expected));
	spaced_hex(m->got, m->count, d->got, sizeof(d->got));
}

static void explain(struct replay *r)
{
	struct agx_replay_mismatch *m = &r->out->mismatch;
	struct replay_results *results = r->results;
	uint64_t start = results->start, size = results->size;
	uint8_t *expected = NULL;

	if (m->no_got) {
		start = m->expected_offset & ~(OBJECT_PAGE - 1ull);
		size = (m->expected_offset + m->expected_size - start + OBJECT_PAGE - 1) &
		       ~(OBJECT_PAGE - 1ull);
		if (size > MAX_KEPT)
			size = MAX_KEPT;
	}
	if (results->first && size)
		expected = load_content(r, results->first, start, size);
	if (expected && results->size)
		find_difference(results, expected, m, results->address);
	refine(r, m);
	if (r->config.mismatch)
		r->config.mismatch(r->config.mismatch_data, m, start, size, expected,
				   results->size ? results->got : NULL);
	free(expected);
}

void replay_results_end(struct replay *r)
{
	struct replay_results *results = r->results;

	if (!results)
		return;
	if (r->out->mismatch.call)
		explain(r);
	r->target->launched = NULL;
	free(results->expected);
	free(results->got);
	free(results->mask);
	free(results);
	r->results = NULL;
}
