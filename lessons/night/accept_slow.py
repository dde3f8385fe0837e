# SPDX-License-Identifier: GPL-2.0
"""At night: a server that does not accept."""
import time

from kit.lesson import question
from kit.network import until


@question("Connecting takes seconds, or fails, though the server is idle", seconds=15)
def accept_slow(page, net):
    page.notice("Clients wait one or several seconds for a connection, or give up with a "
                "time-out. The load of the server is low, and its log says nothing: the program "
                "has never seen these clients.")
    net.server.listen(backlog=3)
    for _ in range(4):
        net.connect()
    for _ in range(3):
        net.connecting()
    page.event(net.server, "syn-dropped", 3)
    # From then on nobody calls it a pause any more.
    time.sleep(3.5)
    page.look("Both queues of each listener. ACCEPT-QUEUE is how many wait now, how many there "
              "were at most, and how many the program has asked for; OVERFLOWS is how many came "
              "when it was full:")
    page.show(net.server, "tcphs", "listeners")
    page.step("What that means:")
    found = page.findings(net.server, "--for", "1s")
    waiting = int(net.server.run("ss", "-Hltn").split()[1])
    page.claim("The doctor says accept-hangs, for {waiting} connections: as many as ss has in the "
               "queue.", ("accept-hangs" in found, page.listener(net.server)["accept_queue"]),
               (True, waiting), waiting=waiting)
    met = [e for name in ("syn-dropped", "accept-overflow")
           for e in page.events(net.server, event=name)]
    counted = until(lambda: net.server.counter("TcpExtListenOverflows"), "overflows")
    page.claim("{count} SYNs and third segments met a full queue so far, as the kernel has "
               "counted.", abs(len(met) - counted) <= 1, True, count=counted)
    page.cause("The kernel finishes handshakes by itself and puts the connections into the accept "
               "queue; the program takes them out with accept(). When it does not, because it is "
               "blocked or has too few workers, the queue fills, and SYNs are dropped without an "
               "answer. The client sends its SYN again a second later, and again: hence these "
               "seconds.")
    page.remedy("First the program: the doctor names it, with its process ID. See what it waits "
                "for. A longer queue helps only against bursts that are over within a second: "
                "then raise the number that the program gives to listen(), and "
                "net.core.somaxconn, which limits it.")
