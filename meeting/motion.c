/* Motions and votes by name.
 *
 * A vote is open from the MOTION record to a TALLY of it, or to the record that closes the meeting.
 * That record is asked which votes and roll lines it had seen (history_saw): those and no others
 * make its result, so that every device that holds the record has the same result, whatever else it
 * holds or is yet to receive. Votes it had not seen are late: kept and shown, never counted. Two
 * who closed it apart made two results (split.c).
 *
 * Not everybody has a device at hand. A site's teller counts hands by name, and a paper ballot is
 * entered as its count and the list of those who took part. Each member counts once: on the list of
 * the paper ballot before the own device before a hand. A question that the rules put on paper is
 * decided by the paper count alone. */
#include "meeting/state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct meeting_motion *motion_of(struct fold *d, size_t *ret_index)
{
    const struct thing *t = thing_find(d->s, d->a->target);
    assert(t != NULL && t->kind == THING_MOTION); /* permit_record() has found it */
    *ret_index = t->index;
    return &d->f->m.motions[t->index];
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

/* The rules of its question. */
static void put_question(const struct fold *d, struct meeting_motion *m)
{
    bool present[CELL_MEMBERS_MAX];
    const struct procedure *p = d->s->procedure;
    const struct procedure_question *q = procedure_find_question(p, d->a->form);
    m->majority = q != NULL && q->majority.denominator > 0 ? q->majority : p->majority;
    if (q == NULL)
        return;
    (void)snprintf(m->question, sizeof m->question, "%s", q->name);
    m->ballot = q->ballot;
    m->small = roll_standing_seen(d, present).eligible < p->small_electorate;
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
                               .shown = NO_RESULT,
                               .close_entry = HISTORY_NONE};
    memcpy(m.id, d->e->id, 32);
    memcpy(m.amends, d->a->target, 32);
    put_question(d, &m);
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

/* One pass over what is on record of a vote, by member. What is late was marked so before. */
struct count {
    const struct fold *d;
    struct meeting_motion *m;
    const struct motion_past *past;
    uint32_t entry;                  /* the record that closes it; HISTORY_NONE: it is open */
    struct electorate of;            /* as that record had seen it; while open, by the roll */
    bool on_paper[CELL_MEMBERS_MAX]; /* took part in the paper ballot */
    struct meeting_vote in[CELL_MEMBERS_MAX];  /* CHOICE_NONE: none */
    struct meeting_vote out[CELL_MEMBERS_MAX]; /* late ones */
};

static void electorate_as_seen(const struct count *n, uint32_t entry, struct electorate *ret)
{
    electorate_seen(ret, n->d->s->procedure, &n->d->f->m, n->d->c, n->d->h, entry);
}

/* Who has a vote in this, and for good once it is closed. */
static void count_begin(struct count *n)
{
    if (n->entry == HISTORY_NONE)
        electorate_shown(&n->of, n->d->s->procedure, &n->d->f->m, n->d->c);
    else
        electorate_as_seen(n, n->entry, &n->of);
    memset(n->m->voters, 0, sizeof n->m->voters);
    for (uint32_t i = 0; n->entry != HISTORY_NONE && i < CELL_MEMBERS_MAX; i++) {
        if (n->of.votes[i])
            n->m->voters[i / 8] |= (uint8_t)(1u << i % 8);
    }
}

static bool is_in(const struct count *n, uint32_t member)
{
    return n->on_paper[member] || n->in[member].choice != CHOICE_NONE;
}

/* Nobody can take a slip back out of the box: it is in if its count had seen that this member
 * votes. Who is named and has a vote only now is in too, so that nobody is ever counted twice. */
static void count_paper(struct count *n)
{
    struct electorate of;
    n->m->paper = n->m->late_paper = NULL;
    for (size_t i = 0; i < n->past->papers_count; i++) {
        const struct meeting_paper *p = n->past->papers[i];
        *(p->late ? &n->m->late_paper : &n->m->paper) = p;
    }
    if (n->m->paper == NULL)
        return;
    electorate_as_seen(n, n->m->paper->entry, &of);
    for (size_t i = 0; i < n->m->paper->people.count; i++) {
        uint8_t value;
        size_t member = cell_member_index(n->d->c, act_person(&n->m->paper->people, i, &value));
        if (member >= CELL_MEMBERS_MAX || (!of.votes[member] && !n->of.votes[member]))
            continue;
        n->on_paper[member] = true;
        n->m->by_paper++;
        n->m->gone += n->of.counts[member] ? 0 : 1;
    }
    n->m->agree += n->m->paper->counts[PAPER_AGREE];
    n->m->disagree += n->m->paper->counts[PAPER_DISAGREE];
    n->m->abstain += n->m->paper->counts[PAPER_ABSTAIN];
}

/* Own devices: of each member the last in time and the last that is late. Who had a vote and has
 * lost it is not counted. */
static void count_devices(struct count *n)
{
    for (size_t k = n->past->count; k-- > 0;) { /* from the last: it is the one that matters */
        const struct vote_mark *mark = &n->past->marks[k];
        struct meeting_vote v = {.member = mark->member,
                                 .choice = mark->choice,
                                 .site = NO_SITE,
                                 .entry = mark->entry,
                                 .wall = mark->wall,
                                 .late = mark->late,
                                 .lost = !mark->late && !n->of.votes[mark->member]};
        struct meeting_vote *at = mark->late ? n->out : n->in;
        if (at[mark->member].choice != CHOICE_NONE || (!mark->late && is_in(n, mark->member)))
            continue;
        at[mark->member] = v;
        n->m->by_device += mark->late || v.lost ? 0 : 1;
    }
}

/* Had this member a vote when the hands were counted? */
static bool had_vote(const struct count *n, const struct meeting_hands *hands, size_t member)
{
    struct electorate of;
    if (n->of.votes[member])
        return true;
    electorate_as_seen(n, hands->entry, &of);
    return of.votes[member];
}

/* The hands of one site; who is in by other ways, or at another site, is not counted again. */
static void count_site(struct count *n, const struct meeting_hands *hands)
{
    for (size_t i = 0; i < hands->people.count; i++) {
        uint8_t value;
        size_t member = cell_member_index(n->d->c, act_person(&hands->people, i, &value));
        if (member >= CELL_MEMBERS_MAX || is_in(n, (uint32_t)member) || !had_vote(n, hands, member))
            continue;
        struct meeting_vote v = {.member = (uint32_t)member,
                                 .how = HOW_HAND,
                                 .site = hands->site,
                                 .choice = (enum act_choice)value,
                                 .entry = hands->entry,
                                 .wall = hands->wall,
                                 .late = hands->late,
                                 .lost = !hands->late && !n->of.votes[member]};
        if (!hands->late) {
            n->in[member] = v;
            n->m->by_hand += v.lost ? 0 : 1;
        } else if (n->out[member].choice == CHOICE_NONE) {
            n->out[member] = v;
        }
    }
}

/* Hands: of each site the last count in time, sites in order; then what came late. */
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
        if (newer || hands->late)
            continue;
        struct meeting_hands *list = realloc(m->hands, (m->hands_count + 1) * sizeof *list);
        if (list == NULL)
            return HOP_ENOMEM;
        memmove(&list[at + 1], &list[at], (m->hands_count - at) * sizeof *list);
        list[at] = *hands;
        m->hands = list;
        m->hands_count++;
    }
    for (size_t i = 0; i < m->hands_count; i++)
        count_site(n, &m->hands[i]);
    for (size_t k = n->past->hands_count; k-- > 0;) {
        if (n->past->hands[k].late)
            count_site(n, &n->past->hands[k]);
    }
    return HOP_OK;
}

/* From the tables into the lists that are shown. */
static int count_list(struct count *n)
{
    struct meeting_motion *m = n->m;
    size_t in = 0, out = 0, members = cell_member_count(n->d->c);
    for (uint32_t i = 0; i < members; i++) {
        out += n->out[i].choice != CHOICE_NONE;
        in +=
            n->in[i].choice != CHOICE_NONE || (n->out[i].choice != CHOICE_NONE && !n->on_paper[i]);
    }
    struct meeting_vote *votes = in == 0 ? m->votes : realloc(m->votes, in * sizeof *votes);
    if (in > 0 && votes == NULL)
        return HOP_ENOMEM;
    m->votes = votes;
    struct meeting_vote *late =
        out == 0 ? m->late_votes : realloc(m->late_votes, out * sizeof *late);
    if (out > 0 && late == NULL)
        return HOP_ENOMEM;
    m->late_votes = late;
    m->votes_count = m->late_votes_count = 0;
    for (uint32_t i = 0; i < members; i++) {
        count_choice(m, n->in[i].lost ? CHOICE_NONE : n->in[i].choice, 1);
        if (n->in[i].choice != CHOICE_NONE)
            votes[m->votes_count++] = n->in[i];
        else if (n->out[i].choice != CHOICE_NONE && !n->on_paper[i])
            votes[m->votes_count++] = n->out[i];
        if (n->out[i].choice != CHOICE_NONE)
            late[m->late_votes_count++] = n->out[i];
    }
    m->late = m->late_votes_count;
    return HOP_OK;
}

static int count_all(struct count *n)
{
    struct meeting_motion *m = n->m;
    m->agree = m->disagree = m->abstain = 0;
    m->by_device = m->by_hand = m->by_paper = m->gone = 0;
    count_begin(n);
    count_paper(n);
    count_devices(n);
    int err = count_hands(n);
    return err != HOP_OK ? err : count_list(n);
}

void motion_stand(const struct meeting *of, struct meeting_motion *m)
{
    if (m->closed)
        return;
    size_t voted = m->by_device + m->by_hand + m->by_paper;
    m->present = of->present;
    m->eligible = of->eligible + m->gone;
    m->quorum_needed = of->quorum_needed;
    m->base = !m->majority.of_present ? m->eligible : voted > of->present ? voted : of->present;
    m->needed = procedure_needed(&m->majority, m->base);
}

static int recount(struct fold *d, size_t index, uint32_t entry)
{
    struct count n = {
        .d = d, .m = &d->f->m.motions[index], .past = &d->f->past[index], .entry = entry};
    int err = count_all(&n);
    if (err == HOP_OK)
        motion_stand(&d->f->m, n.m);
    return err;
}

int motion_recount(struct fold *d, size_t index)
{
    const struct meeting_motion *m = &d->f->m.motions[index];
    return recount(d, index, m->closed ? m->close_entry : HISTORY_NONE);
}

/* What entry had not seen is late. */
static void mark_seen(struct fold *d, size_t index, uint32_t entry)
{
    struct motion_past *past = &d->f->past[index];
    for (size_t i = 0; i < past->count; i++)
        past->marks[i].late = !history_saw(d->h, entry, past->marks[i].entry);
    for (size_t i = 0; i < past->hands_count; i++)
        past->hands[i].late = !history_saw(d->h, entry, past->hands[i].entry);
    for (size_t i = 0; i < past->papers_count; i++)
        past->papers[i]->late = !history_saw(d->h, entry, past->papers[i]->entry);
}

int motion_count_seen(struct fold *d, size_t index, uint32_t entry)
{
    mark_seen(d, index, entry);
    return recount(d, index, entry);
}

int fold_vote(struct fold *d)
{
    size_t index, before = 0;
    const struct meeting_motion *m = motion_of(d, &index);
    struct motion_past *past = &d->f->past[index];
    for (size_t i = 0; i < past->count; i++)
        before += past->marks[i].member == d->e->member;
    if (before >= MEETING_CHANGES_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_CHANGES_MAX));
    struct vote_mark *marks = grown(past->marks, &past->room, past->count, sizeof *marks);
    if (marks == NULL)
        return HOP_ENOMEM;
    past->marks = marks;
    /* Closed already in the order: what closed it had not seen this. */
    past->marks[past->count++] = (struct vote_mark){.entry = d->e->entry,
                                                    .member = d->e->member,
                                                    .choice = (enum act_choice)d->a->value,
                                                    .wall = d->e->wall,
                                                    .late = m->closed};
    return motion_recount(d, index);
}

/* ---- closing ---- */

/* Mark the members of whom entry had seen a record that itself had seen the motion. */
static void mark_heard(const struct fold *d, uint32_t motion, bool *heard)
{
    for (size_t i = 0; i < d->s->logs_count; i++) {
        const struct log_past *log = &d->s->logs[i];
        if (log->count == 0 || log->member >= CELL_MEMBERS_MAX || heard[log->member])
            continue;
        uint32_t last = log_last_seen(d->h, log, d->e->entry);
        if (last != HISTORY_NONE && history_saw(d->h, last, motion))
            heard[log->member] = true;
    }
}

/* What the roll as seen makes of what was counted. */
static void weigh(struct fold *d, const struct count *n, struct meeting_result *r)
{
    bool present[CELL_MEMBERS_MAX], heard[CELL_MEMBERS_MAX];
    size_t unconfirmed = 0;
    struct standing st = roll_standing_seen(d, present);
    for (uint32_t i = 0; i < cell_member_count(d->c); i++) {
        heard[i] = is_in(n, i);
        unconfirmed += heard[i] && !n->in[i].lost && !present[i];
    }
    mark_heard(d, n->m->entry, heard);
    for (uint32_t i = 0; i < cell_member_count(d->c); i++) {
        bool asked = n->of.counts[i] && !heard[i];
        r->unheard += asked;
        r->away += asked && !present[i];
    }
    r->eligible = st.eligible + n->m->gone;
    r->present = st.present;
    r->quorum_needed = st.needed;
    r->base = n->m->majority.of_present ? st.present + unconfirmed : r->eligible;
    r->needed = procedure_needed(&n->m->majority, r->base);
}

int motion_close(struct fold *d, size_t index, bool withdrawn)
{
    struct meeting_motion *m = &d->f->m.motions[index];
    struct count n = {.d = d, .m = m, .past = &d->f->past[index], .entry = d->e->entry};
    if (d->f->m.results_count == MEETING_RESULTS_MAX)
        return text_say(&d->why, REFUSE_TOO_MANY, 1, NUMBER_TEXT(MEETING_RESULTS_MAX));
    mark_seen(d, index, d->e->entry);
    int err = count_all(&n);
    if (err != HOP_OK)
        return err;
    struct meeting_result r = {.motion = (uint32_t)index,
                               .entry = d->e->entry,
                               .member = d->e->member,
                               .wall = d->e->wall,
                               .agree = m->agree,
                               .disagree = m->disagree,
                               .abstain = m->abstain};
    memcpy(r.id, d->e->id, 32);
    weigh(d, &n, &r);
    r.outcome = withdrawn                     ? OUTCOME_WITHDRAWN
                : r.present < r.quorum_needed ? OUTCOME_NO_QUORUM
                : r.agree >= r.needed         ? OUTCOME_ADOPTED
                                              : OUTCOME_REJECTED;
    return result_add(d, &r);
}

int fold_tally(struct fold *d)
{
    size_t index;
    (void)motion_of(d, &index);
    if (seen_result(d, index))
        return text_say(&d->why, REFUSE_TALLY_TWICE, 0);
    return motion_close(d, index, false);
}

/* A ballot on paper may be held after the meeting: its close leaves it open. */
int motions_close_all(struct fold *d)
{
    for (size_t i = 0; i < d->f->m.motions_count; i++) {
        const struct meeting_motion *m = &d->f->m.motions[i];
        if (m->ballot != BALLOT_OPEN || !history_saw(d->h, d->e->entry, m->entry) ||
            seen_result(d, i))
            continue;
        int err = motion_close(d, i, false);
        if (err != HOP_OK)
            return err;
    }
    return HOP_OK;
}
