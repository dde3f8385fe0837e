# SPDX-License-Identifier: GPL-2.0
# flake8: noqa: F401
# pylint: disable=unused-import
"""All lessons, in the order in which they build on each other."""
import handshake
import isn
import stale_syn
import bad_third
import syn_queue
import accept_queue
import syn_cookie
import early_data
import accept_call
import four_way_close
import half_close
import three_segments
import simultaneous_close
import last_ack
import time_wait_ends
import reset
import first_closer
import tour
from concepts import two_queues, syn_cookies, time_wait, drawn_flags, deaf_hooks
from night import accept_slow, close_wait, who_reset, no_ports, syn_flood, connect_fails
