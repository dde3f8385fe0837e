# SPDX-License-Identifier: GPL-2.0
"""What the stories and the troubles have in common: sockets, peers, what was reported, comparisons.

A story is a function with @story; its first line of text is the name.
"""
import ctypes
import json
import os
import select
import socket
import struct
import subprocess
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


def story(*families, where=True, group=""):
    """where: this kernel can tell it; group: told only when that is asked for, see stories.py"""
    def keep(function):
        function.group = group
        if where:
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


def counters():
    """All that the kernel counts: reading is cheap, and taking apart is not; see counter()."""
    found = []
    for path in "/proc/net/snmp", "/proc/net/netstat":
        with open(path, encoding="ascii") as file:
            found += file.read().splitlines()
    return found


def counter(lines, name):
    """One of counters(), by the name that nstat gives it."""
    for names, values in zip(lines[::2], lines[1::2]):
        group = names[:names.index(":")]
        if name.startswith(group):
            names = names.split()
            if name[len(group):] in names:
                return int(values.split()[names.index(name[len(group):])])
    raise LookupError(f"the kernel has no {name}")


class Followed:
    """All events as tcphs events -f shows them: to start a program for each look is dear on an
    emulated CPU."""

    def __init__(self):
        self.process = subprocess.Popen(["tcphs", "events", "-j", "-f"], stdout=subprocess.PIPE)
        self.rest, self.events = b"", []
        os.set_blocking(self.process.stdout.fileno(), False)

    def wait(self, seconds):
        """For news, so long at the most."""
        if not select.select([self.process.stdout], [], [], max(0, seconds))[0]:
            return
        data = self.process.stdout.read()
        if not data:
            raise Wrong(f"tcphs events -f has ended with {self.process.wait()}")
        *lines, self.rest = (self.rest + data).split(b"\n")
        for event in map(json.loads, lines):
            if event["event"] == "lost":
                raise Wrong(f"records were lost: {event}")
            self.events.append(event)

    def of(self, port, since):
        """Those of a port, in the order of their times; what is older is forgotten."""
        self.events = [e for e in self.events if e["time"] >= since]
        return sorted((e for e in self.events if e["peer_port"] == port), key=lambda e: e["time"])

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Tale:
    """What a story has at hand. Everything it changes is undone after it."""

    port = 20000
    followed = None

    def __init__(self, wire_, family):
        self.wire, self.family = wire_, family
        self.version = 6 if family == "ipv6" else 4
        self.sockets, self.sysctls, self.peers = [], [], []
        self.since = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.before = counters()

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

    def peer(self, port=0, **options):
        self.peers.append(Peer(self.wire, self.version, port or self.new_port(), **options))
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

    def events(self, port, *options):
        """What was reported of a port since the story began."""
        text = subprocess.run(["tcphs", "events", "-j", "--peer-port", str(port), *options],
                              check=True, capture_output=True).stdout
        all_ = [json.loads(line) for line in text.splitlines()]
        if any(e["event"] == "lost" for e in all_):
            raise Wrong("records were lost")
        return [e for e in all_ if e["time"] >= self.since]

    def seen(self, port):
        """What has been shown of a port until now; more may be on its way."""
        self.followed.wait(0)
        return self.followed.of(port, self.since)

    def last(self, port):
        """The latest that has been shown of a port; {}: nothing yet."""
        return (self.seen(port) or [{}])[-1]

    def has(self, port, name):
        """Has such an event of a port been shown?"""
        return any(e["event"] == name for e in self.seen(port))

    def reported(self, port, expected, seconds=15):
        """Waits for the last of the expected events, then wants them all and no other."""
        def line(e):
            return f"{e['event']} {e['old']}>{e['new']}" + \
                (f" {e['reason']}" if "reason" in e else "")

        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            events = self.followed.of(port, self.since)
            found = [line(e) for e in events]
            # What is sent again on a slow machine stands in no other's place.
            if time.monotonic() > deadline or (len(found) >= len(expected) and
               len(without_resends(found)) >= len(without_resends(expected))):
                break
            self.followed.wait(deadline - time.monotonic())
        if found != expected:
            surplus = len(found) - len(expected)
            late = without_resends(found) == without_resends(expected) and \
                0 < surplus <= self.resent()
            # A debug kernel is late each time.
            if late and PATIENCE > 1 and without_resends(expected) == expected:
                events = [e for e in events if not is_resend(e["event"])]
            else:
                raise (Late if late else Wrong)("reported:     " + "\n          ".join(found) +
                                                "\nexpected: " + "\n          ".join(expected))
        family = "ipv6" if self.family == "ipv6" else "ipv4"
        for e in events:
            if e["family"] != family or ("mapped" in e) != (self.family == "mapped"):
                if e["conn"] != "0":
                    raise Wrong(f"family of {e}")
        return events

    def kept(self, port, expected):
        """The kept store has these and no other, and nowhere is it said that some were lost."""
        found = self.events(port, "--kept")
        same([(e["cpu"], e["number"]) for e in found],
             [(e["cpu"], e["number"]) for e in expected], f"kept of {len(expected)}")
        lost = [e["event"] for e in found + self.events(port) if "earlier_lost" in e]
        same(lost, [], "before these something was lost")

    def resent(self):
        """Segments that the kernel says it sent again."""
        return self.grown("TcpRetransSegs")

    def grown(self, name):
        """What the kernel has counted since the story began."""
        return counter(counters(), name) - counter(self.before, name)

    def counted(self, **expected):
        """The kernel counted the same."""
        for name, value in expected.items():
            grown = self.grown(name)
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


def sum_(n):
    return n & 0xffffffff


def disconnect(s):
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.connect(s.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16)


def half_open(t, port, count):
    peers = [t.peer() for _ in range(count)]
    for peer in peers:
        peer.remote = port
        peer.send(SYN)
    return peers


def fill_accept_queue(t):
    """Backlog 1: two connections wait, and the third ACK of another handshake comes.

    The listener, its port, and the peer that found no room. No program is started meanwhile: who
    waits long for accept() is another story."""
    listener, port = t.listener(backlog=1)
    first, second, third = t.peer(), t.peer(), t.peer()
    first.connect(port)
    for peer in (second, third):
        peer.ask(port)
    second.send(ACK)
    third.send(ACK)
    t.until(lambda: t.grown("TcpExtListenOverflows") == 1, "the third ACK finds no room")
    return listener, port, third


def close_first(s, peer):
    """And the socket stays."""
    s.shutdown(socket.SHUT_WR)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)


def time_waits(port):
    """ss's word: the addresses of the peers whose TIME_WAIT from this port of ours is there."""
    text = subprocess.run(["ss", "-Htan", "state", "time-wait", "sport", "=", f":{port}"],
                          check=True, capture_output=True).stdout.decode()
    return sorted(line.split()[3].rsplit(":", 1)[0].strip("[]").replace("::ffff:", "")
                  for line in text.splitlines())


def half_closed(t, options=()):
    """A connection in FIN_WAIT2: its peer, and our socket."""
    peer = t.peer()
    s = t.established(peer)
    for option in options:
        s.setsockopt(socket.IPPROTO_TCP, *option)
    s.shutdown(socket.SHUT_WR)
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE[:2])
    return peer, s


def in_time_wait(t, options=b"", port=0):
    peer = t.peer()
    s = t.established(peer, options, port)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)
    t.reported(peer.port, CONNECT + ACTIVE_CLOSE)
    return peer


def tell(tale, name, function):
    """Did it go as the story says?"""
    try:
        function(tale)
        print(f"pass {name}", flush=True)
        return True
    except Late as e:
        print(f"{e}\nlate {name}", flush=True)
        raise
    except (Wrong, OSError, subprocess.SubprocessError, StopIteration, LookupError,
            ValueError) as e:
        print(f"{type(e).__name__} {e}\nfail {name}", flush=True)
        return False
    finally:
        tale.end()


def tell_in_time(new_tale, name, function):
    """Once more where the machine was too slow; a resend that is none is reported each time."""
    for _ in range(3):
        try:
            return tell(new_tale(), name, function)
        except Late:
            pass
    print(f"fail {name}", flush=True)
    return False
