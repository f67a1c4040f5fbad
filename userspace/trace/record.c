// SPDX-License-Identifier: MIT
/* Records: structure checks, access, names, digests. */
#include <string.h>

#include <xxhash.h>

#include "trace_internal.h"

/* Checks args and blobs that follow a CALL or RETURN head of head bytes. */
static const char *check_payload(const struct agxt_record *rec, uint32_t head, uint32_t arg_size,
				 uint32_t blobs)
{
	uint32_t offset = head;
	uint32_t i;

	if (arg_size >= AGXT_MAX_ARG)
		return "argument size";
	if (blobs > AGXT_MAX_BLOBS)
		return "number of blobs";
	if (rec->size - offset < agxt_align8(arg_size))
		return "arguments past the end of the record";
	offset += agxt_align8(arg_size);
	for (i = 0; i < blobs; i++) {
		const struct agxt_blob *blob;

		if (rec->size - offset < sizeof(*blob))
			return "blob past the end of the record";
		blob = (const struct agxt_blob *)((const uint8_t *)rec + offset);
		offset += sizeof(*blob);
		if (blob->size > AGXT_MAX_BLOB)
			return "blob size";
		if (blob->pointee >= AGXT_MAX_BLOBS)
			return "blob's pointee";
		if (rec->size - offset < agxt_align8(blob->size))
			return "blob past the end of the record";
		offset += agxt_align8(blob->size);
	}
	if (offset != rec->size)
		return "bytes after the last blob";
	return NULL;
}

/* Size of each type's fixed part. */
static uint32_t head_size(uint16_t type)
{
	switch (type) {
	case AGXT_META:
		return sizeof(struct agxt_meta);
	case AGXT_OPEN:
		return sizeof(struct agxt_open);
	case AGXT_CLOSE:
		return sizeof(struct agxt_close);
	case AGXT_CALL:
		return sizeof(struct agxt_call);
	case AGXT_RETURN:
		return sizeof(struct agxt_return);
	case AGXT_MAP:
	case AGXT_UNMAP:
		return sizeof(struct agxt_map);
	case AGXT_PAGES:
	case AGXT_PAGES_RAW:
		return sizeof(struct agxt_pages);
	case AGXT_FD:
		return sizeof(struct agxt_fd);
	case AGXT_RESULT:
		return sizeof(struct agxt_result);
	case AGXT_MARKER:
		return sizeof(struct agxt_marker);
	case AGXT_PROCESS:
		return sizeof(struct agxt_process);
	default:
		return sizeof(struct agxt_record);
	}
}

static const char *check_pages(const struct agxt_record *rec)
{
	const struct agxt_pages *pages = (const struct agxt_pages *)rec;
	uint64_t content;

	if (!pages->count || pages->count > AGXT_MAX_RECORD_PAGES)
		return "number of pages";
	if (pages->first_page > AGXT_MAX_BO_SIZE / AGXT_PAGE_SIZE)
		return "first page";
	if (rec->type == AGXT_PAGES)
		return rec->size < pages_head_size(pages->count)
			       ? "page words past the end of the record"
			       : NULL;
	content = rec->flags & AGXT_PAGES_ALL_ZERO ? 0 : (uint64_t)pages->count * AGXT_PAGE_SIZE;
	return rec->size != sizeof(*pages) + content ? "record size" : NULL;
}

const char *agx_trace_record_check(const struct agxt_record *rec, size_t size)
{
	uint32_t head;

	if (size < sizeof(*rec))
		return "record head past the end";
	if (rec->size < sizeof(*rec) || rec->size % 8 || rec->size > AGXT_MAX_RECORD)
		return "record size";
	if (rec->size > size)
		return "record past the end";
	head = head_size(rec->type);
	if (rec->size < head)
		return "record size";
	switch (rec->type) {
	case AGXT_META: {
		const struct agxt_meta *meta = (const struct agxt_meta *)rec;

		if (meta->size > AGXT_MAX_META)
			return "metadata size";
		return rec->size != head + agxt_align8(meta->size) ? "record size" : NULL;
	}
	case AGXT_CALL: {
		const struct agxt_call *call = (const struct agxt_call *)rec;

		return check_payload(rec, head, call->arg_size, call->blobs);
	}
	case AGXT_RETURN: {
		const struct agxt_return *ret = (const struct agxt_return *)rec;

		return check_payload(rec, head, ret->arg_size, ret->blobs);
	}
	case AGXT_PAGES:
	case AGXT_PAGES_RAW:
		return check_pages(rec);
	case AGXT_RESULT:
		return agx_trace_result_launch(rec) || !(rec->flags & AGXT_RESULT_LAUNCH)
			       ? NULL
			       : "record size";
	case AGXT_MARKER: {
		const struct agxt_marker *marker = (const struct agxt_marker *)rec;

		if (marker->size > AGXT_MAX_LABEL)
			return "label size";
		return rec->size != head + agxt_align8(marker->size) ? "record size" : NULL;
	}
	case AGXT_PROCESS: {
		const struct agxt_process *process = (const struct agxt_process *)rec;

		if (process->name_size > AGXT_MAX_LABEL)
			return "name size";
		return rec->size != head + agxt_align8(process->name_size) ? "record size" : NULL;
	}
	default:
		/* Fixed-size types may grow at their end in a newer minor version. */
		return NULL;
	}
}

const uint8_t *agx_trace_args(const struct agxt_record *rec, uint32_t *size)
{
	if (rec->type == AGXT_CALL) {
		*size = ((const struct agxt_call *)rec)->arg_size;
		return (const uint8_t *)rec + sizeof(struct agxt_call);
	}
	*size = ((const struct agxt_return *)rec)->arg_size;
	return (const uint8_t *)rec + sizeof(struct agxt_return);
}

static uint32_t blob_count(const struct agxt_record *rec)
{
	return rec->type == AGXT_CALL ? ((const struct agxt_call *)rec)->blobs
				      : ((const struct agxt_return *)rec)->blobs;
}

struct agx_trace_blob agx_trace_blob(const struct agxt_record *rec, uint32_t i)
{
	const struct agxt_blob *blob;
	struct agx_trace_blob out;
	uint32_t size;
	const uint8_t *at = agx_trace_args(rec, &size);

	at += agxt_align8(size);
	for (;;) {
		blob = (const struct agxt_blob *)at;
		if (!i--)
			break;
		at += sizeof(*blob) + agxt_align8(blob->size);
	}
	out.pointee = blob->pointee;
	out.flags = blob->flags;
	out.size = blob->size;
	out.bytes = at + sizeof(*blob);
	return out;
}

bool agx_trace_find_blob(const struct agxt_record *rec, uint32_t pointee,
			 struct agx_trace_blob *blob)
{
	uint32_t count = blob_count(rec);
	uint32_t i;

	for (i = 0; i < count; i++) {
		*blob = agx_trace_blob(rec, i);
		if (blob->pointee == pointee)
			return true;
	}
	return false;
}

const struct agxt_result_launch *agx_trace_result_launch(const struct agxt_record *rec)
{
	const struct agxt_result *result = (const struct agxt_result *)rec;

	if (rec->type != AGXT_RESULT || !(rec->flags & AGXT_RESULT_LAUNCH) ||
	    rec->size < sizeof(*result) + sizeof(struct agxt_result_launch))
		return NULL;
	return (const struct agxt_result_launch *)(result + 1);
}

const char *agx_trace_type_name(uint16_t type)
{
	static const char *const names[] = {
		[AGXT_META] = "META",
		[AGXT_OPEN] = "OPEN",
		[AGXT_CLOSE] = "CLOSE",
		[AGXT_CALL] = "CALL",
		[AGXT_RETURN] = "RETURN",
		[AGXT_MAP] = "MAP",
		[AGXT_UNMAP] = "UNMAP",
		[AGXT_PAGES] = "PAGES",
		[AGXT_FD] = "FD",
		[AGXT_RESULT] = "RESULT",
		[AGXT_MARKER] = "MARKER",
		[AGXT_PROCESS] = "PROCESS",
		[AGXT_PAGES_RAW] = "PAGES_RAW",
	};

	if (type < sizeof(names) / sizeof(names[0]) && names[type])
		return names[type];
	return "unknown";
}

const char *agx_trace_meta_name(uint32_t key)
{
	static const char *const names[] = {
		[AGXT_META_GPU_PARAMS] = "gpu-params",
		[AGXT_META_SOC] = "soc",
		[AGXT_META_TOOL] = "tool",
		[AGXT_META_DRIVER] = "driver",
		[AGXT_META_COMMAND] = "command",
		[AGXT_META_HISTORY] = "history",
		[AGXT_META_FRAMES] = "frames",
		[AGXT_META_MACHINE] = "machine",
		[AGXT_META_RESULTS] = "results",
	};

	if (key < sizeof(names) / sizeof(names[0]) && names[key])
		return names[key];
	return "unknown";
}

static void digest_add(struct trace_digest *digest, XXH128_hash_t hash)
{
	digest->high += hash.high64 + __builtin_add_overflow(digest->low, hash.low64, &digest->low);
}

void digest_record(struct trace_digest *digest, uint32_t stream, const struct agxt_record *rec)
{
	digest_add(digest, XXH3_128bits_withSeed(rec, rec->size, stream));
}

struct page_hash page_hash(const uint8_t *page)
{
	struct page_hash hash;
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(page, AGXT_PAGE_SIZE));
	memcpy(hash.bytes, canonical.digest, sizeof(hash.bytes));
	return hash;
}

struct page_hash page_hash_zero(void)
{
	/* XXH3-128 of 4096 zero bytes; tests/trace computes it again. */
	static const struct page_hash zero = {{
		0x3e,
		0xe8,
		0xdc,
		0x4f,
		0x9e,
		0x7e,
		0xe4,
		0x95,
		0x93,
		0xd7,
		0x6f,
		0xe1,
		0x48,
		0xc6,
		0x89,
		0xba,
	}};

	return zero;
}

void digest_pages(struct trace_digest *digest, uint32_t stream, const struct agxt_pages *pages,
		  const struct page_hash *hashes)
{
	struct {
		struct agxt_pages head;
		struct page_hash hashes[AGXT_MAX_RECORD_PAGES];
	} bytes;
	size_t size = (size_t)pages->count * sizeof(*hashes);

	bytes.head = *pages;
	bytes.head.rec.size = sizeof(bytes.head);
	bytes.head.rec.type = AGXT_PAGES;
	bytes.head.rec.flags &= ~AGXT_PAGES_ALL_ZERO;
	memcpy(bytes.hashes, hashes, size);
	digest_add(digest, XXH3_128bits_withSeed(&bytes, sizeof(bytes.head) + size, stream));
}

void digest_store(const struct trace_digest *digest, uint8_t bytes[16])
{
	memcpy(bytes, &digest->low, 8);
	memcpy(bytes + 8, &digest->high, 8);
}
