// SPDX-License-Identifier: MIT
/*
 * flip-trace list FILE
 *     tells what can be changed: record number, kind (result, argument, page), offset of the bytes
 *     in the record, their number.
 * flip-trace copy IN OUT
 * flip-trace flip IN OUT RECORD OFFSET MASK
 *     writes the trace anew with one byte changed and all checksums right, but for the whole-trace
 *     digest, which stays that of IN.
 *
 * Pages count as spelled out: the content of a PAGES record follows its head.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_trace.h"
#include "rewrite.h"

struct flip {
	uint64_t record;
	uint32_t offset;
	uint8_t mask;
	bool active, done;
};

static bool apply(void *data, uint64_t index, uint32_t stream, struct agxt_record *rec)
{
	struct flip *flip = data;

	if (flip->active && index == flip->record && flip->offset < rec->size) {
		((uint8_t *)rec)[flip->offset] ^= flip->mask;
		flip->done = true;
	}
	return true;
}

static void show(uint64_t index, const char *kind, const void *record, const void *bytes,
		 uint32_t size)
{
	if (size)
		printf("%" PRIu64 " %s %zu %" PRIu32 "\n", index, kind,
		       (size_t)((const uint8_t *)bytes - (const uint8_t *)record), size);
}

/* Argument bytes and pointees, without what pads them. */
static void show_call(uint64_t index, const struct agxt_record *rec, uint32_t blobs)
{
	uint32_t size = 0, i;
	const uint8_t *args = agx_trace_args(rec, &size);

	show(index, "argument", rec, args, size);
	for (i = 0; i < blobs; i++) {
		struct agx_trace_blob blob = agx_trace_blob(rec, i);

		show(index, "argument", rec, blob.bytes, blob.size);
	}
}

static int list(const char *path)
{
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	struct agx_trace_item item;
	uint64_t index = 0;
	char text[256];
	int ret;

	ret = agx_trace_reader_open(path, NULL, &reader, &error);
	for (; !ret && (ret = agx_trace_reader_next(reader, &item, &error)) > 0; index++, ret = 0) {
		const struct agxt_record *rec = item.rec;
		const struct agxt_return *back = (const void *)rec;

		if (rec->type == AGXT_CALL) {
			show_call(index, rec, ((const struct agxt_call *)rec)->blobs);
		} else if (rec->type == AGXT_RETURN) {
			show(index, "result", rec, &back->result, sizeof(back->result));
			show_call(index, rec, back->blobs);
		} else if (rec->type == AGXT_PAGES) {
			const struct agxt_pages *pages = (const void *)rec;

			show(index, "page", rec, pages + 1, pages->count * AGXT_PAGE_SIZE);
		}
	}
	if (ret < 0) {
		fprintf(stderr, "flip-trace: %s\n",
			agx_trace_error_text(&error, text, sizeof(text)));
		return 3;
	}
	agx_trace_reader_close(reader);
	return 0;
}

int main(int argc, char **argv)
{
	struct flip flip = {0};

	if (argc == 3 && !strcmp(argv[1], "list"))
		return list(argv[2]);
	if (argc == 7 && !strcmp(argv[1], "flip")) {
		flip.active = true;
		flip.record = strtoull(argv[4], NULL, 10);
		flip.offset = (uint32_t)strtoul(argv[5], NULL, 10);
		flip.mask = (uint8_t)strtoul(argv[6], NULL, 10);
	} else if (argc != 4 || strcmp(argv[1], "copy")) {
		fprintf(stderr, "usage: flip-trace list FILE | copy IN OUT |"
				" flip IN OUT RECORD OFFSET MASK\n");
		return 2;
	}
	if (rewrite_trace(argv[2], argv[3], true, apply, &flip))
		return 3;
	return flip.active && !flip.done ? 2 : 0;
}
