# SPDX-License-Identifier: GPL-2.0
"""Stories of who owns a socket: processes, threads, launchers that leave, devices."""
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import threading

import kernel
from tale import same, story, Wrong

PR_SET_NAME = 15
LIBC = ctypes.CDLL(None, use_errno=True)


def call_me(name):
    """Of the thread that calls it; the main thread's name is the process's."""
    LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def rows(verb, *options):
    out = subprocess.run(["tcphs", verb, "-j", *options], check=True, capture_output=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def ss_listener(port):
    """What ss says of a listener: addresses, send queues, and its users."""
    return subprocess.run(["ss", "-ltnpH", f"sport = {port}"], check=True, capture_output=True,
                          text=True).stdout


class Child:
    """A process that runs a function and waits until it is told to end."""

    def __init__(self, t, function):
        self.out, inner = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                function(inner)
                signal.pause()
            finally:
                os._exit(1)
        os.close(inner)
        t.sockets.append(self)

    def says(self, count):
        """So many bytes of it."""
        data = b""
        while len(data) < count:
            piece = os.read(self.out, count - len(data))
            if not piece:
                raise Wrong(f"the process {self.pid} is gone")
            data += piece
        return data

    def close(self):
        if self.pid:
            os.close(self.out)
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.pid = 0


@story("ipv4", "ipv6")
def threads(t):
    """a socket is its process's and its thread's: both names are reported, and it is found by both"""
    host = "::1" if t.family == "ipv6" else "127.0.0.1"
    listener, port = t.listener(where={4: host, 6: host})

    def serve(out):
        call_me("server-17")

        def accept():
            call_me("acceptor-3")
            os.set_inheritable(listener.accept()[0].detach(), False)
            os.write(out, b"a")

        thread = threading.Thread(target=accept)
        thread.start()
        thread.join()
        # What the process does itself has no other name.
        os.set_inheritable(listener.accept()[0].detach(), False)
        os.write(out, b"b")

    child = Child(t, serve)
    for answer in b"a", b"b":
        client = t.socket()
        client.connect((host, port))
        same(child.says(1), answer, "who accepted")
    with open(f"/proc/{child.pid}/comm", encoding="ascii") as file:
        same(file.read(), "server-17\n", "the kernel's name of the process")
    child.close()

    accepted = [e for e in rows("events", "--local-port", str(port)) if e["event"] == "accepted"]
    same([(e["comm"], e.get("thread")) for e in accepted],
         [("server-17", "acceptor-3"), ("server-17", None)], "names, when all of them are gone")
    for name, count in ("server-17", 2), ("acceptor-3", 1), ("python3", 0):
        found = rows("events", "--local-port", str(port), "--comm", name, "--event", "accepted")
        same(len(found), count, f"accepted by {name}")
        found = rows("connections", "--local-port", str(port), "--comm", name)
        same(len([c for c in found if c["role"] == "passive"]), count, f"connections of {name}")


@story("ipv4")
def launcher_leaves(t):
    """a listener is owned by who accepts, with who called listen() beside it"""
    children = []

    def launch(out):
        call_me("launcher")
        listener = socket.create_server(("127.0.0.1", 0))
        os.write(out, listener.getsockname()[1].to_bytes(2, "big"))
        worker = os.fork()
        if worker:
            os.write(out, worker.to_bytes(4, "big"))
            os._exit(0)
        call_me("worker")
        for _ in range(3):
            listener.accept()[0].detach()
            os.write(out, b"a")
        signal.pause()

    child = Child(t, launch)
    port = int.from_bytes(child.says(2), "big")
    worker = int.from_bytes(child.says(4), "big")
    children.append(worker)
    try:
        os.waitpid(child.pid, 0)
        launcher = child.pid
        before = rows("listeners", "--local-port", str(port))
        same([(l["pid"], l["comm"], "listen_pid" in l) for l in before],
             [(launcher, "launcher", False)], "owner before the first accept()")
        for _ in range(3):
            t.socket().connect(("127.0.0.1", port))
            child.says(1)
        after, = rows("listeners", "--local-port", str(port))
        same((after["pid"], after["comm"], after["listen_pid"], after["listen_comm"]),
             (worker, "worker", launcher, "launcher"), "owner, and who listened")
        if f'(("worker",pid={worker},' not in ss_listener(port):
            raise Wrong(f"ss says {ss_listener(port)}")
        for option in ("--pid", worker), ("--pid", launcher), ("--comm", "worker"), \
                ("--comm", "launcher"):
            found = rows("listeners", "--local-port", str(port), option[0], str(option[1]))
            same(len(found), 1, f"found by {option}")
        same(rows("listeners", "--local-port", str(port), "--comm", "nobody"), [], "of nobody")
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)


@story("ipv4")
def listens_and_accepts(t):
    """a process that listens and accepts itself is the owner, and named once"""
    listener, port = t.listener(where={4: "127.0.0.1"})
    t.socket().connect(("127.0.0.1", port))
    t.accept(listener)
    row, = rows("listeners", "--local-port", str(port))
    same((row["pid"], [key for key in row if key.startswith("listen_")]), (os.getpid(), []), "owner")


@story("ipv4", "ipv6")
def bound_to_devices(t):
    """listeners of one port, each bound to a device, are told apart as ss does"""
    family = socket.AF_INET6 if t.family == "ipv6" else socket.AF_INET
    port = t.new_port()
    any_ = "::" if t.family == "ipv6" else "0.0.0.0"
    # A VRF is a device like others, and what is in it is found by its name.
    red = "vrf table 17" if kernel.HAS_VRF else "dummy"
    for command in f"link add red17 type {red}", "link add blue17 type dummy", \
            "link set red17 up", "link set blue17 up":
        subprocess.run(["ip", *command.split()], check=True)
    if kernel.HAS_VRF:
        subprocess.run(["ip", "link", "set", "blue17", "master", "red17"], check=True)
    try:
        for device in "lo", "blue17", "red17":
            s = socket.socket(family)
            t.sockets.append(s)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            s.bind((any_, port))
            s.listen(7)
        port2 = t.listener(where={4: "127.0.0.1", 6: "::1"})[1]
        found = {row["device"]: row for row in rows("listeners", "--local-port", str(port))}
        same({name: (row["ifindex"], row.get("l3mdev")) for name, row in found.items()},
             {name: (socket.if_nametoindex(name), vrf) for name, vrf in
              (("lo", None), ("blue17", "red17" if kernel.HAS_VRF else None),
               ("red17", None))}, "devices")
        unbound, = rows("listeners", "--local-port", str(port2))
        same([key for key in ("device", "ifindex", "l3mdev") if key in unbound], [], "of no device")
        text = subprocess.run(["tcphs", "listeners", "-H", "--local-port", str(port)], check=True,
                              capture_output=True, text=True).stdout
        shown = sorted(line.split()[0].replace("[::]", "*") for line in text.splitlines())
        witness = sorted(line.split()[3].replace("[::]", "*")
                         for line in ss_listener(port).splitlines())
        same(shown, witness, "addresses as ss shows them")
        for name, count in ("lo", 1), ("red17", 1 + kernel.HAS_VRF), ("blue17", 1):
            same(len(rows("listeners", "--local-port", str(port), "--device", name)), count,
                 f"listeners of {name}")
    finally:
        for s in t.sockets:
            s.close()
        for device in "blue17", "red17":
            subprocess.run(["ip", "link", "del", device], check=True)
    events = rows("events", "--local-port", str(port), "--event", "listen")
    same(sorted(e["ifindex"] for e in events),
         sorted(row["ifindex"] for row in found.values()), "devices of the events")


@story("ipv4", "ipv6")
def listens_again(t):
    """listen() again with another backlog is an event, with the same one it is none"""
    host = "::1" if t.family == "ipv6" else "127.0.0.1"
    listener, port = t.listener(backlog=7, where={4: host, 6: host})
    for backlog in 13, 13, 5:
        listener.listen(backlog)
        same(ss_listener(port).split()[2], str(backlog), "ss: backlog")
    events = [e for e in rows("events", "--local-port", str(port))]
    same([(e["event"], e["accept_limit"]) for e in events],
         [("listen", 7), ("backlog-changed", 13), ("backlog-changed", 5)], "what listen() did")
    same([(e["conn"], e["pid"]) for e in events], [(events[0]["conn"], os.getpid())] * 3, "whose")
    listener.close()
    last = rows("events", "--local-port", str(port))[-1]
    same((last["event"], last["accept_limit"]), ("unlisten", 5), "the end")


@story("ipv6")
def link_local(t):
    """a link-local address says little without its device: connections are told apart by it"""
    address, port, ends = "fe80::17", t.new_port(), []
    try:
        for device in "left17", "right17":
            for command in f"link add {device} type dummy", f"link set {device} up", \
                    f"addr add {address}/64 dev {device} nodad":
                subprocess.run(["ip", "-6", *command.split()], check=True)
            index = socket.if_nametoindex(device)
            listener, client = (socket.socket(socket.AF_INET6) for _ in range(2))
            t.sockets += [listener, client]
            listener.bind((address, port, 0, index))
            listener.listen(7)
            client.connect((address, port, 0, index))
            t.accept(listener)
            ends.append((device, index, client.getsockname()[1]))
        for device, index, local in ends:
            events = rows("events", "--address", f"{address}%{device}", "--event", "established")
            same({(e["local_port"], e["ifindex"]) for e in events},
                 {(local, index), (port, index)}, f"established on {device}")
            conns = rows("connections", "--address", f"{address}%{index}")
            same({c["ifindex"] for c in conns}, {index}, f"connections of {device}")
            text = subprocess.run(["tcphs", "connections", "-H", "--local-port", str(local)],
                                  check=True, capture_output=True, text=True).stdout
            shown = {word for word in text.split() if word.startswith("[fe80")}
            witness = subprocess.run(["ss", "-tnH", f"sport = {local}"], check=True,
                                     capture_output=True, text=True).stdout
            same(shown, {f"[{address}]%{device}:{end}" for end in (local, port)}, "both ends")
            # Of the other end ss does not say it.
            same(f"[{address}]%{device}:{local}" in witness.split(), True, "as ss shows this end")
    finally:
        # By a RST: what waits for an ACK when its device goes waits for minutes.
        for s in t.sockets:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        for device in "left17", "right17":
            subprocess.run(["ip", "link", "del", device], check=False, capture_output=True)
