// SPDX-License-Identifier: MIT
/* Trimming keeps what the submits of a range need, and extract shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agx_trace.h"
#include "extract.h"
#include "summary.h"
#include "synth.h"
#include "trim.h"
#include "verify.h"

#define HANDLES  12
#define BO_SIZE  (64u << 10)
#define BO_PAGES (BO_SIZE / 4096)

struct file {
	uint8_t *bytes;
	size_t size;
};

static void fail_problem(void *data, const struct agx_trace_problem *problem)
{
	char text[256];

	fail_msg("%s", agx_trace_problem_text(problem, text, sizeof(text)));
}

static void verify_file(const struct file *f, struct agx_trace_verdict *verdict)
{
	struct agx_trace_error error;

	assert_int_equal(
		agx_trace_verify_memory(f->bytes, f->size, fail_problem, NULL, verdict, &error), 0);
}

static struct agx_trace_reader *open_file(const struct file *f)
{
	struct agx_trace_reader *r;

	assert_int_equal(agx_trace_reader_open_memory(f->bytes, f->size, NULL, &r, NULL), 0);
	return r;
}

static struct file trim(const struct file *in, uint64_t first, uint64_t last)
{
	struct agx_trace_reader *r = open_file(in);
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	int fd = synth_memfd();
	char text[256];
	struct file out;
	struct stat st;
	int ret;

	ret = agx_trace_trim(r, first, last, fd, 0, &error);
	if (ret)
		fail_msg("%s", agx_trace_error_text(&error, text, sizeof(text)));
	agx_trace_reader_close(r);
	assert_int_equal(fstat(fd, &st), 0);
	out.size = st.st_size;
	out.bytes = malloc(out.size);
	assert_int_equal(pread(fd, out.bytes, out.size, 0), out.size);
	close(fd);
	verify_file(&out, &verdict);
	assert_int_equal(verdict.submits, last - first + 1);
	return out;
}

static void prime_export(struct synth *s, uint32_t handle, uint32_t token)
{
	struct drm_prime_handle in = {.handle = handle, .fd = -1};
	struct drm_prime_handle out = {.handle = handle, .fd = token};
	uint64_t seq = synth_call(s, DRM_IOCTL_PRIME_HANDLE_TO_FD, &in, NULL, 0);

	synth_return(s, seq, DRM_IOCTL_PRIME_HANDLE_TO_FD, 0, &out, NULL, 0);
	synth_fd(s, token, AGXT_FD_EXPORT, AGXT_FD_DMA_BUF, BO_SIZE, seq);
}

static void prime_import(struct synth *s, uint32_t token, uint32_t handle)
{
	struct drm_prime_handle in = {.fd = token};
	struct drm_prime_handle out = {.fd = token, .handle = handle};
	uint64_t seq = synth_call(s, DRM_IOCTL_PRIME_FD_TO_HANDLE, &in, NULL, 0);

	synth_return(s, seq, DRM_IOCTL_PRIME_FD_TO_HANDLE, 0, &out, NULL, 0);
}

/* A program that makes, maps, shares and drops buffers at random between submits. */
static struct file random_program(uint32_t seed, unsigned int submits)
{
	static uint32_t page[1024];
	struct agx_trace_writer_params params = {.chunk_size = 30000};
	uint32_t live[2][HANDLES + 1] = {{0}};
	uint32_t tokens[8] = {0};
	uint32_t next_token = 1;
	int fd = synth_memfd();
	struct synth files[2];
	struct agx_trace_verdict verdict;
	struct file f;
	unsigned int i;

	synth_init(&files[0], fd, &params);
	synth_process(&files[0], "random");
	files[1] = files[0];
	files[0].seq = &files[0].own_seq;
	files[1].seq = &files[0].own_seq;
	files[1].file = 2;
	synth_meta_text(&files[0], AGXT_META_SOC, "t8103");
	for (i = 0; i < 2; i++) {
		synth_open(&files[i]);
		synth_vm_create(&files[i], 1);
		synth_queue_create(&files[i], 1, 1);
		synth_syncobj_create(&files[i], 1);
		synth_syncobj_create(&files[i], 2);
	}
	for (i = 0; i < submits;) {
		uint32_t which = synth_random(&seed) % 2;
		struct synth *s = &files[which];
		uint32_t handle = 1 + synth_random(&seed) % HANDLES;
		uint64_t addr = 0x200000000 + (uint64_t)(synth_random(&seed) % 24) * 0x4000;
		uint32_t *is_live = &live[which][handle];
		uint32_t j;

		switch (synth_random(&seed) % 10) {
		case 0:
		case 1:
			if (!*is_live)
				synth_gem_create(s, handle, BO_SIZE, 0);
			*is_live = 1;
			break;
		case 2:
			if (*is_live && synth_random(&seed) % 2) {
				synth_gem_close(s, handle);
				*is_live = 0;
			}
			break;
		case 3:
		case 4:
			if (*is_live)
				synth_bind(s, 1, handle, addr,
					   (1 + synth_random(&seed) % 4) * 0x4000);
			else if (synth_random(&seed) % 4 == 0)
				synth_bind(s, 1, 0, addr, 0x8000);
			break;
		case 5:
		case 6:
			if (!*is_live)
				break;
			for (j = 0; j < 1024; j++)
				page[j] = j % 64 ? 0 : synth_random(&seed) % 3;
			synth_pages(s, handle, synth_random(&seed) % BO_PAGES, 1, page);
			break;
		case 7:
			/* Share a buffer between the files. */
			if (*is_live && next_token < 200) {
				tokens[next_token % 8] = next_token;
				prime_export(s, handle, next_token++);
			} else if (!*is_live && tokens[handle % 8]) {
				prime_import(s, tokens[handle % 8], handle);
				*is_live = 1;
				tokens[handle % 8] = 0;
			}
			break;
		default:
			synth_submit(s, 1, 0, 1 + synth_random(&seed) % 2, 0x200000000);
			i++;
			break;
		}
	}
	f.bytes = synth_finish(&files[0], fd, &f.size);
	close(fd);
	verify_file(&f, &verdict);
	return f;
}

/* Everything that extract can see is the same at submit n of a and m of b. */
static void compare(struct agx_trace_reader *a, uint64_t n, struct agx_trace_reader *b, uint64_t m)
{
	struct agx_trace_extract x;
	struct agx_trace_extract y;
	unsigned int i;
	int ret;

	for (i = 1; i <= HANDLES; i++) {
		ret = agx_trace_extract_handle(a, n, i, &x, NULL);
		assert_int_equal(ret, agx_trace_extract_handle(b, m, i, &y, NULL));
		if (ret)
			continue;
		assert_int_equal(x.size, y.size);
		assert_memory_equal(x.bytes, y.bytes, x.size);
		agx_trace_extract_free(&x);
		agx_trace_extract_free(&y);
	}
	for (i = 0; i < 28; i += 3) {
		uint64_t addr = 0x200000000 + i * 0x4000ull + 0x1230;

		ret = agx_trace_extract_address(a, n, addr, &x, NULL);
		assert_int_equal(ret, agx_trace_extract_address(b, m, addr, &y, NULL));
		if (ret)
			continue;
		assert_int_equal(x.handle, y.handle);
		assert_int_equal(x.offset, y.offset);
		assert_int_equal(x.size, y.size);
		assert_memory_equal(x.bytes, y.bytes, x.size);
		agx_trace_extract_free(&x);
		agx_trace_extract_free(&y);
	}
}

static void state_is_the_same(void **state)
{
	static const uint64_t ranges[][2] = {{0, 19}, {0, 0}, {7, 9}, {19, 19}, {12, 19}};
	unsigned int seed;
	unsigned int i;

	for (seed = 1; seed < 25; seed++) {
		struct file whole = random_program(seed * 7919, 20);
		struct agx_trace_reader *a = open_file(&whole);

		for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
			struct file part = trim(&whole, ranges[i][0], ranges[i][1]);
			struct agx_trace_reader *b = open_file(&part);

			compare(a, ranges[i][0], b, 0);
			compare(a, ranges[i][1], b, ranges[i][1] - ranges[i][0]);
			agx_trace_reader_close(b);
			free(part.bytes);
		}
		agx_trace_reader_close(a);
		free(whole.bytes);
	}
}

static void trimming_twice_is_trimming_once(void **state)
{
	struct file whole = random_program(4711, 30);
	struct file once = trim(&whole, 10, 25);
	struct file twice = trim(&once, 5, 8);
	struct file direct = trim(&whole, 15, 18);
	struct agx_trace_reader *a = open_file(&twice);
	struct agx_trace_reader *b = open_file(&direct);
	struct agx_trace_summary summary;
	uint64_t n;

	for (n = 0; n < 4; n++)
		compare(a, n, b, n);
	assert_int_equal(agx_trace_summarize(a, &summary, NULL), 0);
	assert_int_equal(summary.num_history, 2);
	assert_string_equal(summary.meta[AGXT_META_SOC], "t8103");
	agx_trace_summary_finish(&summary);
	agx_trace_reader_close(a);
	agx_trace_reader_close(b);
	free(whole.bytes);
	free(once.bytes);
	free(twice.bytes);
	free(direct.bytes);
}

static void trimming_drops_what_is_not_needed(void **state)
{
	int fd = synth_memfd();
	static uint32_t page[1024];
	struct agx_trace_summary summary;
	struct agx_trace_reader *r;
	struct synth s;
	struct file whole;
	struct file part;
	unsigned int i;

	synth_init(&s, fd, NULL);
	synth_program(&s, 0);
	for (i = 0; i < 100; i++) {
		/* A buffer that lives for one frame. */
		synth_gem_create(&s, 7, 1 << 14, 1);
		page[0] = i + 1;
		synth_pages(&s, 7, 0, 1, page);
		synth_pages(&s, 1, 0, 1, page);
		synth_submit(&s, 1, 0, 1, 0);
		synth_gem_close(&s, 7);
		synth_marker(&s, AGXT_MARKER_PRESENT, i + 1, "");
	}
	whole.bytes = synth_finish(&s, fd, &whole.size);
	close(fd);
	part = trim(&whole, 98, 99);
	r = open_file(&part);
	assert_int_equal(agx_trace_summarize(r, &summary, NULL), 0);
	for (i = 0; i < summary.num_ioctls; i++) {
		/* Two that the program made at its start, and one per frame of the range. */
		if (summary.ioctls[i].request == DRM_IOCTL_ASAHI_GEM_CREATE)
			assert_int_equal(summary.ioctls[i].calls, 4);
	}
	/* One state of one page, pages of handles 1 and 2 of the start but one, and the range. */
	assert_int_equal(summary.pages, 8 + 16 + 1 + 2);
	assert_int_equal(summary.frames, 1);
	assert_int_equal(summary.types[AGXT_CALL], summary.types[AGXT_RETURN]);
	agx_trace_summary_finish(&summary);
	agx_trace_reader_close(r);
	free(whole.bytes);
	free(part.bytes);
}

/* Fence state of a trimmed trace, told by its synthetic calls. */
static void fences_are_set(void **state)
{
	struct drm_asahi_sync sync = {
		.sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ, .handle = 2, .timeline_value = 41};
	struct drm_asahi_cmd_header header = {.cmd_type = DRM_ASAHI_SET_COMPUTE_ATTACHMENTS};
	struct drm_asahi_submit args = {
		.syncs = AGXT_PTR_VALID,
		.cmdbuf = AGXT_PTR_VALID,
		.queue_id = 1,
		.out_sync_count = 1,
		.cmdbuf_size = sizeof(header),
	};
	struct synth_blob blobs[2] = {{0, sizeof(sync), &sync}, {1, sizeof(header), &header}};
	struct agx_trace_reader *r;
	struct agx_trace_item item;
	unsigned int signals = 0;
	unsigned int points = 0;
	unsigned int resets = 0;
	int fd = synth_memfd();
	struct synth s;
	struct file whole;
	struct file part;
	uint64_t seq;

	synth_init(&s, fd, NULL);
	synth_program(&s, 3);
	synth_syncobj_create(&s, 2);
	synth_syncobj_create(&s, 3);
	seq = synth_call(&s, DRM_IOCTL_ASAHI_SUBMIT, &args, blobs, 2);
	synth_return(&s, seq, DRM_IOCTL_ASAHI_SUBMIT, 0, &args, NULL, 0);
	synth_submit(&s, 1, 1, 3, 0);
	whole.bytes = synth_finish(&s, fd, &whole.size);
	close(fd);
	part = trim(&whole, 4, 4);
	r = open_file(&part);
	while (agx_trace_reader_next(r, &item, NULL) > 0) {
		const struct agxt_call *call = (const struct agxt_call *)item.rec;
		struct agx_trace_blob blob;
		uint64_t point;

		if (item.rec->type != AGXT_CALL || !(item.rec->flags & AGXT_FLAG_SYNTHETIC))
			continue;
		assert_true(agx_trace_find_blob(item.rec, 0, &blob));
		signals += call->request == DRM_IOCTL_SYNCOBJ_SIGNAL && blob.bytes[0] == 1;
		resets += call->request == DRM_IOCTL_SYNCOBJ_RESET && blob.bytes[0] == 3;
		if (call->request != DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL)
			continue;
		assert_int_equal(blob.bytes[0], 2);
		assert_true(agx_trace_find_blob(item.rec, 1, &blob));
		memcpy(&point, blob.bytes, sizeof(point));
		assert_int_equal(point, 41);
		points++;
	}
	assert_int_equal(signals, 1);
	assert_int_equal(points, 1);
	assert_int_equal(resets, 1);
	agx_trace_reader_close(r);
	free(whole.bytes);
	free(part.bytes);
}

static void ranges_outside_are_refused(void **state)
{
	struct file whole = random_program(5, 5);
	struct agx_trace_reader *r = open_file(&whole);
	struct agx_trace_error error;
	int fd = open("/dev/null", O_WRONLY);

	assert_int_equal(agx_trace_trim(r, 5, 5, fd, 0, &error), -ENOENT);
	assert_int_equal(agx_trace_trim(r, 4, 5, fd, 0, &error), -ENOENT);
	assert_int_equal(agx_trace_trim(r, 3, 2, fd, 0, &error), -EINVAL);
	agx_trace_reader_close(r);
	close(fd);
	free(whole.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_is_the_same),
		cmocka_unit_test(trimming_twice_is_trimming_once),
		cmocka_unit_test(trimming_drops_what_is_not_needed),
		cmocka_unit_test(fences_are_set),
		cmocka_unit_test(ranges_outside_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
