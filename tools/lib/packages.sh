# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the project needs from Debian 12 or 13, and how to get it. Sourced by tools/test and
# tools/demo.

packages_build=(
	gcc libc6-dev meson ninja-build pkg-config python3
	libdrm-dev libzstd-dev libxxhash-dev libjson-c-dev libudev-dev libfdt-dev zlib1g-dev
	libpng-dev
)
packages_test=(
	git libcmocka-dev scdoc clang clang-format libclang-rt-dev zstd
	mmdebstrap qemu-system-arm qemu-user-static e2fsprogs device-tree-compiler
	glslang-tools libvulkan-dev ocl-icd-opencl-dev opencl-c-headers
	g++ abigail-tools
)

packages_missing() {
	local p
	for p in "$@"; do
		# One line for each architecture that it is there for.
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done
}

# The sanitizer runtime's package is named after clang's version on Debian 12, and that is known
# only where clang is installed or apt has its package lists.
packages_clang_rt() {
	{
		dpkg-query -W -f '${Depends}\n' clang 2>/dev/null || true
		apt-cache depends clang 2>/dev/null || true
	} | sed -n 's/.*clang-\([0-9][0-9]*\).*/libclang-rt-\1-dev/p' | head -n 1
}

# packages_install PACKAGE…: installs what is missing, saying so; needs root or sudo only then.
packages_install() {
	local missing as_root=() p rt wanted=() log
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		echo "${0##*/}: not a Debian machine; needed are: $*" >&2
		return 0
	fi
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	for p in "$@"; do
		if [ "$p" = libclang-rt-dev ]; then
			rt=$(packages_clang_rt)
			# Replaced once more below, when the lists are there.
			[ -z "$rt" ] || p=$rt
		fi
		wanted+=("$p")
	done
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "${0##*/}: missing packages: ${missing[*]}" >&2
		echo "${0##*/}: run as root, or install sudo, or install them yourself" >&2
		return 2
	fi
	echo "${0##*/}: installing ${missing[*]}" >&2
	log=$(mktemp) || return 2
	if packages_apt install "${missing[@]}"; then
		rm -f "$log"
		return 0
	fi
	packages_apt update || true
	for p in "${!missing[@]}"; do
		[ "${missing[p]}" != libclang-rt-dev ] || missing[p]=$(packages_clang_rt)
	done
	if packages_apt install "${missing[@]}"; then
		rm -f "$log"
		return 0
	fi
	tail -n 20 "$log" >&2
	rm -f "$log"
	echo "${0##*/}: could not install ${missing[*]}" >&2
	return 2
}

# Part of packages_install, whose variables it uses.
packages_apt() {
	local command=$1
	shift
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get "$command" ${1:+-y --no-install-recommends} "$@" >"$log" 2>&1
}
