// SPDX-License-Identifier: MIT
/*
 * The instructions that access memory. Most tests execute random forms of them on random registers and
 * compare all that may change with a reference that goes byte by byte, lane by lane, and knows neither
 * pages nor vectors. What formats do to values is test_formats.c's.
 */
#include "memory_machine.h"

#include <pthread.h>
#include <stdio.h>

#include "exec.h"
#include "exec_memory.h"

#define VA           0x1000000000ull
#define PAGE         MACHINE_PAGE
#define WINDOW_PAGES 5
#define HOLE         3 /* page of the window that is not mapped */
#define WINDOW       (WINDOW_PAGES * PAGE)
#define LOCAL_SIZE   0x1300
#define ROOM         512
#define ROUNDS       3000

struct fixture {
	struct memory_machine machine;
	uint8_t *pages[WINDOW_PAGES]; /* NULL: the hole */
	struct agx_memory memory;
	struct agx_bindings bindings;
	struct agx_group group;
	struct agx_program program;
	struct agx_op ops[2];
	struct agx_isa_instr instr;
	uint8_t local[AGX_LOCAL_MEMORY];
	uint8_t stack[ROOM * AGX_LANES];
	uint8_t *chunks[ROOM / AGX_STACK_CHUNK]; /* of it */
	uint64_t seed;
	struct agx_simd *simd;

	/* What should be. */
	uint16_t half[AGX_LANES][AGX_HALVES];
	uint8_t window[WINDOW];
	uint8_t local_expected[AGX_LOCAL_MEMORY];
	uint8_t lane_stack[AGX_LANES][ROOM];
	uint32_t stack_size;
	uint64_t soft_loads, soft_stores, strays;
};

static uint32_t draw(struct fixture *f, uint32_t below)
{
	f->seed = f->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((f->seed >> 33) % below);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	machine_init(&f->machine);
	for (unsigned int i = WINDOW_PAGES; i--;)
		if (i != HOLE)
			f->pages[i] = machine_map(&f->machine, VA + i * PAGE, MACHINE_RW);
	agx_memory_init(&f->memory, &f->machine.walker);
	agx_memory_start(&f->memory, MACHINE_CONTEXT, true);
	f->simd = aligned_alloc(AGX_ROW_ALIGN, (sizeof(*f->simd) + 63) / 64 * 64);
	assert_non_null(f->simd);
	memset(f->simd, 0, sizeof(*f->simd));
	f->group = (struct agx_group){
		.bindings = &f->bindings,
		.local = f->local,
		.local_size = LOCAL_SIZE,
		.stage = AGX_STAGE_COMPUTE,
	};
	f->program = (struct agx_program){.count = 1, .ops = f->ops, .instrs = &f->instr};
	f->simd->memory = &f->memory;
	for (unsigned int i = 0; i < ROOM / AGX_STACK_CHUNK; i++)
		f->chunks[i] = f->stack + i * AGX_STACK_CHUNK * AGX_LANES;
	f->simd->stack = f->chunks;
	f->simd->stack_room = ROOM;
	agx_simd_start(f->simd, &f->program, &f->group, 0, AGX_LANES);
	f->seed = 12345;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	machine_finish(&f->machine);
	free(f->simd);
	free(f);
	return 0;
}

/* Random registers and uniforms, the window and the other memory as they are. */
static void randomise(struct fixture *f)
{
	for (unsigned int row = 0; row < AGX_REGISTERS; row++)
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			f->simd->r[row][lane] = draw(f, 1u << 31) << 1 ^ draw(f, 1u << 31);
	for (unsigned int i = 0; i < AGX_UNIFORMS; i++)
		f->bindings.uniforms[i] = (uint16_t)draw(f, 65536);
	switch (draw(f, 4)) {
	case 0:
		agx_simd_set_exec(f->simd, draw(f, 1u << 31) << 1 ^ draw(f, 1u << 31));
		break;
	case 1:
		agx_simd_set_exec(f->simd, 1u << draw(f, AGX_LANES));
		break;
	default:
		agx_simd_set_exec(f->simd, AGX_ALL_LANES);
		break;
	}
	if (!draw(f, 40))
		agx_simd_set_exec(f->simd, 0);
}

/* After the operands have been set: what should change is worked out from here. */
static void note_registers(struct fixture *f)
{
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		for (unsigned int half = 0; half < AGX_HALVES; half++)
			f->half[lane][half] = agx_simd_half(f->simd, half, lane);
}

static void check_registers(const struct fixture *f, const char *what)
{
	for (unsigned int half = 0; half < AGX_HALVES; half++)
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			if (agx_simd_half(f->simd, half, lane) != f->half[lane][half])
				fail_msg(
					"%s: half %u of lane %u is 0x%x, expected 0x%x (exec 0x%x)",
					what, half, lane, agx_simd_half(f->simd, half, lane),
					f->half[lane][half], f->simd->exec_mask);
}

static void check_window(const struct fixture *f)
{
	for (unsigned int i = 0; i < WINDOW_PAGES; i++)
		if (f->pages[i])
			assert_memory_equal(f->pages[i], f->window + i * PAGE, PAGE);
	assert_int_equal(f->memory.soft_loads, f->soft_loads);
	assert_int_equal(f->memory.soft_stores, f->soft_stores);
}

static void set32(struct fixture *f, unsigned int half, unsigned int lane, uint32_t value)
{
	f->simd->r[half / 2][lane] = value;
}

static uint32_t get32(const struct fixture *f, unsigned int lane, unsigned int half)
{
	return f->half[lane][half] | (uint32_t)f->half[lane][half + 1] << 16;
}

static void template(struct agx_isa_instr *instr, const char *text)
{
	const char *why;
	unsigned int column;

	if (agx_isa_parse(text, instr, &why, &column))
		fail_msg("%s: column %u: %s", text, column, why);
}

/* As programs have it: through its encoding. */
static agx_op_fn bind(struct fixture *f, const struct agx_isa_instr *instr)
{
	uint8_t code[AGX_ISA_MAX_LENGTH];
	const char *why;
	struct agx_isa_instr wanted = *instr;
	int length;

	wanted.length = 0;
	length = agx_isa_encode(&wanted, code, &why);
	if (length < 0)
		fail_msg("%s: %s", agx_isa_op_name(instr->op), why);
	assert_int_equal(agx_isa_decode(code, (size_t)length, &f->instr), length);
	assert_int_equal(f->instr.op, instr->op);
	f->ops[0].op = f->instr.op;
	f->ops[0].fn = agx_exec_memory_fn(&f->instr);
	return f->ops[0].fn;
}

/* Executes one instruction that must not trap. */
static void run(struct fixture *f, const struct agx_isa_instr *instr)
{
	assert_non_null(bind(f, instr));
	if (f->ops[0].fn(f->simd, f->ops) != f->ops + 1)
		fail_msg("%s: trap %d: %s", agx_isa_op_name(instr->op), f->simd->trap,
			 f->simd->trap_what);
}

static void run_text(struct fixture *f, const char *text)
{
	struct agx_isa_instr instr;

	template(&instr, text);
	run(f, &instr);
}

static void expect_trap(struct fixture *f, const char *text, enum agx_trap trap, unsigned int lane)
{
	struct agx_isa_instr instr;

	template(&instr, text);
	assert_non_null(bind(f, &instr));
	f->simd->trap = AGX_TRAP_NONE;
	assert_null(f->ops[0].fn(f->simd, f->ops));
	assert_int_equal(f->simd->trap, trap);
	assert_int_equal(f->simd->trap_lane, lane);
	assert_non_null(f->simd->trap_what);
}

/* A form of an access, drawn by lot. */
struct form {
	unsigned int format, mask, size, registers;
	bool wide;
	unsigned int first; /* half */
};

static struct form draw_form(struct fixture *f, struct agx_isa_instr *instr,
			     struct agx_isa_operand *data)
{
	static const uint8_t popular[] = {AGX_ISA_FORMAT_I32, AGX_ISA_FORMAT_I16,
					  AGX_ISA_FORMAT_I8};
	static const uint8_t masks[] = {1, 3, 15};
	struct form form = {.wide = true};
	unsigned int count;

	do
		form.format = draw(f, 2) ? popular[draw(f, 3)] : draw(f, AGX_FORMATS);
	while (!agx_formats[form.format].size);
	form.mask = draw(f, 2) ? masks[draw(f, 3)] : 1 + draw(f, 15);
	form.size = agx_formats[form.format].size;
	if (form.format != AGX_ISA_FORMAT_I32)
		form.wide = draw(f, 2);
	count = (unsigned int)__builtin_popcount(form.mask);
	form.registers = agx_formats[form.format].packed ? agx_formats[form.format].packed : count;
	form.first = draw(f, AGX_HALVES - 8);
	if (form.wide)
		form.first &= ~1u;
	data->value = (int32_t)form.first;
	data->bits = form.wide ? 32 : 16;
	data->count = (uint8_t)count;
	data->mask = (uint8_t)form.mask;
	instr->modifiers[AGX_ISA_MODIFIER_FORMAT] = (uint8_t)form.format;
	instr->modifiers[AGX_ISA_MODIFIER_MASK] = (uint8_t)form.mask;
	return form;
}

static void expect_register(struct fixture *f, const struct form *form, unsigned int lane,
			    unsigned int number, uint32_t value)
{
	if (form->wide) {
		f->half[lane][form->first + 2 * number] = (uint16_t)value;
		f->half[lane][form->first + 2 * number + 1] = (uint16_t)(value >> 16);
	} else {
		f->half[lane][form->first + number] = (uint16_t)value;
	}
}

static uint32_t source_register(const struct fixture *f, const struct form *form, unsigned int lane,
				unsigned int number)
{
	return form->wide ? get32(f, lane, form->first + 2 * number)
			  : f->half[lane][form->first + number];
}

/* Little-endian bytes; byte gives the place of one, NULL: there is none. */
static uint32_t read_bytes(uint8_t *(*byte)(struct fixture *, uint64_t, unsigned int),
			   struct fixture *f, uint64_t address, unsigned int lane,
			   unsigned int size)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++) {
		const uint8_t *at = byte(f, address + i, lane);

		value |= at ? (uint32_t)*at << (8 * i) : 0;
	}
	return value;
}

static void write_bytes(uint8_t *(*byte)(struct fixture *, uint64_t, unsigned int),
			struct fixture *f, uint64_t address, unsigned int lane, unsigned int size,
			uint32_t value)
{
	for (unsigned int i = 0; i < size; i++) {
		uint8_t *at = byte(f, address + i, lane);

		if (at)
			*at = (uint8_t)(value >> (8 * i));
	}
}

static void expect_load(struct fixture *f, const struct form *form, unsigned int lane,
			uint64_t address,
			uint8_t *(*byte)(struct fixture *, uint64_t, unsigned int))
{
	unsigned int number = 0;

	if (agx_formats[form->format].packed) {
		const uint32_t word = read_bytes(byte, f, address, lane, 4);

		for (unsigned int i = 0; i < form->registers; i++)
			expect_register(f, form, lane, i,
					agx_format_load(form->format, i, word, form->wide));
		return;
	}
	for (unsigned int i = 0; i < 4; i++)
		if (form->mask >> i & 1)
			expect_register(
				f, form, lane, number++,
				agx_format_load(form->format, i,
						read_bytes(byte, f, address + i * form->size, lane,
							   form->size),
						form->wide));
}

static void expect_store(struct fixture *f, const struct form *form, unsigned int lane,
			 uint64_t address,
			 uint8_t *(*byte)(struct fixture *, uint64_t, unsigned int))
{
	unsigned int number = 0;
	uint32_t values[4] = {0};

	if (agx_formats[form->format].packed) {
		for (unsigned int i = 0; i < form->registers; i++)
			values[i] = source_register(f, form, lane, i);
		write_bytes(byte, f, address, lane, 4,
			    agx_format_pack_word(form->format, values, form->wide));
		return;
	}
	for (unsigned int i = 0; i < 4; i++)
		if (form->mask >> i & 1)
			write_bytes(byte, f, address + i * form->size, lane, form->size,
				    agx_format_store(form->format, i,
						     source_register(f, form, lane, number++),
						     form->wide));
}

/* A byte of device memory, as it should be. */
static uint8_t *window_byte(struct fixture *f, uint64_t address, unsigned int lane)
{
	const uint64_t at = address - VA;

	return at < WINDOW && at / PAGE != HOLE ? &f->window[at] : NULL;
}

static bool is_soft(struct fixture *f, const struct form *form, uint64_t address)
{
	if (agx_formats[form->format].packed)
		return !window_byte(f, address, 0);
	for (unsigned int i = 0; i < 4; i++)
		if (form->mask >> i & 1 && !window_byte(f, address + i * form->size, 0))
			return true;
	return false;
}

/* Where lanes go: all kinds of patterns, often near the end of a page. */
static void draw_addresses(struct fixture *f, uint32_t unit, uint32_t span,
			   uint32_t offsets[AGX_LANES])
{
	const uint32_t pattern = draw(f, 6);
	uint32_t start = draw(f, (uint32_t)WINDOW - 8192), stride = span;

	if (draw(f, 2))
		start = (1 + draw(f, WINDOW_PAGES - 1)) * (uint32_t)PAGE - draw(f, 600);
	if (pattern == 1)
		stride = unit * draw(f, 70);
	if (pattern == 2)
		stride = 0;
	if (start > WINDOW - 33 * stride - 64)
		start = (uint32_t)WINDOW - 33 * stride - 64;
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		offsets[lane] = start + lane * stride;
		if (pattern == 3)
			offsets[lane] = draw(f, (uint32_t)WINDOW - 64);
		if (pattern == 4)
			offsets[lane] = start + (31 - lane) * stride;
	}
	if (pattern == 5)
		offsets[draw(f, AGX_LANES)] = draw(f, (uint32_t)WINDOW - 64);
}

/*
 * Sets base and index so that lanes come to these places of the window, more or less: the addresses that
 * the registers then mean are what counts. unit: bytes that an index of 1 is.
 */
static void place_operands(struct fixture *f, struct agx_isa_operand *base,
			   struct agx_isa_operand *index, uint32_t unit,
			   const uint32_t offsets[AGX_LANES])
{
	const bool uniform = draw(f, 2), sx = draw(f, 2), imm = !uniform && draw(f, 2);
	const uint64_t middle = VA + draw(f, (uint32_t)WINDOW);
	const unsigned int base_half = 4 * draw(f, uniform ? 32 : 40),
			   index_half = 2 * draw(f, 100);

	base->kind = uniform ? AGX_ISA_UNIFORM : AGX_ISA_REG;
	base->bits = 64;
	base->value = (int32_t)base_half;
	base->flags = 0;
	index->flags = 0;
	if (imm) {
		index->kind = AGX_ISA_IMM;
		index->value = (int32_t)draw(f, 200) - (sx ? 100 : 0);
		index->flags = sx ? 0 : AGX_ISA_UNSIGNED;
		index->bits = 0;
	} else {
		index->kind = AGX_ISA_REG;
		index->bits = 32;
		index->value = (int32_t)index_half;
		index->flags = sx ? AGX_ISA_SX : 0;
	}
	if (uniform) {
		const uint64_t from = sx ? middle : VA - draw(f, 64);

		for (unsigned int i = 0; i < 4; i++)
			f->bindings.uniforms[base_half + i] = (uint16_t)(from >> (16 * i));
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			const int64_t distance = (int64_t)(VA + offsets[lane] - from);

			set32(f, index_half, lane, (uint32_t)(distance / (int64_t)unit));
		}
		return;
	}
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		int64_t by = imm ? index->value : (int64_t)draw(f, 300) - (sx ? 150 : 0);
		uint64_t at = VA + offsets[lane] - (uint64_t)(by * (int64_t)unit);

		if (!imm)
			set32(f, index_half, lane, (uint32_t)by);
		set32(f, base_half, lane, (uint32_t)at);
		set32(f, base_half + 2, lane, (uint32_t)(at >> 32));
	}
}

static uint64_t address_of(struct fixture *f, const struct agx_isa_operand *base,
			   const struct agx_isa_operand *index, unsigned int lane,
			   unsigned int size, unsigned int unit)
{
	const unsigned int half = (unsigned int)base->value;
	uint64_t address = 0;
	int64_t by = index->value;

	for (unsigned int i = 0; i < 4; i++)
		address |= (uint64_t)(base->kind == AGX_ISA_UNIFORM ? f->bindings.uniforms[half + i]
								    : f->half[lane][half + i])
			   << (16 * i);
	address -= address % size;
	if (index->kind == AGX_ISA_REG) {
		by = get32(f, lane, (unsigned int)index->value);
		if (index->flags & AGX_ISA_SX)
			by = (int32_t)by;
	}
	return address + (uint64_t)by * unit;
}

static void loads_and_stores_do_what_bytes_do(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr load, store;

	template(&load, "load r0, du4, r2, i32, x, a");
	template(&store, "store r0, du4, r2, i32, x, a");
	for (unsigned int i = 0; i < WINDOW; i++) {
		f->window[i] = (uint8_t)draw(f, 256);
		if (f->pages[i / PAGE])
			f->pages[i / PAGE][i % PAGE] = f->window[i];
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const bool is_store = draw(f, 2);
		struct agx_isa_instr *instr = is_store ? &store : &load;
		struct form form = draw_form(f, instr, &instr->operands[0]);
		const unsigned int shift = draw(f, 2) ? 0 : draw(f, 4);
		uint32_t offsets[AGX_LANES], unit = form.size;

		instr->modifiers[AGX_ISA_MODIFIER_SHIFT] = (uint8_t)shift;
		if (!agx_formats[form.format].packed)
			unit <<= shift < 3 ? shift : 2;
		randomise(f);
		draw_addresses(f, unit,
			       form.size * (agx_formats[form.format].packed
						    ? 1
						    : (unsigned int)__builtin_popcount(form.mask)),
			       offsets);
		place_operands(f, &instr->operands[1], &instr->operands[2], unit, offsets);
		note_registers(f);
		{
			uint16_t before[AGX_LANES][AGX_HALVES];

			memcpy(before, f->half, sizeof(before));
			run(f, instr);
			for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
				uint64_t address;

				if (!(f->simd->exec_mask >> lane & 1))
					continue;
				address = address_of(f, &instr->operands[1], &instr->operands[2],
						     lane, form.size, unit);
				if (is_store) {
					f->soft_stores += is_soft(f, &form, address);
					expect_store(f, &form, lane, address, window_byte);
				} else {
					f->soft_loads += is_soft(f, &form, address);
					expect_load(f, &form, lane, address, window_byte);
				}
			}
		}
		check_registers(f, is_store ? "store" : "load");
		if (is_store || round % 64 == 0)
			check_window(f);
		assert_false(f->memory.faulted);
	}
	assert_true(f->soft_loads > 100 && f->soft_stores > 100);
}

static uint32_t expected_atomic(unsigned int op, uint32_t old, uint32_t a, uint32_t expected)
{
	const int64_t sold = (int32_t)old, sa = (int32_t)a;

	switch (op) {
	case 0:
		return (uint32_t)((uint64_t)old + a);
	case 1:
		return (uint32_t)((uint64_t)old - a);
	case 2:
		return a;
	case 3:
		return old == expected ? a : old;
	case 4:
		return a < old ? a : old;
	case 5:
		return sa < sold ? a : old;
	case 6:
		return a > old ? a : old;
	case 7:
		return sa > sold ? a : old;
	case 8:
		return old & a;
	case 9:
		return old | a;
	default:
		return (old | a) & ~(old & a);
	}
}

/* Operands of an atomic, by lot. The source pair of cmpxchg often has the value that is there. */
static unsigned int draw_atomic(struct fixture *f, struct agx_isa_instr *instr)
{
	const unsigned int op = draw(f, 11);

	instr->modifiers[AGX_ISA_MODIFIER_ATOMIC] = (uint8_t)op;
	instr->operands[0].kind = draw(f, 4) ? AGX_ISA_REG : AGX_ISA_NONE;
	instr->operands[0].bits = instr->operands[0].kind == AGX_ISA_REG ? 32 : 0;
	instr->operands[0].value =
		instr->operands[0].kind == AGX_ISA_REG ? 2 * (int32_t)draw(f, 128) : 0;
	instr->operands[1].value = 2 * (int32_t)draw(f, 127);
	instr->operands[1].count = op == AGX_ISA_ATOMIC_CMPXCHG ? 2 : 1;
	return op;
}

static void expect_atomic(struct fixture *f, const struct agx_isa_instr *instr, unsigned int lane,
			  uint64_t address,
			  uint8_t *(*byte)(struct fixture *, uint64_t, unsigned int))
{
	const unsigned int source = (unsigned int)instr->operands[1].value;
	const uint32_t old = read_bytes(byte, f, address, lane, 4);
	const uint32_t a = get32(f, lane, source);
	const uint32_t b = source + 2 < AGX_HALVES ? get32(f, lane, source + 2) : 0;

	write_bytes(byte, f, address, lane, 4,
		    expected_atomic(instr->modifiers[AGX_ISA_MODIFIER_ATOMIC], old, a, b));
	if (instr->operands[0].kind == AGX_ISA_REG) {
		f->half[lane][instr->operands[0].value] = (uint16_t)old;
		f->half[lane][instr->operands[0].value + 1] = (uint16_t)(old >> 16);
	}
}

static void atomics_do_what_bytes_do(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr instr;

	template(&instr, "atomic r1, r4, du10, r5.sx, and, coherent1, a");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t offsets[AGX_LANES];

		draw_atomic(f, &instr);
		randomise(f);
		draw_addresses(f, 4, 4, offsets);
		place_operands(f, &instr.operands[2], &instr.operands[3], 4, offsets);
		/* Some expectations that hold: memory is zero in many places. */
		if (draw(f, 2))
			for (unsigned int lane = 0; lane < AGX_LANES; lane++)
				set32(f, (unsigned int)instr.operands[1].value + 2, lane, 0);
		note_registers(f);
		run(f, &instr);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			uint64_t address;

			if (!(f->simd->exec_mask >> lane & 1))
				continue;
			address = address_of(f, &instr.operands[2], &instr.operands[3], lane, 4, 4);
			f->soft_loads += !window_byte(f, address, lane);
			f->soft_stores += !window_byte(f, address, lane);
			expect_atomic(f, &instr, lane, address, window_byte);
		}
		check_registers(f, "atomic");
		check_window(f);
	}
}

/* Edges that lots may miss. */
static void atomics_wrap_and_compare(void **state)
{
	static const struct {
		const char *line;
		uint32_t old, source, expected, result;
	} cases[] = {
		{"atomic r1, r4, dr6, 0, add, coherent1, a", 0xffffffff, 2, 0, 1},
		{"atomic r1, r4, dr6, 0, sub, coherent1, a", 1, 2, 0, 0xffffffff},
		{"atomic r1, r4, dr6, 0, umin, coherent1, a", 0x80000000, 1, 0, 1},
		{"atomic r1, r4, dr6, 0, imin, coherent1, a", 0x80000000, 1, 0, 0x80000000},
		{"atomic r1, r4, dr6, 0, umax, coherent1, a", 0x80000000, 1, 0, 0x80000000},
		{"atomic r1, r4, dr6, 0, imax, coherent1, a", 0x80000000, 1, 0, 1},
		{"atomic r1, r4_r5, dr6, 0, cmpxchg, coherent1, a", 7, 9, 7, 9},
		{"atomic r1, r4_r5, dr6, 0, cmpxchg, coherent1, a", 7, 9, 9, 7},
		{"atomic r1, r4, dr6, 0, xchg, coherent1, a", 7, 9, 9, 9},
	};
	struct fixture *f = *state;
	uint32_t *word = (uint32_t *)f->pages[0];

	agx_simd_set_exec(f->simd, 1u << 5);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		*word = cases[i].old;
		set32(f, 2, 5, 0x55555555);
		set32(f, 8, 5, cases[i].source);
		set32(f, 10, 5, cases[i].expected);
		set32(f, 12, 5, (uint32_t)VA | 3); /* rounded down */
		set32(f, 14, 5, VA >> 32);
		run_text(f, cases[i].line);
		assert_int_equal(*word, cases[i].result);
		assert_int_equal(f->simd->r[1][5], cases[i].old);
	}
}

#define THREADS 3
#define ADDS    40000

struct worker {
	struct fixture *f;
	const char *line;
	pthread_barrier_t *start;
	pthread_t thread;
};

static void *work(void *cookie)
{
	const struct worker *worker = cookie;
	struct fixture *own = calloc(1, sizeof(*own));
	struct agx_isa_instr instr;

	own->machine = worker->f->machine;
	agx_memory_init(&own->memory, &own->machine.walker);
	agx_memory_start(&own->memory, MACHINE_CONTEXT, true);
	own->group = worker->f->group;
	own->group.bindings = &own->bindings;
	own->program = (struct agx_program){.count = 1, .ops = own->ops, .instrs = &own->instr};
	own->simd = aligned_alloc(AGX_ROW_ALIGN, (sizeof(*own->simd) + 63) / 64 * 64);
	memset(own->simd, 0, sizeof(*own->simd));
	own->simd->memory = &own->memory;
	agx_simd_start(own->simd, &own->program, &own->group, 0, AGX_LANES);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		set32(own, 8, lane, 1);
		set32(own, 12, lane, (uint32_t)VA);
		set32(own, 14, lane, VA >> 32);
	}
	template(&instr, worker->line);
	bind(own, &instr);
	pthread_barrier_wait(worker->start);
	for (unsigned int i = 0; i < ADDS; i++)
		own->ops[0].fn(own->simd, own->ops);
	free(own->simd);
	free(own);
	return NULL;
}

static void atomics_are_atomic_between_threads(void **state)
{
	struct fixture *f = *state;
	struct worker workers[THREADS];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
			.f = f,
			.start = &start,
			.line = i & 1 ? "atomic r1, r4, dr6, 0, add, coherent1, a"
				      : "atomic _, r4, dr6, 0, add, coherent1, a",
		};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	assert_int_equal(*(uint32_t *)f->pages[0], THREADS * ADDS * AGX_LANES);
}

static void faults_name_lane_and_address(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault;

	machine_map(&f->machine, VA + 8 * PAGE, MACHINE_RO);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		set32(f, 0, lane, lane);
		set32(f, 12, lane, (uint32_t)VA + (lane >= 9 ? HOLE * (uint32_t)PAGE : 0));
		set32(f, 14, lane, VA >> 32);
	}
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	agx_simd_set_exec(f->simd, 0xfffffff6);
	expect_trap(f, "load r8_r9, dr6, 0, i32, xy, a", AGX_TRAP_FAULT, 9);
	agx_memory_fault(&f->memory, f->simd->trap_what, &fault);
	assert_true(fault.address == VA + HOLE * PAGE && fault.read);
	assert_int_equal(fault.reason, AGX_FAULT_REASON_UNMAPPED);

	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	agx_simd_set_exec(f->simd, 0x00001e00);
	expect_trap(f, "atomic r1, r4, dr6, 0, add, coherent1, a", AGX_TRAP_FAULT, 9);

	/* The second component is on the next page. */
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	agx_simd_set_exec(f->simd, 1u << 4);
	set32(f, 12, 4, (uint32_t)(VA + HOLE * PAGE - 4));
	expect_trap(f, "store r0_r1, dr6, 0, i32, xy, a", AGX_TRAP_FAULT, 4);
	agx_memory_fault(&f->memory, f->simd->trap_what, &fault);
	assert_true(fault.address == VA + HOLE * PAGE && !fault.read);

	/* Rights are faults even where soft faults are on. */
	agx_memory_start(&f->memory, MACHINE_CONTEXT, true);
	agx_simd_set_exec(f->simd, AGX_ALL_LANES);
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		set32(f, 12, lane, (uint32_t)(VA + 8 * PAGE) + 4 * lane);
	run_text(f, "load r8, dr6, 0, i32, x, a");
	expect_trap(f, "store r0, dr6, 0, i32, x, a", AGX_TRAP_FAULT, 0);
	agx_memory_fault(&f->memory, f->simd->trap_what, &fault);
	assert_int_equal(fault.reason, AGX_FAULT_REASON_READ_ONLY);
}

static void the_last_lane_wins(void **state)
{
	struct fixture *f = *state;

	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		set32(f, 0, lane, 100 + lane);
		set32(f, 12, lane, (uint32_t)VA);
		set32(f, 14, lane, VA >> 32);
	}
	agx_simd_set_exec(f->simd, 0x00ffff00);
	run_text(f, "store r0, dr6, 0, i32, x, a");
	assert_int_equal(*(uint32_t *)f->pages[0], 123);
}

/* Lanes in a row of which the last has two components on each of two pages. */
static void a_row_may_end_on_the_next_page(void **state)
{
	struct fixture *f = *state;
	const uint64_t start = VA + PAGE - 31 * 16 - 8;

	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		for (unsigned int i = 0; i < 4; i++)
			set32(f, 16 + 2 * i, lane, 4 * lane + i);
		set32(f, 12, lane, (uint32_t)start + 16 * lane);
		set32(f, 14, lane, VA >> 32);
	}
	run_text(f, "store r8_r9_r10_r11, dr6, 0, i32, xyzw, a");
	for (unsigned int i = 0; i < 128; i++) {
		const uint64_t at = start - VA + 4 * i;

		assert_int_equal(*(uint32_t *)(f->pages[at / PAGE] + at % PAGE), i);
	}
	run_text(f, "load r20_r21_r22_r23, dr6, 0, i32, xyzw, a");
	for (unsigned int lane = 0; lane < AGX_LANES; lane++)
		for (unsigned int i = 0; i < 4; i++)
			assert_int_equal(f->simd->r[20 + i][lane], 4 * lane + i);
}

static uint8_t *local_byte(struct fixture *f, uint64_t address, unsigned int lane)
{
	address %= AGX_LOCAL_MEMORY;
	return address < LOCAL_SIZE ? &f->local_expected[address] : NULL;
}

static uint32_t local_value(struct fixture *f, const struct agx_isa_operand *operand,
			    unsigned int lane)
{
	switch (operand->kind) {
	case AGX_ISA_REG:
		return f->half[lane][operand->value];
	case AGX_ISA_UNIFORM:
		return f->bindings.uniforms[operand->value];
	case AGX_ISA_IMM:
		return (uint32_t)operand->value;
	default:
		return 0;
	}
}

/* Base and index in threadgroup memory; now and then beyond it. */
static void draw_local(struct fixture *f, struct agx_isa_operand *base,
		       struct agx_isa_operand *index)
{
	const uint32_t reach = draw(f, 3) ? LOCAL_SIZE / 2 : 65536, by = draw(f, 3) ? 8 : 300;

	*base = (struct agx_isa_operand){.role = base->role, .count = 1};
	*index = (struct agx_isa_operand){.role = index->role, .count = 1};
	switch (draw(f, 4)) {
	case 0:
		base->kind = AGX_ISA_NONE;
		break;
	case 1:
		base->kind = AGX_ISA_UNIFORM;
		base->bits = 16;
		base->value = (int32_t)draw(f, 256);
		f->bindings.uniforms[base->value] = (uint16_t)draw(f, reach);
		break;
	default:
		base->kind = AGX_ISA_REG;
		base->bits = 16;
		base->value = (int32_t)draw(f, AGX_HALVES);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			agx_simd_set_half(f->simd, (unsigned int)base->value, lane,
					  (uint16_t)draw(f, reach));
		break;
	}
	if (draw(f, 2)) {
		index->kind = AGX_ISA_IMM;
		index->value = draw(f, 2) ? 0 : (int32_t)draw(f, by) - (int32_t)draw(f, 4);
	} else {
		index->kind = AGX_ISA_REG;
		index->bits = 16;
		index->value = (int32_t)draw(f, AGX_HALVES);
		if (index->value == base->value)
			return;
		for (unsigned int lane = 0; lane < AGX_LANES; lane++)
			agx_simd_set_half(f->simd, (unsigned int)index->value, lane,
					  (uint16_t)draw(f, by));
	}
}

static uint32_t local_address(struct fixture *f, const struct agx_isa_operand *base,
			      const struct agx_isa_operand *index, unsigned int lane,
			      unsigned int size)
{
	const uint32_t from = local_value(f, base, lane);

	return from - from % size + local_value(f, index, lane) * size;
}

static void check_local(const struct fixture *f)
{
	assert_memory_equal(f->local, f->local_expected, sizeof(f->local));
	assert_int_equal(f->memory.local_strays, f->strays);
}

static void threadgroup_memory_does_what_bytes_do(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr load, store;

	template(&load, "lload r0, r4l, 0, i32, x");
	template(&store, "lstore r0, r4l, 0, i32, x");
	for (unsigned int i = 0; i < AGX_LOCAL_MEMORY; i++)
		f->local[i] = f->local_expected[i] = (uint8_t)draw(f, 256);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const bool is_store = draw(f, 2);
		struct agx_isa_instr *instr = is_store ? &store : &load;
		struct form form = draw_form(f, instr, &instr->operands[0]);

		randomise(f);
		draw_local(f, &instr->operands[1], &instr->operands[2]);
		note_registers(f);
		run(f, instr);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			uint32_t address;

			if (!(f->simd->exec_mask >> lane & 1))
				continue;
			address = local_address(f, &instr->operands[1], &instr->operands[2], lane,
						form.size);
			for (unsigned int i = 0; i < 4; i++)
				if (agx_formats[form.format].packed ? !i : form.mask >> i & 1)
					f->strays += !local_byte(f, address + i * form.size, lane);
			if (is_store)
				expect_store(f, &form, lane, address, local_byte);
			else
				expect_load(f, &form, lane, address, local_byte);
		}
		check_registers(f, is_store ? "lstore" : "lload");
		check_local(f);
	}
	assert_true(f->strays > 100);
}

static void threadgroup_atomics_do_what_bytes_do(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr instr;

	template(&instr, "latomic r4, r4, r6l, 0, add");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		draw_atomic(f, &instr);
		randomise(f);
		draw_local(f, &instr.operands[2], &instr.operands[3]);
		if (draw(f, 2))
			for (unsigned int lane = 0; lane < AGX_LANES; lane++)
				set32(f, (unsigned int)instr.operands[1].value + 2, lane, 0);
		note_registers(f);
		run(f, &instr);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			uint32_t address;

			if (!(f->simd->exec_mask >> lane & 1))
				continue;
			address = local_address(f, &instr.operands[2], &instr.operands[3], lane, 4);
			f->strays += !local_byte(f, address, lane);
			expect_atomic(f, &instr, lane, address, local_byte);
		}
		check_registers(f, "latomic");
		check_local(f);
	}
}

static void a_launch_without_threadgroup_memory_traps(void **state)
{
	struct fixture *f = *state;

	f->group.local = NULL;
	expect_trap(f, "lload r0, r4l, 0, i32, x", AGX_TRAP_STATE, 0);
	expect_trap(f, "lstore r0, r4l, 0, i32, x", AGX_TRAP_STATE, 0);
	expect_trap(f, "latomic r4, r4, r6l, 0, add", AGX_TRAP_STATE, 0);
}

/* Offsets count from the stack's end: what was pushed last is at 0. */
static uint8_t *stack_byte(struct fixture *f, uint64_t address, unsigned int lane)
{
	assert_true(address < f->stack_size);
	return &f->lane_stack[lane][ROOM - f->stack_size + address];
}

static void adjust(struct fixture *f, int words)
{
	char line[40];

	snprintf(line, sizeof(line), "stack_adjust %d", words);
	run_text(f, line);
	f->stack_size = (uint32_t)((int)f->stack_size + 4 * words);
	assert_int_equal(f->simd->stack_size, f->stack_size);
	for (unsigned int lane = 0; words > 0 && lane < AGX_LANES; lane++)
		memset(stack_byte(f, 0, lane), 0, (size_t)words * 4);
}

static void the_stack_does_what_bytes_do(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr load, store;

	template(&load, "stack_load r6, 4, i32, x, a");
	template(&store, "stack_store r6, 4, i32, x, a");
	memset(f->stack, 0xee, sizeof(f->stack));
	adjust(f, 20);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const bool is_store = draw(f, 2);
		struct agx_isa_instr *instr = is_store ? &store : &load;
		struct form form = draw_form(f, instr, &instr->operands[0]);
		struct agx_isa_operand *index = &instr->operands[1];

		if (!draw(f, 20)) {
			agx_simd_set_exec(f->simd, draw(f, 2) ? AGX_ALL_LANES : 0);
			if (f->stack_size == 80)
				adjust(f, 1 + (int)draw(f, 30));
			else
				adjust(f, 20 - (int)f->stack_size / 4);
		}
		randomise(f);
		index->flags = 0;
		if (draw(f, 2)) {
			index->kind = AGX_ISA_IMM;
			index->bits = 0;
			index->value = (int32_t)draw(f, f->stack_size - 16);
		} else {
			index->kind = AGX_ISA_REG;
			index->bits = 32;
			index->value = (int32_t)(2 * draw(f, 128));
			for (unsigned int lane = 0; lane < AGX_LANES; lane++)
				set32(f, (unsigned int)index->value, lane,
				      draw(f, f->stack_size - 16));
		}
		note_registers(f);
		run(f, instr);
		for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
			uint32_t offset;

			if (!(f->simd->exec_mask >> lane & 1))
				continue;
			offset = index->kind == AGX_ISA_IMM
					 ? (uint32_t)index->value
					 : get32(f, lane, (unsigned int)index->value);
			offset -= offset % form.size;
			if (is_store)
				expect_store(f, &form, lane, offset, stack_byte);
			else
				expect_load(f, &form, lane, offset, stack_byte);
		}
		check_registers(f, is_store ? "stack_store" : "stack_load");
	}
}

static void the_stack_has_bounds(void **state)
{
	struct fixture *f = *state;

	expect_trap(f, "stack_load r6, 0, i32, x, a", AGX_TRAP_STACK, 0);
	expect_trap(f, "stack_adjust 132", AGX_TRAP_STACK, 0);
	expect_trap(f, "stack_adjust -1", AGX_TRAP_STACK, 0);
	adjust(f, ROOM / 4);
	expect_trap(f, "stack_adjust 1", AGX_TRAP_STACK, 0);
	adjust(f, -ROOM / 4);
	adjust(f, 8);
	run_text(f, "stack_store r6, 28, i32, x, a");
	run_text(f, "stack_load r6_r7_r8_r9, 16, i32, xyzw, a");
	expect_trap(f, "stack_store r6, 32, i32, x, a", AGX_TRAP_STACK, 0);
	expect_trap(f, "stack_load r6_r7_r8_r9, 20, i32, xyzw, a", AGX_TRAP_STACK, 0);
	expect_trap(f, "stack_load r6, -4, i32, x, a", AGX_TRAP_STACK, 0);
	set32(f, 4, 6, 0xfffffffc);
	expect_trap(f, "stack_load r6, r2, i32, x, a", AGX_TRAP_STACK, 6);
	f->simd->stack_room = 0;
	expect_trap(f, "stack_adjust 1", AGX_TRAP_STACK, 0);
}

static void preambles_set_uniforms(void **state)
{
	struct fixture *f = *state;
	static const uint8_t four[] = {0xc5, 0x00, 0x00, 0x3d, 0x08, 0x80, 0xf0, 0x00};

	f->group.stage = AGX_STAGE_PREAMBLE;
	agx_simd_set_exec(f->simd, 0xfffffff0);
	set32(f, 0, 4, 0x22221111);
	set32(f, 2, 4, 0x44443333);
	assert_int_equal(agx_isa_decode(four, sizeof(four), &f->instr), 8);
	assert_int_equal(f->instr.op, AGX_ISA_OP_UNIFORM_STORE);
	f->ops[0].fn = agx_exec_memory_fn(&f->instr);
	assert_non_null(f->ops[0].fn);
	assert_ptr_equal(f->ops[0].fn(f->simd, f->ops), f->ops + 1);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(f->bindings.uniforms[128 + i], 0x1111 * (i + 1));
	assert_int_equal(f->bindings.uniforms[127] | f->bindings.uniforms[132], 0);

	f->group.stage = AGX_STAGE_COMPUTE;
	assert_null(f->ops[0].fn(f->simd, f->ops));
	assert_int_equal(f->simd->trap, AGX_TRAP_NOT_MODELLED);
	/* Beyond the last uniform register. */
	f->instr.operands[0].value = AGX_UNIFORMS - 3;
	assert_null(agx_exec_memory_fn(&f->instr));
}

static void preambles_set_states(void **state)
{
	struct fixture *f = *state;
	uint8_t data[48];

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	data[6] = data[7] = 0;
	/* Over the end of a page. */
	memcpy(f->pages[0] + PAGE - 24, data, 24);
	memcpy(f->pages[1], data + 24, 24);
	f->group.stage = AGX_STAGE_PREAMBLE;
	for (unsigned int i = 0; i < 4; i++)
		f->bindings.uniforms[12 + i] = (uint16_t)((VA + PAGE - 24) >> (16 * i));
	set32(f, 2, 0, 12);
	run_text(f, "load ts2, du6, r1, a");
	assert_memory_equal(f->bindings.textures[2], data + 12, 24);
	assert_int_equal(f->bindings.textures_set[0], 4);
	run_text(f, "load ss3, du6, r1, a");
	assert_memory_equal(f->bindings.samplers[3], data + 12, 8);
	for (unsigned int i = 8; i < 24; i++)
		assert_int_equal(f->bindings.samplers[3][i], 0);
	assert_int_equal(f->bindings.samplers_set, 8);
	/* With a border of its own. */
	f->pages[0][PAGE - 24 + 6] = 0x80;
	f->pages[0][PAGE - 24 + 7] = 0x01;
	set32(f, 2, 0, 0);
	run_text(f, "load ss3, du6, r1, a");
	assert_memory_equal(f->bindings.samplers[3] + 8, data + 8, 16);

	set32(f, 2, 0, 0x7fffffff);
	agx_memory_start(&f->memory, MACHINE_CONTEXT, false);
	expect_trap(f, "load ts2, du6, r1, a", AGX_TRAP_FAULT, 0);
	f->group.stage = AGX_STAGE_COMPUTE;
	expect_trap(f, "load ts2, du6, r1, a", AGX_TRAP_NOT_MODELLED, 0);
}

static void a_barrier_leaves(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr instr;

	template(&instr, "barrier");
	assert_non_null(bind(f, &instr));
	assert_null(f->ops[0].fn(f->simd, f->ops));
	assert_int_equal(f->simd->result, AGX_EXEC_BARRIER);
	assert_int_equal(f->simd->pc, 1);
	assert_int_equal(f->simd->trap, AGX_TRAP_NONE);
}

/* What is not modelled is not bound: the core then traps with its name. */
static void other_forms_are_refused(void **state)
{
	struct fixture *f = *state;
	struct agx_isa_instr instr;

	template(&instr, "load r0, du4, r2, i32, x, a");
	assert_non_null(bind(f, &instr));
	instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = 9;
	assert_null(bind(f, &instr));
	instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = 11;
	assert_null(bind(f, &instr));
	/* Registers behind the last. */
	template(&instr, "load r127, du4, r2, i32, x, a");
	assert_non_null(bind(f, &instr));
	instr.operands[0].mask = instr.modifiers[AGX_ISA_MODIFIER_MASK] = 3;
	instr.operands[0].count = 2;
	assert_null(agx_exec_memory_fn(&instr));
	/* Packed formats fill four whatever the mask says. */
	template(&instr, "load r125, du4, r2, i32, x, a");
	instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = AGX_ISA_FORMAT_RGB10A2;
	assert_null(bind(f, &instr));
	instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = AGX_ISA_FORMAT_RGB9E5;
	assert_non_null(bind(f, &instr));
	/* 32 bits do not fit 16. */
	template(&instr, "load r0l, du4, r2, i16, x, a");
	instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = AGX_ISA_FORMAT_I32;
	assert_null(bind(f, &instr));
	template(&instr, "stack_load r6, r2, i32, x, a");
	instr.modifiers[AGX_ISA_MODIFIER_SHIFT] = 1;
	assert_null(bind(f, &instr));
	template(&instr, "atomic r1, r4, du10, r5.sx, and, coherent1, a");
	instr.modifiers[AGX_ISA_MODIFIER_ATOMIC] = 11;
	assert_null(agx_exec_memory_fn(&instr));
	template(&instr, "load r0, dr126, 0, i32, x, a");
	assert_non_null(bind(f, &instr));
	instr.operands[1].value = 254;
	assert_null(agx_exec_memory_fn(&instr));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(loads_and_stores_do_what_bytes_do),
		TEST(atomics_do_what_bytes_do),
		TEST(atomics_wrap_and_compare),
		TEST(atomics_are_atomic_between_threads),
		TEST(faults_name_lane_and_address),
		TEST(the_last_lane_wins),
		TEST(a_row_may_end_on_the_next_page),
		TEST(threadgroup_memory_does_what_bytes_do),
		TEST(threadgroup_atomics_do_what_bytes_do),
		TEST(a_launch_without_threadgroup_memory_traps),
		TEST(the_stack_does_what_bytes_do),
		TEST(the_stack_has_bounds),
		TEST(preambles_set_uniforms),
		TEST(preambles_set_states),
		TEST(a_barrier_leaves),
		TEST(other_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
