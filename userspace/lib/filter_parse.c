/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters: the names and help of their keys, and words -> struct tcphs_filter. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define NETNS_DIR	"/run/netns/"
#define WORD_MAX	TCPHS_UNIT_LEN	/* the longest that there is */

static const struct {
	const char *name, *argument, *help;
} keys[] = {
	[TCPHS_FILTER_PORT] = { "port", "N,...", "of either end; or N-N, or a name: https" },
	[TCPHS_FILTER_LOCAL_PORT] = { "local-port", "N,...", "of this end" },
	[TCPHS_FILTER_PEER_PORT] = { "peer-port", "N,...", "of the other end" },
	[TCPHS_FILTER_ADDRESS] = { "address", "ADDR[/BITS],...", "of either end" },
	[TCPHS_FILTER_STATE] = { "state", "NAME,...", "names and groups of ss; event: old or new" },
	[TCPHS_FILTER_EVENT] = { "event", "NAME,...", "as in the column EVENT" },
	[TCPHS_FILTER_ROLE] = { "role", "NAME,...",
				"client, server, simultaneous, listener, unknown" },
	[TCPHS_FILTER_FAILED] = { "failed", NULL, "drops, resets, refused, timed out, cut short" },
	[TCPHS_FILTER_PID] = { "pid", "N,...", "of the owner, where it is known" },
	[TCPHS_FILTER_COMM] = { "comm", "NAME,...",
				"of the owner or its thread, where it is known" },
	[TCPHS_FILTER_DEVICE] = { "device", "NAME,...",
				  "or number: bound to it; a listener's: or its VRF" },
	[TCPHS_FILTER_NETNS] = { "netns", "NAME,...",
				 "name of ip-netns(8), or inode; implies -A" },
	[TCPHS_FILTER_OLDER_THAN] = { "older-than", "TIME",
				      "60s, 1.5s, 5m, 2h: so long in the state" },
	[TCPHS_FILTER_CONN] = { "conn", "N,...", "column CONN, or sk: of ss -e" },
	[TCPHS_FILTER_SINCE] = { "since", "TIME", "5m (ago), 03:12, or 2026-11-28 03:12" },
	[TCPHS_FILTER_UNIT] = { "unit", "NAME,...", "of systemd, that the owner is in" },
	[TCPHS_FILTER_CONTAINER] = { "container", "ID,...",
				     "as docker ps has it, or name (LXC), or pod's UID" },
	[TCPHS_FILTER_UNTIL] = { "until", "TIME", "likewise: the end of that time" },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) == TCPHS_FILTER_KEYS, "describe the new filter");

/**
 * tcphs_filter_name - what a key is called
 * @key: which
 */
const char *tcphs_filter_name(enum tcphs_filter_key key)
{
	return keys[key].name;
}

/**
 * tcphs_filter_argument - what stands for its argument in a help text
 * @key: which
 *
 * Return: NULL for a key without one.
 */
const char *tcphs_filter_argument(enum tcphs_filter_key key)
{
	return keys[key].argument;
}

/**
 * tcphs_filter_help - what it is about
 * @key: which
 */
const char *tcphs_filter_help(enum tcphs_filter_key key)
{
	return keys[key].help;
}

/* What a parser of one word needs. */
struct parsing {
	struct tcphs_filter *filter;
	enum tcphs_filter_key key;
	struct tcphs_error *err;
};

static int wrong(const struct parsing *p, const char *word, const char *allowed)
{
	tcphs_error_set(p->err, TCPHS_ERR_USAGE, "'%.64s' is wrong; %s", word, allowed);
	return -EINVAL;
}

static int too_many(const struct parsing *p)
{
	tcphs_error_set(p->err, TCPHS_ERR_USAGE, "%u at most", TCPHS_FILTER_LIST);
	return -E2BIG;
}

/* Decimal digits and nothing else. */
static int parse_number(const char *word, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	const char *c;

	for (c = word; *c; c++) {
		if (*c < '0' || *c > '9' || v > max / 10)
			return -EINVAL;
		v = v * 10 + (uint64_t)(*c - '0');
	}
	if (c == word || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

static int port_of_service(const char *name, uint64_t *port)
{
	struct servent service, *found;
	char names[1024];

	if (getservbyname_r(name, "tcp", &service, names, sizeof(names), &found) || !found)
		return -EINVAL;
	*port = ntohs((uint16_t)found->s_port);
	return 0;
}

/* "443", "8000-8010" or "https" */
static int port_range(const char *word, uint64_t *first, uint64_t *last)
{
	const char *dash = strchr(word, '-');
	char number[WORD_MAX] = "";

	if (*word < '0' || *word > '9') {
		if (port_of_service(word, first))
			return -EINVAL;
		*last = *first;
		return 0;
	}
	memcpy(number, word, strcspn(word, "-"));
	if (parse_number(number, UINT16_MAX, first))
		return -EINVAL;
	*last = *first;
	if (dash && parse_number(dash + 1, UINT16_MAX, last))
		return -EINVAL;
	return *first && *first <= *last ? 0 : -EINVAL;
}

static int parse_port(const struct parsing *p, const char *word)
{
	struct tcphs_ports *ports = p->key == TCPHS_FILTER_PORT ? &p->filter->port :
				    p->key == TCPHS_FILTER_LOCAL_PORT ? &p->filter->local_port :
				    &p->filter->peer_port;
	uint64_t first, last;

	if (port_range(word, &first, &last))
		return wrong(p, word,
			     "allowed are numbers from 1 to 65535, ranges (8000-8010) and names of services (https), with commas between");
	if (ports->nr == TCPHS_FILTER_LIST)
		return too_many(p);
	ports->v[ports->nr].first = (uint16_t)first;
	ports->v[ports->nr++].last = (uint16_t)last;
	return 0;
}

static int add_number(const struct parsing *p, struct tcphs_numbers *numbers, uint64_t value)
{
	if (numbers->nr == TCPHS_FILTER_LIST)
		return too_many(p);
	numbers->v[numbers->nr++] = (uint32_t)value;
	return 0;
}

static int parse_pid(const struct parsing *p, const char *word)
{
	uint64_t pid;

	if (parse_number(word, INT32_MAX, &pid) || !pid)
		return wrong(p, word, "allowed are numbers of processes, with commas between");
	return add_number(p, &p->filter->pid, pid);
}

/**
 * tcphs_conn_parse - a connection's number
 * @arg: hexadecimal, as in the column CONN; sk: may stand before it, as in ss -e
 * @conn: gets the socket cookie
 *
 * Return: 0, or -EINVAL.
 */
int tcphs_conn_parse(const char *arg, uint64_t *conn)
{
	const char *digits = strncmp(arg, "sk:", 3) ? arg : arg + 3;
	char *end;

	errno = 0;
	*conn = strtoull(digits, &end, 16);
	return errno || *end || !isxdigit((unsigned char)*digits) || !*conn ? -EINVAL : 0;
}

static int parse_conn(const struct parsing *p, const char *word)
{
	uint64_t conn;

	if (tcphs_conn_parse(word, &conn))
		return wrong(p, word, "allowed are hexadecimal numbers, as in the column CONN");
	if (p->filter->nr_conns == TCPHS_FILTER_LIST)
		return too_many(p);
	p->filter->conn[p->filter->nr_conns++] = conn;
	return 0;
}

/* -EINVAL for what is no file of a network namespace. */
static int inode_of_netns(const char *path, uint64_t *inode)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = -EINVAL;
	struct stat st;

	if (fd < 0)
		return -EINVAL;
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET && !fstat(fd, &st)) {
		*inode = st.st_ino;
		err = 0;
	}
	close(fd);
	return err;
}

/* A number, a file, or a name of ip-netns(8): the inode says which it is. */
static int parse_netns(const struct parsing *p, const char *word)
{
	char path[sizeof(NETNS_DIR) + WORD_MAX];
	uint64_t inode;

	if (!parse_number(word, UINT32_MAX, &inode))
		return add_number(p, &p->filter->netns, inode);
	snprintf(path, sizeof(path), "%s%s", strchr(word, '/') ? "" : NETNS_DIR, word);
	if (!*word || inode_of_netns(path, &inode))
		return wrong(p, word,
			     "allowed are names of ip-netns(8), files like /proc/1/ns/net and inode numbers");
	return add_number(p, &p->filter->netns, inode);
}

static int parse_comm(const struct parsing *p, const char *word)
{
	struct tcphs_filter *f = p->filter;

	if (!*word)
		return wrong(p, word, "allowed are names of processes, with commas between");
	if (f->nr_comms == TCPHS_FILTER_LIST)
		return too_many(p);
	/* The kernel keeps no more of a name either. */
	memcpy(f->comm[f->nr_comms++], word, strnlen(word, TCPHS_COMM_LEN - 1));
	return 0;
}

static int parse_unit(const struct parsing *p, const char *word)
{
	struct tcphs_filter *f = p->filter;

	if (!*word)
		return wrong(p, word, "allowed are names of systemd's units, with commas between");
	if (f->nr_units == TCPHS_FILTER_LIST)
		return too_many(p);
	strcpy(f->unit[f->nr_units++], word);
	return 0;
}

static int parse_container(const struct parsing *p, const char *word)
{
	struct tcphs_filter *f = p->filter;

	if (!*word || strlen(word) >= TCPHS_CONTAINER_LEN)
		return wrong(p, word,
			     "allowed are numbers of containers, as docker ps, crictl ps and podman ps have them, names of LXC's, and UIDs of pods");
	if (f->nr_containers == TCPHS_FILTER_LIST)
		return too_many(p);
	strcpy(f->container[f->nr_containers++], word);
	return 0;
}

/* Whose devices if_nametoindex() knows. */
static void note_home(struct tcphs_filter *f)
{
	uint64_t inode;

	if (!f->home && !inode_of_netns("/proc/self/ns/net", &inode))
		f->home = (uint32_t)inode;
}

static int parse_device(const struct parsing *p, const char *word)
{
	struct tcphs_filter *f = p->filter;
	unsigned int ifindex = if_nametoindex(word);
	uint64_t number;

	/* A device may be called 7. */
	if (!ifindex && !parse_number(word, INT32_MAX, &number) && number)
		return add_number(p, &f->number, number);
	if (!*word || strlen(word) >= TCPHS_DEVICE_LEN)
		return wrong(p, word,
			     "allowed are names and numbers of network devices, with commas between");
	note_home(f);
	if (f->nr_devices == TCPHS_FILTER_LIST)
		return too_many(p);
	strcpy(f->device[f->nr_devices++], word);
	/* It may be another namespace's, whose listeners say the name. */
	return ifindex ? add_number(p, &f->ifindex, ifindex) : 0;
}

static bool is_mapped(const uint8_t *address)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address, prefix, sizeof(prefix));
}

static void clear_host_bits(struct tcphs_prefix *prefix)
{
	unsigned int i;

	for (i = prefix->length; i < 128; i++)
		prefix->address[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

static int parse_address(const struct parsing *p, const char *word)
{
	static const char allowed[] =
		"allowed are addresses like 192.0.2.7, 10.0.0.0/8 and 2001:db8::/32, with commas between";
	struct tcphs_prefix prefix = { .family = strchr(word, ':') ? AF_INET6 : AF_INET };
	unsigned int bits = prefix.family == AF_INET ? 32 : 128;
	const char *slash = strchr(word, '/');
	size_t len = strcspn(word, "/");
	char text[WORD_MAX] = "", *scope;
	uint64_t length = bits, number = 0;
	unsigned int ifindex = 0;

	/* As addresses stand before a port: [::1] */
	if (len > 1 && word[0] == '[' && word[len - 1] == ']')
		memcpy(text, word + 1, len - 2);
	else
		memcpy(text, word, len);
	scope = strchr(text, '%');
	if (scope)
		*scope++ = '\0';
	if (scope && prefix.family == AF_INET6)
		ifindex = if_nametoindex(scope);
	if (scope && !ifindex && (parse_number(scope, INT32_MAX, &number) || !number))
		return wrong(p, word, "behind % a network device of this namespace or its number is allowed");
	if (inet_pton(prefix.family, text, prefix.address) != 1 ||
	    (slash && parse_number(slash + 1, bits, &length)))
		return wrong(p, word, allowed);
	/* As all of tcphs shows them. */
	if (prefix.family == AF_INET6 && length >= 96 && is_mapped(prefix.address)) {
		prefix.family = AF_INET;
		length -= 96;
		memmove(prefix.address, prefix.address + 12, 4);
		memset(prefix.address + 4, 0, 12);
	}
	prefix.length = (uint8_t)length;
	clear_host_bits(&prefix);
	if (p->filter->nr_addresses == TCPHS_FILTER_LIST)
		return too_many(p);
	p->filter->scope[p->filter->nr_addresses] = ifindex ? ifindex : (uint32_t)number;
	p->filter->scope_named[p->filter->nr_addresses] = ifindex;
	if (ifindex)
		note_home(p->filter);
	p->filter->address[p->filter->nr_addresses++] = prefix;
	return 0;
}

static int each_word(const struct parsing *p, const char *list,
		     int (*parse)(const struct parsing *p, const char *word))
{
	char word[WORD_MAX];
	size_t len, cut;
	int err;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		cut = len;
		/* Of a name the beginning counts. */
		if (p->key == TCPHS_FILTER_COMM && cut > TCPHS_COMM_LEN)
			cut = TCPHS_COMM_LEN;
		if (cut >= sizeof(word))
			return wrong(p, list, "no word is that long");
		memcpy(word, list, cut);
		word[cut] = '\0';
		err = parse(p, word);
		if (err || !list[len])
			return err;
	}
}

/* It is none of the names there are. */
static int no_name(const struct parsing *p, const struct tcphs_near *near, const char *allowed)
{
	if (near->name)
		tcphs_error_set(p->err, TCPHS_ERR_USAGE, "'%s' is no %s; did you mean %s?",
				near->word, keys[p->key].name, near->name);
	else
		tcphs_error_set(p->err, TCPHS_ERR_USAGE, "'%s' is no %s; allowed are: %s",
				near->word, keys[p->key].name, allowed);
	return -EINVAL;
}

static int parse_states(const struct parsing *p, const char *list)
{
	char bad[72], buf[TCPHS_NAME_LEN];
	struct tcphs_near near;
	unsigned int state;
	uint32_t mask;

	if (tcphs_states_parse(list, &mask, bad, sizeof(bad))) {
		near = (struct tcphs_near){ bad, strlen(bad), NULL, 0 };
		for (state = 1; state <= TCPHS_STATE_MAX; state++)
			tcphs_near_try(&near, tcphs_state_key(state, buf));
		return no_name(p, &near, tcphs_states_allowed());
	}
	p->filter->states |= mask;
	return 0;
}

/* No name of a table: says which there are. */
static int unknown(const struct parsing *p, const char *bad,
		   const char *(*name)(unsigned int, char *), unsigned int from, unsigned int max)
{
	struct tcphs_near near = { bad, strlen(bad), NULL, 0 };
	char buf[TCPHS_NAME_LEN], allowed[512] = "";
	size_t len = 0;

	for (; from <= max && len < sizeof(allowed); from++) {
		len += (size_t)snprintf(allowed + len, sizeof(allowed) - len, "%s%s",
					len ? " " : "", name(from, buf));
		tcphs_near_try(&near, name(from, buf));
	}
	return no_name(p, &near, allowed);
}

static int parse_events(const struct parsing *p, const char *list)
{
	uint64_t mask;
	char bad[72];

	if (tcphs_events_parse(list, &mask, bad, sizeof(bad)))
		return unknown(p, bad, tcphs_event_name, 1, TCPHS_EV_MAX);
	p->filter->events |= mask;
	return 0;
}

static int parse_roles(const struct parsing *p, const char *list)
{
	uint32_t mask;
	char bad[72];

	if (tcphs_roles_parse(list, &mask, bad, sizeof(bad)))
		return unknown(p, bad, tcphs_role_name, 0, TCPHS_ROLE_MAX);
	p->filter->roles |= mask;
	return 0;
}

/* @unit nanoseconds for each of "12.5"; of the fraction what is less than one is cut. */
static int scale(const char *number, uint64_t unit, uint64_t *ns)
{
	size_t whole = strcspn(number, ".");
	char digits[24] = "";
	uint64_t value;

	if (whole >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, number, whole);
	if (parse_number(digits, UINT64_MAX / unit, &value))
		return -EINVAL;
	*ns = value * unit;
	if (!number[whole])
		return 0;
	for (number += whole + 1; *number; number++) {
		if (*number < '0' || *number > '9')
			return -EINVAL;
		unit /= 10;
		if (__builtin_add_overflow(*ns, (uint64_t)(*number - '0') * unit, ns))
			return -EINVAL;
	}
	return number[-1] == '.' ? -EINVAL : 0;
}

/**
 * tcphs_duration_parse - a number and its unit
 * @arg: "60s", "1.5s"; seconds where there is no unit
 * @ns: gets it
 *
 * Return: 0, or -EINVAL.
 */
int tcphs_duration_parse(const char *arg, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {
		{ "us", 1000ull },
		{ "ms", 1000000ull },
		{ "s", 1000000000ull },
		{ "", 1000000000ull },
		{ "m", 60 * 1000000000ull },
		{ "h", 3600 * 1000000000ull },
		{ "d", 86400 * 1000000000ull },
	};
	size_t digits = strspn(arg, "0123456789."), i;
	char number[48] = "";

	if (digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, arg, digits);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(arg + digits, units[i].unit))
			return scale(number, units[i].ns, ns);
	}
	return -EINVAL;
}

static int parse_age(const struct parsing *p, const char *arg)
{
	if (tcphs_duration_parse(arg, &p->filter->older_than))
		return wrong(p, arg, TCPHS_DURATION_ALLOWED);
	return 0;
}

static int parse_when(const struct parsing *p, const char *arg)
{
	struct tcphs_filter *f = p->filter;

	if (tcphs_when_parse(arg, p->key == TCPHS_FILTER_SINCE ? &f->since : &f->until))
		return wrong(p, arg, TCPHS_WHEN_ALLOWED);
	return 0;
}

static int parse_key(const struct parsing *p, const char *arg)
{
	switch (p->key) {
	case TCPHS_FILTER_PORT:
	case TCPHS_FILTER_LOCAL_PORT:
	case TCPHS_FILTER_PEER_PORT:
		return each_word(p, arg, parse_port);
	case TCPHS_FILTER_ADDRESS:
		return each_word(p, arg, parse_address);
	case TCPHS_FILTER_STATE:
		return parse_states(p, arg);
	case TCPHS_FILTER_EVENT:
		return parse_events(p, arg);
	case TCPHS_FILTER_ROLE:
		return parse_roles(p, arg);
	case TCPHS_FILTER_PID:
		return each_word(p, arg, parse_pid);
	case TCPHS_FILTER_CONN:
		return each_word(p, arg, parse_conn);
	case TCPHS_FILTER_COMM:
		return each_word(p, arg, parse_comm);
	case TCPHS_FILTER_UNIT:
		return each_word(p, arg, parse_unit);
	case TCPHS_FILTER_CONTAINER:
		return each_word(p, arg, parse_container);
	case TCPHS_FILTER_DEVICE:
		return each_word(p, arg, parse_device);
	case TCPHS_FILTER_NETNS:
		return each_word(p, arg, parse_netns);
	case TCPHS_FILTER_OLDER_THAN:
		return parse_age(p, arg);
	case TCPHS_FILTER_SINCE:
	case TCPHS_FILTER_UNTIL:
		return parse_when(p, arg);
	case TCPHS_FILTER_FAILED:
	case TCPHS_FILTER_KEYS:
		break;
	}
	return 0;
}

/**
 * tcphs_filter_parse - add to a filter
 * @filter: gets it
 * @key: which
 * @arg: its argument; not looked at for a key that has none
 * @err: what is wrong, and what would be right
 */
int tcphs_filter_parse(struct tcphs_filter *filter, enum tcphs_filter_key key, const char *arg,
		       struct tcphs_error *err)
{
	const struct parsing p = { .filter = filter, .key = key, .err = err };
	int ret = parse_key(&p, arg);

	if (!ret)
		filter->keys |= 1u << key;
	return ret;
}
