// SPDX-License-Identifier: GPL-2.0-only OR MIT
/**
 * DOC: device core dumps
 *
 * The first failure is the one that matters, and it has to be looked at before anything is cleaned
 * up. So there are two steps. Under the core's lock, in the hook that tells of the failure, whatever
 * may soon be gone is copied into a snapshot that was allocated at probe: nothing waits, nothing is
 * allocated. A worker then asks for what may take time (the client's mappings), puts the file
 * together and gives it to devcoredump, which keeps one dump of a device until somebody has read
 * and dismissed it, or for some minutes, and drops those that come meanwhile.
 *
 * The worker is not on the core's workqueue: it takes reservations, which may be held by somebody
 * who waits for a fence that the core's workqueue has to signal.
 *
 * The file holds what the driver and the firmware know; of clients, no more than names, addresses
 * and sizes, never the contents of their buffers.
 */
#include <drm/drm_print.h>
#include <linux/devcoredump.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sysfs.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "agx_fault.h"
#include "agx_snapshot.h"
#include "asahi_core.h"
#include "asahi_dump.h"
#include "asahi_gem.h"
#include "asahi_job.h"
#include "asahi_mailbox.h"
#include "asahi_queue.h"

#define CHANNELS 32
#define RINGS    256
#define MAPPINGS 8192

/* Of the firmware's memory. */
#define MEMORIES     4
#define MEMORY_BYTES 16384

struct snapshot_memory {
	struct agx_memory_snapshot what;
	size_t size;
	u8 bytes[MEMORY_BYTES];
};

/**
 * struct snapshot - what is copied at once
 */
struct snapshot {
	/** @info: time, reason, device */
	struct asahi_coredump_info info;

	/** @has_fault: @fault is filled */
	bool has_fault;

	/** @fault: the command that failed first */
	struct asahi_coredump_fault fault;

	/** @has_job: @job is filled */
	bool has_job;

	/** @job: whose it was */
	struct asahi_coredump_job job;

	/** @vm: where it ran, a reference; NULL: not known */
	struct asahi_vm *vm;

	/** @core: counters */
	struct asahi_coredump_core core;

	/** @channel_count: elements of @channels */
	u32 channel_count;

	/** @channels: rings to and from the firmware */
	struct asahi_coredump_channel channels[CHANNELS];

	/** @ring_count: elements of @rings */
	u32 ring_count;

	/** @ring_total: work queues that there were */
	u32 ring_total;

	/** @rings: work queues, busy ones first */
	struct asahi_coredump_ring rings[RINGS];

	/** @heaps: the firmware's */
	struct asahi_coredump_heap heaps[AGX_FW_HEAPS];

	/** @message_count: elements of @messages */
	u32 message_count;

	/** @message_total: messages since probe */
	u64 message_total;

	/** @messages: of the mailbox */
	struct asahi_coredump_message messages[ASAHI_DUMP_MESSAGES];

	/** @record_count: elements of @records */
	u32 record_count;

	/** @record_total: lines since probe */
	u64 record_total;

	/** @records: lines of the firmware's log */
	struct asahi_coredump_record records[ASAHI_DUMP_RECORDS];

	/** @memory_count: elements of @memories */
	u32 memory_count;

	/** @memories: what the failed command is made of */
	struct snapshot_memory memories[MEMORIES];

	/** @ring_scratch: for agx_snapshot_rings() */
	struct agx_ring_snapshot ring_scratch[RINGS];
};

/**
 * struct asahi_dump - rings of what has happened, and the snapshot
 */
struct asahi_dump {
	/** @adev: the device */
	struct asahi_device *adev;

	/** @work: makes a file of the snapshot */
	struct work_struct work;

	/** @busy: the snapshot is in use until @work is done; under the core's lock */
	bool busy;

	/** @dropped: events that no dump was made of, since the last; under the core's lock */
	u32 dropped;

	/** @record_total: lines ever; the last is at (total - 1) % size; under the core's lock */
	u64 record_total;

	/** @message_total: the same of messages */
	u64 message_total;

	/** @messages: ring, under the core's lock */
	struct asahi_coredump_message messages[ASAHI_DUMP_MESSAGES];

	/** @records: ring, under the core's lock */
	struct asahi_coredump_record records[ASAHI_DUMP_RECORDS];

	/** @snapshot: allocated with this */
	struct snapshot snapshot;
};

void asahi_dump_record(struct asahi_device *adev, const struct agx_record *record)
{
	struct asahi_dump *dump = adev->dump;
	struct asahi_coredump_record *to;
	ssize_t length;

	lockdep_assert_held(&adev->core.lock);
	if (!dump)
		return;
	to = &dump->records[dump->record_total++ % ASAHI_DUMP_RECORDS];
	memset(to, 0, sizeof(*to));
	to->time_ns = local_clock();
	to->timestamp = record->timestamp;
	to->source = record->source;
	to->level = record->level;
	to->sequence = record->sequence;
	length = strscpy(to->text, record->text, sizeof(to->text));
	to->length = length < 0 ? sizeof(to->text) - 1 : length;
}

void asahi_dump_message(struct asahi_device *adev, bool sent, u8 endpoint, u64 message)
{
	struct asahi_dump *dump = adev->dump;

	lockdep_assert_held(&adev->core.lock);
	if (!dump)
		return;
	dump->messages[dump->message_total++ % ASAHI_DUMP_MESSAGES] =
		(struct asahi_coredump_message){
			.time_ns = local_clock(),
			.message = message,
			.endpoint = endpoint,
			.sent = sent,
		};
}

/* The newest elements of a ring of size elements, oldest first; how many. */
static u32 copy_ring(void *to, const void *ring, size_t element, u32 size, u64 total, u32 max)
{
	u32 count = min_t(u64, total, min(size, max));
	u32 first, until_end;

	if (!count)
		return 0;
	div_u64_rem(total - count, size, &first);
	until_end = min(count, size - first);
	memcpy(to, ring + first * element, until_end * element);
	memcpy(to + until_end * element, ring, (count - until_end) * element);
	return count;
}

static u32 copy_records(struct asahi_dump *dump, struct asahi_coredump_record *records, u32 max)
{
	return copy_ring(records, dump->records, sizeof(*records), ASAHI_DUMP_RECORDS,
			 dump->record_total, max);
}

static u32 copy_messages(struct asahi_dump *dump, struct asahi_coredump_message *messages, u32 max)
{
	return copy_ring(messages, dump->messages, sizeof(*messages), ASAHI_DUMP_MESSAGES,
			 dump->message_total, max);
}

u32 asahi_dump_records(struct asahi_device *adev, struct asahi_coredump_record *records, u32 max,
		       u64 *total)
{
	u32 count;

	asahi_core_lock(adev);
	*total = adev->dump->record_total;
	count = copy_records(adev->dump, records, max);
	asahi_core_unlock(adev);
	return count;
}

u32 asahi_dump_messages(struct asahi_device *adev, struct asahi_coredump_message *messages, u32 max,
			u64 *total)
{
	u32 count;

	asahi_core_lock(adev);
	*total = adev->dump->message_total;
	count = copy_messages(adev->dump, messages, max);
	asahi_core_unlock(adev);
	return count;
}

static void fill_info(struct asahi_device *adev, struct asahi_coredump_info *info,
		      enum asahi_coredump_reason reason, const char *text)
{
	*info = (struct asahi_coredump_info){
		.time_ns = local_clock(),
		.realtime_ns = ktime_get_real_ns(),
		.reason = reason,
		.state = agx_core_state(adev->core.core),
		.firmware = {adev->firmware.major, adev->firmware.minor, adev->firmware.patch},
		.resets = atomic_read(&adev->reset.count),
		.dropped = adev->dump->dropped,
		.page_size = PAGE_SIZE,
	};
	strscpy(info->device, dev_name(adev->base.dev));
	strscpy(info->soc, adev->soc->name);
	strscpy(info->variant, agx_fw_variant_name(agx_core_variant(adev->core.core)));
	if (adev->mailbox)
		strscpy(info->transport, adev->mailbox->ops->name);
	strscpy(info->kernel, init_utsname()->release);
#ifdef MODULE
	if (THIS_MODULE->version)
		strscpy(info->module, THIS_MODULE->version);
#endif
	strscpy(info->text, text);
}

static void fill_fault(struct asahi_device *adev, struct asahi_coredump_fault *to,
		       const struct agx_core_fault *fault)
{
	const struct agx_uat_lookup *found = &fault->found;

	*to = (struct asahi_coredump_fault){
		.kind = fault->kind,
		.error = fault->error,
		.queue = fault->queue,
		.pipe = fault->pipe,
		.event_slot = fault->event_slot,
		.value = fault->value,
		.vm_slot = fault->vm_slot,
		.channel_error = fault->channel_error,
		.command = fault->command,
		.prot = -1,
	};
	if (agx_core_variant(adev->core.core) == AGX_FW_VARIANT_G14X_V13_5)
		to->flags |= ASAHI_COREDUMP_G14X;
	if (!fault->has_mmu)
		return;
	to->flags |= ASAHI_COREDUMP_HAS_MMU;
	to->flags |= fault->mmu.read ? ASAHI_COREDUMP_READ : 0;
	to->flags |= found->mapped ? ASAHI_COREDUMP_MAPPED : 0;
	to->flags |= found->damaged ? ASAHI_COREDUMP_DAMAGED : 0;
	to->reason = fault->mmu.reason;
	to->level = fault->mmu.level;
	to->unit = fault->mmu.unit;
	to->mmu_slot = fault->mmu.vm_slot;
	to->sideband = fault->mmu.sideband;
	to->unk_5 = fault->mmu.unk_5;
	to->raw = fault->mmu.raw;
	to->raw_address = fault->mmu.raw_address;
	to->address = fault->mmu.address;
	to->walk_level = found->level;
	to->access_gpu = found->access.gpu;
	to->access_fw = found->access.fw;
	to->prot = found->mapped ? found->prot : -1;
	to->pa = found->pa;
	memcpy(to->entry, found->entry, sizeof(to->entry));
}

/* The job is with the core, so it lives, as does what it refers to. */
static void fill_job(struct snapshot *snap, const struct asahi_job *job)
{
	struct asahi_queue *queue = job->queue;
	struct asahi_vm *vm;
	unsigned long id;

	snap->job = (struct asahi_coredump_job){
		.seqno = job->seqno,
		.file = queue->file->id,
		.queue = queue->id,
		.pid = queue->pid,
	};
	strscpy(snap->job.comm, queue->comm);
	xa_for_each(&queue->file->vms, id, vm) {
		if (vm == queue->vm)
			snap->job.vm = id;
	}
	snap->vm = asahi_vm_get(queue->vm);
}

static void fill_core(struct agx_core *core, struct snapshot *snap)
{
	struct agx_channel_snapshot channel;
	struct agx_uat_stats tables = agx_uat_stats(agx_core_uat(core));
	struct agx_core_snapshot state;
	u32 i;

	agx_snapshot_core(core, &state);
	snap->core = (struct asahi_coredump_core){
		.init_data = state.init_data,
		.halt_count = state.halt_count,
		.halted = state.halted,
		.resume = state.resume,
		.life = state.life,
		.queues = state.queues,
		.zombies = state.zombies,
		.outstanding = state.outstanding,
		.halting = state.halting,
		.tables = tables.tables,
		.spare_tables = tables.spare,
	};
	for (i = 0; i < CHANNELS && agx_snapshot_channel(core, i, &channel); i++) {
		struct asahi_coredump_channel *to = &snap->channels[i];

		*to = (struct asahi_coredump_channel){
			.ring = channel.ring,
			.entries = channel.entries,
			.entry_size = channel.entry_size,
			.to_firmware = channel.to_firmware,
			.dead = channel.dead,
			.index = channel.index,
			.other = channel.other,
			.read_ptr = channel.read_ptr,
			.write_ptr = channel.write_ptr,
			.sent = channel.sent,
		};
		strscpy(to->name, channel.name);
	}
	snap->channel_count = i;

	snap->ring_total = agx_snapshot_rings(core, snap->ring_scratch, RINGS);
	snap->ring_count = min(snap->ring_total, RINGS);
	for (i = 0; i < snap->ring_count; i++) {
		const struct agx_ring_snapshot *ring = &snap->ring_scratch[i];

		snap->rings[i] = (struct asahi_coredump_ring){
			.info = ring->info,
			.ring = ring->ring,
			.command = ring->command,
			.queue = ring->queue,
			.priority = ring->priority,
			.pipe = ring->pipe,
			.event_slot = ring->event_slot,
			.stamp = ring->stamp,
			.submitted = ring->submitted,
			.commands = ring->commands,
			.issued = ring->issued,
			.wptr = ring->wptr,
			.used = ring->used,
			.cpu_wptr = ring->cpu_wptr,
			.gpu_rptr = ring->gpu_rptr,
			.gpu_doneptr = ring->gpu_doneptr,
			.recovering = ring->recovering,
		};
	}
	for (i = 0; i < AGX_FW_HEAPS; i++) {
		struct agx_heap_stats stats = agx_heap_stats(agx_core_heap(core, i));

		snap->heaps[i] = (struct asahi_coredump_heap){
			.mapped_bytes = stats.mapped_bytes,
			.live_bytes = stats.live_bytes,
			.garbage_bytes = stats.garbage_bytes,
			.live_objects = stats.live_objects,
			.garbage_objects = stats.garbage_objects,
			.blocks = stats.blocks,
			.misuse = stats.misuse,
		};
		strscpy(snap->heaps[i].name, agx_fw_heap_config(i)->name);
	}
}

static void copy_memory(struct agx_core *core, struct snapshot *snap, u64 va)
{
	struct snapshot_memory *memory = &snap->memories[snap->memory_count];

	if (!va || snap->memory_count >= MEMORIES)
		return;
	memory->size =
		agx_snapshot_memory(core, va, memory->bytes, sizeof(memory->bytes), &memory->what);
	if (memory->size)
		snap->memory_count++;
}

/* The command that failed, its work queue's structure and ring. */
static void fill_memory(struct agx_core *core, struct snapshot *snap, u64 command)
{
	u32 i;

	snap->memory_count = 0;
	copy_memory(core, snap, command);
	for (i = 0; command && i < snap->ring_count; i++) {
		if (snap->rings[i].queue != snap->fault.queue ||
		    snap->rings[i].pipe != snap->fault.pipe)
			continue;
		copy_memory(core, snap, snap->rings[i].info);
		copy_memory(core, snap, snap->rings[i].ring);
		break;
	}
}

/* NULL: there is a snapshot that has not become a file yet. */
static struct snapshot *begin(struct asahi_device *adev)
{
	struct asahi_dump *dump = adev->dump;

	lockdep_assert_held(&adev->core.lock);
	if (!dump)
		return NULL;
	if (dump->busy) {
		dump->dropped++;
		return NULL;
	}
	return &dump->snapshot;
}

static void finish(struct asahi_device *adev, struct snapshot *snap)
{
	struct asahi_dump *dump = adev->dump;

	fill_core(adev->core.core, snap);
	fill_memory(adev->core.core, snap, snap->has_fault ? snap->fault.command : 0);
	snap->message_total = dump->message_total;
	snap->message_count = copy_messages(dump, snap->messages, ASAHI_DUMP_MESSAGES);
	snap->record_total = dump->record_total;
	snap->record_count = copy_records(dump, snap->records, ASAHI_DUMP_RECORDS);
	dump->busy = true;
	schedule_work(&dump->work);
}

void asahi_dump_fault(struct asahi_device *adev, const struct agx_core_fault *fault)
{
	struct snapshot *snap = begin(adev);

	if (!snap)
		return;
	fill_info(adev, &snap->info, ASAHI_COREDUMP_FAULTED, agx_core_fault_kind_name(fault->kind));
	snap->has_fault = true;
	fill_fault(adev, &snap->fault, fault);
	snap->has_job = fault->data;
	snap->vm = NULL;
	if (fault->data)
		fill_job(snap, fault->data);
	finish(adev, snap);
}

void asahi_dump_crash(struct asahi_device *adev, const char *why)
{
	struct snapshot *snap = begin(adev);

	if (!snap)
		return;
	fill_info(adev, &snap->info, ASAHI_COREDUMP_CRASHED, why);
	snap->has_fault = false;
	snap->has_job = false;
	snap->vm = NULL;
	finish(adev, snap);
}

/* Parts of a file. */
struct parts {
	struct asahi_coredump_part part[ASAHI_COREDUMP_MAX_OBJECTS];
	u32 count;
};

static void add(struct parts *parts, enum asahi_coredump_type type, const char *name, u64 va,
		const void *data, u32 element, u64 count, u64 total)
{
	if (WARN_ON_ONCE(parts->count >= ARRAY_SIZE(parts->part)))
		return;
	parts->part[parts->count++] = (struct asahi_coredump_part){
		.type = type,
		.name = name,
		.va = va,
		.data = data,
		.element = element,
		.count = count,
		.total = total,
	};
}

#define ADD_ONE(parts, type, name, structure) \
	add(parts, type, name, 0, structure, sizeof(*(structure)), 1, 1)
#define ADD_ARRAY(parts, type, name, array, count, total) \
	add(parts, type, name, 0, array, sizeof(*(array)), count, total)

/* What is mapped in a VM, at most max; the number that there are. */
static u32 list_mappings(struct asahi_vm *vm, struct asahi_coredump_mapping *mappings, u32 max)
{
	struct drm_gpuva *va;
	u32 count = 0;

	guard(mutex)(&vm->lock);
	drm_gpuvm_for_each_va(va, &vm->gpuvm) {
		if (va == &vm->gpuvm.kernel_alloc_node)
			continue;
		if (count < max)
			mappings[count] = (struct asahi_coredump_mapping){
				.va = va->va.addr,
				.size = va->va.range,
				.offset = va->gem.offset,
				.object = va->gem.obj ? va->gem.obj->size : 0,
				.flags = va->gem.obj ? to_asahi_bo(va->gem.obj)->flags : 0,
			};
		count++;
	}
	return count;
}

/* The file of a snapshot, for dev_coredumpv(). NULL: no memory. */
static void *make_file(struct snapshot *snap, size_t *size)
{
	struct asahi_coredump_mapping *mappings = NULL;
	struct parts *parts;
	void *file = NULL;
	u32 i, total = 0;

	parts = kzalloc(sizeof(*parts), GFP_KERNEL);
	if (!parts)
		return NULL;
	ADD_ONE(parts, ASAHI_COREDUMP_INFO, "info", &snap->info);
	if (snap->has_fault)
		ADD_ONE(parts, ASAHI_COREDUMP_FAULT, "fault", &snap->fault);
	if (snap->has_job)
		ADD_ONE(parts, ASAHI_COREDUMP_JOB, "job", &snap->job);
	ADD_ONE(parts, ASAHI_COREDUMP_CORE, "core", &snap->core);
	ADD_ARRAY(parts, ASAHI_COREDUMP_CHANNELS, "channels", snap->channels, snap->channel_count,
		  snap->channel_count);
	ADD_ARRAY(parts, ASAHI_COREDUMP_RINGS, "work queues", snap->rings, snap->ring_count,
		  snap->ring_total);
	ADD_ARRAY(parts, ASAHI_COREDUMP_HEAPS, "heaps", snap->heaps, AGX_FW_HEAPS, AGX_FW_HEAPS);
	ADD_ARRAY(parts, ASAHI_COREDUMP_MESSAGES, "mailbox", snap->messages, snap->message_count,
		  snap->message_total);
	ADD_ARRAY(parts, ASAHI_COREDUMP_RECORDS, "log", snap->records, snap->record_count,
		  snap->record_total);
	if (snap->vm) {
		mappings = kvcalloc(MAPPINGS, sizeof(*mappings), GFP_KERNEL);
		if (mappings)
			total = list_mappings(snap->vm, mappings, MAPPINGS);
		ADD_ARRAY(parts, ASAHI_COREDUMP_MAPPINGS, "mappings", mappings,
			  min(total, MAPPINGS), total);
	}
	for (i = 0; i < snap->memory_count; i++) {
		const struct snapshot_memory *memory = &snap->memories[i];

		add(parts, ASAHI_COREDUMP_MEMORY, memory->what.tag, memory->what.va, memory->bytes,
		    1, memory->size, memory->what.size);
	}

	*size = asahi_coredump_size(parts->part, parts->count);
	file = vmalloc(*size);
	if (file)
		asahi_coredump_write(parts->part, parts->count, file);
	kvfree(mappings);
	kfree(parts);
	return file;
}

/*
 * Does devcoredump keep one of this device's? It takes no other until then, and frees what it is
 * given; it tells nobody but by a link in the device's folder, which its users know.
 */
static bool is_kept(struct device *dev)
{
	struct kernfs_node *link = sysfs_get_dirent(dev->kobj.sd, "devcoredump");

	sysfs_put(link);
	return link;
}

/* true: devcoredump has the snapshot, as a file. */
static bool deliver(struct asahi_device *adev, struct snapshot *snap)
{
	struct device *dev = adev->base.dev;
	size_t size;
	void *file;

	if (is_kept(dev))
		return false;
	file = make_file(snap, &size);
	if (!file) {
		drm_err(&adev->base, "%s: no memory for a device core dump\n", snap->info.text);
		return false;
	}
	dev_coredumpv(dev, file, size, GFP_KERNEL);
	drm_info(&adev->base, "%s: device core dump of %zu bytes\n", snap->info.text, size);
	return true;
}

static void dump_work(struct work_struct *work)
{
	struct asahi_dump *dump = container_of(work, struct asahi_dump, work);
	struct asahi_device *adev = dump->adev;
	struct snapshot *snap = &dump->snapshot;
	bool delivered = deliver(adev, snap);

	asahi_vm_put(snap->vm);
	snap->vm = NULL;

	asahi_core_lock(adev);
	dump->busy = false;
	if (delivered)
		dump->dropped -= snap->info.dropped;
	else
		dump->dropped++;
	asahi_core_unlock(adev);
}

int asahi_dump_init(struct asahi_device *adev)
{
	struct asahi_dump *dump;

	BUILD_BUG_ON(sizeof(dump->records[0].text) < AGX_RTKIT_LINE);

	dump = kvzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	dump->adev = adev;
	INIT_WORK(&dump->work, dump_work);
	adev->dump = dump;
	return 0;
}

void asahi_dump_fini(struct asahi_device *adev)
{
	struct asahi_dump *dump = adev->dump;

	if (!dump)
		return;
	/* Not cancelled: the snapshot may hold a VM. */
	flush_work(&dump->work);
	adev->dump = NULL;
	kvfree(dump);
}
