/* SPDX-License-Identifier: MIT */
/*
 * The virtual DRM node: what a process sees behind /dev/dri/renderD* of a
 * modelled Apple GPU. The asahi uAPI and the generic DRM ioctls are answered
 * in process, on kernel/core.
 *
 * Functions return 0 or a positive value on success and a negative errno on
 * failure, with the errno that the kernel driver would give. Everything here may
 * be called from any thread unless it says otherwise.
 */
#ifndef AGX_NODE_H
#define AGX_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct agx_bo;
struct agx_file;
struct agx_node;
struct agx_watch_config;

/* Access to the caller's memory: 0, or -EFAULT when any byte is inaccessible. */
struct agx_uaccess {
	int (*copy_from)(void *dst, uint64_t src, size_t size);
	int (*copy_to)(uint64_t dst, const void *src, size_t size);
};

/* Plain memcpy access, for callers whose pointers are known to be good (replay, tests). */
extern const struct agx_uaccess agx_uaccess_trusted;

enum agx_exec {
	AGX_EXEC_NONE, /* commands go through driver and firmware to a GPU that does nothing */
	AGX_EXEC_FULL, /* the same, to a GPU that executes compute commands */
};

enum agx_node_log_level {
	AGX_NODE_LOG_ERROR, /* the node itself is in trouble (out of memory, a host call failed) */
	AGX_NODE_LOG_WARN, /* the client did something that is not supported: unknown ioctl, command */
	AGX_NODE_LOG_DEBUG,   /* why an ioctl was refused */
	AGX_NODE_LOG_MACHINE, /* what the driver core and the firmware say */
};

/*
 * What of a client's work the GPU was at, as closely as it is known: the closest draw or launch, which may be
 * the one to come.
 */
struct agx_node_place {
	bool known; /* submit and command are; otherwise the command had ended, or was never recognised */
	uint64_t submit;  /* the submission, from 0: see agx_node_config.submit_number */
	uint32_t command; /* renders and launches of it, from 0 */
	const char *unit; /* "vertex", "fragment", "compute" */
	const char *item; /* "draw", "dispatch"; "" when none is known */
	uint32_t number;  /* of it in the command's control stream, from 0 */
	const char *
		stage; /* whose list and shader: "vertex", "background"...; "" when none is known */
	uint64_t list; /* GPU address of the list of USC words, 0: not known */
	uint64_t shader; /* GPU address of the code, 0: not known */
};

enum agx_node_trouble_kind {
	AGX_NODE_FAULT,
	AGX_NODE_TIMEOUT, /* a unit did not get on, and was stopped */
	AGX_NODE_BUSY,    /* a unit has not ended: agx_node_busy() */
};

/* The GPU was halted, and jobs fail for it. Strings live during the call only. */
struct agx_node_trouble {
	enum agx_node_trouble_kind kind;
	uint64_t address; /* FAULT: that could not be accessed */
	bool read;
	const char *what; /* FAULT: the GPU wanted there */
	struct agx_node_place place;
};

/* Something that the models of firmware and GPU have to say against what was written. */
struct agx_node_finding {
	unsigned int id;       /* of the model's findings.h and gpu_findings.h */
	const char *name;      /* of the id: "POINTER_NULL" */
	const char *text;      /* a sentence with all of this */
	uint64_t address;      /* of the member, for the firmware; or a mailbox message */
	const char *structure; /* as docs/firmware-interface.md names it */
	const char *field;     /* way to the member, "" when it is the whole */
	uint64_t expected, got;
	const struct agx_node_place *place; /* NULL: it is about no work of the GPU */
};

/*
 * What a launch changed in consecutive pages of an object. Bytes that were written with what they held count as not
 * changed; neither does what others than shaders write: the firmware's timestamps, the CPU.
 */
struct agx_node_result {
	uint32_t handle;       /* of the object in the file that submitted */
	uint64_t offset, size; /* in the object: from the first changed byte to the last */
	uint64_t address;      /* on the GPU, of offset */
	uint64_t changed;      /* bytes */
	uint8_t digest[16];    /* docs/trace-format.md: RESULT */

	/* The object from start, a multiple of 16 KiB, in whole pages; and a bit for each byte of it. */
	uint64_t start;
	const uint8_t *memory;
	const uint64_t *mask;
};

struct agx_exec_launch;

/* A launch of compute work that was executed. Valid during the call. */
struct agx_node_launch {
	struct agx_node_place place;
	uint64_t tag;                       /* of the submission: agx_node_config.submit_tag */
	struct agx_file *file;              /* that submitted; NULL: it is not known any more */
	const struct agx_exec_launch *what; /* model/gpu/exec_gpu.h */

	/* With agx_node_config.results; by object, in the order of memory, and by offset. */
	const struct agx_node_result *results;
	uint32_t count;
	bool lost; /* these are not all: no memory, or an object that has no handle any more */
};

struct agx_node_config {
	const char *gpu;      /* SoC name, NULL: t8103 */
	const char *firmware; /* "12.3", "12.4", "13.5"; NULL: the oldest that the SoC has */
	enum agx_exec exec;   /* what happens to submissions */
	unsigned int
		exec_threads;  /* of FULL: threads that execute threadgroups; 0: one for each CPU */
	uint64_t exec_order;   /* of FULL: seed of the order of threadgroups; 0: ascending */
	uint64_t memory_limit; /* bytes of RAM for buffer objects; 0: AGX_NODE_DEFAULT_MEMORY */
	bool single_step;      /* no worker thread: see agx_node_step() */

	/*
	 * No other node or process shares objects with this one, and nobody polls its sync files: these
	 * are then numbers without a descriptor behind them, to be closed with agx_node_close_fd(),
	 * and mappings are to be made with agx_bo_memory().
	 */
	bool alone;

	/* Time in nanoseconds for GET_TIME, timestamps and timeouts; NULL: CLOCK_MONOTONIC. */
	uint64_t (*now)(void *data);
	void *now_data;

	const struct agx_uaccess *uaccess; /* NULL: agx_uaccess_trusted */

	/* May be NULL. Called with internal locks held: must not call back into the node. */
	void (*log)(void *data, enum agx_node_log_level level, const char *message);
	void *log_data;

	/*
	 * What crosses the mailbox and the rings, line by line, and what the firmware finds wrong.
	 * May be NULL; called as log is, and strings live during the call only.
	 */
	void (*transcript)(void *data, const char *line);
	void *transcript_data;
	void (*finding)(void *data, const struct agx_node_finding *finding);
	void *finding_data;

	/* Called as finding is; may be NULL. */
	void (*trouble)(void *data, const struct agx_node_trouble *trouble);
	void *trouble_data;

	/*
	 * The number of the submission that is being made, for places; called with locks held. NULL: they are
	 * counted from 0.
	 */
	uint64_t (*submit_number)(void *data);
	void *submit_number_data;

	/* Each launch that was executed; called as finding is, before anybody learns of its end. May be NULL. */
	void (*launched)(void *data, const struct agx_node_launch *launch);
	void *launched_data;
	bool results; /* with what it has changed */

	/* A name for the submission that is being made, for launched; as submit_number. NULL: 0. */
	uint64_t (*submit_tag)(void *data);
	void *submit_tag_data;

	/*
	 * The GPU judges everything that commands lead to: streams, lists, descriptors and programs
	 * (docs/null-gpu.md). Takes time; what it has to say comes as findings.
	 */
	bool critic;

	/*
	 * A firmware that has crashed stays so, as on a Mac: every later submission fails with
	 * ENODEV. Otherwise it is started anew, and only the jobs that it had fail.
	 */
	bool stay_crashed;

	/* What shall go wrong: rules of userspace/model/inject/agx_inject.h; NULL: nothing. */
	const char *inject;

	/*
	 * A watch on the programs that the GPU executes (userspace/model/gpu/shader/agx_watch_config.h), whose functions
	 * are called as log is; it lives as long as the node. NULL: none. locate and describe are the node's.
	 */
	const struct agx_watch_config *watch;
	bool races; /* find accesses to memory that nothing orders: findings RACE and RACE_LIMIT */
};

#define AGX_NODE_DEFAULT_MEMORY (16ull << 30)

/* Counters since creation; live_* are what exists now. */
struct agx_node_stats {
	uint64_t ioctls;
	uint64_t unknown_ioctls;
	uint64_t
		refused_ioctls; /* known ioctls answered with an error other than ETIME and EINTR */
	uint64_t submits;
	uint64_t commands;
	uint64_t completed_submits;
	uint64_t live_files;
	uint64_t live_bos;
	uint64_t live_bytes;
	uint64_t live_vms;
	uint64_t live_queues;
	uint64_t live_syncobjs;
	uint64_t peak_bytes;
	uint64_t findings; /* of the firmware's critic */
	uint64_t faults;   /* jobs that ended with a fault of the GPU or an error of a channel */
	uint64_t timeouts; /* jobs that ended because the GPU did not get on */
	uint64_t restarts; /* of the firmware, after a crash */
	uint64_t injected; /* faults on purpose, see agx_node_config.inject */
};

/*
 * Creates a node. -EINVAL: unknown SoC, a firmware that the SoC does not have, limit out of
 * range, bad rules for injection; -ENOMEM; -errno of memfd/mmap.
 */
int agx_node_create(const struct agx_node_config *config, struct agx_node **node);

/* Destroys a node. All files must have been closed; BOs still mapped by agx_file_mmap stay valid. */
void agx_node_destroy(struct agx_node *node);

void agx_node_stats(struct agx_node *node, struct agx_node_stats *stats);

/* Calls trouble (of the configuration) for each unit of the GPU that is at work, with BUSY. */
void agx_node_busy(struct agx_node *node);

/* Returns when the GPU executes nothing: helps it to come to an end. What waits for fences goes on waiting. */
void agx_node_settle(struct agx_node *node);

/*
 * single_step only: retires every job that can run now; where the machine waits for time to pass,
 * its clock is put forward to when something happens next. ioctls run what can run themselves, and
 * waits put the clock forward; so this is needed only after time or a foreign fence has moved.
 */
void agx_node_step(struct agx_node *node);

/* Opens and references a DRM file (one per open() of the node). put closes on the last reference. */
int agx_file_open(struct agx_node *node, struct agx_file **file);
struct agx_file *agx_file_get(struct agx_file *file);
void agx_file_put(struct agx_file *file);

/*
 * One ioctl. request is the full request number; arg the caller's argument, reached through
 * uaccess. Returns what the kernel would return: >= 0 or a negative errno. As in the kernel, an
 * unknown DRM number gives -EINVAL, a request that is not DRM's -ENOTTY. May block (SYNCOBJ_WAIT); -EINTR when a signal interrupted it.
 */
long agx_file_ioctl(struct agx_file *file, unsigned long request, uint64_t arg);

/*
 * DMA_BUF_IOCTL_* on an exported buffer, SYNC_IOC_* on an exported sync file; fd is the
 * caller's descriptor. -ENOTTY when fd is not one that a virtual node made.
 */
long agx_node_dmabuf_ioctl(struct agx_node *node, int fd, unsigned long request, uint64_t arg);
long agx_node_syncfile_ioctl(struct agx_node *node, int fd, unsigned long request, uint64_t arg);

/* Closes a descriptor that this node gave out, be it a real one or, with config.alone, a number. */
void agx_node_close_fd(struct agx_node *node, int fd);

/* What an mmap() of the node at a fake offset has to map instead. */
struct agx_mmap {
	int fd;            /* borrowed: valid as long as bo is referenced */
	uint64_t offset;   /* in fd */
	struct agx_bo *bo; /* a reference for the mapping's lifetime; agx_bo_put() at munmap */
};

/* -EINVAL: no such offset, or size (bytes, > 0) runs past the object. */
int agx_file_mmap(struct agx_file *file, uint64_t offset, uint64_t size, struct agx_mmap *map);
struct agx_bo *agx_bo_get(struct agx_bo *bo);
void agx_bo_put(struct agx_bo *bo);

/*
 * A mapped object's memory where the node itself has it, all of it: for a caller that needs no
 * mapping of its own. Valid as long as the object is referenced.
 */
void *agx_bo_memory(struct agx_bo *bo);

/*
 * fork support: prepare takes all locks of the node, parent and child release them. In the
 * child existing BOs stay shared with the parent, jobs that were pending count as done, and
 * new BOs come from memory of the child's own.
 */
void agx_node_fork_prepare(struct agx_node *node);
void agx_node_fork_parent(struct agx_node *node);
void agx_node_fork_child(struct agx_node *node);

#endif
