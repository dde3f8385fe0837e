#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Connections that go wrong, each in one of 13 ways and after a healthy phase.

usage: kept.py fail COUNT | late COUNT | same JSON PROC

fail: prints a line "COOKIE WAY" for each, the cookie as ss shows it. late: that many good
connections, and one that goes wrong behind them; a line with the cookie of each of its ends.
same: do "tcphs events -j" and /proc/tcphs_events, read one after the other, tell the same?
"""
import contextlib
import json
import select
import socket
import struct
import subprocess
import sys
import time

HOST = "127.0.13.1"
SO_COOKIE, TCP_USER_TIMEOUT, TCP_SYNCNT = 57, 18, 7
DEAF = 7013		# nobody answers there


def cookie(s):
    return struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def linger(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("not within 60 s: " + what)
        time.sleep(0.02)


class Service:
    """A listener, and connections to it whose both ends are ours."""

    def __init__(self):
        self.listener = socket.create_server((HOST, 0), backlog=255)

    def pair(self, healthy=True):
        client = socket.create_connection(self.listener.getsockname())
        server = self.listener.accept()[0]
        if healthy:
            for source, target, text in ((client, server, b"question"), (server, client, b"answer")):
                source.sendall(text)
                target.recv(64, socket.MSG_WAITALL if len(text) == 64 else 0)
        return client, server


def deaf_socket():
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex((HOST, DEAF))
    return s


def error_of(s):
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def refused(_):
    s = socket.socket()
    if s.connect_ex((HOST, 1)) == 0:
        sys.exit("port 1 answers")
    return [s]


def client_aborts(service):
    client, server = service.pair()
    linger(client)
    return [client, server]


def server_aborts(service):
    client, server = service.pair()
    linger(server)
    return [server, client]


def unread_by_server(service):
    client, server = service.pair()
    client.sendall(b"never read")
    until(lambda: server.recv(64, socket.MSG_PEEK), "data")
    return [server, client]


def unread_by_client(service):
    client, server = service.pair()
    server.sendall(b"never read")
    until(lambda: client.recv(64, socket.MSG_PEEK), "data")
    return [client, server]


def data_after_close(service):
    client, server = service.pair()
    number = cookie(server)
    server.close()
    client.sendall(b"too late")
    until(lambda: select.select([client], [], [], 0)[0], "the RST")
    return [client, number]


def killed(service):
    client, server = service.pair()
    port = client.getsockname()[1]
    subprocess.run(["ss", "-K", f"sport = {port}"], check=True, stdout=subprocess.DEVNULL)
    return [client, server]


def disconnected(service):
    """connect() to AF_UNSPEC with data under way is a RST."""
    client, server = service.pair()
    server.sendall(b"never read")
    until(lambda: client.recv(64, socket.MSG_PEEK), "data")
    client_cookie = cookie(client)
    libc = __import__("ctypes").CDLL(None, use_errno=True)
    libc.connect(client.fileno(), struct.pack("=H14x", socket.AF_UNSPEC), 16)
    return [client_cookie, server, client]


def given_up(_):
    s = deaf_socket()
    time.sleep(0.01)
    return [s]


def connect_times_out(_):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 700)
    s.setblocking(False)
    s.connect_ex((HOST, DEAF))
    until(lambda: select.select([], [s], [], 0)[1], "the connect that times out")
    return [s]


@contextlib.contextmanager
def silence(*matches):
    """Segments of these ports are dropped as they arrive."""
    rules = "".join(f"add rule inet kept arriving {match} drop\n" for match in matches)
    subprocess.run(["nft", "-f", "-"], text=True, check=True, input="add table inet kept\n"
                   "add chain inet kept arriving { type filter hook input priority 0; }\n" + rules)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "kept"], check=True)


def dies_of_silence(service):
    client, server = service.pair()
    client.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 700)
    port = client.getsockname()[1]
    with silence(f"tcp sport {port}", f"tcp dport {DEAF}"):
        client.sendall(b"to nobody")
        until(lambda: select.select([client], [], [], 0)[0], "the time-out")
    linger(server)
    return [client, server]


def syn_again(service):
    """The first SYN is lost; it ends by RST, for its TIME_WAIT would end a minute later."""
    client = socket.socket()
    client.setblocking(False)
    port = service.listener.getsockname()[1]
    with silence(f"tcp dport {port} tcp flags & syn == syn", f"tcp dport {DEAF}"):
        client.connect_ex((HOST, port))
        time.sleep(0.05)
    until(lambda: select.select([], [client], [], 0)[1], "the second SYN")
    server = service.listener.accept()[0]
    linger(client)
    return [client, server]


def listener_goes(_):
    service = Service()
    client = socket.create_connection(service.listener.getsockname())
    number = cookie(client)
    service.listener.close()
    return [client, number]


WAYS = (refused, client_aborts, server_aborts, unread_by_server, unread_by_client,
        data_after_close, killed, disconnected, given_up, connect_times_out, dies_of_silence,
        syn_again, listener_goes)


def fail(count):
    service = Service()
    for i in range(count):
        way = WAYS[i % len(WAYS)]
        quiet = way in (given_up, connect_times_out)
        with silence(f"tcp dport {DEAF}") if quiet else contextlib.nullcontext():
            ends = way(service)
            first = next(end for end in ends)
            number = first if isinstance(first, int) else cookie(first)
            for end in ends:
                if not isinstance(end, int):
                    end.close()
        print(f"{number:x} {way.__name__}", flush=True)


def late(count):
    """One that goes wrong when as many others of its service have washed its beginning out."""
    service = Service()
    client, server = service.pair()
    for _ in range(count):
        for end in service.pair(healthy=False):
            end.close()
    print(f"{cookie(client):x}\n{cookie(server):x}")
    linger(client)
    client.close()
    until(lambda: select.select([server], [], [], 0)[0], "the RST")


def holes_of(lines):
    """What neither has, of each CPU; and as much must be missing before it goes on."""
    numbers, lost = {}, {}
    for event in lines:
        if event["event"] != "lost":
            numbers.setdefault(event["cpu"], set()).add(event["number"])
    records = max((i for i, e in enumerate(lines) if e["event"] != "lost"), default=-1)
    for i, hole in enumerate(lines):
        if hole["event"] != "lost":
            continue
        cpu = hole["cpu"]
        lost[cpu] = lost.get(cpu, 0) + hole["lost"]
        # The newest are gone.
        if i > records:
            continue
        after = lines[i + 1]
        if after.get("cpu") != cpu:
            sys.exit("a hole is not before a record of its CPU")
        missing = after["number"] - 1 - sum(n < after["number"] for n in numbers[cpu])
        if missing < lost[cpu]:
            sys.exit(f"{lost[cpu]} lost of CPU {cpu} before {after['number']}, {missing} missing")
    return lost


def same(reported, proc):
    with open(reported, encoding="ascii") as file:
        lines = [json.loads(line) for line in file]
    lost = holes_of(lines)
    expected = sorted((e["time"], e["cpu"], e["conn"], e["event"], e.get("earlier_lost", False))
                      for e in lines if e["event"] != "lost")
    found, missing = [], {}
    with open(proc, encoding="ascii") as file:
        for words in map(str.split, file):
            if words[0] == "lost":
                cpu, records = (int(word.split("=")[1]) for word in words[1:])
                missing[cpu] = missing.get(cpu, 0) + records
            else:
                found.append((int(words[0].replace(".", "")), int(words[1][4:]),
                              words[2][5:].split(".")[0], words[3], "earlier_lost" in words))
    if [e[0] for e in found] != sorted(e[0] for e in found):
        sys.exit("not in the order of time")
    if sorted(found) != expected:
        sys.exit(f"{len(found)} records, and {len(expected)} of the tool: "
                 f"{set(found) ^ set(expected)}")
    if missing != lost:
        sys.exit(f"lost {missing}, and of the tool {lost}")
    print(f"{len(found)} records, lost {lost}")


if __name__ == "__main__":
    if sys.argv[1] == "same":
        same(*sys.argv[2:])
    else:
        {"fail": fail, "late": late}[sys.argv[1]](int(sys.argv[2]))
