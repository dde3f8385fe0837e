# SPDX-License-Identifier: GPL-2.0
"""At night: a SYN flood, or not."""
from kit.lesson import question
from kit.network import until


@question("\"Possible SYN flooding\": is it an attack?", seconds=15)
def syn_flood(page, net):
    page.notice("The kernel's log says \"possible SYN flooding on port 8080. Sending cookies\".")
    net.server.listen(backlog=7)
    for number in range(100, 153):
        net.stranger(number).send(2, 1000003)

    def all_came():
        found = page.events(net.server)
        return sum(e["event"] in ("syn-received", "syncookie-sent") for e in found) == 53

    until(all_came, "53 SYNs")
    page.look("The SYN queue of each listener: how many requests wait now, how many there were at "
              "most, and the limit. COOKIES are how many came back, and how many were sent:")
    page.show(net.server, "tcphs", "listeners", "-o", "listener,syn-queue,drops,cookies")
    page.step("What that means, of the last minute:")
    found = page.findings(net.server, "--since", "1m")
    row = page.listener(net.server)
    counted = net.server.counter("TcpExtSyncookiesSent")
    page.claim("{sent} cookies were sent, as the kernel has counted, and {valid} of them came "
               "back: nobody has finished a handshake.",
               (row["cookies_sent"], row["cookies_valid"], row["accepted"], bool(found)),
               (counted, net.server.counter("TcpExtSyncookiesRecv"), 0, True), sent=counted,
               valid=row["cookies_valid"])
    page.cause("More SYNs came than the SYN queue has room for. If cookies come back, these are "
               "clients, and the queue is too short for them, or their third segments are lost. If "
               "hardly any comes back, nobody is there: the addresses are forged, and that is a "
               "flood.")
    page.remedy("Against a flood SYN cookies are the answer, and they are on by default "
                "(net.ipv4.tcp_syncookies = 1): let them be. For real clients, raise the number "
                "that the program gives to listen(), and net.core.somaxconn, which limits it.")
