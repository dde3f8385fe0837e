#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""tcphs-exporter in front of a fake kernel: what it answers, and to whom it does not.

	exporter.py EXPORTER
"""
import http.client
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

EXPORTER = sys.argv[1]
IDLE, LASTS, CLIENTS = 10, 15, 16
FAILED = []
DONE = 0
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1"}


def check(name, good, more=""):
    global DONE
    DONE += 1
    if not good:
        FAILED.append(name)
        print("#", more)
    print("ok" if good else "not ok", DONE, "-", name, flush=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Exporter:
    """One that runs."""

    def __init__(self, *words, port=0, fake="", closed=None):
        self.port = port or free_port()
        words = words or ("--listen", f"127.0.0.1:{self.port}")
        self.process = subprocess.Popen([EXPORTER, *words], stderr=subprocess.PIPE, text=True,
                                        env=os.environ | {"FAKE": fake},
                                        preexec_fn=closed and (lambda: os.close(closed)))

    def __enter__(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.connect().close() or self
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.said = self.process.communicate(timeout=30)[1]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=LASTS + 20)

    def get(self, path="/metrics", method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers["Content-Type"], text

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s*(\d+)", file.read())[1])


def until_closed(s):
    """What comes, and for how long it stays open."""
    began, data = time.monotonic(), b""
    try:
        while piece := s.recv(65536):
            data += piece
    except OSError:
        pass
    return time.monotonic() - began, data


def answers(x):
    status, kind, text = x.get()
    check("it answers in the text format", (status, kind[:26]) == (200, "text/plain; version=0.0.4;") and
          "\ntcphs_up 1\n" in text, (status, kind, text[:300]))
    status, kind, text = x.get(headers=OPENMETRICS)
    check("and in OpenMetrics, whoever asks for it", status == 200 and
          kind.startswith("application/openmetrics-text; version=1.0.0") and text.endswith("# EOF\n"),
          (status, kind))
    check("but not who refuses that by its weight",
          [x.get(headers={"Accept": f"text/plain,application/openmetrics-text;q={q}"})[1][:5]
           for q in ("0", "0.000", "0 , text/plain", "0;version=1.0.0", "0.001", "0.5 ,text/plain")] ==
          ["text/"] * 4 + ["appli"] * 2)
    check("a request may name the server, as those of proxies do",
          x.get(f"http://localhost:{x.port}/metrics")[0] == x.get("http://localhost")[0] == 200)
    check("HEAD has no body", x.get(method="HEAD")[::2] == (200, ""))
    check("/ leads there", "/metrics" in x.get("/")[2])
    check("all else is refused", [x.get("/x")[0], x.get("/metrics/")[0], x.get("/metrics%00x")[0],
                                  x.get(method="POST")[0],
                                  x.get(method="PUT", body="x" * 99999)[0],
                                  x.get(body="x")[0]] == [404, 404, 404, 405, 405, 400])
    before = time.monotonic()
    counts = [int(re.search(r"^tcphs_exporter_collections_total (\d+)", x.get()[2], re.M)[1])
              for _ in range(31)]
    check("scrapes within a second share one collection",
          counts[-1] - counts[0] <= time.monotonic() - before + 1, counts)
    connection = http.client.HTTPConnection("127.0.0.1", x.port)
    for _ in range(3):
        connection.request("GET", "/metrics")
        kept = connection.getresponse()
        kept.read()
    check("a connection is kept for the next scrape", not kept.will_close)
    connection.close()


def rubbish(seed):
    dice = random.Random(seed)
    head = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    kinds = (
        lambda: dice.randbytes(dice.randrange(1, 3000)),
        lambda: b"GET /" + b"a" * dice.randrange(1, 60000) + b" HTTP/1.1\r\n\r\n",
        lambda: b"GET /metrics HTTP/1.1\r\n" + b"".join(
            b"X-%d: %s\r\n" % (i, b"b" * 99) for i in range(dice.randrange(1, 900))) + b"\r\n",
        lambda: bytes(b ^ (dice.random() < 0.1) << dice.randrange(8) for b in head),
        lambda: head[:dice.randrange(1, len(head))] + dice.randbytes(dice.randrange(99)),
        lambda: b"POST /metrics HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % dice.randrange(1 << 63) +
        b"c" * dice.randrange(99999),
        lambda: b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
        dice.randbytes(99),
        lambda: b"\r\n" * dice.randrange(1, 9999),
    )
    return dice.choice(kinds)()


def fuzz(x, rounds):
    before, wrong = x.memory(), []
    for i in range(rounds):
        data = rubbish(i)
        try:
            with x.connect() as s:
                s.settimeout(1)
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                answer = s.recv(64)
        except OSError:
            continue
        # What happens to be a request is answered; 505 is about HTTP/9.9.
        if answer and not re.match(rb"HTTP/1\.[01] (4\d\d|505|200) ", answer):
            wrong.append((data[:60], answer))
    check("rubbish is answered by 4xx, or not at all", not wrong, wrong[:3])
    check("and takes no memory", x.memory() - before < 8192, (before, x.memory()))
    check("it still answers", x.get()[0] == 200)


def sockets(x):
    """Inodes of its sockets."""
    inodes = set()
    for fd in os.listdir(f"/proc/{x.process.pid}/fd"):
        try:
            inodes |= set(re.findall(r"socket:\[(\d+)\]",
                                     os.readlink(f"/proc/{x.process.pid}/fd/{fd}")))
        except OSError:
            pass
    return inodes


def hangs(x):
    """They hang while others are served."""
    found = {}

    def silent():
        with x.connect() as s:
            found["silent"] = until_closed(s)[0]

    def slow():
        with x.connect() as s:
            began = time.monotonic()
            try:
                for byte in b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 60:
                    s.send(bytes([byte]))
                    time.sleep(1)
            except OSError:
                pass
            found["slow"] = time.monotonic() - began

    threads = [threading.Thread(target=run) for run in (silent, slow)]
    for thread in threads:
        thread.start()
    # It asks for more than fits into any buffer, and reads nothing.
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", x.port))
    deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 499)
    yield
    for thread in threads:
        thread.join()
    check("who sends nothing is cut off", IDLE - 2 < found["silent"] < IDLE + 15, found)
    check("who sends a byte a second, too", LASTS - 2 < found["slow"] < LASTS + 15, found)
    deadline = time.monotonic() + LASTS + 15
    while (held := len(sockets(x))) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    check("and who reads nothing", held == 1, held)
    deaf.close()


def cpu(x):
    """Seconds that it ran."""
    with open(f"/proc/{x.process.pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def is_closed(s):
    s.setblocking(False)
    try:
        return s.recv(1) == b""
    except BlockingIOError:
        return False


def crowd(x):
    """More than may be connected, and they send nothing."""
    many = [x.connect() for _ in range(3 * CLIENTS)]
    expected = [True] * 2 * CLIENTS + [False] * CLIENTS
    deadline = time.monotonic() + IDLE - 2
    while (gone := [is_closed(s) for s in many]) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    check("of more than may be connected those that came first give way", gone == expected, gone)
    check("and no more are let in", len(sockets(x)) == CLIENTS + 1, sockets(x))
    began, before = time.monotonic(), cpu(x)
    check("a scraper is served all the same", x.get()[0] == 200)
    check("and at once", time.monotonic() - began < IDLE / 2, time.monotonic() - began)
    while time.monotonic() < began + 3:
        select.select([], [], [], began + 3 - time.monotonic())
    check("they do not keep it busy", cpu(x) - before < 1, cpu(x) - before)
    for s in many:
        s.close()


def name_of_two():
    """The first address of its name is none of ours."""
    port = free_port()
    with Exporter("--listen", f"two.test:{port}", port=port) as x:
        check("of a name each address is tried", listens_at(x) == {"0100007F"}, listens_at(x))


def activated(number, handed, **how):
    """An exporter that is told of so many sockets of systemd's, and gets one."""
    return subprocess.Popen(["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=$1 exec "$0" 3<&"$2"', EXPORTER,
                             str(number), str(handed.fileno())], pass_fds=[handed.fileno()], **how)


def activation():
    listener = socket.create_server(("127.0.0.1", 0))
    process = activated(1, listener)
    connection = http.client.HTTPConnection(*listener.getsockname(), timeout=30)
    connection.request("GET", "/metrics")
    status = connection.getresponse().status
    connection.close()
    process.terminate()
    check("a socket of systemd's is served", (status, process.wait()) == (200, 0))


def refused_sockets():
    """One that is not served would let whoever connects wait."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as deaf, \
         socket.socket(type=socket.SOCK_DGRAM) as letters:
        for name, number, handed, word in (("two sockets", 2, listener, "one can be served"),
                                           ("one that does not listen", 1, deaf, "does not listen"),
                                           ("one of datagrams", 1, letters, "does not listen")):
            process = activated(number, handed, stderr=subprocess.PIPE, text=True)
            try:
                said = process.communicate(timeout=30)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                said = process.communicate()[1]
            check(f"refused of systemd: {name}", process.returncode == 1 and
                  word in said and said.count("\n") == 1, (process.returncode, said))


def refusals():
    for words, status in ((["--nonsense"], 2), (["x"], 2), (["--limit", "0"], 2), (["--limit", "1x"], 2),
                          *((["--listen", place], 2) for place in
                            ("9768", ":9768", "foo", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:9x",
                             "127.0.0.1:+9", "127.0.0.1:0", "::1:9768", "[::1:9768", "[]:9768",
                             "::1]:9768", "[::1]x:9768", "a" * 300 + ":9768")),
                          (["--listen", "192.0.2.1:9"], 1), (["--listen", "none.invalid:9"], 1)):
        done = subprocess.run([EXPORTER, *words], capture_output=True, text=True, check=False,
                              timeout=30)
        check(f"refused: {' '.join(words)}", (done.returncode, done.stdout) == (status, "") and
              done.stderr, done)
    with Exporter() as x:
        done = subprocess.run([EXPORTER, "--listen", f"127.0.0.1:{x.port}"], capture_output=True,
                              check=False, timeout=30)
        check("a port that is taken is told", done.returncode == 1 and b"in use" in done.stderr, done)


def listens_at(x):
    """Addresses of its sockets, as the kernel has them."""
    inodes, found = sockets(x), set()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{x.process.pid}/net/{name}", encoding="ascii") as file:
            for row in list(map(str.split, file))[1:]:
                if row[3] == "0A" and row[9] in inodes:
                    found.add(row[1].split(":")[0])
    return found


def main():
    with Exporter() as x:
        check("it listens on loopback alone", listens_at(x) == {"0100007F"}, listens_at(x))
        meanwhile = hangs(x)
        next(meanwhile)
        answers(x)
        fuzz(x, 199)
        next(meanwhile, None)
        crowd(x)
    check("a signal ends it", (x.process.returncode, x.said) == (0, ""), (x.process, x.said))
    with Exporter(fake="absent") as x:
        first, second = x.get()[2], x.get()[2]
        check("without the module it says so", "\ntcphs_up 0\n" in first and
              "tcphs_connections" not in second)
        time.sleep(1.1)
        x.get()
    check("and once in its log", x.said.count("\n") == 1 and "modprobe tcphs" in x.said, x.said)
    with Exporter(fake="old") as x:
        first = x.get()[2]
        time.sleep(1.1)
        x.get()
    check("a module of another version is exported", "\ntcphs_up 1\n" in first and
          'tcphs_module_info{version="0.0.7"' in first)
    check("and is once in its log, too", x.said.count("\n") == 1 and
          "the module that is loaded is 0.0.7, this tool" in x.said, x.said)
    with Exporter(fake="abi") as x:
        first = x.get()[2]
    check("one that it does not understand is none", "\ntcphs_up 0\n" in first and
          x.said.count("\n") == 1 and "reinstall both" in x.said, x.said)
    with Exporter(fake="absent", closed=2) as x:
        check("where standard error is closed no socket takes its place, and what is logged is in none",
              os.readlink(f"/proc/{x.process.pid}/fd/2") == "/dev/null",
              os.readlink(f"/proc/{x.process.pid}/fd/2"))
    activation()
    refused_sockets()
    name_of_two()
    refusals()
    print(f"1..{DONE}")
    return bool(FAILED)


sys.exit(main())
