#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""libtcphs is fit for others' programs: its symbols, its header, its licence.

usage: library.py LIBRARY

What readelf says of the archive; and of one that is made to have every fault there is,
so that each of these looks is known to see something.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIB = os.path.join(TOP, "userspace", "lib")
HEADER = os.path.join(LIB, "tcphs.h")
CC = os.environ.get("CC", "gcc")

# What ends the program, writes where nobody asked for it, or changes what the program has.
# write() it has, for requests to /proc/tcphs_records.
TABOO = {"exit", "_exit", "_Exit", "quick_exit", "abort", "atexit", "printf", "fprintf", "vprintf",
         "vfprintf", "dprintf", "puts", "fputs", "putchar", "fputc", "putc", "perror", "fwrite",
         "syslog", "stdout", "stderr", "signal", "sigaction", "raise", "kill",
         "setitimer", "alarm", "fork", "setlocale", "setenv", "putenv", "environ", "strtok",
         "getservbyname", "localtime", "gmtime", "inet_ntoa"}

FAULTS = r"""
#include <stdio.h>
#include <stdlib.h>
__attribute__((visibility("hidden"))) int tcphs_counter;
static int hidden_counter = 7;
int helper(void) { return ++hidden_counter; }
int tcphs_undeclared(void) { return helper() + ++tcphs_counter; }
void tcphs_close(void *s) { if (!s) exit(1); fprintf(stderr, "closed %d\n", tcphs_undeclared()); }
"""

number = 0
failed = False


def result(good, name, found=()):
    global number, failed
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}")
    for what in sorted(found)[:9]:
        print(f"# {what}")
    failed |= not good


def readelf(option, file):
    return subprocess.run(["readelf", option, file], check=True, capture_output=True, text=True,
                          env=dict(os.environ, LC_ALL="C")).stdout.splitlines()


def symbols(file):
    """(name, defined, seen outside) of every symbol that is not a file's own."""
    for line in readelf("-sW", file):
        fields = line.split()
        if len(fields) == 8 and fields[4] in ("GLOBAL", "WEAK"):
            yield fields[7], fields[6] != "UND", fields[5] == "DEFAULT"


def writable(file):
    """Sections that hold something a program can change; .data.rel.ro is constants."""
    for line in readelf("-SW", file):
        match = re.match(r" *\[ *\d+\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) \d+ +([A-Z]*) ",
                         line)
        if match and "W" in match[3] and int(match[2], 16) and \
                not match[1].startswith(".data.rel.ro"):
            yield match[1]


def declared():
    """Functions of the header."""
    with open(HEADER, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    text = re.sub(r"^\s*#.*(\\\n.*)*$", "", text, flags=re.M)
    return set(re.findall(r"^[a-z].*?\b(tcphs_\w+)\(", text, flags=re.M))


def look(file):
    """The faults of an archive, by kind."""
    defined = {(name, seen) for name, there, seen in symbols(file) if there}
    wanted = {name for name, there, _ in symbols(file) if not there}
    seen = {name for name, outside in defined if outside}
    plain = {re.sub(r"^__(\w+)_chk$", r"\1", name) for name in wanted}
    return {
        "names that others could have too": {n for n, _ in defined if not n.startswith("tcphs_")},
        "functions that tcphs.h does not declare": seen - declared(),
        "data that can change": set(writable(file)),
        "calls that end or print": plain & TABOO,
    }


def unread():
    """Attributes of the contract that no file of the library knows."""
    with open(os.path.join(TOP, "include", "uapi", "linux", "tcphs.h"), encoding="utf-8") as file:
        names = set(re.findall(r"^\t(TCPHS_A_\w+)(?: = \d+)?,", file.read(), flags=re.M))
    text = ""
    for path in glob.glob(f"{LIB}/*.c"):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    known = set(re.findall(r"TCPHS_A_\w+", text))
    assert len(names) > 50, "the contract looks different now"
    return {name for name in names - known if not re.search(r"_(UNSPEC|PAD|MAX)$", name)}


def compiles(language, standard):
    with tempfile.TemporaryDirectory() as tmp:
        source = os.path.join(tmp, "program." + language)
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <tcphs.h>\nint main(void) { return !&tcphs_open; }\n")
        os.symlink(HEADER, os.path.join(tmp, "tcphs.h"))
        return not subprocess.run(
            [CC, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-Wno-address",
             "-fsyntax-only", f"-I{tmp}", f"-I{TOP}/include/uapi", source], check=False).returncode


def example():
    """The program of the documentation, linked as it says."""
    with open(os.path.join(TOP, "Documentation", "library.md"), encoding="utf-8") as file:
        program = re.search(r"```c\n(.*?)```", file.read(), flags=re.S)[1]
    with tempfile.TemporaryDirectory() as tmp:
        return not subprocess.run(
            [CC, "-Wall", "-Wextra", "-Werror", "-o", os.path.join(tmp, "program"), f"-I{LIB}",
             f"-I{TOP}/include/uapi", "-x", "c", "-", "-x", "none", sys.argv[1], "-lmnl"],
            input=program, text=True, check=False).returncode


def licences():
    """Files of the library under another licence than its own, and others under it."""
    for path in subprocess.run(["git", "-C", TOP, "ls-files", "userspace", "include"], text=True,
                               capture_output=True, check=False).stdout.split() or \
            glob.glob(f"{LIB}/*.[ch]"):
        try:
            with open(os.path.join(TOP, path), encoding="utf-8") as file:
                head = file.read(200)
        except (OSError, UnicodeDecodeError):
            continue
        lesser = "SPDX-License-Identifier: LGPL-2.1-or-later" in head
        if re.search(r"userspace/lib/\w+\.[ch]$", path) and not lesser or \
                lesser and "userspace/lib/" not in path:
            yield path


def main():
    archive = sys.argv[1]
    print("1..14")
    for kind, found in look(archive).items():
        result(not found, f"of {kind} it has none", found)
    missing = declared() - {name for name, there, seen in symbols(archive) if there and seen}
    result(declared() and not missing, "all that tcphs.h declares is there", missing)
    result(not unread(), "it reads or sends every attribute of the contract", unread())
    result(compiles("c", "gnu11"), "its header is enough for a program in C")
    result(compiles("cc", "gnu++17"), "and for one in C++")
    result(example(), "the program of the documentation is one")
    found = set(licences())
    result(not found, "all of it is LGPL-2.1-or-later, and nothing else is", found)
    with tempfile.TemporaryDirectory() as tmp:
        bad = os.path.join(tmp, "bad")
        subprocess.run([CC, "-O1", "-w", "-x", "c", "-c", "-o", bad, "-"], input=FAULTS, text=True,
                       check=True)
        for kind, found in look(bad).items():
            result(bool(found), f"{kind} would be found")
    sys.exit(failed)


main()
