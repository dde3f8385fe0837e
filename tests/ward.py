#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A network namespace in which everything goes wrong that there is an alert for, or its
healthy twin, where the same is done and stays right below the thresholds.

usage: ward.py troubled | healthy

Of each line of input does what it says, and answers "done": prepare, fall, grow, last. What
it opened stays open until its input ends.
"""
import errno
import select
import socket
import struct
import subprocess
import sys
import time

from wire import PATIENCE

HANG, SLOW, CUT, FLOOD, GOOD, SILENT = range(1001, 1007)
TCP_USER_TIMEOUT = 18
TROUBLED = sys.argv[1] == "troubled"
HELD = []


def sysctl(name, value):
    with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as file:
        file.write(str(value))


def listen(port, backlog):
    return socket.create_server(("127.0.0.1", port), backlog=backlog)


def connecting(port):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", port))
    HELD.append(s)
    return s


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE)
    HELD.append(s)
    return s


def accept(listener):
    s = listener.accept()[0]
    HELD.append(s)
    return s


def pair(listener):
    return connect(listener.getsockname()[1]), accept(listener)


def until(condition, what):
    deadline = time.monotonic() + 20 * PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def waiting(listener):
    """Connections in its accept queue: tcpi_unacked."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
    return struct.unpack_from("=I", info, 24)[0]


def half_closed(listener, by_client):
    """One end has closed; the other stays in CLOSE_WAIT."""
    client, server = pair(listener)
    closes, stays = (client, server) if by_client else (server, client)
    closes.shutdown(socket.SHUT_WR)
    until(lambda: select.select([stays], [], [], 0)[0], "the FIN comes")


def nft(rule):
    if TROUBLED:
        subprocess.run(["nft", f"add rule inet ward out {rule}"], check=True)


class Ward:
    """The listeners are there before anything happens: alerts compare with what was before."""

    def prepare(self):
        subprocess.run(["nft", "-f", "-"], check=True, text=True, input="""
            table inet ward {
                chain out {
                    type filter hook output priority 0
                }
            }""")
        sysctl("tcp_syncookies", 1)
        self.hang, self.slow, self.cut = listen(HANG, 1), listen(SLOW, 50), listen(CUT, 50)
        self.flood, self.good, self.silent = listen(FLOOD, 2), listen(GOOD, 99), listen(SILENT, 9)
        for _ in range(3 if TROUBLED else 2):
            half_closed(self.good, by_client=True)
        for _ in range(1 if TROUBLED else 4):
            half_closed(self.good, by_client=False)

    def grow(self):
        """Many more in CLOSE_WAIT, or few more; to where there are ports left."""
        for _ in range(4 if TROUBLED else 2):
            half_closed(self.slow, by_client=False)

    def nobody_accepts(self):
        for _ in range(7 if TROUBLED else 1):
            connecting(HANG)
        if not TROUBLED:
            accept(self.hang)

    def accepts_slowly(self):
        for _ in range(5):
            connect(SLOW)
        if TROUBLED:
            time.sleep(1.5)
        for _ in range(5):
            accept(self.slow)

    def closes_listener(self):
        for _ in range(5):
            connect(CUT)
        until(lambda: waiting(self.cut) == 5, "they wait")
        for _ in range(0 if TROUBLED else 4):
            accept(self.cut)
        self.cut.close()

    def is_flooded(self):
        nft(f"tcp sport {FLOOD} tcp flags & (syn | ack) == syn | ack drop")
        for cookies in (1, 0):
            sysctl("tcp_syncookies", cookies)
            for _ in range(9 if TROUBLED else 1):
                connecting(FLOOD)
            if not TROUBLED:
                accept(self.flood)

    def refuses(self):
        for _ in range(5 if TROUBLED else 2):
            try:
                connect(1)
            except ConnectionRefusedError:
                pass

    def loses_peers(self):
        clients = [pair(self.silent)[0] for _ in range(3)]
        nft(f"tcp dport {SILENT} drop")
        for s in clients:
            s.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 1000)
            s.send(b"anybody?")
        for s in clients if TROUBLED else ():
            until(lambda s=s: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ETIMEDOUT,
                  "it times out")

    def fills_time_wait(self):
        sysctl("tcp_max_tw_buckets", 10 if TROUBLED else 100)
        for _ in range(9):
            client, server = pair(self.good)
            for s in client, server:
                HELD.remove(s)
                s.close()

    def runs_out_of_ports(self):
        sysctl("ip_local_port_range", "31001 31010")
        for _ in range(9 if TROUBLED else 5):
            pair(self.good)
        if TROUBLED:
            pair(self.good)
            try:
                connect(GOOD)
                raise AssertionError("there is a port left")
            except OSError as error:
                assert error.errno == errno.EADDRNOTAVAIL, error

    def fall(self):
        for step in (self.nobody_accepts, self.accepts_slowly, self.closes_listener,
                     self.is_flooded, self.refuses, self.loses_peers, self.fills_time_wait,
                     self.runs_out_of_ports):
            step()

    def last(self):
        """Orphans: nobody holds them, and their peer is silent."""
        sysctl("ip_local_port_range", "32768 60999")
        for s in [connect(GOOD) for _ in range(5)]:
            accept(self.good)
            nft(f"tcp sport {s.getsockname()[1]} drop")
            s.send(b"goodbye")
            HELD.remove(s)
            s.close()


def main():
    ward = Ward()
    for line in sys.stdin:
        getattr(ward, line.strip())()
        print("done", flush=True)


main()
