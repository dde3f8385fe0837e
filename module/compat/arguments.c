// SPDX-License-Identifier: GPL-2.0
/*
 * Handlers read the arguments of a hooked function by their place. Where a header has its
 * prototype the compiler has compared it (prototypes.c); where none does, or what runs is not
 * what the headers are of, only a call shows what is there. So at its first hits each argument
 * that is a pointer is looked at: is there an object, and can it be one of its kind?
 *
 * No byte is read that is not of the kernel's linear mapping, where all these objects are.
 * What is there may be anything, and be changed or freed meanwhile: nobody checks this file
 * (Kbuild) for what else would be a mistake.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/string.h>
#include <net/inet_timewait_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>
#include "compat/arguments.h"

/*
 * One letter an argument, and none for those behind the last that is looked at:
 *	a	a socket (struct sock) of whatever family
 *	i	one of IPv4 or IPv6
 *	s	one of TCP
 *	m	the same or a smaller thing in its place: a request, a TIME_WAIT bucket; or NULL
 *	g	a struct socket that has a socket of IPv4 or IPv6
 *	r	a request
 *	t	a TIME_WAIT bucket
 *	k	a segment (struct sk_buff)
 *	.	something else
 */
static const struct {
	const char *function, *takes;
} functions[] = {
	{ "inet_csk_complete_hashdance", "iir" },
	{ "inet_csk_reqsk_queue_add", "iri" },
	{ "inet_csk_reqsk_queue_hash_add", "ir" },
	{ "inet_hash", "i" },
	{ "inet6_hash", "i" },
	{ "inet_listen", "g" },
	{ "__inet_listen_sk", "i" },
	{ "inet_reqsk_clone", "ri" },
	{ "inet_twsk_deschedule_put", "t" },
	{ "inet_twsk_hashdance", "ti" },
	{ "inet_twsk_hashdance_schedule", "ti" },
	{ "inet_twsk_kill", "t" },
	{ "mptcp_finish_join", "s" },
	{ "mptcp_pm_new_connection", "is" },
	{ "security_sock_graft", "a" },
	{ "tcp_check_req", "skr" },
	{ "tcp_conn_request", "..sk" },
	{ "tcp_connect", "s" },
	{ "tcp_get_cookie_sock", "skr" },
	{ "tcp_make_synack", "s.r" },
	{ "tcp_oow_rate_limited", ".k" },
	{ "tcp_req_err", "r" },
	{ "tcp_reset", "s" },
	{ "tcp_send_active_reset", "s" },
	{ "tcp_send_challenge_ack", "s" },
	{ "tcp_timewait_state_process", "tk" },
	{ "tcp_twsk_unique", "st" },
	{ "tcp_v4_connect", "s" },
	{ "tcp_v4_err", "k" },
	{ "tcp_v4_pre_connect", "s" },
	{ "tcp_v4_reqsk_destructor", "r" },
	{ "tcp_v4_send_ack", "mk" },
	{ "tcp_v4_send_reset", "mk" },
	{ "tcp_v6_connect", "s" },
	{ "tcp_v6_err", "k" },
	{ "tcp_v6_pre_connect", "s" },
	{ "tcp_v6_reqsk_destructor", "r" },
	{ "tcp_v6_send_response", "mk" },
	{ "tcp_v6_send_reset", "mk" },
	{ "tcp_validate_incoming", "sk" },
};

/**
 * tcphs_arguments_of() - what a function takes
 * @function: its name
 *
 * Context: any.
 * Return: for tcphs_arguments_fit(); NULL if nothing is known of it.
 */
const char *tcphs_arguments_of(const char *function)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		if (!strcmp(functions[i].function, function))
			return functions[i].takes;
	return NULL;
}

static bool is_memory(const void *p, size_t size)
{
	return IS_ALIGNED((unsigned long)p, sizeof(long)) && virt_addr_valid(p) &&
	       virt_addr_valid(p + size - 1);
}

/* A function, or data that is not allocated: the kernel's, and that is all that is asked. */
static bool is_of_kernel(const void *p)
{
	return (long)p < 0;
}

static bool is_inet(u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

/* What all that stands for a socket has in common. States are each family's own. */
static bool is_common(const struct sock_common *c)
{
	return is_memory(c, sizeof(*c)) && c->skc_family && c->skc_family < AF_MAX &&
	       is_of_kernel(c->skc_prot);
}

static bool is_sock(const struct sock *sk)
{
	return is_common(&sk->__sk_common) && is_memory(sk, sizeof(*sk)) &&
	       sk->sk_type <= SOCK_PACKET;
}

static bool is_inet_sock(const struct sock *sk)
{
	return is_sock(sk) && is_inet(sk->sk_family) && sk->sk_state &&
	       sk->sk_state < TCP_MAX_STATES && sk->sk_state != TCP_TIME_WAIT &&
	       sk->sk_state != TCP_NEW_SYN_RECV;
}

/* Its listener may have been closed and be anything else by now, but a socket. */
static bool is_request(const struct request_sock *req)
{
	return is_memory(req, sizeof(*req)) && is_common(&req->__req_common) &&
	       is_inet(req->__req_common.skc_family) &&
	       req->__req_common.skc_state == TCP_NEW_SYN_RECV && is_of_kernel(req->rsk_ops) &&
	       (!req->rsk_listener || is_inet_sock(req->rsk_listener));
}

static bool is_bucket(const struct inet_timewait_sock *tw)
{
	return is_memory(tw, sizeof(*tw)) && is_common(&tw->__tw_common) &&
	       is_inet(tw->tw_family) && tw->tw_state == TCP_TIME_WAIT;
}

static bool is_segment(const struct sk_buff *skb)
{
	return is_memory(skb, sizeof(*skb)) && skb->truesize && skb->len >= skb->data_len &&
	       is_of_kernel(skb->head) && skb->data >= skb->head &&
	       skb->data - skb->head <= skb->end && skb->tail <= skb->end;
}

/* MPTCP gives the struct socket of its own to the one inside, so that need not be the same. */
static bool is_socket(const struct socket *sock)
{
	return is_memory(sock, sizeof(*sock)) && sock->state <= SS_DISCONNECTING &&
	       is_inet_sock(sock->sk) && is_memory(sock->sk->sk_socket, sizeof(*sock));
}

static bool fits(char kind, const void *p)
{
	switch (kind) {
	case 'a':
		return is_sock(p);
	case 'i':
		return is_inet_sock(p);
	case 's':
		return is_inet_sock(p) && ((const struct sock *)p)->sk_protocol == IPPROTO_TCP;
	case 'm':
		return !p || (is_common(p) && is_inet(((const struct sock_common *)p)->skc_family));
	case 'g':
		return is_socket(p);
	case 'r':
		return is_request(p);
	case 't':
		return is_bucket(p);
	case 'k':
		return is_segment(p);
	default:
		return true;
	}
}

/**
 * tcphs_arguments_fit() - can these be the arguments of a function
 * @takes: what tcphs_arguments_of() has said
 * @argument: the first TCPHS_ARGUMENTS, whatever they are
 *
 * Context: any; whatever the function is called with is not freed.
 * Return: true too where nothing is known of it.
 */
bool tcphs_arguments_fit(const char *takes, const unsigned long argument[])
{
	unsigned int i;

	for (i = 0; takes && takes[i]; i++)
		if (!fits(takes[i], (const void *)argument[i]))
			return false;
	return true;
}
