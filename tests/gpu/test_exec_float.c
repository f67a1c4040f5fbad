// SPDX-License-Identifier: MIT
/*
 * Floating-point instructions and conversions in every form of operand, on every instance of the host, against
 * numeric.h, which has tests of its own against exact numbers.
 */
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_runner.h"
#include "numeric.h"

#define DEST 30

static uint64_t seed = 11;

static uint32_t random_below(uint32_t limit)
{
	return exec_random(&seed) % limit;
}

/* Mostly numbers that meet others: near 1, near the limits, special. */
static uint32_t random_f32(void)
{
	static const uint32_t edges[] = {
		0,          1,          0x007fffff, 0x00800000, 0x00800001, 0x3f7fffff, 0x3f800000,
		0x3f800001, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff, 0x3f000000,
		0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x33800000, 0x38800000, 0x387fc000,
		0x477fefff, 0x477ff000, 0x33000000, 0x33000001, 0x46fffe00, 0x477fff00,
	};
	uint32_t bits = exec_random(&seed);

	switch (random_below(8)) {
	case 0:
	case 1:
		return edges[random_below(sizeof(edges) / sizeof(*edges))] | (bits & 0x80000000);
	case 2:
		return bits;
	case 3: /* products of these come near to the smallest normal number */
		return (bits & 0x80ffffff) | (32 + random_below(3)) << 24;
	case 4: /* and of these with the same */
		return (bits & 0x807fffff) | (56 + random_below(16)) << 23;
	default:
		return (bits & 0x807fffff) | (100 + random_below(56)) << 23;
	}
}

static uint16_t random_f16(void)
{
	static const uint16_t edges[] = {0,      1,      0x3ff,  0x400,  0x3c00, 0x3bff,
					 0x3c01, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x3800};
	const uint16_t bits = (uint16_t)exec_random(&seed);

	if (!random_below(4))
		return edges[random_below(sizeof(edges) / sizeof(*edges))] | (bits & 0x8000);
	return bits;
}

static uint32_t random_row_value(void)
{
	return random_below(2) ? random_f32() : random_f16() | (uint32_t)random_f16() << 16;
}

enum form {
	FORM_ROW,
	FORM_LOW,
	FORM_HIGH,
	FORM_UNIFORM,
	FORM_UNIFORM16,
	FORM_NUMBER,
	FORMS
};

struct operand {
	enum form form;
	unsigned int number;
	bool absolute, negate;
	char text[32];
};

/* halves: sources of 16 bits alone. plain: no modifiers, and no minifloats. */
static void make_operand(struct operand *o, unsigned int reg, bool halves, bool plain)
{
	static const char *const suffixes[] = {"", ".abs", ".neg", ".abs.neg"};
	const unsigned int form = random_below(100);
	unsigned int modifiers;

	o->form = form < 50   ? FORM_ROW
		  : form < 60 ? FORM_LOW
		  : form < 70 ? FORM_HIGH
		  : form < 85 ? FORM_UNIFORM
		  : form < 92 ? FORM_UNIFORM16
			      : FORM_NUMBER;
	if (halves && (o->form == FORM_ROW || o->form == FORM_UNIFORM))
		o->form = o->form == FORM_ROW ? FORM_LOW : FORM_UNIFORM16;
	if (plain && o->form == FORM_NUMBER)
		o->form = FORM_ROW;
	o->number = reg;
	o->absolute = o->negate = false;
	if (o->form >= FORM_UNIFORM)
		o->number = random_below(o->form == FORM_NUMBER ? 256 : 128);

	modifiers = plain || random_below(2) || o->form == FORM_NUMBER ? 0 : random_below(4);
	o->absolute = modifiers & 1;
	o->negate = modifiers & 2;
	switch (o->form) {
	case FORM_ROW:
		sprintf(o->text, "r%u%s", o->number, suffixes[modifiers]);
		break;
	case FORM_LOW:
	case FORM_HIGH:
		sprintf(o->text, "r%u%c%s", o->number, o->form == FORM_LOW ? 'l' : 'h',
			suffixes[modifiers]);
		break;
	case FORM_UNIFORM:
		sprintf(o->text, "u%u%s", o->number, suffixes[modifiers]);
		break;
	case FORM_UNIFORM16:
		sprintf(o->text, "u%ul%s", o->number, suffixes[modifiers]);
		break;
	default:
		sprintf(o->text, "%.9g", (double)agx_isa_minifloat((uint8_t)o->number));
		if (!strpbrk(o->text, ".e"))
			strcat(o->text, ".0");
		break;
	}
}

/* Raw bits of an operand in a lane; *half: they are of 16 bits. */
static uint32_t raw(const struct exec_runner *runner, const struct agx_simd *simd,
		    const struct operand *o, unsigned int lane, bool *half)
{
	float value;
	uint32_t bits;

	*half = o->form == FORM_LOW || o->form == FORM_HIGH || o->form == FORM_UNIFORM16;
	switch (o->form) {
	case FORM_ROW:
		return simd->r[o->number][lane];
	case FORM_LOW:
		return simd->r[o->number][lane] & 0xffff;
	case FORM_HIGH:
		return simd->r[o->number][lane] >> 16;
	case FORM_UNIFORM:
		return runner->bindings.uniforms[2 * o->number] |
		       (uint32_t)runner->bindings.uniforms[2 * o->number + 1] << 16;
	case FORM_UNIFORM16:
		return runner->bindings.uniforms[2 * o->number];
	default:
		value = agx_isa_minifloat((uint8_t)o->number);
		memcpy(&bits, &value, sizeof(bits));
		return bits;
	}
}

static uint32_t as_f32(const struct exec_runner *runner, const struct agx_simd *simd,
		       const struct operand *o, unsigned int lane)
{
	bool half;
	uint32_t bits = raw(runner, simd, o, lane, &half);

	if (half)
		bits = agx_f16_to_f32((uint16_t)bits);
	if (o->absolute)
		bits &= 0x7fffffff;
	return o->negate ? bits ^ 0x80000000 : bits;
}

static uint16_t as_f16(const struct exec_runner *runner, const struct agx_simd *simd,
		       const struct operand *o, unsigned int lane)
{
	bool half;
	uint32_t bits = raw(runner, simd, o, lane, &half);

	if (!half)
		bits = agx_f32_to_f16(bits); /* minifloats: exact */
	if (o->absolute)
		bits &= 0x7fff;
	return (uint16_t)(o->negate ? bits ^ 0x8000 : bits);
}

struct run {
	struct exec_runner *runner;
	struct agx_simd *before;
	struct agx_program *programs[AGX_EXEC_HOSTS];
	char text[256];
};

static void start(struct run *run)
{
	run->runner = malloc(sizeof(*run->runner));
	assert_non_null(run->runner);
	exec_runner_init(run->runner);
	run->before = exec_runner_simd();
}

static void end(struct run *run)
{
	exec_runner_fini(run->runner);
	free(run->runner);
	free(run->before);
}

/* Fresh values everywhere. */
static void shake(struct run *run)
{
	for (unsigned int i = 0; i < AGX_UNIFORMS; i += 2) {
		const uint32_t value = random_row_value();

		run->runner->bindings.uniforms[i] = (uint16_t)value;
		run->runner->bindings.uniforms[i + 1] = (uint16_t)(value >> 16);
	}
	for (unsigned int r = 0; r < AGX_REGISTERS; r++) {
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			run->before->r[r][lane] = random_row_value();
	}
	/* A multiple of something already there: sums that cancel. */
	for (unsigned int lane = 0; lane < AGX_LANES; lane += 3)
		run->before->r[16][lane] = agx_f32_mul(run->before->r[10][lane] ^ 0x80000000,
						       run->before->r[13][lane]);
	run->before->exec_mask = random_below(2) ? AGX_ALL_LANES : exec_random(&seed);
}

/* dest_half: 0 or 1 for r30l and r30h, -1 for r30. */
static void check(struct run *run, int dest_half, const uint32_t *expected)
{
	const struct agx_exec *exec;

	exec_runner_assemble(run->runner, run->text, strlen(run->text));
	for (unsigned int host = 0; (exec = exec_runner_host(host)); host++) {
		struct agx_program *program = exec_runner_decode(run->runner, exec);
		const enum agx_exec_result result =
			exec_runner_run(run->runner, program, run->before);

		if (result != AGX_EXEC_DONE)
			fail_msg("%s: %s: %d %s", exec->name, run->text, result,
				 run->runner->simd->trap_what);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			const uint32_t old = run->before->r[DEST][lane];
			uint32_t wanted = expected[lane];

			if (dest_half == 0)
				wanted = (old & 0xffff0000) | (wanted & 0xffff);
			if (dest_half == 1)
				wanted = (old & 0xffff) | wanted << 16;
			if (!(run->before->exec_mask >> lane & 1))
				wanted = old;
			if (run->runner->simd->r[DEST][lane] != wanted)
				fail_msg("%s: %s: lane %u (%s): 0x%x, expected 0x%x; r10 0x%x r13 "
					 "0x%x r16 0x%x",
					 exec->name, run->text, lane,
					 run->before->exec_mask >> lane & 1 ? "active" : "inactive",
					 run->runner->simd->r[DEST][lane], wanted,
					 run->before->r[10][lane], run->before->r[13][lane],
					 run->before->r[16][lane]);
		}
		agx_program_free(program);
	}
}

static const char *dest_text(int dest_half)
{
	return dest_half < 0 ? "r30" : dest_half ? "r30h" : "r30l";
}

static int random_dest(void)
{
	const int dest = (int)random_below(6) - 1;

	return dest > 1 ? -1 : dest;
}

/* What happens to a binary32 result on its way to the destination. */
static uint32_t finished(uint32_t bits, bool saturate, int dest_half)
{
	bits = (bits & 0x7fffffff) > 0x7f800000 ? AGX_F32_NAN : bits;
	if (saturate)
		bits = agx_f32_saturate(bits);
	return dest_half < 0 ? bits : agx_f32_to_f16(bits);
}

static void single_precision_is_that_of_numeric(void **state)
{
	static const char *const names[] = {"ffma", "fadd", "fmul"};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 6000; i++) {
		const unsigned int name = i % 3;
		const bool saturate = !random_below(4);
		const int dest = random_dest();
		struct operand o[3];
		uint32_t expected[AGX_LANES];

		if (i % 8 == 0)
			shake(&run);
		for (unsigned int k = 0; k < 3; k++)
			make_operand(&o[k], 10 + 3 * k, false, false);
		snprintf(run.text, sizeof(run.text), "%s %s, %s, %s%s%s%s\n", names[name],
			 dest_text(dest), o[0].text, o[1].text, name ? "" : ", ",
			 name ? "" : o[2].text, saturate ? ", sat" : "");
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			const uint32_t a = as_f32(run.runner, run.before, &o[0], lane);
			const uint32_t b = as_f32(run.runner, run.before, &o[1], lane);
			const uint32_t c = as_f32(run.runner, run.before, &o[2], lane);

			expected[lane] = finished(name == 0   ? agx_f32_fma(a, b, c)
						  : name == 1 ? agx_f32_add(a, b)
							      : agx_f32_mul(a, b),
						  saturate, dest);
		}
		check(&run, dest, expected);
	}
	end(&run);
}

static void half_precision_is_that_of_numeric(void **state)
{
	static const char *const names[] = {"hfma", "hadd", "hmul"};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 3000; i++) {
		const unsigned int name = i % 3;
		const bool saturate = !random_below(4);
		const int dest = (int)random_below(2);
		struct operand o[3];
		uint32_t expected[AGX_LANES];

		if (i % 8 == 0)
			shake(&run);
		for (unsigned int k = 0; k < 3; k++)
			make_operand(&o[k], 10 + 3 * k, true, false);
		snprintf(run.text, sizeof(run.text), "%s %s, %s, %s%s%s%s\n", names[name],
			 dest_text(dest), o[0].text, o[1].text, name ? "" : ", ",
			 name ? "" : o[2].text, saturate ? ", sat" : "");
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			const uint16_t a = as_f16(run.runner, run.before, &o[0], lane);
			const uint16_t b = as_f16(run.runner, run.before, &o[1], lane);
			const uint16_t c = as_f16(run.runner, run.before, &o[2], lane);
			uint16_t r = name == 0   ? agx_f16_fma(a, b, c)
				     : name == 1 ? agx_f16_add(a, b)
						 : agx_f16_mul(a, b);

			expected[lane] = saturate ? agx_f16_saturate(r) : r;
		}
		check(&run, dest, expected);
	}
	end(&run);
}

static void functions_are_those_of_numeric(void **state)
{
	static const struct {
		const char *name;
		uint32_t (*function)(uint32_t bits);
	} functions[] = {
		{"floor", agx_f32_floor},
		{"ceil", agx_f32_ceil},
		{"trunc", agx_f32_trunc},
		{"rint", agx_f32_rint},
		{"rcp", agx_f32_rcp},
		{"rsqrt", agx_f32_rsqrt},
		{"rsqrts", agx_f32_rsqrt_special},
		{"log2", agx_f32_log2},
		{"exp2", agx_f32_exp2},
		{"sinr", agx_f32_sin_reduce},
		{"sinc", agx_f32_sin_ratio},
	};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 2200; i++) {
		const unsigned int number = i % (sizeof(functions) / sizeof(*functions));
		const bool saturate = !random_below(4);
		const int dest = random_dest();
		struct operand o;
		uint32_t expected[AGX_LANES];

		if (i % 8 == 0)
			shake(&run);
		make_operand(&o, 10, false, false);
		snprintf(run.text, sizeof(run.text), "%s %s, %s%s\n", functions[number].name,
			 dest_text(dest), o.text, saturate ? ", sat" : "");
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			expected[lane] = finished(functions[number].function(
							  as_f32(run.runner, run.before, &o, lane)),
						  saturate, dest);
		check(&run, dest, expected);
	}
	end(&run);
}

static void conversions_are_those_of_numeric(void **state)
{
	static const struct {
		const char *name;
		unsigned int width;
		bool is_signed, to_float;
	} kinds[] = {
		{"u8_to_f", 8, false, true},    {"s8_to_f", 8, true, true},
		{"f_to_u16", 16, false, false}, {"f_to_s16", 16, true, false},
		{"u16_to_f", 16, false, true},  {"s16_to_f", 16, true, true},
		{"f_to_u32", 32, false, false}, {"f_to_s32", 32, true, false},
		{"u32_to_f", 32, false, true},  {"s32_to_f", 32, true, true},
	};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 2000; i++) {
		const unsigned int number = i % (sizeof(kinds) / sizeof(*kinds));
		const enum agx_round round =
			random_below(2) ? AGX_ROUND_TO_NEAREST : AGX_ROUND_TO_ZERO;
		const int dest = random_dest();
		struct operand o;
		uint32_t expected[AGX_LANES];

		if (i % 8 == 0)
			shake(&run);
		make_operand(&o, 10, false, true);
		snprintf(run.text, sizeof(run.text), "%s %s, %s, %s\n", kinds[number].name,
			 dest_text(dest), o.text, round == AGX_ROUND_TO_ZERO ? "rtz" : "rte");
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			bool half;

			expected[lane] =
				kinds[number].to_float
					? finished(agx_int_to_f32(raw(run.runner, run.before, &o,
								      lane, &half),
								  kinds[number].width,
								  kinds[number].is_signed, round),
						   false, dest)
					: agx_f32_to_int(as_f32(run.runner, run.before, &o, lane),
							 kinds[number].width,
							 kinds[number].is_signed, round);
		}
		check(&run, dest, expected);
	}
	end(&run);
}

static bool holds(const char *condition, uint32_t a, uint32_t b)
{
	const enum agx_order order = agx_f32_compare(a, b);
	const bool b_is_nan = (b & 0x7fffffff) > 0x7f800000;

	if (condition[1] == 'n' && condition[2] != 'e')
		return !holds(condition[2] == 'l'   ? condition[3] == 't' && condition[4] == 'n'
							      ? "fltn"
						      : condition[4] == 'e' ? "flte"
									    : "flt"
			      : condition[4] == 'n' ? "fgtn"
			      : condition[4] == 'e' ? "fgte"
						    : "fgt",
			      a, b);
	if (!strcmp(condition, "feq"))
		return order == AGX_EQUAL;
	if (!strcmp(condition, "fneq"))
		return order != AGX_EQUAL;
	if (!strcmp(condition, "flt"))
		return order == AGX_LESS;
	if (!strcmp(condition, "fgt"))
		return order == AGX_GREATER;
	if (!strcmp(condition, "flte"))
		return order == AGX_LESS || order == AGX_EQUAL;
	if (!strcmp(condition, "fgte"))
		return order == AGX_GREATER || order == AGX_EQUAL;
	if (!strcmp(condition, "fltn"))
		return order == AGX_LESS || b_is_nan;
	assert_string_equal(condition, "fgtn");
	return order == AGX_GREATER || b_is_nan;
}

static void comparisons_are_those_of_numeric(void **state)
{
	static const char *const conditions[] = {"feq",   "flt",   "fgt",   "fltn", "fgte",
						 "flte",  "fgtn",  "fneq",  "fnlt", "fngt",
						 "fnltn", "fngte", "fnlte", "fngtn"};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 2800; i++) {
		const unsigned int number = i % (sizeof(conditions) / sizeof(*conditions));
		const char *condition = conditions[number];
		const bool select = number < 7 && random_below(2);
		uint32_t expected[AGX_LANES], bits = 0;
		struct operand a, b;

		if (i % 8 == 0)
			shake(&run);
		make_operand(&a, 10, false, false);
		make_operand(&b, 13, false, false);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			if (holds(condition, as_f32(run.runner, run.before, &a, lane),
				  as_f32(run.runner, run.before, &b, lane)))
				bits |= 1u << lane;
		}
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			expected[lane] = !select            ? bits & run.before->exec_mask
					 : bits >> lane & 1 ? run.before->r[20][lane]
							    : run.before->r[21][lane];
		if (select)
			snprintf(run.text, sizeof(run.text), "csel r30, %s, %s, r20, r21, %s\n",
				 a.text, b.text, condition);
		else
			snprintf(run.text, sizeof(run.text), "ballot r30, %s, %s, %s\n", a.text,
				 b.text, condition);
		check(&run, -1, expected);
	}
	end(&run);
}

static void flow_compares_floats(void **state)
{
	static const char *const words[] = {"if", "else", "while"};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 300; i++) {
		const unsigned int n = random_below(4), word = i % 3;
		const struct agx_exec *exec;
		struct operand a, b;

		shake(&run);
		make_operand(&a, 10, false, false);
		make_operand(&b, 13, false, false);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			run.before->r[0][lane] = random_below(4) | 0xabcd0000;
		run.before->exec_mask = AGX_ALL_LANES;
		snprintf(run.text, sizeof(run.text), "%s %s, %s, %u, flt\n", words[word], a.text,
			 b.text, n);
		exec_runner_assemble(run.runner, run.text, strlen(run.text));
		for (unsigned int host = 0; (exec = exec_runner_host(host)); host++) {
			struct agx_program *program = exec_runner_decode(run.runner, exec);

			assert_int_equal(exec_runner_run(run.runner, program, run.before),
					 AGX_EXEC_DONE);
			for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
				const bool c =
					holds("flt", as_f32(run.runner, run.before, &a, lane),
					      as_f32(run.runner, run.before, &b, lane));
				uint32_t v = run.before->r[0][lane] & 0xffff;

				if (word == 0)
					v = v ? v + n : !c;
				else if (word == 1)
					v = v == 0 ? n : v == 1 ? !c : v;
				else if (v < n)
					v = c ? 0 : n;
				assert_int_equal(run.runner->simd->r[0][lane], 0xabcd0000 | v);
				assert_int_equal(run.runner->simd->exec_mask >> lane & 1, !v);
			}
			agx_program_free(program);
		}
	}
	end(&run);
}

static void derivatives_are_differences_in_quads(void **state)
{
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 200; i++) {
		const unsigned int bit = 1 + i % 2;
		uint32_t expected[AGX_LANES];
		struct operand o;

		shake(&run);
		make_operand(&o, 10, false, false);
		snprintf(run.text, sizeof(run.text), "%s r30, %s\n", bit == 1 ? "dfdx" : "dfdy",
			 o.text);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			expected[lane] = agx_f32_add(
				as_f32(run.runner, run.before, &o, lane | bit),
				as_f32(run.runner, run.before, &o, lane & ~bit) ^ 0x80000000);
		check(&run, -1, expected);
	}
	end(&run);
}

/* Sums and products in the order of the lanes; minima and maxima, which a NaN loses. */
static void reductions_are_those_of_numeric(void **state)
{
	static const char *const names[] = {"fadd", "fmul", "fmin", "fmax"};
	struct run run;

	start(&run);
	for (unsigned int i = 0; i < 400; i++) {
		const unsigned int name = i % 4, width = random_below(2) ? 4 : 32;
		const bool prefix = random_below(2), half = random_below(2);
		uint32_t expected[AGX_LANES];

		shake(&run);
		snprintf(run.text, sizeof(run.text), "%s %s, %s, %s%s\n",
			 width == 4 ? "quad" : "simd", half ? "r30l" : "r30", half ? "r10l" : "r10",
			 prefix ? "prefix, " : "", names[name]);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			static const uint32_t identities[2][4] = {
				{0, 0x3f800000, 0x7f800000, 0xff800000},
				{0, 0x3c00, 0x7c00, 0xfc00},
			};
			const unsigned int first = lane & ~(width - 1);
			const unsigned int last = prefix ? lane : first + width;
			uint32_t sum = identities[half][name];
			bool empty = true;

			for (unsigned int k = first; k < last; k++) {
				const uint32_t v =
					half ? run.before->r[10][k] & 0xffff : run.before->r[10][k];
				const uint32_t top = half ? 0x7c00 : 0x7f800000;
				const uint32_t sign = half ? 0x8000 : 0x80000000;
				enum agx_order order;

				if (!(run.before->exec_mask >> k & 1))
					continue;
				if (empty) {
					sum = v;
				} else if (name == 0) {
					sum = half ? agx_f16_add((uint16_t)sum, (uint16_t)v)
						   : agx_f32_add(sum, v);
				} else if (name == 1) {
					sum = half ? agx_f16_mul((uint16_t)sum, (uint16_t)v)
						   : agx_f32_mul(sum, v);
				} else {
					order = half ? agx_f16_compare((uint16_t)sum, (uint16_t)v)
						     : agx_f32_compare(sum, v);
					if ((sum & ~sign) > top ||
					    order == (name == 2 ? AGX_GREATER : AGX_LESS))
						sum = v;
				}
				empty = false;
			}
			expected[lane] = sum;
		}
		check(&run, half ? 0 : -1, expected);
	}
	end(&run);
}

/* The host's own control register is as it was. */
static void the_host_is_left_as_it_was(void **state)
{
	volatile float tiny = 0x1p-140f;
	struct run run;

	start(&run);
	shake(&run);
	run.before->exec_mask = AGX_ALL_LANES;
	snprintf(run.text, sizeof(run.text), "ffma r30, r10, r13, r16\n");
	exec_runner_assemble(run.runner, run.text, strlen(run.text));

	struct agx_program *program = exec_runner_decode(run.runner, agx_exec_best());

	assert_int_equal(exec_runner_run(run.runner, program, run.before), AGX_EXEC_DONE);
	assert_true(tiny * 1.0f != 0);
	assert_int_equal(fegetround(), FE_TONEAREST);
	agx_program_free(program);
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_precision_is_that_of_numeric),
		cmocka_unit_test(half_precision_is_that_of_numeric),
		cmocka_unit_test(functions_are_those_of_numeric),
		cmocka_unit_test(conversions_are_those_of_numeric),
		cmocka_unit_test(comparisons_are_those_of_numeric),
		cmocka_unit_test(flow_compares_floats),
		cmocka_unit_test(derivatives_are_differences_in_quads),
		cmocka_unit_test(reductions_are_those_of_numeric),
		cmocka_unit_test(the_host_is_left_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
