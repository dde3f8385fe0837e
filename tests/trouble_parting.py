# SPDX-License-Identifier: GPL-2.0
"""Connections that end by RST when nothing is under way any more, and when something is."""
import time

from examine import trouble, Look, says
from trouble_reset import exchange, idle, linger0
from tale import nap, same
from wire import ACK, FIN, PATIENCE, PSH, RST

COUNT = 7


def clients(t):
    """Peers that had an answer each, the length of their question is never the same."""
    listener, port = t.listener()
    for n, peer in enumerate(t.peers_of(port, COUNT)):
        s = t.accept(listener)
        peer.send(ACK | PSH, data=b"q" * (9 + n))
        t.until(lambda: len(s.recv(99)) == 9 + n, "the question")
        s.send(b"answer")
        peer.await_(ACK, data=b"answer")
        yield peer, s


@trouble
def pool_that_resets(t):
    """healthy: clients that reset when they had their answer: a notice"""
    with Look() as look:
        for peer, _ in clients(t):
            peer.send(ACK)
            peer.send(RST | ACK)
        t.until(lambda: t.grown("TcpEstabResets") == COUNT, "EstabResets")
    finding = look.found(closed_by_reset=("notice", COUNT))
    says(finding, "measure", "peer reset")
    says(finding, "cause", "The client ends connections by RST")
    same(finding["object"], "listener", "object")


@trouble
def answers_cut_off(t):
    """clients that reset before the answer has arrived"""
    with Look() as look:
        for peer, _ in clients(t):
            peer.send(RST)
        t.until(lambda: t.grown("TcpEstabResets") == COUNT, "EstabResets")
    look.found(reset_by_peer=("warning", COUNT))


@trouble
def asked_again(t):
    """clients that had an answer, ask again and reset: not answered, be it ever so fast"""
    with Look() as look:
        for n, (peer, s) in enumerate(clients(t)):
            peer.send(ACK)
            peer.send(ACK | PSH, data=b"q" * (3 + n))
            t.until(lambda: len(s.recv(99)) == 3 + n, "the question")
            peer.send(RST | ACK)
        t.until(lambda: t.grown("TcpEstabResets") == COUNT, "EstabResets")
    look.found(reset_by_peer=("warning", COUNT))


def pairs(t, answer=b"answer"):
    """Both ends here: a question of another length each time, and its answer."""
    listener, port = t.serve()
    for n in range(COUNT):
        client, server = t.pair(listener, port)
        client.send(b"q" * (9 + n))
        t.until(lambda: len(server.recv(99)) == 9 + n, "the question")
        server.sendall(answer)
        yield client, server


def wait_idle(since, seconds):
    pause = 0.05
    while time.monotonic() < since + seconds * PATIENCE:
        pause = nap(pause, 0.3)


@trouble
def pool_of_ours(t):
    """healthy: our own pool ends connections with SO_LINGER 0: one notice for both ends here"""
    with Look() as look:
        for client, _ in pairs(t):
            same(client.recv(9), b"answer", "answer")
            linger0(client)
            client.close()
        t.until(lambda: t.grown("TcpEstabResets") == 2 * COUNT, "both ends")
    finding = look.found(closed_by_reset=("notice", COUNT))
    same(finding["object"], "peer", "object")
    says(finding, "more", "0 with the end of an answer unread")


@trouble
def downloads_cut_off(t):
    """a client that resets in the middle of answers: who loses them is here, too, and tells"""
    with Look() as look:
        for client, _ in pairs(t, b"x" * 300000):
            client.recv(1000)
            client.close()
        t.until(lambda: t.grown("TcpEstabResets") == 2 * COUNT, "both ends")
    finding = look.found(reset_by_peer=("warning", COUNT), closed_by_reset=("notice", COUNT))
    same(finding["object"], "listener", "object")
    says(look.finding("closed-by-reset"), "more", f"{COUNT} with the end of an answer unread")


@trouble
def server_resets_idle(t):
    """healthy: a server that ends idle connections by RST: a notice"""
    with Look() as look:
        held = list(pairs(t))
        for client, _ in held:
            same(client.recv(9), b"answer", "answer")
        wait_idle(time.monotonic(), 1.1)
        for _, server in held:
            linger0(server)
            server.close()
        t.until(lambda: t.grown("TcpEstabResets") == 2 * COUNT, "both ends")
    finding = look.found(closed_by_reset=("notice", COUNT))
    says(finding, "cause", "The server, or a firewall")
    same(finding["object"], "listener", "object")


@trouble
def server_resets_at_once(t):
    """a server that resets right behind its answer, which may take the answer along"""
    with Look() as look:
        for client, server in pairs(t):
            same(client.recv(9), b"answer", "answer")
            linger0(server)
            server.close()
        t.until(lambda: t.grown("TcpEstabResets") == 2 * COUNT, "both ends")
    look.found(reset_by_us=("warning", COUNT))


@trouble
def last_words(t):
    """healthy: a word before the client's FIN, and one that meets its closed socket (TLS)"""
    with Look() as look:
        for peer, s in clients(t):
            peer.send(ACK)
            peer.send(ACK | PSH | FIN, data=b"close_notify")
            t.until(lambda: s.recv(99) == b"close_notify", "the last word")
            same(s.recv(1), b"", "after it")
            s.send(b"close_notify")
            s.close()
            peer.await_(FIN | ACK)
            peer.send(RST)
    look.found(closed_by_reset=("notice", COUNT))


@trouble
def clients_give_up(t):
    """clients that wait for an answer, and close before it comes"""
    listener, port = t.listener()
    with Look() as look:
        peers = t.peers_of(port, COUNT)
        served = [t.accept(listener) for _ in peers]
        for peer, s in zip(peers, served):
            exchange(peer, s)
            peer.send(ACK | PSH, data=b"question")
            s.recv(8)
        t.until(lambda: idle(peers[-1]) >= 100, "they wait")
        for peer, s in zip(peers, served):
            peer.send(FIN | ACK)
            same(s.recv(1), b"", "it has closed")
            s.send(b"answer")
            peer.await_(ACK, data=b"answer")
            peer.send(RST)
        t.until(lambda: t.grown("TcpEstabResets") == COUNT, "EstabResets")
    finding = look.found(reset_by_peer=("warning", COUNT))
    says(finding, "cause", "closed")
