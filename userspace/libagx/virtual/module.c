// SPDX-License-Identifier: MIT
/*
 * libagx-virtual.so: a node with its machine for each device of the library.
 *
 * Each device has a node of its own, so that devices are as independent as two machines are, down
 * to their faults; dma-bufs and sync files are descriptors of the kernel and go from one to the
 * other as they do between processes.
 */
#include "module.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_node.h"
#include "agx_soc.h"

/* An object's memory that the library has, as often as it was asked for. */
struct mapping {
	const void *memory;
	struct agx_bo *bo;
	unsigned int count;
};

struct virtual_gpu {
	struct virtual_gpu *next, **link;
	struct virtual_config config;
	struct agx_node *node;
	struct agx_file *file;
	pthread_mutex_t lock; /* of mappings */
	void *mappings;       /* a tree by memory */
	char *error;          /* while it is made: room for why it fails */
	size_t error_size;
};

/* All of the process, for fork(). Before any other lock. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct virtual_gpu *list;
static bool handlers;

static void fork_prepare(void)
{
	pthread_mutex_lock(&list_lock);
	for (struct virtual_gpu *gpu = list; gpu; gpu = gpu->next) {
		pthread_mutex_lock(&gpu->lock);
		agx_node_fork_prepare(gpu->node);
	}
}

static void fork_parent(void)
{
	for (struct virtual_gpu *gpu = list; gpu; gpu = gpu->next) {
		agx_node_fork_parent(gpu->node);
		pthread_mutex_unlock(&gpu->lock);
	}
	pthread_mutex_unlock(&list_lock);
}

static void fork_child(void)
{
	for (struct virtual_gpu *gpu = list; gpu; gpu = gpu->next) {
		agx_node_fork_child(gpu->node);
		pthread_mutex_unlock(&gpu->lock);
	}
	pthread_mutex_unlock(&list_lock);
}

static int list_gpus(unsigned int index, const char **name, const char **product, uint32_t *chip_id)
{
	const struct agx_soc *soc = agx_soc_get(index);

	if (!soc)
		return -ENOENT;
	*name = soc->name;
	*product = soc->product;
	*chip_id = soc->chip_id;
	return 0;
}

static void pass_log(void *data, enum agx_node_log_level level, const char *message)
{
	static const enum virtual_log_level levels[] = {
		[AGX_NODE_LOG_ERROR] = VIRTUAL_LOG_ERROR,
		[AGX_NODE_LOG_WARN] = VIRTUAL_LOG_WARN,
		[AGX_NODE_LOG_DEBUG] = VIRTUAL_LOG_DEBUG,
		[AGX_NODE_LOG_MACHINE] = VIRTUAL_LOG_DEBUG,
	};
	struct virtual_gpu *gpu = data;

	if (gpu->error) {
		if (level == AGX_NODE_LOG_ERROR)
			snprintf(gpu->error, gpu->error_size, "%s", message);
		return;
	}
	if (gpu->config.log)
		gpu->config.log(gpu->config.data, levels[level], message);
}

static void pass_finding(void *data, const struct agx_node_finding *finding)
{
	struct virtual_gpu *gpu = data;

	gpu->config.finding(gpu->config.data, finding->name, finding->text);
}

/* Where in the work of which submission, behind what there is of it in text. */
static void place_text(const struct agx_node_place *place, char *text, size_t size)
{
	size_t used = strlen(text);

	if (!place->known) {
		snprintf(text + used, size - used, ", at work that is not known any more");
		return;
	}
	snprintf(text + used, size - used, ", in submission %llu, command %u, %s",
		 (unsigned long long)place->submit, place->command, place->unit);
	used = strlen(text);
	if (place->item[0] && used < size)
		snprintf(text + used, size - used, " %s %u", place->item, place->number);
	used = strlen(text);
	if (place->shader && used < size)
		snprintf(text + used, size - used, ", shader at %#llx",
			 (unsigned long long)place->shader);
}

static void pass_trouble(void *data, const struct agx_node_trouble *trouble)
{
	struct virtual_gpu *gpu = data;
	char text[256];

	if (!gpu->config.log || trouble->kind == AGX_NODE_BUSY)
		return;
	if (trouble->kind == AGX_NODE_FAULT)
		snprintf(text, sizeof(text), "fault: %s of %#llx for %s",
			 trouble->read ? "read" : "write", (unsigned long long)trouble->address,
			 trouble->what);
	else
		snprintf(text, sizeof(text), "timeout: a unit did not get on and was stopped");
	place_text(&trouble->place, text, sizeof(text));
	gpu->config.log(gpu->config.data, VIRTUAL_LOG_WARN, text);
}

static int check_gpu(const char *name, char *message, size_t size)
{
	const struct agx_soc *soc;
	char known[128] = "";

	if (!name || agx_soc_find(name))
		return 0;
	for (unsigned int i = 0; (soc = agx_soc_get(i)); i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", soc->name);
	}
	snprintf(message, size, "one of %s expected, got \"%.40s\"", known, name);
	return -ENODEV;
}

static void enlist(struct virtual_gpu *gpu)
{
	pthread_mutex_lock(&list_lock);
	/*
	 * Without handlers a forked child's devices do not work: nothing that a parent has to fail
	 * for.
	 */
	if (!handlers)
		handlers = !pthread_atfork(fork_prepare, fork_parent, fork_child);
	gpu->next = list;
	gpu->link = &list;
	if (list)
		list->link = &gpu->next;
	list = gpu;
	pthread_mutex_unlock(&list_lock);
}

static void delist(struct virtual_gpu *gpu)
{
	pthread_mutex_lock(&list_lock);
	*gpu->link = gpu->next;
	if (gpu->next)
		gpu->next->link = gpu->link;
	pthread_mutex_unlock(&list_lock);
}

static int create(const struct virtual_config *config, struct virtual_gpu **out, char *message,
		  size_t size)
{
	struct agx_node_config node = {
		.gpu = config->gpu,
		.firmware = config->firmware,
		.exec = config->no_execution ? AGX_EXEC_NONE : AGX_EXEC_FULL,
		.exec_threads = config->threads,
		.memory_limit = config->memory,
		.critic = config->judge,
		.log = pass_log,
		.finding = config->finding ? pass_finding : NULL,
		.trouble = pass_trouble,
	};
	struct virtual_gpu *gpu;
	int ret;

	ret = check_gpu(config->gpu, message, size);
	if (ret)
		return ret;
	gpu = calloc(1, sizeof(*gpu));
	if (!gpu)
		return -ENOMEM;
	node.log_data = gpu;
	node.finding_data = gpu;
	node.trouble_data = gpu;
	gpu->config = *config;
	gpu->config.gpu = NULL; /* may not outlive the call */
	gpu->config.firmware = NULL;
	gpu->error = message;
	gpu->error_size = size;
	ret = -pthread_mutex_init(&gpu->lock, NULL);
	if (ret)
		goto free_gpu;
	ret = agx_node_create(&node, &gpu->node);
	if (ret) {
		if (!message[0] && ret == -EINVAL)
			snprintf(message, size, "memory: %llu bytes are out of range",
				 (unsigned long long)config->memory);
		goto destroy_lock;
	}
	ret = agx_file_open(gpu->node, &gpu->file);
	if (ret)
		goto destroy_node;
	gpu->error = NULL;
	enlist(gpu);
	*out = gpu;
	return 0;

destroy_node:
	agx_node_destroy(gpu->node);
destroy_lock:
	pthread_mutex_destroy(&gpu->lock);
free_gpu:
	free(gpu);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const struct mapping *left = a, *right = b;

	return (left->memory > right->memory) - (left->memory < right->memory);
}

static void free_mapping(void *item)
{
	struct mapping *mapping = item;

	while (mapping->count--)
		agx_bo_put(mapping->bo);
	free(mapping);
}

static void destroy(struct virtual_gpu *gpu)
{
	delist(gpu);
	tdestroy(gpu->mappings, free_mapping);
	agx_file_put(gpu->file);
	agx_node_destroy(gpu->node);
	pthread_mutex_destroy(&gpu->lock);
	free(gpu);
}

static long file_ioctl(struct virtual_gpu *gpu, unsigned long request, void *arg)
{
	return agx_file_ioctl(gpu->file, request, (uintptr_t)arg);
}

static int add_mapping(struct virtual_gpu *gpu, struct agx_bo *bo, const void *memory)
{
	struct mapping *mapping = malloc(sizeof(*mapping)), **found;

	if (!mapping)
		return -ENOMEM;
	*mapping = (struct mapping){.memory = memory, .bo = bo, .count = 1};
	found = tsearch(mapping, &gpu->mappings, compare);
	if (found && *found == mapping)
		return 0;
	free(mapping);
	if (!found)
		return -ENOMEM;
	(*found)->count++;
	return 0;
}

/* The object's memory as the node has it: nothing has to be mapped a second time. */
static int map_memory(struct virtual_gpu *gpu, uint64_t offset, size_t size, void **map)
{
	struct agx_mmap mmap;
	void *memory;
	int ret;

	ret = agx_file_mmap(gpu->file, offset, size, &mmap);
	if (ret)
		return ret;
	memory = agx_bo_memory(mmap.bo);
	pthread_mutex_lock(&gpu->lock);
	ret = add_mapping(gpu, mmap.bo, memory);
	pthread_mutex_unlock(&gpu->lock);
	if (ret)
		agx_bo_put(mmap.bo);
	else
		*map = memory;
	return ret;
}

static void unmap_memory(struct virtual_gpu *gpu, void *map)
{
	const struct mapping wanted = {.memory = map};
	struct mapping **found, *mapping;
	struct agx_bo *bo = NULL;

	pthread_mutex_lock(&gpu->lock);
	found = tfind(&wanted, &gpu->mappings, compare);
	mapping = found ? *found : NULL;
	if (mapping) {
		bo = mapping->bo;
		if (!--mapping->count) {
			tdelete(mapping, &gpu->mappings, compare);
			free(mapping);
		}
	}
	pthread_mutex_unlock(&gpu->lock);
	if (bo)
		agx_bo_put(bo);
}

static long fd_ioctl(struct virtual_gpu *gpu, int fd, unsigned long request, void *arg)
{
	if (_IOC_TYPE(request) == DMA_BUF_BASE)
		return agx_node_dmabuf_ioctl(gpu->node, fd, request, (uintptr_t)arg);
	return agx_node_syncfile_ioctl(gpu->node, fd, request, (uintptr_t)arg);
}

static void close_fd(struct virtual_gpu *gpu, int fd)
{
	agx_node_close_fd(gpu->node, fd);
}

extern const struct virtual_module libagx_virtual_module;

__attribute__((visibility("default"))) const struct virtual_module libagx_virtual_module = {
	.version = LIBAGX_VIRTUAL_VERSION,
	.size = sizeof(struct virtual_module),
	.list = list_gpus,
	.create = create,
	.destroy = destroy,
	.ioctl = file_ioctl,
	.map = map_memory,
	.unmap = unmap_memory,
	.fd_ioctl = fd_ioctl,
	.close_fd = close_fd,
};
