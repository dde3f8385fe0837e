#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The programs of hosts.sh, and what tcphs has to say of the recordings of their machines.

	hosts.py serve			until a line comes in; says which port it was told by whom
	hosts.py call ADDRESS PORT N	so many connections, one after the other
	hosts.py judge DIR LEFT ARRIVED	with what was recorded, and the SYNs that the router counted
"""
import json
import os
import socket
import subprocess
import sys
import threading
import uuid

import objects
import recorded

CLIENT, ROUTER, SERVER = "10.97.3.1", "10.97.3.254", "10.97.4.1"
PORTS = WELL, LATE, NEVER, RESET = range(24107, 24111)
CONNECTIONS = {WELL: 53 + 31, LATE: 3, NEVER: 5, RESET: 7}
SECOND = 10 ** 9
# By how much the server's clocks are ahead: what makes time of day of the other, and that other.
SHIFTS = {"equal": (0, 0), "1 ms apart": (0, 10 ** 6), "3 s apart": (-7 * SECOND, 10 * SECOND),
          "a day apart": (-86400 * SECOND, 0)}
BOOTS = {"client": uuid.UUID(int=11), "server": uuid.UUID(int=13)}

# ---- the programs --------------------------------------------------------------------


def answer(port, sock, peer):
    """Who is translated calls himself by another port than is seen here."""
    with sock:
        told = b""
        while len(told) < 6:
            more = sock.recv(6 - len(told))
            if not more:
                return
            told += more
        print("served", port, *peer, told[:5].decode(), flush=True)
        sock.sendall(b"x" * 97)
        if told[5:] == b"s":
            return
        while sock.recv(4096):
            pass


def accept(port, listener):
    while True:
        sock, peer = listener.accept()
        threading.Thread(target=answer, args=(port, sock, peer), daemon=True).start()


def serve():
    for port in PORTS:
        listener = socket.create_server((SERVER, port), backlog=64)
        threading.Thread(target=accept, args=(port, listener), daemon=True).start()
    print("listening", flush=True)
    sys.stdin.readline()
    # Nobody waits for a thread: the kernel closes its socket.
    os._exit(0)


def call_one(address, port, number):
    """The odd ones are closed by the server first."""
    with socket.socket() as sock:
        sock.settimeout(1 if port == NEVER else 120)
        try:
            sock.connect((address, port))
        except socket.timeout:
            return
        told = f"{sock.getsockname()[1]:05}{'s' if number % 2 else 'c'}".encode()
        if port == RESET:
            told += b"y" * 200
        try:
            sock.sendall(told)
            left = 97
            while left:
                left -= len(sock.recv(left)) or left
            if number % 2:
                sock.recv(1)
        except ConnectionResetError:
            pass


def call(address, port, count):
    for number in range(int(count)):
        call_one(address, int(port), number)


# ---- what is said of them ------------------------------------------------------------


def result(name, wrong):
    for line in wrong[:9]:
        print(line)
    print("fail" if wrong else "pass", name, flush=True)


def differ(what, got, wanted):
    return [] if got == wanted else [f"{what}: {got}, expected {wanted}"]


def lines(verb, *arguments):
    ran = subprocess.run(["tcphs", verb, "-j", *arguments], capture_output=True, text=True,
                         check=False)
    if ran.returncode not in (0, 10, 20):
        print(f"{verb}: {ran.returncode} {ran.stderr}")
    objects.keep(verb, ran.stdout)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def reads(folder, state, clock=None):
    """Options for both recordings, the server's by such a clock."""
    files = []
    for side in ("client", "server"):
        file = f"{folder}/{state}-{side}"
        if clock:
            shift = SHIFTS[clock] if side == "server" else (0, 0)
            recorded.of_another(file, f"{folder}/moved-{side}", side, BOOTS[side], *shift)
            file = f"{folder}/moved-{side}"
        files += ["--read", file]
    return files


def of_clocks(folder, name):
    between = [o for o in lines("doctor", *reads(folder, "ill", name)) if "between" in o]
    wrong = differ("pairs", [o["between"] for o in between], [["client", "server"]])
    if not wrong:
        off = between[0]["clock_offset_ns"] - sum(SHIFTS[name])
        print(f"{name}: {off} ns off, error {between[0]['clock_error_ns']} ns, "
              f"{between[0]['clock_moments']} moments")
        if not abs(off) <= between[0]["clock_error_ns"] <= 50 * 10 ** 6:
            wrong = [f"{between[0]}: {off} ns off"]
    result(f"clocks {name}: the offset is right, within its error", wrong)


def served(folder):
    """{the client's port, and whom it called: the server's port, the client's as that sees it}

    Of a client's port both addresses may have been called."""
    with open(f"{folder}/server", encoding="ascii") as file:
        words = [line.split() for line in file if line.startswith("served ")]
    return {(int(told), ROUTER if peer != CLIENT else SERVER, int(port)): (int(port), int(seen))
            for _, port, peer, seen, told in words}


def of_ends(folder, name):
    """Both ends say of each other what both programs say."""
    lives = lines("lives", *reads(folder, "ill", name))
    by_conn = {(life["host"], life["conn"]): life for life in lives if life["conn"] != "0"}
    calls, wrong, alone = served(folder), [], 0
    for life in lives:
        if life["host"] != "client" or life["conn"] == "0":
            continue
        other = life.get("other_end")
        if not other:
            alone += 1
            wrong += differ("port of one alone", life["peer_port"], NEVER)
            continue
        there = by_conn[other["host"], other["conn"]]
        wrong += differ("host of the other end", other["host"], "server")
        wrong += differ("the way back", (there["other_end"]["host"], there["other_end"]["conn"]),
                        ("client", life["conn"]))
        # The one that is reset has told nothing: the router let it not through.
        if life["peer_port"] != RESET:
            wrong += differ(f"ends of {life['local_port']}",
                            (there["local_port"], there["peer_port"]),
                            calls.get((life["local_port"], life["peer"], life["peer_port"])))
    wrong += differ("alone", alone, CONNECTIONS[NEVER])
    wrong += differ("together", sum("other_end" in life for life in lives),
                    2 * (sum(CONNECTIONS.values()) - CONNECTIONS[NEVER]))
    result(f"clocks {name}: each end has the other one that its program has", wrong)


def of_one_machine(folder):
    lives = lines("lives", *reads(folder, "well"))
    wrong = differ("lives", len(lives), 2 * CONNECTIONS[WELL])
    wrong += differ("lives with a host", sum("host" in life for life in lives), 0)
    result("two namespaces of one machine are no two machines", wrong)


def of_health(folder):
    said = lines("doctor", *reads(folder, "well", "3 s apart"))
    wrong = [f"{o}" for o in said if o.get("check") == "between"]
    between = [o for o in said if "between" in o]
    wrong += differ("both, alone", [(o["both"], o["alone"]) for o in between],
                    [(CONNECTIONS[WELL], [0, 0])])
    result("where nothing is lost, nothing is said to be", wrong)


def of_syns(folder, left, arrived):
    between = [o for o in lines("doctor", *reads(folder, "ill", "3 s apart")) if "between" in o][0]
    result("SYNs that were sent, and that came, are those that the router counted",
           differ("SYNs", between["syns"], [{"sent": left, "came": arrived}, {"sent": 0, "came": 0}]))


def of_findings(folder):
    said = {o["finding"]: o for o in lines("doctor", *reads(folder, "ill", "a day apart"))
            if o.get("check") == "between"}
    result("the doctor tells of connects of which the server has nothing",
           differ("lost-between", [said.get("lost-between", {}).get(key) for key in ("name", "value")],
                  ["client to server", CONNECTIONS[NEVER]]))
    result("and of RSTs that it did not send",
           differ("reset-between", [said.get("reset-between", {}).get(key) for key in ("name", "value")],
                  ["server to client", CONNECTIONS[RESET]]))


def of_late(folder):
    """The first SYN goes, the second goes and comes."""
    head, *rows = lines("diagram", "--last", "--port", str(LATE), *reads(folder, "ill", "a day apart"))
    arrows = [row["arrow"] for row in rows if row.get("arrow", {}).get("flags") == ["syn"]]
    sent = [a for a in arrows if a["part"] in ("departs", "whole")]
    came = [a for a in arrows if a["part"] in ("arrives", "whole") and not a.get("lost")]
    wrong = differ("hosts", [head[side].get("host") for side in ("left", "right")],
                   ["client", "server"])
    wrong += differ("SYNs sent and lost", [a.get("lost", False) for a in sent],
                    [True] * (len(sent) - len(came)) + [False] * len(came))
    wrong += differ("sent, and came", (len(sent) >= 2, len(came)), (True, 1))
    times = [row["time"] for row in rows if "time" in row]
    wrong += differ("order", times, sorted(times))
    result("a SYN that is lost is drawn so, and the one that arrives", wrong)


def of_never(folder):
    files = reads(folder, "ill", "1 ms apart")
    head = lines("diagram", "--last", "--port", str(NEVER), *files)[0]
    ran = subprocess.run(["tcphs", "diagram", "--last", "--port", str(NEVER), *files],
                         capture_output=True, text=True, check=False)
    wrong = differ("seen", [head[side]["seen"] for side in ("left", "right")], [True, False])
    if "server, who has 10.97.4.1:24109 and recorded then, has nothing" not in ran.stderr:
        wrong += [ran.stderr]
    result("of one that never arrived it is said who has nothing of it", wrong)


def of_nat(folder):
    files = reads(folder, "ill", "3 s apart")
    head = lines("diagram", "--last", "--address", ROUTER, "--port", str(WELL), *files)[0]
    wrong = differ("drawing", [head.get("translated"), head["left"]["peer_address"],
                               head["right"]["address"], head["right"].get("host")],
                   [True, ROUTER, SERVER, "server"])
    result("through NAT it is one drawing", wrong)


def judge(folder, left, arrived):
    for name in SHIFTS:
        of_clocks(folder, name)
    for name in ("3 s apart", "a day apart"):
        of_ends(folder, name)
    of_one_machine(folder)
    of_health(folder)
    of_syns(folder, int(left), int(arrived))
    of_findings(folder)
    of_late(folder)
    of_never(folder)
    of_nat(folder)


{"serve": serve, "call": call, "judge": judge}[sys.argv[1]](*sys.argv[2:])
