// SPDX-License-Identifier: MIT
/* Buffer objects: creation, handles, mapping, memory limit, lifetimes. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"

static void handles_are_the_lowest_free(void **state)
{
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(make_bo(f.file, PAGE, 0), 1);
	assert_int_equal(make_bo(f.file, PAGE, 0), 2);
	assert_int_equal(make_bo(f.file, PAGE, 0), 3);
	close_bo(f.file, 2);
	assert_int_equal(make_bo(f.file, PAGE, 0), 2);
	assert_int_equal(make_bo(f.file, PAGE, 0), 4);
	fixture_finish(&f);
}

static void handles_belong_to_their_file(void **state)
{
	struct drm_gem_close close_args = {.handle = 1};
	struct agx_file *other;
	struct agx_mmap map;
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(agx_file_open(f.node, &other), 0);
	assert_int_equal(make_bo(f.file, PAGE, 0), 1);
	assert_int_equal(call(other, DRM_IOCTL_GEM_CLOSE, &close_args), -EINVAL);
	assert_int_equal(agx_file_mmap(other, mmap_offset(f.file, 1), PAGE, &map), -EACCES);
	assert_int_equal(make_bo(other, PAGE, 0), 1);
	agx_file_put(other);
	fixture_finish(&f);
}

static void sizes_are_rounded_up(void **state)
{
	struct agx_node_stats stats;
	struct fixture f;

	fixture_init(&f, NULL);
	make_bo(f.file, 1, 0);
	make_bo(f.file, PAGE + 1, 0);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 2);
	assert_int_equal(stats.live_bytes, 3 * PAGE);
	assert_int_equal(stats.peak_bytes, 3 * PAGE);
	close_bo(f.file, 2);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bytes, PAGE);
	assert_int_equal(stats.peak_bytes, 3 * PAGE);
	fixture_finish(&f);
}

static void new_memory_is_zero_again_and_again(void **state)
{
	struct fixture f;
	uint32_t vm;
	int i;

	fixture_init(&f, NULL);
	vm = make_vm(f.file);
	for (i = 0; i < 40; i++) {
		/* private and shareable, small and large */
		uint64_t size = (i % 4 < 2 ? 1 : 40) * PAGE, j;
		uint32_t handle = make_bo(f.file, size, i % 2 ? vm : 0);
		struct agx_bo *bo;
		uint8_t *data = map_bo(f.file, handle, size, &bo);

		for (j = 0; j < size; j++)
			assert_int_equal(data[j], 0);
		memset(data, 0xff, size);
		munmap(data, size);
		agx_bo_put(bo);
		close_bo(f.file, handle);
	}
	fixture_finish(&f);
}

static void mmap_offsets_are_unique_and_stable(void **state)
{
	struct fixture f;
	uint64_t offsets[50];
	uint32_t handle;
	int i, j;

	fixture_init(&f, NULL);
	for (i = 0; i < 50; i++) {
		handle = make_bo(f.file, (uint64_t)(1 + i % 3) * PAGE, 0);
		offsets[i] = mmap_offset(f.file, handle);
		assert_int_equal(mmap_offset(f.file, handle), offsets[i]);
		assert_true(offsets[i] >= 1ull << 32);
		assert_int_equal(offsets[i] % PAGE, 0);
		for (j = 0; j < i; j++)
			assert_int_not_equal(offsets[j], offsets[i]);
	}
	fixture_finish(&f);
}

static void bad_mappings_are_refused(void **state)
{
	struct agx_mmap map;
	struct fixture f;
	uint64_t offset;

	fixture_init(&f, NULL);
	offset = mmap_offset(f.file, make_bo(f.file, 4 * PAGE, 0));
	assert_int_equal(agx_file_mmap(f.file, 0, PAGE, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset + PAGE, PAGE, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset - PAGE, PAGE, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset + 1, PAGE, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, UINT64_MAX, PAGE, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset, 0, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset, 4 * PAGE + 1, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset, UINT64_MAX, &map), -EINVAL);
	assert_int_equal(agx_file_mmap(f.file, offset, PAGE, &map), 0); /* a part is fine */
	agx_bo_put(map.bo);
	fixture_finish(&f);
}

static void a_mapping_outlives_handle_file_and_node(void **state)
{
	struct agx_node_stats stats;
	struct agx_bo *bo[2];
	char *data[2];
	struct fixture f;
	int i;

	fixture_init(&f, NULL);
	data[0] = map_bo(f.file, make_bo(f.file, PAGE, make_vm(f.file)), PAGE, &bo[0]);
	data[1] = map_bo(f.file, make_bo(f.file, PAGE, 0), PAGE, &bo[1]);
	for (i = 0; i < 2; i++)
		strcpy(data[i], "still here");
	close_bo(f.file, 1);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 2);
	/* The memory is not given to somebody else. */
	make_bo(f.file, PAGE, 0);
	agx_file_put(f.file);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bos, 2);
	agx_node_destroy(f.node);
	for (i = 0; i < 2; i++) {
		assert_string_equal(data[i], "still here");
		munmap(data[i], PAGE);
		agx_bo_put(bo[i]); /* the last one frees the node */
	}
}

static void the_memory_limit_holds(void **state)
{
	struct agx_node_config config = {.memory_limit = 1 << 20, .single_step = true};
	struct drm_asahi_gem_create args = {.size = PAGE};
	struct agx_node_stats stats;
	struct fixture f;
	int i;

	fixture_init(&f, &config);
	for (i = 0; i < 64; i++)
		make_bo(f.file, PAGE, 0);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GEM_CREATE, &args), -ENOMEM);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.live_bytes, 1 << 20);
	assert_int_equal(stats.refused_ioctls, 1);
	close_bo(f.file, 10);
	assert_int_equal(make_bo(f.file, PAGE, 0), 10);
	fixture_finish(&f);
}

static void bad_configurations_are_refused(void **state)
{
	struct agx_node_config config = {.gpu = "t9999"};
	struct agx_node *node;

	assert_int_equal(agx_node_create(&config, &node), -EINVAL);
	config = (struct agx_node_config){.memory_limit = 1};
	assert_int_equal(agx_node_create(&config, &node), -EINVAL);
	config = (struct agx_node_config){.memory_limit = UINT64_MAX};
	assert_int_equal(agx_node_create(&config, &node), -EINVAL);
	/* More than 40 bits of physical address. */
	config = (struct agx_node_config){.gpu = "t8103", .memory_limit = 900ull << 30};
	assert_int_equal(agx_node_create(&config, &node), -EINVAL);
	config = (struct agx_node_config){.exec = (enum agx_exec)77};
	assert_int_equal(agx_node_create(&config, &node), -EINVAL);
}

static void a_hundred_thousand_buffers_work(void **state)
{
	struct agx_node_config config = {.memory_limit = 4ull << 30, .single_step = true};
	struct fixture f;
	uint32_t vm, i;

	fixture_init(&f, &config);
	vm = make_vm(f.file);
	for (i = 1; i <= 100000; i++) {
		assert_int_equal(make_bo(f.file, PAGE, vm), i);
		assert_int_equal(
			bind_range(f.file, vm, i, i * 2 * PAGE, PAGE, 0, DRM_ASAHI_BIND_READ), 0);
	}
	for (i = 3; i <= 100000; i += 3)
		close_bo(f.file, i);
	for (i = 3; i <= 100000; i += 3)
		assert_int_equal(make_bo(f.file, PAGE, vm), i);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_are_the_lowest_free),
		cmocka_unit_test(handles_belong_to_their_file),
		cmocka_unit_test(sizes_are_rounded_up),
		cmocka_unit_test(new_memory_is_zero_again_and_again),
		cmocka_unit_test(mmap_offsets_are_unique_and_stable),
		cmocka_unit_test(bad_mappings_are_refused),
		cmocka_unit_test(a_mapping_outlives_handle_file_and_node),
		cmocka_unit_test(the_memory_limit_holds),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(a_hundred_thousand_buffers_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
