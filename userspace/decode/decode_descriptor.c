// SPDX-License-Identifier: MIT
/* Descriptors that words of a stream or a list do not lead to by themselves, or not by kind. */
#include <stdio.h>
#include <string.h>

#include "decode_internal.h"

/* What indices in PPP state lead to. */
void decode_indexed(struct agx_decode *d, const struct agx_cs_event *event)
{
	const struct agx_cs_struct *scissor = &agx_cs_structs[AGX_CS_ID_SCISSOR];
	const struct agx_cs_struct *bias = &agx_cs_structs[AGX_CS_ID_DEPTH_BIAS];
	struct agx_cs_depth_bias_scissor indices;
	struct agx_decode_place place;
	uint8_t record[AGX_CS_RECORD_MAX];
	uint64_t at;

	if (event->desc->id != AGX_CS_ID_DEPTH_BIAS_SCISSOR)
		return;
	agx_cs_depth_bias_scissor_unpack(&indices, event->record);
	/* State may name more than a draw uses: what is not there is no problem before it is used. */
	at = d->scissors + (uint64_t)indices.scissor * scissor->size;
	if (d->scissors && decode_read(d, at, record, scissor->size) == scissor->size)
		decode_record(d, "scissor", scissor, record, at, indices.scissor);
	at = d->depth_biases + (uint64_t)indices.depth_bias * bias->size;
	if (d->depth_biases && decode_resolve(d, at, &place) && place.known &&
	    decode_read(d, at, record, bias->size) == bias->size)
		decode_record(d, "depth_bias", bias, record, at, indices.depth_bias);
}

static void report_descriptor(void *cookie, enum agx_cs_problem problem,
			      const struct agx_cs_field *field, uint64_t value)
{
	struct agx_decode *d = cookie;
	char text[120];

	snprintf(text, sizeof(text), "pbe%s%s: 0x%llx", field ? "." : "", field ? field->name : "",
		 (unsigned long long)value);
	decode_problem(d, problem, d->descriptor, text);
}

/*
 * A USC word does not tell textures from PBEs, but the shader's code does. The walker has judged what it
 * took for a texture.
 */
void decode_texture(struct agx_decode *d, const struct agx_cs_event *event)
{
	const struct agx_cs_struct *desc = event->desc;
	unsigned int i = event->index / 64;
	uint64_t bit = 1ull << event->index % 64;
	struct agx_cs_memory memory = decode_walk_memory(d);
	struct agx_cs_start start = {.usc_base = d->usc_base, .walk_depth = AGX_CS_WALK_LISTS};
	struct agx_cs_pipeline pipeline;
	const struct shader *shader;

	if (!d->list_looked) {
		d->list_looked = true;
		d->list_shader = SHADER_NONE;
		agx_cs_walk_usc(&memory, &start, &d->list, NULL, &pipeline);
		if (pipeline.has_shader)
			d->list_shader = decode_shader_find(d, decode_stage_names[d->list.stage],
							    pipeline.shader_address);
	}
	if (d->list_shader && event->index < 256) {
		shader = &d->shaders[d->list_shader - 1];
		if (shader->written[i] & ~shader->read[i] & bit)
			desc = &agx_cs_structs[AGX_CS_ID_PBE];
		else if (shader->read[i] & ~shader->written[i] & bit)
			desc = &agx_cs_structs[AGX_CS_ID_TEXTURE];
	}
	decode_record(d, desc->name, desc, event->record, event->address, event->index);
	if (desc == event->desc)
		return;
	d->descriptor = event->address;
	agx_cs_check(desc, event->record, report_descriptor, d);
}

/*
 * State registers that code loads from a heap. The heap's address is a uniform, which the list sets from
 * memory (or the preamble from elsewhere: then nothing can be said), the offset a constant.
 */
static bool heap_of(struct agx_decode *d, const struct agx_cs_pipeline *pipeline, unsigned int half,
		    uint64_t *heap)
{
	unsigned int i;

	for (i = 0; i < pipeline->bindings; i++) {
		const struct agx_cs_binding *binding = &pipeline->binding[i];

		if (binding->kind == AGX_CS_BINDING_UNIFORM && half >= binding->start &&
		    half + 4 <= binding->start + binding->count)
			return decode_read(d, binding->address + 2 * (half - binding->start), heap,
					   sizeof(*heap)) == sizeof(*heap);
	}
	return false;
}

static void show_load(struct agx_decode *d, const struct shader_load *load,
		      const struct shader *user, uint64_t heap)
{
	const struct agx_cs_struct *desc = &agx_cs_structs[AGX_CS_ID_SAMPLER];
	uint64_t address = (heap + load->offset) & AGX_CS_ADDRESS_MASK;
	uint8_t record[AGX_CS_RECORD_MAX];
	struct agx_decode_place place;

	if (!load->sampler) {
		desc = &agx_cs_structs[AGX_CS_ID_TEXTURE];
		if (user && user->written[load->index / 64] & ~user->read[load->index / 64] &
				    1ull << load->index % 64)
			desc = &agx_cs_structs[AGX_CS_ID_PBE];
	}
	/* What was not recorded, the GPU may write: descriptor sets are its memory as well. */
	if (!decode_resolve(d, address, &place) || !place.known ||
	    decode_read(d, address, record, desc->size) != desc->size)
		return;
	d->stats.descriptors++;
	decode_record(d, desc->name, desc, record, address, load->index);
}

void decode_loads(struct agx_decode *d, const struct agx_cs_pipeline *pipeline, uint32_t loader,
		  uint32_t user)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_ARRAY,
		.title = "loaded_by_code",
		.address = AGX_DECODE_NO_ADDRESS,
		.number = AGX_DECODE_NO_NUMBER,
	};
	const struct shader *shader;
	bool begun = false;
	unsigned int i;
	uint64_t heap;

	if (!loader)
		return;
	shader = &d->shaders[loader - 1];
	for (i = 0; i < shader->num_loads; i++) {
		if (!heap_of(d, pipeline, shader->loads[i].heap, &heap))
			continue;
		if (!begun)
			decode_begin(d, &node, false);
		begun = true;
		show_load(d, &shader->loads[i], user ? &d->shaders[user - 1] : NULL, heap);
	}
	if (begun)
		decode_end(d);
}
