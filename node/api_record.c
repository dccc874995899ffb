/* Every other act of a meeting by one door: POST /api/meetings/N/acts, POST /api/motions/N/acts
 * (its meeting, and the motion is the target) and POST /api/acts with {"act": "floor", …}. A table
 * says what each act is called, what its value is called and what its target may be; the fold says
 * whether it may be. docs/api.md lists them. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "device/site.h"

#define VALUE_WORDS 4

struct value_word {
    const char *word;
    uint32_t value;
};

enum target {
    TARGET_NONE,
    TARGET_MOTION,
    TARGET_PAPERS,
    TARGET_MINUTES,
    TARGET_CORRECTION,
    TARGET_RESOLUTION,
    TARGET_TASK
};

struct record_act {
    const char *name;
    enum act_type type;
    enum target target;
    bool alone;             /* of no meeting, or not necessarily of one */
    enum words_kind people; /* what a person's value is; WORDS_KINDS_COUNT: people have none */
    struct value_word values[VALUE_WORDS];
};

#define NO_VALUE WORDS_KINDS_COUNT

/* clang-format off */
static const struct record_act record_acts[] = {
    {"excuse",     ACT_EXCUSE,     TARGET_NONE,       false, NO_VALUE, {{"ask", 1}, {"take-back", 2}}},
    {"remind",     ACT_REMIND,     TARGET_PAPERS,     false, NO_VALUE, {{0}}},
    {"site",       ACT_SITE,       TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"site-roll",  ACT_SITE_ROLL,  TARGET_NONE,       false, WORDS_ROLL, {{0}}},
    {"check",      ACT_CHECK,      TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"break",      ACT_PAUSE,      TARGET_NONE,       false, NO_VALUE, {{"begin", 1}, {"end", 2}}},
    {"item",       ACT_ITEM,       TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"floor",      ACT_FLOOR,      TARGET_NONE,       false, NO_VALUE,
        {{"ask", FLOOR_ASK}, {"order", FLOOR_ORDER}, {"withdraw", FLOOR_WITHDRAW}}},
    {"give",       ACT_GIVE,       TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"conclusion", ACT_CONCLUSION, TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"opinion",    ACT_OPINION,    TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"motion",     ACT_MOTION,     TARGET_MOTION,     false, NO_VALUE, {{0}}},
    {"withdraw",   ACT_WITHDRAW,   TARGET_MOTION,     false, NO_VALUE, {{0}}},
    {"hands",      ACT_HANDS,      TARGET_MOTION,     false, WORDS_CHOICE, {{0}}},
    {"paper",      ACT_PAPER,      TARGET_MOTION,     false, NO_VALUE, {{0}}},
    {"chair",      ACT_CHAIR,      TARGET_NONE,       false, NO_VALUE, {{"take", 1}, {"give-back", 2}}},
    {"settle",     ACT_SETTLE,     TARGET_MOTION,     false, NO_VALUE, {{0}}},
    {"exception",  ACT_EXCEPTION,  TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"read-back",  ACT_READ_BACK,  TARGET_MINUTES,    false, NO_VALUE, {{0}}},
    {"correction", ACT_CORRECTION, TARGET_MINUTES,    false, NO_VALUE, {{0}}},
    {"corrected",  ACT_CORRECTED,  TARGET_CORRECTION, false, NO_VALUE, {{"taken", 1}, {"not-taken", 2}}},
    {"sign",       ACT_SIGN,       TARGET_MINUTES,    false, NO_VALUE, {{0}}},
    {"supplement", ACT_SUPPLEMENT, TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"resolution", ACT_RESOLUTION, TARGET_MOTION,     false, NO_VALUE, {{0}}},
    {"reserve",    ACT_RESERVE,    TARGET_RESOLUTION, false, NO_VALUE, {{0}}},
    {"task",       ACT_TASK,       TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"task-state", ACT_TASK_STATE, TARGET_TASK,       false, NO_VALUE,
        {{"open", TASK_OPEN}, {"done", TASK_DONE}, {"dropped", TASK_DROPPED}}},
    {"score",      ACT_SCORE,      TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"reply",      ACT_REPLY,      TARGET_NONE,       false, NO_VALUE,
        {{"agree", REPLY_AGREE}, {"disagree", REPLY_DISAGREE}, {"other", REPLY_OTHER}}},
    {"cascade",    ACT_CASCADE,    TARGET_NONE,       false, WORDS_ROLL, {{0}}},
    {"step",       ACT_STEP,       TARGET_NONE,       false, NO_VALUE, {{0}}},
    {"report",     ACT_REPORT,     TARGET_NONE,       true,  NO_VALUE, {{0}}},
    {"not-held",   ACT_NOT_HELD,   TARGET_NONE,       true,  NO_VALUE, {{0}}},
    {"private",    ACT_PRIVATE,    TARGET_NONE,       true,  NO_VALUE, {{0}}},
    {"pin",        ACT_PIN,        TARGET_NONE,       true,  NO_VALUE, {{0}}},
};
/* clang-format on */

#define RECORD_ACTS (sizeof record_acts / sizeof record_acts[0])

/* What came: texts are owned. */
struct record_input {
    char *act, *text, *title, *value, *person, *site, *group, *target, *when, *place, *basis,
        *number, *language, *form, *pin, *holds;
    uint32_t item, minutes, urgent;
    struct json_texts people, counts;
};

static void input_free(struct record_input *in)
{
    char *const texts[] = {in->act,      in->text,   in->title, in->value, in->person, in->site,
                           in->group,    in->target, in->when,  in->place, in->basis,  in->number,
                           in->language, in->form,   in->pin,   in->holds};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    json_texts_free(&in->people);
    json_texts_free(&in->counts);
}

static int read_input(struct api_call *c, struct record_input *in)
{
    const struct json_field fields[] = {
        {"act", JSON_FIELD_TEXT, true, 32, &in->act},
        {"text", JSON_FIELD_TEXT, false, ACT_MINUTES_BYTES_MAX, &in->text},
        {"title", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &in->title},
        {"value", JSON_FIELD_TEXT, false, 64, &in->value},
        {"person", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &in->person},
        {"site", JSON_FIELD_TEXT, false, 64, &in->site},
        {"group", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &in->group},
        {"target", JSON_FIELD_TEXT, false, 64, &in->target},
        {"when", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &in->when},
        {"place", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &in->place},
        {"basis", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &in->basis},
        {"number", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &in->number},
        {"language", JSON_FIELD_TEXT, false, 2, &in->language},
        {"form", JSON_FIELD_TEXT, false, ACT_FORM_BYTES_MAX, &in->form},
        {"pin", JSON_FIELD_TEXT, false, 32, &in->pin},
        {"holds", JSON_FIELD_TEXT, false, 64, &in->holds},
        {"item", JSON_FIELD_NUMBER, false, ACT_AGENDA_MAX, &in->item},
        {"minutes", JSON_FIELD_NUMBER, false, 24 * 60, &in->minutes},
        {"urgent", JSON_FIELD_NUMBER, false, 1, &in->urgent},
        {"people", JSON_FIELD_TEXTS, false, ACT_PEOPLE_MAX, &in->people},
        {"counts", JSON_FIELD_TEXTS, false, ACT_COUNTS_MAX, &in->counts},
    };
    return json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
}

static const struct record_act *find_act(const char *name)
{
    for (size_t i = 0; i < RECORD_ACTS; i++) {
        if (strcmp(record_acts[i].name, name) == 0)
            return &record_acts[i];
    }
    return NULL;
}

static int refuse_act(struct api_call *c, const char *name)
{
    char names[TEXT_ARG_BYTES_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < RECORD_ACTS; i++) {
        int n = snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ",
                         record_acts[i].name);
        if (n < 0 || (size_t)n >= sizeof names - used)
            break;
        used += (size_t)n;
    }
    return api_bad_value(c, "act", name, names);
}

/* ---- the parts ---- */

static int read_value(struct api_call *c, const struct record_act *r, const struct record_input *in,
                      uint32_t *ret)
{
    char possible[128] = "";
    size_t used = 0;
    if (r->type == ACT_GIVE)
        *ret = in->minutes;
    if (in->value == NULL && r->values[0].word != NULL)
        *ret = r->values[0].value; /* the plain one */
    if (in->value == NULL)
        return HOP_OK;
    for (size_t i = 0; i < VALUE_WORDS && r->values[i].word != NULL; i++) {
        if (strcmp(r->values[i].word, in->value) == 0) {
            *ret = r->values[i].value;
            return HOP_OK;
        }
        int n = snprintf(possible + used, sizeof possible - used, "%s%s", i == 0 ? "" : ", ",
                         r->values[i].word);
        used += n > 0 ? (size_t)n : 0;
    }
    return api_bad_value(c, "value", in->value, possible);
}

/* A report's value is one of the procedure's states, in either language. */
static int read_state(struct api_call *c, const char *word, uint32_t *ret)
{
    const struct procedure *p = meeting_procedure(device_meetings(c->n->device));
    char possible[TEXT_ARG_BYTES_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < p->states_count; i++) {
        if (strcmp(p->states[i].in[TEXT_VI], word) == 0 ||
            strcmp(p->states[i].in[TEXT_EN], word) == 0) {
            *ret = (uint32_t)i + 1;
            return HOP_OK;
        }
        int n = snprintf(possible + used, sizeof possible - used, "%s%s", i == 0 ? "" : ", ",
                         p->states[i].in[c->lang]);
        used += n > 0 && (size_t)n < sizeof possible - used ? (size_t)n : 0;
    }
    return api_bad_value(c, "value", word, possible);
}

/* "Lan" or "Lan=agree". */
static int read_person(struct api_call *c, const struct record_act *r, const char *said,
                       uint8_t ret[static ACT_PERSON_BYTES])
{
    char name[AUTH_NAME_BYTES_MAX + 1];
    const char *word = strrchr(said, '=');
    size_t size = word == NULL ? strlen(said) : (size_t)(word - said), index = 0;
    uint32_t value = 0;
    if (size > AUTH_NAME_BYTES_MAX)
        return api_not_found(c, API_NO_SUCH_MEMBER, said);
    memcpy(name, said, size);
    name[size] = '\0';
    int err = api_find_member(c, name, &index);
    if (err == HOP_OK && r->people != NO_VALUE)
        err = api_read_word(c, r->people, "people",
                            word != NULL                ? word + 1
                            : r->people == WORDS_CHOICE ? "agree"
                                                        : "present",
                            &value);
    if (err == HOP_OK) {
        memcpy(ret, cell_member(device_cell(c->n->device), index)->id, 16);
        ret[16] = (uint8_t)value;
    }
    return err;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* Ascending, as records have them. Named twice: the act is refused as it stands. */
static int read_people(struct api_call *c, const struct record_act *r,
                       const struct json_texts *said, struct act_people *ret, uint8_t *room)
{
    int err = HOP_OK;
    for (size_t i = 0; i < said->count && err == HOP_OK; i++)
        err = read_person(c, r, said->items[i], room + i * ACT_PERSON_BYTES);
    if (err == HOP_OK && said->count > 0)
        qsort(room, said->count, ACT_PERSON_BYTES, by_id);
    *ret = (struct act_people){room, said->count};
    return err;
}

static int read_counts(struct api_call *c, const struct json_texts *said, struct act *a)
{
    for (size_t i = 0; i < said->count; i++) {
        char *end;
        unsigned long v = strtoul(said->items[i], &end, 10);
        if (said->items[i][0] < '0' || said->items[i][0] > '9' || *end != '\0' || v > 1000000)
            return api_bad_value(c, "counts", said->items[i], "0 … 1000000");
        a->counts[a->counts_count++] = (uint32_t)v;
    }
    return HOP_OK;
}

static bool names(const char *name, size_t number, const uint8_t id[static 32])
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%zu", number);
    return strcmp(name, digits) == 0 || json_names_id(name, id, 32);
}

/* The thing of a meeting that a name or a number from 1 in its list means. */
static const uint8_t *find_target(const struct meeting *m, enum target kind, const char *name)
{
    if (kind == TARGET_PAPERS && strcmp(name, "notice") == 0)
        return m->notice_id;
    for (size_t i = 0; i < m->documents_count && kind == TARGET_PAPERS; i++) {
        if (names(name, i + 1, m->documents[i].id))
            return m->documents[i].id;
    }
    for (size_t i = 0; i < m->minutes_count && kind == TARGET_MINUTES; i++) {
        if (names(name, i + 1, m->minutes[i].id))
            return m->minutes[i].id;
    }
    for (size_t i = 0; i < m->corrections_count && kind == TARGET_CORRECTION; i++) {
        if (names(name, i + 1, m->corrections[i].id))
            return m->corrections[i].id;
    }
    for (size_t i = 0; i < m->tasks_count && kind == TARGET_TASK; i++) {
        if (names(name, i + 1, m->tasks[i].id))
            return m->tasks[i].id;
    }
    /* Minutes and resolutions are signed alike, so their ids may be mixed; numbers are of the kind.
     */
    for (size_t i = 0; i < m->resolutions_count; i++) {
        size_t number = kind == TARGET_RESOLUTION ? i + 1 : 0;
        if ((kind == TARGET_RESOLUTION || kind == TARGET_MINUTES) &&
            (names(name, number, m->resolutions[i].id) ||
             strcmp(name, m->resolutions[i].number) == 0))
            return m->resolutions[i].id;
    }
    return NULL;
}

/* What is meant when nothing is named: the notice; the newest minutes, before there are any the
 * draft, which the meeting itself stands for. */
static void plain_target(const struct record_act *r, const struct meeting *m, struct act *a)
{
    const uint8_t *minutes = m->minutes_count > 0 ? m->minutes[m->minutes_count - 1].id : m->id;
    if (r->target == TARGET_PAPERS)
        memcpy(a->target, m->notice_id, 32);
    if (r->target == TARGET_MINUTES)
        memcpy(a->target, minutes, 32);
}

static int read_target(struct api_call *c, const struct record_act *r, const struct meeting *m,
                       const char *name, struct act *a)
{
    const struct meeting_motion *v = NULL;
    const struct meeting *of = NULL;
    if (name == NULL)
        plain_target(r, m, a);
    if (name == NULL || r->target == TARGET_NONE)
        return HOP_OK;
    const uint8_t *id = r->target == TARGET_MOTION ? NULL : find_target(m, r->target, name);
    if (id == NULL && (r->target == TARGET_MOTION || r->target == TARGET_RESOLUTION)) {
        int err = api_find_motion(c, name, &v, &of);
        if (err != HOP_OK)
            return r->target == TARGET_MOTION ? err : api_not_found(c, API_NO_SUCH_TARGET, name);
        id = v->id;
    }
    if (id == NULL)
        return api_not_found(c, API_NO_SUCH_TARGET, name);
    memcpy(a->target, id, 32);
    return HOP_OK;
}

static int read_site(struct api_call *c, const struct meeting *m, const char *name, struct act *a)
{
    for (size_t i = 0; i < m->sites_count; i++) {
        if (names(name, i + 1, m->sites[i].id) || strcmp(name, m->sites[i].name) == 0) {
            memcpy(a->site, m->sites[i].id, 32);
            return HOP_OK;
        }
    }
    return api_not_found(c, API_NO_SUCH_SITE, name);
}

/* Of a vote closed twice, the closing that holds. */
static int read_result(struct api_call *c, const struct meeting *m, const char *name, struct act *a)
{
    for (size_t i = 0; i < m->results_count; i++) {
        if (json_names_id(name, m->results[i].id, 32)) {
            memcpy(a->parent, m->results[i].id, 32);
            return HOP_OK;
        }
    }
    return api_not_found(c, API_NO_SUCH_TARGET, name);
}

static struct span span_of(const char *s)
{
    return s == NULL ? SPAN(NULL, 0) : span_text(s);
}

/* Who takes the chair does so for himself, and gives it back to whom the notice names. */
static void plain_person(const struct api_call *c, const struct meeting *m, struct act *a)
{
    uint32_t who = a->value == 1 ? device_self(c->n->device) : m->chair;
    memcpy(a->person, cell_member(device_cell(c->n->device), who)->id, 16);
}

static int read_parts(struct api_call *c, const struct record_act *r, const struct meeting *m,
                      const struct record_input *in, struct act *a)
{
    int err = read_counts(c, &in->counts, a);
    if (err == HOP_OK && m != NULL)
        err = read_target(c, r, m, in->target, a);
    if (err == HOP_OK && m != NULL && in->site != NULL)
        err = read_site(c, m, in->site, a);
    if (err == HOP_OK && in->group != NULL)
        err = api_read_group(c, in->group, a->group);
    if (err == HOP_OK && m != NULL && in->holds != NULL)
        err = read_result(c, m, in->holds, a);
    return err;
}

static int fill_act(struct api_call *c, const struct record_act *r, const struct meeting *m,
                    const struct record_input *in, struct act *a, uint8_t *people)
{
    size_t index = 0;
    a->type = r->type;
    a->item = in->item;
    a->flags = in->urgent != 0 ? FLAG_URGENT : 0;
    a->text = span_of(in->text);
    a->title = span_of(in->title);
    a->when = span_of(in->when);
    a->place = span_of(in->place);
    a->basis = span_of(in->basis);
    a->number = span_of(in->number);
    a->form = span_of(in->form);
    a->language = span_of(in->language);
    if (r->type == ACT_SUPPLEMENT && in->language == NULL)
        a->language = span_text(c->lang == TEXT_VI ? "vi" : "en");
    if (m != NULL)
        memcpy(a->meeting, m->id, sizeof a->meeting);
    int err = r->type == ACT_REPORT && in->value != NULL ? read_state(c, in->value, &a->value)
                                                         : read_value(c, r, in, &a->value);
    if (err == HOP_OK && in->person != NULL)
        err = api_find_member(c, in->person, &index);
    if (err == HOP_OK && in->person != NULL)
        memcpy(a->person, cell_member(device_cell(c->n->device), index)->id, 16);
    if (err == HOP_OK && r->type == ACT_CHAIR && in->person == NULL)
        plain_person(c, m, a);
    if (err == HOP_OK)
        err = read_people(c, r, &in->people, &a->people, people);
    return err != HOP_OK ? err : read_parts(c, r, m, in, a);
}

/* Acts that need a key of their own: the private line is sealed, a PIN makes a key. */
static int finish_act(struct api_call *c, const struct record_input *in, struct act *a,
                      struct buf *sealed)
{
    if (a->type == ACT_PRIVATE) {
        int err = device_seal_private(c->n->device, a->text, sealed, &c->why);
        a->text = (struct span){0};
        a->sealed = buf_written(sealed);
        return err;
    }
    if (a->type == ACT_PIN)
        return device_pin_key(c->n->device, span_of(in->pin), a->target, &c->why);
    if (a->type == ACT_SITE_ROLL && in->pin != NULL)
        return device_pin_prove(c->n->device, span_of(in->pin), a, &c->why);
    return HOP_OK;
}

/* motion: the target of the act, whatever it names; NULL: none. */
static int post(struct api_call *c, const struct meeting *m, const struct meeting_motion *motion)
{
    struct record_input in = {0};
    struct act a = {0};
    struct buf sealed = {0};
    uint8_t *people = malloc((size_t)ACT_PEOPLE_MAX * ACT_PERSON_BYTES);
    int err = people == NULL ? HOP_ENOMEM : read_input(c, &in);
    const struct record_act *r = err == HOP_OK ? find_act(in.act) : NULL;
    if (err == HOP_OK && (r == NULL || (m == NULL && !r->alone)))
        err = refuse_act(c, in.act);
    if (err == HOP_OK && motion != NULL && r->target != TARGET_MOTION &&
        r->target != TARGET_RESOLUTION)
        err = refuse_act(c, in.act);
    if (err == HOP_OK)
        err = fill_act(c, r, m, &in, &a, people);
    if (err == HOP_OK && motion != NULL)
        memcpy(a.target, motion->id, 32);
    if (err == HOP_OK)
        err = finish_act(c, &in, &a, &sealed);
    if (err == HOP_OK)
        err = api_put_on_record(c, &a);
    buf_free(&sealed);
    input_free(&in);
    free(people);
    return err;
}

int api_post_act(struct api_call *c)
{
    return post(c, NULL, NULL);
}

int api_post_meeting_act(struct api_call *c)
{
    const struct meeting *m = NULL;
    int err = api_find_meeting(c, c->arg, &m);
    return err != HOP_OK ? err : post(c, m, NULL);
}

int api_post_motion_act(struct api_call *c)
{
    const struct meeting_motion *v = NULL;
    const struct meeting *m = NULL;
    int err = api_find_motion(c, c->arg, &v, &m);
    return err != HOP_OK ? err : post(c, m, v);
}
