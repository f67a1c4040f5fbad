// SPDX-License-Identifier: MIT
/* Units that hang, fault or run out of memory: in front of the GPU that really does the work. */
#include <string.h>

#include "inject_internal.h"
#include "uat_walk.h"

/* An address that no program maps: the last page below the driver's own. */
#define FAULT_ADDRESS 0x7fffff4000ull

static const struct agx_gpu_ops *inner(struct agx_inject *inject)
{
	return inject->inner.gpu;
}

static void strike(struct agx_inject *inject, const struct rule *rule,
		   const struct agx_gpu_work *work)
{
	/* Units that access memory in each: VDM, PPP, and CDM (sgx.h). */
	static const uint8_t codes[AGX_GPU_UNITS] = {
		[AGX_GPU_VERTEX] = 0x08,
		[AGX_GPU_FRAGMENT] = 0x09,
		[AGX_GPU_COMPUTE] = 0xa2,
	};

	switch (rule->id) {
	case RULE_STICK:
		inject->stuck[work->unit] = true;
		break;
	case RULE_FAULT:
		inject->faulted[work->unit] = true;
		inject->fault[work->unit] = (struct agx_gpu_fault){
			.address = FAULT_ADDRESS,
			.context = work->context,
			.reason = AGX_FAULT_REASON_UNMAPPED,
			.read = true,
			.level = 3,
			.unit_code = codes[work->unit],
			.what = "injected fault",
		};
		break;
	case RULE_OVERFLOW:
		inject->overflown = true;
		break;
	case RULE_GROW:
		inject->grow = true;
		inject->grow_context = work->context;
		break;
	case RULE_CRASH:
		inject->crash = true;
		inject->stuck[work->unit] = true;
		break;
	default:
		break;
	}
}

static void start(void *gpu, const struct agx_gpu_work *work)
{
	struct agx_inject *inject = gpu;
	uint32_t strikes = inject_strike(inject, COUNT_START, work->unit);

	for (unsigned int i = 0; i < inject->rule_count; i++)
		if (strikes & 1u << i)
			strike(inject, &inject->rules[i], work);
	if (!inject->stuck[work->unit] && !inject->faulted[work->unit])
		inner(inject)->start(inject->inner.gpu_cookie, work);
	else if (inner(inject)->skip)
		inner(inject)->skip(inject->inner.gpu_cookie, work);
}

static enum agx_gpu_state state(void *gpu, enum agx_gpu_unit unit, struct agx_gpu_fault *fault)
{
	struct agx_inject *inject = gpu;

	if (inject->stuck[unit])
		return AGX_GPU_BUSY;
	if (inject->faulted[unit]) {
		*fault = inject->fault[unit];
		return AGX_GPU_FAULTED;
	}
	if (unit == AGX_GPU_VERTEX && inject->overflown)
		return AGX_GPU_OVERFLOW;
	return inner(inject)->state(inject->inner.gpu_cookie, unit, fault);
}

static void resume(void *gpu, const struct agx_gpu_tvb *tvb)
{
	struct agx_inject *inject = gpu;

	if (inject->overflown)
		inject->overflown = false;
	else
		inner(inject)->resume(inject->inner.gpu_cookie, tvb);
}

static void stop(void *gpu, enum agx_gpu_unit unit)
{
	struct agx_inject *inject = gpu;

	inject->stuck[unit] = false;
	inject->faulted[unit] = false;
	if (unit == AGX_GPU_VERTEX)
		inject->overflown = false;
	inner(inject)->stop(inject->inner.gpu_cookie, unit);
}

static uint32_t tvb_pages(void *gpu)
{
	struct agx_inject *inject = gpu;

	return inner(inject)->tvb_pages(inject->inner.gpu_cookie);
}

/* A unit that is stuck makes none. */
static uint64_t progress(void *gpu, enum agx_gpu_unit unit)
{
	struct agx_inject *inject = gpu;

	if (inject->stuck[unit])
		return 0;
	return inner(inject)->progress(inject->inner.gpu_cookie, unit);
}

static void skip(void *gpu, const struct agx_gpu_work *work)
{
	struct agx_inject *inject = gpu;

	if (inner(inject)->skip)
		inner(inject)->skip(inject->inner.gpu_cookie, work);
}

static void place(void *gpu, enum agx_gpu_unit unit, struct agx_gpu_place *where)
{
	struct agx_inject *inject = gpu;

	*where = (struct agx_gpu_place){.kind = AGX_GPU_AT_NOTHING};
	if (inner(inject)->place)
		inner(inject)->place(inject->inner.gpu_cookie, unit, where);
}

const struct agx_gpu_ops inject_gpu_ops = {
	.start = start,
	.state = state,
	.resume = resume,
	.stop = stop,
	.tvb_pages = tvb_pages,
	.progress = progress,
	.skip = skip,
	.place = place,
};
