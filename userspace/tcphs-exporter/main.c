/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcphs-exporter: the metrics of tcphs over HTTP, for Prometheus.
 *
 * One thread, which answers and asks the module. Whoever connects gets a bounded part of
 * it: so many connections, so much memory and so much time each, and what the module said
 * is asked for once a second at most, however many ask.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "metrics.h"

#define NSEC_PER_SEC	1000000000ull

#define LISTEN_DEFAULT	"127.0.0.1:9768"
#define CLIENTS_MOST	16
#define CLIENTS_ROOM	(2 * CLIENTS_MOST)	/* with those that were cut off and not closed yet */
#define HEAD_MOST	16384		/* bytes of a request */
#define IDLE_S		10		/* whoever sends or takes nothing for so long goes */
#define LASTS_NS	(15 * NSEC_PER_SEC)	/* and whoever takes so long for one request */
#define FRESH_NS	NSEC_PER_SEC	/* what is no older answers the next, too */
#define ACTIVATED_FD	3		/* the first one of systemd's */

/* A text, shared by those who still read it. */
struct page {
	struct MHD_Response *response;	/* NULL: none yet */
	uint64_t made;			/* CLOCK_MONOTONIC, ns */
};

struct client {
	MHD_socket fd;			/* -1: none */
	uint64_t since;			/* CLOCK_MONOTONIC, ns: its request began */
	bool asks;			/* a request of it has come, and is not answered yet */
	bool cut;			/* it was cut off, and the library will see that */
};

/* Where it listens. */
struct place {
	char host[256];
	char port[6];
};

static struct exporter {
	struct metrics *metrics;
	struct metrics_exporter counts;
	struct page pages[2];		/* enum metrics_format */
	uint64_t collected;
	struct MHD_Response *front, *none, *method, *body, *failed;
	struct client clients[CLIENTS_ROOM];
	bool silent;			/* that the module does not answer was said */
	bool reported_version;		/* so was that it is of another version */
} x;

static void complain(const char *what, const char *why)
{
	fprintf(stderr, "tcphs-exporter: %s: %s\n", what, why);
}

/* ---- who asks ------------------------------------------------------------------------------ */

/* NULL: there was no place for it, and nobody knows for how long it is there. */
static struct client *client_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void cut(struct client *client)
{
	client->cut = true;
	shutdown(client->fd, SHUT_RDWR);
}

/* Of two, who gives way to a newcomer: who asks nothing, and who has been there for longer. */
static bool is_idler(const struct client *a, const struct client *b)
{
	return a->asks != b->asks ? b->asks : a->since < b->since;
}

/* Those who only hold a connection do not keep a scraper out. */
static void make_room(void)
{
	struct client *c, *idlest = NULL;
	unsigned int nr = 0;

	for (c = x.clients; c < x.clients + CLIENTS_ROOM; c++) {
		if (c->fd < 0 || c->cut)
			continue;
		nr++;
		if (!idlest || is_idler(c, idlest))
			idlest = c;
	}
	if (nr >= CLIENTS_MOST)
		cut(idlest);
}

static void on_connection(void *arg, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct client *client = *context;

	(void)arg;
	if (code != MHD_CONNECTION_NOTIFY_STARTED) {
		if (client)
			client->fd = -1;
		return;
	}
	make_room();
	for (client = x.clients; client < x.clients + CLIENTS_ROOM; client++) {
		if (client->fd >= 0)
			continue;
		*client = (struct client){
			.fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
			.since = tcphs_now(),
		};
		*context = client;
		return;
	}
}

static void begin(struct MHD_Connection *c)
{
	struct client *client = client_of(c);

	if (client)
		client->asks = true;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct client *client = client_of(c);

	(void)arg;
	(void)state;
	(void)code;
	if (!client)
		return;
	client->since = tcphs_now();
	client->asks = false;
}

/* A byte now and then keeps a connection from being idle, and does not keep it. */
static void cut_off(void)
{
	uint64_t now = tcphs_now();
	struct client *c;

	for (c = x.clients; c < x.clients + CLIENTS_ROOM; c++)
		if (c->fd >= 0 && !c->cut && now - c->since > LASTS_NS)
			cut(c);
}

/* ---- what is answered -------------------------------------------------------------------- */

/* Once in the log, until it is loaded anew. */
static void tell_version(void)
{
	char line[ERROR_LINE];
	bool other = version_line(line, "tcphs-exporter", metrics_module(x.metrics));

	if (other && !x.reported_version)
		fprintf(stderr, "%s\n", line);
	x.reported_version = other;
}

/* It is said once in the log, and in tcphs_up each time. */
static void collect(void)
{
	struct tcphs_error err = { 0 };

	x.counts.collections++;
	if (!metrics_collect(x.metrics, true, &err)) {
		if (x.silent)
			fputs("tcphs-exporter: the module answers again\n", stderr);
		x.silent = false;
		tell_version();
		return;
	}
	x.counts.errors++;
	if (!x.silent)
		complain("no metrics", err.text);
	x.silent = true;
}

static struct MHD_Response *respond(const char *text, size_t len, const char *type,
				    enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)text, mode);

	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return r;
}

static struct MHD_Response *make_page(enum metrics_format format)
{
	static const char *const types[] = {
		[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct MHD_Response *r = NULL;
	struct tcphs_buf out;

	if (tcphs_buf_init(&out, -1))
		return NULL;
	metrics_write(x.metrics, format, &out);
	metrics_write_exporter(&x.counts, format, &out);
	metrics_end(format, &out);
	if (!out.err)
		r = respond(out.data, out.len, types[format], MHD_RESPMEM_MUST_FREE);
	if (!r)
		tcphs_buf_free(&out);
	return r;
}

/* NULL: no memory. */
static struct MHD_Response *fresh_page(enum metrics_format format)
{
	struct page *p = &x.pages[format];
	uint64_t now = tcphs_now();

	if (!x.collected || now - x.collected >= FRESH_NS) {
		collect();
		x.collected = tcphs_now();
	}
	if (p->response && p->made >= x.collected)
		return p->response;
	if (p->response)
		MHD_destroy_response(p->response);
	p->response = make_page(format);
	p->made = tcphs_now();
	return p->response;
}

/* Does a media range end with the weight 0, which means: not that (RFC 9110, 12.4.2)? */
static bool is_refused(const char *range, size_t len)
{
	const char *q = memmem(range, len, "q=0", 3);

	/* There may be white space before what comes next. */
	return q && strspn(q + 2, "0. \t") >= strcspn(q + 2, ";,");
}

static enum metrics_format wanted(struct MHD_Connection *c)
{
	static const char openmetrics[] = "application/openmetrics-text";
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);
	const char *range = accept ? strstr(accept, openmetrics) : NULL;

	return range && !is_refused(range, strcspn(range, ",")) ? METRICS_OPENMETRICS :
								  METRICS_TEXT;
}

/* As it was sent: /metrics%00 is another page than /metrics. */
static size_t keep_escaped(void *arg, struct MHD_Connection *c, char *url)
{
	(void)arg;
	(void)c;
	return strlen(url);
}

/* A proxy's request names the server, too, and has to be understood (RFC 9112, 3.2.2). */
static const char *path_of(const char *url)
{
	static const char scheme[] = "http://";

	if (strncasecmp(url, scheme, sizeof(scheme) - 1))
		return url;
	url = strchr(url + sizeof(scheme) - 1, '/');
	return url ? url : "/";
}

static enum MHD_Result queue(struct MHD_Connection *c, unsigned int status,
			     struct MHD_Response *r)
{
	x.counts.requests++;
	x.counts.refused += status >= 400;
	return r ? MHD_queue_response(c, status, r) : MHD_NO;
}

static bool has_body(struct MHD_Connection *c)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && strcmp(length, "0")) ||
	       MHD_lookup_connection_value(c, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **state)
{
	struct MHD_Response *page;

	(void)arg;
	(void)version;
	(void)data;
	(void)size;
	/* Before anything of what else it sends is read. */
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return queue(c, MHD_HTTP_METHOD_NOT_ALLOWED, x.method);
	if (has_body(c))
		return queue(c, MHD_HTTP_BAD_REQUEST, x.body);
	/* An answer to the first call would close the connection. */
	if (!*state) {
		*state = &x;
		begin(c);
		return MHD_YES;
	}
	url = path_of(url);
	if (!strcmp(url, "/"))
		return queue(c, MHD_HTTP_OK, x.front);
	if (strcmp(url, "/metrics"))
		return queue(c, MHD_HTTP_NOT_FOUND, x.none);
	page = fresh_page(wanted(c));
	if (!page)
		return queue(c, MHD_HTTP_SERVICE_UNAVAILABLE, x.failed);
	return queue(c, MHD_HTTP_OK, page);
}

static bool make_answers(void)
{
	static const char front[] =
		"<!doctype html><title>tcphs</title><a href=\"/metrics\">metrics</a>\n";
	static const char none[] = "There is /metrics, and nothing else.\n";
	static const char method[] = "GET and HEAD, and nothing else.\n";
	static const char body[] = "A request without a body, please.\n";
	static const char failed[] = "Out of memory.\n";

	x.front = respond(front, sizeof(front) - 1, "text/html", MHD_RESPMEM_PERSISTENT);
	x.none = respond(none, sizeof(none) - 1, "text/plain", MHD_RESPMEM_PERSISTENT);
	x.method = respond(method, sizeof(method) - 1, "text/plain", MHD_RESPMEM_PERSISTENT);
	x.body = respond(body, sizeof(body) - 1, "text/plain", MHD_RESPMEM_PERSISTENT);
	x.failed = respond(failed, sizeof(failed) - 1, "text/plain", MHD_RESPMEM_PERSISTENT);
	if (x.method)
		MHD_add_response_header(x.method, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return x.front && x.none && x.method && x.body && x.failed;
}

/* ---- where it listens ------------------------------------------------------------------------ */

/* Sockets that systemd hands over (sd_listen_fds(3)). */
static long activated(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	return pid && fds && strtol(pid, NULL, 10) == getpid() ? strtol(fds, NULL, 10) : 0;
}

/* Whoever connects to one that is not served would wait; -1 with a word to the user. */
static int take_over(long nr)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (nr > 1) {
		fprintf(stderr, "tcphs-exporter: %ld sockets of systemd's, but one can be served: one ListenStream=, which for IPv4 and IPv6 is [::]:9768\n",
			nr);
		return -1;
	}
	if (getsockopt(ACTIVATED_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) || !listens) {
		complain("the socket of systemd's",
			 "does not listen; ListenStream= and Accept=no are needed");
		return -1;
	}
	fcntl(ACTIVATED_FD, F_SETFD, FD_CLOEXEC);
	return ACTIVATED_FD;
}

static int bind_to(const struct addrinfo *ai)
{
	int on = 1, fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, CLIENTS_MOST))
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

/* "127.0.0.1:9768", "[::1]:9768", "localhost:9768" */
static bool parse_place(struct place *p, const char *where)
{
	const char *colon = strrchr(where, ':'), *host = where;
	size_t len = colon ? (size_t)(colon - where) : 0;
	unsigned long port;
	char *end;

	/* getaddrinfo() takes 99999 for a port, and another one then. */
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (!port || port > 65535 || *end)
		return false;
	if (*host == '[') {
		if (len < 2 || host[len - 1] != ']')
			return false;
		host++;
		len -= 2;
	} else if (memchr(host, ':', len)) {
		return false;
	}
	if (!len || len >= sizeof(p->host))
		return false;
	memcpy(p->host, host, len);
	p->host[len] = '\0';
	snprintf(p->port, sizeof(p->port), "%lu", port);
	return true;
}

/* At the first of its addresses that this machine has; -1 with a word to the user. */
static int listen_at(const struct place *p)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL, *ai;
	int err, fd = -1;

	err = getaddrinfo(p->host, p->port, &hints, &all);
	if (err) {
		complain(p->host, gai_strerror(err));
		return -1;
	}
	for (ai = all; ai && fd < 0; ai = ai->ai_next)
		fd = bind_to(ai);
	if (fd < 0)
		fprintf(stderr, "tcphs-exporter: cannot listen at %s, port %s: %s\n", p->host,
			p->port, strerror(errno));
	freeaddrinfo(all);
	return fd;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

static struct MHD_Daemon *start(int fd)
{
	/* Nobody is to fill the log by what he sends, so it has no messages of the library. */
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL,
				MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_LIMIT, CLIENTS_ROOM,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MOST,
				MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
				MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
				MHD_OPTION_END);
}

static int serve(struct MHD_Daemon *daemon)
{
	struct pollfd epoll = {
		.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.events = POLLIN,
	};
	MHD_UNSIGNED_LONG_LONG ms;

	while (!tcphs_stop_asked()) {
		if (MHD_get_timeout(daemon, &ms) != MHD_YES || ms > 1000)
			ms = 1000;
		if (poll(&epoll, 1, (int)ms) < 0 && errno != EINTR)
			return -1;
		if (MHD_run(daemon) != MHD_YES)
			return -1;
		cut_off();
	}
	return 0;
}

static int run(const struct place *where, unsigned int limit)
{
	struct MHD_Daemon *daemon;
	struct tcphs_clock clock;
	long handed = activated();
	int fd = handed > 0 ? take_over(handed) : listen_at(where), ret;
	size_t i;

	if (fd < 0)
		return TCPHS_ERR_FAILED;
	for (i = 0; i < CLIENTS_ROOM; i++)
		x.clients[i].fd = -1;
	tcphs_clock_init(&clock);
	x.counts.started = tcphs_now() + (uint64_t)clock.offset;
	x.metrics = metrics_new(limit);
	daemon = x.metrics && make_answers() ? start(fd) : NULL;
	if (!daemon) {
		complain("cannot start", strerror(errno ? errno : ENOMEM));
		return TCPHS_ERR_FAILED;
	}
	/* Who has no permission learns it now, and not at the first scrape. */
	collect();
	ret = serve(daemon);
	MHD_stop_daemon(daemon);
	for (i = 0; i < 2; i++)
		if (x.pages[i].response)
			MHD_destroy_response(x.pages[i].response);
	MHD_destroy_response(x.front);
	MHD_destroy_response(x.none);
	MHD_destroy_response(x.method);
	MHD_destroy_response(x.body);
	MHD_destroy_response(x.failed);
	metrics_free(x.metrics);
	return ret ? TCPHS_ERR_FAILED : 0;
}

/* ---- the command line ---------------------------------------------------------------------------- */

static const char usage[] =
	"Usage: tcphs-exporter [OPTION]...\n"
	"Serves what tcphs counts to Prometheus: http://" LISTEN_DEFAULT "/metrics.\n"
	"\n"
	"  -l, --listen ADDRESS:PORT  where (default " LISTEN_DEFAULT "); of systemd's\n"
	"                             socket, where there is one\n"
	"      --limit N              label sets of each kind; the rest is summed as other\n"
	"                             (default 200)\n"
	"  -h, --help                 this text\n"
	"  -V, --version              the version of this tool\n"
	"\n"
	"It has neither TLS nor passwords: let nobody reach it who is not to see it.\n"
	"Exit status: 0 ended by a signal, 1 failure, 2 wrong usage.\n";

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) ? TCPHS_ERR_FAILED : 0;
}

static unsigned int parse_limit(const char *arg)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	return errno || *end || *arg < '0' || *arg > '9' || n > METRICS_LIMIT_MAX ? 0 :
	       (unsigned int)n;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "listen",	required_argument,	NULL, 'l' },
		{ "limit",	required_argument,	NULL, 'n' },
		{ "help",	no_argument,		NULL, 'h' },
		{ "version",	no_argument,		NULL, 'V' },
		{ NULL,		0,			NULL, 0 },
	};
	unsigned int limit = METRICS_LIMIT_DEFAULT;
	struct place where;
	int c;

	tcphs_keep_standard_files();
	parse_place(&where, LISTEN_DEFAULT);
	while ((c = getopt_long(argc, argv, "l:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'l':
			if (parse_place(&where, optarg))
				break;
			complain(optarg, "an address and a port are needed: " LISTEN_DEFAULT
				 ", [::1]:9768");
			return TCPHS_ERR_USAGE;
		case 'n':
			limit = parse_limit(optarg);
			if (limit)
				break;
			complain("--limit", "a number of label sets, 1 to 10000");
			return TCPHS_ERR_USAGE;
		case 'h':
			return print(usage);
		case 'V':
			return print("tcphs-exporter " TCPHS_VERSION "\n");
		default:
			return TCPHS_ERR_USAGE;
		}
	}
	if (optind < argc) {
		complain(argv[optind], "is one word too many");
		return TCPHS_ERR_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	tcphs_stop_on(SIGINT);
	tcphs_stop_on(SIGTERM);
	return run(&where, limit);
}
