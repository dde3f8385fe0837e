/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lives as entries of systemd's journal, in its native protocol: an entry is a datagram of
 * lines NAME=VALUE (systemd.io/JOURNAL_NATIVE_PROTOCOL). ISNs are not among them: who may read
 * the journal need not be one who may see them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "out_journal.h"
#include "site.h"

#define JOURNAL_SOCKET	"/run/systemd/journal/socket"
/* What journalctl finds all of these by. */
#define MESSAGE_ID	"9ba88df5b7ec423fbf5e219ba560babb"

/* PRIORITY, as of syslog */
enum { LEVEL_WARNING = 4, LEVEL_INFO = 6 };

struct journal {
	int socket;
	struct sockaddr_un to;
	int error;			/* why an entry could not be written; 0: none */
};

/* All fields together take less than half of it. */
struct entry {
	char text[4096];
	size_t len;
};

/**
 * journal_open - where entries go
 * @err: why not
 *
 * Return: the journal, or NULL. It need not be there before the first entry.
 */
struct journal *journal_open(struct tcphs_error *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return NULL;
	}
	journal->to.sun_family = AF_UNIX;
	strcpy(journal->to.sun_path, JOURNAL_SOCKET);
	journal->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal->socket < 0) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no socket for the journal: %s",
				strerror(errno));
		free(journal);
		return NULL;
	}
	return journal;
}

/**
 * journal_close - the opposite of journal_open()
 * @journal: may be NULL
 */
void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	close(journal->socket);
	free(journal);
}

__attribute__((format(printf, 3, 4)))
static void field(struct entry *e, const char *name, const char *format, ...)
{
	size_t room = sizeof(e->text) - e->len;
	va_list args;
	int head, body;

	head = snprintf(e->text + e->len, room, "%s=", name);
	if (head < 0 || (size_t)head >= room)
		return;
	va_start(args, format);
	body = vsnprintf(e->text + e->len + head, room - (size_t)head, format, args);
	va_end(args);
	if (body < 0 || (size_t)(head + body) + 1 >= room)
		return;
	e->len += (size_t)(head + body);
	e->text[e->len++] = '\n';
}

static void number(struct entry *e, const char *name, uint64_t v)
{
	field(e, name, "%llu", (unsigned long long)v);
}

static void put_who(struct entry *e, const struct tcphs_conn_life *life,
		    const struct tcphs_cgroup_names *names)
{
	const struct tcphs_ident *id = &life->id;
	char buf[TCPHS_NAME_LEN], address[TCPHS_ADDRESS_LEN], comm[TCPHS_OWNER_LEN];
	const char *netns = netns_shown(id->netns);

	field(e, "TCPHS_CONN", "%llx", (unsigned long long)id->conn);
	number(e, "TCPHS_NETNS", site_inode(id->netns));
	if (netns)
		field(e, "TCPHS_NETNS_NAME", "%s", netns);
	tcphs_fmt_address(address, id->family, id->local);
	field(e, "TCPHS_LOCAL", "%s", address);
	number(e, "TCPHS_LOCAL_PORT", id->local_port);
	tcphs_fmt_address(address, id->family, id->peer);
	field(e, "TCPHS_PEER", "%s", address);
	number(e, "TCPHS_PEER_PORT", id->peer_port);
	field(e, "TCPHS_ROLE", "%s", tcphs_role_name(id->role, buf));
	if (life->flags & TCPHS_F_OWNER) {
		tcphs_fmt_comm(comm, id->comm, sizeof(id->comm));
		number(e, "TCPHS_PID", id->pid);
		field(e, "TCPHS_COMM", "%s", comm);
		if (*names->unit)
			field(e, "TCPHS_UNIT", "%s", names->unit);
		if (*names->container)
			field(e, "TCPHS_CONTAINER", "%s", names->container);
		if (*names->pod)
			field(e, "TCPHS_POD", "%s", names->pod);
	}
}

static void put_end(struct entry *e, const struct tcphs_conn_life *life, int64_t clock)
{
	char buf[TCPHS_NAME_LEN];

	field(e, "TCPHS_END", "%s", tcphs_event_name(life->end, buf));
	if (life->reason != TCPHS_REASON_NONE)
		field(e, "TCPHS_REASON", "%s", tcphs_reason_name(life->reason, buf));
	field(e, "TCPHS_HISTORY", "%s", life->history);
	field(e, "TCPHS_ENDED_USEC", "%lld", (long long)(clock + (int64_t)life->last) / 1000);
	if (life->known & TCPHS_LIFE_BEGIN)
		number(e, "TCPHS_LIFE_NSEC", life->last - life->begin);
	if (life->known & TCPHS_LIFE_HANDSHAKE)
		number(e, "TCPHS_HANDSHAKE_NSEC", life->handshake);
	if (life->known & TCPHS_LIFE_BYTES) {
		number(e, "TCPHS_BYTES_SENT", life->bytes_sent);
		number(e, "TCPHS_BYTES_RECEIVED", life->bytes_received);
		field(e, "TCPHS_CLOSER", "%s", tcphs_closer_name(life->closer, buf));
	}
	if (life->known & TCPHS_LIFE_RESENT)
		number(e, "TCPHS_RETRANSMITS", life->retransmits);
}

/* For who reads it as text: one sentence with what the fields have. */
static void put_message(struct entry *e, const struct tcphs_conn_life *life, bool wrong)
{
	const struct tcphs_ident *id = &life->id;
	char role[TCPHS_NAME_LEN], end[TCPHS_NAME_LEN], reason[TCPHS_NAME_LEN];
	char local[TCPHS_ENDPOINT_LEN], peer[TCPHS_ENDPOINT_LEN];
	char owner[TCPHS_OWNER_LEN] = "", length[TCPHS_DURATION_LEN] = "";
	bool why = life->reason != TCPHS_REASON_NONE;

	tcphs_fmt_endpoint(local, id->family, id->local, id->local_port);
	tcphs_fmt_endpoint(peer, id->family, id->peer, id->peer_port);
	if (life->flags & TCPHS_F_OWNER)
		tcphs_fmt_owner(owner, id->comm, sizeof(id->comm), id->pid);
	if (life->known & TCPHS_LIFE_BEGIN)
		tcphs_fmt_duration(length, life->last - life->begin, false);
	field(e, "MESSAGE", "%s %s connection, local %s, peer %s%s%s: %s%s%s%s%s, %s",
	      wrong ? "failed" : "troubled", tcphs_role_name(id->role, role), local, peer,
	      *owner ? ", of " : "", owner, tcphs_event_name(life->end, end),
	      why ? " " : "", why ? tcphs_reason_name(life->reason, reason) : "",
	      *length ? " after " : "", length, life->history);
}

/**
 * life_journal - a life that has ended as an entry
 * @journal: where to
 * @life: the life
 * @names: what its owner's cgroup is called
 * @clock: CLOCK_REALTIME - CLOCK_MONOTONIC, ns
 *
 * A journal that is slow is waited for, until the user says that it is enough.
 */
void life_journal(struct journal *journal, const struct tcphs_conn_life *life,
		  const struct tcphs_cgroup_names *names, int64_t clock)
{
	const struct tcphs_event last = { .type = life->end, .reason = life->reason };
	bool wrong = tcphs_event_failed(&last);
	struct entry e = { .len = 0 };
	ssize_t sent;

	if (journal->error)
		return;
	put_message(&e, life, wrong);
	number(&e, "PRIORITY", wrong ? LEVEL_WARNING : LEVEL_INFO);
	field(&e, "SYSLOG_IDENTIFIER", "tcphs");
	field(&e, "MESSAGE_ID", "%s", MESSAGE_ID);
	put_who(&e, life, names);
	put_end(&e, life, clock);
	do {
		sent = sendto(journal->socket, e.text, e.len, MSG_NOSIGNAL,
			      (const struct sockaddr *)&journal->to, sizeof(journal->to));
	} while (sent < 0 && errno == EINTR && !tcphs_stop_asked());
	if (sent < 0 && errno != EINTR)
		journal->error = errno;
}

/**
 * journal_failed - was there an entry that could not be written?
 * @journal: where to
 * @err: gets why; may be NULL
 */
bool journal_failed(const struct journal *journal, struct tcphs_error *err)
{
	if (!journal->error)
		return false;
	if (err)
		tcphs_error_set(err, TCPHS_ERR_FAILED, "%s: the journal does not take entries: %s",
				JOURNAL_SOCKET, strerror(journal->error));
	return true;
}
