// SPDX-License-Identifier: MIT
/* Commands of one variant, all right. Compiled once per variant. */
#include <string.h>

#include "command_image.h"
#include "fragment.h"
#include "registers.h"
#include "variant.h"

#define MAKE_(what, variant)  command_##what##_##variant
#define MAKE__(what, variant) MAKE_(what, variant)
#define MAKE(what)            MAKE__(what, AGX_FW_VARIANT)

#define AT(type, member) ((uint32_t)offsetof(struct type, member))

#define USER_LISTS 0x7008000000ull
#define USER_TPC   0x7009000000ull

/* Behind the scene's own buffer. */
#define SCENE_HEAPMETA     0x80
#define SCENE_TILEMAP      0x400
#define SCENE_TILEMAP_SIZE 0x4000

#define ALIGN4(value) (((value) + 3) & ~3u)

static uint32_t up(uint32_t value, uint32_t by)
{
	return (value + by - 1) / by;
}

void MAKE(buffer)(struct command_image *commands)
{
	struct image *image = commands->image;
	struct AGX_FW(notifier) * notifier;
	struct AGX_FW(buffer_info) * info;

	commands->notifier = command_private(commands, sizeof(*notifier));
	notifier = image_at(image, commands->notifier);
	notifier->threshold = commands->threshold;
	notifier->generation = commands->generation;
	notifier->unk_10 = AGX_NOTIFIER_UNK_10;
#if AGX_FW_V13
	memset(notifier->unk_buf, AGX_NOTIFIER_BUF_FILL, sizeof(notifier->unk_buf));
#endif
	commands->page_list = USER_LISTS;
	commands->block_list = USER_LISTS + 0x80000;
	command_map(commands, commands->page_list, image_pages(image, 0x4000), 0x4000,
		    IMAGE_GPU_FW_PRIVATE);
	command_map(commands, commands->block_list, image_pages(image, 0x4000), 0x4000,
		    IMAGE_GPU_FW_PRIVATE);
	command_map(commands, USER_TPC, image_pages(image, 0x8000), 0x8000, IMAGE_GPU_FW_PRIVATE);
	commands->block_ctl = command_shared(commands, sizeof(struct agx_block_control));
	commands->counter = command_shared(commands, sizeof(struct agx_buffer_counter));
	commands->buffer_stats = command_shared(commands, sizeof(struct agx_buffer_stats));
	((struct agx_buffer_stats *)image_at(image, commands->buffer_stats))->reset = 1;
	commands->kernel_buffer = command_shared(commands, AGX_KERNEL_BUFFER_SIZE);
	commands->info = command_private(commands, sizeof(*info));
	info = image_at(image, commands->info);
	info->cur_id = -1;
	info->page_list = commands->page_list;
	info->page_list_size = 4 * 4 * 512;
	info->max_pages = 4 * 512;
	info->max_pages_nomemless = 4 * 170;
	info->max_blocks = 512;
	info->block_count = COMMAND_BLOCKS;
	info->page_count = COMMAND_BLOCKS * 4;
	info->last_page = COMMAND_BLOCKS * 4 - 1;
	info->block_list = commands->block_list;
	info->block_ctl = commands->block_ctl;
	info->block_size = AGX_TVB_BLOCK_SIZE;
	info->counter = commands->counter;
	info->unk_80 = 1;
}

uint64_t MAKE(scene)(struct command_image *commands)
{
	uint64_t va = command_shared(commands, sizeof(struct AGX_FW(scene)));
	struct AGX_FW(scene) *scene = image_at(commands->image, va);

#if AGX_FW_G14X
	scene->control_word =
		image_alloc(commands->image, NULL, AGX_UAT_PAGE_SIZE, IMAGE_GPU_FW_SHARED);
	scene->control_word2 = scene->control_word;
#endif
	/* What the render needs lies behind it. */
	scene->user_buffer = command_window(commands, SCENE_TILEMAP + SCENE_TILEMAP_SIZE);
	scene->stats = commands->buffer_stats;
	return va;
}

static uint64_t scene_buffer(struct command_image *commands, uint64_t va)
{
	const struct AGX_FW(scene) *scene = image_at(commands->image, va);

	return scene->user_buffer;
}

/* The geometry of the frame. */
struct geometry {
	uint32_t width, height, layers;
	uint32_t tiles_x, tiles_y, mtile_x, mtile_y, rgn_size;
};

static struct geometry geometry_of(const struct command_params *params)
{
	struct geometry g = {
		.width = params->width ? params->width : 256,
		.height = params->height ? params->height : 256,
		.layers = params->layers ? params->layers : 1,
	};

	g.tiles_x = up(g.width, 32);
	g.tiles_y = up(g.height, 32);
	g.mtile_x = ALIGN4(up(g.tiles_x, 4));
	g.mtile_y = ALIGN4(up(g.tiles_y, 4));
	g.rgn_size = ALIGN4(5 * g.mtile_x * g.mtile_y) / 4;
	return g;
}

#define UTILE_CONFIG 0xa000u
#define SAMPLE_SIZE  4u
#define TIB          2u /* blocks for 32 x 32 x 4 bytes */

static struct agx_tiling_params tiling_of(const struct geometry *g)
{
	return (struct agx_tiling_params){
		.rgn_size = g->rgn_size,
		.unk_4 = 0x88,
		.ppp_ctrl = 0x202,
		.x_max = (uint16_t)(g->width - 1),
		.y_max = (uint16_t)(g->height - 1),
		.te_screen = (g->tiles_y - 1) << 12 | (g->tiles_x - 1),
		.te_mtile1 = 3 * g->mtile_x | 2 * g->mtile_x << 9 | g->mtile_x << 18,
		.te_mtile2 = 3 * g->mtile_y | 2 * g->mtile_y << 9 | g->mtile_y << 18,
		.tiles_per_mtile = g->mtile_x * g->mtile_y,
		.tpc_stride = 2 * g->mtile_x * g->mtile_y,
		.unk_24 = 0x100,
		.unk_28 = g->layers > 1 ? 0xe000 | (g->layers - 1) : 0x8000,
	};
}

static void fill_meta(struct command_image *commands, const struct command_params *params,
		      struct agx_job_meta *meta)
{
	meta->stamp = commands->stamps + 4 * params->slot;
	meta->fw_stamp = commands->fw_stamps + 4 * params->slot;
	meta->stamp_value = params->value;
	meta->stamp_slot = params->slot;
	meta->event_seq = params->event_seq;
}

static void fill_encoder(const struct command_params *params, struct agx_encoder_params *encoder)
{
	encoder->sync_grow = params->sync_grow;
	encoder->unk_mask = 0xffffffff;
	encoder->sampler_array = params->samplers ? USER_DATA + 0x800 : 0;
	encoder->sampler_count = params->samplers ? 4 : 0;
	encoder->sampler_max = encoder->sampler_count + 1;
}

static void fill_attachments(const struct command_params *params,
			     struct agx_attachments *attachments)
{
	for (unsigned int i = 0; i < params->attachments; i++)
		attachments->list[i] = (struct agx_attachment){
			.address = USER_DATA + 0x1000 * i,
			.size = 8,
			.unk_c = AGX_ATTACHMENT_UNK_C,
			.unk_e = AGX_ATTACHMENT_UNK_E,
		};
	attachments->count = params->attachments;
}

#if AGX_FW_G14X
struct list {
	struct agx_register_array *array;
	unsigned int count;
};

static void add(struct list *list, uint32_t number, uint64_t value)
{
	list->array->registers[list->count++] = (struct agx_register){number, value};
}

static void finish_list(const struct list *list, uint64_t va, struct agx_register_list *head)
{
	head->addr = va;
	head->count = (uint16_t)list->count;
	head->length = (uint16_t)(list->count * sizeof(struct agx_register));
}
#endif

/* A sequence grows by one operation. */
static void *add_op(uint8_t *sequence, struct made_command *made, uint32_t size)
{
	void *op = sequence + made->sequence_size;

	made->sequence_size += size;
	return op;
}

#define MAX_SEQUENCE 0x400

static void add_word(uint8_t *sequence, struct made_command *made, uint32_t word)
{
	memcpy(add_op(sequence, made, 4), &word, 4);
}

static void add_timestamp(uint8_t *sequence, struct made_command *made, bool start, uint64_t queue,
			  uint64_t time, uint64_t own, uint64_t user, uint64_t unk)
{
	struct AGX_FW(op_timestamp)
		op = {.header = AGX_OP_TIMESTAMP | (start ? AGX_OP_TIMESTAMP_START : 0),
		      .command_time = time,
		      .ts_pointers = own,
		      .update_ts = own + (start ? 0 : 8),
		      .work_queue = queue,
		      .user_ts_pointers = user,
#if AGX_FW_V13
		      .unk_ts = unk,
#endif
		};

	if (start)
		made->timestamp_at = made->sequence_size;
	(void)unk; /* 12.x has none */
	memcpy(add_op(sequence, made, sizeof(op)), &op, sizeof(op));
}

#if AGX_FW_V13
#define UNK_TS(type, member) (made->va + AT(type, member))
#else
#define UNK_TS(type, member) 0
#endif

static uint32_t wait_word(uint32_t pipe)
{
	return AGX_FW_G14X ? AGX_OP_WAIT_FOR_IDLE2 : AGX_OP_WAIT_FOR_IDLE | pipe;
}

static void fill_user_times(struct command_image *commands, const struct command_params *params,
			    struct agx_timestamp_pointers *user)
{
	if (!params->user_timestamps)
		return;
	user->start_addr = commands->timestamp_at;
	user->end_addr = commands->timestamp_at + 8;
}

static void make_vertex(struct command_image *commands, const struct command_params *params,
			struct made_command *made, struct AGX_FW(run_vertex) * run,
			uint8_t *sequence)
{
	const struct geometry g = geometry_of(params);
	const struct agx_tiling_params tiling = tiling_of(&g);
	const uint64_t buffer = scene_buffer(commands, params->scene);
	const uint64_t heapmeta = buffer + SCENE_HEAPMETA, tilemap = buffer + SCENE_TILEMAP;
	const uint64_t preempt = command_window(commands, 0x540 + 0x280 + 0x40);
	const uint64_t helper = params->helper ? 0x101 : 0;
	const uint64_t stats =
		image_get(commands->image, "runtime_pointers",
			  image_object(commands->image, "runtime_pointers")->va, "stats_vtx");
	struct AGX_FW(op_start_vertex) * start;
	struct AGX_FW(op_finalize_vertex) * finalize;

	run->tag = AGX_CMD_RUN_VERTEX;
	run->vm_slot = commands->context;
	run->notifier = commands->notifier;
	run->buffer_slot = commands->buffer_slot;
	run->buffer = commands->info;
	run->scene = params->scene;
	run->unk_buffer_buf = commands->kernel_buffer;
	run->tpc = USER_TPC;
	run->tpc_size = (uint64_t)4 * tiling.tpc_stride * 16 * g.layers;
	run->fragment_stamp_slot = params->fragment_slot;
	run->fragment_stamp_value = params->fragment_value;
	run->job_params2.preempt_buf1 = preempt;
	run->sync_grow = params->sync_grow;
	run->uses_scratch = params->helper;
	run->client_sequence = (uint8_t)commands->generation;
#if AGX_FW_V13
	run->counter = params->counter;
#endif
#if !AGX_FW_G14X
	run->job_params1.unk_0 = AGX_VERTEX_UNK_0;
	run->job_params1.unk_8 = AGX_VERTEX_UNK_8;
	run->job_params1.unk_c = AGX_VERTEX_UNK_8;
	run->job_params1.tvb_tilemap = tilemap;
	run->job_params1.tpc = USER_TPC;
	run->job_params1.tvb_heapmeta = heapmeta | AGX_VERTEX_HEAPMETA_TAG;
	run->job_params1.iogpu_unk_54 = AGX_VERTEX_IOGPU_UNK_54;
	run->job_params1.iogpu_unk_56 = 1;
	run->job_params1.utile_config = UTILE_CONFIG;
	run->job_params1.ppp_multisamplectl = 0x88;
	run->job_params1.tvb_layermeta = heapmeta + 0x200;
	run->job_params1.preempt_buf1 = preempt;
	run->job_params1.preempt_buf2 = preempt + 0x540;
	run->job_params1.unk_80 = 1;
	run->job_params1.preempt_buf3 = (preempt + 0x7c0) | AGX_VERTEX_PREEMPT_BUF3_TAG;
	run->job_params1.vdm_ctrl_stream_base = USER_STREAM;
	run->job_params1.usc_exec_base_ta = USER_USC;
	run->job_params1.unk_f8 = AGX_VERTEX_UNK_F8;
	run->job_params1.helper_program = (uint32_t)helper;
	run->job_params1.helper_arg = helper ? USER_DATA : 0;
	run->job_params1.unk_118 = AGX_VERTEX_UNK_118;
#if AGX_FW_G13
	run->job_params1.core_mask[0] = 0xff;
	run->job_params1.tiling_control = 0xa041;
	run->job_params1.unk_f0 = AGX_VERTEX_UNK_F0;
#endif
	run->tiling_params = tiling;
#else
	{
		struct list list = {&run->registers, 0};

		/* In the driver's order. */
		add(&list, 0x10141, AGX_VERTEX_UNK_0);
		add(&list, 0x1c039, tilemap);
		add(&list, 0x1c9c8, tilemap);
		add(&list, 0x1c041, 0);
		add(&list, 0x1c9d0, 0);
		add(&list, 0x1c0a1, USER_TPC);
		add(&list, 0x1c031, heapmeta | AGX_VERTEX_HEAPMETA_TAG);
		add(&list, 0x1c9c0, heapmeta | AGX_VERTEX_HEAPMETA_TAG);
		add(&list, 0x1c051, AGX_VERTEX_IOGPU_UNK_54);
		add(&list, 0x1c061, 1);
		add(&list, 0x10149, UTILE_CONFIG);
		add(&list, 0x10139, 0x88);
		add(&list, 0x10111, preempt);
		add(&list, 0x1c9b0, preempt);
		add(&list, 0x10119, preempt + 0x540);
		add(&list, 0x1c9b8, preempt + 0x540);
		add(&list, 0x1c958, 1);
		add(&list, 0x1c950, (preempt + 0x7c0) | AGX_VERTEX_PREEMPT_BUF3_TAG);
		add(&list, 0x1c930, 0);
		add(&list, 0x1c880, USER_STREAM);
		add(&list, 0x1c898, 0);
		add(&list, 0x1c948, 0);
		add(&list, 0x1c888, 0);
		add(&list, 0x1c890, 0x180341);
		add(&list, 0x1c918, 4);
		add(&list, 0x1c079, heapmeta + 0x200);
		add(&list, 0x1c9d8, heapmeta + 0x200);
		add(&list, 0x1c089, 0);
		add(&list, 0x1c9e0, 0);
		add(&list, 0x16c41, 0);
		add(&list, 0x1ca40, 0);
		add(&list, 0x1c9a8, 0x1c);
		add(&list, 0x1c920, 0);
		add(&list, 0x10151, 0);
		add(&list, 0x1c199, 0);
		add(&list, 0x1c1a1, 0);
		add(&list, 0x1c1a9, 0);
		add(&list, 0x1c1b1, 0);
		add(&list, 0x1c1b9, 0);
		add(&list, 0x10061, USER_USC);
		add(&list, 0x11801, helper);
		add(&list, 0x11809, helper ? USER_DATA : 0);
		add(&list, 0x11f71, 0);
		add(&list, 0x1c0b1, tiling.rgn_size);
		add(&list, 0x1c850, tiling.rgn_size);
		add(&list, 0x10131, 0x88);
		add(&list, 0x10121, tiling.ppp_ctrl);
		add(&list, 0x10129, tiling.x_max | (uint32_t)tiling.y_max << 16);
		add(&list, 0x101b9, tiling.te_screen);
		add(&list, 0x1c069, tiling.te_mtile1);
		add(&list, 0x1c071, tiling.te_mtile2);
		add(&list, 0x1c081, tiling.tiles_per_mtile);
		add(&list, 0x1c0a9, tiling.tpc_stride);
		add(&list, 0x10171, 0x100);
		add(&list, 0x10169, tiling.unk_28);
		add(&list, 0x12099, 0x1c);
		add(&list, 0x1c9e8, tiling.unk_28 & 0x4fff);
		finish_list(&list, made->va + AT(AGX_FW(run_vertex), registers),
			    &run->register_list);
	}
#endif
	fill_encoder(params, &run->encoder_params);
	fill_meta(commands, params, &run->meta);
	run->timestamp_pointers.start_addr = command_shared(commands, 16);
	run->timestamp_pointers.end_addr = run->timestamp_pointers.start_addr + 8;
	fill_user_times(commands, params, &run->user_timestamp_pointers);

	start = add_op(sequence, made, sizeof(*start));
	start->header = AGX_OP_START_VERTEX;
#if AGX_FW_G14X
	start->registers = made->va + AT(AGX_FW(run_vertex), registers);
#else
	start->tiling_params = made->va + AT(AGX_FW(run_vertex), tiling_params);
	start->job_params1 = made->va + AT(AGX_FW(run_vertex), job_params1);
#endif
	start->buffer = commands->info;
	start->scene = params->scene;
	start->stats = stats + 4;
	start->work_queue = commands->queue[AGX_GPU_VERTEX];
	start->vm_slot = commands->context;
	start->unk_38 = 1;
	start->event_generation = commands->generation;
	start->buffer_slot = commands->buffer_slot;
	start->event_seq = params->event_seq;
	start->unk_pointer = made->va + AT(AGX_FW(run_vertex), unk_pointee);
	start->unk_job_buf = made->va + AT(AGX_FW(run_vertex), unk_buf_0);
	fill_attachments(params, &start->attachments);
#if AGX_FW_V13
	start->counter = params->counter;
	start->notifier_buf = commands->notifier + AT(AGX_FW(notifier), unk_buf);
	start->unk_178 = 1;
#endif
	if (params->user_timestamps)
		add_timestamp(sequence, made, true, commands->queue[AGX_GPU_VERTEX],
			      made->va + AT(AGX_FW(run_vertex), command_time),
			      made->va + AT(AGX_FW(run_vertex), timestamp_pointers),
			      made->va + AT(AGX_FW(run_vertex), user_timestamp_pointers),
			      UNK_TS(AGX_FW(run_vertex), unk_ts));
	add_word(sequence, made, wait_word(AGX_OP_WAIT_VERTEX));
	if (params->user_timestamps)
		add_timestamp(sequence, made, false, commands->queue[AGX_GPU_VERTEX],
			      made->va + AT(AGX_FW(run_vertex), command_time),
			      made->va + AT(AGX_FW(run_vertex), timestamp_pointers),
			      made->va + AT(AGX_FW(run_vertex), user_timestamp_pointers),
			      UNK_TS(AGX_FW(run_vertex), unk_ts));
	made->finalize_at = made->sequence_size;
	finalize = add_op(sequence, made, sizeof(*finalize));
	finalize->header = AGX_OP_FINALIZE_VERTEX;
	finalize->scene = params->scene;
	finalize->buffer = commands->info;
	finalize->stats = stats + 4;
	finalize->work_queue = commands->queue[AGX_GPU_VERTEX];
	finalize->vm_slot = commands->context;
	finalize->unk_pointer = made->va + AT(AGX_FW(run_vertex), unk_pointee);
	finalize->fw_stamp = run->meta.fw_stamp;
	finalize->stamp_value = params->value;
	finalize->restart_branch_offset = -(int32_t)made->finalize_at;
	finalize->has_attachments = params->attachments > 0;
	add_word(sequence, made, AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG);
	run->microsequence = made->sequence;
	run->microsequence_size = made->sequence_size;
}

static void make_fragment(struct command_image *commands, const struct command_params *params,
			  struct made_command *made, struct AGX_FW(run_fragment) * run,
			  uint8_t *sequence)
{
	const struct geometry g = geometry_of(params);
	const uint64_t buffer = scene_buffer(commands, params->scene);
	const uint64_t heapmeta = buffer + SCENE_HEAPMETA, tilemap = buffer + SCENE_TILEMAP;
	const uint64_t aux = command_window(commands, AGX_FRAGMENT_AUX_FB_SIZE);
	const uint64_t depth = params->zls ? USER_DATA + 0x1000 : 0;
	const uint64_t zls = params->zls ? 1u << 15 | 1u << 19 : 0;
	const uint64_t helper = params->helper ? 0x101 : 0;
	const uint64_t tile_config = AGX_TILE_CONFIG_BASE | (g.layers > 1);
	const uint64_t stats =
		image_get(commands->image, "runtime_pointers",
			  image_object(commands->image, "runtime_pointers")->va, "stats_frag");
	const uint32_t g14 = AGX_FW_G13 ? 0 : AGX_FRAGMENT_UNK_58_G14;
	struct AGX_FW(fragment_params3) *partial = &run->job_params3;
	struct AGX_FW(op_start_fragment) * start;
	struct AGX_FW(op_finalize_fragment) * finalize;

	run->tag = AGX_CMD_RUN_FRAGMENT;
#if AGX_FW_V13
	run->counter = params->counter;
#endif
	run->vm_slot = commands->context;
	run->notifier = commands->notifier;
	run->buffer = commands->info;
	run->scene = params->scene;
	run->unk_buffer_buf = commands->kernel_buffer;
	run->tvb_tilemap = tilemap;
	run->ppp_multisamplectl = 0x88;
	run->samples = 1;
	run->tiles_per_mtile_y = (uint16_t)g.mtile_y;
	run->tiles_per_mtile_x = (uint16_t)g.mtile_x;
	run->isp_merge_upper_x = 0x3c000000;
	run->isp_merge_upper_y = 0x3c100000;
	run->tile_count = (uint64_t)g.tiles_x * g.tiles_y;
#if !AGX_FW_G14X
	run->job_params1.utile_config = UTILE_CONFIG;
	run->job_params1.bg.rsrc_spec = 0x10;
	run->job_params1.bg.address = 0x204;
	run->job_params1.ppp_multisamplectl = 0x88;
	run->job_params1.isp_scissor_base = USER_DATA + 0x100;
	run->job_params1.aux_fb_info.isp_ctl = AGX_ISP_CTL_BASE;
	run->job_params1.aux_fb_info.width = g.width;
	run->job_params1.aux_fb_info.height = g.height;
#if AGX_FW_V13
	run->job_params1.aux_fb_info.unk3 = AGX_AUX_FB_UNK3;
#endif
	run->job_params1.zls_ctrl = zls;
#if AGX_FW_G14
	run->job_params1.unk_58_g14_0 = AGX_FRAGMENT_UNK_58_G14;
#endif
	run->job_params1.z_load = depth;
	run->job_params1.z_store = depth;
	run->job_params1.tvb_tilemap = tilemap;
	run->job_params1.tvb_layermeta = heapmeta + 0x200;
	run->job_params1.mtile_stride_dwords = (uint64_t)(4 * g.rgn_size) << 24;
	run->job_params1.tvb_heapmeta = heapmeta;
	run->job_params1.tile_config = tile_config;
	run->job_params1.aux_fb = aux;
	run->job_params1.usc_exec_base_isp = USER_USC;
	run->job_params1.unk_140 = AGX_FRAGMENT_UNK_140;
	run->job_params1.helper_program = (uint32_t)helper;
	run->job_params1.helper_arg = helper ? USER_DATA : 0;
	run->job_params1.unk_158 = AGX_FRAGMENT_UNK_158;
	run->job_params2.eot_rsrc_spec = 0x11;
	run->job_params2.eot_usc = 0x304;
	run->job_params2.isp_merge_upper_x = run->isp_merge_upper_x;
	run->job_params2.isp_merge_upper_y = run->isp_merge_upper_y;
	run->job_params2.utiles_per_mtile_y = (uint16_t)g.mtile_y;
	run->job_params2.utiles_per_mtile_x = (uint16_t)g.mtile_x;
	run->job_params2.tile_counts = (g.tiles_y - 1) << 12 | (g.tiles_x - 1);
	run->job_params2.tib_blocks = TIB;
	run->job_params2.isp_bgobjvals = 0x300 | (AGX_FW_G13 ? AGX_FRAGMENT_BGOBJVALS_G13 : 0);
	run->job_params2.unk_3c = 1;
#else
	{
		struct list list = {&run->registers, 0};
		const uint64_t mtile = g.mtile_y | g.mtile_x << 16;

		add(&list, 0x1739, 1);
		add(&list, 0x10009, UTILE_CONFIG);
		add(&list, 0x15379, 0x11);
		add(&list, 0x15381, 0x304);
		add(&list, 0x15369, 0x10);
		add(&list, 0x15371, 0x204);
		add(&list, 0x15131, run->isp_merge_upper_x);
		add(&list, 0x15139, run->isp_merge_upper_y);
		add(&list, 0x100a1, 0);
		add(&list, 0x15069, 0);
		add(&list, 0x15071, 0);
		add(&list, 0x16058, 0);
		add(&list, 0x10019, 0x88);
		add(&list, 0x100b1, mtile);
		add(&list, 0x16030, mtile);
		add(&list, 0x100d9, (g.tiles_y - 1) << 12 | (g.tiles_x - 1));
		add(&list, 0x16098, heapmeta);
		add(&list, 0x15109, USER_DATA + 0x100);
		add(&list, 0x15101, 0);
		add(&list, 0x15021, AGX_ISP_CTL_BASE);
		add(&list, 0x15211, (uint64_t)g.height << 32 | g.width);
		add(&list, 0x15049, 0x100000);
		add(&list, 0x10051, TIB);
		add(&list, 0x15321, 0);
		add(&list, 0x15301, 0);
		add(&list, 0x15309, 0x300);
		add(&list, 0x15311, 0);
		add(&list, 0x15319, zls);
		add(&list, 0x15349, 0x4040404);
		add(&list, 0x15351, 0);
		add(&list, 0x15329, depth);
		add(&list, 0x15331, depth);
		add(&list, 0x15339, 0);
		add(&list, 0x15341, 0);
		add(&list, 0x15231, 0);
		add(&list, 0x15221, 0);
		add(&list, 0x15239, 0);
		add(&list, 0x15229, 0);
		add(&list, 0x15401, 0);
		add(&list, 0x15421, 0);
		add(&list, 0x15409, 0);
		add(&list, 0x15429, 0);
		add(&list, 0x153c1, 0);
		add(&list, 0x15411, 0);
		add(&list, 0x153c9, 0);
		add(&list, 0x15431, 0);
		add(&list, 0x153d1, 0);
		add(&list, 0x15419, 0);
		add(&list, 0x153d9, 0);
		add(&list, 0x15439, 0);
		add(&list, 0x16429, tilemap);
		add(&list, 0x16060, heapmeta + 0x200);
		add(&list, 0x16431, (uint64_t)(4 * g.rgn_size) << 24);
		add(&list, 0x10039, tile_config);
		add(&list, 0x16451, 0);
		add(&list, 0x11821, helper);
		add(&list, 0x11829, helper ? USER_DATA : 0);
		add(&list, 0x11f79, 0);
		add(&list, 0x15359, 0);
		add(&list, 0x10069, USER_USC);
		add(&list, 0x16020, 0);
		add(&list, 0x16461, aux);
		add(&list, 0x16090, aux);
		add(&list, 0x120a1, 0x1c);
		add(&list, 0x160a8, 0);
		add(&list, 0x16068,
		    0x2000036011ull | (uint64_t)(g.tiles_x - 1) << 44 |
			    (uint64_t)(g.tiles_y - 1) << 53 | (g.layers > 1 ? 1ull << 32 : 0) |
			    (uint64_t)UTILE_CONFIG << 28);
		add(&list, 0x160b8, 0);
		finish_list(&list, made->va + AT(AGX_FW(run_fragment), registers),
			    &run->register_list);
	}
#endif
	partial->isp_scissor_base.ptr = USER_DATA + 0x100;
	partial->unk_partial_bg.rsrc_spec = 0x12;
	partial->unk_partial_bg.address = 0x404;
	partial->partial_bg = partial->unk_partial_bg;
	partial->zls_ctrl = zls;
	partial->unk_290 = g14;
	partial->z_load = depth;
	partial->z_store = depth;
	partial->z_partial = depth;
	partial->tib_blocks = TIB;
	partial->aux_fb_info.isp_ctl = AGX_ISP_CTL_BASE;
	partial->aux_fb_info.width = g.width;
	partial->aux_fb_info.height = g.height;
#if AGX_FW_V13
	partial->aux_fb_info.unk3 = AGX_AUX_FB_UNK3;
#endif
	partial->tile_config = tile_config;
	partial->unk_partial_eot.rsrc_spec = 0x13;
	partial->unk_partial_eot.address = 0x504;
	partial->partial_eot = partial->unk_partial_eot;
	partial->isp_bgobjvals = 0x300;
	partial->sample_size = SAMPLE_SIZE;
	fill_encoder(params, &run->encoder_params);
	run->no_clear_pipeline_textures = 1;
	fill_meta(commands, params, &run->meta);
	run->unk_buf_10 = AGX_FW_G14X ? 0 : 1;
	run->timestamp_pointers.start_addr = command_shared(commands, 16);
	run->timestamp_pointers.end_addr = run->timestamp_pointers.start_addr + 8;
	fill_user_times(commands, params, &run->user_timestamp_pointers);
	run->client_sequence = (uint8_t)commands->generation;

	start = add_op(sequence, made, sizeof(*start));
	start->header = AGX_OP_START_FRAGMENT;
#if AGX_FW_G14X
	start->registers = made->va + AT(AGX_FW(run_fragment), registers);
#else
	start->job_params2 = made->va + AT(AGX_FW(run_fragment), job_params2);
	start->job_params1 = made->va + AT(AGX_FW(run_fragment), job_params1);
#endif
	start->scene = params->scene;
	start->stats = stats + 8;
	start->busy_flag = made->va + AT(AGX_FW(run_fragment), busy_flag);
	start->tvb_overflow_count = made->va + AT(AGX_FW(run_fragment), tvb_overflow_count);
	start->unk_pointer = made->va + AT(AGX_FW(run_fragment), unk_pointee);
	start->work_queue = commands->queue[AGX_GPU_FRAGMENT];
	start->work_item = made->va;
	start->vm_slot = commands->context;
	start->unk_50 = 1;
	start->event_generation = commands->generation;
	start->buffer_slot = commands->buffer_slot;
	start->sync_grow = params->sync_grow;
	start->event_seq = params->event_seq;
	start->unk_758_flag = made->va + AT(AGX_FW(run_fragment), unk_758_flag);
	start->unk_job_buf = made->va + AT(AGX_FW(run_fragment), unk_buf_0);
	fill_attachments(params, &start->attachments);
#if AGX_FW_V13
	start->counter = params->counter;
	start->notifier_buf = commands->notifier + AT(AGX_FW(notifier), unk_buf);
#endif
	if (params->user_timestamps)
		add_timestamp(sequence, made, true, commands->queue[AGX_GPU_FRAGMENT],
			      made->va + AT(AGX_FW(run_fragment), command_time),
			      made->va + AT(AGX_FW(run_fragment), timestamp_pointers),
			      made->va + AT(AGX_FW(run_fragment), user_timestamp_pointers),
			      UNK_TS(AGX_FW(run_fragment), unk_ts));
	add_word(sequence, made, wait_word(AGX_OP_WAIT_FRAGMENT));
	if (params->user_timestamps)
		add_timestamp(sequence, made, false, commands->queue[AGX_GPU_FRAGMENT],
			      made->va + AT(AGX_FW(run_fragment), command_time),
			      made->va + AT(AGX_FW(run_fragment), timestamp_pointers),
			      made->va + AT(AGX_FW(run_fragment), user_timestamp_pointers),
			      UNK_TS(AGX_FW(run_fragment), unk_ts));
	made->finalize_at = made->sequence_size;
	finalize = add_op(sequence, made, sizeof(*finalize));
	finalize->header = AGX_OP_FINALIZE_FRAGMENT;
	finalize->fw_stamp = run->meta.fw_stamp;
	finalize->stamp_value = params->value;
	finalize->scene = params->scene;
	finalize->buffer = commands->info;
	finalize->unk_2c = 1;
	finalize->stats = stats + 8;
	finalize->unk_pointer = made->va + AT(AGX_FW(run_fragment), unk_pointee);
	finalize->busy_flag = made->va + AT(AGX_FW(run_fragment), busy_flag);
	finalize->work_queue = commands->queue[AGX_GPU_FRAGMENT];
	finalize->work_item = made->va;
	finalize->vm_slot = commands->context;
	finalize->unk_758_flag = made->va + AT(AGX_FW(run_fragment), unk_758_flag);
	finalize->restart_branch_offset = -(int32_t)made->finalize_at;
	finalize->has_attachments = params->attachments > 0;
	add_word(sequence, made, AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG);
	run->microsequence = made->sequence;
	run->microsequence_size = made->sequence_size;
}

static void make_compute(struct command_image *commands, const struct command_params *params,
			 struct made_command *made, struct AGX_FW(run_compute) * run,
			 uint8_t *sequence)
{
	const uint64_t preempt = command_window(commands, 0x7f80 + 4 * 8);
	const uint64_t helper = params->helper ? 0x101 : 0;
	const uint64_t stats =
		image_get(commands->image, "runtime_pointers",
			  image_object(commands->image, "runtime_pointers")->va, "stats_comp");
	struct AGX_FW(op_start_compute) * start;
	struct AGX_FW(op_finalize_compute) * finalize;

	run->tag = AGX_CMD_RUN_COMPUTE;
#if AGX_FW_V13
	run->counter = params->counter;
#endif
	run->vm_slot = commands->context;
	run->notifier = commands->notifier;
#if !AGX_FW_G14X
	run->job_params1.preempt_buf1 = preempt;
	run->job_params1.cdm_ctrl_stream_base = USER_STREAM + 0x100;
	run->job_params1.preempt_buf2 = preempt + 0x7f80;
	run->job_params1.preempt_buf3 = preempt + 0x7f88;
	run->job_params1.preempt_buf4 = preempt + 0x7f90;
	run->job_params1.preempt_buf5 = preempt + 0x7f98;
	run->job_params1.usc_exec_base_cp = USER_USC;
	run->job_params1.unk_38 = AGX_COMPUTE_UNK_38;
	run->job_params1.helper_program = (uint32_t)helper;
	run->job_params1.helper_arg = helper ? USER_DATA : 0;
	run->job_params1.unk_58 = AGX_COMPUTE_UNK_58;
#else
	{
		struct list list = {&run->registers, 0};

		add(&list, 0x1a510, preempt);
		add(&list, 0x1a420, USER_STREAM + 0x100);
		add(&list, 0x1a4d0, preempt + 0x7f80);
		add(&list, 0x1a4d8, preempt + 0x7f88);
		add(&list, 0x1a4e0, preempt + 0x7f90);
		add(&list, 0x1a4e8, preempt + 0x7f98);
		add(&list, 0x10071, USER_USC);
		add(&list, 0x11841, helper);
		add(&list, 0x11849, helper ? USER_DATA : 0);
		add(&list, 0x11f81, 0);
		add(&list, 0x1a440, 0x24201);
		add(&list, 0x12091, 0);
		finish_list(&list, made->va + AT(AGX_FW(run_compute), registers),
			    &run->register_list);
	}
#endif
	run->job_params2.preempt_buf1 = preempt;
	run->job_params2.cdm_ctrl_stream_end = USER_STREAM + 0x108;
	run->job_params2.unk_g14x = AGX_FW_G14X ? AGX_COMPUTE_UNK_G14X : 0;
	fill_encoder(params, &run->encoder_params);
	fill_meta(commands, params, &run->meta);
	run->timestamp_pointers.start_addr = command_shared(commands, 16);
	run->timestamp_pointers.end_addr = run->timestamp_pointers.start_addr + 8;
	fill_user_times(commands, params, &run->user_timestamp_pointers);
	run->client_sequence = (uint8_t)commands->generation;

	start = add_op(sequence, made, sizeof(*start));
	start->header = AGX_OP_START_COMPUTE;
	start->unk_pointer = made->va + AT(AGX_FW(run_compute), unk_pointee);
#if AGX_FW_G14X
	start->registers = made->va + AT(AGX_FW(run_compute), registers);
#else
	start->job_params1 = made->va + AT(AGX_FW(run_compute), job_params1);
#endif
	start->stats = stats;
	start->work_queue = commands->queue[AGX_GPU_COMPUTE];
	start->vm_slot = commands->context;
	start->unk_28 = 1;
	start->event_generation = commands->generation;
	start->event_seq = params->event_seq;
	start->job_params2 = made->va + AT(AGX_FW(run_compute), job_params2);
	fill_attachments(params, &start->attachments);
#if AGX_FW_V13
	start->unk_flag = made->va + AT(AGX_FW(run_compute), unk_flag);
	start->counter = params->counter;
	start->notifier_buf = commands->notifier + AT(AGX_FW(notifier), unk_buf);
#endif
	if (params->user_timestamps)
		add_timestamp(sequence, made, true, commands->queue[AGX_GPU_COMPUTE],
			      made->va + AT(AGX_FW(run_compute), command_time),
			      made->va + AT(AGX_FW(run_compute), timestamp_pointers),
			      made->va + AT(AGX_FW(run_compute), user_timestamp_pointers),
			      UNK_TS(AGX_FW(run_compute), context_store_req));
	add_word(sequence, made, wait_word(AGX_OP_WAIT_COMPUTE));
	if (params->user_timestamps)
		add_timestamp(sequence, made, false, commands->queue[AGX_GPU_COMPUTE],
			      made->va + AT(AGX_FW(run_compute), command_time),
			      made->va + AT(AGX_FW(run_compute), timestamp_pointers),
			      made->va + AT(AGX_FW(run_compute), user_timestamp_pointers),
			      UNK_TS(AGX_FW(run_compute), context_store_req));
	made->finalize_at = made->sequence_size;
	finalize = add_op(sequence, made, sizeof(*finalize));
	finalize->header = AGX_OP_FINALIZE_COMPUTE;
	finalize->stats = stats;
	finalize->work_queue = commands->queue[AGX_GPU_COMPUTE];
	finalize->vm_slot = commands->context;
	finalize->job_params2 = made->va + AT(AGX_FW(run_compute), job_params2);
	finalize->fw_stamp = run->meta.fw_stamp;
	finalize->stamp_value = params->value;
	finalize->restart_branch_offset = -(int32_t)made->finalize_at;
	finalize->has_attachments = params->attachments > 0;
#if AGX_FW_V13
	finalize->unk_flag = made->va + AT(AGX_FW(run_compute), unk_flag);
#endif
	add_word(sequence, made, AGX_OP_RETIRE_STAMP | AGX_OP_RETIRE_STAMP_FLAG);
	run->microsequence = made->sequence;
	run->microsequence_size = made->sequence_size;
}

void MAKE(make)(struct command_image *commands, const struct command_params *params,
		struct made_command *made)
{
	static const uint32_t sizes[AGX_GPU_UNITS] = {
		[AGX_GPU_VERTEX] = sizeof(struct AGX_FW(run_vertex)),
		[AGX_GPU_FRAGMENT] = sizeof(struct AGX_FW(run_fragment)),
		[AGX_GPU_COMPUTE] = sizeof(struct AGX_FW(run_compute)),
	};
	uint8_t *sequence;
	void *run;

	*made = (struct made_command){
		.va = commands->gpu_ro_at,
		.size = sizes[params->unit],
		.sequence = command_private(commands, MAX_SEQUENCE),
	};
	commands->gpu_ro_at += (made->size + 0x7f) & ~0x7full;
	run = image_at(commands->image, made->va);
	sequence = image_at(commands->image, made->sequence);
	if (params->unit == AGX_GPU_VERTEX)
		make_vertex(commands, params, made, run, sequence);
	else if (params->unit == AGX_GPU_FRAGMENT)
		make_fragment(commands, params, made, run, sequence);
	else
		make_compute(commands, params, made, run, sequence);
}
