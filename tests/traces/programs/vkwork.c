// SPDX-License-Identifier: MIT
/*
 * A Vulkan compute client for the replay suite: every thread has a queue (and with
 * --devices a device) of its own, dispatches in a loop, orders its submissions by a
 * timeline semaphore and waits on the host. Threads that share a device also wait for each
 * other's semaphores on the GPU, so that queues depend on queues. With --check what the last round
 * left in memory is compared with what it has to be.
 *
 * Usage: vkwork SHADER.spv [--threads N] [--rounds N] [--devices] [--check]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#define COUNT       4096
#define MAX_THREADS 8

#define CHECK(call)                                                                        \
	do {                                                                               \
		VkResult check_result = (call);                                            \
		if (check_result != VK_SUCCESS) {                                          \
			fprintf(stderr, "vkwork: %s: VkResult %d\n", #call, check_result); \
			exit(1);                                                           \
		}                                                                          \
	} while (0)

struct device {
	VkDevice handle;
	uint32_t queue_count;
};

struct worker {
	struct device *device;
	VkQueue queue;
	VkSemaphore timeline;
	VkSemaphore other; /* the neighbour's timeline, or VK_NULL_HANDLE */
	pthread_t thread;
};

static VkPhysicalDevice physical;
static uint32_t family;
static uint32_t *spirv;
static size_t spirv_size;
static uint64_t rounds = 16;
static int check;

static void device_init(struct device *device, uint32_t wanted)
{
	VkQueueFamilyProperties properties[8];
	uint32_t count = 8;
	float priorities[MAX_THREADS] = {0};
	VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.timelineSemaphore = VK_TRUE,
	};
	VkDeviceQueueCreateInfo queues = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.pQueuePriorities = priorities,
	};
	VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &timeline,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queues,
	};

	vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, properties);
	for (family = 0; family < count; family++) {
		if (properties[family].queueFlags & VK_QUEUE_COMPUTE_BIT)
			break;
	}
	if (family == count) {
		fprintf(stderr, "vkwork: no compute queue\n");
		exit(1);
	}
	device->queue_count =
		wanted < properties[family].queueCount ? wanted : properties[family].queueCount;
	queues.queueFamilyIndex = family;
	queues.queueCount = device->queue_count;
	CHECK(vkCreateDevice(physical, &info, NULL, &device->handle));
}

static VkSemaphore timeline_create(VkDevice device)
{
	VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
		.pNext = &type,
	};
	VkSemaphore semaphore;

	CHECK(vkCreateSemaphore(device, &info, NULL, &semaphore));
	return semaphore;
}

static VkDeviceMemory buffer_create(VkDevice device, VkDeviceSize size, VkBuffer *buffer,
				    void **map)
{
	VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = size,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
	};
	VkMemoryRequirements requirements;
	VkPhysicalDeviceMemoryProperties memory;
	VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkDeviceMemory handle;
	uint32_t i;

	CHECK(vkCreateBuffer(device, &info, NULL, buffer));
	vkGetBufferMemoryRequirements(device, *buffer, &requirements);
	vkGetPhysicalDeviceMemoryProperties(physical, &memory);
	for (i = 0; i < memory.memoryTypeCount; i++) {
		if ((requirements.memoryTypeBits & (1u << i)) &&
		    (memory.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT))
			break;
	}
	allocate.allocationSize = requirements.size;
	allocate.memoryTypeIndex = i;
	CHECK(vkAllocateMemory(device, &allocate, NULL, &handle));
	CHECK(vkBindBufferMemory(device, *buffer, handle, 0));
	CHECK(vkMapMemory(device, handle, 0, VK_WHOLE_SIZE, 0, map));
	return handle;
}

/* As work.comp does it. */
static void check_results(const uint32_t *data, const uint32_t *sums)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t x = i;

		for (uint64_t round = 1; round <= rounds; round++) {
			x += (uint32_t)round + i;
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
		}
		sum += x;
		if (data[i] != x || (i % 64 == 63 && sums[i / 64] != sum)) {
			fprintf(stderr,
				"vkwork: element %u: expected %08x, sum %08x, got %08x, %08x\n", i,
				x, sum, data[i], sums[i / 64]);
			exit(1);
		}
		if (i % 64 == 63)
			sum = 0;
	}
}

static void *work(void *data)
{
	struct worker *worker = data;
	VkDevice device = worker->device->handle;
	VkDescriptorSetLayoutBinding bindings[2] = {
		{0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
		{1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
	};
	VkDescriptorSetLayoutCreateInfo set_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = 2,
		.pBindings = bindings,
	};
	VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 8};
	VkPipelineLayoutCreateInfo layout_info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &push,
	};
	VkShaderModuleCreateInfo module_info = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.codeSize = spirv_size,
		.pCode = spirv,
	};
	VkComputePipelineCreateInfo pipeline_info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage =
			{
				.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
				.stage = VK_SHADER_STAGE_COMPUTE_BIT,
				.pName = "main",
			},
	};
	VkDescriptorPoolSize pool_size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2};
	VkDescriptorPoolCreateInfo pool_info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = 1,
		.poolSizeCount = 1,
		.pPoolSizes = &pool_size,
	};
	VkDescriptorSetAllocateInfo set_allocate = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
	};
	VkCommandPoolCreateInfo commands_info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
		.queueFamilyIndex = family,
	};
	VkCommandBufferAllocateInfo commands_allocate = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandBufferCount = 1,
	};
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
	VkShaderModule module;
	VkPipeline pipeline;
	VkDescriptorPool pool;
	VkDescriptorSet set;
	VkCommandPool command_pool;
	VkCommandBuffer commands;
	VkBuffer buffers[2];
	VkDeviceMemory memories[2];
	void *maps[2];
	uint64_t round;

	memories[0] = buffer_create(device, COUNT * 4, &buffers[0], &maps[0]);
	memories[1] = buffer_create(device, COUNT / 64 * 4, &buffers[1], &maps[1]);
	CHECK(vkCreateDescriptorSetLayout(device, &set_info, NULL, &set_layout));
	layout_info.pSetLayouts = &set_layout;
	CHECK(vkCreatePipelineLayout(device, &layout_info, NULL, &layout));
	CHECK(vkCreateShaderModule(device, &module_info, NULL, &module));
	pipeline_info.stage.module = module;
	pipeline_info.layout = layout;
	CHECK(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &pipeline_info, NULL, &pipeline));
	CHECK(vkCreateDescriptorPool(device, &pool_info, NULL, &pool));
	set_allocate.descriptorPool = pool;
	set_allocate.pSetLayouts = &set_layout;
	CHECK(vkAllocateDescriptorSets(device, &set_allocate, &set));
	for (uint32_t i = 0; i < 2; i++) {
		VkDescriptorBufferInfo buffer = {buffers[i], 0, VK_WHOLE_SIZE};
		VkWriteDescriptorSet write = {
			.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
			.dstSet = set,
			.dstBinding = i,
			.descriptorCount = 1,
			.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
			.pBufferInfo = &buffer,
		};

		vkUpdateDescriptorSets(device, 1, &write, 0, NULL);
	}
	CHECK(vkCreateCommandPool(device, &commands_info, NULL, &command_pool));
	commands_allocate.commandPool = command_pool;
	CHECK(vkAllocateCommandBuffers(device, &commands_allocate, &commands));

	for (uint32_t i = 0; i < COUNT; i++)
		((uint32_t *)maps[0])[i] = i;

	for (round = 1; round <= rounds; round++) {
		VkCommandBufferBeginInfo begin = {
			.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
		uint32_t constants[2] = {COUNT, (uint32_t)round};
		uint64_t wait_values[2] = {round - 1, round - 1};
		VkSemaphore waits[2] = {worker->timeline, worker->other};
		VkPipelineStageFlags stages[2] = {VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
						  VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT};
		VkTimelineSemaphoreSubmitInfo values = {
			.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
			.waitSemaphoreValueCount = worker->other ? 2 : 1,
			.pWaitSemaphoreValues = wait_values,
			.signalSemaphoreValueCount = 1,
			.pSignalSemaphoreValues = &round,
		};
		VkSubmitInfo submit = {
			.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
			.pNext = &values,
			.waitSemaphoreCount = values.waitSemaphoreValueCount,
			.pWaitSemaphores = waits,
			.pWaitDstStageMask = stages,
			.commandBufferCount = 1,
			.pCommandBuffers = &commands,
			.signalSemaphoreCount = 1,
			.pSignalSemaphores = &worker->timeline,
		};
		VkSemaphoreWaitInfo wait = {
			.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
			.semaphoreCount = 1,
			.pSemaphores = &worker->timeline,
			.pValues = &round,
		};

		CHECK(vkBeginCommandBuffer(commands, &begin));
		vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
		vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1,
					&set, 0, NULL);
		vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 8, constants);
		vkCmdDispatch(commands, COUNT / 64, 1, 1);
		CHECK(vkEndCommandBuffer(commands));
		CHECK(vkQueueSubmit(worker->queue, 1, &submit, VK_NULL_HANDLE));
		CHECK(vkWaitSemaphores(device, &wait, 10000000000ull));
	}

	if (check)
		check_results(maps[0], maps[1]);
	vkDestroyCommandPool(device, command_pool, NULL);
	vkDestroyDescriptorPool(device, pool, NULL);
	vkDestroyPipeline(device, pipeline, NULL);
	vkDestroyShaderModule(device, module, NULL);
	vkDestroyPipelineLayout(device, layout, NULL);
	vkDestroyDescriptorSetLayout(device, set_layout, NULL);
	for (uint32_t i = 0; i < 2; i++) {
		vkDestroyBuffer(device, buffers[i], NULL);
		vkFreeMemory(device, memories[i], NULL);
	}
	return NULL;
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		exit(2);
	}
	spirv = calloc(1, 1 << 16);
	spirv_size = fread(spirv, 1, 1 << 16, file) & ~(size_t)3;
	fclose(file);
}

int main(int argc, char **argv)
{
	VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_2,
	};
	VkInstanceCreateInfo instance_info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	struct device devices[MAX_THREADS] = {0};
	struct worker workers[MAX_THREADS] = {0};
	uint32_t threads = 1, one = 1, i;
	int own_device = 0, arg;
	VkInstance instance;

	if (argc < 2) {
		fprintf(stderr,
			"Usage: vkwork SHADER.spv [--threads N] [--rounds N] [--devices] [--check]\n");
		return 2;
	}
	load(argv[1]);
	for (arg = 2; arg < argc; arg++) {
		if (!strcmp(argv[arg], "--threads") && arg + 1 < argc)
			threads = (uint32_t)atoi(argv[++arg]);
		else if (!strcmp(argv[arg], "--rounds") && arg + 1 < argc)
			rounds = (uint64_t)atoi(argv[++arg]);
		else if (!strcmp(argv[arg], "--devices"))
			own_device = 1;
		else if (!strcmp(argv[arg], "--check"))
			check = 1;
	}
	if (threads < 1 || threads > MAX_THREADS)
		return 2;

	CHECK(vkCreateInstance(&instance_info, NULL, &instance));
	if (vkEnumeratePhysicalDevices(instance, &one, &physical) < 0 || !one) {
		fprintf(stderr, "vkwork: no Vulkan device\n");
		return 1;
	}
	for (i = 0; i < threads; i++) {
		struct device *device = &devices[own_device ? i : 0];

		if (!device->handle)
			device_init(device, own_device ? 1 : threads);
		workers[i].device = device;
		workers[i].timeline = timeline_create(device->handle);
		vkGetDeviceQueue(device->handle, family, own_device ? 0 : i % device->queue_count,
				 &workers[i].queue);
		/* With a queue each, a ring of dependencies; on a shared queue it would not be one. */
		if (!own_device && i && devices[0].queue_count >= threads)
			workers[i].other = workers[i - 1].timeline;
	}
	printf("vkwork: %u threads, %u devices, %u queues\n", threads, own_device ? threads : 1,
	       own_device ? threads : devices[0].queue_count);
	for (i = 0; i < threads; i++) {
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	}
	for (i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; i < threads; i++)
		vkDestroySemaphore(workers[i].device->handle, workers[i].timeline, NULL);
	for (i = 0; i < threads && devices[i].handle; i++)
		vkDestroyDevice(devices[i].handle, NULL);
	vkDestroyInstance(instance, NULL);
	free(spirv);
	return 0;
}
