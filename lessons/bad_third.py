# SPDX-License-Identifier: GPL-2.0
"""Lesson: a third segment that has a SYN."""
from kit.lesson import lesson
from kit.segment import ACK, RST, SYN, names, sum32


@lesson("The third segment has no SYN: what becomes of one that has")
def bad_third(page, net):
    page.see("Two hosts shake hands with the server. One sends the third segment as it should be, "
             "the other one as some tutorials have it: with SYN=1. You will see which of the two "
             "gets a connection.")
    net.server.listen()
    good, bad = net.stranger(5), net.stranger(6)
    for host in good, bad:
        host.send(SYN, host.isn)
    answers = {host: host.heard(SYN | ACK) for host in (good, bad)}
    good.send(ACK, sum32(good.isn, 1), sum32(answers[good].seq, 1))
    bad.send(SYN | ACK, sum32(bad.isn, 1), sum32(answers[bad].seq, 1))
    page.step("{good} has sent ACK=y+1, seq=x+1. {bad} has sent the same with SYN=1. What the "
              "server has made of the first one:", good=good.address, bad=bad.address)
    opened = page.event(net.server, "established", peer=good.address)
    page.draw(opened["conn"], net.server)
    page.step("And of the second:")
    gone = page.event(net.server, "request-reset", peer=bad.address)
    page.draw(gone["conn"], net.server)
    reset = bad.heard(RST) if gone.get("reason") else None
    page.claim("The request with the SYN was given up, the reason is {reason}, and the "
               "answer on the wire was {flags}.", (gone["reason"], names(reset.flags)),
               ("bad-segment", "RST"), reason=gone["reason"], flags=names(reset.flags))
    page.claim("One connection was opened, not two.",
               len(page.events(net.server, event="established")),
               net.server.counter("TcpPassiveOpens"))
    page.beside("nstat counts one connection that was opened, and one handshake that failed. In "
                "tcpdump look for [S.] that comes from {bad}.", bad=bad.address)
    page.show(net.server, "ss", "-tn")
    page.nstat(net.server, "TcpPassiveOpens", "TcpAttemptFails", "TcpExtEmbryonicRsts")
    page.tcpdump()
    page.tutorial("\"Third handshake: SYN=1, ACK=y+1, seq=x+1.\"")
    page.truth("A SYN says: here my numbers begin. Each side says it once. On a segment whose "
               "number is not the first one, a SYN is an error, and Linux answers it with a RST.")
    page.ask("In a simultaneous open, both sides send a SYN before they have seen the other's. Has "
             "each then sent two SYNs?")
    page.answer("Yes, the same one twice: once as SYN, and once more as SYN+ACK, with the same "
                "number, x and not x+1.")
