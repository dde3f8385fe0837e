# SPDX-License-Identifier: GPL-2.0
"""Stories of what else comes by the hooks."""
import socket

from tale import same, story


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
    """MPTCP subflows are TCP connections, told like any other"""
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
    t.until(lambda: any(e["event"] == "closed" for e in t.events(port)), "the end")
    found = [e["event"] for e in t.events(port)]
    same((found[:2], found.count("closed"), found.count("syn-sent")),
         (["syn-sent", "established"], 1, 1), "the client's subflow")
