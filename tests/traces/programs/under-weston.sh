#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs a command as a client of a headless Wayland compositor that draws on the same node.
set -eu
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR WAYLAND_DISPLAY=agx-trace
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
weston --backend=headless --renderer=gl --width=256 --height=256 --socket=agx-trace \
	--idle-time=0 >/dev/null 2>&1 &
weston=$!
for ((i = 0; i < 200; i++)); do
	[ -S "$XDG_RUNTIME_DIR/agx-trace" ] && break
	sleep 0.1
done
status=0
"$@" || status=$?
kill $weston
wait $weston || status=$?
exit $status
