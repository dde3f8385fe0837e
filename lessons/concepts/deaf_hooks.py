# SPDX-License-Identifier: GPL-2.0
"""Concept: hooks that are missing, deaf or unusable."""
import json

from kit.lesson import concept
from kit.network import run


def hooks():
    return json.loads(run("tcphs", "status", "-j"))["hooks"]


def fired(name):
    return next(hook["hits"] for hook in hooks() if hook["name"] == name)


@concept("A hook that does not fire")
def deaf_hooks(page, net):
    page.meaning("tcphs sees what it sees through hooks: at the entries of functions of the "
                 "kernel (ftrace), at tracepoints, and where connect() returns (kretprobes). Which "
                 "functions a kernel has, and which are called, depends on its version, its "
                 "configuration and its compiler.")
    page.meaning("Missing: this kernel has no such function. Deaf: the hook is attached and does "
                 "not fire, although a step shows that its function must have run; the compiler "
                 "has inlined it or made a copy of it (.isra, .constprop, .part), or ftrace was "
                 "switched off by an error of its own. Unusable: the function is called with other "
                 "arguments than tcphs was written for.")
    page.meaning("A deaf hook is the worst of the three, for what it does not see looks as if it "
                 "had not happened. It is found by what connections do later: one that is "
                 "established and has no beginning proves that the hook of the beginning did not "
                 "fire. Not each hook can be proved deaf; the tests of each kernel stand for the "
                 "others.")
    before = fired("tcp_connect")
    listener = net.server.listen()
    for _ in range(7):
        net.pair(listener)
    page.look("Where one is missing, deaf or unusable, tcphs status and /proc/tcphs name it, with "
              "what therefore is not shown, and tcphs-top has a red line. Some of the hooks, "
              "how often each has fired, and what it shows:")
    page.show(None, "tcphs", "status", "--hooks", last=12)
    after = fired("tcp_connect")
    opened = net.client.counter("TcpActiveOpens")
    page.claim("The client's kernel has counted {opened} connects, and tcp_connect has fired at "
               "least as often in that time.", after - before >= opened, opened == 7,
               opened=opened)
    with open("/proc/tcphs", encoding="ascii") as file:
        said = [line.split()[1] for line in file
                if line.startswith(("hook-missing", "hook-deaf", "hook-unusable"))]
    page.claim("No hook is missing, deaf or unusable here: /proc/tcphs and tcphs status agree.",
               [hook["name"] for hook in hooks()
                if not hook["active"] or hook["missed"] or hook["unusable"]], said)
    page.setting("What to do: look for errors of ftrace in the kernel's log; send what tcphs "
                 "status --report says, which has no address in it. Until then, nstat has the "
                 "kernel's own counts of most things that hooks show. kernel.ftrace_enabled can't "
                 "be switched off while the module is loaded.")
    page.words("No events although there are connections; inlined function, kprobe or ftrace that "
               "does not trigger; notrace.")
