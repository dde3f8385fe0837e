#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The drawings as SVG, rendered by librsvg, and their pixels looked at.

usage: svg.py TEST_PICTURE	the program that writes them

librsvg knows neither CSS variables nor media queries, so it shows what a reader
sees whose viewer is simple: black on black, if colours are not told plainly. Where
texts stand is read from the SVG itself: none may cover another.
"""
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path

WHITE, INK, BAD, GOOD = (255, 255, 255), (31, 35, 40), (207, 34, 46), (26, 127, 55)
# What went wrong is red, and what did not is not.
FAILED = {"refused", "refused_long", "expired", "overflow", "lost", "adopted", "gave_up", "dropped",
          "met", "meets", "met_and_came", "nat", "nat_refused"}
ESTABLISHED = {"loopback", "client", "server", "crossing", "lost", "cookie", "fastopen",
               "late_accept", "met", "meets", "met_and_came", "put_back", "nat", "self"}
COLUMN, LINE = 7, 10		# pixels: narrower and lower than any character of the font


def pixels(png):
    """The colours of a PNG, how often each is there, and how many pixels it has."""
    ppm = subprocess.run(["pngtopnm"], input=png, capture_output=True, check=True).stdout
    _, width, height, depth, dots = ppm.split(maxsplit=4)
    if depth != b"255" or len(dots) != int(width) * int(height) * 3:
        raise ValueError("not the colours that rsvg-convert writes")
    return Counter(zip(dots[::3], dots[1::3], dots[2::3])), int(width) * int(height)


def characters(root):
    """(text, [(x, y) of each character's middle]) of each text; y is its base line."""
    for e in root.iter("{http://www.w3.org/2000/svg}text"):
        slope, x, y = 0.0, float(e.get("x", 0)), float(e.get("y"))
        matrix = re.match(r"matrix\(1 (\S+) 0 1 (\S+) (\S+)\)", e.get("transform", ""))
        if matrix:
            slope, x, y = (float(matrix[1]), float(matrix[2]), float(matrix[3]) + y)
        length = len(e.text) * COLUMN
        classes = e.get("class", "").split()
        first = x - (length / 2 if "mid" in classes else length if "end" in classes else 0)
        places = [first + COLUMN * (i + 0.5) for i in range(len(e.text))]
        yield e.text, [(at, y + (at - x) * slope) for at in places]


def covered(root, width):
    """Pairs of texts that stand on each other, and texts that leave the picture."""
    texts = list(characters(root))
    for i, (text, places) in enumerate(texts):
        if not all(0 < x < width for x, _ in places):
            yield f"{text!r} leaves the picture"
        for other, others in texts[:i]:
            if any(abs(x - u) < COLUMN and abs(y - v) < LINE for x, y in places for u, v in others):
                yield f"{text!r} and {other!r}"


def look(path):
    """Everything that is wrong with one drawing."""
    done = subprocess.run(["rsvg-convert", str(path)], capture_output=True, check=False)
    if done.returncode:
        return [f"rsvg-convert: {done.stderr.decode()}"]
    found, total = pixels(done.stdout)
    root, wrong = xml.parse(path).getroot(), []
    if found.get(WHITE, 0) < total * 0.7:
        wrong.append(f"paper: {found.get(WHITE, 0)} of {total} pixels are white")
    if not 100 < found.get(INK, 0) < total * 0.1:
        wrong.append(f"ink: {found.get(INK, 0)} pixels")
    if bool(found.get(BAD)) != (path.stem in FAILED):
        wrong.append(f"what failed: {found.get(BAD, 0)} pixels")
    if path.stem in ESTABLISHED and not found.get(GOOD):
        wrong.append(f"ESTABLISHED: {found.get(GOOD, 0)} pixels")
    return wrong + list(covered(root, float(root.get("width"))))


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, directory], check=True)
        drawings = sorted(Path(directory).glob("*.svg"))
        print(f"1..{len(drawings)}")
        failed = False
        for number, path in enumerate(drawings, 1):
            wrong = look(path)
            failed |= bool(wrong)
            print("".join(f"# {line}\n" for line in wrong), end="")
            print(f"{'not ok' if wrong else 'ok'} {number} - librsvg shows {path.stem}")
    return failed or not drawings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
