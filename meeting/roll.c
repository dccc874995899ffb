/* The roll: who says to be there, whom the chair or the secretary confirmed, and what that makes of
 * the quorum.
 *
 * A member's own word (ATTEND) is a proposal; only a confirmed line counts. All lines ever recorded
 * are kept, because a vote is judged by the roll as the record closing it had seen it. A CHECK asks
 * again for every line it had seen; lines confirmed on the other side of a split stand. Lines that
 * the close of the meeting had not seen are late, shown apart. */
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

/* Those invited by name; else the group's; else everybody. */
void circle_seen(bool ret[static CELL_MEMBERS_MAX], const struct meeting *m, const struct cell *c,
                 const struct history *h, uint32_t entry)
{
    struct cell_group group;
    size_t members = cell_member_count(c);
    bool named = m->invited.count > 0;
    bool grouped = !named && cell_group_at(c, h, m->group, entry, &group);
    for (size_t i = 0; i < CELL_MEMBERS_MAX; i++)
        ret[i] = !named && !grouped && i < members;
    for (size_t i = 0; i < m->invited.count; i++) {
        uint8_t value;
        size_t member = cell_member_index(c, act_person(&m->invited, i, &value));
        if (member < CELL_MEMBERS_MAX)
            ret[member] = true;
    }
    for (size_t i = 0; grouped && i < group.members_count; i++)
        ret[group.members[i]] = true;
}

void electorate_seen(struct electorate *ret, const struct procedure *p, const struct meeting *m,
                     const struct cell *c, const struct history *h, uint32_t entry)
{
    bool concerned[CELL_MEMBERS_MAX];
    circle_seen(concerned, m, c, h, entry);
    *ret = (struct electorate){0};
    for (uint32_t i = 0; i < cell_member_count(c); i++) {
        if (!concerned[i])
            continue;
        struct cell_standing st = cell_standing_at(c, h, i, entry);
        ret->counts[i] = standing_counts(p, st);
        ret->votes[i] = standing_votes(p, st);
    }
}

bool line_counts(const struct procedure *p, const struct meeting_roll_line *line)
{
    return line->concerned && standing_counts(p, line->standing);
}

static bool line_votes(const struct procedure *p, const struct meeting_roll_line *line)
{
    return line->concerned && standing_votes(p, line->standing);
}

void electorate_shown(struct electorate *ret, const struct procedure *p, const struct meeting *m,
                      const struct cell *c)
{
    if (m->stage != STAGE_CLOSED && m->roll_count < cell_member_count(c)) {
        electorate_seen(ret, p, m, c, NULL, HISTORY_NONE); /* some came after the last fold */
        return;
    }
    *ret = (struct electorate){0};
    for (size_t i = 0; i < m->roll_count; i++) {
        ret->counts[i] = line_counts(p, &m->roll[i]);
        ret->votes[i] = line_votes(p, &m->roll[i]);
    }
}

bool meeting_voter(const struct meeting_state *s, const struct meeting *m,
                   const struct meeting_motion *motion, uint32_t member)
{
    if (motion->closed)
        return member < CELL_MEMBERS_MAX && (motion->voters[member / 8] >> member % 8 & 1) != 0;
    return member < m->roll_count && line_votes(s->procedure, &m->roll[member]);
}

struct standing roll_standing(const struct meeting_state *s, const struct cell *c,
                              const struct meeting *m)
{
    struct standing st = {0};
    struct electorate of;
    electorate_shown(&of, s->procedure, m, c);
    for (uint32_t i = 0; i < cell_member_count(c); i++) {
        if (!of.counts[i])
            continue;
        st.eligible++;
        if (i < m->roll_count && m->roll[i].status == ROLL_PRESENT && !m->roll[i].stale)
            st.present++;
    }
    st.needed = procedure_needed(&s->procedure->quorum, st.eligible);
    return st;
}

/* The checks that the record of this fold had seen, a bit each. */
static uint64_t checks_seen(const struct fold *d)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < d->f->checks_count; i++) {
        if (history_saw(d->h, d->e->entry, d->f->checks[i]))
            seen |= UINT64_C(1) << i;
    }
    return seen;
}

struct standing roll_standing_seen(const struct fold *d, bool present[static CELL_MEMBERS_MAX])
{
    struct standing st = {0};
    bool decided[CELL_MEMBERS_MAX] = {false};
    struct electorate of;
    uint32_t members = (uint32_t)cell_member_count(d->c), entry = d->e->entry;
    assert(members <= CELL_MEMBERS_MAX);
    electorate_seen(&of, d->s->procedure, &d->f->m, d->c, d->h, entry);
    for (uint32_t i = 0; i < members; i++) {
        present[i] = false;
        decided[i] = !of.counts[i];
        st.eligible += of.counts[i];
    }
    uint64_t checks = checks_seen(d);
    /* Of each member the last line that the entry had seen. */
    for (size_t k = d->f->marks_count; k-- > 0;) {
        const struct roll_mark *mark = &d->f->marks[k];
        if (decided[mark->member] || !history_saw(d->h, entry, mark->entry))
            continue;
        decided[mark->member] = true;
        if (mark->status == ROLL_PRESENT && (mark->voided & checks) == 0) {
            present[mark->member] = true;
            st.present++;
        }
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
    for (uint32_t i = (uint32_t)f->m.roll_count; i < members; i++) /* a close had not seen them */
        roll[i] = (struct meeting_roll_line){.member = i, .site = NO_SITE};
    f->m.roll_count = members;
    return HOP_OK;
}

/* Who is who on the roll, as entry had seen it; HISTORY_NONE: as known now. */
static void lines_stand(struct meeting_full *f, const struct cell *c, const struct history *h,
                        uint32_t entry)
{
    bool concerned[CELL_MEMBERS_MAX];
    circle_seen(concerned, &f->m, c, h, entry);
    for (uint32_t i = 0; i < f->m.roll_count; i++) {
        struct meeting_roll_line *line = &f->m.roll[i];
        line->standing = cell_standing_at(c, h, i, entry);
        line->known = line->standing.active;
        line->concerned = concerned[i] && line->known;
    }
}

void roll_refresh(const struct meeting_state *s, const struct cell *c, struct meeting_full *f)
{
    if (f->m.stage != STAGE_CLOSED)
        lines_stand(f, c, NULL, HISTORY_NONE);
    struct standing st = roll_standing(s, c, &f->m);
    f->m.present = st.present;
    f->m.eligible = st.eligible;
    f->m.quorum_needed = st.needed;
    for (size_t i = 0; i < f->m.motions_count; i++)
        motion_stand(&f->m, &f->m.motions[i]);
}

/* Last lines first: the first met of a member is the one that holds, and so of each check. */
void roll_show(struct meeting_full *f)
{
    bool met[CELL_MEMBERS_MAX] = {false};
    uint64_t checked[CELL_MEMBERS_MAX] = {0}; /* a bit a number of checks seen, of those met */
    for (size_t i = 0; i < f->m.roll_count; i++) {
        struct meeting_roll_line *line = &f->m.roll[i];
        line->status = line->late_status = ROLL_UNKNOWN;
        line->reason = NULL;
        line->stale = line->attended = false;
        line->check = 0;
    }
    for (size_t k = f->marks_count; k-- > 0;) {
        const struct roll_mark *mark = &f->marks[k];
        struct meeting_roll_line *line = &f->m.roll[mark->member];
        if (mark->late) {
            if (line->late_status == ROLL_UNKNOWN)
                line->late_status = mark->status;
            continue;
        }
        if (!met[mark->member]) {
            met[mark->member] = true;
            line->status = mark->status;
            line->reason = mark->reason;
            line->wall = mark->wall;
            line->check = mark->check;
            line->stale = (mark->voided & f->checks_held) != 0;
        }
        /* A line corrected before the next check says nothing; one of an earlier check stays. */
        uint64_t bit = UINT64_C(1) << mark->check;
        if ((checked[mark->member] & bit) == 0 && mark->status == ROLL_PRESENT)
            line->attended = true;
        checked[mark->member] |= bit;
    }
}

void roll_close(struct fold *d)
{
    struct meeting_full *f = d->f;
    f->checks_held = checks_seen(d);
    lines_stand(f, d->c, d->h, d->e->entry);
    for (size_t k = 0; k < f->marks_count; k++)
        f->marks[k].late = !history_saw(d->h, d->e->entry, f->marks[k].entry);
    for (uint32_t i = 0; i < f->m.roll_count; i++) {
        struct meeting_roll_line *line = &f->m.roll[i];
        line->excuse_late =
            line->excuse != NULL && !history_saw(d->h, d->e->entry, line->excuse_entry);
    }
    roll_show(f);
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
    struct meeting_full *f = d->f;
    if (seen_closed(d))
        return text_say(&d->why, REFUSE_CLOSED, 0);
    size_t member = cell_member_index(d->c, d->a->person);
    assert(member < f->m.roll_count); /* permit_record() has found the member */
    struct roll_mark mark = {.entry = d->e->entry,
                             .member = (uint32_t)member,
                             .check = check_seen(d),
                             .status = (enum act_roll)d->a->value,
                             .late = f->m.stage == STAGE_CLOSED,
                             .wall = d->e->wall};
    if (d->a->text.size > 0) {
        mark.reason = text_of(d->a->text);
        if (mark.reason == NULL)
            return HOP_ENOMEM;
    }
    struct roll_mark *marks = grown(f->marks, &f->marks_room, f->marks_count, sizeof *marks);
    if (marks == NULL) {
        free(mark.reason);
        return HOP_ENOMEM;
    }
    f->marks = marks;
    f->marks[f->marks_count++] = mark;
    roll_show(f);
    roll_refresh(d->s, d->c, f);
    return HOP_OK;
}
