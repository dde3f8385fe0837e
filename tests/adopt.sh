#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sockets older than the module are adopted: in the states that ss sees, marked,
# with no past invented; then they end like any other and leave nothing behind.

. "$(dirname "$0")/lib.sh"

# state, sockets of it that zoo.py makes
zoo=(
	close-wait 6
	established 37
	fin-wait-1 3
	fin-wait-2 9
	last-ack 3
	syn-recv 3
	syn-sent 6
	time-wait 5
)

# said WORD: zoo.py came to that step
said() {
	grep -qx "$1" "$tmp/zoo.says"
}

await() {
	wait_until 30 said "$1" || die "zoo.py does not come to '$1': $(<"$tmp/zoo.says")"
}

go_on() {
	echo go >&7
}

drop_some() {
	nft -f - <<-END || die "nft refuses"
		table inet tcphs_test {
			chain arriving {
				type filter hook input priority 0
				tcp dport 7001 tcp flags & (syn | ack) == syn drop
				tcp sport 7003 tcp flags & (syn | ack) == (syn | ack) drop
			}
		}
	END
	at_end+=(drop_nothing)
}

drop_nothing() {
	nft delete table inet tcphs_test 2>/dev/null
}

open_zoo() {
	mkfifo "$tmp/go"
	python3 "$here/zoo.py" <"$tmp/go" >"$tmp/zoo.says" 2>&1 &
	started+=("$!")
	exec 7>"$tmp/go"
	await mute
	nft add rule inet tcphs_test arriving tcp sport 7013 drop || die "nft refuses"
	go_on
	await ready
}

# zoo_is_as_planned: by ss, before the module is there
zoo_is_as_planned() {
	same "$(ss_table | cut -d' ' -f1 | sort | uniq -c | awk '{ print $2, $1 }')" \
		"$(printf '%s %s\n' "${zoo[@]}")" "states by ss"
}

# listeners_agree: "ADDRESS PORT ACCEPT-QUEUE LIMIT", by ss and by tcphs
listeners_agree() {
	diff <(ss -Htln | sed -E 's/\[|\]//g; s/\*:/:::/' |
		awk '{ n = split($4, a, ":"); port = a[n]; sub(":" port "$", "", $4)
			print $4, port, $2, $3 }' | sort) \
	     <(tcphs listeners -j | jq -r '"\(.address) \(.port) \(.accept_queue) \(.accept_queue_limit)"' | sort)
}

# counts_agree: of states, in status and /proc/tcphs
counts_agree() {
	local i=0 wrong=0

	tcphs status -j >"$tmp/status"
	for ((i = 0; i < ${#zoo[@]}; i += 2)); do
		same "$(jq ".states[\"${zoo[i]}\"]" "$tmp/status")" "${zoo[i + 1]}" \
			"status, ${zoo[i]}" || wrong=1
	done
	same "$(awk '$1 == "state" && $2 != "LISTEN" { n += $3 } END { print n }' /proc/tcphs)" \
		"$(ss_table | wc -l)" "/proc/tcphs, sum of the states" || wrong=1
	return $wrong
}

# TIME_WAIT takes a minute, and loading and looking on a slow kernel most of it: one
# look is for all who ask what was adopted.
look_at_once() {
	tcphs events -j >"$tmp/at_once" || die "no events"
	tcphs connections -j >"$tmp/connections" || die "no connections"
	tcphs listeners -j >"$tmp/listeners" || die "no listeners"
}

# none NAME FILTER: no object of that file fits the filter of jq
none() {
	! jq -ce "select($2)" "$tmp/$1" | sed 's/^/unexpected: /' | grep .
}

all_are_marked() {
	none connections '.adopted != true'
}

nothing_is_invented() {
	none connections '.handshake_ns != null or .pid != null' &&
	none connections '.state != "syn-recv" and (.isn != null or .peer_isn != null)' &&
	none connections '.state == "syn-recv" and
		(.role != "passive" or .isn == null or .peer_isn == null)' &&
	none listeners '.age_ns != null or .pid != null or .accepted != 0'
}

# Whose local port is that of a listener came to it. What a TIME_WAIT bucket was,
# in either of its states, is not known any more.
roles_are_right() {
	local ports

	ports=$(jq -s '[.[].port]' "$tmp/listeners")
	jq -c --argjson ports "$ports" '. + {
		right: (if .local_port | IN($ports[]) then "passive" else "active" end)}' \
		"$tmp/connections" >"$tmp/roles"
	none roles '.role != .right and (.role != "unknown" or
		(.state | IN("time-wait", "fin-wait-2") | not))' &&
	same "$(grep -c '"role":"unknown"' "$tmp/roles")" 8 "unknown roles"
}

# But that what gets no answer goes on to be sent again.
loading_tells_nothing() {
	none at_once '.event | (endswith("-retransmit") or . == "syn-duplicate") | not'
}

# The first step of an adopted connection has no time that it could be since; a
# whole life, a handshake, a wait in the accept queue never have.
no_duration_is_invented() {
	tcphs events -j | jq -c 'select(.adopted)' >"$tmp/adopted"
	[[ -s $tmp/adopted ]] || { echo "no event of an adopted connection"; return 1; }
	jq -sc 'group_by(.conn) | .[] | sort_by(.time)[0]' "$tmp/adopted" >"$tmp/first"
	none first '.duration_ns != null' &&
	none adopted '.event == "closed" and (.duration_ns != null or (.handshake_us // 0) != 0)' &&
	none adopted '(.event == "accepted" or .event == "established" or .event == "unlisten") and
		.duration_ns != null'
}

# ends EVENT…: events of these that adopted connections reported
ends() {
	local pattern

	pattern=$(IFS='|'; echo "$*")
	jq -r 'select(.adopted) | .event' "$tmp/events" | grep -cxE "$pattern"
}

# Every adopted socket and request has one end; a bucket ends its TIME_WAIT.
all_ends_are_told() {
	local wrong=0

	# All but the five that are in TIME_WAIT already.
	same "$(ends closed connect-failed request-expired request-reset)" 67 "ends" || wrong=1
	jq -c 'select(.adopted and (.event | IN("closed", "connect-failed", "request-expired",
		"request-reset"))) | .conn' "$tmp/events" | sort | uniq -d | grep . && wrong=1
	same "$(jq -s '[.[] | select(.adopted and .event == "time-wait-end")] |
		group_by(.conn) | map(select(length > 1)) | length' "$tmp/events")" 0 \
		"TIME_WAITs that ended twice" || wrong=1
	jq -c 'select(.event == "time-wait-end" and .bucket != true)' "$tmp/events" | grep . && wrong=1
	(($(ends time-wait-end) >= 8)) || { echo "time-wait-end: $(ends time-wait-end)"; wrong=1; }
	return $wrong
}

# A FIN that was sent, received or acknowledged before is not reported as if now.
no_step_is_reported_late() {
	none adopted '.event == "fin-sent" and (.old | IN("established", "close-wait") | not)' &&
	none adopted '.event == "fin-acked" and (.old | IN("fin-wait-1", "closing", "last-ack") | not)' &&
	none adopted '.event == "fin-received" and (.old | IN("established", "fin-wait-1", "fin-wait-2") | not)'
}

# Each pair sent 10 bytes one way and 8 the other; two that waited to be
# accepted sent none. What is not known is not reported. An attempt may be sent again
# just after nothing is dropped any more and before it is closed: such a one begins
# here, without a byte, and is left out.
lives_are_right() {
	local attempts

	attempts=$(jq -s '[.[] | select(.state | IN("syn-sent", "syn-recv")) | .conn]' \
		"$tmp/connections")
	jq -c --argjson attempts "$attempts" '
		select(.event == "closed" and (.conn | IN($attempts[]) | not)) |
		{conn, old, new, bytes_sent, bytes_received, closer}' "$tmp/adopted" >"$tmp/lives"
	none lives '.bytes_sent != null and
		([.bytes_sent, .bytes_received] | . != [10, 8] and . != [8, 10]) and
		.bytes_sent + .bytes_received > 0' &&
	same "$(jq -s '[.[] | select(.bytes_sent == 0)] | length' "$tmp/lives")" \
		4 "lives without a byte" &&
	none lives '.closer == "none"'
}

table_is_empty() {
	same "$(tcphs connections -j | wc -l)" 0 connections &&
	same "$(awk '$1 == "state" && $3' /proc/tcphs)" "" "/proc/tcphs, states" &&
	same "$(tcphs listeners -j | wc -l)" 0 listeners
}

time_wait_is_over() {
	sleep 1
	! ss -Htan | grep -q .
}

# One socket leaves two, between the same ports; the cookie is of the module before.
leave_two() {
	python3 - "$here" <<-'END'
		import socket
		import sys
		sys.path.append(sys.argv[1])
		from tale import disconnect
		servers = [socket.create_server(("127.0.0.17", 0))]
		servers.append(socket.create_server(("127.0.0.19", servers[0].getsockname()[1])))
		client = socket.socket()
		client.bind(("127.0.0.23", 0))
		for server in servers:
		    client.connect(server.getsockname())
		    other = server.accept()[0]
		    client.shutdown(socket.SHUT_WR)
		    other.recv(1)
		    other.close()
		    client.recv(1)
		    if disconnect(client):
		        sys.exit("it stays connected")
	END
}

peers_of() { # FILE
	jq -r 'select(.local == "127.0.0.23") | .peer' "$1" | sort
}

two_of_a_socket() {
	leave_two && load ring_records=4096 || return
	tcphs connections -j --state time-wait >"$tmp/two"
	same "$(peers_of "$tmp/two" | xargs)" "127.0.0.17 127.0.0.19" "TIME-WAITs adopted" || return
	same "$(jq -s 'map(.conn) | unique | length' "$tmp/two")" 1 cookies || return
	ss -HK state time-wait >/dev/null
	wait_until 20 table_is_empty || return
	tcphs events -j --event time-wait-end >"$tmp/two"
	same "$(peers_of "$tmp/two" | xargs)" "127.0.0.17 127.0.0.19" "whose ends" &&
		same "$(deaf_hooks)" "" "deaf hooks"
}

start 19
need_command python3 nft ss jq
[[ -z $(ss -Htan) ]] || skip_all "somebody else has TCP sockets here"
drop_some
open_zoo
check "the zoo has all states that there can be" zoo_is_as_planned
load ring_records=8192
look_at_once
mark_dmesg

check "states are counted" counts_agree
check "connections are those of ss, cookies too" tables_agree
check "listeners are those of ss" listeners_agree
check "all are marked as adopted" all_are_marked
check "no handshake or ISN is invented" nothing_is_invented
check "who opened a connection is known all the same" roles_are_right
check "adoption itself is no event" loading_tells_nothing

go_on
await accepted
check "what waited to be accepted is accepted" wait_until 5 tables_agree
drop_nothing
go_on
await closed
check "no duration is invented" no_duration_is_invented
check "while they close they are those of ss" wait_until 20 tables_agree
wait_until 150 time_wait_is_over || say "TIME_WAIT does not end"
events_json "$tmp/events"
check "every socket's end is reported once" all_ends_are_told
check "no duration is invented up to the end" no_duration_is_invented
check "no earlier step is reported as if it were new" no_step_is_reported_late
check "the bytes of a life are those sent and received, or absent" lives_are_right
check "in the end the table is empty" table_is_empty
check "of two TIME_WAITs of one socket each is adopted" two_of_a_socket
check "every object is as its schema says" objects_fit status "$tmp/status" \
	connections "$tmp/connections" listeners "$tmp/listeners"
check "the kernel does not complain" kernel_is_quiet
ktap_finished
