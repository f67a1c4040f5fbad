// SPDX-License-Identifier: MIT
#include "results.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../trace/agxt_format.h"

/* Nobody takes it: what comes beyond this is lost, and said to be. */
#define MAX_KEPT (256u << 20)

/* A record on its way. */
struct entry {
	struct entry *next;
	const struct agx_file *file; /* NULL: of no file that is known */
	uint32_t size;
	uint64_t record[]; /* aligned */
};

/* Innermost of all locks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *first, **last = &first;
static uint64_t kept; /* bytes */
static _Atomic uint64_t tag;

/* Of the submission whose launches come. */
static uint64_t content_tag, content_left;

uint64_t results_tag(void *data)
{
	return atomic_load(&tag);
}

/* Room for a record at the end of the list, zeros; NULL: there is none. */
static void *add_record(const struct agx_file *file, uint32_t size, uint16_t type, uint16_t flags)
{
	struct entry *entry = kept + size > MAX_KEPT ? NULL : calloc(1, sizeof(*entry) + size);
	struct agxt_record *record;

	if (!entry)
		return NULL;
	entry->file = file;
	entry->size = size;
	*last = entry;
	last = &entry->next;
	kept += size;
	record = (struct agxt_record *)entry->record;
	record->size = size;
	record->type = type;
	record->flags = flags;
	return record;
}

static struct agxt_result *add_result(const struct agx_node_launch *launch, uint16_t flags,
				      struct agxt_result_launch **more)
{
	struct agxt_result *result = add_record(launch->file, sizeof(*result) + sizeof(**more),
						AGXT_RESULT, AGXT_RESULT_LAUNCH | flags);

	if (!result)
		return NULL;
	*more = (struct agxt_result_launch *)(result + 1);
	result->call = launch->tag;
	(*more)->command = launch->place.command;
	(*more)->launch = launch->place.number;
	(*more)->shader = launch->place.shader;
	return result;
}

static void add_content(const struct agx_node_launch *launch, const struct agx_node_result *from)
{
	const uint64_t end = (from->offset + from->size + AGXT_PAGE_SIZE - 1) / AGXT_PAGE_SIZE;
	uint64_t page = from->offset / AGXT_PAGE_SIZE, count;
	struct agxt_pages *pages;

	if (content_left < (end - page) * AGXT_PAGE_SIZE)
		return;
	content_left -= (end - page) * AGXT_PAGE_SIZE;
	for (; page < end; page += count) {
		count = end - page < PRELOAD_RESULTS_PAGES ? end - page : PRELOAD_RESULTS_PAGES;
		pages = add_record(launch->file,
				   (uint32_t)(sizeof(*pages) + count * AGXT_PAGE_SIZE),
				   AGXT_PAGES_RAW, AGXT_PAGES_RESULT | AGXT_PAGES_LAUNCH);
		if (!pages)
			return;
		pages->handle = from->handle;
		pages->count = (uint32_t)count;
		pages->first_page = page;
		memcpy(pages + 1, from->memory + (page * AGXT_PAGE_SIZE - from->start),
		       count * AGXT_PAGE_SIZE);
	}
}

static void add_launch(const struct agx_node_launch *launch)
{
	struct agxt_result_launch *more;
	bool lost = launch->lost;

	for (uint32_t i = 0; i < launch->count && !lost; i++) {
		const struct agx_node_result *from = &launch->results[i];
		struct agxt_result *result = add_result(launch, 0, &more);

		if (!result) {
			lost = true;
			break;
		}
		result->handle = from->handle;
		result->offset = from->offset;
		result->size = from->size;
		memcpy(result->digest, from->digest, sizeof(result->digest));
		more->address = from->address;
		more->changed = from->changed;
		add_content(launch, from);
	}
	/* Should there be no room for this either the launch looks as if it had changed nothing more. */
	if (lost)
		add_result(launch, AGXT_RESULT_LOST, &more);
}

void results_add(const struct agx_node_launch *launch, uint64_t content)
{
	pthread_mutex_lock(&lock);
	if (launch->tag != content_tag) {
		content_tag = launch->tag;
		content_left = content;
	}
	add_launch(launch);
	pthread_mutex_unlock(&lock);
}

/* Moves what fits; true: there is more. */
static bool take_entries(const struct agx_file *file, struct preload_results *to)
{
	struct entry **link = &first, *entry;
	uint8_t *buffer = (uint8_t *)(uintptr_t)to->buffer;
	bool more = false;

	while (!more && (entry = *link)) {
		if (entry->file && entry->file != file) {
			link = &entry->next;
			continue;
		}
		more = entry->size > to->size - to->used;
		if (more)
			break;
		memcpy(buffer + to->used, entry->record, entry->size);
		to->used += entry->size;
		kept -= entry->size;
		*link = entry->next;
		free(entry);
	}
	for (last = link; *last; last = &(*last)->next)
		;
	return more;
}

long results_ioctl(struct agx_node *node, const struct agx_file *file, bool on, uint64_t arg)
{
	struct preload_results *results = (struct preload_results *)(uintptr_t)arg;

	if (!on)
		return -ENOTTY;
	if (results->flags & PRELOAD_RESULTS_TAG)
		atomic_store(&tag, results->tag);
	if (results->flags & PRELOAD_RESULTS_SETTLE)
		agx_node_settle(node);
	results->used = 0;
	results->more = 0;
	if (!results->buffer)
		return 0;
	pthread_mutex_lock(&lock);
	results->more = take_entries(file, results);
	pthread_mutex_unlock(&lock);
	return 0;
}

void results_forget(void)
{
	struct entry *entry;

	/* Another thread of the parent may have held the lock. */
	pthread_mutex_init(&lock, NULL);
	while ((entry = first)) {
		first = entry->next;
		free(entry);
	}
	last = &first;
	kept = 0;
}
