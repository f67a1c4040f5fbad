// SPDX-License-Identifier: MIT
/*
 * Damaged, cut and hostile files: never a crash, never silence, as much as is sound still
 * readable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>
#include <zstd.h>

#include "agx_trace.h"
#include "synth.h"
#include "verify.h"

static uint8_t *sound;
static size_t sound_size;
static uint64_t *seqs; /* of all records */
static uint64_t num_seqs;

/*
 * Reads everything that can be read, touching every page. Returns records, or -1 when opening
 * failed.
 */
static int64_t read_all(const uint8_t *bytes, size_t size, bool force, struct agx_trace_info *info,
			int *result)
{
	struct agx_trace_reader_params params = {.force = force};
	struct agx_trace_reader *r;
	struct agx_trace_error error;
	struct agx_trace_item item;
	volatile uint8_t sum = 0;
	uint8_t buf[4096];
	int64_t count = 0;
	uint32_t i;
	int ret;

	ret = agx_trace_reader_open_memory(bytes, size, &params, &r, &error);
	*result = ret;
	if (ret) {
		char text[256];

		assert_true(strlen(agx_trace_error_text(&error, text, sizeof(text))) > 5);
		return -1;
	}
	while ((ret = agx_trace_reader_next(r, &item, &error)) > 0) {
		const struct agxt_pages *pages = (const struct agxt_pages *)item.rec;

		/* Nothing is made up: each record is one of the sound file's. */
		while (count < (int64_t)num_seqs && seqs[count] < item.rec->seq && force)
			count++;
		count++;
		if (item.rec->type != AGXT_PAGES)
			continue;
		for (i = 0; i < pages->count; i++)
			sum += agx_trace_page(&item, i, buf)[i % 4096];
	}
	*result = ret;
	agx_trace_reader_info(r, info);
	agx_trace_reader_close(r);
	return count;
}

static int make_sound(void **state)
{
	/* Several chunks, two streams, some not compressible. */
	struct agx_trace_writer_params params = {.chunk_size = 1500};
	uint8_t noise[4096];
	uint32_t random = 77;
	struct agx_trace_reader *r;
	struct agx_trace_item item;
	int fd = synth_memfd();
	struct synth s;
	struct synth other;
	unsigned int i;

	synth_init(&s, fd, &params);
	synth_process(&s, "first");
	other = s;
	other.stream = 1;
	other.file = 2;
	other.seq = &s.own_seq;
	s.seq = &s.own_seq;
	synth_process(&other, "second");
	synth_open(&s);
	synth_vm_create(&s, 1);
	synth_queue_create(&s, 1, 1);
	synth_gem_create(&s, 1, 1 << 14, 1);
	synth_bind(&s, 1, 1, 0x200000000, 1 << 14);
	synth_open(&other);
	synth_syncobj_create(&s, 1);
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = i < 600 ? synth_random(&random) : 0;
	for (i = 0; i < 6; i++) {
		noise[i * 5] = i;
		synth_pages(&s, 1, 0, 1, noise);
		synth_submit(&s, 1, i ? 1 : 0, 1, 0x200000000);
		synth_syncobj_create(&other, i + 1);
		synth_marker(&s, AGXT_MARKER_PRESENT, i + 1, "frame");
	}
	if (s.error || other.error)
		return -1;
	sound = synth_finish(&s, fd, &sound_size);
	close(fd);
	if (agx_trace_reader_open_memory(sound, sound_size, NULL, &r, NULL))
		return -1;
	seqs = calloc(1000, sizeof(*seqs));
	while (agx_trace_reader_next(r, &item, NULL) > 0)
		seqs[num_seqs++] = item.rec->seq;
	agx_trace_reader_close(r);
	return 0;
}

static int free_sound(void **state)
{
	free(sound);
	free(seqs);
	return 0;
}

static void print_problem(void *data, const struct agx_trace_problem *problem)
{
	char text[256];

	print_message("%s\n", agx_trace_problem_text(problem, text, sizeof(text)));
}

static void sound_file_verifies(void **state)
{
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;

	assert_int_equal(
		agx_trace_verify_memory(sound, sound_size, print_problem, NULL, &verdict, &error),
		0);
	assert_int_equal(verdict.damages, 0);
	assert_int_equal(verdict.broken_rules, 0);
	assert_false(verdict.truncated);
	assert_int_equal(verdict.records, num_seqs);
	assert_int_equal(verdict.submits, 6);
	assert_int_equal(verdict.unfinished_calls, 0);
}

static void cut_anywhere_reads_to_the_cut(void **state)
{
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	struct agx_trace_info info;
	int64_t last = -1;
	size_t size;
	int result;

	for (size = 0; size < sound_size; size++) {
		/* An exact allocation, so that reading past the end is noticed. */
		uint8_t *bytes = malloc(size ? size : 1);
		int64_t count;

		memcpy(bytes, sound, size);
		count = read_all(bytes, size, false, &info, &result);
		if (size < sizeof(struct agxt_file_header)) {
			assert_int_equal(count, -1);
			assert_int_equal(result, -EBADMSG);
		} else {
			assert_int_equal(result, 0);
			assert_true(info.truncated);
			assert_true(info.sound_size <= size);
			/* More bytes never give less. */
			assert_true(count >= last);
			last = count;
		}
		assert_int_equal(agx_trace_verify_memory(bytes, size, NULL, NULL, &verdict, &error),
				 0);
		assert_true(verdict.damages > 0);
		free(bytes);
	}
	assert_int_equal(last, num_seqs);
}

static void every_changed_byte_is_noticed(void **state)
{
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	struct agx_trace_info info;
	uint8_t *bytes = malloc(sound_size);
	unsigned int m;
	size_t i;
	int result;

	memcpy(bytes, sound, sound_size);
	for (i = 0; i < sound_size; i++) {
		const uint8_t masks[] = {1 << i % 8, 0xff};

		for (m = 0; m < sizeof(masks); m++) {
			int ret;

			bytes[i] ^= masks[m];
			ret = agx_trace_verify_memory(bytes, sound_size, NULL, NULL, &verdict,
						      &error);
			if (ret)
				assert_int_equal(ret, -EPROTONOSUPPORT);
			else if (!verdict.damages)
				fail_msg("byte %zu changed by 0x%x is not noticed", i, masks[m]);
			if (m == 0) {
				read_all(bytes, sound_size, false, &info, &result);
				/* One bad byte costs one chunk at most, once opening works. */
				if (i >= sizeof(struct agxt_file_header)) {
					assert_true(read_all(bytes, sound_size, true, &info,
							     &result) > 0);
					assert_int_equal(result, 0);
					assert_true(info.damaged || info.truncated);
				}
			}
			bytes[i] ^= masks[m];
		}
	}
	free(bytes);
}

static void removed_and_doubled_chunks_are_noticed(void **state)
{
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	struct agxt_chunk_header header;
	struct agx_trace_info info;
	size_t offset = sizeof(struct agxt_file_header);
	uint8_t *bytes = malloc(2 * sound_size);
	unsigned int chunks = 0;
	int result;

	while (offset < sound_size - sizeof(struct agxt_footer)) {
		size_t end;

		memcpy(&header, sound + offset, sizeof(header));
		end = offset + sizeof(header) + ((header.stored_size + 7ul) & ~7ul);
		memcpy(bytes, sound, offset);
		memcpy(bytes + offset, sound + end, sound_size - end);
		assert_int_equal(agx_trace_verify_memory(bytes, sound_size - (end - offset), NULL,
							 NULL, &verdict, &error),
				 0);
		assert_true(verdict.damages > 0);
		read_all(bytes, sound_size - (end - offset), true, &info, &result);
		memcpy(bytes, sound, end);
		memcpy(bytes + end, sound + offset, sound_size - offset);
		assert_int_equal(agx_trace_verify_memory(bytes, sound_size + (end - offset), NULL,
							 NULL, &verdict, &error),
				 0);
		assert_true(verdict.damages > 0);
		read_all(bytes, sound_size + (end - offset), true, &info, &result);
		offset = end;
		chunks++;
	}
	assert_true(chunks > 5);
	free(bytes);
}

static void other_versions(void **state)
{
	struct agxt_file_header header;
	uint8_t *bytes = malloc(sound_size);
	struct agx_trace_reader *r;
	struct agx_trace_error error;
	struct agx_trace_item item;
	char text[256];

	memcpy(bytes, sound, sound_size);
	memcpy(&header, bytes, sizeof(header));
	/* A newer major is refused, naming both numbers. */
	header.major = 2;
	header.hash = XXH3_64bits(&header, offsetof(struct agxt_file_header, hash));
	memcpy(bytes, &header, sizeof(header));
	assert_int_equal(agx_trace_reader_open_memory(bytes, sound_size, NULL, &r, &error),
			 -EPROTONOSUPPORT);
	agx_trace_error_text(&error, text, sizeof(text));
	assert_non_null(strstr(text, "version"));
	assert_non_null(strstr(text, "0x1"));
	assert_non_null(strstr(text, "0x2"));
	/* A newer minor is read. */
	header.major = 1;
	header.minor = 99;
	header.hash = XXH3_64bits(&header, offsetof(struct agxt_file_header, hash));
	memcpy(bytes, &header, sizeof(header));
	assert_int_equal(agx_trace_reader_open_memory(bytes, sound_size, NULL, &r, &error), 0);
	assert_int_equal(agx_trace_reader_next(r, &item, &error), 1);
	agx_trace_reader_close(r);
	free(bytes);
}

/* A file with one chunk of these raw bytes, all checksums right: what an attacker would write. */
static uint8_t *forge(const void *raw, uint32_t raw_size, const struct agxt_chunk_header *like,
		      size_t *size)
{
	struct agxt_file_header file = {.major = 1, .header_size = sizeof(file)};
	struct agxt_chunk_header header = *like;
	size_t bound = ZSTD_compressBound(raw_size);
	uint8_t *bytes = calloc(1, sizeof(file) + sizeof(header) + bound + 8);
	uint8_t *payload = bytes + sizeof(file) + sizeof(header);
	size_t stored = ZSTD_compress(payload, bound, raw, raw_size, 1);

	memcpy(file.magic, AGXT_FILE_MAGIC, 8);
	file.hash = XXH3_64bits(&file, offsetof(struct agxt_file_header, hash));
	header.magic = AGXT_CHUNK_MAGIC;
	header.type = AGXT_CHUNK_RECORDS;
	header.codec = AGXT_CODEC_ZSTD;
	if (!header.raw_size)
		header.raw_size = raw_size;
	header.stored_size = stored;
	header.raw_hash = XXH3_64bits(raw, raw_size);
	header.stored_hash = XXH3_64bits(payload, stored);
	header.hash = XXH3_64bits(&header, offsetof(struct agxt_chunk_header, hash));
	memcpy(bytes, &file, sizeof(file));
	memcpy(bytes + sizeof(file), &header, sizeof(header));
	*size = sizeof(file) + sizeof(header) + ((stored + 7) & ~7ul);
	return bytes;
}

/* The first error of reading a forged chunk, with its text in text. */
static int read_forged(const void *raw, uint32_t raw_size, struct agxt_chunk_header like,
		       char *text, size_t text_size)
{
	struct agx_trace_reader_params params = {.force = false};
	struct agx_trace_reader *r;
	struct agx_trace_error error;
	struct agx_trace_item item;
	size_t size;
	uint8_t *bytes = forge(raw, raw_size, &like, &size);
	int ret;

	snprintf(text, text_size, "none");
	ret = agx_trace_reader_open_memory(bytes, size, &params, &r, &error);
	if (!ret) {
		while ((ret = agx_trace_reader_next(r, &item, &error)) > 0)
			;
		agx_trace_reader_close(r);
	}
	if (ret)
		agx_trace_error_text(&error, text, text_size);
	free(bytes);
	return ret;
}

static void hostile_records_are_refused(void **state)
{
	struct {
		struct agxt_pages pages;
		uint32_t words[2];
		uint8_t content[2 * 4096];
	} good = {
		.pages = {.rec = {.size = sizeof(good), .type = AGXT_PAGES, .seq = 1},
			  .handle = 1,
			  .count = 2},
		.words = {56 | AGXT_PAGE_FULL, (56 + 4096) | AGXT_PAGE_FULL},
	};
	struct agxt_delta delta = {.base = 56, .runs = 1, .words = 2};
	struct agxt_delta_run run = {.first = 1000, .words = 2};
	const struct agxt_chunk_header like = {.records = 1, .first_seq = 1, .last_seq = 1};
	typeof(good) bad;
	char text[256];

#define REFUSED(part)                                                                      \
	do {                                                                               \
		assert_int_equal(read_forged(&bad, sizeof(bad), like, text, sizeof(text)), \
				 -EBADMSG);                                                \
		if (!strstr(text, part))                                                   \
			fail_msg("\"%s\" does not say \"%s\"", text, part);                \
		bad = good;                                                                \
	} while (0)

	assert_int_equal(sizeof(good) % 8, 0);
	assert_int_equal(read_forged(&good, sizeof(good), like, text, sizeof(text)), 0);
	bad = good;
	bad.words[1] += 8;
	REFUSED("page content past the end");
	bad.words[1] = 0xfffffff8 | AGXT_PAGE_FULL;
	REFUSED("page content past the end");
	bad.words[1] = 0xfffffff8 | AGXT_PAGE_DELTA;
	REFUSED("delta past the end");
	bad.words[1] = 3;
	REFUSED("kind of page");
	bad.words[1] = 8;
	REFUSED("page word");
	bad.pages.count = 1025;
	REFUSED("number of pages");
	bad.pages.count = 0;
	REFUSED("number of pages");
	bad.pages.first_page = UINT64_MAX;
	REFUSED("first page");
	bad.pages.rec.size = 8;
	REFUSED("record size");
	bad.pages.rec.size = sizeof(bad) + 8;
	REFUSED("record past the end");
	bad.pages.rec.size = sizeof(bad) - 4;
	REFUSED("record size");
	bad.pages.rec.seq = 0;
	REFUSED("sequence number");
	bad.pages.rec.type = AGXT_PAGES_RAW;
	REFUSED("record size");

	/* Deltas: the base is page 0, the delta lies where page 1 was. */
	good.words[1] = (56 + 4096) | AGXT_PAGE_DELTA;
	memcpy(good.content + 4096, &delta, sizeof(delta));
	memcpy(good.content + 4096 + sizeof(delta), &run, sizeof(run));
	assert_int_equal(read_forged(&good, sizeof(good), like, text, sizeof(text)), 0);
	bad = good;
	run.first = 1023;
	memcpy(bad.content + 4096 + sizeof(delta), &run, sizeof(run));
	REFUSED("run of a delta");
	run.words = 0;
	memcpy(bad.content + 4096 + sizeof(delta), &run, sizeof(run));
	REFUSED("run of a delta");
	delta.words = 3;
	memcpy(bad.content + 4096, &delta, sizeof(delta));
	REFUSED("words of a delta");
	delta.words = 2;
	delta.base = 64;
	memcpy(bad.content + 4096, &delta, sizeof(delta));
	REFUSED("base of a delta");
	delta.base = 0xfffffff8;
	memcpy(bad.content + 4096, &delta, sizeof(delta));
	REFUSED("base of a delta");
	delta.runs = 0xffff;
	memcpy(bad.content + 4096, &delta, sizeof(delta));
	REFUSED("delta past the end");
#undef REFUSED
}

/* A result of a launch is as long as both its structures; one of an older writer is not. */
static void short_results_are_refused(void **state)
{
	struct {
		struct agxt_result result;
		struct agxt_result_launch launch;
	} record = {
		.result = {.rec = {.size = sizeof(record), .type = AGXT_RESULT, .seq = 1},
			   .handle = 1},
	};
	const struct agxt_chunk_header like = {.records = 1, .first_seq = 1, .last_seq = 1};
	char text[256];

	assert_int_equal(read_forged(&record, sizeof(record), like, text, sizeof(text)), 0);
	assert_null(agx_trace_result_launch(&record.result.rec));
	record.result.rec.flags = AGXT_RESULT_LAUNCH;
	assert_int_equal(read_forged(&record, sizeof(record), like, text, sizeof(text)), 0);
	assert_ptr_equal(agx_trace_result_launch(&record.result.rec), &record.launch);
	record.result.rec.size = sizeof(record.result) + 24;
	assert_int_equal(read_forged(&record, record.result.rec.size, like, text, sizeof(text)),
			 -EBADMSG);
	assert_non_null(strstr(text, "record size"));
	record.result.rec.flags = 0;
	record.result.rec.size = sizeof(record.result);
	assert_int_equal(read_forged(&record, sizeof(record.result), like, text, sizeof(text)), 0);
	record.result.rec.size -= 8;
	assert_int_equal(read_forged(&record, record.result.rec.size, like, text, sizeof(text)),
			 -EBADMSG);
}

static void hostile_calls_are_refused(void **state)
{
	struct {
		struct agxt_call call;
		uint8_t args[40];
		struct agxt_blob blob;
		uint8_t bytes[16];
	} good = {
		.call = {.rec = {.size = sizeof(good), .type = AGXT_CALL, .seq = 1, .file = 1},
			 .request = DRM_IOCTL_ASAHI_SUBMIT,
			 .arg_size = 40,
			 .blobs = 1},
		.blob = {.size = 13, .pointee = 1},
	};
	struct agxt_chunk_header like = {.records = 1, .submits = 1, .first_seq = 1, .last_seq = 1};
	typeof(good) bad;
	char text[256];

#define REFUSED(part)                                                                      \
	do {                                                                               \
		assert_int_equal(read_forged(&bad, sizeof(bad), like, text, sizeof(text)), \
				 -EBADMSG);                                                \
		if (!strstr(text, part))                                                   \
			fail_msg("\"%s\" does not say \"%s\"", text, part);                \
		bad = good;                                                                \
	} while (0)

	assert_int_equal(read_forged(&good, sizeof(good), like, text, sizeof(text)), 0);
	bad = good;
	bad.call.arg_size = 0xffffffff;
	REFUSED("argument size");
	bad.call.arg_size = 100;
	REFUSED("arguments past the end");
	bad.call.blobs = 5;
	REFUSED("number of blobs");
	bad.call.blobs = 2;
	REFUSED("blob past the end");
	bad.call.blobs = 0;
	REFUSED("bytes after the last blob");
	bad.blob.size = 17;
	REFUSED("blob past the end");
	bad.blob.size = 0xfffffff9;
	REFUSED("blob size");
	bad.blob.pointee = 4;
	REFUSED("blob's pointee");
#undef REFUSED
	like.submits = 0;
	assert_int_equal(read_forged(&good, sizeof(good), like, text, sizeof(text)), -EBADMSG);
	like.submits = 1;
	like.records = 2;
	assert_int_equal(read_forged(&good, sizeof(good), like, text, sizeof(text)), -EBADMSG);
}

static void limits_hold(void **state)
{
	struct agxt_chunk_header like = {.records = 1, .first_seq = 1, .last_seq = 1};
	struct agx_trace_reader_params params = {.memory = 1000};
	struct agx_trace_reader *r;
	struct agx_trace_error error;
	struct agx_trace_item item;
	struct agxt_record rec = {.size = sizeof(rec), .type = 99, .seq = 1};
	char text[256];
	uint8_t *bytes;
	size_t size;

	/* An unknown type is skipped by its size: this is sound. */
	assert_int_equal(read_forged(&rec, sizeof(rec), like, text, sizeof(text)), 0);
	/* Declared sizes above the limit, and a payload that gives another size than declared. */
	like.raw_size = AGXT_MAX_CHUNK_RAW + 8;
	bytes = forge(&rec, sizeof(rec), &like, &size);
	assert_int_equal(agx_trace_reader_open_memory(bytes, size, NULL, &r, &error), 0);
	assert_int_equal(agx_trace_reader_next(r, &item, &error), 0);
	agx_trace_reader_close(r);
	free(bytes);
	like.raw_size = 4096;
	assert_int_equal(read_forged(&rec, sizeof(rec), like, text, sizeof(text)), -EBADMSG);
	like.raw_size = 24;
	assert_int_equal(read_forged(&rec, sizeof(rec), like, text, sizeof(text)), -EBADMSG);
	like.raw_size = 0;
	like.stream = AGXT_MAX_STREAMS;
	bytes = forge(&rec, sizeof(rec), &like, &size);
	assert_int_equal(agx_trace_reader_open_memory(bytes, size, NULL, &r, &error), 0);
	assert_int_equal(agx_trace_reader_next(r, &item, &error), 0);
	agx_trace_reader_close(r);
	free(bytes);
	/* Less memory than a chunk needs. */
	assert_int_equal(agx_trace_reader_open_memory(sound, sound_size, &params, &r, &error), 0);
	assert_int_equal(agx_trace_reader_next(r, &item, &error), -EFBIG);
	agx_trace_reader_close(r);
}

static void not_a_trace(void **state)
{
	static const char *const texts[] = {"", "x",
					    "\x7f"
					    "ELF with something long behind it........"};
	struct agx_trace_reader *r;
	struct agx_trace_error error;
	unsigned int i;

	for (i = 0; i < 3; i++)
		assert_int_equal(
			agx_trace_reader_open_memory(texts[i], strlen(texts[i]), NULL, &r, &error),
			-EBADMSG);
	assert_int_equal(agx_trace_reader_open("/nonexistent.agxt", NULL, &r, &error), -ENOENT);
	assert_int_equal(agx_trace_reader_open("/", NULL, &r, &error), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_file_verifies),
		cmocka_unit_test(cut_anywhere_reads_to_the_cut),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(removed_and_doubled_chunks_are_noticed),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(hostile_records_are_refused),
		cmocka_unit_test(short_results_are_refused),
		cmocka_unit_test(hostile_calls_are_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(not_a_trace),
	};

	return cmocka_run_group_tests(tests, make_sound, free_sound);
}
