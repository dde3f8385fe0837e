#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Follows every connection of an event stream through the state diagram.

usage: model.py FILE	objects of tcphs events -j, a line each

RFC 9293, figure 5, with what Linux adds: a request in the SYN queue that expires
or is reset, TIME_WAIT that another connection takes over, sockets that are killed
in any state. A step that its state does not allow, a step without the one before
it, a second end, a life after the end: each is a line, and the exit status is 1.
Where records were lost or overwritten, a life may begin anywhere.
"""
import json
import sys

import objects

SYNCED = {"established", "fin-wait-1", "fin-wait-2", "closing", "close-wait", "last-ack"}

# event -> states it is allowed in: the state after it, "" for the same
STEPS = {
    "syn-sent": {"closed": "syn-sent"},
    "syn-retransmit": {"syn-sent": ""},
    "syn-received": {"listen": "syn-recv", "syn-sent": "syn-recv"},
    "syn-duplicate": {state: "" for state in SYNCED | {"syn-recv", "time-wait"}},
    "syn-unexpected": {state: "" for state in SYNCED | {"syn-recv", "time-wait"}},
    # By the request's timer, while another CPU takes the third ACK and what follows it.
    "synack-retransmit": {state: "" for state in ("syn-recv", "established", "close-wait",
                                                  "fin-wait-1")},
    "ack-deferred": {"syn-recv": ""},
    # After established: of a segment beside that which another CPU made the child of.
    "accept-overflow": {"syn-recv": "", "established": ""},
    "accept-queued": {"syn-recv": ""},
    "migrated": {state: "" for state in SYNCED | {"syn-recv", "closed"}},
    "accepted": {state: "" for state in SYNCED | {"syn-recv", "time-wait", "closed"}},
    "established": {state: "established" for state in ("syn-sent", "syn-recv", "closed")},
    "fin-sent": {"syn-recv": "fin-wait-1", "established": "fin-wait-1", "close-wait": "last-ack"},
    "fin-retransmit": {"fin-wait-1": "", "closing": "", "last-ack": ""},
    "fin-received": {"syn-recv": "close-wait", "established": "close-wait",
                     "fin-wait-1": "closing", "fin-wait-2": ("time-wait", "closed")},
    "fin-acked": {"fin-wait-1": "fin-wait-2", "closing": ("time-wait", "closed"),
                  "last-ack": "closed"},
    "time-wait": {"fin-wait-2": "time-wait", "closing": "time-wait"},
    "time-wait-fin": {"time-wait": ""},
    "time-wait-end": {"time-wait": "closed"},
    # From closed: it failed before there was a SYN.
    "connect-failed": {"syn-sent": "closed", "closed": "closed"},
    "request-expired": {"syn-recv": "closed"},
    "request-reset": {"syn-recv": "closed"},
    "closed": {state: ("closed", "time-wait") for state in SYNCED | {"syn-recv"}},
    "rst-sent": {state: "" for state in SYNCED | {"syn-sent", "syn-recv", "time-wait", "closed"}},
    "icmp-received": {state: "" for state in SYNCED | {"syn-sent", "syn-recv"}},
    "rst-received": {state: "" for state in SYNCED | {"syn-sent", "syn-recv", "time-wait"}},
}
BIRTHS = {"syn-sent", "syn-received"}
# Reasons of a life that ends where it begins: no SYN was sent, or a cookie was refused.
STILLBORN = {"no-port", "address-in-use", "no-route", "no-address", "not-permitted", "no-memory",
             "other", "accept-queue-full"}
ENDS = {"connect-failed", "request-expired", "request-reset", "closed"}
# What must have come before, in a life seen from its beginning
NEEDS = {
    "fin-acked": "fin-sent", "fin-retransmit": "fin-sent", "accepted": "accept-queued",
    "time-wait": "fin-sent", "time-wait-end": "time-wait", "time-wait-fin": "time-wait",
}
# The record says where a reset leads; the state follows with "closed". In the same
# way the last FIN or ACK and "time-wait" are two records of one change.
ANNOUNCE = {"rst-sent", "rst-received"}
ONCE = {"established", "accept-queued", "accepted", "fin-sent", "fin-received", "fin-acked",
        "time-wait", "time-wait-end"} | ENDS
OF_LISTENERS = {"listen", "unlisten", "backlog-changed", "syn-dropped", "syncookie-sent"}


class Life:
    def __init__(self, event, partial):
        self.partial = partial or event.get("adopted", False)
        self.state = event["old"]
        self.seen = set()
        self.over = False

    def problems(self, e):
        name, old, new = e["event"], e["old"], e["new"]
        steps = STEPS.get(name)
        if steps is None:
            yield "an event that the model does not know"
            return
        if not self.seen and not self.partial and name not in BIRTHS and \
                "syncookie" not in e.get("options", ()) and not e.get("restored") and \
                (name, old) != ("connect-failed", "closed") and \
                e.get("reason") not in STILLBORN | {"syncookie"}:
            yield "a life that begins in its middle"
        if name == "established" and (old == "closed") != e.get("restored", False):
            yield "established without a handshake, or restored with one"
        if name not in ANNOUNCE and old not in steps:
            yield f"not allowed in {old}"
        elif name not in ANNOUNCE and new not in steps[old] and new != (steps[old] or old):
            yield f"leads to {new}, not {steps[old]}"
        if name not in ANNOUNCE and old != self.state:
            yield f"the state was {self.state}"
        # What was reset in the accept queue stays there until accept() takes it.
        if self.over and name not in ("time-wait-end", "time-wait-fin", "syn-unexpected", "rst-sent",
                                      "rst-received", "accepted", "migrated"):
            yield "a step after the end"
        if name in ONCE and name in self.seen:
            yield "the second of its kind"
        needed = NEEDS.get(name)
        if needed and needed not in self.seen and not self.partial:
            yield f"without {needed}"
        if "closed" in self.seen and name == "time-wait-end" and "time-wait" not in self.seen \
                and not self.partial:
            yield "TIME_WAIT was never entered"

    def take(self, e):
        self.seen.add(e["event"])
        self.over = self.over or e["event"] in ENDS
        # fin-received and fin-acked before time-wait or closed: one change, reported twice
        if e["event"] in ANNOUNCE or (e["event"] in ("fin-received", "fin-acked") and
                                      e["new"] in ("time-wait", "closed")):
            return
        # closed behind time-wait is told from the state before it
        self.state = e["old"] if e["event"] == "time-wait" else e["new"]


def kind(e):
    """What tells objects apart for a schema: there are few of thousands."""
    return *e, e["event"], e.get("old"), e.get("new"), e.get("reason"), e.get("role"), e.get("family")


def main(path):
    kinds = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        lines = file.readlines()
    events = [json.loads(line) for line in lines]
    for e, line in zip(events, lines):
        kinds[kind(e)] = line
    objects.keep("events", "".join(kinds.values()))
    partial = any(e["event"] == "lost" for e in events)
    firsts = {}
    for e in events:
        if "number" in e:
            key = e["cpu"], e["netns"]
            firsts[key] = min(firsts.get(key, e["number"]), e["number"])
    partial = partial or any(number > 1 for number in firsts.values())
    lives, wrong = {}, 0
    for e in events:
        if e["event"] in OF_LISTENERS or e["event"] == "lost" or e["conn"] == "0" or \
                e.get("untracked"):
            continue
        key = e["netns"], e["conn"], e["generation"]
        # A socket counts its generations from 0 again when its TIME_WAIT is over.
        if key not in lives or (e["event"] in BIRTHS and "time-wait-end" in lives[key].seen):
            lives[key] = Life(e, partial)
        for problem in lives[key].problems(e):
            wrong += 1
            if wrong <= 9:
                print(f"{problem}: {json.dumps(e)}")
        lives[key].take(e)
    print(f"{len(lives)} lives, {len(events)} events, {wrong} wrong steps"
          f"{', seen in part' if partial else ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
