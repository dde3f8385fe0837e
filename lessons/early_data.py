# SPDX-License-Identifier: GPL-2.0
"""Lesson: bytes that come before the handshake is over."""
from kit.lesson import lesson
from kit.network import SERVER, cookie, read
from kit.page import duration
from kit.segment import ACK, FAST_OPEN, SYN, option

MSG_FASTOPEN = 0x20000000


def ask(net, listener):
    """The client's socket, and how much of its question and of the answer has come."""
    s = net.client.socket()
    # One with a timeout does not wait for the handshake: EINPROGRESS.
    s.settimeout(None)
    s.sendto(b"q" * 71, MSG_FASTOPEN, (SERVER, 8080))
    server = net.server.accept(listener)
    question = read(server, 71)
    server.send(b"a" * 43)
    return s, (len(question), len(read(s, 43)))


def asked_twice(page, net):
    """What ask() has said, twice; nothing: accept(), or the answer, came after the third
    segment."""
    net.client.sysctl("tcp_fastopen", 1)
    listener = net.server.listen_early()
    first = ask(net, listener)
    net.client.delay(200)
    second = ask(net, listener)
    early = page.event(net.server, "accepted", 2)["old"] == "syn-recv"
    _, answer, third = second_segments(net)
    return (first, second) if early and answer.time < third.time else None


def second_segments(net):
    """Of the second connection: the SYN, the first segment of the answer, the third segment."""
    syn = net.wire.wait(lambda s: s.flags == SYN, 9, 2)[1]
    return (syn, net.wire.wait(lambda s: s.dport == syn.sport and s.data, 9)[0],
            net.wire.wait(lambda s: s.sport == syn.sport and s.flags == ACK, 9)[0])


@lesson("Data on the third segment, and on the first: TCP Fast Open")
def early_data(page, net):
    page.see("A client that uses TCP Fast Open connects twice. The first time it has no cookie "
             "yet, and its data go with the third segment. The second time the data are on the "
             "SYN, and the server's program reads them before the handshake is over.")
    asked = net.caught(lambda: asked_twice(page, net), "accept() before the third segment")
    page.step("The program on the client sends 71 bytes in place of connect(), with MSG_FASTOPEN.")
    first, (got, _) = asked[0]
    third = page.event(net.server, "established")
    page.draw(cookie(first))
    segment = net.wire.wait(lambda s: s.dport == 8080 and s.data, 9)[0]
    page.claim("The data came with the third segment: {bytes} bytes on the ACK.",
               (third["ack_data"], got), (len(segment.data), 71), bytes=third["ack_data"])
    syn = net.wire.segments(lambda s: s.flags == SYN)[0]
    page.claim("The first SYN carried no data, only a request for a Fast Open cookie.",
               (third.get("syn_data", 0), option(syn, FAST_OPEN)),
               (len(syn.data), bytes((FAST_OPEN, 2))))
    page.step("The server has given the client a cookie. The same again; for you to see more, all "
              "that the client sends is delayed by 200 ms.")
    second, (got, answered) = asked[1]
    opened = page.event(net.server, "established", 2)
    accepted = page.event(net.server, "accepted", 2)
    page.draw(cookie(second))
    syn, answer, third = second_segments(net)
    page.claim("This time the SYN had {bytes} bytes.", (opened["syn_data"], got),
               (len(syn.data), 71), bytes=opened["syn_data"])
    synack = net.wire.wait(lambda s: s.flags == SYN | ACK, 9, 2)[1]
    page.claim("The SYN+ACK acknowledges the SYN and all of its data: ack is the ISN + {n}.", 72,
               (synack.ack - syn.seq) & 0xffffffff, n=(synack.ack - syn.seq) & 0xffffffff)
    page.claim("The kernel counts one such connection on either side.",
               (net.client.counter("TcpExtTCPFastOpenActive"),
                net.server.counter("TcpExtTCPFastOpenPassive")), (1, 1))
    page.claim("accept() returned with this connection in the state {state}, {early} before the "
               "third segment came.", (accepted["old"], accepted["time"] < opened["time"]),
               ("syn-recv", synack.time < third.time), state=accepted["old"].upper(),
               early=duration((opened["time"] - accepted["time"]) / 1e9))
    page.claim("The program has answered, too, before the third segment came: {bytes} bytes, "
               "{later} after the SYN+ACK.", (answered, answer.time < third.time), (len(answer.data), True),
               bytes=len(answer.data), later=duration(answer.time - synack.time))
    page.beside("nstat has counters for Fast Open, one for either side. In tcpdump look at the "
                "length of each [S], and at its option tfo.")
    page.nstat(net.client, "TcpExtTCPFastOpenActive")
    page.nstat(net.server, "TcpExtTCPFastOpenPassive", "TcpExtTCPFastOpenCookieReqd")
    page.tcpdump("port", "8080")
    page.tutorial("\"The first and the second handshake can't carry data, the third can.\"")
    page.truth("A SYN could always carry data; only the program was not allowed to read it before "
               "the handshake was over. TCP Fast Open (RFC 7413) allows that for clients that "
               "have shown in an earlier connection that they can be reached at their address: "
               "the cookie is the proof. It also answers the worry that data on the SYN make "
               "floods worse: without a valid cookie they are not taken. On the SYN+ACK Linux sends "
               "no data, but the answer may follow it at once, as you have seen.")
    page.ask("A SYN with data may come twice, for instance when its SYN+ACK is lost. What must be "
             "true of a request that is sent in this way?")
    page.answer("That it does no harm if it arrives twice: a GET, but not an order. The kernel "
                "hands the data to the program before it can know whether this SYN is a copy.")
