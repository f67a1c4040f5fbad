# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Throw-away Debian roots: where packages come from, and how a root is entered. Sourced by scripts
# that set `self` to their own path and `tool` to their name.

readonly SKIP=77
readonly USAGE=2

# What mmdebstrap is to leave out of every root.
root_excluded=(
	'/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*'
	'/usr/share/icons/*' '/usr/share/lintian/*' '/usr/share/bug/*'
)

fail()
{
	echo "$tool: $2" >&2
	exit "$1"
}

need_root()
{
	[ "$(id -u)" = 0 ] || fail $SKIP "root rights are needed (user id is $(id -u))"
}

# The archive that the machine's apt uses for Debian itself; nothing where it has none.
find_mirror()
{
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | sed -n 's/^Debian|Debian|//p' | head -n 1
}

# What a root is made of: the release, and what its apt knows beside it.
root_suites=(trixie trixie-backports)

# These, as lines of sources.list.
root_sources()
{
	local key=/usr/share/keyrings/debian-archive-keyring.gpg

	printf "deb [signed-by=$key] $1 %s main\n" "${root_suites[@]}"
}

# Copies the settings that reach the archive (proxy, authentication of time stamps).
root_apt_settings()
{
	apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' || true
	echo 'Acquire::Languages "none";'
	echo 'APT::Install-Recommends "false";'
	echo 'APT::Sandbox::User "root";'
}

# root_make DIR MIRROR MMDEBSTRAP-OPTION…: makes DIR, whole or not at all.
root_make()
{
	local dir=$1 mirror=$2 settings pattern
	local -a options=()

	shift 2
	command -v mmdebstrap >/dev/null || fail $SKIP "mmdebstrap is not installed"
	[ -n "$mirror" ] || fail $SKIP "apt knows no Debian archive; name one with --mirror"
	mkdir -p "$(dirname "$dir")"
	rm -rf --one-file-system "$dir.partial"
	settings=$(mktemp)
	root_apt_settings >"$settings"
	for pattern in "${root_excluded[@]}"; do
		options+=(--dpkgopt="path-exclude=$pattern")
	done
	if ! root_sources "$mirror" | mmdebstrap --quiet --mode=root --format=directory \
		--aptopt="$settings" --dpkgopt=force-unsafe-io "${options[@]}" "$@" \
		"${root_suites[0]}" "$dir.partial" - >&2; then
		rm -f "$settings"
		rm -rf --one-file-system "$dir.partial"
		fail $SKIP "$(basename "$dir") could not be fetched from $mirror"
	fi
	rm -f "$settings"
	rm -rf --one-file-system "$dir"
	mv "$dir.partial" "$dir"
}

# root_enter DIR BINDS COMMAND…: replaces this process by a command inside, in a private mount
# namespace: nothing is left mounted whatever happens. BINDS: lines of "ro PATH" or "rw PATH",
# which are seen inside at the same place. Needs a line in the script that calls root_inside for
# --inside.
root_enter()
{
	export AGX_ENTER_DIR=$1 AGX_ENTER_BINDS=$2
	shift 2
	exec unshare --mount --propagation private -- /bin/bash "$self" --inside "$PWD" "$@"
}

root_inside()
{
	local cwd=$1 root=$AGX_ENTER_DIR point how path

	shift
	for point in proc sys dev tmp; do
		mkdir -p "$root/$point"
		mount --rbind "/$point" "$root/$point"
	done
	while read -r how path; do
		# What is below /tmp is there already.
		case $path in
		'' | /tmp/*) continue ;;
		esac
		mkdir -p "$root$path"
		mount --bind "$path" "$root$path"
		[ "$how" = rw ] || mount -o remount,ro,bind "$root$path"
	done <<<"$AGX_ENTER_BINDS"
	[ -e /etc/resolv.conf ] && cp -L /etc/resolv.conf "$root/etc/resolv.conf" || true
	unset AGX_ENTER_DIR AGX_ENTER_BINDS
	exec chroot "$root" /bin/bash -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$cwd" "$@"
}
