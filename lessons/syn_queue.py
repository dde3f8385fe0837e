# SPDX-License-Identifier: GPL-2.0
"""Lesson: who waits for the third segment."""
from kit.lesson import lesson
from kit.network import Trouble, until
from kit.page import duration
from kit.segment import ACK, SYN


@lesson("The SYN queue: half-open connections, and how long they wait", seconds=40)
def syn_queue(page, net):
    page.see("A SYN comes from a host that will never send the third segment. The half-open "
             "connection waits in the SYN queue of the listener; the SYN+ACK is sent again and "
             "again, each time after twice as long; then the request is given up. After that more "
             "SYNs come than the queue has room for.")
    retries = 2 if page.quick else 4
    net.server.sysctl("tcp_synack_retries", retries)
    net.server.listen()
    page.step("The server may send a SYN+ACK again {retries} times (tcp_synack_retries, which is 5 "
              "by default). A SYN comes from {address}, which won't say more.",
              retries=retries, address="198.51.100.7")
    stranger = net.stranger(7)
    stranger.send(SYN, stranger.isn)
    first = stranger.heard(SYN | ACK)
    page.show(net.server, "ss", "-tn", "state", "syn-recv")
    page.show(net.server, "tcphs", "listeners", "-o", "listener,syn-queue,drops,cookies")
    row = page.listener(net.server)
    page.claim("One request waits in the SYN queue, of {limit} that may: as ss says, too.",
               row["syn_queue"],
               len(net.server.run("ss", "-Htn", "state", "syn-recv").splitlines()),
               limit=row["syn_queue_limit"])
    page.step("Now we wait until it is given up, {seconds} s or a little longer.",
              seconds=2 ** (retries + 1) - 1)
    gone = page.event(net.server, "request-expired", seconds=3 + 2 ** (retries + 1))
    began = page.event(net.server, "syn-received")["time"]
    page.step("After {seconds} it was gone. The whole story, as the server alone has seen it:",
              seconds=duration((gone["time"] - began) / 1e9))
    page.draw(gone["conn"], net.server)
    again = page.events(net.server, event="synack-retransmit")
    seen = net.wire.segments(lambda s: s.flags == SYN | ACK and s.target == stranger.address)
    page.claim("The SYN+ACK was sent again {count} times; the capture has it {all} times in all.",
               len(again) + 1, len(seen), count=len(again), all=len(seen))
    page.claim("Each had the same numbers as the first: seq {seq}, ack {ack}.",
               {(e["seq"], e["ack"]) for e in again}, {(first.seq, first.ack)},
               seq=first.seq, ack=first.ack)
    times = [(e["time"] - began) / 1e9 for e in again]
    gaps = [b - a for a, b in zip([0] + times, times)]
    page.claim("The pauses were {gaps}: about twice as long each time.",
               [abs(a - (b.time - seen[0].time)) < 0.9 for a, b in zip(times, seen[1:])] +
               [2 ** n * 0.8 < gap < 2 ** n * 3 for n, gap in enumerate(gaps)],
               [True] * 2 * retries, gaps=" / ".join(map(duration, gaps)))
    page.claim("No connection came of it.", net.server.counter("TcpPassiveOpens"), 0)
    full(page, net)
    page.beside("nstat has counted the SYN+ACKs that were sent again, and the SYNs that a full SYN "
                "queue has cost. tcpdump has the segments, and nothing of the queue.")
    page.nstat(net.server, "TcpRetransSegs", "TcpExtTCPReqQFullDrop", "TcpPassiveOpens")
    page.tcpdump("host", stranger.address)
    page.tutorial("\"If the queue is full, packets may be lost.\"")
    page.truth("So it is, where SYN cookies are switched off. By default they are on, and then a "
               "full SYN queue costs nobody a connection: see the lesson syn_cookie.")
    page.tutorial("The half-open queue is a queue that the SYNs stand in.")
    page.truth("In today's Linux it is no list of its own. The requests are in the table of all "
               "connections, and the listener counts its own. Its limit is the number that the "
               "program has given to listen(), at most net.core.somaxconn; accept queue and SYN "
               "queue have the same one.")
    page.ask("With the default of 5, how long does a request wait for a third segment that never "
             "comes?")
    page.answer("1 + 2 + 4 + 8 + 16 s until the fifth SYN+ACK, and 32 s more for an answer to "
                "it: 63 s.")


def full(page, net):
    page.step("Now another listener, on port 8081, with a backlog of 4, and SYN cookies are off. "
              "Seven hosts send a SYN each and nothing more.")
    net.server.sysctl("tcp_syncookies", 0)
    net.server.listen(8081, 4)
    for number in range(11, 18):
        stranger = net.stranger(number, 8081)
        stranger.send(SYN, stranger.isn)
    page.event(net.server, "syn-dropped")

    def all_came():
        found = page.events(net.server, local_port=8081)
        return len([e for e in found if e["event"] in ("syn-received", "syn-dropped")]) == 7

    until(all_came, "seven SYNs")
    page.show(net.server, "tcphs", "listeners", "-o", "listener,syn-queue,drops,cookies",
              "--port", "8081")
    page.show(net.server, "tcphs", "events", "--event", "syn-dropped", "-o",
              "event,peer,details")
    dropped = page.events(net.server, event="syn-dropped")
    came = page.events(net.server, event="syn-received", local_port=8081)
    if len(came) + len(dropped) != 7:
        raise Trouble("not seven SYNs")
    page.claim("{came} requests found room, and {dropped} SYNs were dropped, for the SYN queue was "
               "full: as many as the kernel has counted.", len(dropped),
               net.server.counter("TcpExtTCPReqQFullDrop"), came=len(came), dropped=len(dropped))
    answered = {s.target for s in net.wire.segments(lambda s: s.sport == 8081)}
    page.claim("Who was dropped got no answer.", {e["peer"] for e in dropped} & answered, set())
