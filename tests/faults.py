#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes each allocation of an operation fail once in turn, and looks what comes of it.

usage: faults.py OPERATION...		load, open, netlink
       faults.py --aim FUNCTION		of the module, for what a shell does next

Prints "pass NAME" or "fail NAME" for each; lines before tell how many allocations
there were and, before a "fail", what was wrong.

The n-th allocation of this thread fails by /proc/thread-self/fail-nth, counted only
below the kernel function that is the operation (the stack filter of fault
injection): what the kernel allocates for us elsewhere is not the question. n grows
until none is left to fail. Whatever fails, the operation either gives a clean error
or its whole result, and the next one, undisturbed, works.
"""
import collections
import ctypes
import errno
import os
import platform
import socket
import subprocess
import sys

import cursor
from wire import PATIENCE

DEBUG = "/sys/kernel/debug/"
FINIT_MODULE, DELETE_MODULE = {"x86_64": (313, 176), "aarch64": (273, 106)}[platform.machine()]
CLEAN = {errno.ENOMEM, errno.ENOBUFS}
FILES = "/proc/tcphs", "/proc/tcphs_events"
COMMANDS = {"status": 1, "listeners": 2, "connections": 3, "events": cursor.EVENT_GET}
LIMIT = 2003


class Wrong(Exception):
    """What came of a failed allocation is no good."""


def put(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def get(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def range_of(function, module=""):
    """Where a function begins, and what comes after it."""
    symbols = [line.split() for line in get("/proc/kallsyms").splitlines()]
    starts = sorted({int(symbol[0], 16) for symbol in symbols})
    for address, _, name, *where in symbols:
        if name == function and where == ([f"[{module}]"] if module else []):
            start = int(address, 16)
            return start, next(a for a in starts if a > start)
    raise Wrong(f"there is no {function}()")


def aim(function, module=""):
    """Only allocations below this function count, be they of slabs or of pages.

    kmemleak makes a note of each, and does without where it finds no room."""
    start, end = range_of(function, module)
    notes = range_of("__alloc_object")
    for fault in "failslab", "fail_page_alloc":
        for name, value in (("ignore-gfp-wait", "N"), ("verbose", "0"), ("stacktrace-depth", "32"),
                            ("require-start", hex(start)), ("require-end", hex(end)),
                            ("reject-start", hex(notes[0])), ("reject-end", hex(notes[1]))):
            put(DEBUG + fault + "/" + name, value)
    put(DEBUG + "fail_page_alloc/ignore-gfp-highmem", "N")
    put(DEBUG + "fail_page_alloc/min-order", "0")


class Nth:
    """With this, the n-th allocation fails; after it, fired says whether there was one."""

    def __init__(self, n):
        self.n, self.fired = n, False

    def __enter__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        os.write(self.fd, b"%d" % self.n)
        return self

    def __exit__(self, *_):
        self.fired = os.pread(self.fd, 16, 0).split()[0] == b"0"
        os.pwrite(self.fd, b"0", 0)
        os.close(self.fd)


def each_in_turn(function, operation, between=1, refuses=True):
    """operation() may raise OSError; what it returns tells that it was not disturbed.

    After every between-th time it is done again, undisturbed. Unless refuses it can do
    without each of them."""
    aim(function)
    whole = operation()
    refused = 0
    for n in range(1, LIMIT):
        error = result = None
        with Nth(n) as nth:
            try:
                result = operation()
            except TimeoutError:
                error = errno.ETIMEDOUT
            except OSError as caught:
                error = caught.errno
        if error is not None and (error not in CLEAN or not nth.fired):
            raise Wrong(f"allocation {n}: {errno.errorcode[error]}")
        if error is None and result != whole:
            raise Wrong(f"allocation {n}: neither an error nor all of it:\n{result}\n{whole}")
        refused += error is not None
        if n % 97 == 0:
            print(f"{n} allocations below {function}() have failed", flush=True)
        if (n % between == 0 or not nth.fired) and operation() != whole:
            raise Wrong(f"after allocation {n} failed it does not work")
        if not nth.fired:
            if n == 1 or refuses != (refused > 0):
                raise Wrong(f"{n - 1} allocations failed and {refused} made a difference")
            print(f"{n - 1} allocations below {function}(), {refused} of them made it fail")
            return
    raise Wrong(f"still not the last after {LIMIT} allocations")


# Loading and unloading

LIBC = ctypes.CDLL(None, use_errno=True)


def system_call(*args):
    if LIBC.syscall(*args):
        raise OSError(ctypes.get_errno(), "")


def has_family():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        try:
            return cursor.find_family(sock) is not None
        except OSError:
            return False


def left_behind():
    """What an unloaded module may not leave."""
    found = [name for name in os.listdir("/proc") + os.listdir("/sys/kernel/slab")
             if name.startswith("tcphs")]
    for path in ("/sys/kernel/tracing/enabled_functions", "/sys/devices/system/cpu/hotplug/states"):
        found += [line for line in get(path).splitlines() if "tcphs" in line]
    found += get(DEBUG + "kprobes/list").splitlines()
    return found + ["its netlink family"] * has_family()


def load():
    """Load, look at the hooks, unload."""
    path = subprocess.run(["modinfo", "-n", "tcphs"], check=True, capture_output=True,
                          text=True).stdout.strip()

    def operation():
        try:
            with open(path, "rb") as file:
                system_call(FINIT_MODULE, file.fileno(), b"ring_records=64 table_size=64", 0)
        except OSError:
            if left_behind():
                raise Wrong(f"it leaves {left_behind()}") from None
            raise
        hooks = get("/proc/tcphs").splitlines()[1]
        system_call(DELETE_MODULE, b"tcphs", os.O_NONBLOCK)
        return hooks

    each_in_turn("do_one_initcall", operation, between=37)


def open_and_read():
    """The files in /proc. Of the summary not the first line, which tells the time."""
    def whole(path):
        fd = os.open(path, os.O_RDONLY)
        try:
            return b"".join(iter(lambda: os.read(fd, 1 << 16), b"")).splitlines()[1:]
        finally:
            os.close(fd)

    for path in FILES:
        for function in "proc_reg_open", "proc_reg_read":
            print(path)
            each_in_turn(function, lambda: whole(path))


def netlink():
    """Each command: kinds and sizes, for what changes from one time to the next has always
    the same size. How the answer falls into messages, of which each says where it is and
    what was lost before it, depends on the room there was."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        family = cursor.find_family(sock)

    def whole(command):
        flags = cursor.NLM_F_ACK if command == COMMANDS["status"] else cursor.NLM_F_DUMP
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
            sock.settimeout(10 * PATIENCE)
            found = [attribute for message in cursor.ask(sock, family, command, flags, b"")
                     for attribute in cursor.attributes(message)]
        if command != COMMANDS["events"]:
            return collections.Counter((kind, len(value)) for kind, value in found)
        return (sum(kind == cursor.RECORD for kind, _ in found),
                sum(int.from_bytes(value, sys.byteorder)
                    for kind, value in found if kind == cursor.LOST))

    for name, command in COMMANDS.items():
        print(name)
        each_in_turn("netlink_sendmsg", lambda: whole(command))
    # More than fits one message, so the reader's recv() makes the next one, a smaller one
    # where there is no memory for one as large.
    each_in_turn("netlink_recvmsg", lambda: whole(COMMANDS["events"]), refuses=False)


OPERATIONS = {
    "load": (load, "whatever allocation of loading fails, it is refused and nothing is left"),
    "open": (open_and_read, "whatever allocation fails, /proc is refused or read whole"),
    "netlink": (netlink, "whatever allocation fails, netlink says so or answers in full"),
}


def main():
    if sys.argv[1] == "--aim":
        aim(sys.argv[2], "tcphs")
        return
    for name in sys.argv[1:]:
        operation, sentence = OPERATIONS[name]
        try:
            operation()
        except Wrong as wrong:
            print(wrong)
            print(f"fail {sentence}")
        else:
            print(f"pass {sentence}")


if __name__ == "__main__":
    main()
