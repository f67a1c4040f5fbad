// SPDX-License-Identifier: MIT
/*
 * Sequences of calls out of fixed seeds: see sequence/sequence.h for what has to hold. Arguments,
 * if any: the number of sequences, the first seed, how often to run each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sequence.h"

/* Sanitizers take most of ten times as long. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEQUENCES 300u
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SEQUENCES 300u
#endif
#ifndef SEQUENCES
#define SEQUENCES 1000u
#endif
#define LONGEST 3000u

static uint64_t state;

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t random_word(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

int main(int argc, char **argv)
{
	const unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : SEQUENCES;
	const unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	const unsigned long repeats = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	const struct sequence_counts *c = &sequence_counts;
	static uint8_t bytes[LONGEST];

	for (unsigned long seed = first; seed < first + count; seed++) {
		size_t size;

		state = seed * 0x10001;
		size = 50 + random_word() % (LONGEST - 50);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)random_word();
		if (getenv("AGX_SEQUENCE_TRACE"))
			fprintf(stderr, "seed %lu, %zu bytes\n", seed, size);
		for (unsigned long i = 0; i < repeats; i++)
			sequence_run(bytes, size, seed % 4 == 0);
	}
	sequence_finish();
	printf("%lu sequences: %lu calls, %lu refused; %lu dispatches, %lu draws, %lu submissions\n",
	       count, c->calls, c->refused, c->dispatches, c->draws, c->submitted);
	/* Otherwise they show nothing. */
	if (count >= 100 && (c->refused > c->calls / 2 || c->dispatches < count ||
			     c->draws < count || c->submitted < count)) {
		fprintf(stderr, "too little of it was accepted\n");
		return 1;
	}
	return 0;
}
