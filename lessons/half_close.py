# SPDX-License-Identifier: GPL-2.0
"""Lesson: one direction is closed, the other goes on."""
import socket
import time

from kit.lesson import lesson
from kit.network import cookie, read
from kit.page import duration
from kit.segment import FIN


@lesson("Half-closed: what CLOSE-WAIT is there for")
def half_close(page, net):
    page.see("A client has sent its request and says that no more will come, by shutdown(). The "
             "server still answers, with 5003 bytes, and then closes. You will see how long the "
             "connection was half-closed, and how many bytes went in that time.")
    client, server = net.pair(net.server.listen())
    conn = cookie(client)
    client.send(b"q" * 37)
    client.shutdown(socket.SHUT_WR)
    read(server, 99)
    page.event(net.server, "fin-received")
    page.step("The client has sent 37 bytes and its FIN. read() on the server has returned them, "
              "and then 0: the end of what comes.")
    page.show(net.client, "ss", "-tan")
    page.show(net.server, "ss", "-tan", "exclude", "listening")
    # Something has to be worked out before it can be answered.
    time.sleep(0.5)
    for part in 2003, 3000:
        server.send(b"a" * part)
        read(client, part)
    server.close()
    life = page.event(net.server, "closed")
    page.draw(conn)
    fin = page.event(net.server, "fin-sent")
    fins = net.wire.wait(lambda s: s.flags & FIN, 9, 2)
    carried = sum(len(s.data) for s in net.wire.segments(
        lambda s: s.sport == 8080 and s.time > fins[0].time))
    page.claim("Between the two FINs the server has sent {bytes} bytes: as many as were on the "
               "wire.", fin["half_close_bytes"], carried, bytes=fin["half_close_bytes"])
    # The capture has the first FIN before the socket gets it, and the second one when it has gone.
    page.claim("It was in CLOSE-WAIT for {time}; between the FINs in the capture there are {wire}.",
               0.5 < fin["duration_ns"] / 1e9 < fins[1].time - fins[0].time + 0.001, True,
               time=duration(fin["duration_ns"] / 1e9), wire=duration(fins[1].time - fins[0].time))
    page.claim("The client had closed first, and the close had {n} segments.",
               (life["closer"], life["close_segments"]), ("peer", 4), n=life["close_segments"])
    page.beside("ss has shown FIN-WAIT-2 and CLOSE-WAIT. In tcpdump, data go on after the first "
                "[F.]. nstat counts no half-closed connections, only the TIME-WAIT that follows.")
    page.tcpdump("tcp[tcpflags] & tcp-fin != 0 or greater 100")
    page.nstat(net.client, "TcpExtTW")
    page.tutorial("\"CLOSE-WAIT is there so that the server can finish sending.\"")
    page.truth("Yes. It ends when the program calls close(), and not before: no timer ends it, "
               "unless the program has switched on keep-alive (SO_KEEPALIVE). A server that forgets "
               "to close collects sockets in CLOSE-WAIT until it has no file descriptors left. "
               "tcphs doctor names such a program (close-wait).")
    page.ask("The client calls close() in place of shutdown(), and then the 5003 bytes come. What "
             "happens?")
    page.answer("The first of them is answered with a RST, for nobody will ever read it, and the "
                "server's next write fails with EPIPE or ECONNRESET: see the lesson reset.")
