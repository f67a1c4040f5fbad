#!/bin/bash
# SPDX-License-Identifier: MIT
# A headless Wayland compositor that draws on the virtual node, with clients that do too.
# Inside the root, under `agx run`.
set -u
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR WAYLAND_DISPLAY=agx-test
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
log=$XDG_RUNTIME_DIR/weston.log
failed=0

# check STATUS NAME: what NAME's status is meant to be is 0.
check()
{
	if [ "$1" = 0 ]; then
		echo "$2: ok"
	else
		echo "$2: status $1"
		failed=1
	fi
}

weston --backend=headless --renderer=gl --width=256 --height=256 --socket=agx-test \
	--idle-time=0 --log="$log" >/dev/null 2>&1 &
weston=$!
for ((i = 0; i < 200; i++)); do
	[ -S "$XDG_RUNTIME_DIR/agx-test" ] && break
	sleep 0.1
done
grep 'GL renderer:' "$log"

weston-simple-egl -b >/dev/null 2>&1 &
client=$!
sleep 1
kill -INT $client
wait $client
check $? weston-simple-egl

timeout 60 vkmark --winsys wayland -s 256x256 -b cube:duration=0.5
check $? vkmark

timeout 60 eglinfo -B -p wayland
check $? eglinfo

timeout 60 glmark2-es2-wayland --off-screen --size 256x256 -b build:duration=0.5 -b texture:duration=0.5
check $? glmark2-es2-wayland

es2gears_wayland >/dev/null 2>&1 &
client=$!
sleep 1
kill -0 $client
check $? es2gears_wayland
kill $client
wait $client 2>/dev/null

kill $weston
wait $weston
check $? weston
exit $failed
