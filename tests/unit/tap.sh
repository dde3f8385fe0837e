# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of a program have in common; sourced.

n=0
failed=0
# Files of what it wrote last, which the test names.
out=/dev/null
err=/dev/null

# result GOOD NAME: one line of TAP
result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	echo "not ok $n - $2"
	sed 's/^/# out: /' "$out" | head -n 40
	sed 's/^/# err: /' "$err"
	failed=1
}

# said FILE PATTERN NAME
said()
{
	grep -Eq -- "$2" "$1"
	result $? "$3"
}

# ended PLANNED: so many there should have been
ended()
{
	if [ "$n" != "$1" ]; then
		echo "# planned $1, ran $n"
		failed=1
	fi
	exit $failed
}
