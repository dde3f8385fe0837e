/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records as a trace in the Trace Event Format, which Perfetto and chrome://tracing show:
 * a network namespace is a process there, and a connection a thread.
 */
#ifndef TCPHS_TRACE_H
#define TCPHS_TRACE_H

#include "netns.h"
#include "output.h"

struct trace;

/* NULL without memory */
struct trace *trace_new(struct tcphs_buf *out, netns_namer *namer);
void trace_free(struct trace *t);

/*
 * Records in time order; @clock: CLOCK_REALTIME - CLOCK_MONOTONIC of them. trace_boot() comes
 * before those of another boot, whose times go on behind the last.
 */
void trace_event(struct trace *t, const struct tcphs_event *ev, int64_t clock);
void trace_boot(struct trace *t);
void trace_lost(struct trace *t, uint64_t count);

/*
 * What is open has been so until @now (CLOCK_MONOTONIC, ns); 0: until the last record. 0, or
 * -ENOMEM.
 */
int trace_end(struct trace *t, uint64_t now);

/* So many there were, one end of each. */
uint64_t trace_connections(const struct trace *t);

#endif /* TCPHS_TRACE_H */
