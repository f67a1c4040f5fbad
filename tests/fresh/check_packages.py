#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The packages that docs/libagx/tutorial.md has a reader install.

They have to be those that tools/demo installs, tools/lib/packages.sh's packages_build, and perhaps
scdoc for the manual pages; and every release of Debian whose package lists are on this machine has to
have them: its own, and that of tools/mesa-root's root. tests/fresh/run really installs them.

usage: check_packages.py SOURCE
"""

import os
import re
import subprocess
import sys

SOURCE = sys.argv[1]
EXTRA = {"scdoc"}


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


def told():
    page = read("docs", "libagx", "tutorial.md").replace("\\\n", " ")
    line = re.search(r"^sudo apt(?:-get)? install (.+)$", page, re.M)
    return set(line.group(1).split()) if line else set()


def installed_by_tools():
    return set(re.search(r"^packages_build=\((.*?)\)", read("tools", "lib", "packages.sh"),
                         re.M | re.S).group(1).split())


def roots():
    """Folders whose apt has lists of Debian's packages."""
    made = subprocess.run([os.path.join(SOURCE, "tools", "mesa-root"), "path"], text=True,
                          capture_output=True, check=False).stdout.strip()
    for root in ("/", made):
        lists = os.path.join(root, "var", "lib", "apt", "lists")
        if root and os.path.isdir(lists) and any("_Packages" in name for name in os.listdir(lists)):
            yield root


def missing(root, packages):
    run = subprocess.run(["apt-cache", "-o", "Dir=" + root, "-o", "Dir::Cache::pkgcache=", "-o",
                          "Dir::Cache::srcpkgcache=", "policy", *packages], text=True,
                         capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
    found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (?!\(none\))", run.stdout, re.M)
    return sorted(packages - set(found))


def main():
    page, tools = told(), installed_by_tools()
    wrong = [f"the tutorial does not install {name}, tools/demo does" for name in tools - page]
    wrong += [f"the tutorial installs {name}, tools/demo does not" for name in page - tools - EXTRA]
    looked = []
    for root in roots():
        looked.append(root)
        wrong += [f"{root}: apt knows no {name}" for name in missing(root, page)]
    print("\n".join(sorted(wrong)))
    print(f"{len(page)} packages, lists of {' '.join(looked) or 'no release'}, {len(wrong)} wrong")
    return 1 if wrong or not page else 0


sys.exit(main())
