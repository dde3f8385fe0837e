# SPDX-License-Identifier: GPL-2.0
"""Data that nobody confirms."""
import subprocess
import time

from examine import trouble, Look, says
from tale import same


def pass_time(t, since, seconds):
    t.until(lambda: time.monotonic() > since + seconds, "time goes by")


def timers(port):
    """What ss says that connections of a port wait for."""
    out = subprocess.run(["ss", "-Htno", f"sport = :{port}"], check=True, capture_output=True,
                         text=True).stdout
    return [line.split("timer:(")[1].split(",")[0] for line in out.splitlines()
            if "timer:" in line]


def serve_silent_peers(t, count):
    listener, port = t.listener()
    with Look() as look:
        begin = time.monotonic()
        for _ in range(count):
            t.peers_of(port, 1)
            t.accept(listener).send(b"are you there?")
        pass_time(t, begin, 4)
        same(timers(port), ["on"] * count, "ss: timers")
    return look


@trouble
def peers_are_silent(t):
    """peers that do not confirm what is sent to them: an idle NAT forgot them, perhaps"""
    finding = serve_silent_peers(t, 3).found(data_unconfirmed=("warning", 3))
    says(finding, "more", "with this peer 3, 42 bytes, the longest for about")


@trouble
def a_peer_is_silent(t):
    """healthy, nearly: one is worth a notice"""
    serve_silent_peers(t, 1).found(data_unconfirmed=("notice", 1))


@trouble
def peers_do_not_read(t):
    """healthy: peers that confirm, and have no room for more"""
    listener, port = t.serve()
    with Look() as look:
        begin = time.monotonic()
        for _ in range(3):
            client, server = t.pair(listener, port)
            server.setblocking(False)
            try:
                while True:
                    server.send(bytes(65536))
            except BlockingIOError:
                pass
        pass_time(t, begin, 4)
        same(timers(port), ["persist"] * 3, "ss: timers")
    look.found()
