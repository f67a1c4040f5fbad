// SPDX-License-Identifier: MIT
#include "block.h"

#include <errno.h>
#include <string.h>

#define load(ptr)                 __atomic_load_n((ptr), __ATOMIC_RELAXED)
#define load_acquire(ptr)         __atomic_load_n((ptr), __ATOMIC_ACQUIRE)
#define store(ptr, value)         __atomic_store_n((ptr), (value), __ATOMIC_RELAXED)
#define store_release(ptr, value) __atomic_store_n((ptr), (value), __ATOMIC_RELEASE)

/* What was written before can be seen by the other side before what is read after. */
static void full_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void block_init(struct block *block, struct agx_virtual *shared, uint32_t chip_id,
		const struct agx_virtual_register *registers, unsigned int count)
{
	*block = (struct block){.shared = shared};
	store_release(&shared->magic, 0);
	memset(shared, 0, sizeof(*shared));
	shared->version = AGX_VIRTUAL_VERSION;
	shared->size = AGX_VIRTUAL_SIZE;
	shared->chip_id = chip_id;
	shared->peer = 0;
	shared->register_count = count;
	for (unsigned int i = 0; i < count && i < AGX_VIRTUAL_REGISTERS; i++)
		shared->registers[i] = registers[i];
	shared->to_firmware.waits = 1;
	store_release(&shared->magic, AGX_VIRTUAL_MAGIC);
}

bool block_requested(const struct block *block, struct block_request *request)
{
	const struct agx_virtual *shared = block->shared;

	request->number = load_acquire(&shared->run);
	if (request->number == block->run_done)
		return false;
	request->run = request->number & AGX_VIRTUAL_RUN;
	request->clock_ns = load(&shared->clock_ns);
	return true;
}

void block_obeyed(struct block *block, const struct block_request *request)
{
	struct agx_virtual *shared = block->shared;

	block->taken = load(&shared->to_firmware.tail);
	block->put = load(&shared->to_driver.head);
	block->in_broken = block->out_broken = false;
	store(&shared->to_firmware.head, block->taken);
	store(&shared->to_driver.tail, block->put);
	block->run_done = request->number;
	store_release(&shared->run_done, request->number);
}

int block_take(struct block *block, struct agx_virtual_message *message)
{
	struct agx_virtual_ring *ring = &block->shared->to_firmware;
	const struct agx_virtual_message *slot;
	uint32_t waiting;

	if (block->in_broken)
		return -EAGAIN;
	waiting = load_acquire(&ring->tail) - block->taken;
	if (!waiting)
		return -EAGAIN;
	if (waiting > AGX_VIRTUAL_MESSAGES) {
		block->in_broken = true;
		return -EPROTO;
	}
	slot = &ring->messages[block->taken % AGX_VIRTUAL_MESSAGES];
	message->word0 = load(&slot->word0);
	message->word1 = load(&slot->word1);
	store_release(&ring->head, ++block->taken);
	return 0;
}

bool block_has_work(const struct block *block)
{
	return load(&block->shared->run) != block->run_done ||
	       (!block->in_broken && load(&block->shared->to_firmware.tail) != block->taken);
}

int block_put(struct block *block, uint64_t word0, uint64_t word1)
{
	struct agx_virtual_ring *ring = &block->shared->to_driver;
	struct agx_virtual_message *slot;
	uint32_t waiting;

	if (block->out_broken)
		return -EAGAIN;
	waiting = block->put - load_acquire(&ring->head);
	if (waiting > AGX_VIRTUAL_MESSAGES) {
		block->out_broken = true;
		return -EPROTO;
	}
	if (waiting == AGX_VIRTUAL_MESSAGES)
		return -EAGAIN;
	slot = &ring->messages[block->put % AGX_VIRTUAL_MESSAGES];
	store(&slot->word0, word0);
	store(&slot->word1, word1);
	store_release(&ring->tail, ++block->put);
	return 0;
}

bool block_driver_waits(const struct block *block)
{
	full_fence();
	return load(&block->shared->to_driver.waits);
}

void block_set_waits(struct block *block, bool waits)
{
	store(&block->shared->to_firmware.waits, waits);
	full_fence();
}

void block_set_register(struct block *block, unsigned int index, uint64_t value)
{
	store_release(&block->shared->registers[index].value, value);
}
