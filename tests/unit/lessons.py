#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The lessons' texts: each is there in Chinese, says the same figures, and is typeset as it should be.

usage: lessons.py [FOLDER]
"""
import ast
import collections
import contextlib
import fcntl
import io
import os
import pty
import re
import string
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import tap

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GUIDE = os.path.join(TOP, "Documentation", "guide")
FOLDER = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "lessons"))
PROGRAM = os.path.join(FOLDER, "tcphs-lesson")
sys.path.insert(0, FOLDER)
sys.dont_write_bytecode = True
import index  # noqa: E402
from kit import language  # noqa: E402
from kit.lesson import LESSONS, find  # noqa: E402
from kit.network import Network  # noqa: E402
from kit.outputs import Terminal  # noqa: E402

# What a text is given to: those of lessons/po/update.
KEYWORDS = {"N_", "say", "lesson", "see", "step", "claim", "beside", "tutorial", "truth", "ask",
            "answer", "tour", "question", "notice", "look", "cause", "remedy",
            "concept", "meaning", "setting", "words"}
HAN = "\u3400-\u4dbf\u4e00-\u9fff"
FULL = "，。、；：？！（）“”…"
# What a person writes from right to left of a Chinese character: a word, a figure, a placeholder.
LATIN = r"A-Za-z0-9{}\[\]+="
FORBIDDEN = (
    (f"[{HAN}][{LATIN}]|[{LATIN}][{HAN}]", "no space between Chinese and Latin"),
    (f"[{HAN}]  +|  +[{HAN}]", "more than one space"),
    (f" [{FULL}]|[{FULL}] ", "a space beside full-width punctuation"),
    (f"[{HAN}] ?[,.;:?!()\"']|[,;:?!\"'] ?[{HAN}]|\\([^()]*[{HAN}]", "punctuation of half width"),
    (f"[{HAN}] [{HAN}]", "a space between Chinese characters"),
    ("[０-９Ａ-Ｚａ-ｚ]", "Latin of full width"),
    ("[，。、；：？！][，。、；：？！]", "two marks in a row"),
)


def sources():
    """What Python each file has."""
    for folder in (FOLDER, os.path.join(FOLDER, "kit"), os.path.join(FOLDER, "night"),
                   os.path.join(FOLDER, "concepts")):
        for name in sorted(os.listdir(folder)):
            if name.endswith(".py") or name == "tcphs-lesson":
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, FOLDER), ast.parse(file.read())


def texts_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            text = node.args[0]
            if name in KEYWORDS and isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text


def texts():
    """Each text of the lessons: the file and line where it stands."""
    found = {}
    for path, tree in sources():
        for text in texts_in(tree):
            found.setdefault(text.value, f"{path}:{text.lineno}")
    return found


def not_in_the_guide(say):
    """Texts of a lesson, without figures, that its page has not."""
    known = {}
    for folder, _, files in os.walk(os.path.join(GUIDE, say.code)):
        for name in files:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = re.sub("^> ", "", file.read().replace("\\", ""), flags=re.M)
                known[name] = "".join(text.split())
    for path, tree in sources():
        given = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and
                 any(isinstance(d, ast.Call) and getattr(d.func, "id", None) in
                     ("tour", "lesson", "question", "concept") for d in node.decorator_list)]
        for name in given:
            page = known.get(f"{name}.md", "")
            for text in texts_in(tree):
                if not placeholders(text.value) and "".join(say(text.value).split()) not in page:
                    yield f"{path}:{text.lineno}: {text.value[:60]}"


def written_anew():
    """Files of the guide's beginning, which needs no run, that are not as they would be written."""
    with tempfile.TemporaryDirectory() as folder:
        index.write(folder)
        for root, _, files in os.walk(folder):
            for name in files:
                path = os.path.relpath(os.path.join(root, name), folder)
                there = Path(GUIDE, path)
                if not there.exists() or there.read_bytes() != Path(root, name).read_bytes():
                    yield path


def placeholders(text):
    return collections.Counter(name for _, name, _, _ in string.Formatter().parse(text) if name)


def names(text):
    """What is written alike in every language: settings, calls, states, errors, counters, figures."""
    text = re.sub(r"\{\w+\}", " ", text)
    return set(re.findall(r"[a-z0-9]+_\w+|[a-z]+\(\)|[A-Z]+-[A-Z0-9-]+|\bE[A-Z]{4,}|"
                          r"[A-Z]+[a-z]+[A-Z]\w*|\d+", text))


def slips(text):
    for pattern, what in FORBIDDEN:
        match = re.search(pattern, text)
        if match:
            yield f"{what}: {text[max(0, match.start() - 8):match.end() + 8]}"
    if text.count("“") != text.count("”") or text.count("（") != text.count("）"):
        yield f"not a pair: {text}"


def folded_badly(text):
    """Lines that are too long for a terminal, or begin or end with what must not."""
    for line in language.wrap(text.replace("{", "").replace("}", "")):
        if language.width(line) > 80:
            yield f"{language.width(line)} columns: {line}"
        if line[:1] in tuple("，。、；：？！）”") or line[-1:] in tuple("（“"):
            yield f"broken at the wrong place: {line}"


def on_a_terminal(columns, *arguments):
    """What tcphs-lesson says on a terminal of so many columns, and its exit status."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([sys.executable, PROGRAM, *arguments], stdin=its, stdout=its,
                          stderr=its) as process:
        os.close(its)
        said = b""
        # EIO: the other end is closed.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                said += more
    os.close(ours)
    return said.decode().splitlines(), process.returncode


def told(columns):
    """Lines of each kind, at so many columns."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        terminal = Terminal(language.Language("en"), False, False, columns)
        words = "word " * 40
        terminal.title(7, words)
        terminal.section(words)
        terminal.paragraph(words)
        terminal.command("server", "ss -tn " + words, ["ESTAB  " + words])
        terminal.claim(words, False, words)
        terminal.quote(words)
        terminal.answer(words)
        terminal.links([(LESSONS[0], words)])
    return out.getvalue().splitlines()


def terminals():
    for columns in 80, 60, 40:
        tap.same([line for line in told(columns) if language.width(line) > columns], [],
                 f"whatever is told fits {columns} columns")
        for code in language.LANGUAGES:
            lines, status = on_a_terminal(columns, "--lang", code)
            tap.same(([line for line in lines if language.width(line) > columns], status), ([], 0),
                     f"so does the list of lessons ({code})")
    tap.result("ESTAB  word" in "\n".join(told(80)).replace("\n    ", ""),
               "a line that is folded begins where it began")
    for arguments in (("--lang=zh",), ("--lang", "en", "--lang", "zh")):
        said = subprocess.run([sys.executable, PROGRAM, *arguments, "--help"], check=True,
                              capture_output=True, text=True).stdout
        tap.result("命名空间" in said, f"the help text is in Chinese with {' '.join(arguments)}")
    for wrong in ("--nonsense", "--quick=3", "--lang=xx", "--pages"):
        said = subprocess.run([sys.executable, PROGRAM, wrong], check=False, text=True,
                              capture_output=True, env={"LANG": "zh_CN.UTF-8"})
        english = re.findall(r"usage|error|argument|expected|choose", said.stderr)
        tap.same((said.returncode, english, said.stderr[:3]), (2, [], "用法："),
                 f"what is wrong with {wrong} is said in Chinese")
    done = subprocess.run(f"'{sys.executable}' '{PROGRAM}' | head -n 1", shell=True, check=True,
                          capture_output=True, text=True)
    tap.same(done.stderr, "", "whoever has read enough of the list hears no complaint")
    tap.same([one.name for one in find(["Accept-Queue", "3"])], ["stale_syn", "accept_queue"],
             "a lesson is found by its number, and by its name as the tools write names")


class Anew(Network):
    """One that only counts how often it is made anew."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.begun = self.ended = 0

    def begin(self):
        self.begun += 1

    def end(self):
        self.ended += 1


def missed():
    network, found = Anew(), iter((None, [], "seen"))
    tap.same((network.caught(lambda: next(found), "it"), network.ended, network.begun),
             ("seen", 2, 2), "what nobody saw in time is made again, on machines of its own")


def each(name, pairs, found):
    """One result for all of them; @found: what is wrong with one."""
    wrong = [f"{text}\n  {what}" for text, *rest in pairs for what in found(text, *rest)]
    tap.result(not wrong, name, "\n".join(wrong))


def main():
    english = texts()
    chinese = language.catalogue(os.path.join(FOLDER, "po", "zh_CN.po"))
    tap.result(len(english) > 200, "the lessons have their texts", len(english))
    tap.same(sorted(f"{english[text]}: {text}" for text in set(english) - set(chinese)), [],
             "every text is translated, and none is fuzzy")
    tap.same(sorted(set(chinese) - set(english)), [], "no translation is of a text that is gone")
    pairs = [(text, chinese[text]) for text in english if text in chinese]
    each("a translation has the same placeholders", pairs, lambda text, other: []
         if placeholders(text) == placeholders(other) else [other])
    each("a translation has the same names and figures", pairs, lambda text, other:
         [f"{sorted(gone)}: {other}"] if (gone := names(text) - names(other)) else [])
    each("Chinese is typeset by its rules", [pair[::-1] for pair in pairs],
         lambda text, _: slips(text))
    each("English is in ASCII", [(text,) for text in english],
         lambda text: [] if text.isascii() else ["not ASCII"])
    each("no line is broken where it must not be, or too long",
         [(text,) for text in list(english) + list(chinese.values())], folded_badly)
    for code in language.LANGUAGES:
        tap.same(list(not_in_the_guide(language.Language(code))), [],
                 f"the guide says what the lessons say ({code}); lessons/publish writes it anew")
    tap.same(list(written_anew()), [], "its lists and its picture are as the lessons have them")
    # And are those rules heard?
    for bad in ("有SYN", "有 SYN , 好", "队列 ，满", "（好", "全  连接", "满 了", "有，。"):
        tap.result(list(slips(bad)), f"found: {bad}")
    terminals()
    missed()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
