#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The netlink specification says the same numbers as the C header.

usage: spec.py [SPEC [INCLUDE-DIR]]

Turns every enum, attribute set, command and struct of the specification into
static assertions about the header and lets the compiler ($CC) check them; then
the other way round: every enumerator of the header must have been asserted.
"""
import os
import re
import subprocess
import sys

import yaml

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WIDTH = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
# The specification cannot nest a struct: these members are struct tcphs_ident.
IDENT = ("conn", "local", "peer", "local-port", "peer-port", "isn", "peer-isn", "role",
         "family", "generation", "netns", "pid", "cgroup", "comm", "thread")


def c_name(*words):
    return "".join(words).upper().replace("-", "_")


def numbered(entries, first):
    """(name, value) of entries that may give a value of their own."""
    value = first
    for entry in entries:
        if isinstance(entry, str):
            entry = {"name": entry}
        value = entry.get("value", value)
        yield entry["name"], value
        value += 1


def enum_values(spec):
    """(C name, value) of everything in the specification that has a number."""
    for item in spec["definitions"]:
        if item["type"] == "const":
            yield c_name("tcphs-", item["name"]), item["value"]
        elif item["type"] in ("enum", "flags"):
            for name, value in numbered(item["entries"], 0):
                flags = item["type"] == "flags"
                yield c_name(item["name-prefix"], name), 1 << value if flags else value
    for group in spec["attribute-sets"]:
        for name, value in numbered(group["attributes"], 1):
            yield c_name(group["name-prefix"], name), value
    for name, value in numbered(spec["operations"]["list"], 1):
        yield c_name(spec["operations"]["name-prefix"], name), value


def maxima(spec):
    """(C name, value) of the last number of each enum; nothing may follow it."""
    for item in spec["definitions"]:
        if item["type"] == "enum":
            stem = item["name-prefix"] if item.get("render-max") else item["enum-name"] + "-"
            yield c_name(stem, "max"), len(item["entries"]) - 1
    for group in spec["attribute-sets"]:
        yield c_name(group["name-prefix"], "max"), len(group["attributes"])
    yield c_name(spec["operations"]["name-prefix"], "max"), len(spec["operations"]["list"])


def place(struct, member):
    """How C spells a member: in struct tcphs_event, in its ident or in its union."""
    name = member.replace("-", "_")
    return "id." + name if struct == "event" and member in IDENT else name


def struct_layout(spec):
    """Assertions about offset and size of every member of every struct."""
    for item in spec["definitions"]:
        if item["type"] != "struct":
            continue
        offset, tag = 0, "struct " + item["enum-name"].replace("-", "_")
        for member in item["members"]:
            size = member.get("len") or WIDTH[member["type"]]
            name = place(item["name"], member["name"])
            yield f"offsetof({tag}, {name}) == {offset}"
            yield f"sizeof((({tag} *)0)->{name}) == {size}"
            offset += size
        yield f"sizeof({tag}) == {offset}"


def text_defines(spec):
    yield spec["c-family-name"], spec["name"]
    for group in spec["mcast-groups"]["list"]:
        yield group["c-define-name"], group["name"]


def program(spec, numbers):
    lines = ["#include <stddef.h>", "#include <linux/tcphs.h>"]
    conditions = [f"{name} == {value}" for name, value in numbers]
    conditions += struct_layout(spec)
    conditions.append(f"{c_name(spec['c-version-name'])} == {spec.get('version', 1)}")
    conditions += [f'!__builtin_strcmp({c_name(name)}, "{text}")' for name, text in text_defines(spec)]
    for condition in conditions:
        text = condition.replace('"', "'")
        lines.append(f'_Static_assert({condition}, "{text}");')
    return "\n".join(lines) + "\n", len(conditions)


def forgotten(header, known):
    """Enumerators and bits of the header that the specification does not name."""
    names = re.findall(r"^\t(TCPHS_[A-Z0-9_]+),", header, re.M)
    names += re.findall(r"^#define (TCPHS_(?:F|OPT)_[A-Z0-9_]+)", header, re.M)
    return [n for n in names if n not in known and not n.endswith(("_UNSPEC", "_F_ALL"))]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else f"{TOP}/Documentation/netlink/specs/tcphs.yaml"
    include = sys.argv[2] if len(sys.argv) > 2 else f"{TOP}/include/uapi"
    with open(path, encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    with open(f"{include}/linux/tcphs.h", encoding="utf-8") as file:
        header = file.read()

    numbers = list(enum_values(spec)) + list(maxima(spec))
    source, count = program(spec, numbers)
    compiler = os.environ.get("CC", "cc").split()
    result = subprocess.run(compiler + ["-std=gnu11", "-fsyntax-only", f"-I{include}", "-xc", "-"],
                            input=source, text=True, capture_output=True, check=False)
    missing = forgotten(header, {name for name, _ in numbers})

    print("TAP version 13\n1..2")
    for line in result.stderr.splitlines():
        print("#", line)
    print("not ok" if result.returncode else "ok", f"1 - {count} numbers and offsets are those of the header")
    for name in missing:
        print("# not in the specification:", name)
    print("not ok" if missing else "ok", "2 - the header has nothing that the specification lacks")
    return 1 if result.returncode or missing else 0


if __name__ == "__main__":
    sys.exit(main())
