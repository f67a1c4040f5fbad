/* SPDX-License-Identifier: MIT */
/*
 * Judges structures by tables: one row per member or range, with what is right for it.
 */
#ifndef AGX_FIRMWARE_CRITIC_H
#define AGX_FIRMWARE_CRITIC_H

#include "internal.h"

/* Numbers that rows compare with; set by who judges. */
enum fact {
	FACT_NONE,
	FACT_COMMAND, /* address of the command */
	FACT_QUEUE,   /* of its queue_info */
	FACT_STATS,   /* of the statistics of its pipe */
	FACT_CONTEXT, /* vm_slot */
	FACT_GENERATION,
	FACT_CLIENT, /* low byte of the generation */
	FACT_NOTIFIER_BUF,
	FACT_COUNTER,
	FACT_BUFFER,
	FACT_SCENE,
	FACT_BUFFER_SLOT,
	FACT_SYNC_GROW,
	FACT_EVENT_SEQ,
	FACT_UUID,
	FACT_FW_STAMP,
	FACT_STAMP_VALUE,
	FACT_HAS_ATTACHMENTS,
	FACT_NOT_CLUSTERED,
	FACT_UPDATE_TS,
	FACT_TPC,
	FACT_PREEMPT_BUF1,
	FACT_TILEMAP,
	FACT_MULTISAMPLE,
	FACT_MERGE_X,
	FACT_MERGE_Y,
	FACT_REGISTERS, /* address of the register list's array */
	FACTS,
};

enum row_kind {
	ROW_ZERO,   /* size bytes of zero, any number of them */
	ROW_CONST,  /* value */
	ROW_EITHER, /* value or zero */
	ROW_MAX,    /* at most value */
	ROW_FACT,   /* facts[fact] */
	ROW_OWN,    /* facts[FACT_COMMAND] + value */
	ROW_SAME,   /* as the size bytes at offset value */
	ROW_TAG,    /* zero, or bits from 40 up as in value */
};

/* size: 1 to 8 bytes, except for ROW_ZERO. */
struct row {
	uint16_t offset, size;
	uint8_t kind, fact;
	uint16_t finding; /* enum agx_finding_id */
	uint64_t value;
};

#define ROW_AT(type, member)   ((uint16_t)offsetof(struct type, member))
#define ROW_SIZE(type, member) ((uint16_t)sizeof(((struct type *)0)->member))
#define ROW_RANGE(type, first, last) \
	((uint16_t)(ROW_AT(type, last) + ROW_SIZE(type, last) - ROW_AT(type, first)))

/* Up to 8 bytes as a number. */
static inline uint64_t critic_load(const uint8_t *bytes, uint32_t offset, uint32_t size)
{
	uint64_t value = 0;
	uint32_t half;

	/* Copies of a constant size are loads, others calls. */
	if (size == 8) {
		memcpy(&value, bytes + offset, 8);
		return value;
	}
	if (size == 4) {
		memcpy(&half, bytes + offset, 4);
		return half;
	}
	for (uint32_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[offset + i] << (8 * i);
	return value;
}

/* Each row that does not hold is a finding at place. */
void critic_rows(struct agx_firmware *firmware, const struct place *place, const uint8_t *bytes,
		 const struct row *rows, unsigned int count, const uint64_t *facts);

/*
 * An address of the GPU in a context, in the member at an offset: its first and last byte must be
 * mapped with the rights. Bits above the address are ignored. false: a finding was told.
 */
bool critic_gpu(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		uint32_t offset, uint32_t context, uint64_t va, uint64_t size, uint8_t wants,
		const char *name);

#endif
