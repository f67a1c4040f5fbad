/* SPDX-License-Identifier: MIT */
/*
 * A client with real work: a VM with control streams in it, a queue, and the smallest compute and
 * render commands that a GPU finds nothing wrong with. For tests and benchmarks: what may not fail aborts the program.
 */
#ifndef GPU_CLIENT_H
#define GPU_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_node.h"
#include "asahi_drm.h"

/* Addresses in the client's VM. */
#define CLIENT_STREAMS  0x100000000ull /* one page: control streams */
#define CLIENT_CDM      (CLIENT_STREAMS + 0x000)
#define CLIENT_CDM_END  (CLIENT_STREAMS + 0x008)
#define CLIENT_VDM      (CLIENT_STREAMS + 0x100)
#define CLIENT_USC      0x1100000000ull /* one page: programs */
#define CLIENT_UNMAPPED 0x5000000000ull /* nothing is there */

struct gpu_client {
	struct agx_node *node;
	struct agx_file *file;
	uint32_t vm, queue, streams, programs;
};

/* One command with its header, as it stands in a command buffer. */
struct client_compute {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};

struct client_render {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_render render;
};

/* Opens a file of the node and makes everything. */
void gpu_client_init(struct gpu_client *client, struct agx_node *node);
/* Closes it, which ends its objects. */
void gpu_client_finish(struct gpu_client *client);

uint32_t gpu_client_queue(struct gpu_client *client);
uint32_t gpu_client_syncobj(struct gpu_client *client);

struct client_compute client_compute(void);
/* width x height, 32x32 utiles, one sample and layer. */
struct client_render client_render(uint16_t width, uint16_t height);

/* Submits a command buffer; in and out are binary syncobjs or 0. The ioctl's result. */
long gpu_client_submit(struct gpu_client *client, uint32_t queue, const void *cmdbuf, uint32_t size,
		       uint32_t in, uint32_t out);

/* Waits until it signals, timeout in node time from now. The ioctl's result. */
long gpu_client_wait(struct gpu_client *client, uint32_t syncobj, int64_t abs_timeout);

/* The error on a syncobj's fence: 0 or a negative errno; 1: it has not signalled. */
int gpu_client_status(struct gpu_client *client, uint32_t syncobj);

#endif
