#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each option of each verb with each other: what means nothing together is refused, with what
to do instead, and all else is taken.

	options.py TOOL
"""
import itertools
import os
import subprocess
import sys
import tempfile

TOOL = os.path.abspath(sys.argv[1])
ENV = dict(os.environ, LC_ALL="C.UTF-8")
# What each verb takes beside filters; FILE, CONN and - are no options.
LOOK = ["--json", "--no-header", "--color=always"]
TAKES = {
    "status": LOOK + ["--hooks", "--report"],
    "events": LOOK + ["--all-netns", "--read", "--follow", "--last", "--absolute", "--output"],
    "diagram": LOOK + ["--all-netns", "--read", "--follow", "--last", "--limit", "--absolute",
                       "--ascii", "--svg", "--force", "CONN", "--conn"],
    "lives": LOOK + ["--all-netns", "--read", "--follow", "--output", "--older-than", "--journal"],
    "connections": LOOK + ["--all-netns", "--output"],
    "listeners": LOOK + ["--all-netns", "--output"],
    "doctor": LOOK + ["--all-netns", "--read", "--for", "--watch", "--since", "--until",
                       "--stuck-after"],
    "record": LOOK + ["--all-netns", "--read", "--duration", "--last", "--force", "-",
                      "--directory", "--size", "--keep", "--age"],
    "export": LOOK + ["--all-netns", "--read", "--force", "--pcapng", "--json-trace"],
    "metrics": ["--no-header", "--color=always", "--all-netns", "--output", "--limit",
                "--openmetrics", "--rules"],
}
REFUSED = {
    "status": ["--hooks --json", "--report --json", "--hooks --report"],
    "events": ["--all-netns --read", "--follow --read", "--absolute --json"],
    "diagram": ["--all-netns --read", "--follow --read", "--follow --svg", "--follow --limit",
                "--limit --svg", "--limit --last", "--limit CONN", "--last CONN", "--conn CONN",
                "--absolute --json", "--ascii --json", "--ascii --svg", "--svg --json"],
    "lives": ["--all-netns --read", "--follow --read", "--output --json", "--journal --json",
              "--journal --output", "--journal --no-header", "--journal --read"],
    "connections": ["--output --json"],
    "listeners": ["--output --json"],
    "doctor": ["--all-netns --read", "--for --read", "--watch --read", "--stuck-after --read",
               "--for --since", "--watch --since", "--stuck-after --since",
               "--for --until", "--watch --until", "--stuck-after --until"],
    "record": ["--all-netns --read", "--duration --read", "--json -", "--force -",
               "--directory --read", "--directory --last", "--directory --force",
               "--directory -"],
    "export": ["--all-netns --read", "--pcapng --json-trace", "--pcapng --json", "--pcapng --force",
               "--json-trace --json", "--json-trace --force"],
    "metrics": ["--rules --openmetrics", "--rules --limit", "--rules --all-netns"],
}
BOUNDS = {"--size", "--keep", "--age"}
VALUE = {"--size": "1M", "--keep": "2", "--age": "1h", "--last": "3", "--limit": "3",
         "--for": "1ms", "--since": "2001-01-01", "--until": "2001-06-01",
         "--stuck-after": "2m", "--older-than": "1s", "--duration": "0s", "--conn": "1a2b", "CONN": "1a2b"}


def words(verb, option, folder):
    """As they stand on the command line."""
    if option in ("CONN", "-"):
        return [VALUE.get(option, option)]
    if option == "--read":
        return [option, f"{folder}/a.rec"]
    if option == "--directory":
        return [option, f"{folder}/box"]
    if option in ("--svg", "--pcapng", "--json-trace"):
        return [option, "-"]
    if option == "--output":
        return [option, "-" if verb == "metrics" else "all"]
    if option in VALUE and not (option == "--last" and verb == "diagram"):
        return [option, VALUE[option]]
    return [option]


def run(verb, options, folder):
    line = [w for option in options for w in words(verb, option, folder)]
    # What says how a directory is kept goes with one.
    if BOUNDS & set(options) and "--directory" not in options:
        line += words(verb, "--directory", folder)
    if verb == "record" and not ({"-", "--directory"} | BOUNDS) & set(options):
        line += [f"{folder}/new.rec", "--force"][:1 if "--force" in options else 2]
    # A recording has an end, what is followed has not.
    if verb == "record" and "--read" not in options and "--duration" not in options:
        line += ["--duration", "0s"]
    if verb == "export" and not {"--pcapng", "--json-trace"} & set(options):
        line += ["--pcapng", f"{folder}/new.pcapng"] + ["--force"] * ("--force" not in options)
    chosen = {"CONN", "--last", "--limit", "--conn", "--follow"} & set(options)
    if verb == "diagram" and not chosen:
        line += ["--port", "443"]
    if verb == "diagram" and "--svg" in options and not {"CONN", "--last", "--conn"} & set(options):
        line += ["--conn", "1a2b"]
    if verb == "diagram" and "--force" in options and "--svg" not in options:
        line += ["--svg", "-"]
    return subprocess.run([TOOL, verb, *line], env=ENV, check=False, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=30)


def refused(verb):
    """In either order."""
    pairs = {frozenset(pair.split()) for pair in REFUSED.get(verb, ())}
    pairs |= {p - {"--directory"} | {bound} for p in pairs if "--directory" in p
              for bound in BOUNDS}
    # What --svg does not go with does not go with --force, which goes with --svg.
    return pairs | {frozenset(["--force"]) | p - {"--svg"} for p in pairs if "--svg" in p}


def wrong_pairs(verb, folder):
    for pair in itertools.permutations(TAKES[verb], 2):
        answer = run(verb, pair, folder)
        error = answer.stderr.decode()
        if frozenset(pair) not in refused(verb):
            if answer.returncode == 2:
                yield f"{verb} {' '.join(pair)}: refused: {error}"
        elif answer.returncode != 2 or answer.stdout or error.count("\n") != 1 or ": " not in error:
            yield f"{verb} {' '.join(pair)}: {answer.returncode} {error}"


def alone(arguments, status, says, folder):
    answer = subprocess.run([TOOL, *arguments], env=ENV, check=False, capture_output=True,
                            cwd=folder)
    if answer.returncode != status or says not in answer.stderr.decode():
        yield f"{' '.join(arguments)}: {answer.returncode} {answer.stderr.decode()}"


def main():
    tests = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([TOOL, "record", f"{folder}/a.rec", "-d", "0s"], env=ENV, check=True,
                       capture_output=True)
        for verb in TAKES:
            tests.append((f"{verb}: each option with each other", list(wrong_pairs(verb, folder))))
        number = "give the number"
        for arguments, status, says in (
                (["diagram", "--last", "--force"], 2, "--force goes with --svg"),
                (["export", "-r", "a.rec"], 2, "in which format?"),
                (["export", "-r", "a.rec", "--pcapng", "a", "--pcapng", "b"], 2, "given twice"),
                (["events", "-r", "a.rec", "--device", "lo"], 2, number),
                (["diagram", "-r", "a.rec", "--last", "--device", "nosuch"], 2, number),
                (["events", "-r", "a.rec", "--address", "fe80::1%lo"], 2, number),
                (["record", "--directory", "new", "--kept", "--duration", "0s"], 0, ""),
                (["record", "--directory", "new", "--since", "1h"], 2, "all is kept"),
                (["record", "--directory", "new", "--size", "1023K"], 2, "from 1M to 1T"),
                (["record", "--directory", "new", "--keep", "1"], 2, "from 2 to"),
                (["record", "new", "--keep", "3"], 2, "goes with --directory"),
                (["events", "-r", "a.rec", "--device", "1"], 0, ""),
                (["events", "-r", "a.rec", "--address", "fe80::1%1"], 0, ""),
                (["connections", "--device", "lo"], 0, "")):
            tests.append((" ".join(arguments), list(alone(arguments, status, says, folder))))
    print(f"1..{len(tests)}")
    for n, (name, wrong) in enumerate(tests, 1):
        print(f"{'not ok' if wrong else 'ok'} {n} - {name}")
        for line in wrong:
            print("#", line.strip())
    return 1 if any(wrong for _, wrong in tests) else 0


sys.exit(main())
