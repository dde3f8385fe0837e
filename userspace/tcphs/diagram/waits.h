/* SPDX-License-Identifier: GPL-2.0 */
/* What of an open connection that is drawn waits for an ACK: no record says it. */
#ifndef TCPHS_DIAGRAM_WAITS_H
#define TCPHS_DIAGRAM_WAITS_H

struct tcphs_picture;

/* Of this moment, on this machine; of sockets in other namespaces nothing is said. */
void waits_draw(struct tcphs_picture *p);

#endif /* TCPHS_DIAGRAM_WAITS_H */
