# SPDX-License-Identifier: GPL-2.0
"""Stories of what the end of a connection says of all its life."""
import select
import socket
import struct
import time

from tale import ACTIVE_CLOSE, CONNECT, Wrong, same, story
from wire import ACK, FIN, PATIENCE, RST, SYN

RESENT_FIN = "fin-retransmit fin-wait-1>fin-wait-1"


def info(s):
    """Round trip times of the socket, smoothed and least, and segments that wait for an ACK."""
    data = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return tuple(struct.unpack_from("I", data, at)[0] for at in (68, 148, 24))


def answered(t, s, peer, after):
    """Data, which the peer confirms after so long."""
    s.send(b"x" * 17)
    peer.await_(ACK, data=b"x" * 17)
    began = time.monotonic()
    t.until(lambda: time.monotonic() - began > after, "the peer's pause")
    peer.send(ACK)
    t.until(lambda: not info(s)[2], "the ACK")


@story()
def round_trips(t):
    """S18 the round trip times at the end are those of the socket"""
    peer = t.peer()
    s = t.established(peer)
    for after in 0.031, 0.007, 0.097:
        answered(t, s, peer, after)
    smoothed, least, _ = info(s)
    if not 0 < least < smoothed:
        raise Wrong(f"the socket has {smoothed} and {least} µs")
    peer.send(RST)
    t.until(lambda: t.last(peer.port).get("event") == "closed", "the end")
    closed = t.events(peer.port)[-1]
    same((closed["srtt_us"], closed["min_rtt_us"]), (smoothed, least), "round trip times")
    s.close()


@story()
def no_round_trip(t):
    """S18 of what was never measured there is no round trip time"""
    peer = t.peer()
    t.connecting(peer)
    peer.await_(SYN)
    peer.send(RST | ACK, seq=0)
    failed = t.reported(peer.port, [CONNECT[0], "rst-received syn-sent>closed",
                                "connect-failed syn-sent>closed refused"])[-1]
    same([key for key in failed if "rtt" in key], [], "round trip times")


@story()
def resent_by_phase(t):
    """S18 what was sent again is reported by phase, as the kernel counted it"""
    peer = t.peer()
    s = t.connecting(peer)
    peer.await_(SYN)
    peer.accept()
    t.until(lambda: select.select([], [s], [], 0)[1], "it connects")
    s.settimeout(10 * PATIENCE)
    opening = t.resent()
    # Since its SYN was sent again nothing is measured yet, and a resend would take seconds.
    answered(t, s, peer, 0)
    for _ in range(2):
        s.send(b"y" * 7)
        for _ in range(2):
            peer.await_(ACK, data=b"y" * 7)
        peer.send(ACK)
        t.until(lambda: not info(s)[2], "the ACK")
    before_close = t.resent()
    s.close()
    for _ in range(2):
        peer.await_(FIN | ACK)
    peer.send(ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    life = t.reported(peer.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent", CONNECT[1],
                              ACTIVE_CLOSE[0], RESENT_FIN, *ACTIVE_CLOSE[1:]])[-1]
    same((life["handshake_retransmits"], life["retransmits"], life["closing_retransmits"]),
         (opening, t.resent(), t.resent() - before_close), "segments sent again")
    same((opening, before_close - opening >= 2), (1, True), "what was to be sent again was")
