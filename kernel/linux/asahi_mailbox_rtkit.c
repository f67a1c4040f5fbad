// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DOC: RTKit on Apple's mailbox
 *
 * Linux has a driver for RTKit, the coprocessor's operating system, which speaks with its system
 * endpoints (drivers/soc/apple/rtkit.c); the core only sees the GPU's own two. Registers and order:
 * jannau/linux: drivers/gpu/drm/asahi/{regs,gpu}.rs; the processor's state: AsahiLinux/m1n1:
 * proxyclient/m1n1/hw/asc.py.
 *
 * This file has been compiled and has never run: it needs a Mac.
 */
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/platform_device.h>
#include <linux/soc/apple/rtkit.h>

#ifdef CONFIG_ARM64
#include <asm/arch_timer.h>
#endif

#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_mailbox.h"
#include "mailbox.h"

/* ASAHI_COMPILE_RTKIT: to compile what cannot be linked. */
#if IS_REACHABLE(CONFIG_APPLE_RTKIT) || defined(ASAHI_COMPILE_RTKIT)

#define CPU_CONTROL     0x44
#define CPU_RUN         BIT(4)
#define CPU_STATUS      0x48
#define CPU_STOPPED     BIT(1)
#define STOP_TIMEOUT_US 100000

#define ASC_SIZE SZ_16K
#define SGX_SIZE SZ_16M

/**
 * struct rtkit_mailbox - the transport; lives as long as the DRM device
 */
struct rtkit_mailbox {
	/** @base: of all transports */
	struct asahi_mailbox base;

	/** @asc: the coprocessor's registers; NULL after unplugging */
	void __iomem *asc;

	/** @rtkit: from the first boot on; NULL after unplugging */
	struct apple_rtkit *rtkit;
};

static struct rtkit_mailbox *to_rtkit(struct asahi_device *adev)
{
	return container_of(adev->mailbox, struct rtkit_mailbox, base);
}

/* --- RTKit's callbacks: in its work --- */

static void receive(void *cookie, u8 endpoint, u64 message)
{
	asahi_core_receive(cookie, endpoint, message);
}

static ASAHI_RTKIT_CRASHED(crashed)
{
	asahi_core_crashed(cookie, "RTKit has crashed");
}

static int shmem_setup(void *cookie, struct apple_rtkit_shmem *shmem)
{
	struct asahi_device *adev = cookie;
	struct agx_rtkit_buffer buffer;
	int ret;

	if (shmem->iova) {
		drm_err(&adev->base, "RTKit names its own buffer, at 0x%llx\n",
			(unsigned long long)shmem->iova);
		return -EINVAL;
	}
	ret = asahi_core_rtkit_buffer(adev, shmem->size, &buffer);
	if (ret)
		return ret;
	shmem->buffer = buffer.cpu;
	shmem->iova = buffer.va;
	return 0;
}

/* The core frees them when the coprocessor is off. */
static void shmem_destroy(void *cookie, struct apple_rtkit_shmem *shmem)
{
}

static const struct apple_rtkit_ops rtkit_ops = {
	.crashed = crashed,
	.recv_message = receive,
	.shmem_setup = shmem_setup,
	.shmem_destroy = shmem_destroy,
};

/* --- Transport --- */

static int set_run(struct asahi_device *adev, bool run)
{
	struct rtkit_mailbox *mailbox = to_rtkit(adev);
	u32 value;

	if (!mailbox->asc)
		return run ? -ENODEV : 0;
	value = readl_relaxed(mailbox->asc + CPU_CONTROL);
	if (run) {
		writel_relaxed(value | CPU_RUN, mailbox->asc + CPU_CONTROL);
		return 0;
	}
	writel_relaxed(value & ~CPU_RUN, mailbox->asc + CPU_CONTROL);
	return readl_relaxed_poll_timeout(mailbox->asc + CPU_STATUS, value, value & CPU_STOPPED,
					  100, STOP_TIMEOUT_US);
}

static int send(struct asahi_device *adev, u8 endpoint, u64 message)
{
	struct rtkit_mailbox *mailbox = to_rtkit(adev);

	return mailbox->rtkit
		       ? apple_rtkit_send_message(mailbox->rtkit, endpoint, message, NULL, false)
		       : -ENODEV;
}

static int boot(struct asahi_device *adev)
{
	struct rtkit_mailbox *mailbox = to_rtkit(adev);
	struct apple_rtkit *rtkit;
	int ret;

	if (mailbox->rtkit) {
		ret = apple_rtkit_reinit(mailbox->rtkit);
		if (ret)
			return ret;
	} else {
		rtkit = apple_rtkit_init(adev->base.dev, adev, NULL, 0, &rtkit_ops);
		if (IS_ERR(rtkit))
			return dev_err_probe(adev->base.dev, PTR_ERR(rtkit), "no RTKit\n");
		mailbox->rtkit = rtkit;
	}
	ret = apple_rtkit_boot(mailbox->rtkit);
	if (!ret)
		ret = apple_rtkit_start_ep(mailbox->rtkit, AGX_EP_FIRMWARE);
	if (!ret)
		ret = apple_rtkit_start_ep(mailbox->rtkit, AGX_EP_DOORBELL);
	return ret;
}

static int quiesce(struct asahi_device *adev)
{
	return apple_rtkit_quiesce(to_rtkit(adev)->rtkit);
}

static u64 sgx_read(struct asahi_device *adev, u32 offset)
{
	if (!adev->sgx || offset > SGX_SIZE - sizeof(u64))
		return 0;
	/* Those that identify the GPU have 32 bits, those that tell of faults 64 (sgx.h). */
	return offset >= SZ_1M ? readl_relaxed(adev->sgx + offset)
			       : readq_relaxed(adev->sgx + offset);
}

static u64 time_ns(struct asahi_device *adev)
{
#ifdef CONFIG_ARM64
	/* The GPU's timestamps are the generic timer's, too. */
	return mul_u64_u32_div(arch_timer_read_counter(), NSEC_PER_SEC, arch_timer_get_cntfrq());
#else
	return ktime_get_raw_ns();
#endif
}

static void unmap(void *registers)
{
	iounmap((void __iomem __force *)registers);
}

/*
 * Maps the beginning of a range, and does not claim it: that of the coprocessor contains the
 * mailbox's, which is another driver's.
 */
static void __iomem *map(struct device *dev, const char *name, resource_size_t size)
{
	struct platform_device *pdev = to_platform_device(dev);
	struct resource *range = platform_get_resource_byname(pdev, IORESOURCE_MEM, name);
	void __iomem *registers;
	int ret;

	if (!range || resource_size(range) < size) {
		dev_err_probe(dev, -EINVAL, "reg: expected %s with at least %pa bytes\n", name,
			      &size);
		return IOMEM_ERR_PTR(-EINVAL);
	}
	registers = range->flags & IORESOURCE_MEM_NONPOSTED ? ioremap_np(range->start, size)
							    : ioremap(range->start, size);
	if (!registers)
		return IOMEM_ERR_PTR(-ENOMEM);
	ret = devm_add_action_or_reset(dev, unmap, (void __force *)registers);
	return ret ? IOMEM_ERR_PTR(ret) : registers;
}

static int init(struct asahi_device *adev)
{
	struct device *dev = adev->base.dev;
	struct rtkit_mailbox *mailbox;

#ifdef CONFIG_ARM64
	if (!system_supports_tlb_range())
		return dev_err_probe(dev, -ENODEV,
				     "the CPUs lack FEAT_TLBIRANGE, which the GPU's MMU needs\n");
#endif
	mailbox = drmm_kzalloc(&adev->base, sizeof(*mailbox), GFP_KERNEL);
	if (!mailbox)
		return -ENOMEM;
	mailbox->base.ops = &asahi_mailbox_rtkit;
	mailbox->asc = map(dev, "asc", ASC_SIZE);
	if (IS_ERR(mailbox->asc))
		return PTR_ERR(mailbox->asc);
	adev->sgx = map(dev, "sgx", SGX_SIZE);
	if (IS_ERR(adev->sgx))
		return PTR_ERR(adev->sgx);
	adev->mailbox = &mailbox->base;
	return 0;
}

static void fini(struct asahi_device *adev)
{
	struct rtkit_mailbox *mailbox = to_rtkit(adev);

	if (mailbox->rtkit)
		apple_rtkit_free(mailbox->rtkit);
	mailbox->rtkit = NULL;
	mailbox->asc = NULL;
	adev->sgx = NULL;
}

const struct asahi_mailbox_ops asahi_mailbox_rtkit = {
	.name = "RTKit",
	.rtkit = true,
	.tlbi = true,
	.init = init,
	.fini = fini,
	.run = set_run,
	.send = send,
	.boot = boot,
	.quiesce = quiesce,
	.sgx_read = sgx_read,
	.time_ns = time_ns,
};

#else /* IS_REACHABLE(CONFIG_APPLE_RTKIT) */

static int init(struct asahi_device *adev)
{
	return dev_err_probe(
		adev->base.dev, -ENODEV,
		"this kernel is built without CONFIG_APPLE_RTKIT, which the GPU needs\n");
}

const struct asahi_mailbox_ops asahi_mailbox_rtkit = {
	.name = "RTKit",
	.init = init,
};

#endif /* IS_REACHABLE(CONFIG_APPLE_RTKIT) */
