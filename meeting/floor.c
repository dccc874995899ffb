/* The floor: where the agenda stands, who speaks, who is in the chair, what is concluded.
 *
 * All of it is what the chair's record says when it is met in canonical order: nothing is counted,
 * so a late record only changes what is shown. Two may be in the chair on two sides of a split; the
 * one whose record had not seen the other's is marked, and both lines stay. */
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

static struct meeting_turn *waiting_turn(const struct meeting *m, uint32_t member)
{
    for (size_t i = 0; i < m->turns_count; i++) {
        if (m->turns[i].member == member && m->turns[i].waiting)
            return &m->turns[i];
    }
    return NULL;
}

static struct meeting_turn *speaking_turn(const struct meeting *m)
{
    for (size_t i = 0; i < m->turns_count; i++) {
        if (m->turns[i].speaking)
            return &m->turns[i];
    }
    return NULL;
}

/* A teller asks for those who have no device of their own at the site. */
static bool is_teller(const struct ask *q)
{
    for (size_t i = 0; i < q->f->m.sites_count; i++) {
        if (q->f->m.sites[i].teller == q->member)
            return true;
    }
    return false;
}

int permit_floor(const struct ask *q)
{
    uint32_t who;
    if (!speaker_of(q->c, q->a, q->member, &who))
        return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (who != q->member && !is_teller(q) && !ask_records(q))
        return text_say(q->why, REFUSE_NOT_TELLER, 0);
    int err = need_speaker(q);
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
    bool waits = waiting_turn(&q->f->m, who) != NULL;
    if (q->a->value == FLOOR_WITHDRAW)
        return waits ? HOP_OK : text_say(q->why, REFUSE_NOT_IN_QUEUE, 0);
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
    struct meeting_turn *waits = waiting_turn(&d->f->m, who);
    if (d->a->value == FLOOR_WITHDRAW) {
        if (waits == NULL)
            return text_say(&d->why, REFUSE_NOT_IN_QUEUE, 0);
        waits->waiting = false;
        return HOP_OK;
    }
    if (waits != NULL)
        return text_say(&d->why, REFUSE_IN_QUEUE, 0);
    struct meeting_turn t = {.member = who,
                             .item = d->a->item,
                             .order = d->a->value == FLOOR_ORDER,
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
    if (err == HOP_OK && cell_member_index(q->c, q->a->person) == SIZE_MAX)
        err = text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    return err;
}

int now_give(const struct ask *q)
{
    uint32_t who;
    const struct meeting_turn *speaks = speaking_turn(&q->f->m);
    int err = need_open(q);
    if (err == HOP_OK && q->a->value == 0 &&
        (speaks == NULL || !index_of(q->c, q->a->person, &who) || speaks->member != who))
        err = text_say(q->why, REFUSE_NOT_SPEAKING, 0);
    return err;
}

/* Minutes 0 end the person's turn; anything else gives it, and ends who had it before. */
int fold_give(struct fold *d)
{
    uint32_t who;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (!index_of(d->c, d->a->person, &who))
        return text_say(&d->why, REFUSE_NO_SUCH_MEMBER, 0);
    struct meeting_turn *speaks = speaking_turn(&d->f->m);
    if (d->a->value == 0 && (speaks == NULL || speaks->member != who))
        return text_say(&d->why, REFUSE_NOT_SPEAKING, 0);
    if (speaks != NULL) {
        speaks->speaking = false;
        speaks->ended_wall = d->e->wall;
    }
    if (d->a->value == 0)
        return HOP_OK;
    struct meeting_turn *waits = waiting_turn(&d->f->m, who);
    if (waits == NULL) {
        struct meeting_turn t = {.member = who,
                                 .item = d->a->item != 0 ? d->a->item : d->f->m.item,
                                 .waiting = true,
                                 .entry = d->e->entry,
                                 .wall = d->e->wall};
        int err = add_turn(d, &t);
        if (err != HOP_OK)
            return err;
        waits = waiting_turn(&d->f->m, who);
    }
    waits->waiting = false;
    waits->speaking = true;
    waits->minutes = d->a->value;
    waits->given_wall = d->e->wall;
    return HOP_OK;
}

/* ---- the chair ---- */

/* The deputy or the secretary takes it, for themselves; who sits in it hands it on. */
int permit_chair(const struct ask *q)
{
    uint32_t to;
    if (!index_of(q->c, q->a->person, &to))
        return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (q->member != q->f->m.sitting_chair && !(to == q->member && ask_leads(q)) &&
        !(q->a->value == 2 && q->member == q->f->m.chair))
        return text_say(q->why, REFUSE_NOT_DEPUTY, 1, member_name(q->c, q->f->m.sitting_chair));
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
    bool apart = m->chairings_count > 0 &&
                 !history_saw(d->h, d->e->entry, list[m->chairings_count - 1].entry);
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
