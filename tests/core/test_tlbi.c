// SPDX-License-Identifier: MIT
/* Operands of TLB invalidations, decoded by the rules of the Arm ARM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agx_tlbi.h"
#include "uat.h"

#define PAGE AGX_UAT_PAGE_SIZE

static struct {
	unsigned int count;
	enum agx_tlbi op;
	uint64_t operand;
	uint64_t first, end; /* pages that all instructions cover, which must be one range */
} seen;

static void tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
	uint64_t first, pages;

	(void)cookie;
	seen.op = op;
	seen.operand = operand;
	seen.count++;
	if (op == AGX_TLBI_PAGE) {
		first = (operand & ((1ull << 44) - 1)) >> 2;
		pages = 1;
		assert_int_equal(operand >> 44 & 15, 0); /* no hint about the level */
	} else if (op == AGX_TLBI_RANGE) {
		unsigned int num = operand >> 39 & 31, scale = operand >> 44 & 3;

		assert_int_equal(operand >> 46 & 3, 2);
		assert_int_equal(operand >> 37 & 3, 0);
		first = operand & ((1ull << 37) - 1);
		pages = (num + 1ull) << (5 * scale + 1);
	} else {
		return;
	}
	if (seen.count == 1)
		seen.first = first;
	else
		assert_int_equal(first, seen.end);
	seen.end = first + pages;
}

static const struct agx_platform platform = {.tlbi = tlbi};

static void expect(uint32_t asid, uint64_t va, uint64_t size)
{
	uint64_t mask = (1ull << 37) - 1;
	uint64_t first = (va / PAGE) & mask;
	uint64_t end = ((va + size - 1) / PAGE & mask) + 1;

	memset(&seen, 0, sizeof(seen));
	agx_tlbi_range(&platform, asid, va, size);
	assert_int_equal(seen.first, first);
	assert_true(seen.end >= end);
	assert_int_equal(seen.operand >> 48, asid);
	/* Rounded up to the unit of an instruction, which is never more than what was asked for. */
	assert_true(seen.end - end <= end - first);
	assert_true(seen.count <= 1 + (end - first) / (1u << 20));
}

static void ranges_cover_what_was_asked_for(void **state)
{
	uint64_t pages;

	(void)state;
	for (pages = 1; pages < 70000; pages += pages < 3000 ? 1 : 997)
		expect(1 + pages % 63, 0x123400000, pages * PAGE);
	for (pages = 1 << 16; pages <= 1 << 25; pages = pages * 3 / 2)
		expect(63, PAGE, pages * PAGE);
	expect(0, AGX_UAT_DRIVER_BASE, AGX_UAT_DRIVER_END - AGX_UAT_DRIVER_BASE);
	expect(5, 0x7fffff8000, 2 * PAGE);
	expect(5, 0x10001, 1);
	expect(5, 0x10001, PAGE);
}

static void one_page_is_an_instruction_of_its_own(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	agx_tlbi_range(&platform, 7, 0xffffffa000008000ull, PAGE);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.op, AGX_TLBI_PAGE);
	assert_int_equal(seen.operand, 7ull << 48 | 0xffffa000008ull);
}

static void nothing_for_nothing(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	agx_tlbi_range(&platform, 7, 0x100000, 0);
	assert_int_equal(seen.count, 0);
}

static void all_and_asid(void **state)
{
	(void)state;
	agx_tlbi_all(&platform);
	assert_int_equal(seen.op, AGX_TLBI_ALL);
	assert_int_equal(seen.operand, 0);
	agx_tlbi_asid(&platform, 63);
	assert_int_equal(seen.op, AGX_TLBI_ASID);
	assert_int_equal(seen.operand, 63ull << 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_cover_what_was_asked_for),
		cmocka_unit_test(one_page_is_an_instruction_of_its_own),
		cmocka_unit_test(nothing_for_nothing),
		cmocka_unit_test(all_and_asid),
	};

	return cmocka_run_group_tests_name("tlbi", tests, NULL, NULL);
}
