# SPDX-License-Identifier: GPL-2.0
"""Lesson: two FINs that cross."""
from kit.lesson import lesson
from kit.network import cookie
from kit.segment import FIN


def both(page, net):
    """Both ends' numbers, of a connection whose FINs crossed; nothing: one came too early."""
    ends = net.pair(net.server.listen())
    numbers = [cookie(end) for end in ends]
    for machine in net.machines():
        machine.delay(400)
    for end in ends:
        end.close()
    for machine, number in zip(net.machines(), numbers):
        page.event(machine, "closed", conn=number)
    came = [page.event(machine, "fin-received") for machine in net.machines()]
    return numbers if all(e["new"] == "closing" for e in came) else None


@lesson("Both close at once: CLOSING")
def simultaneous_close(page, net):
    page.see("The wire takes 400 ms each way. Client and server close within that time. You will "
             "see two FINs that cross, the state CLOSING on both sides, and two TIME-WAITs.")
    conn, _ = net.caught(lambda: both(page, net), "FINs that cross")
    page.draw(conn)
    fins = net.wire.segments(lambda s: s.flags & FIN)
    ours, theirs = (page.event(m, "fin-received") for m in net.machines())
    page.claim("Both came from FIN-WAIT-1 to {state}.", (ours["new"], theirs["new"]),
               ("closing", "closing"), state=ours["new"].upper())
    page.claim("Each FIN went before the other had come: neither acknowledges the other.",
               [(e["event"], e["seq"]) for e in (page.event(net.client, "fin-sent"),
                                                 page.event(net.server, "fin-sent"))],
               [("fin-sent", s.seq) for s in sorted({s.sport == 8080: s for s in reversed(fins)}
                                                    .values(), key=lambda s: s.sport == 8080)])
    first = {s.sport: s for s in reversed(fins)}
    page.claim("As the capture has it: ack {a} is the number of the other FIN, and not that + 1; "
               "and so is ack {b}.", [s.ack for s in first.values()],
               [o.seq for o in reversed(first.values())], a=list(first.values())[0].ack,
               b=list(first.values())[1].ack)
    page.claim("Both are in TIME-WAIT.",
               [page.event(m, "time-wait")["new"] for m in net.machines()],
               ["time-wait" if m.run("ss", "-Htan", "state", "time-wait").strip() else ""
                for m in net.machines()])
    page.beside("ss shows a TIME-WAIT on both machines; CLOSING was over before ss could be "
                "called. In tcpdump the two [F.] have no ACK between them. nstat counts a "
                "TIME-WAIT on either machine.")
    page.show(net.client, "ss", "-tan")
    page.show(net.server, "ss", "-tan", "exclude", "listening")
    page.tcpdump("tcp[tcpflags] & tcp-fin != 0 or tcp[tcpflags] == tcp-ack")
    for machine in net.machines():
        page.nstat(machine, "TcpExtTW")
    page.tutorial("\"First one side closes, and then the other.\" One lists CLOSING among the "
                  "states without a word more.")
    page.truth("This is where it comes from: a FIN that comes while our own is not acknowledged "
               "yet.")
    page.ask("Which of the two has closed first?")
    page.answer("Neither, as far as TCP goes, so both pay with a TIME-WAIT. tcphs calls the closer "
                "\"both\".")
