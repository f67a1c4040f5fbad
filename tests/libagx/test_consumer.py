#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs of others: built against the installed library, as a subproject, and from the tutorial.

test_consumer.py installed|subproject|tutorial BUILD SOURCE
test_consumer.py page FOLDER SOURCE

page: the tutorial's programs, in FOLDER, with what is installed in ~/agx already (tests/fresh).
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

WHAT, BUILD, SOURCE = (sys.argv + [""] * 4)[1:4]
CONSUMER = os.path.join(SOURCE, "tests", "libagx", "consumer")
DEVICES = ["t8103", "t6021@13.5"]


class Failed(Exception):
    pass


def run(*command, expect=0, **more):
    r = subprocess.run(command, capture_output=True, text=True, errors="replace", **more)
    if r.returncode != expect:
        raise Failed(f"{' '.join(command)}: exit status {r.returncode}, expected {expect}\n"
                     f"{r.stdout[-4000:]}{r.stderr[-4000:]}")
    return r.stdout


def option(name):
    for o in json.loads(run("meson", "introspect", "--buildoptions", BUILD)):
        if o["name"] == name:
            return o["value"]
    raise Failed(f"no option {name} in {BUILD}")


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def need(*programs):
    for p in programs:
        if not shutil.which(p):
            skip(f"{p} is not installed")
    if option("b_sanitize") != "none":
        skip("the library has sanitizers: programs without them cannot load it")


def install(folder):
    """Installs what programs need; returns the prefix and the folder of libraries in it."""
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--tags", "runtime,devel",
        "--destdir", folder)
    prefix = folder + option("prefix")
    return prefix, os.path.join(prefix, option("libdir"))


def environment(folder, lib):
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(lib, "pkgconfig"), LD_LIBRARY_PATH=lib,
               PKG_CONFIG_SYSROOT_DIR=folder, LC_ALL="C")
    # What the build would be found by.
    for name in ("AGX_BUILD_ROOT", "AGX_VIRTUAL_MODULE", "AGX_DEVICE"):
        env.pop(name, None)
    return env


def try_programs(folder, env):
    for device in DEVICES:
        name = device.split("@")[0]
        for program, says in (("consumer", "0 wrong"), ("consumer-cxx", "42")):
            out = run(os.path.join(folder, program), device, env=env)
            if not re.match(rf"libagx \d+\.\d+\.\d+, {name}: {says}\n$", out):
                raise Failed(f"{program} {device} printed {out!r}")
    run(os.path.join(folder, "consumer"), "no such device", env=env, expect=2)


def installed(tmp):
    need("meson", "pkg-config", "make", "cc", "c++")
    root = os.path.join(tmp, "root")
    prefix, lib = install(root)
    env = environment(root, lib)
    flags = run("pkg-config", "--cflags", "--libs", "libagx", env=env)
    if SOURCE in flags or BUILD in flags:
        raise Failed(f"pkg-config leads into the source or the build: {flags}")
    needed = run("readelf", "-d", os.path.join(lib, "libagx.so"))
    if "RUNPATH" in needed or "RPATH" in needed:
        raise Failed(f"the installed library has a search path of the build:\n{needed}")
    headers = sorted(os.listdir(os.path.join(prefix, "include", "agx")))
    own = sorted(os.listdir(os.path.join(SOURCE, "userspace", "libagx", "include", "agx")))
    if headers != own:
        raise Failed(f"installed headers: {headers}, expected {own}")
    project = os.path.join(tmp, "project")
    shutil.copytree(CONSUMER, project)
    run("make", "-C", project, env=env)
    try_programs(project, env)
    # The whole installation may be moved.
    moved = os.path.join(tmp, "moved")
    os.rename(root, moved)
    env["LD_LIBRARY_PATH"] = lib.replace(root, moved)
    try_programs(project, env)
    return "make and pkg-config, C and C++, also with the installation moved"


def subproject(tmp):
    need("meson", "ninja", "cc", "c++")
    project, build = os.path.join(tmp, "project"), os.path.join(tmp, "build")
    shutil.copytree(CONSUMER, project)
    os.mkdir(os.path.join(project, "subprojects"))
    os.symlink(SOURCE, os.path.join(project, "subprojects", "agx"))
    env = dict(os.environ, LC_ALL="C")
    said = run("meson", "setup", "--force-fallback-for=libagx,agx", build, project, env=env)
    if not re.search(r"^\s*tests\s*: NO$", said, re.M):
        raise Failed(f"as a subproject it has its tests\n{said}")
    run("ninja", "-C", build, "consumer", "consumer-cxx", env=env)
    # The virtual GPUs need far more to be built; those of this build are the same.
    env["AGX_VIRTUAL_MODULE"] = os.path.join(BUILD, "userspace", "libagx", "virtual",
                                             "libagx-virtual.so")
    try_programs(build, env)
    objects = sum(f.endswith(".o") for _, _, files in os.walk(build) for f in files)
    return f"subproject, {objects} objects were built for it"


def blocks(page):
    """(kind, argument, text, line) of the page's fenced blocks: "c FILE", "sh run", "text output"."""
    with open(page, encoding="utf-8") as f:
        lines = f.read().split("\n")
    at = 0
    while at < len(lines):
        fence = re.match(r"```(\w+)?(?: (\S+))?$", lines[at])
        if not fence:
            at += 1
            continue
        start = at + 1
        at = lines.index("```", start)
        yield fence.group(1), fence.group(2), "\n".join(lines[start:at]) + "\n", start + 1
        at += 1


def follow(page, work, env):
    """Files are written, commands run in one shell each with what was exported before, outputs compared."""
    count = {"c": 0, "run": 0, "output": 0}
    exported, printed = "", None
    for kind, argument, text, line in blocks(page):
        if argument in ("run", "fails") and kind == "sh":
            script = f"set -e\n{exported}{text}"
            r = subprocess.run(["sh", "-c", script], cwd=work, env=env, capture_output=True, text=True,
                               timeout=120)
            if (r.returncode == 0) != (argument == "run"):
                raise Failed(f"{page}: line {line}: exit status {r.returncode}\n{text}{r.stdout}{r.stderr}")
            printed = r.stdout + r.stderr
            exported += "".join(s + "\n" for s in text.split("\n") if s.startswith("export "))
            count["run"] += 1
        elif argument == "output":
            if text != printed:
                raise Failed(f"{page}: line {line}: printed was\n{printed}\nexpected\n{text}")
            count["output"] += 1
        elif argument:
            with open(os.path.join(work, os.path.basename(argument)), "w", encoding="utf-8") as f:
                f.write(text)
            count["c"] += 1
    if min(count.values()) < 4:
        raise Failed(f"{page} has only {count}")
    return f"{count['c']} files, {count['run']} commands run, {count['output']} outputs compared"


def tutorial(tmp):
    need("meson", "pkg-config", "cc")
    page = os.path.join(SOURCE, "docs", "libagx", "tutorial.md")
    root = os.path.join(tmp, "root")
    prefix, lib = install(root)
    env = environment(root, lib)
    # The reader's prefix is ~/agx, with a plain lib.
    home = os.path.join(tmp, "home")
    os.makedirs(os.path.join(home, "agx"))
    os.symlink(lib, os.path.join(home, "agx", "lib"))
    for part in ("bin", "include", "share"):
        os.symlink(os.path.join(prefix, part), os.path.join(home, "agx", part))
    for name in ("PKG_CONFIG_PATH", "LD_LIBRARY_PATH"):
        del env[name]
    env["HOME"] = home
    work = os.path.join(tmp, "work")
    os.mkdir(work)
    return follow(page, work, env)


def page(folder):
    env = {name: value for name, value in os.environ.items() if not name.startswith("AGX_")}
    return follow(os.path.join(SOURCE, "docs", "libagx", "tutorial.md"), folder, env)


def main():
    tests = {"installed": installed, "subproject": subproject, "tutorial": tutorial, "page": page}
    if WHAT not in tests or not SOURCE:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as tmp:
        try:
            print(tests[WHAT](BUILD if WHAT == "page" else tmp))
        except Failed as e:
            print(e)
            return 1
    return 0


sys.exit(main())
