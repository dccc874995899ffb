/* Who is in the cell, with which devices and on whose word, and how the cell is governed, as JSON.
 */
#include "node/api_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/encode.h"

static const struct cell *cell_of(const struct api_call *c)
{
    return device_cell(c->n->device);
}

static const struct procedure *rules(const struct api_call *c)
{
    return meeting_procedure(device_meetings(c->n->device));
}

/* ---- on whose word: the record that admitted, removed or suspended ---- */

/* The reason that a record gives, as far as it gives one. */
static enum auth_reason reason_of(unsigned type, struct span body)
{
    struct auth_remove removal;
    struct auth_suspend suspension;
    if (type == AUTH_REMOVE && auth_remove_parse(&removal, body) == HOP_OK)
        return (enum auth_reason)removal.reason;
    if (type == AUTH_SUSPEND && auth_suspend_parse(&suspension, body) == HOP_OK)
        return (enum auth_reason)suspension.reason;
    return type == AUTH_LEAVE ? REASON_LEFT : REASON_REMOVED;
}

/* {"by", "name", "at", "reason", "reason_label", "kind"}: who wrote a record, when and why; null if
 * it is not here. */
static json_t *word_json(const struct api_call *c, const uint8_t id[static 32])
{
    struct device *d = c->n->device;
    uint32_t entry = history_find(device_history(d), id);
    struct device_opened opened;
    if (entry == HISTORY_NONE || device_open_entry(d, entry, &opened) != HOP_OK)
        return json_null();
    const struct history_entry *e = history_at(device_history(d), entry);
    unsigned reason = reason_of(e->type, opened.body);
    json_t *o = json_object();
    json_put_id(o, id, 32);
    api_put_member(c, o, api_author_of(c, entry));
    (void)json_object_update_new(o,
                                 json_pack("{s:I,s:s,s:s,s:s}", "at", (json_int_t)opened.wall,
                                           "kind", text(c->lang, words_record(e->type)), "reason",
                                           words_key(WORDS_REASON, reason), "reason_label",
                                           words_text(WORDS_REASON, reason, c->lang)));
    free(opened.bytes);
    return o;
}

static bool named(const uint8_t *id, size_t size)
{
    static const uint8_t zeros[32];
    return memcmp(id, zeros, size) != 0;
}

static json_t *word_or_null(const struct api_call *c, const uint8_t id[static 32])
{
    return named(id, 32) ? word_json(c, id) : json_null();
}

/* ---- members ---- */

json_t *api_member_json(const struct api_call *c, uint32_t index)
{
    const struct cell *cell = cell_of(c);
    const struct cell_member *m = cell_member(cell, index);
    const struct procedure *p = rules(c);
    size_t devices = 0;
    for (size_t i = 0; i < cell_device_count(cell); i++)
        devices +=
            cell_device(cell, i)->member == index && cell_device(cell, i)->state != DEVICE_REVOKED;
    size_t by = cell_member_index(cell, m->admitted_by);
    size_t proposed =
        named(m->proposed_by, 16) ? cell_member_index(cell, m->proposed_by) : SIZE_MAX;
    json_t *o = json_object();
    json_put_id(o, m->id, sizeof m->id);
    (void)json_object_update_new(
        o,
        json_pack(
            "{s:I,s:o,s:s,s:o,s:s,s:o,s:b,s:b,s:b,s:I}", "number", (json_int_t)index + 1, "name",
            json_text(m->name), "role", words_key(WORDS_ROLE, m->role), "role_label",
            json_text(api_label(&p->roles[m->role], c->lang, words_label(WORDS_ROLE, m->role))),
            "category", words_key(WORDS_CATEGORY, m->category), "category_label",
            json_text(api_label(&p->categories[m->category], c->lang,
                                words_label(WORDS_CATEGORY, m->category))),
            "me", index == device_self(c->n->device), "votes", m->active && p->votes[m->category],
            "connected", api_member_connected(c, index), "devices", (json_int_t)devices));
    (void)json_object_update_new(
        o, json_pack("{s:I,s:b,s:b,s:b,s:o,s:o,s:o,s:o}", "rank", (json_int_t)m->rank, "active",
                     m->active, "pending", m->pending, "founder", by == index, "admitted_by",
                     json_text(by == SIZE_MAX ? "?" : cell_member(cell, by)->name), "admitted",
                     word_or_null(c, m->admit), "proposed_by",
                     json_text(proposed == SIZE_MAX ? "" : cell_member(cell, proposed)->name),
                     "ended", m->active ? json_null() : word_or_null(c, m->removal)));
    return o;
}

static json_t *invitations_json(const struct api_call *c)
{
    const struct cell *cell = cell_of(c);
    json_t *list = json_array();
    for (size_t i = 0; i < cell_invite_count(cell); i++) {
        const struct cell_invite *v = cell_invite(cell, i);
        size_t of = named(v->body.member, 16) ? cell_member_index(cell, v->body.member) : SIZE_MAX;
        json_t *o = json_object();
        json_put_id(o, v->body.id, sizeof v->body.id);
        (void)json_object_update_new(
            o, json_pack("{s:o,s:s,s:s,s:b,s:b,s:o,s:o}", "name", json_text(v->body.name), "role",
                         words_key(WORDS_ROLE, v->body.role), "category",
                         words_key(WORDS_CATEGORY, v->body.category), "used", v->used, "ended",
                         v->ended, "device_of",
                         json_text(of == SIZE_MAX ? "" : cell_member(cell, of)->name), "by",
                         json_text(api_member_name(c, v->by))));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *proposals_json(const struct api_call *c)
{
    const struct cell *cell = cell_of(c);
    json_t *list = json_array();
    for (size_t i = 0; i < cell_proposal_count(cell); i++) {
        const struct cell_proposal *p = cell_proposal(cell, i);
        const struct cell_group *g = cell_group_by_id(cell, p->body.group);
        json_t *o = json_object();
        json_put_id(o, p->record, 32);
        (void)json_object_update_new(
            o, json_pack("{s:o,s:s,s:s,s:o,s:o,s:o,s:b}", "name", json_text(p->body.name), "role",
                         words_key(WORDS_ROLE, p->body.role), "category",
                         words_key(WORDS_CATEGORY, p->body.category), "note",
                         json_text(p->body.note), "group", json_text(g == NULL ? "" : g->name),
                         "by", json_text(api_member_name(c, p->by)), "answered", p->answered));
        (void)json_array_append_new(list, o);
    }
    return list;
}

int api_get_members(struct api_call *c)
{
    json_t *list = json_array();
    size_t count = cell_member_count(cell_of(c));
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, api_member_json(c, (uint32_t)i));
    return api_answer(c, json_pack("{s:o,s:o,s:o}", "members", list, "invitations",
                                   invitations_json(c), "proposals", proposals_json(c)));
}

/* ---- devices ---- */

json_t *api_device_json(const struct api_call *c, const struct cell_device *x)
{
    json_t *o = json_object();
    json_put_id(o, x->cert.ik, sizeof x->cert.ik);
    api_put_member(c, o, x->member);
    bool own = memcmp(x->cert.ik, c->n->keys.ik.public_key, 32) == 0;
    (void)json_object_update_new(
        o,
        json_pack("{s:s,s:s,s:b,s:b,s:b,s:b,s:o,s:o}", "state", words_key(WORDS_DEVICE, x->state),
                  "state_label", words_text(WORDS_DEVICE, x->state, c->lang), "seat", x->seat,
                  "double_signed", x->double_signed, "me", own, "connected",
                  api_device_connected(c, x->cert.ik), "admitted", word_or_null(c, x->admit),
                  "ended", x->state == DEVICE_ACTIVE ? json_null() : word_or_null(c, x->ended)));
    return o;
}

int api_get_devices(struct api_call *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cell_device_count(cell_of(c)); i++)
        (void)json_array_append_new(list, api_device_json(c, cell_device(cell_of(c), i)));
    return api_answer(c, json_pack("{s:o}", "devices", list));
}

int api_find_device(struct api_call *c, const char *name, const struct cell_device **ret)
{
    const struct cell *cell = cell_of(c);
    const struct cell_device *found = NULL;
    size_t count = 0, member;
    for (size_t i = 0; i < cell_device_count(cell); i++) {
        const struct cell_device *x = cell_device(cell, i);
        if (json_names_id(name, x->cert.ik, sizeof x->cert.ik)) {
            *ret = x;
            return HOP_OK;
        }
    }
    if (api_find_member(c, name, &member) != HOP_OK)
        return api_not_found(c, API_NO_SUCH_DEVICE, name);
    for (size_t i = 0; i < cell_device_count(cell); i++) {
        const struct cell_device *x = cell_device(cell, i);
        if (x->member == member && x->state != DEVICE_REVOKED) {
            found = x;
            count++;
        }
    }
    if (count != 1)
        return api_not_found(c, count == 0 ? API_NO_SUCH_DEVICE : API_MANY_SUCH_DEVICES, name);
    c->why = (struct text_said){0};
    *ret = found;
    return HOP_OK;
}

/* ---- how the cell is governed ---- */

static json_t *seats_json(const struct api_call *c, const struct cell_config *config)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->body.seats_count; i++) {
        const struct cell_device *x = cell_device_by_key(cell_of(c), config->body.seats[i]);
        if (x != NULL)
            (void)json_array_append_new(list, api_device_json(c, x));
    }
    return list;
}

static json_t *config_json(const struct api_call *c, const struct cell_config *config)
{
    const struct cell *cell = cell_of(c);
    json_t *secretary = json_null(), *removed = json_array(), *o = json_object();
    size_t member = cell_member_index(cell, config->body.secretary);
    if (named(config->body.secretary, 16) && member != SIZE_MAX) {
        secretary = json_object();
        api_put_member(c, secretary, (uint32_t)member);
    }
    for (size_t i = 0; i < config->body.removed_count; i++) {
        size_t index = cell_member_index(cell, config->body.removed[i]);
        (void)json_array_append_new(
            removed, json_text(index == SIZE_MAX ? "?" : cell_member(cell, index)->name));
    }
    json_put_id(o, config->record, 32);
    (void)json_object_update_new(
        o, json_pack("{s:I,s:o,s:o,s:o,s:I,s:I,s:o}", "number", (json_int_t)config->body.number,
                     "secretary", secretary, "seats", seats_json(c, config), "removed", removed,
                     "signatures", (json_int_t)config->signatures, "needed",
                     (json_int_t)config->needed, "written", word_json(c, config->record)));
    return o;
}

json_t *api_config_json(const struct api_call *c, const uint8_t id[static 32])
{
    const struct cell *cell = cell_of(c);
    const struct cell_config *now = cell_config(cell);
    if (now != NULL && memcmp(now->record, id, 32) == 0)
        return config_json(c, now);
    for (size_t i = 0; i < cell_config_waiting_count(cell); i++) {
        if (memcmp(cell_config_waiting(cell, i)->record, id, 32) == 0)
            return config_json(c, cell_config_waiting(cell, i));
    }
    return json_null();
}

int api_get_cell(struct api_call *c)
{
    const struct cell *cell = cell_of(c);
    const struct auth_genesis *g = cell_genesis(cell);
    const struct cell_config *now = cell_config(cell);
    json_t *waiting = json_array(), *o = json_object();
    for (size_t i = 0; i < cell_config_waiting_count(cell); i++)
        (void)json_array_append_new(waiting, config_json(c, cell_config_waiting(cell, i)));
    json_put_id(o, c->n->keys.cell_id, 32);
    (void)json_object_update_new(
        o, json_pack("{s:o,s:o,s:o,s:o,s:o}", "name", json_text(g == NULL ? "" : g->name),
                     "procedure", json_text(g == NULL ? "" : g->procedure_name), "config",
                     now == NULL ? json_null() : config_json(c, now), "waiting", waiting, "notices",
                     api_notices_json(c)));
    return api_answer(c, o);
}

/* ---- groups ---- */

static json_t *group_json(const struct api_call *c, const struct cell_group *g)
{
    json_t *members = json_array(), *o = json_object();
    for (size_t i = 0; i < g->members_count; i++) {
        json_t *m = json_object();
        api_put_member(c, m, g->members[i]);
        (void)json_array_append_new(members, m);
    }
    json_put_id(o, g->id, sizeof g->id);
    (void)json_object_update_new(
        o, json_pack("{s:o,s:o,s:o}", "name", json_text(g->name), "leader",
                     json_text(g->leader == UINT32_MAX ? "" : api_member_name(c, g->leader)),
                     "members", members));
    return o;
}

int api_get_groups(struct api_call *c)
{
    const struct cell *cell = cell_of(c);
    json_t *list = json_array();
    for (size_t i = 0; i < cell_group_count(cell); i++)
        (void)json_array_append_new(list, group_json(c, cell_group(cell, i)));
    return api_answer(c, json_pack("{s:o}", "groups", list));
}

int api_find_group(struct api_call *c, const char *name, const struct cell_group **ret)
{
    const struct cell *cell = cell_of(c);
    for (size_t i = 0; i < cell_group_count(cell); i++) {
        const struct cell_group *g = cell_group(cell, i);
        if (strcmp(g->name, name) == 0 || json_names_id(name, g->id, sizeof g->id)) {
            *ret = g;
            return HOP_OK;
        }
    }
    return api_not_found(c, API_NO_SUCH_GROUP, name);
}

int api_read_group(struct api_call *c, const char *name, uint8_t ret[static 16])
{
    const struct cell_group *g = NULL;
    int err = api_find_group(c, name, &g);
    if (err == HOP_OK)
        memcpy(ret, g->id, sizeof g->id);
    return err;
}
