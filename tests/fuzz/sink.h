/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where records end up that were not trusted: as text and as JSON, and with the doctor, who
 * says what he makes of them. Of none of that may a byte do more to a terminal than be read.
 */
#ifndef SINK_H
#define SINK_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out_doctor.h"

static struct {
	struct tcphs_buf text, json;
	struct event_view *view;
	struct evidence seen;
	size_t records;
} sink;

static const struct verb verb = { .name = "fuzz" };
static struct cli cli = { .verb = &verb, .utf8 = true, .all_netns = true };

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

/* Nothing but lines of text: no escape sequence, no carriage return. */
static void must_be_harmless(struct tcphs_buf *b)
{
	size_t i;

	must(!b->err, "output failed");
	for (i = 0; i < b->len; i++)
		must((uint8_t)b->data[i] >= ' ' || b->data[i] == '\n', "a control character");
	must(!memchr(b->data, 0x7f, b->len), "a delete");
	b->len = 0;
}

static void take_record(void *arg, const struct tcphs_event *ev)
{
	(void)arg;
	sink.records++;
	event_view_measure(sink.view, ev);
	event_text(sink.view, &sink.text, ev);
	event_json(&sink.json, ev, 0);
	must_be_harmless(&sink.text);
	must_be_harmless(&sink.json);
	if (sink.records % 16)
		evidence_event(&sink.seen, ev);
	else
		evidence_kept(&sink.seen, ev);
}

static void take_lost(void *arg, uint32_t cpu, uint64_t count)
{
	(void)arg;
	event_text_lost(sink.view, &sink.text, cpu, count);
	event_json_lost(&sink.json, cpu, count);
	evidence_lost(&sink.seen, count);
}

static const struct tcphs_events_ops sink_ops = { .record = take_record, .lost = take_lost };

/* Called by libFuzzer, once. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct tcphs_clock clock;

	(void)argc;
	(void)argv;
	setlocale(LC_CTYPE, "C.UTF-8");
	tcphs_clock_init(&clock);
	sink.view = event_view_new(&cli, &clock, false);
	must(sink.view && !tcphs_buf_init(&sink.text, -1) && !tcphs_buf_init(&sink.json, -1) &&
	     !tcphs_buf_init(&cli.out, -1), "no memory");
	evidence_init(&sink.seen, STUCK_NS);
	return 0;
}

/* What the doctor makes of what came until now. */
static void judge(void)
{
	struct doctor_view v = { .e = &sink.seen, .name = "" };
	struct report r;

	if (!sink.seen.records && !sink.seen.kept_records)
		return;
	must(!report_make(&r, &sink.seen) && !sink.seen.no_memory, "no memory");
	doctor_text(&cli, &v, &r);
	must_be_harmless(&cli.out);
	doctor_json(&cli, &v, &r);
	must_be_harmless(&cli.out);
	report_free(&r);
	evidence_free(&sink.seen);
	evidence_init(&sink.seen, STUCK_NS);
}

static void sink_end(void)
{
	judge();
	must_be_harmless(&sink.text);
	must_be_harmless(&sink.json);
	sink.records = 0;
}

#endif /* SINK_H */
