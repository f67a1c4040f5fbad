// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "agx_node.h"
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

/* "submit 3 command 0, draw 12, vertex shader 0x1100002000"; numbers as agx decode has them. */
static void place_text(const struct finding_place *place, char *text, size_t size)
{
	char unit[16], item[16], stage[16];
	int n = 0;

	printable(place->unit, unit, sizeof(unit));
	printable(place->item, item, sizeof(item));
	printable(place->stage, stage, sizeof(stage));
	if (place->known)
		n = snprintf(text, size, "submit %" PRIu64 " command %" PRIu32 ", ", place->submit,
			     place->command);
	n += snprintf(text + n, size - (size_t)n, "%s unit", unit);
	if (item[0])
		n += snprintf(text + n, size - (size_t)n, ", %s %" PRIu32, item, place->number);
	if (place->shader)
		n += snprintf(text + n, size - (size_t)n, ", %s shader 0x%" PRIx64, stage,
			      place->shader);
	if (place->list)
		snprintf(text + n, size - (size_t)n, ", USC list 0x%" PRIx64, place->list);
}

static void print_troubles(FILE *out, const struct findings *findings)
{
	char what[sizeof(findings->trouble[0].what)], place[200];
	uint32_t i;

	for (i = 0; i < findings->troubles; i++) {
		const struct gpu_trouble *t = &findings->trouble[i];

		place_text(&t->place, place, sizeof(place));
		if (t->kind != AGX_NODE_FAULT)
			fprintf(out, "    %s\n        at %s\n",
				t->kind == AGX_NODE_TIMEOUT ? "timeout of the GPU"
							    : "the GPU has not ended",
				place);
		else
			fprintf(out,
				"    fault of the GPU: it may not %s 0x%" PRIx64 " (%s)\n"
				"        at %s\n",
				t->read ? "read" : "write", t->address,
				printable(t->what, what, sizeof(what)), place);
	}
	if (findings->troubles < findings->trouble_total)
		fprintf(out, "    %" PRIu64 " more halts of the GPU\n",
			findings->trouble_total - findings->troubles);
}

void findings_print(FILE *out, const struct findings *findings)
{
	char name[64], structure[64], field[96], text[sizeof(findings->kind[0].text)];
	char place[200];
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
		if (f->place.there) {
			place_text(&f->place, place, sizeof(place));
			fprintf(out, "        at %s\n", place);
		}
	}
	if (listed < findings->total)
		fprintf(out, "    %" PRIu64 " findings of further kinds\n",
			findings->total - listed);
	print_troubles(out, findings);
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

static void add_place(struct json_object *object, const struct finding_place *place)
{
	struct json_object *where;
	char item[16];

	if (!place->there)
		return;
	where = json_object_new_object();
	if (place->known) {
		json_object_object_add(where, "submit", json_object_new_uint64(place->submit));
		json_object_object_add(where, "command", json_object_new_int64(place->command));
	}
	add_text(where, "unit", place->unit);
	printable(place->item, item, sizeof(item));
	if (item[0])
		json_object_object_add(where, item, json_object_new_int64(place->number));
	if (place->stage[0])
		add_text(where, "stage", place->stage);
	if (place->list)
		add_hex(where, "usc_list", place->list);
	if (place->shader)
		add_hex(where, "shader", place->shader);
	json_object_object_add(object, "place", where);
}

struct json_object *troubles_to_json(const struct findings *findings)
{
	struct json_object *troubles = json_object_new_array();
	uint32_t i;

	for (i = 0; i < findings->troubles; i++) {
		const struct gpu_trouble *t = &findings->trouble[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "kind",
			 t->kind == AGX_NODE_FAULT     ? "fault"
			 : t->kind == AGX_NODE_TIMEOUT ? "timeout"
						       : "unfinished");
		if (t->kind == AGX_NODE_FAULT) {
			add_hex(object, "address", t->address);
			add_text(object, "access", t->read ? "read" : "write");
			add_text(object, "what", t->what);
		}
		add_place(object, &t->place);
		json_object_array_add(troubles, object);
	}
	return troubles;
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
		add_place(kind, &f->place);
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
	to->trouble_total += from->trouble_total;
	for (i = 0; i < from->troubles && to->troubles < FINDINGS_TROUBLES; i++)
		to->trouble[to->troubles++] = from->trouble[i];
}
