#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a verb prints as JSON is what its schema says, and each name that there is stands in it.

	schema.py TOOL			in front of a fake kernel, and of recordings
	schema.py --check VERB <JSON	are these lines so?

A schema lets keys pass that it does not have, for readers must; here they are mistakes.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import jsonschema
except ImportError:
    # Debian's, where python3 is another.
    sys.path.append("/usr/lib/python3/dist-packages")
    import jsonschema

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "Documentation/schema"
# Whose fields are written where, and what the fake kernel is made to do for each.
VERBS = {
    "events": ("tcphs/out_json.c", ["", "long", "flood:500"],
               [[], ["-A"], ["--kept"], ["-f"], ["--failed"]]),
    "lives": ("tcphs/out_life.c", ["", "long", "old"],
              [[], ["-A"], ["--kept"], ["-f", "--since", "90000d"]]),
    "connections": ("common/json_things.c", ["", "long"], [[], ["-A"]]),
}


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def strict(node):
    """Without what readers must let pass; and all in one file."""
    if isinstance(node, list):
        return [strict(n) for n in node]
    if not isinstance(node, dict):
        return node
    node = {k: strict(v) for k, v in node.items() if k != "$id"}
    if str(node.get("$ref", "")).startswith("common.json#"):
        node["$ref"] = node["$ref"].removeprefix("common.json")
    if node.get("type") == "object":
        node["additionalProperties"] = False
    return node


def validator(verb):
    schema = strict(load(verb))
    schema["$defs"] = {**strict(load("common"))["$defs"], **schema.get("$defs", {})}
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def complaint(check, text):
    """What is wrong with a line, or nothing."""
    error = jsonschema.exceptions.best_match(check.iter_errors(json.loads(text)))
    return error and f"{'.'.join(map(str, error.path))} {error.message}: {text}"


def printed(tool, fake, *arguments):
    env = dict(os.environ, FAKE=fake, LC_ALL="C.UTF-8")
    return subprocess.run([tool, *arguments], env=env, check=True, capture_output=True,
                          text=True, timeout=60).stdout.splitlines()


def keys_of(schema):
    """All that it has names for."""
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", ()))
    return own.union(*(keys_of(v) for k, v in schema.items() if k != "properties"))


def written(verb):
    """Keys that the source writes, if the fake kernel brings them out or not."""
    text = (TOP / "userspace" / VERBS[verb][0]).read_text(encoding="utf-8")
    if verb == "connections":
        text = text.partition("void tcphs_json_conn(")[2].partition("\n}\n")[0]
    keys = set(re.findall(r'tcphs_json_\w+\(j, "(\w+)"', text))
    keys.update(re.findall(r'PUT(?:_U64)?\([\w.>-]+, "(?:[{,]\\")?(\w+)(?:\\":[^"]*)?"', text))
    keys.update(re.findall(r'DEFINE_PUT\(\w+, "(\w+)"', text))
    return keys | ({"pid", "comm", "thread"} if "tcphs_json_owner" in text else set())


def names_of(tool):
    """{definition: the names that the tool has}"""
    words = {line.split()[0]: line.split()[1:] for line in printed(tool, "", "help", "words")}
    text = "\n".join(printed(tool, "", "help", "names"))
    explained = {head: re.findall(r"^  (\S+)", part, re.M) for head, part in
                 re.findall(r"^(Events|Reasons)[^\n]*:\n((?:  .*\n?)+)", text, re.M)}
    groups = {"all", "connected", "synchronized", "bucket", "big"}
    return {"state": set(words["--state"]) - groups | {"none"}, "role": set(words["--role"]),
            "event": set(explained["Events"]), "reason": set(explained["Reasons"])}


def of_names(tool):
    for name, wanted in names_of(tool).items():
        got = set(load("common")["$defs"][name]["anyOf"][0]["enum"])
        if got != wanted:
            yield f"{name}: {sorted(got ^ wanted)}"


def of_lines(tool, verb, folder):
    check = validator(verb)
    lines = [line for fake in VERBS[verb][1] for options in VERBS[verb][2]
             for line in printed(tool, fake, verb, "-j", *options)]
    if verb != "connections":
        printed(tool, "", "record", "--force", f"{folder}/a.rec", "-d", "0s")
        printed(tool, "", "record", "--directory", f"{folder}/box-{verb}", "-d", "0s")
        for recording in ("a.rec", f"box-{verb}"):
            lines += printed(tool, "absent", verb, "-j", "--read", f"{folder}/{recording}")
    yield from filter(None, (complaint(check, line) for line in lines))
    if len(lines) < 4:
        yield f"{len(lines)} lines"
    # It must be able to say no.
    for wrong in ('{"new":1}', lines[-1].replace('"local_port":', '"port":'),
                  lines[-1].replace('"conn":"', '"conn":"x')):
        if not complaint(check, wrong):
            yield f"takes {wrong}"


def main(tool):
    with tempfile.TemporaryDirectory() as folder:
        tests = [("names are those of the tool", list(of_names(tool)))]
        for verb in VERBS:
            missing = written(verb) - keys_of(load(verb))
            tests.append((f"{verb}: each line is as its schema says", list(of_lines(tool, verb, folder))))
            tests.append((f"{verb}: each key of the source is in it", sorted(missing)))
    print(f"1..{len(tests)}")
    for n, (name, wrong) in enumerate(tests, 1):
        print(f"{'not ok' if wrong else 'ok'} {n} - {name}")
        for line in wrong[:9]:
            print("#", line)
    return 1 if any(wrong for _, wrong in tests) else 0


def check_lines(verb):
    check = validator(verb)
    wrong = list(filter(None, (complaint(check, line) for line in sys.stdin)))
    print("\n".join(wrong[:9]), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(check_lines(sys.argv[2]) if sys.argv[1] == "--check" else main(sys.argv[1]))
