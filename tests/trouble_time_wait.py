# SPDX-License-Identifier: GPL-2.0
"""TIME-WAIT, before others leave some."""
import socket

from examine import advises, trouble, Look, says
from tale import Late, same

OVERFLOW = "TcpExtTCPTimeWaitOverflow"


def time_waits(t, count):
    listener, port = t.serve()
    for _ in range(count):
        client, server = t.pair(listener, port)
        # Not close(): without an owner, FIN-WAIT-2 would need a bucket too.
        client.shutdown(socket.SHUT_WR)
        same(server.recv(1), b"", "after the client's FIN")
        server.close()
        same(client.recv(1), b"", "after the server's FIN")


def without_bucket(t, count):
    """So many closed without one. Of an ACK that meets close() still at work the kernel makes no
    bucket before a minute: the socket waits in FIN-WAIT-2."""
    t.until(lambda: t.grown(OVERFLOW) + t.ss("fin-wait-2") == count, f"{count} without a bucket")
    if t.grown(OVERFLOW) != count:
        raise Late("close() was still at work when the ACK came")


@trouble
def time_wait_full(t):
    """TIME-WAIT near its limit, and at it"""
    # There are some when this is tried again, see tell_in_time().
    t.until(lambda: not t.ss("time-wait") and not t.ss("fin-wait-2"), "ss: none is left", seconds=70)
    time_waits(t, 17)
    t.until(lambda: t.ss("time-wait") == 17, "ss: TIME-WAIT")
    t.sysctl("tcp_max_tw_buckets", 19)
    with Look() as look:
        pass
    advises(look.found(time_wait_full=("notice", 17)), "net.ipv4.tcp_max_tw_buckets",
            "19", "64")
    t.sysctl("tcp_max_tw_buckets", 17)
    with Look() as look:
        time_waits(t, 5)
        without_bucket(t, 5)
    says(look.found(time_wait_full=("warning", 5)), "cause", "No connection is lost")
    with Look() as look:
        listener, port = t.serve()
        pairs = [t.pair(listener, port) for _ in range(3)]
        # The servers go on: what they send then is answered by RST.
        for client, _ in pairs:
            client.close()
        without_bucket(t, 8)
    says(look.found(time_wait_full=("critical", 3)), "measure", "cut off in FIN-WAIT-2")
