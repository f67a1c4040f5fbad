/* SPDX-License-Identifier: MIT */
/* Text for messages and for applegpu's syntax, without stdio. */
#ifndef AGX_ISA_FORMAT_H
#define AGX_ISA_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As vsnprintf(), of which it knows %s, %c, %d, %u, %x, %lld, %zu, %llX and %%: no width, no
 * precision, no more. Always ends with a NUL, returns the length of what is in buf.
 */
size_t isa_vformat(char *buf, size_t size, const char *format, va_list ap);
size_t isa_format(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A minifloat's value as Python writes it: shortest, with a point. size: 16 at least. */
size_t isa_format_float(char *buf, float value);

#endif
