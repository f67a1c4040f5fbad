/* SPDX-License-Identifier: MIT */
/*
 * Data of `agx compute`, as its options name it: TYPE[COUNT]:FILL. Numbers are little-endian in
 * memory, as the GPU has them.
 */
#ifndef AGX_COMPUTE_DATA_H
#define AGX_COMPUTE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa_file.h"

#define COMPUTE_BYTES_MAX (256u << 20) /* of one buffer */

struct compute_type {
	const char *name; /* "u32" */
	uint8_t bytes;
	char kind; /* 'u'nsigned, 'i' signed, 'f'loat, 'x' for hexadecimal */
};

struct compute_data {
	const struct compute_type *type;
	size_t count; /* elements; 0: not given, and FILL does not tell either */
	bool counted; /* COUNT was there */
	bool single;  /* FILL is one value */
	uint64_t first, step,
		seed; /* of iota and random; bits of a double where that is the kind */
	uint64_t least, most;
	enum {
		COMPUTE_ZERO,
		COMPUTE_VALUES,
		COMPUTE_IOTA,
		COMPUTE_RANDOM,
		COMPUTE_FILE
	} fill;
	char *text;           /* of values */
	struct isa_file file; /* what was in it */
};

/* A message for people. */
struct compute_message {
	char text[512];
};

int compute_wrong(struct compute_message *message, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* By name, length characters; NULL: there is none. */
const struct compute_type *compute_type_find(const char *name, size_t length);

/* One of so many bytes that data without a type looks like: a float, signed, or unsigned. */
const struct compute_type *compute_type_guess(const char *text, unsigned int bytes);

/*
 * Reads [TYPE[COUNT]:]FILL or TYPE[COUNT]. usual: the type if none is named. Files are read, from
 * folder, unless that is NULL. -EINVAL with a message. data is to be freed in any case.
 */
int compute_data_parse(const char *text, const struct compute_type *usual, const char *folder,
		       struct compute_data *data, struct compute_message *message);
void compute_data_free(struct compute_data *data);

/* Writes data->count elements, repeating values; of a file, as many as there are. */
void compute_data_write(const struct compute_data *data, void *memory);

/* An element, as people write it. */
void compute_element_text(const struct compute_type *type, const void *memory, char *text,
			  size_t size);

/* Of a float. */
double compute_element_float(const struct compute_type *type, const void *memory);

/* Integers are equal, or not. Floats may differ by tolerance times the larger of 1 and expected. */
bool compute_element_is(const struct compute_type *type, const void *got, const void *expected,
			double tolerance);

#endif
