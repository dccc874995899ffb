/* Forms of their own: the written consultation, the return of a group, the ceremony.
 *
 * A consultation has no live part: the notice sends the draft, members reply, and the chair's CLOSE
 * is the deadline, an event and no time of day. Replies it had not seen are late: kept, shown
 * apart, not counted. Who has not replied is counted by name, never as agreeing. */
#include "meeting/state.h"

#include <stdlib.h>

bool meeting_concerns(const struct meeting *m, uint32_t member)
{
    return member < m->roll_count && m->roll[member].concerned;
}

/* ---- replies ---- */

int permit_reply(const struct ask *q)
{
    if (q->f->m.kind != FORM_CONSULTATION)
        return text_say(q->why, REFUSE_NOT_IN_WRITING, 0);
    bool concerned[CELL_MEMBERS_MAX];
    int err = need_speaker(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_CONVENED);
    circle_seen(concerned, &q->f->m, q->c, q->h, q->entry);
    if (err == HOP_OK && !concerned[q->member])
        err = text_say(q->why, REFUSE_NOT_ASKED, 0);
    if (err == HOP_OK && q->a->value == REPLY_OTHER && q->a->text.size == 0)
        err = text_say(q->why, REFUSE_EMPTY_TEXT, 0);
    return err;
}

int fold_reply(struct fold *d)
{
    struct meeting *m = &d->f->m;
    size_t before = 0;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    for (size_t i = 0; i < m->replies_count; i++)
        before += m->replies[i].member == d->e->member;
    if (before >= MEETING_CHANGES_MAX) /* of one member, so that nobody fills the list for all */
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_CHANGES_MAX));
    struct meeting_reply *list = list_grown(m->replies, m->replies_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->replies = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    list[m->replies_count++] = (struct meeting_reply){.member = d->e->member,
                                                      .reply = (enum act_reply)d->a->value,
                                                      .entry = d->e->entry,
                                                      .late = m->stage == STAGE_CLOSED,
                                                      .text = text,
                                                      .wall = d->e->wall};
    return HOP_OK;
}

/* Those the record that closes the consultation had not seen. */
void replies_close(struct fold *d)
{
    for (size_t i = 0; i < d->f->m.replies_count; i++) {
        struct meeting_reply *r = &d->f->m.replies[i];
        r->late = !history_saw(d->h, d->e->entry, r->entry);
    }
}

const struct meeting_reply *meeting_reply_of(const struct meeting *m, uint32_t member)
{
    for (size_t i = m->replies_count; i-- > 0;) {
        if (m->replies[i].member == member && !m->replies[i].late)
            return &m->replies[i];
    }
    return NULL;
}

struct meeting_replies meeting_count_replies(const struct meeting *m, const struct procedure *p)
{
    struct meeting_replies n = {0};
    for (uint32_t i = 0; i < m->roll_count; i++) {
        if (!line_counts(p, &m->roll[i]))
            continue;
        const struct meeting_reply *r = meeting_reply_of(m, i);
        n.asked++;
        n.of[r == NULL ? REPLY_NONE : r->reply]++;
    }
    n.needed = procedure_needed(&p->majority, n.asked); /* of all who were asked: none is present */
    return n;
}

/* ---- the return of a group ---- */

int permit_cascade(const struct ask *q)
{
    if (q->f->m.kind != FORM_REPRESENTATIVE && q->f->m.kind != FORM_CONSULTATION)
        return text_say(q->why, REFUSE_NO_CASCADE, 0);
    int err = need_speaker(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_CONVENED);
    return err != HOP_OK ? err : need_group(q);
}

const struct meeting_cascade *meeting_cascade_of(const struct meeting *m,
                                                 const uint8_t group[static 16])
{
    for (size_t i = m->cascades_count; i-- > 0;) {
        if (memcmp(m->cascades[i].group, group, 16) == 0)
            return &m->cascades[i];
    }
    return NULL;
}

/* It may come weeks after the close: that is its nature. The last of a group holds. */
int fold_cascade(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->cascades_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_cascade *list = list_grown(m->cascades, m->cascades_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->cascades = list;
    struct meeting_cascade c = {.member = d->e->member,
                                .entry = d->e->entry,
                                .text = text_of(d->a->text),
                                .wall = d->e->wall};
    memcpy(c.group, d->a->group, sizeof c.group);
    int err = c.text == NULL ? HOP_ENOMEM : people_copy(&c.people, &d->a->people);
    if (err != HOP_OK) {
        free(c.text);
        return err;
    }
    list[m->cascades_count++] = c;
    return HOP_OK;
}

/* ---- a ceremony's script ---- */

int permit_step(const struct ask *q)
{
    if (q->f->m.kind != FORM_CEREMONY)
        return text_say(q->why, REFUSE_NO_SCRIPT, 0);
    int err = need_leader(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    return err != HOP_OK ? err : need_item(q);
}

int fold_step(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (m->steps_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_step *list = list_grown(m->steps, m->steps_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->steps = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    list[m->steps_count++] = (struct meeting_step){.step = d->a->item,
                                                   .member = d->e->member,
                                                   .entry = d->e->entry,
                                                   .text = text,
                                                   .wall = d->e->wall};
    m->item = d->a->item;
    return HOP_OK;
}
