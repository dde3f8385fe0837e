#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Units of a real systemd, which is started for this in namespaces of its own: whose a
# connection is when the unit has ended and its cgroup is gone, as the unit itself had it.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

systemd=/usr/lib/systemd/systemd
port=8084
units=('tcphs-asks.service' 'tcphs-asks@7.service' 'tcphs-odd\x2dname.service')

# Each asks the server three times and says in which cgroup it is.
make_units() {
	local unit

	mkdir "$tmp/units"
	printf '[Unit]\nDefaultDependencies=no\n' >"$tmp/units/tcphs-test.target"
	for unit in tcphs-asks.service tcphs-asks@.service 'tcphs-odd\x2dname.service'; do
		cat >"$tmp/units/$unit" <<-END
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=oneshot
		StandardOutput=null
		StandardError=null
		Environment=UNIT=%n
		ExecStart=$tmp/asks
		END
	done
	cat >"$tmp/asks" <<-END
	#!/bin/bash
	for n in 1 2 3; do curl -s -o /dev/null -w '%{local_port}\\n' http://127.0.0.1:$port/; done |
		while read -r at; do
			read -r cgroup </proc/self/cgroup
			echo "\$at \${cgroup#0::} \$UNIT" >>"$tmp/did"
		done
	END
	chmod +x "$tmp/asks"
}

# A machine of its own, but for the network, the files and the kernel.
start_systemd() {
	machine=/sys/fs/cgroup/tcphs-machine
	mkdir "$machine" || return
	at_end+=(stop_systemd)
	# shellcheck disable=SC2016 # for the inner shell
	background "$tmp/systemd" sh -c 'echo $$ >"$1/cgroup.procs" && shift &&
		exec unshare --mount --uts --ipc --pid --fork --cgroup --kill-child "$@"' sh "$machine" sh -c '
		mount -t proc proc /proc && mount -t tmpfs tmpfs /run && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
		mkdir -p /run/systemd/system && cp "$1"/* /run/systemd/system &&
		exec env -i PATH="$PATH" container=tcphs SYSTEMD_GENERATOR_PATH=/nowhere \
			"$2" --system --unit=tcphs-test.target --log-target=kmsg' sh "$tmp/units" "$systemd"
	wait_until 60 systemd_answers
}

systemd_answers() {
	inner=$(pgrep -P "${started[-1]}") && in_machine systemctl is-active tcphs-test.target
} >/dev/null 2>&1

in_machine() {
	nsenter --target "$inner" --mount --pid --cgroup -- "$@"
}

stop_systemd() {
	kill -KILL "$inner" "${started[-1]}"
	wait_until 10 rmdir_all
} 2>/dev/null

rmdir_all() {
	find "$machine" -depth -type d -exec rmdir {} +
	[[ ! -e $machine ]]
} 2>/dev/null

ended() {
	(($(wc -l <"$tmp/did") == 3 * ${#units[@]})) &&
		! find "$machine" -name 'tcphs-*.service' | grep .
}

# port, cgroup and unit of each client but of those that this test itself had
names() {
	jq -r "select(.role == \"active\" and .cgroup != \"/\") | \"\\(.local_port) \\(.cgroup) \\(.unit)\"" | sort
}

expected() {
	sed 's, , /tcphs-machine,' "$tmp/did" | sort
}

are_named() {
	diff <(expected) <(tcphs lives -j --port $port "$@" | names)
}

found() {
	local unit

	for unit in "${units[@]}"; do
		diff <(expected | grep -F " $unit" | cut -d ' ' -f 1) \
			<(tcphs lives -j --unit "${unit%.service}" | jq .local_port | sort) ||
			{ echo "of $unit"; return 1; }
	done
}

need_command python3 jq curl unshare nsenter pgrep systemctl
[[ -x $systemd ]] || skip_all "needs systemd"
[[ -e /sys/fs/cgroup/cgroup.procs ]] || skip_all "needs cgroups at /sys/fs/cgroup"
start 4
load ring_records=32768
make_units
start_systemd || die "systemd does not begin: $(<"$tmp/systemd") $(dmesg_since_mark | tail -n 9)"
background "$tmp/server" python3 -m http.server -b 127.0.0.1 $port
wait_until 60 curl -s -o /dev/null "http://127.0.0.1:$port/" || die "no server"
: >"$tmp/did"
in_machine systemctl start "${units[@]}" || die "a unit does not begin: $(dmesg_since_mark | tail -n 9)"
wait_until 30 ended || die "units do not end: $(<"$tmp/did")"
tcphs record "$tmp/rec" -d 0s 2>"$tmp/err" || die "no recording: $(<"$tmp/err")"
check "connections have the unit and the cgroup that the unit itself had" are_named --event syn-sent
check "each unit finds its own" found
unload
check "a recording has them without the module" are_named --event syn-sent --read "$tmp/rec"
# systemd tells it the kernel, for there is no journal.
check "the kernel does not complain" kernel_is_quiet "systemd|\(asks\)\["
ktap_finished
