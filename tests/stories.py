#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes each thing happen that can happen to a TCP connection, and compares.

usage: stories.py [--full-table] [NAME...]
       stories.py --count [--full-table]

Without names: all of them; or of those for which the module's table has 64 entries.

Prints "pass NAME" or "fail NAME" for each story and family; lines before a
"fail" say why. The stories are in stories_*.py.
What tcphs reported of its ports is compared with the whole list that the story
gives, in order, nothing more and nothing less, and the numbers with those of the
segments that were on the wire.
"""
import os
import sys

import stories_connect
import stories_listen
import stories_queue
import stories_close
import stories_life
import stories_fail
import stories_time_wait
import stories_owner
import stories_old
import stories_other
import stories_mptcp
import stories_move
import stories_full
import wire
from tale import STORIES, Followed, Tale, tell_in_time


def stories(full_table):
    """All of them; or each once, on one of its IP versions in turn"""
    for number, (name, families, function) in enumerate(STORIES):
        if function.full_table != full_table:
            continue
        if "TCPHS_TEST_ONCE" in os.environ:
            families = families[number % len(families):][:1]
        yield name, families, function


def main(full_table, names):
    wire_ = wire.Wire()
    Tale.followed = Followed()
    failed = 0
    for name, families, function in stories(full_table):
        if names and function.__name__ not in names:
            continue
        for family in families:
            failed += not tell_in_time(lambda: Tale(wire_, family), f"{family}: {name}", function)
    Tale.followed.end()
    return 1 if failed else 0


def count(full_table):
    print(sum(len(families) for _, families, _ in stories(full_table)))
    return 0


if __name__ == "__main__":
    words = sys.argv[1:]
    full = "--full-table" in words
    sys.exit(count(full) if "--count" in words else
             main(full, [word for word in words if word != "--full-table"]))
