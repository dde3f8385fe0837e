# SPDX-License-Identifier: GPL-2.0
"""Where a lesson goes: a terminal, a page of the guide, or a test."""
import os
import sys

from kit.language import fold, joined, wrap

# What a page is made for; a terminal may be narrower, down to what tcphs diagram needs.
COLUMNS, LEAST_COLUMNS = 80, 40
BOLD, FAINT, GREEN, RED, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


class Terminal:
    """As it happens, at 80 columns or as many as there are."""

    pictures = False

    def __init__(self, say, colour, patient, columns=COLUMNS):
        self.say, self.patient, self.columns = say, patient, columns
        self.paint = (lambda code, text: code + text + PLAIN) if colour else \
            lambda code, text: text

    def out(self, *lines):
        print(*lines, sep="\n", flush=True)

    def wrapped(self, text, indent="", first=None):
        return wrap(text, self.columns, indent, first)

    def heading(self, sign, title):
        self.out("", *(self.paint(BOLD, line) for line in
                       self.wrapped(title, " " * (len(sign) + 1), sign + " ")))

    def title(self, number, title):
        self.heading((f"══ {number} " if number else "") + "══", title)

    def section(self, title):
        self.heading("──", title)

    def paragraph(self, text):
        self.out("", *self.wrapped(text))

    def command(self, machine, words, lines):
        self.out("", *(self.paint(FAINT, line)
                       for line in fold(f"{machine}# {words}", self.columns)))
        for line in lines:
            self.out(*fold(line, self.columns))

    def drawing(self, machine, words, lines, *_):
        self.command(machine, words, lines)

    def claim(self, text, right, why):
        sign = self.paint(GREEN, "✓") if right else self.paint(RED, "✗")
        lines = self.wrapped(text, "  ", "  ")
        self.out("", sign + lines[0][1:], *lines[1:])
        if not right:
            self.out(*self.wrapped(joined(self.say("This did not happen here:"), why), "  "))

    def links(self, pages):
        columns = max(len(one.name) for one, _ in pages)
        self.out("")
        for one, title in pages:
            self.out(*self.wrapped(title, " " * (17 + columns),
                                   f"  tcphs-lesson {one.name:{columns}}  "))

    def quote(self, text):
        self.out("", *self.wrapped(text, "  │ "))

    def answer(self, text):
        if self.patient:
            self.out("", self.paint(FAINT, self.say("(Enter shows the answer.)")))
            sys.stdin.readline()
        self.out("", *self.wrapped(joined(self.say("Answer:"), text)))

    def end(self):
        self.out("")


def prose(say, text):
    """Where a Chinese line ends, a browser would show a space."""
    return [text] if say.code == "zh" else wrap(text, 110)


class Markdown:
    """A page of the guide, and its drawings beside it in ../../drawings."""

    pictures, columns = True, COLUMNS

    def __init__(self, say, folder, lesson):
        self.say = say
        self.drawings = os.path.join(folder, "drawings")
        self.folder = os.path.join(folder, say.code, lesson.folder)
        os.makedirs(self.drawings, exist_ok=True)
        os.makedirs(self.folder, exist_ok=True)
        self.path = os.path.join(self.folder, f"{lesson.name}.md")
        self.lines = ["<!-- SPDX-License-Identifier: GPL-2.0 -->",
                      "<!-- tcphs-lesson --pages has written this. -->"]
        self.name = lesson.name

    def put(self, *lines):
        self.lines += lines + ("",)

    def text(self, text):
        """< and > are no tags, _ and * no emphasis."""
        for c in "<*_":
            text = text.replace(c, "\\" + c)
        return prose(self.say, text)

    def title(self, number, title):
        self.put(f"# {number}. {title}" if number else f"# {title}")
        self.put(f"`tcphs-lesson {self.name}{' --lang zh' if self.say.code == 'zh' else ''}`")

    def section(self, title):
        self.put(f"## {title}")

    def paragraph(self, text):
        self.put(*self.text(text))

    def command(self, machine, words, lines):
        self.put("```", f"{machine}# {words}", *lines, "```")

    def drawing(self, machine, words, _lines, name, svg, title):
        with open(os.path.join(self.drawings, name), "w", encoding="utf-8") as file:
            file.write(svg)
        self.put("```", f"{machine}# {words}", "```")
        self.put(f"![{title}](../../drawings/{name})")

    def claim(self, text, right, why):
        if not right:
            raise ValueError(f"not to be printed: {text} ({why})")
        lines = self.text(text)
        self.put("- " + lines[0], *("  " + line for line in lines[1:]))

    def links(self, pages):
        self.put(*(f"- [{title}](../{one.folder}/{one.name}.md)" for one, title in pages))

    def quote(self, text):
        self.put(*("> " + line for line in self.text(text)))

    def answer(self, text):
        self.put("<details><summary>" + self.say("The answer") + "</summary>", "",
                 *self.text(text), "", "</details>")

    def end(self):
        while self.lines[-1] == "":
            self.lines.pop()
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(self.lines) + "\n")


class Tap:
    """Claims alone, one a line: "pass" or "fail" and what it says."""

    pictures, columns = False, COLUMNS

    def __init__(self, say, name):
        self.say, self.name, self.claims = say, name, 0

    def nothing(self, *_):
        """A test reads no prose."""

    title = section = paragraph = command = drawing = links = quote = answer = nothing

    def claim(self, text, right, why):
        self.claims += 1
        if not right:
            print(why)
        print("pass" if right else "fail", f"{self.name}, {self.say.code}: {text}", flush=True)

    def end(self):
        if self.say.missing:
            print(*self.say.missing, sep="\n")
        print("fail" if self.say.missing else "pass",
              f"{self.name}, {self.say.code}: every text is in this language", flush=True)
