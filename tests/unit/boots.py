#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A recording that spans a reboot: what is said of both boots is what is said of each by itself.
The machine was up for a month before it and for a minute after it, and cookies and process IDs come
again.

	boots.py TOOL TEST_EXPORT (which writes the recordings that these are made of)
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
# pylint: disable=wrong-import-position
import layout
import rebuilt
import recorded
import tap

SECOND = 10 ** 9
DAY = 86400 * SECOND
BOOTS = [uuid.UUID(int=n) for n in (17, 19, 23)]
# 2026-03-01 12:00 UTC, and how long the machine has been up then; 700 s later, and again.
BEGAN = [1772366400 * SECOND, 1772367100 * SECOND]
UPTIME = [31 * DAY, 61 * SECOND]
CLOCK = [began - up for began, up in zip(BEGAN, UPTIME)]


def ran(*arguments, status=(0,), stdin=None):
    env = dict(os.environ, FAKE="absent", LC_ALL="C.UTF-8", TZ="UTC", COLUMNS="200")
    done = subprocess.run([TOOL, *map(str, arguments)], env=env, capture_output=True, input=stdin,
                          stdin=None if stdin else subprocess.DEVNULL, timeout=60, check=False)
    if done.returncode not in status:
        raise AssertionError(f"{arguments}: {done.returncode} {done.stderr.decode()}")
    return done


def lines(*arguments, **how):
    return [json.loads(line) for line in ran(*arguments, **how).stdout.splitlines()]


# ---- what is recorded --------------------------------------------------------------------

def moved(events, boot, after=0, **fields):
    """The same in that boot, so long after its beginning, with other fields (id.conn: conn)"""
    start = layout.field(events[0], "time")
    moved_ones = recorded.shifted(events, UPTIME[boot] + after - start)
    for name, value in fields.items():
        key = next(k for k in layout.FIELDS if k.replace("id.", "") == name)
        moved_ones = [layout.with_field(e, key, value) for e in moved_ones]
    return moved_ones


class Made:
    """The events that all is made of, and the files of one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.whole = recorded.read(folder / "client")
        self.client = recorded.events(self.whole)
        self.opened = self.client[:3]
        self.refused = recorded.events(recorded.read(folder / "refused"))
        # To where the others are refused.
        at = slice(layout.FIELDS["id.conn"][0], layout.FIELDS["id.comm"][0])
        established = bytearray(self.client[2])
        established[at] = self.refused[0][at]
        self.succeeds = [self.refused[0], bytes(established)]
        server = recorded.events(recorded.read(folder / "server"))
        self.server = server
        # In the accept queue, where nobody takes it out.
        self.waits = server[:3]
        self.overflow = recorded.events(recorded.read(folder / "overflow"))[:2]

    def file(self, path, boot, events, clock=None, cgroups=()):
        events = sorted(events, key=lambda e: layout.field(e, "time"))
        # As the module numbers them.
        events = [layout.with_field(e, "number", n + 1) for n, e in enumerate(events)]
        recorded.write_file(path, self.whole, events, "web1", BOOTS[boot],
                            CLOCK[boot] if clock is None else clock, cgroups)

    def both(self, first, second, name="both", clock=None, cgroups=((), ())):
        """A directory of both boots, and each of them by itself"""
        folders = [self.folder / f"{name}{suffix}" for suffix in ("", "-1", "-2")]
        for folder in folders:
            folder.mkdir()
        for n, folder in ((0, folders[0]), (0, folders[1]), (1, folders[0]), (1, folders[2])):
            self.file(folder / f"000000000{n + 1}-20260301T120000Z.rec.zst", n, (first, second)[n],
                      clock if n else None, cgroups[n])
        return folders


def is_hole(thing):
    return thing.get("event") == "missing"


def lived(*arguments, **how):
    """Lives, without times that are missing"""
    return [life for life in lines("lives", "-j", *arguments, **how) if not is_hole(life)]


def drawn(*arguments, **how):
    which = [] if "--last" in arguments else ["--limit", "0"]
    return lines("diagram", "-j", *which, *arguments, **how)


def flagged(events, flag):
    return [layout.with_field(e, "flags", layout.field(e, "flags") | flag) for e in events]


def key(life):
    return {k: v for k, v in life.items() if k != "end_lost"}


# ---- lives -------------------------------------------------------------------------------

def of_lives(made):
    """One that is open when the machine goes down; one with its cookie, addresses and ports, and
    another, that are open at the end."""
    before, after = ([*moved(made.client, boot, 0, conn=0xa1, local_port=40001),
                      *moved(made.opened, boot, SECOND, conn=0xa2)] for boot in (0, 1))
    after += moved(made.opened, 1, 2 * SECOND, conn=0xa3, local_port=40003)
    both, *each = made.both(before, after)
    was = [lived("--read", folder) for folder in each]
    now = lines("lives", "-j", "--read", both)
    told = [life for life in now if not is_hole(life)]
    tap.same([key(life) for life in told],
             [{**life, "life_ns": 1008439000} if n == 1 and life["conn"] == "a2" else life
              for n, life in enumerate(was[0])] + was[1],
             "lives of two boots are those of each")
    tap.same([life["conn"] for life in told if "end_lost" in life], ["a2"],
             "what was open has lost its end with the boot")
    tap.same(["ended" in life or "end_lost" in life for life in told],
             [True, True, True, False, False], "of the last boot, they are open")
    tap.same([o["why"] for o in now if is_hole(o)], ["no-recorder"],
             "a time without a recorder is one")
    text = ran("lives", "-H", "--read", both, "-o", "time,conn").stdout.decode().split()
    tap.same(text, "12:00:01.080000 a1 - a2 12:11:41.080000 a1 - a2 - a3".split(),
             "each has its time of day")
    tap.same([len(lived("--read", both, *chosen)) for chosen in
              (("--conn", "a2"), ("--conn", "a2", "--failed"))], [2, 0], "each is chosen by itself")
    return both, each


def of_times(both, each):
    """Before, after and across the boot"""
    then = "2026-03-01 12:10"
    for verb in (["lives"], ["diagram", "--limit", "0"]):
        got, alone = ([o for o in lines(*verb, "-j", "--read", folder, "--since", then)
                       if not is_hole(o)] for folder in (both, each[1]))
        tap.same(got, alone, f"{verb[0]} since the boot are those since it")
        # Ten minutes more are looked at, and the boot is in these.
        got, alone = ([o for o in lines(*verb, "-j", "--read", folder, "--until", then)
                       if "left" in o or "history" in o] for folder in (both, each[0]))
        tap.same(got, alone, f"{verb[0]} until the boot are those until it")
    got = lines("doctor", "-j", "--read", both, "--since", "2026-03-01 12:10", "--until",
                "2026-03-01 12:30", status=(0, 10, 20))
    alone = lines("doctor", "-j", "--read", each[1], "--since", "2026-03-01 12:10", "--until",
                  "2026-03-01 12:30", status=(0, 10, 20))
    tap.same(summary(got), summary(alone), "findings since the boot are those since it")


# ---- drawings ----------------------------------------------------------------------------

def of_drawings(both, each):
    got = drawn("--last", "--read", both)
    tap.same(got, drawn("--last", "--read", each[1]), "the newest is of the last boot")
    got = lines("diagram", "-j", "a1", "--read", both)
    tap.same(got, lines("diagram", "-j", "a1", "--read", each[1]), "of a cookie the newest, too")
    got = drawn("--read", both)
    heads = [o for o in got if "left" in o]
    tap.same([(o["time"] // SECOND, o["left"]["conn"]) for o in heads],
             [(UPTIME[0] // SECOND, "a1"), (UPTIME[0] // SECOND + 1, "a2"), (61, "a1"), (62, "a2"),
              (63, "a3")], "each is a drawing, in their order")
    notes = [o["note"] for o in got if "booted" in o.get("note", "")]
    tap.same(notes, [f"{what} is not on record: the machine was booted"
                     for what in ("the end of TIME-WAIT", "its end")],
             "and what was open says why it ends")
    text = ran("diagram", "--limit", "0", "--read", both).stdout.decode()
    svg = ran("diagram", "--last", "--svg", "-", "--read", both).stdout.decode()
    tap.result("12:00:01" in text and "12:11:42" in text and "12:11:42" in svg,
               "times of day are those of each", text)


# ---- the doctor --------------------------------------------------------------------------

def findings(*arguments):
    return [o for o in lines("doctor", "-j", *arguments, status=(0, 10, 20)) if "finding" in o]


def summary(found, more=True):
    return sorted((o["finding"], o["severity"], o["name"], o["value"], more and o.get("more", ""))
                  for o in found if "finding" in o)


def of_queues(made):
    """Somebody waits for accept() a moment before the recording ends: that is no month."""
    first = moved(made.client, 0, 0, conn=0xb0)
    both, *each = made.both(first, moved(made.waits, 1, 0, conn=0xb1), "queue")
    tap.same(summary(findings("--read", both)), summary(findings("--read", each[1])),
             "who waits at the end has not waited since before the boot")
    hung = moved(made.waits, 0, 0, conn=0xb2) + moved(made.client, 0, 20 * SECOND, conn=0xb3)
    both, *each = made.both(hung, moved(made.server, 1, 0, conn=0xb4), "hung")
    found = [o for o in findings("--read", both) if o["finding"] == "accept-hangs"]
    tap.same([(o["severity"], "until the machine was booted" in o["more"]) for o in found],
             [("critical", True)], "who was not let in before the boot was not")
    tap.same([(o["from"][:19], o["to"][:19]) for o in found],
             [("2026-03-01T12:00:00", "2026-03-01T12:11:40")], "and it is said of the time that it was")
    nginx = moved(made.overflow, 0, 0, conn=0xb5, local_port=80)
    sshd = moved(made.overflow, 1, 0, conn=0xb6, local_port=22)
    sshd += moved(made.overflow, 1, SECOND, conn=0xb7, local_port=22)
    both, *each = made.both(nginx, sshd, "cookies")
    tap.same(summary(findings("--read", both), False),
             sorted(summary(findings("--read", each[0]) + findings("--read", each[1]), False)),
             "listeners of two boots with one cookie are two")


def connects(events, boot, count, **fields):
    """So many of them, one a second, of a process with the same number in both boots"""
    some = []
    for n in range(count):
        some += moved(events, boot, n * SECOND, conn=0x1000 + n, local_port=20000 + n, pid=7919,
                      **{name: first + n for name, first in fields.items()})
    return [layout.with_field(e, "id.comm", [b"cron", b"curl"][boot])
            for e in flagged(some, layout.F_OWNER)]


def of_connects(made):
    # Three of 250 are more than one in a hundred; of as many again they would not be.
    both, *each = made.both(moved(made.server, 0, 0, conn=0xc0),
                            connects(made.succeeds, 1, 247) + connects(made.refused, 1, 3), "connects")
    tap.same([(o["finding"], o["value"]) for o in findings("--read", each[1])],
             [("connect-refused", 3)], "a few connects fail")
    tap.same(summary(findings("--read", both)), summary(findings("--read", each[1])),
             "connects of the second boot are none of before")
    # All of one fail, and none of the other, who has the same number.
    both, *each = made.both(connects(made.succeeds, 0, 113),
                            connects(made.refused, 1, 11, peer_port=1000), "pids")
    tap.same(summary(findings("--read", both)),
             summary(findings("--read", each[0]) + findings("--read", each[1])),
             "a process of the second boot is none of the first")


# ---- clocks, names, other ways to read it --------------------------------------------------

def of_clock(made):
    """Without a battery the clock stands still meanwhile, or is of 1970; later it is set."""
    for name, clock in (("stopped", BEGAN[0] - UPTIME[1]), ("1970", 0)):
        both, *each = made.both(*(moved(made.client, boot, 0, conn=0xd1) +
                                  moved(made.opened, boot, SECOND, conn=0xd2) for boot in (0, 1)),
                                name, clock)
        now = lived("--read", both)
        tap.same([(o["conn"], o["life_ns"], o["began"], "end_lost" in o) for o in now],
                 [(o["conn"], o["life_ns"], o["began"], not n and o["conn"] == "d2")
                  for n, folder in enumerate(each) for o in lived("--read", folder)],
                 f"lives, with a clock that is {name}")
        tap.same(now[-1]["began_at"], lived("--read", each[1])[-1]["began_at"],
                 f"and the time of day that the clock had, {name}")
        tap.same(drawn("--last", "--read", both),
                 drawn("--last", "--read", each[1]), f"the newest, with a clock that is {name}")


def owned(events, cgroup):
    events = [layout.with_field(e, "id.pid", 7919) for e in flagged(events, layout.F_OWNER)]
    return [layout.with_field(e, "id.cgroup", cgroup) for e in events]


def of_names(made):
    """A number of a cgroup is of its boot."""
    names = ({31: "/system.slice/nginx.service"}, {31: "/system.slice/ssh.service"})
    both, *_ = made.both(owned(moved(made.opened, 0, 0, conn=0xe1), 31),
                         owned(moved(made.opened, 1, 0, conn=0xe1), 31), "names", cgroups=names)
    got = [(o["unit"], o["cgroup_id"], "end_lost" in o) for o in lived("--read", both)]
    tap.same(got, [("nginx.service", 31, True), ("ssh.service", 31, False)], "units of two boots")
    got = lived("--read", both, "--unit", "ssh")
    tap.same([o["unit"] for o in got], ["ssh.service"], "and each is chosen by its name")
    heads = [o["left"] for o in drawn("--read", both) if "left" in o]
    tap.same([o["unit"] for o in heads], ["nginx.service", "ssh.service"], "in drawings, too")
    part = made.folder / "names-part"
    ran("record", "--read", both, part)
    tap.same([o.get("unit") for o in lived("--read", part)], ["nginx.service", "ssh.service"],
             "and in one file of both")


def of_units(made):
    """A listener of a unit before the boot, and another's with its cookie after it"""
    accepts = [e for e in recorded.events(recorded.read(made.folder / "loopback"))
               if layout.field(e, "id.role") != 1]
    both, *_ = made.both(owned(moved(accepts, 0, 0, conn=0xe2, local_port=80), 31) +
                         moved(made.overflow, 0, 20 * SECOND, conn=0xe3, local_port=80),
                         moved(made.overflow, 1, 0, conn=0xe4, local_port=22), "units",
                         cgroups=({31: "/system.slice/nginx.service"}, ()))
    tap.same([(o["finding"], o["port"]) for o in findings("--read", both, "--unit", "nginx")],
             [("accept-queue-overflow", 80)],
             "findings of a unit are not of who has its cookie after the boot")


def of_other_ways(made, both, each):
    """One file of both, which tcphs record takes out of it; a pipe; two recordings of one machine."""
    part = made.folder / "part"
    ran("record", "--read", both, part)
    lives = lived("--read", both)
    drawings = drawn("--read", both)
    tap.same(lived("--read", part), lives, "lives of one file of both")
    tap.same(drawn("--read", part), drawings, "drawings of one file of both")
    data = part.read_bytes()
    tap.same(lived("--read", "-", stdin=data), lives, "lives out of a pipe")
    tap.same(drawn("--read", "-", stdin=data), drawings, "drawings out of a pipe")
    two = ["--read", both, "--read", each[1]]
    timeless = [{k: v for k, v in o.items() if k not in ("began", "ended")} for o in lives]
    tap.same([{k: v for k, v in o.items() if k not in ("began", "ended")}
              for o in lived(*two)], timeless, "two recordings of one machine")
    heads = [o for o in drawn(*two) if "left" in o]
    tap.same([o["time"] // SECOND - BEGAN[0] // SECOND for o in heads], [0, 1, 700, 701, 702],
             "drawings of two recordings of one machine")
    events = [o for o in lines("events", "-j", "--read", both) if not is_hole(o)]
    tap.same([o["time"] for o in events],
             [o["time"] for folder in each for o in lines("events", "-j", "--read", folder)],
             "events have their times as they are")


def tracks(path):
    """(when each connection begins and ends, us, and that it was open), and its events"""
    events = json.loads(ran("export", "--read", path, "--json-trace", "-").stdout)["traceEvents"]
    begun, out = {}, []
    for e in events:
        if e["name"] == "connection" and e["ph"] == "B":
            begun[e["tid"]] = e["ts"]
        elif e["name"] == "connection":
            out.append((begun[e["tid"]], e["ts"], "args" in e))
    return sorted(out), [(e["ts"], e["name"]) for e in events if e["ph"] == "i"]


def packets(path):
    ran("export", "--read", path, "--force", "--pcapng", path.parent / "packets")
    return [p._replace(comment="") for p in rebuilt.packets(path.parent / "packets")]


def behind(those, by):
    return [(begin + by, end + by, *more) for begin, end, *more in those]


def of_tracks(made):
    """A connection with the cookie of one that was open; the machine is up longer after the boot,
    and the clock does not go back."""
    before = moved(made.opened, 0, 0, conn=0xa1)
    uptime = UPTIME[1]
    for name, up in (("shorter", uptime), ("longer", UPTIME[0] + 800 * SECOND)):
        after = recorded.shifted(moved(made.client, 1, 0, conn=0xa1), up - uptime)
        both, *each = made.both(before, after, f"tracks-{name}", BEGAN[1] - up)
        was = [tracks(folder) for folder in each]
        now = tracks(both)
        apart = (BEGAN[1] - BEGAN[0]) / 1000
        tap.same(now[0], was[0][0] + behind(was[1][0], apart),
                 f"tracks of two boots are those of each, where the machine is up {name}")
        tap.same(now[1], was[0][1] + [(ts + apart, event) for ts, event in was[1][1]],
                 f"and their events, by the time of day, {name}")
        tap.same(packets(both), packets(each[0]) + packets(each[1]),
                 f"packets of two boots are those of each, {name}")
    accepted = recorded.events(recorded.read(made.folder / "reset_queued"))
    both, *_ = made.both(moved(accepted, 0, 0), moved(accepted[-1:], 1, 0), "tracks-late")
    trace = json.loads(ran("export", "--read", both, "--json-trace", "-").stdout)["traceEvents"]
    tap.same([e["tid"] for e in trace if e["ph"] == "i" and e["name"] == "accepted"], [1, 0],
             "what comes after its end is not of what had its cookie before the boot")


def of_several(made, both):
    """Another machine, which is not booted, with a connection that is open all the while"""
    other = [moved(made.opened, 0, 500 * 10 ** 6, conn=0xf1, local_port=50001),
             moved(made.client, 0, 702 * SECOND, conn=0xf2, local_port=50002)]
    events = [layout.with_field(layout.with_field(e, "number", n + 1), "id.isn", 31)
              for n, e in enumerate(sum(other, []))]
    path = made.folder / "web2.rec"
    recorded.write(path, made.whole, events, "web2", BOOTS[2], clock=CLOCK[0])
    two = ["--read", both, "--read", path]
    got = lived(*two)
    tap.same(sorted((o["host"], o["conn"], o["began_at"][11:19]) for o in got if "end_lost" in o),
             [("web1", "a2", "12:00:01")], "of two machines the one was booted")
    tap.same(sorted((o["host"], o["conn"]) for o in got if "ended" not in o and "end_lost" not in o),
             [("web1", "a2"), ("web1", "a3"), ("web2", "f1")], "and the other goes on")
    tap.same([o["note"] for o in drawn(*two) if "booted" in o.get("note", "")],
             [f"{what} is not on record: the machine was booted"
              for what in ("the end of TIME-WAIT", "its end")], "drawings of two machines")
    hung = moved(made.waits, 0, 0, conn=0xf3) + moved(made.client, 0, 20 * SECOND, conn=0xf4)
    queue, *_ = made.both(hung, moved(made.server, 1, 0, conn=0xf5), "several")
    found = [(o["host"], "until the machine was booted" in o["more"])
             for o in findings("--read", queue, "--read", path) if o["finding"] == "accept-hangs"]
    tap.same(found, [("web1", True)], "the doctor of two machines")


def of_several_clocks(made):
    """Of two machines the clock of one is behind after its boot, and nothing compares the two."""
    other = moved(made.client, 0, 0, conn=0xf6, local_port=50001)
    path = made.folder / "web2.rec"
    recorded.write(path, made.whole, [layout.with_field(layout.with_field(e, "number", n + 1),
                                                        "id.isn", 31)
                                      for n, e in enumerate(other)], "web2", BOOTS[2], clock=CLOCK[0])
    # Who waits was there before the boot, and so does another after it, for a moment.
    before = (moved(made.client, 0, 0, conn=0xf7) + moved(made.opened, 0, SECOND, conn=0xf8) +
              moved(made.client, 0, 300 * SECOND, conn=0xf9))
    after = (moved(made.client, 1, 0, conn=0xf7) + moved(made.opened, 1, SECOND, conn=0xf8) +
             moved(made.waits, 1, 2 * SECOND, conn=0xfb))
    for name, clock in (("stopped", BEGAN[0] - UPTIME[1]), ("1970", 0), ("right", None)):
        both, *each = made.both(before, after, f"several-{name}", clock)
        for files in ([both, path], [path, both], [both, path, each[1]], [both, each[1]]):
            two = [word for file in files for word in ("--read", file)]
            how = f"of {' '.join(f.name for f in files)}"
            events = [o for o in lines("events", "-j", *two) if "conn" in o and
                      o.get("host", "web1") == "web1"]
            tap.same([(o["event"], o["conn"]) for o in events],
                     [(o["event"], o["conn"]) for folder in each
                      for o in lines("events", "-j", "--read", folder)],
                     f"events of both boots, each once, in their order, {how}")
            times = [o["time"] for o in events]
            tap.same(times, sorted(times), f"times that do not go back, {how}")
            lives = [o for o in lived(*two) if o.get("host", "web1") == "web1"]
            tap.same([(o["conn"], o["life_ns"], "end_lost" in o) for o in lives if "ended" in o],
                     [(o["conn"], o["life_ns"], False) for folder in each
                      for o in lived("--read", folder) if "ended" in o],
                     f"lives that are as long as they were, {how}")
            tap.same([(o["conn"], "end_lost" in o) for o in lives if "ended" not in o],
                     [("f8", True), ("f8", False), ("fb", False)],
                     f"what was open ended with the boot, and nothing else did, {how}")
            found = [o for o in findings(*two) if o.get("host", "web1") == "web1"]
            # Of several machines each boot has its own places.
            alone = each if path in files else [both]
            tap.same(summary(found), summary(o for f in alone for o in findings("--read", f)),
                     f"findings are those of each boot, {how}")


def of_compared_clocks(made):
    """The clock that was behind after the boot is compared with that of another machine, of which
    nothing was heard before it."""
    whole = moved(recorded.events(recorded.read(made.folder / "loopback")), 1)
    ends = [[e for e in whole if (layout.field(e, "id.role") == 1) is active]
            for active in (True, False)]
    path = made.folder / "web2-compared.rec"
    recorded.write(path, made.whole, ends[1], "web2", BOOTS[2], clock=CLOCK[1])
    both, *_ = made.both(moved(made.client, 0, 0, conn=0xfc), ends[0], "compared", 0)
    for files in ([both, path], [path, both]):
        two = [word for file in files for word in ("--read", file)]
        how = f"of {' '.join(f.name for f in files)}"
        events = [o for o in lines("events", "-j", *two) if "conn" in o and o["conn"] != "fc"]
        tap.same([(o["event"], o["role"]) for o in events],
                 [(o["event"], o["role"]) for o in
                  lines("events", "-j", "--read", made.folder / "loopback")],
                 f"both ends are in one order, by the clock of who was not booted, {how}")
        tap.same(events[0]["time"] // (60 * SECOND), BEGAN[1] // (60 * SECOND), f"and its time, {how}")


def of_unknown(made, each):
    """Recordings that say nothing of the machine: a clock that goes back is another boot's."""
    pieces = []
    for n, folder in enumerate(each):
        ran("record", "--force", "--read", folder, made.folder / "one")
        one = recorded.read(made.folder / "one")
        pieces.append((recorded.CLOCK, struct.pack("<q", CLOCK[n])))
        pieces += [p for p in one.pieces if p[0] == recorded.EVENTS]
    nr = sum(len(content) // layout.SIZE for kind, content in pieces if kind == recorded.EVENTS)
    pieces.append((recorded.END, struct.pack("<QQ", nr, 0)))
    path = made.folder / "unknown"
    path.write_bytes(recorded.head_of(made.whole, CLOCK[0]) +
                     b"".join(recorded.piece(n, *p) for n, p in enumerate(pieces)))
    part = made.folder / "part"
    tap.same(lived("--read", path), lived("--read", part),
             "lives, where the machine is not known")
    tap.same(drawn("--last", "--read", path), drawn("--last", "--read", part),
             "the newest, where the machine is not known")


def of_quiet(made):
    """A unit that has no event in a time, and one that there never was"""
    folder = made.folder / "quiet"
    folder.mkdir()
    for n, unit in ((0, "nginx"), (1, "ssh")):
        made.file(folder / f"000000000{n + 1}-20260301T120000Z.rec.zst", 0,
                  owned(moved(made.opened, 0, n * 300 * SECOND, conn=0xe5 + n), 31 + n),
                  cgroups={31 + n: f"/system.slice/{unit}.service"})
    # Within the second file.
    asked = ["doctor", "--read", folder, "-j", "--since", "2026-03-01T12:05:00.1Z",
             "--until", "2026-03-01T12:05:01Z", "--unit"]
    for unit, status, worst in ("nginx", 0, "none"), ("ngnix", 1, "unknown"):
        got = lines(*asked, unit, status=(status,))
        tap.same(got[-1]["worst"], worst, f"of a time without events of {unit}: {worst}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.argv[2], folder], check=True)
        made = Made(folder)
        both, each = of_lives(made)
        of_times(both, each)
        of_drawings(both, each)
        of_other_ways(made, both, each)
        of_several(made, both)
        of_several_clocks(made)
        of_compared_clocks(made)
        of_unknown(made, each)
        of_queues(made)
        of_connects(made)
        of_clock(made)
        of_names(made)
        of_units(made)
        of_quiet(made)
        of_tracks(made)
    return tap.end()


TOOL = sys.argv[1]
sys.exit(main())
