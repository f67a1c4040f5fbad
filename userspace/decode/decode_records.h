/* SPDX-License-Identifier: MIT */
/* Decoding records that no stream leads to: somebody says that they are at an address. */
#ifndef AGX_DECODE_RECORDS_H
#define AGX_DECODE_RECORDS_H

#include "agx_decode.h"

/*
 * Decodes count structures that follow each other, judging each. 0, or -ENOMEM: what was decoded so
 * far has been given out.
 */
int agx_decode_records(struct agx_decode *decode, const struct agx_decode_memory *memory,
		       const struct agx_cs_struct *desc, uint64_t address, uint32_t count,
		       uint64_t usc_base);

/* The same for a record of PPP state: its header and what that says is there. */
int agx_decode_ppp(struct agx_decode *decode, const struct agx_decode_memory *memory,
		   uint64_t address, uint64_t usc_base);

#endif
