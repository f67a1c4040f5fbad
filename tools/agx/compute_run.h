/* SPDX-License-Identifier: MIT */
/* Runs what `agx compute` was asked for, through libagx. */
#ifndef AGX_COMPUTE_RUN_H
#define AGX_COMPUTE_RUN_H

#include "compute.h"

/*
 * Opens the device, makes the shader and the buffers, and runs it. An exit status, whose reason was
 * said. The result is to be ended in any case.
 */
int compute_open(struct compute_job *job, struct compute_result *result);
int compute_run(struct compute_job *job, struct compute_result *result);
void compute_end(struct compute_job *job, struct compute_result *result);

#endif
