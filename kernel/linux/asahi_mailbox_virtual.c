// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DOC: the virtual mailbox
 *
 * A virtual machine's coprocessor is a process outside, and the way to it is QEMU's ivshmem-doorbell
 * device: a block of memory and an interrupt each way (firmware-interface/virtual.h). There are two
 * drivers here in one: that of the PCI device, which only maps it, and the transport of the GPU's
 * platform device, which uses it. A device link orders them: when the PCI device is unbound, the
 * GPU is first, and it comes back with it.
 *
 * All rings are read and written under the core's lock, so that none of that happens while RUN
 * changes, which empties them. What the other side writes is copied, checked, used.
 */
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/pci.h>

#include "asahi_core.h"
#include "asahi_mailbox.h"
#include "virtual.h"

/* How long the other side may take to set or clear RUN, and to make room in its ring. */
#define RUN_TIMEOUT_MS  5000
#define ROOM_TIMEOUT_MS 1000

/**
 * struct ivshmem - the PCI device
 */
struct ivshmem {
	/** @pdev: itself */
	struct pci_dev *pdev;

	/** @registers: BAR 0 */
	void __iomem *registers;

	/** @shared: BAR 2 */
	struct agx_virtual *shared;

	/** @irq: number of vector 0 */
	int irq;

	/** @peer: of the coprocessor; constant */
	u32 peer;

	/** @chip_id: the SoC that it is part of; constant */
	u32 chip_id;

	/** @user: the GPU that uses it; under user_lock */
	struct asahi_device *user;
};

/**
 * struct virtual_mailbox - the transport; lives as long as the DRM device
 */
struct virtual_mailbox {
	/** @base: of all transports */
	struct asahi_mailbox base;

	/** @device: NULL from unplugging on; core's lock */
	struct ivshmem *device;

	/** @sent: messages that were put into the ring to the firmware; core's lock */
	u32 sent;

	/** @received: messages that were taken out of the ring to the driver; core's lock */
	u32 received;

	/** @broken: the ring to the driver makes no sense, until RUN changes; core's lock */
	bool broken;
};

/* The device, when there is one. */
static struct ivshmem *the_device;
static DEFINE_MUTEX(user_lock);

static struct virtual_mailbox *to_virtual(struct asahi_device *adev)
{
	return container_of(adev->mailbox, struct virtual_mailbox, base);
}

static void ring_doorbell(struct ivshmem *device)
{
	writel(device->peer << 16, device->registers + AGX_IVSHMEM_DOORBELL);
}

/* --- Transport --- */

/*
 * Sets or clears RUN. Both empty the rings, by the other side's making its counters equal to ours; when
 * it has been set, the first message may be there already.
 */
static int request_run(struct ivshmem *device, bool run)
{
	struct agx_virtual *shared = device->shared;
	ktime_t end = ktime_add_ms(ktime_get(), RUN_TIMEOUT_MS);
	u32 number = (READ_ONCE(shared->run_done) & ~AGX_VIRTUAL_RUN) + AGX_VIRTUAL_RUN_NUMBER;

	if (run)
		number |= AGX_VIRTUAL_RUN;
	WRITE_ONCE(shared->clock_ns, ktime_get_raw_ns());
	/* With the other side, which reads clock_ns after it. */
	smp_store_release(&shared->run, number);
	ring_doorbell(device);
	/* With the other side, which empties the rings before it. */
	while (smp_load_acquire(&shared->run_done) != number) {
		if (ktime_after(ktime_get(), end)) {
			dev_err(&device->pdev->dev, "the coprocessor does not %s: is it there?\n",
				run ? "start" : "stop");
			return -ETIMEDOUT;
		}
		usleep_range(50, 200);
	}
	return 0;
}

static int set_run(struct asahi_device *adev, bool run)
{
	struct virtual_mailbox *mailbox = to_virtual(adev);
	int ret;

	lockdep_assert_held(&adev->core.lock);
	if (!mailbox->device)
		return run ? -ENODEV : 0;
	ret = request_run(mailbox->device, run);
	if (!ret)
		mailbox->broken = false;
	return ret;
}

static int send(struct asahi_device *adev, u8 endpoint, u64 message)
{
	struct virtual_mailbox *mailbox = to_virtual(adev);
	ktime_t end = ktime_add_ms(ktime_get(), ROOM_TIMEOUT_MS);
	struct agx_virtual_message *slot;
	struct agx_virtual_ring *ring;
	u32 waiting;

	lockdep_assert_held(&adev->core.lock);
	if (!mailbox->device)
		return -ENODEV;
	ring = &mailbox->device->shared->to_firmware;
	for (;;) {
		/* The slots up to it have been read. */
		waiting = mailbox->sent - smp_load_acquire(&ring->head);
		if (waiting < AGX_VIRTUAL_MESSAGES)
			break;
		if (waiting > AGX_VIRTUAL_MESSAGES) {
			drm_err(&adev->base, "the coprocessor took %u messages of %u\n",
				READ_ONCE(ring->head), mailbox->sent);
			return -EIO;
		}
		if (ktime_after(ktime_get(), end)) {
			drm_err(&adev->base, "the coprocessor does not take messages\n");
			return -ETIMEDOUT;
		}
		usleep_range(50, 200);
	}
	slot = &ring->messages[mailbox->sent % AGX_VIRTUAL_MESSAGES];
	WRITE_ONCE(slot->word0, message);
	WRITE_ONCE(slot->word1, endpoint);
	mailbox->sent++;
	/* The message is there. */
	smp_store_release(&ring->tail, mailbox->sent);
	/* With the other side, which says that it waits and then looks at tail. */
	smp_mb();
	if (READ_ONCE(ring->waits))
		ring_doorbell(mailbox->device);
	return 0;
}

/* The next message. Under the core's lock. */
static bool receive(struct asahi_device *adev, u8 *endpoint, u64 *message)
{
	struct virtual_mailbox *mailbox = to_virtual(adev);
	struct agx_virtual_message *slot;
	struct agx_virtual_ring *ring;
	u32 waiting;

	lockdep_assert_held(&adev->core.lock);
	if (!mailbox->device || mailbox->broken)
		return false;
	ring = &mailbox->device->shared->to_driver;
	/* The messages up to it are there. */
	waiting = smp_load_acquire(&ring->tail) - mailbox->received;
	if (!waiting)
		return false;
	if (waiting > AGX_VIRTUAL_MESSAGES) {
		mailbox->broken = true;
		agx_core_crash(adev->core.core, "the virtual mailbox makes no sense");
		return false;
	}
	slot = &ring->messages[mailbox->received % AGX_VIRTUAL_MESSAGES];
	*message = READ_ONCE(slot->word0);
	*endpoint = READ_ONCE(slot->word1);
	mailbox->received++;
	/* The message was read. */
	smp_store_release(&ring->head, mailbox->received);
	return true;
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct asahi_device *adev = data;
	struct virtual_mailbox *mailbox = to_virtual(adev);
	struct agx_virtual_ring *ring = &mailbox->device->shared->to_driver;

	do {
		WRITE_ONCE(ring->waits, 0);
		asahi_core_receive_all(adev, receive);
		WRITE_ONCE(ring->waits, 1);
		/* With the sender, which writes tail and then looks whether we wait. */
		smp_mb();
	} while (READ_ONCE(ring->tail) != READ_ONCE(mailbox->received) &&
		 !READ_ONCE(mailbox->broken));
	return IRQ_HANDLED;
}

static u64 sgx_read(struct asahi_device *adev, u32 offset)
{
	struct virtual_mailbox *mailbox = to_virtual(adev);
	const struct agx_virtual *shared;
	u32 i, count;

	if (!mailbox->device)
		return 0;
	shared = mailbox->device->shared;
	count = min_t(u32, READ_ONCE(shared->register_count), AGX_VIRTUAL_REGISTERS);
	for (i = 0; i < count; i++)
		if (READ_ONCE(shared->registers[i].offset) == offset)
			return READ_ONCE(shared->registers[i].value);
	return 0;
}

static u64 time_ns(struct asahi_device *adev)
{
	return ktime_get_raw_ns();
}

static int init(struct asahi_device *adev)
{
	struct device *dev = adev->base.dev;
	struct virtual_mailbox *mailbox;
	struct ivshmem *device;
	int ret = 0;

	mailbox = drmm_kzalloc(&adev->base, sizeof(*mailbox), GFP_KERNEL);
	if (!mailbox)
		return -ENOMEM;
	mailbox->base.ops = &asahi_mailbox_virtual;

	mutex_lock(&user_lock);
	device = the_device;
	if (!device)
		ret = dev_err_probe(dev, -EPROBE_DEFER, "no virtual mailbox\n");
	else if (device->user)
		ret = dev_err_probe(dev, -EBUSY, "the virtual mailbox is another GPU's\n");
	else if (device->chip_id != adev->soc->chip_id)
		ret = dev_err_probe(dev, -ENODEV,
				    "the device tree has a T%04x, the virtual mailbox a T%04x\n",
				    adev->soc->chip_id, device->chip_id);
	else if (!device_link_add(dev, &device->pdev->dev, DL_FLAG_AUTOPROBE_CONSUMER))
		ret = dev_err_probe(dev, -EINVAL, "no link to %s\n", pci_name(device->pdev));
	else
		device->user = adev;
	mutex_unlock(&user_lock);
	if (ret)
		return ret;

	/* A driver before us may have died with it on. */
	ret = request_run(device, false);
	if (ret)
		goto err_free;
	mailbox->device = device;
	/* It counts from where that one left it. */
	mailbox->sent = READ_ONCE(device->shared->to_firmware.tail);
	mailbox->received = READ_ONCE(device->shared->to_driver.head);
	WRITE_ONCE(device->shared->to_driver.waits, 1);
	adev->mailbox = &mailbox->base;
	return 0;

err_free:
	mutex_lock(&user_lock);
	device->user = NULL;
	mutex_unlock(&user_lock);
	return ret;
}

static int listen(struct asahi_device *adev)
{
	struct ivshmem *device = to_virtual(adev)->device;

	return request_threaded_irq(device->irq, NULL, interrupt, IRQF_ONESHOT, "asahi-mailbox",
				    adev);
}

static void unlisten(struct asahi_device *adev)
{
	free_irq(to_virtual(adev)->device->irq, adev);
}

static void fini(struct asahi_device *adev)
{
	struct virtual_mailbox *mailbox = to_virtual(adev);
	struct ivshmem *device = mailbox->device;

	mailbox->device = NULL;
	mutex_lock(&user_lock);
	device->user = NULL;
	mutex_unlock(&user_lock);
}

const struct asahi_mailbox_ops asahi_mailbox_virtual = {
	.name = "virtual",
	.restarts = true,
	.init = init,
	.fini = fini,
	.listen = listen,
	.unlisten = unlisten,
	.run = set_run,
	.send = send,
	.sgx_read = sgx_read,
	.time_ns = time_ns,
};

/* --- PCI device --- */

static int check(struct pci_dev *pdev, const struct agx_virtual *shared)
{
	u32 version = READ_ONCE(shared->version), size = READ_ONCE(shared->size);

	/* Others use this device for other things. The magic is written last. */
	if (smp_load_acquire(&shared->magic) != AGX_VIRTUAL_MAGIC)
		return -ENODEV;
	if (version != AGX_VIRTUAL_VERSION || size != AGX_VIRTUAL_SIZE)
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "virtual mailbox: expected version %u, %u bytes, got %u, %u\n",
				     AGX_VIRTUAL_VERSION, AGX_VIRTUAL_SIZE, version, size);
	if (READ_ONCE(shared->peer) > U16_MAX)
		return dev_err_probe(&pdev->dev, -EINVAL,
				     "virtual mailbox: expected a peer of 16 bits, got %u\n",
				     READ_ONCE(shared->peer));
	return 0;
}

static void unmap(void *shared)
{
	memunmap(shared);
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct ivshmem *device;
	int ret;

	if (pci_resource_len(pdev, 0) < AGX_IVSHMEM_DOORBELL + sizeof(u32) ||
	    pci_resource_len(pdev, 2) < AGX_VIRTUAL_SIZE)
		return -ENODEV;
	device = devm_kzalloc(dev, sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	/* Memory, not registers: it is the other side's memory too. */
	device->shared = memremap(pci_resource_start(pdev, 2), AGX_VIRTUAL_SIZE, MEMREMAP_WB);
	if (!device->shared)
		return dev_err_probe(dev, -ENOMEM, "BAR 2 cannot be mapped\n");
	ret = devm_add_action_or_reset(dev, unmap, device->shared);
	if (ret)
		return ret;
	ret = check(pdev, device->shared);
	if (ret)
		return ret;
	device->registers = pcim_iomap(pdev, 0, 0);
	if (!device->registers)
		return dev_err_probe(dev, -ENOMEM, "BAR 0 cannot be mapped\n");
	pci_set_master(pdev); /* MSI is a write to memory */
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(dev, ret, "no MSI-X vector\n");
	device->pdev = pdev;
	device->irq = pci_irq_vector(pdev, 0);
	device->peer = READ_ONCE(device->shared->peer);
	device->chip_id = READ_ONCE(device->shared->chip_id);
	WRITE_ONCE(device->shared->driver_peer, readl(device->registers + AGX_IVSHMEM_POSITION));
	pci_set_drvdata(pdev, device);

	mutex_lock(&user_lock);
	if (the_device)
		ret = dev_err_probe(dev, -EBUSY, "there is a virtual mailbox already: %s\n",
				    pci_name(the_device->pdev));
	else
		the_device = device;
	mutex_unlock(&user_lock);
	if (ret < 0) {
		pci_free_irq_vectors(pdev);
		return ret;
	}
	return 0;
}

static void remove(struct pci_dev *pdev)
{
	struct ivshmem *device = pci_get_drvdata(pdev);

	mutex_lock(&user_lock);
	WARN_ON(device->user); /* the device link has unbound it */
	the_device = NULL;
	mutex_unlock(&user_lock);
	pci_free_irq_vectors(pdev);
}

/*
 * Not in a module device table: whoever has such a device for something else does not want this
 * module. What loads it is the GPU's node in the device tree.
 */
static const struct pci_device_id pci_ids[] = {{PCI_DEVICE(AGX_IVSHMEM_VENDOR, AGX_IVSHMEM_DEVICE)},
					       {}};

static struct pci_driver pci_driver = {
	.name = "asahi-virtual-mailbox",
	.id_table = pci_ids,
	.probe = probe,
	.remove = remove,
};

int asahi_mailbox_virtual_register(void)
{
	return pci_register_driver(&pci_driver);
}

void asahi_mailbox_virtual_unregister(void)
{
	pci_unregister_driver(&pci_driver);
}
