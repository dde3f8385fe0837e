/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the evidence means. Each rule looks at one thing and adds a finding where its
 * threshold is reached; where it finds nothing it says what it saw.
 */
#ifndef TCPHS_DOCTOR_REPORT_H
#define TCPHS_DOCTOR_REPORT_H

#include "evidence.h"

enum severity { SEVERITY_NONE, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* Exit status; the others are those of enum tcphs_err. */
#define DOCTOR_EXIT_WARNING	10
#define DOCTOR_EXIT_CRITICAL	20

struct rule;

struct finding {
	const struct rule *rule;
	enum severity severity;
	const char *name;		/* accept-queue-overflow */
	const char *kind;		/* of object: listener, peer, route, process, machine */
	char object[160];
	struct place place;		/* family 0: none */
	struct owner owner;
	const char *measure;		/* what @value counts */
	uint64_t value, threshold;
	char more[256];			/* numbers beside that */
	char cause[480];
	char command[256];		/* the next to type */
	char setting[64];		/* "": none */
	char present[48];		/* "": not known */
	char advised[96];
	bool kept;			/* of before the ring's reach */
	bool lasting;			/* of no time: so as long as the module is loaded */
	uint64_t from, to;		/* of which time it is, CLOCK_MONOTONIC in ns; 0: of now */
};

struct endings;
struct report;

struct rule {
	const char *name;		/* accept-queues */
	const char *title;		/* accept queues */
	const char *needs;		/* what a recording lacks for it; NULL: nothing */
	void (*check)(const struct evidence *e, struct report *r);
};

struct report {
	const struct rule *rule;	/* whose turn it is */
	struct finding *v;
	size_t nr, cap;
	bool no_memory;
	struct finding spare;		/* what is written to then */
	struct {
		bool looked;
		char saw[256];		/* or why not */
	} *check;			/* one for each rule */
};

#define NR_RULES 19
extern const struct rule rules[NR_RULES];
extern const struct rule rule_of_kept;

/* report.c */
int report_make(struct report *r, const struct evidence *e);	/* 0 or -ENOMEM */
void report_free(struct report *r);
enum severity report_worst(const struct report *r);
int report_exit(enum severity worst);
const char *severity_name(enum severity s);

/* For the rules. Texts are cut where they don't fit. */
struct finding *report_add(struct report *r, enum severity level, const char *name,
			   const char *measure, uint64_t value, uint64_t threshold);
void say(char *to, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define SAY(to, ...) say(to, sizeof(to), __VA_ARGS__)

void report_saw(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_skip(struct report *r, const char *why);

void finding_place(struct finding *f, const char *kind, const struct place *at);
void finding_machine(struct finding *f, const char *what);
void finding_server(struct finding *f, const struct server *s);
void finding_sockets(struct finding *f, const struct server *s, uint32_t sockets,
		     const struct owner *owner);
void finding_destination(struct finding *f, const struct destination *d);
void finding_owner(struct finding *f, const struct owner *owner);
void finding_peer(struct finding *f, uint16_t family, const uint8_t *address, char *text);
void finding_endings(struct finding *f, const struct evidence *e, const struct endings *x,
		     const struct owner *who);

/*
 * The next thing to type about a peer: at the peer, or on the way to it. Of an address of
 * this machine there is no way, and the listener is here to be asked.
 */
void finding_next(struct finding *f, const struct evidence *e, const struct place *peer);

/* Was anything wrong found at that listener? Then what its clients meet is its consequence. */
bool report_blames(const struct report *r, const struct server *s);

/* Advice on the limit of a listener's queues: the backlog of listen(), somaxconn at most. */
void finding_backlog(struct finding *f, const struct evidence *e, uint32_t limit);

/* Advice on a sysctl, with the value that it has now. */
void finding_setting(struct finding *f, const struct evidence *e, enum setting s,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Is @part at least @permille of @whole? */
bool share(uint64_t part, uint64_t permille, uint64_t whole);
/* And at least so many? */
bool is_much(uint64_t n, uint64_t least, uint64_t permille, uint64_t whole);
uint64_t twice(uint64_t n);	/* the next power of two that is twice as much */

/* An address as ss(8) takes it, in a shell */
#define HOST_LEN	(TCPHS_ADDRESS_LEN + 4)
void fmt_host(char *buf, const struct place *at);

/* "2026-11-28T03:12:05+0100", in the reader's time zone */
#define WHEN_LEN 32
void fmt_when(char *buf, const struct evidence *e, uint64_t time);

typedef unsigned long long ull;

/* rules_*.c */
void check_accept_queues(const struct evidence *e, struct report *r);
void check_requests(const struct evidence *e, struct report *r);
void check_syn_queues(const struct evidence *e, struct report *r);
void check_discards(const struct evidence *e, struct report *r);
void check_data(const struct evidence *e, struct report *r);
void check_connects(const struct evidence *e, struct report *r);
void check_ports(const struct evidence *e, struct report *r);
void check_loss(const struct evidence *e, struct report *r);
void check_resets(const struct evidence *e, struct report *r);
void check_strays(const struct evidence *e, struct report *r);
void check_old_connections(const struct evidence *e, struct report *r);
void check_deaths(const struct evidence *e, struct report *r);
void check_shut_ports(const struct evidence *e, struct report *r);
void check_close_wait(const struct evidence *e, struct report *r);
void check_closing(const struct evidence *e, struct report *r);
void check_orphans(const struct evidence *e, struct report *r);
void check_time_wait(const struct evidence *e, struct report *r);
void check_closing_first(const struct evidence *e, struct report *r);
void check_tcphs(const struct evidence *e, struct report *r);

/* rules_kept.c */
void judge_kept(const struct evidence *e, struct report *r);

/* rules_connect.c: the words for a reason why connects fail */
void connect_words(unsigned int reason, const char **name, const char **measure,
		   const char **cause);

#endif /* TCPHS_DOCTOR_REPORT_H */
