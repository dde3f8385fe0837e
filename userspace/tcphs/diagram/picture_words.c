/* SPDX-License-Identifier: GPL-2.0 */
/* What stands at arrows and lifelines. */
#include <stdio.h>

#include "container.h"
#include "picture.h"
#include "put.h"
#include "site.h"

static const char *const reasons[] = {
	[TCPHS_REASON_NONE]		= "",
	[TCPHS_REASON_REFUSED]		= "refused by RST",
	[TCPHS_REASON_TIMEOUT]		= "timed out",
	[TCPHS_REASON_UNREACHABLE]	= "unreachable",
	[TCPHS_REASON_NO_PORT]		= "every local port is taken for this peer",
	[TCPHS_REASON_CLOSED_BY_USER]	= "closed meanwhile",
	[TCPHS_REASON_RESET_RECEIVED]	= "reset by the other end",
	[TCPHS_REASON_LINGER]		= "close(): SO_LINGER 0, or TCP_LINGER2 < 0",
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
	[TCPHS_REASON_ICMP_REFUSED]	= "refused by ICMP",
	[TCPHS_REASON_ICMP_PROHIBITED]	= "prohibited by a firewall, says ICMP",
	[TCPHS_REASON_NO_ROUTE]		= "no route",
	[TCPHS_REASON_NO_ADDRESS]	= "no local address",
	[TCPHS_REASON_NOT_PERMITTED]	= "not permitted by this machine",
	[TCPHS_REASON_ADDRESS_IN_USE]	= "the given local port is taken for this peer",
	[TCPHS_REASON_TAKEN_OUT]	= "taken out with TCP_REPAIR",
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

/* Counted from the ISN of who sent it; where that is not known, as it was. */
static char *put_number(char *p, uint32_t number, const struct tcphs_end *from, bool another,
			bool absolute)
{
	if (!absolute && !another && from->flags & TCPHS_F_ISN)
		number -= from->id.isn;
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
	char *t = text, buf[TCPHS_ICMP_LEN];

	if (arrow->flags & TCPHS_ICMP) {
		t = tcphs_put_str(PUT(t, "ICMP "), tcphs_icmp_name(p->end[0].id.family, arrow->icmp_type,
								   arrow->icmp_code, buf));
		*t = '\0';
		return t;
	}
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
		t = put_number(PUT(t, " seq "), arrow->seq, &p->end[arrow->from],
			       arrow->another, absolute);
	if (arrow->has_ack)
		t = put_number(PUT(t, " ack "), arrow->ack, &p->end[!arrow->from],
			       arrow->another, absolute);
	if (arrow->len)
		t = tcphs_fmt_u64(PUT(t, " len "), arrow->len);
	*t = '\0';
	return t;
}

/**
 * tcphs_row_note - the note of a row, and which of its segment's numbers are as on the wire
 * @text: TCPHS_NOTE_LEN + TCPHS_LABEL_LEN bytes
 * @p: the picture, for the ISNs
 * @row: the row
 * @absolute: all of them are, and it is not said
 */
void tcphs_row_note(char *text, const struct tcphs_picture *p, const struct tcphs_row *row,
		    bool absolute)
{
	const struct tcphs_arrow *a = &row->arrow;
	bool drawn = a->flags && a->part != TCPHS_ARRIVES && !absolute;
	bool seq = drawn && a->has_seq &&
		   (a->another || !(p->end[a->from].flags & TCPHS_F_ISN));
	bool ack = drawn && a->has_ack &&
		   (a->another || !(p->end[!a->from].flags & TCPHS_F_ISN));

	*text = '\0';
	if (seq || ack)
		sprintf(text, "%s not relative%s", seq && ack ? "seq and ack" : seq ? "seq" : "ack",
			*row->note ? ", " : "");
	strcat(text, row->note);
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
 * @p: the picture
 * @data: the stretch of time
 * @utf8: arrows, and the µ
 *
 * Return: the terminator.
 */
char *tcphs_data_label(char *text, const struct tcphs_picture *p, const struct tcphs_data *data,
		       bool utf8)
{
	bool both = data->known[TCPHS_LEFT] && data->known[TCPHS_RIGHT];
	const char *none = data->in_vain[TCPHS_LEFT] || data->in_vain[TCPHS_RIGHT] ?
			   "no data confirmed" : "no data";
	char *t = text;

	if (data->open)
		t = PUT(t, "open");
	else if (both && !data->bytes[TCPHS_LEFT] && !data->bytes[TCPHS_RIGHT])
		t = tcphs_put_str(t, none);
	else if (!data->known[TCPHS_LEFT] && !data->known[TCPHS_RIGHT])
		t = PUT(t, "bytes not known");
	else if (p->self && !data->bytes[TCPHS_LEFT])
		t = tcphs_put_str(t, none);
	else if (p->self)
		t = tcphs_put_str(tcphs_fmt_bytes(t, data->bytes[TCPHS_LEFT]), " to itself");
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

/* Who has this side, or why that is not known. */
static void put_who(char *who, const struct tcphs_end *end)
{
	const struct tcphs_ident *id = &end->id;

	if (!end->seen) {
		strcpy(who, "not seen from here");
	} else if (end->flags & TCPHS_F_OWNER) {
		tcphs_fmt_owner(who, id->comm, sizeof(id->comm), id->pid);
	} else if (end->listener_flags & TCPHS_F_OWNER) {
		strcpy(who, "listener ");
		tcphs_fmt_owner(who + 9, end->listener.comm, sizeof(end->listener.comm),
				end->listener.pid);
	} else if (end->socket) {
		strcpy(who, "process not known");
	} else {
		strcpy(who, end->listening ? "listener, process not known" : "no socket");
	}
}

/* Whose cgroup that is: of who has this side, or else of who has its listener; 0: not known. */
static uint64_t cgroup_of(const struct tcphs_end *end)
{
	if (!end->seen)
		return 0;
	if (end->flags & TCPHS_F_OWNER)
		return end->id.cgroup;
	return end->listener_flags & TCPHS_F_OWNER ? end->listener.cgroup : 0;
}

/* The unit or container, and the pod. */
static void put_whose(char line[2][TCPHS_HEADING_LEN], const struct tcphs_picture *p,
		      const struct tcphs_end *end)
{
	uint64_t id = cgroup_of(end);
	const struct tcphs_cgroup *cgroup = p->cgroups && id ? tcphs_cgroups_find(p->cgroups, id) : NULL;

	if (!cgroup)
		return;
	if (container_words(line[0], TCPHS_HEADING_LEN, &cgroup->names) >= TCPHS_HEADING_LEN)
		strcpy(line[0] + TCPHS_HEADING_LEN - 4, "...");
	if (*cgroup->names.pod)
		snprintf(line[1], TCPHS_HEADING_LEN, "pod %s", cgroup->names.pod);
}

/* Do the two ends call each other by other addresses than they have themselves? */
bool tcphs_picture_translated(const struct tcphs_picture *p)
{
	const struct tcphs_ident *l = &p->end[TCPHS_LEFT].id, *r = &p->end[TCPHS_RIGHT].id;

	return p->end[TCPHS_LEFT].seen && p->end[TCPHS_RIGHT].seen &&
	       (l->family != r->family || l->local_port != r->peer_port ||
		l->peer_port != r->local_port || memcmp(l->local, r->peer, sizeof(l->local)) ||
		memcmp(l->peer, r->local, sizeof(l->peer)));
}

/**
 * tcphs_heading - who one side is
 * @p: the picture
 * @side: TCPHS_LEFT or TCPHS_RIGHT
 * @netns: names its network namespace, too; NULL: it is not shown
 * @line: gets its lines, in the same order for both sides; "" where there is nothing to say
 */
void tcphs_heading(const struct tcphs_picture *p, unsigned int side, netns_namer *netns,
		   char line[TCPHS_HEADING_LINES][TCPHS_HEADING_LEN])
{
	const struct tcphs_end *end = &p->end[side];
	const struct tcphs_ident *id = &end->id;

	memset(line, 0, TCPHS_HEADING_LINES * TCPHS_HEADING_LEN);
	if (p->self && side == TCPHS_RIGHT)
		return;
	tcphs_fmt_endpoint(line[0], id->family, id->local, id->local_port);
	if (p->self)
		strcpy(line[1], "connected to itself");
	if (tcphs_picture_translated(p)) {
		strcpy(line[1], side == TCPHS_LEFT ? "to " : "from ");
		tcphs_fmt_endpoint(line[1] + strlen(line[1]), id->family, id->peer, id->peer_port);
	}
	put_who(line[2], end);
	put_whose(line + 3, p, end);
	if (end->socket) {
		strcpy(line[5], "conn ");
		tcphs_fmt_hex(line[5] + 5, id->conn);
	} else if (end->listener.conn) {
		strcpy(line[5], "listener ");
		tcphs_fmt_hex(line[5] + 9, end->listener.conn);
	}
	if (netns && end->seen) {
		strcpy(line[6], site_host(id->netns) ? "host " : "netns ");
		netns(id->netns, line[6] + strlen(line[6]));
	}
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
