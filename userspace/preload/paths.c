// SPDX-License-Identifier: MIT
#include <string.h>

#include "paths.h"

/* If path is prefix, or goes on with a slash after it: what follows, else NULL. */
static const char *after(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(path, prefix, length))
		return NULL;
	path += length;
	return *path == '\0' || *path == '/' ? path : NULL;
}

/* Whether rest, which follows a directory, is the directory itself. */
static bool is_directory(const char *rest)
{
	while (*rest == '/')
		rest++;
	return *rest == '\0' || !strcmp(rest, ".") || !strcmp(rest, "..");
}

/* Whether rest is an entry of ours or below: a node's name, or its number. */
static bool is_entry(const char *rest, bool by_number)
{
	const struct preload_node *node = preload_config.node;
	size_t i;

	while (*rest == '/')
		rest++;
	for (i = 0; i < PRELOAD_NODES; i++)
		if (after(rest, by_number ? node[i].char_name : node[i].name))
			return true;
	return false;
}

static bool is_ours(const char *path)
{
	const char *rest;

	if ((rest = after(path, "/dev/dri")))
		return is_directory(rest) || is_entry(rest, false);
	if (strncmp(path, "/sys/", 5))
		return false;
	if ((rest = after(path, "/sys/dev/char")))
		return is_entry(rest, true);
	if ((rest = after(path, "/sys/class/drm")))
		return is_directory(rest) || is_entry(rest, false);
	return after(path, PATHS_SOC) != NULL;
}

const char *paths_redirect_slow(const char *path, struct path_buffer *buffer)
{
	size_t length;

	if (!is_ours(path))
		return path;
	length = strlen(path) + 1;
	if (length > sizeof(buffer->text) - preload_config.run_dir_length)
		return path;
	memcpy(buffer->text, preload_config.run_dir, preload_config.run_dir_length);
	memcpy(buffer->text + preload_config.run_dir_length, path, length);
	return buffer->text;
}

size_t paths_hidden_prefix(const char *result, size_t length)
{
	size_t prefix = preload_config.run_dir_length;

	if (!preload_active() || length <= prefix + 4 ||
	    memcmp(result, preload_config.run_dir, prefix) ||
	    (memcmp(result + prefix, "/dev", 4) && memcmp(result + prefix, "/sys", 4)))
		return 0;
	return prefix;
}

bool paths_names_node(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	return !strcmp(name, preload_config.node[PRELOAD_RENDER].name) ||
	       !strcmp(name, preload_config.node[PRELOAD_PRIMARY].name);
}
