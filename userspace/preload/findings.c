// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "../node/agx_node.h"
#include "findings.h"

static void fill_place(struct finding_place *to, const struct agx_node_place *from)
{
	*to = (struct finding_place){
		.submit = from->submit,
		.list = from->list,
		.shader = from->shader,
		.command = from->command,
		.number = from->number,
		.there = true,
		.known = from->known,
	};
	snprintf(to->unit, sizeof(to->unit), "%s", from->unit);
	snprintf(to->item, sizeof(to->item), "%s", from->item);
	snprintf(to->stage, sizeof(to->stage), "%s", from->stage);
}

void findings_add(struct findings *findings, const struct agx_node_finding *finding)
{
	struct finding *f;
	uint32_t i;

	findings->total++;
	for (i = 0; i < findings->kinds; i++) {
		if (findings->kind[i].number == finding->id) {
			findings->kind[i].count++;
			return;
		}
	}
	if (i == FINDINGS_KINDS)
		return;
	f = &findings->kind[i];
	f->count = 1;
	f->number = finding->id;
	f->address = finding->address;
	f->expected = finding->expected;
	f->got = finding->got;
	snprintf(f->name, sizeof(f->name), "%s", finding->name);
	snprintf(f->structure, sizeof(f->structure), "%s", finding->structure);
	snprintf(f->field, sizeof(f->field), "%s", finding->field);
	snprintf(f->text, sizeof(f->text), "%s", finding->text);
	if (finding->place)
		fill_place(&f->place, finding->place);
	__atomic_store_n(&findings->kinds, i + 1, __ATOMIC_RELEASE);
}

void findings_add_trouble(struct findings *findings, const struct agx_node_trouble *trouble)
{
	const uint32_t i = findings->troubles;
	struct gpu_trouble *t = &findings->trouble[i];

	findings->trouble_total++;
	if (i >= FINDINGS_TROUBLES)
		return;
	t->address = trouble->address;
	t->kind = (uint8_t)trouble->kind;
	t->read = trouble->read;
	snprintf(t->what, sizeof(t->what), "%s", trouble->what);
	fill_place(&t->place, &trouble->place);
	__atomic_store_n(&findings->troubles, i + 1, __ATOMIC_RELEASE);
}

static void bound_place(struct finding_place *place)
{
	place->unit[sizeof(place->unit) - 1] = 0;
	place->item[sizeof(place->item) - 1] = 0;
	place->stage[sizeof(place->stage) - 1] = 0;
}

void findings_bound(struct findings *findings)
{
	uint32_t i;

	if (findings->troubles > FINDINGS_TROUBLES)
		findings->troubles = FINDINGS_TROUBLES;
	for (i = 0; i < findings->troubles; i++) {
		findings->trouble[i].what[sizeof(findings->trouble[i].what) - 1] = 0;
		bound_place(&findings->trouble[i].place);
	}

	if (findings->kinds > FINDINGS_KINDS)
		findings->kinds = FINDINGS_KINDS;
	for (i = 0; i < findings->kinds; i++) {
		struct finding *f = &findings->kind[i];

		f->name[sizeof(f->name) - 1] = 0;
		f->structure[sizeof(f->structure) - 1] = 0;
		f->field[sizeof(f->field) - 1] = 0;
		f->text[sizeof(f->text) - 1] = 0;
		bound_place(&f->place);
	}
}
