/* Coming into a cell: this device looks for its inviter, with an invitation, a code or a card.
 *
 * With a code or a card the invitation comes first (device/pairing.h); then, and with an invitation
 * at once, the inviter is found by beacon, a link is made with the invitation's key, and the
 * request is answered (docs/protocol.md §7). The one thing is done either in a running node, which
 * the page asks for (joining_…), or by `hop join`, which runs nothing else (node_join()). */
#ifndef HOP_NODE_JOIN_H
#define HOP_NODE_JOIN_H

#include "device/pairing.h"
#include "node/discovery.h"
#include "node/links.h"
#include "node/node.h"

/* One of the three. */
struct joining_how {
    const struct device_join *join;
    const struct pairing_code *code;
    bool face; /* joining_card() is to be shown, and the other's given to joining_meet() */
};

enum joining_state {
    JOINING_CARD,    /* waits for the other's card */
    JOINING_LOOKING, /* for the inviter */
    JOINING_ASKING,  /* has the invitation of a code or card; as LOOKING otherwise */
    JOINED,
    JOINING_FAILED /* joining_why() */
};

/* links and discovery are borrowed for its life. HOP_ENOMEM. */
MUST_USE int joining_new(struct joining **ret, struct node *n, struct links *links,
                         struct discovery *discovery, const struct joining_how *how);
void joining_free(struct joining *j); /* NULL is fine; secrets are wiped */

enum joining_state joining_state(const struct joining *j);
const struct text_said *joining_why(const struct joining *j);
const struct pairing_card *joining_card(const struct joining *j);
MUST_USE int joining_meet(struct joining *j, const struct pairing_card *theirs,
                          struct text_said *why);
const struct device_join *joining_joined(const struct joining *j); /* names, once JOINED */

/* What discovery is to understand and say for it: one key. False: none now. */
bool joining_key(const struct joining *j, struct discovery_key *ret);

void joining_heard(struct joining *j, const struct discovery_heard *heard);
/* True if the event was of its link. */
bool joining_event(struct joining *j, const struct links_event *e);
/* Says what is due. True when joining_key() is another one now. */
bool joining_turn(struct joining *j);
hop_time joining_deadline(const struct joining *j);

/* The device gets its cell by being admitted: found nobody, or found and refused, it is as before.
 * Waits wait_seconds (0: for ever); a card is shown and read by the owner first (face: an opened
 * pairing whose pairing_meet() is done, or NULL). ret: names for a person. */
MUST_USE int node_join(struct node *n, const struct joining_how *how, struct pairing *face,
                       const struct node_options *options, unsigned wait_seconds,
                       struct device_join *ret, struct node_trouble *why);

#endif
