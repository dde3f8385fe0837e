/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libtcphs: what the tcphs kernel module reports, for programs.
 *
 * A session asks the module: for its status, for listeners, connections and events. Events
 * are pulled by cursors and emitted in time order, of all CPUs, live (tcphs_follow()) or out
 * of a recording. struct tcphs_event and the numbers in it are those of linux/tcphs.h.
 *
 * The library prints nothing, ends nothing, catches no signal and keeps nothing outside
 * the objects it hands out: two sessions, or two threads with one each, know nothing of
 * each other. Functions that can fail return 0 or a negative errno unless said otherwise;
 * those that take a struct tcphs_error (which may be NULL) leave there what and why.
 */
#ifndef TCPHS_H
#define TCPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/tcphs.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* ---- errors -------------------------------------------------------------- */

/* The numbers stay as they are. */
enum tcphs_err {
	TCPHS_ERR_NONE		= 0,
	TCPHS_ERR_FAILED	= 1,	/* the system, or memory; the errno says more */
	TCPHS_ERR_USAGE		= 2,	/* a word that is none */
	TCPHS_ERR_NOT_LOADED	= 3,	/* there is no module */
	TCPHS_ERR_PERMISSION	= 4,
	TCPHS_ERR_VERSION	= 5,	/* the module or a recording is of another than ours */
	TCPHS_ERR_DAMAGED	= 6,	/* a recording; what came before was whole */
	TCPHS_ERR_RELOADED	= 7,	/* the module, between two pulls of events */
};

const char *tcphs_strerror(enum tcphs_err code);	/* never NULL */

/* Whoever calls has it; nothing is printed. */
struct tcphs_error {
	enum tcphs_err code;
	int error;		/* a negative errno, or 0 */
	char text[640];		/* a sentence: what it is, and what to do */
};

/* ---- what the kernel says ------------------------------------------------ */

struct tcphs_histogram {
	uint64_t count;
	uint64_t max_ns;
	uint64_t bucket[TCPHS_HIST_BUCKETS];
};

struct tcphs_hook {
	char name[64];
	char shows[128];	/* what is lost without it */
	uint64_t hits;		/* how often it fired, with has_hits */
	uint64_t missed;	/* how often it is proved to have not: deaf */
	uint8_t kind;		/* enum tcphs_hook_kind */
	bool required;
	bool active;
	bool unusable;		/* its function is called with other arguments; it is not active */
	bool has_hits;		/* reported in the initial namespace only */
};

#define TCPHS_HOOKS_MAX 96
#define TCPHS_DEVICE_LEN 16		/* IFNAMSIZ */

/* How often something ended badly, and why; TCPHS_A_STATUS_CAUSE says what is counted. */
struct tcphs_cause {
	uint64_t value;
	uint8_t event;		/* enum tcphs_event_type */
	uint8_t role;		/* enum tcphs_role: active, passive, or unknown */
	uint8_t reason;		/* enum tcphs_reason */
};

#define TCPHS_CAUSES_MAX 960

struct tcphs_status {
	char version[64];
	uint16_t abi_major;
	uint16_t abi_minor;
	uint64_t uptime;		/* ns */
	uint32_t netns;
	uint32_t ring_records;
	uint32_t ring_cpus;
	uint32_t kept_records;		/* capacity a CPU of the kept store */
	uint64_t recorded;
	uint64_t overwritten;
	bool has_overwritten;		/* this and what follows: in the initial namespace only */
	uint64_t ring_reach;		/* ns: all that is younger is there */
	uint64_t kept;			/* records that came into the kept store */
	uint64_t kept_overwritten;	/* of these */
	uint64_t kept_reach;		/* ns, as ring_reach */
	bool has_clock;
	int64_t clock;			/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	uint32_t table_used;
	uint32_t table_limit;
	uint64_t untracked;
	uint32_t tw_limit;
	uint64_t load;			/* another number each time the module is loaded */
	uint64_t state[TCPHS_STATE_MAX + 1];
	uint64_t event[TCPHS_EV_MAX + 1];
	uint64_t failure[TCPHS_REASON_MAX + 1];
	uint64_t refused[TCPHS_REFUSED_MAX + 1];	/* their sum is untracked */
	struct tcphs_histogram hist[TCPHS_HIST_MAX + 1];
	uint64_t born;			/* CLOCK_MONOTONIC, ns: the counters of this namespace began */
	uint8_t tw_reuse;		/* tcp_tw_reuse */
	uint32_t cgroups;		/* whose names are known; both in the initial namespace only */
	uint64_t cgroups_lost;		/* names that are not, or no longer */
	uint32_t ports;			/* that connect() chooses from: those of the range */
	uint16_t port_low, port_high;	/* that are not reserved */
	unsigned int ncauses;
	struct tcphs_cause cause[TCPHS_CAUSES_MAX];
	unsigned int nhooks;
	struct tcphs_hook hook[TCPHS_HOOKS_MAX];
};

/* A process, and the thread of it that did something. */
struct tcphs_owner {
	bool known;
	uint32_t pid;
	char comm[TCPHS_COMM_LEN + 1];		/* the process's name */
	char thread[TCPHS_COMM_LEN + 1];	/* the thread's, where it is another; or "" */
	uint64_t cgroup;			/* as in struct tcphs_ident */
};

struct tcphs_listener {
	uint64_t conn;
	uint64_t age;			/* ns, with has_age */
	uint64_t accepted;
	uint64_t overflows;
	uint64_t drops;			/* SYNs and third ACKs, each with an event */
	uint64_t discards;		/* segments of every kind that the kernel threw away */
	uint64_t idle;			/* ns since the last accept(), with has_idle */
	uint64_t cookies_sent, cookies_valid;
	uint32_t group;			/* sockets of its SO_REUSEPORT group, 0: none */
	uint32_t netns;
	uint32_t ifindex;		/* of the device it is bound to, 0: none */
	uint32_t syn_queue, syn_max, syn_limit;
	uint32_t accept_queue, accept_max, accept_limit;
	uint16_t port;
	uint8_t family;
	bool has_age;			/* false: it was there before the module */
	bool has_idle;			/* false: no accept() was seen yet */
	uint8_t address[16];
	struct tcphs_owner owner;	/* who accepts; before the first accept(): who listens */
	struct tcphs_owner listens;	/* who called listen() */
	char device[TCPHS_DEVICE_LEN + 1];	/* of @ifindex, "": none, or it is gone */
	char l3mdev[TCPHS_DEVICE_LEN + 1];	/* the VRF that this device is in, "": none */
	struct tcphs_histogram wait;
};

struct tcphs_conn_info {
	uint64_t conn;
	uint64_t age;			/* ns in this state */
	uint64_t life;			/* ns since the first step */
	uint64_t handshake;		/* ns, with has_handshake */
	uint64_t waiting;		/* ns in the accept queue of @listener */
	uint64_t listener;		/* cookie of the socket whose accept() it waits for, or 0 */
	uint32_t netns;
	uint32_t isn, peer_isn;		/* with has_isn, has_peer_isn */
	uint32_t ifindex;		/* as in struct tcphs_event */
	uint16_t generation;
	uint16_t local_port, peer_port;
	uint8_t family;
	uint8_t role;
	uint8_t state;
	uint8_t local[16], peer[16];
	struct tcphs_owner owner;
	bool mapped, adopted, restored;
	bool has_handshake, has_isn, has_peer_isn;
};

/* ---- cgroups ------------------------------------------------------------- */

#define TCPHS_UNIT_LEN		256
#define TCPHS_CONTAINER_LEN	72
#define TCPHS_POD_LEN		40

/* What a cgroup is to people; "" for what it is not. */
struct tcphs_cgroup_names {
	char unit[TCPHS_UNIT_LEN];		/* of systemd, with its suffix */
	char container[TCPHS_CONTAINER_LEN];	/* 64 digits of Docker and the like, a name of LXC */
	char pod[TCPHS_POD_LEN];		/* its UID, of Kubernetes */
};

void tcphs_cgroup_parse(const char *path, struct tcphs_cgroup_names *names);

struct tcphs_cgroup {
	uint64_t id;			/* as in struct tcphs_ident */
	const char *path;		/* from the root of our cgroup namespace */
	struct tcphs_cgroup_names names;
};

/*
 * Names of cgroups, also of those that are gone: what a recording says (tcphs_cgroups_add()),
 * and after tcphs_cgroups_live() what the module knows: tcphs_cgroups_find() asks it then, on a
 * session of its own.
 */
struct tcphs_cgroups;

struct tcphs_cgroups *tcphs_cgroups_new(void);	/* NULL without memory */
void tcphs_cgroups_live(struct tcphs_cgroups *c, bool all_netns);
void tcphs_cgroups_free(struct tcphs_cgroups *c);
int tcphs_cgroups_add(struct tcphs_cgroups *c, uint64_t id, const char *path);
const struct tcphs_cgroup *tcphs_cgroups_find(struct tcphs_cgroups *c, uint64_t id);

/* ---- filters ------------------------------------------------------------- */

/* What can be filtered by; the tools have options of these names. */
enum tcphs_filter_key {
	TCPHS_FILTER_PORT,		/* at either end */
	TCPHS_FILTER_LOCAL_PORT,
	TCPHS_FILTER_PEER_PORT,
	TCPHS_FILTER_ADDRESS,		/* at either end, with prefix length */
	TCPHS_FILTER_STATE,		/* of an event: the old or the new one */
	TCPHS_FILTER_EVENT,
	TCPHS_FILTER_ROLE,
	TCPHS_FILTER_FAILED,		/* events that are a failure */
	TCPHS_FILTER_PID,
	TCPHS_FILTER_COMM,		/* of the process or of its thread */
	TCPHS_FILTER_DEVICE,		/* bound to it, or to the VRF it is in */
	TCPHS_FILTER_NETNS,
	TCPHS_FILTER_OLDER_THAN,	/* in its state; of an event: its duration */
	TCPHS_FILTER_CONN,		/* the socket cookie */
	TCPHS_FILTER_SINCE,		/* the event's time; see tcphs_filter_clock() */
	TCPHS_FILTER_UNTIL,
	TCPHS_FILTER_UNIT,		/* of systemd; see tcphs_filter_cgroups() */
	TCPHS_FILTER_CONTAINER,		/* likewise; or of a pod */

	TCPHS_FILTER_KEYS
};

/*
 * What is wanted, for whoever reads. A new one lets everything through. Keys must all
 * match, of a list one word.
 */
struct tcphs_filter;

struct tcphs_filter *tcphs_filter_new(void);	/* NULL without memory */
void tcphs_filter_free(struct tcphs_filter *filter);

/* Its name; what stands for its argument (NULL: it has none); help. */
const char *tcphs_filter_name(enum tcphs_filter_key key);
const char *tcphs_filter_argument(enum tcphs_filter_key key);
const char *tcphs_filter_help(enum tcphs_filter_key key);

/* Adds to @filter. Lists have commas; again the same key adds to its list. */
int tcphs_filter_parse(struct tcphs_filter *filter, enum tcphs_filter_key key, const char *arg,
		       struct tcphs_error *err);

/* The time of a recording, CLOCK_REALTIME in ns. */
struct tcphs_span {
	int64_t begin, end;
};

/*
 * What time its keys SINCE and UNTIL mean: @offset is CLOCK_REALTIME - CLOCK_MONOTONIC of the
 * events, @now and @span are those of tcphs_when_resolve(). -EINVAL: UNTIL is before SINCE.
 */
int tcphs_filter_clock(struct tcphs_filter *filter, int64_t offset, int64_t now,
		       const struct tcphs_span *span, struct tcphs_error *err);
/* Is one of them a time of day without a date, or an age? */
bool tcphs_filter_time_of_day(const struct tcphs_filter *filter);
bool tcphs_filter_age(const struct tcphs_filter *filter);

/* Where its keys UNIT and CONTAINER find names; @c must stay. Without, they let nothing through. */
void tcphs_filter_cgroups(struct tcphs_filter *filter, struct tcphs_cgroups *c);

/* Is there a device among it that has a name only on this machine, now? */
bool tcphs_filter_names_device(const struct tcphs_filter *filter);

bool tcphs_filter_event(const struct tcphs_filter *filter, const struct tcphs_event *ev);
bool tcphs_filter_conn(const struct tcphs_filter *filter, const struct tcphs_conn_info *conn);
bool tcphs_filter_listener(const struct tcphs_filter *filter, const struct tcphs_listener *l);

/* "1a2b", "sk:1a2b" -> cookie; -EINVAL */
int tcphs_conn_parse(const char *arg, uint64_t *conn);

/* "60s", "150ms", "5m", "2h", "1d", "1.5s", "60" (seconds) -> ns; -EINVAL */
int tcphs_duration_parse(const char *arg, uint64_t *ns);
#define TCPHS_DURATION_ALLOWED \
	"allowed is a number of seconds, or one with us, ms, s, m, h or d: 60, 1.5s, 10m"

/* "5m", "03:12", "03:12:30", "2026-11-28", "2026-11-28 03:12", "2026-11-28T03:12:30.5Z" */
struct tcphs_when {
	enum {
		TCPHS_WHEN_AGE,
		TCPHS_WHEN_TIME_OF_DAY,
		TCPHS_WHEN_MOMENT,
	} kind;
	int64_t ns;		/* so long ago; since midnight; CLOCK_REALTIME */
};

int tcphs_when_parse(const char *arg, struct tcphs_when *when);
int64_t tcphs_when_resolve(const struct tcphs_when *when, int64_t now,
			   const struct tcphs_span *span);
#define TCPHS_WHEN_ALLOWED \
	"allowed is how long ago (90s, 5m, 2h, 1d), a time of day (03:12) or a date (2026-11-28 03:12)"

/* ---- sessions ------------------------------------------------------------ */

struct tcphs_session;

/* Opens, finds the module, checks versions. NULL on error. */
struct tcphs_session *tcphs_open(struct tcphs_error *err);
void tcphs_close(struct tcphs_session *s);

/*
 * The version of the module. With another one than one's own a session works as long as both
 * have the same protocol and ABI, which tcphs_open() has looked at.
 */
const char *tcphs_session_module(const struct tcphs_session *s);

/* The kernel's own words about the request that failed last, "": none. */
const char *tcphs_session_extack(const struct tcphs_session *s);

int tcphs_get_status(struct tcphs_session *s, struct tcphs_status *st, struct tcphs_error *err);

/*
 * CLOCK_REALTIME - CLOCK_MONOTONIC (ns) and the CLOCK_MONOTONIC of events, as of the last
 * status. In a time namespace this process's own CLOCK_MONOTONIC is another.
 */
int64_t tcphs_session_clock(const struct tcphs_session *s);
uint64_t tcphs_session_now(const struct tcphs_session *s);

struct tcphs_listener_list {
	struct tcphs_listener *v;
	size_t nr, cap;
};

struct tcphs_conn_list {
	struct tcphs_conn_info *v;
	size_t nr, cap;
};

/*
 * The lists must be zeroed before the first use; they are overwritten (and
 * their memory used again) by each call. @filter: NULL lets everything through.
 */
int tcphs_get_listeners(struct tcphs_session *s, bool all_netns,
			struct tcphs_listener_list *list, struct tcphs_error *err);
int tcphs_get_connections(struct tcphs_session *s, bool all_netns,
			  const struct tcphs_filter *filter, struct tcphs_conn_list *list,
			  struct tcphs_error *err);
void tcphs_listener_list_free(struct tcphs_listener_list *list);
void tcphs_conn_list_free(struct tcphs_conn_list *list);

/*
 * The same one by one, as they come, for who does not keep them. A callback that returns a
 * negative errno ends it. In a status of several namespaces there are no hooks.
 */
int tcphs_each_status(struct tcphs_session *s, bool all_netns,
		      int (*fn)(void *arg, const struct tcphs_status *st), void *arg,
		      struct tcphs_error *err);
int tcphs_each_listener(struct tcphs_session *s, bool all_netns,
			int (*fn)(void *arg, const struct tcphs_listener *l), void *arg,
			struct tcphs_error *err);
int tcphs_each_connection(struct tcphs_session *s, bool all_netns,
			  const struct tcphs_filter *filter,
			  int (*fn)(void *arg, const struct tcphs_conn_info *c), void *arg,
			  struct tcphs_error *err);
/* Those that wait for accept(), of however many there are. */
int tcphs_each_waiting(struct tcphs_session *s, bool all_netns,
		       int (*fn)(void *arg, const struct tcphs_conn_info *c), void *arg,
		       struct tcphs_error *err);

/*
 * The doorbell lives on a socket of its own. Open it before the first pull,
 * poll() its fd for POLLIN, call tcphs_bell_drain() when it is readable, pull.
 */
int tcphs_bell_open(struct tcphs_session *s, struct tcphs_error *err);
int tcphs_bell_fd(const struct tcphs_session *s);
void tcphs_bell_drain(struct tcphs_session *s);

/* ---- events -------------------------------------------------------------- */

struct tcphs_events;

/* Of what was lost: of whichever CPU, it could not be written. */
#define TCPHS_NO_CPU UINT32_MAX

/* Why a recording has nothing of a time. */
enum tcphs_missing_why {
	TCPHS_MISSING_NOT_KEPT,		/* it is no longer there, or never was recorded */
	TCPHS_MISSING_NO_RECORDER,
	TCPHS_MISSING_NO_MODULE,
	TCPHS_MISSING_DISK,		/* the disk took nothing */
	TCPHS_MISSING_DAMAGED,
};

/* CLOCK_REALTIME, ns */
struct tcphs_missing {
	enum tcphs_missing_why why;
	int64_t from, to;
};

/**
 * struct tcphs_events_ops - what is called for events, in time order
 * @record: one of them
 * @lost: a hole: so many of a CPU's records were overwritten in the ring before they were
 *	read, and are not among what is kept. May be NULL
 * @kept: one that the ring no longer has, for only what went wrong is kept of that time.
 *	NULL: @record gets it
 * @overwritten: once, before all else: all holes of the first pull together, which are of
 *	before @until (CLOCK_MONOTONIC, ns). They are not what a reader was too slow for: newer
 *	records have taken the place of older ones. NULL: @lost is called for each
 * @missing: a recording that has an index has nothing of a time. May be NULL
 * @cgroup: the name of one that a recording has, before the events that need it. May be NULL
 * @older: instead of @overwritten, each of these holes in its place, before a record of @time;
 *	where none follows, of before @time. NULL: @lost is called for each
 */
struct tcphs_events_ops {
	void (*record)(void *arg, const struct tcphs_event *ev);
	void (*lost)(void *arg, uint32_t cpu, uint64_t count);
	void (*kept)(void *arg, const struct tcphs_event *ev);
	void (*overwritten)(void *arg, uint64_t count, uint64_t until);
	void (*missing)(void *arg, const struct tcphs_missing *missing);
	void (*older)(void *arg, uint32_t cpu, uint64_t count, uint64_t time);
	void (*cgroup)(void *arg, uint64_t id, const char *path);
};

/*
 * Events that @filter (NULL: none) stops are never held; losses are reported all the same. It
 * must stay as long as they do.
 */
struct tcphs_events *tcphs_events_new(bool all_netns, enum tcphs_kept_mode kept,
				      const struct tcphs_filter *filter);
void tcphs_events_free(struct tcphs_events *evs);

/* Fetches everything new into the queues; emits nothing yet. */
int tcphs_events_pull(struct tcphs_session *s, struct tcphs_events *evs, struct tcphs_error *err);

/*
 * Calls back in time order. tcphs_events_emit() keeps back what a record still
 * to come could precede: call it after each pull of a reader that goes on, and
 * pull again within TCPHS_BELL_MSEC as long as tcphs_events_held() is not 0.
 * tcphs_events_emit_all() keeps nothing: for a reader that stops.
 */
void tcphs_events_emit(struct tcphs_events *evs, const struct tcphs_events_ops *ops, void *arg);
void tcphs_events_emit_all(struct tcphs_events *evs, const struct tcphs_events_ops *ops,
			   void *arg);
size_t tcphs_events_held(const struct tcphs_events *evs);

/* Throws away the oldest until at most @keep records are held. */
void tcphs_events_keep_last(struct tcphs_events *evs, size_t keep);

/* Visits everything held, in no order and without taking it (to measure columns). */
void tcphs_events_visit(const struct tcphs_events *evs,
			void (*fn)(void *arg, const struct tcphs_event *ev), void *arg);

/* Is the step's segment (@seq, @ack) one that the peer sent? */
bool tcphs_event_of_another(const struct tcphs_event *ev);
bool tcphs_event_from_peer(const struct tcphs_event *ev);

/* Is this event a failure? A drop, a reset, a handshake or a life cut short. */
bool tcphs_event_failed(const struct tcphs_event *ev);

/* ---- to follow events ---------------------------------------------------- */

struct tcphs_clock;

/**
 * struct tcphs_follow - how events are followed
 * @ops: what is called for them, in time order
 * @round: called after each round, at least once a second; false ends. May be NULL
 * @interrupted: a signal came: is it the end? May be NULL: signals are none
 * @arg: first argument of all of these
 * @until: when to end, CLOCK_MONOTONIC in ns; 0: never
 * @output: a file that, when nobody reads it any more, ends it; -1: none
 * @wake: a file that, when it can be read, lets a round begin; 0 or less: none
 * @clock: its offset follows the time of day: the clock may be set, the machine may
 *	sleep. May be NULL
 */
struct tcphs_follow {
	const struct tcphs_events_ops *ops;
	bool (*round)(void *arg);
	bool (*interrupted)(void *arg);
	void *arg;
	uint64_t until;
	int output;
	int wake;
	struct tcphs_clock *clock;
};

/*
 * What is there, then what comes. Waits for the doorbell between two pulls, and looks
 * once a second without it. 0 at the end; or a negative errno with @err set, after the
 * events that came before the error: TCPHS_ERR_RELOADED when the module was loaded anew
 * and what the cursors stood for is gone, or TCPHS_ERR_NOT_LOADED, also when it is back and
 * its family has another number. Then begin again with a new session and new cursors.
 */
int tcphs_follow(struct tcphs_session *s, struct tcphs_events *evs,
		 const struct tcphs_follow *how, struct tcphs_error *err);

/* ---- recordings (Documentation/recording.md) ----------------------------- */

#define TCPHS_HOST_NAME_LEN 64

/* A machine, from one boot to the next: so long its clock and its cookies go on. */
struct tcphs_host {
	uint8_t boot[16];		/* a number that no other boot has; all zero: not known */
	char name[TCPHS_HOST_NAME_LEN];	/* what it called itself, or "" */
};

/* This one. What is not known is zero. */
void tcphs_host_here(struct tcphs_host *host);
bool tcphs_host_known(const struct tcphs_host *host);

/* What a recording says about itself. */
struct tcphs_recording_info {
	/* CLOCK_REALTIME - CLOCK_MONOTONIC where it was made, ns, of what was read last */
	int64_t clock_offset;
	bool all_netns;
	struct tcphs_host host;		/* likewise; not known before the first events */
	struct tcphs_cgroups *cgroups;	/* of a recorder: whose names are written, too; or NULL */
};

struct tcphs_recorder;

/* Writes all of it: 0, or a negative errno; @done gets how much was written. */
typedef int (*tcphs_write_fn)(void *arg, const void *data, size_t len, size_t *done);

/*
 * The first error of @write sticks; from then on nothing is written. Only what was
 * flushed survives a crash.
 */
struct tcphs_recorder *tcphs_recorder_new(tcphs_write_fn write, void *arg,
					  const struct tcphs_recording_info *info);
void tcphs_recorder_free(struct tcphs_recorder *r);
void tcphs_recorder_event(struct tcphs_recorder *r, const struct tcphs_event *ev);
void tcphs_recorder_lost(struct tcphs_recorder *r, uint32_t cpu, uint64_t count);
void tcphs_recorder_older(struct tcphs_recorder *r, uint32_t cpu, uint64_t count, uint64_t time);
void tcphs_recorder_clock(struct tcphs_recorder *r, int64_t offset);
void tcphs_recorder_host(struct tcphs_recorder *r, const struct tcphs_host *host);
int tcphs_recorder_flush(struct tcphs_recorder *r);	/* 0, or the sticking error */
int tcphs_recorder_end(struct tcphs_recorder *r);	/* flushes too */
uint64_t tcphs_recorder_bytes(const struct tcphs_recorder *r);

struct tcphs_recording;

/* A signal interrupts the wait for more: is it the end? */
typedef bool (*tcphs_interrupted_fn)(void *arg);

/*
 * Reads from @fd, which stays the caller's; @name is for messages and must stay.
 * @interrupted may be NULL: signals are no end. NULL on error.
 */
struct tcphs_recording *tcphs_recording_open(int fd, const char *name,
					     tcphs_interrupted_fn interrupted, void *arg,
					     struct tcphs_error *err);
void tcphs_recording_close(struct tcphs_recording *r);
const struct tcphs_recording_info *tcphs_recording_info(const struct tcphs_recording *r);

/*
 * The next piece: 1: there is more, 0: that was the end. -1 with @err set: with
 * TCPHS_ERR_DAMAGED the text says at which byte; all before it was whole.
 */
int tcphs_recording_read(struct tcphs_recording *r, const struct tcphs_events_ops *ops, void *arg,
			 struct tcphs_error *err);

/* Only what lies in a time (CLOCK_REALTIME, ns) is wanted; what else comes is to be filtered. */
void tcphs_recording_window(struct tcphs_recording *r, int64_t since, int64_t until);
/* Only the end of a directory is wanted, of so many frames; false: that is all there is. */
bool tcphs_recording_near_end(struct tcphs_recording *r, size_t frames);
size_t tcphs_recording_others(const struct tcphs_recording *r, char *name);
bool tcphs_recording_is_directory(const struct tcphs_recording *r);

bool tcphs_recording_seekable(const struct tcphs_recording *r);
/* Back to the first piece; -1 with @err set where that can't be done. */
int tcphs_recording_rewind(struct tcphs_recording *r, struct tcphs_error *err);

/* ---- names --------------------------------------------------------------- */

#define TCPHS_NAME_LEN 16

/* Never NULL; an unknown number becomes "?N" in @buf (TCPHS_NAME_LEN bytes). */
const char *tcphs_state_name(unsigned int n, char *buf);	/* ESTABLISHED, SYN-RECEIVED */
const char *tcphs_state_key(unsigned int n, char *buf);		/* established, syn-recv */
const char *tcphs_event_name(unsigned int n, char *buf);
const char *tcphs_reason_name(unsigned int n, char *buf);
const char *tcphs_role_name(unsigned int n, char *buf);
const char *tcphs_closer_name(unsigned int n, char *buf);
const char *tcphs_hist_name(unsigned int n, char *buf);
const char *tcphs_hook_kind_name(unsigned int n, char *buf);
const char *tcphs_refused_name(unsigned int n, char *buf);
const char *tcphs_option_name(unsigned int bit, char *buf);	/* bit number in @options */

/* A line that explains it; NULL for what has no name. */
const char *tcphs_event_help(unsigned int n);
const char *tcphs_reason_help(unsigned int n);
const char *tcphs_refused_help(unsigned int n);

const char *tcphs_missing_name(enum tcphs_missing_why why);	/* no-recorder */
const char *tcphs_missing_help(enum tcphs_missing_why why);	/* no recorder ran */

#define TCPHS_OPTION_BITS 6

/*
 * "established,time-wait", "connected", ... -> mask of 1 << state. On -EINVAL
 * @bad (@size bytes) names the word that is none.
 */
int tcphs_states_parse(const char *list, uint32_t *mask, char *bad, size_t size);

/* Every word that tcphs_states_parse() knows, for messages. */
const char *tcphs_states_allowed(void);

/* The same for events and roles: a mask of 1 << number. */
int tcphs_events_parse(const char *list, uint64_t *mask, char *bad, size_t size);
int tcphs_roles_parse(const char *list, uint32_t *mask, char *bad, size_t size);

/* What kind of news an event is; tools give each its colour. */
enum tcphs_tone {
	TCPHS_TONE_PLAIN,
	TCPHS_TONE_GOOD,	/* established, accepted */
	TCPHS_TONE_WARN,	/* retransmissions, cookies */
	TCPHS_TONE_BAD,		/* reset, failed, overflow, drop */
	TCPHS_TONE_CLOSE,	/* the normal steps of a close */
};

enum tcphs_tone tcphs_event_tone(unsigned int type);

#define TCPHS_ICMP_LEN 32

/* "port unreachable", or "type 3 code 7" in @buf; @family: AF_INET or AF_INET6. */
const char *tcphs_icmp_name(unsigned int family, unsigned int type, unsigned int code, char *buf);

/* ---- text ---------------------------------------------------------------- */

#define TCPHS_U64_LEN		21
#define TCPHS_ADDRESS_LEN	46
#define TCPHS_ENDPOINT_LEN	56
#define TCPHS_SCOPE_LEN		24	/* "%eth0" */
#define TCPHS_SCOPED_LEN	(TCPHS_ENDPOINT_LEN + TCPHS_SCOPE_LEN)
#define TCPHS_DURATION_LEN	24
#define TCPHS_BYTES_LEN		16
#define TCPHS_OWNER_LEN		80
#define TCPHS_TIME_LEN		16
#define TCPHS_DATE_LEN		24

/* All write a terminated string and return a pointer to its terminator. */
char *tcphs_fmt_u64(char *p, uint64_t v);
char *tcphs_fmt_hex(char *p, uint64_t v);			/* no 0x, as ss -e after sk: */
char *tcphs_fmt_address(char *p, uint8_t family, const uint8_t *address);
char *tcphs_fmt_endpoint(char *p, uint8_t family, const uint8_t *address, uint16_t port);
/* With "%eth0" behind the address, as ss has it; @scope: of tcphs_fmt_device(). */
char *tcphs_fmt_scoped(char *p, uint8_t family, const uint8_t *address, const char *scope,
		       uint16_t port);
char *tcphs_fmt_device(char *p, uint32_t ifindex, const char *name);	/* %eth0, %7, "" */
/* The same of a link-local address, of others ""; @here: devices of this namespace now. */
char *tcphs_fmt_scope(char *p, uint8_t family, const uint8_t *address, uint32_t ifindex,
		      bool here);
char *tcphs_fmt_duration(char *p, uint64_t ns, bool utf8);	/* 123 µs, 4.56 ms, 3m04s */
char *tcphs_fmt_bytes(char *p, uint64_t v);			/* 512 B, 1.5 KiB */
/* nginx[123]; bytes of @comm that are no printable text become '?' */
char *tcphs_fmt_owner(char *p, const void *comm, size_t len, uint32_t pid);
char *tcphs_fmt_comm(char *p, const void *comm, size_t len);		/* the name alone */

/* Columns that a terminal gives to a UTF-8 text. */
size_t tcphs_text_width(const char *s);

/* Does the locale (setlocale() was called) print UTF-8? */
bool tcphs_utf8(void);

/* Monotonic times as time of day. */
struct tcphs_clock {
	int64_t offset;		/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	uint64_t second;	/* that @text holds; ns since the epoch, 0: none yet */
	int day;		/* that it is in, a number like any other */
	char text[12];		/* HH:MM:SS */
};

uint64_t tcphs_now(void);	/* CLOCK_MONOTONIC, ns */
void tcphs_clock_init(struct tcphs_clock *clock);
char *tcphs_fmt_time(char *p, struct tcphs_clock *clock, uint64_t ns);	/* HH:MM:SS.micros */
int tcphs_today(void);		/* as struct tcphs_clock.day */
char *tcphs_fmt_date(char *p, const struct tcphs_clock *clock);	/* of its last time */

unsigned int tcphs_hist_bucket(uint64_t ns);
uint64_t tcphs_hist_upper(unsigned int bucket);	/* first ns that lies above it */

/**
 * tcphs_hist_quantile - a value that @permille of the values do not exceed
 * @h: the histogram
 * @permille: 500 for the median
 *
 * The answer is the upper bound of the bucket that holds the value, or the
 * largest value seen where that is less: never too small, and at most 25 % too
 * large (for values of 4 µs and more; below, at most 1 µs too large).
 */
uint64_t tcphs_hist_quantile(const struct tcphs_histogram *h, unsigned int permille);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* TCPHS_H */
