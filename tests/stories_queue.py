# SPDX-License-Identifier: GPL-2.0
"""Stories of full queues, SYN cookies and TCP Fast Open."""
import json
import struct
import subprocess
import time

import kernel
import wire
from tale import (CONNECT, HANDSHAKE, MSG_FASTOPEN, TCP_FASTOPEN, fill_accept_queue, half_open,
                  numbers, same, story, Wrong)
from wire import ACK, RST, SYN


@story(where=kernel.TELLS_DROPS)
def accept_overflow(t):
    """S5 a third ACK that finds the accept queue full is reported, and the next SYN too"""
    listener, port, third = fill_accept_queue(t)
    over = "accept-overflow syn-recv>syn-recv accept-queue-full"
    event = t.reported(third.port, [HANDSHAKE[0], over])[1]
    same((event["accept_queue"], event["accept_limit"]), (2, 1), "accept queue")
    late = t.peer()
    late.remote = port
    late.send(SYN)
    t.reported(late.port, ["syn-dropped listen>listen accept-queue-full"])
    t.counted(TcpExtListenOverflows=2, TcpExtListenDrops=2)
    t.accept(listener)
    third.send(ACK)
    t.accept(listener)
    t.accept(listener)
    t.reported(third.port, [HANDSHAKE[0], over] + HANDSHAKE[1:])


def rows(verb, port):
    out = subprocess.run(["tcphs", verb, "-j", "--port", str(port)], check=True,
                         capture_output=True).stdout
    return [json.loads(line) for line in out.splitlines()]


@story()
def accept_waits(t):
    """S5 who waits for accept() is known by his wait, the listener by its last accept()"""
    listener, port = t.listener()
    same("last_accept_ns" in rows("listeners", port)[0], False, "nothing was accepted")
    peers = [t.peer() for _ in range(3)]
    for peer in peers:
        peer.connect(port)
        queued = t.reported(peer.port, HANDSHAKE[:3])[1]["time"]
    t.accept(listener)
    t.reported(peers[0].port, HANDSHAKE)
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    waiting = {c["peer_port"]: c for c in rows("connections", port) if "waiting_ns" in c}
    row = rows("listeners", port)[0]
    end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    same(set(waiting), {peers[1].port, peers[2].port}, "who waits")
    wait = waiting[peers[2].port]["waiting_ns"]
    same(begin <= queued + wait <= end, True, f"queued at {queued}, {wait} ns before "
         f"{begin} to {end}")
    same(waiting[peers[1].port]["waiting_ns"] > wait, True, "who came first waits longer")
    same({c["listener"] for c in waiting.values()}, {row["conn"]}, "listener")
    accepted = t.reported(peers[0].port, HANDSHAKE)[3]["time"]
    same(begin <= accepted + row["last_accept_ns"] <= end, True, "the last accept()")


@story(where=kernel.TELLS_DROPS)
def overflow_aborts(t):
    """S5 with tcp_abort_on_overflow the third ACK is answered by RST"""
    t.sysctl("tcp_abort_on_overflow", 1)
    third = fill_accept_queue(t)[2]
    third.await_(RST)
    t.reported(third.port, [HANDSHAKE[0], "accept-overflow syn-recv>syn-recv accept-queue-full",
                        "rst-sent listen>listen accept-queue-full",
                        "request-reset syn-recv>closed accept-queue-full"])
    t.counted(TcpExtListenOverflows=1, TcpExtListenDrops=1)


@story(where=kernel.TELLS_DROPS)
def syn_queue_full(t):
    """S8 without cookies a full SYN queue drops SYNs, and says by which rule"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=2)
    # 5.10 calls a queue full that is at its limit, others one that is above.
    peers = half_open(t, port, 5)
    reported = [t.events(p.port) for p in peers]
    t.until(lambda: t.seen(peers[4].port), "the last SYN")
    event = t.reported(peers[4].port, ["syn-dropped listen>listen syn-queue-full"])[0]
    same((event["seq"], event["syn_limit"]), (peers[4].isn, 2), "seq and limit")
    dropped = sum(e["event"] == "syn-dropped" for p in peers for e in t.events(p.port))
    if dropped not in (2, 3) or not reported:
        raise Wrong(f"{dropped} SYNs dropped")
    t.counted(TcpExtTCPReqQFullDrop=dropped, TcpExtListenDrops=dropped)


@story()
def syn_backlog(t):
    """S8 the last quarter of tcp_max_syn_backlog is not for strangers"""
    t.sysctl("tcp_syncookies", 0)
    t.sysctl("tcp_max_syn_backlog", 8)
    _, port = t.listener(backlog=50)
    peers = half_open(t, port, 8)
    t.reported(peers[7].port, ["syn-dropped listen>listen syn-backlog"])
    t.reported(peers[6].port, HANDSHAKE[:1])
    t.counted(TcpExtListenDrops=1, TcpExtTCPReqQFullDrop=0)


@story()
def cookies(t):
    """S8 a SYN cookie is reported when it is sent and when it comes back"""
    t.sysctl("tcp_syncookies", 2)
    peer = t.peer()
    listener, port = t.listener()
    peer.connect(port, data=b"c" * 41)
    t.accept(listener)
    events = t.reported(peer.port, ["syncookie-sent listen>listen",
                                "accept-queued syn-recv>syn-recv syncookie"] + HANDSHAKE[2:])
    numbers(events[0], peer.seen[0].seq, peer.isn + 1, "the SYN+ACK")
    same((events[2]["isn"], events[2]["peer_isn"]), (peer.seen[0].seq, peer.isn), "ISNs")
    if "syncookie" not in events[2]["options"]:
        raise Wrong("established does not say that it came of a cookie")
    same(events[2].get("ack_data"), kernel.ack_data(41), "bytes on the third ACK")
    text = subprocess.run(["tcphs", "listeners", "-j"], check=True, capture_output=True).stdout
    mine = [json.loads(line) for line in text.splitlines()]
    mine = next(x for x in mine if x["port"] == port)
    same((mine["cookies_sent"], mine["cookies_valid"]), (1, 1), "the listener's cookies")
    t.counted(TcpExtSyncookiesSent=1, TcpExtSyncookiesRecv=1, TcpExtSyncookiesFailed=0)


@story()
def bad_cookie(t):
    """S8 an ACK with a made-up cookie is answered by RST, and reported as that"""
    t.sysctl("tcp_syncookies", 2)
    peer, liar = t.peer(), t.peer()
    listener, port = t.listener()
    peer.connect(port)
    t.accept(listener)
    liar.remote = port
    liar.send(ACK, seq=4711, ack=815)
    liar.await_(RST)
    event = t.reported(liar.port, ["rst-sent listen>listen bad-cookie"])[0]
    same(event["seq"], 815, "seq of the RST")
    t.counted(TcpExtSyncookiesSent=1, TcpExtSyncookiesRecv=1, TcpExtSyncookiesFailed=1)


@story(where=kernel.TELLS_DROPS)
def cookie_overflow(t):
    """S8 a valid cookie that finds the accept queue full"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener(backlog=1)
    peers = [t.peer() for _ in range(3)]
    for peer in peers:
        peer.ask(port)
    for peer in peers:
        peer.send(ACK)
    t.reported(peers[2].port, ["syncookie-sent listen>listen",
                           "accept-overflow syn-recv>syn-recv accept-queue-full",
                           "request-reset syn-recv>closed accept-queue-full"])
    t.counted(TcpExtListenOverflows=1)
    listener.close()


@story()
def fastopen_server(t):
    """S7 TCP Fast Open: data on the SYN, accepted before the handshake is over"""
    t.sysctl("tcp_fastopen", 0x203)
    peer = t.peer()
    listener, port = t.listener(options=[(TCP_FASTOPEN, 5)])
    peer.ask(port, data=b"f" * 71, options=struct.pack("!BB", 34, 2))
    s = t.accept(listener)
    same(len(s.recv(100)), 71, "bytes that accept() finds")
    peer.send(ACK)
    events = t.reported(peer.port, ["syn-received listen>syn-recv fastopen",
                                "accept-queued syn-recv>syn-recv fastopen",
                                "accepted syn-recv>syn-recv",
                                "established syn-recv>established"])
    done = events[3]
    same((done.get("syn_data"), "fastopen" in done["options"]), (71, True), "bytes on the SYN")
    same(done["seq"], peer.seq, "SEQ of the third ACK, after the SYN's data")
    t.counted(TcpExtTCPFastOpenPassive=1)


def connect_with_data(t):
    """sendto() with MSG_FASTOPEN: the peer, and the SYN that came with the data."""
    t.sysctl("tcp_fastopen", 0x5)
    peer = t.peer()
    s = t.socket()
    s.setblocking(False)
    s.sendto(b"g" * 67, MSG_FASTOPEN, t.address(wire.PEER, peer.port))
    syn = peer.await_(SYN)
    same(len(syn.data), 67, "bytes on the wire's SYN")
    return peer, syn


@story()
def fastopen_client(t):
    """S7 TCP Fast Open: the client's data on the SYN, taken"""
    peer, syn = connect_with_data(t)
    peer.send(SYN | ACK, ack=syn.seq + 68)
    third = peer.await_(ACK)
    done = t.reported(peer.port, [CONNECT[0] + " fastopen", CONNECT[1]])[1]
    same((done.get("syn_data"), "fastopen" in done["options"]), (67, True), "bytes on the SYN")
    same(done["seq"], third.seq, "SEQ of the third ACK, after the SYN's data")
    t.counted(TcpExtTCPFastOpenActive=1)


@story()
def fastopen_refused(t):
    """S7 TCP Fast Open: the server takes the SYN and not its data"""
    peer, syn = connect_with_data(t)
    peer.send(SYN | ACK, ack=syn.seq + 1)
    peer.await_(ACK, data=b"g" * 67)
    done = t.reported(peer.port, [CONNECT[0] + " fastopen", CONNECT[1]])[1]
    same((done.get("syn_data"), "fastopen" in done["options"]), (None, False), "bytes on the SYN")
    t.counted(TcpExtTCPFastOpenActive=0)
