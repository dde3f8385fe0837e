#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel's counters against what tcphs told of the same time.

usage: agreement.py BEFORE AFTER EVENTS

BEFORE and AFTER are of nstat -asz --json, EVENTS of tcphs events -j. Prints "pass
NAME" or "fail NAME" for each counter; what a counter counts, in events, is in the
table below and in Documentation/counters.md.
"""
import collections
import json
import sys


def load(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return json.load(file)["kernel"]


class Told:
    """How often an event was told, by states and reason."""

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


def relations(t):
    full = "accept-queue-full"
    yield "TcpActiveOpens", t("syn-sent")
    yield "TcpPassiveOpens", t("accept-queued")
    # tcp_done() in a handshake, and a RST or SYN for a request
    yield "TcpAttemptFails", (t("connect-failed", not_reason=("no-port",)) +
                              t("request-reset", None, ("reset-received", "bad-segment")) +
                              t("closed", "syn-recv"))
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
    # by their timer: after 60 s, or sooner in FIN_WAIT2
    yield "TcpExtTW+TcpExtTWKilled", (t("time-wait-end", None, "expired") +
                                      t("closed", "fin-wait-2", "timeout"))
    yield "TcpExtTWRecycled", t("time-wait-end", None, "reused-by-connect")
    yield "TcpExtTCPTimeWaitOverflow", t("closed", None, "time-wait-full")
    yield "TcpExtTCPSynRetrans", t("syn-retransmit") + t("synack-retransmit")
    yield "TcpExtTCPFastOpenActive", t.where(
        lambda e: e["event"] == "established" and e["role"] == "active" and
        "fastopen" in e.get("options", ()))
    yield "TcpExtTCPFastOpenPassive", t("syn-received", None, "fastopen")
    # a bucket that gets data sends its RST too, but there is no socket to abort
    yield "TcpExtTCPAbortOnData", (
        t("closed", None, "linger") - t("closed", "fin-wait-2", "linger") + t.where(
            lambda e: e["event"] == "rst-sent" and e.get("reason") == "data-after-close" and
            e["new"] == "closed"))
    yield "TcpExtTCPAbortOnClose", t("closed", None, "unread-data")
    yield "TcpExtTCPAbortOnMemory", t("closed", None, "no-memory")
    # FIN_WAIT2 that ends by its timer is no abort
    yield "TcpExtTCPAbortOnTimeout", (t("closed", None, "timeout") -
                                      t("closed", "fin-wait-2", "timeout") +
                                      t("connect-failed", None, "timeout"))
    yield "TcpExtTCPDeferAcceptDrop", t("ack-deferred")


def cookies_refused(t):
    """Requests made of a cookie, which end where the accept queue is full."""
    born = {(e["conn"], e["generation"]) for e in t.events if e["event"] == "syn-received"}
    return t.where(lambda e: e["event"] == "request-reset" and
                   e.get("reason") == "accept-queue-full" and
                   (e["conn"], e["generation"]) not in born)


def main(before, after, events):
    before, after, told = load(before), load(after), Told(events)
    failed = 0
    for name, count in relations(told):
        grown = sum(after[n] - before[n] for n in name.split("+"))
        if grown == count:
            print(f"pass {name}: {count}")
        else:
            failed += 1
            print(f"the kernel counts {grown}, tcphs told {count}\nfail {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
