// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DOC: life of the device
 *
 * Probe is a list, and unplug the same list backwards. In between the firmware may be stopped and
 * started: when it has failed (reset), when the system sleeps, and, if the user has asked for it,
 * when nobody uses the GPU (runtime power management).
 *
 * Whether a firmware that was stopped can be started again is a property of the transport. In a
 * virtual machine it can. On a Mac nobody has seen it, and the Rust driver (jannau/linux:
 * drivers/gpu/drm/asahi) never stops it: so here too it goes on through a suspension of the system,
 * and after a crash the device is given up, unless the module parameter "restart" says otherwise.
 *
 * Given up is not unplugged: whatever needs the firmware fails with ENODEV, but files, debugfs and
 * the core dump stay, and a rebind by the user tries anew.
 */
#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>
#include <linux/property.h>

#include "agx_limits.h"
#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_dump.h"
#include "asahi_mailbox.h"
#include "initdata.h"

/* How long a suspension of the system waits for work to end. */
#define IDLE_TIMEOUT (3 * HZ)

static bool may_restart(struct asahi_device *adev)
{
	return asahi_restart < 0 ? adev->mailbox->ops->restarts : asahi_restart > 0;
}

/* --- Start and stop --- */

static void give_up(struct asahi_device *adev)
{
	lockdep_assert_held(&adev->power.lock);
	if (adev->power.lost)
		return;
	WRITE_ONCE(adev->power.lost, true);
	drm_err(&adev->base, "the GPU is given up; unbinding and binding the driver may help\n");
	asahi_wedged(&adev->base);
	wake_up_all(&adev->core.changed);
}

/* So often as is allowed. After an error the device is given up. */
static int start(struct asahi_device *adev)
{
	int ret;

	lockdep_assert_held(&adev->power.lock);
	if (adev->power.gone || adev->power.lost)
		return -ENODEV;
	if (READ_ONCE(adev->core.state) == AGX_CORE_READY)
		return 0;
	do {
		ret = asahi_core_start(adev);
		if (!ret) {
			adev->reset.failures = 0;
			return 0;
		}
		drm_err(&adev->base, "the firmware does not start: %d\n", ret);
	} while (may_restart(adev) && ++adev->reset.failures < asahi_start_attempts);
	give_up(adev);
	return ret;
}

static void reset_work(struct work_struct *work)
{
	struct asahi_device *adev = container_of(work, struct asahi_device, reset.work);

	mutex_lock(&adev->power.lock);
	if (READ_ONCE(adev->core.state) == AGX_CORE_FAILED && !adev->power.gone) {
		asahi_core_stop(adev);
		if (!may_restart(adev)) {
			give_up(adev);
		} else if (!adev->power.asleep) {
			atomic_inc(&adev->reset.count);
			if (!start(adev))
				drm_info(&adev->base, "the firmware was restarted\n");
		}
	}
	mutex_unlock(&adev->power.lock);
}

void asahi_device_failed(struct asahi_device *adev)
{
	lockdep_assert_held(&adev->core.lock);
	queue_work(adev->reset.wq, &adev->reset.work);
}

/* --- Users --- */

static bool is_dead(struct asahi_device *adev)
{
	return READ_ONCE(adev->power.lost) || READ_ONCE(adev->power.gone);
}

int asahi_device_get(struct asahi_device *adev)
{
	int ret;

	if (is_dead(adev))
		return -ENODEV;
	ret = pm_runtime_resume_and_get(adev->base.dev);
	if (ret < 0)
		return is_dead(adev) || ret == -EACCES ? -ENODEV : ret;
	ret = wait_event_interruptible(
		adev->core.changed, READ_ONCE(adev->core.state) == AGX_CORE_READY || is_dead(adev));
	if (!ret && is_dead(adev))
		ret = -ENODEV;
	if (ret)
		asahi_device_put(adev);
	return ret;
}

void asahi_device_put(struct asahi_device *adev)
{
	pm_runtime_mark_last_busy(adev->base.dev);
	pm_runtime_put_autosuspend(adev->base.dev);
}

/* --- Power management --- */

static bool is_idle(struct asahi_device *adev)
{
	struct agx_core *core = asahi_core_lock(adev);
	bool idle = agx_core_idle(core);

	asahi_core_unlock(adev);
	return idle;
}

static int fall_asleep(struct asahi_device *adev)
{
	int ret = 0;

	mutex_lock(&adev->power.lock);
	if (!adev->power.gone && !adev->power.asleep) {
		ret = asahi_core_stop(adev);
		adev->power.asleep = true;
	}
	mutex_unlock(&adev->power.lock);
	return ret;
}

static int wake_up_again(struct asahi_device *adev)
{
	int ret = 0;

	mutex_lock(&adev->power.lock);
	if (!adev->power.gone && adev->power.asleep) {
		adev->power.asleep = false;
		if (!adev->power.lost)
			ret = start(adev);
	}
	mutex_unlock(&adev->power.lock);
	return ret;
}

static int suspend(struct device *dev)
{
	struct asahi_device *adev = dev_get_drvdata(dev);
	unsigned long end = jiffies + IDLE_TIMEOUT;

	if (!may_restart(adev) || pm_runtime_status_suspended(dev))
		return 0;
	/* Clients are frozen, but what they have submitted is not. */
	while (!is_idle(adev)) {
		if (time_after(jiffies, end)) {
			drm_warn(&adev->base, "the GPU is busy, and its work would be lost\n");
			return -EBUSY;
		}
		fsleep(10000);
	}
	return fall_asleep(adev);
}

static int resume(struct device *dev)
{
	struct asahi_device *adev = dev_get_drvdata(dev);

	if (pm_runtime_status_suspended(dev))
		return 0;
	/* A GPU that is lost is no reason for the system not to wake up. */
	wake_up_again(adev);
	return 0;
}

static int runtime_suspend(struct device *dev)
{
	struct asahi_device *adev = dev_get_drvdata(dev);

	if (!may_restart(adev) || !is_idle(adev))
		return -EBUSY;
	return fall_asleep(adev);
}

static int runtime_resume(struct device *dev)
{
	struct asahi_device *adev = dev_get_drvdata(dev);

	/* One that is lost answers with ENODEV to whoever asks for more. */
	wake_up_again(adev);
	return 0;
}

const struct dev_pm_ops asahi_device_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(suspend, resume) RUNTIME_PM_OPS(runtime_suspend, runtime_resume, NULL)};

/* --- Probe and unplug --- */

static void destroy_reset_wq(struct drm_device *drm, void *data)
{
	destroy_workqueue(to_asahi_device(drm)->reset.wq);
}

static int init_locks(struct asahi_device *adev)
{
	int ret;

	ret = drmm_mutex_init(&adev->base, &adev->power.lock);
	if (ret)
		return ret;
	INIT_WORK(&adev->reset.work, reset_work);
	adev->reset.wq = alloc_ordered_workqueue("asahi-reset", 0);
	if (!adev->reset.wq)
		return -ENOMEM;
	return drmm_add_action_or_reset(&adev->base, destroy_reset_wq, NULL);
}

static int set_dma_mask(struct asahi_device *adev)
{
	struct device *dev = adev->base.dev;
	int ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(adev->soc->output_address_bits));

	if (ret)
		return dev_err_probe(dev, ret, "no DMA with %u bits of address\n",
				     adev->soc->output_address_bits);
	/* GEM objects of any size are one segment. */
	dma_set_max_seg_size(dev, UINT_MAX);
	return 0;
}

static int find_mailbox(struct asahi_device *adev)
{
	if (device_property_read_bool(adev->base.dev, "agx,virtual-mailbox"))
		return asahi_mailbox_virtual.init(adev);
	return asahi_mailbox_rtkit.init(adev);
}

static int listen(struct asahi_device *adev)
{
	const struct asahi_mailbox_ops *ops = adev->mailbox->ops;
	int ret = ops->listen ? ops->listen(adev) : 0;

	if (ret)
		return dev_err_probe(adev->base.dev, ret, "no interrupt\n");
	return 0;
}

static void unlisten(struct asahi_device *adev)
{
	if (adev->mailbox->ops->unlisten)
		adev->mailbox->ops->unlisten(adev);
}

static void lose_mailbox(struct asahi_device *adev)
{
	adev->mailbox->ops->fini(adev);
}

/* The firmware is off for good. Jobs have ended; whoever asks for more gets an error. */
static void stop_for_good(struct asahi_device *adev)
{
	struct agx_core *core;

	mutex_lock(&adev->power.lock);
	if (asahi_core_stop(adev))
		drm_err(&adev->base, "the coprocessor does not confirm that it has stopped\n");
	core = asahi_core_lock(adev);
	WRITE_ONCE(adev->power.gone, true);
	/* Clients may hold on to it when the next driver's has the reserved memory already. */
	if (!adev->core.runs)
		agx_core_detach(core);
	asahi_core_unlock(adev);
	mutex_unlock(&adev->power.lock);
	wake_up_all(&adev->core.changed);
	cancel_work_sync(&adev->reset.work);
	asahi_reserve_stop(adev);
}

static void init_power_management(struct asahi_device *adev)
{
	struct device *dev = adev->base.dev;

	/* A negative delay means: never. It can be changed in sysfs (power/autosuspend_delay_ms). */
	pm_runtime_set_autosuspend_delay(dev, asahi_autosuspend_ms);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_get_noresume(dev);
	pm_runtime_set_active(dev);
	pm_runtime_enable(dev);
}

static void fini_power_management(struct asahi_device *adev)
{
	struct device *dev = adev->base.dev;

	pm_runtime_disable(dev);
	pm_runtime_dont_use_autosuspend(dev);
	pm_runtime_set_suspended(dev);
	pm_runtime_put_noidle(dev);
}

int asahi_device_init(struct asahi_device *adev)
{
	struct device *dev = adev->base.dev;
	struct agx_device *device;
	int ret;

	if (PAGE_SIZE != AGX_PAGE_SIZE)
		return dev_err_probe(dev, -ENODEV,
				     "the GPU's pages have 16 KiB, this kernel's have %lu KiB\n",
				     PAGE_SIZE / SZ_1K);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;

	ret = init_locks(adev);
	if (ret)
		goto out_free;
	ret = asahi_of_read(adev, device);
	if (ret)
		goto out_free;
	ret = set_dma_mask(adev);
	if (ret)
		goto out_free;
	ret = find_mailbox(adev);
	if (ret)
		goto out_free;
	ret = asahi_of_identify(adev, device);
	if (ret)
		goto err_lose_mailbox;
	agx_soc_params(adev->soc,
		       asahi_fault_control == AGX_FAULT_CONTROL_DEFAULT
			       ? DRM_ASAHI_FEATURE_SOFT_FAULTS
			       : 0,
		       &adev->params);
	ret = asahi_dump_init(adev);
	if (ret)
		goto err_lose_mailbox;
	ret = asahi_core_init(adev, device);
	if (ret)
		goto err_fini_dump;
	ret = listen(adev);
	if (ret)
		goto err_fini_dump;

	mutex_lock(&adev->power.lock);
	ret = start(adev);
	mutex_unlock(&adev->power.lock);
	if (ret) {
		dev_err_probe(dev, ret, "the firmware cannot be started\n");
		goto err_stop;
	}

	init_power_management(adev);
	ret = drm_dev_register(&adev->base, 0);
	if (ret)
		goto err_fini_power_management;
	drm_info(&adev->base, "%s (%s), firmware ABI %u.%u.%u, mailbox: %s\n", adev->soc->product,
		 adev->soc->core, adev->firmware.major, adev->firmware.minor, adev->firmware.patch,
		 adev->mailbox->ops->name);
	pm_runtime_put_autosuspend(dev);
	goto out_free;

err_fini_power_management:
	fini_power_management(adev);
err_stop:
	stop_for_good(adev);
	unlisten(adev);
err_fini_dump:
	asahi_dump_fini(adev);
err_lose_mailbox:
	lose_mailbox(adev);
out_free:
	kfree(device);
	return ret;
}

void asahi_device_unplug(struct asahi_device *adev)
{
	pm_runtime_get_sync(adev->base.dev);
	drm_dev_unplug(&adev->base);
	fini_power_management(adev);
	stop_for_good(adev);
	unlisten(adev);
	asahi_dump_fini(adev);
	lose_mailbox(adev);
}

/* Before a reboot, or the next kernel: nobody may write to memory that is not ours any more. */
void asahi_device_shutdown(struct asahi_device *adev)
{
	if (!may_restart(adev))
		return;
	mutex_lock(&adev->power.lock);
	if (!adev->power.gone)
		asahi_core_stop(adev);
	WRITE_ONCE(adev->power.gone, true);
	mutex_unlock(&adev->power.lock);
	wake_up_all(&adev->core.changed);
}
