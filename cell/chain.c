/* The top of the cell: the numbered configurations, each co-signed by more than half of the seats
 * of the one before, and the checkpoints that seats have co-signed.
 *
 * A seat is a device key, and nothing here asks who is a member or who was cut: what the seats sign
 * depends on nothing below it, and so everything below may depend on it. */
#include "cell/fold.h"

#include <assert.h>

static const uint8_t *ik_of(const struct cell *c, uint32_t key)
{
    return names_at(&c->keys, key);
}

static size_t seat_of(const struct auth_config *body, const uint8_t ik[static 32])
{
    size_t n = 0;
    while (n < body->seats_count && memcmp(body->seats[n], ik, 32) != 0)
        n++;
    return n;
}

bool cell_is_seat(const struct cell *c, uint32_t key)
{
    if (c->chain.count == 0)
        return false;
    const struct auth_config *body = &config_at(c, c->chain.count - 1)->body;
    return seat_of(body, ik_of(c, key)) < body->seats_count;
}

uint32_t cell_seated_by(const struct cell *c, uint32_t key)
{
    size_t n = c->chain.count;
    while (n > 0 && seat_of(&config_at(c, n - 1)->body, ik_of(c, key)) <
                        config_at(c, n - 1)->body.seats_count)
        n--;
    if (n == c->chain.count)
        return NONE;
    return n == 0 ? c->genesis_act : config_at(c, n)->act;
}

bool cell_seat_void(const struct cell *c, uint32_t key)
{
    for (size_t i = 0; i < c->void_seats.count; i++) {
        if (list_u32(&c->void_seats, i) == key)
            return true;
    }
    return false;
}

/* Which seats of a configuration have signed a record: by writing it, or by a COSIGN. */
struct signatures {
    bool by[AUTH_SEATS_MAX];
    size_t count; /* of seats that are not void */
};

static void sign(const struct cell *c, struct signatures *s, const struct auth_config *seats,
                 uint32_t key)
{
    size_t n = seat_of(seats, ik_of(c, key));
    if (n == seats->seats_count || s->by[n] || cell_seat_void(c, key))
        return;
    s->by[n] = true;
    s->count++;
}

static struct signatures signatures_of(const struct cell *c, const struct auth_config *seats,
                                       const struct act *a)
{
    struct signatures s = {0};
    sign(c, &s, seats, a->key);
    for (size_t i = 0; i < c->cosigns.count; i++) {
        const struct act *cosign = act_at(c, list_u32(&c->cosigns, i));
        if (memcmp(cosign->body, a->id, 32) == 0)
            sign(c, &s, seats, cosign->key);
    }
    return s;
}

static bool more_than_half(const struct signatures *s, const struct auth_config *seats)
{
    return 2 * s->count > seats->seats_count;
}

/* Does this record claim to follow the newest configuration of the chain? */
static bool follows(const struct cell *c, const struct act *a, struct auth_config *ret)
{
    const struct configuration *last = config_at(c, c->chain.count - 1);
    if (auth_config_parse(ret, SPAN(a->body, a->size)) != HOP_OK || ret->number != c->chain.count)
        return false;
    if (last->act != NONE)
        return memcmp(ret->prev, act_at(c, last->act)->id, 32) == 0;
    for (size_t i = 0; i < c->order.count; i++) { /* any record that carries the genesis */
        const struct act *g = act_at(c, list_u32(&c->order, i));
        if (g->type == AUTH_GENESIS && g->flaw == TEXT_NONE && memcmp(g->id, ret->prev, 32) == 0)
            return true;
    }
    return false;
}

static int push(struct list *l, uint32_t v)
{
    uint32_t *item = list_add(l, sizeof *item);
    if (item == NULL)
        return HOP_ENOMEM;
    *item = v;
    return HOP_OK;
}

/* Seats that signed both of two successors have no voice from now on. */
static int void_double(struct cell *c, const struct auth_config *seats, const struct signatures *x,
                       const struct signatures *y)
{
    for (size_t n = 0; n < seats->seats_count; n++) {
        uint32_t key = names_find(&c->keys, seats->seats[n]);
        if (!x->by[n] || !y->by[n] || key == NONE || cell_seat_void(c, key))
            continue;
        int err = push(&c->void_seats, key);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

/* All successors of the newest that have their majority, by id; the others are left waiting. */
struct successors {
    uint32_t winner; /* act, or NONE */
    uint32_t loser;  /* the next by id, or NONE */
};

/* Of two successors, the one with the lower id. */
static bool before(const struct cell *c, uint32_t x, uint32_t y)
{
#ifdef HOP_PLANT_FIRST_COME
    return act_at(c, x)->entry < act_at(c, y)->entry;
#endif
    return memcmp(act_at(c, x)->id, act_at(c, y)->id, 32) < 0;
}

static struct successors find_successors(const struct cell *c)
{
    const struct auth_config *seats = &config_at(c, c->chain.count - 1)->body;
    struct successors found = {.winner = NONE, .loser = NONE};
    for (size_t i = 0; i < c->tops.count; i++) {
        uint32_t at = list_u32(&c->tops, i);
        const struct act *a = act_at(c, at);
        struct auth_config body;
        if (a->type != AUTH_CONFIG || !follows(c, a, &body) ||
            seat_of(seats, ik_of(c, a->key)) == seats->seats_count)
            continue;
        struct signatures s = signatures_of(c, seats, a);
        if (!more_than_half(&s, seats))
            continue;
        if (found.winner == NONE || before(c, at, found.winner)) {
            found.loser = found.winner;
            found.winner = at;
        } else if (found.loser == NONE || before(c, at, found.loser)) {
            found.loser = at;
        }
    }
    return found;
}

static int append(struct cell *c, uint32_t at)
{
    struct configuration *next = list_add(&c->chain, sizeof *next);
    if (next == NULL)
        return HOP_ENOMEM;
    const struct act *a = act_at(c, at);
    int err = auth_config_parse(&next->body, SPAN(a->body, a->size));
    assert(err == HOP_OK);
    next->act = at;
    next->secretary = a->person;
    return HOP_OK;
}

/* The seats that signed more than one of the successors that have their majority are void; the
 * successor with the lowest id holds. *ret_more: there was one. */
static int step(struct cell *c, bool *ret_more)
{
    struct successors found = find_successors(c);
    *ret_more = found.winner != NONE;
    if (!*ret_more)
        return HOP_OK;
    if (found.loser != NONE) {
        struct auth_config seats = config_at(c, c->chain.count - 1)->body;
        struct signatures x = signatures_of(c, &seats, act_at(c, found.winner));
        struct signatures y = signatures_of(c, &seats, act_at(c, found.loser));
        c->conflicting = true;
        memcpy(c->conflict[0], act_at(c, found.winner)->id, 32);
        memcpy(c->conflict[1], act_at(c, found.loser)->id, 32);
        int err = void_double(c, &seats, &x, &y);
        if (err != HOP_OK)
            return err;
    }
    return append(c, found.winner);
}

/* ---- checkpoints ---- */

static int find_checkpoints(struct cell *c)
{
    c->checkpoints.count = 0;
    for (size_t i = 0; i < c->tops.count; i++) {
        uint32_t at = list_u32(&c->tops, i);
        struct act *a = act_at(c, at);
        struct auth_checkpoint v;
        if (a->type != AUTH_CHECKPOINT ||
            auth_checkpoint_parse(&v, SPAN(a->body, a->size)) != HOP_OK ||
            v.number >= c->chain.count)
            continue;
        const struct auth_config *seats = &config_at(c, v.number)->body;
        struct signatures s = signatures_of(c, seats, a);
        if (!more_than_half(&s, seats))
            continue;
        if (c->checkpoints.count == CHECKPOINTS_MAX) { /* the oldest goes */
            c->checkpoints.count--;
            memmove(c->checkpoints.items, list_u32_at(&c->checkpoints, 1),
                    c->checkpoints.count * sizeof(uint32_t));
        }
        int err = push(&c->checkpoints, at);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

int cell_lift_cuts(struct cell *c, const struct history *h)
{
    for (size_t k = 0; k < c->checkpoints.count; k++) {
        const struct act *checkpoint = act_at(c, list_u32(&c->checkpoints, k));
        const uint64_t *past = history_past_control(h, checkpoint->entry);
        if (past == NULL)
            return HOP_ENOMEM;
        for (uint32_t i = 0; i < c->acts.count; i++) {
            struct act *x = act_at(c, i);
            if (past[x->log] >= x->seq)
                x->floors &= ~(UINT64_C(1) << k);
        }
    }
    return HOP_OK;
}

uint64_t cell_reach(const struct cell *c, const struct act *x, const uint8_t log[static 32])
{
    uint64_t reach = auth_cuts_seq(&x->cuts, log);
    if (x->type == AUTH_LEAVE && memcmp(x->log_id, log, 32) == 0)
        return x->seq; /* its own log ends with it */
    for (size_t k = 0; k < c->checkpoints.count; k++) {
        if ((x->floors >> k & 1) == 0)
            continue;
        uint64_t floor = auth_cuts_seq(&act_at(c, list_u32(&c->checkpoints, k))->cuts, log);
        if (floor > reach)
            reach = floor;
    }
    return reach;
}

/* ---- the walk ---- */

static int found_chain(struct cell *c)
{
    struct configuration *first = list_add(&c->chain, sizeof *first);
    if (first == NULL)
        return HOP_ENOMEM;
    first->act = NONE;
    first->secretary = NONE;
    first->body.seats_count = 1;
    memcpy(first->body.seats[0], c->genesis.founder_ik, 32);
    memcpy(first->body.procedure, c->genesis.procedure, 32);
    if (c->genesis.founder_role == ROLE_SECRETARY) {
        static const uint8_t no_invite[16];
        cell_member_id(first->body.secretary, c->id, no_invite, c->genesis.founder_ik);
        first->secretary = names_find(&c->member_ids, first->body.secretary);
    }
    return HOP_OK;
}

int cell_walk_chain(struct cell *c, const struct history *h)
{
    (void)h;
    c->chain.count = c->void_seats.count = c->tops.count = c->cosigns.count = 0;
    c->conflicting = false;
    c->checkpoints.count = 0;
    if (c->genesis_act == NONE)
        return HOP_OK;
    int err = found_chain(c);
    for (size_t i = 0; i < c->order.count && err == HOP_OK; i++) {
        uint32_t at = list_u32(&c->order, i);
        const struct act *a = act_at(c, at);
        if (a->flaw != TEXT_NONE)
            continue;
        if (a->type == AUTH_CONFIG || a->type == AUTH_CHECKPOINT)
            err = push(&c->tops, at);
        else if (a->type == AUTH_COSIGN)
            err = push(&c->cosigns, at);
    }
    for (bool more = true; more && err == HOP_OK;)
        err = step(c, &more);
    return err == HOP_OK ? find_checkpoints(c) : err;
}

/* ---- what is told of it ---- */

static int publish_waiting(struct cell *c, uint32_t at, const struct auth_config *body)
{
    const struct auth_config *seats = &config_at(c, c->chain.count - 1)->body;
    struct signatures s = signatures_of(c, seats, act_at(c, at));
    struct cell_config *w = list_add(&c->waiting, sizeof *w);
    if (w == NULL)
        return HOP_ENOMEM;
    *w = (struct cell_config){
        .body = *body, .signatures = s.count, .needed = seats->seats_count / 2u + 1};
    w->body.cuts = (struct auth_cuts){0};
    memcpy(w->record, act_at(c, at)->id, 32);
    return HOP_OK;
}

static bool in_chain(const struct cell *c, uint32_t at)
{
    for (size_t n = 1; n < c->chain.count; n++) {
        if (config_at(c, n)->act == at)
            return true;
    }
    return false;
}

/* Why a CONFIG does not hold. */
static int judge_config(struct cell *c, uint32_t at)
{
    struct act *a = act_at(c, at);
    struct auth_config body;
    a->verdict = VERDICT_VOID;
    if (in_chain(c, at)) {
        a->verdict = VERDICT_STANDS;
        return HOP_OK;
    }
    if (!follows(c, a, &body)) {
        bool number = body.number >= 1 && body.number < c->chain.count;
        a->why = number && memcmp(body.prev, config_at(c, body.number)->body.prev, 32) == 0
                     ? CELL_CONFIG_LOST
                     : CELL_CONFIG_PREV;
        return HOP_OK;
    }
    const struct auth_config *seats = &config_at(c, c->chain.count - 1)->body;
    a->why = CELL_NOT_SEAT;
    if (seat_of(seats, ik_of(c, a->key)) == seats->seats_count || cell_seat_void(c, a->key))
        return HOP_OK;
    a->why = CELL_CONFIG_WAITS;
    return publish_waiting(c, at, &body);
}

static void judge_checkpoint(const struct cell *c, struct act *a)
{
    a->verdict = VERDICT_VOID;
    a->why = CELL_CHECKPOINT_WAITS;
    for (size_t k = 0; k < c->checkpoints.count; k++) {
        if (act_at(c, list_u32(&c->checkpoints, k)) == a)
            a->verdict = VERDICT_STANDS;
    }
}

/* A signature is for a record that follows a configuration of the chain, and by a seat of that one;
 * whether the record has enough of them is another matter. */
static enum text_id check_cosign(const struct cell *c, const struct act *a)
{
    for (size_t i = 0; i < c->tops.count; i++) {
        const struct act *of = act_at(c, list_u32(&c->tops, i));
        struct auth_config config;
        struct auth_checkpoint checkpoint;
        uint32_t number = NONE;
        if (memcmp(of->id, a->body, 32) != 0)
            continue;
        if (of->type == AUTH_CONFIG &&
            auth_config_parse(&config, SPAN(of->body, of->size)) == HOP_OK)
            number = config.number - 1;
        else if (of->type == AUTH_CHECKPOINT &&
                 auth_checkpoint_parse(&checkpoint, SPAN(of->body, of->size)) == HOP_OK)
            number = checkpoint.number;
        if (number >= c->chain.count)
            continue;
        const struct auth_config *seats = &config_at(c, number)->body;
        return seat_of(seats, ik_of(c, a->key)) < seats->seats_count ? TEXT_NONE : CELL_NOT_SEAT;
    }
    return CELL_COSIGN_NOTHING;
}

enum text_id cell_check_top(const struct cell *c, const struct act *a)
{
    struct auth_config config;
    bool seat = cell_is_seat(c, a->key) && !cell_seat_void(c, a->key);
    if (a->type == AUTH_COSIGN)
        return check_cosign(c, a);
    if (a->type == AUTH_CONFIG && !follows(c, a, &config))
        return CELL_CONFIG_PREV;
    return seat ? TEXT_NONE : CELL_NOT_SEAT;
}

int cell_judge_chain(struct cell *c)
{
    c->waiting.count = 0;
    if (c->chain.count == 0)
        return HOP_OK;
    for (uint32_t i = 0; i < c->order.count; i++) {
        uint32_t at = list_u32(&c->order, i);
        struct act *a = act_at(c, at);
        int err = HOP_OK;
        if (a->flaw != TEXT_NONE)
            continue;
        if (a->type == AUTH_CONFIG)
            err = judge_config(c, at);
        else if (a->type == AUTH_CHECKPOINT)
            judge_checkpoint(c, a);
        else if (a->type == AUTH_COSIGN) {
            a->why = check_cosign(c, a);
            a->verdict = a->why == TEXT_NONE ? VERDICT_STANDS : VERDICT_VOID;
        }
        if (err != HOP_OK)
            return err;
    }
    const struct configuration *last = config_at(c, c->chain.count - 1);
    const struct auth_config *seats =
        c->chain.count > 1 ? &config_at(c, c->chain.count - 2)->body : &last->body;
    c->config = (struct cell_config){.body = last->body, .needed = seats->seats_count / 2u + 1};
    c->config.body.cuts = (struct auth_cuts){0};
    c->config.signatures = 1;
    memcpy(c->config.record, act_at(c, last->act == NONE ? c->genesis_act : last->act)->id, 32);
    if (last->act != NONE)
        c->config.signatures = signatures_of(c, seats, act_at(c, last->act)).count;
    return HOP_OK;
}
