/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The functions of buffer_variant.c, for each variant; see variant_ops.h. */
#ifndef AGX_BUFFER_VARIANT_H
#define AGX_BUFFER_VARIANT_H

#include "command.h"

#define AGX_BUFFER_FUNCTIONS(lower, upper)                                                         \
	void agx_##lower##_fill_buffer_info(const struct agx_buffer_addresses *at,                 \
					    void *buffer_info);                                    \
	void agx_##lower##_set_buffer_blocks(void *buffer_info, uint32_t blocks);                  \
	void agx_##lower##_fill_scene(uint64_t user_buffer, uint64_t stats, uint64_t control_word, \
				      void *scene);

AGX_FW_VARIANTS(AGX_BUFFER_FUNCTIONS)
#undef AGX_BUFFER_FUNCTIONS

#endif
