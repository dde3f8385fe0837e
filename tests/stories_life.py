# SPDX-License-Identifier: GPL-2.0
"""Stories of what the end of a connection says of all its life."""
import select
import socket
import struct

from tale import ACTIVE_CLOSE, CONNECT, same, story
from wire import ACK, FIN, PATIENCE, SYN

RESENT_FIN = "fin-retransmit fin-wait-1>fin-wait-1"


def unacknowledged(s):
    """Segments that wait for an ACK."""
    return struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28), 24)[0]


@story()
def resent_by_phase(t):
    """S18 what was sent again is told by phase, as the kernel counted it"""
    peer = t.peer()
    s = t.connecting(peer)
    peer.await_(SYN)
    peer.accept()
    t.until(lambda: select.select([], [s], [], 0)[1], "it connects")
    s.settimeout(10 * PATIENCE)
    opening = t.resent()
    # Since its SYN was sent again nothing is measured yet, and a resend would take seconds.
    s.send(b"x" * 17)
    peer.await_(ACK, data=b"x" * 17)
    peer.send(ACK)
    t.until(lambda: not unacknowledged(s), "the ACK")
    for _ in range(2):
        s.send(b"y" * 7)
        for _ in range(2):
            peer.await_(ACK, data=b"y" * 7)
        peer.send(ACK)
        t.until(lambda: not unacknowledged(s), "the ACK")
    before_close = t.resent()
    s.close()
    for _ in range(2):
        peer.await_(FIN | ACK)
    peer.send(ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    life = t.told(peer.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent", CONNECT[1],
                              ACTIVE_CLOSE[0], RESENT_FIN, *ACTIVE_CLOSE[1:]])[-1]
    same((life["handshake_retransmits"], life["retransmits"], life["closing_retransmits"]),
         (opening, t.resent(), t.resent() - before_close), "segments sent again")
    same((opening, before_close - opening >= 2), (1, True), "what was to be sent again was")
