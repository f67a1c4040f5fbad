/* SPDX-License-Identifier: MIT */
/*
 * The coprocessor's side of the shared block (firmware-interface/virtual.h). What the driver writes
 * may be anything and change at any time: each word is read once, and our own counters are never
 * read back.
 */
#ifndef AGX_VGPU_BLOCK_H
#define AGX_VGPU_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "virtual.h"

struct block {
	struct agx_virtual *shared;
	uint32_t run_done;
	uint32_t taken; /* messages out of to_firmware */
	uint32_t put;   /* messages into to_driver */
	bool in_broken; /* the driver's counter made no sense; until the next request */
	bool out_broken;
};

/* A request of the driver's. */
struct block_request {
	uint32_t number; /* the word as it was */
	bool run;
	uint64_t clock_ns;
};

/* As at power-on. registers, count: of AGX_VIRTUAL_REGISTERS, in order of their index. */
void block_init(struct block *block, struct agx_virtual *shared, uint32_t chip_id,
		const struct agx_virtual_register *registers, unsigned int count);

/* A request that was not obeyed yet. */
bool block_requested(const struct block *block, struct block_request *request);

/* It is obeyed: both rings are empty, and the driver may know. */
void block_obeyed(struct block *block, const struct block_request *request);

/* The next message to the firmware. 0; -EAGAIN: none; -EPROTO: the counter makes no sense (told once). */
int block_take(struct block *block, struct agx_virtual_message *message);

/* Is there something to take, or a request? */
bool block_has_work(const struct block *block);

/* A message to the driver. 0; -EAGAIN: the ring is full; -EPROTO as above. */
int block_put(struct block *block, uint64_t word0, uint64_t word1);

/* After putting: does the driver want its doorbell rung? */
bool block_driver_waits(const struct block *block);

/* Says whether the driver has to ring; after true, look for work once more before sleeping. */
void block_set_waits(struct block *block, bool waits);

void block_set_register(struct block *block, unsigned int index, uint64_t value);

#endif
