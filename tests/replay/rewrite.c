// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>
#include <zstd.h>

#include "agx_trace.h"
#include "rewrite.h"

struct tail {
	struct agxt_footer footer;
	struct agxt_chunk_header header;
	uint8_t *raw; /* the index, decoded */
};

static int fail(const char *what, int ret)
{
	fprintf(stderr, "rewrite: %s: %s\n", what, strerror(-ret));
	return ret;
}

static int read_tail(int fd, struct tail *tail)
{
	off_t end = lseek(fd, 0, SEEK_END);
	off_t at = end - (off_t)sizeof(tail->footer);
	uint8_t *stored;
	size_t size;

	if (pread(fd, &tail->footer, sizeof(tail->footer), at) != sizeof(tail->footer) ||
	    memcmp(tail->footer.magic, AGXT_FOOTER_MAGIC, 8))
		return -EBADMSG;
	at = (off_t)tail->footer.index_offset;
	if (pread(fd, &tail->header, sizeof(tail->header), at) != sizeof(tail->header) ||
	    tail->header.raw_size > AGXT_MAX_INDEX_RAW ||
	    tail->header.stored_size > AGXT_MAX_INDEX_RAW)
		return -EBADMSG;
	size = tail->header.stored_size;
	stored = malloc(size + 1);
	tail->raw = malloc(tail->header.raw_size + 1);
	if (!stored || !tail->raw)
		abort();
	if (pread(fd, stored, size, at + (off_t)sizeof(tail->header)) != (ssize_t)size)
		return -EBADMSG;
	if (tail->header.codec == AGXT_CODEC_NONE)
		memcpy(tail->raw, stored, size);
	else if (ZSTD_decompress(tail->raw, tail->header.raw_size, stored, size) !=
		 tail->header.raw_size)
		return -EBADMSG;
	free(stored);
	return 0;
}

static void seal(struct tail *tail)
{
	tail->header.codec = AGXT_CODEC_NONE;
	tail->header.stored_size = tail->header.raw_size;
	tail->header.raw_hash = XXH3_64bits(tail->raw, tail->header.raw_size);
	tail->header.stored_hash = tail->header.raw_hash;
	tail->header.hash = XXH3_64bits(&tail->header, offsetof(struct agxt_chunk_header, hash));
}

/* Puts the digest of one file's index into the other's. */
static int move_digest(const char *from, const char *to)
{
	struct tail source, target;
	static const uint8_t padding[8];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_RDWR | O_CLOEXEC), ret;
	off_t at;

	if (in < 0 || out < 0)
		return -errno;
	ret = read_tail(in, &source);
	if (!ret)
		ret = read_tail(out, &target);
	if (ret)
		return fail("index", ret);
	memcpy(((struct agxt_index *)target.raw)->digest, ((struct agxt_index *)source.raw)->digest,
	       16);
	seal(&target);
	at = (off_t)target.footer.index_offset;
	if (ftruncate(out, at) || lseek(out, at, SEEK_SET) < 0 ||
	    write(out, &target.header, sizeof(target.header)) != sizeof(target.header) ||
	    write(out, target.raw, target.header.raw_size) != (ssize_t)target.header.raw_size ||
	    write(out, padding, -target.header.raw_size & 7) < 0)
		return fail("index", -errno);
	target.footer.file_size = (uint64_t)lseek(out, 0, SEEK_CUR) + sizeof(target.footer);
	target.footer.hash = XXH3_64bits(&target.footer, offsetof(struct agxt_footer, hash));
	if (write(out, &target.footer, sizeof(target.footer)) != sizeof(target.footer))
		return fail("footer", -errno);
	free(source.raw);
	free(target.raw);
	close(in);
	close(out);
	return 0;
}

/* The record with pages spelled out. */
static void expand(const struct agx_trace_item *item, uint8_t *copy)
{
	const struct agxt_pages *pages = (const void *)item->rec;
	struct agxt_pages *raw = (void *)copy;
	uint32_t i;

	if (item->rec->type != AGXT_PAGES) {
		memcpy(copy, item->rec, item->rec->size);
		return;
	}
	*raw = *pages;
	raw->rec.type = AGXT_PAGES_RAW;
	raw->rec.size = (uint32_t)sizeof(*raw) + pages->count * AGXT_PAGE_SIZE;
	for (i = 0; i < pages->count; i++) {
		uint8_t *to = (uint8_t *)(raw + 1) + (size_t)i * AGXT_PAGE_SIZE;
		const uint8_t *from = agx_trace_page(item, i, to);

		if (from != to)
			memcpy(to, from, AGXT_PAGE_SIZE);
	}
}

int rewrite_trace(const char *in, const char *out, bool keep_digest, rewrite_fn fn, void *data)
{
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	struct agx_trace_writer *writer;
	struct agx_trace_item item;
	uint8_t *copy = malloc(AGXT_MAX_RECORD + AGXT_PAGE_SIZE);
	uint64_t index = 0;
	char text[256];
	int fd, ret;

	if (!copy)
		abort();
	ret = agx_trace_reader_open(in, NULL, &reader, &error);
	if (ret) {
		free(copy);
		return fail(agx_trace_error_text(&error, text, sizeof(text)), ret);
	}
	fd = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ret = fd < 0 ? -errno : agx_trace_writer_create(fd, NULL, &writer);
	if (ret) {
		agx_trace_reader_close(reader);
		free(copy);
		return fail(out, ret);
	}
	while ((ret = agx_trace_reader_next(reader, &item, &error)) > 0) {
		expand(&item, copy);
		if (fn(data, index++, item.stream, (struct agxt_record *)copy)) {
			ret = agx_trace_writer_record(writer, item.stream,
						      (struct agxt_record *)copy);
			if (ret) {
				fail("record", ret);
				break;
			}
		}
	}
	if (!ret)
		ret = agx_trace_writer_finish(writer);
	agx_trace_writer_destroy(writer);
	agx_trace_reader_close(reader);
	close(fd);
	free(copy);
	return ret || !keep_digest ? ret : move_digest(in, out);
}
