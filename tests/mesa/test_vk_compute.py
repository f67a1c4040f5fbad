#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Vulkan compute on the virtual node: Honeykrisp against lavapipe, in the root of tools/mesa-root.

usage: test_vk_compute.py MESA_ROOT_TOOL BUILD_FOLDER VK_RUN [OPTION...] [CASE...]

  --random N[:SEED]  instead of the cases, N random programs (vk_random.py), from SEED on
  --short            a choice of the cases, for every day
  --suite SUITE      of tools/mesa-root
  --exec HOW         of agx run; default full
  --keep DIR         leave programs, scripts and results there
  --jobs N           processes that run compilers

CASE is a name of vk_cases.py or the beginning of one. Both drivers run the same programs on the
same inputs, and each case says how results are judged. Skips (77) where there can be no root or
where glslangValidator is missing.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import vk_cases

SKIP = 77
DRIVERS = {
    "honeykrisp": "/usr/share/vulkan/icd.d/asahi_icd",
    "llvmpipe": "/usr/share/vulkan/icd.d/lvp_icd",
}


def compile_glsl(path, source):
    """Writes SPIR-V beside the source; the compiler's words where it refuses."""
    with open(path + ".comp", "w") as file:
        file.write(source)
    result = subprocess.run(
        ["glslangValidator", "--quiet", "-V", "--target-env", "vulkan1.3", "-o", path + ".spv", path + ".comp"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    return result.stdout if result.returncode else None


def write_script(cases, folder, jobs, name):
    """Compiles every program (none with no jobs) and writes what vk-run reads."""
    work = []
    lines = []
    for case in cases:
        paths = [os.path.join(folder, f"{case.name}.{i}") for i in range(len(case.sources))]
        work += zip(paths, case.sources)
        lines.append(f"case {case.name}")
        for line in case.script:
            words = line.split()
            if words[0] == "shader":
                words[1] = paths[int(words[1])] + ".spv"
            lines.append(" ".join(words))
        lines.append("end")
    with concurrent.futures.ThreadPoolExecutor(max(jobs, 1)) as pool:
        work = work if jobs else []
        refused = [words for words in pool.map(lambda item: compile_glsl(*item), work) if words]
    if refused:
        sys.exit("programs do not compile:\n" + "".join(refused))
    script = os.path.join(folder, name)
    with open(script, "w") as file:
        file.write("\n".join(lines) + "\n")
    return script


def run_driver(args, driver, script, results, report):
    command = [args.tool, "exec", "--suite", args.suite, "--build", args.build, "--", "env"]
    icd = subprocess.run([args.tool, "path", "--suite", args.suite], stdout=subprocess.PIPE, text=True)
    root = icd.stdout.strip()
    name = next((f"{DRIVERS[driver]}{end}" for end in (".json", ".x86_64.json", ".aarch64.json")
                 if os.path.exists(f"{root}{DRIVERS[driver]}{end}")), None)
    if not name:
        print(f"the root has no {driver}")
        sys.exit(SKIP)
    command.append(f"VK_DRIVER_FILES={name}")
    if driver == "honeykrisp":
        command += ["agx", "run", "--exec", args.exec, "--report", report, "--"]
    command += [args.vk_run, driver, script, results]
    start = time.monotonic()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace")
    if result.returncode == SKIP:
        print(result.stdout)
        sys.exit(SKIP)
    return result.returncode, result.stdout, time.monotonic() - start


def read_results(path):
    """The bytes of each (case, binding)."""
    found = {}
    with open(path, "rb") as file:
        while line := file.readline():
            name, binding, size = line.decode().split()
            found[name, int(binding)] = file.read(int(size))
    return found


def words_of(data):
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def as_float(word):
    return struct.unpack("<f", struct.pack("<I", word))[0]


def is_near(a, b, tolerance):
    if a == b:
        return True
    x, y = as_float(a), as_float(b)
    if x != x or y != y:
        return x != x and y != y
    return abs(x - y) <= tolerance[0] + tolerance[1] * max(abs(x), abs(y))


def judge(case, binding, got, other):
    """The first differences, as text."""
    if case.judge == "pairs":
        words = words_of(got)
        differ = [i for i in range(0, len(words) - 1, 2) if words[i] != words[i + 1]]
        return [f"pair {i // 2}: got {words[i]:#x}, expected {words[i + 1]:#x}" for i in differ]
    if got == other:
        return []
    a, b = words_of(got), words_of(other)
    if len(a) != len(b):
        return [f"{len(got)} bytes and {len(other)}"]
    if case.judge == "near" and image_words(case, binding):
        differ = [i for i in range(len(a)) if not is_near(a[i], b[i], case.tolerance)]
    else:
        differ = [i for i in range(len(a)) if a[i] != b[i]]
        if not differ and got != other:
            return ["the last bytes differ"]
    return [f"word {i}: got {a[i]:#010x} ({as_float(a[i]):.9g}), lavapipe {b[i]:#010x} ({as_float(b[i]):.9g})"
            for i in differ]


def image_words(case, binding):
    """Whether the words of this output are binary32 numbers."""
    line = next(line.split() for line in case.script if line.split()[1:2] == [str(binding)])
    return line[0] not in ("image", "texel")


def check_report(path):
    """The run's own complaints: what the model could not do."""
    try:
        with open(path) as file:
            report = json.load(file)
    except (OSError, ValueError) as error:
        return [f"no report of the run: {error}"]
    total = report["total"]
    failures = []
    if total["unknown_ioctls"]:
        failures.append(f"{total['unknown_ioctls']} unknown ioctls")
    if not total["submits"]:
        failures.append("nothing was submitted")
    return failures


def check(args, cases, folder):
    scripts = {"honeykrisp": write_script(cases, folder, args.jobs, "script")}
    # What a program checks by itself needs no second driver.
    compared = [case for case in cases if case.judge != "pairs"]
    if compared:
        scripts["llvmpipe"] = write_script(compared, folder, 0, "script-llvmpipe")
    results = {}
    failures = []
    for driver, script in scripts.items():
        path = os.path.join(folder, driver)
        status, text, seconds = run_driver(args, driver, script, path, os.path.join(folder, "report"))
        print(f"{driver}: {seconds:.1f} s, status {status}")
        print(text[-4000:] if status or driver == "honeykrisp" else text.split("\n")[0])
        if status:
            failures.append(f"{driver}: exit status {status}")
        results[driver] = read_results(path) if os.path.exists(path) else {}
    failures += check_report(os.path.join(folder, "report"))
    passed = left_out = 0
    by_name = {case.name: case for case in cases}
    missing = set(by_name) - {name for name, _ in results["honeykrisp"]}
    failures += [f"{name}: no result" for name in sorted(missing)]
    bad = set()
    for (name, binding), got in results["honeykrisp"].items():
        other = results.get("llvmpipe", {}).get((name, binding), b"")
        if not got or not other and by_name[name].judge != "pairs":
            left_out += 1
            print(f"{name}: left out, not both have its formats")
            continue
        differ = judge(by_name[name], binding, got, other)
        if differ:
            bad.add(name)
            failures.append(f"{name}, binding {binding}: {len(differ)} of {len(got) // 4} words differ")
            failures += [f"    {text}" for text in differ[: args.show]]
    passed = len(cases) - len(bad) - len(missing)
    print(f"{passed} of {len(cases)} cases right, {left_out} results left out")
    return failures


def parse_args():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("tool")
    parser.add_argument("build", type=os.path.realpath)
    parser.add_argument("vk_run", type=os.path.realpath)
    parser.add_argument("--random")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--exec", default="full")
    parser.add_argument("--keep")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=4)
    parser.add_argument("cases", nargs="*")
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__)
        sys.exit(0)
    return parser.parse_intermixed_args()


def main():
    args = parse_args()
    if not shutil.which("glslangValidator"):
        print("glslangValidator is not installed")
        return SKIP
    result = subprocess.run([args.tool, "setup", "--suite", args.suite], stdout=subprocess.PIPE)
    if result.returncode:
        return SKIP if result.returncode == SKIP else 1
    if args.random:
        import vk_random

        count, _, seed = args.random.partition(":")
        cases = list(vk_random.cases(int(seed or 1), int(count)))
    else:
        cases = list(vk_cases.all_cases())
        if args.short:
            args.cases = vk_cases.SHORT
        if args.cases:
            cases = [c for c in cases if any(c.name.startswith(name) for name in args.cases)]
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
        failures = check(args, cases, os.path.realpath(args.keep))
    else:
        with tempfile.TemporaryDirectory(prefix="agx-vk-") as folder:
            failures = check(args, cases, folder)
    for failure in failures:
        print(f"FAILED: {failure}" if not failure.startswith(" ") else failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
