// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "transcript.h"

struct transcript {
	XXH3_state_t *state;
	FILE *out;
	uint64_t lines;
};

struct transcript *transcript_create(FILE *out)
{
	struct transcript *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->out = out;
	t->state = XXH3_createState();
	if (!t->state) {
		free(t);
		return NULL;
	}
	XXH3_128bits_reset(t->state);
	return t;
}

void transcript_destroy(struct transcript *t)
{
	if (!t)
		return;
	XXH3_freeState(t->state);
	free(t);
}

static void put(struct transcript *t, const char *text, size_t length)
{
	XXH3_128bits_update(t->state, text, length);
	if (t->out)
		fwrite(text, 1, length, t->out);
}

void transcript_line(struct transcript *t, bool several, uint32_t process, const char *line)
{
	char prefix[16];
	int n;

	if (several) {
		n = snprintf(prefix, sizeof(prefix), "%" PRIu32 "| ", process);
		put(t, prefix, (size_t)n);
	}
	put(t, line, strlen(line));
	put(t, "\n", 1);
	t->lines++;
}

uint64_t transcript_finish(struct transcript *t, char digest[TRANSCRIPT_DIGEST_SIZE])
{
	XXH128_hash_t hash = XXH3_128bits_digest(t->state);

	snprintf(digest, TRANSCRIPT_DIGEST_SIZE, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
		 (uint64_t)hash.low64);
	return t->lines;
}
