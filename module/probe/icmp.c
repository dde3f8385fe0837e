// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote a segment of ours: RFC 1122, section 4.2.3.9; RFC 5461.
 *
 * The kernel turns them into an errno, where they may vanish: SO_ERROR takes both
 * sk_err and sk_err_soft away, and an ICMP that meets a socket in use is not more
 * than the latter. So type and code are recorded and remembered when they come, for
 * whatever end they lead to.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/preempt.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/tcp.h>
#include "attach/deaf.h"
#include "attach/hook.h"
#include "compat/ftrace.h"
#include "compat/sock.h"
#include "probe/probe.h"
#include "store/clock.h"
#include "table/conn.h"
#include "table/cookie.h"
#include "table/step.h"

/* RFC 792, RFC 1122 (section 3.2.2.1) and RFC 1812 (section 5.2.7.1). */
static u8 reason_v4(u8 type, u8 code)
{
	if (type != ICMP_DEST_UNREACH)
		return TCPHS_REASON_UNREACHABLE;
	switch (code) {
	case ICMP_PROT_UNREACH:
	case ICMP_PORT_UNREACH:
		return TCPHS_REASON_ICMP_REFUSED;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
	case ICMP_PREC_VIOLATION:
	case ICMP_PREC_CUTOFF:
		return TCPHS_REASON_ICMP_PROHIBITED;
	}
	return TCPHS_REASON_UNREACHABLE;
}

/* RFC 4443. Who does not know the next header, TCP, has none. */
static u8 reason_v6(u8 type, u8 code)
{
	if (type == ICMPV6_PARAMPROB && code == ICMPV6_UNK_NEXTHDR)
		return TCPHS_REASON_ICMP_REFUSED;
	if (type != ICMPV6_DEST_UNREACH)
		return TCPHS_REASON_UNREACHABLE;
	switch (code) {
	case ICMPV6_PORT_UNREACH:
		return TCPHS_REASON_ICMP_REFUSED;
	case ICMPV6_ADM_PROHIBITED:
	case ICMPV6_POLICY_FAIL:
	case ICMPV6_REJECT_ROUTE:
		return TCPHS_REASON_ICMP_PROHIBITED;
	}
	return TCPHS_REASON_UNREACHABLE;
}

/**
 * tcphs_icmp_reason() - what the last ICMP error for a connection means
 * @conn: with an icmp_type
 *
 * Context: inside a section.
 * Return: enum tcphs_reason.
 */
u8 tcphs_icmp_reason(const struct tcphs_conn *conn)
{
	return conn->id.family == AF_INET6 ? reason_v6(conn->icmp_type, conn->icmp_code) :
					     reason_v4(conn->icmp_type, conn->icmp_code);
}

static bool is_icmp_reason(u8 reason)
{
	return reason == TCPHS_REASON_UNREACHABLE || reason == TCPHS_REASON_ICMP_REFUSED ||
	       reason == TCPHS_REASON_ICMP_PROHIBITED;
}

/**
 * tcphs_icmp_put() - what an end has to do with the last ICMP error
 * @ev: the record, with its reason
 * @conn: the connection
 *
 * Context: inside a section.
 */
void tcphs_icmp_put(struct tcphs_event *ev, const struct tcphs_conn *conn)
{
	if (!conn->icmp_type || !is_icmp_reason(ev->reason))
		return;
	ev->icmp_type = conn->icmp_type;
	ev->icmp_code = conn->icmp_code;
	ev->flags |= TCPHS_F_ICMP;
}

static bool hooks_live(void)
{
	const struct tcphs_hook *hook;

	for (hook = tcphs_hooks_icmp; hook->name; hook++)
		if (!READ_ONCE(hook->active) || atomic_long_read(&hook->missed))
			return false;
	return true;
}

/**
 * tcphs_error_reason() - what an error of a socket means, neither RST nor time
 * @conn: its connection
 * @err: sk_err
 *
 * It came by ICMP, or else this machine's own routing refused to send what was to be
 * sent again (inet_sk_rebuild_header(), inet6_csk_xmit()).
 *
 * Context: inside a section.
 * Return: enum tcphs_reason.
 */
u8 tcphs_error_reason(const struct tcphs_conn *conn, int err)
{
	if (conn->icmp_type)
		return tcphs_icmp_reason(conn);
	switch (err) {
	case EHOSTUNREACH:
	case ENETUNREACH:
		/* What came before the module, or found no room, nobody remembers. */
		if (conn->id.flags & (TCPHS_F_ADOPTED | TCPHS_F_UNTRACKED) || !hooks_live())
			return TCPHS_REASON_UNREACHABLE;
		return TCPHS_REASON_NO_ROUTE;
	case EACCES:
	case EPERM:
		return TCPHS_REASON_NOT_PERMITTED;
	}
	return TCPHS_REASON_OTHER;
}

/* What tcp_v4_err() takes for an error, and icmp_unreach() lets come to it. */
static bool is_error_v4(u8 type, u8 code)
{
	switch (type) {
	case ICMP_DEST_UNREACH:
		return code <= NR_ICMP_UNREACH && code != ICMP_FRAG_NEEDED;
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return true;
	}
	return false;
}

/* The same of tcp_v6_err(): anything but what has a use of its own. */
static bool __maybe_unused is_error_v6(u8 type)
{
	return type != NDISC_REDIRECT && type != ICMPV6_PKT_TOOBIG;
}

/* Does it quote what is on its way? As the kernel is about to ask, under the socket's lock. */
static bool quotes_flight(const struct sock *sk, u32 seq)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	const struct request_sock *fast = rcu_dereference(tp->fastopen_rsk);

	return between(seq, fast ? tcp_rsk(fast)->snt_isn : READ_ONCE(tp->snd_una),
		       READ_ONCE(tp->snd_nxt));
}

static bool concerns(struct sock *sk, u32 seq)
{
	switch (READ_ONCE(sk->sk_state)) {
	case TCP_NEW_SYN_RECV:
		return seq == tcp_rsk(inet_reqsk(sk))->snt_isn;
	case TCP_TIME_WAIT:
	case TCP_LISTEN:
	case TCP_CLOSE:
		return false;
	}
	return sk->sk_protocol == IPPROTO_TCP && quotes_flight(sk, seq);
}

static void record(const struct sock *sk, u8 type, u8 code, u32 seq)
{
	struct tcphs_section *s;
	struct tcphs_event *ev;

	s = tcphs_conn_enter(tcphs_cookie(sk));
	if (s->conn && !(s->conn->id.flags & TCPHS_F_BUCKET)) {
		s->conn->icmp_type = type;
		s->conn->icmp_code = code;
		ev = tcphs_step(s, TCPHS_EV_ICMP_RECEIVED, s->conn->state);
		ev->reason = tcphs_icmp_reason(s->conn);
		tcphs_icmp_put(ev, s->conn);
		/* The number of the segment that it quotes. */
		ev->seq = seq;
		ev->flags |= TCPHS_F_SEQ;
		tcphs_step_since(s, ev, s->conn->since);
		tcphs_step_done(s);
	}
	tcphs_conn_leave(s);
}

/*
 * Who looks a socket up may have to free it, which PREEMPT_RT allows only where it can be
 * preempted. That it can't while ftrace calls several, for another tracer follows the same
 * function. What is left out counts as missed.
 */
static bool may_look_up(const char *hook)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT) || likely(preemptible()))
		return true;
	tcphs_deaf_proved(hook, tcphs_now());
	return false;
}

/*
 * tcp_v4_err(): @skb is the ICMP message, its data the header that it quotes.
 * Softirq, RCU, no socket known yet.
 */
static void on_error_v4(struct tcphs_regs *regs)
{
	const struct sk_buff *skb = tcphs_argument(regs, 0);
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + (ip->ihl << 2));
	const struct icmphdr *icmp = icmp_hdr(skb);
	struct sock *sk;

	if (!is_error_v4(icmp->type, icmp->code) || !may_look_up("tcp_v4_err"))
		return;
	sk = tcphs_lookup_v4(dev_net(skb->dev), ip->daddr, th->dest, ip->saddr,
			     ntohs(th->source), inet_iif(skb));
	if (!sk)
		return;
	if (concerns(sk, ntohl(th->seq)) &&
	    (!sk_fullsock(sk) || ip->ttl >= READ_ONCE(inet_sk(sk)->min_ttl)))
		record(sk, icmp->type, icmp->code, ntohl(th->seq));
	sock_gen_put(sk);
}

#if IS_ENABLED(CONFIG_IPV6)
/* tcp_v6_err(): the same. */
static void on_error_v6(struct tcphs_regs *regs)
{
	const struct sk_buff *skb = tcphs_argument(regs, 0);
	u8 type = (unsigned long)tcphs_argument(regs, 2);
	u8 code = (unsigned long)tcphs_argument(regs, 3);
	int offset = (unsigned long)tcphs_argument(regs, 4);
	const struct ipv6hdr *ip = (const struct ipv6hdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + offset);
	struct sock *sk;

	if (!is_error_v6(type) || !may_look_up("tcp_v6_err"))
		return;
	sk = tcphs_lookup_v6(dev_net(skb->dev), &ip->daddr, th->dest, &ip->saddr,
			     ntohs(th->source), skb->dev->ifindex, inet6_sdif(skb));
	if (!sk)
		return;
	if (concerns(sk, ntohl(th->seq)) &&
	    (!sk_fullsock(sk) ||
	     ipv6_hdr(skb)->hop_limit >= READ_ONCE(inet6_sk(sk)->min_hopcount)))
		record(sk, type, code, ntohl(th->seq));
	sock_gen_put(sk);
}
#endif

struct tcphs_hook tcphs_hooks_icmp[] = {
	TCPHS_ENTRY("tcp_v4_err", on_error_v4, false, "ICMP errors, IPv4"),
#if IS_ENABLED(CONFIG_IPV6)
	TCPHS_ENTRY("tcp_v6_err", on_error_v6, false, "ICMP errors, IPv6"),
#endif
	{ }
};
