#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The checks of tests/vm/test_machine.py, inside the machine.
#
# usage: guest.sh SHARE CHECK...
#
# Writes lines of the Test Anything Protocol without numbers, "ok - NAME" or "not ok - NAME"
# ("ok - NAME # SKIP WHY"), and "# ..." with what was said. SHARE is a folder that the host sees
# too: traces are in SHARE/traces, and what a check leaves for the host goes to SHARE/out.
#
# The checks are called by their names.
# shellcheck disable=SC2317

set -u
share=$1
shift
out=$share/out
said=/tmp/said
mkdir -p "$out"

# What a kernel says when something is wrong with it.
reports='WARNING:|BUG:|Oops|Unable to handle|Internal error|refcount_t|Bad page|Call trace:'
reports="$reports|blocked for more than|detected stall|scheduling while atomic|general protection"

say()
{
	sed 's/^/# /'
}

good()
{
	echo "ok - $1"
}

bad()
{
	echo "not ok - $1"
}

# run NAME COMMAND...: good when it ends well; its last lines otherwise.
run()
{
	name=$1
	shift
	"$@" >$said 2>&1
	status=$?
	if [ $status = 0 ]; then
		good "$name"
		return 0
	fi
	echo "# $*: exit status $status"
	tail -n 40 $said | say
	bad "$name"
	return 1
}

# expect NAME PATTERN COMMAND...: good when it ends well and a line of it fits.
expect()
{
	name=$1 pattern=$2
	shift 2
	if ! "$@" >$said 2>&1; then
		echo "# $*: ends with an error"
	elif grep -Eq "$pattern" $said; then
		good "$name"
		return 0
	else
		echo "# no line fits \"$pattern\""
	fi
	tail -n 40 $said | say
	bad "$name"
	return 1
}

# need NAME PROGRAM: skips what cannot run here.
need()
{
	command -v "$2" >/dev/null && return 0
	echo "ok - $1 # SKIP $2 is not in this root"
	return 1
}

node()
{
	for path in /dev/dri/renderD*; do
		[ ! -e "$path" ] || echo "$path"
	done | head -n 1
}

# Where and how: the name of the GPU that was asked for.
gpu=${AGX_GPU_NAME:-Apple M1}

# The bundled traces are of a t8103: another GPU has to be asked for.
replay()
{
	if [ -n "${AGX_GPU-}" ]; then
		agx replay --node "$(node)" --gpu "$AGX_GPU" "$1"
	else
		agx replay --node "$(node)" "$1"
	fi
}

#### Checks

t_module()
{
	if ! grep -q '^asahi ' /proc/modules; then
		echo "# it is not among the modules"
		bad "module is loaded"
		return
	fi
	good "module is loaded"
	# From its first message to the last of the probe.
	dmesg | grep -i -e asahi -e agx | tail -n 8 | say
	if [ -n "$(node)" ]; then
		good "render node is there"
	else
		bad "render node is there"
	fi
}

t_uapi()
{
	uapi-check --tap >$said 2>$said.errors
	status=$?
	say <$said.errors
	sed -n 's/^\(ok\|not ok\) [0-9]* - /\1 - uapi: /p' $said
	if [ $status -gt 1 ] || ! grep -q '^1\.\.' $said; then
		echo "# uapi-check: exit status $status"
		bad "uapi-check comes to its end"
	fi
}

t_fdinfo()
{
	exec 3<>"$(node)" || { bad "fdinfo"; return; }
	cat /proc/self/fdinfo/3 >$said
	exec 3>&-
	for key in 'drm-driver:	asahi' 'drm-client-id:	[0-9]+' 'drm-engine-render:	[0-9]+ ns' \
		'drm-engine-compute:	[0-9]+ ns' 'drm-total-memory:	[0-9]+' \
		'drm-shared-memory:	[0-9]+' 'drm-active-memory:	[0-9]+'; do
		if ! grep -Eq "^$key" $said; then
			echo "# no line fits \"^$key\" in:"
			say <$said
			bad "fdinfo has the standard keys"
			return
		fi
	done
	good "fdinfo has the standard keys"
}

t_vulkan()
{
	need "vulkaninfo --summary" vulkaninfo || return
	expect "vulkaninfo --summary" "deviceName += $gpu" vulkaninfo --summary
}

t_egl()
{
	need "eglinfo on GBM" eglinfo || return
	expect "eglinfo on GBM" "core profile renderer: $gpu" eglinfo -B -p gbm
	expect "eglinfo without a surface" "core profile renderer: $gpu" eglinfo -B -p surfaceless
}

t_clients()
{
	run "clients" vm-clients -p 3 -t 2 -s "${AGX_SECONDS:-5}" && say <$said
	run "clients, with faults" vm-clients -p 3 -t 2 -s "${AGX_SECONDS:-5}" -f -S 2 &&
		say <$said
	run "clients, killed" vm-clients -p 4 -t 2 -s "${AGX_SECONDS:-5}" -k -S 3 && say <$said
}

# 32 processes for as long as is asked.
t_clients_32()
{
	run "32 clients" vm-clients -p 32 -t 2 -s "${AGX_SECONDS:-600}" -f -S 4 && say <$said
}

t_replay()
{
	run "replay of a trace" replay "$share/traces/vk-compute.agxt"
}

t_replay_all()
{
	for trace in "$share"/traces/*.agxt; do
		run "replay of ${trace##*/}" replay "$trace"
	done
}

t_capture()
{
	trace=$out/captured.agxt
	run "capture of a program" agx capture --node "$(node)" -o "$trace" -- \
		vm-clients -p 1 -t 1 -s 2 || return
	expect "the trace has submissions" '^submits +[1-9]' agx trace info "$trace" || return
	run "replay of what was captured" replay "$trace"
}

t_bench()
{
	# shellcheck disable=SC2086
	if agx bench --json ${AGX_BENCH:---rounds 1 --time 2} >"$out/bench.json" 2>$said; then
		good "bench"
	else
		say <$said
		bad "bench"
	fi
}

# Programs of examples/: what they print and save is judged on the host, too.
t_examples()
{
	folder=/agx/examples
	mkdir -p "$out/examples"
	for name in vector-add reduction histogram emboss latency producer-consumer sparse clear \
		triangle; do
		if [ ! -x "$folder/$name" ]; then
			echo "ok - example $name # SKIP it was not built for this root"
			continue
		fi
		case $name in
		emboss) set -- -o "$out/examples/emboss.png" ;;
		*) set -- ;;
		esac
		"$folder/$name" "$@" "$(node)" >"$out/examples/$name.txt" 2>$said
		status=$?
		echo $status >"$out/examples/$name.status"
		# 77: all went well, but rendering is not executed.
		case $status,$name in
		0,* | 77,clear | 77,triangle) good "example $name" ;;
		*)
			echo "# exit status $status"
			tail -n 5 "$out/examples/$name.txt" | say
			say <$said
			bad "example $name"
			;;
		esac
	done
}

t_vkmark()
{
	need "vkmark" vkmark || return
	set --
	for scene in vertex texture shading cube clear; do
		set -- "$@" "-b$scene:duration=0.5"
	done
	expect "vkmark" "FPS: [1-9]" vkmark --winsys headless -s 256x256 "$@"
}

t_glmark2()
{
	need "glmark2" glmark2-es2-gbm || return
	expect "glmark2" "glmark2 Score: [0-9]" glmark2-es2-gbm --off-screen -s 256x256 \
		-b build:duration=0.5 -b texture:duration=0.5 -b shading:duration=0.5
}

t_clinfo()
{
	need "clinfo" clinfo || return
	expect "clinfo" "Device Name +$gpu" clinfo
}

t_piglit()
{
	need "piglit" piglit || return
	expect "piglit's sample" '^piglit: [0-9]+ tests, 0 bad$' bash "$share/session-piglit.sh"
}

# The IGT's tests, from SHARE/igt or where the package has them, against SHARE/igt.txt.
t_igt()
{
	folder=/usr/libexec/igt-gpu-tools
	[ ! -d "$share/igt" ] || folder=$share/igt
	if [ ! -d $folder ]; then
		echo "ok - IGT # SKIP it is not in this root"
		return
	fi
	while read -r what test subtests; do
		case $what in
		run) ;;
		sw_sync)
			if [ ! -e /sys/kernel/debug/sync/sw_sync ]; then
				echo "ok - IGT $test # SKIP the kernel has no CONFIG_SW_SYNC"
				continue
			fi
			;;
		*) continue ;;
		esac
		igt_test "$test" "$folder" "$subtests" <&-
	done <"$share/igt.txt"
}

# igt_test TEST FOLDER SUBTESTS: all of them, or those.
igt_test()
{
	if [ -n "$3" ]; then
		LD_LIBRARY_PATH=$2 timeout 900 "$2/$1" --run-subtest "$(echo "$3" | tr ' ' ,)"
	else
		LD_LIBRARY_PATH=$2 timeout 900 "$2/$1"
	fi >$said 2>&1
	status=$?
	sed -n 's/^Subtest \([^:]*\): \([A-Z]*\) .*/\1 \2/p' $said >/tmp/subtests
	# Without subtests the exit status speaks.
	if [ ! -s /tmp/subtests ]; then
		case $status in
		0) echo "$1 SUCCESS" ;;
		77) echo "$1 SKIP" ;;
		*) echo "$1 FAIL" ;;
		esac >/tmp/subtests
	fi
	passed=0 skipped=0 wrong=0 late=0
	while read -r subtest result; do
		if igt_says skip "$1" "$subtest"; then wanted=SKIP; else wanted=SUCCESS; fi
		if [ "$result" = FAIL ] && igt_says timed "$1" "$subtest" && igt_was_late "$subtest"; then
			echo "# $subtest: the machine was too slow to tell"
			late=$((late + 1))
		elif [ "$result" != $wanted ]; then
			echo "# $subtest: $result, expected $wanted"
			grep -n -A 12 "^Starting subtest: $subtest\$" $said | head -n 30 | say
			wrong=$((wrong + 1))
		elif [ $wanted = SKIP ]; then
			skipped=$((skipped + 1))
		else
			passed=$((passed + 1))
		fi
	done </tmp/subtests
	# 0: some succeeded; 77: all skipped; anything else, a crash for one, is told by no subtest.
	case $status in
	0 | 77) ;;
	98)
		# One has failed, or more.
		[ $((wrong + late)) != 0 ] || wrong=1
		;;
	*)
		[ $wrong != 0 ] || tail -n 20 $said | say
		wrong=$((wrong + 1))
		echo "# exit status $status"
		;;
	esac
	echo "# $passed passed, $skipped skipped as expected, $late late, $wrong wrong"
	if [ $wrong = 0 ]; then good "IGT $1"; else bad "IGT $1"; fi
}

# igt_was_late SUBTEST: all that it complains of is a wait that ended with ETIME.
igt_was_late()
{
	sed -n "/^Starting subtest: $1\$/,/^Subtest $1: /p" $said |
		grep 'CRITICAL: error:' >/tmp/errors || return 1
	# Who waits in another thread sees ETIME; then nothing was signalled.
	grep -q 'error: -62 != 0' /tmp/errors && ! grep -qvE 'error: (-62 != 0|0 != 1)' /tmp/errors
}

# igt_says WORD TEST SUBTEST: igt.txt has a line that says so.
igt_says()
{
	while read -r what test pattern _; do
		[ "$what" = "$1" ] && [ "$test" = "$2" ] || continue
		# A pattern.
		# shellcheck disable=SC2254
		case $3 in
		$pattern) return 0 ;;
		esac
	done <"$share/igt.txt"
	return 1
}

t_load_unload()
{
	count=${AGX_ROUNDS:-3}
	# The driver's own clients are gone; nothing keeps it.
	for round in $(seq "$count"); do
		if ! rmmod asahi >$said 2>&1 || ! insmod /run/agx/asahi.ko >>$said 2>&1; then
			echo "# round $round"
			say <$said
			bad "unload and load $count times"
			return
		fi
	done
	# Of a new device everything still works.
	run "unload and load $count times" vm-clients -p 1 -t 1 -s 1 -S 9
}

t_log()
{
	if dmesg | grep -Eq "$reports"; then
		dmesg | grep -E -B 4 -A 40 "$reports" | head -n 120 | say
		bad "the kernel's log has no warning"
	else
		good "the kernel's log has no warning"
	fi
}

for check; do
	"t_$check"
done
