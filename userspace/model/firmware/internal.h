/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the firmware model.
 *
 *   firmware.c          life, steps, log, findings
 *   memory.c            access to memory, and what is wrong with a pointer
 *   rtkit.c             management and system endpoints, crash
 *   handoff.c           handoff block
 *   channels.c          rings
 *   send.c              what the firmware says of its own accord
 *   queues.c            work queues, barriers, who runs next
 *   microseq.c          micro-sequences
 *   stamps.c            what follows a command: stamps, notifiers, flags, times
 *   halt.c              faults, timeouts, commands that fail
 *   power.c             idle, power, statistics
 *   initdata_variant.c  init data       } compiled once per variant
 *   messages_variant.c  ring elements   }
 *   work_variant.c      layouts of commands and operations }
 */
#ifndef AGX_FIRMWARE_INTERNAL_H
#define AGX_FIRMWARE_INTERNAL_H

#include <string.h>

#include "agx_firmware.h"
#include "buffers_state.h"
#include "fields.h"
#include "uat.h"
#include "uat_walk.h"
#include "work.h"

/* Bytes for the largest structure that is read whole. */
#define SCRATCH_SIZE 0x18000

#define MAX_REGIONS 96
#define MAX_ASKED   128

enum channel_id {
	CHANNEL_PIPE, /* 12: pipe + 3 * priority, in the order of the table */
	CHANNEL_DEVICE_CONTROL = 12,
	CHANNEL_EVENT,
	CHANNEL_FWLOG, /* AGX_FWLOG_CHANNELS of them */
	CHANNEL_KTRACE = CHANNEL_FWLOG + AGX_FWLOG_CHANNELS,
	CHANNEL_STATS,
	CHANNEL_FWCTL,
	CHANNEL_COUNT,
};

struct channel {
	char name[16]; /* for the transcript */
	uint64_t state, ring;
	uint32_t entries, element;
	uint32_t write_at;    /* offset of write_ptr in the state */
	const char *state_as; /* name of the state's structure */
	bool out;             /* firmware to driver */
	bool rung;            /* in: may have elements */
	bool dead;            /* its state makes no sense any more */
	bool held;            /* in: the next element has to wait */
	uint32_t mine;        /* the firmware's index: in, read; out, write */
	uint32_t theirs;      /* the driver's index as last seen */
};

enum buffer_id {
	BUFFER_CRASHLOG,
	BUFFER_SYSLOG,
	BUFFER_IOREPORT,
	BUFFER_OSLOG,
	BUFFER_COUNT,
};

struct buffer {
	bool asked, given;
	uint64_t va, size;
};

struct region {
	uint64_t va, size;
	const char *name;
};

/* Addresses out of the init data that are needed later. */
struct tree {
	struct place runtime, globals, status;
	uint64_t fwlog_buf;
	uint64_t ktrace_enable; /* address of the word */
	uint64_t pending_stamps;
	unsigned int pending_shift;
	uint64_t pending_submissions, idle_off_delay, idle_ts, fault_info, gpu_idle;
	uint64_t timestamp_area;
	uint64_t stats[AGX_GPU_UNITS];    /* what Start and Finalize name */
	uint32_t sample_period;           /* ms */
	uint64_t watchdog[AGX_GPU_UNITS]; /* ticks */
};

/* An event that wants an answer. */
struct asked {
	uint32_t tag;     /* AGX_EVENT_GROW_TVB, AGX_EVENT_CHANNEL_ERROR; 0: free */
	uint32_t a, b, c; /* vm_slot, buffer_slot, counter; or pipe, value, 0 */
	uint64_t queue;   /* that the question is about; 0: none of the model's */
};

struct firmware_ops;

struct agx_firmware {
	struct agx_firmware_config config;
	struct agx_walker walker;
	struct agx_walk_cache walk_cache; /* the walker's */
	const struct firmware_ops *ops;
	const struct layout_ops *layout;
	const struct command_ops *commands;
	struct agx_firmware_status status;
	struct agx_mailbox_message inbox[AGX_FIRMWARE_INBOX];
	unsigned int inbox_head, inbox_count;
	uint8_t *scratch;
	struct work work;

	/* Boot */
	bool hello_sent, hello_acked, epmap_done, iop_on, ap_on;
	unsigned int epmap_next;
	bool started[AGX_MBOX_ENDPOINT + 1];
	struct buffer buffers[BUFFER_COUNT];
	unsigned int syslog_unacked;
	bool lock_wanted; /* the handoff's lock_fw is set and waits for the driver */

	/* From the init data on */
	struct tree tree;
	struct channel channels[CHANNEL_COUNT];
	struct region regions[MAX_REGIONS];
	unsigned int region_count;
	bool event_due; /* an EVENT message is to be sent */
	uint32_t log_sequence;
	uint64_t halts;
	struct asked asked[MAX_ASKED];
	struct work_state work_state;
	struct buffer_state buffer_state;
};

/* What differs from variant to variant. */
struct firmware_ops {
	uint32_t pipe_element, control_element, stats_element;

	/* Reads and judges the init data; fills tree and channels. false: the firmware panicked. */
	bool (*read_initdata)(struct agx_firmware *firmware, uint64_t va);
	/* An element of a pipe channel, of the device control channel. */
	void (*run_work_queue)(struct agx_firmware *firmware, unsigned int index,
			       const struct place *place, const uint8_t *element);
	/* false: not now, the element stays in the ring. */
	bool (*device_control)(struct agx_firmware *firmware, const struct place *place,
			       const uint8_t *element);
};

/* Layouts of commands and operations in one variant: work_variant.c. */
struct layout_ops {
	/* Members of queue_info that the firmware writes. */
	uint32_t queue_state_at, queue_errors_at, queue_pending_at;
	/* Of the Run commands. */
	const char *command_names[AGX_GPU_UNITS];
	uint32_t command_size[AGX_GPU_UNITS], meta_at[AGX_GPU_UNITS];
	uint32_t notifier_at[AGX_GPU_UNITS], sequence_at[AGX_GPU_UNITS];
	void (*decode_command)(struct command *command);
	uint32_t barrier_size;
	uint32_t notifier_size, notifier_in_list_at, notifier_list_at;

	uint32_t start_size[AGX_GPU_UNITS], finalize_size[AGX_GPU_UNITS], timestamp_size;
	uint32_t restart_at[AGX_GPU_UNITS]; /* restart_branch_offset */
	bool wait_for_idle2;                /* in place of WaitForIdle */
	void (*decode_start)(enum agx_gpu_unit unit, const uint8_t *op, struct start_op *start);
	void (*decode_finalize)(enum agx_gpu_unit unit, const uint8_t *op,
				struct finalize_op *finalize);
	void (*decode_timestamp)(const uint8_t *op, struct timestamp_op *timestamp);

	/* Of the statistics that Start names: total_cmds lies before. 0: not known. */
	uint32_t total_before[AGX_GPU_UNITS], stats_busy_at[AGX_GPU_UNITS];
	uint32_t stats_queue_at[AGX_GPU_UNITS], stats_size[AGX_GPU_UNITS];
	uint32_t stats_stamp_at; /* fragment: cur_stamp_id */
};

#define LAYOUT_OPS(lower, upper) extern const struct layout_ops agx_layout_ops_##lower;
AGX_FW_VARIANTS(LAYOUT_OPS)
#undef LAYOUT_OPS

#define FIRMWARE_OPS(lower, upper) extern const struct firmware_ops agx_firmware_ops_##lower;
AGX_FW_VARIANTS(FIRMWARE_OPS)
#undef FIRMWARE_OPS

/* firmware.c */
uint64_t firmware_now(struct agx_firmware *firmware);
void firmware_log(struct agx_firmware *firmware, enum agx_firmware_log_level level,
		  const char *format, ...) __attribute__((format(printf, 3, 4)));
void firmware_transcript(struct agx_firmware *firmware, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* detail: what the sentence does not say, or NULL. */
void firmware_find(struct agx_firmware *firmware, enum agx_finding_id id, const struct place *place,
		   uint32_t offset, uint64_t expected, uint64_t got, const char *detail);
void firmware_set_state(struct agx_firmware *firmware, enum agx_firmware_state state);
void firmware_forget(struct agx_firmware *firmware);

/* memory.c: the firmware's own view, context 0. */
enum memory_class {
	MEMORY_PRIVATE,   /* firmware RW, cached, no GPU */
	MEMORY_SHARED,    /* firmware RW, not cached, no GPU */
	MEMORY_SHARED_RO, /* firmware R, not cached, no GPU */
	MEMORY_GPU_RO,    /* firmware RW, cached, GPU R */
	MEMORY_ANY,       /* firmware RW, nothing else is judged */
	MEMORY_ANY_RO,    /* firmware R, nothing else is judged */
};

/*
 * Host memory of size bytes at va in one page that the firmware may access as wanted
 * (AGX_WALK_READ...), until the driver runs. NULL: there is none, or it is in several pages.
 */
static inline uint8_t *memory_window(struct agx_firmware *firmware, uint64_t va, size_t size,
				     unsigned int wants)
{
	return agx_walk_window(&firmware->walker, 0, AGX_WALK_FIRMWARE, va, size, wants);
}

/* The two below, for what lies in several pages. */
bool memory_read_apart(struct agx_firmware *firmware, uint64_t va, void *data, size_t size);
bool memory_write_apart(struct agx_firmware *firmware, uint64_t va, const void *data, size_t size);

/*
 * The driver may change memory while it is read. A word is read or written whole and once, and
 * anything else as some mixture of before and after; either way the copy is the firmware's own and
 * the compiler does not look at memory a second time.
 */
static inline void memory_copy_in(void *data, const uint8_t *memory, size_t size)
{
	if (size == 4 && !((uintptr_t)memory & 3)) {
		uint32_t word = __atomic_load_n((const uint32_t *)memory, __ATOMIC_RELAXED);

		memcpy(data, &word, sizeof(word));
	} else if (size == 8 && !((uintptr_t)memory & 7)) {
		uint64_t word = __atomic_load_n((const uint64_t *)memory, __ATOMIC_RELAXED);

		memcpy(data, &word, sizeof(word));
	} else {
		memcpy(data, memory, size);
		__asm__ volatile("" ::: "memory");
	}
}

static inline void memory_copy_out(uint8_t *memory, const void *data, size_t size)
{
	if (size == 4 && !((uintptr_t)memory & 3)) {
		uint32_t word;

		memcpy(&word, data, sizeof(word));
		__atomic_store_n((uint32_t *)memory, word, __ATOMIC_RELAXED);
	} else if (size == 8 && !((uintptr_t)memory & 7)) {
		uint64_t word;

		memcpy(&word, data, sizeof(word));
		__atomic_store_n((uint64_t *)memory, word, __ATOMIC_RELAXED);
	} else {
		memcpy(memory, data, size);
		__asm__ volatile("" ::: "memory");
	}
}

/* false: could not be read or written as a whole; nothing is said about it. */
static inline bool memory_read(struct agx_firmware *firmware, uint64_t va, void *data, size_t size)
{
	const uint8_t *memory = memory_window(firmware, va, size, AGX_WALK_READ);

	if (!memory)
		return memory_read_apart(firmware, va, data, size);
	memory_copy_in(data, memory, size);
	return true;
}

static inline bool memory_write(struct agx_firmware *firmware, uint64_t va, const void *data,
				size_t size)
{
	uint8_t *memory = memory_window(firmware, va, size, AGX_WALK_WRITE);

	if (!memory)
		return memory_write_apart(firmware, va, data, size);
	memory_copy_out(memory, data, size);
	return true;
}

/*
 * A word by which the two sides tell each other that something else is there, or is free again:
 * what is read after acquire is as new as the word, and who sees the word of a release sees all
 * that was read and written before it.
 */
bool memory_acquire(struct agx_firmware *firmware, uint64_t va, uint32_t *word);
bool memory_release(struct agx_firmware *firmware, uint64_t va, uint32_t word);

/*
 * Judges a pointer: holder and offset say where it stands, name what it leads to. false: using
 * it would crash the firmware.
 */
bool memory_check(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		  uint64_t va, uint64_t size, enum memory_class class, const char *name);
/* As memory_check(), and the object must not overlap those that came before it. */
bool memory_claim(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		  uint64_t va, uint64_t size, enum memory_class class, const char *name);
/* An address for the GPU in context 0 that must lead to the same memory as alias does. */
void memory_check_gpu_alias(struct agx_firmware *firmware, const struct place *holder,
			    uint32_t offset, uint64_t va, uint64_t size, uint64_t alias);
/* Registers: pa mapped at va for the firmware. */
void memory_check_io(struct agx_firmware *firmware, const struct place *holder, uint32_t offset,
		     uint64_t va, uint64_t pa, uint64_t size, uint64_t first, bool write);
/* Bytes from begin to end must be zero; the first that is not is a finding. */
void memory_check_zero(struct agx_firmware *firmware, enum agx_finding_id id,
		       const struct place *place, const uint8_t *data, uint32_t begin,
		       uint32_t end);

/* rtkit.c */
void rtkit_send(struct agx_firmware *firmware, unsigned int endpoint, uint64_t word0);
void rtkit_hello(struct agx_firmware *firmware);
void rtkit_message(struct agx_firmware *firmware, uint64_t word0, uint64_t word1);
void rtkit_panic(struct agx_firmware *firmware, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* handoff.c: true when something was done. */
bool handoff_boot(struct agx_firmware *firmware);
/* The lock against the driver. false: it is inside and does not leave; to be tried again. */
bool handoff_lock(struct agx_firmware *firmware, struct agx_handoff_block *block);
void handoff_unlock(struct agx_firmware *firmware, struct agx_handoff_block *block);
/* The record of a flush: true when it was as the message says. */
void handoff_flush(struct agx_firmware *firmware, const struct place *place,
		   const struct agx_fwctl_msg *msg);

/* channels.c */
void channel_init(struct agx_firmware *firmware, unsigned int id, uint64_t state, uint64_t ring);
uint32_t channel_ring_size(const struct agx_firmware *firmware, unsigned int id);
void channels_doorbell(struct agx_firmware *firmware, uint64_t word0);
void channels_fwctl(struct agx_firmware *firmware);
bool channels_take(struct agx_firmware *firmware);
/* 0, -EAGAIN: full, -EINVAL: not usable. */
int channel_put(struct agx_firmware *firmware, unsigned int id, const void *element);
uint32_t channel_next_index(struct agx_firmware *firmware, unsigned int id);
bool channel_has_room(struct agx_firmware *firmware, unsigned int id);

/* queues.c: tables. */
int work_create(struct agx_firmware *firmware);
void work_destroy(struct agx_firmware *firmware);
void work_forget(struct agx_firmware *firmware);
void work_stop(struct agx_firmware *firmware);
struct work_queue *queue_find(struct agx_firmware *firmware, uint64_t va);
/* A queue of this address and context, with nothing else set. NULL: the firmware has panicked. */
struct work_queue *queue_add(struct agx_firmware *firmware, uint64_t va, uint64_t context);
struct work_queue *queue_numbered(struct agx_firmware *firmware, uint32_t number);
struct work_context *queue_context(struct agx_firmware *firmware, const struct work_queue *queue);
/* Whether commands of a context are running; drop forgets it with its queues. */
bool context_busy(struct agx_firmware *firmware, uint64_t va);
void context_drop(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		  uint64_t va);
/* A RunWorkQueue message: place and offsets of its members slot and wptr, for findings. */
struct run_message {
	struct place place;
	uint32_t slot_at, wptr_at;
	uint32_t slot, wptr;
};
void queue_run(struct agx_firmware *firmware, struct work_queue *queue,
	       const struct agx_ring_state *state, const struct run_message *message);
/* One thing: an operation of a command, an entry of a ring. false: nothing to do. */
bool work_step(struct agx_firmware *firmware);
/* Barriers that wait for a slot whose stamp was written. */
void queue_wake(struct agx_firmware *firmware, uint32_t slot);
/* The command on a unit is over and its stamps are written: goes on with the next. */
void queue_next(struct agx_firmware *firmware, struct work_queue *queue);
/* A Run command with this stamp value comes behind barriers that have named one. */
void queue_promised(struct agx_firmware *firmware, struct work_queue *queue, uint32_t value);
void queue_note(struct agx_firmware *firmware, struct work_queue *queue);
/* Barriers that nothing will ever fulfil; when there is nothing else to do. */
void queues_judge_stalled(struct agx_firmware *firmware);
/* The entry of a queue with a fragment command of this stamp value; 0: none. */
uint64_t queue_find_fragment(struct agx_firmware *firmware, const struct work_queue *queue,
			     uint32_t value);

/* microseq.c */
/* Takes the Run command at va onto its free unit. */
void unit_load(struct agx_firmware *firmware, struct work_queue *queue, uint64_t va,
	       const struct place *holder, uint32_t tag, bool partial);
bool unit_step(struct agx_firmware *firmware, struct unit *unit);
void unit_free(struct agx_firmware *firmware, struct unit *unit);
/* The driver's answer to GrowTVB. */
void unit_grown(struct agx_firmware *firmware, uint32_t vm_slot, uint32_t buffer_slot,
		uint32_t counter);
const char *unit_name(enum agx_gpu_unit unit);
/* The command on a unit has failed: ChannelError. */
void unit_fail(struct agx_firmware *firmware, struct unit *unit, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void unit_watch(struct agx_firmware *firmware, struct unit *unit);

/* stamps.c */
/* Judges the stamps and the notifier of a command and fills finish. false: panicked. */
bool stamps_judge(struct agx_firmware *firmware, const struct command *command,
		  struct finish *finish);
/* Writes both stamps, counts, and wakes who waits for it. */
void stamps_finish(struct agx_firmware *firmware, struct work_queue *queue,
		   const struct finish *finish);
/* A command of a queue's context has begun (first: nothing else of it runs) or is over. */
void notifier_link(struct agx_firmware *firmware, const struct work_queue *queue,
		   const struct finish *finish, bool in);
/* Work goes on that takes long: what is done is told now, although more is to come of the same queue. */
void stamps_say(struct agx_firmware *firmware);

/* Sends the Flag message that is due. true: it went out. */
bool stamps_flush(struct agx_firmware *firmware);
bool stamps_judge_barrier(struct agx_firmware *firmware, const struct place *place, uint32_t slot,
			  uint64_t fw_stamp);
bool stamp_reached(struct agx_firmware *firmware, uint64_t va, uint32_t value, bool *reached);
/* What a Timestamp operation writes. false: panicked. */
bool timestamp_write(struct agx_firmware *firmware, const struct timestamp_op *op, bool start);
void trace(struct agx_firmware *firmware, unsigned int channel, unsigned int code, uint64_t a,
	   uint64_t b, uint64_t c, uint64_t d);

/* halt.c */
/* The unit's command has faulted or hangs. true: the firmware has halted. */
bool halt_fault(struct agx_firmware *firmware, struct unit *unit,
		const struct agx_gpu_fault *fault);
bool halt_timeout(struct agx_firmware *firmware, struct unit *unit);
/* Stamps of everything on the units; their number. */
unsigned int halt_list(struct agx_firmware *firmware,
		       struct agx_firmware_stamp stamps[AGX_GPU_UNITS]);
/* Everything that runs is stopped; its commands are over when the driver resumes. */
void halt_kill(struct agx_firmware *firmware);
void halt_resumed(struct agx_firmware *firmware);
/* RecoverChannel for a queue, in answer to an error of the one expected (0: of none). */
void halt_recover(struct agx_firmware *firmware, const struct place *place, uint32_t offset,
		  uint64_t expected, uint64_t va);

/* power.c */
void power_start(struct agx_firmware *firmware);
void power_kick(struct agx_firmware *firmware);
void power_busy(struct agx_firmware *firmware);
/* Nothing to do: notes it, and cuts the power in time. true: something was done. */
bool power_idle(struct agx_firmware *firmware);

/* send.c */
/* As agx_firmware_send_event(); queue: that the event is about, or 0. */
int event_send(struct agx_firmware *firmware, const struct agx_event_msg *event, uint64_t queue);
/* Sets answer->queue. */
bool asked_take(struct agx_firmware *firmware, struct asked *answer);
bool halted_step(struct agx_firmware *firmware);
void say_ready(struct agx_firmware *firmware);

#endif
