// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "isa_format.h"

struct text {
	char *at, *end; /* end: where the NUL has to be at the latest */
};

static void put(struct text *t, char c)
{
	if (t->at < t->end)
		*t->at++ = c;
}

static void put_digits(struct text *t, uint64_t value, unsigned int base, const char *names)
{
	char digits[20];
	unsigned int n = 0;

	do
		digits[n++] = names[value % base];
	while (value /= base);
	while (n)
		put(t, digits[--n]);
}

static void put_number(struct text *t, uint64_t value, unsigned int base)
{
	put_digits(t, value, base, "0123456789ABCDEF");
}

static void put_signed(struct text *t, int64_t value)
{
	if (value < 0)
		put(t, '-');
	put_number(t, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

size_t isa_vformat(char *buf, size_t size, const char *format, va_list ap)
{
	struct text t = {buf, buf + size - 1};
	const char *string;

	for (; *format; format++) {
		if (*format != '%') {
			put(&t, *format);
			continue;
		}
		format++;
		if (!strncmp(format, "lld", 3)) {
			put_signed(&t, va_arg(ap, long long));
			format += 2;
		} else if (!strncmp(format, "llX", 3)) {
			put_number(&t, va_arg(ap, unsigned long long), 16);
			format += 2;
		} else if (!strncmp(format, "zu", 2)) {
			put_number(&t, va_arg(ap, size_t), 10);
			format++;
		} else if (*format == 'd') {
			put_signed(&t, va_arg(ap, int));
		} else if (*format == 'u') {
			put_number(&t, va_arg(ap, unsigned int), 10);
		} else if (*format == 'x') {
			put_digits(&t, va_arg(ap, unsigned int), 16, "0123456789abcdef");
		} else if (*format == 'c') {
			put(&t, va_arg(ap, int));
		} else if (*format == 's') {
			for (string = va_arg(ap, const char *); *string; string++)
				put(&t, *string);
		} else {
			put(&t, '%');
		}
	}
	*t.at = '\0';
	return t.at - buf;
}

size_t isa_format(char *buf, size_t size, const char *format, ...)
{
	va_list ap;
	size_t length;

	va_start(ap, format);
	length = isa_vformat(buf, size, format, ap);
	va_end(ap);
	return length;
}

size_t isa_format_float(char *buf, float value)
{
	struct text t = {buf, buf + 15};
	bool negative = __builtin_signbit(value);
	uint32_t parts; /* 64ths: no minifloat is finer */

	parts = (negative ? -value : value) * 64;
	if (negative)
		put(&t, '-');
	put_number(&t, parts / 64, 10);
	put(&t, '.');
	parts %= 64;
	do {
		parts *= 10;
		put(&t, '0' + parts / 64);
		parts %= 64;
	} while (parts);
	*t.at = '\0';
	return t.at - buf;
}
