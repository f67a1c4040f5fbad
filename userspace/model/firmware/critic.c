// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "critic.h"

#define GPU_ADDRESS ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)

static inline bool all_zero(const uint8_t *bytes, uint32_t size)
{
	uint64_t any = 0;

	for (; size >= 32; size -= 32, bytes += 32) {
		any |= critic_load(bytes, 0, 8) | critic_load(bytes, 8, 8);
		any |= critic_load(bytes, 16, 8) | critic_load(bytes, 24, 8);
	}
	for (; size >= 8; size -= 8, bytes += 8)
		any |= critic_load(bytes, 0, 8);
	return !(any | critic_load(bytes, 0, size));
}

static inline bool holds(const struct row *row, const uint8_t *bytes, const uint64_t *facts,
			 uint64_t *got, uint64_t *expected)
{
	*got = critic_load(bytes, row->offset, row->size);
	*expected = row->value;
	switch ((enum row_kind)row->kind) {
	case ROW_EITHER:
		return *got == row->value || !*got;
	case ROW_MAX:
		return *got <= row->value;
	case ROW_FACT:
		*expected = facts[row->fact];
		break;
	case ROW_OWN:
		*expected = facts[FACT_COMMAND] + row->value;
		break;
	case ROW_SAME:
		*expected = critic_load(bytes, (uint32_t)row->value, row->size);
		break;
	case ROW_TAG:
		*expected |= *got & GPU_ADDRESS;
		return !*got || *got == *expected;
	case ROW_CONST:
	case ROW_ZERO:
		break;
	}
	return *got == *expected;
}

void critic_rows(struct agx_firmware *firmware, const struct place *place, const uint8_t *bytes,
		 const struct row *rows, unsigned int count, const uint64_t *facts)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		uint64_t got, expected;

		if (row->kind == ROW_ZERO) {
			if (!all_zero(bytes + row->offset, row->size))
				memory_check_zero(firmware, (enum agx_finding_id)row->finding,
						  place, bytes, row->offset,
						  (uint32_t)row->offset + row->size);
			continue;
		}
		if (!holds(row, bytes, facts, &got, &expected))
			firmware_find(firmware, (enum agx_finding_id)row->finding, place,
				      row->offset, expected, got, NULL);
	}
}

bool critic_gpu(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		uint32_t offset, uint32_t context, uint64_t va, uint64_t size, uint8_t wants,
		const char *name)
{
	const uint64_t page_mask = ~(AGX_UAT_PAGE_SIZE - 1);
	struct agx_walk_result result;
	uint64_t at = va & GPU_ADDRESS;
	const uint64_t last = (at + (size ? size - 1 : 0)) & GPU_ADDRESS;
	char detail[160];

	for (;;) {
		if (!agx_walk_allows(&firmware->walker, context, AGX_WALK_GPU, at, wants)) {
			agx_walk(&firmware->walker, context, AGX_WALK_GPU, at, wants, &result);
			snprintf(detail, sizeof(detail),
				 "%s of 0x%" PRIx64 " bytes, address 0x%" PRIx64
				 ", context %" PRIu32 ", level %u, entry 0x%" PRIx64 ": %s",
				 name, size, at, context, result.level, result.entry,
				 agx_walk_fault_name(result.fault));
			firmware_find(firmware, id, place, offset, wants, va, detail);
			return false;
		}
		if ((at & page_mask) == (last & page_mask))
			return true;
		at = last;
	}
}
