# SPDX-License-Identifier: GPL-2.0
"""Segments: as they were on the wire, and made by hand."""
import collections
import select
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
# Kinds of options.
NOP, FAST_OPEN = 1, 34
ETH_P_ALL, SO_TIMESTAMPNS = 3, 35

Segment = collections.namedtuple(
    "Segment", "time source sport target dport seq ack flags window options data")


def sum32(a, b):
    return (a + b) & 0xffffffff


def names(flags):
    return "+".join(name for name, bit in (("SYN", SYN), ("FIN", FIN), ("RST", RST), ("ACK", ACK))
                    if flags & bit)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def parse(frame, when):
    """The TCP segment in an Ethernet frame; None: there is none."""
    if len(frame) < 54 or frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP:
        return None
    start = 14 + 4 * (frame[14] & 15)
    tcp = frame[start:14 + struct.unpack("!H", frame[16:18])[0]]
    sport, dport, seq, ack, offset, flags, window = struct.unpack("!HHIIBBH", tcp[:16])
    end = 4 * (offset >> 4)
    return Segment(when, socket.inet_ntoa(frame[26:30]), sport, socket.inet_ntoa(frame[30:34]),
                   dport, seq, ack, flags & 0x1f, window, tcp[20:end], tcp[end:])


def made(source, sport, target, dport, seq, ack, flags, data=b"", options=b""):
    """The packet for a raw socket."""
    options += b"\1" * (-len(options) % 4)
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) << 2, flags, 64240,
                      0, 0) + options + data
    total = checksum(addresses + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0) + \
        addresses + tcp


def stamp(notes):
    """When a packet came, of what recvmsg() says beside it."""
    return next(s + n / 1e9 for s, n in (struct.unpack("qq", data[:16]) for _, kind, data in notes
                                         if kind == SO_TIMESTAMPNS))


def stamped(probe):
    """Does a packet have the time at which it came? Before the kernel has patched itself to note
    that, which it does when it finds the time, it is the time at which it was read."""
    probe.sendto(b"", probe.getsockname())
    sent = time.time()
    time.sleep(0.01)
    return stamp(probe.recvmsg(1, 64)[1]) <= sent


def option(segment, wanted):
    """The option as the segment has it, kind and length with it; empty: it has none."""
    rest = segment.options
    while rest and rest[0]:
        length = 1 if rest[0] == NOP else rest[1]
        if rest[0] == wanted:
            return rest[:length]
        rest = rest[length:]
    return b""


class Wire:
    """All that passes the server's end of the wire, in its order, lost there or not."""

    def __init__(self, machine, device):
        with machine:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for s in self.socket, probe:
            s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        with probe:
            probe.bind(("127.0.0.1", 0))
            while not stamped(probe):
                pass
        self.socket.bind((device, ETH_P_ALL))
        self.socket.setblocking(False)
        self.frames, self.passed = [], []

    def segments(self, wanted=lambda segment: True):
        """Those that have passed so far."""
        while True:
            try:
                frame, notes, _, _ = self.socket.recvmsg(65535, 64)
            except BlockingIOError:
                break
            when = stamp(notes)
            segment = parse(frame, when)
            if segment:
                self.frames.append((when, frame))
                self.passed.append(segment)
        return [segment for segment in self.passed if wanted(segment)]

    def wait(self, wanted, seconds, count=1):
        """Those wanted, as soon as there are so many of them; fewer when the time is up."""
        deadline = time.monotonic() + seconds
        while len(found := self.segments(wanted)) < count and time.monotonic() < deadline:
            select.select([self.socket], [], [], 0.1)
        return found

    def end(self):
        self.socket.close()

    def write(self, path):
        """What has passed, for tcpdump -r."""
        self.segments()
        with open(path, "wb") as file:
            file.write(struct.pack("IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
            for when, frame in self.frames:
                file.write(struct.pack("IIII", int(when), int(when % 1 * 1e9), len(frame),
                                       len(frame)) + frame)
