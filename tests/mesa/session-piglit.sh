#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the tests of piglit.txt one after the other. Inside the root, under `agx run`.
set -u
list=$(dirname "$(readlink -f "$0")")/piglit.txt
# Meanwhile shaders of one process are the next one's: a cache would hide compilations.
export PIGLIT_PLATFORM=surfaceless_egl MESA_SHADER_CACHE_DISABLE=true
cd /usr/lib/*/piglit || exit 1
total=0 bad=0
while read -r kind test; do
	case $kind in
	PASS) wanted='pass' ;;
	RENDER) wanted='pass|fail|warn' ;;
	*) continue ;;
	esac
	total=$((total + 1))
	output=$(timeout 60 "bin/$test" -auto -fbo 2>&1 </dev/null)
	status=$?
	result=$(sed -n 's/^PIGLIT: {"result": "\([a-z]*\)".*/\1/p' <<<"$output" | tail -n 1)
	if ! grep -qxE "$wanted" <<<"$result" || [ $status -gt 1 ]; then
		bad=$((bad + 1))
		echo "$test: expected $wanted, got '$result' and status $status"
		tail -n 5 <<<"$output"
	fi
done <"$list"
echo "piglit: $total tests, $bad bad"
[ $bad = 0 ]
