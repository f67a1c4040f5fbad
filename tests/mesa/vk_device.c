// SPDX-License-Identifier: MIT
#include "vk_device.h"

#include <strings.h>

static VkInstance instance;

VkPhysicalDevice vk_device_find(const char *driver, VkPhysicalDeviceProperties *properties,
				VkPhysicalDeviceDriverProperties *named)
{
	const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
					       .apiVersion = VK_API_VERSION_1_3};
	const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
					   .pApplicationInfo = &application};
	VkPhysicalDevice devices[8];
	uint32_t count = 8;

	if (vkCreateInstance(&info, NULL, &instance) != VK_SUCCESS ||
	    vkEnumeratePhysicalDevices(instance, &count, devices) < 0)
		return VK_NULL_HANDLE;
	for (uint32_t i = 0; i < count; i++) {
		VkPhysicalDeviceProperties2 all = {
			.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = named};

		*named = (VkPhysicalDeviceDriverProperties){
			.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
		vkGetPhysicalDeviceProperties2(devices[i], &all);
		*properties = all.properties;
		if (!strcasecmp(named->driverName, driver))
			return devices[i];
	}
	return VK_NULL_HANDLE;
}

VkResult vk_device_open(VkPhysicalDevice physical, const void *features, VkDevice *device)
{
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
					       .queueCount = 1,
					       .pQueuePriorities = &priority};
	const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
					 .pNext = features,
					 .queueCreateInfoCount = 1,
					 .pQueueCreateInfos = &queue};

	return vkCreateDevice(physical, &info, NULL, device);
}

void vk_device_finish(void)
{
	vkDestroyInstance(instance, NULL);
	instance = VK_NULL_HANDLE;
}
