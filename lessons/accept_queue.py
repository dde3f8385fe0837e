# SPDX-License-Identifier: GPL-2.0
"""Lesson: who waits for accept()."""
from kit.lesson import lesson
from kit.network import cookie, until
from kit.segment import SYN


def crowd(page, net):
    """The listener, and three clients, of whom the last one's third segment met a full queue;
    nothing: its SYN came so late that it met a full queue already."""
    listener = net.server.listen(backlog=1)
    # A SYN that meets a full accept queue is dropped, and a SYN cookie answers one that meets a
    # full SYN queue.
    clients = [net.connect()]
    page.event(net.server, "accept-queued")
    net.client.delay(600)
    clients += [net.connecting() for _ in range(2)]
    met = until(lambda: [e for e in page.events(net.server)
                         if e["event"] in ("accept-overflow", "syn-dropped")], "a full queue")
    return (listener, clients) if met[0]["event"] == "accept-overflow" else None


@lesson("The accept queue: full, and what the client learns of it", seconds=15)
def accept_queue(page, net):
    page.see("A program listens and does not call accept(). The kernel finishes the handshakes, "
             "and they wait in the accept queue until there is no room. You will see a client "
             "that is connected, and a server that does not think so.")
    listener, clients = net.caught(lambda: crowd(page, net), "a third segment at a full queue")
    page.step("The program calls listen() with a backlog of 1. That is room for two, because "
              "Linux calls a queue full when it holds more than the backlog. One client connects. "
              "Then two more connect at the same time, over a wire that takes 600 ms, so that "
              "both SYNs meet a queue which is not full yet. A fourth comes a little later.")
    port = page.event(net.server, "accept-overflow")["peer_port"]
    third = next(s for s in clients if s.getsockname()[1] == port)
    page.event(net.client, "established", local_port=port)
    fourth = net.connecting()
    page.event(net.server, "syn-dropped", peer_port=fourth.getsockname()[1])
    page.show(net.server, "tcphs", "listeners", "-o", "listener,accept-queue,overflows,drops")
    row = page.listener(net.server)
    receive, send = net.server.run("ss", "-Hltn").split()[1:3]
    page.claim("{now} wait in the accept queue, its limit is {limit}: ss has the same as Recv-Q "
               "and Send-Q.", (row["accept_queue"], row["accept_queue_limit"]),
               (int(receive), int(send)), now=row["accept_queue"], limit=row["accept_queue_limit"])
    page.show(net.server, "ss", "-ltn")
    page.step("The client whose third segment came last. To its program, connect() has said that "
              "it is connected:")
    page.show(net.client, "ss", "-tn", "sport", "=", f":{port}")
    page.show(net.server, "ss", "-tan", "exclude", "listening")
    states = [line.split()[0] for m in net.machines()
              for line in m.run("ss", "-Htan", "exclude", "listening").splitlines()
              if f":{port}" in line]
    page.claim("It is {client} at the client and {server} at the server, which has dropped the "
               "third segment.", states,
               ["ESTAB" if page.events(net.client, event="established", local_port=port) else "",
                "SYN-RECV" if page.events(net.server, event="accept-overflow", peer_port=port)
                else ""], client=states[0], server=states[1])
    page.step("Now the program calls accept() twice, and there is room. To the server the third "
              "segment has never come, so it sends its SYN+ACK again. The client repeats the third "
              "segment, and is let in.")
    for _ in range(2):
        net.server.accept(listener)
    page.event(net.server, "established", peer_port=port)
    page.draw(cookie(third))
    page.step("And the fourth: its SYN was dropped without an answer. It sends it again.")
    page.event(net.client, "established", local_port=fourth.getsockname()[1])
    page.draw(cookie(fourth))
    over, dropped = (page.events(net.server, event=name)
                     for name in ("accept-overflow", "syn-dropped"))
    until(lambda: net.server.counter("TcpExtListenOverflows") >= len(over) + len(dropped), "count")
    over, dropped = (page.events(net.server, event=name)
                     for name in ("accept-overflow", "syn-dropped"))
    page.claim("{over} third segments and {dropped} SYNs met a full accept queue: together as many "
               "as the kernel's ListenOverflows.", len(over) + len(dropped),
               net.server.counter("TcpExtListenOverflows"), over=len(over), dropped=len(dropped))
    again = page.events(net.client, event="syn-retransmit")
    syns = net.wire.segments(lambda s: s.flags == SYN and s.sport == fourth.getsockname()[1])
    page.claim("The fourth client's SYN was on the wire {count} times.", len(again) + 1, len(syns),
               count=len(syns))
    page.beside("nstat has the sums of all listeners together; which one it was it does not say.")
    page.nstat(net.server, "TcpExtListenOverflows", "TcpExtListenDrops")
    page.tcpdump("port", str(port))
    page.tutorial("\"When the third handshake comes, the server puts the connection into the full "
                  "queue\", and a full one loses packets.")
    page.truth("Where the queue is full the segment is dropped, and the connection stays "
               "half-open. The client can't know: it has the SYN+ACK, so it is ESTABLISHED, and "
               "may send its request into the void. With tcp_abort_on_overflow it gets a RST "
               "instead.")
    page.ask("A listener has ACCEPT-QUEUE 2/2/1, WAIT-P99 of 4 s and many OVERFLOWS. Does a "
             "longer queue help?")
    page.answer("No. Connections that wait for four seconds would wait even longer in a longer "
                "queue. The program is too slow to call accept(): tcphs doctor names it, with its "
                "process ID.")
