# SPDX-License-Identifier: GPL-2.0
# What people type. What kbuild must see is in Kbuild and module/Kbuild.

KDIR	?= /lib/modules/$(shell uname -r)/build
PREFIX	?= /usr/local
DESTDIR	?=
STRIP	?= $(CROSS_COMPILE)strip
MODDIR	?= /lib/modules/$(KRELEASE)/updates
VERSION	:= $(shell cat VERSION)
KRELEASE = $(or $(shell $(MAKE) -s -C $(KDIR) kernelrelease 2>/dev/null),$(shell uname -r))

all: module tools

help:
	@echo 'tcphs $(VERSION)'
	@echo
	@echo '  make                 the module and the tools'
	@echo '  make module          module/tcphs.ko for the running kernel, or KDIR=...'
	@echo '                       W=1 has all warnings, W=1e makes errors of them, also of tools'
	@echo '  make tools           userspace/tcphs/tcphs, userspace/tcphs-top/tcphs-top'
	@echo '  make install         both; PREFIX, DESTDIR and MODDIR are honoured'
	@echo '  make install-tools   the tools alone, enough to read recordings of elsewhere'
	@echo '  make install-module  the module alone'
	@echo '  make install-dev     the library and what else other programs are built with'
	@echo '  make uninstall       take them away again'
	@echo '  make deb             Debian packages of all, in packages/'
	@echo '  make clean           remove what was built'
	@echo
	@echo '  For another CPU: ARCH= as the kernel calls it, CROSS_COMPILE= and KDIR=, as in'
	@echo '  make ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- KDIR=/path/to/its/build'
	@echo
	@echo '  make demo            a VM with nginx, curl and wrk, seen through tcphs (root)'
	@echo '  make lesson          a VM with the lessons on TCP, in English or 中文 as LANG has it (root);'
	@echo '                       LESSON=3 gives that one alone, LESSON=all all of them'
	@echo '  make check           lint, the quick tests on every kernel, all but attacks on 6.12 (root)'
	@echo '  make check-all       every test on every kernel, the debug kernel too; takes hours (root)'
	@echo '  make soak            modules, CPUs, namespaces come and go for an hour (root)'
	@echo '  make bench           what it costs, in guest instructions (root)'
	@echo '  make distclean       clean, and say where the VM caches are'

kernel-headers:
	@test -e $(KDIR)/Makefile || { \
		echo 'tcphs: no kernel headers in $(KDIR)' >&2; \
		case "$$(uname -v)" in \
		*Debian*|*Ubuntu*) \
			echo "tcphs: install them: apt-get install linux-headers-$$(uname -r)" >&2;; \
		*) \
			echo "tcphs: say where $$(uname -r) was built: make KDIR=/path/to/its/build" >&2;; \
		esac; \
		echo 'tcphs: without them: make tools, make install-tools' >&2; \
		exit 1; }

module: kernel-headers
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C userspace

install: install-module install-tools

# Without the debugging information of a distribution's configuration, 11 of 12 MB.
install-module: module
	install -D -m 644 module/tcphs.ko $(DESTDIR)$(MODDIR)/tcphs.ko
	$(STRIP) --strip-debug $(DESTDIR)$(MODDIR)/tcphs.ko
	$(if $(DESTDIR),,depmod $(KRELEASE))

install-tools: tools
	$(MAKE) -C userspace install install-lesson PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

install-dev:
	$(MAKE) -C userspace install-dev PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

uninstall:
	rm -f $(DESTDIR)$(MODDIR)/tcphs.ko
	$(if $(DESTDIR),,depmod $(KRELEASE))
	$(MAKE) -C userspace uninstall PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

# Into packages/; see Documentation/install.md.
deb:
	debian/packages

demo:
	tests/demo/run

lesson:
	lessons/classroom $(LESSON)

check:
	tests/check

check-all:
	tests/check --all

soak:
	tests/soak

bench:
	tests/bench/run

clean:
	-test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	for folder in $(wildcard userspace tests/unit); do $(MAKE) -C $$folder clean; done
	rm -rf packages

distclean: clean
	@tests/vm/run --caches

.PHONY: all help kernel-headers module tools install install-module install-tools install-dev \
	uninstall deb demo lesson check check-all soak bench clean distclean
