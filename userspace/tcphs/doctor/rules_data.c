/* SPDX-License-Identifier: GPL-2.0 */
/* Data that the peer does not confirm: the connection is open, and dead perhaps. */
#include "report.h"

static void unconfirmed(const struct evidence *e, struct report *r, const struct silent *s)
{
	bool many = e->unconfirmed >= SILENT && share(e->unconfirmed, SILENT_PERMILLE, e->open);
	struct finding *f = report_add(r, many ? SEVERITY_WARNING : SEVERITY_NOTICE,
				       "data-unconfirmed",
				       "open connections whose data the peer does not confirm",
				       e->unconfirmed, many ? SILENT : 1);
	char address[TCPHS_ADDRESS_LEN], longest[TCPHS_DURATION_LEN];
	char local[TCPHS_ENDPOINT_LEN];

	f->place = s->peer;
	finding_peer(f, s->peer.family, s->peer.address, address);
	tcphs_fmt_endpoint(local, (uint8_t)s->local.family, s->local.address, s->local.port);
	tcphs_fmt_duration(longest, s->longest, false);
	SAY(f->more,
	    "of %llu open; with this peer %llu, %llu byte%s, the longest for about %s at %s",
	    (ull)e->open, (ull)s->connections, (ull)s->bytes, tcphs_plural(s->bytes), longest,
	    local);
	SAY(f->cause,
	    "What is sent to this peer is sent again and again, and no ACK comes: the peer is gone, the way to it is, or a NAT or firewall has forgotten the connection while it was idle. The application waits until TCP gives up (tcp_retries2, about 15 minutes). Keepalive shorter than the NAT's memory, or TCP_USER_TIMEOUT, would end or save it.");
	SAY(f->command, "ss -tnoi dst %s", address);
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
