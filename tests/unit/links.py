#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whatever the project's Markdown links to is there: files, pictures, and headings in them.

usage: links.py [FILE]...	all that git knows, without any
"""
import re
import subprocess
import sys
from pathlib import Path

import tap

TOP = (Path(__file__).resolve().parent / "../..").resolve()


def prose(text):
    """Without code, in which brackets are no links, and without comments."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    return re.sub(r"(`+).*?\1", lambda code: "x" * len(code[0]), text)


def links(path):
    """Where each goes: a file, and a heading or nothing."""
    for target in re.findall(r"\]\(([^()\s]+)\)", prose(path.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield target, (path.parent / file if file else path), anchor


def anchors(path):
    """Of each heading, as GitHub makes them."""
    found, seen = set(), {}
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.*?)\s*$", text, flags=re.M):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("\\", "")
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def broken(path):
    for target, file, anchor in links(path):
        if not file.exists():
            yield f"{path}: {target}: no such file"
        elif TOP not in file.resolve().parents and file.resolve() != TOP:
            yield f"{path}: {target}: outside of the project"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"{path}: {target}: no such heading"


def heard(folder):
    """Pages with what must be found, and what must not."""
    page = folder / "links_test.md"
    page.write_text("# A `b` c\n\n## A `b` c\n\n[x](#a-b-c-1) [x](links_test.md#a-b-c) `[x](y)`\n"
                    "```\n[x](z)\n```\n[x](https://example.org/)\n", encoding="utf-8")
    tap.same(list(broken(page)), [], "links that are good, code and addresses are left alone")
    page.write_text("# A\n\n[x](#b)\n[x](no.md)\n![x](/etc/passwd)\n", encoding="utf-8")
    tap.result(len(list(broken(page))) == 3, "a heading, a file that are not there, and a file "
               "that is not ours are found", list(broken(page)))


def main():
    paths = [Path(name) for name in sys.argv[1:]]
    if not paths:
        known = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard", "*.md"],
                               check=False, capture_output=True, text=True).stdout.split()
        # Without git: whatever is there.
        paths = [TOP / name for name in known] or sorted(TOP.rglob("*.md"))
        paths = [path for path in paths if path.exists()]
    count = sum(len(list(links(path))) for path in paths)
    tap.result(count > 100 or sys.argv[1:], "the pages have their links", count)
    tap.same([wrong for path in paths for wrong in broken(path)], [],
             "each leads to a file, and to a heading that is there")
    if not sys.argv[1:]:
        shown = {file.resolve() for path in paths for _, file, _ in links(path)}
        tap.same([str(file) for file in TOP.glob("Documentation/**/*.svg") if file not in shown],
                 [], "no picture is there that no page shows")
    build = Path(__file__).resolve().parent / "build"
    build.mkdir(exist_ok=True)
    heard(build)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
