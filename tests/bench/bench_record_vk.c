// SPDX-License-Identifier: MIT
/*
 * What a Vulkan driver takes to record dispatches and draws, in processor time; nothing is submitted.
 *
 * usage: bench-record-vk DRIVER COMPUTE.spv VERTEX.spv FRAGMENT.spv
 *
 * Prints lines "WHAT NS". bench_record.c does the same work with libagx, bench_record.py runs both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vulkan/vulkan.h>

#include "vk_device.h"

#define COUNT  1000
#define ROUNDS 15
#define SIZE   64

static struct {
	VkDevice device;
	VkCommandPool pool;
	VkCommandBuffer cmd;
	VkPipelineLayout layout;
	VkPipeline compute, graphics;
	VkImageView view;
} vk;

#define DIE(...)                                      \
	do {                                          \
		fprintf(stderr, "bench-record-vk: "); \
		fprintf(stderr, __VA_ARGS__);         \
		fputc('\n', stderr);                  \
		exit(2);                              \
	} while (0)

static void open_device(const char *driver)
{
	const VkPhysicalDeviceVulkan13Features features = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
		.dynamicRendering = VK_TRUE,
	};
	VkPhysicalDeviceDriverProperties named;
	VkPhysicalDeviceProperties properties;
	const VkPhysicalDevice physical = vk_device_find(driver, &properties, &named);

	if (!physical) {
		fprintf(stderr, "bench-record-vk: no device of %s\n", driver);
		exit(SKIP);
	}
	CHECK(vk_device_open(physical, &features, &vk.device));
}

static VkShaderModule module(const char *path)
{
	static uint32_t code[65536];
	VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
					 .pCode = code};
	FILE *f = fopen(path, "rb");
	VkShaderModule m;

	if (!f)
		DIE("%s cannot be opened", path);
	info.codeSize = fread(code, 1, sizeof(code), f);
	fclose(f);
	CHECK(vkCreateShaderModule(vk.device, &info, NULL, &m));
	return m;
}

static void make_image(void)
{
	VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = VK_FORMAT_R8G8B8A8_UNORM,
		.extent = {SIZE, SIZE, 1},
		.mipLevels = 1,
		.arrayLayers = 1,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
	};
	VkImageViewCreateInfo view = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.viewType = VK_IMAGE_VIEW_TYPE_2D,
		.format = info.format,
		.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
	};
	VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkMemoryRequirements need;
	VkDeviceMemory memory;

	CHECK(vkCreateImage(vk.device, &info, NULL, &view.image));
	vkGetImageMemoryRequirements(vk.device, view.image, &need);
	allocate.allocationSize = need.size;
	while (!(need.memoryTypeBits & (1u << allocate.memoryTypeIndex)))
		allocate.memoryTypeIndex++;
	CHECK(vkAllocateMemory(vk.device, &allocate, NULL, &memory));
	CHECK(vkBindImageMemory(vk.device, view.image, memory, 0));
	CHECK(vkCreateImageView(vk.device, &view, NULL, &vk.view));
}

static VkPipelineShaderStageCreateInfo stage(VkShaderStageFlagBits bit, const char *path)
{
	return (VkPipelineShaderStageCreateInfo){
		.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		.stage = bit,
		.module = module(path),
		.pName = "main",
	};
}

static void make_graphics(const char *vertex, const char *fragment)
{
	VkPipelineShaderStageCreateInfo stages[] = {
		stage(VK_SHADER_STAGE_VERTEX_BIT, vertex),
		stage(VK_SHADER_STAGE_FRAGMENT_BIT, fragment),
	};
	VkFormat format = VK_FORMAT_R8G8B8A8_UNORM;
	VkPipelineRenderingCreateInfo rendering = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
		.colorAttachmentCount = 1,
		.pColorAttachmentFormats = &format,
	};
	VkPipelineVertexInputStateCreateInfo input = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
	VkPipelineInputAssemblyStateCreateInfo assembly = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
		.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST};
	VkViewport viewport = {0, 0, SIZE, SIZE, 0, 1};
	VkRect2D scissor = {{0, 0}, {SIZE, SIZE}};
	VkPipelineViewportStateCreateInfo viewports = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
		.viewportCount = 1,
		.pViewports = &viewport,
		.scissorCount = 1,
		.pScissors = &scissor};
	VkPipelineRasterizationStateCreateInfo raster = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
		.lineWidth = 1};
	VkPipelineMultisampleStateCreateInfo samples = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
		.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT};
	VkPipelineColorBlendAttachmentState attachment = {.colorWriteMask = 15};
	VkPipelineColorBlendStateCreateInfo blend = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
		.attachmentCount = 1,
		.pAttachments = &attachment};
	VkGraphicsPipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
		.pNext = &rendering,
		.stageCount = 2,
		.pStages = stages,
		.pVertexInputState = &input,
		.pInputAssemblyState = &assembly,
		.pViewportState = &viewports,
		.pRasterizationState = &raster,
		.pMultisampleState = &samples,
		.pColorBlendState = &blend,
		.layout = vk.layout,
	};

	CHECK(vkCreateGraphicsPipelines(vk.device, NULL, 1, &info, NULL, &vk.graphics));
}

static void make_objects(char **paths)
{
	VkPushConstantRange range = {VK_SHADER_STAGE_ALL, 0, 16};
	VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
					     .pushConstantRangeCount = 1,
					     .pPushConstantRanges = &range};
	VkComputePipelineCreateInfo compute = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
	VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkCommandBufferAllocateInfo cmd = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
					   .commandBufferCount = 1};

	CHECK(vkCreatePipelineLayout(vk.device, &layout, NULL, &vk.layout));
	compute.stage = stage(VK_SHADER_STAGE_COMPUTE_BIT, paths[0]);
	compute.layout = vk.layout;
	CHECK(vkCreateComputePipelines(vk.device, NULL, 1, &compute, NULL, &vk.compute));
	make_image();
	make_graphics(paths[1], paths[2]);
	CHECK(vkCreateCommandPool(vk.device, &pool, NULL, &vk.pool));
	cmd.commandPool = vk.pool;
	CHECK(vkAllocateCommandBuffers(vk.device, &cmd, &vk.cmd));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void begin(VkBool32 draw)
{
	VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
	VkRenderingAttachmentInfo colour = {
		.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
		.imageView = vk.view,
		.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
		.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
		.storeOp = VK_ATTACHMENT_STORE_OP_STORE,
	};
	VkRenderingInfo rendering = {
		.sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
		.renderArea = {{0, 0}, {SIZE, SIZE}},
		.layerCount = 1,
		.colorAttachmentCount = 1,
		.pColorAttachments = &colour,
	};

	CHECK(vkResetCommandPool(vk.device, vk.pool, 0));
	CHECK(vkBeginCommandBuffer(vk.cmd, &info));
	if (draw) {
		vkCmdBeginRendering(vk.cmd, &rendering);
		vkCmdBindPipeline(vk.cmd, VK_PIPELINE_BIND_POINT_GRAPHICS, vk.graphics);
	} else {
		vkCmdBindPipeline(vk.cmd, VK_PIPELINE_BIND_POINT_COMPUTE, vk.compute);
	}
}

static void measure(const char *what, VkBool32 draw, VkBool32 constants)
{
	double best = 1e18;
	unsigned int round, i;
	uint32_t push[4] = {0};

	for (round = 0; round < ROUNDS; round++) {
		double t;

		begin(draw);
		vkCmdPushConstants(vk.cmd, vk.layout, VK_SHADER_STAGE_ALL, 0, sizeof(push), push);
		t = now();
		for (i = 0; i < COUNT; i++) {
			if (constants) {
				push[0] = i;
				vkCmdPushConstants(vk.cmd, vk.layout, VK_SHADER_STAGE_ALL, 0,
						   sizeof(push), push);
			}
			if (draw)
				vkCmdDraw(vk.cmd, 3, 1, 0, 0);
			else
				vkCmdDispatch(vk.cmd, 4, 1, 1);
		}
		t = now() - t;
		if (draw)
			vkCmdEndRendering(vk.cmd);
		CHECK(vkEndCommandBuffer(vk.cmd));
		if (t < best)
			best = t;
	}
	printf("%s %.1f\n", what, best / COUNT);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: bench-record-vk DRIVER COMPUTE VERTEX FRAGMENT\n");
		return 2;
	}
	open_device(argv[1]);
	make_objects(argv + 2);
	measure("dispatch", VK_FALSE, VK_FALSE);
	measure("dispatch-constants", VK_FALSE, VK_TRUE);
	measure("draw", VK_TRUE, VK_FALSE);
	measure("draw-constants", VK_TRUE, VK_TRUE);
	return 0;
}
