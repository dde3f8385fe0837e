/* SPDX-License-Identifier: GPL-2.0 */
/* Which columns of a table fit, and how a line of it looks. */
#include <stdlib.h>

#include "columns.h"
#include "tap.h"

static const struct column cols[] = {
	{ 10, 20, 0 }, { 8, 8, 3 }, { 6, 30, 1 }, { 5, 5, 2 }, { 0, 0, 0 },
};

static void test_fit(void)
{
	unsigned int out[5];

	equal(columns_fit(cols, 5, 66, 1, out), 4, "wide: all but the one that asks for nothing");
	ok(out[0] == 20 && out[1] == 8 && out[2] == 30 && out[3] == 5, "wide: each what it wants");
	equal(columns_fit(cols, 5, 500, 1, out), 4, "wider");
	equal(out[2], 30, "and never more than that");
	columns_fit(cols, 5, 36, 1, out);
	ok(out[0] == 12 && out[2] == 8, "what is left is shared evenly");
	columns_fit(cols, 5, 32, 1, out);
	ok(out[0] == 10 && out[1] == 8 && out[2] == 6 && out[3] == 5, "it just fits");
	columns_fit(cols, 5, 31, 1, out);
	ok(!out[2] && out[1] && out[3], "one cell less: the first in the order goes");
	columns_fit(cols, 5, 34, 2, out);
	ok(!out[2] && out[1] && out[3], "a wider gap takes room too");
	columns_fit(cols, 5, 24, 1, out);
	ok(!out[2] && !out[3] && out[1], "then the second");
	equal(columns_fit(cols, 5, 12, 1, out), 1, "at last only what never goes");
	equal(columns_fit(cols, 5, 4, 1, out), 1, "narrower than that");
	equal(out[0], 10, "it keeps what it needs");
	columns_cut(out, 5, 4, 1);
	equal(out[0], 4, "unless it is cut");
	columns_fit(cols, 5, 0, 1, out);
	columns_cut(out, 5, 0, 1);
	equal(out[0], 0, "no width: nothing");
}

static void test_line(void)
{
	const struct cell left = { .text = "left", .width = 7 };
	const struct cell right = { .text = "13", .width = 5, .right = true,
				    .color = "<", .plain = ">" };
	const struct cell wide = { .text = "\303\274ber alles", .width = 4 };
	struct tcphs_buf out;

	if (tcphs_buf_init(&out, -1))
		abort();
	columns_put(&out, &left, 0, 4, 2);
	columns_put(&out, &right, 1, 4, 2);
	columns_put(&out, &wide, 2, 4, 2);
	columns_put(&out, &left, 3, 4, 2);
	tcphs_buf_char(&out, '\0');
	same(out.data, "left        <13>  \303\274ber alles  left",
	     "a line: colours take no room, nothing is cut, and no blank ends it");
	tcphs_buf_free(&out);
}

int main(void)
{
	plan(15);
	test_fit();
	test_line();
	return tap_done();
}
