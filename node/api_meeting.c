/* Meetings as JSON: everything that is said here comes from meeting/. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "node/talk.h"

static struct meeting_state *meetings(const struct api_call *c)
{
    return device_meetings(c->n->device);
}

/* ---- finding ---- */

/* "3" when name is a number that could be in a list; 0 otherwise. */
static size_t list_number(const char *name)
{
    if (name[0] == '\0' || strlen(name) > 4 || strspn(name, "0123456789") != strlen(name))
        return 0;
    return strtoul(name, NULL, 10);
}

/* How well a thing fits a name; a thing that fits twice over is worse than none. */
struct search {
    const char *name;
    size_t number, seen, found;
};

static struct search search_for(const char *name)
{
    return (struct search){.name = name, .number = list_number(name)};
}

static bool fits(struct search *s, const uint8_t id[static 32])
{
    s->seen++;
    bool fit = s->number != 0 ? s->seen == s->number : json_names_id(s->name, id, 32);
    s->found += fit;
    return fit;
}

static int found_one(struct api_call *c, const struct search *s, enum text_id none)
{
    if (s->found == 1)
        return HOP_OK;
    return api_not_found(c, s->found == 0 ? none : API_MANY_SUCH_IDS, s->name);
}

int api_find_meeting(struct api_call *c, const char *name, const struct meeting **ret)
{
    struct search s = search_for(name);
    for (size_t i = 0; i < meeting_count(meetings(c)); i++) {
        const struct meeting *m = meeting_at(meetings(c), i);
        if (fits(&s, m->id))
            *ret = m;
    }
    return found_one(c, &s, API_NO_SUCH_MEETING);
}

int api_find_motion(struct api_call *c, const char *name, const struct meeting_motion **ret,
                    const struct meeting **ret_meeting)
{
    struct search s = search_for(name);
    for (size_t i = 0; i < meeting_count(meetings(c)); i++) {
        const struct meeting *m = meeting_at(meetings(c), i);
        for (size_t k = 0; k < m->motions_count; k++) {
            if (fits(&s, m->motions[k].id)) {
                *ret = &m->motions[k];
                *ret_meeting = m;
            }
        }
    }
    return found_one(c, &s, API_NO_SUCH_MOTION);
}

int api_find_document(struct api_call *c, const char *name, const struct meeting_document **ret,
                      const struct meeting **ret_meeting)
{
    struct search s = search_for(name);
    for (size_t i = 0; i < meeting_count(meetings(c)); i++) {
        const struct meeting *m = meeting_at(meetings(c), i);
        for (size_t k = 0; k < m->documents_count; k++) {
            if (fits(&s, m->documents[k].id)) {
                *ret = &m->documents[k];
                *ret_meeting = m;
            }
        }
    }
    return found_one(c, &s, API_NO_SUCH_DOCUMENT);
}

/* Numbers of motions and documents run through all meetings, so that one number names one thing. */
static size_t motions_before(const struct api_call *c, const struct meeting *m)
{
    size_t n = 0;
    for (size_t i = 0; meeting_at(meetings(c), i) != m; i++)
        n += meeting_at(meetings(c), i)->motions_count;
    return n;
}

static size_t documents_before(const struct api_call *c, const struct meeting *m)
{
    size_t n = 0;
    for (size_t i = 0; meeting_at(meetings(c), i) != m; i++)
        n += meeting_at(meetings(c), i)->documents_count;
    return n;
}

size_t api_meeting_number(const struct api_call *c, const struct meeting *m)
{
    size_t n = 0;
    while (meeting_at(meetings(c), n) != m)
        n++;
    return n + 1;
}

/* ---- parts of a meeting ---- */

static json_t *quorum_json(const struct api_call *c, const struct meeting *m)
{
    char present[24], eligible[24], needed[24];
    (void)snprintf(present, sizeof present, "%zu", m->present);
    (void)snprintf(eligible, sizeof eligible, "%zu", m->eligible);
    (void)snprintf(needed, sizeof needed, "%zu", m->quorum_needed);
    bool met = m->present >= m->quorum_needed;
    struct buf sentence = {0};
    text_fill(&sentence, c->lang, met ? WORD_QUORUM_MET : WORD_QUORUM_NOT_MET,
              (const char *const[]){present, eligible, needed}, 3);
    json_t *o = json_pack("{s:I,s:I,s:I,s:b,s:o}", "present", (json_int_t)m->present, "eligible",
                          (json_int_t)m->eligible, "needed", (json_int_t)m->quorum_needed, "met",
                          met, "text", json_text(buf_string(&sentence)));
    buf_free(&sentence);
    return o;
}

json_t *api_missing_names(const struct api_call *c, const struct meeting *m)
{
    json_t *names = json_array();
    for (size_t i = 0; m->stage != STAGE_PREPARED && i < m->receipts_count; i++) {
        const struct cell_member *who = api_member(c, m->receipts[i].member);
        if ((unsigned)m->receipts[i].state == 0 && who != NULL && who->active)
            (void)json_array_append_new(names,
                                        json_text(api_member_name(c, m->receipts[i].member)));
    }
    return names;
}

static json_t *delivery_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->receipts_count; i++) {
        const struct meeting_receipt *r = &m->receipts[i];
        const struct cell_member *who = api_member(c, r->member);
        if ((unsigned)r->state == 0 && (who == NULL || !who->active))
            continue; /* nobody waits for who is gone */
        json_t *o = json_object();
        api_put_member(c, o, r->member);
        (void)json_object_update_new(
            o, json_pack("{s:s,s:s,s:I,s:b}", "state", words_key(WORDS_RECEIPT, (unsigned)r->state),
                         "label", words_text(WORDS_RECEIPT, (unsigned)r->state, c->lang), "at",
                         (json_int_t)r->wall, "connected", api_member_connected(c, r->member)));
        (void)json_array_append_new(list, o);
    }
    return json_pack("{s:o,s:o}", "members", list, "missing", api_missing_names(c, m));
}

static json_t *roll_json(const struct api_call *c, const struct meeting *m)
{
    const struct procedure *p = meeting_procedure(meetings(c));
    json_t *list = json_array();
    for (size_t i = 0; i < m->roll_count; i++) {
        const struct meeting_roll_line *r = &m->roll[i];
        if (!r->known && r->status == ROLL_UNKNOWN && !r->claimed)
            continue; /* came after the close, or was gone before it */
        json_t *o = json_object();
        api_put_member(c, o, r->member);
        (void)json_object_update_new(
            o,
            json_pack("{s:I,s:b,s:s,s:s,s:o,s:I,s:b,s:s}", "number", (json_int_t)r->member + 1,
                      "claimed", r->claimed, "status", words_key(WORDS_ROLL, r->status), "label",
                      api_label(&p->roll[r->status], c->lang, words_label(WORDS_ROLL, r->status)),
                      "reason", json_text(r->reason), "at", (json_int_t)r->wall, "connected",
                      api_member_connected(c, r->member), "category",
                      words_key(WORDS_CATEGORY, r->standing.category)));
        api_put_roll_line(c, o, m, r);
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* Days from when it was signed to the day of the meeting, where its time names one. */
static void put_lead(const struct api_call *c, json_t *o, const struct meeting *m, uint64_t wall)
{
    int days = 0;
    if (wall != 0 && meeting_lead_days(meetings(c), m, wall, &days))
        (void)json_object_set_new(o, "lead_days", json_integer(days));
}

static json_t *documents_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    size_t before = documents_before(c, m);
    for (size_t i = 0; i < m->documents_count; i++) {
        const struct meeting_document *d = &m->documents[i];
        json_t *o = json_object();
        json_put_id(o, d->id, sizeof d->id);
        api_put_member(c, o, d->member);
        (void)json_object_update_new(
            o, json_pack("{s:I,s:I,s:o,s:o,s:o,s:I,s:s}", "number", (json_int_t)(before + i + 1),
                         "item", (json_int_t)d->item, "title", json_text(d->title), "reference",
                         json_text(d->number), "media_type", json_text(d->media_type), "size",
                         (json_int_t)d->size, "class", words_key(WORDS_CLASS, d->class)));
        put_lead(c, o, m, d->wall);
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *opinions_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->opinions_count; i++) {
        const struct meeting_opinion *p = &m->opinions[i];
        json_t *o = json_object();
        json_put_id(o, p->id, sizeof p->id);
        api_put_member(c, o, p->member);
        (void)json_object_update_new(o, json_pack("{s:I,s:b,s:o,s:I}", "item", (json_int_t)p->item,
                                                  "prepared", p->prepared, "text",
                                                  json_text(p->text), "at", (json_int_t)p->wall));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *votes_json(const struct api_call *c, const struct meeting_motion *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->votes_count; i++) {
        json_t *o = json_object();
        api_put_member(c, o, v->votes[i].member);
        (void)json_object_update_new(
            o, json_pack(
                   "{s:s,s:s,s:b,s:b,s:I}", "choice", words_key(WORDS_CHOICE, v->votes[i].choice),
                   "label", words_text(WORDS_CHOICE, v->votes[i].choice, c->lang), "late",
                   v->votes[i].late, "lost", v->votes[i].lost, "at", (json_int_t)v->votes[i].wall));
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* "Counted 9 of 11; 2 not heard from": what a closed vote rests on. */
static json_t *horizon_json(const struct api_call *c, const struct meeting_motion *v)
{
    char heard[24], eligible[24], unheard[24];
    (void)snprintf(heard, sizeof heard, "%zu",
                   v->eligible > v->unheard ? v->eligible - v->unheard : 0);
    (void)snprintf(eligible, sizeof eligible, "%zu", v->eligible);
    (void)snprintf(unheard, sizeof unheard, "%zu", v->unheard);
    struct buf sentence = {0};
    text_fill(&sentence, c->lang, v->unheard == 0 ? WORD_HORIZON_ALL : WORD_HORIZON_SOME,
              (const char *const[]){heard, eligible, unheard}, 3);
    json_t *s = json_text(buf_string(&sentence));
    buf_free(&sentence);
    return s;
}

static json_t *motion_json(const struct api_call *c, const struct meeting *m,
                           const struct meeting_motion *v, size_t number)
{
    json_t *o = json_object();
    json_put_id(o, v->id, sizeof v->id);
    api_put_member(c, o, v->member);
    (void)json_object_update_new(
        o, json_pack("{s:I,s:I,s:o,s:I,s:b,s:I,s:s,s:s,s:o}", "number", (json_int_t)number, "item",
                     (json_int_t)v->item, "text", json_text(v->text), "at", (json_int_t)v->wall,
                     "closed", v->closed, "closed_at", (json_int_t)v->close_wall, "outcome",
                     words_key(WORDS_OUTCOME, v->outcome), "outcome_label",
                     words_text(WORDS_OUTCOME, v->outcome, c->lang), "votes", votes_json(c, v)));
    (void)json_object_update_new(
        o, json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "agree", (json_int_t)v->agree, "disagree",
                     (json_int_t)v->disagree, "abstain", (json_int_t)v->abstain, "late",
                     (json_int_t)v->late, "eligible", (json_int_t)v->eligible, "present",
                     (json_int_t)v->present, "unheard", (json_int_t)v->unheard, "horizon",
                     horizon_json(c, v)));
    api_put_counted(c, o, m, v);
    return o;
}

static json_t *motions_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    size_t before = motions_before(c, m);
    for (size_t i = 0; i < m->motions_count; i++)
        (void)json_array_append_new(list, motion_json(c, m, &m->motions[i], before + i + 1));
    return list;
}

static json_t *minutes_json(const struct api_call *c, const struct meeting *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->minutes_count; i++) {
        const struct meeting_minutes *s = &m->minutes[i];
        json_t *o = json_object();
        json_put_id(o, s->id, sizeof s->id);
        api_put_member(c, o, s->member);
        (void)json_object_update_new(o, json_pack("{s:s,s:o,s:I}", "language", s->language, "text",
                                                  json_text(s->text), "at", (json_int_t)s->wall));
        api_put_signed(c, o, s);
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* What this device's person may do now, and if not, why not. */
static json_t *may_json(const struct api_call *c, const struct meeting *m)
{
    static const struct {
        const char *name;
        enum act_type type;
    } acts[] = {{"send", ACT_NOTICE},     {"open", ACT_OPEN},     {"attend", ACT_ATTEND},
                {"opinion", ACT_OPINION}, {"motion", ACT_MOTION}, {"close", ACT_CLOSE},
                {"minutes", ACT_MINUTES}};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        struct act a = {.type = acts[i].type, .text = span_text("…"), .language = span_text("vi")};
        struct text_said why = {0};
        struct buf sentence = {0};
        memcpy(a.meeting, m->id, sizeof a.meeting);
        bool may = meeting_may(meetings(c), device_cell(c->n->device), device_self(c->n->device),
                               &a, &why) == HOP_OK;
        if (!may)
            text_said_fill(&sentence, c->lang, &why);
        (void)json_object_set_new(
            o, acts[i].name,
            json_pack("{s:b,s:o}", "allowed", may, "why", json_text(buf_string(&sentence))));
        buf_free(&sentence);
    }
    return o;
}

/* ---- whole meetings ---- */

static json_t *form_label(const struct api_call *c, const struct meeting *m)
{
    const struct procedure_form *f = procedure_find_form(meeting_procedure(meetings(c)), m->form);
    return json_text(f == NULL ? m->form : f->label.in[c->lang]);
}

json_t *api_meeting_summary(const struct api_call *c, const struct meeting *m)
{
    json_t *o = json_object();
    json_put_id(o, m->id, sizeof m->id);
    (void)json_object_update_new(
        o, json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:s,s:s}", "number",
                     (json_int_t)api_meeting_number(c, m), "title", json_text(m->title), "form",
                     json_text(m->form), "form_label", form_label(c, m), "when", json_text(m->when),
                     "place", json_text(m->place), "stage", words_key(WORDS_STAGE, m->stage),
                     "stage_label", words_text(WORDS_STAGE, m->stage, c->lang)));
    (void)json_object_update_new(o, json_pack("{s:o,s:o,s:o,s:b,s:o,s:I}", "author",
                                              json_text(api_member_name(c, m->author)), "chair",
                                              json_text(api_member_name(c, m->chair)), "secretary",
                                              json_text(api_member_name(c, m->secretary)), "mine",
                                              m->author == device_self(c->n->device), "quorum",
                                              quorum_json(c, m), "at", (json_int_t)m->wall));
    return o;
}

int api_get_meetings(struct api_call *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < meeting_count(meetings(c)); i++)
        (void)json_array_append_new(list, api_meeting_summary(c, meeting_at(meetings(c), i)));
    return api_answer(c, json_pack("{s:o}", "meetings", list));
}

static json_t *meeting_json(const struct api_call *c, const struct meeting *m)
{
    json_t *o = api_meeting_summary(c, m), *agenda = json_array();
    for (size_t i = 0; i < m->agenda_count; i++)
        (void)json_array_append_new(agenda, json_pack("{s:I,s:o}", "number", (json_int_t)i + 1,
                                                      "title", json_text(m->agenda[i])));
    (void)json_object_update_new(
        o, json_pack("{s:o,s:o,s:o,s:o,s:I,s:I,s:I}", "basis", json_text(m->basis), "reason",
                     json_text(m->reason), "notice", json_text(m->notice), "agenda", agenda,
                     "sent_at", (json_int_t)m->notice_wall, "opened_at", (json_int_t)m->open_wall,
                     "closed_at", (json_int_t)m->close_wall));
    (void)json_object_update_new(
        o, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "documents", documents_json(c, m), "delivery",
                     delivery_json(c, m), "roll", roll_json(c, m), "opinions", opinions_json(c, m),
                     "motions", motions_json(c, m), "minutes", minutes_json(c, m), "may",
                     may_json(c, m)));
    api_put_sitting(c, o, m);
    put_lead(c, o, m, m->notice_wall);
    (void)json_object_set_new(o, "notice_days",
                              json_integer((json_int_t)meeting_notice_days(meetings(c), m)));
    return o;
}

int api_get_meeting(struct api_call *c)
{
    const struct meeting *m = NULL;
    int err = api_find_meeting(c, c->arg, &m);
    return err != HOP_OK ? err : api_answer(c, meeting_json(c, m));
}

/* The minutes as they would be written now, and who has signed what. */
int api_get_minutes(struct api_call *c)
{
    const struct meeting *m = NULL;
    struct buf draft = {0};
    int err = api_find_meeting(c, c->arg, &m);
    if (err != HOP_OK)
        return err;
    err = meeting_minutes_text(meetings(c), device_cell(c->n->device), m, c->lang, &draft);
    if (err == HOP_OK)
        err = api_answer(c, json_pack("{s:s,s:o,s:o,s:o}", "language",
                                      c->lang == TEXT_VI ? "vi" : "en", "text",
                                      json_text(buf_string(&draft)), "signed", minutes_json(c, m),
                                      "title", json_text(m->title)));
    buf_free(&draft);
    return err;
}

/* ---- what waits for this person ---- */

static void wait_for(struct api_call *c, json_t *list, const char *kind, enum text_id id,
                     const struct meeting *m, const struct meeting_motion *motion)
{
    struct buf sentence = {0};
    const char *const args[] = {m->title, motion == NULL ? "" : motion->text, m->when};
    text_fill(&sentence, c->lang, id, args, 3);
    json_t *o = json_object();
    if (motion != NULL)
        json_put_id(o, motion->id, sizeof motion->id);
    char meeting_hex[HEX_SIZE(32)];
    hex_encode(meeting_hex, SPAN(m->id, sizeof m->id));
    (void)json_object_update_new(o, json_pack("{s:s,s:s,s:o}", "kind", kind, "meeting", meeting_hex,
                                              "text", json_text(buf_string(&sentence))));
    (void)json_array_append_new(list, o);
    buf_free(&sentence);
}

static bool may(struct api_call *c, const struct act *a)
{
    struct text_said why;
    return meeting_may(meetings(c), device_cell(c->n->device), device_self(c->n->device), a,
                       &why) == HOP_OK;
}

static void wait_for_votes(struct api_call *c, json_t *list, const struct meeting *m, uint32_t self)
{
    for (size_t i = 0; i < m->motions_count; i++) {
        const struct meeting_motion *v = &m->motions[i];
        struct act a = {.type = ACT_VOTE, .value = CHOICE_AGREE};
        bool voted = false;
        memcpy(a.meeting, m->id, 32);
        memcpy(a.target, v->id, 32);
        for (size_t k = 0; k < v->votes_count; k++)
            voted |= v->votes[k].member == self && v->votes[k].choice != CHOICE_NONE;
        if (!v->closed && !voted && may(c, &a))
            wait_for(c, list, "vote", WAIT_VOTE, m, v);
    }
}

static void wait_for_roll(struct api_call *c, json_t *list, const struct meeting *m, uint32_t self)
{
    bool claims = false;
    for (size_t i = 0; i < m->roll_count; i++) {
        const struct meeting_roll_line *r = &m->roll[i];
        claims |= r->claimed && r->status == ROLL_UNKNOWN;
        if (r->member == self && r->known && !r->claimed && r->status == ROLL_UNKNOWN)
            wait_for(c, list, "attend", WAIT_ATTEND, m, NULL);
    }
    if (claims && (self == m->chair || self == m->secretary))
        wait_for(c, list, "roll", WAIT_ROLL, m, NULL);
}

static void wait_for_meeting(struct api_call *c, json_t *list, const struct meeting *m,
                             uint32_t self)
{
    bool signed_by_me = false;
    for (size_t i = 0; i < m->minutes_count; i++)
        signed_by_me |= m->minutes[i].member == self;
    switch (m->stage) {
    case STAGE_PREPARED:
        if (m->author == self)
            wait_for(c, list, "send", WAIT_SEND, m, NULL);
        break;
    case STAGE_CONVENED:
        for (size_t i = 0; i < m->receipts_count; i++) {
            if (m->receipts[i].member == self && m->receipts[i].state != RECEIPT_READ)
                wait_for(c, list, "read", WAIT_READ, m, NULL);
        }
        break;
    case STAGE_OPENED:
        wait_for_roll(c, list, m, self);
        wait_for_votes(c, list, m, self);
        break;
    case STAGE_CLOSED:
        if (!signed_by_me && (self == m->chair || self == m->secretary))
            wait_for(c, list, "minutes", WAIT_MINUTES, m, NULL);
        break;
    }
}

json_t *api_waiting(struct api_call *c)
{
    json_t *list = json_array();
    const struct cell_member *me = api_member(c, device_self(c->n->device));
    for (size_t i = 0; i < meeting_count(meetings(c)) && me != NULL && me->active; i++)
        wait_for_meeting(c, list, meeting_at(meetings(c), i), device_self(c->n->device));
    return list;
}

/* Boards of the meetings this person has convened and not yet closed. */
json_t *api_deliveries(struct api_call *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < meeting_count(meetings(c)); i++) {
        const struct meeting *m = meeting_at(meetings(c), i);
        if (m->author != device_self(c->n->device) || m->stage == STAGE_PREPARED ||
            m->stage == STAGE_CLOSED)
            continue;
        json_t *o = json_object();
        json_put_id(o, m->id, sizeof m->id);
        (void)json_object_set_new(o, "title", json_text(m->title));
        (void)json_object_update_new(o, delivery_json(c, m));
        (void)json_array_append_new(list, o);
    }
    return list;
}
