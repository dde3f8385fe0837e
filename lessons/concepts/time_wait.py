# SPDX-License-Identifier: GPL-2.0
"""Concept: TIME-WAIT."""
from kit.lesson import concept
from kit.network import cookie


@concept("TIME-WAIT")
def time_wait(page, net):
    page.meaning("The state of whoever closed first, after the last ACK, for 60 s in Linux. The "
                 "socket is gone; a small object of some 250 bytes stands in its place. It is no "
                 "error and no leak.")
    page.meaning("It has two reasons. If the last ACK is lost, the peer sends its FIN again, and "
                 "somebody must be there to answer it. And no late segment of this connection may "
                 "be taken for one of the next between the same addresses and ports.")
    page.meaning("What it costs: on the side that connects, a local port to this destination for a "
                 "minute. On the side that listens, next to nothing; but a program that starts "
                 "again needs SO_REUSEADDR to get its port.")
    listener = net.server.listen()
    for _ in range(5):
        client, server = net.pair(listener)
        conn = cookie(client)
        client.close()
        server.recv(1)
        server.close()
        page.event(net.client, "time-wait", conn=conn)
    page.event(net.server, "closed", 5)
    page.look("A client has connected five times, and closed first each time. AGE is how long they "
              "have been in this state:")
    page.show(net.client, "tcphs", "connections", "--state", "time-wait", "-o",
              "state,age,local,peer")
    page.show(net.client, "ss", "-tano", "state", "time-wait")
    here, there = (m.run("tcphs", "connections", "--state", "time-wait", "-j").splitlines()
                   for m in net.machines())
    page.claim("{count} at the client, which closed first, and none at the server: as ss has it.",
               (len(here), len(there)),
               tuple(len(m.run("ss", "-Htan", "state", "time-wait").splitlines())
                     for m in net.machines()), count=len(here))
    page.setting("The 60 s are a constant of the kernel. net.ipv4.tcp_fin_timeout, which is often "
                 "named, is the time of FIN-WAIT-2 and no other.")
    page.setting("net.ipv4.tcp_tw_reuse lets connect() take the ports of a TIME-WAIT that is older "
                 "than a second, if both sides use timestamps: 2, the default, on loopback alone, "
                 "1 always, 0 never. There is no tcp_tw_recycle any more, since Linux 4.12. "
                 "net.ipv4.tcp_max_tw_buckets is how many there may be; what is beyond is closed "
                 "at once, without the protection. net.ipv4.ip_local_port_range is how many ports "
                 "there are for one destination.")
    page.setting("nstat: TcpExtTW, of those that began; TcpExtTWRecycled, of those that connect() "
                 "has taken; TcpExtTCPTimeWaitOverflow, of those for which there was no room.")
    page.words("TIME_WAIT, 2MSL; \"Address already in use\" (EADDRINUSE) at bind(), \"Cannot "
               "assign requested address\" (EADDRNOTAVAIL) at connect().")
    page.further("last_ack", "time_wait_ends", "first_closer", "no_ports")
