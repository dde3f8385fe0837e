# SPDX-License-Identifier: GPL-2.0
"""Lesson: what the third segment is good for."""
from kit.lesson import lesson
from kit.network import CLIENT, SERVER, Sender
from kit.segment import ACK, RST, SYN, names, sum32

BELIEVES = ("ss", "-tn", "state", "syn-recv")


def late_syn(net):
    """The listener, who has sent the SYN, and what ss says of the request while the answer is under
    way; nothing: ss was later than the answer, or that later than the next SYN+ACK."""
    listener = net.server.listen()
    # The delay is so that the learner's eye, and ss, find the request.
    net.client.delay(800)
    late = Sender(net, net.client, (CLIENT, 50021), (SERVER, 8080))
    late.send(SYN, late.isn)
    late.heard(SYN | ACK)
    seen = net.server.run(*BELIEVES)
    net.wire.wait(lambda s: s.source == CLIENT and s.flags & RST, 9)
    synacks = net.wire.segments(lambda s: s.flags == SYN | ACK)
    return (listener, late, seen) if seen.count("\n") > 1 and len(synacks) == 1 else None


@lesson("Why three: a SYN that comes too late")
def stale_syn(page, net):
    page.see("A SYN of the client was delayed somewhere and comes when nobody waits for its answer "
             "any more. You will see that the client refuses the answer, and what would "
             "happen if two segments were enough.")
    listener, late, seen = net.caught(lambda: late_syn(net), "the request")
    page.step("On the wire there is a SYN from {address}:50021, with a number of long ago. On the "
              "client no socket has that port. For you to see more, all that the client sends is "
              "delayed by 800 ms.", address=CLIENT)
    page.step("While the answer is under way, this is what the server believes:")
    page.show(net.server, *BELIEVES, text=seen)
    gone = page.event(net.server, "request-reset")
    page.step("And then:")
    page.draw(gone["conn"], net.server)
    page.claim("The request waited in the SYN queue, as ss has seen, too.",
               len(page.events(net.server, event="syn-received")), len(seen.splitlines()) - 1)
    synack = net.wire.wait(lambda s: s.flags == SYN | ACK, 9)[0]
    reset = net.wire.wait(lambda s: s.source == CLIENT and s.flags & RST, 9)[-1]
    page.claim("The client's answer to the SYN+ACK was {flags} with seq {seq}, the very number "
               "that the SYN+ACK had acknowledged.", (gone["reason"], reset.seq),
               ("reset-received", synack.ack), flags=names(reset.flags), seq=reset.seq)
    page.claim("That is the late SYN's number + 1.", synack.ack, sum32(late.isn, 1))
    page.claim("No connection came of it: accept() finds none.",
               (net.server.counter("TcpPassiveOpens"), page.listener(net.server)["accept_queue"]),
               (0, 0))
    listener.close()
    page.beside("nstat: the client has sent a RST, the server has counted a handshake that failed.")
    page.nstat(net.client, "TcpOutRsts")
    page.nstat(net.server, "TcpAttemptFails", "TcpExtEmbryonicRsts", "TcpPassiveOpens")
    page.tcpdump()
    page.claim("One RST went, one handshake failed.",
               (net.client.counter("TcpOutRsts"), net.server.counter("TcpAttemptFails")), (1, 1))
    page.tutorial("\"The client ignores a SYN+ACK that it does not expect.\"")
    page.truth("It answers with a RST, as RFC 9293 wants it, and as you have seen. That is what "
               "takes the request away at once. Were the SYN+ACK ignored, it would be sent again "
               "for a minute: see the lesson syn_queue.")
    page.tutorial("\"Two are not enough, for a late SYN would open a connection at the server.\"")
    page.truth("Just so. With two, the server would be ESTABLISHED when it had sent the SYN+ACK: "
               "with a socket, its memory, and a program that waits for a request which never "
               "comes. It is the third segment, with an ack that only who has read the SYN+ACK "
               "can know, that tells the server: somebody is there, and wants this connection.")
    page.ask("And if a late SYN is the first one that comes again, while the client still waits "
             "for the answer?")
    page.answer("Then nothing is wrong: it has the same number, the server sends the same SYN+ACK "
                "again, and the client takes one of them. tcphs calls it syn-duplicate.")
