#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Readers that hold on to the module in one way each.

usage: holders.py proc | socket | dump | all

Says "ready" when it holds on, waits for a line, then says what became of what it
held: "WHAT: RESULT". With "all" it never stops to hold, drop and try again.
"""
import errno
import os
import socket
import struct
import sys
import time

from cursor import (CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY, EVENT_GET, GENL_ID_CTRL,
                    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_ERROR,
                    ask, attribute, attributes, find_family)

SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
CTRL_ATTR_MCAST_GROUPS, CTRL_ATTR_MCAST_GRP_ID = 7, 2
FILES = ("/proc/tcphs", "/proc/tcphs_events")


def open_files():
    held = []
    for path in FILES:
        file = os.open(path, os.O_RDONLY)
        os.read(file, 7)
        held.append((path, file))
    return held


def try_files(held):
    for path, file in held:
        try:
            print(f"{path}: {len(os.read(file, 4096))} bytes")
        except OSError as error:
            print(f"{path}: {errno.errorcode[error.errno]}")
        os.close(file)


def open_socket():
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)


def group_of(sock):
    name = attribute(CTRL_ATTR_FAMILY_NAME, b"tcphs\0")
    found = None
    for message in ask(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK, name):
        groups = dict(attributes(message)).get(CTRL_ATTR_MCAST_GROUPS, b"")
        for _, group in attributes(groups):
            found = struct.unpack("=I", dict(attributes(group))[CTRL_ATTR_MCAST_GRP_ID])[0]
    return found


def subscribe():
    sock = open_socket()
    sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group_of(sock))
    return sock, find_family(sock)


def start_dump(sock, family):
    """Asks for more than one message and takes none."""
    sock.send(struct.pack("=IHHIIBBH", 20, family, NLM_F_REQUEST | NLM_F_DUMP, 7, 0, EVENT_GET, 1, 0))


def answer(sock):
    sock.settimeout(3)
    try:
        data = sock.recv(1 << 17)
    except TimeoutError:
        return "silence"
    kind, = struct.unpack_from("=H", data, 4)
    return errno.errorcode[-struct.unpack_from("=i", data, 16)[0]] if kind == NLMSG_ERROR else "an answer"


def ready():
    print("ready", flush=True)
    sys.stdin.readline()


def hold_for_ever():
    while True:
        try:
            files = open_files()
            sock, family = subscribe()
            start_dump(sock, family)
            time.sleep(0.03)
            sock.recv(1 << 17)
            sock.close()
            time.sleep(0.2)
            for _, file in files:
                os.read(file, 4096)
                os.close(file)
        except (OSError, TypeError, struct.error, SystemExit):
            time.sleep(0.05)	# the module is away


def main():
    how = sys.argv[1]
    if how == "all":
        hold_for_ever()
    elif how == "proc":
        held = open_files()
        ready()
        try_files(held)
    else:
        sock, family = subscribe()
        if how == "dump":
            start_dump(sock, family)
            ready()
            print("socket:", answer(sock))
        else:
            ready()
            sock.setblocking(False)
            while True:		# what the bell rang before
                try:
                    sock.recv(1 << 17)
                except BlockingIOError:
                    break
            start_dump(sock, family)
            print("socket:", answer(sock))


main()
