// SPDX-License-Identifier: GPL-2.0
/*
 * The TIME_WAIT bucket that takes a socket's place, from entry to end: RFC 9293,
 * section 3.10.7.4. It may be there in FIN_WAIT2 already.
 */
#include <linux/string.h>
#include <net/tcp.h>
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/adopt.h"
#include "probe/probe.h"
#include "probe/segment.h"
#include "store/clock.h"
#include "store/net.h"
#include "store/stats.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"
#include "table/who.h"

static bool is_between_ports(const struct tcphs_conn *conn, u64 cookie,
			     const struct inet_timewait_sock *tw)
{
	return conn->id.conn == cookie && conn->id.flags & TCPHS_F_BUCKET &&
	       conn->id.local_port == ntohs(tw->tw_sport) &&
	       conn->id.peer_port == ntohs(tw->tw_dport);
}

/* bind() keeps its port, so a socket may leave buckets that differ by their addresses alone. */
static noinline struct tcphs_conn *by_addresses(struct tcphs_conn *conn, u64 cookie,
						const struct inet_timewait_sock *tw)
{
	struct tcphs_who id = { };

	tcphs_who_from_tw(&id, tw);
	for (; conn; conn = conn->next)
		if (is_between_ports(conn, cookie, tw) &&
		    !memcmp(conn->id.local, id.local, sizeof(id.local)) &&
		    !memcmp(conn->id.peer, id.peer, sizeof(id.peer)))
			break;
	return conn;
}

/**
 * tcphs_time_wait_enter_untimed() - begin a section on a bucket
 * @tw: the bucket
 *
 * Its socket, or a connection that this has made since, has the same cookie; without
 * an entry of its own it gets that one, but not another bucket's.
 *
 * Context: any but NMI, outside of a section; until tcphs_conn_leave().
 * Return: the section, untimed.
 */
struct tcphs_section *tcphs_time_wait_enter_untimed(const struct inet_timewait_sock *tw)
{
	struct tcphs_section *s = tcphs_conn_enter_untimed(atomic64_read(&tw->tw_cookie));
	struct tcphs_conn *conn;

	for (conn = s->conn; conn; conn = conn->next)
		if (is_between_ports(conn, s->cookie, tw))
			break;
	/* Another that is as old as this module may be in no table yet. */
	if (unlikely(conn && (conn->marks & TCPHS_C_AGAIN || conn->id.flags & TCPHS_F_ADOPTED ||
			      tcphs_conn_of_cookie(conn->next, s->cookie))))
		conn = by_addresses(conn, s->cookie, tw);
	if (conn || (s->conn && s->conn->id.flags & TCPHS_F_BUCKET))
		s->conn = conn;
	return s;
}

/**
 * tcphs_time_wait_enter() - the same, and the time of the step
 * @tw: the bucket
 *
 * Context: any but NMI, outside of a section; until tcphs_conn_leave().
 * Return: the section.
 */
struct tcphs_section *tcphs_time_wait_enter(const struct inet_timewait_sock *tw)
{
	struct tcphs_section *s = tcphs_time_wait_enter_untimed(tw);

	s->now = tcphs_now();
	return s;
}

/* Has this CPU counted one more socket that got no bucket, since this was asked last? */
static bool was_refused(const struct net *net)
{
	struct tcphs_stats *st = this_cpu_ptr(tcphs_net(net)->stats);
	unsigned long before = st->buckets_refused;

	st->buckets_refused = tcphs_buckets_refused(net, smp_processor_id());
	return st->buckets_refused != before;
}

/* Both FINs are there and ours is confirmed: tcp_time_wait() is what ends the socket. */
static bool said_all(const struct sock *sk, u8 old_state)
{
	if (old_state == TCPHS_STATE_CLOSING)
		return tcp_sk(sk)->snd_una == tcp_sk(sk)->write_seq;
	return old_state == TCPHS_STATE_FIN_WAIT2 && sock_flag(sk, SOCK_DONE);
}

/**
 * tcphs_time_wait_taken() - has a bucket taken the place of a socket that has no entry
 * @sk: going to CLOSE
 * @old_state: enum tcphs_state
 *
 * Then all was recorded with that (on_bucket()), and the entry is not there to say so.
 *
 * Context: inside a section, @sk locked.
 */
bool tcphs_time_wait_taken(const struct sock *sk, u8 old_state)
{
	return said_all(sk, old_state) && !READ_ONCE(sk->sk_err) && !was_refused(sock_net(sk));
}

/**
 * tcphs_time_wait_refused() - should a bucket have taken the place of a socket
 * @conn: its entry, in no bucket
 * @sk: going to CLOSE
 * @old_state: enum tcphs_state
 *
 * tcp_time_wait() ends a socket if there are too many buckets, or no memory for one. In
 * CLOSING with its FIN confirmed, or in FIN_WAIT2 with the peer's received, no other end
 * is without an error and a RST. In FIN_WAIT2 and held by nobody it may also have got
 * data, or waited too long; but only tcp_time_wait() counts, and ends it next.
 *
 * Context: inside a section, @sk locked.
 */
bool tcphs_time_wait_refused(const struct tcphs_conn *conn, const struct sock *sk, u8 old_state)
{
	bool said;

	if (old_state != TCPHS_STATE_FIN_WAIT2 && old_state != TCPHS_STATE_CLOSING)
		return false;
	if (READ_ONCE(sk->sk_err) || conn->marks & (TCPHS_C_RST_SENT | TCPHS_C_RST_RECEIVED))
		return false;
	said = said_all(sk, old_state);
	if (!said && !sock_flag(sk, SOCK_DEAD))
		return false;
	return was_refused(sock_net(sk)) || said;
}

/* The last ACK is on its way: 2MSL begin, and the socket's life is recorded. */
static void time_wait(struct tcphs_section *s, u32 seq, u32 ack)
{
	u8 old_state = s->conn->state;
	struct tcphs_event *ev = tcphs_step(s, TCPHS_EV_TIME_WAIT, TCPHS_STATE_TIME_WAIT);

	tcphs_step_numbers(ev, seq, ack);
	tcphs_step_since(s, ev, s->conn->since);
	tcphs_step_done(s);
	tcphs_conn_move(s, TCPHS_STATE_TIME_WAIT);
	tcphs_end_record(s, old_state, TCPHS_REASON_NONE);
}

/*
 * inet_twsk_hashdance(), inet_twsk_hashdance_schedule(): a bucket takes the
 * socket's place, in TIME_WAIT or, when nobody holds the socket any more,
 * already in FIN_WAIT2 (tcp_time_wait()). Softirq or process, socket locked.
 * The bucket has no reference yet: its fields may be read, it may not be kept.
 */
static void on_bucket(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	const struct sock *sk = tcphs_argument(regs, 1);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcphs_section *s;
	struct tcphs_conn *conn;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	s = tcphs_conn_enter_untimed(tcphs_cookie_make(sk));
	/* A bucket in FIN_WAIT2 may be a timer's. */
	s->now = tw->tw_substate == TCP_TIME_WAIT ? tcphs_segment_time(tp) : tcphs_now();
	conn = likely(tcphs_conn_of_socket(s)) ? s->conn : tcphs_adopt(s, sk, sk->sk_state);
	if (tw->tw_substate != TCP_TIME_WAIT) {
		tcphs_end_remember(conn, tp);
	} else if (unlikely(!tcphs_fin_time_wait(s, tp))) {
		tcphs_fin_last_segment(s, tp, TCPHS_STATE_TIME_WAIT);
		tcphs_end_remember(conn, tp);
		time_wait(s, tp->snd_nxt, tp->rcv_nxt);
	}
	conn->id.flags |= TCPHS_F_BUCKET;
	tcphs_end_settled(sk, s->cookie);
	tcphs_conn_leave(s);
}

/* A FIN that the kernel is going to accept for a bucket in FIN_WAIT2. */
static bool is_awaited_fin(const struct tcp_timewait_sock *tcptw, const struct sk_buff *skb,
			   const struct tcphdr *th)
{
	return th->fin && th->ack && !th->rst && !th->syn &&
	       TCP_SKB_CB(skb)->end_seq == READ_ONCE(tcptw->tw_rcv_nxt) + 1;
}

static void bucket_segment(struct tcphs_section *s, const struct tcp_timewait_sock *tcptw,
			   const struct sk_buff *skb, const struct tcphdr *th)
{
	u32 seq = TCP_SKB_CB(skb)->end_seq - 1, ack = ntohl(th->ack_seq);
	struct tcphs_conn *conn = s->conn;
	struct tcphs_event *ev;

	if (conn->state == TCPHS_STATE_FIN_WAIT2 && is_awaited_fin(tcptw, skb, th)) {
		conn->life.segments = 4;
		tcphs_fin_record_received(s, seq, ack, TCPHS_STATE_TIME_WAIT, NULL);
		time_wait(s, READ_ONCE(tcptw->tw_snd_nxt), seq + 1);
	} else if (th->rst) {
		/* If the kernel takes it the bucket goes next. */
		conn->hint = TCPHS_REASON_RESET_RECEIVED;
		conn->data = TCP_SKB_CB(skb)->seq;
	} else if (conn->state == TCPHS_STATE_FIN_WAIT2) {
		conn->hint = th->syn ? TCPHS_REASON_BAD_SEGMENT : TCPHS_REASON_DATA_AFTER_CLOSE;
	} else if (th->syn && !th->ack) {
		conn->hint = TCPHS_REASON_REUSED_BY_SYN;
	} else if (th->fin) {
		ev = tcphs_step(s, TCPHS_EV_TIME_WAIT_FIN, TCPHS_STATE_TIME_WAIT);
		tcphs_step_numbers(ev, seq, ack);
		tcphs_step_since(s, ev, conn->since);
		tcphs_step_done(s);
	}
}

/*
 * tcp_timewait_state_process(): a segment arrived for a bucket. Softirq, the
 * bucket held, nothing locked.
 */
static void on_bucket_segment(struct tcphs_regs *regs)
{
	struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	const struct sk_buff *skb = tcphs_argument(regs, 1);
	const struct tcphdr *th = tcphs_argument(regs, 2);
	struct tcphs_section *s;

	if (TCP_SKB_CB(skb)->end_seq == TCP_SKB_CB(skb)->seq && !th->rst)
		return;
	s = tcphs_time_wait_enter(tw);
	if (s->conn && s->conn->id.flags & TCPHS_F_BUCKET)
		bucket_segment(s, tcp_twsk((struct sock *)tw), skb, th);
	tcphs_conn_leave(s);
}

/*
 * tcp_twsk_unique(): connect() asks for the addresses of a bucket. If it gets
 * them the bucket goes next, by the same task; what the kernel asks (tcp_tw_reuse,
 * timestamps, time, loopback) need not be repeated. Process context, the hash bucket locked.
 */
static void on_bucket_wanted(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 1);
	struct tcphs_section *s;

	s = tcphs_time_wait_enter_untimed(tw);
	if (s->conn && s->conn->id.flags & TCPHS_F_BUCKET) {
		s->conn->hint = TCPHS_REASON_REUSED_BY_CONNECT;
		s->conn->data = task_pid_nr(current);
	}
	tcphs_conn_leave(s);
}

/*
 * inet_twsk_deschedule_put(): a bucket goes before its timer. Softirq or process,
 * the bucket held.
 */
static void on_bucket_dismissed(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	struct tcphs_section *s;

	s = tcphs_time_wait_enter_untimed(tw);
	if (s->conn && s->conn->id.flags & TCPHS_F_BUCKET)
		s->conn->marks |= TCPHS_C_DISMISSED;
	tcphs_conn_leave(s);
}

/*
 * Why a bucket goes. That its time has come is not enough for its timer to be the
 * reason: the kernel's timers run up to an eighth late, that of a minute two seconds
 * (HZ=250), and until then a SYN, a RST or connect() still meets the bucket.
 */
static u8 bucket_end(const struct tcphs_conn *conn, const struct inet_timewait_sock *tw)
{
	if (!(conn->marks & TCPHS_C_DISMISSED) && time_after_eq(jiffies, tw->tw_timer.expires))
		return TCPHS_REASON_EXPIRED;
	if (!check_net(twsk_net(tw)))
		return TCPHS_REASON_NETNS_EXIT;
	/* Who asked and did not get it left that behind. */
	if (conn->hint != TCPHS_REASON_NONE &&
	    (conn->hint != TCPHS_REASON_REUSED_BY_CONNECT ||
	     (!in_serving_softirq() && conn->data == task_pid_nr(current))))
		return conn->hint;
	/* tcp_abort() */
	return TCPHS_REASON_KILLED;
}

/*
 * inet_twsk_kill(): a bucket leaves, once for each. Softirq or process, bottom
 * halves off, nothing locked.
 */
static void on_bucket_end(struct tcphs_regs *regs)
{
	const struct inet_timewait_sock *tw = tcphs_argument(regs, 0);
	struct tcphs_section *s;
	struct tcphs_conn *conn;
	struct tcphs_event *ev;
	u8 reason;

	s = tcphs_time_wait_enter(tw);
	conn = s->conn;
	if (unlikely(!conn || !(conn->id.flags & TCPHS_F_BUCKET))) {
		/* Of a socket that has left others, this one may be older than the module. */
		if (check_net(twsk_net(tw)) && (conn || !tcphs_conn_of_cookie(s->bucket->first, s->cookie)))
			tcphs_proof_deaf(TCPHS_HASHDANCE, s->cookie, conn ? conn->born : s->now);
		tcphs_adopt_missed(s, tw);
		goto out;
	}
	reason = bucket_end(conn, tw);
	if (reason == TCPHS_REASON_RESET_RECEIVED) {
		ev = tcphs_step(s, TCPHS_EV_RST_RECEIVED, TCPHS_STATE_CLOSE);
		ev->seq = conn->data;
		ev->flags |= TCPHS_F_SEQ;
		tcphs_step_since(s, ev, conn->since);
		tcphs_step_done(s);
	}
	if (conn->state == TCPHS_STATE_TIME_WAIT) {
		ev = tcphs_step(s, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_CLOSE);
		ev->reason = reason;
		tcphs_step_since(s, ev, conn->since);
		if (ev->flags & TCPHS_F_DURATION)
			tcphs_hist_count(s, TCPHS_HIST_TIME_WAIT, ev->duration);
		tcphs_step_done(s);
	} else {
		/* FIN_WAIT2 waited in vain: no TIME_WAIT, and this is the end. */
		tcphs_end_record(s, conn->state, reason == TCPHS_REASON_EXPIRED ?
				 TCPHS_REASON_TIMEOUT : reason);
	}
	tcphs_conn_remove(s);
out:
	tcphs_conn_leave(s);
}

/**
 * tcphs_time_wait_last_words() - what a TIME_WAIT bucket leaves behind when its namespace goes
 * @s: section of any connection that is about to be forgotten
 *
 * At unload the namespace lives on, and nothing ends but our knowledge.
 *
 * Context: inside a section, process.
 */
void tcphs_time_wait_last_words(struct tcphs_section *s)
{
	struct tcphs_event *ev;

	if (!(s->conn->id.flags & TCPHS_F_BUCKET) || check_net(s->conn->tn->net))
		return;
	ev = tcphs_step(s, TCPHS_EV_TIME_WAIT_END, TCPHS_STATE_CLOSE);
	ev->reason = TCPHS_REASON_NETNS_EXIT;
	ev->duration = tcphs_elapsed(s->conn->since, s->now);
	ev->flags |= TCPHS_F_DURATION;
	tcphs_step_done(s);
}

struct tcphs_hook tcphs_hooks_time_wait[] = {
	TCPHS_ENTRY(TCPHS_HASHDANCE, on_bucket, true, "TIME_WAIT"),
	TCPHS_ENTRY("tcp_timewait_state_process", on_bucket_segment, true,
		    "FINs that find their socket gone"),
	TCPHS_ENTRY("tcp_twsk_unique", on_bucket_wanted, false, "TIME_WAIT reused by connect()"),
	TCPHS_ENTRY("inet_twsk_deschedule_put", on_bucket_dismissed, false,
		    "TIME_WAIT ended by others when its time was up"),
	TCPHS_ENTRY("inet_twsk_kill", on_bucket_end, true, "the end of TIME_WAIT"),
	{ }
};
