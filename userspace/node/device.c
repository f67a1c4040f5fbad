// SPDX-License-Identifier: MIT
/* What the GPU is and what time it has: ASAHI_GET_PARAMS, ASAHI_GET_TIME. */
#include "agx_args.h"
#include "agx_chip.h"
#include "machine.h"
#include "node_internal.h"

long agx_ioctl_get_params(struct agx_file *file, void *arg)
{
	const struct drm_asahi_get_params *args = arg;
	struct agx_node *node = file->node;
	struct drm_asahi_params_global params;
	struct agx_reject why;
	int err = agx_check_get_params(args, &why);

	if (!err && agx_machine_is_lost(node->machine))
		err = agx_reject(&why, -ENODEV, "the firmware", "one that has not crashed", 0);
	if (err)
		return agx_log_reject(node, "ASAHI_GET_PARAMS", err, &why);

	/* The driver's default fault control makes faults soft. */
	agx_soc_params(node->soc, DRM_ASAHI_FEATURE_SOFT_FAULTS, &params);
	return agx_copy_to(node, args->pointer, &params,
			   args->size < sizeof(params) ? args->size : sizeof(params));
}

long agx_ioctl_get_time(struct agx_file *file, void *arg)
{
	struct drm_asahi_get_time *args = arg;
	struct agx_reject why;
	int err = agx_check_get_time(args, &why);

	if (err)
		return agx_log_reject(file->node, "ASAHI_GET_TIME", err, &why);
	/* As the GPU's timestamps: what its clock shows, in nanoseconds. */
	args->gpu_timestamp = agx_chip_ns(agx_chip_ticks(agx_node_now(file->node)));
	return 0;
}
