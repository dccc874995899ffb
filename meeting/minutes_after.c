/* The minutes: replies in writing, and what stands behind the items: reports, what came back from
 * the groups, exceptions, resolutions, tasks, the score, what arrived after the close, and what
 * became of the minutes themselves. A section that would be empty is left out. */
#include "meeting/minutes_part.h"

#include <stdio.h>

/* ---- a written consultation ---- */

static bool replied(const struct minutes *w, uint32_t member, enum act_reply reply)
{
    const struct meeting_reply *r = meeting_reply_of(w->m, member);
    return line_counts(w->p, &w->m->roll[member]) && (r == NULL ? REPLY_NONE : r->reply) == reply;
}

/* By name, a line each: with a reply there are often words. */
static void put_replies(struct minutes *w, enum act_reply reply, enum text_id label)
{
    struct minutes_names names = {0};
    char name[MINUTES_WHO_BYTES], n[24];
    bool words = false;
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_reply *r = meeting_reply_of(w->m, i);
        if (!replied(w, i, reply))
            continue;
        words = words || (r != NULL && r->text[0] != '\0');
        minutes_name(w, &names, i, NULL);
    }
    if (names.count == 0)
        minutes_say(w, MIN_ROLL_NONE, 1, text(w->lang, label));
    if (words) {
        minutes_say(w, MIN_ROLL_COUNT, 2, text(w->lang, label), minutes_number(n, names.count));
        names.count = 0;
        for (uint32_t i = 0; i < w->m->roll_count; i++) {
            if (replied(w, i, reply))
                minutes_tell(w, meeting_reply_of(w->m, i)->text, MIN_ROLL_LINE, 1,
                             minutes_who(w, i, name));
        }
    }
    minutes_list(w, &names, MIN_ROLL, text(w->lang, label));
}

void minutes_replies(struct minutes *w)
{
    struct meeting_replies n = meeting_count_replies(w->m, w->p);
    char asked[24], needed[24], agree[24];
    minutes_section(w, MIN_SECTION_REPLIES);
    minutes_say(w, MIN_ASKED, 4, minutes_number(asked, n.asked), w->p->people.in[w->lang],
                minutes_number(needed, n.needed), minutes_number(agree, n.of[REPLY_AGREE]));
    put_replies(w, REPLY_AGREE, MIN_REPLY_AGREE);
    put_replies(w, REPLY_DISAGREE, MIN_REPLY_DISAGREE);
    put_replies(w, REPLY_OTHER, MIN_REPLY_OTHER);
    put_replies(w, REPLY_NONE, MIN_REPLY_NONE);
}

/* ---- reports, groups, exceptions ---- */

static void put_report(struct minutes *w, const struct meeting_report *r)
{
    char name[MINUTES_WHO_BYTES];
    struct buf words = {0};
    bool state = r->state > 0 && r->state <= w->p->states_count;
    enum text_id id = r->urgent ? state ? MIN_REPORT_URGENT_STATE : MIN_REPORT_URGENT
                      : state   ? MIN_REPORT_STATE
                                : MIN_REPORT;
    buf_printf(&words, "%s%s%s", r->place, r->place[0] == '\0' ? "" : ": ", r->text);
    minutes_tell(w, buf_string(&words), id, 2, minutes_who(w, r->member, name),
                 state ? w->p->states[r->state - 1].in[w->lang] : "");
    w->b->bad = w->b->bad || words.bad;
    buf_free(&words);
}

/* Urgent ones first. */
static void put_reports(struct minutes *w)
{
    bool some = false;
    for (int urgent = 1; urgent >= 0; urgent--) {
        for (size_t i = 0; i < meeting_report_count(w->s); i++) {
            const struct meeting_report *r = meeting_report_at(w->s, i);
            if (memcmp(r->meeting, w->m->id, 32) != 0 || (int)r->urgent != urgent)
                continue;
            if (!some)
                minutes_section(w, MIN_SECTION_REPORTS);
            some = true;
            put_report(w, r);
        }
    }
}

static void put_cascades(struct minutes *w)
{
    char name[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES], n[24];
    bool some = false;
    for (size_t i = 0; i < w->m->cascades_count; i++) {
        const struct meeting_cascade *c = &w->m->cascades[i];
        if (meeting_cascade_of(w->m, c->group) != c)
            continue; /* the last of a group holds */
        if (!some)
            minutes_section(w, MIN_SECTION_CASCADE);
        some = true;
        minutes_tell(w, c->text, MIN_CASCADE, 3, minutes_who(w, c->member, name),
                     minutes_clock(w, c->wall, clock), minutes_number(n, c->people.count));
        for (int status = ROLL_UNKNOWN; status < ROLL_COUNT; status++) {
            struct minutes_names names = {0};
            for (size_t k = 0; k < c->people.count; k++) {
                uint8_t value;
                size_t member = cell_member_index(w->c, act_person(&c->people, k, &value));
                if (member != SIZE_MAX && value == status)
                    minutes_name(w, &names, (uint32_t)member, NULL);
            }
            minutes_list(w, &names, MIN_VOTES, w->p->roll[status].in[w->lang]);
        }
    }
}

static void put_exceptions(struct minutes *w)
{
    char name[MINUTES_WHO_BYTES];
    if (w->m->exceptions_count > 0)
        minutes_section(w, MIN_SECTION_EXCEPTIONS);
    for (size_t i = 0; i < w->m->exceptions_count; i++) {
        const struct meeting_exception *e = &w->m->exceptions[i];
        minutes_tell(w, e->text, MIN_EXCEPTION, 1, minutes_who(w, e->member, name));
        if (e->basis[0] != '\0')
            minutes_say(w, MIN_EXCEPTION_BASIS, 1, e->basis);
    }
}

/* ---- resolutions, tasks, score ---- */

static void put_resolution(struct minutes *w, size_t index)
{
    const struct meeting_resolution *r = &w->m->resolutions[index];
    struct minutes_names names = {0};
    struct buf words = {0};
    char name[MINUTES_WHO_BYTES], n[24];
    const char *no[] = {r->number};
    minutes_name(w, &names, r->member, NULL);
    for (size_t i = 0; i < r->signatures_count; i++)
        minutes_name(w, &names, r->signatures[i].member, NULL);
    text_fill(&words, w->lang, MIN_NUMBER, no, 1);
    buf_printf(&words, ", %s\n%s", r->title, r->text);
    minutes_tell(w, buf_string(&words), MIN_RESOLUTION, 3, minutes_number(n, index + 1),
                 minutes_who(w, r->member, name), buf_string(&names.b));
    w->b->bad = w->b->bad || words.bad || names.b.bad;
    buf_free(&words);
    buf_free(&names.b);
}

static void put_reserved(struct minutes *w, const struct meeting_reserved *r)
{
    char name[MINUTES_WHO_BYTES], n[24];
    size_t motion = minutes_motion(w->m, r->target), resolution = 0;
    bool of_motion = motion < w->m->motions_count;
    while (resolution < w->m->resolutions_count &&
           memcmp(w->m->resolutions[resolution].id, r->target, 32) != 0)
        resolution++;
    minutes_tell(w, r->text, of_motion ? MIN_RESERVED : MIN_RESERVED_RESOLUTION, 2,
                 minutes_who(w, r->member, name),
                 minutes_number(n, (of_motion ? motion : resolution) + 1));
}

static void put_resolutions(struct minutes *w)
{
    if (w->m->resolutions_count + w->m->reserved_count > 0)
        minutes_section(w, MIN_SECTION_RESOLUTIONS);
    for (size_t i = 0; i < w->m->resolutions_count; i++)
        put_resolution(w, i);
    for (size_t i = 0; i < w->m->reserved_count; i++)
        put_reserved(w, &w->m->reserved[i]);
}

static void put_tasks(struct minutes *w)
{
    static const enum text_id states[TASK_STATES_END] = {[TASK_OPEN] = MIN_TASK_OPEN,
                                                         [TASK_DONE] = MIN_TASK_DONE,
                                                         [TASK_DROPPED] = MIN_TASK_DROPPED};
    char name[MINUTES_WHO_BYTES], n[24];
    if (w->m->tasks_count > 0)
        minutes_section(w, MIN_SECTION_TASKS);
    for (size_t i = 0; i < w->m->tasks_count; i++) {
        const struct meeting_task *t = &w->m->tasks[i];
        minutes_tell(w, t->text, MIN_TASK, 3, minutes_number(n, i + 1),
                     minutes_who(w, t->person, name), text(w->lang, states[t->state]));
        if (t->due[0] != '\0')
            minutes_say(w, MIN_TASK_DUE, 1, t->due);
        if (t->note[0] != '\0')
            minutes_tell(w, t->note, MIN_TASK_NOTE, 0);
    }
}

static void put_score(struct minutes *w, const struct meeting_score *s)
{
    char name[MINUTES_WHO_BYTES], points[24], most[24];
    size_t total = 0, possible = 0;
    for (size_t i = 0; i < s->count && i < w->p->score_count; i++) {
        total += s->points[i];
        possible += w->p->score_max[i];
    }
    minutes_tell(w, s->text, MIN_SCORE, 3, minutes_number(points, total),
                 minutes_number(most, possible), minutes_who(w, s->member, name));
    for (size_t i = 0; i < s->count && i < w->p->score_count; i++)
        minutes_say(w, MIN_SCORE_LINE, 3, w->p->score[i].in[w->lang],
                    minutes_number(points, s->points[i]), minutes_number(most, w->p->score_max[i]));
}

static void put_scores(struct minutes *w)
{
    if (w->m->scores_count > 0)
        minutes_section(w, MIN_SECTION_SCORE);
    for (size_t i = 0; i < w->m->scores_count; i++)
        put_score(w, &w->m->scores[i]);
}

/* ---- what arrived after the close ---- */

static void begin_late(struct minutes *w, bool *some)
{
    if (!*some)
        minutes_section(w, MIN_SECTION_LATE);
    *some = true;
}

static void put_late_votes(struct minutes *w, size_t index, bool *some)
{
    static const enum text_id choices[CHOICE_COUNT] = {
        [CHOICE_NONE] = CHOICE_NAME_NONE,
        [CHOICE_AGREE] = CHOICE_NAME_AGREE,
        [CHOICE_DISAGREE] = CHOICE_NAME_DISAGREE,
        [CHOICE_ABSTAIN] = CHOICE_NAME_ABSTAIN,
    };
    const struct meeting_motion *v = &w->m->motions[index];
    struct minutes_names names = {0};
    char n[4][24], name[MINUTES_WHO_BYTES];
    for (size_t i = 0; i < v->late_votes_count; i++)
        minutes_name(w, &names, v->late_votes[i].member,
                     text(w->lang, choices[v->late_votes[i].choice]));
    (void)minutes_number(n[0], index + 1);
    if (names.count > 0 || v->late_paper != NULL)
        begin_late(w, some);
    if (names.count > 0)
        minutes_say(w, MIN_LATE_VOTES, 3, n[0], minutes_number(n[1], names.count),
                    buf_string(&names.b));
    if (v->late_paper != NULL)
        minutes_tell(w, v->late_paper->text, MIN_LATE_PAPER, 5, n[0],
                     minutes_number(n[1], v->late_paper->counts[PAPER_AGREE]),
                     minutes_number(n[2], v->late_paper->counts[PAPER_DISAGREE]),
                     minutes_number(n[3], v->late_paper->counts[PAPER_ABSTAIN]),
                     minutes_who(w, v->late_paper->member, name));
    w->b->bad = w->b->bad || names.b.bad;
    buf_free(&names.b);
}

static void put_late_roll(struct minutes *w, bool *some)
{
    struct minutes_names names = {0};
    char name[MINUTES_WHO_BYTES], n[24];
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_roll_line *line = &w->m->roll[i];
        if (line->late_status != ROLL_UNKNOWN)
            minutes_name(w, &names, i, w->p->roll[line->late_status].in[w->lang]);
    }
    if (names.count > 0) {
        begin_late(w, some);
        minutes_say(w, MIN_LATE_ROLL, 2, minutes_number(n, names.count), buf_string(&names.b));
    }
    w->b->bad = w->b->bad || names.b.bad;
    buf_free(&names.b);
    for (uint32_t i = 0; i < w->m->roll_count; i++) {
        const struct meeting_roll_line *line = &w->m->roll[i];
        if (line->excuse == NULL || !line->excuse_late)
            continue;
        begin_late(w, some);
        minutes_tell(w, line->excuse, MIN_LATE_EXCUSE, 1, minutes_who(w, i, name));
    }
}

static void put_late_words(struct minutes *w, bool *some)
{
    char name[MINUTES_WHO_BYTES], n[24];
    for (size_t i = 0; i < w->m->opinions_count; i++) {
        const struct meeting_opinion *o = &w->m->opinions[i];
        if (!o->late)
            continue;
        begin_late(w, some);
        minutes_tell(w, o->text, MIN_LATE_OPINION, 2, minutes_number(n, o->item),
                     minutes_who(w, o->member, name));
    }
    for (size_t i = 0; i < w->m->documents_count; i++) {
        const struct meeting_document *d = &w->m->documents[i];
        if (!d->late)
            continue;
        begin_late(w, some);
        minutes_tell(w, d->title, MIN_LATE_DOCUMENT, 1, minutes_who(w, d->member, name));
    }
}

static void put_late_replies(struct minutes *w, bool *some)
{
    static const enum text_id replies[REPLY_COUNT] = {[REPLY_NONE] = MIN_REPLY_NONE,
                                                      [REPLY_AGREE] = MIN_REPLY_AGREE,
                                                      [REPLY_DISAGREE] = MIN_REPLY_DISAGREE,
                                                      [REPLY_OTHER] = MIN_REPLY_OTHER};
    char name[MINUTES_WHO_BYTES];
    for (size_t i = 0; i < w->m->replies_count; i++) {
        const struct meeting_reply *r = &w->m->replies[i];
        if (!r->late)
            continue;
        begin_late(w, some);
        minutes_tell(w, r->text, MIN_LATE_REPLY, 2, minutes_who(w, r->member, name),
                     text(w->lang, replies[r->reply]));
    }
}

static void put_late(struct minutes *w)
{
    bool some = false;
    for (size_t i = 0; i < w->m->motions_count; i++)
        put_late_votes(w, i, &some);
    put_late_roll(w, &some);
    put_late_words(w, &some);
    put_late_replies(w, &some);
}

/* ---- the minutes themselves ---- */

static void put_correction(struct minutes *w, const struct meeting_correction *c)
{
    char name[MINUTES_WHO_BYTES];
    minutes_tell(w, c->text, MIN_CORRECTION, 1, minutes_who(w, c->member, name));
    minutes_tell(w, c->answer,
                 c->answered == 0   ? MIN_CORRECTION_OPEN
                 : c->answered == 1 ? MIN_CORRECTION_TAKEN
                                    : MIN_CORRECTION_NOT,
                 0);
}

static void put_signed(struct minutes *w, const struct meeting_minutes *one)
{
    struct minutes_names names = {0};
    char name[MINUTES_WHO_BYTES], by[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    if (one->read_back)
        minutes_say(w, MIN_READ, 3, minutes_who(w, one->member, name),
                    minutes_who(w, one->read_by, by), minutes_clock(w, one->read_wall, clock));
    if (one->supplement)
        minutes_tell(w, one->text, MIN_SUPPLEMENT, 2, minutes_who(w, one->member, name),
                     minutes_clock(w, one->wall, clock));
    if (!one->sealed || one->supplement)
        return;
    minutes_name(w, &names, one->member, NULL);
    for (size_t i = 0; i < one->signatures_count; i++)
        minutes_name(w, &names, one->signatures[i].member, NULL);
    minutes_say(w, MIN_SEALED, 1, buf_string(&names.b));
    w->b->bad = w->b->bad || names.b.bad;
    buf_free(&names.b);
}

static void put_minutes(struct minutes *w)
{
    const struct meeting *m = w->m;
    char name[MINUTES_WHO_BYTES], clock[MINUTES_CLOCK_BYTES];
    bool some = m->draft_read_wall != 0 || m->corrections_count > 0;
    for (size_t i = 0; i < m->minutes_count; i++)
        some = some || m->minutes[i].read_back || m->minutes[i].sealed || m->minutes[i].supplement;
    if (!some)
        return;
    minutes_section(w, MIN_SECTION_MINUTES);
    if (m->draft_read_wall != 0)
        minutes_say(w, MIN_READ_DRAFT, 2, minutes_who(w, m->draft_read_by, name),
                    minutes_clock(w, m->draft_read_wall, clock));
    for (size_t i = 0; i < m->corrections_count; i++)
        put_correction(w, &m->corrections[i]);
    for (size_t i = 0; i < m->minutes_count; i++)
        put_signed(w, &m->minutes[i]);
}

void minutes_after(struct minutes *w)
{
    put_reports(w);
    put_cascades(w);
    put_exceptions(w);
    put_resolutions(w);
    put_tasks(w);
    put_scores(w);
    put_late(w);
    put_minutes(w);
}
