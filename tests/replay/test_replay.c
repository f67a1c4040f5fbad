// SPDX-License-Identifier: MIT
/*
 * The replay engine: what a node answered is recorded, replayed on another node, and has to
 * agree; what is then changed in the recording has to be noticed, with the right name.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#include "agx_trace.h"
#include "asahi_drm.h"
#include "recorder.h"
#include "replay.h"
#include "replay_target.h"
#include "rewrite.h"

static char trace_path[64], changed_path[64];

static void replay_file(const char *path, const struct agx_replay_config *config,
			struct agx_replay_outcome *outcome)
{
	const struct replay_virtual_params params = {.memory_limit = 1ull << 30};
	struct agx_replay_target *target = replay_target_virtual_create(&params);
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;

	assert_non_null(target);
	assert_int_equal(agx_trace_reader_open(path, NULL, &reader, &error), 0);
	agx_replay_run(reader, target, config, outcome);
	agx_trace_reader_close(reader);
	replay_target_virtual_destroy(target);
}

static void explain(const struct agx_replay_outcome *o)
{
	if (o->message[0])
		print_message("message: %s\n", o->message);
	if (o->stats.divergences)
		print_message("record %llu: %s: %s: expected %s, got %s\n",
			      (unsigned long long)o->divergence.record, o->divergence.name,
			      o->divergence.field, o->divergence.expected, o->divergence.got);
}

static void expect_pass(const char *path, struct agx_replay_outcome *outcome)
{
	replay_file(path, NULL, outcome);
	if (outcome->status != AGX_REPLAY_PASS)
		explain(outcome);
	assert_int_equal(outcome->status, AGX_REPLAY_PASS);
	assert_int_equal(outcome->stats.divergences, 0);
}

static void expect_divergence(const char *path, const char *name, const char *field)
{
	struct agx_replay_outcome outcome;

	replay_file(path, NULL, &outcome);
	if (outcome.status != AGX_REPLAY_FAIL)
		explain(&outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_FAIL);
	assert_string_equal(outcome.divergence.name, name);
	assert_string_equal(outcome.divergence.field, field);
}

static void expect_broken(const char *path, const char *part)
{
	struct agx_replay_outcome outcome;

	replay_file(path, NULL, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_DAMAGED);
	if (!strstr(outcome.message, part))
		explain(&outcome);
	assert_non_null(strstr(outcome.message, part));
}

/* Something of everything that a simple program does. */
static void record_program(const char *path)
{
	struct recorder *rec = recorder_create(path, NULL);
	uint32_t file = recorder_open(rec, 0), vm, bo[3], queue, sync, i;
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params get = {
		.pointer = (uintptr_t)&params,
		.size = sizeof(params),
	};
	struct drm_get_cap cap = {.capability = DRM_CAP_SYNCOBJ_TIMELINE};
	struct drm_asahi_get_time now = {0};
	struct drm_syncobj_wait wait;
	struct drm_gem_close gem_close;
	struct drm_asahi_queue_destroy queue_destroy = {0};
	struct drm_asahi_vm_destroy vm_destroy = {0};
	uint8_t *pages = calloc(4, 4096);

	for (i = 0; i < 3 * 4096; i++)
		pages[i] = (uint8_t)(i * 7 + i / 4096);
	recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_GET_PARAMS, &get);
	recorder_ioctl(rec, file, DRM_IOCTL_GET_CAP, &cap);
	recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_GET_TIME, &now);
	vm = recorder_vm_create(rec, file);
	for (i = 0; i < 3; i++) {
		bo[i] = recorder_gem_create(rec, file, 0x10000 * (i + 1));
		recorder_bind(rec, file, vm, bo[i], 0x100000000 + i * 0x100000, 0x10000);
	}
	for (i = 0; i < 3; i++) {
		struct drm_asahi_gem_mmap_offset offset = {.handle = bo[i]};

		recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset);
		recorder_map(rec, file, bo[i], 0, 0x10000 * (i + 1), 0);
	}
	queue = recorder_queue_create(rec, file, vm);
	sync = recorder_syncobj_create(rec, file);
	for (i = 0; i < 8; i++) {
		pages[i * 4] ^= 0x55;
		recorder_pages(rec, file, bo[i % 3], i % 2, 4, pages, 0);
		recorder_submit(rec, file, queue, sync);
		wait = (struct drm_syncobj_wait){
			.handles = (uintptr_t)&sync,
			.count_handles = 1,
			.timeout_nsec = INT64_MAX,
		};
		recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
		recorder_marker(rec, 0);
	}
	/* Refusals are results, too. */
	gem_close = (struct drm_gem_close){.handle = 4711};
	recorder_ioctl(rec, file, DRM_IOCTL_GEM_CLOSE, &gem_close);
	queue_destroy.queue_id = queue;
	recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &queue_destroy);
	recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &queue_destroy);
	vm_destroy.vm_id = vm;
	recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_VM_DESTROY, &vm_destroy);
	gem_close.handle = bo[1];
	recorder_ioctl(rec, file, DRM_IOCTL_GEM_CLOSE, &gem_close);
	bo[1] = recorder_gem_create(rec, file, 0x4000);
	recorder_close(rec, file);
	recorder_finish(rec);
	free(pages);
}

static void test_program_passes(void **state)
{
	struct agx_replay_outcome outcome;

	record_program(trace_path);
	expect_pass(trace_path, &outcome);
	assert_string_equal(outcome.soc, "t8103");
	assert_int_equal(outcome.stats.submits, 8);
	assert_int_equal(outcome.stats.commands, 8);
	assert_int_equal(outcome.stats.pages, 32);
	assert_int_equal(outcome.stats.files, 1);
	assert_int_equal(outcome.stats.processes, 1);
	assert_true(outcome.stats.checks > 40);
}

static void test_replay_is_deterministic(void **state)
{
	struct agx_replay_outcome one, two;

	record_program(trace_path);
	expect_pass(trace_path, &one);
	expect_pass(trace_path, &two);
	assert_memory_equal(&one.stats, &two.stats, sizeof(one.stats));
}

/* What to change: the nth RETURN (or CALL, PAGES_RAW) of a request. */
struct change {
	uint16_t type;
	uint32_t request;
	unsigned int skip;
	uint32_t offset; /* in the record */
	uint8_t mask;
	int32_t result; /* with offset UINT32_MAX */
	bool done;
};

static bool apply_change(void *data, uint64_t index, uint32_t stream, struct agxt_record *rec)
{
	struct change *c = data;
	uint32_t request = 0;

	if (rec->type == AGXT_CALL)
		request = ((struct agxt_call *)rec)->request;
	if (rec->type == AGXT_RETURN)
		request = ((struct agxt_return *)rec)->request;
	if (c->done || rec->type != c->type || request != c->request || c->skip--)
		return true;
	c->skip = 0;
	c->done = true;
	if (c->offset == UINT32_MAX) {
		((struct agxt_return *)rec)->result = c->result;
	} else {
		assert_true(c->offset < rec->size);
		((uint8_t *)rec)[c->offset] ^= c->mask;
	}
	return true;
}

static void change_trace(struct change change)
{
	assert_int_equal(rewrite_trace(trace_path, changed_path, false, apply_change, &change), 0);
	assert_true(change.done);
}

#define RETURN_ARGS sizeof(struct agxt_return)
#define CALL_ARGS   sizeof(struct agxt_call)

static void test_rewritten_trace_passes(void **state)
{
	struct change none = {.type = 0xffff};
	struct agx_replay_outcome outcome;

	record_program(trace_path);
	assert_int_equal(rewrite_trace(trace_path, changed_path, true, apply_change, &none), 0);
	expect_pass(changed_path, &outcome);
}

static void test_changed_result_is_noticed(void **state)
{
	record_program(trace_path);
	change_trace((struct change){.type = AGXT_RETURN,
				     .request = DRM_IOCTL_ASAHI_SUBMIT,
				     .skip = 3,
				     .offset = UINT32_MAX,
				     .result = -EINVAL});
	expect_divergence(changed_path, "ASAHI_SUBMIT", "result");
	change_trace((struct change){.type = AGXT_RETURN,
				     .request = DRM_IOCTL_GEM_CLOSE,
				     .offset = UINT32_MAX,
				     .result = 0});
	expect_divergence(changed_path, "GEM_CLOSE", "result");
	change_trace((struct change){.type = AGXT_RETURN,
				     .request = DRM_IOCTL_ASAHI_QUEUE_DESTROY,
				     .skip = 1,
				     .offset = UINT32_MAX,
				     .result = -EINVAL});
	expect_divergence(changed_path, "ASAHI_QUEUE_DESTROY", "result");
}

static void test_changed_output_is_noticed(void **state)
{
	record_program(trace_path);
	change_trace((struct change){.type = AGXT_RETURN,
				     .request = DRM_IOCTL_GET_CAP,
				     .offset = RETURN_ARGS + offsetof(struct drm_get_cap, value),
				     .mask = 2});
	expect_divergence(changed_path, "GET_CAP", "value");
	/* The parameters are a pointee: behind the argument of a W ioctl comes a blob. */
	change_trace((struct change){
		.type = AGXT_RETURN,
		.request = DRM_IOCTL_ASAHI_GET_PARAMS,
		.offset = RETURN_ARGS + sizeof(struct agxt_blob) +
			  offsetof(struct drm_asahi_params_global, num_cores_per_cluster),
		.mask = 1});
	expect_divergence(changed_path, "ASAHI_GET_PARAMS", "params.num_cores_per_cluster");
}

static void test_changed_handle_is_noticed(void **state)
{
	record_program(trace_path);
	/* The second buffer comes back with the first one's number. */
	change_trace((struct change){.type = AGXT_RETURN,
				     .request = DRM_IOCTL_ASAHI_GEM_CREATE,
				     .skip = 1,
				     .offset = RETURN_ARGS +
					       offsetof(struct drm_asahi_gem_create, handle),
				     .mask = 3});
	expect_divergence(changed_path, "ASAHI_GEM_CREATE", "handle");
	/* The VM has a number that later calls do not use. */
	change_trace(
		(struct change){.type = AGXT_RETURN,
				.request = DRM_IOCTL_ASAHI_VM_CREATE,
				.offset = RETURN_ARGS + offsetof(struct drm_asahi_vm_create, vm_id),
				.mask = 0x40});
	expect_divergence(changed_path, "ASAHI_VM_BIND", "result");
}

static void test_changed_input_is_noticed(void **state)
{
	record_program(trace_path);
	change_trace(
		(struct change){.type = AGXT_CALL,
				.request = DRM_IOCTL_ASAHI_SUBMIT,
				.offset = CALL_ARGS + offsetof(struct drm_asahi_submit, queue_id),
				.mask = 0x10});
	expect_divergence(changed_path, "ASAHI_SUBMIT", "result");
	change_trace((struct change){.type = AGXT_CALL,
				     .request = DRM_IOCTL_ASAHI_SUBMIT,
				     .offset = CALL_ARGS + offsetof(struct drm_asahi_submit, pad),
				     .mask = 0x10});
	expect_divergence(changed_path, "ASAHI_SUBMIT", "result");
	change_trace((struct change){.type = AGXT_CALL,
				     .request = DRM_IOCTL_ASAHI_VM_BIND,
				     .offset = CALL_ARGS + sizeof(struct drm_asahi_vm_bind) +
					       sizeof(struct agxt_blob) +
					       offsetof(struct drm_asahi_gem_bind_op, addr),
				     .mask = 1});
	expect_divergence(changed_path, "ASAHI_VM_BIND", "result");
}

static void test_keep_going_counts_all(void **state)
{
	struct agx_replay_config config = {.keep_going = true};
	struct agx_replay_outcome outcome;

	record_program(trace_path);
	change_trace(
		(struct change){.type = AGXT_RETURN,
				.request = DRM_IOCTL_ASAHI_VM_CREATE,
				.offset = RETURN_ARGS + offsetof(struct drm_asahi_vm_create, vm_id),
				.mask = 0x40});
	replay_file(changed_path, &config, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_FAIL);
	assert_true(outcome.stats.divergences > 3);
	assert_string_equal(outcome.divergence.name, "ASAHI_VM_BIND");
	assert_true(outcome.divergence.last_count > 3);
}

static void record_memory(const char *path, bool right, bool digest)
{
	struct recorder *rec = recorder_create(path, NULL);
	uint32_t file = recorder_open(rec, 0), bo = recorder_gem_create(rec, file, 0x8000);
	uint8_t *pages = malloc(2 * 4096);
	XXH128_canonical_t hash;

	memset(pages, 0x5a, 2 * 4096);
	recorder_pages(rec, file, bo, 1, 2, pages, 0);
	if (digest) {
		XXH128_canonicalFromHash(&hash, XXH3_128bits(pages, 2 * 4096));
		if (!right)
			hash.digest[3] ^= 1;
		recorder_result(rec, file, bo, 4096, 2 * 4096, hash.digest);
	} else {
		if (!right)
			pages[4096 + 17] ^= 0x80;
		recorder_pages(rec, file, bo, 1, 2, pages, AGXT_PAGES_RESULT);
	}
	recorder_close(rec, file);
	recorder_finish(rec);
	free(pages);
}

static void test_memory_results_are_compared(void **state)
{
	struct agx_replay_outcome outcome;

	record_memory(trace_path, true, true);
	expect_pass(trace_path, &outcome);
	assert_int_equal(outcome.stats.digests, 1);
	record_memory(trace_path, false, true);
	expect_divergence(trace_path, "RESULT of handle 1 in file 1", "digest of 0x1000+0x2000");
	record_memory(trace_path, true, false);
	expect_pass(trace_path, &outcome);
	record_memory(trace_path, false, false);
	expect_divergence(trace_path, "PAGES of handle 1 in file 1", "byte 0x2011");
	/* A page that the CPU wrote is changed: the digest of the result tells. */
	record_memory(trace_path, true, true);
	change_trace((struct change){
		.type = AGXT_PAGES_RAW, .offset = sizeof(struct agxt_pages) + 5000, .mask = 4});
	expect_divergence(changed_path, "RESULT of handle 1 in file 1", "digest of 0x1000+0x2000");
}

static void test_pages_out_of_bounds_are_damage(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), bo = recorder_gem_create(rec, file, 0x8000);
	uint8_t *pages = calloc(4, 4096);

	pages[0] = 1;
	recorder_pages(rec, file, bo, 6, 4, pages, 0);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_broken(trace_path, "PAGES 6 to 9 of an object of 32768 bytes");

	rec = recorder_create(trace_path, NULL);
	file = recorder_open(rec, 0);
	recorder_pages(rec, file, 77, 0, 1, pages, 0);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_broken(trace_path, "handle 77 of file 1, which does not exist");
	free(pages);
}

/* Two processes, a buffer from one to the other, its content seen on the other side. */
static void test_buffers_cross_processes(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file[2] = {recorder_open(rec, 0), recorder_open(rec, 1)};
	uint32_t filler = recorder_gem_create(rec, file[1], 0x4000);
	uint32_t bo = recorder_gem_create(rec, file[0], 0x8000);
	struct drm_prime_handle out = {.handle = bo, .flags = O_CLOEXEC | O_RDWR}, in = {0};
	struct agx_replay_outcome outcome;
	XXH128_canonical_t hash;
	uint8_t page[4096];
	int fd;

	memset(page, 0x33, sizeof(page));
	assert_int_equal(recorder_ioctl(rec, file[0], DRM_IOCTL_PRIME_HANDLE_TO_FD, &out), 0);
	fd = out.fd;
	in.fd = fd;
	assert_int_equal(recorder_ioctl(rec, file[1], DRM_IOCTL_PRIME_FD_TO_HANDLE, &in), 0);
	assert_int_not_equal(in.handle, filler);
	recorder_pages(rec, file[0], bo, 1, 1, page, 0);
	XXH128_canonicalFromHash(&hash, XXH3_128bits(page, sizeof(page)));
	recorder_result(rec, file[1], in.handle, 4096, 4096, hash.digest);
	recorder_fd_close(rec, 0, fd);
	recorder_close(rec, file[0]);
	recorder_close(rec, file[1]);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
	assert_int_equal(outcome.stats.processes, 2);
	assert_int_equal(outcome.stats.files, 2);
	assert_int_equal(outcome.stats.digests, 1);
}

/* The same buffer imported twice has one handle, and the replay insists on it. */
static void test_second_import_gives_same_handle(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), bo = recorder_gem_create(rec, file, 0x4000);
	struct drm_prime_handle out = {.handle = bo, .flags = O_CLOEXEC}, in = {0};
	struct agx_replay_outcome outcome;

	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &out), 0);
	in.fd = out.fd;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &in), 0);
	assert_int_equal(in.handle, bo);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
	change_trace(
		(struct change){.type = AGXT_RETURN,
				.request = DRM_IOCTL_PRIME_FD_TO_HANDLE,
				.offset = RETURN_ARGS + offsetof(struct drm_prime_handle, handle),
				.mask = 8});
	expect_divergence(changed_path, "PRIME_FD_TO_HANDLE", "handle");
}

static void test_foreign_buffer_is_substituted(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL), *other;
	uint32_t file = recorder_open(rec, 0), foreign_file, foreign;
	struct drm_prime_handle out = {.flags = O_CLOEXEC | O_RDWR}, in = {0};
	struct agx_replay_outcome outcome;
	uint8_t page[4096] = {1, 2, 3};
	int fd;

	/* From a node that the trace knows nothing of. */
	other = recorder_create(changed_path, NULL);
	foreign_file = recorder_open(other, 0);
	foreign = recorder_gem_create(other, foreign_file, 0x10000);
	out.handle = foreign;
	assert_int_equal(recorder_ioctl(other, foreign_file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &out),
			 0);
	fd = fcntl(out.fd, F_DUPFD_CLOEXEC, 0);
	assert_true(fd >= 0);

	recorder_foreign(rec, 0, fd, AGXT_FD_DMA_BUF, 0x10000);
	in.fd = fd;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &in), 0);
	recorder_pages(rec, file, in.handle, 15, 1, page, 0);
	recorder_close(rec, file);
	recorder_finish(rec);
	recorder_finish(other);
	expect_pass(trace_path, &outcome);
	assert_int_equal(outcome.stats.foreign, 1);
}

static void test_sync_files_are_exchanged(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), vm = recorder_vm_create(rec, file);
	uint32_t queue = recorder_queue_create(rec, file, vm);
	uint32_t a = recorder_syncobj_create(rec, file), b = recorder_syncobj_create(rec, file);
	struct drm_syncobj_handle out = {
		.handle = a,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	struct drm_syncobj_handle in = {
		.handle = b,
		.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
	};
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&b,
		.count_handles = 1,
		.timeout_nsec = INT64_MAX,
	};
	struct agx_replay_outcome outcome;

	assert_int_equal(recorder_submit(rec, file, queue, a), 0);
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &out), 0);
	in.fd = out.fd;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &in), 0);
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait), 0);
	recorder_fd_close(rec, 0, out.fd);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
}

/* What a sync file is not stays an error, with the errno of an open but unusable descriptor. */
static void test_sync_file_is_no_buffer(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0);
	struct drm_syncobj_create create = {.flags = DRM_SYNCOBJ_CREATE_SIGNALED};
	struct drm_syncobj_handle out = {
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	struct drm_syncobj_handle in = {0};
	struct drm_prime_handle prime = {0};
	struct agx_replay_outcome outcome;

	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_CREATE, &create), 0);
	out.handle = create.handle;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &out), 0);
	prime.fd = in.fd = out.fd;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), -EINVAL);
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &in), -EINVAL);
	prime.fd = 987654;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), -EBADF);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
}

/* A number that a call in flight gives up is another thread's before that call has returned. */
static void test_handle_is_reused_while_its_end_is_in_flight(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), bo = recorder_gem_create(rec, file, 0x4000);
	struct drm_gem_close gem_close = {.handle = bo};
	struct drm_asahi_gem_create create = {.size = 0x8000};
	struct agx_replay_outcome outcome;
	uint64_t closing, creating;
	uint8_t page[4096] = {9};

	recorder_pages(rec, file, bo, 0, 1, page, 0);
	closing = recorder_begin(rec, file, 1, DRM_IOCTL_GEM_CLOSE, &gem_close);
	assert_int_equal(recorder_make(rec, closing), 0);
	creating = recorder_begin(rec, file, 2, DRM_IOCTL_ASAHI_GEM_CREATE, &create);
	assert_int_equal(recorder_make(rec, creating), 0);
	assert_int_equal(create.handle, bo);
	recorder_end(rec, creating);
	recorder_end(rec, closing);
	recorder_pages(rec, file, bo, 7, 1, page, 0);
	gem_close.handle = bo;
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_GEM_CLOSE, &gem_close), 0);
	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_GEM_CLOSE, &gem_close), -EINVAL);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
}

/* A wait comes back before the submit that ends it has: the submit is made early. */
static void test_wait_overtakes_submit(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), sync = recorder_syncobj_create(rec, file);
	struct drm_syncobj_array array = {.handles = (uintptr_t)&sync, .count_handles = 1};
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&sync,
		.count_handles = 1,
		.timeout_nsec = INT64_MAX,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};
	struct agx_replay_outcome outcome;
	uint64_t signalling, waiting;

	signalling = recorder_begin(rec, file, 1, DRM_IOCTL_SYNCOBJ_SIGNAL, &array);
	waiting = recorder_begin(rec, file, 2, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
	assert_int_equal(recorder_make(rec, signalling), 0);
	assert_int_equal(recorder_make(rec, waiting), 0);
	recorder_end(rec, waiting);
	recorder_end(rec, signalling);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
}

static void test_timing_is_not_compared(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), vm = recorder_vm_create(rec, file);
	uint32_t queue = recorder_queue_create(rec, file, vm);
	uint32_t sync = recorder_syncobj_create(rec, file);
	struct drm_syncobj_wait wait = {.handles = (uintptr_t)&sync, .count_handles = 1};
	struct agx_replay_outcome outcome;

	assert_int_equal(recorder_submit(rec, file, queue, sync), 0);
	/* It was still running then. */
	recorder_pretend(rec, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait, 0, -ETIME);
	recorder_pretend(rec, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait, 0, -EINTR);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
	assert_int_equal(outcome.stats.timing, 2);
}

static void test_wait_that_cannot_succeed_diverges(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), sync = recorder_syncobj_create(rec, file);
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&sync,
		.count_handles = 1,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
		.timeout_nsec = INT64_MAX,
	};

	recorder_pretend(rec, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait, 0, 0);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_divergence(trace_path, "SYNCOBJ_WAIT", "result");
}

static void test_unknown_ioctl_has_to_be_unknown_again(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0);
	uint32_t request = _IOWR('d', 0x9f, uint64_t), arg[2] = {0};
	struct agx_replay_outcome outcome;

	assert_true(recorder_ioctl(rec, file, request, arg) < 0);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);

	rec = recorder_create(trace_path, NULL);
	file = recorder_open(rec, 0);
	recorder_pretend(rec, file, request, arg, 0, 0);
	recorder_finish(rec);
	expect_divergence(trace_path, "ioctl 0xc008649f", "result");
}

static void test_bad_pointers_stay_bad(void **state)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0);
	struct drm_asahi_get_params get = {.pointer = 16, .size = 64};
	struct agx_replay_outcome outcome;

	recorder_pretend(rec, file, DRM_IOCTL_ASAHI_GET_PARAMS, &get, 0, -EFAULT);
	get.pointer = 0;
	recorder_pretend(rec, file, DRM_IOCTL_ASAHI_GET_PARAMS, &get, 0, -EFAULT);
	recorder_bad_argument(rec, file, DRM_IOCTL_ASAHI_GEM_CREATE, -EFAULT);
	recorder_close(rec, file);
	recorder_finish(rec);
	expect_pass(trace_path, &outcome);
}

static void record_unfinished(void)
{
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0);
	struct drm_asahi_gem_create create = {.size = 0x4000};

	recorder_begin(rec, file, 1, DRM_IOCTL_ASAHI_GEM_CREATE, &create);
	recorder_finish(rec);
}

static void test_unfinished_calls_are_counted(void **state)
{
	struct agx_replay_config config = {.run_unfinished = true};
	struct agx_replay_outcome outcome;

	record_unfinished();
	expect_pass(trace_path, &outcome);
	assert_int_equal(outcome.stats.unfinished, 1);
	assert_int_equal(outcome.stats.calls, 1);
	replay_file(trace_path, &config, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_PASS);
	assert_int_equal(outcome.stats.calls, 2);
}

static void test_other_soc_needs_to_be_asked_for(void **state)
{
	struct recorder_params params = {.soc = "t6001"};
	struct agx_replay_config config = {.soc = "t8103"};
	struct agx_replay_outcome outcome;
	struct drm_asahi_params_global global;
	struct drm_asahi_get_params get = {
		.pointer = (uintptr_t)&global,
		.size = sizeof(global),
	};
	struct recorder *rec = recorder_create(trace_path, &params);
	uint32_t file = recorder_open(rec, 0);

	assert_int_equal(recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_GET_PARAMS, &get), 0);
	recorder_finish(rec);
	/* The virtual node is any SoC. */
	expect_pass(trace_path, &outcome);
	assert_string_equal(outcome.soc, "t6001");
	replay_file(trace_path, &config, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_PASS);
	assert_string_equal(outcome.message, "recorded on t6001, replayed on t8103 as asked");
	config.soc = "t9999";
	replay_file(trace_path, &config, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_REFUSED);
	assert_non_null(strstr(outcome.message, "t9999"));
}

static void test_nameless_soc_is_refused(void **state)
{
	struct recorder_params params = {.no_soc = true};
	struct recorder *rec = recorder_create(trace_path, &params);
	struct agx_replay_outcome outcome;

	recorder_open(rec, 0);
	recorder_finish(rec);
	replay_file(trace_path, NULL, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_REFUSED);
	assert_non_null(strstr(outcome.message, "does not say on which SoC"));
}

static void test_memory_limit_holds(void **state)
{
	struct agx_replay_config config = {.memory = 64 << 10};
	struct recorder *rec = recorder_create(trace_path, NULL);
	uint32_t file = recorder_open(rec, 0), bo = recorder_gem_create(rec, file, 1 << 20), i;
	struct agx_replay_outcome outcome;
	uint8_t page[4096] = {1};

	for (i = 0; i < 256; i++)
		recorder_pages(rec, file, bo, i, 1, page, 0);
	recorder_finish(rec);
	replay_file(trace_path, &config, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_REFUSED);
	assert_non_null(strstr(outcome.message, "memory"));
	expect_pass(trace_path, &outcome);
}

static void test_orphans_are_damage_or_left_out(void **state)
{
	struct agx_replay_config config = {.force = true};
	struct agx_replay_outcome outcome;
	struct agxt_return orphan = {
		.rec = {.size = sizeof(orphan), .type = AGXT_RETURN, .thread = 1, .file = 1},
		.call = 12345,
		.request = DRM_IOCTL_ASAHI_SUBMIT,
	};
	struct agx_trace_writer *writer;
	struct agxt_open open_record = {
		.rec = {.size = sizeof(open_record), .type = AGXT_OPEN, .thread = 1, .file = 1},
	};
	struct agxt_record meta = {.thread = 1, .seq = 1};
	int fd = open(trace_path, O_RDWR | O_CREAT | O_TRUNC, 0666);

	assert_int_equal(agx_trace_writer_create(fd, NULL, &writer), 0);
	assert_int_equal(agx_trace_writer_meta(writer, 0, &meta, AGXT_META_SOC, "t8103", 5), 0);
	open_record.rec.seq = 2;
	assert_int_equal(agx_trace_writer_record(writer, 0, &open_record.rec), 0);
	orphan.rec.seq = 3;
	assert_int_equal(agx_trace_writer_record(writer, 0, &orphan.rec), 0);
	assert_int_equal(agx_trace_writer_finish(writer), 0);
	agx_trace_writer_destroy(writer);
	close(fd);
	expect_broken(trace_path, "the return of a call that was not made");
	replay_file(trace_path, &config, &outcome);
	assert_int_equal(outcome.status, AGX_REPLAY_DAMAGED);
	assert_non_null(strstr(outcome.message, "1 records left out"));
	assert_int_equal(outcome.stats.records, 3);
}

static int setup(void **state)
{
	snprintf(trace_path, sizeof(trace_path), "/tmp/agx-replay-test.XXXXXX");
	snprintf(changed_path, sizeof(changed_path), "/tmp/agx-replay-test.XXXXXX");
	close(mkstemp(trace_path));
	close(mkstemp(changed_path));
	return 0;
}

static int teardown(void **state)
{
	unlink(trace_path);
	unlink(changed_path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_passes),
		cmocka_unit_test(test_replay_is_deterministic),
		cmocka_unit_test(test_rewritten_trace_passes),
		cmocka_unit_test(test_changed_result_is_noticed),
		cmocka_unit_test(test_changed_output_is_noticed),
		cmocka_unit_test(test_changed_handle_is_noticed),
		cmocka_unit_test(test_changed_input_is_noticed),
		cmocka_unit_test(test_keep_going_counts_all),
		cmocka_unit_test(test_memory_results_are_compared),
		cmocka_unit_test(test_pages_out_of_bounds_are_damage),
		cmocka_unit_test(test_buffers_cross_processes),
		cmocka_unit_test(test_second_import_gives_same_handle),
		cmocka_unit_test(test_foreign_buffer_is_substituted),
		cmocka_unit_test(test_sync_files_are_exchanged),
		cmocka_unit_test(test_sync_file_is_no_buffer),
		cmocka_unit_test(test_handle_is_reused_while_its_end_is_in_flight),
		cmocka_unit_test(test_wait_overtakes_submit),
		cmocka_unit_test(test_timing_is_not_compared),
		cmocka_unit_test(test_wait_that_cannot_succeed_diverges),
		cmocka_unit_test(test_unknown_ioctl_has_to_be_unknown_again),
		cmocka_unit_test(test_bad_pointers_stay_bad),
		cmocka_unit_test(test_unfinished_calls_are_counted),
		cmocka_unit_test(test_other_soc_needs_to_be_asked_for),
		cmocka_unit_test(test_nameless_soc_is_refused),
		cmocka_unit_test(test_memory_limit_holds),
		cmocka_unit_test(test_orphans_are_damage_or_left_out),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
