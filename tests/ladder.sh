#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Loading is a ladder: when a step fails, the steps before it are undone from the
# last to the first, nothing is left and the next load works. Each step fails in
# turn by the parameter fail_step, so that the next load, which gets one further, takes
# all the steps that were undone; what ran, and in which order, is told by the kernel's
# own probes on the functions of each step.

network=initial
. "$(dirname "$0")/lib.sh"

steps=(deaf ring owner listener conn drop netns hooks procfs procfs_events netlink)
tracing=/sys/kernel/tracing
instance=$tracing/instances/tcphs-ladder

# Probes in a module that is not there wait for it.
watch() {
	local step way

	for step in "${steps[@]}"; do
		for way in init exit; do
			echo "p:tcphs_ladder/${step}_$way tcphs:tcphs_${step}_$way"
		done
	done >"$tmp/probes"
	mkdir "$instance" && cat "$tmp/probes" >>$tracing/kprobe_events &&
		echo 1 >"$instance/events/tcphs_ladder/enable"
}

# shellcheck disable=SC2317 # called when the test ends
unwatch() {
	[[ -d $instance ]] || return
	echo 0 >"$instance/events/tcphs_ladder/enable"
	rmdir "$instance"
	sed 's/^p:/-:/; s/ .*//' "$tmp/probes" >>$tracing/kprobe_events
}

# watched: what ran since the last time, a name a line
watched() {
	sed -En 's/^[^#].* ([a-z_]+_(init|exit)): \(.*/\1/p' "$instance/trace"
	: >"$instance/trace"
}

# expected N: the first N steps up and down
expected() {
	local i

	for ((i = 0; i < $1; i++)); do
		echo "${steps[i]}_init"
	done
	for ((i = $1 - 1; i >= 0; i--)); do
		echo "${steps[i]}_exit"
	done
}

fails_at() {
	mark_dmesg
	! modprobe tcphs "fail_step=$1" 2>"$tmp/modprobe" || { echo "it loads"; return 1; }
	grep -F "canceled" "$tmp/modprobe" || { cat "$tmp/modprobe"; return 1; }
	same "$(dmesg_since_mark | grep -c "tcphs: not loaded: .*: error -125$")" 1 "lines of why" || return
	watched >"$tmp/ran"
	diff <(expected $(($1 - 1))) "$tmp/ran" && nothing_is_left
}

loads_again() {
	load && "$here/traffic" --connections 7 >/dev/null && unload || return
	watched >"$tmp/ran"
	diff <(expected ${#steps[@]}) "$tmp/ran" && nothing_is_left
}

refuses_more_steps() {
	local last=${#steps[@]}

	mark_dmesg
	! modprobe tcphs fail_step=$((last + 1)) 2>/dev/null || { echo "it loads"; return 1; }
	dmesg_since_mark |
		grep -F "tcphs: fail_step=$((last + 1)) refused: 0 to $last is needed" ||
		{ dmesg_since_mark; return 1; }
}

start $((${#steps[@]} + 4))
! loaded || unload || die "somebody uses the module"
at_end+=(unwatch)
watch || die "no probes"
check "with no step that fails, unloading is loading backwards" loads_again
for ((i = 1; i <= ${#steps[@]}; i++)); do
	check "step $i fails: the ${steps[i - 1]} is not there, what was before it goes backwards" fails_at $i
done
check "a step that does not exist is refused" refuses_more_steps
mark_dmesg
check "after all that it loads" loads_again
check "the kernel does not complain" kernel_is_quiet
ktap_finished
