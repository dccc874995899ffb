/* What is of no one meeting: reports, the private line, PINs, meetings that were due and not held;
 * and what the cell owes: reminders, excuses, the periodic meeting, who attended. */
#include "meeting/state.h"

#include <stdio.h>
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

/* ---- the periodic duty ---- */

static int month_number(struct civil t)
{
    return t.year * 12 + t.month - 1;
}

static bool counts_for_duty(const struct procedure *p, const struct meeting *m)
{
    const struct procedure_form *f = procedure_find_form(p, m->form);
    return !m->practice && m->stage == STAGE_CLOSED && f != NULL &&
           (f == &p->forms[0] || strcmp(f->counted_in, p->forms[0].name) == 0);
}

static const struct meeting_not_held *find_not_held(const struct meeting_state *s, int month)
{
    char period[16];
    (void)snprintf(period, sizeof period, "%02d/%d", month % 12 + 1, month / 12);
    for (size_t i = s->not_held_count; i-- > 0;) {
        if (strncmp(s->not_held[i].period, period, strlen(period)) == 0)
            return &s->not_held[i];
    }
    return NULL;
}

static size_t held_in(const struct meeting_state *s, int month)
{
    size_t held = 0;
    for (size_t i = 0; i < s->meetings_count; i++) {
        const struct meeting *m = &s->meetings[i]->m;
        if (counts_for_duty(s->procedure, m) &&
            month_number(civil_of(m->close_wall, s->procedure->utc_offset_minutes)) == month)
            held++;
    }
    return held;
}

size_t meeting_months(const struct meeting_state *s, uint64_t now, struct meeting_month *ret,
                      size_t max)
{
    const struct procedure *p = s->procedure;
    int last = month_number(civil_of(now, p->utc_offset_minutes)), first = last + 1;
    size_t count = 0;
    for (size_t i = 0; i < s->meetings_count; i++) {
        const struct meeting *m = &s->meetings[i]->m;
        int month = month_number(civil_of(m->close_wall, p->utc_offset_minutes));
        if (counts_for_duty(p, m) && month < first)
            first = month;
    }
    if (p->period_months == 0)
        return 0;
    for (int month = last; month >= first && count < max; month--) {
        struct meeting_month *one = &ret[count++];
        *one = (struct meeting_month){.year = month / 12,
                                      .month = month % 12 + 1,
                                      .held = held_in(s, month),
                                      .not_held = find_not_held(s, month)};
        one->due = one->held == 0 && one->not_held == NULL && month < last;
    }
    return count;
}
