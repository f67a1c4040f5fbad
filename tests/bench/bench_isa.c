// SPDX-License-Identifier: MIT
/*
 * Speed of the instruction set's functions on one core: bench-isa FILE...
 *
 * The shaders of the given traces, again and again: decoded, printed, encoded, parsed. Aim: 10
 * million instructions a second disassembled.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agx_decode.h"
#include "agx_decode_trace.h"
#include "agx_isa.h"

#define SECONDS 0.5

struct code {
	uint8_t *bytes;
	size_t size, capacity;
	struct agx_isa_instr *instrs;
	uint32_t *offsets;
	char (*lines)[AGX_ISA_LINE];
	size_t count;
};

static volatile uint64_t sink;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void *need(void *pointer)
{
	if (!pointer) {
		fprintf(stderr, "bench-isa: no memory\n");
		exit(2);
	}
	return pointer;
}

static void take_shader(void *cookie, uint64_t number, const char *stage, uint64_t address,
			const void *bytes, size_t size)
{
	struct code *code = cookie;

	if (code->size + size > code->capacity) {
		code->capacity = (code->size + size) * 2;
		code->bytes = need(realloc(code->bytes, code->capacity));
	}
	memcpy(code->bytes + code->size, bytes, size);
	code->size += size;
}

static void take_shaders(const char *path, struct code *code)
{
	struct agx_decode_config config = {
		.all_commands = true, .shader = take_shader, .cookie = code};
	const struct agx_decode_sink nothing = {0};
	struct agx_decode *decode = need(agx_decode_create(&config, &nothing));
	struct agx_decode_trace *trace;
	struct agx_decode_submit submit;

	if (agx_decode_trace_open(path, NULL, &trace, NULL)) {
		fprintf(stderr, "bench-isa: %s: cannot be read\n", path);
		exit(2);
	}
	while (agx_decode_trace_next_submit(trace, &submit, NULL) > 0)
		if (agx_decode_submit(decode, &submit))
			exit(2);
	agx_decode_trace_close(trace);
	agx_decode_destroy(decode);
}

/* Those that decode, print, parse and encode; the rest is data between shaders. */
static void prepare(struct code *code)
{
	size_t max = code->size / AGX_ISA_MIN_LENGTH;

	code->instrs = need(calloc(max, sizeof(*code->instrs)));
	code->offsets = need(calloc(max, sizeof(*code->offsets)));
	for (size_t at = 0; at < code->size;) {
		struct agx_isa_instr *instr = &code->instrs[code->count];
		int length = agx_isa_decode(code->bytes + at, code->size - at, instr);

		if (length <= 0) {
			at += AGX_ISA_MIN_LENGTH;
			continue;
		}
		code->offsets[code->count++] = at;
		at += length;
	}
	code->lines = need(calloc(code->count, sizeof(*code->lines)));
	for (size_t i = 0; i < code->count; i++)
		agx_isa_print(&code->instrs[i], 0, AGX_ISA_SYNTAX_MESA, code->lines[i]);
}

static uint64_t decode_all(const struct code *code)
{
	struct agx_isa_instr instr;
	uint64_t sum = 0;

	for (size_t i = 0; i < code->count; i++) {
		size_t at = code->offsets[i];

		sum += agx_isa_decode(code->bytes + at, code->size - at, &instr) + instr.op;
	}
	return sum;
}

static uint64_t print_all(const struct code *code, enum agx_isa_syntax syntax)
{
	char line[AGX_ISA_LINE];
	uint64_t sum = 0;

	for (size_t i = 0; i < code->count; i++)
		sum += agx_isa_print(&code->instrs[i], code->offsets[i], syntax, line);
	return sum;
}

static uint64_t print_mesa(const struct code *code)
{
	return print_all(code, AGX_ISA_SYNTAX_MESA);
}

static uint64_t print_applegpu(const struct code *code)
{
	return print_all(code, AGX_ISA_SYNTAX_APPLEGPU);
}

static uint64_t disassemble_all(const struct code *code)
{
	struct agx_isa_instr instr;
	char line[AGX_ISA_LINE];
	uint64_t sum = 0;

	for (size_t i = 0; i < code->count; i++) {
		size_t at = code->offsets[i];

		agx_isa_decode(code->bytes + at, code->size - at, &instr);
		sum += agx_isa_print(&instr, at, AGX_ISA_SYNTAX_MESA, line);
	}
	return sum;
}

static uint64_t encode_all(const struct code *code)
{
	uint8_t out[AGX_ISA_MAX_LENGTH];
	uint64_t sum = 0;

	for (size_t i = 0; i < code->count; i++)
		sum += agx_isa_encode(&code->instrs[i], out, NULL);
	return sum;
}

static uint64_t assemble_all(const struct code *code)
{
	uint8_t out[AGX_ISA_MAX_LENGTH];
	struct agx_isa_instr instr;
	unsigned int column;
	const char *why;
	uint64_t sum = 0;

	for (size_t i = 0; i < code->count; i++)
		if (!agx_isa_parse(code->lines[i], &instr, &why, &column))
			sum += agx_isa_encode(&instr, out, NULL);
	return sum;
}

static void measure(const char *name, const struct code *code,
		    uint64_t (*function)(const struct code *code))
{
	double best = 1e9, end = now() + SECONDS;

	do {
		double start = now(), took;

		sink += function(code);
		took = now() - start;
		best = took < best ? took : best;
	} while (now() < end);
	printf("%-32s %7.2f million instructions/s, %6.1f ns each\n", name,
	       code->count * 1e-6 / best, best * 1e9 / code->count);
}

int main(int argc, char **argv)
{
	struct code code = {0};

	for (int i = 1; i < argc; i++)
		take_shaders(argv[i], &code);
	if (!code.size) {
		fprintf(stderr, "usage: bench-isa FILE...: traces with shaders\n");
		return 2;
	}
	prepare(&code);
	printf("%zu instructions, %zu bytes\n", code.count, code.size);
	measure("decode", &code, decode_all);
	measure("print, Mesa's syntax", &code, print_mesa);
	measure("print, applegpu's syntax", &code, print_applegpu);
	measure("decode and print", &code, disassemble_all);
	measure("encode", &code, encode_all);
	measure("parse and encode", &code, assemble_all);
	return 0;
}
