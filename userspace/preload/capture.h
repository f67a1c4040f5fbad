/* SPDX-License-Identifier: MIT */
/*
 * The recording side of `agx capture`, inside the recorded process.
 *
 * One lock, capture_lock(), covers all state below, and the calls that are recorded: ioctls
 * that cannot block are made with it held, so that the order of the records is the order of the
 * calls. Hooks that are entered while their own thread holds it (the node below uses the
 * same libc functions; a signal handler may do anything) pass the call on unrecorded.
 *
 * A call that concerns no recorded descriptor and no recorded mapping takes no lock and makes no
 * system call of its own.
 */
#ifndef AGX_CAPTURE_H
#define AGX_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agxt_format.h"
#include "capture_proto.h"
#include "fdtable.h"
#include "ring.h"
#include "writetrack.h"

enum capture_state {
	CAPTURE_UNKNOWN, /* initial */
	CAPTURE_OFF,     /* not asked for, over, or the recorder is gone */
	CAPTURE_IDLE,    /* the node was not used yet */
	CAPTURE_ON,      /* connected */
};

/* What a descriptor is to the recorder. */
enum capture_fd_kind {
	CAPTURE_FD_FILE,  /* an open of the node */
	CAPTURE_FD_TOKEN, /* a descriptor that went through the node */
	CAPTURE_FD_OTHER, /* a DRM node that is not recorded */
};

struct capture_object;
struct stat;

/* A GEM handle. */
struct capture_name {
	struct capture_object *object; /* NULL: no such handle */
	uint64_t mmap_offset;          /* 0: not asked for yet */
};

struct capture_fd {
	struct fdobject base; /* references: descriptors of this process, and calls in flight */
	enum capture_fd_kind kind;
	uint32_t id; /* file number or token */

	/* FILE */
	uint32_t minor;
	struct capture_name *names; /* by handle */
	uint32_t num_names;
	struct capture_fd *next_file; /* all files of the process */

	/* TOKEN */
	uint16_t fd_kind; /* enum agxt_fd_kind */
	struct capture_object *object;
	uint64_t key; /* of its inode, 0: it has none of its own */

	struct capture_fd *next_free;
};

/* A buffer object, or what a foreign dma-buf refers to. */
struct capture_object {
	struct wt_object wt;
	uint64_t size;
	uint32_t refs; /* names, tokens and mappings */

	/* One of its names: how memory records call it. No file: it has none now. */
	struct capture_fd *file;
	uint32_t handle;
};

struct capture {
	_Atomic int state;   /* enum capture_state */
	uint32_t rdev_major; /* of the node to record */
	uint32_t rdev_minor;
	uint32_t rdev_card; /* minor of the device's primary node; UINT32_MAX: none */
	char socket_path[108];

	int pid; /* of the process that this state belongs to */
	int socket;
	uint32_t stream;
	uint32_t parent; /* stream + 1 of the process that this one was forked from */
	bool results;    /* what launches change is recorded */
	bool described;  /* the GPU's parameters are recorded */

	struct ring ring;
	struct capture_control *control;
	struct writetrack wt;

	/* Addresses that mappings of the node lie in; a lock-free filter for hooks. */
	_Atomic uintptr_t map_low, map_high;

	struct capture_fd *files;
	struct capture_fd *free_fds;

	uint64_t anon_key; /* of the inode that all anonymous-inode files share */

	uint64_t submits; /* made by the program */
	uint64_t presents;
	uint64_t calls;
	uint64_t collect_ns;
};

extern struct capture capture;

/*
 * Session.
 */

/* Reads the configuration on first use. */
enum capture_state capture_configure(void);

static inline enum capture_state capture_get_state(void)
{
	int state = atomic_load_explicit(&capture.state, memory_order_acquire);

	return __builtin_expect(state == CAPTURE_UNKNOWN, 0) ? capture_configure()
							     : (enum capture_state)state;
}

static inline bool capture_active(void)
{
	return capture_get_state() >= CAPTURE_IDLE;
}

/* False: this thread is inside already, or recording is over; then there is nothing to unlock. */
bool capture_lock(void);
void capture_unlock(void);

/* A process made by vfork uses its parent's memory: what it does is not for these tables. */
bool capture_is_foreign_process(void);

/* Connects to the recorder if that has not been done. False: recording is off now. */
bool capture_connect(void);

/* Ends recording in this process: everything passes from now on. */
void capture_stop(void);

/* A line for the user, by way of the recorder. */
void capture_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t capture_next_seq(void);
uint64_t capture_time(void);
uint32_t capture_thread(void);

/* The own descriptors: the program cannot close them, and may take their numbers. */
bool capture_owns_fd(int fd);
void capture_give_way(int fd);

/*
 * Objects and descriptors. The lock is held.
 */

/* Identity of an inode; never 0. */
uint64_t capture_inode_key(const struct stat *st);

/* The entry of a descriptor, found out if need be when drm is set. No reference is taken. */
struct capture_fd *capture_find_fd(int fd, bool drm);

void capture_duplicated(int from, int to);
void capture_closed(int fd);

struct capture_object *capture_object_create(uint64_t size, bool known);
struct capture_object *capture_object_get(struct capture_object *object);
void capture_object_put(struct capture_object *object);

/* A handle came into being or is gone. -ENOMEM. */
int capture_name_set(struct capture_fd *file, uint32_t handle, struct capture_object *object);
void capture_name_clear(struct capture_fd *file, uint32_t handle);
struct capture_name *capture_name_find(struct capture_fd *file, uint32_t handle);

/* The object at a fake offset, and where in it (bytes). */
struct capture_object *capture_object_at(struct capture_fd *file, uint64_t offset, uint64_t *inside,
					 uint32_t *handle);

/* The token of a descriptor that a call takes; recorded as foreign when it is new. */
uint32_t capture_token_in(int fd, uint16_t kind);

/* Bytes of what a dma-buf refers to, 0: unknown. */
uint64_t capture_fd_size(int fd);

/* A new token for a descriptor that call number seq has made. */
uint32_t capture_token_out(int fd, uint16_t kind, struct capture_object *object, uint64_t seq);

/*
 * Records. The lock is held.
 */

/*
 * Space for a record of at most size bytes, head filled in; NULL: recording is off now.
 * capture_commit() publishes it with its final size.
 */
void *capture_record(uint16_t type, uint32_t size, uint32_t file);
void capture_commit(void *record, uint32_t size);

void capture_record_meta(uint32_t key, const void *value, uint32_t size);
void capture_record_map(uint16_t type, uint32_t file, uint32_t handle, uint64_t offset,
			uint64_t size, uint32_t prot, int result);
void capture_record_fd(uint32_t token, uint16_t event, uint16_t kind, uint64_t size, uint64_t call);
void capture_record_marker(uint32_t kind, uint64_t number, const char *text);

/* Records the pages that changed since the last time, in all mappings or in a range. */
void capture_collect(uintptr_t start, size_t size);

/*
 * Records what launches have changed that have ended, of the work of a file of which fd is a descriptor. settle: waits
 * until all have that run.
 */
void capture_take_results(int fd, struct capture_fd *file, bool settle);

/* The submission that comes next is number seq. */
void capture_tag_results(int fd, uint64_t seq);

/*
 * Frames. The lock is held.
 */

enum capture_frame_place {
	CAPTURE_FRAME_BEFORE, /* not yet: submissions are made without memory */
	CAPTURE_FRAME_INSIDE,
	CAPTURE_FRAME_AFTER, /* no more */
};

/* Where the submission lies that is about to be made. */
enum capture_frame_place capture_frame_submit(void);

/* Entry points of hooks. */
int capture_ioctl(int fd, uint32_t request, void *arg);
void capture_present(void);

#endif
