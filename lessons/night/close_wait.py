# SPDX-License-Identifier: GPL-2.0
"""At night: a program that does not close."""
import time

from kit.lesson import question


@question("\"Too many open files\": which program does not close its connections?")
def close_wait(page, net):
    page.notice("A server reports \"too many open files\" after some days and works again after a "
                "restart. ss shows many connections in CLOSE-WAIT.")
    listener = net.server.listen()
    for _ in range(7):
        client, _ = net.pair(listener)
        client.close()
    page.event(net.server, "fin-received", 7)
    time.sleep(1.5)
    page.look("The connections that have been in CLOSE-WAIT for longest, and whose they are:")
    page.show(net.server, "tcphs", "connections", "--state", "close-wait")
    page.step("What that means. Without --stuck-after only those count that are older than 90 s:")
    found = page.findings(net.server, "--stuck-after", "1s", "--for", "1s")
    there = len(net.server.run("ss", "-Htn", "state", "close-wait").splitlines())
    page.claim("The doctor says close-wait, for {count} connections: as many as ss has.",
               found.get("close-wait", {}).get("value"), there, count=there)
    page.cause("The peer has closed, and the kernel has told the program: read() returns 0. In "
               "CLOSE-WAIT a connection waits for the program to call close(), and for nothing "
               "else. No timer ends it, unless the program has switched on keep-alive "
               "(SO_KEEPALIVE).")
    page.remedy("There is no setting. The program has a path on which it forgets to close, most "
                "often where an error is handled, or a pool of connections that it does not look "
                "after. The column OWNER names it.")
