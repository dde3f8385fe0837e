#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two machines with a router between them, each recorded by itself, whose clocks differ: which
# end belongs to which, which SYN arrived, and how far the clocks are apart. The router drops
# and refuses; what it has counted, and what both programs say of each other, is compared.

network=initial
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

make_machines() {
	local side

	at_end+=(remove_machines)
	for side in client router server; do
		ip netns add $side && ip -n $side link set lo up || return
	done
	for side in client server; do
		ip -n router link add $side type veth peer name wire netns $side &&
			ip -n router link set $side up && ip -n $side link set wire up || return
	done
	ip -n client addr add 10.97.3.1/24 dev wire &&
		ip -n router addr add 10.97.3.254/24 dev client &&
		ip -n router addr add 10.97.4.254/24 dev server &&
		ip -n server addr add 10.97.4.1/24 dev wire &&
		ip -n client route add default via 10.97.3.254 &&
		ip -n server route add default via 10.97.4.254 &&
		ip netns exec router sysctl -qw net.ipv4.ip_forward=1
}

remove_machines() {
	local side

	for side in client router server; do
		ip netns del $side
	done
} 2>/dev/null

# What is called at its own address is translated, both ends. Port 24108: the first SYN of each
# connection is lost; 24109: all are; 24110: who sends much gets a RST that the server knows
# nothing of.
make_rules() {
	ip netns exec router nft -f - <<-END
	table ip tcphs_test {
		counter syns_sent { }
		counter syns_arrived { }
		set known { type ipv4_addr . inet_service; flags dynamic; size 1024; }
		chain comes {
			type filter hook prerouting priority -300;
			iifname "client" tcp flags & (syn | ack) == syn counter name syns_sent
		}
		chain passes {
			type filter hook forward priority 0;
			tcp dport 24108 tcp flags & (syn | ack) == syn ip saddr . tcp sport != @known add @known { ip saddr . tcp sport } drop
			tcp dport 24109 drop
			tcp dport 24110 meta length > 150 reject with tcp reset
		}
		chain translated {
			type nat hook prerouting priority -100;
			ip daddr 10.97.3.254 dnat to 10.97.4.1
		}
		chain masked {
			type nat hook postrouting priority 100;
			ct status dnat masquerade fully-random
		}
		chain goes {
			type filter hook postrouting priority 300;
			oifname "server" tcp flags & (syn | ack) == syn counter name syns_arrived
		}
	}
	END
}

# counted COUNTER: packets
counted() {
	ip netns exec router nft list counter ip tcphs_test "$1" |
		sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

listens() {
	grep -qx listening "$tmp/server"
}

serve() {
	mkfifo "$tmp/go"
	exec {go}<>"$tmp/go"
	ip netns exec server python3 "$here/hosts.py" serve <"$tmp/go" >"$tmp/server" 2>&1 &
	started+=("$!")
	wait_until 60 listens || die "no server: $(<"$tmp/server")"
}

call() {
	ip netns exec client python3 "$here/hosts.py" call "$@" >"$tmp/client" 2>&1 ||
		die "no client: $(<"$tmp/client")"
}

# over NAMESPACE: no connection is left there but in TIME-WAIT
over() {
	! ip netns exec "$1" ss -Htan exclude listening exclude time-wait | grep .
}

# What a server has in its queue of one that the client has given up may still be reported of.
record_both() {
	local side

	for side in client server; do
		ip netns exec $side tcphs record -d 0s "$tmp/$1-$side" 2>"$tmp/err" ||
			die "no recording: $(<"$tmp/err")"
	done
}

need_command python3 jq ip nft ss
start 17
load ring_records=16384
make_machines || die "no namespaces"
make_rules || die "nft refuses"
serve
call 10.97.4.1 24107 53
call 10.97.3.254 24107 31
wait_until 60 over client || die "the client has connections left"
wait_until 60 over server || die "the server has connections left"
record_both well
call 10.97.4.1 24108 3
call 10.97.4.1 24109 5
call 10.97.4.1 24110 7
echo >&"$go"
wait_until 60 over client || die "the client has connections left"
wait_until 60 over server || die "the server has connections left"
record_both ill
tell_all < <(python3 "$here/hosts.py" judge "$tmp" "$(counted syns_sent)" "$(counted syns_arrived)" 2>&1)
events_json "$tmp/events" -A
check "no record is lost" nothing_lost "$tmp/events"
check "every object is as its schema says" objects_fit
check "the kernel has nothing to complain about" \
	kernel_is_quiet "IPv6: ADDRCONF\(NETDEV_CHANGE\)"
ktap_finished
