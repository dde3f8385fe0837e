// SPDX-License-Identifier: GPL-2.0
/*
 * Handlers read the arguments of a hooked function by their place, and no compiler sees
 * that. So what the kernel's headers say of these functions is compared with what the
 * handlers were written for; each has all the forms that it has had. One that is new
 * fails to build: look at its handler before it is added here.
 *
 * These are in no header, they are known to their own files alone:
 * tcp_v4_reqsk_destructor, tcp_v6_reqsk_destructor, tcp_v4_send_reset, tcp_v6_send_reset,
 * inet_twsk_kill, tcp_send_challenge_ack, tcp_validate_incoming, tcp_v4_send_ack,
 * tcp_v6_send_response, inet_reqsk_clone, mptcp_pm_new_connection, mptcp_finish_join,
 * tcp_v6_err, tcp_v6_connect, tcp_v4_pre_connect, tcp_v6_pre_connect
 */
#include <linux/build_bug.h>
#include <linux/security.h>
#include "sock.h"
#include <net/inet_common.h>	/* 5.10: needs what the above includes */

#ifdef TCPHS_HAVE_RST_REASON
#include <net/rstreason.h>
#else
enum sk_rst_reason { TCPHS_NO_RST_REASON };
#endif

#ifdef TCPHS_HAVE_DROP_REASON
#include <net/dropreason.h>
#else
enum skb_drop_reason { TCPHS_NO_DROP_REASON };
#endif

#define IS(function, ...) __builtin_types_compatible_p(typeof(function), __VA_ARGS__)

/* probe/listen.c */

static_assert(IS(inet_hash, int (struct sock *)));
static_assert(IS(inet_listen, int (struct socket *, int)));
#ifdef TCPHS_HAVE_LISTEN_SK
static_assert(IS(__inet_listen_sk, int (struct sock *, int)));
#endif
#ifdef TCPHS_INET6_HASH
static_assert(IS(inet6_hash, int (struct sock *)));
#endif

/* probe/unsent.c, probe/icmp.c; tcp_v6_connect() and tcp_v6_err() are the same, and static */

#ifdef TCPHS_HAVE_SOCKADDR_UNSIZED
static_assert(IS(tcp_v4_connect, int (struct sock *, struct sockaddr_unsized *, int)));
#else
static_assert(IS(tcp_v4_connect, int (struct sock *, struct sockaddr *, int)));
#endif
static_assert(IS(tcp_v4_err, int (struct sk_buff *, u32)));

/* probe/request.c */

static_assert(IS(inet_csk_reqsk_queue_hash_add,
		 void (struct sock *, struct request_sock *, unsigned long)) ||
	      IS(inet_csk_reqsk_queue_hash_add,
		 bool (struct sock *, struct request_sock *, unsigned long)) ||
	      IS(inet_csk_reqsk_queue_hash_add, bool (struct sock *, struct request_sock *)));
static_assert(IS(tcp_conn_request,
		 int (struct request_sock_ops *, const struct tcp_request_sock_ops *,
		      struct sock *, struct sk_buff *)));
static_assert(IS(tcp_make_synack,
		 struct sk_buff *(const struct sock *, struct dst_entry *, struct request_sock *,
				  struct tcp_fastopen_cookie *, enum tcp_synack_type,
				  struct sk_buff *)));
static_assert(IS(tcp_get_cookie_sock,
		 struct sock *(struct sock *, struct sk_buff *, struct request_sock *,
			       struct dst_entry *, u32)) ||
	      IS(tcp_get_cookie_sock,
		 struct sock *(struct sock *, struct sk_buff *, struct request_sock *,
			       struct dst_entry *)));
static_assert(IS(tcp_check_req,
		 struct sock *(struct sock *, struct sk_buff *, struct request_sock *, bool,
			       bool *)) ||
	      IS(tcp_check_req,
		 struct sock *(struct sock *, struct sk_buff *, struct request_sock *, bool,
			       bool *, enum skb_drop_reason *)));
static_assert(IS(tcp_req_err, void (struct sock *, u32, bool)));

/* probe/accept.c */

static_assert(IS(inet_csk_complete_hashdance,
		 struct sock *(struct sock *, struct sock *, struct request_sock *, bool)));
static_assert(IS(security_sock_graft, void (struct sock *, struct socket *)));
static_assert(IS(inet_csk_reqsk_queue_add,
		 struct sock *(struct sock *, struct request_sock *, struct sock *)));

/* probe/open.c */

static_assert(IS(tcp_connect, int (struct sock *)));

/* probe/reset.c, probe/time_wait.c */

#ifdef TCPHS_HAVE_TCP_RESET_SKB
static_assert(IS(tcp_reset, void (struct sock *, struct sk_buff *)));
#else
static_assert(IS(tcp_reset, void (struct sock *)));
#endif
static_assert(IS(tcp_send_active_reset, void (struct sock *, gfp_t)) ||
	      IS(tcp_send_active_reset, void (struct sock *, gfp_t, enum sk_rst_reason)) ||
	      IS(tcp_send_active_reset, void (struct sock *, enum sk_rst_reason)));
#ifdef TCPHS_HAVE_HASHDANCE_SCHEDULE
static_assert(IS(inet_twsk_hashdance_schedule,
		 void (struct inet_timewait_sock *, struct sock *, struct inet_hashinfo *, int)));
#else
static_assert(IS(inet_twsk_hashdance,
		 void (struct inet_timewait_sock *, struct sock *, struct inet_hashinfo *)));
#endif
static_assert(IS(tcp_timewait_state_process,
		 enum tcp_tw_status (struct inet_timewait_sock *, struct sk_buff *,
				     const struct tcphdr *)) ||
	      IS(tcp_timewait_state_process,
		 enum tcp_tw_status (struct inet_timewait_sock *, struct sk_buff *,
				     const struct tcphdr *, u32 *)) ||
	      IS(tcp_timewait_state_process,
		 enum tcp_tw_status (struct inet_timewait_sock *, struct sk_buff *,
				     const struct tcphdr *, u32 *, enum skb_drop_reason *)));
static_assert(IS(tcp_twsk_unique, int (struct sock *, struct sock *, void *)));
static_assert(IS(inet_twsk_deschedule_put, void (struct inet_timewait_sock *)));

/* probe/challenge.c */

static_assert(IS(tcp_oow_rate_limited,
		 bool (struct net *, const struct sk_buff *, int, u32 *)));
