# SPDX-License-Identifier: GPL-2.0
"""Lesson: what accept() does not do."""
import time

from kit.lesson import lesson
from kit.network import cookie, read, until
from kit.page import duration


@lesson("accept() is no part of the handshake")
def accept_call(page, net):
    page.see("A client connects and sends a request to a server whose program does nothing. You "
             "will see that the connection is there all the same, that the request is "
             "acknowledged, and what accept() adds when it is called at last.")
    listener = net.server.listen()
    client = net.connect()
    client.send(b"q" * 43)
    until(lambda: net.server.run("ss", "-Htn", "state", "established").split()[:1] == ["43"],
          "the request")
    page.step("The client has connected and sent 43 bytes. On the server nobody has called "
              "accept() yet.")
    page.show(net.server, "ss", "-tanp")
    row = net.server.run("ss", "-Htnp", "state", "established")
    page.claim("The connection is ESTABLISHED, holds 43 bytes that nobody has read, and belongs to "
               "no process.", (int(row.split()[0]), "users:" in row), (43, False))
    page.show(net.server, "tcphs", "listeners")
    page.claim("It waits in the accept queue.", page.listener(net.server)["accept_queue"],
               int(net.server.run("ss", "-Hltn").split()[1]))
    before = net.wire.segments()
    # So that the wait is one that can be read off the drawing.
    time.sleep(0.7)
    server = net.server.accept(listener)
    read(server, 43)
    accepted = page.event(net.server, "accepted")
    page.step("Now the program calls accept(), and reads.")
    page.draw(cookie(client))
    page.show(net.server, "ss", "-tnp")
    established = page.event(net.server, "established")
    page.claim("ESTABLISHED came first, accept() {wait} after it.",
               established["time"] < accepted["time"], True,
               wait=duration((accepted["time"] - established["time"]) / 1e9))
    page.claim("accept() put nothing on the wire.", len(net.wire.segments()), len(before))
    page.claim("The call returns the socket whose number ss and tcphs have shown.",
               accepted["conn"], cookie(server))
    page.beside("ss shows the queue of a listener as Recv-Q, and who waits in it as a connection "
                "without a process. How long each of them waits only tcphs knows (WAIT-P50 and "
                "WAIT-P99 of tcphs listeners).")
    page.show(net.server, "ss", "-ltn")
    page.nstat(net.server, "TcpPassiveOpens")
    page.tcpdump()
    page.tutorial("\"The client calls connect(), the server accept(), and so the three segments "
                  "are exchanged.\"")
    page.truth("On the server the kernel exchanges them by itself, for every socket that listens. "
               "accept() takes the oldest connection that is ready, and waits if there is none.")
    page.ask("A load balancer checks a server by opening a connection. The server's program hangs. "
             "What does the check say?")
    page.answer("That all is well, until the accept queue is full: the kernel answers for the "
                "program. Only a check that waits for the answer to a request finds out.")
