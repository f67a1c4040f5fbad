// SPDX-License-Identifier: MIT
/*
 * Alters one thing in a trace, so that tests know what a comparison has to find:
 *
 *   diff-edit IN OUT copy                          nothing
 *   diff-edit IN OUT poke FILE HANDLE OFFSET XOR   32 bits of a buffer, wherever they were recorded
 *   diff-edit IN OUT swap FILE HANDLE OFFSET SIZE  so many bytes with those behind them, likewise
 *   diff-edit IN OUT rename DELTA                  all handles of buffers and syncobjs, and all times
 *   diff-edit IN OUT flags N XOR                   flags of the N-th GEM_CREATE
 *   diff-edit IN OUT drop NAME N                   the N-th call of an ioctl, and its return
 *   diff-edit IN OUT command SUBMIT OFFSET XOR     a byte of the command buffer
 *   diff-edit IN OUT noise SEED                    words of pages and command buffers, at random
 *   diff-edit IN OUT pages                         lists: file, handle, first page, pages
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_trace.h"
#include "asahi_drm.h"
#include "ioctl_table.h"
#include "rewrite.h"

struct edit {
	const char *what, *name;
	uint64_t a, b, c, d;
	uint64_t calls, submits; /* that were met */
	uint64_t dropped;        /* seq of the call */
	uint64_t done;
	uint32_t random;
};

static uint32_t next_random(struct edit *edit)
{
	edit->random ^= edit->random << 13;
	edit->random ^= edit->random >> 17;
	edit->random ^= edit->random << 5;
	return edit->random;
}

static int rename_ref(void *data, const struct agx_ioctl_ref *ref)
{
	const struct edit *edit = data;
	uint32_t value = agx_ref_get(ref);

	if (ref->field->kind == AGX_FIELD_HANDLE && value &&
	    (ref->field->object == AGX_OBJECT_GEM || ref->field->object == AGX_OBJECT_SYNCOBJ))
		agx_ref_set(ref, value + (uint32_t)edit->a);
	return 0;
}

static void rename_all(struct edit *edit, struct agxt_record *rec, uint32_t request, uint32_t blobs)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(request);
	uint32_t size, i;
	uint8_t *args = (uint8_t *)agx_trace_args(rec, &size);

	if (!desc)
		return;
	for (i = 0; i < blobs; i++) {
		struct agx_trace_blob blob = agx_trace_blob(rec, i);

		if (blob.pointee < desc->num_pointees)
			agx_ioctl_pointee_refs(desc, blob.pointee, args, size,
					       (uint8_t *)blob.bytes, blob.size,
					       AGX_ACCESS_IN | AGX_ACCESS_OUT, rename_ref, edit);
	}
	agx_ioctl_arg_refs(desc, args, size, AGX_ACCESS_IN | AGX_ACCESS_OUT, rename_ref, edit);
}

static void edit_rename(struct edit *edit, struct agxt_record *rec)
{
	rec->time_ns = rec->time_ns * 3 + 12345;
	switch (rec->type) {
	case AGXT_CALL:
		rename_all(edit, rec, ((struct agxt_call *)rec)->request,
			   ((struct agxt_call *)rec)->blobs);
		break;
	case AGXT_RETURN:
		rename_all(edit, rec, ((struct agxt_return *)rec)->request,
			   ((struct agxt_return *)rec)->blobs);
		break;
	case AGXT_MAP:
	case AGXT_UNMAP:
		((struct agxt_map *)rec)->handle += (uint32_t)edit->a;
		break;
	case AGXT_PAGES_RAW:
		((struct agxt_pages *)rec)->handle += (uint32_t)edit->a;
		break;
	case AGXT_RESULT:
		((struct agxt_result *)rec)->handle += (uint32_t)edit->a;
		break;
	default:
		break;
	}
	edit->done++;
}

/* What the record has of the buffer from the offset on; NULL: not the size bytes. */
static uint8_t *bytes_of(const struct edit *edit, struct agxt_record *rec, uint64_t size)
{
	struct agxt_pages *pages = (struct agxt_pages *)rec;
	uint64_t first;

	if (rec->type != AGXT_PAGES_RAW || rec->file != edit->a || pages->handle != edit->b)
		return NULL;
	first = pages->first_page * AGXT_PAGE_SIZE;
	if (edit->c < first || edit->c + size > first + (uint64_t)pages->count * AGXT_PAGE_SIZE)
		return NULL;
	return (uint8_t *)(pages + 1) + edit->c - first;
}

static void edit_swap(struct edit *edit, struct agxt_record *rec)
{
	uint8_t *at = bytes_of(edit, rec, 2 * edit->d);
	uint64_t i;

	for (i = 0; at && i < edit->d; i++) {
		uint8_t byte = at[i];

		at[i] = at[edit->d + i];
		at[edit->d + i] = byte;
		edit->done++;
	}
}

static void edit_poke(struct edit *edit, struct agxt_record *rec)
{
	uint8_t *at = bytes_of(edit, rec, sizeof(uint32_t));
	uint32_t word;

	if (!at)
		return;
	memcpy(&word, at, sizeof(word));
	word ^= (uint32_t)edit->d;
	memcpy(at, &word, sizeof(word));
	edit->done++;
}

/* The command buffer of a submit, or NULL. */
static uint8_t *commands(struct agxt_record *rec, uint32_t *size)
{
	struct agx_trace_blob blob;

	if (rec->type != AGXT_CALL || !agx_ioctl_is_submit(((struct agxt_call *)rec)->request) ||
	    !agx_trace_find_blob(rec, 1, &blob))
		return NULL;
	*size = blob.size;
	return (uint8_t *)blob.bytes;
}

static void edit_noise(struct edit *edit, struct agxt_record *rec)
{
	struct agxt_pages *pages = (struct agxt_pages *)rec;
	uint32_t size, i;
	uint8_t *bytes = commands(rec, &size);

	if (bytes && size && next_random(edit) % 4 == 0) {
		bytes[next_random(edit) % size] ^= (uint8_t)(1u << next_random(edit) % 8);
		edit->done++;
	}
	if (rec->type != AGXT_PAGES_RAW)
		return;
	for (i = 0; i < pages->count; i++) {
		uint8_t *page = (uint8_t *)(pages + 1) + (size_t)i * AGXT_PAGE_SIZE;
		uint32_t times = next_random(edit) % 16;

		while (times--) {
			page[next_random(edit) % AGXT_PAGE_SIZE] ^= (uint8_t)next_random(edit);
			edit->done++;
		}
	}
}

static bool edit_drop(struct edit *edit, struct agxt_record *rec)
{
	const struct agx_ioctl_desc *desc;

	if (rec->type == AGXT_RETURN && ((struct agxt_return *)rec)->call == edit->dropped &&
	    edit->dropped)
		return false;
	if (rec->type != AGXT_CALL)
		return true;
	desc = agx_ioctl_find(((struct agxt_call *)rec)->request);
	if (!desc || strcmp(desc->name, edit->name) != 0 || edit->calls++ != edit->a)
		return true;
	edit->dropped = rec->seq;
	edit->done++;
	return false;
}

static void edit_flags(struct edit *edit, struct agxt_record *rec)
{
	struct agxt_call *call = (struct agxt_call *)rec;
	struct drm_asahi_gem_create *args;
	uint32_t size;

	if (rec->type != AGXT_CALL || call->request != DRM_IOCTL_ASAHI_GEM_CREATE ||
	    edit->calls++ != edit->a)
		return;
	args = (struct drm_asahi_gem_create *)agx_trace_args(rec, &size);
	args->flags ^= (uint32_t)edit->b;
	edit->done++;
}

static void edit_command(struct edit *edit, struct agxt_record *rec)
{
	uint32_t size;
	uint8_t *bytes = commands(rec, &size);

	if (!bytes || edit->submits++ != edit->a || edit->b >= size)
		return;
	bytes[edit->b] ^= (uint8_t)edit->c;
	edit->done++;
}

static bool change(void *data, uint64_t index, uint32_t stream, struct agxt_record *rec)
{
	struct edit *edit = data;
	const struct agxt_pages *pages = (const struct agxt_pages *)rec;

	(void)index;
	(void)stream;
	if (!strcmp(edit->what, "drop"))
		return edit_drop(edit, rec);
	if (!strcmp(edit->what, "poke"))
		edit_poke(edit, rec);
	else if (!strcmp(edit->what, "swap"))
		edit_swap(edit, rec);
	else if (!strcmp(edit->what, "rename"))
		edit_rename(edit, rec);
	else if (!strcmp(edit->what, "flags"))
		edit_flags(edit, rec);
	else if (!strcmp(edit->what, "command"))
		edit_command(edit, rec);
	else if (!strcmp(edit->what, "noise"))
		edit_noise(edit, rec);
	else if (!strcmp(edit->what, "pages") && rec->type == AGXT_PAGES_RAW)
		printf("%u %u %llu %u\n", rec->file, pages->handle,
		       (unsigned long long)pages->first_page, pages->count);
	else
		edit->done++;
	return true;
}

int main(int argc, char **argv)
{
	struct edit edit = {.random = 1};
	uint64_t *numbers[] = {&edit.a, &edit.b, &edit.c, &edit.d};
	unsigned int i, at = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: diff-edit IN OUT WHAT [NUMBER…]\n");
		return 2;
	}
	edit.what = argv[3];
	for (i = 4; i < (unsigned int)argc && at < 4; i++) {
		if (i == 4 && !strcmp(edit.what, "drop"))
			edit.name = argv[i];
		else
			*numbers[at++] = strtoull(argv[i], NULL, 0);
	}
	if (!strcmp(edit.what, "noise"))
		edit.random = (uint32_t)edit.a * 2654435761u | 1;
	if (rewrite_trace(argv[1], argv[2], false, change, &edit))
		return 1;
	if (!edit.done && strcmp(edit.what, "pages") != 0) {
		fprintf(stderr, "diff-edit: nothing was changed\n");
		return 1;
	}
	return 0;
}
