# SPDX-License-Identifier: GPL-2.0
"""A TCP peer that sends exactly the segments it is told to.

It stands at the far end of a TUN device: what the kernel sends to PEER4 or PEER6
is read here, byte by byte, and nothing answers on its own.
"""
import collections
import fcntl
import hashlib
import os
import select
import socket
import struct
import subprocess
import time

HOST = {4: "10.99.0.1", 6: "fd99::1"}
PEER = {4: "10.99.0.2", 6: "fd99::2"}
# Another of the far end's addresses.
ELSEWHERE = {4: "10.99.0.3", 6: "fd99::3"}
DEVICE = "tcphs-wire"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
# As in lib.sh: how many times longer everything takes here.
PATIENCE = int(os.environ.get("TCPHS_PATIENCE", "1"))

Segment = collections.namedtuple("Segment", "sport dport seq ack flags window options data")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def sum32(a, b):
    return (a + b) & 0xffffffff


class Wire:
    """The device, and whatever arrived that nobody has asked for yet."""

    def __init__(self):
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        # TUNSETIFF with IFF_TUN | IFF_NO_PI
        fcntl.ioctl(self.fd, 0x400454ca, struct.pack("16sH22x", DEVICE.encode(), 0x1001))
        for command in (f"addr add {HOST[4]}/24 dev {DEVICE}",
                        f"link set {DEVICE} up",
                        f"addr add {HOST[6]}/64 dev {DEVICE} nodad"):
            subprocess.run(["ip", *command.split()], check=True)
        self.waiting = []
        self.log = collections.deque(maxlen=9973)	# all that came, asked for or not

    def send(self, version, protocol, payload, offset, sender=PEER):
        """@offset: of the checksum in the payload, which a pseudo header precedes."""
        source, target = (socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET,
                                           address[version]) for address in (sender, HOST))
        if offset is not None:
            pseudo = source + target + struct.pack("!II", len(payload), protocol)
            value = checksum(pseudo + payload)
            payload = payload[:offset] + struct.pack("!H", value) + payload[offset + 2:]
        if version == 6:
            header = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + source + target
        else:
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
            header += source + target
            header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        os.write(self.fd, header + payload)
        return header + payload

    def poll(self, seconds):
        """Reads one packet, if one comes in time; keeps it if it is TCP."""
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return
        packet = os.read(self.fd, 65535)
        version, start = packet[0] >> 4, 40
        if version == 4:
            start = 4 * (packet[0] & 15)
        if packet[9 if version == 4 else 6] != socket.IPPROTO_TCP:
            return
        tcp = packet[start:]
        sport, dport, seq, ack, offset, flags, window = struct.unpack("!HHIIBBH", tcp[:16])
        length = 4 * (offset >> 4)
        segment = Segment(sport, dport, seq, ack, flags & 0x3f, window, tcp[20:length],
                          tcp[length:])
        self.log.append(segment)
        self.waiting.append((packet, segment))

    def take(self, port, wanted, seconds):
        """The next segment to @port for which wanted() holds; others to it are dropped."""
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            while self.waiting:
                packet, segment = self.waiting.pop(0)
                if segment.dport == port and wanted(segment):
                    return packet, segment
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing of the kind came to port {port}")
            self.poll(0.05)


def signature(version, head, data, length, key):
    """RFC 2385, of the peer's segment of that @length, options counted in."""
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    source, target = (socket.inet_pton(family, a[version]) for a in (PEER, HOST))
    lengths = struct.pack("!II" if version == 6 else "!HH",
                          *((length, 6) if version == 6 else (6, length)))
    return hashlib.md5(source + target + lengths + head + data + key).digest()


class Peer:
    """One connection's far end: its numbers, and what it saw."""

    def __init__(self, wire, version, port, isn=1000003, address=PEER):
        self.wire, self.version, self.port = wire, version, port
        self.address = address
        self.remote = None		# the kernel's port
        self.isn = isn
        self.seq = isn			# of the next segment
        self.ack = 0			# what the kernel's next number will be
        self.seen = []			# segments of the kernel, in order
        self.last = b""			# the last packet it got

    def send(self, flags, data=b"", seq=None, ack=None, window=64240, options=b"", key=None):
        """@key: signs it"""
        if key is not None:
            options += b"\1\1\x13\x12" + bytes(16)
        options += b"\1" * (-len(options) % 4)
        head = struct.pack("!HHIIBBHHH", self.port, self.remote,
                           self.seq if seq is None else seq,
                           (self.ack if ack is None else ack) if flags & ACK else 0,
                           (20 + len(options)) << 2, flags, window, 0, 0)
        if key is not None:
            options = options[:-16] + signature(self.version, head, data,
                                                len(head + options + data), key)
        self.wire.send(self.version, socket.IPPROTO_TCP, head + options + data, 16, self.address)
        if seq is None:
            self.seq = sum32(self.seq, len(data) + bool(flags & SYN) + bool(flags & FIN))

    def await_(self, flags, seconds=10, data=None):
        """The kernel's next segment with these flags (PSH aside)."""
        self.last, segment = self.wire.take(self.port, lambda s: s.flags & ~PSH == flags and
                                            (data is None or s.data == data), seconds)
        self.seen.append(segment)
        self.remote = segment.sport
        end = sum32(segment.seq, len(segment.data) + bool(flags & SYN) + bool(flags & FIN))
        if not flags & RST:
            self.ack = end
        return segment

    def heard(self):
        """All that the kernel has sent here so far, awaited or not."""
        while select.select([self.wire.fd], [], [], 0)[0]:
            self.wire.poll(0)
        return [segment for segment in self.wire.log if segment.dport == self.port]

    def ask(self, port, options=b"", data=b""):
        """A SYN for a listener; its SYN+ACK, which is not confirmed yet."""
        self.remote = port
        self.send(SYN, options=options, data=data)
        return self.await_(SYN | ACK)

    def connect(self, port, options=b"", data=b""):
        """A whole handshake with a listener; @data on the third ACK."""
        self.ask(port, options)
        self.send(ACK, data=data)

    def accept(self, options=b""):
        """Answers the kernel's SYN; the third ACK has come when it returns."""
        self.await_(SYN)
        self.send(SYN | ACK, options=options)
        return self.await_(ACK)

    def icmp(self, kind, code):
        """An ICMP error that quotes the last packet."""
        quoted = self.last[:28 if self.version == 4 else 48]
        message = struct.pack("!BBHI", kind, code, 0, 0) + quoted
        if self.version == 4:
            message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
            self.wire.send(4, socket.IPPROTO_ICMP, message, None)
        else:
            self.wire.send(6, socket.IPPROTO_ICMPV6, message, 2)

    def unreachable(self):
        """ICMP: the host of the last packet can't be reached."""
        self.icmp(*((3, 1) if self.version == 4 else (1, 3)))
