// SPDX-License-Identifier: MIT
/*
 * The initramfs, made anew for each run: an uncompressed archive in cpio's "newc" form
 * (linux: Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * Which modules go into it: those in the list below and those that the driver's .modinfo names,
 * with what modules.dep says that each needs, in the order in which they can be loaded.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../vm/protocol.h"
#include "vm.h"

#define MODULES_MAX 128
#define FILE_MAX    (256u << 20)

/* What the root and the shared folders need. What a kernel does not have it may do without. */
static const char *const basic[] = {
	"crc32c_generic", "crc32c-cryptoapi", "virtio_blk", "ext4", "9pnet_virtio", "9p",
};

struct initramfs {
	FILE *out;
	unsigned int inode;
	const struct vm_config *config;
	char *list; /* modules.dep */
	char *config_text;
	size_t config_size;
	FILE *records;
	const char *loaded[MODULES_MAX]; /* lines of list, in order */
	unsigned int loaded_count;
	char *error;
	size_t error_size;
};

static int fail(struct initramfs *fs, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct initramfs *fs, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(fs->error, fs->error_size, format, ap);
	va_end(ap);
	return err;
}

/* The whole of a file, with a zero byte after it. */
static char *slurp(const char *path, size_t *size)
{
	struct stat st;
	char *data = NULL;
	size_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || st.st_size < 0 || st.st_size > FILE_MAX) {
		errno = EFBIG;
		goto out;
	}
	data = malloc((size_t)st.st_size + 1);
	while (data && got < (size_t)st.st_size) {
		ssize_t n = read(fd, data + got, (size_t)st.st_size - got);

		if (n <= 0) {
			free(data);
			data = NULL;
			errno = n ? errno : EIO;
			break;
		}
		got += (size_t)n;
	}
	if (data)
		data[got] = 0;
	*size = got;
out:
	close(fd);
	return data;
}

/* --- The archive --- */

static void pad(FILE *out, size_t size)
{
	fwrite("\0\0\0", 1, -size & 3, out);
}

static void entry(struct initramfs *fs, const char *name, unsigned int mode, const void *data,
		  size_t size)
{
	size_t name_size = strlen(name) + 1;

	fprintf(fs->out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++fs->inode,
		mode, 0, 0, 1, 0, (unsigned int)size, 0, 0, 0, 0, (unsigned int)name_size, 0);
	fwrite(name, 1, name_size, fs->out);
	pad(fs->out, 110 + name_size);
	if (size)
		fwrite(data, 1, size, fs->out);
	pad(fs->out, size);
}

static int copy(struct initramfs *fs, const char *from, const char *name, unsigned int mode)
{
	size_t size;
	char *data = slurp(from, &size);

	if (!data)
		return fail(fs, -errno, "%s: %s", from, strerror(errno));
	entry(fs, name, S_IFREG | mode, data, size);
	free(data);
	return 0;
}

static void record(struct initramfs *fs, enum vm_record kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void record(struct initramfs *fs, enum vm_record kind, const char *format, ...)
{
	va_list ap;

	fputc(kind, fs->records);
	va_start(ap, format);
	vfprintf(fs->records, format, ap);
	va_end(ap);
	fputc(0, fs->records);
}

/* --- Modules --- */

/* "kernel/drivers/gpu/drm/gpu-sched.ko.xz" is gpu_sched, however it is written. */
static bool is_module(const char *path, size_t length, const char *name)
{
	size_t start = length, n = strlen(name), i;

	while (start && path[start - 1] != '/')
		start--;
	if (length - start < n + 3 || strncmp(path + start + n, ".ko", 3))
		return false;
	for (i = 0; i < n; i++) {
		char a = path[start + i] == '-' ? '_' : path[start + i];

		if (a != (name[i] == '-' ? '_' : name[i]))
			return false;
	}
	return true;
}

/* A line of modules.dep is "PATH: PATH…", what is needed first coming last. */
static char *find_line(struct initramfs *fs, const char *name, size_t length)
{
	char *line = fs->list, *end;

	for (; *line; line = end + strcspn(end, "\n") + 1) {
		end = line + strcspn(line, ":\n");
		if (*end != ':')
			return NULL;
		if (length ? (size_t)(end - line) == length && !strncmp(line, name, length)
			   : is_module(line, (size_t)(end - line), name))
			return line;
		if (!end[strcspn(end, "\n")])
			return NULL;
	}
	return NULL;
}

static int add_line(struct initramfs *fs, char *line)
{
	size_t length = strcspn(line, ":"), name;
	char from[8192], to[512];
	unsigned int i;
	int ret;

	for (i = 0; i < fs->loaded_count; i++)
		if (fs->loaded[i] == line)
			return 0;
	if (fs->loaded_count == MODULES_MAX || length > 400)
		return fail(fs, -E2BIG, "%s/modules.dep: more than %u modules are needed",
			    fs->config->kernel.modules, MODULES_MAX);
	fs->loaded[fs->loaded_count++] = line;
	for (name = length; name && line[name - 1] != '/'; name--)
		;
	snprintf(from, sizeof(from), "%s/%.*s", fs->config->kernel.modules, (int)length, line);
	snprintf(to, sizeof(to), "agx/modules/%.*s", (int)(length - name), line + name);
	ret = copy(fs, from, to, 0644);
	if (!ret)
		record(fs, VM_RECORD_MODULE, "/%s", to);
	return ret;
}

/* With what it needs. Built-in and unknown modules have no line. */
static int add_module(struct initramfs *fs, const char *name)
{
	char *line = find_line(fs, name, 0), *end, *at;
	int ret = 0;

	if (!line)
		return 0;
	end = line + strcspn(line, "\n");
	for (at = end; !ret && at > line;) {
		char *start = at, *needed;

		while (start > line && start[-1] != ' ')
			start--;
		if (start == line)
			break;
		needed = find_line(fs, start, (size_t)(at - start));
		if (needed)
			ret = add_line(fs, needed);
		at = start - 1;
	}
	return ret ? ret : add_line(fs, line);
}

/* The value of a key in the section .modinfo of a 64-bit ELF file, which is not trusted. */
static const char *modinfo(const char *data, size_t size, const char *key)
{
	const Elf64_Ehdr *header = (const void *)data;
	size_t i, length = strlen(key);
	Elf64_Shdr names, section;

	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof(section) ||
	    header->e_shoff > size || header->e_shstrndx >= header->e_shnum ||
	    header->e_shnum > (size - header->e_shoff) / sizeof(section))
		return NULL;
	memcpy(&names, data + header->e_shoff + header->e_shstrndx * sizeof(names), sizeof(names));
	if (names.sh_offset > size || names.sh_size > size - names.sh_offset || !names.sh_size ||
	    data[names.sh_offset + names.sh_size - 1])
		return NULL;
	for (i = 0; i < header->e_shnum; i++) {
		const char *at, *end;

		memcpy(&section, data + header->e_shoff + i * sizeof(section), sizeof(section));
		if (section.sh_name >= names.sh_size ||
		    strcmp(data + names.sh_offset + section.sh_name, ".modinfo"))
			continue;
		if (section.sh_offset > size || section.sh_size > size - section.sh_offset ||
		    !section.sh_size || data[section.sh_offset + section.sh_size - 1])
			return NULL;
		at = data + section.sh_offset;
		end = at + section.sh_size;
		for (; at < end; at += strlen(at) + 1)
			if (!strncmp(at, key, length) && at[length] == '=')
				return at + length + 1;
	}
	return NULL;
}

static int add_driver(struct initramfs *fs)
{
	const struct vm_config *config = fs->config;
	const char *depends, *magic;
	char *data, *names, *name, *rest;
	size_t size;
	int ret = 0;

	if (!config->module)
		return 0;
	data = slurp(config->module, &size);
	if (!data)
		return fail(fs, -errno, "%s: %s", config->module, strerror(errno));
	magic = modinfo(data, size, "vermagic");
	depends = modinfo(data, size, "depends");
	if (!magic || !depends) {
		ret = fail(fs, -EINVAL, "%s: not a kernel module", config->module);
	} else if (strncmp(magic, config->kernel.release, strlen(config->kernel.release)) ||
		   magic[strlen(config->kernel.release)] != ' ') {
		ret = fail(fs, -EINVAL, "%s: built for kernel %.*s, but the machine's is %s",
			   config->module, (int)strcspn(magic, " "), magic, config->kernel.release);
	} else {
		names = strdup(depends);
		for (name = names ? strtok_r(names, ",", &rest) : NULL; name && !ret;
		     name = strtok_r(NULL, ",", &rest))
			ret = add_module(fs, name);
		free(names);
		if (!ret) {
			entry(fs, "agx/asahi.ko", S_IFREG | 0644, data, size);
			if (config->load)
				record(fs, VM_RECORD_DRIVER, "/run%s/asahi.ko", VM_FOLDER);
			if (config->arguments)
				record(fs, VM_RECORD_DRIVER_ARGUMENTS, "%s", config->arguments);
		}
	}
	free(data);
	return ret;
}

static void add_records(struct initramfs *fs, const char *terminal)
{
	const struct vm_config *config = fs->config;
	unsigned int i;
	char **text;

	record(fs, VM_RECORD_ROOT, "ext4");
	for (i = 0; i < config->share_count; i++)
		record(fs, VM_RECORD_SHARE, "%c%s", config->shares[i].writable ? 'w' : 'r',
		       config->shares[i].place);
	for (text = config->environment; text && *text; text++)
		record(fs, VM_RECORD_ENVIRONMENT, "%s", *text);
	if (config->directory)
		record(fs, VM_RECORD_DIRECTORY, "%s", config->directory);
	if (terminal)
		record(fs, VM_RECORD_TERMINAL, "%s", terminal);
	for (text = config->command; text && *text; text++)
		record(fs, VM_RECORD_ARGUMENT, "%s", *text);
	if (!config->command) {
		record(fs, VM_RECORD_ARGUMENT, "bash");
		record(fs, VM_RECORD_ARGUMENT, "-l");
	}
}

int vm_initramfs_write(const struct vm_config *config, const char *path, const char *terminal,
		       char *error, size_t size)
{
	struct initramfs fs = {.config = config, .error = error, .error_size = size};
	char list[3500];
	size_t i, list_size;
	int ret;

	snprintf(list, sizeof(list), "%s/modules.dep", config->kernel.modules);
	fs.list = slurp(list, &list_size);
	if (!fs.list)
		return fail(&fs, -errno, "%s: %s", list, strerror(errno));
	fs.records = open_memstream(&fs.config_text, &fs.config_size);
	fs.out = fopen(path, "we");
	if (!fs.out || !fs.records) {
		ret = fail(&fs, -errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	entry(&fs, "agx", S_IFDIR | 0755, NULL, 0);
	entry(&fs, "agx/modules", S_IFDIR | 0755, NULL, 0);
	entry(&fs, "dev", S_IFDIR | 0755, NULL, 0);
	/* The kernel opens it for its first process before anything is mounted. */
	fprintf(fs.out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++fs.inode,
		S_IFCHR | 0600, 0, 0, 1, 0, 0, 0, 0, 5, 1, 12, 0);
	fwrite("dev/console", 1, 12, fs.out);
	pad(fs.out, 110 + 12);
	ret = copy(&fs, config->init, "init", 0755);
	for (i = 0; !ret && i < sizeof(basic) / sizeof(basic[0]); i++)
		ret = add_module(&fs, basic[i]);
	if (!ret)
		ret = add_driver(&fs);
	if (ret)
		goto out;
	add_records(&fs, terminal);
	if (fflush(fs.records)) {
		ret = fail(&fs, -ENOMEM, "%s: no memory", path);
		goto out;
	}
	entry(&fs, "agx/config", S_IFREG | 0600, fs.config_text, fs.config_size);
	entry(&fs, "TRAILER!!!", 0, NULL, 0);
	if (ferror(fs.out) || fflush(fs.out))
		ret = fail(&fs, -EIO, "%s: %s", path, strerror(errno));
out:
	if (fs.out)
		fclose(fs.out);
	if (fs.records)
		fclose(fs.records);
	free(fs.config_text);
	free(fs.list);
	return ret;
}
