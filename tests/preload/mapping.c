// SPDX-License-Identifier: MIT
/* Mappings of buffer objects: what they show, and what keeps an object alive. */
#include "client.h"

#define SIZE (64u << 10)

static int fd;

static int setup(void **state)
{
	fd = open_node();
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(live_bos(fd), 0);
	close(fd);
	return 0;
}

/* A mapped object whose handle is closed: only the mapping holds it. */
static uint8_t *mapping_only(void)
{
	uint32_t handle = create_bo(fd, SIZE);
	uint8_t *map = map_bo(fd, handle, SIZE);

	assert_int_equal(close_bo(fd, handle), 0);
	memset(map, 0xa5, SIZE);
	assert_int_equal(live_bos(fd), 1);
	return map;
}

static void two_mappings_are_one_memory(void **state)
{
	uint32_t handle = create_bo(fd, SIZE);
	uint32_t *a = map_bo(fd, handle, SIZE), *b = map_bo(fd, handle, SIZE);

	assert_ptr_not_equal(a, b);
	a[5000] = 42;
	assert_int_equal(b[5000], 42);
	assert_int_equal(close_bo(fd, handle), 0);
	b[5001] = 43;
	assert_int_equal(a[5001], 43);
	munmap(a, SIZE);
	assert_int_equal(live_bos(fd), 1);
	munmap(b, SIZE);
}

static void unmapping_in_parts_releases_at_the_end(void **state)
{
	uint8_t *map = mapping_only();
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t i;

	/* From the middle outwards, odd pages first. */
	for (i = page; i < SIZE; i += 2 * page)
		assert_int_equal(munmap(map + i, page), 0);
	assert_int_equal(live_bos(fd), 1);
	assert_int_equal(map[0], 0xa5);
	for (i = 0; i < SIZE - 2 * page; i += 2 * page)
		assert_int_equal(munmap(map + i, page), 0);
	assert_int_equal(live_bos(fd), 1);
	assert_int_equal(map[SIZE - 2 * page], 0xa5);
	/* A length that is no multiple of a page covers the page. */
	assert_int_equal(munmap(map + SIZE - 2 * page, 1), 0);
	assert_int_equal(live_bos(fd), 0);
}

static void one_unmap_of_many_objects(void **state)
{
	uint8_t *area = mmap(NULL, 8 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t handle;
	size_t i;

	assert_ptr_not_equal(area, MAP_FAILED);
	for (i = 0; i < 8; i++) {
		handle = create_bo(fd, SIZE);
		assert_ptr_equal(mmap(area + i * SIZE, SIZE, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_FIXED, fd, (off_t)bo_offset(fd, handle)),
				 area + i * SIZE);
		close_bo(fd, handle);
	}
	assert_int_equal(live_bos(fd), 8);
	assert_int_equal(munmap(area + SIZE / 2, 7 * SIZE), 0);
	assert_int_equal(live_bos(fd), 2);
	assert_int_equal(munmap(area, 8 * SIZE), 0);
}

static void a_fixed_mapping_replaces(void **state)
{
	uint8_t *map = mapping_only();

	assert_ptr_equal(mmap(map, SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 map);
	assert_int_equal(map[0], 0);
	assert_int_equal(live_bos(fd), 0);
	munmap(map, SIZE);
}

static void mremap_moves_and_shrinks_but_never_grows(void **state)
{
	uint8_t *map = mapping_only(), *moved;
	uint8_t *target = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_equal(mremap(map, SIZE, 2 * SIZE, MREMAP_MAYMOVE), MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	moved = mremap(map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	assert_ptr_equal(moved, target);
	assert_int_equal(moved[SIZE - 1], 0xa5);
	/* The old place is free for anything. */
	munmap(map, SIZE);
	assert_int_equal(live_bos(fd), 1);
	moved = mremap(moved, SIZE, SIZE / 2, 0);
	assert_ptr_equal(moved, target);
	assert_int_equal(live_bos(fd), 1);
	munmap(moved, SIZE / 2);
}

static void refused_mappings(void **state)
{
	uint32_t handle = create_bo(fd, SIZE);
	off_t offset = (off_t)bo_offset(fd, handle);

	assert_ptr_equal(mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, offset), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 2 * SIZE, PROT_READ, MAP_SHARED, fd, offset), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0x7ffffffff000), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	/* As drm_gem_mmap() in Linux: only from the object's beginning. */
	assert_ptr_equal(mmap(NULL, SIZE / 2, PROT_READ, MAP_SHARED, fd, offset + SIZE / 2),
			 MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, offset), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	close_bo(fd, handle);
	assert_ptr_equal(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, offset), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
}

static void mappings_outlive_the_file(void **state)
{
	int other = open_node();
	uint32_t handle = create_bo(other, SIZE);
	uint8_t *map = map_bo(other, handle, SIZE);

	map[100] = 1;
	close(other);
	assert_int_equal(map[100], 1);
	assert_int_equal(live_bos(fd), 1);
	munmap(map, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_mappings_are_one_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(unmapping_in_parts_releases_at_the_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_unmap_of_many_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fixed_mapping_replaces, setup, teardown),
		cmocka_unit_test_setup_teardown(mremap_moves_and_shrinks_but_never_grows, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refused_mappings, setup, teardown),
		cmocka_unit_test_setup_teardown(mappings_outlive_the_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
