/* SPDX-License-Identifier: MIT */
/* What a chip is called. */
#ifndef AGX_LIBAGX_DEVICE_NAMES_H
#define AGX_LIBAGX_DEVICE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* "t8103" and "M1" for 0x8103; "" and "" for a chip that is not known. */
void lib_device_names(uint32_t chip_id, char *name, size_t name_size, char *product,
		      size_t product_size);

#endif
