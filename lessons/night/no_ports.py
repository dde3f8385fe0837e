# SPDX-License-Identifier: GPL-2.0
"""At night: no local ports."""
import errno

from kit.lesson import question
from kit.network import SERVER


@question("\"Cannot assign requested address\": are there no local ports left?")
def no_ports(page, net):
    page.notice("A program that connects to a database or a backend gets \"cannot assign requested "
                "address\" (EADDRNOTAVAIL), while other destinations can be reached.")
    # Ten ports in place of 28232 show the same.
    net.client.sysctl("ip_local_port_range", "31001 31010")
    listener = net.server.listen()
    for _ in range(10):
        net.pair(listener)
    error = net.client.socket().connect_ex((SERVER, 8080))
    failed = page.event(net.client, "connect-failed")
    page.look("What has failed, and why:")
    page.show(net.client, "tcphs", "events", "--event", "connect-failed")
    page.step("What that means:")
    found = page.findings(net.client, "--for", "1s")
    used = len(net.client.run("ss", "-Htn", "dport", "=", ":8080").splitlines())
    page.claim("connect() failed with {error}. {used} ports are in use to this destination, as ss "
               "has it, and the doctor says ports-exhausted.",
               (error, "ports-exhausted" in found, failed["reason"]),
               (errno.EADDRNOTAVAIL, True, "no-port"), error=errno.errorcode[error], used=used)
    page.cause("A connection is told from others by both addresses and both ports. To one port of "
               "one server there can be as many connections from an address as there are local "
               "ports: net.ipv4.ip_local_port_range, 28232 by default, and here 10. One that is "
               "in TIME-WAIT holds its port for a minute more.")
    page.remedy("Keep connections open and use them again, in place of one for each request: that "
                "is the cure. Besides: a wider net.ipv4.ip_local_port_range, more addresses at "
                "either end, and net.ipv4.tcp_tw_reuse if it is TIME-WAIT that holds the ports, "
                "which the doctor says.")
