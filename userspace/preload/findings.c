// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "../node/agx_node.h"
#include "findings.h"

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
	__atomic_store_n(&findings->kinds, i + 1, __ATOMIC_RELEASE);
}

void findings_bound(struct findings *findings)
{
	uint32_t i;

	if (findings->kinds > FINDINGS_KINDS)
		findings->kinds = FINDINGS_KINDS;
	for (i = 0; i < findings->kinds; i++) {
		struct finding *f = &findings->kind[i];

		f->name[sizeof(f->name) - 1] = 0;
		f->structure[sizeof(f->structure) - 1] = 0;
		f->field[sizeof(f->field) - 1] = 0;
		f->text[sizeof(f->text) - 1] = 0;
	}
}
