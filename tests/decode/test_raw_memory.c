// SPDX-License-Identifier: MIT
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "raw_memory.h"

static const uint8_t bytes[256] = {1, 2, 3};
static const struct agx_decode_place dump = {.name = "dump", .size = 256};

static int setup(void **state)
{
	*state = agx_raw_memory_create();
	return !*state;
}

static int teardown(void **state)
{
	agx_raw_memory_destroy(*state);
	return 0;
}

static void an_empty_memory_has_nothing(void **state)
{
	struct agx_decode_memory view = agx_raw_memory_view(*state);
	struct agx_decode_place place;
	size_t size;

	assert_null(view.piece(view.cookie, 0, &size));
	assert_null(view.piece(view.cookie, UINT64_MAX, &size));
	assert_false(view.resolve(view.cookie, 0x1000, &place));
}

static void bytes_are_found_where_they_are(void **state)
{
	struct agx_decode_memory view;
	struct agx_decode_place place;
	size_t size;

	assert_int_equal(agx_raw_memory_add(*state, 0x3000, bytes, 16, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x1000, bytes, 256, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x2000, bytes, 32, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_size(*state), 304);
	view = agx_raw_memory_view(*state);
	assert_null(view.piece(view.cookie, 0xfff, &size));
	assert_ptr_equal(view.piece(view.cookie, 0x1000, &size), bytes);
	assert_int_equal(size, 256);
	assert_ptr_equal(view.piece(view.cookie, 0x10ff, &size), bytes + 255);
	assert_int_equal(size, 1);
	assert_null(view.piece(view.cookie, 0x1100, &size));
	assert_ptr_equal(view.piece(view.cookie, 0x201f, &size), bytes + 31);
	assert_null(view.piece(view.cookie, 0x2020, &size));
	assert_ptr_equal(view.piece(view.cookie, 0x3004, &size), bytes + 4);
	assert_int_equal(size, 12);

	assert_true(view.resolve(view.cookie, 0x1010, &place));
	assert_string_equal(place.name, "dump");
	assert_int_equal(place.offset, 0x10);
	assert_int_equal(place.size, 256);
	assert_int_equal(place.left, 240);
	assert_true(place.known);
}

static void pieces_that_touch_are_contiguous(void **state)
{
	struct agx_decode_memory view;
	struct agx_decode_place place;

	assert_int_equal(agx_raw_memory_add(*state, 0x1000, bytes, 16, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x1010, bytes, 16, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x1021, bytes, 16, &dump, NULL), 0);
	view = agx_raw_memory_view(*state);
	assert_true(view.resolve(view.cookie, 0x1008, &place));
	assert_int_equal(place.left, 24);
}

static void what_overlaps_is_refused(void **state)
{
	struct agx_raw_error error;

	assert_int_equal(agx_raw_memory_add(*state, 0x1000, bytes, 16, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x0ff1, bytes, 16, &dump, &error), -EINVAL);
	assert_non_null(strstr(error.text, "overlaps"));
	assert_non_null(strstr(error.text, "0x1000"));
	assert_int_equal(agx_raw_memory_add(*state, 0x100f, bytes, 1, &dump, NULL), -EINVAL);
	assert_int_equal(agx_raw_memory_add(*state, 0x0f00, bytes, 256, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x1010, bytes, 1, &dump, NULL), 0);
	/* Bytes may lie within what only a place is known of. */
	assert_int_equal(agx_raw_memory_add_place(*state, 0, 0x10000, &dump, NULL), 0);
	assert_int_equal(agx_raw_memory_add_place(*state, 0xffff, 1, &dump, NULL), -EINVAL);
}

static void what_is_empty_or_too_long_is_refused(void **state)
{
	struct agx_decode_memory view;
	size_t size;

	assert_int_equal(agx_raw_memory_add(*state, 0x1000, bytes, 0, &dump, NULL), -EINVAL);
	assert_int_equal(agx_raw_memory_add(*state, UINT64_MAX, bytes, 2, &dump, NULL), -EINVAL);
	assert_int_equal(agx_raw_memory_add(*state, UINT64_MAX - 1, bytes, 2, &dump, NULL), 0);
	view = agx_raw_memory_view(*state);
	assert_ptr_equal(view.piece(view.cookie, UINT64_MAX, &size), bytes + 1);
	assert_int_equal(size, 1);
}

static void a_place_without_bytes_resolves_and_has_no_content(void **state)
{
	const struct agx_decode_place mapping = {
		.name = "mapping", .offset = 0x4000, .size = 0x10000};
	struct agx_decode_memory view;
	struct agx_decode_place place;
	size_t size;

	assert_int_equal(agx_raw_memory_add_place(*state, 0x10000, 0x8000, &mapping, NULL), 0);
	assert_int_equal(agx_raw_memory_add(*state, 0x14000, bytes, 16, &dump, NULL), 0);
	view = agx_raw_memory_view(*state);
	assert_null(view.piece(view.cookie, 0x10000, &size));
	assert_true(view.resolve(view.cookie, 0x10010, &place));
	assert_false(place.known);
	assert_int_equal(place.offset, 0x4010);
	assert_int_equal(place.size, 0x10000);
	assert_int_equal(place.left, 0x7ff0);
	/* Where bytes are, the place still says what they are of. */
	assert_ptr_equal(view.piece(view.cookie, 0x14001, &size), bytes + 1);
	assert_true(view.resolve(view.cookie, 0x14001, &place));
	assert_true(place.known);
	assert_string_equal(place.name, "mapping");
	assert_int_equal(place.offset, 0x8001);
}

static void a_file_is_memory(void **state)
{
	char path[] = "/tmp/agx-raw-XXXXXX";
	struct agx_decode_memory view;
	struct agx_decode_place place;
	struct agx_raw_error error;
	int fd = mkstemp(path);
	size_t size;
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	ret = agx_raw_memory_add_file(*state, 0x15000000000, path, &error);
	assert_int_equal(ret, 0);
	assert_int_equal(agx_raw_memory_add_file(*state, 0x15000000010, path, &error), -EINVAL);
	unlink(path);
	view = agx_raw_memory_view(*state);
	assert_memory_equal(view.piece(view.cookie, 0x15000000001, &size), bytes + 1, 255);
	assert_int_equal(size, 255);
	assert_true(view.resolve(view.cookie, 0x15000000001, &place));
	assert_string_equal(place.name, strrchr(path, '/') + 1);

	assert_int_equal(agx_raw_memory_add_file(*state, 0, path, &error), -ENOENT);
	assert_non_null(strstr(error.text, path));
	assert_int_equal(agx_raw_memory_add_file(*state, 0, "/tmp", &error), -EISDIR);
	assert_int_equal(agx_raw_memory_add_file(*state, 0, "/dev/null", &error), -EINVAL);
	assert_non_null(strstr(error.text, "is empty"));
}

static void a_pipe_is_read_to_its_end(void **state)
{
	static uint8_t sent[200000];
	char path[32];
	int fds[2];
	size_t size;
	struct agx_decode_memory view;
	pid_t child;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 >> 3;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(write(fds[1], sent, sizeof(sent)) != sizeof(sent));
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	assert_int_equal(agx_raw_memory_add_file(*state, 0x1000, path, NULL), 0);
	close(fds[0]);
	view = agx_raw_memory_view(*state);
	assert_memory_equal(view.piece(view.cookie, 0x1000, &size), sent, sizeof(sent));
	assert_int_equal(size, sizeof(sent));
}

struct elf {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	uint8_t bytes[64];
};

static const struct elf elf = {
	.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
		   .e_phoff = sizeof(Elf64_Ehdr),
		   .e_phentsize = sizeof(Elf64_Phdr),
		   .e_phnum = 3},
	.segments = {{.p_type = PT_NOTE, .p_filesz = 1ull << 40},
		     {.p_type = PT_LOAD,
		      .p_offset = offsetof(struct elf, bytes),
		      .p_filesz = 32,
		      .p_memsz = 64,
		      .p_vaddr = 0xffffffa000000000},
		     {.p_type = PT_LOAD,
		      .p_offset = offsetof(struct elf, bytes) + 32,
		      .p_filesz = 32,
		      .p_memsz = 32,
		      .p_vaddr = 0x1500000000}},
	.bytes = {7, [32] = 8},
};

/* Adds an ELF file of size bytes. */
static int add_elf(void *memory, const struct elf *content, size_t size,
		   struct agx_raw_error *error)
{
	char path[] = "/tmp/agx-raw-XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), size);
	close(fd);
	ret = agx_raw_memory_add_elf(memory, path, error);
	unlink(path);
	return ret;
}

static void an_elf_file_is_its_load_segments(void **state)
{
	struct agx_decode_memory view;
	const uint8_t *found;
	size_t size;

	assert_int_equal(add_elf(*state, &elf, sizeof(elf), NULL), 0);
	view = agx_raw_memory_view(*state);
	found = view.piece(view.cookie, 0xffffffa000000000, &size);
	assert_non_null(found);
	assert_int_equal(*found, 7);
	assert_int_equal(size, 32);
	assert_null(view.piece(view.cookie, 0xffffffa000000020, &size));
	found = view.piece(view.cookie, 0x1500000000, &size);
	assert_non_null(found);
	assert_int_equal(*found, 8);
}

static void what_is_no_elf_file_is_refused(void **state)
{
	struct agx_raw_error error;
	struct elf bad = elf;

	assert_int_equal(add_elf(*state, &elf, 16, &error), -ENOEXEC);
	assert_int_equal(add_elf(*state, &elf, sizeof(elf.header) + 8, &error), -ENOEXEC);
	assert_int_equal(add_elf(*state, &elf, sizeof(elf) - 64, &error), -ENOEXEC);
	bad.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(add_elf(*state, &bad, sizeof(bad), &error), -ENOEXEC);
	bad = elf;
	bad.header.e_phoff = UINT64_MAX;
	assert_int_equal(add_elf(*state, &bad, sizeof(bad), &error), -ENOEXEC);
	bad = elf;
	bad.segments[1].p_offset = UINT64_MAX - 8;
	assert_int_equal(add_elf(*state, &bad, sizeof(bad), &error), -ENOEXEC);
	bad = elf;
	bad.header.e_phnum = 1;
	assert_int_equal(add_elf(*state, &bad, sizeof(bad), &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "no load segments"));
}

/* Against a look at every piece, at random. */
static void look_ups_are_those_of_a_linear_search(void **state)
{
	struct {
		uint64_t address, size;
	} added[64];
	struct agx_decode_memory view;
	unsigned int count = 0;

	srand(1);
	for (int i = 0; i < 200 && count < 64; i++) {
		uint64_t address = rand() % 4096, size = 1 + rand() % 64;
		bool overlaps = false;
		int ret;

		for (unsigned int k = 0; k < count; k++)
			overlaps |= address < added[k].address + added[k].size &&
				    added[k].address < address + size;
		ret = agx_raw_memory_add(*state, address, bytes, size, &dump, NULL);
		assert_int_equal(ret, overlaps ? -EINVAL : 0);
		if (ret)
			continue;
		added[count].address = address;
		added[count++].size = size;
	}
	view = agx_raw_memory_view(*state);
	for (uint64_t address = 0; address < 4300; address++) {
		const uint8_t *expected = NULL, *found;
		size_t left = 0, size;

		for (unsigned int k = 0; k < count; k++)
			if (address >= added[k].address &&
			    address - added[k].address < added[k].size) {
				expected = bytes + (address - added[k].address);
				left = added[k].size - (address - added[k].address);
			}
		found = view.piece(view.cookie, address, &size);
		assert_ptr_equal(found, expected);
		if (found)
			assert_int_equal(size, left);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_memory_has_nothing),
		TEST(bytes_are_found_where_they_are),
		TEST(pieces_that_touch_are_contiguous),
		TEST(what_overlaps_is_refused),
		TEST(what_is_empty_or_too_long_is_refused),
		TEST(a_place_without_bytes_resolves_and_has_no_content),
		TEST(a_file_is_memory),
		TEST(a_pipe_is_read_to_its_end),
		TEST(an_elf_file_is_its_load_segments),
		TEST(what_is_no_elf_file_is_refused),
		TEST(look_ups_are_those_of_a_linear_search),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
