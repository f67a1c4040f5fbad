/* SPDX-License-Identifier: MIT */
/* Images, and the descriptors of attachments, as rendering uses them. */
#ifndef AGX_LIBAGX_IMAGE_INTERNAL_H
#define AGX_LIBAGX_IMAGE_INTERNAL_H

#include "internal.h"

struct agx_image {
	atomic_uint references;
	struct agx_buffer *buffer; /* a reference */
	uint64_t offset;           /* in the buffer, bytes */
	uint64_t address;          /* 0: the buffer has none */
	struct agx_layout layout;
};

struct agx_image *lib_image_get(struct agx_image *image);
void lib_image_put(struct agx_image *image);
struct agx_context *lib_image_context(const struct agx_image *image);

/*
 * texture.c: what background programs read an attachment through, and end-of-tile programs write it
 * through: one level, layers from layer on, 2D or an array, multisampled as the image is. The tile
 * buffer holds what is stored, so nothing is converted to sRGB. layers 0: one, no array.
 */
int lib_texture_of_attachment(const struct agx_image *image, unsigned int level, unsigned int layer,
			      unsigned int layers, struct agx_texture *texture);
int lib_pbe_of_attachment(const struct agx_image *image, unsigned int level, unsigned int layer,
			  unsigned int layers, struct agx_texture *pbe);

#endif
