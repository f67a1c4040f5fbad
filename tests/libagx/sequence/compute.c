// SPDX-License-Identifier: MIT
/* Bindings, and compute passes. */
#include <string.h>

#include "agx_cs_pack.h"

#include "world.h"

/* What the shader needs, and mostly no more. */
static void choose_bindings(struct world *w, const struct shader *s, struct agx_bindings *b,
			    uint32_t uniforms[257], struct agx_uniform_range ranges[2])
{
	struct choices *c = &w->choices;
	const struct agx_shader_info *info = s->shader ? agx_shader_info(s->shader) : NULL;
	unsigned int words = info ? (info->uniforms + 1) / 2 : 0;
	uint64_t address[2];

	*b = (struct agx_bindings){.uniforms = uniforms};
	for (unsigned int i = 0; i < 257; i++)
		uniforms[i] = i * 77;
	/* 256 words are reached from there. */
	for (unsigned int i = 0; i < 2; i++)
		address[i] = agx_buffer_address(w->data) + 1024 * choose(c, DATA_SIZE / 1024);
	memcpy(uniforms, address, sizeof(address));
	if (words < 4)
		words = 4;
	if (choose_chance(c, 60))
		words += choose(c, 256);
	if (words > 256)
		words = 256;
	b->uniform_bytes = words * 4 - (words > 4 ? choose(c, 4) : 0);
	if (words > 8 && choose_chance(c, 80)) {
		const unsigned int at = 4 + choose(c, words - 4);

		b->uniform_bytes = at * 4;
		ranges[0] = (struct agx_uniform_range){
			.first = (uint16_t)(at * 2),
			.count = (uint16_t)((words - at) * 2),
		};
		ranges[0].address = world_address(w, w->args, ranges[0].count * 2u, 4);
		b->ranges = ranges;
		b->range_count = 1;
		if (ranges[0].count > 8 && choose_chance(c, 80)) {
			ranges[1] = ranges[0];
			ranges[0].count = (uint16_t)(ranges[0].count / 4 * 2);
			ranges[1].first = (uint16_t)(ranges[1].first + ranges[0].count);
			ranges[1].count = (uint16_t)(ranges[1].count - ranges[0].count);
			b->range_count = 2;
		}
		if (choose_wrong(c))
			ranges[0].first = (uint16_t)choose(c, 65536);
		if (choose_wrong(c))
			ranges[0].count = (uint16_t)choose(c, 65536);
	}
	b->textures = w->textures;
	b->texture_count = info ? info->textures : 0;
	if (choose_chance(c, 60))
		b->texture_count = choose(c, TEXTURES + 1);
	b->samplers = w->samplers;
	b->sampler_count = info ? info->samplers : 0;
	if (choose_chance(c, 60))
		b->sampler_count = choose(c, SAMPLERS + 1);
	if (choose_wrong(c)) {
		unsigned int *const counts[] = {&b->uniform_bytes, &b->range_count,
						&b->texture_count, &b->sampler_count};

		/* More than there is room for, or none. */
		*CHOOSE(c, counts) = choose_chance(c, 128) ? 0 : 1u << 20;
		if (b->range_count > 2)
			b->ranges = NULL;
	}
	if (choose_wrong(c))
		b->textures = NULL;
	if (choose_wrong(c))
		b->samplers = NULL;
	if (choose_wrong(c))
		b->uniforms = NULL;
}

static void bind(struct world *w, struct cmdbuf *c, enum agx_stage stage)
{
	const unsigned int i = world_shader(w, stage), k = choose(&w->choices, BOUNDS);
	struct agx_uniform_range ranges[2];
	struct agx_bindings bindings;
	uint32_t uniforms[257];

	if (i == SHADERS)
		return;
	choose_bindings(w, &w->shaders[i], &bindings, uniforms, ranges);
	if (RECORD(w, c, MAY_INVAL | MAY_NOSPC,
		   agx_cmdbuf_bind(c->cmdbuf, w->shaders[i].shader,
				   choose_wrong(&w->choices) ? NULL : &bindings, &c->bounds[k]))) {
		c->bound_stage[k] = SHADERS;
		return;
	}
	c->bound_stage[k] = w->shaders[i].stage;
	c->bound_shader[k] = i;
}

void bind_call(struct world *w, struct cmdbuf *c, enum agx_stage stage)
{
	bind(w, c, stage);
}

struct agx_timestamp_pair choose_stamps(struct world *w)
{
	struct choices *c = &w->choices;
	struct agx_timestamp_pair pair = {0};

	if (!choose_chance(c, 40) && !choose_wrong(c))
		return pair;
	pair.timestamps = w->stamps[choose(c, STAMPS)];
	pair.begin = choose(c, 3);
	pair.end = choose(c, 3);
	if (choose_wrong(c))
		pair.end = choose_word(c);
	if (choose_wrong(c))
		pair.timestamps = sequence_foreign_stamps(w->device);
	return pair;
}

void compute_begin(struct world *w, struct cmdbuf *c)
{
	struct agx_compute_pass pass = {.overlap = choose_chance(&w->choices, 40)};

	pass.timestamps = choose_stamps(w);
	if (!RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_compute_begin(c->cmdbuf, &pass))) {
		c->pass = PASS_COMPUTE;
		c->group = false;
	}
}

/* An indirect grid of the caller's, in memory of the command buffer. */
static uint64_t grid_memory(struct world *w, struct cmdbuf *c)
{
	static const size_t sizes[] = {24, 64, 100, 1000}, large[] = {4096, 16384, 70000, 300000};
	struct choices *ch = &w->choices;
	const size_t size = choose_chance(ch, 10) ? CHOOSE(ch, large) : CHOOSE(ch, sizes);
	size_t align = (size_t)4 << choose(ch, 12);
	const bool ended = c->pass == PASS_ENDED;
	uint64_t address;
	uint32_t *map;

	if (choose_wrong(ch))
		align = choose_chance(ch, 128) ? 3 : 32768;
	sequence_before(w, "agx_cmdbuf_alloc()");
	map = agx_cmdbuf_alloc(c->cmdbuf, choose_wrong(ch) ? 0 : size, align, &address);
	if (!map) {
		/* It has no errno of its own: the end says it. */
		if (!agx_error(sequence_context(w->device))[0])
			sequence_fail(w, "refused without a word");
		if (!c->error && !ended)
			c->error = -EINVAL;
		return 0;
	}
	if (c->error || ended)
		sequence_fail(w, "memory of a command buffer that has failed or ended");
	if (address % align || (uintptr_t)map % 4)
		sequence_fail(w, "a multiple of %zu expected, got %#llx", align,
			      (unsigned long long)address);
	for (size_t i = 0; i < size / 4; i++)
		map[i] = 1 + i % 4;
	return address;
}

static void choose_dispatch(struct world *w, struct cmdbuf *c, struct agx_dispatch *d)
{
	static const uint32_t small[] = {0, 1, 2, 3, 4, 5, 7, 8};
	static const uint32_t large[] = {1, 31, 1000, 65535, 65536, 1u << 20, UINT32_MAX, 0};
	static const uint32_t groups[] = {0, 1, 2, 4, 8, 10, 16, 32};
	struct choices *ch = &w->choices;

	*d = (struct agx_dispatch){.mode = (enum agx_dispatch_mode)choose(ch, 4)};
	for (unsigned int i = 0; i < 3; i++) {
		d->size[i] = w->executes ? CHOOSE(ch, small) : CHOOSE(ch, large);
		if (choose_chance(ch, 128))
			d->group[i] = i < 2 ? CHOOSE(ch, groups) : groups[choose(ch, 3)];
	}
	if (d->mode >= AGX_DISPATCH_INDIRECT) {
		/* Of a quarter of the threads that a whole page of threes would make. */
		d->address = choose_chance(ch, 128) ? grid_memory(w, c)
						    : world_address(w, w->args, 24, 4);
		if (choose_wrong(ch))
			d->address += 2;
	}
	if (choose_wrong(ch))
		d->group[choose(ch, 3)] = choose_word(ch);
	if (choose_wrong(ch))
		d->mode = (enum agx_dispatch_mode)choose_word(ch);
}

static void dispatch(struct world *w, struct cmdbuf *c)
{
	struct choices *ch = &w->choices;
	struct agx_uniform_range ranges[2];
	struct agx_bindings bindings;
	struct agx_dispatch d;
	uint32_t uniforms[257];
	unsigned int k = choose(ch, BOUNDS);
	/* Once in a while so many that a piece of the stream is full. */
	unsigned int times = choose_chance(ch, 4) ? 300 : 1;
	int ret;

	choose_dispatch(w, c, &d);
	if (choose_chance(ch, 80)) {
		const unsigned int i = world_shader(w, AGX_STAGE_COMPUTE);

		if (i == SHADERS)
			return;
		choose_bindings(w, &w->shaders[i], &bindings, uniforms, ranges);
		ret = RECORD(w, c, MAY_INVAL | MAY_NOSPC,
			     agx_compute_launch(c->cmdbuf, w->shaders[i].shader, &bindings, &d));
	} else {
		/* A stale one, or another stage's, when nothing better is there. */
		if (c->bound_stage[k] != AGX_STAGE_COMPUTE && !choose_wrong(ch)) {
			for (k = 0; k < BOUNDS && c->bound_stage[k] != AGX_STAGE_COMPUTE; k++)
				;
			if (k == BOUNDS) {
				bind(w, c, AGX_STAGE_COMPUTE);
				return;
			}
		}
		do {
			ret = RECORD(w, c, MAY_INVAL | MAY_NOSPC,
				     agx_compute_dispatch(c->cmdbuf, &c->bounds[k], &d));
		} while (!ret && --times);
	}
	if (!ret)
		sequence_counts.dispatches++;
}

void compute_call(struct world *w, struct cmdbuf *c)
{
	static const size_t sizes[] = {2, 6, 1028, 0};
	struct choices *ch = &w->choices;
	struct agx_cs_cdm_barrier barrier;
	uint8_t words[AGX_CS_CDM_BARRIER_SIZE];

	agx_cs_cdm_barrier_init(&barrier);
	agx_cs_cdm_barrier_pack(words, &barrier);
	switch (choose(ch, 16)) {
	case 0:
	case 1:
		pass_end(w, c);
		break;
	case 2:
		if (!c->group || choose_wrong(ch)) {
			if (!RECORD(w, c, MAY_INVAL, agx_compute_overlap_begin(c->cmdbuf)))
				c->group = true;
		} else if (!RECORD(w, c, MAY_INVAL | MAY_NOSPC,
				   agx_compute_overlap_end(c->cmdbuf))) {
			c->group = false;
		}
		break;
	case 3:
		RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_compute_barrier(c->cmdbuf));
		break;
	case 4:
		RECORD(w, c, MAY_INVAL | MAY_NOSPC,
		       agx_compute_raw(c->cmdbuf, words,
				       choose_wrong(ch) ? CHOOSE(ch, sizes) : sizeof(words)));
		break;
	case 5:
	case 6:
		bind(w, c, AGX_STAGE_COMPUTE);
		break;
	case 7:
		grid_memory(w, c);
		break;
	default:
		dispatch(w, c);
	}
}

void pass_end(struct world *w, struct cmdbuf *c)
{
	struct choices *ch = &w->choices;
	int ret;

	if (c->group && c->pass == PASS_COMPUTE && !choose_wrong(ch) &&
	    !RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_compute_overlap_end(c->cmdbuf)))
		c->group = false;
	if ((c->pass == PASS_RENDER) != choose_wrong(ch))
		ret = RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_render_end(c->cmdbuf));
	else
		ret = RECORD(w, c, MAY_INVAL | MAY_NOSPC, agx_compute_end(c->cmdbuf));
	if (!ret)
		c->pass = PASS_NONE;
}
