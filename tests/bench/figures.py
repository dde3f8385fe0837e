#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What tcphs costs is stated once, in tests/bench/figures, and README shows that.

usage: figures.py check		README shows it: TAP
       figures.py judge FILE	what was measured now is no dearer than stated: TAP
       figures.py save FILE	what was measured now is what is stated from now on
"""
import contextlib
import io
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent / "../.."
STATED = Path(__file__).resolve().parent / "figures"
README = TOP / "README.md"

LICENSE = "# SPDX-License-Identifier: GPL-2.0\n"

# Percent of a connection's instructions; half of what one may find worth saving.
POINTS = 0.5
# By so much three boots of one state differed, in text and JSON; in recording by 0.2.
BOOTS = 0.5
# Rows by their beginnings: what tcphs adds, what it keeps in memory, whom it has no room for.
OURS = "tcphs recording", "tcphs events ", "memory of ", "untracked of "
# Of memory: it is charged in pieces, of which one more may have been begun.
PART = 0.1


def rows(text):
    """{name: (number, unit)}: percent that are added, bytes, connections"""
    found = {}
    for line in text.splitlines():
        if row := re.fullmatch(r"(\S.*?) +\d+ +[+-]\d+ +([+-][\d.]+) %", line):
            found[row[1]] = float(row[2]), "%"
        elif row := re.fullmatch(r"(\S.*?) +(\d+) ([a-z]+)", line):
            found[row[1]] = int(row[2]), row[3]
    return found


def stated():
    return STATED.read_text().removeprefix(LICENSE)


def shown(readme):
    """Where README has the table: the lines of that block."""
    lines = readme.splitlines()
    begin = next(i for i, line in enumerate(lines) if re.fullmatch(r"\t.* added +ratio", line))
    end = next(i for i in range(begin, len(lines)) if not lines[i].startswith("\t"))
    return begin, end, "".join(line[1:] + "\n" for line in lines[begin:end])


def check():
    same = shown(README.read_text())[2] == stated()
    print("ok" if same else "not ok", "1 README shows the figures of tests/bench/figures")
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        passes = judge(stated())
        caught = not judge(stated().replace("+", "+1")) and not judge("")
    print("ok" if passes else "not ok", "2 what is stated is within its own limits")
    print("ok" if caught else "not ok", "3 what is dearer, or was not measured, is not")
    return same and passes and caught


def judge(text):
    limits, measured = rows(stated()), rows(text)
    names = [name for name in dict.fromkeys([*limits, *measured]) if name.startswith(OURS)]
    print(f"1..{len(names)}")
    return all([judge_row(number, name, limits.get(name), measured.get(name))
                for number, name in enumerate(names, 1)]) and bool(names)


def judge_row(number, name, stated_, measured):
    fits = False
    if not stated_:
        said = "nothing is stated; --save states it"
    elif not measured:
        said = "nothing was measured"
    else:
        most, unit = stated_
        most = round(most + (POINTS + BOOTS if unit == "%" else most * PART), 1)
        fits = measured[0] <= most
        said = f"{measured[0]} of {most} {unit} at the most"
    print("ok" if fits else "not ok", number, f"{name}: {said}")
    return fits


def save(text):
    begin, end, _ = shown(README.read_text())
    lines = README.read_text().splitlines()
    lines[begin:end] = ["\t" + line for line in text.splitlines()]
    STATED.write_text(LICENSE + text)
    README.write_text("".join(line + "\n" for line in lines))
    return True


def main():
    what, *files = sys.argv[1:]
    done = {"check": check, "judge": judge, "save": save}[what](
        *(Path(name).read_text() for name in files))
    sys.exit(not done)


if __name__ == "__main__":
    main()
