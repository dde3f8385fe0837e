# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests share. A test is bash and looks like this:
#
#	. "$(dirname "$0")/lib.sh"
#	start 2				# so many subtests
#	load ring_records=65536
#	do_something >"$tmp/did"
#	events_json "$tmp/events"
#	check "every SYN is reported once" test "$(count_events "$tmp/events" syn-sent)" = 7
#	check "nothing was lost" nothing_lost "$tmp/events"
#	ktap_finished
#
# A test has a network namespace of its own: no counter, socket or TIME_WAIT of
# another is in its way. One that needs the initial namespace says
# "network=initial" before it sources this.
#
# $tmp is a directory of the test's own. When the test ends, in whatever way,
# its background processes are gone, the module is unloaded and $tmp is removed.

if [[ ${network:-own} == own && -z ${TCPHS_TEST_OWN_NETWORK-} && $EUID == 0 ]]; then
	export TCPHS_TEST_OWN_NETWORK=1
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --net -- sh -c 'ip link set lo up && exec "$@"' sh "$0" "$@"
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1

for ktap in "$here/../kselftest" "${LINUX_SRC:-}/tools/testing/selftests/kselftest"; do
	[[ ! -e $ktap/ktap_helpers.sh ]] || break
done
# shellcheck source=/dev/null
. "$ktap/ktap_helpers.sh" || exit 1

# How many times longer everything takes here than on a kernel that does not check
# itself: tests/vm says so. Deadlines grow by it.
patience=${TCPHS_PATIENCE:-1}
# And how many times longer an attack of so many seconds lasts there, for as much to happen.
# shellcheck disable=SC2034 # for those who source this
longer=$((patience == 1 ? 1 : 3))

tmp=''
spoiled=''	# why the test has failed whatever its subtests say
started=()	# pids of background processes
marks=0		# made in dmesg
at_end=()	# functions to call first when the test ends
exec {never}<> <(:)	# what nobody writes to

# start SUBTESTS: the first call of every test.
start() {
	ktap_print_header
	need_root
	need_module
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/tcphs-test.XXXXXX") || exit "$KSFT_FAIL"
	export TCPHS_OBJECTS=$tmp/objects
	mkdir "$TCPHS_OBJECTS"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mark_dmesg
	ktap_set_plan "$1"
}

# skip_all WHY…: this machine cannot run the test.
skip_all() {
	ktap_skip_all "$@"
	exit "$KSFT_SKIP"
}

need_root() {
	((EUID == 0)) || skip_all "needs root"
}

need_module() {
	modinfo tcphs >/dev/null 2>&1 || skip_all "tcphs.ko is not installed for $(uname -r)"
	need_command tcphs
}

# need_faults: the test makes things go wrong by parameters that a release has not.
need_faults() {
	modinfo -F parm tcphs | grep -q ^fail_step: ||
		skip_all "needs a module that was built with TCPHS_TEST=y"
}

# need_command NAME…: programs without which the test makes no sense.
need_command() {
	local name

	for name; do
		command -v "$name" >/dev/null || skip_all "needs the program $name"
	done
}

# die WORDS…: the test cannot go on; that is a failure.
die() {
	ktap_exit_fail_msg "$@"
}

# say WORDS…: a line for whoever reads the log.
say() {
	ktap_print_msg "$@"
}

# busy: for how many seconds the CPUs of this machine have not been idle, all together. Of an
# emulated one that is also while its host ran something else: compare tests of one run.
busy() {
	local user nice system irq softirq

	# Of "cpu", what is left out is idle and waiting.
	read -r _ user nice system _ _ irq softirq _ </proc/stat
	echo $(((user + nice + system + irq + softirq) / 100))
}
busy_before=$(busy)

clean_up() {
	local status=$? hook pid

	trap - EXIT
	for hook in "${at_end[@]}"; do
		"$hook"
	done
	for pid in "${started[@]}"; do
		stop "$pid"
	done
	! loaded || unload || status=$KSFT_FAIL
	kept_objects_fit >"$tmp/unfit" 2>&1 || spoiled+="what is no object of a schema: $(head -n 3 "$tmp/unfit") "
	[[ ! $spoiled ]] || { say "$spoiled"; status=$KSFT_FAIL; }
	say "took $SECONDS s, $(($(busy) - busy_before)) s of the CPUs"
	rm -rf "$tmp"
	exit "$status"
}

# check NAME COMMAND…: one subtest. What COMMAND says is shown if it fails.
check() {
	local name=$1

	shift
	if "$@" >"$tmp/check" 2>&1; then
		ktap_test_pass "$name"
		return
	fi
	sed -En '1,9s/^(.{0,400}).*/# \1/p' "$tmp/check"
	ktap_test_fail "$name"
}

# tell_all: subtests of a program, which says "pass NAME" or "fail NAME" for each and
# why in lines before that.
tell_all() {
	local line

	while IFS= read -r line; do
		case $line in
		"pass "*)	ktap_test_pass "${line#pass }" ;;
		"fail "*)	ktap_test_fail "${line#fail }" ;;
		*)		say "$line" ;;
		esac
	done
}

# same A B WHAT: are they equal? Says so if not.
same() {
	[[ $1 == "$2" ]] || { echo "$3: $1, expected $2"; return 1; }
}

# nap SECONDS: a pause that needs no process, which an emulated CPU is slow to make.
nap() {
	read -rt "$1" -u "$never" || :
}

# wait_until SECONDS COMMAND…: poll until COMMAND succeeds. When time is up it is asked
# once more, and says why.
wait_until() {
	local deadline=$((SECONDS + $1 * patience)) pause=50 nap
	# To ask is dear on an emulated CPU: the longer it takes, the less often.
	local longest=$(($1 > 30 ? $1 * 1000 / 60 : 500))

	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS <= deadline)) || { "$@"; return; }
		printf -v nap %d.%03d $((pause / 1000)) $((pause % 1000))
		nap "$nap"
		pause=$((pause * 3 / 2 < longest ? pause * 3 / 2 : longest))
	done
}

# background FILE COMMAND…: start COMMAND, output to FILE, pid in $!.
background() {
	local file=$1

	shift
	"$@" >"$file" 2>&1 &
	started+=("$!")
}

# stop PID [SIGNAL]: end a process of background() and wait for it.
stop() {
	kill -s "${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

loaded() {
	[[ -d /sys/module/tcphs ]]
}

# load [PARAMETER=VALUE]…: load the module afresh, or end the test.
load() {
	! loaded || unload
	modprobe tcphs "$@" 2>"$tmp/modprobe" ||
		{ dmesg_since_mark | sed 's/^/# /'; die "modprobe tcphs $*: $(<"$tmp/modprobe")"; }
}

# deaf_hooks: those that are proved to have missed a step, when no test wants one to.
deaf_hooks() {
	local wanted=/sys/module/tcphs/parameters/deaf

	[[ -e $wanted && $(<$wanted) != "(null)" ]] || grep '^hook-deaf ' /proc/tcphs
}

# tell_kernel: what is loaded where, for the page of kernels that tests/kernels makes
tell_kernel() {
	say "kernel: $(uname -r) $(uname -m), $(awk '$1 == "hooks" { print $3 " of " $3 + $5 }' /proc/tcphs)" \
		"hooks; $(uname -v)"
}

# removed: it went, by modprobe. A look at what holds it costs a thousandth of that.
removed() {
	local references

	read -r references </sys/module/tcphs/refcnt && ((references == 0)) && modprobe -r tcphs
}

# unload: a reader that is just leaving may hold the module for a moment.
unload() {
	spoiled+=$(deaf_hooks)
	wait_until 10 removed && return
	dmesg_since_mark | sed 's/^/# /'
	say "the module does not unload, references: $(cat /sys/module/tcphs/refcnt 2>&1)"
	return 1
}

# Of a cache that was merged with another the kernel keeps a dangling name, a
# link. Such a cache has no objects that could be told apart.
slabs_are_gone() {
	! grep tcphs /proc/slabinfo && ! find /sys/kernel/slab -maxdepth 1 -type d -name '*tcphs*' | grep .
}

# memory: KiB of what the kernel holds in slabs it can't take back, vmalloc and percpu
memory() {
	awk '$1 == "SUnreclaim:" || $1 == "VmallocUsed:" || $1 == "Percpu:" { print $2 }' /proc/meminfo
}

# note_memory: memory_is_given_back() compares with now.
note_memory() {
	mapfile -t memory_before < <(memory)
}

# memory_is_given_back SLAB OTHERS: it has grown by less than so many KiB. KASAN keeps
# what was freed, up to a 32nd of all memory, and kmemleak a note of what was not: where
# they are, a leak is kmemleak's to find.
memory_is_given_back() {
	local what=(slab vmalloc percpu) limits=("$1" "$2" "$2") after i

	((patience == 1)) || limits[0]=$(($1 + 131072))
	mapfile -t after < <(memory)
	for i in 0 1 2; do
		echo "${what[i]}: ${memory_before[i]} KiB, then ${after[i]} KiB"
		((after[i] - memory_before[i] < limits[i])) || return
	done
}

# reader_waits: a generic netlink socket is in a group, so a reader waits for the bell
reader_waits() {
	awk '$2 == 16 && $4 != "00000000" { found = 1 } END { exit !found }' /proc/net/netlink
}

# nothing_is_left: of an unloaded module
nothing_is_left() {
	! ls -d /proc/tcphs* /sys/module/tcphs 2>/dev/null && slabs_are_gone &&
		! grep '\[tcphs\]' /proc/kallsyms /sys/kernel/tracing/enabled_functions &&
		! grep tcphs /sys/devices/system/cpu/hotplug/states
}

# mark_dmesg: what the kernel says from here on counts.
mark_dmesg() {
	marks=$((marks + 1))
	dmesg_mark="tcphs-test: mark $$ $marks $RANDOM end"
	echo "$dmesg_mark" >/dev/kmsg
}

# Without the data races that a kernel with KCSAN finds in itself.
dmesg_since_mark() {
	dmesg | sed "1,/$dmesg_mark/d" |
		awk '/BUG: KCSAN: / { mute = !/\[tcphs\]/ } /======$/ { mute = 0; next } !mute'
}

# kernel_is_quiet [PATTERN]: nothing new in dmesg but the module's own greeting,
# that an emulated CPU was not run for a while, and what PATTERN expects. Where that
# CPU runs tasks that are busy, RCU tells after ten seconds how long it waits for
# them; a stall, which it tells in other words, is none of it.
kernel_is_quiet() {
	local expected="tcphs: (.* loaded: |loading out-of-tree|module verification)"

	expected+="|hrtimer: interrupt took"
	# From 6.18 on, with PREEMPT_RT.
	expected+="|cannot hook tcp_conn_request \(error -95\)"
	expected+="|rcu_tasks_wait_gp: rcu_tasks grace period number [0-9]+ .* jiffies old"
	! dmesg_since_mark | grep -vE "$expected${1:+|$1}"
}

# hits HOOK: how often it fired, as status tells the initial namespace
hits() {
	tcphs status -j | jq --arg name "$1" '.hooks[] | select(.name == $name).hits'
}

# counters FILE [PREFIX…]: every counter of the kernel, of the namespace that
# PREFIX ("ip netns exec NAME") leads to.
counters() {
	local file=$1

	shift
	"$@" nstat -asz --json >"$file" || die "nstat failed"
	stillborn >"$file.stillborn"
}

# difference BEFORE AFTER NAME: how much a counter of counters() grew. In the shell
# itself: jq reads a library of its own whenever it starts, and this is asked often.
difference() {
	local file text values=()

	for file in "$1" "$2"; do
		read -rd '' text <"$file"
		[[ $text =~ \"$3\":\ *([0-9]+) ]] || { echo "no counter $3" >&2; return 1; }
		values+=("${BASH_REMATCH[1]}")
	done
	echo $((values[1] - values[0]))
}

# clear_network [PREFIX…]: what other tests left in TIME_WAIT in the initial namespace, or
# where PREFIX leads, would be adopted, have room in the table, and tell of its end at any
# time.
clear_network() {
	"$@" ss -HK state time-wait >/dev/null 2>&1
	wait_until 70 nobody_is_left "$@" || die "there are sockets of somebody else"
}

# nobody_is_left [PREFIX…]
nobody_is_left() {
	[[ -z $("$@" ss -Htan state all exclude listening) ]]
}

# queued BEFORE AFTER: how many children came into an accept queue. PassiveOpens counts
# also those that did not: two CPUs made one of the same request, and one is undone.
queued() {
	echo $(($(difference "$1" "$2" TcpPassiveOpens) - $(<"$2.stillborn") + $(<"$1.stillborn")))
}

# From now on the kernel's own trace tells of sockets that go from SYN_RECV to CLOSE,
# in any namespace.
watch_stillborn() {
	local tracing=/sys/kernel/tracing

	mountpoint -q $tracing || mount -t tracefs tracefs $tracing || die "no tracefs"
	trace=$tracing/instances/tcphs
	mkdir $trace || die "no instance of the trace"
	at_end+=(unwatch_stillborn)
	echo 'protocol == 6 && oldstate == 3 && newstate == 7' \
		>$trace/events/sock/inet_sock_set_state/filter || die "no such trace event"
	echo 1 >$trace/events/sock/inet_sock_set_state/enable
}

# shellcheck disable=SC2317 # called at the end
unwatch_stillborn() {
	rmdir "$trace"
}

stillborn() {
	if [[ ${trace-} ]]; then
		grep -c ' inet_sock_set_state: ' "$trace/trace" || :
	else
		echo 0
	fi
}

# events_json FILE [OPTION]…: what the ring holds, one JSON object a line. Whatever
# test asks, no life in it may take a step that TCP has not.
events_json() {
	local file=$1

	shift
	tcphs events -j "$@" >"$file" || die "tcphs events $* failed: $?"
	python3 "$here/model.py" "$file" >"$file.model" ||
		{ sed 's/^/# /' "$file.model"; die "impossible steps: see above"; }
}

# objects_fit [VERB FILE]…: what verbs printed as JSON is as their schemas say, and so is what
# objects.py has kept until now.
objects_fit() {
	local file kept=()

	for file in "$TCPHS_OBJECTS"/*; do
		[[ -e $file ]] || continue
		kept+=("$file")
		set -- "$@" "${file##*/}" "$file"
	done
	python3 "$here/unit/schema.py" --check "$@" && rm -f "${kept[@]}"
}

# What nobody has asked for until the end.
kept_objects_fit() {
	! ls "$TCPHS_OBJECTS"/* >/dev/null 2>&1 || objects_fit
}

# count_events FILE EVENT [CONDITION]: objects of that event for which a
# condition in jq's language holds.
count_events() {
	grep -F "\"event\":\"$2\"" "$1" | jq -n "reduce (inputs | select(${3:-true})) as \$e (0; . + 1)"
}

# nothing_lost FILE: of events_json().
nothing_lost() {
	! grep '"event":"lost"' "$1"
}

# summary_agrees FILE [EVENT]: /proc/tcphs counted the events that events_json()
# found, EVENT aside, which may be going on.
summary_agrees() {
	# Bytes are all this needs, and grep takes six times as long for characters.
	LC_ALL=C grep -o '"event":"[^"]*"' "$1" | awk -F '"' '{ n[$4]++ }
		END { for (event in n) print event, n[event] }' | sort >"$tmp/reported"
	awk '$1 == "event" && $3 { print $2, $3 }' /proc/tcphs | sort >"$tmp/counted"
	diff <(grep -v "^${2:-none} " "$tmp/reported") <(grep -v "^${2:-none} " "$tmp/counted")
}

# "STATE LOCAL PEER COOKIE" of every connection, from the kernel's own tool ...
ss_table() {
	ss -Htane | awk '$1 != "LISTEN" && $1 != "UNCONN" {
		for (i = 6; i <= NF; i++)
			if ($i ~ /^sk:/)
				cookie = substr($i, 4)
		sub("^ESTAB$", "ESTABLISHED", $1)
		gsub(/\[::ffff:|\]|\[/, "")
		print tolower($1), $4, $5, cookie
	}' | sort
}

# ... and from tcphs. A socket in CLOSED is none of either's connections.
tcphs_table() {
	tcphs connections -j | jq -r 'select(.state != "closed") |
		"\(.state) \(.local):\(.local_port) \(.peer):\(.peer_port) \(.conn)"' | sort
}

# tables_agree: state, addresses and cookie of every connection are the same. The
# last ACK may still be under way, so this is for wait_until.
tables_agree() {
	ss_table >"$tmp/ss"
	tcphs_table >"$tmp/tcphs"
	diff "$tmp/ss" "$tmp/tcphs"
}

# settled: tables_agree(), and TIME_WAIT is the only state left.
settled() {
	tables_agree && ! grep -v '^time-wait ' "$tmp/tcphs"
}
