// SPDX-License-Identifier: MIT
/* Draws: an index list each, behind the state that was set before. */
#include "render_internal.h"
#include "shader_internal.h"

/* The longest: header, buffer, count, instances, start, two words of an indirect buffer, size. */
#define LIST_BYTES 32

/* The stream has the size in 32 bits, in words. */
#define INDICES_MAX (((uint64_t)UINT32_MAX) * 4)

/* The list has 32 bits for words of indices. */
#define INDEX_BYTES_MAX (4ull * UINT32_MAX)

#define PUSH(to, value)                         \
	do {                                    \
		const uint32_t word_ = (value); \
		memcpy(to, &word_, 4);          \
		(to) += 4;                      \
	} while (0)

static int check(struct lib_render *render, const struct agx_draw *draw)
{
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	const uint32_t arguments = draw->index_size == AGX_INDEX_NONE
					   ? AGX_CS_DRAW_ARGUMENTS_SIZE
					   : AGX_CS_DRAW_INDEXED_ARGUMENTS_SIZE;
	uint64_t bytes;

	if (!render->state)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw: agx_render_state() expected in the pass before it");
	if (draw->index_size > AGX_INDEX_32)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw: a size of indices that exists expected, got %u",
					draw->index_size);
	if (draw->indirect && (draw->indirect & 3 || draw->indirect < cmdbuf->va_start ||
			       draw->indirect > cmdbuf->va_end - arguments))
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw: arguments at a multiple of 4 in the VM expected, got %#llx",
			(unsigned long long)draw->indirect);
	if (draw->index_size == AGX_INDEX_NONE)
		return 0;
	if (!draw->indices || draw->indices & ((1u << (draw->index_size - 1)) - 1))
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL, "draw: indices at a multiple of %u expected, got %#llx",
			1u << (draw->index_size - 1), (unsigned long long)draw->indices);
	bytes = (uint64_t)draw->count << (draw->index_size - 1);
	if (draw->indirect && !draw->index_bytes)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw: the indices' size in bytes expected, as only memory knows "
			"their number");
	if (!draw->indirect && draw->index_bytes && bytes > draw->index_bytes)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"draw: %u indices are %llu bytes, %llu are there",
					draw->count, (unsigned long long)bytes,
					(unsigned long long)draw->index_bytes);
	bytes = draw->index_bytes ? draw->index_bytes : bytes;
	if (bytes > INDEX_BYTES_MAX || draw->indices < cmdbuf->va_start ||
	    draw->indices >= cmdbuf->va_end || bytes > cmdbuf->va_end - draw->indices)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"draw: indices of at most %#llx bytes at addresses of the VM expected, "
			"got %#llx bytes at %#llx",
			INDEX_BYTES_MAX, (unsigned long long)bytes,
			(unsigned long long)draw->indices);
	return 0;
}

/* Indices that end strips are all ones of their size; the stream has the current one. */
static int put_restart(struct lib_render *render, enum agx_index_size size)
{
	const uint32_t index = UINT32_MAX >> (32 - (8u << (size - 1)));
	struct agx_cmdbuf *cmdbuf = render->cmdbuf;
	struct agx_cs_vdm_state header;
	int ret;

	if (render->restart == index)
		return 0;
	ret = lib_stream_room(cmdbuf, 8);
	if (ret)
		return ret;
	agx_cs_vdm_state_init(&header);
	header.restart_index_present = true;
	agx_cs_vdm_state_pack(cmdbuf->stream.at, &header);
	memcpy(cmdbuf->stream.at + 4, &index, 4);
	cmdbuf->stream.at += 8;
	render->restart = index;
	return 0;
}

static void put_list(struct lib_render *render, const struct agx_draw *draw)
{
	const bool indexed = draw->index_size != AGX_INDEX_NONE;
	uint8_t *at = render->cmdbuf->stream.at;
	struct agx_cs_index_list list;
	uint64_t bytes;

	agx_cs_index_list_init(&list);
	list.primitive = (enum agx_cs_primitive)render->primitive;
	list.restart_enable = indexed && render->strips;
	list.index_count_present = !draw->indirect;
	list.instance_count_present = !draw->indirect;
	list.start_present = !draw->indirect;
	list.indirect_buffer_present = draw->indirect;
	if (indexed) {
		/* The enumeration is log2 of the bytes, plus 1. */
		list.index_size = (enum agx_cs_index_size)(draw->index_size - 1);
		list.index_buffer_high = draw->indices & ~0xffffffffull;
		list.index_buffer_present = true;
		list.index_buffer_size_present = true;
	}
	agx_cs_index_list_pack(at, &list);
	at += AGX_CS_INDEX_LIST_SIZE;
	if (indexed)
		PUSH(at, (uint32_t)draw->indices);
	if (draw->indirect) {
		PUSH(at, (uint32_t)(draw->indirect >> 32));
		PUSH(at, (uint32_t)draw->indirect);
	} else {
		PUSH(at, draw->count);
		PUSH(at, draw->instances ? draw->instances : 1);
		PUSH(at, (uint32_t)draw->first);
	}
	if (indexed) {
		bytes = draw->index_bytes ? draw->index_bytes
					  : (uint64_t)draw->count << (draw->index_size - 1);
		PUSH(at, (uint32_t)((bytes + 3) / 4));
	}
	render->cmdbuf->stream.at = at;
}

int agx_render_draw(struct agx_cmdbuf *cmdbuf, const struct agx_draw *draw)
{
	struct lib_render *render;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_RENDER, "draw");
	if (ret)
		return ret;
	render = cmdbuf->render;
	ret = check(render, draw);
	/* Nothing to draw: hardware takes counts of 0, but gains nothing by them. */
	if (ret || (!draw->count && !draw->indirect))
		return ret;
	if (render->strips && draw->index_size != AGX_INDEX_NONE) {
		ret = put_restart(render, draw->index_size);
		if (ret)
			return ret;
	}
	ret = lib_stream_room(cmdbuf, LIST_BYTES);
	if (!ret)
		put_list(render, draw);
	return ret;
}

int agx_render_raw(struct agx_cmdbuf *cmdbuf, const void *words, size_t size)
{
	struct lib_render *render;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_RENDER, "raw words");
	if (ret)
		return ret;
	render = cmdbuf->render;
	if (size & 3 || size > 1024)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"raw words: a multiple of 4, at most 1024 bytes, expected, got %zu", size);
	ret = lib_stream_room(cmdbuf, (uint32_t)size);
	if (ret)
		return ret;
	memcpy(cmdbuf->stream.at, words, size);
	cmdbuf->stream.at += size;
	/* They may have set another one, and any of the shaders. */
	render->restart = 0;
	render->vertex_stack |= cmdbuf->bound_stack[AGX_STAGE_VERTEX];
	render->fragment_stack |= cmdbuf->bound_stack[AGX_STAGE_FRAGMENT];
	return 0;
}
