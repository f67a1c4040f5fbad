/* SPDX-License-Identifier: MIT */
/* The processes of `agx vm`: QEMU and `agx vgpu`, and what they are given. */
#ifndef AGX_VM_PROCESSES_H
#define AGX_VM_PROCESSES_H

#include <sys/types.h>

#include "vm.h"

/* In this order QEMU's virtio-serial ports are made; the last is the console. */
enum vm_port {
	VM_CONTROL,
	VM_INPUT,
	VM_OUTPUT,
	VM_ERROR,
	VM_KLOG,
	VM_CONSOLE,
	VM_PORTS
};

struct vm_processes {
	char folder[64];     /* private: initramfs, device tree, socket */
	int ram;             /* memfd */
	int ports[VM_PORTS]; /* our ends, non-blocking */
	pid_t qemu, vgpu;    /* 0: not running */
};

/*
 * Starts both. terminal: as vm_initramfs_write() takes it. 0, or a negative errno with a sentence
 * in error; vm_processes_stop() is called in either case.
 */
int vm_processes_start(const struct vm_config *config, const char *terminal,
		       struct vm_processes *processes, char *error, size_t size);

/* Ends what still runs, and removes the folder. Status of vgpu, as wait() gives it; 0: none. */
int vm_processes_stop(struct vm_processes *processes);

#endif
