// SPDX-License-Identifier: MIT
/*
 * One object, written piece by piece: a comparison may be large. docs/diff.md describes it.
 */
#include <errno.h>
#include <inttypes.h>

#include <json-c/json.h>

#include "diff_print.h"

static const char *const op_names[AGX_DIFF_OPS] = {"equal", "changed", "removed", "added"};

static json_object *text_or_null(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
}

static json_object *number_or_null(uint32_t number)
{
	return number == DIFF_NONE ? NULL : json_object_new_int64(number);
}

static void write_object(FILE *out, json_object *object)
{
	fputs(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							     JSON_C_TO_STRING_NOSLASHESCAPE),
	      out);
	json_object_put(object);
}

static json_object *size_json(const struct agx_diff_size *size)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "instructions", json_object_new_int64(size->instructions));
	json_object_object_add(object, "bytes", json_object_new_int64(size->bytes));
	json_object_object_add(object, "registers", json_object_new_int64(size->registers));
	return object;
}

static json_object *side_json(const struct agx_diff_side *side)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "file", json_object_new_string(side->path));
	json_object_object_add(object, "soc", json_object_new_string(side->soc));
	json_object_object_add(object, "truncated", json_object_new_boolean(side->truncated));
	json_object_object_add(object, "frames", json_object_new_uint64(side->frames));
	json_object_object_add(object, "calls", json_object_new_uint64(side->calls));
	json_object_object_add(object, "submits", json_object_new_uint64(side->submits));
	json_object_object_add(object, "commands", json_object_new_uint64(side->commands));
	json_object_object_add(object, "draws", json_object_new_uint64(side->draws));
	json_object_object_add(object, "dispatches", json_object_new_uint64(side->dispatches));
	json_object_object_add(object, "shaders", json_object_new_uint64(side->shaders));
	json_object_object_add(object, "pages", json_object_new_uint64(side->pages));
	json_object_object_add(object, "code", size_json(&side->code));
	return object;
}

static json_object *count_json(const struct agx_diff_count *count)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "changed", json_object_new_uint64(count->changed));
	json_object_object_add(object, "removed", json_object_new_uint64(count->removed));
	json_object_object_add(object, "added", json_object_new_uint64(count->added));
	return object;
}

static json_object *sums_json(const struct agx_diff_sums *sums)
{
	json_object *object = json_object_new_object(), *part = json_object_new_object();
	unsigned int i;

	for (i = 0; i < AGX_DIFF_UNITS; i++)
		json_object_object_add(part, agx_diff_unit_names[i], count_json(&sums->units[i]));
	json_object_object_add(object, "units", part);
	part = json_object_new_object();
	for (i = 0; i < DIFF_TOPICS; i++)
		json_object_object_add(part, diff_topic_names[i], count_json(&sums->lines[i]));
	json_object_object_add(object, "values", part);
	json_object_object_add(object, "shaders", count_json(&sums->shaders));
	part = json_object_new_object();
	json_object_object_add(part, "a", size_json(&sums->changed_a));
	json_object_object_add(part, "b", size_json(&sums->changed_b));
	json_object_object_add(object, "changed_code", part);
	return object;
}

static json_object *where_json(const struct agx_diff_hunk *hunk, uint32_t i)
{
	const struct agx_diff_where *where = &hunk->wheres[i];
	json_object *object = json_object_new_object();
	char text[160];

	json_object_object_add(
		object, "text",
		json_object_new_string(agx_diff_where_text(hunk, i, text, sizeof(text))));
	json_object_object_add(object, "file", number_or_null(where->file));
	json_object_object_add(object, "lane", number_or_null(where->lane));
	json_object_object_add(object, "submit_a", number_or_null(where->a.submit));
	json_object_object_add(object, "submit_b", number_or_null(where->b.submit));
	json_object_object_add(object, "command_a", number_or_null(where->a.command));
	json_object_object_add(object, "command_b", number_or_null(where->b.command));
	json_object_object_add(object, "number_a", number_or_null(where->a.unit));
	json_object_object_add(object, "number_b", number_or_null(where->b.unit));
	json_object_object_add(object, "count", json_object_new_int64(where->count));
	return object;
}

static json_object *line_json(const struct agx_diff_line *line, json_object *path)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "op", json_object_new_string(op_names[line->op]));
	json_object_object_add(object, "topic",
			       json_object_new_string(diff_topic_names[line->topic]));
	json_object_object_add(object, "in", path);
	json_object_object_add(object, "name", json_object_new_string(line->name));
	json_object_object_add(object, "a", text_or_null(line->a));
	json_object_object_add(object, "b", text_or_null(line->b));
	if (line->shader != DIFF_NONE)
		json_object_object_add(object, "shader", json_object_new_int64(line->shader + 1));
	return object;
}

static json_object *hunk_json(const struct agx_diff_hunk *hunk)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();
	const char *path[DIFF_MAX_DEPTH + 1] = {0};
	uint32_t i, j;

	json_object_object_add(object, "unit",
			       json_object_new_string(agx_diff_unit_names[hunk->unit]));
	json_object_object_add(object, "op", json_object_new_string(op_names[hunk->op]));
	json_object_object_add(object, "title", json_object_new_string(hunk->title));
	json_object_object_add(object, "count", json_object_new_uint64(hunk->count));
	for (i = 0; i < hunk->num_wheres; i++)
		json_object_array_add(list, where_json(hunk, i));
	json_object_object_add(object, "places", list);
	list = json_object_new_array();
	for (i = 0; i < hunk->num_lines; i++) {
		const struct agx_diff_line *line = &hunk->lines[i];
		json_object *in;

		if (line->heading && line->depth <= DIFF_MAX_DEPTH) {
			path[line->depth] = line->name;
			continue;
		}
		if (line->op == AGX_DIFF_KEEP)
			continue;
		in = json_object_new_array();
		for (j = 0; j < line->depth && j <= DIFF_MAX_DEPTH; j++) {
			if (path[j])
				json_object_array_add(in, json_object_new_string(path[j]));
		}
		json_object_array_add(list, line_json(line, in));
	}
	json_object_object_add(object, "changes", list);
	if (hunk->lines_left)
		json_object_object_add(object, "left_out", json_object_new_int64(hunk->lines_left));
	return object;
}

static json_object *shader_json(const struct agx_diff_shader *shader, uint32_t number)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();
	char digest[24];
	uint32_t i;

	json_object_object_add(object, "number", json_object_new_int64(number + 1));
	json_object_object_add(object, "stage", json_object_new_string(shader->stage));
	json_object_object_add(object, "places", json_object_new_uint64(shader->uses));
	json_object_object_add(object, "registers_only",
			       json_object_new_boolean(shader->registers_only));
	if (shader->blob_a != DIFF_NONE) {
		snprintf(digest, sizeof(digest), "%016" PRIx64, shader->digest_a);
		json_object_object_add(object, "digest_a", json_object_new_string(digest));
		json_object_object_add(object, "a", size_json(&shader->size_a));
	}
	if (shader->blob_b != DIFF_NONE) {
		snprintf(digest, sizeof(digest), "%016" PRIx64, shader->digest_b);
		json_object_object_add(object, "digest_b", json_object_new_string(digest));
		json_object_object_add(object, "b", size_json(&shader->size_b));
	}
	for (i = 0; i < shader->num_lines; i++) {
		const struct agx_diff_code_line *line = &shader->lines[i];
		json_object *entry = json_object_new_object();

		json_object_object_add(entry, "op", json_object_new_string(op_names[line->op]));
		json_object_object_add(entry, "offset_a", number_or_null(line->offset_a));
		json_object_object_add(entry, "a", text_or_null(line->a));
		json_object_object_add(entry, "offset_b", number_or_null(line->offset_b));
		json_object_object_add(entry, "b", text_or_null(line->b));
		json_object_array_add(list, entry);
	}
	json_object_object_add(object, "lines", list);
	return object;
}

int diff_print_json(const struct agx_diff *diff, FILE *out)
{
	json_object *notes = json_object_new_array();
	const char *note, *comma = "";
	uint32_t i;

	if (!notes)
		return -ENOMEM;
	for (i = 0; (note = agx_diff_note(diff, i)); i++)
		json_object_array_add(notes, json_object_new_string(note));
	fprintf(out,
		"{\"version\":1,\n\"same\":%s,\n\"a\":", agx_diff_same(diff) ? "true" : "false");
	write_object(out, side_json(agx_diff_side(diff, 0)));
	fputs(",\n\"b\":", out);
	write_object(out, side_json(agx_diff_side(diff, 1)));
	fputs(",\n\"notes\":", out);
	write_object(out, notes);
	fputs(",\n\"summary\":", out);
	write_object(out, sums_json(agx_diff_sums(diff)));
	fputs(",\n\"hunks\":[", out);
	for (i = 0; i < agx_diff_hunks(diff); i++) {
		fputs(i ? ",\n" : "\n", out);
		write_object(out, hunk_json(agx_diff_hunk(diff, i)));
	}
	fputs("],\n\"shaders\":[", out);
	for (i = 0; i < agx_diff_shaders(diff); i++) {
		const struct agx_diff_shader *shader = agx_diff_shader(diff, i);

		if (!shader)
			continue;
		fprintf(out, "%s\n", comma);
		comma = ",";
		write_object(out, shader_json(shader, i));
	}
	fputs("]}\n", out);
	return 0;
}
