/* SPDX-License-Identifier: MIT */
/* What the reader, the writer and the verifier of traces share. */
#ifndef AGX_TRACE_INTERNAL_H
#define AGX_TRACE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_trace.h"

#define PAGE_OFFSET(word) ((word) & ~7u)
#define PAGE_KIND(word)   ((word)&7u)

/* A page is 1024 words of 4 bytes. */
#define PAGE_WORDS (AGXT_PAGE_SIZE / 4)

static inline const uint32_t *pages_words(const struct agxt_pages *pages)
{
	return (const uint32_t *)(pages + 1);
}

/* Bytes of a PAGES record before its content. */
static inline uint32_t pages_head_size(uint32_t count)
{
	return sizeof(struct agxt_pages) + agxt_align8(count * 4);
}

static inline uint32_t delta_size(const struct agxt_delta *delta)
{
	return agxt_align8(sizeof(*delta) + delta->runs * 4u + delta->words * 4u);
}

bool page_is_zero(const uint8_t *page);

/*
 * The bytes that page (4096 bytes, 8-byte aligned) needs as a delta to base, written to delta
 * (room for max bytes). Returns the size, a multiple of 8, or 0 when it would be more than max.
 */
uint32_t delta_encode(const uint8_t *page, const uint8_t *base, uint32_t base_offset, uint32_t max,
		      void *delta);

/* Content of a sound page word of a chunk with these raw bytes. */
const uint8_t *page_content(const uint8_t *raw, uint32_t word, uint8_t *buf);

/* Sum of record digests: a 128-bit number. */
struct trace_digest {
	uint64_t low;
	uint64_t high;
};

/* Adds a record other than PAGES. */
void digest_record(struct trace_digest *digest, uint32_t stream, const struct agxt_record *rec);

/* XXH3-128 of a page, canonical form. */
struct page_hash {
	uint8_t bytes[16];
};

struct page_hash page_hash(const uint8_t *page);

/* The hash of a page of zeros. */
struct page_hash page_hash_zero(void);

/* Adds PAGES: head with the count that hashes has. */
void digest_pages(struct trace_digest *digest, uint32_t stream, const struct agxt_pages *pages,
		  const struct page_hash *hashes);

void digest_store(const struct trace_digest *digest, uint8_t bytes[16]);

static inline bool record_is_submit(const struct agxt_record *rec)
{
	/* Type 'd' and number 0x4a, whatever the size: DRM_IOCTL_ASAHI_SUBMIT. */
	return rec->type == AGXT_CALL &&
	       (((const struct agxt_call *)rec)->request & 0xffff) == 0x644a;
}

#endif
