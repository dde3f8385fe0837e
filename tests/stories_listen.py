# SPDX-License-Identifier: GPL-2.0
"""Stories of the server's handshake."""
import os
import socket
import struct

import kernel
from tale import HANDSHAKE, numbers, same, story
from wire import ACK, RST, SYN


@story()
def server(t):
    """S2 S4 S5 a listener's handshake tells queues, ISNs and the time to accept()"""
    peer = t.peer()
    listener, port = t.listener(backlog=7)
    peer.connect(port)
    t.reported(peer.port, HANDSHAKE[:3])
    t.accept(listener)
    syn, queued, done, accepted = t.reported(peer.port, HANDSHAKE)
    synack = peer.seen[0]
    numbers(syn, peer.isn, None, "the SYN")
    numbers(queued, peer.isn + 1, synack.seq + 1, "the third ACK")
    same((done["isn"], done["peer_isn"], done["role"]), (synack.seq, peer.isn, "passive"), "ISNs")
    same([e["conn"] for e in (syn, queued, done, accepted)], [syn["conn"]] * 4, "one number")
    same([(e["syn_queue"], e["accept_queue"], e["accept_limit"]) for e in (syn, queued)],
         [(1, 0, 7), (0, 1, 7)], "queues")
    same((accepted["pid"], accepted["duration_ns"]),
         (os.getpid(), accepted["time"] - queued["time"]), "owner and wait")
    t.counted(TcpPassiveOpens=1)


@story()
def synack_resent(t):
    """S6 a SYN+ACK is sent again, and at last the request expires"""
    t.sysctl("tcp_synack_retries", 1)
    peer = t.peer()
    _, port = t.listener()
    first = peer.ask(port)
    events = t.reported(peer.port, [HANDSHAKE[0], "synack-retransmit syn-recv>syn-recv",
                                "request-expired syn-recv>closed timeout"])
    same(events[1]["resend"], 1, "number of the resend")
    numbers(events[1], first.seq, peer.isn + 1, "the SYN+ACK")
    t.counted(TcpPassiveOpens=0, TcpRetransSegs=1, TcpExtTCPTimeouts=2)


@story()
def syn_repeated(t):
    """S9 the client's SYN that comes again is told apart from a new one"""
    peer = t.peer()
    listener, port = t.listener()
    peer.ask(port)
    peer.send(SYN, seq=peer.isn)
    peer.await_(SYN | ACK)
    peer.send(ACK)
    t.accept(listener)
    events = t.reported(peer.port, [HANDSHAKE[0], "syn-duplicate syn-recv>syn-recv",
                                "synack-retransmit syn-recv>syn-recv"] + HANDSHAKE[1:])
    same(events[1]["seq"], peer.isn, "seq of the SYN")


@story()
def stale_syn(t):
    """S9 a stale SYN: the client does not confirm, RST takes the request away"""
    peer = t.peer()
    _, port = t.listener()
    peer.ask(port)
    peer.send(RST)
    t.reported(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed reset-received"])
    t.counted(TcpAttemptFails=1, TcpPassiveOpens=0, TcpExtEmbryonicRsts=1)


def timestamp(value):
    return struct.pack("!BBBBII", 1, 1, 8, 10, value, 0)


@story()
def old_reset(t):
    """a RST that is older than its SYN by its timestamp is not taken, and is no cause of the end"""
    t.sysctl("tcp_synack_retries", 1)
    peer = t.peer()
    _, port = t.listener()
    peer.ask(port, options=timestamp(7000))
    peer.send(RST, options=timestamp(5000))
    t.reported(peer.port, [HANDSHAKE[0], "synack-retransmit syn-recv>syn-recv",
                           "request-expired syn-recv>closed timeout"])
    t.counted(TcpAttemptFails=0, TcpExtEmbryonicRsts=0)


@story()
def request_unreachable(t):
    """an ICMP error takes a request away"""
    peer = t.peer()
    _, port = t.listener()
    peer.ask(port)
    # Host unreachable will do for IPv4, IPv6 takes only what is beyond repair.
    numbers_, reason = ((3, 1), "unreachable") if t.version == 4 else ((1, 4), "icmp-refused")
    peer.icmp(*numbers_)
    events = t.reported(peer.port, [HANDSHAKE[0], f"icmp-received syn-recv>syn-recv {reason}",
                                f"request-reset syn-recv>closed {reason}"])
    same([(e["icmp_type"], e["icmp_code"]) for e in events[1:]], [numbers_] * 2, "ICMP")


@story()
def listener_leaves_request(t):
    """a listener that closes leaves its request to the next timer"""
    peer = t.peer()
    listener, port = t.listener()
    peer.ask(port)
    listener.close()
    t.reported(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed listener-closed"])


@story()
def listener_leaves_child(t):
    """a listener that closes resets what waits in its accept queue"""
    peer = t.peer()
    listener, port = t.listener()
    peer.connect(port)
    t.reported(peer.port, HANDSHAKE[:3])
    listener.close()
    peer.await_(RST | ACK)
    t.reported(peer.port, HANDSHAKE[:3] + ["rst-sent established>closed listener-closed",
                                       "closed established>closed listener-closed"])


@story()
def data_on_third_ack(t):
    """S7 data on the third ACK are counted"""
    peer = t.peer()
    listener, port = t.listener()
    peer.connect(port, data=b"x" * 83)
    t.accept(listener)
    same(t.reported(peer.port, HANDSHAKE)[2].get("ack_data"), kernel.ack_data(83), "bytes on the third ACK")


@story()
def deferred(t):
    """TCP_DEFER_ACCEPT: the bare third ACK is reported, then the one with data counts"""
    peer = t.peer()
    listener, port = t.listener(options=[(socket.TCP_DEFER_ACCEPT, 5)])
    peer.connect(port)
    t.reported(peer.port, [HANDSHAKE[0], "ack-deferred syn-recv>syn-recv"])
    t.kept(peer.port, [])
    peer.send(ACK, data=b"y" * 59)
    t.accept(listener)
    events = t.reported(peer.port, [HANDSHAKE[0], "ack-deferred syn-recv>syn-recv"] + HANDSHAKE[1:])
    same(events[3].get("ack_data"), kernel.ack_data(59), "bytes on the ACK that counted")
    t.counted(TcpExtTCPDeferAcceptDrop=1)


@story()
def deferred_without_end(t):
    """TCP_DEFER_ACCEPT: however often the bare ACK comes, the life is kept from its SYN on"""
    peer = t.peer()
    _, port = t.listener(options=[(socket.TCP_DEFER_ACCEPT, 60)])
    peer.ask(port)
    again = 31
    for _ in range(again):
        peer.send(ACK)
    peer.send(RST)
    t.kept(peer.port, t.reported(peer.port, HANDSHAKE[:1] +
                                 ["ack-deferred syn-recv>syn-recv"] * again +
                                 ["request-reset syn-recv>closed reset-received"]))
    t.counted(TcpExtTCPDeferAcceptDrop=again)
