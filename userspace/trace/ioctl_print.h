/* SPDX-License-Identifier: MIT */
/* Prints recorded calls as text and as JSON, driven by the ioctl table. */
#ifndef AGX_IOCTL_PRINT_H
#define AGX_IOCTL_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "agxt_format.h"
#include "ioctl_table.h"

/*
 * A structure as a JSON object: names to numbers (addresses and flags as text), or as "{name =
 * value, ...}". size may be less than desc->size: the rest counts as zero. access limits the
 * fields: AGX_ACCESS_IN, OUT or both.
 */
json_object *agx_struct_json(const struct agx_struct_desc *desc, const void *bytes, size_t size,
			     uint8_t access);
void agx_struct_print(FILE *out, const struct agx_struct_desc *desc, const void *bytes, size_t size,
		      uint8_t access);

/*
 * A CALL or RETURN record (sound, as from the reader) on one or several lines, or as an object that
 * the caller frees. on: where the call was made.
 */
void agx_call_print(FILE *out, const struct agxt_record *rec);
json_object *agx_call_json(const struct agxt_record *rec);

/*
 * A value as text, by the field's format (not AGX_FORMAT_CHARS). Names that are not known are given as
 * numbers.
 */
void agx_field_text(const struct agx_ioctl_field *field, uint64_t value, char *buf, size_t size);

/* Name of an ioctl: from the table, or "ioctl 0x12345678" in buf. */
const char *agx_ioctl_name(uint32_t request, char *buf, size_t size);

#endif
