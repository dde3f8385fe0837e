#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The packets that tcphs export --pcapng rebuilds, beside a capture of the same connections, as
Wireshark (tshark) reads both: flags, relative numbers, order, and what it makes of them.

	captured.py TOOL

captured/record has made the capture, and the recording, in a VM.
"""
import collections
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import tap
from tap import same

FOLDER = Path(__file__).resolve().parent / "captured"
TOOL = os.path.abspath(sys.argv[1])
ENV = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
FIELDS = ("ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.flags",
          "tcp.seq", "tcp.len", "tcp.ack", "tcp.completeness", "tcp.analysis.initial_rtt",
          "tcp.analysis.retransmission", "_ws.malformed")
FIN, SYN, RST, ACK = 1, 2, 4, 16
MARKED = FIN | SYN | RST
DATA = 8	# of tcp.completeness
CONNECTIONS = 13 + 3 + 7 + 1 + 6
RESENT = 3 + 3	# SYNs and FINs

Segment = collections.namedtuple("Segment", "sender flags seq ack")


class Flow:
    """One connection, as one of the files has it"""

    def __init__(self):
        self.segments, self.resent = [], []
        self.complete, self.has_rtt = 0, False

    def add(self, sender, row):
        flags = int(row["tcp.flags"], 16) & (MARKED | ACK)
        # Of a FIN behind data, the FIN's: data are not rebuilt.
        seq = int(row["tcp.seq"]) + (int(row["tcp.len"]) if flags & FIN else 0)
        segment = Segment(sender, flags, seq, int(row["tcp.ack"]) if flags & ACK else None)
        self.segments.append(segment)
        if flags & MARKED and row["tcp.analysis.retransmission"]:
            self.resent.append(segment)
        self.complete = int(row["tcp.completeness"]) & ~DATA
        self.has_rtt |= bool(row["tcp.analysis.initial_rtt"])

    def marked(self):
        return [s for s in self.segments if s.flags & MARKED]


def read(path):
    """{both ends: Flow}"""
    options = [word for field in FIELDS for word in ("-e", field)]
    ran = subprocess.run(["tshark", "-n", "-2", "-r", path, "-Y", "tcp", "-T", "fields", *options],
                         env=ENV, check=True, capture_output=True, text=True)
    flows = collections.defaultdict(Flow)
    for line in ran.stdout.splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        assert not row["_ws.malformed"], line
        source, destination = ((row["ip." + side] or row["ipv6." + side], row[f"tcp.{side}port"])
                               for side in ("src", "dst"))
        flows[frozenset((source, destination))].add(source, row)
    return flows


def is_part(part, whole):
    """Is each there, in that order?"""
    rest = iter(whole)
    return all(segment in rest for segment in part)


def differ(ours, theirs, of):
    """What is not the same in both, by connection"""
    return [f"{sorted(flow)}: {of(ours[flow])}, captured {of(theirs[flow])}" for flow in theirs
            if of(ours[flow]) != of(theirs[flow])]


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rebuilt.pcapng"
        subprocess.run([TOOL, "export", "--read", FOLDER / "segments.rec", "--pcapng", path], env=ENV,
                       check=True, capture_output=True)
        ours, theirs = read(path), read(FOLDER / "segments.pcap")
    same((len(ours), ours.keys()), (CONNECTIONS, theirs.keys()), "both have each connection")
    same(differ(ours, theirs, Flow.marked), [], "SYNs, FINs and RSTs: numbers, and order of both ends")
    same([f"{flow}" for flow in theirs if not is_part(ours[flow].segments, theirs[flow].segments)], [],
         "each ACK was captured, and in its place")
    same(differ(ours, theirs, lambda flow: flow.complete), [], "how each began and ended")
    same(differ(ours, theirs, lambda flow: flow.resent), [], "which SYNs and FINs were sent again")
    same(sum(len(flow.resent) for flow in theirs.values()), RESENT, "and some were")
    same(differ(ours, theirs, lambda flow: flow.has_rtt), [], "which of them had a whole handshake")
    return tap.end()


sys.exit(main())
