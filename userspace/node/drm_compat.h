/* SPDX-License-Identifier: MIT */
/* Generic DRM ioctls that are newer than the drm.h of libdrm 2.4.110. */
#ifndef AGX_DRM_COMPAT_H
#define AGX_DRM_COMPAT_H

#include "drm.h"

/* Linux 6.13 */
#ifndef DRM_IOCTL_SET_CLIENT_NAME
#define DRM_CLIENT_NAME_MAX_LEN 64
struct drm_set_client_name {
	__u64 name_len;
	__u64 name;
};
#define DRM_IOCTL_SET_CLIENT_NAME DRM_IOWR(0xD1, struct drm_set_client_name)
#endif

#endif
