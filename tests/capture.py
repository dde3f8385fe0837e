#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare tcphs's events with the segments that tcpdump saw.

usage: capture.py EVENTS CAPTURE...

A line of the output is a problem, "TOPIC: ..."; the last line is "compared N
lives with M segments". Topics: isns, fins, rsts, order, strangers.

A capture on loopback has each segment once. Each end of a connection tells some
of them: what it sent, and what it received. Both must be on the wire, with that
sequence number, and in that order.
"""
import ipaddress
import json
import struct
import sys

import kernel

FIN, SYN, RST, ACK = 1, 2, 4, 16
MOD = 1 << 32


def packets(path):
    """The packets of a capture file, as they were written."""
    with open(path, "rb") as f:
        data = f.read()
    magic, link = struct.unpack_from("<I16xI", data)
    if magic not in (0xa1b2c3d4, 0xa1b23c4d) or link != 1:
        sys.exit("%s: magic %x, link type %d" % (path, magic, link))
    at = 24
    while at < len(data):
        size, = struct.unpack_from("<8xI", data, at)
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def segments(path):
    """(source, its port, destination, its port, SEQ, ACK, flags) of each."""
    for p in packets(path):
        kind, = struct.unpack_from("!12xH", p)
        if kind == 0x0800 and p[23] == 6:
            tcp = 14 + (p[14] & 15) * 4
            end = 14 + struct.unpack_from("!H", p, 16)[0]
            addresses = p[26:30], p[30:34]
        elif kind == 0x86dd and p[20] == 6:
            tcp = 54
            end = 54 + struct.unpack_from("!H", p, 18)[0]
            addresses = p[22:38], p[38:54]
        else:
            continue
        sport, dport, seq, ack, words, flags = struct.unpack_from("!HHIIBB", p, tcp)
        if flags & FIN:
            # Its own number: data go before it.
            seq = (seq + end - tcp - (words >> 4) * 4) % MOD
        yield addresses[0], sport, addresses[1], dport, seq, ack, flags


def marked(path):
    """SYNs, FINs and RSTs by flow, each once and in their order."""
    flows = {}
    for *flow, seq, ack, flags in segments(path):
        if not flags & (SYN | FIN | RST):
            continue
        kind = "RST" if flags & RST else "FIN" if flags & FIN else \
            "SYN+ACK" if flags & ACK else "SYN"
        flow = tuple(flow)
        life = flows.setdefault(frozenset((flow[:2], flow[2:])), [])
        # On a slow machine the kernel sends one again.
        if (kind, flow, seq) not in [s[:3] for s in life]:
            life.append((kind, flow, seq, ack if flags & ACK else None))
    return flows


def flow_of(e):
    """The flow that the end of an event sends."""
    return (ipaddress.ip_address(e["local"]).packed, e["local_port"],
            ipaddress.ip_address(e["peer"]).packed, e["peer_port"])


def expected(e):
    """The segment an event speaks of, as (kind, flow, SEQ, ACK), or None."""
    out = flow_of(e)
    back = out[2:] + out[:2]
    seq, ack = e.get("seq"), e.get("ack")
    if e["event"] == "syn-sent":
        return "SYN", out, seq, None
    if e["event"] == "syn-received":
        return "SYN", back, seq, None
    if e["event"] == "established" and e["role"] == "active":
        return "SYN+ACK", back, e["peer_isn"], seq
    if e["event"] == "fin-sent":
        return "FIN", out, seq, ack
    if e["event"] == "fin-received":
        return "FIN", back, seq, ack
    if e["event"] == "rst-sent":
        return "RST", out, seq, ack
    if e["event"] == "rst-received":
        return "RST", back, seq, ack
    return None


TOPIC = {"SYN": "isns", "SYN+ACK": "isns", "FIN": "fins", "RST": "rsts"}


def compare_life(name, reported, seen):
    """Every segment of the flow, and in this order, as one end reported them."""
    if [t[0] for t in reported] != [s[0] for s in seen]:
        print("order: %s: reported %s, captured %s" %
              (name, [t[0] for t in reported], [s[0] for s in seen]))
        return
    for t, s in zip(reported, seen):
        if not kernel.RESET_HAS_SEGMENT and t[0] == "RST" and t[2:] == (None, None):
            s = s[:2] + (None, None)
        if t != s:
            print("%s: %s: reported %s, captured %s" % (TOPIC[t[0]], name, t, s))


def check_isns(name, events, seen):
    """Both ISNs in every record, from both ends, are those on the wire."""
    isn = {s[1]: s[2] for s in seen if s[0] in ("SYN", "SYN+ACK")}
    for e in events:
        out = flow_of(e)
        for key, flow in (("isn", out), ("peer_isn", out[2:] + out[:2])):
            if key in e and e[key] != isn.get(flow):
                print("isns: %s: %s %s is %s, captured %s" %
                      (name, e["event"], key, e[key], isn.get(flow)))


def lives(path):
    """Events by connection; the RST of a closed port has none of its own."""
    by_life = {}
    with open(path, encoding="ascii") as f:
        for e in map(json.loads, f):
            if e["event"] not in ("listen", "unlisten"):
                by_life.setdefault((e["conn"], flow_of(e)), []).append(e)
    return by_life


def for_nobody(by_life):
    """RSTs that no life sent, as (flow, SEQ): an ACK that comes late, on a slow machine, is
    answered by one where the socket has gone."""
    return {(flow_of(e), e.get("seq")) for events in by_life.values() for e in events
            if e["conn"] == "0" and e["event"] == "rst-sent"}


def one_end(events, flows, used, nobodys):
    name = "%s %s:%s > %s:%s" % (events[0]["conn"], events[0]["local"], events[0]["local_port"],
                                 events[0]["peer"], events[0]["peer_port"])
    out = flow_of(events[0])
    flow = frozenset((out[:2], out[2:]))
    seen = flows.get(flow)
    if not seen:
        print("strangers: %s is not in the capture" % name)
        return
    used.add(flow)
    reported = [t for t in map(expected, events) if t]
    # Only the end that opens sees the SYN+ACK as an event of its own, and
    # where nobody listens there is nothing but the RST.
    if events[0]["event"] == "syn-received":
        seen = [s for s in seen if s[0] != "SYN+ACK"]
    if events[0]["conn"] == "0":
        seen = [s for s in seen if s[0] == "RST"]
    elif "RST" not in [t[0] for t in reported]:
        seen = [s for s in seen if s[0] != "RST" or s[1:3] not in nobodys]
    compare_life(name, reported, seen)
    check_isns(name, events, flows[flow])


def main(argv):
    flows = {}
    for path in argv[2:]:
        flows.update(marked(path))
    used = set()
    by_life = lives(argv[1])
    nobodys = for_nobody(by_life)
    for events in by_life.values():
        one_end(events, flows, used, nobodys)
    for flow in flows.keys() - used:
        print("strangers: captured, never reported: %s" % flows[flow])
    print("compared %d lives with %d segments" %
          (len(by_life), sum(len(seen) for seen in flows.values())))


if __name__ == "__main__":
    main(sys.argv)
