/* SPDX-License-Identifier: MIT */
/* Checks a whole trace: every checksum, the structure, the index, and the rules of the calls. */
#ifndef AGX_TRACE_VERIFY_H
#define AGX_TRACE_VERIFY_H

#include "agx_trace.h"

/* One finding. */
struct agx_trace_problem {
	bool damage; /* the bytes are not what was written; otherwise a rule is broken */
	struct agx_trace_error error;
	uint64_t seq;   /* of the record, 0: not about a record */
	uint64_t value; /* rules: handle, token or number that it is about */
};

/* One line without newline. Returns buf. */
const char *agx_trace_problem_text(const struct agx_trace_problem *problem, char *buf, size_t size);

struct agx_trace_verdict {
	uint64_t damages;
	uint64_t broken_rules;
	bool truncated;
	uint64_t records;
	uint64_t submits;
	uint64_t unfinished_calls; /* without a return: the program was killed in them */
	uint8_t digest[16];        /* of what could be read */
};

/*
 * Verifies a file, or bytes in memory. report may be NULL. Returns 0 when the trace could be
 * looked at, whatever was found, or a negative errno: the file cannot be read, -EPROTONOSUPPORT,
 * -ENOMEM. A file whose header is damaged is a finding.
 */
int agx_trace_verify(const char *path,
		     void (*report)(void *data, const struct agx_trace_problem *problem),
		     void *data, struct agx_trace_verdict *verdict, struct agx_trace_error *error);
int agx_trace_verify_memory(const void *bytes, size_t size,
			    void (*report)(void *data, const struct agx_trace_problem *problem),
			    void *data, struct agx_trace_verdict *verdict,
			    struct agx_trace_error *error);

#endif
