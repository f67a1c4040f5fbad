// SPDX-License-Identifier: MIT
/* Names of places. */
#include <stdarg.h>
#include <stdio.h>

#include "agx_diff.h"

struct out {
	char *buf;
	size_t size, at;
};

static void put(struct out *out, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(out->buf + out->at, out->size - out->at, format, args);
	va_end(args);
	if (length > 0)
		out->at += (size_t)length;
	if (out->at >= out->size)
		out->at = out->size - 1;
}

/* "draw 3", "draw 3-9", "draw 3 (B: 4)"; a number that only B has stands alone. */
static void put_number(struct out *out, const char *what, uint32_t a, uint32_t b, uint32_t count)
{
	uint32_t shown = a == DIFF_NONE ? b : a;

	if (shown == DIFF_NONE)
		return;
	put(out, "%s%s %u", out->at ? " / " : "", what, shown);
	if (count > 1)
		put(out, "-%u", shown + count - 1);
	if (a != DIFF_NONE && b != DIFF_NONE && a != b) {
		put(out, " (B: %u", b);
		if (count > 1)
			put(out, "-%u", b + count - 1);
		put(out, ")");
	}
}

const char *agx_diff_where_text(const struct agx_diff_hunk *hunk, uint32_t i, char *buf,
				size_t size)
{
	const struct agx_diff_where *where = &hunk->wheres[i];
	struct out out = {.buf = buf, .size = size};
	uint32_t submits = 1, units = where->count;

	if (!size)
		return "";
	buf[0] = 0;
	switch (hunk->unit) {
	case AGX_DIFF_CALL:
		put(&out, "file %u", where->file);
		if (where->lane > 1)
			put(&out, " / thread %u", where->lane);
		put_number(&out, "call", where->a.unit, where->b.unit, units);
		put_number(&out, "submit", where->a.submit, where->b.submit, 1);
		break;
	case AGX_DIFF_BUFFER:
		put(&out, "file %u", where->file);
		put_number(&out, "buffer", where->lane, where->lane_b, 1);
		break;
	default:
		if (hunk->unit == AGX_DIFF_SUBMIT || hunk->unit == AGX_DIFF_COMMAND) {
			submits = units;
			units = 1;
		}
		put_number(&out, "submit", where->a.submit, where->b.submit, submits);
		put_number(&out, "command", where->a.command, where->b.command, 1);
		put_number(&out, hunk->unit == AGX_DIFF_DRAW ? "draw" : "dispatch", where->a.unit,
			   where->b.unit, units);
		break;
	}
	return buf;
}
