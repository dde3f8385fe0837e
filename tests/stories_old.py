# SPDX-License-Identifier: GPL-2.0
"""Stories of SYNs that meet an older connection: RFC 9293, 3.5.1 and 3.10.7.4; RFC 5961."""
import socket
import struct

from tale import (ACTIVE_CLOSE, CONNECT, HANDSHAKE, find, in_time_wait, numbers, options, same,
                  story, sum_)
from wire import ACK, FIN, RST, SYN

FOREIGN = 700000001
SYNCHRONISED = ("established", "close-wait", "last-ack", "fin-wait-1", "closing", "fin-wait-2")


def old_connection(t, state):
    """A connection in that state, whose socket is held."""
    peer = t.peer()
    s = t.established(peer)
    if state in ("close-wait", "last-ack"):
        peer.send(FIN | ACK)
        peer.await_(ACK)
    if state not in ("established", "close-wait"):
        s.shutdown(socket.SHUT_WR)
        fin = peer.await_(FIN | ACK)
    if state == "closing":
        peer.send(FIN | ACK, ack=fin.seq)
        peer.await_(ACK)
    if state == "fin-wait-2":
        peer.send(ACK)
    t.until(lambda: t.last(peer.port).get("new") == state, state)
    return peer


def met(t, peer, name="syn-unexpected"):
    """The last event of that name, once it is there."""
    t.until(lambda: t.has(peer.port, name), name)
    return find(t.seen(peer.port)[::-1], name)


def dial(t, peer, state, isn=FOREIGN, **more):
    """The peer's SYN is answered by an ACK of what the old connection expects, and reported."""
    peer.send(SYN, seq=isn, **more)
    answer = peer.await_(ACK)
    same(answer.ack, peer.seq, f"ack of the answer in {state}")
    e = met(t, peer)
    same((e["old"], e["new"], e["seq"], e.get("ack"), e["reason"]),
         (state, state, isn, None, "challenge-ack"), f"a SYN in {state}")


@story()
def syn_into_old(t):
    """a SYN that meets an older connection is reported in each state, with what answered it"""
    for state in SYNCHRONISED:
        dial(t, old_connection(t, state), state)
    t.counted(TcpExtTCPSYNChallenge=len(SYNCHRONISED), TcpExtTCPChallengeACK=len(SYNCHRONISED))


@story()
def syn_into_old_again(t):
    """the second SYN of that kind within tcp_invalid_ratelimit is not answered, and reported"""
    t.sysctl("tcp_invalid_ratelimit", 60000)
    peer = t.peer()
    t.established(peer)
    dial(t, peer, "established")
    peer.send(SYN, seq=FOREIGN)
    events = t.reported(peer.port, CONNECT + [
        "syn-unexpected established>established challenge-ack",
        "syn-unexpected established>established rate-limited"])
    same(events[3]["seq"], FOREIGN, "seq of the SYN")
    t.counted(TcpExtTCPSYNChallenge=2, TcpExtTCPChallengeACK=1, TcpExtTCPACKSkippedChallenge=1)


@story()
def syn_too_old_for_timestamps(t):
    """a SYN whose timestamp is older than the connection's is reported like any other"""
    peer = t.peer()
    t.established(peer, options())
    stamp = struct.pack("!BBBBII", 1, 1, 8, 10, sum_(-1000), 0)
    dial(t, peer, "established", options=stamp)


@story()
def syn_comes_late(t):
    """the SYN of the connection itself, come twice, is no other's"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    peer.send(SYN, seq=peer.isn)
    peer.await_(ACK)
    events = t.reported(peer.port, HANDSHAKE + ["syn-duplicate established>established challenge-ack"])
    numbers(events[4], peer.isn, None, "the SYN")
    t.counted(TcpExtTCPSYNChallenge=1, TcpExtTCPChallengeACK=1)
    # Nor is a SYN+ACK, which comes again when the third ACK was lost.
    other = t.peer()
    t.established(other)
    other.send(SYN | ACK, seq=other.isn)
    other.await_(ACK)
    t.reported(other.port, CONNECT)
    t.counted(TcpExtTCPSYNChallenge=2, TcpExtTCPChallengeACK=2)
    s.close()


@story()
def syn_into_request(t):
    """a SYN of another connection that meets a request is answered by an ACK, and reported"""
    peer = t.peer()
    _, peer.remote = t.listener()
    peer.send(SYN)
    peer.await_(SYN | ACK)
    peer.send(SYN, seq=sum_(peer.isn - FOREIGN))
    peer.await_(ACK)
    events = t.reported(peer.port, [HANDSHAKE[0], "syn-unexpected syn-recv>syn-recv challenge-ack"])
    numbers(events[1], sum_(peer.isn - FOREIGN), None, "the SYN")
    peer.send(RST)
    t.reported(peer.port, [HANDSHAKE[0], "syn-unexpected syn-recv>syn-recv challenge-ack",
                       "request-reset syn-recv>closed reset-received"])


@story()
def syn_into_time_wait(t):
    """S13 a SYN that TIME_WAIT refuses is reported, with what answered it"""
    t.sysctl("tcp_invalid_ratelimit", 60000)
    refused = ["syn-unexpected time-wait>time-wait " + reason
               for reason in ("challenge-ack", "rate-limited", "challenge-ack")]
    peer = in_time_wait(t)
    old = sum_(peer.seq - 1009)
    dial(t, peer, "time-wait", old)
    peer.send(SYN, seq=old)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE + refused[:2])
    t.counted(TcpExtTCPACKSkippedTimeWait=1, TcpExtTCPSYNChallenge=0)
    # It would give way to a newer one, but nobody listens here.
    peer.send(SYN, seq=sum_(peer.seq + 1009))
    peer.await_(ACK)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE + refused)
    same([e["seq"] for e in events[-3:]], [old, old, sum_(peer.seq + 1009)], "the SYNs")
    # What ends it later is what is said.
    peer.send(RST)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE + refused + [
        "rst-received time-wait>closed", "time-wait-end time-wait>closed reset-received"])


@story()
def syn_into_orphan(t):
    """a bucket in FIN_WAIT2 answers an old SYN by an ACK, one in its window by RST"""
    peer = t.peer()
    t.established(peer).close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    dial(t, peer, "fin-wait-2", sum_(peer.seq - 1009))
    peer.send(SYN, seq=sum_(peer.seq + 1))
    rst = peer.await_(RST | ACK)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "syn-unexpected fin-wait-2>fin-wait-2 challenge-ack",
        "syn-unexpected fin-wait-2>fin-wait-2", "rst-sent fin-wait-2>fin-wait-2 bad-segment",
        "closed fin-wait-2>closed bad-segment"])
    numbers(events[-2], 0, rst.ack, "the RST")
    t.counted(TcpOutRsts=1)


@story()
def connect_meets_old(t):
    """connect() that meets an old connection: its RST says so, and then it succeeds"""
    peer = t.peer()
    t.connecting(peer)
    syn = peer.await_(SYN)
    peer.send(ACK, seq=FOREIGN, ack=sum_(syn.seq - FOREIGN))
    rst = peer.await_(RST)
    same(rst.seq, sum_(syn.seq - FOREIGN), "seq of the RST")
    peer.accept()
    events = t.reported(peer.port, [
        CONNECT[0], "rst-sent syn-sent>syn-sent old-ack", "syn-retransmit syn-sent>syn-sent",
        CONNECT[1]])
    numbers(events[1], rst.seq, None, "the RST")
    t.counted(TcpOutRsts=1, TcpExtTCPSynRetrans=1)


@story()
def connect_meets_odd_timestamps(t):
    """a SYN+ACK with the right number and a wrong timestamp is no old connection's"""
    peer = t.peer()
    t.connecting(peer)
    peer.await_(SYN)
    stamp = struct.pack("!BBBBII", 1, 1, 8, 10, 1, FOREIGN)
    peer.send(SYN | ACK, options=stamp)
    peer.await_(RST)
    same(t.events(peer.port)[1]["reason"], "bad-segment", "reason")
    t.counted(TcpExtPAWSActive=1, TcpOutRsts=1)
