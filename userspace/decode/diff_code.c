// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "agx_isa.h"
#include "agx_isa_program.h"
#include "diff_code.h"

#define HALVES    256        /* 16-bit halves of the register file */
#define MAX_CELLS (1u << 24) /* of the table in which programs are aligned by likeness */

struct instr {
	struct agx_isa_instr i;
	uint32_t offset;
	uint64_t exact, loose; /* hashes: loose without the numbers of registers */
	uint32_t anchor;       /* instructions before it that have a partner */
};

struct program {
	const uint8_t *code;
	size_t size;
	struct instr *instrs;
	size_t count;
};

/* Everything but where it stands and how far it jumps. */
static uint64_t hash_instr(const struct agx_isa_instr *instr, bool registers)
{
	struct agx_isa_instr plain = *instr;
	unsigned int i;

	plain.length = 0;
	for (i = 0; i < AGX_ISA_MAX_OPERANDS; i++) {
		if (i >= plain.operand_count)
			memset(&plain.operands[i], 0, sizeof(plain.operands[i]));
		else if (plain.operands[i].kind == AGX_ISA_TARGET ||
			 (!registers && plain.operands[i].kind == AGX_ISA_REG))
			plain.operands[i].value = 0;
	}
	return XXH3_64bits(&plain, sizeof(plain));
}

static int take_apart(const void *code, size_t size, struct program *out)
{
	size_t at = 0;

	*out = (struct program){.code = code, .size = size};
	if (!code || !size)
		return 0;
	out->instrs = calloc(size / 2 + 1, sizeof(*out->instrs));
	if (!out->instrs)
		return -ENOMEM;
	while (at < size) {
		struct instr *instr = &out->instrs[out->count++];

		memset(&instr->i, 0, sizeof(instr->i));
		agx_isa_decode(out->code + at, size - at, &instr->i);
		instr->offset = (uint32_t)at;
		instr->exact = hash_instr(&instr->i, true);
		instr->loose = hash_instr(&instr->i, false);
		at += instr->i.length ? instr->i.length : 2;
	}
	return 0;
}

/* Number of the instruction at a byte offset, or SIZE_MAX. */
static size_t instr_at(const struct program *program, int64_t offset)
{
	size_t low = 0, high = program->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (program->instrs[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < program->count && program->instrs[low].offset == offset ? low : SIZE_MAX;
}

/* Both jump to the same place among what is equal in both, or neither jumps. */
static bool same_targets(const struct program *a, const struct instr *x, const struct program *b,
			 const struct instr *y)
{
	unsigned int i;

	for (i = 0; i < x->i.operand_count && i < y->i.operand_count; i++) {
		size_t to_a, to_b;

		if (x->i.operands[i].kind != AGX_ISA_TARGET)
			continue;
		to_a = instr_at(a, (int64_t)x->offset + x->i.operands[i].value);
		to_b = instr_at(b, (int64_t)y->offset + y->i.operands[i].value);
		if ((to_a == SIZE_MAX) != (to_b == SIZE_MAX))
			return false;
		if (to_a != SIZE_MAX && a->instrs[to_a].anchor != b->instrs[to_b].anchor)
			return false;
	}
	return true;
}

/* The text of an instruction, in an arena of lines. */
static const char *print(const struct instr *instr, char **at)
{
	char *text = *at;

	*at += agx_isa_print(&instr->i, instr->offset, AGX_ISA_SYNTAX_MESA, text) + 1;
	return text;
}

struct work {
	struct program a, b;
	struct diff_budget *budget;
	struct diff_pair *pairs; /* that stand beside each other, in order */
	size_t num_pairs;
	struct diff_code *out;
	bool ignore_registers;
	char *at;
};

static void add_pair(struct work *w, size_t a, size_t b)
{
	w->pairs[w->num_pairs++] = (struct diff_pair){a, b};
}

/* A table of this size may be filled. */
static bool cells(struct work *w, size_t n, size_t m)
{
	if (n > MAX_CELLS / m || w->budget->steps < (uint64_t)n * m)
		return false;
	w->budget->steps -= (uint64_t)n * m;
	return true;
}

static void add_line(struct work *w, enum agx_diff_op op, size_t a, size_t b)
{
	struct agx_diff_code_line *line = &w->out->lines[w->out->num_lines++];

	*line = (struct agx_diff_code_line){
		.op = (uint8_t)op,
		.offset_a = DIFF_NONE,
		.offset_b = DIFF_NONE,
	};
	if (a != SIZE_MAX) {
		line->offset_a = w->a.instrs[a].offset;
		line->a = print(&w->a.instrs[a], &w->at);
	}
	if (b != SIZE_MAX) {
		line->offset_b = w->b.instrs[b].offset;
		line->b = print(&w->b.instrs[b], &w->at);
	}
	if (op != AGX_DIFF_KEEP)
		w->out->same = false;
}

/* How much two instructions have in common; 0: not enough to stand beside each other. */
static int32_t likeness(const struct instr *x, const struct instr *y)
{
	int32_t like = 2;
	unsigned int i;

	if (x->exact == y->exact)
		return 24;
	if (x->i.op != y->i.op)
		return 0;
	if (x->loose == y->loose)
		like += 12;
	for (i = 0; i < x->i.operand_count && i < y->i.operand_count; i++)
		like += !memcmp(&x->i.operands[i], &y->i.operands[i], sizeof(x->i.operands[i]));
	return like;
}

enum step {
	STEP_BOTH,
	STEP_A,
	STEP_B
};

/* The alignment with the largest sum of likeness, of a[a0..] and b[b0..]. */
static int align_best(struct work *w, size_t a0, size_t n, size_t b0, size_t m)
{
	uint8_t *steps = malloc(n * m + 1);
	int32_t *row = calloc(m + 1, sizeof(*row)); /* of the elements from i on, by first of b */
	size_t i, j;

	if (!steps || !row) {
		free(steps);
		free(row);
		return -ENOMEM;
	}
	for (i = n; i-- > 0;) {
		int32_t after = 0; /* row[j + 1] of the row below */

		for (j = m; j-- > 0;) {
			int32_t below = row[j];
			int32_t like = likeness(&w->a.instrs[a0 + i], &w->b.instrs[b0 + j]);
			int32_t best = below;
			uint8_t step = STEP_A;

			if (row[j + 1] > best) {
				best = row[j + 1];
				step = STEP_B;
			}
			if (like && after + like >= best) {
				best = after + like;
				step = STEP_BOTH;
			}
			row[j] = best;
			steps[i * m + j] = step;
			after = below;
		}
	}
	for (i = 0, j = 0; i < n && j < m;) {
		uint8_t step = steps[i * m + j];

		if (step == STEP_BOTH)
			add_pair(w, a0 + i, b0 + j);
		i += step != STEP_B;
		j += step != STEP_A;
	}
	free(steps);
	free(row);
	return 0;
}

/* Long programs: equal instructions first, apart from registers; then what lies between them. */
static int align_long(struct work *w, size_t a0, size_t n, size_t b0, size_t m)
{
	struct diff_alignment pairs;
	uint64_t *keys = calloc(n + m + 1, sizeof(*keys));
	size_t i, a = 0, b = 0;
	int ret;

	if (!keys)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		keys[i] = w->a.instrs[a0 + i].loose;
	for (i = 0; i < m; i++)
		keys[n + i] = w->b.instrs[b0 + i].loose;
	ret = diff_align(keys, n, keys + n, m, w->budget, &pairs);
	free(keys);
	for (i = 0; !ret && i <= pairs.count; i++) {
		bool end = i == pairs.count;
		size_t p = end ? n : pairs.pairs[i].a, q = end ? m : pairs.pairs[i].b;

		if (p == SIZE_MAX || q == SIZE_MAX)
			continue;
		if (p > a && q > b && cells(w, p - a, q - b))
			ret = align_best(w, a0 + a, p - a, b0 + b, q - b);
		if (!end)
			add_pair(w, a0 + p, b0 + q);
		a = p + 1;
		b = q + 1;
	}
	free(pairs.pairs);
	return ret;
}

static int align(struct work *w)
{
	size_t n = w->a.count, m = w->b.count, first = 0, last = 0, i;

	w->pairs = calloc(n + m + 1, sizeof(*w->pairs));
	if (!w->pairs)
		return -ENOMEM;
	while (first < n && first < m && w->a.instrs[first].exact == w->b.instrs[first].exact) {
		add_pair(w, first, first);
		first++;
	}
	while (last < n - first && last < m - first &&
	       w->a.instrs[n - 1 - last].exact == w->b.instrs[m - 1 - last].exact)
		last++;
	n -= first + last;
	m -= first + last;
	if (n && m) {
		int ret = cells(w, n, m) ? align_best(w, first, n, first, m)
					 : align_long(w, first, n, first, m);

		if (ret)
			return ret;
	}
	for (i = 0; i < last; i++)
		add_pair(w, first + n + i, first + m + i);
	return 0;
}

/* How many pairs come before each instruction: what jumps lead to is compared by this. */
static void number_anchors(struct program *program, const struct work *w, bool b)
{
	size_t i, pair = 0;

	for (i = 0; i < program->count; i++) {
		program->instrs[i].anchor = (uint32_t)pair;
		if (pair < w->num_pairs && (b ? w->pairs[pair].b : w->pairs[pair].a) == i)
			pair++;
	}
}

static void make_lines(struct work *w)
{
	size_t i, a = 0, b = 0;

	number_anchors(&w->a, w, false);
	number_anchors(&w->b, w, true);
	for (i = 0; i <= w->num_pairs; i++) {
		size_t p = i < w->num_pairs ? w->pairs[i].a : w->a.count;
		size_t q = i < w->num_pairs ? w->pairs[i].b : w->b.count;
		const struct instr *x = &w->a.instrs[p], *y = &w->b.instrs[q];
		bool same;

		while (a < p)
			add_line(w, AGX_DIFF_REMOVE, a++, SIZE_MAX);
		while (b < q)
			add_line(w, AGX_DIFF_ADD, SIZE_MAX, b++);
		if (i == w->num_pairs)
			break;
		same = w->ignore_registers ? x->loose == y->loose : x->exact == y->exact;
		add_line(w,
			 same && same_targets(&w->a, x, &w->b, y) ? AGX_DIFF_KEEP : AGX_DIFF_CHANGE,
			 a++, b++);
	}
}

/* Texts to a piece of memory of their size. */
static int shrink(struct work *w)
{
	struct diff_code *out = w->out;
	size_t size = (size_t)(w->at - out->text);
	char *text = malloc(size + 1);
	uint32_t i;

	if (!text)
		return -ENOMEM;
	memcpy(text, out->text, size);
	for (i = 0; i < out->num_lines; i++) {
		struct agx_diff_code_line *line = &out->lines[i];

		if (line->a)
			line->a = text + (line->a - out->text);
		if (line->b)
			line->b = text + (line->b - out->text);
	}
	free(out->text);
	out->text = text;
	return 0;
}

int diff_code(const void *a, size_t size_a, const void *b, size_t size_b, bool ignore_registers,
	      struct diff_budget *budget, struct diff_code *out)
{
	struct diff_budget own = {.steps = budget->steps};
	struct work w = {.budget = &own, .out = out, .ignore_registers = ignore_registers};
	size_t count;
	int ret;

	*out = (struct diff_code){.same = true};
	ret = take_apart(a, size_a, &w.a);
	if (!ret)
		ret = take_apart(b, size_b, &w.b);
	count = w.a.count + w.b.count;
	if (!ret) {
		out->lines = calloc(count + 1, sizeof(*out->lines));
		out->text = malloc(count * AGX_ISA_LINE + 1);
		w.at = out->text;
		if (!out->lines || !out->text)
			ret = -ENOMEM;
	}
	if (!ret)
		ret = align(&w);
	if (!ret) {
		make_lines(&w);
		ret = shrink(&w);
	}
	if (!ret) {
		out->registers_only =
			!out->same && a && b && diff_code_renamed(a, size_a, b, size_b);
		out->coarse = own.coarse;
	}
	budget->steps = own.steps;
	free(w.pairs);
	free(w.a.instrs);
	free(w.b.instrs);
	if (ret)
		diff_code_finish(out);
	return ret;
}

void diff_code_finish(struct diff_code *code)
{
	free(code->lines);
	free(code->text);
	*code = (struct diff_code){0};
}

/* Halves that an operand names. */
static unsigned int halves(const struct agx_isa_operand *operand)
{
	unsigned int count = (operand->bits > 16 ? operand->bits / 16u : 1u) *
			     (operand->count ? operand->count : 1u);

	if (operand->value < 0 || operand->value >= HALVES)
		return 0;
	return count < HALVES - (unsigned int)operand->value
		       ? count
		       : HALVES - (unsigned int)operand->value;
}

/* Sources must agree with the map from registers of a to those of b, destinations change it. */
static bool follow(const struct agx_isa_instr *x, const struct agx_isa_instr *y, bool dest,
		   int16_t map[HALVES])
{
	unsigned int i, half;

	for (i = 0; i < x->operand_count; i++) {
		const struct agx_isa_operand *p = &x->operands[i], *q = &y->operands[i];

		if (p->kind != AGX_ISA_REG || !(p->flags & AGX_ISA_DEST) == dest)
			continue;
		if (halves(p) != halves(q))
			return false;
		for (half = 0; half < halves(p); half++) {
			int16_t *to = &map[p->value + (int)half];
			int from = q->value + (int)half;

			if (!dest && (*to < 0 ? p->value + (int)half : *to) != from)
				return false;
			if (dest)
				*to = (int16_t)from;
		}
	}
	return true;
}

bool diff_code_renamed(const void *a, size_t size_a, const void *b, size_t size_b)
{
	struct program p = {0}, q = {0};
	int16_t map[HALVES];
	bool same = false;
	size_t i;

	memset(map, 0xff, sizeof(map));
	if (size_a != size_b || take_apart(a, size_a, &p) || take_apart(b, size_b, &q) ||
	    p.count != q.count)
		goto out;
	for (i = 0; i < p.count; i++) {
		p.instrs[i].anchor = (uint32_t)i;
		q.instrs[i].anchor = (uint32_t)i;
	}
	same = true;
	for (i = 0; i < p.count && same; i++)
		same = p.instrs[i].loose == q.instrs[i].loose &&
		       same_targets(&p, &p.instrs[i], &q, &q.instrs[i]) &&
		       follow(&p.instrs[i].i, &q.instrs[i].i, false, map) &&
		       follow(&p.instrs[i].i, &q.instrs[i].i, true, map);
out:
	free(p.instrs);
	free(q.instrs);
	return same;
}

struct agx_diff_size diff_code_size(const void *code, size_t size)
{
	struct agx_isa_program program = {0};

	if (code && size)
		agx_isa_analyse(code, size, true, NULL, &program);
	return (struct agx_diff_size){
		.instructions = program.instructions,
		.bytes = (uint32_t)size,
		.registers = program.registers,
	};
}
