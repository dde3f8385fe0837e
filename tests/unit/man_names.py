#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The man page explains every event and reason as "tcphs help names" does.

	man_names.py TOOL		is it so?
	man_names.py TOOL --write	make it so
"""
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "../../Documentation/man/tcphs.8"
BEGIN = '.\\" Events and reasons: made by tests/unit/man_names.py\n'
END = '.\\" Until here.\n'


def explained(text):
    """What help says: {heading: [(name, explanation)]}"""
    sections, rows = {}, None
    for line in text.splitlines():
        if heading := re.fullmatch(r"(Events|Reasons)\b.*:", line):
            rows = sections.setdefault(heading[1], [])
        elif not line:
            rows = None
        elif rows is not None:
            rows.append(tuple(line.split(maxsplit=1)))
    return sections


def roff(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


def section(sections):
    lines = []
    for heading, rows in sections.items():
        lines += [f".SS {heading}", ".TS", "l l."]
        lines += [f"{roff(name)}\t{roff(text)}" for name, text in rows]
        lines += [".TE"]
    return "\n".join(lines) + "\n"


def main():
    tool, *write = sys.argv[1:]
    help_text = subprocess.run([tool, "help", "names"], check=True, capture_output=True,
                               text=True).stdout
    sections = explained(help_text)
    wanted = section(sections)
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    is_there, end, after = rest.partition(END)
    if write:
        PAGE.write_text(before + begin + wanted + end + after)
        return 0

    print("1..3")
    tests = [
        (len(sections.get("Events", ())) > 20 and len(sections.get("Reasons", ())) > 30,
         "tcphs help names explains events and reasons"),
        (all(len(line) < 80 for line in help_text.splitlines()), "on 80 columns"),
        (begin and end and is_there == wanted,
         "tcphs(8) says the same (if not: man_names.py TOOL --write)"),
    ]
    for number, (good, name) in enumerate(tests, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 0 if all(good for good, _ in tests) else 1


sys.exit(main())
