#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends one ACK that belongs to no connection.

usage: strays.py ADDRESS PORT [listen]

With "listen" a socket listens on the port while the segment arrives.
"""
import socket
import struct
import sys

address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
if "listen" in sys.argv:
    listener = socket.create_server((address, port), family=family)

header = struct.pack("!HHIIBBHHH", 4243, port, 1009, 2003, 5 << 4, 0x10, 1024, 0, 0)
ends = socket.inet_pton(family, address) * 2
pseudo = ends + struct.pack("!IHBB", len(header), 0, 0, socket.IPPROTO_TCP)
total = sum(struct.unpack("!%dH" % (len(pseudo + header) // 2), pseudo + header))
while total >> 16:
    total = (total >> 16) + (total & 0xFFFF)
header = header[:16] + struct.pack("!H", ~total & 0xFFFF) + header[18:]
with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
    raw.sendto(header, (address, 0))
