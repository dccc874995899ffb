/* What a person does in a meeting: from JSON to an act, put on record, durable, answered. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "device/dossier.h"

/* Seal and sign the act, make it durable, and only then answer with its id. */
int api_put_on_record(struct api_call *c, const struct act *a)
{
    uint8_t id[32];
    int err = device_act(c->n->device, a, c->n->wall, id, &c->why);
    if (err == HOP_OK)
        err = api_commit(c);
    if (err != HOP_OK)
        return err;
    json_t *o = json_object();
    json_put_id(o, id, sizeof id);
    (void)json_object_set_new(o, "kind", json_string(act_type_name(a->type)));
    return api_answer(c, o);
}

static int read_fields(struct api_call *c, const struct json_field *fields, size_t count)
{
    return json_read(c->body, fields, count, &c->why);
}

/* The act of this type on the meeting of the path. */
static int begin(struct api_call *c, enum act_type type, struct act *ret,
                 const struct meeting **ret_meeting)
{
    int err = api_find_meeting(c, c->arg, ret_meeting);
    if (err != HOP_OK)
        return err;
    *ret = (struct act){.type = type};
    memcpy(ret->meeting, (*ret_meeting)->id, sizeof ret->meeting);
    return HOP_OK;
}

static struct span span_of(const char *s)
{
    return s == NULL ? SPAN(NULL, 0) : span_text(s);
}

/* A word of a kind, or the sentence that lists them. */
int api_read_word(struct api_call *c, enum words_kind kind, const char *key, const char *word,
                  uint32_t *ret)
{
    char possible[TEXT_ARG_BYTES_MAX];
    unsigned value = 0;
    if (words_find(kind, word, &value)) {
        *ret = value;
        return HOP_OK;
    }
    words_list(kind, possible, sizeof possible);
    return api_bad_value(c, key, word, possible);
}

/* ---- a meeting is prepared ---- */

static int read_office(struct api_call *c, const char *name, uint8_t ret[static 16])
{
    size_t index = 0;
    if (name == NULL || name[0] == '\0')
        return HOP_OK; /* zeros: the cell's secretary */
    int err = api_find_member(c, name, &index);
    if (err == HOP_OK)
        memcpy(ret, cell_member(device_cell(c->n->device), index)->id, 16);
    return err;
}

/* The agenda as given, or the template of the form when none was. */
static int fill_agenda(struct api_call *c, struct act *a, const struct json_texts *given,
                       const char *form)
{
    const struct procedure *p = meeting_procedure(device_meetings(c->n->device));
    const struct procedure_form *f = procedure_find_form(p, form);
    if (f == NULL) {
        char forms[TEXT_ARG_BYTES_MAX] = "";
        size_t used = 0;
        for (size_t i = 0; i < p->forms_count && used < sizeof forms; i++)
            used += (size_t)snprintf(forms + used, sizeof forms - used, "%s%s", i == 0 ? "" : ", ",
                                     p->forms[i].name);
        return api_bad_value(c, "form", form, forms);
    }
    for (size_t i = 0; i < given->count; i++)
        a->agenda[a->agenda_count++] = span_text(given->items[i]);
    for (size_t i = 0; given->count == 0 && i < f->agenda_count; i++)
        a->agenda[a->agenda_count++] = span_text(f->agenda[i].in[c->lang]);
    return HOP_OK;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* Those for whom it is, ascending; nobody named: everybody. */
static int read_invited(struct api_call *c, const struct json_texts *names, struct act *a,
                        uint8_t *room)
{
    int err = HOP_OK;
    for (size_t i = 0; i < names->count && err == HOP_OK; i++) {
        size_t index = 0;
        err = api_find_member(c, names->items[i], &index);
        if (err == HOP_OK)
            memcpy(room + i * ACT_PERSON_BYTES, cell_member(device_cell(c->n->device), index)->id,
                   16);
    }
    if (err == HOP_OK && names->count > 0)
        qsort(room, names->count, ACT_PERSON_BYTES, by_id);
    a->people = (struct act_people){room, names->count};
    return err;
}

/* What the meeting hangs on: its group, the meeting it follows from. */
static int read_ties(struct api_call *c, const char *group, const char *parent, struct act *a)
{
    const struct meeting *m = NULL;
    int err = group == NULL ? HOP_OK : api_read_group(c, group, a->group);
    if (err == HOP_OK && parent != NULL)
        err = api_find_meeting(c, parent, &m);
    if (m != NULL)
        memcpy(a->parent, m->id, 32);
    return err;
}

int api_post_meeting(struct api_call *c)
{
    char *title = NULL, *form = NULL, *when = NULL, *place = NULL, *basis = NULL, *reason = NULL,
         *chair = NULL, *secretary = NULL, *group = NULL, *parent = NULL;
    struct json_texts agenda = {0}, people = {0};
    uint32_t practice = 0;
    uint8_t *room = calloc(ACT_PEOPLE_MAX, ACT_PERSON_BYTES);
    const struct json_field fields[] = {
        {"title", JSON_FIELD_TEXT, true, ACT_TITLE_BYTES_MAX, &title},
        {"form", JSON_FIELD_TEXT, false, 31, &form},
        {"when", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &when},
        {"place", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &place},
        {"basis", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &basis},
        {"reason", JSON_FIELD_TEXT, false, ACT_TITLE_BYTES_MAX, &reason},
        {"chair", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &chair},
        {"secretary", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &secretary},
        {"agenda", JSON_FIELD_TEXTS, false, ACT_AGENDA_MAX, &agenda},
        {"group", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &group},
        {"parent", JSON_FIELD_TEXT, false, 64, &parent},
        {"practice", JSON_FIELD_NUMBER, false, 1, &practice},
        {"people", JSON_FIELD_TEXTS, false, ACT_PEOPLE_MAX, &people},
    };
    const struct procedure *p = meeting_procedure(device_meetings(c->n->device));
    struct act a = {.type = ACT_MEETING};
    int err = room == NULL ? HOP_ENOMEM : read_fields(c, fields, sizeof fields / sizeof fields[0]);
    const char *form_name = form != NULL ? form : p->forms_count > 0 ? p->forms[0].name : "regular";
    if (err == HOP_OK)
        err = fill_agenda(c, &a, &agenda, form_name);
    if (err == HOP_OK)
        err = read_office(c, chair, a.chair);
    if (err == HOP_OK)
        err = read_office(c, secretary, a.secretary);
    if (err == HOP_OK)
        err = read_ties(c, group, parent, &a);
    if (err == HOP_OK)
        err = read_invited(c, &people, &a, room);
    if (err == HOP_OK) {
        a.flags = practice != 0 ? FLAG_PRACTICE : 0;
        a.title = span_of(title);
        a.form = span_text(form_name);
        a.when = span_of(when);
        a.place = span_of(place);
        a.basis = basis != NULL ? span_of(basis) : span_text(p->legal_basis.in[c->lang]);
        a.reason = span_of(reason);
        err = api_put_on_record(c, &a);
    }
    json_texts_free(&agenda);
    json_texts_free(&people);
    free(room);
    char *const texts[] = {title,  form,  when,      place, basis,
                           reason, chair, secretary, group, parent};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    return err;
}

/* ---- acts with an item, a text, or nothing ---- */

static int post_text(struct api_call *c, enum act_type type, bool required, bool with_item)
{
    char *words = NULL;
    uint32_t item = 0;
    const struct meeting *m = NULL;
    struct act a;
    const struct json_field fields[] = {
        {"text", JSON_FIELD_TEXT, required, ACT_TEXT_BYTES_MAX, &words},
        {"item", JSON_FIELD_NUMBER, false, ACT_AGENDA_MAX, &item},
    };
    int err = begin(c, type, &a, &m);
    if (err == HOP_OK)
        err = read_fields(c, fields, with_item ? 2 : 1);
    if (err == HOP_OK) {
        a.text = span_of(words);
        a.item = item;
        err = api_put_on_record(c, &a);
    }
    free(words);
    return err;
}

static int post_bare(struct api_call *c, enum act_type type)
{
    const struct meeting *m = NULL;
    struct act a;
    int err = begin(c, type, &a, &m);
    if (err == HOP_OK)
        err = read_fields(c, NULL, 0);
    return err != HOP_OK ? err : api_put_on_record(c, &a);
}

int api_post_send(struct api_call *c)
{
    return post_text(c, ACT_NOTICE, false, false);
}

int api_post_opinion(struct api_call *c)
{
    return post_text(c, ACT_OPINION, true, true);
}

int api_post_motion(struct api_call *c)
{
    return post_text(c, ACT_MOTION, true, true);
}

int api_post_open(struct api_call *c)
{
    return post_bare(c, ACT_OPEN);
}

int api_post_attend(struct api_call *c)
{
    return post_bare(c, ACT_ATTEND);
}

int api_post_close(struct api_call *c)
{
    return post_bare(c, ACT_CLOSE);
}

/* "I have read the notice": the person says so, not the machine that received it. */
int api_post_read(struct api_call *c)
{
    const struct meeting *m = NULL;
    struct act a;
    int err = begin(c, ACT_RECEIPT, &a, &m);
    if (err == HOP_OK)
        err = read_fields(c, NULL, 0);
    if (err != HOP_OK)
        return err;
    memcpy(a.target, m->notice_id, sizeof a.target);
    a.value = RECEIPT_READ;
    return api_put_on_record(c, &a);
}

int api_post_roll(struct api_call *c)
{
    char *member = NULL, *status = NULL, *reason = NULL;
    const struct meeting *m = NULL;
    struct act a = {0};
    size_t index = 0;
    const struct json_field fields[] = {
        {"member", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &member},
        {"status", JSON_FIELD_TEXT, true, 64, &status},
        {"reason", JSON_FIELD_TEXT, false, ACT_TEXT_BYTES_MAX, &reason},
    };
    int err = begin(c, ACT_ROLL, &a, &m);
    if (err == HOP_OK)
        err = read_fields(c, fields, sizeof fields / sizeof fields[0]);
    if (err == HOP_OK)
        err = api_find_member(c, member, &index);
    if (err == HOP_OK)
        err = api_read_word(c, WORDS_ROLL, "status", status, &a.value);
    if (err == HOP_OK) {
        memcpy(a.person, cell_member(device_cell(c->n->device), index)->id, 16);
        a.text = span_of(reason);
        err = api_put_on_record(c, &a);
    }
    free(member);
    free(status);
    free(reason);
    return err;
}

/* ---- votes ---- */

static int begin_on_motion(struct api_call *c, enum act_type type, struct act *ret)
{
    const struct meeting_motion *v = NULL;
    const struct meeting *m = NULL;
    int err = api_find_motion(c, c->arg, &v, &m);
    if (err != HOP_OK)
        return err;
    *ret = (struct act){.type = type, .item = 0};
    memcpy(ret->meeting, m->id, sizeof ret->meeting);
    memcpy(ret->target, v->id, sizeof ret->target);
    return HOP_OK;
}

int api_post_vote(struct api_call *c)
{
    char *choice = NULL;
    struct act a = {0};
    const struct json_field fields[] = {{"choice", JSON_FIELD_TEXT, true, 64, &choice}};
    int err = begin_on_motion(c, ACT_VOTE, &a);
    if (err == HOP_OK)
        err = read_fields(c, fields, 1);
    if (err == HOP_OK)
        err = api_read_word(c, WORDS_CHOICE, "choice", choice, &a.value);
    if (err == HOP_OK)
        err = api_put_on_record(c, &a);
    free(choice);
    return err;
}

int api_post_tally(struct api_call *c)
{
    struct act a;
    int err = begin_on_motion(c, ACT_TALLY, &a);
    if (err == HOP_OK)
        err = read_fields(c, NULL, 0);
    return err != HOP_OK ? err : api_put_on_record(c, &a);
}

/* ---- after ---- */

/* Sign minutes: the text given, or the one assembled from the record. */
int api_post_minutes(struct api_call *c)
{
    char *words = NULL, *language = NULL;
    struct buf draft = {0};
    const struct meeting *m = NULL;
    struct act a = {0};
    const struct json_field fields[] = {
        {"text", JSON_FIELD_TEXT, false, ACT_MINUTES_BYTES_MAX, &words},
        {"language", JSON_FIELD_TEXT, false, 2, &language},
    };
    int err = begin(c, ACT_MINUTES, &a, &m);
    if (err == HOP_OK)
        err = read_fields(c, fields, sizeof fields / sizeof fields[0]);
    if (err == HOP_OK && language != NULL && strcmp(language, "vi") != 0 &&
        strcmp(language, "en") != 0)
        err = api_bad_value(c, "language", language, "vi, en");
    if (err == HOP_OK) {
        enum text_lang lang = language == NULL ? c->lang : text_lang_of(language);
        a.language = span_text(lang == TEXT_VI ? "vi" : "en");
        if (words == NULL)
            err = meeting_minutes_text(device_meetings(c->n->device), device_cell(c->n->device), m,
                                       lang, &draft);
        a.text = words != NULL ? span_of(words) : buf_written(&draft);
        a.value = words != NULL ? 0 : MEETING_MINUTES_FORM;
    }
    if (err == HOP_OK)
        err = api_put_on_record(c, &a);
    buf_free(&draft);
    free(words);
    free(language);
    return err;
}

/* The dossier's bytes are the reply. */
int api_post_dossier(struct api_call *c)
{
    const struct meeting *m = NULL;
    int err = read_fields(c, NULL, 0);
    if (err == HOP_OK)
        err = api_find_meeting(c, c->arg, &m);
    if (err == HOP_OK)
        err = dossier_write(c->n->device, m, c->lang, c->n->wall, &c->rp->body, &c->why);
    if (err == HOP_OK)
        c->rp->content_type = "application/octet-stream";
    return err;
}
