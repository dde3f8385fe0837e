# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by tests/check: steps in the background, as many at once as their lane has room
# for and those that were planned first before the others, and how far they are.
#
#	lane work 3
#	lane compile 2 5		# with nice 5
#	begin 'build' make
#	begin --needs 'build' 'run' ./run		# only if that passed
#	begin --lane net 'fetch' wget ...
#	begin --alone 'attack' ./attack		# when all before it have ended
#	show_progress
#	wait_for 'build'				# its status
#
# What a step says is in log_of NAME, how long it took in seconds_of NAME, how long it had a CPU
# in cpu_seconds_of NAME. Who sources this has set "logs", a directory of its own, and calls
# end_turns when it ends.

: "${logs:?}"
declare -A running=()	# name of a step -> pid
declare -A number_of=() room=() niceness=()
steps=() guesses=() lanes=() is_alone=()
ticker=''
mkdir "$logs/turns"
# Two pipes, because they cost no process: what nobody writes to, and a line that who
# takes it has the queue for himself.
mkfifo "$logs/turns/never" "$logs/turns/queue"
exec 3<>"$logs/turns/never" 4<>"$logs/turns/queue"
echo >&4

# lane NAME ROOM [NICENESS]: how many of its steps run at once, and what others' come before
lane() {
	room[$1]=$2
	niceness[$1]=${3-}
	mkdir "$logs/turns/$1" "$logs/turns/$1/waits" "$logs/turns/$1/runs"
}

# log_of NAME
log_of() {
	printf '%s\n' "$logs/${1//[^[:alnum:].]/-}.log"
}

# seconds_of NAME: how long it took, 0 if it never began
seconds_of() {
	cat "$logs/turns/${number_of[$1]}.took" 2>/dev/null || echo 0
}

a_moment() {
	read -rt "${1:-0.3}" -u 3 || :
}

# cpu_seconds_of NAME: how long its processes had a CPU
cpu_seconds_of() {
	local times=$logs/turns/${number_of[$1]}.times

	[[ -e $times ]] || { echo 0; return; }
	awk 'NR == 2 { gsub("[ms]", " "); printf "%.0f\n", 60 * ($1 + $3) + $2 + $4 }' "$times"
}

# Waits for a command that is not to outlive the shell that waits.
attend() { # COMMAND...
	local child=''

	trap '[[ ! ${child-} ]] || kill "$child"; exit 143' TERM
	"$@" &
	child=$!
	wait "$child"
}

has_ended() { # NUMBER
	[[ -s $logs/turns/$1.status ]]
}

# It is the first of those that wait, and there is room.
is_next() { # LANE PLACE
	local waits=("$logs/turns/$1/waits/"*) runs

	[[ ${waits[0]} == */"$2" ]] || return
	read -r -u 4
	# An earlier one may have come meanwhile.
	waits=("$logs/turns/$1/waits/"*) runs=("$logs/turns/$1/runs/"*)
	if [[ ${waits[0]} != */"$2" ]] || [[ -e ${runs[0]} ]] && ((${#runs[@]} >= room[$1])); then
		echo >&4
		return 1
	fi
	: >"$logs/turns/$1/runs/$2"
	rm "$logs/turns/$1/waits/$2"
	echo >&4
}

# Until all that it needs is done: NEEDED a number or "", ALONE "" or not.
wait_for_others() { # NUMBER NEEDED ALONE
	local other

	if [[ $2 ]]; then
		until has_ended "$2"; do a_moment; done
		(($(<"$logs/turns/$2.status") == 0)) ||
			{ echo "not begun: \"${steps[$2]}\" has failed"; return 1; }
	fi
	[[ $3 ]] || return 0
	for ((other = 0; other < $1; other++)); do
		until has_ended "$other"; do a_moment; done
	done
}

take_turn() { # NUMBER LANE NEEDED ALONE COMMAND...
	local turn=$logs/turns/$1 place status=1

	printf -v place %04d "$1"
	if wait_for_others "$1" "$3" "$4"; then
		[[ ! $3$4 ]] || : >"$logs/turns/$2/waits/$place"
		until is_next "$2" "$place"; do a_moment; done
		[[ ! ${niceness[$2]} ]] || renice -n "${niceness[$2]}" -p "$BASHPID" >/dev/null
		echo "$EPOCHSECONDS" >"$turn.began"
		attend "${@:5}" 3>&- 4>&-
		status=$?
		echo $((EPOCHSECONDS - $(<"$turn.began"))) >"$turn.took"
		times >"$turn.times"
		rm "$logs/turns/$2/runs/$place"
	fi
	echo "$status" >"$turn.status"
	return "$status"
}

# begin [--lane LANE] [--needs NAME] [--alone] NAME GUESS COMMAND...: GUESS is how many
# seconds it may take.
begin() {
	local lane=work needed='' alone='' name number=${#steps[@]}

	while [[ $1 == --* ]]; do
		case $1 in
		--lane)		lane=$2; shift ;;
		--needs)	needed=${number_of[$2]-}; shift ;;
		--alone)	alone=1 ;;
		esac
		shift
	done
	name=$1
	steps+=("$name") guesses+=("$2") lanes+=("$lane") is_alone+=("$alone")
	number_of[$name]=$number
	shift 2
	: >"$(log_of "$name")"
	# Who waits for nobody has its place in the queue before those that come later.
	[[ $needed$alone ]] || : >"$logs/turns/$lane/waits/$(printf %04d "$number")"
	take_turn "$number" "$lane" "$needed" "$alone" "$@" >"$(log_of "$name")" 2>&1 </dev/null &
	running[$name]=$!
}

# wait_for NAME: shows what it says until it ends, and returns its status
wait_for() {
	local status=0

	attend tail -c +1 -s 0.2 --pid="${running[$1]}" -f "$(log_of "$1")"
	wait "${running[$1]}" || status=$?
	unset "running[$1]"
	return "$status"
}

# How much of the work is done, and how long the rest takes with as many at once as there is
# room for. A step that takes longer than was guessed is nearly done all the time.
say_progress() {
	local i took rest all=0 undone=0 longest=0 alone=0 lane minutes
	local -A beside=()

	for i in "${!steps[@]}"; do
		rest=${guesses[i]}
		all=$((all + rest))
		if has_ended "$i"; then
			rest=0
		elif [[ -s $logs/turns/$i.began ]]; then
			took=$((EPOCHSECONDS - $(<"$logs/turns/$i.began")))
			rest=$((took < rest * 19 / 20 ? rest - took : rest / 20))
		fi
		undone=$((undone + rest))
		if [[ ${is_alone[i]} ]]; then
			alone=$((alone + rest))
		else
			lane=${lanes[i]}
			beside[$lane]=$((${beside[$lane]-0} + rest))
			longest=$((rest > longest ? rest : longest))
		fi
	done
	((all)) || return 0
	for lane in "${!beside[@]}"; do
		rest=$((beside[$lane] / room[$lane]))
		longest=$((rest > longest ? rest : longest))
	done
	minutes=$(((longest + alone + 59) / 60))
	echo "== $((100 * (all - undone) / all)) % done, about $minutes min left"
}

# show_progress: every half a minute, until end_turns
show_progress() {
	{
		while a_moment 30; do
			say_progress
		done
	} &
	ticker=$!
}

# end_turns: of whatever still runs, too
end_turns() {
	kill "${running[@]}" ${ticker:+"$ticker"} 2>/dev/null
	wait
}
