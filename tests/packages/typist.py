#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Types a password into a terminal, as often as it is asked for.

typist.py COMMAND PASSWORD: ends with the status of COMMAND, of a shell.
"""
import os
import pty
import sys

command, password = sys.argv[1:]
said = b""


def read(terminal):
    global said
    got = os.read(terminal, 4096)
    said += got
    if said.rstrip().endswith(b":"):
        said = b""
        os.write(terminal, password.encode() + b"\n")
    return got


sys.exit(os.waitstatus_to_exitcode(pty.spawn(["/bin/sh", "-c", command], read)))
