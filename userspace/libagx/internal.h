/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the library share. Each structure is defined by the file that its part is named
 * for.
 */
#ifndef AGX_LIBAGX_INTERNAL_H
#define AGX_LIBAGX_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <agx/agx.h>

#include "backend.h"
#include "gem.h"

/* Descriptors, streams and the uAPI are written as the GPU and the kernel have them. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "libagx is for little-endian hosts, as all hosts of these GPUs are"
#endif

/*
 * context.c
 */

struct agx_context {
	atomic_uint references;
	atomic_uint_fast64_t generations; /* given to command buffers; each is another number */
	struct agx_context_params params;
	pthread_mutex_t lock; /* of error */
	char error[512];
};

struct agx_context *lib_context_get(struct agx_context *ctx);
void lib_context_put(struct agx_context *ctx);

/*
 * Keeps the message for agx_error(), and returns ret, a negative errno. ctx may be NULL: nothing is
 * kept.
 */
__attribute__((format(printf, 3, 4))) int lib_fail(struct agx_context *ctx, int ret,
						   const char *format, ...);

/* Does anybody read messages of this level? For callers to whom making them costs. */
static inline bool lib_logs(const struct agx_context *ctx, enum agx_log_level level)
{
	return ctx->params.log && level <= ctx->params.level;
}

__attribute__((format(printf, 3, 4))) void
lib_log(struct agx_context *ctx, enum agx_log_level level, const char *format, ...);

/*
 * device.c
 */

struct agx_device {
	atomic_uint references;
	struct agx_context *ctx;
	struct agx_backend *backend;
	struct agx_device_params params;
	struct lib_gem gem;
	bool g14x;     /* G14 with more than one cluster: streams have words that others do not */
	char name[64]; /* for messages */
};

struct agx_device *lib_device_get(struct agx_device *device);
void lib_device_put(struct agx_device *device);

/* GET_PARAMS, looked at before anybody believes it. name is for messages. */
int lib_read_params(struct agx_context *ctx, const char *name, struct agx_backend *backend,
		    struct agx_device_params *params);

/*
 * One ioctl of the device, or of a descriptor that it gave out; restarted when a signal interrupted
 * it. A negative errno on failure. Keeps no message: who calls knows what it was for.
 */
int lib_ioctl(struct agx_device *device, unsigned long request, void *arg);
int lib_fd_ioctl(struct agx_device *device, int fd, unsigned long request, void *arg);

/*
 * Why an ioctl of an open device failed, for messages: as strerror(), but for a device that is
 * lost.
 */
const char *lib_reason(int ret);

/*
 * vm.c
 */

struct agx_vm *lib_vm_get(struct agx_vm *vm);
void lib_vm_put(struct agx_vm *vm);
struct agx_context *lib_vm_context(const struct agx_vm *vm);

/*
 * buffer.c
 */

struct agx_buffer *lib_buffer_get(struct agx_buffer *buffer);
void lib_buffer_put(struct agx_buffer *buffer);
struct agx_vm *lib_buffer_vm(const struct agx_buffer *buffer);

/* agx_buffer_map() with an errno: 0, or a negative one with the message kept. */
int lib_buffer_map(struct agx_buffer *buffer, void **map);

/*
 * heap.c: small pieces of larger buffers, by address order, for shaders and lists. Thread-safe.
 */

/* size bytes in the VM's shader window, CPU-mapped; freed by lib_shader_memory_free(). */
int lib_shader_memory(struct agx_vm *vm, size_t size, size_t align, uint64_t *address, void **map);
void lib_shader_memory_free(struct agx_vm *vm, uint64_t address);

/*
 * queue.c
 */

/* Until a point of the queue's own timeline, as agx_sync_wait(), but no message is kept. */
int lib_queue_wait_point(struct agx_queue *queue, uint64_t point, uint64_t ns);
struct agx_queue *lib_queue_get(struct agx_queue *queue);
void lib_queue_put(struct agx_queue *queue);

/* Borrowed. Their places are of this device alone. */
struct agx_device *lib_timestamps_device(const struct agx_timestamps *timestamps);

/*
 * A binding of the timestamps' buffer as the uAPI wants it (GEM_BIND_OBJECT): handle and byte
 * offset of a place.
 */
int lib_timestamp_place(const struct agx_timestamps *timestamps, unsigned int index,
			uint32_t *handle, uint32_t *offset);

/*
 * cmdbuf.c
 */

/* Has it ended well, and is it of this VM? 0, or -EINVAL with the message kept. */
int lib_cmdbuf_check(struct agx_cmdbuf *cmdbuf, const struct agx_vm *vm);

/* Commands of it that the device counts against its limit. */
uint32_t lib_cmdbuf_commands(const struct agx_cmdbuf *cmdbuf);

/*
 * Copies the commands (as many bytes as agx_cmdbuf_bytes() says) for a submission in which *vdm
 * render and *cdm compute commands stand in front of them, and counts them. Returns the bytes.
 */
uint32_t lib_cmdbuf_append(const struct agx_cmdbuf *cmdbuf, void *to, uint32_t *vdm, uint32_t *cdm);

/* Room for what lib_cmdbuf_submitted() notes: it cannot fail after that. */
int lib_cmdbuf_submitting(struct agx_cmdbuf *cmdbuf);

/* It is part of a submission that signals point of the queue's timeline. */
void lib_cmdbuf_submitted(struct agx_cmdbuf *cmdbuf, struct agx_queue *queue, uint64_t point);

/*
 * shader.c
 */

/*
 * The parts of lists and launches that are the shader's own: USC addresses of program and preamble
 * (0: none).
 */
uint32_t lib_shader_usc(const struct agx_shader *shader);
uint32_t lib_shader_preamble_usc(const struct agx_shader *shader);
struct agx_vm *lib_shader_vm(const struct agx_shader *shader);

#endif
