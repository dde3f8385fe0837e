#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A long mixed load with losses, full queues, cookies, aborts, TCP Fast Open and
# reused TIME_WAITs; then the sums of what was reported equal the kernel's counters.

. "$(dirname "$0")/lib.sh"

port=8093
# A comparison of zeros proves nothing.
kinds=(syn-retransmit synack-retransmit syn-dropped syncookie-sent accept-overflow ack-deferred
	fin-retransmit rst-sent rst-received connect-failed request-expired reused-by-connect
	unread-data linger fastopen syncookie)

start_nginx() {
	cat >"$tmp/nginx.conf" <<-END
		daemon off;
		worker_processes 1;
		error_log $tmp/nginx.error;
		pid $tmp/nginx.pid;
		events { worker_connections 127; }
		http {
			access_log off;
			keepalive_requests 7;
			server { listen 127.0.0.1:$port; location / { return 200 "tcphs\n"; } }
		}
	END
	background "$tmp/nginx" nginx -c "$tmp/nginx.conf"
	nginx=$!
	wait_until 60 curl -sf "http://127.0.0.1:$port/" || die "nginx: $(<"$tmp/nginx")"
}

# Few ports, so that connect() has to take over TIME_WAITs; few buckets.
settings() {
	sysctl -qw net.ipv4.tcp_tw_reuse=1 net.ipv4.tcp_fastopen=0x207 \
		net.ipv4.tcp_max_tw_buckets=1021 net.ipv4.tcp_fin_timeout=3 \
		net.ipv4.tcp_syn_retries=2 net.ipv4.tcp_synack_retries=2 \
		net.ipv4.ip_local_port_range="30011 30612" || die "sysctl refuses"
	[[ ! -e /proc/sys/net/ipv4/tcp_syn_linear_timeouts ]] ||
		sysctl -qw net.ipv4.tcp_syn_linear_timeouts=1
}

lossy() {
	tc qdisc add dev lo root netem loss 2% delay 1ms
}

crowd() {
	python3 "$here/crowd.py" $(($1 * patience)) || die "the crowd failed"
}

load_all() {
	wrk -t 1 -c 13 -d 3s "http://127.0.0.1:$port/" >"$tmp/wrk" 2>&1 || die "wrk: $(<"$tmp/wrk")"
	wrk -t 1 -c 7 -d 2s -H "Connection: close" "http://127.0.0.1:$port/" >"$tmp/wrk" 2>&1 ||
		die "wrk: $(<"$tmp/wrk")"
	crowd 7
	"$here/traffic" --connections 211 --refused 31 --parallel 17 >/dev/null || die "traffic failed"
	lossy || die "tc refuses"
	crowd 11
	wrk -t 1 -c 13 -d 3s "http://127.0.0.1:$port/" >"$tmp/wrk" 2>&1 || die "wrk: $(<"$tmp/wrk")"
	tc qdisc del dev lo root
	sysctl -qw net.ipv4.tcp_syncookies=0
	crowd 5
	until_all_happened
	# However slow the machine is, some find no room.
	sysctl -qw net.ipv4.tcp_max_tw_buckets=3
	"$here/traffic" --connections 53 --parallel 17 >/dev/null || die "traffic failed"
}

# unseen FILE KIND…: which of them are not in it
unseen() {
	local file=$1 kind

	shift
	for kind in "$@"; do
		grep -qE "\"(event|reason)\":\"$kind\"" "$file" || printf ' %s' "$kind"
	done
}

# A slow machine brings some things about only in the long run.
until_all_happened() {
	local seconds missing

	for seconds in 13 23 41; do
		tcphs events -j >"$tmp/so-far"
		missing=$(unseen "$tmp/so-far" "${kinds[@]}")
		[[ $missing ]] || return 0
		say "not yet seen:$missing"
		sysctl -qw net.ipv4.tcp_syncookies=1
		lossy || die "tc refuses"
		crowd "$seconds"
		tc qdisc del dev lo root
		sysctl -qw net.ipv4.tcp_syncookies=0
		crowd $((seconds / 2))
	done
}

# SYN+ACKs of these listeners are not heard, so their requests expire.
deafen() {
	nft -f - <<-END
		table inet tcphs {
			chain input {
				type filter hook input priority 0;
				tcp sport { 8106, 8116, 8126 } tcp flags & (syn | ack) == syn | ack drop
			}
		}
	END
}

is_over() {
	nobody_is_left && table_is_empty
}

table_is_empty() {
	[[ -z $(tcphs connections -j) ]]
}

# CurrEstab is a state, not an event: it is compared while connections are held.
established_agree() {
	local kernel tcphs

	kernel=$(awk '/^Tcp: [0-9]/ { print $10 }' /proc/net/snmp)
	tcphs=$(tcphs status -j | jq '.states.established + (.states["close-wait"] // 0)')
	echo "CurrEstab $kernel, ESTABLISHED and CLOSE-WAIT $tcphs"
	[[ $kernel == "$tcphs" && $kernel -gt 0 ]]
}

all_happened() {
	same "$(unseen "$tmp/events" "${kinds[@]}" time-wait-full)" "" "never seen"
}

need_command python3 jq nstat tc nft nginx wrk curl
modprobe sch_netem 2>/dev/null
start 28
load ring_records=262144 table_size=65536
mark_dmesg
settings
start_nginx
deafen || die "nft refuses"
watch_stillborn
counters "$tmp/before"
before=$(tcphs events -j | wc -l)
mkfifo "$tmp/go"
exec 7<>"$tmp/go"
"$here/traffic" --connections 37 --parallel 37 --pause <&7 >/dev/null 2>"$tmp/at" &
started+=("$!")
wait_until 60 grep -qx open "$tmp/at" || die "traffic does not open its connections"
check "CurrEstab is what is in ESTABLISHED and CLOSE_WAIT" wait_until 5 established_agree
for _ in 1 2 3; do
	echo go >&7
done
wait "${started[-1]}"
load_all
stop "$nginx"
wait_until 150 is_over || say "not everything ends"
counters "$tmp/after"
events_json "$tmp/all"
tail -n "+$((before + 1))" "$tmp/all" >"$tmp/events"
say "$(wc -l <"$tmp/events") events, $(grep -c '"event":"syn-sent"' "$tmp/events") connects"
check "no record is lost" nothing_lost "$tmp/events"
tell_all < <(python3 "$here/agreement.py" "$tmp/before" "$tmp/after" "$tmp/events" \
	"$(($(<"$tmp/after.stillborn") - $(<"$tmp/before.stillborn")))" 2>&1)
check "no life is left over" table_is_empty
check "everything happened that was to happen" all_happened
check "the kernel does not complain" kernel_is_quiet "Possible SYN flooding|bucket table overflow"
ktap_finished
