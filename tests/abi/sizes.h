/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes and offsets that may never change within one TCPHS_ABI_MAJOR. */
#include <stddef.h>

#include <linux/tcphs.h>

/* Works in C90 and C++ alike: a negative array does not compile. */
#define SAME(name, got, want) typedef char name[(got) == (want) ? 1 : -1]

SAME(size_of_event, sizeof(struct tcphs_event), TCPHS_EVENT_SIZE);
SAME(size_of_ident, sizeof(struct tcphs_ident), 104);
SAME(size_of_queue, sizeof(struct tcphs_queue), 24);
SAME(size_of_agreed, sizeof(struct tcphs_agreed), 24);
SAME(size_of_idle, sizeof(struct tcphs_idle), 24);
SAME(size_of_life, sizeof(struct tcphs_life), 36);
SAME(size_of_block, sizeof(struct tcphs_block), 32);
SAME(size_of_prefix, sizeof(struct tcphs_prefix), 20);

SAME(at_number, offsetof(struct tcphs_event, number), 0);
SAME(at_time, offsetof(struct tcphs_event, time), 8);
SAME(at_duration, offsetof(struct tcphs_event, duration), 16);
SAME(at_type, offsetof(struct tcphs_event, type), 24);
SAME(at_old_state, offsetof(struct tcphs_event, old_state), 25);
SAME(at_new_state, offsetof(struct tcphs_event, new_state), 26);
SAME(at_reason, offsetof(struct tcphs_event, reason), 27);
SAME(at_seq, offsetof(struct tcphs_event, seq), 28);
SAME(at_ack, offsetof(struct tcphs_event, ack), 32);
SAME(at_flags, offsetof(struct tcphs_event, flags), 36);
SAME(at_cpu, offsetof(struct tcphs_event, cpu), 40);
SAME(at_icmp_type, offsetof(struct tcphs_event, icmp_type), 42);
SAME(at_icmp_code, offsetof(struct tcphs_event, icmp_code), 43);
SAME(at_ifindex, offsetof(struct tcphs_event, ifindex), 44);
SAME(at_id, offsetof(struct tcphs_event, id), 48);
SAME(at_detail, offsetof(struct tcphs_event, detail), 152);

SAME(at_conn, offsetof(struct tcphs_ident, conn), 0);
SAME(at_local, offsetof(struct tcphs_ident, local), 8);
SAME(at_peer, offsetof(struct tcphs_ident, peer), 24);
SAME(at_local_port, offsetof(struct tcphs_ident, local_port), 40);
SAME(at_peer_port, offsetof(struct tcphs_ident, peer_port), 42);
SAME(at_netns, offsetof(struct tcphs_ident, netns), 56);
SAME(at_isn, offsetof(struct tcphs_ident, isn), 44);
SAME(at_peer_isn, offsetof(struct tcphs_ident, peer_isn), 48);
SAME(at_role, offsetof(struct tcphs_ident, role), 52);
SAME(at_family, offsetof(struct tcphs_ident, family), 53);
SAME(at_generation, offsetof(struct tcphs_ident, generation), 54);
SAME(at_pid, offsetof(struct tcphs_ident, pid), 60);
SAME(at_cgroup, offsetof(struct tcphs_ident, cgroup), 64);
SAME(at_comm, offsetof(struct tcphs_ident, comm), 72);
SAME(at_thread, offsetof(struct tcphs_ident, thread), 88);

SAME(at_prefix, offsetof(struct tcphs_prefix, address), 0);
SAME(at_prefix_family, offsetof(struct tcphs_prefix, family), 16);
SAME(at_prefix_length, offsetof(struct tcphs_prefix, length), 17);
