// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The parser keeps a cursor and never moves it past the end of the buffer: sizes are compared
 * with what remains, so nothing can overflow. Payloads may start at any byte, therefore every
 * access is a copy.
 */
#include "agx_submit.h"

#define SUBQUEUE_RENDER  0
#define SUBQUEUE_COMPUTE 1

struct parser {
	const uint8_t *buf;
	uint32_t size;
	uint32_t pos;
	const struct agx_submit_ops *ops;
	struct agx_reject *why;
	uint32_t done[2]; /* hardware commands so far, by subqueue */
	struct agx_attachment_list vertex, fragment, compute;
};

static bool read_header(struct parser *p, struct drm_asahi_cmd_header *header)
{
	if (p->size - p->pos < sizeof(*header))
		return false;
	agx_core_memcpy(header, p->buf + p->pos, sizeof(*header));
	p->pos += sizeof(*header);
	return true;
}

int agx_submit_count(const void *cmdbuf, uint32_t size, struct agx_submit_counts *counts,
		     struct agx_reject *why)
{
	struct parser p = {.buf = cmdbuf, .size = size};
	struct drm_asahi_cmd_header header;
	uint32_t hardware;

	agx_core_memset(counts, 0, sizeof(*counts));

	while (p.pos < p.size) {
		if (!read_header(&p, &header))
			return agx_reject(why, -EINVAL, "cmdbuf", "a whole header at this byte",
					  p.pos);
		/* A payload past the end ends the walk; the second pass refuses it. */
		p.pos = header.size > p.size - p.pos ? p.size : p.pos + header.size;
		counts->commands++;

		if (header.cmd_type == DRM_ASAHI_CMD_RENDER) {
			counts->render++;
			counts->last_render = counts->commands;
		} else if (header.cmd_type == DRM_ASAHI_CMD_COMPUTE) {
			counts->compute++;
			counts->last_compute = counts->commands;
		}
	}

	hardware = counts->render + counts->compute;
	if (!hardware || hardware > AGX_MAX_COMMANDS)
		return agx_reject(why, -EINVAL, "hardware commands in cmdbuf", "1 to 64", hardware);
	return 0;
}

/* Copies a payload of the known size (zero-extended) and moves on by the size in the header. */
static int read_payload(struct parser *p, uint32_t size, void *payload, uint32_t known)
{
	uint32_t copied = size < known ? size : known;
	uint32_t i;

	if (size > p->size - p->pos)
		return agx_reject(p->why, -EINVAL, "cmd_header.size", "a payload inside cmdbuf",
				  size);

	agx_core_memset(payload, 0, known);
	agx_core_memcpy(payload, p->buf + p->pos, copied);
	for (i = copied; i < size; i++)
		if (p->buf[p->pos + i])
			return agx_reject(p->why, -EINVAL, "bytes past the known payload", "0",
					  p->buf[p->pos + i]);
	p->pos += size;
	return 0;
}

static int check_barriers(struct parser *p, const struct drm_asahi_cmd_header *header)
{
	const uint16_t barriers[2] = {
		[SUBQUEUE_RENDER] = header->vdm_barrier,
		[SUBQUEUE_COMPUTE] = header->cdm_barrier,
	};
	static const char *const names[2] = {
		[SUBQUEUE_RENDER] = "vdm_barrier",
		[SUBQUEUE_COMPUTE] = "cdm_barrier",
	};
	bool hardware = header->cmd_type == DRM_ASAHI_CMD_RENDER ||
			header->cmd_type == DRM_ASAHI_CMD_COMPUTE;
	int i;

	for (i = 0; i < 2; i++) {
		if (barriers[i] == DRM_ASAHI_BARRIER_NONE)
			continue;
		if (barriers[i] > p->done[i])
			return agx_reject(p->why, -EINVAL, names[i],
					  "at most the subqueue's commands before this one",
					  barriers[i]);
		/* Stricter than the Rust driver, which lets an idle subqueue's barrier pass. */
		if (!hardware)
			return agx_reject(p->why, -EINVAL, names[i],
					  "BARRIER_NONE on an attachment command", barriers[i]);
	}
	return 0;
}

static int set_attachments(struct parser *p, uint32_t size, struct agx_attachment_list *list)
{
	const uint32_t stride = sizeof(struct drm_asahi_attachment);
	struct agx_attachment_list found = {.offset = p->pos, .count = size / stride};
	struct drm_asahi_attachment att;
	uint32_t i;

	if (found.count > AGX_MAX_ATTACHMENTS)
		return agx_reject(p->why, -EINVAL, "attachments", "at most 16", found.count);
	if (size > p->size - p->pos)
		return agx_reject(p->why, -EINVAL, "cmd_header.size", "a payload inside cmdbuf",
				  size);
	for (i = 0; i < found.count; i++) {
		agx_submit_attachment(p->buf, &found, i, &att);
		if (att.flags)
			return agx_reject(p->why, -EINVAL, "attachment.flags", "0", att.flags);
		if (att.pad)
			return agx_reject(p->why, -EINVAL, "attachment.pad", "0", att.pad);
		/* The firmware takes it as a 32-bit count of 128-byte cache lines. */
		if (att.size > 0xffffffffull << 7)
			return agx_reject(p->why, -EINVAL, "attachment.size",
					  "below 2^32 cache lines", att.size);
	}
	if (size % stride)
		return agx_reject(p->why, -EINVAL, "cmd_header.size",
				  "a multiple of the size of an attachment", size); /* stricter */
	p->pos += size;
	*list = found;
	return 0;
}

static int find_timestamp(struct parser *p, const struct drm_asahi_timestamp *timestamp,
			  struct agx_timestamp_ref *ref)
{
	uint64_t size = 0;
	uint32_t end;

	if (!timestamp->handle)
		return 0;
	ref->object = p->ops->find_object(p->ops->data, timestamp->handle, &size);
	if (!ref->object)
		return agx_reject(p->why, -ENOENT, "timestamp.handle", "a bound object",
				  timestamp->handle);
	ref->offset = timestamp->offset;
	if (__builtin_add_overflow(timestamp->offset, 8u, &end))
		return agx_reject(p->why, -EINVAL, "timestamp.offset", "no overflow",
				  timestamp->offset);
	if (end > size)
		return agx_reject(p->why, -ERANGE, "timestamp.offset + 8",
				  "at most the object's size", end);
	return 0;
}

static int find_timestamps(struct parser *p, const struct drm_asahi_timestamps *timestamps,
			   struct agx_timestamp_ref *refs)
{
	int err = find_timestamp(p, &timestamps->start, &refs[0]);

	return err ? err : find_timestamp(p, &timestamps->end, &refs[1]);
}

static int parse_compute(struct parser *p, uint32_t size, struct agx_submit_cmd *cmd)
{
	struct drm_asahi_cmd_compute *compute = &cmd->args.compute;
	int err = read_payload(p, size, compute, sizeof(*compute));

	if (err)
		return err;
	if (compute->flags)
		return agx_reject(p->why, -EINVAL, "cmd_compute.flags", "0", compute->flags);
	cmd->compute = p->compute;
	return find_timestamps(p, &compute->ts, &cmd->timestamps[AGX_TIMESTAMP_COMPUTE_START]);
}

static int parse_render(struct parser *p, uint32_t size, struct agx_submit_cmd *cmd)
{
	const uint32_t known_flags =
		DRM_ASAHI_RENDER_VERTEX_SCRATCH | DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES |
		DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING | DRM_ASAHI_RENDER_DBIAS_IS_INT;
	struct drm_asahi_cmd_render *render = &cmd->args.render;
	int err = read_payload(p, size, render, sizeof(*render));

	if (err)
		return err;
	if (render->flags & ~known_flags)
		return agx_reject(p->why, -EINVAL, "cmd_render.flags", "known flags",
				  render->flags);
	if (!render->width_px || render->width_px > AGX_MAX_FB_SIZE)
		return agx_reject(p->why, -EINVAL, "cmd_render.width_px", "1 to 16384",
				  render->width_px);
	if (!render->height_px || render->height_px > AGX_MAX_FB_SIZE)
		return agx_reject(p->why, -EINVAL, "cmd_render.height_px", "1 to 16384",
				  render->height_px);

	cmd->vertex = p->vertex;
	cmd->fragment = p->fragment;
	err = find_timestamps(p, &render->ts_vtx, &cmd->timestamps[AGX_TIMESTAMP_VERTEX_START]);
	if (!err)
		err = find_timestamps(p, &render->ts_frag,
				      &cmd->timestamps[AGX_TIMESTAMP_FRAGMENT_START]);
	if (err)
		return err;

	if (!render->layers || render->layers > AGX_MAX_LAYERS)
		return agx_reject(p->why, -EINVAL, "cmd_render.layers", "1 to 2048",
				  render->layers);
	if (!(render->utile_width_px == 32 &&
	      (render->utile_height_px == 32 || render->utile_height_px == 16)) &&
	    !(render->utile_width_px == 16 && render->utile_height_px == 16))
		return agx_reject(p->why, -EINVAL, "cmd_render.utile_width_px, utile_height_px",
				  "32x32, 32x16 or 16x16",
				  (uint64_t)render->utile_width_px << 32 | render->utile_height_px);
	if (render->samples != 1 && render->samples != 2 && render->samples != 4)
		return agx_reject(p->why, -EINVAL, "cmd_render.samples", "1, 2 or 4",
				  render->samples);
	return 0;
}

int agx_submit_parse(const void *cmdbuf, uint32_t size, const struct agx_submit_counts *counts,
		     const struct agx_submit_ops *ops, struct agx_submit_cmd *cmds,
		     struct agx_reject *why)
{
	struct parser p = {.buf = cmdbuf, .size = size, .ops = ops, .why = why};
	struct drm_asahi_cmd_header header;
	struct agx_submit_cmd *cmd = cmds;
	uint32_t index = 0;
	int err;

	while (p.pos < p.size) {
		if (!read_header(&p, &header))
			return agx_reject(why, -EINVAL, "cmdbuf", "a whole header at this byte",
					  p.pos);
		index++;
		err = check_barriers(&p, &header);
		if (err)
			return err;

		switch (header.cmd_type) {
		case DRM_ASAHI_CMD_RENDER:
		case DRM_ASAHI_CMD_COMPUTE:
			agx_core_memset(cmd, 0, sizeof(*cmd));
			cmd->type = header.cmd_type;
			cmd->vdm_barrier = header.vdm_barrier;
			cmd->cdm_barrier = header.cdm_barrier;
			if (header.cmd_type == DRM_ASAHI_CMD_RENDER) {
				cmd->last = index == counts->last_render;
				err = parse_render(&p, header.size, cmd);
				p.done[SUBQUEUE_RENDER]++;
			} else {
				cmd->last = index == counts->last_compute;
				err = parse_compute(&p, header.size, cmd);
				p.done[SUBQUEUE_COMPUTE]++;
			}
			cmd++;
			break;
		case DRM_ASAHI_SET_VERTEX_ATTACHMENTS:
			err = set_attachments(&p, header.size, &p.vertex);
			break;
		case DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS:
			err = set_attachments(&p, header.size, &p.fragment);
			break;
		case DRM_ASAHI_SET_COMPUTE_ATTACHMENTS:
			err = set_attachments(&p, header.size, &p.compute);
			break;
		default:
			err = agx_reject(why, -EINVAL, "cmd_header.cmd_type",
					 "a value of enum drm_asahi_cmd_type", header.cmd_type);
		}
		if (err)
			return err;
	}
	return 0;
}

void agx_submit_attachment(const void *cmdbuf, const struct agx_attachment_list *list,
			   uint32_t index, struct drm_asahi_attachment *attachment)
{
	agx_core_memcpy(attachment,
			(const uint8_t *)cmdbuf + list->offset + index * sizeof(*attachment),
			sizeof(*attachment));
}
