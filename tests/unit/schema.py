#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a verb prints as JSON is what its schema says, and each name that there is stands in it.

	schema.py TOOL TEST_EXPORT TOP	in front of a fake kernel, and of recordings, which that writes
	schema.py --check VERB <JSON	are these lines so?
	schema.py --check VERB FILE [VERB FILE]...	and those of files?

A schema lets keys pass that it does not have, for readers must; here they are mistakes.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

try:
    import jsonschema
except ImportError:
    # Debian's, where python3 is another.
    sys.path.append("/usr/lib/python3/dist-packages")
    import jsonschema

sys.path.append(str(Path(__file__).resolve().parent.parent))
# pylint: disable=wrong-import-position
import recorded

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "Documentation/schema"
# What there is in Debian 11 knows less of it.
VALIDATOR = getattr(jsonschema, "Draft202012Validator", None) or jsonschema.Draft7Validator
# Whose fields are written where, and what the fake kernel is made to do for each.
# @functions: of json_things.c these alone; "": all of the file.
VERBS = {
    "events": ("tcphs/out_json.c", "", ["", "long", "flood:500"],
               [[], ["-A"], ["--kept"], ["-f"], ["--failed"]]),
    "lives": ("tcphs/out_life.c", "", ["", "long", "old"],
              [[], ["-A"], ["--kept"], ["-f", "--since", "90000d"]]),
    "connections": ("common/json_things.c", "tcphs_json_conn", ["", "long"], [[], ["-A"]]),
    "listeners": ("common/json_things.c", "tcphs_json_listener", ["", "long", "crowd"],
                  [[], ["-A"]]),
    "status": ("common/json_things.c", "hooks_json causes_json module_json tcphs_json_status",
               ["", "long", "old"], [[]]),
    "doctor": ("tcphs/out_doctor.c tcphs/out_between.c", "", ["", "long", "flood:500"],
               [["-d", "10ms"], ["-A", "-d", "10ms"], ["--since", "90000d"]]),
    "diagram": ("tcphs/diagram/picture_json.c", "", ["", "long"],
                [["--last"], ["--limit", "9", "--port", "40001"]]),
    "record": ("tcphs/cmd_record.c tcphs/record_box.c", "", [""],
               [["--force", "FOLDER/b.rec", "-d", "0s"], ["--directory", "FOLDER/box", "-d", "0s"]]),
    "export": ("tcphs/cmd_export.c", "", [""],
               [["--force", "--pcapng", "FOLDER/c"], ["--force", "--json-trace", "FOLDER/d"]]),
}
# What is of no verb alone.
OTHERS = {"top": "tcphs-top/batch_json.c", "journal": "tcphs/out_journal.c"}
TOP_OPTIONS = [["-n", "2", "-d", "0.1"], ["-bC", "-n", "1"], ["-A", "-n", "1"]]
MADE_UP = ("loopback", "client", "server", "refused", "crossing", "overflow", "lost", "cookie",
           "fastopen", "put_back", "gave_up", "nat", "self", "adopted", "spaces", "boots", "early")
READS = {"events": [], "lives": [], "doctor": [], "diagram": ["--last"],
         "export": ["--force", "--pcapng", "FOLDER/e"]}


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def strict(node, whole):
    """Without what readers must let pass; and all in one file, whose definitions @whole gets."""
    if isinstance(node, list):
        return [strict(n, whole) for n in node]
    if not isinstance(node, dict):
        return node
    node = {k: strict(v, whole) for k, v in node.items() if k != "$id"}
    file, _, _ = str(node.get("$ref", "")).partition("#")
    if file == "common.json":
        node["$ref"] = node["$ref"].removeprefix(file)
    elif file:
        # All of what another has, and more: it is judged together.
        if file not in whole:
            whole[file] = strict(load(file.removesuffix(".json")), whole)
            whole[file].pop("additionalProperties")
        node["$ref"] = "#/$defs/" + file
        node.setdefault("unevaluatedProperties", False)
    elif node.get("type") == "object":
        node.setdefault("additionalProperties", False)
    return node


def validator(verb, known=False):
    """@known: that the schema is one was looked at before."""
    whole = strict(load("common"), {})["$defs"]
    schema = strict(load(verb), whole)
    schema["$defs"] = {**whole, **schema.get("$defs", {})}
    if not known:
        VALIDATOR.check_schema(schema)
    return VALIDATOR(schema)


def complaint(check, text):
    """What is wrong with a line, or nothing."""
    error = jsonschema.exceptions.best_match(check.iter_errors(json.loads(text)))
    return error and f"{'.'.join(map(str, error.path))} {error.message}: {text}"


def printed(tool, fake, *arguments):
    """What is wrong with the machine is no reason to complain: doctor's 10 and 20."""
    env = dict(os.environ, FAKE=fake, LC_ALL="C.UTF-8")
    ran = subprocess.run([tool, *arguments], env=env, check=False, capture_output=True,
                         text=True, timeout=60)
    if ran.returncode not in ((0, 1, 10, 20) if "doctor" in arguments else (0,)):
        raise AssertionError(f"{fake} {arguments}: {ran.returncode} {ran.stderr}")
    return ran.stdout.splitlines()


def keys_of(schema):
    """All that it has names for."""
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema))
    if not isinstance(schema, dict):
        return set()
    file, _, name = str(schema.get("$ref", "")).partition("#/$defs/")
    other = load(file.removesuffix(".json")) if file else {}
    own = keys_of(other["$defs"][name] if name else other) if file else set()
    of_properties = schema.get("properties", {})
    return own.union(of_properties, keys_of(list(of_properties.values())),
                     *(keys_of(v) for k, v in schema.items() if k != "properties"))


def function(text, name):
    return re.search(rf"^[\w ]+\b{name}\(.*?^}}", text, re.M | re.S)[0]


def written(verb):
    """Keys that the source writes, if the fake kernel brings them out or not."""
    files, functions, *_ = VERBS.get(verb, (OTHERS.get(verb), ""))
    text = "".join((TOP / "userspace" / f).read_text(encoding="utf-8") for f in files.split())
    if functions:
        text = "".join(function(text, name) for name in functions.split())
    keys = set(re.findall(r'tcphs_json_\w+\(&?j, "(\w+)"', text))
    keys.update(re.findall(r'(?:counts_json|put_\w+)\(j, "(\w+)"', text))
    keys.update(re.findall(r'(?:number|field)\(&?e, "(\w+)"', text))
    keys.update(re.findall(r'(?:json_when|segments_json)\(&?j, "(\w+)"', text))
    keys.update(re.findall(r'PUT(?:_U64)?\([\w.>-]+, "(?:[{,]\\")?(\w+)(?:\\":[^"]*)?"', text))
    keys.update(re.findall(r'DEFINE_PUT\(\w+, "(\w+)"', text))
    # What begins the names of others.
    for prefix in re.findall(r'tcphs_json_owner\(j, "(\w*)"', text):
        keys.discard(prefix)
        keys.update(prefix + key for key in ("pid", "comm", "thread"))
    return keys


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


def in_recordings(tool, verb, folder):
    """Made by the tool itself, and of lives that are made up; two are of two machines."""
    options = [o.replace("FOLDER", folder) for o in READS[verb]]
    printed(tool, "", "record", "--force", f"{folder}/a.rec", "-d", "0s")
    printed(tool, "", "record", "--directory", f"{folder}/box-{verb}", "-d", "0s")
    for name in ("a.rec", f"box-{verb}", *MADE_UP):
        yield from printed(tool, "absent", verb, "-j", "--read", f"{folder}/{name}", *options)
    if verb != "export":
        yield from printed(tool, "absent", verb, "-j", "--read", f"{folder}/loopback",
                           "--read", f"{folder}/nat", *options)


def of_lines(tool, verb, folder):
    check = validator(verb)
    lines = [line for fake in VERBS[verb][2] for options in VERBS[verb][3]
             for line in printed(tool, fake, verb, "-j",
                                 *(o.replace("FOLDER", folder) for o in options))]
    if verb in READS:
        lines += in_recordings(tool, verb, folder)
    yield from filter(None, (complaint(check, line) for line in lines))
    if len(lines) < 2:
        yield f"{len(lines)} lines"
    yield from says_no(check, json.loads(lines[-1]))


def says_no(check, one):
    """It must be able to."""
    for key in one:
        wrong = [{k: v for k, v in one.items() if k != key} | {"x" + key: one[key]},
                 one | {key: [None]}]
        yield from (f"takes {w}" for w in wrong if not complaint(check, json.dumps(w)))
    if not complaint(check, '{"new":1}'):
        yield "takes anything"


def of_top(top):
    check = validator("top")
    lines = [line for fake in ("", "long", "crowd") for options in TOP_OPTIONS
             for line in printed(top, fake, "-b", "-j", *options)]
    yield from filter(None, (complaint(check, line) for line in lines))
    for rows in "listeners", "connections":
        yield from says_no(check, next(one for one in map(json.loads, lines) if one.get(rows)))


def others():
    """Schemas that are not of what is looked at here."""
    yield from sorted({path.stem for path in FOLDER.glob("*.json")} - set(VERBS) -
                      set(OTHERS) - {"common"})


def main(tool, test_export, top):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([test_export, folder], check=True)
        # By a clock that says 1969.
        recorded.of_another(f"{folder}/overflow", f"{folder}/early", "web1", uuid.UUID(int=11),
                            -17000000067 * 10 ** 8)
        tests = [("names are those of the tool", list(of_names(tool)))]
        for verb in VERBS:
            missing = written(verb) - keys_of(load(verb))
            tests.append((f"{verb}: each line is as its schema says", list(of_lines(tool, verb, folder))))
            tests.append((f"{verb}: each key of the source is in it", sorted(missing)))
        tests.append(("tcphs-top: each line is as its schema says", list(of_top(top))))
        tests.append(("tcphs-top: each key of the source is in it",
                      sorted(written("top") - keys_of(load("top")))))
        tests.append(("each field of the journal is in its schema, and no other",
                      sorted(written("journal") ^ keys_of(load("journal")))))
        tests.append(("there is no other schema", list(others())))
    print(f"1..{len(tests)}")
    for n, (name, wrong) in enumerate(tests, 1):
        print(f"{'not ok' if wrong else 'ok'} {n} - {name}")
        for line in wrong[:9]:
            print("#", line)
    return 1 if any(wrong for _, wrong in tests) else 0


def shape(line):
    """The line without its figures and addresses: thousands have few."""
    return re.sub(r'"[0-9a-f:.]+"|[0-9]+', "0", line)


def wrong_lines(verb, lines):
    """What is wrong with them, one of each shape; or that there are none."""
    check = validator(verb, known=True)
    kinds = {shape(line): line for line in lines}
    if not kinds:
        yield f"{verb}: no line"
    yield from filter(None, (complaint(check, line) for line in kinds.values()))


def check_lines(verb, *files):
    if not files:
        wrong = list(wrong_lines(verb, sys.stdin))
    else:
        wrong = []
        words = (verb, *files)
        for name, path in zip(words[::2], words[1::2]):
            with open(path, encoding="utf-8") as file:
                wrong += wrong_lines(name, file)
    print("\n".join(wrong[:9]), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(check_lines(*sys.argv[2:]) if sys.argv[1] == "--check" else main(*sys.argv[1:]))
