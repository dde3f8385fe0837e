# SPDX-License-Identifier: GPL-2.0
"""Stories of what else comes by the hooks."""
import errno
import socket
import struct

import wire
from tale import ACTIVE_CLOSE, CONNECT, find, numbers, same, story
from wire import ACK, FIN, RST, SYN

TCP_MD5SIG, TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 14, 19, 20, 21
RECV_QUEUE, SEND_QUEUE = 1, 2


@story("ipv4", "ipv6")
def others(t):
    """UDP, SCTP where there is any, and UNIX sockets are not TCP's business"""
    family = socket.AF_INET6 if t.family == "ipv6" else socket.AF_INET
    port = t.new_port()
    a, b = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    t.sockets += [a, b]
    loop = "::1" if t.family == "ipv6" else "127.0.0.1"
    a.bind((loop, port))
    b.connect((loop, port))
    b.send(b"datagram")
    same(a.recv(100), b"datagram", "the datagram")
    x, y = socket.socketpair()
    t.sockets += [x, y]
    try:
        s = socket.socket(family, socket.SOCK_STREAM, 132)
        t.sockets.append(s)
        s.bind((loop, port))
        s.listen(3)
        c = socket.socket(family, socket.SOCK_STREAM, 132)
        t.sockets.append(c)
        c.connect((loop, port))
    except OSError:
        pass
    same([e for e in t.events(port) if e["local_port"] in (0, port)], [], "events")


@story("ipv4", "ipv6")
def multipath(t):
    """MPTCP subflows are TCP connections, reported like any other"""
    family = socket.AF_INET6 if t.family == "ipv6" else socket.AF_INET
    loop = "::1" if t.family == "ipv6" else "127.0.0.1"
    try:
        listener = socket.socket(family, socket.SOCK_STREAM, 262)
    except OSError:
        return		# 5.10 has none, and says so
    t.sockets.append(listener)
    port = t.new_port()
    listener.bind((loop, port))
    listener.listen(7)
    s = socket.socket(family, socket.SOCK_STREAM, 262)
    t.sockets.append(s)
    s.connect((loop, port))
    child = listener.accept()[0]
    s.send(b"m" * 31)
    same(len(child.recv(100)), 31, "bytes")
    child.close()
    s.close()
    t.until(lambda: t.has(port, "closed"), "the end")
    found = [e["event"] for e in t.events(port)]
    same((found[:2], found.count("closed"), found.count("syn-sent")),
         (["syn-sent", "established"], 1, 1), "the client's subflow")


def taken_out(s):
    """Closes it without a word; where it stood."""
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    stood = {}
    for queue in RECV_QUEUE, SEND_QUEUE:
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        stood[queue] = s.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) & 0xffffffff
    ends = s.getsockname(), s.getpeername()
    s.close()
    return stood, ends


def put_back(s, stood, ends):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    s.bind(ends[0])
    for queue, seq in stood.items():
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        s.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("I", seq))
    s.connect(ends[1])
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)


@story()
def restored(t):
    """a connection that TCP_REPAIR takes out and puts back has no handshake and no past here"""
    peer = t.peer()
    s = t.established(peer)
    s.send(b"a" * 37)
    peer.await_(ACK, data=b"a" * 37)
    peer.send(ACK)
    peer.send(ACK | wire.PSH, data=b"b" * 23)
    same(len(s.recv(100)), 23, "bytes")
    again = t.socket()
    put_back(again, *taken_out(s))
    # It does not know the peer's window yet.
    peer.send(ACK)
    again.send(b"c" * 5)
    peer.await_(ACK, data=b"c" * 5)
    peer.send(ACK)
    again.close()
    fin = peer.await_(FIN | ACK)
    peer.send(ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    events = t.reported(peer.port, CONNECT + ["closed established>closed taken-out",
                                          "established closed>established"] + ACTIVE_CLOSE)
    before, after = events[:3], events[3:]
    same((before[2]["bytes_sent"], before[2]["bytes_received"]), (37, 23), "the first life")
    same([e.get("restored") for e in events], [None] * 3 + [True] * 6, "what is restored")
    same({(e["role"], e.get("isn"), e.get("peer_isn"), e.get("adopted")) for e in after},
         {("unknown", None, None, None)}, "what is not known")
    same(sorted(set(after[0]) & {"seq", "ack", "duration_ns", "mss", "window"}), [], "its handshake")
    same(after[0]["pid"], before[0]["pid"], "owner")
    numbers(after[1], fin.seq, fin.ack, "the FIN")
    life = find(after, "closed")
    same((life["bytes_sent"], life["bytes_received"]), (5, 0), "the second life")
    same(sum(bool(x.flags & SYN) for x in peer.heard()), 1, "SYNs on the wire")
    t.counted(TcpActiveOpens=1, TcpOutRsts=0)


def keep_key(t, s, key):
    address = t.address(wire.PEER, 0)[0]
    if t.family == "ipv4":
        who = struct.pack("=HH4s120x", socket.AF_INET, 0, socket.inet_aton(address))
    else:
        who = struct.pack("=HHI16s104x", socket.AF_INET6, 0, 0,
                          socket.inet_pton(socket.AF_INET6, address))
    s.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG,
                 who + struct.pack("=BBHi80s", 0, 0, len(key), 0, key))


@story()
def signed_stray(t):
    """a signed segment for nobody gets no RST, but where its key is known, and so it is reported"""
    peer = t.peer()
    peer.remote = t.new_port()
    holder = t.socket()
    try:
        keep_key(t, holder, b"secret")
    except OSError as e:
        same(e.errno, errno.ENOPROTOOPT, "why there are no signatures")
        return

    def stray(ack, **how):
        peer.send(ACK, ack=ack, **how)

    def answered(*acks):
        """Whatever came before the last that is answered was not."""
        t.until(lambda: any(x.seq == acks[-1] for x in peer.heard()), "the last RST")
        same([x.seq for x in peer.heard() if x.flags & RST], list(acks), "RSTs on the wire")
        same([e["seq"] for e in t.reported(peer.port, ["rst-sent closed>closed no-socket"] *
                                       len(acks))], list(acks), "RSTs that are reported")
        t.counted(TcpOutRsts=len(acks))

    stray(1009, key=b"secret")
    stray(2003)
    answered(2003)
    # Who listens on the segment's source port may have its key.
    holder.bind(t.address(wire.HOST, peer.port))
    holder.listen(3)
    stray(3001, key=b"wrong")
    stray(4001, key=b"secret")
    stray(5003, key=b"secre")
    stray(6007)
    answered(2003, 4001, 6007)
