#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Leaves connections in FIN_WAIT2 without a process, until they time out.

usage: abandon.py CONNECTIONS
"""
import socket
import sys
import time

FIN_WAIT2 = "05"


def waiting():
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(line.split()[3] == FIN_WAIT2 for line in table)


server = socket.create_server(("127.0.0.1", 0))
held = []
for _ in range(int(sys.argv[1])):
    client = socket.create_connection(server.getsockname())
    held.append(server.accept()[0])
    client.close()
deadline = time.monotonic() + 60
while waiting() and time.monotonic() < deadline:
    time.sleep(0.05)
sys.exit(waiting())
