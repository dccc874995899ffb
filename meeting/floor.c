/* The floor: where the agenda stands, who speaks, who is in the chair, what is concluded.
 *
 * All of it is what the chair's record says when it is met in canonical order: nothing is counted,
 * so a late record only changes what is shown. What a record ends (a turn, a place in the queue) it
 * must have seen. Two may be in the chair on two sides of a split: the acts of each count where
 * they were done, both lines stay, and both are marked. */
#include "meeting/state.h"

#include <stdlib.h>

static bool index_of(const struct cell *c, const uint8_t id[static 16], uint32_t *ret)
{
    size_t index = cell_member_index(c, id);
    *ret = (uint32_t)index;
    return index != SIZE_MAX;
}

static const uint8_t nobody[16];

/* ---- the agenda ---- */

int permit_item(const struct ask *q)
{
    int err = need_leader(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    return err != HOP_OK ? err : need_item(q);
}

int fold_item(struct fold *d)
{
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    d->f->m.item = d->a->item;
    return HOP_OK;
}

int fold_conclusion(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (m->conclusions_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_conclusion *list =
        list_grown(m->conclusions, m->conclusions_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->conclusions = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    list[m->conclusions_count++] = (struct meeting_conclusion){.item = d->a->item,
                                                               .member = d->e->member,
                                                               .entry = d->e->entry,
                                                               .text = text,
                                                               .wall = d->e->wall};
    return HOP_OK;
}

/* ---- the speaker queue ---- */

/* Whose turn the act is about: the author's, or, where a site speaks for somebody, that person's.
 */
static bool speaker_of(const struct cell *c, const struct act *a, uint32_t author, uint32_t *ret)
{
    *ret = author;
    return memcmp(a->person, nobody, 16) == 0 || index_of(c, a->person, ret);
}

/* Waiting, as far as had been seen; a point of order and a plain wish stand side by side. h NULL:
 * all. */
static struct meeting_turn *waiting_turn(const struct meeting *m, uint32_t member, bool order,
                                         const struct history *h, uint32_t entry)
{
    for (size_t i = 0; i < m->turns_count; i++) {
        struct meeting_turn *t = &m->turns[i];
        if (t->member == member && t->waiting && t->order == order &&
            (h == NULL || history_saw(h, entry, t->entry)))
            return t;
    }
    return NULL;
}

static struct meeting_turn *any_waiting(const struct meeting *m, uint32_t member,
                                        const struct history *h, uint32_t entry)
{
    struct meeting_turn *first = waiting_turn(m, member, true, h, entry);
    return first != NULL ? first : waiting_turn(m, member, false, h, entry);
}

static bool speaks_now(const struct meeting *m, uint32_t member)
{
    for (size_t i = 0; i < m->turns_count; i++) {
        if (m->turns[i].speaking && m->turns[i].member == member)
            return true;
    }
    return false;
}

/* A teller speaks for those who have no device of their own at the site. */
bool ask_is_teller(const struct ask *q)
{
    for (size_t i = 0; i < q->f->m.sites_count; i++) {
        if (q->f->m.sites[i].teller == q->member)
            return true;
    }
    return false;
}

/* For oneself, or for the person that the act names. */
int need_voice(const struct ask *q)
{
    uint32_t who;
    if (!speaker_of(q->c, q->a, q->member, &who))
        return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (who != q->member && !ask_is_teller(q) && !ask_records(q))
        return text_say(q->why, REFUSE_NOT_TELLER, 0);
    return standing_speaks(ask_standing(q, who)) ? HOP_OK : text_say(q->why, REFUSE_OBSERVER, 0);
}

int permit_floor(const struct ask *q)
{
    int err = need_voice(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    return err != HOP_OK ? err : need_item(q);
}

int now_floor(const struct ask *q)
{
    uint32_t who;
    int err = need_open(q);
    if (err != HOP_OK || !speaker_of(q->c, q->a, q->member, &who))
        return err;
    if (q->a->value == FLOOR_WITHDRAW)
        return any_waiting(&q->f->m, who, NULL, 0) != NULL
                   ? HOP_OK
                   : text_say(q->why, REFUSE_NOT_IN_QUEUE, 0);
    bool waits = waiting_turn(&q->f->m, who, q->a->value == FLOOR_ORDER, NULL, 0) != NULL;
    return waits ? text_say(q->why, REFUSE_IN_QUEUE, 0) : HOP_OK;
}

static int add_turn(struct fold *d, const struct meeting_turn *t)
{
    struct meeting *m = &d->f->m;
    if (m->turns_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_turn *list = list_grown(m->turns, m->turns_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->turns = list;
    list[m->turns_count] = *t;
    list[m->turns_count].text = text_of(d->a->text);
    if (list[m->turns_count].text == NULL)
        return HOP_ENOMEM;
    m->turns_count++;
    return HOP_OK;
}

int fold_floor(struct fold *d)
{
    uint32_t who;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (!speaker_of(d->c, d->a, d->e->member, &who))
        return text_say(&d->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (d->a->value == FLOOR_WITHDRAW) {
        struct meeting_turn *waits = any_waiting(&d->f->m, who, d->h, d->e->entry);
        if (waits == NULL)
            return text_say(&d->why, REFUSE_NOT_IN_QUEUE, 0);
        waits->waiting = false;
        return HOP_OK;
    }
    bool order = d->a->value == FLOOR_ORDER;
    if (waiting_turn(&d->f->m, who, order, d->h, d->e->entry) != NULL)
        return text_say(&d->why, REFUSE_IN_QUEUE, 0);
    struct meeting_turn t = {.member = who,
                             .item = d->a->item,
                             .order = order,
                             .waiting = true,
                             .entry = d->e->entry,
                             .wall = d->e->wall};
    return add_turn(d, &t);
}

int permit_give(const struct ask *q)
{
    int err = need_leader(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    if (err == HOP_OK && !ask_is_member(q, q->a->person))
        err = text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    return err != HOP_OK ? err : need_item(q);
}

int now_give(const struct ask *q)
{
    uint32_t who;
    int err = need_open(q);
    if (err == HOP_OK && q->a->value == 0 &&
        (!index_of(q->c, q->a->person, &who) || !speaks_now(&q->f->m, who)))
        err = text_say(q->why, REFUSE_NOT_SPEAKING, 0);
    return err;
}

/* End the turns that the record had seen given, of one member or (HISTORY_NONE) of all. */
static bool end_turns(struct fold *d, uint32_t member)
{
    bool some = false;
    for (size_t i = 0; i < d->f->m.turns_count; i++) {
        struct meeting_turn *t = &d->f->m.turns[i];
        if (!t->speaking || (member != HISTORY_NONE && t->member != member) ||
            t->given_entry == d->e->entry || !history_saw(d->h, d->e->entry, t->given_entry))
            continue;
        t->speaking = false;
        t->ended_wall = d->e->wall;
        some = true;
    }
    return some;
}

/* Minutes 0 end the person's turn; anything else gives it, and ends who had it before. On two sides
 * of a split two may have it: each side's chair ends what it had seen. */
int fold_give(struct fold *d)
{
    uint32_t who;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (!index_of(d->c, d->a->person, &who))
        return text_say(&d->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (d->a->value == 0)
        return end_turns(d, who) ? HOP_OK : text_say(&d->why, REFUSE_NOT_SPEAKING, 0);
    struct meeting_turn *turn = any_waiting(&d->f->m, who, d->h, d->e->entry);
    if (turn == NULL) {
        struct meeting_turn t = {.member = who,
                                 .item = d->a->item != 0 ? d->a->item : d->f->m.item,
                                 .entry = d->e->entry,
                                 .wall = d->e->wall};
        int err = add_turn(d, &t);
        if (err != HOP_OK)
            return err;
        turn = &d->f->m.turns[d->f->m.turns_count - 1];
    }
    (void)end_turns(d, HISTORY_NONE);
    turn->waiting = false;
    turn->speaking = true;
    turn->minutes = d->a->value;
    turn->given_entry = d->e->entry;
    turn->given_wall = d->e->wall;
    return HOP_OK;
}

/* ---- the chair ---- */

/* The deputy or the secretary takes it, for themselves; who sits in it hands it on. */
int permit_chair(const struct ask *q)
{
    uint32_t to;
    if (!index_of(q->c, q->a->person, &to))
        return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    uint32_t sits = ask_chair(q);
    if (q->member != sits && !(to == q->member && ask_leads(q)))
        return text_say(q->why, REFUSE_NOT_DEPUTY, 1, member_name(q->c, sits));
    if (!standing_speaks(ask_standing(q, to)))
        return text_say(q->why, REFUSE_OBSERVER, 0);
    return need_stage(q, STAGE_CONVENED);
}

int now_chair(const struct ask *q)
{
    uint32_t to;
    int err = need_open(q);
    if (err == HOP_OK && index_of(q->c, q->a->person, &to) && to == q->f->m.sitting_chair)
        err = text_say(q->why, REFUSE_CHAIR_ALREADY, 1, member_name(q->c, to));
    return err;
}

int fold_chair(struct fold *d)
{
    struct meeting *m = &d->f->m;
    uint32_t to;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (!index_of(d->c, d->a->person, &to))
        return text_say(&d->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (m->chairings_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_chairing *list = list_grown(m->chairings, m->chairings_count, sizeof *list);
    char *text = text_of(d->a->text);
    if (list != NULL)
        m->chairings = list;
    if (list == NULL || text == NULL) {
        free(text);
        return HOP_ENOMEM;
    }
    bool apart = false;
    for (size_t i = 0; i < m->chairings_count; i++) {
        if (!history_saw(d->h, d->e->entry, list[i].entry))
            apart = list[i].apart = true;
    }
    list[m->chairings_count++] = (struct meeting_chairing){.member = to,
                                                           .by = d->e->member,
                                                           .entry = d->e->entry,
                                                           .text = text,
                                                           .wall = d->e->wall,
                                                           .apart = apart};
    m->sitting_chair = to;
    return HOP_OK;
}

/* ---- exceptions from the rules ---- */

int permit_exception(const struct ask *q)
{
    return need_leader(q);
}

int fold_exception(struct fold *d)
{
    struct meeting *m = &d->f->m;
    if (m->exceptions_count == MEETING_TURNS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_TURNS_MAX));
    struct meeting_exception *list = list_grown(m->exceptions, m->exceptions_count, sizeof *list);
    if (list == NULL)
        return HOP_ENOMEM;
    m->exceptions = list;
    struct meeting_exception x = {.member = d->e->member,
                                  .entry = d->e->entry,
                                  .text = text_of(d->a->text),
                                  .basis = text_of(d->a->basis),
                                  .wall = d->e->wall};
    if (x.text == NULL || x.basis == NULL) {
        free(x.text);
        free(x.basis);
        return HOP_ENOMEM;
    }
    list[m->exceptions_count++] = x;
    return HOP_OK;
}
