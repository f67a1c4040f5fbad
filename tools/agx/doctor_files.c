// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "doctor.h"

#define TEXT_LIMIT 200
#define LINE_LIMIT 4096

/* Of a folder; /usr/lib has some thousands. */
#define LIST_LIMIT 65536

static int full_path(const struct doctor *doctor, const char *path, char full[PATH_MAX])
{
	int length = snprintf(full, PATH_MAX, "%s%s", doctor->sysroot, path);

	return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int open_file(const struct doctor *doctor, const char *path)
{
	char full[PATH_MAX];
	struct stat st;
	int fd, err = full_path(doctor, path, full);

	if (err)
		return err;
	/* Not blocking: a pipe in its place must not hold us up. */
	fd = open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int doctor_read(const struct doctor *doctor, const char *path, size_t limit, char **data,
		size_t *size)
{
	size_t room = 4096, used = 0;
	char *buffer, *grown;
	ssize_t got;
	int fd = open_file(doctor, path), err = 0;

	if (fd < 0)
		return fd;
	buffer = malloc(room);
	if (!buffer) {
		close(fd);
		return -ENOMEM;
	}
	/* Files of /proc and /sys do not know their size: read to the end. */
	for (;;) {
		if (used + 1 == room) {
			grown = realloc(buffer, room * 2);
			if (!grown) {
				err = -ENOMEM;
				break;
			}
			buffer = grown;
			room *= 2;
		}
		got = read(fd, buffer + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used > limit) {
			err = -EFBIG;
			break;
		}
	}
	close(fd);
	if (err) {
		free(buffer);
		return err;
	}
	buffer[used] = '\0';
	*data = buffer;
	*size = used;
	return 0;
}

char *doctor_line(const struct doctor *doctor, const char *path)
{
	char *data, *line;
	size_t size;

	if (doctor_read(doctor, path, LINE_LIMIT, &data, &size))
		return NULL;
	line = doctor_text(data, strcspn(data, "\n"));
	free(data);
	return line;
}

#ifdef HAVE_ZLIB
int doctor_read_gz(const struct doctor *doctor, const char *path, size_t limit, char **data)
{
	size_t room = 65536, used = 0;
	char *buffer, *grown;
	gzFile file;
	int fd = open_file(doctor, path), got, err = 0;

	if (fd < 0)
		return fd;
	file = gzdopen(fd, "rb");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	buffer = malloc(room);
	if (!buffer)
		err = -ENOMEM;
	while (!err) {
		if (used + 1 == room) {
			grown = realloc(buffer, room * 2);
			if (!grown) {
				err = -ENOMEM;
				break;
			}
			buffer = grown;
			room *= 2;
		}
		got = gzread(file, buffer + used, (unsigned int)(room - used - 1));
		if (got < 0)
			err = -EIO;
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used > limit)
			err = -EFBIG;
	}
	/* A stream that is cut short is only noticed here. */
	if (gzclose(file) != Z_OK && !err)
		err = -EIO;
	if (err) {
		free(buffer);
		return err;
	}
	buffer[used] = '\0';
	*data = buffer;
	return 0;
}
#else
int doctor_read_gz(const struct doctor *doctor, const char *path, size_t limit, char **data)
{
	size_t size;
	int err = doctor_read(doctor, path, limit, data, &size);

	if (!err && size >= 2 && !memcmp(*data, "\x1f\x8b", 2)) {
		free(*data);
		return -ENOTSUP;
	}
	return err;
}
#endif

bool doctor_exists(const struct doctor *doctor, const char *path)
{
	char full[PATH_MAX];

	return !full_path(doctor, path, full) && !access(full, F_OK);
}

char *doctor_link(const struct doctor *doctor, const char *path)
{
	char full[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t length;

	if (full_path(doctor, path, full))
		return NULL;
	length = readlink(full, target, sizeof(target) - 1);
	if (length <= 0)
		return NULL;
	target[length] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	return doctor_text(name, strlen(name));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int doctor_list(const struct doctor *doctor, const char *path, char ***names, size_t *count)
{
	char full[PATH_MAX], **list = NULL, **grown;
	struct dirent *entry;
	size_t used = 0;
	DIR *dir;
	int err = full_path(doctor, path, full);

	if (err)
		return err;
	dir = opendir(full);
	if (!dir)
		return -errno;
	while (used < LIST_LIMIT && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!(used & (used - 1)) || !used) {
			grown = realloc(list, (used ? used * 2 : 1) * sizeof(*list));
			if (!grown) {
				err = -ENOMEM;
				break;
			}
			list = grown;
		}
		list[used] = strdup(entry->d_name);
		if (!list[used]) {
			err = -ENOMEM;
			break;
		}
		used++;
	}
	closedir(dir);
	if (err) {
		doctor_list_free(list, used);
		return err;
	}
	if (used)
		qsort(list, used, sizeof(*list), compare);
	*names = list;
	*count = used;
	return 0;
}

void doctor_list_free(char **names, size_t count)
{
	while (count)
		free(names[--count]);
	free(names);
}

char *doctor_text(const char *data, size_t size)
{
	size_t i, used = 0, length = size < TEXT_LIMIT ? size : TEXT_LIMIT;
	char *text = malloc(length * 4 + 4);
	unsigned char c;

	if (!text)
		return NULL;
	for (i = 0; i < length; i++) {
		c = (unsigned char)data[i];
		if (c >= 0x20 && c < 0x7f)
			text[used++] = (char)c;
		else
			used += (size_t)sprintf(text + used, "\\x%02x", c);
	}
	if (length < size) {
		memcpy(text + used, "...", 3);
		used += 3;
	}
	text[used] = '\0';
	return text;
}
