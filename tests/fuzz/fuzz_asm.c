// SPDX-License-Identifier: MIT
/*
 * Fuzzes the assembler: any text either is refused with a message about a place in it, or gives
 * bytes whose listing assembles to the same bytes.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"

#define MAX_CODE   (64 << 10)
#define MAX_LABELS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *code, *again;
static char *text;
static struct agx_isa_label labels[MAX_LABELS];

static int assemble(const char *from, size_t size, uint8_t *to, struct agx_isa_asm *as)
{
	*as = (struct agx_isa_asm){
		.text = from,
		.size = size,
		.out = to,
		.capacity = MAX_CODE,
		.labels = labels,
		.labels_max = MAX_LABELS,
	};
	return agx_isa_assemble(as);
}

static void check_same(size_t size)
{
	struct agx_isa_listing listing = {.code = code, .size = size};
	struct agx_isa_asm as;
	size_t length = 0, n;

	while ((n = agx_isa_listing(&listing, text + length, AGX_ISA_LISTING_LINE * 4)))
		length += n;
	if (assemble(text, length, again, &as) || as.length != size || memcmp(code, again, size)) {
		fprintf(stderr, "%.*s\n%u:%u: %s\n", (int)length, text, as.line, as.column,
			as.error);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agx_isa_asm as;
	char *copy;
	int ret;

	if (!code) {
		code = malloc(MAX_CODE);
		again = malloc(MAX_CODE);
		text = malloc(MAX_CODE * 64u);
	}
	copy = malloc(size ? size : 1);
	if (!code || !again || !text || !copy)
		abort();
	memcpy(copy, data, size);
	ret = assemble(copy, size, code, &as);
	if (!ret && (as.error[0] || as.line))
		abort();
	if (ret && ret != -EINVAL && ret != -ENOSPC)
		abort();
	if (ret && (!as.error[0] || !as.line || !as.column))
		abort();
	/* Large fills say nothing new. */
	if (!ret && as.length <= 4096)
		check_same(as.length);
	free(copy);
	return 0;
}
