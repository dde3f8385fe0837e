// SPDX-License-Identifier: GPL-2.0
/* tcphs-top: colours that are told apart by everybody, and what says the same without them. */
#include <math.h>

#include "../../userspace/tcphs-top/palette.h"
#include "tap.h"

#define LEAST	20	/* CIE 1976; 2.3 is what is just seen */

/* Eyes: usual ones, without red, green or blue cones (Machado et al. 2009, linear RGB). */
static const struct {
	const char *what;
	double m[3][3];
} eyes[] = {
	{ "usual eyes", { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } } },
	{ "no red", { { 0.152286, 1.052583, -0.204868 }, { 0.114503, 0.786281, 0.099216 },
		      { -0.003882, -0.048116, 1.051998 } } },
	{ "no green", { { 0.367322, 0.860646, -0.227968 }, { 0.280085, 0.672501, 0.047413 },
			{ -0.011820, 0.042940, 0.968881 } } },
	{ "no blue", { { 1.255528, -0.076749, -0.178779 }, { -0.078411, 0.930809, 0.147602 },
		       { 0.004733, 0.691367, 0.303900 } } },
};

static const enum table_tone tones[] = { TABLE_DIM, TABLE_GOOD, TABLE_WARN, TABLE_BAD };

/* The colours of xterm from 16 on. */
static int of_256(int n)
{
	static const int level[] = { 0, 95, 135, 175, 215, 255 };
	int grey = 8 + 10 * (n - 232);

	if (n >= 232)
		return grey << 16 | grey << 8 | grey;
	n -= 16;
	return level[n / 36] << 16 | level[n / 6 % 6] << 8 | level[n % 6];
}

static double curve(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static void to_lab(const double m[3][3], int rgb, double lab[3])
{
	double in[3], seen[3], x, y, z;
	int i, k;

	for (i = 0; i < 3; i++) {
		in[i] = (rgb >> (16 - 8 * i) & 255) / 255.0;
		in[i] = in[i] <= 0.04045 ? in[i] / 12.92 : pow((in[i] + 0.055) / 1.055, 2.4);
	}
	for (i = 0; i < 3; i++) {
		seen[i] = 0;
		for (k = 0; k < 3; k++)
			seen[i] += m[i][k] * in[k];
		seen[i] = seen[i] < 0 ? 0 : seen[i] > 1 ? 1 : seen[i];
	}
	x = curve((0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.9505);
	y = curve(0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]);
	z = curve((0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.089);
	lab[0] = 116 * y - 16;
	lab[1] = 500 * (x - y);
	lab[2] = 200 * (y - z);
}

static double distance(const double m[3][3], int one, int other)
{
	double a[3], b[3];

	to_lab(m, one, a);
	to_lab(m, other, b);
	return sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
}

static void colours(bool of_all)
{
	double least, d;
	char name[80];
	size_t e, i, k;

	for (e = 0; e < 4; e++) {
		least = 999;
		for (i = 0; i < 4; i++)
			for (k = 0; k < i; k++) {
				const struct palette_tone *a = &palette[tones[i]], *b = &palette[tones[k]];

				d = distance(eyes[e].m, of_all ? a->fg_rgb : of_256(a->fg256),
					     of_all ? b->fg_rgb : of_256(b->fg256));
				least = d < least ? d : least;
			}
		snprintf(name, sizeof(name), "%s, %s colours: at least %d apart", eyes[e].what,
			 of_all ? "all" : "256", LEAST);
		if (least < LEAST)
			printf("# %.1f\n", least);
		ok(least >= LEAST, name);
	}
}

int main(void)
{
	const struct palette_tone *good = &palette[TABLE_GOOD], *warn = &palette[TABLE_WARN],
				  *bad = &palette[TABLE_BAD];

	plan(10);
	colours(true);
	colours(false);
	ok(good->color_attr != warn->color_attr && good->color_attr != bad->color_attr &&
	   warn->color_attr != bad->color_attr, "what is bad is told without colours, too");
	ok(good->mono_attr != warn->mono_attr && good->mono_attr != bad->mono_attr &&
	   warn->mono_attr != bad->mono_attr, "and where there are none");
	return tap_done();
}
