#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Colour and pager: on a terminal only, as the options and the environment have it.

Usage: test_pager.py AGX TRACE
"""
import os
import pty
import re
import select
import subprocess
import sys
import tempfile

AGX, TRACE = sys.argv[1:3]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
VARIABLES = ("AGX_PAGER", "PAGER", "LESS", "LV", "NO_COLOR", "COLUMNS")
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    return {**env, "TERM": "xterm", **more}


def run(*args, **more):
    """Into pipes."""
    return subprocess.run([AGX, "decode", TRACE, "--submit", "0", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env=environment(**more), timeout=60)


def run_on_terminal(*args, **more):
    """On a terminal of its own: exit status and what the terminal got."""
    master, slave = pty.openpty()
    process = subprocess.Popen([AGX, "decode", TRACE, "--submit", "0", *args], stdin=slave, stdout=slave,
                               stderr=slave, env=environment(**more), start_new_session=True)
    os.close(slave)
    got = b""
    while True:
        ready, _, _ = select.select([master], [], [], 30)
        if not ready:
            process.kill()
            check(False, f"{args} {more}: has not ended")
            break
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        got += part
    os.close(master)
    return process.wait(), got.decode("utf-8", "replace").replace("\r\n", "\n")


def main():
    plain = run()
    check(plain.returncode == 0 and plain.stdout.count("\n") > 20, "no plain output to compare with")
    check("\x1b" not in plain.stdout, "escapes in a pipe")
    check("\x1b" not in run(AGX_PAGER="false").stdout and run(AGX_PAGER="false").stdout == plain.stdout,
          "a pager, and no terminal")

    coloured = run("--colour=always").stdout
    check("\x1b[" in coloured, "--colour=always: no escapes")
    check(ESCAPE.sub("", coloured) == plain.stdout, "colours change the text")
    check("\x1b[" in run("--colour").stdout, "--colour: no escapes")
    check("\x1b[" in run("--colour=always", NO_COLOR="1").stdout, "NO_COLOR beats --colour=always")
    bad = run("--colour=sometimes")
    check(bad.returncode == 2 and "sometimes" in bad.stderr, "--colour=sometimes is not refused by name")

    for args, env, escapes in (((), {}, True), (("--no-colour",), {}, False),
                               (("--colour=never",), {}, False), ((), {"NO_COLOR": "1"}, False),
                               ((), {"NO_COLOR": ""}, True), ((), {"TERM": "dumb"}, False)):
        status, got = run_on_terminal("--no-pager", *args, **env)
        check(status == 0, f"{args} {env}: exit {status}")
        check(("\x1b[" in got) == escapes, f"{args} {env}: escapes: {not escapes}")
        check("submit 0" in ESCAPE.sub("", got), f"{args} {env}: no output")

    with tempfile.TemporaryDirectory() as folder:
        seen = os.path.join(folder, "seen")
        status, got = run_on_terminal(AGX_PAGER=f"echo LESS=$LESS; cat > {seen}", PAGER="false")
        check(status == 0, f"with a pager: exit {status}")
        check("LESS=FRX" in got and "submit 0" not in got, "the pager has not run, or with another $LESS")
        text = open(seen, encoding="utf-8").read() if os.path.exists(seen) else ""
        check("submit 0" in ESCAPE.sub("", text) and "\x1b[" in text,
              "the pager got no coloured output")
        os.unlink(seen)
        status, got = run_on_terminal("--no-pager", AGX_PAGER=f"cat > {seen}")
        check("submit 0" in ESCAPE.sub("", got) and not os.path.exists(seen), "--no-pager: a pager has run")
        status, got = run_on_terminal(PAGER=f"cat > {seen}", LESS="X")
        check(os.path.exists(seen), "$PAGER is not used")
        status, got = run_on_terminal("--json", AGX_PAGER="echo PAGED; cat")
        check("PAGED" not in got and "\x1b" not in got, "--json is paged or coloured")

    status, got = run_on_terminal("--all", "--submit", "0-", AGX_PAGER="head -n 1; sleep 0.2")
    check(status == 0, f"a pager that ends early: exit {status}")
    check("roken" not in got and "error" not in got, f"a pager that ends early: {got[-200:]!r}")
    status, got = run_on_terminal(AGX_PAGER="/nowhere/pager")
    check("pager" in got, "a pager that is missing is not named")

    pipe = subprocess.run(f"'{AGX}' decode '{TRACE}' --all --shaders | head -n 1", shell=True, capture_output=True,
                          text=True, env=environment())
    check(pipe.stderr == "" and pipe.stdout.count("\n") == 1, f"| head: {pipe.stderr!r}")
    full = subprocess.run([AGX, "decode", TRACE], stdout=open("/dev/full", "w"), stderr=subprocess.PIPE,
                          text=True, env=environment())
    check(full.returncode == 2 and "No space" in full.stderr, f"/dev/full: {full.returncode} {full.stderr!r}")

    for failure in failures:
        print(failure)
    print(f"{len(failures)} findings")
    sys.exit(1 if failures else 0)


main()
