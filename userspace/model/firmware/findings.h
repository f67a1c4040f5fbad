/* SPDX-License-Identifier: MIT */
/*
 * The findings: everything that the modelled firmware has to say against a driver. Numbers are
 * stable; new ones are added at the end of their hundred. docs/firmware-model.md explains each.
 */
#ifndef AGX_FIRMWARE_FINDINGS_H
#define AGX_FIRMWARE_FINDINGS_H

/* X(number, NAME, sentence) */
#define AGX_FINDINGS(X)                                                                            \
	X(100, MAILBOX_ENDPOINT, "message to an endpoint that was not announced or not started")   \
	X(101, MAILBOX_TYPE, "message of a type that the endpoint does not know")                  \
	X(102, MAILBOX_ORDER, "message that may not come at this point")                           \
	X(103, MAILBOX_BITS, "bits set that belong to no field of the message")                    \
	X(104, MAILBOX_VALUE, "a field of the message has a value that is not accepted")           \
	X(105, MAILBOX_VERSION, "protocol version outside what HELLO offered")                     \
	X(106, MAILBOX_BUFFER, "a buffer for a system endpoint is too small or badly placed")      \
	X(107, MAILBOX_STOPPED, "message to a processor that is not running")                      \
	X(120, HANDOFF_MAGIC, "the handoff block's magic is not the known one")                    \
	X(121, HANDOFF_MEMORY, "the handoff block is not in RAM")                                  \
	X(122, HANDOFF_LATE, "init data came before the handoff was complete")                     \
	X(123, HANDOFF_LOCK, "the handoff block's lock holds something else than 0 or 1")          \
	X(200, POINTER_NULL, "a pointer is null")                                                  \
	X(201, POINTER_HALF, "a pointer is outside the driver's part of the upper half")           \
	X(202, POINTER_UNMAPPED, "a pointer leads to memory that is not mapped")                   \
	X(203, POINTER_DENIED, "the firmware may not access memory that it must access")           \
	X(204, POINTER_CACHED, "memory that both sides write is cached by the firmware")           \
	X(205, POINTER_UNCACHED, "private memory is not mapped cached")                            \
	X(206, POINTER_EXPOSED, "the GPU may access memory that is the firmware's alone")          \
	X(207, POINTER_NOT_RAM, "a pointer leads to something that is not RAM")                    \
	X(208, POINTER_OVERLAP, "two objects overlap")                                             \
	X(209, POINTER_ALIAS, "two addresses of one object lead to different memory")              \
	X(210, POINTER_ODD, "a page table entry has bits set that nobody is known to use")         \
	X(211, POINTER_GPU, "the GPU may not access memory that it must access")                   \
	X(300, INITDATA_VALUE, "a member has another value than the one that is known to work")    \
	X(301, INITDATA_RANGE, "a member is outside the range that makes sense")                   \
	X(302, INITDATA_NOT_ZERO, "a part that starts as zero does not")                           \
	X(303, INITDATA_TWICE, "init data was sent a second time")                                 \
	X(304, INITDATA_IO, "a register range is not mapped where the table says")                 \
	X(305, INITDATA_PANIC, "init data that the firmware panics on")                            \
	X(400, CHANNEL_INDEX, "a ring's index is not below the number of elements")                \
	X(401, CHANNEL_OVERRUN, "a ring was written past its read pointer")                        \
	X(402, CHANNEL_FOREIGN, "the driver changed an index that is the firmware's")              \
	X(403, CHANNEL_READ_PAST, "the driver read past what the firmware had written")            \
	X(404, CHANNEL_DOORBELL, "a doorbell that belongs to no ring")                             \
	X(405, CHANNEL_EARLY, "a ring was used before the firmware had its init data")             \
	X(406, CHANNEL_LOST, "memory of a channel was unmapped while in use")                      \
	X(500, MESSAGE_UNKNOWN, "a message with a tag that is not known")                          \
	X(501, MESSAGE_PADDING, "bytes behind a message are not zero")                             \
	X(502, MESSAGE_VALUE, "a message's member has a value that is not accepted")               \
	X(503, MESSAGE_ORDER, "a message that may not come at this point")                         \
	X(504, MESSAGE_CHANNEL, "a message on a channel of another pipe or priority")              \
	X(505, MESSAGE_ANSWER, "an answer to something that was not asked")                        \
	X(506, MESSAGE_FLUSH, "a flush message and its record in the handoff block disagree")      \
	X(507, MESSAGE_FLUSH_CACHED, "memory to be flushed is still mapped cached")                \
	X(508, MESSAGE_REUSED, "a live object was declared new again")                             \
	X(600, QUEUE_VALUE, "a member of a work queue has a value that is not accepted")           \
	X(601, QUEUE_INDEX, "a work queue's index is not below the number of entries")             \
	X(602, QUEUE_STATE, "a work queue's write index and its message disagree")                 \
	X(603, QUEUE_FOREIGN, "the driver changed a work queue's index that is the firmware's")    \
	X(604, QUEUE_OVERRUN, "a work queue's ring was written past its read pointer")             \
	X(605, QUEUE_TAG, "a command with a tag that its work queue does not take")                \
	X(606, QUEUE_REUSED, "a command that is still in use came again")                          \
	X(607, QUEUE_PENDING, "a context was destroyed that still has work")                       \
	X(608, QUEUE_RECOVERED, "another queue was to recover than the one that has failed")       \
	X(700, STATUS_RESUME, "the driver let the firmware resume without clearing halted")        \
	X(701, STATUS_VALUE, "a status word has a value that is not accepted")                     \
	X(702, STATUS_ASLEEP, "work came to a GPU without power that nobody has woken")            \
	X(800, STAMP_OWNER, "an event slot has two work queues with work in flight")               \
	X(801, STAMP_BACKWARDS, "a stamp does not go forward")                                     \
	X(802, STAMP_ADDRESS, "the stamp of an event slot is not where it was")                    \
	X(803, STAMP_SLOT, "a command's event slot is not the one that its work queue runs with")  \
	X(804, STAMP_STEP, "a stamp's low byte is not zero")                                       \
	X(805, STAMP_RANGE, "an event slot is not below the number of slots")                      \
	X(810, BARRIER_NEVER, "a work queue waits for a stamp that nothing will write")            \
	X(811, BARRIER_VALUE, "a barrier's member has a value that is not accepted")               \
	X(820, NOTIFIER_THRESHOLD, "a notifier's threshold is below its count")                    \
	X(821, NOTIFIER_VALUE, "a notifier's member has a value that is not accepted")             \
	X(830, TIMESTAMP_WINDOW, "a user's timestamp is outside the window for timestamps")        \
	X(900, SEQUENCE_UNKNOWN, "an operation that the firmware does not know")                   \
	X(901, SEQUENCE_ORDER, "an operation that may not come at this point")                     \
	X(902, SEQUENCE_END, "a micro-sequence stops without an operation that ends it")           \
	X(903, SEQUENCE_ENDLESS, "a micro-sequence does not come to an end")                       \
	X(904, SEQUENCE_SIZE, "a micro-sequence's size is not that of its operations")             \
	X(905, SEQUENCE_VALUE, "an operation's member has a value that is not accepted")           \
	X(906, SEQUENCE_BRANCH, "a restart branch does not lead to the Start operation")           \
	X(907, SEQUENCE_LAYOUT, "an operation whose layout is not known")                          \
	X(1000, COMMAND_VALUE, "a member of a command has a value that is not known to work")      \
	X(1001, COMMAND_NOT_ZERO,                                                                  \
	  "a part of a command that every known driver leaves zero is not")                        \
	X(1002, COMMAND_REFERENCE,                                                                 \
	  "a member of a command disagrees with what it must be the same as")                      \
	X(1003, COMMAND_CONTEXT,                                                                   \
	  "a command's UAT context is none for user space, or has no table")                       \
	X(1004, COMMAND_SAMPLERS,                                                                  \
	  "a command's largest sampler number is not one more than the count")                     \
	X(1005, COMMAND_GPU_ADDRESS,                                                               \
	  "memory that the driver makes for the GPU is not mapped for it")                         \
	X(1006, COMMAND_REGISTER_LIST, "a register list's address, count or length is wrong")      \
	X(1007, COMMAND_REGISTER_UNKNOWN,                                                          \
	  "a register list has a register that is not known for the unit")                         \
	X(1008, COMMAND_REGISTER_MISSING,                                                          \
	  "a register list lacks a register that all known lists have")                            \
	X(1009, COMMAND_REGISTER_TWICE, "a register list has a register twice")                    \
	X(1010, COMMAND_REGISTER_VALUE, "a register gets a value that is not known to work")       \
	X(1100, VERTEX_FRAME, "no frame has such a size, such utiles or so many layers")           \
	X(1101, VERTEX_TILING, "a tiling word does not follow from the frame's size")              \
	X(1102, VERTEX_CACHE, "the tile parameter cache's size does not follow from the frame's")  \
	X(1103, VERTEX_CLUSTER, "only a part of what clusters need is there")                      \
	X(1104, VERTEX_FRAGMENT,                                                                   \
	  "the fragment command's stamp cannot be what the vertex command says")                   \
	X(1150, FRAGMENT_FRAME, "no frame has such a size or such utiles")                         \
	X(1151, FRAGMENT_TILING, "a member does not follow from the frame's size")                 \
	X(1152, FRAGMENT_TILE_BUFFER,                                                              \
	  "the blocks of the tile buffer do not follow from the samples")                          \
	X(1153, FRAGMENT_PARTIAL, "the state for partial renders disagrees with the pass'")        \
	X(1154, FRAGMENT_PAIR, "the fragment and the vertex command of a render disagree")         \
	X(1200, COMPUTE_PREEMPTION, "the preemption buffers do not follow each other")             \
	X(1250, BUFFER_SLOT, "a buffer slot's number is not below the number of slots")            \
	X(1251, BUFFER_VALUE, "a member of a vertex buffer has a value that is not known to work") \
	X(1252, BUFFER_COUNT, "counts of pages and blocks of a vertex buffer disagree")            \
	X(1253, BUFFER_LIST, "the lists of pages and blocks of a vertex buffer disagree")          \
	X(1254, BUFFER_PAGE,                                                                       \
	  "a page of a vertex buffer or of its lists is not mapped as it must be")                 \
	X(1255, BUFFER_UNBOUND, "a render uses a buffer slot that holds nothing")                  \
	X(1256, BUFFER_OTHER, "a render's buffer or context is not what its slot holds")           \
	X(1257, BUFFER_LIVE, "a buffer slot was given away while a render uses it")                \
	X(1258, SCENE_VALUE, "a member of a scene has a value that is not known to work")          \
	X(1259, SCENE_LIVE, "a scene that a render uses was used for another")                     \
	X(1260, SCENE_UNKNOWN, "a fragment command's scene is that of no vertex command")          \
	X(1300, OPERATION_VALUE, "an operation's constant is not the one that is known to work")   \
	X(1301, OPERATION_NOT_ZERO,                                                                \
	  "a part of an operation that every known driver leaves zero is not")                     \
	X(1302, OPERATION_REFERENCE, "an operation's member is not what its command says")         \
	X(1303, OPERATION_ATTACHMENT,                                                              \
	  "an operation's attachments are not as every known driver makes them")

enum agx_finding_id {
#define AGX_FINDING_ENUM(number, name, sentence) AGX_FINDING_##name = (number),
	AGX_FINDINGS(AGX_FINDING_ENUM)
#undef AGX_FINDING_ENUM
};

#endif
