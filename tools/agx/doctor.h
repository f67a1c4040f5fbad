/* SPDX-License-Identifier: MIT */
/*
 * agx doctor: what a machine has, compared with what the kernel module expects of it. Nothing is
 * written, no module loaded, no register read: it looks at files below /proc, /sys and /lib, or
 * below a folder that looks like them.
 *
 * A device tree or a configuration file that is broken gives findings, never an error of its own.
 */
#ifndef AGX_DOCTOR_H
#define AGX_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_device.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARN, /* not as expected; the module may work all the same */
	DOCTOR_FAIL, /* it would not work */
};

enum doctor_machine {
	DOCTOR_OTHER,
	DOCTOR_MAC,
	DOCTOR_VIRTUAL, /* a GPU node with agx,virtual-mailbox */
};

struct doctor_finding {
	enum doctor_level level;
	const char *area;  /* "device tree", "firmware", "kernel", "module", "system" */
	const char *check; /* what was looked at; unique, and stable for scripts */
	char *expected;    /* NULL where it was found */
	char *found;
	const char *advice; /* what to do, NULL: nothing */
};

struct doctor {
	const char *sysroot; /* prefix of every path; "" on the machine itself */
	const char *module;  /* a built asahi.ko to look at, or NULL */
	enum doctor_machine machine;
	const struct agx_soc *soc; /* by the GPU's node, NULL: unknown */
	const char *form;          /* "upstream", "downstream", NULL: unknown */
	char *model;               /* the root's, for display */
	char *boot_loader;         /* m1n1's version, NULL: unknown */
	char *installed_firmware;  /* as m1n1 names it, NULL: unknown */
	char *release;             /* of the kernel, NULL: unknown */
	struct doctor_finding *findings;
	size_t count;
	bool out_of_memory;
};

/* doctor.c */

void doctor_init(struct doctor *doctor, const char *sysroot);
void doctor_finish(struct doctor *doctor);

/*
 * Adds a finding; strings of area, check and advice are constants, found may be NULL. What comes
 * from the machine must have gone through doctor_text().
 */
void doctor_add(struct doctor *doctor, enum doctor_level level, const char *area, const char *check,
		const char *expected, const char *advice, const char *found, ...)
	__attribute__((format(printf, 7, 8)));

size_t doctor_level_count(const struct doctor *doctor, enum doctor_level level);

/* "ok", "warn", "FAIL". */
const char *doctor_level_name(enum doctor_level level);

/* doctor_files.c: paths are absolute, below the sysroot. */

/*
 * A whole regular file, with a NUL behind it; the caller frees *data. -EFBIG: longer than limit;
 * -EINVAL: no regular file; or what open() says.
 */
int doctor_read(const struct doctor *doctor, const char *path, size_t limit, char **data,
		size_t *size);

/* The first line of a short file, printable; NULL: there is none. The caller frees it. */
char *doctor_line(const struct doctor *doctor, const char *path);

/* The same as doctor_read() for text that may be compressed with gzip. -ENOTSUP: not built in. */
int doctor_read_gz(const struct doctor *doctor, const char *path, size_t limit, char **data);

bool doctor_exists(const struct doctor *doctor, const char *path);

/* Where a symbolic link leads, last component only; NULL: no link. The caller frees it. */
char *doctor_link(const struct doctor *doctor, const char *path);

/* Names in a folder, sorted, a leading dot left out. 0 or a negative errno. */
int doctor_list(const struct doctor *doctor, const char *path, char ***names, size_t *count);
void doctor_list_free(char **names, size_t count);

/* Printable: what is not becomes \xNN, and it is cut at a length. The caller frees it. */
char *doctor_text(const char *data, size_t size);

/* The checks, in order. */

/* doctor_gpu.c: -ENOENT: no machine that the module is for, and nothing else to look at. */
int doctor_gpu(struct doctor *doctor);

/* doctor_kernel.c, doctor_module.c, doctor_system.c */
void doctor_kernel(struct doctor *doctor);
void doctor_module(struct doctor *doctor);
void doctor_system(struct doctor *doctor);

#endif
