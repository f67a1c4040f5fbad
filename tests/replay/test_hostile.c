// SPDX-License-Identifier: MIT
/*
 * test-hostile [RUNS [SEED]]: traces that are well-formed and make no sense.
 *
 * A recorded trace is written again and again with bytes of its records changed at random, records
 * left out, doubled and exchanged, and replayed. Whatever comes out is right, as long as it comes
 * out: no crash, no hang, no memory beyond the limit. Sanitizers make this sharp.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agx_trace.h"
#include "asahi_drm.h"
#include "recorder.h"
#include "replay.h"
#include "replay_target.h"

#define MAX_RECORDS 4096

struct record {
	uint32_t stream;
	uint32_t size;
	struct agxt_record *bytes;
};

static struct record records[MAX_RECORDS];
static uint32_t num_records;
static uint64_t random_state;

static uint64_t next_random(void)
{
	/* splitmix64 */
	uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

static void fail(const char *what)
{
	fprintf(stderr, "test-hostile: %s\n", what);
	exit(1);
}

static uint32_t export_buffer(struct recorder *rec, uint32_t from, uint32_t to, uint32_t handle)
{
	struct drm_prime_handle out = {.handle = handle, .flags = O_CLOEXEC | O_RDWR}, in = {0};

	if (recorder_ioctl(rec, from, DRM_IOCTL_PRIME_HANDLE_TO_FD, &out))
		fail("PRIME export");
	in.fd = out.fd;
	if (recorder_ioctl(rec, to, DRM_IOCTL_PRIME_FD_TO_HANDLE, &in))
		fail("PRIME import");
	return in.handle;
}

static void exchange_fences(struct recorder *rec, uint32_t file, uint32_t sync)
{
	struct drm_syncobj_handle out = {
		.handle = sync,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	struct drm_syncobj_handle in = {
		.handle = sync,
		.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
	};
	struct drm_syncobj_transfer transfer = {
		.src_handle = sync,
		.dst_handle = recorder_syncobj_create(rec, file),
		.dst_point = 3,
	};
	uint64_t point = 3;
	struct drm_syncobj_timeline_wait wait = {
		.handles = (uintptr_t)&transfer.dst_handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
		.timeout_nsec = INT64_MAX,
	};

	if (recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &out))
		fail("sync file export");
	in.fd = out.fd;
	recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &in);
	recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_TRANSFER, &transfer);
	recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
	recorder_fd_close(rec, 0, out.fd);
}

static void record_all(const char *path, uint32_t streams)
{
	struct recorder *rec = recorder_create(path, NULL);
	uint32_t file = recorder_open(rec, 0), other = recorder_open(rec, streams - 1), i;
	uint32_t vm = recorder_vm_create(rec, file), queue = recorder_queue_create(rec, file, vm);
	uint32_t sync = recorder_syncobj_create(rec, file), bo[4], import;
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params get = {.pointer = (uintptr_t)&params, .size = sizeof(params)};
	struct drm_gem_close gem_close;
	uint8_t *pages = calloc(4, 4096);

	if (!pages)
		abort();
	recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_GET_PARAMS, &get);
	for (i = 0; i < 4; i++) {
		bo[i] = recorder_gem_create(rec, file, 0x8000 << i);
		recorder_bind(rec, file, vm, bo[i], 0x100000000 + 0x100000 * i, 0x8000 << i);
		recorder_map(rec, file, bo[i], 0, 0x8000 << i, 0);
	}
	import = export_buffer(rec, file, other, bo[2]);
	for (i = 0; i < 12; i++) {
		pages[i * 400] = (uint8_t)(i + 1);
		recorder_pages(rec, i & 1 ? other : file, i & 1 ? import : bo[i % 4], i % 4, 4,
			       pages, 0);
		recorder_submit(rec, file, queue, sync);
		exchange_fences(rec, file, sync);
	}
	gem_close.handle = import;
	gem_close.pad = 0;
	recorder_ioctl(rec, other, DRM_IOCTL_GEM_CLOSE, &gem_close);
	recorder_close(rec, other);
	recorder_close(rec, file);
	recorder_finish(rec);
	free(pages);
}

static void load(const char *path)
{
	struct agx_trace_reader *reader;
	struct agx_trace_item item;

	num_records = 0;
	if (agx_trace_reader_open(path, NULL, &reader, NULL))
		fail("cannot read the trace that was made");
	while (agx_trace_reader_next(reader, &item, NULL) > 0) {
		const struct agxt_pages *pages = (const void *)item.rec;
		struct record *record = &records[num_records++];
		uint32_t size = item.rec->size, i;

		if (num_records > MAX_RECORDS)
			fail("too many records");
		if (item.rec->type == AGXT_PAGES)
			size = (uint32_t)sizeof(*pages) + pages->count * AGXT_PAGE_SIZE;
		record->stream = item.stream;
		record->size = size;
		record->bytes = malloc(size);
		if (!record->bytes)
			abort();
		memcpy(record->bytes, item.rec,
		       item.rec->type == AGXT_PAGES ? sizeof(*pages) : size);
		if (item.rec->type != AGXT_PAGES)
			continue;
		record->bytes->type = AGXT_PAGES_RAW;
		record->bytes->size = size;
		for (i = 0; i < pages->count; i++) {
			uint8_t *to = (uint8_t *)record->bytes + sizeof(*pages) +
				      (size_t)i * AGXT_PAGE_SIZE;
			const uint8_t *from = agx_trace_page(&item, i, to);

			if (from != to)
				memcpy(to, from, AGXT_PAGE_SIZE);
		}
	}
	agx_trace_reader_close(reader);
}

/* Changes a copy of a record, mostly where it matters: in the fields and arguments. */
static void spoil(struct agxt_record *rec, uint32_t size)
{
	static const uint64_t values[] = {0,          1,          2,          3,         4,
					  0x10,       0x7f,       0xff,       0x4000,    0xffff,
					  0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX};
	uint32_t head = sizeof(*rec), limit = size < 512 ? size : 512, offset, width;
	uint64_t value;

	if (limit <= head)
		return;
	offset = below(16) ? head + below(limit - head) : 8 + below(8);
	width = 1u << below(4);
	offset &= ~(width - 1);
	if (offset + width > size || offset < 8)
		return;
	value = below(2) ? values[below(sizeof(values) / sizeof(values[0]))] : next_random();
	memcpy((uint8_t *)rec + offset, &value, width);
}

static void write_spoiled(const char *path)
{
	struct agx_trace_writer *writer;
	uint32_t changes = 1 + below(12), i;
	uint64_t seq = 0;
	uint8_t *copy = malloc(1 << 20);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (!copy || fd < 0 || agx_trace_writer_create(fd, NULL, &writer))
		fail("cannot write");
	for (i = 0; i < num_records; i++) {
		struct agxt_record *rec = (void *)copy;
		uint32_t from = i, times = 1;

		if (below(num_records) < changes)
			from = below(num_records);
		if (below(num_records) < changes)
			times = below(3);
		memcpy(copy, records[from].bytes, records[from].size);
		if (below(num_records) < 4 * changes)
			spoil(rec, records[from].size);
		while (times--) {
			/* Calls refer to each other by seq: it changes only where it has to. */
			if (rec->seq <= seq)
				rec->seq = seq + 1;
			/* A record that the writer refuses is one that no file can hold. */
			if (!agx_trace_writer_record(writer, records[from].stream, rec))
				seq = rec->seq;
		}
	}
	if (agx_trace_writer_finish(writer))
		fail("cannot finish");
	agx_trace_writer_destroy(writer);
	close(fd);
	free(copy);
}

static void replay(const char *path, uint64_t *counts)
{
	struct agx_replay_config config = {
		.keep_going = below(2),
		.force = below(4) > 0,
		.run_unfinished = below(2),
		.memory = 64 << 20,
	};
	const struct replay_virtual_params params = {.memory_limit = 256 << 20};
	struct agx_replay_target *target = replay_target_virtual_create(&params);
	struct agx_replay_outcome outcome;
	struct agx_trace_reader *reader;

	if (!target)
		abort();
	if (!agx_trace_reader_open(path, NULL, &reader, NULL)) {
		agx_replay_run(reader, target, &config, &outcome);
		agx_trace_reader_close(reader);
		counts[outcome.status]++;
	}
	replay_target_virtual_destroy(target);
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 600, i;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	char path[] = "/tmp/agx-hostile.XXXXXX";
	uint64_t counts[4] = {0};
	uint32_t streams;

	close(mkstemp(path));
	for (streams = 1; streams <= 2; streams++) {
		record_all(path, streams);
		load(path);
		for (i = 0; i < runs / 2; i++) {
			random_state = seed * 1000003 + i;
			write_spoiled(path);
			replay(path, counts);
		}
		while (num_records)
			free(records[--num_records].bytes);
	}
	unlink(path);
	printf("passed %llu, diverged %llu, damaged %llu, refused %llu\n",
	       (unsigned long long)counts[AGX_REPLAY_PASS],
	       (unsigned long long)counts[AGX_REPLAY_FAIL],
	       (unsigned long long)counts[AGX_REPLAY_DAMAGED],
	       (unsigned long long)counts[AGX_REPLAY_REFUSED]);
	/* Changes that nothing notices at all would mean that nothing was tried. */
	return counts[AGX_REPLAY_FAIL] && counts[AGX_REPLAY_DAMAGED] ? 0 : 1;
}
