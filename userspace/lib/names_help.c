/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What names mean, in a line each. Those of events and reasons are for "tcphs help names",
 * and from there for tcphs(8) (tests/unit/man_names.py): at most 52 characters.
 */
#include "internal.h"

static const char *const event_help[__TCPHS_EV_MAX] = {
	[TCPHS_EV_SYN_SENT]		= "connect() sent its first SYN",
	[TCPHS_EV_SYN_RETRANSMIT]	= "the SYN was sent again, for want of an answer",
	[TCPHS_EV_SYN_RECEIVED]		= "a SYN came and is in the listener's SYN queue",
	[TCPHS_EV_SYN_DROPPED]		= "a SYN came and was dropped, for the reason given",
	[TCPHS_EV_SYNCOOKIE_SENT]	= "a SYN cookie answered the SYN, nothing is queued",
	[TCPHS_EV_SYNACK_RETRANSMIT]	= "the SYN+ACK was sent again, for want of an ACK",
	[TCPHS_EV_REQUEST_EXPIRED]	= "no third ACK came, to any of the SYN+ACKs",
	[TCPHS_EV_REQUEST_RESET]	= "a handshake was cut short on the listener's side",
	[TCPHS_EV_ESTABLISHED]		= "the handshake is over",
	[TCPHS_EV_ACCEPT_QUEUED]	= "the third ACK came, it waits for accept()",
	[TCPHS_EV_ACCEPT_OVERFLOW]	= "a SYN or third ACK met a full accept queue",
	[TCPHS_EV_ACCEPTED]		= "accept() returned it",
	[TCPHS_EV_CONNECT_FAILED]	= "connect() failed, for the reason given",
	[TCPHS_EV_FIN_SENT]		= "this end closed its direction",
	[TCPHS_EV_FIN_RECEIVED]		= "the peer closed its direction",
	[TCPHS_EV_FIN_ACKED]		= "the peer confirmed this end's FIN",
	[TCPHS_EV_FIN_RETRANSMIT]	= "the FIN was sent again, for want of an ACK",
	[TCPHS_EV_RST_SENT]		= "this end sent a RST, for the reason given",
	[TCPHS_EV_RST_RECEIVED]		= "the peer sent a RST",
	[TCPHS_EV_TIME_WAIT]		= "TIME-WAIT begins",
	[TCPHS_EV_TIME_WAIT_FIN]	= "the peer's FIN came again, in TIME-WAIT",
	[TCPHS_EV_TIME_WAIT_END]	= "TIME-WAIT is over, for the reason given",
	[TCPHS_EV_CLOSED]		= "the end of the socket, with its whole life",
	[TCPHS_EV_LISTEN]		= "listen() made it a listener",
	[TCPHS_EV_UNLISTEN]		= "it listens no more",
	[TCPHS_EV_SYN_DUPLICATE]	= "the SYN came again, its answer may be lost",
	[TCPHS_EV_ACK_DEFERRED]		= "third ACK ignored: TCP_DEFER_ACCEPT awaits data",
	[TCPHS_EV_SYN_UNEXPECTED]	= "another's SYN met this connection, which is older",
	[TCPHS_EV_BACKLOG_CHANGED]	= "listen() again, with another backlog",
	[TCPHS_EV_MIGRATED]		= "its listener closed, another of its group has it",
	[TCPHS_EV_ICMP_RECEIVED]	= "an ICMP error came for what was sent",
};

static const char *const reason_help[__TCPHS_REASON_MAX] = {
	[TCPHS_REASON_NONE]		= "no reason is known, or none is needed",
	[TCPHS_REASON_REFUSED]		= "a RST answered the SYN",
	[TCPHS_REASON_TIMEOUT]		= "sent again and again, or kept alive, in vain",
	[TCPHS_REASON_UNREACHABLE]	= "ICMP: host or network unreachable",
	[TCPHS_REASON_NO_PORT]		= "all local ports are in use to this peer",
	[TCPHS_REASON_CLOSED_BY_USER]	= "close() before the handshake was over",
	[TCPHS_REASON_RESET_RECEIVED]	= "the peer sent a RST",
	[TCPHS_REASON_LINGER]		= "close() with SO_LINGER 0, or TCP_LINGER2 below 0",
	[TCPHS_REASON_KILLED]		= "an administrator ended it, as ss -K does",
	[TCPHS_REASON_NO_SOCKET]	= "a segment came that no socket here is for",
	[TCPHS_REASON_BAD_SEGMENT]	= "a segment came that does not fit the state",
	[TCPHS_REASON_LISTENER_CLOSED]	= "the listener was closed first",
	[TCPHS_REASON_ACCEPT_QUEUE_FULL] = "accept() is not called often enough",
	[TCPHS_REASON_SYN_QUEUE_FULL]	= "the SYN queue is full, and cookies are off",
	[TCPHS_REASON_EXPIRED]		= "TIME-WAIT lasted its time",
	[TCPHS_REASON_REUSED_BY_SYN]	= "a new SYN took the place of the TIME-WAIT",
	[TCPHS_REASON_REUSED_BY_CONNECT] = "connect() took the place of the TIME-WAIT",
	[TCPHS_REASON_NETNS_EXIT]	= "the network namespace was destroyed",
	[TCPHS_REASON_OTHER]		= "an error of the kernel that has no name here",
	[TCPHS_REASON_UNREAD_DATA]	= "close() while data were not read",
	[TCPHS_REASON_DISCONNECT]	= "connect() to AF_UNSPEC, or an early shutdown()",
	[TCPHS_REASON_DATA_AFTER_CLOSE]	= "data came for a socket that nobody reads",
	[TCPHS_REASON_NO_MEMORY]	= "too many orphans, or too much memory in TCP",
	[TCPHS_REASON_TIME_WAIT_FULL]	= "tcp_max_tw_buckets: TIME-WAIT was left out",
	[TCPHS_REASON_SYN_BACKLOG]	= "cookies off, 3/4 of tcp_max_syn_backlog in use",
	[TCPHS_REASON_SYNCOOKIE]	= "the third ACK carried a valid SYN cookie",
	[TCPHS_REASON_FASTOPEN]		= "TCP Fast Open",
	[TCPHS_REASON_BAD_COOKIE]	= "the ACK carries no valid SYN cookie",
	[TCPHS_REASON_CHALLENGE_ACK]	= "the SYN was answered by an ACK (RFC 5961)",
	[TCPHS_REASON_RATE_LIMITED]	= "the SYN was not answered, one was not long ago",
	[TCPHS_REASON_OLD_ACK]		= "an ACK came that is an older connection's",
	[TCPHS_REASON_ICMP_REFUSED]	= "ICMP: port or protocol unreachable",
	[TCPHS_REASON_ICMP_PROHIBITED]	= "ICMP: prohibited, the word of a firewall",
	[TCPHS_REASON_NO_ROUTE]		= "no route to that address, or one to nowhere",
	[TCPHS_REASON_NO_ADDRESS]	= "there is no local address that can be used",
	[TCPHS_REASON_NOT_PERMITTED]	= "by this machine's firewall, its routes or BPF",
	[TCPHS_REASON_ADDRESS_IN_USE]	= "the local port was given, and is taken",
	[TCPHS_REASON_TAKEN_OUT]	= "closed with TCP_REPAIR, to go on elsewhere",
};

/* Of connections and listeners that are not followed, and what to do about it. */
static const char *const refused_help[__TCPHS_REFUSED_MAX] = {
	[TCPHS_REFUSED_FULL]	= "the table is full: load tcphs with a larger table_size",
	[TCPHS_REFUSED_MEMORY]	= "they came faster than entries were made: it ends with the burst",
	[TCPHS_REFUSED_SHARE]	= "theirs hold most of a table nearly full: a larger table_size",
	[TCPHS_REFUSED_BUCKET]	= "too many whose cookies end alike: somebody chooses them so",
};

/**
 * tcphs_refused_help - why there is no entry, and what to do
 * @n: enum tcphs_refused, one that there is
 *
 * Return: NULL for one that nobody has explained; a test looks for them.
 */
const char *tcphs_refused_help(unsigned int n)
{
	return n <= TCPHS_REFUSED_MAX ? refused_help[n] : NULL;
}

/**
 * tcphs_event_help - what an event is
 * @n: enum tcphs_event_type, one that there is
 *
 * Return: NULL for one that nobody has explained; a test looks for them.
 */
const char *tcphs_event_help(unsigned int n)
{
	return n <= TCPHS_EV_MAX ? event_help[n] : NULL;
}

/**
 * tcphs_reason_help - what a reason is
 * @n: enum tcphs_reason, one that there is
 *
 * Return: NULL for one that nobody has explained; a test looks for them.
 */
const char *tcphs_reason_help(unsigned int n)
{
	return n <= TCPHS_REASON_MAX ? reason_help[n] : NULL;
}

static const struct {
	const char *name, *help;
} missing[] = {
	[TCPHS_MISSING_NOT_KEPT] = { "not-kept", "it is no longer there, or never was recorded" },
	[TCPHS_MISSING_NO_RECORDER] = { "no-recorder", "no recorder ran" },
	[TCPHS_MISSING_NO_MODULE] = { "no-module", "the module was not loaded" },
	[TCPHS_MISSING_DISK] = { "disk", "the disk took nothing" },
	[TCPHS_MISSING_DAMAGED] = { "damaged", "the recording is damaged there" },
};

/**
 * tcphs_missing_name - why a recording has nothing of a time, for machines
 * @why: which of them
 */
const char *tcphs_missing_name(enum tcphs_missing_why why)
{
	return missing[why].name;
}

/**
 * tcphs_missing_help - why a recording has nothing of a time, in words
 * @why: which of them
 */
const char *tcphs_missing_help(enum tcphs_missing_why why)
{
	return missing[why].help;
}
