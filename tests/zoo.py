#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Keeps TCP sockets in every state that one machine can hold them in.

Says "ready" when all are there; then waits for a line for each of two steps:
"accept" takes what waits in the accept queue, "close" closes all of it.
Drops on the way are those of adopt.sh's nftables rules, by port.
"""
import socket
import sys

NO_SYN = 7001		# a SYN to this port is dropped
NO_SYNACK = 7003	# a SYN+ACK from this port is dropped
NO_REPLY = 7013		# once "mute" was said: nothing from this port arrives

sockets = []


def listen(family, address, port=0, backlog=31):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address != "::")
    s.bind((address, port))
    s.listen(backlog)
    sockets.append(s)
    return s


def pairs(count, listener, family, address):
    made = []
    for _ in range(count):
        client = socket.socket(family, socket.SOCK_STREAM)
        client.connect((address, listener.getsockname()[1]))
        server, _ = listener.accept()
        client.sendall(b"to and fro")
        server.recv(10, socket.MSG_WAITALL)
        server.sendall(b"and back")
        client.recv(8, socket.MSG_WAITALL)
        made.append((client, server))
        sockets.extend((client, server))
    return made


def attempts(count, port):
    for _ in range(count):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
        sockets.append(s)


def wait_for_end(s):
    while s.recv(64):
        pass


def ask(step):
    """Tells the test to do or look at something, and waits until it has."""
    print(step, flush=True)
    sys.stdin.readline()


def build():
    v4 = listen(socket.AF_INET, "127.0.0.1")
    v6 = listen(socket.AF_INET6, "::1")
    both = listen(socket.AF_INET6, "::")
    mute = listen(socket.AF_INET, "127.0.0.1", NO_REPLY)
    listen(socket.AF_INET, "127.0.0.1", NO_SYNACK)

    pairs(7, v4, socket.AF_INET, "127.0.0.1")
    pairs(5, v6, socket.AF_INET6, "::1")
    pairs(3, both, socket.AF_INET6, "::ffff:127.0.0.1")
    for client, server in pairs(3, v4, socket.AF_INET, "127.0.0.1"):	# FIN_WAIT2, CLOSE_WAIT
        client.shutdown(socket.SHUT_WR)
        wait_for_end(server)
    for client, server in pairs(3, v6, socket.AF_INET6, "::1"):	# the same, as a bucket
        client.close()
        wait_for_end(server)
    for client, server in pairs(5, both, socket.AF_INET6, "::ffff:127.0.0.1"):	# TIME_WAIT
        client.close()
        wait_for_end(server)
        server.close()
    attempts(3, NO_SYN)			# SYN_SENT
    attempts(3, NO_SYNACK)		# SYN_SENT, SYN_RECV

    silent = pairs(3, mute, socket.AF_INET, "127.0.0.1")
    leaving = pairs(3, mute, socket.AF_INET, "127.0.0.1")
    for client, server in leaving:
        client.shutdown(socket.SHUT_WR)
        wait_for_end(server)
    ask("mute")
    for _, server in silent + leaving:	# FIN_WAIT1, LAST_ACK
        server.shutdown(socket.SHUT_WR)

    waiting = [socket.create_connection(v4.getsockname()) for _ in range(2)]
    sockets.extend(waiting)
    return v4


def main():
    v4 = build()
    ask("ready")
    for _ in range(2):
        sockets.append(v4.accept()[0])
    ask("accepted")
    for s in sockets:
        s.close()
    ask("closed")


main()
