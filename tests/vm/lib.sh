# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts of tests/vm: the kernels they know, and how they
# build a thing once and keep it.
# shellcheck shell=bash

set -euo pipefail

# mke2fs is in sbin, which an ordinary login does not have on its PATH.
PATH=$PATH:/usr/sbin:/sbin
vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for those who source this
checkout=$(cd "$vm_dir/../.." && pwd)
cache=${TCPHS_CACHE:-/var/cache/tcphs}

# name, Debian suite, release, flavour and architecture of kernel and headers, and how
# much of the tests "make check" runs on it, and "make check-all" (tests/check --all): all,
# the quick ones, these with each story once, a few (short), one (smoke) or none. Release
# "source": tests/vm/linux builds it from FLAVOUR.config.
kernels='
5.10	bullseye	bullseye		amd64		amd64	quick	all
6.1	bookworm	bookworm		amd64		amd64	quick	all
6.12	trixie		trixie			amd64		amd64	all	all
newest	trixie		trixie-backports	amd64		amd64	quick	all
rt	trixie		trixie			rt-amd64	amd64	quick	all
newest-rt trixie	trixie-backports	rt-amd64	amd64	short	all
cloud	trixie		trixie			cloud-amd64	amd64	short	all
6.12-gcc12 bookworm	bookworm-backports	amd64		amd64	none	quick
6.12-arm64 trixie	trixie			arm64		arm64	once	quick
6.1-arm64 bookworm	bookworm		arm64		arm64	none	quick
rt-arm64 trixie		trixie			rt-arm64	arm64	none	quick
arm64-16k trixie	trixie			arm64-16k	arm64	none	quick
debug	trixie		source			debug		amd64	none	all
kcsan	trixie		source			kcsan		amd64	none	all
clang	trixie		source			clang		amd64	none	quick
'

say() {
	printf 'tests/vm: %s\n' "$*" >&2
}

# 125 like timeout(1), env(1) and git-bisect(1): not COMMAND's own status.
die() {
	say "$*"
	exit 125
}

misuse() {
	say "$* (see -h)"
	exit 2
}

# kernel_line NAME: its line of the table, nothing if there is none. Any other kernel of a
# suite of Debian's is called after its release and flavour: "sid-rt-amd64".
kernel_line() {
	local suite

	awk -v name="$1" '$1 == name { print; found = 1 } END { exit !found }' <<<"$kernels" && return
	[[ $1 =~ ^([a-z]+(-backports)?)-((cloud-|rt-)?amd64)$ ]] || return 0
	suite=${BASH_REMATCH[1]%-backports}
	[[ $suite != experimental ]] || suite=sid
	echo "$1 $suite ${BASH_REMATCH[1]} ${BASH_REMATCH[3]} amd64 none smoke"
}

kernel_names() {
	awk 'NF { printf "%s%s", sep, $1; sep = " " }' <<<"$kernels"
}

# kernel_architecture NAME: as Debian calls it
kernel_architecture() {
	kernel_line "$1" | awk '{ print $5 }'
}

# kernel_of SUITE ARCHITECTURE: the first one
kernel_of() {
	awk -v suite="$1" -v architecture="$2" \
		'$2 == suite && $5 == architecture { print $1; exit }' <<<"$kernels"
}

# triplet ARCHITECTURE: how compilers call it
triplet() {
	case $1 in
	amd64)	echo x86_64-linux-gnu ;;
	arm64)	echo aarch64-linux-gnu ;;
	esac
}

# kernel_extent NAME [all]: what "make check" runs on it, or "make check-all", see the table
kernel_extent() {
	kernel_line "$1" | awk -v all="${2-}" '{ print all ? $7 : $6 }'
}

# kernel_is_fetched NAME: there is a root file system for it, or it is compiled. One that is
# out of date is made anew by who needs it.
kernel_is_fetched() {
	kernel_is_compiled "$1" || compgen -G "$cache/root-$1-????????????" >/dev/null
}

# kernel_is_compiled NAME: it is none of Debian's packages
kernel_is_compiled() {
	[[ $(kernel_line "$1" | awk '{ print $3 }') == source ]]
}

# What it takes to build with Clang, and of LLVM's binutils. A kernel is compiled so when its
# configuration says it, and modules for it as well.
# shellcheck disable=SC2034 # for those who source this
clang=(clang lld llvm)

# is_clang FLAVOUR: is the kernel of FLAVOUR.config one of those
is_clang() {
	grep -qsx CONFIG_CC_IS_CLANG=y "$vm_dir/$1.config"
}

# kernels_to_check [all]: those of "make check", or of "make check-all", those that
# take longest first
kernels_to_check() {
	local extent

	if [[ ${1-} ]]; then
		awk 'NF { print $1 }' <<<"$kernels" | tac
	else
		for extent in all quick once short; do
			awk -v extent=$extent '$6 == extent { print $1 }' <<<"$kernels"
		done
	fi
}

hash_of_stdin() {
	sha256sum | cut -c 1-12
}

# cached NAME WHAT FUNCTION...: let FUNCTION fill the directory $cache/NAME
# unless that is there.  A directory gets its real name only when it is
# complete, so an interrupted build is never taken for a finished one.
cached() {
	local dir=$cache/$1 what=$2 lock
	shift 2

	[[ ! -d $dir ]] || return 0
	mkdir -p "$cache" || die "cannot write to $cache (TCPHS_CACHE names another place)"
	exec {lock}>"$dir.lock"
	if ! flock -n "$lock"; then
		say "waiting for another run that builds the $what"
		flock "$lock"
	fi
	if [[ ! -d $dir ]]; then
		say "building the $what ..."
		# A half-built root may still have something mounted in it.
		rm -rf --one-file-system "$dir.partial"
		mkdir "$dir.partial"
		# Not "if !": that would switch errexit off inside FUNCTION.
		set +e
		(set -ex; "$@" "$dir.partial") >"$dir.log" 2>&1 </dev/null
		local status=$?
		set -e
		if ((status)); then
			tail -n 20 "$dir.log" >&2
			die "could not build the $what; all of the log: $dir.log"
		fi
		mv "$dir.partial" "$dir"
	fi
	exec {lock}>&-
}
