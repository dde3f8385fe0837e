#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every command of the documentation is one that its program takes, and what it is shown to
print has the shape of what the program prints.

usage: commands.py TCPHS TOP EXPORTER	with the fake kernel, or the real ones with the module

Found are the lines of code in Markdown, what stands between backticks there, and what the man
pages set in bold. What has to be there to be read is made; a command that does not end is ended.
"""
import importlib.machinery
import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tap

TOP = (Path(__file__).resolve().parent / "../..").resolve()
MAN = TOP / "Documentation/man"
OURS = r"tcphs(?:-top|-exporter|-lesson)?|make|modprobe|(?:tests|lessons)/[\w./-]+"
ENV = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="80")
PROGRAM = dict(zip(("tcphs", "tcphs-top", "tcphs-exporter"), map(os.path.abspath, sys.argv[1:4])))
LESSON = TOP / "lessons/tcphs-lesson"
# Of what the doctor finds.
LABELS = {"when", "seen", "cause", "set", "next"}
# Of what is drawn: no number with its unit, no address.
WORD = r"(?<![\w.:])[A-Z_a-z-]+[A-Za-z](?![\w.:])"
# What stands for something else.
STANDS_FOR = {"CONN": "1a2b", "VERB": "events", "N": "3", "TIME": "1h", "NAME": "handshake",
              "DIRECTORY": "directory", "DIR": "directory"}
TAKERS = ("status", "events", "diagram", "lives", "connections", "listeners", "doctor", "record",
          "export", "metrics")
# The exit statuses of a command that has done what it is for; 10 and 20 are the doctor's.
DONE = {0, 10, 20}


# ---- where commands are

def blocks(text):
    """Of Markdown: (line, lines of a block of code); what is indented by a tab is one, too."""
    found, fenced = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip("> ").startswith("```"):
            fenced = not fenced
            if fenced:
                found.append((number + 1, []))
        elif fenced:
            found[-1][1].append(line)
        elif line.startswith("\t"):
            if not found or found[-1][0] + len(found[-1][1]) != number:
                found.append((number, []))
            found[-1][1].append(line)
    return found


def of_block(first, lines):
    """(line, command, False): what is after a prompt, or a block that begins with a command."""
    prompts = [re.match(r"\w*[#$] (.*)", line) for line in lines]
    if any(prompts):
        yield from ((first + n, match[1], False) for n, match in enumerate(prompts) if match)
    elif lines and re.match(rf"\s*(?:{OURS})(?= |\t|$)", lines[0]):
        yield from ((first + n, line.strip(), False) for n, line in enumerate(lines))


def of_markdown(path):
    text = path.read_text(encoding="utf-8")
    for block in blocks(text):
        yield from of_block(*block)
    prose = re.sub(r"^```.*?^```$", lambda m: "\n" * m[0].count("\n"), text, flags=re.M | re.S)
    prose = re.sub(r"^\t.*", "", prose, flags=re.M)
    for match in re.finditer(r"`([^`\n]+)`", prose):
        if re.match(rf"(?:{OURS}) ", match[1]):
            yield prose.count("\n", 0, match.start()) + 1, match[1], True


def plain(roff):
    for code, text in ((r"\-", "-"), (r"\(dq", '"'), (r"\(aq", "'"), (r"\e", "\\"), (r"\&", "")):
        roff = roff.replace(code, text)
    return re.sub(r"\\f.", "", roff)


def of_man(path):
    section = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith(".SH "):
            section = line[4:]
        match = re.match(r'\.(B|BR|BI) (?:"([^"]+)"|(.+))', line)
        if not match or section == "SYNOPSIS":
            continue
        # .BR sets its second word in another font: it is no part of the command.
        text = match[2] or (match[3] if match[1] == "B" else match[3].split()[0])
        if re.match(rf"(?:{OURS}) ", plain(text)):
            yield number, plain(text), section != "EXAMPLES"


def commands():
    """{(words, mentioned): where it stands first}; @mentioned: within a sentence, which may leave
    out what it says nothing of"""
    found = {}
    pages = [path for path in TOP.rglob("*.md") if "packages" not in path.parts]
    for path in sorted(pages) + sorted(MAN.glob("*.8")):
        of = of_man if path.suffix == ".8" else of_markdown
        for line, text, mentioned in of(path):
            for words in simple(text):
                if re.fullmatch(OURS, words[0]):
                    found.setdefault((tuple(words), mentioned),
                                     f"{path.relative_to(TOP)}:{line}")
    return found


def simple(text):
    """The commands of a line of shell: their words, without redirections and comments."""
    text = re.sub(r"\$\([^)]*\)", "x", text.replace("$HOME", "/root"))
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";|&<>")
    lexer.commenters = ""
    lexer.wordchars += "@{}:,%+[]()"
    try:
        tokens = list(lexer)
    except ValueError:
        # An apostrophe in a comment.
        return simple(text.partition("#")[0]) if "#" in text else []
    words, found = [], []
    for token in tokens + [";"]:
        if token.startswith("#"):
            token, tokens = ";", []
            found.append(words)
            break
        if set(token) <= set(";|&"):
            found.append(words)
            words = []
        elif words[-1:] and set(words[-1]) <= set("<>"):
            words.pop()
        else:
            words = words + [token]
    # Settings of the environment in front of a command.
    found = [one[next((n for n, w in enumerate(one) if "=" not in w), 0):] for one in found]
    return [one for one in found if one]


# ---- what programs say of them

def made(words, folder):
    """The same with what it reads, and nothing that it would write elsewhere."""
    words = [STANDS_FOR.get(word, word) for word in words]
    if "--" in words:
        words = words[:words.index("--")] + ["--", "true"]
    for n, word in enumerate(words[1:], 1):
        if words[n - 1] in ("--read", "-r") and word != "-":
            words[n] = recording(folder, word)
        elif word.startswith("/var/"):
            words[n] = os.path.join(folder, "box")
    return words


def recording(folder, name):
    """A recording of that name, or a directory of them."""
    path = os.path.join(folder, os.path.basename(name.rstrip("/")))
    directory = name.endswith("/") or "." not in os.path.basename(name)
    if not os.path.exists(path):
        subprocess.run([PROGRAM["tcphs"], "record", *(["--directory"] if directory else []), path,
                        "--duration", "0s"], check=True, capture_output=True, env=ENV)
    return path


def heeds(process):
    """It has a handler for SIGINT, so its options are read."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (signal.SIGINT - 1) & 1


def run(words, seconds=60):
    """Its exit status, output and errors; what goes on is interrupted as soon as it has begun."""
    with tempfile.TemporaryDirectory() as folder:
        words = made(words, folder)
        endless = {"-f", "--follow", "-w", "--watch", "--directory"} & set(words) or \
            words[1:2] == ["record"]
        endless = endless and not {"--read", "-r"} & set(words)
        if words[1:2] == ["doctor"] and not {"--since", "--for", "-d", "--read", "-r"} & set(words):
            words += ["--for", "100ms"]
        piped = {"--read", "-r"} & set(words) and "-" in words
        with open(recording(folder, "stdin.rec") if piped else os.devnull, "rb") as stdin, \
                subprocess.Popen([PROGRAM[words[0]], *words[1:]], cwd=folder, env=ENV, stdin=stdin,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + seconds
            while endless and process.poll() is None and time.monotonic() < deadline:
                if heeds(process):
                    process.send_signal(signal.SIGINT)
                    break
                time.sleep(0.01)
            out, err = process.communicate(timeout=seconds)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def tcphs(words, mentioned):
    # A verb, or an option without its value: they are only named.
    if mentioned and (len(words) == 2 or words[-1].startswith("--")):
        verb = STANDS_FOR.get(words[1], words[1])
        text = said(PROGRAM["tcphs"], "help", *([] if verb.startswith("-") else [verb]))
        unknown = [word for word in words[1:] if word.startswith("-") and
                   not re.search(rf"(?<![\w-]){word}(?![\w-])", text)]
        return " ".join(unknown) or (None if text else "no such verb")
    status, _, error = run(words)
    # The fake kernel has not each kind of connection to draw, nothing of today to judge, and runs
    # no commands; and there may be no journal.
    odd = words[1] == "diagram" or {"--", "--journal", "--since"} & set(words)
    if status in DONE or status == 1 and odd:
        return None
    return error or f"exit status {status}"


def said(*words):
    return subprocess.run(words, check=False, capture_output=True, text=True, env=ENV).stdout


def top(words):
    """It has no terminal here, and seldom a module: 3, or 4 where the user may not ask."""
    process = subprocess.run([PROGRAM["tcphs-top"], "-b", "-n", "1", *words[1:]], check=False,
                             capture_output=True, text=True, env=ENV, timeout=30)
    return process.stderr if process.returncode == 2 else None


def exporter(words):
    text = said(PROGRAM["tcphs-exporter"], "--help")
    return next((word for word in words[1:] if word.startswith("-") and
                 word.partition("=")[0] not in re.findall(r"--?[a-z-]+", text)), None)




def lesson(words):
    """Its arguments are parsed as it does, and no lesson is given."""
    sys.path.insert(0, str(LESSON.parent))
    loader = importlib.machinery.SourceFileLoader("tcphs_lesson", str(LESSON))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    words = [STANDS_FOR.get(word, word) for word in words[1:]]
    try:
        parsed = module.options(module.Language("en")).parse_args(words)
        module.find([word for word in parsed.lesson if word != "all"])
    except LookupError as e:
        return f"no lesson {e}"
    except SystemExit as e:
        return "usage" if e.code else None
    return None


def make(words):
    """Are its targets rules?"""
    folder, targets, rest = TOP, [], iter(words[1:])
    for word in rest:
        if word == "-C":
            folder = TOP / next(rest)
        elif "=" not in word and not word.startswith("-"):
            targets.append(word)
    if folder.name == "tests":
        # The kernel's own lib.mk has the rules.
        programs = [w.partition("=")[2] for w in words if w.startswith("TEST_PROGS=")]
        return next((p for p in " ".join(programs).split() if not (folder / p).exists()), None)
    rules = set(re.findall(r"^([\w ./-]+):(?!=)", (folder / "Makefile").read_text(), flags=re.M))
    rules = {name for line in rules for name in line.split()}
    # What is made within tests/ by the kernel's own lib.mk.
    rules |= {"run_tests"}
    return next((target for target in targets if target not in rules), None)


def modprobe(words):
    source = "".join(p.read_text() for p in (TOP / "module").rglob("*.c"))
    for word in words[1:]:
        name = word.partition("=")[0]
        if "=" in word and not re.search(rf"module_param\w*\({name},", source):
            return f"no parameter {name}"
    return None


def script(words):
    """It is there; and of what tests/vm/run runs, whatever is a path of ours."""
    for word in words:
        folder, built, name = word.partition("/build/")
        if built:
            # There when make has made it.
            if make(["make", "-C", folder, f"build/{name}"]):
                return word
        elif re.match(r"(tests|lessons)/", word):
            path = TOP / word
            if not path.exists() or path.is_file() and not os.access(path, os.X_OK):
                return word
    if "--" in words:
        inner = words[words.index("--") + 1:]
        return judged(tuple(inner)) if inner[:1] == ["make"] else None
    return None


def judged(words, mentioned=False):
    """What is wrong with a command, or nothing."""
    if words[0] == "tcphs":
        return tcphs(list(words), mentioned)
    judge = {"tcphs-top": top, "tcphs-exporter": exporter, "make": make, "tcphs-lesson": lesson,
             "lessons/tcphs-lesson": lesson, "modprobe": modprobe}.get(words[0], script)
    return judge(list(words))

# ---- what they print

def outputs():
    """(where, words of tcphs, lines of what it printed) of each block that shows that."""
    for path in [TOP / "README.md", *sorted((TOP / "Documentation/guide").rglob("*.md"))]:
        for first, lines in blocks(path.read_text(encoding="utf-8")):
            match = lines and re.match(r"\w*# (tcphs .*)", lines[0])
            if match and len(lines) > 1:
                yield f"{path.relative_to(TOP)}:{first}", simple(match[1])[0], lines[1:]


def drawings():
    """(where, what is written in it) of each drawing of tcphs diagram."""
    for where, words, lines in outputs():
        if words[1] == "diagram":
            yield where, [line for line in lines if re.search("[│├┤╭╰╮╯]", line)]
    for path in sorted((TOP / "Documentation/guide/drawings").glob("*.svg")):
        # Others are not of connections, and not drawn by tcphs.
        text = path.read_text(encoding="utf-8")
        if "conn " in text:
            yield path.name, re.findall(r"<(?:text|title)\b[^>]*>([^<]*)<", text)


def undrawn(lines, names):
    """The words in a drawing that tcphs does not write; processes and namespaces have any name."""
    text = re.sub(r"[\w-]+\[\d+\]|netns [\w-]+|&\w+;|(?<=\d) [KMG]iB", " ", " ".join(lines))
    return sorted(set(re.findall(WORD, text)) - names["drawn"])


def known():
    """What the programs and their schemas know, to look up: columns, labels, names, keys."""
    tool = PROGRAM["tcphs"]
    found = {verb: said(tool, verb, "-o", "help").split()
             for verb in ("events", "lives", "connections", "listeners")}
    found["label"] = {line.split("  ")[1] for look in (["--for", "100ms"], ["--since", "90000d"])
                      for line in said(tool, "doctor", *look).splitlines()
                      if re.match(r"  [A-Za-z]", line)}
    found["heading"] = set(headings(said(tool, "status").splitlines()))
    found["event"] = set(re.findall(r"^  ([a-z-]+) ", said(tool, "help", "names"), flags=re.M))
    found["finding"] = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', "".join(
        path.read_text() for path in (TOP / "userspace/tcphs/doctor").glob("rules_*.c"))))
    found["hook"] = set(re.findall(r"TCPHS_\w+\(\"?(\w+)", "".join(
        path.read_text() for path in (TOP / "module").glob("*/*.[ch]"))))
    found["drawn"] = set(re.findall(WORD, " ".join(
        literal for folder in ("tcphs/diagram", "lib", "common")
        for path in (TOP / "userspace" / folder).glob("*.c")
        for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text()))))
    found["key"] = set()
    for path in (TOP / "Documentation/schema").glob("*.json"):
        found["key"] |= keys_of(json.loads(path.read_text()))
    return found


def keys_of(schema):
    """All names of members that a schema tells of."""
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    here = schema.get("properties")
    here = set(here) if isinstance(here, dict) else set()
    return here.union(*map(keys_of, schema.values())) if schema else here


def headings(lines):
    """Of status: what its parts and lines begin with."""
    return [match[0].rstrip() for match in (re.match(r"(?:  )?[A-Za-z-]+", line) for line in lines)
            if match]


def members(value):
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    if isinstance(value, list):
        return set().union(*map(members, value))
    return set()


def misshapen(words, lines, names):
    """What in these lines tcphs would not print."""
    verb = words[1]
    if {"-j", "--json"} & set(words):
        return [key for line in lines for key in members(json.loads(line)) - names["key"]]
    if verb in ("events", "lives", "connections", "listeners"):
        return wrong_table(words, lines, names)
    if verb == "doctor":
        labels = [line[2:].split("  ")[0] for line in lines if re.match(r"  [A-Za-z]", line)]
        found = [line.split()[1].rstrip(":") for line in lines
                 if re.match("(CRITICAL|WARNING|NOTICE) ", line)]
        return [w for w in labels if w not in names["label"] | LABELS] + \
            [w for w in found if w not in names["finding"]]
    if verb == "status":
        # The hooks, which are the kernel's.
        if "--hooks" in words:
            return [w[1] for w in map(re.compile(r"  (\w+) ").match, lines)
                    if w and w[1] not in names["hook"]]
        return [w for w in headings(lines) if w not in names["heading"]]
    return []


def wrong_table(words, lines, names):
    columns = names[words[1]]
    head = lines[0].split()
    chosen = next((words[n + 1] for n, word in enumerate(words) if word in ("-o", "--output")),
                  None)
    if chosen:
        wrong = head if head != chosen.upper().split(",") else []
    else:
        order = [columns.index(name) if name in columns else -1 for name in head]
        wrong = head if -1 in order or order != sorted(order) else []
    if words[1] == "events" and "EVENT" in head:
        at = lines[0].index("EVENT")
        wrong += [line for line in lines[1:] if line[:1] not in " -" and
                  line[at:].split()[0] not in names["event"]]
    return wrong


# ---- and are these rules heard?

def heard(names):
    for bad in ("tcphs evnets -n 1", "tcphs events --prot 443", "tcphs listeners -o drop",
                "tcphs lives --state nonsense", "tcphs-top --srceen lives",
                "tcphs-lesson hansdhake", "tcphs-lesson --lang fr", "tcphs-exporter --prot=9768",
                "make chekc", "make -C tests/unit chekc", "modprobe tcphs ring_mb=3",
                "tests/vm/rnu -k 6.12",
                "tests/vm/run -- make -C tests run_tests TEST_PROGS=netsn.sh"):
        tap.result(judged(simple(bad)[0]), f"wrong: {bad}")
    for words, lines in ((["tcphs", "events"], ["TIME EVENT CONN"]),
                         (["tcphs", "events"], ["EVENT", "syn-snet  1"]),
                         (["tcphs", "lives", "-o", "life,end"], ["END  LIFE"]),
                         (["tcphs", "doctor"], ["  acept queues   1"]),
                         (["tcphs", "doctor"], ["WARNING   syn-folod: x"]),
                         (["tcphs", "status"], ["STATSE"]),
                         (["tcphs", "status", "--hooks"], ["  tcp_conect  7  connections"]),
                         (["tcphs", "events", "-j"], ['{"tiem":1}'])):
        tap.result(misshapen(words, lines, names), f"not of that shape: {lines[-1]}")
    tap.result(undrawn(["├──────── SNY seq 0 ─────────╮"], names), "not drawn: SNY")


def main():
    found = commands()
    tap.result(len(found) > 150, "the documentation has its commands", len(found))
    with ThreadPoolExecutor(8) as pool:
        wrong = list(pool.map(lambda one: judged(*one), found))
    tap.same([f"{found[one]}: {' '.join(one[0])}: {what}" for one, what in zip(found, wrong)
              if what], [], "each is taken by its program")
    names, shown = known(), list(outputs())
    tap.result(len(shown) > 50, "the documentation has its outputs", len(shown))
    tap.same([f"{where}: {what}" for where, words, lines in shown
              if (what := misshapen(words, lines, names))], [],
             "each has the shape of what its program prints")
    drawn = list(drawings())
    tap.result(len(drawn) > 20, "the documentation has its drawings", len(drawn))
    tap.same([f"{where}: {what}" for where, lines in drawn if (what := undrawn(lines, names))], [],
             "each has words that tcphs draws")
    options = set(re.findall(r"--[a-z][a-z-]+", "".join(
        said(PROGRAM["tcphs"], "help", verb) for verb in ("", *TAKERS)) +
        said(PROGRAM["tcphs-top"], "--help") + said(PROGRAM["tcphs-exporter"], "--help") +
        said(str(LESSON), "--help")))
    tap.same(sorted(f"{path.name}: {word}" for path in MAN.rglob("*.8")
                    for word in set(re.findall(r"--[a-z][a-z-]+", plain(path.read_text())))
                    if word not in options), [], "each option of a man page is one of a program")
    heard(names)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
