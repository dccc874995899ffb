/* After the meeting: minutes read back, corrected, signed and sealed; resolutions, reserved
 * opinions, tasks, the score.
 *
 * Minutes are sealed once those who must have signed them: the chair and the secretary of the
 * meeting (procedure: `signatures`); writing minutes signs them. From then on other minutes of the
 * meeting, and corrections, that had seen the sealing have no effect: what is left is a supplement.
 */
#include "meeting/state.h"

#include <stdlib.h>

static int add_thing(struct fold *d, enum thing_kind kind, size_t index)
{
    struct thing t = {.kind = kind, .meeting = d->meeting, .index = (uint32_t)index};
    memcpy(t.id, d->e->id, 32);
    return thing_add(d->s, &t);
}

static const struct thing *thing_of(const struct meeting_state *s, const struct act *a,
                                    const struct meeting_full *f, enum thing_kind kind)
{
    const struct thing *t = thing_find(s, a->target);
    bool found = t != NULL && t->kind == kind && s->meetings[t->meeting] == f;
    return found ? t : NULL;
}

static int too_many(struct fold *d)
{
    return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
}

/* ---- sealing ---- */

/* Has this member signed it, its author by writing it, as far as entry had seen? h NULL: at all. */
static bool has_signed(const struct meeting_minutes *m, uint32_t member, const struct history *h,
                       uint32_t entry)
{
    bool found = m->member == member && (h == NULL || history_saw(h, entry, m->entry));
    for (size_t i = 0; i < m->signatures_count && !found; i++)
        found = m->signatures[i].member == member &&
                (h == NULL || history_saw(h, entry, m->signatures[i].entry));
    return found;
}

static size_t hands_seen(const struct fold *d, const struct meeting_minutes *m)
{
    size_t hands = history_saw(d->h, d->e->entry, m->entry) ? 1 : 0;
    for (size_t i = 0; i < m->signatures_count; i++)
        hands += history_saw(d->h, d->e->entry, m->signatures[i].entry) ? 1 : 0;
    return hands;
}

/* Do these hands seal it? Chair and secretary; where one person is both, or the rules ask for one
 * hand only, that one. Who sat in the chair signs as the chair. */
static bool hands_seal(const struct fold *d, const struct meeting_minutes *m, size_t hands,
                       const struct history *h)
{
    const struct meeting *of = &d->f->m;
    uint32_t entry = d->e->entry;
    bool chair = has_signed(m, of->chair, h, entry);
    bool secretary = has_signed(m, of->secretary, h, entry);
    for (size_t i = 0; i < of->chairings_count && !chair; i++)
        chair = has_signed(m, of->chairings[i].member, h, entry);
    if (d->s->procedure->signatures_min <= 1)
        return chair || secretary;
    return chair && secretary &&
           (hands >= d->s->procedure->signatures_min || of->chair == of->secretary);
}

const struct meeting_minutes *sealed_minutes(const struct meeting *m)
{
    for (size_t i = 0; i < m->minutes_count; i++) {
        if (m->minutes[i].sealed && !m->minutes[i].supplement)
            return &m->minutes[i];
    }
    return NULL;
}

/* Had the record seen the meeting's minutes sealed, that is, all the hands that it takes? */
bool seen_sealed(const struct fold *d)
{
    for (size_t i = 0; i < d->f->m.minutes_count; i++) {
        const struct meeting_minutes *m = &d->f->m.minutes[i];
        if (m->sealed && !m->supplement && hands_seal(d, m, hands_seen(d, m), d->h))
            return true;
    }
    return false;
}

void minutes_seal(struct fold *d, size_t index)
{
    struct meeting_minutes *m = &d->f->m.minutes[index];
    if (m->sealed || !hands_seal(d, m, 1 + m->signatures_count, NULL))
        return;
    m->sealed = true;
    m->sealed_entry = d->e->entry;
}

/* ---- signing ---- */

static int add_signature(struct fold *d, struct meeting_signature **list, size_t *count)
{
    if (*count == MEETING_TURNS_MAX)
        return too_many(d);
    struct meeting_signature *bigger = list_grown(*list, *count, sizeof *bigger);
    if (bigger == NULL)
        return HOP_ENOMEM;
    *list = bigger;
    bigger[(*count)++] = (struct meeting_signature){
        .member = d->e->member, .entry = d->e->entry, .wall = d->e->wall};
    return HOP_OK;
}

int permit_sign(const struct ask *q)
{
    if (thing_of(q->s, q->a, q->f, THING_MINUTES) == NULL &&
        thing_of(q->s, q->a, q->f, THING_RESOLUTION) == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_MINUTES, 0);
    return need_speaker(q);
}

static bool signed_already(const struct meeting *m, const struct thing *t, uint32_t member)
{
    if (t->kind == THING_MINUTES)
        return has_signed(&m->minutes[t->index], member, NULL, 0);
    const struct meeting_resolution *r = &m->resolutions[t->index];
    bool found = r->member == member;
    for (size_t i = 0; i < r->signatures_count; i++)
        found = found || r->signatures[i].member == member;
    return found;
}

int now_sign(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    return signed_already(&q->f->m, t, q->member) ? text_say(q->why, REFUSE_SIGNED_TWICE, 0)
                                                  : HOP_OK;
}

int fold_sign(struct fold *d)
{
    struct meeting *m = &d->f->m;
    const struct thing *t = thing_find(d->s, d->a->target);
    if (signed_already(m, t, d->e->member))
        return text_say(&d->why, REFUSE_SIGNED_TWICE, 0);
    if (t->kind == THING_RESOLUTION) {
        struct meeting_resolution *r = &m->resolutions[t->index];
        return add_signature(d, &r->signatures, &r->signatures_count);
    }
    struct meeting_minutes *minutes = &m->minutes[t->index];
    int err = add_signature(d, &minutes->signatures, &minutes->signatures_count);
    if (err == HOP_OK)
        minutes_seal(d, t->index);
    return err;
}

/* ---- reading back and correcting ---- */

/* Of signed minutes; or, before the close, of the draft that the record makes: the meeting. */
static bool reads_draft(const struct act *a)
{
    return memcmp(a->target, a->meeting, 32) == 0;
}

int permit_read_back(const struct ask *q)
{
    if (!reads_draft(q->a) && thing_of(q->s, q->a, q->f, THING_MINUTES) == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_MINUTES, 0);
    int err = need_recorder(q);
    return err == HOP_OK && reads_draft(q->a) ? need_stage(q, STAGE_OPENED) : err;
}

int now_read_back(const struct ask *q)
{
    int err = now_unsealed(q);
    return err == HOP_OK && reads_draft(q->a) ? need_open(q) : err;
}

int fold_read_back(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (reads_draft(d->a)) {
        if (seen_closed(d))
            return text_say(&d->why, REFUSE_CLOSED, 0);
        m->draft_read_by = d->e->member;
        m->draft_read_wall = d->e->wall;
        return HOP_OK;
    }
    struct meeting_minutes *one = &m->minutes[thing_find(d->s, d->a->target)->index];
    one->read_back = true;
    one->read_by = d->e->member;
    one->read_wall = d->e->wall;
    return HOP_OK;
}

int permit_correction(const struct ask *q)
{
    if (thing_of(q->s, q->a, q->f, THING_MINUTES) == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_MINUTES, 0);
    return need_speaker(q);
}

/* Now: what is sealed is not corrected. */
int now_unsealed(const struct ask *q)
{
    return sealed_minutes(&q->f->m) != NULL ? text_say(q->why, REFUSE_SEALED, 0) : HOP_OK;
}

int fold_correction(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (seen_sealed(d))
        return text_say(&d->why, REFUSE_SEALED, 0);
    if (m->corrections_count == MEETING_TURNS_MAX)
        return too_many(d);
    struct meeting_correction *list =
        list_grown(m->corrections, m->corrections_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->corrections = list;
    struct meeting_correction c = {.member = d->e->member,
                                   .entry = d->e->entry,
                                   .text = text_of(d->a->text),
                                   .wall = d->e->wall};
    memcpy(c.id, d->e->id, 32);
    memcpy(c.minutes, d->a->target, 32);
    int err = c.text == NULL ? HOP_ENOMEM : add_thing(d, THING_CORRECTION, m->corrections_count);
    if (err != HOP_OK) {
        free(c.text);
        return err;
    }
    list[m->corrections_count++] = c;
    return HOP_OK;
}

int permit_corrected(const struct ask *q)
{
    if (thing_of(q->s, q->a, q->f, THING_CORRECTION) == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_CORRECTION, 0);
    return need_recorder(q);
}

/* The first answer that is met holds; a second says so. */
int fold_corrected(struct fold *d)
{
    const struct thing *t = thing_find(d->s, d->a->target);
    struct meeting_correction *c = &d->f->m.corrections[t->index];
    if (c->answered != 0)
        return text_say(&d->why, REFUSE_ANSWERED, 0);
    c->answer = text_of(d->a->text);
    if (c->answer == NULL)
        return HOP_ENOMEM;
    c->answered = d->a->value;
    return HOP_OK;
}

int now_corrected(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    if (q->f->m.corrections[t->index].answered != 0)
        return text_say(q->why, REFUSE_ANSWERED, 0);
    /* What came too late is answered with a no; what is right in it goes into a supplement. */
    return q->a->value == 1 ? now_unsealed(q) : HOP_OK;
}

int permit_supplement(const struct ask *q)
{
    int err = need_recorder(q);
    if (err == HOP_OK && sealed_minutes(&q->f->m) == NULL)
        err = text_say(q->why, REFUSE_NOT_SEALED, 0);
    return err;
}

/* ---- resolutions and reserved opinions ---- */

/* From a motion that was adopted, from a draft that was consulted on, or from neither. */
int permit_resolution(const struct ask *q)
{
    static const uint8_t none[32];
    int err = need_recorder(q);
    if (err == HOP_OK)
        err = need_over(q);
    if (err == HOP_OK && memcmp(q->a->target, none, sizeof none) != 0 &&
        thing_of(q->s, q->a, q->f, THING_MOTION) == NULL &&
        thing_of(q->s, q->a, q->f, THING_DOCUMENT) == NULL)
        err = text_say(q->why, REFUSE_UNKNOWN_MOTION, 0);
    return err;
}

/* Numbers begin anew each year: of the year that the meeting was prepared in. */
static const char *number_taken(const struct ask *q)
{
    int offset = q->s->procedure->utc_offset_minutes;
    int year = civil_of(q->f->m.wall, offset).year;
    for (size_t i = 0; i < q->s->meetings_count; i++) {
        const struct meeting *m = &q->s->meetings[i]->m;
        if (m != &q->f->m &&
            (m->practice != q->f->m.practice || civil_of(m->wall, offset).year != year))
            continue;
        for (size_t k = 0; k < m->resolutions_count; k++) {
            if (span_equal(span_text(m->resolutions[k].number), q->a->number))
                return m->resolutions[k].number;
        }
    }
    return NULL;
}

int now_resolution(const struct ask *q)
{
    const struct thing *t = thing_of(q->s, q->a, q->f, THING_MOTION);
    const struct meeting_motion *m = t == NULL ? NULL : &q->f->m.motions[t->index];
    if (m != NULL && (m->outcome != OUTCOME_ADOPTED || m->settled == SETTLED_ANNULLED ||
                      (m->disputed && m->settled == SETTLED_NOT)))
        return text_say(q->why, REFUSE_NOT_ADOPTED, 0);
    const char *taken = number_taken(q);
    return taken != NULL ? text_say(q->why, REFUSE_NUMBER_TAKEN, 1, taken) : HOP_OK;
}

int fold_resolution(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->resolutions_count == MEETING_TURNS_MAX)
        return too_many(d);
    struct meeting_resolution *list =
        list_grown(m->resolutions, m->resolutions_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->resolutions = list;
    struct meeting_resolution r = {.member = d->e->member,
                                   .entry = d->e->entry,
                                   .number = text_of(d->a->number),
                                   .title = text_of(d->a->title),
                                   .text = text_of(d->a->text),
                                   .wall = d->e->wall};
    memcpy(r.id, d->e->id, 32);
    memcpy(r.target, d->a->target, 32);
    int err = HOP_ENOMEM;
    if (r.number != NULL && r.title != NULL && r.text != NULL)
        err = add_thing(d, THING_RESOLUTION, m->resolutions_count);
    if (err != HOP_OK) {
        free(r.number);
        free(r.title);
        free(r.text);
        return err;
    }
    list[m->resolutions_count++] = r;
    return HOP_OK;
}

int permit_reserve(const struct ask *q)
{
    if (thing_of(q->s, q->a, q->f, THING_RESOLUTION) == NULL &&
        thing_of(q->s, q->a, q->f, THING_MOTION) == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_MOTION, 0);
    return need_vote(q);
}

int fold_reserve(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->reserved_count == MEETING_TURNS_MAX)
        return too_many(d);
    struct meeting_reserved *list = list_grown(m->reserved, m->reserved_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->reserved = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    struct meeting_reserved *r = &list[m->reserved_count++];
    *r = (struct meeting_reserved){
        .member = d->e->member, .entry = d->e->entry, .text = text, .wall = d->e->wall};
    memcpy(r->target, d->a->target, 32);
    return HOP_OK;
}

/* ---- tasks ---- */

int permit_task(const struct ask *q)
{
    int err = need_recorder(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_CONVENED);
    if (err == HOP_OK && !ask_is_member(q, q->a->person))
        err = text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    return err != HOP_OK ? err : need_item(q);
}

int fold_task(struct fold *d)
{
    struct meeting *m = &d->f->m;
    size_t person = cell_member_index(d->c, d->a->person);
    if (person == SIZE_MAX)
        return text_say(&d->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (m->tasks_count == MEETING_TURNS_MAX)
        return too_many(d);
    struct meeting_task *list = list_grown(m->tasks, m->tasks_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->tasks = list;
    struct meeting_task t = {.member = d->e->member,
                             .person = (uint32_t)person,
                             .item = d->a->item,
                             .entry = d->e->entry,
                             .text = text_of(d->a->text),
                             .due = text_of(d->a->when),
                             .note = text_of((struct span){0}),
                             .state = TASK_OPEN,
                             .wall = d->e->wall};
    memcpy(t.id, d->e->id, 32);
    int err = HOP_ENOMEM;
    if (t.text != NULL && t.due != NULL && t.note != NULL)
        err = add_thing(d, THING_TASK, m->tasks_count);
    if (err != HOP_OK) {
        free(t.text);
        free(t.due);
        free(t.note);
        return err;
    }
    list[m->tasks_count++] = t;
    return HOP_OK;
}

/* Whose task it is says how it stands; so may who records. */
int permit_task_state(const struct ask *q)
{
    const struct thing *t = thing_of(q->s, q->a, q->f, THING_TASK);
    if (t == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_TASK, 0);
    return q->f->m.tasks[t->index].person == q->member ? HOP_OK : need_recorder(q);
}

int fold_task_state(struct fold *d)
{
    const struct thing *t = thing_find(d->s, d->a->target);
    struct meeting_task *task = &d->f->m.tasks[t->index];
    char *note = text_of(d->a->text);
    if (note == NULL)
        return HOP_ENOMEM;
    free(task->note);
    task->note = note;
    task->state = (enum act_task_state)d->a->value;
    task->state_wall = d->e->wall;
    return HOP_OK;
}

/* ---- the score ---- */

int permit_score(const struct ask *q)
{
    const struct procedure *p = q->s->procedure;
    int err = need_recorder(q);
    if (err == HOP_OK)
        err = need_over(q);
    bool fits = q->a->counts_count == p->score_count;
    for (size_t i = 0; fits && i < p->score_count; i++)
        fits = q->a->counts[i] <= p->score_max[i];
    return err == HOP_OK && !fits ? text_say(q->why, REFUSE_SCORE, 0) : err;
}

int fold_score(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->scores_count == MEETING_MINUTES_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_MINUTES_MAX));
    struct meeting_score *list = list_grown(m->scores, m->scores_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->scores = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    struct meeting_score *s = &list[m->scores_count++];
    *s = (struct meeting_score){.member = d->e->member,
                                .entry = d->e->entry,
                                .count = d->a->counts_count,
                                .text = text,
                                .wall = d->e->wall};
    memcpy(s->points, d->a->counts, sizeof s->points);
    return HOP_OK;
}
