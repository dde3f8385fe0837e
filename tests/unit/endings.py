#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How the tool ends: by signals, and with a standard output that is full, closed,
non-blocking, a socket.

	endings.py TOOL

TOOL is linked with fake_kernel.c: "quiet" has a few events and then nothing more,
"torrent" always more.
"""
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

TOOL = sys.argv[1]
PATIENCE = 20
number = 0
failed = []


def result(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)
    if not good:
        failed.append(name)


def start(fake, *arguments, tool=TOOL, **where):
    environment = dict(os.environ, FAKE=fake, LC_ALL="C.UTF-8")
    return subprocess.Popen([tool, *arguments], env=environment, stderr=subprocess.PIPE, **where)


def end_of(tool):
    """Its exit status, or what is wrong, and what it said."""
    try:
        said = tool.communicate(timeout=PATIENCE)[1]
        return tool.returncode, said.decode()
    except subprocess.TimeoutExpired:
        tool.kill()
        tool.communicate()
        return "does not end", ""


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            result(False, f"waiting until {what}")
            return False
        time.sleep(0.01)
    return True


def unread(fd):
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]


def cpu_ticks(tool):
    with open(f"/proc/{tool.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def asleep(tool):
    with open(f"/proc/{tool.pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"


def full(tool, fd):
    """Whoever writes to fd sleeps, and nobody has read anything for a while."""
    before = unread(fd), cpu_ticks(tool)
    time.sleep(0.1)
    return before[0] > 0 and (unread(fd), cpu_ticks(tool)) == before and asleep(tool)


def channels():
    """Kinds of standard output that can be full: name, reading end, writing end."""
    yield ("a pipe", *os.pipe())
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    yield "a non-blocking pipe", reader, writer
    for kind in "a socket", "a non-blocking socket":
        ours, theirs = socket.socketpair()
        theirs.setblocking("non" not in kind)
        yield kind, ours.detach(), theirs.detach()


def rest_of(fd):
    data = bytearray()
    while part := os.read(fd, 65536):
        data += part
    os.close(fd)
    return bytes(data)


def blocked_writers():
    for kind, reader, writer in channels():
        tool = start("torrent", "events", "-f", "-j", stdout=writer)
        os.close(writer)
        if until(lambda: full(tool, reader), f"{kind} is full"):
            tool.terminate()
        status, said = end_of(tool)
        result(status == 1, f"SIGTERM ends a follower whom {kind} holds up: {status}")
        result("the rest of it is lost" in said, "which says that not all was taken")
        os.close(reader)


def slow_readers():
    for kind, reader, writer in channels():
        tool = start("torrent", "events", "-f", "-j", stdout=writer)
        os.close(writer)
        until(lambda: full(tool, reader), f"{kind} is full")
        before = cpu_ticks(tool)
        time.sleep(0.5)
        result(cpu_ticks(tool) - before <= 5, f"{kind} that is full is waited for, asleep")
        data = os.read(reader, 40000)
        tool.terminate()
        data += rest_of(reader)
        status, said = end_of(tool)
        lines = data.split(b"\n")
        result(status == 0 and not said and not lines[-1] and
               all(line[:1] + line[-1:] == b"{}" for line in lines[:-1]),
               f"and who reads on gets every line whole: {status} {said.strip()}")


def readers_that_leave():
    for kind, reader, writer in channels():
        tool = start("quiet", "events", "-f", "-j", stdout=writer)
        os.close(writer)
        until(lambda: unread(reader) > 0, "there are events")
        os.close(reader)
        status, _ = end_of(tool)
        # A signal of its own, SIGPIPE, where it writes once more.
        result(status in (0, 1, -signal.SIGPIPE), f"a reader that closes {kind} ends it: {status}")
    tool = start("quiet", "events", preexec_fn=lambda: os.close(1))
    status, said = end_of(tool)
    result(status == 1 and "Bad file descriptor" in said, f"a closed one is an error: {said.strip()}")


def signals_while_recording(folder):
    for name in "SIGINT", "SIGTERM", "SIGHUP":
        path = os.path.join(folder, name)
        tool = start("quiet", "record", path)
        until(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, "it records")
        tool.send_signal(getattr(signal, name))
        status, said = end_of(tool)
        result(status == 0, f"{name} ends a recording: {status} {said.strip()}")
        result(end_of(start("absent", "events", "-r", path, stdout=subprocess.DEVNULL))[0] == 0,
               "which is whole")

    with open(os.path.join(folder, "SIGINT"), "rb") as whole:
        cut = whole.read()[:-32]
    for name in "SIGINT", "SIGTERM", "SIGHUP":
        path = os.path.join(folder, f"copy-{name}")
        tool = start("absent", "record", "--read", "-", path, stdin=subprocess.PIPE)
        tool.stdin.write(cut)
        tool.stdin.flush()
        until(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, "it copies")
        tool.send_signal(getattr(signal, name))
        pipe, tool.stdin = tool.stdin, None  # stays open
        status, said = end_of(tool)
        result(status == 0, f"{name} ends a copy of what comes out of a pipe: {status} {said.strip()}")
        pipe.close()
        result(end_of(start("absent", "events", "-r", path, stdout=subprocess.DEVNULL))[0] == 0,
               "which is whole, too")


def ignored_signals(folder):
    for name in "SIGINT", "SIGHUP":
        number_of = getattr(signal, name)
        path = os.path.join(folder, f"ignored-{name}")
        tool = start("quiet", "record", path,
                     preexec_fn=lambda: signal.signal(number_of, signal.SIG_IGN))
        until(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, "it records")
        with open(f"/proc/{tool.pid}/status", encoding="ascii") as lines:
            ignored = next(int(line.split()[1], 16) for line in lines if line.startswith("SigIgn"))
        tool.send_signal(number_of)
        result(ignored >> number_of - 1 & 1 and tool.poll() is None,
               f"{name} that was ignored at the start stays ignored")
        tool.terminate()
        status, _ = end_of(tool)
        result(status == 0, f"and SIGTERM is not: {status}")


def closed_files(folder):
    path = os.path.join(folder, "closed")
    tool = start("", "record", "-j", "-d", "0s", path, preexec_fn=lambda: os.close(1))
    status, said = end_of(tool)
    result(status == 1 and "Bad file descriptor" in said,
           f"with standard output closed no object is written: {said.strip()}")
    result(end_of(start("absent", "events", "-r", path, stdout=subprocess.DEVNULL))[0] == 0,
           "into the recording least of all")


def closed_files_of_top():
    """Nothing that it opens takes the place of what is closed."""
    top = os.path.join(os.path.dirname(TOOL), "top")
    status, said = end_of(start("", "-b", "-n", "1", tool=top, preexec_fn=lambda: os.close(1)))
    result(status == 1 and "Bad file descriptor" in said,
           f"tcphs-top --batch with standard output closed fails, too: {status} {said.strip()}")


def main():
    print(f"1..{8 + 8 + 5 + 12 + 4 + 2 + 1}")
    blocked_writers()
    slow_readers()
    readers_that_leave()
    with tempfile.TemporaryDirectory() as folder:
        signals_while_recording(folder)
        ignored_signals(folder)
        closed_files(folder)
    closed_files_of_top()
    return 1 if failed or number != 40 else 0


sys.exit(main())
