# SPDX-License-Identifier: GPL-2.0
"""At night: connects that fail."""
import errno

from kit.lesson import question
from kit.network import SERVER


@question("connect() fails: is nobody there, or does somebody drop it?", seconds=15)
def connect_fails(page, net):
    page.notice("A service can't be reached. Sometimes connect() fails at once, sometimes after "
                "two minutes.")
    net.client.sysctl("tcp_syn_retries", 1)
    net.server.drop("tcp dport 8082")
    errors = []
    for port, count in ((8081, 5), (8082, 3)):
        sockets = [net.client.socket() for _ in range(count)]
        errors += [[s.connect_ex((SERVER, port)) for s in sockets[:1]][0]]
        for s in sockets[1:]:
            s.setblocking(False)
            s.connect_ex((SERVER, port))
    page.event(net.client, "connect-failed", 8)
    page.look("One line for each connection that went wrong:")
    page.show(net.client, "tcphs", "lives", "--failed", "-o", "peer,history,life,end")
    page.step("What that means, of the last minute:")
    found = page.findings(net.client, "--since", "1m")
    page.claim("connect() to port 8081 failed with {refused}, to port 8082 with {dropped}. The "
               "doctor says connect-refused of one, and connect-timeout of the other.",
               (errors, sorted(found)),
               ([errno.ECONNREFUSED, errno.ETIMEDOUT], ["connect-refused", "connect-timeout"]),
               refused=errno.errorcode[errors[0]], dropped=errno.errorcode[errors[1]])
    page.claim("{count} connects have failed, as the kernel has counted.",
               len(page.events(net.client, event="connect-failed")),
               net.client.counter("TcpAttemptFails"),
               count=net.client.counter("TcpAttemptFails"))
    page.cause("Refused: the machine is there and has answered with a RST, for nobody listens on "
               "that port. No answer: the SYN was sent again and again and nothing came back. It "
               "was dropped on the way, by a firewall most often, or the machine is gone, or its "
               "accept queue is full.")
    page.remedy("Refused: start the service, or look for the right port and address (one that "
                "listens on 127.0.0.1 can't be reached from elsewhere). No answer: look on the "
                "other machine whether the SYN arrives; tcphs events --event "
                "syn-received,syn-dropped says so there. How long connect() tries is "
                "net.ipv4.tcp_syn_retries: 6, about two minutes, and here 1.")
