#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In what order the steps of "make check" take their turns, and what is said of how far
# they are: tests/turns.sh.
# shellcheck disable=SC2317 # what result() calls

logs=$(mktemp -d) || exit 1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../turns.sh"
trap 'end_turns; rm -rf "$logs"' EXIT
cd "$logs" || exit 1
mkfifo go
exec 5<>go

n=0
failed=0

# result NAME COMMAND...
result() {
	n=$((n + 1))
	if "${@:2}"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=1
	fi
}

# What a step does: says that it began, how many run now, and stays until it is told.
stay() {
	: >"runs.$1"
	echo "$1 beside $(($(printf '%s\n' runs.* | wc -l) - 1))" >>began
	read -r -u 5
	rm "runs.$1"
}

go_on() { # TIMES
	printf '\n%.0s' $(seq "$1") >&5
}

# Polled, with a deadline that only a failure sees.
until_so() { # COMMAND...
	local deadline=$((SECONDS + 30))

	until "$@"; do
		((SECONDS < deadline)) || return
		a_moment 0.1
	done
}

began_are() { # NUMBER
	[[ $(wc -l <began) == "$1" ]]
}

began_first() { # NAME...
	[[ $(head -n $# began | cut -d' ' -f1 | sort | xargs) == "$*" ]]
}

ended_with() { # STATUS NAME
	wait_for "$2" >shown
	[[ $? == "$1" ]]
}

: >began
lane work 2
begin first 60 stay first
begin second 60 stay second
begin third 60 stay third
begin --needs first fourth 60 stay fourth
begin broken 60 false
begin --needs broken never 60 stay never
begin --alone last 60 stay last
result 'as many run as there is room for' until_so began_are 2
result 'and those that were planned first' began_first first second
result 'nothing is done' test "$(say_progress)" = '== 0 % done, about 4 min left'
go_on 2
result 'the next take their turns' until_so began_are 4
result 'also who needs one that has passed' grep -q '^fourth ' began
go_on 2
result 'one passes' ended_with 0 first
result 'one fails' ended_with 1 broken
result 'who needs it does not begin' ended_with 1 never
result 'and says why' grep -qx 'not begun: "broken" has failed' shown
result 'who is to be alone begins last' until_so began_are 5
result 'and is alone' grep -qx 'last beside 0' began
result 'six of seven are done' test "$(say_progress)" = '== 85 % done, about 1 min left'
go_on 1
result 'all end' ended_with 0 last
result 'it took little' test "$(seconds_of last)" -lt 30

# Another queue has room of its own, and says how nice its steps are.
niceness_is() { # NICENESS
	[[ $(ps -o ni= -p "$BASHPID" | xargs) == "$1" ]]
}

: >began
lane slow 1 7
begin fifth 60 stay fifth
begin --lane slow sixth 60 stay sixth
begin --lane slow seventh 600 stay seventh
begin --lane slow nice 60 niceness_is 7
begin rude 60 niceness_is "$(nice)"
result 'each lane has room for its own' until_so began_are 2
result 'the fullest lane takes longest' test "$(say_progress | cut -d, -f2)" = ' about 12 min left'
go_on 3
result 'the steps of a lane are as nice as it says' ended_with 0 nice
result 'those of another are not' ended_with 0 rude
for name in fifth sixth seventh; do
	wait_for "$name" >shown
done

begin works 60 python3 -c 'import time
while time.process_time() < 2: pass'
wait_for works
result 'a CPU that a step had is counted' test "$(cpu_seconds_of works)" -ge 2
result 'and its waiting is not' test "$(cpu_seconds_of seventh)" -lt 2
echo "1..$n"
exit $failed
