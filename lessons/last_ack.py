# SPDX-License-Identifier: GPL-2.0
"""Lesson: why TIME-WAIT waits."""
from kit.lesson import lesson
from kit.network import CLIENT, cookie, until
from kit.page import duration
from kit.segment import FIN, sum32


def wait_for_its_end(page, net):
    bucket = page.event(net.client, "time-wait")
    page.step("And now we wait for its end; that takes a minute.")
    end = page.event(net.client, "time-wait-end", seconds=75)
    lasted = (end["time"] - bucket["time"]) / 1e9
    left = net.client.run("ss", "-Htan", "state", "time-wait").strip()
    page.show(net.client, "tcphs", "events", "--event", "time-wait,time-wait-fin,time-wait-end",
              "-o", "time,event,state,details")
    page.claim("TIME-WAIT lasted {time}, and ss has none any more.", (59 < lasted < 75, left),
               (True, ""), time=duration(lasted))


@lesson("TIME-WAIT: the last ACK gets lost; 2MSL", seconds=75)
def last_ack(page, net):
    page.see("The last ACK of a close gets lost. You will see that the server sends its FIN "
             "again, that the client can answer it because it is in TIME-WAIT, and how long it "
             "stays there.")
    client, server = net.pair(net.server.listen())
    conn = cookie(client)
    client.close()
    page.event(net.client, "fin-acked")
    net.server.drop(f"ip saddr {CLIENT} tcp flags == ack")
    server.close()
    page.step("From here on the server's firewall drops bare ACKs of the client, until two are "
              "lost.")
    until(lambda: net.server.dropped() >= 2, "the last ACK is lost")
    net.server.drop_no_more()
    done = page.event(net.server, "closed")
    page.draw(conn)
    again, answered = (page.events(m, event=name) for m, name in
                       ((net.server, "fin-retransmit"), (net.client, "time-wait-fin")))
    fins = net.wire.segments(lambda s: s.flags & FIN and s.sport == 8080)
    acks = net.wire.segments(lambda s: s.source == CLIENT and not s.flags & FIN and
                             s.ack == sum32(fins[0].seq, 1))
    page.claim("The server has sent its FIN {n} times.", len(again) + 1, len(fins), n=len(fins))
    page.claim("The client has acknowledged it {n} times, {late} of them in TIME-WAIT.",
               len(answered) + 1, len(acks), n=len(acks), late=len(answered))
    page.claim("The server was in LAST-ACK for {time}, until an ACK came through.",
               done["old"], "last-ack",
               time=duration((done["time"] - page.event(net.server, "fin-sent")["time"]) / 1e9))
    page.beside("ss -o shows how long TIME-WAIT still lasts. nstat counts the FINs that were sent "
                "again among all retransmitted segments. It does not count those that TIME-WAIT "
                "answered, but (as TCPACKSkippedTimeWait) those that it left unanswered, because "
                "it had answered one less than half a second before.")
    page.show(net.client, "ss", "-tano", "state", "time-wait")
    page.nstat(net.server, "TcpRetransSegs")
    page.nstat(net.client, "TcpExtTCPACKSkippedTimeWait")
    page.tcpdump("tcp[tcpflags] & tcp-fin != 0 or tcp[tcpflags] == tcp-ack")
    if not page.quick:
        wait_for_its_end(page, net)
    page.tutorial("\"TIME-WAIT lasts at least the time of a segment there and back\", or \"2MSL\", "
                  "\"some minutes\".")
    page.truth("In Linux it is 60 s, a constant of the kernel, and no setting changes it: "
               "tcp_fin_timeout, which is often named, is for FIN-WAIT-2. A FIN that comes "
               "again begins the 60 s anew.")
    page.tutorial("\"If the ACK is lost, the server sends the FIN again, and the client answers "
                  "and restarts the 2MSL timer.\"")
    page.truth("Exactly. It is one of two reasons for TIME-WAIT; the other is that no segment of "
               "this connection may be taken for one of the next with the same ports.")
    page.ask("What if the client had already forgotten the connection when the FIN comes again?")
    page.answer("It would answer with a RST. To the server, a connection in which all went well "
                "would end with an error.")
