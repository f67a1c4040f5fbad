# SPDX-License-Identifier: MIT
"""Made-up machines: folders that look like /proc, /sys, /boot and /usr of a Mac, or of another.

A device tree is a dictionary: a node's properties are bytes, its children dictionaries. What the
nodes have is in docs/device-tree.md, with its sources.
"""
import gzip
import os
import shutil
import struct

SOCS = {
    # clusters, dies, upstream's compatible, downstream's, address space of the GPU
    "t8103": (1, 1, ["apple,agx-g13g"], ["apple,agx-t8103", "apple,agx-g13g"], 0x200000000),
    "t8112": (1, 1, ["apple,agx-g14g"], ["apple,agx-t8112", "apple,agx-g14g"], 0x200000000),
    "t6000": (2, 1, ["apple,agx-g13s"], ["apple,agx-t6000", "apple,agx-g13s"], 0x400000000),
    "t6001": (4, 1, ["apple,agx-g13c", "apple,agx-g13s"], ["apple,agx-t6001", "apple,agx-g13s"],
              0x400000000),
    "t6002": (8, 2, ["apple,agx-g13d", "apple,agx-g13s"],
              ["apple,agx-t6002", "apple,agx-g13d", "apple,agx-g13s"], 0x400000000),
    "t6020": (2, 1, ["apple,agx-g14s"], ["apple,agx-t6020", "apple,agx-g14x"], 0x400000000),
    "t6021": (4, 1, ["apple,agx-g14c", "apple,agx-g14s"],
              ["apple,agx-t6021", "apple,agx-g14x", "apple,agx-g14c", "apple,agx-g14s"],
              0x400000000),
    "t6022": (8, 2, ["apple,agx-g14d", "apple,agx-g14s"], ["apple,agx-t6022", "apple,agx-g14x"],
              0x400000000),
}

RELEASE = "6.16.8-400.asahi.fc42.aarch64+16k"

CONFIG = """# a comment
CONFIG_MODULES=y
CONFIG_ARM64_16K_PAGES=y
CONFIG_ARCH_APPLE=y
CONFIG_APPLE_MAILBOX=m
CONFIG_APPLE_RTKIT=m
CONFIG_APPLE_PMGR_PWRSTATE=y
CONFIG_PM=y
CONFIG_PCI=y
CONFIG_DRM=y
CONFIG_DRM_EXEC=m
CONFIG_DRM_GEM_SHMEM_HELPER=y
CONFIG_DRM_GPUVM=m
CONFIG_DRM_SCHED=m
CONFIG_SYNC_FILE=y
CONFIG_DEV_COREDUMP=y
CONFIG_TRACEPOINTS=y
CONFIG_DRM_ASAHI=m
# CONFIG_DRM_ASAHI_DEBUG_ALLOCATOR is not set
"""

RESERVED = (("uat-ttbs", 0x4000), ("uat-pagetables", 0x4000), ("uat-handoff", 0x4000),
            ("hw-cal-a", 0x8000), ("hw-cal-b", 0x8000), ("globals", 0x1c000))


def cells(*values):
    return struct.pack(f">{len(values)}I", *values)


def cells64(*values):
    return struct.pack(f">{len(values)}Q", *values)


def strings(*values):
    return b"".join(v.encode() + b"\0" for v in values)


def floats(*values):
    return struct.pack(f">{len(values)}f", *values)


def reserved_memory(base=0x9f0000000):
    nodes = {"#address-cells": cells(2), "#size-cells": cells(2), "ranges": b""}
    for i, (name, size) in enumerate(RESERVED):
        nodes[name] = {"phandle": cells(16 + i), "status": strings("okay"),
                       "reg": cells64(base, size)}
        base += size
    return nodes


def operating_points(frequencies, voltages, power):
    table = {"compatible": strings("operating-points-v2")}
    for i, hz in enumerate(frequencies):
        point = {"opp-hz": cells64(hz), "opp-microvolt": cells(*[400000 + 50000 * i] * voltages)}
        if power:
            point["opp-microwatt"] = cells(i * 3000000)
        table[f"opp{i:02}"] = point
    return table


def device_tree(soc="t8103", form="upstream", abi=(13, 5, 0)):
    clusters, dies, upstream, downstream, base = SOCS[soc]
    gpu = {
        "compatible": strings(*(upstream if form == "upstream" else downstream)),
        "reg": cells64(base + 0x6400000, 0x40000, base + 0x4000000, 0x1000000),
        "reg-names": strings("asc", "sgx"),
        "mboxes": cells(1),
        "power-domains": cells(2),
        "memory-region": cells(*range(16, 16 + len(RESERVED))),
        "memory-region-names": strings("ttbs", "pagetables", "handoff", "hw-cal-a", "hw-cal-b",
                                       "globals"),
        "apple,firmware-abi": cells(*abi),
    }
    bus = {"compatible": strings("simple-bus"), "#address-cells": cells(2),
           "#size-cells": cells(2), "ranges": b""}
    bus_name = "soc"
    if dies == 2:
        bus_name = "soc@200000000"
        bus["ranges"] = cells64(0x200000000, 0x200000000, 0x400000000,
                                0x700000000, 0x700000000, 0xf80000000)
    gpu_name = f"gpu@{base + 0x6400000:x}"
    bus[gpu_name] = gpu
    bus[f"mbox@{base + 0x6408000:x}"] = {
        "compatible": strings(f"apple,{soc}-asc-mailbox", "apple,asc-mailbox-v4"),
        "reg": cells64(base + 0x6408000, 0x4000), "phandle": cells(1), "#mbox-cells": cells(0),
    }
    bus["power-management@23b700000"] = {"power-controller@3c8": {
        "compatible": strings(f"apple,{soc}-pmgr-pwrstate", "apple,pmgr-pwrstate"),
        "#power-domain-cells": cells(0), "label": strings("gfx"), "phandle": cells(2),
    }}
    root = {
        "#address-cells": cells(2), "#size-cells": cells(2),
        "model": strings(f"A Mac with {soc}"),
        "compatible": strings("apple,j000", f"apple,{soc}", "apple,arm-platform"),
        "aliases": {"gpu": strings(f"/{bus_name}/{gpu_name}")},
        "chosen": {"asahi,m1n1-stage2-version": strings("v1.6.0"),
                   "asahi,os-fw-version": strings("13.5")},
        "reserved-memory": reserved_memory(),
        bus_name: bus,
    }
    if form == "downstream":
        gpu["apple,firmware-compat"] = cells(*abi)
        gpu["apple,firmware-version"] = cells(*abi)
        gpu["operating-points-v2"] = cells(3)
        gpu["apple,perf-base-pstate"] = cells(1)
        gpu["apple,core-leak-coef"] = floats(*[1200.0] * clusters)
        gpu["apple,sram-leak-coef"] = floats(*[20.0] * clusters)
        steps = [0, 396000000, 528000000, 720000000, 924000000, 1128000000, 1278000000]
        root["opp-table-gpu"] = operating_points(steps, clusters, True)
        root["opp-table-gpu"]["phandle"] = cells(3)
        if soc.startswith("t602"):
            steps[0] = 24
            for name, handle in (("cs", 4), ("afr", 5)):
                gpu[f"apple,{name}-opp"] = cells(handle)
                gpu[f"apple,{name}-leak-coef"] = floats(*[400.0] * dies)
                root[f"opp-table-gpu-{name}"] = operating_points(steps, dies, False)
                root[f"opp-table-gpu-{name}"]["phandle"] = cells(handle)
    return root


def virtual_tree(soc="t8103", form="upstream", abi=(13, 5, 0)):
    """As agx vm writes it: no registers, no mailbox, three regions, no blobs."""
    root = device_tree(soc, form, abi)
    gpu = gpu_of(root)
    for name in ("reg", "reg-names", "mboxes", "power-domains"):
        del gpu[name]
    gpu["agx,virtual-mailbox"] = b""
    gpu["memory-region"] = cells(16, 17, 18)
    gpu["memory-region-names"] = strings("ttbs", "pagetables", "handoff")
    for name in ("hw-cal-a", "hw-cal-b", "globals"):
        del root["reserved-memory"][name]
    root["compatible"] = strings("linux,dummy-virt")
    root["model"] = strings("linux,dummy-virt")
    del root["chosen"]
    return root


def gpu_of(root):
    """The GPU's node, through the alias as m1n1 finds it."""
    node = root
    for name in root["aliases"]["gpu"][1:-1].decode().split("/"):
        node = node[name]
    return node


def auxv(page_size):
    return struct.pack("<6Q", 3, 0x400040, 6, page_size, 0, 0)


def module_file(release=RELEASE):
    """As much of an asahi.ko as agx doctor looks at."""
    return (b"\x7fELF" + bytes(60) + b"license=Dual MIT/GPL\0vermagic=" + release.encode() +
            b" SMP preempt mod_unload aarch64\0name=asahi\0")


class Machine:
    """A Mac on which nothing is in the way; a test changes it, then calls write()."""

    def __init__(self, tree=None):
        self.tree = device_tree() if tree is None else tree
        self.tree_at = "sys/firmware/devicetree/base"
        self.files = {
            "proc/sys/kernel/osrelease": RELEASE + "\n",
            "proc/self/auxv": auxv(16384),
            "proc/cmdline": "BOOT_IMAGE=/vmlinuz ro modprobe.blacklist=foo,asahi quiet\n",
            "proc/meminfo": "MemTotal: 7900000 kB\nMemFree: 1 kB\nMemAvailable: 6000000 kB\n",
            "boot/config-" + RELEASE: CONFIG,
            f"lib/modules/{RELEASE}/modules.dep":
                "kernel/lib/foo.ko.xz:\n"
                "updates/dkms/asahi.ko.xz: kernel/drivers/gpu/drm/drm_gpuvm.ko.xz\n",
            f"lib/modules/{RELEASE}/modules.builtin": "kernel/drivers/gpu/drm/drm.ko\n",
            f"lib/modules/{RELEASE}/build/Makefile": "",
            "sys/module/module/parameters/sig_enforce": "N\n",
            "sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
            "usr/lib64/libgallium-25.1.4.so": "",
            "usr/share/vulkan/icd.d/asahi_icd.aarch64.json": "{}",
            "etc/modprobe.d/blacklist.conf": "# blacklist asahi\nblacklist pcspkr\n",
        }
        self.links = {"sys/class/drm/card0/device/driver": "../../../bus/drivers/apple-drm"}

    def write(self, root):
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        for path, text in self.files.items():
            if text is None:
                continue
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text.encode() if isinstance(text, str) else text)
        for path, target in self.links.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)
        if self.tree is not None:
            write_tree(os.path.join(root, self.tree_at), self.tree)


def write_tree(folder, node):
    os.makedirs(folder)
    for name, value in node.items():
        path = os.path.join(folder, name)
        if isinstance(value, dict):
            write_tree(path, value)
        else:
            with open(path, "wb") as file:
                file.write(value)


def compressed(text):
    return gzip.compress(text.encode(), mtime=0)
