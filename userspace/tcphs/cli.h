/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of tcphs share: options, output, tables. */
#ifndef TCPHS_CLI_H
#define TCPHS_CLI_H

#include <getopt.h>
#include <sys/types.h>

#include "netns.h"
#include "output.h"

struct verb;

#define CLI_GIVEN	40

struct cli {
	const struct verb *verb;
	unsigned int nr_given;
	const char *given[CLI_GIVEN];	/* words of the command line, see cli_gave() */
	bool json;
	bool no_header;
	bool all_netns;
	bool color;
	bool utf8;
	const char *output;		/* columns of a table; NULL: those that fit */
	char *joined;			/* the same, if it was given several times */
	bool kept;			/* the kept store alone */
	const char *read;		/* a recording to read, the first; NULL: the kernel */
	char **reads;			/* all of them */
	unsigned int nr_reads;
	bool several;			/* they are of several machines */
	char **command;			/* behind --, to be run; NULL: there is none */
	int status;			/* its exit status */
	int damaged;			/* part of it can't be read: the exit status; 0: it can */
	bool to_file;			/* events don't go to standard output */
	struct tcphs_filter filter;
	struct tcphs_cgroups *cgroups;	/* of cli_cgroups() */
	struct tcphs_buf out;		/* standard output */
};

struct verb {
	const char *name;
	const char *words;		/* after its name in --help; NULL: none */
	const char *other;			/* another form of it there; NULL: none */
	const char *help;		/* one line for the list of verbs */
	const char *usage;		/* its own options, for --help */
	bool one_netns;			/* knows no --all-netns */
	bool own_formats;		/* neither JSON, headings nor colours */
	bool reads;			/* knows --read */
	bool reads_several;		/* and more than one, of several machines */
	bool runs;			/* knows -- COMMAND */
	enum {
		KEEPS_NOT,
		KEEPS_OF_A_TIME,	/* reads what is kept with --since or --until */
		KEEPS,			/* always, and knows --kept */
	} keeps;
	uint32_t filters;		/* TCPHS_FILTERS_*: those that mean something here */
	bool lives;			/* they choose connections, see source.h */
	uint32_t early;			/* filters for single events, where it judges the others itself */
	int (*run)(struct cli *cli, int argc, char **argv);	/* the exit status */
};

/* cmd_*.c */
extern const struct verb verb_status;
extern const struct verb verb_events;
extern const struct verb verb_diagram;
extern const struct verb verb_listeners;
extern const struct verb verb_lives;
extern const struct verb verb_connections;
extern const struct verb verb_doctor;
extern const struct verb verb_record;
extern const struct verb verb_metrics;
extern const struct verb verb_export;

/*
 * Options every verb takes. A verb loops over cli_next() with these in front of its own,
 * hands what it does not know to cli_option(), and calls cli_check() at the end.
 */
#define CLI_SHORTS ":jHAhr:"
/* getopt_long()'s value of a filter's option */
#define CLI_FILTER(key) (0x100 + TCPHS_FILTER_##key)
#define CLI_FILTER_LONG(name, key) { name, required_argument, NULL, CLI_FILTER(key) }
#define CLI_LONGS						\
	{ "json",	no_argument,		NULL, 'j' },	\
	{ "no-header",	no_argument,		NULL, 'H' },	\
	{ "all-netns",	no_argument,		NULL, 'A' },	\
	{ "color",	optional_argument,	NULL, 'C' },	\
	{ "help",	no_argument,		NULL, 'h' },	\
	{ "read",	required_argument,	NULL, 'r' },	\
	CLI_FILTER_LONG("port", PORT),				\
	CLI_FILTER_LONG("local-port", LOCAL_PORT),		\
	CLI_FILTER_LONG("peer-port", PEER_PORT),		\
	CLI_FILTER_LONG("address", ADDRESS),			\
	CLI_FILTER_LONG("state", STATE),			\
	CLI_FILTER_LONG("event", EVENT),			\
	CLI_FILTER_LONG("role", ROLE),				\
	{ "failed",	no_argument,		NULL, CLI_FILTER(FAILED) },	\
	CLI_FILTER_LONG("pid", PID),				\
	CLI_FILTER_LONG("comm", COMM),				\
	CLI_FILTER_LONG("device", DEVICE),			\
	CLI_FILTER_LONG("netns", NETNS),			\
	CLI_FILTER_LONG("older-than", OLDER_THAN),		\
	CLI_FILTER_LONG("conn", CONN),				\
	CLI_FILTER_LONG("since", SINCE),			\
	CLI_FILTER_LONG("until", UNTIL),			\
	CLI_FILTER_LONG("unit", UNIT),				\
	CLI_FILTER_LONG("container", CONTAINER),		\
	{ "kept",	no_argument,		NULL, 'K' }

/* Words of the command line that are no options. */
#define CLI_CONN	"CONN"		/* the connection of a diagram */
#define CLI_STDOUT	"-"		/* where a recording goes */
#define CLI_COMMAND	"COMMAND"	/* what is run */

/* options.c */
int cli_next(struct cli *cli, int argc, char **argv, const char *shorts,
	     const struct option *longs);
void cli_gave(struct cli *cli, const char *word);
void cli_check(const struct cli *cli, int argc, char **argv);

/* cli.c; those that do not return end the program */
void cli_option(struct cli *cli, int c, char **argv, const struct option *longs);
void cli_help(const struct cli *cli) __attribute__((noreturn));
void cli_columns(struct cli *cli, const char *arg);
size_t cli_count(const struct cli *cli, const char *option, const char *arg);
void cli_usage(const struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
int cli_fail(const struct tcphs_error *err);
struct tcphs_session *cli_session(struct tcphs_error *err);
void cli_catch_signals(void);
int cli_finish(struct cli *cli);
#define CLI_MOMENT_LEN 32
void cli_moment(char *p, int64_t ns);
void cli_say_missing(const struct tcphs_missing *missing);
netns_namer *cli_netns(const struct cli *cli);
struct tcphs_cgroups *cli_cgroups(struct cli *cli);
const struct tcphs_cgroup_names *cli_cgroup_names(const struct cli *cli, uint64_t id);
void cli_unit(const struct cli *cli, char *cell, uint64_t cgroup);
void cli_container(const struct cli *cli, char *cell, uint64_t cgroup);
void cli_pod(const struct cli *cli, char *cell, uint64_t cgroup);
void cli_json_cgroup(const struct cli *cli, struct tcphs_json *j, uint64_t cgroup);
void cli_keep_listeners(const struct cli *cli, struct tcphs_listener_list *list);

const char *cli_tone(const struct cli *cli, enum tcphs_tone tone);	/* "" without colour */
const char *cli_plain(const struct cli *cli);
const char *cli_bold(const struct cli *cli);

/* fold.c */
void cli_fold(struct tcphs_buf *out, const char *text, size_t limit, size_t column, size_t indent);
void cli_line(struct cli *cli, size_t indent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* choose.c: what --output chooses among, and who gets each that is named */
struct choices {
	const char *what;		/* one of them, in messages */
	unsigned int nr;
	const char *(*name)(const struct choices *of, unsigned int n);
	void (*take)(const struct choices *of, unsigned int n);
	void (*take_all)(const struct choices *of);
	void *arg;			/* of whoever asks */
};

void cli_choose(const struct cli *cli, const struct choices *of);

/* table.c */
#define TABLE_COLUMNS	36
#define TABLE_CELL	88

struct table_column {
	const char *head;
	bool right;		/* numbers */
	bool all_netns;		/* only of several namespaces, or when -o asks for it */
	bool by_name;		/* only when -o asks for it by its name */
	bool several;		/* only of several machines, or when -o asks for it */
	unsigned int leave;	/* where there is no room, that of 1 is left out first; 0: never */
};

struct table_row {
	char cell[TABLE_COLUMNS][TABLE_CELL];
	enum tcphs_tone tone[TABLE_COLUMNS];
};

struct table {
	const struct cli *cli;
	unsigned int limit;
	unsigned int nr;
	struct {
		const struct table_column *def;
		size_t width;
	} column[TABLE_COLUMNS];
	unsigned int nr_shown;
	unsigned int shown[TABLE_COLUMNS];
};

void table_options(struct cli *cli, int argc, char **argv, const char *shorts);
void table_init(struct table *t, const struct cli *cli, const struct table_column *columns,
		unsigned int nr);
void table_fit(struct table *t, unsigned int limit, unsigned int gap);
void table_head(struct table *t, struct tcphs_buf *out);
void table_measure(struct table *t, const struct table_row *row);
void table_row(struct table *t, const struct table_row *row, struct tcphs_buf *out);
void table_print(struct table *t, const void *rows, size_t nr, size_t size,
		 void (*make)(struct table_row *row, const struct cli *cli, const void *element),
		 struct tcphs_buf *out);

/* out_event.c */
struct event_view;

void event_view_check(const struct cli *cli);
struct event_view *event_view_new(const struct cli *cli, const struct tcphs_clock *clock,
				  bool absolute);
void event_view_free(struct event_view *view);
void event_view_measure(void *view, const struct tcphs_event *ev);
void event_text_head(struct event_view *view, struct tcphs_buf *out);
void event_text(struct event_view *view, struct tcphs_buf *out, const struct tcphs_event *ev);
void event_text_overwritten(struct event_view *view, struct tcphs_buf *out, uint64_t count,
			    uint64_t until);
void event_text_lost(const struct event_view *view, struct tcphs_buf *out, uint32_t cpu,
		     uint64_t count);
void event_text_missing(const struct event_view *view, struct tcphs_buf *out,
			const struct tcphs_missing *missing);

/* out_life.c */
struct tcphs_conn_life;

enum life_end {
	LIFE_ENDED,			/* by its last event */
	LIFE_OPEN,			/* it goes on */
	LIFE_LOST,			/* it is over, or may be, and its end is not on record */
};

/* A life as it is shown. */
struct life_line {
	const struct tcphs_conn_life *life;
	enum life_end end;
	uint64_t until;			/* unless it has ended: known of up to then, ns */
	uint64_t age;			/* ns in its state; 0: not known */
	const struct tcphs_ident *other;	/* of several machines, the other end; or NULL */
};

struct life_view {
	const struct cli *cli;
	struct table table;
	const struct tcphs_clock *source_clock;	/* may be set meanwhile */
	struct tcphs_clock clock;
	int day;				/* that readers know of */
};

void life_view_init(struct life_view *view, const struct cli *cli);
void life_view_clock(struct life_view *view, const struct tcphs_clock *clock);
void life_view_measure(void *view, const struct tcphs_event *ev);
void life_text(struct life_view *view, struct tcphs_buf *out, const struct life_line *line);
void life_json(struct cli *cli, const struct life_line *line, int64_t clock, uint64_t shift);

/* out_json.c */
void event_json_fields(const struct cli *cli);
void event_json_cgroups(struct tcphs_cgroups *cgroups);
void event_json(struct tcphs_buf *out, const struct tcphs_event *ev, int64_t clock);
void event_json_lost(struct tcphs_buf *out, uint32_t cpu, uint64_t count);
void event_json_missing(struct tcphs_buf *out, const struct tcphs_missing *missing);

#endif /* TCPHS_CLI_H */
