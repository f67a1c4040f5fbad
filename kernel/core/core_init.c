// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Everything that the init data names: structures in the firmware's heaps, rings, register
 * ranges, the buffer manager's control object, buffers that RTKit asks for.
 *
 * Which heap: jannau/linux: drivers/gpu/drm/asahi/initdata.rs and channel.rs.
 */
#include "core_internal.h"

#include "agx_soc_tables.h"
#include "tvb.h"

#define PAGE AGX_UAT_PAGE_SIZE

/* Maps memory that may be in several pieces. */
static int map_mem(struct agx_core *core, struct agx_uat_vm *vm, uint64_t va,
		   const struct agx_mem *mem, enum agx_uat_prot prot)
{
	const struct agx_platform *platform = core->platform;
	struct agx_uat_reserve reserve = {0};
	uint64_t offset = 0;
	int err;

	err = agx_uat_reserve(vm, va, mem->size, false, &reserve);
	while (!err && offset < mem->size) {
		uint64_t piece = 0;
		uint64_t pa = platform->mem_address(platform->cookie, mem, offset, &piece);

		if (piece > mem->size - offset)
			piece = mem->size - offset;
		err = agx_uat_map(vm, &reserve, va + offset, pa, piece, prot, 0);
		offset += piece;
	}
	agx_uat_reserve_release(core->uat, &reserve);
	if (err)
		agx_uat_unmap(vm, va, mem->size);
	return err;
}

static int map_registers(struct agx_core *core, uint64_t va, uint64_t pa, uint64_t size,
			 enum agx_uat_prot prot)
{
	struct agx_uat_vm *vm = agx_uat_kernel_vm(core->uat);
	struct agx_uat_reserve reserve = {0};
	int err;

	err = agx_uat_reserve(vm, va, size, false, &reserve);
	if (!err)
		err = agx_uat_map(vm, &reserve, va, pa, size, prot, 0);
	agx_uat_reserve_release(core->uat, &reserve);
	return err;
}

/*
 * The I/O mappings: all elements of a range, of all dies, lie in sequence, and a page that is
 * not mapped follows. Addresses within a page are kept.
 */
static int map_io(struct agx_core *core)
{
	const struct agx_soc *soc = core->config.device.soc;
	const struct agx_io_range *range;
	uint64_t next = AGX_VA_MMIO, base, size;
	unsigned int i, die, element;
	int err;

	if (core->io_mapped)
		return 0;
	for (i = 0; (range = agx_soc_io_range(soc, i)); i++) {
		unsigned int dies = range->per_die ? soc->dies : 1;
		uint64_t in_page = range->base & (PAGE - 1), va = next;

		if (range->index >= core->ops->io_mappings)
			continue;
		base = range->base - in_page;
		size = (in_page + range->size + PAGE - 1) & ~(PAGE - 1);
		for (die = 0; die < dies; die++) {
			for (element = 0; element < range->count; element++) {
				err = map_registers(core, next,
						    base + die * AGX_DIE_STRIDE +
							    (uint64_t)element * range->stride,
						    size,
						    range->writable ? AGX_UAT_FW_MMIO_RW
								    : AGX_UAT_FW_MMIO_RO);
				if (err)
					goto fail;
				next += size;
			}
		}
		next += PAGE;
		core->io[range->index] = (struct agx_io_mapping){
			.phys_addr = range->base,
			.virt_addr = va + in_page,
			.total_size = range->size * range->count * dies,
			.element_size = range->size,
			.readwrite = range->writable,
		};
	}
	if (agx_soc_sram(soc, &base, &size)) {
		err = map_registers(core, next, base, size, AGX_UAT_FW_SHARED_RW);
		if (err)
			goto fail;
		core->sram = next;
	}
	core->io_mapped = true;
	return 0;

fail:
	agx_uat_unmap(agx_uat_kernel_vm(core->uat), AGX_VA_MMIO, AGX_VA_MMIO_END - AGX_VA_MMIO);
	return err;
}

/* One object, two addresses: the GPU's in context 0's lower half, the firmware's. */
static int map_buffer_mgr(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	int err;

	if (core->buffer_mgr.size) {
		agx_core_memset(core->buffer_mgr.cpu, 0, AGX_BUFFER_MGR_CTL_SIZE);
		return 0;
	}
	err = platform->mem_alloc(platform->cookie, AGX_BUFFER_MGR_CTL_SIZE, &core->buffer_mgr);
	if (err)
		return err;
	err = map_mem(core, agx_uat_lower_vm(core->uat), AGX_VA_BUFFER_MGR_LOW, &core->buffer_mgr,
		      AGX_UAT_GPU_SHARED_RW);
	if (err)
		goto free_mem;
	err = map_mem(core, agx_uat_kernel_vm(core->uat), AGX_VA_BUFFER_MGR_HIGH, &core->buffer_mgr,
		      AGX_UAT_FW_SHARED_RW);
	if (err)
		goto unmap_low;
	return 0;

unmap_low:
	agx_uat_unmap(agx_uat_lower_vm(core->uat), AGX_VA_BUFFER_MGR_LOW, AGX_BUFFER_MGR_CTL_SIZE);
free_mem:
	platform->mem_free(platform->cookie, &core->buffer_mgr);
	core->buffer_mgr = (struct agx_mem){0};
	return err;
}

static enum agx_fw_heap heap_of(enum agx_init_object object)
{
	switch (object) {
	case AGX_INIT_REGION_A:
		return AGX_HEAP_SHARED_RO;
	case AGX_INIT_FW_STATUS:
	case AGX_INIT_FWLOG_BUFFER:
		return AGX_HEAP_SHARED;
	default:
		return AGX_HEAP_PRIVATE;
	}
}

/* An object of size 0 is one that the variant lacks. */
static int alloc_objects(struct agx_core *core)
{
	const struct agx_variant_ops *ops = core->ops;
	const struct {
		const char *tag;
		uint32_t size;
	} table[AGX_INIT_OBJECTS] = {
		[AGX_INIT_ROOT] = {"init data", ops->init_data_size},
		[AGX_INIT_REGION_A] = {"region A", AGX_REGION_A_SIZE},
		[AGX_INIT_RUNTIME_POINTERS] = {"runtime pointers", ops->runtime_pointers_size},
		[AGX_INIT_GLOBALS] = {"globals", ops->globals_size},
		[AGX_INIT_FW_STATUS] = {"firmware status", sizeof(struct agx_fw_status)},
		[AGX_INIT_HWDATA_A] = {"hardware data A", ops->hwdata_a_size},
		[AGX_INIT_HWDATA_B] = {"hardware data B", ops->hwdata_b_size},
		[AGX_INIT_STATS_VERTEX] = {"vertex statistics", AGX_STATS_VERTEX_SIZE},
		[AGX_INIT_STATS_FRAGMENT] = {"fragment statistics", ops->stats_fragment_size},
		[AGX_INIT_STATS_COMPUTE] = {"compute statistics", AGX_STATS_COMPUTE_SIZE},
		[AGX_INIT_FAULT_STATS] = {"fault statistics", sizeof(struct agx_fault_stats)},
		[AGX_INIT_UNK_198] = {"unknown 198", AGX_UNKPTR_198_SIZE},
		[AGX_INIT_UNK_1B8] = {"unknown 1b8", AGX_UNKPTR_1B8_SIZE},
		[AGX_INIT_UNK_1C0] = {"unknown 1c0", ops->unk_1c0_size},
		[AGX_INIT_UNK_1C8] = {"unknown 1c8", ops->unk_1c8_size},
		[AGX_INIT_FWLOG_BUFFER] = {"firmware log",
					   AGX_FWLOG_CHANNELS * AGX_CHANNEL_FWLOG_ENTRIES *
						   sizeof(struct agx_fwlog_payload)},
	};
	unsigned int i;
	int err;

	for (i = 0; i < AGX_INIT_OBJECTS; i++) {
		if (!table[i].size)
			continue;
		err = agx_heap_alloc(core->heaps[heap_of(i)], table[i].size, 0, table[i].tag,
				     &core->objects[i]);
		if (err)
			return err;
	}
	return 0;
}

/* The six log channels share a block of states and a ring; their objects are the first's. */
static int alloc_channels(struct agx_core *core)
{
	unsigned int i;
	int err;

	for (i = 0; i < AGX_CHANNELS; i++) {
		struct agx_channel_shape shape = agx_core_channel_shape(core, i);
		uint32_t state_size = i == AGX_CHANNEL_FWCTL ? sizeof(struct agx_fwctl_state)
							     : sizeof(struct agx_channel_state);
		uint32_t count = i == AGX_CHANNEL_FWLOG ? AGX_FWLOG_CHANNELS : 1;

		if (i > AGX_CHANNEL_FWLOG && i < AGX_CHANNEL_KTRACE)
			continue;
		err = agx_heap_alloc(core->heaps[AGX_HEAP_SHARED], state_size * count, 0,
				     "channel state", &core->states[i]);
		if (!err)
			err = agx_heap_alloc(core->heaps[shape.ring_heap],
					     shape.entries * shape.entry_size * count, 0,
					     "channel ring", &core->rings[i]);
		if (err)
			return err;
	}
	return 0;
}

static uint64_t va_of(const struct agx_core *core, enum agx_init_object object)
{
	return core->objects[object] ? core->objects[object]->va : 0;
}

static struct agx_channel_ring ring_of(const struct agx_core *core, unsigned int channel)
{
	return (struct agx_channel_ring){
		.state = core->states[channel]->va,
		.ring = core->rings[channel]->va,
	};
}

/* HwDataA, HwDataB and Globals: the boot loader's or our own, and what the driver adds. */
static void fill_hardware_data(struct agx_core *core)
{
	const struct agx_device *device = &core->config.device;
	const struct agx_variant_ops *ops = core->ops;
	void *hwdata_a = core->objects[AGX_INIT_HWDATA_A]->cpu;
	void *hwdata_b = core->objects[AGX_INIT_HWDATA_B]->cpu;
	void *globals = core->objects[AGX_INIT_GLOBALS]->cpu;
	struct agx_globals_settings settings = {
		.fault_control = core->config.fault_control,
		.idle_off_delay_ms = AGX_IDLE_OFF_DELAY_MS,
		.ktrace_mask = core->config.ktrace_mask,
	};
	unsigned int i;

	if (core->blobs[0]) {
		agx_core_memcpy(hwdata_a, core->blobs[0], ops->hwdata_a_size);
		agx_core_memcpy(hwdata_b, core->blobs[1], ops->hwdata_b_size);
		agx_core_memcpy(globals, core->blobs[2], ops->globals_size);
	} else {
		ops->build_hwdata_a(device, hwdata_a);
		ops->build_hwdata_b(device, hwdata_b);
		ops->build_globals(device, globals);
	}
	for (i = 0; i < sizeof(core->io) / sizeof(core->io[0]); i++)
		ops->set_io_mapping(hwdata_b, i, &core->io[i]);
	ops->set_sram(hwdata_b, core->sram);
	ops->set_globals(globals, &settings);
}

static void fill_pointers(struct agx_core *core)
{
	const struct agx_variant_ops *ops = core->ops;
	struct agx_fw_status *status = core->objects[AGX_INIT_FW_STATUS]->cpu;
	struct agx_initdata_addresses at = {
		.region_a = va_of(core, AGX_INIT_REGION_A),
		.runtime_pointers = va_of(core, AGX_INIT_RUNTIME_POINTERS),
		.globals = va_of(core, AGX_INIT_GLOBALS),
		.fw_status = va_of(core, AGX_INIT_FW_STATUS),
		.hwdata_a = va_of(core, AGX_INIT_HWDATA_A),
		.hwdata_b = va_of(core, AGX_INIT_HWDATA_B),
		.stats_vertex = va_of(core, AGX_INIT_STATS_VERTEX),
		.stats_fragment = va_of(core, AGX_INIT_STATS_FRAGMENT),
		.stats_compute = va_of(core, AGX_INIT_STATS_COMPUTE),
		.fault_stats = va_of(core, AGX_INIT_FAULT_STATS),
		.unk_198 = va_of(core, AGX_INIT_UNK_198),
		.unk_1b8 = va_of(core, AGX_INIT_UNK_1B8),
		.unk_1c0 = va_of(core, AGX_INIT_UNK_1C0),
		.unk_1c8 = va_of(core, AGX_INIT_UNK_1C8),
		.fwlog_buffer = va_of(core, AGX_INIT_FWLOG_BUFFER),
		.buffer_mgr_gpu = AGX_VA_BUFFER_MGR_LOW,
		.buffer_mgr_fw = AGX_VA_BUFFER_MGR_HIGH,
	};
	struct agx_channel_rings rings;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		rings.pipes[i].vtx = ring_of(core, AGX_CHANNEL_PIPE(i, AGX_PIPE_VERTEX));
		rings.pipes[i].frag = ring_of(core, AGX_CHANNEL_PIPE(i, AGX_PIPE_FRAGMENT));
		rings.pipes[i].comp = ring_of(core, AGX_CHANNEL_PIPE(i, AGX_PIPE_COMPUTE));
	}
	rings.device_control = ring_of(core, AGX_CHANNEL_DEVICE_CONTROL);
	rings.event = ring_of(core, AGX_CHANNEL_EVENT);
	rings.fw_log = ring_of(core, AGX_CHANNEL_FWLOG);
	rings.ktrace = ring_of(core, AGX_CHANNEL_KTRACE);
	rings.stats = ring_of(core, AGX_CHANNEL_STATS);

	status->fwctl_channel = ring_of(core, AGX_CHANNEL_FWCTL);
	ops->fill_stats_fragment(core->objects[AGX_INIT_STATS_FRAGMENT]->cpu);
	ops->fill_runtime_pointers(core->objects[AGX_INIT_RUNTIME_POINTERS]->cpu, &at, &rings);
	ops->fill_init_data(core->config.device.soc, core->objects[AGX_INIT_ROOT]->cpu, &at);
}

static int allocate(struct agx_core *core)
{
	int err;

	err = map_io(core);
	if (!err)
		err = map_buffer_mgr(core);
	if (!err)
		err = alloc_objects(core);
	if (!err)
		err = alloc_channels(core);
	return err;
}

int agx_core_init_prepare(struct agx_core *core)
{
	int err = allocate(core);

	agx_core_init_free(core);
	return err;
}

int agx_core_init_build(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	int err;

	core->rtkit_next = AGX_VA_RTKIT;
	agx_tvb_forget(core);
	err = allocate(core);
	if (err) {
		agx_core_init_free(core);
		return err;
	}
	fill_hardware_data(core);
	fill_pointers(core);
	agx_core_channels_init(core);
	platform->order(platform->cookie, AGX_BARRIER_FULL);
	return 0;
}

void agx_core_init_free(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;
	struct agx_uat_vm *vm = agx_uat_kernel_vm(core->uat);
	unsigned int i;

	agx_core_memset(core->channels, 0, sizeof(core->channels));
	for (i = 0; i < AGX_INIT_OBJECTS; i++) {
		agx_heap_free(core->heaps[heap_of(i)], core->objects[i]);
		core->objects[i] = NULL;
	}
	for (i = 0; i < AGX_CHANNELS; i++) {
		struct agx_channel_shape shape = agx_core_channel_shape(core, i);

		agx_heap_free(core->heaps[AGX_HEAP_SHARED], core->states[i]);
		agx_heap_free(core->heaps[shape.ring_heap], core->rings[i]);
		core->states[i] = NULL;
		core->rings[i] = NULL;
	}
	for (i = 0; i < AGX_RTKIT_BUFFERS; i++) {
		struct agx_core_mapping *buffer = &core->rtkit_buffers[i];

		if (!buffer->mem.size)
			continue;
		agx_uat_unmap(vm, buffer->va, buffer->mem.size);
		platform->mem_free(platform->cookie, &buffer->mem);
		*buffer = (struct agx_core_mapping){0};
	}
	/* The coprocessor is off: nothing is in its cache any more. */
	for (i = 0; i < AGX_FW_HEAPS; i++)
		agx_heap_collect(core->heaps[i], agx_heap_garbage_mark(core->heaps[i]));
}

void agx_core_init_destroy(struct agx_core *core)
{
	const struct agx_platform *platform = core->platform;

	agx_core_init_free(core);
	if (core->buffer_mgr.size) {
		agx_uat_unmap(agx_uat_lower_vm(core->uat), AGX_VA_BUFFER_MGR_LOW,
			      AGX_BUFFER_MGR_CTL_SIZE);
		agx_uat_unmap(agx_uat_kernel_vm(core->uat), AGX_VA_BUFFER_MGR_HIGH,
			      AGX_BUFFER_MGR_CTL_SIZE);
		platform->mem_free(platform->cookie, &core->buffer_mgr);
		core->buffer_mgr = (struct agx_mem){0};
	}
}

/* A buffer for RTKit, in whole pages, with a page after it that is not mapped. */
static int allocate_buffer(void *owner, uint64_t size, struct agx_rtkit_buffer *buffer)
{
	struct agx_core *core = owner;
	const struct agx_platform *platform = core->platform;
	uint64_t rounded = (size + PAGE - 1) & ~(PAGE - 1);
	struct agx_core_mapping *slot = NULL;
	unsigned int i;
	int err;

	if (size > AGX_VA_RTKIT_END - AGX_VA_RTKIT)
		return -ENOSPC;
	for (i = 0; i < AGX_RTKIT_BUFFERS && !slot; i++)
		if (!core->rtkit_buffers[i].mem.size)
			slot = &core->rtkit_buffers[i];
	if (!slot || rounded + PAGE > AGX_VA_RTKIT_END - core->rtkit_next)
		return -ENOSPC;
	err = platform->mem_alloc(platform->cookie, rounded, &slot->mem);
	if (err) {
		slot->mem = (struct agx_mem){0};
		return err;
	}
	slot->va = core->rtkit_next;
	err = map_mem(core, agx_uat_kernel_vm(core->uat), slot->va, &slot->mem,
		      AGX_UAT_FW_SHARED_RW);
	if (err) {
		platform->mem_free(platform->cookie, &slot->mem);
		*slot = (struct agx_core_mapping){0};
		return err;
	}
	core->rtkit_next += rounded + PAGE;
	*buffer = (struct agx_rtkit_buffer){.va = slot->va, .size = size, .cpu = slot->mem.cpu};
	return 0;
}

/* Memory that the firmware names is its own; only what the driver has given it can be read. */
static void find_buffer(void *owner, uint64_t va, uint64_t size, struct agx_rtkit_buffer *buffer)
{
	struct agx_core *core = owner;
	unsigned int i;

	buffer->cpu = NULL;
	for (i = 0; i < AGX_RTKIT_BUFFERS; i++) {
		const struct agx_core_mapping *slot = &core->rtkit_buffers[i];

		if (slot->mem.size && va >= slot->va && va - slot->va <= slot->mem.size &&
		    size <= slot->mem.size - (va - slot->va))
			buffer->cpu = (char *)slot->mem.cpu + (va - slot->va);
	}
}

static void print_line(void *owner, uint8_t endpoint, const char *text)
{
	agx_core_record(owner, endpoint == AGX_EP_SYSLOG ? AGX_RECORD_SYSLOG : AGX_RECORD_CRASH, 0,
			0, 0, text);
}

static void receive_message(void *owner, uint8_t endpoint, uint64_t message)
{
	struct agx_core *core = owner;

	if (endpoint == AGX_EP_FIRMWARE && message == (uint64_t)AGX_MSG_EVENT << AGX_MSG_TYPE_SHIFT)
		core->drain = true;
	else
		agx_log(core->platform, AGX_LOG_WARNING,
			"core: unknown message 0x%llx on endpoint 0x%x",
			(unsigned long long)message, endpoint);
}

const struct agx_rtkit_ops agx_core_rtkit_ops = {
	.allocate = allocate_buffer,
	.find = find_buffer,
	.line = print_line,
	.message = receive_message,
};
