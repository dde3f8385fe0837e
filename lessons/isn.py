# SPDX-License-Identifier: GPL-2.0
"""Lesson: where the initial sequence numbers come from."""
from kit.lesson import lesson
from kit.network import abort, cookie, until
from kit.page import duration
from kit.segment import ACK, SYN


def passed_by_clock(first, second):
    """Seconds between two ISNs, if they were of one clock."""
    return ((second["isn"] - first["isn"]) & 0xffffffff) * 64e-9


def passed(first, second):
    return (second["time"] - first["time"]) / 1e9


def connected_thrice(page, net):
    """What the client has recorded of its three SYNs; nothing: the third one's ISN is by chance
    what that clock would have said (once in a thousand times), or the machine stood still."""
    listener = net.server.listen()
    for port in 50001, 50001, 50003:
        before = len(page.events(net.client, event="closed"))
        s = net.connect(own=port)
        net.server.accept(listener)
        conn = cookie(s)
        abort(s)
        page.event(net.client, "closed", conn=conn)
        until(lambda: len(page.events(net.server, event="closed")) > before, "the server's end")
    sent = page.events(net.client, event="syn-sent")
    near = [abs(passed_by_clock(*pair) - passed(*pair)) < 0.2 for pair in zip(sent, sent[1:])]
    answers = [{"isn": s.seq, "time": s.time * 1e9} for s in
               net.wire.wait(lambda s: s.flags == SYN | ACK, 9, 3)[:2]]
    near.append(abs(passed_by_clock(*answers) - passed(*answers)) < 0.2)
    return sent if near == [True, False, True] else None


@lesson("Initial sequence numbers: not fixed, not random either")
def isn(page, net):
    page.see("A client connects twice from the same port to the same server, and then from another "
             "port. You will see that the first two ISNs differ by the time between them, and that "
             "the third has nothing to do with either.")
    sent = net.caught(lambda: connected_thrice(page, net), "three ISNs")
    page.step("Each connection was ended by a RST, so that its port could be used again at once "
              "and no TIME-WAIT was in the way. The option -a shows numbers as they are on the "
              "wire:")
    page.show(net.client, "tcphs", "events", "-a", "--event", "syn-sent", "-o",
              "time,event,local,details")
    syns = net.wire.wait(lambda s: s.flags == SYN and s.dport == 8080, 9, 3)
    page.claim("The three ISNs of the client: {one}, {two} and {three}.",
               [e["isn"] for e in sent], [s.seq for s in syns],
               one=syns[0].seq, two=syns[1].seq, three=syns[2].seq)
    apart = (syns[1].seq - syns[0].seq) & 0xffffffff
    clock, time = apart * 64e-9, passed(sent[0], sent[1])
    page.claim("From one port: the second is larger by {apart}. At one step every 64 ns that is "
               "{clock}; {passed} passed between the two SYNs.",
               abs(clock - time) < 0.2, True,
               apart=apart, clock=duration(clock), passed=duration(time))
    clock, time = ((syns[2].seq - syns[1].seq) & 0xffffffff) * 64e-9, passed(sent[1], sent[2])
    page.claim("From another port: the third would be {clock} later by that clock; it was "
               "{passed}.",
               abs(clock - time) >= 0.2, True, clock=duration(clock), passed=duration(time))
    page.step("So an ISN is the sum of two things: a clock that counts one every 64 ns, and a hash "
              "of both addresses and both ports with a secret that the kernel made at boot. The "
              "clock keeps segments of an older connection with the same ports out of a new one; "
              "the hash keeps others from guessing.")
    answers = net.wire.wait(lambda s: s.flags == SYN | ACK, 9, 3)
    page.beside("tcpdump -S has the same numbers. The server makes its own in the same way: "
                "compare the first two SYN+ACKs.")
    page.tcpdump("tcp[tcpflags] & tcp-syn != 0")
    page.nstat(net.client, "TcpActiveOpens")
    page.claim("The server's first two are {apart} apart, which is {clock} of that clock.",
               abs(((answers[1].seq - answers[0].seq) & 0xffffffff) * 64e-9 -
                   (answers[1].time - answers[0].time)) < 0.2, True,
               apart=(answers[1].seq - answers[0].seq) & 0xffffffff,
               clock=duration(((answers[1].seq - answers[0].seq) & 0xffffffff) * 64e-9))
    page.tutorial("\"The ISN is random\"; one says: it is generated dynamically.")
    page.truth("The second is the better word. Random numbers might fall into what an older "
               "connection has used a moment ago. To whoever does not know the secret the number "
               "looks random, and that is what matters against forged segments.")
    page.ask("Sequence numbers have 32 bits. After how long does that clock come round?")
    page.answer("2^32 times 64 ns are 275 s. TCP wants it to come round only after every old "
                "segment is gone; a segment is assumed to live for 2 minutes at most.")
