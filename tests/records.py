#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""/proc/tcphs_records against netlink, which tells the same in another way.

usage: records.py same|goes-on|lost|refused|unloaded

Needs a network namespace in which nobody else does anything; unloaded takes the module
away. Prints nothing when all is well.
"""
import contextlib
import ctypes
import errno
import mmap
import os
import socket
import struct
import subprocess
import sys

import cursor
import layout

FILE = "/proc/tcphs_records"
BLOCK = struct.Struct("=IIQQII")
LOAD, KEPT = 9, 10
KEPT_TOO, KEPT_ONLY = 1, 2
ROOM = 1 << 16


class Wrong(Exception):
    """What was found is not what should be."""


def expect(found, wanted, what):
    if found != wanted:
        raise Wrong(f"{what}: {found} instead of {wanted}")


def work(count):
    """So many connections, closed by both ends. Returns the listener's port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(3)
        for _ in range(count):
            with socket.create_connection(listener.getsockname()):
                listener.accept()[0].close()
        return listener.getsockname()[1]


def refused_work(port):
    """A connection that fails, which is kept."""
    with socket.socket() as s:
        expect(s.connect_ex(("127.0.0.1", port)), errno.ECONNREFUSED, "connect()")


def open_file():
    return os.open(FILE, os.O_RDWR)


def read_blocks(fd, room=ROOM):
    """Until its end: (CPU, kept), lost, next, records."""
    while data := os.read(fd, room):
        expect(len(data) <= room, True, "no more than there is room for")
        while data:
            cpu, nr, lost, following, kept, pad = BLOCK.unpack_from(data)
            size = BLOCK.size + nr * layout.SIZE
            expect((pad, len(data) >= size), (0, True), "whole blocks")
            yield (cpu, kept), lost, following, [data[at:at + layout.SIZE] for at in
                                                 range(BLOCK.size, size, layout.SIZE)]
            data = data[size:]


def ask_netlink(request):
    """The same out of the messages of a dump."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as other:
        family = cursor.find_family(other)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        for message in cursor.ask(sock, family, cursor.EVENT_GET, cursor.NLM_F_DUMP, request):
            values = {kind: value for kind, value in cursor.attributes(message)}
            yield ((struct.unpack("=I", values[cursor.CPU])[0], int(KEPT in values)),
                   struct.unpack("=Q", values[cursor.LOST])[0],
                   struct.unpack("=Q", values[cursor.NEXT])[0],
                   [value for kind, value in cursor.attributes(message)
                    if kind == cursor.RECORD])


def collect(parts):
    """Of each CPU and store: all its records, what was lost, and where it ends."""
    reported = {}
    for key, lost, following, records in parts:
        before = reported.get(key, ([], 0, 0))
        reported[key] = before[0] + records, before[1] + lost, following
    return reported


def cursors(reported):
    return b"".join(cursor.attribute(cursor.CURSOR | cursor.NESTED,
                                     cursor.attribute(cursor.CURSOR_CPU, struct.pack("=I", cpu)) +
                                     cursor.attribute(cursor.CURSOR_NEXT, struct.pack("=Q", at)))
                    for (cpu, kept), (_, _, at) in reported.items() if not kept)


def number_of(reported):
    return sum(len(records) for records, _, _ in reported.values())


def begin(fd, request):
    expect(os.write(fd, request), len(request), "the request")


def same():
    work(11)
    port = work(13)
    # The newest records are of that port.
    refused_work(port)
    fd = open_file()
    everything = collect(ask_netlink(b""))
    expect(number_of(everything) > 24 * 15, True, "records of 24 connections")
    expect(collect(read_blocks(fd)), everything, "without a request")
    middle = cursors({key: ([], 0, at - len(records) // 3)
                      for key, (records, _, at) in everything.items()})
    by_port = cursor.attribute(cursor.FILTER | cursor.NESTED,
                               cursor.attribute(cursor.FILTER_PORTS, struct.pack("=H", port)))
    for name, request in (("all", b""), ("from the middle on", middle), ("a port", by_port),
                          ("a port from the middle on", by_port + middle),
                          ("what is kept, too", cursor.attribute(KEPT, bytes([KEPT_TOO]))),
                          ("what is kept alone", cursor.attribute(KEPT, bytes([KEPT_ONLY])))):
        reported = collect(ask_netlink(request))
        expect(number_of(reported) > 0, True, f"records, {name}")
        for room in (ROOM, BLOCK.size + layout.SIZE, 4099):
            begin(fd, request)
            expect(collect(read_blocks(fd, room)), reported, f"{name}, {room} bytes at a time")


def goes_on():
    fd = open_file()
    begin(fd, cursor.attribute(KEPT, bytes([KEPT_TOO])))
    reported = collect(read_blocks(fd))
    for count in (7, 0, 3, 1):
        work(count)
        refused_work(1)
        expected = collect(ask_netlink(cursors(reported)))
        expect(number_of(expected) > 15 * count, True, f"records of {count} connections")
        now = collect(read_blocks(fd, ROOM if count % 2 else 4099))
        expect(now, expected, f"after {count} connections")
        reported = now
    expect(number_of(collect(read_blocks(fd))), 0, "nothing is new, and that is reported")
    begin(fd, cursor.attribute(KEPT, bytes([KEPT_ONLY])))
    expect(number_of(collect(read_blocks(fd))) >= 8, True, "records of 4 that failed")
    expect(list(read_blocks(fd)), [], "of what is kept alone that was all")


def lost():
    """More than the ring holds, between two readings."""
    fd, plain = open_file(), open_file()
    reported = collect(read_blocks(fd))
    held = number_of(reported)
    missed = rounds = 0
    while not missed and rounds < 50:
        rounds += 1
        work(211)
        expected = collect(ask_netlink(cursors(reported)))
        missed = sum(lost for _, lost, _ in expected.values())
        if missed:
            now = collect(read_blocks(fd, 4099))
            expect(now, expected, "what is left, and what is lost")
    expect(missed > 0, True, f"losses after {rounds * 211} connections, {held} records before")
    for key, (records, gone, following) in now.items():
        expect(reported[key][2] + len(records) + gone, following, f"CPU {key[0]}, all accounted for")
    first = collect(read_blocks(plain))
    expect(sum(gone for _, gone, _ in first.values()), 0, "lost to who begins now")


@contextlib.contextmanager
def fails(number, what):
    try:
        yield
    except OSError as wrong:
        expect(errno.errorcode[wrong.errno], errno.errorcode[number], what)
    else:
        raise Wrong(f"{what}: no error")


def open_by(*who):
    """What the system says to them when they read a byte, "": nothing against it."""
    return subprocess.run(["setpriv", *who, "dd", f"if={FILE}", "of=/dev/null", "bs=4096", "count=1",
                           "status=none"], capture_output=True, text=True,
                          check=False).stderr.strip().split(": ")[-1]


def refused():
    work(3)
    somebody = ("--reuid=65534", "--clear-groups")
    for who in (somebody, ("--bounding-set=-net_admin",)):
        expect(open_by(*who), "Operation not permitted", " ".join(who))
    expect(open_by(*somebody, "--inh-caps=+net_admin", "--ambient-caps=+net_admin"), "",
           "somebody with CAP_NET_ADMIN")
    fd = open_file()
    reported = collect(read_blocks(fd))
    one = next(iter(reported))[0]
    with fails(errno.EPERM, "all namespaces, out of another one"):
        os.write(fd, cursor.attribute(cursor.ALL_NETNS, b""))
    with fails(errno.EINVAL, "an attribute that there is not"):
        os.write(fd, cursor.attribute(33, b""))
    with fails(errno.ERANGE, "a store that there is not"):
        os.write(fd, cursor.attribute(KEPT, b"\x07"))
    with fails(errno.EINVAL, "two cursors of a CPU"):
        os.write(fd, cursors({(one, 0): ([], 0, 1)}) * 2)
    with fails(errno.ERANGE, "a cursor ahead of its ring"):
        os.write(fd, cursors({(one, 0): ([], 0, 1 << 40)}))
    with fails(errno.ESTALE, "cursors of another load"):
        os.write(fd, cursor.attribute(LOAD, bytes(8)))
    with fails(errno.EMSGSIZE, "a megabyte"):
        os.write(fd, bytes(1 << 20))
    with fails(errno.EINVAL, "no room for a record"):
        os.read(fd, BLOCK.size + layout.SIZE - 1)
    with fails(errno.ESPIPE, "another place"):
        os.lseek(fd, 0, os.SEEK_SET)
    # What was refused has changed nothing.
    work(1)
    expect(number_of(collect(read_blocks(fd))) >= 15, True, "the reading goes on")
    begin(fd, b"")
    libc = ctypes.CDLL(None, use_errno=True)
    page = mmap.mmap(-1, mmap.PAGESIZE)
    place = ctypes.addressof(ctypes.c_char.from_buffer(page))
    libc.mprotect(ctypes.c_void_p(place), mmap.PAGESIZE, mmap.PROT_READ)
    expect(libc.read(fd, ctypes.c_void_p(place), mmap.PAGESIZE), -1, "read() to a read-only page")
    expect(ctypes.get_errno(), errno.EFAULT, "its error")
    expect(collect(read_blocks(fd)), collect(ask_netlink(b"")), "begins anew after that")


def unloaded():
    fd = open_file()
    work(3)
    expect(len(os.read(fd, ROOM)) > 45 * layout.SIZE, True, "records of 3 connections")
    subprocess.run(["rmmod", "tcphs"], check=True)
    with fails(errno.EIO, "read() without the module"):
        os.read(fd, ROOM)
    os.close(fd)


def main():
    tests = {"same": same, "goes-on": goes_on, "lost": lost, "refused": refused,
             "unloaded": unloaded}
    if len(sys.argv) != 2 or sys.argv[1] not in tests:
        sys.exit(__doc__)
    try:
        tests[sys.argv[1]]()
    except (OSError, Wrong) as wrong:
        sys.exit(f"records.py: {wrong}")


if __name__ == "__main__":
    main()
