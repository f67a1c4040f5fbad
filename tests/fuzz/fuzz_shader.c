// SPDX-License-Identifier: MIT
/*
 * Fuzzes what the library takes shaders from: text with its directives, and code. The first byte has the stage (of five),
 * and with its highest bit says that the rest is code; with the next bit the code is a preamble.
 *
 * What is refused has a message, and of text a place in it. What is accepted ends with a stop, has no unknown encoding
 * and no jump to elsewhere, is the same program when it is looked at again, and its listing assembles to it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"

#include "shader_internal.h"

#define MAX_CODE   (64u << 10)
#define MAX_LABELS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *code, *again;
static char *listing_text;
static struct agx_isa_label labels[MAX_LABELS];

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
			abort();                                                \
		}                                                               \
	} while (0)

static int assemble(const char *text, size_t size, uint8_t *to, size_t *length)
{
	struct agx_isa_asm as = {
		.text = text,
		.size = size,
		.out = to,
		.capacity = MAX_CODE,
		.labels = labels,
		.labels_max = MAX_LABELS,
	};
	int ret;

	memset(labels, 0, sizeof(labels));
	ret = agx_isa_assemble(&as);
	*length = as.length;
	return ret;
}

static void check_listing(size_t size)
{
	struct agx_isa_listing listing = {.code = code, .size = size};
	size_t length = 0, n, made;

	while ((n = agx_isa_listing(&listing, listing_text + length, AGX_ISA_LISTING_LINE * 4)))
		length += n;
	CHECK(!assemble(listing_text, length, again, &made));
	CHECK(made == size && !memcmp(code, again, size));
}

static void check_code(const void *bytes, size_t size, enum agx_stage stage, bool preamble)
{
	struct lib_shader_code found, second;
	struct agx_isa_program program;
	char error[300];
	int ret = lib_shader_code(bytes, size, stage, preamble, &found, error, sizeof(error));

	if (ret) {
		CHECK(ret == -EINVAL && error[0]);
		return;
	}
	CHECK(!error[0] && found.size && found.size <= size && found.instructions);
	CHECK(found.registers <= 256);
	/* The traps behind it do not count. */
	CHECK(!lib_shader_code(bytes, found.size, stage, preamble, &second, error, sizeof(error)));
	CHECK(!memcmp(&found, &second, sizeof(found)));
	agx_isa_analyse(bytes, found.size, true, NULL, &program);
	CHECK(!program.unknown && !program.wild);
	CHECK(program.registers <= found.registers);
	CHECK(program.stack == found.stack && program.local == found.local);
	if (found.size > 4096)
		return;
	memcpy(code, bytes, found.size);
	check_listing(found.size);
}

static void check_text(const char *text, size_t size, enum agx_stage stage)
{
	struct lib_shader_text found;
	size_t length;
	int ret = lib_shader_text(text, size, &found);

	if (ret) {
		CHECK(ret == -EINVAL && found.error[0] && found.line && found.column);
		lib_shader_text_free(&found);
		return;
	}
	CHECK(found.size == size && found.program && !found.error[0]);
	CHECK(found.local_bytes <= LIB_LOCAL_MAX);
	CHECK(!found.has_group ||
	      (found.group[0] && found.group[1] && found.group[2] &&
	       found.group[0] * found.group[1] * found.group[2] <= LIB_GROUP_MAX));
	for (size_t i = 0; i < size; i++) {
		/* Lines stay where they are, and nothing is in both parts. */
		CHECK((found.program[i] == '\n') == (text[i] == '\n'));
		CHECK(found.program[i] == text[i] || found.program[i] == ' ');
		CHECK(!found.preamble || found.program[i] == ' ' || found.preamble[i] == ' ' ||
		      text[i] == '\n' || found.preamble[i] != text[i]);
	}
	if (!assemble(found.program, size, code, &length)) {
		memcpy(again, code, length);
		check_code(again, length, stage, false);
	}
	if (found.preamble && !assemble(found.preamble, size, code, &length)) {
		memcpy(again, code, length);
		check_code(again, length, stage, true);
	}
	lib_shader_text_free(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum agx_stage stage;
	uint8_t *copy;

	if (!code) {
		code = malloc(MAX_CODE);
		again = malloc(MAX_CODE);
		listing_text = malloc(4096u * AGX_ISA_LISTING_LINE);
	}
	if (!size || size > MAX_CODE)
		return 0;
	copy = malloc(size);
	CHECK(code && again && listing_text && copy);
	stage = (enum agx_stage)((data[0] & 0x3f) % 5);
	/* Of its own size, so that reads beyond the end are seen. */
	memcpy(copy, data + 1, size - 1);
	copy = realloc(copy, size > 1 ? size - 1 : 1);
	CHECK(copy);
	if (data[0] & 0x80)
		check_code(copy, size - 1, stage, data[0] & 0x40);
	else
		check_text((const char *)copy, size - 1, stage);
	free(copy);
	return 0;
}
