#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes each thing happen that can happen to a TCP connection, and compares.

usage: stories.py [NAME...]	without names: all of them

Prints "pass NAME" or "fail NAME" for each story and family; lines before a
"fail" say why. A story is a function below; its first line of text is the name.
What tcphs told of its ports is compared with the whole list that the story
gives, in order, nothing more and nothing less, and the numbers with those of the
segments that were on the wire.
"""
import errno
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

import kernel
import wire
from wire import ACK, FIN, PATIENCE, RST, SYN, Peer

HANDSHAKE = ["syn-received listen>syn-recv", "accept-queued syn-recv>syn-recv",
             "established syn-recv>established", "accepted established>established"]
CONNECT = ["syn-sent closed>syn-sent", "established syn-sent>established"]
ACTIVE_CLOSE = ["fin-sent established>fin-wait-1", "fin-acked fin-wait-1>fin-wait-2",
                "fin-received fin-wait-2>time-wait", "time-wait fin-wait-2>time-wait",
                "closed fin-wait-2>time-wait"]
PASSIVE_CLOSE = ["fin-received established>close-wait", "fin-sent close-wait>last-ack",
                 "fin-acked last-ack>closed", "closed last-ack>closed"]
STORIES = []
TCP_FASTOPEN, TCP_USER_TIMEOUT, MSG_FASTOPEN = 23, 18, 0x20000000


class Wrong(Exception):
    """What was found is not what the story says."""


class Late(Wrong):
    """The machine was too slow for the story, as far as can be told from one time."""


def nap(pause, longest):
    """Sleeps; the next is longer: to ask is dear on an emulated CPU."""
    time.sleep(pause)
    return min(pause * 1.4, longest)


def is_resend(event):
    return event.endswith("-retransmit")


def without_resends(lines):
    return [line for line in lines if not is_resend(line.split()[0])]


def story(*families):
    def keep(function):
        STORIES.append((function.__doc__, families or ("ipv4", "ipv6", "mapped"), function))
        return function
    return keep


def sysctl(name, value):
    path = "/proc/sys/net/ipv4/" + name
    with open(path, encoding="ascii") as file:
        before = file.read().strip()
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))
    return before


class Tale:
    """What a story has at hand. Everything it changes is undone after it."""

    port = 20000

    def __init__(self, wire_, family):
        self.wire, self.family = wire_, family
        self.version = 6 if family == "ipv6" else 4
        self.sockets, self.sysctls, self.peers = [], [], []
        self.since = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.before = self.counters()

    def sysctl(self, name, value):
        self.sysctls.append((name, sysctl(name, value)))

    def end(self):
        for name, value in reversed(self.sysctls):
            sysctl(name, value)
        for s in self.sockets:
            s.close()
        # Nothing goes on sending when the next story counts.
        for peer in self.peers:
            if peer.remote:
                peer.send(RST | ACK)

    @staticmethod
    def new_port():
        Tale.port += 1
        return Tale.port

    def socket(self):
        s = socket.socket(socket.AF_INET if self.family == "ipv4" else socket.AF_INET6)
        s.settimeout(10 * PATIENCE)
        self.sockets.append(s)
        return s

    def address(self, table, port):
        text = table[self.version]
        return ("::ffff:" + text if self.family == "mapped" else text, port)

    def peer(self, **options):
        self.peers.append(Peer(self.wire, self.version, self.new_port(), **options))
        return self.peers[-1]

    def listener(self, backlog=31, options=(), where=wire.HOST):
        s = self.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(self.address(where, self.new_port()))
        for name, value in options:
            s.setsockopt(socket.IPPROTO_TCP, name, value)
        s.listen(backlog)
        return s, s.getsockname()[1]

    def accept(self, listener):
        s = listener.accept()[0]
        s.settimeout(10 * PATIENCE)
        self.sockets.append(s)
        return s

    def connecting(self, peer, port=0):
        """A socket on its way to the peer."""
        s = self.socket()
        if port:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(self.address(wire.HOST, port))
        s.setblocking(False)
        s.connect_ex(self.address(wire.PEER, peer.port))
        return s

    def established(self, peer, options=b"", port=0):
        """A connection that the kernel opened to the peer."""
        s = self.connecting(peer, port)
        peer.accept(options)
        self.until(lambda: select.select([], [s], [], 0)[1], "it connects")
        s.settimeout(10 * PATIENCE)
        return s

    def accepted(self, peer, **options):
        """A connection that the peer opened, and its listener."""
        listener, port = self.listener(**options)
        peer.connect(port)
        return self.accept(listener), listener

    def until(self, condition, what, seconds=15):
        deadline, pause = time.monotonic() + seconds * PATIENCE, 0.02
        while not condition():
            if time.monotonic() > deadline:
                raise Wrong(f"not within {seconds} s: {what}")
            pause = nap(pause, 0.1)

    def events(self, port):
        """What was told of a port since the story began."""
        text = subprocess.run(["tcphs", "events", "-j", "--peer-port", str(port)], check=True,
                              capture_output=True).stdout
        all_ = [json.loads(line) for line in text.splitlines()]
        if any(e["event"] == "lost" for e in all_):
            raise Wrong("records were lost")
        return [e for e in all_ if e["time"] >= self.since]

    def told(self, port, expected, seconds=15):
        """Waits for the last of the expected events, then wants them all and no other."""
        def line(e):
            return f"{e['event']} {e['old']}>{e['new']}" + \
                (f" {e['reason']}" if "reason" in e else "")

        deadline, pause = time.monotonic() + seconds * PATIENCE, 0.05
        while True:
            events = self.events(port)
            if len(events) >= len(expected) or time.monotonic() > deadline:
                break
            pause = nap(pause, 0.3)
        found = [line(e) for e in events]
        if found != expected:
            surplus = len(found) - len(expected)
            late = without_resends(found) == without_resends(expected) and \
                0 < surplus <= self.resent()
            # A kernel that looks for mistakes is late each time.
            if late and PATIENCE > 1 and without_resends(expected) == expected:
                events = [e for e in events if not is_resend(e["event"])]
            else:
                raise (Late if late else Wrong)("told:     " + "\n          ".join(found) +
                                                "\nexpected: " + "\n          ".join(expected))
        family = "ipv6" if self.family == "ipv6" else "ipv4"
        for e in events:
            if e["family"] != family or ("mapped" in e) != (self.family == "mapped"):
                if e["conn"] != "0":
                    raise Wrong(f"family of {e}")
        return events

    @staticmethod
    def counters():
        """The kernel's, under the names that nstat gives them."""
        found = {}
        for path in "/proc/net/snmp", "/proc/net/netstat":
            with open(path, encoding="ascii") as file:
                for names, values in zip(file, file):
                    group, *names = names.split()
                    found.update(zip((group[:-1] + name for name in names),
                                     map(int, values.split()[1:])))
        return found

    def resent(self):
        """Segments that the kernel says it sent again."""
        return self.counters()["TcpRetransSegs"] - self.before["TcpRetransSegs"]

    def counted(self, **expected):
        """The kernel counted the same: differences since the story began."""
        now = self.counters()
        for name, value in expected.items():
            grown = now[name] - self.before[name]
            if grown != value:
                raise Wrong(f"{name} grew by {grown}, expected {value}")


def same(found, expected, what):
    if found != expected:
        raise Wrong(f"{what}: {found}, expected {expected}")


def find(events, name):
    return next(e for e in events if e["event"] == name)


def numbers(event, seq, ack, what):
    same((event.get("seq"), event.get("ack")), (seq, ack), f"seq and ack of {what}")


def reset_numbers(event, seq, ack):
    """Of a RST that was received."""
    if not kernel.RESET_HAS_SEGMENT:
        seq = ack = None
    numbers(event, seq, ack, "the RST")


def options(mss=1300, scale=7):
    """MSS, SACK permitted, timestamps, window scale."""
    return struct.pack("!BBHBBBBIIBBBB", 2, 4, mss, 4, 2, 8, 10, 1, 0, 1, 3, 3, scale)


# ---- the client's handshake ----------------------------------------------------

@story()
def client(t):
    """S1 S3 S16 connect() tells both ISNs, ports, owner, time and what was agreed"""
    peer = t.peer()
    s = t.connecting(peer)
    syn = peer.await_(SYN)
    peer.send(SYN | ACK, options=options() if syn.options else b"", window=29200)
    ack = peer.await_(ACK)
    events = t.told(peer.port, CONNECT)
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
    events = t.told(peer.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent", CONNECT[1]])
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
    events = t.told(peer.port, [CONNECT[0], "rst-received syn-sent>closed",
                                "connect-failed syn-sent>closed refused"])
    reset_numbers(events[1], 0, peer.ack)
    t.counted(TcpAttemptFails=1)


@story()
def connect_timeout(t):
    """a SYN that is never answered times out, every resend is told"""
    t.sysctl("tcp_syn_retries", 1)
    if os.path.exists("/proc/sys/net/ipv4/tcp_syn_linear_timeouts"):
        t.sysctl("tcp_syn_linear_timeouts", 0)
    peer = t.peer()
    t.connecting(peer)
    t.told(peer.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent",
                       "connect-failed syn-sent>closed timeout"])
    t.counted(TcpAttemptFails=1, TcpExtTCPSynRetrans=1, TcpExtTCPTimeouts=2)


@story()
def connect_closed(t):
    """close() ends a connect that was under way"""
    peer = t.peer()
    t.connecting(peer).close()
    t.told(peer.port, [CONNECT[0], "connect-failed syn-sent>closed closed-by-user"])


@story()
def connect_aborted(t):
    """close() with SO_LINGER 0, or shutdown(), ends a connect that was under way"""
    peer = t.peer()
    s = t.connecting(peer)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    t.told(peer.port, [CONNECT[0], "connect-failed syn-sent>closed linger"])
    peer = t.peer()
    s = t.connecting(peer)
    s.shutdown(socket.SHUT_WR)
    t.told(peer.port, [CONNECT[0], "connect-failed syn-sent>closed disconnect"])
    s.close()
    t.counted(TcpExtTCPAbortOnData=1, TcpAttemptFails=0, TcpOutRsts=0)


@story()
def connect_unreachable(t):
    """an ICMP error ends a connect"""
    peer = t.peer()
    s = t.connecting(peer)
    peer.await_(SYN)
    peer.unreachable()
    t.told(peer.port, [CONNECT[0], "connect-failed syn-sent>closed unreachable"])
    same(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.EHOSTUNREACH, "SO_ERROR")


@story()
def simultaneous_open(t):
    """S14 SYN meets SYN: a simultaneous open is told as one"""
    peer = t.peer()
    t.connecting(peer)
    syn = peer.await_(SYN)
    peer.send(SYN)
    peer.await_(SYN | ACK)
    peer.send(SYN | ACK, seq=peer.isn)
    # Before 6.11 it takes the ACK with which the peer answers our SYN+ACK.
    peer.send(ACK)
    events = t.told(peer.port, [CONNECT[0], "syn-received syn-sent>syn-recv",
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
    events = t.told(peer.port, CONNECT + ["rst-sent established>closed disconnect",
                                          "closed established>closed disconnect"])
    numbers(events[2], peer.ack, sum_(peer.seq), "the RST")
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, other.port))
    other.accept()
    again = t.told(other.port, CONNECT)
    same([e["conn"] for e in again], [events[0]["conn"]] * 2, "cookie")
    same([e["generation"] for e in events + again], [0] * 4 + [1] * 2, "generations")


def sum_(n):
    return n & 0xffffffff


def disconnect(s):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.connect(s.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16)


# ---- the server's handshake ----------------------------------------------------

@story()
def server(t):
    """S2 S4 S5 a listener's handshake tells queues, ISNs and the time to accept()"""
    peer = t.peer()
    listener, port = t.listener(backlog=7)
    peer.connect(port)
    t.told(peer.port, HANDSHAKE[:3])
    t.accept(listener)
    syn, queued, done, accepted = t.told(peer.port, HANDSHAKE)
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
    peer.remote = port
    peer.send(SYN)
    first = peer.await_(SYN | ACK)
    events = t.told(peer.port, [HANDSHAKE[0], "synack-retransmit syn-recv>syn-recv",
                                "request-expired syn-recv>closed timeout"])
    same(events[1]["resend"], 1, "number of the resend")
    numbers(events[1], first.seq, peer.isn + 1, "the SYN+ACK")
    t.counted(TcpPassiveOpens=0, TcpRetransSegs=1, TcpExtTCPTimeouts=2)


@story()
def syn_repeated(t):
    """S9 the client's SYN that comes again is told apart from a new one"""
    peer = t.peer()
    listener, port = t.listener()
    peer.remote = port
    peer.send(SYN)
    peer.await_(SYN | ACK)
    peer.send(SYN, seq=peer.isn)
    peer.await_(SYN | ACK)
    peer.send(ACK)
    t.accept(listener)
    events = t.told(peer.port, [HANDSHAKE[0], "syn-duplicate syn-recv>syn-recv",
                                "synack-retransmit syn-recv>syn-recv"] + HANDSHAKE[1:])
    same(events[1]["seq"], peer.isn, "seq of the SYN")


@story()
def stale_syn(t):
    """S9 a stale SYN: the client does not confirm, RST takes the request away"""
    peer = t.peer()
    _, port = t.listener()
    peer.remote = port
    peer.send(SYN)
    peer.await_(SYN | ACK)
    peer.send(RST)
    t.told(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed reset-received"])
    t.counted(TcpAttemptFails=1, TcpPassiveOpens=0, TcpExtEmbryonicRsts=1)


@story()
def request_unreachable(t):
    """an ICMP error takes a request away"""
    peer = t.peer()
    _, port = t.listener()
    peer.remote = port
    peer.send(SYN)
    peer.await_(SYN | ACK)
    # Host unreachable will do for IPv4, IPv6 takes only what is beyond repair.
    peer.unreachable(code=1 if t.version == 4 else 4)
    t.told(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed unreachable"])


@story()
def listener_leaves_request(t):
    """a listener that closes leaves its request to the next timer"""
    peer = t.peer()
    listener, port = t.listener()
    peer.remote = port
    peer.send(SYN)
    peer.await_(SYN | ACK)
    listener.close()
    t.told(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed listener-closed"])


@story()
def listener_leaves_child(t):
    """a listener that closes resets what waits in its accept queue"""
    peer = t.peer()
    listener, port = t.listener()
    peer.connect(port)
    t.told(peer.port, HANDSHAKE[:3])
    listener.close()
    peer.await_(RST | ACK)
    t.told(peer.port, HANDSHAKE[:3] + ["rst-sent established>closed listener-closed",
                                       "closed established>closed listener-closed"])


@story()
def data_on_third_ack(t):
    """S7 data on the third ACK are counted"""
    peer = t.peer()
    listener, port = t.listener()
    peer.connect(port, data=b"x" * 83)
    t.accept(listener)
    same(t.told(peer.port, HANDSHAKE)[2].get("ack_data"), 83, "bytes on the third ACK")


@story()
def deferred(t):
    """TCP_DEFER_ACCEPT: the bare third ACK is told, then the one with data counts"""
    peer = t.peer()
    listener, port = t.listener(options=[(socket.TCP_DEFER_ACCEPT, 5)])
    peer.connect(port)
    t.told(peer.port, [HANDSHAKE[0], "ack-deferred syn-recv>syn-recv"])
    peer.send(ACK, data=b"y" * 59)
    t.accept(listener)
    events = t.told(peer.port, [HANDSHAKE[0], "ack-deferred syn-recv>syn-recv"] + HANDSHAKE[1:])
    same(events[3].get("ack_data"), 59, "bytes on the ACK that counted")
    t.counted(TcpExtTCPDeferAcceptDrop=1)


# ---- full queues, cookies --------------------------------------------------------

def fill_accept_queue(t):
    """Backlog 1: two connections wait, the handshake of a third is all but done."""
    listener, port = t.listener(backlog=1)
    first, second, third = t.peer(), t.peer(), t.peer()
    first.connect(port)
    t.told(first.port, HANDSHAKE[:3])
    for peer in (second, third):
        peer.remote = port
        peer.send(SYN)
        peer.await_(SYN | ACK)
    second.send(ACK)
    t.told(second.port, HANDSHAKE[:3])
    third.send(ACK)
    return listener, port, third


@story()
def accept_overflow(t):
    """S5 a third ACK that finds the accept queue full is told, and the next SYN too"""
    listener, port, third = fill_accept_queue(t)
    over = "accept-overflow syn-recv>syn-recv accept-queue-full"
    event = t.told(third.port, [HANDSHAKE[0], over])[1]
    same((event["accept_queue"], event["accept_limit"]), (2, 1), "accept queue")
    late = t.peer()
    late.remote = port
    late.send(SYN)
    t.told(late.port, ["syn-dropped listen>listen accept-queue-full"])
    t.counted(TcpExtListenOverflows=2, TcpExtListenDrops=2)
    t.accept(listener)
    third.send(ACK)
    t.accept(listener)
    t.accept(listener)
    t.told(third.port, [HANDSHAKE[0], over] + HANDSHAKE[1:])


@story()
def overflow_aborts(t):
    """S5 with tcp_abort_on_overflow the third ACK is answered by RST"""
    t.sysctl("tcp_abort_on_overflow", 1)
    third = fill_accept_queue(t)[2]
    third.await_(RST)
    t.told(third.port, [HANDSHAKE[0], "accept-overflow syn-recv>syn-recv accept-queue-full",
                        "rst-sent listen>listen accept-queue-full",
                        "request-reset syn-recv>closed accept-queue-full"])
    t.counted(TcpExtListenOverflows=1, TcpExtListenDrops=1)


def half_open(t, port, count):
    peers = [t.peer() for _ in range(count)]
    for peer in peers:
        peer.remote = port
        peer.send(SYN)
    return peers


@story()
def syn_queue_full(t):
    """S8 without cookies a full SYN queue drops SYNs, and says by which rule"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=2)
    # 5.10 calls a queue full that is at its limit, others one that is above.
    peers = half_open(t, port, 5)
    told = [t.events(p.port) for p in peers]
    t.until(lambda: t.events(peers[4].port), "the last SYN")
    event = t.told(peers[4].port, ["syn-dropped listen>listen syn-queue-full"])[0]
    same((event["seq"], event["syn_limit"]), (peers[4].isn, 2), "seq and limit")
    dropped = sum(e["event"] == "syn-dropped" for p in peers for e in t.events(p.port))
    if dropped not in (2, 3) or not told:
        raise Wrong(f"{dropped} SYNs dropped")
    t.counted(TcpExtTCPReqQFullDrop=dropped, TcpExtListenDrops=dropped)


@story()
def syn_backlog(t):
    """S8 the last quarter of tcp_max_syn_backlog is not for strangers"""
    t.sysctl("tcp_syncookies", 0)
    t.sysctl("tcp_max_syn_backlog", 8)
    _, port = t.listener(backlog=50)
    peers = half_open(t, port, 8)
    t.told(peers[7].port, ["syn-dropped listen>listen syn-backlog"])
    t.told(peers[6].port, HANDSHAKE[:1])
    t.counted(TcpExtListenDrops=1, TcpExtTCPReqQFullDrop=0)


@story()
def cookies(t):
    """S8 a SYN cookie is told when it is sent and when it comes back"""
    t.sysctl("tcp_syncookies", 2)
    peer = t.peer()
    listener, port = t.listener()
    peer.connect(port, data=b"c" * 41)
    t.accept(listener)
    events = t.told(peer.port, ["syncookie-sent listen>listen",
                                "accept-queued syn-recv>syn-recv syncookie"] + HANDSHAKE[2:])
    numbers(events[0], peer.seen[0].seq, peer.isn + 1, "the SYN+ACK")
    same((events[2]["isn"], events[2]["peer_isn"]), (peer.seen[0].seq, peer.isn), "ISNs")
    if "syncookie" not in events[2]["options"]:
        raise Wrong("established does not say that it came of a cookie")
    same(events[2].get("ack_data"), 41, "bytes on the third ACK")
    text = subprocess.run(["tcphs", "listeners", "-j"], check=True, capture_output=True).stdout
    mine = [json.loads(line) for line in text.splitlines()]
    mine = next(x for x in mine if x["port"] == port)
    same((mine["cookies_sent"], mine["cookies_valid"]), (1, 1), "the listener's cookies")
    t.counted(TcpExtSyncookiesSent=1, TcpExtSyncookiesRecv=1, TcpExtSyncookiesFailed=0)


@story()
def bad_cookie(t):
    """S8 an ACK with a made-up cookie is answered by RST, and told as that"""
    t.sysctl("tcp_syncookies", 2)
    peer, liar = t.peer(), t.peer()
    listener, port = t.listener()
    peer.connect(port)
    t.accept(listener)
    liar.remote = port
    liar.send(ACK, seq=4711, ack=815)
    liar.await_(RST)
    event = t.told(liar.port, ["rst-sent listen>listen bad-cookie"])[0]
    same(event["seq"], 815, "seq of the RST")
    t.counted(TcpExtSyncookiesSent=1, TcpExtSyncookiesRecv=1, TcpExtSyncookiesFailed=1)


@story()
def cookie_overflow(t):
    """S8 a valid cookie that finds the accept queue full"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener(backlog=1)
    peers = [t.peer() for _ in range(3)]
    for peer in peers:
        peer.remote = port
        peer.send(SYN)
        peer.await_(SYN | ACK)
    for peer in peers:
        peer.send(ACK)
    t.told(peers[2].port, ["syncookie-sent listen>listen",
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
    peer.remote = port
    peer.send(SYN, data=b"f" * 71, options=struct.pack("!BB", 34, 2))
    peer.await_(SYN | ACK)
    s = t.accept(listener)
    same(len(s.recv(100)), 71, "bytes that accept() finds")
    peer.send(ACK)
    events = t.told(peer.port, ["syn-received listen>syn-recv fastopen",
                                "accept-queued syn-recv>syn-recv fastopen",
                                "accepted syn-recv>syn-recv",
                                "established syn-recv>established"])
    done = events[3]
    same((done.get("syn_data"), "fastopen" in done["options"]), (71, True), "bytes on the SYN")
    t.counted(TcpExtTCPFastOpenPassive=1)


@story()
def fastopen_client(t):
    """S7 TCP Fast Open: the client's data on the SYN, taken"""
    t.sysctl("tcp_fastopen", 0x5)
    peer = t.peer()
    s = t.socket()
    s.setblocking(False)
    s.sendto(b"g" * 67, MSG_FASTOPEN, t.address(wire.PEER, peer.port))
    syn = peer.await_(SYN)
    same(len(syn.data), 67, "bytes on the wire's SYN")
    peer.send(SYN | ACK, ack=syn.seq + 68)
    peer.await_(ACK)
    done = t.told(peer.port, [CONNECT[0] + " fastopen", CONNECT[1]])[1]
    same((done.get("syn_data"), "fastopen" in done["options"]), (67, True), "bytes on the SYN")
    t.counted(TcpExtTCPFastOpenActive=1)


@story()
def fastopen_refused(t):
    """S7 TCP Fast Open: the server takes the SYN and not its data"""
    t.sysctl("tcp_fastopen", 0x5)
    peer = t.peer()
    s = t.socket()
    s.setblocking(False)
    s.sendto(b"g" * 67, MSG_FASTOPEN, t.address(wire.PEER, peer.port))
    syn = peer.await_(SYN)
    peer.send(SYN | ACK, ack=syn.seq + 1)
    peer.await_(ACK, data=b"g" * 67)
    done = t.told(peer.port, [CONNECT[0] + " fastopen", CONNECT[1]])[1]
    same((done.get("syn_data"), "fastopen" in done["options"]), (None, False), "bytes on the SYN")
    t.counted(TcpExtTCPFastOpenActive=0)


# ---- the close -------------------------------------------------------------------

@story()
def active_close(t):
    """S10 an active close in four segments, each with its numbers"""
    peer = t.peer()
    s = t.established(peer)
    s.close()
    fin = peer.await_(FIN | ACK)
    peer.send(ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(FIN | ACK)
    last = peer.await_(ACK)
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE)
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
    life = t.told(peer.port, CONNECT + ACTIVE_CLOSE)[6]
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
    events = t.told(peer.port, HANDSHAKE + PASSIVE_CLOSE)
    numbers(events[4], peer.isn + 1, fin.seq, "the peer's FIN")
    numbers(events[5], fin.seq, fin.ack, "our FIN")
    life = events[7]
    same((life["closer"], life["close_segments"], "time_wait_ahead" in life), ("peer", 4, False),
         "the life")


@story()
def passive_merged_close(t):
    """S12 a passive close in three segments: our ACK and FIN are one"""
    peer = t.peer()
    s, _ = t.accepted(peer)
    # A conversation, so that ACKs are delayed in the hope of an answer.
    for _ in range(19):
        peer.send(ACK | wire.PSH, data=b"ping")
        s.recv(4)
        s.send(b"pong")
        peer.await_(ACK, data=b"pong")
    peer.send(FIN | ACK)
    t.until(lambda: select.select([s], [], [], 0)[0], "the FIN")
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    life = t.told(peer.port, HANDSHAKE + PASSIVE_CLOSE)[7]
    acks = sum(x.flags == ACK and not x.data and x.ack == peer.seq for x in peer.seen)
    same((life["closer"], life["close_segments"]), ("peer", 4 if acks else 3), "the life")
    same((life["bytes_sent"], life["bytes_received"]), (76, 76), "bytes")


@story()
def half_close_active(t):
    """S11 a half-close: what the peer still sent, and for how long"""
    peer = t.peer()
    s = t.established(peer)
    s.shutdown(socket.SHUT_WR)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(ACK | wire.PSH, data=b"h" * 37)
    same(len(s.recv(100)), 37, "bytes received")
    peer.send(FIN | ACK)
    peer.await_(ACK)
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE)
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
    events = t.told(peer.port, HANDSHAKE + PASSIVE_CLOSE)
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
    events = t.told(peer.port, CONNECT + [
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
    t.until(lambda: any(e["event"] == "fin-acked" for e in t.events(peer.port)), "FIN_WAIT2")
    events = t.events(peer.port)
    resent = [e for e in events if e["event"] == "fin-retransmit"]
    if not resent:
        raise Wrong("no resend is told")
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
    events = t.told(peer.port, CONNECT + ["rst-sent established>closed linger",
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
    t.told(peer.port, CONNECT + PASSIVE_CLOSE[:2] + ["closed last-ack>closed linger"])
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
        t.until(lambda: t.events(peer.port)[-1]["event"] == "closed", "the end")
        same([e["reason"] for e in t.events(peer.port)[-2:]], ["unread-data"] * 2, "reasons")
    peer = t.peer()
    s = t.established(peer)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    peer.await_(RST | ACK)
    t.told(peer.port, CONNECT + [PASSIVE_CLOSE[0], "rst-sent close-wait>closed linger",
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
    events = t.told(peer.port, CONNECT + ["rst-sent established>closed unread-data",
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
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + ([
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
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2])
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
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "rst-sent fin-wait-2>closed data-after-close",
        "closed fin-wait-2>closed data-after-close"])
    numbers(events[4], rst.seq, None, "the RST")
    same(rst.seq, sum_(fin.seq + 1), "seq of the RST")
    t.counted(TcpExtTCPAbortOnData=1, TcpOutRsts=1, TcpExtTCPTimeWaitOverflow=0)


@story()
def bucket_reset(t):
    """a RST is told of a bucket in FIN_WAIT2"""
    peer = t.peer()
    t.established(peer).close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(RST)
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "rst-received fin-wait-2>closed", "closed fin-wait-2>closed reset-received"])
    numbers(events[4], peer.seq, None, "the RST")


@story()
def reset_received(t):
    """a RST is told in ESTABLISHED, CLOSE_WAIT, FIN_WAIT1 and FIN_WAIT2"""
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
            t.until(lambda: find(t.events(peer.port)[::-1], "fin-acked"), "FIN_WAIT2")
        ack = fin.seq if state == "fin-wait-1" else peer.ack
        peer.send(RST | ACK, ack=ack)
        t.until(lambda: t.events(peer.port)[-1]["event"] == "closed", "the end")
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
    t.told(peer.port, CONNECT + ["rst-sent established>closed timeout",
                                 "closed established>closed timeout"])
    t.counted(TcpExtTCPAbortOnTimeout=1)


@story()
def user_timeout(t):
    """TCP_USER_TIMEOUT ends a connection whose data are not confirmed"""
    peer = t.peer()
    s = t.established(peer)
    s.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 700)
    s.send(b"never confirmed")
    t.told(peer.port, CONNECT + ["closed established>closed timeout"])
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
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + ["closed fin-wait-2>closed timeout"])


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
        time.sleep(0.03)	# what is left is told in hundredths
        if bucket_time(peer.port) is None:
            continue
        peer.send(RST)
        t.until(lambda port=peer.port: bucket_time(port) is None, "the bucket's end")
        if t.events(peer.port)[-1].get("reason") == "reset-received":
            t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
                "rst-received fin-wait-2>closed", "closed fin-wait-2>closed reset-received"])
            met += 1
    if not met:
        raise Wrong("no RST ended a bucket")


@story()
def linger2(t):
    """TCP_LINGER2 below 0: FIN_WAIT2 is left out, by RST"""
    peer = t.peer()
    s = t.established(peer)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, -1)
    s.shutdown(socket.SHUT_WR)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    s.close()
    peer.await_(RST | ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + ["rst-sent fin-wait-2>closed linger",
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
    events = t.told(peer.port, CONNECT + ["fin-sent established>fin-wait-1",
                                          "rst-sent fin-wait-1>closed no-memory",
                                          "closed fin-wait-1>closed no-memory"])
    same(events[4]["closer"], "local", "closer")
    ends = [e for p in t.peers for e in t.events(p.port) if e["event"] == "closed"]
    t.counted(TcpExtTCPAbortOnMemory=sum(e.get("reason") == "no-memory" for e in ends))


# ---- TIME_WAIT -------------------------------------------------------------------

def in_time_wait(t, options=b"", port=0):
    peer = t.peer()
    s = t.established(peer, options, port)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE)
    return peer


@story()
def fin_in_time_wait(t):
    """S13 a FIN that comes again in TIME_WAIT is confirmed again"""
    peer = in_time_wait(t)
    peer.send(FIN | ACK, seq=peer.seq - 1)
    peer.await_(ACK)
    again = t.told(peer.port, CONNECT + ACTIVE_CLOSE + ["time-wait-fin time-wait>time-wait"])[-1]
    numbers(again, sum_(peer.seq - 1), peer.ack, "the FIN")


@story()
def time_wait_reset(t):
    """S13 a RST ends TIME_WAIT"""
    peer = in_time_wait(t)
    peer.send(RST)
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE +
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
    t.told(peer.port, HANDSHAKE + ACTIVE_CLOSE)
    peer.isn = peer.seq = sum_(peer.seq + 300007)
    peer.send(SYN)
    peer.await_(SYN | ACK)
    events = t.told(peer.port, HANDSHAKE + ACTIVE_CLOSE +
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
    t.told(peer.port, CONNECT + ACTIVE_CLOSE + [
        "time-wait-end time-wait>closed reused-by-connect", CONNECT[0]])
    t.counted(TcpExtTWRecycled=1)


@story()
def connect_beside_time_wait(t):
    """S13 a socket that connects again beside its own TIME_WAIT takes nothing from it"""
    def closed_first(peer):
        s.shutdown(socket.SHUT_WR)
        peer.await_(FIN | ACK)
        peer.send(ACK)
        peer.send(FIN | ACK)
        peer.await_(ACK)
        return t.told(peer.port, CONNECT + ACTIVE_CLOSE)

    def reset(peer):
        peer.send(RST)
        return t.told(peer.port, CONNECT + ACTIVE_CLOSE +
                      ["rst-received time-wait>closed",
                       "time-wait-end time-wait>closed reset-received"])

    peer, other = t.peer(), t.peer()
    s = t.established(peer)
    closed_first(peer)
    t.until(lambda: disconnect(s) == 0, "disconnect")
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, other.port))
    other.accept()
    t.told(other.port, CONNECT)
    closed_first(other)
    first, second = reset(peer), reset(other)
    same({e["conn"] for e in second}, {first[0]["conn"]}, "cookie")
    same(({e["generation"] for e in first}, {e["generation"] for e in second}), ({0}, {1}),
         "generations")
    with open("/proc/tcphs", encoding="ascii") as file:
        same([line for line in file if line.startswith("hook-deaf")], [], "deaf hooks")


@story()
def time_wait_full(t):
    """S13 beyond tcp_max_tw_buckets there is no TIME_WAIT, and that is said"""
    t.sysctl("tcp_max_tw_buckets", 0)
    peer = t.peer()
    s = t.established(peer)
    s.shutdown(socket.SHUT_WR)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    peer.send(FIN | ACK)
    peer.await_(ACK)
    events = t.told(peer.port, CONNECT + ACTIVE_CLOSE[:2] + [
        "fin-received fin-wait-2>closed", "closed fin-wait-2>closed time-wait-full"])
    same("time_wait_ahead" in events[-1], False, "TIME_WAIT ahead")
    t.counted(TcpExtTCPTimeWaitOverflow=1)


# ---- others ----------------------------------------------------------------------

@story("ipv4", "ipv6")
def others(t):
    """UDP, SCTP where there is any, and UNIX sockets are not TCP's business"""
    family = socket.AF_INET6 if t.family == "ipv6" else socket.AF_INET
    port = t.new_port()
    a, b = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    t.sockets += [a, b]
    loop = "::1" if t.family == "ipv6" else "127.0.0.1"
    a.bind((loop, port))
    b.connect((loop, port))
    b.send(b"datagram")
    same(a.recv(100), b"datagram", "the datagram")
    x, y = socket.socketpair()
    t.sockets += [x, y]
    try:
        s = socket.socket(family, socket.SOCK_STREAM, 132)
        t.sockets.append(s)
        s.bind((loop, port))
        s.listen(3)
        c = socket.socket(family, socket.SOCK_STREAM, 132)
        t.sockets.append(c)
        c.connect((loop, port))
    except OSError:
        pass
    same([e for e in t.events(port) if e["local_port"] in (0, port)], [], "events")


@story("ipv4", "ipv6")
def multipath(t):
    """MPTCP subflows are TCP connections, told like any other"""
    family = socket.AF_INET6 if t.family == "ipv6" else socket.AF_INET
    loop = "::1" if t.family == "ipv6" else "127.0.0.1"
    try:
        listener = socket.socket(family, socket.SOCK_STREAM, 262)
    except OSError:
        return		# 5.10 has none, and says so
    t.sockets.append(listener)
    port = t.new_port()
    listener.bind((loop, port))
    listener.listen(7)
    s = socket.socket(family, socket.SOCK_STREAM, 262)
    t.sockets.append(s)
    s.connect((loop, port))
    child = listener.accept()[0]
    s.send(b"m" * 31)
    same(len(child.recv(100)), 31, "bytes")
    child.close()
    s.close()
    t.until(lambda: any(e["event"] == "closed" for e in t.events(port)), "the end")
    found = [e["event"] for e in t.events(port)]
    same((found[:2], found.count("closed"), found.count("syn-sent")),
         (["syn-sent", "established"], 1, 1), "the client's subflow")


def tell(tale, name, function):
    """Did it go as the story says?"""
    try:
        function(tale)
        print(f"pass {name}", flush=True)
        return True
    except Late as e:
        print(f"{e}\nlate {name}", flush=True)
        raise
    except (Wrong, OSError, subprocess.SubprocessError, StopIteration, LookupError) as e:
        print(f"{type(e).__name__} {e}\nfail {name}", flush=True)
        return False
    finally:
        tale.end()


def tell_in_time(new_tale, name, function):
    """Once more where the machine was too slow; a resend that is none is told each time."""
    for _ in range(3):
        try:
            return tell(new_tale(), name, function)
        except Late:
            pass
    print(f"fail {name}", flush=True)
    return False


def main(names):
    wire_ = wire.Wire()
    failed = 0
    for name, families, function in STORIES:
        if names and function.__name__ not in names:
            continue
        for family in families:
            failed += not tell_in_time(lambda: Tale(wire_, family), f"{family}: {name}", function)
    return 1 if failed else 0


def count():
    print(sum(len(families) for _, families, _ in STORIES))
    return 0


if __name__ == "__main__":
    sys.exit(count() if sys.argv[1:] == ["--count"] else main(sys.argv[1:]))
