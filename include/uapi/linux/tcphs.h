/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * tcphs: the life of TCP connections, as the kernel saw it.
 *
 * This header is the whole contract between tcphs.ko and its readers.
 *
 * Generic netlink family "tcphs", version 1
 * -----------------------------------------
 * Every command needs CAP_NET_ADMIN in the user namespace that owns the
 * caller's network namespace. An answer speaks of that network namespace
 * alone; the flag ALL_NETNS widens it to every namespace and is granted only
 * to callers in the initial one (-EPERM otherwise). Validation is strict: an
 * unknown attribute, a wrong length or an unknown nlmsg flag is refused with
 * an extack message and changes nothing.
 *
 * TCPHS_CMD_STATUS_GET (do)
 *	Request: nothing; status is always that of the caller's namespace.
 *	Reply: TCPHS_A_STATUS_*.
 *
 * TCPHS_CMD_STATUS_GET (dump)
 *	Request: TCPHS_A_STATUS_ALL_NETNS (flag, optional).
 *	Reply: one message a network namespace, TCPHS_A_STATUS_* without the hooks, which
 *	are the same in all; in no order. One that is there from the first message to the
 *	last is reported once.
 *
 * TCPHS_CMD_LISTENER_GET (dump)
 *	Request: TCPHS_A_LISTENER_ALL_NETNS (flag, optional).
 *	Reply: one message a listening socket, TCPHS_A_LISTENER_*, the oldest first.
 *	One that listens from the first message to the last is reported once.
 *
 * TCPHS_CMD_CONN_GET (dump)
 *	Request: TCPHS_A_CONN_ALL_NETNS (flag), TCPHS_A_CONN_STATES (u32, a mask
 *	of 1 << state), TCPHS_A_CONN_WAITING (u64, ns at least in an accept queue),
 *	TCPHS_A_CONN_FILTER (nest); all optional.
 *	Reply: one message a connection, TCPHS_A_CONN_*, in no order. One that is
 *	there from the first message to the last is reported once. Listening sockets
 *	are not connections; see TCPHS_CMD_LISTENER_GET.
 *
 * TCPHS_CMD_EVENT_GET (dump)
 *	Request: TCPHS_A_EVENT_ALL_NETNS (flag), TCPHS_A_EVENT_FILTER (nest), both
 *	optional, and any number of TCPHS_A_EVENT_CURSOR nests, one a CPU:
 *	{ TCPHS_A_CURSOR_CPU, TCPHS_A_CURSOR_NEXT }. A CPU without a cursor is
 *	read from its oldest record. A cursor that lies ahead of the ring is
 *	refused (-ERANGE). With TCPHS_A_EVENT_LOAD, the TCPHS_A_STATUS_LOAD of when
 *	the cursors were learnt, cursors of an earlier load are refused (-ESTALE).
 *	Reply: messages of TCPHS_A_EVENT_CPU, _LOST, any number of _RECORD (one
 *	struct tcphs_event each, oldest first) and _NEXT, the cursor to continue
 *	from. _LOST is the exact number of records of the caller's view that
 *	this CPU wrote at or after the cursor and overwrote before they were
 *	read; they lie before the first _RECORD of the message. Every CPU that
 *	has a ring is named in at least one message, also when it has nothing
 *	new, so that a reader learns its cursors. Reading removes nothing: any
 *	number of readers see the same records.
 *	A cursor is a number: the records of the caller's view that a CPU writes are
 *	numbered from 1, and _NEXT is that of the next one. Without a filter it
 *	grows by one with each _RECORD and by _LOST.
 *	Order: within a CPU as written. Across CPUs merge by @time.
 *	With TCPHS_A_EVENT_KEPT, and without cursors, messages of the kept store follow,
 *	which have that attribute and records in no order. A record that is still in the
 *	ring may come of both; it has the same @cpu, @id.netns and @number.
 *	A filter changes neither _LOST nor _NEXT: what it stops was read.
 *
 * TCPHS_CMD_CGROUP_GET (dump)
 *	Request: TCPHS_A_CGROUP_ALL_NETNS (flag), TCPHS_A_CGROUP_AFTER (u64); both optional.
 *	Reply: one message a cgroup that owned a connection or a listener of the view,
 *	TCPHS_A_CGROUP_*, also when it is gone, in the order in which they were seen first.
 *	With _AFTER only those that came after that _NUMBER. The name of each cgroup of a
 *	record that was read before the request is among them, unless there was no room
 *	(TCPHS_A_STATUS_CGROUPS_LOST), or the caller's cgroup namespace does not have it.
 *	Of several namespaces one may come more than once.
 *
 * Filters: a nest of TCPHS_A_FILTER_*. Every attribute that is there must match; of
 * one that holds a list or a mask, any element. A list has 1 to TCPHS_FILTER_LIST
 * elements; a mask has a bit, and none that means nothing.
 *
 * TCPHS_CMD_EVENT_NTF (multicast group "events", CAP_NET_ADMIN)
 *	The doorbell: there are records newer than the last EVENT_GET of this
 *	view. It carries no attributes, is sent at most once every
 *	TCPHS_BELL_MSEC and re-armed by EVENT_GET. So a reader subscribes, pulls,
 *	and sleeps until it rings, or for a second at most; a lost doorbell costs
 *	that wait, never data. In the initial namespace it also rings for
 *	readers of ALL_NETNS.
 *
 * Byte order: all numbers are in host byte order, ports and TCP sequence
 * numbers too. Addresses are 16 bytes in network order; an IPv4 address, and
 * the IPv4 address of a v4-mapped IPv6 connection, takes the first four, the
 * rest is zero, and @family says which.
 *
 * Versions: TCPHS_GENL_VERSION changes when a command changes its meaning.
 * TCPHS_ABI_MAJOR changes when struct tcphs_event or the meaning of a number in
 * an enum changes; TCPHS_ABI_MINOR when something is appended. Enums are only
 * ever appended to.
 */
#ifndef _UAPI_LINUX_TCPHS_H
#define _UAPI_LINUX_TCPHS_H

#include <linux/types.h>

#define TCPHS_FAMILY_NAME	"tcphs"
#define TCPHS_GENL_VERSION	1
#define TCPHS_MCGRP_EVENTS	"events"

#define TCPHS_ABI_MAJOR		3
#define TCPHS_ABI_MINOR		0

/* The doorbell rings at most once in this many milliseconds. */
#define TCPHS_BELL_MSEC		20

#define TCPHS_COMM_LEN		16

/*
 * Histograms: bucket 0 counts values below 1024 ns. Above, every power of two
 * is cut in four: for v = value_ns / 1024 with its highest bit at position e,
 * bucket = 1 + 4 * e + (((v << 2) >> e) & 3). The last bucket ends at 2^32 * 1024
 * ns (4,398 s) and also counts everything beyond.
 */
#define TCPHS_HIST_BUCKETS	129

/*
 * States, the numbers of the kernel's own enum (include/net/tcp_states.h). A
 * request in the SYN queue, which the kernel calls TCP_NEW_SYN_RECV, is in
 * TCPHS_STATE_SYN_RECV here as in every RFC.
 */
enum tcphs_state {
	TCPHS_STATE_UNSPEC,
	TCPHS_STATE_ESTABLISHED,
	TCPHS_STATE_SYN_SENT,
	TCPHS_STATE_SYN_RECV,
	TCPHS_STATE_FIN_WAIT1,
	TCPHS_STATE_FIN_WAIT2,
	TCPHS_STATE_TIME_WAIT,
	TCPHS_STATE_CLOSE,
	TCPHS_STATE_CLOSE_WAIT,
	TCPHS_STATE_LAST_ACK,
	TCPHS_STATE_LISTEN,
	TCPHS_STATE_CLOSING,

	__TCPHS_STATE_MAX
};
#define TCPHS_STATE_MAX (__TCPHS_STATE_MAX - 1)

/* Which side of the handshake this end of the connection was. */
enum tcphs_role {
	TCPHS_ROLE_UNKNOWN,		/* it was there before the module, or is restored */
	TCPHS_ROLE_ACTIVE,		/* connect() */
	TCPHS_ROLE_PASSIVE,		/* a listener's child */
	TCPHS_ROLE_SIMULTANEOUS,	/* connect(), and so did the peer */
	TCPHS_ROLE_LISTENER,

	__TCPHS_ROLE_MAX
};
#define TCPHS_ROLE_MAX (__TCPHS_ROLE_MAX - 1)

/*
 * Steps of a connection's life. A life begins with syn-sent or syn-received
 * (or, where a SYN cookie stood in for the request, accept-queued, or established
 * of a subflow that joins an MPTCP connection, or of what TCP_REPAIR restores) and
 * ends with exactly one of
 * connect-failed, request-expired, request-reset or closed; where TIME_WAIT lies
 * ahead, closed marks the end of the socket and time-wait-end follows.
 */
enum tcphs_event_type {
	TCPHS_EV_UNSPEC,
	TCPHS_EV_SYN_SENT,		/* duration: - */
	TCPHS_EV_SYN_RETRANSMIT,	/* duration: since syn-sent; detail: resend */
	TCPHS_EV_SYN_RECEIVED,		/* detail: queue */
	TCPHS_EV_SYN_DROPPED,		/* detail: queue */
	TCPHS_EV_SYNCOOKIE_SENT,	/* detail: queue */
	TCPHS_EV_SYNACK_RETRANSMIT,	/* duration: since syn-received; detail: resend */
	TCPHS_EV_REQUEST_EXPIRED,	/* duration: since syn-received */
	TCPHS_EV_REQUEST_RESET,		/* duration: since syn-received */
	TCPHS_EV_ESTABLISHED,		/* duration: the handshake; detail: agreed */
	TCPHS_EV_ACCEPT_QUEUED,		/* duration: since syn-received; detail: queue */
	TCPHS_EV_ACCEPT_OVERFLOW,	/* detail: queue */
	TCPHS_EV_ACCEPTED,		/* duration: waited for accept(); detail: queue */
	TCPHS_EV_CONNECT_FAILED,	/* duration: since syn-sent, if there was one */
	TCPHS_EV_FIN_SENT,		/* duration: in the old state; detail: idle or half */
	TCPHS_EV_FIN_RECEIVED,		/* duration: in the old state; detail: idle or half */
	TCPHS_EV_FIN_ACKED,		/* duration: since fin-sent */
	TCPHS_EV_FIN_RETRANSMIT,	/* duration: since fin-sent; detail: resend */
	TCPHS_EV_RST_SENT,		/* duration: in the old state; detail: idle or none */
	TCPHS_EV_RST_RECEIVED,		/* duration: in the old state; detail: idle or none */
	TCPHS_EV_TIME_WAIT,		/* duration: in the old state */
	TCPHS_EV_TIME_WAIT_FIN,		/* duration: since time-wait */
	TCPHS_EV_TIME_WAIT_END,		/* duration: since time-wait */
	TCPHS_EV_CLOSED,		/* duration: the whole life; detail: life */
	TCPHS_EV_LISTEN,		/* detail: queue */
	TCPHS_EV_UNLISTEN,		/* duration: as a listener; detail: queue */
	/* The connection's SYN again; duration: since syn-received. Twice at once: without @conn. */
	TCPHS_EV_SYN_DUPLICATE,
	TCPHS_EV_ACK_DEFERRED,		/* TCP_DEFER_ACCEPT awaits data; duration: since syn-received */
	TCPHS_EV_SYN_UNEXPECTED,	/* another's SYN met this connection; reason: its answer */
	TCPHS_EV_BACKLOG_CHANGED,	/* listen() again; detail: queue, with the new limit */
	TCPHS_EV_MIGRATED,		/* its listener closed; detail: queue, of the one it is at now */
	/* An ICMP error that quotes a segment under way; duration: in its state */
	TCPHS_EV_ICMP_RECEIVED,

	__TCPHS_EV_MAX
};
#define TCPHS_EV_MAX (__TCPHS_EV_MAX - 1)

/* Why: the cause of a drop, a failure, a reset or an end. */
enum tcphs_reason {
	TCPHS_REASON_NONE,
	TCPHS_REASON_REFUSED,		/* the SYN was answered by RST */
	TCPHS_REASON_TIMEOUT,		/* retransmissions or keepalive gave up */
	TCPHS_REASON_UNREACHABLE,	/* ICMP: host or network unreachable, or else on the way */
	TCPHS_REASON_NO_PORT,		/* every local port of the range is taken for this peer */
	TCPHS_REASON_CLOSED_BY_USER,	/* close() before the handshake was over */
	TCPHS_REASON_RESET_RECEIVED,	/* the peer sent RST */
	TCPHS_REASON_LINGER,		/* close() with SO_LINGER at 0, or TCP_LINGER2 below 0 */
	TCPHS_REASON_KILLED,		/* an administrator, e.g. ss -K */
	TCPHS_REASON_NO_SOCKET,		/* RST: nothing of ours has this address and port */
	TCPHS_REASON_BAD_SEGMENT,	/* RST: the segment does not fit the state */
	TCPHS_REASON_LISTENER_CLOSED,	/* the listener went away first */
	TCPHS_REASON_ACCEPT_QUEUE_FULL,
	TCPHS_REASON_SYN_QUEUE_FULL,
	TCPHS_REASON_EXPIRED,		/* TIME_WAIT lasted its time */
	TCPHS_REASON_REUSED_BY_SYN,	/* TIME_WAIT gave way to a new SYN */
	TCPHS_REASON_REUSED_BY_CONNECT,	/* TIME_WAIT gave way to connect() */
	TCPHS_REASON_NETNS_EXIT,	/* the network namespace was destroyed */
	TCPHS_REASON_OTHER,		/* an error the kernel gave no better name */
	TCPHS_REASON_UNREAD_DATA,	/* close() with data not read */
	TCPHS_REASON_DISCONNECT,	/* connect() to AF_UNSPEC; shutdown() before the SYN+ACK */
	TCPHS_REASON_DATA_AFTER_CLOSE,	/* RST sent: data for a socket that nobody reads */
	TCPHS_REASON_NO_MEMORY,		/* too many orphans, or too much memory in TCP */
	TCPHS_REASON_TIME_WAIT_FULL,	/* TIME_WAIT left out: tcp_max_tw_buckets, or no memory */
	TCPHS_REASON_SYN_BACKLOG,	/* no cookies, and tcp_max_syn_backlog is 3/4 used */
	TCPHS_REASON_SYNCOOKIE,		/* accept-queued: born of a valid SYN cookie */
	TCPHS_REASON_FASTOPEN,		/* syn-sent, accept-queued: TCP Fast Open */
	TCPHS_REASON_BAD_COOKIE,	/* RST sent: the ACK carries no valid SYN cookie */
	TCPHS_REASON_CHALLENGE_ACK,	/* syn-unexpected, syn-duplicate: answered by an ACK (RFC 5961) */
	TCPHS_REASON_RATE_LIMITED,	/* the same: not answered, one was not long ago */
	TCPHS_REASON_OLD_ACK,		/* RST sent: an ACK of what our SYN did not ask, an older
					 * connection's
					 */
	TCPHS_REASON_ICMP_REFUSED,	/* ICMP: port or protocol unreachable */
	TCPHS_REASON_ICMP_PROHIBITED,	/* ICMP: administratively prohibited, a firewall's word */
	TCPHS_REASON_NO_ROUTE,		/* there is no route, or one that leads nowhere */
	TCPHS_REASON_NO_ADDRESS,	/* connect() found no usable local address */
	TCPHS_REASON_NOT_PERMITTED,	/* by a route or BPF (EACCES, EPERM), or the last SYN or its
					 * answer was dropped by this machine's own firewall
					 */
	TCPHS_REASON_ADDRESS_IN_USE,	/* the local port was given, and its 4-tuple is taken; with
					 * TCPHS_F_BUCKET by a TIME_WAIT that is not let go
					 */
	TCPHS_REASON_TAKEN_OUT,		/* closed with TCP_REPAIR: it may go on in another socket */

	__TCPHS_REASON_MAX
};
#define TCPHS_REASON_MAX (__TCPHS_REASON_MAX - 1)

/* Who closed first. */
enum tcphs_closer {
	TCPHS_CLOSER_NONE,		/* nobody: reset, timeout, killed */
	TCPHS_CLOSER_LOCAL,		/* this end sent the first FIN */
	TCPHS_CLOSER_PEER,
	TCPHS_CLOSER_BOTH,		/* the FINs crossed (CLOSING) */

	__TCPHS_CLOSER_MAX
};
#define TCPHS_CLOSER_MAX (__TCPHS_CLOSER_MAX - 1)

/* struct tcphs_event.flags: what of the record means something. */
#define TCPHS_F_SEQ		(1u << 0)	/* @seq is known */
#define TCPHS_F_ACK		(1u << 1)	/* @ack is known */
#define TCPHS_F_ISN		(1u << 2)	/* @isn is known */
#define TCPHS_F_PEER_ISN	(1u << 3)	/* @peer_isn is known */
#define TCPHS_F_OWNER		(1u << 4)	/* @pid, @cgroup and @comm are known */
#define TCPHS_F_DURATION	(1u << 5)	/* @duration is known */
#define TCPHS_F_QUEUE		(1u << 6)	/* @queue is the detail */
#define TCPHS_F_AGREED		(1u << 7)	/* @agreed is the detail */
#define TCPHS_F_LIFE		(1u << 8)	/* @life is the detail */
#define TCPHS_F_ADOPTED		(1u << 9)	/* older than the module */
#define TCPHS_F_UNTRACKED	(1u << 10)	/* no room in the table */
#define TCPHS_F_TIME_WAIT_AHEAD	(1u << 11)	/* closed: TIME_WAIT follows */
#define TCPHS_F_MAPPED		(1u << 12)	/* IPv4 over an IPv6 socket */
#define TCPHS_F_RESEND		(1u << 13)	/* @resend is the detail */
#define TCPHS_F_HALF		(1u << 14)	/* @half is the detail */
#define TCPHS_F_BUCKET		(1u << 15)	/* a TIME_WAIT bucket stands in for the socket */
#define TCPHS_F_ICMP		(1u << 16)	/* @icmp_type and @icmp_code are known */
#define TCPHS_F_RESTORED	(1u << 17)	/* came to ESTABLISHED without a handshake (TCP_REPAIR) */
#define TCPHS_F_IDLE		(1u << 18)	/* @idle is the detail */
#define TCPHS_F_GAP		(1u << 19)	/* kept store: what this life did before is lost */
#define TCPHS_F_ALL		((1u << 20) - 1)

/*
 * Both queues of a listener, the connection of this record included. The kernel
 * calls the accept queue full when it is above its limit: a backlog of N holds
 * N + 1. The SYN queue likewise, but in older 5.10 kernels when it is at its limit.
 */
struct tcphs_queue {
	__u64	listener;	/* cookie of the listening socket */
	__u32	syn_queue;
	__u32	syn_limit;
	__u32	accept_queue;
	__u32	accept_limit;
};

/* What the handshake agreed on. */
#define TCPHS_OPT_SACK		(1u << 0)
#define TCPHS_OPT_TIMESTAMPS	(1u << 1)
#define TCPHS_OPT_WSCALE	(1u << 2)
#define TCPHS_OPT_ECN		(1u << 3)
#define TCPHS_OPT_FASTOPEN	(1u << 4)	/* the SYN's data were taken */
#define TCPHS_OPT_SYNCOOKIE	(1u << 5)	/* born of a SYN cookie */

struct tcphs_agreed {
	__u32	window;		/* the peer's receive window, bytes */
	__u16	mss;		/* largest segment we send, bytes */
	__u16	options;	/* TCPHS_OPT_* */
	__u8	snd_wscale;
	__u8	rcv_wscale;
	__u16	retransmits;	/* of SYN or SYN+ACK */
	__u32	syn_data;	/* bytes that came with the SYN and were taken */
	__u32	ack_data;	/* bytes that came to us with the third ACK */
	__u32	pad;
};

/* A segment that was sent again. */
struct tcphs_resend {
	__u32	number;		/* from 1 */
	__u32	pad[5];
};

/* The second FIN ends the time in which only one side could send. */
struct tcphs_half {
	__u64	bytes;		/* payload since the first FIN */
	__u64	pad[2];
};

/*
 * For how long there had been no payload, and what was under way, when the first FIN or
 * a RST was sent or came; since the handshake where there was none at all. As exact as
 * the kernel's jiffies, but the smaller one came last: in the same jiffy the sequence
 * numbers show which did, and the other is a nanosecond more. Equal: not known.
 */
struct tcphs_idle {
	__u64	sent;		/* ns since this end sent some */
	__u64	received;	/* ns since some came */
	__u32	unacked;	/* bytes of this end, sent or to be sent, not acknowledged */
	__u32	unread;		/* bytes of the peer that this end has not read */
};

/*
 * A whole life, reported at its end. Segments that were sent again are counted with all of
 * @retransmits; those of neither handshake nor close were sent in between. When it closes is
 * from the first FIN on, of either side. Of what is older than the module (TCPHS_F_ADOPTED)
 * only all of them are known.
 */
struct tcphs_life {
	__u64	bytes_sent;	/* payload that the peer acknowledged */
	__u64	bytes_received;	/* payload received in order */
	__u32	handshake_us;	/* 0: not seen */
	__u16	retransmits;	/* every segment sent again */
	__u8	closer;		/* enum tcphs_closer */
	__u8	segments;	/* of the close, 4 or, ACK and FIN merged, 3; 0: no such close */
	__u32	srtt_us;	/* smoothed round trip time at the end; 0: never measured */
	__u32	min_rtt_us;	/* least of net.ipv4.tcp_min_rtt_wlen (5 minutes); likewise */
	__u16	handshake_retransmits;	/* of @retransmits: SYN or SYN+ACK */
	__u16	closing_retransmits;	/* of @retransmits: after the first FIN, data too */
} __attribute__((packed, aligned(4)));

/* Who a connection is; the same bytes in every record of its life. */
struct tcphs_ident {
	__u64	conn;		/* socket cookie, as ss -e prints it; 0: no socket */
	__u8	local[16];
	__u8	peer[16];
	__u16	local_port;
	__u16	peer_port;
	__u32	isn;
	__u32	peer_isn;
	__u8	role;		/* enum tcphs_role */
	__u8	family;		/* AF_INET or AF_INET6 */
	__u16	generation;	/* how often this socket had connected before, 0 again after TIME_WAIT */
	__u32	netns;		/* inode of the network namespace */
	__u32	pid;		/* thread group, in the initial PID namespace */
	__u64	cgroup;		/* of the process, in the default hierarchy (v2); 0: no cgroups */
	__u8	comm[TCPHS_COMM_LEN];	/* the process's name; zero-padded, may lack a terminator */
	__u8	thread[TCPHS_COMM_LEN];	/* the thread's name where it is another; likewise */
};

/**
 * struct tcphs_event - one step of one connection
 * @number: of this CPU in this network namespace, from 1, without holes
 * @time: CLOCK_MONOTONIC, ns
 * @duration: ns, see enum tcphs_event_type
 * @type: enum tcphs_event_type
 * @old_state: enum tcphs_state before the step
 * @new_state: enum tcphs_state after the step
 * @reason: enum tcphs_reason
 * @seq: sequence number of the step's segment
 * @ack: acknowledgement number of the step's segment
 * @flags: TCPHS_F_*
 * @cpu: that wrote the record
 * @icmp_type: type of the ICMP error behind @reason, of ICMPv6 where @id.family is
 *	AF_INET6; with TCPHS_F_ICMP
 * @icmp_code: its code
 * @ifindex: of the device that the socket is bound to, or that gives a link-local
 *	address its scope; 0: none
 * @id: the connection
 * @queue: with TCPHS_F_QUEUE
 * @agreed: with TCPHS_F_AGREED
 * @life: with TCPHS_F_LIFE
 * @resend: with TCPHS_F_RESEND
 * @half: with TCPHS_F_HALF
 * @idle: with TCPHS_F_IDLE
 * @detail: the same bytes as one of these
 *
 * Bytes that no flag declares are zero.
 *
 * Whose segment @seq and @ack are read from: this end's in syn-sent,
 * syn-retransmit, synack-retransmit, syncookie-sent, fin-sent, fin-retransmit,
 * rst-sent, time-wait (the last ACK) and, where this end was active, established
 * (the third ACK); the peer's in all others.
 */
struct tcphs_event {
	__u64	number;
	__u64	time;
	__u64	duration;
	__u8	type;
	__u8	old_state;
	__u8	new_state;
	__u8	reason;
	__u32	seq;
	__u32	ack;
	__u32	flags;
	__u16	cpu;
	__u8	icmp_type;
	__u8	icmp_code;
	__u32	ifindex;
	struct tcphs_ident id;
	union {
		struct tcphs_queue	queue;
		struct tcphs_agreed	agreed;
		struct tcphs_life	life;
		struct tcphs_resend	resend;
		struct tcphs_half	half;
		struct tcphs_idle	idle;
		__u64	detail[5];	/* whichever it is */
	};
};

#define TCPHS_EVENT_SIZE	192

/*
 * /proc/tcphs_records: what TCPHS_CMD_EVENT_GET gives, no messages around. One write() of a
 * request, the attributes of that command, begins a reading; without a request it is of
 * the rings of the namespace. Each read() gives whole blocks, as many as it has room for,
 * and nothing at the end. The next one goes on with what was written since.
 */

/**
 * struct tcphs_block - before the records of one CPU and one store
 * @cpu: whose ring
 * @nr: struct tcphs_event that follow, 0: none
 * @lost: records of this CPU that were lost right before the first one
 * @next: the cursor to continue from
 * @kept: they are of the kept store, in no order
 * @pad: zero
 */
struct tcphs_block {
	__u32	cpu;
	__u32	nr;
	__u64	lost;
	__u64	next;
	__u32	kept;
	__u32	pad;
};

enum tcphs_cmd {
	TCPHS_CMD_UNSPEC,
	TCPHS_CMD_STATUS_GET,
	TCPHS_CMD_LISTENER_GET,
	TCPHS_CMD_CONN_GET,
	TCPHS_CMD_EVENT_GET,
	TCPHS_CMD_EVENT_NTF,
	TCPHS_CMD_CGROUP_GET,

	__TCPHS_CMD_MAX
};
#define TCPHS_CMD_MAX (__TCPHS_CMD_MAX - 1)

enum tcphs_a_status {
	TCPHS_A_STATUS_UNSPEC,
	TCPHS_A_STATUS_PAD,
	TCPHS_A_STATUS_VERSION,		/* string */
	TCPHS_A_STATUS_ABI_MAJOR,	/* u16 */
	TCPHS_A_STATUS_ABI_MINOR,	/* u16 */
	TCPHS_A_STATUS_UPTIME,		/* u64, ns since load */
	TCPHS_A_STATUS_NETNS,		/* u32 */
	TCPHS_A_STATUS_RING_RECORDS,	/* u32, a CPU has room for, at least */
	TCPHS_A_STATUS_RING_CPUS,	/* u32 */
	TCPHS_A_STATUS_RECORDED,	/* u64, records of this namespace */
	TCPHS_A_STATUS_OVERWRITTEN,	/* u64, of all; initial namespace only */
	TCPHS_A_STATUS_TABLE_USED,	/* u32, entries of this namespace */
	TCPHS_A_STATUS_TABLE_LIMIT,	/* u32 */
	TCPHS_A_STATUS_UNTRACKED,	/* u64, connections and listeners without an entry */
	TCPHS_A_STATUS_TW_LIMIT,	/* u32, tcp_max_tw_buckets */
	TCPHS_A_STATUS_HOOK,		/* nest TCPHS_A_HOOK_*, multi */
	TCPHS_A_STATUS_STATE,		/* nest TCPHS_A_COUNT_*, multi; id: state */
	TCPHS_A_STATUS_EVENT,		/* nest TCPHS_A_COUNT_*, multi; id: type */
	TCPHS_A_STATUS_FAILURE,		/* nest TCPHS_A_COUNT_*, multi; id: reason; of handshakes */
	TCPHS_A_STATUS_HIST,		/* nest TCPHS_A_HIST_*, multi; id: enum tcphs_hist */
	TCPHS_A_STATUS_LOAD,		/* u64, another number each time the module is loaded */
	TCPHS_A_STATUS_CLOCK,		/* s64, ns: CLOCK_REALTIME - CLOCK_MONOTONIC just now */
	TCPHS_A_STATUS_REFUSED,		/* nest TCPHS_A_COUNT_*, multi; id: enum tcphs_refused */
	TCPHS_A_STATUS_RING_REACH,	/* u64, ns: all that is younger is there; initial namespace only */
	TCPHS_A_STATUS_KEPT_RECORDS,	/* u32, the same of the kept store */
	TCPHS_A_STATUS_KEPT,		/* u64, records that came into it; initial namespace only */
	TCPHS_A_STATUS_KEPT_OVERWRITTEN, /* u64, of these; initial namespace only */
	TCPHS_A_STATUS_KEPT_REACH,	/* u64, as RING_REACH; initial namespace only */
	TCPHS_A_STATUS_ALL_NETNS,	/* flag, request of a dump only */
	TCPHS_A_STATUS_BORN,		/* u64, CLOCK_MONOTONIC, ns: its counters began */
	TCPHS_A_STATUS_CAUSE,		/* nest TCPHS_A_CAUSE_*, multi; those that are not 0 */
	TCPHS_A_STATUS_PORT_LOW,	/* u16, ip_local_port_range */
	TCPHS_A_STATUS_PORT_HIGH,	/* u16 */
	TCPHS_A_STATUS_PORTS,		/* u32, of these, without ip_local_reserved_ports */
	TCPHS_A_STATUS_TW_REUSE,	/* u8, tcp_tw_reuse */
	TCPHS_A_STATUS_CGROUPS,		/* u32, whose names are known; initial namespace only */
	TCPHS_A_STATUS_CGROUPS_LOST,	/* u64, no longer, or never; initial namespace only */

	__TCPHS_A_STATUS_MAX
};
#define TCPHS_A_STATUS_MAX (__TCPHS_A_STATUS_MAX - 1)

/*
 * How often a connection, a request or a segment came to a bad end, by what became of it and
 * why: accept-overflow, closed (where the reason is not NONE or usual), connect-failed,
 * request-expired, request-reset, rst-received, rst-sent, syn-dropped.
 */
enum tcphs_a_cause {
	TCPHS_A_CAUSE_UNSPEC,
	TCPHS_A_CAUSE_PAD,
	TCPHS_A_CAUSE_EVENT,		/* u8, enum tcphs_event_type */
	TCPHS_A_CAUSE_ROLE,		/* u8, TCPHS_ROLE_ACTIVE, _PASSIVE or _UNKNOWN */
	TCPHS_A_CAUSE_REASON,		/* u8, enum tcphs_reason */
	TCPHS_A_CAUSE_VALUE,		/* u64 */

	__TCPHS_A_CAUSE_MAX
};
#define TCPHS_A_CAUSE_MAX (__TCPHS_A_CAUSE_MAX - 1)

enum tcphs_a_hook {
	TCPHS_A_HOOK_UNSPEC,
	TCPHS_A_HOOK_NAME,		/* string */
	TCPHS_A_HOOK_KIND,		/* u8, enum tcphs_hook_kind */
	TCPHS_A_HOOK_REQUIRED,		/* flag */
	TCPHS_A_HOOK_ACTIVE,		/* flag */
	TCPHS_A_HOOK_SHOWS,		/* string: what is lost without it */
	TCPHS_A_HOOK_PAD,
	TCPHS_A_HOOK_HITS,		/* u64, how often it fired; initial namespace only */
	TCPHS_A_HOOK_MISSED,		/* u64, how often it is proved to have not, if ever */
	TCPHS_A_HOOK_UNUSABLE,		/* flag: its function is called with other arguments */

	__TCPHS_A_HOOK_MAX
};
#define TCPHS_A_HOOK_MAX (__TCPHS_A_HOOK_MAX - 1)

enum tcphs_hook_kind {
	TCPHS_HOOK_TRACEPOINT,
	TCPHS_HOOK_FTRACE,
	TCPHS_HOOK_KPROBE,

	__TCPHS_HOOK_KIND_MAX
};
#define TCPHS_HOOK_KIND_MAX (__TCPHS_HOOK_KIND_MAX - 1)

enum tcphs_a_count {
	TCPHS_A_COUNT_UNSPEC,
	TCPHS_A_COUNT_PAD,
	TCPHS_A_COUNT_ID,		/* u8 */
	TCPHS_A_COUNT_VALUE,		/* u64 */

	__TCPHS_A_COUNT_MAX
};
#define TCPHS_A_COUNT_MAX (__TCPHS_A_COUNT_MAX - 1)

/* Why a connection or a listener has no entry in its table. */
enum tcphs_refused {
	TCPHS_REFUSED_UNSPEC,
	TCPHS_REFUSED_FULL,		/* the table is */
	TCPHS_REFUSED_MEMORY,		/* there was none at hand */
	TCPHS_REFUSED_SHARE,		/* nearly full, and its user or namespace holds much */
	TCPHS_REFUSED_BUCKET,		/* too many whose cookies end in the same bits */

	__TCPHS_REFUSED_MAX
};
#define TCPHS_REFUSED_MAX (__TCPHS_REFUSED_MAX - 1)

enum tcphs_hist {
	TCPHS_HIST_HANDSHAKE_ACTIVE,	/* SYN sent to ESTABLISHED */
	TCPHS_HIST_HANDSHAKE_PASSIVE,	/* SYN received to ESTABLISHED */
	TCPHS_HIST_ACCEPT_WAIT,		/* in the accept queue */
	TCPHS_HIST_TIME_WAIT,		/* in TIME_WAIT */

	__TCPHS_HIST_MAX
};
#define TCPHS_HIST_MAX (__TCPHS_HIST_MAX - 1)

enum tcphs_a_hist {
	TCPHS_A_HIST_UNSPEC,
	TCPHS_A_HIST_PAD,
	TCPHS_A_HIST_ID,		/* u8, enum tcphs_hist */
	TCPHS_A_HIST_COUNT,		/* u64 */
	TCPHS_A_HIST_MAX_NS,		/* u64, largest value seen */
	TCPHS_A_HIST_BUCKETS,		/* u64[TCPHS_HIST_BUCKETS] */

	__TCPHS_A_HIST_MAX
};
#define TCPHS_A_HIST_MAX (__TCPHS_A_HIST_MAX - 1)

enum tcphs_a_listener {
	TCPHS_A_LISTENER_UNSPEC,
	TCPHS_A_LISTENER_PAD,
	TCPHS_A_LISTENER_ALL_NETNS,	/* flag, request only */
	TCPHS_A_LISTENER_CONN,		/* u64, cookie */
	TCPHS_A_LISTENER_NETNS,		/* u32 */
	TCPHS_A_LISTENER_FAMILY,	/* u8 */
	TCPHS_A_LISTENER_ADDRESS,	/* 16 bytes */
	TCPHS_A_LISTENER_PORT,		/* u16 */
	TCPHS_A_LISTENER_AGE,		/* u64, ns since listen(); absent: adopted */
	TCPHS_A_LISTENER_PID,		/* u32, who called listen(); absent: not known */
	TCPHS_A_LISTENER_COMM,		/* string, the process's name; absent: not known */
	TCPHS_A_LISTENER_SYN_QUEUE,	/* u32 */
	TCPHS_A_LISTENER_SYN_MAX,	/* u32, high-water mark */
	TCPHS_A_LISTENER_SYN_LIMIT,	/* u32 */
	TCPHS_A_LISTENER_ACCEPT_QUEUE,	/* u32 */
	TCPHS_A_LISTENER_ACCEPT_MAX,	/* u32, high-water mark */
	TCPHS_A_LISTENER_ACCEPT_LIMIT,	/* u32 */
	TCPHS_A_LISTENER_ACCEPTED,	/* u64 */
	TCPHS_A_LISTENER_OVERFLOWS,	/* u64, SYNs and third ACKs met a full accept queue */
	TCPHS_A_LISTENER_DROPS,		/* u64, SYNs and third ACKs dropped, each with a record */
	TCPHS_A_LISTENER_WAIT,		/* nest TCPHS_A_HIST_*: time to accept() */
	TCPHS_A_LISTENER_COOKIES_SENT,	/* u64, SYN+ACKs that carried a SYN cookie */
	TCPHS_A_LISTENER_COOKIES_VALID,	/* u64, third ACKs that brought one back */
	TCPHS_A_LISTENER_GROUP,		/* u32, sockets of its SO_REUSEPORT group; absent: none */
	TCPHS_A_LISTENER_THREAD,	/* string, the thread's name; absent: the process's */
	TCPHS_A_LISTENER_ACCEPT_PID,	/* u32, who called accept() last; absent: PID, or nobody */
	TCPHS_A_LISTENER_ACCEPT_COMM,	/* string, with ACCEPT_PID */
	TCPHS_A_LISTENER_ACCEPT_THREAD,	/* string, with ACCEPT_PID; absent: the process's name */
	TCPHS_A_LISTENER_IFINDEX,	/* u32, device it is bound to; absent: none */
	TCPHS_A_LISTENER_DEVICE,	/* string, its name; absent: none, or it is gone */
	TCPHS_A_LISTENER_L3MDEV,	/* string, the VRF that this device is in; absent: none */
	TCPHS_A_LISTENER_DISCARDS,	/* u64, segments of every kind thrown away: sk_drops */
	TCPHS_A_LISTENER_LAST_ACCEPT,	/* u64, ns since an accept() of it; absent: none seen */
	TCPHS_A_LISTENER_CGROUP,	/* u64, with PID; absent: no cgroups */
	TCPHS_A_LISTENER_ACCEPT_CGROUP,	/* u64, with ACCEPT_PID; likewise */

	__TCPHS_A_LISTENER_MAX
};
#define TCPHS_A_LISTENER_MAX (__TCPHS_A_LISTENER_MAX - 1)

enum tcphs_a_conn {
	TCPHS_A_CONN_UNSPEC,
	TCPHS_A_CONN_PAD,
	TCPHS_A_CONN_ALL_NETNS,		/* flag, request only */
	TCPHS_A_CONN_STATES,		/* u32, request only: mask of 1 << state */
	TCPHS_A_CONN_CONN,		/* u64, cookie */
	TCPHS_A_CONN_GENERATION,	/* u16 */
	TCPHS_A_CONN_NETNS,		/* u32 */
	TCPHS_A_CONN_FAMILY,		/* u8 */
	TCPHS_A_CONN_MAPPED,		/* flag: IPv4 over an IPv6 socket */
	TCPHS_A_CONN_ADOPTED,		/* flag: older than the module */
	TCPHS_A_CONN_ROLE,		/* u8 */
	TCPHS_A_CONN_STATE,		/* u8 */
	TCPHS_A_CONN_LOCAL,		/* 16 bytes */
	TCPHS_A_CONN_LOCAL_PORT,	/* u16 */
	TCPHS_A_CONN_PEER,		/* 16 bytes */
	TCPHS_A_CONN_PEER_PORT,		/* u16 */
	TCPHS_A_CONN_AGE,		/* u64, ns in this state (adopted: since adopted) */
	TCPHS_A_CONN_LIFE,		/* u64, ns since the first step */
	TCPHS_A_CONN_HANDSHAKE,		/* u64, ns; absent: not seen */
	TCPHS_A_CONN_ISN,		/* u32, absent: not seen */
	TCPHS_A_CONN_PEER_ISN,		/* u32, absent: not seen */
	TCPHS_A_CONN_PID,		/* u32, absent: not known */
	TCPHS_A_CONN_COMM,		/* string, absent: not known */
	TCPHS_A_CONN_FILTER,		/* nest TCPHS_A_FILTER_*, request only */
	TCPHS_A_CONN_THREAD,		/* string, the thread's name; absent: the process's */
	TCPHS_A_CONN_IFINDEX,		/* u32, as in struct tcphs_event; absent: none */
	TCPHS_A_CONN_RESTORED,		/* flag: no handshake, TCP_REPAIR */
	TCPHS_A_CONN_WAITING,		/* u64, ns in the accept queue; absent: it is in none */
	TCPHS_A_CONN_LISTENER,		/* u64, with WAITING: cookie of the queue's socket */
	TCPHS_A_CONN_CGROUP,		/* u64, with PID: as in struct tcphs_ident; absent: 0 */

	__TCPHS_A_CONN_MAX
};
#define TCPHS_A_CONN_MAX (__TCPHS_A_CONN_MAX - 1)

enum tcphs_a_event {
	TCPHS_A_EVENT_UNSPEC,
	TCPHS_A_EVENT_PAD,
	TCPHS_A_EVENT_ALL_NETNS,	/* flag, request only */
	TCPHS_A_EVENT_CURSOR,		/* nest TCPHS_A_CURSOR_*, multi, request only */
	TCPHS_A_EVENT_CPU,		/* u32 */
	TCPHS_A_EVENT_LOST,		/* u64 */
	TCPHS_A_EVENT_RECORD,		/* struct tcphs_event, multi */
	TCPHS_A_EVENT_NEXT,		/* u64 */
	TCPHS_A_EVENT_FILTER,		/* nest TCPHS_A_FILTER_*, request only */
	TCPHS_A_EVENT_LOAD,		/* u64, request only: the cursors are of this load */
	TCPHS_A_EVENT_KEPT,		/* u8, enum tcphs_kept_mode */

	__TCPHS_A_EVENT_MAX
};
#define TCPHS_A_EVENT_MAX (__TCPHS_A_EVENT_MAX - 1)

/* The kept store: the lives of connections of which something went wrong. */
enum tcphs_kept_mode {
	TCPHS_KEPT_NOT,			/* read the rings alone; as if the attribute were not there */
	TCPHS_KEPT_TOO,			/* and then the kept store; reply: this is of it */
	TCPHS_KEPT_ONLY,		/* and not the rings */

	__TCPHS_KEPT_MODE_MAX
};
#define TCPHS_KEPT_MODE_MAX (__TCPHS_KEPT_MODE_MAX - 1)

enum tcphs_a_cursor {
	TCPHS_A_CURSOR_UNSPEC,
	TCPHS_A_CURSOR_PAD,
	TCPHS_A_CURSOR_CPU,		/* u32 */
	TCPHS_A_CURSOR_NEXT,		/* u64 */

	__TCPHS_A_CURSOR_MAX
};
#define TCPHS_A_CURSOR_MAX (__TCPHS_A_CURSOR_MAX - 1)

enum tcphs_a_cgroup {
	TCPHS_A_CGROUP_UNSPEC,
	TCPHS_A_CGROUP_PAD,
	TCPHS_A_CGROUP_ALL_NETNS,	/* flag, request only */
	TCPHS_A_CGROUP_AFTER,		/* u64, request only: a TCPHS_A_CGROUP_NUMBER */
	TCPHS_A_CGROUP_ID,		/* u64 */
	TCPHS_A_CGROUP_PATH,		/* string, from the root of the caller's cgroup namespace */
	TCPHS_A_CGROUP_NUMBER,		/* u64, grows */

	__TCPHS_A_CGROUP_MAX
};
#define TCPHS_A_CGROUP_MAX (__TCPHS_A_CGROUP_MAX - 1)

#define TCPHS_FILTER_LIST	16

/* Addresses that begin with the first @length bits of @address; the others are zero. */
struct tcphs_prefix {
	__u8	address[16];
	__u8	family;			/* AF_INET: of v4-mapped ones too; or AF_INET6 */
	__u8	length;			/* up to 32 or 128 */
	__u16	pad;
};

enum tcphs_a_filter {
	TCPHS_A_FILTER_UNSPEC,
	TCPHS_A_FILTER_PAD,
	TCPHS_A_FILTER_PORTS,		/* u16[]: at either end */
	TCPHS_A_FILTER_LOCAL_PORTS,	/* u16[] */
	TCPHS_A_FILTER_PEER_PORTS,	/* u16[] */
	TCPHS_A_FILTER_ADDRESSES,	/* struct tcphs_prefix[]: at either end */
	TCPHS_A_FILTER_PIDS,		/* u32[]: the owner, where it is known */
	TCPHS_A_FILTER_ROLES,		/* u32, mask of 1 << role */
	TCPHS_A_FILTER_OLDER_THAN,	/* u64, ns at least: in its state; event: @duration */
	TCPHS_A_FILTER_STATES,		/* u32, mask of 1 << state: old or new; events only */
	TCPHS_A_FILTER_EVENTS,		/* u64, mask of 1 << type; events only */

	__TCPHS_A_FILTER_MAX
};
#define TCPHS_A_FILTER_MAX (__TCPHS_A_FILTER_MAX - 1)

#endif /* _UAPI_LINUX_TCPHS_H */
