# SPDX-License-Identifier: GPL-2.0
"""What a listener throws away before it reaches a queue."""
import ctypes
import socket
import struct

from examine import trouble, Look, says
from tale import half_open, same
from wire import ACK, RST, SYN

SO_ATTACH_FILTER, IP_MINTTL, TCP_MD5SIG = 26, 21, 14


def knock(t, port, count):
    """Clients of one SYN each, which nobody answers."""
    clients = [t.connecting_to(port) for _ in range(count)]
    for client in clients:
        client.close()


def drop_all(listener):
    # BPF_RET, 0 bytes of the segment
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                        struct.pack("HL", 1, ctypes.addressof(program)))


@trouble
def socket_filter(t):
    """a socket filter that lets nothing through: no counter names it"""
    listener, port = t.serve()
    drop_all(listener)
    with Look() as look:
        knock(t, port, 3)
    finding = look.found(segments_discarded=("warning", 3))
    says(finding, "cause", "socket filter")
    same(t.grown("TcpExtListenDrops"), 0, "ListenDrops")


@trouble
def filter_beside_ttl(t):
    """a socket filter, while another listener's TTL security is counted: each has its own cause"""
    filtered, port = t.serve()
    drop_all(filtered)
    distant, other = t.serve()
    distant.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)
    with Look() as look:
        knock(t, port, 7)
        knock(t, other, 3)
    causes = {f["port"]: f["cause"] for f in look.findings if f["finding"] == "segments-discarded"}
    same(("socket filter" in causes[port], "TTL security" in causes[other]), (True, True), "causes")
    same((len(look.findings), t.grown("TcpExtTCPMinTTLDrop")), (2, 3), "findings, TCPMinTTLDrop")


@trouble
def ttl_security(t):
    """TTL security (IP_MINTTL) and clients from afar"""
    listener, port = t.serve()
    listener.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)
    with Look() as look:
        knock(t, port, 3)
    finding = look.found(segments_discarded=("warning", t.grown("TcpExtTCPMinTTLDrop")))
    says(finding, "more", "TcpExtTCPMinTTLDrop +3")
    says(finding, "cause", "TTL security")


@trouble
def md5_password(t):
    """a TCP MD5 password that the clients do not have"""
    listener, port = t.serve()
    key = struct.pack("=H2s4s120xBBHI80s", socket.AF_INET, b"", socket.inet_aton("127.0.0.1"),
                      0, 0, 6, 0, b"secret")
    listener.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, key)
    with Look() as look:
        knock(t, port, 3)
    finding = look.found(segments_discarded=("warning", t.grown("TcpExtTCPMD5NotFound")))
    says(finding, "cause", "no TCP MD5 signature")


@trouble
def discards_that_are_told(t):
    """healthy: SYNs that come again and checks that end with RST are discarded, too"""
    _, port = t.listener()
    with Look() as look:
        peers = half_open(t, port, 4)
        for peer in peers:
            peer.await_(SYN | ACK)
            peer.send(SYN, seq=peer.isn)
            peer.await_(SYN | ACK)
            peer.send(RST | ACK)
    look.found()
    look.saw("discards", "at listeners, without an event of their own 0")
