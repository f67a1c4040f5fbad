// SPDX-License-Identifier: MIT
/* Questions about paths: their answers tell of a character device where the marker file is. */
#include "hook.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "config.h"
#include "next.h"
#include "paths.h"

/* Fortified forms, and those that programs built with glibc before 2.33 call for stat. */
ssize_t __readlink_chk(const char *path, char *buffer, size_t size, size_t buffer_size);
ssize_t __readlinkat_chk(int dirfd, const char *path, char *buffer, size_t size,
			 size_t buffer_size);
char *__realpath_chk(const char *path, char *resolved, size_t resolved_size);
int __xstat(int version, const char *path, struct stat *st);
int __lxstat(int version, const char *path, struct stat *st);
int __fxstat(int version, int fd, struct stat *st);
int __fxstatat(int version, int dirfd, const char *path, struct stat *st, int flags);
int __xstat64(int version, const char *path, struct stat64 *st);
int __lxstat64(int version, const char *path, struct stat64 *st);
int __fxstat64(int version, int fd, struct stat64 *st);
int __fxstatat64(int version, int dirfd, const char *path, struct stat64 *st, int flags);

/* The permissions that udev gives to render nodes. */
#define NODE_MODE (S_IFCHR | 0666)

#define DEFINE_PATCH(type)                                                     \
	static int patch_##type(int ret, struct type *st)                      \
	{                                                                      \
		const struct preload_node *node;                               \
                                                                               \
		if (ret || !preload_active())                                  \
			return ret;                                            \
		node = preload_find_marker(st->st_dev, st->st_ino);            \
		if (node) {                                                    \
			st->st_mode = NODE_MODE;                               \
			st->st_rdev = makedev(PRELOAD_DRM_MAJOR, node->minor); \
			st->st_size = 0;                                       \
			st->st_blocks = 0;                                     \
		}                                                              \
		return ret;                                                    \
	}

DEFINE_PATCH(stat)
DEFINE_PATCH(stat64)

/* By path. prefix and suffix are further parameters, as they stand in a definition or a call. */
#define UNPAREN(...) __VA_ARGS__
#define DEFINE_STAT(type, name, head, head_call, tail, tail_call)                                  \
	HOOK int name(UNPAREN head const char *restrict path,                                      \
		      struct type *restrict st UNPAREN tail)                                       \
	{                                                                                          \
		struct path_buffer buffer;                                                         \
		const char *real = paths_redirect(path, &buffer);                                  \
                                                                                                   \
		return patch_##type(NEXT(name)(UNPAREN head_call real, st UNPAREN tail_call), st); \
	}

DEFINE_STAT(stat, stat, (), (), (), ())
DEFINE_STAT(stat, lstat, (), (), (), ())
DEFINE_STAT(stat64, stat64, (), (), (), ())
DEFINE_STAT(stat64, lstat64, (), (), (), ())
DEFINE_STAT(stat, fstatat, (int dirfd, ), (dirfd, ), (, int flags), (, flags))
DEFINE_STAT(stat64, fstatat64, (int dirfd, ), (dirfd, ), (, int flags), (, flags))
DEFINE_STAT(stat, __xstat, (int version, ), (version, ), (), ())
DEFINE_STAT(stat, __lxstat, (int version, ), (version, ), (), ())
DEFINE_STAT(stat64, __xstat64, (int version, ), (version, ), (), ())
DEFINE_STAT(stat64, __lxstat64, (int version, ), (version, ), (), ())
DEFINE_STAT(stat, __fxstatat, (int version, int dirfd, ), (version, dirfd, ), (, int flags),
	    (, flags))
DEFINE_STAT(stat64, __fxstatat64, (int version, int dirfd, ), (version, dirfd, ), (, int flags),
	    (, flags))

HOOK int fstat(int fd, struct stat *st)
{
	return patch_stat(NEXT(fstat)(fd, st), st);
}

HOOK int fstat64(int fd, struct stat64 *st)
{
	return patch_stat64(NEXT(fstat64)(fd, st), st);
}

HOOK int __fxstat(int version, int fd, struct stat *st)
{
	return patch_stat(NEXT(__fxstat)(version, fd, st), st);
}

HOOK int __fxstat64(int version, int fd, struct stat64 *st)
{
	return patch_stat64(NEXT(__fxstat64)(version, fd, st), st);
}

HOOK int statx(int dirfd, const char *restrict path, int flags, unsigned int mask,
	       struct statx *restrict st)
{
	const struct preload_node *node;
	struct path_buffer buffer;
	const char *real = paths_redirect(path, &buffer);
	int ret = NEXT(statx)(dirfd, real, flags, mask, st);

	if (ret || !preload_active())
		return ret;
	node = preload_find_marker(makedev(st->stx_dev_major, st->stx_dev_minor), st->stx_ino);
	if (node) {
		st->stx_mode = NODE_MODE;
		st->stx_rdev_major = PRELOAD_DRM_MAJOR;
		st->stx_rdev_minor = node->minor;
		st->stx_size = 0;
		st->stx_blocks = 0;
	}
	return ret;
}

#define DEFINE_ACCESS(name)                                             \
	HOOK int name(const char *path, int mode)                       \
	{                                                               \
		struct path_buffer buffer;                              \
                                                                        \
		return NEXT(name)(paths_redirect(path, &buffer), mode); \
	}

DEFINE_ACCESS(access)
DEFINE_ACCESS(eaccess)
DEFINE_ACCESS(euidaccess)

HOOK int faccessat(int dirfd, const char *path, int mode, int flags)
{
	struct path_buffer buffer;

	return NEXT(faccessat)(dirfd, paths_redirect(path, &buffer), mode, flags);
}

/* The target of a link (of /proc/self/fd too) as the application should see it. */
static ssize_t unhide_link(ssize_t length, char *text)
{
	size_t prefix = length > 0 ? paths_hidden_prefix(text, (size_t)length) : 0;

	if (!prefix)
		return length;
	memmove(text, text + prefix, (size_t)length - prefix);
	return length - (ssize_t)prefix;
}

HOOK ssize_t readlink(const char *restrict path, char *restrict text, size_t size)
{
	struct path_buffer buffer;

	return unhide_link(NEXT(readlink)(paths_redirect(path, &buffer), text, size), text);
}

HOOK ssize_t readlinkat(int dirfd, const char *restrict path, char *restrict text, size_t size)
{
	struct path_buffer buffer;

	return unhide_link(NEXT(readlinkat)(dirfd, paths_redirect(path, &buffer), text, size),
			   text);
}

HOOK ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t text_size)
{
	struct path_buffer buffer;

	return unhide_link(
		NEXT(__readlink_chk)(paths_redirect(path, &buffer), text, size, text_size), text);
}

HOOK ssize_t __readlinkat_chk(int dirfd, const char *path, char *text, size_t size,
			      size_t text_size)
{
	struct path_buffer buffer;

	return unhide_link(
		NEXT(__readlinkat_chk)(dirfd, paths_redirect(path, &buffer), text, size, text_size),
		text);
}

static char *unhide_path(char *path)
{
	size_t length = path ? strlen(path) : 0, prefix = paths_hidden_prefix(path, length);

	if (prefix)
		memmove(path, path + prefix, length - prefix + 1);
	return path;
}

HOOK char *realpath(const char *restrict path, char *restrict resolved)
{
	struct path_buffer buffer;

	return unhide_path(NEXT(realpath)(paths_redirect(path, &buffer), resolved));
}

HOOK char *__realpath_chk(const char *path, char *resolved, size_t resolved_size)
{
	struct path_buffer buffer;

	return unhide_path(
		NEXT(__realpath_chk)(paths_redirect(path, &buffer), resolved, resolved_size));
}

HOOK char *canonicalize_file_name(const char *path)
{
	struct path_buffer buffer;

	return unhide_path(NEXT(canonicalize_file_name)(paths_redirect(path, &buffer)));
}

/* ls asks for access control lists. */
#define DEFINE_GETXATTR(name)                                                                \
	HOOK ssize_t name(const char *path, const char *attribute, void *value, size_t size) \
	{                                                                                    \
		struct path_buffer buffer;                                                   \
                                                                                             \
		return NEXT(name)(paths_redirect(path, &buffer), attribute, value, size);    \
	}

DEFINE_GETXATTR(getxattr)
DEFINE_GETXATTR(lgetxattr)

#define DEFINE_LISTXATTR(name)                                                \
	HOOK ssize_t name(const char *path, char *list, size_t size)          \
	{                                                                     \
		struct path_buffer buffer;                                    \
                                                                              \
		return NEXT(name)(paths_redirect(path, &buffer), list, size); \
	}

DEFINE_LISTXATTR(listxattr)
DEFINE_LISTXATTR(llistxattr)

HOOK DIR *opendir(const char *path)
{
	struct path_buffer buffer;

	return NEXT(opendir)(paths_redirect(path, &buffer));
}

HOOK int scandir(const char *restrict path, struct dirent ***restrict list,
		 int (*filter)(const struct dirent *),
		 int (*compare)(const struct dirent **, const struct dirent **))
{
	struct path_buffer buffer;

	return NEXT(scandir)(paths_redirect(path, &buffer), list, filter, compare);
}

HOOK int scandir64(const char *restrict path, struct dirent64 ***restrict list,
		   int (*filter)(const struct dirent64 *),
		   int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
	struct path_buffer buffer;

	return NEXT(scandir64)(paths_redirect(path, &buffer), list, filter, compare);
}
