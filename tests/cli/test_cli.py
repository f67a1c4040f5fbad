#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The agx command line: help, errors, and that the manual pages list every option.

Usage: test_cli.py AGX DOCS_DIR
"""
import os
import re
import subprocess
import sys

AGX, DOCS = sys.argv[1:3]
failures = []


def run(*args):
    return subprocess.run([AGX, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def check(condition, what):
    if not condition:
        failures.append(what)


def commands():
    out = run("--help")
    check(out.returncode == 0, f"agx --help: exit {out.returncode}, expected 0")
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", out.stdout, re.M)
    return [line.split()[0] for line in listed.group(1).splitlines()] if listed else []


def page_options(text):
    """Long options in the headings of a manual page's OPTIONS: lines that begin in bold with a dash."""
    found = set()
    for line in text.splitlines():
        if line.startswith("*-"):
            found.update(re.findall(r"\*(--[a-z][a-z0-9-]+)\*", line))
    return found


def help_options(text):
    found = set()
    for line in text.splitlines():
        m = re.match(r"^ {2,6}(?:-\w, )?\s*(--[a-z][a-z0-9-]+)", line)
        if m:
            found.add(m.group(1))
    return found - {"--help", "--usage", "--version"}


def main():
    names = commands()
    check(len(names) >= 5, f"agx --help lists {names}, expected at least five commands")

    out = run()
    check(out.returncode == 2 and "Usage" in out.stderr, "agx without arguments: usage, exit 2")
    out = run("frobnicate")
    check(out.returncode == 2 and "frobnicate" in out.stderr,
          "an unknown command is named on standard error, exit 2")
    out = run("--version")
    check(out.returncode == 0 and re.fullmatch(r"agx \d+\.\d+\.\d+\n", out.stdout),
          f"agx --version printed {out.stdout!r}")

    top = open(os.path.join(DOCS, "man", "agx.1.scd"), encoding="utf-8").read()
    for name in names:
        out = run(name, "--help")
        check(out.returncode == 0, f"agx {name} --help: exit {out.returncode}, expected 0")
        check(out.stdout.startswith("Usage: agx " + name),
              f"agx {name} --help starts with {out.stdout[:40]!r}")
        bad = run(name, "--no-such-option")
        check(bad.returncode == 2 and "no-such-option" in bad.stderr,
              f"agx {name} --no-such-option: exit {bad.returncode}, {bad.stderr[:80]!r}")
        check(f"agx-{name}" in top, f"agx(1) does not mention agx-{name}(1)")
        page = os.path.join(DOCS, "man", f"agx-{name}.1.scd")
        if not os.path.exists(page):
            failures.append(f"no manual page {page}")
            continue
        text = open(page, encoding="utf-8").read()
        helps = [out.stdout]
        # Sub-sub-commands (agx trace info ...) have a help of their own.
        listed = re.search(r"^Commands:\n((?:  .*\n)+)", out.stdout, re.M)
        for sub in [line.split()[0] for line in listed.group(1).splitlines()] if listed else []:
            check(sub in text, f"{os.path.basename(page)} does not mention {sub}")
            subout = run(name, sub, "--help")
            check(subout.returncode == 0, f"agx {name} {sub} --help: exit {subout.returncode}")
            helps.append(subout.stdout)
        has = set().union(*(help_options(h) for h in helps))
        documented = page_options(text) - {"--help", "--usage", "--version"}
        for option in sorted(has - documented):
            failures.append(f"{os.path.basename(page)} does not document {option}")
        for option in sorted(documented - has):
            failures.append(f"{os.path.basename(page)} documents {option}, which --help does not list")

    for failure in failures:
        print(failure)
    print(f"{len(names)} commands looked at, {len(failures)} findings")
    sys.exit(1 if failures or not names else 0)


main()
