#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How tcphs is built, as a picture in either language.

usage: architecture.py FOLDER	writes architecture-en.svg and architecture-zh.svg there
"""
import os
import sys
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True
from kit.language import LANGUAGES, Language, wrap  # noqa: E402
from kit.page import N_  # noqa: E402

WIDTH, HEIGHT = 900, 640
COLUMN = 6.7		# pixels, of a character of the notes at most, half of a Chinese one
STYLE = """text { font: 13px system-ui, "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", sans-serif;
  fill: #1f2328; }
.paper { fill: #ffffff; }
.band { fill: #f6f8fa; stroke: #d1d9e0; }
.box { fill: #ffffff; stroke: #59636e; stroke-width: 1.5; }
.hook { fill: #fff8c5; stroke: #9a6700; stroke-width: 1.5; }
.store { fill: #ddf4ff; stroke: #0969a9; stroke-width: 1.5; }
.head { font-weight: bold; }
.code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.note { fill: #59636e; font-size: 12px; }
.mid { text-anchor: middle; }
path { stroke: #59636e; stroke-width: 1.5; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .paper { fill: #0d1117; }
  .band { fill: #151b23; stroke: #3d444d; }
  .box { fill: #0d1117; stroke: #9198a1; }
  .hook { fill: #2b2310; stroke: #d29922; }
  .store { fill: #0c2233; stroke: #58a6ff; }
  .note { fill: #9198a1; }
  path { stroke: #9198a1; }
}"""

# Bands of the picture: top, height, what it is.
BANDS = ((16, 142, N_("Linux: its TCP, unchanged")),
         (174, 290, N_("Linux: the module tcphs.ko")),
         (480, 144, N_("user space")))

# Boxes: class, left, top, width, height, heading, what is below it. Names are the same in every
# language.
BOXES = (
    ("box", 40, 50, 190, 92, N_("listening socket"),
     N_("SYN queue: a count; accept queue: a list")),
    ("box", 250, 50, 190, 92, N_("request"),
     N_("from the SYN to the third ACK; none with a SYN cookie")),
    ("box", 460, 50, 190, 92, N_("socket"),
     N_("from connect(), or from the third ACK, to CLOSED")),
    ("box", 670, 50, 190, 92, N_("TIME-WAIT bucket"),
     N_("takes the place of the socket for 60 s")),
    ("hook", 40, 208, 820, 60, N_("hooks, each with its handler"),
     N_("entries of functions (ftrace), tracepoints, returns of connect() (kretprobes); "
        "interrupts are off")),
    ("box", 40, 304, 250, 60, N_("tables"), N_("connections by cookie; listeners")),
    ("store", 330, 304, 250, 60, N_("ring, one for each CPU"),
     N_("every record, newest over oldest")),
    ("store", 620, 304, 240, 60, N_("kept"), N_("whole lives of what went wrong")),
    ("store", 40, 388, 250, 60, N_("counters, histograms"), N_("causes, times, queues")),
    ("box", 330, 388, 530, 60, N_("readers"),
     N_("netlink family tcphs; /proc/tcphs_records, /proc/tcphs_events; /proc/tcphs")),
    ("box", 40, 514, 120, 94, "cat", N_("/proc/tcphs, for everyone")),
    ("box", 180, 514, 250, 94, "tcphs",
     N_("events, diagram, lives, connections, listeners, doctor, record, export")),
    ("box", 450, 514, 120, 94, "tcphs-top", N_("live, in a terminal")),
    ("box", 590, 514, 130, 94, "tcphs-exporter", N_("for Prometheus and Grafana")),
    ("box", 740, 514, 120, 94, "libtcphs", N_("in programs of your own")),
)
# Arrows, and what stands beside each: x, y, text.
ARROWS = (
    ("M210 142V204", None), ("M345 142V204", None), ("M555 142V204", None), ("M765 142V204", None),
    ("M165 268V300", (175, 289, N_("one lock: the step"))),
    ("M455 268V300", (465, 289, N_("a record"))),
    ("M580 334H616", None),
    ("M165 364V384", None),
    ("M455 364V384", None), ("M740 364V384", None),
    ("M290 418H326", None),
    ("M595 448V492M130 492H800M130 492V510M305 492V510M510 492V510M655 492V510M800 492V510",
     None),
)


def text(say, x, y, classes, words):
    return f'<text x="{x}" y="{y}" class="{classes}">{escape(say(words))}</text>'


def arrow(path):
    """Its line, and a head at the end of each part that goes down last or to the right."""
    parts = [part for part in path.split("M") if part]
    yield f'<path d="{path}"/>'
    for part in parts:
        if "V" in part and not part.endswith("492"):
            x, y = part.split("V")[0].split()[0], part.split("V")[1]
            yield f'<path d="M{int(x) - 5} {int(y) - 8}L{x} {y}L{int(x) + 5} {int(y) - 8}"/>'
        elif "H" in part and len(parts) == 1:
            y, x = part.split("H")[0].split()[1], part.split("H")[1]
            yield f'<path d="M{int(x) - 8} {int(y) - 5}L{x} {y}L{int(x) - 8} {int(y) + 5}"/>'


def draw(say):
    """The picture as SVG; say: a Language."""
    title = say(N_("How tcphs is built"))
    out = ['<?xml version="1.0" encoding="UTF-8"?>',
           f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'width="{WIDTH}" height="{HEIGHT}">',
           f"<title>{escape(title)}</title>", f"<style>\n{STYLE}\n</style>",
           f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>']
    for top, height, name in BANDS:
        out.append(f'<rect class="band" x="16" y="{top}" width="{WIDTH - 32}" height="{height}" '
                   'rx="8"/>')
        out.append(text(say, 28, top + 21, "note", name))
    for path, words in ARROWS:
        out += arrow(path)
        if words:
            out.append(text(say, words[0], words[1], "note", words[2]))
    for kind, left, top, width, height, name, below in BOXES:
        out.append(f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" '
                   f'height="{height}" rx="6"/>')
        middle = left + width // 2
        code = " code" if name.isascii() and name.startswith(("cat", "tcphs", "libtcphs")) else ""
        out.append(text(say, middle, top + 24, "head mid" + code, name))
        for n, line in enumerate(wrap(say(below), int((width - 16) / COLUMN))):
            out.append(text(str, middle, top + 44 + 17 * n, "note mid", line))
    return "\n".join(out + ["</svg>"]) + "\n"


def write(folder):
    """One for each language."""
    os.makedirs(folder, exist_ok=True)
    for say in map(Language, LANGUAGES):
        with open(os.path.join(folder, f"architecture-{say.code}.svg"), "w",
                  encoding="utf-8") as file:
            file.write(draw(say))


if __name__ == "__main__":
    write(sys.argv[1])
