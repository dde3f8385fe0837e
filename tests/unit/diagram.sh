#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tcphs diagram of a recording: which connections it draws, and how much.
#	diagram.sh TOOL TEST_PICTURE (which writes the recording)

tool=$1
# shellcheck source=tests/unit/tap.sh
. "$(dirname "$0")/tap.sh"
export LC_ALL=C TZ=UTC COLUMNS=80
unset NO_COLOR FAKE

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
out=$tmp/out
err=$tmp/err

# draw STATUS NAME ARGUMENTS...
draw()
{
	want=$1 name=$2
	shift 2
	"$tool" diagram --read "$tmp/recording" "$@" >"$out" 2>"$err"
	[ $? = "$want" ]
	result $? "$name"
}

# pictures COUNT NAME
pictures()
{
	[ "$(grep -Ec '^ +[0-9.]+:[0-9]+ +[0-9.]+:[0-9]+$' "$out")" = "$1" ]
	result $? "$2"
}

"$2" "$tmp" || { echo "Bail out! no recording"; exit 1; }
echo "1..36"

draw 0 "--last --failed"				--last --failed
pictures 1						"one connection"
said "$out" 'gave up after'				"not the stray RSTs that came later"
[ ! -s "$err" ]; result $?				"and nothing is said to be left out"

draw 0 "all that failed"				--failed
pictures 10						"ten of them"
said "$err" '^tcphs: 18 connections fit, the newest 10 are drawn; --limit 0 draws all$' "the others are counted"
draw 0 "--limit 3"					--failed --limit 3
pictures 3						"three of them"
draw 0 "--limit 0"					--failed -n 0
pictures 18						"all of them"
[ ! -s "$err" ]; result $?				"and nothing is said"
draw 2 "--limit none"					--failed --limit none

draw 0 "131,072 RSTs of one pair"			--port 443 --event rst-sent
pictures 1						"are one picture"
said "$out" '130944 steps left out'			"of a part of them"
[ "$(grep -c 'RST seq' "$out")" = 128 ]; result $?	"the first and the last"

draw 0 "a socket that connected twice"			200
pictures 1						"is drawn as it was the last time"
said "$out" ':83$'					"to where it went then"
draw 1 "a number that nobody has"			201

draw 0 "one that is open"				--port 84
said "$out" 'open for 4.99 s now'			"is so until the recording ends, whatever of"

draw 0 "a SYN that was dropped"				--port 443 --event syn-dropped
said "$out" 'listener shop\[4711\]'			"names the listener's owner"
said "$out" 'listener 7$'				"and the listener"

draw 0 "out of a pipe, which is read once"		--last --failed
mv "$out" "$tmp/file"
"$tool" diagram --last --failed --read - <"$tmp/recording" >"$out" 2>"$err" && cmp -s "$out" "$tmp/file"
result $?						"(a file as standard input)"
# shellcheck disable=SC2002
cat "$tmp/recording" | "$tool" diagram --last --failed --read - >"$out" 2>"$err" && cmp -s "$out" "$tmp/file"
result $?						"it is the same"

draw 0 "--svg -"					--last --failed --svg -
said "$out" '^<svg '					"is standard output"
draw 0 "--svg FILE"					--last --failed --svg "$tmp/svg"
cmp -s "$out" "$tmp/svg" || [ -s "$tmp/svg" ]; result $? "is that file"
draw 1 "a file that is there"				--last --failed --svg "$tmp/svg"
said "$err" 'is there already; --force replaces it'	"is left alone"
draw 0 "--force"					--last --failed --force --svg "$tmp/svg"
ended 36
