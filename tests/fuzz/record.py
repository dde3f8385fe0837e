#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes the corpus of messages: what the module in fact sends, a file a datagram.

usage: fuzz/record.py DIRECTORY

Runs where the module is loaded and has something to tell, in tests/:

    tests/vm/run -- sh -c 'make -C tests traffic >&2; modprobe tcphs; cd tests;
        unshare -n sh -c "ip link set lo up; ./traffic --connections 7 >&2;
        fuzz/record.py /run/corpus"; tar -C /run/corpus -c .' | tar -C tests/fuzz/corpus/messages -x
"""
import pathlib
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
# pylint: disable=wrong-import-position
from cursor import (CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY, EVENT_GET, GENL_ID_CTRL,
                    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, attribute, find_family)

STATUS_GET, LISTENER_GET, CONN_GET = 1, 2, 3
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
UNKNOWN = 77


def open_socket():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
        sock.setsockopt(SOL_NETLINK, option, 1)
    sock.settimeout(1)
    return sock


def datagrams(family, command, flags, payload=b""):
    """All that comes back, until the kernel has nothing more to say."""
    with open_socket() as sock:
        body = struct.pack("=BBH", command, 1, 0) + payload
        sock.send(struct.pack("=IHHII", len(body) + 16, family, NLM_F_REQUEST | flags, 7, 0) +
                  body)
        try:
            while True:
                yield sock.recv(1 << 17)
        except TimeoutError:
            pass


def main(directory):
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    with open_socket() as sock:
        family = find_family(sock)
    name = attribute(CTRL_ATTR_FAMILY_NAME, b"tcphs\0")
    asked = {
        "family": (GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK, name),
        "status": (family, STATUS_GET, NLM_F_ACK),
        "listeners": (family, LISTENER_GET, NLM_F_DUMP),
        "connections": (family, CONN_GET, NLM_F_DUMP),
        "events": (family, EVENT_GET, NLM_F_DUMP),
        "refused": (family, STATUS_GET, NLM_F_ACK, attribute(UNKNOWN, b"")),
        "refused-dump": (family, CONN_GET, NLM_F_DUMP, attribute(UNKNOWN, b"1234")),
        "unknown": (family, UNKNOWN, NLM_F_ACK),
    }
    for what, request in asked.items():
        for number, data in enumerate(datagrams(*request)):
            (directory / f"{what}-{number}").write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
