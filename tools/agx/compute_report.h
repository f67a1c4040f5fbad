/* SPDX-License-Identifier: MIT */
/* What `agx compute` says of a run: as text, or as JSON. */
#ifndef AGX_COMPUTE_REPORT_H
#define AGX_COMPUTE_REPORT_H

#include "compute.h"

/* Compares with what --expect said, and says what differs. Returns how many expectations failed. */
unsigned int compute_compare(struct compute_job *job);

/* Writes --output's files. 0, or an exit status. */
int compute_write(const struct compute_job *job);

/* Adds a print of each buffer that has changed. */
void compute_print_changed(struct compute_job *job);

void compute_report_info(const struct compute_result *result);
void compute_report(const struct compute_job *job, const struct compute_result *result);
int compute_report_json(const struct compute_job *job, const struct compute_result *result,
			int status);

#endif
