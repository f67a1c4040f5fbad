// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "summary.h"

/* Texts and programs kept; a hostile trace has no use for more. */
#define MAX_ENTRIES AGXT_MAX_STREAMS

static char *text(const void *bytes, uint32_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return NULL;
	memcpy(copy, bytes, size);
	copy[size] = 0;
	return copy;
}

static int add_program(struct agx_trace_summary *s, const struct agx_trace_item *item)
{
	const struct agxt_process *process = (const struct agxt_process *)item->rec;
	struct agx_trace_program *programs;

	if (s->num_programs == MAX_ENTRIES)
		return 0;
	programs = reallocarray(s->programs, s->num_programs + 1, sizeof(*programs));
	if (!programs)
		return -ENOMEM;
	s->programs = programs;
	programs += s->num_programs;
	programs->stream = item->stream;
	programs->parent = process->parent;
	programs->name = text(process + 1, process->name_size);
	if (!programs->name)
		return -ENOMEM;
	s->num_programs++;
	return 0;
}

static int add_meta(struct agx_trace_summary *s, const struct agxt_meta *meta)
{
	char **history;
	char *copy;
	uint32_t i;

	if (meta->key == AGXT_META_GPU_PARAMS) {
		uint32_t size = meta->size < sizeof(s->params) ? meta->size : sizeof(s->params);

		memcpy(&s->params, meta + 1, size);
		s->have_params = true;
		return 0;
	}
	if (!meta->key || meta->key > AGXT_META_MACHINE)
		return 0;
	if (meta->key != AGXT_META_HISTORY && s->meta[meta->key])
		return 0;
	copy = text(meta + 1, meta->size);
	if (!copy)
		return -ENOMEM;
	/* A command's arguments end with NULs: show them as words. */
	for (i = 0; meta->key == AGXT_META_COMMAND && i + 1 < meta->size; i++) {
		if (!copy[i])
			copy[i] = ' ';
	}
	if (meta->key != AGXT_META_HISTORY) {
		s->meta[meta->key] = copy;
		return 0;
	}
	if (s->num_history == MAX_ENTRIES) {
		free(copy);
		return 0;
	}
	history = reallocarray(s->history, s->num_history + 1, sizeof(*history));
	if (!history) {
		free(copy);
		return -ENOMEM;
	}
	s->history = history;
	history[s->num_history++] = copy;
	return 0;
}

static struct agx_trace_ioctl_count *count(struct agx_trace_summary *s, uint32_t request)
{
	uint32_t i;

	for (i = 0; i < s->num_ioctls; i++) {
		if (s->ioctls[i].request == request)
			return &s->ioctls[i];
	}
	/* The last entry takes what does not fit. */
	if (s->num_ioctls == AGX_TRACE_MAX_IOCTLS)
		return &s->ioctls[s->num_ioctls - 1];
	s->ioctls[s->num_ioctls].request = request;
	return &s->ioctls[s->num_ioctls++];
}

static void add_pages(struct agx_trace_summary *s, const struct agx_trace_item *item)
{
	const struct agxt_pages *pages = (const struct agxt_pages *)item->rec;
	uint32_t next = item->offset + pages_head_size(pages->count);
	uint32_t i;

	s->pages += pages->count;
	for (i = 0; i < pages->count; i++) {
		uint32_t word = pages_words(pages)[i];

		if (PAGE_KIND(word) == AGXT_PAGE_ZERO) {
			s->zero_pages++;
		} else if (PAGE_OFFSET(word) == next && PAGE_KIND(word) == AGXT_PAGE_FULL) {
			s->full_pages++;
			next += AGXT_PAGE_SIZE;
		} else if (PAGE_OFFSET(word) == next) {
			s->delta_pages++;
			next += delta_size((const struct agxt_delta *)(item->raw + next));
		}
	}
}

static int add(struct agx_trace_summary *s, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;

	s->types[rec->type < 16 ? rec->type : 0]++;
	if (rec->time_ns > s->duration_ns)
		s->duration_ns = rec->time_ns;
	switch (rec->type) {
	case AGXT_PROCESS:
		return add_program(s, item);
	case AGXT_META:
		return add_meta(s, (const struct agxt_meta *)rec);
	case AGXT_OPEN:
		s->files++;
		return 0;
	case AGXT_CALL:
		count(s, ((const struct agxt_call *)rec)->request)->calls++;
		return 0;
	case AGXT_RETURN:
		if (((const struct agxt_return *)rec)->result < 0)
			count(s, ((const struct agxt_return *)rec)->request)->errors++;
		return 0;
	case AGXT_PAGES:
		add_pages(s, item);
		return 0;
	case AGXT_MARKER:
		if (((const struct agxt_marker *)rec)->kind == AGXT_MARKER_PRESENT)
			s->frames++;
		else
			s->labels++;
		return 0;
	default:
		return 0;
	}
}

static int compare(const void *pa, const void *pb)
{
	const struct agx_trace_ioctl_count *a = pa;
	const struct agx_trace_ioctl_count *b = pb;

	if (a->calls != b->calls)
		return a->calls < b->calls ? 1 : -1;
	return (a->request > b->request) - (a->request < b->request);
}

int agx_trace_summarize(struct agx_trace_reader *reader, struct agx_trace_summary *s,
			struct agx_trace_error *error)
{
	struct agx_trace_item item;
	int ret;

	memset(s, 0, sizeof(*s));
	agx_trace_reader_rewind(reader);
	while ((ret = agx_trace_reader_next(reader, &item, error)) > 0) {
		ret = add(s, &item);
		if (ret) {
			container_error(error, ret, "reading", item.chunk, item.offset);
			break;
		}
	}
	agx_trace_reader_info(reader, &s->info);
	qsort(s->ioctls, s->num_ioctls, sizeof(s->ioctls[0]), compare);
	if (s->types[AGXT_CALL] > s->types[AGXT_RETURN])
		s->unfinished_calls = s->types[AGXT_CALL] - s->types[AGXT_RETURN];
	return ret;
}

void agx_trace_summary_finish(struct agx_trace_summary *s)
{
	uint32_t i;

	for (i = 0; i < s->num_programs; i++)
		free(s->programs[i].name);
	for (i = 0; i < s->num_history; i++)
		free(s->history[i]);
	for (i = 0; i <= AGXT_META_MACHINE; i++)
		free(s->meta[i]);
	free(s->programs);
	free(s->history);
	memset(s, 0, sizeof(*s));
}
