/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a connection of one socket, as its events add up to it: from its first step
 * to the one event that ends it (connect-failed, request-expired, request-reset, closed).
 * What TIME_WAIT brings after that is no more of it.
 */
#ifndef TCPHS_CONN_LIFE_H
#define TCPHS_CONN_LIFE_H

#include "internal.h"

/*
 * Letters, those of Zeek's conn.log where the meaning is the same: upper case for what the
 * one sent that opened the connection (where that is not known: this end), lower case for
 * what the other sent.
 *
 *	S  a SYN; behind others: another's, that met this connection
 *	H  a SYN+ACK
 *	A  an ACK that changed the state: the third of the handshake, or of a FIN
 *	D  data, at some time: stands before the first FIN or RST, or ACK of a FIN
 *	T  data were sent again, likewise; known of this end alone
 *	F  a FIN
 *	R  a RST
 *	O  once more: the SYN, SYN+ACK or FIN was sent again, or came again
 *	V  overflow: dropped the third ACK, for the accept queue was full
 *	E  an ICMP error came for what the other had sent
 *	?  what was before is not on record, or does not lead to what follows
 *	+  there was more than has room here
 *
 * None stands twice beside itself.
 */
#define TCPHS_HISTORY_LEN 32

/* What of struct tcphs_conn_life is known. */
#define TCPHS_LIFE_BEGIN	(1u << 0)	/* @begin */
#define TCPHS_LIFE_HANDSHAKE	(1u << 1)	/* @handshake */
#define TCPHS_LIFE_WAITED	(1u << 2)	/* @waited */
#define TCPHS_LIFE_BYTES	(1u << 3)	/* @bytes_sent, @bytes_received, @closer, @segments */
#define TCPHS_LIFE_RESENT	(1u << 4)	/* @retransmits */
#define TCPHS_LIFE_NO_BEGIN	(1u << 5)	/* the steps it began with are not on record */
#define TCPHS_LIFE_NO_STEPS	(1u << 6)	/* nor are some that came later */
#define TCPHS_LIFE_THIRD_ACK	(1u << 7)	/* came */
#define TCPHS_LIFE_RTT		(1u << 8)	/* @srtt_us, @min_rtt_us */
#define TCPHS_LIFE_PHASES	(1u << 9)	/* @resent_opening, @resent_closing */

/**
 * struct tcphs_conn_life - a life, or what there is of it
 * @id: who it is; ISNs and owner stay once they are known
 * @begin: its first step, CLOCK_MONOTONIC, ns
 * @last: its latest event, likewise
 * @handshake: ns; exact to 1 µs where @exact is false
 * @waited: ns, for accept()
 * @bytes_sent: payload that the peer acknowledged
 * @bytes_received: payload that came in order
 * @flags: TCPHS_F_*: ISN, PEER_ISN, OWNER, ICMP, and marks of the connection
 * @known: TCPHS_LIFE_*
 * @ifindex: as in struct tcphs_event
 * @retransmits: every segment sent again
 * @srtt_us: smoothed round trip time at the end
 * @min_rtt_us: the least of the last minutes
 * @resent_opening: of @retransmits, those of the handshake
 * @resent_closing: of @retransmits, those after the first FIN
 * @resent: SYNs, SYN+ACKs and FINs of these, as far as their events are there
 * @state: enum tcphs_state, of a life that goes on
 * @end: enum tcphs_event_type that ended it; TCPHS_EV_UNSPEC: none did yet
 * @reason: enum tcphs_reason of the end
 * @closer: enum tcphs_closer
 * @segments: of the close, 4 or 3; 0: no such close
 * @icmp_type: with TCPHS_F_ICMP
 * @icmp_code: likewise
 * @close_at: where in @history the close begins, from 1 on; 0: nowhere yet
 * @history: letters, terminated
 */
struct tcphs_conn_life {
	struct tcphs_ident id;
	uint64_t begin;
	uint64_t last;
	uint64_t handshake;
	uint64_t waited;
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint32_t flags;
	uint32_t known;
	uint32_t ifindex;
	uint32_t retransmits;
	uint32_t srtt_us;
	uint32_t min_rtt_us;
	uint32_t resent_opening;
	uint32_t resent_closing;
	uint32_t resent[3];
	uint8_t state;
	uint8_t end;
	uint8_t reason;
	uint8_t closer;
	uint8_t segments;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t close_at;
	char history[TCPHS_HISTORY_LEN];
};

/* Has the life such an event belongs to not been ended before it? */
bool tcphs_event_is_alive(const struct tcphs_event *ev);
/* Is it about a listener, and no connection? */
bool tcphs_event_of_listener(const struct tcphs_event *ev);
/* Is it the end of the socket's connection? TIME_WAIT may follow. */
bool tcphs_event_ends_life(const struct tcphs_event *ev);
/* Is it of another one than a connection of the same socket that has ended? */
bool tcphs_event_begins_life(const struct tcphs_event *ev);

bool tcphs_same_ends(const struct tcphs_ident *a, const struct tcphs_ident *b);
/*
 * Of one connection of one socket? Both have one. Two with an end and a beginning in between are
 * not, see tcphs_event_begins_life().
 */
bool tcphs_same_connection(const struct tcphs_ident *a, const struct tcphs_ident *b);
/* Are the addresses of one crosswise those of the other? */
bool tcphs_mirrored(const struct tcphs_ident *a, const struct tcphs_ident *b);
/* The same of one address and port of each. */
bool tcphs_share_an_end(const struct tcphs_ident *a, const struct tcphs_ident *b);
bool tcphs_other_end(const struct tcphs_ident *a, uint32_t a_flags, const struct tcphs_ident *b,
		     uint32_t b_flags);
uint32_t tcphs_ident_learn(struct tcphs_ident *id, uint32_t *flags, const struct tcphs_event *ev);

void tcphs_conn_life_begin(struct tcphs_conn_life *life, const struct tcphs_event *ev);
void tcphs_conn_life_add(struct tcphs_conn_life *life, const struct tcphs_event *ev);
/* Of a connection that is there now, and of which no event is. */
void tcphs_conn_life_of(struct tcphs_conn_life *life, const struct tcphs_conn_info *conn,
			uint64_t now);

#endif /* TCPHS_CONN_LIFE_H */
