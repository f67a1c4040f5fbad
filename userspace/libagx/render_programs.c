// SPDX-License-Identifier: MIT
/*
 * Programs at both ends of a tile.
 *
 * The background program runs for each pixel before the tile's primitives: it puts clear colours
 * (uniforms) or what the images hold (textures) into the tile buffer. The end-of-tile program runs
 * once for each tile and layer, and writes the tile buffer to the images, through the pixel
 * back end. Two more take over when hardware runs out of memory for primitives, and has to
 * interrupt a pass: then everything is stored, and loaded again later, whatever the pass asks for.
 *
 * Colour i has uniforms from half 4 + 8 * i on, the texture ts(2 * i), the PBE ts(i), as in Mesa
 * (src/asahi/lib/agx_bg_eot.c), so that traces of both read alike. Programs depend on formats and
 * places in the tile buffer only: a VM keeps them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agx_isa_asm.h"
#include "render_internal.h"
#include "shader_internal.h"
#include "vm_internal.h"

/* Bytes of text: four samples of eight colours, some seven lines each. */
#define TEXT_BYTES    16384
#define PROGRAM_BYTES 4096

/* Instructions are fetched ahead: compilers put traps behind the end. */
#define TRAPS 8

struct lib_tile_code {
	struct lib_tile_code *next;
	struct lib_tile_program key;
	uint64_t address;
	unsigned int registers; /* halves */
};

struct text {
	char *at;
	size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void line(struct text *text, const char *format, ...)
{
	const size_t left = text->length < text->size ? text->size - text->length : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(left ? text->at + text->length : NULL, left, format, args);
	va_end(args);
	text->length += n > 0 ? n : 0;
}

static const char *registers(unsigned int components)
{
	static const char *const names[] = {"r0", "r0_r1", "r0_r1_r2", "r0_r1_r2_r3"};

	return names[(components - 1) & 3];
}

static const char *mask(unsigned int components)
{
	static const char *const names[] = {"x", "xy", "xyz", "xyzw"};

	return names[(components - 1) & 3];
}

static const char *dimension(const struct lib_tile_program *p)
{
	if (p->samples > 1)
		return p->layered ? "2d_ms_array" : "2d_ms";
	return p->layered ? "2d_array" : "2d";
}

static void store_tile(struct text *text, const struct lib_tile_colour *c, unsigned int samples)
{
	line(text, "st_tile %s, 0, %u, %u, %s, %s\n", registers(c->components), samples, c->offset,
	     lib_tile_format_name(c->format), mask(c->components));
}

/* r4 and r5: the pixel; r6: layer, or the sample with the layer above it. */
static void load(struct text *text, const struct lib_tile_program *p, unsigned int i)
{
	const struct lib_tile_colour *c = &p->colour[i];
	unsigned int sample;

	for (sample = 0; sample < p->samples; sample++) {
		if (p->samples > 1)
			line(text, "ldimm r6l, %u\n", sample);
		line(text, "smpi %s, ts%u, ss0, r4, 0, %s, %s, auto_lod, a\nwait a\n",
		     registers(c->components), 2 * i, dimension(p), mask(c->components));
		store_tile(text, c, p->samples > 1 ? 1u << sample : 255);
	}
}

static void clear(struct text *text, const struct lib_tile_program *p, unsigned int i)
{
	unsigned int k;

	for (k = 0; k < p->colour[i].components; k++)
		line(text, "mov r%u, u%u\n", k, 2 + 4 * i + k);
	store_tile(text, &p->colour[i], 255);
}

/* The layer, where r2's coordinates have it: beside the sample, or first. */
static void store(struct text *text, const struct lib_tile_program *p, unsigned int i)
{
	const struct lib_tile_colour *c = &p->colour[i];

	line(text, "ldimm r1, %u\nimgwblk r1l, ts%u, r2, 0, %s, %s\n", c->offset, i, dimension(p),
	     /* Mesa stores half floats as the bits that they are. */
	     lib_tile_format_name(c->format == LIB_TILE_F16 ? LIB_TILE_I16 : c->format));
}

size_t lib_tile_program_text(const struct lib_tile_program *p, char *at, size_t size)
{
	struct text text = {.at = at, .size = size};
	bool loads = false, stores = false;
	unsigned int i;

	if (size)
		*at = '\0';
	for (i = 0; i < AGX_MAX_COLOURS; i++) {
		loads |= p->op[i] == LIB_TILE_OP_LOAD;
		stores |= p->op[i] == LIB_TILE_OP_STORE;
	}
	if (loads) {
		/* The special registers have 16 bits, coordinates 32. */
		line(&text, "mov r0l, thread_in_grid_x\nmov r0h, thread_in_grid_y\n"
			    "mov r4, r0l\nmov r5, r0h\n");
		if (p->layered)
			line(&text, "mov r0, threadgroup_in_grid_z\n");
		if (p->samples > 1)
			line(&text, p->layered ? "mov r6h, r0l\n" : "ldimm r6, 0\n");
		else if (p->layered)
			line(&text, "mov r6, r0l\n");
	}
	if (stores) {
		line(&text, "ldimm r2, 0\n");
		if (p->layered)
			line(&text, "mov r0, threadgroup_in_grid_z\nmov r2%c, r0l\n",
			     p->samples > 1 ? 'h' : 'l');
	}
	for (i = 0; i < AGX_MAX_COLOURS; i++) {
		if (p->op[i] == LIB_TILE_OP_CLEAR)
			clear(&text, p, i);
		else if (p->op[i] == LIB_TILE_OP_LOAD)
			load(&text, p, i);
		else if (p->op[i] == LIB_TILE_OP_STORE)
			store(&text, p, i);
	}
	line(&text, "stop\n");
	for (i = 0; i < TRAPS; i++)
		line(&text, "trap\n");
	return text.length;
}

static int assemble(struct agx_vm *vm, struct lib_tile_code *code)
{
	struct agx_isa_label label;
	uint8_t program[PROGRAM_BYTES];
	char *text = malloc(TEXT_BYTES);
	struct agx_isa_asm as = {
		.out = program,
		.capacity = sizeof(program),
		.labels = &label,
		.labels_max = 1,
	};
	unsigned int i;
	void *map;
	int ret;

	if (!text)
		return lib_fail(lib_vm_context(vm), -ENOMEM, "programs of a tile: no memory");
	as.text = text;
	as.size = lib_tile_program_text(&code->key, text, TEXT_BYTES);
	ret = as.size < TEXT_BYTES ? agx_isa_assemble(&as) : -ENOSPC;
	if (ret)
		ret = lib_fail(lib_vm_context(vm), -EIO,
			       "programs of a tile: the library's own text is not accepted: line "
			       "%u: %s",
			       as.line, as.error);
	else
		ret = lib_shader_memory(vm, as.length, 64, &code->address, &map);
	if (!ret)
		memcpy(map, program, as.length);
	/* r0 to r3 hold a colour, r4 to r6 coordinates of what is loaded. */
	code->registers = 8;
	for (i = 0; i < AGX_MAX_COLOURS; i++)
		if (code->key.op[i] == LIB_TILE_OP_LOAD)
			code->registers = 16;
	free(text);
	return ret;
}

static const struct lib_tile_code *find_locked(struct agx_vm *vm,
					       const struct lib_tile_program *key)
{
	const struct lib_tile_code *code;

	for (code = vm->tile_code; code; code = code->next)
		if (!memcmp(&code->key, key, sizeof(*key)))
			return code;
	return NULL;
}

static int find(struct agx_vm *vm, const struct lib_tile_program *key,
		const struct lib_tile_code **found)
{
	struct lib_tile_code *code;
	int ret;

	pthread_mutex_lock(&vm->lock);
	*found = find_locked(vm, key);
	pthread_mutex_unlock(&vm->lock);
	if (*found)
		return 0;
	code = calloc(1, sizeof(*code));
	if (!code)
		return lib_fail(lib_vm_context(vm), -ENOMEM, "programs of a tile: no memory");
	code->key = *key;
	ret = assemble(vm, code);
	if (ret) {
		free(code);
		return ret;
	}
	pthread_mutex_lock(&vm->lock);
	*found = find_locked(vm, key);
	if (!*found) {
		code->next = vm->tile_code;
		vm->tile_code = code;
	}
	pthread_mutex_unlock(&vm->lock);
	if (!*found) {
		*found = code;
		return 0;
	}
	/* Another thread was faster. */
	lib_shader_memory_free(vm, code->address);
	free(code);
	return 0;
}

void lib_tile_code_free(struct lib_tile_code *list)
{
	while (list) {
		struct lib_tile_code *next = list->next;

		free(list);
		list = next;
	}
}

/* What st_tile gets from uniforms: words of 32 bits. It does not clamp integers. */
static void clear_words(enum agx_format format, const union agx_texel *clear, uint32_t words[4])
{
	union agx_texel held = *clear;
	uint8_t texel[16];

	if (lib_format(format)->info.integer && !agx_format_pack(format, clear, texel))
		agx_format_unpack(format, texel, &held);
	memcpy(words, &held, sizeof(held));
}

/* The longest list: a word for each colour's uniforms and texture, and what every list has. */
#define LIST_BYTES                                                                   \
	(AGX_MAX_COLOURS * (AGX_CS_USC_UNIFORM_SIZE + AGX_CS_USC_TEXTURE_SIZE) +     \
	 AGX_CS_USC_SAMPLER_SIZE + AGX_CS_USC_SHARED_SIZE + AGX_CS_USC_SHADER_SIZE + \
	 AGX_CS_USC_REGISTERS_SIZE + AGX_CS_USC_NO_PRESHADER_SIZE)

/* What programs of one pass share: descriptors and clear colours are in memory once. */
struct inputs {
	uint64_t clear;                     /* 16 bytes for each colour */
	uint64_t textures[AGX_MAX_COLOURS]; /* of loads */
	uint64_t pbes[AGX_MAX_COLOURS];
	uint64_t sampler;
};

static uint8_t *texture_word(uint8_t *at, unsigned int start, uint64_t address)
{
	struct agx_cs_usc_texture texture;

	agx_cs_usc_texture_init(&texture);
	texture.start = start;
	texture.count = 1;
	texture.buffer = address;
	agx_cs_usc_texture_pack(at, &texture);
	return at + AGX_CS_USC_TEXTURE_SIZE;
}

static uint8_t *input_words(uint8_t *at, const struct lib_tile_program *key,
			    const struct inputs *in, struct agx_cs_counts *counts)
{
	struct agx_cs_usc_sampler sampler;
	struct agx_cs_usc_uniform uniform;
	bool loads = false;
	unsigned int i;

	for (i = 0; i < AGX_MAX_COLOURS; i++) {
		switch (key->op[i]) {
		case LIB_TILE_OP_CLEAR:
			agx_cs_usc_uniform_init(&uniform);
			uniform.start = 4 + 8 * i;
			uniform.size = 8;
			uniform.buffer = in->clear + 16 * i;
			agx_cs_usc_uniform_pack(at, &uniform);
			at += AGX_CS_USC_UNIFORM_SIZE;
			counts->uniform_register_count = i < AGX_MAX_COLOURS - 1 ? 64 : 128;
			break;
		case LIB_TILE_OP_LOAD:
			at = texture_word(at, 2 * i, in->textures[i]);
			counts->texture_state_register_count = i < 4 ? 8 : 16;
			loads = true;
			break;
		case LIB_TILE_OP_STORE:
			at = texture_word(at, i, in->pbes[i]);
			break;
		default:
			break;
		}
	}
	if (loads) {
		agx_cs_usc_sampler_init(&sampler);
		sampler.start = 0;
		sampler.count = 1;
		sampler.buffer = in->sampler;
		agx_cs_usc_sampler_pack(at, &sampler);
		at += AGX_CS_USC_SAMPLER_SIZE;
		counts->sampler_state_register_count = AGX_CS_SAMPLER_STATES_COMPACT_4;
	}
	return at;
}

/* One program with its list, as the command names them. */
static int bind_program(struct lib_render *render, const struct lib_tile_program *key,
			const struct inputs *in, struct drm_asahi_bg_eot *out)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	const struct lib_tile_code *code;
	struct agx_cs_usc_registers registers_word;
	struct agx_cs_usc_no_preshader last;
	struct agx_cs_usc_shared shared;
	struct agx_cs_usc_shader shader;
	struct agx_cs_counts counts;
	struct agx_cs_bg_eot place;
	uint64_t address;
	uint8_t *at;
	int ret = find(cmdbuf->vm, key, &code);

	if (ret)
		return lib_cmdbuf_failed(cmdbuf, ret, "render pass");
	at = lib_cmdbuf_memory(cmdbuf, true, LIST_BYTES, 64, &address);
	if (!at)
		return cmdbuf->error;
	agx_cs_counts_init(&counts);
	counts.uniform_register_count = 64;
	counts.texture_state_register_count = 8;
	counts.preamble_register_count = 16;
	at = input_words(at, key, in, &counts);
	lib_tile_shared(&render->tile, &shared);
	agx_cs_usc_shared_pack(at, &shared);
	at += AGX_CS_USC_SHARED_SIZE;
	agx_cs_usc_shader_init(&shader);
	shader.code = code->address - cmdbuf->shader_base;
	agx_cs_usc_shader_pack(at, &shader);
	at += AGX_CS_USC_SHADER_SIZE;
	agx_cs_usc_registers_init(&registers_word);
	registers_word.register_count = code->registers;
	registers_word.unknown_24 = 0;
	agx_cs_usc_registers_pack(at, &registers_word);
	at += AGX_CS_USC_REGISTERS_SIZE;
	memset(&last, 0, sizeof(last));
	agx_cs_usc_no_preshader_pack(at, &last);

	agx_cs_bg_eot_init(&place);
	place.pipeline = address - cmdbuf->shader_base;
	agx_cs_bg_eot_pack(&out->usc, &place);
	agx_cs_counts_pack(&out->rsrc_spec, &counts);
	return 0;
}

/* Descriptors of what is loaded and stored; of all colours, as partial programs need them. */
static int descriptors(struct lib_render *render, const struct agx_render_pass *pass,
		       struct inputs *in)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	const unsigned int layers = render->command.layers > 1 ? render->command.layers : 0;
	struct agx_texture *texture;
	struct agx_cs_sampler sampler;
	uint32_t(*clear)[4];
	unsigned int i;
	void *map;
	int ret;

	clear = lib_cmdbuf_memory(cmdbuf, false, AGX_MAX_COLOURS * sizeof(*clear), 16, &in->clear);
	map = lib_cmdbuf_memory(cmdbuf, false, AGX_CS_SAMPLER_SIZE, 8, &in->sampler);
	if (!clear || !map)
		return cmdbuf->error;
	/* Reads by texel take a sampler as well; Mesa's is this one. */
	agx_cs_sampler_init(&sampler);
	sampler.maximum_lod = 14;
	sampler.mip_filter = AGX_CS_MIP_FILTER_NEAREST;
	sampler.wrap_s = AGX_CS_WRAP_CLAMP_TO_BORDER;
	sampler.wrap_t = AGX_CS_WRAP_CLAMP_TO_BORDER;
	sampler.wrap_r = AGX_CS_WRAP_CLAMP_TO_BORDER;
	agx_cs_sampler_pack(map, &sampler);

	for (i = 0; i < pass->colour_count; i++) {
		const struct agx_attachment *a = &pass->colour[i];

		if (!a->image)
			continue;
		clear_words(a->image->layout.params.format, &a->clear, clear[i]);
		texture =
			lib_cmdbuf_memory(cmdbuf, false, 2 * sizeof(*texture), 8, &in->textures[i]);
		if (!texture)
			return cmdbuf->error;
		in->pbes[i] = in->textures[i] + sizeof(*texture);
		ret = lib_texture_of_attachment(a->image, a->level, a->layer, layers, &texture[0]);
		if (!ret)
			ret = lib_pbe_of_attachment(a->image, a->level, a->layer, layers,
						    &texture[1]);
		if (ret)
			return lib_cmdbuf_failed(cmdbuf, ret, "render pass: a colour");
	}
	return 0;
}

int lib_render_programs(struct lib_render *render, const struct agx_render_pass *pass)
{
	struct drm_asahi_cmd_render *command = &render->command;
	/* Compared by memcmp: no byte of them may be left to chance. */
	struct lib_tile_program background, partial_background, end, partial_end;
	struct inputs in;
	unsigned int i;
	int ret;

	memset(&background, 0, sizeof(background));
	background.samples = render->tile.samples;
	background.layered = command->layers > 1;
	for (i = 0; i < AGX_MAX_COLOURS; i++) {
		background.colour[i].format = render->tile.colour[i].format;
		background.colour[i].components = render->tile.colour[i].components;
		background.colour[i].offset = render->tile.colour[i].offset;
	}
	partial_background = end = partial_end = background;
	for (i = 0; i < pass->colour_count; i++) {
		const struct agx_attachment *a = &pass->colour[i];

		if (!a->image)
			continue;
		if (a->load == AGX_LOAD_CLEAR)
			background.op[i] = LIB_TILE_OP_CLEAR;
		else if (a->load == AGX_LOAD_IMAGE)
			background.op[i] = LIB_TILE_OP_LOAD;
		partial_background.op[i] = LIB_TILE_OP_LOAD;
		if (!a->discard)
			end.op[i] = LIB_TILE_OP_STORE;
		partial_end.op[i] = LIB_TILE_OP_STORE;
	}
	ret = descriptors(render, pass, &in);
	if (!ret)
		ret = bind_program(render, &background, &in, &command->bg);
	if (!ret)
		ret = bind_program(render, &end, &in, &command->eot);
	if (!ret)
		ret = bind_program(render, &partial_background, &in, &command->partial_bg);
	if (!ret)
		ret = bind_program(render, &partial_end, &in, &command->partial_eot);
	return ret;
}

/* One of the caller's, as the command names it. */
static int replace(struct agx_cmdbuf *cmdbuf, const struct agx_bound *bound, enum agx_stage stage,
		   struct drm_asahi_bg_eot *out)
{
	struct agx_cs_bg_eot place;

	/* The shader may be gone with what it was bound for. */
	if (!bound->shader || bound->generation != cmdbuf->tile_generation)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"programs of a tile: one of stage %s that was bound in "
					"this pass expected",
					lib_stage_name(stage));
	if (bound->shader->info.stage != stage)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL, "programs of a tile: one of stage %s expected, got %s",
			lib_stage_name(stage), lib_stage_name(bound->shader->info.stage));
	agx_cs_bg_eot_init(&place);
	place.pipeline = bound->pipeline;
	agx_cs_bg_eot_pack(&out->usc, &place);
	out->rsrc_spec = bound->counts;
	return 0;
}

int agx_render_tile_programs(struct agx_cmdbuf *cmdbuf, const struct agx_bound *background,
			     const struct agx_bound *end_of_tile)
{
	struct drm_asahi_cmd_render *command;
	struct lib_render *render;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_RENDER, "programs of a tile");
	if (ret)
		return ret;
	render = cmdbuf->render;
	command = &render->command;
	if (background) {
		ret = replace(cmdbuf, background, AGX_STAGE_BACKGROUND, &command->bg);
		/* Nobody knows what it does to tiles that nothing is drawn to. */
		command->flags |= DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES;
	}
	if (!ret && end_of_tile)
		ret = replace(cmdbuf, end_of_tile, AGX_STAGE_END_OF_TILE, &command->eot);
	return ret;
}
