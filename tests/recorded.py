# SPDX-License-Identifier: GPL-2.0
"""A recording of tcphs record, as Documentation/recording.md has it: taken apart, and put together
again as if another machine, with another clock, had made it."""
import struct
import uuid
import zlib
from collections import namedtuple

import layout

MAGIC = b"\x89tcphs\r\n"
EVENTS, LOST, END, CLOCK, STATE, OLDER, KEPT, HOST, CGROUP = range(1, 10)

# @pieces: [(kind, content)]
Recording = namedtuple("Recording", "clock flags abi pieces")


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    magic, order, version, size, major, minor, record, clock, flags, crc = struct.unpack_from(
        "<8sIHHHHIqII", data)
    assert (magic, order, version, size, record) == (MAGIC, 0x01020304, 1, 40, layout.SIZE)
    assert crc == zlib.crc32(data[:36])
    at, pieces = size, []
    while at < len(data):
        kind, length, number, crc = struct.unpack_from("<IIII", data, at)
        content = data[at + 16:at + 16 + length]
        assert number == len(pieces)
        assert crc == zlib.crc32(content, zlib.crc32(data[at:at + 12]))
        pieces.append((kind, content))
        at += 16 + length
    return Recording(clock, flags, (major, minor), pieces)


def events(recording):
    return [content[i:i + layout.SIZE] for kind, content in recording.pieces if kind == EVENTS
            for i in range(0, len(content), layout.SIZE)]


def piece(number, kind, content):
    head = struct.pack("<III", kind, len(content), number)
    return head + struct.pack("<I", zlib.crc32(content, zlib.crc32(head))) + content


def host_piece(name, boot):
    return boot.bytes + name.encode().ljust(64, b"\0")


def head_of(of, clock=None):
    head = struct.pack("<8sIHHHHIqI", MAGIC, 0x01020304, 1, 40, *of.abi, layout.SIZE,
                       of.clock if clock is None else clock, of.flags)
    return head + struct.pack("<I", zlib.crc32(head))


def write(path, of, some, host=None, boot=None, clock=None, lost=(), cgroups=()):
    """@some events as one recording; @lost: before the n-th event so many, {n: count};
    @cgroups: what they are called, {number: path}"""
    pieces, lost = [], dict(lost)
    if host:
        pieces.append((HOST, host_piece(host, boot or uuid.uuid4())))
    for number, path_ in dict(cgroups).items():
        pieces.append((CGROUP, struct.pack("<Q", number) + path_.encode()))
    for n, event in enumerate(some):
        if n in lost:
            pieces.append((LOST, struct.pack("<QII", lost[n], 0, 0)))
        pieces.append((EVENTS, event))
    pieces.append((END, struct.pack("<QQ", len(some), sum(lost.values()))))
    with open(path, "wb") as file:
        file.write(head_of(of, clock))
        for n, (kind, content) in enumerate(pieces):
            file.write(piece(n, kind, content))


def frame(data):
    """As zstd has it, not any smaller."""
    blocks = [data[i:i + 2 ** 17] for i in range(0, len(data), 2 ** 17)]
    return (struct.pack("<IBI", 0xfd2fb528, 0xa0, len(data)) +
            b"".join(struct.pack("<I", len(b) << 3 | (b is blocks[-1]))[:3] + b for b in blocks))


def write_file(path, of, some, host, boot, clock, cgroups=()):
    """@some events as a file of a directory, of a recorder that begins and ends: a frame, and its
    entry"""
    times = [layout.field(event, "time") for event in some]
    state = struct.pack("<QQQIIII", times[-1], times[0], 1, 1, 0, 0, 0)
    pieces = [(HOST, host_piece(host, boot)), (STATE, state)]
    pieces += [(CGROUP, struct.pack("<Q", number) + name.encode())
               for number, name in dict(cgroups).items()]
    pieces += [(EVENTS, event) for event in some] + [(END, struct.pack("<QQ", len(some), 0))]
    data = head_of(of, clock) + b"".join(piece(n, *p) for n, p in enumerate(pieces))
    flags = 1 | 1 << 8 | 1 << 10 | of.abi[0] << 16
    entry = struct.pack("<8sQQQqqqIII", b"\x89tcphsi\n", 0, times[0], times[-1], clock,
                        clock + times[0], clock + times[-1], len(some), len(data), flags)
    entry += struct.pack("<I", zlib.crc32(entry))
    path.write_bytes(frame(data) + struct.pack("<II", 0x184d2a5e, len(entry)) + entry)


def shifted(some, ns):
    """The same by a clock that is @ns ahead."""
    return [layout.with_field(event, "time", layout.field(event, "time") + ns) for event in some]


def of_another(before, after, host, boot, clock=0, monotonic=0):
    """A recording as a machine of that name and boot would have made it, whose clocks are ahead: what
    makes time of day of its CLOCK_MONOTONIC by @clock ns, that clock by @monotonic."""
    of = read(before)
    with open(after, "wb") as file:
        file.write(head_of(of, of.clock + clock))
        for n, (kind, content) in enumerate(of.pieces):
            if kind == EVENTS:
                content = b"".join(shifted(events(Recording(0, 0, 0, [(kind, content)])), monotonic))
            elif kind == HOST:
                content = host_piece(host, boot)
            elif kind == CLOCK:
                content = struct.pack("<q", struct.unpack("<q", content)[0] + clock)
            elif kind == OLDER:
                count, time, *rest = struct.unpack("<QQII", content)
                content = struct.pack("<QQII", count, time + monotonic, *rest)
            file.write(piece(n, kind, content))
