# SPDX-License-Identifier: GPL-2.0
"""Stories of the client's handshake: RFC 9293, section 3.5."""
import os
import socket
import struct

import wire
from tale import (CONNECT, disconnect, Late, numbers, options, reset_numbers, same, story, sum_,
                  Wrong)
from wire import ACK, RST, SYN


@story()
def client(t):
    """S1 S3 S16 connect() tells both ISNs, ports, owner, time and what was agreed"""
    peer = t.peer()
    s = t.connecting(peer)
    syn = peer.await_(SYN)
    peer.send(SYN | ACK, options=options() if syn.options else b"", window=29200)
    ack = peer.await_(ACK)
    events = t.reported(peer.port, CONNECT)
    sent, done = events
    numbers(sent, syn.seq, None, "the SYN")
    numbers(done, ack.seq, ack.ack, "the third ACK")
    same((done["isn"], done["peer_isn"]), (syn.seq, peer.isn), "ISNs")
    same((sent["local_port"], done["local_port"]), (syn.sport,) * 2, "ports")
    same((sent["pid"], sent["comm"]), (os.getpid(), open("/proc/self/comm").read().strip()), "owner")
    if not 0 < done["duration_ns"] <= done["time"] - sent["time"]:
        raise Wrong(f"handshake took {done['duration_ns']}")
    same((done["window"], done["snd_wscale"], done["role"], done["retransmits"]),
         (29200, 7, "active", 0), "what was agreed")
    same(sorted(done["options"]), ["sack", "timestamps", "wscale"], "options")
    same(done["mss"], 1300 - 12, "mss, less the timestamps")
    s.close()


@story()
def syn_resent(t):
    """S9 a SYN that is not answered is sent again, with its number and time"""
    peer = t.peer()
    t.connecting(peer)
    first = peer.await_(SYN)
    peer.accept()
    events = t.reported(peer.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent", CONNECT[1]])
    again = events[1]
    same((again["resend"], again["seq"]), (1, first.seq), "number and seq of the resend")
    # Jiffies lag behind where an emulated CPU was not run.
    if not 0.9e9 < again["duration_ns"] < 3e9:
        raise Late(f"sent again after {again['duration_ns']} ns")
    same(events[2]["retransmits"], 1, "retransmits of the handshake")
    t.counted(TcpExtTCPSynRetrans=1, TcpActiveOpens=1)


@story()
def refused(t):
    """a SYN answered by RST is a refused connect"""
    peer = t.peer()
    t.connecting(peer)
    peer.await_(SYN)
    peer.send(RST | ACK, seq=0)
    events = t.reported(peer.port, [CONNECT[0], "rst-received syn-sent>closed",
                                "connect-failed syn-sent>closed refused"])
    reset_numbers(events[1], 0, peer.ack)
    t.counted(TcpAttemptFails=1)


@story()
def connect_timeout(t):
    """a SYN that is never answered times out, every resend is reported"""
    t.sysctl("tcp_syn_retries", 1)
    if os.path.exists("/proc/sys/net/ipv4/tcp_syn_linear_timeouts"):
        t.sysctl("tcp_syn_linear_timeouts", 0)
    peer = t.peer()
    t.connecting(peer)
    t.reported(peer.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent",
                       "connect-failed syn-sent>closed timeout"])
    t.counted(TcpAttemptFails=1, TcpExtTCPSynRetrans=1, TcpExtTCPTimeouts=2)


@story()
def connect_closed(t):
    """close() ends a connect that was under way"""
    peer = t.peer()
    t.connecting(peer).close()
    t.reported(peer.port, [CONNECT[0], "connect-failed syn-sent>closed closed-by-user"])


@story()
def connect_aborted(t):
    """close() with SO_LINGER 0, or shutdown(), ends a connect that was under way"""
    peer = t.peer()
    s = t.connecting(peer)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    t.reported(peer.port, [CONNECT[0], "connect-failed syn-sent>closed linger"])
    peer = t.peer()
    s = t.connecting(peer)
    s.shutdown(socket.SHUT_WR)
    t.reported(peer.port, [CONNECT[0], "connect-failed syn-sent>closed disconnect"])
    s.close()
    t.counted(TcpExtTCPAbortOnData=1, TcpAttemptFails=0, TcpOutRsts=0)


@story()
def simultaneous_open(t):
    """S14 SYN meets SYN: a simultaneous open is reported as one"""
    peer = t.peer()
    t.connecting(peer)
    syn = peer.await_(SYN)
    peer.send(SYN)
    peer.await_(SYN | ACK)
    peer.send(SYN | ACK, seq=peer.isn)
    # Before 6.11 it takes the ACK with which the peer answers our SYN+ACK.
    peer.send(ACK)
    events = t.reported(peer.port, [CONNECT[0], "syn-received syn-sent>syn-recv",
                                "established syn-recv>established"])
    same((events[2]["role"], events[2]["isn"], events[2]["peer_isn"]),
         ("simultaneous", syn.seq, peer.isn), "role and ISNs")


@story()
def used_again(t):
    """a socket that was disconnected and connects again is another generation"""
    peer, other = t.peer(), t.peer()
    s = t.established(peer)
    # connect() to AF_UNSPEC
    t.until(lambda: disconnect(s) == 0, "disconnect")
    events = t.reported(peer.port, CONNECT + ["rst-sent established>closed disconnect",
                                          "closed established>closed disconnect"])
    numbers(events[2], peer.ack, sum_(peer.seq), "the RST")
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, other.port))
    other.accept()
    again = t.reported(other.port, CONNECT)
    same([e["conn"] for e in again], [events[0]["conn"]] * 2, "cookie")
    same([e["generation"] for e in events + again], [0] * 4 + [1] * 2, "generations")
