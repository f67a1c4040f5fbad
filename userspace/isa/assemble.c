// SPDX-License-Identifier: MIT
/*
 * The whole-program assembler: two passes over the text, the first for the places of the labels.
 * That works because the length of an instruction never depends on where a label is.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "agx_isa.h"
#include "agx_isa_asm.h"
#include "isa_format.h"
#include "isa_parse.h"
#include "isa_table.h"

#define TRAP 0x0008 /* a parcel that is safe to run into */

struct pass {
	struct agx_isa_asm *as;
	bool emit;
	uint32_t labels; /* defined so far */
	const char *missing;
	uint32_t missing_length;
};

static int fail(struct agx_isa_asm *as, size_t start, size_t at, int error, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* start: of the line; at: of what is wrong. */
static int fail(struct agx_isa_asm *as, size_t start, size_t at, int error, const char *format, ...)
{
	va_list ap;

	as->column = at - start + 1;
	va_start(ap, format);
	isa_vformat(as->error, sizeof(as->error), format, ap);
	va_end(ap);
	return error;
}

/* A part of the text for a message: printable, not too long. */
static const char *quote(const char *text, size_t length, char out[48])
{
	size_t i, n = 0;

	for (i = 0; i < length && n < 40; i++)
		out[n++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	if (i < length) {
		memcpy(out + n, "...", 3);
		n += 3;
	}
	out[n] = '\0';
	return out;
}

static uint32_t hash(const char *name, size_t length)
{
	uint32_t value = 2166136261u;

	while (length--)
		value = (value ^ (uint8_t)*name++) * 16777619u;
	return value;
}

/* The entry of a label, or the free one where it belongs; NULL: the table is full. */
static struct agx_isa_label *label_entry(const struct agx_isa_asm *as, const char *name,
					 size_t length)
{
	struct agx_isa_label *label;
	uint32_t i, at;

	if (!as->labels_max)
		return NULL;
	at = hash(name, length) % as->labels_max;
	for (i = 0; i < as->labels_max; i++) {
		label = &as->labels[at];
		if (!label->length ||
		    (label->length == length && !memcmp(as->text + label->start, name, length)))
			return label;
		at = at + 1 == as->labels_max ? 0 : at + 1;
	}
	return NULL;
}

static bool find_label(void *cookie, const char *name, size_t length, int64_t *offset)
{
	struct pass *pass = cookie;
	struct agx_isa_label *label;
	size_t i;

	for (i = 0; i < length; i++) {
		if (!isa_is_letter(name[i]) && !isa_is_digit(name[i]) && name[i] != '.')
			return false;
	}
	if (!pass->emit) {
		*offset = 0;
		return true;
	}
	label = label_entry(pass->as, name, length);
	if (!label || !label->length) {
		pass->missing = name;
		pass->missing_length = length;
		return false;
	}
	*offset = (int64_t)label->address - (int64_t)pass->as->length;
	return true;
}

static int define_label(struct pass *pass, size_t line, size_t start, size_t length)
{
	struct agx_isa_asm *as = pass->as;
	struct agx_isa_label *label;
	char name[48];

	if (pass->emit)
		return 0;
	label = label_entry(as, as->text + start, length);
	/* One entry stays free, so that looking up an unknown label ends soon. */
	if (!label || (!label->length && pass->labels + 1 >= as->labels_max))
		return fail(as, line, start, -ENOSPC, "more than %u labels",
			    as->labels_max ? as->labels_max - 1 : 0);
	if (label->length)
		return fail(as, line, start, -EINVAL, "label \"%s\" is already defined in line %u",
			    quote(as->text + start, length, name), label->line);
	*label = (struct agx_isa_label){start, length, as->length, as->line};
	pass->labels++;
	return 0;
}

static int emit(struct pass *pass, size_t line, size_t at, const void *bytes, size_t count)
{
	struct agx_isa_asm *as = pass->as;

	if (count > AGX_ISA_MAX_PROGRAM - as->length)
		return fail(as, line, at, -ENOSPC, "the program is larger than %u bytes",
			    AGX_ISA_MAX_PROGRAM);
	if (pass->emit && as->out) {
		if (count > as->capacity - as->length)
			return fail(as, line, at, -ENOSPC, "the program is larger than %zu bytes",
				    as->capacity);
		memcpy(as->out + as->length, bytes, count);
	}
	as->length += count;
	return 0;
}

static int emit_fill(struct pass *pass, size_t line, size_t at, uint64_t count, uint8_t value)
{
	uint8_t block[256];
	int ret;

	if (count > AGX_ISA_MAX_PROGRAM)
		return fail(pass->as, line, at, -ENOSPC, "the program is larger than %u bytes",
			    AGX_ISA_MAX_PROGRAM);
	memset(block, value, sizeof(block));
	while (count) {
		size_t n = count < sizeof(block) ? count : sizeof(block);

		ret = emit(pass, line, at, block, n);
		if (ret)
			return ret;
		count -= n;
	}
	return 0;
}

/* One number of a directive's list, and where the list goes on; *at is past it and its comma. */
static int list_number(struct pass *pass, size_t line, size_t *at, size_t end, int64_t minimum,
		       int64_t maximum, int64_t *value)
{
	struct agx_isa_asm *as = pass->as;
	const char *text = as->text;
	char found[48];
	size_t n, start;

	while (*at < end && isa_is_space(text[*at]))
		(*at)++;
	start = *at;
	n = isa_parse_number(text + start, end - start, value);
	*at += n;
	while (*at < end && isa_is_space(text[*at]))
		(*at)++;
	if (!n || (*at < end && text[*at] != ','))
		return fail(as, line, start, -EINVAL, "expected a number, found \"%s\"",
			    quote(text + start, end - start, found));
	if (*value < minimum || *value > maximum)
		return fail(as, line, start, -EINVAL,
			    "expected a number from %lld to %lld, found %lld", (long long)minimum,
			    (long long)maximum, (long long)*value);
	if (*at < end && ++*at == end)
		return fail(as, line, end, -EINVAL, "expected a number after the comma");
	return 0;
}

/* 64-bit numbers are more than isa_parse_number() takes: two hexadecimal halves. */
static bool long_number(const char *text, size_t length, uint64_t *value)
{
	size_t i;

	if (length < 3 || length > 18 || text[0] != '0' || text[1] != 'x')
		return false;
	*value = 0;
	for (i = 2; i < length; i++) {
		int64_t digit;
		char one[3] = {'0', 'x', text[i]};

		if (isa_parse_number(one, 3, &digit) != 3)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static int numbers(struct pass *pass, size_t line, size_t at, size_t end, unsigned int size)
{
	const char *text = pass->as->text;
	int64_t value, half = size < 8 ? 1ll << (size * 8 - 1) : INT64_MAX;
	uint8_t bytes[8];
	unsigned int i;
	size_t n, start;
	uint64_t wide;
	int ret;

	do {
		for (start = at; start < end && isa_is_space(text[start]); start++)
			;
		for (n = start; n < end && text[n] != ',' && !isa_is_space(text[n]); n++)
			;
		if (size == 8 && long_number(text + start, n - start, &wide)) {
			value = wide;
			while (n < end && isa_is_space(text[n]))
				n++;
			at = n;
			if (at < end && text[at++] != ',')
				return fail(pass->as, line, n, -EINVAL, "expected a comma");
			ret = 0;
		} else {
			ret = list_number(pass, line, &at, end, size < 8 ? -half : INT64_MIN,
					  size < 8 ? half * 2 - 1 : INT64_MAX, &value);
		}
		if (ret)
			return ret;
		for (i = 0; i < size; i++)
			bytes[i] = (uint64_t)value >> i * 8;
		ret = emit(pass, line, start, bytes, size);
		if (ret)
			return ret;
	} while (at < end);
	return 0;
}

static int hex_bytes(struct pass *pass, size_t line, size_t at, size_t end)
{
	struct agx_isa_asm *as = pass->as;
	int64_t value;
	uint8_t byte;
	int ret;

	while (at < end) {
		char two[4] = {'0', 'x', as->text[at], 0};

		if (isa_is_space(as->text[at])) {
			at++;
			continue;
		}
		if (end - at < 2)
			return fail(as, line, at, -EINVAL, "an odd number of hexadecimal digits");
		two[3] = as->text[at + 1];
		if (isa_parse_number(two, 4, &value) != 4)
			return fail(as, line, at, -EINVAL,
				    "expected two hexadecimal digits, found \"%s\"",
				    quote(as->text + at, 2, (char[48]){0}));
		byte = value;
		ret = emit(pass, line, at, &byte, 1);
		if (ret)
			return ret;
		at += 2;
	}
	return 0;
}

static int align(struct pass *pass, size_t line, size_t at, size_t end)
{
	static const uint8_t trap[2] = {TRAP & 0xff, TRAP >> 8};
	int64_t to, value = -1;
	size_t start = at;
	int ret;

	ret = list_number(pass, line, &at, end, 1, 1 << 20, &to);
	if (!ret && at < end)
		ret = list_number(pass, line, &at, end, 0, 255, &value);
	if (ret)
		return ret;
	if (to & (to - 1))
		return fail(pass->as, line, start, -EINVAL, "%lld is not a power of two",
			    (long long)to);
	while (!ret && pass->as->length & (to - 1)) {
		uint8_t byte = value < 0 ? 0 : value;

		if (value < 0 && !(pass->as->length & 1) && to > 1)
			ret = emit(pass, line, start, trap, 2);
		else
			ret = emit(pass, line, start, &byte, 1);
	}
	return ret;
}

static int fill(struct pass *pass, size_t line, size_t at, size_t end)
{
	int64_t count, value = 0;
	size_t start = at;
	int ret;

	ret = list_number(pass, line, &at, end, 0, AGX_ISA_MAX_PROGRAM, &count);
	if (!ret && at < end)
		ret = list_number(pass, line, &at, end, 0, 255, &value);
	if (ret)
		return ret;
	if (at < end)
		return fail(pass->as, line, at, -EINVAL, "expected the end of the line");
	return emit_fill(pass, line, start, count, value);
}

/* What is the library's, and not the assembler's. */
static bool of_shaders(const char *text, size_t length)
{
	static const char *const names[] = {".stage",   ".threads",  ".local",
					    ".scratch", ".preamble", ".main",
					    ".output",  ".tile",     ".unchecked_waits"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (length == strlen(names[i]) && !memcmp(text, names[i], length))
			return true;
	}
	return false;
}

static int directive(struct pass *pass, size_t line, size_t start, size_t end)
{
	static const struct {
		const char *name;
		unsigned int size;
	} sizes[] = {{".u8", 1},   {".u16", 2},  {".u32", 4}, {".u64", 8},
		     {".byte", 1}, {".half", 2}, {".word", 4}};
	const char *text = pass->as->text;
	size_t i, n, at;
	char name[48];

	for (at = start; at < end && !isa_is_space(text[at]); at++)
		;
	n = at - start;
	for (; at < end && isa_is_space(text[at]); at++)
		;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (n == strlen(sizes[i].name) && !memcmp(text + start, sizes[i].name, n))
			return numbers(pass, line, at, end, sizes[i].size);
	}
	if (n == 4 && !memcmp(text + start, ".hex", n))
		return hex_bytes(pass, line, at, end);
	if (n == 6 && !memcmp(text + start, ".align", n))
		return align(pass, line, at, end);
	if (n == 5 && !memcmp(text + start, ".fill", n))
		return fill(pass, line, at, end);
	return fail(pass->as, line, start, -EINVAL,
		    "expected .u8, .u16, .u32, .u64, .hex, .align or .fill, found \"%s\"%s",
		    quote(text + start, n, name),
		    of_shaders(text + start, n) ? ": that is for libagx, which reads it in the "
						  "text of a shader"
						: "");
}

/* "a register, a uniform register or a number" */
static void describe_expected(const struct isa_parse_error *error, char *out, size_t size)
{
	static const char *const names[] = {
		"a register",
		"a uniform register",
		"a number",
		"a floating-point number",
		"ts0...",
		"ss0...",
		"cf0...",
		"a label",
		"\"_\"",
		"the end of the line",
		"a special register",
	};
	const char *parts[sizeof(names) / sizeof(names[0]) + ISA_MAX_EXPECTED_MODIFIERS * 8];
	unsigned int i, j, named, count = 0;
	size_t n = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (error->expected >> i & 1)
			parts[count++] = names[i];
	}
	for (i = 0; i < error->modifier_count; i++) {
		const struct agx_isa_modifier_values *values =
			&agx_isa_modifier_table[error->modifiers[i]];

		if (!values->value_count)
			parts[count++] = values->text;
		for (j = named = 0; j < values->value_count; j++) {
			if (values->values[j].silent)
				continue;
			/* Enough to see what is meant. */
			if (++named > 6) {
				parts[count++] = "...";
				break;
			}
			parts[count++] = values->values[j].text;
		}
	}
	out[0] = '\0';
	for (i = 0; i < count && n < size; i++)
		n += isa_format(out + n, size - n, "%s%s",
				!i               ? ""
				: i + 1 == count ? " or "
						 : ", ",
				parts[i]);
}

/* Behind a message: what isa_parse_hint() knows. */
static int add_hint(struct agx_isa_asm *as, const char *line, const struct isa_parse_error *error,
		    int ret)
{
	const size_t n = strlen(as->error);
	char hint[200];

	isa_parse_hint(line, error, hint, sizeof(hint));
	if (hint[0])
		isa_format(as->error + n, sizeof(as->error) - n, " (%s)", hint);
	return ret;
}

static int instruction(struct pass *pass, size_t line, size_t start, size_t end)
{
	struct agx_isa_asm *as = pass->as;
	struct isa_labels labels = {find_label, pass};
	struct isa_parse_error error;
	uint8_t bytes[AGX_ISA_MAX_LENGTH];
	char found[48], expected[160];
	int length, ret;
	size_t at;

	pass->missing = NULL;
	length = isa_parse(as->text + start, end - start, &labels, bytes, &error);
	if (length > 0) {
		ret = emit(pass, line, start, bytes, length);
		as->instructions += !ret;
		return ret;
	}
	if (pass->missing)
		return fail(as, line, pass->missing - as->text, -EINVAL, "there is no label \"%s\"",
			    quote(pass->missing, pass->missing_length, found));
	at = start + error.start;
	quote(as->text + at, error.end - error.start, found);
	if (!error.expected && !error.modifier_count) {
		ret = fail(as, line, at, -EINVAL, "%s: \"%s\"", error.why, found);
	} else {
		describe_expected(&error, expected, sizeof(expected));
		ret = error.start == error.end
			      ? fail(as, line, at, -EINVAL,
				     "expected %s, found the end of the line", expected)
			      : fail(as, line, at, -EINVAL, "expected %s, found \"%s\"", expected,
				     found);
	}
	return add_hint(as, as->text + start, &error, ret);
}

/* The place and the bytes that a listing has before an instruction. */
static size_t skip_column(const char *text, size_t start, size_t end)
{
	static const char hex[] = "0123456789abcdef";
	size_t i = start, bar;

	if (i >= end || !isa_is_digit(text[i]))
		return start;
	while (i < end && memchr(hex, text[i], 16))
		i++;
	if (i >= end || text[i] != ':')
		return start;
	i++;
	for (bar = i; bar < end && (isa_is_space(text[bar]) || memchr(hex, text[bar], 16)); bar++)
		;
	return bar < end && text[bar] == '|' ? bar + 1 : i;
}

static int one_line(struct pass *pass, size_t line, size_t end)
{
	const char *text = pass->as->text;
	size_t start = line, n;
	int ret;

	for (;;) {
		while (start < end && isa_is_space(text[start]))
			start++;
		n = skip_column(text, start, end);
		if (n != start) {
			start = n;
			continue;
		}
		while (end > start && isa_is_space(text[end - 1]))
			end--;
		if (start == end)
			return 0;
		for (n = start; n < end && (isa_is_letter(text[n]) || isa_is_digit(text[n]) ||
					    (text[n] == '.' && n > start));
		     n++)
			;
		if (n == start || n == end || text[n] != ':' || isa_is_digit(text[start]))
			break;
		ret = define_label(pass, line, start, n - start);
		if (ret)
			return ret;
		start = n + 1;
	}
	if (text[start] == '.')
		return directive(pass, line, start, end);
	return instruction(pass, line, start, end);
}

static bool begins(const char *text, size_t at, size_t end, const char *word)
{
	size_t n = strlen(word);

	return end - at >= n && !memcmp(text + at, word, n);
}

/*
 * Where the code of a line ends: at its comment or its end. *block: how a comment over lines goes
 * on.
 */
static size_t end_of_code(const char *text, size_t start, size_t end)
{
	bool blank = true;
	size_t i;

	for (i = start; i < end; i++) {
		if (text[i] == ';' || begins(text, i, end, "//"))
			return i;
		if (text[i] == '#' && (blank || (!begins(text, i, end, "# unknown bits:") &&
						 !begins(text, i, end, "# missing hint"))))
			return i;
		if (!isa_is_space(text[i]))
			blank = false;
	}
	return end;
}

static int run(struct pass *pass)
{
	struct agx_isa_asm *as = pass->as;
	const char *text = as->text, *open, *close;
	size_t line = 0, end, code;
	int ret;

	as->length = 0;
	as->instructions = 0;
	for (as->line = 1; line < as->size; as->line++, line = end + 1) {
		const char *newline = memchr(text + line, '\n', as->size - line);

		end = newline ? (size_t)(newline - text) : as->size;
		code = end_of_code(text, line, end);
		/*
		 * A block comment ends the code of its line; code goes on in the line after its
		 * end.
		 */
		open = memmem(text + line, code - line, "/*", 2);
		if (open)
			code = open - text;
		ret = one_line(pass, line, code);
		if (ret)
			return ret;
		if (!open)
			continue;
		close = memmem(open + 2, as->size - (open + 2 - text), "*/", 2);
		if (!close)
			return fail(as, line, open - text, -EINVAL, "the comment has no end");
		/* What follows the comment is looked at as a line of its own. */
		for (; open < close; open++)
			as->line += *open == '\n';
		as->line--;
		end = close + 1 - text;
	}
	return 0;
}

int agx_isa_assemble(struct agx_isa_asm *as)
{
	struct pass pass = {.as = as};
	int ret;

	as->error[0] = '\0';
	as->column = as->line = 0;
	as->length = 0;
	if (as->size > UINT32_MAX)
		return fail(as, 0, 0, -ENOSPC, "the text is larger than 4 GiB");
	if (as->labels_max)
		memset(as->labels, 0, as->labels_max * sizeof(as->labels[0]));
	ret = run(&pass);
	if (ret)
		return ret;
	pass.emit = true;
	ret = run(&pass);
	if (!ret)
		as->line = 0;
	return ret;
}

int agx_isa_parse(const char *line, struct agx_isa_instr *out, const char **why,
		  unsigned int *column)
{
	size_t start = 0, length = end_of_code(line, 0, strlen(line));
	struct isa_parse_error error = {.why = "not data"};
	uint8_t bytes[AGX_ISA_MAX_LENGTH];
	int ret;

	while (start < length && isa_is_space(line[start]))
		start++;
	if (start < length && line[start] == '.') {
		struct agx_isa_asm as = {
			.text = line, .size = length, .out = bytes, .capacity = sizeof(bytes)};

		ret = agx_isa_assemble(&as) || !as.length ? -EINVAL : (int)as.length;
		error.start = as.column ? as.column - 1 : 0;
		if (ret > 0) {
			*out = (struct agx_isa_instr){.op = AGX_ISA_OP_DATA, .length = ret};
			while (ret--)
				out->unknown[ret >> 3] |= (uint64_t)bytes[ret] << (ret & 7) * 8;
			return 0;
		}
	} else {
		ret = isa_parse(line + start, length - start, NULL, bytes, &error);
		error.start += start;
		if (ret > 0) {
			ret = agx_isa_decode(bytes, ret, out);
			error.why = "no encoding";
		}
		if (ret > 0)
			return 0;
	}
	if (why)
		*why = error.why;
	if (column)
		*column = error.start;
	return -EINVAL;
}
