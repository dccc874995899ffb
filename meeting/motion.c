/* Motions and votes by name.
 *
 * A vote is open from the MOTION record to the first TALLY of it in canonical order, or to the
 * record that closes the meeting. That record is asked which votes and roll lines it had seen
 * (history_saw): those and no others make the result, so that every device that holds the record
 * has the same result, whatever else it holds or is yet to receive. Votes it had not seen are late:
 * kept and shown, never counted. */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

static struct meeting_motion *motion_of(struct fold *d, size_t *ret_index)
{
    const struct thing *t = thing_find(d->s, d->a->target);
    assert(t != NULL && t->kind == THING_MOTION); /* permit_record() has found it */
    *ret_index = t->index;
    return &d->f->m.motions[t->index];
}

/* Where member's vote is, or would be, in votes sorted by member. */
static size_t slot_of(const struct meeting_vote *votes, size_t count, uint32_t member)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (votes[middle].member < member)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Put v into votes, in place of the same member's. */
static int put_vote(struct meeting_vote **votes, size_t *count, const struct meeting_vote *v)
{
    size_t at = slot_of(*votes, *count, v->member);
    if (at < *count && (*votes)[at].member == v->member) {
        (*votes)[at] = *v;
        return HOP_OK;
    }
    /* At most one a member, so growing by one and moving the rest is a few kilobytes at worst. */
    struct meeting_vote *bigger = realloc(*votes, (*count + 1) * sizeof **votes);
    if (bigger == NULL)
        return HOP_ENOMEM;
    memmove(&bigger[at + 1], &bigger[at], (*count - at) * sizeof *bigger);
    bigger[at] = *v;
    *votes = bigger;
    (*count)++;
    return HOP_OK;
}

static void count_choice(struct meeting_motion *m, enum act_choice choice)
{
    switch (choice) {
    case CHOICE_AGREE:
        m->agree++;
        break;
    case CHOICE_DISAGREE:
        m->disagree++;
        break;
    case CHOICE_ABSTAIN:
        m->abstain++;
        break;
    case CHOICE_NONE:
    case CHOICE_COUNT:
        break;
    }
}

void motion_recount(const struct meeting_state *s, const struct meeting *of,
                    struct meeting_motion *m)
{
    assert(!m->closed);
    m->agree = m->disagree = m->abstain = 0;
    for (size_t i = 0; i < m->votes_count; i++) {
        m->votes[i].lost = !meeting_voter(s, of, m, m->votes[i].member);
        count_choice(m, m->votes[i].lost ? CHOICE_NONE : m->votes[i].choice);
    }
}

int fold_motion(struct fold *d)
{
    struct meeting_full *f = d->f;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (f->m.motions_count == MEETING_MOTIONS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_MOTIONS_MAX));
    struct meeting_motion *motions =
        grown(f->m.motions, &f->motions_room, f->m.motions_count, sizeof *motions);
    if (motions == NULL)
        return HOP_ENOMEM;
    f->m.motions = motions;
    struct motion_past *pasts = grown(f->past, &f->past_room, f->m.motions_count, sizeof *pasts);
    if (pasts == NULL)
        return HOP_ENOMEM;
    f->past = pasts;
    struct thing t = {
        .kind = THING_MOTION, .meeting = d->meeting, .index = (uint32_t)f->m.motions_count};
    memcpy(t.id, d->e->id, 32);
    struct meeting_motion m = {.entry = d->e->entry,
                               .member = d->e->member,
                               .item = d->a->item,
                               .text = text_of(d->a->text),
                               .wall = d->e->wall,
                               .close_entry = HISTORY_NONE};
    memcpy(m.id, d->e->id, 32);
    if (m.text == NULL)
        return HOP_ENOMEM;
    int err = thing_add(d->s, &t);
    if (err != HOP_OK) {
        free(m.text);
        return err;
    }
    f->past[f->m.motions_count] = (struct motion_past){0};
    f->m.motions[f->m.motions_count++] = m;
    roll_refresh(d->s, d->c, f);
    return HOP_OK;
}

int fold_vote(struct fold *d)
{
    size_t index;
    struct meeting_motion *m = motion_of(d, &index);
    struct meeting_vote v = {.member = d->e->member,
                             .choice = (enum act_choice)d->a->value,
                             .entry = d->e->entry,
                             .wall = d->e->wall,
                             .late =
                                 m->closed}; /* what closed it came before, so had not seen it */
    if (m->closed) {
        int err = put_vote(&m->late_votes, &m->late_votes_count, &v);
        m->late = m->late_votes_count;
        size_t at = slot_of(m->votes, m->votes_count, v.member);
        bool counted = at < m->votes_count && m->votes[at].member == v.member && !m->votes[at].late;
        if (err != HOP_OK || counted)
            return err;
        return put_vote(&m->votes, &m->votes_count, &v);
    }
    struct motion_past *past = &d->f->past[index];
    struct vote_mark *marks = grown(past->marks, &past->room, past->count, sizeof *marks);
    if (marks == NULL)
        return HOP_ENOMEM;
    past->marks = marks;
    int err = put_vote(&m->votes, &m->votes_count, &v);
    if (err != HOP_OK)
        return err;
    past->marks[past->count++] = (struct vote_mark){
        .entry = v.entry, .member = v.member, .choice = v.choice, .wall = v.wall};
    motion_recount(d->s, &d->f->m, m);
    return HOP_OK;
}

/* Mark the members of whom entry had seen a record that itself had seen the motion. */
static void mark_heard(const struct fold *d, uint32_t motion, uint32_t entry, bool *heard)
{
    for (size_t i = 0; i < d->s->logs_count; i++) {
        const struct log_past *log = &d->s->logs[i];
        if (log->count == 0 || log->member >= CELL_MEMBERS_MAX || heard[log->member])
            continue;
        uint32_t last = log_last_seen(d->h, log, entry);
        if (last != HISTORY_NONE && history_saw(d->h, last, motion))
            heard[log->member] = true;
    }
}

/* Sort the votes into those that entry had seen and the late ones. */
static int split_votes(const struct fold *d, struct meeting_motion *m,
                       const struct motion_past *past, uint32_t entry, bool *counted)
{
    bool late[CELL_MEMBERS_MAX] = {false};
    m->votes_count = 0;
    m->agree = m->disagree = m->abstain = 0;
    for (size_t k = past->count; k-- > 0;) { /* from the last: it is the one that matters */
        const struct vote_mark *mark = &past->marks[k];
        if (counted[mark->member])
            continue;
        struct meeting_vote v = {.member = mark->member,
                                 .choice = mark->choice,
                                 .entry = mark->entry,
                                 .wall = mark->wall};
        int err = HOP_OK;
        if (history_saw(d->h, entry, mark->entry)) {
            counted[mark->member] = true;
            v.lost = !meeting_voter(d->s, &d->f->m, m, mark->member);
            count_choice(m, v.lost ? CHOICE_NONE : mark->choice);
            err = put_vote(&m->votes, &m->votes_count, &v);
        } else if (!late[mark->member]) {
            late[mark->member] = true;
            v.late = true;
            err = put_vote(&m->late_votes, &m->late_votes_count, &v);
            if (err == HOP_OK)
                err = put_vote(&m->votes, &m->votes_count, &v);
        }
        if (err != HOP_OK)
            return err;
    }
    m->late = m->late_votes_count;
    return HOP_OK;
}

static size_t count_unheard(const struct fold *d, const bool *heard, uint32_t entry)
{
    size_t unheard = 0;
    for (uint32_t i = 0; i < cell_member_count(d->c); i++) {
        if (!heard[i] && standing_counts(d->s->procedure, cell_standing_at(d->c, d->h, i, entry)))
            unheard++;
    }
    return unheard;
}

/* Close the vote as the record of this fold had seen it. */
static int close_motion(struct fold *d, size_t index)
{
    struct meeting_motion *m = &d->f->m.motions[index];
    uint32_t entry = d->e->entry;
    bool heard[CELL_MEMBERS_MAX] = {false};
    assert(!m->closed);
    for (uint32_t i = 0; i < cell_member_count(d->c); i++) {
        if (standing_votes(d->s->procedure, cell_standing_at(d->c, d->h, i, entry)))
            m->voters[i / 8] |= (uint8_t)(1u << i % 8);
    }
    m->closed = true;
    int err = split_votes(d, m, &d->f->past[index], entry, heard);
    if (err != HOP_OK)
        return err;
    mark_heard(d, m->entry, entry, heard);
    struct standing st = roll_standing_seen(d, entry);
    const struct procedure_share *majority = &d->s->procedure->majority;
    m->close_entry = entry;
    m->close_wall = d->e->wall;
    m->eligible = st.eligible;
    m->present = st.present;
    m->quorum_needed = st.needed;
    m->needed = procedure_needed(majority, majority->of_present ? st.present : st.eligible);
    m->unheard = count_unheard(d, heard, entry);
    if (st.present < st.needed)
        m->outcome = OUTCOME_NO_QUORUM;
    else
        m->outcome = m->agree >= m->needed ? OUTCOME_ADOPTED : OUTCOME_REJECTED;
    return HOP_OK;
}

int fold_tally(struct fold *d)
{
    size_t index;
    struct meeting_motion *m = motion_of(d, &index);
    if (m->closed)
        return text_say(&d->why, REFUSE_TALLY_TWICE, 0);
    return close_motion(d, index);
}

int motions_close_all(struct fold *d)
{
    for (size_t i = 0; i < d->f->m.motions_count; i++) {
        struct meeting_motion *m = &d->f->m.motions[i];
        if (m->closed || !history_saw(d->h, d->e->entry, m->entry))
            continue;
        int err = close_motion(d, i);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}
