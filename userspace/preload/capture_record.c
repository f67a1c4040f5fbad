// SPDX-License-Identifier: MIT
/* Records other than calls. */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "capture.h"

/* Pages that one record holds at most: a quarter MiB of ring at a time. */
#define RUN_PAGES 64u

void capture_record_meta(uint32_t key, const void *value, uint32_t size)
{
	struct agxt_meta *meta = capture_record(AGXT_META, sizeof(*meta) + size, 0);

	if (!meta)
		return;
	meta->key = key;
	meta->size = size;
	memcpy(meta + 1, value, size);
	capture_commit(meta, sizeof(*meta) + size);
}

void capture_record_map(uint16_t type, uint32_t file, uint32_t handle, uint64_t offset,
			uint64_t size, uint32_t prot, int result)
{
	struct agxt_map *map = capture_record(type, sizeof(*map), file);

	if (!map)
		return;
	map->handle = handle;
	map->prot = prot;
	map->offset = offset;
	map->size = size;
	map->result = result;
	map->pad = 0;
	capture_commit(map, sizeof(*map));
}

void capture_record_fd(uint32_t token, uint16_t event, uint16_t kind, uint64_t size, uint64_t call)
{
	struct agxt_fd *fd = capture_record(AGXT_FD, sizeof(*fd), 0);

	if (!fd)
		return;
	fd->token = token;
	fd->event = event;
	fd->kind = kind;
	fd->size = size;
	fd->call = call;
	capture_commit(fd, sizeof(*fd));
}

void capture_record_marker(uint32_t kind, uint64_t number, const char *text)
{
	uint32_t size = text ? (uint32_t)strnlen(text, AGXT_MAX_LABEL) : 0;
	struct agxt_marker *marker = capture_record(AGXT_MARKER, sizeof(*marker) + size, 0);

	if (!marker)
		return;
	marker->kind = kind;
	marker->size = size;
	marker->number = number;
	if (size)
		memcpy(marker + 1, text, size);
	capture_commit(marker, sizeof(*marker) + size);
}

/* A run of consecutive pages of one object that is being written to the ring. */
struct run {
	struct agxt_pages *pages; /* NULL: none open */
	struct capture_object *object;
};

static void run_end(struct run *run)
{
	if (run->pages)
		capture_commit(run->pages, sizeof(*run->pages) + run->pages->count * WT_PAGE_SIZE);
	run->pages = NULL;
}

static uint64_t page_changed(void *data, struct wt_map *map, uint64_t page, const uint8_t *content)
{
	struct capture_object *object = map->owner;
	struct run *run = data;
	uint8_t *to;

	if (run->pages && (run->object != object || run->pages->count == RUN_PAGES ||
			   run->pages->first_page + run->pages->count != page))
		run_end(run);
	if (!run->pages && object->file) {
		run->pages = capture_record(AGXT_PAGES_RAW,
					    sizeof(*run->pages) + RUN_PAGES * WT_PAGE_SIZE,
					    object->file->id);
		if (run->pages) {
			run->object = object;
			run->pages->handle = object->handle;
			run->pages->count = 0;
			run->pages->first_page = page;
		}
	}
	/* Nobody can name it, or recording is over: it is looked at again if it comes back. */
	if (!run->pages)
		return object->wt.digest[page];
	to = (uint8_t *)(run->pages + 1) + run->pages->count * WT_PAGE_SIZE;
	memcpy(to, content, WT_PAGE_SIZE);
	run->pages->count++;
	/* Of the copy: the program may be writing. */
	return wt_digest(to);
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void capture_collect(uintptr_t start, size_t size)
{
	struct run run = {0};
	uint64_t begin;

	if (capture.state != CAPTURE_ON || !capture.wt.count)
		return;
	begin = clock_ns();
	wt_collect(&capture.wt, start, size, page_changed, &run);
	run_end(&run);
	capture.collect_ns += clock_ns() - begin;
}
