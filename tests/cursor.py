#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A reader of events on a bare netlink socket, with cursors of its own.

usage: cursor.py [--all-netns] [--port PORT] [--pause] [--count] [--conns] [CURSORS]

Reads on from CURSORS, "CPU:NEXT,...", and prints the cursors it came to; with
--count how many records it read and how many it was told were lost. With
--conns it prints the cookies of the records it read. With
--port the kernel is to send the records of that port only. With --pause it says
"asked" when it has, and waits for a line before it reads the answer. The
messages are taken apart here, not by the tools' library.
"""
import argparse
import socket
import struct
import sys

import layout

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
EVENT_GET = 4
ALL_NETNS, CURSOR, CPU, LOST, RECORD, NEXT, FILTER = 2, 3, 4, 5, 6, 7, 8
FILTER_PORTS = 2
CURSOR_CPU, CURSOR_NEXT = 2, 3
NESTED = 0x8000


def attribute(kind, payload):
    data = struct.pack("=HH", len(payload) + 4, kind) + payload
    return data + bytes(-len(data) % 4)


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def ask(sock, family, command, flags, payload, pause=False):
    body = struct.pack("=BBH", command, 1, 0) + payload
    sock.send(struct.pack("=IHHII", len(body) + 16, family, NLM_F_REQUEST | flags, 7, 0) + body)
    if pause:
        print("asked", file=sys.stderr, flush=True)
        sys.stdin.readline()
    while True:
        data = sock.recv(1 << 17)
        while data:
            size, kind, _, _, _ = struct.unpack_from("=IHHII", data)
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                error = struct.unpack_from("=i", data, 16)[0]
                if error:
                    raise OSError(-error, "refused")
                return
            yield data[20:size]
            data = data[(size + 3) & ~3:]


def find_family(sock):
    name = attribute(CTRL_ATTR_FAMILY_NAME, b"tcphs\0")
    found = None
    for message in ask(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK, name):
        for kind, value in attributes(message):
            if kind == CTRL_ATTR_FAMILY_ID:
                found = struct.unpack("=H", value)[0]
    return found


def request(args):
    data = attribute(ALL_NETNS, b"") if args.all_netns else b""
    if args.port:
        data += attribute(FILTER | NESTED,
                          attribute(FILTER_PORTS, struct.pack("=H", args.port)))
    for pair in args.cursors.split(",") if args.cursors else ():
        cpu, number = map(int, pair.split(":"))
        data += attribute(CURSOR | NESTED, attribute(CURSOR_CPU, struct.pack("=I", cpu)) +
                          attribute(CURSOR_NEXT, struct.pack("=Q", number)))
    return data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all-netns", action="store_true")
    parser.add_argument("--port", type=int)
    parser.add_argument("--pause", action="store_true")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--conns", action="store_true")
    parser.add_argument("cursors", nargs="?", default="")
    args = parser.parse_args()

    # The kernel makes messages as large as a socket has once read: here, a small first one.
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as other:
        family = find_family(other)
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    cursors, records, lost, cpu = {}, 0, 0, None
    for message in ask(sock, family, EVENT_GET, NLM_F_DUMP, request(args), args.pause):
        for kind, value in attributes(message):
            if kind == CPU:
                cpu = struct.unpack("=I", value)[0]
            elif kind == NEXT:
                cursors[cpu] = struct.unpack("=Q", value)[0]
            elif kind == LOST:
                lost += struct.unpack("=Q", value)[0]
            elif kind == RECORD:
                records += 1
                if args.conns:
                    print(f"{layout.field(value, 'id.conn'):x}")
    if args.count:
        print(records, lost)
    elif args.conns:
        return
    else:
        print(",".join(f"{cpu}:{number}" for cpu, number in cursors.items()))


if __name__ == "__main__":
    try:
        main()
    except OSError as wrong:
        sys.exit(f"cursor.py: {wrong}")
