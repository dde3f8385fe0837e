#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A half-close in which more bytes go than a sequence number can count.

Prints how many and by which port.
"""
import os
import socket
import threading

SIZE = (4 << 30) + 314159
# The most at once; no byte of it is copied on its way.
PIECE = 1 << 24


def answer(listener):
    s = listener.accept()[0]
    # The other end has said all it had to say.
    s.recv(1)
    zeros = os.memfd_create("zeros")
    os.ftruncate(zeros, PIECE)
    left = SIZE
    while left:
        left -= os.sendfile(s.fileno(), zeros, 0, min(left, PIECE))
    s.close()


def main():
    with socket.socket() as listener, socket.socket() as s:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = threading.Thread(target=answer, args=[listener])
        server.start()
        s.connect(listener.getsockname())
        s.shutdown(socket.SHUT_WR)
        got, buffer = 0, bytearray(PIECE)
        while n := s.recv_into(buffer, flags=socket.MSG_TRUNC):
            got += n
        server.join()
        print(got, listener.getsockname()[1])


if __name__ == "__main__":
    main()
