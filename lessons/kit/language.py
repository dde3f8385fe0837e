# SPDX-License-Identifier: GPL-2.0
"""The two languages: texts from po/, and lines that fit a terminal.

Each text is written once, in English, and is the key of its translation, as gettext has it.
The catalogue is read as it stands, so nothing has to be compiled before a lesson can be given.
"""
import ast
import os
import unicodedata

LANGUAGES = ("en", "zh")
PO = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "po")
# What must not begin a line, and what must not end one.
CLOSING = "，。、；：？！）》」』”’…—％,.;:?!)]}"
OPENING = "（《「『“‘([{"


def catalogue(path):
    """msgid: msgstr of a .po file, without those that are fuzzy or not translated."""
    found, entry, field, fuzzy = {}, {}, None, False

    def keep():
        if entry.get("msgid") and entry.get("msgstr") and not fuzzy:
            found[entry["msgid"]] = entry["msgstr"]

    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line.startswith("#,"):
                fuzzy = fuzzy or "fuzzy" in line
            elif line.startswith(("msgid ", "msgstr ")):
                field, text = line.split(" ", 1)
                if field == "msgid" and "msgstr" in entry:
                    keep()
                    entry = {}
                entry[field] = ast.literal_eval(text)
            elif line.startswith('"'):
                entry[field] += ast.literal_eval(line)
            elif not line:
                keep()
                entry, fuzzy = {}, False
    keep()
    return found


class Language:
    """Says a text with its figures."""

    def __init__(self, code):
        self.code = code
        self.texts = catalogue(os.path.join(PO, "zh_CN.po")) if code == "zh" else None
        self.missing = set()

    def __call__(self, text, **figures):
        if self.texts is not None:
            if text in self.texts:
                text = self.texts[text]
            else:
                self.missing.add(text)
        return text.format(**figures)


def chosen(wish, environment):
    """The language that is wished, or that of the environment."""
    if wish:
        return wish
    for name in "LC_ALL", "LC_MESSAGES", "LANG":
        if environment.get(name):
            return "zh" if environment[name].startswith("zh") else "en"
    return "en"


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else
               0 if unicodedata.combining(c) else 1 for c in text)


def pieces(text):
    """What a line may be broken between: words, and single characters of Chinese."""
    piece = ""
    for c in text:
        wide = unicodedata.east_asian_width(c) in "WF"
        if c == " ":
            yield piece + c
            piece = ""
        elif piece and c not in CLOSING and piece[-1] not in OPENING and \
                (wide or unicodedata.east_asian_width(piece[-1]) in "WF"):
            yield piece
            piece = c
        else:
            piece += c
    if piece:
        yield piece


def joined(label, text):
    """A mark of full width has its space already."""
    return label + ("" if width(label[-1]) == 2 else " ") + text


def wrap(text, columns=80, indent="", first=None):
    """Lines of at most so many columns; @first: how the first one begins."""
    lines, line = [], indent if first is None else first
    begun = False
    for piece in pieces(text):
        if begun and width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = indent
        line += piece
        begun = True
    lines.append(line.rstrip())
    return lines


def fold(line, columns=80):
    """A line of a program's output that is too long goes on in another one."""
    if width(line) <= columns or " " not in line.strip():
        return [line]
    return wrap(line, columns, "    ", "")
