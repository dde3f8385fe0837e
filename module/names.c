// SPDX-License-Identifier: GPL-2.0
/* The words for the numbers: RFC 9293's states, everything else as in the contract. */
#include "names.h"

const char *const tcphs_state_names[TCPHS_STATE_MAX + 1] = {
	[TCPHS_STATE_UNSPEC] = "-",
	[TCPHS_STATE_ESTABLISHED] = "ESTABLISHED",
	[TCPHS_STATE_SYN_SENT] = "SYN-SENT",
	[TCPHS_STATE_SYN_RECV] = "SYN-RECEIVED",
	[TCPHS_STATE_FIN_WAIT1] = "FIN-WAIT-1",
	[TCPHS_STATE_FIN_WAIT2] = "FIN-WAIT-2",
	[TCPHS_STATE_TIME_WAIT] = "TIME-WAIT",
	[TCPHS_STATE_CLOSE] = "CLOSED",
	[TCPHS_STATE_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCPHS_STATE_LAST_ACK] = "LAST-ACK",
	[TCPHS_STATE_LISTEN] = "LISTEN",
	[TCPHS_STATE_CLOSING] = "CLOSING",
};

const char *const tcphs_event_names[TCPHS_EV_MAX + 1] = {
	[TCPHS_EV_UNSPEC] = "-",
	[TCPHS_EV_SYN_SENT] = "syn-sent",
	[TCPHS_EV_SYN_RETRANSMIT] = "syn-retransmit",
	[TCPHS_EV_SYN_RECEIVED] = "syn-received",
	[TCPHS_EV_SYN_DROPPED] = "syn-dropped",
	[TCPHS_EV_SYNCOOKIE_SENT] = "syncookie-sent",
	[TCPHS_EV_SYNACK_RETRANSMIT] = "synack-retransmit",
	[TCPHS_EV_REQUEST_EXPIRED] = "request-expired",
	[TCPHS_EV_REQUEST_RESET] = "request-reset",
	[TCPHS_EV_ESTABLISHED] = "established",
	[TCPHS_EV_ACCEPT_QUEUED] = "accept-queued",
	[TCPHS_EV_ACCEPT_OVERFLOW] = "accept-overflow",
	[TCPHS_EV_ACCEPTED] = "accepted",
	[TCPHS_EV_CONNECT_FAILED] = "connect-failed",
	[TCPHS_EV_FIN_SENT] = "fin-sent",
	[TCPHS_EV_FIN_RECEIVED] = "fin-received",
	[TCPHS_EV_FIN_ACKED] = "fin-acked",
	[TCPHS_EV_FIN_RETRANSMIT] = "fin-retransmit",
	[TCPHS_EV_RST_SENT] = "rst-sent",
	[TCPHS_EV_RST_RECEIVED] = "rst-received",
	[TCPHS_EV_TIME_WAIT] = "time-wait",
	[TCPHS_EV_TIME_WAIT_FIN] = "time-wait-fin",
	[TCPHS_EV_TIME_WAIT_END] = "time-wait-end",
	[TCPHS_EV_CLOSED] = "closed",
	[TCPHS_EV_LISTEN] = "listen",
	[TCPHS_EV_UNLISTEN] = "unlisten",
};

const char *const tcphs_reason_names[TCPHS_REASON_MAX + 1] = {
	[TCPHS_REASON_NONE] = "none",
	[TCPHS_REASON_REFUSED] = "refused",
	[TCPHS_REASON_TIMEOUT] = "timeout",
	[TCPHS_REASON_UNREACHABLE] = "unreachable",
	[TCPHS_REASON_NO_PORT] = "no-port",
	[TCPHS_REASON_CLOSED_BY_USER] = "closed-by-user",
	[TCPHS_REASON_RESET_RECEIVED] = "reset-received",
	[TCPHS_REASON_ABORTED] = "aborted",
	[TCPHS_REASON_KILLED] = "killed",
	[TCPHS_REASON_NO_SOCKET] = "no-socket",
	[TCPHS_REASON_BAD_SEGMENT] = "bad-segment",
	[TCPHS_REASON_LISTENER_CLOSED] = "listener-closed",
	[TCPHS_REASON_ACCEPT_QUEUE_FULL] = "accept-queue-full",
	[TCPHS_REASON_SYN_QUEUE_FULL] = "syn-queue-full",
	[TCPHS_REASON_EXPIRED] = "expired",
	[TCPHS_REASON_REUSED_BY_SYN] = "reused-by-syn",
	[TCPHS_REASON_REUSED_BY_CONNECT] = "reused-by-connect",
	[TCPHS_REASON_NETNS_EXIT] = "netns-exit",
	[TCPHS_REASON_OTHER] = "other",
};

const char *const tcphs_role_names[TCPHS_ROLE_MAX + 1] = {
	[TCPHS_ROLE_UNKNOWN] = "unknown",
	[TCPHS_ROLE_ACTIVE] = "active",
	[TCPHS_ROLE_PASSIVE] = "passive",
	[TCPHS_ROLE_SIMULTANEOUS] = "simultaneous",
	[TCPHS_ROLE_LISTENER] = "listener",
};
