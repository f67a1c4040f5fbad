// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The module: parameters, the platform driver, load and unload.
 */
#include <drm/drm_drv.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

#include "agx_core.h"
#include "asahi_compat.h"
#include "asahi_device.h"
#include "asahi_file.h"
#include "asahi_mailbox.h"
#include "initdata.h"

uint asahi_fault_control = AGX_FAULT_CONTROL_DEFAULT;
module_param_named(fault_control, asahi_fault_control, uint, 0444);
MODULE_PARM_DESC(
	fault_control,
	"what the GPU does about faults, as the firmware wants it; default 0xb: loads from unmapped addresses give zero (soft faults), 0: all faults are reported");

uint asahi_ktrace_mask;
module_param_named(ktrace_mask, asahi_ktrace_mask, uint, 0444);
MODULE_PARM_DESC(
	ktrace_mask,
	"events that the firmware traces, see the tracepoint asahi_record; default 0: none, 0xffffffff: all");

uint asahi_work_timeout_ms = AGX_WORK_TIMEOUT_NS / 1000000;
module_param_named(work_timeout_ms, asahi_work_timeout_ms, uint, 0444);
MODULE_PARM_DESC(
	work_timeout_ms,
	"time without any progress after which the firmware counts as hung, in milliseconds; default 10000");

bool asahi_debug_heaps;
module_param_named(debug_heaps, asahi_debug_heaps, bool, 0444);
MODULE_PARM_DESC(
	debug_heaps,
	"poison free memory of the firmware's heaps and look for stray writes; slow; default N");

int asahi_restart = -1;
module_param_named(restart, asahi_restart, int, 0644);
MODULE_PARM_DESC(
	restart,
	"restart a firmware that has failed, and stop it while the system sleeps; 1: yes, 0: no, -1 (default): in a virtual machine only");

uint asahi_start_attempts = 3;
module_param_named(start_attempts, asahi_start_attempts, uint, 0644);
MODULE_PARM_DESC(
	start_attempts,
	"failed starts in a row after which the GPU is given up, if restart is allowed; default 3");

int asahi_autosuspend_ms = -1;
module_param_named(autosuspend_ms, asahi_autosuspend_ms, int, 0444);
MODULE_PARM_DESC(
	autosuspend_ms,
	"time without clients' work after which the firmware is stopped, if restart is allowed, in milliseconds; default -1: never; also power/autosuspend_delay_ms of the device");

static int probe(struct platform_device *pdev)
{
	struct asahi_device *adev;

	adev = devm_drm_dev_alloc(&pdev->dev, &asahi_drm_driver, struct asahi_device, base);
	if (IS_ERR(adev))
		return PTR_ERR(adev);
	platform_set_drvdata(pdev, adev);
	return asahi_device_init(adev);
}

static void remove(struct platform_device *pdev)
{
	asahi_device_unplug(platform_get_drvdata(pdev));
}

static void shutdown(struct platform_device *pdev)
{
	asahi_device_shutdown(platform_get_drvdata(pdev));
}

/*
 * Upstream's names and those of Asahi's trees. A node's most specific name is the one that counts, so
 * that "apple,agx-g13s" means T6000 only where nothing stands before it.
 */
static const struct of_device_id of_match[] = {{.compatible = "apple,agx-t8103", .data = "t8103"},
					       {.compatible = "apple,agx-t8112", .data = "t8112"},
					       {.compatible = "apple,agx-t6000", .data = "t6000"},
					       {.compatible = "apple,agx-t6001", .data = "t6001"},
					       {.compatible = "apple,agx-t6002", .data = "t6002"},
					       {.compatible = "apple,agx-t6020", .data = "t6020"},
					       {.compatible = "apple,agx-t6021", .data = "t6021"},
					       {.compatible = "apple,agx-t6022", .data = "t6022"},
					       {.compatible = "apple,agx-g13g", .data = "t8103"},
					       {.compatible = "apple,agx-g14g", .data = "t8112"},
					       {.compatible = "apple,agx-g13s", .data = "t6000"},
					       {.compatible = "apple,agx-g13c", .data = "t6001"},
					       {.compatible = "apple,agx-g13d", .data = "t6002"},
					       {.compatible = "apple,agx-g14s", .data = "t6020"},
					       {.compatible = "apple,agx-g14c", .data = "t6021"},
					       {.compatible = "apple,agx-g14d", .data = "t6022"},
					       {}};
MODULE_DEVICE_TABLE(of, of_match);

static struct platform_driver platform_driver = {
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
	.driver.name = "asahi",
	.driver.of_match_table = of_match,
	.driver.pm = pm_ptr(&asahi_device_pm_ops),
};

static int __init init(void)
{
	int ret;

	ret = asahi_drv_init();
	if (ret)
		return ret;
	ret = asahi_mailbox_virtual_register();
	if (ret)
		goto err_fini_drv;
	ret = platform_driver_register(&platform_driver);
	if (ret)
		goto err_unregister_mailbox;
	return 0;

err_unregister_mailbox:
	asahi_mailbox_virtual_unregister();
err_fini_drv:
	asahi_drv_fini();
	return ret;
}
module_init(init);

static void __exit fini(void)
{
	platform_driver_unregister(&platform_driver);
	asahi_mailbox_virtual_unregister();
	asahi_drv_fini();
}
module_exit(fini);

MODULE_DESCRIPTION("DRM driver for Apple AGX GPUs, M1 and M2 families");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("Dual MIT/GPL");
ASAHI_IMPORT_DMA_BUF();
