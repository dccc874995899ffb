/* Who may finish a CURVE handshake: a ZAP handler (RFC 27) in a thread of its own.
 *
 * libzmq asks it at every handshake and then never again, so it says no to a stranger but cannot
 * send anybody away: node/links.c asks zap_allows() for every message. It is a table lookup and
 * nothing else, because handshakes stand in line behind it; and it is fail-closed: a request it
 * does not understand is refused, an empty table refuses everybody.
 *
 * libzmq itself is fail-open when no handler answers (notes: security.md §6, T1), hence
 * zap_self_test(): whoever binds a socket first sees a stranger turned away. */
#ifndef HOP_NODE_ZAP_H
#define HOP_NODE_ZAP_H

#include "crypto/drbg.h"

#define ZAP_KEYS_MAX 2304 /* CELL_DEVICES_MAX, CELL_INVITES_MAX, and some */
#define ZAP_DOMAIN   "hop"

struct zap;

/* Bind the handler in this ZeroMQ context and start its thread, with an empty table. One a
 * context. HOP_ENOMEM, HOP_EIO. */
MUST_USE int zap_start(struct zap **ret, void *zmq_context);

/* Stop the thread; the table can still be asked. Handshakes are then refused (enforced domain). */
void zap_stop(struct zap *z);
void zap_free(struct zap *z); /* stops first; NULL is fine */

/* From now on exactly these client keys pass. Copied. HOP_EFULL, and the old table stays, beyond
 * ZAP_KEYS_MAX. */
MUST_USE int zap_allow(struct zap *z, const uint8_t (*keys)[32], size_t count);
bool zap_allows(struct zap *z, const uint8_t key[static 32]);

/* What makes a socket a CURVE server that asks this handler, before zmq_bind(). */
MUST_USE int zap_guard(void *socket, const struct hop_box_key *server);

/* See with a real socket that a stranger is turned away and an allowed key passes, each within
 * three seconds. HOP_EAUTH if not: do not listen then. Empties the table. */
MUST_USE int zap_self_test(struct zap *z, void *zmq_context, struct hop_drbg *drbg);

#endif
