/* SPDX-License-Identifier: MIT */
/* A device of one Vulkan driver among those of the machine. */
#ifndef AGX_TESTS_VK_DEVICE_H
#define AGX_TESTS_VK_DEVICE_H

#include <vulkan/vulkan.h>

#define SKIP 77

/* Ends the program, by its own DIE(), when a call fails. */
#define CHECK(call)                                         \
	do {                                                \
		VkResult check_result = (call);             \
		if (check_result != VK_SUCCESS)             \
			DIE("%s: %d", #call, check_result); \
	} while (0)

/*
 * The device whose driver is called driver (honeykrisp, llvmpipe); *properties and *named say what it is.
 * VK_NULL_HANDLE: there is none, or no Vulkan.
 */
VkPhysicalDevice vk_device_find(const char *driver, VkPhysicalDeviceProperties *properties,
				VkPhysicalDeviceDriverProperties *named);

/* Opens it with one queue of family 0. features: what VkDeviceCreateInfo's pNext takes. */
VkResult vk_device_open(VkPhysicalDevice physical, const void *features, VkDevice *device);

/* Ends what vk_device_find() has made; all devices are to be gone. */
void vk_device_finish(void);

#endif
