/* SPDX-License-Identifier: MIT */
/*
 * What a job's commands consist of, as a list of names and values, for tests that say where a
 * value must be and that it is nowhere else. Members that are zero are not in the list.
 *
 * Names: structure, dot, way to the member. Structures: V, F, C: RunVertex, RunFragment,
 * RunCompute; V1, V2, TP, F1, F2, F3, C1, C2: job_params1 to 3 and tiling_params of these; SV, T0V,
 * WV, T1V, ZV, RV: operations Start, Timestamp (start), WaitForIdle, Timestamp (end), Finalize,
 * RetireStamp of the vertex command, likewise for F and C; S: Scene; B: BufferInfo; I: InitBuffer.
 * Registers: V:1c039.
 */
#ifndef AGX_TEST_SNAPSHOT_H
#define AGX_TEST_SNAPSHOT_H

#include "builder_fixture.h"
#include "fields.h"

#define SNAPSHOT_PLACES 2048
#define SNAPSHOT_OPS    8

struct place {
	char name[64];
	uint64_t value;
	bool pointer;
};

struct snapshot {
	struct place places[SNAPSHOT_PLACES];
	unsigned int count;
	uint64_t commands[AGX_PIPE_COUNT]; /* addresses, 0: none */
	uint8_t ops[AGX_PIPE_COUNT][SNAPSHOT_OPS];
	uint32_t op_offsets[AGX_PIPE_COUNT][SNAPSHOT_OPS];
	unsigned int op_count[AGX_PIPE_COUNT];
	uint32_t sequence_size[AGX_PIPE_COUNT];
};

/* Of the first command on each pipe of a job. Fails the test when something is not decodable. */
void snapshot_take(struct builder *builder, const struct agx_core_job *job,
		   struct snapshot *snapshot);

/* NULL: not there, that is zero. */
const struct place *snapshot_find(const struct snapshot *snapshot, const char *name);

#endif
