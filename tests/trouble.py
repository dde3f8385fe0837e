#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes happen all that tcphs doctor can find, and asks the doctor.

usage: trouble.py [NAME...]	without names: all but those of a small ring and table

Prints "pass NAME" or "fail NAME" for each trouble and each healthy twin; lines before a
"fail" say why. The troubles are in trouble_*.py. The doctor looks while it happens. It has
to find what the story says, with the numbers that the kernel counted, and nothing else.
"""
import sys

import trouble_time_wait
import trouble_queue
import trouble_discards
import trouble_data
import trouble_connect
import trouble_port
import trouble_serve
import trouble_reset
import trouble_parting
import trouble_close
import trouble_doctor
import trouble_small
import wire
from examine import TROUBLES, SMALL, Case
from tale import Followed, Tale, tell_in_time


def main(names):
    wire_ = wire.Wire()
    Tale.followed = Followed()
    failed = 0
    chosen = SMALL if names == ["--small"] else \
        [f for f in TROUBLES + SMALL if f.__name__ in names] if names else TROUBLES
    for function in chosen:
        failed += not tell_in_time(lambda: Case(wire_, "ipv4"), function.__doc__, function)
    Tale.followed.end()
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--count"]:
        print(len(TROUBLES), len(SMALL))
    else:
        sys.exit(main(sys.argv[1:]))
