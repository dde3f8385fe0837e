/* SPDX-License-Identifier: GPL-2.0 */
/* The drawing for programs: who its sides are, then a step a line. */
#include <stdio.h>

#include "picture.h"
#include "site.h"

static const char *const side_name[] = { "left", "right" };

/* Whose the listener is, where nobody has accepted. */
static void put_listener_names(struct tcphs_json *j, const struct tcphs_cgroup *cgroup)
{
	if (!cgroup)
		return;
	if (*cgroup->names.unit)
		tcphs_json_str(j, "listener_unit", cgroup->names.unit);
	if (*cgroup->names.container)
		tcphs_json_str(j, "listener_container", cgroup->names.container);
	if (*cgroup->names.pod)
		tcphs_json_str(j, "listener_pod", cgroup->names.pod);
}

static void put_end(struct tcphs_json *j, const struct tcphs_picture *p, unsigned int side)
{
	const struct tcphs_end *end = &p->end[side];
	const struct tcphs_ident *id = &end->id;

	tcphs_json_open(j, side_name[side], '{');
	tcphs_json_address(j, "address", id->family, id->local);
	tcphs_json_u64(j, "port", id->local_port);
	tcphs_json_address(j, "peer_address", id->family, id->peer);
	tcphs_json_u64(j, "peer_port", id->peer_port);
	tcphs_json_bool(j, "seen", end->seen);
	if (end->socket) {
		tcphs_json_hex(j, "conn", id->conn);
		tcphs_json_u64(j, "generation", id->generation);
	}
	if (end->listener.conn)
		tcphs_json_hex(j, "listener", end->listener.conn);
	if (end->listener_flags & TCPHS_F_OWNER) {
		tcphs_json_u64(j, "listener_pid", end->listener.pid);
		tcphs_json_bytes(j, "listener_comm", end->listener.comm,
				 strnlen((const char *)end->listener.comm,
					 sizeof(end->listener.comm)));
		if (p->cgroups && end->listener.cgroup)
			put_listener_names(j, tcphs_cgroups_find(p->cgroups,
								 end->listener.cgroup));
	}
	if (end->seen) {
		tcphs_json_netns(j, site_inode(id->netns));
		if (site_host(id->netns))
			tcphs_json_str(j, "host", site_host(id->netns));
	}
	if (end->flags & TCPHS_F_ISN)
		tcphs_json_u64(j, "isn", id->isn);
	if (end->flags & TCPHS_F_OWNER) {
		tcphs_json_u64(j, "pid", id->pid);
		tcphs_json_bytes(j, "comm", id->comm, strnlen((const char *)id->comm,
							      sizeof(id->comm)));
		if (id->cgroup) {
			tcphs_json_u64(j, "cgroup_id", SITE_CGROUP_ID(id->cgroup));
			tcphs_json_cgroup(j, p->cgroups, id->cgroup);
		}
	}
	tcphs_json_close(j, '}');
}

/**
 * tcphs_picture_json_head - the sides
 * @p: the picture
 * @out: where it goes
 */
void tcphs_picture_json_head(const struct tcphs_picture *p, struct tcphs_buf *out)
{
	struct tcphs_json j;

	tcphs_json_begin(&j, out);
	tcphs_json_u64(&j, "time", p->start - p->shift);
	if (p->self)
		tcphs_json_bool(&j, "self", true);
	if (tcphs_picture_translated(p))
		tcphs_json_bool(&j, "translated", true);
	put_end(&j, p, TCPHS_LEFT);
	put_end(&j, p, TCPHS_RIGHT);
	tcphs_json_end(&j);
}

static void put_arrow(struct tcphs_json *j, const struct tcphs_picture *p,
		      const struct tcphs_arrow *a)
{
	static const char *const part[] = { "whole", "departs", "arrives" };
	static const struct {
		uint8_t flag;
		const char *name;
	} flag[] = { { TCPHS_SYN, "syn" }, { TCPHS_FIN, "fin" }, { TCPHS_RST, "rst" },
		     { TCPHS_ACK, "ack" }, { TCPHS_ICMP, "icmp" } };
	unsigned int i;

	tcphs_json_open(j, "arrow", '{');
	tcphs_json_str(j, "from", side_name[a->from]);
	tcphs_json_str(j, "to", side_name[p->self ? a->from : !a->from]);
	tcphs_json_str(j, "part", part[a->part]);
	if (a->flight)
		tcphs_json_u64(j, "flight", a->flight);
	tcphs_json_open(j, "flags", '[');
	for (i = 0; i < sizeof(flag) / sizeof(flag[0]); i++)
		if (a->flags & flag[i].flag)
			tcphs_json_str(j, NULL, flag[i].name);
	tcphs_json_close(j, ']');
	if (a->flags & TCPHS_ICMP) {
		tcphs_json_u64(j, "icmp_type", a->icmp_type);
		tcphs_json_u64(j, "icmp_code", a->icmp_code);
	}
	if (a->has_seq)
		tcphs_json_u64(j, "seq", a->seq);
	if (a->has_ack)
		tcphs_json_u64(j, "ack", a->ack);
	if (a->len)
		tcphs_json_u64(j, "len", a->len);
	if (a->resend)
		tcphs_json_u64(j, "resend", a->resend);
	if (a->unseen)
		tcphs_json_bool(j, "dashed", true);
	if (a->lost)
		tcphs_json_bool(j, "lost", true);
	tcphs_json_close(j, '}');
}

static void put_data(struct tcphs_json *j, const struct tcphs_data *data)
{
	static const char *const key[] = { "left_bytes", "right_bytes" };
	static const char *const in_vain[] = { "left_unconfirmed", "right_unconfirmed" };
	static const char *const waits[] = { "left_waiting_bytes", "right_waiting_bytes" };
	static const char *const since[] = { "left_waiting_ns", "right_waiting_ns" };
	int side;

	tcphs_json_open(j, "data", '{');
	for (side = 0; side < 2; side++) {
		if (data->known[side])
			tcphs_json_u64(j, key[side], data->bytes[side]);
		if (data->in_vain[side])
			tcphs_json_bool(j, in_vain[side], true);
		if (!data->waits[side])
			continue;
		tcphs_json_u64(j, waits[side], data->waits[side]);
		tcphs_json_u64(j, since[side], data->waits_ns[side]);
	}
	if (data->duration)
		tcphs_json_u64(j, "duration_ns", data->duration);
	if (data->open)
		tcphs_json_bool(j, "open", true);
	tcphs_json_close(j, '}');
}

static void put_state(struct tcphs_json *j, const struct tcphs_row *row, int side)
{
	static const char *const key[2][2] = { { "left_state", "left_state_guessed" },
					       { "right_state", "right_state_guessed" } };
	char buf[TCPHS_NAME_LEN];

	if (row->state[side])
		tcphs_json_str(j, key[side][row->guessed[side]],
			       tcphs_state_key(row->state[side], buf));
}

/**
 * tcphs_picture_json_rows - the steps
 * @p: the picture
 * @from: the first of them
 * @out: where they go
 */
void tcphs_picture_json_rows(const struct tcphs_picture *p, size_t from, struct tcphs_buf *out)
{
	const struct tcphs_row *row;
	struct tcphs_json j;

	for (; from < p->nr; from++) {
		row = &p->row[from];
		tcphs_json_begin(&j, out);
		tcphs_json_u64(&j, "step", from + 1);
		if (row->time)
			tcphs_json_u64(&j, "time", row->time - p->shift);
		put_state(&j, row, TCPHS_LEFT);
		put_state(&j, row, TCPHS_RIGHT);
		if (row->arrow.flags)
			put_arrow(&j, p, &row->arrow);
		if (row->data.here)
			put_data(&j, &row->data);
		if (*row->note) {
			tcphs_json_str(&j, "note", row->note);
			if (row->side != TCPHS_MIDDLE)
				tcphs_json_str(&j, "note_side", side_name[row->side]);
		}
		tcphs_json_end(&j);
	}
}
