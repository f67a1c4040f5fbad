// SPDX-License-Identifier: MIT
/* What results of calls, messages and recorded bytes have to be. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdbuf_internal.h"

#include "poison.h"
#include "world.h"

struct sequence_counts sequence_counts;

void sequence_fail(const struct world *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", w->call ? w->call : "sequence");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}

void sequence_before(struct world *w, const char *call)
{
	w->call = call;
	/* A message has to be of this call. */
	sequence_context(w->device)->error[0] = '\0';
}

static unsigned int bit_of(int ret)
{
	switch (ret) {
	case -EINVAL:
		return MAY_INVAL;
	case -ENOSPC:
		return MAY_NOSPC;
	case -EBUSY:
		return MAY_BUSY;
	case -ETIME:
		return MAY_TIME;
	case -E2BIG:
		return MAY_2BIG;
	case -ENOTSUP:
		return MAY_NOTSUP;
	case -ENOENT:
		return MAY_NOENT;
	default:
		return 0;
	}
}

int sequence_judge(struct world *w, int ret, unsigned int may)
{
	const char *error = agx_error(sequence_context(w->device));
	static int traces = -1;
	const char *finding;

	if (traces < 0)
		traces = getenv("AGX_SEQUENCE_TRACE") != NULL;
	if (traces)
		fprintf(stderr, "%.120s = %d %s\n", w->call, ret, ret < 0 ? error : "");
	sequence_counts.calls++;
	w->digest = (w->digest ^ (uint64_t)(unsigned int)ret) * 0x100000001b3ull;
	finding = sequence_finding(w->device);
	if (finding)
		sequence_fail(w, "a finding: %s", finding);
	if (ret >= 0)
		return ret;
	sequence_counts.refused++;
	if (ret != -ENOMEM && !(bit_of(ret) & may))
		sequence_fail(w, "refused with %d, which it does not say that it does: %s", ret,
			      error);
	if (!error[0])
		sequence_fail(w, "refused with %d without a word", ret);
	if (strchr(error, '\n'))
		sequence_fail(w, "a message is one line, got: %s", error);
	return ret;
}

int sequence_judge_recording(struct world *w, struct cmdbuf *c, int ret, unsigned int may)
{
	const bool ended = c->pass == PASS_ENDED;

	c->stray |= w->stray && ret >= 0;
	w->stray = false;

	sequence_judge(w, ret, c->error || ended ? ~0u : may);
	if (ended && ret != -EINVAL)
		sequence_fail(w, "the command buffer has ended: -EINVAL expected, got %d", ret);
	if (ended)
		return ret;
	if (c->error && ret != c->error)
		sequence_fail(w, "the first error was %d, got %d", c->error, ret);
	if (ret < 0 && !c->error)
		c->error = ret;
	return ret;
}

/*
 * Recorded bytes
 */

struct snapshot {
	struct snapshot *next;
	uint64_t address;
	size_t size;
	uint8_t bytes[];
};

static struct snapshot *first, **last = &first;

void sequence_forget(void)
{
	while (first) {
		struct snapshot *next = first->next;

		free(first);
		first = next;
	}
	last = &first;
}

static void keep(uint64_t address, const void *bytes, size_t size)
{
	struct snapshot *s = malloc(sizeof(*s) + size);

	if (!s)
		abort();
	*s = (struct snapshot){.address = address, .size = size};
	memcpy(s->bytes, bytes, size);
	*last = s;
	last = &s->next;
}

static void compare(struct world *w, uint64_t address, const void *bytes, size_t size)
{
	const uint8_t *again = bytes;
	struct snapshot *s = first;

	if (!s || s->address != address || s->size != size)
		sequence_fail(w, "recorded again: %zu bytes at %#llx, got %zu at %#llx",
			      s ? s->size : 0, s ? (unsigned long long)s->address : 0, size,
			      (unsigned long long)address);
	for (size_t i = 0; i < size; i++) {
		/* What nobody wrote is as it was before. */
		if (s->bytes[i] != again[i] &&
		    (s->bytes[i] != POISON_FIRST || again[i] != POISON_SECOND))
			sequence_fail(w,
				      "recorded again: %zu bytes at %#llx: byte %zu was 0x%02x, "
				      "got 0x%02x",
				      size, (unsigned long long)address, i, s->bytes[i], again[i]);
	}
	first = s->next;
	if (!first)
		last = &first;
	free(s);
}

static void look(struct world *w, uint64_t address, const void *bytes, size_t size)
{
	if (w->second)
		compare(w, address, bytes, size);
	else
		keep(address, bytes, size);
}

static void look_at_pool(struct world *w, const struct lib_pool *pool)
{
	for (unsigned int i = 0; pool->map && i <= pool->current; i++) {
		const struct lib_pool_chunk *chunk = &pool->chunks[i];
		/* Chunks of large pieces of the caller's are zeroes mostly. */
		const size_t most = 256u << 10;
		const size_t size = i < pool->current ? chunk->size : pool->used;

		look(w, chunk->address, chunk->map, size < most ? size : most);
	}
}

void sequence_compare(struct world *w, struct cmdbuf *c)
{
	uint32_t size = 0;
	const void *bytes = agx_cmdbuf_bytes(c->cmdbuf, &size);

	if (!bytes)
		return;
	look(w, 0, bytes, size);
	look_at_pool(w, &c->cmdbuf->memory);
	look_at_pool(w, &c->cmdbuf->window);
	look(w, 1, &w->digest, sizeof(w->digest));
}
