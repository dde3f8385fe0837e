# SPDX-License-Identifier: GPL-2.0
"""Lesson: what the third segment is good for."""
import errno
from types import SimpleNamespace

from kit.lesson import lesson
from kit.network import CLIENT, SERVER, Sender, cookie, read
from kit.page import duration
from kit.segment import ACK, FAST_OPEN, RST, SYN, names, option, sum32

BELIEVES = ("ss", "-tn", "state", "syn-recv")
ACCOUNT, REQUEST = 100, b"take 13"


def refused(net, late):
    """The client's answer to whom the late SYN was answered."""
    return net.wire.wait(lambda s: s.sport == late.source[1] and s.flags & RST, 9)[-1]


def of_three(page, net):
    """A late SYN that asks for a cookie: what ss says of its request while the answer is under
    way, and what comes of it."""
    late = Sender(net, net.client, (CLIENT, 50021), (SERVER, 8080))
    late.send(SYN, late.isn, options=bytes((FAST_OPEN, 2)))
    synack = late.heard(SYN | ACK)
    seen = net.server.run(*BELIEVES)
    return SimpleNamespace(synack=synack, seen=seen, reset=refused(net, late),
                           gone=page.event(net.server, "request-reset"),
                           opened=net.server.counter("TcpPassiveOpens"),
                           queued=page.listener(net.server)["accept_queue"])


def of_two(page, net, listener, given):
    """A late SYN that has a cookie, and a request: what ss says of the connection that accept()
    returns, what the program makes of the request, and what it learns in the end."""
    late = Sender(net, net.client, (CLIENT, 50023), (SERVER, 8080))
    late.send(SYN, late.isn, data=REQUEST, options=given)
    server = net.server.accept(listener)
    seen = net.server.run(*BELIEVES)
    verb, amount = read(server, len(REQUEST)).split()
    left = ACCOUNT - int(amount) if verb == b"take" else ACCOUNT
    in_time = not net.wire.segments(lambda s: s.sport == 50023 and s.flags & RST)
    reset, gone = refused(net, late), page.event(net.server, "rst-received")
    try:
        error = server.recv(1) and 0
    except OSError as e:
        error = e.errno
    return SimpleNamespace(seen=seen, conn=cookie(server), left=left, in_time=in_time,
                           reset=reset, gone=gone, error=error)


def both(page, net):
    """Of three, of two; nothing: somebody has looked later than the answer, or than the next
    SYN+ACK."""
    listener = net.server.listen_early()
    # The delay is so that the learner's eye, and ss, find them.
    net.client.delay(800)
    three = of_three(page, net)
    two = of_two(page, net, listener, option(three.synack, FAST_OPEN))
    synacks = net.wire.segments(lambda s: s.flags == SYN | ACK)
    caught = min(three.seen.count("\n"), two.seen.count("\n")) > 1 and two.in_time
    return (three, two) if caught and len(synacks) == 2 else None


@lesson("Why three: a SYN that comes too late")
def stale_syn(page, net):
    page.see("A SYN of the client was delayed somewhere and comes when nobody waits for its answer "
             "any more. You will see that the client refuses the answer, in time. Then the same "
             "with a handshake for which two segments are enough; Linux has one. There the "
             "refusal comes too late.")
    three, two = net.caught(lambda: both(page, net), "the request, or the connection")
    page.step("On the wire there is a SYN from {address}:50021, with a number of long ago. On the "
              "client no socket has that port. For you to see more, all that the client sends is "
              "delayed by 800 ms.", address=CLIENT)
    page.step("While the answer is under way, this is what the server believes:")
    page.show(net.server, *BELIEVES, text=three.seen)
    page.step("And then:")
    page.draw(three.gone["conn"], net.server)
    page.claim("The request waited in the SYN queue, as ss has seen, too.",
               len(page.events(net.server, event="syn-received", conn=three.gone["conn"])),
               len(three.seen.splitlines()) - 1)
    page.claim("The client's answer to the SYN+ACK was {flags} with seq {seq}, the very number "
               "that the SYN+ACK had acknowledged.", (three.gone["reason"], three.reset.seq),
               ("reset-received", three.synack.ack), flags=names(three.reset.flags),
               seq=three.reset.seq)
    page.claim("That is the late SYN's number + 1.", three.synack.ack, sum32(Sender.isn, 1))
    page.claim("No connection came of it: accept() finds none.",
               (three.opened, three.queued), (0, 0))

    page.step("Now a handshake of two segments: TCP Fast Open. If a SYN has data, and a cookie "
              "that the server has given to this address before, the program gets the data at "
              "once. The SYN+ACK above had the cookie. With it comes a SYN from {address}:50023, "
              "as late as the first: nobody waits there, either. Its data are the request \"take "
              "13\", for a program that keeps an account of 100.", address=CLIENT)
    page.step("While the answer is under way, this is what the server believes:")
    page.show(net.server, *BELIEVES, text=two.seen)
    page.step("And then:")
    page.draw(two.conn, net.server)
    accepted = page.event(net.server, "accepted")
    page.claim("That is no request, but a connection: accept() has returned it, and {bytes} bytes "
               "wait to be read.", (accepted["conn"], int(two.seen.splitlines()[1].split()[0])),
               (two.conn, len(REQUEST)), bytes=len(REQUEST))
    page.claim("The program has read them and done as they say before the client's RST came: "
               "{left} are left.", (accepted["time"] < two.gone["time"], two.left),
               (two.in_time, ACCOUNT - 13), left=two.left)
    page.claim("{flags} came {later} after accept(). It ends the connection, and the program's "
               "next call says ECONNRESET; but what is done is done.",
               (two.gone["conn"], two.gone["old"], two.error),
               (two.conn, "syn-recv", errno.ECONNRESET),
               flags=names(two.reset.flags),
               later=duration((two.gone["time"] - accepted["time"]) / 1e9))
    page.beside("nstat: the client has sent two RSTs. One of them has ended a handshake, the other "
                "one a connection that Fast Open had opened. In tcpdump look at the options tfo: "
                "the cookie is asked for, given, and shown.")
    page.nstat(net.client, "TcpOutRsts")
    page.nstat(net.server, "TcpExtEmbryonicRsts", "TcpPassiveOpens", "TcpExtTCPFastOpenPassive")
    page.tcpdump()
    page.claim("Two RSTs went: one handshake failed, one connection was there.",
               [len(page.events(net.server, event=name))
                for name in ("request-reset", "rst-received", "accepted")],
               [net.server.counter("TcpExtEmbryonicRsts"),
                net.client.counter("TcpOutRsts") - net.server.counter("TcpExtEmbryonicRsts"),
                net.server.counter("TcpExtTCPFastOpenPassive")])
    page.tutorial("\"The client ignores a SYN+ACK that it does not expect.\"")
    page.truth("It answers with a RST, as RFC 9293 wants it, and as you have seen. That is what "
               "takes the request away at once. Were the SYN+ACK ignored, it would be sent again "
               "for a minute: see the lesson syn_queue.")
    page.tutorial("\"Two are not enough, for a late SYN would open a connection at the server.\"")
    page.truth("Just so, and you have seen it: with two, the server has a socket when it sends the "
               "SYN+ACK, and a program that does what nobody wants any more. It is the third "
               "segment, with an ack that only who has read the SYN+ACK can know, that tells the "
               "server: somebody is there, and wants this connection.")
    page.truth("Fast Open does without it, to save the time of a round trip. The cookie is no "
               "substitute: it shows that somebody was at this address once, not that this SYN is "
               "new. RFC 7413 says so (2.1), and leaves Fast Open to requests that may come "
               "twice, or late (6.1).")
    page.ask("And if a late SYN is the first one that comes again, while the client still waits "
             "for the answer?")
    page.answer("Then nothing is wrong: it has the same number, the server sends the same SYN+ACK "
                "again, and the client takes one of them. tcphs calls it syn-duplicate.")
