#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Clients and servers with every bad habit, all over loopback, for some seconds.

usage: crowd.py SECONDS

What it does is not written down anywhere: the kernel counts it, and so does
tcphs. It ends with all of its sockets closed.
"""
import random
import selectors
import socket
import struct
import sys
import time

TCP_FASTOPEN, MSG_FASTOPEN = 23, 0x20000000
LOOPS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"),
         (socket.AF_INET6, "::ffff:127.0.0.1"))
PORT = 8100
# Kinds of listeners, and their ports beyond PORT and 10 for each of LOOPS; 5 has none.
# What the deaf ones send never arrives: agreement.sh sees to that.
SLOW, FAST, DEAF = 1, 3, 6


def listen(family, address, port, backlog, **options):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if options.get("group"):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((address, port))
    if options.get("defer"):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 3)
    if options.get("fastopen"):
        s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 31)
    s.listen(backlog)
    s.setblocking(False)
    return s


def abort(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


class Crowd:
    def __init__(self):
        self.random = random.Random(7919)
        self.selector = selectors.DefaultSelector()
        self.listeners, self.clients, self.held = [], [], []
        for n, (family, address) in enumerate(LOOPS):
            base = PORT + 10 * n
            for kind, options in ((0, {}), (SLOW, {"backlog": 2}), (2, {"defer": True, "backlog": 3}),
                                  (FAST, {"fastopen": True}), (4, {"group": True}),
                                  (4, {"group": True}), (DEAF, {})):
                s = listen(family, address, base + kind, options.pop("backlog", 61), **options)
                self.listeners.append((s, kind))

    def accept(self):
        for s, kind in self.listeners:
            # The slow ones leave their queue full most of the time.
            if kind == SLOW and self.random.random() < 0.8:
                continue
            try:
                while True:
                    child = s.accept()[0]
                    child.setblocking(False)
                    self.held.append(child)
            except BlockingIOError:
                pass

    def serve(self):
        """Some answer, some close first, some reset, some leave data unread."""
        keep = []
        for s in self.held:
            dice = self.random.random()
            try:
                data = s.recv(512) if dice < 0.5 else b"-"
                if dice < 0.3 and data:
                    s.send(b"answer" * 50)
            except BlockingIOError:
                data = b"-"
            except OSError:
                s.close()
                continue
            if not data or dice > 0.9:
                abort(s) if dice > 0.97 else s.close()
            else:
                keep.append(s)
        self.held = keep

    def come(self):
        for _ in range(self.random.randrange(31)):
            family, address = self.random.choice(LOOPS)
            kind = self.random.randrange(7)
            n = LOOPS.index((family, address))
            port = PORT + 10 * n + kind
            s = socket.socket(family)
            s.setblocking(False)
            try:
                if kind == FAST:
                    s.sendto(b"fast open" * 7, MSG_FASTOPEN, (address, port))
                else:
                    s.connect_ex((address, port))
            except OSError:
                pass
            self.clients.append(s)

    def behave(self):
        keep = []
        for s in self.clients:
            dice = self.random.random()
            try:
                if dice < 0.3:
                    s.send(b"question" * 9)
                elif dice < 0.4:
                    s.shutdown(socket.SHUT_WR)
                elif dice < 0.5 and not s.recv(4096):
                    dice = 1
            except BlockingIOError:
                pass
            except OSError:
                dice = 1
            if dice > 0.9:
                abort(s) if dice < 0.95 else s.close()
            else:
                keep.append(s)
        self.clients = keep

    def end(self):
        for s in self.clients + self.held:
            s.close()
        for s, _ in self.listeners:
            s.close()


def main(seconds):
    crowd = Crowd()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        crowd.come()
        crowd.accept()
        crowd.behave()
        crowd.serve()
        time.sleep(0.02)
    crowd.end()


main(float(sys.argv[1]))
