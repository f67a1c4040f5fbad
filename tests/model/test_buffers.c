// SPDX-License-Identifier: MIT
/* The firmware's buffer manager: slots, lists, scenes, statistics, growth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffers.h"
#include "command_image.h"
#include "internal.h"

#define CONTEXT 5

struct fixture {
	struct image image;
	struct command_image commands;
	struct work_queue queue;
	struct agx_firmware *firmware;
	const struct command_ops *ops;
	struct command command;
	struct start_op start;
	struct agx_gpu_tvb tvb;
};

static struct fixture *set_up(enum agx_fw_variant variant)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	image_init(&fixture->image, variant);
	image_boot(&fixture->image);
	image_start(&fixture->image);
	assert_int_equal(fixture->image.found_count, 0);
	command_image_init(&fixture->commands, &fixture->image, CONTEXT);
	fixture->firmware = fixture->image.firmware;
	fixture->ops = fixture->firmware->commands;
	fixture->queue.va = fixture->commands.queue[AGX_GPU_VERTEX];
	return fixture;
}

static void tear_down(struct fixture *fixture)
{
	image_free(&fixture->image);
	free(fixture);
}

static void assert_clean(struct fixture *fixture)
{
	const struct image *image = &fixture->image;

	for (unsigned int i = 0; i < image->found_count && i < IMAGE_MAX_FOUND; i++)
		print_error("%s: %s\n", agx_finding_name(image->found[i].id), image->found[i].text);
	assert_int_equal(image->found_count, 0);
}

static void assert_one(struct fixture *fixture, enum agx_finding_id id)
{
	struct image *image = &fixture->image;

	if (image->found_count != 1 || image->found[0].id != id)
		for (unsigned int i = 0; i < image->found_count && i < IMAGE_MAX_FOUND; i++)
			print_error("%s: %s\n", agx_finding_name(image->found[i].id),
				    image->found[i].text);
	assert_int_equal(image->found_count, 1);
	assert_string_equal(agx_finding_name(image->found[0].id), agx_finding_name(id));
	image->found_count = 0;
}

static bool init_with(struct fixture *fixture, const struct agx_init_buffer *init)
{
	uint64_t va = command_private(&fixture->commands, sizeof(*init));

	memcpy(image_at(&fixture->image, va), init, sizeof(*init));
	return fixture->ops->buffer_init(fixture->firmware, &fixture->queue, va, init);
}

static struct agx_init_buffer right_init(struct fixture *fixture)
{
	uint64_t va = command_init_buffer(&fixture->commands, 0x100);
	struct agx_init_buffer init;

	memcpy(&init, image_at(&fixture->image, va), sizeof(init));
	return init;
}

static bool init(struct fixture *fixture)
{
	struct agx_init_buffer right = right_init(fixture);

	return init_with(fixture, &right);
}

static void load(struct fixture *fixture, enum agx_gpu_unit unit, uint64_t scene, bool sync_grow)
{
	const struct layout_ops *layout = fixture->firmware->layout;
	const struct command_params params = {
		.unit = unit,
		.slot = unit == AGX_GPU_VERTEX ? 1 : 2,
		.value = 0x100,
		.fragment_slot = 2,
		.fragment_value = 0x100,
		.scene = scene,
		.sync_grow = sync_grow,
	};
	struct command *command = &fixture->command;
	struct made_command made;

	command_make(&fixture->commands, &params, &made);
	memset(command, 0, sizeof(*command));
	command->place = (struct place){made.va, layout->command_names[unit], NULL};
	command->unit = unit;
	command->queue = &fixture->queue;
	command->size = made.size;
	memcpy(command->copy, image_at(&fixture->image, made.va), made.size);
	layout->decode_command(command);
	memcpy(command->sequence, image_at(&fixture->image, made.sequence), made.sequence_size);
	layout->decode_start(unit, command->sequence, &fixture->start);
}

/* A vertex command begins; what the GPU gets is in fixture->tvb. */
static bool begin(struct fixture *fixture, uint64_t scene, bool sync_grow)
{
	load(fixture, AGX_GPU_VERTEX, scene, sync_grow);
	memset(&fixture->tvb, 0, sizeof(fixture->tvb));
	return fixture->ops->buffer_begin(fixture->firmware, &fixture->command, &fixture->start,
					  &fixture->tvb);
}

static void end_vertex(struct fixture *fixture, uint64_t scene, uint32_t pages)
{
	const struct finalize_op finalize = {.scene = scene};

	fixture->ops->buffer_end_vertex(fixture->firmware, &fixture->command, &finalize, pages);
}

static void end_fragment(struct fixture *fixture, uint64_t scene, bool partial)
{
	const struct finalize_op finalize = {.scene = scene};

	fixture->ops->buffer_end_fragment(fixture->firmware, &fixture->command, &finalize, partial);
}

static struct agx_buffer_stats *stats_of(struct fixture *fixture)
{
	return image_at(&fixture->image, fixture->commands.buffer_stats);
}

#define FOR_VARIANTS(v) for (enum agx_fw_variant v = 0; v < AGX_FW_VARIANT_COUNT; v++)

static void test_a_render(void **state)
{
	FOR_VARIANTS(v)
	{
		struct fixture *fixture = set_up(v);
		uint64_t first = command_scene(&fixture->commands);
		uint64_t second = command_scene(&fixture->commands);

		assert_true(init(fixture));
		assert_true(begin(fixture, first, false));
		assert_true(fixture->tvb.page_list == fixture->commands.page_list);
		assert_int_equal(fixture->tvb.page_count, 32);
		end_vertex(fixture, first, 7);
		/* The next begins before the first has its fragment command. */
		assert_true(begin(fixture, second, false));
		end_vertex(fixture, second, 3);
		assert_int_equal(image_get(&fixture->image, "scene", first, "pass_page_count"), 7);
		assert_int_equal(image_get(&fixture->image, "scene", first, "total_page_count"), 7);
		assert_int_equal(stats_of(fixture)->max_pages, 7);
		assert_int_equal(stats_of(fixture)->reset, 0);
		end_fragment(fixture, first, false);
		end_fragment(fixture, second, false);
		stats_of(fixture)->reset = 1;
		second = command_scene(&fixture->commands);
		assert_true(begin(fixture, second, false));
		end_vertex(fixture, second, 2);
		assert_int_equal(stats_of(fixture)->max_pages, 2);
		end_fragment(fixture, second, false);
		assert_clean(fixture);
		assert_int_equal(fixture->firmware->buffer_state.slots[3].scenes, 0);
		tear_down(fixture);
	}
}

/* A member of a structure has a wrong value when the buffer is bound. */
static void test_bad_buffer(void **state)
{
	static const struct {
		enum agx_finding_id id;
		const char *structure, *path;
		uint64_t value;
		bool taken, crash;
	} rows[] = {
		{AGX_FINDING_BUFFER_VALUE, "buffer_info", "cur_id", 0, true, false},
		{AGX_FINDING_BUFFER_VALUE, "buffer_info", "unk_80", 0, true, false},
		{AGX_FINDING_BUFFER_VALUE, "buffer_info", "block_size", 0x8000, true, false},
		{AGX_FINDING_BUFFER_VALUE, "buffer_info", "unk_90[47]", 1, true, false},
		{AGX_FINDING_BUFFER_COUNT, "buffer_info", "page_count", 31, true, false},
		{AGX_FINDING_BUFFER_COUNT, "buffer_info", "last_page", 32, true, false},
		{AGX_FINDING_BUFFER_COUNT, "buffer_info", "page_list_size", 32, true, false},
		{AGX_FINDING_BUFFER_COUNT, "buffer_info", "max_blocks", 511, true, false},
		{AGX_FINDING_BUFFER_COUNT, "buffer_info", "max_pages_nomemless", 2049, true, false},
		{AGX_FINDING_BUFFER_COUNT, "block_control", "wptr", 7, true, false},
		{AGX_FINDING_BUFFER_PAGE, "buffer_info", "page_list", 0x6000000000, false, false},
		{AGX_FINDING_BUFFER_PAGE, "buffer_info", "block_list", USER_STREAM, false, false},
		{AGX_FINDING_POINTER_NULL, "buffer_info", "block_ctl", 0, false, true},
		{AGX_FINDING_POINTER_HALF, "buffer_info", "counter", USER_DATA, false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		FOR_VARIANTS(v)
		{
			struct fixture *fixture = set_up(v);
			bool info = !strcmp(rows[i].structure, "buffer_info");

			image_set(&fixture->image, rows[i].structure,
				  info ? fixture->commands.info : fixture->commands.block_ctl,
				  rows[i].path, rows[i].value);
			if (init(fixture) != rows[i].taken)
				print_error("%s\n", rows[i].path);
			assert_one(fixture, rows[i].id);
			assert_int_equal(fixture->firmware->buffer_state.slots[3].bound,
					 rows[i].taken);
			assert_int_equal(fixture->firmware->status.state,
					 rows[i].crash ? AGX_FIRMWARE_CRASHED : AGX_FIRMWARE_READY);
			tear_down(fixture);
		}
	}
}

static void test_bad_init(void **state)
{
	static const struct {
		enum agx_finding_id id;
		uint32_t slot, context, zero, blocks;
		bool taken;
	} rows[] = {
		{AGX_FINDING_BUFFER_SLOT, 127, CONTEXT, 0, 8, false},
		{AGX_FINDING_COMMAND_CONTEXT, 3, 0, 0, 8, false},
		{AGX_FINDING_COMMAND_CONTEXT, 3, 64, 0, 8, false},
		{AGX_FINDING_BUFFER_VALUE, 3, CONTEXT, 1, 8, true},
		{AGX_FINDING_BUFFER_COUNT, 3, CONTEXT, 0, 7, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture *fixture = set_up(AGX_FW_VARIANT_G13_V13_5);
		struct agx_init_buffer bad = right_init(fixture);

		bad.buffer_slot = rows[i].slot;
		bad.vm_slot = rows[i].context;
		bad.unk_c = rows[i].zero;
		bad.block_count = rows[i].blocks;
		assert_int_equal(init_with(fixture, &bad), rows[i].taken);
		assert_one(fixture, rows[i].id);
		tear_down(fixture);
	}
}

/* More blocks than memory: not even looked at. */
static void test_too_many_blocks(void **state)
{
	FOR_VARIANTS(v)
	{
		struct fixture *fixture = set_up(v);
		struct agx_block_control *control =
			image_at(&fixture->image, fixture->commands.block_ctl);
		struct agx_init_buffer bad = right_init(fixture);
		const uint64_t info = fixture->commands.info;

		bad.block_count = 0x10001;
		control->total = 0x10001;
		control->wptr = 0x10001;
		image_set(&fixture->image, "buffer_info", info, "max_blocks", 0x20000000);
		image_set(&fixture->image, "buffer_info", info, "max_pages", 0x80000000);
		image_set(&fixture->image, "buffer_info", info, "page_list_size", 0);
		assert_false(init_with(fixture, &bad));
		/* The list's size cannot be said in 32 bits either. */
		assert_int_equal(fixture->image.found_count, 2);
		assert_int_equal(image_count(&fixture->image, AGX_FINDING_BUFFER_COUNT), 2);
		assert_false(fixture->firmware->buffer_state.slots[3].bound);
		tear_down(fixture);
	}
}

static void test_bad_lists(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct fixture *fixture = set_up(AGX_FW_VARIANT_G14_V12_4);
		agx_tvb_page *pages = command_at(&fixture->commands, fixture->commands.page_list);
		struct agx_tvb_block *blocks =
			command_at(&fixture->commands, fixture->commands.block_list);

		if (i == 0)
			pages[13]++;
		else if (i == 1)
			blocks[7].pad_4 = 1;
		else if (i == 2)
			*command_entry(&fixture->commands,
				       USER_BLOCKS + 3 * AGX_TVB_BLOCK_SIZE + 0x4000) = 0;
		else /* as user space maps buffers: the GPU may not write */
			*command_entry(&fixture->commands, USER_BLOCKS) &= ~AGX_UAT_UXN;
		assert_true(init(fixture));
		assert_one(fixture, i < 2 ? AGX_FINDING_BUFFER_LIST : AGX_FINDING_BUFFER_PAGE);
		tear_down(fixture);
	}
}

static void test_slots(void **state)
{
	FOR_VARIANTS(v)
	{
		struct fixture *fixture = set_up(v);
		uint64_t scene = command_scene(&fixture->commands);
		struct agx_init_buffer other;
		uint64_t va;

		/* Nothing is bound: the render gets no memory. */
		assert_true(begin(fixture, scene, false));
		assert_one(fixture, AGX_FINDING_BUFFER_UNBOUND);
		assert_int_equal(fixture->tvb.page_count, 0);
		end_fragment(fixture, scene, false);

		/* Bound again while in use: to itself is right, after growth. */
		assert_true(init(fixture));
		assert_true(begin(fixture, scene, false));
		command_grow(&fixture->commands, 4);
		assert_true(init(fixture));
		assert_clean(fixture);
		assert_int_equal(fixture->firmware->buffer_state.slots[3].blocks, 12);

		/* To another buffer is not. */
		va = command_private(&fixture->commands, 0xc0);
		memcpy(image_at(&fixture->image, va),
		       image_at(&fixture->image, fixture->commands.info), 0xc0);
		other = right_init(fixture);
		other.buffer = va;
		assert_true(init_with(fixture, &other));
		assert_one(fixture, AGX_FINDING_BUFFER_LIVE);
		end_fragment(fixture, scene, false);

		/* And now the slot holds another than the command says. */
		scene = command_scene(&fixture->commands);
		assert_true(begin(fixture, scene, false));
		assert_one(fixture, AGX_FINDING_BUFFER_OTHER);
		end_fragment(fixture, scene, false);

		/* A freed slot may be given to whom it may. */
		assert_true(init(fixture));
		assert_true(init_with(fixture, &other));
		assert_clean(fixture);
		tear_down(fixture);
	}
}

static void test_scenes(void **state)
{
	FOR_VARIANTS(v)
	{
		struct fixture *fixture = set_up(v);
		uint64_t scene = command_scene(&fixture->commands);

		assert_true(init(fixture));
		assert_true(begin(fixture, scene, false));
		assert_clean(fixture);
		assert_true(begin(fixture, scene, false));
		assert_one(fixture, AGX_FINDING_SCENE_LIVE);
		/* The vertex command fails; the fragment command still comes. */
		fixture->ops->buffer_drop(fixture->firmware, &fixture->command);
		load(fixture, AGX_GPU_FRAGMENT, scene, false);
		assert_true(fixture->ops->check_command(fixture->firmware, &fixture->command));
		assert_clean(fixture);
		end_fragment(fixture, scene, false);
		/* The vertex command is killed before it has begun. */
		load(fixture, AGX_GPU_VERTEX, scene, false);
		fixture->ops->buffer_drop(fixture->firmware, &fixture->command);
		load(fixture, AGX_GPU_FRAGMENT, scene, false);
		assert_true(fixture->ops->check_command(fixture->firmware, &fixture->command));
		assert_clean(fixture);
		end_fragment(fixture, scene, false);
		/* Without a vertex command. */
		load(fixture, AGX_GPU_FRAGMENT, scene, false);
		assert_true(fixture->ops->check_command(fixture->firmware, &fixture->command));
		assert_one(fixture, AGX_FINDING_SCENE_UNKNOWN);

		image_set(&fixture->image, "scene", scene, "unk_20", 1);
		assert_true(begin(fixture, scene, false));
		assert_one(fixture, AGX_FINDING_SCENE_VALUE);
		end_fragment(fixture, scene, false);
		image_set(&fixture->image, "scene", scene, "unk_20", 0);
		image_set(&fixture->image, "scene", scene, "user_buffer", 0x6000000000);
		load(fixture, AGX_GPU_VERTEX, command_scene(&fixture->commands), false);
		fixture->start.scene = scene;
		assert_true(fixture->ops->buffer_begin(fixture->firmware, &fixture->command,
						       &fixture->start, &fixture->tvb));
		assert_one(fixture, AGX_FINDING_COMMAND_GPU_ADDRESS);
		tear_down(fixture);
	}
}

static void test_overflow(void **state)
{
	FOR_VARIANTS(v)
	{
		struct fixture *fixture = set_up(v);
		uint64_t scene = command_scene(&fixture->commands);
		enum buffer_answer answer;

		assert_true(init(fixture));
		assert_true(begin(fixture, scene, false));
		answer = fixture->ops->buffer_overflow(fixture->firmware, &fixture->command,
						       &fixture->start, 32);
		assert_int_equal(answer, BUFFER_PARTIAL);
		assert_int_equal(stats_of(fixture)->overflow_count, 1);
		end_fragment(fixture, scene, true);
		assert_int_equal(image_get(&fixture->image, "scene", scene, "pass_page_count"), 0);
		assert_true(fixture->ops->buffer_resume(fixture->firmware, &fixture->command,
							&fixture->start, &fixture->tvb));
		end_vertex(fixture, scene, 10);
		assert_int_equal(image_get(&fixture->image, "scene", scene, "total_page_count"),
				 42);
		assert_int_equal(stats_of(fixture)->max_pages, 42);
		end_fragment(fixture, scene, false);

		/* With growth. */
		scene = command_scene(&fixture->commands);
		assert_true(begin(fixture, scene, true));
		answer = fixture->ops->buffer_overflow(fixture->firmware, &fixture->command,
						       &fixture->start, 32);
		assert_int_equal(answer, BUFFER_GROW);
		command_grow(&fixture->commands, 10);
		fixture->ops->buffer_grown(fixture->firmware, CONTEXT, 3, 0);
		assert_true(fixture->ops->buffer_resume(fixture->firmware, &fixture->command,
							&fixture->start, &fixture->tvb));
		assert_int_equal(fixture->tvb.page_count, 18 * 4);
		assert_clean(fixture);

		/* The driver says that there is more, and there is not. */
		command_grow(&fixture->commands, 1);
		((struct agx_block_control *)image_at(&fixture->image, fixture->commands.block_ctl))
			->wptr++;
		fixture->ops->buffer_grown(fixture->firmware, CONTEXT, 3, 0);
		assert_one(fixture, AGX_FINDING_BUFFER_COUNT);
		tear_down(fixture);
	}
}

/* Growth during a render: the driver leaves the counts of the buffer alone. */
static void test_growth_while_in_use(void **state)
{
	struct fixture *fixture = set_up(AGX_FW_VARIANT_G13_V12_3);
	uint64_t scene = command_scene(&fixture->commands);

	assert_true(init(fixture));
	assert_true(begin(fixture, scene, false));
	command_grow(&fixture->commands, 64);
	assert_int_equal(
		image_get(&fixture->image, "buffer_info", fixture->commands.info, "block_count"),
		COMMAND_BLOCKS);
	assert_true(init(fixture));
	assert_clean(fixture);
	assert_true(fixture->ops->buffer_resume(fixture->firmware, &fixture->command,
						&fixture->start, &fixture->tvb));
	assert_int_equal(fixture->tvb.page_count, 72 * 4);
	/* The driver has gone on since the command was made. */
	command_grow(&fixture->commands, 1);
	fixture->commands.blocks--;
	assert_true(init(fixture));
	assert_clean(fixture);
	tear_down(fixture);
}

static void test_many_scenes(void **state)
{
	struct fixture *fixture = set_up(AGX_FW_VARIANT_G14_V13_5);
	const struct place place = {0, "scene", NULL};

	for (uint64_t i = 1; i <= MAX_SCENES; i++)
		assert_non_null(buffers_scene_begin(fixture->firmware, &place, i * 0x80, 3));
	assert_null(buffers_scene_begin(fixture->firmware, &place, 0x1000000, 3));
	assert_int_equal(fixture->image.errors, 1);
	for (uint64_t i = 1; i <= MAX_SCENES; i++) {
		struct scene *scene = buffers_scene(fixture->firmware, i * 0x80);

		assert_non_null(scene);
		assert_true(scene->va == i * 0x80);
	}
	for (uint64_t i = MAX_SCENES; i > 0; i--)
		buffers_scene_end(fixture->firmware, buffers_scene(fixture->firmware, i * 0x80));
	assert_int_equal(fixture->firmware->buffer_state.slots[3].scenes, 0);
	assert_null(buffers_scene(fixture->firmware, 0x80));
	assert_non_null(buffers_scene_begin(fixture->firmware, &place, 0x80, 3));
	assert_clean(fixture);
	tear_down(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_render),
		cmocka_unit_test(test_bad_buffer),
		cmocka_unit_test(test_bad_init),
		cmocka_unit_test(test_too_many_blocks),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_growth_while_in_use),
		cmocka_unit_test(test_many_scenes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
