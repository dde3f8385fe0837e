# SPDX-License-Identifier: GPL-2.0
"""With the smallest ring and table."""
import signal

from examine import advises, Look, small, status
from tale import same


@small
def records_lost(t):
    """a ring that is too small: how many records were lost"""
    listener, port = t.serve()
    with Look() as look:
        before = status()["ring"]["recorded"]
        look.process.send_signal(signal.SIGSTOP)
        for _ in range(31):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
        t.until(lambda: t.ss("last-ack") == 0, "they end")
        after = status()["ring"]["recorded"]
        look.process.send_signal(signal.SIGCONT)
    lost = look.sum["lost"]
    same(look.sum["records"] + lost, after - before, "records read and lost")
    finding = look.finding("records-lost")
    same((finding["severity"], finding["value"]), ("notice", lost), "records lost")
    mib = int(open("/sys/module/tcphs/parameters/ring_mib", encoding="ascii").read())
    advises(finding, "tcphs ring_mib", str(mib), str(2 * mib))


@small
def table_full(t):
    """a table that is full: how many connections had no place"""
    listener, port = t.serve(backlog=97)
    with Look() as look:
        before = status()["table"]["untracked"]
        for _ in range(71):
            t.pair(listener, port)
        after = status()["table"]["untracked"]
    finding = look.finding("table-full")
    same((finding["severity"], finding["value"]), ("warning", after - before), "untracked")
    advises(finding, "tcphs table_size", "64", "128")
