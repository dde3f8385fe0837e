# SPDX-License-Identifier: GPL-2.0
"""What these tests have in common: a look of the doctor, and what it must say."""
import json
import os
import shlex
import signal
import subprocess
import time

import objects
from tale import Late, counter, counters, same, Tale, Wrong
from wire import PATIENCE

HERE = {4: "127.0.0.1"}
EXIT = {"none": 0, "notice": 0, "warning": 10, "critical": 20}
CHECKS = 19
TROUBLES, SMALL = [], []


def trouble(function):
    TROUBLES.append(function)
    return function


def small(function):
    SMALL.append(function)
    return function


def waits(pid):
    """Does a process have a socket that waits for the module's bell?"""
    try:
        with open(f"/proc/{pid}/net/netlink", encoding="ascii") as file:
            rows = [line.split() for line in file][1:]
        files = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    except FileNotFoundError:
        return False
    return any(f"socket:[{row[9]}]" in files for row in rows
               if row[1] == "16" and int(row[3], 16) != 0)


def start(command):
    """A reader of events that has begun: what happens now it will see."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not waits(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise Wrong(f"{command} does not wait: {process.communicate()}")
        time.sleep(0.02)
    return process


def parse(out):
    """Findings, checks, and the line that sums up."""
    objects.keep("doctor", out)
    lines = [json.loads(line) for line in out.splitlines()]
    return ([line for line in lines if "finding" in line],
            [line for line in lines if "looked" in line], lines[-1])


def try_command(command):
    """What the doctor tells to type is taken by the tool, by ss, and in that namespace."""
    for part in command.split(";"):
        words = [word for word in shlex.split(part.split("|")[0]) if word != "-f"]
        if words[2 if words[0] == "nsenter" else 0] in ("tcphs", "ss"):
            subprocess.run(words, check=True, capture_output=True)


class Look:
    """What the doctor says of what happens inside "with"."""

    def __init__(self, *options, inside=()):
        self.command = [*inside, "tcphs", "doctor", "-j", "--for", "10m", *options]

    def __enter__(self):
        self.process = start(self.command)
        self.resent = self.resends()
        return self

    def __exit__(self, kind, value, trace):
        self.process.send_signal(signal.SIGKILL if kind else signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        if kind:
            return
        self.resent = self.resends() - self.resent
        same(err, b"", "what it says beside")
        self.findings, self.checks, self.sum = parse(out)
        same(self.process.returncode, EXIT[self.sum["worst"]], "exit status")
        same(len(self.checks), CHECKS, "number of checks")
        for finding in self.findings:
            try_command(finding["command"])
        self.leave_out_missing_hooks()

    @staticmethod
    def resends():
        return counter(counters(), "TcpRetransSegs")

    def explained_by_resends(self, findings):
        """A SYN was sent again, or a FIN to a connection that had gone."""
        return all(f["finding"] in ("syn-loss", "reset-by-peer") for f in findings) and \
            0 < sum(f["value"] for f in findings) <= self.resent

    def without_resends(self, findings, expected):
        """The expected ones; others only as consequences of a machine that is late.

        A debug kernel is late each time."""
        surplus = [f for f in findings if f["finding"] not in expected]
        late = self.explained_by_resends(surplus)
        if surplus and not (late and PATIENCE > 1):
            raise (Late if late else Wrong)(f"found {findings}\nexpected {expected}")
        return [f for f in findings if f["finding"] in expected]

    def leave_out_missing_hooks(self):
        """A kernel that lacks hooks has that notice always, and no other kernel has it."""
        missing = sum(not hook["active"] for hook in status()["hooks"])
        same([f["value"] for f in self.findings if f["finding"] == "hooks-missing"],
             [missing] * (missing > 0), "hooks missing")
        self.findings = [f for f in self.findings if f["finding"] != "hooks-missing"]

    def found(self, **expected):
        """These findings and no others, NAME=(SEVERITY, VALUE), the most urgent first."""
        order = ["notice", "warning", "critical"]
        ranks = [order.index(f["severity"]) for f in self.findings]
        same(ranks, sorted(ranks, reverse=True), "order of the findings")
        expected = {name.replace("_", "-"): value for name, value in expected.items()}
        found = {f["finding"]: (f["severity"], f["value"]) for f in self.findings
                 if f["finding"] in expected}
        if found != expected:
            raise Wrong(f"found {self.findings}\nexpected {expected}")
        self.findings = self.without_resends(self.findings, expected)
        same(len(self.findings), len(expected), "number of findings")
        return self.findings[0] if self.findings else None

    def finding(self, name):
        return next(f for f in self.findings if f["finding"] == name)

    def saw(self, check, expected):
        same(next(c for c in self.checks if c["check"] == check)["saw"], expected,
             f"what was seen of {check}")


def says(finding, key, words):
    if words not in finding.get(key, ""):
        raise Wrong(f"{key} does not say '{words}': {finding}")


def advises(finding, setting, present, advised):
    same([finding.get(key) for key in ("setting", "present", "advised")][:2],
         [setting, present], "setting")
    if not finding["advised"].startswith(advised):
        raise Wrong(f"advised: {finding['advised']}, expected {advised}")


def is_of_listener(finding, port):
    same((finding["object"], finding["port"]), ("listener", port), "object")


def names_me(finding):
    same((finding["pid"], finding["comm"]),
         (os.getpid(), open("/proc/self/comm", encoding="ascii").read().strip()), "owner")


class Case(Tale):
    """A Tale with clients on this machine."""

    def serve(self, backlog=31):
        return self.listener(backlog, where=HERE)

    def connecting_to(self, port, address="127.0.0.1"):
        s = self.socket()
        s.setblocking(False)
        self.error = s.connect_ex((address, port))
        return s

    def connect(self, port, address="127.0.0.1"):
        s = self.socket()
        s.connect((address, port))
        return s

    def pair(self, listener, port, address="127.0.0.1"):
        client = self.connect(port, address)
        return client, self.accept(listener)

    @staticmethod
    def close_in_turn(first, second):
        """The second not before the first's FIN has come, or both would have closed first."""
        first.close()
        same(second.recv(1), b"", "after the first has closed")
        second.close()

    def overflow(self, port):
        """More than a backlog of 3 holds; the rest gives up before it tries again."""
        clients = [self.connecting_to(port) for _ in range(11)]
        self.until(lambda: self.grown("TcpExtListenOverflows") >= 7, "seven overflows")
        for client in clients[4:]:
            client.close()

    def ss(self, state):
        out = subprocess.run(["ss", "-Htan", "state", *state.split()], check=True,
                             capture_output=True)
        return len(out.stdout.splitlines())

    def peers_of(self, port, count):
        peers = [self.peer() for _ in range(count)]
        for peer in peers:
            peer.connect(port)
        return peers


def status():
    out = subprocess.run(["tcphs", "status", "-j"], check=True, capture_output=True)
    return json.loads(out.stdout)
