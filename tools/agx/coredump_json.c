// SPDX-License-Identifier: MIT
/* A device core dump as JSON. Addresses, and what may need all of 64 bits, are strings. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "agx_core.h"
#include "agx_fault.h"
#include "agx_text.h"
#include "coredump_parts.h"

static void add_hex(struct json_object *to, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(to, name, json_object_new_string(text));
}

static void add_number(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void add_int(struct json_object *to, const char *name, int32_t value)
{
	json_object_object_add(to, name, json_object_new_int(value));
}

static void add_bool(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

static void add_string(struct json_object *to, const char *name, const char *value)
{
	json_object_object_add(to, name, json_object_new_string(value));
}

/* From the file. */
#define ADD_TEXT(to, name, member) add_string(to, name, coredump_text(member, sizeof(member)))

static void add_info(const struct coredump *dump, struct json_object *to)
{
	struct asahi_coredump_info info;
	char version[40];

	coredump_single(dump, ASAHI_COREDUMP_INFO, &info, sizeof(info));
	add_string(to, "reason",
		   info.reason == ASAHI_COREDUMP_FAULTED   ? "fault"
		   : info.reason == ASAHI_COREDUMP_CRASHED ? "crash"
							   : "unknown");
	ADD_TEXT(to, "text", info.text);
	ADD_TEXT(to, "device", info.device);
	ADD_TEXT(to, "soc", info.soc);
	snprintf(version, sizeof(version), "%u.%u.%u", info.firmware[0], info.firmware[1],
		 info.firmware[2]);
	add_string(to, "firmware", version);
	ADD_TEXT(to, "variant", info.variant);
	ADD_TEXT(to, "transport", info.transport);
	ADD_TEXT(to, "kernel", info.kernel);
	ADD_TEXT(to, "module", info.module);
	add_number(to, "page_size", info.page_size);
	add_number(to, "time_ns", info.time_ns);
	add_number(to, "realtime_ns", info.realtime_ns);
	add_string(to, "state", agx_core_state_name((enum agx_core_state)info.state));
	add_number(to, "resets", info.resets);
	add_number(to, "dropped", info.dropped);
}

static void add_mmu(const struct asahi_coredump_fault *fault, struct json_object *to)
{
	struct json_object *mmu = json_object_new_object(), *entries = json_object_new_array();
	unsigned int i, levels = fault->walk_level <= 3 ? fault->walk_level : 0;
	const char *prot = NULL;
	struct agx_text text;
	char line[64], hex[24];

	if (fault->prot >= 0)
		prot = agx_uat_prot_name((unsigned int)fault->prot);
	agx_text_init(&text, line, sizeof(line));
	agx_mmu_fault_unit(fault->flags & ASAHI_COREDUMP_G14X, fault->unit, &text);
	add_hex(mmu, "address", fault->address);
	add_bool(mmu, "read", fault->flags & ASAHI_COREDUMP_READ);
	add_string(mmu, "reason", agx_mmu_fault_reason(fault->reason));
	add_string(mmu, "unit", line + strspn(line, " "));
	add_number(mmu, "level", fault->level);
	add_number(mmu, "context", fault->mmu_slot);
	add_number(mmu, "sideband", fault->sideband);
	add_hex(mmu, "info", fault->raw);
	add_hex(mmu, "address_register", fault->raw_address);
	for (i = 0; i < levels; i++) {
		snprintf(hex, sizeof(hex), "0x%" PRIx64, fault->entry[i]);
		json_object_array_add(entries, json_object_new_string(hex));
	}
	json_object_object_add(mmu, "entries", entries);
	add_bool(mmu, "mapped", fault->flags & ASAHI_COREDUMP_MAPPED);
	add_bool(mmu, "damaged", fault->flags & ASAHI_COREDUMP_DAMAGED);
	if (fault->flags & ASAHI_COREDUMP_MAPPED) {
		add_hex(mmu, "pa", fault->pa);
		add_number(mmu, "access_gpu", fault->access_gpu);
		add_number(mmu, "access_fw", fault->access_fw);
		if (prot)
			add_string(mmu, "protection", prot);
	}
	json_object_object_add(to, "mmu", mmu);
}

static void add_fault(const struct coredump *dump, struct json_object *root)
{
	struct asahi_coredump_fault fault;
	struct json_object *to;

	if (!coredump_single(dump, ASAHI_COREDUMP_FAULT, &fault, sizeof(fault)))
		return;
	to = json_object_new_object();
	add_string(to, "kind", agx_core_fault_kind_name((enum agx_core_fault_kind)fault.kind));
	add_int(to, "error", fault.error);
	add_number(to, "queue", fault.queue);
	add_number(to, "pipe", fault.pipe);
	add_number(to, "event_slot", fault.event_slot);
	add_hex(to, "stamp", fault.value);
	add_number(to, "context", fault.vm_slot);
	add_hex(to, "command", fault.command);
	if (fault.kind == AGX_CORE_FAULT_CHANNEL)
		add_number(to, "channel_error", fault.channel_error);
	if (fault.flags & ASAHI_COREDUMP_HAS_MMU)
		add_mmu(&fault, to);
	json_object_object_add(root, "fault", to);
}

static void add_job(const struct coredump *dump, struct json_object *root)
{
	struct asahi_coredump_job job;
	struct json_object *to;

	if (!coredump_single(dump, ASAHI_COREDUMP_JOB, &job, sizeof(job)))
		return;
	to = json_object_new_object();
	ADD_TEXT(to, "comm", job.comm);
	add_int(to, "pid", job.pid);
	add_number(to, "file", job.file);
	add_number(to, "vm", job.vm);
	add_number(to, "queue", job.queue);
	add_number(to, "seqno", job.seqno);
	json_object_object_add(root, "job", to);
}

static void add_core(const struct coredump *dump, struct json_object *root)
{
	struct asahi_coredump_core core;
	struct json_object *to;

	if (!coredump_single(dump, ASAHI_COREDUMP_CORE, &core, sizeof(core)))
		return;
	to = json_object_new_object();
	add_hex(to, "init_data", core.init_data);
	add_number(to, "starts", core.life);
	add_number(to, "queues", core.queues);
	add_number(to, "zombies", core.zombies);
	add_number(to, "commands", core.outstanding);
	add_number(to, "halts", core.halt_count);
	add_number(to, "halted", core.halted);
	add_number(to, "resume", core.resume);
	add_number(to, "tables", core.tables);
	add_number(to, "spare_tables", core.spare_tables);
	json_object_object_add(root, "core", to);
}

static struct json_object *channel_to_json(const void *element)
{
	struct asahi_coredump_channel channel = *(const struct asahi_coredump_channel *)element;
	struct json_object *to = json_object_new_object();

	ADD_TEXT(to, "name", channel.name);
	add_hex(to, "ring", channel.ring);
	add_number(to, "entries", channel.entries);
	add_number(to, "entry_size", channel.entry_size);
	add_bool(to, "to_firmware", channel.to_firmware);
	add_bool(to, "dead", channel.dead);
	add_number(to, "index", channel.index);
	add_number(to, "other", channel.other);
	add_number(to, "read", channel.read_ptr);
	add_number(to, "write", channel.write_ptr);
	add_number(to, "sent", channel.sent);
	return to;
}

static struct json_object *ring_to_json(const void *element)
{
	const struct asahi_coredump_ring *ring = element;
	struct json_object *to = json_object_new_object();

	add_number(to, "queue", ring->queue);
	add_number(to, "pipe", ring->pipe);
	add_number(to, "priority", ring->priority);
	add_number(to, "event_slot", ring->event_slot);
	add_hex(to, "stamp", ring->stamp);
	add_hex(to, "submitted", ring->submitted);
	add_number(to, "commands", ring->commands);
	add_number(to, "issued", ring->issued);
	add_number(to, "wptr", ring->cpu_wptr);
	add_number(to, "rptr", ring->gpu_rptr);
	add_number(to, "done", ring->gpu_doneptr);
	add_hex(to, "info", ring->info);
	add_hex(to, "ring", ring->ring);
	add_hex(to, "command", ring->command);
	add_bool(to, "recovering", ring->recovering);
	return to;
}

static struct json_object *heap_to_json(const void *element)
{
	struct asahi_coredump_heap heap = *(const struct asahi_coredump_heap *)element;
	struct json_object *to = json_object_new_object();

	ADD_TEXT(to, "name", heap.name);
	add_number(to, "mapped_bytes", heap.mapped_bytes);
	add_number(to, "live_bytes", heap.live_bytes);
	add_number(to, "live_objects", heap.live_objects);
	add_number(to, "garbage_bytes", heap.garbage_bytes);
	add_number(to, "garbage_objects", heap.garbage_objects);
	add_number(to, "blocks", heap.blocks);
	add_number(to, "misuse", heap.misuse);
	return to;
}

static struct json_object *message_to_json(const void *element)
{
	const struct asahi_coredump_message *message = element;
	struct json_object *to = json_object_new_object();

	add_number(to, "time_ns", message->time_ns);
	add_bool(to, "sent", message->sent);
	add_number(to, "endpoint", message->endpoint);
	add_hex(to, "message", message->message);
	return to;
}

static struct json_object *record_to_json(const void *element)
{
	struct asahi_coredump_record record = *(const struct asahi_coredump_record *)element;
	struct json_object *to = json_object_new_object();

	add_number(to, "time_ns", record.time_ns);
	add_string(to, "source", agx_record_source_name((enum agx_record_source)record.source));
	add_number(to, "level", record.level);
	add_number(to, "sequence", record.sequence);
	add_number(to, "timestamp", record.timestamp);
	ADD_TEXT(to, "text", record.text);
	return to;
}

static struct json_object *mapping_to_json(const void *element)
{
	const struct asahi_coredump_mapping *mapping = element;
	struct json_object *to = json_object_new_object();

	add_hex(to, "va", mapping->va);
	add_hex(to, "size", mapping->size);
	add_hex(to, "offset", mapping->offset);
	add_hex(to, "object_size", mapping->object);
	add_number(to, "flags", mapping->flags);
	return to;
}

static const struct array {
	uint32_t type;
	const char *name;
	size_t size;
	struct json_object *(*to_json)(const void *element);
} arrays[] = {
	{ASAHI_COREDUMP_CHANNELS, "channels", sizeof(struct asahi_coredump_channel),
	 channel_to_json},
	{ASAHI_COREDUMP_RINGS, "work_queues", sizeof(struct asahi_coredump_ring), ring_to_json},
	{ASAHI_COREDUMP_HEAPS, "heaps", sizeof(struct asahi_coredump_heap), heap_to_json},
	{ASAHI_COREDUMP_RECORDS, "log", sizeof(struct asahi_coredump_record), record_to_json},
	{ASAHI_COREDUMP_MESSAGES, "mailbox", sizeof(struct asahi_coredump_message),
	 message_to_json},
	{ASAHI_COREDUMP_MAPPINGS, "mappings", sizeof(struct asahi_coredump_mapping),
	 mapping_to_json},
};

union element {
	struct asahi_coredump_channel channel;
	struct asahi_coredump_ring ring;
	struct asahi_coredump_heap heap;
	struct asahi_coredump_message message;
	struct asahi_coredump_record record;
	struct asahi_coredump_mapping mapping;
};

static void add_array(const struct coredump *dump, const struct array *array,
		      struct json_object *root)
{
	struct asahi_coredump_object object;
	struct json_object *list;
	union element element;
	char total[32];
	uint64_t i;

	if (!coredump_find(dump, array->type, &object))
		return;
	list = json_object_new_array();
	for (i = 0; i < coredump_count(&object); i++) {
		coredump_element(dump, &object, i, &element, array->size);
		json_object_array_add(list, array->to_json(&element));
	}
	json_object_object_add(root, array->name, list);
	snprintf(total, sizeof(total), "%s_total", array->name);
	add_number(root, total, object.total);
}

/* NULL: no memory. */
static struct json_object *bytes_to_json(const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	struct json_object *string;
	char *text = malloc(2 * size + 1);
	size_t i;

	if (!text)
		return NULL;
	for (i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size] = '\0';
	string = json_object_new_string(text);
	free(text);
	return string;
}

static void add_memory(const struct coredump *dump, struct json_object *root)
{
	struct json_object *list = json_object_new_array(), *to;
	struct asahi_coredump_object object;
	uint32_t i;

	for (i = 0; i < dump->header.objects; i++) {
		object = coredump_object(dump, i);
		if (object.type != ASAHI_COREDUMP_MEMORY)
			continue;
		to = json_object_new_object();
		ADD_TEXT(to, "name", object.name);
		add_hex(to, "va", object.va);
		add_number(to, "total", object.total);
		json_object_object_add(
			to, "bytes",
			bytes_to_json(dump->bytes + object.offset, (size_t)object.size));
		json_object_array_add(list, to);
	}
	json_object_object_add(root, "memory", list);
}

struct json_object *coredump_json(const struct coredump *dump)
{
	struct json_object *root = json_object_new_object();
	size_t i;

	if (!root)
		return NULL;
	add_info(dump, root);
	add_fault(dump, root);
	add_job(dump, root);
	add_core(dump, root);
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		add_array(dump, &arrays[i], root);
	add_memory(dump, root);
	return root;
}
