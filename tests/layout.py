# SPDX-License-Identifier: GPL-2.0
"""Where in the bytes of struct tcphs_event its fields are, for tests that take records apart.
tests/abi compares it with the header, which knows it; run, it prints that comparison in C."""
import struct

SIZE = 192
FIELDS = {"number": (0, "=Q"), "time": (8, "=Q"), "type": (24, "=B"), "seq": (28, "=I"),
          "ack": (32, "=I"), "flags": (36, "=I"), "cpu": (40, "=H"), "id.conn": (48, "=Q"),
          "id.local_port": (88, "=H"), "id.peer_port": (90, "=H"), "id.isn": (92, "=I"),
          "id.peer_isn": (96, "=I"), "id.role": (100, "=B"), "id.netns": (104, "=I"),
          "id.pid": (108, "=I"), "id.cgroup": (112, "=Q"), "id.comm": (120, "=16s")}
F_OWNER = 1 << 4


def field(event, name):
    at, how = FIELDS[name]
    return struct.unpack_from(how, event, at)[0]


def with_field(event, name, value):
    at, how = FIELDS[name]
    new = bytearray(event)
    struct.pack_into(how, new, at, value)
    return bytes(new)


def compared():
    yield "#include <stddef.h>"
    yield "#include <linux/tcphs.h>"
    yield f"_Static_assert(sizeof(struct tcphs_event) == {SIZE}, \"its size\");"
    yield f"_Static_assert(TCPHS_F_OWNER == {F_OWNER}, \"TCPHS_F_OWNER\");"
    for name, (at, how) in FIELDS.items():
        yield (f"_Static_assert(offsetof(struct tcphs_event, {name}) == {at} && "
               f"sizeof(((struct tcphs_event *)0)->{name}) == {struct.calcsize(how)}, \"{name}\");")


if __name__ == "__main__":
    print("\n".join(compared()))
