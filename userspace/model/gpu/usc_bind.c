// SPDX-License-Identifier: MIT
#include <string.h>

#include "agx_cs_pack.h"
#include "usc_bind.h"

#define TEXTURE_SIZE          24
#define SAMPLER_SIZE          8
#define SAMPLER_SIZE_EXTENDED 24

struct binder {
	const struct stream *stream;
	struct agx_gpu_fault *fault;
	bool faulted;
};

static bool fail(struct binder *binder, uint64_t address, const char *what)
{
	struct agx_walk_result walk;

	*binder->fault = (struct agx_gpu_fault){
		.address = address & AGX_CS_ADDRESS_MASK,
		.context = binder->stream->context,
		.reason = AGX_FAULT_REASON_NO_ACCESS,
		.read = true,
		.what = what,
	};
	if (!agx_walk(binder->stream->walker, binder->stream->context, AGX_WALK_GPU, address,
		      AGX_WALK_READ, &walk)) {
		binder->fault->reason = (uint8_t)agx_walk_reason(&walk);
		binder->fault->level = (uint8_t)walk.level;
	}
	binder->faulted = true;
	return false;
}

static bool load(struct binder *binder, uint64_t address, void *to, size_t size, const char *what)
{
	struct agx_walk_result walk;
	const size_t got = agx_walk_read(binder->stream->walker, binder->stream->context,
					 AGX_WALK_GPU, address, to, size, &walk);

	return got == size || fail(binder, address + got, what);
}

static bool bind_textures(struct binder *binder, const struct agx_cs_binding *binding,
			  struct agx_bindings *to)
{
	if (binding->start + binding->count > AGX_TEXTURE_STATES)
		return fail(binder, binding->from, "texture registers that there are not");
	for (unsigned int i = binding->start; i < binding->start + binding->count; i++)
		to->textures_set[i / 32] |= 1u << i % 32;
	return load(binder, binding->address, to->textures[binding->start],
		    (size_t)binding->count * TEXTURE_SIZE, "texture descriptors");
}

static bool bind_samplers(struct binder *binder, const struct agx_cs_binding *binding,
			  bool extended, struct agx_bindings *to)
{
	const size_t size = extended ? SAMPLER_SIZE_EXTENDED : SAMPLER_SIZE;

	if (binding->start + binding->count > AGX_SAMPLER_STATES)
		return fail(binder, binding->from, "sampler registers that there are not");
	for (unsigned int i = 0; i < binding->count; i++) {
		const unsigned int at = binding->start + i;

		to->samplers_set |= (uint16_t)(1u << at);
		memset(to->samplers[at], 0, sizeof(to->samplers[at]));
		if (!load(binder, binding->address + i * size, to->samplers[at], size,
			  "sampler descriptors"))
			return false;
	}
	return true;
}

static bool bind_uniforms(struct binder *binder, const struct agx_cs_binding *binding,
			  struct agx_bindings *to)
{
	if (binding->start + binding->count > AGX_UNIFORMS)
		return fail(binder, binding->from, "uniform registers that there are not");
	return load(binder, binding->address, &to->uniforms[binding->start],
		    (size_t)binding->count * sizeof(to->uniforms[0]), "uniforms");
}

static bool on_problem(void *cookie, const struct agx_cs_trouble *trouble)
{
	struct binder *binder = cookie;

	if (!binder->faulted)
		fail(binder, trouble->address, trouble->what);
	return true;
}

static void clear(struct agx_bindings *bindings)
{
	memset(bindings->uniforms, 0, sizeof(bindings->uniforms));
	/* States that are not set are never looked at. */
	memset(bindings->textures_set, 0, sizeof(bindings->textures_set));
	bindings->samplers_set = 0;
}

/* Pixels in local memory: what image copies of compute programs use. */
static void bind_tile(struct agx_tile_memory *tile, const struct agx_cs_usc_shared *shared)
{
	memset(tile, 0, sizeof(*tile));
	switch (shared->layout) {
	case AGX_CS_SHARED_LAYOUT_TILE_32X32:
		tile->width = tile->height = 32;
		break;
	case AGX_CS_SHARED_LAYOUT_TILE_32X16:
		tile->width = 32;
		tile->height = 16;
		break;
	case AGX_CS_SHARED_LAYOUT_TILE_16X16:
		tile->width = tile->height = 16;
		break;
	default:
		return;
	}
	tile->samples = (uint8_t)shared->sample_count;
	tile->sample_stride = (uint8_t)shared->sample_stride;
}

bool usc_bind(const struct stream *stream, unsigned int stage, uint64_t list, uint32_t counts,
	      struct usc_program *program, struct agx_gpu_fault *fault)
{
	struct binder binder = {.stream = stream, .fault = fault};
	const struct agx_cs_memory memory = {stream_piece, (void *)(uintptr_t)stream};
	const struct agx_cs_start start = {
		.usc_base = stream->usc_base,
		.walk_depth = AGX_CS_WALK_LISTS,
	};
	const struct agx_cs_visit visit = {
		.place = AGX_CS_IN_USC,
		.stage = (uint8_t)stage,
		.extended = agx_cs_extended_samplers(counts),
		.address = list,
	};
	const struct agx_cs_visitor visitor = {.cookie = &binder, .problem = on_problem};
	struct agx_cs_pipeline pipeline;
	struct agx_cs_usc_shared shared;

	agx_cs_walk_usc(&memory, &start, &visit, &visitor, &pipeline);
	if (binder.faulted)
		return false;
	if (!pipeline.has_shader)
		return fail(&binder, list, "list of USC words without a program");
	if (pipeline.more_bindings)
		return fail(&binder, list, "list of USC words that sets registers too often");
	clear(&program->bindings);
	for (unsigned int i = 0; i < pipeline.bindings; i++) {
		const struct agx_cs_binding *binding = &pipeline.binding[i];
		bool good;

		switch (binding->kind) {
		case AGX_CS_BINDING_TEXTURE:
			good = bind_textures(&binder, binding, &program->bindings);
			break;
		case AGX_CS_BINDING_SAMPLER:
			good = bind_samplers(&binder, binding, visit.extended, &program->bindings);
			break;
		default:
			good = bind_uniforms(&binder, binding, &program->bindings);
			break;
		}
		if (!good)
			return false;
	}
	program->shader = pipeline.shader_address;
	program->preshader = pipeline.has_preshader ? pipeline.preshader_address : 0;
	program->local_size = 0;
	program->spill_size = pipeline.spill_size;
	memset(&program->bindings.tile, 0, sizeof(program->bindings.tile));
	if (pipeline.has_shared) {
		agx_cs_usc_shared_unpack(&shared, &pipeline.shared);
		if (shared.uses_shared_memory) {
			program->local_size = shared.bytes_per_threadgroup;
			bind_tile(&program->bindings.tile, &shared);
		}
	}
	return true;
}
