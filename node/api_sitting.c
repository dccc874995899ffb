/* What hangs on a meeting beyond notice, roll and votes, as JSON: sites, floor, splits, replies,
 * results. And what is of no meeting: reports, duty, attendance. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "device/site.h"
#include "meeting/print.h"

static struct meeting_state *meetings(const struct api_call *c)
{
    return device_meetings(c->n->device);
}

static json_t *name_of(const struct api_call *c, uint32_t member)
{
    return json_text(api_member_name(c, member));
}

static json_t *hex_of(const uint8_t *id, size_t size)
{
    char hex[HEX_SIZE(32)];
    hex_encode(hex, SPAN(id, size));
    return json_string(hex);
}

static void add(json_t *list, json_t *one, const uint8_t *id)
{
    if (one != NULL && id != NULL)
        json_put_id(one, id, 32);
    (void)json_array_append_new(list, one);
}

static bool is_listed(const struct act_people *p, const uint8_t id[static 16], uint8_t *ret_value)
{
    for (size_t i = 0; i < p->count; i++) {
        if (memcmp(act_person(p, i, ret_value), id, 16) == 0)
            return true;
    }
    return false;
}

/* Names in the order of the cell's list, each with its value where values say something. */
static json_t *people_json(const struct api_call *c, const struct act_people *p,
                           enum words_kind kind)
{
    const struct cell *cell = device_cell(c->n->device);
    json_t *list = json_array();
    for (uint32_t i = 0; i < cell_member_count(cell); i++) {
        uint8_t value;
        if (!is_listed(p, cell_member(cell, i)->id, &value))
            continue;
        json_t *one = json_pack("{s:o}", "name", name_of(c, i));
        if (kind < WORDS_KINDS_COUNT)
            (void)json_object_set_new(one, "value", json_string(words_key(kind, value)));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *sites_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->sites_count; i++) {
        const struct meeting_site *s = &m->sites[i];
        add(list,
            json_pack("{s:I,s:o,s:o,s:o}", "number", (json_int_t)i + 1, "name", json_text(s->name),
                      "teller", name_of(c, s->teller), "note", json_text(s->note)),
            s->id);
    }
    return list;
}

static json_t *turns_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->turns_count; i++) {
        const struct meeting_turn *t = &m->turns[i];
        add(list,
            json_pack("{s:o,s:I,s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:o}", "name", name_of(c, t->member),
                      "item", (json_int_t)t->item, "order", t->order, "waiting", t->waiting,
                      "speaking", t->speaking, "minutes", (json_int_t)t->minutes, "asked_at",
                      (json_int_t)t->wall, "given_at", (json_int_t)t->given_wall, "ended_at",
                      (json_int_t)t->ended_wall, "text", json_text(t->text)),
            NULL);
    }
    return list;
}

static json_t *conclusions_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->conclusions_count; i++) {
        const struct meeting_conclusion *n = &m->conclusions[i];
        add(list,
            json_pack("{s:I,s:o,s:o,s:I}", "item", (json_int_t)n->item, "name",
                      name_of(c, n->member), "text", json_text(n->text), "at", (json_int_t)n->wall),
            NULL);
    }
    return list;
}

static json_t *chairings_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->chairings_count; i++) {
        const struct meeting_chairing *n = &m->chairings[i];
        add(list,
            json_pack("{s:o,s:o,s:o,s:b,s:I}", "name", name_of(c, n->member), "by",
                      name_of(c, n->by), "text", json_text(n->text), "apart", n->apart, "at",
                      (json_int_t)n->wall),
            NULL);
    }
    return list;
}

static json_t *breaks_json(const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->breaks_count; i++) {
        const struct meeting_break *b = &m->breaks[i];
        add(list,
            json_pack("{s:b,s:I,s:I,s:o}", "ended", b->ended, "at", (json_int_t)b->wall, "ended_at",
                      (json_int_t)b->ended_wall, "text", json_text(b->text)),
            NULL);
    }
    return list;
}

static json_t *exceptions_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->exceptions_count; i++) {
        const struct meeting_exception *x = &m->exceptions[i];
        add(list,
            json_pack("{s:o,s:o,s:o,s:I}", "name", name_of(c, x->member), "text",
                      json_text(x->text), "basis", json_text(x->basis), "at", (json_int_t)x->wall),
            NULL);
    }
    return list;
}

/* Closes of the meeting apart from the one that holds. */
static json_t *closes_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->closes_count; i++)
        add(list,
            json_pack("{s:o,s:I}", "name", name_of(c, m->closes[i].member), "at",
                      (json_int_t)m->closes[i].wall),
            NULL);
    return list;
}

static json_t *reminders_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->reminders_count; i++) {
        const struct meeting_reminder *r = &m->reminders[i];
        add(list,
            json_pack("{s:o,s:o,s:o,s:I}", "name", name_of(c, r->member), "target",
                      hex_of(r->target, 32), "people",
                      people_json(c, &r->people, WORDS_KINDS_COUNT), "at", (json_int_t)r->wall),
            NULL);
    }
    return list;
}

/* ---- forms of their own ---- */

static const char *const reply_words[REPLY_COUNT] = {"none", "agree", "disagree", "other"};

static json_t *replies_json(const struct api_call *c, const struct meeting *m)
{
    const struct cell *cell = device_cell(c->n->device);
    if (m->kind != FORM_CONSULTATION)
        return json_null();
    struct meeting_replies n = meeting_count_replies(m, cell, meeting_procedure(meetings(c)));
    json_t *list = json_array(), *missing = json_array(), *late = json_array();
    for (uint32_t i = 0; i < m->roll_count; i++) {
        const struct meeting_reply *r = meeting_reply_of(m, i);
        if (!meeting_concerns(m, cell, i))
            continue;
        if (r == NULL)
            (void)json_array_append_new(missing, name_of(c, i));
        else
            add(list,
                json_pack("{s:o,s:s,s:o,s:I}", "name", name_of(c, i), "reply",
                          reply_words[r->reply], "text", json_text(r->text), "at",
                          (json_int_t)r->wall),
                NULL);
    }
    for (size_t i = 0; i < m->replies_count; i++) {
        const struct meeting_reply *r = &m->replies[i];
        if (r->late)
            add(late,
                json_pack("{s:o,s:s,s:o}", "name", name_of(c, r->member), "reply",
                          reply_words[r->reply], "text", json_text(r->text)),
                NULL);
    }
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "asked", (json_int_t)n.asked,
                     "needed", (json_int_t)n.needed, "agree", (json_int_t)n.of[REPLY_AGREE],
                     "disagree", (json_int_t)n.of[REPLY_DISAGREE], "other",
                     (json_int_t)n.of[REPLY_OTHER], "none", (json_int_t)n.of[REPLY_NONE], "replies",
                     list, "missing", missing, "late", late);
}

/* A group goes by its head (api_read_group()). */
static json_t *group_name(const struct api_call *c, const uint8_t group[static 16])
{
    size_t head = cell_member_index(device_cell(c->n->device), group);
    return json_text(head == SIZE_MAX ? "" : api_member_name(c, (uint32_t)head));
}

static json_t *cascades_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->cascades_count; i++) {
        const struct meeting_cascade *n = &m->cascades[i];
        add(list,
            json_pack("{s:o,s:o,s:o,s:o,s:o,s:I}", "group", hex_of(n->group, 16), "group_name",
                      group_name(c, n->group), "name", name_of(c, n->member), "people",
                      people_json(c, &n->people, WORDS_ROLL), "text", json_text(n->text), "at",
                      (json_int_t)n->wall),
            NULL);
    }
    return list;
}

static json_t *steps_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->steps_count; i++) {
        const struct meeting_step *s = &m->steps[i];
        add(list,
            json_pack("{s:I,s:o,s:o,s:I}", "step", (json_int_t)s->step, "name",
                      name_of(c, s->member), "text", json_text(s->text), "at", (json_int_t)s->wall),
            NULL);
    }
    return list;
}

/* ---- results ---- */

static json_t *signatures_json(const struct api_call *c, uint32_t author,
                               const struct meeting_signature *s, size_t count)
{
    json_t *list = json_array();
    (void)json_array_append_new(list, name_of(c, author));
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, name_of(c, s[i].member));
    return list;
}

static json_t *corrections_json(const struct api_call *c, const struct meeting *m)
{
    static const char *const answers[] = {"open", "taken", "not-taken"};
    json_t *list = json_array();
    for (size_t i = 0; i < m->corrections_count; i++) {
        const struct meeting_correction *n = &m->corrections[i];
        add(list,
            json_pack("{s:I,s:o,s:o,s:s,s:o,s:I}", "number", (json_int_t)i + 1, "name",
                      name_of(c, n->member), "text", json_text(n->text), "state",
                      answers[n->answered < 3 ? n->answered : 0], "answer", json_text(n->answer),
                      "at", (json_int_t)n->wall),
            n->id);
    }
    return list;
}

static json_t *resolutions_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->resolutions_count; i++) {
        const struct meeting_resolution *r = &m->resolutions[i];
        add(list,
            json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:I}", "number", (json_int_t)i + 1, "reference",
                      json_text(r->number), "title", json_text(r->title), "text",
                      json_text(r->text), "target", hex_of(r->target, 32), "signed",
                      signatures_json(c, r->member, r->signatures, r->signatures_count), "at",
                      (json_int_t)r->wall),
            r->id);
    }
    return list;
}

static json_t *reserved_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->reserved_count; i++) {
        const struct meeting_reserved *r = &m->reserved[i];
        add(list,
            json_pack("{s:o,s:o,s:o,s:I}", "name", name_of(c, r->member), "target",
                      hex_of(r->target, 32), "text", json_text(r->text), "at", (json_int_t)r->wall),
            NULL);
    }
    return list;
}

static json_t *tasks_json(const struct api_call *c, const struct meeting *m)
{
    static const char *const states[] = {"?", "open", "done", "dropped"};
    json_t *list = json_array();
    for (size_t i = 0; i < m->tasks_count; i++) {
        const struct meeting_task *t = &m->tasks[i];
        add(list,
            json_pack("{s:I,s:o,s:o,s:I,s:o,s:o,s:s,s:o,s:I}", "number", (json_int_t)i + 1, "name",
                      name_of(c, t->person), "by", name_of(c, t->member), "item",
                      (json_int_t)t->item, "text", json_text(t->text), "due", json_text(t->due),
                      "state", states[t->state < TASK_STATES_END ? t->state : 0], "note",
                      json_text(t->note), "at", (json_int_t)t->wall),
            t->id);
    }
    return list;
}

static json_t *scores_json(const struct api_call *c, const struct meeting *m)
{
    const struct procedure *p = meeting_procedure(meetings(c));
    json_t *list = json_array();
    for (size_t i = 0; i < m->scores_count; i++) {
        const struct meeting_score *s = &m->scores[i];
        json_t *lines = json_array();
        json_int_t total = 0;
        for (size_t k = 0; k < s->count && k < p->score_count; k++) {
            total += s->points[k];
            (void)json_array_append_new(lines, json_pack("{s:o,s:I,s:I}", "label",
                                                         json_text(p->score[k].in[c->lang]),
                                                         "points", (json_int_t)s->points[k], "max",
                                                         (json_int_t)p->score_max[k]));
        }
        add(list,
            json_pack("{s:o,s:I,s:o,s:o}", "name", name_of(c, s->member), "total", total, "lines",
                      lines, "text", json_text(s->text)),
            NULL);
    }
    return list;
}

/* ---- a motion's way of being counted, and how it stands ---- */

static const char *const settled_words[] = {"no", "holds", "annulled"};

static json_t *hands_json(const struct api_call *c, const struct meeting *m,
                          const struct meeting_motion *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->hands_count; i++) {
        const struct meeting_hands *h = &v->hands[i];
        add(list,
            json_pack("{s:o,s:o,s:o}", "site",
                      json_text(h->site < m->sites_count ? m->sites[h->site].name : ""),
                      "counted_by", name_of(c, h->member), "people",
                      people_json(c, &h->people, WORDS_CHOICE)),
            NULL);
    }
    return list;
}

static json_t *paper_json(const struct api_call *c, const struct meeting_motion *v)
{
    const struct meeting_paper *p = v->paper;
    if (p == NULL)
        return json_null();
    return json_pack(
        "{s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "counted_by", name_of(c, p->member), "issued",
        (json_int_t)p->counts[PAPER_ISSUED], "collected", (json_int_t)p->counts[PAPER_COLLECTED],
        "valid", (json_int_t)p->counts[PAPER_VALID], "invalid",
        (json_int_t)p->counts[PAPER_INVALID], "agree", (json_int_t)p->counts[PAPER_AGREE],
        "disagree", (json_int_t)p->counts[PAPER_DISAGREE], "abstain",
        (json_int_t)p->counts[PAPER_ABSTAIN], "people",
        people_json(c, &p->people, WORDS_KINDS_COUNT), "text", json_text(p->text));
}

/* What each record that closed it made of it: more than one when two closed it apart. */
static json_t *results_json(const struct api_call *c, const struct meeting *m,
                            const struct meeting_motion *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->results_count; i++) {
        const struct meeting_result *r = &m->results[i];
        if (&m->motions[r->motion] != v)
            continue;
        add(list,
            json_pack("{s:o,s:s,s:s,s:I,s:I,s:I,s:I,s:b,s:s,s:b,s:I}", "name",
                      name_of(c, r->member), "outcome", words_key(WORDS_OUTCOME, r->outcome),
                      "outcome_label", words_text(WORDS_OUTCOME, r->outcome, c->lang), "agree",
                      (json_int_t)r->agree, "disagree", (json_int_t)r->disagree, "abstain",
                      (json_int_t)r->abstain, "unheard", (json_int_t)r->unheard, "contradicted",
                      r->against_count > 0, "settled", settled_words[r->settled], "shown",
                      v->shown == i, "at", (json_int_t)r->wall),
            r->id);
    }
    return list;
}

void api_put_counted(const struct api_call *c, json_t *o, const struct meeting *m,
                     const struct meeting_motion *v)
{
    struct buf why = {0};
    if (v->standing_why.id != TEXT_NONE)
        text_said_fill(&why, c->lang, &v->standing_why);
    (void)json_object_update_new(
        o,
        json_pack("{s:I,s:I,s:I,s:b,s:b,s:b,s:s,s:s,s:o,s:o,s:o,s:o}", "by_device",
                  (json_int_t)v->by_device, "by_hand", (json_int_t)v->by_hand, "by_paper",
                  (json_int_t)v->by_paper, "withdrawn", v->withdrawn, "final", v->final, "disputed",
                  v->disputed, "settled", settled_words[v->settled], "question", v->question,
                  "standing", json_text(buf_string(&why)), "results", results_json(c, m, v),
                  "hands", hands_json(c, m, v), "paper", paper_json(c, v)));
    buf_free(&why);
}

void api_put_roll_line(const struct api_call *c, json_t *o, const struct meeting *m,
                       const struct meeting_roll_line *r)
{
    static const char *const evidence[] = {"none", "teller", "pin", "device"};
    (void)c;
    (void)json_object_update_new(
        o, json_pack("{s:b,s:b,s:s,s:o,s:o}", "attended", r->attended, "this_check",
                     r->check == m->check, "evidence", evidence[r->evidence], "site",
                     json_text(r->site < m->sites_count ? m->sites[r->site].name : ""), "excuse",
                     json_text(r->excuse)));
}

void api_put_signed(const struct api_call *c, json_t *o, const struct meeting_minutes *s)
{
    (void)json_object_update_new(
        o, json_pack("{s:b,s:b,s:b,s:o}", "sealed", s->sealed, "read_back", s->read_back,
                     "supplement", s->supplement, "signed",
                     signatures_json(c, s->member, s->signatures, s->signatures_count)));
}

void api_put_sitting(const struct api_call *c, json_t *o, const struct meeting *m)
{
    static const char *const kinds[FORM_KINDS_COUNT] = {"live",  "representative", "group",
                                                        "study", "ceremony",       "consultation"};
    (void)json_object_update_new(
        o, json_pack("{s:s,s:b,s:o,s:o,s:o,s:I,s:I,s:o,s:o}", "kind", kinds[m->kind], "practice",
                     m->practice, "parent", hex_of(m->parent, 32), "group", hex_of(m->group, 16),
                     "group_name", group_name(c, m->group), "check", (json_int_t)m->check,
                     "at_item", (json_int_t)m->item, "sitting_chair", name_of(c, m->sitting_chair),
                     "invited", people_json(c, &m->invited, WORDS_KINDS_COUNT)));
    (void)json_object_update_new(
        o,
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "closes", closes_json(c, m),
                  "draft_read_by",
                  m->draft_read_wall == 0 ? json_text("") : name_of(c, m->draft_read_by), "sites",
                  sites_json(c, m), "turns", turns_json(c, m), "conclusions",
                  conclusions_json(c, m), "chairs", chairings_json(c, m), "breaks", breaks_json(m),
                  "exceptions", exceptions_json(c, m), "reminders", reminders_json(c, m)));
    (void)json_object_update_new(
        o, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "consultation", replies_json(c, m),
                     "cascades", cascades_json(c, m), "steps", steps_json(c, m), "corrections",
                     corrections_json(c, m), "resolutions", resolutions_json(c, m), "reserved",
                     reserved_json(c, m), "tasks", tasks_json(c, m), "scores", scores_json(c, m)));
}

/* ---- the merge sheet ---- */

/* What a record of the meeting (its id in ?since=) had not seen; without it, what this device's own
 * last record had not. */
int api_get_merge(struct api_call *c)
{
    const struct meeting *m = NULL;
    const struct history *h = device_history(c->n->device);
    char since[HEX_SIZE(32)] = "";
    uint8_t id[32];
    uint32_t entry = HISTORY_NONE, unseen[API_MERGE_MAX];
    int err = api_find_meeting(c, c->arg, &m);
    if (err != HOP_OK)
        return err;
    if (api_query_get(c->rq->query, "since", since, sizeof since)) {
        if (hex_decode(id, sizeof id, since) != HOP_OK ||
            (entry = history_find(h, id)) == HISTORY_NONE)
            return api_not_found(c, API_NO_SUCH_TARGET, since);
    } else {
        entry = device_last_own(c->n->device);
    }
    size_t count = meeting_unseen(meetings(c), h, m, entry, unseen, API_MERGE_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < API_MERGE_MAX; i++)
        (void)json_array_append_new(list, api_record_json(c, unseen[i]));
    return api_answer(c, json_pack("{s:I,s:o}", "count", (json_int_t)count, "records", list));
}

/* ---- of no meeting ---- */

int api_get_reports(struct api_call *c)
{
    const struct procedure *p = meeting_procedure(meetings(c));
    json_t *list = json_array();
    for (size_t i = meeting_report_count(meetings(c)); i-- > 0;) { /* the newest first */
        const struct meeting_report *r = meeting_report_at(meetings(c), i);
        const char *state =
            r->state > 0 && r->state <= p->states_count ? p->states[r->state - 1].in[c->lang] : "";
        add(list,
            json_pack("{s:o,s:b,s:o,s:o,s:o,s:I}", "name", name_of(c, r->member), "urgent",
                      r->urgent, "place", json_text(r->place), "state", json_text(state), "text",
                      json_text(r->text), "at", (json_int_t)r->wall),
            r->id);
    }
    return api_answer(c, json_pack("{s:o}", "reports", list));
}

int api_get_private(struct api_call *c)
{
    json_t *list = json_array();
    for (size_t i = meeting_private_count(meetings(c)); i-- > 0;) {
        const struct meeting_private *p = meeting_private_at(meetings(c), i);
        struct buf words = {0};
        if (device_open_private(c->n->device, p, &words) == HOP_OK)
            add(list,
                json_pack("{s:o,s:o,s:I}", "name", name_of(c, p->member), "text",
                          json_text(buf_string(&words)), "at", (json_int_t)p->wall),
                p->id);
        buf_free(&words);
    }
    return api_answer(c, json_pack("{s:o}", "private", list));
}

static json_t *attendance_json(const struct api_call *c)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < cell_member_count(device_cell(c->n->device)); i++) {
        struct meeting_attendance n =
            meeting_attendance_of(meetings(c), device_cell(c->n->device), i);
        add(list,
            json_pack("{s:o,s:I,s:I,s:I,s:I,s:I,s:I}", "name", name_of(c, i), "held",
                      (json_int_t)n.held, "present", (json_int_t)n.of[ROLL_PRESENT], "excused",
                      (json_int_t)n.of[ROLL_ABSENT_REASON], "absent", (json_int_t)n.of[ROLL_ABSENT],
                      "duty", (json_int_t)n.of[ROLL_EXCUSED_DUTY], "missed_in_a_row",
                      (json_int_t)n.in_a_row),
            NULL);
    }
    return list;
}

/* The periodic meeting, month by month, and who attended: what a report to the level above needs.
 */
int api_get_duty(struct api_call *c)
{
    struct meeting_month months[API_MONTHS_MAX];
    size_t count = meeting_months(meetings(c), c->n->wall, months, API_MONTHS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct meeting_not_held *n = months[i].not_held;
        add(list,
            json_pack("{s:i,s:i,s:I,s:b,s:o}", "year", months[i].year, "month", months[i].month,
                      "held", (json_int_t)months[i].held, "due", months[i].due, "not_held",
                      n == NULL ? json_null() : json_text(n->text)),
            NULL);
    }
    return api_answer(c, json_pack("{s:o,s:o}", "months", list, "attendance", attendance_json(c)));
}

/* All tasks, of every meeting: what the next one asks after. */
int api_get_tasks(struct api_call *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < meeting_count(meetings(c)); i++) {
        const struct meeting *m = meeting_at(meetings(c), i);
        json_t *tasks = tasks_json(c, m), *t;
        size_t k;
        json_array_foreach(tasks, k, t)
        {
            (void)json_object_update_new(t, json_pack("{s:I,s:o}", "meeting",
                                                      (json_int_t)api_meeting_number(c, m), "title",
                                                      json_text(m->title)));
            (void)json_array_append(list, t);
        }
        json_decref(tasks);
    }
    return api_answer(c, json_pack("{s:o}", "tasks", list));
}

/* ---- documents as lines ---- */

/* Whole and without anything from elsewhere: it opens from a stick, and prints. */
static void put_page(struct buf *b, enum print_kind kind, enum text_lang lang, struct span lines)
{
    static const enum text_id titles[PRINT_KINDS_COUNT] = {
        [PRINT_NOTICE] = PRINT_NOTICE_TITLE,         [PRINT_MINUTES] = MIN_TITLE,
        [PRINT_RESOLUTION] = PRINT_RESOLUTION_TITLE, [PRINT_EXTRACT] = PRINT_EXTRACT_TITLE,
        [PRINT_DELIVERY] = PRINT_DELIVERY_TITLE,
    };
    buf_printf(b,
               "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width\">\n"
               "<title>%s</title>\n",
               lang == TEXT_VI ? "vi" : "en", text(lang, titles[kind]));
    buf_text(b, "<style>\n"
                "body { max-width: 46em; margin: 2em auto; padding: 0 1em;"
                " font: 1.1em/1.5 serif; }\n"
                "table { width: 100%; border-collapse: collapse; }\n"
                "table.H td, table.G td { width: 50%; text-align: center; vertical-align: top; }\n"
                "table.G td { padding-bottom: 5em; }\n"
                "table.R td { border: 1px solid; padding: .2em .5em; }\n"
                "table.R tr:first-child { font-weight: bold; }\n"
                "h1, h2, .M { text-align: center; }\n"
                ".D { text-align: right; font-style: italic; }\n"
                ".I { margin-left: 1.5em; }\n"
                ".M { letter-spacing: .5em; opacity: .6; }\n"
                "</style>\n</head>\n<body>\n");
    meeting_print_html(b, lines);
    buf_text(b, "</body>\n</html>\n");
}

/* ?what=notice|minutes|resolution|extract|delivery, ?index=, ?as=lines|text|html|page */
int api_get_print(struct api_call *c)
{
    static const char *const kinds[PRINT_KINDS_COUNT] = {"notice", "minutes", "resolution",
                                                         "extract", "delivery"};
    const struct meeting *m = NULL;
    char what[16] = "minutes", index[8] = "1", as[8] = "lines";
    enum print_kind kind = PRINT_KINDS_COUNT;
    struct buf lines = {0};
    (void)api_query_get(c->rq->query, "what", what, sizeof what);
    (void)api_query_get(c->rq->query, "index", index, sizeof index);
    (void)api_query_get(c->rq->query, "as", as, sizeof as);
    for (unsigned i = 0; i < PRINT_KINDS_COUNT; i++) {
        if (strcmp(kinds[i], what) == 0)
            kind = (enum print_kind)i;
    }
    if (kind == PRINT_KINDS_COUNT)
        return api_bad_value(c, "what", what, "notice, minutes, resolution, extract, delivery");
    size_t number = strtoul(index, NULL, 10);
    if (kind == PRINT_RESOLUTION)
        number = number > 0 ? number - 1 : SIZE_MAX;
    int err = api_find_meeting(c, c->arg, &m);
    if (err == HOP_OK)
        err =
            meeting_print(&lines, meetings(c), device_cell(c->n->device), m, kind, number, c->lang);
    if (err == HOP_ENOTFOUND && m != NULL)
        (void)text_say(&c->why, API_NO_SUCH_TARGET, 1, index);
    if (err == HOP_OK && strcmp(as, "html") == 0)
        meeting_print_html(&c->rp->body, buf_written(&lines));
    else if (err == HOP_OK && strcmp(as, "page") == 0)
        put_page(&c->rp->body, kind, c->lang, buf_written(&lines));
    else if (err == HOP_OK && strcmp(as, "text") == 0)
        meeting_print_plain(&c->rp->body, buf_written(&lines));
    else if (err == HOP_OK)
        buf_span(&c->rp->body, buf_written(&lines));
    if (err == HOP_OK)
        c->rp->content_type = "text/plain; charset=utf-8";
    buf_free(&lines);
    return err;
}
