// SPDX-License-Identifier: MIT
/*
 * What the driver core asks of its home (agx_platform.h).
 *
 * Memory that driver, firmware and GPU share is private memory of the node's RAM. Driver and
 * firmware run in one thread and the model's page table walker caches nothing, so ordering is the
 * compiler's business alone and TLB maintenance nobody's.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "node_internal.h"
#include "ram.h"

static void *page_alloc(void *cookie, uint64_t *pa)
{
	struct agx_machine *machine = cookie;
	struct agx_ram *ram = machine->node->ram;
	int64_t offset = agx_ram_alloc_private(ram, AGX_RAM_PAGE_SIZE);

	if (offset < 0) {
		machine->no_memory = true;
		return NULL;
	}
	*pa = agx_machine_address((uint64_t)offset);
	return agx_ram_pointer(ram, (uint64_t)offset);
}

static void page_free(void *cookie, void *page, uint64_t pa)
{
	struct agx_machine *machine = cookie;

	agx_ram_free_private(machine->node->ram, agx_machine_offset(pa));
}

static int mem_alloc(void *cookie, uint64_t size, struct agx_mem *mem)
{
	struct agx_machine *machine = cookie;
	struct agx_ram *ram = machine->node->ram;
	int64_t offset = agx_ram_alloc_private(ram, size);

	if (offset < 0) {
		machine->no_memory = true;
		return -ENOMEM;
	}
	mem->cpu = agx_ram_pointer(ram, (uint64_t)offset);
	mem->size = size;
	mem->handle = (void *)(uintptr_t)offset;
	return 0;
}

static void mem_free(void *cookie, struct agx_mem *mem)
{
	struct agx_machine *machine = cookie;

	agx_ram_free_private(machine->node->ram, (uintptr_t)mem->handle);
}

static uint64_t mem_address(void *cookie, const struct agx_mem *mem, uint64_t offset,
			    uint64_t *contiguous)
{
	(void)cookie;
	*contiguous = mem->size - offset;
	return agx_machine_address((uintptr_t)mem->handle + offset);
}

static void *core_alloc(void *cookie, size_t size)
{
	struct agx_machine *machine = cookie;
	void *ptr = calloc(1, size);

	if (!ptr)
		machine->no_memory = true;
	return ptr;
}

static void core_free(void *cookie, void *ptr, size_t size)
{
	(void)cookie;
	(void)size;
	free(ptr);
}

static void barrier(void *cookie, enum agx_barrier kind)
{
	(void)cookie;
	(void)kind;
	atomic_signal_fence(memory_order_seq_cst);
}

static void tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
	(void)cookie;
	(void)op;
	(void)operand;
}

static uint64_t time_ns(void *cookie)
{
	struct agx_machine *machine = cookie;

	return agx_node_now(machine->node);
}

static void relax(void *cookie)
{
	agx_machine_step_firmware(cookie, 1);
}

static int mailbox_send(void *cookie, uint8_t endpoint, uint64_t message)
{
	struct agx_machine *machine = cookie;
	int err = agx_machine_send(machine, message, endpoint);

	/* A full mailbox: the firmware reads it while the driver waits. */
	if (err == -EAGAIN && agx_machine_step_firmware(machine, 1))
		err = agx_machine_send(machine, message, endpoint);
	return err;
}

static void log_line(void *cookie, enum agx_log_level level, const char *format, va_list args)
{
	static const enum agx_node_log_level levels[] = {
		[AGX_LOG_ERROR] = AGX_NODE_LOG_ERROR,
		[AGX_LOG_WARNING] = AGX_NODE_LOG_WARN,
		[AGX_LOG_INFO] = AGX_NODE_LOG_MACHINE,
		[AGX_LOG_DEBUG] = AGX_NODE_LOG_MACHINE,
	};
	struct agx_machine *machine = cookie;
	char line[320];

	vsnprintf(line, sizeof(line), format, args);
	agx_node_log(machine->node, levels[level], "driver: %s", line);
}

void agx_machine_fill_platform(struct agx_machine *machine)
{
	machine->platform = (struct agx_platform){
		.cookie = machine,
		.page_alloc = page_alloc,
		.page_free = page_free,
		.mem_alloc = mem_alloc,
		.mem_free = mem_free,
		.mem_address = mem_address,
		.alloc = core_alloc,
		.free = core_free,
		.order = barrier,
		.tlbi = tlbi,
		.time_ns = time_ns,
		.relax = relax,
		.mailbox_send = mailbox_send,
		.log = machine->node->config.log ? log_line : NULL,
	};
}
