# SPDX-License-Identifier: GPL-2.0
"""Stories of the close, and of ends without one: RFC 9293, section 3.6."""
import select
import socket
import struct
import subprocess
import time

import kernel
import wire
from tale import (ACTIVE_CLOSE, CONNECT, HANDSHAKE, PASSIVE_CLOSE, TCP_USER_TIMEOUT, find,
                  half_closed, numbers, reset_numbers, same, story, sum_, Wrong)
from wire import ACK, FIN, RST


@story()
def active_close(t):
    """S10 an active close in four segments, each with its numbers"""
    peer = t.peer()
    s = t.established(peer)
    s.close()
    fin = peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(FIN | ACK)
    last = peer.await_(ACK)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE)
    numbers(events[2], fin.seq, fin.ack, "our FIN")
    numbers(events[3], peer.isn + 1, fin.seq + 1, "its ACK")
    numbers(events[4], peer.isn + 1, fin.seq + 1, "the peer's FIN")
    numbers(events[5], last.seq, last.ack, "the last ACK")
    life = events[6]
    same((life["closer"], life["close_segments"], life["time_wait_ahead"], life["bytes_sent"]),
         ("local", 4, True, 0), "the life")


@story()
def merged_close(t):
    """S12 an active close in three segments: the peer's ACK and FIN are one"""
    peer = t.peer()
    s = t.established(peer)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    life = t.reported(peer.port, CONNECT + ACTIVE_CLOSE)[6]
    same((life["closer"], life["close_segments"]), ("local", 3), "the life")


@story()
def passive_close(t):
    """S10 a passive close in four segments"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    s.close()
    fin = peer.await_(FIN | ACK)
    peer.send(ACK)
    events = t.reported(peer.port, HANDSHAKE + PASSIVE_CLOSE)
    numbers(events[4], peer.isn + 1, fin.seq, "the peer's FIN")
    numbers(events[5], fin.seq, fin.ack, "our FIN")
    life = events[7]
    same((life["closer"], life["close_segments"], "time_wait_ahead" in life), ("peer", 4, False),
         "the life")


def bare_acks(peer):
    """ACKs of the peer's FIN that brought nothing else."""
    return sum(x.flags == ACK and not x.data and x.ack == peer.seq for x in peer.heard())


def conversation(t):
    """A connection whose ACKs are delayed in the hope of an answer: the peer, our socket."""
    peer = t.peer()
    s, _ = t.accepted(peer)
    for _ in range(19):
        peer.send(ACK | wire.PSH, data=b"ping")
        s.recv(4)
        s.send(b"pong")
        peer.await_(ACK, data=b"pong")
    return peer, s


@story()
def passive_merged_close(t):
    """S12 a passive close in three segments: our ACK and FIN are one"""
    peer, s = conversation(t)
    peer.send(FIN | ACK)
    t.until(lambda: select.select([s], [], [], 0)[0], "the FIN")
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    life = t.reported(peer.port, HANDSHAKE + PASSIVE_CLOSE)[7]
    same((life["closer"], life["close_segments"]), ("peer", 4 if bare_acks(peer) else 3),
         "the life")
    same((life["bytes_sent"], life["bytes_received"]), (76, 76), "bytes")


def idle_by_ss(peer):
    """Milliseconds since data went and came last, as ss knows."""
    out = subprocess.run(["ss", "-Htni", "dport", "=", f":{peer.port}"], check=True,
                         capture_output=True).stdout.decode()
    words = dict(word.split(":", 1) for word in out.split() if word.startswith("last"))
    # It leaves out what is zero.
    return int(words.get("lastsnd", 0)), int(words.get("lastrcv", 0))


def idle_in(event, before, after):
    """Not less than ss said before the FIN, and not more than after it; of a jiffy more or less."""
    found = [event[key] / 1e6 for key in ("idle_sent_ns", "idle_received_ns")]
    for least, value, most in zip(before, found, after):
        if not least - 10 <= value <= most + 10:
            raise Wrong(f"idle for {found} ms; ss: {before} before, {after} after")


def talk(t, peer, s):
    """Data come, and later data go; then neither for a while."""
    peer.send(ACK | wire.PSH, data=b"question")
    s.recv(8)
    t.until(lambda: idle_by_ss(peer)[1] >= 100, "time goes by")
    s.send(b"answer")
    peer.await_(ACK, data=b"answer")
    peer.send(ACK)
    t.until(lambda: idle_by_ss(peer)[0] >= 150, "time goes by")
    since = time.monotonic()
    return idle_by_ss(peer), since


def after_that(idle, since):
    return [ms + (time.monotonic() - since) * 1000 for ms in idle]


@story()
def idle_before_fin_sent(t):
    """S11 how long nothing came and went before our FIN"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    before, since = talk(t, peer, s)
    s.close()
    peer.await_(FIN | ACK)
    idle_in(t.reported(peer.port, HANDSHAKE + ACTIVE_CLOSE[:1])[-1], before,
            after_that(before, since))


@story()
def idle_before_fin_received(t):
    """S11 how long nothing came and went before the peer's FIN"""
    peer = t.peer()
    s = t.established(peer)
    before, since = talk(t, peer, s)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    after = after_that(before, since)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    events = t.reported(peer.port, CONNECT + PASSIVE_CLOSE)
    idle_in(events[2], before, after)
    same("idle_sent_ns" in events[3], False, "the second FIN is not reported so")


@story()
def under_way_at_reset(t):
    """S11 what is neither read nor acknowledged when a RST comes"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    peer.send(ACK | wire.PSH, data=b"question")
    t.until(lambda: s.recv(9, socket.MSG_PEEK) == b"question", "the question")
    s.recv(3)
    s.send(b"answer")
    peer.await_(ACK, data=b"answer")
    peer.send(RST)
    rst = t.reported(peer.port, HANDSHAKE + ["rst-received established>closed",
                                         "closed established>closed reset-received"])[-2]
    same((rst["unacked"], rst["unread"]), (6, 5), "bytes under way")


@story(where=kernel.RESET_HAS_SEGMENT)
def acknowledged_by_reset(t):
    """S11 a RST acknowledges what it got"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    s.send(b"answer")
    peer.await_(ACK, data=b"answer")
    peer.send(RST | ACK, ack=peer.ack - 2)
    rst = t.reported(peer.port, HANDSHAKE + ["rst-received established>closed",
                                         "closed established>closed reset-received"])[-2]
    same((rst["unacked"], rst["unread"]), (2, 0), "bytes under way")


@story()
def under_way_at_our_reset(t):
    """S11 what is neither read nor acknowledged when we reset"""
    peer = t.peer()
    s = t.established(peer)
    s.send(b"question")
    peer.await_(ACK, data=b"question")
    peer.send(ACK | wire.PSH, data=b"ans", ack=peer.ack - 3)
    t.until(lambda: s.recv(9, socket.MSG_PEEK) == b"ans", "the answer")
    s.recv(1)
    s.close()
    peer.await_(RST | ACK)
    rst = t.reported(peer.port, CONNECT + ["rst-sent established>closed unread-data",
                                       "closed established>closed unread-data"])[-2]
    same((rst["unacked"], rst["unread"]), (3, 2), "bytes under way")


def last_word(t, peer):
    rst = t.reported(peer.port, HANDSHAKE + ["rst-received established>closed",
                                         "closed established>closed reset-received"])[-2]
    return "sent" if rst["idle_sent_ns"] < rst["idle_received_ns"] else "received" \
        if rst["idle_received_ns"] < rst["idle_sent_ns"] else "nobody knows"


@story()
def last_word_is_ours(t):
    """S11 whose payload was the last, however fast it went: ours"""
    for _ in range(7):
        peer = t.peer()
        s, _ = t.accepted(peer)
        peer.send(ACK | wire.PSH, data=b"question")
        s.recv(8)
        s.send(b"answer")
        peer.await_(ACK, data=b"answer")
        peer.send(ACK)
        peer.send(RST | ACK)
        same(last_word(t, peer), "sent", "the last word")


@story()
def last_word_is_theirs(t):
    """S11 whose payload was the last, however fast it went: the peer's"""
    for merged in True, False, True, False, True, False, True:
        peer = t.peer()
        s, _ = t.accepted(peer)
        s.send(b"welcome")
        peer.await_(ACK, data=b"welcome")
        if not merged:
            peer.send(ACK)
        peer.send(ACK | wire.PSH, data=b"question")
        s.recv(8)
        peer.send(RST | ACK)
        same(last_word(t, peer), "received", "the last word")


@story()
def passive_close_shut_out(t):
    """S12 a passive close whose FIN has to wait for the peer's window: ACK and FIN are two"""
    peer, s = conversation(t)
    peer.send(FIN | ACK, window=0)
    t.until(lambda: select.select([s], [], [], 0)[0], "the FIN")
    s.close()
    t.until(lambda: bare_acks(peer), "the ACK of the FIN")
    same([x for x in peer.heard() if x.flags & FIN], [], "FINs meanwhile")
    peer.send(ACK)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    life = t.reported(peer.port, HANDSHAKE + PASSIVE_CLOSE)[7]
    same((life["closer"], life["close_segments"]), ("peer", 4), "the life")


@story()
def half_close_active(t):
    """S11 a half-close: what the peer still sent, and for how long"""
    peer, s = half_closed(t)
    peer.send(ACK | wire.PSH, data=b"h" * 37)
    same(len(s.recv(100)), 37, "bytes received")
    peer.send(FIN | ACK)
    peer.await_(ACK)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE)
    same((events[4]["half_close_bytes"], events[4]["duration_ns"]),
         (37, events[4]["time"] - events[3]["time"]), "half-close")
    same(events[6]["bytes_received"], 37, "bytes of the life")
    s.close()
    same(len(t.events(peer.port)), len(events), "close() after shutdown() tells nothing")


@story()
def half_close_passive(t):
    """S11 a half-close: what we still sent, and for how long"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    s.send(b"k" * 43)
    peer.await_(ACK, data=b"k" * 43)
    peer.send(ACK)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    events = t.reported(peer.port, HANDSHAKE + PASSIVE_CLOSE)
    same((events[5]["half_close_bytes"], events[5]["duration_ns"]),
         (43, events[5]["time"] - events[4]["time"]), "half-close")
    same(events[7]["bytes_sent"], 43, "bytes of the life")


@story()
def simultaneous_close(t):
    """S14 FIN meets FIN: CLOSING, and both closed"""
    peer = t.peer()
    s = t.established(peer)
    s.close()
    fin = peer.await_(FIN | ACK)
    peer.send(FIN | ACK, ack=fin.seq)
    peer.await_(ACK)
    peer.send(ACK)
    events = t.reported(peer.port, CONNECT + [
        "fin-sent established>fin-wait-1", "fin-received fin-wait-1>closing",
        "fin-acked closing>time-wait", "time-wait closing>time-wait", "closed closing>time-wait"])
    same((events[6]["closer"], events[6]["close_segments"]), ("both", 4), "the life")


@story()
def fin_resent(t):
    """a FIN that is not confirmed is sent again"""
    peer = t.peer()
    s = t.established(peer)
    s.close()
    fin = peer.await_(FIN | ACK)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.until(lambda: t.has(peer.port, "fin-acked"), "FIN_WAIT2")
    events = t.events(peer.port)
    resent = [e for e in events if e["event"] == "fin-retransmit"]
    if not resent:
        raise Wrong("no resend is reported")
    same([e["resend"] for e in resent], list(range(1, len(resent) + 1)), "numbers")
    numbers(resent[0], fin.seq, fin.ack, "the FIN")
    t.counted(TcpRetransSegs=len(resent))
    same([e["event"] for e in events if e not in resent],
         ["syn-sent", "established", "fin-sent", "fin-acked"], "the rest")


@story()
def linger(t):
    """close() with SO_LINGER 0 resets, and says so"""
    peer = t.peer()
    s = t.established(peer)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    rst = peer.await_(RST | ACK)
    events = t.reported(peer.port, CONNECT + ["rst-sent established>closed linger",
                                          "closed established>closed linger"])
    numbers(events[2], rst.seq, rst.ack, "the RST")
    t.counted(TcpExtTCPAbortOnData=1, TcpEstabResets=1, TcpOutRsts=1)


@story()
def linger_in_last_ack(t):
    """close() with SO_LINGER 0 after both FINs ends without a RST"""
    peer = t.peer()
    s = t.established(peer)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    s.shutdown(socket.SHUT_WR)
    peer.await_(FIN | ACK)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    t.reported(peer.port, CONNECT + PASSIVE_CLOSE[:2] + ["closed last-ack>closed linger"])
    t.counted(TcpExtTCPAbortOnData=1, TcpOutRsts=0)


@story()
def linger_with_unread_data(t):
    """close() with data that were not read is just that, SO_LINGER 0 or not"""
    for fin in (0, FIN):
        peer = t.peer()
        s = t.established(peer)
        peer.send(ACK | wire.PSH | fin, data=b"u" * 29)
        t.until(lambda: select.select([s], [], [], 0)[0], "the data")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        peer.await_(RST | ACK)
        t.until(lambda: t.last(peer.port).get("event") == "closed", "the end")
        same([e["reason"] for e in t.events(peer.port)[-2:]], ["unread-data"] * 2, "reasons")
    peer = t.peer()
    s = t.established(peer)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    peer.await_(RST | ACK)
    t.reported(peer.port, CONNECT + [PASSIVE_CLOSE[0], "rst-sent close-wait>closed linger",
                                 "closed close-wait>closed linger"])
    t.counted(TcpExtTCPAbortOnClose=2, TcpExtTCPAbortOnData=1, TcpOutRsts=3)


@story()
def unread_data(t):
    """close() with data that were not read resets, and says so"""
    peer = t.peer()
    s = t.established(peer)
    peer.send(ACK | wire.PSH, data=b"u" * 29)
    t.until(lambda: select.select([s], [], [], 0)[0], "the data")
    s.close()
    peer.await_(RST | ACK)
    events = t.reported(peer.port, CONNECT + ["rst-sent established>closed unread-data",
                                          "closed established>closed unread-data"])
    same(events[3]["bytes_received"], 29, "bytes of the life")
    t.counted(TcpExtTCPAbortOnClose=1, TcpOutRsts=1)


@story()
def data_after_close(t):
    """data for a socket that is closed for reading are answered by RST"""
    peer = t.peer()
    s = t.established(peer)
    s.shutdown(socket.SHUT_RDWR)
    peer.await_(FIN | ACK)
    peer.send(ACK | wire.PSH, data=b"d" * 23)
    peer.await_(RST)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + ([
        "rst-sent fin-wait-2>closed data-after-close",
        "closed fin-wait-2>closed data-after-close"] if kernel.RESET_HAS_SEGMENT else [
            "rst-received fin-wait-2>closed", "closed fin-wait-2>closed reset-received",
            "rst-sent closed>closed data-after-close"]))
    t.counted(TcpExtTCPAbortOnData=1, TcpOutRsts=1)
    same(find(events, "rst-sent").get("seq"), peer.seen[-1].seq, "seq of the RST")
    s.close()


@story()
def data_after_orphaned(t):
    """data for a bucket in FIN_WAIT2 are answered by RST"""
    peer = t.peer()
    s = t.established(peer)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(ACK | wire.PSH, data=b"d" * 23)
    peer.await_(RST)
    events = t.events(peer.port)
    same(sorted(e["event"] for e in events[4:]), ["closed", "rst-sent"], "the end")
    same(find(events, "closed")["reason"], "data-after-close", "reason")


@story()
def data_with_fin_ack(t):
    """data on the ACK of an orphan's FIN are answered by RST, full TIME_WAIT or not"""
    t.sysctl("tcp_max_tw_buckets", 0)
    peer = t.peer()
    t.established(peer).close()
    fin = peer.await_(FIN | ACK)
    peer.send(ACK | wire.PSH, data=b"d" * 23)
    rst = peer.await_(RST)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "rst-sent fin-wait-2>closed data-after-close",
        "closed fin-wait-2>closed data-after-close"])
    numbers(events[4], rst.seq, None, "the RST")
    same(rst.seq, sum_(fin.seq + 1), "seq of the RST")
    t.counted(TcpExtTCPAbortOnData=1, TcpOutRsts=1, TcpExtTCPTimeWaitOverflow=0)


@story()
def bucket_reset(t):
    """a RST is reported of a bucket in FIN_WAIT2"""
    peer = t.peer()
    t.established(peer).close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(RST)
    events = t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "rst-received fin-wait-2>closed", "closed fin-wait-2>closed reset-received"])
    numbers(events[4], peer.seq, None, "the RST")


@story()
def reset_received(t):
    """a RST is reported in ESTABLISHED, CLOSE_WAIT, FIN_WAIT1 and FIN_WAIT2"""
    for state in ("established", "close-wait", "fin-wait-1", "fin-wait-2"):
        peer = t.peer()
        s = t.established(peer)
        if state == "close-wait":
            peer.send(FIN | ACK)
            peer.await_(ACK)
        elif state != "established":
            s.shutdown(socket.SHUT_WR)
            fin = peer.await_(FIN | ACK)
        if state == "fin-wait-2":
            peer.send(ACK)
            t.until(lambda: t.has(peer.port, "fin-acked"), "FIN_WAIT2")
        ack = fin.seq if state == "fin-wait-1" else peer.ack
        peer.send(RST | ACK, ack=ack)
        t.until(lambda: t.last(peer.port).get("event") == "closed", "the end")
        received, closed = t.events(peer.port)[-2:]
        same((received["event"], received["old"], closed["old"], closed["reason"]),
             ("rst-received", state, state, "reset-received"), f"RST in {state}")
        reset_numbers(received, peer.seq, ack)
        s.close()


@story()
def keepalive(t):
    """keepalive that is not answered ends a connection"""
    peer = t.peer()
    s = t.established(peer)
    for name, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1),
                        (socket.TCP_KEEPCNT, 1)):
        s.setsockopt(socket.IPPROTO_TCP, name, value)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    peer.await_(RST | ACK)
    t.reported(peer.port, CONNECT + ["rst-sent established>closed timeout",
                                 "closed established>closed timeout"])
    t.counted(TcpExtTCPAbortOnTimeout=1)


@story()
def user_timeout(t):
    """TCP_USER_TIMEOUT ends a connection whose data are not confirmed"""
    peer = t.peer()
    s = t.established(peer)
    s.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 700)
    s.send(b"never confirmed")
    t.reported(peer.port, CONNECT + ["closed established>closed timeout"])
    t.counted(TcpExtTCPAbortOnTimeout=1)


@story()
def fin_wait2_timeout(t):
    """FIN_WAIT2 of an orphan times out, as a bucket"""
    t.sysctl("tcp_fin_timeout", 1)
    peer = t.peer()
    s = t.established(peer)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + ["closed fin-wait-2>closed timeout"])


def bucket_time(port):
    """What the kernel says is left to the bucket of that peer's port; None: there is none."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in file:
            column = line.split()
            if column[2].endswith(f":{port:04X}"):
                return int(column[5].partition(":")[2], 16)
    return None


@story("ipv4")
def bucket_at_its_last_moment(t):
    """S13 a bucket that a RST ends when its time is up, before its timer has run"""
    t.sysctl("tcp_fin_timeout", 17)
    # At such a distance all timers of two seconds run together: not all of these soon.
    for _ in range(5):
        peer = t.peer()
        t.established(peer).close()
        peer.await_(FIN | ACK)
        peer.send(ACK)
        time.sleep(0.4)
    met = 0
    for peer in t.peers:
        t.until(lambda port=peer.port: not bucket_time(port), "the bucket's time", 30)
        time.sleep(0.03)	# what is left is reported in hundredths
        if bucket_time(peer.port) is None:
            continue
        peer.send(RST)
        t.until(lambda port=peer.port: bucket_time(port) is None, "the bucket's end")
        if t.events(peer.port)[-1].get("reason") == "reset-received":
            t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
                "rst-received fin-wait-2>closed", "closed fin-wait-2>closed reset-received"])
            met += 1
    if not met:
        raise Wrong("no RST ended a bucket")


@story()
def linger2(t):
    """TCP_LINGER2 below 0: FIN_WAIT2 is left out, by RST"""
    peer, s = half_closed(t, [(socket.TCP_LINGER2, -1)])
    s.close()
    peer.await_(RST | ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2] + ["rst-sent fin-wait-2>closed linger",
                                                    "closed fin-wait-2>closed linger"])
    t.counted(TcpExtTCPAbortOnLinger=1)


@story("ipv4")
def orphans(t):
    """more orphans than tcp_max_orphans: the one too many is reset"""
    outside = ["nsenter", "--net=/proc/1/ns/net", "sysctl", "-qw"]
    with subprocess.Popen(["nsenter", "--net=/proc/1/ns/net", "sysctl", "-n",
                           "net.ipv4.tcp_max_orphans"], stdout=subprocess.PIPE) as p:
        limit = p.stdout.read().decode().strip()
    subprocess.run(outside + ["net.ipv4.tcp_max_orphans=0"], check=True)
    try:
        # The kernel's own count is exact only beyond its per-CPU batches.
        for _ in range(199):
            peer = t.peer()
            t.established(peer).close()
            peer.await_(FIN | ACK)
            time.sleep(0.01)
            if t.events(peer.port)[-1]["event"] == "closed":
                break
        else:
            raise Wrong("no orphan was too many")
    finally:
        subprocess.run(outside + [f"net.ipv4.tcp_max_orphans={limit}"], check=True)
    events = t.reported(peer.port, CONNECT + ["fin-sent established>fin-wait-1",
                                          "rst-sent fin-wait-1>closed no-memory",
                                          "closed fin-wait-1>closed no-memory"])
    same(events[4]["closer"], "local", "closer")
    ends = [e for p in t.peers for e in t.events(p.port) if e["event"] == "closed"]
    t.counted(TcpExtTCPAbortOnMemory=sum(e.get("reason") == "no-memory" for e in ends))
