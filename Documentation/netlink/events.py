#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Events as they happen, by the kernel's own netlink client, which is in its source. As root:
	events.py /usr/src/linux/tools/net/ynl [SPECIFICATION]"""
import sys
import time

sys.path += [sys.argv[1], sys.argv[1] + "/pyynl"]
from lib import YnlFamily  # pylint: disable=wrong-import-position,import-error

tcphs = YnlFamily((sys.argv + ["/usr/share/tcphs/tcphs.yaml"])[2], schema="")
cursors = {}    # of each CPU: the number of the record that its events go on with
while True:
    request = {"cursor": [{"cpu": cpu, "next": number} for cpu, number in cursors.items()]}
    for part in tcphs.dump("event-get", request):
        cursors[part["cpu"]] = part["next"]
        for event in part.get("record", []):
            print(event["time"], event["type"], event["local-port"], event["peer-port"], flush=True)
    time.sleep(1)
