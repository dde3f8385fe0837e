#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes each thing happen that can happen to a TCP connection, and compares.

usage: stories.py [--full-table | --traced] [NAME...]
       stories.py --count [--full-table | --traced]

Without names: all of them; or all of a group, for which the module's table has 64 entries, or
another tracer is at tcp_v4_err() and tcp_v6_err().

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


def stories(group):
    """All of them; or each once, on one of its IP versions in turn"""
    for number, (name, families, function) in enumerate(STORIES):
        if function.group != group:
            continue
        if "TCPHS_TEST_ONCE" in os.environ:
            families = families[number % len(families):][:1]
        yield name, families, function


def main(group, names):
    wire_ = wire.Wire()
    Tale.followed = Followed()
    failed = 0
    for name, families, function in stories(group):
        if names and function.__name__ not in names:
            continue
        for family in families:
            failed += not tell_in_time(lambda: Tale(wire_, family), f"{family}: {name}", function)
    Tale.followed.end()
    return 1 if failed else 0


def count(group):
    print(sum(len(families) for _, families, _ in stories(group)))
    return 0


if __name__ == "__main__":
    options = [word for word in sys.argv[1:] if word.startswith("--")]
    asked = "".join(option[2:] for option in options if option != "--count")
    sys.exit(count(asked) if "--count" in options else
             main(asked, [word for word in sys.argv[1:] if word not in options]))
