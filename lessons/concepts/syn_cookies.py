# SPDX-License-Identifier: GPL-2.0
"""Concept: SYN cookies."""
from kit.lesson import concept
from kit.network import until
from kit.segment import SYN


@concept("SYN cookie")
def syn_cookies(page, net):
    page.meaning("An answer to a SYN for which the server keeps nothing. The sequence number of "
                 "the SYN+ACK is the memory: a keyed hash of addresses, ports and time, with the "
                 "MSS in it. Whoever is really at that address brings it back in the third "
                 "segment, as the acknowledged number less 1. If it is valid, and not older than "
                 "two minutes, the connection begins then and there.")
    page.meaning("So a flood of SYNs with forged addresses fills no memory and keeps no honest "
                 "client out. Linux sends cookies when the SYN queue is full.")
    page.meaning("The price: window scaling and SACK are kept only if both sides use timestamps, "
                 "whose low bits they are hidden in; of the MSS there are four values. And a "
                 "SYN+ACK with a cookie is not sent again. If the third segment is lost and the "
                 "client waits for the server to speak first, it waits for a server that does not "
                 "know of it.")
    listener = net.server.listen(backlog=3)
    for number in range(20, 31):
        stranger = net.stranger(number)
        stranger.send(SYN, stranger.isn)

    def all_came():
        found = page.events(net.server)
        return sum(e["event"] in ("syn-received", "syncookie-sent") for e in found) == 11

    until(all_came, "eleven SYNs")
    client = net.connect()
    server = net.server.accept(listener)
    page.event(net.server, "accepted")
    page.look("Eleven hosts have sent a SYN and nothing more, to a listener with a backlog of 3. "
              "Then a client has connected. COOKIES are those that came back, and those that were "
              "sent:")
    page.show(net.server, "tcphs", "listeners", "-o", "listener,syn-queue,drops,cookies")
    row = page.listener(net.server)
    page.claim("{sent} cookies were sent and {valid} came back, as the kernel has counted.",
               (row["cookies_sent"], row["cookies_valid"]),
               (net.server.counter("TcpExtSyncookiesSent"),
                net.server.counter("TcpExtSyncookiesRecv")),
               sent=row["cookies_sent"], valid=row["cookies_valid"])
    page.look("The client's connection on the server. It begins at the third segment; the SYN "
              "before it belongs to no connection:")
    port = str(client.getsockname()[1])
    page.show(net.server, "tcphs", "events", "--port", port, "-o", "conn,event,state,details")
    first = page.events(net.server, event="accept-queued")[-1]
    page.claim("Its first step is accept-queued, with the reason {reason}.",
               (first["reason"], first["peer_port"]), ("syncookie", server.getpeername()[1]),
               reason=first["reason"])
    page.setting("net.ipv4.tcp_syncookies: 1, the default, sends them when the SYN queue is full; "
                 "2 always, so that no SYN takes up memory; 0 never, and then SYNs are "
                 "dropped.")
    page.nstat(net.server, "TcpExtSyncookiesSent", "TcpExtSyncookiesRecv",
               "TcpExtSyncookiesFailed", "TcpExtTCPReqQFullDoCookies")
    page.words("\"Possible SYN flooding on port 8080. Sending cookies.\" in the kernel's log; SYN "
               "flood protection; half-open attack. It has nothing to do with the cookie of TCP "
               "Fast Open, nor with the socket cookie, which is a connection's number (CONN; "
               "sk: of ss -e).")
    page.further("syn_cookie", "early_data", "syn_flood")
