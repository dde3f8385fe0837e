#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare what the program traffic says it did with what tcphs says happened.

usage: lives.py [--ended] EVENTS TRAFFIC...

EVENTS is of "tcphs events -j", each TRAFFIC of a run of traffic. A line of the
output is a problem, "NAME TOPIC: ...", where NAME is TRAFFIC's name without its
suffix; the last line is "compared N lives". --ended: TIME_WAIT is over too.

Topics: order (the steps and their states), reasons, identity, isns, numbers
(SEQ and ACK), owner, times, life (bytes and closer), queues, time-wait (with
--ended), strangers (events that nobody caused), records (their numbers). The last
two have the NAME "all".
"""
import json
import os
import sys

import kernel
from wire import PATIENCE

OPEN = {
    "active": ["syn-sent closed>syn-sent", "established syn-sent>established"],
    "passive": ["syn-received listen>syn-recv", "accept-queued syn-recv>syn-recv",
                "established syn-recv>established", "accepted established>established"],
}
CLOSE = {
    "closes": ["fin-sent established>fin-wait-1", "fin-acked fin-wait-1>fin-wait-2",
               "fin-received fin-wait-2>time-wait", "time-wait fin-wait-2>time-wait",
               "closed fin-wait-2>time-wait"],
    "is-closed": ["fin-received established>close-wait", "fin-sent close-wait>last-ack",
                  "fin-acked last-ack>closed", "closed last-ack>closed"],
    "resets": ["rst-sent established>closed", "closed established>closed"],
    "is-reset": ["rst-received established>closed", "closed established>closed"],
}
REFUSED = ["syn-sent closed>syn-sent", "rst-received syn-sent>closed",
           "connect-failed syn-sent>closed"]
REASONS = {
    "resets": {"rst-sent": "linger", "closed": "linger"},
    "is-reset": {"closed": "reset-received"},
    "refused": {"connect-failed": "refused"},
}
CLOSER = {"closes": "local", "is-closed": "peer", "resets": "none", "is-reset": "none"}
IN_OLD_STATE = ("fin-sent", "fin-received", "rst-sent", "rst-received", "time-wait")
QUEUE_EVENTS = ("syn-received", "accept-queued", "accepted")
# Nobody plans these; a machine that stands still for a second makes them. That the
# kernel counted as many is the caller's to compare.
RESENDS = {
    "active": ("syn-retransmit",),
    "passive": ("synack-retransmit", "syn-duplicate"),
}

MOD = 1 << 32
TIME_WAIT = 60 * 10**9
# A timer of a minute may come 1/8 of its wheel's level late: 512 jiffies, with
# HZ=100 5.12 s; and an emulated CPU is not prompt.
LATE = 6 * 10**9
# And as early as jiffies were behind the clock when it was armed: a debug kernel that an emulated
# CPU was taken away from was seen 0.22 s behind.
TICK = 10**7 if PATIENCE == 1 else 10**9 // 2


class Side:
    """One end of a connection, as traffic made it."""

    def __init__(self, run, did, role):
        me, peer = ("client", "server") if role == "active" else ("server", "client")
        self.run = run
        self.role = role
        self.what = "connection %d (%s, %s)" % (did["connection"], did["kind"], me)
        self.conn = did[me + "_conn"]
        self.address = (did[me], did[me + "_port"], did[peer], did[peer + "_port"])
        self.sent = did[me + "_bytes"]
        self.received = did[peer + "_bytes"]
        self.comm = "traffic-" + me
        self.end = self.end_of(did["kind"], me)
        self.late = did["late_bytes"]
        self.events = []
        self.resends = []
        self.peer = None

    @staticmethod
    def end_of(kind, me):
        if kind == "refused":
            return "refused"
        who, _, rst = kind.partition("-")
        if rst:
            return "resets" if who == me else "is-reset"
        return "closes" if who == me else "is-closed"

    def story(self, ended):
        if self.end == "refused":
            return REFUSED
        end = ["time-wait-end time-wait>closed"] if ended and self.end == "closes" else []
        return OPEN[self.role] + CLOSE[self.end] + end

    def problem(self, topic, text):
        print("%s %s: %s: %s" % (self.run.name, topic, self.what, text))

    def expect(self, topic, what, value, expected):
        if value != expected:
            self.problem(topic, "%s is %s, expected %s" % (what, value, expected))

    def one(self, event):
        """The event of that name; the order is checked already."""
        for e in self.events:
            if e["event"] == event:
                return e
        return None

    def resent(self, *names, before=None):
        """How often, until the event of that name if given."""
        until = self.one(before)["time"] if before else float("inf")
        return sum(e["event"] in names and e["time"] < until for e in self.resends)


class Run:
    """One run of traffic."""

    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.sides = []
        self.strangers = {}
        self.listener_events = []
        with open(path, encoding="ascii") as f:
            for did in map(json.loads, f):
                self.add(did)

    def add(self, did):
        if "listener" in did:
            self.listener = did["listener"]
            self.pid = did["pid"]
            return
        client = Side(self, did, "active")
        self.sides.append(client)
        if did["kind"] == "refused":
            a = client.address
            self.strangers[(a[2], a[3], a[0], a[1])] = client
            return
        server = Side(self, did, "passive")
        client.peer, server.peer = server, client
        self.sides.append(server)


def problem(name, topic, text):
    print("%s %s: %s" % (name, topic, text))


def address_of(e):
    return e["local"], e["local_port"], e["peer"], e["peer_port"]


def check_order(side, ended):
    reported = ["%s %s>%s" % (e["event"], e["old"], e["new"]) for e in side.events]
    story = side.story(ended)
    if reported != story:
        side.problem("order", "%s, expected %s" % (", ".join(reported), ", ".join(story)))
    return reported == story


def check_resends(side):
    """A SYN comes twice only when it was sent twice."""
    came = side.resent("syn-duplicate")
    if came and came > side.peer.resent("syn-retransmit"):
        side.problem("order", "a SYN came again that was not sent again")


def check_reasons(side):
    for e in side.events:
        if e["event"] != "time-wait-end":
            side.expect("reasons", "%s, reason" % e["event"], e.get("reason"),
                        REASONS.get(side.end, {}).get(e["event"]))


def check_identity(side):
    for e in side.events + side.resends:
        name = e["event"]
        side.expect("identity", name + ", address", address_of(e), side.address)
        side.expect("identity", name + ", role", e["role"], side.role)
        side.expect("identity", name + ", generation", e["generation"], 0)
        side.expect("identity", name + ", family", e["family"],
                    "ipv6" if side.run.name.startswith("ipv6") else "ipv4")
        side.expect("identity", name + ", mapped", e.get("mapped", False),
                    side.run.name.startswith("mapped"))
        for flag in ("adopted", "untracked"):
            side.expect("identity", name + ", " + flag, e.get(flag), None)


def check_isns(side):
    isn, last = side.events[0].get("isn"), side.events[-1]
    for e in side.events:
        side.expect("isns", e["event"] + ", isn", e.get("isn"), isn)
    if isn is None:
        side.problem("isns", "unknown")
    if side.peer and side.peer.events:
        for e in side.events:
            if e["event"] != "syn-sent":
                side.expect("isns", e["event"] + ", peer_isn", e.get("peer_isn"),
                            side.peer.events[0].get("isn"))
    else:
        side.expect("isns", "peer_isn", last.get("peer_isn"), None)


def reset_numbers(seq, ack):
    """Of a RST that was received."""
    return (seq, ack) if kernel.RESET_HAS_SEGMENT else (None, None)


def expected_numbers(side):
    """Event -> (SEQ, ACK) as RFC 9293 counts; None: not given."""
    isn = side.one(side.events[0]["event"])["isn"]
    if side.end == "refused":
        return {"syn-sent": (isn, None), "rst-received": reset_numbers(0, isn + 1),
                "connect-failed": (None, None)}
    peer = side.events[-1]["peer_isn"]
    first, peer_first = isn + 1, peer + 1
    fin, peer_fin = first + side.sent, peer_first + side.received
    numbers = {
        "syn-sent": (isn, None), "syn-received": (peer, None),
        "accept-queued": (peer_first, first), "accepted": (None, None),
        "established": (first, peer_first) if side.role == "active" else (peer_first, first),
        "rst-sent": (fin, peer_fin), "rst-received": reset_numbers(peer_fin, fin),
        "closed": (None, None),
        "time-wait-end": (None, None),
    }
    if side.end == "closes":
        # The peer may go on sending after our FIN.
        before = peer_fin - side.late
        numbers.update({"fin-sent": (fin, before), "fin-acked": (before, fin + 1),
                        "fin-received": (peer_fin, fin + 1),
                        "time-wait": (fin + 1, peer_fin + 1)})
    elif side.end == "is-closed":
        numbers.update({"fin-received": (peer_fin, fin - side.late),
                        "fin-sent": (fin, peer_fin + 1), "fin-acked": (peer_fin + 1, fin + 1)})
    return numbers


def check_numbers(side):
    expected = expected_numbers(side)
    for e in side.events:
        for name, value in zip(("seq", "ack"), expected[e["event"]]):
            if value is not None:
                value %= MOD
            side.expect("numbers", "%s, %s" % (e["event"], name), e.get(name), value)


def check_owner(side):
    """connect() and accept() make the owner; until then nobody is."""
    owned = side.role == "active"
    for e in side.events:
        owned = owned or e["event"] == "accepted"
        side.expect("owner", e["event"], (e.get("pid"), e.get("comm")),
                    (side.run.pid, side.comm) if owned else (None, None))


def entered(events, state):
    """When an end came to a state."""
    return next(e["time"] for e in events
                if e["new"] == state and e["old"] != state)


def check_times(side):
    events = side.events
    for before, after in zip(events, events[1:]):
        if before["time"] > after["time"]:
            side.problem("times", "%s after %s" % (before["event"], after["event"]))
    start = events[0]["time"]
    since = {"established": start, "closed": start, "connect-failed": start}
    if side.role == "passive":
        since["accept-queued"] = start
        since["accepted"] = side.one("accept-queued")["time"]
    if side.one("fin-sent"):
        since["fin-acked"] = side.one("fin-sent")["time"]
    for e in events:
        if e["event"] in IN_OLD_STATE:
            since[e["event"]] = entered(events, e["old"])
        if e["event"] in since:
            side.expect("times", e["event"] + ", duration", e.get("duration_ns"),
                        e["time"] - since[e["event"]])
    if side.end != "refused" and not side.one("established")["duration_ns"] > 0:
        side.problem("times", "the handshake took no time")


def check_life(side):
    closed = side.one("closed")
    if not closed:
        return
    side.expect("life", "bytes_sent", closed["bytes_sent"], side.sent)
    side.expect("life", "bytes_received", closed["bytes_received"], side.received)
    side.expect("life", "closer", closed["closer"], CLOSER[side.end])
    made = "established" if side.role == "active" else "accept-queued"
    resent = side.resent("syn-retransmit", "synack-retransmit", before=made)
    side.expect("life", "retransmits", closed["retransmits"], resent)
    side.expect("life", "time_wait_ahead", closed.get("time_wait_ahead", False),
                side.end == "closes")
    handshake = side.one("established")["duration_ns"]
    side.expect("life", "retransmits of the handshake",
                side.one("established")["retransmits"], resent)
    side.expect("life", "handshake_us", closed["handshake_us"], max(1, handshake // 1000))


def check_queues(side):
    for e in side.events:
        if (e["event"] in QUEUE_EVENTS) != ("listener" in e):
            side.problem("queues", e["event"] + " has the wrong detail")
        elif "listener" in e:
            side.expect("queues", e["event"] + ", listener", e["listener"], side.run.listener)
            here = e["syn_queue" if e["event"] == "syn-received" else "accept_queue"]
            if not 1 <= here <= e["accept_limit"] + 1 and e["event"] != "accepted":
                side.problem("queues", "%s: %d in the queue" % (e["event"], here))


def check_time_wait(side):
    if side.end != "closes":
        return
    end = side.one("time-wait-end")
    side.expect("time-wait", "reason", end.get("reason"), "expired")
    took = end["time"] - side.one("time-wait")["time"]
    side.expect("time-wait", "duration", end.get("duration_ns"), took)
    if not TIME_WAIT - TICK <= took <= TIME_WAIT + LATE:
        side.problem("time-wait", "lasted %.6f s" % (took / 1e9))


def check_refusal(run, e):
    """The RST of a port where nobody listens; it belongs to no connection."""
    client = run.strangers.pop(address_of(e), None)
    if not client:
        problem("all", "strangers", json.dumps(e))
        return
    reported = (e["event"], e["old"], e["new"], e.get("reason"), e.get("seq"), e.get("ack"))
    syn = client.events[0].get("seq", 0) if client.events else 0
    client.expect("order", "its refusal", reported,
                  ("rst-sent", "closed", "closed", "no-socket", 0, (syn + 1) % MOD))
    client.expect("identity", "its refusal, mapped", e.get("mapped", False), False)


def numbered(events):
    """Pass the events on; a CPU numbers its own from 1 without holes."""
    last = {}
    netns = os.stat("/proc/self/ns/net").st_ino
    for e in events:
        cpu = e["cpu"]
        if e.get("number") != last.get(cpu, 0) + 1 or e["netns"] != netns:
            problem("all", "records", json.dumps(e))
        if "number" in e:
            last[cpu] = e["number"]
            yield e


def attribute(runs, events):
    """Give each event to whose it is; what is left nobody caused."""
    by_conn = {side.conn: side for run in runs for side in run.sides}
    by_listener = {run.listener: run for run in runs}
    refusals = []
    for e in events:
        side = by_conn.get(e.get("conn"))
        if side:
            resend = e["event"] in RESENDS[side.role]
            (side.resends if resend else side.events).append(e)
            continue
        run = by_listener.get(e.get("conn"))
        if run and e["event"] in ("listen", "unlisten"):
            run.listener_events.append(e["event"])
            continue
        # Both runs over IPv4 may have had the same addresses.
        run = next((r for r in runs if e["event"] == "rst-sent" and
                    address_of(e) in r.strangers), None)
        if run:
            refusals.append((run, e))
        else:
            problem("all", "strangers", json.dumps(e))
    for run, e in refusals:
        check_refusal(run, e)


def check_side(side, ended):
    if not check_order(side, ended):
        return
    check_resends(side)
    check_reasons(side)
    check_identity(side)
    check_isns(side)
    check_numbers(side)
    check_owner(side)
    check_times(side)
    check_life(side)
    check_queues(side)
    if ended:
        check_time_wait(side)


def main(argv):
    ended = argv[1:2] == ["--ended"]
    files = argv[2:] if ended else argv[1:]
    runs = [Run(path) for path in files[1:]]
    with open(files[0], encoding="ascii") as f:
        attribute(runs, numbered(map(json.loads, f)))
    for run in runs:
        if run.listener_events != ["listen", "unlisten"]:
            problem(run.name, "order", "listener: %s" % run.listener_events)
        for address in run.strangers:
            problem(run.name, "order", "no RST answered %s:%d" % address[2:])
        for side in run.sides:
            check_side(side, ended)
    print("compared %d lives" % sum(len(run.sides) for run in runs))


main(sys.argv)
