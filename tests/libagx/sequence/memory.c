// SPDX-License-Identifier: MIT
/* Buffers, addresses, binding; images and what is copied in and out of them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

static const uint64_t sizes[] = {
	1, 4096, AGX_PAGE_SIZE, AGX_PAGE_SIZE + 1, 4 * AGX_PAGE_SIZE, 100000,
};

static const uint64_t wrong_sizes[] = {
	0,          1ull << 32, 1ull << 40, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 16383,
	UINT64_MAX,
};

static uint64_t choose_size(struct choices *c)
{
	return choose_wrong(c) ? CHOOSE(c, wrong_sizes) : CHOOSE(c, sizes);
}

static void make_buffer(struct world *w)
{
	static const unsigned int flags[] = {
		0,
		AGX_BUFFER_CACHED,
		AGX_BUFFER_EXPORTABLE,
		AGX_BUFFER_READ_ONLY,
		AGX_BUFFER_UNBOUND,
		AGX_VA_SHADER,
		AGX_VA_GUARD,
		AGX_VA_SHADER | AGX_VA_GUARD | AGX_BUFFER_CACHED | AGX_BUFFER_EXPORTABLE,
		AGX_BUFFER_UNBOUND | AGX_BUFFER_EXPORTABLE,
	};
	struct choices *c = &w->choices;
	const unsigned int i = choose(c, BUFFERS);
	const unsigned int flag =
		choose_wrong(c) ? 1u << choose(c, 32) | AGX_BUFFER_UNBOUND : CHOOSE(c, flags);
	const uint64_t size = choose_size(c);
	const uint8_t *map;

	agx_buffer_destroy(w->buffers[i]);
	if (CALL(w, MAY_INVAL | MAY_NOSPC, agx_buffer_create(w->vm, size, flag, &w->buffers[i])))
		return;
	if (agx_buffer_size(w->buffers[i]) < size || agx_buffer_size(w->buffers[i]) % AGX_PAGE_SIZE)
		sequence_fail(w, "a size of pages expected");
	if (!agx_buffer_address(w->buffers[i]) != !!(flag & AGX_BUFFER_UNBOUND))
		sequence_fail(w, "an address expected but of what is UNBOUND");
	if (agx_buffer_size(w->buffers[i]) > 1u << 20)
		return;
	map = agx_buffer_map(w->buffers[i]);
	if (!map || map[0] || memcmp(map, map + 1, (size_t)agx_buffer_size(w->buffers[i]) - 1))
		sequence_fail(w, "zeroes expected");
	memset((void *)(uintptr_t)map, 0xee, (size_t)agx_buffer_size(w->buffers[i]));
}

/* Out and in again, into the other VM or this one. */
static void share_buffer(struct world *w)
{
	struct choices *c = &w->choices;
	struct agx_buffer *buffer = w->buffers[choose(c, BUFFERS)], *imported = NULL;
	struct agx_vm *vm = choose_chance(c, 128) ? w->other_vm : w->vm;
	const unsigned int flags = choose_wrong(c)        ? AGX_BUFFER_CACHED
				   : choose_chance(c, 64) ? AGX_BUFFER_UNBOUND
							  : 0;
	int fd = -1;

	if (!buffer || CALL(w, MAY_INVAL, agx_buffer_export(buffer, &fd)))
		return;
	if (choose_wrong(c))
		CALL(w, MAY_INVAL, agx_sync_import(w->syncs[0], 0, fd));
	if (!CALL(w, MAY_INVAL | MAY_NOSPC, agx_buffer_import(vm, fd, flags, &imported)) &&
	    agx_buffer_size(imported) != agx_buffer_size(buffer))
		sequence_fail(w, "the size of what was exported expected");
	close(fd);
	agx_buffer_destroy(imported);
}

static void reserve(struct world *w)
{
	static const uint64_t aligns[] = {0, AGX_PAGE_SIZE, 1, 1u << 21, 1u << 30};
	static const uint64_t wrong_aligns[] = {3, 1ull << 39, 1ull << 63, 24576, UINT64_MAX};
	static const unsigned int flags[] = {0, AGX_VA_GUARD, AGX_VA_SHADER};
	struct choices *c = &w->choices;
	const unsigned int i = choose(c, RANGES);
	const uint64_t align = choose_wrong(c) ? CHOOSE(c, wrong_aligns) : CHOOSE(c, aligns);
	const unsigned int flag = choose_wrong(c) ? 1u << choose(c, 32) : CHOOSE(c, flags);
	uint64_t size = choose_wrong(c) ? CHOOSE(c, wrong_sizes) : RANGE_SIZE, address;

	if (w->ranges[i]) {
		address = w->ranges[i];
		/* Half of it is nobody's. */
		if (choose_wrong(c))
			address += AGX_PAGE_SIZE;
		if (CALL(w, MAY_INVAL, agx_vm_release(w->vm, address)))
			return;
		w->ranges[i] = 0;
	}
	if (choose_chance(c, 200)) {
		if (!CALL(w, MAY_INVAL | MAY_NOSPC,
			  agx_vm_reserve(w->vm, size, align, flag, &address)) &&
		    address % (align ? align : 1))
			sequence_fail(w, "a multiple of %#llx expected, got %#llx",
				      (unsigned long long)align, (unsigned long long)address);
	} else {
		address = agx_buffer_address(w->data) + 64 * AGX_PAGE_SIZE * choose(c, 256) +
			  (1ull << 34);
		if (choose_wrong(c))
			address =
				choose_chance(c, 128) ? agx_buffer_address(w->data) : address + 16;
		if (CALL(w, MAY_INVAL | MAY_BUSY, agx_vm_reserve_at(w->vm, address, size)))
			address = 0;
	}
	if (address && size != RANGE_SIZE) {
		MUST(w, agx_vm_release(w->vm, address));
		address = 0;
	}
	w->ranges[i] = address;
}

static void bind(struct world *w)
{
	static const enum agx_bind_op ops[] = {AGX_BIND_MAP, AGX_BIND_UNMAP, AGX_BIND_REPEAT};
	static const unsigned int counts[] = {1, 1, 2, 3, 17, 0};
	struct choices *c = &w->choices;
	const unsigned int count = CHOOSE(c, counts);
	struct agx_bind binds[17];

	for (unsigned int i = 0; i < count; i++) {
		const uint64_t range = w->ranges[choose(c, RANGES)];
		const unsigned int page = choose(c, 4);
		struct agx_bind *b = &binds[i];

		*b = (struct agx_bind){
			.op = choose_wrong(c) ? (enum agx_bind_op)(3 + choose(c, 200))
					      : CHOOSE(c, ops),
			.address = range + page * AGX_PAGE_SIZE,
			.size = (1 + choose(c, 4 - page)) * AGX_PAGE_SIZE,
		};
		if (b->op != AGX_BIND_UNMAP || choose_wrong(c)) {
			b->buffer = w->buffers[choose(c, BUFFERS)];
			b->flags = choose(c, 4);
			b->offset = choose_chance(c, 128) ? 0 : choose(c, 4) * AGX_PAGE_SIZE;
		}
		if (choose_wrong(c))
			b->address = choose_chance(c, 128) ? agx_vm_shader_base(w->vm)
							   : b->address + 4096;
		if (choose_wrong(c))
			b->size = CHOOSE(c, wrong_sizes);
		if (choose_wrong(c))
			b->offset += 4096;
		if (choose_wrong(c))
			b->flags = 1u << choose(c, 32);
	}
	CALL(w, MAY_INVAL, agx_vm_bind(w->vm, binds, count));
}

void image_make(struct world *w, unsigned int i)
{
	static const uint32_t lengths[] = {1, 2, 7, 16, 31, 32, 33, 64, 100, 128, 130};
	static const uint32_t wrong_lengths[] = {0, 16384, 16385, 65536, UINT32_MAX};
	static const uint32_t samples[] = {1, 1, 1, 1, 2, 4};
	static const uint8_t dimensions[] = {AGX_DIMENSION_2D, AGX_DIMENSION_2D,
					     AGX_DIMENSION_2D, AGX_DIMENSION_1D,
					     AGX_DIMENSION_3D, AGX_DIMENSION_CUBE};
	struct choices *c = &w->choices;
	struct agx_layout_params p = {
		.format = AGX_FORMAT_R8G8B8A8_UNORM,
		.tiling = choose_chance(c, 64) ? AGX_TILING_LINEAR : AGX_TILING_TWIDDLED,
		.writeable = !choose_chance(c, 40),
	};
	struct image *image = &w->images[i];
	const struct agx_format_info *info;
	int ret;

	if (choose_chance(c, 160))
		p.format = (enum agx_format)(1 + choose(c, AGX_FORMATS - 1));
	info = agx_format_info(p.format);
	if (!info->stored && !info->rendered)
		p.writeable = false;
	/* Most are what passes can be made of: of two dimensions and one size. */
	if (p.tiling == AGX_TILING_LINEAR) {
		if (info->compressed)
			p.tiling = AGX_TILING_TWIDDLED;
	} else {
		p.dimension = (enum agx_dimension)CHOOSE(c, dimensions);
		if (p.dimension == AGX_DIMENSION_1D && info->compressed)
			p.dimension = AGX_DIMENSION_2D;
		if (p.dimension == AGX_DIMENSION_2D && !info->compressed)
			p.samples = CHOOSE(c, samples);
	}
	p.width = choose_chance(c, 150) ? CHOOSE(c, lengths) : 64;
	p.height = choose_chance(c, 80) ? CHOOSE(c, lengths) : p.width;
	if (p.dimension == AGX_DIMENSION_1D)
		p.height = 1;
	if (p.dimension == AGX_DIMENSION_CUBE)
		p.height = p.width;
	if (p.dimension == AGX_DIMENSION_3D)
		p.depth = 1 + choose(c, 8);
	else if (choose_chance(c, 64))
		p.layers = p.dimension == AGX_DIMENSION_CUBE ? 6 * (1 + choose(c, 2))
							     : 1 + choose(c, 6);
	if (p.samples <= 1 && p.tiling == AGX_TILING_TWIDDLED && choose_chance(c, 64)) {
		const uint32_t longest = p.width > p.height ? p.width : p.height;

		p.levels = 1 + choose(c, 32 - (unsigned int)__builtin_clz(longest));
	}
	if (p.tiling == AGX_TILING_LINEAR && choose_chance(c, 64))
		p.pitch = (p.width * info->bytes + 15) / 16 * 16 + 16 * choose(c, 100);
	if (choose_wrong(c)) {
		uint32_t *const members[] = {&p.width,  &p.height,  &p.depth, &p.layers,
					     &p.levels, &p.samples, &p.pitch};

		*CHOOSE(c, members) = CHOOSE(c, wrong_lengths);
	}
	if (choose_wrong(c))
		p.format = (enum agx_format)choose(c, 65536);
	agx_image_destroy(image->image);
	memset(image, 0, sizeof(*image));
	if (choose_chance(c, 50) && w->data) {
		const uint64_t offset = (choose_chance(c, 128) ? 128 * choose(c, 256) : 0) +
					(choose_wrong(c) ? 64 : 0);

		ret = CALL(w, MAY_INVAL | MAY_2BIG,
			   agx_image_create_on(w->data, offset, &p, &image->image));
	} else {
		const unsigned int flags = choose_wrong(c)         ? AGX_BUFFER_UNBOUND
					   : choose_chance(c, 100) ? AGX_BUFFER_CACHED
								   : 0;

		ret = CALL(w, MAY_INVAL | MAY_2BIG | MAY_NOSPC,
			   agx_image_create(w->vm, &p, flags, &image->image));
	}
	if (!ret)
		image->params = agx_image_layout(image->image)->params;
}

/* One that nothing recorded uses. */
static void remake_image(struct world *w)
{
	const unsigned int first = choose(&w->choices, IMAGES);

	for (unsigned int i = 0; i < IMAGES; i++) {
		const unsigned int k = (first + i) % IMAGES;

		if (!w->images[k].used) {
			image_make(w, k);
			return;
		}
	}
}

static void copy_image(struct world *w)
{
	static uint8_t rows[1u << 16];
	struct choices *c = &w->choices;
	const struct image *image = &w->images[choose(c, IMAGES)];
	struct agx_region region = {0};
	enum agx_format format = AGX_FORMAT_NONE;
	const bool up = choose_chance(c, 128);

	if (!image->image)
		return;
	/* 32 texels of 16 bytes in 8 rows and 4 slices, compressed or not, fit. */
	region.width = 1 + choose(c, 32);
	region.height = 1 + choose(c, 8);
	region.depth = 1 + choose(c, 4);
	region.level = choose_chance(c, 64) ? choose(c, 4) : 0;
	region.layer = choose_chance(c, 64) ? choose(c, 4) : 0;
	region.sample = choose_chance(c, 64) ? choose(c, 4) : 0;
	if (choose_wrong(c)) {
		uint32_t *const members[] = {&region.x, &region.y, &region.z, &region.level,
					     &region.layer};

		*CHOOSE(c, members) = choose_word(c);
	}
	if (choose_chance(c, 64))
		format = (enum agx_format)choose(c, AGX_FORMATS + 2);
	if (up)
		CALL(w, MAY_INVAL, agx_image_upload(image->image, &region, format, rows, 0));
	else
		CALL(w, MAY_INVAL, agx_image_download(image->image, &region, format, rows, 0));
}

void memory_call(struct world *w)
{
	switch (choose(&w->choices, 8)) {
	case 0:
		make_buffer(w);
		break;
	case 1:
		share_buffer(w);
		break;
	case 2:
		reserve(w);
		break;
	case 3:
	case 4:
		bind(w);
		break;
	case 5:
		copy_image(w);
		break;
	default:
		remake_image(w);
	}
}
