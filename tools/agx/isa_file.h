/* SPDX-License-Identifier: MIT */
/* What the commands on shader code share: reading files, hexadecimal text, statistics, colour. */
#ifndef AGX_ISA_FILE_H
#define AGX_ISA_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agx_isa_program.h"
#include "text_style.h"

struct json_object;

#define ISA_FILE_MAX (256u << 20) /* bytes; more than any shader, or all of a trace's */

struct isa_file {
	uint8_t *data;
	size_t size;
};

/* Reads a file, "-" for standard input. 0, or a negative errno; -EFBIG beyond ISA_FILE_MAX. */
int isa_file_read(const char *path, struct isa_file *out);
void isa_file_free(struct isa_file *file);

/*
 * Turns text into the bytes that it gives in hexadecimal, in place: of each line the first word,
 * or all words of two digits that it begins with; # begins a comment. 0, or the number of the
 * first line that is neither empty nor begins so.
 */
size_t isa_file_from_hex(struct isa_file *file);

/* Statistics in the form of Mesa's shader-db, then more of them. */
void isa_stats_print(const struct agx_isa_program *program, const char *name, FILE *out);
struct json_object *isa_stats_json(const struct agx_isa_program *program);
const char *isa_end_name(enum agx_isa_end end);

/*
 * Warns of instructions that use what a load has not brought yet: of the first ISA_HAZARDS_TOLD each,
 * of the others how many. True: there are some.
 */
#define ISA_HAZARDS_TOLD 4
#define ISA_HAZARDS_CODE (16u << 20) /* bytes; beyond that it warns of that only */
bool isa_warn_hazards(const void *code, size_t size, const char *name);

/* Writes lines of a listing in colour; style may be that of plain text. */
void isa_print_coloured(const char *text, size_t size, const struct agx_text_style *style,
			FILE *out);

#endif
