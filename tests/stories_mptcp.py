# SPDX-License-Identifier: GPL-2.0
"""Stories of Multipath TCP, RFC 8684, version 1: subflows from the server's side."""
import hashlib
import hmac
import json
import os
import socket
import struct
import subprocess
import time

import wire
from tale import HANDSHAKE, TCP_FASTOPEN, Wrong, find, numbers, same, story
from wire import ACK, RST, SYN

MPTCP, OPTION = 262, 30
CAPABLE, JOIN = 0x01, 0x10		# subtype and version
CLIENT_KEY, CLIENT_NONCE = 0x0123456789abcdef, 0x600df00d
QUEUED = HANDSHAKE[:3]
COOKIE = ["syncookie-sent listen>listen", "accept-queued syn-recv>syn-recv syncookie"]


def option(subtype, third, rest=b""):
    return struct.pack("!BBBB", OPTION, 4 + len(rest), subtype, third) + rest


def found(segment):
    """The MPTCP option of a segment, without kind, length, subtype and third byte."""
    options = segment.options
    while options:
        if options[0] == OPTION:
            return options[4:options[1]]
        options = options[1 if options[0] == 1 else options[1]:]
    raise Wrong("the SYN+ACK has no MPTCP option")


def listener(t, backlog=31, options=()):
    """A listener of MPTCP, or None: 5.10 has none, and says so."""
    family = socket.AF_INET if t.family == "ipv4" else socket.AF_INET6
    try:
        s = socket.socket(family, socket.SOCK_STREAM, MPTCP)
    except OSError:
        return None
    t.sockets.append(s)
    s.settimeout(10 * wire.PATIENCE)
    s.bind(t.address(wire.HOST, t.new_port()))
    for name, value in options:
        s.setsockopt(socket.IPPROTO_TCP, name, value)
    s.listen(backlog)
    return s


def capable(peer, port):
    """A first subflow; returns the server's key."""
    key = found(peer.ask(port, option(CAPABLE, 1)))
    peer.send(ACK, options=option(CAPABLE, 1, struct.pack("!Q", CLIENT_KEY) + key))
    return key


def ask_to_join(peer, port, key):
    """The SYN of another subflow; returns what its ACK has to prove."""
    token = hashlib.sha256(key).digest()[:4]
    syn = option(JOIN, 1, token + struct.pack("!I", CLIENT_NONCE))
    nonce = found(peer.ask(port, syn))[8:]
    return hmac.new(struct.pack("!Q", CLIENT_KEY) + key,
                    struct.pack("!I", CLIENT_NONCE) + nonce, hashlib.sha256).digest()[:20]


def healthy(t, **counters):
    """No hook is called deaf, nobody was adopted, and the kernel counted the same."""
    with open("/proc/tcphs", encoding="ascii") as file:
        same([line for line in file if line.startswith("hook-deaf")], [], "deaf hooks")
    t.counted(**{"MPTcpExt" + name: value for name, value in counters.items()})


def owned(events):
    """accept() is reported with who called it and how long it took."""
    queued, accepted = find(events, "accept-queued"), find(events, "accepted")
    same((accepted["pid"], accepted["duration_ns"], accepted["listener"]),
         (os.getpid(), accepted["time"] - queued["time"], queued["listener"]), "accept()")


@story()
def multipath_accepted(t):
    """accept() of MPTCP is reported with its owner and its wait, that of its fallback to TCP too"""
    s = listener(t)
    if not s:
        return
    port = s.getsockname()[1]
    peers = [t.peer() for _ in range(3)]
    for peer in peers[:2]:
        capable(peer, port)
    peers[2].connect(port)
    for peer in peers:
        t.reported(peer.port, QUEUED)
    for peer in peers:
        t.accept(s)
        owned(t.reported(peer.port, HANDSHAKE))
    text = subprocess.run(["tcphs", "listeners", "-j"], check=True, capture_output=True).stdout
    mine = next(x for x in map(json.loads, text.splitlines()) if x["port"] == port)
    same((mine["accepted"], mine["accept_queue_max"]), (3, 3), "the listener's accept()")
    healthy(t, MPCapableSYNRX=2, MPCapableACKRX=2)


@story()
def multipath_listens_again(t):
    """listen() of MPTCP again with another backlog is an event, with the same one it is none"""
    s = listener(t, backlog=7)
    if not s:
        return
    for backlog in 13, 13, 5:
        s.listen(backlog)
    port = str(s.getsockname()[1])
    s.close()
    text = subprocess.run(["tcphs", "events", "-j", "--local-port", port], check=True,
                          capture_output=True).stdout
    same([(e["event"], e["accept_limit"]) for e in map(json.loads, text.splitlines())],
         [("listen", 7), ("backlog-changed", 13), ("backlog-changed", 5), ("unlisten", 5)],
         "what listen() did")


@story()
def multipath_reset_in_queue(t):
    """accept() of an MPTCP connection that was reset in the queue, and a listener that closes"""
    s = listener(t)
    if not s:
        return
    port = s.getsockname()[1]
    first, second = t.peer(), t.peer()
    capable(first, port)
    t.reported(first.port, QUEUED)
    first.send(RST | ACK)
    reset = QUEUED + ["rst-received established>closed",
                      "closed established>closed reset-received"]
    t.reported(first.port, reset)
    t.accept(s)
    owned(t.reported(first.port, reset + ["accepted closed>closed"]))
    capable(second, port)
    t.reported(second.port, QUEUED)
    s.close()
    t.until(lambda: any(e["event"] == "closed" or e["event"] == "fin-sent"
                        for e in t.seen(second.port)), "the end of the other")
    same([e for e in t.events(second.port) if e["event"] == "accepted"], [], "accept()")
    healthy(t, MPCapableACKRX=1)


@story()
def multipath_fastclose(t):
    """close() of an MPTCP connection with SO_LINGER 0 resets its subflow, which nobody has killed"""
    s = listener(t)
    if not s:
        return
    peer = t.peer()
    capable(peer, s.getsockname()[1])
    connection = t.accept(s)
    t.reported(peer.port, HANDSHAKE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    t.until(lambda: t.has(peer.port, "closed"), "the end")
    ends = [e for e in t.events(peer.port) if e["event"] in ("rst-sent", "closed")]
    same([e["event"] for e in ends], ["rst-sent", "closed"], "its end")
    same([e for e in ends if e.get("reason") == "killed"], [], "killed")


@story()
def multipath_cookie(t):
    """S8 accept() of an MPTCP connection that was born of a SYN cookie"""
    t.sysctl("tcp_syncookies", 2)
    s = listener(t)
    if not s:
        return
    peer = t.peer()
    capable(peer, s.getsockname()[1])
    t.reported(peer.port, COOKIE + HANDSHAKE[2:3])
    t.accept(s)
    owned(t.reported(peer.port, COOKIE + HANDSHAKE[2:]))
    t.counted(TcpExtSyncookiesRecv=1)
    healthy(t, MPCapableACKRX=1)


def first_subflow(t):
    s = listener(t)
    if not s:
        return None, None, None
    first = t.peer()
    key = capable(first, s.getsockname()[1])
    t.reported(first.port, QUEUED)
    t.accept(s)
    return s, s.getsockname()[1], key


def leave(t, peer, before):
    """The subflow's peer closes it, and that is the end of a life like any other."""
    peer.send(RST | ACK)
    t.reported(peer.port, before + ["rst-received established>closed",
                                "closed established>closed reset-received"])


@story()
def multipath_joined(t):
    """a subflow that joins is one life, and needs no accept()"""
    s, port, key = first_subflow(t)
    if not s:
        return
    peer = t.peer()
    proof = ask_to_join(peer, port, key)
    peer.send(ACK, options=option(JOIN, 0, proof))
    life = [HANDSHAKE[0], HANDSHAKE[2]]
    syn, done = t.reported(peer.port, life)
    same((done["conn"], done["isn"], done["peer_isn"]),
         (syn["conn"], peer.seen[0].seq, peer.isn), "the life")
    numbers(done, peer.isn + 1, peer.seen[0].seq + 1, "the third ACK")
    leave(t, peer, life)
    healthy(t, MPJoinSynRx=1, MPJoinAckRx=1)


@story()
def multipath_joined_by_cookie(t):
    """S8 a subflow that joins out of a SYN cookie is one life"""
    t.sysctl("tcp_syncookies", 2)
    s = listener(t)
    if not s:
        return
    port = s.getsockname()[1]
    first, peer = t.peer(), t.peer()
    key = capable(first, port)
    t.reported(first.port, COOKIE + HANDSHAKE[2:3])
    t.accept(s)
    proof = ask_to_join(peer, port, key)
    peer.send(ACK, options=option(JOIN, 0, proof))
    life = [COOKIE[0], HANDSHAKE[2]]
    done = t.reported(peer.port, life)[1]
    same(("syncookie" in done["options"], done["isn"], done["peer_isn"]),
         (True, peer.seen[0].seq, peer.isn), "the life")
    leave(t, peer, life)
    healthy(t, MPJoinAckRx=1)


@story()
def multipath_join_refused(t):
    """a subflow whose proof is wrong is reset, and no life goes on"""
    s, port, key = first_subflow(t)
    if not s:
        return
    peer = t.peer()
    proof = ask_to_join(peer, port, key)
    peer.send(ACK, options=option(JOIN, 0, proof[::-1]))
    peer.await_(RST)
    life = [HANDSHAKE[0], "rst-sent listen>listen bad-segment",
            "request-reset syn-recv>closed bad-segment"]
    try:
        t.reported(peer.port, life)
    except Wrong:
        # Jiffies pass 0 five minutes after boot, and for two minutes each listener looks like
        # one that sent cookies (strays.sh).
        if not 298 < time.clock_gettime(time.CLOCK_BOOTTIME) < 450:
            raise
        t.reported(peer.port, [life[0], "rst-sent listen>listen bad-cookie", life[2]])
    healthy(t, MPJoinSynRx=1, MPJoinAckRx=0, MPJoinAckHMacFailure=1)


@story()
def multipath_fastopen(t):
    """S7 accept() of an MPTCP connection of TCP Fast Open, before its handshake is over"""
    t.sysctl("tcp_fastopen", 0x203)
    try:
        s = listener(t, options=[(TCP_FASTOPEN, 5)])
    except OSError:
        return		# until 6.2 MPTCP has no TCP Fast Open
    if not s:
        return
    peer = t.peer()
    peer.remote = s.getsockname()[1]
    peer.send(SYN, data=b"m" * 43, options=option(CAPABLE, 1) + struct.pack("!BB", 34, 2))
    key = found(peer.await_(SYN | ACK))
    child = t.accept(s)
    same(len(child.recv(100)), 43, "bytes that accept() finds")
    peer.send(ACK, options=option(CAPABLE, 1, struct.pack("!Q", CLIENT_KEY) + key))
    events = t.reported(peer.port, ["syn-received listen>syn-recv fastopen",
                                "accept-queued syn-recv>syn-recv fastopen",
                                "accepted syn-recv>syn-recv",
                                "established syn-recv>established"])
    owned(events)
    healthy(t, MPCapableSYNRX=1)
    t.counted(TcpExtTCPFastOpenPassive=1)
