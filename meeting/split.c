/* What a split does to decisions: final or provisional, two results on one item, what a side had
 * not seen. Nothing is overwritten; what is contradicted stays visible until it is settled. */
#include "meeting/state.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t none[32];

int entries_add(struct fold *d)
{
    struct meeting_full *f = d->f;
    uint32_t *list = list_grown(f->entries, f->entries_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    f->entries = list;
    list[f->entries_count++] = d->e->entry;
    return HOP_OK;
}

size_t meeting_unseen(const struct meeting_state *s, const struct history *h,
                      const struct meeting *m, uint32_t entry, uint32_t *ret, size_t max)
{
    const struct thing *t = thing_find(s, m->id);
    const struct meeting_full *f = s->meetings[t->meeting];
    size_t count = 0;
    for (size_t i = 0; i < f->entries_count; i++) {
        if (entry != HISTORY_NONE && history_saw(h, entry, f->entries[i]))
            continue;
        if (count < max)
            ret[count] = f->entries[i];
        count++;
    }
    return count;
}

/* ---- final or provisional ---- */

/* Could those who are not heard yet have changed it, had they all been there and of one mind? */
static bool could_change(const struct procedure *p, const struct meeting_motion *m)
{
    size_t base = p->majority.of_present ? m->present + m->unheard : m->eligible;
    size_t needed = procedure_needed(&p->majority, base);
    switch (m->outcome) {
    case OUTCOME_NO_QUORUM:
        return m->present + m->unheard >= m->quorum_needed;
    case OUTCOME_ADOPTED:
        return m->agree < needed;
    case OUTCOME_REJECTED:
        return m->agree + m->unheard >= needed;
    case OUTCOME_OPEN:
    case OUTCOME_WITHDRAWN:
        break;
    }
    return false;
}

static void weigh_final(const struct procedure *p, struct meeting_motion *m)
{
    char unheard[24];
    (void)snprintf(unheard, sizeof unheard, "%zu", m->unheard);
    switch (p->final) {
    case FINAL_DECIDED:
        m->final = !could_change(p, m);
        break;
    case FINAL_HEARD:
        m->final = m->unheard == 0;
        break;
    case FINAL_CHAIR:
        m->final = m->settled == SETTLED_HOLDS;
        break;
    }
    if (m->disputed)
        m->final = m->settled != SETTLED_NOT;
    enum text_id id = m->settled == SETTLED_HOLDS      ? STANDING_SETTLED
                      : m->settled == SETTLED_ANNULLED ? STANDING_ANNULLED
                      : m->disputed                    ? STANDING_DISPUTED
                      : m->final                       ? STANDING_FINAL
                      : p->final == FINAL_CHAIR        ? STANDING_CHAIR
                                                       : STANDING_PROVISIONAL;
    (void)text_say(&m->standing_why, id, 1, unheard);
}

/* ---- two results on one item ---- */

static void settle(struct fold *d, struct meeting_motion *holds, const uint8_t by[static 32])
{
    for (size_t i = 0; i < d->f->m.motions_count; i++) {
        struct meeting_motion *m = &d->f->m.motions[i];
        if (m->item != holds->item || !m->disputed || m->settled != SETTLED_NOT)
            continue;
        m->settled = m == holds ? SETTLED_HOLDS : SETTLED_ANNULLED;
        memcpy(m->settled_by, by, 32);
        weigh_final(d->s->procedure, m);
    }
}

/* Those that came before in the order cannot have seen this close: did it see theirs? */
static void find_disputes(struct fold *d, struct meeting_motion *m)
{
    for (size_t i = 0; i < d->f->m.motions_count && m->item != 0; i++) {
        struct meeting_motion *other = &d->f->m.motions[i];
        if (other == m || other->item != m->item || !other->closed || other->withdrawn ||
            history_saw(d->h, d->e->entry, other->close_entry))
            continue;
        m->disputed = other->disputed = true;
        other->settled = SETTLED_NOT;
        weigh_final(d->s->procedure, other);
    }
}

/* A motion that names a disputed one and is adopted ratifies it, if it had seen both results. */
static void ratify(struct fold *d, const struct meeting_motion *m)
{
    const struct thing *t = thing_find(d->s, m->amends);
    if (m->outcome != OUTCOME_ADOPTED || t == NULL || t->kind != THING_MOTION ||
        d->s->meetings[t->meeting] != d->f)
        return;
    struct meeting_motion *holds = &d->f->m.motions[t->index];
    bool seen = holds->disputed && holds->settled == SETTLED_NOT;
    for (size_t i = 0; i < d->f->m.motions_count && seen; i++) {
        const struct meeting_motion *other = &d->f->m.motions[i];
        if (other->disputed && other->item == holds->item)
            seen = history_saw(d->h, m->entry, other->close_entry);
    }
    if (seen)
        settle(d, holds, m->id);
}

void motion_weigh(struct fold *d, size_t index)
{
    struct meeting_motion *m = &d->f->m.motions[index];
    find_disputes(d, m);
    weigh_final(d->s->procedure, m);
    if (memcmp(m->amends, none, sizeof none) != 0)
        ratify(d, m);
}

/* ---- settling, withdrawing ---- */

int permit_settle(const struct ask *q)
{
    int err = need_leader(q);
    return err != HOP_OK ? err : need_motion(q);
}

static bool may_settle(const struct procedure *p, const struct meeting_motion *m)
{
    return m->closed && !m->withdrawn && m->settled == SETTLED_NOT &&
           (m->disputed || p->final == FINAL_CHAIR);
}

int now_settle(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    return may_settle(q->s->procedure, &q->f->m.motions[t->index])
               ? HOP_OK
               : text_say(q->why, REFUSE_NOTHING_TO_SETTLE, 0);
}

int fold_settle(struct fold *d)
{
    size_t index;
    struct meeting_motion *m = motion_of(d, &index);
    if (!may_settle(d->s->procedure, m))
        return text_say(&d->why, REFUSE_NOTHING_TO_SETTLE, 0);
    if (m->disputed) {
        settle(d, m, d->e->id);
        return HOP_OK;
    }
    m->settled = SETTLED_HOLDS;
    memcpy(m->settled_by, d->e->id, 32);
    weigh_final(d->s->procedure, m);
    return HOP_OK;
}

int permit_withdraw(const struct ask *q)
{
    int err = need_motion(q);
    if (err != HOP_OK)
        return err;
    const struct thing *t = thing_find(q->s, q->a->target);
    bool own = q->f->m.motions[t->index].member == q->member;
    return own ? HOP_OK : need_leader(q);
}

int now_voting(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    return q->f->m.motions[t->index].closed ? text_say(q->why, REFUSE_VOTE_CLOSED, 0) : HOP_OK;
}

int fold_withdraw(struct fold *d)
{
    size_t index;
    struct meeting_motion *m = motion_of(d, &index);
    if (m->closed)
        return text_say(&d->why, REFUSE_VOTE_CLOSED, 0);
    m->withdrawn = m->closed = m->final = true;
    m->close_entry = d->e->entry;
    m->close_wall = d->e->wall;
    m->outcome = OUTCOME_WITHDRAWN;
    return HOP_OK;
}
