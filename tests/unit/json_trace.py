#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What tcphs export --json-trace makes of made up connections: is it a trace as the Trace Event
Format says, does it nest, and does it tell the same as tcphs events?

	json_trace.py TOOL TEST_EXPORT (which writes the recordings)
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

import tap
from tap import result, same

TOOL, RECORDER = map(os.path.abspath, sys.argv[1:])
ENV = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")


def run(*arguments):
    answer = subprocess.run([TOOL, *arguments], env=ENV, check=False, capture_output=True,
                            stdin=subprocess.DEVNULL)
    assert not answer.returncode, answer.stderr.decode()
    return answer.stdout.decode()


def trace_of(folder, name, *options):
    return json.loads(run("export", "--read", f"{folder}/{name}", "--json-trace", "-", *options))


def events_of(folder, name):
    lines = run("events", "--read", f"{folder}/{name}", "--json").splitlines()
    return [e for e in map(json.loads, lines) if e["event"] != "lost"]


def thread(e):
    return e["pid"], e["tid"]


def problems(trace):
    """What is against the format: slices that do not nest or have no end, times that go back"""
    stacks = collections.defaultdict(list)
    waits = {}
    named = set()
    now = 0
    for e in trace["traceEvents"]:
        phase, who = e["ph"], thread(e)
        if e["ts"] < now:
            yield f"time goes back: {e}"
        now = e["ts"]
        if phase == "M":
            named.add(who)
        elif who not in named:
            yield f"nobody knows who that is: {e}"
        if phase == "B":
            stacks[who].append(e["name"])
        elif phase == "E" and (not stacks[who] or stacks[who].pop() != e["name"]):
            yield f"ends what is not open: {e}"
        elif phase == "b":
            if (e["cat"], e["id"]) in waits:
                yield f"begins twice: {e}"
            waits[e["cat"], e["id"]] = e["name"]
        elif phase == "e" and waits.pop((e["cat"], e["id"]), None) != e["name"]:
            yield f"a wait ends that is none: {e}"
        elif phase == "i" and e["s"] not in "tg":
            yield f"no scope: {e}"
        elif phase == "C" and not all(isinstance(v, int) for v in e["args"].values()):
            yield f"no number: {e}"
        elif phase not in "BEbeiCM":
            yield f"phase {phase}"
    for who, stack in stacks.items():
        if stack:
            yield f"{who}: never ends: {stack}"
    if waits:
        yield f"never ends: {waits}"


def instants(trace):
    return [e for e in trace["traceEvents"] if e["ph"] == "i" and e["s"] == "t"]


def slices(trace, conn):
    """(name, begin, end) of the states of one connection, in us from its beginning"""
    who = next(thread(e) for e in instants(trace) if e["args"]["conn"] == conn)
    begin, out, first = [], [], None
    for e in trace["traceEvents"]:
        if thread(e) != who or e["ph"] not in "BE":
            continue
        first = e["ts"] if first is None else first
        if e["ph"] == "B":
            begin.append(e["ts"])
            continue
        since = begin.pop()
        out.append((e["name"], round(since - first, 3), round(e["ts"] - first, 3)))
    return sorted(out, key=lambda s: (s[1], -s[2]))


def waiting(trace, conn):
    """(queue, us in it) of one connection"""
    who = next(thread(e) for e in instants(trace) if e["args"]["conn"] == conn)
    begun, out = {}, []
    for e in trace["traceEvents"]:
        if e["ph"] == "b" and thread(e) == who:
            begun[e["id"]] = e["ts"]
        elif e["ph"] == "e" and thread(e) == who:
            out.append((e["name"], round(e["ts"] - begun[e["id"]], 3)))
    return out


def every_recording(folder):
    for name in sorted(os.listdir(folder)):
        trace = trace_of(folder, name)
        same(list(problems(trace)), [], f"{name}: it is a trace, and its slices nest")
        told = [(e["name"], e["args"]["conn"]) for e in instants(trace)]
        same(told, [(e["event"], e["conn"]) for e in events_of(folder, name)],
             f"{name}: each event is an instant, in order")


def details(folder):
    trace = trace_of(folder, "loopback")
    same(slices(trace, "a"),
         [("connection", 0, 60067030), ("SYN-SENT", 0, 140), ("ESTABLISHED", 140, 5000),
          ("FIN-WAIT-1", 5000, 5060), ("FIN-WAIT-2", 5060, 7030),
          ("TIME-WAIT", 7030, 60067030)], "the states of the end that connected")
    same(slices(trace, "b"),
         [("connection", 0, 6970), ("SYN-RECEIVED", 0, 100), ("ESTABLISHED", 100, 4940),
          ("CLOSE-WAIT", 4940, 6910), ("LAST-ACK", 6910, 6970)],
         "and of the other")
    same(waiting(trace, "b"), [("SYN queue", 100), ("accept queue", 1000)],
         "it waited in both queues")
    depths = [e["args"] for e in trace["traceEvents"] if e["ph"] == "C"]
    same([(d["SYN queue"], d["accept queue"]) for d in depths], [(1, 0), (0, 1), (0, 0)],
         "how deep they were is a counter")
    names = [e["args"]["name"] for e in trace["traceEvents"] if e["ph"] == "M"]
    result("cu<r&l[209] 10.0.0.1:40001 to 10.0.0.2:443 conn a" in names and
           "nginx[209] 10.0.0.2:443 from 10.0.0.1:40001 conn b" in names,
           "a track is named by its process, both ends and its number", names)
    same(trace["otherData"]["began"], "2023-11-14T22:13:21.000000000Z", "when it began is there")
    last = instants(trace)[-1]["args"]
    same((last["reason"], last["duration_ns"]), ("expired", 60060000000), "so is what a record says")


def holes(folder):
    trace = trace_of(folder, "spaces")
    names = {e["pid"]: e["args"]["name"] for e in trace["traceEvents"]
             if e["ph"] == "M" and e["name"] == "process_name"}
    same(sorted(names.values()), ["netns 4026531840", "netns 4026531841"],
         "each namespace is a process")
    lost = [e["args"]["lost"] for e in trace["traceEvents"] if e["name"] == "records lost"]
    same(lost, [5], "what is lost is told")
    trace = trace_of(folder, "server", "--event", "fin-received")
    first = next(e for e in trace["traceEvents"] if e["ph"] == "B" and e["name"] != "connection")
    same(first["name"], "CLOSE-WAIT", "what a filter stops is not made up")
    trace = trace_of(folder, "late_accept", "--event", "accepted")
    first = next(e for e in trace["traceEvents"] if e["ph"] == "B" and e["name"] != "connection")
    same(first.get("args"), {"entered_earlier": True}, "nor since when a state is")
    ends = [e for e in trace["traceEvents"] if e["ph"] == "E" and e["name"] == "connection"]
    same([e["args"] for e in ends], [{"still_open": True}], "nor how it ended")
    trace = trace_of(folder, "boots")
    opened = [e["ts"] for e in trace["traceEvents"]
              if e["ph"] == "i" and e["name"] == "syn-sent"]
    same(opened, [0, 99999999.0, 199999998.0],
         "behind a boot time goes on, and a clock that is set changes nothing")


def connections(trace):
    """(begun, ended, of these still open)"""
    of = [e for e in trace["traceEvents"] if e["name"] == "connection"]
    return (sum(e["ph"] == "B" for e in of), sum(e["ph"] == "E" for e in of),
            sum("args" in e for e in of if e["ph"] == "E"))


def after_the_end(folder):
    trace = trace_of(folder, "reset_queued")
    same(connections(trace), (1, 1, 0), "accept() of what is closed begins no track")
    same({thread(e)[1] for e in instants(trace)}, {1}, "it is an instant of that which has ended")
    names = [e["args"]["name"] for e in trace["traceEvents"] if e["name"] == "thread_name"]
    same(names[-1], "nginx[209] 10.0.0.2:443 from 10.0.0.1:40021 conn b", "and says whose it was")
    trace = trace_of(folder, "reset_queued", "--event", "accepted")
    same((connections(trace), {thread(e)[1] for e in instants(trace)}), ((0, 0, 0), {0}),
         "or of none, where nothing else is there")
    trace = trace_of(folder, "loopback", "--event", "time-wait-end")
    same(connections(trace), (1, 1, 0), "TIME_WAIT whose beginning is not there is a track")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([RECORDER, folder], check=True)
        for test in every_recording, details, holes, after_the_end:
            test(folder)
        empty = trace_of(folder, "loopback", "--port", "9")
        result(not empty["traceEvents"] and not list(problems(empty)), "nothing is a trace, too", empty)
    return tap.end()


sys.exit(main())
