// SPDX-License-Identifier: MIT
/* Memory of command buffers, and control streams in it. */
#include <stdlib.h>

#include "cmdbuf_internal.h"

#define CHUNK_MIN ((uint64_t)64 << 10)
#define CHUNK_MAX ((uint64_t)4 << 20)

/*
 * Mesa, src/asahi/vulkan/hk_cmd_buffer.c: pieces of streams begin at multiples of 1024. What
 * hardware needs is not known.
 */
#define STREAM_ALIGN 1024
#define STREAM_PIECE 8192
#define LINK_SIZE    8

_Static_assert(AGX_CS_CDM_STREAM_LINK_SIZE == LINK_SIZE, "room for a link");
_Static_assert(AGX_CS_VDM_STREAM_LINK_SIZE == LINK_SIZE, "room for a link");
_Static_assert(AGX_CS_CDM_STREAM_TERMINATE_SIZE <= LINK_SIZE, "room for the end");
_Static_assert(AGX_CS_VDM_STREAM_TERMINATE_SIZE <= LINK_SIZE, "room for the end");
_Static_assert(LIB_STREAM_ROOM <= STREAM_PIECE - LINK_SIZE, "pieces are large enough");

void lib_pool_init(struct lib_pool *pool, struct agx_vm *vm, unsigned int flags)
{
	*pool = (struct lib_pool){.vm = vm, .flags = flags};
}

void lib_pool_finish(struct lib_pool *pool)
{
	for (unsigned int i = 0; i < pool->count; i++)
		agx_buffer_destroy(pool->chunks[i].buffer);
	free(pool->chunks);
}

static void enter(struct lib_pool *pool, unsigned int index)
{
	pool->current = index;
	pool->map = pool->chunks[index].map;
	pool->address = pool->chunks[index].address;
	pool->size = pool->chunks[index].size;
	pool->used = 0;
}

void lib_pool_reset(struct lib_pool *pool)
{
	if (pool->count)
		enter(pool, 0);
}

/* A new chunk behind the current one: those behind it were too small, and may still serve. */
static int add_chunk(struct lib_pool *pool, uint64_t least)
{
	uint64_t size = CHUNK_MIN << (pool->count < 6 ? pool->count : 6);
	const unsigned int index = pool->map ? pool->current + 1 : 0;
	struct lib_pool_chunk chunk = {0};
	void *map;
	int ret;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < least)
		size = least;
	if (pool->count == pool->capacity) {
		const unsigned int capacity = pool->capacity ? pool->capacity * 2 : 8;
		void *chunks = realloc(pool->chunks, capacity * sizeof(*pool->chunks));

		if (!chunks)
			return lib_fail(lib_vm_context(pool->vm), -ENOMEM,
					"command buffer: no memory for a list of %u chunks",
					capacity);
		pool->chunks = chunks;
		pool->capacity = capacity;
	}
	ret = agx_buffer_create(pool->vm, size, pool->flags, &chunk.buffer);
	if (ret)
		return ret;
	ret = lib_buffer_map(chunk.buffer, &map);
	if (ret) {
		agx_buffer_destroy(chunk.buffer);
		return ret;
	}
	chunk.map = map;
	chunk.address = agx_buffer_address(chunk.buffer);
	chunk.size = agx_buffer_size(chunk.buffer);
	memmove(&pool->chunks[index + 1], &pool->chunks[index],
		(pool->count - index) * sizeof(*pool->chunks));
	pool->chunks[index] = chunk;
	pool->count++;
	enter(pool, index);
	return 0;
}

void *lib_pool_grow(struct lib_pool *pool, uint64_t size, uint64_t align, uint64_t *address,
		    int *error)
{
	/* Chunks begin at pages, and no alignment is larger. */
	(void)align;
	if (pool->map && pool->current + 1 < pool->count &&
	    pool->chunks[pool->current + 1].size >= size) {
		enter(pool, pool->current + 1);
	} else {
		int ret = add_chunk(pool, size);

		if (ret) {
			*error = ret;
			return NULL;
		}
	}
	pool->used = size;
	*address = pool->address;
	return pool->map;
}

void *lib_cmdbuf_memory_failed(struct agx_cmdbuf *cmdbuf, int error)
{
	lib_cmdbuf_failed(cmdbuf, error, "command buffer memory");
	return NULL;
}

static int new_piece(struct agx_cmdbuf *cmdbuf, uint8_t **map, uint64_t *address)
{
	*map = lib_cmdbuf_memory(cmdbuf, false, STREAM_PIECE, STREAM_ALIGN, address);
	return *map ? 0 : cmdbuf->error;
}

static void enter_piece(struct lib_stream *stream, uint8_t *map, uint64_t address)
{
	stream->at = map;
	stream->room = map + STREAM_PIECE - LINK_SIZE;
	stream->place = address - (uint64_t)(uintptr_t)map;
}

static uint64_t stream_place(const struct lib_stream *stream)
{
	return stream->place + (uint64_t)(uintptr_t)stream->at;
}

int lib_stream_begin(struct agx_cmdbuf *cmdbuf, bool vdm)
{
	struct lib_stream *stream = &cmdbuf->stream;
	uint64_t address;
	uint8_t *map;
	int ret = new_piece(cmdbuf, &map, &address);

	*stream = (struct lib_stream){.vdm = vdm};
	if (ret)
		return ret;
	enter_piece(stream, map, address);
	stream->start = address;
	return 0;
}

int lib_stream_grow(struct agx_cmdbuf *cmdbuf)
{
	struct lib_stream *stream = &cmdbuf->stream;
	uint64_t address;
	uint8_t *map;
	int ret = new_piece(cmdbuf, &map, &address);

	if (ret)
		return ret;
	if (stream->vdm) {
		struct agx_cs_vdm_stream_link link;

		agx_cs_vdm_stream_link_init(&link);
		link.target = address;
		agx_cs_vdm_stream_link_pack(stream->at, &link);
	} else {
		struct agx_cs_cdm_stream_link link;

		agx_cs_cdm_stream_link_init(&link);
		link.target = address;
		agx_cs_cdm_stream_link_pack(stream->at, &link);
	}
	stream->at += LINK_SIZE;
	if (!stream->first_end)
		stream->first_end = stream_place(stream);
	enter_piece(stream, map, address);
	return 0;
}

int lib_stream_end(struct agx_cmdbuf *cmdbuf)
{
	struct lib_stream *stream = &cmdbuf->stream;
	uint32_t size;

	/* What a failed begin left. */
	if (!stream->at)
		return cmdbuf->error;
	if (stream->vdm) {
		struct agx_cs_vdm_stream_terminate end;

		agx_cs_vdm_stream_terminate_init(&end);
		agx_cs_vdm_stream_terminate_pack(stream->at, &end);
		size = AGX_CS_VDM_STREAM_TERMINATE_SIZE;
	} else {
		struct agx_cs_cdm_stream_terminate end;

		agx_cs_cdm_stream_terminate_init(&end);
		agx_cs_cdm_stream_terminate_pack(stream->at, &end);
		size = AGX_CS_CDM_STREAM_TERMINATE_SIZE;
	}
	stream->at += size;
	if (!stream->first_end)
		stream->first_end = stream_place(stream);
	/* The rest of a last piece is the next one's who takes memory. */
	if (cmdbuf->memory.map &&
	    stream->room + LINK_SIZE == cmdbuf->memory.map + cmdbuf->memory.used)
		cmdbuf->memory.used = (uint64_t)(stream->at - cmdbuf->memory.map);
	stream->at = stream->room = NULL;
	return 0;
}
