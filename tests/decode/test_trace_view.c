// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agx_decode_trace.h"
#include "synth.h"

#define GPU_PAGE 16384u
#define BASE     0x200000000ull

static uint8_t content[64][AGXT_PAGE_SIZE];

/* Page i is filled with i + add. */
static const void *pages_of(unsigned int count, unsigned int add)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		memset(content[i], (int)(i + add), AGXT_PAGE_SIZE);
	return content;
}

struct fixture {
	struct synth synth;
	int fd;
	uint8_t *bytes;
	struct agx_decode_trace *trace;
	struct agx_decode_submit submit;
};

static struct synth *start(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->fd = synth_memfd();
	synth_init(&f->synth, f->fd, NULL);
	synth_process(&f->synth, "program");
	synth_open(&f->synth);
	synth_params(&f->synth);
	synth_vm_create(&f->synth, 1);
	synth_queue_create(&f->synth, 1, 1);
	synth_syncobj_create(&f->synth, 1);
	return &f->synth;
}

static void open_trace(struct fixture *f, uint64_t memory)
{
	struct agx_decode_trace_params params = {.memory = memory};
	size_t size;

	f->bytes = synth_finish(&f->synth, f->fd, &size);
	assert_int_equal(agx_decode_trace_open_memory(f->bytes, size, &params, &f->trace, NULL), 0);
}

static void next(struct fixture *f)
{
	assert_int_equal(agx_decode_trace_next_submit(f->trace, &f->submit, NULL), 1);
}

static void finish(struct fixture *f)
{
	agx_decode_trace_close(f->trace);
	free(f->bytes);
	close(f->fd);
}

static int byte_at(struct fixture *f, uint64_t address)
{
	const struct agx_decode_memory *memory = &f->submit.memory;
	size_t size;
	const uint8_t *bytes = memory->piece(memory->cookie, address, &size);

	if (bytes)
		assert_true(size > 0);
	return bytes ? *bytes : -1;
}

static bool resolve(struct fixture *f, uint64_t address, struct agx_decode_place *place)
{
	memset(place, 0, sizeof(*place));
	return f->submit.memory.resolve(f->submit.memory.cookie, address, place);
}

static void memory_is_that_of_the_call(void **state)
{
	struct fixture f;
	struct synth *s = start(&f);
	struct agx_decode_place place;

	synth_gem_create(s, 7, 4 * GPU_PAGE, 1);
	synth_bind(s, 1, 7, BASE, 4 * GPU_PAGE);
	synth_pages(s, 7, 0, 4, pages_of(4, 10));
	synth_submit(s, 1, 0, 1, BASE);
	synth_pages(s, 7, 1, 1, pages_of(1, 99));
	synth_submit(s, 1, 1, 1, BASE);
	open_trace(&f, 0);

	next(&f);
	assert_int_equal(f.submit.number, 0);
	assert_true(f.submit.have_queue);
	assert_int_equal(f.submit.usc_base, 0x1100000000);
	assert_int_equal(f.submit.args.queue_id, 1);
	assert_int_equal(f.submit.num_syncs, 1);
	assert_int_equal(f.submit.commands_size, f.submit.args.cmdbuf_size);
	assert_int_equal(byte_at(&f, BASE), 10);
	assert_int_equal(byte_at(&f, BASE + AGXT_PAGE_SIZE), 11);
	assert_int_equal(byte_at(&f, BASE + 4 * AGXT_PAGE_SIZE), 0);
	assert_int_equal(byte_at(&f, BASE - 1), -1);
	assert_int_equal(byte_at(&f, BASE + 4 * GPU_PAGE), -1);
	assert_true(resolve(&f, BASE + 0x1234, &place));
	assert_int_equal(place.handle, 7);
	assert_int_equal(place.file, 1);
	assert_int_equal(place.offset, 0x1234);
	assert_int_equal(place.size, 4 * GPU_PAGE);
	assert_int_equal(place.left, 4 * GPU_PAGE - 0x1234);
	assert_true(place.known);
	assert_true(resolve(&f, BASE + GPU_PAGE, &place));
	assert_false(place.known);

	next(&f);
	assert_int_equal(byte_at(&f, BASE), 10);
	assert_int_equal(byte_at(&f, BASE + AGXT_PAGE_SIZE), 99);
	assert_int_equal(agx_decode_trace_next_submit(f.trace, &f.submit, NULL), 0);
	finish(&f);
}

static void mappings_split_and_go(void **state)
{
	struct fixture f;
	struct synth *s = start(&f);
	struct agx_decode_place place;

	synth_gem_create(s, 1, 3 * GPU_PAGE, 1);
	synth_gem_create(s, 2, GPU_PAGE, 1);
	synth_bind(s, 1, 1, BASE, 3 * GPU_PAGE);
	synth_pages(s, 1, 0, 12, pages_of(12, 1));
	synth_pages(s, 2, 0, 4, pages_of(4, 100));
	synth_bind(s, 1, 2, BASE + GPU_PAGE, GPU_PAGE);
	synth_submit(s, 1, 0, 1, BASE);
	synth_bind(s, 1, 0, BASE, 2 * GPU_PAGE);
	synth_submit(s, 1, 1, 1, BASE);
	open_trace(&f, 0);

	next(&f);
	assert_int_equal(byte_at(&f, BASE), 1);
	assert_int_equal(byte_at(&f, BASE + GPU_PAGE), 100);
	assert_int_equal(byte_at(&f, BASE + 2 * GPU_PAGE), 9);
	assert_true(resolve(&f, BASE + 2 * GPU_PAGE + 8, &place));
	assert_int_equal(place.handle, 1);
	assert_int_equal(place.offset, 2 * GPU_PAGE + 8);

	next(&f);
	assert_int_equal(byte_at(&f, BASE), -1);
	assert_int_equal(byte_at(&f, BASE + GPU_PAGE), -1);
	assert_int_equal(byte_at(&f, BASE + 2 * GPU_PAGE), 9);
	finish(&f);
}

static void one_page_over_and_over(void **state)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_SINGLE_PAGE,
		.handle = 1,
		.offset = GPU_PAGE,
		.range = 4 * GPU_PAGE,
		.addr = BASE,
	};
	struct drm_asahi_vm_bind bind = {
		.vm_id = 1,
		.num_binds = 1,
		.stride = sizeof(op),
		.userptr = AGXT_PTR_VALID,
	};
	struct synth_blob blob = {0, sizeof(op), &op};
	struct agx_decode_place place;
	struct fixture f;
	struct synth *s = start(&f);
	uint64_t call;
	unsigned int i;

	synth_gem_create(s, 1, 2 * GPU_PAGE, 1);
	synth_pages(s, 1, 0, 8, pages_of(8, 50));
	call = synth_call(s, DRM_IOCTL_ASAHI_VM_BIND, &bind, &blob, 1);
	synth_return(s, call, DRM_IOCTL_ASAHI_VM_BIND, 0, &bind, NULL, 0);
	synth_submit(s, 1, 0, 1, BASE);
	open_trace(&f, 0);

	next(&f);
	for (i = 0; i < 4; i++) {
		assert_int_equal(byte_at(&f, BASE + i * GPU_PAGE), 54);
		assert_int_equal(byte_at(&f, BASE + (i + 1) * GPU_PAGE - 1), 57);
		assert_true(resolve(&f, BASE + i * GPU_PAGE + 5, &place));
		assert_int_equal(place.offset, GPU_PAGE + 5);
	}
	finish(&f);
}

static void stamps_tell_of_changes(void **state)
{
	struct fixture f;
	struct synth *s = start(&f);
	uint64_t stamp, other;

	synth_gem_create(s, 1, 2 * GPU_PAGE, 1);
	synth_gem_create(s, 2, 2 * GPU_PAGE, 1);
	synth_bind(s, 1, 1, BASE, 2 * GPU_PAGE);
	synth_pages(s, 1, 0, 8, pages_of(8, 1));
	synth_pages(s, 2, 0, 8, pages_of(8, 1));
	synth_submit(s, 1, 0, 1, BASE);
	synth_submit(s, 1, 1, 1, BASE);
	synth_pages(s, 1, 4, 1, pages_of(1, 3));
	synth_submit(s, 1, 1, 1, BASE);
	synth_bind(s, 1, 2, BASE, 2 * GPU_PAGE);
	synth_submit(s, 1, 1, 1, BASE);
	open_trace(&f, 0);

#define STAMP(address, size) f.submit.memory.stamp(f.submit.memory.cookie, address, size)
	next(&f);
	stamp = STAMP(BASE, 64);
	other = STAMP(BASE + GPU_PAGE - 32, 64);
	assert_true(stamp && other);
	next(&f);
	assert_int_equal(STAMP(BASE, 64), stamp);
	assert_int_equal(STAMP(BASE + GPU_PAGE - 32, 64), other);
	next(&f);
	assert_int_equal(STAMP(BASE, 64), stamp);
	assert_int_not_equal(STAMP(BASE + GPU_PAGE - 32, 64), other);
	next(&f);
	assert_int_not_equal(STAMP(BASE, 64), stamp);
	assert_int_equal(STAMP(BASE - 64, 64), 0);
#undef STAMP
	finish(&f);
}

static void objects_are_read_by_themselves(void **state)
{
	struct fixture f;
	struct synth *s = start(&f);
	uint8_t buf[3 * GPU_PAGE];
	const uint8_t *bytes;
	uint32_t object;
	size_t got;
	bool known;

	synth_gem_create(s, 9, 2 * GPU_PAGE, 1);
	synth_pages(s, 9, 3, 2, pages_of(2, 7));
	synth_submit(s, 1, 0, 1, BASE);
	open_trace(&f, 0);
	next(&f);
	object = state_find(agx_decode_trace_state(f.trace), 1, AGX_OBJECT_GEM, 9);
	assert_int_not_equal(object, STATE_NONE);

	bytes = agx_decode_trace_object(f.trace, object, 3 * AGXT_PAGE_SIZE, 2 * AGXT_PAGE_SIZE,
					buf, &got, &known);
	assert_ptr_equal(bytes, buf);
	assert_true(known);
	assert_int_equal(bytes[0], 7);
	assert_int_equal(bytes[AGXT_PAGE_SIZE], 8);
	bytes = agx_decode_trace_object(f.trace, object, 0, 64, buf, &got, &known);
	assert_non_null(bytes);
	assert_false(known);
	assert_null(agx_decode_trace_object(f.trace, object, GPU_PAGE, 2 * GPU_PAGE, buf, &got,
					    &known));
	assert_int_equal(got, GPU_PAGE);
	assert_null(agx_decode_trace_object(f.trace, object, UINT64_MAX, 1, buf, &got, &known));
	assert_null(agx_decode_trace_object(f.trace, object + 100, 0, 1, buf, &got, &known));
	finish(&f);
}

static void what_is_dead_is_forgotten(void **state)
{
	struct fixture f;
	struct synth *s = start(&f);
	uint64_t now, most;
	unsigned int i;

	/* More than the limit in all, a part of it at any time. */
	for (i = 0; i < 64; i++) {
		synth_gem_create(s, 1, 64 * AGXT_PAGE_SIZE, 1);
		synth_pages(s, 1, 0, 64, pages_of(64, i + 1));
		synth_gem_close(s, 1);
	}
	synth_submit(s, 1, 0, 1, BASE);
	open_trace(&f, 1 << 20);
	next(&f);
	agx_decode_trace_held(f.trace, &now, &most);
	assert_true(most <= 1 << 20);
	finish(&f);
}

static void the_limit_holds(void **state)
{
	struct agx_trace_error error = {.what = NULL};
	struct fixture f;
	struct synth *s = start(&f);

	synth_gem_create(s, 1, 1ull << 36, 1);
	synth_pages(s, 1, 0, 64, pages_of(64, 1));
	synth_pages(s, 1, (1ull << 36) / AGXT_PAGE_SIZE - 1, 1, pages_of(1, 1));
	synth_submit(s, 1, 0, 1, BASE);
	open_trace(&f, 1 << 18);
	assert_int_equal(agx_decode_trace_next_submit(f.trace, &f.submit, &error), -EFBIG);
	assert_non_null(error.what);
	finish(&f);
}

static void frames_and_the_gpu_are_known(void **state)
{
	struct fixture f;
	struct synth *s = start(&f);

	synth_submit(s, 1, 0, 1, BASE);
	synth_marker(s, AGXT_MARKER_PRESENT, 1, "");
	synth_submit(s, 1, 1, 1, BASE);
	synth_marker(s, AGXT_MARKER_LABEL, 1, "here");
	synth_submit(s, 1, 1, 1, BASE);
	synth_submit(s, 2, 1, 1, BASE);
	open_trace(&f, 0);
	next(&f);
	assert_int_equal(f.submit.frame, 0);
	assert_int_equal(agx_decode_trace_gpu(f.trace)->gpu_generation, 13);
	next(&f);
	assert_int_equal(f.submit.frame, 1);
	next(&f);
	assert_int_equal(f.submit.frame, 1);
	next(&f);
	assert_false(f.submit.have_queue);
	assert_int_equal(byte_at(&f, BASE), -1);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_that_of_the_call),
		cmocka_unit_test(mappings_split_and_go),
		cmocka_unit_test(one_page_over_and_over),
		cmocka_unit_test(stamps_tell_of_changes),
		cmocka_unit_test(objects_are_read_by_themselves),
		cmocka_unit_test(what_is_dead_is_forgotten),
		cmocka_unit_test(the_limit_holds),
		cmocka_unit_test(frames_and_the_gpu_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
