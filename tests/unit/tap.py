# SPDX-License-Identifier: GPL-2.0
"""What tests in Python have in common: results, why they are not what they should be, the end."""

number = 0
failed = []


def result(good, name, why=""):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}")
    if not good:
        failed.append(name)
        for line in str(why).splitlines():
            print("#", line)


def same(got, want, name):
    result(got == want, name, f" got: {got}\nwant: {want}")


def end():
    """The plan, and the exit status."""
    print(f"1..{number}")
    return 1 if failed else 0
