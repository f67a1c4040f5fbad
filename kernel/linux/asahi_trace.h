/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tracepoints: /sys/kernel/tracing/events/asahi. docs/linux-module.md shows how to use them.
 *
 * Their names and fields are read by scripts. Fields may be added, but not change their meaning.
 */
#if !defined(ASAHI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ASAHI_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

#include "agx_fault.h"
#include "asahi_device.h"
#include "channels.h"
#include "mailbox.h"

#undef TRACE_SYSTEM
#define TRACE_SYSTEM asahi
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE asahi_trace

/* clang-format off */

#ifndef ASAHI_TRACE_KIND
#define ASAHI_TRACE_KIND

/* A message's type in one number: where the type is found depends on the endpoint. */
static inline u32 asahi_trace_kind(u8 endpoint, u64 message)
{
	if (endpoint >= AGX_EP_FIRST_APP)
		return 0x10000 | (u32)(message >> AGX_MSG_TYPE_SHIFT);
	return (u32)endpoint << 8 | ((message & AGX_RTKIT_TYPE) >> AGX_RTKIT_TYPE_SHIFT);
}

#endif

/*
 * Names are written with plain numbers on their left: user space reads the format's text, and does
 * not know our enumerations.
 */
#define ASAHI_SHOW_ENDPOINT(v)                                                                     \
	__print_symbolic(v, { 0x00, "management" }, { 0x01, "crashlog" }, { 0x02, "syslog" },      \
			 { 0x03, "kdebug" }, { 0x04, "ioreport" }, { 0x08, "oslog" },              \
			 { 0x0a, "tracekit" }, { 0x20, "firmware" }, { 0x21, "doorbell" })

#define ASAHI_SHOW_KIND(v)                                                                         \
	__print_symbolic(v, { 0x1, "hello" }, { 0x2, "hello-ack" }, { 0x3, "ping" },               \
			 { 0x4, "pong" }, { 0x5, "start-ep" }, { 0x6, "set-iop-power" },           \
			 { 0x7, "iop-power-ack" }, { 0x8, "epmap" }, { 0xb, "ap-power" },          \
			 { 0x101, "buffer" }, { 0x201, "buffer" }, { 0x205, "log" },               \
			 { 0x208, "init" }, { 0x401, "buffer" }, { 0x10042, "event" },             \
			 { 0x10081, "init" }, { 0x10083, "doorbell" }, { 0x10084, "fwctl" },       \
			 { 0x10085, "halt" })

#define ASAHI_SHOW_STATE(v)                                                                        \
	__print_symbolic(v, { 0, "off" }, { 1, "handoff" }, { 2, "starting" }, { 3, "ready" },     \
			 { 4, "stopping" }, { 5, "failed" })

#define ASAHI_SHOW_FAULT(v)                                                                        \
	__print_symbolic(v, { 0, "mmu" }, { 1, "timeout" }, { 2, "channel" }, { 3, "hang" })

#define ASAHI_SHOW_PIPE(v)                                                                         \
	__print_symbolic(v, { 0, "vertex" }, { 1, "fragment" }, { 2, "compute" })

#define ASAHI_SHOW_REASON(v)                                                                       \
	__print_symbolic(v, { 0, "unmapped" }, { 1, "access-flag" }, { 2, "write-only" },          \
			 { 3, "read-only" }, { 4, "no-access" })

#define ASAHI_SHOW_SOURCE(v)                                                                       \
	__print_symbolic(v, { 0, "log" }, { 1, "ktrace" }, { 2, "stats" }, { 3, "syslog" },        \
			 { 4, "crash" }, { 5, "fault" })

#define ASAHI_SHOW_BIND(v)                                                                         \
	__print_flags(v, "|", { 0x1, "unbind" }, { 0x2, "read" }, { 0x4, "write" },                \
		      { 0x8, "single-page" })

DECLARE_EVENT_CLASS(asahi_mailbox,
	TP_PROTO(const struct asahi_device *adev, u8 endpoint, u64 message),
	TP_ARGS(adev, endpoint, message),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u64, message)
		__field(u32, kind)
		__field(u8, endpoint)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->message = message;
		__entry->kind = asahi_trace_kind(endpoint, message);
		__entry->endpoint = endpoint;
	),
	TP_printk("dev=%s endpoint=%s kind=%s message=0x%016llx", __get_str(dev),
		  ASAHI_SHOW_ENDPOINT(__entry->endpoint), ASAHI_SHOW_KIND(__entry->kind),
		  __entry->message)
);

/* A message to the coprocessor. */
DEFINE_EVENT(asahi_mailbox, asahi_mailbox_send,
	TP_PROTO(const struct asahi_device *adev, u8 endpoint, u64 message),
	TP_ARGS(adev, endpoint, message)
);

/* A message from the coprocessor. */
DEFINE_EVENT(asahi_mailbox, asahi_mailbox_receive,
	TP_PROTO(const struct asahi_device *adev, u8 endpoint, u64 message),
	TP_ARGS(adev, endpoint, message)
);

/* The driver core has a new state. */
TRACE_EVENT(asahi_state,
	TP_PROTO(const struct asahi_device *adev, enum agx_core_state state),
	TP_ARGS(adev, state),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u32, state)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->state = state;
	),
	TP_printk("dev=%s state=%s", __get_str(dev), ASAHI_SHOW_STATE(__entry->state))
);

/* A command will end with an error. Without mmu, what the MMU says is 0. */
TRACE_EVENT(asahi_fault,
	TP_PROTO(const struct asahi_device *adev, const struct agx_core_fault *fault),
	TP_ARGS(adev, fault),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u64, command)
		__field(u64, address)
		__field(u64, info)
		__field(u32, kind)
		__field(s32, error)
		__field(u32, queue)
		__field(u32, pipe)
		__field(u32, event_slot)
		__field(u32, value)
		__field(u32, vm_slot)
		__field(u8, mmu)
		__field(u8, reason)
		__field(u8, unit)
		__field(u8, level)
		__field(u8, read)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->command = fault->command;
		__entry->address = fault->has_mmu ? fault->mmu.address : 0;
		__entry->info = fault->has_mmu ? fault->mmu.raw : 0;
		__entry->kind = fault->kind;
		__entry->error = fault->error;
		__entry->queue = fault->queue;
		__entry->pipe = fault->pipe;
		__entry->event_slot = fault->event_slot;
		__entry->value = fault->value;
		__entry->vm_slot = fault->vm_slot;
		__entry->mmu = fault->has_mmu;
		__entry->reason = fault->has_mmu ? fault->mmu.reason : 0;
		__entry->unit = fault->has_mmu ? fault->mmu.unit : 0;
		__entry->level = fault->has_mmu ? fault->mmu.level : 0;
		__entry->read = fault->has_mmu && fault->mmu.read;
	),
	TP_printk("dev=%s kind=%s error=%d queue=%u pipe=%s slot=%u value=0x%x vm_slot=%u "
		  "command=0x%llx mmu=%u address=0x%llx reason=%s unit=0x%x level=%u read=%u "
		  "info=0x%llx",
		  __get_str(dev), ASAHI_SHOW_FAULT(__entry->kind), __entry->error, __entry->queue,
		  ASAHI_SHOW_PIPE(__entry->pipe), __entry->event_slot, __entry->value,
		  __entry->vm_slot, __entry->command, __entry->mmu, __entry->address,
		  ASAHI_SHOW_REASON(__entry->reason), __entry->unit, __entry->level,
		  __entry->read, __entry->info)
);

/* A line of the firmware's, or one about it. */
TRACE_EVENT(asahi_record,
	TP_PROTO(const struct asahi_device *adev, const struct agx_record *record),
	TP_ARGS(adev, record),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__string(text, record->text)
		__field(u64, timestamp)
		__field(u32, source)
		__field(u32, level)
		__field(u32, sequence)
	),
	TP_fast_assign(
		__assign_str(dev);
		__assign_str(text);
		__entry->timestamp = record->timestamp;
		__entry->source = record->source;
		__entry->level = record->level;
		__entry->sequence = record->sequence;
	),
	TP_printk("dev=%s source=%s level=%u sequence=%u timestamp=%llu text=%s", __get_str(dev),
		  ASAHI_SHOW_SOURCE(__entry->source), __entry->level, __entry->sequence,
		  __entry->timestamp, __get_str(text))
);

/* A client has submitted a job, which may still have to wait. */
TRACE_EVENT(asahi_submit,
	TP_PROTO(const struct asahi_device *adev, u32 file_id, u32 queue_id, u64 seqno,
		 u32 commands, u32 in_syncs, u32 out_syncs),
	TP_ARGS(adev, file_id, queue_id, seqno, commands, in_syncs, out_syncs),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u64, seqno)
		__field(u32, file)
		__field(u32, queue)
		__field(u32, commands)
		__field(u32, in_syncs)
		__field(u32, out_syncs)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->seqno = seqno;
		__entry->file = file_id;
		__entry->queue = queue_id;
		__entry->commands = commands;
		__entry->in_syncs = in_syncs;
		__entry->out_syncs = out_syncs;
	),
	TP_printk("dev=%s file=%u queue=%u seqno=%llu commands=%u in_syncs=%u out_syncs=%u",
		  __get_str(dev), __entry->file, __entry->queue, __entry->seqno, __entry->commands,
		  __entry->in_syncs, __entry->out_syncs)
);

/* The job has nothing to wait for any more and goes to the firmware. */
TRACE_EVENT(asahi_job_run,
	TP_PROTO(const struct asahi_device *adev, u32 queue_id, u64 seqno),
	TP_ARGS(adev, queue_id, seqno),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u64, seqno)
		__field(u32, queue)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->seqno = seqno;
		__entry->queue = queue_id;
	),
	TP_printk("dev=%s queue=%u seqno=%llu", __get_str(dev), __entry->queue, __entry->seqno)
);

/* It has ended. The duration is from job_run on, in the kernel's time. */
TRACE_EVENT(asahi_job_done,
	TP_PROTO(const struct asahi_device *adev, u32 queue_id, u64 seqno, int error,
		 u64 duration_ns),
	TP_ARGS(adev, queue_id, seqno, error, duration_ns),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u64, seqno)
		__field(u64, duration_ns)
		__field(u32, queue)
		__field(s32, error)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->seqno = seqno;
		__entry->duration_ns = duration_ns;
		__entry->queue = queue_id;
		__entry->error = error;
	),
	TP_printk("dev=%s queue=%u seqno=%llu error=%d duration_ns=%llu", __get_str(dev),
		  __entry->queue, __entry->seqno, __entry->error, __entry->duration_ns)
);

/* One operation of VM_BIND. */
TRACE_EVENT(asahi_vm_bind,
	TP_PROTO(const struct asahi_device *adev, u32 file_id, u32 vm_id, u64 addr, u64 range,
		 u32 flags),
	TP_ARGS(adev, file_id, vm_id, addr, range, flags),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->base.dev))
		__field(u64, addr)
		__field(u64, range)
		__field(u32, file)
		__field(u32, vm)
		__field(u32, flags)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->addr = addr;
		__entry->range = range;
		__entry->file = file_id;
		__entry->vm = vm_id;
		__entry->flags = flags;
	),
	TP_printk("dev=%s file=%u vm=%u addr=0x%llx range=0x%llx flags=%s", __get_str(dev),
		  __entry->file, __entry->vm, __entry->addr, __entry->range,
		  ASAHI_SHOW_BIND(__entry->flags))
);

#endif

/* Outside of the guard: define_trace.h includes this file again, found by Kbuild's -I. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#include <trace/define_trace.h>
