/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The driver core in the kernel: its lock, its memory, its clock.
 *
 * The core allocates under its lock, and its lock is part of signalling fences, so it cannot have
 * memory that must be reclaimed first. It takes what it needs without waiting, or from a reserve;
 * when neither has it, the call fails with -ENOMEM and the reserve remembers what was wanted. The
 * caller drops the lock, lets asahi_core_again() allocate that with all means, and repeats:
 *
 *	do {
 *		core = asahi_core_lock(adev);
 *		ret = agx_core_vm_create(core, ...);
 *		asahi_core_unlock(adev);
 *	} while (asahi_core_again(adev, &ret));
 *
 * What the core frees under its lock is given back to the kernel after asahi_core_unlock().
 */
#ifndef ASAHI_CORE_H
#define ASAHI_CORE_H

#include "asahi_device.h"

/* Makes the core from the device's description. Freed with the DRM device. */
int asahi_core_init(struct asahi_device *adev, const struct agx_device *device);

/*
 * Starts the firmware and waits until it has taken its first message; stops it and waits until it
 * is OFF. Process context, power.lock held. start: -EIO, -ENOMEM; after an error it is OFF. stop:
 * -ETIMEDOUT when the coprocessor did not confirm that it has stopped.
 */
int asahi_core_start(struct asahi_device *adev);
int asahi_core_stop(struct asahi_device *adev);

/*
 * Everything in agx_core.h and agx_work.h happens between these two. Takes a mutex: dma_resv locks
 * may be held, and spin locks may not. Each unlock looks after the core (agx_core_poll()), so
 * job_done may be called from any of them: do not hold a lock that asahi_job_done() takes.
 */
struct agx_core *asahi_core_lock(struct asahi_device *adev);
void asahi_core_unlock(struct asahi_device *adev);

/*
 * After a call to the core, outside the lock: true when *ret was -ENOMEM and what was missing has
 * been allocated, so that the call should be repeated. *ret is -ENOMEM when there is no memory.
 * Allocates with GFP_KERNEL: not on the way to signalling a fence.
 */
bool asahi_core_again(struct asahi_device *adev, int *ret);

/* From a transport: a message of the coprocessor. Process context, takes the lock. */
void asahi_core_receive(struct asahi_device *adev, u8 endpoint, u64 message);

/*
 * The same for all messages that next() gives, which is called under the lock; false: no more.
 */
void asahi_core_receive_all(struct asahi_device *adev,
			    bool (*next)(struct asahi_device *adev, u8 *endpoint, u64 *message));

/*
 * From a transport: the coprocessor has crashed; from the scheduler: it hangs. Takes the lock. why:
 * a constant.
 */
void asahi_core_crashed(struct asahi_device *adev, const char *why);

/* From the RTKit transport, while RTKit boots: memory that the firmware sees. Takes the lock. */
int asahi_core_rtkit_buffer(struct asahi_device *adev, u64 size, struct agx_rtkit_buffer *buffer);

/* asahi_reserve.c: fills the memory part of adev->core.platform. Freed with the DRM device. */
int asahi_reserve_init(struct asahi_device *adev);

/* Gives back what was freed under the lock, and has the stock filled up. Without the lock. */
void asahi_reserve_flush(struct asahi_device *adev);

/* Was something wanted that was not there? Under the lock or not. */
bool asahi_reserve_wanted(struct asahi_device *adev);

/* No fill work runs, nor will, from now on. */
void asahi_reserve_stop(struct asahi_device *adev);

#endif
