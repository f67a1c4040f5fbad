/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The device: one GPU.
 */
#ifndef ASAHI_DEVICE_H
#define ASAHI_DEVICE_H

#include <drm/drm_device.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "agx_core.h"
#include "asahi_drm.h"

struct asahi_dump;
struct asahi_mailbox;
struct asahi_reserve;

/**
 * struct asahi_device - a GPU and its coprocessor
 */
struct asahi_device {
	/** @base: the DRM device; its dev is the platform device */
	struct drm_device base;

	/** @soc: which one, from the device tree */
	const struct agx_soc *soc;

	/** @firmware: the ABI that it speaks */
	struct agx_firmware_version firmware;

	/** @params: what GET_PARAMS says; constant after probe */
	struct drm_asahi_params_global params;

	/** @sgx: the GPU's registers, NULL on a virtual machine and after unplugging */
	void __iomem *sgx;

	/** @mailbox: the transport, asahi_mailbox.h; from probe on as long as this */
	struct asahi_mailbox *mailbox;

	/** @core: the driver core and what it needs; asahi_core.c */
	struct {
		/**
		 * @core.lock: serialises the core. It is taken on the way to signalling fences:
		 * nothing under it may allocate memory with reclaim, or wait for a fence, a
		 * reservation or a page fault. See asahi_core_lock().
		 */
		struct mutex lock;

		/** @core.signalling: of dma_fence_begin_signalling(), while the lock is held */
		bool signalling;

		/** @core.starting: somebody waits for READY and sees to it when it fails; lock */
		bool starting;

		/** @core.runs: RUN is set, or could not be cleared; lock */
		bool runs;

		/** @core.core: the core itself */
		struct agx_core *core;

		/** @core.platform: the table that it calls */
		struct agx_platform platform;

		/** @core.hooks: what it tells */
		struct agx_core_hooks hooks;

		/** @core.reserve: memory for it, allocated before it is needed */
		struct asahi_reserve *reserve;

		/** @core.state: a copy of its state that can be read without the lock */
		enum agx_core_state state;

		/** @core.changes: counts changes of the state; written under the lock */
		unsigned int changes;

		/** @core.poll: calls agx_core_poll() when its time has come; on wq */
		struct delayed_work poll;

		/** @core.next_poll: in jiffies, when @core.poll is pending; lock */
		unsigned long next_poll;

		/**
		 * @core.wq: what is on the way to signalling fences and so allocates nothing:
		 * @core.poll
		 */
		struct workqueue_struct *wq;

		/** @core.changed: woken with each change of the core's state, and when jobs end */
		wait_queue_head_t changed;
	} core;

	/** @reset: restarts a firmware that has failed */
	struct {
		/** @reset.wq: ordered; what may allocate: @reset.work, dumps, filling the reserve */
		struct workqueue_struct *wq;

		/** @reset.work: on @reset.wq */
		struct work_struct work;

		/** @reset.count: how often the firmware was restarted since probe */
		atomic_t count;

		/** @reset.failures: failed starts in a row; after some the device is given up */
		unsigned int failures;
	} reset;

	/** @power: life and death of the firmware as a whole */
	struct {
		/** @power.lock: one start or stop at a time; taken outside of the core's lock */
		struct mutex lock;

		/** @power.lost: given up: nothing will work again before the next probe */
		bool lost;

		/** @power.asleep: stopped for the sake of the system's or its own suspension */
		bool asleep;

		/** @power.gone: unplugged; the firmware is off and stays so */
		bool gone;
	} power;

	/** @dump: the last fault's snapshot, asahi_dump.c */
	struct asahi_dump *dump;

	/** @next_file: number of the next file, for traces */
	atomic_t next_file;
};

static inline struct asahi_device *to_asahi_device(struct drm_device *drm)
{
	return container_of(drm, struct asahi_device, base);
}

/* asahi_device.c: in order of use, and torn down in the opposite one. */
int asahi_device_init(struct asahi_device *adev);
void asahi_device_unplug(struct asahi_device *adev);
void asahi_device_shutdown(struct asahi_device *adev);
extern const struct dev_pm_ops asahi_device_pm_ops;

/*
 * Powers the device up and keeps it so until asahi_device_put(). On return the firmware was READY.
 * Process context without locks. -ENODEV: it is given up, or unplugged; -ERESTARTSYS: a signal came
 * while waiting for a reset.
 */
int asahi_device_get(struct asahi_device *adev);

/* From any context, under any lock. */
void asahi_device_put(struct asahi_device *adev);

/* asahi_core.c tells: the firmware has failed, nobody waits for it. Under the core's lock. */
void asahi_device_failed(struct asahi_device *adev);

/* asahi_of.c: what the device tree says, into device (agx_device.h) and adev->soc, ->firmware. */
int asahi_of_read(struct asahi_device *adev, struct agx_device *device);

/* What the GPU's own registers say, into device->id. Needs the transport. */
int asahi_of_identify(struct asahi_device *adev, struct agx_device *device);

/* Parameters of the module; asahi_module.c. */
extern uint asahi_fault_control;
extern uint asahi_ktrace_mask;
extern uint asahi_work_timeout_ms;
extern bool asahi_debug_heaps;
extern int asahi_restart;
extern uint asahi_start_attempts;
extern int asahi_autosuspend_ms;

#endif
