#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Piglit's OpenCL suite on rusticl: llvmpipe first, then the virtual GPU, in a root of
# tools/mesa-root. Says which tests pass on llvmpipe and not on the virtual GPU.
#
# usage: piglit-cl.sh MESA_ROOT_TOOL BUILD_FOLDER FOLDER [PATTERN...]
#
# FOLDER gets piglit's results (llvmpipe, asahi). Patterns are regular expressions on names of
# tests; without one all run: some 700, for which the root needs Debian's piglit with its generated tests
# (tools/mesa-root leaves those out; without them the suite is smaller). Exit status 1 when a test
# differs; 77 where there is no root or no piglit in it.
set -u
export LC_ALL=C
[ $# -ge 3 ] || { sed -n '4,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
tool=$1 build=$2 folder=$(readlink -m "$3")
shift 3
options=(-c --overwrite)
for pattern in "$@"; do
	options+=(-t "$pattern")
done

# One driver's results, in $folder/NAME.
run()
{
	local name=$1
	shift
	"$tool" exec --build "$build" -- "$@" /bin/sh -c '
		command -v piglit >/dev/null || exit 77
		cd /usr/lib/*/piglit && exec piglit run "$@"' piglit "${options[@]}" cl "$folder/$name" \
		>"$folder/$name.log" 2>&1
}

mkdir -p "$folder"
run llvmpipe env RUSTICL_ENABLE=llvmpipe LP_NUM_THREADS=2
status=$?
[ $status = 0 ] || { tail -n 5 "$folder/llvmpipe.log" >&2; exit $status; }
run asahi agx run --exec full --
status=$?
[ $status = 0 ] || { tail -n 5 "$folder/asahi.log" >&2; exit $status; }

exec python3 - "$folder" <<'END'
import bz2, collections, glob, json, sys

def load(name):
    path = glob.glob(f"{sys.argv[1]}/{name}/results.json*")[0]
    opened = bz2.open(path, "rt") if path.endswith("bz2") else open(path, encoding="utf-8")
    with opened as file:
        return {key: test["result"] for key, test in json.load(file)["tests"].items()}

theirs, ours = load("llvmpipe"), load("asahi")
for name, results in (("llvmpipe", theirs), ("asahi", ours)):
    counts = collections.Counter(results.values())
    print(f"{name}:", ", ".join(f"{counts[key]} {key}" for key in sorted(counts)))
worse = [name for name in theirs if theirs[name] == "pass" and ours.get(name) != "pass"]
for name in worse:
    print(f"{name}: pass on llvmpipe, {ours.get(name)} on asahi")
for name in sorted(theirs):
    if theirs[name] not in ("pass", "skip") and ours.get(name) == theirs[name]:
        print(f"{name}: {theirs[name]} on both")
    elif theirs[name] not in ("pass", "skip"):
        print(f"{name}: {theirs[name]} on llvmpipe, {ours.get(name)} on asahi")
print(f"piglit cl: {len(theirs)} tests, {len(worse)} worse than llvmpipe")
sys.exit(1 if worse or not theirs else 0)
END
