/* The inviter's side of codes and cards (device/pairing.h) in a running node: which are open, what
 * they hear and say, and the invitation that is made when a joiner has proven the key.
 *
 * An open one answers on the air to whoever knows its meeting place, and while none is open nothing
 * is understood and nothing answered. They live in this process and nowhere else: a node that stops
 * has ended them all. */
#ifndef HOP_NODE_PAIRING_H
#define HOP_NODE_PAIRING_H

#include "device/pairing.h"
#include "node/discovery.h"
#include "node/node.h"

#define PAIRINGS_MAX 4 /* open at one time; the last ones that ended are kept to be looked at */

struct pairings *pairings_new(void);    /* NULL if memory runs out */
void pairings_free(struct pairings *p); /* NULL is fine; secrets are wiped */

/* For a person to be invited. HOP_EREFUSED with the reason: may not invite, too many, … */
MUST_USE int pairings_open(struct node *n, enum pairing_way way, const char *name,
                           enum auth_role role, enum auth_category category, uint32_t *ret_number,
                           struct text_said *why);
MUST_USE int pairings_meet(struct node *n, uint32_t number, const struct pairing_card *theirs,
                           struct text_said *why);
MUST_USE int pairings_cancel(struct node *n, uint32_t number, struct text_said *why);

struct pairings_view {
    uint32_t number;
    enum pairing_way way;
    enum pairing_state state;
    bool joined;      /* the invitation has been used */
    unsigned left;    /* guesses */
    unsigned seconds; /* until it is over */
    char name[AUTH_NAME_BYTES_MAX + 1];
    char
        shown[PAIRING_CARD_TEXT_BYTES]; /* the code or the card; "" when it is of no use any more */
};
size_t pairings_count(const struct node *n);
bool pairings_at(const struct node *n, size_t index, struct pairings_view *ret);
MUST_USE int pairings_find(const struct node *n, uint32_t number, struct pairings_view *ret,
                           struct text_said *why);

/* Keys for discovery; returns how many. */
size_t pairings_keys(const struct node *n, struct discovery_key *ret, size_t max);
void pairings_heard(struct node *n, const struct discovery_heard *heard);
/* Time passes. True when pairings_keys() are others now. */
bool pairings_turn(struct node *n);
hop_time pairings_deadline(const struct node *n);

#endif
