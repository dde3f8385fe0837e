# SPDX-License-Identifier: GPL-2.0
"""Connects that fail or take long."""
import errno
import socket
import subprocess
import time

from illness import advises, ill, Look, names_me, says
from tale import half_open, same, Wrong
from wire import ACK, SYN


def refuse(t, port, count):
    for _ in range(count):
        try:
            t.connect(port)
        except ConnectionRefusedError:
            continue
        raise Wrong("not refused")


@ill
def refused(t):
    """every connect to a destination is refused, and nobody listens there"""
    port = t.new_port()
    with Look() as look:
        refuse(t, port, 7)
    finding = look.found(connect_refused=("critical", t.grown("TcpAttemptFails")),
                         nobody_listens=("warning", t.grown("TcpOutRsts")))
    same((finding["value"], finding["address"], finding["port"]), (7, "127.0.0.1", port),
         "destination")
    names_me(finding)


@ill
def refused_at_last(t):
    """a service that went away: some connects came through"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(5):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
        listener.close()
        refuse(t, port, 3)
    says(look.found(connect_refused=("warning", 3)), "more", "of 8 connects 5 established")


@ill
def refused_twice(t):
    """healthy: two refused connects, as when a client tries IPv6 first"""
    port = t.new_port()
    with Look() as look:
        refuse(t, port, 2)
    look.found()


def nft(*rules):
    for rule in rules:
        subprocess.run(["nft", rule], check=True)


def swallow(port):
    """No segment gets to the port until the chain is flushed or the table deleted."""
    nft("add table inet ills", "add chain inet ills input { type filter hook input priority 0; }",
        f"add rule inet ills input tcp dport {port} drop")


@ill
def nothing_answers(t):
    """SYNs that a firewall swallows: timed out, or waiting still"""
    _, port = t.serve()
    swallow(port)
    try:
        with Look() as look:
            waiting_at = time.monotonic() + 3.2
            for _ in range(2):
                t.connecting_to(port)
            for _ in range(3):
                s = t.socket()
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", port))
            t.until(lambda: t.grown("TcpAttemptFails") == 3, "three time out")
            t.until(lambda: time.monotonic() > waiting_at, "time goes by")
            same(t.ss("syn-sent"), 2, "ss: SYN-SENT")
    finally:
        nft("delete table inet ills")
    finding = look.found(connect_timeout=("critical", 5))
    says(finding, "more", "3 timed out, 2 still wait")


@ill
def unreachable(t):
    """ICMP says that there is no way"""
    peer = t.peer()
    with Look() as look:
        for _ in range(3):
            s = t.connecting(peer)
            peer.await_(SYN)
            peer.unreachable()
            t.until(lambda: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) ==
                    errno.EHOSTUNREACH, "EHOSTUNREACH")
    look.found(connect_unreachable=("critical", 3))


@ill
def syns_get_lost(t):
    """SYNs that had to be sent again"""
    listener, port = t.serve()
    swallow(port)
    try:
        with Look() as look:
            clients = [t.connecting_to(port) for _ in range(5)]
            nft("flush chain inet ills input")
            for _ in clients:
                t.accept(listener)
    finally:
        nft("delete table inet ills")
    finding = look.found(syn_loss=("warning", 5))
    says(finding, "more", "of 5 connects 5 established")
    same(t.grown("TcpExtTCPSynRetrans") >= 5, True, "TCPSynRetrans")


@ill
def synacks_get_lost(t):
    """SYN+ACKs that had to be sent again"""
    listener, port = t.listener()
    with Look() as look:
        peers = half_open(t, port, 5)
        for peer in peers:
            peer.await_(SYN | ACK)
        t.until(lambda: t.grown("TcpExtTCPSynRetrans") >= 5, "SYN+ACKs are sent again")
        for peer in peers:
            peer.send(ACK)
            t.accept(listener)
    says(look.found(synack_loss=("warning", 5)), "more", "of 5 handshakes")


@ill
def ports_run_out(t):
    """one destination takes nearly all local ports, and at last all"""
    listener, port = t.serve()
    t.sysctl("ip_local_port_range", "31001 31010")
    t.sysctl("ip_local_reserved_ports", "31003")
    for _ in range(8):
        t.pair(listener, port)
    with Look() as look:
        pass
    finding = look.found(ports_exhausted=("warning", 8))
    says(finding, "more", "8 of 9 ports in use")
    advises(finding, "net.ipv4.ip_local_port_range", "31001 31010", "1024 65535")
    same((finding["address"], finding["port"]), ("127.0.0.1", port), "destination")
    with Look() as look:
        t.pair(listener, port)
        t.connecting_to(port)
        same(t.error, errno.EADDRNOTAVAIL, "error of connect()")
    finding = look.found(ports_exhausted=("critical", 1))
    says(finding, "more", "9 of 9 ports in use")
    names_me(finding)


@ill
def ports_suffice(t):
    """healthy: as many connections, to two destinations"""
    listener, port = t.listener(where={4: "0.0.0.0"})
    # Not those of above, which TIME-WAIT holds.
    t.sysctl("ip_local_port_range", "31101 31110")
    t.sysctl("ip_local_reserved_ports", "31103")
    with Look() as look:
        for n in range(8):
            t.pair(listener, port, f"127.0.0.{1 + n % 2}")
    look.found()
    look.saw("ports", "in use to one destination at most 4 of 9; connects without one 0")
