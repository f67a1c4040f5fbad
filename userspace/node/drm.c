// SPDX-License-Identifier: MIT
/* Generic DRM ioctls about the driver and the client, as drivers/gpu/drm/drm_ioctl.c has them. */
#include <errno.h>
#include <string.h>

#include "drm_compat.h"
#include "node_internal.h"

/* Fills a string of DRM_IOCTL_VERSION: cut to the caller's room, but with its full length. */
static int copy_field(struct agx_node *node, char *user, __kernel_size_t *room, const char *value)
{
	size_t len = strlen(value), copied = len < *room ? len : *room;

	*room = len;
	if (!copied || !user)
		return 0;
	return agx_copy_to(node, (uintptr_t)user, value, copied);
}

long agx_ioctl_version(struct agx_file *file, void *arg)
{
	struct agx_node *node = file->node;
	struct drm_version *version = arg;
	int err;

	/* Name and description: jannau/linux drivers/gpu/drm/asahi/driver.rs. */
	version->version_major = 0;
	version->version_minor = 0;
	version->version_patchlevel = 0;
	err = copy_field(node, version->name, &version->name_len, "asahi");
	/* Drivers have no date since Linux 6.14; programs get this one. */
	if (!err)
		err = copy_field(node, version->date, &version->date_len, "0");
	if (!err)
		err = copy_field(node, version->desc, &version->desc_len, "Apple AGX Graphics");
	return err;
}

long agx_ioctl_get_cap(struct agx_file *file, void *arg)
{
	struct drm_get_cap *cap = arg;

	cap->value = 0;
	switch (cap->capability) {
	case DRM_CAP_TIMESTAMP_MONOTONIC:
	case DRM_CAP_SYNCOBJ:
	case DRM_CAP_SYNCOBJ_TIMELINE:
		cap->value = 1;
		return 0;
	case DRM_CAP_PRIME:
		cap->value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
		return 0;
	default: /* those of display drivers, and unknown ones */
		return -EOPNOTSUPP;
	}
}

long agx_ioctl_set_client_name(struct agx_file *file, void *arg)
{
	const struct drm_set_client_name *args = arg;
	char name[DRM_CLIENT_NAME_MAX_LEN];
	uint64_t i;
	int err;

	if (args->name_len > sizeof(name))
		return -EINVAL;
	err = agx_copy_from(file->node, name, args->name, args->name_len);
	if (err)
		return err;
	for (i = 0; i < args->name_len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return -EINVAL;
	memset(file->name, 0, sizeof(file->name));
	memcpy(file->name, name, args->name_len);
	return 0;
}
