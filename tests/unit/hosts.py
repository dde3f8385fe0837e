#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Recordings of two machines, read as one: made of those of one, whose clock is shifted.

	hosts.py TOOL TEST_EXPORT (which writes the recordings)
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import layout
import recorded
import tap

SECOND = 10 ** 9
BOOTS = [uuid.UUID(int=n) for n in (11, 13)]
# How far the clock of the other machine is ahead, and its CLOCK_MONOTONIC.
SHIFTS = {"1 ms": (0, 10 ** 6), "3 s": (-7 * SECOND, 10 * SECOND), "-3 s": (-3 * SECOND, 0),
          "a day": (86400 * SECOND, 0)}


def tool(*arguments, status=(0,)):
    env = dict(os.environ, FAKE="absent", LC_ALL="C.UTF-8")
    ran = subprocess.run([TOOL, *map(str, arguments)], env=env, capture_output=True, text=True,
                         timeout=60, check=False)
    if ran.returncode not in status:
        raise AssertionError(f"{arguments}: {ran.returncode} {ran.stderr}")
    return ran


def lines(*arguments, status=(0,)):
    return [json.loads(line) for line in tool(*arguments, status=status).stdout.splitlines()]


def split(folder, name, shift=(0, 0)):
    """The ends of a connection as two machines recorded them; and how far apart the events are."""
    whole = recorded.read(folder / name)
    ends = {}
    for event in recorded.events(whole):
        active = layout.field(event, "id.role") == 1
        ends.setdefault(not active, []).append(event)
    files = [folder / "web1.rec", folder / "web2.rec"]
    recorded.write(files[0], whole, ends.get(False, []), "web1", BOOTS[0])
    recorded.write(files[1], whole, recorded.shifted(ends.get(True, []), shift[1]), "web2",
                   BOOTS[1], clock=whole.clock + shift[0])
    return files


def reads(files):
    return [word for file in files for word in ("--read", file)]


def of_shift(folder, name, shift):
    files = split(folder, "loopback", shift)
    before = [(e["event"], e["conn"]) for e in lines("events", "-j", "--read", folder / "loopback")]
    after = lines("events", "-j", *reads(files))
    tap.same([(e["event"], e["conn"]) for e in after], before, f"{name}: one order of events")
    tap.same({(e["conn"], e["host"]) for e in after}, {("a", "web1"), ("b", "web2")},
             f"{name}: each of its host")
    whole = recorded.read(folder / "loopback")
    tap.same(after[0]["time"], whole.clock + layout.field(recorded.events(whole)[0], "time"),
             f"{name}: time is the first one's time of day")
    between = [o for o in lines("doctor", "-j", *reads(files), status=(0, 10, 20)) if "between" in o]
    off = abs(between[0].get("clock_offset_ns", 0) - sum(shift))
    tap.result(off <= between[0]["clock_error_ns"] <= 100000, f"{name}: the offset is within its error",
               between)
    head = lines("diagram", "-j", "--last", *reads(files))[0]
    tap.same([head[side].get("host") for side in ("left", "right")], ["web1", "web2"],
             f"{name}: one drawing")
    lives = lines("lives", "-j", *reads(files))
    tap.same({(life["host"], life["other_end"]["host"], life["other_end"]["conn"]) for life in lives},
             {("web1", "web2", "b"), ("web2", "web1", "a")}, f"{name}: a life's other end")


def of_nat(folder):
    files = split(folder, "nat", (0, 3 * SECOND))
    head = lines("diagram", "-j", "--last", *reads(files))[0]
    tap.same([head.get("translated"), head["left"].get("host"), head["right"].get("host")],
             [True, "web1", "web2"], "through NAT: by the ISNs")


def of_one(folder):
    """Two files of one machine are no two machines, and what is in both comes once."""
    whole = recorded.read(folder / "loopback")
    events = recorded.events(whole)
    # As the module numbers them.
    events = [layout.with_field(event, "number", n + 1) for n, event in enumerate(events)]
    files = [folder / "1.rec", folder / "2.rec"]
    recorded.write(files[0], whole, events[:9], "web1", BOOTS[0])
    recorded.write(files[1], whole, events[6:], "web1", BOOTS[0])
    got = lines("events", "-j", *reads(files))
    tap.same([(e["event"], "host" in e) for e in got],
             [(e["event"], False) for e in lines("events", "-j", "--read", folder / "loopback")],
             "files of one machine")


def renumbered(events):
    """The same connection with other ISNs, as no two have the same."""
    for name in ("id.isn", "id.peer_isn", "seq", "ack"):
        events = [layout.with_field(e, name, (layout.field(e, name) + 1000003) % 2 ** 32)
                  if layout.field(e, name) else e for e in events]
    return events


def owned(events, cgroup):
    """The same by a process of that cgroup."""
    for name, value in (("flags", lambda event: layout.field(event, "flags") | layout.F_OWNER),
                        ("id.pid", lambda event: 7919), ("id.cgroup", lambda event: cgroup)):
        events = [layout.with_field(e, name, value(e)) for e in events]
    return events


def of_cgroups(folder):
    """Two machines, and two boots of one, have the same numbers for cgroups of different names."""
    whole = recorded.read(folder / "loopback")
    files = split(folder, "loopback")
    units = {}
    for file, unit in zip(files, ("nginx.service", "curl-31.scope")):
        recording = recorded.read(file)
        host = next(content for kind, content in recording.pieces if kind == recorded.HOST)
        recorded.write(file, whole, owned(recorded.events(recording), 104729),
                       host[16:].rstrip(b"\0").decode(), uuid.UUID(bytes=host[:16]),
                       cgroups={104729: "/system.slice/" + unit})
        units[host[16:].rstrip(b"\0").decode()] = unit
    got = {(o["host"], o["cgroup_id"], o["unit"]) for o in lines("lives", "-j", *reads(files))}
    tap.same(got, {(host, 104729, unit) for host, unit in units.items()}, "units of two machines")
    got = lines("events", "-j", "--unit", "nginx", *reads(files))
    tap.same({e["host"] for e in got}, {h for h, u in units.items() if u == "nginx.service"},
             "a unit is of one of them")


def of_again(folder):
    """A socket connects again when its TIME_WAIT is over, from the same port: it has the same
    cookie, and its generation is 0 again. Each connection is one, whether the end of TIME_WAIT is on
    record or not."""
    whole = recorded.read(folder / "loopback")
    first = recorded.events(whole)
    cookie = {True: 0xa, False: 0xd}
    second = [layout.with_field(e, "id.conn", cookie[layout.field(e, "id.role") == 1])
              for e in recorded.shifted(renumbered(first), 100 * SECOND)]
    for name, skipped in (("TIME_WAIT ends", None), ("TIME_WAIT has no end", "time-wait-end")):
        told = lines("events", "-j", "--read", folder / "loopback")
        kept = [e for e, o in zip(first, told) if o["event"] != skipped]
        recorded.write(folder / "again", whole, kept + second)
        trace = tool("export", "--read", folder / "again", "--json-trace", "-").stdout
        tracks = [e for e in json.loads(trace)["traceEvents"]
                  if e["name"] == "connection" and e["ph"] == "B"]
        tap.same(len(tracks), 4, f"{name}: a track for each connection of each end")
        heads = [o for o in lines("diagram", "-j", "--limit", "0", "--read", folder / "again")
                 if "left" in o]
        tap.same([(o["left"].get("conn"), o["right"].get("conn")) for o in heads],
                 [("a", "b"), ("a", "d")], f"{name}: a drawing for each")
        tap.same([o["left"].get("isn") for o in heads],
                 [layout.field(e[0], "id.isn") for e in (kept, second)],
                 f"{name}: with its own numbers")
        lives = lines("lives", "-j", "--read", folder / "again")
        tap.same([o["history"] for o in lives[:2]], [o["history"] for o in lives[2:]],
                 f"{name}: and a life")
        # As the module numbers them.
        numbered = [layout.with_field(e, "number", n + 1) for n, e in enumerate(kept + second)]
        ends = [[e for e in numbered if (layout.field(e, "id.role") == 1) is active]
                for active in (True, False)]
        files = [folder / "web1.rec", folder / "web2.rec"]
        for n, file in enumerate(files):
            recorded.write(file, whole, ends[n], f"web{n + 1}", BOOTS[n])
        recorded.write(folder / "copy.rec", whole, ends[0], "web1", BOOTS[0])
        for some in (files, [*files, folder / "copy.rec"]):
            lives = lines("lives", "-j", *reads(some))
            tap.same(sorted((o["conn"], o["other_end"]["conn"]) for o in lives if "other_end" in o),
                     [("a", "b"), ("a", "d"), ("b", "a"), ("d", "a")],
                     f"{name}: and each finds its other end, in {len(some)} files")
        both = [o for o in lines("doctor", "-j", *reads(files), status=(0, 10, 20)) if "between" in o]
        tap.same(both[0]["both"], 2, f"{name}: two connections with both ends")


def of_one_side(folder):
    whole = recorded.read(folder / "client")
    files = split(folder, "loopback", (0, 3 * SECOND))
    recorded.write(files[0], whole, renumbered(recorded.events(whole)), "web1", BOOTS[0])
    head = lines("diagram", "-j", "--last", "--role", "active", *reads(files))[0]
    tap.same([head["left"].get("host"), head["right"]["seen"]], ["web1", False],
             "a life of one side alone")
    lives = [life for life in lines("lives", "-j", *reads(files)) if life["host"] == "web1"]
    tap.same(["other_end" in life for life in lives], [False], "it has no other end")
    ran = tool("events", *reads(files))
    tap.result("taken as they are" in ran.stderr, "clocks that nothing compares", ran.stderr)
    tap.same([o.get("clock_offset_ns") for o in lines("doctor", "-j", *reads(files),
                                                      status=(0, 10, 20)) if "between" in o],
             [], "what has nothing to do with each other is no pair")


def of_doubt(folder):
    """Who says nothing of his machine is a machine of his own: then two may be the other end."""
    files = split(folder, "loopback", (0, SECOND))
    whole = recorded.read(files[1])
    twin = folder / "twin.rec"
    recorded.write(twin, whole, recorded.events(whole), "web2", uuid.UUID(int=17))
    lives = lines("lives", "-j", *reads([*files, twin]))
    tap.same(sorted((life["host"], "other_end" in life) for life in lives),
             [("twin.rec", False), ("web1", False), ("web2", False)],
             "an end that may be of either of two is of neither")
    recorded.write(twin, whole, recorded.events(whole), "web2", BOOTS[1])
    lives = lines("lives", "-j", *reads([*files, twin]))
    tap.same(sorted((life["host"], life["other_end"]["host"]) for life in lives),
             [("web1", "web2"), ("web2", "web1")], "a copy of a recording adds nothing")


def turned(event):
    """One of the other end, by its addresses."""
    local, peer = slice(56, 72), slice(72, 88)
    return event[:local.start] + event[peer] + event[local] + event[peer.stop:]


def at(events, ns, conn):
    """The same as another connection, that begins then."""
    begin = layout.field(events[0], "time")
    events = recorded.shifted(events, ns - begin)
    for name in ("id.isn", "id.peer_isn", "seq", "ack"):
        events = [layout.with_field(e, name, (layout.field(e, name) + conn * 7919) % 2 ** 32)
                  if layout.field(e, name) else e for e in events]
    return [layout.with_field(e, "id.conn", conn) for e in events]


def between_of(files):
    return [o["finding"] for o in lines("doctor", "-j", *reads(files), status=(0, 10, 20))
            if o.get("check") == "between" and "finding" in o]


def of_hole(folder):
    """What one of them has nothing of is lost only where it recorded then."""
    whole = recorded.read(folder / "client")
    events = recorded.events(whole)
    lost = [e for n in range(3) for e in at(events[:1], (150 + n) * SECOND, 101 + n)]
    recorded.write(folder / "web1.rec", whole, at(events[:1], 99 * SECOND, 100) + lost, "web1",
                   BOOTS[0], clock=0)
    before, after = ([turned(e) for e in at(events[:1], t * SECOND, c)]
                     for t, c in ((100, 201), (200, 202)))
    files = [folder / "web1.rec", folder / "web2.rec"]
    recorded.write(files[1], whole, before + after, "web2", BOOTS[1], clock=0)
    tap.same(between_of(files), ["lost-between"], "connects that the other machine has nothing of")
    ran = tool("doctor", "--since", "1970-01-01T00:03:20Z", *reads(files), status=(10,))
    tap.result("whatever the filters let through" in " ".join(ran.stdout.split()) and
               "web2, of all that is on record" in ran.stdout,
               "which is of all, and not of the time that is asked for", ran.stdout)
    older = struct.pack("<QQII", 7, 160 * SECOND, 0, 0)
    pieces = recorded.read(files[1]).pieces
    pieces.insert(-2, (recorded.OLDER, older))
    with open(files[1], "wb") as file:
        file.write(recorded.head_of(whole, 0))
        for n, (kind, content) in enumerate(pieces):
            file.write(recorded.piece(n, kind, content))
    tap.same(between_of(files), [], "but not where it had overwritten what was older")
    files[1] = folder / "web2"
    files[1].mkdir()
    for n, some in enumerate((before, after)):
        recorded.write_file(files[1] / f"000000000{n + 1}-20260301T120000Z.rec.zst", whole, some,
                            "web2", BOOTS[1], 0)
    tap.same(between_of(files), [], "nor where its recorder was not running")


def of_many(folder):
    """17 machines; that each is itself, and the two that share a connection know each other."""
    files = split(folder, "loopback", (0, 3 * SECOND))
    whole = recorded.read(folder / "client")
    for n in range(3, 18):
        # Others at other ports, as other machines are.
        events = [layout.with_field(e, "id.isn", (layout.field(e, "id.isn") + n) % 2 ** 32)
                  for e in renumbered(recorded.events(whole))]
        files.append(folder / f"web{n}.rec")
        recorded.write(files[-1], whole, events, f"web{n}", uuid.UUID(int=100 + n))
    lives = lines("lives", "-j", *reads(files))
    tap.same(sorted((life["host"], life.get("other_end", {}).get("host")) for life in lives),
             sorted([("web1", "web2"), ("web2", "web1"), *((f"web{n}", None) for n in range(3, 18))]),
             "17 machines")


def of_words(folder):
    files = split(folder, "loopback")
    ran = tool("record", "--force", folder / "x", *reads(files), status=(2,))
    tap.result("given twice" in ran.stderr, "not for each verb", ran.stderr)
    ran = tool("events", "--read", files[0], "--read", "-", status=(2,))
    tap.result("pipe" in ran.stderr, "not out of a pipe", ran.stderr)
    (folder / "link.rec").symlink_to(files[0])
    ran = tool("lives", "--read", files[0], "--read", folder / "link.rec", status=(2,))
    tap.result("the same recording" in ran.stderr and not ran.stdout, "not the same file twice",
               ran.stderr)
    ran = tool("lives", "--read", files[0], "--read", folder / "absent", status=(1,))
    tap.result("absent" in ran.stderr and "No such file" in ran.stderr, "one that is not there",
               ran.stderr)
    (folder / "text").write_text("not a recording, and longer than the head of one would be\n")
    ran = tool("lives", "--read", files[0], "--read", folder / "text", status=(1, 6))
    tap.result("text" in ran.stderr and "recording" in ran.stderr, "one that is none", ran.stderr)
    ran = tool("events", *reads(files), "--", "true", status=(2,))
    tap.result("--read" in ran.stderr, "not together with a command", ran.stderr)
    data = files[1].read_bytes()
    files[1].write_bytes(data[:-100])
    ran = tool("lives", "-j", *reads(files), status=(6,))
    tap.result("web2.rec" in ran.stderr and len(ran.stdout.splitlines()) == 2,
               "of one that is cut short, what is whole", ran.stderr + ran.stdout)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.argv[2], folder], check=True)
        for shift, ns in SHIFTS.items():
            of_shift(folder, shift, ns)
        of_nat(folder)
        of_one(folder)
        of_cgroups(folder)
        of_again(folder)
        of_one_side(folder)
        of_doubt(folder)
        of_hole(folder)
        of_many(folder)
        of_words(folder)
    return tap.end()


TOOL = sys.argv[1]
sys.exit(main())
