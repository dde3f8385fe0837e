/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place where a number of the contract and its name meet. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_of(const char *const *table, size_t nr, unsigned int n, char *buf)
{
	if (n < nr && table[n])
		return table[n];
	snprintf(buf, TCPHS_NAME_LEN, "?%u", n);
	return buf;
}

static const char *const state_names[] = {
	[TCPHS_STATE_UNSPEC]		= "-",
	[TCPHS_STATE_ESTABLISHED]	= "ESTABLISHED",
	[TCPHS_STATE_SYN_SENT]		= "SYN-SENT",
	[TCPHS_STATE_SYN_RECV]		= "SYN-RECEIVED",
	[TCPHS_STATE_FIN_WAIT1]		= "FIN-WAIT-1",
	[TCPHS_STATE_FIN_WAIT2]		= "FIN-WAIT-2",
	[TCPHS_STATE_TIME_WAIT]		= "TIME-WAIT",
	[TCPHS_STATE_CLOSE]		= "CLOSED",
	[TCPHS_STATE_CLOSE_WAIT]	= "CLOSE-WAIT",
	[TCPHS_STATE_LAST_ACK]		= "LAST-ACK",
	[TCPHS_STATE_LISTEN]		= "LISTEN",
	[TCPHS_STATE_CLOSING]		= "CLOSING",
};

static const char *const state_keys[] = {
	[TCPHS_STATE_UNSPEC]		= "none",
	[TCPHS_STATE_ESTABLISHED]	= "established",
	[TCPHS_STATE_SYN_SENT]		= "syn-sent",
	[TCPHS_STATE_SYN_RECV]		= "syn-recv",
	[TCPHS_STATE_FIN_WAIT1]		= "fin-wait-1",
	[TCPHS_STATE_FIN_WAIT2]		= "fin-wait-2",
	[TCPHS_STATE_TIME_WAIT]		= "time-wait",
	[TCPHS_STATE_CLOSE]		= "closed",
	[TCPHS_STATE_CLOSE_WAIT]	= "close-wait",
	[TCPHS_STATE_LAST_ACK]		= "last-ack",
	[TCPHS_STATE_LISTEN]		= "listen",
	[TCPHS_STATE_CLOSING]		= "closing",
};

static const char *const event_names[] = {
	[TCPHS_EV_SYN_SENT]		= "syn-sent",
	[TCPHS_EV_SYN_RETRANSMIT]	= "syn-retransmit",
	[TCPHS_EV_SYN_RECEIVED]		= "syn-received",
	[TCPHS_EV_SYN_DROPPED]		= "syn-dropped",
	[TCPHS_EV_SYNCOOKIE_SENT]	= "syncookie-sent",
	[TCPHS_EV_SYNACK_RETRANSMIT]	= "synack-retransmit",
	[TCPHS_EV_REQUEST_EXPIRED]	= "request-expired",
	[TCPHS_EV_REQUEST_RESET]	= "request-reset",
	[TCPHS_EV_ESTABLISHED]		= "established",
	[TCPHS_EV_ACCEPT_QUEUED]	= "accept-queued",
	[TCPHS_EV_ACCEPT_OVERFLOW]	= "accept-overflow",
	[TCPHS_EV_ACCEPTED]		= "accepted",
	[TCPHS_EV_CONNECT_FAILED]	= "connect-failed",
	[TCPHS_EV_FIN_SENT]		= "fin-sent",
	[TCPHS_EV_FIN_RECEIVED]		= "fin-received",
	[TCPHS_EV_FIN_ACKED]		= "fin-acked",
	[TCPHS_EV_FIN_RETRANSMIT]	= "fin-retransmit",
	[TCPHS_EV_RST_SENT]		= "rst-sent",
	[TCPHS_EV_RST_RECEIVED]		= "rst-received",
	[TCPHS_EV_TIME_WAIT]		= "time-wait",
	[TCPHS_EV_TIME_WAIT_FIN]	= "time-wait-fin",
	[TCPHS_EV_TIME_WAIT_END]	= "time-wait-end",
	[TCPHS_EV_CLOSED]		= "closed",
	[TCPHS_EV_LISTEN]		= "listen",
	[TCPHS_EV_UNLISTEN]		= "unlisten",
	[TCPHS_EV_SYN_DUPLICATE]	= "syn-duplicate",
	[TCPHS_EV_ACK_DEFERRED]		= "ack-deferred",
	[TCPHS_EV_SYN_UNEXPECTED]	= "syn-unexpected",
	[TCPHS_EV_BACKLOG_CHANGED]	= "backlog-changed",
	[TCPHS_EV_MIGRATED]		= "migrated",
	[TCPHS_EV_ICMP_RECEIVED]	= "icmp-received",
};

static const char *const reason_names[] = {
	[TCPHS_REASON_NONE]		= "none",
	[TCPHS_REASON_REFUSED]		= "refused",
	[TCPHS_REASON_TIMEOUT]		= "timeout",
	[TCPHS_REASON_UNREACHABLE]	= "unreachable",
	[TCPHS_REASON_NO_PORT]		= "no-port",
	[TCPHS_REASON_CLOSED_BY_USER]	= "closed-by-user",
	[TCPHS_REASON_RESET_RECEIVED]	= "reset-received",
	[TCPHS_REASON_LINGER]		= "linger",
	[TCPHS_REASON_KILLED]		= "killed",
	[TCPHS_REASON_NO_SOCKET]	= "no-socket",
	[TCPHS_REASON_BAD_SEGMENT]	= "bad-segment",
	[TCPHS_REASON_LISTENER_CLOSED]	= "listener-closed",
	[TCPHS_REASON_ACCEPT_QUEUE_FULL] = "accept-queue-full",
	[TCPHS_REASON_SYN_QUEUE_FULL]	= "syn-queue-full",
	[TCPHS_REASON_EXPIRED]		= "expired",
	[TCPHS_REASON_REUSED_BY_SYN]	= "reused-by-syn",
	[TCPHS_REASON_REUSED_BY_CONNECT] = "reused-by-connect",
	[TCPHS_REASON_NETNS_EXIT]	= "netns-exit",
	[TCPHS_REASON_OTHER]		= "other",
	[TCPHS_REASON_UNREAD_DATA]	= "unread-data",
	[TCPHS_REASON_DISCONNECT]	= "disconnect",
	[TCPHS_REASON_DATA_AFTER_CLOSE]	= "data-after-close",
	[TCPHS_REASON_NO_MEMORY]	= "no-memory",
	[TCPHS_REASON_TIME_WAIT_FULL]	= "time-wait-full",
	[TCPHS_REASON_SYN_BACKLOG]	= "syn-backlog",
	[TCPHS_REASON_SYNCOOKIE]	= "syncookie",
	[TCPHS_REASON_FASTOPEN]		= "fastopen",
	[TCPHS_REASON_BAD_COOKIE]	= "bad-cookie",
	[TCPHS_REASON_CHALLENGE_ACK]	= "challenge-ack",
	[TCPHS_REASON_RATE_LIMITED]	= "rate-limited",
	[TCPHS_REASON_OLD_ACK]		= "old-ack",
	[TCPHS_REASON_ICMP_REFUSED]	= "icmp-refused",
	[TCPHS_REASON_ICMP_PROHIBITED]	= "icmp-prohibited",
	[TCPHS_REASON_NO_ROUTE]		= "no-route",
	[TCPHS_REASON_NO_ADDRESS]	= "no-address",
	[TCPHS_REASON_NOT_PERMITTED]	= "not-permitted",
	[TCPHS_REASON_ADDRESS_IN_USE]	= "address-in-use",
	[TCPHS_REASON_TAKEN_OUT]	= "taken-out",
};

static const char *const role_names[] = {
	[TCPHS_ROLE_UNKNOWN]		= "unknown",
	[TCPHS_ROLE_ACTIVE]		= "active",
	[TCPHS_ROLE_PASSIVE]		= "passive",
	[TCPHS_ROLE_SIMULTANEOUS]	= "simultaneous",
	[TCPHS_ROLE_LISTENER]		= "listener",
};

static const char *const closer_names[] = {
	[TCPHS_CLOSER_NONE]		= "none",
	[TCPHS_CLOSER_LOCAL]		= "local",
	[TCPHS_CLOSER_PEER]		= "peer",
	[TCPHS_CLOSER_BOTH]		= "both",
};

static const char *const hist_names[] = {
	[TCPHS_HIST_HANDSHAKE_ACTIVE]	= "handshake-active",
	[TCPHS_HIST_HANDSHAKE_PASSIVE]	= "handshake-passive",
	[TCPHS_HIST_ACCEPT_WAIT]	= "accept-wait",
	[TCPHS_HIST_TIME_WAIT]		= "time-wait",
};

static const char *const refused_names[] = {
	[TCPHS_REFUSED_UNSPEC]		= "-",
	[TCPHS_REFUSED_FULL]		= "full",
	[TCPHS_REFUSED_MEMORY]		= "memory",
	[TCPHS_REFUSED_SHARE]		= "share",
	[TCPHS_REFUSED_BUCKET]		= "bucket",
};

static const char *const hook_kind_names[] = {
	[TCPHS_HOOK_TRACEPOINT]		= "tracepoint",
	[TCPHS_HOOK_FTRACE]		= "ftrace",
	[TCPHS_HOOK_KPROBE]		= "kprobe",
};

static const char *const option_names[] = { "sack", "timestamps", "wscale", "ecn", "fastopen",
					    "syncookie" };

/* Whoever appends to the contract is reminded to name it. */
_Static_assert(COUNT(state_names) == __TCPHS_STATE_MAX, "name the new state");
_Static_assert(COUNT(state_keys) == __TCPHS_STATE_MAX, "name the new state");
_Static_assert(COUNT(event_names) == __TCPHS_EV_MAX, "name the new event");
_Static_assert(COUNT(reason_names) == __TCPHS_REASON_MAX, "name the new reason");
_Static_assert(COUNT(role_names) == __TCPHS_ROLE_MAX, "name the new role");
_Static_assert(COUNT(closer_names) == __TCPHS_CLOSER_MAX, "name the new closer");
_Static_assert(COUNT(hist_names) == __TCPHS_HIST_MAX, "name the new histogram");
_Static_assert(COUNT(hook_kind_names) == __TCPHS_HOOK_KIND_MAX, "name the new kind");
_Static_assert(COUNT(refused_names) == __TCPHS_REFUSED_MAX, "name the new cause");
_Static_assert(COUNT(option_names) == TCPHS_OPTION_BITS, "name the new option");

/**
 * tcphs_state_name - a state as the RFC prints it
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_state_name(unsigned int n, char *buf)
{
	return name_of(state_names, COUNT(state_names), n, buf);
}

/**
 * tcphs_state_key - a state as ss knows it
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_state_key(unsigned int n, char *buf)
{
	return name_of(state_keys, COUNT(state_keys), n, buf);
}

/**
 * tcphs_event_name - enum tcphs_event_type
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_event_name(unsigned int n, char *buf)
{
	return name_of(event_names, COUNT(event_names), n, buf);
}

/**
 * tcphs_reason_name - enum tcphs_reason
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_reason_name(unsigned int n, char *buf)
{
	return name_of(reason_names, COUNT(reason_names), n, buf);
}

/**
 * tcphs_role_name - enum tcphs_role
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_role_name(unsigned int n, char *buf)
{
	return name_of(role_names, COUNT(role_names), n, buf);
}

/**
 * tcphs_closer_name - enum tcphs_closer
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_closer_name(unsigned int n, char *buf)
{
	return name_of(closer_names, COUNT(closer_names), n, buf);
}

/**
 * tcphs_hist_name - enum tcphs_hist
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_hist_name(unsigned int n, char *buf)
{
	return name_of(hist_names, COUNT(hist_names), n, buf);
}

/**
 * tcphs_hook_kind_name - enum tcphs_hook_kind
 * @n: the number
 * @buf: for "?N"
 */
const char *tcphs_hook_kind_name(unsigned int n, char *buf)
{
	return name_of(hook_kind_names, COUNT(hook_kind_names), n, buf);
}

/**
 * tcphs_refused_name - enum tcphs_refused
 * @n: number
 * @buf: for an unknown one, TCPHS_NAME_LEN bytes
 */
const char *tcphs_refused_name(unsigned int n, char *buf)
{
	return name_of(refused_names, COUNT(refused_names), n, buf);
}

/**
 * tcphs_option_name - TCPHS_OPT_*
 * @bit: the bit's number
 * @buf: for "?N"
 */
const char *tcphs_option_name(unsigned int bit, char *buf)
{
	return name_of(option_names, COUNT(option_names), bit, buf);
}

/* RFC 792, RFC 1122 and RFC 1812; RFC 4443. */
static const struct {
	uint8_t family, type;
	int code;		/* -1: any */
	const char *name;
} icmp_names[] = {
	{ AF_INET, 3, 0, "network unreachable" },
	{ AF_INET, 3, 1, "host unreachable" },
	{ AF_INET, 3, 2, "protocol unreachable" },
	{ AF_INET, 3, 3, "port unreachable" },
	{ AF_INET, 3, 6, "network unknown" },
	{ AF_INET, 3, 7, "host unknown" },
	{ AF_INET, 3, 9, "network prohibited" },
	{ AF_INET, 3, 10, "host prohibited" },
	{ AF_INET, 3, 13, "admin prohibited" },
	{ AF_INET, 11, -1, "time exceeded" },
	{ AF_INET, 12, -1, "parameter problem" },
	{ AF_INET6, 1, 0, "no route" },
	{ AF_INET6, 1, 1, "admin prohibited" },
	{ AF_INET6, 1, 2, "beyond scope" },
	{ AF_INET6, 1, 3, "address unreachable" },
	{ AF_INET6, 1, 4, "port unreachable" },
	{ AF_INET6, 1, 5, "source address prohibited" },
	{ AF_INET6, 1, 6, "reject route" },
	{ AF_INET6, 3, -1, "time exceeded" },
	{ AF_INET6, 4, 1, "unknown next header" },
	{ AF_INET6, 4, -1, "parameter problem" },
};

/**
 * tcphs_icmp_name - an ICMP error
 * @family: AF_INET, or AF_INET6 for ICMPv6
 * @type: its type
 * @code: its code
 * @buf: TCPHS_ICMP_LEN bytes, for one without a name
 */
const char *tcphs_icmp_name(unsigned int family, unsigned int type, unsigned int code, char *buf)
{
	size_t i;

	for (i = 0; i < COUNT(icmp_names); i++)
		if (icmp_names[i].family == family && icmp_names[i].type == type &&
		    (icmp_names[i].code < 0 || (unsigned int)icmp_names[i].code == code))
			return icmp_names[i].name;
	snprintf(buf, TCPHS_ICMP_LEN, "type %u code %u", type, code);
	return buf;
}

/* One word of a table of names -> its number; -1: none. */
static int word_number(const char *const *table, size_t nr, size_t from, const char *word,
		       size_t len)
{
	for (; from < nr; from++)
		if (table[from] && tcphs_same_word(table[from], word, len))
			return (int)from;
	return -1;
}

static int bad_word(char *bad, size_t size, const char *word, size_t len)
{
	snprintf(bad, size, "%.*s", (int)(len < 64 ? len : 64), word);
	return -EINVAL;
}

static int parse_names(const char *const *table, size_t nr, size_t from, const char *list,
		       uint64_t *mask, char *bad, size_t size)
{
	size_t len;
	int number;

	*mask = 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		number = word_number(table, nr, from, list, len);
		if (number < 0)
			return bad_word(bad, size, list, len);
		*mask |= 1ull << number;
		if (!list[len])
			return 0;
	}
}

#define BIT(state)	(1u << TCPHS_STATE_##state)
#define ALL_STATES	(((1u << __TCPHS_STATE_MAX) - 1) & ~BIT(UNSPEC))
#define CONNECTED	(ALL_STATES & ~(BIT(CLOSE) | BIT(LISTEN)))
#define MINISOCKETS	(BIT(SYN_RECV) | BIT(TIME_WAIT))

/* Groups with ss's meaning, and the other spellings that ss takes. */
static const struct {
	const char *word;
	uint32_t mask;
} state_words[] = {
	{ "all",		ALL_STATES },
	{ "connected",		CONNECTED },
	{ "synchronized",	CONNECTED & ~BIT(SYN_SENT) },
	{ "bucket",		MINISOCKETS },
	{ "big",		ALL_STATES & ~MINISOCKETS },
	{ "estab",		BIT(ESTABLISHED) },
	{ "syn-received",	BIT(SYN_RECV) },
	{ "syn-rcv",		BIT(SYN_RECV) },
	{ "unconn",		BIT(CLOSE) },
	{ "close",		BIT(CLOSE) },
	{ "unconnected",	BIT(CLOSE) },
	{ "listening",		BIT(LISTEN) },
};

static uint32_t word_mask(const char *word, size_t len)
{
	int state = word_number(state_keys, COUNT(state_keys), 1, word, len);
	unsigned int i;

	if (state > 0)
		return 1u << state;
	for (i = 0; i < COUNT(state_words); i++)
		if (tcphs_same_word(state_words[i].word, word, len))
			return state_words[i].mask;
	return 0;
}

/**
 * tcphs_events_parse - a list of events
 * @list: words between commas
 * @mask: gets a bit for each
 * @bad: on error the word that is none
 * @size: bytes of @bad
 */
int tcphs_events_parse(const char *list, uint64_t *mask, char *bad, size_t size)
{
	return parse_names(event_names, COUNT(event_names), 1, list, mask, bad, size);
}

/**
 * tcphs_roles_parse - a list of roles
 * @list: words between commas
 * @mask: gets a bit for each
 * @bad: on error the word that is none
 * @size: bytes of @bad
 */
int tcphs_roles_parse(const char *list, uint32_t *mask, char *bad, size_t size)
{
	size_t len;
	int role;

	*mask = 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		role = word_number(role_names, COUNT(role_names), 0, list, len);
		if (tcphs_same_word("client", list, len))
			role = TCPHS_ROLE_ACTIVE;
		else if (tcphs_same_word("server", list, len))
			role = TCPHS_ROLE_PASSIVE;
		if (role < 0)
			return bad_word(bad, size, list, len);
		*mask |= 1u << role;
		if (!list[len])
			return 0;
	}
}

/**
 * tcphs_states_parse - a list of states and groups of them
 * @list: words between commas
 * @mask: gets a bit for each state
 * @bad: on error the word that is none
 * @size: bytes of @bad
 */
int tcphs_states_parse(const char *list, uint32_t *mask, char *bad, size_t size)
{
	uint32_t one;
	size_t len;

	*mask = 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		one = word_mask(list, len);
		if (!one)
			return bad_word(bad, size, list, len);
		*mask |= one;
		if (!list[len])
			return 0;
	}
}

/**
 * tcphs_states_allowed - what tcphs_states_parse() takes, for a message
 */
const char *tcphs_states_allowed(void)
{
	return "established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed "
	       "close-wait last-ack listen closing; all connected synchronized bucket big";
}

/**
 * tcphs_event_tone - what kind of news it is
 * @type: enum tcphs_event_type
 */
enum tcphs_tone tcphs_event_tone(unsigned int type)
{
	switch (type) {
	case TCPHS_EV_ESTABLISHED:
	case TCPHS_EV_ACCEPTED:
		return TCPHS_TONE_GOOD;
	case TCPHS_EV_SYN_RETRANSMIT:
	case TCPHS_EV_SYNACK_RETRANSMIT:
	case TCPHS_EV_FIN_RETRANSMIT:
	case TCPHS_EV_SYNCOOKIE_SENT:
	case TCPHS_EV_TIME_WAIT_FIN:
	case TCPHS_EV_SYN_DUPLICATE:
	case TCPHS_EV_SYN_UNEXPECTED:
		return TCPHS_TONE_WARN;
	case TCPHS_EV_SYN_DROPPED:
	case TCPHS_EV_REQUEST_EXPIRED:
	case TCPHS_EV_REQUEST_RESET:
	case TCPHS_EV_ACCEPT_OVERFLOW:
	case TCPHS_EV_CONNECT_FAILED:
	case TCPHS_EV_RST_SENT:
	case TCPHS_EV_RST_RECEIVED:
	case TCPHS_EV_ICMP_RECEIVED:
		return TCPHS_TONE_BAD;
	case TCPHS_EV_FIN_SENT:
	case TCPHS_EV_FIN_RECEIVED:
	case TCPHS_EV_FIN_ACKED:
	case TCPHS_EV_TIME_WAIT:
	case TCPHS_EV_TIME_WAIT_END:
	case TCPHS_EV_CLOSED:
		return TCPHS_TONE_CLOSE;
	}
	return TCPHS_TONE_PLAIN;
}
