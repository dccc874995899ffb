/* Founding a cell, inviting, checking a dossier, talking, stopping. */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "node/address.h"
#include "node/qr.h"
#include "node/talk.h"
#include "node/verify.h"
#include "procedures/assets.h"

/* ---- a cell ---- */

/* The text of a procedure that ships: "party-cell" is procedures/party-cell.conf. */
static int find_procedure(struct api_call *c, const char *name, struct span *ret)
{
    char shipped[TEXT_ARG_BYTES_MAX] = "";
    size_t used = 0, n = strlen(name);
    for (size_t i = 0; i < procedure_assets_count; i++) {
        const struct procedure_asset *a = &procedure_assets[i];
        size_t stem = strcspn(a->path, ".");
        if (stem == n && strncmp(a->path, name, n) == 0) {
            *ret = SPAN(a->bytes, a->size);
            return HOP_OK;
        }
        if (used < sizeof shipped)
            used += (size_t)snprintf(shipped + used, sizeof shipped - used, "%s%.*s",
                                     i == 0 ? "" : ", ", (int)stem, a->path);
    }
    return api_bad_value(c, "procedure", name, shipped);
}

/* Keys first, then records: after node_commit() the cell exists; then the device learns of it. */
static int found(struct api_call *c, const char *name, const char *procedure_name,
                 struct span procedure, const char *founder)
{
    struct node_trouble trouble = {0};
    int err = device_found(c->n->device, name, procedure_name, procedure, founder, ROLE_SECRETARY,
                           c->n->wall, &c->why);
    if (err == HOP_OK)
        err = node_commit(c->n);
    if (err != HOP_OK)
        return err;
    err = node_reopen_device(c->n, &trouble);
    if (err != HOP_OK) {
        c->why = trouble.said;
        return err;
    }
    if (c->n->running)
        node_changed(c->n);
    json_t *o = json_object();
    json_put_id(o, c->n->keys.cell_id, 32);
    (void)json_object_set_new(o, "name", json_text(name));
    return api_answer(c, o);
}

int api_post_cell(struct api_call *c)
{
    char *name = NULL, *procedure = NULL, *procedure_text = NULL, *founder = NULL;
    const struct json_field fields[] = {
        {"name", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &name},
        {"founder", JSON_FIELD_TEXT, true, AUTH_NAME_BYTES_MAX, &founder},
        {"procedure", JSON_FIELD_TEXT, false, AUTH_TEXT_BYTES_MAX, &procedure},
        {"procedure_text", JSON_FIELD_TEXT, false, PROCEDURE_BYTES_MAX, &procedure_text},
    };
    struct span text_of = {0};
    struct procedure *parsed = malloc(sizeof *parsed);
    int err = parsed == NULL
                  ? HOP_ENOMEM
                  : json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK && device_has_cell(c->n->device))
        err = text_say(&c->why, API_HAS_CELL, 0);
    if (err == HOP_OK && procedure_text != NULL)
        text_of = span_text(procedure_text);
    else if (err == HOP_OK)
        err = find_procedure(c, procedure == NULL ? "party-cell" : procedure, &text_of);
    if (err == HOP_OK)
        err = procedure_parse(parsed, text_of, &c->why);
    if (err == HOP_OK)
        err = found(c, name, parsed->name, text_of, founder);
    free(parsed);
    free(name);
    free(procedure);
    free(procedure_text);
    free(founder);
    return err;
}

/* ---- an invitation ---- */

int api_read_standing(struct api_call *c, const char *role, const char *category,
                      unsigned *ret_role, unsigned *ret_category)
{
    char possible[TEXT_ARG_BYTES_MAX];
    *ret_role = ROLE_MEMBER;
    *ret_category = CATEGORY_FULL;
    if (role != NULL && !words_find(WORDS_ROLE, role, ret_role)) {
        words_list(WORDS_ROLE, possible, sizeof possible);
        return api_bad_value(c, "role", role, possible);
    }
    if (category != NULL && !words_find(WORDS_CATEGORY, category, ret_category)) {
        words_list(WORDS_CATEGORY, possible, sizeof possible);
        return api_bad_value(c, "category", category, possible);
    }
    return HOP_OK;
}

static int invite(struct api_call *c, const struct device_invite_ask *ask)
{
    struct device_invite invitation;
    json_t *rows = NULL;
    const struct cell_member *m =
        ask->member == NULL ? NULL : cell_member_by_id(device_cell(c->n->device), ask->member);
    int err = device_invite_for(c->n->device, ask, c->n->wall, &invitation, &c->why);
    if (err == HOP_OK)
        err = api_commit(c);
    if (err == HOP_OK)
        err = qr_rows(invitation.text, &rows);
    if (err != HOP_OK)
        return err;
    json_t *o = json_object();
    json_put_id(o, invitation.id, sizeof invitation.id);
    (void)json_object_update_new(o, json_pack("{s:s,s:o,s:o,s:s}", "invitation", invitation.text,
                                              "qr", rows, "name",
                                              json_text(ask->name != NULL ? ask->name
                                                        : m == NULL       ? ""
                                                                          : m->name),
                                              "address", ask->address_hint));
    return api_answer(c, o);
}

/* Whom an invitation is for, beside a new person: what the fields "device", "for" and "admit" say.
 */
struct invited {
    uint8_t member[16], proposal[32];
    char name[AUTH_NAME_BYTES_MAX + 1];
};

static void invite_member(struct api_call *c, size_t index, struct invited *v,
                          struct device_invite_ask *ask)
{
    const struct cell_member *m = cell_member(device_cell(c->n->device), index);
    memcpy(v->member, m->id, sizeof v->member);
    ask->member = v->member;
    ask->role = m->role;
    ask->category = m->category;
}

/* The secretary's office is not given by an invitation: who held it returns as a member. */
static void return_member(struct api_call *c, size_t index, struct invited *v,
                          struct device_invite_ask *ask)
{
    invite_member(c, index, v, ask);
    if (!cell_member(device_cell(c->n->device), index)->active && ask->role == ROLE_SECRETARY)
        ask->role = ROLE_MEMBER;
}

/* A proposal, or a member whose admission does not count. */
static int admit(struct api_call *c, const char *name, struct invited *v,
                 struct device_invite_ask *ask)
{
    const struct cell *cell = device_cell(c->n->device);
    size_t member = 0;
    for (size_t i = 0; i < cell_proposal_count(cell); i++) {
        const struct cell_proposal *p = cell_proposal(cell, i);
        if (p->answered || (strcmp(p->body.name, name) != 0 && !json_names_id(name, p->record, 32)))
            continue;
        memcpy(v->proposal, p->record, sizeof v->proposal);
        memcpy(v->name, p->body.name, sizeof v->name);
        ask->proposal = v->proposal;
        ask->name = v->name;
        ask->role = (enum auth_role)p->body.role;
        ask->category = (enum auth_category)p->body.category;
        return HOP_OK;
    }
    int err = api_find_member(c, name, &member);
    if (err != HOP_OK)
        return err;
    if (cell_member(cell, member)->active)
        return text_say(&c->why, API_NOT_WAITING, 1, cell_member(cell, member)->name);
    return_member(c, member, v, ask);
    return HOP_OK;
}

static int find_invited(struct api_call *c, bool device, const char *member, const char *waiting,
                        struct invited *v, struct device_invite_ask *ask)
{
    size_t index = device_self(c->n->device);
    int err = HOP_OK;
    if (waiting != NULL)
        return admit(c, waiting, v, ask);
    if (member != NULL)
        err = api_find_member(c, member, &index);
    if (err == HOP_OK && (member != NULL || device) &&
        index < cell_member_count(device_cell(c->n->device)))
        return_member(c, index, v, ask);
    else if (err == HOP_OK && ask->name == NULL) {
        (void)text_say(&c->why, API_MISSING_KEY, 1, "name");
        err = HOP_EMALFORMED;
    }
    return err;
}

int api_post_invitation(struct api_call *c)
{
    char *name = NULL, *role = NULL, *category = NULL, *address = NULL, *member = NULL,
         *waiting = NULL;
    uint32_t device = 0;
    unsigned role_value = 0, category_value = 0;
    char here[64] = "";
    struct invited v = {0};
    const struct json_field fields[] = {
        {"name", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &name},
        {"role", JSON_FIELD_TEXT, false, 32, &role},
        {"category", JSON_FIELD_TEXT, false, 32, &category},
        {"address", JSON_FIELD_TEXT, false, 63, &address},
        {"device", JSON_FIELD_NUMBER, false, 1, &device},
        {"for", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &member},
        {"admit", JSON_FIELD_TEXT, false, AUTH_NAME_BYTES_MAX, &waiting},
    };
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK)
        err = api_read_standing(c, role, category, &role_value, &category_value);
    struct device_invite_ask ask = {.name = name,
                                    .role = (enum auth_role)role_value,
                                    .category = (enum auth_category)category_value};
    if (err == HOP_OK)
        err = find_invited(c, device != 0, member, waiting, &v, &ask);
    if (err == HOP_OK) {
        if (address == NULL)
            address_of_this_machine(c->n, here, sizeof here);
        ask.address_hint = address != NULL ? address : here;
        err = invite(c, &ask);
    }
    char *texts[] = {name, role, category, address, member, waiting};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    return err;
}

/* ---- a dossier is checked: no cell is needed, any device can do it ---- */

int api_post_verify(struct api_call *c)
{
    json_t *report = NULL;
    const uint8_t *own = device_has_cell(c->n->device) ? c->n->keys.cell_id : NULL;
    int err = verify_dossier(c->rq->body, c->lang, own, false, &report);
    return err != HOP_OK ? err : api_answer(c, report);
}

/* ---- voice ---- */

static json_t *stream_json(struct api_call *c, const struct talk_stream_view *v)
{
    const struct cell_device *d = cell_device_by_key(device_cell(c->n->device), v->identity);
    json_t *o = json_object();
    api_put_member(c, o, d == NULL ? HISTORY_NONE : d->member);
    (void)json_object_update_new(
        o, json_pack("{s:b,s:b,s:I,s:I,s:I,s:I,s:I}", "heard", v->heard, "speaking", v->speaking,
                     "received", (json_int_t)v->received, "lost", (json_int_t)v->lost, "late",
                     (json_int_t)v->late, "played_ms", (json_int_t)v->played_ms, "concealed_ms",
                     (json_int_t)v->concealed_ms));
    return o;
}

json_t *api_talk(struct api_call *c)
{
    struct talk_stream_view views[TALK_STREAMS_MAX];
    struct talk_self_view self;
    char meeting[HEX_SIZE(32)];
    if (!talk_self(c->n, &self))
        return json_null();
    size_t n = talk_streams(c->n, views, TALK_STREAMS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, stream_json(c, &views[i]));
    hex_encode(meeting, SPAN(self.meeting, 32));
    return json_pack("{s:s,s:b,s:b,s:I,s:I,s:I,s:I,s:o}", "meeting", meeting, "muted", self.muted,
                     "speaking", self.speaking, "port", (json_int_t)self.port, "sent",
                     (json_int_t)self.sent, "captured_ms", (json_int_t)self.captured_ms,
                     "recorded_ms", (json_int_t)self.recorded_ms, "streams", list);
}

static int start_talk(struct api_call *c, const char *name, const struct talk_options *o)
{
    struct node_trouble trouble = {0};
    const struct meeting *m = NULL;
    if (!c->n->running)
        return text_say(&c->why, API_TALK_NEEDS_RUN, 0);
    int err = api_find_meeting(c, name, &m);
    if (err != HOP_OK)
        return err;
    err = talk_start(c->n, m->id, o, &trouble);
    if (err != HOP_OK) {
        c->why = trouble.said;
        return err == HOP_ENOTFOUND || err == HOP_EMALFORMED ? HOP_EREFUSED : err;
    }
    node_changed(c->n);
    return api_answer(c, json_pack("{s:o}", "talk", api_talk(c)));
}

/* Begin to talk; or, while talking, mute and unmute. */
int api_post_talk(struct api_call *c)
{
    char *meeting = NULL, *capture = NULL, *playback = NULL, *record = NULL, *record_self = NULL;
    uint32_t muted = 0;
    const struct json_field fields[] = {
        {"meeting", JSON_FIELD_TEXT, false, 64, &meeting},
        {"capture", JSON_FIELD_TEXT, false, 4096, &capture},
        {"playback", JSON_FIELD_TEXT, false, 4096, &playback},
        {"record", JSON_FIELD_TEXT, false, 4096, &record},
        {"record_self", JSON_FIELD_TEXT, false, 4096, &record_self},
        {"muted", JSON_FIELD_NUMBER, false, 1, &muted},
    };
    int err = json_read(c->body, fields, sizeof fields / sizeof fields[0], &c->why);
    if (err == HOP_OK && meeting == NULL && talk_active(c->n)) {
        talk_mute(c->n, muted != 0);
        node_changed(c->n);
        err = api_answer(c, json_pack("{s:o}", "talk", api_talk(c)));
    } else if (err == HOP_OK && meeting == NULL) {
        err = HOP_EMALFORMED;
        (void)text_say(&c->why, API_MISSING_KEY, 1, "meeting");
    } else if (err == HOP_OK) {
        const struct talk_options o = {.capture = capture,
                                       .playback = playback,
                                       .record = record,
                                       .record_self = record_self,
                                       .muted = muted != 0};
        err = start_talk(c, meeting, &o);
    }
    free(meeting);
    free(capture);
    free(playback);
    free(record);
    free(record_self);
    return err;
}

int api_delete_talk(struct api_call *c)
{
    talk_stop(c->n);
    if (c->n->running)
        node_changed(c->n);
    return api_answer(c, json_pack("{s:n}", "talk"));
}

/* ---- stop ---- */

int api_post_stop(struct api_call *c)
{
    int err = json_read(c->body, NULL, 0, &c->why);
    if (err != HOP_OK)
        return err;
    c->n->stop = true;
    return api_answer(c, json_pack("{s:b}", "stopping", true));
}
