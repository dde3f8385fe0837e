# SPDX-License-Identifier: GPL-2.0
"""Stories of TIME_WAIT and its ends."""
import socket
import time

import wire
from tale import (ACTIVE_CLOSE, CONNECT, HANDSHAKE, close_first, disconnect, half_closed,
                  in_time_wait, numbers, options, same, story, sum_, time_waits, Wrong)
from wire import ACK, FIN, RST, SYN


@story()
def fin_in_time_wait(t):
    """S13 a FIN that comes again in TIME_WAIT is confirmed again"""
    peer = in_time_wait(t)
    peer.send(FIN | ACK, seq=peer.seq - 1)
    peer.await_(ACK)
    again = t.reported(peer.port, CONNECT + ACTIVE_CLOSE + ["time-wait-fin time-wait>time-wait"])[-1]
    numbers(again, sum_(peer.seq - 1), peer.ack, "the FIN")


@story()
def fins_without_end_in_time_wait(t):
    """S13 however often a FIN comes again, the life is kept from its SYN on"""
    peer = in_time_wait(t)
    again = 29
    for _ in range(again):
        peer.send(FIN | ACK, seq=peer.seq - 1)
    peer.send(RST)
    t.kept(peer.port, t.reported(peer.port, CONNECT + ACTIVE_CLOSE +
                                 ["time-wait-fin time-wait>time-wait"] * again +
                                 ["rst-received time-wait>closed",
                                  "time-wait-end time-wait>closed reset-received"]))


@story()
def time_wait_reset(t):
    """S13 a RST ends TIME_WAIT"""
    peer = in_time_wait(t)
    peer.send(RST)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE +
                    ["rst-received time-wait>closed",
                     "time-wait-end time-wait>closed reset-received"])
    numbers(events[-2], peer.seq, None, "the RST")


@story()
def time_wait_reused(t):
    """S13 a new SYN ends TIME_WAIT and begins another connection"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    t.reported(peer.port, HANDSHAKE + ACTIVE_CLOSE)
    peer.isn = peer.seq = sum_(peer.seq + 300007)
    peer.send(SYN)
    peer.await_(SYN | ACK)
    events = t.reported(peer.port, HANDSHAKE + ACTIVE_CLOSE +
                    ["time-wait-end time-wait>closed reused-by-syn", HANDSHAKE[0]])
    if events[-1]["conn"] == events[0]["conn"]:
        raise Wrong("the new connection has the old one's number")
    t.counted(TcpExtTWRecycled=0)


@story()
def time_wait_reused_by_connect(t):
    """S13 connect() takes over a TIME_WAIT of its own addresses"""
    t.sysctl("tcp_tw_reuse", 1)
    port = t.new_port()
    peer = in_time_wait(t, options(), port)
    began = time.monotonic()
    # The kernel wants a second between them.
    t.until(lambda: time.monotonic() - began > 2.1, "two seconds")
    t.connecting(peer, port)
    peer.await_(SYN)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE + [
        "time-wait-end time-wait>closed reused-by-connect", CONNECT[0]])
    t.counted(TcpExtTWRecycled=1)


@story()
def connect_beside_time_wait(t):
    """S13 a socket that connects again beside its own TIME_WAIT takes nothing from it"""
    def closed_first(peer):
        close_first(s, peer)
        return t.reported(peer.port, CONNECT + ACTIVE_CLOSE)

    def reset(peer):
        peer.send(RST)
        return t.reported(peer.port, CONNECT + ACTIVE_CLOSE +
                      ["rst-received time-wait>closed",
                       "time-wait-end time-wait>closed reset-received"])

    peer, other = t.peer(), t.peer()
    s = t.established(peer)
    closed_first(peer)
    t.until(lambda: disconnect(s) == 0, "disconnect")
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, other.port))
    other.accept()
    t.reported(other.port, CONNECT)
    closed_first(other)
    first, second = reset(peer), reset(other)
    same({e["conn"] for e in second}, {first[0]["conn"]}, "cookie")
    same(({e["generation"] for e in first}, {e["generation"] for e in second}), ({0}, {1}),
         "generations")
    with open("/proc/tcphs", encoding="ascii") as file:
        same([line for line in file if line.startswith("hook-deaf")], [], "deaf hooks")


@story()
def time_waits_of_the_same_ports(t):
    """S13 of two TIME_WAITs that one socket has left between the same ports each has its end"""
    port = t.new_port()
    peer = t.peer()
    other = t.peer(peer.port, address=wire.ELSEWHERE)
    first, second = peer.address[t.version], other.address[t.version]
    s = t.established(peer, port=port)
    close_first(s, peer)
    lived = CONNECT + ACTIVE_CLOSE
    t.reported(peer.port, lived)
    t.until(lambda: disconnect(s) == 0, "disconnect")
    s.setblocking(False)
    s.connect_ex(t.address(other.address, other.port))
    other.accept()
    close_first(s, other)
    lived += CONNECT + ACTIVE_CLOSE
    cookies = {e["conn"] for e in t.reported(peer.port, lived)}
    same(time_waits(port), [first, second], "who waits")
    for gone, generation, stays in (peer, 0, [second]), (other, 1, []):
        gone.send(RST)
        lived += ["rst-received time-wait>closed", "time-wait-end time-wait>closed reset-received"]
        events = t.reported(peer.port, lived)
        same(time_waits(port), stays, "who waits still")
        same([(e["peer"], e["generation"]) for e in events[-2:]],
             [(gone.address[t.version], generation)] * 2, "whose RST, and whose end")
    same(({e["conn"] for e in events}, len(cookies)), (cookies, 1), "cookie")
    # The table has nothing of the socket any more.
    third = t.peer()
    t.until(lambda: disconnect(s) == 0, "disconnect")
    s.connect_ex(t.address(third.address, third.port))
    third.accept()
    same({(e["conn"], e["generation"]) for e in t.reported(third.port, CONNECT)},
         {(*cookies, 0)}, "cookie and generation")


@story()
def time_wait_full(t):
    """S13 beyond tcp_max_tw_buckets there is no TIME_WAIT, and that is said"""
    t.sysctl("tcp_max_tw_buckets", 0)
    peer, _ = half_closed(t)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "fin-received fin-wait-2>closed", "closed fin-wait-2>closed time-wait-full"])
    same("time_wait_ahead" in events[-1], False, "TIME_WAIT ahead")
    t.counted(TcpExtTCPTimeWaitOverflow=1)
