/* SPDX-License-Identifier: MIT */
/* Devices: finding, watching, opening, and what they are. */
#ifndef AGX_DEVICE_H
#define AGX_DEVICE_H

#include <agx/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum agx_device_kind {
	AGX_DEVICE_NODE,    /* a render node of the asahi driver: real, or what looks so */
	AGX_DEVICE_VIRTUAL, /* a modelled GPU within this process */
};

struct agx_device_entry {
	enum agx_device_kind kind;
	char name[32];    /* what agx_device_open() takes: "renderD128", "t8103" */
	char path[64];    /* of a node: "/dev/dri/renderD128"; "" of a virtual GPU */
	char product[32]; /* "M1", "" if it is not known */
	uint32_t chip_id; /* 0x8103 */
};

/*
 * Finds devices: first the nodes (by libudev, and what libdrm sees beyond that), then the virtual
 * GPUs, if the library was installed with them. Writes up to max entries; returns how many there
 * are, which may be more. entries may be NULL when max is 0.
 */
AGX_API int agx_device_list(struct agx_context *ctx, struct agx_device_entry *entries,
			    unsigned int max);

/* Watches nodes come and go (libudev). */
struct agx_monitor;

enum agx_monitor_action {
	AGX_MONITOR_ADDED,
	AGX_MONITOR_REMOVED
};

struct agx_monitor_event {
	enum agx_monitor_action action;
	char name[32]; /* "renderD128" */
	char path[64];
};

/* -ENOSYS: the library was built without libudev. */
AGX_API int agx_monitor_create(struct agx_context *ctx, struct agx_monitor **monitor);
AGX_API void agx_monitor_destroy(struct agx_monitor *monitor);

/* A descriptor to poll for reading; the monitor's own. */
AGX_API int agx_monitor_fd(const struct agx_monitor *monitor);

/*
 * The next event that has happened: 1, or 0 when there is none. Of a node that came the driver is
 * looked at, of one that went only the name is left: it may have been another driver's.
 */
AGX_API int agx_monitor_next(struct agx_monitor *monitor, struct agx_monitor_event *event);

struct agx_device;

/*
 * Opens a device by name: a path ("/dev/dri/renderD128"), a node's name ("renderD128"), a virtual
 * GPU ("t8103", "t8103@13.5" with a version of the firmware), or "virtual" for the first of these.
 * NULL: what the environment variable AGX_DEVICE names, or else the first node found, or else
 * "virtual"; agx_device_is_virtual() tells. A node of an Apple GPU that is there and cannot be
 * opened is an error then, for instance -EACCES, and not passed over. -ENODEV: there is none of
 * that name, or it is another driver's; -EINVAL: a firmware that the GPU does not have; -ENOSYS:
 * there are no virtual GPUs in this installation.
 */
AGX_API int agx_device_open(struct agx_context *ctx, const char *name, struct agx_device **device);

/* On an open node. The descriptor is duplicated, and stays the caller's. */
AGX_API int agx_device_open_fd(struct agx_context *ctx, int fd, struct agx_device **device);

/* Something that the models of firmware and GPU say against what was submitted. */
typedef void (*agx_finding_fn)(void *data, const char *name, const char *text);

struct agx_virtual_params {
	const char *gpu;      /* "t8103"; NULL: the first */
	const char *firmware; /* "12.3"; NULL: the oldest that the GPU has */
	bool no_execution;    /* commands come to their end without being executed */
	bool judge;           /* everything that commands lead to is judged: takes time */
	unsigned int threads; /* of the host that execute; 0: one for each CPU */
	uint64_t memory;      /* limit of all buffers together; 0: 16 GiB */

	/* NULL: findings are warnings in the log. Called from any thread; must not call back. */
	agx_finding_fn finding;
	void *finding_data;
};

/*
 * A virtual GPU within this process, a machine of its own: devices share nothing but what is
 * exported from one and imported into the other. params may be NULL. Errors as above. After a
 * fork() both processes have the device: buffers that were there are shared, work that was under
 * way counts as done in the child, and from then on the two are independent. (The rest of the
 * library has no handlers of fork(): no other thread may be in it then.)
 */
AGX_API int agx_device_open_virtual(struct agx_context *ctx,
				    const struct agx_virtual_params *params,
				    struct agx_device **device);

/* Objects that were made of the device keep it open until they are ended. */
AGX_API void agx_device_close(struct agx_device *device);

/* Is it a modelled GPU within this process? What is behind a node does not count. */
AGX_API bool agx_device_is_virtual(const struct agx_device *device);

/* The node's descriptor, borrowed; -1 of a virtual GPU, which has none. */
AGX_API int agx_device_fd(const struct agx_device *device);

#define AGX_MAX_CLUSTERS 64

/* GET_PARAMS in a typed form. */
struct agx_device_params {
	char name[32];    /* "t8103"; "" for a chip that is not known */
	char product[32]; /* "M1" */
	uint32_t chip_id;
	unsigned int generation; /* 13, 14 */
	char variant;            /* 'P', 'G', 'S', 'C', 'D' */
	unsigned int revision;   /* 0x11 is B1 */
	unsigned int dies, clusters, cores_per_cluster;
	unsigned int cores; /* that are there, of all clusters */
	uint64_t core_masks[AGX_MAX_CLUSTERS];
	uint32_t max_frequency_khz;
	uint64_t va_start, va_end; /* addresses that userspace can use: [start, end) */
	uint64_t kernel_range;     /* bytes of these that the kernel wants of each VM */
	unsigned int max_commands; /* of a submission */
	unsigned int max_attachments;
	uint64_t timestamp_hz; /* of command timestamps and agx_device_time() */
	bool soft_faults;      /* reads of unmapped addresses give zero, writes nothing */
};

/* Lives as long as the device. */
AGX_API const struct agx_device_params *agx_device_params(const struct agx_device *device);

/* The GPU's clock now, in ticks of timestamp_hz. */
AGX_API int agx_device_time(struct agx_device *device, uint64_t *ticks);

/* Ticks as nanoseconds. */
AGX_API uint64_t agx_device_ticks_to_ns(const struct agx_device *device, uint64_t ticks);

#ifdef __cplusplus
}
#endif

#endif
