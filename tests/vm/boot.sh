# SPDX-License-Identifier: GPL-2.0
# Sourced by what makes file systems, in the directory that has one in root/ (see rootfs): the
# kernel and the initramfs with which QEMU boots it.
# shellcheck shell=bash

# decompress VMLINUZ: the ELF kernel inside, for QEMU to enter directly.  To let
# the kernel unpack itself costs 1 s (zstd) to 4 s (xz) of each emulated boot.  One
# with KASAN dies when it is entered so; ours are in gzip and stay as they are.
decompress() {
	local at unpack magic

	while read -r unpack magic; do
		while IFS=: read -r at _; do
			# The unpacker dislikes what follows the stream; the
			# ELF header tells whether this was the kernel.
			tail -c +$((at + 1)) "$1" | $unpack -qdc 2>/dev/null >kernel || :
			[[ $(head -c 4 kernel | tr -d '\0') != $'\x7fELF' ]] || return 0
		done < <(LC_ALL=C grep -abo -P "$magic" "$1")
	done <<-'END'
		zstd \x28\xb5\x2f\xfd
		xz \xfd7zXZ\x00
	END
	cp "$1" kernel
}

# on_host COMMAND...: with programs that this machine runs, the VM's tree being in /mnt
on_host() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount bash -euc 'mount --bind root chroot/mnt; exec chroot chroot "$@"' bash "$@"
}

# Busybox and the modules it takes to mount an ext4 disk.
make_boot_cpio() {
	local module path n=100

	mkdir -p boot/bin boot/dev boot/modules boot/proc boot/root
	cp root/bin/busybox boot/bin
	# The kernel gives /init its standard streams before devtmpfs is mounted.
	mknod boot/dev/console c 5 1
	for module in virtio_pci virtio_blk virtio_console ext4; do
		on_host modprobe -d /mnt -S "$1" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { sub("^/mnt", "", $2); print $2 }' | while read -r path; do
		n=$((n + 1))
		module=boot/modules/$n-$(basename "${path%.ko*}").ko
		case $path in
		*.xz)	xz -dc "root$path" >"$module" ;;
		*.zst)	zstd -dc "root$path" >"$module" ;;
		*)	cp "root$path" "$module" ;;
		esac
	done
	(cd boot && find . | cpio -o -H newc --quiet) >boot.cpio
	rm -r boot
}
