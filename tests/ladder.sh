#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Loading is a ladder: when a step fails, the steps before it are undone from the
# last to the first, nothing is left and the next load works. Each step fails in
# turn by the parameter fail_step, so that the next load, which gets one further, takes
# all the steps that were undone; what ran, and in which order, the module then logs.

network=initial
. "$(dirname "$0")/lib.sh"

steps=(deaf ring cgroup owner share listener conn drop netns hooks procfs procfs_events procfs_records netlink)
[[ ! -e /proc/sys/net/mptcp ]] || steps=("${steps[@]:0:6}" mptcp "${steps[@]:6}")

# ran: the steps that were done and undone since mark_dmesg, in order
ran() {
	dmesg_since_mark | sed -n 's/.*tcphs: step //p'
}

# expected N: the first N steps up and down
expected() {
	local i

	for ((i = 1; i <= $1; i++)); do
		echo "$i: init"
	done
	for ((i = $1; i >= 1; i--)); do
		echo "$i: exit"
	done
}

fails_at() {
	mark_dmesg
	! modprobe tcphs log_steps=1 "fail_step=$1" 2>"$tmp/modprobe" || { echo "it loads"; return 1; }
	grep -F "canceled" "$tmp/modprobe" || { cat "$tmp/modprobe"; return 1; }
	same "$(dmesg_since_mark | grep -c "tcphs: not loaded: .*: error -125$")" 1 "lines of why" || return
	diff <(expected $(($1 - 1))) <(ran) && nothing_is_left
}

loads_again() {
	mark_dmesg
	load log_steps=1 && "$here/traffic" --connections 7 >/dev/null && unload || return
	diff <(expected ${#steps[@]}) <(ran) && nothing_is_left
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
need_faults
! loaded || unload || die "somebody uses the module"
check "with no step that fails, unloading is loading backwards" loads_again
for ((i = 1; i <= ${#steps[@]}; i++)); do
	check "step $i fails: the ${steps[i - 1]} is not there, what was before it goes backwards" fails_at $i
done
check "a step that does not exist is refused" refuses_more_steps
mark_dmesg
check "after all that it loads" loads_again
check "the kernel does not complain" kernel_is_quiet "tcphs: step "
ktap_finished
