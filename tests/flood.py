#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the listeners say about a flood, against the kernel's counters and the events.

usage: flood.py BEFORE AFTER LISTENERS EVENTS SOCKETS

BEFORE and AFTER are of nstat -asz --json, LISTENERS of tcphs listeners -j, EVENTS of
reader, SOCKETS of ss -Hltnme. Prints "pass NAME" or "fail NAME" for each comparison;
what each counter counts is in Documentation/counters.md.
"""
import collections
import json
import re
import sys


def load_counters(path):
    with open(path, encoding="utf-8") as file:
        return collections.Counter(json.load(file)["kernel"])


def load_listeners(path):
    """By socket cookie, as hexadecimal text."""
    with open(path, encoding="utf-8") as file:
        return {row["conn"]: row for row in map(json.loads, file)}


def load_events(path):
    """The sums of all records, and those of each listener by its cookie."""
    total, each = collections.Counter(), collections.defaultdict(collections.Counter)
    with open(path, encoding="utf-8") as file:
        for line in file:
            word = line.split()
            if word[0] == "sum":
                total[word[1]] = int(word[2])
            elif word[0] == "listener":
                each[word[1]][word[2]] = int(word[3])
    return total, each


def load_drops(path):
    """The kernel's own count of what each listening socket dropped."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return {cookie: int(drops) for cookie, drops in
            re.findall(r"\bsk:([0-9a-f]+).*?\bskmem:\([^)]*d(\d+)\)", text, re.S)}


def comparisons(grown, listeners, total, each, drops):
    """Yields a name, what tcphs says and what it must say.

    The kernel's count of a socket has more in it than ListenDrops: what else was discarded
    there, which is no SYN and no third ACK and so in no record.
    """
    def of_listeners(field):
        return {cookie: row[field] for cookie, row in listeners.items()}

    def of_events(*names):
        return {cookie: sum(each[cookie][name] for name in names) for cookie in listeners}

    reported = of_events("syn-dropped", "accept-overflow")
    yield "discards of each listener, in ss", of_listeners("discards"), drops
    yield "drops of each listener, in events", of_listeners("syn_drops"), reported
    yield "ListenDrops", sum(reported.values()), grown["TcpExtListenDrops"]
    yield ("overflows of each listener, in events", of_listeners("accept_overflows"),
           of_events("dropped-accept-queue", "accept-overflow"))
    yield ("cookies sent by each listener, in events", of_listeners("cookies_sent"),
           of_events("cookie-sent"))
    yield ("cookies that came back to each listener, in events", of_listeners("cookies_valid"),
           of_events("cookie-valid"))
    for field, counter in (("accept_overflows", "ListenOverflows"),
                           ("cookies_sent", "SyncookiesSent"),
                           ("cookies_valid", "SyncookiesRecv")):
        yield counter, sum(of_listeners(field).values()), grown["TcpExt" + counter]
    yield "SyncookiesFailed", total["cookie-bad"], grown["TcpExtSyncookiesFailed"]
    yield "TCPReqQFullDrop", total["dropped-syn-queue"], grown["TcpExtTCPReqQFullDrop"]
    yield ("TCPReqQFullDoCookies", total["cookie-sent"] + total["dropped-both-queues"],
           grown["TcpExtTCPReqQFullDoCookies"])
    yield "OutRsts", total["rst-sent"], grown["TcpOutRsts"]


def main(before, after, listeners, events, sockets):
    grown = load_counters(after)
    grown.subtract(load_counters(before))
    for name, reported, wanted in comparisons(grown, load_listeners(listeners), *load_events(events),
                                          load_drops(sockets)):
        if reported != wanted:
            print(f"tcphs says {reported}, it is {wanted}")
        print(f"{'pass' if reported == wanted else 'fail'} {name}: {wanted}")


if __name__ == "__main__":
    main(*sys.argv[1:])
