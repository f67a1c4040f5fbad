// SPDX-License-Identifier: MIT
/*
 * What the program wrote into buffers. Buffers find their partners by size, flags and first content, in the order
 * in which they came into use. Where the decoder found streams, descriptors or code, bytes say nothing: drivers
 * put them wherever there is room; they were compared decoded. All other buffers are compared page by page, each
 * page as the sequence of contents that it had, addresses left out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "diff_compare.h"

#define MAX_TOLD_PAGES 8u /* of a buffer, of which words are told */
#define MAX_TOLD_WORDS 8u /* of a page */
#define MAX_WANTED     256u

/* A page that differs, and where its contents stand. */
struct wanted {
	uint32_t record[2]; /* number of the PAGES record, DIFF_NONE: none */
	uint64_t page;
	uint32_t submits[2];
	uint8_t *bytes[2];
};

struct compare {
	struct agx_diff *diff;
	struct wanted *wanted;
	size_t num_wanted;
};

/* A pair of buffers that differ, and its part of wanted. */
struct changed {
	const struct diff_buffer *a, *b;
	size_t first, count;
	uint64_t pages;
};

static int by_page(const void *p, const void *q)
{
	const struct diff_page *x = p, *y = q;

	if (x->page != y->page)
		return x->page < y->page ? -1 : 1;
	return x->record < y->record ? -1 : x->record > y->record;
}

/* Sorted by page and time, without contents that came twice in a row. */
static size_t tidy(struct diff_buffer *buffer)
{
	size_t i, count = 0;

	if (!buffer->count)
		return 0;
	qsort(buffer->pages, buffer->count, sizeof(*buffer->pages), by_page);
	for (i = 0; i < buffer->count; i++) {
		const struct diff_page *page = &buffer->pages[i];
		const struct diff_page *last = count ? &buffer->pages[count - 1] : NULL;

		/* What was never written is zero. */
		if (last && last->page == page->page ? last->hash == page->hash : !page->hash)
			continue;
		buffer->pages[count++] = *page;
	}
	buffer->count = count;
	return count;
}

static void want(struct compare *c, struct changed *changed, uint64_t number,
		 const struct diff_page *a, const struct diff_page *b)
{
	changed->pages++;
	if (changed->count >= MAX_TOLD_PAGES || c->num_wanted >= MAX_WANTED)
		return;
	c->wanted[c->num_wanted++] = (struct wanted){
		.page = number,
		.record = {a ? a->record : DIFF_NONE, b ? b->record : DIFF_NONE},
		.submits = {a ? a->submits : DIFF_NONE, b ? b->submits : DIFF_NONE},
	};
	changed->count++;
}

/* The first content of each page that differs. */
static void compare_pages(struct compare *c, struct changed *changed)
{
	const struct diff_page *a = changed->a->pages, *b = changed->b->pages;
	size_t n = changed->a->count, m = changed->b->count, i = 0, j = 0;

	changed->first = c->num_wanted;
	while (i < n || j < m) {
		uint64_t number;
		bool told = false;

		if (j == m || (i < n && a[i].page < b[j].page))
			number = a[i].page;
		else
			number = b[j].page;
		while ((i < n && a[i].page == number) || (j < m && b[j].page == number)) {
			const struct diff_page *x = i < n && a[i].page == number ? &a[i++] : NULL;
			const struct diff_page *y = j < m && b[j].page == number ? &b[j++] : NULL;

			if (told || (x && y && x->hash == y->hash))
				continue;
			want(c, changed, number, x, y);
			told = true;
		}
	}
	if (changed->a->beyond != changed->b->beyond)
		changed->pages++;
}

/* Reads the contents that are wanted of one side. */
static int fetch(struct compare *c, unsigned int side)
{
	struct agx_trace_reader_params params = {.force = c->diff->options.force};
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	struct agx_trace_item item;
	uint32_t record = 0;
	size_t i, left = 0;
	int ret;

	for (i = 0; i < c->num_wanted; i++)
		left += c->wanted[i].record[side] != DIFF_NONE;
	if (!left)
		return 0;
	ret = agx_trace_reader_open(c->diff->traces[side]->path, &params, &reader, &error);
	if (ret)
		return ret;
	while (left && (ret = agx_trace_reader_next(reader, &item, &error)) > 0) {
		const struct agxt_pages *pages = (const void *)item.rec;

		if (item.rec->type != AGXT_PAGES)
			continue;
		for (i = 0; i < c->num_wanted; i++) {
			struct wanted *w = &c->wanted[i];

			if (w->record[side] != record || w->bytes[side])
				continue;
			left--;
			if (w->page < pages->first_page ||
			    w->page - pages->first_page >= pages->count)
				continue;
			w->bytes[side] = malloc(AGXT_PAGE_SIZE);
			if (!w->bytes[side]) {
				ret = -ENOMEM;
				break;
			}
			memmove(w->bytes[side],
				agx_trace_page(&item, (uint32_t)(w->page - pages->first_page),
					       w->bytes[side]),
				AGXT_PAGE_SIZE);
		}
		record++;
	}
	agx_trace_reader_close(reader);
	return ret == -ENOMEM ? ret : 0;
}

static bool may_be_address(const struct diff_trace *trace, uint64_t word)
{
	return word >= trace->lowest && word < trace->highest;
}

static void word_text(uint32_t word, char *buf, size_t size)
{
	float f;

	memcpy(&f, &word, sizeof(f));
	if (word && (word >> 23 & 0xff) > 0x5f && (word >> 23 & 0xff) < 0x9f)
		snprintf(buf, size, "0x%08" PRIx32 " (%g)", word, (double)f);
	else
		snprintf(buf, size, "0x%08" PRIx32, word);
}

static void text_line(struct diff_unit *unit, enum agx_diff_op op, const char *name, const char *a,
		      const char *b)
{
	struct diff_store *store = unit->diff->store;

	diff_unit_line(unit, &(struct diff_line){
				     .op = (uint8_t)op,
				     .topic = DIFF_MEMORY,
				     .depth = 1,
				     .name = diff_string(store, name),
				     .a = a ? diff_string(store, a) : DIFF_NONE,
				     .b = b ? diff_string(store, b) : DIFF_NONE,
				     .shader = DIFF_NONE,
			     });
}

static void page_lines(struct diff_unit *unit, const struct wanted *w)
{
	static const uint8_t zeros[AGXT_PAGE_SIZE];
	const uint8_t *a = w->bytes[0] ? w->bytes[0] : zeros;
	const uint8_t *b = w->bytes[1] ? w->bytes[1] : zeros;
	char name[64], before[40], after[40];
	unsigned int words = 0;
	size_t at;

	if ((w->record[0] != DIFF_NONE && !w->bytes[0]) ||
	    (w->record[1] != DIFF_NONE && !w->bytes[1])) {
		snprintf(name, sizeof(name), "page at 0x%" PRIx64, w->page * AGXT_PAGE_SIZE);
		text_line(unit, AGX_DIFF_CHANGE, name, "content", "another content");
		return;
	}
	for (at = 0; at < AGXT_PAGE_SIZE; at += 4) {
		uint64_t p = 0, q = 0;
		size_t left = AGXT_PAGE_SIZE - at < 8 ? 4 : 8;

		memcpy(&p, a + at, left);
		memcpy(&q, b + at, left);
		if ((uint32_t)p == (uint32_t)q)
			continue;
		if (may_be_address(unit->diff->traces[0], p) &&
		    may_be_address(unit->diff->traces[1], q)) {
			at += 4;
			continue;
		}
		if (words++ >= MAX_TOLD_WORDS)
			continue;
		snprintf(name, sizeof(name), "0x%" PRIx64, w->page * AGXT_PAGE_SIZE + at);
		word_text((uint32_t)p, before, sizeof(before));
		word_text((uint32_t)q, after, sizeof(after));
		text_line(unit, AGX_DIFF_CHANGE, name, before, after);
	}
	if (words > MAX_TOLD_WORDS) {
		snprintf(name, sizeof(name), "and %u more words of the page",
			 words - MAX_TOLD_WORDS);
		text_line(unit, AGX_DIFF_CHANGE, name, NULL, NULL);
	}
	if (!words) {
		snprintf(name, sizeof(name), "page at 0x%" PRIx64, w->page * AGXT_PAGE_SIZE);
		text_line(unit, AGX_DIFF_CHANGE, name, "content", "another content");
	}
}

static void buffer_text(const struct diff_buffer *buffer, char *buf, size_t size)
{
	snprintf(buf, size, "buffer of %" PRIu64 " %s",
		 buffer->size >= 1u << 20 ? buffer->size >> 20 : buffer->size >> 10,
		 buffer->size >= 1u << 20 ? "MiB" : "KiB");
}

static void tell(struct compare *c, const struct changed *changed)
{
	struct agx_diff_where where;
	struct diff_unit unit;
	char text[96];
	size_t i;

	memset(&where, 0xff, sizeof(where));
	where.count = 1;
	where.file = changed->a->file_number;
	where.lane = changed->a->number;
	where.lane_b = changed->b->number;
	buffer_text(changed->a, text, sizeof(text));
	diff_unit_begin(&unit, c->diff, AGX_DIFF_BUFFER, AGX_DIFF_CHANGE,
			diff_string(c->diff->store, text), &where);
	for (i = 0; i < changed->count; i++) {
		const struct wanted *w = &c->wanted[changed->first + i];

		if (w->submits[0] == w->submits[1])
			snprintf(text, sizeof(text), "written before submit %" PRIu32,
				 w->submits[0]);
		else if (w->submits[0] == DIFF_NONE || w->submits[1] == DIFF_NONE)
			snprintf(text, sizeof(text),
				 "written before submit %" PRIu32 ", only in %s",
				 w->submits[0] == DIFF_NONE ? w->submits[1] : w->submits[0],
				 w->submits[0] == DIFF_NONE ? "B" : "A");
		else
			snprintf(text, sizeof(text),
				 "written before submit %" PRIu32 " (B: %" PRIu32 ")",
				 w->submits[0], w->submits[1]);
		diff_unit_heading(&unit, 0, diff_string(c->diff->store, text), AGX_DIFF_KEEP);
		page_lines(&unit, w);
	}
	if (changed->pages > changed->count) {
		snprintf(text, sizeof(text), "and %" PRIu64 " more pages",
			 changed->pages - changed->count);
		text_line(&unit, AGX_DIFF_CHANGE, text, NULL, NULL);
	}
	diff_unit_end(&unit);
}

/* A buffer that only one side has written into. */
static void tell_alone(struct compare *c, const struct diff_buffer *buffer, unsigned int side)
{
	struct agx_diff_where where;
	struct diff_unit unit;
	char text[96];

	if (!buffer->count || buffer->decoded)
		return;
	memset(&where, 0xff, sizeof(where));
	where.count = 1;
	where.file = buffer->file_number;
	if (side)
		where.lane_b = buffer->number;
	else
		where.lane = buffer->number;
	buffer_text(buffer, text, sizeof(text));
	diff_unit_begin(&unit, c->diff, AGX_DIFF_BUFFER, side ? AGX_DIFF_ADD : AGX_DIFF_REMOVE,
			diff_string(c->diff->store, text), &where);
	snprintf(text, sizeof(text), "%zu pages written", buffer->count);
	text_line(&unit, side ? AGX_DIFF_ADD : AGX_DIFF_REMOVE, text, NULL, NULL);
	diff_unit_end(&unit);
}

/* The buffers of a side, in order of file and number. */
static struct diff_buffer **sorted(struct diff_trace *trace, size_t *count)
{
	struct diff_buffer **list = calloc(trace->num_buffers + 1, sizeof(*list));
	size_t i;

	*count = 0;
	for (i = 0; list && i < trace->num_buffers; i++) {
		struct diff_buffer *buffer = &trace->buffers[i];

		if (buffer->object == DIFF_NONE)
			continue;
		tidy(buffer);
		list[(*count)++] = buffer;
	}
	return list;
}

static uint64_t buffer_key(const struct diff_buffer *buffer, bool content)
{
	const uint64_t key[] = {
		buffer->file_number,
		buffer->size,
		buffer->flags,
		content ? buffer->decoded : 0,
		content && !buffer->decoded ? buffer->first : 0,
	};

	return XXH3_64bits(key, sizeof(key));
}

static int pair_buffers(struct agx_diff *diff, struct diff_buffer **a, size_t n,
			struct diff_buffer **b, size_t m, bool content, struct diff_alignment *out)
{
	uint64_t *keys = calloc(n + m + 1, sizeof(*keys));
	size_t i;
	int ret;

	if (!keys)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		keys[i] = buffer_key(a[i], content);
	for (i = 0; i < m; i++)
		keys[n + i] = buffer_key(b[i], content);
	ret = diff_align(keys, n, keys + n, m, &diff->budget, out);
	free(keys);
	return ret;
}

struct pairs {
	struct compare *c;
	struct diff_buffer **a, **b;
	struct changed *changed;
	size_t num_changed;
};

static void take_pair(struct pairs *p, struct diff_buffer *a, struct diff_buffer *b)
{
	struct changed changed = {.a = a, .b = b};

	if (a->decoded || b->decoded)
		return;
	compare_pages(p->c, &changed);
	if (changed.pages)
		p->changed[p->num_changed++] = changed;
}

/* A run of buffers whose contents differ: by size and flags. */
static int take_gap(struct pairs *p, size_t a, size_t n, size_t b, size_t m)
{
	struct diff_alignment pairs;
	size_t i;
	int ret;

	if (!n && !m)
		return 0;
	ret = pair_buffers(p->c->diff, p->a + a, n, p->b + b, m, false, &pairs);
	if (ret)
		return ret;
	for (i = 0; i < pairs.count; i++) {
		const struct diff_pair *pair = &pairs.pairs[i];

		if (pair->b == SIZE_MAX)
			tell_alone(p->c, p->a[a + pair->a], 0);
		else if (pair->a == SIZE_MAX)
			tell_alone(p->c, p->b[b + pair->b], 1);
		else
			take_pair(p, p->a[a + pair->a], p->b[b + pair->b]);
	}
	free(pairs.pairs);
	return 0;
}

static int take_all(struct pairs *p, size_t n, size_t m)
{
	struct diff_alignment pairs;
	size_t i, a = 0, b = 0;
	int ret = pair_buffers(p->c->diff, p->a, n, p->b, m, true, &pairs);

	for (i = 0; i < pairs.count && !ret; i++) {
		const struct diff_pair *pair = &pairs.pairs[i];

		if (pair->a == SIZE_MAX || pair->b == SIZE_MAX)
			continue;
		ret = take_gap(p, a, pair->a - a, b, pair->b - b);
		take_pair(p, p->a[pair->a], p->b[pair->b]);
		a = pair->a + 1;
		b = pair->b + 1;
	}
	if (!ret)
		ret = take_gap(p, a, n - a, b, m - b);
	free(pairs.pairs);
	return ret;
}

void diff_buffers(struct agx_diff *diff)
{
	struct compare c = {.diff = diff, .wanted = calloc(MAX_WANTED, sizeof(*c.wanted))};
	struct pairs p = {.c = &c};
	size_t n = 0, m = 0, i;
	int ret = -ENOMEM;

	p.a = sorted(diff->traces[0], &n);
	p.b = sorted(diff->traces[1], &m);
	p.changed = calloc(n + 1, sizeof(*p.changed));
	if (c.wanted && p.a && p.b && p.changed)
		ret = take_all(&p, n, m);
	if (!ret)
		ret = fetch(&c, 0);
	if (!ret)
		ret = fetch(&c, 1);
	for (i = 0; i < p.num_changed && !ret; i++)
		tell(&c, &p.changed[i]);
	if (ret)
		diff->error = -ENOMEM;
	for (i = 0; i < c.num_wanted; i++) {
		free(c.wanted[i].bytes[0]);
		free(c.wanted[i].bytes[1]);
	}
	free(c.wanted);
	free(p.a);
	free(p.b);
	free(p.changed);
}
