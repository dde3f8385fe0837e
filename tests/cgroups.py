#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Clients in cgroups as systemd and the makers of containers name them, which are gone then.

cgroups.py DIRECTORY, where cgroups v2 are mounted: says a JSON object a connection.
cgroups.py DIRECTORY refused: a unit and a container are refused, seven times each."""
import json
import os
import socket
import sys

ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
POD = "0b2d0f3a-4c5d-6e7f-8091-a2b3c4d5e6f7"
IN_POD = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + POD.replace("-", "_")
USER = "/user.slice/user-1000.slice/user@1000.service"

# Where; unit, container, pod.
PATHS = [
    ("/", None, None, None),
    ("/system.slice/nginx.service", "nginx.service", None, None),
    ("/system.slice/system-redis.slice/redis@7.service", "redis@7.service", None, None),
    (USER + "/app.slice/app-get.service", "app-get.service", None, None),
    ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", None, None),
    (f"/system.slice/docker-{ID}.scope", f"docker-{ID}.scope", ID, None),
    (f"/docker/{OTHER}", None, OTHER, None),
    (f"{IN_POD}.slice/cri-containerd-{OTHER}.scope", f"cri-containerd-{OTHER}.scope", OTHER, POD),
    (f"{IN_POD}.slice/crio-{OTHER}.scope", f"crio-{OTHER}.scope", OTHER, POD),
    (f"/machine.slice/libpod-{OTHER}.scope/container", f"libpod-{OTHER}.scope", OTHER, None),
    ("/lxc.payload.web-1/system.slice/cron.service", "cron.service", "web-1", None),
    ("/machine.slice/systemd-nspawn@deb.service/payload", "systemd-nspawn@deb.service", "deb", None),
]
EACH = 3


def enter(directory):
    with open(directory + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))


def leave_none(top, path):
    """Up to the first that somebody is in."""
    while path != "/":
        try:
            os.rmdir(top + path)
        except OSError:
            break
        path = os.path.dirname(path)


def refused(top):
    for path, *_ in PATHS[1], PATHS[5]:
        os.makedirs(top + path, exist_ok=True)
        # Nobody else gets that port meanwhile.
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            pid = os.fork()
            if not pid:
                enter(top + path)
                for _ in range(7):
                    with socket.socket() as s:
                        s.connect_ex(nobody.getsockname())
                os._exit(0)
            os.waitpid(pid, 0)
        leave_none(top, path)


def client(directory, server):
    """In a process of its own, which ends: prints the ports that it had."""
    out, inner = os.pipe()
    pid = os.fork()
    if not pid:
        enter(directory)
        for _ in range(EACH):
            with socket.create_connection(("127.0.0.1", server)) as connection:
                os.write(inner, connection.getsockname()[1].to_bytes(2, "big"))
                # The server closes first, so that nothing is left of this end.
                connection.recv(1)
        os._exit(0)
    os.close(inner)
    with os.fdopen(out, "rb") as file:
        data = file.read()
    if os.waitpid(pid, 0)[1]:
        sys.exit("a client failed")
    return [int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2)]


def main():
    top = sys.argv[1]
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    server = listener.getsockname()[1]
    if not os.fork():
        for _ in range(len(PATHS) * EACH):
            listener.accept()[0].close()
        os._exit(0)
    listener.close()
    for path, unit, container, pod in PATHS:
        os.makedirs(top + path, exist_ok=True)
        for port in client(top + path, server):
            print(json.dumps({"port": port, "server": server, "cgroup": path, "unit": unit,
                              "container": container, "pod": pod}))
    os.wait()
    for path, *_ in PATHS:
        leave_none(top, path)


if __name__ == "__main__":
    if sys.argv[2:]:
        refused(sys.argv[1])
    else:
        main()
