/* The collected records in canonical order, listed by what they are about, and what each had seen
 * of the others.
 *
 * Whether one record had seen another is asked a great deal, but only between records about one
 * member or one invitation. So each record keeps a bit for every earlier act about the members that
 * it, its author or the device in it may stand for, and about its invitation. The bits are filled
 * log by log, because a history answers fastest so, and never change afterwards as long as nothing
 * sorts in before: what comes last in the order nobody had seen. */
#include "cell/fold.h"

#include <stdlib.h>

/* ---- order ---- */

static int compare_order(const void *x, const void *y)
{
    const struct act *a = *(struct act *const *)x, *b = *(struct act *const *)y;
#ifdef HOP_PLANT_ARRIVAL
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
#endif
    if (a->height != b->height)
        return a->height < b->height ? -1 : 1;
    return memcmp(a->id, b->id, sizeof a->id);
}

static int compare_logs(const void *x, const void *y)
{
    const struct act *a = *(struct act *const *)x, *b = *(struct act *const *)y;
    if (a->log != b->log)
        return a->log < b->log ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* All acts, sorted; owned by the caller. NULL if memory runs out. */
static struct act **sorted(const struct cell *c, int (*compare)(const void *, const void *))
{
    struct act **v = malloc((c->acts.count + 1) * sizeof(struct act *));
    if (v == NULL)
        return NULL;
    bool done = true;
    for (uint32_t i = 0; i < c->acts.count; i++) {
        v[i] = act_at(c, i);
        done = done && (i == 0 || compare(&v[i - 1], &v[i]) < 0);
    }
    if (!done)
        qsort(v, c->acts.count, sizeof(struct act *), compare);
    return v;
}

static uint32_t index_of(const struct cell *c, const struct act *a)
{
    return (uint32_t)(a - act_at(c, 0));
}

/* ---- lists ---- */

static int push(struct list *l, uint32_t v)
{
    uint32_t *item = list_add(l, sizeof *item);
    if (item == NULL)
        return HOP_ENOMEM;
    *item = v;
    return HOP_OK;
}

struct subject *cell_subject(const struct cell *c, uint32_t about)
{
    if ((about & SIGHT_INVITE) != 0)
        return invitation_at(c, about & ~SIGHT_INVITE);
    if ((about & SIGHT_GROUP) != 0)
        return assembly_at(c, about & ~SIGHT_GROUP);
    return (about & SIGHT_KEY) != 0 ? machine_at(c, about & ~SIGHT_KEY) : person_at(c, about);
}

static uint32_t find_tie(const struct cell *c, const struct act *a)
{
    uint32_t t = list_u32(&c->key_ties, a->device);
    while (t != NONE && (tie_at(c, t)->person != a->person || tie_at(c, t)->invite != a->invite))
        t = tie_at(c, t)->next_of_key;
    return t;
}

/* NONE if memory runs out. */
static uint32_t make_tie(struct cell *c, const struct act *a)
{
    uint32_t t = find_tie(c, a);
    if (t != NONE)
        return t;
    struct tie *fresh = list_add(&c->ties, sizeof *fresh);
    if (fresh == NULL)
        return NONE;
    t = (uint32_t)c->ties.count - 1;
    *fresh = (struct tie){.key = a->device,
                          .person = a->person,
                          .invite = a->invite,
                          .next_of_key = list_u32(&c->key_ties, a->device),
                          .next_of_person = person_at(c, a->person)->ties,
                          .admits = NONE,
                          .root = a->root,
                          .parent = NONE,
                          .device = NONE};
    *list_u32_at(&c->key_ties, a->device) = t;
    person_at(c, a->person)->ties = t;
    if (a->invite == NONE)
        c->founder_tie = t;
    return t;
}

static int take_tie(struct cell *c, uint32_t i)
{
    struct act *a = act_at(c, i);
    a->tie = make_tie(c, a);
    if (a->tie == NONE)
        return HOP_ENOMEM;
    uint32_t *link = &tie_at(c, a->tie)->admits;
    while (*link != NONE)
        link = &act_at(c, *link)->next;
    *link = i;
    return HOP_OK;
}

/* ---- sights ---- */

static int add_sight(struct cell *c, struct act *a, uint32_t about)
{
    const struct sight *have = (const struct sight *)c->sights.items + a->seen_at;
    uint32_t count = (uint32_t)cell_subject(c, about)->about.count;
    for (uint32_t i = 0; i < a->seen_count; i++) {
        if (have[i].about == about)
            return HOP_OK;
    }
    struct sight *s = list_add(&c->sights, sizeof *s);
    if (s == NULL)
        return HOP_ENOMEM;
    *s = (struct sight){.about = about, .count = count, .bits_at = c->bits.count};
    a->seen_count++;
    for (uint32_t word = 0; word * 64 < count; word++) {
        if (list_add(&c->bits, sizeof(uint64_t)) == NULL)
            return HOP_ENOMEM;
    }
    return HOP_OK;
}

static int add_sights_of_key(struct cell *c, struct act *a, uint32_t key)
{
    for (uint32_t t = list_u32(&c->key_ties, key); t != NONE; t = tie_at(c, t)->next_of_key) {
        int err = add_sight(c, a, tie_at(c, t)->person);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

/* What a configuration had seen of the members whose devices it seats. */
static int add_sights_of_seats(struct cell *c, struct act *a)
{
    struct auth_config v;
    int err = auth_config_parse(&v, SPAN(a->body, a->size));
    for (size_t n = 0; n < v.seats_count && err == HOP_OK; n++) {
        uint32_t key = names_find(&c->keys, v.seats[n]);
        if (key != NONE)
            err = add_sights_of_key(c, a, key);
    }
    return err;
}

static int add_sights(struct cell *c, struct act *a)
{
    a->seen_at = (uint32_t)c->sights.count;
    a->seen_count = 0;
    int err = add_sights_of_key(c, a, a->key);
    if (err == HOP_OK && a->person != NONE)
        err = add_sight(c, a, a->person);
    if (err == HOP_OK && a->type == AUTH_ADMIT)
        err = add_sights_of_key(c, a, a->device);
    if (err == HOP_OK && a->type == AUTH_SUSPEND && a->resume)
        err = add_sight(c, a, a->device | SIGHT_KEY);
    if (err == HOP_OK && a->type == AUTH_CONFIG)
        err = add_sights_of_seats(c, a);
    if (err == HOP_OK && a->invite != NONE)
        err = add_sight(
            c, a,
            a->invite |
                (a->type == AUTH_GROUP || a->type == AUTH_PROPOSE ? SIGHT_GROUP : SIGHT_INVITE));
    return err;
}

int cell_see_all(struct cell *c, struct act *a)
{
    size_t from = c->bits.count;
    int err = add_sights(c, a);
    for (size_t i = from; i < c->bits.count; i++)
        ((uint64_t *)c->bits.items)[i] = UINT64_MAX;
    a->config_seen = c->chain.count == 0 ? 0 : (uint32_t)c->chain.count - 1;
    return err;
}

/* Put an act into the list of what is about all members whose device the key may be. */
static int about_key(struct cell *c, uint32_t i, uint32_t key)
{
    for (uint32_t t = list_u32(&c->key_ties, key); t != NONE; t = tie_at(c, t)->next_of_key) {
        struct list *l = &person_at(c, tie_at(c, t)->person)->about;
        if (l->count > 0 && list_u32(l, l->count - 1) == i)
            continue;
        int err = push(l, i);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

static int list_act(struct cell *c, uint32_t i)
{
    struct act *a = act_at(c, i);
    int err = HOP_OK;
    a->about = NONE;
    switch (a->type) {
    case AUTH_INVITE:
    case AUTH_INVITE_END:
        err = push(&invitation_at(c, a->invite)->about, i);
        if (err != HOP_OK || a->person == NONE)
            return err;
        err = push(&c->own_kinds, i);
        break;
    case AUTH_ADMIT:
        err = take_tie(c, i);
        if (err == HOP_OK && !a->root)
            err = push(&c->own_kinds, i);
        break;
    case AUTH_REMOVE:
        if (a->device != NONE)
            err = push(&c->own_kinds, i);
        break;
    case AUTH_ROLE:
        break;
    case AUTH_GROUP:
        return push(&assembly_at(c, a->invite)->about, i);
    case AUTH_LEAVE:
        err = push(&c->own_kinds, i);
        return err == HOP_OK ? about_key(c, i, a->key) : err;
    case AUTH_SUSPEND:
        return push(&machine_at(c, a->device)->about, i);
    case AUTH_PREKEY:
        return push(&machine_at(c, a->key)->about, i);
    default:
        return HOP_OK;
    }
    if (err != HOP_OK)
        return err;
    a->about = (uint32_t)person_at(c, a->person)->about.count;
    return push(&person_at(c, a->person)->about, i);
}

/* The founder admits itself, with the keys that genesis names. */
static bool founders(const struct cell *c, const struct act *a)
{
    const struct auth_genesis *g = &c->genesis;
    struct auth_admit v;
    return c->genesis_act != NONE && a->key == a->device && a->root &&
           auth_admit_parse(&v, SPAN(a->body, a->size)) == HOP_OK &&
           memcmp(v.cert.ik, g->founder_ik, 32) == 0 && memcmp(v.cert.lk, g->founder_lk, 32) == 0 &&
           memcmp(v.cert.kem, g->founder_kem, 32) == 0 && v.role == g->founder_role &&
           v.category == CATEGORY_FULL && strcmp(v.name, g->founder_name) == 0;
}

static int index_act(struct cell *c, uint32_t i)
{
    struct act *a = act_at(c, i);
    a->place = (uint32_t)c->order.count;
    a->tie = a->next = a->by = NONE;
    a->seen_count = 0;
    a->floors = UINT64_MAX;
    int err = push(&c->order, i);
    if (err == HOP_OK && a->flaw == TEXT_NONE)
        err = add_sights(c, a);
    if (err == HOP_OK && a->flaw == TEXT_NONE)
        err = list_act(c, i);
    return err;
}

/* ---- who had seen what ---- */

static int relate(struct cell *c, struct act *a, const struct history *h)
{
    const uint64_t *past = history_past_control(h, a->entry);
    if (past == NULL)
        return HOP_ENOMEM;
    for (uint32_t s = 0; s < a->seen_count; s++) {
        const struct sight *sight = (const struct sight *)c->sights.items + a->seen_at + s;
        const struct list *about = &cell_subject(c, sight->about)->about;
        uint64_t *bits = (uint64_t *)c->bits.items + sight->bits_at;
        for (uint32_t i = 0; i < sight->count; i++) {
            const struct act *other = act_at(c, list_u32(about, i));
            if (past[other->log] >= other->seq)
                bits[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
    a->config_seen = cell_config_in(c, past);
    return HOP_OK;
}

/* Number of the newest configuration of the chain in this past. */
uint32_t cell_config_in(const struct cell *c, const uint64_t *past)
{
    for (size_t n = c->chain.count; n-- > 1;) {
        const struct act *config = act_at(c, config_at(c, n)->act);
        if (past[config->log] >= config->seq)
            return (uint32_t)n;
    }
    return 0;
}

bool cell_saw(const struct cell *c, const struct act *a, uint32_t about, uint32_t place)
{
    const struct sight *s = (const struct sight *)c->sights.items + a->seen_at;
    for (uint32_t i = 0; i < a->seen_count; i++, s++) {
        if (s->about != about)
            continue;
        const uint64_t *bits = (const uint64_t *)c->bits.items + s->bits_at;
        return place < s->count && (bits[place / 64] >> place % 64 & 1) != 0;
    }
    return false;
}

static void forget(struct cell *c)
{
    struct list *lists[] = {&c->order, &c->ties, &c->sights, &c->bits, &c->own_kinds};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        lists[i]->count = 0;
    for (uint32_t i = 0; i < c->persons.count; i++) {
        person_at(c, i)->about.count = 0;
        person_at(c, i)->ties = NONE;
    }
    for (uint32_t i = 0; i < c->invitations.count; i++)
        invitation_at(c, i)->about.count = 0;
    for (uint32_t i = 0; i < c->assemblies.count; i++)
        assembly_at(c, i)->about.count = 0;
    for (uint32_t i = 0; i < c->machines.count; i++)
        machine_at(c, i)->about.count = 0;
    for (size_t i = 0; i < c->key_ties.count; i++)
        *list_u32_at(&c->key_ties, i) = NONE;
}

static void find_genesis(struct cell *c, struct act *const *v)
{
    c->genesis_act = NONE;
    for (size_t i = 0; i < c->acts.count && c->genesis_act == NONE; i++) {
        if (v[i]->type == AUTH_GENESIS && v[i]->flaw == TEXT_NONE &&
            auth_genesis_parse(&c->genesis, SPAN(v[i]->body, v[i]->size)) == HOP_OK)
            c->genesis_act = index_of(c, v[i]);
    }
}

/* Who founded is a member from the first, whatever had seen the record that says so. */
static int find_founder(struct cell *c, struct act *const *v)
{
    c->founder_tie = NONE;
    for (size_t i = 0; i < c->acts.count; i++) {
        struct act *a = v[i];
        if (a->type != AUTH_ADMIT || a->invite != NONE || a->person == NONE ||
            (a->flaw != TEXT_NONE && a->flaw != CELL_NOT_FOUNDER))
            continue;
        a->flaw = founders(c, a) ? TEXT_NONE : CELL_NOT_FOUNDER;
        if (a->flaw == TEXT_NONE && make_tie(c, a) == NONE)
            return HOP_ENOMEM;
    }
    return HOP_OK;
}

static void place_in(struct act *a, const struct history *h)
{
    const struct history_entry *e = history_at(h, a->entry);
    a->height = e->level;
    a->log = e->log;
}

int cell_index_all(struct cell *c, const struct history *h)
{
    forget(c);
    for (uint32_t i = 0; i < c->acts.count; i++)
        place_in(act_at(c, i), h);
    struct act **v = sorted(c, compare_order);
    int err = v == NULL ? HOP_ENOMEM : HOP_OK;
    if (err == HOP_OK) {
        find_genesis(c, v);
        err = find_founder(c, v);
    }
    for (size_t i = 0; i < c->acts.count && err == HOP_OK; i++)
        err = index_act(c, index_of(c, v[i]));
    free(v);
    if (err == HOP_OK)
        err = cell_walk_chain(c, h);
    v = err == HOP_OK ? sorted(c, compare_logs) : NULL;
    if (v == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; i < c->acts.count && err == HOP_OK; i++)
        err = relate(c, v[i], h);
    free(v);
    return err == HOP_OK ? cell_lift_cuts(c, h) : err;
}

bool cell_index_more(struct cell *c, const struct history *h, int *ret_err)
{
    *ret_err = HOP_OK;
    for (uint32_t i = (uint32_t)c->order.count; i < c->acts.count; i++) {
        struct act *a = act_at(c, i);
        const struct act *last =
            c->order.count == 0 ? NULL : act_at(c, list_u32(&c->order, c->order.count - 1));
        place_in(a, h);
        if (last == NULL || compare_order(&last, &(const struct act *){a}) > 0 ||
            a->type == AUTH_GENESIS || a->type == AUTH_CONFIG || a->type == AUTH_COSIGN ||
            a->type == AUTH_CHECKPOINT || (a->type == AUTH_ADMIT && a->invite == NONE))
            return false;
        *ret_err = index_act(c, i);
        if (*ret_err == HOP_OK)
            *ret_err = relate(c, a, h);
        if (*ret_err != HOP_OK)
            return false;
    }
    return true;
}
