/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of this folder offer to each other and to main.c; see also adopt.h and drop.h. */
#ifndef _TCPHS_PROBE_H
#define _TCPHS_PROBE_H

#include <linux/types.h>
#include "attach/hook.h"

struct inet_timewait_sock;
struct request_sock;
struct sk_buff;
struct sock;
struct sockaddr;
struct tcp_sock;
struct tcphs_conn;
struct tcphs_event;
struct tcphs_section;

/* The hook table, file by file. */
extern struct tcphs_hook *const tcphs_probes[];

extern struct tcphs_hook tcphs_hooks_listen[];
extern struct tcphs_hook tcphs_hooks_request[];
extern struct tcphs_hook tcphs_hooks_accept[];
extern struct tcphs_hook tcphs_hooks_move[];
extern struct tcphs_hook tcphs_hooks_mptcp[];
extern struct tcphs_hook tcphs_hooks_open[];
extern struct tcphs_hook tcphs_hooks_end[];
extern struct tcphs_hook tcphs_hooks_reset[];
extern struct tcphs_hook tcphs_hooks_time_wait[];
extern struct tcphs_hook tcphs_hooks_challenge[];
extern struct tcphs_hook tcphs_hooks_discard[];
extern struct tcphs_hook tcphs_hooks_resend[];
extern struct tcphs_hook tcphs_hooks_state[];
extern struct tcphs_hook tcphs_hooks_icmp[];
extern struct tcphs_hook tcphs_hooks_unsent[];

void tcphs_proof_deaf(const char *name, u64 cookie, u64 since);
void tcphs_listen_closed(const struct sock *sk);
void tcphs_accept_third_ack(const struct sock *sk, const struct sk_buff *skb,
			    struct request_sock *req);
void tcphs_move_by_ack(struct tcphs_section *s, const struct sock *to);
bool tcphs_move_done(struct tcphs_section *s, const struct request_sock *req);
void tcphs_unsent(struct tcphs_section *s, const struct sock *sk, const struct sockaddr *peer,
		  u8 old_state, u8 reason, u32 flags);
void tcphs_unsent_told(struct tcphs_section *s);
void tcphs_unsent_blocked(const struct sk_buff *skb);
u8 tcphs_icmp_reason(const struct tcphs_conn *conn);
void tcphs_icmp_put(struct tcphs_event *ev, const struct tcphs_conn *conn);
u8 tcphs_error_reason(const struct tcphs_conn *conn, int err);
void tcphs_open_simultaneous(const struct sock *sk);
void tcphs_open_established(const struct sock *sk, u8 old_state);
void tcphs_open_failed(const struct sock *sk);
void tcphs_idle_put(struct tcphs_event *ev, const struct tcphs_conn *conn, const struct sock *sk,
		    const struct sk_buff *rst);
void tcphs_fin_sent(const struct sock *sk, u8 old_state, u8 new_state);
void tcphs_fin_received(const struct sock *sk, u8 old_state, u8 new_state);
void tcphs_fin_acked(const struct sock *sk, u8 old_state, u8 new_state);
void tcphs_fin_record_received(struct tcphs_section *s, u32 seq, u32 ack, u8 new_state,
			       const struct sock *first);
void tcphs_fin_last_segment(struct tcphs_section *s, const struct tcp_sock *tp, u8 new_state);
void tcphs_fin_last_ack(struct tcphs_section *s, const struct tcp_sock *tp);
bool tcphs_fin_time_wait(struct tcphs_section *s, const struct tcp_sock *tp);
void tcphs_end_settled(const struct sock *sk, u64 cookie);
void tcphs_end_closed(const struct sock *sk, u8 old_state);
void tcphs_end_remember(struct tcphs_conn *conn, const struct tcp_sock *tp);
void tcphs_end_record(struct tcphs_section *s, u8 old_state, u8 reason);
bool tcphs_end_is_sending(const struct sock *sk);
bool tcphs_time_wait_taken(const struct sock *sk, u8 old_state);
bool tcphs_time_wait_refused(const struct tcphs_conn *conn, const struct sock *sk, u8 old_state);
void tcphs_time_wait_last_words(struct tcphs_section *s);
struct tcphs_section *tcphs_time_wait_enter_untimed(const struct inet_timewait_sock *tw);
struct tcphs_section *tcphs_time_wait_enter(const struct inet_timewait_sock *tw);
void tcphs_challenge_dropped(const struct sk_buff *skb);
void tcphs_challenge_record(struct tcphs_section *s, const struct sk_buff *skb, u8 reason);

#endif /* _TCPHS_PROBE_H */
