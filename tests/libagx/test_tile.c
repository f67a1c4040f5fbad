// SPDX-License-Identifier: MIT
/* The tile buffer's layout, and the text of programs at tiles' ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa_asm.h"
#include "render_internal.h"

static void expect(const enum agx_format *formats, unsigned int count, unsigned int samples,
		   const int *offsets, unsigned int bytes, unsigned int width, unsigned int height)
{
	struct lib_tile tile;
	unsigned int i, colour = 99;

	assert_int_equal(lib_tile_init(&tile, formats, count, samples, &colour), 0);
	for (i = 0; i < count; i++)
		if (offsets[i] >= 0)
			assert_int_equal(tile.colour[i].offset, offsets[i]);
		else
			assert_int_equal(tile.colour[i].format, LIB_TILE_NONE);
	assert_int_equal(tile.sample_bytes, bytes);
	assert_int_equal(tile.width, width);
	assert_int_equal(tile.height, height);
}

static void test_layouts(void **state)
{
	/* As Mesa has them in tests/traces: vk-cube, vk-msaa. */
	expect((const enum agx_format[]){AGX_FORMAT_R8G8B8A8_SRGB}, 1, 1, (const int[]){0}, 8, 32,
	       32);
	expect((const enum agx_format[]){AGX_FORMAT_R8G8B8A8_UNORM, AGX_FORMAT_R16G16_UINT}, 2, 4,
	       (const int[]){4, 0}, 8, 32, 16);

	expect((const enum agx_format[]){AGX_FORMAT_NONE}, 1, 1, (const int[]){-1}, 0, 32, 32);
	expect((const enum agx_format[]){AGX_FORMAT_NONE}, 1, 4, (const int[]){-1}, 8, 32, 16);
	expect((const enum agx_format[]){AGX_FORMAT_R8_UNORM, AGX_FORMAT_NONE,
					 AGX_FORMAT_R32G32B32A32_FLOAT, AGX_FORMAT_R16_FLOAT},
	       4, 1, (const int[]){18, -1, 0, 16}, 24, 32, 32);
	expect((const enum agx_format[]){AGX_FORMAT_R32G32B32A32_FLOAT,
					 AGX_FORMAT_R32G32B32A32_FLOAT},
	       2, 1, (const int[]){0, 16}, 32, 32, 16);
	/* Packed ones are an element with all components, and 5-6-5 is three half floats. */
	expect((const enum agx_format[]){AGX_FORMAT_R5G6B5_UNORM, AGX_FORMAT_R10G10B10A2_UNORM,
					 AGX_FORMAT_R11G11B10_FLOAT, AGX_FORMAT_R8_UINT},
	       4, 2, (const int[]){8, 0, 4, 14}, 16, 32, 16);
	(void)state;
}

static void test_full(void **state)
{
	const enum agx_format wide[] = {
		AGX_FORMAT_R32G32B32A32_FLOAT, AGX_FORMAT_R32G32B32A32_FLOAT,
		AGX_FORMAT_R32G32B32A32_FLOAT, AGX_FORMAT_R32G32B32A32_FLOAT,
		AGX_FORMAT_R8_UNORM,
	};
	struct lib_tile tile;
	unsigned int colour;

	assert_int_equal(lib_tile_init(&tile, wide, 4, 1, &colour), 0);
	assert_int_equal(tile.sample_bytes, 64);
	assert_int_equal(tile.width * 100 + tile.height, 1616);
	assert_int_equal(lib_tile_init(&tile, wide, 5, 1, &colour), -ENOSPC);
	assert_int_equal(colour, 4);
	/* With 4 samples 16x16 pixels have place for less than 32 bytes each. */
	assert_int_equal(lib_tile_init(&tile, wide, 1, 4, &colour), 0);
	assert_int_equal(lib_tile_init(&tile, wide, 2, 4, &colour), -ENOSPC);
	assert_int_equal(colour, 1);
	assert_int_equal(lib_tile_init(&tile, wide, 4, 2, &colour), -ENOSPC);
	assert_int_equal(colour, 3);
	assert_int_equal(lib_tile_init(&tile, (const enum agx_format[]){AGX_FORMAT_D32_FLOAT}, 1, 1,
				       &colour),
			 -EINVAL);
	assert_int_equal(
		lib_tile_init(&tile, (const enum agx_format[]){AGX_FORMATS}, 1, 1, &colour),
		-EINVAL);
	(void)state;
}

static size_t assemble(const struct lib_tile_program *program, uint8_t *out, size_t size)
{
	static char text[16384];
	struct agx_isa_label label;
	struct agx_isa_asm as = {
		.text = text,
		.out = out,
		.capacity = size,
		.labels = &label,
		.labels_max = 1,
	};

	as.size = lib_tile_program_text(program, text, sizeof(text));
	assert_in_range(as.size, 1, sizeof(text) - 1);
	if (agx_isa_assemble(&as))
		fail_msg("line %u: %s\n%s", as.line, as.error, text);
	return as.length;
}

/* A clear is Mesa's program, byte for byte (tests/traces: vk-cube). */
static void test_clear(void **state)
{
	static const char mesa[] =
		"7e01840980007e05860980007e09880980007e0d8a09800009010004f0fc00038800";
	struct lib_tile_program program;
	uint8_t code[4096];
	char hex[69];
	unsigned int i;

	memset(&program, 0, sizeof(program));
	program.samples = 1;
	program.op[0] = LIB_TILE_OP_CLEAR;
	program.colour[0] = (struct lib_tile_colour){LIB_TILE_U8NORM, 4, 0};
	assert_true(assemble(&program, code, sizeof(code)) > 34);
	for (i = 0; i < 34; i++)
		snprintf(hex + 2 * i, 3, "%02x", code[i]);
	assert_string_equal(hex, mesa);
	(void)state;
}

static bool has(const struct lib_tile_program *program, const char *line)
{
	static char text[16384];

	lib_tile_program_text(program, text, sizeof(text));
	return strstr(text, line);
}

static void test_text(void **state)
{
	struct lib_tile_program p;

	memset(&p, 0, sizeof(p));
	p.samples = 4;
	p.layered = true;
	p.op[1] = LIB_TILE_OP_LOAD;
	p.colour[1] = (struct lib_tile_colour){LIB_TILE_I16, 2, 12};
	assert_true(has(&p, "smpi r0_r1, ts2, ss0, r4, 0, 2d_ms_array, xy, auto_lod, a\n"));
	assert_true(has(&p, "st_tile r0_r1, 0, 8, 12, i16, xy\n"));
	assert_true(has(&p, "mov r6h, r0l\n"));
	p.op[1] = LIB_TILE_OP_STORE;
	assert_true(has(&p, "ldimm r1, 12\nimgwblk r1l, ts1, r2, 0, 2d_ms_array, i16\n"));
	p.samples = 1;
	p.layered = false;
	p.colour[1].format = LIB_TILE_F16;
	assert_true(has(&p, "imgwblk r1l, ts1, r2, 0, 2d, i16\n"));
	p.op[1] = LIB_TILE_OP_NONE;
	assert_false(has(&p, "imgwblk"));
	assert_true(has(&p, "stop\n"));
	/* Cut, with its length. */
	assert_int_equal(lib_tile_program_text(&p, NULL, 0),
			 strlen("stop\n") + 8 * strlen("trap\n"));
	(void)state;
}

/* Whatever a pass can be made of, the assembler takes it, and it fits. */
static void test_all(void **state)
{
	static const unsigned int samples[] = {1, 2, 4};
	struct lib_tile_program p;
	unsigned int format, n, op, s, i;
	uint8_t code[4096];

	for (format = AGX_FORMAT_NONE + 1; format < AGX_FORMATS; format++) {
		enum agx_format formats[AGX_MAX_COLOURS];
		struct lib_tile tile;

		for (i = 0; i < AGX_MAX_COLOURS; i++)
			formats[i] = (enum agx_format)format;
		for (s = 0; s < 6; s++) {
			if (lib_tile_init(&tile, formats, 1, samples[s % 3], &i))
				continue;
			for (n = 1; n <= AGX_MAX_COLOURS; n++)
				if (lib_tile_init(&tile, formats, n, samples[s % 3], &i))
					break;
			assert_int_equal(lib_tile_init(&tile, formats, n - 1, samples[s % 3], &i),
					 0);
			for (op = LIB_TILE_OP_CLEAR; op <= LIB_TILE_OP_STORE; op++) {
				memset(&p, 0, sizeof(p));
				p.samples = samples[s % 3];
				p.layered = s >= 3;
				for (i = 0; i < n - 1; i++)
					p.op[i] = op;
				memcpy(p.colour, tile.colour, sizeof(p.colour));
				assert_int_not_equal(assemble(&p, code, sizeof(code)), 0);
			}
		}
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts), cmocka_unit_test(test_full),
		cmocka_unit_test(test_clear),   cmocka_unit_test(test_text),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
