// SPDX-License-Identifier: MIT
/* Shaders: from text or code to a place in the shader window. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"

#include "shader_internal.h"

/*
 * Mesa, src/asahi/compiler/agx_pack.c: eight traps follow the stop, for the hardware fetches beyond it; and
 * src/asahi/compiler/agx_compile.c: programs begin at multiples of 128.
 */
#define TRAPS     8
#define TRAP_SIZE 2
#define ALIGN     128
#define PADDING   (TRAPS * TRAP_SIZE)

static const uint8_t trap[TRAP_SIZE] = {0x08, 0x00};

/* What a shader is made of, before it is anywhere. */
struct build {
	struct agx_context *ctx;
	const char *name;
	enum agx_stage stage;
	uint8_t *program, *preamble; /* owned */
	size_t program_size, preamble_size;
	struct lib_shader_code program_code, preamble_code;
	struct lib_shader_text text;
	unsigned int group[3], local_bytes, scratch_bytes;
};

static int read_file(struct build *b, const char *path, char **text, size_t *size)
{
	FILE *file = fopen(path, "rbe");
	size_t capacity = 16384, n;
	int ret = -ENOMEM;
	char *larger;

	if (!file)
		return lib_fail(b->ctx, -errno, "%s: %s", path, strerror(errno));
	*size = 0;
	*text = malloc(capacity);
	while (*text) {
		n = fread(*text + *size, 1, capacity - *size, file);
		*size += n;
		if (*size < capacity) {
			ret = ferror(file) ? (errno ? -errno : -EIO) : 0;
			break;
		}
		if (capacity > LIB_SHADER_TEXT_MAX) {
			ret = -EFBIG;
			break;
		}
		capacity *= 2;
		larger = realloc(*text, capacity);
		if (!larger)
			break;
		*text = larger;
	}
	fclose(file);
	if (ret) {
		free(*text);
		*text = NULL;
		lib_fail(b->ctx, ret, "%s: %s", path, strerror(-ret));
	}
	return ret;
}

static int assemble(struct build *b, const char *text, size_t size, uint8_t **code, size_t *length)
{
	struct agx_isa_asm as = {.text = text, .size = size};
	uint32_t labels = 2;
	int ret = -ENOMEM;

	for (const char *p = text; p < text + size; p++)
		labels += *p == ':';
	as.labels = calloc(labels, sizeof(*as.labels));
	as.labels_max = labels;
	if (as.labels)
		ret = agx_isa_assemble(&as);
	if (!ret && as.length > LIB_SHADER_CODE_MAX) {
		free(as.labels);
		return lib_fail(b->ctx, -EINVAL, "%s: a program has at most %zu bytes, got %zu",
				b->name, LIB_SHADER_CODE_MAX, as.length);
	}
	if (!ret) {
		*code = malloc(as.length + 1);
		as.out = *code;
		as.capacity = as.length;
		memset(as.labels, 0, labels * sizeof(*as.labels));
		ret = *code ? agx_isa_assemble(&as) : -ENOMEM;
	}
	free(as.labels);
	if (ret == -ENOMEM)
		return lib_fail(b->ctx, ret, "%s: no memory", b->name);
	if (ret)
		return lib_fail(b->ctx, -EINVAL, "%s:%u:%u: %s", b->name, as.line, as.column,
				as.error);
	*length = as.length;
	return 0;
}

/* Both say it, or one: they have to agree. */
static int agree(struct build *b, const char *what, unsigned int text, unsigned int params,
		 unsigned int *value)
{
	if (text && params && text != params)
		return lib_fail(b->ctx, -EINVAL,
				"%s: the text says %u for %s, the parameters say %u", b->name, text,
				what, params);
	*value = text ? text : params;
	return 0;
}

static int from_text(struct build *b, const struct agx_shader_params *params, const char *text,
		     size_t size)
{
	struct lib_shader_text *t = &b->text;
	int ret = lib_shader_text(text, size, t);

	if (ret == -EINVAL)
		return lib_fail(b->ctx, ret, "%s:%u:%u: %s", b->name, t->line, t->column, t->error);
	if (ret)
		return lib_fail(b->ctx, ret, "%s: no memory", b->name);
	if (t->has_stage && t->stage != b->stage)
		return lib_fail(b->ctx, -EINVAL,
				"%s: the text is of a %s shader, the parameters ask for a %s one",
				b->name, lib_stage_name(t->stage), lib_stage_name(b->stage));
	for (unsigned int i = 0; i < 3 && !ret; i++)
		ret = agree(b, "a dimension of groups", t->group[i], params->group[i],
			    &b->group[i]);
	if (!ret)
		ret = agree(b, "threadgroup memory", t->local_bytes, params->local_bytes,
			    &b->local_bytes);
	if (!ret)
		ret = agree(b, "scratch", t->scratch_bytes, params->scratch_bytes,
			    &b->scratch_bytes);
	if (!ret && t->preamble)
		ret = assemble(b, t->preamble, t->size, &b->preamble, &b->preamble_size);
	return ret ? ret : assemble(b, t->program, t->size, &b->program, &b->program_size);
}

static int copy_code(struct build *b, const void *code, size_t size, uint8_t **to, size_t *to_size)
{
	if (!code || !size)
		return 0;
	if (size > LIB_SHADER_CODE_MAX)
		return lib_fail(b->ctx, -EINVAL, "%s: a program has at most %zu bytes, got %zu",
				b->name, LIB_SHADER_CODE_MAX, size);
	*to = malloc(size);
	if (!*to)
		return lib_fail(b->ctx, -ENOMEM, "%s: no memory", b->name);
	memcpy(*to, code, size);
	*to_size = size;
	return 0;
}

static int from_code(struct build *b, const struct agx_shader_params *params)
{
	int ret = copy_code(b, params->code, params->code_size, &b->program, &b->program_size);

	if (!ret)
		ret = copy_code(b, params->preamble, params->preamble_size, &b->preamble,
				&b->preamble_size);
	memcpy(b->group, params->group, sizeof(b->group));
	b->local_bytes = params->local_bytes;
	b->scratch_bytes = params->scratch_bytes;
	return ret;
}

static int read_source(struct build *b, const struct agx_shader_params *params)
{
	const unsigned int sources = !!params->text + !!params->path + !!params->code;
	size_t size = 0;
	char *text = NULL;
	int ret;

	if (sources != 1)
		return lib_fail(b->ctx, -EINVAL,
				"%s: expected one of text, path and code, got %u of them", b->name,
				sources);
	if (params->code)
		return from_code(b, params);
	if (params->preamble)
		return lib_fail(b->ctx, -EINVAL,
				"%s: a preamble as code goes with code, in text it is .preamble",
				b->name);
	if (params->text)
		return from_text(b, params, params->text, strlen(params->text));
	ret = read_file(b, params->path, &text, &size);
	if (ret)
		return ret;
	ret = from_text(b, params, text, size);
	free(text);
	return ret;
}

static int examine_part(struct build *b, bool preamble)
{
	struct lib_shader_code *code = preamble ? &b->preamble_code : &b->program_code;
	char why[400];
	int ret = lib_shader_code(preamble ? b->preamble : b->program,
				  preamble ? b->preamble_size : b->program_size, b->stage, preamble,
				  code, why, sizeof(why));

	if (ret)
		return lib_fail(b->ctx, ret, "%s: %s%s", b->name, preamble ? "preamble: " : "",
				why);
	if (code->stack || b->scratch_bytes)
		return lib_fail(
			b->ctx, -ENOTSUP,
			"%s: %s uses the stack, which takes a helper program that hands out "
			"scratch memory: this library has none",
			b->name, preamble ? "the preamble" : "the program");
	return 0;
}

static int examine(struct build *b)
{
	unsigned int threads = 1;
	int ret;

	/* Given at all, a group's other dimensions are 1. */
	for (unsigned int i = 0; i < 3 && (b->group[0] || b->group[1] || b->group[2]); i++) {
		if (!b->group[i])
			b->group[i] = 1;
		if (b->group[i] > LIB_GROUP_MAX || threads * b->group[i] > LIB_GROUP_MAX)
			return lib_fail(b->ctx, -EINVAL,
					"%s: a group has at most %u threads, got %ux%ux%u", b->name,
					LIB_GROUP_MAX, b->group[0], b->group[1], b->group[2]);
		threads *= b->group[i];
	}
	if (b->local_bytes > LIB_LOCAL_MAX)
		return lib_fail(b->ctx, -EINVAL,
				"%s: a group has at most %u bytes of threadgroup memory, got %u",
				b->name, LIB_LOCAL_MAX, b->local_bytes);
	if (b->stage != AGX_STAGE_COMPUTE && (b->local_bytes || b->group[0]))
		return lib_fail(b->ctx, -EINVAL,
				"%s: only compute shaders have groups and threadgroup memory",
				b->name);
	ret = examine_part(b, false);
	if (!ret && b->preamble)
		ret = examine_part(b, true);
	if (ret)
		return ret;
	if (b->program_code.local && !b->local_bytes)
		return lib_fail(
			b->ctx, -EINVAL,
			"%s: the program uses threadgroup memory, and .local does not say how much",
			b->name);
	if (threads > agx_isa_threads(b->program_code.registers))
		return lib_fail(
			b->ctx, -EINVAL,
			"%s: groups of %u threads with %u halves of registers do not fit a core, "
			"%u threads do",
			b->name, threads, b->program_code.registers,
			agx_isa_threads(b->program_code.registers));
	return 0;
}

/* One more than the highest. */
static unsigned int top(const struct lib_bits *bits)
{
	for (unsigned int i = LIB_UNIFORMS; i-- > 0;) {
		if (lib_bit(bits, i))
			return i + 1;
	}
	return 0;
}

static struct lib_bits either(const struct lib_bits *a, const struct lib_bits *b)
{
	struct lib_bits bits;

	for (unsigned int i = 0; i < LIB_UNIFORMS / 64; i++)
		bits.words[i] = a->words[i] | b->words[i];
	return bits;
}

/* What the preamble reads, and what the program reads that the preamble does not set. */
static struct lib_bits needed(const struct lib_bits *program, const struct lib_bits *preamble,
			      const struct lib_bits *set)
{
	struct lib_bits bits;

	for (unsigned int i = 0; i < LIB_UNIFORMS / 64; i++)
		bits.words[i] = preamble->words[i] | (program->words[i] & ~set->words[i]);
	return bits;
}

static unsigned int highest(const struct lib_bits *program, const struct lib_bits *preamble,
			    const struct lib_bits *set)
{
	const struct lib_bits read = either(program, preamble), all = either(&read, set);

	return top(&all);
}

static void fill_info(struct agx_shader *shader, const struct build *b)
{
	const struct lib_shader_code *main = &b->program_code, *pre = &b->preamble_code;
	struct agx_shader_info *info = &shader->info;

	info->stage = b->stage;
	info->size = (unsigned int)main->size;
	info->preamble_size = (unsigned int)pre->size;
	info->instructions = main->instructions;
	info->registers = main->registers;
	info->preamble_registers = pre->registers;
	info->uniforms = highest(&main->uniforms, &pre->uniforms, &pre->uniforms_set);
	info->textures = highest(&main->textures, &pre->textures, &pre->textures_set);
	info->samplers = highest(&main->samplers, &pre->samplers, &pre->samplers_set);
	info->coefficients = main->coefficients;
	info->threads = agx_isa_threads(main->registers);
	memcpy(info->group, b->group, sizeof(info->group));
	info->local_bytes = b->local_bytes;
	info->discards = main->discards;
	info->uses_tile = main->tile;
	info->uses_barriers = main->barriers;

	shader->uniforms = needed(&main->uniforms, &pre->uniforms, &pre->uniforms_set);
	shader->textures = needed(&main->textures, &pre->textures, &pre->textures_set);
	shader->samplers = needed(&main->samplers, &pre->samplers, &pre->samplers_set);
	shader->filtered = needed(&main->filtered, &pre->filtered, &pre->samplers_set);
	memcpy(shader->outputs, b->text.outputs, sizeof(shader->outputs));
	shader->output_count = b->text.output_count;
}

static size_t place_part(uint8_t *map, size_t at, const uint8_t *code, size_t size)
{
	memcpy(map + at, code, size);
	for (unsigned int i = 0; i < TRAPS; i++)
		memcpy(map + at + size + i * TRAP_SIZE, trap, TRAP_SIZE);
	return (at + size + PADDING + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static int upload(struct agx_shader *shader)
{
	const struct agx_shader_info *info = &shader->info;
	const uint64_t base = agx_vm_shader_base(shader->vm);
	size_t size = info->size + PADDING, preamble_at = 0;
	void *map;
	int ret;

	if (info->preamble_size) {
		preamble_at = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
		size = preamble_at + info->preamble_size + PADDING;
	}
	ret = lib_shader_memory(shader->vm, size, ALIGN, &shader->memory, &map);
	if (ret)
		return ret;
	place_part(map, 0, shader->code, info->size);
	shader->address = shader->memory;
	shader->usc = (uint32_t)(shader->address - base);
	if (preamble_at) {
		place_part(map, preamble_at, shader->code + info->size, info->preamble_size);
		shader->preamble_address = shader->memory + preamble_at;
		shader->preamble_usc = (uint32_t)(shader->preamble_address - base);
	}
	return 0;
}

static int finish(struct build *b, struct agx_vm *vm, struct agx_shader **out)
{
	const size_t size = b->program_code.size, preamble_size = b->preamble_code.size;
	struct agx_shader *shader = calloc(1, sizeof(*shader));
	int ret;

	if (!shader)
		return lib_fail(b->ctx, -ENOMEM, "%s: no memory", b->name);
	atomic_init(&shader->references, 1);
	shader->vm = lib_vm_get(vm);
	shader->ctx = b->ctx;
	snprintf(shader->name, sizeof(shader->name), "%s", b->name);
	fill_info(shader, b);
	shader->code = malloc(size + preamble_size);
	ret = shader->code ? 0 : lib_fail(b->ctx, -ENOMEM, "%s: no memory", b->name);
	if (!ret) {
		memcpy(shader->code, b->program, size);
		if (preamble_size)
			memcpy(shader->code + size, b->preamble, preamble_size);
		ret = upload(shader);
	}
	if (ret) {
		lib_shader_put(shader);
		return ret;
	}
	*out = shader;
	return 0;
}

int agx_shader_create(struct agx_vm *vm, const struct agx_shader_params *params,
		      struct agx_shader **shader)
{
	struct build b = {
		.ctx = lib_vm_context(vm),
		.name = params->name   ? params->name
			: params->path ? params->path
				       : "shader",
		.stage = params->stage,
	};
	int ret;

	*shader = NULL;
	if ((unsigned int)params->stage > AGX_STAGE_END_OF_TILE)
		return lib_fail(b.ctx, -EINVAL, "%s: there is no stage %u", b.name,
				(unsigned int)params->stage);
	ret = read_source(&b, params);
	if (!ret)
		ret = examine(&b);
	if (!ret)
		ret = finish(&b, vm, shader);
	lib_shader_text_free(&b.text);
	free(b.program);
	free(b.preamble);
	return ret;
}

struct agx_shader *lib_shader_get(struct agx_shader *shader)
{
	atomic_fetch_add_explicit(&shader->references, 1, memory_order_relaxed);
	return shader;
}

void lib_shader_put(struct agx_shader *shader)
{
	if (!shader || atomic_fetch_sub_explicit(&shader->references, 1, memory_order_acq_rel) > 1)
		return;
	if (shader->memory)
		lib_shader_memory_free(shader->vm, shader->memory);
	lib_vm_put(shader->vm);
	free(shader->code);
	free(shader);
}

void agx_shader_destroy(struct agx_shader *shader)
{
	lib_shader_put(shader);
}

const struct agx_shader_info *agx_shader_info(const struct agx_shader *shader)
{
	return &shader->info;
}

uint64_t agx_shader_address(const struct agx_shader *shader)
{
	return shader->address;
}

uint32_t lib_shader_usc(const struct agx_shader *shader)
{
	return shader->usc;
}

uint32_t lib_shader_preamble_usc(const struct agx_shader *shader)
{
	return shader->preamble_usc;
}

struct agx_vm *lib_shader_vm(const struct agx_shader *shader)
{
	return shader->vm;
}

/* Text that is copied as far as there is room, and counted to its end. */
struct listing {
	char *buf;
	size_t size, length;
};

static void put(struct listing *l, const char *text, size_t length)
{
	if (l->length < l->size) {
		const size_t room = l->size - l->length;

		memcpy(l->buf + l->length, text, length < room ? length : room);
	}
	l->length += length;
}

__attribute__((format(printf, 2, 3))) static void line(struct listing *l, const char *format, ...)
{
	char text[128];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		put(l, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void list_part(struct listing *l, const uint8_t *code, size_t size)
{
	uint8_t *targets = calloc(1, size / 16 + 1);
	struct agx_isa_listing part = {
		.code = code,
		.size = size,
		.targets = targets,
	};
	char text[AGX_ISA_LISTING_LINE * 2];
	struct agx_isa_program program;
	size_t n;

	/* Without memory for labels, jumps have numbers: that is as good for the assembler. */
	if (targets)
		agx_isa_analyse(code, size, true, targets, &program);
	while ((n = agx_isa_listing(&part, text, sizeof(text))))
		put(l, text, n);
	free(targets);
}

size_t agx_shader_listing(const struct agx_shader *shader, char *buf, size_t size)
{
	const struct agx_shader_info *info = &shader->info;
	struct listing l = {.buf = buf, .size = size};

	line(&l, ".stage %s\n", lib_stage_name(info->stage));
	if (info->group[0])
		line(&l, ".threads %u, %u, %u\n", info->group[0], info->group[1], info->group[2]);
	if (info->local_bytes)
		line(&l, ".local %u\n", info->local_bytes);
	for (unsigned int i = 0; i < shader->output_count; i++)
		line(&l, ".output %s, %u\n", shader->outputs[i].name, shader->outputs[i].count);
	if (info->preamble_size) {
		line(&l, ".preamble\n");
		list_part(&l, shader->code + info->size, info->preamble_size);
		line(&l, ".main\n");
	}
	list_part(&l, shader->code, info->size);
	if (size)
		buf[l.length < size ? l.length : size - 1] = '\0';
	return l.length;
}
