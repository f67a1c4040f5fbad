/* SPDX-License-Identifier: MIT */
/*
 * Between `agx vm` on the host and init.c in the machine.
 *
 * The host puts a configuration into the initramfs: records of one letter and a text, each ended
 * by a zero byte. Then both speak by virtio-serial ports. Three are the command's input, output
 * and errors, one has the records of the kernel's log as /dev/kmsg gives them, and one has lines
 * of control:
 *
 *   from the machine
 *     boot                    init runs
 *     root                    the root is mounted
 *     nodeless                the driver is loaded, but no render node has appeared
 *     started                 the command runs
 *     beat                    every VM_BEAT_SECONDS while it does
 *     status N OUT ERR LOG    it has ended with N (as a shell says it) after so many bytes
 *     failed TEXT             something before the command has failed
 *   from the host
 *     signal N                for the command's process group
 *     size ROWS COLUMNS       of the terminal
 */
#ifndef AGX_VM_PROTOCOL_H
#define AGX_VM_PROTOCOL_H

#define VM_PORT_CONTROL "agx.control"
#define VM_PORT_INPUT   "agx.stdin"
#define VM_PORT_OUTPUT  "agx.stdout"
#define VM_PORT_ERROR   "agx.stderr"
#define VM_PORT_KLOG    "agx.kernel"

/* In the initramfs, and seen by the command as /run/agx: configuration and modules. */
#define VM_FOLDER "/agx"
#define VM_CONFIG VM_FOLDER "/config"

/* Tag of the shared folder with this number, as their records are ordered. */
#define VM_SHARE_TAG "agx%u"

#define VM_BEAT_SECONDS 5

enum vm_record {
	VM_RECORD_MODULE = 'm',           /* path of a module to load first; in order */
	VM_RECORD_DRIVER = 'd',           /* path of the GPU's */
	VM_RECORD_DRIVER_ARGUMENTS = 'p', /* its parameters */
	VM_RECORD_ROOT = 'r',             /* type of the root's file system */
	VM_RECORD_SHARE = 's',            /* "r" (read only) or "w", then where to mount it */
	VM_RECORD_ARGUMENT = 'a',         /* of the command */
	VM_RECORD_ENVIRONMENT = 'e',      /* NAME=VALUE */
	VM_RECORD_DIRECTORY = 'c',        /* the command's working directory */
	VM_RECORD_TERMINAL = 't',         /* the command gets a terminal of "ROWS COLUMNS" */
};

#endif
