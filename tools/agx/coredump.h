/* SPDX-License-Identifier: MIT */
/*
 * Reads the kernel module's device core dumps (kernel/linux/asahi_coredump.h). What is in a file is
 * believed only after coredump_check(); its strings never are.
 */
#ifndef AGX_COREDUMP_H
#define AGX_COREDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "asahi_coredump.h"

struct json_object;

/* A file in memory, which is the caller's. */
struct coredump {
	const uint8_t *bytes;
	size_t size;
	struct asahi_coredump_header header;
};

/* Why a file is damaged. */
struct coredump_error {
	char text[160];
};

/*
 * Looks at the header, the table, and the bounds of all objects. 0, or -EBADMSG with the reason; the
 * result is for the functions below.
 */
int coredump_check(const void *bytes, size_t size, struct coredump *dump,
		   struct coredump_error *error);

/* In words. memory: with the bytes of the memory that it holds. 0, or -EIO: out has failed. */
int coredump_print(const struct coredump *dump, bool memory, FILE *out);

/* The same, complete. NULL: no memory. */
struct json_object *coredump_json(const struct coredump *dump);

#endif
