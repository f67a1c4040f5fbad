#!/bin/bash
# SPDX-License-Identifier: MIT
# X11 programs under Xvfb, which has no DRI3: Mesa draws on the node and presents by copying.
# Inside the root, under `agx run`.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

check()
{
	if [ "$1" = 0 ]; then
		echo "$2: ok"
	else
		echo "$2: status $1"
		failed=1
	fi
}

mkfifo "$folder/fifo"
exec 9<>"$folder/fifo"
Xvfb -displayfd 9 -screen 0 640x480x24 -nolisten tcp >"$folder/log" 2>&1 &
server=$!
read -r -t 60 -u 9 number || { cat "$folder/log"; exit 1; }
export DISPLAY=:$number

export MESA_VK_WSI_DEBUG=sw
timeout 60 vkmark --winsys xcb -s 256x256 -b cube:duration=0.5
check $? vkmark
timeout 60 vkcube --c 30 >/dev/null
check $? vkcube

# OpenGL on Vulkan on the node.
export MESA_LOADER_DRIVER_OVERRIDE=zink LIBGL_KOPPER_DRI2=1
timeout 60 glxinfo -B
check $? glxinfo
timeout 60 es2_info | grep GL_RENDERER
check "${PIPESTATUS[0]}" es2_info

kill $server
wait $server
check $? Xvfb
exit $failed
