// SPDX-License-Identifier: MIT
/* What is remembered of the firmware model's findings, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_node.h"
#include "findings_report.h"
#include "preload/findings.h"

static void add(struct findings *findings, unsigned int id, uint64_t address, const char *text)
{
	const struct agx_node_finding finding = {
		.id = id,
		.name = "POINTER_NULL",
		.text = text,
		.address = address,
		.structure = "queue_info",
		.field = "ring",
		.expected = 1,
		.got = 0x10,
	};

	findings_add(findings, &finding);
}

static void the_first_of_each_kind_is_kept(void **state)
{
	struct findings findings = {0};

	add(&findings, 101, 0x1000, "first");
	add(&findings, 205, 0x2000, "other");
	add(&findings, 101, 0x3000, "second");
	assert_int_equal(findings.total, 3);
	assert_int_equal(findings.kinds, 2);
	assert_int_equal(findings.kind[0].number, 101);
	assert_int_equal(findings.kind[0].count, 2);
	assert_int_equal(findings.kind[0].address, 0x1000);
	assert_string_equal(findings.kind[0].text, "first");
	assert_int_equal(findings.kind[1].number, 205);
	assert_int_equal(findings.kind[1].count, 1);
}

static void more_kinds_than_fit_are_counted(void **state)
{
	struct findings findings = {0};
	char text[1024] = "", *end;
	unsigned int i;
	FILE *out;

	for (i = 0; i < FINDINGS_KINDS + 5; i++)
		add(&findings, i, i, "x");
	assert_int_equal(findings.kinds, FINDINGS_KINDS);
	assert_int_equal(findings.total, FINDINGS_KINDS + 5);
	out = tmpfile();
	assert_non_null(out);
	findings_print(out, &findings);
	fseek(out, -64, SEEK_END);
	text[fread(text, 1, sizeof(text) - 1, out)] = 0;
	fclose(out);
	end = strstr(text, "    5 findings of further kinds\n");
	assert_non_null(end);
}

static void long_and_wild_text_is_bounded(void **state)
{
	struct findings findings = {0};
	char text[2000];
	struct json_object *json;

	memset(text, 'a', sizeof(text));
	text[0] = '\x1b';
	text[sizeof(text) - 1] = 0;
	add(&findings, 7, 0, text);
	assert_int_equal(strlen(findings.kind[0].text), sizeof(findings.kind[0].text) - 1);
	json = findings_to_json(&findings);
	assert_null(strchr(json_object_to_json_string(json), '\x1b'));
	assert_null(strstr(json_object_to_json_string(json), "u001b"));
	json_object_put(json);

	/* As another process may have left it. */
	memset(&findings, 0xff, sizeof(findings));
	findings_bound(&findings);
	assert_int_equal(findings.kinds, FINDINGS_KINDS);
	assert_int_equal(strlen(findings.kind[3].text), sizeof(findings.kind[3].text) - 1);
	assert_int_equal(strlen(findings.kind[3].name), sizeof(findings.kind[3].name) - 1);
	json_object_put(findings_to_json(&findings));
}

static void text_and_json_say_all(void **state)
{
	struct findings findings = {0};
	struct json_object *json;
	char text[1024];
	FILE *out;

	add(&findings, 101, 0xffffffa000001000, "the ring is null");
	out = tmpfile();
	assert_non_null(out);
	findings_print(out, &findings);
	rewind(out);
	text[fread(text, 1, sizeof(text) - 1, out)] = 0;
	fclose(out);
	assert_string_equal(text,
			    "    finding 101 POINTER_NULL, 1 time; first at 0xffffffa000001000, "
			    "queue_info.ring\n        the ring is null\n");
	json = findings_to_json(&findings);
	assert_string_equal(
		json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
		"{\"count\":1,\"kinds\":[{\"number\":101,\"name\":\"POINTER_NULL\",\"count\":1,"
		"\"address\":\"0xffffffa000001000\",\"structure\":\"queue_info\",\"field\":\"ring\","
		"\"expected\":\"0x1\",\"got\":\"0x10\",\"text\":\"the ring is null\"}]}");
	json_object_put(json);
}

static void findings_of_processes_are_merged(void **state)
{
	struct findings one = {0}, two = {0};
	unsigned int i;

	add(&one, 1, 0x10, "one");
	add(&two, 2, 0x20, "two");
	add(&two, 1, 0x30, "again");
	add(&two, 1, 0x40, "again");
	findings_merge(&one, &two);
	assert_int_equal(one.total, 4);
	assert_int_equal(one.kinds, 2);
	assert_int_equal(one.kind[0].count, 3);
	assert_int_equal(one.kind[0].address, 0x10);
	assert_int_equal(one.kind[1].number, 2);

	for (i = 0; i < FINDINGS_KINDS; i++)
		add(&two, 100 + i, 0, "x");
	findings_merge(&one, &two);
	assert_int_equal(one.kinds, FINDINGS_KINDS);
	assert_int_equal(one.total, 4 + 3 + FINDINGS_KINDS);
}

static const struct agx_node_place draw = {
	.known = true,
	.submit = 3,
	.command = 1,
	.unit = "vertex",
	.item = "draw",
	.number = 12,
	.stage = "vertex",
	.list = 0x1100000040,
	.shader = 0x1100002000,
};

static void read_back(FILE *out, char *text, size_t size)
{
	rewind(out);
	text[fread(text, 1, size - 1, out)] = 0;
	fclose(out);
}

static void places_are_named(void **state)
{
	const struct agx_node_finding finding = {
		.id = 2031,
		.name = "DRAW_INSTANCES",
		.text = "no instances",
		.address = 0x1500000000,
		.structure = "index_list_instances",
		.field = "count",
		.place = &draw,
	};
	struct findings findings = {0};
	struct json_object *json;
	char text[1024];
	FILE *out = tmpfile();

	assert_non_null(out);
	findings_add(&findings, &finding);
	findings_print(out, &findings);
	read_back(out, text, sizeof(text));
	assert_string_equal(text, "    finding 2031 DRAW_INSTANCES, 1 time; first at 0x1500000000, "
				  "index_list_instances.count\n        no instances\n"
				  "        at submit 3 command 1, vertex unit, draw 12, vertex "
				  "shader 0x1100002000, USC list 0x1100000040\n");
	json = findings_to_json(&findings);
	assert_non_null(strstr(
		json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
		"\"place\":{\"submit\":3,\"command\":1,\"unit\":\"vertex\",\"draw\":12,"
		"\"stage\":\"vertex\",\"usc_list\":\"0x1100000040\",\"shader\":\"0x1100002000\"}"));
	json_object_put(json);
}

static void halts_are_listed(void **state)
{
	struct agx_node_trouble trouble = {
		.kind = AGX_NODE_FAULT,
		.address = 0x5000000000,
		.read = true,
		.what = "PPP record",
		.place = draw,
	};
	struct findings findings = {0}, all = {0};
	struct json_object *json;
	char text[4096];
	FILE *out = tmpfile();
	unsigned int i;

	assert_non_null(out);
	findings_add_trouble(&findings, &trouble);
	trouble.kind = AGX_NODE_TIMEOUT;
	trouble.place =
		(struct agx_node_place){.unit = "fragment", .item = "", .stage = "", .number = 0};
	findings_add_trouble(&findings, &trouble);
	findings_merge(&all, &findings);
	findings_print(out, &all);
	read_back(out, text, sizeof(text));
	assert_string_equal(text,
			    "    fault of the GPU: it may not read 0x5000000000 (PPP record)\n"
			    "        at submit 3 command 1, vertex unit, draw 12, vertex "
			    "shader 0x1100002000, USC list 0x1100000040\n"
			    "    timeout of the GPU\n        at fragment unit\n");
	json = troubles_to_json(&all);
	assert_int_equal(json_object_array_length(json), 2);
	assert_string_equal(json_object_to_json_string_ext(json_object_array_get_idx(json, 1),
							   JSON_C_TO_STRING_PLAIN),
			    "{\"kind\":\"timeout\",\"place\":{\"unit\":\"fragment\"}}");
	json_object_put(json);

	/* Those that do not fit are counted; what another process may have left is bounded. */
	for (i = 0; i < FINDINGS_TROUBLES; i++)
		findings_add_trouble(&findings, &trouble);
	assert_int_equal(findings.troubles, FINDINGS_TROUBLES);
	assert_int_equal(findings.trouble_total, FINDINGS_TROUBLES + 2);
	out = tmpfile();
	assert_non_null(out);
	findings_print(out, &findings);
	read_back(out, text, sizeof(text));
	assert_non_null(strstr(text, "    2 more halts of the GPU\n"));
	memset(&findings, 0xff, sizeof(findings));
	findings_bound(&findings);
	assert_int_equal(findings.troubles, FINDINGS_TROUBLES);
	json_object_put(troubles_to_json(&findings));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_named),
		cmocka_unit_test(halts_are_listed),
		cmocka_unit_test(the_first_of_each_kind_is_kept),
		cmocka_unit_test(more_kinds_than_fit_are_counted),
		cmocka_unit_test(long_and_wild_text_is_bounded),
		cmocka_unit_test(text_and_json_say_all),
		cmocka_unit_test(findings_of_processes_are_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
