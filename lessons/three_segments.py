# SPDX-License-Identifier: GPL-2.0
"""Lesson: an ACK and a FIN that are one."""
from kit.lesson import lesson
from kit.network import cookie, read
from kit.segment import FIN, names, sum32


def talk_and_close(page, net):
    """The client's number and the server's last event, when close() came so soon that the ACK
    had not gone yet; nothing: it had."""
    client, server = net.pair(net.server.listen())
    # Who answers each question lets the ACK wait for the answer.
    for _ in range(7):
        client.send(b"ping")
        read(server, 4)
        server.send(b"pong")
        read(client, 4)
    conn, peer = cookie(client), cookie(server)
    client.close()
    server.recv(1)
    server.close()
    life = page.event(net.server, "closed", conn=peer)
    return (conn, life) if life["close_segments"] == 3 else None


@lesson("The close in three segments")
def three_segments(page, net):
    page.see("A client closes; the server sees it and closes at once. You will see that the ACK of "
             "the first FIN and the second FIN are one segment, so that the whole close has three.")
    conn, life = net.caught(lambda: talk_and_close(page, net), "a close() before the ACK")
    page.step("Client and server have asked and answered seven times. The client calls close(), "
              "the server reads the end, and calls close(), too.")
    page.draw(conn)
    port = life["peer_port"]
    fins = net.wire.wait(lambda s: s.flags & FIN and port in (s.sport, s.dport), 9, 2)
    bare = [s for s in net.wire.segments(lambda s: s.dport == port and not s.flags & FIN and
                                         not s.data) if s.ack == sum32(fins[0].seq, 1)]
    page.claim("The close had {n} segments: on the wire there were {bare} ACKs of the first FIN "
               "without the second FIN.",
               life["close_segments"], 3 + len(bare), n=3, bare=len(bare))
    page.claim("The second FIN is {flags}, and its ack is the number of the first FIN + 1.",
               (names(fins[1].flags), fins[1].ack), ("FIN+ACK", sum32(fins[0].seq, 1)),
               flags=names(fins[1].flags))
    both = [page.event(net.client, name, conn=conn) for name in ("fin-acked", "fin-received")]
    page.claim("The client went from FIN-WAIT-1 to TIME-WAIT by that one segment: in between there "
               "were {ns} ns of FIN-WAIT-2.",
               both[1]["time"] - both[0]["time"], 0, ns=both[1]["time"] - both[0]["time"])
    page.beside("In tcpdump there are two [F.] and then one [.]. ss and nstat do not show this.")
    page.tcpdump("port", str(port), "and", "(tcp[tcpflags] & tcp-fin != 0 or "
                 f"(tcp[8:4] = {sum32(fins[1].seq, 1)}))")
    page.nstat(net.client, "TcpInSegs", "TcpOutSegs")
    page.tutorial("\"The close must be four segments, and can't become three.\"")
    page.truth("It is three whenever the other side has nothing left to send and closes before "
               "its ACK has gone; Linux lets an ACK wait for 40 ms or more, hoping for data that "
               "it can go with. Most HTTP connections that a client closes end in this way, also "
               "the one at the top of the README.")
    page.ask("Can the handshake have four segments?")
    page.answer("Yes: in a simultaneous open, each sends a SYN and a SYN+ACK. And the usual three "
                "are four of which two are one: the SYN+ACK is the ACK of one SYN, and the other "
                "SYN.")
