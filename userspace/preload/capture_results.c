// SPDX-License-Identifier: MIT
/* What launches on the virtual node in this process have changed, as records: results_proto.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "capture.h"
#include "next.h"
#include "results_proto.h"

#define BUFFER_SIZE (1u << 20)

/* The lock covers it. NULL: not made yet. */
static uint8_t *buffer;

static bool call_node(int fd, struct preload_results *results)
{
	if (!NEXT(ioctl)(fd, PRELOAD_IOCTL_RESULTS, results))
		return true;
	/* A node that does not note what launches change. */
	capture.results = false;
	return false;
}

/* One record. wanted: the last RESULT's object is known, and so its content can be recorded. */
static void pass_record(struct capture_fd *file, const struct agxt_record *from, bool *wanted)
{
	const struct agxt_result *result = (const void *)from;
	struct capture_name *name;
	struct agxt_record *record;

	if (from->type == AGXT_RESULT) {
		name = capture_name_find(file, result->handle);
		*wanted = name || (from->flags & AGXT_RESULT_LOST);
		/* The CPU may write what was there before the launch: that is a change. */
		if (name)
			wt_object_forget(&name->object->wt, result->offset / WT_PAGE_SIZE,
					 result->size / WT_PAGE_SIZE + 2);
	}
	if (!*wanted)
		return;
	record = capture_record(from->type, from->size, file->id);
	if (!record)
		return;
	memcpy(record + 1, from + 1, from->size - sizeof(*from));
	record->flags = from->flags;
	capture_commit(record, from->size);
}

static void pass_records(struct capture_fd *file, const struct preload_results *results)
{
	const struct agxt_record *from;
	static bool wanted;
	uint32_t at;

	for (at = 0; at < results->used; at += from->size) {
		from = (const struct agxt_record *)(buffer + at);
		pass_record(file, from, &wanted);
	}
}

void capture_take_results(int fd, struct capture_fd *file, bool settle)
{
	struct preload_results results = {.size = BUFFER_SIZE, .more = 1};

	if (!capture.results || file->kind != CAPTURE_FD_FILE)
		return;
	if (!buffer) {
		buffer = NEXT(mmap)(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (buffer == MAP_FAILED) {
			buffer = NULL;
			return;
		}
	}
	results.buffer = (uintptr_t)buffer;
	results.flags = settle ? PRELOAD_RESULTS_SETTLE : 0;
	while (results.more && call_node(fd, &results)) {
		pass_records(file, &results);
		results.flags = 0;
	}
}

void capture_tag_results(int fd, uint64_t seq)
{
	struct preload_results results = {.flags = PRELOAD_RESULTS_TAG, .tag = seq};

	if (capture.results)
		call_node(fd, &results);
}
