// SPDX-License-Identifier: MIT
/*
 * A Vulkan client whose render passes differ in state: one small pass with one draw for each row of
 * a table, for the comparison with what libagx makes of the same state (tests/libagx).
 *
 * Usage: vkstates FOLDER
 * FOLDER has states.STAGE.spv, made from the states.STAGE beside this file, and states.side.spv and
 * states.depth.spv, made from states.frag with SIDE and with DEPTH defined.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#define SIZE 64

#define CHECK(call)                                                                          \
	do {                                                                                 \
		VkResult check_result = (call);                                              \
		if (check_result != VK_SUCCESS) {                                            \
			fprintf(stderr, "vkstates: %s: VkResult %d\n", #call, check_result); \
			exit(1);                                                             \
		}                                                                            \
	} while (0)

/* What shaders do: bits of their specialization constant. */
enum part {
	POINT_SIZE = 1,
	LAYER = 2,
	VIEWPORT = 4,
	SMOOTH = 8,
	FLAT = 16,
	LINEAR = 32,
	PRIMITIVE_ID = 64,
	POINT_COORD = 128,
	DERIVATIVE = 256,
	DISCARD = 512,
	DEPTH = 1024,
	MEMORY = 2048,
	COORD_Z = 4096,
};

enum draw {
	DIRECT,
	INDEXED_8,
	INDEXED_16,
	INDEXED_32,
	INDIRECT,
	INDEXED_INDIRECT,
};

/* What a row leaves out is usual: triangles on an image of RGBA8 that is cleared. */
struct pass {
	const char *name;
	unsigned int vertex, fragment; /* enum part */
	VkPrimitiveTopology topology;
	enum draw draw;
	bool restart, last_vertex, discard, no_fragment, depth_clamp, load;
	VkCullModeFlags cull;
	VkFrontFace face;
	VkPolygonMode polygon;
	float line_width;
	VkFormat colour[4]; /* the first: UNDEFINED is RGBA8, MAX_ENUM none */
	VkColorComponentFlags mask;
	VkFormat depth;
	bool depth_test, depth_write, depth_bias;
	VkCompareOp depth_compare;
	bool stencil;
	uint32_t samples, layers, viewports;
	VkViewport viewport; /* width 0: the image */
	VkRect2D scissor;    /* width 0: the image */
	int query;           /* 1 any samples, 2 exactly */
};

static const struct pass passes[] = {
#include "states.h"
};

#define PASSES (sizeof(passes) / sizeof(passes[0]))

static VkPhysicalDevice physical;
static VkDevice device;
static VkCommandBuffer commands;
static VkShaderModule vertex_module, fragment_module, side_module, depth_module;
static VkPipelineLayout layout;

static VkDeviceMemory allocate(const VkMemoryRequirements *requirements)
{
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.allocationSize = requirements->size,
	};
	VkPhysicalDeviceMemoryProperties memory;
	VkDeviceMemory made;

	vkGetPhysicalDeviceMemoryProperties(physical, &memory);
	while (!(requirements->memoryTypeBits >> info.memoryTypeIndex & 1) ||
	       !(memory.memoryTypes[info.memoryTypeIndex].propertyFlags &
		 VK_MEMORY_PROPERTY_HOST_COHERENT_BIT))
		info.memoryTypeIndex++;
	CHECK(vkAllocateMemory(device, &info, NULL, &made));
	return made;
}

static VkBuffer buffer_create(void **map)
{
	VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = 4096,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT |
			 VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT,
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

static VkImageAspectFlags aspects(VkFormat format)
{
	switch (format) {
	case VK_FORMAT_D16_UNORM:
	case VK_FORMAT_D32_SFLOAT:
		return VK_IMAGE_ASPECT_DEPTH_BIT;
	case VK_FORMAT_S8_UINT:
		return VK_IMAGE_ASPECT_STENCIL_BIT;
	case VK_FORMAT_D32_SFLOAT_S8_UINT:
		return VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
	default:
		return VK_IMAGE_ASPECT_COLOR_BIT;
	}
}

/* An image of its own for each attachment, with the barrier that makes it usable. */
static VkImageView view_create(VkFormat format, uint32_t samples, uint32_t layers)
{
	const bool colour = aspects(format) == VK_IMAGE_ASPECT_COLOR_BIT;
	VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = format,
		.extent = {SIZE, SIZE, 1},
		.mipLevels = 1,
		.arrayLayers = layers,
		.samples = (VkSampleCountFlagBits)samples,
		.usage = colour ? VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT
				: VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT,
	};
	VkImageViewCreateInfo view = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.viewType = layers > 1 ? VK_IMAGE_VIEW_TYPE_2D_ARRAY : VK_IMAGE_VIEW_TYPE_2D,
		.format = format,
		.subresourceRange = {aspects(format), 0, 1, 0, layers},
	};
	VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.subresourceRange = view.subresourceRange,
	};
	VkMemoryRequirements requirements;
	VkImageView made;

	CHECK(vkCreateImage(device, &info, NULL, &view.image));
	vkGetImageMemoryRequirements(device, view.image, &requirements);
	CHECK(vkBindImageMemory(device, view.image, allocate(&requirements), 0));
	CHECK(vkCreateImageView(device, &view, NULL, &made));
	barrier.image = view.image;
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
			     VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
	return made;
}

static VkFormat colour_of(const struct pass *pass, unsigned int i)
{
	if (pass->colour[i] == VK_FORMAT_MAX_ENUM)
		return VK_FORMAT_UNDEFINED;
	return !i && !pass->colour[i] ? VK_FORMAT_R8G8B8A8_UNORM : pass->colour[i];
}

static void device_create(void)
{
	static const char *const extensions[] = {
		VK_EXT_PROVOKING_VERTEX_EXTENSION_NAME,
		VK_EXT_INDEX_TYPE_UINT8_EXTENSION_NAME,
		VK_EXT_PRIMITIVE_TOPOLOGY_LIST_RESTART_EXTENSION_NAME,
	};
	float priority = 0.5f;
	VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceProvokingVertexFeaturesEXT provoking = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROVOKING_VERTEX_FEATURES_EXT,
		.provokingVertexLast = VK_TRUE,
	};
	VkPhysicalDeviceIndexTypeUint8FeaturesEXT index = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_INDEX_TYPE_UINT8_FEATURES_EXT,
		.pNext = &provoking,
		.indexTypeUint8 = VK_TRUE,
	};
	VkPhysicalDeviceVulkan13Features features_13 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
		.pNext = &index,
		.dynamicRendering = VK_TRUE,
	};
	VkPhysicalDeviceVulkan12Features features_12 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
		.pNext = &features_13,
		.shaderOutputViewportIndex = VK_TRUE,
		.shaderOutputLayer = VK_TRUE,
	};
	VkPhysicalDeviceFeatures2 features = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
		.pNext = &features_12,
		.features =
			{
				.geometryShader = VK_TRUE,
				.multiViewport = VK_TRUE,
				.fragmentStoresAndAtomics = VK_TRUE,
				.occlusionQueryPrecise = VK_TRUE,
				.depthBiasClamp = VK_TRUE,
				.depthClamp = VK_TRUE,
				.fillModeNonSolid = VK_TRUE,
				.wideLines = VK_TRUE,
			},
	};
	VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &features,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = sizeof(extensions) / sizeof(extensions[0]),
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
		fprintf(stderr, "vkstates: no Vulkan device\n");
		exit(1);
	}
	CHECK(vkCreateDevice(physical, &info, NULL, &device));
}

static VkShaderModule module_load(const char *folder, const char *stage)
{
	VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
	static uint32_t code[1 << 14];
	VkShaderModule module;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/states.%s.spv", folder, stage);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(2);
	}
	info.codeSize = fread(code, 1, sizeof(code), file) & ~(size_t)3;
	info.pCode = code;
	fclose(file);
	CHECK(vkCreateShaderModule(device, &info, NULL, &module));
	return module;
}

static VkStencilOpState stencil_of(const struct pass *pass, bool front)
{
	if (!pass->stencil)
		return (VkStencilOpState){0};
	if (front)
		return (VkStencilOpState){.failOp = VK_STENCIL_OP_ZERO,
					  .passOp = VK_STENCIL_OP_REPLACE,
					  .depthFailOp = VK_STENCIL_OP_INVERT,
					  .compareOp = VK_COMPARE_OP_LESS,
					  .compareMask = 0xf0,
					  .writeMask = 0x3c,
					  .reference = 0x55};
	return (VkStencilOpState){.failOp = VK_STENCIL_OP_INCREMENT_AND_WRAP,
				  .passOp = VK_STENCIL_OP_DECREMENT_AND_WRAP,
				  .depthFailOp = VK_STENCIL_OP_DECREMENT_AND_CLAMP,
				  .compareOp = VK_COMPARE_OP_GREATER_OR_EQUAL,
				  .compareMask = 0x0f,
				  .writeMask = 0xc3,
				  .reference = 0xaa};
}

static VkPipeline pipeline_create(const struct pass *pass, const VkFormat *formats,
				  uint32_t colours)
{
	static const VkSpecializationMapEntry entry = {0, 0, 4};
	const VkSpecializationInfo special[2] = {{1, &entry, 4, &pass->vertex},
						 {1, &entry, 4, &pass->fragment}};
	const VkShaderModule fragment = pass->fragment & (DERIVATIVE | MEMORY) ? side_module
					: pass->fragment & DEPTH               ? depth_module
									       : fragment_module;
	const VkPipelineShaderStageCreateInfo stages[2] = {
		{.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		 .stage = VK_SHADER_STAGE_VERTEX_BIT,
		 .module = vertex_module,
		 .pName = "main",
		 .pSpecializationInfo = &special[0]},
		{.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		 .stage = VK_SHADER_STAGE_FRAGMENT_BIT,
		 .module = fragment,
		 .pName = "main",
		 .pSpecializationInfo = &special[1]},
	};
	const VkPipelineVertexInputStateCreateInfo input = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
	};
	const VkPipelineInputAssemblyStateCreateInfo assembly = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
		.topology = pass->topology,
		.primitiveRestartEnable = pass->restart,
	};
	const VkViewport whole = {0, 0, SIZE, SIZE, 0, 1};
	const VkViewport viewports[2] = {pass->viewport.width > 0 ? pass->viewport : whole,
					 {8, 16, 32, 24, 0.25f, 0.5f}};
	const VkRect2D rect = {{0, 0}, {SIZE, SIZE}};
	const VkRect2D scissors[2] = {pass->scissor.extent.width ? pass->scissor : rect,
				      {{8, 16}, {32, 24}}};
	const VkPipelineViewportStateCreateInfo viewport = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
		.viewportCount = pass->viewports ? pass->viewports : 1,
		.pViewports = viewports,
		.scissorCount = pass->viewports ? pass->viewports : 1,
		.pScissors = scissors,
	};
	const VkPipelineRasterizationProvokingVertexStateCreateInfoEXT provoking = {
		.sType =
			VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_PROVOKING_VERTEX_STATE_CREATE_INFO_EXT,
		.provokingVertexMode = pass->last_vertex
					       ? VK_PROVOKING_VERTEX_MODE_LAST_VERTEX_EXT
					       : VK_PROVOKING_VERTEX_MODE_FIRST_VERTEX_EXT,
	};
	const VkPipelineRasterizationStateCreateInfo raster = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
		.pNext = &provoking,
		.depthClampEnable = pass->depth_clamp,
		.rasterizerDiscardEnable = pass->discard,
		.polygonMode = pass->polygon,
		.cullMode = pass->cull,
		.frontFace = pass->face,
		.depthBiasEnable = pass->depth_bias,
		.depthBiasConstantFactor = 2,
		.depthBiasSlopeFactor = 0.5f,
		.depthBiasClamp = 0.25f,
		.lineWidth = pass->line_width > 0 ? pass->line_width : 1,
	};
	const VkPipelineMultisampleStateCreateInfo multisample = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
		.rasterizationSamples = (VkSampleCountFlagBits)(pass->samples ? pass->samples : 1),
	};
	const VkPipelineDepthStencilStateCreateInfo depth = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
		.depthTestEnable = pass->depth_test,
		.depthWriteEnable = pass->depth_write,
		.depthCompareOp = pass->depth_compare,
		.stencilTestEnable = pass->stencil,
		.front = stencil_of(pass, true),
		.back = stencil_of(pass, false),
	};
	const VkPipelineColorBlendAttachmentState target = {.colorWriteMask =
								    pass->mask ? pass->mask : 0xf};
	const VkPipelineColorBlendAttachmentState targets[4] = {target, target, target, target};
	const VkPipelineColorBlendStateCreateInfo blend = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
		.attachmentCount = colours,
		.pAttachments = targets,
	};
	const VkImageAspectFlags aspect = aspects(pass->depth);
	const VkPipelineRenderingCreateInfo rendering = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
		.colorAttachmentCount = colours,
		.pColorAttachmentFormats = formats,
		.depthAttachmentFormat =
			aspect & VK_IMAGE_ASPECT_DEPTH_BIT ? pass->depth : VK_FORMAT_UNDEFINED,
		.stencilAttachmentFormat =
			aspect & VK_IMAGE_ASPECT_STENCIL_BIT ? pass->depth : VK_FORMAT_UNDEFINED,
	};
	const VkGraphicsPipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
		.pNext = &rendering,
		.stageCount = pass->no_fragment ? 1 : 2,
		.pStages = stages,
		.pVertexInputState = &input,
		.pInputAssemblyState = &assembly,
		.pViewportState = &viewport,
		.pRasterizationState = &raster,
		.pMultisampleState = &multisample,
		.pDepthStencilState = &depth,
		.pColorBlendState = &blend,
		.layout = layout,
	};
	VkPipeline pipeline;

	CHECK(vkCreateGraphicsPipelines(device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline));
	return pipeline;
}

static void draw(const struct pass *pass, VkBuffer buffer)
{
	static const VkIndexType types[] = {
		[INDEXED_8] = VK_INDEX_TYPE_UINT8_EXT,
		[INDEXED_16] = VK_INDEX_TYPE_UINT16,
		[INDEXED_32] = VK_INDEX_TYPE_UINT32,
		[INDEXED_INDIRECT] = VK_INDEX_TYPE_UINT16,
	};

	if (pass->draw == DIRECT)
		vkCmdDraw(commands, 12, 2, 1, 0);
	else if (pass->draw == INDIRECT)
		vkCmdDrawIndirect(commands, buffer, 2048, 1, 16);
	if (pass->draw == DIRECT || pass->draw == INDIRECT)
		return;
	vkCmdBindIndexBuffer(commands, buffer, 0, types[pass->draw]);
	if (pass->draw == INDEXED_INDIRECT)
		vkCmdDrawIndexedIndirect(commands, buffer, 2064, 1, 20);
	else
		vkCmdDrawIndexed(commands, 9, 2, 4, 3, 0);
}

static void render(const struct pass *pass, VkBuffer buffer, VkQueryPool pool, uint32_t query)
{
	const uint32_t samples = pass->samples ? pass->samples : 1;
	const uint32_t layers = pass->layers ? pass->layers : 1;
	VkRenderingAttachmentInfo colour[4], depth;
	VkFormat formats[4];
	VkRenderingInfo info = {
		.sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
		.renderArea = {{0, 0}, {SIZE, SIZE}},
		.layerCount = layers,
		.pColorAttachments = colour,
	};
	uint32_t count = 0;

	for (; count < 4 && colour_of(pass, count); count++) {
		formats[count] = colour_of(pass, count);
		colour[count] = (VkRenderingAttachmentInfo){
			.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
			.imageView = view_create(formats[count], samples, layers),
			.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
			.loadOp = pass->load ? VK_ATTACHMENT_LOAD_OP_LOAD
					     : VK_ATTACHMENT_LOAD_OP_CLEAR,
			.clearValue.color.float32 = {0.25f, 0.5f, 0.75f, 1},
		};
	}
	info.colorAttachmentCount = count;
	if (pass->depth) {
		depth = (VkRenderingAttachmentInfo){
			.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
			.imageView = view_create(pass->depth, samples, layers),
			.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
			.loadOp = pass->load ? VK_ATTACHMENT_LOAD_OP_LOAD
					     : VK_ATTACHMENT_LOAD_OP_CLEAR,
			.clearValue.depthStencil = {0.75f, 9},
		};
		if (aspects(pass->depth) & VK_IMAGE_ASPECT_DEPTH_BIT)
			info.pDepthAttachment = &depth;
		if (aspects(pass->depth) & VK_IMAGE_ASPECT_STENCIL_BIT)
			info.pStencilAttachment = &depth;
	}
	vkCmdBeginRendering(commands, &info);
	vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS,
			  pipeline_create(pass, formats, count));
	if (pass->query)
		vkCmdBeginQuery(commands, pool, query,
				pass->query == 2 ? VK_QUERY_CONTROL_PRECISE_BIT : 0);
	draw(pass, buffer);
	if (pass->query)
		vkCmdEndQuery(commands, pool, query);
	vkCmdEndRendering(commands);
}

/* Indices, and the arguments of a draw and of an indexed draw behind them. */
static void fill(uint8_t *map)
{
	static const uint32_t arguments[] = {6, 2, 1, 0, 9, 1, 3, 2, 0};

	for (unsigned int i = 0; i < 2048; i++)
		map[i] = i % 4 ? 0 : (uint8_t)(i / 4 % 12);
	memcpy(map + 2048, arguments, sizeof(arguments));
}

static VkDescriptorSet descriptors(VkDescriptorSetLayout *set_layout, VkBuffer buffer)
{
	const VkDescriptorSetLayoutBinding binding = {0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
						      VK_SHADER_STAGE_FRAGMENT_BIT, NULL};
	const VkDescriptorSetLayoutCreateInfo layout_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = 1,
		.pBindings = &binding,
	};
	const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1};
	const VkDescriptorPoolCreateInfo pool_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = 1,
		.poolSizeCount = 1,
		.pPoolSizes = &size,
	};
	VkDescriptorSetAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
		.pSetLayouts = set_layout,
	};
	const VkDescriptorBufferInfo range = {buffer, 0, VK_WHOLE_SIZE};
	VkWriteDescriptorSet write = {
		.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
		.descriptorCount = 1,
		.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
		.pBufferInfo = &range,
	};

	CHECK(vkCreateDescriptorSetLayout(device, &layout_info, NULL, set_layout));
	CHECK(vkCreateDescriptorPool(device, &pool_info, NULL, &allocation.descriptorPool));
	CHECK(vkAllocateDescriptorSets(device, &allocation, &write.dstSet));
	vkUpdateDescriptorSets(device, 1, &write, 0, NULL);
	return write.dstSet;
}

int main(int argc, char **argv)
{
	VkPipelineLayoutCreateInfo layout_info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
	};
	VkCommandPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkCommandBufferAllocateInfo allocation = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandBufferCount = 1,
	};
	VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
	VkSubmitInfo submit = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
	};
	VkQueryPoolCreateInfo query_info = {
		.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
		.queryType = VK_QUERY_TYPE_OCCLUSION,
		.queryCount = PASSES,
	};
	VkDescriptorSetLayout set_layout;
	VkDescriptorSet set;
	VkQueryPool queries;
	VkBuffer buffer;
	VkQueue queue;
	void *map;

	if (argc != 2) {
		fprintf(stderr, "Usage: vkstates FOLDER\n");
		return 2;
	}
	device_create();
	vkGetDeviceQueue(device, 0, 0, &queue);
	vertex_module = module_load(argv[1], "vert");
	fragment_module = module_load(argv[1], "frag");
	side_module = module_load(argv[1], "side");
	depth_module = module_load(argv[1], "depth");
	buffer = buffer_create(&map);
	fill(map);
	set = descriptors(&set_layout, buffer);
	layout_info.pSetLayouts = &set_layout;
	CHECK(vkCreatePipelineLayout(device, &layout_info, NULL, &layout));
	CHECK(vkCreateQueryPool(device, &query_info, NULL, &queries));
	CHECK(vkCreateCommandPool(device, &pool_info, NULL, &allocation.commandPool));
	CHECK(vkAllocateCommandBuffers(device, &allocation, &commands));
	CHECK(vkBeginCommandBuffer(commands, &begin));
	vkCmdResetQueryPool(commands, queries, 0, PASSES);
	vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout, 0, 1, &set, 0,
				NULL);
	for (uint32_t i = 0; i < PASSES; i++)
		render(&passes[i], buffer, queries, i);
	CHECK(vkEndCommandBuffer(commands));
	CHECK(vkQueueSubmit(queue, 1, &submit, VK_NULL_HANDLE));
	CHECK(vkQueueWaitIdle(queue));
	/* The device is left to the process's end: what it holds is its own. */
	return 0;
}
