// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "agx_node.h"
#include "agxt_format.h"
#include "exec_gpu.h"
#include "pairs.h"
#include "replay_target.h"
#include "usage.h"

struct virtual_target;

/* A recorded process. */
struct process {
	struct virtual_target *target;
	struct agx_node *node;
	uint32_t stream;
};

struct virtual_target {
	struct agx_replay_target base;
	struct process processes[AGXT_MAX_STREAMS];
	struct replay_virtual_params params;
	char soc[16];
	bool told_busy; /* which units had not ended when a file was closed */
};

/* The node's access functions have no context: the one target of the process. */
static struct virtual_target *current;

static bool in_window(uint64_t address, size_t size)
{
	uint64_t start = (uintptr_t)current->base.window;

	return address >= start && size <= current->base.window_size &&
	       address - start <= current->base.window_size - size;
}

static int copy_from(void *dst, uint64_t src, size_t size)
{
	if (!in_window(src, size))
		return -EFAULT;
	memcpy(dst, (const void *)(uintptr_t)src, size);
	return 0;
}

static int copy_to(uint64_t dst, const void *src, size_t size)
{
	if (!in_window(dst, size))
		return -EFAULT;
	memcpy((void *)(uintptr_t)dst, src, size);
	return 0;
}

static const struct agx_uaccess window_access = {
	.copy_from = copy_from,
	.copy_to = copy_to,
};

/* Time starts above 0, so that no deadline of 0 lies in the future. */
static uint64_t recorded_now(void *data)
{
	const struct virtual_target *v = data;

	return v->base.now + 1;
}

static void print_log(void *data, enum agx_node_log_level level, const char *message)
{
	fprintf(stderr, "node: %s%s\n", level == AGX_NODE_LOG_DEBUG ? "refused: " : "", message);
}

static void pass_transcript(void *data, const char *line)
{
	const struct process *process = data;
	const struct virtual_target *v = process->target;

	v->params.transcript(v->params.data, v->base.streams > 1, process->stream, line);
}

static void pass_finding(void *data, const struct agx_node_finding *finding)
{
	const struct virtual_target *v = data;

	v->params.finding(v->params.data, finding);
}

static void pass_trouble(void *data, const struct agx_node_trouble *trouble)
{
	struct virtual_target *v = data;

	v->told_busy |= trouble->kind == AGX_NODE_BUSY;
	v->params.trouble(v->params.data, trouble);
}

static uint64_t submit_number(void *data)
{
	const struct virtual_target *v = data;

	return v->base.submit;
}

static uint64_t submit_tag(void *data)
{
	const struct virtual_target *v = data;

	return v->base.call;
}

static void pass_launch(void *data, const struct agx_node_launch *from)
{
	const struct virtual_target *v = data;
	struct agx_replay_result *results = calloc(from->count + 1, sizeof(*results));
	struct agx_replay_launch launch = {
		.call = from->tag,
		.command = from->place.command,
		.launch = from->place.number,
		.shader = from->place.shader,
		.code = {from->what->code[0], from->what->code[1]},
		.file = from->file,
		.lost = from->lost || !results,
		.results = results,
		.count = results ? from->count : 0,
	};

	for (uint32_t i = 0; i < launch.count; i++) {
		const struct agx_node_result *result = &from->results[i];

		results[i] = (struct agx_replay_result){
			.handle = result->handle,
			.offset = result->offset,
			.size = result->size,
			.address = result->address,
			.changed = result->changed,
			.start = result->start,
			.memory = result->memory,
			.mask = result->mask,
		};
		memcpy(results[i].digest, result->digest, sizeof(results[i].digest));
	}
	if (v->params.usage) {
		agx_usage_add(v->params.usage, from->what->preamble);
		agx_usage_add(v->params.usage, from->what->program);
	}
	if (v->base.launched)
		v->base.launched(v->base.launched_data, &launch);
	free(results);
}

static int node_of(struct virtual_target *v, uint32_t stream, struct agx_node **node)
{
	struct process *process = &v->processes[stream < AGXT_MAX_STREAMS ? stream : 0];
	struct agx_node_config config = {
		.gpu = v->soc,
		.firmware = v->params.firmware,
		.inject = v->params.inject,
		.critic = v->params.critic,
		.exec = v->params.exec ? AGX_EXEC_FULL : AGX_EXEC_NONE,
		.watch = v->params.watch,
		.exec_threads = v->params.exec_threads,
		.exec_order = v->params.exec_order,
		.memory_limit = v->params.memory_limit,
		.single_step = true,
		.alone = v->base.streams == 1,
		.now = recorded_now,
		.now_data = v,
		.uaccess = &window_access,
		.log = v->params.verbose ? print_log : NULL,
		.transcript = v->params.transcript ? pass_transcript : NULL,
		.transcript_data = process,
		.finding = v->params.finding ? pass_finding : NULL,
		.finding_data = v,
		.trouble = v->params.trouble ? pass_trouble : NULL,
		.trouble_data = v,
		.submit_number = submit_number,
		.submit_number_data = v,
		.launched = v->params.exec ? pass_launch : NULL,
		.launched_data = v,
		.results = true,
		.submit_tag = submit_tag,
		.submit_tag_data = v,
	};
	int ret = 0;

	if (stream >= AGXT_MAX_STREAMS)
		return -EINVAL;
	if (!process->node) {
		process->target = v;
		process->stream = stream;
		ret = agx_node_create(&config, &process->node);
	}
	*node = process->node;
	return ret;
}

static int virtual_begin(struct agx_replay_target *target, const char *soc, char *message,
			 size_t size)
{
	struct virtual_target *v = (struct virtual_target *)target;
	struct agx_node *node;
	int ret;

	ret = pairs_find(soc, v->params.firmware, NULL, message, size);
	if (ret)
		return ret;
	snprintf(v->soc, sizeof(v->soc), "%s", soc);
	ret = node_of(v, 0, &node);
	if (ret)
		snprintf(message, size, "the virtual node cannot be made: %s", strerror(-ret));
	return ret;
}

static int virtual_open(struct agx_replay_target *target, uint32_t stream, void **file)
{
	struct agx_file *opened;
	struct agx_node *node;
	int ret;

	ret = node_of((struct virtual_target *)target, stream, &node);
	if (ret)
		return ret;
	ret = agx_file_open(node, &opened);
	if (ret >= 0)
		*file = opened;
	return ret;
}

/* Work that goes on is worth to be told before its file's end takes it away. */
static void tell_busy(struct virtual_target *v)
{
	for (size_t i = 0; i < AGXT_MAX_STREAMS && !v->told_busy; i++)
		if (v->processes[i].node)
			agx_node_busy(v->processes[i].node);
}

static void virtual_close(struct agx_replay_target *target, void *file)
{
	struct virtual_target *v = (struct virtual_target *)target;

	if (v->params.trouble)
		tell_busy(v);
	agx_file_put(file);
}

static long virtual_ioctl(struct agx_replay_target *target, void *file, uint32_t request, void *arg)
{
	return agx_file_ioctl(file, request, (uintptr_t)arg);
}

static long virtual_fd_ioctl(struct agx_replay_target *target, uint32_t stream, int fd,
			     bool sync_file, uint32_t request, void *arg)
{
	struct agx_node *node;
	int ret;

	ret = node_of((struct virtual_target *)target, stream, &node);
	if (ret)
		return ret;
	if (sync_file)
		return agx_node_syncfile_ioctl(node, fd, request, (uintptr_t)arg);
	return agx_node_dmabuf_ioctl(node, fd, request, (uintptr_t)arg);
}

static void virtual_close_fd(struct agx_replay_target *target, uint32_t stream, int fd)
{
	struct agx_node *node;

	if (!node_of((struct virtual_target *)target, stream, &node))
		agx_node_close_fd(node, fd);
}

static int virtual_map(struct agx_replay_target *target, void *file, uint64_t offset, uint64_t size,
		       struct agx_replay_mapping *mapping)
{
	struct agx_mmap map;
	int ret;

	ret = agx_file_mmap(file, offset, size, &map);
	if (ret < 0)
		return ret;
	*mapping = (struct agx_replay_mapping){
		.pointer = agx_bo_memory(map.bo),
		.size = size,
		.cookie = map.bo,
	};
	return 0;
}

static void virtual_unmap(struct agx_replay_target *target,
			  const struct agx_replay_mapping *mapping)
{
	agx_bo_put(mapping->cookie);
}

static const struct agx_replay_target_ops virtual_ops = {
	.begin = virtual_begin,
	.open = virtual_open,
	.close = virtual_close,
	.ioctl = virtual_ioctl,
	.fd_ioctl = virtual_fd_ioctl,
	.close_fd = virtual_close_fd,
	.map = virtual_map,
	.unmap = virtual_unmap,
};

struct agx_replay_target *replay_target_virtual_create(const struct replay_virtual_params *params)
{
	struct virtual_target *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->base.ops = &virtual_ops;
	if (params)
		v->params = *params;
	v->base.executes = v->params.exec;
	current = v;
	return &v->base;
}

void replay_target_virtual_troubles(struct agx_replay_target *target,
				    struct replay_virtual_troubles *troubles)
{
	struct virtual_target *v = (struct virtual_target *)target;
	struct agx_node_stats stats;
	size_t i;

	*troubles = (struct replay_virtual_troubles){0};
	for (i = 0; i < AGXT_MAX_STREAMS; i++) {
		if (!v->processes[i].node)
			continue;
		agx_node_stats(v->processes[i].node, &stats);
		troubles->faults += stats.faults;
		troubles->timeouts += stats.timeouts;
		troubles->restarts += stats.restarts;
	}
}

void replay_target_virtual_destroy(struct agx_replay_target *target)
{
	struct virtual_target *v = (struct virtual_target *)target;
	size_t i;

	if (!v)
		return;
	for (i = 0; i < AGXT_MAX_STREAMS; i++)
		if (v->processes[i].node)
			agx_node_destroy(v->processes[i].node);
	if (current == v)
		current = NULL;
	free(v);
}
