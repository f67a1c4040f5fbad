// SPDX-License-Identifier: MIT
/*
 * Device core dumps: what the kernel's writer writes, the reader reads; what is damaged, it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "agx_fault.h"
#include "coredump.h"

#define ADDRESS 0x1100004040ull

static const struct asahi_coredump_info info = {
	.time_ns = 12345678901ull,
	.realtime_ns = 1766000000ull * 1000000000ull,
	.reason = ASAHI_COREDUMP_FAULTED,
	.state = 3,
	.firmware = {13, 5, 0},
	.resets = 2,
	.page_size = 16384,
	.device = "206400000.gpu",
	.soc = "t8103",
	.kernel = "7.3.4",
	.text = "fa\033ult",
};

static const struct asahi_coredump_fault fault = {
	.kind = AGX_CORE_FAULT_MMU,
	.error = -5,
	.queue = 7,
	.pipe = 2,
	.command = 0xffffffa600008500ull,
	.flags = ASAHI_COREDUMP_HAS_MMU | ASAHI_COREDUMP_READ,
	.reason = AGX_SGX_FAULT_UNMAPPED,
	.walk_level = 1,
	.prot = -1,
	.address = ADDRESS,
	.entry = {0x10},
};

static const struct asahi_coredump_job job = {
	.seqno = 42,
	.pid = 1000,
	.comm = "vkcube",
};

static const struct asahi_coredump_mapping mappings[] = {
	{.va = 0x1100000000ull, .size = 0x4000, .object = 0x8000},
	{.va = 0x1200000000ull, .size = 0x4000, .object = 0x4000},
};

static const struct asahi_coredump_record records[] = {
	{.source = 0, .text = "hello"},
	{.source = 99, .text = "unknown source"},
};

static const uint8_t memory[20] = {1, 2, 3};

static const struct asahi_coredump_part parts[] = {
	{ASAHI_COREDUMP_INFO, "info", 0, &info, sizeof(info), 1, 1},
	{ASAHI_COREDUMP_FAULT, "fault", 0, &fault, sizeof(fault), 1, 1},
	{ASAHI_COREDUMP_JOB, "job", 0, &job, sizeof(job), 1, 1},
	{ASAHI_COREDUMP_CORE, "core", 0, NULL, sizeof(struct asahi_coredump_core), 1, 1},
	{ASAHI_COREDUMP_CHANNELS, "channels", 0, NULL, sizeof(struct asahi_coredump_channel), 3, 3},
	{ASAHI_COREDUMP_RINGS, "work queues", 0, NULL, sizeof(struct asahi_coredump_ring), 2, 9},
	{ASAHI_COREDUMP_HEAPS, "heaps", 0, NULL, sizeof(struct asahi_coredump_heap), 1, 1},
	{ASAHI_COREDUMP_MESSAGES, "mailbox", 0, NULL, sizeof(struct asahi_coredump_message), 2, 2},
	{ASAHI_COREDUMP_RECORDS, "log", 0, records, sizeof(records[0]), 2, 70},
	{ASAHI_COREDUMP_MAPPINGS, "mappings", 0, mappings, sizeof(mappings[0]), 2, 2},
	{ASAHI_COREDUMP_MEMORY, "a name that is longer than it may be", 0xffffffa000000000ull,
	 memory, 1, sizeof(memory), 100},
	{ASAHI_COREDUMP_MEMORY + 1, "from the future", 0, memory, 4, 5, 5},
};
#define PARTS ((uint32_t)(sizeof(parts) / sizeof(parts[0])))

struct file {
	uint8_t *bytes;
	size_t size;
};

static struct file make(void)
{
	struct file file = {.size = asahi_coredump_size(parts, PARTS)};

	file.bytes = malloc(file.size);
	assert_non_null(file.bytes);
	asahi_coredump_write(parts, PARTS, file.bytes);
	return file;
}

/* All of its uses; the text, to be freed. */
static char *print(const struct coredump *dump)
{
	struct json_object *root;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(coredump_print(dump, true, out), 0);
	fclose(out);
	root = coredump_json(dump);
	assert_non_null(root);
	assert_non_null(json_object_to_json_string(root));
	json_object_put(root);
	return text;
}

static void test_words(void **state)
{
	struct file file = make();
	struct coredump_error error;
	struct coredump dump;
	char *text;

	assert_int_equal(coredump_check(file.bytes, file.size, &dump, &error), 0);
	text = print(&dump);
	assert_non_null(strstr(text, "A command has failed: fa?ult\n"));
	assert_non_null(strstr(text, "206400000.gpu, t8103, firmware 13.5.0"));
	assert_non_null(strstr(text, "Kernel:    7.3.4, pages of 16384 bytes"));
	assert_non_null(strstr(text, "[   12.345678] 2025-12-17"));
	assert_non_null(strstr(text, "State:     ready, 2 resets"));
	assert_non_null(strstr(text, "ends with Input/output error (-5)"));
	assert_non_null(strstr(text, "Command:   0xffffffa600008500, work queue 7 compute"));
	assert_non_null(strstr(text, "reads 0x1100004040: unmapped"));
	assert_non_null(strstr(text, "tables: l1=0x10 not mapped"));
	assert_non_null(strstr(text, "0x40 bytes behind the mapping at 0x1100000000, 0x4000"));
	assert_non_null(strstr(text, "before the mapping at 0x1200000000"));
	assert_non_null(strstr(text, "Job:       vkcube (pid 1000)"));
	assert_non_null(strstr(text, "Work queues (2 of 9):"));
	assert_non_null(strstr(text, "Log (2 of 70):"));
	assert_non_null(strstr(text, " ? 0: unknown source"));
	assert_non_null(strstr(text, "0xffffffa000000000 a name that is longer t, 100 bytes, cut"));
	assert_non_null(strstr(text, "ffffffa000000000 01020300 00000000"));
	assert_non_null(strstr(text, "Unknown type 12: from the future, 20 bytes"));
	free(text);
	free(file.bytes);
}

static void test_json(void **state)
{
	struct json_object *root, *value, *mmu, *list;
	struct file file = make();
	struct coredump_error error;
	struct coredump dump;

	assert_int_equal(coredump_check(file.bytes, file.size, &dump, &error), 0);
	root = coredump_json(&dump);
	assert_true(json_object_object_get_ex(root, "fault", &value));
	assert_true(json_object_object_get_ex(value, "mmu", &mmu));
	assert_true(json_object_object_get_ex(mmu, "address", &value));
	assert_string_equal(json_object_get_string(value), "0x1100004040");
	assert_true(json_object_object_get_ex(root, "log", &list));
	assert_int_equal(json_object_array_length(list), 2);
	assert_true(json_object_object_get_ex(root, "log_total", &value));
	assert_int_equal(json_object_get_int(value), 70);
	assert_true(json_object_object_get_ex(root, "memory", &list));
	assert_true(json_object_object_get_ex(json_object_array_get_idx(list, 0), "bytes", &value));
	assert_string_equal(json_object_get_string(value),
			    "0102030000000000000000000000000000000000");
	json_object_put(root);
	free(file.bytes);
}

static void test_crash(void **state)
{
	struct asahi_coredump_info crash = info;
	struct asahi_coredump_part part = {
		ASAHI_COREDUMP_INFO, "info", 0, &crash, sizeof(crash), 1, 1,
	};
	struct coredump_error error;
	struct coredump dump;
	uint8_t bytes[1024];
	char *text;

	crash.reason = ASAHI_COREDUMP_CRASHED;
	asahi_coredump_write(&part, 1, bytes);
	assert_int_equal(coredump_check(bytes, asahi_coredump_size(&part, 1), &dump, &error), 0);
	text = print(&dump);
	assert_non_null(strstr(text, "The firmware has failed: fa?ult\n"));
	assert_null(strstr(text, "Job:"));
	assert_null(strstr(text, "Fault:"));
	free(text);
}

/* Whatever is cut off is missed. */
static void test_truncated(void **state)
{
	struct file file = make();
	struct coredump_error error;
	struct coredump dump;
	size_t size;

	for (size = 0; size < file.size; size++) {
		uint8_t *cut = malloc(size ? size : 1);

		memcpy(cut, file.bytes, size);
		assert_int_equal(coredump_check(cut, size, &dump, &error), -EBADMSG);
		assert_true(error.text[0]);
		free(cut);
	}
	free(file.bytes);
}

static void refuse(const struct file *file, const char *why)
{
	struct coredump_error error;
	struct coredump dump;

	assert_int_equal(coredump_check(file->bytes, file->size, &dump, &error), -EBADMSG);
	if (!strstr(error.text, why))
		fail_msg("\"%s\" does not say \"%s\"", error.text, why);
}

#define OBJECT(file, index)                                                                      \
	((struct asahi_coredump_object *)((file).bytes + sizeof(struct asahi_coredump_header)) + \
	 (index))

static void test_header(void **state)
{
	struct asahi_coredump_header *header;
	struct file file = make();

	header = (void *)file.bytes;
	header->magic++;
	refuse(&file, "not a core dump");
	header->magic--;
	header->version = 2;
	refuse(&file, "version 2");
	header->version = 1;
	header->size++;
	refuse(&file, "bytes of");
	header->size--;
	header->objects = 0xffffffff;
	refuse(&file, "does not fit");
	header->objects = 0;
	refuse(&file, "does not say");
	header->objects = PARTS;
	header->object_size = 63;
	refuse(&file, "does not fit");
	header->object_size = 0x80000000;
	refuse(&file, "does not fit");
	header->object_size = 64;
	header->table = (uint32_t)file.size + 1;
	refuse(&file, "does not fit");
	header->table = 8;
	refuse(&file, "does not fit");
	free(file.bytes);
}

static void test_objects(void **state)
{
	struct file file = make();
	struct asahi_coredump_object object;

	object = *OBJECT(file, 2);
	OBJECT(file, 2)->offset = file.size;
	refuse(&file, "object 2");
	*OBJECT(file, 2) = object;
	OBJECT(file, 2)->offset += 4;
	refuse(&file, "object 2");
	*OBJECT(file, 2) = object;
	OBJECT(file, 2)->size = UINT64_MAX;
	refuse(&file, "object 2");
	*OBJECT(file, 2) = object;
	OBJECT(file, 2)->element = 0;
	refuse(&file, "not whole elements");
	OBJECT(file, 2)->element = 8;
	refuse(&file, "elements of type 3 have 8 bytes");
	*OBJECT(file, 2) = object;
	OBJECT(file, 2)->size = 0;
	refuse(&file, "expected 1");
	*OBJECT(file, 2) = object;
	OBJECT(file, 2)->total = 0;
	refuse(&file, "more elements than there were");
	*OBJECT(file, 2) = *OBJECT(file, 1);
	refuse(&file, "a second one of type 2");
	*OBJECT(file, 2) = object;
	OBJECT(file, 10)->element = 4;
	refuse(&file, "memory in elements of 4");
	OBJECT(file, 10)->element = 1;
	OBJECT(file, 0)->type = 1000;
	refuse(&file, "does not say");
	free(file.bytes);
}

/* Longer elements, as a later kernel may write them, are understood as far as they are known. */
static void test_longer(void **state)
{
	struct {
		struct asahi_coredump_mapping known;
		uint64_t more;
	} longer[2] = {{mappings[0], ~0ull}, {mappings[1], ~0ull}};
	struct asahi_coredump_part changed[PARTS];
	struct coredump_error error;
	struct coredump dump;
	uint8_t *bytes;
	size_t size;
	char *text;

	memcpy(changed, parts, sizeof(parts));
	changed[9].data = longer;
	changed[9].element = sizeof(longer[0]);
	size = asahi_coredump_size(changed, PARTS);
	bytes = malloc(size);
	asahi_coredump_write(changed, PARTS, bytes);
	assert_int_equal(coredump_check(bytes, size, &dump, &error), 0);
	text = print(&dump);
	assert_non_null(strstr(text, "before the mapping at 0x1200000000"));
	free(text);
	free(bytes);
}

/* Any bit may be wrong: it is refused or printed, and that is all. */
static void test_flipped(void **state)
{
	struct file file = make();
	struct coredump_error error;
	struct coredump dump;
	size_t i;

	for (i = 0; i < file.size; i++) {
		file.bytes[i] ^= 1 << i % 8;
		if (!coredump_check(file.bytes, file.size, &dump, &error))
			free(print(&dump));
		file.bytes[i] ^= 1 << i % 8;
	}
	free(file.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),  cmocka_unit_test(test_json),
		cmocka_unit_test(test_crash),  cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_header), cmocka_unit_test(test_objects),
		cmocka_unit_test(test_longer), cmocka_unit_test(test_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
