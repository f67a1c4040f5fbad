// SPDX-License-Identifier: MIT
/*
 * Preloaded into a program that draws with real Mesa: a thread keeps replacing the last instructions of
 * every shader in the program's buffer objects with random encodings of known instructions, so that the
 * disassembler inside Mesa (ASAHI_MESA_DEBUG=trace) prints what no compiler emits. Shaders are found by
 * their end: a stop and the traps that Mesa puts behind it. Nothing executes the code.
 *
 * Environment: AGX_RANDOM_CODE names the program to do this in.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa_table.h"

#define ENDS_MAX 4096
#define WINDOW   96 /* bytes in front of a shader's end that are replaced */

static const uint8_t end_of_shader[] = {0x88, 0, 0x08, 0, 0x08, 0, 0x08, 0, 0x08, 0};
static uint8_t *ends[ENDS_MAX];
static unsigned int end_count;
static uint64_t seed = 88172645463325252ull;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Looks through the shared writable mappings, which buffer objects are. */
static void find_shaders(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	end_count = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long first, last;
		char rights[8];

		if (sscanf(line, "%lx-%lx %7s", &first, &last, rights) != 3 || rights[1] != 'w' ||
		    rights[3] != 's' || last - first > 256ul << 20)
			continue;
		for (uint8_t *p = (uint8_t *)first + WINDOW; p + 16 < (uint8_t *)last; p += 2) {
			if (end_count < ENDS_MAX &&
			    !memcmp(p, end_of_shader, sizeof(end_of_shader)))
				ends[end_count++] = p;
		}
	}
	if (maps)
		fclose(maps);
}

/* A random form, mostly with its unknown bits as expected. Returns its length. */
static unsigned int random_instruction(uint8_t *out)
{
	const struct agx_isa_op_row *row = &agx_isa_op_rows[1 + next_random() % (AGX_ISA_OPS - 1)];
	const struct agx_isa_form *form = &row->forms[next_random() % row->form_count];
	bool as_expected = next_random() % 16;
	uint64_t words[2];

	for (unsigned int i = 0; i < 2; i++) {
		words[i] = next_random();
		if (next_random() & 1)
			words[i] &= next_random();
		words[i] = (words[i] & ~form->mask[i]) | form->match[i];
		if (as_expected)
			words[i] = (words[i] & form->covered[i]) | form->expected[i];
	}
	memcpy(out, words, form->length);
	return form->length;
}

static void *replace_code(void *argument)
{
	for (unsigned int round = 0;; round++) {
		if (round % 200 == 0)
			find_shaders();
		for (unsigned int i = 0; i < end_count; i++) {
			uint8_t code[WINDOW + 16];
			unsigned int size = 0;

			while (size < WINDOW)
				size += random_instruction(code + size);
			/* The last one may reach over the stop, not over all traps. */
			memcpy(ends[i] - WINDOW, code, size < WINDOW + 8 ? size : WINDOW + 8);
		}
		usleep(500);
	}
	return argument;
}

__attribute__((constructor)) static void begin(void)
{
	const char *program = getenv("AGX_RANDOM_CODE");
	pthread_t thread;

	if (program && !strcmp(program, program_invocation_short_name))
		pthread_create(&thread, NULL, replace_code, NULL);
}
