# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the project needs from Debian 12 or 13, and how to get it. Sourced by tools/test and
# tools/demo.

packages_build=(
	gcc libc6-dev meson ninja-build pkg-config python3
	libdrm-dev libzstd-dev libxxhash-dev libjson-c-dev libudev-dev
)
packages_test=(
	git libcmocka-dev scdoc clang clang-format libclang-rt-dev zstd
	mmdebstrap
)

packages_missing() {
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# packages_install PACKAGE…: installs what is missing, saying so; needs root or sudo only then.
packages_install() {
	local missing as_root=() p wanted=()
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		echo "${0##*/}: not a Debian machine; needed are: $*" >&2
		return 0
	fi
	for p in "$@"; do
		# The sanitizer runtime's package is named after clang's version on Debian 12.
		if [ "$p" = libclang-rt-dev ]; then
			p=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1)
			[ -n "$p" ] || continue
		fi
		wanted+=("$p")
	done
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "${0##*/}: missing packages: ${missing[*]}" >&2
			echo "${0##*/}: run as root, or install sudo, or install them yourself" >&2
			return 2
		fi
		as_root=(sudo)
	fi
	echo "${0##*/}: installing ${missing[*]}" >&2
	if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends "${missing[@]}" >"${TMPDIR:-/tmp}/agx-apt.log" 2>&1; then
		"${as_root[@]}" apt-get update >"${TMPDIR:-/tmp}/agx-apt.log" 2>&1
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "${missing[@]}" >"${TMPDIR:-/tmp}/agx-apt.log" 2>&1 || {
			tail -n 20 "${TMPDIR:-/tmp}/agx-apt.log" >&2
			echo "${0##*/}: could not install ${missing[*]}" >&2
			return 2
		}
	fi
}
