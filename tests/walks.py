#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What takes several messages, or several reads, to list, while it changes.

usage: walks.py netlink|proc|bucket|name|rest|group

netlink, proc: listeners, of which those reported first close before the rest is asked for.
bucket: connections that share a bucket of the smallest table. group: listeners that
share a port; prints how many. name, rest: what is reported of a process with an odd name.
Prints nothing else when all is well.
"""
import collections
import ctypes
import os
import socket
import struct
import sys

import cursor
import layout

LISTENER_GET, CONN_GET, EVENT_GET = 2, 3, 4
# The attributes that name a listener, a connection.
LISTENER_CONN, CONN_CONN = 3, 4
LISTENERS, GROUP = 149, 211
PR_SET_NAME = 15
# The smallest table has so many buckets; a first message has no room for 23 connections.
BUCKETS, SAME = 1024, 23
SO_COOKIE = 57


class Wrong(Exception):
    """What was found is not what should be."""


def cookie(s):
    return struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def listener(options=(), port=0, address="127.0.0.1"):
    s = socket.socket()
    for option in options:
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((address, port))
    s.listen(3)
    return s


def told_once(reported, expected):
    """Each of those that were there all the time, once."""
    count = collections.Counter(reported)
    missing = [c for c in expected if not count[c]]
    twice = [c for c in count if count[c] > 1]
    if missing or twice:
        raise Wrong(f"{len(missing)} of {len(expected)} not reported, {len(twice)} reported twice")


def messages(command):
    """The messages of a dump, in the lots in which the kernel gives them."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as other:
        family = cursor.find_family(other)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        sock.send(struct.pack("=IHHIIBBH", 20, family,
                              cursor.NLM_F_REQUEST | cursor.NLM_F_DUMP, 7, 0, command, 1, 0))
        while True:
            data, lot = sock.recv(1 << 17), []
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind == cursor.NLMSG_DONE:
                    error = struct.unpack_from("=i", data, 16)[0]
                    if error:
                        raise OSError(-error, "the dump ended early")
                    yield lot
                    return
                lot.append(list(cursor.attributes(data[20:size])))
                data = data[(size + 3) & ~3:]
            yield lot


def cookies(lot, attribute):
    return [struct.unpack("=Q", dict(message)[attribute])[0] for message in lot]


def over_netlink():
    sockets = {cookie(s): s for s in (listener() for _ in range(LISTENERS))}
    reported, late, lots = [], [], 0
    for lot in messages(LISTENER_GET):
        lots += 1
        reported += cookies(lot, LISTENER_CONN)
        for c in cookies(lot, LISTENER_CONN)[::2]:
            if c in sockets:
                sockets.pop(c).close()
        late.append(listener())
    if lots < 3:
        raise Wrong(f"{lots} lots: nothing could change between them")
    told_once(reported, sockets)


def over_proc():
    sockets = {s.getsockname()[1]: s for s in (listener() for _ in range(LISTENERS))}
    reported, late, pieces = [], [], 0
    with open("/proc/tcphs", "rb", buffering=0) as file:
        while piece := file.read(1 << 12):
            pieces += 1
            ports = [int(line.split()[1].split(b":")[1]) for line in piece.splitlines()
                     if line.startswith(b"listener      127.0.0.1:")]
            reported += ports
            for port in ports[::2]:
                if port in sockets:
                    sockets.pop(port).close()
            # It may get a port that is free again.
            late.append(listener(address="127.0.0.2"))
    if pieces < 3:
        raise Wrong(f"{pieces} pieces: nothing could change between them")
    told_once(reported, sockets)


def one_bucket():
    server = listener()
    os.sched_setaffinity(0, {0})
    chosen, ends = {}, []
    while len(chosen) < SAME:
        # Any socket takes a cookie, and one of these is quick to make.
        with socket.socket(socket.AF_UNIX) as s:
            if cookie(s) % BUCKETS != 16:
                continue
        s = socket.socket()
        if cookie(s) % BUCKETS == 17:
            s.connect(server.getsockname())
            chosen[cookie(s)] = s
            ends.append(server.accept()[0])
    reported, lots = [], 0
    for lot in messages(CONN_GET):
        lots += 1
        here = [c for c in cookies(lot, CONN_CONN) if c % BUCKETS == 17]
        reported += here
        if here and lots < 3:
            chosen.pop(here[-1]).close()
    told_once(reported, chosen)


def connect_as(name):
    """A connection that is refused, of a process that had a longer name before."""
    for each in b"fifteen-letters", name:
        ctypes.CDLL(None).prctl(PR_SET_NAME, each, 0, 0, 0)
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 7))


def odd_name():
    connect_as(b"a\x1b]0;b\tc\\d\xc2\x9b")
    with open("/proc/tcphs_events", "rb") as file:
        named = [line for line in file if b" comm=a" in line]
    if not named:
        raise Wrong("no such name")
    for line in named:
        if b" comm=a\\033]0;b\\011c\\134d\\302\\233" not in line:
            raise Wrong(repr(line))


def rest_of_name():
    connect_as(b"rest")
    comms = [layout.field(value, "id.comm") for lot in messages(EVENT_GET) for message in lot
             for kind, value in message if kind == cursor.RECORD]
    found = {comm for comm in comms if comm.startswith(b"rest\0")}
    if found != {b"rest".ljust(16, b"\0")}:
        raise Wrong(repr(found))


def one_port():
    group = [listener([socket.SO_REUSEPORT])]
    port = group[0].getsockname()[1]
    group += [listener([socket.SO_REUSEPORT], port) for _ in range(GROUP - 1)]
    print(len(group), flush=True)
    sys.stdin.readline()


def main():
    walks = {"netlink": over_netlink, "proc": over_proc, "bucket": one_bucket,
             "name": odd_name, "rest": rest_of_name, "group": one_port}
    walks[sys.argv[1]]()


if __name__ == "__main__":
    try:
        main()
    except (OSError, Wrong) as wrong:
        sys.exit(f"walks.py: {wrong}")
