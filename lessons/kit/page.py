# SPDX-License-Identifier: GPL-2.0
"""A lesson as it is told: what it says, what it shows, and what it claims of that.

Whatever is said goes to every output in its own language, with the figures of this run.
What programs say is shown as they say it, but for the length of its lines.
"""
import json
import os
import tempfile

from kit.language import joined
from kit.lesson import find
from kit.network import Trouble, run, until


def N_(text):
    """Marks it for translation."""
    return text


SECTIONS = {
    "see": N_("What you will see"),
    "happens": N_("As it happens"),
    "beside": N_("The same with ss, nstat and tcpdump"),
    "tutorials": N_("What the tutorials say, and what is true"),
    "question": N_("A question"),
    "notice": N_("What you notice"),
    "look": N_("What to type, and what it says"),
    "cause": N_("The cause"),
    "remedy": N_("What to change"),
    "meaning": N_("What it is"),
    "setting": N_("Settings, and where else it is counted"),
    "words": N_("Other words for it"),
    "further": N_("Where it is made to happen"),
}


def duration(seconds):
    """So that it reads the same in both languages."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:.3g} {unit}"
    return ""


class Page:
    def __init__(self, lesson, network, outputs, quick=False):
        self.lesson, self.network, self.outputs, self.quick = lesson, network, outputs, quick
        self.section, self.drawings, self.failed = None, 0, []
        self.scratch = tempfile.TemporaryDirectory()
        # What programs say is as wide as what is said of it, and in their own language.
        os.environ.update(COLUMNS=str(min(output.columns for output in outputs)),
                          LC_ALL="C.UTF-8")
        for output in outputs:
            output.title(lesson.folder == "lessons" and lesson.number, output.say(lesson.title))

    def begin(self, section):
        if section != self.section:
            self.section = section
            for output in self.outputs:
                output.section(output.say(SECTIONS[section]))

    # ---- what is said

    def see(self, text, **figures):
        self.begin("see")
        self.paragraph(text, figures)

    def shown(self):
        """What is shown first is no promise any more."""
        if self.section == "see":
            self.begin("happens")

    def step(self, text, **figures):
        """What happens next, or what to look at in what is above."""
        if self.section not in ("happens", "beside", "look"):
            self.begin("happens")
        self.paragraph(text, figures)

    def paragraph(self, text, figures):
        for output in self.outputs:
            output.paragraph(output.say(text, **figures))

    def claim(self, text, found, expected=True, **figures):
        """A sentence of this run that is compared: @found by tcphs, @expected by a witness."""
        self.shown()
        right = found == expected
        if not right:
            self.failed.append(text)
        for output in self.outputs:
            output.claim(output.say(text, **figures), right, f"{found!r}, expected {expected!r}")

    def tutorial(self, text):
        """What is said elsewhere; truth() follows."""
        self.begin("tutorials")
        for output in self.outputs:
            output.quote(joined(output.say("They say:"), output.say(text)))

    # ---- and of a question at night

    def notice(self, text, **figures):
        self.begin("notice")
        self.paragraph(text, figures)

    def look(self, text, **figures):
        self.begin("look")
        self.paragraph(text, figures)

    def cause(self, text, **figures):
        self.begin("cause")
        self.paragraph(text, figures)

    def remedy(self, text, **figures):
        self.begin("remedy")
        self.paragraph(text, figures)

    # ---- and of a concept

    def meaning(self, text, **figures):
        self.begin("meaning")
        self.paragraph(text, figures)

    def setting(self, text, **figures):
        self.begin("setting")
        self.paragraph(text, figures)

    def words(self, text, **figures):
        self.begin("words")
        self.paragraph(text, figures)

    def further(self, *names):
        """Other pages, by their names."""
        self.begin("further")
        for output in self.outputs:
            output.links([(one, output.say(one.title)) for one in find(names)])

    def truth(self, text, **figures):
        self.paragraph(text, figures)

    def ask(self, text, **figures):
        """A question; answer() follows."""
        self.begin("question")
        self.paragraph(text, figures)

    def answer(self, text, **figures):
        for output in self.outputs:
            output.answer(output.say(text, **figures))

    # ---- what is shown

    def show(self, machine, *command, first=0, last=0, hide=(), allowed=(0,), text=None):
        """A program's output, or its first or last lines; @hide: arguments of ours alone; @text: what
        it has said already, where it must not be late."""
        self.shown()
        if text is None:
            text = (machine.run if machine else run)(*command, allowed=allowed)
        lines = [line.rstrip() for line in text.splitlines()]
        words = " ".join(f"'{word}'" if set(word) & set(" &|()<>*") else word
                         for word in command if word not in hide)
        words = words.replace(self.scratch.name + "/", "")
        if first:
            lines, words = lines[:first], f"{words} | head -n {first}"
        if last:
            lines, words = lines[-last:], f"{words} | tail -n {last}"
        for output in self.outputs:
            output.command(machine.name if machine else "", words, lines)
        return text

    def beside(self, text, **figures):
        self.begin("beside")
        self.paragraph(text, figures)

    def tcpdump(self, *filter_):
        """The wire, at the server's end."""
        path = os.path.join(self.scratch.name, "wire.pcap")
        self.network.wire.write(path)
        return self.show(None, "tcpdump", "-nn", "-S", "-ttttt", "-r", path, *filter_,
                         hide=("-r", path))

    def nstat(self, machine, *names):
        """Each with what the machine has counted since it came into being."""
        text = self.show(machine, "nstat", "-asz", *names)
        # It has some that it never shows, TcpCurrEstab for one.
        missing = set(names) - set(text.split())
        if missing:
            raise Trouble(f"nstat does not show {' '.join(missing)}")
        return text

    def draw(self, conn, machine=None, note=None):
        """A connection's drawing: of both ends, or as one machine alone saw it."""
        self.shown()
        command = ["tcphs", "diagram"] + ([] if machine else ["-A"]) + [conn]
        text = (machine.run if machine else run)(*command)
        svg = None
        if any(output.pictures for output in self.outputs):
            svg = (machine.run if machine else run)(*command, "--svg", "-")
        self.drawings += 1
        name = f"{self.lesson.name}-{self.drawings}.svg"
        for output in self.outputs:
            output.drawing(machine.name if machine else "", " ".join(command), text.splitlines(),
                           name, svg, output.say(note or self.lesson.title))
        return text

    # ---- what tcphs has recorded

    @staticmethod
    def events(machine, **wanted):
        """The events of a machine for which all of that holds."""
        found = map(json.loads, machine.run("tcphs", "events", "-j").splitlines())
        found = list(found)
        if any(e["event"] == "lost" for e in found):
            raise Trouble("records were lost: load the module with a larger ring_mib")
        return [e for e in found if all(e.get(key) == value for key, value in wanted.items())]

    def event(self, machine, name, count=1, seconds=15, **wanted):
        """The last of so many of them, as soon as they are there."""
        def enough():
            found = self.events(machine, event=name, **wanted)
            return found[count - 1:] and found

        return until(enough, f"{name} on the {machine.name}", seconds)[count - 1]

    @staticmethod
    def lives(machine):
        """The connections of a machine that are over."""
        return list(map(json.loads, machine.run("tcphs", "lives", "-j").splitlines()))

    def findings(self, machine, *options):
        """What the doctor finds, shown; {name: finding}."""
        command = ["tcphs", "doctor", *options]
        # 10 and 20: it has found something.
        self.show(machine, *command, allowed=(0, 10, 20))
        found = map(json.loads, machine.run(*command, "-j", allowed=(0, 10, 20)).splitlines())
        return {f["finding"]: f for f in found if "finding" in f}

    @staticmethod
    def listener(machine, port=8080):
        """Both queues of a listener, as tcphs counts them."""
        rows = map(json.loads, machine.run("tcphs", "listeners", "-j").splitlines())
        return next(row for row in rows if row["port"] == port)
