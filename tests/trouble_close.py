# SPDX-License-Identifier: GPL-2.0
"""Closes that do not end, and resets."""
import socket
import subprocess
import time

import wire
from trouble_time_wait import time_waits
from examine import advises, trouble, is_of_listener, Look, names_me, says
from tale import TCP_USER_TIMEOUT, same
from wire import ACK, FIN


def close_waiting(t, count):
    """Connections that the peer closed and we do not."""
    listener, port = t.listener()
    for peer in t.peers_of(port, count):
        t.accept(listener)
        peer.send(FIN | ACK)
        peer.await_(ACK)
    same(t.ss("close-wait"), count, "ss: CLOSE-WAIT")


@trouble
def leak(t):
    """a process that leaks sockets: CLOSE-WAIT grows"""
    with Look("--stuck-after", "200ms") as look:
        close_waiting(t, 5)
        time.sleep(0.3)
    finding = look.found(close_wait=("critical", 5))
    names_me(finding)
    says(finding, "more", "before the look 0 were; 5 in all")


@trouble
def old_leak(t):
    """a process that leaked sockets: CLOSE-WAIT stays"""
    close_waiting(t, 5)
    time.sleep(0.3)
    with Look("--stuck-after", "200ms") as look:
        pass
    says(look.found(close_wait=("warning", 5)), "more", "before the look 5 were")


@trouble
def close_wait_young(t):
    """healthy: CLOSE-WAIT that has just begun"""
    with Look() as look:
        close_waiting(t, 5)
    look.found()
    look.saw("close-wait", "now 5, stuck 0, before the look 0")


@trouble
def old_pool(t):
    """a client's pool of connections that servers have closed: a notice, with the upstream"""
    peer, listener = "127.0.0.1", t.serve()
    for _ in range(7):
        _, server = t.pair(*listener)
        server.close()
    t.until(lambda: t.ss("close-wait") == 7, "ss: CLOSE-WAIT")
    time.sleep(0.3)
    with Look("--stuck-after", "200ms") as look:
        pass
    finding = look.found(close_wait=("notice", 7))
    same((finding["address"], finding["port"]), (peer, listener[1]), "upstream")
    says(finding, "name", f"to {peer}:{listener[1]}")
    names_me(finding)


@trouble
def pool_that_leaks(t):
    """a client that leaks connections: they grow in number"""
    listener = t.serve()
    with Look("--stuck-after", "200ms") as look:
        for _ in range(5):
            _, server = t.pair(*listener)
            server.close()
        t.until(lambda: t.ss("close-wait") == 5, "ss: CLOSE-WAIT")
        time.sleep(0.3)
    finding = look.found(close_wait=("critical", 5))
    same((finding["address"], finding["port"]), ("127.0.0.1", listener[1]), "upstream")


@trouble
def half_closed(t):
    """half-closes that last: a notice, and no setting that would cut them"""
    for _ in range(5):
        peer = t.peer()
        t.established(peer).shutdown(socket.SHUT_WR)
        peer.await_(FIN | ACK)
        peer.send(ACK)
    t.until(lambda: t.ss("fin-wait-2") == 5, "ss: FIN-WAIT-2")
    time.sleep(0.3)
    with Look("--stuck-after", "200ms") as look:
        pass
    finding = look.found(fin_wait_2=("notice", 5))
    same("setting" in finding, False, "advice")
    names_me(finding)


def silent(t, peers, timeout):
    """Connections whose peers no longer answer, and the kernel's patience with them."""
    for peer in peers:
        s = t.established(peer)
        s.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, timeout)
        s.send(b"are you there?")
        peer.await_(ACK, data=b"are you there?")


@trouble
def dead_peers(t):
    """open connections that die of a time-out"""
    peers = [t.peer() for _ in range(5)]
    with Look() as look:
        silent(t, peers, 300)
        t.until(lambda: t.grown("TcpExtTCPAbortOnTimeout") == 5, "TCPAbortOnTimeout")
    finding = look.found(connections_timed_out=("warning", 5))
    says(finding, "more", "0 by keepalive")
    says(finding, "cause", "was not acknowledged")


@trouble
def dead_clients(t):
    """clients that keepalive finds out of reach"""
    listener, port = t.listener()
    with Look() as look:
        for _ in t.peers_of(port, 5):
            s = t.accept(listener)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option in socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT:
                s.setsockopt(socket.IPPROTO_TCP, option, 1)
        t.until(lambda: t.grown("TcpExtTCPAbortOnTimeout") == 5, "TCPAbortOnTimeout")
    finding = look.found(connections_timed_out=("warning", 5))
    is_of_listener(finding, port)
    says(finding, "more", "5 by keepalive")


@trouble
def dead_peer(t):
    """healthy: one or two connections that died of a time-out"""
    peers = [t.peer() for _ in range(2)]
    with Look() as look:
        silent(t, peers, 300)
        t.until(lambda: t.grown("TcpExtTCPAbortOnTimeout") == 2, "TCPAbortOnTimeout")
    look.found()


@trouble
def fins_get_lost(t):
    """FINs that had to be sent again: a notice"""
    listener, port = t.listener()
    with Look() as look:
        for peer in t.peers_of(port, 5):
            t.accept(listener).close()
            peer.await_(FIN | ACK)
            peer.await_(FIN | ACK)
            peer.send(ACK)
        t.until(lambda: t.ss("fin-wait-1") == 0, "they are acknowledged")
    says(look.found(fin_loss=("notice", 5)), "more", "of 5 FINs")


def closing(t):
    """Closes that do not end, in every state: 3, 5, 3 and 7."""
    listener, port = t.listener()

    def accepted(count):
        for peer in t.peers_of(port, count):
            yield peer, t.accept(listener)

    for peer, s in accepted(3):
        s.close()
        peer.await_(FIN | ACK)
    for peer, s in accepted(5):
        s.close()
        peer.await_(FIN | ACK)
        peer.send(ACK)
    for peer, s in accepted(3):
        s.close()
        fin = peer.await_(FIN | ACK)
        peer.send(FIN | ACK, ack=fin.seq)
        peer.await_(ACK)
    for peer, s in accepted(7):
        peer.send(FIN | ACK)
        peer.await_(ACK)
        s.close()
        peer.await_(FIN | ACK)
    t.until(lambda: t.ss("fin-wait-2") == 5, "FIN-WAIT-2")


@trouble
def never_ending(t):
    """closes that pile up in FIN-WAIT-1, FIN-WAIT-2, CLOSING and LAST-ACK"""
    with Look("--stuck-after", "100ms") as look:
        closing(t)
        time.sleep(0.2)
        counts = {state: t.ss(state) for state in ("fin-wait-1", "fin-wait-2", "closing",
                                                   "last-ack")}
    look.found(fin_wait_1=("warning", 3), fin_wait_2=("warning", 5), closing=("warning", 3),
               last_ack=("warning", 7))
    same(counts, {f["finding"]: f["value"] for f in look.findings}, "ss")
    same({f["address"] for f in look.findings}, {wire.PEER[4]}, "peer")


@trouble
def closing_still(t):
    """healthy: closes that are under way"""
    with Look() as look:
        closing(t)
    look.found()
    look.saw("closing", "now 18, stuck 0, before the look 0")


OUTSIDE = ("nsenter", "--net=/proc/1/ns/net")


def max_orphans(value=None):
    run = subprocess.run([*OUTSIDE, "sysctl", "-n", "net.ipv4.tcp_max_orphans"] if value is None
                         else [*OUTSIDE, "sysctl", "-qw", f"net.ipv4.tcp_max_orphans={value}"],
                         check=True, capture_output=True)
    return run.stdout.decode().strip()


def orphan(t, count):
    for _ in range(count):
        peer = t.peer()
        t.established(peer).close()
        peer.await_(FIN | ACK)


@trouble
def orphans_reset(t):
    """more orphans than the kernel bears: it resets them"""
    before = max_orphans()
    with Look() as look:
        max_orphans(0)
        try:
            for _ in range(199):
                orphan(t, 1)
                if t.grown("TcpExtTCPAbortOnMemory") >= 3:
                    break
                time.sleep(0.01)
        finally:
            max_orphans(before)
    finding = look.finding("orphans")
    same((finding["severity"], finding["value"]),
         ("critical", t.grown("TcpExtTCPAbortOnMemory")), "orphans")


@trouble
def orphans_many(t):
    """orphans near their limit, as the initial namespace sees them"""
    before = max_orphans()
    with Look(inside=OUTSIDE) as healthy:
        orphan(t, 23)
    same([f for f in healthy.findings if f["finding"] == "orphans"], [], "findings")
    with open("/proc/net/sockstat", encoding="ascii") as file:
        orphans = int(file.read().split("orphan ")[1].split()[0])
    same(orphans >= 23, True, "sockstat's orphans")
    max_orphans(orphans * 5 // 3)
    try:
        with Look(inside=OUTSIDE) as look:
            pass
    finally:
        max_orphans(before)
    finding = look.found(orphans=("warning", orphans))
    advises(finding, "net.ipv4.tcp_orphan_retries", "0", "3")


@trouble
def time_wait_has_room(t):
    """healthy: TIME-WAIT far from its limit"""
    with Look() as look:
        time_waits(t, 17)
    look.found()


@trouble
def closes_well(t):
    """healthy: orderly closes"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(11):
            client, server = t.pair(listener, port)
            client.send(b"question")
            server.recv(8)
            t.close_in_turn(client, server)
    look.found()
    look.saw("resets", "in handshakes by us 0, by peers 0; later by us 0, by peers 0; "
             "when nothing was under way 0; keep-alive races 0")
    look.saw("closing-first", "the server in 0 of 11 connections")


@trouble
def server_first(t):
    """a server that closes first keeps TIME-WAIT: worth knowing, no alarm"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(11):
            client, server = t.pair(listener, port)
            t.close_in_turn(server, client)
        t.until(lambda: t.ss("last-ack") == 0, "TIME-WAIT")
    finding = look.found(server_closes_first=("notice", 11))
    says(finding, "more", "of 11 that ended; 11 of its connections are in TIME-WAIT")
