# SPDX-License-Identifier: GPL-2.0
"""What tcphs printed as JSON is kept for objects_fit of lib.sh, which compares it with its schema."""
import os


def keep(verb, text):
    """Lines that this verb printed, as bytes or not."""
    folder = os.environ.get("TCPHS_OBJECTS")
    if not folder or not text:
        return
    with open(f"{folder}/{verb}", "ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))
