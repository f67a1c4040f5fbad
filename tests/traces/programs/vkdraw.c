// SPDX-License-Identifier: MIT
/*
 * A Vulkan drawing client for the replay suite and the decoder's corpus: one command buffer with
 * what the packaged programs do not use. Draws one picture off screen, the same each time.
 *
 * Usage: vkdraw FOLDER [--geometry] [--tessellation] [--samples N] [--layers N] [--indirect]
 *               [--feedback] [--image] [--compute] [--queries] [--copies]
 * FOLDER has draw.STAGE.spv, made from the draw.STAGE beside this file.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#define SIZE     64
#define VERTICES 24
#define LEVELS   4

#define CHECK(call)                                                                        \
	do {                                                                               \
		VkResult check_result = (call);                                            \
		if (check_result != VK_SUCCESS) {                                          \
			fprintf(stderr, "vkdraw: %s: VkResult %d\n", #call, check_result); \
			exit(1);                                                           \
		}                                                                          \
	} while (0)

struct vertex {
	float position[4];
	uint8_t colour[4];
	int16_t offset[2];
};

struct image {
	VkImage image;
	VkImageView view;
	VkImageAspectFlags aspect;
	uint32_t levels, layers;
};

static struct {
	bool geometry, tessellation, indirect, feedback, image, compute, queries, copies;
	uint32_t samples, layers;
} option = {.samples = 1, .layers = 1};

static const char *folder;
static VkPhysicalDevice physical;
static VkDevice device;
static VkCommandBuffer commands;

static uint32_t memory_type(uint32_t bits, VkMemoryPropertyFlags wanted)
{
	VkPhysicalDeviceMemoryProperties memory;

	vkGetPhysicalDeviceMemoryProperties(physical, &memory);
	for (uint32_t i = 0; i < memory.memoryTypeCount; i++) {
		if ((bits & (1u << i)) && !(wanted & ~memory.memoryTypes[i].propertyFlags))
			return i;
	}
	fprintf(stderr, "vkdraw: no such memory\n");
	exit(1);
}

static VkDeviceMemory allocate(const VkMemoryRequirements *requirements)
{
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.allocationSize = requirements->size,
		.memoryTypeIndex = memory_type(requirements->memoryTypeBits,
					       VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
	};
	VkDeviceMemory memory;

	CHECK(vkAllocateMemory(device, &info, NULL, &memory));
	return memory;
}

static VkBuffer buffer_create(VkDeviceSize size, void **map)
{
	VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = size,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_VERTEX_BUFFER_BIT |
			 VK_BUFFER_USAGE_INDEX_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
			 VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
			 VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_BUFFER_BIT_EXT |
			 VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_COUNTER_BUFFER_BIT_EXT,
	};
	VkMemoryRequirements requirements;
	VkDeviceMemory memory;
	VkBuffer buffer;

	CHECK(vkCreateBuffer(device, &info, NULL, &buffer));
	vkGetBufferMemoryRequirements(device, buffer, &requirements);
	memory = allocate(&requirements);
	CHECK(vkBindBufferMemory(device, buffer, memory, 0));
	CHECK(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, map));
	return buffer;
}

static struct image image_create(VkFormat format, VkImageUsageFlags usage, uint32_t samples,
				 uint32_t levels, uint32_t layers)
{
	bool depth = format == VK_FORMAT_D32_SFLOAT_S8_UINT;
	struct image image = {
		.aspect = depth ? VK_IMAGE_ASPECT_DEPTH_BIT : VK_IMAGE_ASPECT_COLOR_BIT,
		.levels = levels,
		.layers = layers,
	};
	VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = format,
		.extent = {SIZE, SIZE, 1},
		.mipLevels = levels,
		.arrayLayers = layers,
		.samples = (VkSampleCountFlagBits)samples,
		.usage = usage,
	};
	VkImageViewCreateInfo view = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.viewType = layers > 1 ? VK_IMAGE_VIEW_TYPE_2D_ARRAY : VK_IMAGE_VIEW_TYPE_2D,
		.format = format,
		.subresourceRange = {image.aspect, 0, levels, 0, layers},
	};
	VkMemoryRequirements requirements;

	if (depth && (usage & VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT))
		view.subresourceRange.aspectMask |= VK_IMAGE_ASPECT_STENCIL_BIT;
	CHECK(vkCreateImage(device, &info, NULL, &image.image));
	vkGetImageMemoryRequirements(device, image.image, &requirements);
	CHECK(vkBindImageMemory(device, image.image, allocate(&requirements), 0));
	view.image = image.image;
	CHECK(vkCreateImageView(device, &view, NULL, &image.view));
	return image;
}

static void barrier(const struct image *image, VkImageLayout from, VkImageLayout to)
{
	VkImageMemoryBarrier info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
		.oldLayout = from,
		.newLayout = to,
		.image = image->image,
		.subresourceRange = {image->aspect, 0, image->levels, 0, image->layers},
	};

	if (image->aspect == VK_IMAGE_ASPECT_DEPTH_BIT)
		info.subresourceRange.aspectMask |= VK_IMAGE_ASPECT_STENCIL_BIT;
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
			     VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &info);
}

static VkPipelineShaderStageCreateInfo stage_load(const char *name, VkShaderStageFlagBits stage)
{
	static const VkSpecializationMapEntry entries[] = {{0, 0, 4}, {1, 4, 4}, {2, 8, 4}};
	static VkBool32 constants[3];
	static const VkSpecializationInfo special = {3, entries, sizeof(constants), constants};
	VkPipelineShaderStageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		.stage = stage,
		.pName = "main",
		.pSpecializationInfo = stage == VK_SHADER_STAGE_FRAGMENT_BIT ? &special : NULL,
	};
	VkShaderModuleCreateInfo module = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
	static uint32_t code[1 << 14];
	char path[4096];
	FILE *file;

	constants[0] = option.samples > 1;
	constants[1] = option.image;
	constants[2] = option.copies;
	snprintf(path, sizeof(path), "%s/draw.%s.spv", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(2);
	}
	module.codeSize = fread(code, 1, sizeof(code), file) & ~(size_t)3;
	module.pCode = code;
	fclose(file);
	CHECK(vkCreateShaderModule(device, &module, NULL, &info.module));
	return info;
}

static void device_create(void)
{
	static const char *const extensions[] = {VK_EXT_TRANSFORM_FEEDBACK_EXTENSION_NAME};
	float priority = 0.5f;
	VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceTransformFeedbackFeaturesEXT feedback = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TRANSFORM_FEEDBACK_FEATURES_EXT,
		.transformFeedback = VK_TRUE,
		.geometryStreams = VK_TRUE,
	};
	VkPhysicalDeviceVulkan13Features features_13 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
		.pNext = &feedback,
		.dynamicRendering = VK_TRUE,
	};
	VkPhysicalDeviceVulkan12Features features_12 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
		.pNext = &features_13,
		.drawIndirectCount = VK_TRUE,
	};
	VkPhysicalDeviceFeatures2 features = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
		.pNext = &features_12,
		.features =
			{
				.geometryShader = VK_TRUE,
				.tessellationShader = VK_TRUE,
				.sampleRateShading = VK_TRUE,
				.multiDrawIndirect = VK_TRUE,
				.multiViewport = VK_TRUE,
				.fragmentStoresAndAtomics = VK_TRUE,
				.pipelineStatisticsQuery = VK_TRUE,
				.occlusionQueryPrecise = VK_TRUE,
				.shaderClipDistance = VK_TRUE,
				.independentBlend = VK_TRUE,
				.depthBiasClamp = VK_TRUE,
			},
	};
	VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &features,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = 1,
		.ppEnabledExtensionNames = extensions,
	};
	VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_3,
	};
	VkInstanceCreateInfo instance_info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	VkInstance instance;
	uint32_t one = 1;

	CHECK(vkCreateInstance(&instance_info, NULL, &instance));
	if (vkEnumeratePhysicalDevices(instance, &one, &physical) < 0 || !one) {
		fprintf(stderr, "vkdraw: no Vulkan device\n");
		exit(1);
	}
	CHECK(vkCreateDevice(physical, &info, NULL, &device));
}

static VkPipeline draw_pipeline(VkPipelineLayout layout)
{
	static const VkVertexInputBindingDescription binding = {0, sizeof(struct vertex), 0};
	static const VkVertexInputAttributeDescription attributes[] = {
		{0, 0, VK_FORMAT_R32G32B32A32_SFLOAT, offsetof(struct vertex, position)},
		{1, 0, VK_FORMAT_R8G8B8A8_UNORM, offsetof(struct vertex, colour)},
		{2, 0, VK_FORMAT_R16G16_SNORM, offsetof(struct vertex, offset)},
	};
	static const VkFormat formats[] = {VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_R16G16_UINT};
	VkPipelineShaderStageCreateInfo stages[5];
	VkPipelineVertexInputStateCreateInfo input = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
		.vertexBindingDescriptionCount = 1,
		.pVertexBindingDescriptions = &binding,
		.vertexAttributeDescriptionCount = 3,
		.pVertexAttributeDescriptions = attributes,
	};
	VkPipelineInputAssemblyStateCreateInfo assembly = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
		.topology = option.tessellation ? VK_PRIMITIVE_TOPOLOGY_PATCH_LIST
						: VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
	};
	VkPipelineTessellationStateCreateInfo tessellation = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_TESSELLATION_STATE_CREATE_INFO,
		.patchControlPoints = 3,
	};
	VkViewport viewports[2] = {{0, 0, SIZE, SIZE, 0, 1},
				   {8, 4, SIZE / 2, SIZE / 2, 0.25f, 0.75f}};
	VkRect2D scissors[2] = {{{0, 0}, {SIZE, SIZE - 3}}, {{8, 4}, {SIZE / 2, SIZE / 2}}};
	VkPipelineViewportStateCreateInfo viewport = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
		.viewportCount = option.geometry ? 2 : 1,
		.pViewports = viewports,
		.scissorCount = option.geometry ? 2 : 1,
		.pScissors = scissors,
	};
	VkPipelineRasterizationStateCreateInfo raster = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
		.cullMode = VK_CULL_MODE_BACK_BIT,
		.depthBiasEnable = VK_TRUE,
		.depthBiasConstantFactor = 2,
		.depthBiasSlopeFactor = 0.5f,
		.depthBiasClamp = 0.25f,
		.lineWidth = 1,
	};
	VkPipelineMultisampleStateCreateInfo multisample = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
		.rasterizationSamples = (VkSampleCountFlagBits)option.samples,
		.alphaToCoverageEnable = option.samples > 1,
	};
	VkStencilOpState stencil = {VK_STENCIL_OP_KEEP,
				    VK_STENCIL_OP_INCREMENT_AND_CLAMP,
				    VK_STENCIL_OP_INVERT,
				    VK_COMPARE_OP_NOT_EQUAL,
				    0xff,
				    0x0f,
				    3};
	VkPipelineDepthStencilStateCreateInfo depth = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
		.depthTestEnable = VK_TRUE,
		.depthWriteEnable = VK_TRUE,
		.depthCompareOp = VK_COMPARE_OP_LESS_OR_EQUAL,
		.stencilTestEnable = VK_TRUE,
		.front = stencil,
		.back = stencil,
	};
	VkPipelineColorBlendAttachmentState targets[2] = {
		{
			.blendEnable = VK_TRUE,
			.srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA,
			.dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA,
			.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE,
			.dstAlphaBlendFactor = VK_BLEND_FACTOR_CONSTANT_ALPHA,
			.alphaBlendOp = VK_BLEND_OP_MAX,
			.colorWriteMask = 0xf,
		},
		{.colorWriteMask = 0x3},
	};
	VkPipelineColorBlendStateCreateInfo blend = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
		.attachmentCount = 2,
		.pAttachments = targets,
		.blendConstants = {0.1f, 0.2f, 0.3f, 0.4f},
	};
	VkPipelineRenderingCreateInfo rendering = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
		.colorAttachmentCount = 2,
		.pColorAttachmentFormats = formats,
		.depthAttachmentFormat = VK_FORMAT_D32_SFLOAT_S8_UINT,
		.stencilAttachmentFormat = VK_FORMAT_D32_SFLOAT_S8_UINT,
	};
	VkGraphicsPipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
		.pNext = &rendering,
		.pStages = stages,
		.pVertexInputState = &input,
		.pInputAssemblyState = &assembly,
		.pTessellationState = &tessellation,
		.pViewportState = &viewport,
		.pRasterizationState = &raster,
		.pMultisampleState = &multisample,
		.pDepthStencilState = &depth,
		.pColorBlendState = &blend,
		.layout = layout,
	};
	VkPipeline pipeline;

	stages[info.stageCount++] = stage_load("vert", VK_SHADER_STAGE_VERTEX_BIT);
	if (option.tessellation) {
		stages[info.stageCount++] =
			stage_load("tesc", VK_SHADER_STAGE_TESSELLATION_CONTROL_BIT);
		stages[info.stageCount++] =
			stage_load("tese", VK_SHADER_STAGE_TESSELLATION_EVALUATION_BIT);
	}
	if (option.geometry)
		stages[info.stageCount++] = stage_load("geom", VK_SHADER_STAGE_GEOMETRY_BIT);
	stages[info.stageCount++] = stage_load("frag", VK_SHADER_STAGE_FRAGMENT_BIT);
	CHECK(vkCreateGraphicsPipelines(device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline));
	return pipeline;
}

static VkDescriptorSet descriptors(VkDescriptorSetLayout *set_layout, const struct image *pattern,
				   const struct image *depth, const struct image *counts,
				   const struct image *picture, VkBuffer buffer)
{
	static const VkDescriptorType types[] = {
		VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
		VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
		VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
		VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
		VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
	};
	const struct image *images[] = {pattern, depth, counts, picture, NULL};
	VkSamplerCreateInfo samplers[2] = {
		{
			.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
			.magFilter = VK_FILTER_LINEAR,
			.minFilter = VK_FILTER_NEAREST,
			.mipmapMode = VK_SAMPLER_MIPMAP_MODE_LINEAR,
			.addressModeU = VK_SAMPLER_ADDRESS_MODE_MIRRORED_REPEAT,
			.addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_BORDER,
			.maxLod = 2.5f,
			.borderColor = VK_BORDER_COLOR_FLOAT_OPAQUE_WHITE,
		},
		{
			.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
			.compareEnable = VK_TRUE,
			.compareOp = VK_COMPARE_OP_GREATER,
		},
	};
	VkDescriptorSetLayoutBinding bindings[5];
	VkDescriptorSetLayoutCreateInfo layout_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = 5,
		.pBindings = bindings,
	};
	VkDescriptorPoolSize sizes[5];
	VkDescriptorPoolCreateInfo pool_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = 1,
		.poolSizeCount = 5,
		.pPoolSizes = sizes,
	};
	VkDescriptorSetAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
		.pSetLayouts = set_layout,
	};
	VkSampler handles[2];
	VkDescriptorPool pool;
	VkDescriptorSet set;

	for (uint32_t i = 0; i < 2; i++)
		CHECK(vkCreateSampler(device, &samplers[i], NULL, &handles[i]));
	for (uint32_t i = 0; i < 5; i++) {
		bindings[i] = (VkDescriptorSetLayoutBinding){
			i, types[i], 1, VK_SHADER_STAGE_FRAGMENT_BIT | VK_SHADER_STAGE_COMPUTE_BIT,
			NULL};
		sizes[i] = (VkDescriptorPoolSize){types[i], 1};
	}
	CHECK(vkCreateDescriptorSetLayout(device, &layout_info, NULL, set_layout));
	CHECK(vkCreateDescriptorPool(device, &pool_info, NULL, &pool));
	allocation.descriptorPool = pool;
	CHECK(vkAllocateDescriptorSets(device, &allocation, &set));
	for (uint32_t i = 0; i < 5; i++) {
		VkDescriptorImageInfo image = {
			.sampler = i < 2 ? handles[i] : VK_NULL_HANDLE,
			.imageView = images[i] ? images[i]->view : VK_NULL_HANDLE,
			.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
		};
		VkDescriptorBufferInfo range = {buffer, 0, VK_WHOLE_SIZE};
		VkWriteDescriptorSet write = {
			.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
			.dstSet = set,
			.dstBinding = i,
			.descriptorCount = 1,
			.descriptorType = types[i],
			.pImageInfo = &image,
			.pBufferInfo = &range,
		};

		vkUpdateDescriptorSets(device, 1, &write, 0, NULL);
	}
	return set;
}

static void fill(struct vertex *vertices, uint16_t *indices, uint32_t *arguments)
{
	/* Where the indirect commands lie: draw, two indexed draws, their count, dispatch. */
	static const uint32_t commands_data[] = {
		VERTICES, 2, 0, 0,    /**/
		9,        1, 3, 0, 0, /**/
		6,        2, 0, 1, 1, /**/
		2,        0,          /**/
		3,        2, 1,       /**/
	};

	for (uint32_t i = 0; i < VERTICES; i++) {
		vertices[i] = (struct vertex){
			.position = {(float)(i * 7 % 16) / 8 - 1, (float)(i * 5 % 13) / 6 - 1,
				     (float)i / VERTICES, 1},
			.colour = {(uint8_t)(i * 10), (uint8_t)(255 - i * 9), 128, 255},
			.offset = {(int16_t)(i * 100), (int16_t)(i * -70)},
		};
		indices[i] = (uint16_t)(i * 11 % VERTICES);
	}
	memcpy(arguments, commands_data, sizeof(commands_data));
}

static void draw(VkBuffer arguments, VkBuffer indices, VkBuffer capture, VkQueryPool *pools)
{
	PFN_vkCmdBindTransformFeedbackBuffersEXT bind =
		(PFN_vkCmdBindTransformFeedbackBuffersEXT)vkGetDeviceProcAddr(
			device, "vkCmdBindTransformFeedbackBuffersEXT");
	PFN_vkCmdBeginTransformFeedbackEXT begin =
		(PFN_vkCmdBeginTransformFeedbackEXT)vkGetDeviceProcAddr(
			device, "vkCmdBeginTransformFeedbackEXT");
	PFN_vkCmdEndTransformFeedbackEXT end =
		(PFN_vkCmdEndTransformFeedbackEXT)vkGetDeviceProcAddr(
			device, "vkCmdEndTransformFeedbackEXT");
	VkDeviceSize offset = 0, size = 4096;

	if (option.queries) {
		vkCmdBeginQuery(commands, pools[0], 0, VK_QUERY_CONTROL_PRECISE_BIT);
		vkCmdBeginQuery(commands, pools[1], 0, 0);
	}
	if (option.feedback) {
		bind(commands, 0, 1, &capture, &offset, &size);
		begin(commands, 0, 0, NULL, NULL);
	}
	vkCmdDraw(commands, VERTICES, 3, 0, 0);
	if (option.feedback)
		end(commands, 0, 0, NULL, NULL);
	vkCmdBindIndexBuffer(commands, indices, 0, VK_INDEX_TYPE_UINT16);
	vkCmdDrawIndexed(commands, VERTICES - 6, 1, 3, 1, 0);
	if (option.indirect) {
		vkCmdDrawIndirect(commands, arguments, 0, 1, 16);
		vkCmdDrawIndexedIndirect(commands, arguments, 16, 2, 20);
		vkCmdDrawIndexedIndirectCount(commands, arguments, 16, arguments, 56, 2, 20);
	}
	if (option.queries) {
		vkCmdEndQuery(commands, pools[1], 0);
		vkCmdEndQuery(commands, pools[0], 0);
	}
}

static void render(const struct image *targets, const struct image *resolved)
{
	VkRenderingAttachmentInfo colour[2], depth;
	VkRenderingInfo info = {
		.sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
		.renderArea = {{0, 0}, {SIZE, SIZE}},
		.layerCount = option.layers,
		.colorAttachmentCount = 2,
		.pColorAttachments = colour,
		.pDepthAttachment = &depth,
		.pStencilAttachment = &depth,
	};

	for (uint32_t i = 0; i < 2; i++) {
		colour[i] = (VkRenderingAttachmentInfo){
			.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
			.imageView = targets[i].view,
			.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
			.loadOp = i ? VK_ATTACHMENT_LOAD_OP_LOAD : VK_ATTACHMENT_LOAD_OP_CLEAR,
			.clearValue.color.float32 = {0.25f, 0.5f, 0.75f, 1},
		};
	}
	if (option.samples > 1) {
		colour[0].resolveMode = VK_RESOLVE_MODE_AVERAGE_BIT;
		colour[0].resolveImageView = resolved->view;
		colour[0].resolveImageLayout = VK_IMAGE_LAYOUT_GENERAL;
	}
	depth = (VkRenderingAttachmentInfo){
		.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
		.imageView = targets[2].view,
		.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
		.loadOp = option.copies ? VK_ATTACHMENT_LOAD_OP_LOAD : VK_ATTACHMENT_LOAD_OP_CLEAR,
		.clearValue.depthStencil = {0.875f, 5},
	};
	vkCmdBeginRendering(commands, &info);
}

static void copies(const struct image *from, const struct image *to, VkBuffer buffer)
{
	VkImageSubresourceLayers whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
	VkImageSubresourceLayers level = {VK_IMAGE_ASPECT_COLOR_BIT, 1, 0, 1};
	VkImageBlit blit = {whole, {{0, 0, 0}, {SIZE, SIZE, 1}}, level, {{3, 2, 0}, {29, 30, 1}}};
	VkImageCopy copy = {whole, {8, 8, 0}, level, {0, 0, 0}, {16, 8, 1}};
	VkBufferImageCopy read = {.imageSubresource = level,
				  .imageExtent = {SIZE / 2, SIZE / 2, 1}};
	VkClearColorValue value = {.uint32 = {7, 0, 0, 0}};
	VkImageSubresourceRange range = {VK_IMAGE_ASPECT_COLOR_BIT, 2, 1, 0, 1};

	vkCmdBlitImage(commands, from->image, VK_IMAGE_LAYOUT_GENERAL, to->image,
		       VK_IMAGE_LAYOUT_GENERAL, 1, &blit, VK_FILTER_LINEAR);
	vkCmdCopyImage(commands, from->image, VK_IMAGE_LAYOUT_GENERAL, to->image,
		       VK_IMAGE_LAYOUT_GENERAL, 1, &copy);
	vkCmdClearColorImage(commands, to->image, VK_IMAGE_LAYOUT_GENERAL, &value, 1, &range);
	vkCmdCopyImageToBuffer(commands, to->image, VK_IMAGE_LAYOUT_GENERAL, buffer, 1, &read);
	vkCmdFillBuffer(commands, buffer, 8192, 256, 0x12345678);
}

static void record(VkPipelineLayout layout, VkDescriptorSet set, VkPipeline pipeline,
		   VkPipeline compute, VkBuffer *buffers, struct image *images, VkQueryPool *pools)
{
	VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
	float scale[4] = {0.875f, 1.125f, 1, 1};
	VkDeviceSize zero = 0;

	CHECK(vkBeginCommandBuffer(commands, &begin));
	for (uint32_t i = 0; i < 7; i++)
		barrier(&images[i], VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_GENERAL);
	if (option.queries) {
		for (uint32_t i = 0; i < 3; i++)
			vkCmdResetQueryPool(commands, pools[i], 0, 1);
		vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, pools[2], 0);
	}
	for (uint32_t i = 0; i < 2; i++)
		vkCmdBindDescriptorSets(commands,
					i ? VK_PIPELINE_BIND_POINT_COMPUTE
					  : VK_PIPELINE_BIND_POINT_GRAPHICS,
					layout, 0, 1, &set, 0, NULL);
	if (option.compute) {
		vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, compute);
		vkCmdDispatch(commands, SIZE / 8, SIZE / 8, 1);
		vkCmdDispatchIndirect(commands, buffers[0], 64);
		barrier(&images[5], VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_GENERAL);
	}
	render(images, &images[3]);
	vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
	vkCmdBindVertexBuffers(commands, 0, 1, &buffers[1], &zero);
	vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(scale), scale);
	draw(buffers[0], buffers[2], buffers[3], pools);
	vkCmdEndRendering(commands);
	if (option.copies)
		copies(&images[3], &images[4], buffers[3]);
	if (option.queries)
		vkCmdCopyQueryPoolResults(commands, pools[0], 0, 1, buffers[3], 4096, 8,
					  VK_QUERY_RESULT_64_BIT);
	CHECK(vkEndCommandBuffer(commands));
}

static bool parse(int argc, char **argv)
{
	const struct {
		const char *name;
		bool *set;
		uint32_t *number;
	} options[] = {
		{"--geometry", &option.geometry, NULL},
		{"--tessellation", &option.tessellation, NULL},
		{"--indirect", &option.indirect, NULL},
		{"--feedback", &option.feedback, NULL},
		{"--image", &option.image, NULL},
		{"--compute", &option.compute, NULL},
		{"--queries", &option.queries, NULL},
		{"--copies", &option.copies, NULL},
		{"--samples", NULL, &option.samples},
		{"--layers", NULL, &option.layers},
	};

	if (argc < 2)
		return false;
	folder = argv[1];
	for (int arg = 2; arg < argc; arg++) {
		size_t i;

		for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
			if (!strcmp(argv[arg], options[i].name))
				break;
		}
		if (i == sizeof(options) / sizeof(options[0]))
			return false;
		if (options[i].set)
			*options[i].set = true;
		else if (arg + 1 < argc)
			*options[i].number = (uint32_t)atoi(argv[++arg]);
		else
			return false;
	}
	return option.samples && option.layers;
}

int main(int argc, char **argv)
{
	VkImageUsageFlags target = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
	VkImageUsageFlags move = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
	VkPushConstantRange push = {VK_SHADER_STAGE_VERTEX_BIT, 0, 16};
	VkPipelineLayoutCreateInfo layout_info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &push,
	};
	VkComputePipelineCreateInfo compute_info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
	};
	VkCommandPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkCommandBufferAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandBufferCount = 1,
	};
	VkSubmitInfo submit = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
	};
	VkQueryPoolCreateInfo query_info = {
		.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
		.queryCount = 1,
		.pipelineStatistics = VK_QUERY_PIPELINE_STATISTIC_VERTEX_SHADER_INVOCATIONS_BIT |
				      VK_QUERY_PIPELINE_STATISTIC_FRAGMENT_SHADER_INVOCATIONS_BIT |
				      VK_QUERY_PIPELINE_STATISTIC_CLIPPING_PRIMITIVES_BIT,
	};
	static const VkQueryType query_types[3] = {VK_QUERY_TYPE_OCCLUSION,
						   VK_QUERY_TYPE_PIPELINE_STATISTICS,
						   VK_QUERY_TYPE_TIMESTAMP};
	VkPipeline pipeline, compute = VK_NULL_HANDLE;
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
	VkCommandPool pool;
	VkDescriptorSet set;
	VkBuffer buffers[4];
	VkQueryPool pools[3];
	struct image images[7];
	void *maps[4];
	VkQueue queue;

	if (!parse(argc, argv)) {
		fprintf(stderr, "Usage: vkdraw FOLDER [OPTION...], see the source\n");
		return 2;
	}
	device_create();
	vkGetDeviceQueue(device, 0, 0, &queue);
	for (uint32_t i = 0; i < 4; i++)
		buffers[i] = buffer_create(i == 3 ? 65536 : 4096, &maps[i]);
	fill(maps[1], maps[2], maps[0]);

	images[0] = image_create(VK_FORMAT_R8G8B8A8_UNORM, target | move, option.samples, 1,
				 option.layers);
	images[1] = image_create(VK_FORMAT_R16G16_UINT, target, option.samples, 1, option.layers);
	images[2] = image_create(VK_FORMAT_D32_SFLOAT_S8_UINT,
				 VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT, option.samples, 1,
				 option.layers);
	images[3] = image_create(VK_FORMAT_R8G8B8A8_UNORM, target | move, 1, 1, option.layers);
	images[4] = image_create(VK_FORMAT_R8G8B8A8_UNORM,
				 VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_STORAGE_BIT | move, 1,
				 LEVELS, 1);
	images[5] = image_create(VK_FORMAT_R32_UINT, VK_IMAGE_USAGE_STORAGE_BIT, 1, 1, 1);
	images[6] = image_create(VK_FORMAT_D32_SFLOAT_S8_UINT, VK_IMAGE_USAGE_SAMPLED_BIT, 1, 1, 1);
	/* A storage image is one level of the picture that is sampled. */
	struct image picture =
		image_create(VK_FORMAT_R8G8B8A8_UNORM, VK_IMAGE_USAGE_STORAGE_BIT, 1, 1, 1);

	set = descriptors(&set_layout, &images[4], &images[6], &images[5], &picture, buffers[0]);
	layout_info.pSetLayouts = &set_layout;
	CHECK(vkCreatePipelineLayout(device, &layout_info, NULL, &layout));
	pipeline = draw_pipeline(layout);
	if (option.compute) {
		compute_info.stage = stage_load("comp", VK_SHADER_STAGE_COMPUTE_BIT);
		compute_info.layout = layout;
		CHECK(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &compute_info, NULL,
					       &compute));
	}
	for (uint32_t i = 0; i < 3; i++) {
		query_info.queryType = query_types[i];
		CHECK(vkCreateQueryPool(device, &query_info, NULL, &pools[i]));
	}
	CHECK(vkCreateCommandPool(device, &pool_info, NULL, &pool));
	allocation.commandPool = pool;
	CHECK(vkAllocateCommandBuffers(device, &allocation, &commands));
	record(layout, set, pipeline, compute, buffers, images, pools);
	CHECK(vkQueueSubmit(queue, 1, &submit, VK_NULL_HANDLE));
	CHECK(vkQueueWaitIdle(queue));
	/* The device is left to the process's end: what it holds is its own. */
	return 0;
}
