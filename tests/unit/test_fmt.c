/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers, addresses, times and quantiles as text. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "internal.h"

static const char *dur(uint64_t ns)
{
	static char text[TCPHS_DURATION_LEN];

	tcphs_fmt_duration(text, ns, true);
	return text;
}

static const char *bytes(uint64_t v)
{
	static char text[TCPHS_BYTES_LEN];

	tcphs_fmt_bytes(text, v);
	return text;
}

static const char *endpoint(int family, const char *address, uint16_t port)
{
	static char text[TCPHS_ENDPOINT_LEN];
	uint8_t a[16] = { 0 };

	inet_pton(family, address, a);
	tcphs_fmt_endpoint(text, (uint8_t)family, a, port);
	return text;
}

static void test_numbers(void)
{
	uint64_t edge[] = { 0, 9, 4294967295ull, 4294967296ull, UINT64_MAX, 0 };
	char got[TCPHS_U64_LEN], want[32];
	int good = 1, end = 1;
	size_t i;

	for (i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
		end &= *tcphs_fmt_u64(got, edge[i]) == '\0';
		snprintf(want, sizeof(want), "%" PRIu64, edge[i]);
		good &= !strcmp(got, want);
		end &= *tcphs_fmt_hex(got, edge[i]) == '\0';
		snprintf(want, sizeof(want), "%" PRIx64, edge[i]);
		good &= !strcmp(got, want);
	}
	/* Around each power of ten, and what is random of so many digits. */
	for (edge[2] = 1, i = 0; i < 20 * 101; i++) {
		if (i && i % 101 == 0)
			edge[2] *= 10;
		edge[5] = i % 101 < 5 ? edge[2] - 2 + i % 101 :
			  ((uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand()) % edge[2];
		tcphs_fmt_u64(got, edge[5]);
		snprintf(want, sizeof(want), "%" PRIu64, edge[5]);
		good &= !strcmp(got, want);
	}
	ok(good, "numbers are as printf writes them");
	ok(end, "the pointer returned is the terminator");
}

/* Random, with many zero groups so that :: comes in every place. */
static int v6_as_inet_ntop(void)
{
	char got[TCPHS_ADDRESS_LEN], want[INET6_ADDRSTRLEN];
	uint8_t a[16];
	int i, k;

	for (i = 0; i < 200000; i++) {
		for (k = 0; k < 16; k++)
			a[k] = rand() % 3 ? 0 : (uint8_t)rand();
		/* glibc also prints ::1.2.3.4, which RFC 5952 does not ask for. */
		if (!(i % 2))
			a[0] = 0x20;
		else if (!a[0] && !a[1])
			a[1] = 1;
		tcphs_fmt_address(got, AF_INET6, a);
		inet_ntop(AF_INET6, a, want, sizeof(want));
		if (strcmp(got, want)) {
			printf("# got %s want %s\n", got, want);
			return 0;
		}
	}
	return 1;
}

static void test_addresses(void)
{
	char text[TCPHS_ADDRESS_LEN];
	uint8_t none[16] = { 0 };

	same(endpoint(AF_INET, "0.0.0.0", 80), "0.0.0.0:80", "any IPv4 address");
	same(endpoint(AF_INET, "255.100.10.1", 65535), "255.100.10.1:65535", "an IPv4 address");
	same(endpoint(AF_INET6, "::", 443), "[::]:443", "any IPv6 address");
	same(endpoint(AF_INET6, "::1", 1), "[::1]:1", "loopback");
	same(endpoint(AF_INET6, "fe80::", 1), "[fe80::]:1", "zeros at the end");
	same(endpoint(AF_INET6, "1:0:0:2:0:0:0:3", 1), "[1:0:0:2::3]:1", "the longest zeros");
	same(endpoint(AF_INET6, "1:0:0:2:3:0:0:4", 1), "[1::2:3:0:0:4]:1", "the first of equals");
	same(endpoint(AF_INET6, "1:0:2:3:4:5:6:7", 1), "[1:0:2:3:4:5:6:7]:1", "one zero stays");
	same(endpoint(AF_INET6, "::ffff:192.0.2.1", 1), "[::ffff:192.0.2.1]:1", "v4-mapped");
	ok(v6_as_inet_ntop(), "200,000 random IPv6 addresses are as inet_ntop writes them");
	tcphs_fmt_address(text, 77, none);
	same(text, "?", "an unknown family");
}

static void test_durations(void)
{
	char ascii[TCPHS_DURATION_LEN];

	same(dur(0), "0 ns", "no time");
	same(dur(999), "999 ns", "nanoseconds");
	same(dur(1000), "1.00 \302\265s", "a microsecond");
	same(dur(123456), "123 \302\265s", "microseconds");
	same(dur(999999), "999 \302\265s", "cut, not rounded up to 1000");
	same(dur(4560000), "4.56 ms", "milliseconds");
	same(dur(45600000), "45.6 ms", "three digits");
	same(dur(1200000000), "1.20 s", "seconds");
	same(dur(59999999999), "59.9 s", "almost a minute");
	same(dur(184000000000), "3m04s", "minutes");
	same(dur(3600000000000), "1h00m", "hours");
	same(dur(183600000000000), "2d03h", "days");
	ok(strlen(dur(UINT64_MAX)) < TCPHS_DURATION_LEN, "the longest fits");
	tcphs_fmt_duration(ascii, 5000, false);
	same(ascii, "5.00 us", "without UTF-8");
	equal(tcphs_text_width(dur(5000)), 7, "and its width in columns");
}

static void test_bytes(void)
{
	same(bytes(0), "0 B", "no bytes");
	same(bytes(1023), "1023 B", "bytes");
	same(bytes(1536), "1.50 KiB", "a KiB and a half");
	same(bytes(1023 * 1024 + 1000), "1023 KiB", "almost a MiB");
	same(bytes(10ull << 20), "10.0 MiB", "MiB");
	same(bytes(UINT64_MAX), "15.9 EiB", "the most");
}

static void test_owner(void)
{
	char text[TCPHS_OWNER_LEN];

	tcphs_fmt_owner(text, "nginx\0garbage", 13, 123);
	same(text, "nginx[123]", "a name that ends early");
	tcphs_fmt_owner(text, "0123456789abcdefXYZ", 16, 4294967295u);
	same(text, "0123456789abcdef[4294967295]", "a name without terminator");
	tcphs_fmt_owner(text, "\033[2J\xff", 5, 1);
	same(text, "?[2J?[1]", "a name that would clear the screen");
}

static void test_clock(void)
{
	struct tcphs_clock clock = { .offset = 86400ll * 1000000000 };
	char text[TCPHS_TIME_LEN];

	tcphs_fmt_time(text, &clock, 3723004005006ull);
	same(text, "01:02:03.004005", "a time of day");
	tcphs_fmt_time(text, &clock, 3723999999999ull);
	same(text, "01:02:03.999999", "later in the same second");
	tcphs_fmt_time(text, &clock, 3722000000000ull);
	same(text, "01:02:02.000000", "and back");
}

static int buckets_hold(void)
{
	uint64_t v, lower;
	unsigned int b;
	int i;

	for (i = 0; i < 1000000; i++) {
		v = ((uint64_t)rand() << 31 | (uint64_t)rand()) >> (rand() % 60);
		b = tcphs_hist_bucket(v);
		if (b >= TCPHS_HIST_BUCKETS || v >= tcphs_hist_upper(b))
			return 0;
		lower = b ? tcphs_hist_upper(b - 1) : 0;
		if (b && b < TCPHS_HIST_BUCKETS - 1 && v < lower)
			return 0;
		/* 25 %, once a bucket is more than a µs wide. */
		if (v >= 4096 && b < TCPHS_HIST_BUCKETS - 1 &&
		    tcphs_hist_upper(b) - v > v / 4 + 1)
			return 0;
	}
	return 1;
}

static void test_quantiles(void)
{
	static struct tcphs_histogram h;
	uint64_t v;

	equal(tcphs_hist_quantile(&h, 500), 0, "an empty histogram");
	equal(tcphs_hist_bucket(1023), 0, "the first bucket");
	equal(tcphs_hist_bucket(1024), 1, "the second");
	equal(tcphs_hist_bucket(3 * 1024), 7, "3 µs: the high bit, and one below it");
	equal(tcphs_hist_bucket(7 * 1024), 12, "7 µs");
	equal(tcphs_hist_bucket(UINT64_MAX), TCPHS_HIST_BUCKETS - 1, "beyond the last");
	equal(tcphs_hist_bucket((1ull << 42) - 1), TCPHS_HIST_BUCKETS - 1, "end of the last");
	equal(tcphs_hist_upper(TCPHS_HIST_BUCKETS - 1), UINT64_MAX, "the last has no bound");
	ok(buckets_hold(), "a million values lie within their buckets, 25 % wide");

	for (v = 1; v <= 1000; v++)
		h.bucket[tcphs_hist_bucket(v * 1000000)]++;
	h.count = 1000;
	h.max_ns = 1000 * 1000000ull;
	v = tcphs_hist_quantile(&h, 500);
	ok(v >= 500000000 && v <= 625000000, "the median of 1..1000 ms, at most 25 % too large");
	v = tcphs_hist_quantile(&h, 990);
	ok(v >= 990000000 && v <= h.max_ns, "p99 is not above the largest value");
	equal(tcphs_hist_quantile(&h, 1000), h.max_ns, "p100 is the largest value");
	memset(&h, 0, sizeof(h));
	h.bucket[TCPHS_HIST_BUCKETS - 1] = 1;
	h.max_ns = 1ull << 60;
	equal(tcphs_hist_quantile(&h, 500), 1ull << 60, "beyond the last bucket: the largest");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	plan(53);
	test_numbers();
	test_addresses();
	test_durations();
	test_bytes();
	test_owner();
	test_clock();
	test_quantiles();
	return tap_done();
}
