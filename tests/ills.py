#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes a machine ill in every way that tcphs doctor knows, and asks the doctor.

usage: ills.py [NAME...]	without names: all but those of a small ring and table

Prints "pass NAME" or "fail NAME" for each ill and each healthy twin; lines before a
"fail" say why. The doctor looks while the ill happens. It has to find what the story
says, with the numbers that the kernel counted, and nothing else.
"""
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time

import wire
from stories import Late, Tale, Wrong, half_open, same, tell_in_time
from wire import ACK, FIN, PATIENCE, RST, SYN

HERE = {4: "127.0.0.1"}
EXIT = {"none": 0, "notice": 0, "warning": 10, "critical": 20}
CHECKS = 13
ILLS, SMALL = [], []


def ill(function):
    ILLS.append(function)
    return function


def small(function):
    SMALL.append(function)
    return function


def waiting(pid):
    """How many sockets wait for the module's bell where a process is."""
    with open(f"/proc/{pid}/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return sum(row[1] == "16" and int(row[3], 16) != 0 for row in rows)


def start(command):
    """A reader of events that has begun: what happens now it will see."""
    before = waiting("self")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while waiting(process.pid) <= before:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise Wrong(f"{command} does not wait: {process.communicate()}")
        time.sleep(0.02)
    return process


def parse(out):
    """Findings, checks, and the line that sums up."""
    lines = [json.loads(line) for line in out.splitlines()]
    return ([line for line in lines if "finding" in line],
            [line for line in lines if "looked" in line], lines[-1])


def try_command(command):
    """What the doctor tells to type is taken by the tool."""
    words = [word for word in command.split(";")[0].split() if word != "-f"]
    if words[0] == "tcphs":
        subprocess.run(words, check=True, capture_output=True)


class Look:
    """What the doctor says of what happens inside "with"."""

    def __init__(self, *options, inside=()):
        self.command = [*inside, "tcphs", "doctor", "-j", "--for", "10m", *options]

    def __enter__(self):
        self.process = start(self.command)
        self.resent = self.resends()
        return self

    def __exit__(self, kind, value, trace):
        self.process.send_signal(signal.SIGKILL if kind else signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        if kind:
            return
        self.resent = self.resends() - self.resent
        same(err, b"", "what it says beside")
        self.findings, self.checks, self.sum = parse(out)
        same(self.process.returncode, EXIT[self.sum["worst"]], "exit status")
        same(len(self.checks), CHECKS, "number of checks")
        for finding in self.findings:
            try_command(finding["command"])
        self.leave_out_missing_hooks()

    @staticmethod
    def resends():
        return Tale.counters()["TcpRetransSegs"]

    def explained_by_resends(self, findings):
        """A SYN was sent again, or a FIN to a connection that had gone."""
        return all(f["finding"] in ("syn-loss", "reset-by-peer") for f in findings) and \
            0 < sum(f["value"] for f in findings) <= self.resent

    def without_resends(self, findings, expected):
        """The expected ones; others only as consequences of a machine that is late.

        A kernel that looks for mistakes is late each time."""
        surplus = [f for f in findings if f["finding"] not in expected]
        late = self.explained_by_resends(surplus)
        if surplus and not (late and PATIENCE > 1):
            raise (Late if late else Wrong)(f"found {findings}\nexpected {expected}")
        return [f for f in findings if f["finding"] in expected]

    def leave_out_missing_hooks(self):
        """A kernel that lacks hooks has that notice always, and no other kernel has it."""
        missing = sum(not hook["active"] for hook in status()["hooks"])
        same([f["value"] for f in self.findings if f["finding"] == "hooks-missing"],
             [missing] * (missing > 0), "hooks missing")
        self.findings = [f for f in self.findings if f["finding"] != "hooks-missing"]

    def found(self, **expected):
        """These findings and no others, NAME=(SEVERITY, VALUE), the most urgent first."""
        order = ["notice", "warning", "critical"]
        ranks = [order.index(f["severity"]) for f in self.findings]
        same(ranks, sorted(ranks, reverse=True), "order of the findings")
        expected = {name.replace("_", "-"): value for name, value in expected.items()}
        found = {f["finding"]: (f["severity"], f["value"]) for f in self.findings
                 if f["finding"] in expected}
        if found != expected:
            raise Wrong(f"found {self.findings}\nexpected {expected}")
        self.findings = self.without_resends(self.findings, expected)
        same(len(self.findings), len(expected), "number of findings")
        return self.findings[0] if self.findings else None

    def finding(self, name):
        return next(f for f in self.findings if f["finding"] == name)

    def saw(self, check, expected):
        same(next(c for c in self.checks if c["check"] == check)["saw"], expected,
             f"what was seen of {check}")


def says(finding, key, words):
    if words not in finding.get(key, ""):
        raise Wrong(f"{key} does not say '{words}': {finding}")


def advises(finding, setting, present, advised):
    same([finding.get(key) for key in ("setting", "present", "advised")][:2],
         [setting, present], "setting")
    if not finding["advised"].startswith(advised):
        raise Wrong(f"advised: {finding['advised']}, expected {advised}")


def names_me(finding):
    same((finding["pid"], finding["comm"]),
         (os.getpid(), open("/proc/self/comm", encoding="ascii").read().strip()), "owner")


class Case(Tale):
    """A Tale with clients on this machine."""

    def grown(self, name):
        return self.counters()[name] - self.before[name]

    def serve(self, backlog=31):
        return self.listener(backlog, where=HERE)

    def connecting_to(self, port, address="127.0.0.1"):
        s = self.socket()
        s.setblocking(False)
        self.error = s.connect_ex((address, port))
        return s

    def connect(self, port, address="127.0.0.1"):
        s = self.socket()
        s.connect((address, port))
        return s

    def pair(self, listener, port, address="127.0.0.1"):
        client = self.connect(port, address)
        return client, self.accept(listener)

    @staticmethod
    def close_in_turn(first, second):
        """The second not before the first's FIN has come, or both would have closed first."""
        first.close()
        same(second.recv(1), b"", "after the first has closed")
        second.close()

    def overflow(self, port):
        """More than a backlog of 3 holds; the rest gives up before it tries again."""
        clients = [self.connecting_to(port) for _ in range(11)]
        self.until(lambda: self.grown("TcpExtListenOverflows") >= 7, "seven overflows")
        for client in clients[4:]:
            client.close()

    def ss(self, state):
        out = subprocess.run(["ss", "-Htan", "state", state], check=True, capture_output=True)
        return len(out.stdout.splitlines())

    def peers_of(self, port, count):
        peers = [self.peer() for _ in range(count)]
        for peer in peers:
            peer.connect(port)
        return peers


def status():
    out = subprocess.run(["tcphs", "status", "-j"], check=True, capture_output=True)
    return json.loads(out.stdout)


# ---- TIME-WAIT, before others leave some -------------------------------------------

def time_waits(t, count):
    listener, port = t.serve()
    for _ in range(count):
        client, server = t.pair(listener, port)
        t.close_in_turn(client, server)


@ill
def time_wait_full(t):
    """TIME-WAIT near its limit, and at it"""
    # There are some when this is tried again, see tell_in_time().
    t.until(lambda: t.ss("time-wait") == 0, "ss: no TIME-WAIT", seconds=70)
    time_waits(t, 17)
    t.until(lambda: t.ss("time-wait") == 17, "ss: TIME-WAIT")
    t.sysctl("tcp_max_tw_buckets", 19)
    with Look() as look:
        pass
    advises(look.found(time_wait_full=("warning", 17)), "net.ipv4.tcp_max_tw_buckets",
            "19", "64")
    t.sysctl("tcp_max_tw_buckets", 17)
    with Look() as look:
        time_waits(t, 5)
        t.until(lambda: t.grown("TcpExtTCPTimeWaitOverflow") == 5, "TCPTimeWaitOverflow")
    look.found(time_wait_full=("critical", 5))



# ---- queues ------------------------------------------------------------------------

@ill
def accept_hangs(t):
    """a server that never accepts: overflows, and the process that hangs"""
    _, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    same((finding["address"], finding["port"]), ("127.0.0.1", port), "listener")
    names_me(finding)
    says(finding, "cause", "accepted nothing")
    says(finding, "command", str(os.getpid()))
    same("setting" in finding, False, "a setting would help")


@ill
def accept_is_slow(t):
    """a server that accepts slowly: its waiting time says so"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
        for _ in range(4):
            time.sleep(0.15)
            t.accept(listener)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    says(finding, "cause", "too slow")
    says(finding, "more", "4 accepted")


def burst(t):
    listener, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
        for _ in range(4):
            t.accept(listener)
        for _ in range(31):
            t.pair(listener, port)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    says(finding, "cause", "bursts")
    says(finding, "more", "35 accepted")
    return finding


@ill
def accept_queue_short(t):
    """a burst longer than the backlog: a longer one is advised"""
    advises(burst(t), "backlog of listen()", "3", "8")


@ill
def somaxconn_small(t):
    """a backlog that somaxconn cut: that is what has to be set"""
    t.sysctl("../core/somaxconn", 3)
    advises(burst(t), "net.core.somaxconn", "3", "8")


@ill
def accept_queue_full(t):
    """an accept queue that is full and has dropped nothing yet"""
    _, port = t.serve(backlog=3)
    for _ in range(4):
        t.connect(port)
    with Look() as look:
        pass
    look.found(accept_queue_full=("warning", 4))
    same(t.grown("TcpExtListenOverflows"), 0, "overflows")


@ill
def accepts_well(t):
    """healthy: a short queue that is emptied in time"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        for _ in range(31):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
    look.found()
    look.saw("accept-queues", "listeners 1, accepted 31, overflows 0")


@ill
def flood_without_cookies(t):
    """a SYN flood, cookies off: SYNs dropped, cookies advised"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=7)
    with Look() as look:
        half_open(t, port, 61)
        t.until(lambda: t.grown("TcpExtTCPReqQFullDrop") >= 53, "SYNs are dropped")
    finding = look.found(syn_flood=("critical", t.grown("TcpExtTCPReqQFullDrop")))
    same(finding["port"], port, "listener")
    advises(finding, "net.ipv4.tcp_syncookies", "0", "1")


@ill
def flood_with_cookies(t):
    """a SYN flood, cookies on: a warning, and how many were sent"""
    t.sysctl("tcp_syncookies", 1)
    _, port = t.listener(backlog=7)
    with Look() as look:
        half_open(t, port, 61)
        t.until(lambda: t.grown("TcpExtSyncookiesSent") >= 53, "cookies are sent")
    finding = look.found(syn_flood=("warning", t.grown("TcpExtSyncookiesSent")))
    says(finding, "cause", "SYN flood")
    same("setting" in finding, False, "a setting would help")


@ill
def syn_queue_short(t):
    """a SYN queue that is too short for honest clients, cookies off"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=2)
    with Look() as look:
        half_open(t, port, 5)
        t.until(lambda: t.grown("TcpExtTCPReqQFullDrop") >= 2, "SYNs are dropped")
    look.found(syn_queue_overflow=("critical", t.grown("TcpExtTCPReqQFullDrop")))


@ill
def syn_queue_short_with_cookies(t):
    """a SYN queue that is too short, cookies on: a longer one is advised"""
    t.sysctl("tcp_syncookies", 1)
    _, port = t.listener(backlog=2)
    with Look() as look:
        half_open(t, port, 5)
        t.until(lambda: t.grown("TcpExtSyncookiesSent") >= 2, "cookies are sent")
    advises(look.found(syn_queue_full=("warning", t.grown("TcpExtSyncookiesSent"))),
            "backlog of listen()", "2", "4")


@ill
def cookies_always(t):
    """SYN cookies for every SYN, as a setting for tests wants it"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener()
    with Look() as look:
        t.peers_of(port, 3)
        for _ in range(3):
            t.accept(listener)
    finding = look.found(syn_queue_full=("warning", t.grown("TcpExtSyncookiesSent")))
    advises(finding, "net.ipv4.tcp_syncookies", "2", "1")
    says(finding, "more", "3 came back")


@ill
def nobody_answers_synacks(t):
    """SYN+ACKs that nobody answers, in a queue with room"""
    _, port = t.listener(backlog=61)
    with Look() as look:
        half_open(t, port, 23)
        t.until(lambda: t.grown("TcpExtTCPSynRetrans") >= 23, "SYN+ACKs are sent again")
    finding = look.found(half_open=("warning", 23))
    says(finding, "more", "23 SYNs, 0 finished")


@ill
def handshakes_well(t):
    """healthy: as many strangers as in a flood, who answer"""
    t.sysctl("tcp_syncookies", 1)
    listener, port = t.listener(backlog=7)
    with Look() as look:
        for _ in range(61):
            t.peers_of(port, 1)
            t.accept(listener)
    look.found()
    look.saw("syn-queues", "SYNs 61, dropped 0, answered by a SYN cookie 0")


# ---- connects ----------------------------------------------------------------------

def refuse(t, port, count):
    for _ in range(count):
        try:
            t.connect(port)
        except ConnectionRefusedError:
            continue
        raise Wrong("not refused")


@ill
def refused(t):
    """every connect to a destination is refused, and nobody listens there"""
    port = t.new_port()
    with Look() as look:
        refuse(t, port, 7)
    finding = look.found(connect_refused=("critical", t.grown("TcpAttemptFails")),
                         nobody_listens=("warning", t.grown("TcpOutRsts")))
    same((finding["value"], finding["address"], finding["port"]), (7, "127.0.0.1", port),
         "destination")
    names_me(finding)


@ill
def refused_at_last(t):
    """a service that went away: some connects came through"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(5):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
        listener.close()
        refuse(t, port, 3)
    says(look.found(connect_refused=("warning", 3)), "more", "of 8 connects 5 established")


@ill
def refused_twice(t):
    """healthy: two refused connects, as when a client tries IPv6 first"""
    port = t.new_port()
    with Look() as look:
        refuse(t, port, 2)
    look.found()


def nft(*rules):
    for rule in rules:
        subprocess.run(["nft", rule], check=True)


def swallow(port):
    """No segment gets to the port until the chain is flushed or the table deleted."""
    nft("add table inet ills", "add chain inet ills input { type filter hook input priority 0; }",
        f"add rule inet ills input tcp dport {port} drop")


@ill
def nothing_answers(t):
    """SYNs that a firewall swallows: timed out, or waiting still"""
    _, port = t.serve()
    swallow(port)
    try:
        with Look() as look:
            waiting_at = time.monotonic() + 3.2
            for _ in range(2):
                t.connecting_to(port)
            for _ in range(3):
                s = t.socket()
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", port))
            t.until(lambda: t.grown("TcpAttemptFails") == 3, "three time out")
            t.until(lambda: time.monotonic() > waiting_at, "time goes by")
            same(t.ss("syn-sent"), 2, "ss: SYN-SENT")
    finally:
        nft("delete table inet ills")
    finding = look.found(connect_timeout=("critical", 5))
    says(finding, "more", "3 timed out, 2 still wait")


@ill
def unreachable(t):
    """ICMP says that there is no way"""
    peer = t.peer()
    with Look() as look:
        for _ in range(3):
            s = t.connecting(peer)
            peer.await_(SYN)
            peer.unreachable()
            t.until(lambda: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) ==
                    errno.EHOSTUNREACH, "EHOSTUNREACH")
    look.found(connect_unreachable=("critical", 3))


@ill
def syns_get_lost(t):
    """SYNs that had to be sent again"""
    listener, port = t.serve()
    swallow(port)
    try:
        with Look() as look:
            clients = [t.connecting_to(port) for _ in range(5)]
            nft("flush chain inet ills input")
            for _ in clients:
                t.accept(listener)
    finally:
        nft("delete table inet ills")
    finding = look.found(syn_loss=("warning", 5))
    says(finding, "more", "of 5 connects 5 established")
    same(t.grown("TcpExtTCPSynRetrans") >= 5, True, "TCPSynRetrans")


@ill
def synacks_get_lost(t):
    """SYN+ACKs that had to be sent again"""
    listener, port = t.listener()
    with Look() as look:
        peers = half_open(t, port, 5)
        for peer in peers:
            peer.await_(SYN | ACK)
        t.until(lambda: t.grown("TcpExtTCPSynRetrans") >= 5, "SYN+ACKs are sent again")
        for peer in peers:
            peer.send(ACK)
            t.accept(listener)
    says(look.found(synack_loss=("warning", 5)), "more", "of 5 handshakes")


@ill
def ports_run_out(t):
    """one destination takes nearly all local ports, and at last all"""
    listener, port = t.serve()
    t.sysctl("ip_local_port_range", "31001 31010")
    t.sysctl("ip_local_reserved_ports", "31003")
    for _ in range(8):
        t.pair(listener, port)
    with Look() as look:
        pass
    finding = look.found(ports_exhausted=("warning", 8))
    says(finding, "more", "8 of 9 ports in use")
    advises(finding, "net.ipv4.ip_local_port_range", "31001 31010", "1024 65535")
    same((finding["address"], finding["port"]), ("127.0.0.1", port), "destination")
    with Look() as look:
        t.pair(listener, port)
        t.connecting_to(port)
        same(t.error, errno.EADDRNOTAVAIL, "error of connect()")
    finding = look.found(ports_exhausted=("critical", 1))
    says(finding, "more", "9 of 9 ports in use")
    names_me(finding)


@ill
def ports_suffice(t):
    """healthy: as many connections, to two destinations"""
    listener, port = t.listener(where={4: "0.0.0.0"})
    # Not those of above, which TIME-WAIT holds.
    t.sysctl("ip_local_port_range", "31101 31110")
    t.sysctl("ip_local_reserved_ports", "31103")
    with Look() as look:
        for n in range(8):
            t.pair(listener, port, f"127.0.0.{1 + n % 2}")
    look.found()
    look.saw("ports", "in use to one destination at most 4 of 9; connects without one 0")


# ---- closes ------------------------------------------------------------------------

def close_waiting(t, count):
    """Connections that the peer closed and we do not."""
    listener, port = t.listener()
    for peer in t.peers_of(port, count):
        t.accept(listener)
        peer.send(FIN | ACK)
        peer.await_(ACK)
    same(t.ss("close-wait"), count, "ss: CLOSE-WAIT")


@ill
def leak(t):
    """a process that leaks sockets: CLOSE-WAIT grows"""
    with Look("--stuck-after", "200ms") as look:
        close_waiting(t, 5)
        time.sleep(0.3)
    finding = look.found(close_wait=("critical", 5))
    names_me(finding)
    says(finding, "more", "5 in all, before the look 0")


@ill
def old_leak(t):
    """a process that leaked sockets: CLOSE-WAIT stays"""
    close_waiting(t, 5)
    time.sleep(0.3)
    with Look("--stuck-after", "200ms") as look:
        pass
    says(look.found(close_wait=("warning", 5)), "more", "before the look 5")


@ill
def close_wait_young(t):
    """healthy: CLOSE-WAIT that has just begun"""
    with Look() as look:
        close_waiting(t, 5)
    look.found()
    look.saw("close-wait", "now 5, stuck 0")


def closing(t):
    """Closes that do not end, in every state: 3, 5, 3 and 7."""
    listener, port = t.listener()

    def accepted(count):
        for peer in t.peers_of(port, count):
            yield peer, t.accept(listener)

    for peer, s in accepted(3):
        s.close()
        peer.await_(FIN | ACK)
    for peer, s in accepted(5):
        s.close()
        peer.await_(FIN | ACK)
        peer.send(ACK)
    for peer, s in accepted(3):
        s.close()
        fin = peer.await_(FIN | ACK)
        peer.send(FIN | ACK, ack=fin.seq)
        peer.await_(ACK)
    for peer, s in accepted(7):
        peer.send(FIN | ACK)
        peer.await_(ACK)
        s.close()
        peer.await_(FIN | ACK)
    t.until(lambda: t.ss("fin-wait-2") == 5, "FIN-WAIT-2")


@ill
def never_ending(t):
    """closes that pile up in FIN-WAIT-1, FIN-WAIT-2, CLOSING and LAST-ACK"""
    with Look("--stuck-after", "100ms") as look:
        closing(t)
        time.sleep(0.2)
        counts = {state: t.ss(state) for state in ("fin-wait-1", "fin-wait-2", "closing",
                                                   "last-ack")}
    look.found(fin_wait_1=("warning", 3), fin_wait_2=("warning", 5), closing=("warning", 3),
               last_ack=("warning", 7))
    same(counts, {f["finding"]: f["value"] for f in look.findings}, "ss")
    same({f["address"] for f in look.findings}, {wire.PEER[4]}, "peer")


@ill
def closing_still(t):
    """healthy: closes that are under way"""
    with Look() as look:
        closing(t)
    look.found()
    look.saw("closing", "now 18, stuck 0")


OUTSIDE = ("nsenter", "--net=/proc/1/ns/net")


def max_orphans(value=None):
    run = subprocess.run([*OUTSIDE, "sysctl", "-n", "net.ipv4.tcp_max_orphans"] if value is None
                         else [*OUTSIDE, "sysctl", "-qw", f"net.ipv4.tcp_max_orphans={value}"],
                         check=True, capture_output=True)
    return run.stdout.decode().strip()


def orphan(t, count):
    for _ in range(count):
        peer = t.peer()
        t.established(peer).close()
        peer.await_(FIN | ACK)


@ill
def orphans_reset(t):
    """more orphans than the kernel bears: it resets them"""
    before = max_orphans()
    with Look() as look:
        max_orphans(0)
        try:
            for _ in range(199):
                orphan(t, 1)
                if t.grown("TcpExtTCPAbortOnMemory") >= 3:
                    break
                time.sleep(0.01)
        finally:
            max_orphans(before)
    finding = look.finding("orphans")
    same((finding["severity"], finding["value"]),
         ("critical", t.grown("TcpExtTCPAbortOnMemory")), "orphans")


@ill
def orphans_many(t):
    """orphans near their limit, as the initial namespace sees them"""
    before = max_orphans()
    with Look(inside=OUTSIDE) as healthy:
        orphan(t, 23)
    same([f for f in healthy.findings if f["finding"] == "orphans"], [], "findings")
    with open("/proc/net/sockstat", encoding="ascii") as file:
        orphans = int(file.read().split("orphan ")[1].split()[0])
    same(orphans >= 23, True, "sockstat's orphans")
    max_orphans(orphans * 5 // 3)
    try:
        with Look(inside=OUTSIDE) as look:
            pass
    finally:
        max_orphans(before)
    finding = look.found(orphans=("warning", orphans))
    advises(finding, "net.ipv4.tcp_max_orphans", str(orphans * 5 // 3), "")


@ill
def time_wait_has_room(t):
    """healthy: TIME-WAIT far from its limit"""
    with Look() as look:
        time_waits(t, 17)
    look.found()


@ill
def unread(t):
    """a server that closes before it has read: reset by us, and why"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(7):
            client, server = t.pair(listener, port)
            client.send(b"question")
            t.until(lambda: server.recv(1, socket.MSG_PEEK), "data")
            server.close()
            client.close()
    look.found(reset_by_us=("warning", t.grown("TcpExtTCPAbortOnClose")),
               reset_by_peer=("warning", 7))
    finding = look.finding("reset-by-us")
    same((finding["object"], finding["port"]), ("listener", port), "object")
    says(finding, "cause", "has not read")
    says(finding, "more", "7 for: unread-data")
    same(look.finding("reset-by-peer")["object"], "peer", "object")


@ill
def peers_reset(t):
    """clients that reset connections"""
    listener, port = t.listener()
    with Look() as look:
        for peer in t.peers_of(port, 7):
            t.accept(listener)
            peer.send(RST | ACK)
        t.until(lambda: t.grown("TcpEstabResets") == 7, "EstabResets")
    same(look.found(reset_by_peer=("warning", 7))["port"], port, "listener")


@ill
def peers_reset_handshakes(t):
    """clients that reset instead of confirming"""
    _, port = t.listener()
    with Look() as look:
        for peer in half_open(t, port, 7):
            peer.await_(SYN | ACK)
            peer.send(RST)
        t.until(lambda: t.grown("TcpExtEmbryonicRsts") == 7, "EmbryonicRsts")
    look.found(handshake_reset_by_peer=("warning", 7))


@ill
def forged_cookies(t):
    """ACKs with made-up SYN cookies"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener()
    t.peers_of(port, 1)
    t.accept(listener)
    before = t.grown("TcpExtSyncookiesFailed")
    with Look() as look:
        for _ in range(7):
            liar = t.peer()
            liar.remote = port
            liar.send(ACK, seq=4711, ack=815)
            liar.await_(RST)
    finding = look.found(handshake_reset_by_us=("warning",
                                                t.grown("TcpExtSyncookiesFailed") - before))
    says(finding, "more", "7 for: bad-cookie")


@ill
def closes_well(t):
    """healthy: orderly closes"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(11):
            client, server = t.pair(listener, port)
            client.send(b"question")
            server.recv(8)
            t.close_in_turn(client, server)
    look.found()
    look.saw("resets", "in handshakes by us 0, by peers 0; later by us 0, by peers 0")
    look.saw("closing-first", "the server in 0 of 11 connections")


@ill
def server_first(t):
    """a server that closes first keeps TIME-WAIT: worth knowing, no alarm"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(11):
            client, server = t.pair(listener, port)
            t.close_in_turn(server, client)
        t.until(lambda: t.ss("last-ack") == 0, "TIME-WAIT")
    finding = look.found(server_closes_first=("notice", 11))
    says(finding, "more", "of 11 that ended; 11 of its connections are in TIME-WAIT")


# ---- the doctor itself -------------------------------------------------------------

def refusals_in(path):
    # It has no end yet, which is an exit status too.
    out = subprocess.run(["tcphs", "events", "-j", "--read", path, "--event", "connect-failed"],
                         check=False, capture_output=True).stdout
    return out.count(b'"reason":"refused"')


@ill
def recording(t):
    """a recording: what events tell is found in it too, and what they can't is said"""
    _, port = t.serve(backlog=3)
    path = f"/tmp/ills.{os.getpid()}"
    with Look() as look:
        record = start(["tcphs", "record", path, "-n", "0"])
        t.overflow(port)
        refuse(t, t.new_port(), 7)
        t.until(lambda: refusals_in(path) == 7, "it is recorded")
        record.send_signal(signal.SIGINT)
        same((record.wait(10), record.communicate()[0]), (0, b""), "end of the record")
    out = subprocess.run(["tcphs", "doctor", "-j", "--read", path], check=False,
                         capture_output=True)
    os.unlink(path)
    findings, checks, end = parse(out.stdout)
    look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")),
               connect_refused=("critical", 7), nobody_listens=("warning", 7))
    keys = ("finding", "severity", "value", "address", "port")
    findings = look.without_resends(findings, [f["finding"] for f in look.findings])
    same([[f[key] for key in keys] for f in findings],
         [[f[key] for key in keys] for f in look.findings], "findings")
    same([c["check"] for c in checks if not c["looked"]], ["close-wait", "closing"],
         "checks that need more than events")
    same((out.returncode, end["recording"], end["lost"]), (EXIT["critical"], True, 0), "its end")


@ill
def filtered(t):
    """with a filter, only what fits is judged"""
    sick, other = t.new_port(), t.new_port()
    with Look("--port", str(sick)) as look:
        refuse(t, sick, 7)
        refuse(t, other, 7)
    same({f["port"] for f in look.findings}, {sick}, "ports")
    look.found(connect_refused=("critical", 7), nobody_listens=("warning", 7))


@ill
def quiet(t):
    """healthy: nothing happens, nothing is wrong, and everything was looked at"""
    out = subprocess.run(["tcphs", "doctor", "--for", "300ms"], check=True,
                         capture_output=True)
    text = out.stdout.decode()
    same((text.splitlines()[0], out.stderr), ("Nothing wrong.", b""), "what it says")
    same(text.split("LOOKED AT")[1].count("\n  "), CHECKS, "checks")
    same("NOT LOOKED AT" in text, False, "something was left out")


@ill
def says_it_in_words(t):
    """the text names severity, object, number, threshold, cause and the next step"""
    listener, port = t.serve(backlog=3)
    for _ in range(4):
        t.connect(port)
    out = subprocess.run(["tcphs", "doctor", "-d", "100ms"], check=False, capture_output=True)
    lines = out.stdout.decode().splitlines()
    same(out.returncode, 10, "exit status")
    same(lines[0].split(", ")[0], f"WARNING   accept-queue-full: listener 127.0.0.1:{port}",
         "heading")
    same(lines[1], "  seen    connections waiting for accept(): 4 (alarm from 4)", "number")
    for label in ("cause", "next"):
        same(any(line.startswith(f"  {label} ") for line in lines), True, label)
    same(max(len(line) for line in lines[:8]) <= 80, True, "it fits 80 columns")
    listener.close()


@ill
def watch(t):
    """--watch looks again until it is interrupted, and tells the worst"""
    port = t.new_port()
    with subprocess.Popen(["tcphs", "doctor", "-j", "-w", "--for", "300ms"],
                          stdout=subprocess.PIPE) as process:
        worst = []
        while len(worst) < 5:
            line = json.loads(process.stdout.readline())
            if "worst" in line:
                worst.append(line["worst"])
                if len(worst) == 2:
                    refuse(t, port, 3)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        same(process.wait(10), EXIT["critical"], "exit status")
    quiet_ones = [w for w in worst if w in ("none", "notice")]
    same((worst.count("critical"), len(quiet_ones)), (1, 4), f"worst of each look: {worst}")


# ---- with the smallest ring and table ------------------------------------------------

@small
def records_lost(t):
    """a ring that is too small: how many records were lost"""
    listener, port = t.serve()
    with Look() as look:
        before = status()["ring"]["recorded"]
        look.process.send_signal(signal.SIGSTOP)
        for _ in range(31):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
        t.until(lambda: t.ss("last-ack") == 0, "they end")
        after = status()["ring"]["recorded"]
        look.process.send_signal(signal.SIGCONT)
    lost = look.sum["lost"]
    same(look.sum["records"] + lost, after - before, "records read and lost")
    finding = look.finding("records-lost")
    same((finding["severity"], finding["value"]), ("warning", lost), "records lost")
    advises(finding, "tcphs ring_records", "64", "128")


@small
def table_full(t):
    """a table that is full: how many connections had no place"""
    listener, port = t.serve(backlog=97)
    with Look() as look:
        before = status()["table"]["untracked"]
        for _ in range(71):
            t.pair(listener, port)
        after = status()["table"]["untracked"]
    finding = look.finding("table-full")
    same((finding["severity"], finding["value"]), ("warning", after - before), "untracked")
    advises(finding, "tcphs table_size", "64", "128")


def main(names):
    wire_ = wire.Wire()
    failed = 0
    chosen = SMALL if names == ["--small"] else \
        [f for f in ILLS + SMALL if f.__name__ in names] if names else ILLS
    for function in chosen:
        failed += not tell_in_time(lambda: Case(wire_, "ipv4"), function.__doc__, function)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--count"]:
        print(len(ILLS), len(SMALL))
    else:
        sys.exit(main(sys.argv[1:]))
