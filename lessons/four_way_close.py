# SPDX-License-Identifier: GPL-2.0
"""Lesson: two FINs and two ACKs."""
from kit.lesson import lesson
from kit.network import cookie, read
from kit.page import duration
from kit.segment import FIN, names, sum32


@lesson("The close in four segments")
def four_way_close(page, net):
    page.see("Client and server have talked. The client closes; the server goes on for a moment "
             "and then closes, too. You will see four segments, the states that they lead to, and "
             "that their sequence numbers go on from where the data ended.")
    client, server = net.pair(net.server.listen())
    client.send(b"q" * 37)
    read(server, 37)
    server.send(b"a" * 1009)
    read(client, 1009)
    page.step("The client has sent 37 bytes, the server 1009. Now the client calls close(), and "
              "the server once it has seen the end of what comes.")
    conn = cookie(client)
    client.close()
    page.event(net.server, "fin-received")
    page.show(net.client, "ss", "-tn", "state", "fin-wait-2")
    page.show(net.server, "ss", "-tn", "state", "close-wait")
    page.event(net.client, "fin-acked")
    server.close()
    life = page.event(net.server, "closed")
    page.draw(conn)
    page.show(net.client, "ss", "-tno", "state", "time-wait")

    ours, theirs = page.event(net.client, "fin-sent"), page.event(net.server, "fin-sent")
    opened = page.event(net.client, "established")
    closing = [s for s in net.wire.segments() if s.flags & FIN]
    last = net.wire.wait(lambda s: s.dport == 8080 and s.ack == sum32(theirs["seq"], 1), 9)[-1]
    page.claim("The close had {count} segments.", life["close_segments"],
               len(closing) + len(net.wire.segments(
                   lambda s: not s.flags & FIN and s.ack in [sum32(f.seq, 1) for f in closing])),
               count=life["close_segments"])
    page.claim("The client's FIN has seq {seq}: its ISN + 1 for the SYN + 37 bytes.",
               (ours["seq"], ours["seq"]), (sum32(opened["isn"], 38), closing[0].seq),
               seq=closing[0].seq)
    page.claim("The server's FIN has seq {seq}: its ISN + 1 for the SYN + 1009 bytes.",
               (theirs["seq"], theirs["seq"]), (sum32(opened["peer_isn"], 1010), closing[1].seq),
               seq=closing[1].seq)
    page.claim("The two FINs were {one} and {two}: a FIN always carries an ACK.",
               [names(s.flags) for s in closing], ["FIN+ACK"] * 2,
               one=names(closing[0].flags), two=names(closing[1].flags))
    bucket, gone = page.event(net.client, "time-wait"), page.event(net.server, "fin-acked")
    page.claim("The last ACK went when the client entered TIME-WAIT, and the server was CLOSED "
               "{later} after that.", (bucket["ack"], gone["new"], bucket["time"] < gone["time"]),
               (last.ack, "closed", True),
               later=duration((gone["time"] - bucket["time"]) / 1e9))
    page.claim("The client is in TIME-WAIT still, the server has nothing left.",
               [len(m.run("ss", "-Htan", "state", "time-wait").splitlines())
                for m in net.machines()] +
               [len(net.server.run("ss", "-Htan", "exclude", "listening").splitlines())], [1, 0, 0])
    page.beside("tcpdump shows the close with [F.] for FIN+ACK. nstat has no counter of closes; "
                "TcpExtTW counts TIME-WAITs as they begin.")
    page.tcpdump("tcp[tcpflags] & tcp-fin != 0 or tcp[tcpflags] == tcp-ack")
    page.nstat(net.client, "TcpExtTW")
    page.tutorial("\"FIN=1, a random seq=u\", and the server's with a random w.")
    page.truth("Nothing here is random. A FIN has the number that the next byte would have had, "
               "as the figures above show, and takes up one number itself. How the first number "
               "is chosen: see the lesson isn.")
    page.tutorial("\"The client sends the last ACK after 2MSL\", and the server waits for it.")
    page.truth("The ACK goes at once, {delay} after the server's FIN had come. It is the state "
               "TIME-WAIT that lasts 2MSL: 60 s in Linux. The server is CLOSED when the ACK comes.",
               delay=duration(last.time - closing[1].time))
    page.ask("Who spends the minute in TIME-WAIT: the client, or whoever closed first?")
    page.answer("Whoever closed first, on whichever side: it sends the last ACK, and only it can "
                "send that again. See the lesson first_closer.")
