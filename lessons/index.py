# SPDX-License-Identifier: GPL-2.0
"""What the guide begins with: its list of pages and its picture, in either language."""
import os

import architecture
import catalogue  # noqa: F401 pylint: disable=unused-import
from kit.language import LANGUAGES, Language
from kit.lesson import CONCEPTS, LESSONS, QUESTIONS, TOURS
from kit.outputs import prose


def page(say):
    """The lines of one language's list."""
    lines = ["<!-- SPDX-License-Identifier: GPL-2.0 -->",
             "<!-- tcphs-lesson --pages has written this. -->", "# " + say("The guide"), "",
             *prose(say, say("Every output and every figure in here was made by a real run, and "
                             "every sentence that stands as an item of a list was compared with a "
                             "capture of the wire, the kernel's counters or ss. tcphs-lesson gives "
                             "each of them on your own machine; make lesson, in a VM.")), ""]
    for heading, pages in ((say("To begin with"), TOURS), (say("Paged at night"), QUESTIONS),
                           (say("Concepts, to look up"), CONCEPTS), (say("Lessons"), LESSONS)):
        lines += ["## " + heading, ""]
        lines += [f"- [{say(one.title)}]({one.folder}/{one.name}.md)" for one in pages] + [""]
    name = say("How tcphs is built")
    return lines + ["## " + name, "", f"![{name}](../drawings/architecture-{say.code}.svg)"]


def write(folder):
    architecture.write(os.path.join(folder, "drawings"))
    for say in map(Language, LANGUAGES):
        path = os.path.join(folder, say.code, "README.md")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(page(say)) + "\n")
