# SPDX-License-Identifier: GPL-2.0
"""Lesson: who pays for the close."""
import errno
import socket

from kit.lesson import lesson
from kit.network import SERVER, until

CLIENTS = 29


def served(net, listener, first):
    """One connection that @first, "client" or "server", closes first."""
    ends = dict(zip(("client", "server"), net.pair(listener)))
    one, other = ends.pop(first), ends.popitem()[1]
    one.close()
    other.recv(1)
    other.close()


def time_waits(machine):
    return len(machine.run("ss", "-Htan", "state", "time-wait").splitlines())


@lesson("Who closes first, and what that costs a server", seconds=15)
def first_closer(page, net):
    page.see("29 clients come and go, and each time the server closes first. Then 29 more come, "
             "and close first themselves. You will see where the TIME-WAITs are, and what they "
             "prevent.")
    listener = net.server.listen()
    for _ in range(CLIENTS):
        served(net, listener, "server")
    until(lambda: time_waits(net.server) == CLIENTS, "TIME-WAITs at the server")
    page.step("After the first 29:")
    page.show(net.server, "tcphs", "lives", "-o", "peer,history,closer,end", first=6)
    listener.close()
    s = net.server.socket()
    error = 0
    try:
        s.bind((SERVER, 8080))
    except OSError as e:
        error = e.errno
    page.claim("{n} TIME-WAITs are at the server, none at the client.",
               (len(page.events(net.server, event="time-wait")), 0),
               (time_waits(net.server), time_waits(net.client)), n=CLIENTS)
    page.step("The server's program ends and is started again. It wants its port:")
    page.claim("bind() fails with {error}, for {n} connections of this port are in TIME-WAIT.",
               error, errno.EADDRINUSE, error=errno.errorcode.get(error, error), n=CLIENTS)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((SERVER, 8080))
    s.listen(31)
    page.claim("With SO_REUSEADDR it gets the port.", page.listener(net.server)["port"],
               s.getsockname()[1])
    for _ in range(CLIENTS):
        served(net, s, "client")
    until(lambda: time_waits(net.client) == CLIENTS, "TIME-WAITs at the client")
    page.step("After the other 29, which have closed first themselves:")
    page.show(net.client, "tcphs", "connections", "--state", "time-wait", "-o",
              "state,age,local,peer", first=6)
    page.claim("{n} TIME-WAITs are at the client now, and the server has no more than its {n}.",
               [len(page.events(m, event="time-wait")) for m in net.machines()],
               [time_waits(m) for m in net.machines()], n=CLIENTS)
    closers = {name: len(page.events(net.server, event="closed", closer=name))
               for name in ("local", "peer")}
    page.claim("By the server's own count it closed {local} connections first, and its peers "
               "{peer}.", closers, {"local": CLIENTS, "peer": CLIENTS}, **closers)
    page.beside("ss counts connections by state; nstat counts TIME-WAITs as they begin "
                "(TcpExtTW).")
    for machine in net.machines():
        page.show(machine, "ss", "-s", first=2)
    page.nstat(net.client, "TcpExtTW", "TcpActiveOpens")
    page.tcpdump("tcp[tcpflags] & tcp-fin != 0", "-c", "6")
    page.tutorial("\"The client closes\", always.")
    page.truth("Either side may. With HTTP/1.0, with a keep-alive timeout of the server, or with "
               "a proxy that gives up, the server is first. A TIME-WAIT costs it some 250 bytes, "
               "and it needs SO_REUSEADDR to start again. On the side that connects it costs "
               "more: a local port for a minute. To one destination there are 28232 of them by "
               "default, enough for 470 connections a second.")
    page.ask("A proxy opens a connection to the same backend for each request, and is the first "
             "to close it. At 500 requests a second, what happens?")
    page.answer("After a minute it has no local port left, and connect() fails with "
                "EADDRNOTAVAIL: tcphs doctor calls it ports-exhausted. The cure is to keep "
                "connections open; tcp_tw_reuse helps, too.")
