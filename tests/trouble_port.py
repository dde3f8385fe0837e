# SPDX-License-Identifier: GPL-2.0
"""Local ports that run out, and who holds them."""
import errno
import socket
import time

from examine import advises, trouble, Look, names_me, says
from tale import same

IP_BIND_ADDRESS_NO_PORT = 24


@trouble
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
    advises(finding, "net.ipv4.ip_local_port_range", "31001 31010", "10000 65535")
    same((finding["address"], finding["port"]), ("127.0.0.1", port), "destination")
    with Look() as look:
        t.pair(listener, port)
        t.connecting_to(port)
        same(t.error, errno.EADDRNOTAVAIL, "error of connect()")
    finding = look.found(ports_exhausted=("critical", 1))
    says(finding, "more", "9 of 9 ports in use")
    names_me(finding)


@trouble
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
    look.saw("ports", "of 9 in use to one destination at most 4, from one address 4; "
             "connects without one 0")


@trouble
def ports_half_used(t):
    """more than half of the ports to one destination: connect() has to search"""
    listener, port = t.serve()
    t.sysctl("ip_local_port_range", "31201 31210")
    for _ in range(6):
        t.pair(listener, port)
    with Look() as look:
        pass
    says(look.found(ports_half_used=("notice", 6)), "more", "6 of 10 ports in use")


def time_waits_to(t, listener, port, count):
    for _ in range(count):
        client, server = t.pair(listener, port)
        t.close_in_turn(client, server)
    t.until(lambda: t.ss(f"time-wait dport = :{port}") == count, "ss: TIME-WAIT")


@trouble
def ports_of_time_wait(t):
    """TIME-WAIT holds the ports, and tcp_tw_reuse would set them free"""
    t.sysctl("tcp_tw_reuse", 0)
    t.sysctl("ip_local_port_range", "31301 31310")
    listener, port = t.serve()
    time_waits_to(t, listener, port, 9)
    with Look() as look:
        pass
    finding = look.found(ports_exhausted=("warning", 9))
    says(finding, "more", "9 by TIME-WAIT, 0 of which may be used again")
    advises(finding, "net.ipv4.tcp_tw_reuse", "0", "2")


@trouble
def ports_of_old_time_wait(t):
    """healthy: TIME-WAIT that connect() takes over, as it does"""
    t.sysctl("tcp_tw_reuse", 0)
    t.sysctl("ip_local_port_range", "31401 31410")
    listener, port = t.serve()
    time_waits_to(t, listener, port, 9)
    t.sysctl("tcp_tw_reuse", 2)
    begun = time.monotonic()
    t.until(lambda: time.monotonic() > begun + 2.1, "the kernel counts whole seconds")
    with Look() as look:
        pass
    look.found()
    for _ in range(10):
        t.pair(listener, port)
    same(t.grown("TcpActiveOpens"), 19, "so do these ten connects")


@trouble
def ports_without_timestamps(t):
    """TIME-WAIT of connections without timestamps is never taken over"""
    t.sysctl("tcp_tw_reuse", 2)
    t.sysctl("tcp_timestamps", 0)
    t.sysctl("ip_local_port_range", "31501 31510")
    listener, port = t.serve()
    time_waits_to(t, listener, port, 10)
    begun = time.monotonic()
    t.until(lambda: time.monotonic() > begun + 2.1, "the kernel counts whole seconds")
    with Look() as look:
        t.connecting_to(port)
        same(t.error, errno.EADDRNOTAVAIL, "error of connect()")
    finding = look.found(ports_exhausted=("critical", 1))
    says(finding, "more", "10 by TIME-WAIT, 0 of which may be used again")
    advises(finding, "net.ipv4.tcp_timestamps", "0", "1")


def bound(t, listener, port, hosts, count, late=False):
    """Connections from an address that was bound before; how many bind() refused."""
    refused = 0
    for n in range(count):
        s = t.socket()
        if late:
            s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        try:
            s.bind(("127.0.0.1", 0))
        except OSError as e:
            same(e.errno, errno.EADDRINUSE, "error of bind()")
            refused += 1
            continue
        s.connect((f"127.0.0.{1 + n % hosts}", port))
        t.accept(listener)
    return refused


@trouble
def ports_bound(t):
    """bind() to an address before connect() takes each port once, for all destinations"""
    listener, port = t.listener(backlog=97, where={4: "0.0.0.0"})
    t.sysctl("ip_local_port_range", "31601 31620")
    with Look() as look:
        same(bound(t, listener, port, 5, 23), 3, "bind() fails")
    finding = look.found(ports_held_by_bind=("critical", 20))
    says(finding, "more", "to one at most 4")
    says(finding, "cause", "IP_BIND_ADDRESS_NO_PORT")
    names_me(finding)
    with Look() as look:
        for _ in range(3):
            t.connecting_to(port, "127.0.0.9")
            same(t.error, errno.EADDRNOTAVAIL, "error of connect()")
    finding = look.found(ports_held_by_bind=("critical", 20))
    says(finding, "more", "connects without a port 3")


@trouble
def ports_bound_late(t):
    """healthy: as many, with the port left to connect()"""
    listener, port = t.listener(backlog=97, where={4: "0.0.0.0"})
    t.sysctl("ip_local_port_range", "31701 31720")
    with Look() as look:
        same(bound(t, listener, port, 5, 43, late=True), 0, "bind() fails")
    look.found()
