// SPDX-License-Identifier: MIT
/*
 * Runs compute programs on one Vulkan device and writes down what they computed, for comparing
 * two devices with each other.
 *
 * usage: vk-run DRIVER SCRIPT RESULTS [CASE...]
 *
 * DRIVER is a part of the device's driver name (honeykrisp, llvmpipe). SCRIPT is a text file; the
 * named cases of it are run, or all. A case is declarations and what to do, in order, with
 * everything visible to everything after each step:
 *
 *   case NAME
 *   ssbo BINDING BYTES FILL [out]           ubo BINDING BYTES FILL
 *   buffer BINDING BYTES FILL [out]         (no descriptor; BINDING only names it)
 *   texel BINDING FORMAT BYTES FILL storage|uniform [out]
 *   image BINDING FORMAT DIM W H D LAYERS LEVELS FILL storage|sampled|none [out]
 *   sampler BINDING min|mag|mip=nearest|linear wrap=... lod=MIN:MAX bias=B compare=OP aniso=N
 *   view BINDING IMAGE-BINDING FORMAT DIM BASE-LEVEL BASE-LAYER LAYERS SWIZZLE storage|sampled
 *   push HEX-WORDS                          spec ID VALUE
 *   shader FILE [subgroups|base]        (full subgroups; `base` may follow)
 *   dispatch X Y Z     base X Y Z X Y Z     indirect BINDING OFFSET
 *   fill BINDING OFFSET BYTES VALUE         update BINDING OFFSET WORDS...
 *   copy FROM TO OFFSET OFFSET BYTES        (buffers)
 *   copyimage FROM TO X Y Z X Y Z W H D     (level 0; Z is the layer of arrays)
 *   toimage BUFFER IMAGE OFFSET PITCH X Y Z W H D
 *   tobuffer IMAGE BUFFER OFFSET PITCH X Y Z W H D
 *   end
 *
 * FILL is zero, count, random:SEED, float:SEED, half:SEED, unit:SEED or word:VALUE. Results are, for each
 * `out`, a line "CASE BINDING BYTES" and the bytes. Images are filled and read by copies.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#include "vk_device.h"

#define MAX_RESOURCES 32
#define MAX_STEPS     128
#define MAX_WORDS     64
#define MAX_LEVELS    15

struct format {
	const char *name;
	VkFormat format;
	unsigned bytes, width, height;
	VkImageAspectFlags aspect;
};

#define COLOR VK_IMAGE_ASPECT_COLOR_BIT
#define PLAIN(name, format, bytes)                           \
	{                                                    \
		name, VK_FORMAT_##format, bytes, 1, 1, COLOR \
	}
#define BLOCK(name, format, bytes, width, height)                             \
	{                                                                     \
		name, VK_FORMAT_##format##_BLOCK, bytes, width, height, COLOR \
	}

static const struct format formats[] = {
	PLAIN("r8", R8_UNORM, 1),
	PLAIN("r8_snorm", R8_SNORM, 1),
	PLAIN("r8ui", R8_UINT, 1),
	PLAIN("r8i", R8_SINT, 1),
	PLAIN("rg8", R8G8_UNORM, 2),
	PLAIN("rg8_snorm", R8G8_SNORM, 2),
	PLAIN("rg8ui", R8G8_UINT, 2),
	PLAIN("rg8i", R8G8_SINT, 2),
	PLAIN("rgba8", R8G8B8A8_UNORM, 4),
	PLAIN("rgba8_snorm", R8G8B8A8_SNORM, 4),
	PLAIN("rgba8ui", R8G8B8A8_UINT, 4),
	PLAIN("rgba8i", R8G8B8A8_SINT, 4),
	PLAIN("rgba8_srgb", R8G8B8A8_SRGB, 4),
	PLAIN("bgra8", B8G8R8A8_UNORM, 4),
	PLAIN("bgra8_srgb", B8G8R8A8_SRGB, 4),
	PLAIN("rgb10_a2", A2B10G10R10_UNORM_PACK32, 4),
	PLAIN("rgb10_a2ui", A2B10G10R10_UINT_PACK32, 4),
	PLAIN("bgr10_a2", A2R10G10B10_UNORM_PACK32, 4),
	PLAIN("r11f_g11f_b10f", B10G11R11_UFLOAT_PACK32, 4),
	PLAIN("rgb9_e5", E5B9G9R9_UFLOAT_PACK32, 4),
	PLAIN("r5g6b5", R5G6B5_UNORM_PACK16, 2),
	PLAIN("rgba4", R4G4B4A4_UNORM_PACK16, 2),
	PLAIN("a1rgb5", A1R5G5B5_UNORM_PACK16, 2),
	PLAIN("r16", R16_UNORM, 2),
	PLAIN("r16_snorm", R16_SNORM, 2),
	PLAIN("r16ui", R16_UINT, 2),
	PLAIN("r16i", R16_SINT, 2),
	PLAIN("r16f", R16_SFLOAT, 2),
	PLAIN("rg16", R16G16_UNORM, 4),
	PLAIN("rg16_snorm", R16G16_SNORM, 4),
	PLAIN("rg16ui", R16G16_UINT, 4),
	PLAIN("rg16i", R16G16_SINT, 4),
	PLAIN("rg16f", R16G16_SFLOAT, 4),
	PLAIN("rgba16", R16G16B16A16_UNORM, 8),
	PLAIN("rgba16_snorm", R16G16B16A16_SNORM, 8),
	PLAIN("rgba16ui", R16G16B16A16_UINT, 8),
	PLAIN("rgba16i", R16G16B16A16_SINT, 8),
	PLAIN("rgba16f", R16G16B16A16_SFLOAT, 8),
	PLAIN("r32ui", R32_UINT, 4),
	PLAIN("r32i", R32_SINT, 4),
	PLAIN("r32f", R32_SFLOAT, 4),
	PLAIN("rg32ui", R32G32_UINT, 8),
	PLAIN("rg32i", R32G32_SINT, 8),
	PLAIN("rg32f", R32G32_SFLOAT, 8),
	PLAIN("rgba32ui", R32G32B32A32_UINT, 16),
	PLAIN("rgba32i", R32G32B32A32_SINT, 16),
	PLAIN("rgba32f", R32G32B32A32_SFLOAT, 16),
	BLOCK("bc1", BC1_RGB_UNORM, 8, 4, 4),
	BLOCK("bc1a", BC1_RGBA_UNORM, 8, 4, 4),
	BLOCK("bc2", BC2_UNORM, 16, 4, 4),
	BLOCK("bc3", BC3_UNORM, 16, 4, 4),
	BLOCK("bc3_srgb", BC3_SRGB, 16, 4, 4),
	BLOCK("bc4", BC4_UNORM, 8, 4, 4),
	BLOCK("bc4_snorm", BC4_SNORM, 8, 4, 4),
	BLOCK("bc5", BC5_UNORM, 16, 4, 4),
	BLOCK("bc5_snorm", BC5_SNORM, 16, 4, 4),
	BLOCK("bc6h", BC6H_UFLOAT, 16, 4, 4),
	BLOCK("bc6h_signed", BC6H_SFLOAT, 16, 4, 4),
	BLOCK("bc7", BC7_UNORM, 16, 4, 4),
	BLOCK("etc2", ETC2_R8G8B8_UNORM, 8, 4, 4),
	BLOCK("etc2a1", ETC2_R8G8B8A1_UNORM, 8, 4, 4),
	BLOCK("etc2a8", ETC2_R8G8B8A8_UNORM, 16, 4, 4),
	BLOCK("eac_r11", EAC_R11_UNORM, 8, 4, 4),
	BLOCK("eac_rg11_snorm", EAC_R11G11_SNORM, 16, 4, 4),
	BLOCK("astc4x4", ASTC_4x4_UNORM, 16, 4, 4),
	BLOCK("astc6x5", ASTC_6x5_UNORM, 16, 6, 5),
	BLOCK("astc8x8", ASTC_8x8_UNORM, 16, 8, 8),
	BLOCK("astc12x12", ASTC_12x12_UNORM, 16, 12, 12),
	{"d16", VK_FORMAT_D16_UNORM, 2, 1, 1, VK_IMAGE_ASPECT_DEPTH_BIT},
	{"d32", VK_FORMAT_D32_SFLOAT, 4, 1, 1, VK_IMAGE_ASPECT_DEPTH_BIT},
};

enum kind {
	BUFFER,
	SSBO,
	UBO,
	TEXEL,
	IMAGE,
	SAMPLER,
	VIEW
};

struct resource {
	enum kind kind;
	unsigned binding;
	bool out;
	VkDescriptorType type;
	/* Buffers, and for images the copy of all their texels. */
	VkBuffer buffer;
	VkDeviceMemory memory;
	uint8_t *map;
	VkDeviceSize size;
	VkBufferView buffer_view;
	VkImage image;
	VkDeviceMemory image_memory;
	VkImageView view;
	VkImageCreateInfo info;
	const struct format *format;
	VkSampler sampler;
};

struct step {
	char words[MAX_WORDS][24];
	unsigned count;
	VkPipeline pipeline; /* of dispatches */
};

struct test {
	char name[128];
	struct resource resources[MAX_RESOURCES];
	unsigned resource_count;
	struct step steps[MAX_STEPS];
	unsigned step_count;
	uint8_t push[256];
	unsigned push_size;
	VkSpecializationMapEntry spec_map[16];
	uint32_t spec_data[16];
	unsigned spec_count;
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
	VkPipeline pipelines[16];
	unsigned pipeline_count;
};

static struct {
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	VkCommandPool pool;
	VkPhysicalDeviceMemoryProperties memory;
} vk;

static const char *where = "start";
static unsigned where_line;

#define DIE(...)                                                       \
	do {                                                           \
		fprintf(stderr, "vk-run: %s:%u: ", where, where_line); \
		fprintf(stderr, __VA_ARGS__);                          \
		fputc('\n', stderr);                                   \
		exit(2);                                               \
	} while (0)

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!*text || *end)
		DIE("'%s' is no number", text);
	return value;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void fill(uint8_t *data, size_t size, const char *how)
{
	const char *colon = strchr(how, ':');
	uint64_t seed = colon ? number(colon + 1) : 0;
	size_t i;

	memset(data, 0, size);
	if (!strcmp(how, "zero"))
		return;
	for (i = 0; i + 4 <= size || (i < size && !strncmp(how, "random", 6)); i += 4) {
		uint32_t word;
		float value;

		if (!strncmp(how, "count", 5)) {
			word = i / 4;
		} else if (!strncmp(how, "word:", 5)) {
			word = seed;
		} else if (!strncmp(how, "random:", 7)) {
			word = next_random(&seed) >> 32;
		} else if (!strncmp(how, "float:", 6)) {
			/* Multiples of 1/256 in +-128. */
			value = ((int)(next_random(&seed) >> 48) - 32768) / 256.0f;
			memcpy(&word, &value, 4);
		} else if (!strncmp(how, "unit:", 5)) {
			value = (next_random(&seed) >> 48) / 65536.0f;
			memcpy(&word, &value, 4);
		} else if (!strncmp(how, "half:", 5)) {
			/* Finite: exponents from 2^-8 to 2^7. */
			word = next_random(&seed) >> 32;
			word = (word & 0x83ff83ff) | 0x1c001c00 | ((word >> 1) & 0x3c003c00);
			word &= 0xdfffdfff;
		} else {
			DIE("'%s' is no way to fill", how);
		}
		memcpy(data + i, &word, size - i < 4 ? size - i : 4);
	}
}

static const struct format *find_format(const char *name)
{
	unsigned i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	}
	DIE("'%s' is no format", name);
}

static VkDeviceMemory allocate(VkMemoryRequirements need, VkMemoryPropertyFlags flags)
{
	VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
				     .allocationSize = need.size};
	VkDeviceMemory memory;
	uint32_t i;

	for (i = 0; i < vk.memory.memoryTypeCount; i++) {
		if ((need.memoryTypeBits & (1u << i)) &&
		    (vk.memory.memoryTypes[i].propertyFlags & flags) == flags)
			break;
	}
	if (i == vk.memory.memoryTypeCount)
		DIE("no memory of type %x", flags);
	info.memoryTypeIndex = i;
	CHECK(vkAllocateMemory(vk.device, &info, NULL, &memory));
	return memory;
}

static void make_buffer(struct resource *r, VkBufferUsageFlags usage)
{
	VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = r->size,
		.usage = usage | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
			 VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT,
	};
	VkMemoryRequirements need;
	void *map;

	CHECK(vkCreateBuffer(vk.device, &info, NULL, &r->buffer));
	vkGetBufferMemoryRequirements(vk.device, r->buffer, &need);
	r->memory = allocate(need, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
					   VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
	CHECK(vkBindBufferMemory(vk.device, r->buffer, r->memory, 0));
	CHECK(vkMapMemory(vk.device, r->memory, 0, VK_WHOLE_SIZE, 0, &map));
	r->map = map;
}

static const struct {
	const char *name;
	VkImageType type;
	VkImageViewType view;
} dims[] = {
	{"1d", VK_IMAGE_TYPE_1D, VK_IMAGE_VIEW_TYPE_1D},
	{"2d", VK_IMAGE_TYPE_2D, VK_IMAGE_VIEW_TYPE_2D},
	{"3d", VK_IMAGE_TYPE_3D, VK_IMAGE_VIEW_TYPE_3D},
	{"cube", VK_IMAGE_TYPE_2D, VK_IMAGE_VIEW_TYPE_CUBE},
	{"1darray", VK_IMAGE_TYPE_1D, VK_IMAGE_VIEW_TYPE_1D_ARRAY},
	{"2darray", VK_IMAGE_TYPE_2D, VK_IMAGE_VIEW_TYPE_2D_ARRAY},
	{"cubearray", VK_IMAGE_TYPE_2D, VK_IMAGE_VIEW_TYPE_CUBE_ARRAY},
};

static unsigned find_dim(const char *name)
{
	unsigned i;

	for (i = 0; i < sizeof(dims) / sizeof(dims[0]); i++) {
		if (!strcmp(dims[i].name, name))
			return i;
	}
	DIE("'%s' is no dimension", name);
}

static VkExtent3D level_extent(const struct resource *r, unsigned level)
{
	VkExtent3D e = r->info.extent;

	e.width = e.width >> level ? e.width >> level : 1;
	e.height = e.height >> level ? e.height >> level : 1;
	e.depth = e.depth >> level ? e.depth >> level : 1;
	return e;
}

static VkDeviceSize level_bytes(const struct resource *r, unsigned level)
{
	VkExtent3D e = level_extent(r, level);
	const struct format *f = r->format;

	return (VkDeviceSize)((e.width + f->width - 1) / f->width) *
	       ((e.height + f->height - 1) / f->height) * e.depth * f->bytes * r->info.arrayLayers;
}

static void make_view(struct resource *r, const struct resource *of, const struct format *format,
		      const char *dim, uint32_t level, uint32_t levels, uint32_t layer,
		      uint32_t layers, const char *swizzle)
{
	VkImageViewCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.image = of->image,
		.viewType = dims[find_dim(dim)].view,
		.format = format->format,
		.subresourceRange = {format->aspect, level, levels, layer, layers},
	};
	VkComponentSwizzle *to = &info.components.r;
	unsigned i;

	for (i = 0; i < 4; i++) {
		const char *letters = "rgba01";
		const char *at = strchr(letters, swizzle[i]);
		static const VkComponentSwizzle values[] = {
			VK_COMPONENT_SWIZZLE_R, VK_COMPONENT_SWIZZLE_G,    VK_COMPONENT_SWIZZLE_B,
			VK_COMPONENT_SWIZZLE_A, VK_COMPONENT_SWIZZLE_ZERO, VK_COMPONENT_SWIZZLE_ONE,
		};

		if (!swizzle[i] || !at)
			DIE("'%s' is no swizzle", swizzle);
		to[i] = values[at - letters];
	}
	CHECK(vkCreateImageView(vk.device, &info, NULL, &r->view));
}

static void make_image(struct resource *r, const char (*w)[24], unsigned count)
{
	const char *use = w[10];
	unsigned dim = find_dim(w[3]), i;
	VkMemoryRequirements need;
	VkImageFormatProperties limits;

	if (count < 11)
		DIE("an image needs more words");
	r->format = find_format(w[2]);
	r->info = (VkImageCreateInfo){
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.flags = VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT |
			 (strncmp(w[3], "cube", 4) ? 0 : VK_IMAGE_CREATE_CUBE_COMPATIBLE_BIT),
		.imageType = dims[dim].type,
		.format = r->format->format,
		.extent = {number(w[4]), number(w[5]), number(w[6])},
		.arrayLayers = number(w[7]),
		.mipLevels = number(w[8]),
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.tiling = VK_IMAGE_TILING_OPTIMAL,
		.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
	};
	if (r->info.mipLevels > MAX_LEVELS)
		DIE("too many levels");
	if (!strcmp(use, "storage")) {
		r->info.usage |= VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_SAMPLED_BIT;
		r->type = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
	} else if (!strcmp(use, "sampled")) {
		/* Without views in other formats Mesa may compress it. */
		r->info.flags &= ~VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT;
		r->info.usage |= VK_IMAGE_USAGE_SAMPLED_BIT;
		r->type = VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE;
	} else if (!strcmp(use, "none")) {
		r->info.usage |= VK_IMAGE_USAGE_SAMPLED_BIT;
		r->type = VK_DESCRIPTOR_TYPE_MAX_ENUM;
	} else {
		DIE("'%s' is no use of an image", use);
	}
	if (vkGetPhysicalDeviceImageFormatProperties(vk.physical, r->info.format, r->info.imageType,
						     r->info.tiling, r->info.usage, r->info.flags,
						     &limits) != VK_SUCCESS) {
		r->info.format = VK_FORMAT_UNDEFINED;
		return;
	}
	CHECK(vkCreateImage(vk.device, &r->info, NULL, &r->image));
	vkGetImageMemoryRequirements(vk.device, r->image, &need);
	r->image_memory = allocate(need, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	CHECK(vkBindImageMemory(vk.device, r->image, r->image_memory, 0));
	for (i = 0; i < r->info.mipLevels; i++)
		r->size += level_bytes(r, i);
	make_buffer(r, 0);
	fill(r->map, r->size, w[9]);
	make_view(r, r, r->format, w[3], 0,
		  r->type == VK_DESCRIPTOR_TYPE_STORAGE_IMAGE ? 1 : r->info.mipLevels, 0,
		  r->info.arrayLayers, "rgba");
}

static void make_sampler(struct resource *r, const char (*w)[24], unsigned count)
{
	static const char *const wraps[] = {"repeat", "mirror", "edge", "border", "mirroronce"};
	static const char *const ops[] = {"never",   "less",     "equal",  "lequal",
					  "greater", "notequal", "gequal", "always"};
	VkSamplerCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
		.maxLod = VK_LOD_CLAMP_NONE,
		.borderColor = VK_BORDER_COLOR_FLOAT_OPAQUE_WHITE,
		.addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
		.addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
		.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
	};
	unsigned i, k;

	for (i = 2; i < count; i++) {
		const char *value = strchr(w[i], '=');
		bool linear;

		if (!value++)
			DIE("'%s' is no property of a sampler", w[i]);
		linear = !strcmp(value, "linear");
		if (!strncmp(w[i], "min=", 4)) {
			info.minFilter = linear ? VK_FILTER_LINEAR : VK_FILTER_NEAREST;
		} else if (!strncmp(w[i], "mag=", 4)) {
			info.magFilter = linear ? VK_FILTER_LINEAR : VK_FILTER_NEAREST;
		} else if (!strncmp(w[i], "mip=", 4)) {
			info.mipmapMode = linear ? VK_SAMPLER_MIPMAP_MODE_LINEAR
						 : VK_SAMPLER_MIPMAP_MODE_NEAREST;
		} else if (!strncmp(w[i], "lod=", 4)) {
			if (sscanf(value, "%f:%f", &info.minLod, &info.maxLod) != 2)
				DIE("'%s' is no range", value);
		} else if (!strncmp(w[i], "bias=", 5)) {
			info.mipLodBias = strtof(value, NULL);
		} else if (!strncmp(w[i], "aniso=", 6)) {
			info.anisotropyEnable = VK_TRUE;
			info.maxAnisotropy = strtof(value, NULL);
		} else if (!strncmp(w[i], "border=", 7)) {
			info.borderColor = number(value);
		} else if (!strncmp(w[i], "unnormalized=", 13)) {
			info.unnormalizedCoordinates = VK_TRUE;
			info.maxLod = 0;
		} else if (!strncmp(w[i], "wrap=", 5)) {
			for (k = 0; k < 5 && strcmp(wraps[k], value); k++)
				;
			if (k == 5)
				DIE("'%s' is no wrap mode", value);
			info.addressModeU = info.addressModeV = info.addressModeW = k;
		} else if (!strncmp(w[i], "compare=", 8)) {
			for (k = 0; k < 8 && strcmp(ops[k], value); k++)
				;
			if (k == 8)
				DIE("'%s' is no comparison", value);
			info.compareEnable = VK_TRUE;
			info.compareOp = k;
		} else {
			DIE("'%s' is no property of a sampler", w[i]);
		}
	}
	r->type = VK_DESCRIPTOR_TYPE_SAMPLER;
	CHECK(vkCreateSampler(vk.device, &info, NULL, &r->sampler));
}

static struct resource *find(struct test *t, const char *binding)
{
	unsigned i;

	for (i = 0; i < t->resource_count; i++) {
		if (t->resources[i].binding == number(binding))
			return &t->resources[i];
	}
	DIE("there is no resource %s", binding);
}

static bool declare(struct test *t, const char (*w)[24], unsigned count)
{
	static const char *const names[] = {"buffer", "ssbo",    "ubo", "texel",
					    "image",  "sampler", "view"};
	static const VkBufferUsageFlags usages[] = {
		[BUFFER] = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
		[SSBO] = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
		[UBO] = VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT,
		[TEXEL] = VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT |
			  VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT,
	};
	struct resource *r = &t->resources[t->resource_count];
	unsigned kind;

	for (kind = 0; kind < 7 && strcmp(names[kind], w[0]); kind++)
		;
	if (kind == 7)
		return false;
	if (t->resource_count == MAX_RESOURCES || count < 3)
		DIE("too many resources, or too few words");
	t->resource_count++;
	r->kind = kind;
	r->binding = number(w[1]);
	r->out = !strcmp(w[count - 1], "out");
	switch (r->kind) {
	case BUFFER:
	case SSBO:
	case UBO:
		r->size = number(w[2]);
		make_buffer(r, usages[kind]);
		fill(r->map, r->size, w[3]);
		r->type = kind == SSBO  ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
			  : kind == UBO ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER
					: VK_DESCRIPTOR_TYPE_MAX_ENUM;
		break;
	case TEXEL: {
		VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
					       .range = VK_WHOLE_SIZE};

		r->format = find_format(w[2]);
		r->size = number(w[3]);
		make_buffer(r, usages[kind]);
		fill(r->map, r->size, w[4]);
		r->type = strcmp(w[5], "storage") ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
						  : VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
		info.buffer = r->buffer;
		info.format = r->format->format;
		CHECK(vkCreateBufferView(vk.device, &info, NULL, &r->buffer_view));
		break;
	}
	case IMAGE:
		make_image(r, w, count);
		break;
	case SAMPLER:
		make_sampler(r, w, count);
		break;
	case VIEW:
		if (count != 10)
			DIE("a view needs nine words");
		make_view(r, find(t, w[2]), find_format(w[3]), w[4], number(w[5]), 1, number(w[6]),
			  number(w[7]), w[8]);
		r->type = strcmp(w[9], "storage") ? VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE
						  : VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
		break;
	}
	return true;
}

static void make_layout(struct test *t)
{
	VkDescriptorSetLayoutBinding bindings[MAX_RESOURCES];
	VkDescriptorSetLayoutCreateInfo set = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.pBindings = bindings,
	};
	VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, t->push_size};
	VkPipelineLayoutCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pSetLayouts = &t->set_layout,
		.pushConstantRangeCount = t->push_size ? 1 : 0,
		.pPushConstantRanges = &range,
	};
	unsigned i;

	for (i = 0; i < t->resource_count; i++) {
		struct resource *r = &t->resources[i];

		if (r->type == VK_DESCRIPTOR_TYPE_MAX_ENUM)
			continue;
		bindings[set.bindingCount++] = (VkDescriptorSetLayoutBinding){
			r->binding, r->type, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL};
	}
	CHECK(vkCreateDescriptorSetLayout(vk.device, &set, NULL, &t->set_layout));
	CHECK(vkCreatePipelineLayout(vk.device, &info, NULL, &t->layout));
}

static void make_pipeline(struct test *t, const char *path, const char *option)
{
	VkShaderModuleCreateInfo module = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
	VkSpecializationInfo spec = {t->spec_count, t->spec_map, sizeof(t->spec_data),
				     t->spec_data};
	VkComputePipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.flags = strcmp(option, "base") ? 0 : VK_PIPELINE_CREATE_DISPATCH_BASE_BIT,
		.stage =
			{.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			 .flags =
				 strcmp(option, "subgroups")
					 ? 0
					 : VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT,
			 .stage = VK_SHADER_STAGE_COMPUTE_BIT,
			 .pName = "main",
			 .pSpecializationInfo = &spec},
	};
	FILE *file = fopen(path, "rb");
	uint32_t *code;
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) <= 0)
		DIE("%s: %s", path, strerror(errno));
	rewind(file);
	code = malloc(size);
	if (!code || fread(code, 1, size, file) != (size_t)size)
		DIE("%s: cannot be read", path);
	fclose(file);
	if (!t->layout)
		make_layout(t);
	if (t->pipeline_count == 16)
		DIE("too many shaders");
	module.codeSize = size;
	module.pCode = code;
	CHECK(vkCreateShaderModule(vk.device, &module, NULL, &info.stage.module));
	info.layout = t->layout;
	CHECK(vkCreateComputePipelines(vk.device, VK_NULL_HANDLE, 1, &info, NULL,
				       &t->pipelines[t->pipeline_count++]));
	vkDestroyShaderModule(vk.device, info.stage.module, NULL);
	free(code);
}

static VkDescriptorSet write_descriptors(struct test *t, VkDescriptorPool *pool)
{
	VkDescriptorPoolSize sizes[] = {
		{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 32},
		{VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 32},
		{VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, 32},
		{VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, 32},
		{VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 32},
		{VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, 32},
		{VK_DESCRIPTOR_TYPE_SAMPLER, 32},
	};
	VkDescriptorPoolCreateInfo pool_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = 1,
		.poolSizeCount = sizeof(sizes) / sizeof(sizes[0]),
		.pPoolSizes = sizes,
	};
	VkDescriptorSetAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
		.pSetLayouts = &t->set_layout,
	};
	VkDescriptorSet set;
	unsigned i;

	CHECK(vkCreateDescriptorPool(vk.device, &pool_info, NULL, pool));
	info.descriptorPool = *pool;
	CHECK(vkAllocateDescriptorSets(vk.device, &info, &set));
	for (i = 0; i < t->resource_count; i++) {
		struct resource *r = &t->resources[i];
		VkDescriptorBufferInfo buffer = {r->buffer, 0, VK_WHOLE_SIZE};
		VkDescriptorImageInfo image = {r->sampler, r->view, VK_IMAGE_LAYOUT_GENERAL};
		VkWriteDescriptorSet write = {
			.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
			.dstSet = set,
			.dstBinding = r->binding,
			.descriptorCount = 1,
			.descriptorType = r->type,
			.pBufferInfo = &buffer,
			.pImageInfo = &image,
			.pTexelBufferView = &r->buffer_view,
		};

		if (r->type != VK_DESCRIPTOR_TYPE_MAX_ENUM)
			vkUpdateDescriptorSets(vk.device, 1, &write, 0, NULL);
	}
	return set;
}

static void barrier(VkCommandBuffer cmd)
{
	VkMemoryBarrier all = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
	};

	vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
			     VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
			     &all, 0, NULL, 0, NULL);
}

/* Copies all of an image from its buffer, or to it. */
static void copy_levels(VkCommandBuffer cmd, struct resource *r, bool to_image)
{
	VkBufferImageCopy copies[MAX_LEVELS] = {0};
	VkDeviceSize offset = 0;
	unsigned i;

	for (i = 0; i < r->info.mipLevels; i++) {
		copies[i].bufferOffset = offset;
		copies[i].imageSubresource =
			(VkImageSubresourceLayers){r->format->aspect, i, 0, r->info.arrayLayers};
		copies[i].imageExtent = level_extent(r, i);
		offset += level_bytes(r, i);
	}
	if (to_image)
		vkCmdCopyBufferToImage(cmd, r->buffer, r->image, VK_IMAGE_LAYOUT_GENERAL, i,
				       copies);
	else
		vkCmdCopyImageToBuffer(cmd, r->image, VK_IMAGE_LAYOUT_GENERAL, r->buffer, i,
				       copies);
	barrier(cmd);
}

static void load_images(VkCommandBuffer cmd, struct test *t)
{
	unsigned i;

	for (i = 0; i < t->resource_count; i++) {
		struct resource *r = &t->resources[i];
		VkImageMemoryBarrier change = {
			.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
			.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
			.newLayout = VK_IMAGE_LAYOUT_GENERAL,
			.image = r->image,
			.subresourceRange = {0, 0, VK_REMAINING_MIP_LEVELS, 0,
					     VK_REMAINING_ARRAY_LAYERS},
		};

		if (r->kind != IMAGE)
			continue;
		change.subresourceRange.aspectMask = r->format->aspect;
		vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
				     VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1,
				     &change);
		copy_levels(cmd, r, true);
	}
}

/* Where a copy begins: in arrays the third word is the layer. */
static VkImageSubresourceLayers place(const struct resource *r, const char (*w)[24], uint32_t depth,
				      VkOffset3D *offset)
{
	VkImageSubresourceLayers layers = {r->format->aspect, 0, 0, 1};

	*offset = (VkOffset3D){number(w[0]), number(w[1]), number(w[2])};
	if (r->info.arrayLayers > 1) {
		layers.baseArrayLayer = offset->z;
		layers.layerCount = depth;
		offset->z = 0;
	}
	return layers;
}

static void record_buffer_image(VkCommandBuffer cmd, struct test *t, const char (*w)[24],
				bool to_image)
{
	struct resource *buffer = find(t, w[to_image ? 1 : 2]);
	struct resource *image = find(t, w[to_image ? 2 : 1]);
	uint32_t depth = number(w[10]);
	VkBufferImageCopy copy = {
		.bufferOffset = number(w[3]),
		.bufferRowLength = number(w[4]),
		.imageExtent = {number(w[8]), number(w[9]), depth},
	};

	copy.imageSubresource = place(image, &w[5], depth, &copy.imageOffset);
	if (image->info.arrayLayers > 1)
		copy.imageExtent.depth = 1;
	if (to_image)
		vkCmdCopyBufferToImage(cmd, buffer->buffer, image->image, VK_IMAGE_LAYOUT_GENERAL,
				       1, &copy);
	else
		vkCmdCopyImageToBuffer(cmd, image->image, VK_IMAGE_LAYOUT_GENERAL, buffer->buffer,
				       1, &copy);
}

static void record_step(VkCommandBuffer cmd, struct test *t, struct step *s)
{
	const char(*w)[24] = (const char(*)[24])s->words;
	unsigned i;

	if (s->pipeline)
		vkCmdBindPipeline(cmd, VK_PIPELINE_BIND_POINT_COMPUTE, s->pipeline);
	if (!strcmp(w[0], "dispatch")) {
		vkCmdDispatch(cmd, number(w[1]), number(w[2]), number(w[3]));
	} else if (!strcmp(w[0], "base")) {
		vkCmdDispatchBase(cmd, number(w[1]), number(w[2]), number(w[3]), number(w[4]),
				  number(w[5]), number(w[6]));
	} else if (!strcmp(w[0], "indirect")) {
		vkCmdDispatchIndirect(cmd, find(t, w[1])->buffer, number(w[2]));
	} else if (!strcmp(w[0], "fill")) {
		vkCmdFillBuffer(cmd, find(t, w[1])->buffer, number(w[2]), number(w[3]),
				number(w[4]));
	} else if (!strcmp(w[0], "update")) {
		uint32_t data[MAX_WORDS];

		for (i = 3; i < s->count; i++)
			data[i - 3] = number(w[i]);
		vkCmdUpdateBuffer(cmd, find(t, w[1])->buffer, number(w[2]), 4 * (i - 3), data);
	} else if (!strcmp(w[0], "copy")) {
		VkBufferCopy copy = {number(w[3]), number(w[4]), number(w[5])};

		vkCmdCopyBuffer(cmd, find(t, w[1])->buffer, find(t, w[2])->buffer, 1, &copy);
	} else if (!strcmp(w[0], "copyimage")) {
		struct resource *from = find(t, w[1]), *to = find(t, w[2]);
		uint32_t depth = number(w[11]);
		VkImageCopy copy = {.extent = {number(w[9]), number(w[10]), depth}};

		copy.srcSubresource = place(from, &w[3], depth, &copy.srcOffset);
		copy.dstSubresource = place(to, &w[6], depth, &copy.dstOffset);
		if (from->info.arrayLayers > 1 && to->info.arrayLayers > 1)
			copy.extent.depth = 1;
		vkCmdCopyImage(cmd, from->image, VK_IMAGE_LAYOUT_GENERAL, to->image,
			       VK_IMAGE_LAYOUT_GENERAL, 1, &copy);
	} else if (!strcmp(w[0], "toimage")) {
		record_buffer_image(cmd, t, w, true);
	} else if (!strcmp(w[0], "tobuffer")) {
		record_buffer_image(cmd, t, w, false);
	} else {
		DIE("'%s' is nothing that can be done", w[0]);
	}
	barrier(cmd);
}

static void run_commands(struct test *t)
{
	VkCommandBufferAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = vk.pool,
		.commandBufferCount = 1,
	};
	VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
	VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1};
	VkDescriptorPool pool = VK_NULL_HANDLE;
	VkDescriptorSet set;
	VkCommandBuffer cmd;
	unsigned i;

	CHECK(vkAllocateCommandBuffers(vk.device, &info, &cmd));
	CHECK(vkBeginCommandBuffer(cmd, &begin));
	load_images(cmd, t);
	if (t->layout) {
		set = write_descriptors(t, &pool);
		vkCmdBindDescriptorSets(cmd, VK_PIPELINE_BIND_POINT_COMPUTE, t->layout, 0, 1, &set,
					0, NULL);
		if (t->push_size)
			vkCmdPushConstants(cmd, t->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
					   t->push_size, t->push);
	}
	for (i = 0; i < t->step_count; i++)
		record_step(cmd, t, &t->steps[i]);
	for (i = 0; i < t->resource_count; i++) {
		if (t->resources[i].kind == IMAGE && t->resources[i].out)
			copy_levels(cmd, &t->resources[i], false);
	}
	CHECK(vkEndCommandBuffer(cmd));
	submit.pCommandBuffers = &cmd;
	CHECK(vkQueueSubmit(vk.queue, 1, &submit, VK_NULL_HANDLE));
	CHECK(vkQueueWaitIdle(vk.queue));
	vkFreeCommandBuffers(vk.device, vk.pool, 1, &cmd);
	vkDestroyDescriptorPool(vk.device, pool, NULL);
}

static void free_test(struct test *t)
{
	unsigned i;

	for (i = 0; i < t->resource_count; i++) {
		struct resource *r = &t->resources[i];

		vkDestroySampler(vk.device, r->sampler, NULL);
		vkDestroyImageView(vk.device, r->view, NULL);
		vkDestroyBufferView(vk.device, r->buffer_view, NULL);
		vkDestroyImage(vk.device, r->image, NULL);
		vkDestroyBuffer(vk.device, r->buffer, NULL);
		vkFreeMemory(vk.device, r->memory, NULL);
		vkFreeMemory(vk.device, r->image_memory, NULL);
	}
	for (i = 0; i < t->pipeline_count; i++)
		vkDestroyPipeline(vk.device, t->pipelines[i], NULL);
	vkDestroyPipelineLayout(vk.device, t->layout, NULL);
	vkDestroyDescriptorSetLayout(vk.device, t->set_layout, NULL);
}

/* A case is left out where the device has not a format of it; the other device's result is then not compared. */
static void finish_test(struct test *t, bool usable, FILE *results)
{
	unsigned i;

	if (usable)
		run_commands(t);
	for (i = 0; i < t->resource_count; i++) {
		struct resource *r = &t->resources[i];

		if (!r->out)
			continue;
		fprintf(results, "%s %u %llu\n", t->name, r->binding,
			usable ? (unsigned long long)r->size : 0ull);
		if (usable && fwrite(r->map, 1, r->size, results) != r->size)
			DIE("results cannot be written: %s", strerror(errno));
	}
	fflush(results);
	free_test(t);
}

static unsigned split(char *line, char (*words)[24], char *path, size_t path_size)
{
	unsigned count = 0;
	char *save = NULL, *word;

	for (word = strtok_r(line, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		if (count == MAX_WORDS)
			DIE("too many words");
		if (count == 1)
			snprintf(path, path_size, "%s", word);
		snprintf(words[count++], sizeof(words[0]), "%s", word);
	}
	return count;
}

static bool is_wanted(const char *name, char **names, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return !count;
}

static void parse_line(struct test *t, char (*w)[24], unsigned count, const char *path)
{
	unsigned i;

	if (declare(t, (const char(*)[24])w, count))
		return;
	if (!strcmp(w[0], "push")) {
		for (i = 1; i < count && t->push_size < sizeof(t->push); i++) {
			uint32_t word = number(w[i]);

			memcpy(t->push + t->push_size, &word, 4);
			t->push_size += 4;
		}
	} else if (!strcmp(w[0], "spec")) {
		if (t->spec_count == 16)
			DIE("too many constants");
		i = t->spec_count++;
		t->spec_data[i] = number(w[2]);
		t->spec_map[i] = (VkSpecializationMapEntry){number(w[1]), 4 * i, 4};
	} else if (!strcmp(w[0], "shader")) {
		make_pipeline(t, path, w[2]);
	} else {
		if (t->step_count == MAX_STEPS)
			DIE("too many steps");
		memcpy(t->steps[t->step_count].words, w, sizeof(t->steps[0].words));
		t->steps[t->step_count].count = count;
		if (t->pipeline_count)
			t->steps[t->step_count].pipeline = t->pipelines[t->pipeline_count - 1];
		t->step_count++;
	}
}

static void run_script(FILE *script, FILE *results, char **names, int name_count)
{
	struct test *t = calloc(1, sizeof(*t));
	char words[MAX_WORDS][24] = {0}, path[4096];
	bool active = false, usable = true;
	char *line = NULL;
	size_t size = 0;

	if (!t)
		DIE("no memory");
	while (getline(&line, &size, script) >= 0) {
		unsigned count, i;

		where_line++;
		memset(words, 0, sizeof(words));
		count = split(line, words, path, sizeof(path));
		if (!count || words[0][0] == '#')
			continue;
		if (!strcmp(words[0], "case")) {
			memset(t, 0, sizeof(*t));
			snprintf(t->name, sizeof(t->name), "%.127s", path);
			active = is_wanted(t->name, names, name_count);
			usable = true;
		} else if (!active) {
			continue;
		} else if (!strcmp(words[0], "end")) {
			finish_test(t, usable, results);
			active = false;
		} else if (usable) {
			parse_line(t, words, count, path);
			for (i = 0; i < t->resource_count; i++)
				usable = usable && (t->resources[i].kind != IMAGE ||
						    t->resources[i].info.format);
		}
	}
	free(line);
	free(t);
}

static void open_device(const char *driver)
{
	VkPhysicalDeviceVulkan13Features f13 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
	VkPhysicalDeviceVulkan12Features f12 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &f13};
	VkPhysicalDeviceVulkan11Features f11 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f12};
	VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
					      .pNext = &f11};
	VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkPhysicalDeviceDriverProperties named;
	VkPhysicalDeviceProperties properties;

	vk.physical = vk_device_find(driver, &properties, &named);
	if (!vk.physical) {
		fprintf(stderr, "vk-run: no device of driver %s\n", driver);
		exit(SKIP);
	}
	printf("%s, %s: %s\n", named.driverName, named.driverInfo, properties.deviceName);
	fflush(stdout);
	vkGetPhysicalDeviceMemoryProperties(vk.physical, &vk.memory);
	vkGetPhysicalDeviceFeatures2(vk.physical, &features);
	CHECK(vk_device_open(vk.physical, &features, &vk.device));
	vkGetDeviceQueue(vk.device, 0, 0, &vk.queue);
	CHECK(vkCreateCommandPool(vk.device, &pool, NULL, &vk.pool));
}

int main(int argc, char **argv)
{
	FILE *script, *results;

	if (argc < 4) {
		fprintf(stderr, "usage: vk-run DRIVER SCRIPT RESULTS [CASE...]\n");
		return 2;
	}
	open_device(argv[1]);
	script = fopen(argv[2], "r");
	results = fopen(argv[3], "w");
	if (!script || !results)
		DIE("%s or %s: %s", argv[2], argv[3], strerror(errno));
	where = argv[2];
	run_script(script, results, argv + 4, argc - 4);
	fclose(script);
	if (fclose(results))
		DIE("%s: %s", argv[3], strerror(errno));
	vkDestroyCommandPool(vk.device, vk.pool, NULL);
	vkDestroyDevice(vk.device, NULL);
	vk_device_finish();
	return 0;
}
