# SPDX-License-Identifier: GPL-2.0
"""Concept: what in a drawing is recorded, and what follows from it."""
import os
import re

from kit.lesson import concept
from kit.network import cookie


def flags(text):
    """Of each segment that tcpdump tells of: its flags and its number, in order of these."""
    return sorted(re.findall(r"Flags (\[[^]]*\]), (?:seq (\d+), )?(?:ack (\d+))?", text))


@concept("The flags in a drawing: inferred from what, and what is not known")
def drawn_flags(page, net):
    page.meaning("tcphs records steps of the kernel's TCP, and no segments. What stands at an "
                 "arrow (SYN, ACK, FIN, RST) is inferred from the step that sent the segment, or "
                 "that it caused. The numbers are not inferred: seq and ack are taken from the "
                 "segment or the socket at that step.")
    page.meaning("SYN: sent by connect() (syn-sent, syn-retransmit), or met by a listener "
                 "(syn-received, syn-dropped). SYN+ACK: the answer that the request of "
                 "syn-received makes, and what made the other end ESTABLISHED. ACK, the third "
                 "segment: what brings a connection into the accept queue (accept-queued), or "
                 "would have (accept-overflow).")
    page.meaning("FIN+ACK: fin-sent and fin-received. Linux sends no FIN without an ACK. ACK of a "
                 "FIN: fin-acked, and time-wait for the last one. RST or RST+ACK: rst-sent and "
                 "rst-received have recorded which of the two.")
    page.meaning("Not known, and not drawn: PSH, URG and ECN, segments of data one by one (there "
                 "is a double arrow with their sum), an ACK that causes no step, and a segment "
                 "that was lost before it got here. A dashed line is what the other machine did, "
                 "as its segments give it away; its states are in parentheses.")
    client, server = net.pair(net.server.listen())
    conn = cookie(client)
    client.close()
    page.event(net.client, "fin-acked")
    server.close()
    page.event(net.server, "closed")
    page.event(net.client, "closed")
    page.look("A connection without data, as it is drawn:")
    page.draw(conn)
    page.look("The same segments, rebuilt from what the client has recorded, for Wireshark or "
              "tcpdump:")
    rebuilt = os.path.join(page.scratch.name, "rebuilt.pcapng")
    page.show(net.client, "tcphs", "export", "--pcapng", rebuilt)
    inferred = page.show(None, "tcpdump", "-nn", "-S", "-ttttt", "-r", rebuilt)
    page.look("And the capture of the wire:")
    captured = page.tcpdump()
    page.claim("{count} segments, each with the same flags and numbers in both.",
               flags(inferred), flags(captured), count=len(flags(captured)))
    page.further("handshake", "four_way_close", "three_segments", "bad_third")
