#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The public headers, each alone, all together and in the wrong order, in every C and C++ that counts.

check_headers.py INCLUDE-FOLDER LIBRARY: with the compilers that are there; a C++ program is linked to
the library and run.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

# No -Wshadow: structures that have functions of their name hide constructors that nobody has.
WARN = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror"]
C = ["gcc", "clang"]
CXX = ["g++", "clang++"]
C_STANDARDS = ["c11", "c17", "c2x"]
CXX_STANDARDS = ["c++17", "c++20"]

CXX_PROGRAM = r"""
#include <agx/agx.h>

#include <cstdio>
#include <cstring>

struct handle {
    agx_context *ctx = nullptr;
    ~handle() { agx_context_destroy(ctx); }
};

int main()
{
    handle h;
    agx_layout_params params{};
    agx_layout layout{};
    const char *why = nullptr;
    agx_device *device = nullptr;

    if (agx_context_create(nullptr, &h.ctx))
        return 1;
    if (agx_device_open(h.ctx, "no such device", &device) == 0 || !*agx_error(h.ctx))
        return 2;
    params.format = AGX_FORMAT_R8G8B8A8_UNORM;
    params.dimension = AGX_DIMENSION_2D;
    params.width = params.height = 64;
    if (agx_layout_init(&layout, &params, &why))
        return 3;
    std::printf("%s %llu\n", agx_version(), static_cast<unsigned long long>(layout.size));
    return 0;
}
"""

failures = []


def run(command, what, text=None):
    r = subprocess.run(command, input=text, capture_output=True, text=True)
    if r.returncode:
        failures.append(f"{what}: {' '.join(command)}\n{r.stdout}{r.stderr}")
    return r


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    include, library = sys.argv[1:]
    names = sorted(n for n in os.listdir(os.path.join(include, "agx")) if n.endswith(".h"))
    compilers = [(c, "c", C_STANDARDS) for c in C if shutil.which(c)]
    compilers += [(c, "c++", CXX_STANDARDS) for c in CXX if shutil.which(c)]
    if not compilers:
        print("SKIP: none of these compilers is here:", ", ".join(C + CXX))
        return 77
    alone = {n: f"#include <agx/{n}>\n#include <agx/{n}>\n" for n in names}
    together = {
        "all": "".join(f"#include <agx/{n}>\n" for n in names),
        "all, backwards": "".join(f"#include <agx/{n}>\n" for n in reversed(names)),
    }
    count = 0
    for compiler, language, standards in compilers:
        for standard in standards:
            texts = dict(alone) if standard == standards[0] else {}
            texts.update(together)
            for what, text in texts.items():
                # The library's own prototypes: C before C23 has no other way to see a missing void.
                strict = ["-Wstrict-prototypes"] if language == "c" else []
                run([compiler, "-x", language, f"-std={standard}", *WARN, *strict, "-fsyntax-only",
                     "-I", include, "-"], f"{what} as {standard}, {compiler}",
                    text + "typedef int not_empty;\n")
                count += 1
    for compiler, language, _ in compilers:
        if language != "c++":
            continue
        with tempfile.TemporaryDirectory() as tmp:
            source, program = os.path.join(tmp, "p.cc"), os.path.join(tmp, "p")
            with open(source, "w", encoding="utf-8") as f:
                f.write(CXX_PROGRAM)
            folder = os.path.dirname(os.path.abspath(library))
            with open(library, "rb") as f:
                if b"__asan_init" in f.read():
                    print("note: the library has sanitizers: no C++ program is linked to it")
                    break
            r = run([compiler, "-std=c++17", *WARN, "-I", include, source, "-o", program,
                     "-L" + folder, "-lagx", "-Wl,-rpath," + folder], f"program, {compiler}")
            if not r.returncode:
                r = run([program], f"program of {compiler} (status {r.returncode})")
                if not re.match(r"\d+\.\d+\.\d+ 16384\n$", r.stdout):
                    failures.append(f"program of {compiler}: printed {r.stdout!r}")
            count += 1
    for text in failures:
        print(text)
    print(f"{len(names)} headers, {count} compilations with "
          f"{', '.join(c for c, _, _ in compilers)}, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
