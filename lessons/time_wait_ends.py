# SPDX-License-Identifier: GPL-2.0
"""Lesson: what ends TIME-WAIT before its time."""
import json
import time

from kit.lesson import lesson
from kit.network import CLIENT, SERVER, Machine, Sender, cookie, run, until
from kit.segment import RST


def closed_by_client(page, net, listener, own):
    """A connection from that port, which is in TIME-WAIT at the client."""
    s = net.connect(own=own)
    server = net.server.accept(listener)
    conn, peer = cookie(s), cookie(server)
    s.close()
    server.recv(1)
    server.close()
    page.event(net.client, "closed", conn=conn)
    page.event(net.server, "closed", conn=peer)
    return conn


def container_ends():
    """A network namespace with a TIME-WAIT in it is destroyed; the connection's number."""
    container = Machine("container", "127.0.0.1")
    container.run("ip", "link", "set", "lo", "up")
    listener = container.listen()
    s = container.socket()
    s.connect(("127.0.0.1", 8080))
    server = container.accept(listener)
    conn = cookie(s)
    for one in s, server, listener:
        one.close()
    until(lambda: container.run("ss", "-Htan", "state", "time-wait").strip(), "TIME-WAIT")
    container.end()
    return conn


def reported(conn):
    """Whatever namespace it was in: the end of its TIME-WAIT."""
    text = run("tcphs", "events", "-A", "-j", "--conn", conn, "--event", "time-wait-end")
    return [json.loads(line) for line in text.splitlines()]


@lesson("The five early ends of TIME-WAIT", seconds=25)
def time_wait_ends(page, net):
    page.see("TIME-WAIT lasts 60 s, unless something ends it. You will see five things that do: "
             "connect(), a RST, a SYN that comes, a table that is full, and the end of the "
             "network namespace.")
    listener = net.server.listen()
    ends = []

    page.step("1. connect() may take the ports of a TIME-WAIT that is older than a second, if both "
              "sides use timestamps and tcp_tw_reuse allows it (by default for loopback "
              "alone).")
    net.client.sysctl("tcp_tw_reuse", 1)
    conn = closed_by_client(page, net, listener, 50031)
    # The kernel wants a second between them, in whole seconds of the clock.
    time.sleep(2.1)
    again, _ = net.pair(listener, own=50031)
    end = page.event(net.client, "time-wait-end", conn=conn)
    page.draw(conn, net.client)
    page.claim("It has given way to connect(): {reason}. The kernel has counted it (TWRecycled).",
               (end["reason"], len(page.events(net.client, event="time-wait-end"))),
               ("reused-by-connect", net.client.counter("TcpExtTWRecycled")),
               reason=end["reason"])
    ends.append(end["reason"])
    again.close()

    page.step("2. A RST with the right number ends it. (With tcp_rfc1337 set, the kernel ignores "
              "it.)")
    conn = closed_by_client(page, net, listener, 50033)
    last = page.event(net.client, "time-wait", conn=conn)
    Sender(net, net.server, (SERVER, 8080), (CLIENT, 50033)).send(RST, last["ack"])
    end = page.event(net.client, "time-wait-end", conn=conn)
    page.claim("It was ended by the RST: {reason}. ss has no TIME-WAIT on this port any more.",
               (end["reason"], net.client.run("ss", "-Htan", "sport", "=", ":50033").strip()),
               ("reset-received", ""), reason=end["reason"])
    ends.append(end["reason"])

    page.step("3. A SYN that comes, with a number beyond those of the old connection, "
              "is a new beginning: the server had closed first here, so TIME-WAIT is on "
              "its side.")
    s = net.connect(own=50035)
    server = net.server.accept(listener)
    conn, peer = cookie(s), cookie(server)
    server.close()
    s.recv(1)
    s.close()
    page.event(net.server, "closed", conn=peer)
    page.event(net.client, "closed", conn=conn)
    net.pair(listener, own=50035)
    end = page.event(net.server, "time-wait-end", conn=peer)
    page.claim("It has given way to the SYN: {reason}. The new connection is there.",
               (end["reason"], len(net.server.run("ss", "-Htn", "state", "established", "dport",
                                                  "=", ":50035").splitlines())),
               ("reused-by-syn", 1), reason=end["reason"])
    ends.append(end["reason"])

    page.step("4. Where there are as many as tcp_max_tw_buckets, the next one is not made at "
              "all.")
    net.client.sysctl("tcp_max_tw_buckets", 0)
    s = net.connect(own=50037)
    server = net.server.accept(listener)
    conn = cookie(s)
    s.close()
    server.recv(1)
    server.close()
    end = page.event(net.client, "closed", conn=conn)
    page.claim("There was no TIME-WAIT: {reason}. The kernel has counted it (TCPTimeWaitOverflow).",
               (end["reason"], 1),
               ("time-wait-full", net.client.counter("TcpExtTCPTimeWaitOverflow")),
               reason=end["reason"])
    ends.append(end["reason"])
    page.show(net.client, "tcphs", "events", "--event", "time-wait-end", "-o",
              "event,local,details")

    page.step("5. A network namespace ends, as that of a container does, and all that is in it "
              "goes with it. Here one that had a connection over its loopback, closed a moment "
              "ago.")
    conn = container_ends()
    end = until(lambda: reported(conn), "the end of the namespace")[0]
    page.claim("It went with its namespace: {reason}.", end["reason"], "netns-exit",
               reason=end["reason"])
    ends.append(end["reason"])
    page.claim("Five ends, five reasons, and none of them was the time.",
               (len(set(ends)), "timeout" in ends), (5, False))
    page.beside("ss only shows that they are gone. nstat counts two of these ends, TWRecycled and "
                "TCPTimeWaitOverflow; TW counts TIME-WAITs as they begin.")
    page.nstat(net.client, "TcpExtTW", "TcpExtTWRecycled", "TcpExtTCPTimeWaitOverflow")
    page.show(net.client, "ss", "-tan", "state", "time-wait")
    page.tcpdump("port 50033 or port 50035")
    page.tutorial("TIME-WAIT ends after 2MSL.")
    page.truth("That is what it does when it is left alone. On a busy machine each of these "
               "happens, and some of them are settings with a price: without TIME-WAIT, an old "
               "segment may be taken for one of a new connection.")
    page.ask("Which of the five becomes rarer when net.ipv4.tcp_max_tw_buckets is raised, and is "
             "it worth it?")
    page.answer("The fourth. A TIME-WAIT takes some 250 bytes, so memory is seldom what is short. "
                "Ports are, more often: 28232 to one destination, by default.")
