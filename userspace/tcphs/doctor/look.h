/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A look at network namespaces: what the module, sysctls and counters show before and after,
 * and the events in between, whose they are.
 */
#ifndef TCPHS_DOCTOR_LOOK_H
#define TCPHS_DOCTOR_LOOK_H

#include "evidence.h"
#include "netns.h"
#include "belonging.h"

/* A network namespace that is looked at. */
struct patient {
	uint32_t netns;			/* inode */
	int fd;				/* to enter it by; -1: we are in it */
	char name[NETNS_NAME_LEN];
	const char *host;		/* of several machines this one; or NULL */
	struct tcphs_session *session;	/* to ask there; NULL: its events alone are judged */
	bool own_session;
	struct evidence evidence;
};

/**
 * struct look - what is looked at
 * @session: with the module, in our own namespace; NULL: it is a recording
 * @filter: of the user
 * @belonging: what of it is about owners, where that is not seen of each event
 * @stuck: what stays longer than that in a state of the close is stuck, ns
 * @home: our namespace, an open file; -1: it can't be left
 * @patients: namespaces
 * @nr_patients: how many
 * @strangers: uint32_t: namespaces that were not looked at
 * @last: whose event came last
 * @tables: of the patient whose turn it is
 * @listeners: of all namespaces
 * @connections: likewise
 * @no_memory: something could not be remembered
 */
struct look {
	struct tcphs_session *session;
	const struct tcphs_filter *filter;
	struct belonging belonging;
	uint64_t stuck;
	int home;
	struct patient *patients;
	size_t nr_patients;
	struct tally strangers;
	struct patient *last;
	struct tables *tables;
	struct tcphs_listener_list listeners;
	struct tcphs_conn_list connections;
	bool no_memory;
};

int look_init(struct look *l, struct tcphs_session *session, const struct tcphs_filter *filter,
	      uint64_t stuck);
void look_free(struct look *l);
struct patient *look_add(struct look *l, uint32_t netns);
int look_admit(struct look *l, bool all, struct tcphs_error *err);
void look_dismiss(struct look *l);
struct patient *look_find(struct look *l, uint32_t netns);
bool look_wants(const struct look *l, const struct patient *p);
void look_count_others(struct look *l);

/*
 * Filters of the user that choose whole connections, at whichever end; the last two are judged
 * here, for not each event says whose it is: its source must leave them to look_concerns().
 */
#define LOOK_FILTERS	(TCPHS_FILTERS_LIFE | OWNER_FILTERS)

bool look_concerns(struct look *l, const struct tcphs_event *ev);
int look_learn(struct look *l, bool all, struct tcphs_error *err);

/* What happened goes to whom it is of. */
void look_event(struct look *l, const struct tcphs_event *ev);
void look_kept(struct look *l, const struct tcphs_event *ev);

/* Both by the clock of the events, which is not ours in a time namespace. */
int look_before(struct look *l, uint64_t now, struct tcphs_error *err);
int look_after(struct look *l, uint64_t now, struct tcphs_error *err);
void look_back(struct look *l);

#endif /* TCPHS_DOCTOR_LOOK_H */
