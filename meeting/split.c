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
static bool could_change(const struct meeting_motion *m)
{
    size_t base = m->majority.of_present ? m->base + m->away : m->base;
    size_t needed = procedure_needed(&m->majority, base);
    switch (m->outcome) {
    case OUTCOME_NO_QUORUM:
        return m->present + m->away >= m->quorum_needed;
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

static bool is_final(const struct procedure *p, const struct meeting_motion *m)
{
    if (m->settled != SETTLED_NOT)
        return true;
    if (m->disputed)
        return false;
    switch (p->final) {
    case FINAL_DECIDED:
        return !could_change(m);
    case FINAL_HEARD:
        return m->unheard == 0 || m->outcome == OUTCOME_WITHDRAWN;
    case FINAL_CHAIR:
        return m->outcome == OUTCOME_WITHDRAWN;
    }
    return false;
}

static void weigh_final(const struct procedure *p, struct meeting_motion *m)
{
    char unheard[24];
    (void)snprintf(unheard, sizeof unheard, "%zu", m->unheard);
    m->final = is_final(p, m);
    enum text_id id = m->settled == SETTLED_HOLDS           ? STANDING_SETTLED
                      : m->settled == SETTLED_ANNULLED      ? STANDING_ANNULLED
                      : m->disputed                         ? STANDING_DISPUTED
                      : m->withdrawn                        ? STANDING_WITHDRAWN
                      : p->final == FINAL_CHAIR             ? STANDING_CHAIR
                      : m->final && p->final == FINAL_HEARD ? STANDING_HEARD
                      : m->final                            ? STANDING_FINAL
                      : p->final == FINAL_HEARD             ? STANDING_UNHEARD
                                                            : STANDING_PROVISIONAL;
    (void)text_say(&m->standing_why, id, 1, unheard);
}

/* ---- results that contradict each other ---- */

static bool decides(enum meeting_outcome o)
{
    return o == OUTCOME_ADOPTED || o == OUTCOME_REJECTED || o == OUTCOME_WITHDRAWN;
}

/* Of one motion: decided one way and another. Of two motions on one item: both decided, and one of
 * them adopted; both rejected leave things as they are. */
static bool contradicts(const struct meeting *of, const struct meeting_result *a,
                        const struct meeting_result *b)
{
    if (!decides(a->outcome) || !decides(b->outcome))
        return false;
    if (a->motion == b->motion)
        return a->outcome != b->outcome;
    const struct meeting_motion *x = &of->motions[a->motion], *y = &of->motions[b->motion];
    bool adopted = a->outcome == OUTCOME_ADOPTED || b->outcome == OUTCOME_ADOPTED;
    bool withdrawn = a->outcome == OUTCOME_WITHDRAWN || b->outcome == OUTCOME_WITHDRAWN;
    return x->item == y->item && x->item != 0 && adopted && !withdrawn;
}

static bool is_against(const struct meeting_result *r, uint32_t other)
{
    for (size_t i = 0; i < r->against_count; i++) {
        if (r->against[i] == other)
            return true;
    }
    return false;
}

static int add_against(struct meeting_result *r, uint32_t other)
{
    uint32_t *list = list_grown(r->against, r->against_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    r->against = list;
    list[r->against_count++] = other;
    return HOP_OK;
}

bool seen_result(const struct fold *d, size_t motion)
{
    for (size_t i = 0; i < d->f->m.results_count; i++) {
        const struct meeting_result *r = &d->f->m.results[i];
        if (r->motion == motion && history_saw(d->h, d->e->entry, r->entry))
            return true;
    }
    return false;
}

/* Those that came before in the order cannot have seen this close: did it see theirs? */
static int find_against(struct fold *d, uint32_t fresh)
{
    struct meeting *of = &d->f->m;
    for (uint32_t i = 0; i < fresh; i++) {
        if (!contradicts(of, &of->results[i], &of->results[fresh]) ||
            history_saw(d->h, d->e->entry, of->results[i].entry))
            continue;
        int err = add_against(&of->results[i], fresh);
        if (err == HOP_OK)
            err = add_against(&of->results[fresh], i);
        if (err != HOP_OK)
            return err;
        for (size_t k = 0; k < d->f->settlements_count; k++) {
            if (d->f->settlements[k].pick == i) /* it could not weigh what came now */
                d->f->settlements[k].covers = false;
        }
    }
    return HOP_OK;
}

/* What words about it, no later word having taken their place, make of a result. Two that disagree
 * leave it open. d not NULL: only those that the record of the fold had seen. */
static enum meeting_settled settled_as(const struct meeting_full *f, uint32_t result,
                                       const struct fold *d, uint8_t ret_by[static 32])
{
    const struct settlement *holds = NULL, *annuls = NULL;
    for (size_t i = 0; i < f->settlements_count; i++) {
        const struct settlement *s = &f->settlements[i];
        if (s->superseded || !s->covers || (d != NULL && !history_saw(d->h, d->e->entry, s->entry)))
            continue;
        if (s->pick == result)
            holds = s;
        else if (is_against(&f->m.results[s->pick], result))
            annuls = s;
    }
    const struct settlement *by = holds != NULL ? holds : annuls;
    memset(ret_by, 0, 32);
    if (by == NULL || (holds != NULL && annuls != NULL))
        return SETTLED_NOT;
    memcpy(ret_by, by->id, 32);
    return by == holds ? SETTLED_HOLDS : SETTLED_ANNULLED;
}

/* The result that a motion is shown by: the one that holds; else the first that decided; else the
 * first. */
static uint32_t result_shown(const struct meeting *of, size_t motion)
{
    uint32_t first = NO_RESULT, decided = NO_RESULT;
    for (uint32_t i = 0; i < of->results_count; i++) {
        const struct meeting_result *r = &of->results[i];
        if (r->motion != motion)
            continue;
        if (r->settled == SETTLED_HOLDS)
            return i;
        if (first == NO_RESULT)
            first = i;
        if (decided == NO_RESULT && decides(r->outcome) && r->settled != SETTLED_ANNULLED)
            decided = i;
    }
    return decided != NO_RESULT ? decided : first;
}

/* Bring one closed motion in line with its results. What it counts is counted anew only when it is
 * shown by another than the one that was counted last. */
static int motion_show(struct fold *d, size_t motion, uint32_t counted)
{
    const struct meeting *of = &d->f->m;
    struct meeting_motion *m = &d->f->m.motions[motion];
    uint32_t shown = result_shown(of, motion);
    if (shown == NO_RESULT)
        return HOP_OK;
    const struct meeting_result *r = &of->results[shown];
    m->closed = true; /* from here on a count does not ask the roll */
    int err = shown == counted ? HOP_OK : motion_count_seen(d, motion, r->entry);
    m->shown = shown;
    m->close_entry = r->entry;
    m->close_wall = r->wall;
    m->outcome = r->outcome;
    m->withdrawn = r->outcome == OUTCOME_WITHDRAWN;
    m->eligible = r->eligible;
    m->present = r->present;
    m->quorum_needed = r->quorum_needed;
    m->base = r->base;
    m->needed = r->needed;
    m->unheard = r->unheard;
    m->away = r->away;
    m->settled = r->settled;
    memcpy(m->settled_by, r->settled_by, 32);
    m->disputed = false;
    for (size_t i = 0; i < of->results_count; i++)
        m->disputed =
            m->disputed || (of->results[i].motion == motion && of->results[i].against_count > 0);
    weigh_final(d->s->procedure, m);
    return err;
}

/* After a new word: every result it may be about, and the motions they are of. */
static int settle_all(struct fold *d)
{
    struct meeting *of = &d->f->m;
    int err = HOP_OK;
    for (uint32_t i = 0; i < of->results_count; i++)
        of->results[i].settled = settled_as(d->f, i, NULL, of->results[i].settled_by);
    for (size_t i = 0; i < of->motions_count && err == HOP_OK; i++)
        err = motion_show(d, i, of->motions[i].shown);
    return err;
}

/* Word that a result holds, having seen up to `had` (the record, or the motion that ratifies). */
static int add_settlement(struct fold *d, uint32_t pick, const uint8_t id[static 32], uint32_t had)
{
    struct meeting_full *f = d->f;
    if (f->settlements_count == MEETING_RESULTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_RESULTS_MAX));
    struct settlement *list = list_grown(f->settlements, f->settlements_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    f->settlements = list;
    const struct meeting_result *r = &f->m.results[pick];
    struct settlement word = {.pick = pick, .entry = d->e->entry, .covers = true};
    memcpy(word.id, id, 32);
    for (size_t i = 0; i < r->against_count; i++)
        word.covers = word.covers && history_saw(d->h, had, f->m.results[r->against[i]].entry);
    for (size_t i = 0; i < f->settlements_count; i++) {
        struct settlement *s = &list[i];
        if ((s->pick == pick || is_against(r, s->pick)) && history_saw(d->h, had, s->entry))
            s->superseded = true;
    }
    list[f->settlements_count++] = word;
    return settle_all(d);
}

/* A motion that names a disputed one and is adopted ratifies it, if it had seen both results. */
static int ratify(struct fold *d, const struct meeting_result *r)
{
    const struct meeting_motion *m = &d->f->m.motions[r->motion];
    const struct thing *t = thing_find(d->s, m->amends);
    if (r->outcome != OUTCOME_ADOPTED || t == NULL || t->kind != THING_MOTION ||
        d->s->meetings[t->meeting] != d->f)
        return HOP_OK;
    const struct meeting_motion *holds = &d->f->m.motions[t->index];
    if (!holds->disputed || holds->settled != SETTLED_NOT ||
        !history_saw(d->h, m->entry, d->f->m.results[holds->shown].entry))
        return HOP_OK;
    return add_settlement(d, holds->shown, m->id, m->entry);
}

int result_add(struct fold *d, const struct meeting_result *r)
{
    struct meeting *of = &d->f->m;
    struct meeting_result *list = list_grown(of->results, of->results_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    of->results = list;
    uint32_t fresh = (uint32_t)of->results_count++;
    list[fresh] = *r;
    int err = find_against(d, fresh);
    if (err == HOP_OK)
        err = motion_show(d, r->motion, fresh);
    if (err == HOP_OK && list[fresh].against_count > 0)
        err = settle_all(d);
    if (err == HOP_OK)
        err = ratify(d, &of->results[fresh]);
    return err;
}

/* ---- settling, withdrawing ---- */

/* Which result a SETTLE is about: the closing that it names, or the one its motion is shown by. */
static uint32_t result_named(const struct meeting *of, const struct act *a, uint32_t motion)
{
    if (memcmp(a->parent, none, sizeof none) == 0)
        return of->motions[motion].shown;
    for (uint32_t i = 0; i < of->results_count; i++) {
        if (of->results[i].motion == motion && memcmp(of->results[i].id, a->parent, 32) == 0)
            return i;
    }
    return NO_RESULT;
}

static uint32_t result_asked(const struct ask *q)
{
    return result_named(&q->f->m, q->a, thing_find(q->s, q->a->target)->index);
}

static bool may_settle(const struct procedure *p, const struct meeting_result *r)
{
    return r->against_count > 0 || (p->final == FINAL_CHAIR && r->outcome != OUTCOME_WITHDRAWN);
}

int permit_settle(const struct ask *q)
{
    int err = need_leader(q);
    if (err == HOP_OK)
        err = need_motion(q);
    if (err != HOP_OK)
        return err;
    uint32_t result = result_asked(q);
    bool may = result != NO_RESULT && may_settle(q->s->procedure, &q->f->m.results[result]);
    return may ? HOP_OK : text_say(q->why, REFUSE_NOTHING_TO_SETTLE, 0);
}

int now_settle(const struct ask *q)
{
    return q->f->m.results[result_asked(q)].settled == SETTLED_NOT
               ? HOP_OK
               : text_say(q->why, REFUSE_NOTHING_TO_SETTLE, 0);
}

int fold_settle(struct fold *d)
{
    size_t index;
    uint8_t by[32];
    (void)motion_of(d, &index);
    uint32_t pick = result_named(&d->f->m, d->a, (uint32_t)index);
    if (settled_as(d->f, pick, d, by) != SETTLED_NOT)
        return text_say(&d->why, REFUSE_NOTHING_TO_SETTLE, 0);
    return add_settlement(d, pick, d->e->id, d->e->entry);
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
    (void)motion_of(d, &index);
    if (seen_result(d, index))
        return text_say(&d->why, REFUSE_VOTE_CLOSED, 0);
    return motion_close(d, index, true);
}
