// SPDX-License-Identifier: MIT
/*
 * Compute passes: one stream of launches for each.
 *
 * Barriers are Mesa's (src/asahi/libagx/libagx_dgc.h): one word with all bits that Mesa sets stands
 * behind each launch, unless a group of overlapping dispatches says that it is not wanted.
 */
#include "cmdbuf_internal.h"
#include "shader_internal.h"

#define RAW_MAX 1024

_Static_assert(RAW_MAX + AGX_CS_CDM_BARRIER_SIZE <= LIB_STREAM_ROOM, "raw words fit a piece");

/* Of the largest launch, with its barrier. */
#define LAUNCH_MAX                                                                           \
	(AGX_CS_CDM_LAUNCH_0_SIZE + AGX_CS_CDM_LAUNCH_1_SIZE + AGX_CS_CDM_LAUNCH_G14X_SIZE + \
	 AGX_CS_CDM_GLOBAL_SIZE_SIZE + AGX_CS_CDM_LOCAL_SIZE_SIZE + AGX_CS_CDM_BARRIER_SIZE)

int agx_compute_begin(struct agx_cmdbuf *cmdbuf, const struct agx_compute_pass *pass)
{
	static const struct agx_compute_pass usual;
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_NONE, "compute pass begin");

	if (!pass)
		pass = &usual;
	if (ret)
		return ret;
	ret = lib_cmdbuf_timestamps(cmdbuf, &pass->timestamps, &cmdbuf->compute.times);
	if (!ret)
		ret = lib_stream_begin(cmdbuf, false);
	if (ret)
		return ret;
	cmdbuf->compute.overlap_pass = pass->overlap;
	cmdbuf->compute.overlapping = false;
	cmdbuf->compute.dirty = false;
	cmdbuf->compute.stack = 0;
	cmdbuf->pass = LIB_PASS_COMPUTE;
	return 0;
}

int agx_compute_end(struct agx_cmdbuf *cmdbuf)
{
	struct drm_asahi_cmd_compute command = {0};
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "compute pass end");

	if (ret)
		return ret;
	if (cmdbuf->compute.overlapping)
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"compute pass end: an overlap group is still open");
	ret = lib_stream_end(cmdbuf);
	if (ret)
		return ret;
	cmdbuf->pass = LIB_PASS_NONE;
	command.cdm_ctrl_stream_base = cmdbuf->stream.start;
	command.cdm_ctrl_stream_end = cmdbuf->stream.first_end;
	command.ts = cmdbuf->compute.times;
	ret = lib_cmdbuf_scratch(cmdbuf, AGX_STAGE_COMPUTE, cmdbuf->compute.stack, &command.helper);
	if (ret)
		return ret;
	return lib_cmdbuf_command(cmdbuf, DRM_ASAHI_CMD_COMPUTE, &command, sizeof(command),
				  cmdbuf->compute.overlap_pass);
}

static inline uint8_t *put_barrier(uint8_t *at)
{
	struct agx_cs_cdm_barrier barrier;

	agx_cs_cdm_barrier_init(&barrier);
	agx_cs_cdm_barrier_pack(at, &barrier);
	return at + AGX_CS_CDM_BARRIER_SIZE;
}

static inline uint32_t or_one(uint32_t value)
{
	return value ? value : 1;
}

/* Threads of a group, of the dispatch or else of the shader. */
static int group_of(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
		    const struct agx_dispatch *dispatch, uint32_t group[3])
{
	const struct agx_shader_info *info = &shader->info;
	uint64_t threads;

	for (unsigned int i = 0; i < 3; i++) {
		group[i] = or_one(dispatch->group[i] ? dispatch->group[i] : info->group[i]);
		if (__builtin_expect(group[i] > LIB_GROUP_MAX, 0))
			goto too_many;
	}
	threads = (uint64_t)group[0] * group[1] * group[2];
	if (__builtin_expect(threads > LIB_GROUP_MAX, 0))
		goto too_many;
	if (__builtin_expect(threads > info->threads, 0))
		return lib_cmdbuf_error(cmdbuf, -EINVAL,
					"dispatch of %s: groups of %u threads with %u halves of "
					"registers do not fit a core, %u threads do",
					shader->name, (unsigned int)threads, info->registers,
					info->threads);
	return 0;
too_many:
	return lib_cmdbuf_error(cmdbuf, -EINVAL,
				"dispatch of %s: a group has at most %u threads, got %ux%ux%u",
				shader->name, LIB_GROUP_MAX,
				or_one(dispatch->group[0] ? dispatch->group[0] : info->group[0]),
				or_one(dispatch->group[1] ? dispatch->group[1] : info->group[1]),
				or_one(dispatch->group[2] ? dispatch->group[2] : info->group[2]));
}

static int check_address(struct agx_cmdbuf *cmdbuf, const struct agx_dispatch *dispatch)
{
	const uint32_t size = dispatch->mode == AGX_DISPATCH_INDIRECT
				      ? AGX_CS_GRID_ARGUMENTS_SIZE
				      : AGX_CS_GRID_LOCAL_ARGUMENTS_SIZE;

	if (__builtin_expect(dispatch->address % 4 || dispatch->address < cmdbuf->va_start ||
				     dispatch->address >= cmdbuf->va_end ||
				     size > cmdbuf->va_end - dispatch->address,
			     0))
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"indirect dispatch: expected an address that is a multiple of "
			"4, from 0x%llx to 0x%llx, got 0x%llx",
			(unsigned long long)cmdbuf->va_start, (unsigned long long)cmdbuf->va_end,
			(unsigned long long)dispatch->address);
	return 0;
}

static int check_bound(struct agx_cmdbuf *cmdbuf, const struct agx_bound *bound)
{
	if (!bound->shader || bound->generation != cmdbuf->generation)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"dispatch: what is bound was bound for another command buffer, "
			"or before a reset");
	return lib_cmdbuf_error(cmdbuf, -EINVAL,
				"dispatch of %s: expected a compute shader, got a "
				"%s one",
				bound->shader->name, lib_stage_name(bound->shader->info.stage));
}

/* Threads of the grid. */
static int grid_of(struct agx_cmdbuf *cmdbuf, const struct agx_dispatch *dispatch,
		   const uint32_t group[3], uint32_t grid[3])
{
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t threads = or_one(dispatch->size[i]);

		if (dispatch->mode == AGX_DISPATCH_GROUPS)
			threads *= group[i];
		if (__builtin_expect(threads > UINT32_MAX, 0))
			return lib_cmdbuf_error(
				cmdbuf, -EINVAL,
				"dispatch: %u groups of %u threads are more than %u "
				"threads in a dimension",
				dispatch->size[i], group[i], UINT32_MAX);
		grid[i] = (uint32_t)threads;
	}
	return 0;
}

static const enum agx_cs_cdm_mode modes[] = {
	[AGX_DISPATCH_THREADS] = AGX_CS_CDM_MODE_DIRECT,
	[AGX_DISPATCH_GROUPS] = AGX_CS_CDM_MODE_DIRECT,
	[AGX_DISPATCH_INDIRECT] = AGX_CS_CDM_MODE_INDIRECT_GLOBAL,
	[AGX_DISPATCH_INDIRECT_THREADS] = AGX_CS_CDM_MODE_INDIRECT_LOCAL,
};

static inline uint8_t *put_launch(uint8_t *at, const struct agx_cmdbuf *cmdbuf,
				  const struct agx_bound *bound, enum agx_cs_cdm_mode mode)
{
	struct agx_cs_cdm_launch_0 word_0;
	struct agx_cs_cdm_launch_1 word_1;

	/* The counts have the form of this word. */
	agx_cs_cdm_launch_0_unpack(&word_0, &bound->counts);
	word_0.mode = mode;
	agx_cs_cdm_launch_0_pack(at, &word_0);
	at += AGX_CS_CDM_LAUNCH_0_SIZE;
	agx_cs_cdm_launch_1_init(&word_1);
	word_1.pipeline = bound->pipeline;
	agx_cs_cdm_launch_1_pack(at, &word_1);
	at += AGX_CS_CDM_LAUNCH_1_SIZE;
	if (cmdbuf->g14x) {
		struct agx_cs_cdm_launch_g14x more;

		agx_cs_cdm_launch_g14x_init(&more);
		agx_cs_cdm_launch_g14x_pack(at, &more);
		at += AGX_CS_CDM_LAUNCH_G14X_SIZE;
	}
	return at;
}

int agx_compute_dispatch(struct agx_cmdbuf *cmdbuf, const struct agx_bound *bound,
			 const struct agx_dispatch *dispatch)
{
	uint32_t group[3], grid[3];
	enum agx_cs_cdm_mode mode;
	uint8_t *at;
	int ret;

	ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "dispatch");
	if (ret)
		return ret;
	if (__builtin_expect(!bound->shader || bound->generation != cmdbuf->generation ||
				     bound->shader->info.stage != AGX_STAGE_COMPUTE,
			     0))
		return check_bound(cmdbuf, bound);
	if (__builtin_expect((unsigned int)dispatch->mode > AGX_DISPATCH_INDIRECT_THREADS, 0))
		return lib_cmdbuf_error(cmdbuf, -EINVAL, "dispatch: there is no mode %u",
					(unsigned int)dispatch->mode);
	mode = modes[dispatch->mode];
	ret = group_of(cmdbuf, bound->shader, dispatch, group);
	if (!ret)
		ret = mode == AGX_CS_CDM_MODE_DIRECT ? grid_of(cmdbuf, dispatch, group, grid)
						     : check_address(cmdbuf, dispatch);
	if (!ret)
		ret = lib_stream_room(cmdbuf, LAUNCH_MAX);
	if (ret)
		return ret;

	at = put_launch(cmdbuf->stream.at, cmdbuf, bound, mode);
	if (mode == AGX_CS_CDM_MODE_DIRECT) {
		struct agx_cs_cdm_global_size size;

		agx_cs_cdm_global_size_init(&size);
		size.x = grid[0];
		size.y = grid[1];
		size.z = grid[2];
		agx_cs_cdm_global_size_pack(at, &size);
		at += AGX_CS_CDM_GLOBAL_SIZE_SIZE;
	} else {
		struct agx_cs_cdm_indirect indirect;

		agx_cs_cdm_indirect_init(&indirect);
		indirect.address = dispatch->address;
		agx_cs_cdm_indirect_pack(at, &indirect);
		at += AGX_CS_CDM_INDIRECT_SIZE;
	}
	if (mode != AGX_CS_CDM_MODE_INDIRECT_LOCAL) {
		struct agx_cs_cdm_local_size size;

		agx_cs_cdm_local_size_init(&size);
		size.x = group[0];
		size.y = group[1];
		size.z = group[2];
		agx_cs_cdm_local_size_pack(at, &size);
		at += AGX_CS_CDM_LOCAL_SIZE_SIZE;
	}
	cmdbuf->compute.stack |= bound->shader->stack;
	if (cmdbuf->compute.overlapping)
		cmdbuf->compute.dirty = true;
	else
		at = put_barrier(at);
	cmdbuf->stream.at = at;
	return 0;
}

int agx_compute_launch(struct agx_cmdbuf *cmdbuf, const struct agx_shader *shader,
		       const struct agx_bindings *bindings, const struct agx_dispatch *dispatch)
{
	struct agx_bound bound;
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "launch");

	if (!ret)
		ret = agx_cmdbuf_bind(cmdbuf, shader, bindings, &bound);
	return ret ? ret : agx_compute_dispatch(cmdbuf, &bound, dispatch);
}

static int barrier(struct agx_cmdbuf *cmdbuf)
{
	int ret = lib_stream_room(cmdbuf, AGX_CS_CDM_BARRIER_SIZE);

	if (ret)
		return ret;
	cmdbuf->stream.at = put_barrier(cmdbuf->stream.at);
	cmdbuf->compute.dirty = false;
	return 0;
}

int agx_compute_overlap_begin(struct agx_cmdbuf *cmdbuf)
{
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "overlap group begin");

	if (ret)
		return ret;
	if (cmdbuf->compute.overlapping)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"overlap group begin: one is open already, they do not nest");
	cmdbuf->compute.overlapping = true;
	return 0;
}

int agx_compute_overlap_end(struct agx_cmdbuf *cmdbuf)
{
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "overlap group end");

	if (ret)
		return ret;
	if (!cmdbuf->compute.overlapping)
		return lib_cmdbuf_error(cmdbuf, -EINVAL, "overlap group end: none is open");
	cmdbuf->compute.overlapping = false;
	return cmdbuf->compute.dirty ? barrier(cmdbuf) : 0;
}

int agx_compute_barrier(struct agx_cmdbuf *cmdbuf)
{
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "barrier");

	if (ret)
		return ret;
	/* Without a group there is one behind each dispatch already. */
	return cmdbuf->compute.dirty ? barrier(cmdbuf) : 0;
}

int agx_compute_raw(struct agx_cmdbuf *cmdbuf, const void *words, size_t size)
{
	int ret = lib_cmdbuf_recording(cmdbuf, LIB_PASS_COMPUTE, "raw words");

	if (ret)
		return ret;
	if (!words || !size || size % 4 || size > RAW_MAX)
		return lib_cmdbuf_error(
			cmdbuf, -EINVAL,
			"raw words: expected 4 to %u bytes, a multiple of 4, got %zu", RAW_MAX,
			size);
	ret = lib_stream_room(cmdbuf, (uint32_t)size);
	if (ret)
		return ret;
	memcpy(cmdbuf->stream.at, words, size);
	cmdbuf->stream.at += size;
	/* Nobody looks at what it was: a group's end puts its barrier behind it. */
	cmdbuf->compute.dirty = true;
	/* Nor what it launches: any of the shaders, perhaps. */
	cmdbuf->compute.stack |= cmdbuf->bound_stack[AGX_STAGE_COMPUTE];
	return 0;
}
