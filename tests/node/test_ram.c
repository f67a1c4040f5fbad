// SPDX-License-Identifier: MIT
/* The machine's RAM: zeroed allocations, limits, reuse, overlays. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ram.h"

#define PAGE AGX_RAM_PAGE_SIZE
#define MIB  (1ull << 20)

static int owner;

static void is_filled(const uint8_t *data, uint64_t size, uint8_t value)
{
	assert_int_equal(data[0], value);
	assert_memory_equal(data, data + 1, size - 1);
}

static void limits_are_checked(void **state)
{
	struct agx_ram *ram;

	assert_int_equal(agx_ram_create(0, 0, &ram), -EINVAL);
	assert_int_equal(agx_ram_create(AGX_RAM_MIN_LIMIT - 1, 0, &ram), -EINVAL);
	assert_int_equal(agx_ram_create(AGX_RAM_MAX_LIMIT + 1, 0, &ram), -EINVAL);

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	assert_int_equal(agx_ram_alloc(ram, MIB + 1, &owner), -ENOMEM);
	assert_int_equal(agx_ram_alloc(ram, UINT64_MAX, &owner), -ENOMEM);
	assert_true(agx_ram_alloc(ram, MIB, &owner) >= 0);
	assert_int_equal(agx_ram_alloc(ram, 1, &owner), -ENOMEM);
	assert_int_equal(agx_ram_used(ram), MIB);
	agx_ram_destroy(ram);
	agx_ram_destroy(NULL);
}

static void reused_memory_is_zero(void **state)
{
	static const uint64_t sizes[] = {1, PAGE, 3 * PAGE, 16 * PAGE, 17 * PAGE, 2 * MIB};
	struct agx_ram *ram;
	int64_t offset;
	size_t i;
	int round;

	assert_int_equal(agx_ram_create(16 * MIB, 0, &ram), 0);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t size = (sizes[i] + PAGE - 1) / PAGE * PAGE;

		for (round = 0; round < 3; round++) {
			offset = agx_ram_alloc(ram, sizes[i], &owner);
			assert_true(offset >= 0);
			is_filled(agx_ram_pointer(ram, (uint64_t)offset), size, 0);
			memset(agx_ram_pointer(ram, (uint64_t)offset), 0xa5, size);
			agx_ram_free(ram, (uint64_t)offset, true);
		}
	}
	assert_int_equal(agx_ram_used(ram), 0);
	agx_ram_destroy(ram);
}

static void the_descriptor_shows_the_same_bytes(void **state)
{
	struct agx_ram *ram;
	int64_t offset;
	char *map;

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	offset = agx_ram_alloc(ram, PAGE, &owner);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   agx_ram_fd(ram, (uint64_t)offset), offset);
	assert_ptr_not_equal(map, MAP_FAILED);
	strcpy(map, "seen from the other side");
	assert_string_equal(agx_ram_pointer(ram, (uint64_t)offset), "seen from the other side");
	munmap(map, PAGE);
	agx_ram_destroy(ram);
}

static void translation_is_bounded(void **state)
{
	struct agx_ram *ram;
	int64_t offset;

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	offset = agx_ram_alloc(ram, PAGE, &owner);
	assert_ptr_equal(agx_ram_translate(ram, AGX_RAM_BASE + (uint64_t)offset, PAGE),
			 agx_ram_pointer(ram, (uint64_t)offset));
	assert_null(agx_ram_translate(ram, AGX_RAM_BASE - 1, 1));
	assert_null(agx_ram_translate(ram, 0, 1));
	assert_null(agx_ram_translate(ram, AGX_RAM_BASE, UINT64_MAX));
	assert_null(agx_ram_translate(ram, AGX_RAM_BASE + 16 * MIB, 1));
	assert_null(agx_ram_translate(ram, UINT64_MAX, 8));
	agx_ram_destroy(ram);
}

static void owners_are_found_by_exact_offset(void **state)
{
	struct agx_ram *ram;
	int a, b;
	int64_t first, second;

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	first = agx_ram_alloc(ram, 2 * PAGE, &a);
	second = agx_ram_alloc(ram, PAGE, &b);
	assert_ptr_equal(agx_ram_owner(ram, (uint64_t)first), &a);
	assert_ptr_equal(agx_ram_owner(ram, (uint64_t)second), &b);
	assert_null(agx_ram_owner(ram, (uint64_t)first + PAGE));
	assert_null(agx_ram_owner(ram, (uint64_t)first + 1));
	assert_null(agx_ram_owner(ram, UINT64_MAX - PAGE + 1));
	agx_ram_free(ram, (uint64_t)first, false);
	assert_null(agx_ram_owner(ram, (uint64_t)first));
	agx_ram_destroy(ram);
}

static void an_overlay_ends_when_freed(void **state)
{
	struct agx_ram *ram;
	int64_t offset, again;
	int fd = memfd_create("overlay", MFD_CLOEXEC);
	char byte = 'x';

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
	assert_int_equal(pwrite(fd, &byte, 1, PAGE), 1);

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	offset = agx_ram_alloc(ram, 4 * PAGE, &owner);
	assert_int_equal(agx_ram_overlay(ram, (uint64_t)offset, 4 * PAGE, fd), 0);
	assert_int_equal(((char *)agx_ram_pointer(ram, (uint64_t)offset))[PAGE], 'x');
	((char *)agx_ram_pointer(ram, (uint64_t)offset))[0] = 'y';
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'y');
	agx_ram_free(ram, (uint64_t)offset, true);

	again = agx_ram_alloc(ram, MIB, &owner);
	assert_true(again >= 0);
	is_filled(agx_ram_pointer(ram, (uint64_t)again), MIB, 0);
	memset(agx_ram_pointer(ram, (uint64_t)again), 0x11, MIB);
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 'y');
	agx_ram_destroy(ram);
	close(fd);
}

static void a_closed_descriptor_is_noticed(void **state)
{
	struct agx_ram *ram;
	int64_t offset;
	int fd, other;

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	offset = agx_ram_alloc(ram, PAGE, &owner);
	fd = agx_ram_fd(ram, (uint64_t)offset);
	close(fd);
	assert_int_equal(agx_ram_fd(ram, (uint64_t)offset), -EBADF);
	other = open("/dev/null", O_RDONLY);
	assert_int_equal(dup2(other, fd), fd);
	assert_int_equal(agx_ram_fd(ram, (uint64_t)offset), -EBADF);
	agx_ram_destroy(ram);
	assert_int_equal(fcntl(fd, F_GETFD), 0); /* the stranger was left alone */
	close(fd);
	close(other);
}

struct range {
	int64_t offset;
	uint64_t size;
	uint8_t fill; /* 0: never written */
};

/* Random allocations, writes and frees: always zero at first, never overlapping, never lost. */
static void random_use_keeps_ranges_apart(void **state)
{
	enum {
		COUNT = 200,
		STEPS = 3000
	};
	static struct range ranges[COUNT];
	struct agx_ram *ram;
	uint64_t used = 0;
	unsigned int seed = 1;
	int step;

	assert_int_equal(agx_ram_create(64 * MIB, 0, &ram), 0);
	for (step = 0; step < STEPS; step++) {
		struct range *range = &ranges[rand_r(&seed) % COUNT];
		uint64_t pages = 1 + (uint64_t)rand_r(&seed) % (rand_r(&seed) % 8 ? 8 : 100);

		if (range->size) {
			is_filled(agx_ram_pointer(ram, (uint64_t)range->offset), range->size,
				  range->fill);
			agx_ram_free(ram, (uint64_t)range->offset, range->fill);
			used -= range->size;
			range->size = 0;
		} else {
			range->offset = agx_ram_alloc(ram, pages * PAGE, range);
			if (range->offset < 0) {
				/* Only when it is really full, up to fragmentation. */
				assert_int_equal(range->offset, -ENOMEM);
				assert_true(used > 48 * MIB);
				continue;
			}
			range->size = pages * PAGE;
			used += range->size;
			assert_ptr_equal(agx_ram_owner(ram, (uint64_t)range->offset), range);
			is_filled(agx_ram_pointer(ram, (uint64_t)range->offset), range->size, 0);
			range->fill = (uint8_t)(rand_r(&seed) % 4 ? 1 + step % 255 : 0);
			if (range->fill)
				memset(agx_ram_pointer(ram, (uint64_t)range->offset), range->fill,
				       range->size);
		}
		assert_int_equal(agx_ram_used(ram), used);
	}
	agx_ram_destroy(ram);
}

/* After everything is freed the whole limit is there again in one piece. */
static void freed_memory_merges(void **state)
{
	enum {
		COUNT = 4096
	};
	static int64_t offsets[COUNT];
	struct agx_ram *ram;
	int64_t all;
	int i;

	assert_int_equal(agx_ram_create(COUNT * PAGE, 0, &ram), 0);
	for (i = 0; i < COUNT; i++) {
		offsets[i] = agx_ram_alloc(ram, PAGE, &owner);
		assert_true(offsets[i] >= 0);
		memset(agx_ram_pointer(ram, (uint64_t)offsets[i]), 1, 1);
	}
	assert_int_equal(agx_ram_alloc(ram, PAGE, &owner), -ENOMEM);
	for (i = 0; i < COUNT; i += 2)
		agx_ram_free(ram, (uint64_t)offsets[i], true);
	for (i = 1; i < COUNT; i += 2)
		agx_ram_free(ram, (uint64_t)offsets[i], true);
	all = agx_ram_alloc(ram, COUNT * PAGE, &owner);
	assert_true(all >= 0);
	is_filled(agx_ram_pointer(ram, (uint64_t)all), COUNT * PAGE, 0);
	agx_ram_destroy(ram);
}

/* Freed large buffers do not keep the host's memory. */
static void freed_memory_goes_back_to_the_host(void **state)
{
	struct agx_ram *ram;
	struct stat st;
	int64_t offset;
	int fd;

	assert_int_equal(agx_ram_create(64 * MIB, 0, &ram), 0);
	offset = agx_ram_alloc(ram, 32 * MIB, &owner);
	fd = agx_ram_fd(ram, (uint64_t)offset);
	memset(agx_ram_pointer(ram, (uint64_t)offset), 1, 16 * MIB);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 >= (off_t)(16 * MIB));
	agx_ram_free(ram, (uint64_t)offset, true);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 < (off_t)(MIB));
	agx_ram_destroy(ram);
}

/* --- Private memory --- */

#define OWN (64 * MIB)

static void private_memory_is_apart(void **state)
{
	struct agx_ram *ram;
	int64_t a, b, shared;
	uint8_t *data;

	assert_int_equal(agx_ram_create(MIB, AGX_RAM_MAX_PRIVATE + PAGE, &ram), -EINVAL);
	assert_int_equal(agx_ram_create(MIB, PAGE + 1, &ram), -EINVAL);
	assert_int_equal(agx_ram_create(MIB, OWN, &ram), 0);
	assert_int_equal(agx_ram_address_space(MIB, OWN), MIB + MIB / 4 + OWN);
	shared = agx_ram_alloc(ram, MIB, &owner);
	assert_true(shared >= 0);
	a = agx_ram_alloc_private(ram, 1);
	b = agx_ram_alloc_private(ram, 3 * PAGE);
	assert_true(a >= (int64_t)(MIB + MIB / 4));
	assert_int_equal(b, a + (int64_t)PAGE);
	assert_int_equal(agx_ram_used(ram), MIB);
	assert_int_equal(agx_ram_private_used(ram), 4 * PAGE);
	data = agx_ram_pointer(ram, (uint64_t)b);
	is_filled(data, 3 * PAGE, 0);
	assert_ptr_equal(agx_ram_translate(ram, AGX_RAM_BASE + (uint64_t)b, 3 * PAGE), data);
	/* Beyond what was ever given out there may be nothing to read. */
	assert_null(agx_ram_translate(ram, AGX_RAM_BASE + MIB + MIB / 4 + OWN - PAGE, PAGE));
	assert_int_equal(agx_ram_alloc_private(ram, 0), -ENOMEM);
	assert_int_equal(agx_ram_alloc_private(ram, OWN + 1), -ENOMEM);
	assert_int_equal(agx_ram_alloc_private(ram, UINT64_MAX), -ENOMEM);
	agx_ram_free_private(ram, (uint64_t)a);
	agx_ram_free_private(ram, (uint64_t)b);
	assert_int_equal(agx_ram_private_used(ram), 0);
	agx_ram_destroy(ram);

	assert_int_equal(agx_ram_create(MIB, 0, &ram), 0);
	assert_int_equal(agx_ram_alloc_private(ram, 1), -ENOMEM);
	agx_ram_destroy(ram);
}

/* Random sizes come and go: ranges do not overlap, read as zero, and all of it comes back. */
static void private_memory_is_reused(void **state)
{
	enum {
		COUNT = 64,
		STEPS = 4000
	};
	struct {
		int64_t offset;
		uint64_t size;
		uint8_t fill;
	} held[COUNT] = {{0}};
	unsigned int seed = 5;
	struct agx_ram *ram;
	int step, i;

	assert_int_equal(agx_ram_create(MIB, OWN, &ram), 0);
	for (step = 0; step < STEPS; step++) {
		uint8_t *data;

		i = rand_r(&seed) % COUNT;
		if (held[i].size) {
			data = agx_ram_pointer(ram, (uint64_t)held[i].offset);
			is_filled(data, held[i].size, held[i].fill);
			agx_ram_free_private(ram, (uint64_t)held[i].offset);
			held[i].size = 0;
			continue;
		}
		held[i].size = PAGE * (uint64_t)(rand_r(&seed) % 8 ? 1 + rand_r(&seed) % 4
								   : 1 + rand_r(&seed) % 100);
		held[i].offset = agx_ram_alloc_private(ram, held[i].size);
		if (held[i].offset < 0) {
			assert_int_equal(held[i].offset, -ENOMEM);
			held[i].size = 0;
			continue;
		}
		data = agx_ram_pointer(ram, (uint64_t)held[i].offset);
		is_filled(data, held[i].size, 0);
		held[i].fill = (uint8_t)(1 + step % 255);
		memset(data, held[i].fill, held[i].size);
	}
	for (i = 0; i < COUNT; i++)
		if (held[i].size)
			agx_ram_free_private(ram, (uint64_t)held[i].offset);
	assert_int_equal(agx_ram_private_used(ram), 0);
	agx_ram_destroy(ram);
}

/* After a fork each process has its own. */
static void private_memory_is_copied(void **state)
{
	struct agx_ram *ram;
	int64_t offset;
	uint8_t *data;
	int status;
	pid_t pid;

	assert_int_equal(agx_ram_create(MIB, OWN, &ram), 0);
	offset = agx_ram_alloc_private(ram, PAGE);
	data = agx_ram_pointer(ram, (uint64_t)offset);
	strcpy((char *)data, "before");
	pid = fork();
	if (!pid) {
		agx_ram_fork_child(ram);
		if (strcmp((char *)data, "before"))
			_exit(1);
		strcpy((char *)data, "child");
		if (agx_ram_alloc_private(ram, 5 * MIB) < 0 || strcmp((char *)data, "child"))
			_exit(2);
		agx_ram_destroy(ram);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal((char *)data, "before");
	agx_ram_destroy(ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_checked),
		cmocka_unit_test(reused_memory_is_zero),
		cmocka_unit_test(the_descriptor_shows_the_same_bytes),
		cmocka_unit_test(translation_is_bounded),
		cmocka_unit_test(owners_are_found_by_exact_offset),
		cmocka_unit_test(an_overlay_ends_when_freed),
		cmocka_unit_test(a_closed_descriptor_is_noticed),
		cmocka_unit_test(random_use_keeps_ranges_apart),
		cmocka_unit_test(freed_memory_merges),
		cmocka_unit_test(freed_memory_goes_back_to_the_host),
		cmocka_unit_test(private_memory_is_apart),
		cmocka_unit_test(private_memory_is_reused),
		cmocka_unit_test(private_memory_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
