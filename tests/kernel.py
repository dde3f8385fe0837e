# SPDX-License-Identifier: GPL-2.0
"""What this kernel does not show, as the documentation says; tests assert just that."""
import os
import re

RELEASE = tuple(int(n) for n in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())

PREEMPT_RT = "PREEMPT_RT" in os.uname().version

# tcp_reset() is given the segment from 5.11 on: a RST that is received has numbers,
# and data after close() are told apart from it before they are answered.
RESET_HAS_SEGMENT = RELEASE >= (5, 11)

# From 6.18 on softirqs of a CPU interleave on PREEMPT_RT, and what a full queue makes a
# listener drop can't be reported. (A kernel with PREEMPT_RT_NEEDS_BH_LOCK would be another.)
TELLS_DROPS = not (PREEMPT_RT and RELEASE >= (6, 18))


def ack_data(count):
    """Nor is it known there what a third ACK carries."""
    return count if TELLS_DROPS else None


# Who has a 4-tuple that connect() wants can't be looked up where preemption is off, as it is
# in tracepoints before 7.0, on PREEMPT_RT.
FINDS_WHO_IS_IN_THE_WAY = not (PREEMPT_RT and RELEASE < (7, 0))

# Debian's kernels have VRFs and BPF programs of cgroups, those that are built here have not.
HAS_VRF = HAS_CGROUP_BPF = not re.search("debug|kcsan|clang", os.uname().release)

# TW and TWKilled count the buckets that are made, from 5.18 on; those that their timer
# ends, until then.
BUCKET_COUNTS_WHEN_MADE = RELEASE >= (5, 18)

# Requests of a listener that closes move to another of its SO_REUSEPORT group, where
# net.ipv4.tcp_migrate_req or a BPF program says so, from 5.14 on.
REQUESTS_MIGRATE = RELEASE >= (5, 14)

# inet_csk_reqsk_queue_hash_add() refuses a request that is there already; 5.10 keeps both.
FINDS_SAME_REQUEST = RELEASE >= (6, 1)
# kfree_skb says why from 5.17 on, and of BPF programs from 5.19 on.
DROPS_HAVE_REASONS = RELEASE >= (5, 19)

# ss -K ends a socket that no process holds, by RST.
ORPHANS_CAN_BE_KILLED = RELEASE >= (6, 12)

# ss -K ends TIME_WAIT.
BUCKETS_CAN_BE_KILLED = RELEASE >= (6, 0)
