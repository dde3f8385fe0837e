#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sits at the machine of tests/packages/secure_boot: enrols a key in the menu of shim, by keys.

menu.py CONSOLE KEYBOARD NAME PASSWORD: CONSOLE is the file in which is what a serial line has shown,
KEYBOARD what it reads, NAME who the key is of. What is asked is printed, and what was answered.
"""
import os
import re
import sys
import time

LIMIT = 300
DOWN, ENTER = b"\x1b[B", b"\r"
# Where the cursor goes to, colours.
ESCAPE = re.compile(rb"\x1b\[[0-9;=?]*[A-Za-z]")


class Terminal:
    """What it has shown since the last key."""

    def __init__(self, console, keyboard):
        self.console = open(console, "rb")
        self.console.seek(0, os.SEEK_END)
        self.keyboard = open(keyboard, "wb", buffering=0)
        self.drawn = b""

    def wait_for(self, *words):
        deadline = time.monotonic() + LIMIT
        shown = ""
        while not all(word in shown for word in words):
            if time.monotonic() > deadline:
                sys.exit(f"no {' and '.join(words)} within {LIMIT} s, but: {shown[-2000:]}")
            time.sleep(0.1)
            self.drawn += self.console.read()
            shown = ESCAPE.sub(b"", self.drawn).decode(errors="replace")

    def answer(self, words, keys, said="a key"):
        self.wait_for(*words)
        print(f"# {', '.join(words)}: {said}", flush=True)
        self.drawn = b""
        self.keyboard.write(keys)


def main():
    console, keyboard, name, password = sys.argv[1:]
    at = Terminal(console, keyboard)
    at.answer(["Press any key to perform MOK management", "Booting in 10 seconds"], b" ")
    at.answer(["Perform MOK management", "Enroll MOK"], DOWN + ENTER, said="Enroll MOK")
    at.answer(["[Enroll MOK]", "View key 0", "Continue"], ENTER, said="View key 0")
    at.answer([name], ENTER)
    at.answer(["[Enroll MOK]", "View key 0", "Continue"], DOWN + ENTER, said="Continue")
    at.answer(["Enroll the key(s)?", "Yes"], DOWN + ENTER, said="Yes")
    at.answer(["Password:"], password.encode() + ENTER, said="the password")
    at.answer(["Perform MOK management", "Reboot"], ENTER, said="Reboot")


main()
