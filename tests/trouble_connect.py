# SPDX-License-Identifier: GPL-2.0
"""Connects that fail or take long."""
import contextlib
import errno
import os
import signal
import socket
import subprocess
import time

from examine import trouble, Look, names_me, parse, says, start
from tale import half_open, same, Wrong
from wire import ACK, SYN


def refuse(t, port, count):
    for _ in range(count):
        try:
            t.connect(port)
        except ConnectionRefusedError:
            continue
        raise Wrong("not refused")


@trouble
def refused(t):
    """every connect to a destination is refused, and nobody listens there"""
    port = t.new_port()
    with Look() as look:
        refuse(t, port, 7)
    finding = look.found(connect_refused=("critical", t.grown("TcpAttemptFails")))
    same((finding["value"], finding["address"], finding["port"]), (7, "127.0.0.1", port),
         "destination")
    says(finding, "cause", "Nothing listens on that port of this machine")
    names_me(finding)


@trouble
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


@trouble
def led_astray(t):
    """NAT (REDIRECT) of this machine leads connects to a port where nobody listens"""
    port, proxy = t.new_port(), t.new_port()
    nft("add table ip trouble", "add chain ip trouble out { type nat hook output priority -100; }",
        f"add rule ip trouble out tcp dport {port} redirect to :{proxy}")
    try:
        with Look() as look:
            refuse(t, port, 7)
    finally:
        nft("delete table ip trouble")
    finding = look.found(connect_refused=("critical", 7))
    says(finding, "cause", f"leads these connects to 127.0.0.1:{proxy}, and nothing listens there")
    says(finding, "command", f"sport = :{proxy}")


@trouble
def rejected_here(t):
    """a firewall of this machine rejects with RST, though there is a listener"""
    _, port = t.serve()
    with firewall(port, "reject with tcp reset"), Look() as look:
        refuse(t, port, 7)
    says(look.found(connect_refused=("critical", 7)), "cause", "a firewall of this machine rejects")


@trouble
def refused_twice(t):
    """healthy: two refused connects, as when a client tries IPv6 first"""
    port = t.new_port()
    with Look() as look:
        refuse(t, port, 2)
    look.found()


def nft(*rules):
    for rule in rules:
        subprocess.run(["nft", rule], check=True)


@contextlib.contextmanager
def firewall(port, verdict="drop"):
    """What comes to the port is treated so inside "with", or until the chain is flushed."""
    nft("add table inet trouble", "add chain inet trouble input { type filter hook input priority 0; }",
        f"add rule inet trouble input tcp dport {port} {verdict}")
    try:
        yield
    finally:
        nft("delete table inet trouble")


@trouble
def nothing_answers(t):
    """SYNs that a firewall swallows: timed out, or waiting still"""
    _, port = t.serve()
    with firewall(port), Look() as look:
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
    finding = look.found(connect_timeout=("critical", 5))
    says(finding, "more", "3 timed out, 2 still wait")


def give_up(port, count, seconds=0.1, address="127.0.0.1"):
    """Connects of an application with a time-out of its own."""
    for _ in range(count):
        with socket.socket() as s:
            s.settimeout(seconds)
            try:
                s.connect((address, port))
            except socket.timeout:
                continue
            raise Wrong("somebody answers")


@trouble
def given_up(t):
    """an application that gives up before the kernel does: nothing answers all the same"""
    _, port = t.serve()
    path = f"/tmp/trouble.{os.getpid()}"
    with firewall(port), Look() as look:
        record = start(["tcphs", "record", path, "-n", "0"])
        give_up(port, 7)
        subprocess.run(["curl", "-s", "--connect-timeout", "0.4", f"http://127.0.0.1:{port}"],
                       check=False)
        record.send_signal(signal.SIGINT)
        same((record.wait(10), record.communicate()[0]), (0, b""), "end of the record")
    finding = look.found(connect_timeout=("critical", t.grown("TcpActiveOpens")))
    same(finding["value"], 8, "connects")
    says(finding, "more", "of 8 connects 0 established")
    says(finding, "more", "8 given up by the application")
    out = subprocess.run(["tcphs", "doctor", "-j", "--read", path], check=False,
                         capture_output=True)
    os.unlink(path)
    findings, _, _ = parse(out.stdout)
    same([(f["finding"], f["severity"], f["value"]) for f in findings],
         [("connect-timeout", "critical", 8)], "of the recording")


@trouble
def given_up_once(t):
    """connects that were given up to hosts that are down, as a mail relay has them: a notice"""
    listener, port = t.serve()
    dead = t.new_port()
    with firewall(dead), Look() as look:
        for n in range(5):
            give_up(dead, 1, 0.05, f"127.0.1.{n}")
        for _ in range(7):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
    finding = look.found(connects_failing=("notice", 5))
    says(finding, "more", "to 5 destinations, 5 of them without an answer")
    names_me(finding)


@trouble
def out_of_reach(t):
    """connects to many hosts that all fail: the way out is broken"""
    dead = t.new_port()
    with firewall(dead), Look() as look:
        for n in range(5):
            give_up(dead, 1, 0.05, f"127.0.1.{n}")
    names_me(look.found(connects_failing=("critical", 5)))


@trouble
def happy_eyeballs(t):
    """healthy: two connects at once, and the slower is given up"""
    listener, port = t.serve()
    dead = t.new_port()
    with firewall(dead), Look() as look:
        for _ in range(11):
            loser = t.connecting_to(dead)
            client, server = t.pair(listener, port)
            loser.close()
            t.close_in_turn(client, server)
    look.found()
    same("needless as another came through 11," in
         next(c["saw"] for c in look.checks if c["check"] == "connects"), True, "it saw them")


@trouble
def falls_back(t):
    """healthy: ::1 refuses and 127.0.0.1 answers, each time"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(11):
            with socket.socket(socket.AF_INET6) as s:
                same(s.connect_ex(("::1", port)), errno.ECONNREFUSED, "connect() to ::1")
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
    same(t.grown("TcpAttemptFails"), 11, "AttemptFails")
    look.found()


@trouble
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


@trouble
def rejected(t):
    """a firewall that refuses by ICMP: as no listener would"""
    peer = t.peer()
    with Look() as look:
        for code, error in (3, errno.ECONNREFUSED), (3, errno.ECONNREFUSED), \
                (3, errno.ECONNREFUSED), (13, errno.EHOSTUNREACH), (13, errno.EHOSTUNREACH):
            s = t.connecting(peer)
            peer.await_(SYN)
            peer.icmp(3, code)
            t.until(lambda s=s, e=error: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == e,
                    "its error")
    finding = look.found(connect_rejected=("critical", 3), connect_prohibited=("critical", 2))
    says(finding, "more", "of 5 connects 0 established")


def refuse_at_once(t, error, address="203.0.113.9"):
    for _ in range(3):
        t.connecting_to(80, address)
        same(t.error, error, "error of connect()")


def route(*words):
    subprocess.run(["ip", "route", *words, "203.0.113.0/24"], check=True)


@trouble
def no_route(t):
    """connects without a route fail at once"""
    with Look() as look:
        refuse_at_once(t, errno.ENETUNREACH)
    finding = look.found(connect_no_route=("critical", 3))
    same(finding["address"], "203.0.113.9", "destination")
    names_me(finding)


@trouble
def not_permitted(t):
    """connects that this machine itself forbids"""
    route("add", "prohibit")
    try:
        with Look() as look:
            refuse_at_once(t, errno.EACCES)
    finally:
        route("del", "prohibit")
    look.found(connect_not_permitted=("critical", 3))


@trouble
def address_in_use(t):
    """connects from a fixed port that an older connection has still"""
    _, port = t.serve()
    ours = t.new_port()
    with Look() as look:
        for n in range(4):
            s = t.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", ours))
            same(s.connect_ex(("127.0.0.1", port)), errno.EADDRNOTAVAIL if n else 0, "connect()")
    says(look.found(connect_address_in_use=("warning", 3)), "more", "of 4 connects 1 established")


@trouble
def syns_get_lost(t):
    """SYNs that had to be sent again"""
    listener, port = t.serve()
    with firewall(port), Look() as look:
        clients = [t.connecting_to(port) for _ in range(5)]
        nft("flush chain inet trouble input")
        for _ in clients:
            t.accept(listener)
    finding = look.found(syn_loss=("warning", 5))
    says(finding, "more", "of 5 connects 5 established")
    same(t.grown("TcpExtTCPSynRetrans") >= 5, True, "TCPSynRetrans")


@trouble
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
