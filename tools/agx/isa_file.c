// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "agx.h"
#include "agx_isa_waits.h"
#include "isa_file.h"

int isa_file_read(const char *path, struct isa_file *out)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "rbe") : stdin;
	size_t capacity = 0, n;
	uint8_t *grown;
	int ret = 0;

	*out = (struct isa_file){0};
	if (!in)
		return -errno;
	for (;;) {
		if (out->size == capacity) {
			capacity = capacity ? capacity * 2 : 64 << 10;
			grown = capacity > ISA_FILE_MAX * 2ull ? NULL
							       : realloc(out->data, capacity);
			if (!grown) {
				ret = capacity > ISA_FILE_MAX * 2ull ? -EFBIG : -ENOMEM;
				break;
			}
			out->data = grown;
		}
		n = fread(out->data + out->size, 1, capacity - out->size, in);
		out->size += n;
		if (out->size > ISA_FILE_MAX) {
			ret = -EFBIG;
			break;
		}
		if (!n) {
			if (ferror(in))
				ret = errno ? -errno : -EIO;
			break;
		}
	}
	if (in != stdin)
		fclose(in);
	if (ret)
		isa_file_free(out);
	return ret;
}

void isa_file_free(struct isa_file *file)
{
	free(file->data);
	*file = (struct isa_file){0};
}

static int nibble(uint8_t c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Digits of a word, 0 if it is no hexadecimal number of whole bytes. */
static size_t hex_word(const uint8_t *text, size_t size)
{
	size_t n = 0;

	while (n < size && isxdigit(text[n]))
		n++;
	return n & 1 || (n < size && !isspace(text[n])) ? 0 : n;
}

size_t isa_file_from_hex(struct isa_file *file)
{
	size_t at = 0, end, n, used = 0, line = 0;
	uint8_t *newline;
	bool first;

	while (at < file->size) {
		newline = memchr(file->data + at, '\n', file->size - at);
		end = newline ? (size_t)(newline - file->data) : file->size;
		line++;
		for (first = true; at < end; first = false) {
			while (at < end && isspace(file->data[at]))
				at++;
			if (at == end || file->data[at] == '#')
				break;
			n = hex_word(file->data + at, end - at);
			if (!n && first)
				return line;
			/* Words like "fadd" are no bytes: only pairs of digits may follow pairs. */
			if (n != 2 && !first)
				break;
			/* What is written never overtakes what is read. */
			for (end = n > 2 ? at + n : end; n; n -= 2, at += 2)
				file->data[used++] =
					nibble(file->data[at]) << 4 | nibble(file->data[at + 1]);
		}
		newline = memchr(file->data + at, '\n', file->size - at);
		at = newline ? (size_t)(newline - file->data) + 1 : file->size;
	}
	file->size = used;
	return 0;
}

const char *isa_end_name(enum agx_isa_end end)
{
	static const char *const names[] = {"stop", "return", "end of the code", "no code"};

	return names[end];
}

/* Numbers of the statistics, in the order of the output. */
static const struct {
	const char *name, *text;
	size_t offset;
} counts[] = {
#define COUNT(name, text)                                           \
	{                                                           \
#name, text, offsetof(struct agx_isa_program, name) \
	}
	COUNT(instructions, "instructions"),
	COUNT(code_size, "bytes of code"),
	COUNT(size, "bytes with the traps behind it"),
	COUNT(registers, "half registers"),
	COUNT(threads, "threads of a core at best"),
	COUNT(uniforms, "half uniforms"),
	COUNT(uniforms_set, "half uniforms set"),
	COUNT(texture_states, "texture state registers"),
	COUNT(sampler_states, "sampler state registers"),
	COUNT(coefficients, "coefficient registers"),
	COUNT(stack_bytes, "bytes of stack at constant places"),
	COUNT(blocks, "basic blocks"),
	COUNT(max_depth, "levels of the execution mask"),
	COUNT(jumps, "jumps"),
	COUNT(loops, "jumps backwards"),
	COUNT(calls, "calls"),
	COUNT(wild, "jumps to nowhere"),
	COUNT(waits, "waits"),
	COUNT(barriers, "barriers"),
	COUNT(loads, "device loads"),
	COUNT(stores, "device stores"),
	COUNT(atomics, "device atomics"),
	COUNT(fills, "loads from the stack"),
	COUNT(spills, "stores to the stack"),
	COUNT(textures, "texture reads"),
	COUNT(images, "image writes"),
	COUNT(odd, "instructions with unknown bits"),
	COUNT(unknown, "unknown encodings"),
#undef COUNT
};

static const struct {
	const char *name;
	size_t offset;
} properties[] = {
#define PROPERTY(name)                                        \
	{                                                     \
#name, offsetof(struct agx_isa_program, name) \
	}
	PROPERTY(stack),  PROPERTY(local),    PROPERTY(tile),     PROPERTY(bindless),
	PROPERTY(helper), PROPERTY(discards), PROPERTY(indirect),
#undef PROPERTY
};

static uint32_t count_of(const struct agx_isa_program *program, size_t i)
{
	uint32_t value;

	memcpy(&value, (const char *)program + counts[i].offset, sizeof(value));
	return value;
}

static bool has(const struct agx_isa_program *program, size_t i)
{
	bool value;

	memcpy(&value, (const char *)program + properties[i].offset, sizeof(value));
	return value;
}

void isa_stats_print(const struct agx_isa_program *program, const char *name, FILE *out)
{
	const char *comma = "";
	size_t i;

	/* One line to be read by scripts as those of Mesa's shader-db are. */
	fprintf(out,
		"%s: %u inst, %u bytes, %u regs, %u uniforms, %u scratch, %u threads, %u loops, "
		"%u:%u spills:fills\n",
		name, program->instructions, program->code_size, program->registers,
		program->uniforms, program->stack_bytes, program->threads, program->loops,
		program->spills, program->fills);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (count_of(program, i))
			fprintf(out, "%8u %s\n", count_of(program, i), counts[i].text);
	}
	fprintf(out, "ends with: %s\n", isa_end_name(program->end));
	fprintf(out, "mix:");
	for (i = 0; i < AGX_ISA_CLASSES; i++) {
		if (!program->classes[i])
			continue;
		fprintf(out, "%s %u %s", comma, program->classes[i], agx_isa_class_name(i));
		comma = ",";
	}
	fprintf(out, "\nuses:");
	comma = "";
	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if (!has(program, i))
			continue;
		fprintf(out, "%s %s", comma, properties[i].name);
		comma = ",";
	}
	fprintf(out, "%s\n", *comma ? "" : " nothing else");
}

struct json_object *isa_stats_json(const struct agx_isa_program *program)
{
	struct json_object *root = json_object_new_object(), *mix = json_object_new_object();
	size_t i;

	json_object_object_add(root, "end", json_object_new_string(isa_end_name(program->end)));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_object_add(root, counts[i].name,
				       json_object_new_int64(count_of(program, i)));
	for (i = 0; i < AGX_ISA_CLASSES; i++) {
		if (program->classes[i])
			json_object_object_add(mix, agx_isa_class_name(i),
					       json_object_new_int64(program->classes[i]));
	}
	json_object_object_add(root, "mix", mix);
	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		json_object_object_add(root, properties[i].name,
				       json_object_new_boolean(has(program, i)));
	return root;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$' || c == '^' ||
	       c == '-';
}

static const char *style_of(const char *word, size_t n, bool first,
			    const struct agx_text_style *style)
{
	while (n && (*word == '$' || *word == '^')) {
		word++;
		n--;
	}
	if (!n)
		return "";
	if (first)
		return *word == '.' ? style->problem : style->mnemonic;
	if (*word == 'd' && n > 1) {
		word++;
		n--;
	}
	if (isdigit((unsigned char)*word) || *word == '-')
		return style->immediate;
	if (n > 1 && isdigit((unsigned char)word[1])) {
		if (*word == 'r')
			return style->reg;
		if (*word == 'u')
			return style->uniform;
		if (*word == 'L')
			return style->label;
	}
	if (n > 2 && isdigit((unsigned char)word[2]) &&
	    (!strncmp(word, "ts", 2) || !strncmp(word, "ss", 2) || !strncmp(word, "cf", 2)))
		return style->reg;
	return style->modifier;
}

static void print_part(const char *text, size_t size, const char *begin,
		       const struct agx_text_style *style, FILE *out)
{
	if (*begin)
		fputs(begin, out);
	fwrite(text, 1, size, out);
	if (*begin)
		fputs(style->reset, out);
}

static void print_line(const char *line, size_t size, const struct agx_text_style *style, FILE *out)
{
	const char *bar = memchr(line, '|', size), *colon = memchr(line, ':', size), *remark;
	size_t at = 0, n;
	bool first = true;

	if (size && line[0] == 'L' && colon == line + size - 1) {
		print_part(line, size, style->label, style, out);
		return;
	}
	if (bar)
		at = bar + 1 - line;
	else if (size && isdigit((unsigned char)line[0]) && colon)
		at = colon + 1 - line;
	print_part(line, at, at ? style->bytes : "", style, out);
	remark = memchr(line + at, '#', size - at);
	if (!remark)
		remark = memchr(line + at, '!', size - at);
	while (at < size) {
		if (line + at == remark) {
			print_part(line + at, size - at, style->remark, style, out);
			return;
		}
		for (n = at;
		     n < size && line + n != remark && is_word(line[n]) == is_word(line[at]); n++)
			;
		if (is_word(line[at])) {
			print_part(line + at, n - at, style_of(line + at, n - at, first, style),
				   style, out);
			first = false;
		} else {
			fwrite(line + at, 1, n - at, out);
		}
		at = n;
	}
}

void isa_print_coloured(const char *text, size_t size, const struct agx_text_style *style,
			FILE *out)
{
	const char *end;

	if (!*style->mnemonic) {
		fwrite(text, 1, size, out);
		return;
	}
	while (size) {
		end = memchr(text, '\n', size);
		if (!end)
			end = text + size;
		print_line(text, end - text, style, out);
		size -= end - text;
		text = end;
		if (size) {
			fputc('\n', out);
			size--;
			text++;
		}
	}
}

bool isa_warn_hazards(const void *code, size_t size, const char *name)
{
	struct agx_isa_hazard hazards[ISA_HAZARDS_TOLD];
	char line[AGX_ISA_LINE], text[256];
	struct agx_isa_instr instr;
	unsigned int count;
	void *memory;

	if (size > ISA_HAZARDS_CODE) {
		tool_warning("%s: waits: not looked at: more code than programs have", name);
		return false;
	}
	memory = calloc(1, agx_isa_hazards_memory(size));
	if (!memory) {
		tool_warning("%s: waits: not looked at: out of memory", name);
		return false;
	}
	count = agx_isa_find_hazards(code, size, memory, hazards, ISA_HAZARDS_TOLD);
	free(memory);
	for (unsigned int i = 0; i < count && i < ISA_HAZARDS_TOLD; i++) {
		agx_isa_decode((const uint8_t *)code + hazards[i].at, size - hazards[i].at, &instr);
		agx_isa_print(&instr, hazards[i].at, AGX_ISA_SYNTAX_MESA, line);
		agx_isa_hazard_text(&hazards[i], text, sizeof(text));
		tool_warning("%s: offset 0x%x, '%s': %s", name, hazards[i].at, line, text);
	}
	if (count > ISA_HAZARDS_TOLD)
		tool_warning("%s: more instructions that do not wait: %u", name,
			     count - ISA_HAZARDS_TOLD);
	return count > 0;
}
