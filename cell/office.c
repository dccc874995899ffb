/* Offices, the end of memberships, and the weight of an act: the questions that the rule of
 * cell/resolve.c asks, each answered from the acts that stand so far. */
#include "cell/fold.h"

/* ---- offices ---- */

struct view cell_view_now(const struct cell *c)
{
    return (struct view){.config = c->chain.count == 0 ? 0 : (uint32_t)c->chain.count - 1};
}

struct view cell_view_apart(const struct cell *c, const struct act *a)
{
    struct view v = cell_view_now(c);
    v.apart = a;
    return v;
}

struct view cell_view_of(const struct act *a)
{
    return (struct view){.act = a, .config = a->config_seen};
}

static bool sees(const struct cell *c, const struct view *v, uint32_t person, uint32_t place)
{
    if (v->act != NULL)
        return cell_saw(c, v->act, person, place);
    const struct act *a = act_at(c, list_u32(&person_at(c, person)->about, place));
    if (v->past == NULL) /* now: all, or all that had not seen this one */
        return v->apart == NULL || !cell_saw(c, a, person, v->apart->about);
    return v->past[a->log] >= a->seq;
}

/* The office that an act gives. Who returns, returns without one. */
static struct office office_by(const struct cell *c, uint32_t i)
{
    const struct act *a = act_at(c, i);
    enum auth_role role = (enum auth_role)a->role;
    if (a->type == AUTH_ADMIT && !a->root && auth_rank_of(role) > 0)
        role = ROLE_MEMBER;
    return (struct office){.act = i,
                           .role = role,
                           .category = (enum auth_category)a->category,
                           .rank = auth_rank_of(role),
                           .class = a->class,
                           .any = true};
}

/* Of two offices given apart: the one on the higher word, else the lower rank, else the lower id.
 */
static bool beats(const struct cell *c, const struct office *x, const struct office *y)
{
    if (x->class != y->class)
        return x->class > y->class;
    if (x->rank != y->rank)
        return x->rank < y->rank;
    return memcmp(act_at(c, x->act)->id, act_at(c, y->act)->id, 32) < 0;
}

bool cell_is_founder(const struct cell *c, uint32_t person)
{
    return c->founder_tie != NONE && tie_at(c, c->founder_tie)->person == person;
}

/* ---- the end of a membership ---- */

static bool config_removes(const struct cell *c, size_t n, uint32_t person)
{
    const struct auth_config *body = &config_at(c, n)->body;
    for (size_t i = 0; i < body->removed_count; i++) {
        if (memcmp(body->removed[i], names_at(&c->member_ids, person), 16) == 0)
            return true;
    }
    return false;
}

static bool ends_membership(const struct cell *c, const struct act *x, uint32_t person)
{
    if (x->verdict != VERDICT_STANDS)
        return false;
    if (x->type == AUTH_REMOVE)
        return x->device == NONE;
    return x->type == AUTH_LEAVE && tie_at(c, x->by)->person == person;
}

/* Is this admission of a known member a return: had it seen an end of the membership? If not, it is
 * one more device, and gives nothing. */
static bool returns(const struct cell *c, const struct act *a)
{
    const struct list *about = &person_at(c, a->person)->about;
    for (uint32_t n = 1; n <= a->config_seen && !a->own; n++) {
        if (config_removes(c, n, a->person))
            return true;
    }
    for (uint32_t i = 0; i < about->count && !a->own; i++) {
        if (ends_membership(c, act_at(c, list_u32(about, i)), a->person) &&
            cell_saw(c, a, a->person, i))
            return true;
    }
    return false;
}

static bool is_for(const struct cell *c, const struct act *g, uint32_t t);

/* The office of a member in a view, without that of secretary. Offices are walked in order: one
 * replaces the held one if it had seen it, or beats it. With a device: *rank is what they give that
 * device, which is less if a higher office was not given for it. */
static struct office walk_offices(const struct cell *c, uint32_t person, const struct view *v,
                                  uint32_t t, uint8_t *rank)
{
    const struct list *about = &person_at(c, person)->about;
    struct office best = {.act = NONE};
    bool first = true; /* best is what the member came in with, which gives way to all else */
    if (cell_is_founder(c, person)) {
        enum auth_role role = (enum auth_role)c->genesis.founder_role;
        role = role == ROLE_SECRETARY ? ROLE_MEMBER : role;
        best = (struct office){
            .act = NONE, .role = role, .rank = auth_rank_of(role), .class = CLASS_TOP, .any = true};
    }
    *rank = best.rank;
    for (uint32_t i = 0; i < about->count; i++) {
        uint32_t at = list_u32(about, i);
        const struct act *a = act_at(c, at);
        bool admits = a->type == AUTH_ADMIT && a->invite != NONE && (a->root || returns(c, a));
        if (a->verdict != VERDICT_STANDS || (a->type != AUTH_ROLE && !admits) ||
            !sees(c, v, person, i))
            continue;
        struct office o = office_by(c, at);
        bool came_in = admits && a->root;
        if (came_in ? best.any
                    : !first && !cell_saw(c, a, person, act_at(c, best.act)->about) &&
                          !beats(c, &o, &best))
            continue;
        best = o;
        first = first && came_in;
        bool for_it = a->type != AUTH_ROLE || t == NONE || is_for(c, a, t);
        *rank = for_it || o.rank < *rank ? o.rank : *rank;
    }
    return best;
}

struct office cell_base_office(const struct cell *c, uint32_t person, const struct view *v)
{
    uint8_t rank;
    return walk_offices(c, person, v, NONE, &rank);
}

/* The first configuration of those, up to n without a break, that name this member secretary. */
static size_t appointed_by(const struct cell *c, size_t n, uint32_t person)
{
    while (n > 0 && config_at(c, n - 1)->secretary == person)
        n--;
    return n;
}

static bool is_secretary(const struct cell *c, uint32_t person, const struct view *v)
{
    if (v->config >= c->chain.count || config_at(c, v->config)->secretary != person)
        return false;
    uint32_t by = config_at(c, appointed_by(c, v->config, person))->act;
    return v->apart == NULL || by == NONE || !cell_saw(c, act_at(c, by), person, v->apart->about);
}

struct office cell_office(const struct cell *c, uint32_t person, const struct view *v)
{
    struct office o = cell_base_office(c, person, v);
    if (is_secretary(c, person, v)) {
        o.role = ROLE_SECRETARY;
        o.rank = 3;
        o.class = CLASS_TOP;
        o.any = true;
    }
    return o;
}

/* Had this admission seen every end of the membership that is in view? */
static bool saw_all_ends(const struct cell *c, const struct act *admit, uint32_t person,
                         const struct view *v)
{
    const struct list *about = &person_at(c, person)->about;
    for (uint32_t n = 1; n <= v->config && n < c->chain.count; n++) {
        if (config_removes(c, n, person) && (admit == NULL || admit->config_seen < n))
            return false;
    }
    for (uint32_t i = 0; i < about->count; i++) {
        if (ends_membership(c, act_at(c, list_u32(about, i)), person) && sees(c, v, person, i) &&
            (admit == NULL || !cell_saw(c, admit, person, i)))
            return false;
    }
    return true;
}

bool cell_present(const struct cell *c, uint32_t person, const struct view *v)
{
    const struct list *about = &person_at(c, person)->about;
    bool admitted = false, named = false;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *a = act_at(c, list_u32(about, i));
        if (a->verdict != VERDICT_STANDS || !sees(c, v, person, i))
            continue;
        if (a->type == AUTH_ADMIT && !a->own) {
            if (saw_all_ends(c, a, person, v))
                return true;
            admitted = true;
        }
        named = named || a->type == AUTH_ROLE;
    }
    for (uint32_t n = 0; n <= v->config && n < c->chain.count; n++)
        named = named || config_at(c, n)->secretary == person;
    return (cell_is_founder(c, person) || (named && !admitted)) && saw_all_ends(c, NULL, person, v);
}

/* Did the device come in by an admission that had seen the end of the membership: the act at this
 * place among those about the member, or (place NONE) configuration n? Devices that a device brings
 * in share its fate. */
static bool came_after(const struct cell *c, uint32_t t, uint32_t place, size_t n)
{
    for (; t != NONE; t = tie_at(c, t)->parent) {
        const struct tie *tie = tie_at(c, t);
        for (uint32_t e = tie->admits; e != NONE; e = act_at(c, e)->next) {
            const struct act *a = act_at(c, e);
            if (a->verdict != VERDICT_STANDS || a->own)
                continue;
            if (place == NONE ? a->config_seen >= n : cell_saw(c, a, tie->person, place))
                return true;
        }
    }
    return false;
}

/* Does the act at this place end this device, by itself or with its member? */
static bool ends_device(const struct cell *c, uint32_t t, uint32_t place)
{
    const struct tie *tie = tie_at(c, t);
    const struct act *x = act_at(c, list_u32(&person_at(c, tie->person)->about, place));
    if (ends_membership(c, x, tie->person))
        return !came_after(c, t, place, 0);
    return x->verdict == VERDICT_STANDS && x->type == AUTH_REMOVE && x->device == tie->key;
}

uint32_t cell_device_ended(const struct cell *c, uint32_t t)
{
    const struct tie *tie = tie_at(c, t);
    for (size_t n = 1; n < c->chain.count; n++) {
        if (config_removes(c, n, tie->person) && !came_after(c, t, NONE, n))
            return config_at(c, n)->act;
    }
    for (uint32_t i = 0; i < person_at(c, tie->person)->about.count; i++) {
        if (ends_device(c, t, i))
            return list_u32(&person_at(c, tie->person)->about, i);
    }
    return NONE;
}

static uint32_t cut_itself(const struct cell *c, uint32_t t, const uint8_t log[static 32],
                           uint64_t seq, uint8_t weight, const struct act *self)
{
    const struct tie *tie = tie_at(c, t);
    const struct list *about = &person_at(c, tie->person)->about;
    for (size_t n = 1; n < c->chain.count; n++) {
        uint32_t x = config_at(c, n)->act;
        if (config_removes(c, n, tie->person) && seq > cell_reach(c, act_at(c, x), log) &&
            !came_after(c, t, NONE, n))
            return x;
    }
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *x = act_at(c, list_u32(about, i));
        bool own = x->own || x->type == AUTH_LEAVE;
        if (x->verdict != VERDICT_STANDS || (x->type != AUTH_REMOVE && x->type != AUTH_LEAVE) ||
            x == self)
            continue;
        /* devices of one rank in the tree may all leave: none of them was before the others */
        if (self != NULL && self->type == AUTH_LEAVE && x->type == AUTH_LEAVE &&
            tie_at(c, x->by)->depth >= tie->depth)
            continue;
        if ((own ? AT_LEAST(x->class, weight) : x->class > weight) && seq > cell_reach(c, x, log) &&
            ends_device(c, t, i))
            return list_u32(about, i);
    }
    return NONE;
}

/* The invitation by which another device of the member brought this one in, and the admission, if
 * that was the other device's too. */
static uint32_t brought_by(const struct cell *c, uint32_t t, uint32_t *ret_admit)
{
    uint32_t e = tie_at(c, t)->admits;
    while (e != NONE && (act_at(c, e)->verdict != VERDICT_STANDS || !act_at(c, e)->own))
        e = act_at(c, e)->next;
    *ret_admit = e != NONE && act_at(c, e)->by == tie_at(c, t)->parent ? e : NONE;
    return e == NONE ? NONE : act_at(c, e)->proved_by;
}

uint32_t cell_cut_by(const struct cell *c, uint32_t t, const uint8_t log[static 32], uint64_t seq,
                     uint8_t weight, const struct act *self)
{
#ifdef HOP_PLANT_SKIP_CUT
    return NONE;
#endif
    uint32_t x = cut_itself(c, t, log, seq, weight, self);
    /* what a device brought in beyond a cut is beyond it too */
    for (uint32_t parent; x == NONE && (parent = tie_at(c, t)->parent) != NONE; t = parent) {
        uint32_t admit, invite = brought_by(c, t, &admit);
        const struct act *a = admit == NONE ? NULL : act_at(c, admit);
        const struct act *i = invite == NONE ? NULL : act_at(c, invite);
        if (a != NULL)
            x = cut_itself(c, parent, a->log_id, a->seq, weight, self);
        if (x == NONE && i != NULL)
            x = cut_itself(c, parent, i->log_id, i->seq, weight, self);
    }
    return x;
}

/* ---- the weight of an act ---- */

static bool comes_from(const struct cell *c, uint32_t t, uint32_t first)
{
    while (t != NONE && t != first)
        t = tie_at(c, t)->parent;
    return t != NONE;
}

/* Is an office for this device: did who gave it name the device or the one that brought it in, or
 * was it brought in by somebody who knew of the office? */
static bool is_for(const struct cell *c, const struct act *g, uint32_t t)
{
    for (; t != NONE; t = tie_at(c, t)->parent) {
        const struct tie *tie = tie_at(c, t);
        for (size_t i = 0; i < g->devices.count; i++) {
            if (memcmp(g->devices.keys + 32 * i, names_at(&c->keys, tie->key), 32) == 0)
                return true;
        }
        for (uint32_t e = tie->admits; e != NONE && g->type == AUTH_ROLE; e = act_at(c, e)->next) {
            const struct act *a = act_at(c, e);
            if (a->verdict == VERDICT_STANDS && !a->own && cell_saw(c, a, tie->person, g->about))
                return true;
        }
    }
    return false;
}

/* Is the member secretary in a view, and the office for this device? */
static bool is_secretary_with(const struct cell *c, uint32_t t, const struct view *v)
{
    uint32_t person = tie_at(c, t)->person;
    bool named = false;
    if (!is_secretary(c, person, v))
        return false;
    for (size_t n = appointed_by(c, v->config, person); n <= v->config && !named; n++) {
        uint32_t by = config_at(c, n)->act;
        named = by == NONE ? comes_from(c, t, c->founder_tie) : is_for(c, act_at(c, by), t);
    }
    return named;
}

/* Was the author secretary, with this device, as far as the act had seen, and is the act within the
 * cuts of every configuration that took the office from the member later? */
static bool wrote_as_secretary(const struct cell *c, const struct act *a, uint32_t t)
{
    struct view v = cell_view_of(a);
    bool wrote = is_secretary_with(c, t, &v);
    for (size_t n = v.config + 1; n < c->chain.count && wrote; n++) {
        uint32_t person = tie_at(c, t)->person;
        bool taken =
            config_at(c, n)->secretary != person && config_at(c, n - 1)->secretary == person;
        wrote = !taken || a->seq <= cell_reach(c, act_at(c, config_at(c, n)->act), a->log_id);
    }
    return wrote;
}

uint8_t cell_rank_with(const struct cell *c, uint32_t t)
{
    struct view now = cell_view_now(c);
    uint8_t rank;
    (void)walk_offices(c, tie_at(c, t)->person, &now, t, &rank);
    return is_secretary_with(c, t, &now) ? 3 : rank;
}

/* The rank of an act's author by what the act had seen, lowered where a fall that it had not seen
 * does not accept it at the higher one. */
static uint8_t rank_in(const struct cell *c, const struct act *a, uint32_t t)
{
    uint32_t person = tie_at(c, t)->person;
    const struct list *about = &person_at(c, person)->about;
    struct view v = cell_view_of(a);
    uint8_t rank;
    struct office o = walk_offices(c, person, &v, t, &rank);
    if (wrote_as_secretary(c, a, t))
        return 3;
#ifdef HOP_PLANT_FORGET_FALL
    return rank;
#endif
    for (uint8_t class = 3; class > 0; class --) {
        for (uint32_t i = 0; i<about->count &&class> rank && rank > 0; i++) {
            const struct act *g = act_at(c, list_u32(about, i));
            if (g->type != AUTH_ROLE || g->verdict != VERDICT_STANDS || g->class != class ||
                auth_rank_of((enum auth_role)g->role) >= rank || cell_saw(c, a, person, i) ||
                a->seq <= cell_reach(c, g, a->log_id))
                continue;
            struct office fall = office_by(c, list_u32(about, i));
            bool apart = o.act != NONE && !act_at(c, o.act)->root &&
                         !cell_saw(c, g, person, act_at(c, o.act)->about);
            if (!apart || beats(c, &fall, &o))
                rank = fall.rank;
        }
    }
    return rank;
}

bool cell_saw_claim(const struct cell *c, const struct act *a, uint32_t t)
{
    const struct tie *tie = tie_at(c, t);
    if (tie->invite == NONE)
        return true; /* the founder was there before any record */
    for (uint32_t e = tie->admits; e != NONE; e = act_at(c, e)->next) {
        if (cell_saw(c, a, tie->person, act_at(c, e)->about))
            return true;
    }
    return false;
}

struct judged cell_weigh(const struct cell *c, const struct act *a)
{
    struct judged j = {.tie = NONE, .why = CELL_AUTHOR_UNKNOWN};
    for (uint32_t t = list_u32(&c->key_ties, a->key); t != NONE; t = tie_at(c, t)->next_of_key) {
        const struct tie *tie = tie_at(c, t);
        if (tie->pending && j.tie == NONE)
            j.why = CELL_AUTHOR_PENDING;
        if (tie->stands && cell_saw_claim(c, a, t) &&
            (j.tie == NONE || tie->order < tie_at(c, j.tie)->order))
            j.tie = t;
    }
    if (j.tie == NONE)
        return j;
    const struct tie *tie = tie_at(c, j.tie);
    j.weight = rank_in(c, a, j.tie);
    if (j.weight > tie->class)
        j.weight = tie->class;
    if (cell_cut_by(c, j.tie, a->log_id, a->seq, j.weight, a) != NONE)
        j = (struct judged){.tie = NONE, .why = CELL_CUT};
    return j;
}
