/* A serial port or radio modem as a link: mesh/pipe.h over a file descriptor.
 *
 * Raw bytes, eight bits, no flow control; a modem in KISS mode or a plain cable. The link shows up
 * in the mesh like any other once the far end has answered. */
#ifndef HOP_NODE_SERIAL_H
#define HOP_NODE_SERIAL_H

#include "node/node.h"

#define SERIAL_LINK_FIRST   0x80000000u /* links.c counts from 1 and never comes so far */
#define SERIAL_RATE_DEFAULT 9600u       /* bit/s in the air */
#define SERIAL_RATE_MIN     100u
#define SERIAL_RATE_MAX     4000000u

struct serial;

/* spec: DEVICE or DEVICE:RATE, the rate in bit/s of the slowest part of the way (the air, not the
 * port). */
MUST_USE int serial_open(struct serial **ret, struct node *n, const char *spec,
                         struct node_trouble *why);
void serial_close(struct serial *s); /* NULL is fine */

int serial_fd(const struct serial *s);            /* -1 for NULL, and when the device went away */
hop_time serial_deadline(const struct serial *s); /* HOP_NEVER for NULL */

/* Once a turn: bytes in, frames to the mesh, bytes out. */
void serial_turn(struct node *n);

bool serial_owns(mesh_link link);
void serial_send(struct serial *s, mesh_link link, struct span frame);

#endif
