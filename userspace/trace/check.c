// SPDX-License-Identifier: MIT
/* Structure of a decoded chunk: every record, page word and delta lies where it may. */
#include <string.h>

#include "check.h"

static const char *check_delta(const uint8_t *raw, uint32_t offset, uint32_t end)
{
	const struct agxt_delta *delta = (const struct agxt_delta *)(raw + offset);
	const struct agxt_delta_run *run = (const struct agxt_delta_run *)(delta + 1);
	uint32_t words = 0;
	uint32_t next = 0;
	uint32_t i;

	if (end - offset < sizeof(*delta) || end - offset < delta_size(delta))
		return "delta past the end of the record";
	if (delta->base % 8 || delta->base > offset || offset - delta->base < AGXT_PAGE_SIZE)
		return "base of a delta";
	for (i = 0; i < delta->runs; i++) {
		if (!run[i].words || run[i].first < next ||
		    run[i].first + run[i].words > PAGE_WORDS)
			return "run of a delta";
		next = run[i].first + run[i].words;
		words += run[i].words;
	}
	if (words != delta->words)
		return "number of words of a delta";
	return NULL;
}

/* Page words of the record that ends at end. */
static const char *check_words(const uint8_t *raw, const struct agxt_pages *pages, uint32_t end)
{
	const uint32_t *words = pages_words(pages);
	const char *what;
	uint32_t i;

	for (i = 0; i < pages->count; i++) {
		uint32_t offset = PAGE_OFFSET(words[i]);

		switch (PAGE_KIND(words[i])) {
		case AGXT_PAGE_ZERO:
			if (offset)
				return "page word";
			break;
		case AGXT_PAGE_FULL:
			if (offset > end || end - offset < AGXT_PAGE_SIZE)
				return "page content past the end of the record";
			break;
		case AGXT_PAGE_DELTA:
			if (offset > end)
				return "delta past the end of the record";
			what = check_delta(raw, offset, end);
			if (what)
				return what;
			break;
		default:
			return "kind of page";
		}
	}
	return NULL;
}

static int fail(struct chunk_fault *fault, const char *what, uint32_t offset)
{
	fault->what = what;
	fault->offset = offset;
	fault->have_values = false;
	return -1;
}

static int fail_values(struct chunk_fault *fault, const char *what, uint32_t offset,
		       uint64_t expected, uint64_t got)
{
	fail(fault, what, offset);
	fault->have_values = true;
	fault->expected = expected;
	fault->got = got;
	return -1;
}

int chunk_check(const struct agxt_chunk_header *header, const uint8_t *raw,
		struct chunk_fault *fault)
{
	const struct agxt_record *rec = NULL;
	uint32_t records = 0;
	uint32_t submits = 0;
	uint64_t seq = 0;
	bool pages = false;
	uint32_t offset;
	const char *what;

	for (offset = 0; offset < header->raw_size; offset += rec->size) {
		rec = (const struct agxt_record *)(raw + offset);
		what = agx_trace_record_check(rec, header->raw_size - offset);
		if (!what && rec->type == AGXT_PAGES)
			what = check_words(raw, (const struct agxt_pages *)rec, offset + rec->size);
		if (!what && rec->type == AGXT_PAGES_RAW)
			what = "record type of a file";
		if (what)
			return fail(fault, what, offset);
		if (!records && rec->seq != header->first_seq)
			return fail_values(fault, "first sequence number", offset,
					   header->first_seq, rec->seq);
		if (!records && rec->time_ns != header->first_time)
			return fail_values(fault, "first time", offset, header->first_time,
					   rec->time_ns);
		if (rec->seq < seq || !rec->seq ||
		    (rec->seq == seq && !(pages && rec->type == AGXT_PAGES)))
			return fail_values(fault, "sequence number", offset, seq + 1, rec->seq);
		seq = rec->seq;
		pages = rec->type == AGXT_PAGES;
		records++;
		submits += record_is_submit(rec);
	}
	if (!rec)
		return fail(fault, "empty chunk", 0);
	if (seq != header->last_seq)
		return fail_values(fault, "last sequence number", offset, header->last_seq, seq);
	if (rec->time_ns != header->last_time)
		return fail_values(fault, "last time", offset, header->last_time, rec->time_ns);
	if (records != header->records)
		return fail_values(fault, "number of records", offset, header->records, records);
	if (submits != header->submits)
		return fail_values(fault, "number of submits", offset, header->submits, submits);
	return 0;
}
