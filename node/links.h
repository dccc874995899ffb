/* Links to other devices: ZeroMQ over TCP with CURVE, and who may use them.
 *
 * One ROUTER listens, under a CURVE key made for this process and told to nobody but the cell (in
 * beacons). Each outgoing link has its own DEALER. The binder is always the CURVE server; the
 * client's key is its certified link key, or an invitation's. node/zap.h refuses strangers at the
 * handshake; here every message is checked again against the table as it is now, so a key taken
 * out of it is cut off at once.
 *
 * libzmq does not tell a ROUTER which peer has gone, and cannot send one away. So an empty message
 * means "I have closed this link"; a connection that ended is matched to its link by descriptor; a
 * failed send means it is gone; and the mesh's own silence timeout catches the rest.
 *
 * All functions are for one thread. docs/protocol.md §6.1 has the layout and the reasons. */
#ifndef HOP_NODE_LINKS_H
#define HOP_NODE_LINKS_H

#include "crypto/drbg.h"
#include "mesh/mesh.h"
#include "node/zap.h"

#include <sys/socket.h>
#include <zmq.h>

#define LINKS_HELD_BYTES_MAX (64u << 20) /* waiting for a commit; beyond it the link is dropped */
#define LINKS_JOINERS_MAX    8           /* asking for admission at one time */

struct links;

enum links_event_type {
    LINKS_UP,          /* link, listener, bytes: its channel binding */
    LINKS_DOWN,        /* link */
    LINKS_FRAME,       /* link, bytes */
    LINKS_JOIN_REQUEST /* link, bytes, client: an invitation's link key */
};

struct links_event {
    enum links_event_type type;
    mesh_link link;
    bool listener;
    uint8_t client[32];
    struct span bytes; /* valid until the next links_next() */
};

/* The ZeroMQ context (one for the life of the process: notes, security.md §6) and, unless only
 * dialing, the ZAP handler and a fresh server key. HOP_ENOMEM, HOP_EIO. */
MUST_USE int links_new(struct links **ret, struct hop_drbg *drbg, bool dial_only);
void links_free(struct links *l); /* NULL is fine; messages not yet sent are dropped */

/* Listen on an address (NULL: all) and port (0: any free one). First the self-test of the ZAP
 * handler: HOP_EAUTH when strangers would get in. HOP_EBUSY: port in use; HOP_EREFUSED: no
 * permission; HOP_EIO: no such address here. */
MUST_USE int links_listen(struct links *l, const char *address, uint16_t port);
uint16_t links_port(const struct links *l);             /* 0 before links_listen() */
const uint8_t *links_server_key(const struct links *l); /* 32 bytes */
struct zap *links_zap(struct links *l);                 /* NULL when dial_only */

/* A new server key: the listener begins anew on the same port, and what was accepted under the old
 * one goes down, to come back under the new. Whoever tells the key to the cell does so at once. On
 * error nothing listens any more. */
MUST_USE int links_renew(struct links *l, hop_time now);
/* When that is due, and when the oldest dialed link has had its keys for long enough. libzmq knows
 * no re-keying: a link gets new ones by being made again. */
#define LINKS_SERVER_US (6 * 3600 * HOP_SECOND)
#define LINKS_KEYS_US   (3600 * HOP_SECOND)
bool links_renewal_due(struct links *l, hop_time now); /* counts from the first time it is asked */
void links_end_old(struct links *l, hop_time now);     /* dialed links of that age go down */

/* Who may connect, from now on: devices' link keys, then invitations' link keys. Links whose key
 * is no longer among them go down. */
MUST_USE int links_allow(struct links *l, const uint8_t (*keys)[32], size_t devices,
                         size_t invitations);

/* Connect to a listener whose server key is known. The link counts when LINKS_UP comes; if it does
 * not work out, LINKS_DOWN comes without it. HOP_EFULL: MESH_LINKS_MAX links already. */
MUST_USE int links_connect(struct links *l, const struct sockaddr_storage *address,
                           const uint8_t server_key[static 32], const struct hop_box_key *client,
                           hop_time now, mesh_link *ret);

/* What happened next; false when nothing is waiting. */
bool links_next(struct links *l, hop_time now, struct links_event *ret);

/* Send. `held`: not before links_release(); once one is held, all later ones are, so that order
 * stays. A link that cannot take it goes down. */
void links_send(struct links *l, mesh_link link, struct span bytes, bool held);
void links_release(struct links *l);
void links_discard_held(struct links *l);

/* Close a link that the mesh has forgotten: no LINKS_DOWN follows. Unknown links are fine. */
void links_drop(struct links *l, mesh_link link);

void links_drop_all(struct links *l);

/* The other end; port 0. HOP_ENOTFOUND. */
MUST_USE int links_address(const struct links *l, mesh_link link, struct sockaddr_storage *ret);
bool links_is_up(const struct links *l, mesh_link link);
bool links_is_listener(const struct links *l, mesh_link link);
bool links_exists(const struct links *l, mesh_link link); /* being made, or up */
size_t links_count(const struct links *l);

/* For zmq_poll(): at most LINKS_POLL_MAX items. */
#define LINKS_POLL_MAX (2 + 2 * MESH_LINKS_MAX)
size_t links_poll_items(const struct links *l, zmq_pollitem_t *ret, size_t max);
/* When links_next() should be called even if nothing is readable, or HOP_NEVER. */
hop_time links_deadline(const struct links *l);

#endif
