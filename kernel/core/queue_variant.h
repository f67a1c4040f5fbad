/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The functions of queue_variant.c, for each variant. */
#ifndef AGX_QUEUE_VARIANT_H
#define AGX_QUEUE_VARIANT_H

#include "variant_ops.h"

#define AGX_QUEUE_FUNCTIONS(lower, upper)                                                       \
	void agx_##lower##_fill_queue_info(const struct agx_queue_info_args *args, void *info); \
	void agx_##lower##_fill_notifier(uint64_t threshold, uint32_t number, void *notifier);  \
	void agx_##lower##_fill_barrier(const struct agx_barrier_args *args, void *barrier);

AGX_FW_VARIANTS(AGX_QUEUE_FUNCTIONS)
#undef AGX_QUEUE_FUNCTIONS

#endif
