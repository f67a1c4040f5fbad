/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What depends on the layout of the firmware's structures: sizes, and functions from the sources
 * that are compiled once per variant (*_variant.c). Nothing else tests a version at run time.
 */
#ifndef AGX_VARIANT_OPS_H
#define AGX_VARIANT_OPS_H

#include "agx_channel.h"
#include "agx_device.h"

struct agx_buffer_addresses;
struct agx_core_job;
struct agx_render;
struct agx_submit_cmd;
struct agx_text;

/* Addresses of the init data's parts, for the structures that name them. */
struct agx_initdata_addresses {
	uint64_t region_a, runtime_pointers, globals, fw_status;
	uint64_t hwdata_a, hwdata_b;
	uint64_t stats_vertex, stats_fragment, stats_compute;
	uint64_t fault_stats, unk_198, unk_1b8, unk_1c0, unk_1c8;
	uint64_t fwlog_buffer;
	uint64_t buffer_mgr_gpu, buffer_mgr_fw;
	uint64_t sram; /* 0: none */
};

/* A message to the device control channel, before it has its variant's form. */
enum agx_device_control {
	AGX_DEVICE_CONTROL_INITIALIZE,
	AGX_DEVICE_CONTROL_GROW_TVB_ACK,
	AGX_DEVICE_CONTROL_RECOVER_CHANNEL,
	AGX_DEVICE_CONTROL_IDLE_POWER_OFF,
	AGX_DEVICE_CONTROL_DESTROY_CONTEXT, /* also to flush the firmware's cache */
	AGX_DEVICE_CONTROL_UPDATE_IDLE_TS,
	AGX_DEVICE_CONTROLS,
};

struct agx_device_control_args {
	union {
		struct {
			uint32_t buffer_slot, vm_slot, counter;
			uint64_t halt_count;
		} grow_tvb_ack;
		struct {
			uint32_t pipe, event_value;
			uint64_t work_queue;
		} recover_channel;
		struct {
			uint8_t ctx_0, ctx_1, ctx_4, ctx_23; /* of agx_gpu_context_data */
			uint64_t context;                    /* 0: only flush */
		} destroy_context;
	};
};

/* A RunWorkQueue message. */
struct agx_run_work_queue {
	uint32_t pipe; /* enum agx_pipe */
	uint64_t work_queue;
	uint32_t wptr;
	uint32_t event_slot;
	bool is_new;
};

/* What the driver knows of a work queue when it makes one; addresses. */
struct agx_queue_info_args {
	uint64_t state, ring, notifier_list, gpu_buf, context;
	uint32_t pipe;
	uint32_t priority; /* the firmware's */
	uint32_t number;
};

/* A Barrier command. */
struct agx_barrier_args {
	uint64_t wait_stamp; /* the fw stamp */
	uint32_t wait_value, wait_slot;
	uint32_t stamp_self;
	bool external; /* one that user space has asked for */
};

/* What the driver sets in Globals. */
struct agx_globals_settings {
	uint32_t fault_control;     /* AGX_FAULT_CONTROL_* */
	uint32_t idle_off_delay_ms; /* idle time until the power is cut */
	uint32_t ktrace_mask;       /* 0: no kernel trace */
};

struct agx_variant_ops {
	const char *name;
	bool map_kernel_to_user; /* user contexts see the upper half */

	/* Bytes. */
	uint32_t init_data_size, runtime_pointers_size, globals_size;
	uint32_t hwdata_a_size, hwdata_b_size, stats_fragment_size;
	uint32_t unk_1c0_size, unk_1c8_size; /* 0: the variant lacks them */
	uint16_t run_work_queue_size, device_control_size, stats_message_size;
	uint8_t io_mappings;

	/* Members of Globals that both sides use at run time, offsets in bytes. */
	uint32_t globals_pending_submissions, globals_idle_off_delay, globals_pending_stamps,
		globals_fault_info;
	uint8_t pending_stamp_shift; /* of the slot in agx_pending_stamp.info */

	/* What the boot loader does on a Mac; the structures are zero. */
	void (*build_hwdata_a)(const struct agx_device *device, void *hwdata_a);
	void (*build_hwdata_b)(const struct agx_device *device, void *hwdata_b);
	void (*build_globals)(const struct agx_device *device, void *globals);

	/* What the driver adds to the blobs. */
	void (*set_io_mapping)(void *hwdata_b, unsigned int index,
			       const struct agx_io_mapping *mapping);
	void (*set_sram)(void *hwdata_b, uint64_t va);
	void (*set_globals)(void *globals, const struct agx_globals_settings *settings);

	void (*fill_init_data)(const struct agx_soc *soc, void *init_data,
			       const struct agx_initdata_addresses *at);
	void (*fill_runtime_pointers)(void *runtime_pointers,
				      const struct agx_initdata_addresses *at,
				      const struct agx_channel_rings *rings);
	void (*fill_stats_fragment)(void *stats);

	/* Messages; buffers have the sizes above and are cleared first. */
	void (*run_work_queue)(const struct agx_run_work_queue *args, void *message);
	int (*device_control)(enum agx_device_control what,
			      const struct agx_device_control_args *args, void *message);

	/* Work queues; the structures are zero. */
	uint16_t queue_info_size, notifier_size;
	uint16_t notifier_buf; /* offset of unk_buf, 0: the variant lacks it */
	uint16_t stats_vertex_inner, stats_fragment_inner; /* offsets of what operations name */
	bool fault_registers_g14x;                         /* fault information in two registers */
	void (*fill_queue_info)(const struct agx_queue_info_args *args, void *queue_info);
	void (*fill_notifier)(uint64_t threshold, uint32_t number, void *notifier);
	void (*fill_barrier)(const struct agx_barrier_args *args, void *barrier);

	/* Commands (command.h); the structures are zero. */
	uint16_t buffer_info_size, scene_size;
	bool scene_control_word; /* a Scene needs one */
	bool meta1_all_layers;   /* cluster metadata 1 has blocks for each layer */
	void (*fill_buffer_info)(const struct agx_buffer_addresses *at, void *buffer_info);
	void (*set_buffer_blocks)(void *buffer_info, uint32_t blocks);
	void (*fill_scene)(uint64_t user_buffer, uint64_t stats, uint64_t control_word,
			   void *scene);
	int (*build_compute)(struct agx_core_job *job, const struct agx_submit_cmd *cmd,
			     const void *cmdbuf);
	int (*build_vertex)(struct agx_core_job *job, const struct agx_render *render);
	int (*build_fragment)(struct agx_core_job *job, const struct agx_render *render);

	/* Prints a statistics message; false: an unknown tag. */
	bool (*print_stats)(const void *message, uint32_t *tag, struct agx_text *text);
};

#define AGX_VARIANT_OPS_DECLARE(lower, upper) \
	extern const struct agx_variant_ops agx_##lower##_variant_ops;

AGX_FW_VARIANTS(AGX_VARIANT_OPS_DECLARE)
#undef AGX_VARIANT_OPS_DECLARE

/* NULL: no such variant. */
const struct agx_variant_ops *agx_variant_ops(unsigned int variant);

#endif
