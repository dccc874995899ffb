/* Who may put what on record, and why not.
 *
 * Two questions, kept apart. permit_record(): what holds for a record whenever it is met (the
 * office of its author, the form of the act, what must have come before it); the fold asks it of
 * every record. meeting_may(): the same, and then what stands in the way now (closed, done already,
 * not enough members); only a device about to write asks that. A record written on the other side
 * of a split was right where it was written, so the fold does not ask it the second question: it
 * asks what its author had seen. */
#include "meeting/state.h"

#include <assert.h>
#include <stdio.h>

const char *member_name(const struct cell *c, uint32_t member)
{
    return member < cell_member_count(c) ? cell_member(c, member)->name : "?";
}

/* ---- offices ---- */

bool ask_saw(const struct ask *q, uint32_t entry)
{
    return q->h == NULL || history_saw(q->h, q->entry, entry);
}

struct cell_standing ask_standing(const struct ask *q, uint32_t member)
{
    return member == q->member ? q->standing : cell_standing_at(q->c, q->h, member, q->entry);
}

bool ask_is_member(const struct ask *q, const uint8_t id[static 16])
{
    size_t index = cell_member_index(q->c, id);
    return index != SIZE_MAX && ask_standing(q, (uint32_t)index).active;
}

bool ask_leads_group(const struct ask *q)
{
    struct cell_group group;
    return cell_group_at(q->c, q->h, q->a->group, q->entry, &group) && group.leader == q->member;
}

/* What the other side of a split did with the chair takes nothing from the acts of this one. */
uint32_t ask_chair(const struct ask *q)
{
    const struct meeting *m = &q->f->m;
    for (size_t i = m->chairings_count; i-- > 0;) {
        if (ask_saw(q, m->chairings[i].entry))
            return m->chairings[i].member;
    }
    return m->chair;
}

bool ask_leads(const struct ask *q)
{
    enum auth_role role = q->standing.role;
    return q->member == q->f->m.chair || role == ROLE_DEPUTY || role == ROLE_SECRETARY ||
           q->member == ask_chair(q);
}

bool ask_records(const struct ask *q)
{
    return q->member == q->f->m.secretary || ask_leads(q);
}

bool ask_arranges(const struct ask *q)
{
    return q->standing.rank >= 1 || q->member == q->f->m.chair || q->member == q->f->m.secretary;
}

int need_leader(const struct ask *q)
{
    if (ask_leads(q))
        return HOP_OK;
    return text_say(q->why, REFUSE_NOT_CHAIR, 1, member_name(q->c, q->f->m.chair));
}

int need_recorder(const struct ask *q)
{
    if (ask_records(q))
        return HOP_OK;
    return text_say(q->why, REFUSE_NOT_RECORDER, 2, member_name(q->c, q->f->m.chair),
                    member_name(q->c, q->f->m.secretary));
}

int need_arranger(const struct ask *q)
{
    if (ask_arranges(q))
        return HOP_OK;
    return text_say(q->why, REFUSE_NOT_ARRANGER, 2, member_name(q->c, q->f->m.chair),
                    member_name(q->c, q->f->m.secretary));
}

int need_speaker(const struct ask *q)
{
    return standing_speaks(q->standing) ? HOP_OK : text_say(q->why, REFUSE_OBSERVER, 0);
}

int need_vote(const struct ask *q)
{
    struct electorate of;
    if (!standing_votes(q->s->procedure, q->standing))
        return text_say(q->why, REFUSE_NO_VOTING_RIGHT, 0);
    electorate_seen(&of, q->s->procedure, &q->f->m, q->c, q->h, q->entry);
    return of.votes[q->member] ? HOP_OK : text_say(q->why, REFUSE_NOT_INVITED, 0);
}

/* ---- what must have come before ---- */

int need_stage(const struct ask *q, enum meeting_stage stage)
{
    if (stage == STAGE_OPENED && q->f->m.kind == FORM_CONSULTATION)
        return text_say(q->why, REFUSE_IN_WRITING, 0); /* it has no live part, closed or not */
    if (q->f->m.stage >= stage)
        return HOP_OK;
    enum text_id id = stage == STAGE_CONVENED ? REFUSE_NOT_CONVENED
                      : stage == STAGE_OPENED ? REFUSE_NOT_OPENED
                                              : REFUSE_NOT_CLOSED;
    /* Before the notice, sending it is what to do next, whatever was asked. */
    return text_say(q->why, q->f->m.stage == STAGE_PREPARED ? REFUSE_NOT_CONVENED : id, 0);
}

/* What comes of a meeting comes once it sits, of a consultation once the time to reply is over. */
int need_over(const struct ask *q)
{
    return need_stage(q, q->f->m.kind == FORM_CONSULTATION ? STAGE_CLOSED : STAGE_OPENED);
}

int need_item(const struct ask *q)
{
    char item[16], count[24];
    if (q->a->item <= q->f->m.agenda_count)
        return HOP_OK;
    (void)snprintf(item, sizeof item, "%u", (unsigned)q->a->item);
    (void)snprintf(count, sizeof count, "%zu", q->f->m.agenda_count);
    return text_say(q->why, REFUSE_UNKNOWN_ITEM, 2, item, count);
}

int need_motion(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    if (t == NULL || t->kind != THING_MOTION || q->s->meetings[t->meeting] != q->f)
        return text_say(q->why, REFUSE_UNKNOWN_MOTION, 0);
    return HOP_OK;
}

/* Confirmed present at some time, or (own_word) by the member's own word. A line may have been
 * changed since: what was right when it was written stays. */
bool ask_attended(const struct ask *q, bool own_word)
{
    if (own_word && q->member < q->f->m.roll_count && q->f->m.roll[q->member].claimed)
        return true;
    for (size_t k = q->f->marks_count; k-- > 0;) {
        if (q->f->marks[k].member == q->member && q->f->marks[k].status == ROLL_PRESENT)
            return true;
    }
    return false;
}

/* ---- acts ---- */

/* One more name in a list within a sentence, if it fits. */
static void list_name(char names[static TEXT_ARG_BYTES_MAX], const char *name)
{
    size_t used = strlen(names), room = TEXT_ARG_BYTES_MAX - used;
    int n = snprintf(names + used, room, "%s%s", used == 0 ? "" : ", ", name);
    if (n < 0 || (size_t)n >= room)
        names[used] = '\0';
}

/* A group is named by its id, or not at all. */
static int need_known_group(const struct ask *q)
{
    static const uint8_t none[16];
    struct cell_group group;
    bool known = memcmp(q->a->group, none, sizeof none) == 0 ||
                 cell_group_at(q->c, q->h, q->a->group, q->entry, &group);
    return known ? HOP_OK : text_say(q->why, REFUSE_UNKNOWN_GROUP, 0);
}

int need_group(const struct ask *q)
{
    int err = need_known_group(q);
    if (err != HOP_OK)
        return err;
    return ask_leads_group(q) || ask_records(q) ? HOP_OK : text_say(q->why, REFUSE_NOT_GROUP, 0);
}

static const struct procedure_form *find_form(const struct ask *q)
{
    for (size_t i = 0; i < q->s->procedure->forms_count; i++) {
        if (span_equal(span_text(q->s->procedure->forms[i].name), q->a->form))
            return &q->s->procedure->forms[i];
    }
    return NULL;
}

static int permit_meeting(const struct ask *q)
{
    static const uint8_t nobody[16];
    const struct procedure_form *form = find_form(q);
    unsigned rank = form == NULL ? 1 : form->chair_rank;
    if (q->standing.rank < rank || !standing_speaks(q->standing))
        return text_say(q->why, REFUSE_NOT_COMMITTEE, 0);
    int err = need_known_group(q);
    if (err != HOP_OK)
        return err;
    /* A group's own meeting may be called by its leader, who needs no office. */
    if (form != NULL && form->kind == FORM_GROUP && q->standing.rank < 1 && !ask_leads_group(q))
        return text_say(q->why, REFUSE_NOT_GROUP, 0);
    if ((memcmp(q->a->chair, nobody, 16) != 0 && !ask_is_member(q, q->a->chair)) ||
        (memcmp(q->a->secretary, nobody, 16) != 0 && !ask_is_member(q, q->a->secretary)))
        return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    return HOP_OK;
}

static int permit_document(const struct ask *q)
{
    int err = need_arranger(q);
    if (err == HOP_OK && q->a->value == CLASS_SECRET)
        err = text_say(q->why, REFUSE_SECRET, 0);
    return err != HOP_OK ? err : need_item(q);
}

static int permit_notice(const struct ask *q)
{
    int err = need_arranger(q);
    if (err == HOP_OK && q->f->m.agenda_count == 0)
        err = text_say(q->why, REFUSE_NO_AGENDA, 0);
    return err;
}

static int permit_opinion(const struct ask *q)
{
    int err = need_voice(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_CONVENED);
    return err != HOP_OK ? err : need_item(q);
}

static int permit_attend(const struct ask *q)
{
    if (q->standing.role == ROLE_CARRIER)
        return text_say(q->why, REFUSE_CARRIER, 0);
    return need_stage(q, STAGE_CONVENED);
}

static int permit_roll(const struct ask *q)
{
    int err = need_recorder(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_CONVENED);
    if (err == HOP_OK && !ask_is_member(q, q->a->person))
        err = text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    if (err == HOP_OK && q->a->value < ROLL_COUNT && q->a->text.size == 0 &&
        q->s->procedure->roll_needs_reason[q->a->value])
        err = text_say(q->why, REFUSE_NEEDS_REASON, 0);
    return err;
}

/* The question that a motion names. Its rules were asked for: without them it would be decided by
 * others. */
static int need_question(const struct ask *q)
{
    char name[ACT_FORM_BYTES_MAX + 1] = "", names[TEXT_ARG_BYTES_MAX] = "";
    const struct procedure *p = q->s->procedure;
    if (q->a->form.size == 0 || procedure_find_question(p, q->a->form) != NULL)
        return HOP_OK;
    if (q->a->form.size <= ACT_FORM_BYTES_MAX)
        memcpy(name, q->a->form.data, q->a->form.size);
    for (size_t i = 0; i < p->questions_count; i++)
        list_name(names, p->questions[i].name);
    return text_say(q->why, REFUSE_UNKNOWN_QUESTION, 2, name, names[0] == '\0' ? "-" : names);
}

int need_ballot(const struct ask *q)
{
    char small[24];
    const struct procedure *p = q->s->procedure;
    const struct meeting_motion *m = &q->f->m.motions[thing_find(q->s, q->a->target)->index];
    const struct procedure_question *of = procedure_find_question(p, span_text(m->question));
    switch (m->ballot) {
    case BALLOT_OPEN:
        return HOP_OK;
    case BALLOT_PAPER:
        return text_say(q->why, REFUSE_BALLOT_PAPER, 1,
                        of == NULL || of->basis[0] == '\0' ? p->name : of->basis);
    case BALLOT_SECRET:
        break;
    }
    (void)snprintf(small, sizeof small, "%u", p->small_electorate);
    return m->small ? text_say(q->why, REFUSE_BALLOT_SMALL, 1, small)
                    : text_say(q->why, REFUSE_BALLOT_SECRET, 0);
}

static int permit_motion(const struct ask *q)
{
    int err = need_stage(q, STAGE_OPENED);
    if (err == HOP_OK && q->f->m.kind == FORM_STUDY)
        err = text_say(q->why, REFUSE_NO_MOTIONS, 0);
    if (err == HOP_OK)
        err = need_question(q);
    if (err == HOP_OK && !ask_leads(q)) {
        err = need_vote(q);
        if (err == HOP_OK && !ask_attended(q, false))
            err = text_say(q->why, REFUSE_NOT_PRESENT, 1, member_name(q->c, q->f->m.secretary));
    }
    return err != HOP_OK ? err : need_item(q);
}

static int permit_vote(const struct ask *q)
{
    int err = need_motion(q);
    if (err == HOP_OK)
        err = need_ballot(q);
    if (err == HOP_OK)
        err = need_vote(q);
    if (err == HOP_OK)
        err = need_stage(q, STAGE_OPENED);
    if (err == HOP_OK && !ask_attended(q, true))
        err = text_say(q->why, REFUSE_NOT_ATTENDING, 0);
    return err;
}

static int permit_receipt(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    if (t == NULL || (t->kind != THING_NOTICE && t->kind != THING_DOCUMENT) ||
        q->s->meetings[t->meeting] != q->f)
        return text_say(q->why, REFUSE_UNKNOWN_THING, 0);
    uint32_t author =
        t->kind == THING_NOTICE ? q->f->m.convened_by : q->f->m.documents[t->index].member;
    return q->member == author ? text_say(q->why, REFUSE_OWN_RECEIPT, 0) : HOP_OK;
}

static int permit_open(const struct ask *q)
{
    int err = need_leader(q);
    if (err == HOP_OK && q->f->m.kind == FORM_CONSULTATION)
        err = text_say(q->why, REFUSE_IN_WRITING, 0);
    return err != HOP_OK ? err : need_stage(q, STAGE_CONVENED);
}

static int permit_tally(const struct ask *q)
{
    int err = need_leader(q);
    return err != HOP_OK ? err : need_motion(q);
}

static int permit_close(const struct ask *q)
{
    /* A written consultation is never opened: its close is the end of the time to reply. */
    bool written = q->f->m.kind == FORM_CONSULTATION;
    int err = need_leader(q);
    return err != HOP_OK ? err : need_stage(q, written ? STAGE_CONVENED : STAGE_OPENED);
}

static int permit_minutes(const struct ask *q)
{
    int err = need_recorder(q);
    return err != HOP_OK ? err : need_stage(q, STAGE_CLOSED);
}

/* ---- now ---- */

int need_open(const struct ask *q)
{
    return q->f->m.stage == STAGE_CLOSED ? text_say(q->why, REFUSE_CLOSED, 0) : HOP_OK;
}

int need_quorum(const struct ask *q)
{
    struct standing st = roll_standing(q->s, q->c, &q->f->m);
    char present[24], eligible[24], needed[24];
    if (st.present >= st.needed)
        return HOP_OK;
    (void)snprintf(present, sizeof present, "%zu", st.present);
    (void)snprintf(eligible, sizeof eligible, "%zu", st.eligible);
    (void)snprintf(needed, sizeof needed, "%zu", st.needed);
    return text_say(q->why, REFUSE_NO_QUORUM, 3, present, eligible, needed);
}

/* The names of the forms there are, as many as fit a sentence. */
static int refuse_form(const struct ask *q, const char *form)
{
    char names[TEXT_ARG_BYTES_MAX] = "";
    for (size_t i = 0; i < q->s->procedure->forms_count; i++)
        list_name(names, q->s->procedure->forms[i].name);
    return text_say(q->why, REFUSE_UNKNOWN_FORM, 2, form, names);
}

/* The member's line; an empty one for a member who came after the last record was folded. */
static struct meeting_roll_line own_line(const struct ask *q)
{
    if (q->member < q->f->m.roll_count)
        return q->f->m.roll[q->member];
    return (struct meeting_roll_line){.member = q->member};
}

static int now_meeting(const struct ask *q)
{
    char form[ACT_FORM_BYTES_MAX + 1] = "";
    if (q->a->form.size <= ACT_FORM_BYTES_MAX && q->a->form.size > 0)
        memcpy(form, q->a->form.data, q->a->form.size);
    if (procedure_find_form(q->s->procedure, form) == NULL)
        return refuse_form(q, form);
    return HOP_OK;
}

static int now_motion(const struct ask *q)
{
    int err = need_open(q);
    if (err == HOP_OK && !ask_leads(q) && own_line(q).status != ROLL_PRESENT)
        err = text_say(q->why, REFUSE_NOT_PRESENT, 1, member_name(q->c, q->f->m.secretary));
    return err;
}

static const struct meeting_motion *asked_motion(const struct ask *q)
{
    return &q->f->m.motions[thing_find(q->s, q->a->target)->index];
}

static int now_vote(const struct ask *q)
{
    int err = need_open(q);
    if (err == HOP_OK && asked_motion(q)->closed)
        err = text_say(q->why, REFUSE_VOTE_CLOSED, 0);
    struct meeting_roll_line line = own_line(q);
    if (err == HOP_OK && !line.claimed && line.status != ROLL_PRESENT)
        err = text_say(q->why, REFUSE_NOT_ATTENDING, 0);
    return err != HOP_OK ? err : need_quorum(q);
}

static int now_tally(const struct ask *q)
{
    const struct meeting_motion *m = asked_motion(q);
    if (m->closed)
        return text_say(q->why, REFUSE_TALLY_TWICE, 0);
    int err = m->ballot == BALLOT_OPEN ? need_open(q) : HOP_OK; /* paper may come after */
    return err != HOP_OK ? err : need_quorum(q);
}

/* With a quorum every motion is voted on before the close, but for those that go on paper. Without
 * one it cannot be, and the close of the meeting closes it as it stands. */
static int now_close(const struct ask *q)
{
    if (q->f->m.stage == STAGE_CLOSED)
        return text_say(q->why, REFUSE_CLOSE_TWICE, 0);
    struct standing st = roll_standing(q->s, q->c, &q->f->m);
    for (size_t i = 0; i < q->f->m.motions_count && st.present >= st.needed; i++) {
        if (!q->f->m.motions[i].closed && q->f->m.motions[i].ballot == BALLOT_OPEN)
            return text_say(q->why, REFUSE_MOTIONS_OPEN, 1, q->f->m.motions[i].text);
    }
    return HOP_OK;
}

static int now_receipt(const struct ask *q)
{
    const struct thing *t = thing_find(q->s, q->a->target);
    bool notice = t->kind == THING_NOTICE;
    const struct meeting_document *doc = notice ? NULL : &q->f->m.documents[t->index];
    const struct meeting_receipt *board = notice ? q->f->m.receipts : doc->receipts;
    size_t count = notice ? q->f->m.receipts_count : doc->receipts_count;
    for (size_t i = 0; i < count; i++) {
        if (board[i].member == q->member && board[i].state >= q->a->value)
            return text_say(q->why, REFUSE_RECEIPT_TWICE, 0);
    }
    return HOP_OK;
}

static int now_notice(const struct ask *q)
{
    return q->f->m.stage > STAGE_PREPARED ? text_say(q->why, REFUSE_NOTICE_TWICE, 0) : HOP_OK;
}

static int now_open(const struct ask *q)
{
    return q->f->m.stage > STAGE_CONVENED ? text_say(q->why, REFUSE_OPEN_TWICE, 0) : HOP_OK;
}

static int now_attend(const struct ask *q)
{
    return own_line(q).claimed ? text_say(q->why, REFUSE_ATTEND_TWICE, 0) : need_open(q);
}

/* ---- one row an act ---- */

#define ROW(type) [type - ACT_MEETING]

/* clang-format off */
static const struct rule rules[] = {
    [0]              = {permit_meeting, now_meeting, fold_meeting, false},
    ROW(ACT_DOC)     = {permit_document, need_open, fold_document, false},
    ROW(ACT_NOTICE)  = {permit_notice, now_notice, fold_notice, false},
    ROW(ACT_OPINION) = {permit_opinion, need_open, fold_opinion, false},
    ROW(ACT_OPEN)    = {permit_open, now_open, fold_open, false},
    ROW(ACT_ATTEND)  = {permit_attend, now_attend, fold_attend, false},
    ROW(ACT_ROLL)    = {permit_roll, need_open, fold_roll, false},
    ROW(ACT_MOTION)  = {permit_motion, now_motion, fold_motion, false},
    ROW(ACT_VOTE)    = {permit_vote, now_vote, fold_vote, false},
    ROW(ACT_TALLY)   = {permit_tally, now_tally, fold_tally, false},
    ROW(ACT_CLOSE)   = {permit_close, now_close, fold_close, false},
    ROW(ACT_MINUTES) = {permit_minutes, now_unsealed, fold_minutes, false},
    ROW(ACT_RECEIPT) = {permit_receipt, now_receipt, fold_receipt, false},
    ROW(ACT_ITEM)       = {permit_item, need_open, fold_item, false},
    ROW(ACT_FLOOR)      = {permit_floor, now_floor, fold_floor, false},
    ROW(ACT_GIVE)       = {permit_give, now_give, fold_give, false},
    ROW(ACT_CONCLUSION) = {permit_item, need_open, fold_conclusion, false},
    ROW(ACT_CHAIR)      = {permit_chair, now_chair, fold_chair, false},
    ROW(ACT_EXCEPTION)  = {permit_exception, NULL, fold_exception, false},
    ROW(ACT_READ_BACK)  = {permit_read_back, now_read_back, fold_read_back, false},
    ROW(ACT_CORRECTION) = {permit_correction, now_unsealed, fold_correction, false},
    ROW(ACT_CORRECTED)  = {permit_corrected, now_corrected, fold_corrected, false},
    ROW(ACT_SIGN)       = {permit_sign, now_sign, fold_sign, false},
    ROW(ACT_SUPPLEMENT) = {permit_supplement, NULL, fold_minutes, false},
    ROW(ACT_RESOLUTION) = {permit_resolution, now_resolution, fold_resolution, false},
    ROW(ACT_RESERVE)    = {permit_reserve, NULL, fold_reserve, false},
    ROW(ACT_TASK)       = {permit_task, NULL, fold_task, false},
    ROW(ACT_TASK_STATE) = {permit_task_state, NULL, fold_task_state, false},
    ROW(ACT_SCORE)      = {permit_score, NULL, fold_score, false},
    ROW(ACT_REPLY)      = {permit_reply, need_open, fold_reply, false},
    ROW(ACT_CASCADE)    = {permit_cascade, NULL, fold_cascade, false},
    ROW(ACT_STEP)       = {permit_step, need_open, fold_step, false},
    ROW(ACT_REMIND)     = {permit_remind, need_open, fold_remind, false},
    ROW(ACT_EXCUSE)     = {permit_excuse, need_open, fold_excuse, false},
    ROW(ACT_REPORT)     = {need_speaker, now_report, fold_report, true},
    ROW(ACT_SITE)       = {permit_site, need_open, fold_site, false},
    ROW(ACT_SITE_ROLL)  = {permit_site_roll, need_open, fold_site_roll, false},
    ROW(ACT_CHECK)      = {permit_check, need_open, fold_check, false},
    ROW(ACT_PAUSE)      = {permit_pause, now_pause, fold_pause, false},
    ROW(ACT_HANDS)      = {permit_hands, now_voting, fold_hands, false},
    ROW(ACT_PAPER)      = {permit_paper, now_voting, fold_paper, false},
    ROW(ACT_WITHDRAW)   = {permit_withdraw, now_voting, fold_withdraw, false},
    ROW(ACT_SETTLE)     = {permit_settle, now_settle, fold_settle, false},
    ROW(ACT_PRIVATE)    = {need_speaker, NULL, fold_private, true},
    ROW(ACT_PIN)        = {need_speaker, NULL, fold_pin, true},
    ROW(ACT_NOT_HELD)   = {permit_not_held, now_not_held, fold_not_held, true},
};
/* clang-format on */

const struct rule *rule_of(unsigned type)
{
    bool known = type >= ACT_MEETING && type - ACT_MEETING < sizeof rules / sizeof rules[0];
    return known && rules[type - ACT_MEETING].fold != NULL ? &rules[type - ACT_MEETING] : NULL;
}

int permit_record(const struct ask *q)
{
    const struct rule *rule = rule_of(q->a->type);
    assert(q->member < cell_member_count(q->c));
    if (rule == NULL)
        return text_say(q->why, REFUSE_UNKNOWN_TYPE, 0);
    assert(q->f != NULL || q->a->type == ACT_MEETING || rule->without_meeting);
    if (!q->standing.active)
        return text_say(q->why, REFUSE_NOT_ACTIVE, 0);
    return rule->permit == NULL ? HOP_OK : rule->permit(q);
}

/* What stands in the way at this moment, on this device, of a record that is otherwise right. */
static int permit_now(const struct ask *q)
{
    const struct rule *rule = rule_of(q->a->type);
    assert(rule != NULL); /* permit_record() has asked */
    return rule->now == NULL ? HOP_OK : rule->now(q);
}

/* That the act can be written down at all, in words rather than codes. */
static int permit_spelling(const struct act *a, struct text_said *why)
{
    if (act_needs_title(a->type) && a->title.size == 0)
        return text_say(why, REFUSE_EMPTY_TITLE, 0);
    if (act_needs_text(a->type) && a->text.size == 0)
        return text_say(why, REFUSE_EMPTY_TEXT, 0);
    if (a->type == ACT_DOC && a->value == CLASS_SECRET)
        return text_say(why, REFUSE_SECRET, 0);
    int err = act_check(a);
    if (err == HOP_OK)
        return HOP_OK;
    if (err == HOP_EFULL)
        return text_say(why, REFUSE_TOO_LONG, 2,
                        a->type == ACT_MINUTES || a->type == ACT_SUPPLEMENT ? "512" : "64",
                        NUMBER_TEXT(ACT_TITLE_BYTES_MAX));
    return text_say(why, REFUSE_BAD_VALUE, 0);
}

int find_meeting(const struct meeting_state *s, const struct act *a, uint32_t *ret_index,
                 struct text_said *why)
{
    static const uint8_t none[32];
    const struct rule *rule = rule_of(a->type);
    *ret_index = NO_MEETING;
    if (a->type == ACT_MEETING)
        return HOP_OK;
    if (rule != NULL && rule->without_meeting && memcmp(a->meeting, none, sizeof none) == 0)
        return HOP_OK;
    const struct thing *t = thing_find(s, a->meeting);
    if (t == NULL || t->kind != THING_MEETING)
        return text_say(why, REFUSE_UNKNOWN_MEETING, 0);
    *ret_index = t->meeting;
    return HOP_OK;
}

/* Everybody an act names is a member: a list with a stranger in it was made by mistake. */
static int permit_people(const struct ask *q)
{
    for (size_t i = 0; i < q->a->people.count; i++) {
        uint8_t value;
        if (cell_member_index(q->c, act_person(&q->a->people, i, &value)) == SIZE_MAX)
            return text_say(q->why, REFUSE_NO_SUCH_MEMBER, 0);
    }
    return HOP_OK;
}

int meeting_may(const struct meeting_state *s, const struct cell *c, uint32_t member,
                const struct act *a, struct text_said *why)
{
    struct ask q = {.s = s, .c = c, .member = member, .entry = HISTORY_NONE, .a = a, .why = why};
    if (member >= cell_member_count(c))
        return text_say(why, REFUSE_NOT_MEMBER, 0);
    q.standing = standing_now(c, member);
    uint32_t index;
    int err = find_meeting(s, a, &index, why);
    if (err == HOP_OK && index != NO_MEETING)
        q.f = s->meetings[index];
    if (err == HOP_OK)
        err = permit_record(&q);
    if (err == HOP_OK)
        err = permit_people(&q);
    if (err == HOP_OK)
        err = permit_now(&q);
    return err != HOP_OK ? err : permit_spelling(a, why);
}
