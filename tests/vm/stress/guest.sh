#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The stress tests, inside the machine; tests/vm/run-debug starts this. For each test one line
# "ok NAME (SECONDS s)" or "not ok NAME (SECONDS s): WHY", what the test said in lines with "# ".
#
# usage: guest.sh SHARE TEST...
#
# SHARE is a folder that the host sees too; SHARE/inject is where the firmware model looks for its
# rules each time that the coprocessor starts. After a test that left a report in the kernel's log
# nothing more is run (lockdep, for one, is off after its first report): exit status 3.

# Tests are called by name; process ids need no quotes.
# shellcheck disable=SC2317,SC2086

set -u
share=$1

# A share does not survive a suspend (virtio 9p has no callbacks for it): nothing runs from there.
if [ -z "${AGX_STRESS_LOCAL-}" ]; then
	mkdir -p /run/stress
	cp "$share/guest.sh" /run/stress/
	for program in vm-bind vm-churn vm-clients vm-fail-nth vm-fail-write uapi-check; do
		path=$(command -v $program) && cp "$path" /run/stress/
	done
	cd / || exit 2
	export AGX_STRESS_LOCAL=1 PATH=/run/stress:$PATH
	exec sh /run/stress/guest.sh "$@"
fi
shift

driver=/sys/bus/platform/drivers/asahi
module=${AGX_MODULE:-/lib/modules/asahi.ko}
short=${AGX_SHORT:-0}

# What a kernel says when something is wrong with it.
reports='WARNING:|BUG:|KASAN|UBSAN|ODEBUG|INFO: task|INFO: possible|inconsistent lock'
reports="$reports|suspicious RCU|possible circular|bad unlock|Oops|Unable to handle"
reports="$reports|Internal error|refcount_t"
reports="$reports|DEBUG_LOCKS|corruption|Bad page|Call trace:|DMA-API:.*asahi|self-detected stall"
reports="$reports|detected stalls|kernel panic|scheduling while atomic|unreferenced object"

say()
{
	sed 's/^/# /'
}

now()
{
	read -r up _ </proc/uptime
	echo "${up%.*}"
}

# Fails the test at hand, with a reason.
bad()
{
	[ -n "$why" ] || why=$1
	echo "# $1"
}


# Runs a command; the test fails when the command does.
must()
{
	if ! "$@" >/tmp/said 2>&1; then
		tail -n 20 /tmp/said | say
		bad "$* failed"
		return 1
	fi
	tail -n 3 /tmp/said | say
}

device()
{
	for path in "$driver"/*/of_node; do
		[ -e "$path" ] || continue
		path=${path%/of_node}
		echo "${path##*/}"
		return
	done
}

# Remembered, for when it is not bound.
remember()
{
	gpu=$(device)
	pci=
	for path in /sys/bus/pci/devices/*; do
		if [ "$(cat "$path/vendor")$(cat "$path/device")" = 0x1af40x1110 ]; then
			pci=${path##*/}
		fi
	done
	pci_driver=
	[ ! -e "/sys/bus/pci/devices/$pci/driver" ] ||
		pci_driver=$(readlink -f "/sys/bus/pci/devices/$pci/driver")
}

# Waits until the render node is there, or is not.
node_comes()
{
	for _ in $(seq 200); do
		for node in /sys/class/drm/renderD*/device/driver; do
			case $(readlink "$node") in
			*/asahi) return 0 ;;
			esac
		done
		sleep 0.1
	done
	bad "no render node"
	return 1
}

rebind()
{
	echo "$gpu" >"$driver/unbind" 2>/dev/null
	echo "$gpu" >"$driver/bind" || bad "bind"
	node_comes
}

load()
{
	grep -q '^asahi ' /proc/modules || insmod "$module" || bad "insmod"
	# After a bind that failed it is there without its device.
	[ -n "$(device)" ] || [ -z "${gpu-}" ] || echo "$gpu" >"$driver/bind"
	node_comes
}

# A healthy client must get on.
healthy()
{
	must vm-churn --clients 2 --seconds "${1:-3}" --seed 77
}

#### Tests. Each is a function; dashes in its name are underscores.

t_probe()
{
	healthy 5
}

t_clients_faults()
{
	must vm-churn --clients 4 --seconds 20 --faults --seed 3
}

# Mappings by lot, compared page by page with a model of them.
t_bind()
{
	must vm-bind --seed 1
	[ "$short" != 0 ] || must vm-bind --seed 2
}

# More clients with waiting jobs than the GPU has contexts, and clients that go with jobs waiting.
t_pending()
{
	must vm-pending
}

t_load_unload()
{
	count=50
	[ "$short" = 0 ] || count=5
	for i in $(seq "$count"); do
		rmmod asahi || { bad "rmmod, round $i"; return; }
		load || return
		[ $((i % 5)) != 0 ] || must vm-churn --clients 1 --seconds 1 --seed "$i" || return
	done
	healthy
}

# A module in use stays.
t_unload_busy()
{
	vm-churn --clients 1 --seconds 6 >/tmp/busy 2>&1 &
	sleep 3
	if rmmod asahi 2>/dev/null; then
		bad "rmmod of a module in use"
		load
	fi
	wait $! || { say </tmp/busy; bad "the client"; }
	healthy
}

t_unbind_idle()
{
	for _ in 1 2 3 4 5; do
		rebind || return
	done
	healthy
}

# The device goes while clients use it; they must come to an end, and the device must come back.
unbind_busy()
{
	for round in 1 2 3 4 5; do
		vm-churn --clients 6 --seconds 20 --tolerate --faults --seed "$round" \
			>/tmp/busy 2>&1 &
		churn=$!
		sleep 3
		echo "$2" >"$1/unbind" || bad "unbind"
		wait $churn || { tail -n 5 /tmp/busy | say; bad "a client, round $round"; }
		echo "$2" >"$1/bind" || bad "bind"
		[ "$3" = platform ] || [ -e "$driver/$gpu" ] || echo "$gpu" >"$driver/bind"
		node_comes || return
	done
	tail -n 1 /tmp/busy | say
	healthy
}

t_unbind_busy()
{
	unbind_busy "$driver" "$gpu" platform
}

t_unbind_pci_busy()
{
	[ -n "$pci_driver" ] || { bad "no driver is bound to $pci"; return; }
	unbind_busy "$pci_driver" "$pci" pci
}

t_remove_pci()
{
	vm-churn --clients 3 --seconds 10 --tolerate --seed 5 >/tmp/busy 2>&1 &
	churn=$!
	sleep 3
	echo 1 >"/sys/bus/pci/devices/$pci/remove"
	wait $churn || { tail -n 5 /tmp/busy | say; bad "a client"; }
	echo 1 >/sys/bus/pci/rescan
	sleep 1
	[ -e "$driver/$gpu" ] || echo "$gpu" >"$driver/bind" || bad "bind"
	node_comes && healthy
}

t_kill()
{
	seconds=120
	[ "$short" = 0 ] || seconds=10
	must vm-churn --clients 8 --seconds $seconds --kill --faults --seed 9
	healthy
}

# failslab, fail_page_alloc and fail_usercopy: whom and what.
fail_attr()
{
	for fault in failslab fail_page_alloc fail_usercopy; do
		[ -d "/sys/kernel/debug/$fault" ] || continue
		[ ! -e "/sys/kernel/debug/$fault/$1" ] ||
			echo "$2" >"/sys/kernel/debug/$fault/$1"
	done
}

# Of allocations only.
fail_probability()
{
	echo "$1" >/sys/kernel/debug/failslab/probability
	echo "$1" >/sys/kernel/debug/fail_page_alloc/probability
}

fail_setup()
{
	fail_attr verbose 0
	fail_attr probability 0
	fail_attr times -1
	fail_attr interval 1
	fail_attr space 0
	fail_attr task-filter N
	fail_attr ignore-gfp-wait N
	fail_attr ignore-gfp-highmem N
	fail_attr min-order 0
	fail_attr require-start 0
	fail_attr require-end 0xffffffffffffffff
	fail_attr stacktrace-depth 32
	# Linux (6.12, and still 7.3) frees an error pointer when this fails: drm_minor_alloc_release().
	start=$(sed -n 's/^\([0-9a-f]*\) . drm_sysfs_minor_alloc$/0x\1/p' /proc/kallsyms)
	end=$(grep -A 1 -w drm_sysfs_minor_alloc /proc/kallsyms | tail -n 1)
	fail_attr reject-start "$start"
	fail_attr reject-end "0x${end%% *}"
}

t_fail_nth()
{
	fail_setup
	import=
	for path in /sys/class/drm/renderD* /sys/class/drm/card*; do
		case $(readlink "$path/device/driver") in
		*/vgem) import="--import /dev/dri/${path##*/}" ;;
		esac
	done
	# shellcheck disable=SC2086
	vm-fail-nth $import >/tmp/said 2>&1 || bad "vm-fail-nth"
	say </tmp/said
	healthy
}

# Every allocation of a probe once (in steps: there are many), then of unbinding.
t_fail_probe()
{
	fail_setup
	stride=7
	[ "$short" = 0 ] || stride=97
	echo "$gpu" >"$driver/unbind"
	must vm-fail-write --stride $stride --undo "$driver/unbind" "$driver/bind" "$gpu"
	must vm-fail-write --stride $stride --undo "$driver/bind" "$driver/unbind" "$gpu"
	echo "$gpu" >"$driver/bind"
	node_comes && healthy
}

# The same for loading the module, which probes the device.
t_fail_load()
{
	fail_setup
	stride=7
	[ "$short" = 0 ] || stride=97
	rmmod asahi || { bad "rmmod"; return; }
	must vm-fail-write --stride $stride --module "$module" asahi
	load && healthy
}

# Failures wherever the module asks for memory, in the clients' calls and in the workers.
t_fail_random()
{
	fail_setup
	start=$(cat /sys/module/asahi/sections/.text)
	fail_attr require-start "$start"
	fail_attr require-end "$(printf '0x%x' $((start + 0x200000)))"
	for probability in 1 5 20; do
		fail_probability $probability
		vm-churn --clients 4 --seconds 20 --tolerate --faults --seed $probability \
			>/tmp/said 2>&1 || bad "clients at $probability percent"
		tail -n 3 /tmp/said | say
		fail_probability 0
		healthy || return
	done
	fail_setup
}

t_clients_32()
{
	seconds=600
	[ "$short" = 0 ] || seconds=20
	must vm-churn --clients 32 --seconds $seconds --faults --seed 32
	healthy
}

t_clients_threads()
{
	seconds=180
	[ "$short" = 0 ] || seconds=20
	command -v vm-clients >/dev/null || { bad "no vm-clients"; return; }
	must vm-clients --processes 8 --seconds $seconds --faults --seed 8
	must vm-clients --processes 4 --seconds $seconds --kill --seed 4
	healthy
}

t_runtime_pm()
{
	power=$driver/$gpu/power
	was=$(cat "$power/autosuspend_delay_ms")
	echo 200 >"$power/autosuspend_delay_ms"
	healthy
	for _ in $(seq 100); do
		[ "$(cat "$power/runtime_status")" != suspended ] || break
		sleep 0.1
	done
	[ "$(cat "$power/runtime_status")" = suspended ] || bad "it does not suspend when idle"
	vm-churn --clients 3 --seconds 30 --seed 8 >/tmp/busy 2>&1 &
	churn=$!
	while kill -0 $churn 2>/dev/null; do
		echo on >"$power/control"
		sleep 0.3
		echo 0 >"$power/autosuspend_delay_ms"
		echo auto >"$power/control"
		sleep 0.4
		echo 50 >"$power/autosuspend_delay_ms"
	done
	wait $churn || { tail -n 5 /tmp/busy | say; bad "a client"; }
	# Idle, then a client, again and again: each wakes the device.
	for i in $(seq 10); do
		sleep 0.5
		must vm-churn --clients 1 --seconds 1 --seed "$i" || return
	done
	grep -H . "$power/runtime_suspended_time" "$power/runtime_active_time" | say
	echo "$was" >"$power/autosuspend_delay_ms"
}

# The device's own callbacks of a system's sleep, while clients are frozen in what they do. Ends the
# machine.
t_suspend()
{
	echo 1 >/sys/module/suspend/parameters/pm_test_delay 2>/dev/null
	echo devices >/sys/power/pm_test || { bad "pm_test"; return; }
	vm-churn --clients 4 --seconds 60 --faults --seed 11 >/tmp/busy 2>&1 &
	churn=$!
	for round in 1 2 3 4 5; do
		sleep 2
		echo freeze >/sys/power/state || bad "freeze, round $round"
	done
	# Neither the disk nor the way out comes back: no program can be started from here on, and the
	# serial console has to tell.
	if wait $churn && [ -z "$why" ]; then
		echo "stress: ok suspend ($(($(now) - begin)) s)" >/dev/kmsg
	else
		echo "stress: not ok suspend: ${why:-a client}" >/dev/kmsg
	fi
	echo o >/proc/sysrq-trigger
	while :; do :; done
}

t_debugfs()
{
	vm-churn --clients 4 --seconds 15 --faults --tolerate --seed 6 >/tmp/busy 2>&1 &
	churn=$!
	while kill -0 $churn 2>/dev/null; do
		for file in /sys/kernel/debug/dri/*/* /sys/class/devcoredump/devcd*/data \
			/proc/[0-9]*/fdinfo/*; do
			[ ! -f "$file" ] || timeout 10 head -c 4000000 "$file" >/dev/null 2>&1
		done
	done
	wait $churn || { tail -n 5 /tmp/busy | say; bad "a client"; }
	healthy
}

t_trace_events()
{
	events=/sys/kernel/tracing/events/asahi
	[ -d $events ] || events=/sys/kernel/debug/tracing/events/asahi
	[ -d $events ] || { bad "no trace points"; return; }
	echo 1 >$events/enable
	must vm-churn --clients 2 --seconds 5 --faults --seed 4
	echo 0 >$events/enable
	lines=$(grep -c asahi "${events%/events/asahi}/trace")
	echo "# $lines lines"
	[ "$lines" -gt 10 ] || bad "$lines lines in the trace"
	echo >"${events%/events/asahi}/trace"
}

t_uapi_check()
{
	command -v uapi-check >/dev/null || { bad "no uapi-check"; return; }
	must uapi-check
}

# Rules for the firmware model, then clients that must get over it. What a rule strikes may end
# with an error, but no client may hang. A rule that strikes only once must leave a healthy device;
# after the others it is bound anew, without rules. $3: what the kernel's log must say.
inject()
{
	echo "# rules: $1"
	before=$(dmesg | wc -l)
	echo "$1" >"$share/inject"
	sync
	rebind || return
	# For this start only, not for one after a crash.
	: >"$share/inject"
	sync
	vm-churn --clients 3 --seconds "${2:-10}" --tolerate --seed 21 >/tmp/said 2>&1 ||
		bad "clients under $1"
	tail -n 3 /tmp/said | say
	[ -z "${3-}" ] || dmesg | tail -n +$((before + 1)) | grep -Eq "$3" || bad "$1 did not strike"
	case $1 in
	*/*) rebind || return ;;
	esac
	healthy 2
}

t_inject_mail()
{
	for rule in late=5@3/10 lose@2/5 twice@1/3 swap@2/7 garble@3/9; do
		inject "$rule" || return
	done
}

t_inject_events()
{
	for rule in late-event=5@3/10 lose-event@3/9 twice-event@2/5 swap-event@2/7 \
		garble-event@4/11 storm=100@3/20; do
		inject "$rule" || return
	done
}

t_inject_doorbells()
{
	for rule in lose-doorbell@3/9 stall=200@5/40; do
		inject "$rule" || return
	done
}

t_inject_units()
{
	for rule in fault@5/20 fault=vertex@3/10 fault=fragment@3/10 fault=compute@3/10; do
		inject "$rule" 10 'ends with EIO' || return
	done
	for rule in overflow@2/5 grow@2/5; do
		inject "$rule" || return
	done
}

t_inject_stuck()
{
	for rule in stick=compute@5 stick=vertex@5 stick=fragment@5; do
		inject "$rule" 30 'ends with ETIMEDOUT' || return
	done
}

t_inject_crash()
{
	for rule in crash=compute@5 crash=vertex@5 crash=fragment@5 crash-idle@3; do
		inject "$rule" 20 'failed while' || return
	done
}

# It crashes in the middle of booting: the probe may fail, and must not hang.
t_inject_boot()
{
	for rule in crash-boot@1 crash-boot@2 crash-boot@1/1; do
		echo "$rule" >"$share/inject"
		echo "# rules: $rule"
		echo "$gpu" >"$driver/unbind"
		echo "$gpu" >"$driver/bind" 2>/dev/null
		: >"$share/inject"
		[ -e "$driver/$gpu" ] || echo "$gpu" >"$driver/bind"
		node_comes || return
		rebind && healthy 2
	done
}

# What is not referenced any more, once everything is unloaded.
t_leaks()
{
	rmmod asahi || { bad "rmmod"; return; }
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	head -c 20000 /sys/kernel/debug/kmemleak >/tmp/leaks
	[ ! -s /tmp/leaks ] || { say </tmp/leaks; bad "kmemleak"; }
	load
}

####

# What the log has gained since the last look.
look()
{
	dmesg >/tmp/log
	lines=$(wc -l </tmp/log)
	[ "$lines" -ge "$seen" ] || seen=0
	# Where allocations are made to fail, the allocator says so at length, and Linux warns that an
	# interrupt's entry of /proc, which could not be made, is not there: no reports on the module.
	tail -n +$((seen + 1)) /tmp/log | awk '
		/vmalloc error:|page allocation failure:/ { skip = 1 }
		/cut here/ { held = ""; hold = 1; known = 0 }
		/unregister_irq_proc/ { known = 1 }
		!skip && hold { held = held $0 "\n" }
		!skip && !hold { print }
		/pages reserved/ { skip = 0 }
		/end trace/ { if (!known) printf "%s", held; hold = 0 }
		END { if (hold) printf "%s", held }' >/tmp/news
	seen=$lines
	if grep -Eq "$reports" /tmp/news; then
		bad "a report in the kernel's log"
		grep -En -m 1 "$reports" /tmp/news | cut -d: -f1 >/tmp/line
		line=$(cat /tmp/line)
		tail -n +$((line > 5 ? line - 5 : 1)) /tmp/news | head -n 120 | sed 's/^/# | /'
		return 1
	fi
}

mount -t debugfs none /sys/kernel/debug 2>/dev/null
mount -t tracefs none /sys/kernel/tracing 2>/dev/null
echo 0 >/proc/sys/kernel/printk_ratelimit
: >"$share/inject"
seen=0
why=
load
remember
[ ! -e /sys/kernel/debug/kmemleak ] || echo clear >/sys/kernel/debug/kmemleak
if ! look; then
	echo "not ok boot (0 s): $why"
	exit 3
fi
status=0
for name in "$@"; do
	why=
	echo "begin $name"
	begin=$(now)
	"t_$(echo "$name" | tr - _)"
	fatal=0
	look || fatal=1
	result="ok $name ($(($(now) - begin)) s)"
	[ -z "$why" ] || result="not $result: $why"
	[ -z "$why" ] || status=1
	echo "$result"
	[ $fatal = 0 ] || exit 3
done
exit $status
