// SPDX-License-Identifier: MIT
/* The device tree, against what kernel/linux reads; docs/device-tree.md has the sources. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_gpu.h"
#include "uat.h"

#define TREE "device tree"

#define ADVICE_DTB                                                                          \
	"use a kernel whose device trees have the GPU's node (Linux 6.17 or later, or the " \
	"distribution's Apple Silicon kernel) and run update-m1n1"

char doctor_gpu_mapped;

static const struct {
	const char *compatible;
	const char *soc;
	bool downstream;
} compatibles[] = {
	{"apple,agx-t8103", "t8103", true}, {"apple,agx-t8112", "t8112", true},
	{"apple,agx-t6000", "t6000", true}, {"apple,agx-t6001", "t6001", true},
	{"apple,agx-t6002", "t6002", true}, {"apple,agx-t6020", "t6020", true},
	{"apple,agx-t6021", "t6021", true}, {"apple,agx-t6022", "t6022", true},
	{"apple,agx-g13g", "t8103", false}, {"apple,agx-g14g", "t8112", false},
	{"apple,agx-g13s", "t6000", false}, {"apple,agx-g13c", "t6001", false},
	{"apple,agx-g13d", "t6002", false}, {"apple,agx-g14s", "t6020", false},
	{"apple,agx-g14c", "t6021", false}, {"apple,agx-g14d", "t6022", false},
};

/* "apple,agx-t8103 apple,agx-g13g", for display. */
static char *strings_text(const struct doctor_tree *tree, const char *node, const char *name)
{
	size_t size, i;
	char *data, *text;

	if (doctor_tree_strings(tree, node, name, &data, &size))
		return NULL;
	for (i = 0; i + 1 < size; i++)
		if (!data[i])
			data[i] = ' ';
	text = doctor_text(data, size - 1);
	free(data);
	return text;
}

static char *node_text(const char *node)
{
	return *node ? doctor_text(node, strlen(node)) : strdup("/");
}

static const struct agx_soc *soc_of(const char *compatible, bool *downstream)
{
	size_t i;

	for (i = 0; i < DOCTOR_COUNT(compatibles); i++) {
		if (strcmp(compatible, compatibles[i].compatible))
			continue;
		*downstream = compatibles[i].downstream;
		return agx_soc_find(compatibles[i].soc);
	}
	return NULL;
}

/* The SoC's GPU as Linux would match it: a node's first string is the most specific one. */
static const struct agx_soc *match(const struct doctor_tree *tree, const char *node,
				   bool *downstream)
{
	const struct agx_soc *soc = NULL;
	const char *string = NULL;
	size_t size;
	char *data;

	if (doctor_tree_strings(tree, node, "compatible", &data, &size))
		return NULL;
	while (!soc && (string = doctor_tree_next(data, size, string)))
		soc = soc_of(string, downstream);
	free(data);
	return soc;
}

static bool has_prefix(const struct doctor_tree *tree, const char *node, const char *prefix)
{
	const char *string = NULL;
	bool found = false;
	size_t size;
	char *data;

	if (doctor_tree_strings(tree, node, "compatible", &data, &size))
		return false;
	while (!found && (string = doctor_tree_next(data, size, string)))
		found = !strncmp(string, prefix, strlen(prefix));
	free(data);
	return found;
}

/* As m1n1 finds it, by the alias; else by what it says to be. */
static const char *find_gpu(const struct doctor_tree *tree)
{
	const char *node = NULL;
	size_t size, i;
	char *alias;

	if (!doctor_tree_strings(tree, "/aliases", "gpu", &alias, &size)) {
		for (i = 0; i < tree->count && !node; i++)
			if (!strcmp(tree->nodes[i].path, alias))
				node = tree->nodes[i].path;
		free(alias);
	}
	for (i = 0; i < tree->count && !node; i++)
		if (has_prefix(tree, tree->nodes[i].path, "apple,agx-"))
			node = tree->nodes[i].path;
	return node;
}

bool doctor_gpu_has(const struct doctor_gpu *gpu, const char *property)
{
	size_t size;
	char *data;

	if (doctor_tree_property(&gpu->tree, gpu->node, property, &data, &size))
		return false;
	free(data);
	return true;
}

/* What m1n1 says about itself and the firmware; only for the reader. */
static void read_chosen(struct doctor_gpu *gpu)
{
	struct doctor *d = gpu->doctor;

	d->model = strings_text(&gpu->tree, "", "model");
	d->boot_loader = strings_text(&gpu->tree, "/chosen", "asahi,m1n1-stage2-version");
	d->installed_firmware = strings_text(&gpu->tree, "/chosen", "asahi,os-fw-version");
}

static int check_machine(struct doctor_gpu *gpu)
{
	struct doctor *d = gpu->doctor;
	char *found = strings_text(&gpu->tree, "", "compatible");

	gpu->node = find_gpu(&gpu->tree);
	gpu->virtual = gpu->node && doctor_gpu_has(gpu, "agx,virtual-mailbox");
	if (gpu->virtual)
		d->machine = DOCTOR_VIRTUAL;
	else if (has_prefix(&gpu->tree, "", "apple,"))
		d->machine = DOCTOR_MAC;
	if (d->machine == DOCTOR_OTHER) {
		doctor_add(d, DOCTOR_FAIL, TREE, "machine",
			   "an Apple Silicon Mac, or the virtual machine of agx vm",
			   "nothing: the module is of no use here; agx run works on every machine",
			   "%s", found ? found : "a device tree whose root has no compatible");
		free(found);
		return -ENOENT;
	}
	doctor_add(d, DOCTOR_OK, TREE, "machine", NULL, NULL, "%s%s%s",
		   gpu->virtual ? "virtual machine, " : "", d->model ? d->model : "model not named",
		   d->boot_loader ? ""
		   : gpu->virtual ? ""
				  : ", m1n1's version not told");
	free(found);
	if (gpu->tree.cut)
		doctor_add(d, DOCTOR_WARN, TREE, "size", "fewer than 16384 nodes, 24 levels", NULL,
			   "more; the rest was not looked at");
	return 0;
}

static int check_node(struct doctor_gpu *gpu)
{
	struct doctor *d = gpu->doctor;
	char *text, *path;
	bool okay;

	if (!gpu->node) {
		doctor_add(d, DOCTOR_FAIL, TREE, "GPU node",
			   "/aliases/gpu, or a node compatible with apple,agx-*", ADVICE_DTB,
			   "none");
		return -ENODEV;
	}
	path = node_text(gpu->node);
	okay = doctor_tree_okay(&gpu->tree, gpu->node);
	text = strings_text(&gpu->tree, gpu->node, "status");
	doctor_add(d, okay ? DOCTOR_OK : DOCTOR_FAIL, TREE, "GPU node", "status \"okay\"",
		   ADVICE_M1N1 "; 1.5 disables the node of upstream device trees", "%s, status %s",
		   path ? path : "?",
		   text   ? text
		   : okay ? "okay (none)"
			  : "damaged");
	free(text);
	free(path);

	d->soc = match(&gpu->tree, gpu->node, &gpu->downstream);
	text = strings_text(&gpu->tree, gpu->node, "compatible");
	if (!d->soc) {
		doctor_add(d, DOCTOR_FAIL, TREE, "GPU compatible",
			   "one of apple,agx-{t8103,t8112,t600x,t602x} or -g13{g,s,c,d}, "
			   "-g14{g,s,c,d}",
			   "none: this GPU is not supported (M1 and M2 families are)", "%s",
			   text ? text : "no list of strings");
		free(text);
		return -ENODEV;
	}
	d->form = gpu->downstream ? "downstream" : "upstream";
	gpu->device.soc = d->soc;
	doctor_add(d, DOCTOR_OK, TREE, "GPU compatible", NULL, NULL, "%s: %s (%s), %s form", text,
		   d->soc->name, d->soc->product, d->form);
	free(text);
	return 0;
}

/* Does the root speak of the same SoC? Trees of virtual machines do not. */
static void check_root(struct doctor_gpu *gpu)
{
	struct doctor *d = gpu->doctor;
	char want[32], *text;

	if (gpu->virtual)
		return;
	snprintf(want, sizeof(want), "apple,%s", d->soc->name);
	text = strings_text(&gpu->tree, "", "compatible");
	doctor_add(d, doctor_tree_compatible(&gpu->tree, "", want) ? DOCTOR_OK : DOCTOR_WARN, TREE,
		   "root compatible", want, ADVICE_TREE, "%s", text ? text : "no list of strings");
	free(text);
	gpu->device.studio = doctor_tree_compatible(&gpu->tree, "", "apple,j375c") ||
			     doctor_tree_compatible(&gpu->tree, "", "apple,j475c");
}

static void check_registers(struct doctor_gpu *gpu)
{
	bool small = gpu->doctor->soc->chip_id >> 8 == 0x81;
	const struct {
		const char *name;
		uint64_t base, least;
	} ranges[] = {
		{"asc", small ? 0x206400000 : 0x406400000, 0x4000},
		{"sgx", small ? 0x204000000 : 0x404000000, 0x1000000},
	};
	char check[24], expected[64];
	uint64_t address, size;
	size_t i;
	int index, err;

	if (gpu->virtual)
		return;
	for (i = 0; i < DOCTOR_COUNT(ranges); i++) {
		/* doctor_add() keeps the pointer: constants only. */
		const char *name = i ? "registers sgx" : "registers asc";

		snprintf(check, sizeof(check), "%s", ranges[i].name);
		snprintf(expected, sizeof(expected), "%#" PRIx64 ", at least %#" PRIx64 " bytes",
			 ranges[i].base, ranges[i].least);
		index = doctor_tree_string_index(&gpu->tree, gpu->node, "reg-names", check);
		err = index < 0 ? index
				: doctor_tree_reg(&gpu->tree, gpu->node, (unsigned int)index,
						  &address, &size);
		if (err)
			doctor_add(gpu->doctor, DOCTOR_FAIL, TREE, name, expected, ADVICE_DTB,
				   index < 0        ? "no such entry of reg-names"
				   : err == -ERANGE ? "an address that a bus does not map"
						    : "a reg that has no such entry, or whose size "
						      "is not a multiple of an entry's");
		else if (size < ranges[i].least)
			doctor_add(gpu->doctor, DOCTOR_FAIL, TREE, name, expected, ADVICE_DTB,
				   "%#" PRIx64 ", %#" PRIx64 " bytes", address, size);
		else
			doctor_add(gpu->doctor, address == ranges[i].base ? DOCTOR_OK : DOCTOR_WARN,
				   TREE, name, expected, NULL, "%#" PRIx64 ", %#" PRIx64 " bytes",
				   address, size);
	}
}

static void check_mailbox(struct doctor_gpu *gpu)
{
	const char *to = NULL;
	bool right, okay;
	char *path;
	int err;

	if (gpu->virtual) {
		doctor_add(gpu->doctor, doctor_gpu_has(gpu, "mboxes") ? DOCTOR_FAIL : DOCTOR_OK,
			   TREE, "mailbox", "agx,virtual-mailbox without mboxes",
			   "take one of the two properties out of the device tree", "%s",
			   doctor_gpu_has(gpu, "mboxes") ? "both"
							 : "virtual (agx,virtual-mailbox)");
		return;
	}
	err = doctor_tree_follow(&gpu->tree, gpu->node, "mboxes", &to);
	if (err) {
		doctor_add(gpu->doctor, DOCTOR_FAIL, TREE, "mailbox",
			   "mboxes with the phandle of the coprocessor's mailbox", ADVICE_DTB, "%s",
			   err == -ENOENT ? "no mboxes" : "mboxes that lead nowhere");
		return;
	}
	right = doctor_tree_compatible(&gpu->tree, to, "apple,asc-mailbox-v4");
	okay = doctor_tree_okay(&gpu->tree, to);
	path = node_text(to);
	doctor_add(gpu->doctor, right && okay ? DOCTOR_OK : DOCTOR_FAIL, TREE, "mailbox",
		   "an enabled node compatible with apple,asc-mailbox-v4", ADVICE_DTB, "%s%s%s",
		   path ? path : "?", right ? "" : ", of another kind", okay ? "" : ", disabled");
	free(path);
}

static void check_power_domain(struct doctor_gpu *gpu)
{
	const char *to = NULL;
	bool right;
	char *path;
	int err;

	if (gpu->virtual)
		return;
	err = doctor_tree_follow(&gpu->tree, gpu->node, "power-domains", &to);
	if (err) {
		doctor_add(gpu->doctor, DOCTOR_FAIL, TREE, "power domain",
			   "power-domains with the phandle of the GPU's domain", ADVICE_DTB, "%s",
			   err == -ENOENT ? "no power-domains" : "power-domains that lead nowhere");
		return;
	}
	right = doctor_tree_compatible(&gpu->tree, to, "apple,pmgr-pwrstate") ||
		doctor_tree_compatible(&gpu->tree, to, "apple,t8103-pmgr-pwrstate");
	path = node_text(to);
	doctor_add(gpu->doctor, right && doctor_tree_okay(&gpu->tree, to) ? DOCTOR_OK : DOCTOR_WARN,
		   TREE, "power domain", "an enabled node compatible with apple,pmgr-pwrstate",
		   ADVICE_TREE, "%s%s", path ? path : "?", right ? "" : ", of another kind");
	free(path);
}

enum doctor_region doctor_gpu_region(const struct doctor_gpu *gpu, const char *name,
				     uint64_t *address, uint64_t *size, const char **why)
{
	int index = doctor_tree_string_index(&gpu->tree, gpu->node, "memory-region-names", name);
	const char *node = NULL;
	uint32_t *handles;
	size_t count;
	int err;

	*why = "not among memory-region-names";
	if (index == -ENOENT)
		return DOCTOR_REGION_NONE;
	*why = "memory-region-names that is no list of strings";
	if (index < 0)
		return DOCTOR_REGION_BROKEN;
	err = doctor_tree_cells(&gpu->tree, gpu->node, "memory-region", &handles, &count);
	*why = "memory-region that is no list of phandles";
	if (err)
		return DOCTOR_REGION_BROKEN;
	if ((size_t)index < count)
		node = doctor_tree_by_phandle(&gpu->tree, handles[index]);
	free(handles);
	*why = "memory-region that leads nowhere";
	if (!node)
		return DOCTOR_REGION_BROKEN;
	*why = "a disabled node: the boot loader did not fill it in";
	if (!doctor_tree_okay(&gpu->tree, node))
		return DOCTOR_REGION_NONE;
	err = doctor_tree_reg(&gpu->tree, node, 0, address, size);
	*why = "no reg: the boot loader did not fill it in";
	if (err == -ENOENT)
		return DOCTOR_REGION_NONE;
	*why = "a reg whose size is not a multiple of an entry's, or that no bus maps";
	if (err)
		return DOCTOR_REGION_BROKEN;
	*why = "reg = <0 0 0 0>: the boot loader did not fill it in";
	return *address || *size ? DOCTOR_REGION_FOUND : DOCTOR_REGION_NONE;
}

static const char *region_fault(const struct doctor_gpu *gpu, uint64_t address, uint64_t size,
				uint64_t least)
{
	uint64_t limit = 1ull << gpu->doctor->soc->output_address_bits;

	if (!address || address & (AGX_UAT_PAGE_SIZE - 1))
		return ", not in whole 16 KiB pages";
	if (size < least)
		return ", too small";
	if (address >= limit || size > limit - address)
		return ", beyond the SoC's addresses";
	return NULL;
}

static void check_regions(struct doctor_gpu *gpu)
{
	struct {
		const char *name, *check;
		uint64_t least;
		struct agx_region *region;
	} regions[] = {
		{"ttbs", "region ttbs", AGX_UAT_CONTEXTS * sizeof(struct agx_uat_ttbs),
		 &gpu->device.ttbs},
		{"pagetables", "region pagetables", AGX_UAT_PAGE_SIZE, &gpu->device.pagetables},
		{"handoff", "region handoff", sizeof(struct agx_handoff_block),
		 &gpu->device.handoff},
	};
	struct agx_region *a, *b;
	const char *why, *fault;
	uint64_t address = 0, size = 0;
	char expected[64];
	size_t i, j;

	gpu->regions_ok = true;
	for (i = 0; i < DOCTOR_COUNT(regions); i++) {
		snprintf(expected, sizeof(expected), "16 KiB pages, at least %#" PRIx64 " bytes",
			 regions[i].least);
		if (doctor_gpu_region(gpu, regions[i].name, &address, &size, &why) !=
		    DOCTOR_REGION_FOUND) {
			doctor_add(gpu->doctor, DOCTOR_FAIL, TREE, regions[i].check, expected,
				   gpu->virtual ? "start the machine with agx vm" : ADVICE_M1N1,
				   "%s", why);
			gpu->regions_ok = false;
			continue;
		}
		fault = region_fault(gpu, address, size, regions[i].least);
		gpu->regions_ok &= !fault;
		doctor_add(gpu->doctor, fault ? DOCTOR_FAIL : DOCTOR_OK, TREE, regions[i].check,
			   expected, gpu->virtual ? "start the machine with agx vm" : ADVICE_M1N1,
			   "%#" PRIx64 ", %#" PRIx64 " bytes%s", address, size, fault ? fault : "");
		regions[i].region->pa = address;
		regions[i].region->size = size;
		regions[i].region->cpu = &doctor_gpu_mapped;
	}
	for (i = 0; gpu->regions_ok && i < DOCTOR_COUNT(regions); i++) {
		for (j = 0; j < i; j++) {
			a = regions[i].region;
			b = regions[j].region;
			if (a->pa >= b->pa + b->size || b->pa >= a->pa + a->size)
				continue;
			doctor_add(gpu->doctor, DOCTOR_FAIL, TREE, "regions apart",
				   "regions that do not overlap", ADVICE_M1N1, "%s overlaps %s",
				   regions[i].name, regions[j].name);
			gpu->regions_ok = false;
		}
	}
}

int doctor_gpu(struct doctor *doctor)
{
	struct doctor_gpu gpu = {.doctor = doctor};
	int err;

	err = doctor_tree_open(&gpu.tree, doctor);
	if (err == -ENOENT) {
		doctor_add(doctor, DOCTOR_FAIL, TREE, "machine",
			   "an Apple Silicon Mac, or the virtual machine of agx vm",
			   "nothing: the module is of no use here; agx run works on every machine",
			   "a machine without a device tree, such as a PC");
		return -ENOENT;
	}
	if (err)
		return err;
	read_chosen(&gpu);
	err = check_machine(&gpu);
	if (!err && !check_node(&gpu)) {
		check_root(&gpu);
		check_registers(&gpu);
		check_mailbox(&gpu);
		check_power_domain(&gpu);
		check_regions(&gpu);
		doctor_firmware(&gpu);
	}
	doctor_tree_close(&gpu.tree);
	return err;
}
