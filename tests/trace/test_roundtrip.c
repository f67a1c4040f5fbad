// SPDX-License-Identifier: MIT
/* What is written is what is read: records, pages, streams, seeking, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx_trace.h"
#include "synth.h"
#include "trace_internal.h"

struct file {
	uint8_t *bytes;
	size_t size;
};

static struct file program(unsigned int frames, const struct agx_trace_writer_params *params)
{
	int fd = synth_memfd();
	struct synth s;
	struct file f;

	synth_init(&s, fd, params);
	synth_program(&s, frames);
	f.bytes = synth_finish(&s, fd, &f.size);
	close(fd);
	return f;
}

static struct agx_trace_reader *open_file(const struct file *f)
{
	struct agx_trace_reader *r;
	struct agx_trace_error error;

	assert_int_equal(agx_trace_reader_open_memory(f->bytes, f->size, NULL, &r, &error), 0);
	return r;
}

/* Digest of all records in merged order, with pages expanded. */
static struct trace_digest read_all(struct agx_trace_reader *r, uint64_t *records)
{
	struct trace_digest digest = {0, 0};
	struct page_hash hashes[AGXT_MAX_RECORD_PAGES];
	struct agx_trace_item item;
	struct agx_trace_error error;
	uint64_t seq = 0;
	uint8_t buf[4096];
	uint32_t i;

	*records = 0;
	while (agx_trace_reader_next(r, &item, &error) > 0) {
		assert_true(item.rec->seq >= seq);
		seq = item.rec->seq;
		if (item.rec->type == AGXT_PAGES) {
			const struct agxt_pages *pages = (const struct agxt_pages *)item.rec;

			for (i = 0; i < pages->count; i++)
				hashes[i] = page_hash(agx_trace_page(&item, i, buf));
			digest_pages(&digest, item.stream, pages, hashes);
		} else {
			digest_record(&digest, item.stream, item.rec);
		}
		++*records;
	}
	return digest;
}

static void whole_file_reads_back(void **state)
{
	static const uint32_t sizes[] = {1, 4096, 65536, 0};
	struct trace_digest digests[4];
	uint64_t records[4];
	unsigned int i;

	/* However the records are cut into chunks, they are the same. */
	for (i = 0; i < 4; i++) {
		struct agx_trace_writer_params params = {
			.chunk_size = sizes[i],
			.background = i & 1,
			.no_delta = i == 2,
		};
		struct file f = program(50, &params);
		struct agx_trace_reader *r = open_file(&f);
		struct agx_trace_info info;

		digests[i] = read_all(r, &records[i]);
		agx_trace_reader_info(r, &info);
		assert_int_equal(info.records, records[i]);
		assert_int_equal(info.submits, 50);
		assert_false(info.truncated);
		assert_false(info.damaged);
		agx_trace_reader_close(r);
		free(f.bytes);
		assert_memory_equal(&digests[i], &digests[0], sizeof(digests[0]));
		assert_int_equal(records[i], records[0]);
	}
}

static void zero_hash_is_right(void **state)
{
	static const uint8_t zero[AGXT_PAGE_SIZE];
	struct page_hash a = page_hash(zero);
	struct page_hash b = page_hash_zero();

	assert_memory_equal(&a, &b, sizeof(a));
}

static void delta_gives_the_page_back(void **state)
{
	uint8_t raw[4 * AGXT_PAGE_SIZE] __attribute__((aligned(8)));
	uint8_t page[AGXT_PAGE_SIZE] __attribute__((aligned(8)));
	uint8_t buf[AGXT_PAGE_SIZE];
	uint32_t random = 7;
	unsigned int i;
	unsigned int j;

	for (i = 0; i < AGXT_PAGE_SIZE; i++)
		raw[i] = synth_random(&random);
	for (i = 0; i < 2000; i++) {
		unsigned int changes = synth_random(&random) % 200;
		uint32_t size;

		memcpy(page, raw, sizeof(page));
		for (j = 0; j < changes; j++)
			page[synth_random(&random) % AGXT_PAGE_SIZE] ^= synth_random(&random);
		if (i == 0)
			memset(page, 0x55, sizeof(page));
		if (i == 1)
			page[AGXT_PAGE_SIZE - 1] ^= 1;
		memset(raw + AGXT_PAGE_SIZE, 0xaa, 3 * AGXT_PAGE_SIZE);
		size = delta_encode(page, raw, 0, i & 1 ? 8192 : 1024, raw + AGXT_PAGE_SIZE);
		assert_true(size % 8 == 0);
		assert_true(size <= (i & 1 ? 8192 : 1024));
		/* Not a byte behind it was touched. */
		for (j = AGXT_PAGE_SIZE + size; size && j < sizeof(raw); j++)
			assert_int_equal(raw[j], 0xaa);
		if (!size)
			continue;
		assert_memory_equal(page_content(raw, AGXT_PAGE_SIZE | AGXT_PAGE_DELTA, buf), page,
				    AGXT_PAGE_SIZE);
	}
}

static void equal_pages_are_stored_once(void **state)
{
	static uint32_t content[64][1024];
	struct agx_trace_writer_stats stats;
	struct agx_trace_reader *r;
	struct agx_trace_item item;
	int fd = synth_memfd();
	struct synth s;
	struct file f;
	uint8_t buf[4096];
	uint32_t i;

	for (i = 0; i < 64; i++)
		memset(content[i], i % 2 ? 0x11 * (i % 5) : 0, sizeof(content[i]));
	synth_init(&s, fd, NULL);
	synth_pages(&s, 1, 0, 64, content);
	synth_pages(&s, 2, 7, 64, content);
	agx_trace_writer_stats(s.writer, &stats);
	assert_int_equal(stats.pages, 128);
	/* Even pages and multiples of 5 are zero; of the rest there are four kinds. */
	assert_int_equal(stats.zero_pages, 2 * (32 + 6));
	assert_int_equal(stats.same_pages, 128 - 2 * (32 + 6) - 4);
	f.bytes = synth_finish(&s, fd, &f.size);
	assert_true(f.size < 2048);
	r = open_file(&f);
	assert_int_equal(agx_trace_reader_next(r, &item, NULL), 1);
	for (i = 0; i < 64; i++) {
		assert_memory_equal(agx_trace_page(&item, i, buf), content[i], 4096);
		assert_true(agx_trace_page_is_zero(&item, i) == !content[i][0]);
	}
	agx_trace_reader_close(r);
	free(f.bytes);
	close(fd);
}

static void large_runs_of_pages_are_split(void **state)
{
	uint32_t *content = malloc(3000 * 4096);
	struct agx_trace_reader *r;
	struct agx_trace_item item;
	int fd = synth_memfd();
	struct synth s;
	struct file f;
	uint32_t random = 3;
	uint32_t next = 100;
	uint8_t buf[4096];
	uint32_t i;

	for (i = 0; i < 3000 * 1024; i++)
		content[i] = synth_random(&random);
	synth_init(&s, fd, NULL);
	synth_pages(&s, 1, 100, 3000, content);
	synth_submit(&s, 1, 0, 1, 0);
	f.bytes = synth_finish(&s, fd, &f.size);
	r = open_file(&f);
	while (agx_trace_reader_next(r, &item, NULL) > 0 && item.rec->type == AGXT_PAGES) {
		const struct agxt_pages *pages = (const struct agxt_pages *)item.rec;

		assert_int_equal(pages->rec.seq, 1);
		assert_int_equal(pages->first_page, next);
		for (i = 0; i < pages->count; i++)
			assert_memory_equal(agx_trace_page(&item, i, buf),
					    content + (next - 100 + i) * 1024, 4096);
		next += pages->count;
	}
	assert_int_equal(next, 3100);
	assert_true(record_is_submit(item.rec));
	agx_trace_reader_close(r);
	free(f.bytes);
	free(content);
	close(fd);
}

static void streams_merge_by_sequence(void **state)
{
	struct agx_trace_writer_params params = {.chunk_size = 2048};
	struct synth s[5];
	struct agx_trace_reader_params small = {.memory = 5000};
	struct agx_trace_reader *r;
	struct agx_trace_item item;
	int fd = synth_memfd();
	uint32_t owner[3001];
	uint32_t random = 11;
	struct file f;
	uint64_t seq;
	unsigned int round;
	unsigned int i;

	synth_init(&s[0], fd, &params);
	for (i = 1; i < 5; i++) {
		s[i] = s[0];
		s[i].stream = i * 3;
		s[i].seq = &s[0].own_seq;
	}
	s[0].seq = &s[0].own_seq;
	for (seq = 1; seq <= 3000; seq++) {
		/* Phases: all streams at once, then one after the other. */
		i = seq < 1500 ? synth_random(&random) % 5 : (seq - 1500) / 301;
		owner[seq] = s[i].stream;
		synth_marker(&s[i], AGXT_MARKER_LABEL, seq, "here");
	}
	f.bytes = synth_finish(&s[0], fd, &f.size);
	/* The second time with too little memory for all streams at once. */
	for (round = 0; round < 2; round++) {
		assert_int_equal(agx_trace_reader_open_memory(f.bytes, f.size,
							      round ? &small : NULL, &r, NULL),
				 0);
		for (seq = 1; seq <= 3000; seq++) {
			assert_int_equal(agx_trace_reader_next(r, &item, NULL), 1);
			assert_int_equal(item.rec->seq, seq);
			assert_int_equal(item.stream, owner[seq]);
			assert_int_equal(((const struct agxt_marker *)item.rec)->number, seq);
		}
		assert_int_equal(agx_trace_reader_next(r, &item, NULL), 0);
		assert_int_equal(agx_trace_reader_next(r, &item, NULL), 0);
		for (seq = 1; seq <= 3000; seq += 37) {
			assert_int_equal(agx_trace_reader_seek_seq(r, seq, NULL), 0);
			assert_int_equal(agx_trace_reader_next(r, &item, NULL), 1);
			assert_int_equal(item.rec->seq, seq);
			assert_int_equal(item.stream, owner[seq]);
		}
		assert_int_equal(agx_trace_reader_seek_seq(r, 3001, NULL), -ENOENT);
		agx_trace_reader_close(r);
	}
	free(f.bytes);
	close(fd);
}

static void seeking_finds_submits_with_and_without_index(void **state)
{
	struct agx_trace_writer_params params = {.chunk_size = 20000};
	struct file f = program(200, &params);
	struct agx_trace_reader *r;
	struct agx_trace_item item;
	unsigned int round;
	uint64_t n;

	for (round = 0; round < 2; round++) {
		struct agx_trace_info info;

		r = open_file(&f);
		agx_trace_reader_info(r, &info);
		assert_int_equal(info.truncated, round);
		for (n = 0; n < 200; n += 23) {
			assert_int_equal(agx_trace_reader_seek_submit(r, n, NULL), 0);
			assert_int_equal(agx_trace_reader_next(r, &item, NULL), 1);
			assert_true(record_is_submit(item.rec));
			assert_int_equal(item.submit, n);
			/* From here reading goes on as ever. */
			assert_int_equal(agx_trace_reader_next(r, &item, NULL), 1);
			assert_int_equal(item.rec->type, AGXT_RETURN);
			assert_int_equal(item.submit, n + 1);
		}
		assert_int_equal(agx_trace_reader_seek_submit(r, 200, NULL), -ENOENT);
		agx_trace_reader_close(r);
		/* Cut the footer off: no index any more. */
		f.size -= sizeof(struct agxt_footer);
	}
	free(f.bytes);
}

static void bad_records_are_refused(void **state)
{
	int fd = synth_memfd();
	struct agxt_marker marker = {.kind = AGXT_MARKER_LABEL};
	struct agxt_pages pages = {.handle = 1, .count = 1};
	uint8_t content[4096] = {1};
	struct synth s;
	struct file f;

	synth_init(&s, fd, NULL);
	synth_process(&s, "p");
	marker.rec = synth_head(&s, AGXT_MARKER);
	marker.rec.size = sizeof(marker);
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &marker.rec), 0);
	/* The same sequence number again. */
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &marker.rec), -EINVAL);
	marker.rec.seq++;
	/* A label that is not there; a size that is no multiple of 8; a stream beyond the limit. */
	marker.size = 8;
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &marker.rec), -EINVAL);
	marker.size = 0;
	marker.rec.size += 4;
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &marker.rec), -EINVAL);
	marker.rec.size -= 4;
	assert_int_equal(agx_trace_writer_record(s.writer, AGXT_MAX_STREAMS, &marker.rec), -EINVAL);
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &marker.rec), 0);
	/* Pages: finished form, none, beyond the largest object, sequence. */
	pages.rec = marker.rec;
	pages.rec.seq++;
	pages.rec.type = AGXT_PAGES;
	pages.rec.size = sizeof(pages);
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &pages.rec), -EINVAL);
	pages.count = 0;
	assert_int_equal(agx_trace_writer_pages(s.writer, 0, &pages, content), -EINVAL);
	pages.count = 1;
	pages.first_page = AGXT_MAX_BO_SIZE / 4096;
	assert_int_equal(agx_trace_writer_pages(s.writer, 0, &pages, content), -EINVAL);
	pages.first_page--;
	assert_int_equal(agx_trace_writer_pages(s.writer, 0, &pages, content), 0);
	assert_int_equal(agx_trace_writer_pages(s.writer, 0, &pages, content), 0);
	assert_int_equal(agx_trace_writer_record(s.writer, 0, &marker.rec), -EINVAL);
	f.bytes = synth_finish(&s, fd, &f.size);
	free(f.bytes);
	close(fd);
}

static void empty_trace_is_sound(void **state)
{
	int fd = synth_memfd();
	struct agx_trace_item item;
	struct agx_trace_reader *r;
	struct synth s;
	struct file f;

	synth_init(&s, fd, NULL);
	f.bytes = synth_finish(&s, fd, &f.size);
	r = open_file(&f);
	assert_int_equal(agx_trace_reader_next(r, &item, NULL), 0);
	agx_trace_reader_close(r);
	free(f.bytes);
	close(fd);
}

static void write_errors_come_out(void **state)
{
	struct agx_trace_writer_params params = {.chunk_size = 4096};
	unsigned int round;

	for (round = 0; round < 2; round++) {
		int pipes[2];
		struct synth s;

		params.background = round;
		assert_int_equal(pipe(pipes), 0);
		synth_init(&s, pipes[1], &params);
		close(pipes[0]);
		synth_program(&s, 100);
		agx_trace_writer_flush(s.writer);
		assert_int_equal(agx_trace_writer_finish(s.writer), -EPIPE);
		agx_trace_writer_destroy(s.writer);
		close(pipes[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_file_reads_back),
		cmocka_unit_test(zero_hash_is_right),
		cmocka_unit_test(delta_gives_the_page_back),
		cmocka_unit_test(equal_pages_are_stored_once),
		cmocka_unit_test(large_runs_of_pages_are_split),
		cmocka_unit_test(streams_merge_by_sequence),
		cmocka_unit_test(seeking_finds_submits_with_and_without_index),
		cmocka_unit_test(bad_records_are_refused),
		cmocka_unit_test(empty_trace_is_sound),
		cmocka_unit_test(write_errors_come_out),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
