/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the recordings of two machines say together that none of them says alone: how far the
 * clocks are apart, which connections the one opened and the other knows nothing of, and
 * RSTs that came and that the other end did not send.
 */
#include <stdio.h>

#include "hosts.h"
#include "out_doctor.h"

static const struct rule rule = { .name = "between", .title = "between" };

static void put_ends(char *p, const struct tcphs_ident *id)
{
	p = tcphs_fmt_endpoint(p, id->family, id->local, id->local_port);
	p = stpcpy(p, " to ");
	tcphs_fmt_endpoint(p, id->family, id->peer, id->peer_port);
}

static void put_offset(char *p, size_t size, const struct hosts *h, const struct host_pair *pair)
{
	int64_t offset = pair->clock.nr ? pair->clock.era[0].offset : 0;
	int64_t error = clocks_error(&pair->clock);
	uint64_t abs = offset < 0 ? -(uint64_t)offset : (uint64_t)offset;
	char within[TCPHS_DURATION_LEN] = "not known", drift[64] = "";

	if (!pair->clock.nr) {
		snprintf(p, size, "not compared: no connection has both handshakes or closes on record");
		return;
	}
	if (error >= 0)
		tcphs_fmt_duration(within, (uint64_t)error, false);
	if (pair->clock.nr > 1)
		snprintf(drift, sizeof(drift), "; they drift, %u corrections", pair->clock.nr - 1);
	snprintf(p, size, "%s is %llu.%06llu s ahead, error %s%s",
		 hosts_name(h, pair->host[offset >= 0]), (ull)(abs / 1000000000),
		 (ull)(abs % 1000000000 / 1000), within, drift);
}

static void segments_text(struct cli *cli, const struct hosts *h, const struct host_pair *p,
			  const char *title, const struct host_segments *s)
{
	cli_line(cli, 23, "  %-20s %s sent %llu, %s got %llu; %s sent %llu, %s got %llu", title,
		 hosts_name(h, p->host[0]), (ull)s[0].sent, hosts_name(h, p->host[1]), (ull)s[0].came,
		 hosts_name(h, p->host[1]), (ull)s[1].sent, hosts_name(h, p->host[0]), (ull)s[1].came);
}

/* Recordings are compared as wholes: filters choose among what each machine is judged by. */
static const char *of_what(const struct cli *cli)
{
	return cli->filter.keys ? ", of all that is on record" : "";
}

static void pair_text(struct cli *cli, const struct hosts *h, const struct host_pair *p)
{
	char clocks[200];

	if (!cli->no_header)
		cli_line(cli, 2, "%sBETWEEN %s AND %s%s%s", cli_bold(cli), hosts_name(h, p->host[0]),
			 hosts_name(h, p->host[1]), cli_plain(cli), of_what(cli));
	put_offset(clocks, sizeof(clocks), h, p);
	cli_line(cli, 23, "  %-20s %s", "clocks", clocks);
	cli_line(cli, 23, "  %-20s both ends on record %llu; of %s alone %llu, of %s alone %llu",
		 "connections", (ull)p->both, hosts_name(h, p->host[0]), (ull)p->alone[0],
		 hosts_name(h, p->host[1]), (ull)p->alone[1]);
	segments_text(cli, h, p, "SYNs", p->syn);
	segments_text(cli, h, p, "FINs", p->fin);
	segments_text(cli, h, p, "RSTs", p->rst);
	tcphs_buf_newline(&cli->out);
}

static void segments_json(struct tcphs_json *j, const char *key, const struct host_segments *s)
{
	unsigned int way;

	tcphs_json_open(j, key, '[');
	for (way = 0; way < 2; way++) {
		tcphs_json_open(j, NULL, '{');
		tcphs_json_u64(j, "sent", s[way].sent);
		tcphs_json_u64(j, "came", s[way].came);
		tcphs_json_close(j, '}');
	}
	tcphs_json_close(j, ']');
}

static void pair_json(struct cli *cli, const struct hosts *h, const struct host_pair *p)
{
	int64_t error = clocks_error(&p->clock);
	struct tcphs_json j;
	unsigned int way;

	tcphs_json_begin(&j, &cli->out);
	tcphs_json_open(&j, "between", '[');
	for (way = 0; way < 2; way++)
		tcphs_json_str(&j, NULL, hosts_name(h, p->host[way]));
	tcphs_json_close(&j, ']');
	if (p->clock.nr) {
		tcphs_json_i64(&j, "clock_offset_ns", p->clock.era[0].offset);
		if (error >= 0)
			tcphs_json_u64(&j, "clock_error_ns", (uint64_t)error);
		tcphs_json_u64(&j, "clock_corrections", p->clock.nr - 1);
		tcphs_json_u64(&j, "clock_moments", p->moments);
	}
	tcphs_json_u64(&j, "both", p->both);
	tcphs_json_open(&j, "alone", '[');
	for (way = 0; way < 2; way++)
		tcphs_json_u64(&j, NULL, p->alone[way]);
	tcphs_json_close(&j, ']');
	segments_json(&j, "syns", p->syn);
	segments_json(&j, "fins", p->fin);
	segments_json(&j, "rsts", p->rst);
	tcphs_json_end(&j);
}

static void tell(struct cli *cli, const struct evidence *e, const struct finding *f)
{
	const struct doctor_view v = { .e = e, .name = "" };

	if (cli->json)
		doctor_finding_json(cli, &v, f);
	else
		doctor_finding_text(cli, &v, f);
}

/* @way 0: of the first, that the second has nothing of. */
static bool find_alone(struct cli *cli, const struct hosts *h, const struct host_pair *p,
		       unsigned int way, const struct evidence *e)
{
	const char *from = hosts_name(h, p->host[way]), *to = hosts_name(h, p->host[!way]);
	struct finding f = {
		.rule = &rule, .severity = SEVERITY_WARNING, .name = "lost-between", .kind = "route",
		.measure = "connects of which the other machine has nothing",
		.value = p->alone[way], .threshold = BETWEEN,
	};
	char ends[2 * TCPHS_ENDPOINT_LEN + 8];

	if (!is_much(p->alone[way], BETWEEN, BETWEEN_PERMILLE, p->alone[way] + p->both))
		return false;
	put_ends(ends, &p->example[way]);
	SAY(f.object, "%s to %s", from, to);
	SAY(f.more, "the latest %s; %llu connections have both ends on record%s", ends, (ull)p->both,
	    cli->filter.keys ? "; of all that there is, whatever the filters let through" : "");
	SAY(f.cause, "Their SYNs left %s, and %s, which recorded then and has that address, has none of them: they were lost on the way, or a firewall dropped them, between the two or on %s itself before TCP saw them. Not if %s was recorded with a filter%s.",
	    from, to, to, to, hosts_lost(h, p->host[!way]) ? ", and its recorder lost records" : "");
	SAY(f.command, "tcphs diagram --role active --failed");
	tell(cli, e, &f);
	return true;
}

/* @way 0: they came to the second. */
static bool find_foreign(struct cli *cli, const struct hosts *h, const struct host_pair *p,
			 unsigned int way, const struct evidence *e)
{
	const char *from = hosts_name(h, p->host[way]), *to = hosts_name(h, p->host[!way]);
	struct finding f = {
		.rule = &rule, .severity = SEVERITY_WARNING, .name = "reset-between", .kind = "route",
		.measure = "connections with a RST that came, and that the other end did not send",
		.value = p->foreign[way], .threshold = BETWEEN,
	};
	char ends[2 * TCPHS_ENDPOINT_LEN + 8];

	if (!is_much(p->foreign[way], BETWEEN, BETWEEN_PERMILLE, p->both))
		return false;
	put_ends(ends, &p->reset[way]);
	SAY(f.object, "%s to %s", from, to);
	SAY(f.more, "the latest %s; %llu connections have both ends on record%s", ends, (ull)p->both,
	    cli->filter.keys ? "; of all that there is, whatever the filters let through" : "");
	SAY(f.cause, "TCP on %s sent none, and all its records of that time are there: the RST was made by something between the two, a firewall, NAT that has forgotten the connection, or a load balancer; or by %s's own firewall (REJECT with tcp-reset).",
	    from, from);
	SAY(f.command, "tcphs events --event rst-received,rst-sent");
	tell(cli, e, &f);
	return true;
}

/**
 * doctor_between - what several machines have to do with each other
 * @cli: where to
 * @hosts: their recordings
 * @e: of any of them, for its clock
 *
 * Return: how bad the worst is.
 */
enum severity doctor_between(struct cli *cli, const struct hosts *hosts, const struct evidence *e)
{
	const struct host_pair *pair;
	bool wrong = false;
	unsigned int nr, i, way;

	pair = hosts_pairs(hosts, &nr);
	for (i = 0; i < nr; i++) {
		for (way = 0; way < 2; way++) {
			wrong |= find_alone(cli, hosts, &pair[i], way, e);
			wrong |= find_foreign(cli, hosts, &pair[i], way, e);
		}
		if (cli->json)
			pair_json(cli, hosts, &pair[i]);
		else
			pair_text(cli, hosts, &pair[i]);
	}
	return wrong ? SEVERITY_WARNING : SEVERITY_NONE;
}
