/* SPDX-License-Identifier: MIT */
/* Images: a layout and the buffer that holds it. */
#ifndef AGX_IMAGE_H
#define AGX_IMAGE_H

#include <agx/buffer.h>
#include <agx/layout.h>

#ifdef __cplusplus
extern "C" {
#endif

struct agx_image;

/* flags: those of agx_buffer_create(). */
AGX_API int agx_image_create(struct agx_vm *vm, const struct agx_layout_params *params,
			     unsigned int flags, struct agx_image **image);

/* On memory of the caller's: buffer, from offset (a multiple of 128). The image keeps it alive. */
AGX_API int agx_image_create_on(struct agx_buffer *buffer, uint64_t offset,
				const struct agx_layout_params *params, struct agx_image **image);
AGX_API void agx_image_destroy(struct agx_image *image);

/* Live as long as the image. */
AGX_API const struct agx_layout *agx_image_layout(const struct agx_image *image);
AGX_API struct agx_buffer *agx_image_buffer(const struct agx_image *image);
AGX_API uint64_t agx_image_address(const struct agx_image *image);

/*
 * Copies texels in and out, converting from and to format, which may be any uncompressed one of the
 * same kind (float, unsigned, signed) or the image's own, which AGX_FORMAT_NONE stands for. region
 * NULL: all of level 0 of the first layer. pitch: bytes from row to row, 0: packed; slices are
 * packed. The GPU must not be at work on the image. -EINVAL: the region is not within the image,
 * the formats do not go together.
 */
AGX_API int agx_image_upload(struct agx_image *image, const struct agx_region *region,
			     enum agx_format format, const void *rows, size_t pitch);
AGX_API int agx_image_download(struct agx_image *image, const struct agx_region *region,
			       enum agx_format format, void *rows, size_t pitch);

#ifdef __cplusplus
}
#endif

#endif
