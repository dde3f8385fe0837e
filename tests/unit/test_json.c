/* SPDX-License-Identifier: GPL-2.0 */
/* The JSON writer and the buffer below it. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "output.h"

static struct tcphs_buf out;
static struct tcphs_json j;

static const char *text(void)
{
	tcphs_buf_char(&out, '\0');
	out.len = 0;
	return out.data;
}

static const char *bytes(const char *s, size_t len)
{
	j = (struct tcphs_json){ .out = &out };
	tcphs_json_bytes(&j, NULL, s, len);
	return text();
}

#define BYTES(s) bytes(s, sizeof(s) - 1)

static void test_escapes(void)
{
	same(BYTES("plain"), "\"plain\"", "a plain string");
	same(BYTES("q\"b\\"), "\"q\\\"b\\\\\"", "quote and backslash");
	same(BYTES("\n\0\x1f\x7f"), "\"\\u000a\\u0000\\u001f\\u007f\"", "control bytes");
	same(BYTES("\303\244\342\206\222\360\237\230\200"),
	     "\"\303\244\342\206\222\360\237\230\200\"", "valid UTF-8 of 2, 3 and 4 bytes");
	same(BYTES("\377\300\200"), "\"\\u00ff\\u00c0\\u0080\"", "bytes that are none");
	same(BYTES("\302\200\302\233\302\240"), "\"\\u0080\\u009b\302\240\"", "control characters beyond ASCII");
	same(BYTES("\355\240\200"), "\"\\u00ed\\u00a0\\u0080\"", "a surrogate");
	same(BYTES("\340\200\200"), "\"\\u00e0\\u0080\\u0080\"", "an overlong form");
	same(BYTES("\342\206"), "\"\\u00e2\\u0086\"", "a sequence cut short");
	same(BYTES("\364\220\200\200"), "\"\\u00f4\\u0090\\u0080\\u0080\"", "beyond Unicode");
}

static void test_structure(void)
{
	const uint8_t address[16] = { 192, 0, 2, 1 };

	tcphs_json_begin(&j, &out);
	tcphs_json_u64(&j, "a", 18446744073709551615ull);
	tcphs_json_open(&j, "o", '{');
	tcphs_json_close(&j, '}');
	tcphs_json_open(&j, "l", '[');
	tcphs_json_str(&j, NULL, "x");
	tcphs_json_open(&j, NULL, '{');
	tcphs_json_bool(&j, "t", true);
	tcphs_json_bool(&j, "f", false);
	tcphs_json_close(&j, '}');
	tcphs_json_close(&j, ']');
	tcphs_json_hex(&j, "h", 0x1f);
	tcphs_json_address(&j, "ip", 2, address);
	tcphs_json_end(&j);
	same(text(), "{\"a\":18446744073709551615,\"o\":{},\"l\":[\"x\",{\"t\":true,\"f\":false}],"
	     "\"h\":\"1f\",\"ip\":\"192.0.2.1\"}\n", "objects, arrays and their commas");
}

static void test_buffer(void)
{
	char name[] = "/tmp/tcphs_test_XXXXXX", line[101];
	struct tcphs_buf b;
	int fd, full, i;
	long size;

	memset(line, 'x', sizeof(line));
	fd = mkstemp(name);
	unlink(name);
	tcphs_buf_init(&b, fd);
	for (i = 0; i < 10000; i++) {
		tcphs_buf_mem(&b, line, 100);
		tcphs_buf_newline(&b);
		size = lseek(fd, 0, SEEK_END);
		if (size % 101)
			break;
	}
	ok(i == 10000, "only whole lines are written while lines are short");
	ok(!tcphs_buf_flush(&b) && lseek(fd, 0, SEEK_END) == 1010000, "all bytes arrive");
	tcphs_buf_free(&b);
	close(fd);

	full = open("/dev/full", O_WRONLY);
	tcphs_buf_init(&b, full);
	for (i = 0; i < 3000; i++) {
		tcphs_buf_mem(&b, line, 100);
		tcphs_buf_newline(&b);
	}
	ok(tcphs_buf_flush(&b) == -28 && b.err == -28, "a full disk is an error that sticks");
	tcphs_buf_free(&b);
	close(full);
}

int main(void)
{
	plan(14);
	tcphs_buf_init(&out, -1);
	test_escapes();
	test_structure();
	test_buffer();
	tcphs_buf_free(&out);
	return tap_done();
}
