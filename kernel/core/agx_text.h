/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Text without a C library, for records that are made of what the firmware wrote. The buffer is
 * always terminated; what does not fit is cut.
 */
#ifndef AGX_TEXT_H
#define AGX_TEXT_H

#include "agx_types.h"

struct agx_text {
	char *buffer;
	size_t size; /* bytes, at least 1 */
	size_t length;
};

void agx_text_init(struct agx_text *text, char *buffer, size_t size);

void agx_text_add(struct agx_text *text, const char *string);
void agx_text_decimal(struct agx_text *text, uint64_t value);
void agx_text_signed(struct agx_text *text, int64_t value);
void agx_text_hex(struct agx_text *text, uint64_t value); /* with 0x */

/* " name=value" */
void agx_text_field(struct agx_text *text, const char *name, uint64_t value);
void agx_text_field_hex(struct agx_text *text, const char *name, uint64_t value);

/*
 * Bytes from outside, up to a zero: what is not printable ASCII becomes '?', so that nobody's
 * terminal or log is at the firmware's mercy.
 */
void agx_text_foreign(struct agx_text *text, const char *bytes, size_t size);

#endif
