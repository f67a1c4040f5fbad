/* SPDX-License-Identifier: MIT */
/* The parts of `agx vm`: a machine under QEMU whose GPU is `agx vgpu`. */
#ifndef AGX_VM_H
#define AGX_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct agx_device;

/* Where QEMU's "virt" machine has its RAM. */
#define VM_RAM_BASE 0x40000000ull

#define VM_SHARES 8

enum vm_tree_form {
	VM_TREE_DOWNSTREAM,
	VM_TREE_UPSTREAM
};

/* A folder of the host's that the machine sees. */
struct vm_share {
	const char *host;
	const char *place; /* in the machine */
	bool writable;
};

/* Places in RAM, guest-physical, of 16 KiB each. */
struct vm_regions {
	uint64_t ttbs, pagetables, handoff;
};

/* A kernel: a folder with vmlinuz and lib/modules/RELEASE, as tools/vm-root makes them. */
struct vm_kernel {
	char folder[3000];
	char image[3072];
	char release[128];
	char modules[3400];
};

struct vm_config {
	struct vm_kernel kernel;
	const char *init;      /* the machine's first process, an executable for arm64 */
	const char *root;      /* ext4 image */
	const char *module;    /* asahi.ko, NULL: there is none */
	bool load;             /* before the command */
	const char *arguments; /* of the module, NULL: none */
	const char *qemu;
	const char *cpu; /* QEMU's model */
	unsigned int cpus, memory_mb;
	const char *append; /* to the kernel's command line */
	struct vm_share shares[VM_SHARES];
	unsigned int share_count;
	char **command; /* NULL: a shell on a terminal */
	const char *directory;
	char **environment; /* NULL at the end */

	const struct agx_device *device; /* NULL: no GPU */
	const char *firmware;
	enum vm_tree_form form;
	const char *inject, *transcript, *report, *vgpu_log;
	bool strict;

	bool console;         /* everything the kernel says, as it says it */
	bool verbose;         /* what goes on, and the kernel's log as it comes */
	unsigned int timeout; /* seconds, 0: none */
	const char *kernel_log;
	const char *json;
};

/*
 * Finds a kernel below base by the beginning of its version, "newest", or a folder's path. 0, or
 * a negative errno with a sentence in error.
 */
int vm_kernel_find(const char *base, const char *name, struct vm_kernel *kernel, char *error,
		   size_t size);

/*
 * Writes an initramfs: init, the modules that the root and the driver need, and the configuration
 * (tools/vm/protocol.h). terminal: "ROWS COLUMNS" or NULL.
 */
int vm_initramfs_write(const struct vm_config *config, const char *path, const char *terminal,
		       char *error, size_t size);

/*
 * Adds to a device tree what the boot loader (m1n1) leaves for the driver: reserved memory, the
 * GPU's node, performance states. device NULL: no GPU. tree has capacity bytes, of which totalsize are used.
 */
int vm_tree_edit(void *tree, size_t capacity, const struct agx_device *device,
		 const struct vm_regions *regions, enum vm_tree_form form, char *error,
		 size_t size);

/* Runs the machine. Status as of a shell; 2 with a message when it could not be run to its end. */
int vm_run(const struct vm_config *config);

#endif
