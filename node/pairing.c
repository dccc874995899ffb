#include "node/pairing.h"

#include <stdlib.h>

#include "node/address.h"
#include "node/dial.h"

#define NAME_PAIRING                                                                               \
    0x10000 /* of the first key in discovery; the cell's and invitations' are less */

struct open_pairing {
    uint32_t number; /* 0: a free place */
    struct pairing p;
    char name[AUTH_NAME_BYTES_MAX + 1];
    enum auth_role role;
    enum auth_category category;
    uint8_t invite[16]; /* of the invitation that was handed over */
    bool joined;
};

struct pairings {
    uint32_t last_number;
    bool keys_changed;
    struct open_pairing places[PAIRINGS_MAX];
};

struct pairings *pairings_new(void)
{
    return calloc(1, sizeof(struct pairings));
}

void pairings_free(struct pairings *p)
{
    if (p != NULL)
        hop_wipe(p, sizeof *p);
    free(p);
}

/* Does it still answer? */
static bool is_live(const struct open_pairing *o)
{
    return o->number != 0 && !o->joined && o->p.state != PAIRING_BURNED &&
           o->p.state != PAIRING_OVER;
}

static struct open_pairing *by_number(const struct node *n, uint32_t number)
{
    struct pairings *all = n->pairings;
    for (size_t i = 0; all != NULL && number != 0 && i < PAIRINGS_MAX; i++)
        if (all->places[i].number == number)
            return &all->places[i];
    return NULL;
}

static int no_such(uint32_t number, struct text_said *why)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%u", number);
    (void)text_say(why, PAIR_NO_SUCH, 1, text);
    return HOP_ENOTFOUND;
}

/* A free place, or that of the oldest that has ended. */
static struct open_pairing *take_place(struct pairings *all)
{
    struct open_pairing *found = NULL;
    for (size_t i = 0; i < PAIRINGS_MAX; i++) {
        struct open_pairing *o = &all->places[i];
        if (!is_live(o) && (found == NULL || o->number < found->number))
            found = o;
    }
    return found;
}

/* No two open ones meet at one place. */
static void new_code(struct node *n, struct pairing_code *ret)
{
    bool taken;
    do {
        taken = false;
        pairing_code_new(ret, &n->drbg);
        for (size_t i = 0; i < PAIRINGS_MAX; i++) {
            const struct open_pairing *o = &n->pairings->places[i];
            taken |= is_live(o) && o->p.way == PAIRING_CODE &&
                     memcmp(o->p.code.digits, ret->digits, PAIRING_PLATE_DIGITS) == 0;
        }
    } while (taken);
}

int pairings_open(struct node *n, enum pairing_way way, const char *name, enum auth_role role,
                  enum auth_category category, uint32_t *ret_number, struct text_said *why)
{
    struct pairing_code code;
    char address[PAIRING_CARD_ADDRESS_BYTES] = "";
    if (n->pairings == NULL)
        return text_say(why, PAIR_NEEDS_RUN, 0);
    struct device_invite_ask ask = {.name = name, .role = role, .category = category};
    int err = device_may_invite(n->device, &ask, why);
    if (err != HOP_OK)
        return err;
    struct open_pairing *o = take_place(n->pairings);
    if (o == NULL)
        return text_say(why, PAIR_TOO_MANY, 0);
    hop_wipe(o, sizeof *o);
    if (way == PAIRING_CODE) {
        new_code(n, &code);
        pairing_open_code(&o->p, true, &code, &n->drbg, n->now);
        hop_wipe(&code, sizeof code);
    } else {
        address_of_this_machine(n, address, sizeof address);
        pairing_open_face(&o->p, true, address, &n->drbg, n->now);
    }
    o->number = *ret_number = ++n->pairings->last_number;
    o->role = role;
    o->category = category;
    memcpy(o->name, name, strlen(name) + 1); /* device_may_invite() has looked at its length */
    n->pairings->keys_changed = true;
    return HOP_OK;
}

int pairings_meet(struct node *n, uint32_t number, const struct pairing_card *theirs,
                  struct text_said *why)
{
    struct open_pairing *o = by_number(n, number);
    if (o == NULL)
        return no_such(number, why);
    int err = pairing_meet(&o->p, theirs, why);
    if (err == HOP_OK)
        n->pairings->keys_changed = true;
    return err;
}

int pairings_cancel(struct node *n, uint32_t number, struct text_said *why)
{
    struct open_pairing *o = by_number(n, number);
    if (o == NULL)
        return no_such(number, why);
    hop_wipe(o, sizeof *o);
    n->pairings->keys_changed = true;
    return HOP_OK;
}

/* ---- looking ---- */

size_t pairings_count(const struct node *n)
{
    return n->pairings == NULL ? 0 : PAIRINGS_MAX;
}

static void view(const struct node *n, const struct open_pairing *o, struct pairings_view *ret)
{
    *ret = (struct pairings_view){.number = o->number,
                                  .way = o->p.way,
                                  .state = o->p.state,
                                  .joined = o->joined,
                                  .left = PAIRING_GUESSES_MAX - o->p.wrong};
    memcpy(ret->name, o->name, sizeof ret->name);
    if (!is_live(o))
        return;
    if (o->p.until > n->now)
        ret->seconds = (unsigned)((o->p.until - n->now) / HOP_SECOND);
    if (o->p.way == PAIRING_FACE)
        pairing_card_text(ret->shown, &o->p.own);
    else if (o->p.state == PAIRING_OPEN)
        pairing_code_text(ret->shown, &o->p.code);
}

bool pairings_at(const struct node *n, size_t index, struct pairings_view *ret)
{
    const struct open_pairing *o = &n->pairings->places[index];
    if (o->number != 0)
        view(n, o, ret);
    return o->number != 0;
}

int pairings_find(const struct node *n, uint32_t number, struct pairings_view *ret,
                  struct text_said *why)
{
    const struct open_pairing *o = by_number(n, number);
    if (o == NULL)
        return no_such(number, why);
    view(n, o, ret);
    return HOP_OK;
}

/* ---- the air ---- */

size_t pairings_keys(const struct node *n, struct discovery_key *ret, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; n->pairings != NULL && i < PAIRINGS_MAX && count < max; i++) {
        const struct open_pairing *o = &n->pairings->places[i];
        if (!is_live(o) || o->p.state == PAIRING_WAITS)
            continue;
        ret[count] = (struct discovery_key){.name = NAME_PAIRING + (uint32_t)i, .plain = true};
        memcpy(ret[count++].key, o->p.meet, sizeof ret->key);
    }
    return count;
}

/* The key is proven: now there is an invitation, and it is handed over when it is on the disk. If
 * it cannot be written, the joiner asks again. */
static bool hand_over(struct node *n, struct open_pairing *o,
                      uint8_t ret[static BEACON_PLAIN_BYTES])
{
    char address[PAIRING_CARD_ADDRESS_BYTES];
    struct device_invite made;
    struct text_said why;
    address_of_this_machine(n, address, sizeof address);
    if (device_invite(n->device, o->name, o->role, o->category, address, n->wall, &made, &why) !=
            HOP_OK ||
        node_commit(n) != HOP_OK)
        return false;
    memcpy(o->invite, made.id, sizeof o->invite);
    pairing_give(&o->p, made.text, ret);
    dial_refresh(n); /* the joiner's next word may be here before this turn is over */
    hop_wipe(&made, sizeof made);
    return true;
}

void pairings_heard(struct node *n, const struct discovery_heard *heard)
{
    uint8_t answer[BEACON_PLAIN_BYTES];
    if (!heard->plain || n->pairings == NULL || heard->name < NAME_PAIRING ||
        heard->name >= NAME_PAIRING + PAIRINGS_MAX)
        return;
    struct open_pairing *o = &n->pairings->places[heard->name - NAME_PAIRING];
    if (!is_live(o))
        return;
    enum pairing_state before = o->p.state;
    unsigned wrong = o->p.wrong;
    uint8_t meet[32];
    memcpy(meet, o->p.meet, sizeof meet);
    bool answers = pairing_hear(&o->p, heard->opened.plain, n->now, answer);
    if (o->p.state == PAIRING_PROVED)
        answers = hand_over(n, o, answer);
    if (answers)
        discovery_say(n->discovery, meet, answer, &heard->from);
    if (o->p.state != before || o->p.wrong != wrong) {
        n->pairings->keys_changed |= !is_live(o);
        node_changed(n);
    }
}

static bool was_used(const struct node *n, const struct open_pairing *o)
{
    const struct cell *c = device_cell(n->device);
    for (size_t i = 0; o->p.state == PAIRING_DONE && i < cell_invite_count(c); i++)
        if (memcmp(cell_invite(c, i)->body.id, o->invite, sizeof o->invite) == 0)
            return cell_invite(c, i)->used;
    return false;
}

bool pairings_turn(struct node *n)
{
    uint8_t nothing[BEACON_PLAIN_BYTES];
    struct pairings *all = n->pairings;
    for (size_t i = 0; i < PAIRINGS_MAX; i++) {
        struct open_pairing *o = &all->places[i];
        if (!is_live(o))
            continue;
        (void)pairing_speak(&o->p, n->now, nothing); /* a host says nothing unasked */
        o->joined = was_used(n, o);
        if (!is_live(o)) {
            all->keys_changed = true;
            node_changed(n);
        }
    }
    bool changed = all->keys_changed;
    all->keys_changed = false;
    return changed;
}

hop_time pairings_deadline(const struct node *n)
{
    hop_time at = n->pairings->keys_changed ? n->now : HOP_NEVER;
    for (size_t i = 0; i < PAIRINGS_MAX; i++) {
        const struct open_pairing *o = &n->pairings->places[i];
        if (is_live(o) && pairing_deadline(&o->p) < at)
            at = pairing_deadline(&o->p);
    }
    return at;
}
