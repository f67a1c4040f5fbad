// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Which heaps there are. Addresses: jannau/linux: drivers/gpu/drm/asahi/gpu.rs, IOVA_KERN_*;
 * block sizes: the same file's KernelAllocators.
 */
#include "agx_heap.h"
#include "agx_limits.h"

static const struct agx_heap_config fw_heaps[AGX_FW_HEAPS] = {
	[AGX_HEAP_PRIVATE] = {.name = "private",
			      .start = 0xffffffa000000000ull,
			      .end = 0xffffffa600000000ull,
			      .prot = AGX_UAT_FW_PRIV_RW,
			      .min_align = AGX_HEAP_MIN_ALIGN,
			      .block_size = 1u << 20,
			      .cpu = true,
			      .delayed_reuse = true},
	[AGX_HEAP_GPU_RO] = {.name = "gpu-ro",
			     .start = 0xffffffa600000000ull,
			     .end = 0xffffffa800000000ull,
			     .prot = AGX_UAT_GPU_RO_FW_PRIV_RW,
			     .min_align = AGX_HEAP_MIN_ALIGN,
			     .block_size = 1u << 20,
			     .cpu = true,
			     .delayed_reuse = true},
	[AGX_HEAP_SHARED] = {.name = "shared",
			     .start = 0xffffffa800000000ull,
			     .end = 0xffffffaa00000000ull,
			     .prot = AGX_UAT_FW_SHARED_RW,
			     .min_align = AGX_HEAP_MIN_ALIGN,
			     .block_size = 1u << 20,
			     .cpu = true},
	[AGX_HEAP_SHARED_RO] = {.name = "shared-ro",
				.start = 0xffffffaa00000000ull,
				.end = 0xffffffac00000000ull,
				.prot = AGX_UAT_FW_SHARED_RO,
				.min_align = AGX_HEAP_MIN_ALIGN,
				.block_size = 64u << 10,
				.cpu = true},
	[AGX_HEAP_GPU] = {.name = "gpu",
			  .start = 0xffffffac00000000ull,
			  .end = 0xffffffae00000000ull,
			  .prot = AGX_UAT_GPU_FW_SHARED_RW,
			  .min_align = AGX_HEAP_MIN_ALIGN,
			  .block_size = 64u << 10,
			  .cpu = true},
};

const struct agx_heap_config *agx_fw_heap_config(unsigned int heap)
{
	return heap < AGX_FW_HEAPS ? &fw_heaps[heap] : NULL;
}

void agx_vm_heap_configs(uint64_t start, uint64_t end, struct agx_heap_config *shared,
			 struct agx_heap_config *priv)
{
	uint64_t middle = start + ((end - start) / 2 & ~(AGX_VM_KERNEL_ALIGNMENT - 1));

	*shared = (struct agx_heap_config){
		.name = "vm-shared",
		.start = start,
		.end = middle,
		.prot = AGX_UAT_GPU_SHARED_RW,
		.min_align = AGX_VM_KERNEL_ALIGNMENT,
		.block_size = 512u << 10,
	};
	*priv = (struct agx_heap_config){
		.name = "vm-private",
		.start = middle,
		.end = end,
		.prot = AGX_UAT_GPU_FW_PRIV_RW,
		.min_align = AGX_VM_KERNEL_ALIGNMENT,
		.block_size = 64u << 10,
	};
}
