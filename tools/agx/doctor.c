// SPDX-License-Identifier: MIT
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void doctor_init(struct doctor *doctor, const char *sysroot)
{
	memset(doctor, 0, sizeof(*doctor));
	doctor->sysroot = sysroot;
}

void doctor_finish(struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < doctor->count; i++) {
		free(doctor->findings[i].expected);
		free(doctor->findings[i].found);
	}
	free(doctor->findings);
	free(doctor->model);
	free(doctor->boot_loader);
	free(doctor->installed_firmware);
	free(doctor->release);
	memset(doctor, 0, sizeof(*doctor));
}

void doctor_add(struct doctor *doctor, enum doctor_level level, const char *area, const char *check,
		const char *expected, const char *advice, const char *found, ...)
{
	struct doctor_finding *findings;
	struct doctor_finding finding = {.level = level, .area = area, .check = check};
	va_list ap;

	findings = realloc(doctor->findings, (doctor->count + 1) * sizeof(*findings));
	if (!findings) {
		doctor->out_of_memory = true;
		return;
	}
	doctor->findings = findings;
	/* What is as expected needs neither the expectation nor advice. */
	if (level != DOCTOR_OK) {
		finding.advice = advice;
		finding.expected = expected ? strdup(expected) : NULL;
		if (expected && !finding.expected)
			doctor->out_of_memory = true;
	}
	if (found) {
		va_start(ap, found);
		if (vasprintf(&finding.found, found, ap) < 0) {
			finding.found = NULL;
			doctor->out_of_memory = true;
		}
		va_end(ap);
	}
	findings[doctor->count++] = finding;
}

size_t doctor_level_count(const struct doctor *doctor, enum doctor_level level)
{
	size_t i, count = 0;

	for (i = 0; i < doctor->count; i++)
		count += doctor->findings[i].level == level;
	return count;
}

const char *doctor_level_name(enum doctor_level level)
{
	static const char *const names[] = {"ok", "warn", "FAIL"};

	return names[level];
}
