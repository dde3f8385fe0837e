#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What tcphs export --pcapng makes of made up connections: packet by packet, and as Wireshark
(tshark) reads them.

	pcapng.py TOOL TEST_EXPORT (which writes the recordings)
"""
import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import tap
from tap import result, same
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
# pylint: disable=wrong-import-position
import rebuilt

TOP = pathlib.Path(__file__).resolve().parent / "../.."
TOOL, RECORDER = map(os.path.abspath, sys.argv[1:])
ENV = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
L_ISN, R_ISN = 4000000000, 17
LETTERS = {"S": rebuilt.SYN, "F": rebuilt.FIN, "R": rebuilt.RST, "A": rebuilt.ACK}

# Of each recording all packets: the sender by its address, flags, numbers from the ISNs, and
# o for one that left from the end that recorded it, i for one that came in.
HANDSHAKE = ["1 S 0 o", "2 SA 0 1 o", "1 A 1 1 o"]
EXPECTED = {
    "loopback": HANDSHAKE + ["1 FA 79 162 o", "2 A 162 80 i", "2 FA 199 80 o", "1 A 80 200 o"],
    "client": ["1 S 0 o", "1 S 0 o", "2 SA 0 1 i", "1 A 1 1 o", "1 FA 79 162 o",
               # ACK and FIN in one
               "2 FA 162 80 i", "1 A 80 163 o"],
    "server": ["1 S 0 i", "2 SA 0 1 o", "1 A 1 1 i", "1 FA 1 1 i", "2 FA 1 2 o", "1 A 2 2 i"],
    # The RST's number is not in this record, as on 5.10; told.h means SEQ 0.
    "refused": ["1 S 0 o", "2 RA =0 1 i"],
    "expired": ["1 S 0 i", "2 SA 0 1 o", "2 SA 0 1 o"],
    "crossing": HANDSHAKE + ["1 FA 1 1 o", "2 FA 1 1 o", "2 A 2 2 i", "1 A 2 2 i"],
    "overflow": ["1 S 0 i", "2 SA 0 1 o", "1 A 1 1 i", "2 R 1 o"],
    "lost": ["1 S 0 o", "1 S 0 o", "1 S 0 o", "2 SA 0 1 o", "1 A 1 1 o"],
    "cookie": ["1 S 0 i", "2 SA 0 1 o", "1 A 1 1 i"],
    # The SYN carried 71 bytes, which the SYN+ACK confirms and the ACK comes after.
    "fastopen": ["1 S 0 i", "2 SA 0 72 o", "1 A 72 1 i"],
    "met": ["1 S 0 i", "2 SA 0 1 o", "1 A 1 1 i", "1 S 700000 i", "1 S 700000 i", "1 RA 1 1 i"],
    "meets": ["1 S 0 o", "1 R 300000 o", "1 S 0 o", "2 SA 0 1 i", "1 A 1 1 o", "1 FA 1 1 o"],
    "put_back": ["1 FA 1 1 o"],
    "gave_up": ["1 S 0 o", "1 S 0 o"],
    "dropped": ["1 S 0 i"],
    "late_accept": HANDSHAKE + ["1 FA 1 1 o"],
    # Each end calls the other by another address, so each has its own packets.
    "nat": ["1 S 0 o", "1 S 0 i", "2 SA 0 1 o", "9 SA 0 1 i", "1 A 1 1 o", "1 A 1 1 i",
            "1 RA 79 162 o", "1 RA 79 162 i"],
    "nat_refused": ["1 S 0 o", "2 RA =0 1 o", "9 RA =0 1 i"],
    "self": ["1 S 0 o", "1 SA 0 1 o", "1 FA 6 6 o", "1 A 7 7 i"],
    "adopted": ["1 RA 1 1 o"],
}
# As Wireshark numbers them: SYN 1, SYN+ACK 2, ACK 4, data 8, FIN 16, RST 32.
COMPLETE = {"loopback": 23, "client": 23, "server": 23, "crossing": 23, "expired": 3, "lost": 7,
            "refused": 37, "gave_up": 1, "overflow": 39, "cookie": 7}
# From the SYN to the third ACK. When the first SYN was lost, from the one that was not.
INITIAL_RTT = {"loopback": "0.000140000", "server": "0.000760000", "crossing": "0.100000000",
               "fastopen": "0.006246000"}
SECONDS_MAX = 40


def run(*arguments, **how):
    return subprocess.run(arguments, env=ENV, check=False, capture_output=True,
                          stdin=subprocess.DEVNULL, **how)


def export(folder, name, *options):
    path = f"{folder}/{name}.pcapng"
    answer = run(TOOL, "export", "--read", f"{folder}/{name}", "--pcapng", path, "--force", *options)
    assert not answer.returncode, answer.stderr.decode()
    return path, answer.stderr.decode()


def tshark(path, *options):
    """Its lines; checksums are looked at, which they are not else."""
    answer = run("tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE",
                 "-o", "tcp.check_checksum:TRUE", *options)
    assert not answer.returncode, answer.stderr.decode()
    return answer.stdout.decode().splitlines()


def side(address):
    """The last number of the address; those of IPv6 are a1a1... and a2a2..."""
    return address[-1] & 15


def packet_of(p):
    """As in EXPECTED"""
    letters = "".join(letter for letter, bit in LETTERS.items() if p.flags & bit)
    isn = (L_ISN, R_ISN) if side(p.source) == 1 else (R_ISN, L_ISN)
    seq = (p.seq - isn[0]) % 2**32
    words = [str(side(p.source)), letters, f"={p.seq}" if letters == "RA" and not p.seq else str(seq)]
    if p.flags & rebuilt.ACK:
        words.append(str((p.ack - isn[1]) % 2**32))
    return " ".join(words + ["o" if p.outbound else "i"])


def every_packet(folder):
    for name, expected in EXPECTED.items():
        path, _ = export(folder, name)
        got = [packet_of(p) for p in rebuilt.packets(path)]
        if name in ("self", "adopted", "put_back"):
            # What of these counts from an ISN nobody knows, or from the same one.
            got = [g.split()[1] for g in got]
            expected = [e.split()[1] for e in expected]
        same(got, expected, f"{name}: its packets")


# What Wireshark is asked for each packet.
FIELDS = ("tcp.port", "_ws.malformed", "_ws.expert.severity", "tcp.checksum.status",
          "tcp.completeness", "tcp.analysis.initial_rtt")
ERROR = str(0x800000)


def wireshark(folder):
    """It is slow to begin, so it gets all of them at once: each has ports of its own."""
    with open(f"{folder}/all.pcapng", "wb") as f:
        for name in EXPECTED:
            f.write(pathlib.Path(f"{folder}/{name}.pcapng").read_bytes())
    options = [word for field in FIELDS for word in ("-e", field)]
    lines = tshark(f"{folder}/all.pcapng", "-2", "-T", "fields", *options)
    packets = [dict(zip(FIELDS, line.split("\t"))) for line in lines]
    same(len(packets), sum(map(len, EXPECTED.values())), "Wireshark reads all packets")
    same([p for p in packets if p["_ws.malformed"]], [], "none is malformed")
    same([p for p in packets if ERROR in p["_ws.expert.severity"]], [], "nor an error")
    same({p["tcp.checksum.status"] for p in packets}, {"1"}, "checksums are right")
    streams = {}
    for p in packets:
        port = max(map(int, p["tcp.port"].split(",")))
        streams.setdefault(list(EXPECTED)[port - 40001], []).append(p)
    for name, complete in COMPLETE.items():
        same({p["tcp.completeness"] for p in streams[name]}, {str(complete)},
             f"{name}: it sees what there was of a connection")
    for name, rtt in INITIAL_RTT.items():
        same({p["tcp.analysis.initial_rtt"] for p in streams[name]} - {""}, {rtt},
             f"{name}: its time of the handshake is the recorded one")


def details(folder):
    path = f"{folder}/loopback.pcapng"
    told = list(rebuilt.packets(path))
    said = [p.comment for p in told]
    result(all(c.startswith("reconstructed by tcphs, not captured; ") for c in said),
           "each comment says that it is reconstructed", said)
    for i, words in ((0, "sent: syn-sent, conn a, cu<r&l[209]"),
                     (0, "received 90.0 µs later: syn-received, conn b, SYN queue 1/64"),
                     (2, "established, conn a, cu<r&l[209], handshake 140 µs, agreed: mss 1448"),
                     (2, "received 50.0 µs later: accept-queued, conn b"),
                     (2, "also 50.0 µs later: established, conn b, handshake 190 µs"),
                     (4, "received: fin-acked")):
        result(words in said[i], f"packet {i}: {words}", said[i])
    same([p.window for p in told[:4]], [65535, 65160, 502, 65535],
         "windows are those recorded, and the rest is 65535")
    result("window is not recorded" in said[0] and "window is recorded" in said[1],
           "and the comment says which", said[:2])
    same(tshark(path, "-T", "fields", "-e", "tcp.options.wscale.shift", "-e",
                "tcp.options.sack_perm", "-Y", "tcp.flags.syn == 1"),
         ["7\t0402", "9\t0402"], "the options of the SYNs are those agreed on")
    same([p.time for p in told][:3], [1700000001000000000 + us * 1000 for us in (0, 90, 140)],
         "times have nanoseconds and are of the day")
    said = [p.comment for p in rebuilt.packets(f"{folder}/client.pcapng")]
    result("fin-received" in said[5] and "also: fin-acked" in said[5],
           "a FIN that confirms ours is one packet, and both records' comment", said[5])
    said = [p.comment for p in rebuilt.packets(f"{folder}/lost.pcapng")]
    result("received 100 µs later: syn-dropped, syn-queue-full" in said[1] and
           "received" not in said[0], "what became of each SYN is said", said)


def spaces(folder):
    path, said = export(folder, "spaces")
    told = list(rebuilt.packets(path))
    same([p.interface for p in told], ["netns 4026531840", "netns 4026531841",
                                       "netns 4026531840", "netns 4026531840",
                                       "netns 4026531840", "netns 4026531841",
                                       "netns 4026531840"],
         "each namespace is an interface, and packets are where they left")
    result("5 lost" in said and any("5 records before it are lost" in p.comment for p in told),
           "what is lost is told, and in its place", said)
    answer = run("capinfos", path).stdout.decode()
    result("Capture application: tcphs " in answer and "Number of packets:   7" in answer and
           "Number of interfaces in file: 2" in answer and "Strict time order:   True" in answer,
           "capinfos reads it", answer)
    path, _ = export(folder, "spaces", "--role", "passive")
    same([packet_of(p) for p in rebuilt.packets(path)],
         ["1 S 0 i", "2 SA 0 1 o", "1 A 1 1 i", "1 FA 79 162 i", "2 FA 199 80 o", "1 A 80 200 i"],
         "of one end alone packets are as it saw them")


def all_types(folder):
    path, said = export(folder, "types")
    told = list(rebuilt.packets(path))
    result(told and "sequence numbers are not on record" in said,
           "of segments without numbers there are no packets, and that is said", said)
    result(not any(ord(c) < 32 for p in told for c in p.comment), "a name can't hide in a comment")
    same(tshark(path, "-Y", "_ws.malformed || _ws.expert.severity == error"), [],
         "whatever the type of a record, nothing is malformed")
    path, _ = export(folder, "boots")
    result(len(list(rebuilt.packets(path))) == 9, "clocks may jump")


def documented(_):
    """Each event has its row, which says what becomes of it."""
    words = run(TOOL, "help", "words").stdout.decode()
    events = next(line.split()[1:] for line in words.splitlines() if line.startswith("--event "))
    page = (TOP / "Documentation/export.md").read_text(encoding="utf-8")
    rows = page[page.index("| event | packets |"):].split("\n\n")[0].splitlines()[2:]
    named = [name for row in rows for name in row.split("|")[1].strip().split(", ")]
    same(sorted(named), sorted(events), "export.md says of each event which packets it becomes")


def many(folder):
    began = time.monotonic()
    path, said = export(folder, "crowd")
    took = time.monotonic() - began
    told = list(rebuilt.packets(path))
    result(len(told) == 7 * 7919 and "55433 packets, 126704 events, 0 lost" in said,
           "7919 connections at once", said)
    result(took < SECONDS_MAX, f"it takes no more than {SECONDS_MAX} s", took)
    flows = {frozenset((p[:2], p[2:4])): 0 for p in told}
    for p in told:
        flows[frozenset((p[:2], p[2:4]))] += 1
    result(len(flows) == 7919 and set(flows.values()) == {7}, "each has all of its packets")


def piped(folder):
    """What is settled comes before the recording has an end"""
    whole = pathlib.Path(f"{folder}/client").read_bytes()
    with subprocess.Popen([TOOL, "export", "--read", "-", "--pcapng", "-"], env=ENV,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as tool:
        # Without the last piece, of 32 bytes.
        tool.stdin.write(whole[:-32])
        tool.stdin.flush()
        fcntl.fcntl(tool.stdout, fcntl.F_SETFL, os.O_NONBLOCK)
        got, deadline = b"", time.monotonic() + SECONDS_MAX
        while b"syn-sent" not in got and time.monotonic() < deadline:
            got += tool.stdout.read() or b""
            time.sleep(0.01)
        result(tool.poll() is None and b"syn-sent" in got, "what comes out of a pipe is handed on", got)
        tool.stdin.close()


def files(folder):
    source = f"{folder}/loopback"
    whole = pathlib.Path(f"{folder}/loopback.pcapng").read_bytes()
    answer = run(TOOL, "export", "--read", source, "--pcapng", "-")
    same(answer.stdout, whole, "standard output gets the same")
    name = f"{folder}/there"
    pathlib.Path(name).write_text("old", encoding="ascii")
    answer = run(TOOL, "export", "--read", source, "--pcapng", name)
    result(answer.returncode == 1 and b"--force replaces it" in answer.stderr and
           pathlib.Path(name).read_text(encoding="ascii") == "old", "a file that is there stays",
           answer)
    answer = run(TOOL, "export", "--read", f"{folder}/none", "--pcapng", name, "--force")
    result(answer.returncode == 1 and pathlib.Path(name).read_text(encoding="ascii") == "old",
           "so it does when nothing can be read", answer)
    answer = run(TOOL, "export", "--read", source, "--pcapng", name, "--force", "--json")
    result(not answer.returncode and pathlib.Path(name).read_bytes() == whole and
           b'"events":16,"lost":0,"packets":7,"without_seq":0}' in answer.stdout,
           "with --force it is replaced", answer)
    same(os.stat(name).st_mode & 0o777, 0o600, "and is for its owner alone: it has ISNs")
    os.symlink(name, f"{folder}/link")
    answer = run(TOOL, "export", "--read", source, "--pcapng", f"{folder}/link", "--force")
    result(not answer.returncode and os.path.islink(f"{folder}/link"), "a link stays one", answer)
    answer = run(TOOL, "export", "--read", source, "--pcapng", "/dev/full")
    result(answer.returncode == 1 and b"cannot write /dev/full" in answer.stderr,
           "a full disk is an error", answer)
    answer = run(TOOL, "export", "--read", source, "--pcapng", f"{folder}/no/file")
    result(answer.returncode == 1 and b"cannot write" in answer.stderr, "so is a folder that is not",
           answer)
    with open(source, "rb") as f:
        pathlib.Path(f"{folder}/cut").write_bytes(f.read()[:1000])
    answer = run(TOOL, "export", "--read", f"{folder}/cut", "--pcapng", f"{folder}/part")
    result(answer.returncode == 6 and list(rebuilt.packets(f"{folder}/part")) == [],
           "a damaged recording says so, and what is whole of it is there", answer)
    piped(folder)
    with subprocess.Popen([TOOL, "export", "--read", "-", "--pcapng", f"{folder}/ended"], env=ENV,
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE) as tool:
        tool.stdin.write(pathlib.Path(source).read_bytes()[:1000])
        tool.stdin.flush()
        deadline = time.monotonic() + SECONDS_MAX
        while not (begun := any(n.startswith("ended.") for n in os.listdir(folder))) and \
                time.monotonic() < deadline:
            time.sleep(0.01)
        tool.send_signal(signal.SIGTERM)
        said = tool.stderr.read().decode()
    result(begun and tool.returncode == 1 and "no file is left" in said, "one that is ended says so",
           said)
    left = [n for n in os.listdir(folder) if "." in n and not n.endswith(".pcapng")]
    same(left, [], "no part of a file is left")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([RECORDER, folder], check=True)
        for test in every_packet, wireshark, details, spaces, all_types, documented, many, files:
            test(folder)
    return tap.end()


sys.exit(main())
