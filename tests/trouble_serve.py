# SPDX-License-Identifier: GPL-2.0
"""Requests that nobody reads, and answers that do not come."""
import socket
import struct
import subprocess

from examine import trouble, is_of_listener, Look, names_me, says
from tale import same
from wire import ACK, FIN, PSH


def ss(peer, *options):
    return subprocess.run(["ss", *options, "dport", "=", f":{peer.port}"], check=True,
                          capture_output=True).stdout.decode().split()


def unread(peer):
    """Bytes in its Recv-Q."""
    return int(ss(peer, "-Htn", "state", "connected")[1])


def since(peer, what):
    """Milliseconds, as ss knows, which leaves 0 out."""
    return next((int(word.split(":")[1]) for word in ss(peer, "-Htni") if what in word), 0)


def asks(peer, question):
    peer.send(ACK | PSH, data=question)
    peer.await_(ACK)


def waited(t, peer, what):
    t.until(lambda: since(peer, what) >= 150, "its client waits")


def gives_up(peer):
    peer.send(FIN | ACK)
    peer.await_(ACK)


def ignored(t, listener, port, clients):
    """Clients that are accepted, ask, and close when they have waited in vain."""
    peers = t.peers_of(port, clients)
    for peer in peers:
        t.accept(listener)
        asks(peer, b"question")
    for peer in peers:
        waited(t, peer, "lastrcv")
        same(unread(peer), 8, "ss: Recv-Q")
        gives_up(peer)


@trouble
def requests_ignored(t):
    """a server that accepts and does not read, until its clients give up"""
    listener, port = t.listener()
    with Look() as look:
        ignored(t, listener, port, 7)
    finding = look.found(requests_not_read=("critical", 7))
    is_of_listener(finding, port)
    names_me(finding)
    says(finding, "more", "of 7 connections that were closed; the client waited ")
    says(finding, "cause", "it hangs")


@trouble
def sink(t):
    """healthy: a server that reads and never answers, two that are late, one that is asked late"""
    listener, port = t.listener()
    with Look() as look:
        for _ in range(7):
            # One after the other: none may wait for accept().
            peer, = t.peers_of(port, 1)
            s = t.accept(listener)
            asks(peer, b"log line")
            same(s.recv(99), b"log line", "read")
            waited(t, peer, "lastrcv")
            gives_up(peer)
        ignored(t, listener, port, 2)
        last, = t.peers_of(port, 1)
        t.accept(listener)
        asks(last, b"goodbye")
        gives_up(last)
    look.found()
    look.saw("requests", "closed by FIN 10; unread for 100 ms or more 2, unanswered 0")


def unacked(s):
    """How many segments are not confirmed: asked of the socket, for ss takes a time of its own."""
    return struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28), 24)[0]


def calls(t, peer, question, answer, wait=True):
    """A connection to the peer, which may answer, and which we close first."""
    peer.seq = peer.isn
    s = t.established(peer)
    s.send(question)
    peer.await_(ACK, data=question)
    peer.send(ACK)
    if answer:
        peer.send(ACK | PSH, data=answer)
        same(s.recv(99), answer, "the answer")
        peer.await_(ACK)
    t.until(lambda: not unacked(s), "all is confirmed")
    if wait:
        waited(t, peer, "lastsnd")
    s.close()
    peer.await_(FIN | ACK)
    peer.send(FIN | ACK)
    peer.await_(ACK)


@trouble
def answers_missing(t):
    """a peer that takes our requests and says nothing: a notice"""
    peer = t.peer()
    with Look() as look:
        for _ in range(5):
            calls(t, peer, b"question", b"")
        for _ in range(3):
            calls(t, peer, b"question", b"answer", wait=False)
    finding = look.found(no_answers=("notice", 5))
    same(finding["port"], peer.port, "peer")
    names_me(finding)
    says(finding, "more", "of 8 connections that were closed; the client waited ")
    says(finding, "cause", "Where only the client speaks")


@trouble
def answers_come(t):
    """healthy: a peer that answers, and one to which we send and close at once"""
    answers, takes = t.peer(), t.peer()
    with Look() as look:
        for _ in range(5):
            calls(t, answers, b"question", b"answer")
            calls(t, takes, b"log line", b"", wait=False)
    look.found()
