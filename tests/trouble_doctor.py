# SPDX-License-Identifier: GPL-2.0
"""The doctor itself."""
import json
import os
import re
import signal
import subprocess
import time

from trouble_close import OUTSIDE
from trouble_connect import refuse
from examine import CHECKS, EXIT, trouble, Look, parse, start
from tale import same


def refusals_in(path):
    # It has no end yet, which is an exit status too.
    out = subprocess.run(["tcphs", "events", "-j", "--read", path, "--event", "connect-failed"],
                         check=False, capture_output=True).stdout
    return out.count(b'"reason":"refused"')


@trouble
def recording(t):
    """a recording: what events tell is found in it too, and what they can't is said"""
    _, port = t.serve(backlog=3)
    path = f"/tmp/trouble.{os.getpid()}"
    with Look() as look:
        record = start(["tcphs", "record", path, "-n", "0"])
        t.overflow(port)
        refuse(t, t.new_port(), 7)
        t.until(lambda: refusals_in(path) == 7, "it is recorded")
        record.send_signal(signal.SIGINT)
        same((record.wait(10), record.communicate()[0]), (0, b""), "end of the record")
    out = subprocess.run(["tcphs", "doctor", "-j", "--read", path], check=False,
                         capture_output=True)
    os.unlink(path)
    findings, checks, end = parse(out.stdout)
    look.found(accept_queue_overflow=("critical", t.grown("TcpExtListenOverflows")),
               connect_refused=("critical", 7))
    keys = ("finding", "severity", "value", "address", "port")
    findings = look.without_resends(findings, [f["finding"] for f in look.findings])
    same([[f[key] for key in keys] for f in findings],
         [[f[key] for key in keys] for f in look.findings], "findings")
    same([c["check"] for c in checks if not c["looked"]], ["discards", "close-wait", "closing", "data"],
         "checks that need more than events")
    same((out.returncode, end["recording"], end["lost"]), (EXIT["critical"], True, 0), "its end")


@trouble
def filtered(t):
    """with a filter, only what fits is judged"""
    sick, other = t.new_port(), t.new_port()
    with Look("--port", str(sick)) as look:
        refuse(t, sick, 7)
        refuse(t, other, 7)
    same({f["port"] for f in look.findings}, {sick}, "ports")
    look.found(connect_refused=("critical", 7))


@trouble
def quiet(t):
    """healthy: nothing happens, nothing is wrong, and everything was looked at"""
    out = subprocess.run(["tcphs", "doctor", "--for", "300ms"], check=True,
                         capture_output=True)
    text = out.stdout.decode()
    same((bool(re.match(r"Nothing wrong, but nothing happened in these \d[\d.]* m?s either", text)),
          out.stderr), (True, b""), "what it says")
    same(text.split("LOOKED AT")[1].count("\n  "), CHECKS, "checks")
    same("NOT LOOKED AT" in text, False, "something was left out")


@trouble
def says_it_in_words(t):
    """the text names severity, object, number, threshold, cause and the next step"""
    listener, port = t.serve(backlog=3)
    for _ in range(4):
        t.connect(port)
    time.sleep(0.2)
    out = subprocess.run(["tcphs", "doctor", "-d", "100ms"], check=False, capture_output=True)
    lines = out.stdout.decode().splitlines()
    same(out.returncode, 10, "exit status")
    same(lines[0].split(", ")[0], f"WARNING   accept-queue-full: listener 127.0.0.1:{port}",
         "heading")
    same(lines[1], "  seen    connections waiting for accept(): 4 (alarm from 4)", "number")
    for label in ("cause", "next"):
        same(any(line.startswith(f"  {label} ") for line in lines), True, label)
    same(max(len(line) for line in lines[:8]) <= 80, True, "it fits 80 columns")
    listener.close()


@trouble
def watch(t):
    """--watch looks again until it is interrupted, and tells the worst"""
    port = t.new_port()
    with subprocess.Popen(["tcphs", "doctor", "-j", "-w", "--for", "300ms"],
                          stdout=subprocess.PIPE) as process:
        worst = []
        while len(worst) < 5:
            line = json.loads(process.stdout.readline())
            if "worst" in line:
                worst.append(line["worst"])
                if len(worst) == 2:
                    refuse(t, port, 3)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        same(process.wait(10), EXIT["critical"], "exit status")
    quiet_ones = [w for w in worst if w in ("none", "notice")]
    same((worst.count("critical"), len(quiet_ones)), (1, 4), f"worst of each look: {worst}")


HANGS = """
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen(3)
clients = [socket.create_connection(s.getsockname()) for _ in range(2)]
print("ready", flush=True)
time.sleep(60)
"""


def namespaces():
    """Those that have a listener or a connection."""
    found = set()
    for verb in "listeners", "connections":
        out = subprocess.run([*OUTSIDE, "tcphs", verb, "-A", "-j"], check=True,
                             capture_output=True)
        found |= {json.loads(line)["netns"] for line in out.stdout.splitlines()}
    return found


def by_namespace(out):
    lines = [json.loads(line) for line in out.splitlines()]
    return {n: [line["finding"] for line in lines if line["netns"] == n and "finding" in line]
            for n in {line["netns"] for line in lines}}


@trouble
def other_namespaces(t):
    """what hangs in another namespace: one line says that there is one, -A looks at each"""
    subprocess.run(["ip", "netns", "add", "trouble"], check=True)
    subprocess.run(["ip", "-n", "trouble", "link", "set", "lo", "up"], check=True)
    inode = os.stat("/run/netns/trouble").st_ino
    command = ["ip", "netns", "exec", "trouble", "python3", "-c", HANGS, str(t.new_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            same(server.stdout.readline(), b"ready\n", "server")
            begin = time.monotonic()
            t.until(lambda: time.monotonic() > begin + 3.2, "time goes by")
            others = namespaces() - {os.stat("/proc/1/ns/net").st_ino}
            same(inode in others, True, "it is one of them")
            out = subprocess.run([*OUTSIDE, "tcphs", "doctor", "-j", "-d", "100ms"],
                                 check=True, capture_output=True)
            same((parse(out.stdout)[0], parse(out.stdout)[2]["netns_not_looked_at"]),
                 ([], len(others)), "findings, and namespaces not looked at")
            text = subprocess.run([*OUTSIDE, "tcphs", "doctor", "-d", "100ms"], check=True,
                                  capture_output=True, text=True).stdout
            same(f"other namespaces     {len(others)} not looked at" in text, True, text)
            out = subprocess.run([*OUTSIDE, "tcphs", "doctor", "-A", "-j", "-d", "100ms"],
                                 check=False, capture_output=True)
            same((out.returncode, by_namespace(out.stdout)[inode]),
                 (EXIT["critical"], ["accept-hangs"]), "what hangs there")
            out = subprocess.run([*OUTSIDE, "tcphs", "doctor", "--netns", "trouble", "-j", "-d",
                                  "100ms"], check=False, capture_output=True)
            same(set(by_namespace(out.stdout)), {inode}, "only that one")
            text = subprocess.run([*OUTSIDE, "tcphs", "doctor", "-A", "-d", "100ms"], check=False,
                                  capture_output=True, text=True).stdout
            same("NETWORK NAMESPACE trouble\n" in text, True, text)
        finally:
            server.kill()
            subprocess.run(["ip", "netns", "del", "trouble"], check=True)


LEAVES = """
import socket, subprocess
open("/proc/sys/net/ipv4/tcp_orphan_retries", "w").write("6")
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
a, _ = s.accept()
subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
"""


@trouble
def nobody_left(t):
    """a namespace that only orphans of its last process keep: that it was not looked at is said"""
    before = namespaces()
    subprocess.run(["unshare", "-n", "python3", "-c", LEAVES], check=True)
    left = namespaces() - before
    same(len(left), 1, "namespaces that came")
    out = subprocess.run([*OUTSIDE, "tcphs", "doctor", "-A", "-d", "100ms"], check=False,
                         capture_output=True, text=True)
    same(out.returncode in EXIT.values(), True, f"exit status {out.returncode}")
    text = out.stdout.split(f"NETWORK NAMESPACE {left.pop()}\n")[1].split("\n\n")[0]
    same("not looked at, as no process is in this namespace any more" in " ".join(text.split()),
         True, text)


@trouble
def since(t):
    """--since judges what the ring has of that time, and --until of before"""
    port = t.new_port()
    refuse(t, port, 7)
    out = subprocess.run(["tcphs", "doctor", "-j", "--since", "500ms"], check=False,
                         capture_output=True)
    findings, _, end = parse(out.stdout)
    same([(f["finding"], f["value"]) for f in findings if f.get("port") == port],
         [("connect-refused", 7)], "findings")
    same((end["past"], end["recording"]), (True, False), "its end")
    refused = [f for f in findings if f.get("port") == port][0]
    same((refused["store"], refused["from"] <= refused["to"]), ("ring", True), "of when it is")
    before = parse(subprocess.run(["tcphs", "doctor", "-j", "--until", "1m"], check=False,
                                  capture_output=True).stdout)[0]
    same([f for f in before if f.get("port") == port], [], "findings of a minute ago and before")
