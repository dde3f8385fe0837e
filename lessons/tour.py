# SPDX-License-Identifier: GPL-2.0
"""The tour: what to type, in the order in which one gets to know it."""
from kit.lesson import tour
from kit.network import SERVER, abort, cookie, read


def talk(net, listener, count):
    """One asks, one answers, the client closes first; the number of the last one."""
    for n in range(count):
        client, server = net.pair(listener)
        client.send(b"q" * 43)
        read(server, 43)
        server.send(b"a" * (1009 + n))
        read(client, 1009 + n)
        conn = cookie(client)
        client.close()
        server.recv(1)
        server.close()
    return conn


@tour("tcphs in ten minutes")
def in_ten_minutes(page, net):
    page.see("On the server a program listens on port 8080. Clients come, ask, get their answers "
             "and go; one asks for a port where nobody listens, one hangs up with a RST, and one "
             "stays. Here is what to type, and what it says, on the server unless it says client.")
    listener = net.server.listen(backlog=7)
    conn = talk(net, listener, 5)
    net.client.socket().connect_ex((SERVER, 8081))
    rude, _ = net.pair(listener)
    abort(rude)
    stays, _ = net.pair(listener)
    stays.send(b"q" * 29)
    page.event(net.server, "rst-received")
    page.event(net.server, "accepted", 7)
    page.event(net.server, "closed", 6)
    page.step("Is everything in order? status is the summary; cat /proc/tcphs has it, too, "
              "without any tool, and for everyone.")
    page.show(net.server, "tcphs", "status", first=14)
    page.step("What has happened, the oldest first. An event is a step of one connection (CONN), "
              "from one state to the next; numbers are counted from the ISN.")
    page.show(net.server, "tcphs", "events", first=9)
    page.step("One of these connections from its beginning to its end, as a drawing of both ends:")
    page.draw(conn)
    page.step("A line for each connection: how long it lived, how much it carried, who closed "
              "first, and how it ended, if it has.")
    page.show(net.server, "tcphs", "lives", "-o", "peer,history,life,sent,received,closer,end")
    lives = [life for life in page.lives(net.server) if life["state"] != "established"]
    page.claim("{count} connections are over: as many as the server had accepted, without the one "
               "that stays.", len(lives), net.server.counter("TcpPassiveOpens") - 1,
               count=len(lives))
    page.step("Those that are still there, the longest in its state first; TIME-WAIT is with the "
              "client, who closed first:")
    page.show(net.server, "tcphs", "connections", "-o", "conn,state,age,local,peer,handshake")
    page.show(net.client, "tcphs", "connections", "--state", "time-wait", "-o",
              "conn,state,age,peer")
    page.step("Who listens, with both queues, what overflowed, and how long connections waited for "
              "accept():")
    page.show(net.server, "tcphs", "listeners")
    page.step("Only what went wrong, on the client:")
    page.show(net.client, "tcphs", "events", "--failed")
    failed = page.events(net.client, event="connect-failed")
    page.claim("{count} connect has failed, for {reason}: as the kernel has counted.", len(failed),
               net.client.counter("TcpAttemptFails"), count=len(failed), reason=failed[0]["reason"])
    page.step("And what does all that mean? The doctor judges the last minute. A single connect "
              "that was refused is everyday life to it.")
    found = page.findings(net.server, "--since", "1m")
    page.claim("It finds nothing.", list(found), [])
    page.step("Whatever is shown can be had as JSON, one object a line, for other programs:")
    page.show(net.server, "tcphs", "events", "--event", "accepted", "--json", first=1)
