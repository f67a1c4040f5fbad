// SPDX-License-Identifier: MIT
/* A device core dump in words. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "agx_core.h"
#include "agx_fault.h"
#include "agx_text.h"
#include "asahi_drm.h"
#include "channels.h"
#include "coredump_parts.h"

#define NSEC ((uint64_t)1000000000)

static const char *pipe_name(uint32_t pipe)
{
	static const char *const names[] = {"vertex", "fragment", "compute"};

	return pipe < AGX_PIPE_COUNT ? names[pipe] : "?";
}

static void print_time(uint64_t ns, FILE *out)
{
	fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "]", ns / NSEC, ns % NSEC / 1000);
}

static void print_info(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_info info;
	char date[32] = "?";
	struct tm tm;
	time_t when;

	coredump_single(dump, ASAHI_COREDUMP_INFO, &info, sizeof(info));
	when = (time_t)(info.realtime_ns / NSEC);
	if (gmtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);

	fprintf(out, "%s: %s\n",
		info.reason == ASAHI_COREDUMP_CRASHED ? "The firmware has failed"
						      : "A command has failed",
		coredump_text(info.text, sizeof(info.text)));
	fprintf(out, "Device:    %s, %s, firmware %u.%u.%u (%s), transport %s\n",
		coredump_text(info.device, sizeof(info.device)),
		coredump_text(info.soc, sizeof(info.soc)), info.firmware[0], info.firmware[1],
		info.firmware[2], coredump_text(info.variant, sizeof(info.variant)),
		coredump_text(info.transport, sizeof(info.transport)));
	fprintf(out, "Kernel:    %s, pages of %u bytes, module %s\n",
		coredump_text(info.kernel, sizeof(info.kernel)), info.page_size,
		coredump_text(info.module, sizeof(info.module)));
	fprintf(out, "Time:      ");
	print_time(info.time_ns, out);
	fprintf(out, " %s\n", date);
	fprintf(out, "State:     %s, %u resets before, %u events without a dump\n",
		agx_core_state_name((enum agx_core_state)info.state), info.resets, info.dropped);
}

static void print_job(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_job job;

	if (!coredump_single(dump, ASAHI_COREDUMP_JOB, &job, sizeof(job)))
		return;
	fprintf(out, "Job:       %s (pid %d), file %u, VM %u, queue %u, job %" PRIu64 "\n",
		coredump_text(job.comm, sizeof(job.comm)), job.pid, job.file, job.vm, job.queue,
		job.seqno);
}

/* Which mapping an address is in, or lies next to. */
static void print_neighbours(const struct coredump *dump, uint64_t address, FILE *out)
{
	struct asahi_coredump_mapping mapping, below = {0}, above = {0};
	struct asahi_coredump_object object;
	uint64_t i;

	if (!coredump_find(dump, ASAHI_COREDUMP_MAPPINGS, &object))
		return;
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &mapping, sizeof(mapping));
		if (address >= mapping.va && address - mapping.va < mapping.size) {
			fprintf(out,
				"           in the mapping at 0x%" PRIx64 ", 0x%" PRIx64
				" bytes, at offset 0x%" PRIx64 "\n",
				mapping.va, mapping.size, address - mapping.va);
			return;
		}
		if (mapping.va <= address && (!below.size || mapping.va >= below.va))
			below = mapping;
		if (mapping.va > address && (!above.size || mapping.va < above.va))
			above = mapping;
	}
	if (below.size)
		fprintf(out,
			"           0x%" PRIx64 " bytes behind the mapping at 0x%" PRIx64
			", 0x%" PRIx64 " bytes\n",
			address - below.va - below.size, below.va, below.size);
	if (above.size)
		fprintf(out, "           0x%" PRIx64 " bytes before the mapping at 0x%" PRIx64 "\n",
			above.va - address, above.va);
}

static void print_fault(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_fault fault;
	struct agx_uat_lookup found;
	struct agx_mmu_fault mmu;
	struct agx_text text;
	char line[512];

	if (!coredump_single(dump, ASAHI_COREDUMP_FAULT, &fault, sizeof(fault)))
		return;
	fprintf(out, "Fault:     %s, ends with %s (%d)\n",
		agx_core_fault_kind_name((enum agx_core_fault_kind)fault.kind),
		fault.error < 0 && fault.error > -4096 ? strerror(-fault.error) : "?", fault.error);
	if (fault.queue)
		fprintf(out,
			"Command:   0x%" PRIx64 ", work queue %u %s, event slot %u, stamp 0x%x, "
			"context %u\n",
			fault.command, fault.queue, pipe_name(fault.pipe), fault.event_slot,
			fault.value, fault.vm_slot);
	else
		fprintf(out, "Command:   none is known\n");
	if (fault.kind == AGX_CORE_FAULT_CHANNEL)
		fprintf(out, "Channel:   error %u\n", fault.channel_error);
	if (!(fault.flags & ASAHI_COREDUMP_HAS_MMU)) {
		fprintf(out, "MMU:       holds no fault\n");
		return;
	}

	mmu = (struct agx_mmu_fault){
		.raw = fault.raw,
		.raw_address = fault.raw_address,
		.address = fault.address,
		.reason = fault.reason,
		.level = fault.level,
		.unit = fault.unit,
		.vm_slot = fault.mmu_slot,
		.sideband = fault.sideband,
		.unk_5 = fault.unk_5,
		.read = fault.flags & ASAHI_COREDUMP_READ,
	};
	agx_text_init(&text, line, sizeof(line));
	agx_mmu_fault_print(fault.flags & ASAHI_COREDUMP_G14X, &mmu, &text);
	fprintf(out, "MMU:       %s\n", line);

	found = (struct agx_uat_lookup){
		.level = fault.walk_level <= 3 ? fault.walk_level : 0,
		.mapped = fault.flags & ASAHI_COREDUMP_MAPPED,
		.damaged = fault.flags & ASAHI_COREDUMP_DAMAGED,
		.pa = fault.pa,
		.prot = fault.prot >= 0 && fault.prot < AGX_UAT_PROTS ? fault.prot : -1,
		.access = {.fw = fault.access_fw, .gpu = fault.access_gpu},
	};
	memcpy(found.entry, fault.entry, sizeof(found.entry));
	agx_text_init(&text, line, sizeof(line));
	agx_uat_lookup_print(&found, &text);
	fprintf(out, "           %s\n", line);
	print_neighbours(dump, fault.address, out);
}

static void print_core(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_core core;

	if (!coredump_single(dump, ASAHI_COREDUMP_CORE, &core, sizeof(core)))
		return;
	fprintf(out,
		"Core:      init data 0x%" PRIx64 ", start %u, %u queues and %u that the firmware "
		"still knows,\n"
		"           %u commands, %" PRIu64 " halts%s%s, %u page tables and %u spare\n",
		core.init_data, core.life, core.queues, core.zombies, core.outstanding,
		core.halt_count, core.halted ? ", halted" : "",
		core.halting ? ", a halt awaited" : "", core.tables, core.spare_tables);
}

/* A heading; false: there is nothing to list. */
static bool begin(const struct coredump *dump, uint32_t type, const char *what,
		  struct asahi_coredump_object *object, FILE *out)
{
	uint64_t count;

	if (!coredump_find(dump, type, object))
		return false;
	count = coredump_count(object);
	if (object->total > count)
		fprintf(out, "\n%s (%" PRIu64 " of %" PRIu64 "):\n", what, count, object->total);
	else
		fprintf(out, "\n%s (%" PRIu64 "):\n", what, count);
	return count > 0;
}

static void print_channels(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	struct asahi_coredump_channel channel;
	uint64_t i;

	if (!begin(dump, ASAHI_COREDUMP_CHANNELS, "Channels", &object, out))
		return;
	fprintf(out, "  %-16s %-4s %12s %7s %6s %6s %6s %6s %10s\n", "name", "", "ring", "entries",
		"own", "other", "read", "write", "sent");
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &channel, sizeof(channel));
		fprintf(out, "  %-16s %-4s 0x%010" PRIx64 " %7u %6u %6u %6u %6u %10u%s\n",
			coredump_text(channel.name, sizeof(channel.name)),
			channel.to_firmware ? "to" : "from", channel.ring, channel.entries,
			channel.index, channel.other, channel.read_ptr, channel.write_ptr,
			channel.sent, channel.dead ? " dead" : "");
	}
}

static void print_rings(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	struct asahi_coredump_ring ring;
	uint64_t i;

	if (!begin(dump, ASAHI_COREDUMP_RINGS, "Work queues", &object, out))
		return;
	fprintf(out, "  %5s %-8s %8s %4s %10s %10s %8s %6s %5s %5s %5s  %s\n", "queue", "pipe",
		"priority", "slot", "stamp", "submitted", "commands", "issued", "wptr", "rptr",
		"done", "oldest command");
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &ring, sizeof(ring));
		fprintf(out,
			"  %5u %-8s %8u %4u 0x%08x 0x%08x %8u %6u %5u %5u %5u  0x%" PRIx64 "%s\n",
			ring.queue, pipe_name(ring.pipe), ring.priority, ring.event_slot,
			ring.stamp, ring.submitted, ring.commands, ring.issued, ring.cpu_wptr,
			ring.gpu_rptr, ring.gpu_doneptr, ring.command,
			ring.recovering ? " recovering" : "");
	}
}

static void print_heaps(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	struct asahi_coredump_heap heap;
	uint64_t i;

	if (!begin(dump, ASAHI_COREDUMP_HEAPS, "Heaps", &object, out))
		return;
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &heap, sizeof(heap));
		fprintf(out,
			"  %-16s %10" PRIu64 " bytes in %u blocks, %" PRIu64
			" in %u objects, %" PRIu64 " in %u freed\n",
			coredump_text(heap.name, sizeof(heap.name)), heap.mapped_bytes, heap.blocks,
			heap.live_bytes, heap.live_objects, heap.garbage_bytes,
			heap.garbage_objects);
	}
}

static void print_messages(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	struct asahi_coredump_message message;
	uint64_t i;

	if (!begin(dump, ASAHI_COREDUMP_MESSAGES, "Mailbox", &object, out))
		return;
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &message, sizeof(message));
		fprintf(out, "  ");
		print_time(message.time_ns, out);
		fprintf(out, " %-4s endpoint 0x%02x 0x%016" PRIx64 "\n",
			message.sent ? "to" : "from", message.endpoint, message.message);
	}
}

static void print_records(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	struct asahi_coredump_record record;
	uint64_t i;

	if (!begin(dump, ASAHI_COREDUMP_RECORDS, "Log", &object, out))
		return;
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &record, sizeof(record));
		fprintf(out, "  ");
		print_time(record.time_ns, out);
		fprintf(out, " %s %u: %s\n",
			agx_record_source_name((enum agx_record_source)record.source), record.level,
			coredump_text(record.text, sizeof(record.text)));
	}
}

static void print_mappings(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	struct asahi_coredump_mapping mapping;
	uint64_t i;

	if (!begin(dump, ASAHI_COREDUMP_MAPPINGS, "Mappings", &object, out))
		return;
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &mapping, sizeof(mapping));
		fprintf(out,
			"  0x%012" PRIx64 " 0x%09" PRIx64 " at 0x%09" PRIx64 " of 0x%09" PRIx64
			"%s%s\n",
			mapping.va, mapping.size, mapping.offset, mapping.object,
			mapping.flags & DRM_ASAHI_GEM_WRITEBACK ? " writeback" : "",
			mapping.flags & DRM_ASAHI_GEM_VM_PRIVATE ? " private" : "");
	}
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	while (size)
		if (bytes[--size])
			return false;
	return true;
}

static void print_bytes(const struct coredump *dump, const struct asahi_coredump_object *object,
			FILE *out)
{
	const uint8_t *bytes = dump->bytes + object->offset;
	bool gap = false;
	uint64_t at;

	for (at = 0; at < object->size; at += 16) {
		size_t i, size = object->size - at < 16 ? (size_t)(object->size - at) : 16;

		if (is_zero(bytes + at, size)) {
			if (!gap)
				fprintf(out, "    *\n");
			gap = true;
			continue;
		}
		gap = false;
		fprintf(out, "    %016" PRIx64, object->va + at);
		for (i = 0; i < size; i++)
			fprintf(out, "%s%02x", i % 4 ? "" : " ", bytes[at + i]);
		fprintf(out, "\n");
	}
}

static void print_memory(const struct coredump *dump, bool bytes, FILE *out)
{
	struct asahi_coredump_object object;
	bool first = true;
	uint32_t i;

	for (i = 0; i < dump->header.objects; i++) {
		object = coredump_object(dump, i);
		if (object.type != ASAHI_COREDUMP_MEMORY)
			continue;
		if (first)
			fprintf(out, "\nMemory:\n");
		first = false;
		fprintf(out, "  0x%" PRIx64 " %s, %" PRIu64 " bytes%s\n", object.va,
			coredump_text(object.name, sizeof(object.name)), object.total,
			object.total > object.size ? ", cut" : "");
		if (bytes)
			print_bytes(dump, &object, out);
	}
}

static void print_unknown(const struct coredump *dump, FILE *out)
{
	struct asahi_coredump_object object;
	uint32_t i;

	for (i = 0; i < dump->header.objects; i++) {
		object = coredump_object(dump, i);
		if (object.type && object.type <= ASAHI_COREDUMP_MEMORY)
			continue;
		fprintf(out, "\nUnknown type %u: %s, %" PRIu64 " bytes\n", object.type,
			coredump_text(object.name, sizeof(object.name)), object.size);
	}
}

int coredump_print(const struct coredump *dump, bool memory, FILE *out)
{
	print_info(dump, out);
	print_fault(dump, out);
	print_job(dump, out);
	print_core(dump, out);
	print_rings(dump, out);
	print_channels(dump, out);
	print_heaps(dump, out);
	print_records(dump, out);
	print_messages(dump, out);
	print_mappings(dump, out);
	print_memory(dump, memory, out);
	print_unknown(dump, out);
	return ferror(out) ? -EIO : 0;
}
