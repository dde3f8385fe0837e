# SPDX-License-Identifier: GPL-2.0
"""Stories of what comes to nothing, and why: RFC 1122, section 4.2.3.9."""
import contextlib
import ctypes
import errno
import os
import select
import socket
import struct
import subprocess
import time

import bpf
import kernel
import wire
from tale import (ACTIVE_CLOSE, CONNECT, Late, MSG_FASTOPEN, TCP_USER_TIMEOUT, disconnect,
                  in_time_wait, same, story, Wrong)
from wire import ACK, FIN, RST, SYN

TCP_FASTOPEN_CONNECT = 30

RECEIVED = "icmp-received {0}>{0} {1}"
# type and code, reason, errno: RFC 792, RFC 1122 and RFC 1812; RFC 4443
ICMP = {
    4: (((3, 3), "icmp-refused", errno.ECONNREFUSED),
        ((3, 2), "icmp-refused", errno.ENOPROTOOPT),
        ((3, 13), "icmp-prohibited", errno.EHOSTUNREACH),
        ((3, 10), "icmp-prohibited", errno.EHOSTUNREACH),
        ((3, 9), "icmp-prohibited", errno.ENETUNREACH),
        ((3, 0), "unreachable", errno.ENETUNREACH),
        ((11, 0), "unreachable", errno.EHOSTUNREACH),
        ((12, 0), "unreachable", errno.EPROTO)),
    6: (((1, 4), "icmp-refused", errno.ECONNREFUSED),
        ((4, 1), "icmp-refused", errno.EPROTO),
        ((1, 1), "icmp-prohibited", errno.EACCES),
        ((1, 5), "icmp-prohibited", errno.EACCES),
        ((1, 6), "icmp-prohibited", errno.EACCES),
        ((1, 0), "unreachable", errno.ENETUNREACH),
        ((3, 0), "unreachable", errno.EHOSTUNREACH)),
}


def so_error(s):
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def said(event):
    return event.get("icmp_type"), event.get("icmp_code")


def failures(reason):
    """How often /proc/tcphs counts it."""
    with open("/proc/tcphs", encoding="ascii") as file:
        for line in file:
            if line.split()[:2] == ["failure", reason]:
                return int(line.split()[2])
    return 0


@contextlib.contextmanager
def firewall(port, verdict, only=""):
    """What goes out to the port, or ONLY the part that matches this, is treated so."""
    rules = ("add table inet fail",
             "add chain inet fail output { type filter hook output priority 0; }",
             f"add rule inet fail output tcp dport {port} {only} counter {verdict}")
    try:
        for rule in rules:
            subprocess.run(["nft", rule], check=True)
        yield
    finally:
        subprocess.run(["nft", "delete table inet fail"], check=True)


# By their number and not by the time: what the next SYN waits for, a firewall may take to be taken
# away.
FIRST = "limit rate 1/day burst 1 packets"


@contextlib.contextmanager
def route(version, *words):
    subprocess.run(["ip", f"-{version}", "route", "add", *words], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", f"-{version}", "route", "del", *words], check=True)


@story()
def icmp_refuses(t):
    """an ICMP error that ends a connect is reported by its type, and no RST is invented"""
    for numbers, reason, error in ICMP[t.version]:
        peer, before = t.peer(), failures(reason)
        s = t.connecting(peer)
        peer.await_(SYN)
        peer.icmp(*numbers)
        events = t.reported(peer.port, [CONNECT[0], RECEIVED.format("syn-sent", reason),
                                    f"connect-failed syn-sent>closed {reason}"])
        same([said(e) for e in events], [(None, None), numbers, numbers], "ICMP type and code")
        same((so_error(s), failures(reason)), (error, before + 1), "SO_ERROR and failures")
    t.counted(TcpAttemptFails=len(ICMP[t.version]), TcpOutRsts=0)


@story()
def icmp_for_others(t):
    """healthy: an ICMP error that quotes a number never sent, or says nothing, ends nothing"""
    peer = t.peer()
    s = t.connecting(peer)
    peer.await_(SYN)
    seq = 24 if t.version == 4 else 44
    kept, peer.last = peer.last, bytearray(peer.last)
    peer.last[seq] ^= 0x40
    peer.icmp(*ICMP[t.version][0][0])
    peer.last = kept
    if t.version == 4:
        peer.icmp(4, 0)		# source quench
    peer.send(SYN | ACK)
    peer.await_(ACK)
    t.reported(peer.port, CONNECT)
    same(so_error(s), 0, "SO_ERROR")
    t.counted(TcpExtOutOfWindowIcmps=1)


def met_locked(t, count):
    """The ICMP errors came before connect() let go of its socket. A kernel leaves that to ksoftirqd
    where it has been woken, and then they end the connect."""
    if t.grown("TcpExtLockDroppedIcmps") != count:
        raise Late("an ICMP error came when connect() was over")


@story()
def icmp_then_answered(t):
    """healthy: a connect that its own firewall rejects at first and lets go then"""
    peer = t.peer()
    with firewall(peer.port, "reject with icmpx type no-route", FIRST):
        s = t.connecting(peer)
        met_locked(t, 1)
        peer.accept()
    events = t.reported(peer.port, [CONNECT[0], RECEIVED.format("syn-sent", "unreachable"),
                                "syn-retransmit syn-sent>syn-sent", CONNECT[1]])
    same(said(events[1]), (3, 0) if t.version == 4 else (1, 0), "ICMP type and code")
    peer.send(ACK | wire.PSH, data=b"a" * 17)
    t.until(lambda: select.select([s], [], [], 0)[0], "the data")
    same(len(s.recv(100)), 17, "bytes")


@story()
def icmp_asked_for(t):
    """an ICMP error that met a locked socket: SO_ERROR takes it, close() ends the connect"""
    numbers, reason, error = ICMP[t.version][2]
    asked, silent = t.peer(), t.peer()
    for count, peer in enumerate((asked, silent), 1):
        with firewall(peer.port, "reject with icmpx type admin-prohibited"):
            s = t.connecting(peer)
            met_locked(t, count)
            if peer is asked:
                same((so_error(s), so_error(s)), (error, 0), "SO_ERROR, asked twice")
            s.close()
        events = t.reported(peer.port, [CONNECT[0], RECEIVED.format("syn-sent", reason),
                                    f"connect-failed syn-sent>closed {reason}"])
        same(said(events[2]), numbers, "ICMP type and code")
    t.counted(TcpAttemptFails=0, TcpExtLockDroppedIcmps=2, TcpExtTCPTimeouts=0)


@story()
def icmp_again(t):
    """an ICMP error that met a locked socket comes again for the SYN that is sent again"""
    _, reason, error = ICMP[t.version][0]
    peer = t.peer()
    with firewall(peer.port, "reject with icmpx type port-unreachable"):
        s = t.connecting(peer)
        t.until(lambda: t.grown("TcpAttemptFails"), "the end")
        same(so_error(s), error, "SO_ERROR")
    t.reported(peer.port, [CONNECT[0]] + [RECEIVED.format("syn-sent", reason)] * 2 +
           [f"connect-failed syn-sent>closed {reason}"])
    t.counted(TcpAttemptFails=1, TcpExtLockDroppedIcmps=1, TcpExtTCPTimeouts=1)


@story()
def icmp_when_connected(t):
    """an ICMP error does not end a connection, but says why it ends when it gives up"""
    peer = t.peer()
    s = t.established(peer)
    s.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 700)
    s.send(b"never confirmed")
    peer.await_(ACK, data=b"never confirmed")
    numbers, reason, error = ICMP[t.version][0]
    peer.icmp(*numbers)
    events = t.reported(peer.port, CONNECT + [RECEIVED.format("established", reason),
                                          f"closed established>closed {reason}"])
    same([said(e) for e in events[2:]], [numbers] * 2, "ICMP type and code")
    same(so_error(s), error, "SO_ERROR")
    t.counted(TcpExtTCPAbortOnTimeout=1)


@story()
def icmp_and_confirmed(t):
    """healthy: what is confirmed after an ICMP error is no failure"""
    peer = t.peer()
    s = t.established(peer)
    s.send(b"confirmed at last")
    peer.await_(ACK, data=b"confirmed at last")
    peer.icmp(*ICMP[t.version][0][0])
    peer.send(ACK)
    s.close()
    peer.await_(FIN | ACK)
    peer.send(ACK)
    t.reported(peer.port, CONNECT + [RECEIVED.format("established", "icmp-refused"),
                                 "fin-sent established>fin-wait-1",
                                 "fin-acked fin-wait-1>fin-wait-2"])


@story()
def no_route(t):
    """connect() without a route fails before there is a SYN, and is reported all the same"""
    nowhere = {4: "203.0.113.9", 6: "2001:db8:113::9"}
    port, before = t.new_port(), failures("no-route")
    s = t.socket()
    same(s.connect_ex(t.address(nowhere, port)), errno.ENETUNREACH, "errno")
    event = t.reported(port, ["connect-failed closed>closed no-route"])[0]
    same((event["peer"], event["role"], event["pid"], event["comm"]),
         (nowhere[t.version], "active", os.getpid(), open("/proc/self/comm").read().strip()),
         "who, and where to")
    for kind, error in ("unreachable", errno.EHOSTUNREACH), ("blackhole", errno.EINVAL):
        where = nowhere[t.version] + ("/32" if t.version == 4 else "/128")
        with route(t.version, kind, where):
            same(t.socket().connect_ex(t.address(nowhere, port)), error, f"errno of {kind}")
    events = t.reported(port, ["connect-failed closed>closed no-route"] * 3)
    same((len({e["conn"] for e in events}), failures("no-route")), (3, before + 3),
         "sockets, failures")
    # The first of them finds its way, and is the same one still.
    peer = t.peer()
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, peer.port))
    peer.accept()
    same({e["conn"] for e in t.reported(peer.port, CONNECT)}, {event["conn"]}, "cookie")
    t.counted(TcpActiveOpens=1, TcpAttemptFails=0)


@story("ipv6")
def no_address(t):
    """connect() without an address of its own: IPv6 where there is none"""
    port = t.new_port()
    inside = f"""
import errno, socket
s = socket.socket(socket.AF_INET6)
print(s.connect_ex(("2001:db8:113::9", {port})) == errno.EADDRNOTAVAIL)
"""
    name = f"fail{port}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        run = ["ip", "netns", "exec", name]
        out = subprocess.run(run + ["python3", "-c", inside], check=True, capture_output=True)
        same(out.stdout, b"True\n", "EADDRNOTAVAIL")
        out = subprocess.run(run + ["tcphs", "events", "--peer-port", str(port)], check=True,
                             capture_output=True).stdout.decode()
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
    lines = [line for line in out.splitlines() if "connect-failed" in line]
    same((len(lines), "no-address" in lines[0]), (1, True), "events")


@story(group="traced")
def icmp_where_another_traces(t):
    """an ICMP error whose function another tracer follows as well: left out on PREEMPT_RT"""
    before = failures("unreachable")
    peer = t.peer()
    s = t.connecting(peer)
    peer.await_(SYN)
    peer.unreachable()
    t.until(lambda: select.select([], [s], [], 0)[1], "the end")
    same(so_error(s), errno.EHOSTUNREACH, "SO_ERROR")
    received = [] if kernel.PREEMPT_RT else [RECEIVED.format("syn-sent", "unreachable")]
    t.reported(peer.port, [CONNECT[0], *received, "connect-failed syn-sent>closed unreachable"])
    same(failures("unreachable"), before + 1, "failures")
    t.counted(TcpAttemptFails=1)


@story("ipv4", "mapped")
def address_gone(t):
    """connect() from an address that this machine has no longer"""
    port, own = t.new_port(), "198.51.100.77"
    subprocess.run(["ip", "addr", "add", f"{own}/32", "dev", wire.DEVICE], check=True)
    s = t.socket()
    s.bind(t.address({4: own}, 0))
    subprocess.run(["ip", "addr", "del", f"{own}/32", "dev", wire.DEVICE], check=True)
    error = s.connect_ex(t.address(wire.PEER, port))
    if error not in (errno.EINVAL, errno.ENETUNREACH):
        raise Wrong(f"errno {error}")
    event = t.reported(port, ["connect-failed closed>closed no-address"])[0]
    same((event["local"], event["peer"]), (own, wire.PEER[4]), "addresses")


@story()
def not_permitted(t):
    """connect() that a route prohibits"""
    where = {4: "203.0.113.13", 6: "2001:db8:113::13"}
    port, before = t.new_port(), failures("not-permitted")
    with route(t.version, "prohibit", where[t.version] + ("/32" if t.version == 4 else "/128")):
        same(t.socket().connect_ex(t.address(where, port)), errno.EACCES, "errno")
    t.reported(port, ["connect-failed closed>closed not-permitted"])
    same(failures("not-permitted"), before + 1, "failures")


@contextlib.contextmanager
def forbidding_cgroup():
    """This process in a cgroup whose BPF programs let no connect() pass."""
    path = "/sys/fs/cgroup/tcphs-fail"
    os.mkdir(path)
    fd = os.open(path, os.O_RDONLY)
    programs = []
    try:
        for attach in bpf.CGROUP_INET4_CONNECT, bpf.CGROUP_INET6_CONNECT:
            programs.append(bpf.load(bpf.CGROUP_SOCK_ADDR, bpf.move(0, 0) + bpf.RETURN, attach))
            bpf.call_bpf(bpf.PROG_ATTACH, struct.pack("<IIII", fd, programs[-1], attach, 0))
        with open(path + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        yield
    finally:
        with open("/sys/fs/cgroup/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        for program in programs:
            os.close(program)
        os.close(fd)
        os.rmdir(path)


@story(where=kernel.HAS_CGROUP_BPF)
def not_permitted_by_bpf(t):
    """connect() that a BPF program of the cgroup forbids"""
    peer = t.peer()
    with forbidding_cgroup():
        s = t.socket()
        same(s.connect_ex(t.address(wire.PEER, peer.port)), errno.EPERM, "errno")
    event = t.reported(peer.port, ["connect-failed closed>closed not-permitted"])[0]
    same((event["peer"], event["pid"]), (wire.PEER[t.version], os.getpid()), "where to, and who")
    # A socket made outside of it may.
    t.established(peer)
    t.reported(peer.port, ["connect-failed closed>closed not-permitted"] + CONNECT)


@story()
def own_firewall(t):
    """a connect whose SYNs this machine's own firewall drops on their way out"""
    reason = "not-permitted" if kernel.DROPS_HAVE_REASONS else "timeout"
    t.sysctl("tcp_syn_retries", 1)
    if os.path.exists("/proc/sys/net/ipv4/tcp_syn_linear_timeouts"):
        t.sysctl("tcp_syn_linear_timeouts", 0)
    peer, other = t.peer(), t.peer()
    with firewall(peer.port, "drop"):
        s = t.connecting(peer)
        t.until(lambda: select.select([], [s], [], 0)[1], "the end")
        same(so_error(s), errno.ETIMEDOUT, "SO_ERROR")
    t.reported(peer.port, [CONNECT[0], f"connect-failed syn-sent>closed {reason}"])
    same([x for _, x in t.wire.waiting if x.dport == peer.port], [], "segments on the wire")
    # One that gets out with a later SYN, and is not answered, is no such case.
    with firewall(other.port, "drop", FIRST):
        s = t.connecting(other)
        other.await_(SYN)
        t.until(lambda: select.select([], [s], [], 0)[1], "the end")
    t.reported(other.port, [CONNECT[0], "syn-retransmit syn-sent>syn-sent",
                            "connect-failed syn-sent>closed timeout"])
    t.counted(TcpAttemptFails=2, TcpActiveOpens=2)


@story()
def address_in_use(t):
    """a fixed source port whose way to this peer is taken is not a lack of ports"""
    peer, port = t.peer(), t.new_port()
    first = t.established(peer, port=port)
    s = t.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(t.address(wire.HOST, port))
    same(s.connect_ex(t.address(wire.PEER, peer.port)), errno.EADDRNOTAVAIL, "errno")
    event = t.reported(peer.port, CONNECT + ["connect-failed syn-sent>closed address-in-use"])[-1]
    same((event["local"], event["local_port"], "bucket" in event),
         (wire.HOST[t.version], port, False), "the address in use, and not by TIME_WAIT")
    # From the same port to another peer there is a way.
    other = t.peer()
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, other.port))
    other.accept()
    t.reported(other.port, CONNECT)
    same(first.getpeername()[1], peer.port, "the first connection is there still")
    t.counted(TcpActiveOpens=2, TcpAttemptFails=0)


@story()
def no_port(t):
    """no local port is left for a peer, though for another there is"""
    peer, other = t.peer(), t.peer()
    t.sysctl("ip_local_port_range", "31017 31017")
    t.established(peer)
    s = t.socket()
    same(s.connect_ex(t.address(wire.PEER, peer.port)), errno.EADDRNOTAVAIL, "errno")
    event = t.reported(peer.port, CONNECT + ["connect-failed syn-sent>closed no-port"])[-1]
    same(event["local_port"], 0, "port")
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, other.port))
    other.accept()
    events = t.reported(other.port, CONNECT)
    same({(e["conn"], e["local_port"]) for e in events}, {(event["conn"], 31017)},
         "the same socket, and its port")


@story("ipv4", "ipv6")
def orphans_by_timer(t):
    """orphans with SO_KEEPALIVE that the limit ends when their FIN should be sent again"""
    outside = ["nsenter", "--net=/proc/1/ns/net", "sysctl"]
    limit = subprocess.run(outside + ["-n", "net.ipv4.tcp_max_orphans"], check=True,
                           capture_output=True).stdout.decode().strip()
    # Of those that are not ended some would time out while a slow machine reads the events.
    t.sysctl("tcp_orphan_retries", 13)
    peers = [t.peer() for _ in range(97)]
    for peer in peers:
        s = t.established(peer)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.close()
    subprocess.run(outside + ["-qw", "net.ipv4.tcp_max_orphans=0"], check=True)
    try:
        t.until(lambda: t.grown("TcpExtTCPAbortOnMemory"), "the first is ended")
        time.sleep(0.5 * wire.PATIENCE)
    finally:
        subprocess.run(outside + ["-qw", f"net.ipv4.tcp_max_orphans={limit}"], check=True)
    ends = [e for p in peers for e in t.events(p.port) if e["event"] in ("closed", "rst-sent")]
    if not ends:
        raise Wrong("no orphan was too many")
    same({e["reason"] for e in ends}, {"no-memory"}, "reasons")
    same(len(ends) % 2, 0, "a RST for each end")
    t.counted(TcpExtTCPAbortOnMemory=len(ends) // 2, TcpExtTCPAbortOnTimeout=0)


@story()
def keepalive_of_an_orphan(t):
    """healthy: an orphan whose FIN nobody confirms ends for its time, not for want of memory"""
    t.sysctl("tcp_orphan_retries", 1)
    peer = t.peer()
    s = t.established(peer)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    s.close()
    peer.await_(FIN | ACK)
    t.until(lambda: t.last(peer.port).get("event") == "closed", "the end")
    same(t.events(peer.port)[-1]["reason"], "timeout", "reason")
    t.counted(TcpExtTCPAbortOnTimeout=1, TcpExtTCPAbortOnMemory=0)


@story(where=kernel.ORPHANS_CAN_BE_KILLED)
def orphan_killed(t):
    """orphans that ss -K ends: one that still has something to send, one in FIN_WAIT2"""
    sending, waiting = t.peer(), t.peer()
    s = t.established(sending)
    # The window is closed, so nothing is sent again while others are slow.
    sending.send(ACK, data=b"w", window=0)
    same(s.recv(1), b"w", "data")
    s.send(b"x" * 59)
    s.close()
    s = t.established(waiting)
    # Longer than a bucket would wait for it, so it stays a socket.
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 113)
    s.close()
    waiting.await_(FIN | ACK)
    waiting.send(ACK)
    for peer, steps, state in (sending, 1, "fin-wait-1"), (waiting, 2, "fin-wait-2"):
        lived = CONNECT + ACTIVE_CLOSE[:steps]
        t.reported(peer.port, lived)
        subprocess.run(["ss", "-K", "dport", "=", str(peer.port)], check=True,
                       capture_output=True)
        peer.await_(RST | ACK)
        t.reported(peer.port, lived + [f"rst-sent {state}>closed killed",
                                       f"closed {state}>closed killed"])
    t.counted(TcpExtTCPAbortOnMemory=0, TcpExtTCPAbortOnTimeout=0)


@story()
def address_in_time_wait(t):
    """a fixed source port that TIME_WAIT keeps from being used, and then another ends it"""
    t.sysctl("tcp_tw_reuse", 0)
    port = t.new_port()
    # Without timestamps no tcp_tw_reuse would help.
    peer = in_time_wait(t, port=port)
    lived = CONNECT + ACTIVE_CLOSE
    s = t.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(t.address(wire.HOST, port))
    same(s.connect_ex(t.address(wire.PEER, peer.port)), errno.EADDRNOTAVAIL, "errno")
    lived += ["connect-failed syn-sent>closed address-in-use"]
    same("bucket" in t.reported(peer.port, lived)[-1], kernel.FINDS_WHO_IS_IN_THE_WAY,
         "TIME_WAIT is in the way")
    if kernel.BUCKETS_CAN_BE_KILLED:
        subprocess.run(["ss", "-K", "state", "time-wait", "dport", "=", str(peer.port)],
                       check=True, capture_output=True)
        # That connect() wanted it does not make it the cause.
        lived += ["time-wait-end time-wait>closed killed"]
        t.reported(peer.port, lived)
    t.counted(TcpExtTWRecycled=0)


@story("ipv4", "ipv6")
def fastopen_put_off(t):
    """TCP_FASTOPEN_CONNECT without data: no SYN goes, and the end is that of a connect known here"""
    t.sysctl("tcp_fastopen", 0x5)
    peer = t.peer()
    s = t.socket()
    s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    s.connect(t.address(wire.PEER, peer.port))
    disconnect(s)
    s.connect(t.address(wire.PEER, peer.port))
    port = s.getsockname()[1]
    s.close()
    ends = t.reported(peer.port, ["connect-failed closed>closed disconnect",
                                  "connect-failed closed>closed closed-by-user"])
    same([(e.get("adopted"), e.get("pid"), e["role"], e["generation"]) for e in ends],
         [(None, os.getpid(), "active", n) for n in (0, 1)], "whose they were")
    same(ends[1]["local_port"], port, "its port")
    t.counted(TcpActiveOpens=0)


@story("ipv4", "ipv6")
def fastopen_to_nowhere(t):
    """healthy: TCP Fast Open without an address is refused, and is no connect"""
    libc = ctypes.CDLL(None, use_errno=True)
    s = t.socket()
    same((libc.sendto(s.fileno(), b"x", 1, MSG_FASTOPEN, None, 0), ctypes.get_errno()),
         (-1, errno.EINVAL), "sendto()")
    t.counted(TcpActiveOpens=0, TcpAttemptFails=0)
    # The socket is as good as before.
    peer = t.peer()
    s.setblocking(False)
    s.connect_ex(t.address(wire.PEER, peer.port))
    peer.accept()
    t.reported(peer.port, CONNECT)
