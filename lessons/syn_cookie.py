# SPDX-License-Identifier: GPL-2.0
"""Lesson: connections that take no memory until they are there."""
from kit.lesson import lesson
from kit.network import cookie, until
from kit.segment import SYN


@lesson("A SYN flood, and SYN cookies", seconds=15)
def syn_cookie(page, net):
    page.see("53 hosts send a SYN each and nothing more, to a listener with a backlog of 7. Then "
             "an honest client comes. You will see that it is served, by a connection that begins "
             "at the third segment: before that the server had nothing of it.")
    listener = net.server.listen(backlog=7)
    for number in range(100, 153):
        stranger = net.stranger(number)
        stranger.send(SYN, stranger.isn)

    def all_came():
        found = page.events(net.server)
        return sum(e["event"] in ("syn-received", "syncookie-sent") for e in found) == 53

    until(all_came, "53 SYNs")
    page.show(net.server, "tcphs", "listeners", "-o", "listener,syn-queue,drops,cookies")
    waiting = net.server.run("ss", "-Htn", "state", "syn-recv").splitlines()
    requests = page.events(net.server, event="syn-received")
    cookies = page.events(net.server, event="syncookie-sent")
    page.claim("{requests} of the SYNs wait as requests in the SYN queue: as many as ss knows in "
               "SYN-RECV.", len(requests), len(waiting), requests=len(requests))
    page.claim("{cookies} were answered with a SYN cookie: as many as the kernel's SyncookiesSent.",
               len(cookies), net.server.counter("TcpExtSyncookiesSent"), cookies=len(cookies))
    page.step("A SYN cookie is a SYN+ACK whose sequence number is a signature of addresses, ports, "
              "time and MSS. The server keeps nothing: whoever answers brings all of it back. Now "
              "the honest client:")
    client = net.connect()
    server = net.server.accept(listener)
    accepted = page.event(net.server, "accepted")
    page.draw(cookie(client))
    queued = page.event(net.server, "accept-queued", peer_port=client.getsockname()[1])
    page.claim("The server's first step in this connection is the third segment. Its cookie was "
               "valid: one, as the kernel has counted.",
               (queued["reason"], page.listener(net.server)["cookies_valid"]),
               ("syncookie", net.server.counter("TcpExtSyncookiesRecv")))
    page.claim("Sockets of the server in SYN-RECV that belong to this client, before or after: "
               "none.",
               [e for e in page.events(net.server, event="syn-received")
                if e["peer_port"] == client.getsockname()[1] and e["peer"] == "192.0.2.1"], [])
    page.claim("accept() got the client's connection and no other.",
               (accepted["peer"], accepted["peer_port"]), server.getpeername())
    page.beside("ss shows those that wait; of a cookie there is nothing to show. nstat has counted "
                "them.")
    page.show(net.server, "ss", "-tn", "state", "syn-recv")
    page.nstat(net.server, "TcpExtSyncookiesSent", "TcpExtSyncookiesRecv",
               "TcpExtTCPReqQFullDoCookies")
    page.tcpdump("port", str(client.getsockname()[1]))
    page.tutorial("\"On a SYN the server allocates resources for the connection\", and that is "
                  "what an attacker uses.")
    page.truth("It does while there is room in the SYN queue: a request, some 300 bytes. "
               "With a SYN cookie it keeps nothing at all, and turns nobody away. With "
               "tcp_syncookies set to 2, no SYN ever takes up memory.")
    page.ask("If cookies cost no memory, why are they not used always?")
    page.answer("The number has no room for what the SYN had offered: window scale and SACK are "
                "kept only if there are timestamps, whose low bits they are hidden in, and of "
                "the MSS only four values. And a SYN+ACK that is lost is not sent again, for "
                "nobody remembers it.")
