/* SPDX-License-Identifier: MIT */
/*
 * A core dump of the kernel module as `agx decode` reads it: the mappings of the client's VM as
 * places, the firmware's memory as bytes, and the failing command's registers, which say where
 * control streams, programs and buffers were.
 */
#ifndef AGX_DECODE_DUMP_H
#define AGX_DECODE_DUMP_H

#include "agx_decode.h"

struct agx_raw_memory;
struct decode_dump;

/*
 * Reads and checks the file, adds what it knows to memory, and sets config's generation and
 * clusters. Messages go to standard error. Returns an exit status.
 */
int decode_dump_open(const char *path, struct agx_raw_memory *memory,
		     struct agx_decode_config *config, struct decode_dump **dump);

/* Gives the failing command to the sink, and decodes what it leads to. Returns an exit status. */
int decode_dump_run(struct decode_dump *dump, const struct agx_decode_memory *memory,
		    struct agx_decode *decode, const struct agx_decode_sink *sink);

/* That of the failing command, 0: it has none. */
uint64_t decode_dump_usc_base(const struct decode_dump *dump);

/* NULL is fine. The memory that it was added to must not be read any more. */
void decode_dump_close(struct decode_dump *dump);

#endif
