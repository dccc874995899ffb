/* The roll: who says to be there, whom the chair or the secretary confirmed, and what that makes of
 * the quorum.
 *
 * A member's own word (ATTEND) is a proposal; only a confirmed line counts. All lines ever recorded
 * are kept, because a vote is judged by the roll as the record closing it had seen it. */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

struct cell_standing standing_now(const struct cell *c, uint32_t member)
{
    return cell_standing_at(c, NULL, member, HISTORY_NONE);
}

bool standing_speaks(struct cell_standing st)
{
    return st.active && st.role != ROLE_OBSERVER && st.role != ROLE_CARRIER;
}

bool standing_counts(const struct procedure *p, struct cell_standing st)
{
    return standing_speaks(st) && st.category < CATEGORIES_COUNT && p->counts[st.category];
}

bool standing_votes(const struct procedure *p, struct cell_standing st)
{
    return standing_speaks(st) && st.category < CATEGORIES_COUNT && p->votes[st.category];
}

/* By the line, which keeps what the close had seen; a member without one came after the last
 * record that was folded. */
static struct cell_standing standing_on_roll(const struct cell *c, const struct meeting *m,
                                             uint32_t member)
{
    if (member < m->roll_count)
        return m->roll[member].standing;
    struct cell_standing none = {0};
    return m->stage == STAGE_CLOSED ? none : standing_now(c, member);
}

bool meeting_voter(const struct meeting_state *s, const struct meeting *m,
                   const struct meeting_motion *motion, uint32_t member)
{
    if (motion->closed)
        return member < CELL_MEMBERS_MAX && (motion->voters[member / 8] >> member % 8 & 1) != 0;
    return member < m->roll_count && standing_votes(s->procedure, m->roll[member].standing);
}

struct standing roll_standing(const struct meeting_state *s, const struct cell *c,
                              const struct meeting *m)
{
    struct standing st = {0};
    for (uint32_t i = 0; i < cell_member_count(c); i++) {
        if (!standing_counts(s->procedure, standing_on_roll(c, m, i)))
            continue;
        st.eligible++;
        if (i < m->roll_count && m->roll[i].status == ROLL_PRESENT)
            st.present++;
    }
    st.needed = procedure_needed(&s->procedure->quorum, st.eligible);
    return st;
}

struct standing roll_standing_seen(const struct fold *d, uint32_t entry)
{
    struct standing st = {0};
    bool decided[CELL_MEMBERS_MAX] = {false};
    uint32_t members = (uint32_t)cell_member_count(d->c);
    assert(members <= CELL_MEMBERS_MAX);
    for (uint32_t i = 0; i < members; i++) {
        decided[i] = !standing_counts(d->s->procedure, cell_standing_at(d->c, d->h, i, entry));
        if (!decided[i])
            st.eligible++;
    }
    /* Of each member the last line that the entry had seen. */
    for (size_t k = d->f->marks_count; k-- > 0;) {
        const struct roll_mark *mark = &d->f->marks[k];
        if (decided[mark->member] || !history_saw(d->h, entry, mark->entry))
            continue;
        decided[mark->member] = true;
        if (mark->status == ROLL_PRESENT)
            st.present++;
    }
    st.needed = procedure_needed(&d->s->procedure->quorum, st.eligible);
    return st;
}

int roll_resize(struct meeting_full *f, const struct cell *c)
{
    size_t members = cell_member_count(c);
    assert(members <= CELL_MEMBERS_MAX);
    if (members <= f->m.roll_count)
        return HOP_OK;
    struct meeting_roll_line *roll = realloc(f->m.roll, members * sizeof *roll);
    if (roll == NULL)
        return HOP_ENOMEM;
    f->m.roll = roll;
    for (size_t i = f->m.roll_count; i < members; i++)
        roll[i] = (struct meeting_roll_line){.member = (uint32_t)i}; /* a close had not seen them */
    f->m.roll_count = members;
    return HOP_OK;
}

void roll_refresh(const struct meeting_state *s, const struct cell *c, struct meeting_full *f)
{
    for (uint32_t i = 0; i < f->m.roll_count && f->m.stage != STAGE_CLOSED; i++) {
        f->m.roll[i].standing = standing_now(c, i);
        f->m.roll[i].known = f->m.roll[i].standing.active;
    }
    struct standing st = roll_standing(s, c, &f->m);
    f->m.present = st.present;
    f->m.eligible = st.eligible;
    f->m.quorum_needed = st.needed;
    for (size_t i = 0; i < f->m.motions_count; i++) {
        struct meeting_motion *motion = &f->m.motions[i];
        if (motion->closed)
            continue;
        motion->present = st.present;
        motion->eligible = st.eligible;
        motion->quorum_needed = st.needed;
        motion->needed = procedure_needed(
            &s->procedure->majority, s->procedure->majority.of_present ? st.present : st.eligible);
    }
}

int fold_attend(struct fold *d)
{
    struct meeting_roll_line *line = &d->f->m.roll[d->e->member];
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    if (line->claimed)
        return text_say(&d->why, REFUSE_ATTEND_TWICE, 0);
    line->claimed = true;
    if (line->status == ROLL_UNKNOWN)
        line->wall = d->e->wall;
    return HOP_OK;
}

int fold_roll(struct fold *d)
{
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    size_t member = cell_member_index(d->c, d->a->target);
    assert(member < d->f->m.roll_count); /* permit_record() has found the member */
    char *reason = NULL;
    if (d->a->text.size > 0) {
        reason = text_of(d->a->text);
        if (reason == NULL)
            return HOP_ENOMEM;
    }
    struct roll_mark *marks =
        grown(d->f->marks, &d->f->marks_room, d->f->marks_count, sizeof *marks);
    if (marks == NULL) {
        free(reason);
        return HOP_ENOMEM;
    }
    d->f->marks = marks;
    d->f->marks[d->f->marks_count++] = (struct roll_mark){
        .entry = d->e->entry, .member = (uint32_t)member, .status = (enum act_roll)d->a->value};
    struct meeting_roll_line *line = &d->f->m.roll[member];
    free(line->reason);
    line->reason = reason;
    line->status = (enum act_roll)d->a->value;
    line->wall = d->e->wall;
    roll_refresh(d->s, d->c, d->f);
    return HOP_OK;
}
