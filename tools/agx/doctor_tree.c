// SPDX-License-Identifier: MIT
/*
 * Reading a device tree out of its folders. The format of properties is that of the Devicetree
 * Specification, chapters 2.2 to 2.4.
 */
#include "doctor_tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A Mac's tree has about 1500 nodes, 7 deep. */
#define NODE_LIMIT     16384
#define DEPTH_LIMIT    24
#define PROPERTY_LIMIT 65536

static uint32_t be32(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

int doctor_tree_property(const struct doctor_tree *tree, const char *node, const char *name,
			 char **data, size_t *size)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s%s/%s", tree->base, node, name);

	if (length < 0 || length >= PATH_MAX)
		return -ENAMETOOLONG;
	return doctor_read(tree->doctor, path, PROPERTY_LIMIT, data, size);
}

int doctor_tree_cells(const struct doctor_tree *tree, const char *node, const char *name,
		      uint32_t **cells, size_t *count)
{
	uint32_t *list;
	size_t size, i;
	char *data;
	int err = doctor_tree_property(tree, node, name, &data, &size);

	if (err)
		return err;
	if (size % 4) {
		free(data);
		return -EINVAL;
	}
	list = malloc(size ? size : 1);
	if (!list) {
		free(data);
		return -ENOMEM;
	}
	for (i = 0; i < size / 4; i++)
		list[i] = be32(data + i * 4);
	free(data);
	*cells = list;
	*count = size / 4;
	return 0;
}

int doctor_tree_cell(const struct doctor_tree *tree, const char *node, const char *name,
		     uint32_t *value)
{
	uint32_t *cells;
	size_t count;
	int err = doctor_tree_cells(tree, node, name, &cells, &count);

	if (err)
		return err;
	if (count == 1)
		*value = cells[0];
	free(cells);
	return count == 1 ? 0 : -EINVAL;
}

int doctor_tree_strings(const struct doctor_tree *tree, const char *node, const char *name,
			char **data, size_t *size)
{
	size_t i;
	char *text;
	int err = doctor_tree_property(tree, node, name, &text, size);

	if (err)
		return err;
	err = *size && !text[*size - 1] ? 0 : -EINVAL;
	for (i = 0; !err && i < *size; i++)
		if (text[i] && (text[i] < 0x20 || text[i] > 0x7e))
			err = -EINVAL;
	if (err) {
		free(text);
		return err;
	}
	*data = text;
	return 0;
}

const char *doctor_tree_next(const char *data, size_t size, const char *string)
{
	const char *next = string ? string + strlen(string) + 1 : data;

	return next < data + size ? next : NULL;
}

int doctor_tree_string_index(const struct doctor_tree *tree, const char *node, const char *name,
			     const char *string)
{
	const char *at = NULL;
	int index = 0, err;
	size_t size;
	char *data;

	err = doctor_tree_strings(tree, node, name, &data, &size);
	if (err)
		return err;
	while ((at = doctor_tree_next(data, size, at)) && strcmp(at, string))
		index++;
	free(data);
	return at ? index : -ENOENT;
}

bool doctor_tree_compatible(const struct doctor_tree *tree, const char *node, const char *with)
{
	return doctor_tree_string_index(tree, node, "compatible", with) >= 0;
}

bool doctor_tree_okay(const struct doctor_tree *tree, const char *node)
{
	size_t size;
	char *data;
	bool okay;
	int err = doctor_tree_strings(tree, node, "status", &data, &size);

	if (err)
		return err == -ENOENT;
	okay = !strcmp(data, "okay") || !strcmp(data, "ok");
	free(data);
	return okay;
}

const char *doctor_tree_by_phandle(const struct doctor_tree *tree, uint32_t phandle)
{
	size_t i;

	for (i = 0; i < tree->count; i++)
		if (tree->nodes[i].has_phandle && tree->nodes[i].phandle == phandle)
			return tree->nodes[i].path;
	return NULL;
}

int doctor_tree_follow(const struct doctor_tree *tree, const char *node, const char *name,
		       const char **to)
{
	uint32_t phandle;
	int err = doctor_tree_cell(tree, node, name, &phandle);

	if (err)
		return err == -ENOENT ? -ENOENT : -EINVAL;
	*to = doctor_tree_by_phandle(tree, phandle);
	return *to ? 0 : -EINVAL;
}

/* A number of cells as "#address-cells" has it; more than two do not fit an address. */
static int width(const struct doctor_tree *tree, const char *node, const char *name,
		 uint32_t otherwise, uint32_t *cells)
{
	int err = doctor_tree_cell(tree, node, name, cells);

	if (err == -ENOENT) {
		*cells = otherwise;
		err = 0;
	}
	return err || *cells > 2 ? -EINVAL : 0;
}

static uint64_t join(const uint32_t *cells, uint32_t count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 32 | *cells++;
	return value;
}

/* path without its last component, "" for a child of the root; false: path is the root. */
static bool parent_of(const char *path, char parent[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash || strlen(path) >= PATH_MAX)
		return false;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	return true;
}

/* One bus up: from an address of bus' children to one of its siblings. */
static int translate(const struct doctor_tree *tree, const char *bus, const char *above,
		     uint64_t *address, uint64_t size)
{
	uint32_t child, parent, length, *cells;
	uint64_t from, to, span;
	size_t count, step, i;
	int err = doctor_tree_cells(tree, bus, "ranges", &cells, &count);

	if (err)
		return err == -ENOENT ? -ERANGE : -EINVAL;
	if (!count) {
		free(cells);
		return 0;
	}
	err = width(tree, bus, "#address-cells", 2, &child);
	if (!err)
		err = width(tree, bus, "#size-cells", 1, &length);
	if (!err)
		err = width(tree, above, "#address-cells", 2, &parent);
	step = err ? 1 : child + parent + length;
	if (!err && (!step || count % step))
		err = -EINVAL;
	for (i = 0; !err && i < count; i += step) {
		from = join(cells + i, child);
		to = join(cells + i + child, parent);
		span = join(cells + i + child + parent, length);
		if (*address < from || size > span || *address - from > span - size)
			continue;
		*address = to + (*address - from);
		free(cells);
		return 0;
	}
	free(cells);
	return err ? err : -ERANGE;
}

int doctor_tree_reg(const struct doctor_tree *tree, const char *node, unsigned int index,
		    uint64_t *address, uint64_t *size)
{
	char bus[PATH_MAX], above[PATH_MAX];
	uint32_t wide, length, *cells;
	size_t count, step;
	int err;

	if (!parent_of(node, bus))
		return -EINVAL;
	err = width(tree, bus, "#address-cells", 2, &wide);
	if (!err)
		err = width(tree, bus, "#size-cells", 1, &length);
	if (err)
		return err;
	err = doctor_tree_cells(tree, node, "reg", &cells, &count);
	if (err)
		return err;
	step = wide + length;
	if (!step || count % step)
		err = -EINVAL;
	else if (index >= count / step)
		err = -ENOENT;
	if (!err) {
		*address = join(cells + index * step, wide);
		*size = join(cells + index * step + wide, length);
	}
	free(cells);
	while (!err && parent_of(bus, above)) {
		err = translate(tree, bus, above, address, *size);
		memcpy(bus, above, strlen(above) + 1);
	}
	return err;
}

static int add_node(struct doctor_tree *tree, const char *path)
{
	struct doctor_node *grown;
	struct doctor_node *node;

	if (!(tree->count & (tree->count - 1))) {
		grown = realloc(tree->nodes, (tree->count ? tree->count * 2 : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		tree->nodes = grown;
	}
	node = &tree->nodes[tree->count];
	node->path = strdup(path);
	if (!node->path)
		return -ENOMEM;
	node->has_phandle = !doctor_tree_cell(tree, path, "phandle", &node->phandle);
	tree->count++;
	return 0;
}

static int walk(struct doctor_tree *tree, char path[PATH_MAX], unsigned int depth)
{
	char full[PATH_MAX], **names;
	size_t count, i, length = strlen(path);
	struct stat st;
	int err;

	if (depth > DEPTH_LIMIT || tree->count >= NODE_LIMIT) {
		tree->cut = true;
		return 0;
	}
	err = add_node(tree, path);
	if (err)
		return err;
	snprintf(full, sizeof(full), "%s%s", tree->base, path);
	if (doctor_list(tree->doctor, full, &names, &count))
		return 0;
	for (i = 0; i < count && !err; i++) {
		if (snprintf(full, sizeof(full), "%s%s%s/%s", tree->doctor->sysroot, tree->base,
			     path, names[i]) >= PATH_MAX ||
		    length + 1 + strlen(names[i]) >= PATH_MAX)
			continue;
		/* lstat: the tree has no links, and a foreign folder may have any. */
		if (lstat(full, &st) || !S_ISDIR(st.st_mode))
			continue;
		path[length] = '/';
		memcpy(path + length + 1, names[i], strlen(names[i]) + 1);
		err = walk(tree, path, depth + 1);
		path[length] = '\0';
	}
	doctor_list_free(names, count);
	return err;
}

int doctor_tree_open(struct doctor_tree *tree, const struct doctor *doctor)
{
	static const char *const bases[] = {"/sys/firmware/devicetree/base", "/proc/device-tree"};
	char path[PATH_MAX] = "";
	size_t i;
	int err;

	memset(tree, 0, sizeof(*tree));
	tree->doctor = doctor;
	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (!doctor_exists(doctor, bases[i]))
			continue;
		tree->base = bases[i];
		err = walk(tree, path, 0);
		if (err)
			doctor_tree_close(tree);
		return err;
	}
	return -ENOENT;
}

void doctor_tree_close(struct doctor_tree *tree)
{
	while (tree->count)
		free(tree->nodes[--tree->count].path);
	free(tree->nodes);
	memset(tree, 0, sizeof(*tree));
}
