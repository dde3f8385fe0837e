# SPDX-License-Identifier: GPL-2.0
"""Queues of listeners."""
import os
import time

from illness import advises, ill, Look, names_me, says
from tale import half_open, same


@ill
def accept_hangs(t):
    """a server that never accepts: overflows, and the process that hangs"""
    _, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    same((finding["address"], finding["port"]), ("127.0.0.1", port), "listener")
    names_me(finding)
    says(finding, "cause", "accepted nothing")
    says(finding, "command", str(os.getpid()))
    same("setting" in finding, False, "a setting would help")


@ill
def accept_is_slow(t):
    """a server that accepts slowly: its waiting time says so"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
        for _ in range(4):
            time.sleep(0.15)
            t.accept(listener)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    says(finding, "cause", "too slow")
    says(finding, "more", "4 accepted")


def burst(t):
    listener, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
        for _ in range(4):
            t.accept(listener)
        for _ in range(31):
            t.pair(listener, port)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    says(finding, "cause", "bursts")
    says(finding, "more", "35 accepted")
    return finding


@ill
def accept_queue_short(t):
    """a burst longer than the backlog: a longer one is advised"""
    advises(burst(t), "backlog of listen()", "3", "8")


@ill
def somaxconn_small(t):
    """a backlog that somaxconn cut: that is what has to be set"""
    t.sysctl("../core/somaxconn", 3)
    advises(burst(t), "net.core.somaxconn", "3", "8")


@ill
def accept_queue_full(t):
    """an accept queue that is full and has dropped nothing yet"""
    _, port = t.serve(backlog=3)
    for _ in range(4):
        t.connect(port)
    with Look() as look:
        pass
    look.found(accept_queue_full=("warning", 4))
    same(t.grown("TcpExtListenOverflows"), 0, "overflows")


@ill
def accepts_well(t):
    """healthy: a short queue that is emptied in time"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        for _ in range(31):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
    look.found()
    look.saw("accept-queues", "listeners 1, accepted 31, overflows 0")


@ill
def flood_without_cookies(t):
    """a SYN flood, cookies off: SYNs dropped, cookies advised"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=7)
    with Look() as look:
        half_open(t, port, 61)
        t.until(lambda: t.grown("TcpExtTCPReqQFullDrop") >= 53, "SYNs are dropped")
    finding = look.found(syn_flood=("critical", t.grown("TcpExtTCPReqQFullDrop")))
    same(finding["port"], port, "listener")
    advises(finding, "net.ipv4.tcp_syncookies", "0", "1")


@ill
def flood_with_cookies(t):
    """a SYN flood, cookies on: a warning, and how many were sent"""
    t.sysctl("tcp_syncookies", 1)
    _, port = t.listener(backlog=7)
    with Look() as look:
        half_open(t, port, 61)
        t.until(lambda: t.grown("TcpExtSyncookiesSent") >= 53, "cookies are sent")
    finding = look.found(syn_flood=("warning", t.grown("TcpExtSyncookiesSent")))
    says(finding, "cause", "SYN flood")
    same("setting" in finding, False, "a setting would help")


@ill
def syn_queue_short(t):
    """a SYN queue that is too short for honest clients, cookies off"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=2)
    with Look() as look:
        half_open(t, port, 5)
        t.until(lambda: t.grown("TcpExtTCPReqQFullDrop") >= 2, "SYNs are dropped")
    look.found(syn_queue_overflow=("critical", t.grown("TcpExtTCPReqQFullDrop")))


@ill
def syn_queue_short_with_cookies(t):
    """a SYN queue that is too short, cookies on: a longer one is advised"""
    t.sysctl("tcp_syncookies", 1)
    _, port = t.listener(backlog=2)
    with Look() as look:
        half_open(t, port, 5)
        t.until(lambda: t.grown("TcpExtSyncookiesSent") >= 2, "cookies are sent")
    advises(look.found(syn_queue_full=("warning", t.grown("TcpExtSyncookiesSent"))),
            "backlog of listen()", "2", "4")


@ill
def cookies_always(t):
    """SYN cookies for every SYN, as a setting for tests wants it"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener()
    with Look() as look:
        t.peers_of(port, 3)
        for _ in range(3):
            t.accept(listener)
    finding = look.found(syn_queue_full=("warning", t.grown("TcpExtSyncookiesSent")))
    advises(finding, "net.ipv4.tcp_syncookies", "2", "1")
    says(finding, "more", "3 came back")


@ill
def nobody_answers_synacks(t):
    """SYN+ACKs that nobody answers, in a queue with room"""
    _, port = t.listener(backlog=61)
    with Look() as look:
        half_open(t, port, 23)
        t.until(lambda: t.grown("TcpExtTCPSynRetrans") >= 23, "SYN+ACKs are sent again")
    finding = look.found(half_open=("warning", 23))
    says(finding, "more", "23 SYNs, 0 finished")


@ill
def handshakes_well(t):
    """healthy: as many strangers as in a flood, who answer"""
    t.sysctl("tcp_syncookies", 1)
    listener, port = t.listener(backlog=7)
    with Look() as look:
        for _ in range(61):
            t.peers_of(port, 1)
            t.accept(listener)
    look.found()
    look.saw("syn-queues", "SYNs 61, dropped 0, answered by a SYN cookie 0")
