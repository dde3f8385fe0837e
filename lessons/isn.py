# SPDX-License-Identifier: GPL-2.0
"""Lesson: where the initial sequence numbers come from."""
from kit.lesson import lesson
from kit.network import abort, cookie, until
from kit.page import duration
from kit.segment import ACK, SYN


@lesson("Initial sequence numbers: not fixed, not random either")
def isn(page, net):
    page.see("A client connects twice from the same port to the same server, and then from another "
             "port. You will see that the first two ISNs differ by the time between them, and that "
             "the third has nothing to do with either.")
    listener = net.server.listen()
    for port in 50001, 50001, 50003:
        before = len(page.events(net.client, event="closed"))
        s = net.connect(own=port)
        net.server.accept(listener)
        conn = cookie(s)
        abort(s)
        page.event(net.client, "closed", conn=conn)
        until(lambda: len(page.events(net.server, event="closed")) > before, "the server's end")
    page.step("Each connection was ended by a RST, so that its port could be used again at once "
              "and no TIME-WAIT was in the way. The option -a shows numbers as they are on the "
              "wire:")
    page.show(net.client, "tcphs", "events", "-a", "--event", "syn-sent", "-o",
              "time,event,local,details")
    sent = page.events(net.client, event="syn-sent")
    syns = net.wire.wait(lambda s: s.flags == SYN and s.dport == 8080, 9, 3)
    page.claim("The three ISNs of the client: {one}, {two} and {three}.",
               [e["isn"] for e in sent], [s.seq for s in syns],
               one=syns[0].seq, two=syns[1].seq, three=syns[2].seq)
    apart = (syns[1].seq - syns[0].seq) & 0xffffffff
    passed = (sent[1]["time"] - sent[0]["time"]) / 1e9
    page.claim("From one port: the second is larger by {apart}. At one step every 64 ns that is "
               "{clock}; {passed} passed between the two SYNs.",
               abs(apart * 64e-9 - passed) < 0.2, True,
               apart=apart, clock=duration(apart * 64e-9), passed=duration(passed))
    apart = (syns[2].seq - syns[1].seq) & 0xffffffff
    passed = (sent[2]["time"] - sent[1]["time"]) / 1e9
    page.claim("From another port: the third would be {clock} later by that clock; it was "
               "{passed}.",
               abs(apart * 64e-9 - passed) > 0.2 or None, True, clock=duration(apart * 64e-9),
               passed=duration(passed))
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
