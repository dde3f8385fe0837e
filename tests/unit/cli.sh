#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tool as a user runs it, in front of a fake kernel (fake_kernel.c).
#	cli.sh TOOL

tool=$1
# shellcheck source=tests/unit/tap.sh
. "$(dirname "$0")/tap.sh"
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR FAKE COLUMNS

out=$(mktemp) && err=$(mktemp) || exit 1
trap 'rm -f "$out" "$err"' EXIT

version=$(sed 's/\./\\./g' "$(dirname "$0")/../../VERSION")

# run STATUS NAME [VAR=VALUE] -- ARGUMENTS...: the exit status is as it should be
run()
{
	want=$1 name=$2 fake=$3
	shift 3
	FAKE=$fake "$tool" "$@" >"$out" 2>"$err"
	[ $? = "$want" ]
	result $? "$name"
}

json_ok()
{
	python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <"$out"
	result $? "$1"
}

echo "1..500"

run 0 "help"					"" help
said "$out" '^Exit status: 0 done, 1 failure'	"it tells the exit status"
run 0 "--version"				"" --version
said "$out" "^tcphs $version \(ABI 3\.0\)$"	"it is one line"
run 0 "a verb's help"				"" events --help
said "$out" '--follow'				"it tells its options"
run 2 "no verb"					""
run 2 "a wrong verb"				"" evnets
said "$err" "did you mean events\? tcphs help has all$" "the right one is named"
run 2 "a verb like no other"			"" xyzzy
said "$err" "one of: status events"		"the right ones are named"
run 0 "tcphs help VERB"				"" help events
said "$out" '^Usage: tcphs events .*'		"is the verb's help"
run 2 "of a wrong verb"				"" help listners
said "$err" "did you mean listeners\?"		"the right one is named"
run 0 "options before the verb"			"" -H --json listeners
json_ok						"count"
run 0 "and those with an argument"		"" --state TIME_WAIT,ESTAB --role server -H connections
[ "$(wc -l <"$out")" = 1 ]; result $?		"too"
run 2 "an option of a verb before it"		"" -f events
said "$err" "^tcphs: unknown option '-f' before the verb" "is told so"
run 2 "a verb that is missing"			"" --json
run 2 "a wrong long option"			"" events --folow
said "$err" "'--folow'; did you mean --follow\? tcphs help events has all$" "the right one is named"
run 2 "an option like no other"			"" events --xyzzy
said "$err" "'--xyzzy'; allowed are: --json"	"the right ones are named"
run 2 "a wrong short option"			"" events --json -x
said "$err" "'-x'"				"it is named"
run 2 "an option without its argument"		"" events -n
run 2 "a count that is none"			"" events -n -3
run 2 "a wrong state"				"" connections -s foo,established
said "$err" "'foo' is no state; allowed are: established" "the right ones are named"
run 2 "nearly a state"				"" connections -s TIME_WIAT
said "$err" "'TIME_WIAT' is no state; did you mean time-wait\?" "the right one is named"
run 2 "nearly an event"				"" events --event syn_snt
said "$err" "did you mean syn-sent\?"		"the right one is named"
run 2 "a word too many"				"" listeners abc
run 2 "status of all namespaces"		"" status -A
run 2 "a wrong colour"				"" status --color=blue

run 2 "a wrong filter"				"" events --port 80-http
said "$err" "^tcphs events: --port: '80-http' is wrong; allowed are numbers" "says what is allowed"
run 2 "a filter that means nothing here"	"" listeners --state established
said "$err" '--state means nothing here'	"is refused"
run 2 "so is a filter of status"		"" status --port 80
run 2 "and its unknown options"			"" status --xyzzy
said "$err" 'allowed are: --json --no-header --color --help --hooks --report$' "name no filter"
run 2 "a recording of connections"		"" connections --read FILE
said "$err" '--read: a recording holds events'	"is refused"
wide=$(for verb in $("$tool" xyzzy 2>&1 | sed 's/.*one of: //') names; do
	"$tool" help "$verb" | awk 'length > 80'
done)
[ -z "$wide" ]; result $?			"all help fits 80 columns"
run 0 "a verb's help"				"" metrics --help
! grep -Eq -- '--(json|no-header|color)' "$out"; result $? "lists what has a meaning"
run 2 "metrics are no JSON"			"" metrics --json
said "$err" 'see --openmetrics'			"what there is instead is told"
run 0 "a verb's help"				"" listeners --help
said "$out" '--local-port N,\.\.\. +of this end'	"tells its filters"
! grep -q -- '--peer-port' "$out"; result $?	"and no others"

run 3 "module not loaded"			absent status
said "$err" 'not loaded; load it with: modprobe tcphs' "it says what to do"
[ "$(wc -l <"$err")" = 1 ]; result $?		"in one line"
[ ! -s "$out" ]; result $?			"and nothing on standard output"
run 4 "no permission"				eperm status
said "$err" 'run as root'			"it says what to do"
run 4 "all namespaces from within one"		netns listeners -A
said "$err" 'only the initial network namespace' "the kernel's own words are shown"
run 5 "a module of another protocol"		version status
run 5 "a module of another ABI"			abi status
said "$err" 'ABI 4\.0.*ABI 3\.0.*reinstall both' "both are named"
for verb in status listeners connections events metrics 'doctor --since 90000d'; do
	# shellcheck disable=SC2086 # split into words
	run 0 "$verb: a module of another version"	old $verb
	said "$err" '^tcphs: the module that is loaded is 0\.0\.7, this tool '"$version;" "both are named"
done
run 1 "an answer that breaks the contract"	garbage status
run 1 "a module loaded anew meanwhile"		erange events -f
run 3 "a module unloaded meanwhile"		unload events -f

run 0 "status"					"" status
said "$out" 'TIME-WAIT +7 of 16384'		"TIME-WAIT comes with its limit"
said "$out" 'missing tcp_check_req \(ftrace\): the reset of requests' "a missing hook is named"
said "$out" 'deaf tcp_connect \(ftrace, fired 2003 times, missed at least 17\): conn' "so is a deaf one"
! grep -q 2003 "$out" || grep -q deaf "$out"; result $? "hooks that are well are not listed"
said "$out" '^ring .* 123457 recorded of this namespace$' "says what is of this namespace"
said "$out" '^table +34 of 65536 entries used, 17 of them here; 0 untracked' "the table is that of all"
said "$out" '^ +of all namespaces everything of the last ' "and what of all"
said "$out" '^ +of all namespaces everything that went wrong in the last ' "also of what is kept"
run 0 "status --hooks"				"" status --hooks
said "$out" 'inet_sock_set_state +2003 +states'	"how often a hook fired, and what it shows"
run 0 "status --report"				"" status --report
said "$out" '^hooks +2 of 3 active, 1 deaf$'	"hooks and their state"
said "$out" "^kernel +$(uname -r) "		"the kernel"
! grep -Fqw -e "$(uname -n)" "$out"; result $?	"not this machine's name"
run 3 "status --report without a module"	absent status --report
said "$out" '^module +does not answer$'		"what is known all the same"
said "$err" 'not loaded'			"and why that is not more"
run 0 "status --json"				"" status --json
json_ok						"it is JSON"
run 0 "status --color=always"			"" status --color=always
said "$out" '\[31mmissing'			"it has colours"

run 0 "listeners"				"" listeners
said "$out" '^0\.0\.0\.0:22 +1/17/128 +3/5/511 +1201' "a listener and its queues"
run 0 "listeners --json"			"" listeners --json
json_ok						"it is JSON, also with a quote in a name"

COLUMNS=80 run 0 "listeners on 80 columns"	"" listeners
[ "$(wc -L <"$out")" -le 80 ] && grep -q '512/512/511 .* 19 .*ngi"nx\[123\]$' "$out"
result $?					"fit, and what matters is there"
said "$out" '^LISTENER +SYN-QUEUE +ACCEPT-QUEUE +OVERFLOWS +DROPS +WAIT-P99 +OWNER$' "which is stated"
COLUMNS=40 run 0 "connections on 40 columns"	"" connections
[ "$(sed -n '1,2p;4p' "$out")" = "$(cat <<'EOT'
STATE            AGE  LOCAL
    PEER                   OWNER
    192.168.100.200:40027  -
EOT
)" ]; result $?					"keep what must be seen, in two lines each"
COLUMNS=40 run 0 "connections --output"		"" connections -o owner,local,age
said "$out" '^OWNER +LOCAL +AGE$'		"are those columns, in that order"
run 0 "connections --output all"		"" connections -o all
said "$out" '^CONN .* OWNER +NETNS$'		"are all columns"
run 2 "a column that is none"			"" listeners -o drop
said "$err" "'drop' is no column; did you mean DROPS\? --output help lists all$" "the right one is named"
run 2 "a column like no other"			"" listeners -o xyzzy
said "$err" "'xyzzy' is no column; there are: all LISTENER" "the right ones are named"
run 0 "columns, and more of them"		"" listeners -o owner -o drops,listener
said "$out" '^OWNER +DROPS +LISTENER$'		"are added up"
run 2 "two recordings"				"" record --read a --read b c
said "$err" '--read is given twice'		"are not copied"
run 2 "two pictures"				"" diagram --last --svg a --svg b
for verb in listeners connections events lives; do
	run 0 "$verb -o help, without a module"	absent $verb -o help
	said "$out" '^all [A-Z0-9 _-]+$'		"lists them"
done
run 2 "a column that is none, of events"	absent events -o times
run 0 "connections"				"" connections
[ "$(sed -n 2p "$out" | cut -c1-2)" = 1b ]; result $? "the oldest comes first"
run 0 "connections --state"			"" connections --state=CLOSE-WAIT -H
[ "$(wc -l <"$out")" = 1 ]; result $?		"only that state"
run 0 "connections --json"			"" connections -j
json_ok						"it is JSON"

run 0 "events"					"" events
[ "$(grep -v '^---' "$out" | cut -c17-)" = "$(cat <<'EOT'
CONN   EVENT             LOCAL           PEER                STATE          DETAILS
1a2b   syn-sent          10.0.0.1:40001  192.168.100.200:443 → SYN-SENT     seq 0 isn 4000000000 cu?rl[4711]
1a2b   established       10.0.0.1:40001  192.168.100.200:443 → ESTABLISHED  seq 1 ack 1 handshake 123 µs mss 1460 window 65535 sack wscale 7,8 retransmits 2 isn 4000000000 peer-isn 17
1a2b   fin-sent          10.0.0.1:40001  192.168.100.200:443 → FIN-WAIT-1   seq 100 ack 201 123 µs in ESTABLISHED
1a2b   accept-overflow   [a00:1::]:40001 [c0a8:64c8::1]:443    SYN-RECEIVED accept-queue-full seq =77 synq 1/128 acceptq 512/511 untracked
1a2b   closed            10.0.0.1:40001  192.168.100.200:443 → CLOSED       lived 123 µs sent 99 B received 200 KiB retransmits 1 rtt 457 µs closer local TIME-WAIT follows
EOT
)" ]; result $?					"a story, both CPUs merged"
said "$out" '^--- 2001-09-09 \+0000 ---$'	"the day is told, which is not today"
[ "$(sed -n 's/^\(.* \)1a2b   syn-sent.*/\1/p' "$out")" = "01:46:41.000000 " ]; result $? "the module's clock counts"
TZ=Asia/Kolkata run 0 "events in another time zone" "" events
said "$out" '^--- 2001-09-09 \+0530 ---$'	"have its days"
said "$out" '^07:16:41\.000000 1a2b   syn-sent'	"and hours"
run 0 "events -j"				"" events -j
said "$out" '^\{"time":1000000000,"at":"2001-09-09T01:46:41.000000000Z",.*"syn-sent"' "have both times"
fields=$(FAKE='' python3 "$(dirname "$0")/json_fields.py" "$tool" \
	"$(dirname "$0")/../../Documentation/schema/events.json" 2>&1)
[ "$fields" -ge 47 ]; result $?			"with -o it has those fields, as they are in a whole line"
run 0 "events --json --output of what no event has" "" events -j -o half_close_bytes,bucket --event closed
[ "$(grep -v '"lost"' "$out")" = '{}' ]; result $? "are empty objects"
run 2 "a field that is none"			"" events -j -o peer-prot
said "$err" "'peer-prot' is no field; did you mean peer_port\? --output help lists all$" "the right one is named"
run 2 "a column where fields are"		"" events -j -o details
said "$err" "'details' is no field; there are: all time at" "the right ones are named"
run 0 "events --json -o help, without a module"	absent events -j -o help
said "$out" '^all time at cpu '			"lists fields"
run 0 "events --output"				"" events -o state,conn,time
[ "$(sed -n '1p;$p' "$out")" = "$(cat <<'EOT'
STATE          CONN   TIME
→ CLOSED       1a2b   01:46:41.000004
EOT
)" ]; result $?					"are those columns, in that order"
run 0 "events"					"" events
rows=$(cat "$out")
run 0 "events --output of those columns"	"" events -o time,conn,event,local,peer,state,details
[ "$(cat "$out")" = "$rows" ]; result $?		"are the same"
run 0 "events --output, the time behind others"	"" events -H -o event,peer,time
rows=$(grep -v ^--- "$out" | tr -s ' ')
run 0 "events --output, the time before them"	"" events -H -o time,event,peer
[ "$(grep -v ^--- "$out" | sed -E 's/^([^ ]+) (.*)$/\2 \1/' | tr -s ' ')" = "$rows" ]
result $?					"are the same, but in that order"
run 0 "events --output, of the owner's cgroup"	"" events -H -o unit,container,pod,event
[ "$(sed -n '/syn-sent\|established/s/ *$//p' "$out")" = "$(cat <<'EOT'
get\x2dit.service -            -            syn-sent
-                 -            -            established
EOT
)" ]; result $?					"are its unit, container and pod"
COLUMNS=80 run 0 "events on 80 columns"		"" events
[ "$(grep -v '^---' "$out")" = "$(cat <<'EOT'
TIME            CONN   EVENT             LOCAL           PEER
                DETAILS
01:46:41.000000 1a2b   syn-sent          10.0.0.1:40001  192.168.100.200:443
                seq 0 isn 4000000000 cu?rl[4711]
01:46:41.000001 1a2b   established       10.0.0.1:40001  192.168.100.200:443
                seq 1 ack 1 handshake 123 µs mss 1460 window 65535 sack
                wscale 7,8 retransmits 2 isn 4000000000 peer-isn 17
01:46:41.000002 1a2b   fin-sent          10.0.0.1:40001  192.168.100.200:443
                seq 100 ack 201 123 µs in ESTABLISHED
01:46:41.000003 1a2b   accept-overflow   [a00:1::]:40001 [c0a8:64c8::1]:443
                accept-queue-full seq =77 synq 1/128 acceptq 512/511 untracked
01:46:41.000004 1a2b   closed            10.0.0.1:40001  192.168.100.200:443
                lived 123 µs sent 99 B received 200 KiB retransmits 1 rtt 457 µs
                closer local TIME-WAIT follows
EOT
)" ]; result $?					"go on in the next line, numbers beside their names"
run 0 "events --last"				"" events -n 2 -H
[ "$(wc -l <"$out")" = 2 ]; result $?		"the last two"
run 0 "events --follow --json until SIGINT"	"" events -f -j
json_ok						"it is JSON, also with an escape in a name"
[ "$(grep -c '"event":"lost","cpu":1,"lost":7' "$out")" = 4 ]; result $? "losses are told"

run 2 "connections --role listener"		"" connections --role listener
said "$err" 'a listener is no connection; see tcphs listeners' "is answered with what there is"
run 0 "connections --help"			"" connections --help
! grep -E -- '--role .*listener' "$out"; result $?	"does not offer it"
run 2 "an option that is none"			"" -x
said "$err" "^tcphs: unknown option '-x' before the verb" "is told so"
run 0 "columns asked for twice"			"" listeners -o all -o listener
[ "$(head -n 1 "$out" | grep -o LISTENER | wc -l)" = 1 ]; result $? "are shown once"
run 0 "connections --local-port --role"		"" connections -H --local-port 443 --role passive
[ "$(wc -l <"$out")" = 1 ]; result $?		"are filtered here too"
run 0 "listeners --port"			"" listeners -H --port 443,80
[ "$(wc -l <"$out")" = 1 ]; result $?		"only that listener"
run 0 "events --event"				"" events -H --event closed,fin-sent
[ "$(grep -vc '^--- 7 older events' "$out")" = 2 ]; result $? "only those, and the losses"
run 0 "events --last of a filter"		"" events -j --failed -n 1
said "$out" '"event":"accept-overflow"'		"is the last that passes"

run 0 "lives of a unit"				"" lives -H -o UNIT,CONTAINER --unit 'get\x2dit'
[ "$(cat "$out")" = 'get\x2dit.service  -' ]; result $? "are those of its processes"
run 0 "connections of a container"		"" connections -H -o CONN,CONTAINER,UNIT --container 0123456789ab
[ "$(cut -c1-26 "$out")" = "1a    0123456789ab  docker" ]; result $? "are those in it"
run 0 "connections of no container there"	"" connections -H --container 0123456789ac
[ ! -s "$out" ]; result $?			"are none"
run 0 "events have a unit"			"" events -j --event syn-sent
said "$out" '"unit":"get\\\\x2dit\.service"'	"a backslash is escaped"
json_ok						"it is JSON"
run 0 "diagram of a unit"			"" diagram --unit 'get\x2dit' --ascii
said "$out" '^ +get\\x2dit\.service$'		"has it below its owner"
run 0 "and as JSON"				"" diagram --unit 'get\x2dit' -j
said "$out" '"cgroup_id":7919,.*"unit":"get\\\\x2dit\.service"' "too"
run 2 "--container without a word"		"" connections --container ''
said "$err" 'allowed are numbers of containers'	"is told so"

# Asked again for what has come since, the fake kernel tells its story again.
run 0 "lives"					"" lives -H
[ "$(cat "$out")" = "$(cat <<'EOT'
01:46:41.000004  1a2b    cu?rl[4711]  active   10.0.0.1:40001   192.168.100.200:443  CLOSED       ShADdF        123 µs  4.00 µs     99 B   200 KiB       1  457 µs  local   closed
-                1a2b    -            active   [a00:1::]:40001  [c0a8:64c8::1]:443   SYN-RECEIVED  ?aVaV              -        -        -         -       -       -  -       ?
-                1b      -            unknown  10.0.0.1:443     192.168.100.200:40027  CLOSE-WAIT    ?                  -   >3h00m        -         -       -       -  -       open
-                1a      nginx[123]   passive  10.0.0.1:443     192.168.100.200:40026  ESTABLISHED   ?             123 µs    1h00m        -         -       -       -  -       open
EOT
)" ]; result $?					"one that ended, and those that are open"
said "$err" '^tcphs: 7 older events, of before 2001-09-09 01:46:41, overwritten .* steps may be missing$' "and what is not there"
run 0 "lives --output, as tcplife"		"" lives -o PID,COMM,LADDR,LPORT,RADDR,RPORT,TX_KB,RX_KB,MS
said "$out" '^PID +COMM +LADDR +LPORT +RADDR +RPORT +TX_KB +RX_KB +MS$' "has its columns"
said "$out" '^4711 +cu\?rl +10\.0\.0\.1 +40001 +192\.168\.100\.200 +443 +0\.10 +200\.00 +0\.00$' "and their values"
run 0 "lives --output all"			"" lives -o all
said "$out" 'CLOSER +END +NETNS +OTHER-END$'	"has each thing once"
run 0 "lives --json"				"" lives -j
json_ok						"it is JSON"
said "$out" '^\{"event":"lost","cpu":1,"lost":7\}$' "losses are told"
said "$out" '"conn":"1a2b",.*"history":"ShADdF",.*"life_ns":4000,.*"closer":"local",.*"end":"closed"' "lives too"
said "$out" '"conn":"1b",.*"state":"close-wait","history":"\?","life_ns":[0-9]+,"age_ns":7200000000000,"adopted":true' "and open ones"
run 0 "lives --kept"				"" lives -H --kept
[ "$(wc -l <"$out")" = 2 ]; result $?		"has no others that are open"
run 0 "lives --state"				"" lives -j --state close-wait
[ "$(grep -c '"conn"' "$out")" = 1 ] && grep -q '"conn":"1b"' "$out"; result $? "finds what is open and has no event"
run 0 "lives --older-than"			"" lives -H --older-than 4us --peer-port 443
[ "$(wc -l <"$out")" = 1 ]; result $?		"is of the whole life"
run 0 "lives --older-than a bit more"		"" lives -H --older-than 5us --peer-port 443
[ ! -s "$out" ]; result $?			"finds none"
run 0 "lives --follow"				"" lives -j -f
! grep '"conn"' "$out"; result $?		"is of what ends from now on"
run 0 "lives --follow --since"			"" lives -j -f --since 90000d
[ "$(grep -c '"conn"' "$out")" = 4 ]; result $?	"of what ended from then on, each time"

rec=$(mktemp -u)
run 0 "record"					"" record "$rec" -d 0s
said "$err" '^tcphs: 5 events, 0 lost, 7 overwritten before it began, 1\.26 KiB$'	"it tells how much"
[ "$(stat -c %a "$rec")" = 600 ]; result $?	"nobody else may read it"
run 1 "record into a file that is there"	"" record "$rec" -d 0s
said "$err" 'is there already; --force'		"it is left alone"
run 0 "record --force --json"			"" record --force -j "$rec" -d 0s
said "$out" '"events":5,"lost":0,"overwritten":7,"bytes":1297'	"it tells the same"
run 0 "events"					"" events -j
cp "$out" "$rec.live"
run 0 "events --read"				absent events -j --read "$rec"
cmp -s "$out" "$rec.live"; result $?		"as from the kernel, which it needs no more"
run 0 "lives --read"				absent lives -j --read "$rec"
said "$out" '"conn":"1a2b",.*"history":"ShADdF",.*"end":"closed"' "are those of the recording"
run 0 "lives --read --unit"			absent lives -H -o UNIT --read "$rec" --unit 'get\x2dit.service'
[ "$(cat "$out")" = 'get\x2dit.service' ]; result $? "a recording has names"
run 0 "lives --read, out of a pipe"		absent lives -H -r - <"$rec"
[ "$(wc -l <"$out")" = 2 ]; result $?		"too"
run 2 "lives of a recording cannot be followed"	absent lives -f --read "$rec"
run 0 "events --read, as text, the last two"	absent events -r "$rec" -n 2 -H
[ "$(wc -l <"$out")" = 2 ]; result $?		"are two"
run 0 "events --read --until"			absent events --read "$rec" --until 2001-09-10
said "$out" '7 older events, of before'		"shows a hole before what is asked for"
run 0 "doctor --read --since"			absent doctor --read "$rec" --since 2001-09-09
said "$out" '^LOOKED AT .4.00 µs of a recording' "says of how much it is"
run 0 "events --read --since"			absent events --read "$rec" --since 2001-09-10
! grep -E 'lost|older' "$out"; result $?			"and none before the time that is asked for"
run 0 "a recording from standard input"		absent events -j -r - <"$rec"
cmp -s "$out" "$rec.live"; result $?		"is the same"
run 0 "the same as text"			absent events -r "$rec"
cp "$out" "$rec.text"
mkfifo "$rec.pipe"
cat "$rec" >"$rec.pipe" &
run 0 "out of a pipe, which can be read once"	absent events -r - <"$rec.pipe"
[ "$(wc -l <"$out")" = "$(wc -l <"$rec.text")" ]; result $? "has as many lines"
# Nobody closes it: what was written must be shown before that.
exec 7<>"$rec.pipe"
FAKE=absent "$tool" events -r - <"$rec.pipe" >"$out" 2>"$err" 7>&- &
cat "$rec" >&7
tries=100
while [ "$(wc -l <"$out")" != "$(wc -l <"$rec.text")" ] && [ $((tries -= 1)) != 0 ]; do
	sleep 0.1
done
[ "$tries" != 0 ]; result $?			"one that is still being written is shown as it comes"
exec 7>&-
wait
cat "$rec" >"$rec.pipe" &
run 1 "the last of a pipe"			absent events -r - -n 2 <"$rec.pipe"
said "$err" 'cannot be read twice, which --last needs' "are refused"
run 2 "to follow a recording"			absent events -f -r "$rec"
said "$err" 'tcphs record - | tcphs events --read -' "says what there is instead"
run 1 "doctor of a time that it has not"	absent doctor --read "$rec" --since 2001-09-10
said "$out" '^Nothing to judge: the recording has no event that fits' "has nothing to judge"
run 1 "doctor --json of it"			absent doctor -j --read "$rec" --since 2001-09-10
said "$out" '"worst":"unknown"'			"does not know"
run 2 "to record one for a time"		absent record -r "$rec" -d 1s "$rec.none"
run 0 "doctor --read --unit"			absent doctor --read "$rec" --unit 'get\x2dit'
said "$out" '^Nothing wrong in what --unit lets through\.$' "says of what nothing is wrong"
said "$out" '^LOOKED AT .* of a recording: what --unit lets through.$' "and what was looked at"
said "$out" '^  strays +segments that belong to no connection are of no unit' "and what was not"
run 0 "doctor --read --unit, out of a pipe"	absent doctor --read - --unit 'get\x2dit' <"$rec"
run 0 "doctor --read --unit --port --json"	absent doctor -j --read "$rec" --unit 'get\x2dit' --port 443
said "$out" '"worst":"none",.*"filters":\["port","unit"\]' "says so, too"
run 1 "doctor --read of a unit that it has not"	absent doctor --read "$rec" --unit sshd
said "$out" '^Nothing to judge'			"has nothing to judge"
run 0 "doctor --read of another port's"		absent doctor --read "$rec" --port 443
said "$out" '^Nothing wrong in what --port lets through\.$' "says of what, too"
ln -s "$rec.old" "$rec.link"
head -c 4096 /dev/zero >"$rec.old"
run 0 "record --force through a link"		"" record --force "$rec.link" -d 0s
[ -L "$rec.link" ]; result $?			"leaves it a link"
[ "$(stat -c %s-%a "$rec.old")" = 1297-600 ]; result $? "to a file that is new"
rm "$rec.old"
run 0 "through a link to nothing"		"" record --force "$rec.link" -d 0s
[ -L "$rec.link" ] && [ "$(stat -c %s-%a "$rec.old")" = 1297-600 ]; result $? "to a new file where it leads"
rm "$rec.link" "$rec.old" "$rec.pipe"
# Another name for the time being has to fit, too.
long=$(printf '%0249d' 0)ä.rec
for name in "${long#00000}" "$long" "${long%.rec}" "$(printf '%0255d' 0)"; do
	file=$(dirname "$rec")/$name
	"$tool" record --force -d 0s "$file" 2>"$err" && [ "$(stat -c %a "$file")" = 600 ] && rm "$file"
	result $?				"a name of ${#name} letters is none too long"
done
for verb in "diagram --last --svg" "metrics -o" "export --pcapng"; do
	# shellcheck disable=SC2086 # words
	"$tool" $verb "$(dirname "$rec")/$long" 2>"$err" >"$out" && rm "$(dirname "$rec")/$long"
	result $?				"for ${verb%% *} too"
done
run 1 "one that no file system takes"		"" record -d 0s "$(dirname "$rec")/0$(printf '%0255d' 0)"
said "$err" 'File name too long$'		"is refused"
run 0 "record --read --event"			absent record -r "$rec" --event closed --force "$rec"
said "$err" '^tcphs: 1 event, 0 lost, 7 overwritten before it began'		"takes a part out, even of itself"
head -c 200 "$rec.live" >"$rec"
run 1 "a file that is no recording"		absent events --read "$rec"
run 1 "a recording that is not there"		absent events --read "$rec.none"
said "$err" "cannot open $rec.none: No such"	"is told so"
run 0 "record to standard output"		"" record - -d 0s
head -c 1296 "$out" >"$rec"
run 6 "a recording that was cut off"		absent events -j --read "$rec"
said "$err" 'was cut off within the piece at byte 1265; what comes before' "says where"
[ "$(grep -c '"time"' "$out")" = 5 ]; result $?	"after all that is whole"
run 6 "the same as text"			absent events --read "$rec"
[ "$(wc -l <"$err")" = 1 ]; result $?		"says it once"
run 6 "the doctor reads it"			absent doctor --read "$rec"
said "$out" '^LOOKED AT'			"judges what is whole"
[ "$(wc -l <"$err")" = 1 ]; result $?		"and says it once, too"
run 6 "doctor --read --netns"			absent doctor --read "$rec" --netns 4026531840
run 0 "record for longer than a look"		"" record "$rec" --force
said "$err" '^tcphs: 20 events, 21 lost, 7 overwritten before it began, ' "what it missed itself is lost"
cp "$rec" "$rec.copy"
FAKE=absent "$tool" events -j --read "$rec" | grep '"lost"' >"$rec.lost"
run 0 "it and its copy"				absent events -j --read "$rec" --read "$rec.copy"
grep '"lost"' "$out" | cmp -s - "$rec.lost" && [ "$(wc -l <"$rec.lost")" -gt 1 ]
result $?					"lack the same, which is said once"
rm "$rec.copy" "$rec.lost"
run 10 "doctor of it"				absent doctor --read "$rec"
said "$out" '^  when +2001-09-09T01:46:41\+0000 to 2001-09-09T01:46:44\+0000$' "says of when it is"
said "$out" 'lost 21, among the oldest overwritten 7$' "knows the difference"
rm -f "$rec"
run 4 "record --directory, not permitted"	eperm record --directory "$rec" -d 0s
[ "$(wc -l <"$err")" = 1 ]; result $?		"says so in one line"
run 0 "record --directory"			"" record --directory "$rec" -d 0s
run 0 "a directory is read"			absent events -j --read "$rec"
whole=$(cat "$out")
[ ! -s "$err" ]; result $?			"without a word"
cat "$rec"/* "$rec"/* >"$rec.two"
run 6 "two files put together"			absent events -j --read "$rec.two"
[ "$(cat "$out")" = "$whole" ] && [ "$(wc -l <"$err")" = 1 ]
result $?					"are the first of them, and it is said that there is more"
rm "$rec.two"
echo notes >"$rec/notes.txt"
run 0 "a file that is no recording"		absent events -j --read "$rec"
said "$err" "^tcphs: $rec: notes.txt is not of tcphs record and left out$" "is named"
echo notes >"$rec/more"
run 0 "two of them"				absent events -j --read "$rec"
said "$err" "^tcphs: $rec: more and 1 other are not of tcphs record and left out$" "are counted"
rm "$rec/notes.txt" "$rec/more"
echo notes >"$rec/0000000001-x.rec.zst"
run 6 "one that is called as if it were"	absent events -j --read "$rec"
said "$err" '0000000001-x.rec.zst: is no recording of tcphs record' "is damage"
rm "$rec/0000000001-x.rec.zst"
run 2 "a time to come"				absent events --read "$rec" --until 2199-01-01
said "$err" '--until is a time to come, 2199-01-01 00:00:00' "is refused, with its day"
run 2 "a time that no clock counts"		absent events --read "$rec" --until 2999-01-01
said "$err" "'2999-01-01' is wrong"		"is none"
run 2 "one to begin with"			absent events --read "$rec" --since 2199-01-01
ln -s none "$rec/0000000002-elsewhere.rec.zst"
run 1 "a file of it that cannot be opened"	absent events -j --read "$rec"
said "$err" 'cannot open .*/0000000002-elsewhere.rec.zst: '	"is named"
[ "$whole" ] && [ "$(cat "$out")" = "$whole" ]; result $?	"and does not hide the others"
run 1 "nor their last"				absent events -j --read "$rec" -n 1
[ "$(cat "$out")" = "$(echo "$whole" | tail -n 1)" ]; result $?	"which is found"
[ "$(wc -l <"$err")" = 1 ]; result $?		"and it is named once"
rm -r "$rec"
run 0 "record --directory of a filter"		idle record --directory "$rec" -d 0s --event closed
run 0 "and of another one"			idle record --directory "$rec" -d 0s --event fin-sent
run 0 "what both wrote"				absent events -j --read "$rec"
[ "$(grep -c '"event":"closed"' "$out")" = 1 ] && grep -q '"event":"fin-sent"' "$out"
result $?					"has what only the second asked for, of before it too"
run 0 "the same filter again"			idle record --directory "$rec" -d 0s --event fin-sent
said "$err" '^tcphs: 0 events, '		"goes on behind what is written"
rm -r "$rec"
run 0 "record --kept, module loaded anew"	reloads record --directory "$rec" --kept -A -d 200ms
said "$err" '^tcphs: 10 events, 0 lost, 0 not written, ' "has lost nothing by that"
run 0 "what it wrote"				absent events -j --read "$rec"
said "$out" '"event":"missing","why":"no-module"' "tells that the module was away"
! grep '"event":"lost"' "$out"; result $?	"and of no loss"
cp -r "$rec" "$rec.copy"
run 0 "it and its copy"				absent events -j --read "$rec" --read "$rec.copy"
[ "$(grep -c '"why":"no-module"' "$out")" = 1 ]; result $? "tell it once"
rm -r "$rec.copy"
rm -r "$rec"
run 1 "record to a full disk"			"" record --force /dev/full -d 0s
said "$err" 'cannot write /dev/full: No space left' "is an error"
echo mine >"$rec"
(trap '' XFSZ; ulimit -f 0; FAKE='' "$tool" record --force "$rec" -d 0s) 2>&1 >/dev/null | cat >"$err"
[ "$(cat "$rec")" = mine ] && grep -q '^tcphs: cannot write .*: File too large$' "$err"
result $?					"record --force without room leaves what is there"
[ "$(wc -l <"$err")" = 1 ] && ! ls "$rec".?????? 2>/dev/null; result $? "says so in one line, and leaves no other"
rm "$rec"
for words in 'record --force' 'metrics -o' 'diagram --last --svg' 'export --pcapng'; do
	# shellcheck disable=SC2086 # split into words
	run 2 "$words, and an empty name"	"" $words ''
	said "$err" '^tcphs: the name of the file to write is empty$' "is told so"
done
run 2 "record without a file"			"" record
run 2 "record for a time that is none"		"" record -d 60x "$rec"
run 3 "record without the module"		absent record "$rec.none"
[ ! -e "$rec.none" ]; result $?			"leaves no file"
# Events of random bytes, in a file that is whole.
python3 - "$rec" <<'EOT'
import random, struct, sys, zlib
random.seed(5)
head = b"\x89tcphs\r\n" + struct.pack("=IHHHHIqI", 0x01020304, 1, 40, 3, 0, 192, 0, 0)
with open(sys.argv[1], "wb") as out:
    out.write(head + struct.pack("=I", zlib.crc32(head)))
    pieces = [(1, random.randbytes(192)) for _ in range(997)]
    pieces += [(2, random.randbytes(8) + bytes(8)), (3, None)]
    for number, (kind, data) in enumerate(pieces):
        if kind == 3:
            data = struct.pack("=Q", 997) + pieces[-2][1][:8]
        piece = struct.pack("=III", kind, len(data), number)
        out.write(piece + struct.pack("=I", zlib.crc32(piece + data)) + data)
EOT
run 0 "events of random bytes, as JSON"		absent events -j --read "$rec"
json_ok						"are JSON"
[ "$(wc -l <"$out")" = 998 ]; result $?		"all of them"
run 0 "events of random bytes, as text"		absent events -H --color=always --read "$rec"
[ "$(wc -l <"$out")" = 998 ]; result $?		"a line each"
run 0 "filters over them"			absent events -j --read "$rec" --failed \
	--address ::/0 --port 1,2 --older-than 1s --comm x --pid 1 --state established
# And of a clock that is at the end of all numbers.
run 0 "record"					"" record --force "$rec.clock" -d 0s
for clock in 0x8000000000000000 0x7fffffffffffffff; do
	python3 - "$rec.clock" "$rec" $clock <<'EOT'
import struct, sys, zlib
with open(sys.argv[1], "rb") as file:
    head = file.read(24) + struct.pack("=QI", int(sys.argv[3], 0), 0)
    rest = file.read()[16:]
with open(sys.argv[2], "wb") as file:
    file.write(head + struct.pack("=I", zlib.crc32(head)) + rest)
EOT
	for words in 'events' 'events -j --since 01:46' 'lives --since 01:46 --until 01:47' 'lives -j'; do
		# shellcheck disable=SC2086 # split into words
		run 0 "$words, of a clock of $clock"	absent $words --read "$rec"
	done
done
run 0 "diagram --follow of one of 6,600 at once"	"flood:66000" diagram 1a2c --follow --ascii
[ "$(grep -c 'FIN+ACK seq' "$out")" = 40 ]; result $?	"has its steps from the first on"
run 0 "diagram --last --follow of them"		"flood:66000" diagram --port 6700 --last --follow --ascii
[ "$(grep -c 'FIN+ACK seq' "$out")" = 40 ]; result $?	"has them, too"
run 0 "diagram --follow of none that is there"	"flood:66000" diagram 7 --follow
[ ! -s "$out" ]; result $?			"draws nothing"
run 0 "diagram --svg -"				"" diagram --last --svg -
grep -q '^</svg>' "$out"; result $?		"is a picture on standard output"
echo mine >"$rec.svg"
run 1 "diagram --svg onto a file that is there"	"" diagram --last --svg "$rec.svg"
[ "$(cat "$rec.svg")" = mine ] && grep -q 'is there already; --force' "$err"
result $?					"leaves it alone"
run 0 "diagram --svg --force"			"" diagram --last --svg "$rec.svg" --force
rm -f "$rec" "$rec.live" "$rec.text" "$rec.svg" "$rec.clock"

run 10 "doctor"					"" doctor --for 200ms
said "$out" '^WARNING   accept-queue-full: listener \[::\]:443, ngi"nx\[123\]$' "a full queue and its owner"
said "$out" 'waiting for accept\(\): 512 \(alarm from 410\)' "number and threshold"
said "$out" '^NOTICE    hooks-missing: tcphs$'	"a missing hook"
said "$out" '^WARNING   hooks-deaf: tcphs$'	"a deaf one"
said "$out" '^  TIME-WAIT +buckets [0-9]+ of 16384 allowed, left out 0' "what was looked at"
said "$out" 'table 34 of 65536; hooks'		"the table with the entries of all namespaces"
[ ! -s "$err" ]; result $?			"no progress where nobody sits in front of it"
said "$out" '^  in      container 0123456789ab$'	"and what its process belongs to"
run 10 "doctor --by"				"" doctor -d 200ms --by container
said "$out" '^CONTAINER 0123456789ab$'		"findings of a container"
said "$out" '^NO CONTAINER$'			"and those of none"
run 2 "doctor --by something else"		"" doctor --by name
said "$err" "allowed are unit, container, pod"	"says what there is"
run 10 "doctor --json"				"" doctor -d 200ms -j
said "$out" '"container":"0123456789abcdef'	"a finding has its container"
json_ok						"it is JSON, also with a quote in a name"
said "$out" '^\{"netns":4026531840,"worst":"warning","findings":4,' "it sums up"
run 10 "doctor --container"			"" doctor -d 200ms --container 0123456789ab
said "$out" '^WARNING   accept-queue-full: listener'	"judges what it owns"
run 10 "doctor of another container"		"" doctor -d 200ms --container 4567
! grep 'accept-queue' "$out"; result $?		"and of another not this"
said "$out" ', accepted 0, waiting now 0'	"nor looks at it"
run 0 "doctor of an idle namespace"		idle doctor -d 200ms
said "$out" 'nothing happened in these [^;]* either\. The oldest event that the ring has of this namespace is .* old: tcphs doctor --since [0-9]+m$' "says of what the ring has how much"
run 1 "doctor of a unit that nobody is in"	idle doctor -d 200ms --unit sshd
said "$out" '^Nothing to judge: no listener and no connection is what --unit lets through, and nothing happened' "does not call it well"
said "$out" '^LOOKED AT .*: what --unit lets through.$' "and says what it looked at"
run 1 "the same as JSON"			idle doctor -d 200ms --unit sshd --json
said "$out" '"worst":"unknown",.*"filters":\["unit"\]' "does not know"
run 10 "doctor of data that 5717 connections wait with"	stuck:5003 doctor -d 50ms -j
said "$out" '"data-unconfirmed","severity":"warning".*"value":5717,.*"more":"of 15723 open; with this peer 3000,' "counts each, over IPv6 too"
run 10 "doctor --address, of those behind many"	stuck:5003 doctor -d 50ms -j --address 192.168.100.200
said "$out" '"data-unconfirmed".*"value":3000,.*"more":"of 13006 open;' "counts what it lets through"
run 10 "doctor --address of IPv6"		stuck:5003 doctor -d 50ms -j --address fe80::2
said "$out" '"data-unconfirmed".*"value":714,.*"more":"of 714 open;' "counts these"
run 10 "doctor --address of a device's"		stuck:5003 doctor -d 50ms -j --address fe80::2%1
said "$out" '"data-unconfirmed".*"value":714,.*"more":"of 714 open;' "counts them"
run 10 "doctor --address of another device's"	stuck:5003 doctor -d 50ms -j --address fe80::2%2
said "$out" '"saw":"open connections 0, with data not confirmed .* 0; no other' "counts none"
run 10 "doctor --port"				stuck:5003 doctor -d 50ms -j --port 8443
said "$out" '"data-unconfirmed".*"value":3714,.*"more":"of 13720 open;' "counts those of both families"
run 10 "doctor --container, of the last one"	stuck:5003 doctor -d 50ms -j --container 0123456789ab
said "$out" '"data-unconfirmed".*"value":1,.*"more":"of 1 open;' "counts the one that it owns"
run 2 "doctor --since with --for"		"" doctor --since 5m --for 2s
run 1 "doctor --since, of what is older"	"" doctor --since 5m
said "$out" '^Nothing to judge: the ring has no event that fits' "has nothing to judge"
run 0 "doctor --since"				"" doctor --since 90000d
said "$out" '^NOTICE    hooks-missing: tcphs$'	"knows which hooks are missing"
said "$out" '^NOTICE    hooks-deaf: tcphs$'	"and which are deaf"
said "$out" '^LOOKED AT .* of what the ring has' "judges the ring"
said "$out" 'lost 0, among the oldest overwritten 7; hooks 3, missing 1, deaf 1$' "what is merely old is not lost"
run 0 "doctor --until"				"" doctor --until 2001-09-10
said "$out" '^LOOKED AT .* of what the ring has' "judges the ring too"
run 1 "doctor --since and --until, of before"	"" doctor --since 2001-09-08 --until 2001-09-09
run 1 "doctor --until, of before the load"	young doctor --until 2001-09-08
said "$err" '^tcphs: nothing is known of before [^;]*, when the module was loaded$' "is told so"
said "$out" '^Nothing to judge: the ring has no event that fits' "has nothing to judge"
run 0 "doctor --since, where nothing happened"	young doctor --since 5m
said "$out" '^Nothing happened in that time, so nothing was wrong\.$' "says so"
run 0 "doctor --since --unit"			young doctor --since 5m --unit 'get\x2dit'
said "$out" '^Nothing happened in what --unit lets through in that time' "says so of this unit"
run 0 "doctor --since --container"		young doctor --since 5m --container 0123456789ab
run 1 "doctor --since of a unit that is not"	young doctor --since 5m --unit ngnix
said "$out" '^Nothing to judge: the ring has no event that fits' "does not call it well"
run 1 "doctor --since of no such container"	young doctor --since 5m --container 4567 --json
said "$out" '"worst":"unknown"'			"does not know"
run 1 "of a unit in another's container"	young doctor --since 5m --container 0123456789ab --unit 'get\x2dit'
run 2 "doctor --until with --watch"		"" doctor --until 2001-09-10 -w
run 1 "doctor --since a time of day"		"" doctor --since 00:00
run 0 "events --since"				"" events --since 90000d
[ "$(wc -l <"$out")" -gt 3 ]; result $?		"shows what is younger"
run 0 "events --until"				"" events --until 2001-01-01
! grep -qE "syn-|closed" "$out"; result $?	"shows nothing younger"
run 0 "events of the time that the ring has"	young events --since 30m
[ ! -s "$err" ]; result $?			"are all there are"
run 0 "--since of before the load"		young events --since 2h
said "$err" '^tcphs: nothing is known of before [^;]*, when the module was loaded$' "is told so"
run 0 "--until of before the load"		young events --until 2h
said "$err" '^tcphs: nothing is known of before [^;]*, when the module was loaded$' "is told so"
run 0 "--until of a time that the ring has"	young events --until 30m
[ ! -s "$err" ]; result $?			"is told nothing"
run 0 "--since of before the ring"		remembers events --since 1h
said "$err" '; of before that only what went wrong is kept, since ' "is told what is kept"
run 0 "--kept does not need the ring"		remembers events --kept --since 1h
[ ! -s "$err" ]; result $?			"nor speak of it"
run 0 "where less is kept than the ring has"	scanned events --since 2h
said "$err" '; of before that only some of what went wrong is kept$' "nobody is told that it goes back further"
run 0 "--kept --since of before that"		scanned events --kept --since 30m
said "$err" '^tcphs: all that went wrong is kept since [^;]*; of before that some of it$' "is told so"
run 2 "a time that is none"			"" events --since 25:00
said "$err" 'allowed is how long ago .* a time of day .* or a date' "right ones are shown"
run 2 "an end before the beginning"		"" events --since 1h --until 2h
said "$err" '--until is a time before --since'	"says so"
run 2 "--until with --follow"			"" events -f --until 2h
run 0 "events --kept"				"" events --kept
run 2 "--kept with --follow"			"" events --kept -f
run 2 "--kept of what has none"			"" listeners --kept
run 2 "a time that is none"			"" doctor --for 3y
said "$err" '60, 1\.5s, 10m'			"right ones are shown"
run 3 "a module unloaded meanwhile"		unload doctor --for 9s

"$tool" events >/dev/full 2>"$err"
[ $? = 1 ] && grep -q 'cannot write: No space left' "$err"; result $? "a full disk is an error"

ended 500
