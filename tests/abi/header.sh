#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# TAP: include/uapi/linux/tcphs.h alone, in every language and width there is.

cd "$(dirname "$0")" || exit 1
CC=${CC:-cc}
CXX=${CXX:-c++}
include=../../include/uapi
n=0
failed=0
layout=$(mktemp) || exit
trap 'rm -f "$layout"' EXIT

# compile NAME COMPILER FLAGS...
compile()
{
	name=$1
	shift
	n=$((n + 1))
	if log=$("$@" -Wall -Wextra -Werror -I$include -include ./sizes.h -fsyntax-only \
			/dev/null 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "$log" | sed 's/^/# /'
		failed=1
	fi
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# A typedef that nobody uses is what sizes.h is made of.
c="-Wno-unused-local-typedefs -x c"

echo "1..6"
# shellcheck disable=SC2086
{
	compile "the header alone is C90 (gnu89)" "$CC" $c -std=gnu89
	compile "the header alone is C11" "$CC" $c -std=c11 -pedantic
	compile "the sizes and offsets, 64 bits" "$CC" $c -std=gnu11 -m64
	python3 ../layout.py >"$layout" || exit
	compile "the offsets that tests take records apart by" "$CC" $c -std=gnu11 -include "$layout"
}

if command -v "$CXX" >/dev/null; then
	compile "the header alone is C++" "$CXX" -x c++ -std=c++11
else
	skip "the header alone is C++" "no C++ compiler"
fi

# Without gcc-multilib <asm/types.h> is elsewhere; it is the same for both widths.
asm=$("$CC" -print-multiarch 2>/dev/null)
if "$CC" -m32 -x c -I"/usr/include/$asm" -include linux/types.h -fsyntax-only /dev/null 2>/dev/null
then
	# shellcheck disable=SC2086
	compile "the same sizes and offsets, 32 bits" "$CC" $c -std=gnu11 -m32 \
		-idirafter "/usr/include/$asm"
else
	skip "the same sizes and offsets, 32 bits" "the compiler or its headers know no -m32"
fi
exit $failed
