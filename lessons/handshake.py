# SPDX-License-Identifier: GPL-2.0
"""Lesson: three segments, and a number from each side."""
from kit.lesson import lesson
from kit.network import Trouble, cookie
from kit.page import duration
from kit.segment import names, sum32


def known(machine, state):
    """Does ss know a state of that name?"""
    try:
        machine.run("ss", "-tn", "state", {"listen": "listening"}.get(state, state))
    except Trouble:
        return False
    return True


@lesson("The handshake, and both ISNs")
def handshake(page, net):
    page.see("A client connects to a server, and three segments go over the wire. You will see "
             "each of them, the state of either end after it, and the initial sequence number "
             "(ISN) that each end has chosen.")
    listener = net.server.listen()
    page.step("On the server a program listens on port 8080 and calls accept(). On the client a "
              "program calls connect().")
    client, _ = net.pair(listener)
    page.event(net.server, "accepted")
    page.draw(cookie(client))
    page.step("The left line is the client, the right one the server. States stand at the sides. "
              "A slanting line is a segment that was recorded both where it left and where it "
              "arrived. The numbers are counted from the ISN of whoever sends them; the option -a "
              "shows them as they are on the wire. tcphs records steps of the kernel, not "
              "segments: SYN and ACK at a line are inferred from the step. The segments "
              "themselves are in the capture further down, and the two are compared:")
    sent, opened = page.event(net.client, "syn-sent"), page.event(net.client, "established")
    came, queued = page.event(net.server, "syn-received"), page.event(net.server, "accept-queued")
    done = page.event(net.server, "established")
    syn, synack, ack = net.wire.wait(lambda s: 8080 in (s.sport, s.dport), 9, 3)[:3]
    page.claim("The segments were {one}, {two} and {three}.",
               ["SYN", "SYN+ACK", "ACK"], [names(s.flags) for s in (syn, synack, ack)],
               one=names(syn.flags), two=names(synack.flags), three=names(ack.flags))
    page.claim("The client has chosen the ISN {isn}, the server {peer}, and each has learnt the "
               "other's.", (sent["isn"], opened["peer_isn"], done["isn"], came["peer_isn"]),
               (syn.seq, synack.seq, synack.seq, syn.seq), isn=syn.seq, peer=synack.seq)
    page.claim("The SYN+ACK acknowledges {ack}, the client's ISN + 1: a SYN counts as one byte.",
               sum32(sent["seq"], 1), synack.ack, ack=synack.ack)
    page.claim("The third segment has seq {seq} and ack {ack}: both ISNs + 1.",
               (queued["seq"], queued["ack"]), (ack.seq, ack.ack), seq=ack.seq, ack=ack.ack)
    page.claim("The client was ESTABLISHED first, {client} after its SYN; the server {later} "
               "later, when the third segment had come.", opened["time"] < done["time"],
               synack.time < ack.time, client=duration(opened["duration_ns"] / 1e9),
               later=duration((done["time"] - opened["time"]) / 1e9))
    page.beside("ss knows the state, and the number of the socket (sk:), which tcphs calls CONN. "
                "nstat has counted one connection that was opened here, and one there. tcpdump "
                "shows the three segments, with [S] for SYN, [S.] for SYN+ACK and [.] for ACK.")
    page.show(net.client, "ss", "-tne")
    page.nstat(net.client, "TcpActiveOpens")
    page.nstat(net.server, "TcpPassiveOpens")
    page.tcpdump()
    page.claim("One connection was opened on either side.",
               (net.client.counter("TcpActiveOpens"), net.server.counter("TcpPassiveOpens")),
               (1, 1))
    page.tutorial("\"Third handshake: SYN=1, ACK=y+1, seq=x+1.\"")
    page.truth("Its numbers are right, but the third segment has no SYN: it has seen the other "
               "side's SYN and acknowledges it, and its own was sent already. What becomes of one "
               "that has a SYN is shown by the lesson bad_third.")
    page.tutorial("\"SYN_REVD\", \"establised\", \"CLOSE_WAIT2\" ...")
    said = page.show(None, "tcphs", "help", "names", first=3)
    said = said.split("(--state):")[1].split("and their groups")[0].split()
    page.claim("These are {count} states, and ss knows each of them (LISTEN as listening). "
               "close-wait-2 it does not know.",
               [name for name in [*said, "close-wait-2"] if known(net.client, name)], said,
               count=len(said))
    page.truth("There are eleven states, and this is how ss and tcphs write them: LISTEN, "
               "SYN-SENT, SYN-RECEIVED (SYN-RECV), ESTABLISHED (ESTAB), FIN-WAIT-1, FIN-WAIT-2, "
               "CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT and CLOSED. There is no CLOSE-WAIT-2.")
    page.ask("The client may send data as soon as it is ESTABLISHED. At that moment the server is "
             "not ESTABLISHED yet. Can the data be lost because of that?")
    page.answer("No. They come behind the third segment or together with it, and whichever "
                "arrives first has the ACK that makes the server ESTABLISHED: from then on, every "
                "segment carries one.")
