#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each filter of the tool, and of the kernel, lets through what it should.

usage: filters.py events|connections|kernel|recording [PID] [RECORDING]

What a filter should do is said here a second time, in Python, over the JSON of
everything. Since TIME_WAITs end while we look, everything is read before and
after: what passed both times must be there, and nothing that never passed. PID is the server's of population.py. Says "pass NAME" or "fail NAME".
"""
import ipaddress
import json
import socket
import struct
import subprocess
import sys

import cursor
import layout
import objects

FAILED = {"syn-dropped", "request-expired", "request-reset", "accept-overflow",
          "connect-failed", "rst-sent", "rst-received"}
CONN_GET, CONN_CONN, CONN_GENERATION, CONN_FILTER, CONN_WAITING = 3, 4, 5, 23, 27
PORTS, LOCAL_PORTS, PEER_PORTS, ADDRESSES, PIDS, ROLES, OLDER_THAN, STATES, EVENTS = range(2, 11)


def tcphs(*words):
    out = subprocess.run(["tcphs", *words], check=True, stdout=subprocess.PIPE).stdout
    objects.keep(words[0], out)
    return [json.loads(line) for line in out.splitlines()]


def port(*ports):
    return lambda row: row["local_port"] in ports or row["peer_port"] in ports


def address(*prefixes):
    networks = [ipaddress.ip_network(prefix) for prefix in prefixes]
    return lambda row: any(ipaddress.ip_address(row[end]) in network
                           for end in ("local", "peer") for network in networks)


def failed(row):
    return row["event"] in FAILED or (row["event"] == "closed" and
                                      row.get("reason", "time-wait-full") != "time-wait-full")


def both(*tests):
    return lambda row: all(test(row) for test in tests)


# What means the same of an event and of a connection.
def common_cases(pid):
    return [
        (["--port", "8080"], port(8080)),
        (["--port", "8081,8085"], port(8081, 8085)),
        (["--local-port", "8082"], lambda row: row["local_port"] == 8082),
        (["--peer-port", "8082,8083"], lambda row: row["peer_port"] in (8082, 8083)),
        (["--address", "127.0.0.2"], address("127.0.0.2/32")),
        (["--address", "127.0.0.2/31"], address("127.0.0.2/31")),
        (["--address", "127.0.0.0/31"], address("127.0.0.0/31")),
        (["--address", "::1"], address("::1/128")),
        (["--address", "::/0"], address("::/0")),
        (["--address", "::ffff:127.0.0.2,::1/128"], address("127.0.0.2/32", "::1/128")),
        (["--role", "active"], lambda row: row["role"] == "active"),
        (["--role", "passive,simultaneous"], lambda row: row["role"] == "passive"),
        (["--pid", str(pid)], lambda row: row.get("pid") == pid),
        (["--comm", "filter-client"], lambda row: row.get("comm") == "filter-client"),
        (["--comm", "nobody,filter-server", "--port", "8080"],
         both(lambda row: row.get("comm") == "filter-server", port(8080))),
        (["--port", "8082", "--role", "active", "--address", "127.0.0.0/8"],
         both(port(8082), lambda row: row["role"] == "active", address("127.0.0.0/8"))),
        (["--port", "9"], port(9)),
    ]


def event_cases(pid):
    def states(*names):
        return lambda row: row["old"] in names or row["new"] in names

    return common_cases(pid) + [
        (["--state", "time-wait"], states("time-wait")),
        (["--state", "syn-sent,close-wait"], states("syn-sent", "close-wait")),
        (["--state", "bucket"], states("syn-recv", "time-wait")),
        (["--event", "established"], lambda row: row["event"] == "established"),
        (["--event", "listen,closed"], lambda row: row["event"] in ("listen", "closed")),
        (["--role", "listener"], lambda row: row["role"] == "listener"),
        (["--failed"], failed),
        (["--failed", "--event", "closed"], both(failed, lambda row: row["event"] == "closed")),
        (["--failed", "--event", "established"], lambda row: False),
        (["--failed", "--peer-port", "8083"],
         both(failed, lambda row: row["peer_port"] == 8083)),
        (["--older-than", "1ms"], lambda row: row.get("duration_ns", 0) >= 1000000),
    ]


def conn_cases(pid):
    def states(*names):
        return lambda row: row["state"] in names

    ages = sorted(row["age_ns"] for row in tcphs("connections", "-j"))
    middle = ages[len(ages) // 2] // 1000000
    return common_cases(pid) + [
        (["--older-than", f"{middle}ms"], lambda row: row["age_ns"] >= middle * 1000000),
        (["--state", "established"], states("established")),
        (["-s", "fin-wait-2,close-wait"], states("fin-wait-2", "close-wait")),
        (["--state", "established", "--local-port", "8080"],
         both(states("established"), lambda row: row["local_port"] == 8080)),
    ]


def event_key(row):
    return (row["cpu"], row["number"])


def conn_key(row):
    return (row["conn"], row["generation"])


def verdict(good, name, *why):
    if not good:
        print(*why)
    print("pass" if good else "fail", name, flush=True)


def compare(what, name, everything, got, passes, key):
    """everything() before, what the filter gives, everything() after."""
    before = {key(row) for row in everything() if passes(row)}
    given = {key(row) for row in got()}
    after = {key(row) for row in everything() if passes(row)}
    verdict(before & after <= given <= before | after, f"{what} {name}", f"{len(before)} before, {len(given)} given,"
            f" {len(after)} after; missing {sorted((before & after) - given)[:3]},"
            f" too many {sorted(given - before - after)[:3]}")
    return len(before)


def check_cases(verb, cases, key, extra=()):
    total = 0

    def rows(*words):
        return [row for row in tcphs(verb, "-j", *extra, *words) if row.get("event") != "lost"]

    for words, passes in cases:
        total += compare(verb, " ".join(words), rows, lambda: rows(*words), passes, key)
    verdict(total > 100, f"{verb}: there was enough to filter", total)


def prefix(text):
    network = ipaddress.ip_network(text)
    family = socket.AF_INET6 if network.version == 6 else socket.AF_INET
    return network.network_address.packed.ljust(16, b"\0") + \
        struct.pack("=BBH", family, network.prefixlen, 0)


def u16(*numbers):
    return struct.pack(f"={len(numbers)}H", *numbers)


def nest(kind, filters):
    return cursor.attribute(kind | cursor.NESTED, b"".join(
        cursor.attribute(*each) for each in filters))


def ask_kernel(command, request):
    """The attributes of each message of a dump."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    for message in cursor.ask(sock, cursor.find_family(sock), command, cursor.NLM_F_DUMP, request):
        yield list(cursor.attributes(message))
    sock.close()


def kernel_events(filters):
    """(cpu, number) of the records that the kernel itself lets through."""
    for message in ask_kernel(cursor.EVENT_GET, nest(cursor.FILTER, filters)):
        cpu = struct.unpack("=I", dict(message)[cursor.CPU])[0]
        for kind, value in message:
            if kind == cursor.RECORD:
                yield {"cpu": cpu, "number": layout.field(value, "number")}


def kernel_conns(request):
    for message in ask_kernel(CONN_GET, request):
        values = dict(message)
        yield {"conn": f"{struct.unpack('=Q', values[CONN_CONN])[0]:x}",
               "generation": struct.unpack("=H", values[CONN_GENERATION])[0]}


def kernel_cases(pid):
    return [
        ("ports", [(PORTS, u16(8081, 8085))], port(8081, 8085)),
        ("local ports", [(LOCAL_PORTS, u16(8082))], lambda row: row["local_port"] == 8082),
        ("peer ports", [(PEER_PORTS, u16(8082, 1, 8083))],
         lambda row: row["peer_port"] in (8082, 8083)),
        ("a prefix", [(ADDRESSES, prefix("127.0.0.2/31"))], address("127.0.0.2/31")),
        ("an odd prefix", [(ADDRESSES, prefix("127.0.0.0/31"))], address("127.0.0.0/31")),
        ("two addresses", [(ADDRESSES, prefix("127.0.0.2/32") + prefix("::1/128"))],
         address("127.0.0.2/32", "::1/128")),
        ("a process", [(PIDS, struct.pack("=II", 1, pid))], lambda row: row.get("pid") == pid),
        ("a role", [(ROLES, struct.pack("=I", 1 << 1))], lambda row: row["role"] == "active"),
        ("a port and a role", [(PORTS, u16(8080)), (ROLES, struct.pack("=I", 1 << 2))],
         both(port(8080), lambda row: row["role"] == "passive")),
        ("nobody's port", [(PORTS, u16(9))], port(9)),
        ("nothing", [], lambda row: True),
    ]


def check_kernel(pid):
    def events():
        return [row for row in tcphs("events", "-j") if row["event"] != "lost"]

    def conns():
        return tcphs("connections", "-j")

    for name, filters, passes in kernel_cases(pid):
        compare("kernel: events of", name, events, lambda: kernel_events(filters), passes, event_key)
        compare("kernel: connections of", name, conns,
                lambda: kernel_conns(nest(CONN_FILTER, filters)), passes, conn_key)
    for name, filters, passes in (
            ("two types", [(EVENTS, struct.pack("=Q", 1 << 9 | 1 << 23))],
             lambda row: row["event"] in ("established", "closed")),
            ("two states", [(STATES, struct.pack("=I", 1 << 2 | 1 << 8))],
             lambda row: {row["old"], row["new"]} & {"syn-sent", "close-wait"}),
            ("an age", [(OLDER_THAN, struct.pack("=Q", 1000000))],
             lambda row: row.get("duration_ns", 0) >= 1000000)):
        compare("kernel: events of", name, events, lambda: kernel_events(filters), passes, event_key)


def check_waiting():
    """Five come, and two are accepted."""
    server = socket.create_server(("127.0.0.1", 0), backlog=9)
    held = [socket.create_connection(server.getsockname()) for _ in range(5)]
    held += [server.accept()[0] for _ in range(2)]

    def waiting(ns):
        request = cursor.attribute(CONN_WAITING, struct.pack("=Q", ns))
        return sorted(conn_key(row) for row in kernel_conns(request))

    rows = [row for row in tcphs("connections", "-j") if "waiting_ns" in row]
    found = waiting(0), waiting(min(row["waiting_ns"] for row in rows)), waiting(3600 * 10 ** 9)
    expected = sorted(map(conn_key, rows))
    verdict(found == (expected, expected, []) and
            sum(row["local_port"] == server.getsockname()[1] for row in rows) == 3,
            "kernel: connections that wait for accept()", (found, rows))


def main():
    what, pid = sys.argv[1], int(sys.argv[2])
    if what == "events":
        check_cases("events", event_cases(pid), event_key)
    elif what == "recording":
        check_cases("events", event_cases(pid), event_key, ("--read", sys.argv[3]))
    elif what == "connections":
        check_cases("connections", conn_cases(pid), conn_key)
    else:
        check_kernel(pid)
        check_waiting()


if __name__ == "__main__":
    main()
