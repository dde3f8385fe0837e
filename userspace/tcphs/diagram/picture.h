/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The drawing of one connection: two lifelines, and what passes between them.
 *
 *	picture.c		events -> rows (pure)
 *	picture_open.c picture_close.c	what each event puts into them (pure)
 *	picture_flight.c	which departure belongs to which arrival (pure)
 *	picture_words.c		labels and reasons as text
 *	picture_text.c picture_svg.c picture_json.c	rows -> what people and programs read
 *
 * The side that opened the connection stands on the left. A side none of whose
 * events are here is unseen: what is shown of it was read from its segments. A
 * connection to itself has one side, and segments that come back to it.
 */
#ifndef TCPHS_PICTURE_H
#define TCPHS_PICTURE_H

#include "netns.h"
#include "output.h"

enum { TCPHS_LEFT, TCPHS_RIGHT, TCPHS_MIDDLE };

/* The flags of a segment, as in its header; or it is no segment but an ICMP error. */
enum { TCPHS_FIN = 1, TCPHS_SYN = 2, TCPHS_RST = 4, TCPHS_ACK = 16, TCPHS_ICMP = 128 };

enum tcphs_part {
	TCPHS_WHOLE,		/* from one lifeline to the other */
	TCPHS_DEPARTS,		/* leaves here, arrives in a later row */
	TCPHS_ARRIVES,
};

struct tcphs_arrow {
	uint8_t flags;		/* 0: there is no arrow */
	uint8_t from;		/* TCPHS_LEFT or TCPHS_RIGHT */
	uint8_t part;		/* enum tcphs_part */
	uint8_t icmp_type, icmp_code;	/* with TCPHS_ICMP */
	bool has_seq, has_ack;
	bool unseen;		/* its other half is not known from here; of ICMP: who sent it */
	bool lost;		/* it did not arrive, or was dropped */
	bool another;		/* another connection's: no ISN that its numbers count from */
	uint32_t resend;	/* 0: sent for the first time */
	uint32_t seq, ack;	/* as on the wire */
	uint32_t len;		/* payload, where it is known */
	uint32_t flight;	/* the same where it departs and arrives; 0: it is not known when */
};

/* Is its dashed part where it comes from? */
static inline bool tcphs_arrow_from_afar(const struct tcphs_arrow *a, bool from_seen)
{
	return !from_seen || a->flags & TCPHS_ICMP;
}


/* A stretch of time in which data passed. */
struct tcphs_data {
	bool here;		/* there is one */
	bool open;		/* it goes on */
	bool known[2];		/* @bytes that the left, the right sent */
	uint64_t bytes[2];
	bool in_vain[2];	/* none, but that side sent some that nobody confirmed */
	uint64_t duration;
	uint64_t waits[2];	/* of one that is open: bytes sent again and not confirmed, */
	uint64_t waits_ns[2];	/* and sent first so long ago */
};

#define TCPHS_NOTE_LEN 120

struct tcphs_row {
	uint64_t time;		/* CLOCK_MONOTONIC, ns; 0: not known */
	uint8_t state[2];	/* entered here, TCPHS_STATE_UNSPEC: no news */
	bool guessed[2];	/* the state of an unseen side, by its segments */
	uint8_t tone;		/* enum tcphs_tone */
	uint8_t side;		/* of the note */
	struct tcphs_arrow arrow;
	struct tcphs_data data;
	char note[TCPHS_NOTE_LEN];	/* UTF-8; "": none */
};

struct tcphs_end {
	struct tcphs_ident id;	/* as this end has it; unseen: mirrored */
	uint32_t flags;		/* TCPHS_F_ISN, TCPHS_F_OWNER: what of it is known */
	bool seen;
	bool socket;		/* seen, and it has one */
	uint8_t state;
	uint32_t ifindex;	/* of the device that the socket is bound to; 0: none, or not known */
	bool fin_sent, fin_acked;	/* its FIN, and the other's ACK of it */
	bool has_fin_seq;
	uint32_t fin_seq;	/* of its FIN */
	bool acked;		/* the third ACK led to the accept queue */
	bool put_back;		/* with TCP_REPAIR: its records are of what came since */
	bool listening;		/* a segment met a listener there */
	uint16_t resets;	/* sent or received */
	struct tcphs_ident listener;	/* @conn, once known; with @listener_flags its owner */
	uint32_t listener_flags;	/* TCPHS_F_OWNER */
};

/* A segment that left, and whose arrival may still be recorded. */
struct tcphs_open {
	uint8_t kind, from;
	bool has_key;
	uint32_t key;
};

#define TCPHS_OPEN_MAX 8	/* the oldest is forgotten */

struct tcphs_picture {
	struct tcphs_end end[2];
	struct tcphs_cgroups *cgroups;	/* who knows what the owners' are called; NULL: nobody */
	struct tcphs_open open[TCPHS_OPEN_MAX];
	unsigned int opens;		/* so many ever */
	bool utf8;		/* in notes */
	bool self;		/* one socket, connected to itself: the left side alone */
	bool begun, closing;
	bool bytes_missing;	/* the data phase was drawn before they were known */
	uint64_t start;		/* the first row, ns */
	uint64_t shift;		/* what was added to times; JSON has them as they were */
	uint64_t established;	/* both ends, ns; 0: not yet */
	uint64_t last;		/* the last event, ns */
	uint32_t flights;
	struct tcphs_row *row;
	size_t nr, cap;
	int err;		/* 0 or -ENOMEM */
};

void tcphs_picture_init(struct tcphs_picture *p, bool utf8);
void tcphs_picture_free(struct tcphs_picture *p);

/*
 * Events of one connection, both ends, oldest first; more may follow. What comes
 * in one call may explain what was before it in the same call, never older rows.
 */
int tcphs_picture_add(struct tcphs_picture *p, const struct tcphs_event *const *ev, size_t nr);

/* Between two calls of tcphs_picture_add(): so many steps are not drawn here. */
int tcphs_picture_gap(struct tcphs_picture *p, uint32_t steps);

/* @id is a listener's, with @flags TCPHS_F_OWNER it has the owner; not every one is in here. */
void tcphs_picture_listener(struct tcphs_picture *p, const struct tcphs_ident *id, uint32_t flags);

/* It is drawn as it is at @now (CLOCK_MONOTONIC, ns): how long its last states lasted. */
int tcphs_picture_end(struct tcphs_picture *p, uint64_t now);

/* Or nothing can follow, as the machine of @id, one of its ends, was booted. */
int tcphs_picture_cut(struct tcphs_picture *p, const struct tcphs_ident *id);

/* After that: what of an open connection no record says, and the kernel knows. */
struct tcphs_row *tcphs_picture_open(struct tcphs_picture *p);
void tcphs_picture_waits(struct tcphs_picture *p, unsigned int side, uint64_t bytes, uint64_t since);

/* ---- picture_flight.c -------------------------------------------------------- */

enum tcphs_kind {
	TCPHS_KIND_SYN,
	TCPHS_KIND_SYNACK,
	TCPHS_KIND_ACK,		/* the third of the handshake */
	TCPHS_KIND_FIN,
	TCPHS_KIND_FIN_ACK,	/* the ACK of a FIN */
	TCPHS_KIND_RST,
	TCPHS_KIND_OTHER_SYN,	/* of another connection */
	TCPHS_KIND_CHALLENGE,	/* the ACK that answers it */
	TCPHS_KIND_ICMP,	/* an ICMP error, from anywhere on the way */
};

#define TCPHS_NO_MATE SIZE_MAX

/* One end of a segment's way. */
struct tcphs_flight {
	size_t event;
	uint8_t kind;		/* enum tcphs_kind */
	uint8_t from;		/* TCPHS_LEFT or TCPHS_RIGHT */
	bool arrives;
	bool implied;		/* it left, the event does not say when */
	bool has_key;
	uint32_t key;		/* what both ends know of it: its SEQ, or ACK */
	size_t mate;		/* the other end, in the same array */
	bool lost;		/* its resend arrived, it did not */
	uint32_t number;	/* of the flight, once it is drawn in two parts */
};

/* At most two for each event. */
#define TCPHS_FLIGHTS_MAX 2

/* Which side recorded the event. */
unsigned int tcphs_picture_side(const struct tcphs_picture *p, const struct tcphs_event *ev);

/* Fills @flight, room for TCPHS_FLIGHTS_MAX an event; how many there are. */
size_t tcphs_flights(const struct tcphs_picture *p, const struct tcphs_event *const *ev,
		     size_t nr, struct tcphs_flight *flight);

/* ---- picture_words.c --------------------------------------------------------- */

#define TCPHS_LABEL_LEN 80

/* SYN+ACK seq 0 ack 1 */
char *tcphs_arrow_label(char *text, const struct tcphs_picture *p,
			const struct tcphs_arrow *arrow, bool absolute);
/* -> 78 B  <- 161 B in 124 ms */
char *tcphs_data_label(char *text, const struct tcphs_picture *p, const struct tcphs_data *data,
		       bool utf8);
/* What stands below a row: its note, and which numbers of its segment count from no ISN. */
void tcphs_row_note(char *text, const struct tcphs_picture *p, const struct tcphs_row *row,
		    bool absolute);
/* Where to break a note that has so many columns. */
const char *tcphs_note_break(const char *text, unsigned int width);
/* Why something ended, for people. */
const char *tcphs_reason_words(unsigned int reason);
enum tcphs_tone tcphs_state_tone(unsigned int state);

/*
 * 127.0.0.1:8080 / to 10.0.0.9:80, where NAT changed it / nginx[205] / nginx.service, or its
 * container / its pod / conn 1a2b / netns
 */
#define TCPHS_HEADING_LINES	7
#define TCPHS_HEADING_LEN	96
void tcphs_heading(const struct tcphs_picture *p, unsigned int side, netns_namer *netns,
		   char line[TCPHS_HEADING_LINES][TCPHS_HEADING_LEN]);
bool tcphs_picture_translated(const struct tcphs_picture *p);

/* ---- picture_text.c ---------------------------------------------------------- */

struct tcphs_canvas_style {
	unsigned int width;		/* columns */
	bool utf8;
	bool absolute;			/* sequence numbers as on the wire */
	bool heading;
	netns_namer *netns;		/* names the namespaces; NULL: they are not shown */
	const char *tone[TCPHS_TONE_CLOSE + 1];	/* escape sequences, "" without colour */
	const char *bold, *plain;
};

#define TCPHS_CANVAS_MAX	200	/* columns */
#define TCPHS_CANVAS_MIN	40
#define TCPHS_IN_FLIGHT		4	/* that a drawing keeps apart */

struct tcphs_canvas {
	const struct tcphs_picture *p;
	struct tcphs_canvas_style style;
	struct tcphs_clock clock;
	struct tcphs_buf *out;
	unsigned int clock_width, state_width, line[2];	/* columns */
	uint64_t shown;			/* the last time that was printed */
	size_t rows;			/* drawn so far */
	struct {
		uint32_t flight;	/* 0: free */
		unsigned int column;
	} way[TCPHS_IN_FLIGHT];
	bool narrow;
	bool dashes, guesses;		/* something unseen was drawn, states guessed */
};

void tcphs_canvas_begin(struct tcphs_canvas *c, const struct tcphs_picture *p,
			const struct tcphs_canvas_style *style, const struct tcphs_clock *clock,
			struct tcphs_buf *out);
void tcphs_canvas_rows(struct tcphs_canvas *c);	/* those that are new */
void tcphs_canvas_end(struct tcphs_canvas *c);

/* ---- picture_svg.c, picture_json.c ------------------------------------------- */

int tcphs_picture_svg(const struct tcphs_picture *p, const struct tcphs_clock *clock,
		      bool absolute, netns_namer *netns, struct tcphs_buf *out);

/* A line for the two ends, then a line for each row from @from on. */
void tcphs_picture_json_head(const struct tcphs_picture *p, struct tcphs_buf *out);
void tcphs_picture_json_rows(const struct tcphs_picture *p, size_t from, struct tcphs_buf *out);

#endif /* TCPHS_PICTURE_H */
