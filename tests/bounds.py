#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Holds many sockets until a line comes.

usage: bounds.py listeners COUNT FIRST-ADDRESS	on 127.0.N.1 and on, 16,384 to an address
       bounds.py suited COUNT BUCKETS		connections whose cookies end in the same bits

Says "ready" when they are there.
"""
import resource
import socket
import struct
import sys

SO_COOKIE = 57


def listeners(count, first):
    held = []
    for i in range(count):
        sock = socket.socket()
        sock.bind((f"127.0.{first + i // 16384}.1", 20000 + i % 16384))
        sock.listen(1)
        held.append(sock)
    return held


def cookie(sock):
    return struct.unpack("Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def suited(count, buckets):
    """Cookies are handed out in sequence: one in so many suits."""
    server = socket.create_server(("127.0.0.1", 0), backlog=count)
    held, wanted = [server], None
    while len(held) <= count:
        sock = socket.socket()
        bucket = cookie(sock) % buckets
        if wanted is None:
            wanted = bucket
        if bucket == wanted:
            held.append(sock)
        else:
            sock.close()
    for sock in held[1:]:
        sock.connect(server.getsockname())
    return held


def main():
    what, count, argument = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    held = {"listeners": listeners, "suited": suited}[what](count, argument)
    print("ready", flush=True)
    sys.stdin.readline()
    for sock in held:
        sock.close()


if __name__ == "__main__":
    main()
