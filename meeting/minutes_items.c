/* The minutes: what was said on each item, and each vote with how it was counted. */
#include "meeting/minutes_part.h"

#include <stdio.h>

enum text_id minutes_outcome(enum meeting_outcome o)
{
    static const enum text_id outcomes[] = {
        [OUTCOME_OPEN] = OUTCOME_NAME_OPEN,           [OUTCOME_ADOPTED] = OUTCOME_NAME_ADOPTED,
        [OUTCOME_REJECTED] = OUTCOME_NAME_REJECTED,   [OUTCOME_NO_QUORUM] = OUTCOME_NAME_NO_QUORUM,
        [OUTCOME_WITHDRAWN] = OUTCOME_NAME_WITHDRAWN,
    };
    return outcomes[o];
}

/* ---- what was said ---- */

static void put_opinion(struct minutes *w, const struct meeting_opinion *o)
{
    char name[MINUTES_WHO_BYTES], by[MINUTES_WHO_BYTES];
    enum text_id id = o->by != o->member ? MIN_OPINION_BY
                      : o->prepared      ? MIN_OPINION_PREPARED
                                         : MIN_OPINION_SPOKEN;
    minutes_tell(w, o->text, id, 2, minutes_who(w, o->member, name), minutes_who(w, o->by, by));
}

static void put_turns(struct minutes *w, uint32_t item)
{
    struct minutes_names names = {0};
    for (size_t i = 0; i < w->m->turns_count; i++) {
        const struct meeting_turn *t = &w->m->turns[i];
        if (t->item == item && t->given_wall != 0)
            minutes_name(w, &names, t->member, t->order ? text(w->lang, MIN_TURN_ORDER) : NULL);
    }
    minutes_list(w, &names, MIN_TURNS, NULL);
}

/* The last of an item holds; those before it stay on record. */
static void put_conclusions(struct minutes *w, uint32_t item)
{
    char name[MINUTES_WHO_BYTES];
    size_t last = w->m->conclusions_count;
    while (last > 0 && w->m->conclusions[last - 1].item != item)
        last--;
    for (size_t i = 0; i < last; i++) {
        const struct meeting_conclusion *c = &w->m->conclusions[i];
        if (c->item == item)
            minutes_tell(w, c->text, i + 1 == last ? MIN_CONCLUSION : MIN_CONCLUSION_EARLIER, 1,
                         minutes_who(w, c->member, name));
    }
}

/* ---- one vote ---- */

/* How each member took part in one vote. */
struct cast {
    const struct meeting_vote *vote[CELL_MEMBERS_MAX];
    bool paper[CELL_MEMBERS_MAX];
};

static void take_cast(const struct minutes *w, const struct meeting_motion *v, struct cast *ret)
{
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < v->votes_count; i++) {
        if (!v->votes[i].late && !v->votes[i].lost && v->votes[i].member < CELL_MEMBERS_MAX)
            ret->vote[v->votes[i].member] = &v->votes[i];
    }
    for (size_t i = 0; v->paper != NULL && i < v->paper->people.count; i++) {
        uint8_t value;
        size_t member = cell_member_index(w->c, act_person(&v->paper->people, i, &value));
        if (member < CELL_MEMBERS_MAX)
            ret->paper[member] = true;
    }
}

/* "giơ tay, điểm cầu 2"; NULL for a vote by the own device. */
static const char *how(const struct minutes *w, const struct meeting_vote *vote, struct buf *ret)
{
    char site[24];
    const char *args[] = {site};
    if (vote == NULL || vote->how != HOW_HAND)
        return NULL;
    if (vote->site == NO_SITE)
        return text(w->lang, MIN_BY_HAND);
    (void)minutes_number(site, (size_t)vote->site + 1);
    buf_free(ret);
    *ret = (struct buf){0};
    text_fill(ret, w->lang, MIN_BY_HAND_AT, args, 1);
    return buf_string(ret);
}

/* The names of those who made this choice; CHOICE_NONE: who could vote and did not. */
static void put_choice(struct minutes *w, const struct meeting_motion *motion,
                       const struct cast *cast, enum act_choice choice, enum text_id label)
{
    struct minutes_names names = {0};
    struct buf note = {0};
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_vote *v = cast->vote[i];
        bool here = choice == CHOICE_NONE
                        ? v == NULL && !cast->paper[i] && meeting_voter(w->s, w->m, motion, i)
                        : v != NULL && v->choice == choice;
        if (here)
            minutes_name(w, &names, i, how(w, v, &note));
    }
    if (names.count == 0)
        minutes_say(w, MIN_VOTES_NONE, 1, text(w->lang, label));
    minutes_list(w, &names, MIN_VOTES, text(w->lang, label));
    w->b->bad = w->b->bad || note.bad;
    buf_free(&note);
}

/* Votes of members who had lost the vote, or the cell, when the vote was closed. */
static void put_lost(struct minutes *w, const struct meeting_motion *motion)
{
    struct minutes_names names = {0};
    for (size_t i = 0; i < motion->votes_count; i++) {
        if (motion->votes[i].lost)
            minutes_name(w, &names, motion->votes[i].member, NULL);
    }
    minutes_list(w, &names, MIN_VOTES, text(w->lang, MIN_LOST_VOTES));
}

static void put_paper(struct minutes *w, const struct meeting_motion *v, const struct cast *cast)
{
    char n[PAPER_COUNTS][24], name[MINUTES_WHO_BYTES];
    struct minutes_names names = {0};
    if (v->paper == NULL)
        return;
    for (int i = 0; i < PAPER_COUNTS; i++)
        (void)minutes_number(n[i], v->paper->counts[i]);
    minutes_tell(w, v->paper->text, MIN_PAPER, 8, n[PAPER_ISSUED], n[PAPER_COLLECTED],
                 n[PAPER_VALID], n[PAPER_INVALID], n[PAPER_AGREE], n[PAPER_DISAGREE],
                 n[PAPER_ABSTAIN], minutes_who(w, v->paper->member, name));
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        if (cast->paper[i])
            minutes_name(w, &names, i, NULL);
    }
    minutes_list(w, &names, MIN_PAPER_PEOPLE, NULL);
}

static void put_question(struct minutes *w, const struct meeting_motion *v)
{
    static const enum text_id ballots[] = {[BALLOT_OPEN] = MIN_BALLOT_OPEN,
                                           [BALLOT_SECRET] = MIN_BALLOT_SECRET,
                                           [BALLOT_PAPER] = MIN_BALLOT_PAPER};
    const struct procedure_question *q =
        v->question[0] == '\0' ? NULL : procedure_find_question(w->p, span_text(v->question));
    char n[24];
    size_t amended = minutes_motion(w->m, v->amends);
    if (q != NULL)
        minutes_say(w, MIN_QUESTION, 2, q->label.in[w->lang], text(w->lang, ballots[v->ballot]));
    if (minutes_has(v->amends) && amended < w->m->motions_count)
        minutes_say(w, MIN_AMENDS, 1, minutes_number(n, amended + 1));
}

/* One closing of a vote, where it is not the only one or stands against another. */
static void put_apart(struct minutes *w, const struct meeting_result *r)
{
    char n[5][24], name[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    enum text_id standing = r->settled == SETTLED_HOLDS      ? MIN_APART_HOLDS
                            : r->settled == SETTLED_ANNULLED ? MIN_APART_ANNULLED
                            : r->against_count > 0           ? MIN_APART_OPEN
                                                             : MIN_APART_KEPT;
    minutes_say(w, MIN_APART, 9, minutes_number(n[0], (size_t)r->motion + 1),
                minutes_who(w, r->member, name), minutes_clock(w, r->wall, clock),
                text(w->lang, minutes_outcome(r->outcome)), minutes_number(n[1], r->agree),
                minutes_number(n[2], r->disagree), minutes_number(n[3], r->abstain),
                minutes_number(n[4], r->eligible), text(w->lang, standing));
}

static void put_all_apart(struct minutes *w, size_t motion)
{
    size_t own = 0;
    for (size_t i = 0; i < w->m->results_count; i++)
        own += w->m->results[i].motion == motion;
    for (size_t i = 0; i < w->m->results_count; i++) {
        const struct meeting_result *r = &w->m->results[i];
        if (r->motion == motion && (own > 1 || r->against_count > 0))
            put_apart(w, r);
    }
}

static void put_result(struct minutes *w, const struct meeting_motion *v)
{
    struct buf standing = {0};
    char n[6][24];
    size_t counted = v->agree + v->disagree + v->abstain;
    if (!v->closed) {
        minutes_say(w, MIN_UNDECIDED, 0);
        return;
    }
    if (v->outcome == OUTCOME_WITHDRAWN) {
        minutes_say(w, MIN_WITHDRAWN, 0);
        return;
    }
    minutes_say(w, MIN_RESULT, 7, text(w->lang, minutes_outcome(v->outcome)),
                minutes_number(n[0], v->agree), minutes_number(n[1], v->base),
                minutes_number(n[2], v->needed), minutes_number(n[3], v->present),
                minutes_number(n[4], v->eligible), minutes_number(n[5], v->quorum_needed));
    minutes_say(w, MIN_HORIZON, 3, minutes_number(n[0], counted), minutes_number(n[1], v->eligible),
                minutes_number(n[2], v->unheard));
    if (v->standing_why.id != TEXT_NONE) {
        text_said_fill(&standing, w->lang, &v->standing_why);
        minutes_say(w, MIN_STANDING, 1, buf_string(&standing));
    }
    w->b->bad = w->b->bad || standing.bad;
    buf_free(&standing);
}

static void put_motion(struct minutes *w, size_t index)
{
    const struct meeting_motion *v = &w->m->motions[index];
    struct cast cast;
    char name[MINUTES_WHO_BYTES], n[3][24];
    take_cast(w, v, &cast);
    minutes_tell(w, v->text, MIN_MOTION, 2, minutes_number(n[0], index + 1),
                 minutes_who(w, v->member, name));
    put_question(w, v);
    bool named = v->by_device + v->by_hand > 0;
    if (named || (v->paper == NULL && v->outcome != OUTCOME_WITHDRAWN)) {
        put_choice(w, v, &cast, CHOICE_AGREE, MIN_AGREE);
        put_choice(w, v, &cast, CHOICE_DISAGREE, MIN_DISAGREE);
        put_choice(w, v, &cast, CHOICE_ABSTAIN, MIN_ABSTAIN);
    }
    if (named || v->outcome != OUTCOME_WITHDRAWN)
        put_choice(w, v, &cast, CHOICE_NONE, MIN_NOT_VOTED);
    if (v->by_hand + v->by_paper > 0 || v->paper != NULL)
        minutes_say(w, MIN_HOW, 3, minutes_number(n[0], v->by_device),
                    minutes_number(n[1], v->by_hand), minutes_number(n[2], v->by_paper));
    put_paper(w, v, &cast);
    put_result(w, v);
    put_lost(w, v);
    put_all_apart(w, index);
}

/* ---- items ---- */

static void put_steps(struct minutes *w, uint32_t item)
{
    char name[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    for (size_t i = 0; i < w->m->steps_count; i++) {
        const struct meeting_step *s = &w->m->steps[i];
        if (s->step == item)
            minutes_tell(w, s->text, MIN_STEP, 2, minutes_clock(w, s->wall, clock),
                         minutes_who(w, s->member, name));
    }
}

static void mark_used(bool *used, uint32_t item)
{
    used[item <= ACT_AGENDA_MAX ? item : 0] = true;
}

static void find_used(const struct meeting *m, bool used[static ACT_AGENDA_MAX + 1])
{
    for (size_t i = 0; i < m->opinions_count; i++) {
        if (!m->opinions[i].late)
            mark_used(used, m->opinions[i].item);
    }
    for (size_t i = 0; i < m->motions_count; i++)
        mark_used(used, m->motions[i].item);
    for (size_t i = 0; i < m->conclusions_count; i++)
        mark_used(used, m->conclusions[i].item);
    for (size_t i = 0; i < m->steps_count; i++)
        mark_used(used, m->steps[i].step);
    for (size_t i = 0; i < m->turns_count; i++) {
        if (m->turns[i].given_wall != 0)
            mark_used(used, m->turns[i].item);
    }
}

static void put_item(struct minutes *w, uint32_t item)
{
    char n[24];
    if (item == 0)
        minutes_say(w, MIN_GENERAL, 0);
    else
        minutes_tell(w, w->m->agenda[item - 1], MIN_ITEM, 1, minutes_number(n, item));
    put_steps(w, item);
    put_turns(w, item);
    for (size_t i = 0; i < w->m->opinions_count; i++) {
        if (w->m->opinions[i].item == item && !w->m->opinions[i].late)
            put_opinion(w, &w->m->opinions[i]);
    }
    for (size_t i = 0; i < w->m->motions_count; i++) {
        if (w->m->motions[i].item == item)
            put_motion(w, i);
    }
    put_conclusions(w, item);
}

void minutes_items(struct minutes *w)
{
    bool used[ACT_AGENDA_MAX + 1] = {false}, some = false;
    find_used(w->m, used);
    minutes_section(w, MIN_SECTION_CONTENT);
    for (uint32_t item = 0; item <= w->m->agenda_count; item++) {
        if (!used[item])
            continue;
        if (some)
            buf_text(w->b, "\n");
        some = true;
        put_item(w, item);
    }
    if (!some)
        minutes_say(w, MIN_NO_CONTENT, 0);
}
