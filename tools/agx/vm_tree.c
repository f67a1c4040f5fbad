// SPDX-License-Identifier: MIT
/*
 * What the boot loader leaves in the device tree, for a machine that has none.
 *
 * Names, forms and cells: linux: Documentation/devicetree/bindings/gpu/apple,agx.yaml (upstream);
 * AsahiLinux/linux: arch/arm64/boot/dts/apple/ (downstream); AsahiLinux/m1n1: src/kboot_gpu.c. The
 * node has neither registers nor a mailbox: the property agx,virtual-mailbox takes their place
 * (firmware-interface/virtual.h).
 */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "agx_device.h"
#include "vm.h"

struct tree {
	void *fdt;
	int err;          /* of libfdt, the first */
	const char *what; /* where it came up */
	uint32_t handles; /* the highest phandle in use */
};

static const struct {
	const char *soc, *upstream[3], *downstream[4];
} compatibles[] = {
	{"t8103", {"apple,agx-g13g"}, {"apple,agx-t8103", "apple,agx-g13g"}},
	{"t8112", {"apple,agx-g14g"}, {"apple,agx-t8112", "apple,agx-g14g"}},
	{"t6000", {"apple,agx-g13s"}, {"apple,agx-t6000", "apple,agx-g13s"}},
	{"t6001",
	 {"apple,agx-g13c", "apple,agx-g13s"},
	 {"apple,agx-t6001", "apple,agx-g13c", "apple,agx-g13s"}},
	{"t6002",
	 {"apple,agx-g13d", "apple,agx-g13s"},
	 {"apple,agx-t6002", "apple,agx-g13d", "apple,agx-g13s"}},
	{"t6020", {"apple,agx-g14s"}, {"apple,agx-t6020", "apple,agx-g14s"}},
	{"t6021", {"apple,agx-g14c", "apple,agx-g14s"}, {"apple,agx-t6021", "apple,agx-g14x"}},
	{"t6022", {"apple,agx-g14d", "apple,agx-g14s"}, {"apple,agx-t6022", "apple,agx-g14x"}},
};

static void check(struct tree *tree, int ret, const char *what)
{
	if (ret < 0 && !tree->err) {
		tree->err = ret;
		tree->what = what;
	}
}

static int node(struct tree *tree, int parent, const char *name)
{
	int offset = tree->err ? -1 : fdt_subnode_offset(tree->fdt, parent, name);

	if (!tree->err && offset == -FDT_ERR_NOTFOUND)
		offset = fdt_add_subnode(tree->fdt, parent, name);
	check(tree, offset, name);
	return offset;
}

/* Offsets move with every change before them: nodes are named by their paths. */
static int find(struct tree *tree, const char *path)
{
	int offset = tree->err ? -1 : fdt_path_offset(tree->fdt, path);

	check(tree, offset, path);
	return offset;
}

static void set(struct tree *tree, const char *path, const char *name, const void *value, int size)
{
	int offset = find(tree, path);

	if (!tree->err)
		check(tree, fdt_setprop(tree->fdt, offset, name, value, size), name);
}

static void set_text(struct tree *tree, const char *path, const char *name, const char *text)
{
	set(tree, path, name, text, (int)strlen(text) + 1);
}

/* A list of strings, ended by NULL. */
static void set_texts(struct tree *tree, const char *path, const char *name,
		      const char *const *texts)
{
	char list[256];
	size_t used = 0;

	for (; *texts && used + strlen(*texts) < sizeof(list); texts++) {
		memcpy(list + used, *texts, strlen(*texts) + 1);
		used += strlen(*texts) + 1;
	}
	set(tree, path, name, list, (int)used);
}

static void set_cells(struct tree *tree, const char *path, const char *name, const uint32_t *values,
		      unsigned int count)
{
	fdt32_t cells[64];
	unsigned int i;

	for (i = 0; i < count && i < 64; i++)
		cells[i] = cpu_to_fdt32(values[i]);
	set(tree, path, name, cells, (int)(i * sizeof(cells[0])));
}

static void set_cell(struct tree *tree, const char *path, const char *name, uint32_t value)
{
	set_cells(tree, path, name, &value, 1);
}

/* Gives a node a phandle. */
static uint32_t handle(struct tree *tree, const char *path)
{
	set_cell(tree, path, "phandle", ++tree->handles);
	return tree->handles;
}

static uint32_t reserve(struct tree *tree, const char *name, uint64_t pa)
{
	const uint32_t reg[4] = {(uint32_t)(pa >> 32), (uint32_t)pa, 0, 0x4000};
	char path[64];

	node(tree, find(tree, "/reserved-memory"), name);
	snprintf(path, sizeof(path), "/reserved-memory/%s", name);
	set_cells(tree, path, "reg", reg, 4);
	set(tree, path, "no-map", NULL, 0);
	set_text(tree, path, "status", "okay");
	return handle(tree, path);
}

static void add_regions(struct tree *tree, const struct vm_regions *regions)
{
	static const char *const names[] = {"ttbs", "pagetables", "handoff", NULL};
	uint32_t handles[3];

	node(tree, 0, "reserved-memory");
	set_cell(tree, "/reserved-memory", "#address-cells", 2);
	set_cell(tree, "/reserved-memory", "#size-cells", 2);
	set(tree, "/reserved-memory", "ranges", NULL, 0);
	handles[0] = reserve(tree, "uat-ttbs", regions->ttbs);
	handles[1] = reserve(tree, "uat-pagetables", regions->pagetables);
	handles[2] = reserve(tree, "uat-handoff", regions->handoff);
	set_cells(tree, "/gpu", "memory-region", handles, 3);
	set_texts(tree, "/gpu", "memory-region-names", names);
}

/* A table of operating points; voltages of state i begin at mv(i). */
static uint32_t add_table(struct tree *tree, const char *name, const struct agx_power *power,
			  unsigned int count, unsigned int voltages,
			  void (*state)(const struct agx_power *power, unsigned int index,
					uint32_t *hz, uint32_t *mw, const uint16_t **mv))
{
	char path[64];
	unsigned int i, k;

	node(tree, 0, name);
	snprintf(path, sizeof(path), "/%s", name);
	set_text(tree, path, "compatible", "operating-points-v2");
	/* libfdt puts a new node before its siblings, and their order has a meaning. */
	for (i = count; i--;) {
		uint32_t uv[AGX_SOC_MAX_CLUSTERS], hz, mw, cells[2];
		const uint16_t *mv;
		char opp[96];

		state(power, i, &hz, &mw, &mv);
		snprintf(opp, sizeof(opp), "opp%02u", i);
		node(tree, find(tree, path), opp);
		snprintf(opp, sizeof(opp), "%s/opp%02u", path, i);
		cells[0] = 0;
		cells[1] = hz;
		set_cells(tree, opp, "opp-hz", cells, 2);
		for (k = 0; k < voltages && k < AGX_SOC_MAX_CLUSTERS; k++)
			uv[k] = mv[k] * 1000u;
		set_cells(tree, opp, "opp-microvolt", uv, k);
		if (mw != UINT32_MAX)
			set_cell(tree, opp, "opp-microwatt", mw * 1000);
	}
	return handle(tree, path);
}

static void main_state(const struct agx_power *power, unsigned int index, uint32_t *hz,
		       uint32_t *mw, const uint16_t **mv)
{
	*hz = power->pstates[index].freq_hz;
	*mw = power->pstates[index].power_mw;
	*mv = power->pstates[index].mv;
}

static void cs_state(const struct agx_power *power, unsigned int index, uint32_t *hz, uint32_t *mw,
		     const uint16_t **mv)
{
	*hz = power->cs[index].freq_hz;
	*mw = UINT32_MAX;
	*mv = power->cs[index].mv;
}

static void afr_state(const struct agx_power *power, unsigned int index, uint32_t *hz, uint32_t *mw,
		      const uint16_t **mv)
{
	*hz = power->afr[index].freq_hz;
	*mw = UINT32_MAX;
	*mv = power->afr[index].mv;
}

static void add_power(struct tree *tree, const struct agx_device *device)
{
	const struct agx_power *power = &device->power;
	const struct agx_soc *soc = device->soc;

	set_cell(tree, "/gpu", "operating-points-v2",
		 add_table(tree, "opp-table-gpu", power, power->count, soc->clusters, main_state));
	set_cell(tree, "/gpu", "apple,perf-base-pstate", power->base_pstate);
	set_cells(tree, "/gpu", "apple,core-leak-coef", power->core_leak, soc->clusters);
	set_cells(tree, "/gpu", "apple,sram-leak-coef", power->sram_leak, soc->clusters);
	if (!power->cs_count)
		return;
	set_cell(tree, "/gpu", "apple,cs-opp",
		 add_table(tree, "opp-table-gpu-cs", power, power->cs_count, soc->dies, cs_state));
	set_cell(tree, "/gpu", "apple,afr-opp",
		 add_table(tree, "opp-table-gpu-afr", power, power->afr_count, soc->dies,
			   afr_state));
	set_cells(tree, "/gpu", "apple,cs-leak-coef", power->cs_leak, soc->dies);
	set_cells(tree, "/gpu", "apple,afr-leak-coef", power->afr_leak, soc->dies);
}

static void add_gpu(struct tree *tree, const struct agx_device *device, enum vm_tree_form form)
{
	const uint32_t abi[3] = {device->firmware.major, device->firmware.minor,
				 device->firmware.patch};
	size_t i;

	for (i = 0; i < sizeof(compatibles) / sizeof(compatibles[0]); i++)
		if (!strcmp(compatibles[i].soc, device->soc->name))
			break;
	if (i == sizeof(compatibles) / sizeof(compatibles[0])) {
		check(tree, -FDT_ERR_BADVALUE, "compatible");
		return;
	}
	node(tree, 0, "gpu");
	set_texts(tree, "/gpu", "compatible",
		  form == VM_TREE_UPSTREAM ? compatibles[i].upstream : compatibles[i].downstream);
	set(tree, "/gpu", "agx,virtual-mailbox", NULL, 0);
	set_cells(tree, "/gpu", "apple,firmware-abi", abi, 3);
	if (form == VM_TREE_DOWNSTREAM) {
		set_cells(tree, "/gpu", "apple,firmware-compat", abi, 3);
		set_cells(tree, "/gpu", "apple,firmware-version", abi, 3);
		add_power(tree, device);
	}
	set_text(tree, "/gpu", "status", "okay");
	node(tree, 0, "aliases");
	set_text(tree, "/aliases", "gpu", "/gpu");
}

int vm_tree_edit(void *fdt, size_t capacity, const struct agx_device *device,
		 const struct vm_regions *regions, enum vm_tree_form form, char *error, size_t size)
{
	struct tree tree = {.fdt = fdt};

	check(&tree, fdt_open_into(fdt, fdt, (int)capacity), "the tree");
	if (!tree.err)
		tree.handles = fdt_get_max_phandle(fdt);
	if (!tree.err && tree.handles > UINT32_MAX - 64)
		check(&tree, -FDT_ERR_NOPHANDLES, "phandles");
	if (device) {
		add_gpu(&tree, device, form);
		add_regions(&tree, regions);
	}
	/* QEMU's own is mostly empty, and Linux does not take one of more than 2 MiB. */
	if (!tree.err)
		check(&tree, fdt_pack(fdt), "the tree");
	if (!tree.err)
		return 0;
	snprintf(error, size, "the device tree: %s: %s", tree.what, fdt_strerror(tree.err));
	return -EINVAL;
}
