// SPDX-License-Identifier: MIT
/*
 * Loads, stores and atomics of device memory, and the barrier.
 *
 * Addresses of all lanes first. When they lie in one page it is translated once, and when they follow
 * each other the memory is copied; otherwise lane by lane. Lanes take effect in their order, the
 * components of one in theirs: of several stores to one place the last lane's stays. (Hardware promises
 * none.)
 */
#include "exec_memory.h"
#include "memory.h"

#define PAGE_OFFSET (AGX_MEMORY_PAGE - 1)

/* Operands of load and store, by the table's order; atomics have one more before the base. */
enum {
	OPERAND_DATA,
	OPERAND_BASE,
	OPERAND_INDEX,
	OPERAND_ATOMIC_BASE = 2,
	OPERAND_ATOMIC_INDEX,
};

struct places {
	uint64_t address[AGX_LANES]; /* of the element that the index names */
	uint64_t first;              /* of the first active lane */
	uint64_t differ;             /* bits in which active lanes differ from it */
	uint32_t gap; /* 0: each active lane is stride bytes behind the lane before */
};

static uint64_t base_of(const struct agx_simd *simd, const struct agx_isa_operand *base)
{
	const unsigned int half = (unsigned int)base->value;

	return agx_simd_uniform32(simd, half) | (uint64_t)agx_simd_uniform32(simd, half + 2) << 32;
}

/* align: size of an element, a power of two. shift: of the index. stride: between lanes, for the gap. */
static void find_places(const struct agx_simd *simd, const struct agx_isa_operand *base,
			const struct agx_isa_operand *index, unsigned int align, unsigned int shift,
			unsigned int stride, struct places *places)
{
	const uint64_t mask = ~(uint64_t)(align - 1);
	uint64_t *address = places->address, differ = 0, first;
	uint32_t gap = 0, start;
	unsigned int lane;

	if (base->kind == AGX_ISA_REG) {
		const uint32_t *low = (const uint32_t *)&simd->r[base->value / 2];
		const uint32_t *high = (const uint32_t *)&simd->r[base->value / 2 + 1];

		for (lane = 0; lane < AGX_LANES; lane++)
			address[lane] = (low[lane] | (uint64_t)high[lane] << 32) & mask;
	} else {
		const uint64_t same = base_of(simd, base) & mask;

		for (lane = 0; lane < AGX_LANES; lane++)
			address[lane] = same;
	}
	if (index->kind == AGX_ISA_IMM) {
		const uint64_t offset = (uint64_t)(int64_t)index->value << shift;

		for (lane = 0; lane < AGX_LANES; lane++)
			address[lane] += offset;
	} else if (index->flags & AGX_ISA_SX) {
		const int32_t *row = (const int32_t *)&simd->r[index->value / 2];

		for (lane = 0; lane < AGX_LANES; lane++)
			address[lane] += (uint64_t)(int64_t)row[lane] << shift;
	} else {
		const uint32_t *row = (const uint32_t *)&simd->r[index->value / 2];

		for (lane = 0; lane < AGX_LANES; lane++)
			address[lane] += (uint64_t)row[lane] << shift;
	}

	lane = (unsigned int)__builtin_ctz(simd->exec_mask);
	first = address[lane];
	start = (uint32_t)first - lane * stride;
	for (lane = 0; lane < AGX_LANES; lane++) {
		const int32_t active = (int32_t)simd->exec[lane];

		differ |= (address[lane] ^ first) & (uint64_t)(int64_t)active;
		gap |= (((uint32_t)address[lane] - lane * stride) ^ start) & (uint32_t)active;
	}
	places->first = first;
	places->differ = differ;
	places->gap = gap;
}

/* Of the lanes that load or store. */
static void count(struct agx_simd *simd, const struct agx_shape *shape, bool store)
{
	struct agx_memory *memory = simd->memory;
	const unsigned int lanes = (unsigned int)__builtin_popcount(simd->exec_mask);

	if (store) {
		memory->stores += lanes;
		memory->bytes_stored += (uint64_t)lanes * shape->count * shape->size;
	} else {
		memory->loads += lanes;
		memory->bytes_loaded += (uint64_t)lanes * shape->count * shape->size;
	}
}

/* Four lanes, four components of each: rows to columns. */
typedef uint32_t quad __attribute__((vector_size(16), aligned(4), may_alias));

static inline void transpose(quad *a, quad *b, quad *c, quad *d)
{
	const quad ab_low = __builtin_shufflevector(*a, *b, 0, 4, 1, 5);
	const quad ab_high = __builtin_shufflevector(*a, *b, 2, 6, 3, 7);
	const quad cd_low = __builtin_shufflevector(*c, *d, 0, 4, 1, 5);
	const quad cd_high = __builtin_shufflevector(*c, *d, 2, 6, 3, 7);

	*a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
	*b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
	*c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
	*d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

/* Whether all lanes' elements are one piece of memory without holes; its start is lane 0's place. */
static bool one_piece(const struct agx_shape *shape, const struct places *places)
{
	return !places->gap && shape->span == shape->count * shape->size && shape->count != 3;
}

static void split(const uint8_t *from, const struct agx_shape *shape, struct agx_elements *out)
{
	uint32_t *x = (uint32_t *)&out->row[0], *y = (uint32_t *)&out->row[1];
	uint32_t *z = (uint32_t *)&out->row[2], *w = (uint32_t *)&out->row[3];
	const unsigned int size = shape->size, n = shape->count;

	if (size == 4 && n == 1) {
		memcpy(x, from, sizeof(out->row[0]));
	} else if (size == 4 && n == 2) {
		for (unsigned int i = 0; i < AGX_LANES; i += 4) {
			const quad a = *(const quad *)(from + 8 * i);
			const quad b = *(const quad *)(from + 8 * i + 16);

			*(quad *)(x + i) = __builtin_shufflevector(a, b, 0, 2, 4, 6);
			*(quad *)(y + i) = __builtin_shufflevector(a, b, 1, 3, 5, 7);
		}
	} else if (size == 4) {
		for (unsigned int i = 0; i < AGX_LANES; i += 4) {
			const quad *four = (const quad *)(from + 16 * i);
			quad a = four[0], b = four[1], c = four[2], d = four[3];

			transpose(&a, &b, &c, &d);
			*(quad *)(x + i) = a;
			*(quad *)(y + i) = b;
			*(quad *)(z + i) = c;
			*(quad *)(w + i) = d;
		}
	} else {
		for (unsigned int k = 0; k < n; k++)
			for (unsigned int i = 0; i < AGX_LANES; i++)
				out->row[k][i] = agx_element_load(from + (i * n + k) * size, size);
	}
}

static void join(uint8_t *to, const struct agx_shape *shape, const struct agx_elements *in)
{
	const uint32_t *x = (const uint32_t *)&in->row[0], *y = (const uint32_t *)&in->row[1];
	const uint32_t *z = (const uint32_t *)&in->row[2], *w = (const uint32_t *)&in->row[3];
	const unsigned int size = shape->size, n = shape->count;

	if (size == 4 && n == 1) {
		memcpy(to, x, sizeof(in->row[0]));
	} else if (size == 4 && n == 2) {
		for (unsigned int i = 0; i < AGX_LANES; i += 4) {
			const quad a = *(const quad *)(x + i), b = *(const quad *)(y + i);

			*(quad *)(to + 8 * i) = __builtin_shufflevector(a, b, 0, 4, 1, 5);
			*(quad *)(to + 8 * i + 16) = __builtin_shufflevector(a, b, 2, 6, 3, 7);
		}
	} else if (size == 4) {
		for (unsigned int i = 0; i < AGX_LANES; i += 4) {
			quad *four = (quad *)(to + 16 * i);
			quad a = *(const quad *)(x + i), b = *(const quad *)(y + i);
			quad c = *(const quad *)(z + i), d = *(const quad *)(w + i);

			transpose(&a, &b, &c, &d);
			four[0] = a;
			four[1] = b;
			four[2] = c;
			four[3] = d;
		}
	} else {
		for (unsigned int k = 0; k < n; k++)
			for (unsigned int i = 0; i < AGX_LANES; i++)
				agx_element_store(to + (i * n + k) * size, size, in->row[k][i]);
	}
}

/*
 * The lanes follow each other without holes, all in one page: at lane 0's place. Lanes that are not active
 * may be looked at there, not written (all).
 */
static inline bool in_a_row(const struct agx_simd *simd, const struct places *places,
			    const struct agx_shape *shape, bool all)
{
	const uint64_t lane0 =
		places->first - (uint64_t)__builtin_ctz(simd->exec_mask) * shape->span;

	if (all && simd->exec_mask != AGX_ALL_LANES)
		return false;
	return one_piece(shape, places) &&
	       (lane0 & PAGE_OFFSET) + AGX_LANES * shape->span <= AGX_MEMORY_PAGE;
}

/* The memory of all active lanes, when it is in one page; from the page's start. NULL: it is not. */
static inline uint8_t *same_page(struct agx_simd *simd, const struct agx_shape *shape,
				 const struct places *places, bool row, enum agx_access access)
{
	uint32_t last = places->first & PAGE_OFFSET;
	uint8_t *host;

	if (places->differ & ~PAGE_OFFSET)
		return NULL;
	for (unsigned int lane = 0; !row && places->differ && lane < AGX_LANES; lane++) {
		const uint32_t at = places->address[lane] & PAGE_OFFSET & simd->exec[lane];

		last = at > last ? at : last;
	}
	if (!row && last + shape->span > AGX_MEMORY_PAGE)
		return NULL;
	host = agx_memory_translate(simd->memory, places->first, access);
	return host ? host - (places->first & PAGE_OFFSET) : NULL;
}

/*
 * One lane's elements, which may lie in two pages; each of them, being aligned, lies in one. False: fault.
 */
static inline bool for_lane(struct agx_memory *memory, const struct agx_shape *shape,
			    uint64_t address, unsigned int lane, struct agx_elements *elements,
			    enum agx_access access)
{
	uint64_t at = 0;
	uint8_t *host = NULL;
	bool soft = false;

	for (unsigned int i = 0; i < shape->count; i++) {
		const uint64_t last = at;

		at = address + shape->offset[i];
		if (i && !((at ^ last) & ~PAGE_OFFSET)) {
			host = host ? host + (at - last) : NULL;
		} else {
			host = agx_memory_translate(memory, at, access);
			if (!host && memory->faulted)
				return false;
			soft |= !host;
		}
		if (access == AGX_ACCESS_READ)
			elements->row[i][lane] = host ? agx_element_load(host, shape->size) : 0;
		else if (host)
			agx_element_store(host, shape->size, elements->row[i][lane]);
	}
	if (access == AGX_ACCESS_READ)
		memory->soft_loads += soft;
	else
		memory->soft_stores += soft;
	return true;
}

static const struct agx_op *fault(struct agx_simd *simd, const struct agx_op *op, unsigned int lane,
				  const char *what)
{
	return agx_simd_trap(simd, op, AGX_TRAP_FAULT, lane, what);
}

/* Packed formats ignore the shift, and one of 3 is as 2 (applegpu.py). */
static unsigned int index_shift(const struct agx_isa_instr *instr, const struct agx_shape *shape)
{
	const unsigned int shift = instr->modifiers[AGX_ISA_MODIFIER_SHIFT];
	const unsigned int scale = (unsigned int)__builtin_ctz(shape->size);

	if (agx_formats[shape->format].packed)
		return scale;
	return scale + (shift < 2 ? shift : 2);
}

static const struct agx_op *op_load(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	struct agx_elements elements;
	struct places places;
	uint8_t *page;
	bool row;

	if (!simd->exec_mask)
		return op + 1;
	find_places(simd, &instr->operands[OPERAND_BASE], &instr->operands[OPERAND_INDEX],
		    shape.size, index_shift(instr, &shape), shape.span, &places);
	count(simd, &shape, false);

	row = in_a_row(simd, &places, &shape, false);
	page = same_page(simd, &shape, &places, row, AGX_ACCESS_READ);
	if (page && row) {
		const uint64_t skipped = (uint64_t)__builtin_ctz(simd->exec_mask) * shape.span;

		split(page + ((places.first - skipped) & PAGE_OFFSET), &shape, &elements);
	} else if (page && !places.differ) {
		const uint8_t *host = page + (places.first & PAGE_OFFSET);

		for (unsigned int i = 0; i < shape.count; i++)
			elements.row[i] =
				(agx_u32s){} + agx_element_load(host + shape.offset[i], shape.size);
	} else if (page) {
		AGX_FOR_ACTIVE(simd, lane)
		{
			const uint8_t *host = page + (places.address[lane] & PAGE_OFFSET);

			for (unsigned int i = 0; i < shape.count; i++)
				elements.row[i][lane] =
					agx_element_load(host + shape.offset[i], shape.size);
		}
	} else if (simd->memory->faulted) {
		return fault(simd, op, (unsigned int)__builtin_ctz(simd->exec_mask), "load");
	} else {
		AGX_FOR_ACTIVE(simd, lane)
		if (!for_lane(simd->memory, &shape, places.address[lane], lane, &elements,
			      AGX_ACCESS_READ))
			return fault(simd, op, lane, "load");
	}
	agx_elements_give(simd, &shape, &elements);
	return op + 1;
}

static const struct agx_op *op_store(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	struct agx_elements elements;
	struct places places;
	uint8_t *page;
	bool row;

	if (!simd->exec_mask)
		return op + 1;
	find_places(simd, &instr->operands[OPERAND_BASE], &instr->operands[OPERAND_INDEX],
		    shape.size, index_shift(instr, &shape), shape.span, &places);
	agx_elements_take(simd, &shape, &elements);
	count(simd, &shape, true);

	row = in_a_row(simd, &places, &shape, true);
	page = same_page(simd, &shape, &places, row, AGX_ACCESS_WRITE);
	if (page && row) {
		join(page + (places.first & PAGE_OFFSET), &shape, &elements);
	} else if (page) {
		AGX_FOR_ACTIVE(simd, lane)
		{
			uint8_t *host = page + (places.address[lane] & PAGE_OFFSET);

			for (unsigned int i = 0; i < shape.count; i++)
				agx_element_store(host + shape.offset[i], shape.size,
						  elements.row[i][lane]);
		}
	} else if (simd->memory->faulted) {
		return fault(simd, op, (unsigned int)__builtin_ctz(simd->exec_mask), "store");
	} else {
		AGX_FOR_ACTIVE(simd, lane)
		if (!for_lane(simd->memory, &shape, places.address[lane], lane, &elements,
			      AGX_ACCESS_WRITE))
			return fault(simd, op, lane, "store");
	}
	return op + 1;
}

/*
 * The forms that compilers write most: 1, 2 or 4 words of each lane, in registers of 32 bits. When the lanes follow each
 * other, or all want the same, no lane's address has to be worked out.
 */
static bool is_words(const struct agx_isa_instr *instr)
{
	const unsigned int mask = instr->modifiers[AGX_ISA_MODIFIER_MASK];

	return instr->modifiers[AGX_ISA_MODIFIER_FORMAT] == AGX_ISA_FORMAT_I32 &&
	       instr->operands[OPERAND_DATA].bits == 32 && (mask == 1 || mask == 3 || mask == 15);
}

/* Whether row[lane] = start + (lane << shift) in all active lanes. */
static bool is_sequence(const struct agx_simd *simd, const agx_u32s *row, uint32_t start,
			unsigned int shift)
{
	static const quad lanes[AGX_LANES / 4] = {
		{0, 1, 2, 3},     {4, 5, 6, 7},     {8, 9, 10, 11},   {12, 13, 14, 15},
		{16, 17, 18, 19}, {20, 21, 22, 23}, {24, 25, 26, 27}, {28, 29, 30, 31},
	};
	const quad *values = (const quad *)row, *exec = (const quad *)&simd->exec;
	quad differ = {0};

	for (unsigned int i = 0; i < AGX_LANES / 4; i++)
		differ |= (values[i] ^ (start + (lanes[i] << shift))) & exec[i];
	return !(differ[0] | differ[1] | differ[2] | differ[3]);
}

static bool is_same(const struct agx_simd *simd, const agx_u32s *row, uint32_t value)
{
	const quad *values = (const quad *)row, *exec = (const quad *)&simd->exec;
	quad differ = {0};

	for (unsigned int i = 0; i < AGX_LANES / 4; i++)
		differ |= (values[i] ^ value) & exec[i];
	return !(differ[0] | differ[1] | differ[2] | differ[3]);
}

enum pattern {
	PATTERN_ANY,
	PATTERN_ROW,  /* lane after lane: address is lane 0's */
	PATTERN_SAME, /* all active lanes have the same address */
};

/* log2: of the bytes of a lane. */
static enum pattern find_pattern(const struct agx_simd *simd, const struct agx_isa_instr *instr,
				 unsigned int log2, uint64_t *address)
{
	const struct agx_isa_operand *base = &instr->operands[OPERAND_BASE];
	const struct agx_isa_operand *index = &instr->operands[OPERAND_INDEX];
	const unsigned int modifier = instr->modifiers[AGX_ISA_MODIFIER_SHIFT];
	const unsigned int shift = 2 + (modifier < 2 ? modifier : 2);
	const unsigned int lane = (unsigned int)__builtin_ctz(simd->exec_mask);
	const uint64_t before = (uint64_t)lane << log2, all = (uint64_t)(AGX_LANES - 1) << log2;
	const agx_u32s *row;
	uint64_t at, first;

	if (index->kind == AGX_ISA_IMM) {
		at = (uint64_t)(int64_t)index->value << shift;
		if (base->kind != AGX_ISA_REG) {
			*address = (base_of(simd, base) & ~3ull) + at;
			return PATTERN_SAME;
		}
		row = &simd->r[base->value / 2];
		first = row[0][lane];
		at += (first & ~3ull) | (uint64_t)row[1][lane] << 32;
		if (!is_same(simd, row + 1, row[1][lane]))
			return PATTERN_ANY;
		/* The lower halves must not go over 32 bits. */
		if (first >= before && first - before + all <= UINT32_MAX &&
		    is_sequence(simd, row, (uint32_t)(first - before), log2)) {
			*address = at - before;
			return PATTERN_ROW;
		}
		*address = at;
		return is_same(simd, row, (uint32_t)first) ? PATTERN_SAME : PATTERN_ANY;
	}
	if (base->kind == AGX_ISA_REG)
		return PATTERN_ANY;
	row = &simd->r[index->value / 2];
	first = row[0][lane];
	/* Signed ones from 2^31: as if unsigned, and no sequence goes over an end. */
	if (index->flags & AGX_ISA_SX)
		first ^= 0x80000000;
	at = (base_of(simd, base) & ~3ull) + (first << shift);
	if (index->flags & AGX_ISA_SX)
		at -= 0x80000000ull << shift;
	if (log2 >= shift && first >= before >> shift &&
	    first - (before >> shift) + (all >> shift) <= UINT32_MAX &&
	    is_sequence(simd, row, row[0][lane] - (uint32_t)(before >> shift), log2 - shift)) {
		*address = at - before;
		return PATTERN_ROW;
	}
	*address = at;
	return is_same(simd, row, row[0][lane]) ? PATTERN_SAME : PATTERN_ANY;
}

static const struct agx_op *op_load_words(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	const unsigned int log2 = 2 + shape.count / 2;
	enum pattern pattern;
	uint64_t address;
	uint8_t *host;

	if (!simd->exec_mask)
		return op + 1;
	pattern = find_pattern(simd, instr, log2, &address);
	if (pattern == PATTERN_ANY ||
	    (address & PAGE_OFFSET) +
			    (pattern == PATTERN_ROW ? AGX_LANES * shape.span : shape.span) >
		    AGX_MEMORY_PAGE)
		return op_load(simd, op);
	host = agx_memory_translate(simd->memory, address, AGX_ACCESS_READ);
	if (!host)
		return op_load(simd, op);
	count(simd, &shape, false);
	if (pattern == PATTERN_ROW && simd->exec_mask == AGX_ALL_LANES) {
		split(host, &shape, (struct agx_elements *)&simd->r[shape.first / 2]);
	} else {
		struct agx_elements elements;

		if (pattern == PATTERN_ROW) {
			split(host, &shape, &elements);
		} else {
			for (unsigned int i = 0; i < shape.count; i++)
				elements.row[i] = (agx_u32s){} + agx_element_load(host + 4 * i, 4);
		}
		agx_elements_give(simd, &shape, &elements);
	}
	return op + 1;
}

static const struct agx_op *op_store_words(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_shape shape = agx_shape_of(instr, &instr->operands[OPERAND_DATA]);
	uint64_t address;
	uint8_t *host;

	if (simd->exec_mask != AGX_ALL_LANES ||
	    find_pattern(simd, instr, 2 + shape.count / 2, &address) != PATTERN_ROW ||
	    (address & PAGE_OFFSET) + AGX_LANES * shape.span > AGX_MEMORY_PAGE)
		return op_store(simd, op);
	host = agx_memory_translate(simd->memory, address, AGX_ACCESS_WRITE);
	if (!host)
		return op_store(simd, op);
	count(simd, &shape, true);
	join(host, &shape, (const struct agx_elements *)&simd->r[shape.first / 2]);
	return op + 1;
}

void agx_exec_device_places(const struct agx_simd *simd, const struct agx_isa_instr *instr,
			    uint64_t address[AGX_LANES])
{
	const struct agx_isa_operand *operands = instr->operands;
	struct places places;

	if (!simd->exec_mask)
		return;
	if (instr->op == AGX_ISA_OP_ATOMIC) {
		find_places(simd, &operands[OPERAND_ATOMIC_BASE], &operands[OPERAND_ATOMIC_INDEX],
			    4, 2, 4, &places);
	} else {
		const struct agx_shape shape = agx_shape_of(instr, &operands[OPERAND_DATA]);

		find_places(simd, &operands[OPERAND_BASE], &operands[OPERAND_INDEX], shape.size,
			    index_shift(instr, &shape), shape.span, &places);
	}
	memcpy(address, places.address, sizeof(places.address));
}

/* The host's atomics: other threads of it run other threadgroups. */
static uint32_t atomic_on(uint32_t *word, unsigned int atomic, uint32_t source, uint32_t expected)
{
	uint32_t old;

	switch (atomic) {
	case AGX_ISA_ATOMIC_ADD:
		return __atomic_fetch_add(word, source, __ATOMIC_SEQ_CST);
	case AGX_ISA_ATOMIC_SUB:
		return __atomic_fetch_sub(word, source, __ATOMIC_SEQ_CST);
	case AGX_ISA_ATOMIC_XCHG:
		return __atomic_exchange_n(word, source, __ATOMIC_SEQ_CST);
	case AGX_ISA_ATOMIC_CMPXCHG:
		__atomic_compare_exchange_n(word, &expected, source, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return expected;
	case AGX_ISA_ATOMIC_AND:
		return __atomic_fetch_and(word, source, __ATOMIC_SEQ_CST);
	case AGX_ISA_ATOMIC_OR:
		return __atomic_fetch_or(word, source, __ATOMIC_SEQ_CST);
	case AGX_ISA_ATOMIC_XOR:
		return __atomic_fetch_xor(word, source, __ATOMIC_SEQ_CST);
	default:
		old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		while (!__atomic_compare_exchange_n(word, &old,
						    agx_atomic_result(atomic, old, source, 0), true,
						    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
		return old;
	}
}

static const struct agx_op *op_atomic(struct agx_simd *simd, const struct agx_op *op)
{
	const struct agx_isa_instr *instr = agx_op_instr(simd, op);
	const struct agx_atomic atomic = agx_atomic_of(instr);
	const unsigned int expected_row = atomic.op == AGX_ISA_ATOMIC_CMPXCHG ? 1 : 0;
	struct agx_memory *memory = simd->memory;
	struct places places;

	if (!simd->exec_mask)
		return op + 1;
	find_places(simd, &instr->operands[OPERAND_ATOMIC_BASE],
		    &instr->operands[OPERAND_ATOMIC_INDEX], 4, 2, 4, &places);
	AGX_FOR_ACTIVE(simd, lane)
	{
		const uint32_t source = simd->r[atomic.source / 2][lane];
		const uint32_t expected = simd->r[atomic.source / 2 + expected_row][lane];
		uint8_t *host =
			agx_memory_translate(memory, places.address[lane], AGX_ACCESS_ATOMIC);
		uint32_t old = 0;

		if (!host && memory->faulted)
			return fault(simd, op, lane, "atomic");
		if (host)
			old = atomic_on((uint32_t *)host, atomic.op, source, expected);
		memory->soft_loads += !host;
		memory->soft_stores += !host;
		memory->loads++;
		memory->stores++;
		memory->bytes_loaded += 4;
		memory->bytes_stored += 4;
		if (atomic.wanted)
			simd->r[atomic.dest / 2][lane] = old;
	}
	return op + 1;
}

/* The others of the threadgroup come first. */
static const struct agx_op *op_barrier(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_leave(simd, op + 1, AGX_EXEC_BARRIER);
}

static bool base_ok(const struct agx_isa_operand *base)
{
	if (base->value < 0 || base->value & 1)
		return false;
	if (base->kind == AGX_ISA_REG)
		return base->value + 4 <= AGX_HALVES;
	return base->kind == AGX_ISA_UNIFORM && base->value + 4 <= AGX_UNIFORMS;
}

static bool index_ok(const struct agx_isa_operand *index)
{
	if (index->kind == AGX_ISA_REG)
		return !(index->value & 1) && index->value >= 0 && index->value + 2 <= AGX_HALVES;
	return index->kind == AGX_ISA_IMM;
}

agx_op_fn agx_exec_memory_fn(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *operands = instr->operands;

	switch (instr->op) {
	case AGX_ISA_OP_LOAD:
	case AGX_ISA_OP_STORE:
		if (!agx_shape_ok(instr, &operands[OPERAND_DATA]) ||
		    !base_ok(&operands[OPERAND_BASE]) || !index_ok(&operands[OPERAND_INDEX]))
			return NULL;
		if (is_words(instr))
			return instr->op == AGX_ISA_OP_LOAD ? op_load_words : op_store_words;
		return instr->op == AGX_ISA_OP_LOAD ? op_load : op_store;
	case AGX_ISA_OP_ATOMIC:
		if (!agx_atomic_ok(instr) || !base_ok(&operands[OPERAND_ATOMIC_BASE]) ||
		    !index_ok(&operands[OPERAND_ATOMIC_INDEX]))
			return NULL;
		return op_atomic;
	case AGX_ISA_OP_LLOAD:
	case AGX_ISA_OP_LSTORE:
	case AGX_ISA_OP_LATOMIC:
	case AGX_ISA_OP_STACK_LOAD:
	case AGX_ISA_OP_STACK_STORE:
	case AGX_ISA_OP_STACK_ADJUST:
		return agx_exec_local_fn(instr);
	case AGX_ISA_OP_UNIFORM_STORE:
	case AGX_ISA_OP_TEX_STATE_STORE:
	case AGX_ISA_OP_TEX_STATE_STORE_IMM:
	case AGX_ISA_OP_SAMPLER_STATE_STORE:
	case AGX_ISA_OP_SAMPLER_STATE_STORE_IMM:
		return agx_exec_state_fn(instr);
	case AGX_ISA_OP_BARRIER:
		return op_barrier;
	default:
		return NULL;
	}
}
