#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whose a connection is by cgroup: the unit of systemd, the container, the pod, by the paths
# that these have, asked for when process and cgroup are gone; out of the kernel and out of
# recordings, and not by whoever must not see them.

. "$(dirname "$0")/lib.sh"

need_command python3 jq unshare nsenter
grep -qw cgroup2 /proc/filesystems || skip_all "needs cgroups"
start 15
load ring_records=65536

cgroups=$tmp/cgroup
mkdir "$cgroups"
mount -t cgroup2 none "$cgroups" || die "no cgroups"
at_end+=(leave_cgroups)
leave_cgroups() {
	echo $$ >"$cgroups/cgroup.procs"
	rmdir "$cgroups/system.slice" 2>/dev/null
	umount "$cgroups"
}

# names VERB OPTION…: port and names of each client, as that says
names() {
	tcphs "$@" -j | jq -cS 'select(.role == "active") |
		{port: .local_port, cgroup, unit, container, pod}' | sort
}

# expected [CHOICE]: the same, as the clients' own word has it
expected() {
	jq -cS "${1-.} | {port, cgroup, unit, container, pod}" "$tmp/did" | sort
}

# are_named WHAT OPTION…: lives are called as expected
are_named() {
	local whose=$1

	shift
	diff <(expected) <(names lives "$@" --port "$port" | sort -u) >"$tmp/diff" ||
		{ echo "$whose:"; head -n 9 "$tmp/diff"; return 1; }
}

# finds N FILTER WORD: so many clients, those that jq chooses
finds() {
	local choice=$1

	shift
	[[ $(expected "select($choice)") ]] || { echo "nobody expected"; return 1; }
	diff <(expected "select($choice)" | jq .port | sort) \
		<(tcphs lives -j --port "$port" "$@" | jq 'select(.role == "active").local_port' | sort)
}

# are_drawn OPTION…: the end that connected is, too
are_drawn() {
	tcphs diagram -j --limit 0 "$@" --port "$port" >"$tmp/drawn" &&
	objects_fit diagram "$tmp/drawn" &&
	diff <(expected) <(jq -cS 'select(.left).left | {port, cgroup, unit, container, pod}' "$tmp/drawn" | sort) &&
	same "$(tcphs diagram --ascii "$@" --port "$port" --unit nginx | grep -c '^ *nginx\.service$')" \
		"$(grep -c '"unit": "nginx.service"' "$tmp/did")" "headings with a unit"
}

# Two that are refused, each by itself; what is found is reported of each.
doctor_groups() {
	local by

	python3 "$here/cgroups.py" "$cgroups" refused || return
	tcphs doctor -j --since 1h >"$tmp/found"
	objects_fit doctor "$tmp/found" &&
	same "$(jq -r 'select(.finding == "connect-refused") | "\(.unit) \(.container) \(.value)"' "$tmp/found" | sort)" \
		"$(jq -r 'select(.unit == "nginx.service" or (.cgroup | startswith("/system.slice/docker"))) |
			"\(.unit) \(.container) 7"' "$tmp/did" | sort -u)" "refused" || return
	for by in 'unit nginx.service' 'container 0123456789ab'; do
		tcphs doctor --since 1h --by "${by% *}" >"$tmp/found"
		grep -ix "$by" "$tmp/found" || { cat "$tmp/found"; return 1; }
	done
}

# Whose it is not is not judged, and a unit that has nothing is not well for that.
doctor_of_a_unit() {
	tcphs doctor -j --since 1h --unit nginx >"$tmp/found"
	objects_fit doctor "$tmp/found" &&
	same "$(jq -r 'select(.finding == "connect-refused") | "\(.unit) \(.value)"' "$tmp/found")" \
		"nginx.service 7" "refused" &&
	same "$(jq -r 'select(.worst).filters[]' "$tmp/found")" unit "of what it is said" || return
	tcphs doctor -d 300ms --unit nobody >"$tmp/found"
	same $? 1 "exit status" && grep "Nothing to judge: no listener and no connection is what --unit" \
		"$tmp/found" && grep "strays  *segments that belong to no connection" "$tmp/found"
}

# Of who sees system.slice alone.
inside() {
	(echo $BASHPID >"$cgroups/system.slice/cgroup.procs" &&
		exec unshare --cgroup tcphs lives -j --port "$port" | jq -c 'select(.role == "active")' \
		>"$tmp/inside") || return
	diff <(expected 'select(.cgroup | startswith("/system.slice/")) | .cgroup |= ltrimstr("/system.slice")') \
		<(jq -cS 'select(.cgroup) | {port: .local_port, cgroup, unit, container, pod}' \
			"$tmp/inside" | sort) || return
	# What is elsewhere has a number and no name.
	same "$(jq 'select(.cgroup_id and (.cgroup | not))' "$tmp/inside" | grep -c local_port)" \
		"$(jq -c 'select(.cgroup | startswith("/system.slice/") | not)' "$tmp/did" | wc -l)" \
		"without a name"
}

mkdir "$tmp/box"
tcphs record "$tmp/rec" 2>/dev/null &
recorders=("$!")
tcphs record --directory "$tmp/box" 2>/dev/null &
recorders+=("$!")
started+=("${recorders[@]}")
wait_until 30 test -s "$tmp/rec" || die "no recording"
wait_until 30 sh -c "ls '$tmp/box' | grep -q rec" || die "no directory"
python3 "$here/cgroups.py" "$cgroups" >"$tmp/did" || die "no clients"
port=$(jq -s '.[0].server' "$tmp/did")
check "cgroups and processes are gone" test ! -e "$cgroups/docker"
check "each life has its unit, container and pod" are_named lives
check "a unit finds its own, without its suffix" \
	finds '.unit == "nginx.service"' --unit nginx
check "a container is found by the digits that docker ps shows" \
	finds '.container and (.container | startswith("0123456789ab"))' --container 0123456789ab
check "a pod is found by its UID" \
	finds .pod --container 0b2d0f3a-4c5d-6e7f-8091-a2b3c4d5e6f7
check "events have the names, too" same \
	"$(tcphs events -j --port "$port" --event syn-sent | jq -c '{unit, container, pod}' | sort -u)" \
	"$(jq -c '{unit, container, pod}' "$tmp/did" | sort -u)" "names"
check "drawings have them above the end that connected" are_drawn
check "the doctor tells whose it is that is refused, and groups by that" doctor_groups
check "and judges one unit alone" doctor_of_a_unit
mkdir -p "$cgroups/system.slice"
check "who sees a part of the hierarchy has names of that part" inside
check "the status counts them" test \
	"$(nsenter --net=/proc/1/ns/net tcphs status -j | jq .cgroups.known)" -ge "$(jq -r .cgroup "$tmp/did" | sort -u | wc -l)"
# has_all RECORDING: each client's connection
has_all() {
	(($(tcphs lives -j --read "$1" --port "$port" 2>/dev/null | jq 'select(.role == "active").conn' |
		sort -u | wc -l) == $(wc -l <"$tmp/did")))
}
wait_until 30 has_all "$tmp/rec" || die "the recording lacks clients"
wait_until 30 has_all "$tmp/box" || die "the directory lacks clients"
for recorder in "${recorders[@]}"; do
	stop "$recorder"
done
unload
check "a recording has them without the module" are_named recording --read "$tmp/rec"
check "and so has a directory of recordings" are_named directory --read "$tmp/box"
check "its drawings too" are_drawn --read "$tmp/box"
check "by which it is filtered" finds '.unit == "nginx.service"' --read "$tmp/box" --unit nginx.service
ktap_finished
