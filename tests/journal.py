#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Take systemd's place, and compare what comes with lives.

usage: journal.py take	be the journal until SIGTERM; entries as JSON, a line each
       journal.py same ENTRIES LIVES	they are those of "tcphs lives -j --failed"
"""
import json
import os
import socket
import sys

WHERE = "/run/systemd/journal/socket"
# Names of the journal, and of JSON.
FIELDS = {"TCPHS_CONN": "conn", "TCPHS_NETNS": "netns",
          "TCPHS_NETNS_NAME": "netns_name", "TCPHS_LOCAL": "local",
          "TCPHS_LOCAL_PORT": "local_port", "TCPHS_PEER": "peer", "TCPHS_PEER_PORT": "peer_port",
          "TCPHS_ROLE": "role", "TCPHS_PID": "pid", "TCPHS_COMM": "comm",
          "TCPHS_UNIT": "unit", "TCPHS_CONTAINER": "container", "TCPHS_POD": "pod", "TCPHS_END": "end",
          "TCPHS_REASON": "reason", "TCPHS_HISTORY": "history", "TCPHS_LIFE_NSEC": "life_ns",
          "TCPHS_HANDSHAKE_NSEC": "handshake_ns", "TCPHS_BYTES_SENT": "bytes_sent",
          "TCPHS_BYTES_RECEIVED": "bytes_received", "TCPHS_CLOSER": "closer",
          "TCPHS_RETRANSMITS": "retransmits"}
OTHERS = {"MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "TCPHS_ENDED_USEC"}


def take():
    os.makedirs(os.path.dirname(WHERE), exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(WHERE)
        while True:
            entry = journal.recv(1 << 16).decode("ascii")
            lines = entry.removesuffix("\n").split("\n")
            print(json.dumps(dict(line.split("=", 1) for line in lines)), flush=True)


def same(entries, lives):
    with open(entries, encoding="ascii") as file:
        entries = [json.loads(line) for line in file]
    with open(lives, encoding="utf-8") as file:
        lives = [life for life in map(json.loads, file) if "conn" in life]
    problems = []
    for entry, life in zip(entries, lives):
        had = {FIELDS[name]: value for name, value in entry.items() if name not in OTHERS}
        expected = {key: str(life[key]) for key in FIELDS.values() if key in life}
        if had != expected:
            problems.append(f"{had}\nexpected {expected}")
        if not OTHERS <= set(entry):
            problems.append(f"without {OTHERS - set(entry)}: {entry}")
        for word in (life["end"], life["peer"], life.get("comm", ""), life.get("reason", "")):
            if word not in entry["MESSAGE"]:
                problems.append(f"{word} is not in: {entry['MESSAGE']}")
    if len(entries) != len(lives):
        problems.append(f"{len(entries)} entries, {len(lives)} lives")
    print("\n".join(problems))
    return bool(problems)


if sys.argv[1] == "take":
    take()
sys.exit(same(*sys.argv[2:]))
