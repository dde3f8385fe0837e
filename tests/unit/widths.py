#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whatever a verb says fits COLUMNS, and nothing but whole columns is missing then.

	widths.py TOOL
"""
import os
import subprocess
import sys

TOOL = sys.argv[1]
# "long": IPv6 addresses as long as they get
KERNELS = ["", "long"]
WIDTHS = [80, 100, 132, 200]
# What must be seen of each table.
TABLES = {"events": "TIME CONN EVENT LOCAL PEER DETAILS", "connections": "STATE AGE LOCAL PEER OWNER",
          "lives": "OWNER LOCAL PEER HISTORY LIFE END",
          "listeners": "LISTENER ACCEPT-QUEUE OVERFLOWS OWNER"}


def lines(kernel, columns, *arguments):
    env = dict(os.environ, LC_ALL="C.UTF-8", FAKE=kernel)
    env.pop("COLUMNS", None)
    if columns:
        env["COLUMNS"] = str(columns)
    done = subprocess.run([TOOL, *arguments], env=env, check=False, capture_output=True, text=True,
                          timeout=30)
    return done.stdout.splitlines()


def too_wide(text, columns):
    return [line for line in text if len(line) > columns or line != line.rstrip()]


def words(text):
    """Without what counts the time since the module was loaded, or of the look."""
    return [word for line in text if not line.startswith(("---", "module", "LOOKED"))
            for word in line.split()]


def table(kernel, columns, verb):
    """What is wrong with it."""
    narrow = lines(kernel, columns, verb)
    every = lines(kernel, 0, verb, "-o", "help")[0].split()
    shown = [word for word in words(narrow) if word in every]
    wide = lines(kernel, 0, verb, "-o", ",".join(shown))
    wrong = too_wide(narrow, columns)
    if words(wide) != words(narrow) or not set(TABLES[verb].split()) <= set(shown):
        wrong += narrow
    return wrong


def prose(kernel, columns, *arguments):
    narrow, wide = lines(kernel, columns, *arguments), lines(kernel, 0, *arguments)
    wrong = too_wide(narrow, columns)
    if [w for w in words(wide) if w.isalpha()] != [w for w in words(narrow) if w.isalpha()]:
        wrong += narrow
    return wrong


def main():
    tests = []
    for kernel in KERNELS:
        for columns in WIDTHS:
            what = f"{columns} columns{', long addresses' if kernel else ''}"
            for verb in TABLES:
                tests.append((f"{verb}: {what}", table(kernel, columns, verb)))
            tests.append((f"status: {what}", prose(kernel, columns, "status")))
            tests.append((f"doctor: {what}", prose(kernel, columns, "doctor", "--since", "1h")))
            tests.append((f"diagram: {what}",
                          too_wide(lines(kernel, columns, "diagram", "--last"), columns)))
    print(f"1..{len(tests)}")
    for n, (name, wrong) in enumerate(tests, 1):
        print(f"{'not ok' if wrong else 'ok'} {n} - {name}")
        for line in wrong:
            print("#", line)
    return 1 if any(wrong for _, wrong in tests) else 0


sys.exit(main())
