#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How many bytes tcphs-top sends to a terminal: at first, and for each refresh.

usage: top_bytes.py PROGRAM	fails where a refresh of 80x24 takes more than a line of
				9600 baud carries in the 2 s from one to the next
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

DELAY, REFRESHES, MOST = 0.5, 7, 2 * 960


def received(fd, seconds):
    end, count = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            count += len(os.read(fd, 65536))
    return count


def measure(screen, size):
    pid, fd = pty.fork()
    if not pid:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        os.execve(sys.argv[1], ["tcphs-top", "-d", str(DELAY), "-S", screen],
                  dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8"))
    select.select([fd], [], [], 20)
    first = 0
    while got := received(fd, DELAY / 3):
        first += got
    more = received(fd, REFRESHES * DELAY) / REFRESHES
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    os.close(fd)
    print(f"{screen:12} {size[0]:3}x{size[1]:<3} {first:6} bytes at first, {more:5.0f} a refresh",
          flush=True)
    return more


def main():
    screens = ("listeners", "connections", "peers", "events", "lives", "doctor")
    took = [[measure(screen, size) for size in ((80, 24), (200, 50))] for screen in screens]
    sys.exit(max(small for small, _ in took) > MOST)


main()
