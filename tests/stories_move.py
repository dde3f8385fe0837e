# SPDX-License-Identifier: GPL-2.0
"""Stories of requests that move to another listener, and of a SYN that comes twice at once."""
import json
import os
import select
import socket
import subprocess
import threading

import bpf
import kernel
import wire
from tale import HANDSHAKE, Wrong, same, story
from wire import ACK, SYN

MOVED = "migrated syn-recv>syn-recv"
AGAIN = "synack-retransmit syn-recv>syn-recv"
EXPIRED = "request-expired syn-recv>closed timeout"


def member(t, port, options=()):
    """A listener of a group that shares a port."""
    s = t.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    for name, value in options:
        s.setsockopt(socket.IPPROTO_TCP, name, value)
    s.bind(t.address(wire.HOST, port))
    s.listen(31)
    return s


def listeners(port):
    """What is reported of those that listen there, the oldest first."""
    text = subprocess.run(["tcphs", "listeners", "-j"], check=True, capture_output=True).stdout
    return [x for x in map(json.loads, text.splitlines()) if x["port"] == port]


def hand_over(t, old, port, options=()):
    """Another listener comes, and the one whose port it was goes.

    No program is started for it: in a second of a slow machine the SYN+ACK is sent again."""
    new = member(t, port, options)
    old.close()
    return new


def healthy():
    with open("/proc/tcphs", encoding="ascii") as file:
        same([line for line in file if line.startswith("hook-deaf")], [], "deaf hooks")


def moved(t, events, port, success=1):
    """One life, at the listener that it moved to, and the kernel says so."""
    same({e["conn"] for e in events}, {events[0]["conn"]}, "one number")
    left = [x["conn"] for x in listeners(port)]
    same(len(left), 1, "listeners that are left")
    same({e["listener"] for e in events if e["event"] in ("migrated", "accepted")}, set(left),
         "listeners it moved to")
    t.counted(TcpExtTCPMigrateReqSuccess=success, TcpExtTCPMigrateReqFailure=0)
    healthy()


def asked(t, options=()):
    """A request in the SYN queue of a listener, and its peer."""
    peer, port = t.peer(), t.new_port()
    s = member(t, port, options)
    peer.ask(port)
    return s, port, peer


@story()
def request_migrates(t):
    """a request whose listener closes moves to another of its group, by its timer"""
    if not kernel.REQUESTS_MIGRATE:
        return
    t.sysctl("tcp_migrate_req", 1)
    old, port, peer = asked(t)
    new = hand_over(t, old, port)
    peer.await_(SYN | ACK)
    t.reported(peer.port, [HANDSHAKE[0], AGAIN, MOVED])
    peer.send(ACK)
    t.accept(new)
    events = t.reported(peer.port, [HANDSHAKE[0], AGAIN, MOVED] + HANDSHAKE[1:])
    same([(e["syn_queue"], e["accept_queue"]) for e in events[2:4]], [(1, 0), (0, 1)], "queues")
    same(listeners(port)[0]["accepted"], 1, "accepted by the new one")
    moved(t, events, port)


@story("ipv4")
def request_moves_and_expires(t):
    """a request that moves expires at its new listener once, and at the last resend at none"""
    if not kernel.REQUESTS_MIGRATE:
        return
    t.sysctl("tcp_migrate_req", 1)
    t.sysctl("tcp_synack_retries", 1)
    old, port, peer = asked(t)
    hand_over(t, old, port)
    peer.await_(SYN | ACK)
    moved(t, t.reported(peer.port, [HANDSHAKE[0], AGAIN, MOVED, EXPIRED]), port)
    t.sysctl("tcp_synack_retries", 0)
    old, port, peer = asked(t)
    hand_over(t, old, port)
    t.reported(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed listener-closed"])
    t.counted(TcpExtTCPMigrateReqSuccess=1, TcpExtTCPMigrateReqFailure=1)


@story("ipv4")
def deferred_request_migrates(t):
    """a request that TCP_DEFER_ACCEPT holds back moves without a word on the wire"""
    if not kernel.REQUESTS_MIGRATE:
        return
    t.sysctl("tcp_migrate_req", 1)
    options = [(socket.TCP_DEFER_ACCEPT, 9)]
    old, port, peer = asked(t, options)
    peer.send(ACK)
    deferred = "ack-deferred syn-recv>syn-recv"
    new = hand_over(t, old, port, options)
    t.reported(peer.port, [HANDSHAKE[0], deferred, MOVED])
    peer.send(ACK, data=b"d" * 37)
    t.accept(new)
    moved(t, t.reported(peer.port, [HANDSHAKE[0], deferred, MOVED] + HANDSHAKE[1:]), port)


@story()
def third_ack_migrates(t):
    """a third ACK finds its listener closed and makes its child at another of the group"""
    if not kernel.REQUESTS_MIGRATE:
        return
    t.sysctl("tcp_migrate_req", 1)
    old, port, peer = asked(t)
    new = hand_over(t, old, port)
    peer.send(ACK)
    t.accept(new)
    moved(t, t.reported(peer.port, [HANDSHAKE[0], MOVED] + HANDSHAKE[1:]), port)


def child_moves(t, attach=lambda s: None):
    port = t.new_port()
    old = member(t, port)
    attach(old)
    peers = [t.peer() for _ in range(3)]
    for peer in peers:
        peer.connect(port)
        t.reported(peer.port, HANDSHAKE[:3])
    new = hand_over(t, old, port)
    life = HANDSHAKE[:3] + ["migrated established>established"]
    for peer in peers:
        t.reported(peer.port, life)
        t.accept(new)
    for i, peer in enumerate(peers):
        events = t.reported(peer.port, life + HANDSHAKE[3:])
        same((events[3]["accept_queue"], events[4]["pid"], events[4]["duration_ns"]),
             (i + 1, os.getpid(), events[4]["time"] - events[1]["time"]), "queue, owner, wait")
        moved(t, events, port, success=len(peers))
    same(listeners(port)[0]["accepted"], 3, "accepted by the new one")


@story()
def child_migrates(t):
    """what waits in the accept queue of a listener that closes moves to another of its group"""
    if kernel.REQUESTS_MIGRATE:
        t.sysctl("tcp_migrate_req", 1)
        child_moves(t)


@story("ipv4")
def child_migrates_by_bpf(t):
    """the same, as a BPF program of the group says, with tcp_migrate_req off"""
    if kernel.REQUESTS_MIGRATE:
        child_moves(t, bpf.migrates)


@story("ipv4")
def group_without_migration(t):
    """a group whose requests may not move: each ends with its listener"""
    old, port, peer = asked(t)
    queued = t.peer()
    queued.connect(port)
    t.until(lambda: select.select([old], [], [], 0)[0], "it waits in the accept queue")
    hand_over(t, old, port)
    t.reported(queued.port, HANDSHAKE[:3] + ["rst-sent established>closed listener-closed",
                                         "closed established>closed listener-closed"])
    t.reported(peer.port, [HANDSHAKE[0], "request-reset syn-recv>closed listener-closed"])
    healthy()


def send_twice(peer):
    """The same SYN on two CPUs, as nearly at once as can be."""
    start = threading.Barrier(2)

    def send(cpu):
        os.sched_setaffinity(0, {cpu})
        start.wait()
        peer.send(SYN, seq=peer.isn)

    threads = [threading.Thread(target=send, args=(cpu,)) for cpu in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peer.seq = peer.isn + 1


@story(where=kernel.FINDS_SAME_REQUEST and kernel.HAS_CGROUP_BPF and os.cpu_count() > 1)
def syn_twice_at_once(t):
    """S9 a SYN that comes twice at once is one life: the second finds the first's request"""
    listener, port = t.listener()
    met = 0
    with bpf.slow_requests(40_000_000):
        for attempt in range(31):
            before = t.resent()
            peer = t.peer()
            peer.remote = port
            send_twice(peer)
            peer.await_(SYN | ACK)
            peer.send(ACK)
            t.accept(listener)
            again = t.resent() - before
            events = sorted(t.events(peer.port), key=lambda e: e["conn"] != "0")
            # Or the second came late, and was answered by the SYN+ACK again.
            if not again:
                met += 1
                same([e["event"] for e in events], ["syn-duplicate", "syn-received",
                     "accept-queued", "established", "accepted"], "one life, and the other SYN")
                same((events[0]["conn"], events[0]["seq"]), ("0", peer.isn), "the other SYN")
            same(len({e["conn"] for e in events} - {"0"}), 1, "lives")
            if met == 3:
                break
    print(f"# {met} of {attempt + 1} SYNs met themselves")
    if met < 3:
        raise Wrong("no SYN came twice at once")
    healthy()
