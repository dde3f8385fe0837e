#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcphs-top with a source that is made up (top_fake.c): command line, batch
# output, and the screens in tmux. TAP; no root, no module.
#
#	top.sh PROGRAM [FOLDER]		build/top-fake of ../unit; screens are kept in FOLDER

# shellcheck disable=SC2317	# most functions are called by ok()
set -u
here=$(cd "$(dirname "$0")" && pwd)
(($# == 1 || $# == 2)) || { echo 'usage: top.sh PROGRAM [FOLDER]' >&2; exit 2; }
program=$(realpath "$1")
tmp=$(mktemp -d) || exit 1
shots=${2:-$tmp}
version=$(<"$here/../../VERSION")
server=0	# a new one each time: one that is ending takes no sessions
mux() { tmux -u -L "tcphs-top-$$-$server" -f /dev/null "$@"; }
export TMUX_TMPDIR=$tmp
unset TMUX
trap 'mux kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
export LC_ALL=C.UTF-8 TERM=screen-256color

n=0 failed=0
ok() {		# NAME COMMAND...
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$tmp/log"
		failed=1
	fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }

status() {	# WANTED COMMAND...
	local want=$1 got
	shift
	"$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	got=$?
	cat "$tmp/err"
	[ "$got" = "$want" ]
}

# Nobody reads the pipe, which holds less than one refresh.
held_up() {
	python3 - "$program" <<'END'
import fcntl, os, signal, struct, subprocess, sys, termios, time
reader, writer = os.pipe()
top = subprocess.Popen([sys.argv[1], "-b", "-C", "-d", "0.1"], stdout=writer,
                       stderr=subprocess.PIPE, env=dict(os.environ, TOP_FAKE_CONNS="2000"))
os.close(writer)
deadline = time.monotonic() + 20
unread = None
while unread != (unread := struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0]) \
        or unread < 50000:
    if time.monotonic() > deadline:
        sys.exit("its output never filled the pipe")
    time.sleep(0.2)
top.send_signal(signal.SIGTERM)
said = top.communicate(timeout=20)[1].decode()
sys.exit(0 if top.returncode == 1 and "the rest of it is lost" in said else f"{top.returncode} {said}")
END
}
no_escapes() { ! grep -q "$(printf '\033')" "$tmp/out"; }
json() {
	python3 -c '
import json, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
assert len(rows) == 2, rows
assert rows[0]["rates"]["since_load"] and not rows[1]["rates"]["since_load"]
assert rows[1]["listeners"][0]["rates"]["accepted"] > 0
assert rows[1]["failures"]["refused"] > 0
assert rows[1]["rates"]["failures"]["refused"] > 0' "$tmp/out"
}
reload() {
	TOP_FAKE_GONE=2:3 "$program" -b -n 6 -d 0.1 >"$tmp/out" &&
		[ "$(grep -c '^waiting; ' "$tmp/out")" = 2 ] &&
		[ "$(grep -c 'since load' "$tmp/out")" = 2 ] &&
		[ "$(grep -c 'passive 0/s' "$tmp/out")" = 0 ]
}

old_module() {
	TOP_FAKE_OLD=1 "$program" -b -n 2 -d 0.1 2>&1 >/dev/null | tee "$tmp/err"
	[ "$(grep -c 'module that is loaded is 0\.0\.7, this tool '"$version;" "$tmp/err")" = 1 ]
}

# Starts it in a terminal of the size, presses the keys, keeps the screen.
screen() {	# NAME WxH ARGUMENTS KEY...
	local name=$1 w=${2%x*} h=${2#*x} args=$3
	shift 3
	mux kill-server 2>/dev/null
	server=$((server + 1))
	mux new-session -d -x "$w" -y "$h" \
		"$program -d 0.3 $args 2>$tmp/err; echo \$? >$tmp/rc; sleep 60" || return
	mux set -g status off
	sleep 1
	for key; do mux send-keys "$key"; sleep 0.2; done
	sleep 0.3
	mux capture-pane -p >"$shots/$name.txt"
}
wait_screen() {	# NAME PATTERN
	for _ in {1..100}; do
		mux capture-pane -p >"$shots/$1.txt"
		grep -Eq -- "$2" "$shots/$1.txt" && return
		sleep 0.1
	done
}
ends() {	# the program ends with 0 and without a word
	mux send-keys "${1:-q}"
	for _ in {1..40}; do [ -s "$tmp/rc" ] && break; sleep 0.1; done
	cat "$tmp/err"
	[ "$(cat "$tmp/rc")" = 0 ] && [ ! -s "$tmp/err" ]
	local ret=$?
	rm -f "$tmp/rc"
	return $ret
}
shows() {	# NAME PATTERN
	cat "$shots/$1.txt"
	grep -Eq -- "$2" "$shots/$1.txt"
}
soon_shows() {	# NAME PATTERN: on the screen within ten seconds
	for _ in {1..100}; do
		mux capture-pane -p >"$shots/$1.txt"
		grep -Eq -- "$2" "$shots/$1.txt" && return
		sleep 0.1
	done
	cat "$shots/$1.txt"
	return 1
}
narrow() {	# NAME WIDTH: no line is cut by the terminal
	python3 -c 'import sys
assert all(len(l.rstrip("\n")) <= int(sys.argv[2]) for l in open(sys.argv[1]))' "$shots/$1.txt" "$2"
}

screens() {
	screen top80 80x24 ""
	ok "80x24: header, table, footer" shows top80 '^F1Help'
	ok "80x24: the busiest listener is first" \
		bash -c "sed -n 13p '$shots/top80.txt' | grep -q '^\[::1\]:6379'"
	ok "80x24: the last minute, a cell for some seconds" \
		shows top80 '^Last 63s    handshakes .* failures .* overflows '
	ok "q ends it" ends q
	screen conns80 80x24 "" Tab
	ok "Tab: connections" shows conns80 '^STATE.* AGE .*LOCAL .*PEER'
	ok "F10 ends it" ends F10
	export TOP_FAKE_OLD=1
	screen old 80x24 ""
	ok "80x24: a module of another version" shows old "^tcphs 0\.0\.7, tool $version  up "
	unset TOP_FAKE_OLD
	ends q >/dev/null
	screen unknown 80x24 "" x
	ok "a key that has no use says so" shows unknown 'No use for x; F1'
	ends q >/dev/null
	screen cursor 80x24 "-C" Down Space End Space
	ok "the cursor goes where keys send it; Space marks rows" shows cursor '^\*'
	ok "and they are counted" shows cursor '2 marked, .* of 40'
	# A click into the third row, in the terminal's own words.
	mux send-keys Home
	mux send-keys -l "$(printf '\033[M !.')"
	mux send-keys F
	wait_screen cursor 'following'
	ok "a click puts the cursor on a row, F follows it" shows cursor 'following, '
	ends q >/dev/null
	screen wide 200x50 "-C"
	ok "200x50: connections with their numbers" shows wide ' CONN *$'
	ok "200x50: the last minutes a line each, with the most" shows wide '^ +overflows .* most +[0-9.k]+/s$'
	ok "200x50: what failed, and in which time" shows wide '^Failures .*(refused [0-9]|none).* in [0-9]'
	ends q >/dev/null
	ok "a terminal whose cursor can't be moved: refused" dumb_refused
	ok "terminals of 16, 256 and all colours" describe_terminals
	ok "16: by their numbers" colours top-16 '36' '[34]8[;:][25]'
	ok "256: of those" colours top-256 '38;5;74' '[34]8[;:]2'
	ok "all: as they are" colours top-direct '38:2::86:180:233' '[34]8;5'
	ok "80x24: a line of 9600 baud carries its refreshes" python3 "$here/top_bytes.py" "$program"
	export TOP_FAKE_GONE=1:100000
	screen gone 80x24 "-d 60"
	ok "unloaded: said soon, not after a delay of a minute" soon_shows gone 'waiting for tcphs'
	unset TOP_FAKE_GONE
	ends q >/dev/null
	screen top40 40x10 ""
	ok "40x10: the accept queue stays" shows top40 'ACCEPT QUEUE'
	ok "40x10: no wider than it is" narrow top40 40
	ok "Ctrl-C ends it" ends C-c
	screen menu 80x24 "" s Home Enter
	ok "s: sorted by the first column" shows menu '^LISTENER.'
	ends q
	screen ascii 80x24 "-U"
	ok "-U: nothing but ASCII" bash -c "! LC_ALL=C grep -q '[^ -~]' '$shots/ascii.txt'"
	ends q
	screen filter 80x24 "-C" "\\" 'state clos' Tab
	ok "\\: the words of the filter that there are" shows filter 'close-wait closing'
	mux send-keys Enter
	wait_screen filter 'is wrong'
	ok "a wrong one is reported in place" shows filter 'Filter.*: state clos'
	mux send-keys e - Tab Enter
	wait_screen filter 'of 3'
	ok "what it lets through" shows filter '1-3 of 3'
	ok "and it stays to be seen" shows filter '^.state close-wait .*F1Help'
	mux send-keys / postgres Enter n n
	ends q >/dev/null
	for name in peers events lives; do
		screen "$name" 80x24 "-S $name"
		screen "$name-40" 40x10 "-S $name"
		ok "40x10: $name" narrow "$name-40" 40
		screen "$name-200" 200x50 "-S $name"
		ends q >/dev/null
	done
	ok "peers: the one with most failures on top" bash -c \
		"sed -n 13p '$shots/peers.txt' | grep -Eq '^192\.168\.100\.8 '"
	ok "peers: what failed last" shows peers-200 'refused [0-9a-z.]+ ago'
	ok "events: the last ones" bash -c "sed -n 23p '$shots/events.txt' | grep -Eq ' (closed|connect-failed) '"
	ok "lives: failed first" bash -c "sed -n 13p '$shots/lives.txt' | grep -q 'refused'"
	ok "lives: the letters of their steps" shows lives-200 ' S +23[0-9a-f]+'
	screen doctor 80x24 "-S doctor"
	ok "doctor: the first look is under way" shows doctor 'the first look is under way'
	ok "doctor: it finds what is wrong" soon_shows doctor '^CRITICAL .*listener '
	ok "doctor: with its cause below" shows doctor '^cause  '
	mux resize-window -x 40 -y 12
	ok "40x12: the finding stays, and no line is too wide" soon_shows doctor '^CRITICAL'
	ok "40x12: no wider than it is" narrow doctor 40
	mux send-keys Enter
	ok "Enter: the listener" soon_shows doctor 'Listeners of local-port '
	ends q >/dev/null
	screen drawing 80x24 "-S events" Enter
	ok "Enter on an event: the drawing of its connection" soon_shows drawing '192\.168\.100\..*:5432'
	mux resize-window -x 40 -y 10
	ok "40x10: no wider than it is" narrow drawing 80
	mux send-keys Escape
	ok "Esc: back to the events" soon_shows drawing 'CONN|EVENT'
	ends q >/dev/null
	screen page 80x24 "-L" Enter
	ok "Enter on a listener: its page" soon_shows page '^accept queue .* of 128, most 120'
	mux send-keys Enter
	ok "Enter there: its connections" soon_shows page 'Connections of local-port 6379'
	ends q >/dev/null
	screen opened 80x24 "-S peers" Enter e
	wait_screen opened '^Events of|Events of address'
	ok "Enter: connections of the peer; e: events of one of them" shows opened 'Esc leads back'
	mux send-keys Escape
	wait_screen opened '^.address 192'
	ok "Esc: back" shows opened '^.address 192\.168\.100\.[0-9]+ '
	ends q >/dev/null
	screen saved 80x24 "-C" w C-u "$tmp/saved.txt" Enter
	wait_screen saved 'saved in'
	ok "w: the screen is in the file" bash -c "[ \$(wc -l <'$tmp/saved.txt') = 24 ] && grep -q '^STATE' '$tmp/saved.txt'"
	mux send-keys w C-u "$tmp/saved.txt" Enter
	wait_screen saved 'exists'
	ok "a file that is there is not written over" shows saved 'File exists'
	mux set -s set-clipboard on
	mux send-keys c
	wait_screen saved 'copied'
	mux show-buffer >"$tmp/copied"
	ok "c: the number of the connection is in the clipboard" grep -Exq '13[89ab][0-9a-f]' "$tmp/copied"
	ends q >/dev/null
	screen filter40 40x10 "-C --state established --peer-port 5432"
	ok "40x10: the filter is seen" shows filter40 '^.state established'
	ok "40x10: no wider than it is" narrow filter40 40
	ends q >/dev/null
	screen help 80x50 "" h
	ok "h: help" shows help 'invert the order'
	mux send-keys x
	ok "any key leaves it, q ends" ends q
	screen delay 80x24 "" d 0 Enter
	ok "d: a delay of 0 is refused" shows delay '0\.1 to 3600'
	mux send-keys Escape
	sleep 0.3
	ends q
}

# Three kinds of terminals, described here: not every machine knows them all.
describe_terminals() {
	local rgb='%p1%{65536}%/%d\:%p1%{256}%/%{255}%&%d\:%p1%{255}%&%d'

	cat >"$tmp/terminals" <<END
top-16|16 colours, colors#16, pairs#256, setaf=\E[%?%p1%{8}%<%t3%p1%d%e9%p1%{8}%-%d%;m,
	setab=\E[%?%p1%{8}%<%t4%p1%d%e10%p1%{8}%-%d%;m, use=xterm-256color,
top-256|256 colours, use=xterm-256color,
top-direct|all colours, RGB, colors#0x1000000, pairs#0x7FFF,
	setaf=\E[%?%p1%{8}%<%t3%p1%d%e38\:2\:\:$rgb%;m,
	setab=\E[%?%p1%{8}%<%t4%p1%d%e48\:2\:\:$rgb%;m, use=xterm-256color,
END
	tic -x -o "$tmp/terminfo" "$tmp/terminals"
}
colours() {	# TERM PATTERN OTHERS: it is painted in these, and in none of others
	TERMINFO=$tmp/terminfo TERM=$1 script -qec "stty cols 80 rows 24; '$program' -n 1" /dev/null \
		</dev/null >"$tmp/out" 2>&1 || return
	grep -q "$(printf '\033')\[[0-9;]*$2" "$tmp/out" && ! grep -Eq "$3" "$tmp/out"
}

dumb_refused() {
	TERM=dumb script -qec "'$program'" /dev/null </dev/null >"$tmp/out" 2>&1
	[ $? = 2 ] && grep -q 'has no cursor that can be moved' "$tmp/out"
}

tiny() {
	local size
	for size in 1x1 2x1 3x3 9x2 20x4 300x3; do
		screen "tiny-$size" "$size" "" Tab h x s Enter d Escape Tab || return
		sleep 0.3
		ends q || return
	done
}

[ -x "$program" ] || { echo "1..$n"; exit 1; }
ok "--help" status 0 "$program" --help
ok "--version" status 0 "$program" --version
for bad in "-d 0" "-d 3601" "-d x" "-d 1e3" "-n 0" "-n x" "-s nothing" "-L -s age" \
	"-j" "word" "--no" "--port 0" "--state nothing" "-S nothing" "-bj -S lives" "--since 5m" "-A -r x" "-r x -r y"; do
	# shellcheck disable=SC2086
	ok "refused: $bad" status 2 "$program" $bad
done
ok "no terminal: refused" status 2 "$program"
for code in 3 4 5; do
	ok "open fails: exit status $code" env TOP_FAKE_ERROR=$code bash -c \
		"'$program' -b -n 1; [ \$? = $code ]"
done
ok "batch: two refreshes" status 0 "$program" -b -n 2 -d 0.1
ok "batch: no escape codes" no_escapes
ok "batch: SIGTERM ends it while nobody takes its output" held_up
ok "batch: connections" status 0 "$program" -bC -n 1
ok "batch: filtered" status 0 "$program" -bC -n 1 --comm nginx --peer-port 33000-33009
ok "batch: with those rows alone" bash -c "[ \$(grep -c '^[A-Z].*:443 .*:3300[0-9] ' '$tmp/out') = 4 ]"
for name in peers events lives; do
	ok "batch: $name" status 0 "$program" -b -n 2 -d 0.1 -S $name
done
ok "batch: lives as they end" grep -q 'refused .*192\.168\.100\.8:5432' "$tmp/out"
ok "batch: JSON" status 0 "$program" -bj -n 2 -d 0.1
ok "batch: JSON says what it should" json
ok "module unloaded and loaded again" reload
ok "a module of another version is named, once" old_module
if command -v tmux >/dev/null; then
	screens
	ok "tiny terminals do no harm" tiny
else
	skip "screens" "no tmux"
fi
echo "1..$n"
exit $failed
