#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes one small thing at a time and sees whether the tests notice.

A fixed sample of mutants (drawn by --seed, see mutants.py) of the driver core, the firmware
interface and the node's use of the core is applied one by one to copies of the tree in memory.
Each is built with as little work as possible and tested until the first test fails: unit tests,
the core against the firmware model, fuzzers over their corpora, the bundled traces. A mutant that
no test notices has survived, and is shown as a diff.

Not counted, and replaced by the next of the sample: what does not compile, what the compiler turns
into the same code, and what exceptions.txt says to be equivalent, with a reason.

  mutate.py                       200 mutants, seed 1
  mutate.py --list                what these are
  mutate.py --mutant 17           the 17th: its diff, and every test that notices it
  mutate.py --only 'kernel/core/uat*.c' --count 50

Exit status: 0 good, 1 fewer caught than --at-least, 2 usage or environment.
"""

import argparse
import collections
import fnmatch
import hashlib
import json
import os
import queue
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import mutants  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))

# What is changed.
TARGETS = [
    "kernel/core/*.c",
    "kernel/core/*.h",
    "firmware-interface/*.h",
    "userspace/node/machine*.c",
    "userspace/node/engine*.c",
]
# Of these, what only people read.
NOT_TARGETS = ["kernel/core/text.c", "kernel/core/agx_text.h"]

SUITES = [
    "firmware-interface", "core", "model", "boot", "work", "inject", "node", "replay", "fuzz"
]
# suite/name patterns of tests that are left out, and why.
LEFT_OUT = {
    "replay/flip": "changes traces, not the driver; takes minutes",
    "replay/hostile": "damages traces, not the driver",
    "fuzz/corpus-trace": "reads traces only",
    "*/fuzz-*": "searches for a fixed number of executions; the corpora are run",
    "core/freestanding": "looks at symbols",
    "firmware-interface/*standalone": "compiles headers alone",
    "firmware-interface/*self-test": "tests a test",
    "firmware-interface/fields-refuses-unknown": "tests a generator; has to fail",
}

# Wrong types are errors: a mutant that a compiler with warnings finds is none.
C_ARGS = [
    "-Werror=incompatible-pointer-types",
    "-Werror=int-conversion",
    "-Werror=implicit-function-declaration",
    "-Werror=return-type",
    "-Werror=div-by-zero",
    "-Werror=shift-count-overflow",
    "-Werror=array-bounds",
]
MEMORY = 3 << 30  # resident bytes of one test, after which it has failed
BASELINE_TIMEOUT = 120
BATCHES = [2, 4, 12]  # tests that are built together; then the rest


class Failure(Exception):
    """The check cannot be made."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.blake2b(f.read(), digest_size=16).digest()


def read(path):
    with open(path) as f:
        return f.read()


class Exceptions:
    """Lines "path | line before | line after or * | reason"."""

    def __init__(self, path):
        self.entries = []
        for number, line in enumerate(open(path), 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            fields = [f.strip() for f in re.split(r"(?<!\|) \| (?!\|)|\t", line)]
            if len(fields) != 4 or not all(fields):
                raise Failure("%s:%d: not \"path | line | line after or * | reason\"" % (path, number))
            self.entries.append((number, *fields))
        self.path = path

    def reason(self, mutant, text):
        before, after = mutant.changed_line(text)
        for _, path, old, new, reason in self.entries:
            if path == mutant.path and old == before and new in ("*", after):
                return reason
        return None

    def stale(self, sources):
        return [
            "%s:%d: %s has no such line: %s" % (self.path, number, path, old)
            for number, path, old, _, _ in self.entries
            if old not in (line.strip() for line in sources.get(path, "").splitlines())
        ]


def sources(root, only):
    found = {}
    for pattern in TARGETS:
        folder = os.path.dirname(pattern)
        if not os.path.isdir(os.path.join(root, folder)):
            continue
        for name in sorted(os.listdir(os.path.join(root, folder))):
            path = folder + "/" + name
            if not fnmatch.fnmatch(path, pattern):
                continue
            if any(fnmatch.fnmatch(path, p) for p in NOT_TARGETS):
                continue
            if only and not any(fnmatch.fnmatch(path, p) for p in only):
                continue
            found[path] = read(os.path.join(root, path))
    return found


class Test:
    def __init__(self, name, command, env, artifacts, sources):
        self.name, self.command, self.env = name, command, env
        self.artifacts, self.sources = artifacts, sources
        self.seconds = 0.0
        self.kills = collections.Counter()  # per file, and in all under ""
        self.runs = collections.Counter()

    def score(self, path):
        """Mutants of a file that this test is expected to catch per second."""
        here = (self.kills[path] + 0.3) / (self.runs[path] + 1.0)
        there = (self.kills[""] + 0.1) / (self.runs[""] + 1.0)
        return (here + 0.5 * there) / (self.seconds + 0.15)


class Tree:
    """One copy of the tree with its build."""

    def __init__(self, folder, origin):
        self.folder = folder
        self.root = os.path.join(folder, "tree")
        self.build = os.path.join(folder, "build")
        self.scratch = os.path.join(folder, "tmp")
        os.makedirs(self.scratch)
        shutil.copytree(
            origin,
            self.root,
            symlinks=True,
            ignore=lambda at, names: [
                n for n in names if n in (".git", "__pycache__")
                or at == origin and (n.startswith("build") or n == ".cache")
            ],
        )
        self.env = dict(os.environ, TMPDIR=self.scratch, XDG_RUNTIME_DIR=self.scratch)
        self.run_or_fail(
            ["meson", "setup", self.build, self.root, "-Ddebug=false", "-Doptimization=0",
             "-Dman=disabled", "-Dc_args=" + " ".join(C_ARGS)]
        )

    def run_or_fail(self, command):
        done = subprocess.run(
            command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            raise Failure("%s failed:\n%s" % (" ".join(command), done.stdout[-4000:]))
        return done.stdout

    def ninja(self, targets, jobs=1):
        """None, or what the compiler said."""
        if not targets:
            return None
        done = subprocess.run(
            ["ninja", "-C", self.build, "-j%d" % jobs, *sorted(targets)],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout if done.returncode else None

    def tests(self):
        """The tests of the chosen suites, paths relative to this copy's folder."""
        targets = {
            t["id"]: t["filename"] for t in json.loads(
                self.run_or_fail(["meson", "introspect", "--targets", self.build])
            )
        }
        known = {
            line.rsplit(":", 1)[0]
            for line in self.run_or_fail(["ninja", "-C", self.build, "-t", "targets", "all"])
            .split("\n")
        }
        found = []
        for t in json.loads(self.run_or_fail(["meson", "introspect", "--tests", self.build])):
            suite = t["suite"][0].split(":")[-1]
            name = suite + "/" + t["name"]
            if suite not in SUITES or any(fnmatch.fnmatch(name, p) for p in LEFT_OUT):
                continue
            files = [f for i in t["depends"] for f in targets.get(i, [])] + t["cmd"]
            files = [os.path.normpath(os.path.join(self.build, f)) for f in files if "/" in f]
            artifacts = {
                os.path.relpath(f, self.build) for f in files
                if f.startswith(self.build + "/")
            } & known
            plain = {
                os.path.relpath(f, self.root) for f in files if f.startswith(self.root + "/")
            }
            found.append(Test(name, t["cmd"], t["env"], artifacts, plain))
        return found

    def objects_of(self, artifacts):
        """Object files and sources that make a file of the build."""
        out = {}
        for artifact in artifacts:
            lines = self.run_or_fail(["ninja", "-C", self.build, "-t", "inputs", artifact])
            out[artifact] = set(lines.split("\n"))
        return out

    def dependencies(self):
        """Object file to the sources and headers that it was compiled from, in the tree."""
        deps, current = {}, None
        for line in self.run_or_fail(["ninja", "-C", self.build, "-t", "deps"]).split("\n"):
            if line and not line.startswith(" "):
                current = deps.setdefault(line.split(":")[0], set())
            elif line.strip() and current is not None:
                path = os.path.normpath(os.path.join(self.build, line.strip()))
                if path.startswith(self.root + "/"):
                    current.add(os.path.relpath(path, self.root))
        return deps

    def translate(self, text, other):
        return text.replace(other.folder + "/", self.folder + "/")

    def run(self, test, origin, timeout):
        """None when the test passes, or why not."""
        env = dict(self.env)
        env.update({k: self.translate(v, origin) for k, v in test.env.items()})

        process = subprocess.Popen(
            [self.translate(c, origin) for c in test.command],
            cwd=self.build,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
        )
        try:
            return wait(process, timeout)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def clean(self):
        for name in os.listdir(self.scratch):
            path = os.path.join(self.scratch, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)


def wait(process, timeout):
    end = time.monotonic() + timeout
    pause = 0.001
    while True:
        try:
            status = process.wait(pause)
        except subprocess.TimeoutExpired:
            pause = min(pause * 2, 0.1)
            try:
                pages = int(read("/proc/%d/statm" % process.pid).split()[1])
            except (OSError, IndexError):
                pages = 0
            if pages * resource.getpagesize() > MEMORY:
                return "took more than %d MiB of memory" % (MEMORY >> 20)
            if time.monotonic() > end:
                return "took more than %.0f s" % timeout
            continue
        if status in (0, 77):
            return None
        return "signal %d" % -status if status < 0 else "exit status %d" % status


class Result:
    def __init__(self, mutant, outcome, by="", why=""):
        # outcome: "killed", "survived", "invalid" or "equivalent"
        self.mutant, self.outcome, self.by, self.why = mutant, outcome, by, why


class Check:
    def __init__(self, options, texts, exceptions):
        self.options, self.texts, self.exceptions = options, texts, exceptions
        self.folder = tempfile.mkdtemp(prefix="agx-mutation-", dir=options.work)
        self.trees = []
        self.lock = threading.Lock()
        self.stop = False

    def prepare(self):
        """Copies, builds, and runs the tests once without any change."""
        started = time.monotonic()
        failures = []

        def make(i):
            try:
                tree = Tree(os.path.join(self.folder, str(i)), ROOT)
                if i == 0:
                    self.all_tests = tree.tests()
                    self.trees.insert(0, tree)
                else:
                    self.trees.append(tree)
            except Failure as e:
                failures.append(e)

        self.parallel(make, range(self.options.jobs))
        if failures:
            raise failures[0]
        origin = self.trees[0]
        artifacts = set().union(*(t.artifacts for t in self.all_tests))

        def build(tree):
            said = tree.ninja(artifacts, max(1, (os.cpu_count() or 1) // self.options.jobs))
            if said:
                failures.append(Failure("the tree does not build:\n" + said[-4000:]))

        self.parallel(build, self.trees)
        if failures:
            raise failures[0]
        self.origin = origin
        self.inputs = origin.objects_of(artifacts)
        self.deps = origin.dependencies()
        self.base = [
            {a: digest(os.path.join(tree.build, a)) for a in artifacts} for tree in self.trees
        ]
        say("%d tests; built in %.0f s" % (len(self.all_tests), time.monotonic() - started))
        self.baseline()

    def baseline(self):
        broken = []

        def one(test):
            before = time.monotonic()
            why = self.origin.run(test, self.origin, BASELINE_TIMEOUT)
            test.seconds = time.monotonic() - before
            if why:
                broken.append("%s: %s" % (test.name, why))

        self.parallel(one, self.all_tests)
        self.origin.clean()
        if broken and not self.options.keep_going:
            raise Failure("without any change these fail:\n  " + "\n  ".join(sorted(broken)))
        for line in sorted(broken):
            say("left out, it fails without any change: " + line)
        names = {line.split(":")[0] for line in broken}
        self.tests = [t for t in self.all_tests if t.name not in names]
        say("without any change the tests take %.1f s" % sum(t.seconds for t in self.tests))

    def parallel(self, function, items):
        items = collections.deque(items)

        def work():
            while True:
                try:
                    item = items.popleft()
                except IndexError:
                    return
                function(item)

        threads = [threading.Thread(target=work) for _ in range(self.options.jobs)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def affected_objects(self, path):
        return {o for o, sources in self.deps.items() if path in sources}

    def affected_tests(self, path):
        objects = self.affected_objects(path)
        out = []
        for test in self.tests:
            inputs = set().union(*(self.inputs[a] for a in test.artifacts), test.artifacts)
            direct = os.path.relpath(os.path.join(self.origin.root, path), self.origin.build)
            if inputs & objects or direct in inputs or any(
                path == s or path.startswith(s + "/") for s in test.sources
            ):
                out.append(test)
        return out

    @staticmethod
    def probes(objects):
        """
        Some of the objects that a header is in: the interface's own tests see all variants. What
        fails to compile elsewhere only is found when that is built.
        """
        if len(objects) <= 8:
            return objects
        own = {o for o in objects if o.startswith("tests/firmware-interface/")}
        return own or set(sorted(objects, key=lambda o: (o.startswith("tests/"), o))[:6])

    def timeout(self, test):
        return max(self.options.timeout, 15 * test.seconds)

    def changed(self, tree, test):
        """Whether anything that the test runs is another than without the change."""
        if any(os.path.splitext(s)[1] == "" or s.endswith(".h") for s in test.sources):
            if not test.artifacts:
                return True
        base = self.base[self.trees.index(tree)]
        return any(digest(os.path.join(tree.build, a)) != base[a] for a in test.artifacts)

    def examine(self, tree, mutant, every=False):
        """Applies, builds, tests. With every, a list of all tests that notice it."""
        text = self.texts[mutant.path]
        reason = self.exceptions.reason(mutant, text)
        if reason:
            return Result(mutant, "equivalent", why=reason)
        with open(os.path.join(tree.root, mutant.path), "w") as f:
            f.write(mutant.apply(text))
        tests = self.affected_tests(mutant.path)
        inputs = set().union(*(self.inputs[a] for t in tests for a in t.artifacts))
        if tree.ninja(self.probes(self.affected_objects(mutant.path) & inputs)):
            return Result(mutant, "invalid", why="does not compile")
        with self.lock:
            # Those that need nothing built come first: a header is in nearly everything.
            tests.sort(key=lambda t: (bool(t.artifacts), -t.score(mutant.path), t.name))
        sizes = BATCHES + [len(tests)]
        notice = []
        while tests:
            batch, tests = tests[:sizes[0]], tests[sizes[0]:]
            sizes = sizes[1:] or [len(tests)]
            if tree.ninja(set().union(*(t.artifacts for t in batch))):
                return Result(mutant, "invalid", why="does not link")
            for test in batch:
                if self.stop:
                    return None
                if not self.changed(tree, test):
                    continue
                why = tree.run(test, self.origin, self.timeout(test))
                with self.lock:
                    for key in (mutant.path, ""):
                        test.runs[key] += 1
                        test.kills[key] += bool(why)
                if why:
                    notice.append("%s: %s" % (test.name, why))
                    if not every:
                        return Result(mutant, "killed", test.name, why)
        if notice:
            return Result(mutant, "killed", notice[0].split(":")[0], "; ".join(notice))
        if self.same_code(tree, mutant):
            return Result(mutant, "equivalent", why="the optimiser makes the same code of it")
        return Result(mutant, "survived")

    def same_code(self, tree, mutant):
        """Whether optimised objects are the same with and without the change."""
        commands = json.loads(read(os.path.join(tree.build, "compile_commands.json")))
        objects = {
            o for o in self.affected_objects(mutant.path) if not o.startswith("tests/")
        }
        before = self.texts[mutant.path]
        entries = [e for e in commands if e["output"] in objects]
        entries.sort(key=lambda e: (not e["output"].startswith("kernel/core/"), e["output"]))
        for entry in entries:
            images = [self.image(tree, mutant.path, text, entry)
                      for text in (before, mutant.apply(before))]
            if images[0] is None or images[0] != images[1]:
                return False
        return bool(entries)

    @staticmethod
    def image(tree, path, text, entry):
        """Digest of the optimised object that one command makes of a text; None: it fails."""
        with open(os.path.join(tree.root, path), "w") as f:
            f.write(text)
        out = os.path.join(tree.scratch, "same.o")
        args = shlex.split(entry["command"])
        args[args.index("-o") + 1] = out
        args = [a for a in args if a not in ("-MD", "-O0") and not a.startswith("-g")]
        for flag in ("-MQ", "-MF"):
            if flag in args:
                at = args.index(flag)
                del args[at:at + 2]
        done = subprocess.run(
            [*args, "-O2"], cwd=entry["directory"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return None if done.returncode else digest(out)

    def run(self, wanted):
        """Examines mutants, those of a file one after the other, on all copies."""
        groups = collections.defaultdict(list)
        for mutant in wanted:
            groups[mutant.path].append(mutant)
        work = queue.Queue()
        # Long groups first, in pieces, so that no copy is left alone with one at the end.
        pieces = []
        for path in groups:
            for i in range(0, len(groups[path]), 8):
                pieces.append(groups[path][i:i + 8])
        for piece in sorted(pieces, key=lambda p: (-len(p), p[0].path)):
            work.put(piece)
        results = []
        errors = []

        def worker(tree):
            try:
                while not self.stop:
                    try:
                        piece = work.get_nowait()
                    except queue.Empty:
                        return
                    for mutant in piece:
                        if self.stop:
                            return
                        result = self.examine(tree, mutant)
                        if result is None:
                            return
                        with self.lock:
                            results.append(result)
                            say("#%d %s:%d %s: %s %s" % (
                                mutant.number, mutant.path, mutant.line, mutant.kind,
                                result.outcome, result.by or result.why,
                            ))
                        tree.clean()
                    path = os.path.join(tree.root, piece[0].path)
                    with open(path, "w") as f:
                        f.write(self.texts[piece[0].path])
            except Exception as e:  # a thread's error is the check's
                errors.append(e)
                self.stop = True

        threads = [threading.Thread(target=worker, args=(t,)) for t in self.trees]
        for t in threads:
            t.start()
        try:
            for t in threads:
                t.join()
        except KeyboardInterrupt:
            self.stop = True
            for t in threads:
                t.join()
        if errors:
            raise Failure("%s: %s" % (type(errors[0]).__name__, errors[0]))
        return results

    def finish(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def report(results, texts, seconds):
    """A summary as text, and the same as what --json writes."""
    counted = [r for r in results if r.outcome in ("killed", "survived")]
    killed = [r for r in counted if r.outcome == "killed"]
    survived = sorted(
        (r for r in counted if r.outcome == "survived"), key=lambda r: (r.mutant.path, r.mutant.line)
    )
    files = collections.defaultdict(lambda: [0, 0])
    kinds = collections.defaultdict(lambda: [0, 0])
    for r in counted:
        for table, key in ((files, r.mutant.path), (kinds, r.mutant.kind)):
            table[key][0] += r.outcome == "killed"
            table[key][1] += 1
    for r in survived:
        print("#%d %s, line %d: %s" % (
            r.mutant.number, r.mutant.path, r.mutant.line, r.mutant.kind))
        print(r.mutant.diff(texts[r.mutant.path]), end="\n")
    width = max([len(f) for f in files] + [4])
    for title, table in (("file", files), ("kind", kinds)):
        print("%-*s  caught   of" % (width, title))
        for key in sorted(table):
            print("%-*s  %6d  %3d" % (width, key, *table[key]))
        print()
    by = collections.Counter(r.by for r in killed)
    print("caught by: " + ", ".join("%s %d" % (n, c) for n, c in by.most_common()))
    dropped = collections.Counter(r.outcome for r in results if r not in counted)
    print("not counted: %d that do not compile, %d equivalent" % (
        dropped["invalid"], dropped["equivalent"]))
    percent = 100.0 * len(killed) / len(counted) if counted else 0.0
    print("caught %d of %d (%.1f %%) in %.0f s" % (len(killed), len(counted), percent, seconds))
    return percent, {
        "caught": len(killed),
        "survived": len(survived),
        "not_compiled": dropped["invalid"],
        "equivalent": dropped["equivalent"],
        "percent": round(percent, 2),
        "seconds": round(seconds, 1),
        "files": {k: {"caught": v[0], "of": v[1]} for k, v in sorted(files.items())},
        "kinds": {k: {"caught": v[0], "of": v[1]} for k, v in sorted(kinds.items())},
        "mutants": [
            {
                "number": r.mutant.number,
                "file": r.mutant.path,
                "line": r.mutant.line,
                "kind": r.mutant.kind,
                "before": r.mutant.changed_line(texts[r.mutant.path])[0],
                "after": r.mutant.changed_line(texts[r.mutant.path])[1],
                "outcome": r.outcome,
                "by": r.by,
                "why": r.why,
            }
            for r in sorted(results, key=lambda r: r.mutant.number)
        ],
    }


def self_test(exceptions, texts):
    """The generator leaves alone what it must, and the exceptions are about today's lines."""
    text = (
        "/* a < 1 */\n#include <x.h>\n#if A > 3\n#endif\n#define LIMIT 0x10 /* 7 */\n"
        "_Static_assert(1 == 1, \"x 5\");\n"
        "int f(int a, int b)\n{\n\tint c = 0;\n\n\tif (a < b)\n\t\treturn -EINVAL;\n"
        "\tagx_log(p, 4, \"%d < 3\", a + 1);\n\tc = g(a, b);\n\tp->flags = FLAG_A | FLAG_B;\n"
        "\tp->size = a;\n\tbarrier(p);\n\treturn c;\n}\n"
    )
    got = {
        (m.line, m.kind, m.changed_line(text)[1]) for m in mutants.Source("x.c", text).all()
    }
    want = {
        (5, "constant", "#define LIMIT 0x11 /* 7 */"),
        (5, "constant", "#define LIMIT 0xf /* 7 */"),
        (5, "constant", "#define LIMIT 0x14 /* 7 */"),
        (5, "constant", "#define LIMIT 0x100 /* 7 */"),
        (9, "constant", "int c = 1;"),
        (11, "comparison", "if (a <= b)"),
        (11, "negation", "if (!(a < b))"),
        (12, "errno", "return -EIO;"),
        (12, "return", "return 0;"),
        (14, "statement", ";"),
        (14, "arguments", "c = g(b, a);"),
        (15, "operator", "p->flags = FLAG_A & FLAG_B;"),
        (15, "flag", "p->flags = FLAG_A;"),
        (15, "statement", ";"),
        (15, "swap", "p->size = FLAG_A | FLAG_B;"),
        (16, "statement", ";"),
        (17, "barrier", ";"),
    }
    problems = ["not made: %s" % (m,) for m in sorted(want - got)]
    problems += ["made: %s" % (m,) for m in sorted(got - want)]
    layout = "struct AGX_FW(a) {\n\tfw_u32 x; /* 3 */\n\tfw_u8 y[4];\n} __packed;\n"
    kinds = collections.Counter(
        m.kind for m in mutants.Source("firmware-interface/x.h", layout).all())
    if kinds != {"layout": 5, "constant": 2}:
        problems.append("of a structure: %s" % dict(kinds))
    numbers = [[(m.path, m.start, m.new) for m, _ in zip(mutants.draw(texts, 3), range(50))]
               for _ in range(2)]
    if numbers[0] != numbers[1]:
        problems.append("the sample is not reproducible")
    problems += exceptions.stale(texts)
    for problem in problems:
        say(problem)
    return 1 if problems else 0


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(__doc__.split("\n")[2:]),
    )
    parser.add_argument("--seed", type=int, default=1, help="which sample (1)")
    parser.add_argument("--count", type=positive, default=200, help="mutants that count (200)")
    parser.add_argument("--only", action="append", metavar="FILE",
                        help="of this file alone (may be a pattern; repeatable)")
    parser.add_argument("--list", action="store_true", help="show the sample, change nothing")
    parser.add_argument("--mutant", type=positive, action="append", metavar="N",
                        help="this one of the sample: its diff, all tests that notice it")
    parser.add_argument("--jobs", type=positive, default=min(os.cpu_count() or 1, 8), metavar="N",
                        help="copies of the tree to work in (processors, at most 8)")
    parser.add_argument("--timeout", type=float, default=10, metavar="S",
                        help="least seconds after which a test has failed (10); a slow one gets"
                        " 15 times what it takes without any change")
    parser.add_argument("--json", metavar="F", help="write all results there")
    parser.add_argument("--at-least", type=float, default=90, metavar="PERCENT",
                        help="fail below this (90)")
    parser.add_argument("--keep-going", action="store_true",
                        help="leave out tests that fail without any change")
    parser.add_argument("--work", default="/dev/shm" if os.path.isdir("/dev/shm") else None,
                        metavar="DIR", help="where to put the copies (/dev/shm)")
    parser.add_argument("--self-test", action="store_true",
                        help="check the generator and the exceptions only")
    return parser.parse_args()


def examine_some(check, chosen, texts):
    survived = 0
    for mutant in chosen:
        result = check.examine(check.trees[0], mutant, every=True)
        print("#%d %s, line %d: %s" % (mutant.number, mutant.path, mutant.line, mutant.kind))
        print(mutant.diff(texts[mutant.path]), end="")
        print("%s%s\n" % (result.outcome, ": " + result.why if result.why else ""))
        survived += result.outcome == "survived"
        with open(os.path.join(check.trees[0].root, mutant.path), "w") as f:
            f.write(texts[mutant.path])
    return 1 if survived else 0


def main():
    options = parse()
    exceptions = Exceptions(os.path.join(HERE, "exceptions.txt"))
    texts = sources(ROOT, options.only)
    if options.self_test:
        return self_test(exceptions, sources(ROOT, None))
    if not texts:
        raise Failure("no file matches --only")
    sample = mutants.draw(texts, options.seed)
    if options.list:
        for mutant, _ in zip(sample, range(options.count)):
            before, after = mutant.changed_line(texts[mutant.path])
            print("#%d %s:%d: %s\n\t- %s\n\t+ %s" % (
                mutant.number, mutant.path, mutant.line, mutant.kind, before, after))
        return 0
    for tool in ("meson", "ninja"):
        if not shutil.which(tool):
            raise Failure("%s is not installed" % tool)
    stale = exceptions.stale(sources(ROOT, None))
    if stale:
        raise Failure("\n".join(stale))

    started = time.monotonic()
    if options.mutant:
        options.jobs = 1
    check = Check(options, texts, exceptions)
    try:
        check.prepare()
        if options.mutant:
            wanted = set(options.mutant)
            chosen = [m for m, _ in zip(sample, range(max(wanted))) if m.number in wanted]
            return examine_some(check, chosen, texts)
        results, counted = [], 0
        while counted < options.count and not check.stop:
            wanted = [m for m, _ in zip(sample, range(options.count - counted))]
            if not wanted:
                break
            results += check.run(wanted)
            counted = sum(r.outcome in ("killed", "survived") for r in results)
        percent, data = report(results, texts, time.monotonic() - started)
        data = {"seed": options.seed, "interrupted": check.stop, **data}
        if options.json:
            with open(options.json, "w") as f:
                json.dump(data, f, indent=1)
                f.write("\n")
        return 0 if percent >= options.at_least and not check.stop else 1
    finally:
        check.finish()


def interrupt(number, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main())
    except Failure as e:
        say("mutate.py: %s" % e)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(2)
