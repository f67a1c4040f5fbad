// SPDX-License-Identifier: MIT
/*
 * Which firmware is there, and whether its device can be described to kernel/core: by the blobs
 * that the boot loader made, or by power states.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_types.h"
#include "doctor_gpu.h"
#include "variant_ops.h"

#define FIRMWARE "firmware"

static void text_of_version(char text[48], const uint32_t *cells, size_t count)
{
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < count && i < 4; i++)
		used += (size_t)snprintf(text + used, 48 - used, "%s%" PRIu32, i ? "." : "",
					 cells[i]);
}

/* 0: it is there and not zero. */
static int read_version(const struct doctor_gpu *gpu, const char *name,
			struct agx_firmware_version *v, char text[48])
{
	uint32_t *cells;
	size_t count;
	int err = doctor_tree_cells(&gpu->tree, gpu->node, name, &cells, &count);

	if (err)
		return err;
	text_of_version(text, cells, count);
	if (count < 3 || count > 4)
		err = -EINVAL;
	else if (!cells[0] && !cells[1] && !cells[2])
		err = -ENODATA;
	else
		*v = (struct agx_firmware_version){cells[0], cells[1], cells[2]};
	free(cells);
	return err;
}

static void supported(const struct agx_soc *soc, char text[96])
{
	const struct agx_firmware_version *version;
	unsigned int i;
	size_t used = 0;

	text[0] = '\0';
	for (i = 0; (version = agx_soc_firmware(soc, i)) && used < 64; i++)
		used += (size_t)snprintf(text + used, 96 - used,
					 "%s%" PRIu32 ".%" PRIu32 ".%" PRIu32, i ? " or " : "",
					 version->major, version->minor, version->patch);
	snprintf(text + used, 96 - used, " on %s", soc->name);
}

/* False: there is no ABI that the module could speak. */
static bool check_firmware(struct doctor_gpu *gpu)
{
	struct agx_firmware_version version;
	struct doctor *d = gpu->doctor;
	char text[48] = "", other[48] = "", expected[96];
	const char *name = "apple,firmware-abi";
	int err = read_version(gpu, name, &version, text);

	supported(d->soc, expected);
	if (err) {
		/* An m1n1 older than the tree fills in the name that it knows. */
		if (!read_version(gpu, "apple,firmware-compat", &version, other)) {
			name = "apple,firmware-compat";
			memcpy(text, other, sizeof(text));
			err = 0;
		}
	}
	if (err) {
		doctor_add(d, DOCTOR_FAIL, FIRMWARE, "firmware ABI", expected, ADVICE_M1N1, "%s",
			   err == -ENODATA  ? "0.0.0: the boot loader did not fill it in"
			   : err == -ENOENT ? "neither apple,firmware-abi nor apple,firmware-compat"
					    : "a property that is not three or four cells");
		return false;
	}
	gpu->device.firmware = version;
	if (agx_device_variant(d->soc, &version) < 0) {
		doctor_add(
			d, DOCTOR_FAIL, FIRMWARE, "firmware ABI", expected,
			"the firmware belongs to the macOS version that the installer paired "
			"with this system; install the system anew with one of the versions named, "
			"nothing else changes it",
			"%s (%s%s%s)", text, name, d->installed_firmware ? ", macOS " : "",
			d->installed_firmware ? d->installed_firmware : "");
		return false;
	}
	doctor_add(d, DOCTOR_OK, FIRMWARE, "firmware ABI", NULL, NULL, "%s (%s%s%s)", text, name,
		   d->installed_firmware ? ", macOS " : "",
		   d->installed_firmware ? d->installed_firmware : "");
	return true;
}

/* 1: all three are there and large enough; 0: none is there; -EINVAL: anything else, reported. */
static int check_blobs(struct doctor_gpu *gpu)
{
	const struct agx_variant_ops *ops =
		agx_variant_ops(agx_device_variant(gpu->doctor->soc, &gpu->device.firmware));
	struct {
		const char *name, *size;
		uint64_t least;
		struct agx_blob *blob;
	} blobs[] = {
		{"hw-cal-a", "debug,hw-cal-a-size", ops->hwdata_a_size, &gpu->device.hwdata_a},
		{"hw-cal-b", "debug,hw-cal-b-size", ops->hwdata_b_size, &gpu->device.hwdata_b},
		{"globals", "debug,globals-size", ops->globals_size, &gpu->device.globals},
	};
	const char *why = NULL, *bad = NULL, *none = NULL, *fault = NULL;
	uint64_t address = 0, size = 0;
	unsigned int found = 0;
	uint32_t exact;
	size_t i;
	int err;

	for (i = 0; i < DOCTOR_COUNT(blobs); i++) {
		switch (doctor_gpu_region(gpu, blobs[i].name, &address, &size, &why)) {
		case DOCTOR_REGION_NONE:
			none = blobs[i].name;
			continue;
		case DOCTOR_REGION_BROKEN:
			bad = blobs[i].name;
			fault = why;
			continue;
		case DOCTOR_REGION_FOUND:
			break;
		}
		err = doctor_tree_cell(&gpu->tree, gpu->node, blobs[i].size, &exact);
		if (err == -ENOENT)
			exact = size < blobs[i].least ? (uint32_t)size : (uint32_t)blobs[i].least;
		if (address & (AGX_UAT_PAGE_SIZE - 1)) {
			bad = blobs[i].name;
			fault = "not in whole 16 KiB pages";
		} else if ((err && err != -ENOENT) || exact > size) {
			bad = blobs[i].name;
			fault = "its debug size is damaged, or larger than the region";
		} else if (exact < blobs[i].least) {
			bad = blobs[i].name;
			fault = "smaller than the structure of this firmware";
		} else {
			found++;
			blobs[i].blob->data = &doctor_gpu_mapped;
			blobs[i].blob->size = exact;
		}
	}
	if (found == DOCTOR_COUNT(blobs)) {
		doctor_add(gpu->doctor, DOCTOR_OK, FIRMWARE, "calibration blobs", NULL, NULL,
			   "hw-cal-a, hw-cal-b, globals, made by the boot loader");
		return 1;
	}
	if (!bad && !found)
		return 0;
	doctor_add(gpu->doctor, DOCTOR_FAIL, FIRMWARE, "calibration blobs",
		   "hw-cal-a, hw-cal-b and globals of the firmware's size, or none of them",
		   ADVICE_M1N1, "%s: %s", bad ? bad : none,
		   bad ? fault : "absent, though another is there");
	return -EINVAL;
}

static void read_leak(const struct doctor_gpu *gpu, const char *name, size_t want, agx_f32 *to,
		      const char **fault)
{
	uint32_t *cells;
	size_t count;

	if (doctor_tree_cells(&gpu->tree, gpu->node, name, &cells, &count)) {
		*fault = name;
		return;
	}
	if (count == want)
		memcpy(to, cells, want * sizeof(*to));
	else
		*fault = name;
	free(cells);
}

struct point {
	uint32_t freq_hz, power_mw;
	uint16_t mv[AGX_SOC_MAX_CLUSTERS];
};

/* The tables' nodes are direct children; tree->nodes has them in the order of their names. */
static size_t read_points(const struct doctor_gpu *gpu, const char *property, size_t voltages,
			  bool power, struct point *points, size_t limit, const char **fault)
{
	const char *table = NULL, *node;
	uint32_t *cells, microwatt = 0;
	size_t count, used = 0, i, j, length;

	if (doctor_tree_follow(&gpu->tree, gpu->node, property, &table)) {
		*fault = property;
		return 0;
	}
	length = strlen(table);
	for (i = 0; i < gpu->tree.count; i++) {
		node = gpu->tree.nodes[i].path;
		if (strncmp(node, table, length) || node[length] != '/' ||
		    strchr(node + length + 1, '/'))
			continue;
		if (used == limit) {
			*fault = "more operating points than there can be";
			return 0;
		}
		memset(&points[used], 0, sizeof(points[used]));
		if (doctor_tree_cells(&gpu->tree, node, "opp-hz", &cells, &count)) {
			*fault = "opp-hz";
			return 0;
		}
		if (count == 2 && !cells[0])
			points[used].freq_hz = cells[1];
		else
			*fault = "opp-hz";
		free(cells);
		if (doctor_tree_cells(&gpu->tree, node, "opp-microvolt", &cells, &count)) {
			*fault = "opp-microvolt";
			return 0;
		}
		if (count != voltages)
			*fault = "opp-microvolt: one for each cluster, or for each die";
		for (j = 0; j < count && j < voltages; j++) {
			if (cells[j] > 5000000)
				*fault = "opp-microvolt";
			else
				points[used].mv[j] = (uint16_t)(cells[j] / 1000);
		}
		free(cells);
		if (power && doctor_tree_cell(&gpu->tree, node, "opp-microwatt", &microwatt))
			*fault = "opp-microwatt";
		points[used].power_mw = microwatt / 1000;
		if (*fault)
			return 0;
		used++;
	}
	return used;
}

/* Fills device.power; NULL or what is wrong. */
static const char *read_power(struct doctor_gpu *gpu)
{
	const struct agx_soc *soc = gpu->doctor->soc;
	struct agx_power *power = &gpu->device.power;
	struct point points[AGX_MAX_PSTATES];
	const char *fault = NULL;
	size_t count, i;

	power->base_pstate = 1;
	if (doctor_tree_cell(&gpu->tree, gpu->node, "apple,perf-base-pstate",
			     &power->base_pstate) == -EINVAL)
		fault = "apple,perf-base-pstate";
	count = read_points(gpu, "operating-points-v2", soc->clusters, true, points,
			    AGX_MAX_PSTATES, &fault);
	for (i = 0; i < count; i++) {
		power->pstates[i].freq_hz = points[i].freq_hz;
		power->pstates[i].power_mw = points[i].power_mw;
		memcpy(power->pstates[i].mv, points[i].mv, sizeof(points[i].mv));
	}
	power->count = (uint32_t)count;
	read_leak(gpu, "apple,core-leak-coef", soc->clusters, power->core_leak, &fault);
	read_leak(gpu, "apple,sram-leak-coef", soc->clusters, power->sram_leak, &fault);
	if (soc->chip_id < 0x6020 || soc->chip_id > 0x6022)
		return fault;
	count = read_points(gpu, "apple,cs-opp", soc->dies, false, points, AGX_MAX_CS_PSTATES,
			    &fault);
	for (i = 0; i < count; i++) {
		power->cs[i].freq_hz = points[i].freq_hz;
		memcpy(power->cs[i].mv, points[i].mv, sizeof(power->cs[i].mv));
	}
	power->cs_count = (uint32_t)count;
	count = read_points(gpu, "apple,afr-opp", soc->dies, false, points, AGX_MAX_AFR_PSTATES,
			    &fault);
	for (i = 0; i < count; i++) {
		power->afr[i].freq_hz = points[i].freq_hz;
		memcpy(power->afr[i].mv, points[i].mv, sizeof(power->afr[i].mv));
	}
	power->afr_count = (uint32_t)count;
	read_leak(gpu, "apple,cs-leak-coef", soc->dies, power->cs_leak, &fault);
	read_leak(gpu, "apple,afr-leak-coef", soc->dies, power->afr_leak, &fault);
	return fault;
}

/* A virtual machine has no boot loader; the module then takes the SoC's own table. */
static void default_power(struct doctor_gpu *gpu)
{
	struct agx_device device;

	agx_device_default(gpu->doctor->soc, &gpu->device.firmware, &device);
	gpu->device.power = device.power;
}

/* Returns whether the device can be described: by the blobs, or by the power states. */
static bool check_power(struct doctor_gpu *gpu, bool blobs)
{
	struct doctor *d = gpu->doctor;
	const char *fault;

	if (!gpu->downstream && !doctor_gpu_has(gpu, "operating-points-v2")) {
		if (blobs)
			return true;
		if (gpu->virtual) {
			doctor_add(d, DOCTOR_OK, FIRMWARE, "power states", NULL, NULL,
				   "the module's own table, as the virtual machine has no others");
			default_power(gpu);
			return true;
		}
		doctor_add(d, DOCTOR_FAIL, FIRMWARE, "calibration blobs",
			   "hw-cal-a, hw-cal-b and globals, as a device tree of the upstream form "
			   "has no power states",
			   ADVICE_M1N1, "none");
		return false;
	}
	fault = read_power(gpu);
	if (fault)
		doctor_add(d, blobs ? DOCTOR_WARN : DOCTOR_FAIL, FIRMWARE, "power states",
			   "operating points and leakage for each cluster", ADVICE_TREE,
			   "absent or damaged: %s", fault);
	else
		doctor_add(
			d, DOCTOR_OK, FIRMWARE, "power states", NULL, NULL,
			"%" PRIu32 ", up to %" PRIu32 " MHz", gpu->device.power.count,
			gpu->device.power.count
				? gpu->device.power.pstates[gpu->device.power.count - 1].freq_hz /
					  1000000
				: 0);
	return blobs || !fault;
}

/* The last word is the driver core's own. */
static void check_core(struct doctor_gpu *gpu)
{
	const struct agx_soc *soc = gpu->doctor->soc;
	struct agx_reject why = {0};
	unsigned int i;

	gpu->device.soc = soc;
	gpu->device.id.revision = soc->revision;
	gpu->device.id.clusters = soc->clusters;
	gpu->device.id.cores_per_cluster = soc->cores_per_cluster;
	for (i = 0; i < soc->clusters; i++)
		gpu->device.id.core_masks[i] = soc->core_masks[i];
	if (agx_device_check(&gpu->device, &why))
		doctor_add(gpu->doctor, DOCTOR_FAIL, FIRMWARE, "driver core", why.expected,
			   "report it: the parts look right one by one", "%s: %#" PRIx64,
			   why.what ? why.what : "?", why.got);
	else
		doctor_add(gpu->doctor, DOCTOR_OK, FIRMWARE, "driver core", NULL, NULL,
			   "accepts this description of the device");
}

void doctor_firmware(struct doctor_gpu *gpu)
{
	int blobs;

	if (!check_firmware(gpu))
		return;
	blobs = check_blobs(gpu);
	if (blobs >= 0 && check_power(gpu, blobs > 0) && gpu->regions_ok)
		check_core(gpu);
}
