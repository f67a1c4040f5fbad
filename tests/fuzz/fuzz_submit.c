// SPDX-License-Identifier: MIT
/*
 * Command buffers of a submission: the parser must read nothing outside of the buffer and write no
 * more commands than it counted; and it must accept exactly what the uAPI allows. The second
 * opinion is a reader of its own below that knows the rules of asahi_drm.h and no more: it takes
 * the buffer apart first, and judges the parts afterwards.
 *
 * The first byte says which timestamp objects there are: bit n, handle n + 1, of n KiB + 8 bytes.
 * The rest is the command buffer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_submit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PARTS 1024 /* 8 KiB of bare headers */
#define MAX_SIZE  (MAX_PARTS * sizeof(struct drm_asahi_cmd_header))

/* Errors that a part may be refused with; bits. */
#define MAY_EINVAL 1u
#define MAY_ENOENT 2u
#define MAY_ERANGE 4u

struct part {
	struct drm_asahi_cmd_header header;
	uint64_t payload; /* offset */
	bool whole;       /* all of the payload is there */
};

static struct part parts[MAX_PARTS];
static uint8_t objects; /* which exist */
static char places[8];  /* one for each object: its address stands for it */

static void fail(const char *what, long long got, long long expected)
{
	fprintf(stderr, "fuzz_submit: %s: %lld, expected %lld\n", what, got, expected);
	abort();
}

static bool exists(uint32_t handle)
{
	return handle >= 1 && handle <= 8 && objects >> (handle - 1) & 1;
}

static uint64_t object_size(uint32_t handle)
{
	return (handle - 1) * 1024ull + 8;
}

static void *find_object(void *data, uint32_t handle, uint64_t *size)
{
	(void)data;
	if (!handle)
		fail("a lookup of handle", 0, 1);
	if (!exists(handle))
		return NULL;
	*size = object_size(handle);
	return &places[handle - 1];
}

/* Headers, one behind the other. False: the last one is cut short. */
static bool take_apart(const uint8_t *buf, uint64_t size, uint32_t *count)
{
	uint64_t at = 0;

	for (*count = 0; at < size; (*count)++) {
		struct part *part = &parts[*count];

		if (size - at < sizeof(part->header))
			return false;
		memcpy(&part->header, buf + at, sizeof(part->header));
		part->payload = at + sizeof(part->header);
		at = part->payload + part->header.size;
		part->whole = at <= size;
	}
	return true;
}

static bool is_hardware(const struct part *part)
{
	return part->header.cmd_type == DRM_ASAHI_CMD_RENDER ||
	       part->header.cmd_type == DRM_ASAHI_CMD_COMPUTE;
}

/* Commands of a type before parts[index]. */
static uint32_t before(uint32_t index, uint16_t type)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < index; i++)
		count += parts[i].header.cmd_type == type;
	return count;
}

static unsigned int judge_barrier(uint16_t barrier, uint32_t possible, bool hardware)
{
	if (barrier == DRM_ASAHI_BARRIER_NONE)
		return 0;
	return barrier > possible || !hardware ? MAY_EINVAL : 0;
}

static unsigned int judge_time(const struct drm_asahi_timestamp *t)
{
	if (!t->handle)
		return 0;
	if (!exists(t->handle))
		return MAY_ENOENT;
	if ((uint64_t)t->offset + 8 > UINT32_MAX)
		return MAY_EINVAL;
	return (uint64_t)t->offset + 8 > object_size(t->handle) ? MAY_ERANGE : 0;
}

static unsigned int judge_times(const struct drm_asahi_timestamps *times)
{
	return judge_time(&times->start) | judge_time(&times->end);
}

/* A payload as a structure of the size that is known. False: more than that, and not zero. */
static bool extend(const uint8_t *buf, const struct part *part, void *to, size_t known)
{
	memset(to, 0, known);
	for (uint32_t i = 0; i < part->header.size; i++) {
		if (i < known)
			((uint8_t *)to)[i] = buf[part->payload + i];
		else if (buf[part->payload + i])
			return false;
	}
	return true;
}

static unsigned int judge_compute(const uint8_t *buf, const struct part *part)
{
	struct drm_asahi_cmd_compute c;

	if (!extend(buf, part, &c, sizeof(c)) || c.flags)
		return MAY_EINVAL;
	return judge_times(&c.ts);
}

static unsigned int judge_render(const uint8_t *buf, const struct part *part)
{
	struct drm_asahi_cmd_render r;
	unsigned int may = 0, utile;

	if (!extend(buf, part, &r, sizeof(r)))
		return MAY_EINVAL;
	utile = r.utile_width_px * 1000u + r.utile_height_px;
	if (r.flags & ~0x40007u)
		may |= MAY_EINVAL;
	if (r.width_px < 1 || r.width_px > 16384 || r.height_px < 1 || r.height_px > 16384)
		may |= MAY_EINVAL;
	if (r.layers < 1 || r.layers > 2048)
		may |= MAY_EINVAL;
	if (utile != 16016 && utile != 32016 && utile != 32032)
		may |= MAY_EINVAL;
	if (r.samples != 1 && r.samples != 2 && r.samples != 4)
		may |= MAY_EINVAL;
	return may | judge_times(&r.ts_vtx) | judge_times(&r.ts_frag);
}

static unsigned int judge_attachments(const uint8_t *buf, const struct part *part)
{
	struct drm_asahi_attachment a;

	if (part->header.size % sizeof(a) || part->header.size / sizeof(a) > 16)
		return MAY_EINVAL;
	for (uint32_t i = 0; i < part->header.size / sizeof(a); i++) {
		memcpy(&a, buf + part->payload + i * sizeof(a), sizeof(a));
		if (a.flags || a.pad || a.size > (uint64_t)UINT32_MAX * 128)
			return MAY_EINVAL;
	}
	return 0;
}

/* What a part may be refused with; 0: it has to be accepted. */
static unsigned int judge(const uint8_t *buf, uint32_t index)
{
	const struct part *part = &parts[index];
	bool hardware = is_hardware(part);
	unsigned int may;

	may = judge_barrier(part->header.vdm_barrier, before(index, DRM_ASAHI_CMD_RENDER),
			    hardware) |
	      judge_barrier(part->header.cdm_barrier, before(index, DRM_ASAHI_CMD_COMPUTE),
			    hardware);
	if (!part->whole)
		return MAY_EINVAL;
	switch (part->header.cmd_type) {
	case DRM_ASAHI_CMD_RENDER:
		return may | judge_render(buf, part);
	case DRM_ASAHI_CMD_COMPUTE:
		return may | judge_compute(buf, part);
	case DRM_ASAHI_SET_VERTEX_ATTACHMENTS:
	case DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS:
	case DRM_ASAHI_SET_COMPUTE_ATTACHMENTS:
		return may | judge_attachments(buf, part);
	default:
		return MAY_EINVAL;
	}
}

static bool allowed(int err, unsigned int may)
{
	return (err == -EINVAL && may & MAY_EINVAL) || (err == -ENOENT && may & MAY_ENOENT) ||
	       (err == -ERANGE && may & MAY_ERANGE);
}

/* The newest list of a type before parts[index]; none: empty, wherever. */
static void check_list(const struct agx_attachment_list *list, const uint8_t *buf, uint32_t index,
		       uint16_t type, const char *what)
{
	struct drm_asahi_attachment got;

	while (index > 0 && parts[index - 1].header.cmd_type != type)
		index--;
	if (!index) {
		if (list->count)
			fail(what, list->count, 0);
		return;
	}
	index--;
	if (list->count != parts[index].header.size / sizeof(got))
		fail(what, list->count, parts[index].header.size / sizeof(got));
	for (uint32_t i = 0; i < list->count; i++) {
		agx_submit_attachment(buf, list, i, &got);
		if (memcmp(&got, buf + parts[index].payload + i * sizeof(got), sizeof(got)))
			fail(what, list->offset, parts[index].payload);
	}
}

static void check_time(const struct agx_timestamp_ref *ref, const struct drm_asahi_timestamp *t)
{
	void *object = t->handle ? &places[t->handle - 1] : NULL;

	if (ref->object != object)
		fail("timestamp object", (char *)ref->object - places, t->handle - 1ll);
	if (object && ref->offset != t->offset)
		fail("timestamp offset", ref->offset, t->offset);
}

static void check_command(const struct agx_submit_cmd *cmd, const uint8_t *buf, uint32_t index,
			  bool last)
{
	const struct part *part = &parts[index];
	struct drm_asahi_cmd_render render;
	struct drm_asahi_cmd_compute compute;

	if (cmd->type != part->header.cmd_type)
		fail("type", cmd->type, part->header.cmd_type);
	if (cmd->vdm_barrier != part->header.vdm_barrier)
		fail("vdm_barrier", cmd->vdm_barrier, part->header.vdm_barrier);
	if (cmd->cdm_barrier != part->header.cdm_barrier)
		fail("cdm_barrier", cmd->cdm_barrier, part->header.cdm_barrier);
	if (cmd->last != last)
		fail("last", cmd->last, last);
	if (cmd->type == DRM_ASAHI_CMD_RENDER) {
		extend(buf, part, &render, sizeof(render));
		if (memcmp(&cmd->args.render, &render, sizeof(render)))
			fail("bytes of render command", index, index);
		check_list(&cmd->vertex, buf, index, DRM_ASAHI_SET_VERTEX_ATTACHMENTS, "vertex");
		check_list(&cmd->fragment, buf, index, DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS,
			   "fragment");
		check_time(&cmd->timestamps[AGX_TIMESTAMP_VERTEX_START], &render.ts_vtx.start);
		check_time(&cmd->timestamps[AGX_TIMESTAMP_VERTEX_END], &render.ts_vtx.end);
		check_time(&cmd->timestamps[AGX_TIMESTAMP_FRAGMENT_START], &render.ts_frag.start);
		check_time(&cmd->timestamps[AGX_TIMESTAMP_FRAGMENT_END], &render.ts_frag.end);
	} else {
		extend(buf, part, &compute, sizeof(compute));
		if (memcmp(&cmd->args.compute, &compute, sizeof(compute)))
			fail("bytes of compute command", index, index);
		check_list(&cmd->compute, buf, index, DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, "compute");
		check_time(&cmd->timestamps[AGX_TIMESTAMP_COMPUTE_START], &compute.ts.start);
		check_time(&cmd->timestamps[AGX_TIMESTAMP_COMPUTE_END], &compute.ts.end);
	}
}

static void check_commands(const struct agx_submit_cmd *cmds, const uint8_t *buf, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint16_t type = parts[i].header.cmd_type;

		if (is_hardware(&parts[i]))
			check_command(cmds++, buf, i, before(i + 1, type) == before(count, type));
	}
}

static void run(const uint8_t *buf, uint32_t size)
{
	const struct agx_submit_ops ops = {.find_object = find_object};
	struct agx_submit_counts counts;
	struct agx_reject why = {0};
	struct agx_submit_cmd *cmds;
	uint32_t count, hardware, i;
	bool whole = take_apart(buf, size, &count);
	unsigned int may = 0;
	int err;

	hardware = before(count, DRM_ASAHI_CMD_RENDER) + before(count, DRM_ASAHI_CMD_COMPUTE);
	err = agx_submit_count(buf, size, &counts, &why);
	if (err) {
		if (err != -EINVAL)
			fail("error of the count", err, -EINVAL);
		if (whole && hardware >= 1 && hardware <= AGX_MAX_COMMANDS)
			fail("the count refuses commands", hardware, 0);
		return;
	}
	if (!whole || hardware < 1 || hardware > AGX_MAX_COMMANDS)
		fail("the count accepts commands", hardware, AGX_MAX_COMMANDS);
	if (counts.render + counts.compute != hardware || counts.commands != count)
		fail("count", counts.commands, count);

	/* Of its own size, so that a sanitizer sees one command too many. */
	cmds = malloc(hardware * sizeof(*cmds));
	if (!cmds)
		abort();
	err = agx_submit_parse(buf, size, &counts, &ops, cmds, &why);
	for (i = 0; i < count && !may; i++)
		may = judge(buf, i);
	if (err && !allowed(err, may))
		fail("refused with", err, may);
	if (!err && may)
		fail("accepted, though part", i - 1, -1);
	if (!err)
		check_commands(cmds, buf, count);
	else if (!why.what)
		fail("no reason", 0, 1);
	free(cmds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *buf;

	if (size < 1 || size - 1 > MAX_SIZE)
		return 0;
	objects = data[0];
	size--;
	buf = malloc(size ? size : 1);
	if (!buf)
		abort();
	memcpy(buf, data + 1, size);
	run(buf, (uint32_t)size);
	free(buf);
	return 0;
}
