#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare what tcphs export --pcapng has rebuilt with the segments that tcpdump saw.

usage: rebuilt.py both|active|passive PCAPNG CAPTURE...

A line of the output is a problem; the last line is "compared N packets of N flows". Whose
records were exported, the first word says. SYNs, FINs and RSTs must be those of the capture, in
its order, each sender's by itself. An ACK must be there, with these numbers; and those of
the handshake and of FINs must not be missing.
"""
import collections
import struct
import sys

import capture
import kernel
from capture import ACK, FIN, MOD, RST, SYN

SECTION, INTERFACE, PACKET = 0x0a0d0d0a, 1, 6
COMMENT, APPLICATION, NAME, TSRESOL, FLAGS = 1, 4, 2, 9, 2
# Clocks are the same, what takes its time is to write the record.
SECONDS_APART = 30

Packet = collections.namedtuple("Packet", "source sport destination dport seq ack flags window"
                                " time outbound interface comment")


def options(body):
    """Each option of a block once, by its code"""
    found = {}
    while body:
        code, size = struct.unpack_from("=HH", body)
        if not code:
            assert not size and len(body) == 4, "something is behind the last option"
            return found
        assert code not in found, f"option {code} is there twice"
        found[code] = body[4:4 + size]
        assert not any(body[4 + size:4 + (size + 3 & ~3)]), "padding is zero"
        body = body[4 + (size + 3 & ~3):]
    raise AssertionError("options have no end")


def blocks(data):
    """Type and body of each block"""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("=II", data, at)
        assert size % 4 == 0 and 12 <= size <= len(data) - at, f"a block of {size} bytes"
        assert struct.unpack_from("=I", data, at + size - 4)[0] == size, "two lengths"
        yield kind, data[at + 8:at + size - 4]
        at += size


def sums_up(data):
    """Is the checksum that is in there right?"""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total == 0xffff


def segment(data):
    """The fields of one, whose headers must be whole and their checksums right"""
    if data[0] >> 4 == 4:
        assert data[0] == 0x45 and data[9] == 6 and sums_up(data[:20]), "IPv4"
        assert struct.unpack_from("!H", data, 2)[0] == len(data), "IPv4's length"
        addresses, tcp = data[12:20], data[20:]
    else:
        assert data[0] >> 4 == 6 and data[6] == 6, "IPv6"
        assert struct.unpack_from("!H", data, 4)[0] == len(data) - 40, "IPv6's length"
        addresses, tcp = data[8:40], data[40:]
    assert sums_up(addresses + struct.pack("!HH", 6, len(tcp)) + tcp), "TCP's checksum"
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from("!HHIIBBH", tcp)
    assert (offset >> 4) * 4 == len(tcp), "data"
    half = len(addresses) // 2
    return addresses[:half], sport, addresses[half:], dport, seq, ack, flags, window


def packets(path):
    """All packets of a pcapng file that has one section"""
    interfaces = []
    with open(path, "rb") as f:
        all_blocks = list(blocks(f.read()))
    assert [kind for kind, _ in all_blocks].count(SECTION) == 1 and all_blocks[0][0] == SECTION
    for kind, body in all_blocks:
        if kind == SECTION:
            assert struct.unpack_from("=IHHq", body) == (0x1a2b3c4d, 1, 0, -1), "section"
            reported = options(body[16:])
            assert reported[APPLICATION].startswith(b"tcphs "), reported
            assert b"not captured" in reported[COMMENT], reported
        elif kind == INTERFACE:
            assert struct.unpack_from("=HHI", body) == (101, 0, 0), "interface"
            reported = options(body[8:])
            assert reported[TSRESOL] == b"\x09", reported
            interfaces.append(reported[NAME].decode())
        else:
            assert kind == PACKET, f"block {kind}"
            number, high, low, size, wire = struct.unpack_from("=IIIII", body)
            assert size == wire, "nothing is cut"
            reported = options(body[20 + (size + 3 & ~3):])
            direction, = struct.unpack("=I", reported[FLAGS])
            assert direction in (1, 2), direction
            yield Packet(*segment(body[20:20 + size]), high << 32 | low, direction == 2,
                         interfaces[number], reported[COMMENT].decode())


def times(path):
    """When each packet of a capture came, in ns, as capture.packets() has them"""
    with open(path, "rb") as f:
        data = f.read()
    unit = 1000 if struct.unpack_from("<I", data)[0] == 0xa1b2c3d4 else 1
    at = 24
    while at < len(data):
        second, part, size = struct.unpack_from("<III", data, at)
        yield second * 10**9 + part * unit
        at += 16 + size


def kind_of(flags):
    return flags & (SYN | FIN | RST | ACK)


def numbers(seq, ack, flags):
    """Of a segment, as far as they say something"""
    return kind_of(flags), seq, ack if flags & ACK else 0


class Flow:
    """All of one connection, captured or rebuilt"""

    def __init__(self):
        self.marked = collections.defaultdict(list)     # by sender: SYN, FIN, RST
        self.acks = collections.defaultdict(list)       # by sender
        self.first = None

    def add(self, sender, what, time):
        self.first = self.first or time
        (self.marked if what[0] & (SYN | FIN | RST) else self.acks)[sender].append(what)

    def all_marked(self):
        return [what for sender in self.marked.values() for what in sender]

    def reset(self):
        return any(kind & RST for kind, _, _ in self.all_marked())

    def answered(self):
        return any(kind == SYN | ACK for kind, _, _ in self.all_marked())

    def acks_wanted(self):
        """Those of the handshake, and of FINs where no RST came between"""
        kinds = (SYN | ACK,) if self.reset() else (SYN | ACK, FIN | ACK)
        for sender, sent in self.marked.items():
            for kind, seq, _ in sent:
                if kind in kinds:
                    yield sender, (seq + 1) % MOD


def sort(segments):
    flows = collections.defaultdict(Flow)
    for (source, sport, destination, dport, seq, ack, flags), time in segments:
        flow = flows[frozenset(((source, sport), (destination, dport)))]
        flow.add((source, sport), numbers(seq, ack, flags), time)
    return flows


def told_of(sent, both):
    """What one end alone could tell: of what comes again nothing, nor on some kernels the numbers
    of a RST"""
    if both:
        return sent
    return [what for what in dict.fromkeys(sent)
            if kernel.RESET_HAS_SEGMENT or not what[0] & RST]


def is_nobodys(what, sent):
    """A RST, without an ACK, from behind its sender's FIN: for an ACK that came when that had gone"""
    return what[0] == RST and any(kind & FIN and (seq + 1) % MOD == what[1] for kind, seq, _ in sent)


def compare(name, rebuilt, seen, both):
    for sender in rebuilt.marked.keys() | seen.marked.keys():
        reported, sent = (told_of(f.marked[sender], both) for f in (rebuilt, seen))
        if not both:
            sent = [what for what in sent if what in reported or not is_nobodys(what, sent)]
        if reported != sent:
            yield f"{name}: {sender}: rebuilt {reported}, captured {sent}"
    for sender, acks in rebuilt.acks.items():
        for one in acks:
            if one not in seen.acks[sender]:
                yield f"{name}: {sender}: no such ACK was captured: {one}"
    if abs(rebuilt.first - seen.first) > SECONDS_APART * 10**9:
        yield f"{name}: begins at {rebuilt.first}, captured at {seen.first}"
    for sender, number in seen.acks_wanted() if both else ():
        sent = [a for other, acks in seen.acks.items() if other != sender for a in acks]
        had = [a for other, acks in rebuilt.acks.items() if other != sender for a in acks]
        first = next((a for a in sent if a[2] == number), None)
        if first and had.count(first) != 1:
            yield f"{name}: the ACK {first} is rebuilt {had.count(first)} times"


def problems(view, rebuilt, seen):
    wanted = {f for f in seen if view != "passive" or seen[f].answered()}
    for flow in wanted ^ rebuilt.keys():
        yield f"{'captured' if flow in seen else 'rebuilt'} alone: {flow}"
    for flow in wanted & rebuilt.keys():
        yield from compare(flow, rebuilt[flow], seen[flow], view == "both")


def main(view, path, *captures):
    rebuilt = list(packets(path))
    for p in rebuilt:
        if not p.comment.startswith("reconstructed by tcphs, not captured; "):
            print("comment:", p.comment)
    if [p.time for p in rebuilt] != sorted(p.time for p in rebuilt):
        print("order: not as time goes")
    seen = [pair for name in captures for pair in zip(capture.segments(name), times(name))]
    flows = sort((p[:7], p.time) for p in rebuilt)
    for problem in problems(view, flows, sort(seen)):
        print(problem)
    print(f"compared {len(rebuilt)} packets of {len(flows)} flows")


if __name__ == "__main__":
    main(*sys.argv[1:])
