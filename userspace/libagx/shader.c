// SPDX-License-Identifier: MIT
/* Shaders: from text or code to a place in the shader window. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"
#include "agx_isa_waits.h"

#include "render_tile.h"
#include "scratch.h"
#include "shader_internal.h"

/*
 * Mesa, src/asahi/compiler/agx_pack.c: eight traps follow the stop, for the hardware fetches beyond
 * it; and src/asahi/compiler/agx_compile.c: programs begin at multiples of 128.
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
	struct agx_tile_layout tile;
	unsigned int stack_words; /* of a thread */
	bool unchecked_waits;
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

/* With the line itself: those who write a text in C do not see its lines numbered. */
static int wrong_text(struct build *b, const char *text, size_t size, unsigned int line,
		      unsigned int column, const char *error)
{
	const char *at = text, *end = text + size;
	char shown[64];
	size_t n = 0;

	for (unsigned int i = 1; i < line && at < end; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline ? newline + 1 : end;
	}
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at != '\n' && n < sizeof(shown) - 1; at++)
		shown[n++] = (char)(*at < ' ' || *at > '~' ? ' ' : *at);
	while (n && shown[n - 1] == ' ')
		n--;
	shown[n] = '\0';
	return lib_fail(b->ctx, -EINVAL, "%s:%u:%u: %s%s%s%s", b->name, line, column, error,
			n ? ", in \"" : "", shown, n ? "\"" : "");
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
		return wrong_text(b, text, size, as.line, as.column, as.error);
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

static int agree_on_tile(struct build *b, const struct agx_tile_layout *text,
			 const struct agx_tile_layout *params)
{
	int ret = agree(b, "the width of tiles", text->width, params->width, &b->tile.width);

	if (!ret)
		ret = agree(b, "the height of tiles", text->height, params->height,
			    &b->tile.height);
	if (!ret)
		ret = agree(b, "bytes of a sample", text->sample_bytes, params->sample_bytes,
			    &b->tile.sample_bytes);
	return ret ? ret
		   : agree(b, "samples of tiles", text->samples, params->samples, &b->tile.samples);
}

static int from_text(struct build *b, const struct agx_shader_params *params, const char *text,
		     size_t size)
{
	struct lib_shader_text *t = &b->text;
	int ret = lib_shader_text(text, size, t);

	if (ret == -EINVAL)
		return wrong_text(b, text, size, t->line, t->column, t->error);
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
	if (!ret)
		ret = agree_on_tile(b, &t->tile, &params->tile);
	b->unchecked_waits |= t->unchecked_waits;
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
	b->tile = params->tile;
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

/* What would depend on how long memory takes. */
static int examine_waits(struct build *b, const char *part, const uint8_t *code, size_t size)
{
	struct agx_isa_hazard hazard;
	struct agx_isa_instr instr;
	char line[AGX_ISA_LINE], why[256];
	void *memory = calloc(1, agx_isa_hazards_memory(size));
	unsigned int count;

	if (!memory)
		return lib_fail(b->ctx, -ENOMEM, "%s: no memory to look for waits", b->name);
	count = agx_isa_find_hazards(code, size, memory, &hazard, 1);
	free(memory);
	if (!count)
		return 0;
	agx_isa_decode(code + hazard.at, size - hazard.at, &instr);
	agx_isa_print(&instr, hazard.at, AGX_ISA_SYNTAX_MESA, line);
	agx_isa_hazard_text(&hazard, why, sizeof(why));
	return lib_fail(b->ctx, -EINVAL, "%s: %soffset 0x%x, '%.80s': %s", b->name, part, hazard.at,
			line, why);
}

static int examine_part(struct build *b, bool preamble)
{
	struct lib_shader_code *code = preamble ? &b->preamble_code : &b->program_code;
	const char *part = preamble ? "preamble: " : "";
	char why[400];
	int ret = lib_shader_code(preamble ? b->preamble : b->program,
				  preamble ? b->preamble_size : b->program_size, b->stage, preamble,
				  code, why, sizeof(why));

	if (ret)
		return lib_fail(b->ctx, ret, "%s: %s%s", b->name, part, why);
	return b->unchecked_waits
		       ? 0
		       : examine_waits(b, part, preamble ? b->preamble : b->program, code->size);
}

/* What threads have of stack: what is seen, or the more that somebody says. */
static int examine_stack(struct build *b)
{
	const unsigned int program = b->program_code.stack_words;
	const unsigned int preamble = b->preamble_code.stack_words;
	const unsigned int words = (b->scratch_bytes + 3) / 4;

	b->stack_words = program > preamble ? program : preamble;
	if (words && words < b->stack_words)
		return lib_fail(
			b->ctx, -EINVAL,
			"%s: at least the %u bytes of scratch that the code asks for expected, got %u",
			b->name, b->stack_words * 4, b->scratch_bytes);
	if (words)
		b->stack_words = words;
	if (b->stack_words && b->stage > AGX_STAGE_FRAGMENT)
		return lib_fail(b->ctx, -ENOTSUP,
				"%s: programs at the ends of a tile have no stack", b->name);
	return 0;
}

static bool is_tile_size(unsigned int width, unsigned int height)
{
	return (width == 32 && (height == 32 || height == 16)) || (width == 16 && height == 16);
}

/* Threadgroup memory as pixels: what the parameters say of it, and what the code does with it. */
static int examine_tile(struct build *b)
{
	const struct lib_shader_code *code = &b->program_code;
	struct agx_tile_layout *tile = &b->tile;
	unsigned int bytes;

	if (!tile->width && !tile->height && !tile->sample_bytes && tile->samples <= 1) {
		tile->samples = 0;
		if (b->stage == AGX_STAGE_COMPUTE && code->tile)
			return lib_fail(
				b->ctx, -EINVAL,
				"%s: the program uses threadgroup memory as a tile, and .tile does not "
				"say what that is",
				b->name);
		return 0;
	}
	if (b->stage != AGX_STAGE_COMPUTE)
		return lib_fail(b->ctx, -EINVAL,
				"%s: the tile of %s shaders is what the render pass makes it",
				b->name, lib_stage_name(b->stage));
	if (b->local_bytes || code->local)
		return lib_fail(b->ctx, -EINVAL,
				"%s: threadgroup memory is bytes (.local) or a tile, not both",
				b->name);
	if (!is_tile_size(tile->width, tile->height))
		return lib_fail(b->ctx, -EINVAL,
				"%s: tiles have 32x32, 32x16 or 16x16 pixels, got %ux%u", b->name,
				tile->width, tile->height);
	tile->samples += !tile->samples;
	if (tile->samples != 1 && tile->samples != 2 && tile->samples != 4)
		return lib_fail(b->ctx, -EINVAL, "%s: pixels have 1, 2 or 4 samples, got %u",
				b->name, tile->samples);
	if (!tile->sample_bytes || tile->sample_bytes > LIB_TILE_SAMPLE_BYTES)
		return lib_fail(b->ctx, -EINVAL, "%s: a sample has 1 to %u bytes, got %u", b->name,
				LIB_TILE_SAMPLE_BYTES, tile->sample_bytes);
	tile->sample_bytes = (tile->sample_bytes + 7) & ~7u;
	bytes = tile->width * tile->height * tile->samples * tile->sample_bytes;
	if (bytes > LIB_TILE_BYTES)
		return lib_fail(b->ctx, -EINVAL, "%s: a tile has at most %u bytes, got %u", b->name,
				LIB_TILE_BYTES, bytes);
	if (code->tile_bytes > tile->sample_bytes || code->tile_samples > tile->samples)
		return lib_fail(
			b->ctx, -EINVAL,
			"%s: the program uses byte %u and sample %u of a pixel, .tile gives it %u "
			"and %u",
			b->name, code->tile_bytes, code->tile_samples, tile->sample_bytes,
			tile->samples);
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
	ret = examine_stack(b);
	if (!ret)
		ret = examine_tile(b);
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
	info->tile = b->tile;
	info->scratch_bytes = b->stack_words * 4;
	info->discards = main->discards;
	info->uses_tile = main->tile;
	info->uses_barriers = main->barriers;
	info->reads_tile = main->reads_tile;
	info->writes_depth = main->writes_depth;
	info->writes_memory = main->writes_memory;
	info->shares = main->shares;

	shader->uniforms = needed(&main->uniforms, &pre->uniforms, &pre->uniforms_set);
	shader->textures = needed(&main->textures, &pre->textures, &pre->textures_set);
	shader->samplers = needed(&main->samplers, &pre->samplers, &pre->samplers_set);
	shader->filtered = needed(&main->filtered, &pre->filtered, &pre->samplers_set);
	shader->tile_written = main->tile_written;
	memcpy(shader->outputs, b->text.outputs, sizeof(shader->outputs));
	shader->output_count = b->text.output_count;
	shader->stack_words = b->stack_words;
	shader->unchecked_waits = b->unchecked_waits;
	if (b->stack_words && (main->stack || !pre->stack))
		shader->stack |= LIB_STACK_PROGRAM;
	if (pre->stack)
		shader->stack |= LIB_STACK_PREAMBLE;
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
	if (!ret && shader->stack)
		ret = lib_scratch_grow(vm, b->stage, shader->stack_words, b->name);
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
		.unchecked_waits = params->unchecked_waits,
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
