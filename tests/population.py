#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Connections of every kind that a filter can tell apart, held open.

usage: population.py

Two processes, "filter-client" and "filter-server", on 127.0.0.1, 127.0.0.2 and
::1. Says "old PID" (of the server) when the first connections are there, waits for
a line on standard input, says "new" when the others are, and waits for another.
"""
import os
import signal
import socket
import struct
import sys

# (family, address, port) of each listener
LISTENERS = ((socket.AF_INET, "127.0.0.1", 8080), (socket.AF_INET6, "::1", 8081),
             (socket.AF_INET, "127.0.0.2", 8082), (socket.AF_INET6, "::", 8084),
             (socket.AF_INET, "127.0.0.1", 8085))
REFUSED = 8083		# nobody listens


def call_me(name):
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(name)


def listen(family, address, port):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((address, port))
    sock.listen(29)
    return sock


def serve(orders):
    """One letter a connection: accept it on the listener of that number."""
    call_me("filter-server")
    listeners = [listen(*listener) for listener in LISTENERS]
    held = []
    os.write(orders, b"!")
    while order := os.read(orders, 1):
        sock, _ = listeners[int(order)].accept()
        if int(order) == 4:
            # The client has closed first, or reset.
            try:
                sock.recv(1)
            except ConnectionResetError:
                pass
            sock.close()
        else:
            held.append(sock)
        os.write(orders, b"!")


class Client:
    def __init__(self, orders):
        self.orders = orders
        self.held = []

    def connect(self, number, address, end=None):
        """A connection to a listener; end is called before it is accepted."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.connect((address, LISTENERS[number][2]))
        if end:
            end(sock)
        else:
            self.held.append(sock)
        os.write(self.orders, str(number).encode())
        assert os.read(self.orders, 1) == b"!"
        return sock

    def refused(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.connect(("127.0.0.1", REFUSED))
        except ConnectionRefusedError:
            sock.close()
            return
        sys.exit("nobody refused")


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def main():
    mine, its = socket.socketpair()
    server = os.fork()
    if not server:
        mine.close()
        serve(its.fileno())
        os._exit(0)
    its.close()
    call_me("filter-client")
    assert mine.recv(1) == b"!"
    client = Client(mine.fileno())
    for _ in range(7):
        client.connect(0, "127.0.0.1")
    print("old", server, flush=True)
    sys.stdin.readline()
    for _ in range(5):
        client.connect(1, "::1")
    for _ in range(11):
        client.connect(2, "127.0.0.2")
    for _ in range(3):
        client.connect(3, "127.0.0.1")
    for _ in range(3):
        client.connect(0, "127.0.0.1").shutdown(socket.SHUT_WR)
    for _ in range(5):
        client.connect(4, "127.0.0.1", socket.socket.close)
    for _ in range(2):
        client.connect(4, "127.0.0.1", reset)
    for _ in range(3):
        client.refused()
    print("new", flush=True)
    sys.stdin.readline()
    os.kill(server, signal.SIGTERM)
    os.waitpid(server, 0)


if __name__ == "__main__":
    main()
