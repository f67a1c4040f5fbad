// SPDX-License-Identifier: MIT
/*
 * Texts of shaders, put together of lines that hardware would run: how many registers, uniforms
 * and states they name, preambles, groups and memory of groups vary. Addresses are masked: what a
 * program can reach is there.
 *
 *	du0, du2	addresses of data
 *	ts0, ss0	a texture of two dimensions, and its sampler
 *	ts1		a PBE of two dimensions
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define TEXT 4096u

struct text {
	char text[TEXT];
	size_t length;
	unsigned int registers; /* words that lines may use: r8 up to it */
	unsigned int stack;     /* words of it, 0: none */
	bool local;
	bool tile; /* memory of groups is a tile of 16x16 pixels of eight bytes */
};

__attribute__((format(printf, 2, 3))) static void line(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->text + t->length, TEXT - t->length, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < TEXT - t->length)
		t->length += (size_t)n;
}

static unsigned int some_register(struct choices *c, const struct text *t)
{
	return 8 + choose(c, t->registers - 7);
}

static void arithmetic(struct choices *c, struct text *t)
{
	static const char *const two[] = {"iadd", "isub", "fadd", "fmul", "and", "or", "xor"};
	static const char *const one[] = {"mov", "u32_to_f", "rcp", "exp2"};
	const unsigned int d = some_register(c, t), a = some_register(c, t),
			   b = some_register(c, t);

	switch (choose(c, 8)) {
	case 0:
		line(t, "ldimm r%u, %u\n", d, choose_word(c));
		break;
	case 1:
		line(t, "mov r%u, u%u\n", d, 4 + choose(c, choose_chance(c, 60) ? 252 : 8));
		break;
	case 2: {
		const char *op = CHOOSE(c, one);

		if (!strcmp(op, "u32_to_f"))
			line(t, "%s r%u, r%u, rte\n", op, d, a);
		else
			line(t, "%s r%u, r%u\n", op, d, a);
		break;
	}
	case 3:
		line(t, "ffma r%u, r%u, r%u, r%u\n", d, a, b, d);
		break;
	case 4:
		line(t, "csel r%u, r%u, r%u, r%u, r%u, ult\n", d, a, b, a, b);
		break;
	case 5:
		line(t, "shl r%u, r%u, %u\n", d, a, choose(c, 32));
		break;
	default:
		line(t, "%s r%u, r%u, r%u\n", CHOOSE(c, two), d, a, b);
	}
}

static void memory(struct choices *c, struct text *t)
{
	const unsigned int d = some_register(c, t), du = 2 * choose(c, 2);

	switch (choose(c, 4)) {
	case 0:
		line(t, "store r%u, du%u, r1, i32, x, a\n", d, du);
		break;
	case 1:
		line(t, "atomic _, r%u, du%u, r1, add, coherent1, a\n", d, du);
		break;
	default:
		line(t, "load r%u, du%u, r1, i32, x, a\nwait a\n", d, du);
	}
}

static void group_memory(struct choices *c, struct text *t)
{
	const unsigned int d = some_register(c, t);

	if (t->tile) {
		line(t, "%s r%u, r6l_r6h, 255, 0, explicit_coords, i32, x\n",
		     choose_chance(c, 128) ? "st_tile" : "ld_tile", d);
		return;
	}
	t->local = true;
	switch (choose(c, 4)) {
	case 0:
		line(t, "lstore r%u, r6l, i32, x\n", d);
		break;
	case 1:
		line(t, "latomic _, r%u, r6l, add\n", d);
		break;
	case 2:
		line(t, "barrier\n");
		break;
	default:
		line(t, "lload r%u, r6l, i32, x\n", d);
	}
}

static void begin_stack(struct choices *c, struct text *t)
{
	static const uint16_t words[] = {4, 8, 12, 76, 100, 128, 300, 1000};

	if (!choose_chance(c, 40))
		return;
	t->stack = CHOOSE(c, words);
	line(t, "stack_adjust %u\n", t->stack);
}

static void stack(struct choices *c, struct text *t)
{
	const unsigned int d = some_register(c, t),
			   at = 4 * choose(c, t->stack < 60 ? t->stack : 60);

	if (choose_chance(c, 128))
		line(t, "stack_store r%u, %u, i32, x, a\nwait a\n", d, at);
	else
		line(t, "stack_load r%u, %u, i32, x, a\nwait a\n", d, at);
}

/* Reads and writes of images, with one of the states. */
static void image(struct choices *c, struct text *t)
{
	const unsigned int sampler = choose_chance(c, 200) ? 0 : choose(c, SAMPLERS);

	switch (choose(c, 3)) {
	case 0:
		line(t, "imgw r0_r1_r2_r3, ts1, r4, 0, 2d\n");
		break;
	case 1:
		line(t,
		     "smpf r0_r1_r2_r3, ts0, ss%u, r4, 0, 2d, xyzw, auto_lod, a\nwait a\n"
		     "and r1, r1, 255\n",
		     sampler % 2);
		break;
	default:
		line(t,
		     "smpi r0_r1_r2_r3, ts0, ss%u, r4, 0, 2d, xyzw, auto_lod, a\nwait a\n"
		     "and r1, r1, 255\n",
		     sampler);
	}
}

static void preamble(struct choices *c, struct text *t)
{
	line(t, ".preamble\n");
	if (choose_chance(c, 128))
		line(t, "load r0, du0, 0, i32, x, a\nwait a\n");
	else
		line(t, "ldimm r%u, 5\n", choose(c, 4));
	for (unsigned int n = choose(c, 3); n; n--)
		line(t, "mov u%u, r0\n", 4 + choose(c, 60));
	line(t, "stop\n.main\n");
}

static void compute_body(struct choices *c, struct text *t)
{
	unsigned int nested = 0;

	line(t, "ldimm r0l, 0\nmov r1, thread_in_grid_x\nand r1, r1, 255\n");
	line(t, "mov r4, thread_in_grid_x\nmov r5, thread_in_grid_y\n");
	line(t, "mov r6, thread_index_in_threadgroup\nand r6, r6, 15\n");
	begin_stack(c, t);
	for (unsigned int n = choose(c, 12); n; n--) {
		switch (choose(c, 8)) {
		case 0:
			group_memory(c, t);
			break;
		case 1:
			image(c, t);
			/* It counted the depth of ifs. */
			line(t, "ldimm r0l, 0\n");
			break;
		case 2:
			memory(c, t);
			break;
		case 3:
			if (t->stack)
				stack(c, t);
			else
				memory(c, t);
			break;
		case 4:
			if (nested || !choose_chance(c, 128)) {
				arithmetic(c, t);
				break;
			}
			line(t, "if r1, 16, 1, ult\n");
			arithmetic(c, t);
			memory(c, t);
			line(t, "pop_exec 1\n");
			break;
		default:
			arithmetic(c, t);
		}
	}
}

static void compute_text(struct choices *c, struct text *t)
{
	static const char *const groups[] = {
		"",
		".threads 32\n",
		".threads 64, 1, 1\n",
		".threads 8, 8\n",
		".threads 1\n",
		".threads 1024\n",
		".threads 3, 5, 7\n",
	};
	struct text body = {.registers = t->registers, .tile = choose_chance(c, 30)};

	compute_body(c, &body);
	line(t, "%s", CHOOSE(c, groups));
	if (body.tile)
		line(t, ".tile 16, 16, 8\n");
	else if (!body.local && choose_chance(c, 40))
		line(t, ".tile %u, %u, %u, %u\n", choose_chance(c, 128) ? 32 : 16,
		     choose_chance(c, 60) ? 32 : 16, choose(c, 70), choose(c, 5));
	else if (body.local || choose_chance(c, 30))
		line(t, ".local %u\n", 64 + choose(c, 256) * (choose_chance(c, 60) ? 128u : 1u));
	if (choose_chance(c, 60))
		preamble(c, t);
	line(t, "%s", body.text);
}

static void vertex_text(struct choices *c, struct text *t, unsigned int *outputs)
{
	*outputs = choose(c, choose_chance(c, 30) ? 133 : 14);
	line(t, ".stage vertex\n");
	if (choose_chance(c, 60))
		line(t, ".output colour, %u\n", choose(c, 140));
	if (choose_chance(c, 60))
		preamble(c, t);
	line(t, "mov r1, r5\nand r1, r1, 255\nldimm r2, 0x3f800000\n");
	begin_stack(c, t);
	for (unsigned int n = choose(c, 4); n; n--) {
		if (t->stack && choose_chance(c, 60))
			stack(c, t);
		else if (choose_chance(c, 60))
			memory(c, t);
		else
			arithmetic(c, t);
	}
	for (unsigned int i = 0; i < 4 + *outputs; i++)
		line(t, "st_var r%u, %u%s\n", 1 + i % 2, i, i == 3 + *outputs ? ", last" : "");
}

static void fragment_text(struct choices *c, struct text *t, unsigned int *coefficients)
{
	static const char *const formats[] = {"u8norm", "f16", "i32", "rgb10a2", "i8"};
	const unsigned int first = 1 + choose(c, choose_chance(c, 30) ? 120 : 4);

	line(t, ".stage fragment\n");
	if (choose_chance(c, 60))
		preamble(c, t);
	line(t, "ldimm r1, 0\nldimm r4, 0\nldimm r5, 0\n");
	begin_stack(c, t);
	*coefficients = 0;
	if (choose_chance(c, 160)) {
		line(t, "iter r0_r1_r2, cf%u, cf0\nand r1, r1, 255\n", first);
		*coefficients = first + 3;
	}
	for (unsigned int n = choose(c, 4); n; n--) {
		if (t->stack && choose_chance(c, 60))
			stack(c, t);
		else if (choose_chance(c, 60))
			image(c, t);
		else
			arithmetic(c, t);
	}
	if (choose_chance(c, 60))
		line(t, "pixwait 1, 0\nsample_mask 255, 1\n");
	line(t, "pixwait 12, 0\n");
	if (choose_chance(c, 60))
		line(t, "ld_tile r0_r1_r2_r3, 0, 255, 0, %s, xyzw\n", CHOOSE(c, formats));
	if (choose_chance(c, 220))
		line(t, "st_tile r0_r1_r2_r3, 0, 255, 0, %s, xyzw\n", CHOOSE(c, formats));
}

/* Lines that make a shader another one's, or none. */
static void spoil(struct choices *c, struct text *t)
{
	static const char *const lines[] = {
		"what r0\n",     ".local 40000\n",   ".threads 2000\n", ".scratch 64\n",
		"jmp_any 100\n", ".u16 0xffff\n",    "st_var r0, 0\n",  "lload r0, r1l, i32, x\n",
		".stage none\n", "stack_adjust 8\n", ".preamble\n",     "mov r130, r0\n",
		".main\n",       "mov u300, r0\n",   "/* open",         "smpi r0, ts200, ss0\n",
	};

	line(t, "%s", CHOOSE(c, lines));
}

void shader_make(struct world *w, unsigned int i, enum agx_stage stage)
{
	static const uint8_t most[] = {8, 9, 12, 16, 24, 40, 64, 100, 127};
	struct choices *c = &w->choices;
	struct text t = {.registers = CHOOSE(c, most)};
	struct shader *s = &w->shaders[i];
	struct agx_shader_params params = {.stage = stage, .text = t.text, .name = "sequence"};
	const bool spoilt = choose_wrong(c);

	agx_shader_destroy(s->shader);
	*s = (struct shader){.stage = stage};
	switch (stage) {
	case AGX_STAGE_VERTEX:
		vertex_text(c, &t, &s->outputs);
		break;
	case AGX_STAGE_FRAGMENT:
		fragment_text(c, &t, &s->coefficients);
		break;
	case AGX_STAGE_COMPUTE:
		compute_text(c, &t);
		break;
	default:
		line(&t, "ldimm r1, 1\n");
	}
	/* So that as many registers are named. */
	line(&t, "mov r%u, r1\n", t.registers);
	if (spoilt)
		spoil(c, &t);
	if (!choose_wrong(c))
		line(&t, "stop\n");
	if (choose_wrong(c))
		params.stage = (enum agx_stage)choose(c, 256);
	if (choose_wrong(c))
		params.local_bytes = choose_word(c);
	if (choose_wrong(c))
		params.group[choose(c, 3)] = choose_word(c);
	if (choose_wrong(c))
		params.scratch_bytes = choose_word(c);
	if (CALL(w, MAY_INVAL | MAY_NOTSUP | MAY_NOSPC | MAY_2BIG,
		 agx_shader_create(w->vm, &params, &s->shader)))
		return;
	s->stage = agx_shader_info(s->shader)->stage;
	s->coefficients = agx_shader_info(s->shader)->coefficients;
}

/* What it lists is the same shader again. */
static void list(struct world *w, const struct shader *s)
{
	static char text[65536], again[65536];
	struct agx_shader_params params = {.stage = s->stage, .text = text};
	size_t length = agx_shader_listing(s->shader, text, sizeof(text));
	struct agx_shader *second;

	if (length >= sizeof(text))
		return;
	MUST(w, agx_shader_create(w->vm, &params, &second));
	if (agx_shader_listing(second, again, sizeof(again)) != length || strcmp(text, again))
		sequence_fail(w, "the listing of a listing is another");
	agx_shader_destroy(second);
}

/* Code, mostly none that runs, and files: made, and ended. */
static void make_of_others(struct world *w)
{
	struct choices *c = &w->choices;
	uint8_t code[64];
	struct agx_shader_params params = {
		.stage = (enum agx_stage)choose(c, 5),
		.code = code,
		.code_size = 2 + choose(c, 31) * 2,
	};
	struct agx_shader *shader;

	if (choose_chance(c, 30)) {
		params.code = NULL;
		params.path = choose_chance(c, 128) ? "/dev/null" : "/nowhere/nothing";
	} else {
		for (size_t i = 0; i < params.code_size; i++)
			code[i] = choose_byte(c);
		/* stop */
		memcpy(code + params.code_size - 2, "\x88\x00", 2);
		if (choose_chance(c, 60)) {
			params.preamble = code + params.code_size - 2;
			params.preamble_size = 2;
		}
	}
	if (choose_wrong(c))
		params.text = "stop\n";
	if (choose_wrong(c))
		params.code = params.path = NULL;
	if (CALL(w, MAY_INVAL | MAY_NOTSUP | MAY_NOSPC | MAY_2BIG | MAY_NOENT,
		 agx_shader_create(w->vm, &params, &shader)))
		return;
	if (agx_shader_address(shader) % 128)
		sequence_fail(w, "an address of programs expected");
	agx_shader_destroy(shader);
}

void shader_call(struct world *w)
{
	static const enum agx_stage stages[] = {
		AGX_STAGE_COMPUTE, AGX_STAGE_COMPUTE,    AGX_STAGE_VERTEX,      AGX_STAGE_FRAGMENT,
		AGX_STAGE_COMPUTE, AGX_STAGE_BACKGROUND, AGX_STAGE_END_OF_TILE,
	};
	struct choices *c = &w->choices;
	const unsigned int i = choose(c, SHADERS);

	if (choose_chance(c, 50))
		make_of_others(w);
	else if (choose_chance(c, 50) && w->shaders[i].shader)
		list(w, &w->shaders[i]);
	else
		shader_make(w, i, choose_chance(c, 200) ? CHOOSE(c, stages) : AGX_STAGE_COMPUTE);
}
