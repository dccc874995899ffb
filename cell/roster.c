/* What came of the verdicts, as cell.h tells it: members, devices, invitations, groups, reasons. */
#include "cell/fold.h"

#include <assert.h>
#include <stdlib.h>

static int push(struct list *l, uint32_t v)
{
    uint32_t *item = list_add(l, sizeof *item);
    if (item == NULL)
        return HOP_ENOMEM;
    *item = v;
    return HOP_OK;
}

/* ---- devices ---- */

/* The admission to show for a device: the first that stands, else the first that claims it. */
static uint32_t admission_of(const struct cell *c, uint32_t t)
{
    const struct tie *tie = tie_at(c, t);
    for (uint32_t e = tie->admits; e != NONE; e = act_at(c, e)->next) {
        if (act_at(c, e)->verdict == VERDICT_STANDS)
            return e;
    }
    return tie->admits;
}

/* Suspended by an act that nobody who may has answered, knowing it. */
static uint32_t suspended_by(const struct cell *c, uint32_t key)
{
    const struct list *about = &machine_at(c, key)->about;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *s = act_at(c, list_u32(about, i));
        if (s->type != AUTH_SUSPEND || s->resume || s->verdict != VERDICT_STANDS)
            continue;
        bool answered = false;
        for (uint32_t r = i + 1; r < about->count && !answered; r++) {
            const struct act *resume = act_at(c, list_u32(about, r));
            answered = resume->type == AUTH_SUSPEND && resume->resume &&
                       resume->verdict == VERDICT_STANDS && cell_saw(c, resume, key | SIGHT_KEY, i);
        }
        if (!answered)
            return list_u32(about, i);
    }
    return NONE;
}

static void newest_kem(const struct cell *c, uint32_t key, uint8_t kem[static 32])
{
    const struct list *about = &machine_at(c, key)->about;
    for (size_t i = about->count; i-- > 0;) {
        const struct act *a = act_at(c, list_u32(about, i));
        struct auth_prekey v;
        if (a->type != AUTH_PREKEY || a->verdict != VERDICT_STANDS ||
            auth_prekey_parse(&v, SPAN(a->body, a->size)) != HOP_OK)
            continue;
        memcpy(kem, v.kem, 32);
        return;
    }
}

static void describe_device(const struct cell *c, struct cell_device *d, uint32_t t)
{
    const struct tie *tie = tie_at(c, t);
    uint32_t ended = tie->stands ? cell_device_ended(c, t) : NONE;
    d->state = DEVICE_ACTIVE;
    if (!tie->stands) {
        d->state = DEVICE_REVOKED; /* it never was one, until it is admitted again */
    } else if (ended != NONE) {
        d->state = DEVICE_REVOKED;
    } else {
        ended = suspended_by(c, tie->key);
        if (ended != NONE)
            d->state = DEVICE_SUSPENDED;
    }
    memset(d->ended, 0, sizeof d->ended);
    if (ended != NONE)
        memcpy(d->ended, act_at(c, ended)->id, sizeof d->ended);
    d->seat = cell_is_seat(c, tie->key);
    d->double_signed = cell_seat_void(c, tie->key);
    newest_kem(c, tie->key, d->cert.kem);
}

/* ---- members ---- */

static void describe_member(const struct cell *c, struct cell_member *m, uint32_t person)
{
    struct view now = cell_view_now(c);
    struct office o = cell_office(c, person, &now);
    m->active = !m->pending && cell_present(c, person, &now);
    if (m->pending)
        return;
    m->role = o.role;
    m->category = o.category;
    m->rank = o.rank;
    memset(m->removal, 0, sizeof m->removal);
    if (m->active)
        return;
    for (uint32_t t = person_at(c, person)->ties; t != NONE; t = tie_at(c, t)->next_of_person) {
        uint32_t ended = tie_at(c, t)->stands ? cell_device_ended(c, t) : NONE;
        if (ended != NONE && (act_at(c, ended)->device == NONE))
            memcpy(m->removal, act_at(c, ended)->id, sizeof m->removal);
    }
}

static struct auth_admit parse_admit(const struct act *a)
{
    struct auth_admit v = {0};
    int err = auth_admit_parse(&v, SPAN(a->body, a->size));
    assert(err == HOP_OK); /* it was when it was collected */
    return v;
}

static uint32_t invite_of(const struct act *admit)
{
    return admit->invite == NONE ? NONE : admit->proved_by;
}

/* Who admitted, and, through the invitation, who proposed. */
static void credit(const struct cell *c, struct cell_member *m, const struct act *admit)
{
    uint32_t invite = invite_of(admit);
    memcpy(m->admitted_by, m->id, sizeof m->admitted_by);
    if (admit->by != NONE)
        memcpy(m->admitted_by, names_at(&c->member_ids, tie_at(c, admit->by)->person), 16);
    struct auth_invite v;
    if (invite == NONE ||
        auth_invite_parse(&v, SPAN(act_at(c, invite)->body, act_at(c, invite)->size)) != HOP_OK)
        return;
    for (size_t i = 0; i < c->propose_acts.count; i++) {
        const struct act *p = act_at(c, list_u32(&c->propose_acts, i));
        if (p->verdict == VERDICT_STANDS && memcmp(p->id, v.proposal, 32) == 0)
            memcpy(m->proposed_by, names_at(&c->member_ids, tie_at(c, p->by)->person), 16);
    }
}

static int publish_member(struct cell *c, uint32_t t, const struct act *admit)
{
    const struct tie *tie = tie_at(c, t);
    struct auth_admit v = parse_admit(admit);
    struct cell_member *m = list_add(&c->members, sizeof *m);
    if (m == NULL)
        return HOP_ENOMEM;
    person_at(c, tie->person)->member = (uint32_t)c->members.count - 1;
    *m = (struct cell_member){.role = (enum auth_role)v.role,
                              .category = (enum auth_category)v.category,
                              .rank = auth_rank_of((enum auth_role)v.role),
                              .pending = person_at(c, tie->person)->devices == 0,
                              .first_device = (uint32_t)c->devices.count};
    memcpy(m->id, v.member, sizeof m->id);
    memcpy(m->name, v.name, sizeof m->name);
    memcpy(m->admit, admit->id, sizeof m->admit);
    credit(c, m, admit);
    describe_member(c, m, tie->person);
    return push(&c->member_persons, tie->person);
}

static int publish_device(struct cell *c, uint32_t t)
{
    struct tie *tie = tie_at(c, t);
    const struct act *admit = act_at(c, admission_of(c, t));
    if (person_at(c, tie->person)->member == NONE) {
        int err = publish_member(c, t, admit);
        if (err != HOP_OK)
            return err;
    }
    struct auth_admit v = parse_admit(admit);
    struct cell_device *d = list_add(&c->devices, sizeof *d);
    if (d == NULL)
        return HOP_ENOMEM;
    *d = (struct cell_device){.cert = v.cert, .member = person_at(c, tie->person)->member};
    memcpy(d->admit, admit->id, sizeof d->admit);
    describe_device(c, d, t);
    tie->device = (uint32_t)c->devices.count - 1;
    return push(&c->device_ties, t);
}

/* A device is shown if it stands, or would but for a cut. The latter come behind all others, and
 * only as far as there is room: whoever was removed can write any number of them. */
static int publish_admission(struct cell *c, uint32_t at, bool pending)
{
    const struct act *a = act_at(c, at);
    if (a->type != AUTH_ADMIT || a->flaw != TEXT_NONE || a->tie == NONE)
        return HOP_OK;
    const struct tie *tie = tie_at(c, a->tie);
    if (tie->device != NONE || admission_of(c, a->tie) != at ||
        (pending ? tie->stands || !tie->pending : !tie->stands))
        return HOP_OK;
    if (c->devices.count >= CELL_DEVICES_MAX ||
        (c->members.count >= CELL_MEMBERS_MAX && person_at(c, tie->person)->member == NONE))
        return HOP_OK;
    return publish_device(c, a->tie);
}

/* ---- invitations, proposals, groups ---- */

static bool invite_ended(const struct cell *c, const struct act *invite)
{
    const struct list *about = &invitation_at(c, invite->invite)->about;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *a = act_at(c, list_u32(about, i));
        if (a->type == AUTH_INVITE_END && a->verdict == VERDICT_STANDS)
            return true;
    }
    return false;
}

/* Is this the record that the invitation is shown by? The first that stands. */
static bool shows_invite(const struct cell *c, uint32_t at)
{
    const struct list *about = &invitation_at(c, act_at(c, at)->invite)->about;
    for (uint32_t i = 0; i < about->count; i++) {
        const struct act *a = act_at(c, list_u32(about, i));
        if (a->type == AUTH_INVITE && a->verdict == VERDICT_STANDS)
            return list_u32(about, i) == at;
    }
    return false;
}

static int publish_invite(struct cell *c, uint32_t at)
{
    const struct act *a = act_at(c, at);
    if (a->verdict != VERDICT_STANDS || !shows_invite(c, at))
        return HOP_OK;
    struct cell_invite *i = list_add(&c->invites, sizeof *i);
    if (i == NULL)
        return HOP_ENOMEM;
    int err = auth_invite_parse(&i->body, SPAN(a->body, a->size));
    assert(err == HOP_OK);
    memcpy(i->record, a->id, sizeof i->record);
    i->by = person_at(c, tie_at(c, a->by)->person)->member;
    i->used = invitation_at(c, a->invite)->used_by != NONE;
    i->ended = invite_ended(c, a);
    return HOP_OK;
}

/* More than there is room for: those that are used or ended, the oldest first, are not shown. */
static void trim_invites(struct cell *c)
{
    struct cell_invite *v = c->invites.items;
    size_t over = c->invites.count > CELL_INVITES_MAX ? c->invites.count - CELL_INVITES_MAX : 0;
    size_t kept = 0;
    for (size_t i = 0; i < c->invites.count && over > 0; i++) {
        if (v[i].used || v[i].ended)
            over--;
        else
            v[kept++] = v[i];
        if (over == 0) {
            memmove(v + kept, v + i + 1, (c->invites.count - i - 1) * sizeof *v);
            kept += c->invites.count - i - 1;
            c->invites.count = kept;
            return;
        }
    }
    if (c->invites.count > CELL_INVITES_MAX)
        c->invites.count = kept < CELL_INVITES_MAX ? kept : CELL_INVITES_MAX;
}

static int publish_proposal(struct cell *c, const struct act *a)
{
    struct cell_proposal *p = list_add(&c->proposals, sizeof *p);
    if (p == NULL)
        return HOP_ENOMEM;
    int err = auth_propose_parse(&p->body, SPAN(a->body, a->size));
    assert(err == HOP_OK);
    memcpy(p->record, a->id, sizeof p->record);
    p->by = person_at(c, tie_at(c, a->by)->person)->member;
    for (size_t i = 0; i < c->invites.count && !p->answered; i++)
        p->answered = memcmp(cell_invite(c, i)->body.proposal, a->id, 32) == 0;
    return HOP_OK;
}

static uint32_t active_member(const struct cell *c, const uint8_t id[static 16])
{
    size_t m = cell_member_index(c, id);
    return m != SIZE_MAX && cell_member(c, m)->active ? (uint32_t)m : NONE;
}

static int compare_indexes(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

void cell_group_sort(struct cell_group *g)
{
    qsort(g->members, g->members_count, sizeof g->members[0], compare_indexes);
}

/* A group stands in the list where the first of its records does that stands, and is as the last of
 * them has it. */
static int publish_group(struct cell *c, uint32_t at)
{
    uint32_t assembly = act_at(c, at)->invite;
    const struct list *about = &assembly_at(c, assembly)->about;
    struct auth_group v;
    for (size_t i = 0; list_u32(about, i) != at; i++) {
        if (act_at(c, list_u32(about, i))->verdict == VERDICT_STANDS)
            return HOP_OK;
    }
    const struct act *last = NULL;
    for (size_t i = about->count; i-- > 0 && last == NULL;) {
        const struct act *a = act_at(c, list_u32(about, i));
        last = a->verdict == VERDICT_STANDS ? a : NULL;
    }
    if (last == NULL || auth_group_parse(&v, SPAN(last->body, last->size)) != HOP_OK)
        return HOP_OK;
    struct cell_group *g = list_add(&c->groups, sizeof *g);
    if (g == NULL)
        return HOP_ENOMEM;
    memcpy(g->id, names_at(&c->group_ids, assembly), sizeof g->id);
    memcpy(g->name, v.name, sizeof g->name);
    g->leader = active_member(c, v.leader);
    for (size_t i = 0; i < v.members_count; i++) {
        uint32_t m = active_member(c, v.members + 16 * i);
        if (m != NONE)
            g->members[g->members_count++] = m;
    }
    cell_group_sort(g);
    return HOP_OK;
}

/* ---- all of it ---- */

static void forget(struct cell *c)
{
    struct list *lists[] = {&c->members,     &c->devices,        &c->invites,
                            &c->proposals,   &c->groups,         &c->ignored,
                            &c->device_ties, &c->member_persons, &c->propose_acts};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        lists[i]->count = 0;
    for (uint32_t i = 0; i < c->persons.count; i++)
        person_at(c, i)->member = NONE;
    for (uint32_t i = 0; i < c->ties.count; i++)
        tie_at(c, i)->device = NONE;
    c->procedure_act = NONE;
}

/* The text of the procedure that the configuration names. */
static void find_procedure(struct cell *c, uint32_t at)
{
    const struct act *a = act_at(c, at);
    uint8_t hash[32];
    hop_hash(hash, sizeof hash, LABEL_PROCEDURE, SPAN(a->body, a->size));
    if (c->procedure_act == NONE && memcmp(hash, c->config.body.procedure, sizeof hash) == 0)
        c->procedure_act = at;
}

static int note(struct cell *c, uint32_t at)
{
    const struct act *a = act_at(c, at);
    if (a->verdict != VERDICT_STANDS) {
        struct cell_ignored *i = list_add(&c->ignored, sizeof *i);
        if (i == NULL)
            return HOP_ENOMEM;
        memcpy(i->record, a->id, sizeof i->record);
        i->why = a->why;
        return HOP_OK;
    }
    if (a->type == AUTH_PROCEDURE)
        find_procedure(c, at);
    return a->type == AUTH_PROPOSE ? push(&c->propose_acts, at) : HOP_OK;
}

int cell_publish(struct cell *c)
{
    int err = HOP_OK;
    forget(c);
    for (size_t i = 0; i < c->order.count && err == HOP_OK; i++)
        err = note(c, list_u32(&c->order, i));
    for (size_t i = 0; i < c->order.count && err == HOP_OK; i++)
        err = publish_admission(c, list_u32(&c->order, i), false);
    for (size_t i = 0; i < c->order.count && err == HOP_OK; i++)
        err = publish_admission(c, list_u32(&c->order, i), true);
    for (size_t i = 0; i < c->order.count && err == HOP_OK; i++) {
        if (act_at(c, list_u32(&c->order, i))->type == AUTH_INVITE)
            err = publish_invite(c, list_u32(&c->order, i));
    }
    trim_invites(c);
    for (size_t i = 0; i < c->propose_acts.count && err == HOP_OK; i++)
        err = publish_proposal(c, act_at(c, list_u32(&c->propose_acts, i)));
    for (size_t i = 0; i < c->order.count && err == HOP_OK; i++) {
        const struct act *a = act_at(c, list_u32(&c->order, i));
        if (a->type == AUTH_GROUP && a->verdict == VERDICT_STANDS)
            err = publish_group(c, list_u32(&c->order, i));
    }
    return err;
}
