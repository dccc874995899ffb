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

int now_report(const struct ask *q)
{
    return q->a->value <= q->s->procedure->states_count ? HOP_OK
                                                        : text_say(q->why, REFUSE_BAD_VALUE, 0);
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

/* All are kept: a site that had not heard of the newest was right to take the one before. */
int fold_pin(struct fold *d)
{
    struct meeting_state *s = d->s;
    if (s->pins_count == MEETING_APART_MAX)
        return too_many(d);
    struct meeting_pin *list = list_grown(s->pins, s->pins_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    s->pins = list;
    struct meeting_pin *p = &list[s->pins_count++];
    *p = (struct meeting_pin){.member = d->e->member, .entry = d->e->entry};
    memcpy(p->key, d->a->target, 32);
    return HOP_OK;
}

const uint8_t *pin_seen(const struct ask *q, uint32_t member)
{
    for (size_t i = q->s->pins_count; i-- > 0;) {
        const struct meeting_pin *p = &q->s->pins[i];
        if (p->member == member && ask_saw(q, p->entry))
            return p->key;
    }
    return NULL;
}

const uint8_t *meeting_pin_of(const struct meeting_state *s, uint32_t member)
{
    return pin_seen(&(struct ask){.s = s}, member);
}

/* ---- not held ---- */

int permit_not_held(const struct ask *q)
{
    return q->standing.rank >= 1 ? HOP_OK : text_say(q->why, REFUSE_NOT_COMMITTEE, 0);
}

/* "MM/YYYY", and what follows it; the month as a number from year 0. */
static bool period_of(struct span text, int *ret_month)
{
    int month = 0, year = 0;
    if (text.size < 7 || text.data[2] != '/')
        return false;
    for (size_t i = 0; i < 7; i++) {
        int digit = text.data[i] - '0';
        if (i != 2 && (digit < 0 || digit > 9))
            return false;
        if (i < 2)
            month = month * 10 + digit;
        else if (i > 2)
            year = year * 10 + digit;
    }
    *ret_month = year * 12 + month - 1;
    bool more = text.size > 7 && text.data[7] >= '0' && text.data[7] <= '9';
    return month >= 1 && month <= 12 && !more;
}

int now_not_held(const struct ask *q)
{
    int month;
    return period_of(q->a->title, &month) ? HOP_OK : text_say(q->why, REFUSE_PERIOD, 0);
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
    line->excuse_entry = d->e->entry;
    line->excuse_late = excuse != NULL && d->f->m.stage == STAGE_CLOSED;
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

/* How the member stood at a meeting, or at the group's own one that brings it to the group; false:
 * it was not for this member. */
static bool attended_as(const struct meeting *m, const struct cell *c, uint32_t member,
                        enum act_roll *ret)
{
    const struct meeting_roll_line *line = &m->roll[member];
    *ret = line->attended ? ROLL_PRESENT : line->status;
    if (line->concerned && *ret != ROLL_UNKNOWN)
        return true;
    for (size_t i = m->cascades_count; i-- > 0;) {
        const struct act_people *p = &m->cascades[i].people;
        for (size_t k = 0; k < p->count; k++) {
            uint8_t value;
            if (memcmp(act_person(p, k, &value), cell_member(c, member)->id, 16) == 0) {
                *ret = (enum act_roll)value;
                return true;
            }
        }
    }
    return line->concerned;
}

/* Of meetings that were held: closed, real, and of those who were known then. */
struct meeting_attendance meeting_attendance_of(const struct meeting_state *s, const struct cell *c,
                                                uint32_t member)
{
    struct meeting_attendance n = {0};
    for (size_t i = 0; i < s->meetings_count; i++) {
        const struct meeting *m = &s->meetings[i]->m;
        enum act_roll as;
        if (m->practice || m->stage != STAGE_CLOSED || m->kind == FORM_CONSULTATION ||
            member >= m->roll_count || !m->roll[member].known || !attended_as(m, c, member, &as))
            continue;
        n.held++;
        n.of[as]++;
        n.in_a_row = as == ROLL_PRESENT ? 0 : n.in_a_row + 1;
    }
    return n;
}

/* ---- documents in time ---- */

/* Days from 1970-01-01 to a date; the inverse of civil_of(), by the same eras of 400 years. */
static int64_t days_to(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = y / 400, of_era = y % 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

/* The first "D/M/YYYY" in what people wrote. */
static bool date_in(const char *text, int64_t *ret_day)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned day, month, year;
        bool begins = *p >= '0' && *p <= '9' && (p == text || p[-1] < '0' || p[-1] > '9');
        if (!begins || sscanf(p, "%2u/%2u/%4u", &day, &month, &year) != 3)
            continue;
        if (day < 1 || day > 31 || month < 1 || month > 12 || year < 1970)
            continue;
        *ret_day = days_to((int)year, (int)month, (int)day);
        return true;
    }
    return false;
}

bool meeting_lead_days(const struct meeting_state *s, const struct meeting *m, uint64_t wall,
                       int *ret_days)
{
    int64_t begins;
    if (!date_in(m->when, &begins))
        return false;
    struct civil sent = civil_of(wall, s->procedure->utc_offset_minutes);
    int64_t days = begins - days_to(sent.year, sent.month, sent.day);
    *ret_days = days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : (int)days;
    return true;
}

unsigned meeting_notice_days(const struct meeting_state *s, const struct meeting *m)
{
    const struct procedure_form *f = procedure_find_form(s->procedure, m->form);
    return f != NULL && f->notice_days >= 0 ? (unsigned)f->notice_days : s->procedure->notice_days;
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

/* The last word about a month. */
static const struct meeting_not_held *find_not_held(const struct meeting_state *s, int month)
{
    for (size_t i = s->not_held_count; i-- > 0;) {
        int of;
        if (period_of(span_text(s->not_held[i].period), &of) && of == month)
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

/* Is there anything in the months of the period that ends with this one? */
static bool period_kept(const struct meeting_state *s, int month)
{
    for (unsigned i = 0; i < s->procedure->period_months; i++) {
        if (held_in(s, month - (int)i) > 0 || find_not_held(s, month - (int)i) != NULL)
            return true;
    }
    return false;
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
        one->due = month < last && !period_kept(s, month);
    }
    return count;
}
