/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Two ways to the coprocessor: RTKit on Apple's mailbox (asahi_mailbox_rtkit.c), and a virtual
 * machine's shared memory (asahi_mailbox_virtual.c, firmware-interface/virtual.h).
 */
#ifndef ASAHI_MAILBOX_H
#define ASAHI_MAILBOX_H

#include <linux/types.h>

struct asahi_device;

/**
 * struct asahi_mailbox_ops - a transport
 *
 * Messages that come in go to asahi_core_receive(). @run and @send are called with the core's lock
 * held; @sgx_read and @time_ns with or without; the others without.
 */
struct asahi_mailbox_ops {
	/** @name: for messages and debugfs */
	const char *name;

	/** @rtkit: the kernel's RTKit speaks with the system endpoints, not the core */
	bool rtkit;

	/** @restarts: it is known that a coprocessor that was stopped can be started again */
	bool restarts;

	/** @tlbi: the GPU's MMU listens to the CPUs' TLB maintenance */
	bool tlbi;

	/** @init: finds it; sets adev->mailbox. -EPROBE_DEFER: not there yet */
	int (*init)(struct asahi_device *adev);

	/** @fini: the coprocessor is off; adev->mailbox stays, and does nothing any more */
	void (*fini)(struct asahi_device *adev);

	/** @listen: messages may come in from now on; may be NULL */
	int (*listen)(struct asahi_device *adev);

	/** @unlisten: and not after it; the coprocessor is off; may be NULL */
	void (*unlisten)(struct asahi_device *adev);

	/** @run: RUN of CPU_CONTROL; on return of a false nobody reads memory any more */
	int (*run)(struct asahi_device *adev, bool run);

	/** @send: one message; may sleep */
	int (*send)(struct asahi_device *adev, u8 endpoint, u64 message);

	/** @boot: with @rtkit: boots RTKit and starts both endpoints */
	int (*boot)(struct asahi_device *adev);

	/** @quiesce: with @rtkit: asks RTKit to stop */
	int (*quiesce)(struct asahi_device *adev);

	/** @sgx_read: a register of the GPU; 4 or 8 bytes as the register is */
	u64 (*sgx_read)(struct asahi_device *adev, u32 offset);

	/** @time_ns: the clock that the GPU's timestamps are on, in nanoseconds */
	u64 (*time_ns)(struct asahi_device *adev);
};

/**
 * struct asahi_mailbox - a transport in use; the head of its own structure
 */
struct asahi_mailbox {
	/** @ops: the transport's */
	const struct asahi_mailbox_ops *ops;
};

extern const struct asahi_mailbox_ops asahi_mailbox_rtkit;
extern const struct asahi_mailbox_ops asahi_mailbox_virtual;

/* The PCI driver of the virtual mailbox, beside the platform driver. */
int asahi_mailbox_virtual_register(void);
void asahi_mailbox_virtual_unregister(void);

#endif
