// SPDX-License-Identifier: MIT
/*
 * Commands of the uAPI. The ioctl table has their members; those that are registers are shown by the
 * table of descriptors.
 */
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include "decode_internal.h"
#include "ioctl_table.h"

#define MAX_SAMPLERS 1024u

enum member_need {
	NEED_NOTHING,
	NEED_SAMPLERS,
	NEED_DEPTH,
	NEED_STENCIL,
	NEED_DEPTH_METADATA,
	NEED_STENCIL_METADATA,
	NEED_UNORM_16, /* no address: depth is in that format */
};

/* Members that the table of descriptors knows better, by their names in the ioctl table. */
static const struct {
	const char *name;
	uint16_t id; /* enum agx_cs_id; MEMBER_SPECIAL: shown elsewhere */
} registers[] = {
	{"flags", AGX_CS_ID_RENDER_FLAGS},
	{"isp_zls_pixels", AGX_CS_ID_ISP_ZLS_PIXELS},
	{"zls_ctrl", AGX_CS_ID_ZLS_CONTROL},
	{"ppp_multisamplectl", AGX_CS_ID_PPP_MULTISAMPLECTL},
	{"ppp_ctrl", AGX_CS_ID_PPP_CONTROL},
	{"isp_merge_upper_x", AGX_CS_ID_ISP_MERGE_UPPER},
	{"isp_merge_upper_y", AGX_CS_ID_ISP_MERGE_UPPER},
	{"isp_bgobjdepth", AGX_CS_ID_ISP_BGOBJDEPTH},
	{"isp_bgobjvals", AGX_CS_ID_ISP_BGOBJVALS},
	{"depth.stride", AGX_CS_ID_ZLS_STRIDE},
	{"stencil.stride", AGX_CS_ID_ZLS_STRIDE},
	{"depth.comp_stride", AGX_CS_ID_ZLS_METADATA_STRIDE},
	{"stencil.comp_stride", AGX_CS_ID_ZLS_METADATA_STRIDE},
	{"ts_vtx.start.handle", MEMBER_SPECIAL},
	{"ts_vtx.start.offset", MEMBER_SPECIAL},
	{"ts_vtx.end.handle", MEMBER_SPECIAL},
	{"ts_vtx.end.offset", MEMBER_SPECIAL},
	{"ts_frag.start.handle", MEMBER_SPECIAL},
	{"ts_frag.start.offset", MEMBER_SPECIAL},
	{"ts_frag.end.handle", MEMBER_SPECIAL},
	{"ts_frag.end.offset", MEMBER_SPECIAL},
	{"ts.start.handle", MEMBER_SPECIAL},
	{"ts.start.offset", MEMBER_SPECIAL},
	{"ts.end.handle", MEMBER_SPECIAL},
	{"ts.end.offset", MEMBER_SPECIAL},
	{"vertex_helper.binary", MEMBER_SPECIAL},
	{"vertex_helper.cfg", MEMBER_SPECIAL},
	{"vertex_helper.data", MEMBER_SPECIAL},
	{"fragment_helper.binary", MEMBER_SPECIAL},
	{"fragment_helper.cfg", MEMBER_SPECIAL},
	{"fragment_helper.data", MEMBER_SPECIAL},
	{"helper.binary", MEMBER_SPECIAL},
	{"helper.cfg", MEMBER_SPECIAL},
	{"helper.data", MEMBER_SPECIAL},
	{"bg.usc", MEMBER_SPECIAL},
	{"bg.rsrc_spec", MEMBER_SPECIAL},
	{"eot.usc", MEMBER_SPECIAL},
	{"eot.rsrc_spec", MEMBER_SPECIAL},
	{"partial_bg.usc", MEMBER_SPECIAL},
	{"partial_bg.rsrc_spec", MEMBER_SPECIAL},
	{"partial_eot.usc", MEMBER_SPECIAL},
	{"partial_eot.rsrc_spec", MEMBER_SPECIAL},
};

#define REGISTERS (sizeof(registers) / sizeof(*registers))

/* Members that are addresses where something must be, whatever the streams say. */
static const struct {
	const char *name;
	uint8_t need;
} needs[] = {
	{"sampler_heap", NEED_SAMPLERS},
	{"depth.base", NEED_DEPTH},
	{"stencil.base", NEED_STENCIL},
	{"depth.comp_base", NEED_DEPTH_METADATA},
	{"stencil.comp_base", NEED_STENCIL_METADATA},
};

static void know_members(const struct agx_struct_desc *desc, struct member *members, bool render)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < desc->num_fields && i < MAX_MEMBERS; i++) {
		const char *name = desc->fields[i].name;

		members[i] = (struct member){.id = MEMBER_PLAIN};
		for (j = 0; j < REGISTERS; j++) {
			if (!strcmp(registers[j].name, name))
				members[i].id = registers[j].id;
		}
		if (members[i].id == AGX_CS_ID_RENDER_FLAGS && !render)
			members[i].id = AGX_CS_ID_COMPUTE_FLAGS;
		for (j = 0; j < sizeof(needs) / sizeof(*needs); j++) {
			if (!strcmp(needs[j].name, name))
				members[i].when = needs[j].need;
		}
	}
}

void decode_know_members(struct agx_decode *d)
{
	know_members(&agx_cmd_render_desc, d->render, true);
	know_members(&agx_cmd_compute_desc, d->compute, false);
}

/* What applies to a command, as a bit of each. */
static uint32_t needs_of(const struct drm_asahi_cmd_render *render, uint32_t samplers)
{
	struct agx_cs_zls_control zls;
	uint32_t has = samplers ? 1u << NEED_SAMPLERS : 0;

	if (!render)
		return has;
	agx_cs_zls_control_unpack(&zls, &render->zls_ctrl);
	if (zls.z_load || zls.z_store)
		has |= 1u << NEED_DEPTH;
	if (zls.s_load || zls.s_store)
		has |= 1u << NEED_STENCIL;
	if ((zls.z_load && zls.z_load_compress) || (zls.z_store && zls.z_store_compress))
		has |= 1u << NEED_DEPTH_METADATA;
	if ((zls.s_load && zls.s_load_compress) || (zls.s_store && zls.s_store_compress))
		has |= 1u << NEED_STENCIL_METADATA;
	if (zls.z_format == AGX_CS_ZLS_FORMAT_UNORM_16)
		has |= 1u << NEED_UNORM_16;
	return has;
}

static void plain_field(struct agx_decode *d, const struct agx_ioctl_field *field, uint64_t value,
			bool needed)
{
	switch (field->kind) {
	case AGX_FIELD_ADDRESS:
		if (value || needed)
			decode_address(d, field->name, value, needed);
		else
			decode_no_address(d, field->name);
		return;
	case AGX_FIELD_PAD:
		if (value)
			decode_number(d, field->name, value, AGX_DECODE_HEX);
		return;
	case AGX_FIELD_HANDLE:
		decode_number(d, field->name, value, AGX_DECODE_DEC);
		return;
	default:
		decode_number(d, field->name, value,
			      field->format == AGX_FORMAT_DEC ? AGX_DECODE_DEC : AGX_DECODE_HEX);
		return;
	}
}

/* Members that are numbers and addresses; then, as nodes, those that are registers. */
static void show_members(struct agx_decode *d, const struct agx_struct_desc *desc,
			 const struct member *members, const void *payload, uint32_t has)
{
	unsigned int i;

	for (i = 0; i < desc->num_fields && i < MAX_MEMBERS; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];

		if (members[i].id == MEMBER_PLAIN)
			plain_field(d, field, agx_field_get(field, 0, payload, desc->size),
				    has >> members[i].when & 1);
	}
	for (i = 0; i < desc->num_fields && i < MAX_MEMBERS; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];
		uint8_t record[8] __attribute__((aligned(8)));
		uint64_t value;
		uint16_t id;

		if (members[i].id == MEMBER_PLAIN || members[i].id == MEMBER_SPECIAL)
			continue;
		value = agx_field_get(field, 0, payload, desc->size);
		/* Strides, flags and registers that are zero say nothing. */
		if (!value)
			continue;
		memcpy(record, &value, sizeof(value));
		id = members[i].id;
		if (id == AGX_CS_ID_ISP_BGOBJDEPTH && has & 1u << NEED_UNORM_16)
			id = AGX_CS_ID_ISP_BGOBJDEPTH_16;
		decode_record(d, field->name, &agx_cs_structs[id], record, AGX_DECODE_NO_ADDRESS,
			      AGX_DECODE_NO_NUMBER);
	}
}

static void show_barrier(struct agx_decode *d, const char *name, uint16_t barrier)
{
	char text[32];

	if (barrier == DRM_ASAHI_BARRIER_NONE) {
		decode_text(d, name, "none");
	} else if (!barrier) {
		decode_text(d, name, "earlier_submits");
	} else {
		snprintf(text, sizeof(text), "first_%u", barrier);
		decode_text(d, name, text);
	}
}

static void begin_command(struct agx_decode *d, const char *title,
			  const struct drm_asahi_cmd_header *header)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_COMMAND,
		.title = title,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = d->command,
		.size = header->size,
	};

	decode_new_command(d);
	decode_begin(d, &node, false);
	show_barrier(d, "vdm_barrier", header->vdm_barrier);
	show_barrier(d, "cdm_barrier", header->cdm_barrier);
}

static void show_attachments(struct agx_decode *d, const char *title, const void *bytes,
			     size_t size)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_ATTACHMENTS,
		.title = title,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = AGX_DECODE_NO_NUMBER,
		.size = size / sizeof(struct drm_asahi_attachment),
	};
	size_t i;

	if (!node.size)
		return;
	decode_begin(d, &node, false);
	for (i = 0; i < node.size; i++) {
		struct agx_decode_node entry = {
			.kind = AGX_DECODE_RECORD,
			.title = "attachment",
			.address = AGX_DECODE_NO_ADDRESS,
			.number = i,
		};
		struct drm_asahi_attachment attachment;

		memcpy(&attachment, (const uint8_t *)bytes + i * sizeof(attachment),
		       sizeof(attachment));
		decode_begin(d, &entry, false);
		decode_address(d, "pointer", attachment.pointer, false);
		decode_number(d, "size", attachment.size, AGX_DECODE_BYTES);
		if (attachment.flags)
			decode_number(d, "flags", attachment.flags, AGX_DECODE_HEX);
		decode_end(d);
	}
	decode_end(d);
}

static void show_timestamp(struct agx_decode *d, const char *title,
			   const struct drm_asahi_timestamp *timestamp)
{
	struct agx_decode_node node = {
		.kind = AGX_DECODE_RECORD,
		.title = title,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = AGX_DECODE_NO_NUMBER,
	};
	struct agx_decode_place place = {.handle = 0};

	if (!timestamp->handle)
		return;
	decode_begin(d, &node, false);
	decode_number(d, "object", timestamp->handle, AGX_DECODE_DEC);
	decode_number(d, "offset", timestamp->offset, AGX_DECODE_HEX);
	if (d->memory->timestamps &&
	    d->memory->timestamps(d->memory->cookie, timestamp->handle, &place)) {
		decode_number(d, "bo", place.handle, AGX_DECODE_DEC);
		decode_number(d, "bo_offset", place.offset + timestamp->offset, AGX_DECODE_HEX);
	}
	decode_end(d);
}

static void show_helper(struct agx_decode *d, const char *title,
			const struct drm_asahi_helper_program *helper)
{
	const struct agx_cs_struct *binary_desc = &agx_cs_structs[AGX_CS_ID_HELPER_BINARY];
	const struct agx_cs_struct *config_desc = &agx_cs_structs[AGX_CS_ID_HELPER_CONFIG];
	struct agx_decode_node node = {
		.kind = AGX_DECODE_HELPER,
		.title = title,
		.desc = binary_desc,
		.record = &helper->binary,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = AGX_DECODE_NO_NUMBER,
	};
	struct agx_cs_helper_binary binary;

	if (!helper->binary && !helper->cfg && !helper->data)
		return;
	agx_cs_helper_binary_unpack(&binary, &helper->binary);
	decode_begin(d, &node, false);
	decode_fields(d, binary_desc, &helper->binary, AGX_DECODE_NO_ADDRESS);
	/* By habit an address, but only the program knows. */
	decode_address(d, "data", helper->data, false);
	if (helper->cfg)
		decode_record(d, "cfg", config_desc, &helper->cfg, AGX_DECODE_NO_ADDRESS,
			      AGX_DECODE_NO_NUMBER);
	if (binary.enable)
		decode_shader_use(d, decode_shader(d, "helper", d->usc_base + binary.code),
				  AGX_DECODE_COMMAND, 0);
	decode_end(d);
}

static void show_program(struct agx_decode *d, const char *title, enum agx_cs_stage stage,
			 const struct drm_asahi_bg_eot *program)
{
	const struct agx_cs_struct *desc = &agx_cs_structs[AGX_CS_ID_BG_EOT];
	struct agx_decode_node node = {
		.kind = AGX_DECODE_RECORD,
		.title = title,
		.desc = desc,
		.record = &program->usc,
		.address = AGX_DECODE_NO_ADDRESS,
		.number = AGX_DECODE_NO_NUMBER,
	};
	struct agx_cs_bg_eot unpacked;

	if (!program->usc && !program->rsrc_spec)
		return;
	agx_cs_bg_eot_unpack(&unpacked, &program->usc);
	decode_begin(d, &node, false);
	decode_fields(d, desc, &program->usc, AGX_DECODE_NO_ADDRESS);
	decode_record(d, "rsrc_spec", &agx_cs_structs[AGX_CS_ID_COUNTS], &program->rsrc_spec,
		      AGX_DECODE_NO_ADDRESS, AGX_DECODE_NO_NUMBER);
	if (program->usc)
		decode_list(d, stage, title, d->usc_base + unpacked.pipeline, program->rsrc_spec);
	decode_end(d);
}

/* The heap's samplers that are not empty; all of it only when it has changed. */
static void show_sampler_heap(struct agx_decode *d, uint64_t address, uint32_t count)
{
	const struct agx_cs_struct *desc = &agx_cs_structs[AGX_CS_ID_SAMPLER];
	static const uint8_t empty[AGX_CS_SAMPLER_SIZE];
	uint8_t heap[MAX_SAMPLERS * AGX_CS_SAMPLER_SIZE];
	struct agx_decode_node node = {
		.kind = AGX_DECODE_ARRAY,
		.title = "sampler_heap",
		.address = address,
		.number = AGX_DECODE_NO_NUMBER,
	};
	size_t got, i, size;
	uint64_t hash;

	if (!count || !address)
		return;
	size = (count < MAX_SAMPLERS ? count : MAX_SAMPLERS) * sizeof(empty);
	got = decode_read(d, address, heap, size);
	hash = XXH3_64bits_withSeed(heap, got, address);
	node.reference = hash == d->heap_hash && !d->config.repeat;
	d->heap_hash = hash;
	decode_begin(d, &node, true);
	decode_number(d, "count", count, AGX_DECODE_DEC);
	for (i = 0; i + sizeof(empty) <= got && !node.reference; i += sizeof(empty)) {
		if (!memcmp(heap + i, empty, sizeof(empty)))
			continue;
		d->stats.descriptors++;
		decode_record(d, desc->name, desc, heap + i, address + i, i / sizeof(empty));
	}
	if (got < size)
		decode_problem(d, AGX_CS_TRUNCATED, address + got, "sampler heap");
	decode_end(d);
}

void decode_render(struct agx_decode *d, const struct drm_asahi_cmd_header *header,
		   const void *payload, const void *const attachments[2], const size_t sizes[2])
{
	const struct drm_asahi_cmd_render *render = payload;

	d->stats.renders++;
	d->scissors = render->isp_scissor_base;
	d->depth_biases = render->isp_dbias_base;
	d->counters = render->isp_oclqry_base;
	begin_command(d, "render", header);
	show_members(d, &agx_cmd_render_desc, d->render, render,
		     needs_of(render, render->sampler_count));
	show_timestamp(d, "ts_vtx.start", &render->ts_vtx.start);
	show_timestamp(d, "ts_vtx.end", &render->ts_vtx.end);
	show_timestamp(d, "ts_frag.start", &render->ts_frag.start);
	show_timestamp(d, "ts_frag.end", &render->ts_frag.end);
	show_attachments(d, "vertex_attachments", attachments[0], sizes[0]);
	show_attachments(d, "fragment_attachments", attachments[1], sizes[1]);
	show_helper(d, "vertex_helper", &render->vertex_helper);
	show_helper(d, "fragment_helper", &render->fragment_helper);
	show_sampler_heap(d, render->sampler_heap, render->sampler_count);
	decode_stream(d, false, render->vdm_ctrl_stream_base);
	show_program(d, "background", AGX_CS_STAGE_BACKGROUND, &render->bg);
	show_program(d, "end_of_tile", AGX_CS_STAGE_END_OF_TILE, &render->eot);
	show_program(d, "partial_background", AGX_CS_STAGE_BACKGROUND, &render->partial_bg);
	show_program(d, "partial_end_of_tile", AGX_CS_STAGE_END_OF_TILE, &render->partial_eot);
	decode_end(d);
}

void decode_compute(struct agx_decode *d, const struct drm_asahi_cmd_header *header,
		    const void *payload, const void *attachments, size_t size)
{
	const struct drm_asahi_cmd_compute *compute = payload;

	d->stats.computes++;
	begin_command(d, "compute", header);
	show_members(d, &agx_cmd_compute_desc, d->compute, compute,
		     needs_of(NULL, compute->sampler_count));
	show_timestamp(d, "ts.start", &compute->ts.start);
	show_timestamp(d, "ts.end", &compute->ts.end);
	show_attachments(d, "compute_attachments", attachments, size);
	show_helper(d, "helper", &compute->helper);
	show_sampler_heap(d, compute->sampler_heap, compute->sampler_count);
	decode_stream(d, true, compute->cdm_ctrl_stream_base);
	decode_end(d);
}
