// SPDX-License-Identifier: MIT
/* What descriptors and handles of the recorded process stand for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "asahi_drm.h"

#include "capture.h"
#include "next.h"

#define DRM_MAJOR 226

/* GEM handles are small; a program with more at a time than this is not followed further. */
#define MAX_HANDLES (1u << 22)

/* Places of the shared table that a key may have. */
#define SHARED_PROBES 32

#ifndef KCMP_FILE
#define KCMP_FILE 0
#endif

/*
 * Descriptors' objects are handed to fdtable, which wants type-stable memory: they go to a
 * list and not back to malloc.
 */
static struct capture_fd *fd_create(enum capture_fd_kind kind, void (*release)(struct fdobject *))
{
	struct capture_fd *fd = capture.free_fds;

	if (fd)
		capture.free_fds = fd->next_free;
	else
		fd = malloc(sizeof(*fd));
	if (!fd)
		return NULL;
	/* refs was 0 if it was used before, and stays so until fdobject_init(). */
	memset((uint8_t *)fd + sizeof(fd->base), 0, sizeof(*fd) - sizeof(fd->base));
	fd->kind = kind;
	fdobject_init(&fd->base, release);
	return fd;
}

static void fd_free(struct capture_fd *fd)
{
	fd->next_free = capture.free_fds;
	capture.free_fds = fd;
}

static struct capture_fd *to_fd(struct fdobject *object)
{
	return (struct capture_fd *)object;
}

uint64_t capture_inode_key(const struct stat *st)
{
	uint64_t key = (uint64_t)st->st_ino * 0x9e3779b97f4a7c15ull;

	key ^= key >> 32;
	key = (key + (uint64_t)st->st_dev) * 0xd6e8feb86659fd93ull;
	key ^= key >> 29;
	return key ? key : 1;
}

/*
 * The table of descriptors that other processes may come to hold. Places are claimed without
 * a lock: a process may be killed at any time. A place whose token is 0 is free for any key.
 */
static void shared_set(uint64_t key, uint32_t token, uint16_t kind)
{
	struct capture_shared *place;
	uint64_t old;
	unsigned int i;

	for (i = 0; i < SHARED_PROBES; i++) {
		place = &capture.control->shared[(key + i) % CAPTURE_MAX_SHARED];
		old = atomic_load(&place->key);
		if (old != key && old && atomic_load(&place->token))
			continue;
		if (old != key && !atomic_compare_exchange_strong(&place->key, &old, key))
			continue;
		atomic_store(&place->kind, kind);
		atomic_store(&place->token, token);
		return;
	}
}

static struct capture_shared *shared_find(uint64_t key)
{
	struct capture_shared *place;
	unsigned int i;

	for (i = 0; key && i < SHARED_PROBES; i++) {
		place = &capture.control->shared[(key + i) % CAPTURE_MAX_SHARED];
		if (atomic_load(&place->key) == key && atomic_load(&place->token))
			return place;
	}
	return NULL;
}

static uint64_t key_of(int fd)
{
	struct stat st;
	uint64_t key;

	if (fstat(fd, &st))
		return 0;
	key = capture_inode_key(&st);
	return key == capture.anon_key ? 0 : key;
}

/*
 * Objects.
 */

struct capture_object *capture_object_create(uint64_t size, bool known)
{
	struct capture_object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	if (size > AGXT_MAX_BO_SIZE || wt_object_init(&object->wt, size, known)) {
		free(object);
		return NULL;
	}
	object->size = size;
	object->refs = 1;
	return object;
}

struct capture_object *capture_object_get(struct capture_object *object)
{
	object->refs++;
	return object;
}

void capture_object_put(struct capture_object *object)
{
	if (!object || --object->refs)
		return;
	wt_object_finish(&object->wt);
	free(object);
}

struct capture_name *capture_name_find(struct capture_fd *file, uint32_t handle)
{
	if (handle >= file->num_names || !file->names[handle].object)
		return NULL;
	return &file->names[handle];
}

int capture_name_set(struct capture_fd *file, uint32_t handle, struct capture_object *object)
{
	if (handle >= MAX_HANDLES)
		return -ENOMEM;
	if (handle >= file->num_names) {
		uint32_t count = file->num_names ? file->num_names : 64;
		struct capture_name *names;

		while (count <= handle)
			count *= 2;
		names = reallocarray(file->names, count, sizeof(*names));
		if (!names)
			return -ENOMEM;
		memset(names + file->num_names, 0, (count - file->num_names) * sizeof(*names));
		file->names = names;
		file->num_names = count;
	}
	if (file->names[handle].object == object)
		return 0;
	capture_name_clear(file, handle);
	file->names[handle] = (struct capture_name){.object = capture_object_get(object)};
	if (!object->file) {
		object->file = file;
		object->handle = handle;
	}
	return 0;
}

/* Another name for an object that lost the one it was recorded by. */
static void rename_object(struct capture_object *object)
{
	struct capture_fd *file;
	uint32_t handle;

	object->file = NULL;
	for (file = capture.files; file; file = file->next_file) {
		for (handle = 1; handle < file->num_names; handle++) {
			if (file->names[handle].object != object)
				continue;
			object->file = file;
			object->handle = handle;
			return;
		}
	}
}

void capture_name_clear(struct capture_fd *file, uint32_t handle)
{
	struct capture_name *name = capture_name_find(file, handle);
	struct capture_object *object;

	if (!name)
		return;
	object = name->object;
	*name = (struct capture_name){0};
	if (object->file == file && object->handle == handle && object->refs > 1)
		rename_object(object);
	capture_object_put(object);
}

struct capture_object *capture_object_at(struct capture_fd *file, uint64_t offset, uint64_t *inside,
					 uint32_t *handle)
{
	uint32_t i;

	for (i = 1; i < file->num_names; i++) {
		const struct capture_name *name = &file->names[i];

		if (!name->object || !name->mmap_offset || offset < name->mmap_offset ||
		    offset - name->mmap_offset >= name->object->size)
			continue;
		*inside = offset - name->mmap_offset;
		*handle = i;
		return name->object;
	}
	return NULL;
}

/*
 * Files.
 */

/* The last descriptor of a file in this process is gone. */
static void file_release(struct fdobject *base)
{
	struct capture_fd *file = to_fd(base), **link;
	struct agxt_close *record;
	bool last = true;
	uint32_t i;

	for (link = &capture.files; *link; link = &(*link)->next_file) {
		if (*link == file) {
			*link = file->next_file;
			break;
		}
	}
	if (capture.state == CAPTURE_ON && file->id < CAPTURE_MAX_FILES)
		last = atomic_fetch_sub(&capture.control->file_users[file->id], 1) == 1;
	if (last) {
		record = capture_record(AGXT_CLOSE, sizeof(*record), file->id);
		if (record)
			capture_commit(record, sizeof(*record));
	}
	for (i = 1; i < file->num_names; i++)
		capture_name_clear(file, i);
	free(file->names);
	fd_free(file);
}

static void other_release(struct fdobject *base)
{
	fd_free(to_fd(base));
}

/* What the node says of itself: metadata that a replay needs before anything else. */
static void describe_node(int fd, const struct drm_version *version)
{
	struct drm_asahi_params_global params = {0};
	struct drm_asahi_get_params get = {.pointer = (uintptr_t)&params, .size = sizeof(params)};
	char text[128];
	int n;

	n = snprintf(text, sizeof(text), "asahi %d.%d.%d", version->version_major,
		     version->version_minor, version->version_patchlevel);
	if (n > 0)
		capture_record_meta(AGXT_META_DRIVER, text, (uint32_t)strlen(text));
	if (NEXT(ioctl)(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &get)) {
		capture_warn("the node refused DRM_IOCTL_ASAHI_GET_PARAMS: errno %d", errno);
		return;
	}
	capture_record_meta(AGXT_META_GPU_PARAMS, &params, sizeof(params));
	n = snprintf(text, sizeof(text), "t%04x", params.chip_id);
	capture_record_meta(AGXT_META_SOC, text, (uint32_t)n);
	if (capture.results)
		capture_record_meta(AGXT_META_RESULTS, "launches", strlen("launches"));
	capture.described = true;
}

static struct capture_fd *file_create(int fd, uint32_t minor)
{
	char name[32] = "";
	struct drm_version version = {.name = name, .name_len = sizeof(name) - 1};
	struct agxt_open *record;
	struct capture_fd *file;

	if (NEXT(ioctl)(fd, DRM_IOCTL_VERSION, &version))
		return NULL;
	if (strcmp(name, "asahi")) {
		capture_warn("the driver of the node is \"%.31s\", expected \"asahi\": "
			     "it is not recorded",
			     name);
		return NULL;
	}
	file = fd_create(CAPTURE_FD_FILE, file_release);
	if (!file)
		return NULL;
	if (!capture.described)
		describe_node(fd, &version);
	file->id = atomic_fetch_add(&capture.control->file, 1) + 1;
	file->minor = minor;
	if (file->id < CAPTURE_MAX_FILES)
		atomic_store(&capture.control->file_users[file->id], 1);
	file->next_file = capture.files;
	capture.files = file;
	record = capture_record(AGXT_OPEN, sizeof(*record), file->id);
	if (record) {
		record->minor = minor;
		record->flags = 0;
		capture_commit(record, sizeof(*record));
	}
	return file;
}

/* A file that this descriptor is one more of, known through the kernel only. */
static struct fdobject *known_file(int fd);

struct same_file {
	int fd;
	struct fdobject *found;
};

static bool visit_same_file(void *data, int fd, struct fdobject *object)
{
	struct same_file *same = data;

	if (to_fd(object)->kind != CAPTURE_FD_FILE || fd == same->fd)
		return false;
	if (syscall(SYS_kcmp, capture.pid, capture.pid, KCMP_FILE, fd, same->fd) != 0)
		return false;
	same->found = object;
	return true;
}

static struct fdobject *known_file(int fd)
{
	struct same_file same = {.fd = fd};

	/* Only descriptors that came by SCM_RIGHTS or past the hooks get here. */
	fdtable_for_each(visit_same_file, &same);
	return same.found;
}

struct capture_fd *capture_find_fd(int fd, bool drm)
{
	struct fdobject *object = fdtable_peek(fd);
	struct capture_fd *file;
	struct stat st;
	bool chosen;

	if (object) {
		file = to_fd(object);
		return file->kind == CAPTURE_FD_OTHER ? NULL : file;
	}
	if (!drm || fstat(fd, &st) || !S_ISCHR(st.st_mode) || major(st.st_rdev) != DRM_MAJOR)
		return NULL;
	chosen =
		major(st.st_rdev) == capture.rdev_major &&
		(minor(st.st_rdev) == capture.rdev_minor || minor(st.st_rdev) == capture.rdev_card);
	object = chosen ? known_file(fd) : NULL;
	if (object) {
		fdtable_set(fd, object);
		return to_fd(object);
	}
	file = NULL;
	if (chosen) {
		if (!capture_connect())
			return NULL;
		file = file_create(fd, minor(st.st_rdev));
	}
	if (!file)
		file = fd_create(CAPTURE_FD_OTHER, other_release);
	if (!file)
		return NULL;
	fdtable_set(fd, &file->base);
	/* The table's reference is the only one. */
	fdobject_put(&file->base);
	return file->kind == CAPTURE_FD_OTHER ? NULL : file;
}

void capture_duplicated(int from, int to)
{
	struct fdobject *object = fdtable_peek(from);

	if (from == to)
		return;
	if (object)
		fdtable_set(to, object);
	else
		fdtable_clear(to);
}

void capture_closed(int fd)
{
	fdtable_clear(fd);
}

/*
 * Tokens.
 */

static void token_release(struct fdobject *base)
{
	struct capture_fd *token = to_fd(base);

	/*
	 * A dma-buf may be on its way to another process, which nothing here can see, so its token
	 * lives on. Fences come by the thousand, are rarely passed on, and are closed.
	 */
	if (token->fd_kind != AGXT_FD_DMA_BUF && capture.state == CAPTURE_ON) {
		struct capture_shared *place = shared_find(token->key);

		if (place && atomic_load(&place->token) == token->id)
			atomic_store(&place->token, 0);
		capture_record_fd(token->id, AGXT_FD_CLOSE, token->fd_kind, 0, 0);
	}
	capture_object_put(token->object);
	fd_free(token);
}

static struct capture_fd *token_create(int fd, uint32_t id, uint16_t kind, uint64_t key)
{
	struct capture_fd *token = fd_create(CAPTURE_FD_TOKEN, token_release);

	if (!token)
		return NULL;
	token->id = id;
	token->fd_kind = kind;
	token->key = key;
	fdtable_set(fd, &token->base);
	fdobject_put(&token->base);
	return token;
}

uint64_t capture_fd_size(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	lseek(fd, 0, SEEK_SET);
	return end > 0 ? (uint64_t)end : 0;
}

uint32_t capture_token_in(int fd, uint16_t kind)
{
	struct capture_fd *token = (struct capture_fd *)fdtable_peek(fd);
	struct capture_shared *place;
	uint64_t key, size = 0;
	uint32_t id;

	if (fd < 0)
		return AGXT_TOKEN_NONE;
	/* A wrong object would spoil the trace: the number may have been reused unseen. */
	key = key_of(fd);
	if (token && token->kind == CAPTURE_FD_TOKEN) {
		if (token->key == key)
			return token->id;
		fdtable_clear(fd);
	} else if (token) {
		return AGXT_TOKEN_INVALID;
	}
	if (!key && NEXT(fcntl)(fd, F_GETFD) < 0)
		return AGXT_TOKEN_INVALID;
	place = shared_find(key);
	if (place) {
		id = atomic_load(&place->token);
		kind = (uint16_t)atomic_load(&place->kind);
	} else {
		size = kind == AGXT_FD_DMA_BUF ? capture_fd_size(fd) : 0;
		id = atomic_fetch_add(&capture.control->token, 1) + 1;
		capture_record_fd(id, AGXT_FD_FOREIGN, kind, size, 0);
	}
	token_create(fd, id, kind, key);
	return id;
}

uint32_t capture_token_out(int fd, uint16_t kind, struct capture_object *object, uint64_t seq)
{
	struct capture_fd *token;
	uint64_t key;
	uint32_t id;

	if (fd < 0)
		return AGXT_TOKEN_NONE;
	id = atomic_fetch_add(&capture.control->token, 1) + 1;
	key = key_of(fd);
	capture_record_fd(id, AGXT_FD_EXPORT, kind, object ? object->size : 0, seq);
	token = token_create(fd, id, kind, key);
	if (token && object)
		token->object = capture_object_get(object);
	if (key)
		shared_set(key, id, kind);
	return id;
}
