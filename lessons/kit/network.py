# SPDX-License-Identifier: GPL-2.0
"""Two machines and a wire: network namespaces that nobody else sees and that end with us."""
import ctypes
import os
import socket
import struct
import subprocess
import time

from kit.segment import Wire, made

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
SO_COOKIE, SIOCOUTQ = 57, 0x5411
CLIENT, SERVER = "192.0.2.1", "192.0.2.2"
# Whose packets nobody answers: what the server sends there ends at the client's machine.
SILENT = "198.51.100."
DEVICE = "eth0"
MAC = {CLIENT: "02:00:00:00:00:01", SERVER: "02:00:00:00:00:02"}
PATIENCE = int(os.environ.get("TCPHS_PATIENCE", "1"))
libc = ctypes.CDLL(None, use_errno=True)


class Trouble(Exception):
    """This machine can't give the lesson."""


def checked(status, what):
    if status:
        raise Trouble(f"{what}: {os.strerror(ctypes.get_errno())}")


def run(*command, text=None, allowed=(0,)):
    """Its output; what it says of errors comes with the exception."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        raise Trouble(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class Machine:
    """One of the two: with it, what is opened and run is on it."""

    def __init__(self, name, address):
        self.name, self.address = name, address
        run("ip", "netns", "add", name)
        self.netns = os.open(f"/run/netns/{name}", os.O_RDONLY)
        self.home, self.sockets = [], []

    def __enter__(self):
        self.home.append(os.open("/proc/self/ns/net", os.O_RDONLY))
        checked(libc.setns(self.netns, CLONE_NEWNET), "setns")
        return self

    def __exit__(self, *_):
        home = self.home.pop()
        checked(libc.setns(home, CLONE_NEWNET), "setns")
        os.close(home)

    def run(self, *command, text=None, allowed=(0,)):
        with self:
            return run(*command, text=text, allowed=allowed)

    def sysctl(self, name, value):
        with self, open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    def counter(self, name):
        """The kernel's, under the name that nstat gives it."""
        with self:
            for path in "/proc/net/snmp", "/proc/net/netstat":
                with open(path, encoding="ascii") as file:
                    for keys, values in zip(file, file):
                        group, *keys = keys.split()
                        for key, value in zip(keys, values.split()[1:]):
                            if group[:-1] + key == name:
                                return int(value)
        raise Trouble(f"this kernel has no counter {name}")

    def socket(self, port=0):
        with self:
            s = socket.socket()
        s.settimeout(20 * PATIENCE)
        self.sockets.append(s)
        if port:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((self.address, port))
        return s

    def listen(self, port=8080, backlog=31):
        s = self.socket(port)
        s.listen(backlog)
        return s

    def listen_early(self, port=8080, queue=5):
        """TCP Fast Open: data on the SYN, with a cookie, are for the program at once."""
        self.sysctl("tcp_fastopen", 2)
        s = self.socket(port)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, queue)
        s.listen(queue)
        return s

    def accept(self, listener):
        s = listener.accept()[0]
        s.settimeout(20 * PATIENCE)
        self.sockets.append(s)
        return s

    def drop(self, what):
        """From now on its firewall drops what comes in and is like that, in nft's words."""
        self.run("nft", "-f", "-", text="table inet lesson { chain input { "
                 f"type filter hook input priority 0; {what} counter drop; }}; }}")

    def dropped(self):
        """How many it has dropped."""
        words = self.run("nft", "list", "table", "inet", "lesson").split()
        return int(words[words.index("packets") + 1])

    def drop_no_more(self):
        self.run("nft", "delete", "table", "inet", "lesson")

    def end(self):
        """It goes, and all that is on it."""
        for s in self.sockets:
            s.close()
        os.close(self.netns)
        run("ip", "netns", "del", self.name)

    def delay(self, ms):
        self.run("tc", "qdisc", "replace", "dev", DEVICE, "root", "netem", "delay", f"{ms}ms")


class Network:
    """The client's machine, the server's, and the wire between them."""

    def __init__(self):
        checked(libc.unshare(CLONE_NEWNS), "unshare")
        checked(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
        os.makedirs("/run/netns", exist_ok=True)
        checked(libc.mount(b"tmpfs", b"/run/netns", b"tmpfs", 0, None), "mount")
        self.begin()

    def begin(self):
        """Both machines and the wire, to which nothing has happened yet."""
        self.client, self.server = Machine("client", CLIENT), Machine("server", SERVER)
        run("ip", "-n", "client", "link", "add", DEVICE, "address", MAC[CLIENT], "type", "veth",
            "peer", "name", DEVICE, "address", MAC[SERVER], "netns", "server")
        for machine, other in zip(self.machines(), (SERVER, CLIENT)):
            # Both know each other's address before anybody looks at the wire.
            run("ip", "-n", machine.name, "-batch", "-", text="link set lo up\n"
                f"addr add {machine.address}/24 dev {DEVICE}\nlink set {DEVICE} up\n"
                f"neigh replace {other} lladdr {MAC[other]} dev {DEVICE} nud permanent\n")
            for name, value in (("ip_forward", 0), ("conf/all/rp_filter", 0),
                                (f"conf/{DEVICE}/rp_filter", 0), ("tcp_syncookies", 1),
                                ("tcp_fin_timeout", 60)):
                machine.sysctl(name, value)
        run("ip", "-n", "server", "route", "add", f"{SILENT}0/24", "via", CLIENT)
        self.wire = Wire(self.server, DEVICE)

    def caught(self, attempt, what, seconds=90):
        """What @attempt has found. Some things last for less than a second, and on a slow machine
        they may be over before anybody looks. Then @attempt finds nothing and is made again, on
        machines to which nothing has happened: it says nothing to the learner before it is over."""
        deadline = time.monotonic() + seconds * PATIENCE
        while not (found := attempt()):
            if time.monotonic() > deadline:
                raise Trouble(f"missed again and again, for {seconds} s: {what}")
            self.end()
            self.begin()
        return found

    def machines(self):
        return self.client, self.server

    def connecting(self, port=8080, own=0):
        """A socket on its way to the server."""
        s = self.client.socket(own)
        s.setblocking(False)
        s.connect_ex((SERVER, port))
        return s

    def connect(self, port=8080, own=0):
        s = self.client.socket(own)
        s.connect((SERVER, port))
        return s

    def pair(self, listener, own=0):
        """A connection's two ends."""
        s = self.connect(listener.getsockname()[1], own)
        return s, self.server.accept(listener)

    def stranger(self, number, port=8080):
        """A host behind the client that answers nothing."""
        return Sender(self, self.client, (f"{SILENT}{number}", 40001), (SERVER, port))

    def end(self):
        self.wire.end()
        for machine in self.machines():
            machine.end()


class Sender:
    """Sends the segments it is told to and nothing else, from whatever address."""

    isn = 1000003

    def __init__(self, network, machine, source, target):
        self.network, self.source, self.target = network, source, target
        self.address = source[0]
        with machine:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        machine.sockets.append(self.socket)

    def send(self, flags, seq, ack=0, data=b"", options=b""):
        self.socket.sendto(made(*self.source, *self.target, seq, ack, flags, data, options),
                           (self.target[0], 0))

    def heard(self, flags, seconds=10):
        """The first such segment that was sent to it."""
        found = self.network.wire.wait(lambda s: (s.target, s.dport) == self.source and
                                       s.flags == flags, seconds * PATIENCE)
        if not found:
            raise Trouble(f"nothing was sent to {self.address}")
        return found[0]


def until(condition, what, seconds=15):
    """Waits for it; what it says."""
    deadline, pause = time.monotonic() + seconds * PATIENCE, 0.05
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Trouble(f"not within {seconds} s: {what}")
        # To ask is dear where a CPU is emulated: the longer it takes, the less often.
        time.sleep(pause)
        pause = min(1.5 * pause, 0.5)
    return found


def cookie(s):
    """The socket's number: CONN of tcphs, sk: of ss -e."""
    return f"{struct.unpack('Q', s.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]:x}"


def abort(s):
    """close() with SO_LINGER 0: a RST in place of a FIN."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read(s, count):
    data = b""
    while len(data) < count and (more := s.recv(count - len(data))):
        data += more
    return data
