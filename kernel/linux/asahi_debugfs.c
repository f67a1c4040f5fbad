// SPDX-License-Identifier: GPL-2.0-only OR MIT
/**
 * DOC: debugfs
 *
 * In /sys/kernel/debug/dri/<device>/:
 *
 * firmware
 *	State, counters, channels and work queues.
 * heaps
 *	Memory that the driver shares with the firmware, and page tables.
 * log
 *	The last lines that the firmware has written or the core has said of it.
 * mailbox
 *	The transport, and the last messages.
 * queues
 *	Open files with their queues.
 * gems
 *	Buffer objects, by file and handle.
 * gpuvas
 *	What is mapped in each VM.
 * reset
 *	Anything written there makes the driver believe that the firmware has crashed.
 *
 * The files go before the device does: debugfs waits for readers when it removes them, at
 * drm_dev_unregister(). What is printed is copied under a lock first, and printed without it.
 */
#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "agx_snapshot.h"
#include "asahi_compat.h"
#include "asahi_core.h"
#include "asahi_dump.h"
#include "asahi_gem.h"
#include "asahi_mailbox.h"
#include "asahi_queue.h"
#include "asahi_vm.h"

#define MAX_RINGS 1024

static struct asahi_device *device_of(struct seq_file *m)
{
	struct drm_info_node *node = m->private;

	return to_asahi_device(node->minor->dev);
}

static const char *const pipes[] = {"vertex", "fragment", "compute"};

/* --- firmware --- */

static void show_channels(struct seq_file *m, struct asahi_device *adev)
{
	struct agx_channel_snapshot channel;
	unsigned int i;
	bool more;

	seq_puts(
		m,
		"\nchannel          direction entries  size  index  other   read  write       sent\n");
	for (i = 0;; i++) {
		more = agx_snapshot_channel(asahi_core_lock(adev), i, &channel);
		asahi_core_unlock(adev);
		if (!more)
			return;
		seq_printf(m, "%-16s %-9s %7u %5u %6u %6u %6u %6u %10u%s\n", channel.name,
			   channel.to_firmware ? "to" : "from", channel.entries, channel.entry_size,
			   channel.index, channel.other, channel.read_ptr, channel.write_ptr,
			   channel.sent, channel.dead ? " dead" : "");
	}
}

static int show_rings(struct seq_file *m, struct asahi_device *adev)
{
	struct agx_ring_snapshot *rings;
	u32 count, total, i;

	rings = kvcalloc(MAX_RINGS, sizeof(*rings), GFP_KERNEL);
	if (!rings)
		return -ENOMEM;
	total = agx_snapshot_rings(asahi_core_lock(adev), rings, MAX_RINGS);
	asahi_core_unlock(adev);
	count = min(total, MAX_RINGS);

	seq_puts(
		m,
		"\n     queue pipe     priority slot      stamp  submitted commands issued  wptr  rptr  done command\n");
	for (i = 0; i < count; i++) {
		const struct agx_ring_snapshot *ring = &rings[i];

		seq_printf(m, "%10u %-8s %8u %4d %#10x %#10x %8u %6u %5u %5u %5u %#llx%s\n",
			   ring->queue, pipes[ring->pipe], ring->priority,
			   ring->event_slot < AGX_EVENT_SLOTS ? (int)ring->event_slot : -1,
			   ring->stamp, ring->submitted, ring->commands, ring->issued,
			   ring->cpu_wptr, ring->gpu_rptr, ring->gpu_doneptr, ring->command,
			   ring->recovering ? " recovering" : "");
	}
	if (total > count)
		seq_printf(m, "and %u more\n", total - count);
	kvfree(rings);
	return 0;
}

static int firmware_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct agx_core_snapshot state;
	const char *failure;
	struct agx_core *core;
	int variant;

	core = asahi_core_lock(adev);
	agx_snapshot_core(core, &state);
	failure = agx_core_failure(core);
	variant = agx_core_variant(core);
	asahi_core_unlock(adev);

	seq_printf(m, "state: %s\n", agx_core_state_name(READ_ONCE(adev->core.state)));
	if (failure[0])
		seq_printf(m, "failure: %s\n", failure);
	seq_printf(m, "soc: %s\n", adev->soc->name);
	seq_printf(m, "firmware: %u.%u.%u (%s)\n", adev->firmware.major, adev->firmware.minor,
		   adev->firmware.patch, agx_fw_variant_name(variant));
	seq_printf(m, "starts: %u\n", state.life);
	seq_printf(m, "resets: %d\n", atomic_read(&adev->reset.count));
	seq_printf(m, "init data: %#llx\n", state.init_data);
	seq_printf(m, "halts: %llu%s%s\n", state.halt_count, state.halted ? " halted" : "",
		   state.halting ? " awaited" : "");
	seq_printf(m, "queues: %u, and %u that the firmware still knows\n", state.queues,
		   state.zombies);
	seq_printf(m, "commands: %u\n", state.outstanding);
	show_channels(m, adev);
	return show_rings(m, adev);
}

/* --- heaps --- */

static int heaps_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct agx_heap_stats stats[AGX_FW_HEAPS];
	struct agx_uat_stats tables;
	struct agx_core *core;
	unsigned int i;

	core = asahi_core_lock(adev);
	for (i = 0; i < AGX_FW_HEAPS; i++)
		stats[i] = agx_heap_stats(agx_core_heap(core, i));
	tables = agx_uat_stats(agx_core_uat(core));
	asahi_core_unlock(adev);

	seq_puts(
		m,
		"heap                 mapped       live    objects    garbage    objects  blocks misuse\n");
	for (i = 0; i < AGX_FW_HEAPS; i++)
		seq_printf(m, "%-16s %10llu %10llu %10u %10llu %10u %7u %6u\n",
			   agx_fw_heap_config(i)->name, stats[i].mapped_bytes, stats[i].live_bytes,
			   stats[i].live_objects, stats[i].garbage_bytes, stats[i].garbage_objects,
			   stats[i].blocks, stats[i].misuse);
	seq_printf(m, "\npage tables: %u, %u spare\n", tables.tables, tables.spare);
	return 0;
}

/* --- log, mailbox --- */

static void show_time(struct seq_file *m, u64 ns)
{
	u32 rest;
	u64 seconds = div_u64_rem(ns, NSEC_PER_SEC, &rest);

	seq_printf(m, "[%5llu.%06u] ", seconds, rest / 1000);
}

static int log_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct asahi_coredump_record *records;
	u32 count, i;
	u64 total;

	records = kvcalloc(ASAHI_DUMP_RECORDS, sizeof(*records), GFP_KERNEL);
	if (!records)
		return -ENOMEM;
	count = asahi_dump_records(adev, records, ASAHI_DUMP_RECORDS, &total);
	seq_printf(m, "%llu lines, the last %u:\n", total, count);
	for (i = 0; i < count; i++) {
		show_time(m, records[i].time_ns);
		seq_printf(m, "%s %u: %s\n", agx_record_source_name(records[i].source),
			   records[i].level, records[i].text);
	}
	kvfree(records);
	return 0;
}

static int mailbox_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct asahi_coredump_message *messages;
	u32 count, i;
	u64 total;

	messages = kvcalloc(ASAHI_DUMP_MESSAGES, sizeof(*messages), GFP_KERNEL);
	if (!messages)
		return -ENOMEM;
	count = asahi_dump_messages(adev, messages, ASAHI_DUMP_MESSAGES, &total);
	seq_printf(m, "transport: %s\n", adev->mailbox->ops->name);
	seq_printf(m, "%llu messages, the last %u:\n", total, count);
	for (i = 0; i < count; i++) {
		show_time(m, messages[i].time_ns);
		seq_printf(m, "%s %#04x %#018llx\n", messages[i].sent ? "to  " : "from",
			   messages[i].endpoint, messages[i].message);
	}
	kvfree(messages);
	return 0;
}

/* --- queues, gems, gpuvas --- */

static void show_client(struct seq_file *m, struct drm_file *file)
{
	struct task_struct *task;
	struct pid *pid;

	rcu_read_lock();
	pid = rcu_dereference(file->pid);
	task = pid_task(pid, PIDTYPE_TGID);
	seq_printf(m, "file %u, client %llu, pid %d, %s\n", to_asahi_file(file)->id,
		   file->client_id, pid_nr(pid), task ? task->comm : "<unknown>");
	rcu_read_unlock();
}

static void show_client_queues(struct seq_file *m, struct asahi_file *afile)
{
	struct asahi_queue *queue;
	unsigned long id;

	/* What the iteration gives may be on its way out; a look-up gives a reference. */
	xa_for_each(&afile->queues, id, queue) {
		queue = asahi_queue_lookup(afile, id);
		if (!queue)
			continue;
		seq_printf(
			m,
			"  queue %u, pid %d, %s: %llu jobs so far, %u commands with the firmware\n",
			queue->id, queue->pid, queue->comm, READ_ONCE(queue->seqno),
			(u32)atomic_read(&queue->sched.credit_count));
		asahi_queue_put(queue);
	}
}

static int queues_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct drm_file *file;

	guard(mutex)(&adev->base.filelist_mutex);
	list_for_each_entry(file, &adev->base.filelist, lhead) {
		show_client(m, file);
		show_client_queues(m, to_asahi_file(file));
	}
	return 0;
}

static int gems_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct drm_gem_object *obj;
	struct drm_file *file;
	int handle;

	guard(mutex)(&adev->base.filelist_mutex);
	list_for_each_entry(file, &adev->base.filelist, lhead) {
		show_client(m, file);
		seq_puts(m, "  handle         size handles refs flags\n");
		spin_lock(&file->table_lock);
		idr_for_each_entry(&file->object_idr, obj, handle) {
			struct asahi_bo *bo = to_asahi_bo(obj);

			seq_printf(m, "  %6d %12zu %7u %4u %#x%s%s%s\n", handle, obj->size,
				   obj->handle_count, kref_read(&obj->refcount), bo->flags,
				   bo->root ? " private" : "",
				   asahi_gem_is_imported(obj) ? " imported" : "",
				   obj->dma_buf ? " exported" : "");
		}
		spin_unlock(&file->table_lock);
	}
	return 0;
}

static int gpuvas_show(struct seq_file *m, void *unused)
{
	struct asahi_device *adev = device_of(m);
	struct asahi_vm *vm;
	struct drm_file *file;
	unsigned long id;

	guard(mutex)(&adev->base.filelist_mutex);
	list_for_each_entry(file, &adev->base.filelist, lhead) {
		struct asahi_file *afile = to_asahi_file(file);

		show_client(m, file);
		xa_for_each(&afile->vms, id, vm) {
			vm = asahi_vm_lookup(afile, id);
			if (!vm)
				continue;
			seq_printf(m, "vm %lu, driver's window %#llx to %#llx\n", id,
				   vm->kernel_start, vm->kernel_end);
			mutex_lock(&vm->lock);
			drm_debugfs_gpuva_info(m, &vm->gpuvm);
			mutex_unlock(&vm->lock);
			asahi_vm_put(vm);
		}
	}
	return 0;
}

/* --- reset --- */

static ssize_t reset_write(struct file *file, const char __user *buffer, size_t size, loff_t *pos)
{
	struct asahi_device *adev = file->private_data;
	int ret, cookie;

	if (!drm_dev_enter(&adev->base, &cookie))
		return -ENODEV;
	ret = asahi_device_get(adev);
	if (!ret) {
		asahi_core_crashed(adev, "a reset was asked for by debugfs");
		asahi_device_put(adev);
	}
	drm_dev_exit(cookie);
	return ret ?: size;
}

static const struct file_operations reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = reset_write,
	.llseek = noop_llseek,
};

static const struct drm_info_list files[] = {
	{"firmware", firmware_show},
	{"heaps", heaps_show},
	{"log", log_show},
	{"mailbox", mailbox_show},
	{"queues", queues_show},
	{"gems", gems_show},
	DRM_DEBUGFS_GPUVA_INFO(gpuvas_show, NULL),
};

void asahi_debugfs_init(struct drm_minor *minor)
{
	struct asahi_device *adev = to_asahi_device(minor->dev);

	drm_debugfs_create_files(files, ARRAY_SIZE(files), minor->debugfs_root, minor);
	debugfs_create_file("reset", 0200, minor->debugfs_root, adev, &reset_fops);
}
