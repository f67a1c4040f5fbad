/* SPDX-License-Identifier: MIT */
/*
 * Paths of the virtual node and of its sysfs entries lead into the run directory; all other
 * paths are left alone.
 *
 *   /dev/dri                                  the directory: real nodes (as links) and ours
 *   /dev/dri/renderDNNN, /dev/dri/cardN       ours only
 *   /sys/class/drm[/renderDNNN, cardN...]     likewise
 *   /sys/dev/char/226:NNN[/...]
 *   /sys/devices/platform/agx-soc[/...]
 */
#ifndef AGX_PRELOAD_PATHS_H
#define AGX_PRELOAD_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config.h"

/* Below the run directory: the devices of the SoC, and so of the virtual GPU alone. */
#define PATHS_SOC "/sys/devices/platform/agx-soc"

struct path_buffer {
	char text[PATH_MAX];
};

const char *paths_redirect_slow(const char *path, struct path_buffer *buffer);

/*
 * Where path leads: path itself, or a path in the run directory written to buffer. NULL and
 * other obviously bad pointers are returned as they are, for the kernel to refuse.
 */
static inline const char *paths_redirect(const char *path, struct path_buffer *buffer)
{
	if (!preload_active() || (unsigned long)path < 4096 || path[0] != '/' ||
	    (path[1] != 'd' && path[1] != 's'))
		return path;
	return paths_redirect_slow(path, buffer);
}

/*
 * A result that lies in the run directory, as the application should see it: moved forward by
 * the number of bytes returned (0: it does not lie there).
 */
size_t paths_hidden_prefix(const char *result, size_t length);

/* Whether path's last component is the name of one of the virtual nodes. */
bool paths_names_node(const char *path);

#endif
