/* SPDX-License-Identifier: MIT */
/* What the buffer manager remembers; a part of struct agx_firmware. */
#ifndef AGX_FIRMWARE_BUFFERS_STATE_H
#define AGX_FIRMWARE_BUFFERS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

/* Blocks that a buffer may have: 8 GiB, ten times what any driver allows. */
#define MAX_BLOCKS 0x10000

/* Renders under way at once that are remembered; more are not judged. */
#define MAX_SCENES   1024
#define SCENE_CHAINS 256

struct buffer_slot {
	bool bound;
	uint64_t info; /* struct buffer_info */
	uint64_t page_list, block_list, block_ctl;
	uint32_t context; /* that it was bound for */
	uint32_t blocks, max_blocks;
	uint32_t judged; /* blocks whose entries and pages were looked at */
	uint32_t scenes; /* that use it now */
};

struct scene {
	uint64_t va;   /* 0: free */
	uint16_t next; /* of the chain or of the free ones, + 1 */
	uint8_t slot;
	bool dead; /* its vertex command has failed; the fragment command may still come */
	uint64_t stats, pass_pages, total_pages; /* addresses */
	uint32_t used;                           /* pages, of all passes */
	/* Of the vertex command. */
	uint64_t buffer, tilemap, heapmeta;
	uint32_t width, height, utile_config, layers;
	uint32_t fragment_slot, fragment_value;
};

struct buffer_state {
	struct buffer_slot slots[AGX_BUFFER_SLOTS];
	struct scene scenes[MAX_SCENES];
	uint16_t chains[SCENE_CHAINS]; /* + 1 */
	uint16_t free;                 /* + 1 */
	uint16_t used;                 /* scenes that were ever taken */
	bool full;                     /* scenes were not remembered */
};

#endif
