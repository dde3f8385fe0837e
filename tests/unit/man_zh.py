#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The man pages in Chinese: most of each is translated, says the same names and figures, is
typeset by the rules of lessons.py, and fits 80 columns.

usage: man_zh.py
"""
import ast
import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tap
from lessons import language, names, slips

MAN = Path(__file__).resolve().parent / "../../Documentation/man"
# Of the texts of a page that have words; the others stay English until somebody translates them.
ENOUGH = 0.97


def bare(text, marks=None):
    """Without po4a's marks for fonts and characters; @marks: for punctuation in a name."""
    def name(match):
        return re.sub(r"[^\w\s-]", marks, match[1]) if marks else match[1]

    text = re.sub(r"[BI]<((?:E<\w+>|[^<>])*)>", name, text)
    return html.unescape(re.sub(r"E<(\w+)>", r"&\1;", text)).replace(r"\(aq", "'")


def keys(text):
    """What is bold and written alike in every language."""
    return set(re.findall(r"B<([a-z0-9_-]+)>", text))


def wordy(text):
    """It has words that could be translated, beside names."""
    if re.fullmatch("[a-z0-9-]+", text):
        return False
    text = re.sub(r"[BI]<(?:E<\w+>|[^<>])*>", "", text)
    return re.search(r"[A-Za-z]{2}", re.sub(r"E<\w+>|@\w+@|\\\(..", "", text))


def texts(path):
    """{page's text: its translation or nothing}: of a .po file as it is."""
    found, known = set(), language.catalogue(path)
    for entry in re.split(r"\n\n+", Path(path).read_text(encoding="utf-8")):
        match = re.search(r'^msgid ((?:".*"\n?)+)', entry, flags=re.M)
        if match:
            found.add("".join(map(ast.literal_eval, match[1].splitlines())))
    return {text: known.get(text) for text in found if text}


def rendered(page):
    """As man shows it on 80 columns, and what groff has to say of it."""
    done = subprocess.run(["groff", "-t", "-K", "utf8", "-man", "-Tutf8", "-P-cbou", "-rLL=78n",
                           page], check=True, capture_output=True, timeout=60)
    return done.stdout.decode().splitlines(), done.stderr.decode()


def pages_fit():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([MAN / "po/pages", folder], check=True)
        made = sorted(Path(folder).glob("*.8"))
        tap.same([page.name for page in made], sorted(page.name for page in MAN.glob("*.8")),
                 "each page is made")
        for page in made:
            lines, complaints = rendered(page)
            tap.same([line for line in lines if language.width(line) > 80], [],
                     f"{page.name} fits 80 columns")
            tap.same([line for line in complaints.splitlines()
                      if "around line" not in line], [],
                     f"{page.name}: groff has nothing to say")
            han = sum("\u3400" < c < "\u9fff" for line in lines for c in line)
            tap.result(han > 300 and "名称" in lines, f"{page.name} is in Chinese", han)


def main():
    every = texts(MAN / "po/zh_CN.po")
    done = {text: other for text, other in every.items() if other}
    worth = [text for text in every if wordy(text)]
    share = sum(text in done for text in worth) / len(worth)
    tap.result(len(worth) > 400 and share > ENOUGH, "most of the texts are translated",
               f"{share:.0%} of {len(worth)}; Documentation/man/po/pages --update")
    wrong = [f"{what}\n  {other}" for other in done.values() for what in slips(bare(other, "x"))]
    tap.result(not wrong, "Chinese is typeset by its rules", "\n".join(wrong))
    wrong = [f"{sorted(gone)}: {other}" for text, other in done.items()
             if not text.isupper() and (gone := names(bare(text)) - names(bare(other)))]
    tap.result(not wrong, "a translation has the same names and figures", "\n".join(wrong))
    wrong = [f"{sorted(gone)}: {other}" for text, other in done.items()
             if (gone := keys(text) - keys(other))]
    tap.result(not wrong, "no key and no option is left out", "\n".join(wrong))
    headings = {other for text, other in done.items() if text.isupper()}
    tap.same([name for other in done.values() for name in re.findall("“([^”]*)”一节", other)
              if name not in headings], [], "each section that is named is there")
    if shutil.which("po4a-translate") and shutil.which("groff"):
        pages_fit()
    else:
        tap.result(True, "the pages fit 80 columns # SKIP needs po4a and groff")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
