#include "node/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"

struct telling {
    const struct procedure *p;
    enum text_lang lang;
    json_t *list;
};

#define TOPIC_BYTES  96
#define NUMBER_BYTES 24

static const char *number(char ret[static NUMBER_BYTES], size_t n)
{
    (void)snprintf(ret, NUMBER_BYTES, "%zu", n);
    return ret;
}

static void tell(struct telling *t, const char *topic, enum text_id id, const char *const args[],
                 size_t count)
{
    struct buf words = {0};
    text_fill(&words, t->lang, id, args, count);
    (void)json_array_append_new(
        t->list, json_pack("{s:s,s:o}", "topic", topic, "text", json_text(buf_string(&words))));
    buf_free(&words);
}

static void tell_one(struct telling *t, const char *topic, enum text_id id, const char *arg)
{
    tell(t, topic, id, (const char *const[]){arg}, 1);
}

static void tell_number(struct telling *t, const char *topic, enum text_id id, size_t n)
{
    char digits[NUMBER_BYTES];
    tell_one(t, topic, id, number(digits, n));
}

/* A label, where the file has one. */
static void tell_label(struct telling *t, const char *group, const char *name, enum text_id id,
                       const struct procedure_label *label)
{
    char topic[TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "%s.%s", group, name);
    if (label->in[t->lang][0] != '\0')
        tell_one(t, topic, id, label->in[t->lang]);
}

/* "more than 1/2 of all who count" */
static void share_words(const struct telling *t, const struct procedure_share *s, struct buf *ret)
{
    static const enum text_id ids[2][2] = {{RULE_LEAST_ALL, RULE_LEAST_PRESENT},
                                           {RULE_MORE_ALL, RULE_MORE_PRESENT}};
    char numerator[NUMBER_BYTES], denominator[NUMBER_BYTES];
    const char *const args[] = {number(numerator, s->numerator),
                                number(denominator, s->denominator)};
    text_fill(ret, t->lang, ids[s->strictly_more][s->of_present], args, 2);
}

static void tell_share(struct telling *t, const char *topic, enum text_id id,
                       const struct procedure_share *s)
{
    struct buf words = {0};
    share_words(t, s, &words);
    tell_one(t, topic, id, buf_string(&words));
    buf_free(&words);
}

/* ---- people ---- */

static void tell_people(struct telling *t)
{
    static const char *const roles[ROLES_COUNT] = {"member",    "committee", "deputy",
                                                   "secretary", "observer",  "carrier"};
    static const char *const categories[CATEGORIES_COUNT] = {"full", "probationary", "attached",
                                                             "exempt", "transferred"};
    static const char *const rolls[ROLL_COUNT] = {"unknown", "present", "absent_reason", "absent",
                                                  "excused_duty"};
    const struct procedure *p = t->p;
    for (size_t i = 0; i < CATEGORIES_COUNT; i++)
        tell_label(t, "category", categories[i],
                   p->votes[i]    ? RULE_VOTES
                   : p->counts[i] ? RULE_COUNTS
                                  : RULE_SPEAKS,
                   &p->categories[i]);
    for (size_t i = 0; i < ROLES_COUNT; i++)
        tell_label(t, "role", roles[i], RULE_ROLE, &p->roles[i]);
    for (size_t i = 0; i < ROLL_COUNT; i++)
        tell_label(t, "roll", rolls[i], p->roll_needs_reason[i] ? RULE_ROLL_REASON : RULE_ROLL,
                   &p->roll[i]);
}

/* ---- times and signatures ---- */

static void tell_conduct(struct telling *t)
{
    static const enum text_id finals[] = {[FINAL_DECIDED] = RULE_FINAL_DECIDED,
                                          [FINAL_HEARD] = RULE_FINAL_HEARD,
                                          [FINAL_CHAIR] = RULE_FINAL_CHAIR};
    const struct procedure *p = t->p;
    tell_share(t, "quorum", RULE_QUORUM, &p->quorum);
    tell_share(t, "majority", RULE_MAJORITY, &p->majority);
    tell(t, "final", finals[p->final], NULL, 0);
    tell_number(t, "notice_days", RULE_NOTICE_DAYS, p->notice_days);
    if (p->period_months == 0)
        tell(t, "period", RULE_PERIOD_NONE, NULL, 0);
    else
        tell_number(t, "period", RULE_PERIOD, p->period_months);
    tell_number(t, "small_electorate", RULE_SMALL, p->small_electorate);
    tell_number(t, "signatures", RULE_SIGNATURES, p->signatures_min);
}

/* ---- questions, forms, lists ---- */

static void tell_question(struct telling *t, const struct procedure_question *q)
{
    static const enum text_id ballots[] = {[BALLOT_OPEN] = RULE_BALLOT_OPEN,
                                           [BALLOT_SECRET] = RULE_BALLOT_SECRET,
                                           [BALLOT_PAPER] = RULE_BALLOT_PAPER};
    char topic[TOPIC_BYTES];
    struct buf share = {0}, majority = {0};
    (void)snprintf(topic, sizeof topic, "question.%s", q->name);
    if (q->majority.denominator == 0) {
        buf_text(&majority, text(t->lang, RULE_QUESTION_PLAIN));
    } else {
        share_words(t, &q->majority, &share);
        const char *const args[] = {buf_string(&share)};
        text_fill(&majority, t->lang, RULE_QUESTION_MAJORITY, args, 1);
    }
    const char *const args[] = {q->label.in[t->lang], text(t->lang, ballots[q->ballot]),
                                buf_string(&majority), q->basis};
    tell(t, topic, RULE_QUESTION, args, 4);
    buf_free(&share);
    buf_free(&majority);
}

static void tell_form(struct telling *t, const struct procedure_form *f)
{
    static const enum text_id kinds[FORM_KINDS_COUNT] = {
        [FORM_LIVE] = RULE_KIND_LIVE,         [FORM_REPRESENTATIVE] = RULE_KIND_REPRESENTATIVE,
        [FORM_GROUP] = RULE_KIND_GROUP,       [FORM_STUDY] = RULE_KIND_STUDY,
        [FORM_CEREMONY] = RULE_KIND_CEREMONY, [FORM_CONSULTATION] = RULE_KIND_CONSULTATION};
    char topic[TOPIC_BYTES], digits[NUMBER_BYTES];
    const char *const args[] = {f->name, f->label.in[t->lang], text(t->lang, kinds[f->kind])};
    (void)snprintf(topic, sizeof topic, "form.%s", f->name);
    tell(t, topic, RULE_FORM, args, 3);
    if (f->notice_days >= 0) {
        (void)snprintf(topic, sizeof topic, "form.%s.notice_days", f->name);
        tell(t, topic, RULE_FORM_DAYS,
             (const char *const[]){f->name, number(digits, (size_t)f->notice_days)}, 2);
    }
    if (f->counted_in[0] != '\0') {
        (void)snprintf(topic, sizeof topic, "form.%s.counts_for", f->name);
        tell(t, topic, RULE_FORM_COUNTS_FOR, (const char *const[]){f->name, f->counted_in}, 2);
    }
    for (size_t i = 0; i < f->agenda_count; i++) {
        (void)snprintf(topic, sizeof topic, "form.%s.agenda.%zu", f->name, i + 1);
        tell(t, topic, RULE_FORM_AGENDA,
             (const char *const[]){f->name, number(digits, i + 1), f->agenda[i].in[t->lang]}, 3);
    }
}

static void tell_lists(struct telling *t)
{
    const struct procedure *p = t->p;
    char name[NUMBER_BYTES], topic[TOPIC_BYTES], most[NUMBER_BYTES];
    for (size_t i = 0; i < p->forms_count; i++)
        tell_form(t, &p->forms[i]);
    for (size_t i = 0; i < p->questions_count; i++)
        tell_question(t, &p->questions[i]);
    for (size_t i = 0; i < p->reasons_count; i++)
        tell_label(t, "reason", number(name, i + 1), RULE_REASON, &p->reasons[i]);
    for (size_t i = 0; i < p->score_count; i++) {
        (void)snprintf(topic, sizeof topic, "score.%zu", i + 1);
        tell(t, topic, RULE_SCORE,
             (const char *const[]){p->score[i].in[t->lang], number(most, p->score_max[i])}, 2);
    }
    for (size_t i = 0; i < p->states_count; i++)
        tell_label(t, "state", number(name, i + 1), RULE_STATE, &p->states[i]);
    tell_label(t, "document", "parent", RULE_DOCUMENT, &p->parent_body);
    tell_label(t, "document", "heading", RULE_DOCUMENT, &p->minutes_heading);
    tell_label(t, "document", "number", RULE_DOCUMENT, &p->number_form);
    tell_label(t, "document", "chair", RULE_DOCUMENT, &p->signing[0]);
    tell_label(t, "document", "secretary", RULE_DOCUMENT, &p->signing[1]);
}

json_t *rules_json(const struct procedure *p, enum text_lang lang)
{
    struct telling t = {.p = p, .lang = lang, .list = json_array()};
    if (t.list == NULL)
        return NULL;
    tell(&t, "title", RULE_TITLE, (const char *const[]){p->title.in[lang], p->name}, 2);
    tell_label(&t, "legal", "basis", RULE_BASIS, &p->legal_basis);
    if (p->confirm[0] != '\0')
        tell_one(&t, "confirm", RULE_CONFIRM, p->confirm);
    tell_conduct(&t);
    tell_people(&t);
    tell_lists(&t);
    return t.list;
}

int rules_of_file(struct span file, enum text_lang lang, json_t **ret, struct text_said *why)
{
    struct procedure *p = malloc(sizeof *p); /* too large for a stack frame */
    uint8_t hash[32];
    char hex[HEX_SIZE(32)];
    int err = p == NULL ? HOP_ENOMEM : procedure_parse(p, file, why);
    if (err == HOP_OK) {
        procedure_hash(hash, file);
        hex_encode(hex, SPAN(hash, sizeof hash));
        *ret = json_pack("{s:s,s:o,s:s,s:o}", "name", p->name, "title",
                         json_text(p->title.in[lang]), "hash", hex, "rules", rules_json(p, lang));
        err = *ret == NULL ? HOP_ENOMEM : HOP_OK;
    }
    free(p);
    return err;
}

static const json_t *find_topic(const json_t *list, const char *topic)
{
    size_t i;
    const json_t *rule;
    json_array_foreach(list, i, rule)
    {
        if (strcmp(json_get_text(rule, "topic"), topic) == 0)
            return rule;
    }
    return NULL;
}

json_t *rules_difference(const json_t *a, const json_t *b)
{
    json_t *list = json_array();
    size_t i;
    const json_t *rule;
    json_array_foreach(a, i, rule)
    {
        const char *topic = json_get_text(rule, "topic"), *was = json_get_text(rule, "text");
        const char *is = json_get_text(find_topic(b, topic), "text");
        if (strcmp(was, is) == 0)
            continue;
        json_t *one = json_pack("{s:s,s:s}", "topic", topic, "was", was);
        if (is[0] != '\0')
            (void)json_object_set_new(one, "is", json_text(is));
        (void)json_array_append_new(list, one);
    }
    json_array_foreach(b, i, rule)
    {
        const char *topic = json_get_text(rule, "topic");
        if (find_topic(a, topic) == NULL)
            (void)json_array_append_new(
                list, json_pack("{s:s,s:s}", "topic", topic, "is", json_get_text(rule, "text")));
    }
    return list;
}
