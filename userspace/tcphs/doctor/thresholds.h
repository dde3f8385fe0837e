/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From where on the doctor calls something a problem: the one place that says so. The rules
 * compare with these, and the alerts for Prometheus are made of them (userspace/metrics).
 *
 * _NS: nanoseconds. _PERMILLE, and others that say so: a thousandth of something. All others
 * are numbers of what they are named after.
 */
#ifndef TCPHS_DOCTOR_THRESHOLDS_H
#define TCPHS_DOCTOR_THRESHOLDS_H

/* T(name, value) */
#define THRESHOLDS(T) \
	/* accept queues */ \
	T(LONG_NS, 1000000000)		/* a wait for accept(); a SYN sent again takes as long */ \
	T(HUNG_NS, 3000000000)		/* nobody is accepted, and somebody waits: no pause */ \
	T(LOOK_NS, 1000000000)		/* of those who are older than the module */ \
	T(QUEUE_MOMENT_NS, 100000000)	/* nearly full for less is a burst */ \
	T(SLOW, 3)			/* connections that waited long */ \
	T(SLOW_PERMILLE, 10)		/* of all that waited */ \
	T(FULL_PERMILLE, 800)		/* of the room in an accept queue */ \
	T(OVERFLOWS, 3)			/* SYNs and third ACKs that met a full queue */ \
	T(OVERFLOWS_PERMILLE, 10)	/* of all that came for the queue */ \
	T(CUT, 3)			/* clients that went with their listener */ \
	/* requests */ \
	T(UNREAD, 3)			/* requests */ \
	T(UNREAD_PERMILLE, 10)		/* of the connections that either end closed */ \
	T(UNREAD_MANY, 5)		/* and half of these: critical */ \
	T(UNANSWERED, 5)		/* and half of these */ \
	T(UNREAD_HALF_PERMILLE, 500)	/* the half of these */ \
	/* SYN queues */ \
	T(FLOOD_SYNS, 20)		/* handshakes that nobody finishes */ \
	T(FLOOD_PERMILLE, 200)		/* of all: fewer are clients that are slow or far away */ \
	T(HALF_OPEN, 10)		/* SYN+ACKs sent again and not answered */ \
	T(HALF_OPEN_PERMILLE, 500)	/* of all SYNs */ \
	T(DROPPED, 3)			/* SYNs dropped, or answered by a SYN cookie */ \
	T(DROPPED_PERMILLE, 10)		/* of all SYNs */ \
	/* discarded segments */ \
	T(DISCARDS, 3)			/* of what came to begin a connection */ \
	T(DISCARDS_PERMILLE, 10)	/* of what came to begin a connection */ \
	/* connects and losses */ \
	T(FAILED, 3)			/* connects to a destination */ \
	T(FAILED_PERMILLE, 10)		/* of all to it; a few in many are everyday life */ \
	T(FAILED_MANY, 100)		/* then a thousandth is enough */ \
	T(MANY_PERMILLE, 1)		/* that thousandth */ \
	T(WORKS_PERMILLE, 100)		/* fewer are established: the destination does not work */ \
	T(LOST, 3)			/* handshakes, or closes, with a segment sent again */ \
	T(LOST_PERMILLE, 10)		/* of all */ \
	/* ephemeral ports */ \
	T(PORTS_SLOW, 500)		/* permille, to one destination: connect() is slow */ \
	T(PORTS_WARNING, 800)		/* permille of the ports, to one destination */ \
	T(SHARED_PERMILLE, 20)		/* so few shared by destinations: they were bound */ \
	T(ONE_PERMILLE, 900)		/* so many to one destination: it is about that one */ \
	/* orphans, TIME_WAIT, tcphs */ \
	T(LIMIT_WARNING, 800)		/* permille of tcp_max_tw_buckets */ \
	T(ORPHANS_WARNING, 500)		/* permille of tcp_max_orphans; some count twice */ \
	T(ORPHANS_ENOUGH, 250)		/* to be reset, for that reason */ \
	T(ENDED, 3)			/* connections that paid for it, and one in a hundred */ \
	T(ENDED_PERMILLE, 10)		/* of all that ended */ \
	T(TABLE_WARNING, 900)		/* permille of the table of tcphs */ \
	/* the end of connections */ \
	T(STUCK_NS, 90000000000)	/* in a state of the close: an orphan is not */ \
	T(STUCK, 3)			/* connections for longer than stuck_ns */ \
	T(GROWN, 3)			/* stuck ones more than before the look */ \
	T(GROWN_PERMILLE, 50)		/* of those before: else it is coming and going */ \
	T(FIRST, 10)			/* closed by the server first */ \
	T(FIRST_PERMILLE, 500)		/* of those that ended */ \
	T(DIED, 3)			/* open connections that a time-out ended */ \
	T(DIED_PERMILLE, 10)		/* of those that ended, to a destination */ \
	T(DIED_CLIENTS, 100)		/* and of a listener: clients go out of reach */ \
	T(DIED_MANY, 100)		/* then a hundredth of a listener's is enough */ \
	T(DIED_CRITICAL, 500)		/* permille of those that ended */ \
	/* data */ \
	T(SILENT, 3)			/* connections, and a share of those that are open */ \
	T(SILENT_PERMILLE, 10)		/* of those that are open */ \
	/* resets, strays, SYNs to old ones */ \
	T(RESETS, 5)			/* connections, of one listener or to one destination */ \
	T(RESETS_PERMILLE, 100)		/* of the connections that ended */ \
	T(RESETS_MANY, 1000)		/* then a hundredth is enough */ \
	T(RACES, 3)			/* requests that met a close on the way */ \
	T(RACES_PERMILLE, 1)		/* of the connections that ended */ \
	T(STRAYS, 3)			/* connections from one address */ \
	T(STRAYS_PERMILLE, 1)		/* of the connections that ended */ \
	T(STRAYS_OF_MANY, 1000)		/* of many addresses, a hundredth of the ends */ \
	T(KILLED, 5)			/* TIME_WAITs */ \
	T(KILLED_PERMILLE, 10)		/* of all TIME_WAITs */ \
	T(MET, 3)			/* SYNs that met an older connection */ \
	T(MET_PERMILLE, 10)		/* of all SYNs */ \
	/* ports that nobody has */ \
	T(SHUT, 5)			/* SYNs to a port */ \
	T(KNOCKS, 20)			/* ports that one address asks for */ \
	T(KNOCKS_PERMILLE, 1)		/* of the connections that ended */ \
	T(KNOCKS_OF_MANY, 1000)		/* SYNs of many addresses, a hundredth of the ends */ \
	/* between two machines whose recordings are read as one */ \
	T(BETWEEN, 3)			/* connections, and a share of those between them */ \
	T(BETWEEN_PERMILLE, 10)		/* of the connections between them */

#define THRESHOLD_ENUM(name, value) name = value,
enum threshold { THRESHOLDS(THRESHOLD_ENUM) };

#endif /* TCPHS_DOCTOR_THRESHOLDS_H */
