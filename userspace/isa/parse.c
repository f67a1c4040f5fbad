// SPDX-License-Identifier: MIT
/*
 * From one line of text to an instruction, in the syntax of Mesa's disassembler.
 *
 * The line is cut into a mnemonic and tokens between commas. A mnemonic can stand for several
 * opcodes, operands that are absent and modifiers that have their default are not written, and
 * some modifiers have several values of one name; so tokens are assigned to the rows of each
 * opcode in turn, backing up where it does not fit, until the encoder takes the result. The number
 * of attempts is limited.
 *
 * What Mesa's text does not tell follows an exclamation mark: !long and !short choose a length
 * that is not the usual one; !zx says that the index is the zero-extended form of a number that
 * would fit the signed one; !wide that the size bit of an absent destination is set. "# unknown
 * bits: N…" lists bits of the encoding that differ from what is known.
 */
#include <errno.h>
#include <string.h>

#include "isa_encode.h"
#include "isa_parse.h"
#include "isa_table.h"

#define MAX_TOKENS   24
#define MAX_ATTEMPTS 4096

struct token {
	size_t start, end;
	bool no_hint; /* "# missing hint" stands before it and its comma, as Mesa prints it */
};

struct line {
	const char *text;
	const struct isa_labels *labels;
	struct token mnemonic, tokens[MAX_TOKENS];
	unsigned int token_count;
	bool is_long, is_short, is_zx, is_wide;
	uint64_t unknown[2];
};

/* The state of a search. */
struct search {
	const struct line *line;
	const struct agx_isa_op_row *row;
	struct agx_isa_instr instr;
	uint8_t *out;
	struct isa_parse_error *error;
	unsigned int furthest; /* token up to which something fitted */
	uint8_t token_of[AGX_ISA_MAX_OPERANDS];
	unsigned int attempts;
	unsigned int misfit; /* 1 + the furthest token of a right kind that does not fit */
	bool refused;        /* everything was assigned, but the encoder refused */
	int length;
};

static bool starts(const char *text, size_t length, const char *word)
{
	size_t n = strlen(word);

	return length >= n && !memcmp(text, word, n);
}

static bool equal(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

static unsigned int expected_kind(uint8_t kind)
{
	switch (kind) {
	case AGX_ISA_REG:
		return ISA_EXPECT_REGISTER;
	case AGX_ISA_UNIFORM:
		return ISA_EXPECT_UNIFORM;
	case AGX_ISA_IMM:
		return ISA_EXPECT_NUMBER;
	case AGX_ISA_TARGET:
		return ISA_EXPECT_LABEL | ISA_EXPECT_NUMBER;
	case AGX_ISA_FIMM:
		return ISA_EXPECT_FLOAT;
	case AGX_ISA_TS:
		return ISA_EXPECT_TS;
	case AGX_ISA_SS:
		return ISA_EXPECT_SS;
	case AGX_ISA_CF:
		return ISA_EXPECT_CF;
	case AGX_ISA_SR:
		return ISA_EXPECT_SR;
	default:
		return 0;
	}
}

/* Notes what could have been at a token, for the message about the furthest that was reached. */
static void expect(struct search *s, unsigned int token, unsigned int what, int modifier)
{
	struct isa_parse_error *error = s->error;
	unsigned int i;

	if (s->refused || token < s->furthest)
		return;
	if (token > s->furthest) {
		s->furthest = token;
		error->expected = 0;
		error->modifier_count = 0;
		error->row = s->row;
	}
	error->expected |= what;
	if (modifier < 0 || error->modifier_count == ISA_MAX_EXPECTED_MODIFIERS)
		return;
	for (i = 0; i < error->modifier_count; i++) {
		if (error->modifiers[i] == modifier)
			return;
	}
	error->modifiers[error->modifier_count++] = modifier;
}

static const struct agx_isa_modifier_values *values_of(const struct agx_isa_modifier_row *row)
{
	return &agx_isa_modifier_table[row->modifier];
}

/* Encodes, trying each value of the modifiers whose names stand for several. */
static bool encode(struct search *s, unsigned int first)
{
	const struct agx_isa_modifier_values *values;
	struct isa_encode_error refusal;
	struct agx_isa_instr *instr = &s->instr;
	const struct token *token;
	unsigned int i, j;
	uint8_t old;

	for (i = first; i < s->row->modifier_count; i++) {
		values = values_of(&s->row->modifiers[i]);
		old = instr->modifiers[s->row->modifiers[i].modifier];
		for (j = 0; j < values->value_count; j++) {
			if (values->values[j].value == old)
				break;
		}
		if (j == values->value_count)
			continue;
		for (j++; j < values->value_count; j++) {
			const struct agx_isa_value *value = &values->values[j];
			unsigned int k;

			for (k = 0; k < j; k++) {
				if (values->values[k].value == old)
					break;
			}
			if (strcmp(value->text, values->values[k].text) ||
			    value->silent != values->values[k].silent)
				continue;
			if (encode(s, i + 1))
				return true;
			instr->modifiers[s->row->modifiers[i].modifier] = value->value;
			if (encode(s, i + 1))
				return true;
			instr->modifiers[s->row->modifiers[i].modifier] = old;
			return false;
		}
	}
	if (++s->attempts > MAX_ATTEMPTS)
		return false;
	s->length = isa_encode(instr, s->out, &refusal);
	if (s->length > 0)
		return true;
	if (!s->refused) {
		s->refused = true;
		s->error->why = refusal.why;
		s->error->refused = true;
		s->error->encoding = NULL;
		s->error->row = s->row;
		s->error->expected = 0;
		s->error->modifier_count = 0;
		token = &s->line->mnemonic;
		if (refusal.operand >= 0 && s->token_of[refusal.operand])
			token = &s->line->tokens[s->token_of[refusal.operand] - 1];
		s->error->start = token->start;
		s->error->end = token->end;
	}
	return false;
}

/* Of the right kind, but there is no room for it. */
static void note_misfit(struct search *s, unsigned int token,
			const struct agx_isa_encoding *encoding)
{
	if (s->refused || token < s->furthest)
		return;
	s->misfit = token + 1;
	s->error->encoding = encoding;
}

static bool is_fraction(const char *text, size_t length)
{
	double value;

	return isa_parse_fraction(text, length, &value) == length;
}

static bool assign_modifier(struct search *s, unsigned int row, unsigned int token);

static bool assign_operand(struct search *s, unsigned int row, unsigned int token)
{
	const struct line *line = s->line;
	const struct agx_isa_operand_row *slot;
	const struct agx_isa_encoding *encoding;
	const struct token *t = &line->tokens[token];
	struct agx_isa_operand *out = &s->instr.operands[row], found;
	const char *text = line->text + t->start;
	size_t length = t->end - t->start;
	unsigned int i, tried = 0;
	bool absent = false;
	uint8_t wide = 0; /* bits of an absent operand with !wide */

	if (row == s->row->operand_count)
		return assign_modifier(s, 0, token);
	if (++s->attempts > MAX_ATTEMPTS)
		return false;
	slot = &s->row->operands[row];
	encoding = &agx_isa_encodings[slot->encoding];
	for (i = 0; i < encoding->case_count; i++) {
		if (encoding->cases[i].kind == AGX_ISA_NONE) {
			absent = true;
			if (line->is_wide && encoding->cases[i].bits)
				wide = encoding->cases[i].bits;
		}
		expect(s, token, expected_kind(encoding->cases[i].kind), -1);
	}
	if (token < line->token_count) {
		if (absent && slot->flags & AGX_ISA_DEST && equal(text, length, "_")) {
			*out = (struct agx_isa_operand){.kind = AGX_ISA_NONE, .count = 1};
			out->role = slot->role;
			out->flags = slot->flags;
			out->bits = wide;
			return assign_operand(s, row + 1, token + 1);
		}
		for (i = 0; i < encoding->case_count; i++) {
			const struct agx_isa_case *c = &encoding->cases[i];
			unsigned int once = c->kind * 2u + !!(c->flags & AGX_ISA_UNSIGNED);

			if (c->kind == AGX_ISA_NONE || tried & 1u << once)
				continue;
			if (!isa_parse_registers(text, length, &found) || found.kind != c->kind) {
				if (!isa_parse_value(text, length, c->kind, line->labels, &found)) {
					if (c->kind == AGX_ISA_FIMM && is_fraction(text, length))
						note_misfit(s, token, encoding);
					continue;
				}
			}
			if (c->kind == AGX_ISA_REG && !t->no_hint &&
			    !(found.flags & (AGX_ISA_CACHE | AGX_ISA_DISCARD)))
				found.flags |= AGX_ISA_HINTED;
			if (c->kind == AGX_ISA_IMM && c->is_signed && line->is_zx)
				continue;
			found.role = slot->role;
			found.flags |= slot->flags | c->flags;
			if (!isa_case_holds(c, &found)) {
				note_misfit(s, token, encoding);
				continue;
			}
			tried |= 1u << once;
			*out = found;
			s->token_of[row] = token + 1;
			if (assign_operand(s, row + 1, token + 1))
				return true;
		}
	}
	if (!absent || slot->flags & AGX_ISA_DEST)
		return false;
	*out = (struct agx_isa_operand){.kind = AGX_ISA_NONE, .count = 1, .bits = wide};
	s->token_of[row] = 0;
	out->role = slot->role;
	return assign_operand(s, row + 1, token);
}

static bool assign_modifier(struct search *s, unsigned int row, unsigned int token)
{
	const struct line *line = s->line;
	const struct agx_isa_modifier_row *slot;
	const struct agx_isa_modifier_values *values;
	const struct token *t = &line->tokens[token];
	const char *text = line->text + t->start;
	size_t n, length = t->end - t->start;
	unsigned int i;
	int64_t number;
	uint8_t *out;

	if (row == s->row->modifier_count) {
		if (token < line->token_count) {
			expect(s, token, ISA_EXPECT_END, -1);
			return false;
		}
		return encode(s, 0);
	}
	if (++s->attempts > MAX_ATTEMPTS)
		return false;
	slot = &s->row->modifiers[row];
	values = values_of(slot);
	out = &s->instr.modifiers[slot->modifier];
	expect(s, token, 0, slot->modifier);
	if (token < line->token_count) {
		n = strlen(values->name);
		if (!values->value_count && equal(text, length, values->text)) {
			*out = 1;
			if (assign_modifier(s, row + 1, token + 1))
				return true;
		}
		for (i = 0; i < values->value_count; i++) {
			if (values->values[i].silent ||
			    !equal(text, length, values->values[i].text))
				continue;
			*out = values->values[i].value;
			if (assign_modifier(s, row + 1, token + 1))
				return true;
			break; /* others of that name are tried by encode() */
		}
		if (starts(text, length, values->name) && n < length && text[n] == '=' &&
		    isa_parse_number(text + n + 1, length - n - 1, &number) == length - n - 1 &&
		    number >= 0 && number <= 255) {
			*out = number;
			if (assign_modifier(s, row + 1, token + 1))
				return true;
		}
	}
	if (!values->value_count) {
		*out = 0;
		return assign_modifier(s, row + 1, token);
	}
	for (i = 0; i < values->value_count; i++) {
		if (!values->values[i].silent)
			continue;
		*out = values->values[i].value;
		return assign_modifier(s, row + 1, token);
	}
	return false;
}

static int fail(struct isa_parse_error *error, const char *why, size_t start, size_t end)
{
	*error = (struct isa_parse_error){.why = why, .start = start, .end = end};
	return -EINVAL;
}

/* "# unknown bits: 26 46" */
static int parse_unknown(struct line *line, size_t start, size_t end, struct isa_parse_error *error)
{
	const char *text = line->text;
	int64_t bit;
	size_t n;

	while (start < end) {
		if (isa_is_space(text[start])) {
			start++;
			continue;
		}
		n = isa_parse_number(text + start, end - start, &bit);
		if (!n || bit < 0 || bit >= AGX_ISA_MAX_LENGTH * 8)
			return fail(error, "not the number of a bit", start, end);
		line->unknown[bit >> 6] |= 1ull << (bit & 63);
		start += n;
	}
	return 0;
}

static int parse_notes(struct line *line, size_t start, size_t end, struct isa_parse_error *error)
{
	const char *text = line->text;
	size_t i = start, n;

	while (i < end) {
		if (isa_is_space(text[i])) {
			i++;
			continue;
		}
		for (n = i; n < end && !isa_is_space(text[n]); n++)
			;
		if (equal(text + i, n - i, "!long"))
			line->is_long = true;
		else if (equal(text + i, n - i, "!short"))
			line->is_short = true;
		else if (equal(text + i, n - i, "!zx"))
			line->is_zx = true;
		else if (equal(text + i, n - i, "!wide"))
			line->is_wide = true;
		else
			return fail(error, "expected !long, !short, !zx or !wide", i, n);
		i = n;
	}
	return 0;
}

static void trim(const char *text, struct token *token)
{
	while (token->start < token->end && isa_is_space(text[token->start]))
		token->start++;
	while (token->end > token->start && isa_is_space(text[token->end - 1]))
		token->end--;
}

/* Cuts the line into its parts. */
static int split(struct line *line, size_t length, struct isa_parse_error *error)
{
	static const char missing[] = "# missing hint", unknown[] = "# unknown bits:";
	const char *text = line->text;
	struct token *token;
	size_t i, end = length;
	bool no_hint = false;
	int ret;

	for (i = 0; i < end; i++) {
		if (text[i] == '!') {
			ret = parse_notes(line, i, end, error);
			if (ret)
				return ret;
			end = i;
		}
	}
	for (i = 0; i < end; i++) {
		if (text[i] == '#' && starts(text + i, end - i, unknown)) {
			ret = parse_unknown(line, i + strlen(unknown), end, error);
			if (ret)
				return ret;
			end = i;
		}
	}
	for (i = 0; i < end && isa_is_space(text[i]); i++)
		;
	line->mnemonic.start = i;
	for (; i < end && !isa_is_space(text[i]); i++)
		;
	line->mnemonic.end = i;
	if (line->mnemonic.start == line->mnemonic.end)
		return fail(error, "no instruction", 0, length);
	for (; i < end && isa_is_space(text[i]); i++)
		;
	if (starts(text + i, end - i, missing)) {
		no_hint = true;
		for (i += strlen(missing); i < end && isa_is_space(text[i]); i++)
			;
		if (i < end && text[i] == ',')
			i++;
	}
	while (i < end) {
		if (line->token_count == MAX_TOKENS)
			return fail(error, "too many operands", i, end);
		token = &line->tokens[line->token_count++];
		token->start = i;
		token->no_hint = no_hint;
		no_hint = false;
		for (; i < end && text[i] != ','; i++)
			;
		token->end = i;
		trim(text, token);
		if (token->end - token->start > strlen(missing) &&
		    !memcmp(text + token->end - strlen(missing), missing, strlen(missing))) {
			no_hint = true;
			token->end -= strlen(missing);
			trim(text, token);
		}
		if (token->start == token->end)
			return fail(error, "nothing between commas", token->start,
				    token->end + (token->end < length));
		if (i < end && ++i == end)
			return fail(error, "nothing after a comma", i - 1, i);
	}
	return 0;
}

int isa_parse(const char *text, size_t length, const struct isa_labels *labels,
	      uint8_t out[AGX_ISA_MAX_LENGTH], struct isa_parse_error *error)
{
	struct line line = {.text = text, .labels = labels};
	struct search s = {.line = &line, .out = out, .error = error};
	unsigned int op, i, known = 0;
	int ret;

	*error = (struct isa_parse_error){.why = "no such instruction"};
	ret = split(&line, length, error);
	if (ret)
		return ret;
	for (op = 0; op < AGX_ISA_OPS; op++) {
		const struct agx_isa_op_row *row = &agx_isa_op_rows[op];

		if (!row->form_count ||
		    !equal(text + line.mnemonic.start, line.mnemonic.end - line.mnemonic.start,
			   row->info.mnemonic))
			continue;
		if (!known++) {
			error->why = "operands do not fit";
			error->row = row;
		}
		s.row = row;
		s.instr = (struct agx_isa_instr){.op = op, .operand_count = row->operand_count};
		memcpy(s.instr.unknown, line.unknown, sizeof(line.unknown));
		if (line.is_short)
			s.instr.length = row->forms[0].length;
		else if (line.is_long)
			s.instr.length = row->forms[row->form_count - 1].length;
		s.attempts = 0;
		if (assign_operand(&s, 0, 0))
			return s.length;
	}
	if (!known) {
		error->unknown = true;
		error->start = line.mnemonic.start;
		error->end = line.mnemonic.end;
	} else if (!s.refused) {
		i = s.furthest;
		if (s.misfit == i + 1) {
			error->why = "no encoding of the instruction has room for this";
			error->expected = error->modifier_count = 0;
		} else {
			error->encoding = NULL;
		}
		if (i < line.token_count) {
			error->start = line.tokens[i].start;
			error->end = line.tokens[i].end;
		} else {
			error->why = "operands are missing";
			error->start = error->end = length;
		}
	}
	return -EINVAL;
}
