// SPDX-License-Identifier: MIT
/*
 * Bindings: the list of USC words that gives a program its registers.
 *
 * The order of words, and the values of fields that nobody understands, are Mesa's:
 * src/asahi/lib/agx_usc.h, src/asahi/lib/agx_linker.c, src/asahi/vulkan/hk_cmd_buffer.c,
 * hk_shader.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmdbuf_internal.h"
#include "render_tile.h"
#include "scratch.h"
#include "shader_internal.h"

#define WORD_UNIFORMS       64 /* halves, of one word */
#define WORD_TEXTURES       64 /* of one word */
#define LIST_ALIGN          64 /* of a list: launches name its address in such units */
#define SAMPLER_WITH_BORDER 24

_Static_assert(sizeof(struct agx_texture) == AGX_CS_TEXTURE_SIZE, "as the hardware has it");
_Static_assert(sizeof(((struct agx_sampler *)0)->bytes) == AGX_CS_SAMPLER_SIZE,
	       "as the hardware has it");
_Static_assert(AGX_CS_SAMPLER_SIZE + AGX_CS_BORDER_SIZE == SAMPLER_WITH_BORDER,
	       "as the hardware has it");

/* given: how many there are from 0 on. */
static int refuse_missing(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
			  const char *what, unsigned int number, const char *part,
			  unsigned int given, bool ranges)
{
	char last[32] = "none";

	if (given)
		snprintf(last, sizeof(last), "%s0 to %s%u", what, what, given - 1);
	return lib_cmdbuf_error(cmdbuf, -EINVAL,
				"bind of %s: it names %s%u%s, which the bindings do not give: they "
				"have %s%s",
				shader->name, what, number, part, last,
				ranges ? ", and ranges" : "");
}

/* Of bits first to end - 1, those that are in a word. */
static uint64_t span(unsigned int word, unsigned int first, unsigned int end)
{
	const unsigned int begin = word * 64;
	uint64_t mask = ~0ull;

	if (end <= begin || first >= begin + 64)
		return 0;
	if (first > begin)
		mask &= ~0ull << (first - begin);
	if (end < begin + 64)
		mask &= ~0ull >> (begin + 64 - end);
	return mask;
}

static void mark(struct lib_bits *bits, unsigned int first, unsigned int count)
{
	for (unsigned int i = 0; i < LIB_UNIFORMS / 64; i++)
		bits->words[i] |= span(i, first, first + count);
}

static bool overlaps(const struct lib_bits *bits, unsigned int first, unsigned int count)
{
	for (unsigned int i = 0; i < LIB_UNIFORMS / 64; i++) {
		if (bits->words[i] & span(i, first, first + count))
			return true;
	}
	return false;
}

/* The first that is needed and not given; LIB_UNIFORMS: there is none. */
static unsigned int first_missing(const struct lib_bits *needed, const struct lib_bits *given)
{
	for (unsigned int i = 0; i < LIB_UNIFORMS / 64; i++) {
		const uint64_t missing = needed->words[i] & ~given->words[i];

		if (missing)
			return i * 64 + (unsigned int)__builtin_ctzll(missing);
	}
	return LIB_UNIFORMS;
}

/* The same where the first count of them are given. */
static unsigned int first_from(const struct lib_bits *needed, unsigned int count)
{
	struct lib_bits given = {{0}};

	mark(&given, 0, count);
	return first_missing(needed, &given);
}

/*
 * The ranges make sense, and with the copied uniforms give all that is named. *top: one more than
 * the highest.
 */
static int check_uniforms(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
			  const struct agx_bindings *bindings, unsigned int *top)
{
	struct lib_bits given = {{0}};
	unsigned int missing;

	if (bindings->uniform_bytes > LIB_UNIFORMS * 2)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"bind of %s: there are %u bytes of uniforms, got %u",
					shader->name, LIB_UNIFORMS * 2, bindings->uniform_bytes);
	if (bindings->uniform_bytes && !bindings->uniforms)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"bind of %s: expected a pointer to %u bytes of uniforms",
					shader->name, bindings->uniform_bytes);
	if (bindings->range_count && !bindings->ranges)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"bind of %s: expected a pointer to %u ranges", shader->name,
					bindings->range_count);
	*top = (bindings->uniform_bytes + 3) / 4 * 2;
	mark(&given, 0, *top);
	for (unsigned int i = 0; i < bindings->range_count; i++) {
		const struct agx_uniform_range *r = &bindings->ranges[i];

		if (r->first % 2 || !r->count || r->count > LIB_UNIFORMS ||
		    r->first > LIB_UNIFORMS - r->count)
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"bind of %s: range %u: expected an even first half and 1 "
				"or more up to %u, got %u halves from %u on",
				shader->name, i, LIB_UNIFORMS, r->count, r->first);
		if (r->address % 4 || r->address < cmdbuf->va_start ||
		    r->address >= cmdbuf->va_end || r->count * 2u > cmdbuf->va_end - r->address)
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"bind of %s: range %u: expected an address that is a "
				"multiple of 4, from 0x%llx to 0x%llx, got 0x%llx",
				shader->name, i, (unsigned long long)cmdbuf->va_start,
				(unsigned long long)cmdbuf->va_end, (unsigned long long)r->address);
		if (overlaps(&given, r->first, r->count))
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"bind of %s: range %u gives u%u.. which something else "
				"gives already",
				shader->name, i, r->first / 2);
		mark(&given, r->first, r->count);
		if (*top < r->first + (unsigned int)r->count)
			*top = r->first + r->count;
	}
	missing = first_missing(&shader->uniforms, &given);
	if (missing < LIB_UNIFORMS)
		return refuse_missing(cmdbuf, shader, "u", missing / 2, missing % 2 ? "h" : "l",
				      (bindings->uniform_bytes + 3) / 4, bindings->range_count);
	return 0;
}

/* *samplers: how many are needed, with those that have no meaning but have to be there. */
static int check_states(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
			const struct agx_bindings *bindings, unsigned int *samplers)
{
	unsigned int missing;

	*samplers = bindings->sampler_count;
	if (bindings->texture_count > LIB_TEXTURES || bindings->sampler_count > LIB_SAMPLERS)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"bind of %s: there are %u texture and %u sampler states, got %u "
			"and %u",
			shader->name, LIB_TEXTURES, LIB_SAMPLERS, bindings->texture_count,
			bindings->sampler_count);
	if ((bindings->texture_count && !bindings->textures) ||
	    (bindings->sampler_count && !bindings->samplers))
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"bind of %s: expected pointers to %u textures and %u samplers",
			shader->name, bindings->texture_count, bindings->sampler_count);
	missing = first_from(&shader->textures, bindings->texture_count);
	if (missing < LIB_TEXTURES)
		return refuse_missing(cmdbuf, shader, "ts", missing, "", bindings->texture_count,
				      false);
	missing = first_from(&shader->filtered, bindings->sampler_count);
	if (missing < LIB_SAMPLERS)
		return refuse_missing(cmdbuf, shader, "ss", missing, "", bindings->sampler_count,
				      false);
	/* Fetches of texels name one without a use for what it says. */
	for (unsigned int i = bindings->sampler_count; i < LIB_SAMPLERS; i++) {
		if (lib_bit(&shader->samplers, i))
			*samplers = i + 1;
	}
	return 0;
}

static uint8_t *put_uniforms(uint8_t *at, unsigned int first, unsigned int count, uint64_t address)
{
	while (count) {
		/* A word does not go on beyond the middle of the registers. */
		const unsigned int limit = first < 256 ? 256 - first : LIB_UNIFORMS - first;
		unsigned int n = count < WORD_UNIFORMS ? count : WORD_UNIFORMS;

		if (n > limit)
			n = limit;
		if (first < 256) {
			struct agx_cs_usc_uniform word;

			agx_cs_usc_uniform_init(&word);
			word.start = first;
			word.size = n;
			word.buffer = address;
			agx_cs_usc_uniform_pack(at, &word);
			at += AGX_CS_USC_UNIFORM_SIZE;
		} else {
			struct agx_cs_usc_uniform_high word;

			agx_cs_usc_uniform_high_init(&word);
			word.start = first - 256;
			word.size = n;
			word.buffer = address;
			agx_cs_usc_uniform_high_pack(at, &word);
			at += AGX_CS_USC_UNIFORM_HIGH_SIZE;
		}
		first += n;
		count -= n;
		address += n * 2;
	}
	return at;
}

static uint8_t *put_textures(uint8_t *at, unsigned int count, uint64_t address)
{
	for (unsigned int first = 0; first < count; first += WORD_TEXTURES) {
		struct agx_cs_usc_texture word;

		agx_cs_usc_texture_init(&word);
		word.start = first;
		word.count = count - first < WORD_TEXTURES ? count - first : WORD_TEXTURES;
		word.buffer = address + (uint64_t)first * sizeof(struct agx_texture);
		agx_cs_usc_texture_pack(at, &word);
		at += AGX_CS_USC_TEXTURE_SIZE;
	}
	return at;
}

static bool has_borders(const struct agx_bindings *bindings)
{
	for (unsigned int i = 0; i < bindings->sampler_count; i++) {
		if (bindings->samplers[i].custom_border)
			return true;
	}
	return false;
}

/*
 * What fetches are given: Mesa's for them, src/asahi/vulkan/hk_device.c, which fills in what is
 * beyond the edge.
 */
static void put_default_sampler(uint8_t *at)
{
	struct agx_cs_sampler sampler;

	agx_cs_sampler_init(&sampler);
	sampler.maximum_anisotropy = 1;
	sampler.magnify = AGX_CS_FILTER_NEAREST;
	sampler.minify = AGX_CS_FILTER_NEAREST;
	sampler.mip_filter = AGX_CS_MIP_FILTER_NEAREST;
	sampler.maximum_lod = 14.0f;
	sampler.wrap_s = AGX_CS_WRAP_CLAMP_TO_BORDER;
	sampler.wrap_t = AGX_CS_WRAP_CLAMP_TO_BORDER;
	sampler.wrap_r = AGX_CS_WRAP_CLAMP_TO_BORDER;
	sampler.pixel_coordinates = true;
	sampler.compare_func = AGX_CS_COMPARE_FUNC_ALWAYS;
	sampler.border_colour = AGX_CS_BORDER_COLOUR_TRANSPARENT_BLACK;
	agx_cs_sampler_pack(at, &sampler);
}

static uint8_t *put_samplers(struct agx_cmdbuf *cmdbuf, uint8_t *at,
			     const struct agx_bindings *bindings, unsigned int count, bool extended)
{
	const unsigned int stride = extended ? SAMPLER_WITH_BORDER : AGX_CS_SAMPLER_SIZE;
	struct agx_cs_usc_sampler word;
	uint64_t address;
	uint8_t *map = lib_cmdbuf_memory(cmdbuf, false, (uint64_t)count * stride, 64, &address);

	if (!map)
		return NULL;
	memset(map, 0, (size_t)count * stride);
	for (unsigned int i = 0; i < count; i++) {
		uint8_t *to = map + (size_t)i * stride;

		if (i >= bindings->sampler_count) {
			put_default_sampler(to);
			continue;
		}
		memcpy(to, bindings->samplers[i].bytes, AGX_CS_SAMPLER_SIZE);
		if (extended)
			memcpy(to + AGX_CS_SAMPLER_SIZE, bindings->samplers[i].border,
			       AGX_CS_BORDER_SIZE);
	}
	agx_cs_usc_sampler_init(&word);
	word.start = 0;
	word.count = count;
	word.buffer = address;
	agx_cs_usc_sampler_pack(at, &word);
	return at + AGX_CS_USC_SAMPLER_SIZE;
}

/* A shader's words that do not depend on bindings. */
static uint8_t *put_program(uint8_t *at, const struct agx_cmdbuf *cmdbuf,
			    const struct agx_shader *shader)
{
	const struct agx_shader_info *info = &shader->info;
	const bool fragment = info->stage == AGX_STAGE_FRAGMENT;
	const bool end =
		info->stage == AGX_STAGE_BACKGROUND || info->stage == AGX_STAGE_END_OF_TILE;
	struct agx_cs_usc_shared shared;
	struct agx_cs_usc_shader program;
	struct agx_cs_usc_registers registers;

	if (fragment || end) {
		lib_tile_shared(cmdbuf->tile, &shared);
	} else if (info->tile.width) {
		const struct lib_tile tile = {
			.width = (uint8_t)info->tile.width,
			.height = (uint8_t)info->tile.height,
			.samples = (uint8_t)info->tile.samples,
			.sample_bytes = (uint8_t)info->tile.sample_bytes,
		};

		lib_tile_shared(&tile, &shared);
	} else {
		agx_cs_usc_shared_init(&shared);
		shared.layout = AGX_CS_SHARED_LAYOUT_VERTEX_COMPUTE;
		shared.uses_shared_memory = info->local_bytes != 0;
		shared.bytes_per_threadgroup = info->local_bytes ? info->local_bytes : 65536;
	}
	agx_cs_usc_shared_pack(at, &shared);
	at += AGX_CS_USC_SHARED_SIZE;

	agx_cs_usc_shader_init(&program);
	/* Mesa never says that coefficients are bound, though they are. */
	program.loads_varyings = false;
	program.unknown_10 = end ? 0 : fragment ? 2 : 3;
	program.code = shader->usc;
	agx_cs_usc_shader_pack(at, &program);
	at += AGX_CS_USC_SHADER_SIZE;

	agx_cs_usc_registers_init(&registers);
	registers.register_count = info->registers;
	registers.unknown_13 = fragment;
	/* As large as the stack of the program or of the preamble: which of them is not known. */
	registers.spill_size = shader->stack ? lib_scratch_class(shader->stack_words) : 0;
	registers.unknown_24 = info->stage == AGX_STAGE_VERTEX || fragment;
	agx_cs_usc_registers_pack(at, &registers);
	at += AGX_CS_USC_REGISTERS_SIZE;

	if (fragment) {
		struct agx_cs_usc_fragment_properties properties;

		agx_cs_usc_fragment_properties_init(&properties);
		properties.early_z_testing = !info->discards;
		agx_cs_usc_fragment_properties_pack(at, &properties);
		at += AGX_CS_USC_FRAGMENT_PROPERTIES_SIZE;
	}
	if (shader->preamble_usc) {
		struct agx_cs_usc_preshader preshader;

		agx_cs_usc_preshader_init(&preshader);
		preshader.code = shader->preamble_usc;
		agx_cs_usc_preshader_pack(at, &preshader);
		at += AGX_CS_USC_PRESHADER_SIZE;
	} else {
		struct agx_cs_usc_no_preshader none;

		agx_cs_usc_no_preshader_init(&none);
		agx_cs_usc_no_preshader_pack(at, &none);
		at += AGX_CS_USC_NO_PRESHADER_SIZE;
	}
	return at;
}

static enum agx_cs_sampler_states sampler_states(unsigned int count, bool extended)
{
	if (!count)
		return AGX_CS_SAMPLER_STATES_NONE;
	if (extended)
		return count <= 8 ? AGX_CS_SAMPLER_STATES_EXTENDED_8
				  : AGX_CS_SAMPLER_STATES_EXTENDED_16;
	return (enum agx_cs_sampler_states)((count + 3) / 4);
}

static uint32_t counts_of(const struct agx_shader *shader, unsigned int uniforms,
			  unsigned int textures, unsigned int samplers, bool extended)
{
	const struct agx_shader_info *info = &shader->info;
	struct agx_cs_counts counts;
	uint32_t word;

	agx_cs_counts_init(&counts);
	counts.unknown_16 = 0;
	counts.uniform_register_count = info->uniforms > uniforms ? info->uniforms : uniforms;
	counts.texture_state_register_count = info->textures > textures ? info->textures : textures;
	if (samplers < info->samplers)
		samplers = info->samplers;
	counts.sampler_state_register_count = sampler_states(samplers, extended);
	/* Mesa, src/asahi/compiler/agx_compile.c: with a stack, preambles have to have them all. */
	counts.preamble_register_count =
		shader->stack & LIB_STACK_PREAMBLE ? LIB_REGISTERS : info->preamble_registers;
	agx_cs_counts_pack(&word, &counts);
	return word;
}

/* The command buffer holds the shader until it is reset. */
static int hold(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader)
{
	struct agx_shader *held = (struct agx_shader *)shader;

	for (unsigned int i = cmdbuf->shader_count; i-- > 0;) {
		if (cmdbuf->shaders[i] == held)
			return 0;
	}
	if (cmdbuf->shader_count == cmdbuf->shader_capacity) {
		const unsigned int capacity =
			cmdbuf->shader_capacity ? cmdbuf->shader_capacity * 2 : 16;
		void *larger = realloc(cmdbuf->shaders, capacity * sizeof(*cmdbuf->shaders));

		if (!larger)
			return lib_cmdbuf_error(cmdbuf, -ENOMEM, "bind of %s: no memory",
						shader->name);
		cmdbuf->shaders = larger;
		cmdbuf->shader_capacity = capacity;
	}
	cmdbuf->shaders[cmdbuf->shader_count++] = lib_shader_get(held);
	/* Those at the ends of a tile have none. */
	if (held->stack)
		cmdbuf->bound_stack[held->info.stage] |= held->stack;
	return 0;
}

/* Bytes of the longest list for such bindings. */
static uint32_t list_size(const struct agx_bindings *bindings)
{
	uint32_t words = (bindings->uniform_bytes / 2 + WORD_UNIFORMS - 1) / WORD_UNIFORMS + 2;

	for (unsigned int i = 0; i < bindings->range_count; i++)
		words += (bindings->ranges[i].count + WORD_UNIFORMS - 1u) / WORD_UNIFORMS + 1;
	words += (bindings->texture_count + WORD_TEXTURES - 1) / WORD_TEXTURES + 1;
	return words * AGX_CS_USC_UNIFORM_SIZE + AGX_CS_USC_SHARED_SIZE + AGX_CS_USC_SHADER_SIZE +
	       AGX_CS_USC_REGISTERS_SIZE + AGX_CS_USC_FRAGMENT_PROPERTIES_SIZE +
	       AGX_CS_USC_PRESHADER_SIZE;
}

/* Copied to memory of the command buffer's. *address; false: the error is the command buffer's. */
static bool copy(struct agx_cmdbuf *cmdbuf, const void *data, size_t size, size_t rounded,
		 uint64_t *address)
{
	uint8_t *map = lib_cmdbuf_memory(cmdbuf, false, rounded, 64, address);

	if (!map)
		return false;
	memcpy(map, data, size);
	memset(map + size, 0, rounded - size);
	return true;
}

static int make_list(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
		     const struct agx_bindings *bindings, unsigned int samplers, bool extended,
		     uint32_t *usc)
{
	const size_t uniform_bytes = (bindings->uniform_bytes + 3u) / 4 * 4;
	uint64_t list, address;
	uint8_t *at = lib_cmdbuf_memory(cmdbuf, true, list_size(bindings), LIST_ALIGN, &list);

	if (!at)
		return cmdbuf->error;
	if (uniform_bytes) {
		if (!copy(cmdbuf, bindings->uniforms, bindings->uniform_bytes, uniform_bytes,
			  &address))
			return cmdbuf->error;
		at = put_uniforms(at, 0, (unsigned int)uniform_bytes / 2, address);
	}
	for (unsigned int i = 0; i < bindings->range_count; i++)
		at = put_uniforms(at, bindings->ranges[i].first, bindings->ranges[i].count,
				  bindings->ranges[i].address);
	if (bindings->texture_count) {
		const size_t size = bindings->texture_count * sizeof(*bindings->textures);

		if (!copy(cmdbuf, bindings->textures, size, size, &address))
			return cmdbuf->error;
		at = put_textures(at, bindings->texture_count, address);
	}
	if (samplers) {
		at = put_samplers(cmdbuf, at, bindings, samplers, extended);
		if (!at)
			return cmdbuf->error;
	}
	put_program(at, cmdbuf, shader);
	*usc = (uint32_t)(list - cmdbuf->shader_base);
	return 0;
}

int agx_cmdbuf_bind(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
		    const struct agx_bindings *bindings, struct agx_bound *bound)
{
	static const struct agx_bindings nothing;
	unsigned int uniforms = 0, samplers = 0;
	bool extended;
	int ret;

	memset(bound, 0, sizeof(*bound));
	if (!bindings)
		bindings = &nothing;
	ret = lib_cmdbuf_recording(cmdbuf, cmdbuf->pass, "bind");
	if (ret)
		return ret;
	if (shader->vm != cmdbuf->vm)
		return lib_cmdbuf_error(cmdbuf, -EINVAL, "bind of %s: it is of another VM",
					shader->name);
	if (shader->info.stage > AGX_STAGE_VERTEX && !cmdbuf->tile)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"bind of %s: a %s shader is bound within a render pass, whose "
			"tiles its list describes",
			shader->name, lib_stage_name(shader->info.stage));
	ret = check_uniforms(cmdbuf, shader, bindings, &uniforms);
	if (!ret)
		ret = check_states(cmdbuf, shader, bindings, &samplers);
	if (!ret)
		ret = hold(cmdbuf, shader);
	if (ret)
		return ret;
	extended = has_borders(bindings);
	ret = make_list(cmdbuf, shader, bindings, samplers, extended, &bound->pipeline);
	if (ret)
		return ret;
	bound->shader = shader;
	bound->counts = counts_of(shader, uniforms, bindings->texture_count, samplers, extended);
	/* Lists of fragment shaders describe the tiles of their pass. */
	bound->generation = shader->info.stage > AGX_STAGE_VERTEX ? cmdbuf->tile_generation
								  : cmdbuf->generation;
	return 0;
}
