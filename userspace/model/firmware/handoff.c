// SPDX-License-Identifier: MIT
/* The handoff block: who may touch page tables, and requests to flush. */
#include "internal.h"

static struct agx_handoff_block *block_of(struct agx_firmware *firmware)
{
	return firmware->config.ram(firmware->config.cookie, firmware->config.handoff_pa,
				    sizeof(struct agx_handoff_block));
}

static struct place place_of(struct agx_firmware *firmware)
{
	return (struct place){firmware->config.handoff_pa, "handoff_block", NULL};
}

/* Looks at what the driver writes before this step of the firmware gives up. */
#define PATIENCE 2000

static void pause_cpu(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static bool is_our_turn(const struct agx_handoff_block *block)
{
	return __atomic_load_n(&block->turn, __ATOMIC_ACQUIRE) == AGX_HANDOFF_TURN_FW;
}

/*
 * The firmware's half of Dekker's algorithm; uat.h has the words, and kernel/core/handoff.c the other
 * half. A step ends in bounded time whatever the driver does, so this gives up after a while: with
 * lock_fw set when it is the firmware's turn, so that the driver cannot come in again first, and
 * clear when it is the driver's. The next step goes on from there.
 */
bool handoff_lock(struct agx_firmware *firmware, struct agx_handoff_block *block)
{
	for (unsigned int patience = PATIENCE; patience; patience--) {
		if (!firmware->lock_wanted) {
			__atomic_store_n(&block->lock_fw, 1, __ATOMIC_RELAXED);
			firmware->lock_wanted = true;
		}
		/* Each must not look at the other's word before its own can be seen. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&block->lock_ap, __ATOMIC_ACQUIRE))
			return true;
		if (is_our_turn(block)) {
			pause_cpu();
			continue;
		}
		__atomic_store_n(&block->lock_fw, 0, __ATOMIC_RELEASE);
		firmware->lock_wanted = false;
		/* Or until a driver that has given up has withdrawn. */
		for (; patience > 1 && !is_our_turn(block) &&
		       __atomic_load_n(&block->lock_ap, __ATOMIC_ACQUIRE);
		     patience--)
			pause_cpu();
	}
	return false;
}

void handoff_unlock(struct agx_firmware *firmware, struct agx_handoff_block *block)
{
	__atomic_store_n(&block->turn, AGX_HANDOFF_TURN_AP, __ATOMIC_RELEASE);
	__atomic_store_n(&block->lock_fw, 0, __ATOMIC_RELEASE);
	firmware->lock_wanted = false;
}

bool handoff_boot(struct agx_firmware *firmware)
{
	struct agx_handoff_block *block;
	struct place place = place_of(firmware);
	uint64_t magic;
	uint8_t lock_ap;

	if (firmware->status.handoff_done)
		return false;
	block = block_of(firmware);
	if (!block) {
		firmware_find(firmware, AGX_FINDING_HANDOFF_MEMORY, &place, 0, 0, place.va, NULL);
		rtkit_panic(firmware, "handoff block at 0x%llx is not in RAM",
			    (unsigned long long)place.va);
		return true;
	}
	magic = __atomic_load_n(&block->magic_ap, __ATOMIC_ACQUIRE);
	if (!magic)
		return false;
	if (magic != AGX_HANDOFF_MAGIC) {
		firmware_find(firmware, AGX_FINDING_HANDOFF_MAGIC, &place,
			      offsetof(struct agx_handoff_block, magic_ap), AGX_HANDOFF_MAGIC,
			      magic, NULL);
		rtkit_panic(firmware, "handoff magic 0x%llx", (unsigned long long)magic);
		return true;
	}
	lock_ap = __atomic_load_n(&block->lock_ap, __ATOMIC_ACQUIRE);
	if (lock_ap > 1) {
		firmware_find(firmware, AGX_FINDING_HANDOFF_LOCK, &place,
			      offsetof(struct agx_handoff_block, lock_ap), 1, lock_ap, NULL);
		rtkit_panic(firmware, "handoff lock %u", lock_ap);
		return true;
	}
	if (!handoff_lock(firmware, block))
		return false;
	__atomic_store_n(&block->magic_fw, AGX_HANDOFF_MAGIC, __ATOMIC_RELEASE);
	handoff_unlock(firmware, block);
	firmware->status.handoff_done = true;
	firmware_transcript(firmware, "handoff done");
	return true;
}

/* The pages of a range must not be cached any more: the driver maps them so before it asks. */
static void check_uncached(struct agx_firmware *firmware, const struct place *place,
			   unsigned int context, uint64_t va, uint64_t pages)
{
	struct agx_walk_result result;

	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page = va + i * AGX_UAT_PAGE_SIZE;

		if (!agx_walk(&firmware->walker, context, AGX_WALK_FIRMWARE, page, 0, &result))
			continue;
		if (result.type != AGX_UAT_ATTR_CACHED)
			continue;
		firmware_find(firmware, AGX_FINDING_MESSAGE_FLUSH_CACHED, place,
			      offsetof(struct agx_fwctl_msg, addr), AGX_UAT_ATTR_SHARED,
			      result.type, NULL);
		return;
	}
}

void handoff_flush(struct agx_firmware *firmware, const struct place *place,
		   const struct agx_fwctl_msg *msg)
{
	struct agx_handoff_block *block = block_of(firmware);
	struct agx_handoff_record *record;
	struct place at = place_of(firmware);
	uint64_t state, addr, size;
	uint32_t offset;

	if (!block || msg->slot >= AGX_HANDOFF_RECORDS) {
		firmware_find(firmware, AGX_FINDING_MESSAGE_VALUE, place,
			      offsetof(struct agx_fwctl_msg, slot), AGX_HANDOFF_RECORDS - 1,
			      msg->slot, NULL);
		return;
	}
	record = &block->flush[msg->slot];
	offset = (uint32_t)((const char *)record - (const char *)block);
	state = __atomic_load_n(&record->state, __ATOMIC_ACQUIRE);
	addr = __atomic_load_n(&record->addr, __ATOMIC_RELAXED);
	size = __atomic_load_n(&record->size, __ATOMIC_RELAXED);
	if (state != AGX_HANDOFF_FLUSH_REQUESTED) {
		firmware_find(firmware, AGX_FINDING_MESSAGE_FLUSH, &at,
			      offset + offsetof(struct agx_handoff_record, state),
			      AGX_HANDOFF_FLUSH_REQUESTED, state, "state");
		return;
	}
	if (addr != msg->addr)
		firmware_find(firmware, AGX_FINDING_MESSAGE_FLUSH, &at,
			      offset + offsetof(struct agx_handoff_record, addr), msg->addr, addr,
			      "address");
	if (size != (uint64_t)msg->page_count * AGX_UAT_PAGE_SIZE)
		firmware_find(firmware, AGX_FINDING_MESSAGE_FLUSH, &at,
			      offset + offsetof(struct agx_handoff_record, size),
			      (uint64_t)msg->page_count * AGX_UAT_PAGE_SIZE, size, "size");
	check_uncached(firmware, place, msg->slot == AGX_HANDOFF_RECORD_KERNEL ? 0 : msg->slot,
		       msg->addr & ~(AGX_UAT_PAGE_SIZE - 1), msg->page_count);
	__atomic_store_n(&record->state, AGX_HANDOFF_FLUSH_DONE, __ATOMIC_RELEASE);
}
