// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DOC: the device tree
 *
 * The binding is Documentation/devicetree/bindings/gpu/apple,agx.yaml of Linux, and its elder that
 * Asahi's trees have, which adds performance states. What the boot loader fills in: AsahiLinux/m1n1:
 * src/kboot_gpu.c. A reserved region that it has left alone is disabled, or has no size.
 *
 * Regions are mapped as the Rust driver does (jannau/linux: drivers/gpu/drm/asahi/mmu.rs), as
 * normal memory by memremap(): some trees keep them out of the kernel's map of memory ("no-map"),
 * others do not.
 */
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/property.h>

#include "asahi_device.h"
#include "asahi_mailbox.h"
#include "sgx.h"
#include "uat.h"

/* Of a region, no more than this is mapped: it is more than any of them is used for. */
#define REGION_MAX SZ_1M

#define PROP_ABI    "apple,firmware-abi"
#define PROP_COMPAT "apple,firmware-compat"

static int read_firmware(struct asahi_device *adev)
{
	static const char *const names[] = {PROP_ABI, PROP_COMPAT};
	struct device *dev = adev->base.dev;
	unsigned int i;
	u32 words[3];

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		/* A fourth word tells beta versions apart, which share the others' ABI. */
		if (of_property_count_u32_elems(dev->of_node, names[i]) < 3 ||
		    of_property_read_u32_array(dev->of_node, names[i], words, 3))
			continue;
		if (!words[0] && !words[1] && !words[2])
			continue;
		adev->firmware = (struct agx_firmware_version){words[0], words[1], words[2]};
		if (agx_device_variant(adev->soc, &adev->firmware) >= 0)
			return 0;
		return dev_err_probe(dev, -ENODEV, "%s: the driver does not know %u.%u.%u of %s\n",
				     names[i], words[0], words[1], words[2], adev->soc->name);
	}
	return dev_err_probe(dev, -ENODEV,
			     "neither %s nor %s is filled in: the boot loader has to do that\n",
			     PROP_ABI, PROP_COMPAT);
}

/* --- Reserved memory --- */

static void unmap(struct drm_device *drm, void *cpu)
{
	memunmap(cpu);
}

/*
 * 0: *region is mapped up to most bytes. -ENOENT: there is none, or the boot loader has not made it;
 * no message.
 */
static int map_region(struct asahi_device *adev, const char *name, u64 most,
		      struct agx_region *region)
{
	struct device *dev = adev->base.dev;
	struct device_node *node;
	struct resource resource;
	int index, ret;
	void *cpu;

	index = of_property_match_string(dev->of_node, "memory-region-names", name);
	if (index < 0)
		return -ENOENT;
	node = of_parse_phandle(dev->of_node, "memory-region", index);
	if (!node)
		return dev_err_probe(dev, -EINVAL,
				     "memory-region-names has %s, memory-region not\n", name);
	ret = of_device_is_available(node) ? of_address_to_resource(node, 0, &resource) : -ENOENT;
	of_node_put(node);
	if (ret || !resource.start || !resource_size(&resource))
		return -ENOENT;
	if (resource.end < resource.start)
		return dev_err_probe(dev, -EINVAL, "region %s: %pR\n", name, &resource);

	region->pa = resource.start;
	region->size = min_t(u64, resource_size(&resource), most);
	cpu = memremap(region->pa, region->size, MEMREMAP_WB);
	if (!cpu)
		return dev_err_probe(dev, -ENOMEM, "region %s cannot be mapped: %pR\n", name,
				     &resource);
	region->cpu = cpu;
	return drmm_add_action_or_reset(&adev->base, unmap, cpu);
}

static int read_regions(struct asahi_device *adev, struct agx_device *device)
{
	struct device *dev = adev->base.dev;
	const struct {
		const char *name;
		u64 least;
		struct agx_region *region;
	} regions[] = {
		{"ttbs", AGX_UAT_CONTEXTS * sizeof(struct agx_uat_ttbs), &device->ttbs},
		{"pagetables", AGX_UAT_PAGE_SIZE, &device->pagetables},
		{"handoff", sizeof(struct agx_handoff_block), &device->handoff},
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		ret = map_region(adev, regions[i].name, REGION_MAX, regions[i].region);
		if (ret == -ENOENT)
			return dev_err_probe(dev, -ENODEV,
					     "the boot loader has not made the region %s\n",
					     regions[i].name);
		if (ret)
			return ret;
		if (regions[i].region->size < regions[i].least)
			return dev_err_probe(
				dev, -EINVAL, "region %s: expected at least %llu bytes, got %llu\n",
				regions[i].name, regions[i].least, regions[i].region->size);
	}
	return 0;
}

static int read_blob(struct asahi_device *adev, const char *name, struct agx_blob *blob)
{
	struct device *dev = adev->base.dev;
	struct agx_region region;
	char property[32];
	u32 size;
	int ret;

	ret = map_region(adev, name, REGION_MAX, &region);
	if (ret)
		return ret;
	snprintf(property, sizeof(property), "debug,%s-size", name);
	/* Without it: what is in the region is rounded up, so it is enough if it is the right thing. */
	if (of_property_read_u32(dev->of_node, property, &size))
		size = region.size;
	if (size > region.size)
		return dev_err_probe(dev, -EINVAL, "%s is %u bytes, the region %s has %llu\n",
				     property, size, name, region.size);
	blob->data = region.cpu;
	blob->size = size;
	return 0;
}

/* 0: all three. -ENOENT: none. */
static int read_blobs(struct asahi_device *adev, struct agx_device *device)
{
	struct device *dev = adev->base.dev;
	const struct {
		const char *name;
		struct agx_blob *blob;
	} blobs[] = {
		{"hw-cal-a", &device->hwdata_a},
		{"hw-cal-b", &device->hwdata_b},
		{"globals", &device->globals},
	};
	unsigned int i, found = 0;
	int ret;

	for (i = 0; i < ARRAY_SIZE(blobs); i++) {
		ret = read_blob(adev, blobs[i].name, blobs[i].blob);
		if (ret && ret != -ENOENT)
			return ret;
		found += !ret;
	}
	if (found && found < ARRAY_SIZE(blobs))
		return dev_err_probe(
			dev, -EINVAL,
			"the boot loader has made only %u of hw-cal-a, hw-cal-b, globals\n", found);
	return found ? 0 : -ENOENT;
}

/* --- Performance states, in Asahi's trees --- */

/* Where the values of an operating point go. */
struct point {
	u32 *freq_hz;
	u32 *power_mw; /* NULL: it has none */
	u16 *mv;
	unsigned int voltages;
};

static int read_point(struct device *dev, struct device_node *node, const struct point *point)
{
	u32 uv[AGX_SOC_MAX_CLUSTERS], uw;
	unsigned int i;
	u64 hz;

	if (of_property_read_u64(node, "opp-hz", &hz) || hz > U32_MAX)
		return dev_err_probe(dev, -EINVAL, "%pOF: opp-hz: expected up to 32 bits\n", node);
	if (of_property_count_u32_elems(node, "opp-microvolt") != point->voltages ||
	    of_property_read_u32_array(node, "opp-microvolt", uv, point->voltages))
		return dev_err_probe(dev, -EINVAL, "%pOF: opp-microvolt: expected %u numbers\n",
				     node, point->voltages);
	*point->freq_hz = hz;
	for (i = 0; i < point->voltages; i++) {
		if (uv[i] / 1000 > U16_MAX)
			return dev_err_probe(dev, -EINVAL, "%pOF: opp-microvolt: got %u\n", node,
					     uv[i]);
		point->mv[i] = uv[i] / 1000;
	}
	if (!point->power_mw)
		return 0;
	if (of_property_read_u32(node, "opp-microwatt", &uw))
		return dev_err_probe(dev, -EINVAL, "%pOF: opp-microwatt is missing\n", node);
	*point->power_mw = uw / 1000;
	return 0;
}

/* All points of a table. point gives the place of the index-th. */
static int read_points(struct asahi_device *adev, struct agx_power *power, const char *property,
		       unsigned int most, u32 *count,
		       struct point (*point)(struct asahi_device *adev, struct agx_power *power,
					     unsigned int index))
{
	struct device *dev = adev->base.dev;
	struct device_node *table, *node;
	struct point place;
	int ret = 0;

	table = of_parse_phandle(dev->of_node, property, 0);
	if (!table)
		return -ENOENT;
	*count = 0;
	for_each_child_of_node(table, node) {
		if (*count == most)
			ret = dev_err_probe(dev, -EINVAL, "%s has more than %u operating points\n",
					    property, most);
		if (!ret) {
			place = point(adev, power, *count);
			ret = read_point(dev, node, &place);
		}
		if (ret) {
			of_node_put(node);
			break;
		}
		++*count;
	}
	of_node_put(table);
	return ret;
}

static struct point main_point(struct asahi_device *adev, struct agx_power *power,
			       unsigned int index)
{
	struct agx_pstate *state = &power->pstates[index];

	return (struct point){&state->freq_hz, &state->power_mw, state->mv, adev->soc->clusters};
}

static struct point cs_point(struct asahi_device *adev, struct agx_power *power, unsigned int index)
{
	return (struct point){&power->cs[index].freq_hz, NULL, power->cs[index].mv,
			      adev->soc->dies};
}

static struct point afr_point(struct asahi_device *adev, struct agx_power *power,
			      unsigned int index)
{
	return (struct point){&power->afr[index].freq_hz, NULL, power->afr[index].mv,
			      adev->soc->dies};
}

/* IEEE 754 singles, each as its bits in a cell. */
static int read_floats(struct device *dev, const char *property, agx_f32 *values,
		       unsigned int count)
{
	unsigned int i;

	if (of_property_count_u32_elems(dev->of_node, property) != count ||
	    of_property_read_u32_array(dev->of_node, property, values, count))
		return dev_err_probe(dev, -EINVAL, "%s: expected %u numbers\n", property, count);
	for (i = 0; i < count; i++)
		if ((values[i] & 0x7f800000) == 0x7f800000 || values[i] & AGX_F32_SIGN)
			return dev_err_probe(dev, -EINVAL,
					     "%s: expected numbers from 0 on, got bits 0x%08x\n",
					     property, values[i]);
	return 0;
}

/* Into power, which holds defaults. -ENOENT: the tree has no performance states. */
static int read_power(struct asahi_device *adev, struct agx_power *power)
{
	const struct agx_soc *soc = adev->soc;
	struct device *dev = adev->base.dev;
	int ret;

	ret = read_points(adev, power, "operating-points-v2", AGX_MAX_PSTATES, &power->count,
			  main_point);
	if (ret)
		return ret;
	of_property_read_u32(dev->of_node, "apple,perf-base-pstate", &power->base_pstate);
	ret = read_floats(dev, "apple,core-leak-coef", power->core_leak, soc->clusters);
	if (!ret)
		ret = read_floats(dev, "apple,sram-leak-coef", power->sram_leak, soc->clusters);
	/* Clocks that have states of their own: the tables that the SoC's defaults have. */
	if (ret || !power->cs_count)
		return ret;
	ret = read_points(adev, power, "apple,cs-opp", AGX_MAX_CS_PSTATES, &power->cs_count,
			  cs_point);
	if (!ret)
		ret = read_points(adev, power, "apple,afr-opp", AGX_MAX_AFR_PSTATES,
				  &power->afr_count, afr_point);
	if (ret == -ENOENT)
		return dev_err_probe(dev, -EINVAL, "apple,cs-opp and apple,afr-opp are missing\n");
	if (!ret)
		ret = read_floats(dev, "apple,cs-leak-coef", power->cs_leak, soc->dies);
	if (!ret)
		ret = read_floats(dev, "apple,afr-leak-coef", power->afr_leak, soc->dies);
	return ret;
}

/* --- The whole --- */

int asahi_of_read(struct asahi_device *adev, struct agx_device *device)
{
	struct device *dev = adev->base.dev;
	const char *name = device_get_match_data(dev);
	int ret;

	adev->soc = name ? agx_soc_find(name) : NULL;
	if (!adev->soc)
		return dev_err_probe(dev, -ENODEV, "not a GPU that the driver knows\n");
	ret = read_firmware(adev);
	if (ret)
		return ret;
	agx_device_default(adev->soc, &adev->firmware, device);
	/* AsahiLinux/m1n1: rust/src/gpu/initdata.rs; these Macs have other limits. */
	device->studio =
		of_machine_is_compatible("apple,j375c") || of_machine_is_compatible("apple,j475c");
	ret = read_regions(adev, device);
	if (ret)
		return ret;

	ret = read_blobs(adev, device);
	if (ret == -ENOENT)
		ret = read_power(adev, &device->power);
	/* The virtual machine's power controller takes any numbers; a real one wants the chip's. */
	if (ret == -ENOENT && device_property_read_bool(dev, "agx,virtual-mailbox"))
		ret = 0;
	if (ret == -ENOENT)
		return dev_err_probe(
			dev, -ENODEV,
			"the boot loader has left neither hw-cal-a, hw-cal-b and globals nor operating points: m1n1 1.6.0 or later is needed\n");
	return ret;
}

static u32 read_id(struct asahi_device *adev, u32 offset)
{
	return adev->mailbox->ops->sgx_read(adev, offset);
}

int asahi_of_identify(struct asahi_device *adev, struct agx_device *device)
{
	bool g14x = adev->soc->generation == 14 && adev->soc->variant != 'G';
	struct agx_gpu_registers registers = {
		.id_version = read_id(adev, AGX_SGX_ID_VERSION),
		.id_counts_1 = read_id(adev, AGX_SGX_ID_COUNTS_1),
		.id_counts_2 = read_id(adev, AGX_SGX_ID_COUNTS_2),
		.id_clusters = read_id(adev, AGX_SGX_ID_CLUSTERS),
	};
	struct agx_reject why = {};
	unsigned int i;
	int ret;

	if (g14x) {
		for (i = 0; i < 3; i++)
			registers.core_mask[i] =
				read_id(adev, AGX_SGX_CORE_MASKS_G14X + i * sizeof(u32));
	} else {
		registers.core_mask[0] = read_id(adev, AGX_SGX_CORE_MASK_0);
		registers.core_mask[1] = read_id(adev, AGX_SGX_CORE_MASK_1);
	}
	drm_dbg(&adev->base, "ID registers: 0x%x 0x%x 0x%x 0x%x, core masks 0x%x 0x%x 0x%x\n",
		registers.id_version, registers.id_counts_1, registers.id_counts_2,
		registers.id_clusters, registers.core_mask[0], registers.core_mask[1],
		registers.core_mask[2]);
	ret = agx_gpu_identify(adev->soc, &registers, &device->id, &why);
	if (ret)
		return dev_err_probe(adev->base.dev, ret,
				     "GPU identification: %s: expected %s, got 0x%llx\n", why.what,
				     why.expected, why.got);
	return 0;
}
