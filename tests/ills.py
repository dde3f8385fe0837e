#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes a machine ill in every way that tcphs doctor knows, and asks the doctor.

usage: ills.py [NAME...]	without names: all but those of a small ring and table

Prints "pass NAME" or "fail NAME" for each ill and each healthy twin; lines before a
"fail" say why. The ills are in ills_*.py. The doctor looks while the ill happens. It has
to find what the story says, with the numbers that the kernel counted, and nothing else.
"""
import sys

import ills_time_wait
import ills_queue
import ills_discards
import ills_data
import ills_connect
import ills_port
import ills_serve
import ills_reset
import ills_parting
import ills_close
import ills_doctor
import ills_small
import wire
from illness import ILLS, SMALL, Case
from tale import tell_in_time


def main(names):
    wire_ = wire.Wire()
    failed = 0
    chosen = SMALL if names == ["--small"] else \
        [f for f in ILLS + SMALL if f.__name__ in names] if names else ILLS
    for function in chosen:
        failed += not tell_in_time(lambda: Case(wire_, "ipv4"), function.__doc__, function)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--count"]:
        print(len(ILLS), len(SMALL))
    else:
        sys.exit(main(sys.argv[1:]))
