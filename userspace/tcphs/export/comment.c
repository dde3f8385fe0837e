/* SPDX-License-Identifier: GPL-2.0 */
/* What stands beside a packet: that it was not captured, and what the records of it say. */
#include <stdarg.h>
#include <stdio.h>

#include "headers.h"
#include "packets.h"

struct text {
	char *p;
	size_t left;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p, t->left, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	if ((size_t)n >= t->left)
		n = (int)t->left - 1;
	t->p += n;
	t->left -= (size_t)n;
}

static void put_duration(struct text *t, const struct tcphs_event *ev)
{
	char duration[TCPHS_DURATION_LEN], state[TCPHS_NAME_LEN];

	if (!(ev->flags & TCPHS_F_DURATION))
		return;
	tcphs_fmt_duration(duration, ev->duration, true);
	if (ev->type == TCPHS_EV_ESTABLISHED)
		put(t, ", handshake %s", duration);
	else if (ev->old_state != ev->new_state && ev->type != TCPHS_EV_FIN_ACKED)
		put(t, ", %s in %s", duration, tcphs_state_name(ev->old_state, state));
	else
		put(t, ", after %s", duration);
}

static void put_agreed(struct text *t, const struct tcphs_agreed *a)
{
	char name[TCPHS_NAME_LEN];
	unsigned int bit;

	put(t, ", agreed: mss %u window %u", a->mss, a->window);
	for (bit = 0; bit < TCPHS_OPTION_BITS; bit++) {
		if (!(a->options >> bit & 1))
			continue;
		put(t, " %s", tcphs_option_name(bit, name));
		if (1u << bit == TCPHS_OPT_WSCALE)
			put(t, " %u,%u", a->snd_wscale, a->rcv_wscale);
	}
	if (a->syn_data)
		put(t, ", the SYN carried %u bytes", a->syn_data);
	if (a->ack_data)
		put(t, ", the third ACK carried %u bytes", a->ack_data);
}

static void put_detail(struct text *t, const struct tcphs_event *ev)
{
	if (ev->flags & TCPHS_F_RESEND)
		put(t, ", resend %u", ev->resend.number);
	if (ev->flags & TCPHS_F_QUEUE)
		put(t, ", SYN queue %u/%u, accept queue %u/%u", ev->queue.syn_queue,
		    ev->queue.syn_limit, ev->queue.accept_queue, ev->queue.accept_limit);
	if (ev->flags & TCPHS_F_AGREED)
		put_agreed(t, &ev->agreed);
	if (ev->flags & TCPHS_F_ADOPTED)
		put(t, ", older than the module");
	if (ev->flags & TCPHS_F_GAP)
		put(t, ", earlier records of this connection are lost");
}

static void put_record(struct text *t, const struct tcphs_event *ev)
{
	char name[TCPHS_NAME_LEN], owner[TCPHS_OWNER_LEN], conn[TCPHS_U64_LEN];

	put(t, "%s", tcphs_event_name(ev->type, name));
	if (ev->reason)
		put(t, ", %s", tcphs_reason_name(ev->reason, name));
	if (ev->id.conn) {
		tcphs_fmt_hex(conn, ev->id.conn);
		put(t, ", conn %s", conn);
	}
	if (ev->flags & TCPHS_F_OWNER) {
		tcphs_fmt_owner(owner, ev->id.comm, sizeof(ev->id.comm), ev->id.pid);
		put(t, ", %s", owner);
	}
	put_duration(t, ev);
	put_detail(t, ev);
}

/* Has this end recorded the segment before? Then it is no other one that came. */
static bool is_more(const struct packet *packet, unsigned int i)
{
	unsigned int k;

	for (k = 0; k < i; k++)
		if (packet->account[k].came == packet->account[i].came &&
		    packet->account[k].ev.id.conn == packet->account[i].ev.id.conn)
			return true;
	return false;
}

/* Times of both ends are of one clock. */
static void put_account(struct text *t, const struct packet *packet, unsigned int i)
{
	const struct account *a = &packet->account[i];
	uint64_t first = packet->account[0].ev.time;
	char later[TCPHS_DURATION_LEN];

	put(t, is_more(packet, i) ? "; also" : a->came ? "; received" : "; sent");
	if (i && a->ev.time > first) {
		tcphs_fmt_duration(later, a->ev.time - first, true);
		put(t, " %s later", later);
	}
	put(t, ": ");
	put_record(t, &a->ev);
}

/**
 * comment_put - what is known of a packet
 * @text: gets it
 * @packet: the packet
 */
void comment_put(char text[COMMENT_LEN], const struct packet *packet)
{
	struct text t = { text, COMMENT_LEN };
	unsigned int i;

	put(&t, "reconstructed by tcphs, not captured");
	for (i = 0; i < packet->nr_accounts; i++)
		put_account(&t, packet, i);
	if (packet->lost)
		put(&t, "; %llu records before it are lost", (unsigned long long)packet->lost);
	put(&t, packet->window_known ? "; the window is recorded" : "; the window is not recorded");
	if (packet->seg.flags & TH_SYN)
		put(&t, packet->sack || packet->wscale != WSCALE_UNKNOWN ?
		    ", of the options those that were agreed on" : ", nor are options");
}
