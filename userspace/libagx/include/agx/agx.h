/* SPDX-License-Identifier: MIT */
/*
 * libagx: a library for people who write to the hardware of Apple's AGX GPUs directly. It opens a
 * device (a Mac's render node, the virtual one of a process, or the one in a virtual machine),
 * allocates and binds memory, builds command buffers for compute and render work, and submits them
 * through the uAPI of Linux's asahi driver.
 *
 *	struct agx_context *ctx;
 *	struct agx_device *dev;
 *
 *	if (agx_context_create(NULL, &ctx) || agx_device_open(ctx, NULL, &dev))
 *		...
 *	printf("%s\n", agx_device_params(dev)->name);
 *
 * Conventions of all functions:
 *
 *   errors     A function that can fail returns 0 (or a count) on success and a negative errno on
 *              failure. agx_error() of the context then says what was wrong in a sentence. What
 *              fails leaves everything as it was, and can be tried again. -ENODEV from an open
 *              device: it is lost, for its firmware has died or it is gone, and its objects can be
 *              ended, no more.
 *   ownership  What X_create(), X_open() or X_import() makes is the caller's, who ends it with the
 *              function of the pair (X_destroy(), agx_device_close()). An object keeps what it was
 *              made of alive, so the order in which objects are ended does not matter. Ending NULL
 *              does nothing. Structures that are passed by pointer are read during the call only,
 *              and so is everything they point to, unless the function says otherwise.
 *   threads    There is no global state. Different contexts may be used by different threads at
 *              will. Of one context: devices, VMs, queues and syncs may be used by several threads
 *              at a time, and what does not change once it is made: buffers, images, shaders; a
 *              command buffer, a monitor, and the contents of a buffer, an image or timestamps are
 *              for one thread at a time, or locked by the caller. Nothing checks that. An object
 *              is ended by one thread when no other uses it any more.
 *   units      Sizes and offsets are bytes, times nanoseconds, addresses those of the GPU, unless
 *              the name says otherwise. Registers and uniforms are counted in halves of 16 bits,
 *              as the hardware does.
 *
 * Nothing here has run on a Mac: see docs/hardware-status.md.
 */
#ifndef AGX_AGX_H
#define AGX_AGX_H

#include <agx/base.h>
#include <agx/buffer.h>
#include <agx/command.h>
#include <agx/compute.h>
#include <agx/device.h>
#include <agx/format.h>
#include <agx/image.h>
#include <agx/layout.h>
#include <agx/queue.h>
#include <agx/render.h>
#include <agx/shader.h>
#include <agx/texture.h>
#include <agx/vm.h>

#endif
