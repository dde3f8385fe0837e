# SPDX-License-Identifier: GPL-2.0
"""At night: who sent the RST."""
from kit.lesson import question
from kit.network import until


@question("\"Connection reset by peer\": who sent the RST, and why?")
def who_reset(page, net):
    page.notice("Clients report \"connection reset by peer\" (ECONNRESET) now and then, and those "
                "who look after the server say that it was not the server.")
    listener = net.server.listen()
    for _ in range(7):
        client, server = net.pair(listener)
        client.send(b"a question")
        until(lambda ss=("ss", "-Htn", "dport", "=", f":{client.getsockname()[1]}"):
              net.server.run(*ss).split()[1:2] == ["10"], "the question")
        server.close()
    page.event(net.client, "rst-received", 7)
    page.look("Every RST that this machine has sent or received, with the reason:")
    page.show(net.server, "tcphs", "events", "--event", "rst-sent,rst-received")
    page.step("What that means, of the last minute:")
    found = page.findings(net.server, "--since", "1m")
    counted = net.server.counter("TcpExtTCPAbortOnClose")
    page.claim("{count} RSTs were sent by the server, because data were unread: as many as the "
               "kernel has counted (TCPAbortOnClose).",
               (len(page.events(net.server, event="rst-sent", reason="unread-data")),
                "reset-by-us" in found), (counted, True), count=counted)
    page.cause("The program has called close() while data waited that it had not read. The kernel "
               "can't say that all was received, so it sends a RST in place of a FIN. What of the "
               "answer had not left yet is lost with it.")
    page.remedy("The program has to read to the end before it closes, or to call shutdown(SHUT_WR) "
                "first and go on reading until the client closes, too. Other reasons have other "
                "cures: tcphs help names explains each.")
