#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel's counters against what tcphs reported of the same time.

usage: agreement.py BEFORE AFTER EVENTS STILLBORN

BEFORE and AFTER are of nstat -asz --json, EVENTS of tcphs events -j, STILLBORN is how
many sockets the kernel's own trace saw going from SYN_RECV to CLOSE. Prints "pass
NAME" or "fail NAME" for each counter; what a counter counts, in events, is in the
table below and in Documentation/counters.md.
"""
import collections
import json
import sys

import kernel


def load(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return json.load(file)["kernel"]


class Reported:
    """How often an event was reported, by states and reason."""

    def __init__(self, path):
        self.events = []
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                self.events.append(json.loads(line))
        self.kinds = collections.Counter()
        for e in self.events:
            self.kinds[e["event"], e.get("old"), e.get("reason")] += 1

    def __call__(self, event, old=None, reason=None, not_reason=()):
        """@old, @reason: one or several; None: any."""
        def fits(value, wanted):
            return wanted is None or value in (wanted if isinstance(wanted, tuple) else (wanted,))

        return sum(n for (e, o, r), n in self.kinds.items()
                   if e == event and fits(o, old) and fits(r, reason) and r not in not_reason)

    def where(self, condition):
        return sum(1 for e in self.events if condition(e))


def relations(t, stillborn):
    """Counter, what it should be, and how many more it may be where that can't be known."""
    full = "accept-queue-full"
    yield "TcpActiveOpens", t("syn-sent")
    # and children that never reach the queue: two CPUs made one of the same request
    yield "TcpPassiveOpens", t("accept-queued") + stillborn - t("closed", "syn-recv")
    # tcp_done() in a handshake, but not tcp_disconnect(); and a RST or SYN for a request,
    # which that of a Fast Open child still is until the third ACK
    yield "TcpAttemptFails", (
        t("connect-failed", None, ("refused", "timeout", "unreachable", "icmp-refused",
                                   "icmp-prohibited", "killed")) +
        t("request-reset", None, ("reset-received", "bad-segment")) +
        t("closed", "syn-recv", ("reset-received", "timeout")) +
        fast_children_reset(t, "syn-recv")), fast_children_reset(t, "fin-wait-1")
    # whatever leads from ESTABLISHED or CLOSE_WAIT to CLOSE
    yield "TcpEstabResets", t("closed", ("established", "close-wait"))
    yield "TcpOutRsts", t("rst-sent")
    yield "TcpExtListenOverflows", t("accept-overflow") + t("syn-dropped", None, full)
    yield "TcpExtListenDrops", t("accept-overflow") + t("syn-dropped")
    yield "TcpExtSyncookiesSent", t("syncookie-sent")
    # a valid cookie may still find the accept queue full
    yield "TcpExtSyncookiesRecv", (t("accept-queued", None, "syncookie") + cookies_refused(t))
    yield "TcpExtSyncookiesFailed", t("rst-sent", None, "bad-cookie")
    yield "TcpExtTCPReqQFullDrop", t("syn-dropped", None, "syn-queue-full")
    # counted before the accept queue is looked at, which may refuse the SYN still
    yield "TcpExtTCPReqQFullDoCookies", t("syncookie-sent") + t.where(
        lambda e: e["event"] == "syn-dropped" and e.get("reason") == full and
        e["syn_queue"] > e["syn_limit"])
    yield "TcpExtTW+TcpExtTWKilled", buckets(t)
    yield "TcpExtTWRecycled", t("time-wait-end", None, "reused-by-connect")
    yield "TcpExtTCPTimeWaitOverflow", t("closed", None, "time-wait-full")
    yield "TcpExtTCPSynRetrans", t("syn-retransmit") + t("synack-retransmit")
    yield "TcpExtTCPFastOpenActive", t.where(
        lambda e: e["event"] == "established" and e["role"] == "active" and
        "fastopen" in e.get("options", ()))
    yield "TcpExtTCPFastOpenPassive", t("syn-received", None, "fastopen")
    # a bucket that gets data sends its RST too, but there is no socket to abort
    yield "TcpExtTCPAbortOnData", (
        t("closed", None, "linger") + t("connect-failed", None, "linger") + t.where(
            lambda e: e["event"] == "rst-sent" and e.get("reason") == "data-after-close" and
            e["new"] == "closed"))
    yield "TcpExtTCPAbortOnClose", t("closed", None, "unread-data")
    yield "TcpExtTCPAbortOnMemory", t("closed", None, "no-memory")
    # FIN_WAIT2 that ends by its timer is no abort
    yield "TcpExtTCPAbortOnTimeout", (t("closed", None, "timeout") -
                                      t("closed", "fin-wait-2", "timeout") +
                                      t("connect-failed", None, "timeout"))
    yield "TcpExtTCPDeferAcceptDrop", t("ack-deferred")


def buckets(t):
    """Which of the two counters it is tells a bucket's time, not its end."""
    def waited_in_fin_wait_2(e):
        return (e["event"] == "closed" and e["old"] == "fin-wait-2" and e["new"] == "closed" and
                e.get("bucket"))

    if kernel.BUCKET_COUNTS_WHEN_MADE:
        return t("time-wait") + t.where(waited_in_fin_wait_2)
    return t("time-wait-end", None, "expired") + t.where(
        lambda e: waited_in_fin_wait_2(e) and e.get("reason") == "timeout")


def cookies_refused(t):
    """Requests made of a cookie, which end where the accept queue is full."""
    born = {life(e) for e in t.events if e["event"] == "syn-received"}
    return t.where(lambda e: e["event"] == "request-reset" and
                   e.get("reason") == "accept-queue-full" and life(e) not in born)


def life(e):
    return e["conn"], e["generation"]


def fast_children_reset(t, state):
    """
    RSTs for Fast Open children in a state before they are established. One that was
    closed before never is: it is past its third ACK when its FIN is acknowledged, and
    may be in FIN_WAIT1 already, of which no event tells.
    """
    grown = {life(e) for e in t.events if e["event"] == "established"}
    fast = {life(e) for e in t.events if e["event"] == "syn-received" and
            e.get("reason") == "fastopen"} - grown
    return t.where(lambda e: e["event"] == "rst-received" and life(e) in fast and
                   e["old"] == state)


def main(before, after, events, stillborn):
    before, after, reported = load(before), load(after), Reported(events)
    failed = 0
    for name, count, *spare in relations(reported, int(stillborn)):
        grown = sum(after[n] - before[n] for n in name.split("+"))
        if count <= grown <= count + sum(spare):
            print(f"pass {name}: {grown}")
        else:
            failed += 1
            print(f"the kernel counts {grown}, tcphs reported {count}\nfail {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
