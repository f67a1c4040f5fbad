// SPDX-License-Identifier: MIT
/* Nodes and their open files: creation, destruction, statistics, log, fork. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agx_chip.h"
#include "agx_device.h"
#include "agx_inject.h"
#include "machine.h"
#include "node_internal.h"
#include "ram.h"
#include "sched.h"
#include "syncobj.h"

/* The first page is never mapped: a NULL pointer of a client is not worth a crash of its host. */
#define LOWEST_ADDRESS 4096

/* To what the default limit shrinks when it does not fit the address space. */
#define LEAST_DEFAULT_MEMORY (256ull << 20)

/* Least memory for the machine itself. */
#define LEAST_MACHINE_MEMORY (256ull << 20)

static int trusted_copy_from(void *dst, uint64_t src, size_t size)
{
	if (src < LOWEST_ADDRESS)
		return -EFAULT;
	memcpy(dst, (const void *)(uintptr_t)src, size);
	return 0;
}

static int trusted_copy_to(uint64_t dst, const void *src, size_t size)
{
	if (dst < LOWEST_ADDRESS)
		return -EFAULT;
	memcpy((void *)(uintptr_t)dst, src, size);
	return 0;
}

const struct agx_uaccess agx_uaccess_trusted = {
	.copy_from = trusted_copy_from,
	.copy_to = trusted_copy_to,
};

uint64_t agx_node_now(struct agx_node *node)
{
	struct timespec ts;
	uint64_t now;

	if (node->config.now) {
		now = node->config.now(node->config.now_data) + node->skipped;
		return now > node->executed_until ? now : node->executed_until;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec + node->skipped;
}

void agx_node_charge(struct agx_node *node, uint64_t ns)
{
	node->executed_until = agx_node_now(node) + ns;
}

void agx_node_log(struct agx_node *node, enum agx_node_log_level level, const char *fmt, ...)
{
	char message[256];
	va_list args;

	if (!node->config.log)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	node->config.log(node->config.log_data, level, message);
}

int agx_log_reject(struct agx_node *node, const char *ioctl, int err, const struct agx_reject *why)
{
	if (err && node->config.log)
		agx_node_log(node, AGX_NODE_LOG_DEBUG, "%s: %s: expected %s, got %#llx (%s)", ioctl,
			     why->what, why->expected, (unsigned long long)why->got,
			     strerrorname_np(-err));
	return err;
}

/* The SoC's firmware that a text like "13.5" or "12.3.1" means; NULL text: its oldest. */
static const struct agx_firmware_version *find_firmware(const struct agx_soc *soc, const char *text)
{
	const struct agx_firmware_version *known;
	struct agx_firmware_version wanted = {0};
	uint32_t *const parts[] = {&wanted.major, &wanted.minor, &wanted.patch};
	unsigned int i, digits;

	if (!text)
		return agx_soc_firmware(soc, 0);
	for (i = 0; i < 3; i++) {
		for (digits = 0; digits < 4 && *text >= '0' && *text <= '9'; digits++)
			*parts[i] = *parts[i] * 10 + (uint32_t)(*text++ - '0');
		if (!digits || *text != '.')
			break;
		text++;
	}
	/* It ends behind the second or third number. */
	if (i == 0 || i == 3 || !digits || *text)
		return NULL;
	wanted = agx_firmware_abi(wanted);
	for (i = 0; (known = agx_soc_firmware(soc, i)); i++)
		if (known->major == wanted.major && known->minor == wanted.minor &&
		    known->patch == wanted.patch)
			return known;
	return NULL;
}

static int choose_device(struct agx_node *node, const char *gpu, const char *firmware)
{
	const struct agx_firmware_version *known;
	char list[64];
	unsigned int i;
	int used = 0;

	node->soc = agx_soc_find(gpu);
	if (!node->soc) {
		agx_node_log(node, AGX_NODE_LOG_ERROR, "unknown GPU \"%s\"", gpu);
		return -EINVAL;
	}
	node->firmware = find_firmware(node->soc, firmware);
	if (node->firmware)
		return 0;
	for (i = 0; (known = agx_soc_firmware(node->soc, i)) && used < (int)sizeof(list); i++)
		used += snprintf(list + used, sizeof(list) - (size_t)used, "%s%u.%u", i ? ", " : "",
				 known->major, known->minor);
	agx_node_log(node, AGX_NODE_LOG_ERROR,
		     "no firmware \"%s\" for the GPU \"%s\", which has %s", firmware, gpu, list);
	return -EINVAL;
}

static int check_rules(struct agx_node *node, const char *rules)
{
	struct agx_inject *inject;
	char error[256];
	int err;

	if (!rules)
		return 0;
	err = agx_inject_create(rules, &inject, error, sizeof(error));
	if (err) {
		agx_node_log(node, AGX_NODE_LOG_ERROR, "what shall go wrong: %s",
			     err == -EINVAL ? error : strerror(-err));
		return err;
	}
	agx_inject_destroy(inject);
	node->inject = strdup(rules);
	return node->inject ? 0 : -ENOMEM;
}

/*
 * The machine's own memory, for page tables and for what driver and firmware share, grows with
 * that for buffers, since an address space is reserved for it.
 */
static uint64_t machine_memory(uint64_t limit)
{
	uint64_t size = limit / 2 & ~(AGX_RAM_PAGE_SIZE - 1);

	if (size < LEAST_MACHINE_MEMORY)
		return LEAST_MACHINE_MEMORY;
	return size < AGX_RAM_MAX_PRIVATE ? size : AGX_RAM_MAX_PRIVATE;
}

static int create_ram(struct agx_node *node)
{
	uint64_t limit = node->config.memory_limit, own = machine_memory(limit);

	/* All of it must have a physical address that page tables can hold. */
	if (limit > AGX_RAM_MAX_LIMIT ||
	    (AGX_RAM_BASE + agx_ram_address_space(limit, own)) >> node->soc->output_address_bits)
		return -EINVAL;
	return agx_ram_create(limit, own, &node->ram);
}

int agx_node_create(const struct agx_node_config *config, struct agx_node **out)
{
	const char *gpu = config->gpu ? config->gpu : "t8103";
	struct agx_node *node;
	int err, i;

	if (config->exec != AGX_EXEC_NONE && config->exec != AGX_EXEC_FULL)
		return -EINVAL;

	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->config = *config;
	node->config.gpu = NULL; /* may not outlive the call */
	node->config.firmware = NULL;
	node->config.inject = NULL;
	if (!node->config.memory_limit)
		node->config.memory_limit = AGX_NODE_DEFAULT_MEMORY;
	node->uaccess = config->uaccess ? config->uaccess : &agx_uaccess_trusted;
	node->engine = &agx_engine_core;
	node->pid = getpid();
	node->random = 0x9e3779b9;
	list_init(&node->files);
	for (i = 0; i < AGX_DMABUF_BUCKETS; i++)
		list_init(&node->dmabufs[i]);
	pthread_mutex_init(&node->lock, NULL);

	err = check_rules(node, config->inject);
	if (!err)
		err = choose_device(node, gpu, config->firmware);
	if (err)
		goto free_node;
	err = create_ram(node);
	/* Nobody asked for this much: where address space is limited less will do. */
	while (err == -ENOMEM && !config->memory_limit &&
	       node->config.memory_limit > LEAST_DEFAULT_MEMORY) {
		node->config.memory_limit /= 2;
		err = create_ram(node);
	}
	if (err) {
		agx_node_log(node, AGX_NODE_LOG_ERROR, "cannot make %llu bytes of RAM: %s",
			     (unsigned long long)node->config.memory_limit, strerror(-err));
		goto free_node;
	}
	err = agx_sched_create(node, &node->sched);
	if (err)
		goto destroy_ram;

	*out = node;
	return 0;

destroy_ram:
	agx_ram_destroy(node->ram);
free_node:
	pthread_mutex_destroy(&node->lock);
	free(node->inject);
	free(node);
	return err;
}

void agx_node_free(struct agx_node *node)
{
	agx_ram_destroy(node->ram);
	pthread_mutex_destroy(&node->lock);
	free(node->inject);
	free(node);
}

void agx_node_destroy(struct agx_node *node)
{
	bool last;

	if (!node)
		return;
	agx_sched_destroy(node->sched);
	agx_node_lock(node);
	node->sched = NULL;
	if (node->machine) {
		agx_engine_stop(node);
		agx_machine_destroy(node->machine);
	}
	node->destroyed = true;
	last = !node->stats.live_bos;
	agx_node_unlock(node);
	if (last)
		agx_node_free(node);
}

void agx_node_stats(struct agx_node *node, struct agx_node_stats *stats)
{
	agx_node_lock(node);
	*stats = node->stats;
	if (node->machine)
		stats->injected = agx_machine_injected(node->machine);
	agx_node_unlock(node);
}

void agx_node_settle(struct agx_node *node)
{
	bool computing = true;

	while (computing) {
		agx_node_lock(node);
		computing = node->machine && agx_chip_computing(node->machine->chip);
		if (computing)
			node->engine->poll(node);
		agx_node_unlock(node);
	}
}

void agx_node_busy(struct agx_node *node)
{
	agx_node_lock(node);
	if (node->machine && node->config.trouble)
		agx_machine_busy(node->machine);
	agx_node_unlock(node);
}

void agx_node_step(struct agx_node *node)
{
	agx_node_lock(node);
	agx_sched_step_locked(node);
	agx_sched_skip_locked(node, INT64_MAX);
	agx_node_unlock(node);
}

int agx_file_open(struct agx_node *node, struct agx_file **out)
{
	struct agx_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->node = node;
	atomic_init(&file->refs, 1);

	agx_node_lock(node);
	file->syncobjs = agx_syncobj_table_create(node);
	if (file->syncobjs) {
		list_add_tail(&file->link, &node->files);
		node->stats.live_files++;
	}
	agx_node_unlock(node);

	if (!file->syncobjs) {
		free(file);
		return -ENOMEM;
	}
	*out = file;
	return 0;
}

struct agx_file *agx_file_get(struct agx_file *file)
{
	atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
	return file;
}

/* The order is that of drm_file_free(): what uses buffers goes before them. */
static void close_file(struct agx_file *file)
{
	struct agx_node *node = file->node;
	uint32_t id;
	void *ptr;

	agx_node_lock(node);
	for (id = 0; (ptr = agx_idr_next(&file->queues, &id)); id++)
		agx_queue_close(ptr);
	for (id = 0; (ptr = agx_idr_next(&file->vms, &id)); id++)
		agx_vm_close(ptr);
	agx_sched_poll_locked(node);
	for (id = 0; (ptr = agx_idr_next(&file->objects, &id)); id++)
		agx_object_put(ptr);
	for (id = 0; agx_idr_next(&file->handles, &id); id++)
		agx_bo_close_handle(file, id);
	agx_syncobj_table_destroy(file->syncobjs);
	list_del(&file->link);
	node->stats.live_files--;
	agx_node_unlock(node);

	agx_idr_finish(&file->queues);
	agx_idr_finish(&file->vms);
	agx_idr_finish(&file->objects);
	agx_idr_finish(&file->handles);
	free(file);
}

void agx_file_put(struct agx_file *file)
{
	if (file && atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) == 1)
		close_file(file);
}

void agx_node_fork_prepare(struct agx_node *node)
{
	agx_node_lock(node);
}

void agx_node_fork_parent(struct agx_node *node)
{
	agx_node_unlock(node);
}

void agx_node_fork_child(struct agx_node *node)
{
	node->pid = getpid();
	agx_ram_fork_child(node->ram);
	agx_sched_fork_child_locked(node);
	agx_node_unlock(node);
}
