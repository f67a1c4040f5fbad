// SPDX-License-Identifier: MIT
/* Pages: zero test, deltas against an earlier page, and back. */
#include <string.h>

#include "trace_internal.h"

static const uint8_t zero_page[AGXT_PAGE_SIZE] __attribute__((aligned(64)));

bool page_is_zero(const uint8_t *page)
{
	uint64_t first;

	memcpy(&first, page, sizeof(first));
	return !first && !memcmp(page, zero_page, AGXT_PAGE_SIZE);
}

static uint32_t word_at(const uint8_t *page, uint32_t i)
{
	uint32_t word;

	memcpy(&word, page + i * 4, sizeof(word));
	return word;
}

/* First word from i on that differs, or PAGE_WORDS. */
static uint32_t next_difference(const uint8_t *a, const uint8_t *b, uint32_t i)
{
	/* Equal stretches are long: compare 64 bytes at a time where they are aligned to it. */
	while (i < PAGE_WORDS) {
		if (i % 16 == 0 && !memcmp(a + i * 4, b + i * 4, 64)) {
			i += 16;
			continue;
		}
		if (word_at(a, i) != word_at(b, i))
			return i;
		i++;
	}
	return PAGE_WORDS;
}

uint32_t delta_encode(const uint8_t *page, const uint8_t *base, uint32_t base_offset, uint32_t max,
		      void *delta)
{
	struct agxt_delta_run run[PAGE_WORDS / 2];
	struct agxt_delta head = {.base = base_offset};
	uint8_t *at = delta;
	uint32_t size;
	uint32_t i;

	for (i = next_difference(page, base, 0); i < PAGE_WORDS;) {
		uint32_t end = i + 1;

		/* A gap of one equal word costs no more inside the run than a new run does. */
		while (end < PAGE_WORDS) {
			if (word_at(page, end) != word_at(base, end))
				end++;
			else if (end + 1 < PAGE_WORDS &&
				 word_at(page, end + 1) != word_at(base, end + 1))
				end += 2;
			else
				break;
		}
		run[head.runs].first = i;
		run[head.runs].words = end - i;
		head.runs++;
		head.words += end - i;
		size = sizeof(head) + head.runs * 4u + head.words * 4u;
		if (agxt_align8(size) > max)
			return 0;
		i = next_difference(page, base, end);
	}
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	memcpy(at, run, head.runs * sizeof(run[0]));
	at += head.runs * sizeof(run[0]);
	for (i = 0; i < head.runs; i++) {
		memcpy(at, page + run[i].first * 4, run[i].words * 4u);
		at += run[i].words * 4u;
	}
	size = at - (uint8_t *)delta;
	memset(at, 0, agxt_align8(size) - size);
	return agxt_align8(size);
}

const uint8_t *page_content(const uint8_t *raw, uint32_t word, uint8_t *buf)
{
	const uint8_t *at = raw + PAGE_OFFSET(word);
	const struct agxt_delta_run *run;
	const struct agxt_delta *delta;
	const uint8_t *words;
	uint32_t i;

	switch (PAGE_KIND(word)) {
	case AGXT_PAGE_ZERO:
		return zero_page;
	case AGXT_PAGE_FULL:
		return at;
	default:
		break;
	}
	delta = (const struct agxt_delta *)at;
	run = (const struct agxt_delta_run *)(delta + 1);
	words = (const uint8_t *)(run + delta->runs);
	memcpy(buf, raw + delta->base, AGXT_PAGE_SIZE);
	for (i = 0; i < delta->runs; i++) {
		memcpy(buf + run[i].first * 4, words, run[i].words * 4u);
		words += run[i].words * 4u;
	}
	return buf;
}

const uint8_t *agx_trace_page(const struct agx_trace_item *item, uint32_t i, uint8_t *buf)
{
	const struct agxt_pages *pages = (const struct agxt_pages *)item->rec;

	return page_content(item->raw, pages_words(pages)[i], buf);
}

bool agx_trace_page_is_zero(const struct agx_trace_item *item, uint32_t i)
{
	const struct agxt_pages *pages = (const struct agxt_pages *)item->rec;

	return PAGE_KIND(pages_words(pages)[i]) == AGXT_PAGE_ZERO;
}
