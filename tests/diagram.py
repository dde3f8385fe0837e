#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws connections and compares the drawings with what was on the wire.

usage: diagram.py DIRECTORY	scratch; namespaces "left" and "right" exist, joined
				by devices "wire", addresses 10.97.0.1 and .2
       diagram.py --count	how many subtests that gives

Prints "pass NAME" or "fail NAME"; lines before a "fail" say why. A scenario makes
one connection. Each of its views is drawn as JSON and compared, step by step,
with the capture: flags, SEQ and ACK of each arrow, in the order of each direction;
no SYN, FIN or RST of the wire is missing. The same view as text must fit into 80
columns, and into 40, and show the same labels, in ASCII too, and in the SVG.
"""
import ctypes
import errno
import fcntl
import json
import os
import re
import select
import socket
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import capture  # noqa: E402
import kernel  # noqa: E402
import objects  # noqa: E402

LOCAL = {4: "127.0.0.1", 6: "::1"}
LEFT, RIGHT = "10.97.0.1", "10.97.0.2"
FLAGS = {"fin": 1, "syn": 2, "rst": 4, "ack": 16}
MARKS = 1 | 2 | 4
NOBODY = {LOCAL[4]: "127.0.9.9", RIGHT: "10.97.0.9"}
OPEN = {"left": "closed syn-sent established", "right": "listen syn-recv established"}
ACTIVE = " fin-wait-1 fin-wait-2 time-wait"
PASSIVE = " close-wait last-ack closed"
SCENARIOS = []
libc = ctypes.CDLL(None, use_errno=True)


class Wrong(Exception):
    """What was found is not what it should be."""


def enter(namespace):
    with open(f"/run/netns/{namespace}", "rb") as file:
        if libc.setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


def run(*command, status=0, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != status:
        raise Wrong(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Wrong(f"not within {seconds} s: {what}")
        time.sleep(0.03)
    return found


def inside(*command):
    """A command in the network namespace that the test began in."""
    return ["nsenter", "--net=/proc/1/ns/net", *command]


class Talk:
    """One connection's two ends, in whichever namespaces they are."""

    port = 23000

    def __init__(self, where, version):
        Talk.port += 1
        self.version, self.port = version, Talk.port
        # Both ends have it, whatever NAT does to the other one.
        self.client_port = Talk.port + 10000
        self.translated = False
        self.spaces = ("left", "left") if where == "loopback" else ("left", "right")
        self.address = LOCAL[version] if where == "loopback" else RIGHT
        self.sockets = []

    def socket(self, side):
        enter(self.spaces[side])
        s = socket.socket(socket.AF_INET6 if self.version == 6 else socket.AF_INET)
        s.settimeout(20)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sockets.append(s)
        return s

    def listen(self):
        self.listener = self.socket(1)
        self.listener.bind((self.address, self.port))
        self.listener.listen(7)

    def connecting(self, to=None):
        self.client = self.socket(0)
        self.client.bind((LOCAL[self.version] if self.spaces[0] == self.spaces[1] else LEFT,
                          self.client_port))
        self.client.setblocking(False)
        return self.client.connect_ex(to or (self.address, self.port))

    def accept(self):
        until(lambda: select.select([], [self.client], [], 0)[1], "it connects")
        self.client.settimeout(20)
        self.server = self.listener.accept()[0]
        self.server.settimeout(20)
        self.sockets.append(self.server)

    def connect(self, to=None):
        self.listen()
        self.connecting(to)
        self.accept()
        self.say(self.client, self.server, 37)
        self.say(self.server, self.client, 1009)

    @staticmethod
    def say(one, other, count):
        """Sent, received and acknowledged."""
        one.send(b"d" * count)
        got = 0
        while got < count:
            got += len(other.recv(count))
        other.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        # SIOCOUTQ
        until(lambda: fcntl.ioctl(one.fileno(), 0x5411, bytes(4)) == bytes(4), "the ACK")

    def events(self):
        text = run(*inside("tcphs", "events", "-A", "-j", "--port", str(self.client_port)))
        return [json.loads(line) for line in text.splitlines()]

    def ended(self):
        """Both sockets are closed, or the one there was has failed."""
        reported = [e for e in self.events() if e["conn"] != "0" and e["role"] != "listener"]
        lives = {e["conn"] for e in reported}
        ends = {e["conn"] for e in reported if e["event"] in ("closed", "connect-failed")}
        return lives and lives == ends

    def end(self):
        for s in self.sockets:
            s.close()


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def scenario(left, right, worlds):
    """The states of each end; where it is played: loopback or wire, and the version."""
    def keep(function):
        for where, version in worlds:
            SCENARIOS.append((function, where, version, left.split(), right.split()))
        return function
    return keep


EVERYWHERE = (("loopback", 4), ("loopback", 6), ("wire", 4))


@scenario(OPEN["left"] + ACTIVE, OPEN["right"] + PASSIVE, EVERYWHERE)
def client_closes(t):
    t.connect()
    t.client.close()
    t.server.recv(1)
    t.server.close()


@scenario(OPEN["left"] + PASSIVE, OPEN["right"] + ACTIVE, EVERYWHERE)
def server_closes(t):
    t.connect()
    t.server.close()
    t.client.recv(1)
    t.client.close()


@scenario(OPEN["left"] + ACTIVE, OPEN["right"] + PASSIVE, EVERYWHERE)
def half_closed(t):
    t.connect()
    t.client.shutdown(socket.SHUT_WR)
    t.server.recv(1)
    t.say(t.server, t.client, 43)
    t.server.close()
    t.client.recv(1)


@scenario(OPEN["left"] + " closed", OPEN["right"] + " closed", EVERYWHERE)
def client_resets(t):
    t.connect()
    reset(t.client)


@scenario(OPEN["left"] + " closed", OPEN["right"] + " closed", (("loopback", 4), ("wire", 4)))
def server_leaves_data_unread(t):
    t.connect()
    t.client.send(b"u" * 29)
    until(lambda: select.select([t.server], [], [], 0)[0], "the data")
    t.server.close()


@scenario("closed syn-sent closed", "closed", EVERYWHERE)
def refused(t):
    t.connecting()
    until(lambda: select.select([], [t.client], [], 0)[1], "the end")
    error = t.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error not in (0, errno.ECONNREFUSED):
        raise Wrong(f"error {error}")


@scenario(OPEN["left"] + ACTIVE, OPEN["right"] + PASSIVE, (("wire", 4),))
def syn_lost(t):
    """The first SYN is dropped in front of the server, its resend is not."""
    nft = inside("ip", "netns", "exec", "right", "nft")
    run(*nft, "add table ip lose; add chain ip lose input { type filter hook input priority 0; };"
        f"add rule ip lose input tcp dport {t.port} counter drop")
    t.listen()
    t.connecting()
    try:
        until(lambda: "packets 0" not in run(*nft, "list table ip lose"), "the SYN is lost")
    finally:
        run(*nft, "delete table ip lose")
    t.accept()
    t.client.close()
    t.server.recv(1)
    t.server.close()


@scenario(OPEN["left"] + " fin-wait-1 closing time-wait",
          OPEN["right"] + " fin-wait-1 closing time-wait", (("wire", 4),))
def both_close(t):
    """Each FIN leaves before the other one arrives, and one before what was sent is confirmed."""
    for side in ("left", "right"):
        run(*inside("tc", "-n", side, "qdisc", "add", "dev", "wire", "root", "netem",
                    "delay", "150ms"))
    try:
        t.connect()
        t.client.send(b"d" * 53)
        t.client.shutdown(socket.SHUT_WR)
        t.server.shutdown(socket.SHUT_WR)
        while t.server.recv(53) or t.client.recv(1):
            pass
        t.client.close()
        t.server.close()
        until(t.ended, "both are closed")
    finally:
        for side in ("left", "right"):
            run(*inside("tc", "-n", side, "qdisc", "del", "dev", "wire", "root"))


@scenario(OPEN["left"] + ACTIVE, OPEN["right"] + PASSIVE, (("loopback", 4), ("wire", 4)))
def translated(t):
    """The client calls another address and port than those that answer it."""
    nft = inside("ip", "netns", "exec", "left", "nft")
    there = NOBODY[t.address], 80
    run(*nft, "add table ip nat; add chain ip nat output { type nat hook output priority -100; };"
        f"add rule ip nat output ip daddr {there[0]} tcp dport 80 dnat to {t.address}:{t.port}")
    t.translated = True
    try:
        t.connect(there)
        if t.client.getpeername() != there or t.server.getsockname() != (t.address, t.port):
            raise Wrong(f"not translated: {t.client} {t.server}")
        t.client.close()
        t.server.recv(1)
        t.server.close()
        until(t.ended, "both are closed")
    finally:
        run(*nft, "delete table ip nat")


@scenario("closed syn-sent syn-recv established fin-wait-1 closing time-wait", "",
          (("loopback", 4), ("loopback", 6)))
def connected_to_itself(t):
    """Its port is one that connect() might have chosen."""
    t.port = t.client_port
    t.connecting((t.address, t.port))
    t.client.settimeout(20)
    t.say(t.client, t.client, 31)
    t.client.close()


# ---- views -----------------------------------------------------------------------

def views(where):
    """Names, how tcphs is called for them, and which ends are seen."""
    yield "both ends", inside("tcphs", "diagram", "-A"), ("left", "right")
    if where == "wire":
        for side in ("left", "right"):
            yield side, inside("ip", "netns", "exec", side, "tcphs", "diagram"), (side,)


def captured(path, port):
    """(flags, SEQ, ACK) of each segment, by direction; @port is the client's."""
    found = {"left": [], "right": []}
    for _, sport, _, dport, seq, ack, flags in capture.segments(path):
        if port in (sport, dport):
            flags &= 31 & ~8
            found["left" if sport == port else "right"].append(
                (flags, seq, ack if flags & 16 else None))
    return found


def compare(steps, wire, seen):
    """Each arrow is the next segment of its kind, and no mark of the wire is left out."""
    for side in ("left", "right"):
        rest = list(wire[side])
        for step in steps:
            arrow = step.get("arrow")
            if not arrow or arrow["from"] != side or arrow["part"] == "arrives":
                continue
            flags = sum(FLAGS[name] for name in arrow["flags"])
            want = flags, arrow.get("seq"), arrow.get("ack")
            while rest and not same(want, rest[0]):
                check_omitted(side, rest, seen)
                rest.pop(0)
            if not rest:
                raise Wrong(f"from {side}: drawn {want}, not in its place of {wire[side]}")
            rest.pop(0)
        while rest:
            check_omitted(side, rest, seen)
            rest.pop(0)


def check_omitted(side, rest, seen):
    """
    Data and their ACKs are not drawn. A side that is not seen may have sent what did
    not arrive, and the SYN that met no socket is reported by its RST.
    """
    if rest[0][0] & MARKS and (side in seen or (rest[0] not in rest[1:] and
                                                rest[0][0] != FLAGS["syn"])):
        raise Wrong(f"from {side}: captured, not drawn: {rest[0]}")


def same(want, segment):
    """A number that the drawing does not know, it does not show."""
    flags = segment[0]
    if want == (FLAGS["rst"], None, None) and not kernel.RESET_HAS_SEGMENT:
        flags &= ~FLAGS["ack"]
    return want[0] == flags and want[1] in (None, segment[1]) and want[2] in (None, segment[2])


def check_states(steps, seen, expected):
    for side in seen:
        found = [s[f"{side}_state"] for s in steps if f"{side}_state" in s]
        # On a slow machine TIME_WAIT ends before all is drawn.
        if found[-2:] == ["time-wait", "closed"]:
            found.pop()
        if found != expected[side]:
            raise Wrong(f"{side} states {found}, expected {expected[side]}")
    for side in {"left", "right"} - set(seen):
        if any(f"{side}_state" in s for s in steps):
            raise Wrong(f"{side} is not seen and has states that are not guessed")


def check_bytes(steps, first):
    """The numbers of the FINs or RSTs say what was sent; so does the data row."""
    data = [s["data"] for s in steps if "data" in s]
    for side in ("left", "right"):
        reported = sum(d.get(f"{side}_bytes", 0) for d in data)
        sent = [s["arrow"]["seq"] - first[side]["isn"] - 1 & 0xffffffff for s in steps
                if "arrow" in s and s["arrow"]["from"] == side and "fin" in s["arrow"]["flags"]]
        if sent and sent[0] != reported:
            raise Wrong(f"{side} sent {sent[0]} bytes, drawn {reported}")


def labels(steps, first):
    """What must be legible of the arrows."""
    for step in steps:
        arrow = step.get("arrow")
        if arrow and arrow["part"] != "arrives":
            text = "+".join(name.upper() for name in arrow["flags"])
            other = first["right" if arrow["from"] == "left" else "left"]
            for name, end in (("seq", first[arrow["from"]]), ("ack", other)):
                if name in arrow:
                    text += f" {name} {(arrow[name] - end.get('isn', 0)) & 0xffffffff}"
            yield text


def check_text(text, steps, first, columns):
    for line in text.splitlines():
        if len(line) > columns:
            raise Wrong(f"{len(line)} columns: {line}")
        if line != line.rstrip():
            raise Wrong(f"blanks at the end: {line!r}")
    position = 0
    for label in labels(steps, first):
        # It may stand in two lines.
        words = r"\W+".join(re.escape(word) for word in label.split())
        found = re.compile(words).search(text, position)
        if not found:
            raise Wrong(f"no {label!r} in its place of\n{text}")
        position = found.end()


def check_svg(path, steps, first):
    root = xml.parse(path).getroot()
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    for label in labels(steps, first):
        if not any((text or "").startswith(label) for text in texts):
            raise Wrong(f"no {label!r} in the SVG")
    with open(path, encoding="utf-8") as file:
        source = file.read()
    if "prefers-color-scheme: dark" not in source or "http" in source.replace(
            "http://www.w3.org/2000/svg", ""):
        raise Wrong("the SVG is not for itself, or for light only")


def check_ends(first, talk, seen):
    for side in ("left", "right"):
        if first[side]["seen"] != (side in seen):
            raise Wrong(f"{side} is seen: {first[side]['seen']}")
    both = len(seen) == 2
    if first.get("translated", False) != (talk.translated and both):
        raise Wrong(f"translated: {first}")
    if first.get("self", False) != (talk.port == talk.client_port):
        raise Wrong(f"connected to itself: {first}")
    if talk.translated and both and (
            (first["left"]["peer_address"], first["left"]["peer_port"]) != (
                NOBODY[talk.address], 80) or
            (first["right"]["address"], first["right"]["port"]) != (talk.address, talk.port)):
        raise Wrong(f"addresses: {first}")


def check_view(command, talk, wire, seen, expected, scratch):
    port = talk.client_port
    text = run(*command, "--port", str(port), "-j")
    objects.keep("diagram", text)
    steps = [json.loads(line) for line in text.splitlines()]
    first, steps = steps[0], steps[1:]
    check_ends(first, talk, seen)
    for columns, options in ((40, ()), (80, ("--ascii",)), (80, ())):
        utf8 = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS=str(columns))
        text = run(*command, "--port", str(port), *options, env=utf8)
        if options and not text.isascii():
            raise Wrong(f"not ASCII:\n{text}")
        check_text(text, steps, first, columns)
    try:
        compare(steps, wire, seen)
        check_states(steps, seen, expected)
        check_bytes(steps, first)
    except Wrong as e:
        raise Wrong(f"{e}\n{text}") from None
    svg = os.path.join(scratch, "drawing.svg")
    run(*command, "--port", str(port), "--force", "--svg", svg)
    check_svg(svg, steps, first)


def tell(name, check, *arguments):
    try:
        check(*arguments)
        print(f"pass {name}", flush=True)
    except (Wrong, OSError, LookupError, ValueError, xml.ParseError) as e:
        print(f"{type(e).__name__} {e}\nfail {name}", flush=True)


def name_of(function, where, version):
    return f"{function.__name__.replace('_', ' ')}, IPv{version} on the {where}"


def count():
    return sum(1 for _, where, *_ in SCENARIOS for _ in views(where))


def main(scratch):
    talks = []
    for function, where, version, *_ in SCENARIOS:
        talk = Talk(where, version)
        try:
            function(talk)
            until(talk.ended, "the end of the connection")
        except (Wrong, OSError) as e:
            print(f"{function.__name__}: {type(e).__name__} {e}")
        talk.end()
        talks.append(talk)
    enter("left")
    files = {"loopback": os.path.join(scratch, "loopback"), "wire": os.path.join(scratch, "wire")}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"the last word", (LOCAL[4], 9))
        s.sendto(b"the last word", (RIGHT, 9))
    for path in files.values():
        until(lambda p=path: b"the last word" in open(p, "rb").read(), "tcpdump writes all")
    for talk, (function, where, version, left, right) in zip(talks, SCENARIOS):
        wire = captured(files[where], talk.client_port)
        for view, command, seen in views(where):
            if not right:
                seen = ("left",)
            tell(f"{name_of(function, where, version)}: drawn from {view}", check_view, command,
                 talk, wire, seen, {"left": left, "right": right}, scratch)


if __name__ == "__main__":
    if sys.argv[1:] == ["--count"]:
        print(count())
    else:
        main(sys.argv[1])
