#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare lives with what the program traffic says it did, and with tcplife(8).

usage: tcplife.py did LIVES TRAFFIC...	each life is what was done, and each that was done is there
       tcplife.py torn LIVES TRAFFIC...	where records are overwritten: nothing is made up
       tcplife.py peer LIVES TCPLIFE MISSED	as many, of the same ends, with the same bytes and
			times, but for so many events that BPF missed

LIVES is of "tcphs lives -j", TRAFFIC of a run of traffic, TCPLIFE of tcplife. A line of the
output is a problem. RESENT in the environment, not 0: segments were sent again.
"""
import json
import os
import sys

RESENT = os.environ.get("RESENT", "0") != "0"
# What the end of a connection is reported as, by who did what to it
ENDS = {"refused": ("connect-failed", "refused", None), "closes": ("closed", None, "local"),
        "is-closed": ("closed", None, "peer"), "resets": ("closed", "linger", "none"),
        "is-reset": ("closed", "reset-received", "none")}
LETTERS = {("active", "closes"): "FafA", ("active", "is-closed"): "fFa", ("active", "resets"): "R",
           ("active", "is-reset"): "r", ("passive", "closes"): "fAFa",
           ("passive", "is-closed"): "FfA", ("passive", "resets"): "r",
           ("passive", "is-reset"): "R"}


def sides(path):
    """{conn: what its life has to say}"""
    with open(path, encoding="ascii") as file:
        did = [json.loads(line) for line in file]
    pid = next(d["pid"] for d in did if "listener" in d)
    for d in did:
        for role, me, peer in (("active", "client", "server"), ("passive", "server", "client")):
            if "listener" in d or (d["kind"] == "refused" and role == "passive"):
                continue
            who, _, rst = d["kind"].partition("-")
            end = "refused" if who == "refused" else \
                ("resets" if who == me else "is-reset") if rst else \
                "closes" if who == me else "is-closed"
            sent, received = d[me + "_bytes"], d[peer + "_bytes"]
            data = ("D" if d["client_bytes"] else "") + ("d" if d["server_bytes"] else "")
            reported, reason, closer = ENDS[end]
            known = {} if end == "refused" else {"bytes_sent": sent, "bytes_received": received,
                                                 "closer": closer}
            yield d[me + "_conn"], {
                "local": d[me], "local_port": d[me + "_port"], "peer": d[peer],
                "peer_port": d[peer + "_port"], "role": role, "pid": pid, "comm": "traffic-" + me,
                "history": "Sr" if end == "refused" else "ShA" + data + LETTERS[role, end],
                "end": reported, "reason": reason, "state": "closed", "generation": 0,
                "time_wait_ahead": True if end == "closes" else None, **known}


def lives_of(path):
    with open(path, encoding="utf-8") as file:
        return [life for life in map(json.loads, file) if "conn" in life]


def plain(history):
    """Without what is sent again, where that could not be avoided."""
    return "".join(c for c in history if c not in "OoTt") if RESENT else history


def compare(life, wanted):
    for key, value in wanted.items():
        got = life.get(key)
        if key == "history":
            got = plain(got)
        if got != value:
            yield f"{life['conn']}: {key} is {got}, expected {value}"
    if not RESENT and life.get("retransmits", 0):
        yield f"{life['conn']}: sent again {life['retransmits']}"
    if life["life_ns"] != life["ended"] - life["began"]:
        yield f"{life['conn']}: it did not live from beginning to end"
    if wanted["end"] == "closed" and not 0 < life["handshake_ns"] <= life["life_ns"]:
        yield f"{life['conn']}: a handshake of {life.get('handshake_ns')} ns"


def did(lives, wanted):
    seen = set()
    for life in lives:
        if "ended" not in life:
            continue
        if life["conn"] not in wanted or life["conn"] in seen:
            yield f"nobody's, or the second: {json.dumps(life)}"
            continue
        seen.add(life["conn"])
        yield from compare(life, wanted[life["conn"]])
        yield from (f"{life['conn']}: {key}" for key in
                    ("earlier_lost", "steps_lost", "end_lost", "adopted", "untracked") if key in life)
    yield from (f"{conn}: not there" for conn in wanted.keys() - seen)
    ended = [life["ended"] for life in lives if "ended" in life]
    if ended != sorted(ended):
        yield "not in the order in which they ended"


def is_part(part, whole):
    """Are these letters there, in this order?"""
    rest = iter(whole)
    return all(letter in rest for letter in part)


def torn(lives, wanted):
    """What has an end is right, what is not whole says so, and has no letter that it should not."""
    marked = 0
    for life in lives:
        want = wanted.get(life["conn"])
        lost = life.get("earlier_lost") or life.get("steps_lost") or life.get("end_lost")
        marked += bool(lost)
        if not want:
            yield f"nobody's: {json.dumps(life)}"
            continue
        if not is_part(plain(life["history"]).replace("?", ""), want["history"]):
            yield f"{life['conn']}: {life['history']} is no part of {want['history']}"
        if ("earlier_lost" in life) != life["history"].startswith("?"):
            yield f"{life['conn']}: {life['history']} does not say that its beginning is lost"
        if "ended" in life:
            yield from compare(life, {k: v for k, v in want.items() if k != "history"})
    if not marked:
        yield "nothing is marked as torn"


def peer(lives, path, missed):
    """tcplife counts a SYN and a FIN as a byte, and times from ESTABLISHED to CLOSE.

    Without an event that BPF missed it lacks that life, or has it begin with another step."""
    with open(path, encoding="utf-8", errors="replace") as file:
        rows = [line.split() for line in file if line[:1].isdigit()]
    theirs = {(r[2], r[3], r[4], r[5]): r for r in rows}
    ours = {(l["local"], str(l["local_port"]), l["peer"], str(l["peer_port"])): l
            for l in lives if "ended" in l}
    yield from (f"only tcplife has {key}" for key in theirs.keys() - ours.keys())
    spoiled = [f"tcplife lacks {key}" for key in ours.keys() - theirs.keys()]
    for key in theirs.keys() & ours.keys():
        row, life = theirs[key], ours[key]
        for name, column in (("bytes_sent", 6), ("bytes_received", 7)):
            kilobytes = float(row[column])
            reported = life.get(name, 0)
            if not reported / 1024 - 0.006 <= kilobytes <= (reported + 2) / 1024 + 0.006:
                yield f"{key}: {name} {reported}, tcplife {kilobytes} KB"
        took = (life["life_ns"] - life.get("handshake_ns", 0)) / 1e6
        # Each reads its own clock, some instructions apart; the CPU may stand still there.
        if not abs(float(row[8]) - took) < max(20, took / 2):
            spoiled.append(f"{key}: {took} ms, tcplife {row[8]}")
    if len(spoiled) > missed:
        yield from spoiled
        yield f"tcplife missed {missed} events"


def main(what, lives, *others):
    lives = lives_of(lives)
    if what == "peer":
        path, missed = others
        problems = list(peer(lives, path, int(missed)))
    else:
        wanted = dict(side for path in others for side in sides(path))
        problems = list((did if what == "did" else torn)(lives, wanted))
    print(*problems[:9], sep="\n")
    print(f"{len(lives)} lives, {len(problems)} problems")
    return 1 if problems or not lives else 0


sys.exit(main(*sys.argv[1:]))
