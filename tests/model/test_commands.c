// SPDX-License-Identifier: MIT
/*
 * The critic of commands: complete commands of all variants pass, and everything in them that is
 * not user space's is missed when it is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command_image.h"
#include "internal.h"
#include "null.h"
#include "registers.h"

#define CONTEXT 5

struct fixture {
	struct image image;
	struct command_image commands;
	struct agx_null_gpu *gpu;
	struct work_queue queues[AGX_GPU_UNITS];
	struct command command;
	struct made_command made[AGX_GPU_UNITS];
	uint64_t scene;
	unsigned int complaints; /* of the GPU */
};

static void on_complaint(void *cookie, const struct agx_gpu_complaint *complaint)
{
	struct fixture *fixture = cookie;

	assert_non_null(complaint->text);
	fixture->complaints++;
}

static struct fixture *set_up(enum agx_fw_variant variant)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct agx_null_gpu_config config = {.complain = on_complaint, .cookie = fixture};

	assert_non_null(fixture);
	image_init(&fixture->image, variant);
	image_boot(&fixture->image);
	image_start(&fixture->image);
	assert_int_equal(fixture->image.found_count, 0);
	command_image_init(&fixture->commands, &fixture->image, CONTEXT);
	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		fixture->queues[i].va = fixture->commands.queue[i];
		fixture->queues[i].pipe = (uint8_t)i;
	}
	config.walker = fixture->image.firmware->walker;
	config.g14x = variant == AGX_FW_VARIANT_G14X_V13_5;
	assert_int_equal(agx_null_gpu_create(&config, &fixture->gpu), 0);
	return fixture;
}

static void tear_down(struct fixture *fixture)
{
	agx_null_gpu_destroy(fixture->gpu);
	image_free(&fixture->image);
	free(fixture);
}

static void print_found(const struct image *image)
{
	for (unsigned int i = 0; i < image->found_count && i < IMAGE_MAX_FOUND; i++)
		print_error("%s: %s\n", agx_finding_name(image->found[i].id), image->found[i].text);
}

static void assert_clean(struct fixture *fixture)
{
	if (fixture->image.found_count)
		print_found(&fixture->image);
	assert_int_equal(fixture->image.found_count, 0);
	assert_int_equal(fixture->complaints, 0);
}

/* A whole render and a compute command; the frame and so on as in params. */
static void make_all(struct fixture *fixture, const struct command_params *more)
{
	struct command_params params = *more;

	fixture->scene = command_scene(&fixture->commands);
	params.scene = fixture->scene;
	params.unit = AGX_GPU_VERTEX;
	params.slot = 1;
	params.value = 0x100;
	params.fragment_slot = 2;
	params.fragment_value = 0x300;
	params.counter = 8;
	params.event_seq = 1;
	command_make(&fixture->commands, &params, &fixture->made[AGX_GPU_VERTEX]);
	params.unit = AGX_GPU_FRAGMENT;
	params.slot = 2;
	params.value = 0x300;
	params.counter = 7;
	command_make(&fixture->commands, &params, &fixture->made[AGX_GPU_FRAGMENT]);
	params.unit = AGX_GPU_COMPUTE;
	params.slot = 3;
	params.value = 0x500;
	params.counter = 2;
	params.event_seq = 0x12;
	command_make(&fixture->commands, &params, &fixture->made[AGX_GPU_COMPUTE]);
}

/* As the firmware fetches a command. */
static const struct command *load(struct fixture *fixture, enum agx_gpu_unit unit)
{
	static const uint32_t tags[AGX_GPU_UNITS] = {AGX_CMD_RUN_VERTEX, AGX_CMD_RUN_FRAGMENT,
						     AGX_CMD_RUN_COMPUTE};
	const struct layout_ops *layout = fixture->image.firmware->layout;
	struct command *command = &fixture->command;

	memset(command, 0, sizeof(*command));
	command->place = (struct place){fixture->made[unit].va, layout->command_names[unit], NULL};
	command->tag = tags[unit];
	command->unit = unit;
	command->queue = &fixture->queues[unit];
	command->size = fixture->made[unit].size;
	memcpy(command->copy, image_at(&fixture->image, fixture->made[unit].va), command->size);
	layout->decode_command(command);
	memcpy(command->sequence, image_at(&fixture->image, fixture->made[unit].sequence),
	       fixture->made[unit].sequence_size);
	return command;
}

static bool init_buffer(struct fixture *fixture)
{
	uint64_t va = command_init_buffer(&fixture->commands, 0x100);
	struct agx_init_buffer init;

	memcpy(&init, image_at(&fixture->image, va), sizeof(init));
	return fixture->image.firmware->commands->buffer_init(
		fixture->image.firmware, &fixture->queues[AGX_GPU_VERTEX], va, &init);
}

/* Judges a command and all its operations, and starts the unit as the firmware would. */
static bool run_unit(struct fixture *fixture, enum agx_gpu_unit unit, bool partial,
		     struct agx_gpu_fault *fault)
{
	struct agx_firmware *firmware = fixture->image.firmware;
	const struct command_ops *ops = firmware->commands;
	const struct made_command *made = &fixture->made[unit];
	struct agx_gpu_register registers[AGX_GPU_MAX_REGISTERS];
	struct agx_gpu_attachment attachments[AGX_MAX_ATTACHMENTS];
	struct agx_gpu_work work = {0};
	const struct command *command = load(fixture, unit);
	struct finalize_op finalize = {0};
	struct start_op start = {0};

	if (!ops->check_command(firmware, command))
		return false;
	firmware->layout->decode_start(unit, command->sequence, &start);
	if (!ops->check_op(firmware, command, 0, command->sequence) ||
	    !ops->fill_work(firmware, command, command->sequence, partial, &work, registers,
			    attachments))
		return false;
	if (unit == AGX_GPU_VERTEX && !ops->buffer_begin(firmware, command, &start, &work.tvb))
		return false;
	agx_null_gpu_ops.start(fixture->gpu, &work);
	if (agx_null_gpu_ops.state(fixture->gpu, unit, fault) == AGX_GPU_FAULTED) {
		agx_null_gpu_ops.stop(fixture->gpu, unit);
		return false;
	}
	if (made->timestamp_at)
		ops->check_op(firmware, command, made->timestamp_at,
			      command->sequence + made->timestamp_at);
	ops->check_op(firmware, command, made->finalize_at, command->sequence + made->finalize_at);
	firmware->layout->decode_finalize(unit, command->sequence + made->finalize_at, &finalize);
	if (unit == AGX_GPU_VERTEX)
		ops->buffer_end_vertex(firmware, command, &finalize, 0);
	if (unit == AGX_GPU_FRAGMENT)
		ops->buffer_end_fragment(firmware, command, &finalize, partial);
	return true;
}

static const struct command_params plain = {.attachments = 2};

static void test_all_right(void **state)
{
	static const struct command_params cases[] = {
		{.attachments = 2},
		{.width = 1920, .height = 1080},
		{.width = 1, .height = 1, .attachments = 16},
		{.width = 512, .height = 64, .layers = 3},
		{.helper = true, .samplers = true, .zls = true},
		{.user_timestamps = true, .sync_grow = true},
	};

	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct fixture *fixture = set_up(v);
			struct agx_gpu_fault fault = {0};

			assert_true(init_buffer(fixture));
			for (unsigned int times = 0; times < 3; times++) {
				make_all(fixture, &cases[i]);
				for (enum agx_gpu_unit unit = 0; unit < AGX_GPU_UNITS; unit++) {
					bool good = run_unit(fixture, unit, false, &fault);

					if (!good && fault.what)
						print_error("variant %d case %u: fault 0x%llx %s\n",
							    v, i, (unsigned long long)fault.address,
							    fault.what);
					assert_clean(fixture);
					assert_true(good);
				}
			}
			tear_down(fixture);
		}
	}
}

static void test_partial_render(void **state)
{
	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		struct fixture *fixture = set_up(v);
		struct agx_gpu_fault fault = {0};

		assert_true(init_buffer(fixture));
		make_all(fixture, &plain);
		assert_true(run_unit(fixture, AGX_GPU_VERTEX, false, &fault));
		assert_true(run_unit(fixture, AGX_GPU_FRAGMENT, true, &fault));
		assert_true(run_unit(fixture, AGX_GPU_FRAGMENT, false, &fault));
		assert_clean(fixture);
		tear_down(fixture);
	}
}

/* Words of structures that user space chooses, or that mean nothing. */
static const char *const chosen[] = {
	/* Numbers of the driver's own, and what is judged with stamps and queues. */
	"counter",
	"notifier",
	"microsequence",
	"microsequence_size",
	"meta.stamp",
	"meta.fw_stamp",
	"meta.stamp_value",
	"meta.stamp_slot",
	"meta.uuid",
	"meta.event_seq",
	"fragment_stamp_slot",
	"fragment_stamp_value",
	"encoder_params.encoder_id",
	"encoder_params.sampler_array",
	"user_timestamp_pointers",
	"tag",
	"buffer",
	"scene",
	"vm_slot",
	"buffer_slot",
	"job_params1.core_mask",
	"job_params1.tiling_control",
	/* User space's. */
	"job_params1.ppp_multisamplectl",
	"job_params1.vdm_ctrl_stream_base",
	"job_params1.usc_exec_base_ta",
	"job_params1.helper_program",
	"job_params1.helper_arg",
	"tiling_params.ppp_ctrl",
	"tiling_params.helper_cfg",
	"job_params1.tvb_layermeta",
	"job_params1.tvb_cluster_layermeta",
	"job_params1.bg",
	"job_params1.z_load",
	"job_params1.z_store",
	"job_params1.isp_zls_pixels",
	"job_params1.usc_exec_base_isp",
	"job_params2.eot_rsrc_spec",
	"job_params2.eot_usc",
	"job_params2.helper_cfg",
	"job_params1.cdm_ctrl_stream_base",
	"job_params1.usc_exec_base_cp",
	"job_params1.helper_cfg",
	"job_params2.cdm_ctrl_stream_end",
	"job_params3.partial_bg",
	"job_params3.unk_partial_bg",
};

static bool is_chosen(const char *path)
{
	for (unsigned int i = 0; i < sizeof(chosen) / sizeof(*chosen); i++) {
		size_t length = strlen(chosen[i]);

		if (!strncmp(path, chosen[i], length) &&
		    (!path[length] || path[length] == '.' || path[length] == '+' ||
		     path[length] == '['))
			return true;
	}
	return false;
}

/* Registers of the lists that are so; by number. */
static const uint32_t chosen_registers[] = {
	AGX_REG_VERTEX_PPP_MULTISAMPLECTL,
	AGX_REG_VDM_CTRL_STREAM_BASE,
	AGX_REG_USC_EXEC_BASE_TA,
	AGX_REG_VERTEX_HELPER_PROGRAM,
	AGX_REG_VERTEX_HELPER_ARG,
	AGX_REG_VERTEX_HELPER_CFG,
	AGX_REG_PPP_CTRL,
	AGX_REG_TILING_CONTROL,
	AGX_REG_EOT_RSRC_SPEC,
	AGX_REG_EOT_USC,
	AGX_REG_BG_RSRC_SPEC,
	AGX_REG_BG_USC,
	AGX_REG_FRAGMENT_HELPER_PROGRAM,
	AGX_REG_FRAGMENT_HELPER_ARG,
	AGX_REG_FRAGMENT_HELPER_CFG,
	AGX_REG_USC_EXEC_BASE_ISP,
	AGX_REG_FRAGMENT_TVB_LAYERMETA,
	AGX_REG_CDM_CTRL_STREAM_BASE,
	AGX_REG_USC_EXEC_BASE_CP,
	AGX_REG_COMPUTE_HELPER_PROGRAM,
	AGX_REG_COMPUTE_HELPER_ARG,
	AGX_REG_COMPUTE_HELPER_CFG,
};

static bool register_is_chosen(const struct command *command, uint32_t offset)
{
	const uint32_t array = command->unit == AGX_GPU_COMPUTE  ? 0x20
			       : command->unit == AGX_GPU_VERTEX ? 0x40
								 : 0x80;
	uint32_t number;

	if ((offset - array) / 12 >= AGX_MAX_REGISTERS)
		return false;
	memcpy(&number, command->copy + array + (offset - array) / 12 * 12, 4);
	if (!number && (offset - array) % 12 < 12)
		return true; /* behind the last */
	for (unsigned int i = 0; i < sizeof(chosen_registers) / sizeof(*chosen_registers); i++)
		if (chosen_registers[i] == number)
			return (offset - array) % 12 >= 4;
	return false;
}

/* The low bytes of pointers: what lies near an object is mapped too. */
static bool is_near(const struct agx_fw_layout *layout, uint32_t at)
{
	const struct agx_fw_member *member;

	for (;;) {
		member = agx_fw_find_member(layout, at);
		at = (at - member->offset) % member->size;
		if (!agx_fw_nested(member))
			break;
		if (!strcmp(agx_fw_nested(member)->name, "register"))
			return at >= 4 && at < 6;
		layout = agx_fw_nested(member);
	}
	return at < 2 && (member->kind == AGX_FW_FW_VA || member->kind == AGX_FW_GPU_VA);
}

/* Every byte of a command that is not chosen by somebody else is judged. */
static void test_every_byte(void **state)
{
	unsigned int judged = 0, missed = 0;

	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		for (enum agx_gpu_unit unit = 0; unit < AGX_GPU_UNITS; unit++) {
			struct fixture *fixture = set_up(v);
			struct agx_firmware *firmware = fixture->image.firmware;
			const struct agx_fw_layout *layout;
			struct agx_gpu_fault fault;
			struct command *command;

			assert_true(init_buffer(fixture));
			make_all(fixture, &plain);
			if (unit == AGX_GPU_FRAGMENT)
				assert_true(run_unit(fixture, AGX_GPU_VERTEX, false, &fault));
			load(fixture, unit);
			command = &fixture->command;
			layout = agx_fw_find_layout(v, command->place.structure);
			for (uint32_t at = 0; at < command->size; at++) {
				char path[128] = "";

				agx_fw_describe(layout, at, path, sizeof(path));
				if (is_chosen(path) || is_near(layout, at) ||
				    (!strncmp(path, "registers.reg", 13) &&
				     register_is_chosen(command, at)))
					continue;
				fixture->image.found_count = 0;
				command->copy[at] ^= 0x5a;
				firmware->commands->check_command(firmware, command);
				command->copy[at] ^= 0x5a;
				firmware->status.state = AGX_FIRMWARE_READY;
				judged++;
				if (!fixture->image.found_count) {
					missed++;
					print_error("variant %d: %s.%s is not judged\n", v,
						    command->place.structure, path);
				}
			}
			tear_down(fixture);
		}
	}
	print_message("%u bytes judged\n", judged);
	assert_int_equal(missed, 0);
}

/* Every byte of an operation is judged, too. */
static const char *const chosen_in_operations[] = {
	"header",
	"attachments.list[0].address",
	"attachments.list[0].size",
	"attachments.list[1].address",
	"attachments.list[1].size",
	"restart_branch_offset",
};

static bool is_chosen_in_operation(const char *path)
{
	for (unsigned int i = 0; i < sizeof(chosen_in_operations) / sizeof(*chosen_in_operations);
	     i++)
		if (!strncmp(path, chosen_in_operations[i], strlen(chosen_in_operations[i])))
			return true;
	return false;
}

static void test_every_byte_of_operations(void **state)
{
	static const char *const names[3][AGX_GPU_UNITS] = {
		{"op_start_vertex", "op_start_fragment", "op_start_compute"},
		{"op_finalize_vertex", "op_finalize_fragment", "op_finalize_compute"},
		{"op_timestamp", "op_timestamp", "op_timestamp"},
	};
	const struct command_params params = {.attachments = 2, .user_timestamps = true};
	unsigned int missed = 0;

	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		for (enum agx_gpu_unit unit = 0; unit < AGX_GPU_UNITS; unit++) {
			struct fixture *fixture = set_up(v);
			struct agx_firmware *firmware = fixture->image.firmware;
			const struct command *command;

			assert_true(init_buffer(fixture));
			make_all(fixture, &params);
			command = load(fixture, unit);
			for (unsigned int i = 0; i < 3; i++) {
				const struct agx_fw_layout *layout =
					agx_fw_find_layout(v, names[i][unit]);
				const uint32_t offsets[] = {0, fixture->made[unit].finalize_at,
							    fixture->made[unit].timestamp_at};
				uint8_t *op = fixture->command.sequence + offsets[i];

				assert_non_null(layout);
				for (uint32_t at = 0; at < layout->size; at++) {
					char path[128] = "";

					agx_fw_describe(layout, at, path, sizeof(path));
					if (is_chosen_in_operation(path))
						continue;
					fixture->image.found_count = 0;
					op[at] ^= 0x5a;
					firmware->commands->check_op(firmware, command, offsets[i],
								     op);
					op[at] ^= 0x5a;
					if (fixture->image.found_count)
						continue;
					missed++;
					print_error("variant %d: %s.%s is not judged\n", v,
						    layout->name, path);
				}
			}
			tear_down(fixture);
		}
	}
	assert_int_equal(missed, 0);
}

/* One thing wrong, one finding. */
struct bad {
	enum agx_finding_id id;
	enum agx_gpu_unit unit;
	const char *path;
	uint32_t number; /* of the register on G14X, in place of path */
	uint64_t value;
	unsigned int variants; /* bits; 0: all */
	bool crash;
};

#define G13  (1u << AGX_FW_VARIANT_G13_V12_3 | 1u << AGX_FW_VARIANT_G13_V13_5)
#define G14X (1u << AGX_FW_VARIANT_G14X_V13_5)

#define V AGX_GPU_VERTEX
#define F AGX_GPU_FRAGMENT
#define C AGX_GPU_COMPUTE
static const struct bad bad[] = {
	{AGX_FINDING_COMMAND_NOT_ZERO, V, "unk_8", 0, 1, 0, false},
	{AGX_FINDING_COMMAND_NOT_ZERO, V, "job_params2.unk_4b0", 0, 1ull << 40, 0, false},
	{AGX_FINDING_COMMAND_NOT_ZERO, F, "unk_buf[271]", 0, 1, 0, false},
	{AGX_FINDING_COMMAND_NOT_ZERO, C, "unk_pad[31]", 0, 1, 0, false},
	{AGX_FINDING_COMMAND_VALUE, V, "encoder_params.unk_mask", 0, 0, 0, false},
	{AGX_FINDING_COMMAND_VALUE, V, "uses_scratch", 0, 2, 0, false},
	{AGX_FINDING_COMMAND_VALUE, F, "no_clear_pipeline_textures", 0, 0, 0, false},
	{AGX_FINDING_COMMAND_REFERENCE, V, "client_sequence", 0, 9, 0, false},
	{AGX_FINDING_COMMAND_REFERENCE, V, "tpc", 0, USER_DATA, 0, false},
	{AGX_FINDING_COMMAND_REFERENCE, F, "samples", 0, 2, 0, false},
	{AGX_FINDING_COMMAND_REFERENCE, F, "process_empty_tiles", 0, 1, 0, false},
	{AGX_FINDING_COMMAND_REFERENCE, F, "job_params3.unk_partial_eot.address", 0, 0x704, 0,
	 false},
	{AGX_FINDING_COMMAND_REFERENCE, C, "job_params2.preempt_buf1", 0, USER_DATA, 0, false},
	{AGX_FINDING_COMMAND_SAMPLERS, C, "encoder_params.sampler_max", 0, 0, 0, false},
	{AGX_FINDING_COMMAND_GPU_ADDRESS, F, "job_params1.aux_fb", 0, USER_STREAM, ~G14X, false},
	{AGX_FINDING_COMMAND_GPU_ADDRESS, V, "job_params1.preempt_buf2", 0, 0x6000000000, ~G14X,
	 false},
	{AGX_FINDING_COMMAND_GPU_ADDRESS, V, NULL, AGX_REG_VERTEX_PREEMPT_BUF3,
	 0x6000000000 | 1ull << 50, G14X, false},
	{AGX_FINDING_COMMAND_REGISTER_LIST, V, "register_list.length", 0, 12, G14X, false},
	{AGX_FINDING_COMMAND_REFERENCE, V, "register_list.addr", 0, 0xffffffa000000000, G14X,
	 false},
	{AGX_FINDING_COMMAND_NOT_ZERO, V, "register_list.count", 0, 1, ~G14X, false},
	{AGX_FINDING_COMMAND_REGISTER_VALUE, V, "job_params1.iogpu_unk_56",
	 AGX_REG_VERTEX_UNK_1C061, 2, 0, false},
	{AGX_FINDING_COMMAND_REGISTER_VALUE, V, NULL, AGX_REG_TVB_TILEMAP_2, 0, G14X, false},
	{AGX_FINDING_COMMAND_REGISTER_VALUE, V, "tiling_params.unk_24", AGX_REG_VERTEX_UNK_10171,
	 0x101, 0, false},
	{AGX_FINDING_COMMAND_REGISTER_VALUE, F, "job_params1.unk_158", AGX_REG_FRAGMENT_UNK_120A1,
	 0, 0, false},
	{AGX_FINDING_COMMAND_REGISTER_VALUE, C, NULL, AGX_REG_COMPUTE_UNK_1A440, 0, G14X, false},
	{AGX_FINDING_POINTER_NULL, V, "buffer", 0, 0, 0, true},
	{AGX_FINDING_POINTER_UNMAPPED, F, "scene", 0, 0xffffffafff000000, 0, true},
	{AGX_FINDING_POINTER_HALF, C, "timestamp_pointers.start_addr", 0, USER_DATA, 0, true},
	{AGX_FINDING_VERTEX_FRAME, V, "tiling_params.x_max", AGX_REG_PPP_SCREEN, 0xffff, 0, false},
	{AGX_FINDING_VERTEX_FRAME, V, "tiling_params.unk_28", 0, 0xc001, ~G14X, false},
	{AGX_FINDING_VERTEX_TILING, V, "tiling_params.te_screen", AGX_REG_TE_SCREEN, 0x7008, 0,
	 false},
	{AGX_FINDING_VERTEX_TILING, V, "tiling_params.tiles_per_mtile", AGX_REG_TE_MTILE, 15, 0,
	 false},
	{AGX_FINDING_VERTEX_TILING, V, NULL, AGX_REG_RENDER_TARGET_MAX_2, 1, G14X, false},
	{AGX_FINDING_VERTEX_CACHE, V, "tpc_size", 0, 0x1000, 0, false},
	{AGX_FINDING_VERTEX_CACHE, V, "tpc_size", 0, 0, 0, false},
	{AGX_FINDING_VERTEX_CLUSTER, V, "job_params1.tvb_cluster_meta2", AGX_REG_TVB_CLUSTER_META2,
	 USER_DATA, G13 | G14X, false},
	{AGX_FINDING_VERTEX_CLUSTER, V, "job_params1.unk_f0", 0, 0x20, G13, false},
	{AGX_FINDING_VERTEX_FRAGMENT, V, "fragment_stamp_slot", 0, 128, 0, false},
	{AGX_FINDING_VERTEX_FRAGMENT, V, "fragment_stamp_value", 0, 0x301, 0, false},
	{AGX_FINDING_BUFFER_SLOT, V, "buffer_slot", 0, 127, 0, false},
	{AGX_FINDING_FRAGMENT_TILING, F, "tile_count", 0, 65, 0, false},
	{AGX_FINDING_FRAGMENT_TILING, F, "tiles_per_mtile_x", 0, 5, 0, false},
	{AGX_FINDING_FRAGMENT_TILING, F, "job_params1.mtile_stride_dwords",
	 AGX_REG_MTILE_STRIDE_DWORDS, 0x51000000, 0, false},
	{AGX_FINDING_FRAGMENT_TILING, F, NULL, AGX_REG_FRG_TILECFG, 0, G14X, false},
	{AGX_FINDING_FRAGMENT_TILE_BUFFER, F, "job_params3.sample_size", 0, 8, 0, false},
	{AGX_FINDING_FRAGMENT_PARTIAL, F, "job_params3.isp_zls_pixels", 0, 1, 0, false},
	{AGX_FINDING_FRAGMENT_PARTIAL, F, "job_params3.z_partial", 0, USER_DATA, 0, false},
	{AGX_FINDING_FRAGMENT_PAIR, F, "meta.stamp_value", 0, 0x400, 0, false},
	{AGX_FINDING_FRAGMENT_PAIR, F, "meta.stamp_slot", 0, 9, 0, false},
	{AGX_FINDING_COMPUTE_PREEMPTION, C, "job_params1.preempt_buf5",
	 AGX_REG_COMPUTE_PREEMPT_BUF5, USER_DATA, 0, false},
};
#undef V
#undef F
#undef C

/* Offset of a register's value in a list, by its number. */
static uint32_t find_register(struct fixture *fixture, enum agx_gpu_unit unit, uint32_t number)
{
	const char *structure = fixture->image.firmware->layout->command_names[unit];
	uint32_t size, at = image_offset(&fixture->image, structure, "registers", &size);

	for (uint32_t i = 0; i < AGX_MAX_REGISTERS; i++) {
		struct agx_register entry;

		memcpy(&entry, image_at(&fixture->image, fixture->made[unit].va + at + 12 * i), 12);
		if (entry.number == number)
			return at + 12 * i + 4;
	}
	fail_msg("no register 0x%x", number);
	return 0;
}

static void assert_one(struct fixture *fixture, enum agx_finding_id id, uint64_t address)
{
	const struct image *image = &fixture->image;

	if (image->found_count != 1 || image->found[0].id != id)
		print_found(image);
	assert_int_equal(image->found_count, 1);
	assert_string_equal(agx_finding_name(image->found[0].id), agx_finding_name(id));
	if (address)
		assert_in_range(image->found[0].address, address - 8, address + 7);
}

static void test_one_wrong(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
			const struct bad *row = &bad[i];
			struct fixture *fixture;
			struct agx_gpu_fault fault;
			uint32_t at, size = 8;
			bool good;

			if (row->variants && !(row->variants >> v & 1))
				continue;
			fixture = set_up(v);
			assert_true(init_buffer(fixture));
			make_all(fixture, &plain);
			if (row->unit == AGX_GPU_FRAGMENT)
				assert_true(run_unit(fixture, AGX_GPU_VERTEX, false, &fault));
			if (row->number && v == AGX_FW_VARIANT_G14X_V13_5)
				at = find_register(fixture, row->unit, row->number);
			else
				at = image_offset(
					&fixture->image,
					fixture->image.firmware->layout->command_names[row->unit],
					row->path, &size);
			memcpy(image_at(&fixture->image, fixture->made[row->unit].va + at),
			       &row->value, size < 8 ? size : 8);
			good = fixture->image.firmware->commands->check_command(
				fixture->image.firmware, load(fixture, row->unit));
			if (fixture->image.found_count != 1 || good == row->crash)
				print_error("row %zu: %s on variant %d\n", i, row->path, v);
			/* The blocks are told where they are counted. */
			assert_one(fixture, row->id,
				   row->id == AGX_FINDING_FRAGMENT_TILE_BUFFER
					   ? 0
					   : fixture->made[row->unit].va + at);
			assert_int_equal(good, !row->crash);
			assert_int_equal(fixture->image.firmware->status.state,
					 row->crash ? AGX_FIRMWARE_CRASHED : AGX_FIRMWARE_READY);
			tear_down(fixture);
		}
	}
}

/* What a table of one value cannot say. */
static void test_register_lists(void **state)
{
	const enum agx_gpu_unit unit = AGX_GPU_COMPUTE;
	static const struct {
		unsigned int count;
		uint32_t last; /* number of the last register, 0: as it is */
		enum agx_finding_id id;
		bool crash;
	} cases[] = {
		{13, 0x10201, 0, false}, /* macOS has this one */
		{13, 0x1a4d0, AGX_FINDING_COMMAND_REGISTER_TWICE, false},
		{13, 0x12345, AGX_FINDING_COMMAND_REGISTER_UNKNOWN, false},
		{11, 0, AGX_FINDING_COMMAND_REGISTER_MISSING, false},
		{129, 0, AGX_FINDING_COMMAND_REGISTER_LIST, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture *fixture = set_up(AGX_FW_VARIANT_G14X_V13_5);
		uint32_t size, at, list;
		uint8_t *command;
		uint16_t words[2];
		bool good;

		make_all(fixture, &plain);
		command = image_at(&fixture->image, fixture->made[unit].va);
		at = image_offset(&fixture->image, "run_compute", "registers", &size);
		list = image_offset(&fixture->image, "run_compute", "register_list.count", &size);
		if (cases[i].last) {
			/* With the value of the third, which it may repeat. */
			memcpy(command + at + 12 * 12, command + at + 12 * 2, 12);
			memcpy(command + at + 12 * 12, &cases[i].last, 4);
		}
		words[0] = (uint16_t)cases[i].count;
		words[1] = (uint16_t)(12 * cases[i].count);
		memcpy(command + list, words, sizeof(words));
		good = fixture->image.firmware->commands->check_command(fixture->image.firmware,
									load(fixture, unit));
		assert_int_equal(good, !cases[i].crash);
		if (cases[i].id)
			assert_one(fixture, cases[i].id, 0);
		else
			assert_clean(fixture);
		tear_down(fixture);
	}
}

static void test_context(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct fixture *fixture = set_up(AGX_FW_VARIANT_G13_V13_5);
		struct agx_uat_ttbs *ttbs = image_ram(&fixture->image, fixture->image.ttbat, 1024);

		make_all(fixture, &plain);
		if (i == 0)
			ttbs[CONTEXT].ttb0 ^= 3ull << AGX_UAT_TTB_ASID_SHIFT;
		else
			ttbs[CONTEXT].ttb0 = 0;
		assert_true(fixture->image.firmware->commands->check_command(
			fixture->image.firmware, load(fixture, AGX_GPU_COMPUTE)));
		assert_int_equal(image_count(&fixture->image, AGX_FINDING_COMMAND_CONTEXT), 1);
		assert_int_equal(fixture->image.found_count > 1, i == 1);
		tear_down(fixture);
	}
}

static void test_fragment_frame(void **state)
{
	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		struct fixture *fixture = set_up(v);
		const uint64_t va = 0x10000; /* wider than any frame */
		struct agx_gpu_fault fault;
		uint32_t size, at;
		uint8_t *command;

		assert_true(init_buffer(fixture));
		make_all(fixture, &plain);
		assert_true(run_unit(fixture, AGX_GPU_VERTEX, false, &fault));
		command = image_at(&fixture->image, fixture->made[AGX_GPU_FRAGMENT].va);
		at = image_offset(&fixture->image, "run_fragment", "job_params3.aux_fb_info.width",
				  &size);
		memcpy(command + at, &va, 4);
		at = v == AGX_FW_VARIANT_G14X_V13_5
			     ? find_register(fixture, AGX_GPU_FRAGMENT, AGX_REG_FRAGMENT_SIZE)
			     : image_offset(&fixture->image, "run_fragment",
					    "job_params1.aux_fb_info.width", &size);
		memcpy(command + at, &va, 4);
		fixture->image.firmware->commands->check_command(fixture->image.firmware,
								 load(fixture, AGX_GPU_FRAGMENT));
		assert_one(fixture, AGX_FINDING_FRAGMENT_FRAME, 0);
		tear_down(fixture);
	}
}

static void test_bad_operations(void **state)
{
	static const struct {
		enum agx_finding_id id;
		const char *path;
		uint64_t value;
	} rows[] = {
		{AGX_FINDING_OPERATION_VALUE, "unk_38", 0},
		{AGX_FINDING_OPERATION_NOT_ZERO, "unk_44", 1},
		{AGX_FINDING_OPERATION_REFERENCE, "scene", 0xffffffa000000000},
		{AGX_FINDING_OPERATION_REFERENCE, "event_generation", 1},
		{AGX_FINDING_OPERATION_ATTACHMENT, "attachments.count", 17},
		{AGX_FINDING_OPERATION_ATTACHMENT, "attachments.list[0].unk_c", 0},
		{AGX_FINDING_OPERATION_ATTACHMENT, "attachments.list[15].size", 1},
	};

	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			struct fixture *fixture = set_up(v);
			const struct command *command;
			uint32_t size, at;

			make_all(fixture, &plain);
			command = load(fixture, AGX_GPU_VERTEX);
			at = image_offset(&fixture->image, "op_start_vertex", rows[i].path, &size);
			memcpy(fixture->command.sequence + at, &rows[i].value, size);
			fixture->image.firmware->commands->check_op(fixture->image.firmware,
								    command, 0, command->sequence);
			assert_one(fixture, rows[i].id, command->microsequence + at);
			tear_down(fixture);
		}
	}
}

/* The same registers reach the GPU whether a command has blocks or a list. */
static void test_same_registers(void **state)
{
	static uint64_t first[AGX_GPU_UNITS][0x20000 / 8];
	static bool known[AGX_GPU_UNITS][0x20000 / 8];
	const struct command_params params = {.helper = true, .zls = true, .layers = 2};
	unsigned int compared = 0;

	for (enum agx_fw_variant v = AGX_FW_VARIANT_COUNT; v-- > 0;) {
		struct fixture *fixture = set_up(v);

		make_all(fixture, &params);
		for (enum agx_gpu_unit unit = 0; unit < AGX_GPU_UNITS; unit++) {
			struct agx_gpu_register registers[AGX_GPU_MAX_REGISTERS];
			struct agx_gpu_attachment attachments[AGX_MAX_ATTACHMENTS];
			struct agx_gpu_work work = {0};
			const struct command *command = load(fixture, unit);

			fixture->image.firmware->commands->fill_work(
				fixture->image.firmware, command, command->sequence, false, &work,
				registers, attachments);
			assert_int_equal(work.unit, unit);
			assert_int_equal(work.context, CONTEXT);
			for (unsigned int i = 0; i < work.register_count; i++) {
				uint32_t at = registers[i].number / 8;

				assert_true(registers[i].number < 0x20000);
				if (v == AGX_FW_VARIANT_G14X_V13_5) {
					first[unit][at] = registers[i].value;
					known[unit][at] = true;
					continue;
				}
				assert_true(known[unit][at]);
				compared++;
				/* Scenes lie elsewhere on G14X; these two differ by design. */
				if (registers[i].number == AGX_REG_TILING_CONTROL ||
				    registers[i].number == AGX_REG_ISP_BGOBJVALS)
					continue;
				if (registers[i].value != first[unit][at])
					print_error(
						"variant %d: register 0x%x: 0x%llx, not 0x%llx\n",
						v, registers[i].number,
						(unsigned long long)registers[i].value,
						(unsigned long long)first[unit][at]);
				assert_int_equal(registers[i].value, first[unit][at]);
			}
		}
		tear_down(fixture);
	}
	assert_true(compared > 300);
}

/* Whatever commands hold, judging them ends and stays inside what was copied. */
static void test_random_bytes(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull;

	for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++) {
		struct fixture *fixture = set_up(v);
		struct agx_firmware *firmware = fixture->image.firmware;

		assert_true(init_buffer(fixture));
		make_all(fixture, &plain);
		for (unsigned int round = 0; round < 600; round++) {
			const enum agx_gpu_unit unit = round % AGX_GPU_UNITS;
			const struct made_command *made = &fixture->made[unit];
			struct agx_gpu_register registers[AGX_GPU_MAX_REGISTERS];
			struct agx_gpu_attachment attachments[AGX_MAX_ATTACHMENTS];
			const struct command *command = load(fixture, unit);
			struct finalize_op finalize = {0};
			struct agx_gpu_work work = {0};
			struct start_op start = {0};
			struct agx_gpu_fault fault;

			for (unsigned int i = 0; i < 1u << round % 11; i++) {
				seed = seed * 6364136223846793005ull + 1442695040888963407ull;
				fixture->command.copy[(seed >> 33) % command->size] =
					(uint8_t)(seed >> 20);
				fixture->command.sequence[(seed >> 40) % made->sequence_size] =
					(uint8_t)(seed >> 24);
			}
			firmware->layout->decode_command(&fixture->command);
			fixture->command.sequence_size = made->sequence_size;
			firmware->commands->check_command(firmware, command);
			firmware->commands->check_op(firmware, command, 0, command->sequence);
			firmware->commands->check_op(firmware, command, made->finalize_at,
						     command->sequence + made->finalize_at);
			firmware->commands->fill_work(firmware, command, command->sequence,
						      round & 1, &work, registers, attachments);
			firmware->layout->decode_start(unit, command->sequence, &start);
			if (unit == AGX_GPU_VERTEX)
				firmware->commands->buffer_begin(firmware, command, &start,
								 &work.tvb);
			agx_null_gpu_ops.start(fixture->gpu, &work);
			agx_null_gpu_ops.state(fixture->gpu, unit, &fault);
			firmware->layout->decode_finalize(
				unit, command->sequence + made->finalize_at, &finalize);
			firmware->commands->buffer_end_vertex(firmware, command, &finalize, 1);
			firmware->commands->buffer_drop(firmware, command);
			firmware->status.state = AGX_FIRMWARE_READY;
		}
		tear_down(fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_right),
		cmocka_unit_test(test_partial_render),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_every_byte_of_operations),
		cmocka_unit_test(test_one_wrong),
		cmocka_unit_test(test_register_lists),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_fragment_frame),
		cmocka_unit_test(test_bad_operations),
		cmocka_unit_test(test_same_registers),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
