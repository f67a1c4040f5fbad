#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx doctor on made-up machines: exactly the findings that each should have, and no others.

Usage: test_doctor.py AGX
"""
import json
import os
import subprocess
import sys
import tempfile

import machine
from machine import Machine, cells, cells64, device_tree, gpu_of, strings, virtual_tree

AGX = sys.argv[1]
CASES = []


def case(status, **findings):
    """exit status, and every finding that is not ok: check with _ for space -> level."""
    def add(function):
        CASES.append((function.__name__, function, status,
                      {name if name.startswith("CONFIG_") else name.replace("_", " "): level
                       for name, level in findings.items()}))
        return function
    return add


def option(name, level):
    return {"CONFIG_" + name: level}


# ---- nothing in the way

for soc in machine.SOCS:
    for form in ("upstream", "downstream"):
        CASES.append((f"good_{soc}_{form}", lambda s=soc, f=form: Machine(device_tree(s, f)), 0, {}))
for soc, abi in (("t8103", (12, 3, 0)), ("t8112", (12, 4, 0)), ("t6002", (12, 3, 0))):
    CASES.append((f"good_{soc}_{abi[0]}.{abi[1]}",
                  lambda s=soc, a=abi: Machine(device_tree(s, "upstream", a)), 0, {}))
for form in ("upstream", "downstream"):
    CASES.append((f"virtual_{form}", lambda f=form: Machine(virtual_tree("t6021", f)), 0, {}))


@case(0)
def good_proc_device_tree():
    m = Machine()
    m.tree_at = "proc/device-tree"
    return m


@case(0)
def good_config_gz():
    m = Machine()
    del m.files["boot/config-" + machine.RELEASE]
    m.files["proc/config.gz"] = machine.compressed(machine.CONFIG)
    return m


@case(0)
def good_this_module_loaded():
    m = Machine()
    m.files["sys/module/asahi/taint"] = "OE\n"
    del m.files[f"lib/modules/{machine.RELEASE}/modules.dep"]
    m.links["sys/bus/platform/devices/206400000.gpu/driver"] = "../../drivers/asahi"
    return m


@case(0, loaded_driver="warn")
def this_module_loaded_but_not_bound():
    m = Machine()
    m.files["sys/module/asahi/taint"] = "O\n"
    m.links["sys/bus/platform/devices/206400000.gpu/driver"] = "../../drivers/other"
    return m


@case(0)
def good_old_boot_loader_fills_compat_only():
    tree = device_tree("t8103", "downstream")
    gpu_of(tree)["apple,firmware-abi"] = cells(0, 0, 0)
    return Machine(tree)


@case(0)
def good_downstream_without_blobs():
    tree = device_tree("t6021", "downstream")
    gpu_of(tree)["memory-region"] = cells(16, 17, 18)
    gpu_of(tree)["memory-region-names"] = strings("ttbs", "pagetables", "handoff")
    return Machine(tree)


@case(0)
def good_without_alias():
    tree = device_tree()
    del tree["aliases"]
    return Machine(tree)


# ---- not a Mac

@case(2, machine="FAIL")
def pc_without_device_tree():
    m = Machine()
    m.tree = None
    return m


@case(2, machine="FAIL")
def another_arm_board():
    return Machine({"compatible": strings("raspberrypi,4-model-b", "brcm,bcm2711"),
                    "model": strings("Raspberry Pi 4")})


@case(2, machine="FAIL")
def empty_device_tree():
    return Machine({})


@case(1, GPU_node="FAIL")
def m3_without_gpu_node():
    tree = device_tree()
    tree["compatible"] = strings("apple,j504", "apple,t8122", "apple,arm-platform")
    del tree["aliases"], tree["soc"]
    return Machine(tree)


@case(1, GPU_compatible="FAIL")
def m3_with_gpu_node():
    tree = device_tree()
    gpu_of(tree)["compatible"] = strings("apple,agx-g15g")
    return Machine(tree)


# ---- device tree

@case(1, GPU_node="FAIL")
def boot_loader_disabled_gpu():
    tree = device_tree()
    gpu_of(tree)["status"] = strings("disabled")
    return Machine(tree)


@case(0, root_compatible="warn")
def tree_of_another_machine():
    tree = device_tree()
    tree["compatible"] = strings("apple,j413", "apple,t8112", "apple,arm-platform")
    return Machine(tree)


@case(1, region_handoff="FAIL")
def region_not_named():
    tree = device_tree()
    gpu_of(tree)["memory-region-names"] = strings("ttbs", "pagetables", "hand", "hw-cal-a",
                                                  "hw-cal-b", "globals")
    return Machine(tree)


@case(1, region_ttbs="FAIL")
def region_disabled():
    tree = device_tree()
    tree["reserved-memory"]["uat-ttbs"]["status"] = strings("disabled")
    return Machine(tree)


@case(1, region_ttbs="FAIL", region_pagetables="FAIL", region_handoff="FAIL")
def regions_not_filled_in():
    tree = device_tree("t8103", "downstream")
    for name in ("uat-ttbs", "uat-pagetables", "uat-handoff"):
        tree["reserved-memory"][name]["reg"] = cells(0, 0, 0, 0)
    return Machine(tree)


@case(1, region_pagetables="FAIL")
def region_unaligned():
    tree = device_tree()
    tree["reserved-memory"]["uat-pagetables"]["reg"] = cells64(0x9f1001000, 0x4000)
    return Machine(tree)


@case(1, region_ttbs="FAIL")
def region_too_small():
    tree = device_tree()
    tree["reserved-memory"]["uat-ttbs"]["reg"] = cells64(0x9e0000000, 0x3ff)
    return Machine(tree)


@case(1, region_ttbs="FAIL")
def region_beyond_addresses():
    tree = device_tree()
    tree["reserved-memory"]["uat-ttbs"]["reg"] = cells64(1 << 40, 0x4000)
    return Machine(tree)


@case(1, region_ttbs="FAIL")
def region_wraps():
    tree = device_tree()
    tree["reserved-memory"]["uat-ttbs"]["reg"] = cells64(0x9f0000000, 0xffffffffffffc000)
    return Machine(tree)


@case(1, regions_apart="FAIL")
def regions_overlap():
    tree = device_tree()
    tree["reserved-memory"]["uat-ttbs"]["reg"] = \
        tree["reserved-memory"]["uat-handoff"]["reg"]
    return Machine(tree)


@case(1, registers_sgx="FAIL")
def registers_not_named():
    tree = device_tree()
    gpu_of(tree)["reg-names"] = strings("asc")
    return Machine(tree)


@case(1, registers_asc="FAIL", registers_sgx="FAIL")
def bus_does_not_map_the_gpu():
    tree = device_tree("t6002")
    tree["soc@200000000"]["ranges"] = cells64(0x700000000, 0x700000000, 0xf80000000)
    return Machine(tree)


@case(0, registers_asc="warn", registers_sgx="warn")
def bus_maps_the_gpu_elsewhere():
    tree = device_tree("t6002")
    tree["soc@200000000"]["ranges"] = cells64(0x200000000, 0x2200000000, 0x400000000)
    return Machine(tree)


@case(1, mailbox="FAIL")
def mailbox_missing():
    tree = device_tree()
    del gpu_of(tree)["mboxes"]
    return Machine(tree)


@case(1, mailbox="FAIL")
def mailbox_phandle_leads_nowhere():
    tree = device_tree()
    gpu_of(tree)["mboxes"] = cells(0x7777)
    return Machine(tree)


@case(1, mailbox="FAIL")
def mailbox_of_another_kind():
    tree = device_tree()
    gpu_of(tree)["mboxes"] = cells(16)
    return Machine(tree)


@case(1, power_domain="FAIL")
def power_domain_missing():
    tree = device_tree()
    del gpu_of(tree)["power-domains"]
    return Machine(tree)


@case(1, mailbox="FAIL")
def virtual_with_both_mailboxes():
    tree = virtual_tree()
    gpu_of(tree)["mboxes"] = cells(1)
    return Machine(tree)


# ---- firmware

@case(1, firmware_ABI="FAIL")
def firmware_12_4_on_m1():
    return Machine(device_tree("t8103", "upstream", (12, 4, 0)))


@case(1, firmware_ABI="FAIL")
def firmware_12_3_on_m2():
    return Machine(device_tree("t6020", "downstream", (12, 3, 0)))


@case(1, firmware_ABI="FAIL")
def firmware_not_filled_in():
    return Machine(device_tree("t8103", "upstream", (0, 0, 0)))


@case(1, firmware_ABI="FAIL")
def firmware_missing():
    tree = device_tree()
    del gpu_of(tree)["apple,firmware-abi"]
    return Machine(tree)


@case(1, firmware_ABI="FAIL")
def firmware_two_cells():
    return Machine(device_tree("t8103", "upstream", (13, 5)))


@case(1, calibration_blobs="FAIL")
def upstream_without_blobs():
    tree = device_tree()
    for name in ("hw-cal-a", "hw-cal-b", "globals"):
        tree["reserved-memory"][name] = {"phandle": tree["reserved-memory"][name]["phandle"],
                                         "status": strings("disabled")}
    return Machine(tree)


@case(1, calibration_blobs="FAIL")
def one_blob_missing():
    tree = device_tree()
    tree["reserved-memory"]["hw-cal-b"]["status"] = strings("disabled")
    return Machine(tree)


@case(1, calibration_blobs="FAIL")
def blob_of_another_firmware():
    tree = device_tree()
    gpu_of(tree)["debug,hw-cal-a-size"] = cells(0x100)
    return Machine(tree)


@case(1, calibration_blobs="FAIL")
def blob_larger_than_its_region():
    tree = device_tree()
    gpu_of(tree)["debug,globals-size"] = cells(0xffffffff)
    return Machine(tree)


@case(1, power_states="FAIL")
def voltages_for_too_few_clusters():
    tree = device_tree("t6001", "downstream")
    gpu_of(tree)["memory-region-names"] = strings("ttbs", "pagetables", "handoff")
    tree["opp-table-gpu"]["opp03"]["opp-microvolt"] = cells(600000, 600000)
    return Machine(tree)


@case(0, power_states="warn")
def voltages_damaged_but_blobs_there():
    tree = device_tree("t6001", "downstream")
    del tree["opp-table-gpu"]["opp03"]["opp-microvolt"]
    return Machine(tree)


@case(1, driver_core="FAIL")
def frequencies_not_ascending():
    tree = device_tree("t8103", "downstream")
    gpu_of(tree)["memory-region-names"] = strings("ttbs", "pagetables", "handoff")
    tree["opp-table-gpu"]["opp03"]["opp-hz"] = cells64(100000000)
    return Machine(tree)


# ---- kernel

@case(1, page_size="FAIL")
def kernel_with_4k_pages():
    m = Machine()
    m.files["proc/self/auxv"] = machine.auxv(4096)
    return m


@case(1, page_size="FAIL", **option("ARM64_16K_PAGES", "FAIL"))
def kernel_with_4k_pages_by_config_too():
    m = Machine()
    m.files["proc/self/auxv"] = machine.auxv(4096)
    m.files["boot/config-" + machine.RELEASE] = machine.CONFIG.replace(
        "CONFIG_ARM64_16K_PAGES=y", "CONFIG_ARM64_4K_PAGES=y\n# CONFIG_ARM64_16K_PAGES is not set")
    return m


def with_release(release):
    m = Machine()
    m.files = {name.replace(machine.RELEASE, release): text for name, text in m.files.items()}
    m.files["proc/sys/kernel/osrelease"] = release + "\n"
    return m


@case(1, release="FAIL")
def kernel_6_6():
    return with_release("6.6.3-400.asahi.fc39.aarch64+16k")


@case(0, release="warn")
def kernel_7_9():
    return with_release("7.9.0-16k")


@case(1, **option("APPLE_RTKIT", "FAIL"), **option("ARCH_APPLE", "FAIL"))
def kernel_without_apple():
    m = Machine()
    m.files["boot/config-" + machine.RELEASE] = machine.CONFIG.replace(
        "CONFIG_APPLE_RTKIT=m", "# CONFIG_APPLE_RTKIT is not set").replace(
            "CONFIG_ARCH_APPLE=y\n", "")
    return m


@case(1, **option("ARM64_TLB_RANGE", "FAIL"))
def kernel_without_range_invalidation():
    m = Machine()
    m.files["boot/config-" + machine.RELEASE] = \
        "# CONFIG_ARM64_TLB_RANGE is not set\n" + machine.CONFIG
    return m


@case(0)
def virtual_kernel_without_apple():
    m = Machine(virtual_tree())
    m.files["boot/config-" + machine.RELEASE] = machine.CONFIG.replace("CONFIG_A", "CONFIG_NO_A") \
        .replace("CONFIG_NO_ARM64", "CONFIG_ARM64")
    return m


@case(1, **option("DRM_ASAHI", "FAIL"), loaded_driver="FAIL")
def rust_driver_built_in():
    m = Machine()
    m.files["boot/config-" + machine.RELEASE] = machine.CONFIG.replace("DRM_ASAHI=m",
                                                                       "DRM_ASAHI=y")
    m.files[f"lib/modules/{machine.RELEASE}/modules.builtin"] = \
        "kernel/a.ko\nkernel/drivers/gpu/drm/asahi/asahi.ko\n"
    return m


@case(0, configuration="warn")
def no_configuration():
    m = Machine()
    del m.files["boot/config-" + machine.RELEASE]
    return m


@case(0, configuration="warn")
def configuration_cut_short():
    m = Machine()
    del m.files["boot/config-" + machine.RELEASE]
    m.files["proc/config.gz"] = machine.compressed(machine.CONFIG * 50)[:-20]
    return m


@case(1, module_signatures="FAIL")
def signatures_enforced():
    m = Machine()
    m.files["sys/module/module/parameters/sig_enforce"] = "Y\n"
    return m


@case(1, module_signatures="FAIL")
def kernel_locked_down():
    m = Machine()
    m.files["sys/kernel/security/lockdown"] = "none [integrity] confidentiality\n"
    return m


# ---- module

@case(1, loaded_driver="FAIL")
def rust_driver_loaded():
    m = Machine()
    m.files["sys/module/asahi/taint"] = "\n"
    m.links["sys/bus/platform/devices/206400000.gpu/driver"] = "../../drivers/asahi"
    return m


@case(0, installed_module="warn")
def only_rust_driver_installed():
    m = Machine()
    m.files[f"lib/modules/{machine.RELEASE}/modules.dep"] = \
        "kernel/drivers/gpu/drm/asahi/asahi.ko.zst: kernel/drivers/gpu/drm/drm_gpuvm.ko.zst\n"
    return m


@case(0, installed_module="warn", kernel_headers="warn")
def nothing_installed():
    m = Machine()
    m.files[f"lib/modules/{machine.RELEASE}/modules.dep"] = "kernel/notasahi.ko:\n"
    del m.files[f"lib/modules/{machine.RELEASE}/build/Makefile"]
    return m


@case(1, load_rules="FAIL")
def blocked_by_name():
    m = Machine()
    m.files["proc/cmdline"] = "ro module_blacklist=asahi\n"
    return m


@case(0, load_rules="warn")
def install_rule():
    m = Machine()
    m.files["proc/cmdline"] = "ro xmodule_blacklist=asahi\n"
    m.files["usr/lib/modprobe.d/x.conf"] = "blacklist asahi\n  install asahi /bin/false\n"
    return m


@case(0)
def blacklist_rule():
    m = Machine()
    m.files["proc/cmdline"] = "ro\n"
    m.files["etc/modprobe.d/x.conf"] = "blacklist asahi\n"
    m.files["etc/modprobe.d/y.conf~"] = "install asahi /bin/false\n"
    return m


# ---- system

@case(1, Mesa="FAIL")
def mesa_24_3():
    m = Machine()
    del m.files["usr/lib64/libgallium-25.1.4.so"]
    m.files["usr/lib/aarch64-linux-gnu/libgallium-24.3.0.so"] = ""
    return m


@case(0, Mesa="warn", **{"Mesa's_Vulkan_driver": "warn"})
def no_mesa():
    m = Machine()
    del m.files["usr/lib64/libgallium-25.1.4.so"]
    del m.files["usr/share/vulkan/icd.d/asahi_icd.aarch64.json"]
    return m


@case(0, memory="warn")
def little_memory():
    m = Machine()
    m.files["proc/meminfo"] = "MemAvailable: 100000 kB\n"
    return m


@case(0, display_driver="warn")
def no_display():
    m = Machine()
    m.links = {}
    return m


@case(0, release="warn", page_size="warn", configuration="warn", installed_module="warn",
      kernel_headers="warn", memory="warn", display_driver="warn", Mesa="warn",
      **{"Mesa's_Vulkan_driver": "warn"})
def a_device_tree_and_nothing_else():
    m = Machine()
    m.files = {}
    m.links = {}
    return m


def doctor(root, *arguments):
    return subprocess.run([AGX, "doctor", "--sysroot", root, *arguments], capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL)


def check_case(root, make, status, findings, fail):
    make().write(root)
    out = doctor(root, "--json")
    if out.stderr:
        fail(f"wrote to standard error: {out.stderr[:300]}")
    try:
        report = json.loads(out.stdout)
    except ValueError:
        fail(f"no JSON: {out.stdout[:200]!r}")
        return
    got = {c["check"]: c["level"] for c in report["checks"] if c["level"] != "ok"}
    names = [c["check"] for c in report["checks"]]
    if got != findings:
        fail(f"found {got}, expected {findings}: "
             f"{[c for c in report['checks'] if c['level'] != 'ok']}")
    if out.returncode != status:
        fail(f"exit {out.returncode}, expected {status}")
    if len(set(names)) != len(names):
        fail(f"a check comes twice: {sorted(names)}")
    for c in report["checks"]:
        if c["level"] == "FAIL" and not (c["advice"] and c["expected"] and c["found"]):
            fail(f"a failure without expectation, finding or advice: {c}")
    if not findings:
        return
    text = doctor(root)
    if text.returncode != status:
        fail(f"exit {text.returncode} without --json, expected {status}")
    for name, level in findings.items():
        if not any(line.startswith(f"  {level:4}  {name}") for line in text.stdout.splitlines()):
            fail(f"{level} {name} is not in the text")


def check_facts(root, fail):
    Machine(device_tree("t6002", "downstream")).write(root)
    report = json.loads(doctor(root, "--json").stdout)
    for name, expected in (("machine", "mac"), ("soc", "t6002"), ("form", "downstream"),
                           ("m1n1", "v1.6.0"), ("macos_firmware", "13.5"),
                           ("kernel", machine.RELEASE), ("verdict", "nothing in the way")):
        if report[name] != expected:
            fail(f"{name}: {report[name]!r}, expected {expected!r}")
    quiet = doctor(root, "--quiet")
    if "  ok" in quiet.stdout or quiet.returncode:
        fail(f"--quiet: {quiet.stdout!r}")
    # Neither terminal escapes nor bad UTF-8 of a hostile tree come through.
    tree = device_tree()
    tree["model"] = strings("plain")
    tree["chosen"]["asahi,os-fw-version"] = b"\x1b[31m\xff\0"
    gpu_of(tree)["compatible"] = b"apple,agx-g13g\0\x1b]0;x\x07\0"
    Machine(tree).write(root)
    out = subprocess.run([AGX, "doctor", "--sysroot", root], capture_output=True, timeout=60)
    if b"\x1b" in out.stdout or b"\xff" in out.stdout:
        fail(f"control characters came through: {out.stdout!r}")


def check_module(root, fail):
    m = Machine()
    m.files[f"lib/modules/{machine.RELEASE}/modules.dep"] = ""
    m.write(root)
    ko = os.path.join(root, "given.ko")
    for what, content, status, level in (
            ("right", machine.module_file(), 0, "ok"),
            ("another kernel's", machine.module_file("6.16.8-1"), 1, "FAIL"),
            ("compressed", machine.compressed("x"), 1, "FAIL"),
            ("cut", machine.module_file()[:70], 1, "FAIL"),
            ("empty", b"", 1, "FAIL"),
            ("missing", None, 1, "FAIL")):
        if os.path.exists(ko):
            os.unlink(ko)
        if content is not None:
            with open(ko, "wb") as file:
                file.write(content)
        out = doctor(root, "--json", "--module", ko)
        levels = {c["check"]: c["level"] for c in json.loads(out.stdout)["checks"]}
        if out.returncode != status or levels.get("given module") != level:
            fail(f"--module, {what}: exit {out.returncode}, {levels.get('given module')}")


def check_usage(root, fail):
    for arguments in (["extra"], ["--sysroot", os.path.join(root, "none")]):
        out = subprocess.run([AGX, "doctor", *arguments], capture_output=True, text=True,
                             timeout=60)
        if out.returncode != 2 or not out.stderr or out.stdout:
            fail(f"{arguments}: exit {out.returncode}, {out.stderr!r}")


def main():
    failures = []

    with tempfile.TemporaryDirectory(prefix="agx-doctor-") as folder:
        root = os.path.join(folder, "root")
        for name, make, status, findings in CASES:
            check_case(root, make, status, findings,
                       lambda what, n=name: failures.append(f"{n}: {what}"))
        for function in (check_facts, check_module, check_usage):
            function(root, lambda what, f=function: failures.append(f"{f.__name__}: {what}"))
    for failure in failures:
        print(failure)
    print(f"{len(CASES)} machines, {len(failures)} failures")
    sys.exit(1 if failures or len(CASES) < 70 else 0)


main()
