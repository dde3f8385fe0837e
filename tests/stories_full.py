# SPDX-License-Identifier: GPL-2.0
"""Stories of who finds the table full. Whoever is in it loses nothing by that."""
import errno
import json
import socket
import subprocess

import wire
from stories_fail import failures
from tale import (ACTIVE_CLOSE, CONNECT, close_first, disconnect, same, story, time_waits, Wrong)
from wire import ACK, FIN, RST, SYN

ENDED = ["rst-received time-wait>closed", "time-wait-end time-wait>closed reset-received"]


def fill_table(t):
    """By connects that nobody answers."""
    def table():
        text = subprocess.run(["tcphs", "status", "-j"], check=True, capture_output=True).stdout
        return json.loads(text)["table"]

    before = table()["untracked"]
    for _ in range(67):
        t.connecting(t.peer())
    if table()["untracked"] == before:
        raise Wrong(f"there is room in {table()}")


def connects_beside_time_wait(t, **options):
    """A socket that has left a TIME_WAIT connects again, and for that there is no room."""
    port, peer = t.new_port(), t.peer()
    other = t.peer(peer.port, address=wire.ELSEWHERE)
    s = t.established(peer, port=port)
    close_first(s, peer)
    first = t.reported(peer.port, CONNECT + ACTIVE_CLOSE)
    t.until(lambda: disconnect(s) == 0, "disconnect")
    fill_table(t)
    s.setblocking(False)
    s.connect_ex(t.address(other.address, other.port))
    return s, port, peer, other, first


def lives_apart(t, peer, first, others):
    """The bucket's life has nothing of the other connection, and its own end."""
    peer.send(RST)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE + others + ENDED)
    mine = [e for e in events if e["peer"] == peer.address[t.version]]
    same([e["number"] for e in mine[:len(first)]], [e["number"] for e in first], "its life")
    same([e["event"] for e in mine[len(first):]], ["rst-received", "time-wait-end"], "its end")
    same([e["event"] for e in mine if "untracked" in e], [], "without an entry")
    same({"untracked" in e for e in events if e not in mine}, {True}, "the others have no entry")


@story(group="full-table")
def time_wait_beside_time_wait(t):
    """without room, a close writes nothing into the life of the TIME_WAIT left before"""
    s, port, peer, other, first = connects_beside_time_wait(t)
    other.accept()
    s.shutdown(socket.SHUT_WR)
    other.await_(FIN | ACK)
    # It is sent again, which is nobody's without an entry.
    other.await_(FIN | ACK)
    other.send(ACK)
    other.send(FIN | ACK)
    other.await_(ACK)
    addresses = [p.address[t.version] for p in (peer, other)]
    same(time_waits(port), addresses, "who waits")
    # Once more, which is nobody's either; and its end.
    other.send(FIN | ACK, seq=other.seq - 1)
    other.await_(ACK)
    other.send(RST)
    same(time_waits(port), addresses[:1], "who waits still")
    lives_apart(t, peer, first, CONNECT + ACTIVE_CLOSE)
    same(time_waits(port), [], "nobody waits")


@story(group="full-table")
def reset_beside_time_wait(t):
    """without room, a RST writes nothing into the life of the TIME_WAIT left before"""
    s, port, peer, other, first = connects_beside_time_wait(t)
    other.accept()
    other.send(RST | ACK)
    t.until(lambda: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET, "the RST")
    lives_apart(t, peer, first, CONNECT + ["rst-received established>closed",
                                           "closed established>closed other"])
    same(time_waits(port), [], "nobody waits")


@story(group="full-table")
def syn_sent_again_beside_time_wait(t):
    """without room, a SYN that is sent again is none of the TIME_WAIT left before"""
    s, port, peer, other, first = connects_beside_time_wait(t)
    other.await_(SYN)
    other.await_(SYN)
    other.send(RST | ACK)
    t.until(lambda: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED,
            "the RST")
    lives_apart(t, peer, first, [CONNECT[0], "rst-received syn-sent>closed",
                                 "connect-failed syn-sent>closed refused"])
    same(time_waits(port), [], "nobody waits")


@story(group="full-table")
def time_wait_without_room(t):
    """without room, a close of a socket that a process holds is recorded once"""
    fill_table(t)
    peer = t.peer()
    s = t.established(peer)
    port = s.getsockname()[1]
    close_first(s, peer)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE)
    same({"untracked" in e for e in events}, {True}, "without an entry")
    same(time_waits(port), [wire.PEER[t.version]], "who waits")
    peer.send(RST)
    same(time_waits(port), [], "nobody waits")
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE)
    t.counted(TcpExtTCPTimeWaitOverflow=0)


@story(group="full-table")
def time_wait_full_without_room(t):
    """without room, that there is no TIME_WAIT is said all the same"""
    fill_table(t)
    t.sysctl("tcp_max_tw_buckets", 0)
    peer = t.peer()
    s = t.established(peer)
    close_first(s, peer)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "fin-received fin-wait-2>closed", "closed fin-wait-2>closed time-wait-full"])
    t.counted(TcpExtTCPTimeWaitOverflow=1)


@story(group="full-table")
def no_port_without_room(t):
    """without room, a connect() that finds no local port is one record"""
    peer = t.peer()
    t.sysctl("ip_local_port_range", "31019 31019")
    t.established(peer)
    t.sysctl("ip_local_port_range", "32000 60999")
    fill_table(t)
    t.sysctl("ip_local_port_range", "31019 31019")
    before = [failures(reason) for reason in ("no-port", "no-address")]
    for number in range(1, 4):
        same(t.socket().connect_ex(t.address(wire.PEER, peer.port)), errno.EADDRNOTAVAIL, "errno")
        event = t.reported(peer.port, CONNECT +
                           ["connect-failed syn-sent>closed no-port"] * number)[-1]
        same("untracked" in event, True, "without an entry")
    same([failures(reason) for reason in ("no-port", "no-address")], [before[0] + 3, before[1]],
         "failures")
    t.counted(TcpActiveOpens=68)


@story(group="full-table")
def no_route_without_room(t):
    """without room, a connect() to where no route leads is one record"""
    where = {4: "192.0.2.1", 6: "2001:db8:113::17"}
    port, before = t.new_port(), failures("no-route")
    fill_table(t)
    s = t.socket()
    for number in range(1, 4):
        same(s.connect_ex(t.address(where, port)), errno.ENETUNREACH, "errno")
        event = t.reported(port, ["connect-failed closed>closed no-route"] * number)[-1]
        same("untracked" in event, True, "without an entry")
    same(failures("no-route"), before + 3, "failures")
