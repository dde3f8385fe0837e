#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What bash, zsh and fish complete is what the tools take.
#	completion.sh TCPHS TCPHS-TOP TCPHS-EXPORTER

here=$(cd "$(dirname "$0")" && pwd)
files=$here/../../userspace/completion
bin=$(mktemp -d) || exit 1
trap 'rm -rf "$bin"' EXIT
ln -s "$(realpath "$1")" "$bin/tcphs"
ln -s "$(realpath "$2")" "$bin/tcphs-top"
ln -s "$(realpath "$3")" "$bin/tcphs-exporter"
ln -s "$(realpath "$here/../../lessons/tcphs-lesson")" "$bin/tcphs-lesson"
export PATH=$bin:$PATH LC_ALL=C.UTF-8
cd "$bin" && touch some.rec || exit 1

n=0
failed=0

# result STATUS NAME
result()
{
	n=$((n + 1))
	if [[ $1 == 0 ]]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

# same GOT WANT NAME: the same words, in whatever order
same()
{
	diff <(tr ' ' '\n' <<<"$1" | sort) <(tr ' ' '\n' <<<"$2" | sort) | sed 's/^/# /'
	result "${PIPESTATUS[0]}" "$3"
}

# Of which tool.
about=tcphs

# in_SHELL WORD...: what the shell offers for the last word
in_bash()
{
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"
		echo "${COMPREPLY[@]}"' "$files/$about" "$about" "$@"
}

# The file is run as the completion system would, with stand-ins for its builtins.
in_zsh()
{
	# shellcheck disable=SC2016 # for the inner shell
	zsh -f -c 'words=("$@"); CURRENT=$#; PREFIX=$words[CURRENT]; found=()
		compset() { PREFIX=${PREFIX##${~2}} }
		compadd() { while [[ $1 != -- ]]; do shift; done; shift
			found+=(${(M)@:#$PREFIX*}) }
		_files() { found+=(*) }
		_normal() { [[ $words[1] == cat && $CURRENT == 2 ]] && found+=(some.rec) }
		source "$0" "$@"; print -r -- $found' "$files/_$about" "$about" "$@"
}

# It tries what contains the word if nothing begins with it, so those are left out; and
# it offers whole words.
in_fish()
{
	local last=${*: -1}

	fish --no-config -c "source $files/$about.fish; complete -C '$about $*'" |
		grep -e "^$last" | sed -E 's/^--[a-z-]+=//' | xargs
}

# Options as the parser knows them, not as the help text tells them.
allowed()
{
	tcphs "$1" --no-such-option 2>&1 | sed -n 's/.*allowed are: //p'
}

# allowed_of FILE: the parser's own table
allowed_of()
{
	sed -En 's/^\t+\{ "([a-z-]+)",.*_argument.*/--\1/p' "$here/../../userspace/$1"
}

read -ra verbs < <(tcphs help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p' | xargs)
echo "1..$((3 * (29 + ${#verbs[@]} - 1)))"
for shell in bash zsh fish; do
	same "$(in_$shell '')" "${verbs[*]}" "$shell: every verb"
	for verb in "${verbs[@]}"; do
		[[ $verb == help ]] || same "$(in_$shell "$verb" --)" "$(allowed "$verb")" \
			"$shell: every option of $verb, and no other"
	done
	same "$(in_$shell ev)" "events" "$shell: half a verb"
	same "$(in_$shell help '')" "${verbs[*]} names" "$shell: what there is help about"
	same "$(in_$shell events --lo)" "--local-port" "$shell: half an option"
	same "$(in_$shell events --state close)" "close-wait closed" "$shell: half a state"
	same "$(in_$shell connections -s est)" "established" "$shell: a state of the short option"
	same "$(in_$shell events --role '')" "unknown active passive simultaneous listener" \
		"$shell: every role"
	events=$(tcphs events --event x 2>&1 | sed 's/.*allowed are: //')
	same "$(in_$shell events --event '')" "$events" "$shell: every event"
	same "$(in_$shell events --read '')" "some.rec tcphs tcphs-exporter tcphs-lesson tcphs-top" "$shell: files to read"
	same "$(in_$shell record '')" "some.rec tcphs tcphs-exporter tcphs-lesson tcphs-top" "$shell: files to write"
	same "$(in_$shell events -- cat some)" "some.rec" "$shell: what is run, as it is completed alone"
	same "$(in_$shell events -o TIM)" "TIME" "$shell: columns"
	same "$(in_$shell events --json -o peer)" "peer peer_port peer_isn" "$shell: fields of JSON"
	same "$(in_$shell events --port '')" "" "$shell: no port is better than another"
	same "$(in_$shell events '')" "" "$shell: no word where none belongs"
	about=tcphs-top
	# Its filters are those of tcphs events that are no time, whose help says more of three further up.
	filters=$(tcphs events --help | sed -n '/^Filters/,$s/^ *\(--[a-z-]*\).*/\1/p' | xargs)
	filters=$(xargs -n 1 <<<"$filters --state --role --event" | grep -vE 'since|until' | sort -u | xargs)
	same "$(in_$shell --)" "$(allowed_of tcphs-top/options.c) $filters" "$shell: every option of tcphs-top, and no other"
	# Some are columns of both tables.
	columns=$(tcphs-top --sort x 2>&1 | sed -n 's/^  [a-z]*: //p' | xargs -n 1 | sort -u)
	same "$(in_$shell -s '' | xargs -n 1 | sort -u)" "$columns" "$shell: columns to sort by"
	same "$(in_$shell --sort rtt-no)" "" "$shell: none that there is not"
	same "$(in_$shell -d '')" "" "$shell: no delay is better than another"
	same "$(in_$shell '')" "" "$shell: no word where tcphs-top takes none"
	about=tcphs-exporter
	same "$(in_$shell --)" "$(allowed_of tcphs-exporter/main.c)" \
		"$shell: every option of tcphs-exporter, and no other"
	same "$(in_$shell --listen '')" "" "$shell: no address is better than another"
	same "$(in_$shell --listen -)" "" "$shell: and no option stands in its place"
	about=tcphs-lesson
	same "$(in_$shell --)" "$(grep -oP '\badd_argument\(.*"\K--[a-z-]+(?=")' \
		"$here/../../lessons/tcphs-lesson" | grep -vx -e --claims | awk '!seen[$0]++')" \
		"$shell: every option of tcphs-lesson, and no other"
	same "$(in_$shell half)" "half_close" "$shell: half a lesson"
	same "$(in_$shell --lang '')" "en zh" "$shell: every language"
	about=tcphs
done
same "$(in_bash events --event syn-sent,unl)" "syn-sent,unlisten" "bash: the next of a list"
same "$(in_zsh events --event syn-sent,unl)" "unlisten" "zsh: the next of a list"
same "$(in_fish events --event syn-sent,unl)" "syn-sent,unlisten" "fish: the next of a list"
same "$(in_bash events --color = ne)" "never" "bash: after an equals sign"
same "$(in_zsh events --color=ne)" "never" "zsh: after an equals sign"
same "$(in_fish events --color=ne)" "never" "fish: after an equals sign"
same "$(in_bash events --state =)" "$(in_bash events --state '')" "bash: right after it"
same "$(in_zsh events --state=)" "$(in_zsh events --state '')" "zsh: right after it"
same "$(in_fish events --state=)" "$(in_fish events --state '')" "fish: right after it"
exit $failed
