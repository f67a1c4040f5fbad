// SPDX-License-Identifier: MIT
/*
 * Memory of buffer objects: recorded pages go into the target's, and what the recorded GPU wrote
 * is compared with what the target's wrote.
 *
 * An object is mapped as a whole when it is first needed. A bit per page tells which pages have
 * been written: as long as no GPU can have written, pages of zeros that were never anything else
 * need no memory. The bytes that a trace can make the target hold are counted against a limit.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "asahi_drm.h"
#include "replay_internal.h"

static void memory_name(const struct agxt_record *rec, uint32_t handle, char *buf, size_t size)
{
	snprintf(buf, size, "%s of handle %" PRIu32 " in file %" PRIu32,
		 agx_trace_type_name(rec->type), handle, rec->file);
}

/* A divergence that is about a record and no call. */
static int diverge_record(struct replay *r, const struct agx_trace_item *item, const char *name,
			  const char *field, const char *expected, const char *got)
{
	struct replay_call where = {
		.seq = item->rec->seq,
		.stream = item->stream,
		.thread = item->rec->thread,
	};

	return replay_diverge(r, &where, name, field, expected, got);
}

/* Maps the object. 0 or the negative errno that the target gave. */
static int map_object(struct replay *r, struct replay_file *file, struct replay_name *name)
{
	struct drm_asahi_gem_mmap_offset arg = {.handle = name->live};
	struct replay_memory *memory = &name->memory;
	struct agx_replay_mapping mapping = {0};
	long ret;

	if (memory->pointer)
		return 0;
	if (!memory->size)
		return -EINVAL;
	ret = replay_own_ioctl(r, file->live, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &arg, sizeof(arg));
	if (ret < 0)
		return (int)ret;
	memory->written = calloc(memory->size / AGXT_PAGE_SIZE / 64 + 1, sizeof(uint64_t));
	if (!memory->written)
		return -ENOMEM;
	ret = r->target->ops->map(r->target, file->live, arg.offset, memory->size, &mapping);
	if (ret < 0) {
		free(memory->written);
		memory->written = NULL;
		return (int)ret;
	}
	memory->pointer = mapping.pointer;
	memory->cookie = mapping.cookie;
	return 0;
}

void replay_memory_release(struct replay *r, struct replay_memory *memory)
{
	struct agx_replay_mapping mapping = {
		.pointer = memory->pointer,
		.size = memory->size,
		.cookie = memory->cookie,
	};

	if (memory->pointer)
		r->target->ops->unmap(r->target, &mapping);
	free(memory->written);
	*memory = (struct replay_memory){0};
}

void replay_forget_name(struct replay *r, struct replay_name *name)
{
	if (name->object == AGX_OBJECT_GEM)
		replay_memory_release(r, &name->memory);
	replay_names_remove(&r->names, name);
}

void replay_forget_file(struct replay *r, struct replay_file *file)
{
	while (file->names)
		replay_forget_name(r, &r->names.names[file->names - 1]);
	r->target->ops->close(r->target, file->live);
	replay_names_remove_file(&r->names, file);
}

/* The object that a record names. NULL when it is not there; *ret is then the verdict. */
static struct replay_name *find_object(struct replay *r, const struct agx_trace_item *item,
				       uint32_t handle, struct replay_file **file, int *ret)
{
	struct replay_name *name = NULL;

	*file = replay_names_find_file(&r->names, item->rec->file);
	if (*file)
		name = replay_names_find(&r->names, *file, AGX_OBJECT_GEM, handle);
	if (!name)
		*ret = replay_broken(r, "%s names handle %u of file %u, which does not exist",
				     agx_trace_type_name(item->rec->type), handle, item->rec->file);
	return name;
}

/* The object of a record, mapped. */
static struct replay_name *find_memory(struct replay *r, const struct agx_trace_item *item,
				       uint32_t handle, int *ret)
{
	struct replay_file *file;
	struct replay_name *name = find_object(r, item, handle, &file, ret);
	char what[80];

	if (!name)
		return NULL;
	*ret = map_object(r, file, name);
	if (*ret == -ENOMEM) {
		*ret = replay_refuse(
			r, "record %" PRIu64 ": no memory to map an object of %" PRIu64 " bytes",
			r->record, name->memory.size);
		return NULL;
	}
	if (*ret) {
		memory_name(item->rec, handle, what, sizeof(what));
		*ret = diverge_record(r, item, what, "mapping", "0", strerrorname_np(-*ret));
		return NULL;
	}
	return name;
}

static int compare_pages(struct replay *r, const struct agx_trace_item *item,
			 const struct replay_name *name)
{
	const struct agxt_pages *rec = (const void *)item->rec;
	uint8_t buffer[AGXT_PAGE_SIZE];
	uint32_t i;

	for (i = 0; i < rec->count; i++) {
		uint64_t offset = (rec->first_page + i) * AGXT_PAGE_SIZE;
		const uint8_t *expected = agx_trace_page(item, i, buffer);
		const uint8_t *got = name->memory.pointer + offset;
		char what[80], field[64], a[8], b[8];
		uint32_t at;
		int ret;

		r->out->stats.digests++;
		if (!memcmp(expected, got, AGXT_PAGE_SIZE))
			continue;
		for (at = 0; expected[at] == got[at];)
			at++;
		memory_name(item->rec, rec->handle, what, sizeof(what));
		snprintf(field, sizeof(field), "byte 0x%" PRIx64, offset + at);
		snprintf(a, sizeof(a), "0x%02x", expected[at]);
		snprintf(b, sizeof(b), "0x%02x", got[at]);
		ret = diverge_record(r, item, what, field, a, b);
		if (ret)
			return ret;
	}
	return 0;
}

static void write_pages(struct replay *r, const struct agx_trace_item *item,
			struct replay_memory *memory)
{
	const struct agxt_pages *rec = (const void *)item->rec;
	bool fresh = memory->fresh == r->out->stats.submits;
	uint32_t i;

	for (i = 0; i < rec->count; i++) {
		uint64_t page = rec->first_page + i;
		uint64_t *word = &memory->written[page / 64], bit = 1ull << page % 64;
		uint8_t *to = memory->pointer + page * AGXT_PAGE_SIZE;
		const uint8_t *from;

		if (fresh && !(*word & bit) && agx_trace_page_is_zero(item, i))
			continue;
		if (!(*word & bit)) {
			*word |= bit;
			r->written += AGXT_PAGE_SIZE;
		}
		from = agx_trace_page(item, i, to);
		if (from != to)
			memcpy(to, from, AGXT_PAGE_SIZE);
	}
	r->out->stats.pages += rec->count;
	r->out->stats.page_bytes += (uint64_t)rec->count * AGXT_PAGE_SIZE;
}

int replay_pages(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_pages *rec = (const void *)item->rec;
	uint64_t start = r->config.measure ? replay_clock() : 0;
	struct replay_name *name;
	int ret = 0;

	/* With the RESULT before it: replay_results.c. */
	if (rec->rec.flags & AGXT_PAGES_LAUNCH)
		return 0;
	name = find_memory(r, item, rec->handle, &ret);
	if (!name)
		return ret;
	if (rec->first_page > name->memory.size / AGXT_PAGE_SIZE ||
	    rec->count > name->memory.size / AGXT_PAGE_SIZE - rec->first_page)
		return replay_broken(
			r, "PAGES %" PRIu64 " to %" PRIu64 " of an object of %" PRIu64 " bytes",
			rec->first_page, rec->first_page + rec->count - 1, name->memory.size);
	if (rec->rec.flags & AGXT_PAGES_RESULT) {
		ret = compare_pages(r, item, name);
	} else {
		if (r->written > r->config.memory)
			return replay_refuse(r,
					     "record %" PRIu64
					     ": the trace fills more than %" PRIu64
					     " MiB of memory",
					     r->record, r->config.memory >> 20);
		write_pages(r, item, &name->memory);
	}
	if (r->config.measure)
		r->out->times.memory += replay_clock() - start;
	return ret;
}

int replay_result(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_result *rec = (const void *)item->rec;
	char what[80], field[80], expected[40], got[40];
	XXH128_canonical_t digest;
	struct replay_name *name;
	int ret = 0, i;

	/* Of moments that are over: replay_results.c has compared it when it came, if it could. */
	if (rec->rec.flags & AGXT_RESULT_LAUNCH) {
		if (!r->results || r->config.skip_results)
			r->out->stats.uncompared++;
		return 0;
	}
	name = find_memory(r, item, rec->handle, &ret);
	if (!name)
		return ret;
	if (rec->offset > name->memory.size || rec->size > name->memory.size - rec->offset)
		return replay_broken(r,
				     "RESULT of bytes 0x%" PRIx64 "+0x%" PRIx64
				     " of an object of 0x%" PRIx64 " bytes",
				     rec->offset, rec->size, name->memory.size);
	r->out->stats.digests++;
	XXH128_canonicalFromHash(&digest,
				 XXH3_128bits(name->memory.pointer + rec->offset, rec->size));
	if (!memcmp(digest.digest, rec->digest, sizeof(rec->digest)))
		return 0;
	for (i = 0; i < 16; i++) {
		snprintf(expected + 2 * i, 3, "%02x", rec->digest[i]);
		snprintf(got + 2 * i, 3, "%02x", digest.digest[i]);
	}
	memory_name(item->rec, rec->handle, what, sizeof(what));
	snprintf(field, sizeof(field), "digest of 0x%" PRIx64 "+0x%" PRIx64, rec->offset,
		 rec->size);
	return diverge_record(r, item, what, field, expected, got);
}

int replay_map(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_map *rec = (const void *)item->rec;
	struct replay_file *file = replay_names_find_file(&r->names, rec->rec.file);
	struct replay_name *name = NULL;
	char expected[24], got[24], what[80];
	int ret;

	if (file)
		name = replay_names_find(&r->names, file, AGX_OBJECT_GEM, rec->handle);
	/*
	 * A mapping outlives the handle; an attempt at nothing known has nothing to compare. The
	 * data of an UNMAP is the program's business.
	 */
	if (rec->rec.type == AGXT_UNMAP || (!name && rec->result))
		return 0;
	if (!name)
		return replay_broken(r, "MAP of handle %u of file %u, which does not exist",
				     rec->handle, rec->rec.file);
	if (rec->result)
		return 0;
	r->out->stats.calls++;
	r->out->stats.checks++;
	ret = map_object(r, file, name);
	if (!ret && (rec->offset > name->memory.size ||
		     rec->size > ((name->memory.size - rec->offset + 0xffff) & ~0xffffull)))
		ret = -EINVAL;
	if (!ret)
		return 0;
	memory_name(item->rec, rec->handle, what, sizeof(what));
	snprintf(expected, sizeof(expected), "0");
	snprintf(got, sizeof(got), "-%s", strerrorname_np(-ret));
	return diverge_record(r, item, what, "result", expected, got);
}
