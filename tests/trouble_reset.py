# SPDX-License-Identifier: GPL-2.0
"""Resets, keep-alive races, and segments of connections that are gone."""
import socket
import struct
import subprocess

from examine import trouble, is_of_listener, Look, says
from tale import half_open, same
from wire import ACK, FIN, PSH, RST, SYN


def linger0(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@trouble
def unread(t):
    """a server that closes before it has read: reset by us, and why"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(7):
            client, server = t.pair(listener, port)
            client.send(b"question")
            t.until(lambda: server.recv(1, socket.MSG_PEEK), "data")
            server.close()
            client.close()
    finding = look.found(reset_by_us=("warning", t.grown("TcpExtTCPAbortOnClose")))
    is_of_listener(finding, port)
    same(finding["value"], 7, "resets")
    says(finding, "cause", "has not read")
    says(finding, "more", "7 for: unread-data")


@trouble
def peers_reset(t):
    """clients that reset connections, each after another request"""
    listener, port = t.listener()
    with Look() as look:
        for n, peer in enumerate(t.peers_of(port, 7)):
            s = t.accept(listener)
            peer.send(ACK | PSH, data=b"q" * (1 + n))
            t.until(lambda: len(s.recv(99, socket.MSG_PEEK)) == 1 + n, "data")
            peer.send(RST | ACK)
        t.until(lambda: t.grown("TcpEstabResets") == 7, "EstabResets")
    same(look.found(reset_by_peer=("warning", 7))["port"], port, "listener")


def reset_handshakes(t, count):
    """Clients that reset instead of confirming: what the doctor saw."""
    _, port = t.listener(backlog=97)
    with Look() as look:
        for peer in half_open(t, port, count):
            peer.await_(SYN | ACK)
            peer.send(RST)
        t.until(lambda: t.grown("TcpExtEmbryonicRsts") == count, "EmbryonicRsts")
    return look


@trouble
def peers_reset_handshakes(t):
    """many clients that reset instead of confirming"""
    reset_handshakes(t, 61).found(handshake_reset_by_peer=("warning", 61))


@trouble
def checks_half_open(t):
    """health checks that reset instead of confirming: a notice"""
    reset_handshakes(t, 7).found(health_checks=("notice", 7))


@trouble
def checks_linger(t):
    """health checks that ask the same each time and reset: a notice"""
    listener, port = t.listener()
    with Look() as look:
        for peer in t.peers_of(port, 7):
            s = t.accept(listener)
            peer.send(ACK | PSH, data=b"OPTIONS /")
            s.recv(9)
            s.send(b"200")
            peer.await_(ACK, data=b"200")
            peer.send(RST | ACK)
        t.until(lambda: t.grown("TcpEstabResets") == 7, "EstabResets")
    look.found(health_checks=("notice", 7))


@trouble
def checks_of_ours(t):
    """our own health checks, with SO_LINGER 0: a notice"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(7):
            client, server = t.pair(listener, port)
            client.send(b"OPTIONS /")
            server.recv(9)
            server.send(b"200")
            same(client.recv(9), b"200", "the answer")
            linger0(client)
            client.close()
        t.until(lambda: t.grown("TcpEstabResets") == 14, "both ends")
    same(look.found(health_checks=("notice", 7))["object"], "peer", "object")


@trouble
def goes_on_sending(t):
    """an answer before the end of the request: one RST each, and many segments after that"""
    listener, port = t.listener()
    with Look() as look:
        for peer in t.peers_of(port, 7):
            t.accept(listener).close()
            peer.await_(FIN | ACK)
            for _ in range(5):
                peer.send(ACK | PSH, data=b"more of it")
                peer.await_(RST)
        same(t.grown("TcpExtTCPAbortOnData"), 7, "TCPAbortOnData")
    finding = look.found(reset_by_us=("warning", 7))
    says(finding, "more", "7 for: data-after-close; 28 segments more came")
    says(finding, "cause", "goes on sending")


def stray(t, count, port=None):
    for _ in range(count):
        liar = t.peer()
        liar.remote = port or t.new_port()
        liar.send(ACK, seq=4711, ack=815)
        liar.await_(RST)


@trouble
def strangers(t):
    """segments of connections that this machine does not know, of one peer to many ports"""
    _, port = t.listener()
    with Look() as look:
        stray(t, 3)
        stray(t, 4, port)
    same(t.grown("TcpOutRsts"), 7, "OutRsts")
    finding = look.found(unknown_connections=("warning", 7))
    says(finding, "more", "7 segments")
    says(finding, "cause", "restarted or took over")


@trouble
def two_strangers(t):
    """healthy: two segments of connections that nobody remembers"""
    with Look() as look:
        stray(t, 2)
    look.found()
    same("unknown connections 2, of connections 2" in
         next(c["saw"] for c in look.checks if c["check"] == "strays"), True, "it saw them")


@trouble
def forged_cookies(t):
    """ACKs with made-up SYN cookies look like connections from before a restart"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener()
    t.peers_of(port, 1)
    t.accept(listener)
    before = t.grown("TcpExtSyncookiesFailed")
    with Look() as look:
        stray(t, 7, port)
    look.found(unknown_connections=("warning", t.grown("TcpExtSyncookiesFailed") - before))


@trouble
def knocks(t):
    """SYNs of others to a port where nobody listens"""
    port = t.new_port()
    with Look() as look:
        for _ in range(7):
            peer = t.peer()
            peer.remote = port
            peer.send(SYN)
            peer.await_(RST | ACK)
    same(t.grown("TcpOutRsts"), 7, "OutRsts")
    same(look.found(nobody_listens=("warning", 7))["port"], port, "port")


def scan(t, ports):
    """A SYN of one peer to each of so many ports where nobody listens: what the doctor saw."""
    free = [t.new_port() for _ in range(ports)]
    with Look() as look:
        for port in free:
            peer = t.peer()
            peer.remote = port
            peer.send(SYN)
            peer.await_(RST | ACK)
    same((len(set(free)), t.grown("TcpOutRsts")), (ports, ports), "ports, and OutRsts")
    return look


@trouble
def scanned(t):
    """one peer that tries many ports where nobody listens: a notice"""
    finding = scan(t, 37).found(closed_ports_tried=("notice", 37))
    same(finding["object"], "peer", "object")
    says(finding, "more", "37 SYNs answered by RST")
    says(finding, "cause", "A scan, or a client of services that are gone")


@trouble
def tried_a_few(t):
    """healthy: a few ports that a peer remembers, and nobody has any more"""
    look = scan(t, 7)
    look.found()
    look.saw("shut-ports", "ports 7, SYNs of others 7, of this machine 0")


# ---- the keep-alive race --------------------------------------------------------------


def idle(peer):
    """Milliseconds since data came, as ss knows, which leaves 0 out."""
    out = subprocess.run(["ss", "-Htni", "dport", "=", f":{peer.port}"], check=True,
                         capture_output=True).stdout.decode()
    return next((int(word[8:]) for word in out.split() if word.startswith("lastrcv:")), 0)


def exchange(peer, s):
    peer.send(ACK | PSH, data=b"question")
    s.recv(8)
    s.send(b"answer")
    peer.await_(ACK, data=b"answer")
    peer.send(ACK)


@trouble
def race_with_clients(t):
    """a server that closes idle connections while requests are on their way"""
    listener, port = t.listener()
    with Look() as look:
        peers = t.peers_of(port, 3)
        served = [t.accept(listener) for _ in peers]
        for peer, s in zip(peers, served):
            exchange(peer, s)
        t.until(lambda: idle(peers[-1]) >= 1100, "a second goes by")
        for s in served:
            s.close()
        for peer in peers:
            peer.await_(FIN | ACK)
            peer.send(ACK | PSH, data=b"question", ack=peer.ack - 1)
            peer.await_(RST)
        t.until(lambda: t.grown("TcpExtTCPAbortOnData") == 3, "TCPAbortOnData")
    finding = look.found(keepalive_race=("warning", 3))
    says(finding, "more", "closed by us after 1.")
    is_of_listener(finding, port)


@trouble
def race_with_server(t):
    """a client that uses connections which the server just closed as idle"""
    with Look() as look:
        peers = [t.peer() for _ in range(3)]
        sockets = [t.established(peer) for peer in peers]
        for peer, s in zip(peers, sockets):
            s.send(b"question")
            peer.await_(ACK, data=b"question")
            peer.send(ACK | PSH, data=b"answer")
            s.recv(6)
        t.until(lambda: idle(peers[-1]) >= 1100, "a second goes by")
        for peer, s in zip(peers, sockets):
            peer.send(FIN | ACK)
            peer.await_(ACK)
            s.send(b"question")
            peer.await_(ACK, data=b"question")
            peer.send(RST)
        t.until(lambda: t.grown("TcpEstabResets") == 3, "EstabResets")
    same([(f["finding"], f["severity"], f["value"]) for f in look.findings],
         [("keepalive-race", "notice", 1)] * 3, "each peer's")
    finding = look.findings[0]
    says(finding, "more", "closed by the peer after 1.")


@trouble
def idle_close(t):
    """healthy: idle connections that are closed when nothing is on its way"""
    listener, port = t.listener()
    with Look() as look:
        peers = t.peers_of(port, 3)
        served = [t.accept(listener) for _ in peers]
        for peer, s in zip(peers, served):
            exchange(peer, s)
        t.until(lambda: idle(peers[-1]) >= 1100, "a second goes by")
        for peer, s in zip(peers, served):
            s.close()
            peer.await_(FIN | ACK)
            peer.send(FIN | ACK)
            peer.await_(ACK)
    look.found()


# ---- TIME-WAIT -------------------------------------------------------------------------


def to_time_wait(t, count):
    for _ in range(count):
        peer = t.peer()
        t.established(peer).close()
        peer.await_(FIN | ACK)
        peer.send(FIN | ACK)
        peer.await_(ACK)
        yield peer


@trouble
def time_waits_killed(t):
    """RSTs that end TIME-WAIT (RFC 1337): a notice, and the setting against it"""
    with Look() as look:
        for peer in list(to_time_wait(t, 7)):
            peer.send(RST)
            t.until(lambda p=peer: t.ss(f"time-wait dport = :{p.port}") == 0, "it is gone")
    finding = look.found(time_wait_killed=("notice", 7))
    same((finding["setting"], finding["present"], finding["advised"]),
         ("net.ipv4.tcp_rfc1337", "0", "1"), "advice")


@trouble
def time_waits_kept(t):
    """healthy: tcp_rfc1337 keeps them"""
    t.sysctl("tcp_rfc1337", 1)
    with Look() as look:
        peers = list(to_time_wait(t, 7))
        for peer in peers:
            peer.send(RST)
        same(sum(t.ss(f"time-wait dport = :{peer.port}") for peer in peers), 7, "ss: TIME-WAIT")
    look.found()


# ---- SYNs that meet old connections ------------------------------------------------------


@trouble
def syns_reuse(t):
    """healthy: clients that come again from ports that TIME-WAIT has, with later numbers"""
    listener, port = t.listener()
    peers = t.peers_of(port, 3)
    for peer in peers:
        t.accept(listener).close()
        peer.await_(FIN | ACK)
        peer.send(FIN | ACK)
        peer.await_(ACK)
    with Look() as look:
        for peer in peers:
            peer.seq += 1000000
            peer.connect(port)
            t.accept(listener)
    look.found()
    look.saw("old-connections", "connects that met one here 0, of the peer 0; "
             "TIME-WAITs that gave way to new ones 3")


@trouble
def syns_meet_old(t):
    """clients that come again from ports of which there is a connection still"""
    listener, port = t.listener()
    peers = t.peers_of(port, 3)
    for _ in peers:
        t.accept(listener)
    with Look() as look:
        for peer in peers:
            for _ in range(2):
                peer.send(SYN, seq=peer.isn + 1000000)
            peer.await_(ACK)
    same(t.grown("TcpExtTCPSYNChallenge") >= 3, True, "TCPSYNChallenge")
    finding = look.found(syn_meets_old=("warning", 3))
    says(finding, "more", "the older one open 3, closing 0, in TIME-WAIT 0; 6 SYNs in all")
    same(finding["port"], port, "listener")


@trouble
def connects_meet_old(t):
    """connects that the peer answers with an ACK of an older connection"""
    peer = t.peer()
    with Look() as look:
        for _ in range(3):
            peer.seq = peer.isn
            s = t.connecting(peer)
            peer.await_(SYN)
            peer.send(ACK, seq=4711, ack=815)
            peer.await_(RST)
            peer.await_(SYN)
            peer.send(SYN | ACK)
            peer.await_(ACK)
            s.close()
            peer.await_(FIN | ACK)
            peer.send(FIN | ACK)
            peer.await_(ACK)
    same(t.grown("TcpOutRsts"), 3, "OutRsts")
    finding = look.found(connect_meets_old=("warning", 3))
    says(finding, "more", "of 3 connects")
    says(finding, "more", "0 failed")
    same(finding["port"], peer.port, "peer")
