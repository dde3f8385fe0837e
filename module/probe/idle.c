// SPDX-License-Identifier: GPL-2.0
/* What a FIN or a RST ends: a time without payload, or something under way. */
#include <net/tcp.h>
#include "probe/probe.h"
#include "table/conn.h"

/* The kernel's clock, that both were read from, does not step back. */
static u32 ticks_since(u32 then)
{
	return tcp_jiffies32 - then;
}

/* A FIN of ours that is not confirmed; the kernel counts it as a byte. */
static bool is_fin_out(const struct tcphs_conn *conn, const struct tcp_sock *tp)
{
	return conn->marks & TCPHS_C_FIN_SENT && tp->snd_una != tp->write_seq;
}

/*
 * Whose payload was the last? Only asked when both were in the same tick: then the numbers
 * know it. The segment that confirmed the last of ours (snd_wl1 is its number) came with or
 * before the last payload of the peer, or after it; but a FIN is such a segment, too.
 * Return: above 0 the peer's, below 0 ours, 0 nobody knows
 */
static int last_word(const struct tcphs_conn *conn, const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	bool confirmed = tp->write_seq - tp->snd_una == is_fin_out(conn, tp);

	if (!tp->data_segs_in || !tp->data_segs_out)
		return !!tp->data_segs_in - !!tp->data_segs_out;
	if (confirmed && before(tp->snd_wl1, tp->rcv_nxt - sock_flag(sk, SOCK_DONE)))
		return 1;
	return confirmed && sock_flag(sk, SOCK_DONE) ? 0 : -1;
}

/**
 * tcphs_idle_put() - what is under way, and for how long there has been no payload
 * @ev: the record
 * @conn: its connection
 * @sk: that connection's socket, which has been in a synchronised state
 * @rst: RST that ends it, or NULL if none came, or it is not known
 *
 * Context: inside a section, @sk locked.
 */
void tcphs_idle_put(struct tcphs_event *ev, const struct tcphs_conn *conn, const struct sock *sk,
		    const struct sk_buff *rst)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 acked = tp->snd_una, end = tp->rcv_nxt;
	u32 sent = ticks_since(tp->lsndtime);
	u32 received = ticks_since(inet_csk(sk)->icsk_ack.lrcvtime);
	int last;

	if (rst) {
		if (tcp_hdr(rst)->ack && between(TCP_SKB_CB(rst)->ack_seq, acked, tp->snd_nxt))
			acked = TCP_SKB_CB(rst)->ack_seq;
		/* It may stand behind what was lost. */
		if (after(TCP_SKB_CB(rst)->seq, end))
			end = TCP_SKB_CB(rst)->seq;
	}
	ev->idle.sent = (u64)sent * TICK_NSEC;
	ev->idle.received = (u64)received * TICK_NSEC;
	last = sent == received ? last_word(conn, sk) : 0;
	ev->idle.sent += last > 0;
	ev->idle.received += last < 0;
	ev->idle.unacked = tp->write_seq - acked -
			   (is_fin_out(conn, tp) && acked != tp->write_seq);
	ev->idle.unread = end - tp->copied_seq;
	/* The peer's FIN is no data; who has read to the end has passed it. */
	if (ev->idle.unread)
		ev->idle.unread -= sock_flag(sk, SOCK_DONE);
	ev->flags |= TCPHS_F_IDLE;
}
