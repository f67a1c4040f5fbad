// SPDX-License-Identifier: MIT
/*
 * Virtual GPUs that judge, one of each sort: those that execute, and those that take launches of
 * any size because they do not. Making one takes longer than a sequence.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static const char *const gpus[] = {"t8103", "t6021", "t8112", "t6002"};

#define GPUS (sizeof(gpus) / sizeof(gpus[0]))

struct sequence_device {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_timestamps *stamps; /* for others to be wrong with */
	struct agx_vm *vm;             /* theirs */
	pthread_mutex_t lock;          /* of finding */
	char finding[512], taken[512];
	bool found;
};

static struct sequence_device devices[GPUS][2];

static void finding(void *data, const char *name, const char *text)
{
	struct sequence_device *d = data;

	pthread_mutex_lock(&d->lock);
	if (!d->found)
		snprintf(d->finding, sizeof(d->finding), "%s: %s", name, text);
	d->found = true;
	pthread_mutex_unlock(&d->lock);
}

static void message(void *data, enum agx_log_level level, const char *text)
{
	(void)data;
	(void)level;
	fprintf(stderr, "# %s\n", text);
}

static void open_device(struct sequence_device *d, unsigned int gpu, bool executes)
{
	const struct agx_virtual_params params = {
		.gpu = gpus[gpu],
		.judge = true,
		.no_execution = !executes,
		.threads = 1,
		.memory = 4ull << 30,
		.finding = finding,
		.finding_data = d,
	};
	const struct agx_context_params context = {
		.log = message,
		.level = getenv("AGX_TEST_LOG") ? AGX_LOG_DEBUG : AGX_LOG_WARN,
	};

	pthread_mutex_init(&d->lock, NULL);
	if (agx_context_create(&context, &d->ctx) ||
	    agx_device_open_virtual(d->ctx, &params, &d->device) ||
	    agx_vm_create(d->device, &d->vm) || agx_timestamps_create(d->vm, 4, &d->stamps)) {
		fprintf(stderr, "no device: %s\n", d->ctx ? agx_error(d->ctx) : "no context");
		exit(2);
	}
}

struct sequence_device *sequence_device(unsigned int gpu, bool executes)
{
	struct sequence_device *d = &devices[gpu % GPUS][executes];

	if (!d->device)
		open_device(d, gpu % GPUS, executes);
	return d;
}

struct agx_timestamps *sequence_foreign_stamps(struct sequence_device *device)
{
	const bool executes = device != &devices[0][1];

	return sequence_device(0, executes)->stamps;
}

struct agx_context *sequence_context(const struct sequence_device *device)
{
	return device->ctx;
}

struct agx_device *sequence_agx(const struct sequence_device *device)
{
	return device->device;
}

const char *sequence_finding(struct sequence_device *device)
{
	bool found;

	pthread_mutex_lock(&device->lock);
	found = device->found;
	device->found = false;
	memcpy(device->taken, device->finding, sizeof(device->taken));
	pthread_mutex_unlock(&device->lock);
	return found ? device->taken : NULL;
}

void sequence_finish(void)
{
	for (unsigned int i = 0; i < 2 * GPUS; i++) {
		struct sequence_device *d = &devices[i / 2][i % 2];

		if (!d->device)
			continue;
		agx_timestamps_destroy(d->stamps);
		agx_vm_destroy(d->vm);
		agx_device_close(d->device);
		agx_context_destroy(d->ctx);
		pthread_mutex_destroy(&d->lock);
		memset(d, 0, sizeof(*d));
	}
}
