/* SPDX-License-Identifier: MIT */
/* `agx compute`: what its options ask for, and what came out. */
#ifndef AGX_COMPUTE_TOOL_H
#define AGX_COMPUTE_TOOL_H

#include <agx/agx.h>

#include "compute_data.h"

#define COMPUTE_BUFFERS   64
#define COMPUTE_REQUESTS  256 /* of one kind: prints, expectations, ... */
#define COMPUTE_UNIFORMS  512 /* halves */
#define COMPUTE_REGISTERS 32
#define COMPUTE_RUNS      1000000

struct compute_buffer {
	char name[32];
	struct compute_data data;
	unsigned int place; /* uniform register of its address, in halves */
	bool frame;         /* of --set and --show */
	struct agx_buffer *buffer;
	uint8_t *map;    /* what the GPU sees */
	uint8_t *before; /* what it found, bytes bytes */
	size_t bytes;
};

/* What is to be done with a buffer when the shader has ended. */
struct compute_request {
	const char *text; /* the option's argument */
	unsigned int buffer;
	const struct compute_type *type; /* to print */
	size_t first, count;             /* elements to print or to compare */
	struct compute_data expected;
	size_t wrong; /* elements that are not as expected */
	size_t wrong_at;
	const char *path; /* of the file to write */
};

struct compute_requests {
	struct compute_request of[COMPUTE_REQUESTS];
	unsigned int count;
};

/* A register that each thread is given, or that is looked at in its end. */
struct compute_register {
	const char *text;
	unsigned int half, halves;
	const struct compute_type *type;
	struct compute_data data;
	unsigned int buffer;
};

struct compute_registers {
	struct compute_register of[COMPUTE_REGISTERS];
	unsigned int count;
};

/* An address in uniforms: of a buffer, which is known when there is one. */
struct compute_pointer {
	unsigned int half, buffer;
	uint64_t offset;
};

struct compute_job {
	const char *device; /* NULL: the library chooses */
	const char *name;   /* of the program, in messages */
	char *text;
	bool lines; /* given by -e: a stop is put behind them */
	bool strict;

	struct compute_buffer buffers[COMPUTE_BUFFERS];
	unsigned int buffer_count;
	uint16_t uniforms[COMPUTE_UNIFORMS];
	bool given[COMPUTE_UNIFORMS];
	struct compute_pointer pointers[COMPUTE_UNIFORMS];
	unsigned int pointer_count;
	struct compute_registers set, show;

	uint32_t size[3]; /* threads or groups; [0] is 0: not given */
	bool in_groups;
	uint32_t group[3]; /* likewise */
	unsigned int repeat;
	double tolerance;
	double seconds; /* that a run may take; 0: as many as it wants */

	struct compute_requests prints, expects, outputs;
};

/* What became of it. */
struct compute_result {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
	struct agx_queue *queue;
	struct agx_timestamps *timestamps;
	struct agx_cmdbuf *cmdbuf;
	struct agx_sync *sync;
	struct agx_shader *shader; /* as it was written */
	struct agx_shader *framed; /* with what --set and --show put around it, or NULL */
	uint32_t size[3], group[3];
	uint64_t *cpu_ns, *gpu_ns; /* of each run; gpu_ns NULL: not known */
	unsigned int runs;
	unsigned int findings; /* of the models, with --strict */
	bool stuck;            /* work is under way that has no end */
};

/* "u4", "u4l", "du4": a register, in halves. kind: its letter; limit: halves that there are. */
int compute_register_parse(const char *text, size_t length, char kind, unsigned int limit,
			   unsigned int *half, unsigned int *halves);

/* Buffer by the name that text begins with; -1: there is none. */
int compute_buffer_find(const struct compute_job *job, const char *text, size_t length);

#endif
