/* SPDX-License-Identifier: MIT */
/*
 * The objects behind the virtual DRM node and their lifetimes.
 *
 * One mutex, agx_node.lock, protects everything here; every ioctl runs with it held, and only a
 * function that says so drops it (waits). Functions named *_locked need it held. The lock is
 * cheap because almost no ioctl makes a system call, and a single lock makes the order of
 * operations, and so a replay, easy to reason about.
 *
 * Reference counts of objects that only ioctls and the scheduler touch are plain integers under
 * the lock. Files and buffer objects are also held by callers outside it, so theirs are atomic;
 * the last put takes the lock.
 */
#ifndef AGX_NODE_INTERNAL_H
#define AGX_NODE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agx_node.h"
#include "idr.h"
#include "list.h"

struct agx_core_queue;
struct agx_core_timestamps;
struct agx_core_vm;
struct agx_firmware_version;
struct agx_machine;
struct agx_ram;
struct agx_resv;
struct agx_sched;
struct agx_queue;
struct agx_sched_queue;
struct agx_soc;
struct agx_syncobj_table;
struct agx_vm;

/*
 * What executes submissions: the seam between the scheduler and whatever is behind it. All with
 * the node's lock held.
 *
 * prepare() sees a validated submission before anything of it is visible and makes what run()
 * will need, *payload, which becomes the job's; it may fail, with the errno of the ioctl. -EAGAIN:
 * the engine needs time; wait for it and start the ioctl over.
 *
 * run() is called in submission order per queue, after the job's dependencies have signalled. It
 * must not block. 0: the job is finished; a negative errno: finished, and its fence carries that
 * error; AGX_ENGINE_PENDING: the engine calls agx_job_complete() later; AGX_ENGINE_BUSY: no room,
 * call again after agx_sched_retry_locked().
 *
 * release() frees the payload of a job that has ended or was thrown away. The engine may keep what
 * it still needs of it.
 *
 * poll() goes on with what takes time, and gives the nanoseconds until it is to be called again,
 * UINT64_MAX: not before something else is done; next() says the same without doing anything.
 * skip() lets virtual time pass up to then, but at most limit ns, for nodes that have no thread;
 * false: nothing waits for time. These three may be NULL.
 */
struct agx_job;
struct agx_submit_cmd;

#define AGX_ENGINE_PENDING 1
#define AGX_ENGINE_BUSY    2

/* A submission's commands, for prepare(). */
struct agx_engine_work {
	const void *cmdbuf; /* valid during the call, as cmds */
	uint32_t size;      /* bytes of it */
	uint32_t count;
	struct agx_submit_cmd *cmds; /* timestamps' objects are struct agx_object */
	bool waits;                  /* for fences that have not signalled */
};

struct agx_engine_ops {
	int (*prepare)(struct agx_queue *queue, const struct agx_engine_work *work, void **payload);
	int (*run)(struct agx_node *node, struct agx_job *job);
	void (*release)(struct agx_node *node, void *payload);
	uint64_t (*next)(struct agx_node *node);
	uint64_t (*poll)(struct agx_node *node);
	bool (*skip)(struct agx_node *node, uint64_t limit);

	/*
	 * run() takes next to no time: a job that can run does so in the thread that submits it,
	 * which saves a switch to the worker.
	 */
	bool instant;
};

/* The driver core and the machine behind it. */
extern const struct agx_engine_ops agx_engine_core;

/* What the engine has of a queue. */
struct agx_engine_queue {
	struct agx_core_queue *core;
	uint32_t unbuilt;          /* jobs that are not built yet */
	uint64_t submitted, ended; /* jobs, to see that they end in order */
};

/* Most VMs, and most queues, of one node; a real machine ends at a few of each per client. */
#define AGX_MAX_VMS    65536
#define AGX_MAX_QUEUES 65536

/* Hash buckets for BOs that have a memfd of their own. */
#define AGX_DMABUF_BUCKETS 256

struct agx_node {
	pthread_mutex_t lock;
	struct agx_node_config config; /* defaults filled in */
	const struct agx_uaccess *uaccess;
	const struct agx_soc *soc;
	const struct agx_firmware_version *firmware;
	const struct agx_engine_ops *engine;
	struct agx_ram *ram;
	struct agx_machine *machine; /* NULL until there is a VM */
	struct agx_sched *sched;
	char *inject;     /* rules, or NULL */
	uint64_t skipped; /* ns that a node without threads has let pass, see agx_node_now() */
	uint64_t executed_until; /* ns: the least that a clock of the caller's shows, see there */
	struct agx_node_stats stats;
	struct list_head files;                       /* agx_file.link */
	struct list_head dmabufs[AGX_DMABUF_BUCKETS]; /* agx_bo.dmabuf_link, by inode */
	uint64_t num_mappings;                        /* in all VMs */
	uint32_t random; /* state of a generator, not 0; see mapping.c */
	bool destroyed;  /* freed with the last BO */
	pid_t pid;       /* the process whose node this is; changes in a forked child */
};

/* One open() of the node. */
struct agx_file {
	struct agx_node *node;
	atomic_uint refs;
	struct list_head link;              /* agx_node.files */
	struct agx_idr handles;             /* GEM handle -> struct agx_bo_handle */
	struct agx_idr vms;                 /* id -> struct agx_vm */
	struct agx_idr queues;              /* id -> struct agx_queue */
	struct agx_idr objects;             /* id -> struct agx_object */
	struct agx_syncobj_table *syncobjs; /* made at open, destroyed at close, by syncobj.c */
	char name[64];                      /* DRM_IOCTL_SET_CLIENT_NAME; empty: none */
};

/* A file's handle of a BO. There is at most one per (file, BO). */
struct agx_bo_handle {
	struct agx_file *file;
	struct agx_bo *bo; /* a reference */
	uint32_t handle;
	struct agx_bo_handle *next; /* other files' handles of the BO */
};

struct agx_bo {
	struct agx_node *node;
	atomic_uint refs;
	uint32_t flags;             /* DRM_ASAHI_GEM_* */
	uint64_t size;              /* bytes, a multiple of 16 KiB */
	uint64_t ram;               /* offset of its range in the node's RAM, see ram.h */
	struct agx_vm *vm;          /* the VM whose private object this is (a reference), or NULL */
	struct agx_bo_handle first; /* in use when first.file is set */
	struct agx_bo_handle *more; /* further files' handles */
	struct list_head mappings;  /* agx_mapping.bo_link */
	bool touched;               /* something may have written to it: not zero any more */

	/* Shared objects: a memfd is the dma-buf. fd is -1 until one is needed. */
	int fd;
	uint64_t dev, ino;
	struct list_head dmabuf_link; /* agx_node.dmabufs, when fd >= 0 */

	/* The fences of a dma-buf, made at first need by resv.c, freed by agx_resv_destroy(). */
	struct agx_resv *resv;
};

/*
 * A GPU address space. Private BOs reference it too, because they must not be bound to any other,
 * but only its file and its queues keep the page tables.
 */
struct agx_vm {
	struct agx_file *file; /* NULL once destroyed */
	struct agx_node *node;
	unsigned int refs;  /* all */
	unsigned int users; /* its file, and queues; refs count them too */
	uint32_t id;
	uint64_t kernel_start, kernel_end; /* the driver's window */
	struct agx_core_vm *core;          /* NULL without users */
	struct agx_mapping *mappings;      /* root of the tree of user mappings, see mapping.h */
};

/* A bound range of timestamp memory. */
struct agx_object {
	struct agx_node *node;
	unsigned int refs;
	struct agx_bo *bo; /* a reference */
	uint64_t offset;   /* bytes in bo */
	uint64_t range;    /* bytes */
	struct agx_core_timestamps *core;
};

struct agx_queue {
	struct agx_node *node;
	unsigned int refs;
	uint32_t id;
	uint32_t priority;
	uint64_t usc_exec_base;
	struct agx_vm *vm; /* in use */
	struct agx_engine_queue engine;
	struct agx_sched_queue *sched; /* the run queue, made and freed by sched.c */
};

static inline void agx_node_lock(struct agx_node *node)
{
	pthread_mutex_lock(&node->lock);
}

static inline void agx_node_unlock(struct agx_node *node)
{
	pthread_mutex_unlock(&node->lock);
}

/*
 * Nanoseconds of the node's clock, which goes on while nodes without threads wait. Such a node's GPU takes
 * no time on a clock that the caller provides: what it executes is charged instead, and the clock waits
 * for the caller's where that is behind.
 */
uint64_t agx_node_now(struct agx_node *node);

/* Work that has just been executed took so many ns. For nodes without threads, with a clock of the caller's. */
void agx_node_charge(struct agx_node *node, uint64_t ns);

/*
 * Formats and sends a line to the node's log callback. DEBUG messages name the ioctl, the field,
 * what was expected and what was there.
 */
__attribute__((format(printf, 3, 4))) void
agx_node_log(struct agx_node *node, enum agx_node_log_level level, const char *fmt, ...);

/* A refusal: logs at DEBUG when there is a listener and gives err (negative) back. */
#define agx_refuse(node, err, ...)                                                           \
	((node)->config.log ? (agx_node_log((node), AGX_NODE_LOG_DEBUG, __VA_ARGS__), (err)) \
			    : (err))

/* The same with a reason in the driver core's form. err 0: nothing happens. */
struct agx_reject;
int agx_log_reject(struct agx_node *node, const char *ioctl, int err, const struct agx_reject *why);

static inline int agx_copy_from(struct agx_node *node, void *dst, uint64_t src, size_t size)
{
	return size ? node->uaccess->copy_from(dst, src, size) : 0;
}

static inline int agx_copy_to(struct agx_node *node, uint64_t dst, const void *src, size_t size)
{
	return size ? node->uaccess->copy_to(dst, src, size) : 0;
}

/* References under the lock. put frees with the last one; all accept NULL. */
void agx_bo_put_locked(struct agx_bo *bo);
struct agx_vm *agx_node_vm_get(struct agx_vm *vm);
void agx_node_vm_put(struct agx_vm *vm);
struct agx_queue *agx_queue_get(struct agx_queue *queue);
void agx_queue_put(struct agx_queue *queue);
struct agx_object *agx_object_get(struct agx_object *object);
void agx_object_put(struct agx_object *object);

/* The BO of a handle, without a reference, or NULL. */
struct agx_bo *agx_bo_lookup(struct agx_file *file, uint32_t handle);

/*
 * The BO whose dma-buf fd is a descriptor of, with a reference; NULL: none in this node. A
 * dma-buf of another process that this node has not imported is told by agx_dmabuf_is_ours().
 */
struct agx_bo *agx_dmabuf_lookup_locked(struct agx_node *node, int fd);

/* Whether fd is a dma-buf made by a virtual node, in whichever process. */
bool agx_dmabuf_is_ours(int fd);

/*
 * Handlers, dispatched by ioctl.c with the lock held. arg is a copy of the caller's argument,
 * zero-extended to the kernel's size of the structure; what the handler leaves in it goes back to
 * the caller on success and on failure, as drm_ioctl() does for requests with the OUT direction.
 */
typedef long agx_ioctl_fn(struct agx_file *file, void *arg);

agx_ioctl_fn agx_ioctl_version, agx_ioctl_get_cap, agx_ioctl_set_client_name;      /* drm.c */
agx_ioctl_fn agx_ioctl_get_params, agx_ioctl_get_time;                             /* device.c */
agx_ioctl_fn agx_ioctl_gem_create, agx_ioctl_gem_mmap_offset, agx_ioctl_gem_close; /* gem.c */
agx_ioctl_fn agx_ioctl_prime_handle_to_fd, agx_ioctl_prime_fd_to_handle;           /* prime.c */
agx_ioctl_fn agx_ioctl_gem_bind_object;                                            /* object.c */
agx_ioctl_fn agx_ioctl_vm_create, agx_ioctl_vm_destroy, agx_ioctl_vm_bind;         /* vm.c */
agx_ioctl_fn agx_ioctl_queue_create, agx_ioctl_queue_destroy;                      /* queue.c */
agx_ioctl_fn agx_ioctl_submit;                                                     /* submit.c */

/* gem.c. create: a BO with one reference and its memory; *bo. -ENOMEM. */
int agx_bo_create(struct agx_node *node, uint64_t size, uint32_t flags, struct agx_bo **bo);
struct agx_bo *agx_bo_get_unless_zero(struct agx_bo *bo);

/* The file's handle of a BO, 0: none; a new handle (which takes a reference), or -ENOMEM. */
uint32_t agx_bo_find_handle(const struct agx_bo *bo, const struct agx_file *file);
int agx_bo_add_handle(struct agx_bo *bo, struct agx_file *file);

/* Closes a handle: unbinds the BO from the file's VMs. -EINVAL: no such handle. */
int agx_bo_close_handle(struct agx_file *file, uint32_t handle);

/*
 * prime.c. make: gives the BO a memfd of its own, with the BO's content, when it has none.
 * is_open: whether that descriptor still is what it was, and not closed by the program.
 */
int agx_bo_make_dmabuf(struct agx_bo *bo);
bool agx_dmabuf_is_open(const struct agx_bo *bo);

/*
 * vm.c. close: unmaps everything; drops the reference of the file's table. use and unuse: as get
 * and put, for who needs the address space itself.
 */
void agx_vm_close(struct agx_vm *vm);
struct agx_vm *agx_vm_use(struct agx_vm *vm);
void agx_vm_unuse(struct agx_vm *vm);

/* mapping.c. Unmaps a BO from all VMs of a file. */
void agx_vm_unbind_bo(struct agx_file *file, struct agx_bo *bo);

/* queue.c. close: no more submissions; drops the reference of the file's table. */
void agx_queue_close(struct agx_queue *queue);

/* node.c. Frees a destroyed node that has no BOs any more; without the lock. */
void agx_node_free(struct agx_node *node);

#endif
