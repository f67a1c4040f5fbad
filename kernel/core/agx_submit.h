/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Parsing and validation of a submission's command buffer.
 *
 * Two passes: agx_submit_count() walks the headers, agx_submit_parse() checks everything and
 * fills one struct agx_submit_cmd per hardware command. Nothing is executed, kept or allocated
 * here, so a caller can throw the result away as long as it has not gone on. The buffer must be a
 * copy that nobody else can change.
 *
 * Order of checks and errno follow the Rust driver (jannau/linux:
 * drivers/gpu/drm/asahi/queue/{mod,render,compute,common}.rs), except that commands advance by
 * header.size, whatever size the driver knows, and that an unknown tail must be zero.
 */
#ifndef AGX_SUBMIT_H
#define AGX_SUBMIT_H

#include "agx_limits.h"
#include "agx_types.h"
#include "asahi_drm.h"

/* What the first pass finds. Command indices count from 1 through all commands; 0: none. */
struct agx_submit_counts {
	uint32_t commands; /* hardware and attachment commands */
	uint32_t render;
	uint32_t compute;
	uint32_t last_render; /* index of the last render command */
	uint32_t last_compute;
};

/* A list of attachments inside the command buffer. */
struct agx_attachment_list {
	uint32_t offset; /* bytes into the command buffer; no alignment */
	uint32_t count;
};

/* Times that a command asks for, in the order in which they are resolved. */
enum agx_timestamp {
	AGX_TIMESTAMP_VERTEX_START,
	AGX_TIMESTAMP_VERTEX_END,
	AGX_TIMESTAMP_FRAGMENT_START,
	AGX_TIMESTAMP_FRAGMENT_END,
	AGX_TIMESTAMP_COMPUTE_START = AGX_TIMESTAMP_VERTEX_START,
	AGX_TIMESTAMP_COMPUTE_END = AGX_TIMESTAMP_VERTEX_END,
	AGX_NUM_TIMESTAMPS = 4,
};

struct agx_timestamp_ref {
	void *object; /* from agx_submit_ops.find_object; NULL: not wanted */
	uint32_t offset;
};

/* One hardware command. */
struct agx_submit_cmd {
	uint16_t type; /* DRM_ASAHI_CMD_RENDER or _COMPUTE */
	uint16_t vdm_barrier, cdm_barrier;
	bool last;                                   /* of its subqueue in this submission */
	struct agx_attachment_list vertex, fragment; /* of a render command */
	struct agx_attachment_list compute;
	struct agx_timestamp_ref timestamps[AGX_NUM_TIMESTAMPS];
	union {
		struct drm_asahi_cmd_render render;
		struct drm_asahi_cmd_compute compute;
	} args;
};

struct agx_submit_ops {
	/*
	 * Resolves a timestamp object's handle (not 0): the object and its size in bytes, or
	 * NULL. The caller keeps the objects alive until it has taken references on those in
	 * agx_submit_cmd.timestamps.
	 */
	void *(*find_object)(void *data, uint32_t handle, uint64_t *size);
	void *data;
};

/* First pass. -EINVAL. */
int agx_submit_count(const void *cmdbuf, uint32_t size, struct agx_submit_counts *counts,
		     struct agx_reject *why);

/*
 * Second pass. cmds has room for counts->render + counts->compute (at most AGX_MAX_COMMANDS)
 * entries. -EINVAL, -ENOENT (timestamp object), -ERANGE (timestamp offset).
 */
int agx_submit_parse(const void *cmdbuf, uint32_t size, const struct agx_submit_counts *counts,
		     const struct agx_submit_ops *ops, struct agx_submit_cmd *cmds,
		     struct agx_reject *why);

/* Attachment index of a list, which must be below list->count. */
void agx_submit_attachment(const void *cmdbuf, const struct agx_attachment_list *list,
			   uint32_t index, struct drm_asahi_attachment *attachment);

#endif
