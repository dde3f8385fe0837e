#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What tcphs metrics writes is what Prometheus takes, what the documentation says, and what
rules and dashboard ask for.

	metrics.py TOOL		the tool in front of a fake kernel (fake_kernel.c)
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as openmetrics
except ImportError:
    # Debian's package is for Debian's Python.
    if sys.executable != "/usr/bin/python3":
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    raise

TOP = Path(__file__).resolve().parent / "../.."
TOOL = sys.argv[1]
FAILED = []
DONE = 0


def check(name, wrong):
    """A result; what is wrong, or nothing."""
    global DONE
    DONE += 1
    for line in (wrong or [])[:12]:
        print("#", line)
    print("not ok" if wrong else "ok", DONE, "-", name)
    if wrong:
        FAILED.append(name)


def run(*words, fake="", status=0):
    done = subprocess.run([TOOL, *words], env=os.environ | {"FAKE": fake}, capture_output=True,
                          text=True, check=False)
    assert done.returncode == status, (words, fake, done)
    return done.stdout


def promtool(*words, text=""):
    done = subprocess.run([TOP / "tests/promtool", *words], input=text, text=True,
                          capture_output=True, check=False)
    return (done.stdout + done.stderr).splitlines() if done.returncode else []


def differences(found, expected):
    return [f"only found: {x}" for x in sorted(found - expected)] + \
        [f"only expected: {x}" for x in sorted(expected - found)]


def families(text):
    return {family.name: family for family in openmetrics.text_string_to_metric_families(text)}


def samples(text):
    """{(name, labels): value}"""
    return {(s.name, tuple(sorted(s.labels.items()))): s.value
            for family in families(text).values() for s in family.samples}


def value(text, name, **labels):
    found = [v for (n, have), v in samples(text).items()
             if n == name and labels.items() <= dict(have).items()]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def described():
    """Of the exporter's own metrics, which are not in the tool's text, the sources tell."""
    source = (TOP / "userspace/metrics/family.c").read_text()
    rows = re.findall(r'\[F_\w+\] = \{ "(\w+)", (\w+), (?:NULL|"(\w+)"), "(.*)" \}', source)
    return {(name, kind.lower(), unit, text) for name, kind, unit, text in rows}


def documented():
    """{name: (type, unit, labels, meaning)}"""
    page = (TOP / "Documentation/metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w*) \| ([^|]*) \| ([^|]*) \| [^|]+\? \|$", page, re.M)
    return {row[0]: (*row[1:3], set(re.findall(r"\w+", row[3])), row[4]) for row in rows}


def check_formats(text, om):
    check("promtool takes the text format", promtool("check", "metrics", text=text))
    names = {family.name for family in parser.text_string_to_metric_families(text)}
    check("both formats have the same metrics", differences(names, set(families(om))))
    check("OpenMetrics ends with its mark", [] if om.endswith("\n# EOF\n") else [om[-80:]])
    wrong = [s.name for family in families(om).values() if family.type == "counter"
             for s in family.samples if s.name.endswith("_total") and not
             any(o.name == family.name + "_created" and o.labels == s.labels for o in family.samples)]
    check("each counter says when it began", [name for name in wrong if name != "process_cpu_seconds_total"])


def check_documentation(om):
    page = documented()
    check("each metric is documented as it is described",
          differences({(n, t, u, m) for n, (t, u, _, m) in page.items()}, described()))
    # Those of the exporter itself are not in the tool's text.
    wrong = []
    for name, family in families(om).items():
        labels = {label for s in family.samples for label in s.labels} - {"le"}
        if not labels <= page[name][2]:
            wrong.append(f"{name}: {labels} documented {page[name][2]}")
        if (family.type, family.unit) != page[name][:2]:
            wrong.append(f"{name}: {family.type}, {family.unit} documented {page[name][:2]}")
    check("types, units and labels are those documented", wrong)
    missing = {name for name in page if name not in families(om)}
    check("all that is documented is exported, but what only the exporter has",
          differences(missing, {n for n in page if n.startswith("tcphs_exporter_") and
                                n != "tcphs_exporter_build_info"} |
                      {"process_resident_memory_bytes", "process_start_time_seconds"}))


def asked(expression):
    """The metrics that an expression asks for."""
    return set(re.findall(r"\b(?:tcphs|process)_\w+", expression))


def exported():
    names = set()
    for name, (kind, *_) in documented().items():
        names |= {"gauge": {name}, "counter": {name + "_total"},
                  "histogram": {name + s for s in ("_bucket", "_sum", "_count")}}[kind]
    return names


def check_rules():
    path = TOP / "monitoring/tcphs.rules.yml"
    rules = run("metrics", "--rules")
    check("the rules in monitoring/ are those that the tool makes",
          [] if rules == path.read_text() else ["make it anew: tcphs metrics --rules"])
    check("promtool takes the rules", promtool("check", "rules", str(path)))
    check("the rules ask for what is exported",
          sorted(asked(re.sub(r"summary: .*?(?=- alert)", "", rules, flags=re.S)) - exported()))
    check("promtool: alerts come and go as thresholds say",
          promtool("test", "rules", str(TOP / "tests/unit/alerts.yml")))
    finding = set(re.findall(r"finding: (\S+)", rules))
    sources = "".join(p.read_text() for p in (TOP / "userspace/tcphs/doctor").glob("rules_*.c"))
    check("each finding that a rule names is one of the doctor's",
          [name for name in finding if f'"{name}"' not in sources])


def check_dashboard():
    board = json.loads((TOP / "monitoring/tcphs.json").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [variable["query"] for variable in board["templating"]["list"]]
    check("the dashboard asks for what is exported",
          sorted(set().union(*map(asked, queries)) - exported()))
    check("each panel asks for something", [p["title"] for p in board["panels"] if not p["targets"]])


def check_values(om):
    check("values are those of the module", [
        str(row) for row in (
            ("tcphs_connections", {"state": "established", "netns": "4026531840"}, 11),
            ("tcphs_handshake_failures_total", {"error_type": "refused", "netns": "4026531840"}, 5),
            ("tcphs_resets_total", {"cause": "reset-received", "netns": "4026531840"}, 23),
            ("tcphs_listener_overflows_total", {"port": "443"}, 19),
            ("tcphs_listener_info", {"port": "443", "comm": 'ngi"nx'}, 1),
            ("tcphs_listener_accept_queue_fill_ratio", {"port": "443"}, 1),
            ("tcphs_listener_accept_oldest_seconds", {"port": "443"}, 4),
            ("tcphs_listener_accept_oldest_seconds", {"port": "22"}, 0),
            ("tcphs_listener_accept_wait_seconds_count", {"port": "443"}, 100),
            ("tcphs_close_wait_connections", {"older_than": "3600"}, 1),
            ("tcphs_hook_active", {"hook": "tcp_check_req"}, 0),
            ("tcphs_hook_missed_total", {"hook": "tcp_connect"}, 17),
        ) if value(om, row[0], **row[1]) != row[2]])
    buckets = [(float(dict(labels)["le"]), v) for (name, labels), v in samples(om).items()
               if name == "tcphs_accept_wait_seconds_bucket" and
               dict(labels)["netns"] == "4026531840"]
    check("a bucket holds what lies below it",
          [str(b) for b in buckets if b[1] != (b[0] > 150e-6) * 90 + (b[0] > 5e-3) * 10])


def check_bounds():
    om = run("metrics", "-A", "--openmetrics", "--limit", "7", fake="crowd")
    ports = {s.labels["port"] for s in families(om)["tcphs_listener_accepted"].samples}
    check("so many listeners have label sets of their own, and the rest one",
          [] if len(ports) == 8 and "other" in ports else [str(ports)])
    check("those that overflow are among them", sorted({"443", "2503"} - ports))
    total = sum(v for (name, _), v in samples(om).items() if name == "tcphs_listener_accepted_total")
    check("the sum is that of all", [] if total == 1009 * 1201 else [str(total)])
    check("it is said how many have none",
          [] if (value(om, "tcphs_label_sets_summed", of="listeners"),
                 value(om, "tcphs_label_sets_summed", of="namespaces")) == (1002, 4) else [om[-600:]])
    events = sum(v for (name, labels), v in samples(om).items()
                 if name == "tcphs_events_total" and ("event", "syn-sent") in labels)
    check("the sum of namespaces is that of all", [] if events == 11 * 1013 else [str(events)])


def check_file():
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "tcphs.prom"
        run("metrics", "-o", str(file))
        text = file.read_text()
        check("a file is written whole, for all to read, and nothing else",
              [] if text.startswith("# HELP tcphs_up") and os.listdir(place) == ["tcphs.prom"] and
              file.stat().st_mode & 0o777 == 0o644 else [str(os.listdir(place))])
        run("metrics", "-o", str(file), fake="absent", status=3)
        check("without the module it says so",
              [] if "\ntcphs_up 0\n" in file.read_text() and "tcphs_connections" not in
              file.read_text() else [file.read_text()])
        run("metrics", "-o", place + "/none/tcphs.prom", status=1)
        check("what cannot be written leaves nothing", os.listdir(place)[1:])
        link = Path(place) / "link.prom"
        link.symlink_to("tcphs.prom")
        run("metrics", "-o", str(link))
        check("a link stays one, and what it names is written",
              [] if link.is_symlink() and "\ntcphs_up 1\n" in file.read_text() else
              [file.read_text()])


def check_links():
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "to").mkdir()
        for name, to in ("first", "to/second"), ("to/second", "third"), ("loop", "loop"):
            (Path(place) / name).symlink_to(to)
        file = Path(place) / "to/third"
        run("metrics", "-o", place + "/first")
        check("links to what is not there yet make it",
              [] if os.readlink(place + "/first") == "to/second" and
              os.readlink(place + "/to/second") == "third" and
              sorted(os.listdir(place + "/to")) == ["second", "third"] and
              file.read_text().startswith("# HELP tcphs_up") else os.listdir(place + "/to"))
        told = complaint("-o", place + "/loop")
        check("links that lead nowhere are an error",
              [] if told == f"tcphs: cannot write {place}/loop: Too many levels of symbolic links\n" and
              sorted(os.listdir(place)) == ["first", "loop", "to"] else [told, str(os.listdir(place))])


def complaint(*words):
    """What is said to an error"""
    done = subprocess.run([TOOL, "metrics", *words], env=os.environ | {"FAKE": ""}, text=True,
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 1 and not done.stdout, done
    return done.stderr


def check_others():
    with tempfile.TemporaryDirectory() as place:
        told = complaint("-o", place)
        check("a directory is an error",
              [] if told == f"tcphs: cannot write {place}: Is a directory\n" and
              not os.listdir(place) else [told])
    told = complaint("-o", "/dev/full")
    check("a device that takes nothing is an error",
          [] if told == "tcphs: cannot write /dev/full: No space left on device\n" else [told])
    run("metrics", "-o", "/dev/null")
    check("one that takes everything is none, and stays one",
          [] if Path("/dev/null").is_char_device() else ["it is replaced"])


def waiting(pipe):
    """A program that waits for who reads, when it has said so"""
    process = subprocess.Popen([TOOL, "metrics", "-o", pipe], env=os.environ | {"FAKE": ""},
                               text=True, stderr=subprocess.PIPE)
    return process, process.stderr.readline()


def check_unread_pipe():
    with tempfile.TemporaryDirectory() as place:
        pipe = place + "/pipe"
        os.mkfifo(pipe)
        process, told = waiting(pipe)
        with open(pipe, encoding="utf-8") as file:
            text = file.read()
        rest = process.communicate(timeout=60)[1]
        check("a pipe that nobody reads is waited for, and that is said",
              [] if told == f"tcphs: nobody reads the pipe {pipe} yet; waiting\n" and not rest and
              not process.returncode and text.startswith("# HELP tcphs_up") and
              text.endswith("\n") else [told, rest, text[:80]])
        process, told = waiting(pipe)
        process.terminate()
        process.communicate(timeout=60)
        check("which can be ended", [] if process.returncode == -signal.SIGTERM else
              [str(process.returncode)])


def check_pipe():
    with tempfile.TemporaryDirectory() as place:
        pipe = Path(place) / "pipe"
        os.mkfifo(pipe)
        # Its other end is there before, and 64 KiB hold all of it.
        end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        run("metrics", "-o", str(pipe))
        text = os.read(end, 65536).decode()
        os.close(end)
        check("a pipe is written to, and stays one",
              [] if pipe.is_fifo() and os.listdir(place) == ["pipe"] and
              text.startswith("# HELP tcphs_up") else [str(os.listdir(place)), text])
    check("- is standard output, as it is for record",
          [] if run("metrics", "-o", "-").startswith("# HELP tcphs_up") else ["nothing"])


def check_ended():
    wrong = []
    with tempfile.TemporaryDirectory() as place:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = subprocess.Popen([TOOL, "metrics", "-A", "--limit", "10000", "-o",
                                        place + "/k.prom"], stderr=subprocess.DEVNULL,
                                       env=os.environ | {"FAKE": "crowd"})
            while not os.listdir(place) and process.poll() is None:
                pass
            process.send_signal(number)
            process.wait(60)
            wrong += [name for name in os.listdir(place) if name != "k.prom"]
            for name in os.listdir(place):
                os.unlink(os.path.join(place, name))
    check("who is ended leaves no part of a file", wrong)


def check_usage():
    for words in (["--limit", "0"], ["--limit", "x"], ["--limit", "10001"], ["--json"], ["surplus"],
                  ["--port", "80"]):
        run("metrics", *words, status=2)
    check("a wrong option is refused", [])


def main():
    text, om = run("metrics", "-A"), run("metrics", "-A", "--openmetrics")
    check_formats(text, om)
    check_documentation(om)
    check_rules()
    check_dashboard()
    check_values(om)
    check_bounds()
    check_file()
    check_links()
    check_others()
    check_pipe()
    check_unread_pipe()
    check_ended()
    check_usage()
    print(f"1..{DONE}")
    return bool(FAILED)


sys.exit(main())
