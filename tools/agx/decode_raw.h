/* SPDX-License-Identifier: MIT */
/*
 * `agx decode` without a trace: memory from files at given addresses, from a core dump of the
 * kernel module, or both; and what lies at which address.
 */
#ifndef AGX_DECODE_RAW_H
#define AGX_DECODE_RAW_H

#include <argp.h>
#include <stdbool.h>

#include "agx_decode.h"

struct agx_raw_memory;
struct decode_raw_start;

struct decode_raw_file {
	uint64_t address;
	bool elf; /* it says the addresses itself */
	const char *path;
};

/* The options; all zero to begin with. */
struct decode_raw {
	struct decode_raw_file *files;
	unsigned int file_count;
	struct decode_raw_start *starts;
	unsigned int start_count;
	uint64_t usc_base;
	bool have_usc_base;
	unsigned int generation, clusters; /* as agx_decode_config; 0: not told */
};

/* --raw, --vdm, --gpu and so on. Input: struct decode_raw. */
extern const struct argp decode_raw_argp;

/* Was some memory given? Then no trace is needed. */
bool decode_raw_wanted(const struct decode_raw *raw);

/* Was it said what is in that memory? */
bool decode_raw_has_starts(const struct decode_raw *raw);

/* Does the file begin as a core dump does? false for files that cannot be read. */
bool decode_raw_is_coredump(const char *path);

/*
 * Decodes: coredump (NULL: none) and the memory of the options. config's generation and clusters
 * are those of the options or of the dump. Messages go to standard error. *decode is the decoder
 * that was used, for its counts: the caller destroys it; NULL when it came to none. Returns an
 * exit status.
 */
int decode_raw(const struct decode_raw *raw, const char *coredump,
	       const struct agx_decode_config *config, const struct agx_decode_sink *sink,
	       struct agx_decode **decode);

void decode_raw_finish(struct decode_raw *raw);

#endif
