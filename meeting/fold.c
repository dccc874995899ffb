/* The acts that make a meeting and take it from stage to stage: meeting, documents, notice,
 * opinions, opening, close, minutes. */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

static int add_thing(struct fold *d, enum thing_kind kind, size_t index)
{
    struct thing t = {.kind = kind, .meeting = d->meeting, .index = (uint32_t)index};
    memcpy(t.id, d->e->id, 32);
    return thing_add(d->s, &t);
}

bool seen_closed(const struct fold *d)
{
    return d->f->m.stage == STAGE_CLOSED && history_saw(d->h, d->e->entry, d->f->m.close_entry);
}

/* In the fold, concurrent with the close or after it in canonical order: the close had not seen it.
 */
static bool came_late(const struct fold *d)
{
    return d->f->m.stage == STAGE_CLOSED;
}

static uint32_t member_or(const struct cell *c, const uint8_t id[static 16], uint32_t otherwise)
{
    size_t index = cell_member_index(c, id);
    return index == SIZE_MAX ? otherwise : (uint32_t)index;
}

/* Who led the cell as this record had seen it: the secretary; without one, the founder; without
 * either, its author. */
static uint32_t head_seen(const struct fold *d)
{
    uint32_t founder = d->e->member;
    for (uint32_t i = 0; i < cell_member_count(d->c); i++) {
        const struct cell_member *m = cell_member(d->c, i);
        struct cell_standing st = cell_standing_at(d->c, d->h, i, d->e->entry);
        if (st.active && st.role == ROLE_SECRETARY)
            return i;
        if (st.active && memcmp(m->admitted_by, m->id, sizeof m->id) == 0)
            founder = i;
    }
    return founder;
}

static int copy_meeting(struct meeting *m, const struct fold *d)
{
    const struct act *a = d->a;
    uint32_t office = head_seen(d);
    *m = (struct meeting){.entry = d->e->entry,
                          .author = d->e->member,
                          .title = text_of(a->title),
                          .form = text_of(a->form),
                          .when = text_of(a->when),
                          .place = text_of(a->place),
                          .basis = text_of(a->basis),
                          .reason = text_of(a->reason),
                          .chair = member_or(d->c, a->chair, office),
                          .secretary = member_or(d->c, a->secretary, office),
                          .notice_entry = HISTORY_NONE,
                          .open_entry = HISTORY_NONE,
                          .close_entry = HISTORY_NONE,
                          .wall = d->e->wall};
    memcpy(m->id, d->e->id, 32);
    m->sitting_chair = m->chair;
    m->practice = (a->flags & FLAG_PRACTICE) != 0;
    memcpy(m->group, a->group, sizeof m->group);
    memcpy(m->parent, a->parent, sizeof m->parent);
    if (people_copy(&m->invited, &a->people) != HOP_OK)
        return HOP_ENOMEM;
    if (m->title == NULL || m->form == NULL || m->when == NULL || m->place == NULL ||
        m->basis == NULL || m->reason == NULL)
        return HOP_ENOMEM;
    if (a->agenda_count == 0)
        return HOP_OK;
    m->agenda = calloc(a->agenda_count, sizeof *m->agenda);
    if (m->agenda == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; i < a->agenda_count; i++) {
        m->agenda[i] = text_of(a->agenda[i]);
        if (m->agenda[i] == NULL)
            return HOP_ENOMEM;
        m->agenda_count++;
    }
    return HOP_OK;
}

static enum procedure_kind kind_of(const struct fold *d, const char *form)
{
    const struct procedure_form *f = procedure_find_form(d->s->procedure, form);
    return f == NULL ? FORM_LIVE : f->kind; /* of a procedure that is not known here yet */
}

int fold_meeting(struct fold *d)
{
    struct meeting_state *s = d->s;
    struct meeting_full **meetings =
        grown(s->meetings, &s->meetings_room, s->meetings_count, sizeof *meetings);
    if (meetings == NULL)
        return HOP_ENOMEM;
    s->meetings = meetings;
    struct meeting_full *f = calloc(1, sizeof *f);
    if (f == NULL)
        return HOP_ENOMEM;
    d->meeting = (uint32_t)s->meetings_count;
    int err = copy_meeting(&f->m, d);
    if (err == HOP_OK) {
        f->m.kind = kind_of(d, f->m.form);
        err = roll_resize(f, d->c);
    }
    if (err == HOP_OK)
        err = add_thing(d, THING_MEETING, 0);
    if (err != HOP_OK) {
        full_free(f);
        return err;
    }
    roll_refresh(s, d->c, f);
    s->meetings[s->meetings_count++] = f;
    return HOP_OK;
}

int fold_document(struct fold *d)
{
    struct meeting_full *f = d->f;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (f->m.documents_count == MEETING_DOCUMENTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_DOCUMENTS_MAX));
    struct meeting_document *documents =
        grown(f->m.documents, &f->documents_room, f->m.documents_count, sizeof *documents);
    if (documents == NULL)
        return HOP_ENOMEM;
    f->m.documents = documents;
    struct meeting_document doc = {.member = d->e->member,
                                   .item = d->a->item,
                                   .title = text_of(d->a->title),
                                   .number = text_of(d->a->number),
                                   .media_type = text_of(d->a->media_type),
                                   .size = d->a->size,
                                   .class = (enum act_class)d->a->value,
                                   .entry = d->e->entry,
                                   .wall = d->e->wall,
                                   .late = came_late(d)};
    memcpy(doc.id, d->e->id, 32);
    memcpy(doc.revises, d->a->target, 32);
    int err = HOP_ENOMEM;
    if (doc.title != NULL && doc.number != NULL && doc.media_type != NULL)
        err = board_resize(&doc.receipts, &doc.receipts_count, doc.member, cell_member_count(d->c));
    if (err == HOP_OK)
        err = add_thing(d, THING_DOCUMENT, f->m.documents_count);
    if (err != HOP_OK) {
        free(doc.title);
        free(doc.number);
        free(doc.media_type);
        free(doc.receipts);
        return err;
    }
    f->m.documents[f->m.documents_count++] = doc;
    return HOP_OK;
}

int fold_notice(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->stage > STAGE_PREPARED)
        return text_say(&d->why, REFUSE_NOTICE_TWICE, 0);
    char *words = text_of(d->a->text);
    if (words == NULL)
        return HOP_ENOMEM;
    int err = board_resize(&m->receipts, &m->receipts_count, d->e->member, cell_member_count(d->c));
    if (err == HOP_OK)
        err = add_thing(d, THING_NOTICE, 0);
    if (err != HOP_OK) {
        free(words);
        return err;
    }
    m->notice = words;
    m->stage = STAGE_CONVENED;
    m->notice_entry = d->e->entry;
    m->notice_wall = d->e->wall;
    m->convened_by = d->e->member;
    memcpy(m->notice_id, d->e->id, 32);
    return HOP_OK;
}

int fold_opinion(struct fold *d)
{
    struct meeting_full *f = d->f;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    struct meeting_opinion *opinions =
        grown(f->m.opinions, &f->opinions_room, f->m.opinions_count, sizeof *opinions);
    if (opinions == NULL)
        return HOP_ENOMEM;
    f->m.opinions = opinions;
    struct meeting_opinion o = {.member = member_or(d->c, d->a->person, d->e->member),
                                .by = d->e->member,
                                .item = d->a->item,
                                .entry = d->e->entry,
                                .text = text_of(d->a->text),
                                .wall = d->e->wall,
                                .late = came_late(d)};
    if (o.text == NULL)
        return HOP_ENOMEM;
    memcpy(o.id, d->e->id, 32);
    /* Not yet opened in the order: then no record before the opening can have seen it. */
    o.prepared =
        f->m.open_entry == HISTORY_NONE || !history_saw(d->h, d->e->entry, f->m.open_entry);
    f->m.opinions[f->m.opinions_count++] = o;
    return HOP_OK;
}

int fold_open(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->stage > STAGE_CONVENED)
        return text_say(&d->why, REFUSE_OPEN_TWICE, 0);
    m->stage = STAGE_OPENED;
    m->open_entry = d->e->entry;
    m->open_wall = d->e->wall;
    m->opened_by = d->e->member;
    return HOP_OK;
}

/* Opinions and documents that the record closing the meeting had not seen. There may be very many,
 * so it is asked once a log how far it had been seen, not once a record. */
static int mark_late(struct fold *d)
{
    struct meeting *m = &d->f->m;
    uint64_t *seen = calloc(d->s->logs_count + 1, sizeof *seen); /* by log: seq of the last seen */
    if (seen == NULL)
        return HOP_ENOMEM;
    for (size_t i = 0; i < d->s->logs_count; i++) {
        uint32_t last = log_last_seen(d->h, &d->s->logs[i], d->e->entry);
        seen[i] = last == HISTORY_NONE ? 0 : history_at(d->h, last)->seq;
    }
    for (size_t i = 0; i < m->opinions_count; i++) {
        const struct history_entry *e = history_at(d->h, m->opinions[i].entry);
        m->opinions[i].late = e->seq > seen[e->log];
    }
    for (size_t i = 0; i < m->documents_count; i++) {
        const struct history_entry *e = history_at(d->h, m->documents[i].entry);
        m->documents[i].late = e->seq > seen[e->log];
    }
    free(seen);
    return HOP_OK;
}

/* Closed twice, neither having seen the other: the first in the order is the close of the meeting;
 * the other closes the votes of its side all the same, and is shown. */
static int close_apart(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->closes_count == MEETING_COUNTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_COUNTS_MAX));
    struct meeting_close *list = list_grown(m->closes, m->closes_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->closes = list;
    list[m->closes_count++] =
        (struct meeting_close){.member = d->e->member, .entry = d->e->entry, .wall = d->e->wall};
    return motions_close_all(d);
}

int fold_close(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSE_TWICE, 0);
    if (m->stage == STAGE_CLOSED)
        return close_apart(d);
    int err = motions_close_all(d);
    if (err != HOP_OK)
        return err;
    m->stage = STAGE_CLOSED;
    m->close_entry = d->e->entry;
    m->close_wall = d->e->wall;
    m->closed_by = d->e->member;
    roll_close(d);
    replies_close(d);
    for (size_t i = 0; i < m->motions_count && err == HOP_OK; i++) {
        if (!m->motions[i].closed) /* those that this record had not seen */
            err = motion_recount(d, i);
    }
    if (err != HOP_OK)
        return err;
    err = mark_late(d);
    if (err != HOP_OK)
        return err;
    roll_refresh(d->s, d->c, d->f);
    return HOP_OK;
}

int fold_minutes(struct fold *d)
{
    struct meeting_full *f = d->f;
    bool supplement = d->a->type == ACT_SUPPLEMENT;
    if (!supplement && seen_sealed(d))
        return text_say(&d->why, REFUSE_SEALED, 0);
    if (f->m.minutes_count == MEETING_MINUTES_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_MINUTES_MAX));
    struct meeting_minutes *minutes =
        grown(f->m.minutes, &f->minutes_room, f->m.minutes_count, sizeof *minutes);
    if (minutes == NULL)
        return HOP_ENOMEM;
    f->m.minutes = minutes;
    struct meeting_minutes one = {.member = d->e->member,
                                  .entry = d->e->entry,
                                  .text = text_of(d->a->text),
                                  .form = d->a->value,
                                  .supplement = supplement,
                                  .wall = d->e->wall};
    int err = one.text == NULL ? HOP_ENOMEM : add_thing(d, THING_MINUTES, f->m.minutes_count);
    if (err != HOP_OK) {
        free(one.text);
        return err;
    }
    memcpy(one.id, d->e->id, 32);
    assert(d->a->language.size == 2); /* act_parse() takes "vi" and "en" only */
    memcpy(one.language, d->a->language.data, 2);
    f->m.minutes[f->m.minutes_count++] = one;
    minutes_seal(d, f->m.minutes_count - 1);
    return HOP_OK;
}
