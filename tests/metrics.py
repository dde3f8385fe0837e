#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Metrics as a real Prometheus sees them: alerts of what goes wrong and none of its healthy
twin, sums that are the kernel's, namespaces and the module that come and go.

usage: metrics.py [--count]

Prints "pass NAME" or "fail NAME"; lines before a "fail" say why.
"""
import contextlib
import ctypes
import errno
import http.client
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

import yaml

from cursor import NLM_F_ACK, NLM_F_DUMP, ask, attribute, attributes, find_family
from wire import PATIENCE

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(HERE, "../monitoring/tcphs.rules.yml")
EXPORTER = ("127.0.0.1", 9768)
PROMETHEUS = ("127.0.0.1", 19090)
OPENMETRICS = {"Accept": "application/openmetrics-text"}
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
TESTS = []
LONG = "TCPHS_TEST_LONG" in os.environ
# What goes wrong in a namespace, see ward.py.
TROUBLE = {
    "TcphsAcceptHangs", "TcphsAcceptQueueOverflow", "TcphsAcceptQueueFull", "TcphsAcceptSlow",
    "TcphsListenerClosedWithQueue", "TcphsSynsDropped", "TcphsSynCookies", "TcphsConnectsFail",
    "TcphsNoPorts", "TcphsPortsRunOut", "TcphsTimeWaitNearLimit", "TcphsConnectionsTimeOut"}
CLOSE_WAIT = {"TcphsCloseWaitStuck", "TcphsCloseWaitGrows"}
OF_THE_MACHINE = {"TcphsOrphans", "TcphsTcpMemory", "TcphsDown", "TcphsTableFull", "TcphsHookDeaf"}


def test(function):
    TESTS.append(function)
    return function


def slow(function):
    """A test that takes a minute, for make check-all."""
    return test(function) if LONG else function


def same(found, expected, what):
    assert found == expected, f"{what}: {found}, expected {expected}"


def until(condition, what, seconds=30):
    """Waits; what it is then."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.3)
    return found


def http_get(where, path, headers=None):
    connection = http.client.HTTPConnection(*where, timeout=60 * PATIENCE)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != 200:
        raise OSError(f"{path}: {answer.status} {text[:300]}")
    return text


@contextlib.contextmanager
def inside(netns):
    """What is opened meanwhile is of that network namespace."""
    with open("/proc/self/ns/net", "rb") as own, open(f"/run/netns/{netns}", "rb") as other:
        assert not LIBC.setns(other.fileno(), CLONE_NEWNET), os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert not LIBC.setns(own.fileno(), CLONE_NEWNET)


def nstat(netns):
    """Both families of counters of a namespace."""
    found = {}
    with inside(netns):
        for name in ("snmp", "netstat"):
            with open(f"/proc/thread-self/net/{name}", encoding="ascii") as file:
                rows = [line.split() for line in file]
            for names, values in zip(rows[::2], rows[1::2]):
                found.update({names[0] + key: int(value)
                              for key, value in zip(names[1:], values[1:])})
    return found


def run(*words, netns=None):
    where = ["ip", "netns", "exec", netns] if netns else []
    return subprocess.run([*where, *words], check=True, capture_output=True, text=True).stdout


class Metrics:
    """What a text says."""

    def __init__(self, text):
        self.text = text
        self.found = []
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
                self.found.append((name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"',
                                                         labels or "")), float(value)))

    def all(self, name, **labels):
        return [(have, value) for n, have, value in self.found
                if n == name and labels.items() <= have.items()]

    def sum(self, name, **labels):
        return sum(value for _, value in self.all(name, **labels))


def scrape():
    return Metrics(http_get(EXPORTER, "/metrics"))


class Site:
    """The exporter, Prometheus, and two namespaces: in one there is trouble."""

    def __init__(self, place):
        self.processes, self.place, self.names = [], place, []
        self.wards, self.prepared, self.prometheus = {}, 0, None
        with open(RULES, encoding="ascii") as file:
            rules = file.read()
        # Minutes are long in a test; nothing else of the rules is changed. What is to last
        # for a while is to be seen three times.
        rules = re.sub(r"\bfor: (?!0s)\w+", "for: 6s", rules).replace("[5m]", "[60s]")
        rules = rules.replace('older_than="90"', 'older_than="60"')
        rules = rules.replace("offset 10m", "offset 20s")
        with open(f"{place}/rules.yml", "w", encoding="ascii") as file:
            file.write(rules)
        with open(f"{place}/prometheus.yml", "w", encoding="ascii") as file:
            file.write(f"""
global: {{ scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 3s }}
rule_files: [rules.yml]
scrape_configs:
  - job_name: tcphs
    static_configs: [{{ targets: ["{EXPORTER[0]}:{EXPORTER[1]}"] }}]
""")

    def start(self, *words, **options):
        self.processes.append(subprocess.Popen(words, **options))
        return self.processes[-1]

    def namespace(self, name):
        run("ip", "netns", "add", name)
        self.names.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return str(os.stat(f"/run/netns/{name}").st_ino)

    def ward(self, kind):
        self.wards[kind] = (self.namespace(f"tcphs-{kind}"), self.start(
            "ip", "netns", "exec", f"tcphs-{kind}", sys.executable, f"{HERE}/ward.py", kind,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def tell_wards(self, word):
        for _, process in self.wards.values():
            process.stdin.write(word + "\n")
            process.stdin.flush()
        for kind, (_, process) in self.wards.items():
            same(process.stdout.readline(), "done\n", f"{word}, {kind}")

    def netns(self, kind):
        return self.wards[kind][0]

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)

    @contextlib.contextmanager
    def no_prometheus(self):
        """Nobody else asks meanwhile: who is there when somebody does has label sets."""
        self.prometheus.send_signal(signal.SIGSTOP)
        try:
            scrape()
            yield
        finally:
            self.prometheus.send_signal(signal.SIGCONT)

    @staticmethod
    def query(expression):
        """[(labels, value)]"""
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        found = json.loads(http_get(PROMETHEUS, path))["data"]["result"]
        return [(row["metric"], float(row["value"][1])) for row in found]

    def fired(self):
        """(alert, namespace) of all that ever fired"""
        found = self.query('max_over_time(ALERTS{alertstate="firing"}[1h])')
        return {(labels["alertname"], labels.get("netns")) for labels, _ in found}

    def fires(self, *names, netns=None, seconds=60):
        expected = {(name, netns) for name in names}
        try:
            until(lambda: expected <= self.fired(), "alerts", seconds)
        except AssertionError:
            raise AssertionError(f"silent: {expected - self.fired()}") from None


# ---- in this order: what takes time goes on while others are asked ------------------------


@test
def prometheus_scrapes(site):
    """a real Prometheus takes the rules, and what the exporter says"""
    site.start("tcphs-exporter")
    site.ward("troubled")
    site.ward("healthy")
    site.tell_wards("prepare")
    site.prepared = time.monotonic()
    site.prometheus = site.start(
        "prometheus", f"--config.file={site.place}/prometheus.yml",
        f"--storage.tsdb.path={site.place}/data", "--log.level=error",
        f"--web.listen-address={PROMETHEUS[0]}:{PROMETHEUS[1]}")

    def both():
        try:
            # Of few samples increase() makes more than there was.
            found = site.query(
                "min by (netns) (count_over_time(tcphs_listener_sockets[60s])) >= 5")
        except OSError:
            return False
        known = {labels["netns"] for labels, _ in found}
        return {site.netns("troubled"), site.netns("healthy")} <= known

    until(both, "the listeners of both are known to Prometheus", 90)
    same([value for _, value in site.query("tcphs_up")], [1], "tcphs_up")


@test
def trouble_makes_alerts(site):
    """what goes wrong in a namespace makes its alert, each of twelve"""
    site.tell_wards("fall")
    site.fires(*TROUBLE, netns=site.netns("troubled"))
    if LONG:
        # Those that do not grow are to be known for longer than the rule looks back.
        until(lambda: time.monotonic() > site.prepared + 32, "time passes", 60)
        site.tell_wards("grow")


@test
def sums_are_the_kernels(site):
    """after a known load the sums are those of nstat"""
    netns = site.namespace("tcphs-sum")
    with inside("tcphs-sum"):
        server = socket.create_server(("127.0.0.1", 80), backlog=9)
        for _ in range(53):
            client = socket.create_connection(("127.0.0.1", 80))
            accepted = server.accept()[0]
            client.close()
            accepted.close()
        for _ in range(17):
            try:
                socket.create_connection(("127.0.0.1", 81))
                raise AssertionError("nobody listens there")
            except ConnectionRefusedError:
                pass
    m = until(lambda: (m := scrape()).sum("tcphs_listener_accepted_total", netns=netns) == 53 and m,
              "scraped")
    kernel = nstat("tcphs-sum")
    same({key: int(m.sum(name, netns=netns, **labels)) for key, (name, labels) in {
        "Tcp:ActiveOpens": ("tcphs_events_total", {"event": "syn-sent"}),
        "Tcp:PassiveOpens": ("tcphs_listener_accepted_total", {}),
        "Tcp:AttemptFails": ("tcphs_handshake_failures_total", {}),
        "Tcp:OutRsts": ("tcphs_resets_total", {"direction": "sent"}),
        "Tcp:EstabResets": ("tcphs_connections_broken_total", {}),
    }.items()}, {key: kernel[key] for key in (
        "Tcp:ActiveOpens", "Tcp:PassiveOpens", "Tcp:AttemptFails", "Tcp:OutRsts",
        "Tcp:EstabResets")}, "sums")
    same([int(m.sum("tcphs_handshake_duration_seconds_count", netns=netns, role=role))
          for role in ("active", "passive")], [53, 53], "handshakes")
    same(m.all("tcphs_handshake_failures_total", netns=netns, error_type="refused")[0][1], 17,
         "refused")
    same([labels["container"] for labels, _ in m.all("tcphs_records_total", netns=netns)],
         ["tcphs-sum"], "name")
    server.close()


@test
def parsers_take_it(site):
    """promtool and the Python client take both formats, of a machine that lives"""
    del site
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
    subprocess.run(["promtool", "check", "metrics"], check=True, text=True,
                   input=run("tcphs", "metrics", "-A"))
    text = http_get(EXPORTER, "/metrics", OPENMETRICS)
    assert len(list(text_string_to_metric_families(text))) > 50, text[-300:]


def failures(m, netns):
    """Those of a status, put together."""
    found = {}
    for name, label, only in (("tcphs_handshake_failures_total", "error_type", {}),
                              ("tcphs_drops_total", "cause", {}),
                              ("tcphs_resets_total", "cause", {"cause": "bad-cookie"})):
        for labels, value in m.all(name, netns=netns, **only):
            found[labels[label]] = found.get(labels[label], 0) + int(value)
    return {key: value for key, value in found.items() if value}


@test
def sums_are_those_of_status(site):
    """in the namespace where all goes wrong the sums are those of tcphs status"""
    netns = site.netns("troubled")
    last = []

    def equal():
        before = json.loads(run("tcphs", "status", "-j", netns="tcphs-troubled"))
        m = Metrics(run("tcphs", "metrics", "-A"))
        status = json.loads(run("tcphs", "status", "-j", netns="tcphs-troubled"))
        if before["events"] != status["events"]:
            return False
        last[:] = [
            ({key: value for key, value in status["failures"].items() if value},
             {key: value for key, value in status["events"].items() if value}, status["states"]),
            (failures(m, netns),
             {labels["event"]: int(value) for labels, value in
              m.all("tcphs_events_total", netns=netns) if value},
             {labels["state"]: int(value) for labels, value in
              m.all("tcphs_connections", netns=netns)})]
        return True

    until(equal, "nothing happens meanwhile")
    same(last[1], last[0], "metrics")


@test
def others_are_not_told(site):
    """a namespace is reported its own status and no other's; only the initial one asks for all"""
    with open(os.path.join(HERE, "../Documentation/netlink/specs/tcphs.yaml"),
              encoding="utf-8") as file:
        sets = {row["name"]: row["attributes"] for row in
                yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["attribute-sets"]}
    number = [row["name"] for row in sets["status"]].index("all-netns") + 1
    everything = attribute(number, b"")

    def asked(sock):
        found, family = [], find_family(sock)
        for flags, payload in ((NLM_F_DUMP, b""), (NLM_F_DUMP, everything),
                               (NLM_F_ACK, everything)):
            try:
                found.append([str(struct.unpack("=I", dict(attributes(message))[6])[0])
                              for message in ask(sock, family, 1, flags, payload)])
            except OSError as error:
                found.append(error.errno)
        return found

    with inside("tcphs-troubled"):
        theirs = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    ours = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    for sock in theirs, ours:
        sock.bind((0, 0))
    other = site.netns("troubled")
    same(asked(theirs), [[other], errno.EPERM, errno.EINVAL], "what it is answered")
    own, everybody, alone = asked(ours)
    same((own, alone), ([str(os.stat("/proc/self/ns/net").st_ino)], errno.EINVAL),
         "the initial one")
    assert {*own, other, site.netns("healthy")} <= set(everybody), everybody
    same(len(set(everybody)), len(everybody), "each is reported once")
    same({labels["netns"] for _, labels, _ in Metrics(
        run("tcphs", "metrics", "-A", netns="tcphs-troubled")).found if "netns" in labels},
         {other},
         "namespaces of its metrics")


@test
def a_namespace_goes(site):
    """a namespace that goes takes its series along"""
    netns = str(os.stat("/run/netns/tcphs-sum").st_ino)
    began = scrape().all("tcphs_netns_start_time_seconds", netns=netns)[0][1]
    run("ip", "netns", "del", "tcphs-sum")
    site.names.remove("tcphs-sum")
    until(lambda: not scrape().all("tcphs_records_total", netns=netns), "it is gone")
    again = site.namespace("tcphs-sum")
    m = until(lambda: (m := scrape()).all("tcphs_records_total", netns=again) and m, "it is back")
    same(m.sum("tcphs_events_total", netns=again), 0, "events of a namespace that is new")
    assert m.sum("tcphs_netns_start_time_seconds", netns=again) > began, "when it began"


@slow
def close_wait_is_stuck(site):
    """who does not close makes an alert when his connections are old enough, and when they grow"""
    site.fires(*CLOSE_WAIT, netns=site.netns("troubled"), seconds=90)


@test
def the_healthy_are_silent(site):
    """the healthy twin has made no alert, the other no other one, and the machine none"""
    fired = site.fired()
    found = {name for name, netns in fired if netns == site.netns("troubled")}
    # Who does not wait for a minute may see them or not.
    same(found if LONG else found - CLOSE_WAIT, TROUBLE | CLOSE_WAIT if LONG else TROUBLE,
         "alerts where all goes wrong")
    same({name for name, netns in fired if netns == site.netns("healthy")}, set(),
         "alerts of the healthy twin")
    same({name for name, netns in fired if netns is None}, set(), "alerts of the machine")
    rules = json.loads(http_get(PROMETHEUS, "/api/v1/rules"))["data"]["groups"][0]["rules"]
    same({rule["health"] for rule in rules}, {"ok"}, "health of the rules")
    same({rule["name"] for rule in rules}, TROUBLE | CLOSE_WAIT | OF_THE_MACHINE,
         "what is tried here")


@test
def dashboard_shows(site):
    """each panel of the dashboard has something to show"""
    with open(os.path.join(HERE, "../monitoring/tcphs.json"), encoding="ascii") as file:
        panels = json.load(file)["panels"]
    empty = []
    for panel in panels:
        for target in panel["targets"]:
            query = re.sub(r"\$(instance|netns)", ".*", target["expr"])
            if not site.query(query.replace("$__rate_interval", "10m")):
                empty.append((panel["title"], target["expr"]))
    same((len(panels), empty), (16, []), "panels, and queries without an answer")


def went_back(site, name):
    """Of a counter, the label sets of which Prometheus saw it go back."""
    return site.query(f"resets({name}[1h]) > 0")


@test
def no_counter_goes_back(site):
    """in all of this no counter went back"""
    until(lambda: site.query("count_over_time(tcphs_events_total[1h]) > 9"), "there was a while")
    names = {labels["__name__"] for labels, _ in site.query(
        'count by (__name__) (last_over_time({__name__=~"tcphs_.+_(total|count|sum)"}[1h]))')}
    assert len(names) > 20, names
    # A new namespace may have the number of one that is gone, and has its name here.
    same([labels for name in names for labels, _ in went_back(site, name)
          if labels.get("container") != "tcphs-sum"], [], "went back")


@slow
def ten_thousand_listeners(site):
    """10,007 listeners: label sets are bounded, sums are not, and memory is"""
    resource.setrlimit(resource.RLIMIT_NOFILE, (20011, 20011))
    netns = site.namespace("tcphs-crowd")
    with site.no_prometheus():
        with inside("tcphs-crowd"):
            held = [socket.create_server(("127.0.0.1", 20000 + n)) for n in range(10007)]
            for n in (3, 5003, 10003):
                held.append(socket.create_connection(("127.0.0.1", 20000 + n)))
                held.append(held[n].accept()[0])
        m = until(lambda: (m := scrape()).sum("tcphs_listener_sockets") >= 10007 and m,
                  "scraped", 60)
    named = m.all("tcphs_listener_sockets")
    same(len(named), 201, "label sets")
    # Those that closed not long ago are remembered, and have label sets.
    left = [labels for labels, sockets in named if not sockets]
    same(m.sum("tcphs_label_sets_summed", of="listeners"),
         len(run("tcphs", "listeners", "-A", "-j").splitlines()) + len(left) - 200, "summed")
    same(m.sum("tcphs_listener_accepted_total", port="other") +
         m.sum("tcphs_listener_accepted_total", netns=netns), 3, "accepted")
    same({labels["port"] for labels, value in m.all("tcphs_listener_accepted_total", netns=netns)
          if value}, {"20003", "25003", "30003"}, "who has label sets")
    with open(f"/proc/{site.processes[0].pid}/status", encoding="ascii") as file:
        memory = int(re.search(r"VmHWM:\s*(\d+)", file.read())[1])
    assert memory < 65536, f"{memory} KiB of memory"
    for s in held:
        s.close()


def sysctl(name, value):
    with open(f"/proc/sys/net/ipv4/{name}", encoding="ascii") as file:
        before = file.read()
    with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as file:
        file.write(value)
    return before


@test
def the_machine_has_trouble(site):
    """orphans, and TCP's memory: of the machine"""
    orphans = sysctl("tcp_max_orphans", "10")
    memory = sysctl("tcp_mem", "1 1 100000")
    try:
        site.tell_wards("last")
        site.fires("TcphsOrphans", "TcphsTcpMemory")
    finally:
        sysctl("tcp_max_orphans", orphans)
        sysctl("tcp_mem", memory)


def created():
    """When counters began, but the exporter's own."""
    text = http_get(EXPORTER, "/metrics", OPENMETRICS)
    return [float(row.rsplit(" ", 1)[1]) for row in text.splitlines()
            if re.match(r"tcphs_(?!exporter)\w+_created\b", row)]


@test
def the_module_goes(site):
    """the module goes and comes back under scraping, smaller, and with a deaf hook"""
    began = scrape().sum("tcphs_module_start_time_seconds")
    assert min(created()) >= began - 1, "when counters began"
    run("modprobe", "-r", "tcphs")
    site.fires("TcphsDown")
    run("modprobe", "tcphs", "table_size=64", "deaf=tcp_connect")
    m = until(lambda: (m := scrape()).sum("tcphs_up") and m, "it is back")
    anew = m.sum("tcphs_module_start_time_seconds")
    assert anew > began, "when it was loaded"
    assert min(created()) >= anew - 1, "when counters began anew"
    same(site.processes[0].poll(), None, "the exporter")
    server = socket.create_server(("127.0.0.1", 80), backlog=200)
    held = [socket.create_connection(("127.0.0.1", 80)) for _ in range(101)]
    site.fires("TcphsTableFull", "TcphsHookDeaf")
    assert went_back(site, "tcphs_events_total"), "counters begin anew, and Prometheus sees it"
    for s in (server, *held):
        s.close()


def main():
    failed = False
    with tempfile.TemporaryDirectory() as place:
        site = Site(place)
        try:
            for function in TESTS:
                began = time.monotonic()
                try:
                    function(site)
                    print(f"took {time.monotonic() - began:.1f} s")
                    print("pass", function.__doc__, flush=True)
                except Exception:
                    failed = True
                    print(traceback.format_exc())
                    print("fail", function.__doc__, flush=True)
        finally:
            site.end()
    return failed


if __name__ == "__main__":
    if sys.argv[1:] == ["--count"]:
        print(len(TESTS))
    else:
        sys.exit(main())
