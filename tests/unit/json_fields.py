#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Fields of events that were chosen, beside lines of all of them.

	json_fields.py TOOL SCHEMA	ends with what is wrong, or with nothing
"""
import json
import subprocess
import sys

tool, schema = sys.argv[1:]


def events(*words):
    done = subprocess.run([tool, "events", "-j", *words], capture_output=True, check=True)
    # The tool's sense of time goes on: holes are told alike.
    return done.stdout.decode().splitlines()


def lines(*words):
    return [json.loads(line, object_pairs_hook=list) for line in events(*words)]


def is_step(line):
    return dict(line).get("event") not in ("lost", "missing")


with open(schema, encoding="utf-8") as f:
    known = set(json.load(f)["$defs"]["step"]["properties"])
names = events("-o", "help")[0].split()[1:]
if set(names) != known:
    sys.exit(f"-o help and the schema differ: {set(names) ^ known}")
whole = lines()
if events("-o", "all") != events():
    sys.exit("-o all is not what a line has without it")
seen = set()
# Each alone; all but each; and two, named the other way round and one of them twice.
for number, name in enumerate(names):
    rest = [other for other in names if other != name]
    for chosen in [[name], rest, [rest[number % len(rest)], name, name]]:
        want = [[field for field in line if field[0] in chosen] if is_step(line) else line
                for line in whole]
        got = lines("-o", ",".join(chosen))
        if got != want:
            sys.exit(f"-o {','.join(chosen)}: {got} instead of {want}")
    seen |= {field[0] for line in whole for field in line if field[0] == name}
print(len(seen))
