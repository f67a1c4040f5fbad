// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "findings_report.h"
#include "preload/findings.h"

/* The other side of a process border may have left any bytes. */
static const char *printable(const char *text, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		buffer[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buffer[i] = 0;
	return buffer;
}

void findings_print(FILE *out, const struct findings *findings)
{
	char name[64], structure[64], field[96], text[sizeof(findings->kind[0].text)];
	uint64_t listed = 0;
	uint32_t i;

	for (i = 0; i < findings->kinds; i++) {
		const struct finding *f = &findings->kind[i];

		listed += f->count;
		printable(f->name, name, sizeof(name));
		printable(f->structure, structure, sizeof(structure));
		printable(f->field, field, sizeof(field));
		fprintf(out, "    finding %" PRIu32 " %s, %" PRIu64 " time%s; first at 0x%" PRIx64,
			f->number, name, f->count, f->count == 1 ? "" : "s", f->address);
		fprintf(out, ", %s%s%s\n        %s\n", structure, field[0] ? "." : "", field,
			printable(f->text, text, sizeof(text)));
	}
	if (listed < findings->total)
		fprintf(out, "    %" PRIu64 " findings of further kinds\n",
			findings->total - listed);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	char clean[sizeof(((struct finding *)0)->text)];

	json_object_object_add(object, key,
			       json_object_new_string(printable(text, clean, sizeof(clean))));
}

static void add_hex(struct json_object *object, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(object, key, json_object_new_string(text));
}

struct json_object *findings_to_json(const struct findings *findings)
{
	struct json_object *object = json_object_new_object();
	struct json_object *kinds = json_object_new_array(), *kind;
	uint32_t i;

	json_object_object_add(object, "count", json_object_new_uint64(findings->total));
	for (i = 0; i < findings->kinds; i++) {
		const struct finding *f = &findings->kind[i];

		kind = json_object_new_object();
		json_object_object_add(kind, "number", json_object_new_int64(f->number));
		add_text(kind, "name", f->name);
		json_object_object_add(kind, "count", json_object_new_uint64(f->count));
		add_hex(kind, "address", f->address);
		add_text(kind, "structure", f->structure);
		add_text(kind, "field", f->field);
		add_hex(kind, "expected", f->expected);
		add_hex(kind, "got", f->got);
		add_text(kind, "text", f->text);
		json_object_array_add(kinds, kind);
	}
	json_object_object_add(object, "kinds", kinds);
	return object;
}

void findings_merge(struct findings *to, const struct findings *from)
{
	uint32_t i, k;

	to->total += from->total;
	for (i = 0; i < from->kinds; i++) {
		for (k = 0; k < to->kinds && to->kind[k].number != from->kind[i].number; k++)
			;
		if (k < to->kinds)
			to->kind[k].count += from->kind[i].count;
		else if (k < FINDINGS_KINDS)
			to->kind[to->kinds++] = from->kind[i];
	}
}
