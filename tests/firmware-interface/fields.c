// SPDX-License-Identifier: MIT
/*
 * The table of members: complete, without holes, and right where it was looked up by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fields.h"

/* Bytes of a layout that no member, or more than one that is no alternative, covers. */
static int check_cover(const char *path, const struct agx_fw_layout *layout)
{
	uint32_t end = 0, alternatives_end = 0;
	int bad = 0;

	for (uint32_t i = 0; i < layout->count; i++) {
		const struct agx_fw_member *member = &layout->members[i];
		uint32_t member_end = member->offset + member->size * member->count;
		char name[256];

		snprintf(name, sizeof(name), "%s.%s", path, member->name);
		if (member->alternative) {
			/* All start behind what came before; the longest one counts. */
			if (member->offset != end) {
				print_error("%s: starts at %#x, expected %#x\n", name,
					    member->offset, end);
				bad++;
			}
			if (member_end > alternatives_end)
				alternatives_end = member_end;
		} else {
			if (alternatives_end) {
				end = alternatives_end;
				alternatives_end = 0;
			}
			if (member->offset != end) {
				print_error("%s: at %#x, expected %#x\n", name, member->offset,
					    end);
				bad++;
			}
			end = member_end;
		}
		if (member->kind == AGX_FW_STRUCT) {
			if (!agx_fw_nested(member) || agx_fw_nested(member)->size != member->size) {
				print_error("%s: its layout has another size\n", name);
				bad++;
			} else if (!member->alternative) {
				bad += check_cover(name, agx_fw_nested(member));
			}
		} else if (agx_fw_nested(member)) {
			print_error("%s: a layout but no structure\n", name);
			bad++;
		}
	}
	if (alternatives_end)
		end = alternatives_end;
	if (end != layout->size) {
		print_error("%s: ends at %#x, expected %#x\n", path, end, layout->size);
		bad++;
	}
	return bad;
}

static void members_cover_every_byte_once(void **state)
{
	int bad = 0, structures = 0;

	for (int variant = 0; variant < AGX_FW_VARIANT_COUNT; variant++) {
		for (const struct agx_fw_layout *const *list = agx_fw_layouts[variant]; *list;
		     list++) {
			bad += check_cover((*list)->name, *list);
			structures++;
		}
	}
	assert_int_equal(bad, 0);
	assert_true(structures > 5 * 90);
}

static void names_are_unique_within_a_variant(void **state)
{
	for (int variant = 0; variant < AGX_FW_VARIANT_COUNT; variant++) {
		for (const struct agx_fw_layout *const *list = agx_fw_layouts[variant]; *list;
		     list++)
			assert_ptr_equal(agx_fw_find_layout(variant, (*list)->name), *list);
	}
}

static void layouts_are_found_by_name(void **state)
{
	const struct agx_fw_layout *layout;

	layout = agx_fw_find_layout(AGX_FW_VARIANT_G13_V13_5, "run_vertex");
	assert_non_null(layout);
	assert_int_equal(layout->size, 0x608);
	layout = agx_fw_find_layout(AGX_FW_VARIANT_G14X_V13_5, "run_vertex");
	assert_int_equal(layout->size, 0x8f4);
	assert_ptr_equal(agx_fw_find_layout(AGX_FW_VARIANT_G13_V12_3, "job_meta"),
			 agx_fw_find_layout(AGX_FW_VARIANT_G14X_V13_5, "job_meta"));
	assert_null(agx_fw_find_layout(AGX_FW_VARIANT_G14X_V13_5, "vertex_params1"));
	assert_null(agx_fw_find_layout(AGX_FW_VARIANT_G14X_V13_5, "run_verte"));
	assert_null(agx_fw_find_layout(AGX_FW_VARIANT_G14X_V13_5, ""));
	assert_null(agx_fw_find_layout(AGX_FW_VARIANT_COUNT, "job_meta"));
	assert_null(agx_fw_find_layout((enum agx_fw_variant) - 1, "job_meta"));
}

/* Offsets of m1n1's comments and of the driver, not computed here. */
static void a_byte_is_described_by_its_way(void **state)
{
	static const struct {
		enum agx_fw_variant variant;
		const char *layout;
		uint32_t offset;
		const char *expected;
	} cases[] = {
		{AGX_FW_VARIANT_G13_V12_3, "run_vertex", 0x0, "tag"},
		{AGX_FW_VARIANT_G13_V12_3, "run_vertex", 0x38 + 0x90,
		 "job_params1.vdm_ctrl_stream_base"},
		{AGX_FW_VARIANT_G14_V13_5, "run_vertex", 0x40 + 0x70 + 3,
		 "job_params1.vdm_ctrl_stream_base+3"},
		{AGX_FW_VARIANT_G14X_V13_5, "run_vertex", 0x40 + 3 * 12 + 4,
		 "registers.registers[3].value"},
		{AGX_FW_VARIANT_G14X_V13_5, "run_fragment", 0xba8 + 0x14, "meta.stamp_value"},
		{AGX_FW_VARIANT_G13_V12_3, "op_start_vertex", 0x70 + 0x38,
		 "attachments.list[3].size"},
		{AGX_FW_VARIANT_G13_V13_5, "runtime_pointers", 0x50,
		 "channels.pipes[1].comp.state"},
		{AGX_FW_VARIANT_G13_V13_5, "globals", 0x111a8 + 8 * 5 + 4,
		 "pending_stamps[5].wait_value"},
		{AGX_FW_VARIANT_G13_V12_3, "hwdata_b", 0x1d0 + 0x20 * 19 + 8,
		 "io_mappings[19].virt_addr"},
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct agx_fw_layout *layout =
			agx_fw_find_layout(cases[i].variant, cases[i].layout);

		assert_non_null(layout);
		assert_int_equal(agx_fw_describe(layout, cases[i].offset, text, sizeof(text)),
				 strlen(cases[i].expected));
		assert_string_equal(text, cases[i].expected);
	}
}

static void kinds_tell_pointers_apart(void **state)
{
	const struct agx_fw_layout *layout =
		agx_fw_find_layout(AGX_FW_VARIANT_G13_V12_3, "run_vertex");

	assert_int_equal(agx_fw_find_member(layout, 0xc)->kind, AGX_FW_FW_VA);    /* notifier */
	assert_int_equal(agx_fw_find_member(layout, 0x45c)->kind, AGX_FW_GPU_VA); /* tpc */
	layout = agx_fw_find_layout(AGX_FW_VARIANT_G13_V12_3, "hwdata_b");
	assert_int_equal(agx_fw_find_member(layout, 0x558)->kind, AGX_FW_PA);  /* uat_ttb_base */
	assert_int_equal(agx_fw_find_member(layout, 0x9b4)->kind, AGX_FW_F32); /* sram_k */
	assert_int_equal(agx_fw_find_member(layout, 0x9b4)->count, 16);
}

static void offsets_outside_are_refused(void **state)
{
	const struct agx_fw_layout *layout =
		agx_fw_find_layout(AGX_FW_VARIANT_G13_V12_3, "init_data");
	char text[8] = "before";

	assert_null(agx_fw_find_member(layout, layout->size));
	assert_null(agx_fw_find_member(layout, UINT32_MAX));
	assert_int_equal(agx_fw_describe(layout, layout->size, text, sizeof(text)), -1);
	assert_string_equal(text, "");
}

static void a_small_buffer_is_cut_and_terminated(void **state)
{
	const struct agx_fw_layout *layout =
		agx_fw_find_layout(AGX_FW_VARIANT_G13_V12_3, "init_data");
	const char *full = "host_mapped_fw_allocations";
	char text[32];

	for (size_t size = 0; size < sizeof(text); size++) {
		size_t kept = size ? size - 1 : 0;

		if (kept > strlen(full))
			kept = strlen(full);
		memset(text, '#', sizeof(text));
		assert_int_equal(agx_fw_describe(layout, 0xa0, text, size), strlen(full));
		assert_memory_equal(text, full, kept);
		if (size)
			assert_int_equal(text[kept], '\0');
		assert_int_equal(text[size], '#');
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_cover_every_byte_once),
		cmocka_unit_test(names_are_unique_within_a_variant),
		cmocka_unit_test(layouts_are_found_by_name),
		cmocka_unit_test(a_byte_is_described_by_its_way),
		cmocka_unit_test(kinds_tell_pointers_apart),
		cmocka_unit_test(offsets_outside_are_refused),
		cmocka_unit_test(a_small_buffer_is_cut_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
