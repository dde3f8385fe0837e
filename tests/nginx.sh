#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A real server under real load: wrk with keep-alive and without, and curl. While
# it goes on a reader follows; in the end everyone has counted the same.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

port=8081
urls=("http://127.0.0.1:$port/" "http://[::1]:$port/")

start_nginx() {
	cat >"$tmp/nginx.conf" <<END
daemon off;
worker_processes 2;
error_log $tmp/nginx.error;
pid $tmp/nginx.pid;
events { worker_connections 251; }
http {
	access_log off;
	keepalive_requests 23;
	server {
		listen 127.0.0.1:$port;
		listen [::1]:$port;
		location / { return 200 "tcphs\n"; }
	}
}
END
	background "$tmp/nginx" nginx -c "$tmp/nginx.conf"
	nginx=$!
	wait_until 60 curl -sf "${urls[1]}" || die "nginx does not answer: $(<"$tmp/nginx")"
}

# Whatever is open when the time is over wrk closes as it is.
load_nginx() {
	local url

	for url in "${urls[@]}"; do
		wrk -t 2 -c 31 -d 3s "$url" >>"$tmp/wrk" 2>&1 || die "wrk: $(<"$tmp/wrk")"
		wrk -t 2 -c 17 -d 3s -H "Connection: close" "$url" >>"$tmp/wrk" 2>&1 ||
			die "wrk: $(<"$tmp/wrk")"
		curl -sf "$url" >/dev/null || die "curl: $?"
	done
	say "$(grep -c 'Requests/sec' "$tmp/wrk") runs of wrk," \
		"$(awk '/requests in/ { n += $1 } END { print n }' "$tmp/wrk") requests"
}

# The reader holds back what may still come in another order. TIME_WAIT goes on
# ending all the while.
reader_has_all() {
	wait_until 30 summary_agrees "$tmp/followed" time-wait-end
	nothing_lost "$tmp/followed" && summary_agrees "$tmp/followed" time-wait-end
}

# owners: who called accept(), as "NAME PID", each once
owners() {
	grep -F '"event":"accepted"' "$tmp/followed" |
		jq -nr 'reduce inputs as $e ({}; .["\($e.comm) \($e.pid)"] = 1) | keys[]' | sort
}

nginx_owns() {
	for pid in $(pgrep -P "$nginx"); do
		echo "nginx $pid"
	done | sort >"$tmp/workers"
	owners >"$tmp/owners"
	[[ -s $tmp/owners ]] && same "$(comm -13 "$tmp/workers" "$tmp/owners")" "" "strange owners"
}

# accepted: of the listeners of nginx
accepted() {
	tcphs listeners -j | jq -n "reduce (inputs | select(.port == $port)) as \$l (0; . + \$l.accepted)"
}

listeners_count() {
	same "$(accepted)" "$(queued "$tmp/before" "$tmp/after")" accepted &&
	same "$(tally_of accepted)" "$(accepted)" "accepted, as events"
}

tally_of() {
	awk -v event="$1" '$1 == "event" && $2 == event { print $3 }' /proc/tcphs
}

# discards: of each listener of nginx, as ss has them
discards() {
	ss -Hltnm "sport = $port" | sed -En 's/.*skmem:.*,d([0-9]+)\).*/\1/p' | sort
}

# Both queues of both listeners were used, neither beyond its limit.
queues_make_sense() {
	tcphs listeners -j >"$tmp/listeners"
	same "$(jq "select(.port == $port) | .discards" "$tmp/listeners" | sort)" "$(discards)" \
		discards || return 1
	jq -s "map(select(.port == $port)) | length == 2 and all(
		.syn_queue == 0 and .accept_queue == 0 and .accept_overflows == 0 and
		.comm == \"nginx\" and
		.syn_queue_max >= 1 and .syn_queue_max <= .syn_queue_limit and
		.accept_queue_max >= 1 and .accept_queue_max <= .accept_queue_limit and
		.accept_wait.count == .accepted)" "$tmp/listeners" | grep -qx true ||
		{ cat "$tmp/listeners"; return 1; }
}

kernel_agrees() {
	local wrong=0

	same "$(tally_of syn-sent)" "$(difference "$tmp/before" "$tmp/after" TcpActiveOpens)" \
		syn-sent || wrong=1
	same "$(tally_of accept-queued)" "$(queued "$tmp/before" "$tmp/after")" accept-queued || wrong=1
	same "$(tally_of rst-sent)" "$(difference "$tmp/before" "$tmp/after" TcpOutRsts)" \
		rst-sent || wrong=1
	return $wrong
}

start 8
need_command nginx wrk curl jq ss nstat pgrep sysctl
load ring_records=131072
# The RST that ends a life can be lost: for a socket that another CPU makes a FIN_WAIT2
# bucket of just then the kernel drops it, and nobody sends it again. Such a bucket stays
# for tcp_fin_timeout, which would be a minute.
sysctl -qw net.ipv4.tcp_fin_timeout=7
watch_stillborn
counters "$tmp/before"
background "$tmp/followed" tcphs events -f -j
start_nginx
load_nginx
check "the connections left are those of ss, in TIME_WAIT" wait_until 30 settled
counters "$tmp/after"
check "as many events of each kind as the kernel counted" kernel_agrees
check "a reader that follows has every event of /proc/tcphs" reader_has_all
check "accept() is nginx's" nginx_owns
check "the listeners accepted what the kernel counted" listeners_count
check "the queues were used, and within their limits" queues_make_sense
stop "$nginx" QUIT
check "the listeners are gone with nginx" wait_until 10 test -z "$(tcphs listeners -j)"
check "the kernel has nothing to say" kernel_is_quiet
ktap_finished
