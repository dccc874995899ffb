/* What is of no one meeting: reports, the private line, PINs, meetings that were due and not held;
 * and what the cell owes: reminders, excuses, the periodic meeting, who attended. */
#include "meeting/state.h"

#include <stdlib.h>

static int too_many(struct fold *d)
{
    return text_say(&d->why, REFUSE_TOO_MANY_ALL, 1, NUMBER_TEXT(MEETING_APART_MAX));
}

/* ---- reports ---- */

int permit_report(const struct ask *q)
{
    return need_speaker(q);
}

int fold_report(struct fold *d)
{
    struct meeting_state *s = d->s;
    if (s->reports_count == MEETING_APART_MAX)
        return too_many(d);
    struct meeting_report *list = list_grown(s->reports, s->reports_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    s->reports = list;
    struct meeting_report r = {.member = d->e->member,
                               .entry = d->e->entry,
                               .urgent = (d->a->flags & FLAG_URGENT) != 0,
                               .state = d->a->value,
                               .place = text_of(d->a->place),
                               .text = text_of(d->a->text),
                               .counts_count = d->a->counts_count,
                               .wall = d->e->wall};
    memcpy(r.id, d->e->id, 32);
    memcpy(r.meeting, d->a->meeting, 32);
    memcpy(r.counts, d->a->counts, sizeof r.counts);
    if (r.place == NULL || r.text == NULL) {
        free(r.place);
        free(r.text);
        return HOP_ENOMEM;
    }
    list[s->reports_count++] = r;
    return HOP_OK;
}

/* ---- the private line, PINs ---- */

int fold_private(struct fold *d)
{
    struct meeting_state *s = d->s;
    if (s->privates_count == MEETING_APART_MAX)
        return too_many(d);
    struct meeting_private *list = list_grown(s->privates, s->privates_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    s->privates = list;
    struct meeting_private *p = &list[s->privates_count++];
    *p = (struct meeting_private){.member = d->e->member, .entry = d->e->entry, .wall = d->e->wall};
    memcpy(p->id, d->e->id, 32);
    return HOP_OK;
}

/* The last of a member holds. */
int fold_pin(struct fold *d)
{
    struct meeting_state *s = d->s;
    for (size_t i = 0; i < s->pins_count; i++) {
        if (s->pins[i].member == d->e->member) {
            memcpy(s->pins[i].key, d->a->target, 32);
            return HOP_OK;
        }
    }
    struct meeting_pin *list = list_grown(s->pins, s->pins_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    s->pins = list;
    struct meeting_pin *p = &list[s->pins_count++]; /* at most one a member */
    p->member = d->e->member;
    memcpy(p->key, d->a->target, 32);
    return HOP_OK;
}

const uint8_t *meeting_pin_of(const struct meeting_state *s, uint32_t member)
{
    for (size_t i = 0; i < s->pins_count; i++) {
        if (s->pins[i].member == member)
            return s->pins[i].key;
    }
    return NULL;
}

/* ---- not held ---- */

int permit_not_held(const struct ask *q)
{
    return cell_member(q->c, q->member)->rank >= 1 ? HOP_OK
                                                   : text_say(q->why, REFUSE_NOT_COMMITTEE, 0);
}

int fold_not_held(struct fold *d)
{
    struct meeting_state *s = d->s;
    if (s->not_held_count == MEETING_APART_MAX)
        return too_many(d);
    struct meeting_not_held *list = list_grown(s->not_held, s->not_held_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    s->not_held = list;
    struct meeting_not_held n = {.member = d->e->member,
                                 .entry = d->e->entry,
                                 .period = text_of(d->a->title),
                                 .form = text_of(d->a->form),
                                 .text = text_of(d->a->text),
                                 .wall = d->e->wall};
    if (n.period == NULL || n.form == NULL || n.text == NULL) {
        free(n.period);
        free(n.form);
        free(n.text);
        return HOP_ENOMEM;
    }
    list[s->not_held_count++] = n;
    return HOP_OK;
}

void apart_free(struct meeting_state *s)
{
    for (size_t i = 0; i < s->reports_count; i++) {
        free(s->reports[i].place);
        free(s->reports[i].text);
    }
    for (size_t i = 0; i < s->not_held_count; i++) {
        free(s->not_held[i].period);
        free(s->not_held[i].form);
        free(s->not_held[i].text);
    }
    free(s->reports);
    free(s->not_held);
    free(s->privates);
    free(s->pins);
}

/* ---- reminders and excuses ---- */

int permit_remind(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    if (t == NULL || (t->kind != THING_NOTICE && t->kind != THING_DOCUMENT) ||
        q->s->meetings[t->meeting] != q->f)
        return text_say(q->why, REFUSE_UNKNOWN_THING, 0);
    return need_arranger(q);
}

int fold_remind(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->reminders_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_reminder *list = list_grown(m->reminders, m->reminders_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->reminders = list;
    struct meeting_reminder r = {.member = d->e->member, .entry = d->e->entry, .wall = d->e->wall};
    memcpy(r.target, d->a->target, 32);
    int err = people_copy(&r.people, &d->a->people);
    if (err == HOP_OK)
        list[m->reminders_count++] = r;
    return err;
}

int permit_excuse(const struct ask *q)
{
    int err = need_speaker(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_CONVENED);
    if (err == HOP_OK && q->a->value == 1 && q->a->text.size == 0)
        err = text_say(q->why, REFUSE_NEEDS_REASON, 0);
    return err;
}

int fold_excuse(struct fold *d)
{
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    struct meeting_roll_line *line = &d->f->m.roll[d->e->member];
    char *excuse = NULL;
    if (d->a->value == 1) {
        excuse = text_of(d->a->text);
        if (excuse == NULL)
            return HOP_ENOMEM;
    }
    free(line->excuse);
    line->excuse = excuse;
    return HOP_OK;
}

/* ---- reading ---- */

size_t meeting_report_count(const struct meeting_state *s)
{
    return s->reports_count;
}

const struct meeting_report *meeting_report_at(const struct meeting_state *s, size_t index)
{
    return &s->reports[index];
}

size_t meeting_not_held_count(const struct meeting_state *s)
{
    return s->not_held_count;
}

const struct meeting_not_held *meeting_not_held_at(const struct meeting_state *s, size_t index)
{
    return &s->not_held[index];
}

size_t meeting_private_count(const struct meeting_state *s)
{
    return s->privates_count;
}

const struct meeting_private *meeting_private_at(const struct meeting_state *s, size_t index)
{
    return &s->privates[index];
}

/* Attendance is of meetings that were held: closed, real, and of those who were known then. */
struct meeting_attendance meeting_attendance_of(const struct meeting_state *s, uint32_t member)
{
    struct meeting_attendance n = {0};
    for (size_t i = 0; i < s->meetings_count; i++) {
        const struct meeting *m = &s->meetings[i]->m;
        if (m->practice || m->stage != STAGE_CLOSED || m->kind == FORM_CONSULTATION ||
            member >= m->roll_count || !m->roll[member].known)
            continue;
        n.held++;
        n.of[m->roll[member].status]++;
        n.in_a_row = m->roll[member].status == ROLL_PRESENT ? 0 : n.in_a_row + 1;
    }
    return n;
}
