/* The roll: who says to be there, whom the chair or the secretary confirmed, and what that makes of
 * the quorum.
 *
 * A member's own word (ATTEND) is a proposal; only a confirmed line counts. All lines ever recorded
 * are kept, because a vote is judged by the roll as the record closing it had seen it. */
#include "meeting/state.h"

#include <assert.h>
#include <stdlib.h>

bool member_speaks(const struct cell *c, uint32_t member)
{
    enum auth_role role = cell_member(c, member)->role;
    return role != ROLE_OBSERVER && role != ROLE_CARRIER;
}

bool member_counts(const struct procedure *p, const struct cell *c, uint32_t member)
{
    const struct cell_member *who = cell_member(c, member);
    return member_speaks(c, member) && who->category < CATEGORIES_COUNT && p->counts[who->category];
}

bool member_votes(const struct procedure *p, const struct cell *c, uint32_t member)
{
    const struct cell_member *who = cell_member(c, member);
    return member_speaks(c, member) && who->category < CATEGORIES_COUNT && p->votes[who->category];
}

bool member_known(const struct cell *c, const struct history *h, uint32_t member, uint32_t entry)
{
    uint32_t first = cell_member(c, member)->first_device;
    if (first >= cell_device_count(c))
        return true;
    uint32_t admit = history_find(h, cell_device(c, first)->admit);
    /* The founder may be in the cell by genesis alone: known to all. */
    return admit == HISTORY_NONE || history_saw(h, entry, admit);
}

struct standing roll_standing(const struct meeting_state *s, const struct cell *c,
                              const struct meeting *m)
{
    struct standing st = {0};
    for (uint32_t i = 0; i < cell_member_count(c); i++) {
        bool on_roll = i < m->roll_count;
        if (!member_counts(s->procedure, c, i) || (on_roll && !m->roll[i].known) ||
            (!on_roll && m->stage == STAGE_CLOSED))
            continue;
        st.eligible++;
        if (on_roll && m->roll[i].status == ROLL_PRESENT && m->roll[i].check == m->check)
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
        decided[i] =
            !member_counts(d->s->procedure, d->c, i) || !member_known(d->c, d->h, i, entry);
        if (!decided[i])
            st.eligible++;
    }
    uint32_t check = check_seen(d, entry);
    /* Of each member the last line that the entry had seen. */
    for (size_t k = d->f->marks_count; k-- > 0;) {
        const struct roll_mark *mark = &d->f->marks[k];
        if (decided[mark->member] || !history_saw(d->h, entry, mark->entry))
            continue;
        decided[mark->member] = true;
        if (mark->status == ROLL_PRESENT && mark->check == check)
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
    for (size_t i = f->m.roll_count; i < members; i++) {
        roll[i] = (struct meeting_roll_line){
            .member = (uint32_t)i, .site = NO_SITE, .known = f->m.stage != STAGE_CLOSED};
    }
    f->m.roll_count = members;
    return HOP_OK;
}

void roll_refresh(const struct meeting_state *s, const struct cell *c, struct meeting_full *f)
{
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
    line->evidence = EVIDENCE_DEVICE;
    if (line->status == ROLL_UNKNOWN)
        line->wall = d->e->wall;
    return HOP_OK;
}

int fold_roll(struct fold *d)
{
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    size_t member = cell_member_index(d->c, d->a->person);
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
    d->f->marks[d->f->marks_count++] = (struct roll_mark){.entry = d->e->entry,
                                                          .member = (uint32_t)member,
                                                          .check = check_seen(d, d->e->entry),
                                                          .status = (enum act_roll)d->a->value};
    struct meeting_roll_line *line = &d->f->m.roll[member];
    free(line->reason);
    line->reason = reason;
    line->status = (enum act_roll)d->a->value;
    line->check = check_seen(d, d->e->entry);
    line->attended = line->attended || line->status == ROLL_PRESENT;
    line->wall = d->e->wall;
    roll_refresh(d->s, d->c, d->f);
    return HOP_OK;
}
