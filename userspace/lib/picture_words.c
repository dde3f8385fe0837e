/* SPDX-License-Identifier: GPL-2.0 */
/* What stands at arrows and lifelines. */
#include <stdio.h>

#include "picture.h"
#include "put.h"

static const char *const reasons[] = {
	[TCPHS_REASON_NONE]		= "",
	[TCPHS_REASON_REFUSED]		= "refused: nobody listens there",
	[TCPHS_REASON_TIMEOUT]		= "timed out",
	[TCPHS_REASON_UNREACHABLE]	= "unreachable",
	[TCPHS_REASON_NO_PORT]		= "no free local port",
	[TCPHS_REASON_CLOSED_BY_USER]	= "closed meanwhile",
	[TCPHS_REASON_RESET_RECEIVED]	= "reset by the other end",
	[TCPHS_REASON_LINGER]		= "close() with SO_LINGER or TCP_LINGER2 0",
	[TCPHS_REASON_KILLED]		= "killed by an administrator",
	[TCPHS_REASON_NO_SOCKET]	= "no socket has this address and port",
	[TCPHS_REASON_BAD_SEGMENT]	= "the segment does not fit the state",
	[TCPHS_REASON_LISTENER_CLOSED]	= "the listener was closed",
	[TCPHS_REASON_ACCEPT_QUEUE_FULL] = "accept queue full",
	[TCPHS_REASON_SYN_QUEUE_FULL]	= "SYN queue full",
	[TCPHS_REASON_EXPIRED]		= "expired",
	[TCPHS_REASON_REUSED_BY_SYN]	= "a new SYN takes its place",
	[TCPHS_REASON_REUSED_BY_CONNECT] = "connect() takes its place",
	[TCPHS_REASON_NETNS_EXIT]	= "the network namespace is gone",
	[TCPHS_REASON_OTHER]		= "an error without a name",
	[TCPHS_REASON_UNREAD_DATA]	= "close() with unread data",
	[TCPHS_REASON_DISCONNECT]	= "connect() to AF_UNSPEC",
	[TCPHS_REASON_DATA_AFTER_CLOSE]	= "data that nobody will read",
	[TCPHS_REASON_NO_MEMORY]	= "too many orphans, or no memory",
	[TCPHS_REASON_TIME_WAIT_FULL]	= "no room for TIME-WAIT",
	[TCPHS_REASON_SYN_BACKLOG]	= "tcp_max_syn_backlog used up",
	[TCPHS_REASON_SYNCOOKIE]	= "SYN cookie",
	[TCPHS_REASON_FASTOPEN]		= "TCP Fast Open",
	[TCPHS_REASON_BAD_COOKIE]	= "no valid SYN cookie",
	[TCPHS_REASON_CHALLENGE_ACK]	= "answered by a challenge ACK",
	[TCPHS_REASON_RATE_LIMITED]	= "not answered: challenge ACKs are rate-limited",
	[TCPHS_REASON_OLD_ACK]		= "the ACK is of an older connection",
	[TCPHS_REASON_ICMP_REFUSED]	= "refused by ICMP: port unreachable",
	[TCPHS_REASON_ICMP_PROHIBITED]	= "refused by ICMP: administratively prohibited",
	[TCPHS_REASON_NO_ROUTE]		= "no route",
	[TCPHS_REASON_NO_ADDRESS]	= "no local address",
	[TCPHS_REASON_NOT_PERMITTED]	= "not permitted by this machine",
	[TCPHS_REASON_ADDRESS_IN_USE]	= "the local port is in use",
	[TCPHS_REASON_MIGRATED]		= "another listener took it over",
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == __TCPHS_REASON_MAX, "explain the new reason");

/**
 * tcphs_reason_words - a reason for people
 * @reason: enum tcphs_reason
 */
const char *tcphs_reason_words(unsigned int reason)
{
	return reason <= TCPHS_REASON_MAX ? reasons[reason] : "a reason this tool does not know";
}

/**
 * tcphs_state_tone - the colour of a state
 * @state: enum tcphs_state
 */
enum tcphs_tone tcphs_state_tone(unsigned int state)
{
	switch (state) {
	case TCPHS_STATE_ESTABLISHED:
		return TCPHS_TONE_GOOD;
	case TCPHS_STATE_SYN_SENT:
	case TCPHS_STATE_SYN_RECV:
		return TCPHS_TONE_WARN;
	case TCPHS_STATE_CLOSE:
	case TCPHS_STATE_LISTEN:
		return TCPHS_TONE_PLAIN;
	}
	return TCPHS_TONE_CLOSE;
}

/* Counted from the ISN of who sent it; where that is not known, as it was, with an equals sign. */
static char *put_number(char *p, uint32_t number, const struct tcphs_end *from, bool absolute)
{
	if (!absolute && from->flags & TCPHS_F_ISN)
		return tcphs_fmt_u64(p, number - from->id.isn);
	if (!absolute)
		*p++ = '=';
	return tcphs_fmt_u64(p, number);
}

/**
 * tcphs_arrow_label - flags and numbers of a segment
 * @text: TCPHS_LABEL_LEN bytes
 * @p: the picture, for the ISNs
 * @arrow: the segment
 * @absolute: numbers as on the wire
 *
 * Return: the terminator.
 */
char *tcphs_arrow_label(char *text, const struct tcphs_picture *p,
			const struct tcphs_arrow *arrow, bool absolute)
{
	char *t = text;

	if (arrow->flags & TCPHS_SYN)
		t = PUT(t, "SYN+");
	if (arrow->flags & TCPHS_FIN)
		t = PUT(t, "FIN+");
	if (arrow->flags & TCPHS_RST)
		t = PUT(t, "RST+");
	if (arrow->flags & TCPHS_ACK)
		t = PUT(t, "ACK");
	else
		t--;
	if (arrow->has_seq)
		t = put_number(PUT(t, " seq "), arrow->seq, &p->end[arrow->from], absolute);
	if (arrow->has_ack)
		t = put_number(PUT(t, " ack "), arrow->ack, &p->end[!arrow->from], absolute);
	if (arrow->len)
		t = tcphs_fmt_u64(PUT(t, " len "), arrow->len);
	*t = '\0';
	return t;
}

static char *put_bytes(char *p, const struct tcphs_data *data, bool utf8)
{
	static const char *const sign[2][2] = { { "-> ", "<- " },
						{ "\342\206\222 ", "\342\206\220 " } };
	const char *start = p;
	int side;

	for (side = 0; side < 2; side++) {
		if (!data->known[side])
			continue;
		if (p != start)
			p = PUT(p, "  ");
		p = tcphs_put_str(p, sign[utf8][side]);
		p = tcphs_fmt_bytes(p, data->bytes[side]);
	}
	return p;
}

/**
 * tcphs_data_label - how much went which way, and for how long
 * @text: TCPHS_LABEL_LEN bytes
 * @data: the stretch of time
 * @utf8: arrows, and the µ
 *
 * Return: the terminator.
 */
char *tcphs_data_label(char *text, const struct tcphs_data *data, bool utf8)
{
	bool both = data->known[TCPHS_LEFT] && data->known[TCPHS_RIGHT];
	char *t = text;

	if (data->open)
		t = PUT(t, "open");
	else if (both && !data->bytes[TCPHS_LEFT] && !data->bytes[TCPHS_RIGHT])
		t = PUT(t, "no data");
	else if (!data->known[TCPHS_LEFT] && !data->known[TCPHS_RIGHT])
		t = PUT(t, "bytes not known");
	else
		t = put_bytes(t, data, utf8);
	if (data->duration)
		t = tcphs_fmt_duration(tcphs_put_str(t, data->open ? " for " : " in "),
				       data->duration, utf8);
	if (data->open)
		t = PUT(t, " now");
	*t = '\0';
	return t;
}

/**
 * tcphs_end_words - who one side is
 * @end: the side
 * @address: TCPHS_ENDPOINT_LEN bytes
 * @who: TCPHS_OWNER_LEN bytes: its process, or what is not known
 * @number: TCPHS_U64_LEN + 8 bytes: its cookie, "" if it has none
 */
void tcphs_end_words(const struct tcphs_end *end, char *address, char *who, char *number)
{
	const struct tcphs_ident *id = &end->id;

	tcphs_fmt_endpoint(address, id->family, id->local, id->local_port);
	*number = '\0';
	if (end->socket) {
		strcpy(number, "conn ");
		tcphs_fmt_hex(number + 5, id->conn);
	}
	if (!end->seen)
		strcpy(who, "not seen from here");
	else if (!end->socket)
		strcpy(who, "no socket");
	else if (end->flags & TCPHS_F_OWNER)
		tcphs_fmt_owner(who, id->comm, sizeof(id->comm), id->pid);
	else
		strcpy(who, "process not known");
}

/* A number is not parted from its unit; other words are longer. */
static bool is_unit(const char *s)
{
	return strcspn(s, " ,") < 3 || *s & 0x80;
}

/**
 * tcphs_note_break - where a note goes on in another line
 * @text: UTF-8
 * @width: columns of a line
 *
 * Return: behind the last comma that fits, else the last word, else anywhere; the
 * terminator if all fits.
 */
const char *tcphs_note_break(const char *text, unsigned int width)
{
	const char *s, *blank = NULL, *comma = NULL;
	unsigned int n = 0;

	for (s = text; *s; s++) {
		if ((*s & 0xc0) == 0x80)
			continue;
		if (*s == ' ' && s > text && !is_unit(s + 1)) {
			blank = s;
			comma = s[-1] == ',' ? s : comma;
		}
		if (n++ == width)
			return comma ? comma : blank ? blank : s;
	}
	return s;
}
