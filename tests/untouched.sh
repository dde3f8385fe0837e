#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP behaves as it does without tcphs: those of the kernel's own selftests of the
# network that deal with what tcphs hooks into end the same, without it and with it.

network=initial
. "$(dirname "$0")/lib.sh"

source=${LINUX_SRC:-}/tools/testing/selftests
[[ -d $source ]] || source=$here/..
programs=(reuseport_bpf reuseport_bpf_cpu reuseport_addr_any reuseport_dualstack
	reuseaddr_conflict reuseaddr_ports_exhausted.sh bind_timewait ip_local_port_range
	sk_bind_sendto_listen sk_connect_zero_addr bind_wildcard so_incoming_cpu tcp_inq)
# A minute and a half of an emulated machine, a quarter of an hour and more of one whose
# kernel checks itself.
[[ -z ${TCPHS_TEST_LONG-} || $patience != 1 ]] || programs+=(tcp_fastopen_backup_key.sh)

# Older C libraries lack what some are made of; those are not in the plan.
build() {
	local program name

	cp "$source"/net/*.sh "$net"
	for program in "${programs[@]}"; do
		name=${program%.sh}
		gcc -w -O1 -I"$source" -I"$source/net" -o "$net/$name" "$source/net/$name.c" -lpthread \
			2>"$net/$name.log" &
	done
	wait
	for program in "${programs[@]}"; do
		name=${program%.sh}
		if [[ -x $net/$name ]]; then
			built+=("$program")
		else
			failed+=("$program does not build here: $(grep -m 1 error "$net/$name.log")")
		fi
	done
}

# shellcheck disable=SC2317 # called by the trap of start()
remove_build() {
	rm -rf "$net"
}

# outcome PROGRAM: its status and its subtests, not what it says of time and chance
outcome() {
	local status=0

	cd "$net" || return
	# One of them wants these ports, for the others they are as good as any.
	# shellcheck disable=SC2016 # for the inner shell
	timeout $((900 * patience)) unshare --net -- sh -c 'ip link set lo up &&
		sysctl -qw net.ipv4.ip_local_port_range="40000 49999" && exec "./$1"' - "$1" \
		>"$tmp/out" 2>&1 || status=$?
	grep -E '^(# )?(not )?ok ' "$tmp/out"
	echo "status $status"
	((!status)) || sed 's/^/said /' "$tmp/out" | tail -n 3 >&2
}

run_all() { # DIRECTORY
	local program began

	mkdir "$tmp/$1"
	for program in "${built[@]}"; do
		began=$SECONDS
		(outcome "$program" >"$tmp/$1/$program" 2>>"$tmp/$1.said")
		say "$1 tcphs, $program: $((SECONDS - began)) s, $(tail -n 1 "$tmp/$1/$program")"
	done
}

same_outcome() { # PROGRAM
	diff "$tmp/without/$1" "$tmp/with/$1" || { cat "$tmp/with.said"; return 1; }
}

most_passed() {
	grep -c '' "$tmp"/without/*
	(($(grep -lx 'status 0' "$tmp"/without/* | wc -l) > ${#programs[@]} / 2))
}

# In all namespaces, also those that are gone, and however much the ring has lost. Without
# the Fast Open keys there are 84 listeners.
tcphs_saw_it() {
	echo "$(hits inet_hash) listeners, $(hits tcp_connect) connects"
	(($(hits inet_hash) > 61 && $(hits tcp_connect) > 97))
}

need_command gcc jq
[[ -e $source/net/reuseport_bpf.c ]] || skip_all "no selftests of the network in $source"
net=$(mktemp -d) || exit
built=() failed=()
at_end+=(remove_build)
build
start $((${#built[@]} + 3))
for line in "${failed[@]}"; do
	say "$line"
done
! loaded || unload
run_all without
load ring_records=65536
mark_dmesg
run_all with
check "most of them pass here" most_passed
for program in "${built[@]}"; do
	check "$program ends the same with tcphs" same_outcome "$program"
done
check "tcphs saw what they did" tcphs_saw_it
check "the kernel does not complain" kernel_is_quiet \
	"SYN flooding|bucket table overflow|prefer different parity"
ktap_finished
