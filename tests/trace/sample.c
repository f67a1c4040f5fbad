// SPDX-License-Identifier: MIT
/*
 * Writes a sound trace of a small program (10 submits) to the file that is named; with --seeds
 * and a folder, seeds for the trace fuzzer (their form is told in tests/fuzz/fuzz_trace.c).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "synth.h"

static void save(const char *folder, const char *name, const void *bytes, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(2);
	}
}

/* Few bytes with something of everything. */
static void small_program(struct synth *s)
{
	struct drm_prime_handle handle = {.handle = 1, .fd = 1};
	static uint32_t page[1024];
	struct synth other;
	uint64_t seq;
	uint32_t i;

	synth_process(s, "p");
	s->seq = &s->own_seq;
	other = *s;
	other.stream = 1;
	other.file = 2;
	synth_open(s);
	synth_params(s);
	synth_vm_create(s, 1);
	synth_queue_create(s, 1, 1);
	synth_syncobj_create(s, 1);
	synth_gem_create(s, 1, 1 << 14, 0);
	synth_bind(s, 1, 1, 0x200000000, 1 << 14);
	seq = synth_call(s, DRM_IOCTL_PRIME_HANDLE_TO_FD, &handle, NULL, 0);
	synth_fd(s, 1, AGXT_FD_EXPORT, AGXT_FD_DMA_BUF, 1 << 14, seq);
	synth_return(s, seq, DRM_IOCTL_PRIME_HANDLE_TO_FD, 0, &handle, NULL, 0);
	synth_process(&other, "q");
	synth_open(&other);
	seq = synth_call(&other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &handle, NULL, 0);
	synth_return(&other, seq, DRM_IOCTL_PRIME_FD_TO_HANDLE, 0, &handle, NULL, 0);
	for (i = 0; i < 3; i++) {
		page[i * 100] = i + 1;
		synth_pages(s, 1, i, 1, page);
		synth_pages(s, 1, 0, 1, page);
		synth_submit(s, 1, i ? 1 : 0, 1, 0x200000000);
		synth_syncobj_wait(s, 1);
	}
	synth_marker(s, AGXT_MARKER_LABEL, 1, "end");
	synth_gem_close(s, 1);
	synth_close(s);
}

/* A program of 3 submits in a file of this form: 0 a file, 1 its chunks' records. */
static void seed(const char *folder, const char *name, int form,
		 const struct agx_trace_writer_params *params)
{
	int fd = synth_memfd();
	struct synth s;
	size_t offset = sizeof(struct agxt_file_header);
	size_t at = 1;
	uint8_t *bytes;
	uint8_t *out;
	size_t size;

	synth_init(&s, fd, params);
	small_program(&s);
	bytes = synth_finish(&s, fd, &size);
	out = calloc(1, size + 1);
	out[0] = form;
	if (!form) {
		memcpy(out + 1, bytes, size);
		at += size;
	}
	while (form && offset < size - sizeof(struct agxt_footer)) {
		struct agxt_chunk_header header;

		memcpy(&header, bytes + offset, sizeof(header));
		offset += sizeof(header);
		if (header.type == AGXT_CHUNK_RECORDS) {
			out[at++] = header.stream;
			out[at++] = header.raw_size;
			out[at++] = header.raw_size >> 8;
			memcpy(out + at, bytes + offset, header.raw_size);
			at += header.raw_size;
		}
		offset += agxt_align8(header.stored_size);
	}
	save(folder, name, out, at);
	free(bytes);
	free(out);
	close(fd);
}

int main(int argc, char **argv)
{
	/* Several chunks. */
	const struct agx_trace_writer_params chunks = {.chunk_size = 12000};
	const struct agx_trace_writer_params plain = {.chunk_size = 6000, .no_compression = true};
	struct synth s;
	size_t size;
	int fd;

	if (argc == 3 && !strcmp(argv[1], "--seeds")) {
		seed(argv[2], "file.seed", 0, NULL);
		seed(argv[2], "file-chunks.seed", 0, &plain);
		seed(argv[2], "records.seed", 1, &plain);
		return 0;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE | --seeds FOLDER\n", argv[0]);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	synth_init(&s, fd, &chunks);
	synth_program(&s, 10);
	free(synth_finish(&s, fd, &size));
	return close(fd) ? 2 : 0;
}
