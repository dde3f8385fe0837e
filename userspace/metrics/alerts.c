/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Alert rules for Prometheus. From where on something is a problem, the doctor says: a name
 * between two @ is one of its thresholds (doctor/thresholds.h). It judges each destination
 * and each listener for some seconds; a rule judges a namespace, or a listener, for minutes.
 */
#include <stdio.h>
#include <string.h>

#include "collect.h"
#include "doctor/thresholds.h"

#define NSEC_PER_SEC 1000000000ull

#define WHERE "{{ $labels.netns }}{{ with $labels.container }} ({{ . }}){{ end }}"
#define LISTENER "{{ $labels.address }} port {{ $labels.port }} in network namespace " WHERE

struct alert {
	const char *name, *severity, *lasts;
	const char *finding;		/* of the doctor; NULL: none */
	const char *expr, *summary, *description;
};

static const struct alert alerts[] = {
	{ "TcphsDown", "warning", "5m", NULL,
	  "tcphs_up == 0",
	  "The kernel module tcphs does not answer on {{ $labels.instance }}",
	  "There are no metrics of TCP until it is loaded again: modprobe tcphs." },
	{ "TcphsAcceptHangs", "critical", "30s", "accept-hangs",
	  "tcphs_listener_accept_stalled_seconds >= @HUNG_NS:s@",
	  "Connections wait and nobody calls accept() at " LISTENER,
	  "For {{ $value | humanizeDuration }} nobody was accepted. The application hangs, all of its workers are busy, or accept() fails. Next: tcphs doctor." },
	{ "TcphsAcceptQueueOverflow", "critical", "0s", "accept-queue-overflow",
	  "increase(tcphs_listener_overflows_total[5m]) >= @OVERFLOWS@\n"
	  "and increase(tcphs_listener_overflows_total[5m]) >= @OVERFLOWS_PERMILLE:ratio@ *\n"
	  "  (increase(tcphs_listener_overflows_total[5m]) + increase(tcphs_listener_accepted_total[5m]))",
	  "SYNs and third ACKs met a full accept queue at " LISTENER,
	  "{{ $value | humanize }} of them in 5 minutes: these clients come a second or more late. Too slow to accept, or a queue that is too short for bursts: tcphs doctor says which." },
	{ "TcphsAcceptQueueFull", "warning", "1m", "accept-queue-full",
	  "tcphs_listener_accept_queue_fill_ratio >= @FULL_PERMILLE:ratio@",
	  "The accept queue is full or nearly so at " LISTENER,
	  "{{ $value | humanizePercentage }} of its room is taken. Next: tcphs listeners." },
	{ "TcphsAcceptSlow", "warning", "0s", "accept-slow",
	  "increase(tcphs_listener_accept_wait_seconds_count[5m])\n"
	  "  - ignoring (le) increase(tcphs_listener_accept_wait_seconds_bucket{le=\"@LONG_NS:le@\"}[5m]) >= @SLOW@\n"
	  "and increase(tcphs_listener_accept_wait_seconds_count[5m])\n"
	  "  - ignoring (le) increase(tcphs_listener_accept_wait_seconds_bucket{le=\"@LONG_NS:le@\"}[5m])\n"
	  "  >= @SLOW_PERMILLE:ratio@ * increase(tcphs_listener_accept_wait_seconds_count[5m])",
	  "Connections wait a second or longer for accept() at " LISTENER,
	  "{{ $value | humanize }} of them in 5 minutes. The application is too slow to accept; a longer queue would not help." },
	{ "TcphsListenerClosedWithQueue", "warning", "0s", "accept-queue-cut",
	  "sum by (instance, job, netns, container) (increase(tcphs_resets_total{direction=\"sent\",cause=\"listener-closed\"}[5m]))\n"
	  "+ sum by (instance, job, netns, container) (increase(tcphs_handshake_failures_total{error_type=\"listener-closed\"}[5m])) >= @CUT@",
	  "A listener was closed with clients in its queues, in network namespace " WHERE,
	  "{{ $value | humanize }} connections and handshakes went with it in 5 minutes." },
	{ "TcphsSynsDropped", "warning", "0s", "syn-queue-full",
	  "sum by (instance, job, netns, container) (increase(tcphs_drops_total{segment=\"syn\",cause=~\"syn-queue-full|syn-backlog\"}[5m])) >= @DROPPED@\n"
	  "and sum by (instance, job, netns, container) (increase(tcphs_drops_total{segment=\"syn\",cause=~\"syn-queue-full|syn-backlog\"}[5m]))\n"
	  "  >= @DROPPED_PERMILLE:ratio@ * sum by (instance, job, netns, container) (increase(tcphs_events_total{event=~\"syn-received|syn-dropped\"}[5m]))",
	  "SYN queues are full in network namespace " WHERE,
	  "{{ $value | humanize }} SYNs were dropped in 5 minutes. A flood, or a queue that is too short: tcphs doctor says which." },
	{ "TcphsSynCookies", "warning", "0s", "syn-queue-full",
	  "increase(tcphs_listener_syncookies_sent_total[5m]) >= @DROPPED@",
	  "SYN cookies are sent at " LISTENER,
	  "{{ $value | humanize }} in 5 minutes: its SYN queue is full. A flood, or a queue that is too short: tcphs doctor says which." },
	{ "TcphsConnectsFail", "warning", "0s", "connects-failing",
	  "sum by (instance, job, netns, container) (increase(tcphs_handshake_failures_total{role=\"active\",error_type!=\"closed-by-user\"}[5m])) >= @FAILED@\n"
	  "and sum by (instance, job, netns, container) (increase(tcphs_handshake_failures_total{role=\"active\",error_type!=\"closed-by-user\"}[5m]))\n"
	  "  >= @FAILED_PERMILLE:ratio@ * sum by (instance, job, netns, container) (increase(tcphs_events_total{event=\"syn-sent\"}[5m]))",
	  "Connects fail in network namespace " WHERE,
	  "{{ $value | humanize }} in 5 minutes. Where to and why: tcphs doctor." },
	{ "TcphsNoPorts", "critical", "0s", "ports-exhausted",
	  "increase(tcphs_handshake_failures_total{role=\"active\",error_type=\"no-port\"}[5m]) > 0",
	  "connect() finds no local port in network namespace " WHERE,
	  "{{ $value | humanize }} in 5 minutes. Which destination takes them: tcphs doctor." },
	{ "TcphsPortsRunOut", "warning", "1m", "ports-exhausted",
	  "tcphs_ephemeral_ports_used_one_destination\n"
	  "  / on (instance, job, netns) group_left () tcphs_ephemeral_ports >= @PORTS_WARNING:ratio@",
	  "Local ports run out on {{ $labels.address }} in network namespace " WHERE,
	  "{{ $value | humanizePercentage }} of them go to one destination." },
	{ "TcphsTimeWaitNearLimit", "info", "1m", "time-wait-full",
	  "tcphs_connections{state=\"time-wait\"} / ignoring (state) tcphs_time_wait_limit >= @LIMIT_WARNING:ratio@",
	  "TIME_WAIT is near its limit in network namespace " WHERE,
	  "{{ $value | humanizePercentage }} of tcp_max_tw_buckets; beyond it connections end without TIME_WAIT." },
	{ "TcphsCloseWaitStuck", "warning", "1m", "close-wait",
	  "tcphs_close_wait_connections{older_than=\"@STUCK_NS:s@\",role!=\"active\"} >= @STUCK@",
	  "{{ $labels.comm }} does not close what its clients closed, in network namespace " WHERE,
	  "{{ $value }} connections are in CLOSE_WAIT for more than @STUCK_NS:s@ s." },
	{ "TcphsCloseWaitGrows", "critical", "1m", "close-wait",
	  "tcphs_close_wait_connections{older_than=\"@STUCK_NS:s@\"}\n"
	  "  >= @GROWN@ + (tcphs_close_wait_connections{older_than=\"@STUCK_NS:s@\"} offset 10m)\n"
	  "and tcphs_close_wait_connections{older_than=\"@STUCK_NS:s@\"} >= @STUCK@\n"
	  "and tcphs_close_wait_connections{older_than=\"@STUCK_NS:s@\"}\n"
	  "  >= (1 + @GROWN_PERMILLE:ratio@) * (tcphs_close_wait_connections{older_than=\"@STUCK_NS:s@\"} offset 10m)",
	  "{{ $labels.comm }} leaks sockets in network namespace " WHERE,
	  "{{ $value }} connections are in CLOSE_WAIT for more than @STUCK_NS:s@ s, more than 10 minutes ago." },
	{ "TcphsConnectionsTimeOut", "warning", "0s", "connections-timed-out",
	  "increase(tcphs_connections_broken_total{role=\"active\",cause=\"timeout\"}[5m]) >= @DIED@\n"
	  "and increase(tcphs_connections_broken_total{role=\"active\",cause=\"timeout\"}[5m])\n"
	  "  >= on (instance, job, netns) group_left () @DIED_PERMILLE:ratio@ * sum by (instance, job, netns) (increase(tcphs_events_total{event=\"closed\"}[5m]))\n"
	  "or increase(tcphs_connections_broken_total{role=\"passive\",cause=\"timeout\"}[5m]) >= @DIED@\n"
	  "and increase(tcphs_connections_broken_total{role=\"passive\",cause=\"timeout\"}[5m])\n"
	  "  >= on (instance, job, netns) group_left () @DIED_CLIENTS:ratio@ * sum by (instance, job, netns) (increase(tcphs_events_total{event=\"closed\"}[5m]))",
	  "Open connections die of silence in network namespace " WHERE,
	  "{{ $value | humanize }} in 5 minutes: the peer, or the way to it, is gone, or a NAT on it has forgotten them." },
	{ "TcphsOrphans", "warning", "1m", "orphans",
	  "tcphs_orphans >= @ORPHANS_WARNING:ratio@ * tcphs_orphans_limit",
	  "Many connections that no process holds on {{ $labels.instance }}",
	  "{{ $value }} orphans; beyond tcp_max_orphans the kernel resets them." },
	{ "TcphsTcpMemory", "warning", "1m", "tcp-memory",
	  "tcphs_tcp_memory_pages >= tcphs_tcp_memory_pressure_pages",
	  "TCP is short of memory on {{ $labels.instance }}",
	  "{{ $value }} pages in its queues: applications do not read, or peers do not." },
	{ "TcphsTableFull", "warning", "0s", "table-full",
	  "sum by (instance, job) (tcphs_table_entries)\n"
	  "  >= on (instance, job) @TABLE_WARNING:ratio@ * tcphs_table_limit_entries\n"
	  "or sum by (instance, job) (increase(tcphs_untracked_total[5m])) > 0",
	  "The table of tcphs is full on {{ $labels.instance }}",
	  "Connections without a place are reported without owner and times: load it with a larger table_size." },
	{ "TcphsHookDeaf", "warning", "0s", "hooks-deaf",
	  "tcphs_hook_missed_total > 0",
	  "tcphs does not see {{ $labels.hook }} on {{ $labels.instance }}",
	  "The hook is attached and did not fire {{ $value }} times at least; what it shows is missing. tcphs status says what." },
};

struct threshold_row {
	const char *name;
	uint64_t value;
};

#define ROW(name, value) { #name, value },
static const struct threshold_row thresholds[] = { THRESHOLDS(ROW) };

static const struct threshold_row *find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++)
		if (strlen(thresholds[i].name) == len && !memcmp(thresholds[i].name, name, len))
			return &thresholds[i];
	return NULL;
}

/* NAME, NAME:s (seconds), NAME:ratio (of a permille), NAME:le (of the bucket it is in). */
static void put_threshold(struct tcphs_buf *out, const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	size_t name = colon ? (size_t)(colon - word) : len;
	const struct threshold_row *t = find(word, name);

	/* A name that is none is not to pass for a rule: promtool refuses this. */
	if (!t)
		tcphs_buf_printf(out, "@%.*s@", (int)len, word);
	else if (!colon)
		tcphs_buf_u64(out, t->value);
	else if (colon[1] == 'r')
		tcphs_buf_printf(out, "%g", (double)t->value / 1000);
	else if (colon[1] == 's')
		tcphs_buf_printf(out, "%g", (double)t->value / NSEC_PER_SEC);
	else
		tcphs_buf_printf(out, "%.12g",
				 (double)tcphs_hist_upper(tcphs_hist_bucket(t->value - 1)) / 1e9);
}

static void put_text(struct tcphs_buf *out, const char *text, const char *indent)
{
	const char *end;

	while (*text) {
		end = text + strcspn(text, "@\n");
		tcphs_buf_mem(out, text, (size_t)(end - text));
		text = end;
		if (*text == '\n') {
			tcphs_buf_printf(out, "\n%s", indent);
			text++;
		} else if (*text) {
			end = strchr(++text, '@');
			put_threshold(out, text, (size_t)(end - text));
			text = end + 1;
		}
	}
}

static void put_alert(struct tcphs_buf *out, const struct alert *a)
{
	static const char indent[] = "          ";

	tcphs_buf_printf(out, "      - alert: %s\n        expr: |-\n%s", a->name, indent);
	put_text(out, a->expr, indent);
	tcphs_buf_printf(out, "\n        for: %s\n        labels:\n          severity: %s\n",
			 a->lasts, a->severity);
	if (a->finding)
		tcphs_buf_printf(out, "          finding: %s\n", a->finding);
	tcphs_buf_str(out, "        annotations:\n          summary: |-\n            ");
	put_text(out, a->summary, indent);
	tcphs_buf_str(out, "\n          description: |-\n            ");
	put_text(out, a->description, indent);
	tcphs_buf_newline(out);
}

/**
 * metrics_rules - all alerts, for rule_files of Prometheus
 * @out: gets them, YAML
 */
void metrics_rules(struct tcphs_buf *out)
{
	size_t i;

	tcphs_buf_str(out,
		      "# SPDX-License-Identifier: GPL-2.0\n"
		      "# Made by \"tcphs metrics --rules\", of the thresholds of tcphs doctor.\n"
		      "groups:\n"
		      "  - name: tcphs\n"
		      "    rules:\n");
	for (i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		put_alert(out, &alerts[i]);
}
