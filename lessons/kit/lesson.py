# SPDX-License-Identifier: GPL-2.0
"""A lesson, a question at night, a concept: a function that is called with its page and its
network."""
import collections

Lesson = collections.namedtuple("Lesson", "folder number name title seconds give")
TOURS, LESSONS, QUESTIONS, CONCEPTS = [], [], [], []


def keeper(those, folder, title, seconds):
    def keep(function):
        those.append(Lesson(folder, len(those) + 1, function.__name__, title, seconds, function))
        return function
    return keep


def lesson(title, seconds=10):
    """They are numbered as they come; @seconds: what it takes about, the long ones begin first."""
    return keeper(LESSONS, "lessons", title, seconds)


def question(title, seconds=10):
    """What somebody asks who was called at night; found by its name."""
    return keeper(QUESTIONS, "night", title, seconds)


def tour(title, seconds=10):
    """What to begin with."""
    return keeper(TOURS, "tour", title, seconds)


def concept(title, seconds=10):
    """What a word means, to look up."""
    return keeper(CONCEPTS, "concepts", title, seconds)


def find(words):
    """Those with such numbers or names; all without any. LookupError: there is none like that."""
    every = TOURS + LESSONS + QUESTIONS + CONCEPTS
    known = {str(one.number): one for one in LESSONS} | {one.name: one for one in every}
    wanted = []
    for word in words:
        # As the tools write names: accept-queue.
        name = word.lower().replace("-", "_")
        if name not in known:
            raise LookupError(word)
        wanted.append(known[name])
    return [one for one in every if not words or one in wanted]
