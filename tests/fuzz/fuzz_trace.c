// SPDX-License-Identifier: MIT
/*
 * Fuzzes everything that reads traces: reader, printers, verifier, summary, extract, trim.
 *
 * The first byte of the input chooses its form:
 *   even: the rest is a file;
 *   odd:  the rest is chunks' raw bytes, u8 stream, u16 size, size bytes each. The harness makes a
 *         file of them with all checksums and counts right, so that what lies behind these is
 *               reached.
 *
 * The same source is a plain program that runs the files given as arguments (standalone.c).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>
#include <xxhash.h>

#include "agx_trace.h"
#include "extract.h"
#include "ioctl_print.h"
#include "summary.h"
#include "trim.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_CHUNKS 16

static FILE *null;
static volatile uint8_t sink;

static void check(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz-trace: %s\n", what);
	abort();
}

/* Counts of a chunk header, as far as the records' sizes make sense. */
static void count(struct agxt_chunk_header *header, const uint8_t *raw)
{
	struct agxt_record rec;
	uint32_t request;
	uint32_t offset;

	for (offset = 0; header->raw_size - offset >= sizeof(rec); offset += rec.size) {
		memcpy(&rec, raw + offset, sizeof(rec));
		if (rec.size < sizeof(rec) || rec.size % 8 || rec.size > header->raw_size - offset)
			return;
		if (!header->records) {
			header->first_seq = rec.seq;
			header->first_time = rec.time_ns;
		}
		header->last_seq = rec.seq;
		header->last_time = rec.time_ns;
		header->records++;
		if (rec.type != AGXT_CALL || rec.size < sizeof(struct agxt_call))
			continue;
		memcpy(&request, raw + offset + offsetof(struct agxt_call, request), 4);
		header->submits += (request & 0xffff) == 0x644a;
	}
}

/* A file of uncompressed chunks. */
static uint8_t *forge(const uint8_t *data, size_t size, size_t *out_size)
{
	struct agxt_file_header file = {.major = AGXT_VERSION_MAJOR, .header_size = sizeof(file)};
	uint8_t *out = calloc(1, sizeof(file) + size + MAX_CHUNKS * 104);
	uint8_t *at = out + sizeof(file);
	uint32_t number;

	if (!out)
		return NULL;
	memcpy(file.magic, AGXT_FILE_MAGIC, sizeof(file.magic));
	file.hash = XXH3_64bits(&file, offsetof(struct agxt_file_header, hash));
	memcpy(out, &file, sizeof(file));
	for (number = 0; number < MAX_CHUNKS && size >= 3; number++) {
		struct agxt_chunk_header header = {
			.magic = AGXT_CHUNK_MAGIC,
			.type = AGXT_CHUNK_RECORDS,
			.number = number,
			.stream = data[0],
			.raw_size = data[1] | data[2] << 8,
		};

		data += 3;
		size -= 3;
		if (header.raw_size > size)
			header.raw_size = size;
		header.stored_size = header.raw_size;
		count(&header, data);
		header.raw_hash = XXH3_64bits(data, header.raw_size);
		header.stored_hash = header.raw_hash;
		header.hash = XXH3_64bits(&header, offsetof(struct agxt_chunk_header, hash));
		memcpy(at, &header, sizeof(header));
		memcpy(at + sizeof(header), data, header.raw_size);
		at += sizeof(header) + agxt_align8(header.raw_size);
		data += header.raw_size;
		size -= header.raw_size;
	}
	*out_size = at - out;
	return out;
}

static void touch(const struct agx_trace_item *item)
{
	uint8_t buf[AGXT_PAGE_SIZE];
	uint32_t i;

	if (item->rec->type == AGXT_CALL || item->rec->type == AGXT_RETURN) {
		agx_call_print(null, item->rec);
		json_object_put(agx_call_json(item->rec));
	}
	if (item->rec->type != AGXT_PAGES)
		return;
	for (i = 0; i < ((const struct agxt_pages *)item->rec)->count; i++) {
		const uint8_t *page = agx_trace_page(item, i, buf);

		sink = page[0] ^ page[AGXT_PAGE_SIZE - 1];
	}
}

/* A trimmed trace of anything that can be read is sound. */
static void trim(struct agx_trace_reader *reader, uint64_t first, uint64_t last)
{
	int fd = memfd_create("trim", MFD_CLOEXEC);
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	char path[64];

	if (fd < 0)
		return;
	if (!agx_trace_trim(reader, first, last, fd, 1, &error)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		check(!agx_trace_verify(path, NULL, NULL, &verdict, &error), "trimmed file");
		check(!verdict.damages, "a trimmed trace is damaged");
	}
	close(fd);
}

static void run(const uint8_t *bytes, size_t size, bool force)
{
	const struct agx_trace_reader_params params = {.force = force, .memory = 64 << 20};
	struct agx_trace_summary summary;
	struct agx_trace_extract out;
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	struct agx_trace_item item;
	uint64_t seq = 0;
	int ret;

	if (agx_trace_reader_open_memory(bytes, size, &params, &reader, &error)) {
		check(error.what != NULL, "an error without a text");
		return;
	}
	while ((ret = agx_trace_reader_next(reader, &item, &error)) > 0) {
		check(item.rec->seq >= seq || force, "records out of order");
		seq = item.rec->seq;
		touch(&item);
	}
	check(!ret || error.what, "an error without a text");
	agx_trace_summarize(reader, &summary, &error);
	agx_trace_summary_finish(&summary);
	if (!agx_trace_extract_handle(reader, 0, 1, &out, &error))
		agx_trace_extract_free(&out);
	if (!agx_trace_extract_address(reader, 1, 0x200001000, &out, &error)) {
		sink = out.bytes[out.size - 1];
		agx_trace_extract_free(&out);
	}
	agx_trace_reader_seek_submit(reader, 1, &error);
	agx_trace_reader_next(reader, &item, &error);
	if (force)
		trim(reader, 1, 2);
	agx_trace_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	uint8_t *forged = NULL;

	if (!null)
		null = fopen("/dev/null", "w");
	if (!null || !size)
		return 0;
	if (*data++ & 1) {
		forged = forge(data, size - 1, &size);
		if (!forged)
			return 0;
		data = forged;
	} else {
		size--;
	}
	run(data, size, false);
	run(data, size, true);
	agx_trace_verify_memory(data, size, NULL, NULL, &verdict, &error);
	free(forged);
	return 0;
}
