# SPDX-License-Identifier: GPL-2.0
"""Concept: both queues of a listener."""
from kit.lesson import concept
from kit.segment import ACK, SYN


@concept("SYN queue and accept queue")
def two_queues(page, net):
    page.meaning("A listening socket has two places to wait. From the SYN to the third segment a "
                 "connection is a request, in the state SYN-RECEIVED: it counts for the SYN "
                 "queue. From the third segment on it is ESTABLISHED, and it waits in the accept "
                 "queue until the program calls accept().")
    page.meaning("The SYN queue is a number: requests are kept in the table of all connections, "
                 "and the listener counts its own. The accept queue is a list, and accept() "
                 "takes what has waited longest.")
    page.meaning("When the SYN queue is full, a SYN is answered with a SYN cookie or, where "
                 "cookies are off, dropped. When the accept queue is full, SYNs are dropped, and "
                 "so are third segments: the client is ESTABLISHED then, and the server is not.")
    net.server.listen(backlog=7)
    clients = [net.connect() for _ in range(3)]
    for number in (7, 9):
        stranger = net.stranger(number)
        stranger.send(SYN, stranger.isn)
        stranger.heard(SYN | ACK)
    page.event(net.server, "accept-queued", len(clients))
    page.event(net.server, "syn-received", len(clients) + 2)
    page.look("The program has called listen() with a backlog of 7 and does not call accept(). "
              "Three clients have connected, and two hosts have sent a SYN and nothing more. Each "
              "queue is shown as now/most/limit:")
    page.show(net.server, "tcphs", "listeners", "-o",
              "listener,syn-queue,accept-queue,overflows,drops")
    row = page.listener(net.server)
    page.look("ss has the accept queue of a listener as Recv-Q, its limit as Send-Q, and each "
              "request of the SYN queue as a connection in SYN-RECV:")
    page.show(net.server, "ss", "-ltn")
    page.show(net.server, "ss", "-tn", "state", "syn-recv")
    receive, send = net.server.run("ss", "-Hltn").split()[1:3]
    page.claim("{accept} connections wait in the accept queue and {syn} in the SYN queue, and the "
               "limit of both is {limit}: as ss has it.",
               (row["accept_queue"], row["syn_queue"], row["accept_queue_limit"],
                row["syn_queue_limit"]),
               (int(receive), len(net.server.run("ss", "-Htn", "state", "syn-recv").splitlines()),
                int(send), int(send)),
               accept=row["accept_queue"], syn=row["syn_queue"], limit=row["syn_queue_limit"])
    page.setting("The limit of both is the number that the program gives to listen(), at most "
                 "net.core.somaxconn. It is read when listen() is called, so a changed setting "
                 "counts from the next start of the program.")
    page.setting("net.ipv4.tcp_syncookies decides what a full SYN queue does. "
                 "net.ipv4.tcp_max_syn_backlog, which is often named, counts only while cookies "
                 "are off. net.ipv4.tcp_synack_retries says how often a SYN+ACK is sent again "
                 "before the request is given up. With net.ipv4.tcp_abort_on_overflow a full "
                 "accept queue answers the third segment with a RST.")
    page.setting("nstat, of all listeners together: TcpExtTCPReqQFullDoCookies and "
                 "TcpExtTCPReqQFullDrop of full SYN queues, TcpExtListenOverflows of full accept "
                 "queues, and TcpExtListenDrops of whatever was dropped.")
    page.words("SYN queue: SYN backlog, half-open queue, incomplete connections, request queue. "
               "Accept queue: listen backlog, completed connections.")
    page.further("syn_queue", "accept_queue", "accept_call", "accept_slow")
