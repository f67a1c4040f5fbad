// SPDX-License-Identifier: MIT
/* The MMU's fault registers, decoded and printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agx_fault.h"
#include "agx_text.h"

static void test_nothing_is_latched(void **state)
{
	struct agx_mmu_fault fault;

	assert_false(agx_mmu_fault_decode(false, 0, 0, &fault));
	assert_false(agx_mmu_fault_decode(false, ~AGX_SGX_FAULT_VALID, 0, &fault));
	assert_false(agx_mmu_fault_decode(true, AGX_SGX_NO_ACCESS, 0x1234, &fault));
	/* Which has bit 0 clear by luck; it would not be a fault with it set either. */
	assert_false(AGX_SGX_NO_ACCESS & AGX_SGX_FAULT_VALID);
}

static void test_fields(void **state)
{
	struct agx_mmu_fault fault;
	/* Each field with a value of its own, written as the reference has the bits. */
	uint64_t info = 1 | 3 << 1 | 1 << 4 | 2 << 5 | 1 << 7 | 0xa5 << 9 | 0x2au << 17 |
			0x51ull << 23 | 0x48d159ull << 30;

	assert_true(agx_mmu_fault_decode(false, info, 0x77, &fault));
	assert_int_equal(fault.reason, AGX_SGX_FAULT_READ_ONLY);
	assert_true(fault.read);
	assert_int_equal(fault.unk_5, 2);
	assert_int_equal(fault.level, 1);
	assert_int_equal(fault.unit, 0xa5);
	assert_int_equal(fault.vm_slot, 0x2a);
	assert_int_equal(fault.sideband, 0x51);
	assert_int_equal(fault.address, 0x12345640);

	assert_true(agx_mmu_fault_decode(true, info, 0x48d15a, &fault));
	assert_int_equal(fault.address, 0x12345680);
	assert_int_equal(fault.raw_address, 0x48d15a);
}

static void test_upper_half(void **state)
{
	struct agx_mmu_fault fault;
	uint64_t address = 0xffffffa012345640;

	assert_true(agx_mmu_fault_decode(false, 1 | (address >> 6 & 0x3ffffffff) << 30, 0, &fault));
	assert_int_equal(fault.address, address);
	assert_true(agx_mmu_fault_decode(true, 1, (address & 0xffffffffff) >> 6, &fault));
	assert_int_equal(fault.address, address);
	assert_true(agx_mmu_fault_decode(true, 1, 0x7fffff8000 >> 6, &fault));
	assert_int_equal(fault.address, 0x7fffff8000);
}

static void test_units(void **state)
{
	static const struct {
		uint8_t code;
		const char *g13, *g14x;
	} cases[] = {
		{0x00, " DCMP 0", " DCMP 0"},
		{0x95, " VCE 9", " VCE 9"},
		{0x0f, " unit 0xf", " unit 0xf"},
		{0xa0, " unit 0xa0", " unit 0xa0"},
		{0xa1, " dPM", " dPM"},
		{0xa4, " dCDM_KS 2", " dCDM_KS 2"},
		{0xac, " dRDE 1", " dRDE 1"},
		{0xaf, " unit 0xaf", " unit 0xaf"},
		{0xb7, " GL2CC_META 7", " GL2CC_META 7"},
		{0xb8, " GL2CC_MB", " GL2CC_MB"},
		{0xd0, " unit 0xd0", " gCDM_CS"},
		{0xd8, " unit 0xd8", " gKSM_RCE"},
		{0xf0, " gPM_SP 1", " gPM_SP 1"},
		{0xe6, " gCDM_CS_KS0_SP 0", " gRDE_SP 0"},
		{0xf6, " gCDM_CS_KS0_SP 1", " gRDE_SP 1"},
		{0xff, " gRDE1_SP 1", " unit 0xff"},
	};
	unsigned int i, code, named = 0;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[64];
		struct agx_text text;

		agx_text_init(&text, buffer, sizeof(buffer));
		agx_mmu_fault_unit(false, cases[i].code, &text);
		assert_string_equal(buffer, cases[i].g13);
		agx_text_init(&text, buffer, sizeof(buffer));
		agx_mmu_fault_unit(true, cases[i].code, &text);
		assert_string_equal(buffer, cases[i].g14x);
	}
	for (code = 0; code < 0x100; code++) {
		char buffer[64];
		struct agx_text text;

		agx_text_init(&text, buffer, sizeof(buffer));
		agx_mmu_fault_unit(false, (uint8_t)code, &text);
		named += !strstr(buffer, "unit");
	}
	/* 15 units of up to 10 instances, a1 to ae, b0 to b8, all of e0 to ff. */
	assert_int_equal(named, 150 + 14 + 9 + 32);
}

static void test_reasons(void **state)
{
	assert_string_equal(agx_mmu_fault_reason(0), "unmapped");
	assert_string_equal(agx_mmu_fault_reason(4), "no access");
	assert_string_equal(agx_mmu_fault_reason(5), "unknown reason");
	assert_string_equal(agx_core_fault_kind_name(AGX_CORE_FAULT_HANG), "hang");
	assert_string_equal(agx_core_fault_kind_name(AGX_CORE_FAULT_KINDS), "?");
}

static void test_text(void **state)
{
	char buffer[320];
	struct agx_text text;
	struct agx_mmu_fault fault;
	struct agx_uat_lookup found = {0};

	agx_mmu_fault_decode(true, 1 | 2 << 1 | 2 << 7 | 0xd3 << 9 | 5 << 17, 0x40, &fault);
	agx_text_init(&text, buffer, sizeof(buffer));
	agx_mmu_fault_print(true, &fault, &text);
	assert_string_equal(buffer, "fault: gCDM_CSW writes 0x1000: write-only level=2 context=5 "
				    "sideband=0x0 info=0xba705 address_register=0x40");
	agx_text_init(&text, buffer, sizeof(buffer));
	agx_uat_lookup_print(&found, &text);
	assert_string_equal(buffer, "tables: not an address of this context");
	found.level = 2;
	found.entry[0] = 0x800004003;
	agx_text_init(&text, buffer, sizeof(buffer));
	agx_uat_lookup_print(&found, &text);
	assert_string_equal(buffer, "tables: l1=0x800004003 l2=0x0 not mapped");
	found.damaged = true;
	found.mapped = true;
	found.level = 1;
	found.pa = 0x123;
	found.access.gpu = AGX_UAT_R | AGX_UAT_X;
	found.access.fw = AGX_UAT_W;
	found.prot = -1;
	agx_text_init(&text, buffer, sizeof(buffer));
	agx_uat_lookup_print(&found, &text);
	assert_string_equal(buffer, "tables: l1=0x800004003 damaged pa=0x123 gpu=r-x firmware=-w-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_latched),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_upper_half),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
