/* SPDX-License-Identifier: GPL-2.0 */
/* Data that the peer does not confirm: the connection is open, and dead perhaps. */
#include "report.h"

/*
 * After how many milliseconds the kernel gives up at the earliest, as its tcp_model_timeout()
 * reckons: the time-out begins with the least there is, and doubles with each segment that is
 * sent again, as long as it stays below the longest.
 */
static uint64_t gives_up_after(const struct settings *s)
{
	uint64_t left = s->value[SETTING_RETRIES2], rto = RTO_MIN_MS, ms = rto;
	uint64_t longest = settings_rto_max(s);

	for (; left && 2 * rto <= longest; left--) {
		rto *= 2;
		ms += rto;
	}
	/* More than a byte it can't be set to. */
	return ms + (left < UINT8_MAX ? left : UINT8_MAX) * longest;
}

/* What is set here, or without that what is set where nobody changed it. */
static void say_when(char *to, size_t size, const struct settings *s)
{
	char time[TCPHS_DURATION_LEN];

	if (!s->known[SETTING_RETRIES2]) {
		say(to, size, "tcp_retries2; with 15, the default, that takes at least 15 minutes");
		return;
	}
	tcphs_fmt_duration(time, gives_up_after(s) * 1000000, false);
	say(to, size, "tcp_retries2 is %llu: after %s at the earliest",
	    (ull)s->value[SETTING_RETRIES2], time);
}

static void unconfirmed(const struct evidence *e, struct report *r, const struct silent *s)
{
	bool many = e->unconfirmed >= SILENT && share(e->unconfirmed, SILENT_PERMILLE, e->open);
	struct finding *f = report_add(r, many ? SEVERITY_WARNING : SEVERITY_NOTICE,
				       "data-unconfirmed",
				       "open connections whose data the peer does not confirm",
				       e->unconfirmed, many ? SILENT : 1);
	char address[TCPHS_ADDRESS_LEN], host[HOST_LEN], longest[TCPHS_DURATION_LEN];
	char local[TCPHS_ENDPOINT_LEN], when[96];

	f->place = s->peer;
	finding_peer(f, s->peer.family, s->peer.address, address);
	tcphs_fmt_endpoint(local, (uint8_t)s->local.family, s->local.address, s->local.port);
	tcphs_fmt_duration(longest, s->longest, false);
	SAY(f->more,
	    "of %llu open; with this peer %llu, %llu byte%s, the longest for about %s at %s",
	    (ull)e->open, (ull)s->connections, (ull)s->bytes, tcphs_plural(s->bytes), longest,
	    local);
	say_when(when, sizeof(when), &e->settings);
	SAY(f->cause,
	    "What is sent to this peer is sent again and again, and no ACK comes: the peer is gone, the way to it is, or a NAT or firewall has forgotten the connection while it was idle. The application waits until TCP gives up (%s). Keepalive shorter than the NAT's memory, or TCP_USER_TIMEOUT, would end or save it.",
	    when);
	fmt_host(host, &s->peer);
	SAY(f->command, "ss -tnoi dst %s", host);
}

/* Does anybody talk to a peer that does not answer? One finding, of the worst of them. */
void check_data(const struct evidence *e, struct report *r)
{
	const struct silent *s, *worst = NULL;
	size_t i;

	if (!e->data_known) {
		report_skip(r, "sock_diag is not there (tcp_diag)");
		return;
	}
	tally_each(&e->silent, s, i)
		if (!worst || s->connections > worst->connections)
			worst = s;
	if (worst)
		unconfirmed(e, r, worst);
	report_saw(r, "open connections %llu, with data not confirmed for 3 s and more %llu; no other data are looked at",
		   (ull)e->open, (ull)e->unconfirmed);
}
