/* Motions and votes by name.
 *
 * A vote is open from the MOTION record to the first TALLY of it in canonical order, or to the
 * record that closes the meeting. That record is asked which votes and roll lines it had seen
 * (history_saw): those and no others make the result, so that every device that holds the record
 * has the same result, whatever else it holds or is yet to receive. Votes it had not seen are late:
 * kept and shown, never counted.
 *
 * Not everybody has a device at hand. A site's teller counts hands by name, and a paper ballot is
 * entered as its count and the list of those who took part. Each member counts once: on the list of
 * the paper ballot before the own device before a hand. */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

struct meeting_motion *motion_of(struct fold *d, size_t *ret_index)
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

/* Put v into votes in place of the same member's; *ret_before is what stood there (CHOICE_NONE). */
static int put_vote(struct meeting_vote **votes, size_t *count, const struct meeting_vote *v,
                    struct meeting_vote *ret_before)
{
    size_t at = slot_of(*votes, *count, v->member);
    *ret_before = (struct meeting_vote){.member = v->member};
    if (at < *count && (*votes)[at].member == v->member) {
        *ret_before = (*votes)[at];
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

static void count_choice(struct meeting_motion *m, enum act_choice choice, size_t by)
{
    switch (choice) {
    case CHOICE_AGREE:
        m->agree += by;
        break;
    case CHOICE_DISAGREE:
        m->disagree += by;
        break;
    case CHOICE_ABSTAIN:
        m->abstain += by;
        break;
    case CHOICE_NONE:
    case CHOICE_COUNT:
        break;
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
    memcpy(m.amends, d->a->target, 32);
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

/* ---- counting ---- */

/* What a closing record had seen of one vote; entry HISTORY_NONE: all there is, while it is open.
 */
struct count {
    const struct fold *d;
    struct meeting_motion *m;
    const struct motion_past *past;
    uint32_t entry;
    bool counted[CELL_MEMBERS_MAX];  /* this member's vote is in */
    bool on_paper[CELL_MEMBERS_MAX]; /* took part in the paper ballot */
};

static bool count_sees(const struct count *n, uint32_t entry)
{
    return n->entry == HISTORY_NONE || history_saw(n->d->h, n->entry, entry);
}

/* May this member vote here? Its index too. */
static bool count_voter(const struct count *n, const uint8_t *id, uint32_t *ret)
{
    size_t member = cell_member_index(n->d->c, id);
    *ret = (uint32_t)member;
    return member != SIZE_MAX && member_votes(n->d->s->procedure, n->d->c, (uint32_t)member);
}

static void count_paper(struct count *n)
{
    size_t last = n->past->papers_count;
    n->m->paper = NULL;
    while (last > 0 && !count_sees(n, n->past->papers[last - 1]->entry))
        last--;
    if (last == 0)
        return;
    const struct meeting_paper *p = n->past->papers[last - 1];
    for (size_t i = 0; i < p->people.count; i++) {
        uint8_t value;
        uint32_t member;
        if (!count_voter(n, act_person(&p->people, i, &value), &member))
            continue;
        n->counted[member] = n->on_paper[member] = true;
        n->m->by_paper++;
    }
    n->m->paper = p;
    n->m->agree += p->counts[PAPER_AGREE];
    n->m->disagree += p->counts[PAPER_DISAGREE];
    n->m->abstain += p->counts[PAPER_ABSTAIN];
}

/* Own devices: of each member the last that was seen; the last not seen is late. */
static int count_devices(struct count *n)
{
    struct meeting_motion *m = n->m;
    bool late[CELL_MEMBERS_MAX] = {false};
    struct meeting_vote before;
    for (size_t k = n->past->count; k-- > 0;) { /* from the last: it is the one that matters */
        const struct vote_mark *mark = &n->past->marks[k];
        if (n->counted[mark->member] && !n->on_paper[mark->member])
            continue;
        struct meeting_vote v = {.member = mark->member,
                                 .choice = mark->choice,
                                 .site = NO_SITE,
                                 .entry = mark->entry,
                                 .wall = mark->wall};
        int err = HOP_OK;
        if (!n->on_paper[mark->member] && count_sees(n, mark->entry)) {
            n->counted[mark->member] = true;
            count_choice(m, mark->choice, 1);
            m->by_device++;
            err = put_vote(&m->votes, &m->votes_count, &v, &before);
        } else if (!late[mark->member]) {
            late[mark->member] = v.late = true;
            err = put_vote(&m->late_votes, &m->late_votes_count, &v, &before);
            if (err == HOP_OK && !n->on_paper[mark->member])
                err = put_vote(&m->votes, &m->votes_count, &v, &before);
        }
        if (err != HOP_OK)
            return err;
    }
    m->late = m->late_votes_count;
    return HOP_OK;
}

static int count_site(struct count *n, const struct meeting_hands *hands)
{
    struct meeting_motion *m = n->m;
    struct meeting_vote before;
    for (size_t i = 0; i < hands->people.count; i++) {
        uint8_t value;
        uint32_t member;
        if (!count_voter(n, act_person(&hands->people, i, &value), &member) || n->counted[member])
            continue;
        struct meeting_vote v = {.member = member,
                                 .how = HOW_HAND,
                                 .site = hands->site,
                                 .choice = (enum act_choice)value,
                                 .entry = hands->entry,
                                 .wall = n->d->e->wall};
        n->counted[member] = true;
        count_choice(m, v.choice, 1);
        m->by_hand++;
        int err = put_vote(&m->votes, &m->votes_count, &v, &before);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}

/* Hands: of each site the last count that was seen, sites in order. */
static int count_hands(struct count *n)
{
    struct meeting_motion *m = n->m;
    m->hands_count = 0;
    for (size_t k = n->past->hands_count; k-- > 0;) {
        const struct meeting_hands *hands = &n->past->hands[k];
        size_t at = 0;
        while (at < m->hands_count && m->hands[at].site < hands->site)
            at++;
        bool newer = at < m->hands_count && m->hands[at].site == hands->site;
        if (newer || !count_sees(n, hands->entry))
            continue;
        struct meeting_hands *list = realloc(m->hands, (m->hands_count + 1) * sizeof *list);
        if (list == NULL)
            return HOP_ENOMEM;
        memmove(&list[at + 1], &list[at], (m->hands_count - at) * sizeof *list);
        list[at] = *hands;
        m->hands = list;
        m->hands_count++;
    }
    int err = HOP_OK;
    for (size_t i = 0; i < m->hands_count && err == HOP_OK; i++)
        err = count_site(n, &m->hands[i]);
    return err;
}

static int count_all(struct count *n)
{
    struct meeting_motion *m = n->m;
    m->votes_count = m->late_votes_count = 0;
    m->agree = m->disagree = m->abstain = m->late = 0;
    m->by_device = m->by_hand = m->by_paper = 0;
    count_paper(n);
    int err = count_devices(n);
    return err != HOP_OK ? err : count_hands(n);
}

int motion_recount(struct fold *d, size_t index)
{
    struct count n = {
        .d = d, .m = &d->f->m.motions[index], .past = &d->f->past[index], .entry = HISTORY_NONE};
    return n.m->closed ? HOP_OK : count_all(&n); /* closed: what closed it has counted */
}

int fold_vote(struct fold *d)
{
    size_t index;
    struct meeting_motion *m = motion_of(d, &index);
    struct meeting_vote v = {.member = d->e->member,
                             .choice = (enum act_choice)d->a->value,
                             .site = NO_SITE,
                             .entry = d->e->entry,
                             .wall = d->e->wall,
                             .late =
                                 m->closed}; /* what closed it came before, so had not seen it */
    struct meeting_vote before;
    if (m->closed) {
        int err = put_vote(&m->late_votes, &m->late_votes_count, &v, &before);
        m->late = m->late_votes_count;
        size_t at = slot_of(m->votes, m->votes_count, v.member);
        bool counted = at < m->votes_count && m->votes[at].member == v.member && !m->votes[at].late;
        if (err != HOP_OK || counted)
            return err;
        return put_vote(&m->votes, &m->votes_count, &v, &before);
    }
    struct motion_past *past = &d->f->past[index];
    struct vote_mark *marks = grown(past->marks, &past->room, past->count, sizeof *marks);
    if (marks == NULL)
        return HOP_ENOMEM;
    past->marks = marks;
    past->marks[past->count++] = (struct vote_mark){
        .entry = v.entry, .member = v.member, .choice = v.choice, .wall = v.wall};
    return motion_recount(d, index);
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

static size_t count_unheard(const struct fold *d, const bool *heard, uint32_t entry)
{
    size_t unheard = 0;
    for (uint32_t i = 0; i < cell_member_count(d->c); i++) {
        if (!heard[i] && member_counts(d->s->procedure, d->c, i) &&
            member_known(d->c, d->h, i, entry))
            unheard++;
    }
    return unheard;
}

/* Close the vote as the record of this fold had seen it. */
static int close_motion(struct fold *d, size_t index)
{
    struct meeting_motion *m = &d->f->m.motions[index];
    uint32_t entry = d->e->entry;
    struct count n = {.d = d, .m = m, .past = &d->f->past[index], .entry = entry};
    assert(!m->closed);
    int err = count_all(&n);
    if (err != HOP_OK)
        return err;
    bool *heard = n.counted;
    mark_heard(d, m->entry, entry, heard);
    struct standing st = roll_standing_seen(d, entry);
    const struct procedure_share *majority = &d->s->procedure->majority;
    m->closed = true;
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
    motion_weigh(d, index);
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
