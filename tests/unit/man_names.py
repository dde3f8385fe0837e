#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The man page explains every event and reason as "tcphs help names" does, and every key of
the JSON; both pages fit 80 columns.

	man_names.py TOOL		is it so?
	man_names.py TOOL --write	make it so, of events and reasons
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent / "../.."
PAGE = TOP / "Documentation/man/tcphs.8"
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


def keys():
    """Of all JSON, as the sources write them."""
    found = set()
    for path in [*TOP.glob("userspace/common/*.c"), *TOP.glob("userspace/tcphs/**/*.c")]:
        text = path.read_text()
        found.update(re.findall(r'tcphs_json_\w+\(&?j, "(\w+)"', text))
        found.update(re.findall(r'PUT\(p, "[{,]\\"(\w+)\\":', text))
    # What begins the names of others.
    return {key for key in found if not key.endswith("_")}


def rendered(page):
    """As man shows it on 80 columns."""
    return subprocess.run(["groff", "-t", "-man", "-Tascii", "-P-cbou", "-rLL=78n", page],
                          check=True, capture_output=True, text=True).stdout.splitlines()


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

    page = PAGE.read_text().replace("\\-", "-")
    unknown = sorted(key for key in keys() if not re.search(rf"\b{key}\b", page))
    wide = [line for page in PAGE.parent.glob("*.8") if shutil.which("groff")
            for line in rendered(page) if len(line) > 80]
    print("1..5")
    tests = [
        (len(sections.get("Events", ())) > 20 and len(sections.get("Reasons", ())) > 30,
         "tcphs help names explains events and reasons"),
        (all(len(line) < 80 for line in help_text.splitlines()), "on 80 columns"),
        (begin and end and is_there == wanted,
         "tcphs(8) says the same (if not: man_names.py TOOL --write)"),
        (len(keys()) > 100 and not unknown, f"and has each key of the JSON {unknown or ''}"),
        (not wide, f"on 80 columns, both pages {wide or ''}" if shutil.which("groff") else
         "on 80 columns # SKIP no groff"),
    ]
    for number, (good, name) in enumerate(tests, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 0 if all(good for good, _ in tests) else 1


sys.exit(main())
