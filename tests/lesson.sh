#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every lesson is given as a learner gets it, in English and in Chinese: whatever it claims of
# what tcphs shows is compared with a capture of the wire, the kernel's counters, ss and errnos.

# The lessons have namespaces of their own, which only the initial one sees.
network=initial
. "$(dirname "$0")/lib.sh"

need_command python3 ip ss nstat tc nft tcpdump
lesson=$here/../lessons/tcphs-lesson
[[ -x $lesson ]] || skip_all "needs the lessons, beside the tests"

# complains STATUS WORDS ARGUMENT…: one line of error with these words
complains() {
	local expected=$1 words=$2

	shift 2
	"$lesson" "$@" >"$tmp/out" 2>"$tmp/err"
	same $? "$expected" "status of $*" && cat "$tmp/err" &&
	same "$(wc -l <"$tmp/err")" 1 "lines of error" &&
	grep -qF -e "$words" "$tmp/err"
}

not_loaded() {
	complains 3 "the module is not loaded: modprobe tcphs" handshake &&
	complains 3 "模块没有加载：modprobe tcphs" --lang zh handshake
}

unknown() {
	complains 2 "there is no lesson nonsense" nonsense &&
	complains 2 "没有名为 nonsense 的课程" --lang zh 1 nonsense
}

names() {
	sed -nE 's/^ +([0-9]+ +)?([a-z_]+) .*/\2/p'
}

language_is_of_the_environment() {
	same "$(LC_ALL='' LANG=zh_CN.UTF-8 "$lesson" | names | xargs)" "${lessons[*]}" "in Chinese" &&
	LC_ALL='' LANG=zh_CN.UTF-8 "$lesson" | grep -q 三次握手 &&
	LC_ALL=C.UTF-8 LANG=zh_CN.UTF-8 "$lesson" | grep -q handshake
}

# given NAME: as it was reported in $tmp/reported, in which the lines of each lesson are together
given() {
	local text claims

	text=$(awk -v name="$1" '{ text = text $0 "\n" }
		/^(pass|fail) [a-z_]+: given$/ { if ($2 == name ":") printf "%s", text; text = "" }' "$tmp/reported")
	grep -v '^pass' <<<"$text" && return 1
	claims=$(grep -c "^pass $1, en: " <<<"$text")
	same "$(grep -c "^pass $1, zh: " <<<"$text")" "$claims" "claims in Chinese" &&
	((claims > 1)) && grep -qx "pass $1: given" <<<"$text"
}

# Whoever reads it at a terminal: no line is too wide, and the answer is there.
as_read() {
	"$lesson" --lang "$1" --no-pause half_close >"$tmp/read" || { grep -A3 ✗ "$tmp/read"; return 1; }
	grep -qF -e "$2" "$tmp/read" && python3 - "$here/../lessons" "$tmp/read" <<'END'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from kit.language import width
with open(sys.argv[2], encoding="utf-8") as file:
    wide = [line for line in file if width(line.rstrip("\n")) > 80]
sys.exit("".join(wide) or 0)
END
}

# A machine on which ss takes longer, once, than what it is to find is there.
too_late() {
	mkdir "$tmp/late" &&
	cat >"$tmp/late/ss" <<-END
		#!/bin/sh
		mkdir $tmp/late/once 2>/dev/null && sleep 2
		exec $(command -v ss) "\$@"
	END
	chmod +x "$tmp/late/ss" &&
	PATH=$tmp/late:$PATH "$lesson" --claims stale_syn >"$tmp/read" 2>&1
	same $? 0 "status" && [[ -d $tmp/late/once ]] && ! grep -v '^pass' "$tmp/read"
}

# Every command of README, man pages and guide, as tests/unit has it, where there is a kernel.
documented() {
	python3 "$here/unit/commands.py" "$(command -v tcphs)" "$(command -v tcphs-top)" \
		"$(command -v tcphs-exporter)" >"$tmp/documented"
	same $? 0 "status" || { grep -A99 '^not ok' "$tmp/documented"; return 1; }
}

mapfile -t lessons < <("$lesson" --lang en | names)
start $((8 + ${#lessons[@]}))
check "without the module it says so, in either language" not_loaded
check "an unknown lesson is an error, in either language" unknown
check "without --lang the environment chooses the language" language_is_of_the_environment
load
check "what is read fits a terminal in English" as_read en "Answer:"
check "what is read fits a terminal in Chinese" as_read zh "答案："
check "what is over before anybody looks is made to happen again" too_late
"$lesson" --tap >"$tmp/reported" 2>&1
for name in "${lessons[@]}"; do
	check "$name is true in both languages" given "$name"
done
check "each command that is documented is one, and prints what is shown" documented
check "the kernel does not complain" kernel_is_quiet 'netem: version|Possible SYN flooding on port|IPv6: ADDRCONF\(NETDEV_CHANGE\)'
ktap_finished
