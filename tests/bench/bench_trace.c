// SPDX-License-Identifier: MIT
/*
 * Speed of trace files: writing (pages in, MB/s; bytes per frame) and reading, the latter against
 * plain zstd decompression of the same payloads in the same run (aim: 0.7).
 *
 * Without an argument the trace is synthetic: frames that rewrite eight pages of which little
 * changes, after a start that uploads textures. With an argument that file is read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <zstd.h>

#include "agx_trace.h"
#include "synth.h"

#define FRAMES  20000
#define ROUNDS  5
#define TEXTURE 2048

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* One page of a command stream after a frame: some words count up, some addresses rotate. */
static void touch(uint32_t *page, uint32_t frame, uint32_t *random)
{
	unsigned int i;

	for (i = 0; i < 12; i++)
		page[i * 83] = frame * (i + 1);
	for (i = 0; i < 16; i++)
		page[512 + i] = synth_random(random);
	page[900] ^= 0x4000 << (frame % 3);
}

static void write_trace(int fd, const struct agx_trace_writer_params *params, const char *label)
{
	static uint32_t pages[8][1024];
	uint32_t *texture = malloc(TEXTURE * 4096);
	struct agx_trace_writer_stats stats;
	uint32_t random = 5;
	struct synth s;
	double time;
	double texture_time;
	uint32_t i;
	uint32_t j;

	if (!texture)
		die("malloc");
	/* Half noise, half gradients: neither all nor nothing compresses. */
	for (i = 0; i < TEXTURE * 1024; i++)
		texture[i] = i / 1024 % 2 ? synth_random(&random) : i;
	for (i = 0; i < 8 * 1024; i++)
		pages[i / 1024][i % 1024] = i % 7 < 4 ? synth_random(&random) % 4096 : 0;
	synth_init(&s, fd, params);
	synth_program(&s, 0);
	synth_gem_create(&s, 3, TEXTURE * 4096, 0);
	time = now();
	synth_pages(&s, 3, 0, TEXTURE, texture);
	agx_trace_writer_flush(s.writer);
	texture_time = now() - time;
	agx_trace_writer_stats(s.writer, &stats);
	j = stats.file_bytes;
	time = now();
	for (i = 0; i < FRAMES; i++) {
		uint32_t p;

		for (p = 0; p < 8; p++)
			touch(pages[p], i, &random);
		synth_pages(&s, 1, 0, 8, pages);
		synth_submit(&s, 1, i ? 1 : 0, 1, 0x200000000);
		synth_syncobj_wait(&s, 1);
		synth_marker(&s, AGXT_MARKER_PRESENT, i + 1, "");
	}
	if (s.error || agx_trace_writer_finish(s.writer))
		die("writing");
	time = now() - time;
	agx_trace_writer_stats(s.writer, &stats);
	printf("write %-10s %7.0f MB/s textures, %7.0f MB/s pages of frames, %8.0f frames/s, "
	       "%6.0f bytes/frame\n",
	       label, TEXTURE * 4096e-6 / texture_time, FRAMES * 8 * 4096e-6 / time, FRAMES / time,
	       (double)(stats.file_bytes - j) / FRAMES);
	agx_trace_writer_destroy(s.writer);
	free(texture);
}

/* Seconds to decompress every payload of the file with zstd alone. */
static double plain(const uint8_t *bytes, size_t size, uint64_t *raw)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	uint8_t *out = malloc(AGXT_MAX_CHUNK_RAW);
	size_t offset = sizeof(struct agxt_file_header);
	double time = now();

	*raw = 0;
	while (size - offset > sizeof(struct agxt_footer)) {
		struct agxt_chunk_header header;

		memcpy(&header, bytes + offset, sizeof(header));
		offset += sizeof(header);
		if (header.type == AGXT_CHUNK_RECORDS) {
			if (header.codec == AGXT_CODEC_NONE)
				memcpy(out, bytes + offset, header.raw_size);
			else if (ZSTD_decompressDCtx(zstd, out, header.raw_size, bytes + offset,
						     header.stored_size) != header.raw_size)
				die("zstd");
			*raw += header.raw_size;
		}
		offset += (header.stored_size + 7ul) & ~7ul;
	}
	time = now() - time;
	ZSTD_freeDCtx(zstd);
	free(out);
	return time;
}

/* Keeps the compiler from leaving page contents out. */
static volatile uint64_t sink;

/* Seconds to read every record; with pages, also every page's content. */
static double records(const uint8_t *bytes, size_t size, uint64_t *pages)
{
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	struct agx_trace_item item;
	double time = now();
	uint64_t sum = 0;
	uint8_t buf[4096];
	int ret;

	if (agx_trace_reader_open_memory(bytes, size, NULL, &reader, &error))
		die(error.what);
	if (pages)
		*pages = 0;
	while ((ret = agx_trace_reader_next(reader, &item, &error)) > 0) {
		const struct agxt_pages *p = (const struct agxt_pages *)item.rec;
		uint32_t i;

		if (!pages || item.rec->type != AGXT_PAGES)
			continue;
		for (i = 0; i < p->count; i++)
			sum += agx_trace_page(&item, i, buf)[0];
		*pages += p->count;
	}
	if (ret)
		die(error.what);
	agx_trace_reader_close(reader);
	sink = sum;
	return now() - time;
}

int main(int argc, char **argv)
{
	static const struct agx_trace_writer_params background = {.background = true};
	static const struct agx_trace_writer_params whole = {.no_delta = true};
	static const struct agx_trace_writer_params fast = {.level = 1};
	double best_plain = 1e9;
	double best_records = 1e9;
	double best_pages = 1e9;
	uint8_t *bytes;
	struct stat st;
	uint64_t pages;
	uint64_t raw;
	int fd;
	int i;

	if (argc > 1) {
		fd = open(argv[1], O_RDONLY);
		if (fd < 0)
			die(argv[1]);
	} else {
		fd = synth_memfd();
		write_trace(fd, &whole, "no deltas");
		close(fd);
		fd = synth_memfd();
		write_trace(fd, &fast, "level 1");
		close(fd);
		fd = synth_memfd();
		write_trace(fd, &background, "in thread");
		close(fd);
		fd = synth_memfd();
		write_trace(fd, NULL, "");
	}
	if (fstat(fd, &st))
		die("fstat");
	bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		die("mmap");
	for (i = 0; i < ROUNDS; i++) {
		double time = plain(bytes, st.st_size, &raw);

		best_plain = time < best_plain ? time : best_plain;
		time = records(bytes, st.st_size, NULL);
		best_records = time < best_records ? time : best_records;
		time = records(bytes, st.st_size, &pages);
		best_pages = time < best_pages ? time : best_pages;
	}
	printf("file %.2f MB, records %.2f MB\n", st.st_size * 1e-6, raw * 1e-6);
	printf("plain zstd         %7.0f MB/s\n", raw * 1e-6 / best_plain);
	printf("read records       %7.0f MB/s, ratio %.2f\n", raw * 1e-6 / best_records,
	       best_plain / best_records);
	printf("read with pages    %7.0f MB/s of records, %.0f MB/s of pages\n",
	       raw * 1e-6 / best_pages, pages * 4096e-6 / best_pages);
	return 0;
}
