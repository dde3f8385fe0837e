/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers, addresses and times -> text. By hand, not with printf: these run
 * several times for each event of a busy machine.
 */
#include <langinfo.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>

#include "put.h"
#include "internal.h"

#define NSEC_PER_SEC 1000000000ull

const char tcphs_pairs[201] =
	"00010203040506070809" "10111213141516171819"
	"20212223242526272829" "30313233343536373839"
	"40414243444546474849" "50515253545556575859"
	"60616263646566676869" "70717273747576777879"
	"80818283848586878889" "90919293949596979899";

static const char hex_digit[] = "0123456789abcdef";

static char *put_text(char *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	*p = '\0';
	return p;
}

/* Appends a literal and its terminator. */
#define PUT_END(p, s) put_end(p, s, sizeof(s))

static inline char *put_end(char *p, const char *s, size_t size)
{
	memcpy(p, s, size);
	return p + size - 1;
}

/* The first two digits, or the first one, with no zero before it. */
static inline char *put_head(char *p, uint64_t fraction)
{
	unsigned int v = (unsigned int)(fraction >> TCPHS_POINT);
	bool one = v < 10;

	memcpy(p, &tcphs_pairs[2 * v + one], 2);
	return p + 2 - one;
}

/**
 * tcphs_put_large - decimal, where tcphs_put_small() does not reach
 * @p: TCPHS_U64_LEN bytes; no terminator is written
 * @v: 10000 or more
 */
char *tcphs_put_large(char *p, uint64_t v)
{
	uint64_t fraction;

	if (v > UINT32_MAX) {
		p = tcphs_put_u64(p, v / 100000000);
		return tcphs_put_8(p, (uint32_t)(v % 100000000));
	}
	if (v < 1000000) {
		fraction = TCPHS_FRACTION(v, 10000);
		p = put_head(p, fraction);
	} else {
		if (v < 100000000) {
			fraction = TCPHS_FRACTION(v, 1000000);
			p = put_head(p, fraction);
		} else {
			fraction = TCPHS_FRACTION(v, 100000000);
			p = put_head(p, fraction);
			p = tcphs_put_next(p, &fraction);
		}
		p = tcphs_put_next(p, &fraction);
	}
	p = tcphs_put_next(p, &fraction);
	return tcphs_put_next(p, &fraction);
}

/**
 * tcphs_fmt_u64 - decimal
 * @p: TCPHS_U64_LEN bytes
 * @v: the number
 */
char *tcphs_fmt_u64(char *p, uint64_t v)
{
	p = tcphs_put_u64(p, v);
	*p = '\0';
	return p;
}

/**
 * tcphs_fmt_hex - hexadecimal without 0x
 * @p: TCPHS_U64_LEN bytes
 * @v: the number
 */
char *tcphs_fmt_hex(char *p, uint64_t v)
{
	int shift = v ? (63 - __builtin_clzll(v)) & ~3 : 0;

	for (; shift >= 0; shift -= 4)
		*p++ = hex_digit[(v >> shift) & 15];
	*p = '\0';
	return p;
}

static char *fmt_v4(char *p, const uint8_t *a)
{
	p = tcphs_put_small(p, a[0]);
	*p++ = '.';
	p = tcphs_put_small(p, a[1]);
	*p++ = '.';
	p = tcphs_put_small(p, a[2]);
	*p++ = '.';
	p = tcphs_put_small(p, a[3]);
	*p = '\0';
	return p;
}

/* The longest run of two or more zero groups, the first of equals; -1: none. */
static int zero_run(const unsigned int *group, int nr, int *len)
{
	int best = -1, start, i = 0;

	*len = 1;
	while (i < nr) {
		start = i;
		while (i < nr && !group[i])
			i++;
		if (i - start > *len) {
			best = start;
			*len = i - start;
		}
		i++;
	}
	return best;
}

/* As RFC 5952 writes them, ::ffff:192.0.2.1 included. */
static char *fmt_v6(char *p, const uint8_t *a)
{
	unsigned int group[8];
	int i, run, len, nr = 8;

	for (i = 0; i < 8; i++)
		group[i] = (unsigned int)a[2 * i] << 8 | a[2 * i + 1];
	if (!(group[0] | group[1] | group[2] | group[3] | group[4]) && group[5] == 0xffff)
		nr = 6;
	run = zero_run(group, nr, &len);

	for (i = 0; i < nr; i++) {
		if (i == run) {
			*p++ = ':';
			i += len - 1;
			if (i == nr - 1)
				*p++ = ':';
			continue;
		}
		if (i)
			*p++ = ':';
		p = tcphs_fmt_hex(p, group[i]);
	}
	if (nr == 6) {
		*p++ = ':';
		return fmt_v4(p, a + 12);
	}
	*p = '\0';
	return p;
}

/**
 * tcphs_fmt_address - an address
 * @p: TCPHS_ADDRESS_LEN bytes
 * @family: AF_INET or AF_INET6; anything else gives "?"
 * @address: 16 bytes
 */
char *tcphs_fmt_address(char *p, uint8_t family, const uint8_t *address)
{
	if (family == AF_INET)
		return fmt_v4(p, address);
	if (family == AF_INET6)
		return fmt_v6(p, address);
	return put_text(p, "?");
}

/**
 * tcphs_fmt_scoped - an address, its device and a port
 * @p: TCPHS_SCOPED_LEN bytes
 * @family: AF_INET or AF_INET6
 * @address: 16 bytes
 * @scope: as tcphs_fmt_device() makes it
 * @port: in host byte order
 */
char *tcphs_fmt_scoped(char *p, uint8_t family, const uint8_t *address, const char *scope,
		       uint16_t port)
{
	if (family == AF_INET6)
		*p++ = '[';
	p = tcphs_fmt_address(p, family, address);
	if (family == AF_INET6)
		*p++ = ']';
	p = put_text(p, scope);
	*p++ = ':';
	return tcphs_fmt_u64(p, port);
}

/**
 * tcphs_fmt_endpoint - an address and a port
 * @p: TCPHS_ENDPOINT_LEN bytes
 * @family: AF_INET or AF_INET6
 * @address: 16 bytes
 * @port: in host byte order
 */
char *tcphs_fmt_endpoint(char *p, uint8_t family, const uint8_t *address, uint16_t port)
{
	if (family != AF_INET)
		return tcphs_fmt_scoped(p, family, address, "", port);
	p = fmt_v4(p, address);
	*p++ = ':';
	return tcphs_fmt_u64(p, port);
}

/**
 * tcphs_fmt_device - a device behind an address
 * @p: TCPHS_SCOPE_LEN bytes
 * @ifindex: its number, 0: there is none
 * @name: its name, "": not known
 */
char *tcphs_fmt_device(char *p, uint32_t ifindex, const char *name)
{
	*p = '\0';
	if (!ifindex)
		return p;
	*p++ = '%';
	return *name ? tcphs_fmt_comm(p, name, TCPHS_DEVICE_LEN) : tcphs_fmt_u64(p, ifindex);
}

/**
 * tcphs_fmt_scope - the device behind a link-local address, without which it says little
 * @p: TCPHS_SCOPE_LEN bytes
 * @family: AF_INET or AF_INET6
 * @address: 16 bytes
 * @ifindex: number of the device, 0: not known
 * @here: it is a device of this network namespace, now, and has its name
 */
char *tcphs_fmt_scope(char *p, uint8_t family, const uint8_t *address, uint32_t ifindex,
		      bool here)
{
	char name[IF_NAMESIZE];

	*p = '\0';
	if (family != AF_INET6 || address[0] != 0xfe || (address[1] & 0xc0) != 0x80)
		return p;
	return tcphs_fmt_device(p, ifindex, here && if_indextoname(ifindex, name) ? name : "");
}

/*
 * @v of @unit with three significant digits: 1.23, 12.3, 123. Inline, so that a
 * constant unit needs no division; @v is less than 10000 units.
 */
static inline char *put_scaled(char *p, uint64_t v, uint64_t unit)
{
	unsigned int whole = (unsigned int)(v / unit);
	unsigned int rest;

	p = tcphs_put_small(p, whole);
	if (whole >= 100)
		return p;
	rest = (unsigned int)((v % unit) * 100 / unit);
	*p++ = '.';
	if (whole < 10)
		return tcphs_put_pair(p, rest);
	*p++ = (char)('0' + rest / 10);
	return p;
}

static char *fmt_two_units(char *p, uint64_t big, char big_unit, uint64_t small, char small_unit)
{
	p = tcphs_fmt_u64(p, big);
	*p++ = big_unit;
	p = tcphs_put_pair(p, (unsigned int)small);
	*p++ = small_unit;
	*p = '\0';
	return p;
}

/**
 * tcphs_fmt_duration - a duration with its unit, cut, not rounded
 * @p: TCPHS_DURATION_LEN bytes
 * @ns: the duration
 * @utf8: may the µ be one?
 */
char *tcphs_fmt_duration(char *p, uint64_t ns, bool utf8)
{
	uint64_t s = ns / NSEC_PER_SEC;

	if (ns < 1000)
		return PUT_END(tcphs_put_small(p, (unsigned int)ns), " ns");
	if (ns < 1000000 && utf8)
		return PUT_END(put_scaled(p, ns, 1000), " \302\265s");
	if (ns < 1000000)
		return PUT_END(put_scaled(p, ns, 1000), " us");
	if (ns < NSEC_PER_SEC)
		return PUT_END(put_scaled(p, ns, 1000000), " ms");
	if (s < 60)
		return PUT_END(put_scaled(p, ns, NSEC_PER_SEC), " s");
	if (s < 3600)
		return fmt_two_units(p, s / 60, 'm', s % 60, 's');
	if (s < 86400)
		return fmt_two_units(p, s / 3600, 'h', s / 60 % 60, 'm');
	return fmt_two_units(p, s / 86400, 'd', s / 3600 % 24, 'h');
}

/**
 * tcphs_fmt_bytes - a size
 * @p: TCPHS_BYTES_LEN bytes
 * @v: the number
 */
char *tcphs_fmt_bytes(char *p, uint64_t v)
{
	static const char unit[] = "KMGTPE";
	uint64_t size = 1024;
	int i = 0;

	if (v < 1024)
		return put_text(tcphs_fmt_u64(p, v), " B");
	while (i < 5 && v / size >= 1024) {
		size *= 1024;
		i++;
	}
	p = put_scaled(p, v / (size / 1024), 1024);
	*p++ = ' ';
	*p++ = unit[i];
	return put_text(p, "iB");
}

/**
 * tcphs_fmt_comm - the name of a process, a thread or a device
 * @p: 17 bytes
 * @comm: the name, which ends at a NUL or after @len bytes
 * @len: at most 16
 *
 * A process can call itself whatever it likes, so what could move a terminal's
 * cursor becomes '?'.
 */
char *tcphs_fmt_comm(char *p, const void *comm, size_t len)
{
	const uint8_t *c = comm;
	size_t i;

	for (i = 0; i < len && i < TCPHS_COMM_LEN && c[i]; i++)
		*p++ = c[i] >= 0x20 && c[i] < 0x7f ? (char)c[i] : '?';
	*p = '\0';
	return p;
}

/**
 * tcphs_fmt_owner - name[pid]
 * @p: TCPHS_OWNER_LEN bytes
 * @comm: the name, which ends at a NUL or after @len bytes
 * @len: at most 16
 * @pid: the process
 */
char *tcphs_fmt_owner(char *p, const void *comm, size_t len, uint32_t pid)
{
	p = tcphs_fmt_comm(p, comm, len);
	*p++ = '[';
	p = tcphs_fmt_u64(p, pid);
	*p++ = ']';
	*p = '\0';
	return p;
}

/**
 * tcphs_text_width - columns on a terminal
 * @s: UTF-8 of single-width characters
 */
size_t tcphs_text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/**
 * tcphs_utf8 - does the locale print UTF-8?
 */
bool tcphs_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * (int64_t)NSEC_PER_SEC + ts.tv_nsec;
}

/**
 * tcphs_now - CLOCK_MONOTONIC in ns
 */
uint64_t tcphs_now(void)
{
	return (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

/**
 * tcphs_clock_init - take the offset of the two clocks
 * @clock: gets it
 */
void tcphs_clock_init(struct tcphs_clock *clock)
{
	*clock = (struct tcphs_clock){
		.offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC),
	};
}

static int day_number(const struct tm *tm)
{
	return tm->tm_year * 366 + tm->tm_yday;
}

/**
 * tcphs_today - the number of this day, in the time zone of the reader
 */
int tcphs_today(void)
{
	time_t t = time(NULL);
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	return day_number(&tm);
}

static void clock_set(struct tcphs_clock *clock, uint64_t real)
{
	time_t t = (time_t)(real / NSEC_PER_SEC);
	struct tm tm = { 0 };
	char *p = clock->text;

	localtime_r(&t, &tm);
	clock->day = day_number(&tm);
	p = tcphs_put_pair(p, (unsigned int)tm.tm_hour);
	*p++ = ':';
	p = tcphs_put_pair(p, (unsigned int)tm.tm_min);
	*p++ = ':';
	p = tcphs_put_pair(p, (unsigned int)tm.tm_sec);
	*p = '\0';
	clock->second = (uint64_t)t * NSEC_PER_SEC;
}

/* Apart and called last, so that the many others in a second save no registers. */
static __attribute__((noinline)) char *fmt_new_second(char *p, struct tcphs_clock *clock,
						      uint64_t ns)
{
	clock_set(clock, ns + (uint64_t)clock->offset);
	return tcphs_fmt_time(p, clock, ns);
}

/**
 * tcphs_fmt_time - time of day
 * @p: TCPHS_TIME_LEN bytes
 * @clock: the offset, and the text of the last second
 * @ns: CLOCK_MONOTONIC
 */
char *tcphs_fmt_time(char *p, struct tcphs_clock *clock, uint64_t ns)
{
	uint64_t since = ns + (uint64_t)clock->offset - clock->second;

	if (since >= NSEC_PER_SEC)
		return fmt_new_second(p, clock, ns);
	memcpy(p, clock->text, 8);
	p[8] = '.';
	p = tcphs_put_6(p + 9, (uint32_t)since / 1000);
	*p = '\0';
	return p;
}

/**
 * tcphs_fmt_date - the day, and how far its zone is from UTC: 2026-02-28 +0100
 * @p: TCPHS_DATE_LEN bytes
 * @clock: after tcphs_fmt_time()
 */
char *tcphs_fmt_date(char *p, const struct tcphs_clock *clock)
{
	time_t t = (time_t)(clock->second / NSEC_PER_SEC);
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	/* A recording may say that it is of any year. */
	return p + strftime(p, TCPHS_DATE_LEN, "%Y-%m-%d %z", &tm);
}

/**
 * tcphs_hist_bucket - where the contract counts a value
 * @ns: the value
 */
unsigned int tcphs_hist_bucket(uint64_t ns)
{
	uint64_t v = ns / 1024;
	unsigned int e;

	if (!v)
		return 0;
	e = 63 - (unsigned int)__builtin_clzll(v);
	if (e > (TCPHS_HIST_BUCKETS - 2) / 4)
		return TCPHS_HIST_BUCKETS - 1;
	return 1 + 4 * e + (unsigned int)((v << 2 >> e) & 3);
}

/**
 * tcphs_hist_upper - the upper bound of a bucket
 * @bucket: its number
 *
 * Return: the first ns that lies above it; UINT64_MAX for the last, which has
 * no bound.
 */
uint64_t tcphs_hist_upper(unsigned int bucket)
{
	uint64_t quarters;
	unsigned int e;

	if (!bucket)
		return 1024;
	if (bucket >= TCPHS_HIST_BUCKETS - 1)
		return UINT64_MAX;
	e = (bucket - 1) / 4;
	quarters = (uint64_t)((bucket - 1) % 4 + 5) << e;
	return (quarters + 3) / 4 * 1024;
}

uint64_t tcphs_hist_quantile(const struct tcphs_histogram *h, unsigned int permille)
{
	uint64_t total = 0, seen = 0, rank, upper;
	unsigned int i;

	/* Counted here: @count may be a moment newer than the buckets. */
	for (i = 0; i < TCPHS_HIST_BUCKETS; i++)
		total += h->bucket[i];
	if (!total)
		return 0;
	rank = total / 1000 * permille + (total % 1000 * permille + 999) / 1000;
	for (i = 0; i < TCPHS_HIST_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= rank && seen)
			break;
	}
	upper = tcphs_hist_upper(i);
	return upper < h->max_ns ? upper : h->max_ns;
}
