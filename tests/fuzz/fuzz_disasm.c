// SPDX-License-Identifier: MIT
/*
 * Fuzzes what reads shader code: analysis, listings in both syntaxes. What a listing in Mesa's
 * syntax says is assembled again and has to give the same bytes. And the search for missing waits.
 *
 * The first byte chooses the columns, the rest is code.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"
#include "agx_isa_waits.h"

#define MAX_CODE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text;
static struct agx_isa_label *labels;

static void check_same(const uint8_t *code, size_t size, size_t length)
{
	struct agx_isa_asm as = {
		.text = text,
		.size = length,
		.labels = labels,
		.labels_max = MAX_CODE,
		.capacity = size,
	};

	as.out = malloc(size);
	if (!as.out)
		abort();
	if (agx_isa_assemble(&as)) {
		fprintf(stderr, "%.*s\n%u:%u: %s\n", (int)length, text, as.line, as.column,
			as.error);
		abort();
	}
	if (as.length != size || memcmp(as.out, code, size)) {
		fprintf(stderr, "%.*s\nother bytes\n", (int)length, text);
		abort();
	}
	free(as.out);
}

static void check_hazards(const uint8_t *code, size_t size)
{
	struct agx_isa_hazard hazards[16];
	/* A block of exactly the size here as well. */
	void *memory = calloc(1, agx_isa_hazards_memory(size));
	unsigned int count;
	char why[256];

	if (!memory)
		abort();
	count = agx_isa_find_hazards(code, size, memory, hazards, 16);
	for (unsigned int i = 0; i < count && i < 16; i++) {
		if (hazards[i].at >= size || hazards[i].load >= size || hazards[i].half > 255 ||
		    (i && hazards[i].at <= hazards[i - 1].at))
			abort();
		agx_isa_hazard_text(&hazards[i], why, sizeof(why));
	}
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agx_isa_listing listing = {0};
	struct agx_isa_program program;
	uint8_t *code, *targets;
	size_t length, n;
	int syntax;

	if (!text) {
		text = malloc(MAX_CODE / 2 * AGX_ISA_LISTING_LINE);
		labels = calloc(MAX_CODE, sizeof(*labels));
	}
	if (!text || !labels)
		abort();
	if (size < 2 || size > MAX_CODE)
		return 0;
	/* Blocks of exactly the size, so that reading beyond them is seen. */
	code = malloc(size - 1);
	targets = calloc(1, ((size - 1) / 2 + 7) / 8 + 1);
	if (!code || !targets)
		abort();
	memcpy(code, data + 1, size - 1);
	agx_isa_analyse(code, size - 1, false, NULL, &program);
	if (program.size > size - 1 || program.code_size > program.size)
		abort();
	agx_isa_analyse(code, size - 1, true, targets, &program);
	if (program.size != size - 1)
		abort();
	check_hazards(code, size - 1);
	for (syntax = AGX_ISA_SYNTAX_MESA; syntax <= AGX_ISA_SYNTAX_APPLEGPU; syntax++) {
		listing = (struct agx_isa_listing){
			.code = code,
			.size = size - 1,
			.targets = data[0] & 1 ? targets : NULL,
			.base = data[0] & 2 ? 0xa000000000000000ull : 0,
			.syntax = syntax,
			.addresses = data[0] & 4,
			.bytes = data[0] & 8,
			.indent = data[0] & 16,
		};
		length = 0;
		while ((n = agx_isa_listing(&listing, text + length, AGX_ISA_LISTING_LINE * 4)))
			length += n;
		if (listing.at != size - 1)
			abort();
		if (syntax == AGX_ISA_SYNTAX_MESA)
			check_same(code, size - 1, length);
	}
	free(code);
	free(targets);
	return 0;
}
