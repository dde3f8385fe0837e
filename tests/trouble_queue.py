# SPDX-License-Identifier: GPL-2.0
"""Queues of listeners."""
import os
import socket
import struct
import subprocess
import time

from examine import advises, trouble, Look, names_me, parse, says
from tale import fill_accept_queue, half_open, same
from wire import ACK, RST, SYN


LONG = 3.2	# from 3 s on nobody calls it a pause any more


def pass_time(t, since, seconds):
    t.until(lambda: time.monotonic() > since + seconds, "time goes by")


def waiting_at(port):
    """How many wait in each accept queue of a port, as ss has it."""
    out = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], check=True, capture_output=True,
                         text=True).stdout
    return sorted(int(line.split()[1]) for line in out.splitlines())


def queued(listener):
    """The same of one, by TCP_INFO: who waits a second while programs start is another trouble."""
    return struct.unpack_from("I", listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28), 24)[0]


@trouble
def accept_hangs(t):
    """a server that never accepts: who waits, for how long, and the process that hangs"""
    _, port = t.serve(backlog=3)
    with Look() as look:
        begin = time.monotonic()
        t.overflow(port)
        pass_time(t, begin, LONG)
        same(waiting_at(port), [4], "ss: accept queue")
    finding = look.found(accept_hangs=("critical", 4))
    same((finding["address"], finding["port"]), ("127.0.0.1", port), "listener")
    names_me(finding)
    says(finding, "more", f"overflows {t.grown('TcpExtListenOverflows')}")
    says(finding, "command", str(os.getpid()))
    same("setting" in finding, False, "a setting would help")


@trouble
def hung_and_restarted(t):
    """a server that hung until it was ended: judged of what is on record, it hung"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        for _ in range(5):
            t.pair(listener, port)
        begin = time.monotonic()
        t.overflow(port)
        pass_time(t, begin, LONG)
        listener.close()
    finding = look.found(accept_hangs=("critical", 4), accept_queue_cut=("warning", 4))
    says(finding, "more", "none was accepted for 3.")
    says(finding, "more", f"5 accepted, overflows {t.grown('TcpExtListenOverflows')}")
    out = subprocess.run(["tcphs", "doctor", "-j", "--since", "1m", "--port", str(port)],
                         check=False, capture_output=True).stdout
    # A kernel that lacks hooks has that notice always.
    same([(f["finding"], f["value"]) for f in parse(out)[0] if f["finding"] != "hooks-missing"],
         [("accept-hangs", 4), ("accept-queue-cut", 4)], "of what has been")


@trouble
def accept_stops(t):
    """a server that accepts well and then hangs: its queue has room still"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(5):
            t.pair(listener, port)
        begin = time.monotonic()
        for _ in range(3):
            t.connect(port)
        pass_time(t, begin, LONG)
    finding = look.found(accept_hangs=("critical", 3))
    says(finding, "more", "3 wait, room for 32, the oldest for 3.")
    says(finding, "more", "5 accepted, overflows 0")
    same(t.grown("TcpExtListenOverflows"), 0, "overflows")


@trouble
def accept_pauses(t):
    """healthy: as many connections wait, but not for long"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(3):
            t.connect(port)
        time.sleep(0.4)
        for _ in range(3):
            t.accept(listener)
    look.found()
    look.saw("accept-queues", "sockets 1, accepted 3, waiting now 0, overflows 0")


@trouble
def accept_takes_seconds(t):
    """a long queue that drops nothing, and a server that lets everybody wait"""
    listener, port = t.serve()
    with Look() as look:
        begin = time.monotonic()
        for _ in range(3):
            t.connect(port)
        pass_time(t, begin, 1.2)
        for _ in range(3):
            t.accept(listener)
    look.found(accept_slow=("warning", 3))
    same(t.grown("TcpExtListenOverflows"), 0, "overflows")


def group(t, count):
    """Listeners that share a port; who connects goes to one of them by its port."""
    listeners, port = [], t.new_port()
    for _ in range(count):
        s = t.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", port))
        s.listen(61)
        s.settimeout(0)
        listeners.append(s)
    return listeners, port


def accept_all(t, listener):
    try:
        while True:
            t.sockets.append(listener.accept()[0])
    except BlockingIOError:
        pass


def one_of_three(t, hangs):
    listeners, port = group(t, 3)
    with Look() as look:
        begin = time.monotonic()
        for _ in range(43):
            t.connect(port)
        for listener in listeners[hangs:]:
            accept_all(t, listener)
        waiting = waiting_at(port)
        pass_time(t, begin, LONG)
    same(waiting[:2], [0, 0], "ss: the others are empty")
    return look, waiting[2]


@trouble
def one_of_a_group_hangs(t):
    """one of three sockets with SO_REUSEPORT hangs, the others work"""
    look, waiting = one_of_three(t, hangs=1)
    finding = look.found(accept_hangs=("critical", waiting))
    says(finding, "name", "(1 of 3 sockets)")


@trouble
def a_group_works(t):
    """healthy: three sockets with SO_REUSEPORT, and as many connections"""
    look, waiting = one_of_three(t, hangs=0)
    same(waiting, 0, "ss: the last is empty")
    look.found()
    look.saw("accept-queues", "sockets 3, accepted 43, waiting now 0, overflows 0")


NO_FILES = """
import errno, os, resource, socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen(31)
used = len(os.listdir("/proc/self/fd")) - 1
resource.setrlimit(resource.RLIMIT_NOFILE, (used, used))
print("ready", flush=True)
while True:
    try:
        s.accept()
    except OSError as e:
        print(errno.errorcode[e.errno], flush=True)
        time.sleep(0.5)
"""


@trouble
def no_file_descriptors(t):
    """a server out of file descriptors: accept() fails, again and again"""
    port = t.new_port()
    with subprocess.Popen(["python3", "-c", NO_FILES, str(port)],
                          stdout=subprocess.PIPE) as server:
        try:
            same(server.stdout.readline(), b"ready\n", "server")
            with Look() as look:
                begin = time.monotonic()
                t.connect(port)
                same(server.stdout.readline(), b"EMFILE\n", "error of accept()")
                pass_time(t, begin, LONG)
        finally:
            server.kill()
    finding = look.found(accept_hangs=("critical", 1))
    same(finding["pid"], server.pid, "process")
    says(finding, "cause", "EMFILE")


@trouble
def accept_is_slow(t):
    """a server that accepts slowly: its waiting time says so"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
        for _ in range(4):
            time.sleep(0.25)
            t.accept(listener)
    finding = look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")))
    says(finding, "cause", "too slow")
    says(finding, "more", "4 accepted")
    same("setting" in finding, False, "a longer queue would help")


def burst(t):
    listener, port = t.serve(backlog=3)
    with Look() as look:
        t.overflow(port)
        for _ in range(4):
            t.accept(listener)
        for _ in range(31):
            t.pair(listener, port)
    finding = look.found(accept_queue_overflow=("warning", t.grown("TcpExtListenOverflows")))
    says(finding, "cause", "bursts")
    says(finding, "more", "35 accepted")
    return finding


@trouble
def accept_queue_short(t):
    """a burst longer than the backlog: a longer one is advised"""
    advises(burst(t), "backlog of listen()", "3", "8")


@trouble
def somaxconn_small(t):
    """a backlog that somaxconn cut: that is what has to be set"""
    t.sysctl("../core/somaxconn", 3)
    advises(burst(t), "net.core.somaxconn", "3", "8")


@trouble
def overflow_aborts(t):
    """tcp_abort_on_overflow resets whom a second would have let in"""
    t.sysctl("tcp_abort_on_overflow", 1)
    with Look() as look:
        listener, _, late = fill_accept_queue(t)
        late.await_(RST)
        for _ in range(2):
            t.accept(listener)
    finding = look.found(accept_queue_overflow=("critical", 1))
    says(finding, "cause", "1 of these clients were reset")
    advises(finding, "net.ipv4.tcp_abort_on_overflow", "1", "0")


@trouble
def overflow_waits(t):
    """healthy, nearly: without it the client gets in, and that is worth a notice"""
    with Look() as look:
        listener, _, late = fill_accept_queue(t)
        for _ in range(2):
            t.accept(listener)
        late.send(ACK)
        t.accept(listener)
    look.found(accept_queue_overflow=("notice", 1))


@trouble
def closed_with_its_queue(t):
    """a listener that closes takes along who waits for accept()"""
    listener, port = t.serve()
    with Look() as look:
        for _ in range(4):
            t.connect(port)
        listener.close()
    finding = look.found(accept_queue_cut=("warning", t.grown("TcpOutRsts")))
    says(finding, "more", "4 waited for accept()")
    same("setting" in finding, False, "a setting would help")


@trouble
def reload_cuts_a_queue(t):
    """one of two sockets is closed while some wait there: the kernel could move them"""
    listeners, port = group(t, 2)
    with Look() as look:
        while queued(listeners[1]) < 4:
            t.connect(port)
            accept_all(t, listeners[0])
        listeners[1].close()
    finding = look.found(accept_queue_cut=("warning", 4))
    same(t.grown("TcpOutRsts"), 4, "RSTs")
    if os.path.exists("/proc/sys/net/ipv4/tcp_migrate_req"):
        advises(finding, "net.ipv4.tcp_migrate_req", "0", "1")


@trouble
def closed_when_empty(t):
    """healthy: a listener that closes when it has accepted all"""
    listener, port = t.serve()
    with Look() as look:
        pairs = [t.pair(listener, port) for _ in range(5)]
        listener.close()
        for client, server in pairs:
            t.close_in_turn(client, server)
    look.found()
    same(t.grown("TcpOutRsts"), 0, "RSTs")


@trouble
def accept_queue_full(t):
    """an accept queue that is full and has dropped nothing yet"""
    _, port = t.serve(backlog=3)
    for _ in range(4):
        t.connect(port)
    time.sleep(0.2)
    with Look() as look:
        pass
    look.found(accept_queue_full=("warning", 4))
    same(t.grown("TcpExtListenOverflows"), 0, "overflows")


@trouble
def accepts_well(t):
    """healthy: a short queue that is emptied in time"""
    listener, port = t.serve(backlog=3)
    with Look() as look:
        for _ in range(31):
            client, server = t.pair(listener, port)
            t.close_in_turn(client, server)
    look.found()
    look.saw("accept-queues", "sockets 1, accepted 31, waiting now 0, overflows 0")


def flood(t, cookies, backlog, count):
    """SYNs for a queue that they do not fit into: what the doctor saw, how many, the port."""
    t.sysctl("tcp_syncookies", cookies)
    _, port = t.listener(backlog)
    counter = "TcpExtSyncookiesSent" if cookies else "TcpExtTCPReqQFullDrop"
    with Look() as look:
        half_open(t, port, count)
        t.until(lambda: t.grown(counter) >= count - backlog - 1, counter)
    return look, t.grown(counter), port


@trouble
def flood_without_cookies(t):
    """a SYN flood, cookies off: SYNs dropped, cookies advised"""
    look, dropped, port = flood(t, cookies=0, backlog=7, count=61)
    finding = look.found(syn_flood=("critical", dropped))
    same(finding["port"], port, "listener")
    advises(finding, "net.ipv4.tcp_syncookies", "0", "1")


@trouble
def flood_with_cookies(t):
    """a SYN flood, cookies on: a warning, and how many were sent"""
    look, sent, _ = flood(t, cookies=1, backlog=7, count=61)
    finding = look.found(syn_flood=("warning", sent))
    says(finding, "cause", "SYN flood")
    same("setting" in finding, False, "a setting would help")


@trouble
def syn_queue_short(t):
    """a SYN queue that is too short for honest clients, cookies off"""
    look, dropped, _ = flood(t, cookies=0, backlog=2, count=7)
    look.found(syn_queue_overflow=("critical", dropped))


@trouble
def syn_queue_short_with_cookies(t):
    """a SYN queue that is too short, cookies on: a longer one is advised"""
    look, sent, _ = flood(t, cookies=1, backlog=2, count=7)
    advises(look.found(syn_queue_full=("warning", sent)), "backlog of listen()", "2", "4")


@trouble
def cookies_always(t):
    """SYN cookies for every SYN, as a setting for tests wants it"""
    t.sysctl("tcp_syncookies", 2)
    listener, port = t.listener()
    with Look() as look:
        t.peers_of(port, 3)
        for _ in range(3):
            t.accept(listener)
    finding = look.found(syn_queue_full=("warning", t.grown("TcpExtSyncookiesSent")))
    advises(finding, "net.ipv4.tcp_syncookies", "2", "1")
    same(t.grown("TcpExtSyncookiesRecv"), 3, "SyncookiesRecv")
    says(finding, "more", "3 SYNs, 3 finished handshakes, 0 without an answer")


@trouble
def nobody_answers_synacks(t):
    """SYN+ACKs that nobody answers, in a queue with room"""
    _, port = t.listener(backlog=61)
    with Look() as look:
        half_open(t, port, 23)
        t.until(lambda: t.grown("TcpExtTCPSynRetrans") >= 23, "SYN+ACKs are sent again")
    finding = look.found(half_open=("warning", 23))
    says(finding, "more", "23 SYNs, 0 finished")
    says(finding, "cause", "forged")


@trouble
def synacks_do_not_arrive(t):
    """clients that send their SYN again: our SYN+ACK does not reach them"""
    _, port = t.listener(backlog=61)
    with Look() as look:
        peers = half_open(t, port, 11)
        t.until(lambda: t.grown("TcpExtTCPSynRetrans") >= 11, "SYN+ACKs are sent again")
        for peer in peers:
            peer.send(SYN, seq=peer.isn)
        t.until(lambda: any(e["event"] == "syn-duplicate" for e in t.events(peers[-1].port)),
                "the last SYN comes again")
    says(look.found(half_open=("warning", 11)), "cause", "does not reach them")


@trouble
def flood_beside_honest_load(t):
    """a SYN flood, and a third as many clients who answer"""
    t.sysctl("tcp_syncookies", 1)
    listener, port = t.listener(backlog=7)
    with Look() as look:
        half_open(t, port, 61)
        t.until(lambda: t.grown("TcpExtSyncookiesSent") >= 53, "cookies are sent")
        for _ in range(23):
            t.peers_of(port, 1)
            t.accept(listener)
    finding = look.found(syn_flood=("warning", t.grown("TcpExtSyncookiesSent")))
    says(finding, "more", "84 SYNs, 23 finished handshakes, 61 without an answer")


@trouble
def slow_server_is_no_flood(t):
    """honest clients of a server that hangs fill both queues: one finding, no flood"""
    t.sysctl("tcp_syncookies", 0)
    _, port = t.listener(backlog=31)
    with Look() as look:
        late = half_open(t, port, 24)
        for peer in late:
            peer.await_(SYN | ACK)
        t.peers_of(port, 32)
        begin = time.monotonic()
        for peer in late:
            peer.send(ACK)
        t.until(lambda: t.grown("TcpExtListenOverflows") >= 24, "their ACKs find no room")
        half_open(t, port, 11)
        pass_time(t, begin, LONG)
    look.found(accept_hangs=("critical", 32))


@trouble
def handshakes_well(t):
    """healthy: as many strangers as in a flood, who answer"""
    t.sysctl("tcp_syncookies", 1)
    listener, port = t.listener(backlog=7)
    with Look() as look:
        for _ in range(61):
            t.peers_of(port, 1)
            t.accept(listener)
    look.found()
    look.saw("syn-queues", "SYNs 61, dropped 0, answered by a SYN cookie 0")
