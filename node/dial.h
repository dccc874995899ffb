/* Whom to connect to: from beacons heard to links that stand, and the table of who may connect.
 *
 * Of two devices that hear each other one dials, the one with the lower tag, so that there is one
 * link and not two; the other dials too when nothing has come of it for three seconds (a firewall,
 * a roster that has not heard of us). A stranger never gets an answer: whoever is answered has
 * sealed its beacon under the cell's key or under that of an open invitation. */
#ifndef HOP_NODE_DIAL_H
#define HOP_NODE_DIAL_H

#include "node/discovery.h"
#include "node/links.h"
#include "node/node.h"

struct dial;

struct dial *dial_new(struct hop_drbg *drbg); /* NULL if memory runs out */
void dial_free(struct dial *d);               /* NULL is fine */

/* Cell or invitations may have changed: who may connect, what to beacon. Cheap when nothing has. */
void dial_refresh(struct node *n);

/* What pairings and joining want to hear and say has changed: the next refresh is to look. */
void dial_stale(struct node *n);

/* A beacon was heard: answer it, remember the neighbour, connect if that is ours to do. */
void dial_heard(struct node *n, const struct discovery_heard *heard);

/* A link has come up or gone. */
/* At the other end of this link is our own identity: one of the two processes has to stop. It is
 * the one that dialed, for only whoever has been there for a shorter time dials a copy. */
void dial_copy_met(struct node *n, mesh_link link);
void dial_link_changed(struct node *n, mesh_link link);

/* Try again what is due; of two links to one device close the superfluous. */
void dial_turn(struct node *n);
hop_time dial_deadline(const struct node *n);

#endif
