/* SPDX-License-Identifier: MIT */
/*
 * The findings: everything that the modelled firmware has to say against a driver. Numbers are
 * stable; new ones are added at the end of their hundred. docs/firmware-model.md explains each.
 */
#ifndef AGX_FIRMWARE_FINDINGS_H
#define AGX_FIRMWARE_FINDINGS_H

/* X(number, NAME, sentence) */
#define AGX_FINDINGS(X)                                                                          \
	X(100, MAILBOX_ENDPOINT, "message to an endpoint that was not announced or not started") \
	X(101, MAILBOX_TYPE, "message of a type that the endpoint does not know")                \
	X(102, MAILBOX_ORDER, "message that may not come at this point")                         \
	X(103, MAILBOX_BITS, "bits set that belong to no field of the message")                  \
	X(104, MAILBOX_VALUE, "a field of the message has a value that is not accepted")         \
	X(105, MAILBOX_VERSION, "protocol version outside what HELLO offered")                   \
	X(106, MAILBOX_BUFFER, "a buffer for a system endpoint is too small or badly placed")    \
	X(107, MAILBOX_STOPPED, "message to a processor that is not running")                    \
	X(120, HANDOFF_MAGIC, "the handoff block's magic is not the known one")                  \
	X(121, HANDOFF_MEMORY, "the handoff block is not in RAM")                                \
	X(122, HANDOFF_LATE, "init data came before the handoff was complete")                   \
	X(123, HANDOFF_LOCK, "the handoff block's lock holds something else than 0 or 1")        \
	X(200, POINTER_NULL, "a pointer is null")                                                \
	X(201, POINTER_HALF, "a pointer is outside the driver's part of the upper half")         \
	X(202, POINTER_UNMAPPED, "a pointer leads to memory that is not mapped")                 \
	X(203, POINTER_DENIED, "the firmware may not access memory that it must access")         \
	X(204, POINTER_CACHED, "memory that both sides write is cached by the firmware")         \
	X(205, POINTER_UNCACHED, "private memory is not mapped cached")                          \
	X(206, POINTER_EXPOSED, "the GPU may access memory that is the firmware's alone")        \
	X(207, POINTER_NOT_RAM, "a pointer leads to something that is not RAM")                  \
	X(208, POINTER_OVERLAP, "two objects overlap")                                           \
	X(209, POINTER_ALIAS, "two addresses of one object lead to different memory")            \
	X(210, POINTER_ODD, "a page table entry has bits set that nobody is known to use")       \
	X(211, POINTER_GPU, "the GPU may not access memory that it must access")                 \
	X(300, INITDATA_VALUE, "a member has another value than the one that is known to work")  \
	X(301, INITDATA_RANGE, "a member is outside the range that makes sense")                 \
	X(302, INITDATA_NOT_ZERO, "a part that starts as zero does not")                         \
	X(303, INITDATA_TWICE, "init data was sent a second time")                               \
	X(304, INITDATA_IO, "a register range is not mapped where the table says")               \
	X(305, INITDATA_PANIC, "init data that the firmware panics on")                          \
	X(400, CHANNEL_INDEX, "a ring's index is not below the number of elements")              \
	X(401, CHANNEL_OVERRUN, "a ring was written past its read pointer")                      \
	X(402, CHANNEL_FOREIGN, "the driver changed an index that is the firmware's")            \
	X(403, CHANNEL_READ_PAST, "the driver read past what the firmware had written")          \
	X(404, CHANNEL_DOORBELL, "a doorbell that belongs to no ring")                           \
	X(405, CHANNEL_EARLY, "a ring was used before the firmware had its init data")           \
	X(406, CHANNEL_LOST, "memory of a channel was unmapped while in use")                    \
	X(500, MESSAGE_UNKNOWN, "a message with a tag that is not known")                        \
	X(501, MESSAGE_PADDING, "bytes behind a message are not zero")                           \
	X(502, MESSAGE_VALUE, "a message's member has a value that is not accepted")             \
	X(503, MESSAGE_ORDER, "a message that may not come at this point")                       \
	X(504, MESSAGE_CHANNEL, "a message on a channel of another pipe or priority")            \
	X(505, MESSAGE_ANSWER, "an answer to something that was not asked")                      \
	X(506, MESSAGE_FLUSH, "a flush message and its record in the handoff block disagree")    \
	X(507, MESSAGE_FLUSH_CACHED, "memory to be flushed is still mapped cached")              \
	X(508, MESSAGE_REUSED, "a live object was declared new again")                           \
	X(600, QUEUE_VALUE, "a member of a work queue has a value that is not accepted")         \
	X(601, QUEUE_INDEX, "a work queue's index is not below the number of entries")           \
	X(602, QUEUE_STATE, "a work queue's write index and its message disagree")               \
	X(700, STATUS_RESUME, "the driver let the firmware resume without clearing halted")      \
	X(701, STATUS_VALUE, "a status word has a value that is not accepted")

enum agx_finding_id {
#define AGX_FINDING_ENUM(number, name, sentence) AGX_FINDING_##name = (number),
	AGX_FINDINGS(AGX_FINDING_ENUM)
#undef AGX_FINDING_ENUM
};

#endif
