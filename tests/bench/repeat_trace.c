// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ioctl.h>

#include "agx_trace.h"
#include "asahi_drm.h"
#include "repeat_trace.h"

#define MAX_PENDING 64

struct repeat {
	struct agx_trace_reader *reader;
	struct agx_trace_writer *writer;
	uint64_t first, last; /* seq of the first submission's CALL and the last's RETURN */
	uint64_t seq;
	uint64_t submits;
	uint64_t pages_old, pages_new; /* records of pages that belong together share a seq */
	struct {
		uint64_t old, new;
	} pending[MAX_PENDING];
	unsigned int next_pending;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "repeat_trace: %s: %s\n", what, why);
	exit(2);
}

static bool is_submit(const struct agxt_record *rec)
{
	uint32_t request = rec->type == AGXT_CALL     ? ((const struct agxt_call *)rec)->request
			   : rec->type == AGXT_RETURN ? ((const struct agxt_return *)rec)->request
						      : 0;

	/* The argument's size, and with it the number, may be another version's. */
	return request && _IOC_TYPE(request) == _IOC_TYPE(DRM_IOCTL_ASAHI_SUBMIT) &&
	       _IOC_NR(request) == _IOC_NR(DRM_IOCTL_ASAHI_SUBMIT);
}

static bool next(struct repeat *r, struct agx_trace_item *item)
{
	struct agx_trace_error error = {0};
	char text[256];
	int ret = agx_trace_reader_next(r->reader, item, &error);

	if (ret < 0)
		die("reading", agx_trace_error_text(&error, text, sizeof(text)));
	return ret;
}

static void find_range(struct repeat *r)
{
	struct agx_trace_item item;

	while (next(r, &item)) {
		if (!is_submit(item.rec))
			continue;
		if (!r->first)
			r->first = item.rec->seq;
		r->last = item.rec->seq;
	}
	if (!r->first)
		die("the trace", "has no submission");
}

/* head: the record with its new seq. */
static void write_pages(struct repeat *r, const struct agx_trace_item *item,
			const struct agxt_record *head)
{
	static uint8_t content[AGXT_MAX_RECORD_PAGES * AGXT_PAGE_SIZE];
	const struct agxt_pages *pages = (const struct agxt_pages *)item->rec;
	struct agxt_pages copy = *pages;
	uint8_t buf[AGXT_PAGE_SIZE];

	copy.rec = *head;
	for (uint32_t i = 0; i < pages->count; i++)
		memcpy(content + (size_t)i * AGXT_PAGE_SIZE, agx_trace_page(item, i, buf),
		       AGXT_PAGE_SIZE);
	if (agx_trace_writer_pages(r->writer, item->stream, &copy, content))
		die("writing", "pages");
}

static void write_record(struct repeat *r, const struct agx_trace_item *item, uint64_t seq,
			 uint64_t call)
{
	struct agxt_record *copy;

	if (item->rec->type == AGXT_PAGES) {
		struct agxt_record head = *item->rec;

		head.seq = seq;
		write_pages(r, item, &head);
		return;
	}
	copy = malloc(item->rec->size);
	if (!copy)
		die("writing", "no memory");
	memcpy(copy, item->rec, item->rec->size);
	copy->seq = seq;
	if (call)
		((struct agxt_return *)copy)->call = call;
	if (agx_trace_writer_record(r->writer, item->stream, copy))
		die("writing", agx_trace_type_name(copy->type));
	r->submits += copy->type == AGXT_CALL && is_submit(copy);
	free(copy);
}

static void write_first(struct repeat *r)
{
	struct agx_trace_item item;

	agx_trace_reader_rewind(r->reader);
	while (next(r, &item) && item.rec->seq <= r->last)
		write_record(r, &item, item.rec->seq, 0);
	r->seq = r->last;
}

static uint64_t seq_of_call(const struct repeat *r, uint64_t old)
{
	for (unsigned int i = 0; i < MAX_PENDING; i++)
		if (r->pending[i].old == old)
			return r->pending[i].new;
	die("the trace", "has too many submissions at a time");
	return 0;
}

static void write_again(struct repeat *r)
{
	struct agx_trace_item item;

	if (agx_trace_reader_seek_seq(r->reader, r->first, NULL))
		die("the trace", "cannot be rewound");
	while (next(r, &item) && item.rec->seq <= r->last) {
		uint64_t call = 0;

		if (item.rec->type == AGXT_PAGES && item.rec->flags & AGXT_PAGES_RESULT)
			continue;
		if (item.rec->type != AGXT_PAGES && item.rec->type != AGXT_MARKER &&
		    !is_submit(item.rec))
			continue;
		if (item.rec->type == AGXT_PAGES && item.rec->seq == r->pages_old) {
			write_record(r, &item, r->pages_new, 0);
			continue;
		}
		r->seq++;
		if (item.rec->type == AGXT_PAGES) {
			r->pages_old = item.rec->seq;
			r->pages_new = r->seq;
		}
		if (item.rec->type == AGXT_CALL) {
			r->pending[r->next_pending].old = item.rec->seq;
			r->pending[r->next_pending].new = r->seq;
			r->next_pending = (r->next_pending + 1) % MAX_PENDING;
		}
		if (item.rec->type == AGXT_RETURN)
			call = seq_of_call(r, ((const struct agxt_return *)item.rec)->call);
		write_record(r, &item, r->seq, call);
	}
	r->pages_old = 0;
}

uint64_t repeat_trace(const char *path, unsigned int rounds, int fd)
{
	struct agx_trace_error error = {0};
	struct repeat r = {0};
	char text[256];

	if (agx_trace_reader_open(path, NULL, &r.reader, &error))
		die(path, agx_trace_error_text(&error, text, sizeof(text)));
	if (agx_trace_writer_create(fd, NULL, &r.writer))
		die(path, "no memory");
	find_range(&r);
	write_first(&r);
	for (unsigned int i = 1; i < rounds; i++)
		write_again(&r);
	if (agx_trace_writer_finish(r.writer))
		die("writing", "end");
	agx_trace_writer_destroy(r.writer);
	agx_trace_reader_close(r.reader);
	return r.submits;
}
