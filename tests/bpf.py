# SPDX-License-Identifier: GPL-2.0
"""Small BPF programs, assembled by hand: nothing compiles them where the tests run."""
import contextlib
import ctypes
import os
import platform
import socket
import struct

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
PROG_LOAD, PROG_ATTACH, PROG_DETACH = 5, 8, 9
SOCK_OPS, CGROUP_SOCK_ADDR, SK_REUSEPORT = 13, 18, 21	# types of programs
# Where they are attached.
CGROUP_SOCK_OPS, CGROUP_INET4_CONNECT, CGROUP_INET6_CONNECT, SELECT_OR_MIGRATE = 3, 10, 11, 40
SO_ATTACH_REUSEPORT_EBPF = 52
CGROUP = "/sys/fs/cgroup"

LIBC = ctypes.CDLL(None, use_errno=True)


def instruction(code, target=0, source=0, offset=0, number=0):
    return struct.pack("<BBhi", code, source << 4 | target, offset, number)


def move(target, number):
    return instruction(0xb7, target, number=number)


def copy(target, source):
    return instruction(0xbf, target, source)


def subtract(target, source):
    return instruction(0x1f, target, source)


def call(helper):
    return instruction(0x85, number=helper)


RETURN = instruction(0x95)
KTIME_GET_NS = 5


def call_bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"))
    result = LIBC.syscall(BPF, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf(): " + os.strerror(ctypes.get_errno()))
    return result


def load(kind, code, attach=0):
    program, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    # prog_type, insn_cnt, insns, license, log, kern_version, flags, name, ifindex, attach type
    return call_bpf(PROG_LOAD, struct.pack(
        "<IIQQIIQII16sII", kind, len(code) // 8, ctypes.addressof(program),
        ctypes.addressof(licence), 0, 0, 0, 0, 0, b"tcphs_test", 0, attach))


def migrates(listener):
    """Its group says itself where requests and connections of a closed listener go: by hash."""
    fd = load(SK_REUSEPORT, move(0, 1) + RETURN, SELECT_OR_MIGRATE)
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, fd)
    os.close(fd)


@contextlib.contextmanager
def slow_requests(nanoseconds):
    """
    Each request takes that long on its way into the SYN queue, or somewhat less: where the
    kernel asks the BPF programs of the listener's cgroup for its first timeout.
    """
    turns = 30000
    done = move(0, 1) + RETURN
    loop = call(KTIME_GET_NS) + subtract(0, 7) + \
        instruction(0xb5, 0, offset=2, number=nanoseconds) + done + \
        instruction(0x07, 8, number=-1) + instruction(0x55, 8, offset=-7)
    # The first word of the context is the operation, BPF_SOCK_OPS_TIMEOUT_INIT is 1.
    fd = load(SOCK_OPS, instruction(0x61, 2, 1) + instruction(0x55, 2, offset=10, number=1) +
              call(KTIME_GET_NS) + copy(7, 0) + move(8, turns) + loop + done)
    cgroup = os.open(CGROUP, os.O_RDONLY)
    attributes = struct.pack("<IIII", cgroup, fd, CGROUP_SOCK_OPS, 0)
    try:
        call_bpf(PROG_ATTACH, attributes)
        yield
    finally:
        call_bpf(PROG_DETACH, attributes)
        os.close(cgroup)
        os.close(fd)
