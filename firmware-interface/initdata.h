/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Init data: the tree of structures that the driver hands to the firmware once, with the INIT
 * message (mailbox.h).
 *
 *   init_data
 *     unk_buf             AGX_REGION_A_SIZE bytes of zeros, shared, read-only
 *     runtime_pointers    channels, statistics, hardware data, scratch memory
 *     globals             settings and run-time state
 *     fw_status           what stopped the firmware, and the FwCtl channel
 *
 * m1n1 calls the middle two region B and region C.
 *
 * Sources: m1n1: fw/agx/initdata.py, rust/src/gpu/raw.rs and initdata.rs; driver: fw/initdata.rs,
 * initdata.rs.
 */
#ifndef AGX_FW_INITDATA_H
#define AGX_FW_INITDATA_H

#include "buffer.h"
#include "channels.h"
#include "hwdata.h"
#include "stats.h"
#include "types.h"

#define AGX_REGION_A_SIZE 0x4000

/* init_data.ver_info, 13.x. The first number is the size of runtime_pointers less 0x20. */
#define AGX_VER_INFO_G13_G14                \
	{                                   \
		0x6ba0, 0x1f28, 0x601, 0xb0 \
	}
#define AGX_VER_INFO_G14X                   \
	{                                   \
		0xb390, 0x70f8, 0x601, 0xb0 \
	}

/* One level of the page tables, as uat.h has it. */
struct agx_uat_level_info {
	fw_u8 unk_3; /* 8: bytes per entry */
	fw_u8 unk_1; /* 14: page bits */
	fw_u8 unk_2; /* 14 */
	fw_u8 index_shift;
	fw_u16 num_entries;
	fw_u16 unk_4;      /* 0x4000: table size */
	fw_u64 unk_8;      /* 1 */
	fw_u64 phys_mask;  /* address bits of an entry, up to the chip's widest address */
	fw_u64 index_mask; /* (num_entries - 1) << index_shift */
} __packed;
AGX_SIZE(uat_level_info, 0x20);

/*
 * Firmware status, shared memory, one member per 16 bytes. When the GPU faults or hangs, the
 * firmware counts up halt_count, sets halted and waits; the driver looks into what happened,
 * clears halted and sets resume.
 */
struct agx_fw_status {
	struct agx_channel_ring fwctl_channel;
	fw_u64 halt_count; /* 32 bits in m1n1 */
	fw_u8 pad_18[8];
	fw_u32 halted;
	fw_u8 pad_24[0xc];
	fw_u32 resume;
	fw_u8 pad_34[0xc];
	fw_u32 unk_40;
	fw_u8 pad_44[0xc];
	fw_u32 unk_ctr;
	fw_u8 pad_54[0xc];
	fw_u32 unk_60;
	fw_u8 pad_64[0xc];
	fw_u32 unk_70;
	fw_u8 pad_74[0xc];
} __packed;
AGX_SIZE(fw_status, 0x80);
AGX_AT(fw_status, halt_count, 0x10);
AGX_AT(fw_status, halted, 0x20);
AGX_AT(fw_status, resume, 0x30);

/* A command that was running when the firmware stopped; globals.pending_stamps. */
struct agx_pending_stamp {
	fw_u32 info;       /* AGX_PENDING_STAMP_*; 0: unused */
	fw_u32 wait_value; /* stamp of the command */
} __packed;
AGX_SIZE(pending_stamp, 8);

#define AGX_PENDING_STAMPS          0x100
#define AGX_PENDING_STAMP_VALID     (1u << 0)
#define AGX_PENDING_STAMP_SLOT_MASK 0x7fu /* of info >> shift */
#define AGX_PENDING_STAMP_SHIFT_V12 3
#define AGX_PENDING_STAMP_SHIFT_V13 4

/* The firmware's notes about the last fault; globals.fault_info. */
struct agx_fault_info {
	fw_u32 unk_0;
	fw_u32 unk_4;
	fw_u32 queue_uuid;
	fw_u32 unk_c;
	fw_u32 unk_10;
	fw_u32 unk_14;
} __packed;
AGX_SIZE(fault_info, 0x18);

/* Settings of a power zone, from which the firmware derives hwdata_a.power_zones. */
struct agx_power_zone_global {
	fw_u32 target;
	fw_u32 target_off;
	fw_u32 filter_tc;
} __packed;
AGX_SIZE(power_zone_global, 0xc);

/* A group of performance counters, as macOS configures them. m1n1: PerfCounterDesc. */
struct agx_perf_counter_desc {
	fw_u64 regs;
	fw_u32 dis_mask;
	fw_u32 en_mask;
	fw_u32 source_mask;
	fw_u32 base_reg;
	fw_u8 unk_type;
	fw_u8 count;
	fw_u8 index;
	fw_u8 pad_1b;
	fw_u32 pad_1c;
} __packed;
AGX_SIZE(perf_counter_desc, 0x20);

/* globals.fault_control: each bit makes the firmware set a register of the GPU. */
#define AGX_FAULT_CONTROL_17620   (1u << 0)
#define AGX_FAULT_CONTROL_17630   (1u << 1)
#define AGX_FAULT_CONTROL_DEFAULT 0xbu /* soft faults on */

#define AGX_RUNTIME_SCRATCH_UNK_6B38 0xffu /* runtime_scratch.unk_6b38 */

#endif

#ifdef AGX_FW_INSTANTIATE

/* Scratch memory at the end of RuntimePointers. Offsets in names are those of RuntimePointers. */
struct AGX_FW(runtime_scratch) {
	fw_u8 unk_280[0x6800];
	fw_u32 unk_6a80;
	fw_u32 gpu_idle; /* by the firmware */
	fw_u8 pad_6a88[0x14];
	fw_u32 unk_6a9c;
	fw_u32 unk_ctr0;
	fw_u32 unk_ctr1;
	fw_u32 unk_6aa8;
	fw_u32 unk_6aac;
	fw_u32 unk_ctr2;
	fw_u32 unk_6ab4;
	fw_u32 unk_6ab8;
	fw_u32 unk_6abc;
	fw_u32 unk_6ac0;
	fw_u32 unk_6ac4;
	fw_u32 unk_ctr3;
	fw_u32 unk_6acc;
	fw_u32 unk_6ad0;
	fw_u32 unk_6ad4;
	fw_u32 unk_6ad8;
	fw_u32 unk_6adc;
	fw_u32 unk_6ae0;
	fw_u32 unk_6ae4;
	fw_u32 unk_6ae8;
	fw_u32 unk_6aec;
	fw_u32 unk_6af0;
	fw_u32 unk_ctr4;
	fw_u32 unk_ctr5;
	fw_u32 unk_6afc;
	fw_u8 pad_6b00[0x38];
#if AGX_FW_G14X
	fw_u8 pad_6b00_extra[0x4800];
#endif
	fw_u32 unk_6b38; /* AGX_RUNTIME_SCRATCH_UNK_6B38 */
	fw_u8 pad_6b3c[0x84];
} __packed;

/* Region B. Private memory. */
struct AGX_FW(runtime_pointers) {
	struct agx_channel_rings channels;
	fw_u8 pad_110[0x50];
	fw_u64 unk_160;
	fw_u64 unk_168;
	fw_va stats_vtx;  /* struct global_stats_vertex */
	fw_va stats_frag; /* struct global_stats_fragment */
	fw_va stats_comp; /* AGX_STATS_COMPUTE_SIZE bytes */
	fw_va hwdata_a;   /* struct hwdata_a */
	fw_va unkptr_190; /* struct agx_fault_stats */
	fw_va unkptr_198; /* AGX_UNKPTR_198_SIZE bytes, gets timestamps */
	fw_va hwdata_b;   /* struct hwdata_b */
	fw_va hwdata_b_2; /* the same */
	fw_va fwlog_buf;  /* struct agx_fwlog_payload each, for all sub-channels */
	fw_va unkptr_1b8; /* AGX_UNKPTR_1B8_SIZE bytes */
#if !AGX_FW_G14X
	fw_va unkptr_1c0; /* AGX_UNKPTR_1C0_SIZE bytes */
	fw_va unkptr_1c8; /* AGX_UNKPTR_1C8_SIZE bytes */
#endif
	fw_u32 unk_1d0;
	fw_u32 unk_1d4;
	fw_u8 unk_1d8[0x3c];
	gpu_va buffer_mgr_ctl_gpu_addr; /* struct agx_buffer_mgr_ctl_array, in context 0 */
	fw_va buffer_mgr_ctl_fw_addr;   /* the same object */
	fw_u8 unk_224[0x5c];
	struct AGX_FW(runtime_scratch) gpu_scratch;
} __packed;
AGX_FW_SIZE(runtime_pointers, 0x6bc0, 0x6bc0, 0x6bc0, 0x6bc0, 0xb3b0);
AGX_FW_AT(runtime_pointers, stats_vtx, 0x170, 0x170, 0x170, 0x170, 0x170);
AGX_FW_AT(runtime_pointers, hwdata_a, 0x188, 0x188, 0x188, 0x188, 0x188);
AGX_FW_AT(runtime_pointers, buffer_mgr_ctl_gpu_addr, 0x214, 0x214, 0x214, 0x214, 0x204);
AGX_FW_AT(runtime_pointers, gpu_scratch, 0x280, 0x280, 0x280, 0x280, 0x270);
AGX_FW_AT(runtime_pointers, gpu_scratch.unk_6b38, 0x6b38, 0x6b38, 0x6b38, 0x6b38, 0xb328);

/*
 * Region C. Private memory. The driver takes what m1n1 has built and sets fault_control,
 * pending_submissions and idle_off_delay_ms. Times are in ms, coefficients are floats.
 */
struct AGX_FW(globals) {
	fw_u32 ktrace_enable; /* mask of trace points; 0xffffffff: all */
	fw_u8 unk_4[0x20];
#if AGX_FW_V13
	fw_u32 unk_24_0;
#endif
	fw_u32 unk_24;
#if AGX_FW_V13
	fw_u32 debug;
	fw_u32 unk_28_4;
#endif
	fw_u32 unk_28;
#if AGX_FW_V13
	fw_u32 unk_2c_0;
#endif
	fw_u32 unk_2c;
	fw_u32 unk_30;
	fw_u32 unk_34;
	fw_u8 unk_38[0x1c];
	fw_u16 unk_54;
	fw_u16 unk_56;
	fw_u16 unk_58;
	fw_u32 unk_5a;
	fw_u32 unk_5e;
	fw_u32 unk_62;
#if AGX_FW_V13
	fw_u8 unk_66_0[0xc];
#endif
	fw_u32 unk_66;
	fw_u8 unk_6a[0x12];
	struct agx_perf_counter_desc perfctrs[512];
	fw_u32 perfctr_count;
	fw_u8 unk_4080[0x3f80];
#if AGX_FW_G14X
	fw_u8 unk_8000_pad[0x484c];
#endif
#if AGX_FW_V13
	fw_u8 unk_8000_pad2[0x54];
#endif
	fw_u8 unk_8000[0x878];
	fw_u32 unk_8878;
	fw_u32 unk_887c;
	fw_u8 unk_8880[0x10];
	fw_u32 unk_8890;
	fw_u64 unkptr_8894;
	fw_u32 size_889c;
	fw_u64 unkptr_88a0;
	fw_u64 perf_source_list;
	fw_u32 perf_source_count;
	fw_u64 unkptr_88b4;
	fw_u32 unk_88bc;
	fw_u16 unk_88c0;
	fw_u8 unk_88c2;
	fw_u8 pad_88c3;
	fw_u8 unk_88c4[0x3c];
	fw_u32 unk_8900;
	fw_u32 pending_submissions; /* by the driver: submissions that run; keeps the GPU powered */
	fw_u32 max_power;
	fw_u32 max_pstate_scaled;
	fw_u32 max_pstate_scaled_2;
	fw_u32 unk_8914;
	fw_u32 unk_8918;
	fw_u32 max_pstate_scaled_3;
	fw_u32 unk_8920;
	fw_u32 power_zone_count;
	fw_u32 avg_power_filter_tc_periods;
	fw_f32 avg_power_ki_dt;
	fw_f32 avg_power_kp;
	fw_u32 avg_power_min_duty_cycle;
	fw_u32 avg_power_target_filter_tc;
	struct agx_power_zone_global power_zones[5];
	fw_u8 unk_8978[0x44];
#if AGX_FW_V13
	fw_u8 unk_89bc_0[0x3c];
#endif
	fw_u32 unk_89bc;
	fw_u32 fast_die0_release_temp;
	fw_i32 unk_89c4;
	fw_u32 fast_die0_prop_tgt_delta;
	fw_f32 fast_die0_kp;
	fw_f32 fast_die0_ki_dt;
	fw_u8 unk_89d4[0xc];
	fw_u32 unk_89e0;
	fw_u32 max_power_2;
	fw_f32 ppm_kp;
	fw_f32 ppm_ki_dt;
	fw_u32 unk_89f0;
#if AGX_FW_V13
	fw_u8 unk_89f4_0[0x8];
	fw_u32 unk_89f4_8;
	fw_u8 unk_89f4_c[0x50];
	fw_u8 unk_89f4_5c[0xc];
#endif
	fw_u32 unk_89f4;
	struct agx_hwdata_shared1 hws1;
	struct agx_hwdata_shared2 hws2;
#if AGX_FW_V13
	fw_u32 idle_off_standby_timer;
	fw_f32 unk_hws2_4[0x8];
	fw_u32 unk_hws2_24;
#endif
	fw_u32 unk_hws2_28;
	struct agx_hwdata_shared3 hws3;
	fw_u8 unk_9004[8];
	fw_u32 unk_900c;
#if AGX_FW_V13
	fw_u32 unk_9010_0;
	fw_u8 unk_9010_4[0x14];
#endif
	fw_u8 unk_9010[0x2c];
	fw_u32 unk_903c;
	fw_u8 unk_9040[0xc0];
	fw_u8 unk_9100[0x6f00];
	fw_u8 unk_10000[0xe50];
	fw_u32 unk_10e50;
	fw_u8 unk_10e54[0x2c];
#if AGX_FW_V13 && !AGX_FW_G14X
	fw_u8 unk_x_pad[0x4];
#endif
	fw_u32 fault_control; /* AGX_FAULT_CONTROL_* */
	fw_u32 do_init;       /* 1 */
	fw_u8 unk_10e88[0x188];
	fw_u64 idle_ts; /* by the firmware */
	fw_u64 idle_unk;
	fw_u32 progress_check_interval_3d; /* samples; fragment */
	fw_u32 progress_check_interval_ta;
	fw_u32 progress_check_interval_cl;
#if AGX_FW_V13
	fw_u32 unk_1102c_0;
	fw_u32 unk_1102c_4;
	fw_u32 unk_1102c_8;
	fw_u32 unk_1102c_c;
	fw_u32 unk_1102c_10;
#endif
	fw_u32 unk_1102c;
	fw_u32 idle_off_delay_ms; /* idle time until power is cut; the driver changes it at run time */
	fw_u32 fender_idle_off_delay_ms;
	fw_u32 fw_early_wake_timeout_ms;
	struct agx_pending_stamp
		pending_stamps[AGX_PENDING_STAMPS]; /* by the firmware when it halts */
	fw_u8 pad_ps[0x80];
	fw_u32 unk_117bc;
	struct agx_fault_info fault_info; /* by the firmware when it halts */
	fw_u32 counter;
	fw_u32 unk_118dc;
#if AGX_FW_V13
	fw_u8 unk_118e0_0[0x9c];
#endif
#if AGX_FW_G14X
	fw_u8 unk_118e0_9c[0x580];
#endif
#if AGX_FW_V13
	fw_u8 unk_118e0_9c_x[0x8];
#endif
	fw_u32 cl_context_switch_timeout_ms;
#if AGX_FW_V13
	fw_u32 cl_kill_timeout_ms;
#endif
	fw_u32 cdm_context_store_latency_threshold;
	fw_u32 unk_118e8;
	fw_u8 unk_118ec[0x400];
	fw_u8 unk_11cec[0x54];
#if AGX_FW_V13
	fw_u8 unk_11d40[0x19c];
	fw_u32 unk_11edc;
	fw_u8 unk_11ee0[0x1c];
	fw_u32 unk_11efc;
	fw_u8 unk_11f00[0x280];
#endif
} __packed;
AGX_FW_SIZE(globals, 0x11d40, 0x11d40, 0x12394, 0x12394, 0x1715c);
AGX_FW_AT(globals, pending_submissions, 0x8904, 0x8904, 0x8974, 0x8974, 0xd1c0);
AGX_FW_AT(globals, fault_control, 0x10e80, 0x10e80, 0x10fd8, 0x10fd8, 0x15820);
AGX_FW_AT(globals, idle_ts, 0x11010, 0x11010, 0x11168, 0x11168, 0x159b0);
AGX_FW_AT(globals, idle_off_delay_ms, 0x11030, 0x11030, 0x1119c, 0x1119c, 0x159e4);
AGX_FW_AT(globals, pending_stamps, 0x1103c, 0x1103c, 0x111a8, 0x111a8, 0x159f0);
AGX_FW_AT(globals, fault_info, 0x118c0, 0x118c0, 0x11a2c, 0x11a2c, 0x16274);
AGX_FW_AT(globals, cl_context_switch_timeout_ms, 0x118e0, 0x118e0, 0x11af0, 0x11af0, 0x168b8);

/* The root. Private memory. */
struct AGX_FW(init_data) {
#if AGX_FW_V13
	fw_u16 ver_info[4]; /* AGX_VER_INFO_* */
#endif
	fw_va unk_buf; /* region A, AGX_REGION_A_SIZE bytes */
	fw_u32 unk_8;
	fw_u32 unk_c;
	fw_va runtime_pointers;                      /* struct runtime_pointers */
	fw_va globals;                               /* struct globals */
	fw_va fw_status;                             /* struct agx_fw_status */
	fw_u16 uat_page_size;                        /* AGX_UAT_PAGE_SIZE */
	fw_u8 uat_page_bits;                         /* AGX_UAT_PAGE_SHIFT */
	fw_u8 uat_num_levels;                        /* AGX_UAT_LEVELS */
	struct agx_uat_level_info uat_level_info[3]; /* level 1 first */
	fw_u8 pad_8c[0x14];
	fw_u32 host_mapped_fw_allocations; /* 1, or the firmware panics */
	fw_u32 unk_ac;
	fw_u32 unk_b0;
	fw_u32 unk_b4;
	fw_u32 unk_b8;
} __packed;
AGX_FW_SIZE(init_data, 0xb4, 0xb4, 0xbc, 0xbc, 0xbc);
AGX_FW_AT(init_data, runtime_pointers, 0x10, 0x10, 0x18, 0x18, 0x18);
AGX_FW_AT(init_data, uat_level_info, 0x2c, 0x2c, 0x34, 0x34, 0x34);
AGX_FW_AT(init_data, host_mapped_fw_allocations, 0xa0, 0xa0, 0xa8, 0xa8, 0xa8);

#endif
