# SPDX-License-Identifier: GPL-2.0
"""Lesson: four ways to a RST."""
import errno
import time

from kit.lesson import lesson
from kit.network import SERVER, abort, cookie, until
from kit.segment import RST


def refused(page, net):
    page.step("1. Nobody listens on port 8081. A client connects to it.")
    s = net.client.socket()
    error = s.connect_ex((SERVER, 8081))
    event = page.event(net.client, "connect-failed")
    page.draw(event["conn"])
    page.claim("connect() failed with {error}, and tcphs says: {reason}.",
               (event["reason"], error), ("refused", errno.ECONNREFUSED),
               error=errno.errorcode[error], reason=event["reason"])


def aborted(page, net, listener):
    page.step("2. A program closes with SO_LINGER set to 0 seconds: not a FIN goes, but a RST.")
    client, server = net.pair(listener)
    conn = cookie(client)
    abort(client)
    event = page.event(net.client, "rst-sent", conn=conn)
    page.event(net.server, "closed", conn=cookie(server))
    page.draw(conn)
    try:
        server.recv(1)
        error = 0
    except OSError as e:
        error = e.errno
    page.claim("The client has sent it for {reason}; read() on the server failed with {error}.",
               (event["reason"], error), ("linger", errno.ECONNRESET),
               reason=event["reason"], error=errno.errorcode.get(error, error))


def unread(page, net, listener):
    page.step("3. The client has sent 29 bytes, and the server answers with 101 and closes without "
              "having read them. It can't say \"I got all of it\", so it sends a RST.")
    client, server = net.pair(listener)
    conn, peer = cookie(client), cookie(server)
    client.send(b"u" * 29)
    until(lambda: net.server.run("ss", "-Htn", "dport", "=", f":{client.getsockname()[1]}")
          .split()[1] == "29", "29 bytes wait")
    server.send(b"a" * 101)
    server.close()
    event = page.event(net.server, "rst-sent", conn=peer)
    page.event(net.client, "closed", conn=conn)
    page.draw(conn)
    page.claim("The server has sent it for {reason}: {bytes} bytes.",
               (event["reason"], event.get("unread", 29)), ("unread-data", 29),
               reason=event["reason"], bytes=29)
    answer, error = client.recv(999), 0
    try:
        client.recv(1)
    except OSError as e:
        error = e.errno
    page.claim("What had come before the RST the client's program can still read: {bytes} bytes. "
               "The next read() failed with {error}.",
               (len(answer), error),
               (sum(len(s.data) for s in net.wire.segments(
                   lambda s: s.dport == client.getsockname()[1] and s.sport == 8080)),
                errno.ECONNRESET), bytes=len(answer), error=errno.errorcode.get(error, error))


def after_close(page, net, listener):
    page.step("4. The client has closed, and the server sends all the same.")
    client, server = net.pair(listener)
    conn = cookie(client)
    client.close()
    server.recv(1)
    page.event(net.client, "fin-acked", conn=conn)
    server.send(b"late")
    event = page.event(net.client, "rst-sent", conn=conn)
    page.event(net.server, "rst-received", conn=cookie(server))
    page.draw(conn)
    try:
        server.send(b"later")
        error = 0
    except OSError as e:
        error = e.errno
    page.claim("The client has sent it for {reason}. The server's first send() went well; the next "
               "one failed with {error}.", (event["reason"], error),
               ("data-after-close", errno.EPIPE), reason=event["reason"],
               error=errno.errorcode.get(error, error))


@lesson("RST: refused, aborted, unread data, data after the close", seconds=15)
def reset(page, net):
    page.see("A RST ends a connection at once, or says that there is none. You will see the four "
             "kinds that are met most: who sends each of them, why, and which error the program "
             "gets.")
    refused(page, net)
    listener = net.server.listen()
    aborted(page, net, listener)
    unread(page, net, listener)
    after_close(page, net, listener)
    page.step("All of them, with the reason of who sent:")
    for machine in net.machines():
        page.show(machine, "tcphs", "events", "--event", "rst-sent,rst-received", "-o",
                  "event,local,peer,details")
    # The last one may be under way.
    time.sleep(0.2)
    sent = [e for m in net.machines() for e in page.events(m, event="rst-sent")]
    page.claim("{n} RSTs were sent: as many as the kernels have counted, and as were on the wire.",
               [len(sent)] * 2,
               [sum(m.counter("TcpOutRsts") for m in net.machines()),
                len(net.wire.segments(lambda s: s.flags & RST))], n=len(sent))
    page.beside("nstat counts the RSTs that were sent, and two of the reasons. Who got them, on "
                "which connection, it does not say. tcpdump has the segments, without a reason. "
                "ss has nothing left of such a connection.")
    page.nstat(net.client, "TcpOutRsts", "TcpExtTCPAbortOnData", "TcpAttemptFails")
    page.nstat(net.server, "TcpOutRsts", "TcpExtTCPAbortOnClose", "TcpEstabResets")
    page.show(net.client, "ss", "-tan")
    page.tcpdump("tcp[tcpflags] & tcp-rst != 0")
    page.tutorial("\"A RST is for errors\": tutorials say little more.")
    page.truth("Two of these four may be nobody's error: a port where nothing listens, and a "
               "program that hangs up on purpose. A RST also throws away what its sender had not "
               "sent yet. Who gets it can't know how much of its own data was read.")
    page.ask("A server answers every request and closes, but now and then its clients get "
             "\"connection reset by peer\", and the end of the answer is missing. Which of the "
             "four is it?")
    page.answer("The third: it has not read all of the request, for instance the body of a POST "
                "that it refuses. What of the answer had not left yet is lost when the RST goes.")
