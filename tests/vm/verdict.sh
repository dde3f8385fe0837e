# SPDX-License-Identifier: GPL-2.0
# Sourced inside the VM and outside: which kernel messages fail a run.
# shellcheck shell=bash

# kernel_problems: of the kernel messages on standard input (read from /dev/kmsg
# or a console) the lines that report a bug.  Anchored where a message begins,
# because harmless ones contain the same words ("Spectre V2 : WARNING: ...").  Data
# races of the kernel with itself are its own.
kernel_problems() {
	local begin='BUG: |WARNING: |INFO: (task .* blocked for|possible |rcu_|suspicious )|rcu: INFO: '
	begin+='|Oops|Kernel panic|general protection fault|divide error|invalid opcode|int3: '
	begin+='|kernel BUG at|UBSAN: |ODEBUG: |refcount_t: |list_(add|del) corruption|unreferenced object'
	# arm64's
	begin+='|Unable to handle kernel |Internal error: |SError Interrupt |Bad mode in '
	local inside='KASAN: |watchdog: BUG|sleeping function called|scheduling while atomic'
	inside+='|Objects remaining|possible (recursive|circular|irq) '
	inside+='|inconsistent lock state|suspicious RCU usage'

	# Take off "6,123,4567,-;" or "[    1.234567][   T89] ".
	tr -d '\r' | sed -E 's/^([0-9]+,[^;]*;|\[ *[0-9.]+\](\[[^]]*\])? )//' |
		grep -aE "^($begin)|$inside" | awk '!/BUG: KCSAN: / || /\[tcphs\]/'
}

# kernel_leaks: what kmemleak finds now, after two scans: the first may take something for
# a pointer that is none any more. One leak is the kernel's own: slub forgets the name of
# a cache that finds no memory for its place in sysfs (sysfs_slab_add() without
# kobject_put()), which is made to happen in tests/faults.sh.
kernel_leaks() {
	local kmemleak=/sys/kernel/debug/kmemleak

	[[ -e $kmemleak ]] || return 0
	# It passes over what is younger than five seconds.
	sleep 6
	echo scan >$kmemleak
	echo scan >$kmemleak
	awk -v RS='unreferenced object' 'NR > 1 && !/ sysfs_slab_add\+/ { printf "%s%s", RS, $0 }' \
		$kmemleak
}

# emulator_erred: of a console on standard input, whether the kernel died of a breakpoint
# that is not in its memory, as the line "Code:" of its report shows (<> is behind it). No
# CPU does that. QEMU's may: one that translates code while another patches it, after that
# one's store has thrown the old translation away and before it stores, keeps an int3 that
# the kernel, having waited for all CPUs, rightly thinks is gone.
emulator_erred() {
	tr -d '\r' | grep -aE -m 1 -A 40 '(^|[] ;])(Oops: )?int3: 0000' |
		grep -aoE -m 1 'Code: ([0-9a-f]{2} )+<' | grep -qv ' cc <$'
}

# clock_is_right UPTIME SECONDS: what the VM's clock counted, and what was needed for that and for
# its start and end
clock_is_right() {
	(($1 <= $2 * 5 / 4 + 5 && $1 >= $2 * 3 / 4 - 60))
}
